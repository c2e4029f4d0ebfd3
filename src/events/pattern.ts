import { ANY_CHARACTER, anyCaseOf, type Characters, holds, LAST_CHARACTER, runsOf, WORD } from './characters.ts';
import { explore, LAST_UNIT, type Language, runAt, smallest, type Table } from './language.ts';

/** Where a position of a text has to be for an empty match. */
export type Place = 'start' | 'end' | 'line start' | 'line end' | 'word edge' | 'no word edge';

/** A regular expression over characters (code points). */
export type Pattern =
  | { readonly kind: 'one'; readonly of: Characters }
  | { readonly kind: 'each'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'either'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly least: number; readonly most: number }
  | { readonly kind: 'at'; readonly place: Place };

export const one = (of: Characters): Pattern => ({ kind: 'one', of });
export const each = (...parts: readonly Pattern[]): Pattern => ({ kind: 'each', parts });
export const either = (...parts: readonly Pattern[]): Pattern => ({ kind: 'either', parts });
export const repeat = (part: Pattern, least: number, most: number): Pattern => ({ kind: 'repeat', part, least, most });
export const at = (place: Place): Pattern => ({ kind: 'at', place });

export const ANY = ANY_CHARACTER;
export const ANYTHING: Pattern = repeat(one(ANY_CHARACTER), 0, Number.POSITIVE_INFINITY);

/** Any of the texts, or of what differs from one in case alone. What they begin with in common is there once. */
export function anyOf(texts: readonly string[], ignoreCase: boolean): Pattern {
  return branches(
    texts.map((text) => [...text].map((letter) => codeSet(letter.codePointAt(0) as number, ignoreCase))),
    0,
  );
}

function codeSet(code: number, ignoreCase: boolean): Characters {
  return ignoreCase ? anyCaseOf(code) : [code, code];
}

function branches(texts: readonly (readonly Characters[])[], from: number): Pattern {
  const [first] = texts;
  if (!first) return either();
  const shared: Pattern[] = [];
  let depth = from;
  for (let set = first[depth]; set && texts.every((text) => text[depth]?.join() === (set as Characters).join()); set = first[depth]) {
    shared.push(one(set));
    depth += 1;
  }
  const groups = new Map<string, (readonly Characters[])[]>();
  let ends = false;
  for (const text of texts) {
    const key = text[depth]?.join();
    const group = key === undefined ? undefined : groups.get(key);
    if (key === undefined) ends = true;
    else if (group) group.push(text);
    else groups.set(key, [text]);
  }
  if (groups.size === 0) return each(...shared);
  return each(...shared, either(...[...groups.values()].map((group) => branches(group, depth)), ...(ends ? [each()] : [])));
}

/** The decimal numerals from one number to another, or without end; neither below zero. */
export function numerals(from: bigint, to: bigint | undefined): Pattern {
  if (to !== undefined && from > to) return either();
  const low = String(from);
  const ways: Pattern[] = [];
  const most = to === undefined ? low.length : String(to).length;
  for (let length = low.length; length <= most; length += 1) {
    const least = length === low.length ? low : `1${'0'.repeat(length - 1)}`;
    const last = to !== undefined && length === most ? String(to) : '9'.repeat(length);
    ways.push(between(least, last));
  }
  if (to === undefined) ways.push(each(digit('1', '9'), repeat(digit('0', '9'), most, Number.POSITIVE_INFINITY)));
  return either(...ways);
}

/** Numerals of one length. */
function between(least: string, last: string): Pattern {
  if (least === '') return each();
  const [low, high] = [least[0] as string, last[0] as string];
  const [lowRest, highRest] = [least.slice(1), last.slice(1)];
  if (low === high) return each(digit(low, low), between(lowRest, highRest));
  if (/^0*$/.test(least) && /^9*$/.test(last)) return repeat(digit('0', '9'), least.length, least.length);
  const [zeros, nines] = ['0'.repeat(lowRest.length), '9'.repeat(lowRest.length)];
  const ways = [each(digit(low, low), between(lowRest, nines)), each(digit(high, high), between(zeros, highRest))];
  const [from, to] = [String(Number(low) + 1), String(Number(high) - 1)];
  if (from <= to) ways.push(each(digit(from, to), repeat(digit('0', '9'), zeros.length, zeros.length)));
  return either(...ways);
}

