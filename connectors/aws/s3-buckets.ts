import { z } from 'zod';
import type { Cell, Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING } from '../../src/events/classes.ts';
import type { Finding, Unknown } from '../../src/model/assessment.ts';
import type { Scope } from '../../src/model/scope.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Kept } from '../../src/paths/graph.ts';
import type { Answered, EvidenceView } from '../../src/store/view.ts';
import { deleters, deniesBypass, judgeWrite, type Policy, parsePolicy, publicStatements, type WriteAnswer } from './bucket-policy.ts';
import type { BucketWriter, Landing } from './destinations.ts';
import { estateOf } from './estate.ts';
import {
  type BucketSettings,
  dividesBelow,
  filterPrefix,
  hasTags,
  Lifecycle,
  lifetimeOf,
  lockDays,
  ObjectLock,
  Tiering,
} from './lifecycle.ts';
import { unseenEdge } from './listing.ts';
import { landOnward } from './onward.ts';
import { remember } from './remember.ts';

const calls = {
  's3:GetBucketLocation': { permission: 's3:GetBucketLocation', why: 'where to ask for the rest', per: 'resource' },
  's3:GetBucketLifecycleConfiguration': {
    permission: 's3:GetLifecycleConfiguration',
    why: 'days until logs are archived or deleted',
    per: 'resource',
  },
  's3:GetBucketVersioning': { permission: 's3:GetBucketVersioning', why: 'whether deleted logs can be brought back', per: 'resource' },
  's3:GetObjectLockConfiguration': {
    permission: 's3:GetBucketObjectLockConfiguration',
    why: 'whether logs can be deleted early',
    per: 'resource',
  },
  's3:GetBucketPolicy': { permission: 's3:GetBucketPolicy', why: 'whether the log service may write, and who may delete', per: 'resource' },
  's3:GetBucketAcl': { permission: 's3:GetBucketAcl', why: 'write grants to the log delivery group', per: 'resource' },
  's3:GetBucketReplication': { permission: 's3:GetReplicationConfiguration', why: 'copies of the logs in other buckets', per: 'resource' },
  's3:GetBucketNotificationConfiguration': {
    permission: 's3:GetBucketNotification',
    why: 'what reads the logs from here',
    per: 'resource',
  },
  's3:ListBucketIntelligentTieringConfigurations': {
    permission: 's3:GetIntelligentTieringConfiguration',
    why: 'whether tiering archives logs',
    per: 'resource',
    pages: { from: 'NextContinuationToken', to: 'ContinuationToken' },
  },
} as const satisfies Collector['calls'];

const SETTINGS = Object.keys(calls).filter((call) => call !== 's3:GetBucketLocation' && call !== 's3:GetBucketReplication');

/** Buckets that logs are sent to. https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html */
export const s3Buckets: Collector = {
  id: 's3-buckets',
  provider: 'aws',
  service: 'Amazon S3',
  informs: [],
  runs: 'account',
  phase: 'stores',
  calls,
  doc: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html',
  async collect(cell) {
    await Promise.all(cell.wanted.filter((one) => one.kind === 's3').map((one) => collectBucket(cell, one.id, one.region)));
  },
  read() {
    // Buckets become stores when a writer lands in them.
  },
};

async function collectBucket(cell: Cell, bucket: string, known: string | undefined): Promise<void> {
  const args = { Bucket: bucket };
  const location = await cell.ask('s3:GetBucketLocation', args, known === undefined ? {} : { region: known });
  if (!location.ok && location.error.code === 'NoSuchBucket') return;
  const region = location.ok ? regionOf(location.pages[0]?.LocationConstraint) : known;
  const where = region === undefined ? {} : { region };
  const [replication] = await Promise.all([
    cell.ask('s3:GetBucketReplication', args, where),
    ...SETTINGS.map((call) => cell.ask(call, args, where)),
  ]);
  if (!replication?.ok) return;
  for (const page of replication.pages) {
    const read = Replication.safeParse(page);
    for (const rule of read.success ? (read.data.ReplicationConfiguration?.Rules ?? []) : []) {
      if (rule.Status !== 'Enabled') continue;
      cell.want({
        kind: 's3',
        id: bucketName(rule.Destination.Bucket),
        ...(rule.Destination.Account === undefined ? {} : { account: rule.Destination.Account }),
      });
    }
  }
}

