import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING, type Selector, selectorOf, union } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { toRouter } from './lists.ts';
import { accountOf, callsAbout, containerOf, type GcpContainer, gcpEstateOf } from './places.ts';

const SOURCE = 'gcp.access_approval';
const KINDS = ['projects', 'folders', 'organizations'] as const;

const Settings = z.object({
  enrolledServices: z.array(z.object({ cloudProduct: z.string().default('') })).default([]),
  enrolledAncestor: z.boolean().default(false),
});

/**
 * Access Approval: requests of Google's staff, which appear as they are answered in the Admin Activity log of what is enrolled. What an
 * ancestor enrols is enrolled below it.
 * https://docs.cloud.google.com/assured-workloads/access-approval/docs/overview
 */
export const accessApproval: Collector = {
  id: 'access-approval',
  provider: 'gcp',
  service: 'Access Approval',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: Object.fromEntries(
    KINDS.map((kind) => [
      `accessapproval:${kind}.getAccessApprovalSettings`,
      {
        permission: 'accessapproval.settings.get',
        url: 'GET https://accessapproval.googleapis.com/v1/{+name}',
        why: 'for which services staff of Google have to ask before they look at content',
        per: 'account' as const,
      },
    ]),
  ),
  doc: 'https://docs.cloud.google.com/assured-workloads/access-approval/docs/reference/rest/v1/projects/getAccessApprovalSettings',

  async collect(cell) {
    const container = containerOf(cell.account);
    await cell.ask(`accessapproval:${container.split('/')[0]}.getAccessApprovalSettings`, { name: `${container}/accessApprovalSettings` });
  },

  read(evidence, paths) {
    for (const container of gcpEstateOf(evidence).containers) if (container.closed === undefined) readContainer(evidence, paths, container);
  },
};

interface Enrolled {
  readonly passes: Selector;
  /** What its own settings say of its ancestors; undefined: it has none, or they were not read. */
  readonly inherits: boolean | undefined;
  readonly unknown: Unknown | undefined;
  readonly ids: readonly number[];
}

function enrolledIn(evidence: EvidenceView, container: GcpContainer): Enrolled {
  const op = `gcp/accessapproval:${container.type}s.getAccessApprovalSettings`;
  const answers = callsAbout(evidence, op, Settings, container.id);
  const answer = answers.find((one) => one.unknown === undefined) ?? answers[0];
  if (!answer) {
    const unknown = evidence.unknownOf(op, accountOf(container.id), 'NotAsked', []);
    return { passes: NOTHING, inherits: undefined, unknown, ids: [] };
  }
  // Where nothing was ever enrolled there are no settings; where the API is off nothing could be.
  if (answer.error && (answer.error.status === 404 || /^(NOT_FOUND|5|SERVICE_DISABLED)$/.test(answer.error.code)))
    return { passes: NOTHING, inherits: undefined, unknown: undefined, ids: answer.ids };
  const settings = answer.unknown ? undefined : answer.pages[0];
  const products = (settings?.enrolledServices ?? []).map((one) => one.cloudProduct).filter((one) => one !== '');
  const all = products.includes('all') || products.includes('ga-only');
  return {
    passes: all ? EVERYTHING : products.length === 0 ? NOTHING : selectorOf({ product: { equals: products } }),
    inherits: settings?.enrolledAncestor,
    unknown: answer.unknown && { ...answer.unknown, on: accountOf(container.id) },
    ids: answer.ids,
  };
}

function readContainer(evidence: EvidenceView, paths: PathsBuilder, container: GcpContainer): void {
  const ancestors = gcpEstateOf(evidence).ancestorsOf(container.id);
  const own = enrolledIn(evidence, container);
  const above = ancestors.known.map((one) => enrolledIn(evidence, one));
  const passes = union(own.passes, ...above.map((one) => one.passes));
  // Its own answer tells whether an ancestor enrols anything; which services these are, only the ancestors' tell.
  const settledAbove = own.inherits === false;
  const unknowns = [
    ...(own.unknown ? [own.unknown] : []),
    ...(settledAbove ? [] : above.flatMap((one) => (one.unknown ? [one.unknown] : []))),
    ...(settledAbove || !ancestors.unknown ? [] : [ancestors.unknown]),
  ];
  const ids = [...own.ids, ...above.flatMap((one) => one.ids)];
  const off = passes.length === 0 && unknowns.length === 0;
  const fix = `gcloud access-approval settings update --${container.type}=${container.id.split('/')[1]} --enrolled_services=all`;
  const tap: Edge = toRouter(container.id, {
    id: `${SOURCE}|${container.id}`,
    label: 'Access Approval',
    passes,
    mayPass: unknowns.length > 0 ? EVERYTHING : passes,
    unknowns,
    delivery: off ? { state: 'broken', why: `${container.account} is not enrolled in Access Approval`, fix } : { state: 'flowing' },
    latency: 60,
    fix,
    evidence: ids,
  });
  paths.emitter({
    id: `${SOURCE}|${container.id}`,
    sources: [SOURCE],
    scope: { provider: 'gcp', account: container.account },
    name: container.account,
    universe: selectorOf({ logName: { equals: [`${container.id}/logs/cloudaudit.googleapis.com%2Factivity`] } }),
    taps: [tap],
    evidence: ids,
  });
}
