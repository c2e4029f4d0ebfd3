import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EventClass, includes, intersect, keyOf, minus, type Selector, union } from '../../src/events/classes.ts';
import type { Strings } from '../../src/events/strings.ts';
import * as strings from '../../src/events/strings.ts';
import { nearestMiss, witness } from '../../src/events/witness.ts';

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

/** A class of letters before much else can pass the bound on states; what is refused there is refused everywhere. */
const understood = regex.filter((pattern) => strings.matching(pattern) !== undefined);

/**
 * The same for this runtime, from the start of the text on: its own search would look for `\B` between the halves of a pair, too. `.` leaves
 * out the line feed alone.
 */
function runtime(pattern: string, whole: boolean): RegExp {
  const same = pattern.replaceAll('\\pL', '\\p{L}').replace(/(?<!\\)\./g, '[^\\n]');
  return new RegExp(whole ? `^(?:${same})$` : `^\\p{Any}*?(?:${same})`, 'u');
}

function matching(pattern: string, options?: { anchored?: boolean; ignoreCase?: boolean }): Strings {
  const set = strings.matching(pattern, options);
  if (!set) throw new Error(`not understood: ${pattern}`);
  return set;
}

const fold = (text: string) => text.replaceAll('\u212a', 'k').toLowerCase();

const made: fc.Arbitrary<Both> = fc.oneof(
  understood.map((pattern) => ({ set: matching(pattern), plain: (text: string) => runtime(pattern, false).test(text) })),
  understood.map((pattern) => ({
    set: matching(pattern, { anchored: true }),
    plain: (text: string) => runtime(pattern, true).test(text),
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
      { numRuns: 100 },
    );
  });
});

