import { describe, expect, test } from 'vitest';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { coveredEstate, VAULT, VPC } from '../support/aws-covered-estate.ts';
import { ACCOUNT, accountRecords, answered, judged, refused, type TrailSpec, verdictsOf } from '../support/aws-estate.ts';

// Estates that other scanners are known to judge wrongly.

const all = { id: 'all', source: 'aws.cloudtrail.management' };
const event = (id: string, eventName: string) => ({ id, source: 'aws.cloudtrail.management', where: { eventName } });
const objects = { id: 'objects', source: 'aws.cloudtrail.data.s3' };
const field = (Field: string, Equals: string[]) => ({ Field, Equals });
const MANAGEMENT = field('eventCategory', ['Management']);
const DATA = [field('eventCategory', ['Data']), field('resources.type', ['AWS::S3::Object'])];
const advanced = (...list: [string, unknown[]][]) => ({
  AdvancedEventSelectors: list.map(([Name, FieldSelectors]) => ({ Name, FieldSelectors })),
});
const at = (bucket: string) => ({ provider: 'aws', account: ACCOUNT, resource: `arn:aws:s3:::${bucket}` });
const one = (trail: Partial<TrailSpec>) => accountRecords({ trails: [{ name: 'main', ...trail }] });
const denied = (records: EvidenceRecord[], call: string) =>
  records.map((record) =>
    `${record.service}:${record.op}` === call ? refused(record.account ?? '', record.region, call, record.args) : record,
  );

