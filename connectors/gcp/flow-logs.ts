import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING, type Selector, selectorOf } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { compileFlowExpression } from './filter/flow-expression.ts';
import {
  aggregated,
  COMPUTE,
  type Listing,
  listed,
  listOf,
  nameOf,
  noteList,
  offTap,
  openProjects,
  PAGES,
  shortOf,
  toRouter,
  unseenTap,
} from './lists.ts';
import { routerEdges } from './log-router.ts';
import { networksOf } from './networks.ts';
import { accountOf, callsAbout, type GcpContainer, gcpEstateOf, routerId } from './places.ts';

const SOURCE = 'gcp.vpc.flowlogs';

const Rate = z.number().optional();
const SubnetLogs = z.object({
  enable: z.boolean().optional(),
  aggregationInterval: z.string().optional(),
  flowSampling: Rate,
  metadata: z.string().optional(),
  metadataFields: z.array(z.string()).default([]),
  filterExpr: z.string().default(''),
});
const Subnet = z.object({
  name: z.string(),
  selfLink: z.string().optional(),
  region: z.string().default(''),
  network: z.string().default(''),
  purpose: z.string().optional(),
  stackType: z.string().optional(),
  enableFlowLogs: z.boolean().optional(),
  logConfig: SubnetLogs.optional(),
});
type Subnet = z.infer<typeof Subnet>;
const SubnetList = aggregated('subnetworks', Subnet);

const FlowConfig = z.object({
  name: z.string(),
  state: z.string().default('ENABLED'),
  aggregationInterval: z.string().optional(),
  flowSampling: Rate,
  metadata: z.string().optional(),
  metadataFields: z.array(z.string()).default([]),
  filterExpr: z.string().default(''),
  network: z.string().optional(),
  subnet: z.string().optional(),
  vpnTunnel: z.string().optional(),
  interconnectAttachment: z.string().optional(),
  targetResourceState: z.string().optional(),
  /** Only among the effective ones: `COMPUTE_API_SUBNET` is the subnet's own setting. */
  scope: z.string().optional(),
});
type FlowConfig = z.infer<typeof FlowConfig>;
const FlowConfigs = listed('vpcFlowLogsConfigs', FlowConfig);
const EffectiveConfigs = listed('effectiveFlowLogsConfigs', FlowConfig);

const NETWORK = 'networkmanagement:projects.locations.vpcFlowLogsConfigs';
const LIST = `${NETWORK}.list`;
const QUERY = `${NETWORK}.queryOrgVpcFlowLogsConfigs`;
const EFFECTIVE = `${NETWORK}.showEffectiveFlowLogsConfigs`;
const ORGANIZATION_LIST = 'networkmanagement:organizations.locations.vpcFlowLogsConfigs.list';
const MANAGEMENT = 'GET https://networkmanagement.googleapis.com/v1/{+parent}/vpcFlowLogsConfigs';

/** Subnets of these purposes hold addresses for proxies and translations, and no machine. */
const WITHOUT_MACHINES: Readonly<Record<string, string>> = {
  INTERNAL_HTTPS_LOAD_BALANCER: 'proxies of load balancers',
  REGIONAL_MANAGED_PROXY: 'proxies of load balancers',
  GLOBAL_MANAGED_PROXY: 'proxies of load balancers',
  PRIVATE_SERVICE_CONNECT: 'Private Service Connect',
  PRIVATE_NAT: 'Private NAT',
};

/** Fields of a record that no setting leaves out, and those of every log entry. */
const BASE = [
  'resource',
  'logName',
  'severity',
  'payload',
  'timestamp',
  'resource.type',
  'resource.labels.project_id',
  'connection',
  'connection.src_ip',
  'connection.src_port',
  'connection.dest_ip',
  'connection.dest_port',
  'connection.protocol',
  'reporter',
  'rtt_msec',
  'bytes_sent',
  'packets_sent',
  'start_time',
  'end_time',
];
const ENDS = ['src', 'dest'].flatMap((end) => [
  ...['', '.project_id', '.vm_name', '.region', '.zone', '.managed_instance_group'].map((part) => `${end}_instance${part}`),
  ...['', '.project_id', '.vpc_name', '.subnetwork_name', '.subnetwork_region'].map((part) => `${end}_vpc${part}`),
  ...['', '.continent', '.country', '.region', '.city', '.asn'].map((part) => `${end}_location${part}`),
  ...['', '.cluster', '.cluster.cluster_name', '.cluster.cluster_location', '.pod', '.pod.pod_name', '.pod.pod_namespace', '.service'].map(
    (part) => `${end}_gke_details${part}`,
  ),
  ...['', '.type', '.project_id', '.location', '.name', '.vpc'].map((part) => `${end}_gateway${part}`),
  ...['', '.type', '.service_name', '.connectivity'].map((part) => `${end}_google_service${part}`),
]);
const METADATA = [...ENDS, 'internet_routing_details', 'load_balancing', 'network_service', 'psc', 'google_service'];