function digit(from: string, to: string): Pattern {
  return one([from.charCodeAt(0), to.charCodeAt(0)]);
}

/** How large a pattern may become. Beyond it is not decided. */
export interface Bounds {
  /** Places in the pattern, repetitions written out. */
  readonly places: number;
  readonly states: number;
  /** Steps from one place to another, in all states together. */
  readonly steps: number;
}

export const FOREIGN: Bounds = { places: 10_000, states: 3_000, steps: 3_000_000 };
export const OWN: Bounds = { places: 2_000_000, states: 100_000, steps: 10_000_000 };

/** The texts that the whole pattern matches, or (`search`) in which it matches somewhere. Undefined beyond the bounds. */
export function languageOfPattern(pattern: Pattern, search: boolean, bounds: Bounds): Language | undefined {
  if (sizeOf(pattern) > bounds.places) return undefined;
  const program = programOf(search ? each(ANYTHING, pattern) : pattern);
  const table = tableOf(program, search, bounds);
  const units = table && unitsOf(table, bounds);
  return units && smallest(units);
}

function sizeOf(pattern: Pattern): number {
  if (pattern.kind === 'one' || pattern.kind === 'at') return 1;
  if (pattern.kind === 'repeat') {
    const copies = pattern.most === Number.POSITIVE_INFINITY ? pattern.least + 1 : pattern.most;
    return 1 + copies * (1 + sizeOf(pattern.part));
  }
  return pattern.parts.reduce((sum, part) => sum + sizeOf(part) + 1, 1);
}

/** One place in the program: reads a character of a set, goes on at several places, goes on where a position allows it, or is the end. */
type Step =
  | { readonly of: Characters; readonly to: number }
  | { readonly ways: readonly number[] }
  | { readonly place: Place; readonly to: number }
  | { readonly done: true };

interface Program {
  readonly steps: readonly Step[];
  readonly start: number;
}

/** Built from the end: each part is told where to go on. */
function programOf(pattern: Pattern): Program {
  const steps: Step[] = [{ done: true }];
  const add = (step: Step): number => steps.push(step) - 1;
  const build = (part: Pattern, to: number): number => {
    switch (part.kind) {
      case 'one':
        return add({ of: part.of, to });
      case 'at':
        return add({ place: part.place, to });
      case 'each':
        return part.parts.reduceRight((after, inner) => build(inner, after), to);
      case 'either':
        return add({ ways: part.parts.map((inner) => build(inner, to)) });
      case 'repeat': {
        let after = to;
        if (part.most === Number.POSITIVE_INFINITY) {
          const ways: number[] = [];
          after = add({ ways });
          ways.push(build(part.part, after), to);
        } else for (let count = part.least; count < part.most; count += 1) after = add({ ways: [build(part.part, after), to] });
        for (let count = 0; count < part.least; count += 1) after = build(part.part, after);
        return after;
      }
    }
  };
  return { start: build(pattern, 0), steps };
}

const LINE_END: Characters = [0x0a, 0x0a];

/** What lies before or after a position. */
type Side = 'edge' | 'line end' | 'word' | 'other';