/** An absent constraint is the oldest region, `EU` the second oldest. */
export function regionOf(constraint: string | null | undefined): string {
  return constraint === 'EU' ? 'eu-west-1' : constraint || 'us-east-1';
}

function bucketName(arn: string): string {
  return arn.replace(/^arn:[^:]*:s3:::/, '');
}

const Location = z.object({ LocationConstraint: z.string().nullish() });
const Versioning = z.object({ Status: z.string().optional() });
const PolicyText = z.object({ Policy: z.string() });
const Acl = z.object({
  Grants: z
    .array(z.object({ Permission: z.string().optional(), Grantee: z.object({ URI: z.string().optional() }).optional() }))
    .default([]),
});
const Replication = z.object({
  ReplicationConfiguration: z
    .object({
      Rules: z
        .array(
          z.object({
            ID: z.string().optional(),
            Status: z.string(),
            Prefix: z.string().nullish(),
            Filter: z
              .object({
                Prefix: z.string().optional(),
                Tag: z.unknown().optional(),
                And: z.object({ Prefix: z.string().optional(), Tags: z.array(z.unknown()).optional() }).optional(),
              })
              .nullish(),
            Destination: z.object({ Bucket: z.string(), Account: z.string().optional(), StorageClass: z.string().optional() }),
          }),
        )
        .default([]),
    })
    .optional(),
});
const Target = {
  Id: z.string().optional(),
  Events: z.array(z.string()).default([]),
  Filter: z
    .object({
      Key: z.object({ FilterRules: z.array(z.object({ Name: z.string(), Value: z.string().default('') })).default([]) }).optional(),
    })
    .nullish(),
};
const Notification = z.object({
  QueueConfigurations: z.array(z.object({ ...Target, QueueArn: z.string() })).nullish(),
  TopicConfigurations: z.array(z.object({ ...Target, TopicArn: z.string() })).nullish(),
  LambdaFunctionConfigurations: z.array(z.object({ ...Target, LambdaFunctionArn: z.string() })).nullish(),
  EventBridgeConfiguration: z.unknown().optional(),
});
const Tierings = z.object({ IntelligentTieringConfigurationList: z.array(Tiering).nullish() });

/** Errors that answer the question: there is no such setting. */
const NOT_SET = new Set([
  'NoSuchLifecycleConfiguration',
  'ObjectLockConfigurationNotFoundError',
  'NoSuchObjectLockConfiguration',
  'NoSuchBucketPolicy',
  'ReplicationConfigurationNotFoundError',
]);

/** One answer about a bucket: the value, `unset` where there is certainly none, or why it is not known. */
interface Fact<T> {
  readonly value: T | undefined;
  readonly unset: boolean;
  readonly unknown: Unknown | undefined;
  readonly ids: readonly number[];
}

/** What the evidence of all accounts says of one bucket. */
export interface BucketFacts {
  readonly name: string;
  readonly partition: string;
  readonly account: string | undefined;
  readonly region: string | undefined;
  /** Set where the bucket does not exist: the evidence. */
  readonly gone: readonly number[] | undefined;
  readonly settings: BucketSettings;
  readonly lifecycle: Fact<Lifecycle>;
  readonly versioning: Fact<z.infer<typeof Versioning>>;
  readonly lock: Fact<ObjectLock>;
  readonly tiering: Fact<readonly Tiering[]>;
  readonly policy: Fact<Policy>;
  readonly acl: Fact<z.infer<typeof Acl>>;
  readonly replication: Fact<z.infer<typeof Replication>>;
  readonly notification: Fact<z.infer<typeof Notification>>;
}

const indexes = new WeakMap<EvidenceView, Map<string, Map<string, Answered<unknown>[]>>>();
const facts = new WeakMap<EvidenceView, Map<string, BucketFacts>>();

/** Arguments are as they were recorded: a bucket that is no text is none. */
function bucketOf(args: Readonly<Record<string, unknown>>): string {
  return typeof args.Bucket === 'string' ? args.Bucket : '';
}

