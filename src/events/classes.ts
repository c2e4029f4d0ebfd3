import type { FieldCondition, Where } from '../model/where.ts';
import * as strings from './strings.ts';
import type { Strings } from './strings.ts';

/**
 * An event class: the events whose every named field holds one of the given strings (a product of field constraints). A field that is
 * not named may hold anything. A field that an event does not have counts as the empty string.
 */
export type EventClass = ReadonlyMap<string, Strings>;

/** A set of events: the union of its classes. No class: no event. */
export type Selector = readonly EventClass[];

/** One concrete event. */
export type Event = Readonly<Record<string, string>>;

export const NOTHING: Selector = [];
export const EVERYTHING: Selector = [new Map()];

/** The class of the events for which every condition holds; `undefined` where the conditions contradict themselves. */
export function classOf(where: Where): EventClass | undefined {
  const fields = new Map<string, Strings>();
  for (const [field, condition] of Object.entries(where)) {
    const values = stringsOf(condition);
    if (strings.isNone(values)) return undefined;
    fields.set(field, values);
  }
  return fields;
}

export function selectorOf(where: Where): Selector {
  const one = classOf(where);
  return one ? [one] : NOTHING;
}

/** Positive lists: any of their values, all lists to hold. Negative lists: none of their values. */
export function stringsOf(condition: FieldCondition): Strings {
  let set = strings.ALL_STRINGS;
  if (condition.equals) set = strings.intersect(set, strings.equalTo(condition.equals));
  if (condition.startsWith) set = strings.intersect(set, strings.startingWith(condition.startsWith));
  if (condition.endsWith) set = strings.intersect(set, strings.endingWith(condition.endsWith));
  if (condition.notEquals) set = strings.minus(set, strings.equalTo(condition.notEquals));
  if (condition.notStartsWith) set = strings.minus(set, strings.startingWith(condition.notStartsWith));
  if (condition.notEndsWith) set = strings.minus(set, strings.endingWith(condition.notEndsWith));
  return set;
}

export function isEmpty(selector: Selector): boolean {
  return selector.length === 0;
}

export function matches(selector: Selector, event: Event): boolean {
  return selector.some((one) => classMatches(one, event));
}

export function classMatches(one: EventClass, event: Event): boolean {
  for (const [field, values] of one) if (!strings.has(values, event[field] ?? '')) return false;
  return true;
}

export function intersectClasses(a: EventClass, b: EventClass): EventClass | undefined {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  const fields = new Map(a);
  for (const [field, values] of b) {
    const own = a.get(field);
    const both = own === undefined ? values : strings.intersect(own, values);
    if (strings.isNone(both)) return undefined;
    fields.set(field, both);
  }
  return fields;
}

export function intersect(a: Selector, b: Selector): Selector {
  if (a === EVERYTHING) return b;
  if (b === EVERYTHING) return a;
  const classes: EventClass[] = [];
  for (const left of a) {
    for (const right of b) {
      const both = intersectClasses(left, right);
      if (both) classes.push(both);
    }
  }
  return classes;
}

export function union(...selectors: readonly Selector[]): Selector {
  const some = selectors.filter((one) => one.length > 0);
  if (some.length === 0) return NOTHING;
  if (some.length === 1) return some[0] as Selector;
  if (some.includes(EVERYTHING)) return EVERYTHING;
  return merge(some.flat());
}

/** The events of `a` that are in no class of `b`. */
export function minus(a: Selector, b: Selector): Selector {
  if (b === EVERYTHING) return NOTHING;
  let rest: readonly EventClass[] = a;
  for (const cut of b) {
    if (rest.length === 0) return NOTHING;
    rest = rest.flatMap((one) => minusClass(one, cut));
  }
  return rest;
}

export function includes(outer: Selector, inner: Selector): boolean {
  return isEmpty(minus(inner, outer));
}

export function disjoint(a: Selector, b: Selector): boolean {
  return isEmpty(intersect(a, b));
}

function minusClass(one: EventClass, cut: EventClass): EventClass[] {
  const pieces: EventClass[] = [];
  let inside = one;
  for (const [field, values] of cut) {
    const own = one.get(field) ?? strings.ALL_STRINGS;
    const both = strings.intersect(own, values);
    if (strings.isNone(both)) return [one];
    const outside = strings.minus(own, values);
    if (!strings.isNone(outside)) pieces.push(new Map(inside).set(field, outside));
    inside = new Map(inside).set(field, both);
  }
  return pieces;
}

/** Joins classes that differ in one field only: five hundred selectors on one ARN each become one class. */
export function merge(classes: readonly EventClass[]): Selector {
  let left = dropDoubles(classes);
  for (let before = -1; before !== left.length && left.length > 1; ) {
    before = left.length;
    const fields = new Set(left.flatMap((one) => [...one.keys()]));
    for (const field of fields) left = mergeOn(field, left);
  }
  return left;
}

function mergeOn(field: string, classes: readonly EventClass[]): EventClass[] {
  const groups = new Map<string, EventClass[]>();
  for (const one of classes) {
    const key = keyWithout(field, one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group as [EventClass, ...EventClass[]];
    if (group.length === 1) return first;
    if (group.some((one) => !one.has(field))) {
      const rest = new Map(first);
      rest.delete(field);
      return rest;
    }
    return new Map(first).set(field, strings.unionAll(group.map((one) => one.get(field) as Strings)));
  });
}

function dropDoubles(classes: readonly EventClass[]): EventClass[] {
  const seen = new Map<string, EventClass>();
  for (const one of classes) seen.set(classKey(one), one);
  return [...seen.values()];
}

function keyWithout(field: string, one: EventClass): string {
  return [...one].filter(([name]) => name !== field).map(([name, values]) => `${name}\u0004${strings.keyOf(values)}`).sort().join('\u0005');
}

function classKey(one: EventClass): string {
  return keyWithout('', one);
}

const keys = new WeakMap<Selector, string>();

/** Equal text for equal representations. */
export function keyOf(selector: Selector): string {
  let key = keys.get(selector);
  if (key === undefined) {
    key = selector.map(classKey).sort().join('\u0006');
    keys.set(selector, key);
  }
  return key;
}
