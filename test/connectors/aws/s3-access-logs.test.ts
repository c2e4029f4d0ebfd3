import { afterEach, describe, expect, it } from 'vitest';
import { type Replay, startReplay } from '../../../connectors/aws/replay/server.ts';
import { s3AccessLogs } from '../../../connectors/aws/s3-access-logs.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { flowOf } from '../../../src/paths/evaluate.ts';
import { ACCOUNT, answer, bucketRecords, builder, policyOf, refusal, viewOf } from './destination-evidence.ts';
import { replayCell } from './replay-cell.ts';

const ARN = 'arn:aws:s3:::card-vault';
const identity = answer('sts:GetCallerIdentity', {}, { Account: ACCOUNT, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/viewshed/scan` });
const buckets = (...list: object[]) => answer('s3:ListBuckets', { MaxBuckets: 1000 }, { Buckets: list });
const vault = { Name: 'card-vault', BucketRegion: 'eu-west-1', CreationDate: '2024-01-01T00:00:00Z' };
const logging = (more: object = {}) =>
  answer(
    's3:GetBucketLogging',
    { Bucket: 'card-vault' },
    { LoggingEnabled: { TargetBucket: 'card-logs', TargetPrefix: 'vault/', ...more } },
  );
const off = answer('s3:GetBucketLogging', { Bucket: 'card-vault' }, {});
const unvended = [
  answer('logs:DescribeDeliverySources', {}, { deliverySources: [] }),
  answer('logs:DescribeDeliveries', {}, { deliveries: [] }),
];
const allow = {
  Effect: 'Allow',
  Principal: { Service: 'logging.s3.amazonaws.com' },
  Action: 's3:PutObject',
  Resource: 'arn:aws:s3:::card-logs/*',
  Condition: { ArnLike: { 'aws:SourceArn': ARN }, StringEquals: { 'aws:SourceAccount': ACCOUNT } },
};

function read(...records: readonly EvidenceRecord[]) {
  const paths = builder();
  s3AccessLogs.read(viewOf([identity, ...records]), paths);
  const built = paths.build();
  const emitter = built.emitters[0];
  return { built, emitter, taps: emitter?.taps ?? [], routes: flowOf(built, emitter?.taps ?? []).routes };
}

describe('access logging of a bucket', () => {
  it('lands under its prefix in the target bucket', () => {
    const { built, emitter, taps, routes } = read(
      buckets(vault),
      logging(),
      ...unvended,
      ...bucketRecords({ GetBucketPolicy: policyOf([allow]) }),
    );
    expect(built.resources).toMatchObject([
      { type: 'aws.s3.bucket', id: ARN, scope: { provider: 'aws', account: ACCOUNT, region: 'eu-west-1', resource: ARN } },
    ]);
    expect(emitter).toMatchObject({ sources: ['aws.s3.accesslogs'], name: 'card-vault', scope: { region: 'eu-west-1', resource: ARN } });
    expect(taps).toMatchObject([{ label: 'access logging of card-vault', delivery: { state: 'flowing' } }]);
    expect(taps[0]?.latency).toBeGreaterThan(3600);
    expect(routes).toMatchObject([{ store: { id: 's3:card-logs#vault/', kind: 's3' } }]);
    expect(routes[0]?.lower).not.toEqual([]);
    expect(built.blind).toEqual([]);
  });

  it('lands under account, region and bucket where keys are partitioned', () => {
    const { routes } = read(
      buckets(vault),
      logging({ TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: 'EventTime' } } }),
      ...unvended,
      ...bucketRecords(),
    );
    expect(routes).toMatchObject([{ store: { id: `s3:card-logs#vault/${ACCOUNT}/eu-west-1/card-vault/` } }]);
  });

  it('is off where the answer is empty', () => {
    const { emitter, taps } = read(buckets(vault), off, ...unvended);
    expect(emitter).toBeDefined();
    expect(taps).toEqual([]);
  });

  it.each([
    ['a bucket that does not let it in', bucketRecords()],
    [
      'a policy for another bucket',
      bucketRecords({
        GetBucketPolicy: policyOf([{ ...allow, Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::card-exports' } } }]),
      }),
    ],
    ['a bucket that is gone', [refusal('s3:GetBucketLocation', { Bucket: 'card-logs' }, 'NoSuchBucket')]],
    [
      'a bucket with a default retention',
      bucketRecords({
        GetBucketPolicy: policyOf([allow]),
        GetBucketVersioning: { Status: 'Enabled' },
        GetObjectLockConfiguration: {
          ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 30 } } },
        },
      }),
    ],
  ])('is lost at %s', (_, target) => {
    const { taps } = read(buckets(vault), logging(), ...unvended, ...target);
    expect(taps).toMatchObject([{ delivery: { state: 'broken', fix: expect.any(String) } }]);
  });

  it.each([
    ['refused', [refusal('s3:GetBucketLogging', { Bucket: 'card-vault' }, 'AccessDenied')], 'AccessDenied'],
    ['never asked', [], 'NotAsked'],
  ])('may be on where it was %s', (_, records, code) => {
    const { taps, routes } = read(buckets(vault), ...records, ...unvended);
    expect(taps).toMatchObject([
      { passes: [], unknowns: [{ call: 's3:GetBucketLogging', permission: 's3:GetBucketLogging', on: 'card-vault', code }] },
    ]);
    expect(routes[0]?.upper).not.toEqual([]);
  });

  it('may be vended where that was not asked', () => {
    const { taps } = read(buckets(vault), off);
    expect(taps).toHaveLength(1);
    expect(taps[0]).toMatchObject({ passes: [] });
    expect(taps[0]?.unknowns.map((unknown) => unknown.call)).toContain('logs:DescribeDeliveries');
  });

  it('is on by a vended delivery that the bucket does not show', () => {
    const group = `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:/s3/vault`;
    const { routes } = read(
      buckets(vault),
      off,
      answer(
        'logs:DescribeDeliverySources',
        {},
        { deliverySources: [{ name: 'vault', resourceArns: [ARN], service: 's3', logType: 'S3_SERVER_ACCESS_LOGS' }] },
      ),
      answer(
        'logs:DescribeDeliveries',
        {},
        { deliveries: [{ id: 'd1', deliverySourceName: 'vault', deliveryDestinationArn: 'arn:x', deliveryDestinationType: 'CWL' }] },
      ),
      answer(
        'logs:DescribeDeliveryDestinations',
        {},
        {
          deliveryDestinations: [
            { arn: 'arn:x', deliveryDestinationType: 'CWL', deliveryDestinationConfiguration: { destinationResourceArn: `${group}:*` } },
          ],
        },
        {},
      ),
      answer(
        'logs:DescribeLogGroups',
        {},
        { logGroups: [{ logGroupName: '/s3/vault', logGroupArn: group, logGroupClass: 'INFREQUENT_ACCESS', retentionInDays: 90 }] },
      ),
    );
    expect(routes).toMatchObject([{ store: { name: '/s3/vault', kind: 'cloudwatch-logs' } }]);
    expect(routes[0]?.lower).not.toEqual([]);
  });
});

