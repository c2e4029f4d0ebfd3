import { z } from 'zod';
import type { Cell, Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, selectorOf } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge } from '../../src/paths/graph.ts';
import type { Answered, EvidenceView } from '../../src/store/view.ts';
import { landInBucket } from './destinations.ts';
import { type AwsAccount, estateOf } from './estate.ts';
import { lockDays } from './lifecycle.ts';
import { blindWhereNotReached, unseenEdge } from './listing.ts';
import { bucketFacts, regionOf } from './s3-buckets.ts';
import { tapsOfVended } from './vended-deliveries.ts';

const SOURCE = 'aws.s3.accesslogs';
/** Delivered within hours, best effort. */
const LATENCY = 4 * 3600;

const calls = {
  's3:ListBuckets': {
    permission: 's3:ListAllMyBuckets',
    why: 'the buckets of the account and their regions',
    pages: { from: 'ContinuationToken', to: 'ContinuationToken' },
    per: 'account',
  },
  's3:GetBucketLogging': { permission: 's3:GetBucketLogging', why: 'whether requests are logged, and where to', per: 'resource' },
  's3:GetBucketLocation': { permission: 's3:GetBucketLocation', why: 'the region, where the list does not tell it', per: 'resource' },
} as const satisfies Collector['calls'];

/** S3 server access logs. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html */
export const s3AccessLogs: Collector = {
  id: 's3-access-logs',
  provider: 'aws',
  service: 'Amazon S3',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls,
  doc: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html',
  async collect(cell) {
    // Only a request with a parameter is answered with each bucket's region.
    const listed = await cell.ask('s3:ListBuckets', { MaxBuckets: 1000 });
    const buckets = listed.pages.flatMap((page) => {
      const read = Buckets.safeParse(page);
      return read.success ? read.data.Buckets : [];
    });
    await Promise.all(
      buckets.map(async (bucket) => {
        const region = bucket.BucketRegion ?? (await locate(cell, bucket.Name));
        const where = region === undefined ? {} : { region };
        const logging = await cell.ask('s3:GetBucketLogging', { Bucket: bucket.Name }, where);
        const target = logging.ok ? Logging.safeParse(logging.pages[0]).data?.LoggingEnabled?.TargetBucket : undefined;
        // The target is always in the account and region of the bucket.
        if (target) cell.want({ kind: 's3', id: target, account: cell.account, ...where });
      }),
    );
  },
  read(evidence, paths) {
    blindWhereNotReached(evidence, paths, [SOURCE], 's3:ListBuckets');
    for (const account of estateOf(evidence).accounts) if (account.reached) readAccount(evidence, paths, account);
  },
};

async function locate(cell: Cell, bucket: string): Promise<string | undefined> {
  const location = await cell.ask('s3:GetBucketLocation', { Bucket: bucket });
  return location.ok ? regionOf(location.pages[0]?.LocationConstraint) : undefined;
}

const Buckets = z.object({
  Buckets: z
    .array(z.object({ Name: z.string(), BucketRegion: z.string().optional() }))
    .nullish()
    .transform((list) => list ?? []),
});
const Logging = z.object({
  LoggingEnabled: z
    .object({
      TargetBucket: z.string(),
      TargetPrefix: z.string().default(''),
      TargetObjectKeyFormat: z.object({ PartitionedPrefix: z.unknown().optional() }).nullish(),
    })
    .nullish(),
});
type Logging = z.infer<typeof Logging>;

function readAccount(evidence: EvidenceView, paths: PathsBuilder, account: AwsAccount): void {
  const lists = evidence
    .calls('s3:ListBuckets', Buckets, { account: account.id })
    .filter((answer) => Object.keys(answer.args).every((name) => name === 'MaxBuckets'));
  const list = lists.reduce<Answered<z.infer<typeof Buckets>> | undefined>((best, answer) => {
    if (!best) return answer;
    if ((answer.unknown === undefined) !== (best.unknown === undefined)) return answer.unknown === undefined ? answer : best;
    return (answer.at ?? '') >= (best.at ?? '') ? answer : best;
  }, undefined);
  const loggings = new Map<string, Answered<Logging>>();
  for (const answer of evidence.calls('s3:GetBucketLogging', Logging, { account: account.id })) {
    const name = typeof answer.args.Bucket === 'string' ? answer.args.Bucket : '';
    const before = loggings.get(name);
    if (!before || rank(answer) > rank(before) || (rank(answer) === rank(before) && (answer.at ?? '') >= (before.at ?? '')))
      loggings.set(name, answer);
  }
  const regions = new Map((list?.pages ?? []).flatMap((page) => page.Buckets.map((bucket) => [bucket.Name, bucket.BucketRegion] as const)));
  const complete = list !== undefined && list.unknown === undefined;
  // An account may read the settings of a bucket that belongs to another one; only its own list says which are its own.
  const names = complete ? [...regions.keys()] : [...new Set([...regions.keys(), ...loggings.keys()])];
  for (const name of names.filter((one) => one !== '')) {
    const answer = loggings.get(name) ?? evidence.call('s3:GetBucketLogging', Logging, { account: account.id, args: { Bucket: name } });
    if (answer.error?.code === 'NoSuchBucket') continue;
    readBucket(evidence, paths, account, name, regions.get(name), answer, list?.ids ?? []);
  }
  if (complete) return;
  const unknown = list?.unknown ?? evidence.unknownOf('s3:ListBuckets', account.id, 'NotAsked', []);
  paths.blind({
    sources: [SOURCE],
    scope: { provider: 'aws', account: account.id },
    unknowns: [{ ...unknown, on: account.id }],
    evidence: list?.ids ?? [],
  });
}