function answersOf<T>(evidence: EvidenceView, op: string, shape: z.ZodType<T>, bucket: string): Answered<T>[] {
  const ops = remember(indexes, evidence, () => new Map());
  const byBucket = remember(ops, op, () => Map.groupBy(evidence.calls(op, shape), (answer) => bucketOf(answer.args)));
  return (byBucket.get(bucket) ?? []) as Answered<T>[];
}

function answers(answer: Answered<unknown>): boolean {
  return answer.unknown === undefined || NOT_SET.has(answer.error?.code ?? '');
}

/** An answer beats an error, whoever gave it: a member's refusal proves nothing where the owner answered. Then the newest. */
function factOf<T>(
  evidence: EvidenceView,
  op: keyof typeof calls,
  shape: z.ZodType<T>,
  bucket: string,
): Fact<T> & { readonly from: Answered<T> | undefined } {
  const rank = (answer: Answered<T>): number => (answers(answer) ? 2 : answer.error?.code === 'NoSuchBucket' ? 1 : 0);
  const [best] = answersOf(evidence, op, shape, bucket).sort((a, b) => rank(b) - rank(a) || ((a.at ?? '') < (b.at ?? '') ? 1 : -1));
  if (!best) return { value: undefined, unset: false, unknown: evidence.unknownOf(op, bucket, 'NotAsked', []), ids: [], from: undefined };
  const unset = NOT_SET.has(best.error?.code ?? '');
  const value = best.unknown === undefined ? best.pages[0] : undefined;
  return {
    value,
    unset,
    unknown:
      value === undefined && !unset
        ? { ...(best.unknown ?? evidence.unknownOf(op, bucket, 'UnreadableAnswer', best.ids)), on: bucket }
        : undefined,
    ids: best.ids,
    from: best,
  };
}

export function bucketFacts(evidence: EvidenceView, name: string): BucketFacts {
  const known = remember(facts, evidence, () => new Map<string, BucketFacts>());
  return remember(known, name, () => readBucket(evidence, name));
}

function readBucket(evidence: EvidenceView, name: string): BucketFacts {
  const location = factOf(evidence, 's3:GetBucketLocation', Location, name);
  const lifecycle = factOf(evidence, 's3:GetBucketLifecycleConfiguration', Lifecycle, name);
  const versioning = factOf(evidence, 's3:GetBucketVersioning', Versioning, name);
  const lock = factOf(evidence, 's3:GetObjectLockConfiguration', ObjectLock, name);
  const tierings = factOf(evidence, 's3:ListBucketIntelligentTieringConfigurations', Tierings, name);
  const policyText = factOf(evidence, 's3:GetBucketPolicy', PolicyText, name);
  const acl = factOf(evidence, 's3:GetBucketAcl', Acl, name);
  const replication = factOf(evidence, 's3:GetBucketReplication', Replication, name);
  const notification = factOf(evidence, 's3:GetBucketNotificationConfiguration', Notification, name);
  const all = [location, lifecycle, versioning, lock, tierings, policyText, acl, replication, notification];
  const answered = all.flatMap((fact) => (fact.from && answers(fact.from) ? [fact.from] : []));
  const latest =
    answered
      .map((answer) => answer.at ?? '')
      .sort()
      .at(-1) ?? '';
  const missing = all.find((fact) => fact.from?.error?.code === 'NoSuchBucket' && (fact.from.at ?? '') >= latest);
  const policy = policyText.value === undefined ? undefined : parsePolicy(policyText.value.Policy);
  const tiering =
    tierings.value && tierings.from ? tierings.from.pages.flatMap((page) => page.IntelligentTieringConfigurationList ?? []) : undefined;
  const status = versioning.value?.Status;
  const account = answered[0]?.account;
  return {
    name,
    partition: (account === undefined ? undefined : estateOf(evidence).byId.get(account)?.partition) ?? 'aws',
    account,
    region: location.value ? regionOf(location.value.LocationConstraint) : undefined,
    gone: missing?.ids,
    settings: {
      lifecycle: lifecycle.unset ? { Rules: [] } : lifecycle.value,
      versioning: versioning.value ? (status === 'Enabled' || status === 'Suspended' ? status : 'Off') : undefined,
      lock: lock.unset ? {} : lock.value,
      tiering,
    },
    lifecycle,
    versioning,
    lock,
    acl,
    replication,
    notification,
    tiering: { value: tiering, unset: tierings.unset, unknown: tierings.unknown, ids: tierings.ids },
    policy: {
      value: policy,
      unset: policyText.unset,
      ids: policyText.ids,
      unknown:
        policyText.unknown ??
        (policyText.value && !policy ? evidence.unknownOf('s3:GetBucketPolicy', name, 'UnreadablePolicy', policyText.ids) : undefined),
    },
  };
}