/** By characters; what follows a match in a search is not looked at any more. */
function tableOf({ steps, start }: Program, search: boolean, bounds: Bounds): Table | undefined {
  const placed = steps.some((step) => 'place' in step);
  const sets = new Map<string, Characters>();
  for (const step of steps) if ('of' in step) sets.set(step.of.join(), step.of);
  if (placed) for (const set of [LINE_END, WORD]) sets.set(set.join(), set);
  const { ends, kinds, examples, inSet } = kindsOf([...sets.values()]);
  const member = new Map<Characters, readonly boolean[]>();
  const keys = [...sets.keys()];
  for (const step of steps) if ('of' in step) member.set(step.of, inSet[keys.indexOf(step.of.join())] as readonly boolean[]);
  const sideOf = (code: number): Side => (!placed ? 'other' : code === 0x0a ? 'line end' : holds(WORD, code) ? 'word' : 'other');
  const sides = examples.map(sideOf);

  let taken = 0;
  const closure = (from: readonly number[], before: Side, after: Side): { reads: number[]; done: boolean } => {
    const seen = new Set(from);
    const reads: number[] = [];
    let done = false;
    for (const position of seen) {
      taken += 1;
      const step = steps[position] as Step;
      if ('of' in step) reads.push(position);
      else if ('ways' in step) for (const way of step.ways) seen.add(way);
      else if ('place' in step) {
        if (allows(step.place, before, after)) seen.add(step.to);
      } else done = true;
    }
    return { reads, done };
  };

  interface Position {
    readonly at: readonly number[];
    readonly before: Side;
    readonly key: string;
  }
  const positionOf = (set: ReadonlySet<number>, before: Side): Position => {
    const list = [...set].sort((a, b) => a - b);
    return { at: list, before, key: `${before}:${list.join()}` };
  };
  const found: Position = { at: [], before: 'other', key: 'found' };
  const table = explore<Position>(
    positionOf(new Set([start]), placed ? 'edge' : 'other'),
    (state) => state.key,
    (state) => {
      if (state === found || taken > bounds.steps) return { ends: [examples.length - 1], targets: [found] };
      const open = new Map<Side, ReturnType<typeof closure>>();
      const targets = examples.map((_, kind) => {
        const side = sides[kind] as Side;
        const here = open.get(side) ?? closure(state.at, state.before, side);
        open.set(side, here);
        if (search && here.done) return found;
        const to = new Set<number>();
        for (const position of here.reads) {
          const step = steps[position] as { of: Characters; to: number };
          if ((member.get(step.of) as readonly boolean[])[kind]) to.add(step.to);
        }
        taken += here.reads.length;
        return positionOf(to, side);
      });
      const runs: number[] = [];
      const to: Position[] = [];
      for (const [kind, target] of targets.entries()) {
        if (to[to.length - 1]?.key === target.key) runs[runs.length - 1] = kind;
        else {
          runs.push(kind);
          to.push(target);
        }
      }
      return { ends: runs, targets: to };
    },
    (state) => state === found || closure(state.at, state.before, 'edge').done,
    bounds.states,
  );
  if (!table || taken > bounds.steps) return undefined;
  // Kinds stand for characters until the automaton is small: letters alone are more than six hundred runs of characters.
  const small = smallest(table);
  const rows = small.targets.map((targets, state) => {
    const runs: number[] = [];
    const to: number[] = [];
    for (const [index, kind] of kinds.entries()) {
      const target = targets[runAt(small.ends[state] as readonly number[], kind)] as number;
      if (to[to.length - 1] === target) runs[runs.length - 1] = ends[index] as number;
      else {
        runs.push(ends[index] as number);
        to.push(target);
      }
    }
    return { runs, to };
  });
  return { ends: rows.map((row) => row.runs), targets: rows.map((row) => row.to), accepts: small.accepts };
}

function allows(place: Place, before: Side, after: Side): boolean {
  switch (place) {
    case 'start':
      return before === 'edge';
    case 'end':
      return after === 'edge';
    case 'line start':
      return before === 'edge' || before === 'line end';
    case 'line end':
      return after === 'edge' || after === 'line end';
    case 'word edge':
      return (before === 'word') !== (after === 'word');
    case 'no word edge':
      return (before === 'word') === (after === 'word');
  }
}

