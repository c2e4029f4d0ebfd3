import { afterEach, describe, expect, it } from 'vitest';
import { type BucketWriter, landInBucket } from '../../../connectors/aws/destinations.ts';
import { type Replay, startReplay } from '../../../connectors/aws/replay/server.ts';
import { s3Buckets } from '../../../connectors/aws/s3-buckets.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import type { Kept, Store } from '../../../src/paths/graph.ts';
import { ACCOUNT, answer, bucketRecords, builder, policyOf, refusal, viewOf } from './destination-evidence.ts';
import { replayCell } from './replay-cell.ts';

const EVER = Number.POSITIVE_INFINITY;
const ever = { least: EVER, most: EVER };
const open = { least: 0, most: EVER };
const exactly = (days: number) => ({ least: days, most: days });
const trail: BucketWriter = {
  bucket: 'card-logs',
  prefix: 'AWSLogs/{account}/CloudTrail/{region}/',
  principals: ['cloudtrail.amazonaws.com'],
  sourceAccount: ACCOUNT,
};

function land(records: readonly EvidenceRecord[], writer: Partial<BucketWriter> = {}) {
  const paths = builder();
  const landing = landInBucket(viewOf(records), paths, { ...trail, ...writer });
  const built = paths.build();
  const store = built.nodes.get(landing.node) as Store;
  const keeps = (place: { account?: string; region?: string } = { account: ACCOUNT, region: 'eu-west-1' }): Kept =>
    typeof store.keeps === 'function' ? store.keeps({ provider: 'aws', ...place }) : store.keeps;
  return { landing, store, keeps, built };
}

const rule = (more: object) => ({
  TransitionDefaultMinimumObjectSize: 'varies_by_storage_class',
  Rules: [{ ID: 'keep', Status: 'Enabled', Filter: {}, ...more }],
});

