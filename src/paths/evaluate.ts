import { attempt } from '../events/attempt.ts';
import {
  disjoint,
  EVERYTHING,
  type Event,
  includes,
  intersect,
  isEmpty,
  keyOf,
  matches,
  minus,
  NOTHING,
  type Selector,
  union,
} from '../events/classes.ts';
import { pick } from '../events/strings.ts';
import type { Unknown, Verdict } from '../model/assessment.ts';
import type { Scope } from '../model/scope.ts';
import type { Edge, Kept, LogPaths, Store } from './graph.ts';

/** One whole way from an emitter to a store. */
export interface Route {
  readonly edges: readonly Edge[];
  readonly store: Store;
  /** What certainly arrives, and what arrives at most. */
  readonly lower: Selector;
  readonly upper: Selector;
  /** The share of records that arrives, below 1 where an edge samples: then nothing arrives for certain. */
  readonly sampling: number;
  /** Seconds; undefined where an edge does not tell. */
  readonly latency: number | undefined;
  /** Record fields that survive; undefined: all. */
  readonly fields: readonly string[] | undefined;
  /** Why the bounds are wider than what its edges say. */
  readonly unknowns?: readonly Unknown[];
}

/** All that can happen to the events of one set of first edges. */
export interface Flow {
  readonly routes: readonly Route[];
  /** Ways that end before any store. */
  readonly deadEnds: readonly (readonly Edge[])[];
}

const MAX_HOPS = 32;

/** The ways from these first edges. Graphs are small and acyclic but for mistakes, which are cut at the second visit. */
export function flowOf(paths: LogPaths, taps: readonly Edge[]): Flow {
  const routes: Route[] = [];
  const deadEnds: (readonly Edge[])[] = [];
  const walk = (way: readonly Edge[], visited: ReadonlySet<string>): void => {
    const last = way.at(-1) as Edge;
    const node = paths.nodes.get(last.to);
    if (!node || visited.has(last.to) || way.length > MAX_HOPS) {
      deadEnds.push(way);
      return;
    }
    if (node.type === 'store') routes.push(routeOf(paths, way, node));
    const next = paths.edges.get(last.to) ?? [];
    if (next.length === 0 && node.type === 'hop') deadEnds.push(way);
    const seen = new Set(visited).add(last.to);
    for (const edge of next) walk([...way, edge], seen);
  };
  for (const edge of taps) walk([edge], new Set());
  return { routes, deadEnds };
}

function routeOf(paths: LogPaths, edges: readonly Edge[], store: Store): Route {
  let lower: Selector = EVERYTHING;
  let upper: Selector = EVERYTHING;
  let sampling = 1;
  let latency: number | undefined = 0;
  let fields: readonly string[] | undefined;
  const unknowns: Unknown[] = [];
  const tooLarge = (edge: Edge, instead: Selector) => (problem: string) => {
    unknowns.push(notCompared(edge.label, problem));
    return instead;
  };
  for (const [index, edge] of edges.entries()) {
    const [least, most]: [Selector, Selector] = [lower, upper];
    // Two filters that cannot be compared: what passes both is in each of them, and nothing is for certain.
    lower = edge.delivery.state !== 'flowing' ? NOTHING : attempt(() => intersect(least, edge.passes), tooLarge(edge, NOTHING));
    upper = edge.delivery.state === 'broken' ? NOTHING : attempt(() => intersect(most, edge.mayPass), tooLarge(edge, most));
    sampling *= edge.sampling ?? 1;
    // The first edge tells the time to the first store; what leaves a store again takes time of its own.
    const onward = index > 0 && paths.nodes.get((edges[index - 1] as Edge).to)?.type === 'store';
    if (edge.latency === undefined) latency = index === 0 || onward ? undefined : latency;
    else if (latency !== undefined) latency += edge.latency;
    fields =
      edge.fields === undefined ? fields : fields === undefined ? edge.fields : fields.filter((field) => edge.fields?.includes(field));
  }
  if (sampling < 1) lower = NOTHING;
  if (store.unseen) lower = NOTHING;
  return { edges, store, lower, upper, sampling, latency, fields, ...(unknowns.length > 0 ? { unknowns } : {}) };
}

/** Filters and patterns whose sets of events are too large to be compared exactly. */
export function notCompared(on: string, problem: string): Unknown {
  return { call: `comparison of filters: ${problem}`, permission: 'filters with fewer or shorter patterns', on, code: 'TooLarge' };
}

export function keptAt(store: Store, place: Scope): Kept {
  return typeof store.keeps === 'function' ? store.keeps(place) : store.keeps;
}

/** What is asked of the place where events end up. */
export interface Demand {
  readonly reach?: string;
  readonly searchableDays?: number;
  readonly totalDays?: number;
  readonly withinSeconds?: number;
  readonly fields?: readonly string[];
}

/** A route as one need sees it. */
export interface Offer {
  readonly route: Route;
  readonly kept: Kept;
  readonly lower: Selector;
  readonly upper: Selector;
  /** Set where the route cannot count, with the reason. */
  readonly refused?: string;
  /** Refused for being another place than the one asked for, not for what it lacks. */
  readonly elsewhere?: boolean;
  /** Set where the route stands in for the source that was asked for. */
  readonly substitute?: { readonly source: string; readonly loss: string };
}

