import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { selectorOf } from '../../src/events/classes.ts';
import { listed, listOf, noteList, offTap, openProjects, PAGES, toRouter } from './lists.ts';

const SOURCE = 'gcp.dns.publiczone';
const CALL = 'dns:managedZones.list';

const Zone = z.object({
  name: z.string(),
  dnsName: z.string().default(''),
  visibility: z.string().default('public'),
  cloudLoggingConfig: z.object({ enableLogging: z.boolean().default(false) }).optional(),
});
const Zones = listed('managedZones', Zone);

/** Public DNS zones: whether queries from the internet are logged. Queries to private zones are logged by network. https://cloud.google.com/dns/docs/monitoring */
export const dnsZones: Collector = {
  id: 'dns-zones',
  provider: 'gcp',
  service: 'Cloud DNS',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [CALL]: {
      permission: 'dns.managedZones.list',
      pages: PAGES,
      url: 'GET https://dns.googleapis.com/dns/v1/projects/{project}/managedZones',
      why: 'which public zones there are, and whether queries to them are logged',
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
      const zones = listOf(evidence, CALL, Zones, project.id);
      if (!noteList(paths, [SOURCE], project, zones, 'Cloud DNS')) continue;
      for (const zone of zones.items) {
        const id = `${project.id}/managedZones/${zone.name}`;
        const scope = { provider: 'gcp' as const, account: project.account, resource: id };
        paths.resource({ type: 'gcp.dns.zone', id, scope, evidence: zones.ids });
        if (zone.visibility.toLowerCase() !== 'public') continue;
        const label = `query logs of zone ${zone.name}`;
        const fix = `gcloud dns managed-zones update ${zone.name} --project=${project.account} --log-dns-queries`;
        const tap = { id: `${SOURCE}|${id}`, label, fix, evidence: zones.ids };
        paths.emitter({
          id: `${SOURCE}|${id}`,
          sources: [SOURCE],
          scope,
          name: zone.name,
          universe: selectorOf({
            resource: { equals: [id] },
            logName: { equals: [`${project.id}/logs/dns.googleapis.com%2Fdns_queries`] },
            'resource.labels.project_id': { equals: [project.account] },
            'resource.labels.target_name': { equals: [zone.name] },
          }),
          taps: [
            zone.cloudLoggingConfig?.enableLogging
              ? toRouter(project.id, { ...tap, latency: 60 })
              : offTap(project.id, { ...tap, why: 'cloudLoggingConfig.enableLogging is not set' }),
          ],
          evidence: zones.ids,
        });
      }
    }
  },
};