describe('trails that only look right, or only look wrong', () => {
  test('1: a logging trail that takes writes only: AssumeRole and GetSecretValue are not captured', () => {
    const verdicts = verdictsOf(one({ selectors: advanced(['writes', [MANAGEMENT, field('readOnly', ['false'])]]) }), [
      event('assume', 'AssumeRole'),
      event('secret', 'GetSecretValue'),
      event('user', 'CreateUser'),
      all,
    ]);
    expect([...verdicts].map(([id, need]) => [id, need.verdict])).toEqual([
      ['assume', 'missing'],
      ['secret', 'missing'],
      ['user', 'covered'],
      ['all', 'partial'],
    ]);
    expect(verdicts.get('assume')?.because).toContain('trail main: readOnly');
  });

  test('2: a full management selector with a name that a tool gave it', () => {
    const verdicts = verdictsOf(one({ selectors: advanced(['terraform-20261121115900', [MANAGEMENT]]) }), [all]);
    expect(verdicts.get('all')?.verdict).toBe('covered');
  });

  test('3: a selector called "Management events selector" that leaves KMS out', () => {
    const selectors = advanced(['Management events selector', [MANAGEMENT, { Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] }]]);
    const verdicts = verdictsOf(one({ selectors }), [
      { ...event('decrypt', 'Decrypt'), where: { eventSource: 'kms.amazonaws.com', eventName: 'Decrypt' } },
      event('user', 'CreateUser'),
    ]);
    expect(verdicts.get('decrypt')).toMatchObject({
      verdict: 'missing',
      witness: { eventSource: 'kms.amazonaws.com', lostAt: 'trail main: eventSource' },
    });
    expect(verdicts.get('user')?.verdict).toBe('covered');
  });

  test('4: one trail for reads and one for writes take everything together', () => {
    const half = (name: string, ReadWriteType: string): TrailSpec => ({
      name,
      selectors: { EventSelectors: [{ ReadWriteType, IncludeManagementEvents: true }] },
    });
    expect(
      verdictsOf(accountRecords({ trails: [half('reads', 'ReadOnly'), half('writes', 'WriteOnly')] }), [all]).get('all')?.verdict,
    ).toBe('covered');
    expect(
      verdictsOf(accountRecords({ trails: [half('reads', 'ReadOnly'), half('more-reads', 'ReadOnly')] }), [all]).get('all')?.verdict,
    ).toBe('partial');
  });

  test('5: data events of one bucket are not those of all', () => {
    const records = one({ selectors: advanced(['one', [...DATA, { Field: 'resources.ARN', StartsWith: ['arn:aws:s3:::card-vault/'] }]]) });
    expect(verdictsOf(records, [objects]).get('objects')).toMatchObject({
      verdict: 'partial',
      witness: { lostAt: 'trail main: resources.ARN' },
    });
    expect(verdictsOf(records, [objects], at('card-vault'), 'aws.s3.bucket').get('objects')?.verdict).toBe('covered');
    expect(verdictsOf(records, [objects], at('exports'), 'aws.s3.bucket').get('objects')?.verdict).toBe('missing');
  });

  test('6: data events on a trail that is stopped', () => {
    const need = verdictsOf(one({ selectors: advanced(['objects', DATA]), status: { IsLogging: false } }), [objects]).get('objects');
    expect(need).toMatchObject({ verdict: 'missing', because: expect.stringContaining('logging is stopped') });
  });

  test('7: no trail, and a selector whose list of values is empty', () => {
    const empty = {
      EventSelectors: [
        {
          ReadWriteType: 'All',
          IncludeManagementEvents: true,
          DataResources: [
            { Type: 'AWS::S3::Object', Values: [] },
            { Type: 'AWS::Lambda::Function', Values: [] },
          ],
        },
      ],
    };
    for (const records of [accountRecords({ trails: [] }), one({ selectors: empty })])
      expect(verdictsOf(records, [objects]).get('objects')?.verdict).toBe('missing');
    expect(verdictsOf(one({ selectors: empty }), [{ id: 'invoke', source: 'aws.cloudtrail.data.lambda' }]).get('invoke')?.verdict).toBe(
      'missing',
    );
  });

  test('8: correct advanced selectors are correct', () => {
    const verdicts = verdictsOf(one({ selectors: advanced(['management', [MANAGEMENT]], ['objects', DATA]) }), [all, objects]);
    expect([...verdicts.values()].map((need) => need.verdict)).toEqual(['covered', 'covered']);
  });

  describe('9: a member below an organization trail', () => {
    const organization = {
      id: 'o-abc1234567',
      management: '999988887777',
      accounts: [
        { id: '999988887777', name: 'management' },
        { id: ACCOUNT, name: 'shop' },
      ],
    };
    const owner = accountRecords({
      account: '999988887777',
      organization,
      trails: [{ name: 'org', organization: true, bucket: 'org-logs' }],
    });
    const shadow = owner.filter((record) => record.op === 'DescribeTrails').map((record) => ({ ...record, account: ACCOUNT }));
    const member = accountRecords({ organization, trails: [] }).filter((record) => record.op !== 'DescribeTrails');

    test('is captured where the owner says so', () =>
      expect(verdictsOf([...owner, ...member, ...shadow], [all]).get('all')?.verdict).toBe('covered'));

    test('is unknown where the selectors could not be read', () => {
      for (const records of [
        [...denied(owner, 'cloudtrail:GetEventSelectors'), ...member, ...shadow],
        [...member, ...shadow],
      ]) {
        const need = verdictsOf(records, [all]).get('all');
        expect(need?.verdict).toBe('unknown');
        expect(need?.unknowns).toContainEqual(
          expect.objectContaining({ call: 'cloudtrail:GetEventSelectors', permission: 'cloudtrail:GetEventSelectors' }),
        );
      }
    });
  });

  test('10: a bucket that deletes logs after a day', () => {
    const lifecycle = { Rules: [{ ID: 'tidy', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }] };
    const records = accountRecords({ trails: [{ name: 'main' }], buckets: [{ name: 'main-logs', lifecycle }] });
    const need = verdictsOf(records, [{ ...all, retain: '90d', searchable: '30d' }]).get('all');
    expect(need).toMatchObject({
      verdict: 'partial',
      collection: 'covered',
      retention: { verdict: 'missing', days: 1 },
      because: expect.stringContaining('expires after 1 days'),
    });
  });

  test('11: selectors that could not be read are neither a gap nor a pass', () => {
    for (const trail of [{}, { selectors: advanced(['writes', [MANAGEMENT, field('readOnly', ['false'])]]) }]) {
      const need = verdictsOf(denied(one(trail), 'cloudtrail:GetEventSelectors'), [all]).get('all');
      expect(need?.verdict).toBe('unknown');
      expect(need?.unknowns).toEqual([
        expect.objectContaining({ call: 'cloudtrail:GetEventSelectors', permission: 'cloudtrail:GetEventSelectors', code: 'AccessDenied' }),
      ]);
    }
  });
});

