import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { PAGES, toRouter } from './lists.ts';
import { callsAbout, containerOf, type GcpContainer, gcpEstateOf } from './places.ts';

const SOURCE = 'gcp.access_transparency';
const LOG = 'cloudaudit.googleapis.com%2Faccess_transparency';

export const LogNames = z.object({ logNames: z.array(z.string()).default([]) });

const KINDS = ['projects', 'folders', 'organizations'] as const;

/**
 * Access Transparency: no API tells whether an organization has switched it on, but its log is listed where it holds entries. It is switched on for
 * the whole organization.
 * https://docs.cloud.google.com/assured-workloads/access-transparency/docs/overview
 */
export const accessTransparency: Collector = {
  id: 'access-transparency',
  provider: 'gcp',
  service: 'Access Transparency',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: Object.fromEntries(
    KINDS.map((kind) => [
      `logging:${kind}.logs.list`,
      {
        permission: 'logging.logs.list',
        url: 'GET https://logging.googleapis.com/v2/{+parent}/logs',
        pages: PAGES,
        why: 'the names of logs that hold entries: that of Access Transparency shows that it is on',
        per: 'account' as const,
      },
    ]),
  ),
  doc: 'https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/logs/list',

  async collect(cell) {
    const parent = containerOf(cell.account);
    await cell.ask(`logging:${parent.split('/')[0]}.logs.list`, { parent, pageSize: 1000 });
  },

  read(evidence, paths) {
    const estate = gcpEstateOf(evidence);
    const shown = new Map<string, readonly number[]>();
    for (const container of estate.containers) {
      const ids = showing(evidence, container);
      const top = topOf(evidence, container);
      if (ids.length > 0 && top !== undefined && !shown.has(top)) shown.set(top, ids);
    }
    for (const container of estate.containers) {
      const ids = shown.get(topOf(evidence, container) ?? '');
      if (!ids || container.closed !== undefined) continue;
      paths.tap(
        `gcp access transparency ${container.id}`,
        toRouter(container.id, {
          id: `gcp access transparency shown ${container.id}`,
          label: 'Access Transparency, which has written entries',
          latency: 12 * 3600,
          evidence: ids,
        }),
      );
    }
  },
};

/** The answers that name the log. */
function showing(evidence: EvidenceView, container: GcpContainer): readonly number[] {
  return callsAbout(evidence, `gcp/logging:${container.type}s.logs.list`, LogNames, container.id).flatMap((answer) =>
    answer.pages.some((page) => page.logNames.some((name) => name.endsWith(`/logs/${LOG}`))) ? answer.ids : [],
  );
}

/** The organization that a container belongs to, where that is known. */
function topOf(evidence: EvidenceView, container: GcpContainer): string | undefined {
  const all = [container, ...gcpEstateOf(evidence).ancestorsOf(container.id).known];
  return all.find((one) => one.type === 'organization')?.id;
}
