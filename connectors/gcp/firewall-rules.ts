import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { type Event, type EventClass, selectorOf } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { catchesAll, loggable, policiesOver } from './firewall-policies.ts';
import { subnetsIn } from './flow-logs.ts';
import { COMPUTE, listed, listOf, nameOf, noteList, offTap, openProjects, PAGES, toRouter, unseenTap } from './lists.ts';
import { type Network, networksOf } from './networks.ts';
import type { GcpContainer } from './places.ts';

const SOURCE = 'gcp.firewall.rules';

const Matched = z.array(z.object({ IPProtocol: z.string().default('all'), ports: z.array(z.string()).default([]) })).default([]);
const Firewall = z.object({
  name: z.string(),
  network: z.string().default(''),
  direction: z.string().default('INGRESS'),
  disabled: z.boolean().default(false),
  allowed: Matched,
  denied: Matched,
  sourceRanges: z.array(z.string()).default([]),
  destinationRanges: z.array(z.string()).default([]),
  sourceTags: z.array(z.string()).default([]),
  sourceServiceAccounts: z.array(z.string()).default([]),
  targetTags: z.array(z.string()).default([]),
  targetServiceAccounts: z.array(z.string()).default([]),
  logConfig: z.object({ enable: z.boolean().default(false), metadata: z.string().optional() }).optional(),
});
type Firewall = z.infer<typeof Firewall>;
const Firewalls = listed('items', Firewall);

/** Fields of a record that no setting leaves out, and those of every log entry. */
const BASE = [
  'resource',
  'logName',
  'severity',
  'payload',
  'timestamp',
  'resource.type',
  'resource.labels.project_id',
  'resource.labels.subnetwork_name',
  'connection',
  'connection.src_ip',
  'connection.src_port',
  'connection.dest_ip',
  'connection.dest_port',
  'connection.protocol',
  'disposition',
  'rule_details.reference',
  'rule_details.priority',
  'rule_details.action',
  'rule_details.direction',
  'rule_details.ip_port_info',
];

/** What every network does with connections that no rule decides, and cannot log. */
const IMPLIED = {
  INGRESS: { rule: 'implied-deny-ingress', disposition: 'DENIED', flags: '--direction=INGRESS --action=DENY --rules=all --source-ranges=' },
  EGRESS: {
    rule: 'implied-allow-egress',
    disposition: 'ALLOWED',
    flags: '--direction=EGRESS --action=ALLOW --rules=all --destination-ranges=',
  },
} as const;
type Direction = keyof typeof IMPLIED;
const ANY = { IPv4: '0.0.0.0/0', IPv6: '::/0' } as const;
type Family = keyof typeof ANY;

/** VPC firewall rules: which of them log the connections that they decide. https://cloud.google.com/firewall/docs/firewall-rules-logging */
export const firewallRules: Collector = {
  id: 'firewall-rules',
  provider: 'gcp',
  service: 'VPC firewall',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    'compute:firewalls.list': {
      permission: 'compute.firewalls.list',
      pages: PAGES,
      url: `${COMPUTE}/projects/{project}/global/firewalls`,
      why: 'which firewall rules there are, and which of them log',
      per: 'account',
    },
  },
  doc: 'https://cloud.google.com/firewall/docs/firewall-rules-logging',
  async collect(cell) {
    if (cell.account.includes('/')) return;
    await cell.ask('compute:firewalls.list', { project: cell.account, maxResults: 500 });
  },
  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const networks = networksOf(evidence, project.id);
      const rules = listOf(evidence, 'compute:firewalls.list', Firewalls, project.id);
      if (!noteList(paths, [SOURCE], project, networks, 'Compute Engine')) continue;
      const scope = { provider: 'gcp' as const, account: project.account };
      if (rules.unknown) paths.blind({ sources: [SOURCE], scope, unknowns: [rules.unknown], evidence: rules.ids });
      for (const network of networks.items) {
        const inside = rules.items.filter((rule) => nameOf(evidence, rule.network) === network.id);
        addEmitter(evidence, paths, project, network, inside, rules.unknown === undefined, [...networks.ids, ...rules.ids]);
      }
    }
  },
};

function addEmitter(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  network: Network,
  rules: readonly Firewall[],
  whole: boolean,
  ids: readonly number[],
): void {
  const decided = rules.flatMap((rule) => classesOf(project, network, rule));
  // Only of a whole list it can be said what no rule decides.
  const implied = whole ? impliedIn(evidence, project, network, rules) : [];
  const universe = [...decided.map((one) => one.events), ...implied.map((one) => one.events)];
  if (universe.length === 0) return;
  const scope = { provider: 'gcp' as const, account: project.account, resource: network.id };
  const base = { fix: (lost: Event) => fixOf(project, network, lost), latency: 10, evidence: ids };
  const logging = decided.filter((one) => one.rule.logConfig?.enable);
  const plain = logging.filter((one) => one.rule.logConfig?.metadata === 'EXCLUDE_ALL_METADATA');
  const full = logging.filter((one) => !plain.includes(one));
  const id = `${SOURCE}|${network.id}`;
  const label = `firewall rules of network ${network.name} that log`;
  const taps: Edge[] = network.legacy
    ? [
        offTap(project.id, {
          id: `${id}|legacy`,
          label: `firewall rules of ${network.name}`,
          why: 'rules of legacy networks cannot log',
          evidence: ids,
        }),
      ]
    : [
        toRouter(project.id, { ...base, id, label, takes: full.map((one) => one.events) }),
        ...(plain.length > 0
          ? [
              toRouter(project.id, {
                ...base,
                id: `${id}|base`,
                label: `${label} (without metadata)`,
                takes: plain.map((one) => one.events),
                fields: BASE,
              }),
            ]
          : []),
        ...implied.flatMap((one) =>
          one.unknowns.length === 0
            ? []
            : [
                unseenTap(project.id, {
                  id: `${id}|${one.name}`,
                  label: `rules that may decide before ${one.name}`,
                  mayPass: [one.events],
                  unknowns: one.unknowns,
                }),
              ],
        ),
      ];
  paths.emitter({ id, sources: [SOURCE], scope, name: network.name, universe, taps, evidence: ids });
}

