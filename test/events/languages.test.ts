import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Strings } from '../../src/events/strings.ts';
import * as strings from '../../src/events/strings.ts';

/** A set of strings twice: as the algebra has it, and as a plain question. */
interface Both {
  readonly set: Strings;
  readonly plain: (value: string) => boolean;
}

const LETTERS = ['a', 'b', 'B', '/', '\n', '1', '\u{1f600}', '\u212a'];
const short = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '/', 'k', '\u{1f600}'), maxLength: 3 });
const shorts = fc.array(short, { minLength: 1, maxLength: 3 });
const value = fc.string({ unit: fc.constantFrom(...LETTERS, 'k', 'K'), maxLength: 7 });
const SHORT_VALUES = ['', ...LETTERS, ...LETTERS.flatMap((a) => LETTERS.flatMap((b) => [a + b, ...['a', 'b', '/'].map((c) => a + b + c)]))];

/** Text that RE2 and this runtime's expressions (with `u`) read alike. */
const regex: fc.Arbitrary<string> = fc.letrec<{ node: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'regex' },
    fc.constantFrom(
      'a',
      'b',
      '/',
      '.',
      '[ab]',
      '[^a]',
      '[^\\n]',
      '\\w',
      '\\W',
      '\\d',
      '^',
      '$',
      '\\b',
      '\\B',
      '\u{1f600}',
      '[/-1]',
      '\\x61',
      '\\pL',
      'k',
    ),
    tie('node').map((inner) => `(?:${inner})`),
    tie('node').map((inner) => `(${inner})`),
  ),
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'regex' },
    tie('atom'),
    fc.tuple(tie('atom'), tie('atom')).map(([a, b]) => a + b),
    fc.tuple(tie('atom'), tie('atom'), tie('atom')).map((parts) => parts.join('')),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `${a}|${b}`),
    fc.tuple(tie('atom'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{1,2}', '{0,2}', '{2,}')).map(([a, b]) => `(?:${a})${b}`),
  ),
})).node;

/** The same for this runtime: `\pL` is written with braces, and `.` leaves out the line feed alone. */
function runtime(pattern: string, flags = ''): RegExp {
  return new RegExp(pattern.replaceAll('\\pL', '\\p{L}').replace(/(?<!\\)\./g, '[^\\n]'), `u${flags}`);
}

function matching(pattern: string, options?: { anchored?: boolean; ignoreCase?: boolean }): Strings {
  const set = strings.matching(pattern, options);
  if (!set) throw new Error(`not understood: ${pattern}`);
  return set;
}

const fold = (text: string) => text.replaceAll('\u212a', 'k').toLowerCase();

const made: fc.Arbitrary<Both> = fc.oneof(
  regex.map((pattern) => ({ set: matching(pattern), plain: (text: string) => runtime(pattern).test(text) })),
  regex.map((pattern) => ({
    set: matching(pattern, { anchored: true }),
    plain: (text: string) => runtime(`^(?:${pattern})$`).test(text),
  })),
  shorts.map((words) => ({ set: strings.containing(words, false), plain: (text: string) => words.some((word) => text.includes(word)) })),
  shorts.map((words) => ({
    set: strings.containing(words, true),
    plain: (text: string) => words.some((word) => fold(text).includes(fold(word))),
  })),
  shorts.map((words) => ({
    set: strings.equalIgnoringCase(words),
    plain: (text: string) => words.some((word) => fold(word) === fold(text)),
  })),
  shorts.map((words) => ({
    set: strings.startingIgnoringCase(words),
    plain: (text: string) => words.some((word) => fold(text).startsWith(fold(word))),
  })),
  shorts.map((words) => ({
    set: strings.endingIgnoringCase(words),
    plain: (text: string) => words.some((word) => fold(text).endsWith(fold(word))),
  })),
  shorts.map((words) => ({ set: strings.equalTo(words), plain: (text: string) => words.includes(text) })),
  shorts.map((words) => ({ set: strings.startingWith(words), plain: (text: string) => words.some((word) => text.startsWith(word)) })),
  shorts.map((words) => ({ set: strings.endingWith(words), plain: (text: string) => words.some((word) => text.endsWith(word)) })),
);

