import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { type Selector, selectorOf } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { type Listing, listed, listOf, nameOf, noteList, offTap, openProjects, PAGES, shortOf, unseenTap } from './lists.ts';
import { type Network, networksOf } from './networks.ts';
import { type GcpContainer, gcpEstateOf } from './places.ts';

const SOURCE = 'gcp.ngfw.threat';
const ASSOCIATIONS = 'networksecurity:projects.locations.firewallEndpointAssociations.list';
const ENDPOINTS = 'networksecurity:organizations.locations.firewallEndpoints.list';
const IDS = 'ids:projects.locations.endpoints.list';

const Association = z.object({
  name: z.string().default(''),
  state: z.string().default('STATE_UNSPECIFIED'),
  network: z.string().default(''),
  firewallEndpoint: z.string().default(''),
  disabled: z.boolean().default(false),
});
const Associations = listed('firewallEndpointAssociations', Association);
const Endpoint = z.object({ name: z.string().default(''), state: z.string().default('STATE_UNSPECIFIED') });
const Endpoints = listed('firewallEndpoints', Endpoint);
const IdsEndpoint = z.object({
  name: z.string().default(''),
  network: z.string().default(''),
  state: z.string().default('STATE_UNSPECIFIED'),
  severity: z.string().default('SEVERITY_UNSPECIFIED'),
});
const IdsEndpoints = listed('endpoints', IdsEndpoint);

const INSPECTED = 'networksecurity.googleapis.com%2Ffirewall_threat';
const MIRRORED = 'ids.googleapis.com%2Fthreat';
const SEVERITIES = ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];
const GONE = new Set(['DELETING', 'INACTIVE', 'ORPHAN']);

/**
 * Threats that Cloud NGFW finds in what its firewall endpoints inspect, and Cloud IDS in what is mirrored to its endpoints.
 * https://cloud.google.com/firewall/docs/threat_logs and https://cloud.google.com/intrusion-detection-system/docs/logging
 */
export const threatLogs: Collector = {
  id: 'threat-logs',
  provider: 'gcp',
  service: 'Cloud NGFW and Cloud IDS',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [ASSOCIATIONS]: {
      permission: 'networksecurity.firewallEndpointAssociations.list',
      pages: PAGES,
      url: 'GET https://networksecurity.googleapis.com/v1/{+parent}/firewallEndpointAssociations',
      why: 'in which zones traffic of a network may be inspected',
      per: 'account',
    },
    [ENDPOINTS]: {
      permission: 'networksecurity.firewallEndpoints.list',
      pages: PAGES,
      url: 'GET https://networksecurity.googleapis.com/v1/{+parent}/firewallEndpoints',
      why: 'whether the endpoints that inspect are active',
      per: 'account',
    },
    [IDS]: {
      permission: 'ids.endpoints.list',
      pages: PAGES,
      url: 'GET https://ids.googleapis.com/v1/{+parent}/endpoints',
      why: 'Cloud IDS endpoints, and the severity from which they report',
      per: 'account',
    },
  },
  doc: 'https://cloud.google.com/firewall/docs/threat_logs',
  async collect(cell) {
    if (cell.account.startsWith('folders/')) return;
    if (cell.account.includes('/')) {
      await cell.ask(ENDPOINTS, { parent: `${cell.account}/locations/-` });
      return;
    }
    const parent = `projects/${cell.account}/locations/-`;
    await Promise.all([cell.ask(ASSOCIATIONS, { parent }), cell.ask(IDS, { parent })]);
  },
  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const networks = networksOf(evidence, project.id);
      if (!noteList(paths, [SOURCE], project, networks, 'Compute Engine')) continue;
      const associations = listOf(evidence, ASSOCIATIONS, Associations, project.id);
      const ids = listOf(evidence, IDS, IdsEndpoints, project.id);
      for (const network of networks.items) readNetwork(evidence, paths, project, network, associations, ids, networks.ids);
    }
  },
};

