import type { Event, Selector } from '../events/classes.ts';
import type { AccountState, Finding, Retention, Unknown } from '../model/assessment.ts';
import type { Scope } from '../model/scope.ts';
import type { STORE_KINDS } from '../model/threat-model.ts';

/**
 * The log paths of an estate. Emitters make events; edges let some of them through, from an emitter or a hop to a hop or a store.
 * Connectors build this from evidence; nothing in it judges.
 */
export interface LogPaths {
  readonly accounts: readonly AccountState[];
  readonly emitters: readonly Emitter[];
  readonly nodes: ReadonlyMap<string, Node>;
  /** Edges by the id of the hop or store that they leave. The edges that leave an emitter stand in its `taps`. */
  readonly edges: ReadonlyMap<string, readonly Edge[]>;
  /** Resources that are known to exist, to bind a model's assets to. */
  readonly resources: readonly Resource[];
  /** Where it could not be seen which emitters there are. */
  readonly blind: readonly Blind[];
  /** Findings on a source at a scope that belong to no single node. */
  readonly findings: readonly { readonly source: string; readonly scope: Scope; readonly finding: Finding }[];
}

/** Something whose actions become events of the named sources. */
export interface Emitter {
  readonly id: string;
  /** The sources that it emits: one for a load balancer, all `aws.cloudtrail.*` for an account in a region. */
  readonly sources: readonly string[];
  readonly scope: Scope;
  readonly name: string;
  /** What can happen here, beyond what the source says of all its events. */
  readonly universe: Selector;
  /** First edges. Emitters with the same taps share one array, so that they are judged once. */
  readonly taps: readonly Edge[];
  readonly evidence: readonly number[];
  /** Set where this emitter needs no log, with the reason. */
  readonly notApplicable?: string;
}

export type Node = Hop | Store;

export interface Hop {
  readonly type: 'hop';
  readonly id: string;
  /** `trail`, `channel`, `flow log`, `delivery`, `stream`, … */
  readonly kind: string;
  readonly name: string;
  readonly scope: Scope;
  readonly evidence: readonly number[];
  readonly findings: readonly Finding[];
  /** What could not be read of it that changes no verdict by itself. */
  readonly unknowns?: readonly Unknown[];
}

export type StoreKind = (typeof STORE_KINDS)[number];

export interface Store {
  readonly type: 'store';
  readonly id: string;
  readonly kind: StoreKind;
  readonly name: string;
  readonly scope: Scope;
  /** Days kept; a function where rules of the store differ by the place that the events come from. */
  readonly keeps: Kept | ((place: Scope) => Kept);
  readonly evidence: readonly number[];
  readonly findings: readonly Finding[];
  readonly unknowns: readonly Unknown[];
  /** Stands for stores that could not be seen: what may arrive here may meet any `reach`, and never certainly. */
  readonly unseen?: boolean;
  /** Set where the store hands nothing on, and what leaves it would be another edge: it is no way to a place that was not seen. */
  readonly last?: boolean;
}

/**
 * How long a store keeps what arrives: guaranteed (`least`) and possible (`most`) days, `Infinity` for ever. They differ where a
 * setting was not read or sizes decide.
 */
export interface Kept {
  readonly searchable: { readonly least: number; readonly most: number };
  readonly total: { readonly least: number; readonly most: number };
  readonly immutable: boolean | undefined;
  /** What sets the figure: `lifecycle rule "keep": GLACIER after 90 days`. */
  readonly because: string;
  /** Why `least` and `most` differ, where a refused call is the reason. */
  readonly unknowns: readonly Unknown[];
}

export interface Edge {
  readonly id: string;
  readonly to: string;
  /** Shown as the place of loss: `trail main`. */
  readonly label: string;
  /** What certainly passes. */
  readonly passes: Selector;
  /** What passes at most; equal to `passes` where everything was read. */
  readonly mayPass: Selector;
  /** Why the two differ. */
  readonly unknowns: readonly Unknown[];
  readonly delivery: Delivery;
  /** The share of records kept, below 1 where the edge samples. */
  readonly sampling?: number;
  /** Typical seconds from one end to the other; absent: not known. */
  readonly latency?: number;
  /** Record fields that survive; absent: all. */
  readonly fields?: readonly string[];
  /** One line that would mend what this edge loses, given an event that it does not pass. */
  readonly fix?: string | ((lost: Event) => string);
  /** What it selects by, in the provider's own words. */
  readonly filter?: string;
  /** What keeps an event out that the filter takes, in the provider's own words. */
  readonly leavesOut?: (lost: Event) => string | undefined;
  readonly evidence: readonly number[];
}

export type Delivery =
  | { readonly state: 'flowing' }
  /** Nothing passes: stopped, refused, failing or aimed at something that is gone. */
  | { readonly state: 'broken'; readonly why: string; readonly since?: string; readonly fix?: string }
  /** Silent where records were due, or not read: what passes is not known. */
  | { readonly state: 'stale' | 'unknown'; readonly why: string; readonly unknowns?: readonly Unknown[] };

export interface Resource {
  readonly type: string;
  /** ARN, or the provider's full id. */
  readonly id: string;
  readonly scope: Scope;
  readonly evidence: readonly number[];
}

/** A source whose emitters at a scope could not be listed. */
export interface Blind {
  readonly sources: readonly string[];
  readonly scope: Scope;
  readonly unknowns: readonly Unknown[];
  readonly evidence: readonly number[];
}

export function daysOf(value: { least: number; most: number }): number | null | undefined {
  if (value.least === value.most) return value.least === Number.POSITIVE_INFINITY ? null : value.least;
  return undefined;
}

export function retentionOf(kept: Kept): Retention {
  const searchableDays = daysOf(kept.searchable);
  const totalDays = daysOf(kept.total);
  return {
    ...(searchableDays === undefined ? {} : { searchableDays }),
    ...(totalDays === undefined ? {} : { totalDays }),
    ...(kept.immutable === undefined ? {} : { immutable: kept.immutable }),
  };
}