/** The store for what one writer puts into a bucket, and whether the bucket lets it in. */
export function landInBucket(evidence: EvidenceView, paths: PathsBuilder, writer: BucketWriter): Landing {
  const bucket = bucketFacts(evidence, writer.bucket);
  const node = addStore(evidence, paths, bucket, writer.prefix);
  const { delivery, ids } = deliveryTo(evidence, bucket, writer);
  return { node, delivery, unknowns: [], evidence: [...new Set([...bucket.lifecycle.ids, ...ids])] };
}

function addStore(
  evidence: EvidenceView,
  paths: PathsBuilder,
  bucket: BucketFacts,
  prefix: string,
  copy?: { readonly of: string; readonly storageClass: string | undefined },
): string {
  const id = `s3:${bucket.name}#${prefix}${copy === undefined ? '' : `#copy of ${copy.of}`}`;
  if (paths.has(id)) return id;
  const scope: Scope = {
    provider: 'aws',
    ...(bucket.account === undefined ? {} : { account: bucket.account }),
    ...(bucket.region === undefined ? {} : { region: bucket.region }),
    resource: `arn:${bucket.partition}:s3:::${bucket.name}`,
  };
  paths.node({
    type: 'store',
    id,
    kind: 's3',
    name: bucket.name,
    scope,
    keeps: keepsOf(bucket, prefix, copy?.storageClass),
    findings: bucket.gone ? [] : findingsOf(bucket),
    unknowns: [],
    evidence: [...new Set([...bucket.lifecycle.ids, ...bucket.versioning.ids, ...bucket.lock.ids, ...bucket.tiering.ids])],
  });
  if (bucket.gone) return id;
  // What is a copy itself is not copied on.
  if (copy === undefined) addCopies(evidence, paths, bucket, prefix, id);
  addReaders(evidence, paths, bucket, prefix, id, scope);
  return id;
}

function literal(prefix: string): string {
  const cut = prefix.search(/\{(account|region|organization)\}/);
  return cut < 0 ? prefix : prefix.slice(0, cut);
}

/** Rules below the part that all keys share make the days depend on the place that events come from. */
function keepsOf(bucket: BucketFacts, prefix: string, storageClass: string | undefined): Kept | ((place: Scope) => Kept) {
  const start = literal(prefix);
  if (start === prefix || bucket.gone || !dividesBelow(bucket.settings, start)) return keptUnder(bucket, start, storageClass);
  const byPlace = new Map<string, Kept>();
  return (place) => {
    const filled = literal(fill(fill(prefix, 'account', place.account), 'region', place.region));
    return remember(byPlace, filled, () => keptUnder(bucket, filled, storageClass));
  };
}

function fill(prefix: string, name: string, value: string | undefined): string {
  return value === undefined ? prefix : prefix.replaceAll(`{${name}}`, value);
}

function keptUnder(bucket: BucketFacts, prefix: string, storageClass: string | undefined): Kept {
  if (bucket.gone) {
    const none = { least: 0, most: 0 };
    return { searchable: none, total: none, immutable: false, because: `bucket ${bucket.name} does not exist`, unknowns: [] };
  }
  const { settings } = bucket;
  const { searchable, total, because } = lifetimeOf(settings, prefix, storageClass);
  const unknowns: Unknown[] = [];
  const add = (fact: Fact<unknown>): void => {
    if (fact.unknown) unknowns.push(fact.unknown);
  };
  add(bucket.lifecycle);
  if (settings.lifecycle && total.least !== total.most) {
    add(bucket.versioning);
    if (settings.versioning !== 'Off' && settings.versioning !== 'Suspended') add(bucket.lock);
  }
  if (settings.lifecycle && searchable.least !== searchable.most && because.includes('INTELLIGENT_TIERING')) add(bucket.tiering);
  return { searchable, total, immutable: immutableOf(bucket), because, unknowns };
}

