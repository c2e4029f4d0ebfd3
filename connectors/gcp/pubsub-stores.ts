import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { datasetStore } from './bigquery-stores.ts';
import { bestOf, isGone, storageStore } from './cloud-storage-stores.ts';
import { jobReading } from './dataflow-jobs.ts';
import { Policy } from './iam-policy.ts';
import { accountOf, argument, gcpEstateOf } from './places.ts';
import { admits, type Landing, PUBLISH, projectGrants, unseenPlace, type Writer } from './writers.ts';

const Subscription = z.object({
  name: z.string(),
  topic: z.string().default(''),
  state: z.string().optional(),
  filter: z.string().default(''),
  detached: z.boolean().default(false),
  /** JavaScript that changes messages, or drops them. */
  messageTransforms: z.array(z.object({ disabled: z.boolean().default(false) })).default([]),
  pushConfig: z.object({ pushEndpoint: z.string().optional() }).optional(),
  bigqueryConfig: z.object({ table: z.string().default(''), state: z.string().optional() }).optional(),
  cloudStorageConfig: z.object({ bucket: z.string().default(''), state: z.string().optional() }).optional(),
});
type Subscription = z.infer<typeof Subscription>;
const Subscriptions = z.object({ subscriptions: z.array(Subscription).default([]) });
const Topic = z.object({
  state: z.string().optional(),
  schemaSettings: z.object({ schema: z.string().optional() }).optional(),
  messageTransforms: z.array(z.object({ disabled: z.boolean().default(false) })).default([]),
});
const Attached = z.object({ subscriptions: z.array(z.string()).default([]) });

/**
 * Pub/Sub topics that sinks publish to, and the subscriptions that hand entries on. Nothing can be searched in them.
 * https://docs.cloud.google.com/pubsub/docs/subscription-overview
 */
export const pubsubStores: Collector = {
  id: 'pubsub-stores',
  provider: 'gcp',
  service: 'Pub/Sub',
  informs: ['pipe.gcp.pubsub'],
  runs: 'account',
  phase: 'stores',
  calls: {
    'pubsub:projects.topics.getIamPolicy': {
      permission: 'pubsub.topics.getIamPolicy',
      url: 'GET https://pubsub.googleapis.com/v1/{+resource}:getIamPolicy',
      why: 'whether the writer identity of a sink may publish',
      per: 'resource',
    },
    'pubsub:projects.topics.get': {
      permission: 'pubsub.topics.get',
      url: 'GET https://pubsub.googleapis.com/v1/{+topic}',
      why: 'whether the topic is there, and takes log entries as they are',
      per: 'resource',
    },
    'pubsub:projects.topics.subscriptions.list': {
      permission: 'pubsub.topics.get',
      url: 'GET https://pubsub.googleapis.com/v1/{+topic}/subscriptions',
      pages: { from: 'nextPageToken', to: 'pageToken' },
      why: 'whether anything takes what is published, in other projects too',
      per: 'resource',
    },
    'pubsub:projects.subscriptions.list': {
      permission: 'pubsub.subscriptions.list',
      url: 'GET https://pubsub.googleapis.com/v1/{+project}/subscriptions',
      pages: { from: 'nextPageToken', to: 'pageToken' },
      why: 'where subscriptions hand entries on to, and what they filter out',
      per: 'account',
    },
  },
  doc: 'https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics',

  async collect(cell) {
    const topics = cell.wanted.filter((one) => one.kind === 'pubsub');
    if (topics.length > 0) await cell.ask('pubsub:projects.subscriptions.list', { project: `projects/${cell.account}` });
    for (const { id } of topics) {
      await cell.ask('pubsub:projects.topics.get', { topic: id });
      await cell.ask('pubsub:projects.topics.getIamPolicy', { resource: id });
      await cell.ask('pubsub:projects.topics.subscriptions.list', { topic: id });
    }
  },

  // A topic is shown where a sink leads to it.
  read() {},
};

