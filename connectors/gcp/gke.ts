import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, type EventClass, intersect, isEmpty, minus, type Selector, selectorOf, union } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import { own } from '../../src/model/own.ts';
import type { Scope } from '../../src/model/scope.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { dataAccess } from './audit-config.ts';
import { auditedAs, type LogType, ownLogs } from './audited.ts';
import { type ListPage, listOf, noteList, offTap, openProjects, PAGES, toRouter, unseenTap } from './lists.ts';
import type { GcpContainer } from './places.ts';
import { admits, projectGrants, type Right } from './writers.ts';

const ADMIN = 'k8s.gke.audit.admin';
const DATA = 'k8s.gke.audit.data';
const COMPONENTS = 'k8s.gke.components';
const SOURCES = [ADMIN, DATA, COMPONENTS];

const LIST = 'container:projects.locations.clusters.list';

/** The numbers of the enum, which some transports answer with. */
const NUMBERED: Readonly<Record<number, string>> = {
  1: 'SYSTEM_COMPONENTS',
  2: 'WORKLOADS',
  3: 'APISERVER',
  4: 'SCHEDULER',
  5: 'CONTROLLER_MANAGER',
  7: 'KCP_SSHD',
  8: 'KCP_CONNECTION',
  9: 'KCP_HPA',
};
const Node = z.object({ serviceAccount: z.string().optional(), oauthScopes: z.array(z.string()).optional() });
const Cluster = z.object({
  name: z.string(),
  location: z.string().optional(),
  zone: z.string().optional(),
  selfLink: z.string().optional(),
  loggingService: z.string().optional(),
  loggingConfig: z
    .object({
      componentConfig: z
        .object({ enableComponents: z.array(z.union([z.string(), z.number().transform((value) => NUMBERED[value] ?? '')])).default([]) })
        .optional(),
    })
    .optional(),
  nodeConfig: Node.optional(),
  nodePools: z.array(z.object({ config: Node.optional() })).default([]),
});
type Cluster = z.infer<typeof Cluster>;
const Clusters = z
  .object({ clusters: z.array(Cluster).default([]), missingZones: z.array(z.string()).default([]) })
  .transform((page): ListPage<Cluster> => ({ items: page.clusters, unreached: page.missingZones }));

/**
 * GKE: requests to the API servers, which are Cloud Audit Logs whatever a cluster sets, and the logs of nodes, workloads and the control
 * plane, which each cluster switches on. https://docs.cloud.google.com/kubernetes-engine/docs/concepts/audit-policy
 * https://docs.cloud.google.com/kubernetes-engine/docs/concepts/about-logs
 */
export const gke: Collector = {
  id: 'gke',
  provider: 'gcp',
  service: 'GKE',
  informs: SOURCES,
  runs: 'account',
  phase: 'sources',
  calls: {
    [LIST]: {
      permission: 'container.clusters.list',
      url: 'GET https://container.googleapis.com/v1/{+parent}/clusters',
      pages: PAGES,
      why: 'the clusters, and which logs of theirs are switched on',
      per: 'account',
    },
  },
  doc: 'https://docs.cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters/list',

  async collect(cell) {
    if (!cell.account.includes('/')) await cell.ask(LIST, { parent: `projects/${cell.account}/locations/-` });
  },

  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const list = listOf(evidence, LIST, Clusters, project.id);
      if (!noteList(paths, SOURCES, project, list, 'Kubernetes Engine')) continue;
      for (const cluster of list.items) readCluster(evidence, paths, project, cluster, list.ids);
    }
  },
};

