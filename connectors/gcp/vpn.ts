import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { selectorOf } from '../../src/events/classes.ts';
import { aggregated, COMPUTE, listOf, nameOf, noteList, openProjects, PAGES, shortOf, toRouter } from './lists.ts';

const SOURCE = 'gcp.vpn_interconnect';
const CALL = 'compute:vpnTunnels.aggregatedList';

const Tunnel = z.object({ name: z.string(), selfLink: z.string().optional(), region: z.string().default('') });
const Tunnels = aggregated('vpnTunnels', Tunnel);

/** Cloud VPN tunnels: their key exchange is logged always; where it goes, the router decides. https://cloud.google.com/network-connectivity/docs/vpn/how-to/viewing-logs-metrics */
export const vpn: Collector = {
  id: 'vpn',
  provider: 'gcp',
  service: 'Cloud VPN',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [CALL]: {
      permission: 'compute.vpnTunnels.list',
      pages: PAGES,
      url: `${COMPUTE}/projects/{project}/aggregated/vpnTunnels`,
      why: 'which VPN tunnels there are',
      per: 'account',
    },
  },
  doc: 'https://cloud.google.com/network-connectivity/docs/vpn/how-to/viewing-logs-metrics',
  async collect(cell) {
    if (cell.account.includes('/')) return;
    await cell.ask(CALL, { project: cell.account, maxResults: 500, returnPartialSuccess: true });
  },
  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const tunnels = listOf(evidence, CALL, Tunnels, project.id);
      if (!noteList(paths, [SOURCE], project, tunnels, 'Compute Engine')) continue;
      for (const tunnel of tunnels.items) {
        const region = shortOf(tunnel.region);
        const id =
          tunnel.selfLink === undefined ? `${project.id}/regions/${region}/vpnTunnels/${tunnel.name}` : nameOf(evidence, tunnel.selfLink);
        const scope = { provider: 'gcp' as const, account: project.account, ...(region === '' ? {} : { region }), resource: id };
        paths.resource({ type: 'gcp.vpn', id, scope, evidence: tunnels.ids });
        paths.emitter({
          id: `${SOURCE}|${id}`,
          sources: [SOURCE],
          scope,
          name: tunnel.name,
          universe: selectorOf({
            resource: { equals: [id] },
            logName: { equals: [`${project.id}/logs/cloud.googleapis.com%2Fipsec_events`] },
            'resource.labels.project_id': { equals: [project.account] },
          }),
          taps: [
            toRouter(project.id, {
              id: `${SOURCE}|${id}`,
              label: `events of VPN tunnel ${tunnel.name}`,
              latency: 60,
              evidence: tunnels.ids,
            }),
          ],
          evidence: tunnels.ids,
        });
      }
    }
  },
};