describe('a bucket as a store', () => {
  it('keeps for ever without a lifecycle, and says what an engineer may want to set', () => {
    const { landing, store, keeps } = land(bucketRecords());
    expect(landing).toMatchObject({ delivery: { state: 'flowing' }, unknowns: [] });
    expect(store).toMatchObject({
      id: 's3:card-logs#AWSLogs/{account}/CloudTrail/{region}/',
      kind: 's3',
      name: 'card-logs',
      scope: { account: ACCOUNT, region: 'eu-west-1', resource: 'arn:aws:s3:::card-logs' },
    });
    expect(keeps()).toMatchObject({ searchable: ever, total: ever, immutable: false, unknowns: [] });
    expect(store.findings).toMatchObject([{ kind: 'erasable', severity: 'low', dimension: 'consistency' }]);
  });

  it('is one store for several writers under the same keys', () => {
    const paths = builder();
    const view = viewOf(bucketRecords());
    expect(landInBucket(view, paths, trail).node).toBe(landInBucket(view, paths, { ...trail, hasStatus: true }).node);
    expect(paths.build().nodes.size).toBe(1);
  });

  it('lets an answer beat an error, whichever account gave it and whenever', () => {
    const denied = refusal('s3:GetBucketLifecycleConfiguration', { Bucket: 'card-logs' }, 'AccessDenied', {
      account: '999900001111',
      at: '2026-11-21T11:59:30Z',
    });
    expect(land([denied, ...bucketRecords({ GetBucketLifecycleConfiguration: rule({ Expiration: { Days: 90 } }) })]).keeps()).toMatchObject(
      { total: exactly(90), unknowns: [] },
    );
  });

  it.each([
    ['refused', 'AccessDenied'],
    ['never asked', undefined],
  ])('knows nothing of the days where the lifecycle was %s', (_, given) => {
    const kept = land(bucketRecords({ GetBucketLifecycleConfiguration: given })).keeps();
    expect(kept).toMatchObject({
      searchable: open,
      total: open,
      unknowns: [
        {
          call: 's3:GetBucketLifecycleConfiguration',
          permission: 's3:GetLifecycleConfiguration',
          on: 'card-logs',
          code: given ?? 'NotAsked',
        },
      ],
    });
  });

  it('names versioning and lock where these leave the total open', () => {
    const kept = land(
      bucketRecords({
        GetBucketLifecycleConfiguration: rule({ Expiration: { Days: 90 } }),
        GetBucketVersioning: 'AccessDenied',
        GetObjectLockConfiguration: 'AccessDenied',
      }),
    ).keeps();
    expect(kept).toMatchObject({ searchable: exactly(90), total: { least: 90, most: EVER }, immutable: undefined });
    expect(kept.unknowns.map((unknown) => unknown.permission)).toEqual(['s3:GetBucketVersioning', 's3:GetBucketObjectLockConfiguration']);
  });

  it('has no lock without versioning, even where the lock was not read', () => {
    const kept = land(
      bucketRecords({ GetBucketLifecycleConfiguration: rule({ Expiration: { Days: 90 } }), GetObjectLockConfiguration: 'AccessDenied' }),
    ).keeps();
    expect(kept).toMatchObject({ total: exactly(90), immutable: false, unknowns: [] });
  });

  it('keeps places apart where rules name them', () => {
    const lifecycle = {
      Rules: [{ ID: 'short', Status: 'Enabled', Filter: { Prefix: `AWSLogs/${ACCOUNT}/CloudTrail/us-east-1/` }, Expiration: { Days: 7 } }],
    };
    const { keeps } = land(bucketRecords({ GetBucketLifecycleConfiguration: lifecycle }));
    expect(keeps({ account: ACCOUNT, region: 'us-east-1' }).total).toEqual(exactly(7));
    expect(keeps({ account: ACCOUNT, region: 'eu-west-1' }).total).toEqual(ever);
    expect(keeps({ account: '999900001111', region: 'us-east-1' }).total).toEqual(ever);
    expect(keeps({ account: ACCOUNT }).total).toEqual({ least: 7, most: EVER });
    expect(keeps({}).total).toEqual({ least: 7, most: EVER });
  });

  it.each([
    ['COMPLIANCE', {}, true],
    ['GOVERNANCE', {}, false],
    [
      'GOVERNANCE',
      {
        GetBucketPolicy: policyOf([
          { Effect: 'Deny', Principal: '*', Action: 's3:BypassGovernanceRetention', Resource: 'arn:aws:s3:::card-logs/*' },
        ]),
      },
      true,
    ],
    ['GOVERNANCE', { GetBucketPolicy: 'AccessDenied' }, undefined],
  ])('is immutable under %s with %j: %s', (Mode, more, immutable) => {
    const lock = { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode, Days: 400 } } } };
    const { keeps } = land(bucketRecords({ GetBucketVersioning: { Status: 'Enabled' }, GetObjectLockConfiguration: lock, ...more }));
    expect(keeps().immutable).toBe(immutable);
  });

  it('warns of a policy that is open to everybody, and of who may delete', () => {
    const statements = [
      { Sid: 'Open', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' },
      { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::999900001111:role/cleanup' }, Action: 's3:*', Resource: '*' },
    ];
    const found = land(bucketRecords({ GetBucketPolicy: policyOf(statements) })).store.findings;
    expect(found.find((one) => one.kind === 'public')?.message).toContain('statement "Open"');
    expect(found.find((one) => one.kind === 'deletable-by')?.message).toContain('arn:aws:iam::999900001111:role/cleanup');
  });
});