describe('12: server access logs in place of data events', () => {
  const management = { AdvancedEventSelectors: [{ FieldSelectors: [MANAGEMENT] }] };
  const records = coveredEstate().map((record) => (record.op === 'GetEventSelectors' ? { ...record, body: management } : record));
  const vault = { provider: 'aws', account: ACCOUNT, resource: VAULT };
  const reads = { id: 'n', events: 'aws.cloudtrail.data.s3.read' };
  const need = (statement: Record<string, unknown>, evidence = records) =>
    verdictsOf(evidence, [statement], vault, 'aws.s3.bucket').get('n');

  test('stand in for a named class, and what is lost by it is said', () => {
    const found = need(reads);
    expect(found?.verdict).toBe('covered');
    expect(found?.because).toContain('aws.s3.accesslogs as a stand-in, which loses');
    expect(found?.because).toContain('best effort');
    expect(need({ ...reads, events: 'aws.cloudtrail.data.s3.write' })?.verdict).toBe('covered');
  });

  test('do not where the source itself is asked for', () =>
    expect(need({ id: 'n', source: 'aws.cloudtrail.data.s3' })?.verdict).toBe('missing'));

  test('come too late for a need that is in a hurry', () => expect(need({ ...reads, within: '15m' })?.verdict).toBe('missing'));

  test('do not where they are off, or their target is shut', () => {
    const off = records.map((record) => (record.op === 'GetBucketLogging' ? { ...record, body: {} } : record));
    expect(need(reads, off)?.verdict).toBe('missing');
    expect(need(reads, denied(records, 's3:GetBucketLogging'))?.verdict).toBe('unknown');
  });

  test('stand in for their own bucket alone', () => {
    expect(verdictsOf(records, [reads], { ...vault, resource: 'arn:aws:s3:::vault-access' }, 'aws.s3.bucket').get('n')?.verdict).toBe(
      'missing',
    );
    expect(verdictsOf(records, [reads], { provider: 'aws', account: ACCOUNT }).get('n')?.verdict).toBe('partial');
  });
});

describe('13: flow logs that are on and do not arrive, or not wholly', () => {
  const flow = (fields: Record<string, unknown>) =>
    verdictsOf(
      coveredEstate().map((record) =>
        record.op === 'DescribeFlowLogs' && record.region === 'eu-west-1'
          ? { ...record, body: { FlowLogs: (record.body as { FlowLogs: object[] }).FlowLogs.map((log) => ({ ...log, ...fields })) } }
          : record,
      ),
      [{ id: 'n', source: 'aws.vpc.flowlogs' }],
      { provider: 'aws', account: ACCOUNT, resource: VPC },
      'aws.vpc',
    ).get('n');

  test('refused traffic only', () =>
    expect(flow({ TrafficType: 'REJECT' })).toMatchObject({
      verdict: 'partial',
      witness: { action: 'ACCEPT' },
      because: expect.stringContaining('action'),
    }));

  test('ACTIVE with a delivery that failed', () =>
    expect(flow({ FlowLogStatus: 'ACTIVE', DeliverLogsStatus: 'FAILED', DeliverLogsErrorMessage: 'Access error' })).toMatchObject({
      verdict: 'missing',
      because: expect.stringContaining('DeliverLogsStatus FAILED'),
    }));
});

