import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { COMPUTE, type Listing, listed, listOf, nameOf, openProjects, PAGES } from './lists.ts';
import { callsAbout, type GcpContainer } from './places.ts';

const Network = z.object({
  name: z.string(),
  selfLink: z.string().optional(),
  IPv4Range: z.string().optional(),
  subnetworks: z.array(z.string()).default([]),
});
const NetworkList = listed('items', Network);
const Host = z.object({ name: z.string().optional() });

const HOST = 'compute:projects.getXpnHost';
/** Logs of networks, which are in the project that owns the network. */
const OF_NETWORKS = ['gcp.vpc.flowlogs', 'gcp.firewall.rules', 'gcp.firewall.policy', 'gcp.dns.query', 'gcp.ngfw.threat'];

/** A VPC network. `id` is `projects/card-vault/global/networks/core`. */
export interface Network {
  readonly id: string;
  readonly name: string;
  /** It has one range and no subnets, and supports none of the logs of networks. */
  readonly legacy: boolean;
  readonly subnets: number;
}

/** VPC networks: what should be logged. https://cloud.google.com/compute/docs/reference/rest/v1/networks/list */
export const networks: Collector = {
  id: 'networks',
  provider: 'gcp',
  service: 'VPC',
  informs: [],
  runs: 'account',
  phase: 'sources',
  calls: {
    'compute:networks.list': {
      permission: 'compute.networks.list',
      pages: PAGES,
      url: `${COMPUTE}/projects/{project}/global/networks`,
      why: 'the networks that should be logged',
      per: 'account',
    },
    [HOST]: {
      permission: 'compute.projects.get',
      url: `${COMPUTE}/projects/{project}/getXpnHost`,
      why: 'whose networks the project uses, where they are shared with it',
      per: 'account',
    },
  },
  doc: 'https://cloud.google.com/compute/docs/reference/rest/v1/networks/list',
  async collect(cell) {
    if (cell.account.includes('/')) return;
    const answer = await cell.ask('compute:networks.list', { project: cell.account, maxResults: 500 });
    if (answer.ok || answer.error.code !== 'SERVICE_DISABLED') await cell.ask(HOST, { project: cell.account });
  },
  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      noteHost(evidence, paths, project);
      const list = networksOf(evidence, project.id);
      for (const { id } of list.items)
        paths.resource({
          type: 'gcp.compute.network',
          id,
          scope: { provider: 'gcp', account: project.account, resource: id },
          evidence: list.ids,
        });
    }
  },
};

/** Machines in a network that another project shares are logged there. https://cloud.google.com/vpc/docs/shared-vpc */
function noteHost(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer): void {
  const answers = callsAbout(evidence, `gcp/${HOST}`, Host, project.id);
  for (const { pages, ids } of answers) {
    const host = pages[0]?.name;
    if (!host) continue;
    for (const source of OF_NETWORKS)
      paths.emitter({
        id: `${source}|${project.id}|shared`,
        sources: [source],
        scope: { provider: 'gcp', account: project.account },
        name: `networks of ${host}`,
        universe: EVERYTHING,
        taps: [],
        evidence: ids,
        notApplicable: `machines of ${project.account} are in networks that ${host} shares with it: what they do is logged in ${host}, and judged there`,
      });
  }
}

/** The networks that a project owns. Those that other projects share with it are theirs, and so are their logs. */
export function networksOf(evidence: EvidenceView, project: string): Listing<Network> {
  const list = listOf(evidence, 'compute:networks.list', NetworkList, project);
  return {
    ...list,
    items: list.items.map((one) => ({
      id: one.selfLink === undefined ? `${project}/global/networks/${one.name}` : nameOf(evidence, one.selfLink),
      name: one.name,
      legacy: one.IPv4Range !== undefined && one.subnetworks.length === 0,
      subnets: one.subnetworks.length,
    })),
  };
}