describe('whether the bucket lets the writer in', () => {
  it('is broken where the bucket does not exist', () => {
    const { landing, keeps } = land([refusal('s3:GetBucketLocation', { Bucket: 'card-logs' }, 'NoSuchBucket')], { hasStatus: true });
    expect(landing.delivery).toMatchObject({ state: 'broken', why: expect.stringContaining('does not exist') });
    expect(landing.evidence).toEqual([1]);
    expect(keeps()).toMatchObject({ searchable: exactly(0), total: exactly(0) });
  });

  it('is not broken where a later answer shows the bucket', () => {
    const old = refusal('s3:GetBucketLocation', { Bucket: 'card-logs' }, 'NoSuchBucket', {
      account: '999900001111',
      at: '2026-11-20T00:00:00Z',
    });
    expect(land([old, ...bucketRecords()]).landing.delivery.state).toBe('flowing');
    expect(land([old, ...bucketRecords({ GetBucketLocation: undefined })]).landing.delivery.state).toBe('flowing');
  });

  it('is broken by a policy without the statement, and says which to add', () => {
    const { landing } = land(bucketRecords({ GetBucketPolicy: 'NoSuchBucketPolicy' }));
    expect(landing.delivery).toMatchObject({ state: 'broken', fix: expect.stringContaining('"Service":"cloudtrail.amazonaws.com"') });
  });

  it('is broken by a denial', () => {
    const deny = { Sid: 'Freeze', Effect: 'Deny', Principal: '*', Action: 's3:Put*', Resource: 'arn:aws:s3:::card-logs/*' };
    expect(land(bucketRecords({ GetBucketPolicy: policyOf([deny]) })).landing.delivery).toMatchObject({
      state: 'broken',
      why: expect.stringContaining('statement "Freeze"'),
    });
  });

  it.each(['AccessDenied', undefined])('is not known where the policy was not read (%s)', (given) => {
    expect(land(bucketRecords({ GetBucketPolicy: given })).landing.delivery).toMatchObject({
      state: 'unknown',
      unknowns: [{ call: 's3:GetBucketPolicy', code: given ?? 'NotAsked' }],
    });
  });

  it('is not asked of a writer that reports its own state', () => {
    expect(land(bucketRecords({ GetBucketPolicy: 'AccessDenied' }), { hasStatus: true }).landing.delivery).toEqual({ state: 'flowing' });
  });

  it('is yes if any of several principals may write', () => {
    const policy = policyOf([
      { Effect: 'Allow', Principal: { AWS: '127311923021' }, Action: 's3:PutObject', Resource: 'arn:aws:s3:::card-logs/*' },
    ]);
    const principals = ['logdelivery.elasticloadbalancing.amazonaws.com', 'arn:aws:iam::127311923021:root'];
    expect(land(bucketRecords({ GetBucketPolicy: policy }), { principals }).landing.delivery.state).toBe('flowing');
  });

  it('counts a grant to the log delivery group for S3 itself, and not for others', () => {
    const grants = { Grants: [{ Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/s3/LogDelivery' }, Permission: 'WRITE' }] };
    const state = (principal: string, acl: unknown) =>
      land(bucketRecords({ GetBucketPolicy: 'NoSuchBucketPolicy', GetBucketAcl: acl }), { principals: [principal] }).landing.delivery.state;
    expect(state('logging.s3.amazonaws.com', grants)).toBe('flowing');
    expect(state('logging.s3.amazonaws.com', { Grants: [] })).toBe('broken');
    expect(state('logging.s3.amazonaws.com', 'AccessDenied')).toBe('unknown');
    expect(state('delivery.logs.amazonaws.com', grants)).toBe('broken');
  });
});

describe('where logs go on from a bucket', () => {
  const rules = (more: object) => ({
    ReplicationConfiguration: {
      Rules: [{ ID: 'archive', Status: 'Enabled', Filter: {}, Destination: { Bucket: 'arn:aws:s3:::card-copy' }, ...more }],
    },
  });
  const copy = bucketRecords({ GetBucketLifecycleConfiguration: rule({ Expiration: { Days: 2557 } }) }, 'card-copy', {
    account: '999900001111',
  });

  it('has its own days at a replica', () => {
    const versioned = { GetBucketVersioning: { Status: 'Enabled' } };
    const { built, landing } = land([
      ...bucketRecords({
        ...versioned,
        GetBucketLifecycleConfiguration: rule({ Expiration: { Days: 30 } }),
        GetBucketReplication: rules({}),
      }),
      ...bucketRecords({ ...versioned, GetBucketLifecycleConfiguration: rule({ Expiration: { Days: 2557 } }) }, 'card-copy', {
        account: '999900001111',
      }),
    ]);
    const [edge] = built.edges.get(landing.node) ?? [];
    expect(edge).toMatchObject({ delivery: { state: 'flowing' }, unknowns: [] });
    expect(edge?.passes).toEqual(edge?.mayPass);
    expect(built.nodes.get(edge?.to ?? '')).toMatchObject({
      kind: 's3',
      name: 'card-copy',
      scope: { account: '999900001111' },
      keeps: { searchable: exactly(2557) },
    });
  });

  it('is not searchable at a replica in an archive class', () => {
    const { built, landing } = land([
      ...bucketRecords({
        GetBucketReplication: rules({ Destination: { Bucket: 'arn:aws:s3:::card-copy', StorageClass: 'DEEP_ARCHIVE' } }),
      }),
      ...copy,
    ]);
    expect(built.nodes.get(built.edges.get(landing.node)?.[0]?.to ?? '')).toMatchObject({
      keeps: { searchable: exactly(0), total: exactly(2557) },
    });
  });

  it.each([
    ['disabled', { Status: 'Disabled' }],
    ['for tagged objects', { Filter: { Tag: { Key: 'a', Value: 'b' } } }],
    ['for other keys', { Filter: { Prefix: 'elb/' } }],
  ])('does not follow a rule that is %s', (_, more) => {
    const { built, landing } = land([...bucketRecords({ GetBucketReplication: rules(more) }), ...copy]);
    expect(built.edges.get(landing.node)).toBeUndefined();
  });

  it('leaves open what a rule for a part of the keys copies', () => {
    const { built, landing } = land([
      ...bucketRecords({ GetBucketReplication: rules({ Filter: { Prefix: 'AWSLogs/111122223333/CloudTrail/us-east-1/' } }) }),
      ...copy,
    ]);
    expect(built.edges.get(landing.node)).toMatchObject([{ passes: [], unknowns: [{ code: 'PartOfTheKeys' }] }]);
  });

  it('does not go round where buckets replicate to each other', () => {
    const back = bucketRecords(
      {
        GetBucketReplication: {
          ReplicationConfiguration: { Rules: [{ Status: 'Enabled', Filter: {}, Destination: { Bucket: 'arn:aws:s3:::card-logs' } }] },
        },
      },
      'card-copy',
    );
    const { built } = land([...bucketRecords({ GetBucketReplication: rules({}) }), ...back]);
    expect(built.nodes.size).toBe(2);
  });

  it('is not certain behind a queue, a topic or an unread notification', () => {
    const notification = { QueueConfigurations: [{ QueueArn: 'arn:aws:sqs:eu-west-1:111122223333:siem', Events: ['s3:ObjectCreated:*'] }] };
    const queue = land(bucketRecords({ GetBucketNotificationConfiguration: notification }));
    const hop = queue.built.edges.get(queue.landing.node)?.[0]?.to ?? '';
    expect(queue.built.nodes.get(hop)).toMatchObject({ type: 'hop', kind: 'queue', name: 'siem' });
    expect(queue.built.edges.get(hop)).toMatchObject([{ passes: [], unknowns: [{ call: 'sqs:GetQueueAttributes' }] }]);
    const refused = land(bucketRecords({ GetBucketNotificationConfiguration: 'AccessDenied' }));
    expect(refused.built.edges.get(refused.landing.node)).toMatchObject([
      { passes: [], unknowns: [{ permission: 's3:GetBucketNotification' }] },
    ]);
  });

  it('is nothing behind a notification of deletions or of other keys', () => {
    const notification = {
      QueueConfigurations: [
        { QueueArn: 'arn:aws:sqs:eu-west-1:111122223333:gone', Events: ['s3:ObjectRemoved:*'] },
        {
          QueueArn: 'arn:aws:sqs:eu-west-1:111122223333:elb',
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'elb/' }] } },
        },
      ],
    };
    const { built, landing } = land(bucketRecords({ GetBucketNotificationConfiguration: notification }));
    expect(built.edges.get(landing.node)).toBeUndefined();
  });
});