/** The outcome of set arithmetic for one need at one place. Indices point into the offers given. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly collection: Verdict;
  readonly searchable: Verdict | undefined;
  readonly total: Verdict | undefined;
  /** Guaranteed days of what is collected; Infinity: for ever; undefined: not known or nothing collected. */
  readonly searchableDays: number | undefined;
  readonly totalDays: number | undefined;
  /** Events that are certainly lost (`missing`, `partial`) or may be (`unknown`); empty when covered. */
  readonly lost: Selector;
  readonly lostBy: 'collection' | 'searchable' | 'total' | undefined;
  /** Offers that carry some of the needed events. */
  readonly used: readonly number[];
  /** Set where filters could not be compared, with the reason. */
  readonly notCompared?: string;
}

/** The design's table: what is needed, the certain and the possible. Sampled events arrive in part: neither certain nor lost. */
export function verdictOf(needed: Selector, lower: Selector, upper: Selector, sampled: Selector = NOTHING): Verdict {
  if (includes(lower, needed)) return 'covered';
  if (disjoint(needed, upper) && disjoint(needed, sampled)) return 'missing';
  return includes(upper, needed) ? 'unknown' : 'partial';
}

/** How much of what is needed a selector takes. */
export type Share = 'none' | 'some' | 'all';

const shares = new WeakMap<Selector, Map<Selector, Share>>();

const samples = new WeakMap<Selector, readonly Event[]>();

/** Whether one event of each needed class shows already that the selector does not take them all: thousands of narrow ones are soon told apart. */
function leavesSample(needed: Selector, selector: Selector, met: number): boolean {
  if (met < 4) return false;
  let sample = samples.get(needed);
  if (!sample) {
    sample = needed.flatMap((one) => {
      const picked = [...one].map(([field, values]) => [field, pick(values)] as const);
      return picked.some(([, value]) => value === undefined) ? [] : [Object.fromEntries(picked) as Event];
    });
    samples.set(needed, sample);
  }
  return sample.some((event) => !matches(selector, event));
}

/** Remembered, since the same needs meet the same selectors in every account. */
export function shareOf(needed: Selector, selector: Selector): Share {
  if (selector === EVERYTHING) return 'all';
  if (selector.length === 0) return 'none';
  let known = shares.get(needed);
  if (!known) {
    known = new Map();
    shares.set(needed, known);
  }
  let share = known.get(selector);
  if (share === undefined) {
    // What cannot be compared is some of it to everybody who goes on, and fails there.
    share = attempt<Share>(
      () =>
        disjoint(needed, selector) ? 'none' : leavesSample(needed, selector, known.size) || !includes(selector, needed) ? 'some' : 'all',
      () => 'some',
    );
    known.set(selector, share);
  }
  return share;
}

/** Judges what is needed (already limited to what can happen) against what the offers bring; what cannot be compared is not settled. */
export function judge(needed: Selector, offers: readonly Offer[], demand: Demand): Outcome {
  return attempt(
    () => judgeExactly(needed, offers, demand),
    (problem) => ({
      verdict: 'unknown',
      collection: 'unknown',
      searchable: demand.searchableDays === undefined ? undefined : 'unknown',
      total: demand.totalDays === undefined ? undefined : 'unknown',
      searchableDays: undefined,
      totalDays: undefined,
      lost: needed,
      lostBy: 'collection',
      used: [],
      notCompared: problem,
    }),
  );
}

function judgeExactly(needed: Selector, offers: readonly Offer[], demand: Demand): Outcome {
  const counted = offers.filter((offer) => offer.refused === undefined && offer.route.store.kind !== 'native');
  const native =
    demand.reach === 'native' ? [] : offers.filter((offer) => offer.route.store.kind === 'native' && !offer.route.store.unseen);
  const unseen = offers.filter((offer) => offer.route.store.unseen === true);
  const eligible = demand.reach === 'native' ? offers.filter((offer) => offer.refused === undefined) : [...counted, ...unseen];
  const collection = bounds(needed, eligible, 0, (kept) => kept.total);
  const bySearch =
    demand.searchableDays === undefined ? undefined : bounds(needed, eligible, demand.searchableDays, (kept) => kept.searchable);
  const byTotal = demand.totalDays === undefined ? undefined : bounds(needed, eligible, demand.totalDays, (kept) => kept.total);
  const all = [
    { by: 'collection' as const, ...collection },
    ...(bySearch ? [{ by: 'searchable' as const, ...bySearch }] : []),
    ...(byTotal ? [{ by: 'total' as const, ...byTotal }] : []),
  ];
  const worst = all.reduce((a, b) => (rank(b.verdict) > rank(a.verdict) ? b : a));
  // What arrives and is kept too short is there in part.
  const verdict = worst.verdict === 'missing' && collection.verdict !== 'missing' ? 'partial' : worst.verdict;
  return {
    verdict,
    collection: collection.verdict,
    searchable: bySearch?.verdict,
    total: byTotal?.verdict,
    searchableDays: daysKept(needed, eligible, (kept) => kept.searchable),
    // What a provider keeps by itself counts in the days only where nothing else keeps anything.
    totalDays: daysKept(needed, eligible, (kept) => kept.total) ?? daysKept(needed, native, (kept) => kept.total),
    lost: verdict === 'covered' ? NOTHING : minus(needed, worst.verdict === 'unknown' ? worst.lower : worst.upper),
    lostBy: verdict === 'covered' ? undefined : worst.by,
    used: offers.flatMap((offer, index) => (shareOf(needed, offer.lower) === 'none' ? [] : [index])),
  };
}