describe('regular expressions as RE2 reads them', () => {
  const cases: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
    ['admin', ['admin', 'the admin role'], ['Admin', '']],
    ['(?i)admin', ['ADMIN', 'an Admin'], ['adm']],
    ['(?i:a)b', ['ab', 'Ab'], ['aB']],
    ['a(?i)b|c', ['ab', 'aB', 'C'], ['Ab']],
    ['(?i)straße', ['STRAßE', 'STRAẞE'], ['STRASSE']],
    ['(?i)k', ['\u212a', 'K'], ['x']],
    ['(?i)[^k]', ['a'], ['\u212a', 'k', 'K']],
    ['(?i)\\p{Lu}', ['a', 'A'], ['1']],
    ['(?-i)a', ['a'], ['A']],
    ['^a.b$', ['axb', 'a\u{1f600}b', 'a\rb', 'a\u2028b'], ['a\nb', 'ab', 'axxb', 'axb\n']],
    ['(?s)^a.b$', ['a\nb'], ['ab']],
    ['(?m)^b$', ['b', 'a\nb', 'a\nb\nc'], ['ab', 'a\r\nb\r']],
    ['(?sm-i:^b.$)', ['a\nbc'], ['bcd']],
    ['\\Aab\\z', ['ab'], ['abc', 'ab\n', 'xab']],
    ['\\Qa.b*\\E$', ['a.b*', 'xa.b*'], ['axbb']],
    ['\\Qa.b', ['a.b'], ['axb']],
    ['^[[:alpha:]_]+[[:^digit:]]$', ['ab-', '_x'], ['a1', '1-']],
    ['^[[:alpha:][:digit:]]+$', ['a1'], ['a_']],
    ['^\\pL\\PL\\p{Greek}\\P{Greek}\\p{^Greek}$', ['é1λaa'], ['11λaa', 'é1aaa']],
    ['^\\s\\S$', [' a', '\fa', '\na'], ['\va', '\u00a0a']],
    ['^\\w+$', ['a_1'], ['é']],
    ['^\\x41\\x{1f600}\\101\\07\\0$', ['A\u{1f600}A\u0007\0'], ['A']],
    ['^[]a]+[^]a]$', [']a]b'], ['b]', ']]']],
    ['^[a\\-z\\]]+$', ['-', 'z]'], ['b']],
    ['^[[:word]+$', ['[:w'], ['x']],
    ['^[\\d-z]+$', ['5-z'], ['a']],
    ['^a{2,3}?b{,2}$', ['aab{,2}', 'aaab{,2}'], ['aabb']],
    ['^x{0}y{1}$', ['y'], ['xy']],
    ['^(?P<name>a)(?<other>b)$', ['ab'], ['a']],
    ['^(|a)$', ['', 'a'], ['b']],
    ['^{}]$', ['{}]'], []],
    ['^*a', ['a', 'ba'], ['b']],
    ['\\bvault\\b', ['vault', 'card-vault/x', 'a vault'], ['vaults', 'my_vault', 'évaultx']],
    ['\\Bvault', ['xvault'], ['vault', 'x vault']],
    ['^(?U)a+$', ['aa'], ['']],
    ['projects/.*/secrets/[^/]+/versions/\\d+$', ['projects/p/secrets/s/versions/12'], ['projects/p/secrets/s/versions/latest']],
    ['\\/\\.\\-\\"', ['/.-"'], ['x']],
    ['a||b', ['', 'x'], []],
    ['[^\\x00-\\x{10FFFF}]', [], ['', 'a']],
  ];
  for (const [pattern, yes, no] of cases) {
    test(JSON.stringify(pattern), () => {
      const set = matching(pattern);
      expect(yes.filter((text) => !strings.has(set, text))).toEqual([]);
      expect(no.filter((text) => strings.has(set, text))).toEqual([]);
    });
  }

  const refused = [
    '(?=a)',
    '(?!a)',
    '(?<=a)',
    '(?<!a)',
    '(a)\\1',
    '(?P=n)',
    '(?>a)',
    'a**',
    'a++',
    '*a',
    '+',
    'a|*',
    '(',
    ')',
    'a)',
    '(a',
    '[a',
    '[b-a]',
    '[a-\\d]',
    '[[:foo:]]',
    'a{1001}',
    'a{2,1}',
    '\\',
    '\\8',
    '\\Z',
    '\\G',
    '\\C',
    '\\y',
    '\\pX',
    '\\p{Grek}',
    '\\p{Letter}',
    '\\x{110000}',
    '\\xg',
    '(?x)a',
    '(?i',
    '(?)',
    '(?i-)',
    '(?P<n>a)(?P<n>b)',
    '(?P<n',
    '[',
    '[]',
    '[^]',
    '\ud800',
  ]; // prettier-ignore
  test.each(refused.map((pattern) => [pattern]))('refuses %j', (pattern) => {
    expect(strings.matching(pattern)).toBeUndefined();
  });

  test.each(
    [
      '(a|b)*a(a|b){40}',
      '(x{1000}){1000}',
      '((((a{30}){30}){30}){30}){30}',
      'a.{500}b',
      '\\pL{1000}',
      '(.{0,30}a){10}',
      '('.repeat(100_000),
      '(?:'.repeat(1000),
      'a|'.repeat(50_000),
      'a'.repeat(100_000),
      '[a-z]*x[a-z]{30}y',
      '(\\pL|\\pN|x){900}',
    ].map((pattern) => [pattern.slice(0, 30), pattern]),
  )('does not try %s', (_, pattern) => {
    expect(strings.matching(pattern)).toBeUndefined();
  });

  test('nested repetitions of nothing end', () => {
    expect(strings.matching('((a*)*|(b?)+)*$')).toBe(strings.ALL_STRINGS);
    expect(strings.keyOf(matching('^(?:(?:a?){2,}){3}$'))).toBe(strings.keyOf(matching('^a*$')));
  });

  test('what prefixes and suffixes can say comes as these', () => {
    const { startingWith, endingWith, keyOf } = strings;
    expect(keyOf(matching('^vault/'))).toBe(keyOf(startingWith(['vault/'])));
    expect(keyOf(matching('^(vault|card)/'))).toBe(keyOf(startingWith(['vault/', 'card/'])));
    expect(keyOf(matching('\\.(key|pem)$'))).toBe(keyOf(endingWith(['.key', '.pem'])));
    expect(strings.members(matching('^(a|b)c?$'))).toEqual(['a', 'ac', 'b', 'bc']);
    expect(strings.matching('')).toBe(strings.ALL_STRINGS);
    expect(strings.matching('a^')).toBe(strings.NO_STRINGS);
    expect(strings.describe(matching('^vault/'))).toBe('starts with vault/');
  });
});

