import { z } from 'zod';
import { classMatches, EVERYTHING, type Event, intersect, matches, type Selector, selectorOf } from '../events/classes.ts';
import { members } from '../events/strings.ts';
import { interpret } from '../events/universe.ts';
import { nearestMiss } from '../events/witness.ts';
import type { Retention, Unknown } from '../model/assessment.ts';
import { InputError } from '../model/input-error.ts';
import type { Scope } from '../model/scope.ts';
import { type Source, SourceId } from '../model/source.ts';
import { knownOf, universe } from '../needs/compile.ts';
import type { Rules } from '../needs/rules.ts';
import { flowOf, keptAt } from '../paths/evaluate.ts';
import { type Edge, type Emitter, type Kept, type LogPaths, retentionOf, type Store } from '../paths/graph.ts';
import { stopOf } from './offers.ts';

const field = z.string().max(65_536);

/** An event as people write one down: its source, where it happens, and its fields. What is known of it need not be said. */
export const StatedEvent = z.strictObject({
  source: SourceId,
  account: z.string().max(256).optional(),
  region: z.string().max(128).optional(),
  /** The resource that owns the log, where each resource has a log of its own: ARN or id. */
  resource: z.string().max(2048).optional(),
  fields: z.record(z.string().min(1).max(128), z.union([field, z.boolean(), z.number()]).transform(String)),
});
export type StatedEvent = z.infer<typeof StatedEvent>;

/** One event to be routed. */
export interface TracedEvent {
  readonly source: string;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly resource?: string | undefined;
  /** The event's fields; several where it has several resources: it is taken where one of them is. */
  readonly variants: readonly Event[];
  readonly notes?: readonly string[];
  /** Whether it is a record with many fields, of which those that its source speaks of are telling. */
  readonly whole?: boolean;
}

/** `lost`: certainly nowhere but in a provider's built-in view, or where nobody can search it. `unsettled`: what was read does not decide. */
export type TraceVerdict = 'kept' | 'lost' | 'unsettled';

/** One edge on the way, what it does with the event, and where it leads. */
export interface Step {
  readonly label: string;
  readonly passes: 'yes' | 'no' | 'not-known';
  /** What it selects by, in the provider's own words. */
  readonly filter?: string;
  /** Why it does not pass, or why that is not known. */
  readonly why?: string;
  /** Set where nothing but chance decides: the share that passes. */
  readonly sample?: number | undefined;
  /** Fields in which the event differs from what the edge takes. */
  readonly fields?: readonly string[];
  readonly fix?: string;
  readonly to: { readonly kind: string; readonly name: string };
  readonly store?: Retention & { readonly because: string; readonly native: boolean };
  readonly unknowns: readonly Unknown[];
  readonly evidence: readonly number[];
  /** What leaves from there; empty where the event does not get there. */
  readonly next: readonly Step[];
}

export interface PlaceTrace {
  readonly place: Scope;
  readonly name: string;
  readonly verdict: TraceVerdict;
  readonly because: string;
  readonly steps: readonly Step[];
  readonly unknowns: readonly Unknown[];
}

/** The way of one event. */
export interface Trace {
  readonly source: string;
  /** The event as it was routed, with what is known of such events filled in. */
  readonly event: Event;
  /** The fields that tell what it is; left out: all of them. */
  readonly telling?: readonly string[];
  readonly verdict: TraceVerdict;
  readonly because: string;
  readonly notes: readonly string[];
  readonly places: readonly PlaceTrace[];
}

/** The event classes that one event can be: all resources of one reading go together. */
type Reading = readonly Event[];

const MOST_READINGS = 16;

/** A stated event, checked against its source's fields. */
export function tracedEvent(stated: StatedEvent, rules: Rules): TracedEvent {
  const source = rules.sources.get(stated.source);
  if (!source) throw new InputError(`there is no log source "${stated.source}"; \`viewshed sources\` lists them`);
  for (const name of Object.keys(stated.fields)) {
    if (!Object.hasOwn(source.fields, name))
      throw new InputError(`"${name}" is not a field of ${source.id}; use some of ${Object.keys(source.fields).join(', ')}`);
  }
  return { source: stated.source, account: stated.account, region: stated.region, resource: stated.resource, variants: [stated.fields] };
}