/** The connections that an enforced rule decides and that can be logged. */
function classesOf(project: GcpContainer, network: Network, rule: Firewall): readonly { rule: Firewall; events: EventClass }[] {
  const denies = rule.denied.length > 0;
  const protocols = loggable((denies ? rule.denied : rule.allowed).map((one) => one.IPProtocol));
  if (rule.disabled || protocols.length === 0) return [];
  return selectorOf({
    ...entryOf(project, network),
    'rule_details.reference': { equals: [`network:${network.name}/firewall:${rule.name}`] },
    'rule_details.direction': { equals: [rule.direction] },
    disposition: { equals: [denies ? 'DENIED' : 'ALLOWED'] },
    'connection.protocol': { equals: [...protocols] },
  }).map((events) => ({ rule, events }));
}

function entryOf(project: GcpContainer, network: Network) {
  return {
    resource: { equals: [network.id] },
    logName: { equals: [`${project.id}/logs/compute.googleapis.com%2Ffirewall`] },
    'resource.labels.project_id': { equals: [project.account] },
  };
}

/** What is left to the implied rules of a network, and why it may not be. */
function impliedIn(
  evidence: EvidenceView,
  project: GcpContainer,
  network: Network,
  rules: readonly Firewall[],
): readonly { readonly name: string; readonly events: EventClass; readonly unknowns: readonly Unknown[] }[] {
  const over = policiesOver(evidence, project, network.id);
  const subnets = subnetsIn(evidence, project.id);
  const dual = subnets.items.some((one) => nameOf(evidence, one.network) === network.id && (one.stackType ?? 'IPV4_ONLY') !== 'IPV4_ONLY');
  return (['INGRESS', 'EGRESS'] as const).flatMap((direction) =>
    (['IPv4', 'IPv6'] as const).flatMap((family) => {
      if (family === 'IPv6' && !dual && subnets.unknown === undefined) return [];
      if (rules.some((rule) => takesAll(rule, direction, family))) return [];
      if (over.policies.some((policy) => catchesAll(policy, direction, ANY[family]))) return [];
      const name = `${IMPLIED[direction].rule}${family === 'IPv6' ? '-ipv6' : ''}`;
      return selectorOf({
        ...entryOf(project, network),
        'rule_details.reference': { equals: [`network:${network.name}/${name}`] },
        'rule_details.direction': { equals: [direction] },
        disposition: { equals: [IMPLIED[direction].disposition] },
      }).map((events) => ({
        name,
        events,
        unknowns: [...over.unknowns, ...(family === 'IPv6' && !dual && subnets.unknown ? [subnets.unknown] : [])],
      }));
    }),
  );
}

/** Whether a rule decides every connection of a direction, so that nothing is left to the implied one. */
function takesAll(rule: Firewall, direction: Direction, family: Family): boolean {
  const ranges = direction === 'INGRESS' ? rule.sourceRanges : rule.destinationRanges;
  const narrowing = [rule.targetTags, rule.targetServiceAccounts, rule.sourceTags, rule.sourceServiceAccounts];
  const others = direction === 'INGRESS' ? rule.destinationRanges : rule.sourceRanges;
  return (
    !rule.disabled &&
    rule.direction === direction &&
    narrowing.every((one) => one.length === 0) &&
    others.length === 0 &&
    (ranges.includes(ANY[family]) || (ranges.length === 0 && family === 'IPv4')) &&
    [...rule.allowed, ...rule.denied].some((one) => one.IPProtocol.toLowerCase() === 'all')
  );
}

function fixOf(project: GcpContainer, network: Network, lost: Event): string {
  const [, rule] = /\/firewall:(.+)$/.exec(lost['rule_details.reference'] ?? '') ?? [];
  if (rule !== undefined) return `gcloud compute firewall-rules update ${rule} --project=${project.account} --enable-logging`;
  const { flags, rule: implied } = own(IMPLIED, lost['rule_details.direction'] ?? '') ?? IMPLIED.INGRESS;
  const any = lost['rule_details.reference']?.endsWith('-ipv6') ? ANY.IPv6 : ANY.IPv4;
  return `gcloud compute firewall-rules create explicit-${implied.slice('implied-'.length)} --project=${project.account} --network=${network.name} ${flags}${any} --priority=65534 --enable-logging`;
}
