import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { selectorOf } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { type Listing, listed, listOf, nameOf, noteList, offTap, openProjects, PAGES, toRouter, unseenTap } from './lists.ts';
import { type Network, networksOf } from './networks.ts';
import type { GcpContainer } from './places.ts';

const SOURCE = 'gcp.dns.query';
const CALL = 'dns:policies.list';

const Policy = z.object({
  name: z.string(),
  enableLogging: z.boolean().default(false),
  networks: z.array(z.object({ networkUrl: z.string().default('') })).default([]),
});
type Policy = z.infer<typeof Policy>;
const Policies = listed('policies', Policy);

/** DNS server policies: whether queries from a network are logged. A network is bound to one policy at most. https://cloud.google.com/dns/docs/monitoring */
export const dnsPolicies: Collector = {
  id: 'dns-policies',
  provider: 'gcp',
  service: 'Cloud DNS',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [CALL]: {
      permission: 'dns.policies.list',
      pages: PAGES,
      url: 'GET https://dns.googleapis.com/dns/v1/projects/{project}/policies',
      why: 'which networks have their DNS queries logged',
      per: 'account',
    },
  },
  doc: 'https://cloud.google.com/dns/docs/monitoring',
  async collect(cell) {
    if (cell.account.includes('/')) return;
    await cell.ask(CALL, { project: cell.account, maxResults: 100 });
  },
  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const networks = networksOf(evidence, project.id);
      const policies = listOf(evidence, CALL, Policies, project.id);
      if (!noteList(paths, [SOURCE], project, networks, 'Compute Engine')) continue;
      for (const network of networks.items) readNetwork(evidence, paths, project, network, policies, networks.ids);
    }
  },
};

function readNetwork(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  network: Network,
  policies: Listing<Policy>,
  listedBy: readonly number[],
): void {
  const ids = [...listedBy, ...policies.ids];
  const id = `${SOURCE}|${network.id}`;
  const bound = policies.items.filter((policy) => policy.networks.some((one) => nameOf(evidence, one.networkUrl) === network.id));
  paths.emitter({
    id,
    sources: [SOURCE],
    scope: { provider: 'gcp', account: project.account, resource: network.id },
    name: network.name,
    universe: selectorOf({
      resource: { equals: [network.id] },
      sourceNetwork: { equals: [network.name] },
      logName: { equals: [`${project.id}/logs/dns.googleapis.com%2Fdns_queries`] },
      'resource.labels.project_id': { equals: [project.account] },
    }),
    taps: [tapOf(project, network, bound, policies, id, ids)],
    evidence: ids,
  });
}

function tapOf(
  project: GcpContainer,
  network: Network,
  bound: readonly Policy[],
  policies: Listing<Policy>,
  id: string,
  evidence: readonly number[],
): Edge {
  const [logging] = bound.filter((policy) => policy.enableLogging);
  if (logging) return toRouter(project.id, { id, label: `DNS policy ${logging.name}`, latency: 60, evidence });
  const [first] = bound;
  if (first)
    return offTap(project.id, {
      id: `${id}|off`,
      label: `DNS policy ${first.name}`,
      why: 'enableLogging is not set',
      fix: `gcloud dns policies update ${first.name} --project=${project.account} --enable-logging`,
      evidence,
    });
  if (policies.unknown)
    return unseenTap(project.id, { id: `${id}|unseen`, label: 'DNS policies that were not listed', unknowns: [policies.unknown] });
  return offTap(project.id, {
    id: `${id}|none`,
    label: `DNS policies of ${project.account}`,
    why: policies.off ? 'the Cloud DNS API is switched off, so there is none' : `network ${network.name} is bound to none`,
    fix: `gcloud dns policies create log-${network.name} --project=${project.account} --networks=${network.name} --enable-logging --description="Query logging"`,
    evidence,
  });
}