/** COMPLIANCE cannot be lifted; GOVERNANCE can, unless the policy denies the bypass to everyone. */
function immutableOf(bucket: BucketFacts): boolean | undefined {
  const { settings, policy, partition, name } = bucket;
  if (settings.lock === undefined) return settings.versioning === 'Off' || settings.versioning === 'Suspended' ? false : undefined;
  if (lockDays(settings.lock) === undefined) return false;
  if (settings.lock.ObjectLockConfiguration?.Rule?.DefaultRetention?.Mode === 'COMPLIANCE') return true;
  if (policy.unset) return false;
  return policy.value ? deniesBypass(policy.value, name, partition) : undefined;
}

function findingsOf(bucket: BucketFacts): Finding[] {
  const found: Finding[] = [];
  const add = (kind: string, severity: Finding['severity'], message: string, ids: readonly number[]): void => {
    found.push({ kind, dimension: 'consistency', severity, message, evidence: [...ids] });
  };
  const { name, settings, policy, partition } = bucket;
  if ((settings.versioning === 'Off' || settings.versioning === 'Suspended') && immutableOf(bucket) === false) {
    add(
      'erasable',
      'low',
      `Bucket ${name} has versioning ${settings.versioning === 'Off' ? 'off' : 'suspended'} and no Object Lock: whoever may s3:DeleteObject erases logs for good.`,
      bucket.versioning.ids,
    );
  } else if (settings.versioning === 'Enabled' && immutableOf(bucket) === false) {
    add(
      'not-locked',
      'info',
      `Bucket ${name} has no COMPLIANCE Object Lock retention: whoever may s3:DeleteObjectVersion erases logs for good.`,
      [...bucket.versioning.ids, ...bucket.lock.ids],
    );
  }
  if (!policy.value) return found;
  const everyone = publicStatements(policy.value);
  if (everyone.length > 0)
    add('public', 'high', `The policy of bucket ${name} lets everybody in: ${everyone.slice(0, 3).join('; ')}.`, policy.ids);
  const who = deleters(policy.value, name, partition).filter((principal) => principal !== '*' || everyone.length === 0);
  if (who.length > 0) {
    const shown = `${who.slice(0, 3).join(', ')}${who.length > 3 ? ` and ${who.length - 3} more` : ''}`;
    add('deletable-by', 'medium', `The policy of bucket ${name} lets ${shown} delete logs or change their lifecycle.`, policy.ids);
  }
  return found;
}

interface Judged {
  readonly delivery: Delivery;
  readonly ids: readonly number[];
}

const FLOWING: Delivery = { state: 'flowing' };
const LOG_DELIVERY_GROUP = 'http://acs.amazonaws.com/groups/s3/LogDelivery';
/** Writers that a grant to the log delivery group may let in. */
const BY_ACL = 'logging.s3.amazonaws.com';