describe('which buckets there are', () => {
  it('is not known where the list was refused', () => {
    const { built } = read(refusal('s3:ListBuckets', { MaxBuckets: 1000 }, 'AccessDenied'), off, ...unvended);
    expect(built.blind).toMatchObject([
      {
        sources: ['aws.s3.accesslogs'],
        scope: { account: ACCOUNT },
        unknowns: [{ call: 's3:ListBuckets', permission: 's3:ListAllMyBuckets', code: 'AccessDenied' }],
      },
    ]);
    expect(built.emitters.map((emitter) => emitter.name)).toEqual(['card-vault']);
  });

  it('is not known where nobody asked, but for those that were asked about', () => {
    const { built } = read(off, ...unvended);
    expect(built.blind).toMatchObject([{ unknowns: [{ code: 'NotAsked' }] }]);
    expect(built.emitters).toHaveLength(1);
  });

  it('is the list alone where that is complete', () => {
    const foreign = answer('s3:GetBucketLogging', { Bucket: 'not-ours' }, {});
    expect(read(buckets(vault), off, foreign, ...unvended).built.emitters.map((emitter) => emitter.name)).toEqual(['card-vault']);
  });

  it('is not known after a list of one region', () => {
    expect(read(answer('s3:ListBuckets', { BucketRegion: 'us-east-1' }, { Buckets: [] }), ...unvended).built.blind).toHaveLength(1);
  });

  it('is none where the list is empty', () => {
    expect(read(buckets(), ...unvended).built).toMatchObject({ blind: [], emitters: [] });
  });
});

describe('collecting', () => {
  let replay: Replay | undefined;
  afterEach(() => replay?.close());

  it('lists buckets with their regions, asks each where it is, and wants the targets', async () => {
    const exports = { Name: 'card-exports', BucketRegion: 'us-east-1', CreationDate: '2024-01-01T00:00:00Z' };
    replay = await startReplay([
      answer('s3:ListBuckets', { MaxBuckets: 1000 }, { Buckets: [vault], ContinuationToken: 'more' }, { region: 'us-east-1', page: 0 }),
      answer('s3:ListBuckets', { MaxBuckets: 1000 }, { Buckets: [exports] }, { region: 'us-east-1', page: 1 }),
      logging(),
      answer('s3:GetBucketLogging', { Bucket: 'card-exports' }, {}, { region: 'us-east-1' }),
    ]);
    const cell = replayCell(replay.url, s3AccessLogs, { account: ACCOUNT, region: 'us-east-1' });
    await s3AccessLogs.collect(cell);
    expect(replay.unmatched).toEqual([]);
    expect(replay.unused()).toEqual([]);
    expect(cell.wants).toEqual([{ kind: 's3', id: 'card-logs', account: ACCOUNT, region: 'eu-west-1' }]);
    const { built } = read(...cell.records, ...unvended);
    expect(built.emitters.map((emitter) => [emitter.name, emitter.scope.region])).toEqual([
      ['card-vault', 'eu-west-1'],
      ['card-exports', 'us-east-1'],
    ]);
  });
});