/** The topic that a sink publishes to: `projects/P/topics/T`. */
export function landInTopic(evidence: EvidenceView, paths: PathsBuilder, writer: Writer, named: string): Landing {
  const estate = gcpEstateOf(evidence);
  const [, owner = '', short = ''] = /^(projects\/[^/]+)\/topics\/([^/]+)$/.exec(named) ?? [];
  const project = estate.find(owner)?.id ?? owner;
  const account = accountOf(project);
  const topic = `${project}/topics/${short}`;
  const names = new Set([topic, named]);
  const number = estate.find(project)?.number;
  if (number) names.add(`projects/${number}/topics/${short}`);
  const policy = bestOf(
    evidence.calls('gcp/pubsub:projects.topics.getIamPolicy', Policy).filter(({ args }) => names.has(argument(args, 'resource'))),
  );
  const attached = bestOf(
    evidence.calls('gcp/pubsub:projects.topics.subscriptions.list', Attached).filter(({ args }) => names.has(argument(args, 'topic'))),
  );
  const described = bestOf(
    evidence.calls('gcp/pubsub:projects.topics.get', Topic).filter(({ args }) => names.has(argument(args, 'topic'))),
  );
  const changed: Delivery | undefined = described?.unknown
    ? {
        state: 'unknown',
        why: `whether topic ${short} has a schema or transforms was not read`,
        unknowns: [{ ...described.unknown, on: topic }],
      }
    : changesOf(described?.pages[0], short, topic);
  const subscriptions = evidence
    .calls('gcp/pubsub:projects.subscriptions.list', Subscriptions)
    .flatMap((answer) => answer.pages.flatMap((page) => page.subscriptions.map((one) => ({ one, ids: answer.ids }))))
    .filter(({ one }) => names.has(one.topic));
  const id = `gcp pubsub ${topic}`;
  if (!paths.has(id)) {
    paths.node({
      type: 'store',
      id,
      kind: 'pubsub',
      name: short,
      scope: { provider: 'gcp', account, resource: `//pubsub.googleapis.com/${topic}` },
      // A queue holds entries until somebody takes them; nothing is kept in it.
      keeps: {
        searchable: { least: 0, most: 0 },
        total: { least: 0, most: 0 },
        immutable: false,
        because: `topic ${short} hands entries on and keeps nothing`,
        unknowns: [],
      },
      evidence: [...(policy?.ids ?? []), ...(attached?.ids ?? [])],
      findings: [],
      unknowns: [],
    });
    const shown = new Set(subscriptions.map(({ one }) => one.name));
    for (const { one, ids } of subscriptions) for (const edge of edgesOf(evidence, paths, one, ids)) paths.edge(id, edge);
    const hidden = attached?.unknown ? [] : (attached?.pages.flatMap((page) => page.subscriptions) ?? []).filter((one) => !shown.has(one));
    for (const name of hidden) paths.edge(id, unread(evidence, paths, name));
    if (!attached || attached.unknown) {
      const unknown = attached?.unknown ?? evidence.unknownOf('gcp/pubsub:projects.topics.subscriptions.list', topic, 'NotAsked', []);
      paths.edge(id, onward(paths, `${topic} others`, `other subscriptions of ${short}`, { ...unknown, on: topic }));
    }
  }
  const empty = attached !== undefined && !attached.unknown && attached.pages.every((page) => page.subscriptions.length === 0);
  const unknown = policy ? policy.unknown : evidence.unknownOf('gcp/pubsub:projects.topics.getIamPolicy', topic, 'NotAsked', []);
  const grants = [
    { bindings: policy?.pages[0]?.bindings ?? [], unknown: unknown && { ...unknown, on: topic }, evidence: policy?.ids ?? [] },
    ...projectGrants(evidence, project),
  ];
  const admitted = admits(
    writer,
    PUBLISH,
    grants,
    `topic ${short} of ${account}`,
    `gcloud pubsub topics add-iam-policy-binding ${topic} --member=${writer.identity ?? '<writer identity>'} --role=roles/pubsub.publisher`,
  );
  const delivery: Delivery =
    isGone(policy) || isGone(described)
      ? { state: 'broken', why: `there is no topic ${topic}` }
      : empty
        ? { state: 'broken', why: `topic ${short} of ${account} has no subscription: what is published is gone` }
        : changed && admitted.state === 'flowing'
          ? changed
          : admitted;
  return { node: id, delivery, evidence: [...(attached?.ids ?? []), ...grants.flatMap((one) => one.evidence)] };
}

