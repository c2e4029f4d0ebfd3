import { describe, expect, test } from 'vitest';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { ACCOUNT, accountRecords, answered, refused, verdictsOf } from '../support/aws-estate.ts';

const MANAGEMENT = { FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] };
const writesOnly = {
  AdvancedEventSelectors: [{ Name: 'writes', FieldSelectors: [...MANAGEMENT.FieldSelectors, { Field: 'readOnly', Equals: ['false'] }] }],
};
const all = { id: 'all', source: 'aws.cloudtrail.management' };
const reads = { id: 'reads', source: 'aws.cloudtrail.management', where: { readOnly: 'true' } };
const assumeRole = { id: 'assume-role', source: 'aws.cloudtrail.management', where: { eventName: 'AssumeRole' } };

function without(records: EvidenceRecord[], call: string): EvidenceRecord[] {
  return records.filter((record) => `${record.service}:${record.op}` !== call);
}

function denied(records: EvidenceRecord[], call: string): EvidenceRecord[] {
  return records.map((record) =>
    `${record.service}:${record.op}` === call ? refused(record.account ?? '', record.region, call, record.args) : record,
  );
}

describe('trails', () => {
  test('no trail: missing, though Event history has it', () => {
    const verdict = verdictsOf(accountRecords({ trails: [] }), [all]).get('all');
    expect(verdict).toMatchObject({ verdict: 'missing', collection: 'missing' });
    expect(verdict?.retention.days).toBe(90);
  });

  test('a trail without selectors takes all management events and no data', () => {
    const records = accountRecords({ trails: [{ name: 'main', selectors: { EventSelectors: [], AdvancedEventSelectors: [] } }] });
    const verdicts = verdictsOf(records, [all, { id: 'data', source: 'aws.cloudtrail.data.s3' }]);
    expect(verdicts.get('all')?.verdict).toBe('covered');
    expect(verdicts.get('data')?.verdict).toBe('missing');
  });

  test('writes only: AssumeRole is a read and is lost; the trail and the field are named', () => {
    const verdicts = verdictsOf(accountRecords({ trails: [{ name: 'main', selectors: writesOnly }] }), [assumeRole, all, reads]);
    expect(verdicts.get('assume-role')).toMatchObject({
      verdict: 'missing',
      witness: { eventName: 'AssumeRole', readOnly: 'true', lostAt: 'trail main: readOnly' },
    });
    expect(verdicts.get('all')?.verdict).toBe('partial');
    expect(verdicts.get('reads')?.verdict).toBe('missing');
  });

  test('a read-only and a write-only trail add up; retention follows the class', () => {
    const records = accountRecords({
      trails: [
        { name: 'reads', selectors: { EventSelectors: [{ ReadWriteType: 'ReadOnly', IncludeManagementEvents: true }] } },
        { name: 'writes', selectors: { EventSelectors: [{ ReadWriteType: 'WriteOnly', IncludeManagementEvents: true }] } },
      ],
      buckets: [
        { name: 'reads-logs', lifecycle: { Rules: [{ ID: 'r', Status: 'Enabled', Filter: {}, Expiration: { Days: 30 } }] } },
        { name: 'writes-logs', lifecycle: { Rules: [{ ID: 'w', Status: 'Enabled', Filter: {}, Expiration: { Days: 400 } }] } },
      ],
    });
    const verdicts = verdictsOf(records, [all, { ...all, id: 'year', retain: '365d' }, { ...reads, id: 'month', retain: '30d' }]);
    expect(verdicts.get('all')?.verdict).toBe('covered');
    expect(verdicts.get('year')).toMatchObject({ verdict: 'partial', collection: 'covered', retention: { verdict: 'partial', days: 30 } });
    expect(verdicts.get('month')).toMatchObject({ verdict: 'covered', retention: { days: 30 } });
  });

  test('KMS excluded: Decrypt is lost, everything else is kept', () => {
    for (const selectors of [
      { EventSelectors: [{ ReadWriteType: 'All', IncludeManagementEvents: true, ExcludeManagementEventSources: ['kms.amazonaws.com'] }] },
      {
        AdvancedEventSelectors: [
          {
            Name: 'Management events selector',
            FieldSelectors: [...MANAGEMENT.FieldSelectors, { Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] }],
          },
        ],
      },
    ]) {
      const verdicts = verdictsOf(accountRecords({ trails: [{ name: 'main', selectors }] }), [
        { id: 'decrypt', source: 'aws.cloudtrail.management', where: { eventSource: 'kms.amazonaws.com', eventName: 'Decrypt' } },
        assumeRole,
        { id: 'view', source: 'aws.kms.usage' },
      ]);
      expect(verdicts.get('decrypt')).toMatchObject({
        verdict: 'missing',
        witness: { eventName: 'Decrypt', lostAt: 'trail main: eventSource' },
      });
      expect(verdicts.get('assume-role')?.verdict).toBe('covered');
      expect(verdicts.get('view')?.verdict).toBe('missing');
    }
  });

  test('a stopped trail passes nothing', () => {
    const verdict = verdictsOf(
      accountRecords({ trails: [{ name: 'main', status: { IsLogging: false, StopLoggingTime: '2026-11-20T08:00:00Z' } }] }),
      [all],
    ).get('all');
    expect(verdict?.verdict).toBe('missing');
    expect(verdict?.because).toContain('logging was stopped at 2026-11-20T08:00:00Z');
    expect(verdict?.fix[0]).toContain('aws cloudtrail start-logging');
  });

  test('IsLogging with a refusing bucket passes nothing; a log group beside it still counts', () => {
    const status = {
      LatestDeliveryError: 'AccessDenied',
      LatestDeliveryTime: '2026-11-02T08:10:00Z',
      LatestDigestDeliveryTime: '2026-11-02T08:00:00Z',
    };
    const records = accountRecords({
      regions: ['us-east-1'],
      trails: [{ name: 'main', group: 'ct', status }],
      groups: [{ name: 'ct', region: 'us-east-1', days: 7 }],
    });
    const verdicts = verdictsOf(records, [
      { ...all, id: 'bucket', reach: 's3' },
      { ...all, id: 'week', searchable: '7d' },
      { ...all, id: 'year', retain: '365d' },
    ]);
    expect(verdicts.get('bucket')).toMatchObject({ verdict: 'missing' });
    expect(verdicts.get('bucket')?.because).toContain('AccessDenied');
    expect(verdicts.get('week')).toMatchObject({ verdict: 'covered', retention: { days: 7 } });
    expect(verdicts.get('year')).toMatchObject({ verdict: 'partial', collection: 'covered', retention: { verdict: 'missing', days: 7 } });
  });

  test('digests that stop without an error leave the trail unsettled', () => {
    const verdict = verdictsOf(
      accountRecords({
        trails: [
          { name: 'main', status: { LatestDeliveryTime: '2026-11-20T08:10:00Z', LatestDigestDeliveryTime: '2026-11-20T08:20:00Z' } },
        ],
      }),
      [all],
    ).get('all');
    expect(verdict?.verdict).toBe('unknown');
    expect(verdict?.because).toContain('no digest since 2026-11-20T08:20:00Z');
  });

  test('a topic that is not told of new files is a finding, and loses no event', () => {
    const records = accountRecords({ trails: [{ name: 'main', status: { LatestNotificationError: 'TopicNotFound' } }] }).map((record) =>
      record.op === 'DescribeTrails'
        ? {
            ...record,
            body: {
              trailList: (record.body as { trailList: object[] }).trailList.map((trail) => ({
                ...trail,
                SnsTopicARN: 'arn:aws:sns:us-east-1:111122223333:ct',
              })),
            },
          }
        : record,
    );
    const verdict = verdictsOf(records, [all]).get('all');
    expect(verdict?.verdict).toBe('covered');
    expect(verdict?.consistency.findings.map((finding) => finding.kind)).toContain('notification-failing');
  });

  test('a trail of one region leaves the others', () => {
    const records = accountRecords({ trails: [{ name: 'main', multiRegion: false }] });
    const verdict = verdictsOf(records, [all]).get('all');
    expect(verdict?.verdict).toBe('partial');
    expect(verdict?.places.map((place) => [place.scope.region, place.verdict])).toEqual([
      ['eu-west-1', 'missing'],
      ['us-east-1', 'covered'],
    ]);
    // IAM events are recorded in the partition's first region only, which this trail takes.
    expect(
      verdictsOf(records, [
        { id: 'iam', source: 'aws.cloudtrail.management', where: { eventSource: 'iam.amazonaws.com', eventName: 'CreateUser' } },
      ]).get('iam')?.verdict,
    ).toBe('covered');
  });

  test('a one-region trail that leaves global services out loses IAM', () => {
    const records = accountRecords({ trails: [{ name: 'main', multiRegion: false, global: false }] });
    const needs = [
      { id: 'iam', source: 'aws.cloudtrail.management', where: { eventSource: 'iam.amazonaws.com' } },
      { id: 'sts', source: 'aws.cloudtrail.management', where: { eventSource: 'sts.amazonaws.com' } },
      { id: 'ec2', source: 'aws.cloudtrail.management', where: { eventSource: 'ec2.amazonaws.com' } },
    ];
    const verdicts = verdictsOf(records, needs, { provider: 'aws', account: ACCOUNT, region: 'us-east-1' });
    expect([...verdicts].map(([id, { verdict }]) => [id, verdict])).toEqual([
      ['iam', 'missing'],
      ['sts', 'unknown'],
      ['ec2', 'covered'],
    ]);
  });

  test('a selector for one bucket covers that bucket, and not its siblings', () => {
    const selectors = {
      AdvancedEventSelectors: [
        {
          FieldSelectors: [
            { Field: 'eventCategory', Equals: ['Data'] },
            { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
            { Field: 'resources.ARN', StartsWith: ['arn:aws:s3:::card-vault/'] },
          ],
        },
      ],
    };
    const records = accountRecords({ regions: ['us-east-1'], trails: [{ name: 'main', selectors }] });
    const needs = [{ id: 'objects', source: 'aws.cloudtrail.data.s3', where: { eventName: 'GetObject' } }];
    const at = (bucket: string) => ({ provider: 'aws', account: ACCOUNT, resource: `arn:aws:s3:::${bucket}` });
    expect(verdictsOf(records, needs, at('card-vault'), 'aws.s3.bucket').get('objects')?.verdict).toBe('covered');
    const sibling = verdictsOf(records, needs, at('card-vault-backup'), 'aws.s3.bucket').get('objects');
    expect(sibling).toMatchObject({ verdict: 'missing', witness: { eventName: 'GetObject', lostAt: 'trail main: resources.ARN' } });
    expect(sibling?.witness?.['resources.ARN']).toMatch(/^arn:aws:s3:::card-vault-backup\//);
    expect(verdictsOf(records, needs).get('objects')?.verdict).toBe('partial');
  });

  test('an ARN that equals the bucket matches no object; no value takes nothing', () => {
    for (const field of [{ Field: 'resources.ARN', Equals: ['arn:aws:s3:::card-vault'] }]) {
      const selectors = {
        AdvancedEventSelectors: [
          {
            FieldSelectors: [{ Field: 'eventCategory', Equals: ['Data'] }, { Field: 'resources.type', Equals: ['AWS::S3::Object'] }, field],
          },
        ],
      };
      const records = accountRecords({ regions: ['us-east-1'], trails: [{ name: 'main', selectors }] });
      expect(
        verdictsOf(records, [
          { id: 'n', source: 'aws.cloudtrail.data.s3', where: { 'resources.ARN': { startsWith: ['arn:aws:s3:::card-vault/'] } } },
        ]).get('n')?.verdict,
      ).toBe('missing');
    }
    const empty = accountRecords({
      regions: ['us-east-1'],
      trails: [
        {
          name: 'main',
          selectors: {
            EventSelectors: [
              { ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [{ Type: 'AWS::S3::Object', Values: [] }] },
            ],
          },
        },
      ],
    });
    expect(verdictsOf(empty, [{ id: 'n', source: 'aws.cloudtrail.data.s3' }]).get('n')?.verdict).toBe('missing');
  });

  test('a basic selector for writes restricts its data resources as well', () => {
    const selectors = {
      EventSelectors: [
        { ReadWriteType: 'WriteOnly', IncludeManagementEvents: true, DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3'] }] },
        { ReadWriteType: 'ReadOnly', IncludeManagementEvents: true, DataResources: [] },
      ],
    };
    const verdicts = verdictsOf(accountRecords({ regions: ['us-east-1'], trails: [{ name: 't', selectors }] }), [
      { id: 'get', source: 'aws.cloudtrail.data.s3', where: { eventName: 'GetObject' } },
      { id: 'put', source: 'aws.cloudtrail.data.s3', where: { eventName: ['PutObject', 'DeleteObject'] } },
      all,
    ]);
    expect(verdicts.get('get')).toMatchObject({ verdict: 'missing', witness: { eventName: 'GetObject', readOnly: 'true' } });
    expect(verdicts.get('put')?.verdict).toBe('covered');
    expect(verdicts.get('all')?.verdict).toBe('covered');
  });
});

describe('organization trails', () => {
  const organization = {
    id: 'o-abc1234567',
    management: '999988887777',
    accounts: [
      { id: '999988887777', name: 'management' },
      { id: ACCOUNT, name: 'shop' },
      { id: '444455556666', name: 'sandbox' },
    ],
  };
  const owner = accountRecords({
    account: '999988887777',
    organization,
    trails: [{ name: 'org', organization: true, bucket: 'org-logs' }],
  });
  const shadow = owner.filter((record) => record.op === 'DescribeTrails').map((record) => ({ ...record, account: ACCOUNT }));
  const member = without(accountRecords({ organization, trails: [] }), 'cloudtrail:DescribeTrails');
  const arn = 'arn:aws:cloudtrail:us-east-1:999988887777:trail/org';

  test('a member is judged by the owner; its own errors prove nothing', () => {
    const records = [
      ...owner,
      ...member,
      ...shadow,
      refused(ACCOUNT, 'us-east-1', 'cloudtrail:GetEventSelectors', { TrailName: arn }, 'TrailNotFoundException'),
      refused(ACCOUNT, 'us-east-1', 's3:GetBucketLifecycleConfiguration', { Bucket: 'org-logs' }),
    ];
    expect(verdictsOf(records, [{ ...all, searchable: '90d' }]).get('all')?.verdict).toBe('covered');
  });

  test('without the owner nothing is known of the selectors', () => {
    const verdict = verdictsOf(
      [...member, ...shadow, refused(ACCOUNT, 'us-east-1', 'cloudtrail:GetEventSelectors', { TrailName: arn }, 'TrailNotFoundException')],
      [all],
    ).get('all');
    expect(verdict?.verdict).toBe('unknown');
    expect(verdict?.unknowns.map((unknown) => unknown.call)).toContain('cloudtrail:GetEventSelectors');
  });

  test('an account that refuses the role inherits what the organization takes, and only that', () => {
    const records = [
      ...owner,
      refused('444455556666', undefined, 'sts:AssumeRole', { RoleArn: 'arn:aws:iam::444455556666:role/ViewshedReader' }),
    ];
    const at = { provider: 'aws', account: '444455556666' };
    expect(verdictsOf(records, [all], at).get('all')?.verdict).toBe('covered');
    const data = verdictsOf(records, [{ id: 'data', source: 'aws.cloudtrail.data.s3' }], at).get('data');
    expect(data?.verdict).toBe('unknown');
    expect(data?.unknowns.length).toBeGreaterThan(0);
  });
});

describe('other ways', () => {
  const store = 'arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/EXAMPLE';
  const withStore = (status: string) =>
    accountRecords({ regions: ['us-east-1'], trails: [] })
      .map((record) =>
        record.op === 'ListEventDataStores'
          ? answered(
              ACCOUNT,
              'us-east-1',
              'cloudtrail:ListEventDataStores',
              {},
              { EventDataStores: [{ EventDataStoreArn: store, Name: 'lake' }] },
            )
          : record,
      )
      .concat(
        answered(
          ACCOUNT,
          'us-east-1',
          'cloudtrail:GetEventDataStore',
          { EventDataStore: store },
          {
            EventDataStoreArn: store,
            Name: 'lake',
            Status: status,
            MultiRegionEnabled: true,
            RetentionPeriod: 366,
            AdvancedEventSelectors: [MANAGEMENT],
          },
        ),
      );

  test('an event data store alone covers management events; stopped, it takes nothing', () => {
    expect(verdictsOf(withStore('ENABLED'), [{ ...all, retain: '365d' }]).get('all')).toMatchObject({
      verdict: 'covered',
      retention: { days: 366 },
    });
    expect(verdictsOf(withStore('STOPPED_INGESTION'), [all]).get('all')?.verdict).toBe('missing');
  });

  test('no trail is not missing where the other ways could not be listed', () => {
    for (const call of ['cloudtrail:ListChannels', 'cloudtrail:ListEventDataStores', 'cloudtrail:DescribeTrails']) {
      for (const change of [denied, without]) {
        const verdict = verdictsOf(change(accountRecords({ trails: [] }), call), [all]).get('all');
        expect([call, verdict?.verdict]).toEqual([call, 'unknown']);
        expect(verdict?.unknowns.map((unknown) => unknown.call)).toContain(call);
      }
    }
  });

  test('a channel to Security Lake collects without any trail', () => {
    const channel = 'arn:aws:cloudtrail:us-east-1:111122223333:channel/aws-service-channel/security-lake/default';
    const records = accountRecords({ regions: ['us-east-1'], trails: [] })
      .map((record) =>
        record.op === 'ListChannels'
          ? answered(
              ACCOUNT,
              'us-east-1',
              'cloudtrail:ListChannels',
              {},
              { Channels: [{ ChannelArn: channel, Name: 'aws-service-channel/security-lake/default' }] },
            )
          : record,
      )
      .concat(
        answered(
          ACCOUNT,
          'us-east-1',
          'cloudtrail:GetChannel',
          { Channel: channel },
          {
            ChannelArn: channel,
            Name: 'aws-service-channel/security-lake/default',
            SourceConfig: { ApplyToAllRegions: true, AdvancedEventSelectors: [MANAGEMENT] },
            Destinations: [{ Type: 'AWS_SERVICE', Location: 'security-lake' }],
          },
        ),
      );
    expect(verdictsOf(records, [all]).get('all')?.collection).toBe('covered');
    expect(verdictsOf(records, [{ ...all, retain: '365d' }]).get('all')?.verdict).toBe('unknown');
  });

  test('a data lake that takes management events collects them without any trail', () => {
    const account = ACCOUNT;
    const lake = {
      region: 'us-east-1',
      dataLakeArn: `arn:aws:securitylake:us-east-1:${account}:data-lake/default`,
      s3BucketArn: 'arn:aws:s3:::aws-security-data-lake-us-east-1-example',
      createStatus: 'COMPLETED',
      lifecycleConfiguration: { expiration: { days: 400 } },
    };
    const records = accountRecords({ regions: ['us-east-1'], trails: [] })
      .map((record) => (record.op === 'ListDataLakes' ? { ...record, body: { dataLakes: [lake] } } : record))
      .concat(
        answered(
          account,
          'us-east-1',
          'securitylake:ListLogSources',
          { regions: ['us-east-1'] },
          {
            sources: [
              { account, region: 'us-east-1', sources: [{ awsLogSource: { sourceName: 'CLOUD_TRAIL_MGMT', sourceVersion: '2.0' } }] },
            ],
          },
        ),
        answered(
          account,
          'us-east-1',
          'securitylake:GetDataLakeSources',
          {},
          { dataLakeSources: [{ account, sourceName: 'CLOUD_TRAIL_MGMT', sourceStatuses: [{ resource: '', status: 'COLLECTING' }] }] },
        ),
      );
    const verdicts = verdictsOf(records, [
      { ...all, retain: '365d' },
      { id: 'data', source: 'aws.cloudtrail.data.s3' },
    ]);
    expect(verdicts.get('all')).toMatchObject({ verdict: 'covered', retention: { days: 400 } });
    expect(verdicts.get('data')?.verdict).toBe('missing');
  });
});

describe('places', () => {
  const function_ = 'arn:aws:lambda:eu-west-1:111122223333:function:charge';
  const invoke = [{ id: 'invoke', source: 'aws.cloudtrail.data.lambda', where: { eventName: 'Invoke' } }];

  test('an ARN tells account and region', () => {
    const verdict = verdictsOf(accountRecords({ trails: [] }), invoke, { provider: 'aws', resource: function_ }, 'aws.lambda.function').get(
      'invoke',
    );
    expect(verdict?.places.map((place) => [place.scope.account, place.scope.region])).toEqual([[ACCOUNT, 'eu-west-1']]);
  });

  test('names of several services belong to those that are known for them', () => {
    const records = accountRecords({ trails: [{ name: 'main', selectors: writesOnly }] });
    const where = { eventSource: ['cloudtrail.amazonaws.com', 'ec2.amazonaws.com'], eventName: ['DeleteTrail', 'DeleteFlowLogs'] };
    expect(verdictsOf(records, [{ id: 'n', source: 'aws.cloudtrail.management', where }]).get('n')?.verdict).toBe('covered');
  });
});
