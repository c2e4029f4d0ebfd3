import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import type { Finding } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Kept } from '../../src/paths/graph.ts';
import type { Answered, EvidenceView } from '../../src/store/view.ts';
import { Policy } from './iam-policy.ts';
import { accountOf, gcpEstateOf } from './places.ts';
import { admits, CREATE_OBJECTS, daysOfSeconds, type Grants, type Landing, OPEN_KEPT, projectGrants, type Writer } from './writers.ts';

const Condition = z.looseObject({
  age: z.number().optional(),
  createdBefore: z.string().optional(),
  isLive: z.boolean().optional(),
  matchesStorageClass: z.array(z.string()).optional(),
});
const Bucket = z.object({
  name: z.string().optional(),
  projectNumber: z.union([z.string(), z.number().transform(String)]).optional(),
  storageClass: z.string().optional(),
  autoclass: z.object({ enabled: z.boolean().optional() }).optional(),
  defaultEventBasedHold: z.boolean().optional(),
  softDeleteTime: z.string().optional(),
  softDeletePolicy: z.object({ retentionDurationSeconds: z.union([z.string(), z.number()]).optional() }).optional(),
  retentionPolicy: z.object({ retentionPeriod: z.union([z.string(), z.number()]).optional(), isLocked: z.boolean().optional() }).optional(),
  lifecycle: z
    .object({
      rule: z.array(z.object({ action: z.object({ type: z.string().default('') }), condition: Condition.default({}) })).default([]),
    })
    .default({ rule: [] }),
});
type Bucket = z.infer<typeof Bucket>;

/** Conditions that never hold for an object that is live, and was written by a sink: they have no custom time, and nothing newer. */
const NEVER_LIVE = ['daysSinceNoncurrentTime', 'noncurrentTimeBefore', 'numNewerVersions', 'daysSinceCustomTime', 'customTimeBefore'];

/** Files are written every hour. https://docs.cloud.google.com/logging/docs/export/storage */
const HOURLY_SECONDS = 3600;

/**
 * Cloud Storage buckets that sinks write to: lifecycle rules, retention policy, who may write.
 * https://docs.cloud.google.com/storage/docs/lifecycle
 */
export const cloudStorageStores: Collector = {
  id: 'cloud-storage-stores',
  provider: 'gcp',
  service: 'Cloud Storage',
  informs: ['pipe.gcp.gcs.store'],
  runs: 'account',
  phase: 'stores',
  calls: {
    'storage:buckets.get': {
      permission: 'storage.buckets.get',
      url: 'GET https://storage.googleapis.com/storage/v1/b/{bucket}',
      why: 'when lifecycle rules delete the files of a sink, and whether a retention policy forbids it',
      per: 'resource',
    },
    'storage:buckets.getIamPolicy': {
      permission: 'storage.buckets.getIamPolicy',
      url: 'GET https://storage.googleapis.com/storage/v1/b/{bucket}/iam',
      why: 'whether the writer identity of a sink may create objects',
      per: 'resource',
    },
  },
  doc: 'https://docs.cloud.google.com/storage/docs/json_api/v1/buckets',

  async collect(cell) {
    for (const { kind, id } of cell.wanted) {
      if (kind !== 'cloud-storage') continue;
      await cell.ask('storage:buckets.get', { bucket: id });
      await cell.ask('storage:buckets.getIamPolicy', { bucket: id });
    }
  },

  // A bucket is shown where a sink leads to it.
  read() {},
};

/** The store for a bucket. `gone` is set where it certainly is not there. */
export function storageStore(
  evidence: EvidenceView,
  paths: PathsBuilder,
  bucket: string,
): { node: string; gone: boolean; project: string | undefined; evidence: readonly number[] } {
  const answer = bestOf(evidence.calls('gcp/storage:buckets.get', Bucket).filter(({ args }) => args.bucket === bucket));
  const found = answer?.unknown ? undefined : answer?.pages[0];
  const unknown = found
    ? undefined
    : { ...(answer?.unknown ?? evidence.unknownOf('gcp/storage:buckets.get', bucket, 'NotAsked', [])), on: bucket };
  const project = found?.projectNumber ? gcpEstateOf(evidence).find(`projects/${found.projectNumber}`)?.id : undefined;
  const ids = answer?.ids ?? [];
  const node = paths.node({
    type: 'store',
    id: `gcp cloud-storage ${bucket}`,
    kind: 'cloud-storage',
    name: bucket,
    scope: { provider: 'gcp', ...(project ? { account: accountOf(project) } : {}), resource: `//storage.googleapis.com/${bucket}` },
    keeps: found
      ? keptBy(found, paths.asOf)
      : { ...OPEN_KEPT, because: `how long ${bucket} keeps files was not read`, unknowns: unknown ? [unknown] : [] },
    evidence: ids,
    findings: found ? deletable(bucket, found, ids) : [],
    unknowns: unknown ? [unknown] : [],
  });
  return { node, gone: isGone(answer) || found?.softDeleteTime !== undefined, project, evidence: ids };
}

