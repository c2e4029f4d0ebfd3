import { z } from 'zod';
import { EVERYTHING, NOTHING, type Selector } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { callsAbout, type GcpContainer, gcpEstateOf, routerId } from './places.ts';

/** One page of a list: what it holds, and the places that did not answer for it. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly unreached: readonly string[];
}

const Warning = z.object({ code: z.string().default('') });
const Locations = z.array(z.string()).default([]);

/**
 * A list per region or zone, as Compute Engine answers it. A place with nothing in it has a warning of its own; any other warning says that the
 * place did not answer. https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks/aggregatedList
 */
export function aggregated<Item>(key: string, item: z.ZodType<Item>): z.ZodType<ListPage<Item>> {
  return z
    .object({
      items: z.record(z.string(), z.looseObject({ warning: Warning.optional() })).default({}),
      unreachables: Locations,
      warning: Warning.optional(),
    })
    .transform((page, context) => {
      const list = z.array(item).safeParse(Object.values(page.items).flatMap((one) => (Array.isArray(one[key]) ? one[key] : [])));
      if (!list.success) context.addIssue({ code: 'custom', message: list.error.issues[0]?.message ?? 'not as expected', path: [key] });
      const failed = Object.entries(page.items).flatMap(([place, { warning }]) => (isHole(warning) ? [place] : []));
      const unreached = [...failed, ...page.unreachables, ...(isHole(page.warning) ? [page.warning?.code ?? ''] : [])];
      return { items: list.data ?? [], unreached: [...new Set(unreached)] };
    });
}

/** A plain list. `key` is the name of its items; locations that did not answer are named beside them. */
export function listed<Item>(key: string, item: z.ZodType<Item>): z.ZodType<ListPage<Item>> {
  return z.looseObject({ [key]: z.array(item).default([]), unreachable: Locations, warning: Warning.optional() }).transform((page) => ({
    items: page[key] as unknown as readonly Item[],
    unreached: [
      ...(page.unreachable as readonly string[]),
      ...(isHole(page.warning as { code: string } | undefined) ? [(page.warning as { code: string }).code] : []),
    ],
  }));
}

function isHole(warning: { readonly code: string } | undefined): boolean {
  return warning !== undefined && warning.code !== 'NO_RESULTS_ON_PAGE';
}

export interface Listing<Item> {
  readonly items: readonly Item[];
  readonly ids: readonly number[];
  /** Why there may be more. */
  readonly unknown: Unknown | undefined;
  /** The API is switched off in the project: nothing of it exists there. */
  readonly off: boolean;
}

/** A list of everything of one kind in a container; of several such calls the newest counts, and those with a filter do not. */
export function listOf<Item>(evidence: EvidenceView, call: string, shape: z.ZodType<ListPage<Item>>, container: string): Listing<Item> {
  const op = `gcp/${call}`;
  const whole = callsAbout(evidence, op, shape, container).filter(({ args }) => args.filter === undefined);
  const newest = whole.reduce<(typeof whole)[number] | undefined>((a, b) => (a && (a.at ?? '') > (b.at ?? '') ? a : b), undefined);
  const on = container.startsWith('projects/') ? container.slice('projects/'.length) : container;
  if (!newest) return { items: [], ids: [], unknown: evidence.unknownOf(op, on, 'NotAsked', []), off: false };
  const off = newest.error?.code === 'SERVICE_DISABLED' && newest.pages.length === 0;
  const unreached = newest.pages.flatMap((page) => page.unreached);
  const hole =
    unreached.length > 0 ? evidence.unknownOf(op, `${unreached.slice(0, 3).join(', ')} in ${on}`, 'UNREACHABLE', newest.ids) : undefined;
  return {
    items: newest.pages.flatMap((page) => page.items),
    ids: newest.ids,
    unknown: off ? undefined : newest.unknown ? { ...newest.unknown, on } : hole,
    off,
  };
}

/** Projects that are not on their way out. */
export function openProjects(evidence: EvidenceView): readonly GcpContainer[] {
  return gcpEstateOf(evidence).projects.filter((project) => project.closed === undefined);
}

/** Notes that a list of emitters is not whole. Returns whether there can be any in the project at all. */
export function noteList(
  paths: PathsBuilder,
  sources: readonly string[],
  project: GcpContainer,
  list: Listing<unknown>,
  api: string,
): boolean {
  const scope = { provider: 'gcp' as const, account: project.account };
  if (list.unknown) paths.blind({ sources, scope, unknowns: [list.unknown], evidence: list.ids });
  if (list.off) {
    for (const source of sources)
      paths.emitter({
        id: `${source}|${project.id}|off`,
        sources: [source],
        scope,
        name: project.account,
        universe: EVERYTHING,
        taps: [],
        evidence: list.ids,
        notApplicable: `the ${api} API is switched off in ${project.account}, so nothing of it exists there`,
      });
  }
  return !list.off;
}

/** `https://www.googleapis.com/compute/v1/projects/481200000011/…` and its like as `projects/card-vault/…`. */
export function nameOf(evidence: EvidenceView, link: string): string {
  const path = link.replace(/^(?:https?:)?\/\/[^/]+\//, '').replace(/^(?:compute|dns|v1)\/(?:v?\w+\/)?(?=projects\/)/, '');
  const [, container, rest = ''] = /^(projects\/[^/]+)(\/.*)?$/.exec(path) ?? [];
  return container === undefined ? path : `${gcpEstateOf(evidence).find(container)?.id ?? container}${rest}`;
}

/** The last part of a link: `core` of `projects/P/global/networks/core`. */
export function shortOf(name: string): string {
  return name.split('/').at(-1) ?? name;
}

/** A first edge to the Log Router of a project. */
export function toRouter(
  project: string,
  edge: Partial<Omit<Edge, 'to'>> & Pick<Edge, 'id' | 'label' | 'evidence'> & { readonly takes?: Selector },
): Edge {
  const { takes, ...given } = edge;
  const all = takes ?? EVERYTHING;
  return { to: routerId(project), passes: all, mayPass: all, unknowns: [], delivery: { state: 'flowing' }, ...given };
}

/** What was not read and may switch the log on: nothing passes for certain, everything (or `mayPass`) may. */
export function unseenTap(
  project: string,
  tap: { readonly id: string; readonly label: string; readonly unknowns: readonly Unknown[]; readonly mayPass?: Selector },
): Edge {
  return toRouter(project, {
    id: tap.id,
    label: tap.label,
    passes: NOTHING,
    mayPass: tap.mayPass ?? EVERYTHING,
    unknowns: tap.unknowns,
    evidence: tap.unknowns.flatMap((unknown) => unknown.evidence ?? []),
  });
}

/** A switch that is off, as an edge that takes nothing: it says why, and what would mend it. */
export function offTap(
  project: string,
  tap: {
    readonly id: string;
    readonly label: string;
    readonly why: string;
    readonly fix?: string;
    readonly evidence: readonly number[];
  },
): Edge {
  const { id, label, why, fix, evidence } = tap;
  return toRouter(project, { id, label: `${label} (off: ${why})`, takes: NOTHING, ...(fix === undefined ? {} : { fix }), evidence });
}

export const PAGES = { from: 'nextPageToken', to: 'pageToken' } as const;
export const COMPUTE = 'GET https://compute.googleapis.com/compute/v1';