describe('collecting', () => {
  let replay: Replay | undefined;
  afterEach(async () => {
    await replay?.close();
    replay = undefined;
  });

  it('asks for every setting in the region of the bucket, and wants its replica', async () => {
    const replication = {
      ReplicationConfiguration: {
        Role: 'arn:aws:iam::111122223333:role/r',
        Rules: [
          {
            ID: 'r',
            Status: 'Enabled',
            Filter: { Prefix: '' },
            Destination: { Bucket: 'arn:aws:s3:::card-copy', Account: '999900001111' },
          },
        ],
      },
    };
    const recorded = [
      answer('s3:GetBucketLocation', { Bucket: 'card-logs' }, { LocationConstraint: 'eu-west-1' }, { region: 'us-east-1' }),
      ...bucketRecords({
        GetBucketLocation: undefined,
        GetBucketReplication: replication,
        GetBucketLifecycleConfiguration: rule({ Expiration: { Days: 90 } }),
      }),
    ];
    replay = await startReplay(recorded);
    const cell = replayCell(replay.url, s3Buckets, {
      account: ACCOUNT,
      region: 'us-east-1',
      wanted: [
        { kind: 's3', id: 'card-logs' },
        { kind: 'cloudwatch-logs', id: 'arn:aws:logs:eu-west-1:111122223333:log-group:g' },
      ],
    });
    await s3Buckets.collect(cell);
    expect(replay.unmatched).toEqual([]);
    expect(replay.unused()).toEqual([]);
    expect(new Set(replay.requests.filter((request) => request.op !== 'GetBucketLocation').map((request) => request.region))).toEqual(
      new Set(['eu-west-1']),
    );
    expect(cell.wants).toEqual([{ kind: 's3', id: 'card-copy', account: '999900001111' }]);
    expect(land(cell.records).keeps()).toMatchObject({ total: exactly(90), unknowns: [] });
  });

  it('stops at a bucket that is gone', async () => {
    replay = await startReplay([refusal('s3:GetBucketLocation', { Bucket: 'card-logs' }, 'NoSuchBucket', { region: 'us-east-1' })]);
    const cell = replayCell(replay.url, s3Buckets, { account: ACCOUNT, region: 'us-east-1', wanted: [{ kind: 's3', id: 'card-logs' }] });
    await s3Buckets.collect(cell);
    expect(replay.requests.map((request) => request.op)).toEqual(['GetBucketLocation']);
    expect(land(cell.records, { hasStatus: true }).landing.delivery.state).toBe('broken');
  });

  it('asks on where the location is refused', async () => {
    replay = await startReplay([
      refusal('s3:GetBucketLocation', { Bucket: 'card-logs' }, 'AccessDenied'),
      ...bucketRecords({ GetBucketLocation: undefined }),
    ]);
    const cell = replayCell(replay.url, s3Buckets, {
      account: ACCOUNT,
      region: 'us-east-1',
      wanted: [{ kind: 's3', id: 'card-logs', region: 'eu-west-1' }],
    });
    await s3Buckets.collect(cell);
    expect(replay.unused()).toEqual([]);
  });
});

it('reads a bucket of the oldest region', () => {
  expect(land([answer('s3:GetBucketLocation', { Bucket: 'card-logs' }, {})]).store.scope.region).toBe('us-east-1');
});
