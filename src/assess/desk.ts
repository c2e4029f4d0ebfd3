import type { Selector } from '../events/classes.ts';
import type { Finding, Unknown, Verdict } from '../model/assessment.ts';
import type { Scope } from '../model/scope.ts';
import type { Alternative } from '../needs/compile.ts';
import type { Rules } from '../needs/rules.ts';
import { type Demand, type Flow, flowOf, type Offer, type Outcome } from '../paths/evaluate.ts';
import type { Blind, Edge, Emitter, LogPaths } from '../paths/graph.ts';
import { offersOf } from './offers.ts';

/** The judgement of one need at one emitter. */
export interface Judged {
  readonly emitter: Emitter;
  readonly alternative: Alternative;
  readonly needed: Selector;
  readonly offers: readonly Offer[];
  readonly flow: Flow;
  readonly seat: Seat;
  readonly outcome: Outcome;
  /** Whether substitutes were needed for this outcome. */
  readonly substituted: readonly { source: string; loss: string }[];
}

/** A need's events at one emitter and what they meet there: all of a judgement but the days that are asked for. */
export interface Seat {
  readonly emitter: Emitter;
  readonly needed: Selector;
  readonly flow: Flow;
  readonly offers: readonly Offer[];
  /** Equal text where offers serve alike. */
  readonly signature: string;
  /** Each way takes all that is needed or none of it. */
  readonly whole: boolean;
  /** Of the nodes on the ways. */
  readonly findings: readonly Finding[];
  readonly placeKey: string;
  /** Where the events go that are covered here, in words; made when it is first shown. */
  way: string | undefined;
}

/** The seats that a need takes, and which needed events stand at one seat only. */
export interface Seats {
  readonly seats: readonly Seat[];
  /** Where a list of the resources that a pattern stands for broke off: why, and the seats of all that it may stand for. */
  readonly wider?: { readonly hidden: Blind; readonly seats: readonly Seat[] };
  readonly alone: ReadonlySet<Selector>;
}

/** A place of a need that has no emitter to judge. */
export interface Unjudged {
  readonly scope: Scope;
  readonly verdict: 'unknown' | 'not-applicable' | 'unobservable';
  readonly because: string;
  readonly unknowns: readonly Unknown[];
  readonly evidence: readonly number[];
}

/** Indexes that all needs share, and what was judged before. */
export interface Desk {
  readonly paths: LogPaths;
  readonly rules: Rules;
  readonly bySource: ReadonlyMap<string, readonly Emitter[]>;
  readonly storeNames: ReadonlySet<string>;
  flow(taps: readonly Edge[]): Flow;
  /** What the ways from an emitter are worth to a demand, whatever days it asks for. */
  offers(flow: Flow, demand: Demand, emitter: Emitter): readonly Offer[];
  /** Seats that more needs are going to take, and how many of them. */
  readonly seats: Map<string, Seats>;
  readonly uses: Map<string, number>;
}

export function deskOf(paths: LogPaths, rules: Rules): Desk {
  const bySource = new Map<string, Emitter[]>();
  for (const emitter of paths.emitters) {
    for (const source of emitter.sources) {
      const list = bySource.get(source);
      if (list) list.push(emitter);
      else bySource.set(source, [emitter]);
    }
  }
  const flows = new Map<readonly Edge[], Flow>();
  const worth = new Map<string, Map<Flow, readonly Offer[]>>();
  const storeNames = new Set([...paths.nodes.values()].flatMap((node) => (node.type === 'store' ? [node.name] : [])));
  return {
    paths,
    rules,
    bySource,
    storeNames,
    seats: new Map(),
    uses: new Map(),
    flow(taps) {
      let flow = flows.get(taps);
      if (!flow) flows.set(taps, (flow = flowOf(paths, taps)));
      return flow;
    },
    offers(flow, demand, emitter) {
      const key = `${demand.reach}|${demand.withinSeconds}|${demand.fields}`;
      let known = worth.get(key);
      if (!known) worth.set(key, (known = new Map()));
      let offers = known.get(flow);
      if (!offers) {
        offers = offersOf(flow, demand, emitter.scope, storeNames);
        if (!flow.routes.some((route) => typeof route.store.keeps === 'function')) known.set(flow, offers);
      }
      return offers;
    },
  };
}

export interface Tried {
  readonly judged: readonly Judged[];
  readonly unjudged: readonly Unjudged[];
}

export function rankOf(verdict: Verdict): number {
  return { 'not-applicable': -1, covered: 0, unknown: 1, partial: 2, missing: 3, unobservable: 4 }[verdict];
}

/** The verdict of many places: covered where all are; a certain loss beside anything else is partial. */
export function together(verdicts: readonly Verdict[]): Verdict {
  const kinds = new Set(verdicts.filter((verdict) => verdict !== 'not-applicable'));
  if (kinds.size === 0) return 'not-applicable';
  if (kinds.size === 1) return [...kinds][0] as Verdict;
  return kinds.has('missing') || kinds.has('partial') || kinds.has('unobservable') ? 'partial' : 'unknown';
}

export function placeKey(scope: Scope): string {
  return `${scope.provider}|${scope.account ?? ''}|${scope.region ?? ''}|${scope.resource ?? ''}`;
}