function deliveryTo(evidence: EvidenceView, bucket: BucketFacts, writer: BucketWriter): Judged {
  if (bucket.gone) {
    return {
      delivery: { state: 'broken', why: `bucket ${bucket.name} does not exist`, fix: `aws s3api create-bucket --bucket ${bucket.name}` },
      ids: bucket.gone,
    };
  }
  if (writer.hasStatus) return { delivery: FLOWING, ids: [] };
  const { policy } = bucket;
  const answer = policy.unset
    ? ({ is: 'unsaid' } as const)
    : policy.value
      ? judgeWriters(evidence, policy.value, bucket, writer)
      : undefined;
  const ids = policy.ids;
  if (!answer) {
    return {
      delivery: {
        state: 'unknown',
        why: `the policy of bucket ${bucket.name} was not read`,
        unknowns: policy.unknown ? [policy.unknown] : [],
      },
      ids,
    };
  }
  if (answer.is === 'allowed') return { delivery: FLOWING, ids };
  if (answer.is === 'denied') {
    return {
      delivery: {
        state: 'broken',
        why: `bucket ${bucket.name} refuses ${writer.principals.join(', ')}: ${answer.statement} of its policy denies s3:PutObject`,
        fix: `Except ${writer.principals[0]} from ${answer.statement} in the policy of bucket ${bucket.name}`,
      },
      ids,
    };
  }
  if (answer.is === 'unsure') {
    const unknown: Unknown = {
      call: 's3:GetBucketPolicy',
      permission: 's3:GetBucketPolicy',
      on: bucket.name,
      code: 'ConditionNotDecided',
      evidence: [...ids],
    };
    return {
      delivery: {
        state: 'unknown',
        why: `whether bucket ${bucket.name} lets ${writer.principals.join(', ')} write: ${answer.statement}: ${answer.why}`,
        unknowns: [unknown],
      },
      ids,
    };
  }
  if (writer.principals.includes(BY_ACL)) {
    if (
      bucket.acl.value?.Grants.some(
        (grant) => grant.Grantee?.URI === LOG_DELIVERY_GROUP && (grant.Permission === 'WRITE' || grant.Permission === 'FULL_CONTROL'),
      )
    ) {
      return { delivery: FLOWING, ids: [...ids, ...bucket.acl.ids] };
    }
    if (!bucket.acl.value) {
      return {
        delivery: {
          state: 'unknown',
          why: `the policy of bucket ${bucket.name} does not allow ${BY_ACL}; whether its ACL does was not read`,
          unknowns: bucket.acl.unknown ? [bucket.acl.unknown] : [],
        },
        ids,
      };
    }
  }
  return {
    delivery: {
      state: 'broken',
      why: `the policy of bucket ${bucket.name} does not allow ${writer.principals.join(' or ')} to s3:PutObject under ${writer.prefix || 'it'}`,
      fix: allowing(bucket, writer),
    },
    ids,
  };
}

/** The answers for several principals, of which any may write: the best one counts. */
function judgeWriters(evidence: EvidenceView, policy: Policy, bucket: BucketFacts, writer: BucketWriter): WriteAnswer {
  const of = estateOf(evidence).organizationOf(writer.sourceAccount)?.id;
  const each = writer.principals.map((principal) =>
    judgeWrite(policy, {
      bucket: bucket.name,
      partition: bucket.partition,
      prefix: writer.prefix,
      principal,
      sourceArn: writer.sourceArn,
      sourceAccount: writer.sourceAccount,
      organization: of,
    }),
  );
  for (const is of ['allowed', 'unsure', 'denied'] as const) {
    const found = each.find((answer) => answer.is === is);
    if (found) return found;
  }
  return { is: 'unsaid' };
}

function allowing(bucket: BucketFacts, writer: BucketWriter): string {
  const principal = writer.principals[0] ?? '';
  const statement = {
    Effect: 'Allow',
    Principal: principal.startsWith('arn:') ? { AWS: principal } : { Service: principal },
    Action: 's3:PutObject',
    Resource: `arn:${bucket.partition}:s3:::${bucket.name}/${literal(writer.prefix)}*`,
    Condition: { StringEquals: { 'aws:SourceAccount': writer.sourceAccount } },
  };
  return `aws s3api put-bucket-policy --bucket ${bucket.name} with the statement ${JSON.stringify(statement)}`;
}

/** Replication rules copy new objects to another bucket, which has its own lifecycle. */
function addCopies(evidence: EvidenceView, paths: PathsBuilder, bucket: BucketFacts, prefix: string, from: string): void {
  const { replication } = bucket;
  const start = literal(prefix);
  for (const rule of replication.value?.ReplicationConfiguration?.Rules ?? []) {
    if (rule.Status !== 'Enabled' || hasTags(rule.Filter)) continue;
    const under = rule.Prefix ?? filterPrefix(rule.Filter);
    const whole = start.startsWith(under);
    if (!whole && !under.startsWith(start)) continue;
    const target = bucketFacts(evidence, bucketName(rule.Destination.Bucket));
    const to = addStore(evidence, paths, target, prefix, { of: bucket.name, storageClass: rule.Destination.StorageClass });
    paths.edge(from, {
      id: `replication:${bucket.name}:${rule.ID ?? under}>${to}`,
      to,
      label: `replication of ${bucket.name} to ${target.name}`,
      passes: whole ? EVERYTHING : NOTHING,
      mayPass: EVERYTHING,
      unknowns: whole
        ? []
        : [
            {
              call: 's3:GetBucketReplication',
              permission: 's3:GetReplicationConfiguration',
              on: `${bucket.name}: rule ${rule.ID ?? ''} copies keys under ${under} only`,
              code: 'PartOfTheKeys',
              evidence: [...replication.ids],
            },
          ],
      delivery: replicates(bucket, target),
      latency: 900,
      evidence: [...replication.ids],
    });
  }
}

