import type { FieldCondition, Where } from '../model/where.ts';
import type { Strings } from './strings.ts';
import * as strings from './strings.ts';

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
    if (!strings.isAll(values)) fields.set(field, values);
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
  return selector.every(isVoid);
}

export function matches(selector: Selector, event: Event): boolean {
  return selector.some((one) => classMatches(one, event));
}

export function classMatches(one: EventClass, event: Event): boolean {
  for (const [field, values] of one) if (!strings.has(values, fieldOf(event, field))) return false;
  return true;
}

/** What the event holds in a field; the empty string where it does not have it. */
export function fieldOf(event: Event, field: string): string {
  return Object.hasOwn(event, field) ? (event[field] as string) : '';
}

export function intersectClasses(a: EventClass, b: EventClass): EventClass | undefined {
  return isVoid(a) || isVoid(b) ? undefined : overlap(a, b);
}

export function intersect(a: Selector, b: Selector): Selector {
  if (a === EVERYTHING) return b;
  if (b === EVERYTHING) return a;
  const classes: EventClass[] = [];
  const others = b.filter(isSome);
  for (const left of a.filter(isSome)) {
    for (const right of others) {
      const both = overlap(left, right);
      if (both) classes.push(both);
    }
  }
  return a.length > 1 && b.length > 1 ? merge(classes) : classes;
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
  let rest: readonly EventClass[] = a.every(isSome) ? a : a.filter(isSome);
  let settled = Math.max(64, 2 * rest.length);
  for (const cut of mergedOnce(b)) {
    if (rest.length === 0) return NOTHING;
    rest = without(rest, cut);
    // Pieces that only differ in one field are put together again before they are cut further.
    if (rest.length > settled) {
      rest = join(rest);
      settled = Math.max(64, 2 * rest.length);
    }
  }
  return rest === a || rest.length < 2 ? rest : join(rest);
}

/** Class by class: the first that is left over answers it, and what is left need not be put together. */
export function includes(outer: Selector, inner: Selector): boolean {
  return outer === EVERYTHING || inner.every((one) => isEmpty(minus([one], outer)));
}

export function disjoint(a: Selector, b: Selector): boolean {
  return !a.some((left) => b.some((right) => intersectClasses(left, right) !== undefined));
}

function isVoid(one: EventClass): boolean {
  for (const values of one.values()) if (strings.isNone(values)) return true;
  return false;
}

function isSome(one: EventClass): boolean {
  return !isVoid(one);
}

function overlap(a: EventClass, b: EventClass): EventClass | undefined {
  if (apart(a, b)) return undefined;
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

/** Whether a glance shows that no event is in both. */
function apart(a: EventClass, b: Iterable<readonly [string, Strings]>): boolean {
  for (const [field, values] of b) {
    const own = a.get(field);
    if (own !== undefined && strings.apart(own, values)) return true;
  }
  return false;
}

function without(classes: readonly EventClass[], cut: EventClass): readonly EventClass[] {
  const rest: EventClass[] = [];
  const telling = mostTelling(cut);
  for (const one of classes) {
    if (apart(one, telling)) rest.push(one);
    else rest.push(...minusClass(one, cut));
  }
  return rest;
}

/** Disjoint classes that together are `one` without `cut`. */
function minusClass(one: EventClass, cut: EventClass): readonly EventClass[] {
  const pieces: EventClass[] = [];
  let inside = one;
  for (const [field, values] of cut) {
    const own = one.get(field) ?? strings.ALL_STRINGS;
    const both = strings.intersect(own, values);
    if (strings.isNone(both)) return [one];
    const outside = strings.minus(own, values);
    if (strings.isNone(outside)) continue;
    pieces.push(new Map(inside).set(field, outside));
    inside = new Map(inside).set(field, both);
  }
  return pieces;
}

/**
 * The same events in fewer classes: joins classes that differ in one field only (five hundred selectors on one ARN each become one class)
 * and drops those that lie within another one.
 */
export function merge(classes: readonly EventClass[]): Selector {
  let left = join(classes.filter(isSome));
  for (let before = -1; before !== left.length && left.length > 1; ) {
    before = left.length;
    left = dropWithin(left);
    if (left.length < before) left = join(left);
  }
  merged.set(left, left);
  return left;
}

/** Classes that differ in one field only become one. */
function join(classes: readonly EventClass[]): Selector {
  let left = classes.map(plain);
  if (left.some((one) => one.size === 0)) return EVERYTHING;
  if (left.length < 2) return left;
  const numbers: Numbers = new Map();
  for (let before = -1; before !== left.length && left.length > 1; ) {
    before = left.length;
    left = dropDoubles(left, numbers);
    for (const field of new Set(left.flatMap((one) => [...one.keys()]).sort())) {
      left = mergeOn(field, left, numbers);
      if (left.some((one) => one.size === 0)) return EVERYTHING;
    }
  }
  return left;
}

const merged = new WeakMap<Selector, Selector>();

function mergedOnce(selector: Selector): Selector {
  if (selector.length < 2) return selector;
  let known = merged.get(selector);
  if (!known) {
    known = merge(selector);
    merged.set(selector, known);
  }
  return known;
}

function plain(one: EventClass): EventClass {
  for (const values of one.values()) if (strings.isAll(values)) return new Map([...one].filter(([, some]) => !strings.isAll(some)));
  return one;
}

function mergeOn(field: string, classes: readonly EventClass[], numbers: Numbers): EventClass[] {
  const groups = new Map<string, EventClass[]>();
  for (const one of classes) {
    const key = signature(one, numbers, field);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group as [EventClass, ...EventClass[]];
    if (group.length === 1) return first;
    const all = strings.unionAll(group.map((one) => one.get(field) ?? strings.ALL_STRINGS));
    const joined = new Map(first);
    joined.delete(field);
    return strings.isAll(all) ? joined : joined.set(field, all);
  });
}

