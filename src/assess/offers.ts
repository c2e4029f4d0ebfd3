import { EVERYTHING, type Event, matches, NOTHING } from '../events/classes.ts';
import { nearestMiss } from '../events/witness.ts';
import type { Unknown } from '../model/assessment.ts';
import { showDuration } from '../model/duration.ts';
import type { Scope } from '../model/scope.ts';
import { STORE_KINDS } from '../model/threat-model.ts';
import { type Demand, type Flow, keptAt, type Offer, type Route } from '../paths/evaluate.ts';
import type { Kept, Store } from '../paths/graph.ts';

const KINDS = new Set<string>(STORE_KINDS);

/** What each way of a flow is worth to a need at a place. */
export function offersOf(flow: Flow, demand: Demand, place: Scope, names: ReadonlySet<string>): Offer[] {
  return flow.routes.map((route) => offerOf(route, demand, place, names));
}

function offerOf(route: Route, demand: Demand, place: Scope, names: ReadonlySet<string>): Offer {
  const kept = keptAt(route.store, place);
  const offer = (bounds: {
    lower?: Offer['lower'];
    upper?: Offer['upper'];
    refused?: string;
    elsewhere?: boolean;
    kept?: Kept;
  }): Offer => ({
    route,
    kept: bounds.kept ?? kept,
    lower: bounds.lower ?? route.lower,
    upper: bounds.upper ?? route.upper,
    ...(bounds.refused === undefined ? {} : { refused: bounds.refused, elsewhere: bounds.elsewhere === true }),
  });
  const { reach, fields, withinSeconds } = demand;
  if (reach !== undefined && !route.store.unseen && route.store.kind !== reach && route.store.name !== reach) {
    // Who reads a store is not read yet: its events may go on to a place that was not seen.
    const beyond = reach === 'siem' || (!KINDS.has(reach) && !names.has(reach));
    if (!beyond || route.store.kind === 'native' || route.store.last)
      return offer({ lower: NOTHING, upper: NOTHING, refused: `${nameOf(route.store)} is not ${reach}`, elsewhere: true });
    const unread: Unknown = {
      call: `readers of ${nameOf(route.store)}`,
      permission: `the configuration of what reads ${nameOf(route.store)}`,
      on: reach,
      code: 'NotRead',
    };
    const any = { least: 0, most: Number.POSITIVE_INFINITY };
    return offer({
      lower: NOTHING,
      kept: { searchable: any, total: any, immutable: undefined, because: `${reach} was not read`, unknowns: [unread] },
    });
  }
  const lacking = route.fields === undefined ? [] : (fields ?? []).filter((field) => !route.fields?.includes(field));
  if (lacking.length > 0)
    return offer({ lower: NOTHING, upper: NOTHING, refused: `the records in ${nameOf(route.store)} lack ${lacking.join(', ')}` });
  if (withinSeconds !== undefined) {
    if (route.latency === undefined) return offer({ lower: NOTHING });
    if (route.latency > withinSeconds)
      return offer({
        lower: NOTHING,
        upper: NOTHING,
        refused: `records reach ${nameOf(route.store)} after about ${showDuration(route.latency)}, later than ${showDuration(withinSeconds)}`,
      });
  }
  return offer({});
}

export function nameOf(store: Store): string {
  return store.kind === 'native' ? store.name : `${store.kind} ${store.name}`;
}

/** Where one event is lost: the edge of the most promising way that does not let it through. */
export interface Loss {
  readonly at: string;
  readonly fix: string | undefined;
  readonly offer: number | undefined;
  readonly edge: number | undefined;
}