describe('25: three of forty accounts refuse the role', () => {
  const ids = Array.from({ length: 40 }, (_, index) => String(111_111_111_100 + index));
  const [management] = ids as [string];
  const shut = new Set(ids.slice(7, 10));
  const organization = { id: 'o-abc1234567', management, accounts: ids.map((id) => ({ id, name: `account-${id}` })) };
  // Answers of one account as the service gives them: what is not set up is not a refusal.
  const estate = (organizational: boolean): EvidenceRecord[] =>
    ids
      .flatMap((id) =>
        shut.has(id)
          ? [
              refused(
                id,
                undefined,
                'sts:AssumeRole',
                { RoleArn: `arn:aws:iam::${id}:role/ViewshedReader` },
                'AccessDenied',
                'is not authorized to perform: sts:AssumeRole',
              ),
            ]
          : accountRecords({
              account: id,
              organization,
              regions: ['us-east-1'],
              trails: organizational
                ? id === management
                  ? [{ name: 'org', organization: true, bucket: 'org-logs' }]
                  : []
                : [{ name: 'own', bucket: `logs-${id}` }],
            }).map((record) => (record.error ? { ...record, error: { ...record.error, status: 404 } } : record)),
      )
      .map((record) =>
        organizational && record.op === 'DescribeTrails' && record.account !== management
          ? {
              ...record,
              body: {
                trailList: [
                  {
                    Name: 'org',
                    TrailARN: `arn:aws:cloudtrail:us-east-1:${management}:trail/org`,
                    HomeRegion: 'us-east-1',
                    S3BucketName: 'org-logs',
                    IncludeGlobalServiceEvents: true,
                    IsMultiRegionTrail: true,
                    IsOrganizationTrail: true,
                  },
                ],
              },
            }
          : record,
      );
  const model = (at: Record<string, string> | undefined) =>
    ThreatModel.parse({
      version: 1,
      system: 'All',
      ...(at ? { assets: [{ id: 'estate', at }] } : {}),
      threats: [{ id: 't', title: 'T', ...(at ? { assets: ['estate'] } : {}), needs: [all, { id: 'flow', source: 'aws.vpc.flowlogs' }] }],
    });

  test('thirty-seven are scanned, three denied, and none is dropped', () => {
    const assessment = judged(estate(false), model(undefined));
    expect(assessment.summary.accounts).toEqual({ scanned: 37, partial: 0, denied: 3, skipped: 0 });
    expect(assessment.estate.accounts.filter((account) => account.state === 'denied').map((account) => account.id)).toEqual([...shut]);
    for (const account of assessment.estate.accounts.filter((one) => one.state === 'denied'))
      expect(account.why).toContain('sts:AssumeRole: AccessDenied');
  });

  test.each([
    ['nowhere in particular', undefined],
    ['all accounts', { provider: 'aws' }],
    ['a pattern', { provider: 'aws', account: '1111111111*' }],
  ])('a need for %s is unknown, with the three named', (_, at) => {
    const [need, flow] = judged(estate(false), model(at)).needs;
    expect(need?.verdict).toBe('unknown');
    const open = need?.places.filter((place) => place.verdict === 'unknown').map((place) => place.scope.account);
    expect(new Set(open)).toEqual(shut);
    expect(new Set(need?.places.map((place) => place.scope.account)).size).toBe(40);
    expect(need?.because).toMatch(/in \d of \d+ places/);
    expect(flow?.verdict).toBe('unknown');
    for (const id of shut) expect(flow?.places.map((place) => place.scope.account)).toContain(id);
  });

  test('an organization trail, which its owner shows, covers them as well', () => {
    expect(judged(estate(true), model(undefined)).needs[0]).toMatchObject({ verdict: 'covered' });
  });

  test('a gap in an account that was scanned is a gap beside them', () => {
    // None of the three administers a data lake for the others, which would take their events too.
    const administrators = answered(
      management,
      undefined,
      'organizations:ListDelegatedAdministrators',
      {},
      { DelegatedAdministrators: [] },
    );
    const gap = [administrators, ...estate(false)].map((record) =>
      record.account === ids[20] && record.op === 'DescribeTrails'
        ? answered(ids[20] as string, 'us-east-1', 'cloudtrail:DescribeTrails', record.args, { trailList: [] })
        : record,
    );
    const need = judged(gap, model(undefined)).needs[0];
    expect(need?.verdict).toBe('partial');
    expect(need?.places.find((place) => place.scope.account === ids[20])?.verdict).toBe('missing');
  });
});