const INTERVALS: Readonly<Record<string, number>> = {
  INTERVAL_5_SEC: 5,
  INTERVAL_30_SEC: 30,
  INTERVAL_1_MIN: 60,
  INTERVAL_5_MIN: 300,
  INTERVAL_10_MIN: 600,
  INTERVAL_15_MIN: 900,
};
/** From the end of an interval to the entry. */
const TYPICAL_SECONDS = 60;

/**
 * VPC Flow Logs, as subnets say it themselves and as configurations of the Network Management API say it for organizations, networks, subnets, VPN
 * tunnels and VLAN attachments: each of them makes records of its own. https://cloud.google.com/vpc/docs/flow-logs
 */
export const flowLogs: Collector = {
  id: 'flow-logs',
  provider: 'gcp',
  service: 'VPC',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    'compute:subnetworks.aggregatedList': {
      permission: 'compute.subnetworks.list',
      pages: PAGES,
      url: `${COMPUTE}/projects/{project}/aggregated/subnetworks`,
      why: 'which subnets there are, and what each records of its flows',
      per: 'account',
    },
    [LIST]: {
      permission: 'networkmanagement.vpcflowlogsconfigs.list',
      pages: PAGES,
      url: MANAGEMENT,
      why: 'what is recorded of networks, subnets, tunnels and attachments beside the settings of the subnets',
      per: 'account',
    },
    [QUERY]: {
      permission: 'networkmanagement.vpcflowlogsconfigs.list',
      pages: PAGES,
      url: `${MANAGEMENT}:queryOrgVpcFlowLogsConfigs`,
      why: 'what the organization records of the project, without a look at the organization',
      per: 'account',
    },
    [EFFECTIVE]: {
      permission: 'networkmanagement.vpcflowlogsconfigs.list',
      pages: PAGES,
      url: `${MANAGEMENT}:showEffectiveFlowLogsConfigs`,
      why: 'what applies to one subnet, where the lists were refused',
      per: 'resource',
    },
    [ORGANIZATION_LIST]: {
      permission: 'networkmanagement.vpcflowlogsconfigs.list',
      pages: PAGES,
      url: MANAGEMENT,
      why: 'what the organization records of all its subnets',
      per: 'account',
    },
  },
  doc: 'https://cloud.google.com/vpc/docs/flow-logs',

  async collect(cell) {
    if (cell.account.startsWith('folders/')) return;
    if (cell.account.startsWith('organizations/')) {
      await cell.ask(ORGANIZATION_LIST, { parent: `${cell.account}/locations/global` });
      return;
    }
    const parent = `projects/${cell.account}/locations/global`;
    const [subnets, own, above] = await Promise.all([
      cell.ask('compute:subnetworks.aggregatedList', { project: cell.account, maxResults: 500, returnPartialSuccess: true }),
      cell.ask(LIST, { parent }),
      cell.ask(QUERY, { parent }),
    ]);
    const off = (answer: typeof own) => !answer.ok && answer.error.code === 'SERVICE_DISABLED';
    if ((own.ok && above.ok) || off(own)) return;
    const found = subnets.pages.flatMap((page) => SubnetList.safeParse(page).data?.items ?? []);
    await Promise.all(
      found.flatMap((subnet) => {
        const [, path] = /\/(projects\/.+)$/.exec(subnet.selfLink ?? '') ?? [];
        return path === undefined ? [] : [cell.ask(EFFECTIVE, { parent, resource: path })];
      }),
    );
  },

  read(evidence, paths) {
    for (const project of openProjects(evidence)) readProject(evidence, paths, project);
  },
};