export function lossOf(
  event: Event,
  flow: Flow,
  offers: readonly Offer[],
  by: 'collection' | 'searchable' | 'total' | undefined,
  nowhere: string,
  demand: Demand,
  settled = true,
): Loss {
  let best: { score: number; loss: Loss } | undefined;
  const consider = (score: number, loss: Loss): void => {
    if (!best || score > best.score) best = { score, loss };
  };
  for (const [index, offer] of offers.entries()) {
    const { route } = offer;
    const weight = route.store.unseen ? -40 : route.store.kind === 'native' ? -100 : 0;
    const stop = stopOf(event, route);
    if (stop) {
      // What is not settled is explained by what was not read, not by a way that certainly does not take the event.
      const unread = !settled && !stop.certain ? 200 : 0;
      consider(weight + unread + stop.depth * 10 - stop.missed - (offer.elsewhere ? 50 : 0), {
        at: stop.at,
        fix: stop.fix,
        offer: index,
        edge: stop.edge,
      });
    } else if (offer.refused !== undefined) {
      consider(weight + (offer.elsewhere ? -10 : 40), { at: offer.refused, fix: undefined, offer: index, edge: route.edges.length - 1 });
    } else if (by !== 'collection' && by !== undefined && route.store.kind !== 'native') {
      consider(weight + 60, {
        at: `${nameOf(route.store)}: ${offer.kept.because}`,
        fix: keepLonger(offer, by, demand),
        offer: index,
        edge: undefined,
      });
    } else {
      const sampler = route.edges.findIndex((edge) => (edge.sampling ?? 1) < 1);
      const fix = route.edges[sampler]?.fix;
      consider(weight + 20, {
        at: sampler < 0 ? labelOf(route) : `${route.edges[sampler]?.label}: sampled at ${route.sampling}`,
        fix: typeof fix === 'function' ? fix(event) : fix,
        offer: index,
        edge: sampler < 0 ? route.edges.length - 1 : sampler,
      });
    }
  }
  for (const way of flow.deadEnds) {
    const last = way.at(-1);
    if (last) consider(-20, { at: `${last.label} leads to no store`, fix: undefined, offer: undefined, edge: undefined });
  }
  if (!best || best.score <= -60) return { at: nowhere, fix: undefined, offer: undefined, edge: undefined };
  return best.loss;
}

function keepLonger(offer: Offer, by: 'searchable' | 'total', demand: Demand): string {
  const days = by === 'searchable' ? demand.searchableDays : demand.totalDays;
  return `${nameOf(offer.route.store)}: keep ${by === 'searchable' ? 'searchable' : 'it'} for at least ${days} days (now: ${offer.kept.because})`;
}

function labelOf(route: Route): string {
  return route.edges.map((edge) => edge.label).at(-1) ?? nameOf(route.store);
}

/** The first edge of a way that does not certainly let the event through. */
export function stopOf(
  event: Event,
  route: Route,
): { at: string; fix: string | undefined; depth: number; missed: number; edge: number; certain: boolean } | undefined {
  for (const [depth, edge] of route.edges.entries()) {
    const fixed = (given: typeof edge.fix) => (typeof given === 'function' ? given(event) : given);
    if (edge.mayPass !== EVERYTHING && !matches(edge.mayPass, event)) {
      const miss = nearestMiss(edge.mayPass, event);
      return {
        at: miss && miss.fields.length > 0 ? `${edge.label}: ${miss.fields.join(', ')}` : `${edge.label}: takes no such events`,
        fix: fixed(edge.fix),
        depth,
        missed: Math.min(miss?.cost ?? 9, 9),
        edge: depth,
        certain: true,
      };
    }
    if (edge.delivery.state !== 'flowing') {
      return {
        at: `${edge.label}: ${edge.delivery.why}`,
        fix: edge.delivery.state === 'broken' ? edge.delivery.fix : undefined,
        depth: depth + 0.5,
        missed: 0,
        edge: depth,
        certain: edge.delivery.state === 'broken',
      };
    }
    if (edge.passes !== EVERYTHING && !matches(edge.passes, event)) {
      const why = edge.unknowns
        .map((unknown) => `${unknown.call} ${unknown.code}`)
        .slice(0, 2)
        .join(', ');
      return {
        at: `${edge.label}: not known${why ? ` (${why})` : ''}`,
        fix: undefined,
        depth: depth + 0.4,
        missed: 0,
        edge: depth,
        certain: false,
      };
    }
  }
  return undefined;
}