/** A schema refuses what is not of its shape, and a transform may drop messages: whether log entries get through is not known. */
function changesOf(topic: z.infer<typeof Topic> | undefined, short: string, on: string): Delivery | undefined {
  const schema = topic?.schemaSettings?.schema;
  const transformed = topic?.messageTransforms.some((transform) => !transform.disabled);
  if (!schema && !transformed) return undefined;
  const what = schema ? `schema ${schema.split('/').at(-1)}` : 'message transforms';
  return {
    state: 'unknown',
    why: `whether log entries pass the ${what} of topic ${short} is not known`,
    unknowns: [{ call: `${what} of topic ${short}`, permission: 'a look at what they let through', on, code: 'NotRead' }],
  };
}

function edgesOf(evidence: EvidenceView, paths: PathsBuilder, one: Subscription, ids: readonly number[]): Edge[] {
  const short = one.name.split('/').at(-1) ?? one.name;
  const label = `subscription ${short}`;
  const transformed = one.messageTransforms.some((transform) => !transform.disabled);
  const narrowed = one.filter !== '' || transformed;
  const filter = {
    call: `${transformed ? 'message transforms' : 'filter'} of subscription ${short}`,
    permission: transformed ? 'a look at what they drop' : `a filter in terms that can be decided: ${one.filter}`,
    on: one.name,
    code: 'FilterNotUnderstood',
  };
  const dead = one.detached || one.state === 'RESOURCE_ERROR';
  const base = (to: string, delivery: Delivery): Edge => ({
    id: `gcp subscription ${one.name}`,
    to,
    label,
    passes: narrowed ? NOTHING : EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: narrowed ? [filter] : [],
    delivery: dead ? { state: 'broken', why: one.detached ? 'the subscription is detached' : 'the subscription cannot deliver' } : delivery,
    latency: 60,
    evidence: ids,
  });
  const stateOf = (state: string | undefined): Delivery =>
    state === undefined || state === 'ACTIVE' ? { state: 'flowing' } : { state: 'broken', why: `the subscription is ${state}` };
  if (one.bigqueryConfig?.table) {
    const [project = '', dataset = '', table = ''] = one.bigqueryConfig.table.replace(/^projects\.|`/g, '').split(/[.:]/);
    const store = datasetStore(evidence, paths, `projects/${project}/datasets/${dataset}`, true, table);
    return [base(store.node, stateOf(one.bigqueryConfig.state))];
  }
  if (one.cloudStorageConfig?.bucket) {
    return [base(storageStore(evidence, paths, one.cloudStorageConfig.bucket).node, stateOf(one.cloudStorageConfig.state))];
  }
  const endpoint = one.pushConfig?.pushEndpoint;
  const job = endpoint ? undefined : jobReading(evidence, one.name);
  const unknown = {
    call: endpoint
      ? `receiver ${hostOf(endpoint)}`
      : job
        ? `receiver ${job.target === undefined ? 'of' : `${hostOf(job.target)} of`} Dataflow job ${job.name}`
        : `reader of subscription ${short}`,
    permission: 'the configuration of what takes the entries',
    on: one.name,
    code: 'NotRead',
  };
  return [
    { ...onward(paths, one.name, label, unknown), ...(dead ? { delivery: base('', { state: 'flowing' }).delivery } : {}), evidence: ids },
  ];
}

/** A subscription of another project, which was not read. */
function unread(evidence: EvidenceView, paths: PathsBuilder, name: string): Edge {
  const unknown = evidence.unknownOf('gcp/pubsub:projects.subscriptions.list', name, 'NotAsked', []);
  return onward(paths, name, `subscription ${name.split('/').at(-1)}`, unknown);
}

function onward(paths: PathsBuilder, id: string, label: string, unknown: Edge['unknowns'][number]): Edge {
  return {
    id: `gcp subscription ${id}`,
    to: unseenPlace(paths, `beyond ${id}`, `what takes ${label}`, unknown),
    label,
    passes: NOTHING,
    mayPass: EVERYTHING,
    unknowns: [unknown],
    delivery: { state: 'flowing' },
    evidence: [...(unknown.evidence ?? [])],
  };
}

function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).host : endpoint;
}