/** Without a retention policy and soft delete, whoever may delete a file deletes it for good. */
function deletable(name: string, { retentionPolicy, softDeletePolicy }: Bucket, evidence: readonly number[]): Finding[] {
  const kept = daysOfSeconds(softDeletePolicy?.retentionDurationSeconds);
  if (retentionPolicy?.retentionPeriod !== undefined || kept !== 0) return [];
  const message = `what is deleted from bucket ${name} is gone at once: it has neither soft delete nor a retention policy`;
  return [{ kind: 'deletable', dimension: 'consistency', severity: 'low', message, evidence: [...evidence] }];
}

/** The bucket that a sink writes to. */
export function landInStorage(evidence: EvidenceView, paths: PathsBuilder, writer: Writer, bucket: string): Landing {
  const store = storageStore(evidence, paths, bucket);
  const answer = bestOf(evidence.calls('gcp/storage:buckets.getIamPolicy', Policy).filter(({ args }) => args.bucket === bucket));
  const unknown = answer ? answer.unknown : evidence.unknownOf('gcp/storage:buckets.getIamPolicy', bucket, 'NotAsked', []);
  const grants: Grants[] = [
    { bindings: answer?.pages[0]?.bindings ?? [], unknown: unknown && { ...unknown, on: bucket }, evidence: answer?.ids ?? [] },
    ...(store.project
      ? projectGrants(evidence, store.project)
      : [{ bindings: [], unknown: evidence.unknownOf('gcp/storage:buckets.get', bucket, 'OwnerNotRead', []), evidence: [] }]),
  ];
  const delivery: Delivery = store.gone
    ? { state: 'broken', why: `there is no bucket ${bucket}` }
    : admits(
        writer,
        CREATE_OBJECTS,
        grants,
        `bucket ${bucket}`,
        `gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=${writer.identity ?? '<writer identity>'} --role=roles/storage.objectCreator`,
      );
  return { node: store.node, delivery, latency: HOURLY_SECONDS, evidence: [...store.evidence, ...grants.flatMap((one) => one.evidence)] };
}

/** An answer counts before an error, wherever it was given. */
export function bestOf<T>(answers: readonly Answered<T>[]): Answered<T> | undefined {
  return answers.find((one) => one.unknown === undefined) ?? answers.find((one) => isGone(one)) ?? answers[0];
}

export function isGone(answer: Answered<unknown> | undefined): boolean {
  const { error } = answer ?? {};
  return error !== undefined && (error.status === 404 || /^(NOT_FOUND|notFound|404)$/.test(error.code));
}

/** All conditions of a rule have to hold, and any rule acts. A retention policy puts off what rules would delete. */
function keptBy(bucket: Bucket, asOf: string): Kept {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let because = 'no lifecycle rule deletes files';
  const moves = bucket.autoclass?.enabled === true || bucket.lifecycle.rule.some((rule) => rule.action.type === 'SetStorageClass');
  for (const { action, condition } of bucket.lifecycle.rule) {
    if (action.type !== 'Delete' || condition.isLive === false || NEVER_LIVE.some((name) => condition[name] !== undefined)) continue;
    const { age = 0, createdBefore, isLive: _, matchesStorageClass, ...others } = condition;
    const until = createdBefore === undefined ? 0 : Math.ceil((Date.parse(createdBefore) - Date.parse(asOf)) / 86_400_000);
    // It takes what was written before a day that is over.
    if (createdBefore !== undefined && !(until > 0)) continue;
    const here = matchesStorageClass === undefined || (!moves && matchesStorageClass.includes(bucket.storageClass ?? 'STANDARD'));
    const days = Math.max(age, 0);
    if (days < least) {
      least = days;
      because = `a lifecycle rule deletes files after ${days} days`;
    }
    if (here && createdBefore === undefined && Object.keys(others).length === 0) most = Math.min(most, days);
  }
  const floor = daysOfSeconds(bucket.retentionPolicy?.retentionPeriod) ?? 0;
  if (floor > least) {
    least = floor;
    because = `the retention policy keeps files ${floor} days`;
  }
  most = Math.max(most, floor);
  if (bucket.defaultEventBasedHold) most = Number.POSITIVE_INFINITY;
  // Every storage class is read at once, so that all that is kept can be searched.
  const kept = { least, most };
  return { searchable: kept, total: kept, immutable: bucket.retentionPolicy?.isLocked === true, because, unknowns: [] };
}