/** Runs of characters, each with the number of its kind: characters of a kind are in the same sets. */
function kindsOf(sets: readonly Characters[]): { ends: number[]; kinds: number[]; examples: number[]; inSet: boolean[][] } {
  const cuts = new Set([LAST_CHARACTER]);
  for (const set of sets) {
    for (const [from, to] of runsOf(set)) {
      if (from > 0) cuts.add(from - 1);
      cuts.add(to);
    }
  }
  const ends = [...cuts].sort((a, b) => a - b);
  const numbers = new Map<string, number>();
  const kinds: number[] = [];
  const examples: number[] = [];
  const signatures: number[][] = ends.map(() => []);
  for (const [number, set] of sets.entries()) {
    let index = 0;
    for (const [from, to] of runsOf(set)) {
      while ((ends[index] as number) < from) index += 1;
      for (; index < ends.length && (ends[index] as number) <= to; index += 1) (signatures[index] as number[]).push(number);
    }
  }
  const inSet: boolean[][] = sets.map(() => []);
  for (const [index, signature] of signatures.entries()) {
    const key = signature.join();
    let kind = numbers.get(key);
    if (kind === undefined) {
      kind = numbers.size;
      numbers.set(key, kind);
      examples.push(ends[index] as number);
      for (const list of inSet) list.push(false);
      for (const number of signature) (inSet[number] as boolean[])[kind] = true;
    }
    kinds.push(kind);
  }
  return { ends, kinds, examples, inSet };
}

const [FIRST_HIGH, FIRST_LOW, AFTER_LOW] = [0xd800, 0xdc00, 0xe000];

/**
 * The same by code units. After the first half of a pair it is open whether the second half follows: if not, the half was a character of its own.
 */
function unitsOf(table: Table, bounds: Bounds): Table | undefined {
  const target = (state: number, code: number): number =>
    (table.targets[state] as readonly number[])[runAt(table.ends[state] as readonly number[], code)] as number;
  /** The targets of the characters from one code to another, as runs of code units that start at `unit`. */
  const copy = (state: number, from: number, to: number, unit: number, add: (end: number, state: number) => void): void => {
    for (let code = from; code <= to; ) {
      const ends = table.ends[state] as readonly number[];
      const index = runAt(ends, code);
      const end = Math.min(ends[index] as number, to);
      add(unit + end - from, (table.targets[state] as readonly number[])[index] as number);
      code = end + 1;
    }
  };
  interface Unit {
    readonly state: number;
    /** The first half of a pair that was just read, or -1. */
    readonly half: number;
  }
  /** First halves by what they lead to: the last of each run. */
  const runs = table.ends.map((ends) => {
    const cuts = new Set([FIRST_LOW - 1]);
    for (const end of ends) {
      if (end >= FIRST_HIGH && end < FIRST_LOW) cuts.add(end);
      if (end < 0x10000 || end === LAST_CHARACTER) continue;
      const half = FIRST_HIGH + ((end - 0x10000) >> 10);
      if (((end + 1) & 0x3ff) !== 0 && half > FIRST_HIGH) cuts.add(half - 1);
      cuts.add(half);
    }
    return [...cuts].sort((a, b) => a - b);
  });
  const whole = (state: number) => state === target(state, 0) && (table.ends[state] as number[]).length === 1;
  return explore<Unit>(
    { state: 0, half: -1 },
    ({ state, half }) => (half + 1) * table.ends.length + state,
    ({ state, half }) => {
      const ends: number[] = [];
      const targets: Unit[] = [];
      const add = (end: number, next: Unit): void => {
        ends.push(end);
        targets.push(next);
      };
      const plain = (end: number, next: number): void => add(end, { state: next, half: -1 });
      const now = half < 0 ? state : target(state, half);
      if (whole(now)) {
        if (half < 0) return { ends: [LAST_UNIT], targets: [{ state: now, half: -1 }] };
      }
      copy(now, 0, FIRST_HIGH - 1, 0, plain);
      for (const end of runs[now] as number[]) add(end, { state: now, half: end });
      if (half < 0) copy(now, FIRST_LOW, AFTER_LOW - 1, FIRST_LOW, plain);
      else {
        const first = 0x10000 + ((half - FIRST_HIGH) << 10);
        copy(state, first, first + 0x3ff, FIRST_LOW, plain);
      }
      copy(now, AFTER_LOW, LAST_UNIT, AFTER_LOW, plain);
      return { ends, targets };
    },
    ({ state, half }) => table.accepts[half < 0 ? state : target(state, half)] as boolean,
    3 * bounds.states,
  );
}