function readCluster(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer, cluster: Cluster, ids: readonly number[]): void {
  const { name } = cluster;
  const location = cluster.location ?? cluster.zone;
  // The name that inventories know it by says whether it is in a zone.
  const within = cluster.selfLink?.includes('/zones/') ? 'zones' : 'locations';
  const id = `//container.googleapis.com/${project.id}/${within}/${location ?? '-'}/clusters/${name}`;
  const region = location?.replace(/-[a-z]$/, '');
  const scope: Scope = { provider: 'gcp', account: project.account, ...(region === undefined ? {} : { region }), resource: id };
  paths.resource({ type: 'gcp.gke.cluster', id, scope, evidence: ids });
  const labels = {
    resource: { equals: [id] },
    'resource.labels.cluster_name': { equals: [name] },
    'resource.labels.project_id': { equals: [project.account] },
    ...(location === undefined ? {} : { 'resource.labels.location': { equals: [location] } }),
  };
  const add = (source: string, universe: Selector, taps: readonly Edge[], evidenceIds: readonly number[] = ids): void =>
    paths.emitter({ id: `${source}|${id}`, sources: [source], scope, name, universe, taps, evidence: evidenceIds });

  const audit = (log: string) => ({
    ...labels,
    logName: { equals: [`${project.id}/logs/cloudaudit.googleapis.com%2F${log}`] },
    'resource.type': { equals: ['k8s_cluster'] },
  });
  const changes = limited(CHANGES, audit('activity'));
  add(ADMIN, changes, [adminTap(project)]);
  const data = dataTap(evidence, paths, project);
  add(DATA, intersect(limited(READS, audit('data_access')), samePrincipal(data)), [data], [...ids, ...data.evidence]);
  const own = ownLogs(paths, project.id);
  add(
    COMPONENTS,
    COMPONENT_LOGS.flatMap(({ components, types, logs }) => {
      const logName = logs ? strings.equalTo(logs.map((log) => `${project.id}/logs/${log}`)) : own;
      return selectorOf({ ...labels, component: { equals: components }, ...(types ? { 'resource.type': { equals: types } } : {}) }).map(
        (one): EventClass => new Map(one).set('logName', logName),
      );
    }),
    componentTaps(evidence, project, cluster, id, ids),
  );
}

function limited(events: Selector, fields: Parameters<typeof selectorOf>[0]): Selector {
  return intersect(events, selectorOf(fields));
}

/**
 * The requests of some verbs, with the method names of audit entries: `io.k8s.core.v1.pods.exec.create` is the verb create on the part exec of pods. How
 * objects stand in them is left to the named events: a class for each kind of object and verb would cost more than it tells.
 * https://docs.cloud.google.com/kubernetes-engine/docs/how-to/audit-logging
 */
function requests(verbs: readonly string[], parts: strings.Strings = strings.ALL_STRINGS): Selector {
  return verbs.map(
    (verb): EventClass =>
      new Map([
        ['verb', strings.equalTo([verb])],
        ['methodName', strings.endingWith([`.${verb}`])],
        ...(strings.isAll(parts) ? [] : [['objectRef.subresource', parts] as const]),
      ]),
  );
}

/** What is created, changed and deleted is Admin Activity, but for the status that controllers write; what is read is Data Access. */
const CHANGES = requests(['create', 'update', 'patch', 'delete', 'deletecollection'], strings.complement(strings.equalTo(['status'])));
const STATUS_WRITES = requests(['update', 'patch'], strings.equalTo(['status']));
const READS = [...requests(['get', 'list', 'watch']), ...STATUS_WRITES];
const POD_LOGS = selectorOf({
  verb: { equals: ['get'] },
  'objectRef.resource': { equals: ['pods'] },
  'objectRef.subresource': { equals: ['log'] },
});
const OTHER_READS = [
  ...selectorOf({ verb: { equals: ['get', 'list', 'watch'] }, 'objectRef.resource': { notEquals: ['pods'] } }),
  ...selectorOf({
    verb: { equals: ['get', 'list', 'watch'] },
    'objectRef.resource': { equals: ['pods'] },
    'objectRef.subresource': { notEquals: ['log'] },
  }),
  ...selectorOf({ verb: { equals: ['list', 'watch'] }, 'objectRef.subresource': { equals: ['log'] } }),
];
function adminTap(project: GcpContainer): Edge {
  return toRouter(project.id, {
    id: `gcp gke changes ${project.id}`,
    label: 'audit logs of GKE that are always on',
    latency: 60,
    evidence: [],
  });
}

/** Which log types may stand for reads of each kind. https://docs.cloud.google.com/kubernetes-engine/docs/concepts/audit-policy */
const TYPED: readonly { readonly events: Selector; readonly types: readonly LogType[] }[] = [
  { events: selectorOf({ verb: { equals: ['update', 'patch'] } }), types: ['DATA_WRITE'] },
  { events: POD_LOGS, types: ['DATA_READ'] },
  { events: OTHER_READS, types: ['ADMIN_READ', 'DATA_READ'] },
];