const both: fc.Arbitrary<Both> = fc.letrec<{ both: Both }>((tie) => ({
  both: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'sets' },
    made,
    fc
      .tuple(tie('both'), tie('both'))
      .map(([a, b]) => ({ set: strings.union(a.set, b.set), plain: (text: string) => a.plain(text) || b.plain(text) })),
    fc
      .tuple(tie('both'), tie('both'))
      .map(([a, b]) => ({ set: strings.intersect(a.set, b.set), plain: (text: string) => a.plain(text) && b.plain(text) })),
    fc
      .tuple(tie('both'), tie('both'))
      .map(([a, b]) => ({ set: strings.minus(a.set, b.set), plain: (text: string) => a.plain(text) && !b.plain(text) })),
    tie('both').map((a) => ({ set: strings.complement(a.set), plain: (text: string) => !a.plain(text) })),
  ),
})).both;

function differences({ set, plain }: Both, values: readonly string[]): string[] {
  return values.filter((text) => strings.has(set, text) !== plain(text));
}

const RUNS = { numRuns: 300 };

describe('languages against plain membership', () => {
  test('has what its words say, alone', () => {
    fc.assert(
      fc.property(made, fc.array(value, { minLength: 10, maxLength: 10 }), (one, values) => {
        expect(differences(one, [...values, ...SHORT_VALUES])).toEqual([]);
      }),
      RUNS,
    );
  });

  test('and in any combination', () => {
    fc.assert(
      fc.property(both, fc.array(value, { minLength: 10, maxLength: 10 }), (one, values) => {
        expect(differences(one, [...values, ...SHORT_VALUES])).toEqual([]);
      }),
      RUNS,
    );
  });

  test('is empty only if nothing is in it; else has a member to show', () => {
    fc.assert(
      fc.property(both, value, ({ set, plain }, preferred) => {
        const member = strings.pick(set);
        expect(member === undefined).toBe(strings.isNone(set));
        if (member !== undefined) expect(plain(member)).toBe(true);
        if (member === '') expect(strings.members(set)).toEqual(['']);
        if (plain(preferred)) expect(strings.pick(set, [preferred])).toBe(preferred);
        const members = strings.members(set);
        if (members) expect(SHORT_VALUES.filter((text) => plain(text) && !members.includes(text))).toEqual([]);
        for (const text of members ?? []) expect(plain(text)).toBe(true);
        for (const text of SHORT_VALUES) if (plain(text)) expect(text.startsWith(set.start)).toBe(true);
        expect(strings.describe(set)).not.toBe('');
      }),
      RUNS,
    );
  });

  test('equal keys for equal sets and for these only, in whatever form they came', () => {
    fc.assert(
      fc.property(both, both, (a, b) => {
        const { keyOf, union, intersect, minus, complement, isNone, includes, disjoint } = strings;
        const equal = isNone(minus(a.set, b.set)) && isNone(minus(b.set, a.set));
        expect(keyOf(a.set) === keyOf(b.set)).toBe(equal);
        expect(includes(a.set, b.set)).toBe(isNone(minus(b.set, a.set)));
        expect(includes(a.set, b.set)).toBe(keyOf(union(a.set, b.set)) === keyOf(a.set));
        expect(disjoint(a.set, b.set)).toBe(isNone(intersect(a.set, b.set)));
        if (strings.apart(a.set, b.set)) expect(disjoint(a.set, b.set)).toBe(true);
        expect(keyOf(union(a.set, b.set))).toBe(keyOf(strings.unionAll([b.set, a.set, b.set])));
        expect(keyOf(complement(union(a.set, b.set)))).toBe(keyOf(intersect(complement(a.set), complement(b.set))));
        expect(keyOf(union(minus(a.set, b.set), intersect(a.set, b.set)))).toBe(keyOf(a.set));
        expect(union(a.set, complement(a.set))).toBe(strings.ALL_STRINGS);
        expect(intersect(a.set, complement(a.set))).toBe(strings.NO_STRINGS);
        if (includes(a.set, b.set)) for (const text of SHORT_VALUES) if (b.plain(text)) expect(a.plain(text)).toBe(true);
      }),
      RUNS,
    );
  });
});