/** Routes one event through log paths. Pure. */
export function traceEvent(paths: LogPaths, rules: Rules, event: TracedEvent): Trace {
  const asked = rules.sources.get(event.source);
  const source = asked?.view ? rules.sources.get(asked.view.of) : asked;
  const sourceId = source?.id ?? event.source;
  const notes = [...(event.notes ?? [])];
  const readings = readingsOf(event, asked, source, rules, notes);
  // Fields that are left open are told of in the notes.
  const [first = {}, ...others] = readings.map((reading) => reading[0] as Event);
  const shown = Object.fromEntries(Object.entries(first).filter(([name, value]) => others.every((one) => one[name] === value)));
  const done = (verdict: TraceVerdict, because: string, places: readonly PlaceTrace[] = []): Trace => ({
    source: sourceId,
    event: shown,
    ...(event.whole && asked ? { telling: Object.keys(shown).filter((name) => Object.hasOwn(asked.fields, name)) } : {}),
    verdict,
    because,
    notes,
    places,
  });

  const never = source?.unlogged.find((one) =>
    readings.every((reading) => reading.every((variant) => matches(selectorOf(one.where), variant))),
  );
  if (never) return done('lost', `no log records such an event: ${never.why}`);

  const known = paths.accounts.find((account) => account.id === event.account);
  if (event.account !== undefined && !known) return done('unsettled', `the evidence does not speak of account ${event.account}`);
  const emitters = emittersIn(paths, event.account).filter((emitter) => isSource(emitter, sourceId) && isThere(emitter.scope, event));
  const blind = paths.blind.filter(
    (one) =>
      one.sources.some((id) => id === sourceId || id.startsWith(`${sourceId}.`)) && isThere({ ...one.scope, resource: undefined }, event),
  );
  if (emitters.length === 0) {
    if (blind.length > 0)
      return done(
        'unsettled',
        `what writes ${sourceId} there could not be listed`,
        blind.map((one) => blindPlace(one.scope, one.unknowns)),
      );
    const where = [event.resource, event.region, event.account].filter((part) => part !== undefined).join(' in ') || 'the evidence';
    return done(
      'unsettled',
      `the evidence shows nothing that writes ${sourceId} for ${where}${known?.state === 'denied' ? ` (${known.why})` : ''}`,
    );
  }
  const able = emitters.filter((emitter) => emitter.notApplicable === undefined);
  if (able.length === 0) return done('unsettled', `no such event is recorded there: ${emitters[0]?.notApplicable}`);
  const happening = able.flatMap((emitter) => {
    const own = readings.flatMap((reading) => readingsWithin(reading, emitter.universe));
    return own.length > 0 ? [{ emitter, own }] : [];
  });
  if (happening.length === 0)
    return done(
      'unsettled',
      `no such event is recorded there: ${shown.eventSource ?? sourceId} events with these fields come from other places`,
    );
  const places = happening.map(({ emitter, own }) => placeTrace(paths, emitter, own));
  const worst =
    places.find((one) => one.verdict === 'lost') ?? places.find((one) => one.verdict === 'unsettled') ?? (places[0] as PlaceTrace);
  const many = places.length > 1 ? `${saidOf(worst.place)}: ` : '';
  return done(worst.verdict, `${many}${worst.because}`, places);
}

const byAccount = new WeakMap<LogPaths, ReadonlyMap<string | undefined, readonly Emitter[]>>();

/** The emitters of an account; all of them where none is named. */
function emittersIn(paths: LogPaths, account: string | undefined): readonly Emitter[] {
  if (account === undefined) return paths.emitters;
  let index = byAccount.get(paths);
  if (!index) {
    index = Map.groupBy(paths.emitters, (emitter) => emitter.scope.account);
    byAccount.set(paths, index);
  }
  return [...(index.get(account) ?? []), ...(index.get(undefined) ?? [])];
}

function isSource(emitter: Emitter, source: string): boolean {
  return emitter.sources.some((id) => id === source || id.startsWith(`${source}.`));
}

function isThere(scope: Partial<Scope>, event: TracedEvent): boolean {
  const fits = (own: string | undefined, wanted: string | undefined) => own === undefined || wanted === undefined || own === wanted;
  if (!fits(scope.account, event.account) || !fits(scope.region, event.region)) return false;
  if (event.resource === undefined || scope.resource === undefined) return true;
  return scope.resource === event.resource || scope.resource.split(/[/:]/).at(-1) === event.resource.split(/[/:]/).at(-1);
}