describe('in any case', () => {
  test('as this runtime folds', () => {
    const some =
      '\u00b5\u03bc\u0345\u03b9\u1fbe\u0399\u017fsSkK\u212a\u00df\u1e9e\u0130\u0131iI\u03c2\u03c3\u03a3\ufb05\ufb06\u0390\u1fd3\u13a0\uab70\u{10400}\u{10428}\u01c4\u01c5\u01c6';
    for (const a of some) {
      const like = new RegExp(`^${a}$`, 'iu');
      const set = strings.equalIgnoringCase([a]);
      for (const b of some) expect(`${a}${b}${strings.has(set, b)}`).toBe(`${a}${b}${like.test(b)}`);
    }
  });

  test('long words stay small', () => {
    const set = strings.equalIgnoringCase(['compute.googleapis.com', 'storage.googleapis.com']);
    expect(strings.members(set)).toBeUndefined();
    expect(strings.has(set, 'Compute.GoogleAPIs.com')).toBe(true);
    expect(strings.members(strings.intersect(set, strings.equalTo(['COMPUTE.googleapis.com', 'x'])))).toEqual(['COMPUTE.googleapis.com']);
    expect(strings.describe(set)).toBe('compute.googleapis.com, storage.googleapis.com (any case)');
  });
});

describe('integers', () => {
  const bound = fc.option(fc.integer({ min: -1200, max: 1200 }), { nil: undefined });
  test('are those of the range', () => {
    fc.assert(
      fc.property(bound, bound, fc.array(fc.integer({ min: -13_000, max: 13_000 })), (from, to, values) => {
        const set = strings.integers({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
        const near = [from, to].flatMap((one) => (one === undefined ? [] : [one - 1, one, one + 1]));
        for (const number of [...values, ...near, 0, 9, 10, 99, 100, 999, 1000, -1, -9, -10, -100]) {
          expect(`${number} ${strings.has(set, String(number))}`).toBe(
            `${number} ${number >= (from ?? -Infinity) && number <= (to ?? Infinity)}`,
          );
        }
        for (const text of ['', '-', '-0', '00', '01', '+1', '1.0', '1e3', ' 1', '-01']) expect(strings.has(set, text)).toBe(false);
        if (from !== undefined && to !== undefined) expect(strings.isNone(set)).toBe(from > to);
      }),
      RUNS,
    );
  });

  test('of any size, and split without a rest', () => {
    const { integers, union, keyOf } = strings;
    expect(strings.has(integers({ from: 2n ** 64n }), '18446744073709551615')).toBe(false);
    expect(strings.has(integers({ from: 2n ** 64n }), '18446744073709551616')).toBe(true);
    expect(keyOf(union(integers({ to: 1023 }), integers({ from: 1024 })))).toBe(keyOf(integers({})));
    expect(strings.members(integers({ from: -1, to: 1 }))).toEqual(['-1', '0', '1']);
  });
});

describe('wildcards', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.', '\u{1f600}'), maxLength: 6 });
  test('stand for any run, or for one character', () => {
    fc.assert(
      fc.property(pattern, fc.array(value, { minLength: 10, maxLength: 10 }), (glob, values) => {
        const plain = new RegExp(
          `^${[...glob].map((letter) => ({ '*': '\\p{Any}*', '?': '\\p{Any}', '.': '\\.' })[letter] ?? letter).join('')}$`,
          'u',
        );
        expect(differences({ set: strings.globbing(glob), plain: (text) => plain.test(text) }, [...values, ...SHORT_VALUES])).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('languages in words and by example', () => {
  test('says what it is', () => {
    const { containing, startingWith, equalTo, minus, intersect, union, complement, describe: say } = strings;
    expect(say(containing(['x', 'y'], true))).toBe('contains x, y (any case)');
    expect(say(matching('a.*b'))).toBe('matches /a.*b/');
    expect(say(complement(containing(['x'], false)))).toBe('not (contains x)');
    expect(say(complement(complement(containing(['x'], false))))).toBe('contains x');
    expect(say(intersect(containing(['x'], false), startingWith(['v/'])))).toBe('contains x and starts with v/');
    expect(say(minus(containing(['x'], false), equalTo(['x'])))).toBe('contains x but not x');
    expect(say(minus(startingWith(['v/']), complement(containing(['x'], false))))).toBe('starts with v/ and contains x');
    expect(say(intersect(union(containing(['x'], false), containing(['y'], false)), startingWith(['v/'])))).toBe(
      '(contains x or contains y) and starts with v/',
    );
  });

  test('shows a member that looks like one', () => {
    expect(strings.pick(strings.complement(strings.containing(['x.'], false)))).toBe('example');
    expect(strings.pick(matching('^projects/[^/]+/logs/.*$'))).toBe('projects/a/logs/');
    expect(strings.pick(matching('^.\\d$'))).toBe('a0');
    expect(strings.pick(matching('^\\p{Greek}$'))).toMatch(/^\p{Script=Greek}$/u);
    expect(strings.pick(matching('^[\\x00-\\x1f]$'))).toHaveLength(1);
    expect(strings.pick(strings.containing(['a'], true), ['b', 'CARD', 'card'])).toBe('CARD');
  });

  test('large trees come back as they were', () => {
    const list = (count: number, make: (index: number) => string) => Array.from({ length: count }, (_, index) => make(index));
    const prefixes = strings.startingWith(list(300, (index) => `arn:aws:s3:::bucket-${(index * 7919) % 1000}/`));
    const vault = strings.containing(['vault'], true);
    for (const tree of [
      prefixes,
      strings.intersect(prefixes, strings.endingWith(list(100, (index) => `.${index}`))),
      strings.equalTo(list(800, (index) => `projects/p-${index}`)),
      strings.minus(prefixes, strings.startingWith(list(50, (index) => `arn:aws:s3:::bucket-${(index * 7919) % 1000}/tmp`))),
    ]) {
      const back = strings.minus(strings.union(tree, vault), strings.minus(vault, tree));
      expect(back.language).toBeUndefined();
      expect(strings.keyOf(back)).toBe(strings.keyOf(tree));
      expect(strings.pick(back)).toBe(strings.pick(tree));
      expect(strings.describe(back)).toBe(strings.describe(tree));
      expect(back.start).toBe(tree.start);
    }
  });
});

describe('event classes of languages', () => {
  const one = (fields: Readonly<Record<string, Strings>>): EventClass => new Map(Object.entries(fields));
  const need: Selector = [
    one({
      serviceName: strings.equalTo(['storage.googleapis.com']),
      resourceName: strings.startingWith(['projects/_/buckets/card-vault/']),
    }),
  ];
  const sink: Selector = [
    one({ serviceName: strings.equalIgnoringCase(['STORAGE.googleapis.com']), resourceName: strings.complement(matching('/te?mp/')) }),
  ];

  test('what is lost is shown by an event that matches', () => {
    const rest = minus(need, sink);
    const lost = witness(rest, { resourceName: ['projects/_/buckets/card-vault/4711', 'projects/_/buckets/card-vault/temp/4711'] });
    expect(lost).toEqual({ serviceName: 'storage.googleapis.com', resourceName: 'projects/_/buckets/card-vault/temp/4711' });
    expect(witness(rest, {})?.resourceName).toMatch(/^projects\/_\/buckets\/card-vault\/te?mp\/$/);
    expect(lost && nearestMiss(sink, lost)?.fields).toEqual(['resourceName']);
  });

  test('and two halves are the whole', () => {
    expect(includes(sink, need)).toBe(false);
    expect(includes(union(sink, [one({ resourceName: strings.containing(['/tmp/', '/temp/'], false) })]), need)).toBe(true);
    expect(includes(union(sink, [one({ resourceName: strings.containing(['/tmp/'], false) })]), need)).toBe(false);
    expect(keyOf(union(intersect(need, sink), minus(need, sink)))).toBe(keyOf(union(need)));
  });
});
