import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { type Event, type EventClass, selectorOf } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { aggregated, COMPUTE, listed, listOf, nameOf, noteList, openProjects, PAGES, shortOf, toRouter } from './lists.ts';
import { type Network, networksOf } from './networks.ts';
import { type GcpContainer, gcpEstateOf } from './places.ts';

const SOURCE = 'gcp.firewall.policy';

const Rule = z.object({
  priority: z.number(),
  action: z.string().default(''),
  direction: z.string().default('INGRESS'),
  disabled: z.boolean().default(false),
  enableLogging: z.boolean().default(false),
  match: z
    .looseObject({
      srcIpRanges: z.array(z.string()).default([]),
      destIpRanges: z.array(z.string()).default([]),
      layer4Configs: z.array(z.object({ ipProtocol: z.string().default('all'), ports: z.array(z.string()).default([]) })).default([]),
    })
    .default({ srcIpRanges: [], destIpRanges: [], layer4Configs: [] }),
  targetResources: z.array(z.string()).default([]),
  targetServiceAccounts: z.array(z.string()).default([]),
  targetSecureTags: z.array(z.unknown()).default([]),
});
type Rule = z.infer<typeof Rule>;
const Policy = z.object({
  id: z.union([z.string(), z.number().transform(String)]).optional(),
  name: z.string().default(''),
  shortName: z.string().optional(),
  parent: z.string().optional(),
  region: z.string().optional(),
  associations: z.array(z.object({ attachmentTarget: z.string().default('') })).default([]),
  rules: z.array(Rule).optional(),
});
type Policy = z.infer<typeof Policy>;
const Hierarchical = listed('items', Policy);
const OfNetworks = aggregated('firewallPolicies', Policy);

const ABOVE = 'compute:firewallPolicies.list';
const IN_PROJECT = 'compute:networkFirewallPolicies.aggregatedList';

/** Numbers of the protocols that can be logged. */
const LOGGED: Readonly<Record<string, string>> = { tcp: '6', '6': '6', udp: '17', '17': '17' };

/** A firewall policy that decides about a network's connections. */
export interface OverNetwork {
  readonly policy: Policy;
  readonly hierarchical: boolean;
  readonly ids: readonly number[];
}

/**
 * Firewall policies of organizations, folders and networks: which rules of those that apply to a network log the connections that they decide.
 * https://cloud.google.com/firewall/docs/firewall-policies-overview
 */
export const firewallPolicies: Collector = {
  id: 'firewall-policies',
  provider: 'gcp',
  service: 'Cloud NGFW',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [ABOVE]: {
      permission: 'compute.firewallPolicies.list',
      pages: PAGES,
      url: `${COMPUTE}/locations/global/firewallPolicies`,
      why: 'policies of organizations and folders: their rules, and what they are attached to',
      per: 'account',
    },
    [IN_PROJECT]: {
      permission: 'compute.firewallPolicies.list',
      pages: PAGES,
      url: `${COMPUTE}/projects/{project}/aggregated/firewallPolicies`,
      why: 'policies of networks: their rules, and what they are attached to',
      per: 'account',
    },
  },
  doc: 'https://cloud.google.com/firewall/docs/firewall-policies-overview',
  async collect(cell) {
    if (cell.account.includes('/')) await cell.ask(ABOVE, { parentId: cell.account, maxResults: 500 });
    else await cell.ask(IN_PROJECT, { project: cell.account, maxResults: 500, returnPartialSuccess: true });
  },
  read(evidence, paths) {
    for (const project of openProjects(evidence)) readProject(evidence, paths, project);
  },
};

function readProject(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer): void {
  const networks = networksOf(evidence, project.id);
  if (!noteList(paths, [SOURCE], project, networks, 'Compute Engine')) return;
  const scope = { provider: 'gcp' as const, account: project.account };
  const { unknowns } = policiesOver(evidence, project, undefined);
  for (const unknown of unknowns) paths.blind({ sources: [SOURCE], scope, unknowns: [unknown], evidence: unknown.evidence ?? [] });
  for (const network of networks.items) {
    const { policies } = policiesOver(evidence, project, network.id);
    const read = policies.filter(({ policy }) => (policy.rules?.length ?? 0) > 0);
    const hidden = policies.filter((one) => !read.includes(one));
    if (hidden.length > 0) {
      // Every policy has rules, if only those that come with it.
      const unread = hidden.map(({ policy, hierarchical, ids }) =>
        evidence.unknownOf(`gcp/${hierarchical ? ABOVE : IN_PROJECT}`, `rules of ${shownName(policy)}`, 'RulesNotShown', ids),
      );
      paths.blind({ sources: [SOURCE], scope, unknowns: unread, evidence: unread.flatMap((one) => one.evidence ?? []) });
    }
    if (read.length > 0) addEmitter(paths, project, network, read, networks.ids);
  }
}

function addEmitter(
  paths: PathsBuilder,
  project: GcpContainer,
  network: Network,
  policies: readonly OverNetwork[],
  ids: readonly number[],
): void {
  const decided = policies.flatMap((one) => (one.policy.rules ?? []).flatMap((rule) => classOf(project, network, one.policy, rule)));
  if (decided.length === 0) return;
  const evidence = [...new Set([...ids, ...policies.flatMap((one) => one.ids)])];
  const scope = { provider: 'gcp' as const, account: project.account, resource: network.id };
  paths.emitter({
    id: `${SOURCE}|${network.id}`,
    sources: [SOURCE],
    scope,
    name: network.name,
    universe: decided.map((one) => one.events),
    taps: [
      toRouter(project.id, {
        id: `${SOURCE}|${network.id}`,
        label: `firewall policy rules of network ${network.name} that log`,
        takes: decided.filter((one) => one.rule.enableLogging).map((one) => one.events),
        fix: (lost) => fixOf(project, policies, lost),
        latency: 10,
        evidence,
      }),
    ],
    evidence,
  });
}