/**
 * What the event can be. Fields that it does not have are filled in where all such events hold one value; where they hold one of several
 * (an unknown name may be a read or a write) each makes a reading of its own.
 */
function readingsOf(
  event: TracedEvent,
  asked: Source | undefined,
  source: Source | undefined,
  rules: Rules,
  notes: string[],
): readonly Reading[] {
  const variants: readonly Event[] = event.variants;
  if (!source) {
    if (variants.some((variant) => variant.readOnly === undefined) && event.source.startsWith('aws.cloudtrail.')) {
      return ['true', 'false'].map((readOnly) => variants.map((variant) => ({ readOnly, ...variant })));
    }
    return [variants];
  }
  for (const variant of variants) {
    // Of a whole record's fields the source speaks of some.
    const spoken = Object.entries(variant).filter(
      ([name]) => !event.whole || Object.hasOwn(source.fields, name) || Object.hasOwn(source.always, name),
    );
    let asks: Selector = selectorOf(Object.fromEntries(spoken.map(([name, value]) => [name, { equals: [value] }])));
    if (asked?.view) asks = intersect(asks, selectorOf(asked.view.where));
    const possible = intersect(interpret(asks, source, knownOf(source, rules)), universe(source, rules));
    const filled = possible.flatMap((one) => {
      let events: Record<string, string>[] = [{}];
      for (const [name, values] of one) {
        const all = variant[name] === undefined ? members(values) : undefined;
        if (!all || all.length > 4) continue;
        events = events.flatMap((made) => all.map((value) => ({ ...made, [name]: value })));
      }
      return events;
    });
    const distinct = [...new Map(filled.map((one) => [JSON.stringify(Object.entries(one).sort()), one])).values()];
    if (distinct.length === 0) continue;
    if (distinct.length > MOST_READINGS)
      throw new InputError(
        `the event fits more than ${MOST_READINGS} kinds of events of ${source.id}; give it more fields, such as eventName, eventSource and readOnly`,
      );
    if (distinct.length > 1) {
      const open = [...new Set(distinct.flatMap((one) => Object.keys(one)))].filter(
        (name) => new Set(distinct.map((one) => one[name])).size > 1,
      );
      notes.push(
        `${open.join(', ')} ${open.length > 1 ? 'are' : 'is'} not given and can be ${distinct
          .map((one) => open.map((name) => one[name] ?? 'something else').join(' '))
          .slice(0, 4)
          .join(' or ')}`,
      );
    }
    return distinct.map((extra) =>
      variants.map((each) => ({ ...each, ...Object.fromEntries(Object.entries(extra).filter(([name]) => each[name] === undefined)) })),
    );
  }
  notes.push(`no such event of ${source.id} is known to happen; it is routed as it stands`);
  // What it does not say and has to be one of few values stays open.
  let readings: Reading[] = [variants];
  for (const [name, { closed, values }] of Object.entries(source.fields)) {
    if (!closed || !values || values.length > 4 || variants.some((variant) => variant[name] !== undefined)) continue;
    readings = readings.flatMap((reading) => values.map((value) => reading.map((variant) => ({ ...variant, [name]: value }))));
  }
  return readings.slice(0, MOST_READINGS);
}

/** The reading at one emitter, with fields filled in that hold one of few values there; none where no such event happens there. */
function readingsWithin(reading: Reading, universe: Selector): readonly Reading[] {
  if (universe === EVERYTHING) return [reading];
  const found = new Map<string, Reading>();
  for (const one of universe) {
    let made: Reading[] = [reading];
    for (const [name, values] of one) {
      const all = members(values);
      if (!all || all.length > 4 || reading.some((variant) => variant[name] !== undefined)) continue;
      made = made.flatMap((each) => all.map((value) => each.map((variant) => ({ ...variant, [name]: value }))));
    }
    for (const each of made) if (each.some((variant) => classMatches(one, variant))) found.set(JSON.stringify(each), each);
  }
  return [...found.values()].slice(0, MOST_READINGS);
}

