import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, union } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Kept, Store } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { compileFilter } from './filter/compile.ts';
import { keyOf } from './kms-keys.ts';
import { accountOf, argument, callsAbout, containerOf, gcpEstateOf } from './places.ts';
import { admits, type Landing, projectGrants, WRITE_LOG_BUCKET, type Writer } from './writers.ts';

const LogBucket = z.object({
  name: z.string().default(''),
  retentionDays: z.number().optional(),
  locked: z.boolean().optional(),
  lifecycleState: z.union([z.string(), z.number()]).optional(),
  restrictedFields: z.array(z.string()).default([]),
  analyticsEnabled: z.boolean().default(false),
  cmekSettings: z.object({ kmsKeyName: z.string().default('') }).optional(),
});
type LogBucket = z.infer<typeof LogBucket>;
const LogBuckets = z.object({ buckets: z.array(LogBucket).default([]) });
const LogView = z.object({ name: z.string().default(''), filter: z.string().default('') });
const LogViews = z.object({ views: z.array(LogView).default([]) });
const VIEWS = 'logging:projects.locations.buckets.views.list';

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
  calls: {
    ...Object.fromEntries(
      (['projects', 'folders', 'organizations'] as const).map((kind) => [
        `logging:${kind}.locations.buckets.list`,
        {
          permission: 'logging.buckets.list',
          pages: { from: 'nextPageToken', to: 'pageToken' },
          why: 'how long log buckets keep entries, and whether that is locked',
          per: 'account' as const,
        },
      ]),
    ),
    [VIEWS]: {
      permission: 'logging.views.list',
      pages: { from: 'nextPageToken', to: 'pageToken' },
      why: 'whether any view shows all that a log bucket holds',
      per: 'resource',
    },
  },
  doc: 'https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/projects.locations.buckets',

  async collect(cell) {
    const container = containerOf(cell.account);
    const answer = await cell.ask(`logging:${container.split('/')[0]}.locations.buckets.list`, { parent: `${container}/locations/-` });
    for (const page of answer.pages) {
      const read = LogBuckets.safeParse(page);
      for (const { name, lifecycleState, cmekSettings } of read.success ? read.data.buckets : []) {
        const key = cmekSettings?.kmsKeyName ?? '';
        const owner = /^projects\/([^/]+)\//.exec(key)?.[1];
        if (owner) cell.want({ kind: 'kms-key', id: key, account: owner });
        // Views of the two that every project has show all of them.
        const own = /^projects\/.*\/buckets\/[^_][^/]*$/.test(name) && !isGoing(lifecycleState);
        if (own) await cell.ask(VIEWS, { parent: name });
      }
    }
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
    [`-`, location].includes(argument(args, 'parent').split('/').at(-1) as string),
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
  const key = found?.cmekSettings?.kmsKeyName ? keyOf(evidence, short, found.cmekSettings.kmsKeyName) : undefined;
  const views = viewsOf(evidence, owner, id);
  // Where a view of everything was not seen, it is not certain that anybody can search what is kept.
  const searched: Kept = views.unknown
    ? { ...kept, searchable: { ...kept.searchable, least: 0 }, unknowns: [...kept.unknowns, views.unknown] }
    : kept;
  const evidenced = [...ids, ...(key?.ids ?? []), ...views.ids];
  const store: Store = {
    type: 'store',
    id: `gcp log-bucket ${id}`,
    kind: 'log-bucket',
    // The two that every project has are told apart by their project.
    name: short === '_Required' || short === '_Default' ? `${account}/${short}` : short,
    scope: { provider: 'gcp', account, region: location, resource: `//logging.googleapis.com/${id}` },
    keeps: searched,
    evidence: evidenced,
    findings: [
      ...(found && found.restrictedFields.length > 0
        ? [
            {
              kind: 'restricted-fields',
              dimension: 'consistency' as const,
              severity: 'low' as const,
              message: `log bucket ${short} hides ${found.restrictedFields.slice(0, 5).join(', ')} from readers without logging.fields.access`,
              evidence: ids,
            },
          ]
        : []),
      ...(key?.findings ?? []),
    ],
    unknowns: [...(unknown ? [unknown] : []), ...(key?.unknown ? [key.unknown] : [])],
    // What is to go elsewhere is sent there by a sink, before it is kept.
    last: true,
  };
  const node = views.narrow ? narrowed(paths, store, views) : paths.node(store);
  const landing = { node, evidence: evidenced };
  if (isGoing(found?.lifecycleState))
    return {
      ...landing,
      delivery: {
        state: 'broken',
        why: `log bucket ${short} is being deleted`,
        fix: `gcloud logging buckets undelete ${short} --location=${location} --project=${account}`,
      },
    };
  if (!found && !unknown && !required) return { ...landing, delivery: { state: 'broken', why: `there is no log bucket ${id}` } };
  if (key?.delivery) return { ...landing, delivery: key.delivery };
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
    evidence: [...evidenced, ...grants.flatMap((one) => one.evidence)],
    delivery: admits(
      writer,
      WRITE_LOG_BUCKET,
      grants,
      `log bucket ${short} of ${account}`,
      `gcloud projects add-iam-policy-binding ${account} --member=${writer.identity ?? '<writer identity>'} --role=roles/logging.bucketWriter`,
    ),
  };
}