/** The subnets that a project owns. */
export function subnetsIn(evidence: EvidenceView, project: string): Listing<Subnet> {
  return listOf(evidence, 'compute:subnetworks.aggregatedList', SubnetList, project);
}

/** One setting that makes records, in whichever of the two systems it was made. */
interface Recording {
  readonly id: string;
  readonly label: string;
  readonly system: System;
  readonly sampling: number;
  readonly filter: string;
  readonly fields: readonly string[] | undefined;
  readonly interval: string | undefined;
  /** Set where it is not clear whether it is on. */
  readonly unclear?: Unknown;
  readonly fix: string;
  readonly ids: readonly number[];
}

type System = 'compute' | 'networkmanagement';

/** What was found to apply, and why there may be more. */
interface Applying {
  readonly recordings: readonly Recording[];
  readonly unknowns: readonly Unknown[];
}

/** What is known of a project's configurations in the Network Management API. */
interface Configured {
  readonly project: GcpContainer;
  readonly own: Listing<FlowConfig>;
  readonly above: Pick<Listing<FlowConfig>, 'items' | 'ids' | 'unknown'>;
  readonly effective: ReadonlyMap<string, { readonly configs: readonly FlowConfig[]; readonly ids: readonly number[] }>;
}

function readProject(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer): void {
  const subnets = subnetsIn(evidence, project.id);
  const any = noteList(paths, [SOURCE], project, subnets, 'Compute Engine');
  const configured = configuredIn(evidence, project);
  if (any) {
    for (const subnet of subnets.items) readSubnet(evidence, paths, configured, subnet, subnets.ids);
    readLegacy(evidence, paths, project);
  }
  // Tunnels and attachments are emitters where a configuration names them: which ones are named has to be known.
  if (configured.own.unknown && any)
    paths.blind({
      sources: [SOURCE],
      scope: { provider: 'gcp', account: project.account },
      unknowns: [configured.own.unknown],
      evidence: configured.own.ids,
    });
  for (const target of new Set(configured.own.items.flatMap((one) => targetOf(evidence, one) ?? []))) {
    if (/\/(vpnTunnels|interconnectAttachments)\//.test(target)) readGateway(evidence, paths, configured, target);
  }
}

function configuredIn(evidence: EvidenceView, project: GcpContainer): Configured {
  const effective = new Map<string, { configs: readonly FlowConfig[]; ids: readonly number[] }>();
  for (const answer of callsAbout(evidence, `gcp/${EFFECTIVE}`, EffectiveConfigs, project.id)) {
    if (answer.unknown || typeof answer.args.resource !== 'string' || answer.args.filter !== undefined) continue;
    if (answer.pages.some((page) => page.unreached.length > 0)) continue;
    effective.set(nameOf(evidence, answer.args.resource), { configs: answer.pages.flatMap((page) => page.items), ids: answer.ids });
  }
  return {
    project,
    own: listOf(evidence, LIST, FlowConfigs, project.id),
    above: ofOrganization(evidence, project),
    effective,
  };
}

/** What the organization of a project records: as the project is told, else as the organization itself says. */
function ofOrganization(evidence: EvidenceView, project: GcpContainer): Configured['above'] {
  const told = listOf(evidence, QUERY, FlowConfigs, project.id);
  if (told.unknown === undefined && !told.off) return told;
  const ancestors = gcpEstateOf(evidence).ancestorsOf(project.id);
  const organization = ancestors.known.find((one) => one.type === 'organization');
  if (!organization) return { items: [], ids: told.ids, unknown: ancestors.unknown };
  const list = listOf(evidence, ORGANIZATION_LIST, FlowConfigs, organization.id);
  const refused = told.unknown && told.unknown.code !== 'NotAsked' ? told.unknown : undefined;
  if (list.off) {
    const unknown = evidence.unknownOf(`gcp/${ORGANIZATION_LIST}`, organization.id, 'SERVICE_DISABLED', list.ids);
    return { items: [], ids: list.ids, unknown };
  }
  return list.unknown ? { ...list, unknown: refused ?? list.unknown } : list;
}

/** The network, subnet, tunnel or attachment that a configuration is for; undefined: the whole organization. */
function targetOf(evidence: EvidenceView, config: FlowConfig): string | undefined {
  const target = config.network ?? config.subnet ?? config.vpnTunnel ?? config.interconnectAttachment;
  return target === undefined ? undefined : nameOf(evidence, target);
}

function readSubnet(
  evidence: EvidenceView,
  paths: PathsBuilder,
  configured: Configured,
  subnet: Subnet,
  listedBy: readonly number[],
): void {
  const { project } = configured;
  const region = shortOf(subnet.region);
  const id =
    subnet.selfLink === undefined ? `${project.id}/regions/${region}/subnetworks/${subnet.name}` : nameOf(evidence, subnet.selfLink);
  const scope = { provider: 'gcp' as const, account: project.account, ...(region === '' ? {} : { region }), resource: id };
  paths.resource({ type: 'gcp.compute.subnetwork', id, scope, evidence: listedBy });
  const machines = subnet.purpose === undefined || own(WITHOUT_MACHINES, subnet.purpose) === undefined;
  const applying = machines ? appliesTo(evidence, configured, subnet, id, listedBy) : { recordings: [], unknowns: [] };
  const taps = tapsOf(evidence, paths, project, id, subnet.name, applying);
  paths.emitter({
    id: `${SOURCE}|${id}`,
    sources: [SOURCE],
    scope,
    name: subnet.name,
    universe: systemsOf(applying).flatMap((system) =>
      selectorOf({
        resource: { equals: [id] },
        reporter: { equals: ['SRC', 'DEST'] },
        ...entryOf(project.id, system, subnet.name),
      }),
    ),
    taps: taps.length > 0 ? taps : [offTap(project.id, { ...offOf(id, subnet, project), evidence: listedBy })],
    evidence: [...listedBy, ...configured.own.ids, ...configured.above.ids],
    ...(machines
      ? {}
      : {
          notApplicable: `the purpose of subnet ${subnet.name} is ${subnet.purpose}: it holds addresses for ${own(WITHOUT_MACHINES, subnet.purpose ?? '')}, and no machine`,
        }),
  });
  note(paths, scope, applying.recordings);
}

function offOf(id: string, subnet: Subnet, project: GcpContainer) {
  return {
    id: `${SOURCE}|${id}|off`,
    label: `flow logs of subnet ${subnet.name}`,
    why: 'logConfig.enable is not set, and no configuration of the Network Management API applies to it',
    fix: subnetFix(subnet, project.account),
  };
}

function subnetFix(subnet: Subnet, project: string): string {
  return `gcloud compute networks subnets update ${subnet.name} --project=${project} --region=${shortOf(subnet.region)} --enable-flow-logs --logging-flow-sampling=1.0 --logging-metadata=include-all --logging-filter-expr=""`;
}

/** The effective answer for the subnet, where it was asked; else all that the lists say. */
function appliesTo(evidence: EvidenceView, configured: Configured, subnet: Subnet, id: string, listedBy: readonly number[]): Applying {
  const { project, own, above } = configured;
  const itself = ownSetting(subnet, id, project, listedBy);
  const effective = configured.effective.get(id);
  if (effective) {
    const said = effective.configs.flatMap((one) => recordingOf(evidence, one, effective.ids, subnet, project, id));
    const differs =
      itself && !said.some((one) => one.system === 'compute')
        ? [evidence.unknownOf(`gcp/${EFFECTIVE}`, id, 'AnswersDiffer', [...effective.ids, ...listedBy])]
        : [];
    return { recordings: said, unknowns: differs };
  }
  const network = nameOf(evidence, subnet.network);
  const chosen = [
    ...own.items.filter((one) => [network, id].includes(targetOf(evidence, one) ?? '')).map((one) => [one, own.ids] as const),
    ...above.items.filter((one) => targetOf(evidence, one) === undefined).map((one) => [one, above.ids] as const),
  ];
  return {
    recordings: [...(itself ? [itself] : []), ...chosen.flatMap(([one, ids]) => recordingOf(evidence, one, ids, subnet, project, id))],
    unknowns: [own.unknown, above.unknown].filter((one) => one !== undefined),
  };
}

/** What the subnet says itself. Left out: half of the flows, without metadata. https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks */
function ownSetting(subnet: Subnet, id: string, project: GcpContainer, ids: readonly number[]): Recording | undefined {
  const logs = subnet.logConfig;
  if (!(logs?.enable ?? subnet.enableFlowLogs ?? false)) return undefined;
  return {
    id: `${SOURCE}|${id}|subnet`,
    label: `flow logs of subnet ${subnet.name}`,
    system: 'compute',
    sampling: logs?.flowSampling ?? 0.5,
    filter: logs?.filterExpr ?? '',
    fields: fieldsOf(logs?.metadata ?? 'EXCLUDE_ALL_METADATA', logs?.metadataFields ?? []),
    interval: logs?.aggregationInterval,
    fix: subnetFix(subnet, project.account),
    ids,
  };
}

/** Left out: all flows, with all metadata. https://cloud.google.com/network-intelligence-center/docs/reference/networkmanagement/rest/v1/projects.locations.vpcFlowLogsConfigs */
function recordingOf(
  evidence: EvidenceView,
  config: FlowConfig,
  ids: readonly number[],
  subnet: Subnet | undefined,
  project: GcpContainer,
  of: string,
): readonly Recording[] {
  if (config.state === 'DISABLED' || config.targetResourceState === 'TARGET_RESOURCE_DOES_NOT_EXIST') return [];
  const short = shortOf(config.name);
  const inSubnet = config.scope === 'COMPUTE_API_SUBNET';
  const owner = config.name.startsWith('organizations/') ? ` of ${config.name.split('/').slice(0, 2).join('/')}` : '';
  const flag = owner === '' ? `--project=${project.account}` : `--organization=${config.name.split('/')[1]}`;
  return [
    {
      id: `${SOURCE}|${of}|${inSubnet ? 'subnet' : config.name}`,
      label: inSubnet && subnet ? `flow logs of subnet ${subnet.name}` : `flow log configuration ${short}${owner}`,
      system: inSubnet ? 'compute' : 'networkmanagement',
      sampling: config.flowSampling ?? (inSubnet ? 0.5 : 1),
      filter: config.filterExpr,
      fields: fieldsOf(config.metadata ?? (inSubnet ? 'EXCLUDE_ALL_METADATA' : 'INCLUDE_ALL_METADATA'), config.metadataFields),
      interval: config.aggregationInterval,
      ...(config.state === 'ENABLED'
        ? {}
        : { unclear: evidence.unknownOf(`gcp/${LIST}`, `state ${config.state} of ${config.name}`, 'NotUnderstood', ids) }),
      fix:
        inSubnet && subnet
          ? subnetFix(subnet, project.account)
          : `gcloud network-management vpc-flow-logs-configs update ${short} --location=global ${flag} --flow-sampling=1.0 --metadata=include-all-metadata --filter-expr=""`,
      ids,
    },
  ];
}

/** Fields that survive; undefined: all. A part of a field that is named survives with it. */
function fieldsOf(metadata: string, named: readonly string[]): readonly string[] | undefined {
  if (metadata === 'INCLUDE_ALL_METADATA') return undefined;
  if (metadata !== 'CUSTOM_METADATA') return BASE;
  const kept = METADATA.filter((field) => named.some((one) => field === one || field.startsWith(`${one}.`)));
  return [...new Set([...BASE, ...named, ...kept])];
}

/** The log that an entry of a project is in, by the system that its setting was made in. */
function entryOf(project: string, system: System, subnet?: string) {
  return {
    logName: { equals: [`${project}/logs/${system}.googleapis.com%2Fvpc_flows`] },
    'resource.type': { equals: [system === 'compute' ? 'gce_subnetwork' : 'vpc_flow_logs_config'] },
    'resource.labels.project_id': { equals: [accountOf(project)] },
    // Entries of the other system have the name of the configuration instead.
    ...(system === 'compute' && subnet === undefined
      ? {}
      : { 'resource.labels.subnetwork_name': { equals: [system === 'compute' ? (subnet ?? '') : ''] } }),
  };
}

/** The systems that record something, or may. */
function systemsOf({ recordings, unknowns }: Applying): readonly System[] {
  const found = new Set([...recordings.map((one) => one.system), ...unknowns.map(systemOf)]);
  return found.size === 0 ? ['compute'] : [...found];
}

function systemOf(unknown: Unknown): System {
  return unknown.code === 'AnswersDiffer' ? 'compute' : 'networkmanagement';
}

function tapsOf(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  id: string,
  name: string,
  applying: Applying,
): readonly Edge[] {
  // A flow is one event, whatever logs have it: with several, each copy is routed by its own log's name.
  const alone = systemsOf(applying).length === 1;
  const way = (system: System): string => (alone ? routerId(project.id) : routerAs(evidence, paths, project, system, id, name));
  return [
    ...applying.recordings.map((one) => ({ ...tapOf(project, one), to: way(one.system) })),
    ...applying.unknowns.map((unknown) => ({
      ...unseenTap(project.id, {
        id: `${SOURCE}|${id}|unseen ${unknown.call} ${unknown.on}`,
        label: `flow log configurations of ${name} that were not read`,
        unknowns: [unknown],
      }),
      to: way(systemOf(unknown)),
    })),
  ];
}

function tapOf(project: GcpContainer, one: Recording): Edge {
  const filter = compileFlowExpression(one.filter);
  const doubts: Unknown[] = [
    ...(one.unclear ? [one.unclear] : []),
    ...filter.unclear.map((part) => ({
      call: `filterExpr of ${one.label}`,
      permission: `a filter in terms that can be decided: ${part}`,
      on: project.account,
      code: 'FilterNotUnderstood',
    })),
  ];
  const seconds = own(INTERVALS, one.interval ?? 'INTERVAL_5_SEC');
  const share = Math.min(1, Math.max(0, one.sampling));
  if (share === 0) return offTap(project.id, { id: one.id, label: one.label, why: 'flowSampling is 0', fix: one.fix, evidence: one.ids });
  return toRouter(project.id, {
    id: one.id,
    label: one.filter.trim() === '' ? one.label : `${one.label} (filter ${shortened(one.filter)})`,
    passes: one.unclear ? NOTHING : filter.passes,
    mayPass: filter.mayPass,
    unknowns: doubts,
    ...(share < 1 ? { sampling: share } : {}),
    ...(seconds === undefined ? {} : { latency: seconds + TYPICAL_SECONDS }),
    ...(one.fields === undefined ? {} : { fields: one.fields }),
    fix: one.fix,
    evidence: one.ids,
  });
}

/** The router of a project for the copies of flows in one of two logs: its sinks see that log's name and resource. */
function routerAs(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  system: System,
  subnet: string,
  name: string,
): string {
  const id = `${routerId(project.id)} for ${system} flow logs${system === 'compute' ? ` of ${subnet}` : ''}`;
  if (paths.has(id)) return id;
  paths.node({
    type: 'hop',
    id,
    kind: 'router',
    name: project.account,
    scope: { provider: 'gcp', account: project.account },
    evidence: project.evidence,
    findings: [],
  });
  const held = new Map(Object.entries(entryOf(project.id, system, name)).map(([field, { equals }]) => [field, equals[0] as string]));
  for (const edge of routerEdges(evidence, paths, project))
    paths.edge(id, {
      ...edge,
      id: `${edge.id} ${id}`,
      passes: knowing(edge.passes, held),
      mayPass: knowing(edge.mayPass, held),
    });
  return id;
}

/** What a selector takes of events of which these fields are known, in terms of their other fields. */
function knowing(selector: Selector, held: ReadonlyMap<string, string>): Selector {
  if (selector === EVERYTHING) return selector;
  return selector.flatMap((one) => {
    for (const [field, value] of held) {
      const values = one.get(field);
      if (values && !strings.has(values, value)) return [];
    }
    return [new Map([...one].filter(([field]) => !held.has(field)))];
  });
}

/** Networks of the old kind have no subnets, and no flow logs. */
function readLegacy(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer): void {
  const list = networksOf(evidence, project.id);
  if (list.unknown && list.unknown.code !== 'NotAsked')
    paths.blind({ sources: [SOURCE], scope: { provider: 'gcp', account: project.account }, unknowns: [list.unknown], evidence: list.ids });
  for (const network of list.items.filter((one) => one.legacy)) {
    paths.emitter({
      id: `${SOURCE}|${network.id}`,
      sources: [SOURCE],
      scope: { provider: 'gcp', account: project.account, resource: network.id },
      name: network.name,
      universe: selectorOf({
        resource: { equals: [network.id] },
        reporter: { equals: ['SRC', 'DEST'] },
        ...entryOf(project.id, 'compute'),
      }),
      taps: [
        offTap(project.id, {
          id: `${SOURCE}|${network.id}|legacy`,
          label: `legacy network ${network.name}`,
          why: 'legacy networks have no flow logs',
          fix: `gcloud compute networks create <name> --project=${project.account} --subnet-mode=custom; move the machines of ${network.name} there`,
          evidence: list.ids,
        }),
      ],
      evidence: list.ids,
    });
  }
}

/** A VPN tunnel or VLAN attachment that a configuration names. */
function readGateway(evidence: EvidenceView, paths: PathsBuilder, configured: Configured, id: string): void {
  const { project, own, above } = configured;
  const name = shortOf(id);
  const chosen = [
    ...own.items.filter((one) => targetOf(evidence, one) === id).map((one) => [one, own.ids] as const),
    ...above.items.filter((one) => targetOf(evidence, one) === undefined).map((one) => [one, above.ids] as const),
  ];
  // Only a dead configuration names what is not there.
  if (own.items.every((one) => targetOf(evidence, one) !== id || one.targetResourceState === 'TARGET_RESOURCE_DOES_NOT_EXIST')) return;
  const inNetworks = own.items.some((one) => one.network !== undefined && one.state !== 'DISABLED');
  const applying: Applying = {
    recordings: chosen.flatMap(([one, ids]) => recordingOf(evidence, one, ids, undefined, project, id)),
    unknowns: [
      ...(above.unknown ? [above.unknown] : []),
      ...(own.unknown ? [own.unknown] : []),
      ...(inNetworks ? [evidence.unknownOf('gcp/compute:routers.aggregatedList', `the network of ${name}`, 'NotRead', own.ids)] : []),
    ],
  };
  const [, region] = /\/regions\/([^/]+)\//.exec(id) ?? [];
  const scope = { provider: 'gcp' as const, account: project.account, ...(region === undefined ? {} : { region }), resource: id };
  const type = id.includes('/vpnTunnels/') ? 'gcp.vpn' : 'gcp.compute.interconnectattachment';
  paths.resource({ type, id, scope, evidence: own.ids });
  const off = {
    id: `${SOURCE}|${id}|off`,
    label: `flow logs of ${name}`,
    why: 'the configurations that name it are disabled',
    evidence: own.ids,
  };
  const taps = tapsOf(evidence, paths, project, id, name, applying);
  paths.emitter({
    id: `${SOURCE}|${id}`,
    sources: [SOURCE],
    scope,
    name,
    universe: selectorOf({
      resource: { equals: [id] },
      reporter: { equals: ['SRC_GATEWAY', 'DEST_GATEWAY'] },
      ...entryOf(project.id, 'networkmanagement'),
    }),
    taps: taps.length > 0 ? taps : [offTap(project.id, off)],
    evidence: [...own.ids, ...above.ids],
  });
  note(paths, scope, applying.recordings);
}

type Place = Parameters<PathsBuilder['finding']>[1];

/** What a record lacks, told where the log is shown. */
function note(paths: PathsBuilder, scope: Place, recordings: readonly Recording[]): void {
  // Where one of them records all, the others take nothing away.
  const whole = recordings.some((one) => one.sampling >= 1 && one.filter.trim() === '' && !one.unclear);
  for (const one of recordings) {
    const tell = (kind: string, dimension: 'collection' | 'consistency', severity: 'low' | 'medium', message: string) =>
      paths.finding(SOURCE, scope, { kind, dimension, severity, message, evidence: [...one.ids] });
    if (one.sampling < 1 && !whole) {
      const share = `${Math.round(one.sampling * 1000) / 10} %`;
      tell(
        'sampled',
        'consistency',
        'medium',
        `${one.label} keep ${share} of the flows (flowSampling ${one.sampling}), of packets that are a sample already`,
      );
    }
    if (one.filter.trim() !== '' && !whole)
      tell('filtered', 'collection', 'medium', `${one.label} record only flows for which ${shortened(one.filter)}`);
    if (one.fields !== undefined && recordings.every((other) => other.fields !== undefined))
      tell(
        'fields-left-out',
        'consistency',
        'low',
        `${one.label} leave out metadata: names of machines, networks and clusters are not in the records`,
      );
  }
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 80 ? line : `${line.slice(0, 79)}…`;
}