function dropDoubles(classes: readonly EventClass[], numbers: Numbers): EventClass[] {
  return [...new Map(classes.map((one) => [signature(one, numbers), one])).values()];
}

function dropWithin(classes: readonly EventClass[]): EventClass[] {
  const kept: { one: EventClass; telling: Telling }[] = [];
  // A class can only lie within one that names the same fields or fewer, so these go first.
  for (const one of classes.toSorted((a, b) => a.size - b.size)) {
    if (kept.some((outer) => isWithin(one, outer.telling))) continue;
    const telling = mostTelling(one);
    for (let index = kept.length - 1; index >= 0; index -= 1) {
      const inner = (kept[index] as { one: EventClass }).one;
      if (inner.size < one.size) break;
      if (isWithin(inner, telling)) kept.splice(index, 1);
    }
    kept.push({ one, telling });
  }
  return kept.map(({ one }) => one);
}

function isWithin(inner: EventClass, outer: Telling): boolean {
  for (const [field, values] of outer) {
    const own = inner.get(field);
    if (own === undefined || !own.start.startsWith(values.start)) return false;
  }
  return outer.every(([field, values]) => strings.includes(values, inner.get(field) as Strings));
}

/** The fields of a class, those first in which another class is the likeliest to differ at a glance. */
type Telling = readonly (readonly [string, Strings])[];

function mostTelling(one: EventClass): Telling {
  return [...one].sort(([, a], [, b]) => b.start.length - a.start.length);
}

/** Short text, equal for classes that are equal but for one field. `numbers` gives every field name and every set of strings its number. */
function signature(one: EventClass, numbers: Numbers, except?: string): string {
  const said: string[] = [];
  for (const [field, values] of one) if (field !== except) said.push(`${number(numbers, field)}:${numberOfSet(numbers, values)}`);
  return said.sort().join(' ');
}

type Numbers = Map<string | Strings, number>;

function number(numbers: Numbers, text: string): number {
  let found = numbers.get(text);
  if (found === undefined) {
    found = numbers.size;
    numbers.set(text, found);
  }
  return found;
}

function numberOfSet(numbers: Numbers, values: Strings): number {
  let found = numbers.get(values);
  if (found === undefined) {
    found = number(numbers, strings.keyOf(values));
    numbers.set(values, found);
  }
  return found;
}

const keys = new WeakMap<Selector, string>();

/** Equal text only for equal sets: the same classes, in whatever order they and their fields stand. */
export function keyOf(selector: Selector): string {
  let key = keys.get(selector);
  if (key === undefined) {
    const classes = selector
      .filter((one) => !isVoid(one))
      .map((one) => JSON.stringify([...one].map(([field, values]) => [field, strings.keyOf(values)]).sort(byFirst)));
    key = [...new Set(classes)].sort().join('\n');
    keys.set(selector, key);
  }
  return key;
}

function byFirst(a: readonly string[], b: readonly string[]): number {
  return (a[0] as string) < (b[0] as string) ? -1 : 1;
}