function dataTap(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer): Edge {
  return paths.once(`gcp gke reads ${project.id}`, () => {
    const edge = dataAccess(evidence, paths, project);
    const parts = TYPED.map(({ events, types }) => {
      const audited = auditedAs(edge, 'k8s.io', types);
      return { passes: intersect(events, audited.passes), mayPass: intersect(events, audited.mayPass) };
    });
    const passes = union(...parts.map((one) => one.passes));
    const mayPass = union(...parts.map((one) => one.mayPass));
    return {
      ...edge,
      id: `gcp gke reads ${project.id}`,
      passes,
      mayPass,
      fix: `gcloud projects get-iam-policy ${project.account} > policy.yaml; add {service: container.googleapis.com, auditLogConfigs: [{logType: ADMIN_READ}, {logType: DATA_READ}, {logType: DATA_WRITE}]} to auditConfigs; gcloud projects set-iam-policy ${project.account} policy.yaml`,
      unknowns: [
        ...edge.unknowns,
        ...(isEmpty(minus(mayPass, passes))
          ? []
          : [
              {
                call: 'log type of requests to GKE',
                permission: 'all log types of container.googleapis.com switched on: documentation does not say which one each read is of',
                on: project.account,
                code: 'NotDocumented',
              },
            ]),
      ],
    };
  });
}

/** Whoever asks is the user and the principal of one entry: for those that an audit configuration tells apart, they are the same. */
function samePrincipal({ passes, mayPass }: Edge): Selector {
  const named = new Set([...passes, ...mayPass].flatMap((one) => exceptions(one.get('principalEmail'))));
  const same = (values: strings.Strings): EventClass =>
    new Map([
      ['principalEmail', values],
      ['user.username', values],
    ]);
  if (named.size === 0) return EVERYTHING;
  return [same(strings.complement(strings.equalTo([...named]))), ...[...named].map((name) => same(strings.equalTo([name])))];
}

function exceptions(values: strings.Strings | undefined): readonly string[] {
  return values === undefined ? [] : (strings.members(strings.complement(values)) ?? []);
}

const NODE_COMPONENTS = ['SYSTEM_COMPONENTS', 'WORKLOADS'];
/** The resources and the log names of each component's entries. https://docs.cloud.google.com/kubernetes-engine/docs/concepts/about-logs */
const COMPONENT_LOGS: readonly { readonly components: string[]; readonly types?: string[]; readonly logs?: readonly string[] }[] = [
  { components: ['WORKLOADS'], types: ['k8s_container'], logs: ['stdout', 'stderr'] },
  { components: ['SYSTEM_COMPONENTS'], types: ['k8s_container', 'k8s_node', 'k8s_pod', 'k8s_cluster'] },
  { components: ['APISERVER'], types: ['k8s_control_plane_component'], logs: ['container.googleapis.com%2Fapiserver'] },
  { components: ['SCHEDULER'], types: ['k8s_control_plane_component'], logs: ['container.googleapis.com%2Fscheduler'] },
  { components: ['CONTROLLER_MANAGER'], types: ['k8s_control_plane_component'], logs: ['container.googleapis.com%2Fcontroller-manager'] },
  { components: ['KCP_SSHD', 'KCP_CONNECTION', 'KCP_HPA'] },
];

/** Lets nodes write logs. https://docs.cloud.google.com/kubernetes-engine/docs/how-to/service-accounts */
const WRITE_LOGS: Right = {
  roles: [
    'roles/logging.logWriter',
    'roles/logging.admin',
    'roles/container.defaultNodeServiceAccount',
    'roles/container.nodeServiceAccount',
    'roles/editor',
    'roles/owner',
  ],
  near: 'roles/logging.',
};

