import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, type Selector, selectorOf } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { aggregated, COMPUTE, listOf, nameOf, noteList, offTap, openProjects, PAGES, shortOf, toRouter, unseenTap } from './lists.ts';
import type { GcpContainer } from './places.ts';

const SOURCE = 'gcp.nat';
const CALL = 'compute:routers.aggregatedList';

const Nat = z.object({
  name: z.string(),
  logConfig: z.object({ enable: z.boolean().default(false), filter: z.string().optional() }).optional(),
});
const Router = z.object({
  name: z.string(),
  selfLink: z.string().optional(),
  region: z.string().default(''),
  nats: z.array(Nat).default([]),
});
const Routers = aggregated('routers', Router);

/** Cloud NAT: translations that were made, and packets that were dropped for want of a port. https://cloud.google.com/nat/docs/monitoring */
export const nat: Collector = {
  id: 'nat',
  provider: 'gcp',
  service: 'Cloud NAT',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [CALL]: {
      permission: 'compute.routers.list',
      pages: PAGES,
      url: `${COMPUTE}/projects/{project}/aggregated/routers`,
      why: 'which NAT gateways there are, and what each of them logs',
      per: 'account',
    },
  },
  doc: 'https://cloud.google.com/nat/docs/monitoring',
  async collect(cell) {
    if (cell.account.includes('/')) return;
    await cell.ask(CALL, { project: cell.account, maxResults: 500, returnPartialSuccess: true });
  },
  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const routers = listOf(evidence, CALL, Routers, project.id);
      if (!noteList(paths, [SOURCE], project, routers, 'Compute Engine')) continue;
      for (const router of routers.items) for (const one of router.nats) readGateway(evidence, paths, project, router, one, routers.ids);
    }
  },
};

function readGateway(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  router: z.infer<typeof Router>,
  gateway: z.infer<typeof Nat>,
  ids: readonly number[],
): void {
  const region = shortOf(router.region);
  const parent =
    router.selfLink === undefined ? `${project.id}/regions/${region}/routers/${router.name}` : nameOf(evidence, router.selfLink);
  const id = `${parent}/nats/${gateway.name}`;
  const scope = { provider: 'gcp' as const, account: project.account, ...(region === '' ? {} : { region }), resource: id };
  paths.resource({ type: 'gcp.nat', id, scope, evidence: ids });
  paths.emitter({
    id: `${SOURCE}|${id}`,
    sources: [SOURCE],
    scope,
    name: gateway.name,
    universe: selectorOf({
      resource: { equals: [id] },
      allocation_status: { equals: ['OK', 'DROPPED'] },
      logName: { equals: [`${project.id}/logs/compute.googleapis.com%2Fnat_flows`] },
      'resource.labels.project_id': { equals: [project.account] },
      'resource.labels.gateway_name': { equals: [gateway.name] },
    }),
    taps: [tapOf(evidence, project, gateway, id, region, router.name, ids)],
    evidence: ids,
  });
}

/** Left out, the filter takes both. */
const TAKEN: Readonly<Record<string, Selector>> = {
  ALL: EVERYTHING,
  ERRORS_ONLY: selectorOf({ allocation_status: { equals: ['DROPPED'] } }),
  TRANSLATIONS_ONLY: selectorOf({ allocation_status: { equals: ['OK'] } }),
};

function tapOf(
  evidence: EvidenceView,
  project: GcpContainer,
  { name, logConfig }: z.infer<typeof Nat>,
  id: string,
  region: string,
  router: string,
  ids: readonly number[],
): Edge {
  const fix = `gcloud compute routers nats update ${name} --router=${router} --region=${region} --project=${project.account} --enable-logging --log-filter=ALL`;
  const label = `logs of NAT gateway ${name}`;
  if (!logConfig?.enable)
    return offTap(project.id, { id: `${SOURCE}|${id}|off`, label, why: 'logConfig.enable is not set', fix, evidence: ids });
  const filter = logConfig.filter ?? 'ALL';
  const takes = Object.hasOwn(TAKEN, filter) ? TAKEN[filter] : undefined;
  if (!takes)
    return unseenTap(project.id, {
      id: `${SOURCE}|${id}|${filter}`,
      label,
      unknowns: [evidence.unknownOf(`gcp/${CALL}`, `filter ${filter} of ${name}`, 'NotUnderstood', ids)],
    });
  return toRouter(project.id, {
    id: `${SOURCE}|${id}`,
    label: takes === EVERYTHING ? label : `${label} (filter ${filter})`,
    takes,
    fix,
    latency: 60,
    evidence: ids,
  });
}