function placeTrace(paths: LogPaths, emitter: Emitter, readings: readonly Reading[]): PlaceTrace {
  const flow = flowOf(paths, emitter.taps);
  const ways = [...flow.routes.map((route) => route.edges), ...flow.deadEnds];
  const steps = stepsOf(paths, emitter.scope, ways, 0, readings);
  const outcomes = readings.map((reading) => outcomeOf(flow.routes, emitter.scope, reading));
  const verdict = outcomes.every((one) => one.verdict === outcomes[0]?.verdict) ? (outcomes[0] as Outcome).verdict : 'unsettled';
  const decisive = outcomes.find((one) => one.verdict === 'unsettled') ?? (outcomes[0] as Outcome);
  const because = verdict === decisive.verdict ? decisive.because : 'it depends on fields that are not given';
  return { place: emitter.scope, name: emitter.name, verdict, because, steps, unknowns: verdict === 'unsettled' ? unknownsIn(steps) : [] };
}

function blindPlace(place: Scope, unknowns: readonly Unknown[]): PlaceTrace {
  return { place, name: saidOf(place), verdict: 'unsettled', because: 'not listed', steps: [], unknowns };
}

interface Outcome {
  readonly verdict: TraceVerdict;
  readonly because: string;
}

/** Where one reading of the event ends up, over all ways. */
function outcomeOf(routes: ReturnType<typeof flowOf>['routes'], place: Scope, reading: Reading): Outcome {
  const certain: { store: Store; kept: Kept }[] = [];
  const possible: string[] = [];
  let searched: string | undefined;
  let native: string | undefined;
  let sampled: string | undefined;
  for (const route of routes) {
    const passages = route.edges.map((edge) => passage(edge, reading));
    const passes = passages.map((one) => one.passes);
    if (passes.includes('no')) continue;
    const { store } = route;
    const kept = keptAt(store, place);
    const settled = !passes.includes('not-known') && store.unseen !== true;
    if (store.kind === 'native' && !store.unseen) {
      if (settled) native = `${store.name} (${sayKept(kept)})`;
    } else if (!settled || (kept.searchable.least === 0 && kept.searchable.most > 0)) {
      possible.push(nameOf(store));
      const open = passages.filter((one) => one.passes === 'not-known');
      if (!store.unseen && kept.searchable.least > 0 && open.every((one) => one.sample !== undefined))
        sampled = `${nameOf(store)}, ${sayKept(kept)}`;
    } else if (kept.searchable.least > 0) certain.push({ store, kept });
    else searched = `${nameOf(store)} (${kept.because})`;
  }
  const best = certain.sort((a, b) => b.kept.searchable.least - a.kept.searchable.least)[0];
  if (best) return { verdict: 'kept', because: `in ${nameOf(best.store)}, ${sayKept(best.kept)}` };
  if (sampled !== undefined)
    return { verdict: 'unsettled', because: `chance decides: if it is in the sample that is taken, it is in ${sampled}` };
  if (possible.length > 0)
    return {
      verdict: 'unsettled',
      because: `it may reach ${[...new Set(possible)].slice(0, 3).join(', ')}, but not everything on the way was read`,
    };
  if (searched !== undefined) return { verdict: 'lost', because: `it arrives in ${searched}, where nobody can search it` };
  return {
    verdict: 'lost',
    because:
      native === undefined
        ? 'nothing takes it'
        : `nothing takes it but ${native}, which the provider keeps by itself and which does not count`,
  };
}

interface Passage {
  readonly passes: Step['passes'];
  /** Set where nothing but chance decides: the share that passes. */
  readonly sample?: number | undefined;
  readonly why?: string;
  readonly fields?: readonly string[];
  readonly fix?: string;
}

/** What an edge does with a reading. A selector that cannot match decides even where delivery is not known. */
function passage(edge: Edge, reading: Reading): Passage {
  const able = reading.filter((event) => matches(edge.mayPass, event));
  if (able.length === 0) {
    const event = reading[0] as Event;
    const stated: Selector = edge.passes.length > 0 ? edge.passes : edge.mayPass;
    const misses = reading
      .map((one) => nearestMiss(stated, one)?.fields ?? [])
      .filter((fields) => fields.length > 0)
      .sort((a, b) => a.length - b.length);
    const fields = misses[0];
    const fix = typeof edge.fix === 'function' ? edge.fix(event) : edge.fix;
    const leftOut = edge.leavesOut?.(event);
    return {
      passes: 'no',
      why: leftOut ?? (fields ? `does not take ${fields.map((name) => sayField(name, reading)).join(', ')}` : 'takes no such events'),
      ...(fields ? { fields } : {}),
      ...(fix === undefined ? {} : { fix }),
    };
  }
  const stop = stopOf(able.find((event) => matches(edge.passes, event)) ?? (able[0] as Event), {
    edges: [edge],
    store: NOWHERE,
    lower: EVERYTHING,
    upper: EVERYTHING,
    sampling: 1,
    latency: undefined,
    fields: undefined,
  });
  if (stop)
    return {
      passes: stop.certain ? 'no' : 'not-known',
      why: stop.at.slice(stop.at.startsWith(`${edge.label}: `) ? edge.label.length + 2 : 0),
      ...(stop.fix === undefined ? {} : { fix: stop.fix }),
    };
  if ((edge.sampling ?? 1) < 1) return { passes: 'not-known', why: `takes a sample of ${edge.sampling}`, sample: edge.sampling };
  return { passes: 'yes' };
}