function rank(answer: Answered<unknown>): number {
  return answer.unknown === undefined ? 1 : 0;
}

function readBucket(
  evidence: EvidenceView,
  paths: PathsBuilder,
  account: AwsAccount,
  name: string,
  listed: string | undefined,
  answer: Answered<Logging>,
  listIds: readonly number[],
): void {
  const arn = `arn:${account.partition}:s3:::${name}`;
  // Where the question was sent proves nothing: S3 redirects it to the bucket's region.
  const region = listed ?? bucketFacts(evidence, name).region;
  const scope = { provider: 'aws' as const, account: account.id, ...(region === undefined ? {} : { region }), resource: arn };
  const ids = [...new Set([...listIds, ...answer.ids])];
  paths.resource({ type: 'aws.s3.bucket', id: arn, scope, evidence: ids });
  paths.emitter({
    id: `${SOURCE}|${account.id}|${arn}`,
    sources: [SOURCE],
    scope,
    name,
    universe: selectorOf({ resource: { equals: [arn] } }),
    evidence: ids,
    taps: [
      ...classicTaps(evidence, paths, account, name, arn, region, answer),
      ...tapsOfVended(evidence, paths, {
        account: account.id,
        region,
        resourceArn: arn,
        logType: 'S3_SERVER_ACCESS_LOGS',
        latency: LATENCY,
      }),
    ],
  });
}

function classicTaps(
  evidence: EvidenceView,
  paths: PathsBuilder,
  account: AwsAccount,
  name: string,
  arn: string,
  region: string | undefined,
  answer: Answered<Logging>,
): Edge[] {
  const id = `${SOURCE}|${account.id}|${name}`;
  const label = `access logging of ${name}`;
  if (answer.unknown) {
    return [
      unseenEdge(paths, {
        id,
        label,
        unknowns: [{ ...answer.unknown, on: name }],
        evidence: answer.ids,
        account: account.id,
        ...(region === undefined ? {} : { region }),
      }),
    ];
  }
  const logging = answer.pages[0]?.LoggingEnabled;
  if (!logging) return [];
  const partitioned =
    logging.TargetObjectKeyFormat?.PartitionedPrefix !== undefined && logging.TargetObjectKeyFormat.PartitionedPrefix !== null;
  const landing = landInBucket(evidence, paths, {
    bucket: logging.TargetBucket,
    principals: ['logging.s3.amazonaws.com'],
    sourceArn: arn,
    sourceAccount: account.id,
    prefix: partitioned && region !== undefined ? `${logging.TargetPrefix}${account.id}/${region}/${name}/` : logging.TargetPrefix,
  });
  return [
    {
      id,
      to: landing.node,
      label,
      passes: EVERYTHING,
      mayPass: EVERYTHING,
      unknowns: landing.unknowns,
      delivery: lockedOut(evidence, logging.TargetBucket) ?? landing.delivery,
      latency: LATENCY,
      evidence: [...new Set([...answer.ids, ...landing.evidence])],
    },
  ];
}

/** A bucket with a default retention cannot take access logs. https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html */
function lockedOut(evidence: EvidenceView, bucket: string): Delivery | undefined {
  if (lockDays(bucketFacts(evidence, bucket).settings.lock) === undefined) return undefined;
  return {
    state: 'broken',
    why: `bucket ${bucket} has a default Object Lock retention, and S3 delivers no access logs to such a bucket`,
    fix: `aws s3api put-bucket-logging to a bucket without default retention, or aws s3api put-object-lock-configuration --bucket ${bucket} without a Rule`,
  };
}