function componentTaps(evidence: EvidenceView, project: GcpContainer, cluster: Cluster, id: string, ids: readonly number[]): Edge[] {
  const { name, loggingConfig, loggingService } = cluster;
  const key = `${COMPONENTS}|${id}`;
  const label = `logging of ${name}`;
  const place = cluster.location ?? cluster.zone ?? '<location>';
  const fixFor = (components: readonly string[]) =>
    `gcloud container clusters update ${name} --project=${project.account} --location=${place} --logging=${components.map((one) => own(FLAGS, one) ?? one).join(',')}`;
  const everything = fixFor(['SYSTEM_COMPONENTS', 'WORKLOADS', 'APISERVER', 'SCHEDULER', 'CONTROLLER_MANAGER']);
  const set = loggingConfig?.componentConfig?.enableComponents;
  // Before there were components, one setting took the nodes' logs and the workloads' together.
  const enabled =
    set ?? (loggingService === 'none' ? [] : loggingService === 'logging.googleapis.com/kubernetes' ? NODE_COMPONENTS : undefined);
  if (enabled === undefined) {
    const unknown = evidence.unknownOf(`gcp/${LIST}`, name, loggingService === undefined ? 'LoggingNotShown' : 'LegacyLogging', ids);
    return [unseenTap(project.id, { id: `${key} not read`, label, unknowns: [unknown] })];
  }
  if (enabled.length === 0) {
    return [offTap(project.id, { id: `${key} off`, label, why: `logging of ${name} is switched off`, fix: everything, evidence: ids })];
  }
  const tap = (which: string, components: readonly string[], more: Pick<Edge, 'delivery' | 'evidence'>): Edge[] =>
    components.length === 0
      ? []
      : [
          toRouter(project.id, {
            id: `${key} ${which}`,
            label: `${label} (${components.join(', ')})`,
            takes: selectorOf({ component: { equals: [...components] } }),
            latency: 60,
            fix: ({ component }) => fixFor([...new Set([...enabled, component ?? ''])].filter((one) => one !== '')),
            ...more,
          }),
        ];
  return [
    ...tap(
      'nodes',
      enabled.filter((one) => NODE_COMPONENTS.includes(one)),
      writing(evidence, project, cluster, ids),
    ),
    ...tap(
      'control plane',
      enabled.filter((one) => !NODE_COMPONENTS.includes(one)),
      { delivery: { state: 'flowing' }, evidence: ids },
    ),
  ];
}

const FLAGS: Readonly<Record<string, string>> = {
  SYSTEM_COMPONENTS: 'SYSTEM',
  WORKLOADS: 'WORKLOAD',
  APISERVER: 'API_SERVER',
  SCHEDULER: 'SCHEDULER',
  CONTROLLER_MANAGER: 'CONTROLLER_MANAGER',
};

/** Nodes write with their service account: without the right to, what they log is gone, and nothing tells. */
function writing(
  evidence: EvidenceView,
  project: GcpContainer,
  cluster: Cluster,
  ids: readonly number[],
): { delivery: Delivery; evidence: readonly number[] } {
  const nodes = cluster.nodePools.length > 0 ? cluster.nodePools.map((pool) => pool.config) : [cluster.nodeConfig];
  const accounts = new Set(nodes.map((node) => accountOfNode(node?.serviceAccount, project)));
  const grants = projectGrants(evidence, project.id);
  const states = [...accounts].map((email): Delivery => {
    const identity = email === undefined ? undefined : `serviceAccount:${email}`;
    const found = admits(
      { identity, container: project.id },
      WRITE_LOGS,
      grants,
      `project ${project.account}`,
      `gcloud projects add-iam-policy-binding ${project.account} --member=${identity} --role=roles/container.defaultNodeServiceAccount`,
    );
    // Other predefined roles may carry the right as well.
    const others = grants.flatMap((one) => one.bindings).find((one) => identity !== undefined && one.members.includes(identity));
    if (found.state !== 'broken' || others === undefined) return found;
    const unknown = { call: 'iam:roles.get', permission: 'iam.roles.get', on: others.role, code: 'RoleNotRead' };
    return { state: 'unknown', why: `whether ${others.role} lets ${email} write logs was not read`, unknowns: [unknown] };
  });
  const evidenceIds = [...new Set([...ids, ...grants.flatMap((one) => one.evidence)])];
  const bad = states.filter((one) => one.state !== 'flowing');
  const [first] = bad;
  if (first === undefined) return { delivery: { state: 'flowing' }, evidence: evidenceIds };
  // Of several node pools only some may write: which of the entries are theirs is not known.
  if (first.state === 'broken' && bad.length < states.length)
    return { delivery: { state: 'unknown', why: `${first.why}; other node pools may`, unknowns: [] }, evidence: evidenceIds };
  return { delivery: bad.find((one) => one.state !== 'broken') ?? first, evidence: evidenceIds };
}

/** `default` is the project's default service account of Compute Engine. */
function accountOfNode(account: string | undefined, project: GcpContainer): string | undefined {
  if (account !== 'default') return account;
  return project.number === undefined ? undefined : `${project.number}-compute@developer.gserviceaccount.com`;
}