function isGoing(state: LogBucket['lifecycleState']): boolean {
  return state === 'DELETE_REQUESTED' || state === 2;
}

interface Views {
  /** Set where the views are known and none shows everything. */
  readonly narrow: boolean;
  readonly filters: readonly string[];
  readonly ids: readonly number[];
  /** Set where the list was refused or broke off before a view of everything. */
  readonly unknown: Unknown | undefined;
}

/** The view of all entries can be deleted; what no other view shows nobody can search. https://docs.cloud.google.com/logging/docs/logs-views */
function viewsOf(evidence: EvidenceView, owner: string, bucket: string): Views {
  const answers = callsAbout(evidence, `gcp/${VIEWS}`, LogViews, owner).filter(
    ({ args }) => argument(args, 'parent').replace(/^[^/]+\/[^/]+/, owner) === bucket,
  );
  const answer = answers.find((one) => one.unknown === undefined);
  const views = (answer ? [answer] : answers).flatMap((one) => one.pages.flatMap((page) => page.views));
  const filters = views.map((view) => view.filter);
  const all = views.some((view) => view.filter === '' || view.name.endsWith('/_AllLogs'));
  return {
    narrow: answer !== undefined && !all,
    filters,
    ids: (answer ? [answer] : answers).flatMap((one) => one.ids),
    unknown: answer || all ? undefined : answers[0]?.unknown,
  };
}

/** A bucket in two: what its views show can be searched, the rest is only kept. */
function narrowed(paths: PathsBuilder, store: Store, { filters, ids }: Views): string {
  const id = `${store.id} views`;
  if (paths.has(id)) return id;
  const shown = filters.map((one) => compileFilter(one));
  const label = `views of ${store.name}`;
  paths.node({ type: 'hop', id, kind: 'views', name: label, scope: store.scope, evidence: ids, findings: [] });
  const edge = { delivery: { state: 'flowing' as const }, evidence: ids };
  paths.edge(id, {
    ...edge,
    id: `${id} >`,
    to: paths.node(store),
    label,
    passes: union(...shown.map((one) => one.passes)),
    mayPass: union(...shown.flatMap((one) => [one.mayPass, ...one.sampled.map((part) => part.events)])),
    unknowns: shown.flatMap((one) => one.unclear.map((part) => unclear(part, store.name))),
    fix: `gcloud logging views create _all --bucket=${store.name} --location=${store.scope.region} --project=${store.scope.account} --log-filter=''`,
  });
  const kept = store.keeps as Kept;
  const hidden: Kept = { ...kept, searchable: { least: 0, most: 0 }, because: `${kept.because}; no view shows all of it` };
  const rest = paths.node({ ...store, id: `${store.id} beside its views`, keeps: hidden });
  paths.edge(id, {
    ...edge,
    id: `${id} rest`,
    to: rest,
    label: `what no view of ${store.name} shows`,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: [],
  });
  return id;
}

function unclear(part: string, bucket: string): Unknown {
  return {
    call: `view of ${bucket}`,
    permission: `a filter in terms that can be decided: ${part}`,
    on: bucket,
    code: 'FilterNotUnderstood',
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
    because: `retentionDays is ${days}${bucket.locked ? ', locked' : ''}${bucket.analyticsEnabled ? ', with Log Analytics' : ''}`,
    unknowns: [],
  };
}

function fixed(days: number): Pick<Kept, 'searchable' | 'total'> {
  return { searchable: { least: days, most: days }, total: { least: days, most: days } };
}
