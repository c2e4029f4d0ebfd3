import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Kept } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { accountOf, callsAbout, containerOf, gcpEstateOf } from './places.ts';
import { admits, type Landing, projectGrants, WRITE_LOG_BUCKET, type Writer } from './writers.ts';

const LogBucket = z.object({
  name: z.string().default(''),
  retentionDays: z.number().optional(),
  locked: z.boolean().optional(),
  lifecycleState: z.union([z.string(), z.number()]).optional(),
  restrictedFields: z.array(z.string()).default([]),
});
type LogBucket = z.infer<typeof LogBucket>;
const LogBuckets = z.object({ buckets: z.array(LogBucket).default([]) });

/** What `_Required` keeps in every project, folder and organization. */
const REQUIRED_DAYS = 400;
/** What a bucket keeps where nothing is set, and what one may keep at most. */
const [DEFAULT_DAYS, MOST_DAYS] = [30, 3650];

/**
 * Log buckets: how long they keep entries, whether anybody may shorten that, and whether they are on their way out.
 * https://docs.cloud.google.com/logging/docs/buckets
 */
export const logBuckets: Collector = {
  id: 'log-buckets',
  provider: 'gcp',
  service: 'Cloud Logging',
  informs: ['pipe.gcp.logbucket'],
  runs: 'account',
  phase: 'sources',
  calls: Object.fromEntries(
    (['projects', 'folders', 'organizations'] as const).map((kind) => [
      `logging:${kind}.locations.buckets.list`,
      {
        permission: 'logging.buckets.list',
        pages: { from: 'nextPageToken', to: 'pageToken' },
        why: 'how long log buckets keep entries, and whether that is locked',
        per: 'account',
      },
    ]),
  ),
  doc: 'https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/projects.locations.buckets',

  async collect(cell) {
    const container = containerOf(cell.account);
    await cell.ask(`logging:${container.split('/')[0]}.locations.buckets.list`, { parent: `${container}/locations/-` });
  },

  // A bucket is shown where a sink leads to it.
  read() {},
};

/** The log bucket that a sink sends to: `projects/P/locations/L/buckets/B`. */
export function landInLogBucket(evidence: EvidenceView, paths: PathsBuilder, writer: Writer, name: string): Landing {
  const [, ownerNamed = '', location = '', short = ''] = /^((?:[^/]+)\/[^/]+)\/locations\/([^/]+)\/buckets\/([^/]+)$/.exec(name) ?? [];
  const owner = gcpEstateOf(evidence).find(ownerNamed)?.id ?? ownerNamed;
  const id = `${owner}/locations/${location}/buckets/${short}`;
  const listOp = `gcp/logging:${owner.split('/')[0]}.locations.buckets.list`;
  const lists = callsAbout(evidence, listOp, LogBuckets, owner).filter(({ args }) =>
    [`-`, location].includes(
      String(args.parent ?? '')
        .split('/')
        .at(-1) as string,
    ),
  );
  const list = lists.find((one) => one.unknown === undefined) ?? lists[0];
  const found = lists
    .flatMap((one) => one.pages.flatMap((page) => page.buckets))
    .find((bucket) => sameBucket(evidence, bucket.name, owner, location, short));
  const unread = list ? list.unknown : evidence.unknownOf(listOp, accountOf(owner), 'NotAsked', []);
  const unknown = found || !unread ? undefined : { ...unread, on: accountOf(owner) };
  const required = short === '_Required';
  const ids = lists.flatMap((one) => one.ids);
  const kept: Kept = required
    ? { ...fixed(REQUIRED_DAYS), immutable: true, because: '_Required keeps 400 days', unknowns: [] }
    : found
      ? keptBy(found)
      : {
          searchable: { least: 1, most: MOST_DAYS },
          total: { least: 1, most: MOST_DAYS },
          immutable: undefined,
          because: 'how long it keeps entries was not read',
          unknowns: unknown ? [unknown] : [],
        };
  const account = accountOf(owner);
  const node = paths.node({
    type: 'store',
    id: `gcp log-bucket ${id}`,
    kind: 'log-bucket',
    // The two that every project has are told apart by their project.
    name: short === '_Required' || short === '_Default' ? `${account}/${short}` : short,
    scope: { provider: 'gcp', account, region: location, resource: `//logging.googleapis.com/${id}` },
    keeps: kept,
    evidence: ids,
    findings:
      found && found.restrictedFields.length > 0
        ? [
            {
              kind: 'restricted-fields',
              dimension: 'consistency',
              severity: 'low',
              message: `log bucket ${short} hides ${found.restrictedFields.slice(0, 5).join(', ')} from readers without logging.fields.access`,
              evidence: ids,
            },
          ]
        : [],
    unknowns: unknown ? [unknown] : [],
  });
  const landing = { node, evidence: ids };
  if (found?.lifecycleState === 'DELETE_REQUESTED' || found?.lifecycleState === 2)
    return {
      ...landing,
      delivery: {
        state: 'broken',
        why: `log bucket ${short} is being deleted`,
        fix: `gcloud logging buckets undelete ${short} --location=${location} --project=${account}`,
      },
    };
  if (!found && !unknown && !required) return { ...landing, delivery: { state: 'broken', why: `there is no log bucket ${id}` } };
  if (owner === writer.container) return { ...landing, delivery: { state: 'flowing' } };
  if (!owner.startsWith('projects/'))
    return {
      ...landing,
      delivery: {
        state: 'unknown',
        why: `whether ${owner} takes entries of others was not read`,
        unknowns: [evidence.unknownOf(`gcp/cloudresourcemanager:${owner.split('/')[0]}.getIamPolicy`, owner, 'NotRead', [])],
      },
    };
  const grants = projectGrants(evidence, owner);
  return {
    ...landing,
    evidence: [...ids, ...grants.flatMap((one) => one.evidence)],
    delivery: admits(
      writer,
      WRITE_LOG_BUCKET,
      grants,
      `log bucket ${short} of ${account}`,
      `gcloud projects add-iam-policy-binding ${account} --member=${writer.identity ?? '<writer identity>'} --role=roles/logging.bucketWriter`,
    ),
  };
}

function sameBucket(evidence: EvidenceView, name: string, owner: string, location: string, short: string): boolean {
  const end = `/locations/${location}/buckets/${short}`;
  if (!name.endsWith(end)) return false;
  const container = name.slice(0, -end.length);
  return container === owner || gcpEstateOf(evidence).find(container)?.id === owner;
}

function keptBy(bucket: LogBucket): Kept {
  const days = bucket.retentionDays === undefined || bucket.retentionDays === 0 ? DEFAULT_DAYS : bucket.retentionDays;
  return {
    ...fixed(days),
    immutable: bucket.locked === true,
    because: `retentionDays is ${days}${bucket.locked ? ', locked' : ''}`,
    unknowns: [],
  };
}

function fixed(days: number): Pick<Kept, 'searchable' | 'total'> {
  return { searchable: { least: days, most: days }, total: { least: days, most: days } };
}