function rank(verdict: Verdict): number {
  return { covered: 0, unknown: 1, partial: 2, missing: 3, unobservable: 4, 'not-applicable': -1 }[verdict];
}

/** The two bounds over the offers that keep records for at least so many days, and may. */
function bounds(
  needed: Selector,
  offers: readonly Offer[],
  days: number,
  of: (kept: Kept) => { least: number; most: number },
): { verdict: Verdict; lower: Selector; upper: Selector } {
  const certain = offers.filter((offer) => of(offer.kept).least >= days);
  const possible = offers.filter((offer) => of(offer.kept).most >= days);
  const lower = unionOf(
    needed,
    certain.map((offer) => offer.lower),
  );
  const upper = unionOf(
    needed,
    possible.filter((offer) => offer.route.sampling === 1).map((offer) => offer.upper),
  );
  const sampled = unionOf(
    needed,
    possible.filter((offer) => offer.route.sampling < 1).map((offer) => offer.upper),
  );
  return { verdict: verdictOf(needed, lower, upper, sampled), lower, upper };
}

/** The union as far as it matters to what is needed. */
function unionOf(needed: Selector, selectors: readonly Selector[]): Selector {
  const some: Selector[] = [];
  for (const selector of selectors) {
    const share = shareOf(needed, selector);
    if (share === 'all') return EVERYTHING;
    if (share === 'some') some.push(selector);
  }
  return union(...some);
}

/** The days that everything collected of the need is kept for: the longest such that the stores keeping at least so long hold it all. */
function daysKept(needed: Selector, offers: readonly Offer[], of: (kept: Kept) => { least: number; most: number }): number | undefined {
  const arriving = offers.map((offer) => ({ offer, share: shareOf(needed, offer.lower) })).filter(({ share }) => share !== 'none');
  if (arriving.length === 0) return undefined;
  let left: Selector = arriving.some(({ share }) => share === 'all')
    ? needed
    : arriving.length === 1
      ? NOTHING
      : union(...arriving.map(({ offer }) => intersect(needed, offer.lower)));
  for (const { offer, share } of arriving.sort((a, b) => of(b.offer.kept).least - of(a.offer.kept).least)) {
    left = share === 'all' ? NOTHING : minus(left, offer.lower);
    if (!isEmpty(left)) continue;
    const kept = of(offer.kept);
    return kept.least !== kept.most && offer.kept.unknowns.length > 0 ? undefined : kept.least;
  }
  return undefined;
}

/** Calls and permissions that would settle what is unknown, for the offers that may carry some of the events. */
export function unknownsOf(events: Selector, offers: readonly Offer[]): Unknown[] {
  const found = new Map<string, Unknown>();
  const add = (unknown: Unknown) => found.set(`${unknown.call}|${unknown.on}|${unknown.code}`, unknown);
  for (const { route, kept, upper } of offers) {
    if (shareOf(events, upper) === 'none') continue;
    for (const edge of route.edges) {
      for (const unknown of edge.unknowns) add(unknown);
      if ((edge.delivery.state === 'unknown' || edge.delivery.state === 'stale') && edge.delivery.unknowns)
        for (const unknown of edge.delivery.unknowns) add(unknown);
    }
    for (const unknown of [...(route.unknowns ?? []), ...kept.unknowns]) add(unknown);
  }
  return [...found.values()];
}

/** Equal text for offers that serve a need alike, whatever their names: one judgement serves them all. */
export function signatureOf(needed: Selector, offers: readonly Offer[]): string {
  const part = (selector: Selector): string => {
    const share = shareOf(needed, selector);
    return share === 'some' ? keyOf(selector) : share;
  };
  return offers
    .map(
      ({ route, kept, lower, upper, refused }) =>
        `${part(lower)}|${part(upper)}|${route.store.kind}|${route.store.unseen === true}|${route.sampling}|${refused ?? ''}|${kept.searchable.least}|${kept.searchable.most}|${kept.total.least}|${kept.total.most}|${kept.unknowns.length}`,
    )
    .join('\n');
}

/** Whether every offer takes all that is needed or none of it: offers of one signature then fare alike, whatever is needed. */
export function takesWhole(needed: Selector, offers: readonly Offer[]): boolean {
  return offers.every(({ lower, upper }) => shareOf(needed, lower) !== 'some' && shareOf(needed, upper) !== 'some');
}