function readNetwork(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  network: Network,
  associations: Listing<z.infer<typeof Association>>,
  ids: Listing<z.infer<typeof IdsEndpoint>>,
  listedBy: readonly number[],
): void {
  const id = `${SOURCE}|${network.id}`;
  const all = [...listedBy, ...associations.ids, ...ids.ids];
  const unread = [associations.unknown, ids.unknown].filter((one) => one !== undefined);
  const taps: Edge[] = [
    ...associations.items
      .filter((one) => nameOf(evidence, one.network) === network.id)
      .map((one) => inspected(evidence, project, one, id, associations.ids)),
    ...ids.items.filter((one) => nameOf(evidence, one.network) === network.id).map((one) => mirrored(project, one, id, ids.ids)),
    ...unread.map((unknown) =>
      unseenTap(project.id, {
        id: `${id}|${unknown.call}`,
        label: `endpoints of ${network.name} that were not listed`,
        unknowns: [unknown],
      }),
    ),
  ];
  const none = offTap(project.id, {
    id: `${id}|none`,
    label: `threat logs of network ${network.name}`,
    why: 'no firewall endpoint and no Cloud IDS endpoint is there for it',
    fix: `gcloud ids endpoints create <name> --project=${project.account} --network=${network.name} --zone=<zone> --severity=INFORMATIONAL`,
    evidence: all,
  });
  // Each detector has a log of its own; where there is none, either could be.
  const there = (list: Listing<{ readonly network: string }>) =>
    list.unknown !== undefined || list.items.some((one) => nameOf(evidence, one.network) === network.id);
  const logs = [...(there(associations) ? [INSPECTED] : []), ...(there(ids) ? [MIRRORED] : [])];
  paths.emitter({
    id,
    sources: [SOURCE],
    scope: { provider: 'gcp', account: project.account, resource: network.id },
    name: network.name,
    universe: selectorOf({
      resource: { equals: [network.id] },
      'resource.labels.project_id': { equals: [project.account] },
      logName: { equals: (logs.length > 0 ? logs : [INSPECTED, MIRRORED]).map((log) => `${project.id}/logs/${log}`) },
    }),
    taps: taps.length > 0 ? taps : [none],
    evidence: all,
  });
}

/** What of the traffic in a zone is inspected, rules of firewall policies decide: none for certain. */
function inspected(
  evidence: EvidenceView,
  project: GcpContainer,
  one: z.infer<typeof Association>,
  id: string,
  ids: readonly number[],
): Edge {
  const label = `firewall endpoint association ${shortOf(one.name)}`;
  const endpoint = endpointOf(evidence, one.firewallEndpoint);
  const off = (why: string) => offTap(project.id, { id: `${id}|${one.name}`, label, why, evidence: ids });
  if (one.disabled) return off('it is disabled');
  if (GONE.has(one.state)) return off(`its state is ${one.state}`);
  if (endpoint !== undefined && GONE.has(endpoint)) return off(`the state of its endpoint is ${endpoint}`);
  return inPart(project, id, label, one.name, selectorOf({ logName: { equals: [`${project.id}/logs/${INSPECTED}`] } }), {
    call: 'compute:networkFirewallPolicies.aggregatedList',
    permission: 'a look at which rules apply a security profile group, and at the zones of the machines',
    on: shortOf(one.name),
    code: 'InspectionNotSettled',
    evidence: [...ids],
  });
}

/** Alerts below the endpoint's severity are lost; which traffic is mirrored to it, packet mirroring policies decide. */
function mirrored(project: GcpContainer, one: z.infer<typeof IdsEndpoint>, id: string, ids: readonly number[]): Edge {
  const label = `Cloud IDS endpoint ${shortOf(one.name)}`;
  if (one.state === 'DELETING')
    return offTap(project.id, { id: `${id}|${one.name}`, label, why: `its state is ${one.state}`, evidence: ids });
  const floor = SEVERITIES.indexOf(one.severity);
  const events = selectorOf({
    logName: { equals: [`${project.id}/logs/${MIRRORED}`] },
    ...(floor > 0 ? { alert_severity: { equals: SEVERITIES.slice(floor) } } : {}),
  });
  return inPart(project, id, floor > 0 ? `${label} (from ${one.severity})` : label, one.name, events, {
    call: 'compute:packetMirrorings.aggregatedList',
    permission: 'a look at which traffic is mirrored to it',
    on: shortOf(one.name),
    code: 'MirroringNotSettled',
    evidence: [...ids],
  });
}

function inPart(
  project: GcpContainer,
  id: string,
  label: string,
  name: string,
  mayPass: Selector,
  unknown: Parameters<typeof unseenTap>[1]['unknowns'][number],
): Edge {
  return unseenTap(project.id, { id: `${id}|${name}`, label, mayPass, unknowns: [unknown] });
}

/** The state of an organization's endpoint, where it was listed. */
function endpointOf(evidence: EvidenceView, link: string): string | undefined {
  const name = link.replace(/^(?:https?:)?\/\/[^/]+\/(?:v\w+\/)?/, '');
  const [, organization] = /^(organizations\/[^/]+)\//.exec(name) ?? [];
  if (organization === undefined || !gcpEstateOf(evidence).find(organization)) return undefined;
  return listOf(evidence, ENDPOINTS, Endpoints, organization).items.find((one) => one.name === name)?.state;
}