function sayField(name: string, reading: Reading): string {
  const values = [...new Set(reading.map((event) => event[name] ?? ''))];
  return `${name} ${values
    .slice(0, 3)
    .map((value) => (value === '' ? '(empty)' : value))
    .join(' or ')}`;
}

const NOWHERE: Store = {
  type: 'store',
  id: '',
  kind: 'native',
  name: '',
  scope: { provider: 'aws' },
  findings: [],
  unknowns: [],
  evidence: [],
  keeps: { searchable: { least: 0, most: 0 }, total: { least: 0, most: 0 }, immutable: undefined, because: '', unknowns: [] },
};

/** The ways as a tree: equal beginnings once. Nothing is shown behind an edge that does not let the event through. */
function stepsOf(paths: LogPaths, place: Scope, ways: readonly (readonly Edge[])[], depth: number, readings: readonly Reading[]): Step[] {
  const groups = new Map<string, { edge: Edge; ways: (readonly Edge[])[] }>();
  for (const way of ways) {
    const edge = way[depth];
    if (!edge) continue;
    const group = groups.get(edge.id);
    if (group) group.ways.push(way);
    else groups.set(edge.id, { edge, ways: [way] });
  }
  return [...groups.values()].map(({ edge, ways: onward }): Step => {
    const all = readings.map((reading) => passage(edge, reading));
    const first = all[0] as Passage;
    const passes = all.every((one) => one.passes === first.passes) ? first.passes : 'not-known';
    const told = passes === first.passes ? first : { why: 'depends on fields that are not given' };
    const node = paths.nodes.get(edge.to);
    const kept = node?.type === 'store' && !node.unseen ? keptAt(node, place) : undefined;
    return {
      label: edge.label,
      ...told,
      passes,
      ...(edge.filter === undefined ? {} : { filter: edge.filter }),
      to: node ? { kind: node.type === 'store' && node.unseen ? 'not read' : node.kind, name: node.name } : { kind: 'gone', name: edge.to },
      ...(kept === undefined || passes === 'no'
        ? {}
        : { store: { ...retentionOf(kept), because: kept.because, native: node?.type === 'store' && node.kind === 'native' } }),
      unknowns:
        passes === 'not-known'
          ? [...edge.unknowns, ...('unknowns' in edge.delivery ? (edge.delivery.unknowns ?? []) : []), ...(kept?.unknowns ?? [])]
          : passes === 'yes'
            ? (kept?.unknowns ?? [])
            : [],
      evidence: [...new Set([...edge.evidence, ...(node?.evidence ?? [])])],
      next: passes === 'no' ? [] : stepsOf(paths, place, onward, depth + 1, readings),
    };
  });
}

function unknownsIn(steps: readonly Step[]): Unknown[] {
  const found = new Map<string, Unknown>();
  const walk = (step: Step): void => {
    for (const unknown of step.unknowns) found.set(`${unknown.call}|${unknown.on}|${unknown.code}`, unknown);
    step.next.forEach(walk);
  };
  steps.forEach(walk);
  return [...found.values()];
}

function nameOf(store: Store): string {
  return store.unseen ? `${store.name} (not read)` : `${store.kind} ${store.name}`;
}

function sayKept(kept: Kept): string {
  const days = ({ least, most }: { least: number; most: number }): string => {
    const one = (value: number) => (value === Number.POSITIVE_INFINITY ? 'for ever' : `${value} days`);
    return least === most ? one(least) : `${one(least)} or more`;
  };
  return days(kept.searchable) === days(kept.total)
    ? `searchable ${days(kept.searchable)}`
    : `searchable ${days(kept.searchable)}, kept ${days(kept.total)}`;
}

function saidOf(place: Scope): string {
  return [place.resource, place.account, place.region].filter((part) => part !== undefined).join(' ');
}