/** Replication needs versioning at both ends. https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html */
function replicates(from: BucketFacts, to: BucketFacts): Delivery {
  if (to.gone) return { state: 'broken', why: `replication target ${to.name} does not exist` };
  const off = [from, to].find(({ settings }) => settings.versioning === 'Off' || settings.versioning === 'Suspended');
  if (off)
    return { state: 'broken', why: `versioning of ${off.name} is ${off.settings.versioning?.toLowerCase()}, so nothing is replicated` };
  const unknowns = [from, to].flatMap(({ versioning }) => versioning.unknown ?? []);
  return unknowns.length > 0
    ? { state: 'unknown', why: 'whether versioning is on at both ends of the replication was not read', unknowns }
    : FLOWING;
}

/** What is told of new objects: queues, topics, functions, the event bus. Where it goes from there is not read. */
function addReaders(evidence: EvidenceView, paths: PathsBuilder, bucket: BucketFacts, prefix: string, from: string, scope: Scope): void {
  const { notification } = bucket;
  const start = literal(prefix);
  if (notification.unknown) {
    paths.edge(
      from,
      unseenEdge(paths, {
        id: `notification:${bucket.name}`,
        label: `what reads ${bucket.name}`,
        unknowns: [notification.unknown],
        evidence: notification.ids,
        account: bucket.account ?? '',
        ...(bucket.region === undefined ? {} : { region: bucket.region }),
      }),
    );
  }
  if (notification.value?.EventBridgeConfiguration) {
    const bus = `arn:${bucket.partition}:events:${bucket.region ?? ''}:${bucket.account ?? ''}:event-bus/default`;
    paths.edge(from, {
      id: `notification:${bucket.name}:${bus}`,
      to: landOnward(evidence, paths, bus, scope),
      label: `EventBridge notification of ${bucket.name}`,
      passes: EVERYTHING,
      mayPass: EVERYTHING,
      unknowns: [],
      delivery: FLOWING,
      evidence: [...notification.ids],
    });
  }
  const targets = [
    ...(notification.value?.QueueConfigurations ?? []).map((one) => ({ ...one, arn: one.QueueArn })),
    ...(notification.value?.TopicConfigurations ?? []).map((one) => ({ ...one, arn: one.TopicArn })),
    ...(notification.value?.LambdaFunctionConfigurations ?? []).map((one) => ({ ...one, arn: one.LambdaFunctionArn })),
  ];
  for (const target of targets) {
    const rules = target.Filter?.Key?.FilterRules ?? [];
    const under = rules.find((rule) => rule.Name.toLowerCase() === 'prefix')?.Value ?? '';
    const suffix = rules.find((rule) => rule.Name.toLowerCase() === 'suffix')?.Value ?? '';
    if (!target.Events.some((event) => event.startsWith('s3:ObjectCreated:')) || !(start.startsWith(under) || under.startsWith(start)))
      continue;
    const whole = start.startsWith(under) && suffix === '' && target.Events.includes('s3:ObjectCreated:*');
    const unknown: Unknown = {
      call: 's3:GetBucketNotificationConfiguration',
      permission: 's3:GetBucketNotification',
      on: `${bucket.name}: notification ${target.Id ?? target.arn} for keys ${under}*${suffix}`,
      code: 'PartOfTheKeys',
      evidence: [...notification.ids],
    };
    paths.edge(from, {
      id: `notification:${bucket.name}:${target.Id ?? ''}:${target.arn}`,
      to: landOnward(evidence, paths, target.arn, scope),
      label: `notification of ${bucket.name} to ${target.arn}`,
      passes: whole ? EVERYTHING : NOTHING,
      mayPass: EVERYTHING,
      unknowns: whole ? [] : [unknown],
      delivery: FLOWING,
      evidence: [...notification.ids],
    });
  }
}