interface Decided {
  readonly rule: Rule;
  readonly events: EventClass;
}

/** The connections that a rule decides and that can be logged: those of TCP and UDP, unless it leaves them to the next policy. */
function classOf(project: GcpContainer, network: Network, policy: Policy, rule: Rule): readonly Decided[] {
  const protocols = loggable(rule.match.layer4Configs.map((one) => one.ipProtocol));
  if (rule.disabled || rule.action === 'goto_next' || protocols.length === 0) return [];
  const disposition = { allow: ['ALLOWED'], deny: ['DENIED'] }[rule.action];
  const [events] = selectorOf({
    resource: { equals: [network.id] },
    logName: { equals: [`${project.id}/logs/compute.googleapis.com%2Ffirewall`] },
    'resource.labels.project_id': { equals: [project.account] },
    'rule_details.reference': { endsWith: [`/firewallPolicy:${policy.id ?? policy.name}`] },
    'rule_details.priority': { equals: [String(rule.priority)] },
    'rule_details.direction': { equals: [rule.direction] },
    'connection.protocol': { equals: [...protocols] },
    ...(disposition ? { disposition: { equals: disposition } } : {}),
  });
  return events ? [{ rule, events }] : [];
}

/** Of protocols as rules name them, the numbers of those that can be logged; none named: all. */
export function loggable(protocols: readonly string[]): readonly string[] {
  if (protocols.length === 0 || protocols.some((one) => one.toLowerCase() === 'all')) return ['6', '17'];
  return [...new Set(protocols.flatMap((one) => own(LOGGED, one.toLowerCase()) ?? []))];
}

/** The policies that decide about connections of a network, or with none given of any in the project, and why there may be more. */
export function policiesOver(
  evidence: EvidenceView,
  project: GcpContainer,
  network: string | undefined,
): { readonly policies: readonly OverNetwork[]; readonly unknowns: readonly Unknown[] } {
  const ancestors = gcpEstateOf(evidence).ancestorsOf(project.id);
  const chain = new Set(ancestors.known.map((one) => one.id));
  const lists = ancestors.known.map((one) => listOf(evidence, ABOVE, Hierarchical, one.id));
  const own = listOf(evidence, IN_PROJECT, OfNetworks, project.id);
  const attached = (policy: Policy) => policy.associations.map((one) => nameOf(evidence, one.attachmentTarget));
  const above = lists.flatMap((list) =>
    list.items
      .filter((policy) => attached(policy).some((target) => chain.has(target)))
      .map((policy) => ({ policy, hierarchical: true, ids: list.ids })),
  );
  const inside = own.items
    .filter((policy) => network === undefined || attached(policy).includes(network))
    .map((policy) => ({ policy, hierarchical: false, ids: own.ids }));
  return {
    policies: [...above, ...inside],
    unknowns: [...lists.map((list) => list.unknown), own.unknown, ancestors.unknown].filter((one) => one !== undefined),
  };
}

/** Whether a policy has a rule that decides every IPv4 (or IPv6) connection of a direction. */
export function catchesAll({ policy }: OverNetwork, direction: string, any: string): boolean {
  return (policy.rules ?? []).some((rule) => {
    const { srcIpRanges, destIpRanges, layer4Configs, ...others } = rule.match;
    const ranges = direction === 'INGRESS' ? srcIpRanges : destIpRanges;
    return (
      !rule.disabled &&
      rule.action !== 'goto_next' &&
      rule.direction === direction &&
      policy.region === undefined &&
      rule.targetResources.length + rule.targetServiceAccounts.length + rule.targetSecureTags.length === 0 &&
      Object.values(others).every((value) => Array.isArray(value) && value.length === 0) &&
      (direction === 'INGRESS' ? destIpRanges : srcIpRanges).length === 0 &&
      ranges.includes(any) &&
      layer4Configs.some((one) => one.ipProtocol.toLowerCase() === 'all')
    );
  });
}

function shownName(policy: Policy): string {
  return policy.shortName ?? policy.name;
}

function fixOf(project: GcpContainer, policies: readonly OverNetwork[], lost: Event): string {
  const found = policies.find(({ policy }) => lost['rule_details.reference']?.endsWith(`/firewallPolicy:${policy.id ?? policy.name}`));
  const priority = lost['rule_details.priority'] ?? '<priority>';
  if (found?.hierarchical) {
    const [kind, id] = (found.policy.parent ?? 'organizations/<organization>').split('/');
    return `gcloud compute firewall-policies rules update ${priority} --firewall-policy=${found.policy.name} --${kind === 'folders' ? 'folder' : 'organization'}=${id} --enable-logging`;
  }
  const region = found?.policy.region;
  return `gcloud compute network-firewall-policies rules update ${priority} --firewall-policy=${found?.policy.name ?? '<policy>'} ${region === undefined ? '--global-firewall-policy' : `--firewall-policy-region=${shortOf(region)}`} --project=${project.account} --enable-logging`;
}
