import { describe, expect, test } from 'vitest';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { ACCOUNT, accountRecords, answered, bucketRecords, refused, type TrailSpec, verdictsOf } from '../support/aws-estate.ts';

const all = { id: 'all', source: 'aws.cloudtrail.management' };
const createUser = {
  id: 'create-user',
  source: 'aws.cloudtrail.management',
  where: { eventSource: 'iam.amazonaws.com', eventName: 'CreateUser' },
};
const category = (value: string) => ({ Field: 'eventCategory', Equals: [value] });
const managed = (...fields: unknown[]): TrailSpec => ({
  name: 'main',
  selectors: { AdvancedEventSelectors: [{ FieldSelectors: [category('Management'), ...fields] }] },
});
const ARN = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/main`;

function without(records: EvidenceRecord[], call: string): EvidenceRecord[] {
  return records.filter((record) => `${record.service}:${record.op}` !== call);
}

function verdict(records: readonly EvidenceRecord[], need: Record<string, unknown>, at?: Record<string, string>, type?: string) {
  const found = verdictsOf(records, [{ id: 'n', ...need }], at, type);
  return [...found.values()][0];
}

describe('selectors with something in them that is not understood', () => {
  const odd: [string, unknown[]][] = [
    ['an unknown operator', [{ Field: 'eventName', Contains: ['Put'] }]],
    ['an unknown field', [{ Field: 'requestParameters.roleArn', Equals: ['x'] }]],
    ['a field without values', [{ Field: 'readOnly' }]],
    ['an empty list', [{ Field: 'readOnly', Equals: [] }]],
    ['another spelling of true', [{ Field: 'readOnly', Equals: ['True'] }]],
  ];
  test.each(odd)('%s leaves it open what is taken', (_, fields) => {
    const need = verdict(accountRecords({ trails: [managed(...fields)] }), all);
    expect(need?.verdict).toBe('unknown');
    expect(need?.unknowns.map((unknown) => unknown.code)).toContain('SelectorNotUnderstood');
  });

  test('what is understood beside it still limits what may be taken', () => {
    const trails = [managed({ Field: 'readOnly', Equals: ['false'] }, { Field: 'eventName', Contains: ['Put'] })];
    expect(verdict(accountRecords({ trails }), { ...all, where: { readOnly: 'true' } })?.verdict).toBe('missing');
  });

  test('a selector without a category or a resource type takes nothing for certain', () => {
    for (const FieldSelectors of [[], [{ Field: 'readOnly', Equals: ['true', 'false'] }]]) {
      expect(
        verdict(accountRecords({ trails: [{ name: 'main', selectors: { AdvancedEventSelectors: [{ FieldSelectors }] } }] }), all)?.verdict,
      ).toBe('unknown');
    }
    const data = [{ name: 'main', selectors: { AdvancedEventSelectors: [{ FieldSelectors: [category('Data')] }] } }];
    expect(verdict(accountRecords({ trails: data }), { source: 'aws.cloudtrail.data.s3' })?.verdict).toBe('unknown');
  });

  test('basic selectors: a type that is not known is open, values of another service take nothing', () => {
    const basic = (selector: Record<string, unknown>) => [
      { name: 'main', selectors: { EventSelectors: [{ IncludeManagementEvents: true, ...selector }] } },
    ];
    expect(verdict(accountRecords({ trails: basic({ ReadWriteType: 'Some' }) }), all)?.verdict).toBe('unknown');
    for (const Values of [['arn:aws:lambda'], [''], ['*']]) {
      const trails = basic({ ReadWriteType: 'All', DataResources: [{ Type: 'AWS::S3::Object', Values }] });
      expect(
        verdict(accountRecords({ trails }), {
          source: 'aws.cloudtrail.data.s3',
          where: { 'resources.ARN': { startsWith: ['arn:aws:s3:::card-vault/'] } },
        })?.verdict,
      ).toBe('missing');
    }
  });
});

describe('evidence of several times', () => {
  const later = (records: EvidenceRecord[]) => records.map((record) => ({ ...record, at: '2026-11-21T11:59:30Z' }));
  const writes = { AdvancedEventSelectors: [{ FieldSelectors: [category('Management'), { Field: 'readOnly', Equals: ['false'] }] }] };

  test('the newest answer about a trail counts, by whatever name it was asked', () => {
    const records = accountRecords({ trails: [{ name: 'main' }] });
    const narrowed = later([
      answered(ACCOUNT, 'us-east-1', 'cloudtrail:GetEventSelectors', { TrailName: 'main' }, { TrailARN: ARN, ...writes }),
    ]);
    expect(verdict([...records, ...narrowed], all)?.verdict).toBe('partial');
    expect(verdict([...narrowed, ...records], all)?.verdict).toBe('partial');
  });

  test('a trail that was deleted since is gone, by whatever question that was asked', () => {
    const records = accountRecords({ regions: ['us-east-1'], trails: [{ name: 'main' }] });
    const gone = later([answered(ACCOUNT, 'us-east-1', 'cloudtrail:DescribeTrails', {}, { trailList: [] })]);
    expect(verdict([...records, ...gone], all)?.verdict).toBe('missing');
    expect(verdict([...gone, ...records], all)?.verdict).toBe('missing');
  });

  test('a question about one trail by name is no list of trails', () => {
    const records = without(accountRecords({ regions: ['us-east-1'], trails: [] }), 'cloudtrail:DescribeTrails');
    const named = answered(ACCOUNT, 'us-east-1', 'cloudtrail:DescribeTrails', { trailNameList: ['other'] }, { trailList: [] });
    expect(verdict([...records, named], all)?.verdict).toBe('unknown');
  });

  test('pages of an earlier list do not fill the gaps of a later one', () => {
    const records = without(accountRecords({ regions: ['us-east-1'], trails: [] }), 'cloudtrail:ListEventDataStores');
    const page = (number: number, at: string, body: unknown): EvidenceRecord => ({
      ...answered(ACCOUNT, 'us-east-1', 'cloudtrail:ListEventDataStores', {}, body),
      page: number,
      at,
    });
    const first = page(0, '2026-11-21T11:59:30Z', { EventDataStores: [], NextToken: 'more' });
    const old = page(1, '2026-11-01T00:00:00Z', { EventDataStores: [] });
    expect(verdict([...records, first, old], all)?.verdict).toBe('unknown');
    expect(verdict([...records, old, first], all)?.verdict).toBe('unknown');
  });
});

describe('accounts, regions and organizations', () => {
  const organization = (id: string, management: string, accounts: string[]) => ({
    id,
    management,
    accounts: accounts.map((account) => ({ id: account, name: account })),
  });

  test('the trail of one organization says nothing of another one', () => {
    const [one, other, member] = ['999988887777', '888877776666', '777766665555'] as [string, string, string];
    const first = accountRecords({
      account: one,
      organization: organization('o-aaaa111111', one, [one]),
      trails: [{ name: 'org', organization: true, bucket: 'org-logs' }],
    });
    const second = accountRecords({ account: other, organization: organization('o-bbbb222222', other, [other, member]), trails: [] });
    const third = accountRecords({ account: member, organization: organization('o-bbbb222222', other, []), trails: [] });
    for (const records of [
      [...first, ...second, ...third],
      [...third, ...second, ...first],
    ]) {
      expect(verdict(records, all, { provider: 'aws', account: member })?.verdict).toBe('missing');
      expect(verdict(records, all, { provider: 'aws', account: one })?.verdict).toBe('covered');
    }
  });

  test('an account of which it is not known whether it has an organization may feed its event data store', () => {
    const records = without(accountRecords({ trails: [] }), 'organizations:DescribeOrganization');
    const need = verdict(records, all);
    expect(need?.verdict).toBe('unknown');
    expect(need?.unknowns.map((unknown) => unknown.call)).toContain('organizations:DescribeOrganization');
  });

  test('a list of accounts that broke off leaves a need over the whole estate open, and one for a single account alone', () => {
    const management = '999988887777';
    const estate = accountRecords({
      account: management,
      organization: organization('o-aaaa111111', management, [management, ACCOUNT]),
      trails: [{ name: 'org', organization: true, bucket: 'org-logs' }],
    });
    const broken = estate.map((record) =>
      record.op === 'ListAccounts' ? { ...record, body: { ...(record.body as object), NextToken: 'more' } } : record,
    );
    expect(verdict(estate, all, { provider: 'aws' })?.verdict).toBe('covered');
    const need = verdict(broken, all, { provider: 'aws' });
    expect(need?.verdict).toBe('unknown');
    expect(need?.unknowns).toContainEqual(
      expect.objectContaining({ call: 'organizations:ListAccounts', code: 'PageMissing', permission: 'organizations:ListAccounts' }),
    );
    expect(verdict(broken, all, { provider: 'aws', account: '9999*' })?.verdict).toBe('unknown');
    expect(verdict(broken, all, { provider: 'aws', account: management })?.verdict).toBe('covered');
  });

  test('a suspended account makes no events; one that is about to close may', () => {
    const management = '999988887777';
    const estate = (State: string) =>
      accountRecords({
        account: management,
        organization: organization('o-aaaa111111', management, [management, ACCOUNT]),
        trails: [{ name: 'main' }],
      }).map((record) =>
        record.op === 'ListAccounts'
          ? {
              ...record,
              body: {
                Accounts: [
                  { Id: management, State: 'ACTIVE' },
                  { Id: ACCOUNT, State },
                ],
              },
            }
          : record,
      );
    expect(verdict(estate('SUSPENDED'), all, { provider: 'aws' })?.verdict).toBe('covered');
    for (const state of ['ACTIVE', 'PENDING_CLOSURE']) expect(verdict(estate(state), all, { provider: 'aws' })?.verdict).toBe('unknown');
    for (const state of ['ACTIVE', 'PENDING_CLOSURE'])
      expect(verdict(estate(state), { source: 'aws.vpc.flowlogs' }, { provider: 'aws', account: ACCOUNT })?.verdict).toBe('unknown');
  });

  const unread = (multiRegion: boolean) => [
    ...without(accountRecords({ regions: ['eu-west-1'], trails: [{ name: 'main', multiRegion }] }), 'account:ListRegions'),
    refused(ACCOUNT, undefined, 'account:ListRegions', {}),
  ];

  test('where the regions were not read only a trail of all regions covers them', () => {
    const open = verdict(unread(false), all);
    expect(open?.verdict).toBe('unknown');
    expect(open?.unknowns.map((unknown) => unknown.call)).toContain('account:ListRegions');
    expect(verdict(unread(false), all, { provider: 'aws', account: ACCOUNT, region: 'eu-west-1' })?.verdict).toBe('covered');
    expect(verdict(unread(false), all, { provider: 'aws', account: ACCOUNT, region: 'ap-south-1' })?.verdict).toBe('unknown');
    expect(verdict(unread(false), createUser)?.verdict).toBe('unknown');
  });

  test('a list of some regions is no list of regions', () => {
    const records = without(
      accountRecords({ regions: ['eu-west-1'], trails: [{ name: 'main', multiRegion: false }] }),
      'account:ListRegions',
    );
    for (const [call, args] of [
      ['account:ListRegions', { RegionOptStatusContains: ['ENABLED'] }],
      ['ec2:DescribeRegions', { RegionNames: ['eu-west-1'] }],
    ] as const) {
      const some = answered(ACCOUNT, call.startsWith('ec2') ? 'eu-west-1' : undefined, call, args, {
        Regions: [{ RegionName: 'eu-west-1', RegionOptStatus: 'ENABLED' }],
      });
      expect(verdict([...records, some], all)?.verdict).toBe('unknown');
    }
    expect(verdict([...records, answered(ACCOUNT, undefined, 'account:ListRegions', {}, { Regions: [] })], all)?.verdict).toBe('unknown');
  });

  test('other sources are open where the regions were not read', () => {
    const records = [
      ...unread(false),
      answered(ACCOUNT, 'eu-west-1', 'ec2:DescribeVpcs', { MaxResults: 1000 }, { Vpcs: [] }),
      answered(ACCOUNT, 'eu-west-1', 'lambda:ListFunctions', {}, { Functions: [] }),
    ];
    for (const source of ['aws.vpc.flowlogs', 'aws.lambda.logs', 'aws.route53.resolver', 'aws.elb.alb.access', 'k8s.eks.audit'])
      expect([source, verdict(records, { source })?.verdict]).toEqual([source, 'unknown']);
  });

  test('other partitions: global events where that partition records them', () => {
    const china = ['cn-north-1', 'cn-northwest-1'];
    const inChina = (home: string) =>
      accountRecords({ regions: [home, ...china.filter((region) => region !== home)], trails: [{ name: 'main', multiRegion: false }] }).map(
        (record): EvidenceRecord =>
          record.body === undefined
            ? record
            : {
                ...record,
                body: JSON.parse(JSON.stringify(record.body).replaceAll('arn:aws:', 'arn:aws-cn:')),
                args: JSON.parse(JSON.stringify(record.args).replaceAll('arn:aws:', 'arn:aws-cn:')),
              },
      );
    expect(verdict(inChina('cn-north-1'), createUser)?.verdict).toBe('covered');
    expect(verdict(inChina('cn-northwest-1'), createUser)?.verdict).toBe('missing');
    // Without an identity the regions tell.
    expect(verdict(without(inChina('cn-northwest-1'), 'sts:GetCallerIdentity'), createUser)?.verdict).toBe('missing');
    const cloudfront = { ...all, where: { eventSource: 'cloudfront.amazonaws.com' } };
    expect(verdict(inChina('cn-north-1'), cloudfront)?.verdict).toBe('partial');
  });

  test('without the id of its organization an organization trail is held to every rule that may be its own', () => {
    const management = '999988887777';
    const rule = { Rules: [{ ID: 'short', Status: 'Enabled', Filter: { Prefix: 'AWSLogs/o-abc1234567/' }, Expiration: { Days: 7 } }] };
    const owner = without(
      without(
        accountRecords({
          account: management,
          regions: ['us-east-1'],
          organization: organization('o-abc1234567', management, [management]),
          trails: [{ name: 'org', organization: true, bucket: 'org-logs' }],
          buckets: [],
        }),
        'organizations:DescribeOrganization',
      ),
      'organizations:ListAccounts',
    );
    const records = [...owner, ...bucketRecords(management, 'us-east-1', { name: 'org-logs', lifecycle: rule })];
    expect(verdict(records, { ...all, retain: '365d' }, { provider: 'aws', account: management })?.verdict).not.toBe('covered');
  });
});

describe('what a need asks for', () => {
  const covered = accountRecords({
    trails: [
      {
        name: 'main',
        selectors: {
          AdvancedEventSelectors: [
            { FieldSelectors: [category('Management')] },
            { FieldSelectors: [category('Data'), { Field: 'resources.type', Equals: ['AWS::S3::Object'] }] },
          ],
        },
      },
    ],
  });

  const never: [string, Record<string, unknown>, string][] = [
    ['a write that reads', { source: 'aws.cloudtrail.data.s3', where: { eventName: 'PutObject', readOnly: 'true' } }, 'readOnly is true'],
    ['a field that holds something else', { source: 'aws.cloudtrail.management', where: { readOnly: 'True' } }, 'readOnly is True'],
    [
      'conditions that contradict each other',
      { source: 'aws.cloudtrail.management', where: { eventName: { equals: ['CreateUser'], notEquals: ['CreateUser'] } } },
      'eventName is CreateUser',
    ],
    [
      'a data event among management events',
      { source: 'aws.cloudtrail.management', where: { eventName: 'GetObject' } },
      'a data event on AWS::S3::Object',
    ],
    [
      'a management event among data events',
      { source: 'aws.cloudtrail.data.s3', where: { eventName: 'PutBucketPolicy' } },
      'a management event of s3.amazonaws.com',
    ],
    ['a call that leaves no record', { source: 'aws.cloudtrail.management', where: { eventName: 'PassRole' } }, 'PassRole'],
  ];
  test.each(never)('%s is said to be unobservable, not passed over', (_, need, words) => {
    const found = verdict(covered, need);
    expect(found?.verdict).toBe('unobservable');
    expect(found?.because).toContain(words);
  });

  test('names that cannot be stand out of a list with others', () => {
    for (const eventName of [
      ['CreateUser', 'GetObject'],
      ['CreateUser', 'PassRole'],
    ]) {
      const found = verdict(covered, { source: 'aws.cloudtrail.management', where: { eventName } });
      expect([eventName, found?.verdict]).toEqual([eventName, 'partial']);
      expect(found?.because).toMatch(/GetObject|PassRole/);
    }
    expect(
      verdict(covered, { source: 'aws.cloudtrail.management', where: { eventName: ['CreateUser', 'AttachUserPolicy'] } })?.verdict,
    ).toBe('covered');
  });

  test('names that nobody knows stay possible', () => {
    expect(verdict(covered, { source: 'aws.cloudtrail.management', where: { eventName: 'CreateSomethingNew' } })?.verdict).toBe('covered');
    expect(
      verdict(accountRecords({ trails: [managed({ Field: 'readOnly', Equals: ['true'] })] }), {
        source: 'aws.cloudtrail.management',
        where: { eventName: 'CreateSomethingNew' },
      })?.verdict,
    ).toBe('partial');
  });

  test('a field that the source does not have is named', () => {
    expect(verdict(covered, { source: 'aws.cloudtrail.management', where: { eventname: 'CreateUser' } })?.because).toContain(
      'eventname is not among the known fields',
    );
  });

  test('a source that this version does not have is unknown', () => {
    expect(verdict(covered, { source: 'aws.cloudtrail.managment' })?.verdict).toBe('unknown');
    expect(verdict(covered, { events: 'aws.iam.no-such-class' })?.verdict).toBe('unknown');
  });

  test('global events are judged where they are recorded, also for a system in another region', () => {
    const at = { provider: 'aws', account: ACCOUNT, region: 'eu-west-1' };
    expect(verdict(covered, createUser, at)?.verdict).toBe('covered');
    const local = accountRecords({ regions: ['eu-west-1', 'us-east-1'], trails: [{ name: 'main', multiRegion: false }] });
    const found = verdict(local, createUser, at);
    expect(found?.verdict).toBe('missing');
    expect(found?.places.map((place) => place.scope.region)).toEqual(['us-east-1']);
    const mixed = { source: 'aws.cloudtrail.management', where: { eventSource: ['iam.amazonaws.com', 'ec2.amazonaws.com'] } };
    expect(verdict(local, mixed, at)?.verdict).toBe('partial');
    expect(verdict(local, { ...mixed, where: { eventSource: 'ec2.amazonaws.com' } }, at)?.verdict).toBe('covered');
    // What is asked of a region as a whole is what the region records.
    expect(verdict(local, all, at)?.verdict).toBe('covered');
  });

  test('a resource that was not found is unknown, a region that is not enabled does not apply', () => {
    const records = [...covered, answered(ACCOUNT, undefined, 's3:ListBuckets', {}, { Buckets: [] })];
    const at = { provider: 'aws', account: ACCOUNT, resource: 'arn:aws:s3:::card-vautl' };
    expect(verdict(records, { source: 'aws.s3.accesslogs' }, at, 'aws.s3.bucket')).toMatchObject({
      verdict: 'unknown',
      because: expect.stringContaining('card-vautl was not found'),
    });
    const region = verdict(covered, all, { provider: 'aws', account: ACCOUNT, region: 'us-esat-1' });
    expect(region).toMatchObject({ verdict: 'not-applicable', because: expect.stringContaining('us-esat-1') });
  });

  test('one good alternative is enough, whatever is not known of the others', () => {
    const anyOf = [
      { source: 'aws.no-such-source' },
      { events: 'aws.cloudtrail.management' },
      { source: 'aws.cloudtrail.management', where: { eventName: 'PassRole' } },
    ];
    expect(verdict(covered, { anyOf })?.verdict).toBe('covered');
    expect(verdict(covered, { anyOf }, { provider: 'aws' })?.verdict).toBe('covered');
    expect(verdict(covered, { anyOf: anyOf.slice(0, 1) }, { provider: 'aws' })?.verdict).toBe('unknown');
    const writes = accountRecords({ trails: [managed({ Field: 'readOnly', Equals: ['false'] })] });
    expect(verdict(writes, { anyOf }, { provider: 'aws' })?.verdict).toBe('partial');
  });

  test('an asset with a pattern stands for buckets that could not be listed too', () => {
    const vault = {
      FieldSelectors: [
        category('Data'),
        { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
        { Field: 'resources.ARN', StartsWith: ['arn:aws:s3:::card-vault/'] },
      ],
    };
    const at = { provider: 'aws', account: ACCOUNT, resource: 'arn:aws:s3:::card-*' };
    const read = (selector: unknown, list: Record<string, unknown>) =>
      verdict(
        [
          ...accountRecords({ regions: ['us-east-1'], trails: [{ name: 'main', selectors: { AdvancedEventSelectors: [selector] } }] }),
          answered(ACCOUNT, undefined, 's3:ListBuckets', {}, { Buckets: [{ Name: 'card-vault', BucketRegion: 'us-east-1' }], ...list }),
        ],
        { source: 'aws.cloudtrail.data.s3' },
        at,
        'aws.s3.bucket',
      );
    expect(read(vault, {})?.verdict).toBe('covered');
    const open = read(vault, { ContinuationToken: 'more' });
    expect(open?.verdict).toBe('unknown');
    expect(open?.unknowns.map((unknown) => unknown.call)).toContain('s3:ListBuckets');
    expect(read({ FieldSelectors: vault.FieldSelectors.slice(0, 2) }, { ContinuationToken: 'more' })?.verdict).toBe('covered');
  });

  test('what a delivery stream hands on to was not read: it meets no demand for certain', () => {
    const place = { provider: 'aws', account: ACCOUNT };
    const stream = [
      ...accountRecords({ regions: ['eu-west-1'], trails: [] }),
      answered(ACCOUNT, 'eu-west-1', 'ec2:DescribeVpcs', {}, { Vpcs: [{ VpcId: 'vpc-cards', OwnerId: ACCOUNT }] }),
      answered(
        ACCOUNT,
        'eu-west-1',
        'ec2:DescribeSubnets',
        {},
        { Subnets: [{ SubnetId: 'subnet-a', VpcId: 'vpc-cards', OwnerId: ACCOUNT }] },
      ),
      answered(ACCOUNT, 'eu-west-1', 'ec2:DescribeNetworkInterfaces', {}, { NetworkInterfaces: [] }),
      answered(
        ACCOUNT,
        'eu-west-1',
        'ec2:DescribeFlowLogs',
        {},
        {
          FlowLogs: [
            {
              FlowLogId: 'fl-1',
              ResourceId: 'vpc-cards',
              TrafficType: 'ALL',
              DeliverLogsStatus: 'SUCCESS',
              LogDestinationType: 'kinesis-data-firehose',
              LogDestination: `arn:aws:firehose:eu-west-1:${ACCOUNT}:deliverystream/flow`,
            },
          ],
        },
      ),
    ];
    for (const demand of [{}, { reach: 'siem' }, { reach: 's3' }, { retain: '90d' }]) {
      const found = verdict(stream, { source: 'aws.vpc.flowlogs', ...demand }, place);
      expect([demand, found?.verdict]).toEqual([demand, 'unknown']);
      expect(found?.unknowns.map((unknown) => unknown.call)).toContain('firehose:DescribeDeliveryStream');
    }
  });
});

describe('ways that look open', () => {
  test('replication counts only with versioning at both ends', () => {
    const copied = (source: unknown, target: unknown) =>
      accountRecords({
        regions: ['us-east-1'],
        trails: [{ name: 'main' }],
        buckets: [
          {
            name: 'main-logs',
            versioning: source,
            lifecycle: {
              Rules: [
                {
                  ID: 'week',
                  Status: 'Enabled',
                  Filter: { Prefix: '' },
                  Expiration: { Days: 7 },
                  NoncurrentVersionExpiration: { NoncurrentDays: 1 },
                },
              ],
            },
          },
          { name: 'copy', versioning: target },
        ],
      }).map((record) =>
        record.op === 'GetBucketReplication' && record.args.Bucket === 'main-logs'
          ? answered(ACCOUNT, 'us-east-1', 's3:GetBucketReplication', record.args, {
              ReplicationConfiguration: {
                Role: 'arn:aws:iam::111122223333:role/copy',
                Rules: [{ ID: 'r', Status: 'Enabled', Filter: { Prefix: '' }, Destination: { Bucket: 'arn:aws:s3:::copy' } }],
              },
            })
          : record,
      );
    const year = { ...all, retain: '365d' };
    const on = { Status: 'Enabled' };
    expect(verdict(copied(on, on), year)?.verdict).toBe('covered');
    for (const [source, target] of [
      [{}, on],
      [on, {}],
      [{ Status: 'Suspended' }, on],
    ])
      expect(verdict(copied(source, target), year)?.verdict).toBe('partial');
    const unread = copied(on, on).map((record) =>
      record.op === 'GetBucketVersioning' && record.args.Bucket === 'copy'
        ? refused(ACCOUNT, 'us-east-1', 's3:GetBucketVersioning', record.args)
        : record,
    );
    expect(verdict(unread, year)?.verdict).toBe('unknown');
  });

  test('the start that all object ARNs share leaves no object out', () => {
    const objects = (StartsWith: string[]) =>
      accountRecords({
        trails: [
          {
            name: 'main',
            selectors: {
              AdvancedEventSelectors: [
                {
                  FieldSelectors: [
                    category('Data'),
                    { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
                    { Field: 'resources.ARN', StartsWith },
                  ],
                },
              ],
            },
          },
        ],
      });
    expect(verdict(objects(['arn:aws:s3:::']), { source: 'aws.cloudtrail.data.s3' })?.verdict).toBe('covered');
    expect(verdict(objects(['arn:aws:s3:::c']), { source: 'aws.cloudtrail.data.s3' })?.verdict).toBe('partial');
  });
});
