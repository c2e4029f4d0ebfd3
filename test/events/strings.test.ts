import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringsOf } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import { type Both, both, condition, holds, simple, telling, VALUES } from './plain.ts';

const RUNS = { numRuns: 250 };

function differences(one: Both): string[] {
  return telling(one).filter((value) => strings.has(one.set, value) !== one.plain(value));
}

describe('sets of strings against plain membership', () => {
  test('a condition holds what its words say', () => {
    fc.assert(
      fc.property(condition, (one) => {
        expect(differences({ set: stringsOf(one), plain: (value) => holds(one, value), said: Object.values(one).flat() })).toEqual([]);
      }),
      RUNS,
    );
  });

  test('union, intersection, difference and complement, over one another', () => {
    fc.assert(
      fc.property(both, (one) => {
        expect(differences(one)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('random strings, too', () => {
    fc.assert(
      fc.property(both, fc.string({ maxLength: 8 }), fc.constantFrom(...VALUES), ({ set, plain }, value, part) => {
        for (const text of [value, part + value, value + part, part + value + part]) expect(strings.has(set, text)).toBe(plain(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('is empty only if nothing is in it; else has a member to show', () => {
    fc.assert(
      fc.property(both, (one) => {
        const { set, plain } = one;
        const member = strings.pick(set);
        expect(strings.isNone(set)).toBe(member === undefined);
        if (member === undefined) expect(telling(one).filter(plain)).toEqual([]);
        else expect(plain(member)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('prefers what is asked for', () => {
    fc.assert(
      fc.property(both, fc.array(fc.constantFrom(...VALUES), { maxLength: 6 }), ({ set, plain }, preferred) => {
        const wanted = preferred.find(plain);
        const member = strings.pick(set, preferred);
        if (wanted !== undefined) expect(member).toBe(wanted);
        else if (member !== undefined) expect(plain(member)).toBe(true);
        else expect(strings.isNone(set)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('picks the empty string only if there is no other', () => {
    fc.assert(
      fc.property(both, ({ set }) => {
        if (strings.pick(set) === '') expect(strings.members(set)).toEqual(['']);
      }),
      { numRuns: 1000 },
    );
  });

  test('contains, meets and equals as their members do', () => {
    fc.assert(
      fc.property(simple, both, (a, b) => {
        const values = telling(a, b);
        expect(strings.includes(a.set, b.set)).toBe(values.every((value) => !b.plain(value) || a.plain(value)));
        expect(strings.includes(b.set, a.set)).toBe(values.every((value) => !a.plain(value) || b.plain(value)));
        expect(strings.disjoint(a.set, b.set)).toBe(!values.some((value) => a.plain(value) && b.plain(value)));
        if (strings.apart(a.set, b.set)) expect(strings.disjoint(a.set, b.set)).toBe(true);
        expect(strings.keyOf(a.set) === strings.keyOf(b.set)).toBe(values.every((value) => a.plain(value) === b.plain(value)));
        expect(strings.isAll(b.set)).toBe(values.every(b.plain));
      }),
      RUNS,
    );
  });

  test('equal sets have equal keys, however they came about', () => {
    fc.assert(
      fc.property(both, both, both, (a, b, c) => {
        const key = strings.keyOf;
        const { union, intersect, minus, complement } = strings;
        expect(key(union(a.set, b.set))).toBe(key(union(b.set, a.set)));
        expect(key(union(union(a.set, b.set), c.set))).toBe(key(strings.unionAll([c.set, a.set, b.set])));
        expect(key(intersect(a.set, union(b.set, c.set)))).toBe(key(union(intersect(a.set, b.set), intersect(a.set, c.set))));
        expect(key(complement(union(a.set, b.set)))).toBe(key(intersect(complement(a.set), complement(b.set))));
        expect(key(minus(a.set, b.set))).toBe(key(intersect(a.set, complement(b.set))));
        expect(key(complement(complement(a.set)))).toBe(key(a.set));
        expect(complement(complement(a.set)) === strings.NO_STRINGS).toBe(strings.isNone(a.set));
        expect(union(a.set, complement(a.set))).toBe(strings.ALL_STRINGS);
        expect(strings.disjoint(minus(a.set, b.set), b.set)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('members are all there are, sorted, or cannot be listed', () => {
    fc.assert(
      fc.property(both, (one) => {
        const { set, plain } = one;
        const members = strings.members(set);
        if (members) {
          expect(members).toEqual(telling(one).filter(plain).sort());
          expect(strings.keyOf(strings.equalTo(members))).toBe(strings.keyOf(set));
        } else expect(telling(one).some((value) => value.includes('zz') && plain(value))).toBe(true);
      }),
      RUNS,
    );
  });

  test('the order and doubles of values do not matter', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...VALUES), { maxLength: 8 }), (values) => {
        for (const make of [strings.equalTo, strings.startingWith, strings.endingWith]) {
          expect(strings.keyOf(make([...values].reverse().concat(values)))).toBe(strings.keyOf(make(values)));
        }
      }),
      RUNS,
    );
  });
});

describe('single cases', () => {
  test('nothing and everything', () => {
    expect(strings.equalTo([])).toBe(strings.NO_STRINGS);
    expect(strings.startingWith([])).toBe(strings.NO_STRINGS);
    expect(strings.startingWith(['a', ''])).toBe(strings.ALL_STRINGS);
    expect(strings.endingWith([''])).toBe(strings.ALL_STRINGS);
    expect(strings.pick(strings.NO_STRINGS, ['a'])).toBeUndefined();
    expect(strings.pick(strings.equalTo(['']))).toBe('');
  });

  test('a prefix and a suffix may overlap', () => {
    const set = strings.intersect(strings.startingWith(['aba']), strings.endingWith(['aba']));
    for (const value of ['aba', 'ababa', 'abaaba', 'abaxaba']) expect(strings.has(set, value)).toBe(true);
    expect(strings.has(set, 'abab')).toBe(false);
  });

  test('values that hold separators of any kind stay apart', () => {
    const nasty = ['a\u0002b', 'a', 'b', 'a","b', 'a\u0001\u0001', '\u0003', '*', '-', '\\', '"', '\ud800', '\ud83d\ude00', '\ude00'];
    const keys = new Set([
      ...nasty.map((one) => strings.keyOf(strings.equalTo([one]))),
      ...nasty.map((one) => strings.keyOf(strings.startingWith([one]))),
      ...nasty.map((one) => strings.keyOf(strings.endingWith([one]))),
    ]);
    expect(keys.size).toBe(3 * nasty.length);
    expect(strings.keyOf(strings.equalTo(['a', 'b']))).not.toBe(strings.keyOf(strings.equalTo(['a\u0002b'])));
    // Half a pair of surrogates is a suffix like any other.
    expect(strings.has(strings.endingWith(['\ude00']), '\ud83d\ude00')).toBe(true);
  });

  test('a set that speaks of every letter we would think of has a member nevertheless', () => {
    const letters = Array.from({ length: 0x400 }, (_, code) => String.fromCharCode(code));
    const set = strings.minus(
      strings.minus(strings.startingWith(['p']), strings.startingWith(letters.map((letter) => `p${letter}`))),
      strings.equalTo(['p']),
    );
    const member = strings.pick(set) as string;
    expect(member.startsWith('p') && member.length > 1 && !letters.includes(member[1] as string)).toBe(true);
  });

  test('says what it is', () => {
    const { startingWith, endingWith, equalTo, minus, intersect, union, complement, describe: say } = strings;
    expect(say(strings.NO_STRINGS)).toBe('nothing');
    expect(say(strings.ALL_STRINGS)).toBe('anything');
    expect(say(equalTo(['d', 'c', 'b', 'a']))).toBe('a, b, c and 1 more');
    expect(say(equalTo(['']))).toBe('(none)');
    expect(say(complement(equalTo(['kms.amazonaws.com'])))).toBe('is not kms.amazonaws.com');
    expect(say(minus(startingWith(['v/']), startingWith(['v/tmp/'])))).toBe('starts with v/ and does not start with v/tmp/');
    expect(say(intersect(startingWith(['v/']), endingWith(['.key'])))).toBe('starts with v/ and ends with .key');
    expect(say(complement(endingWith(['.tmp'])))).toBe('does not end with .tmp');
    expect(say(union(startingWith(['v/', 'w/']), equalTo(['x'])))).toBe('x or starts with v/, w/');
  });
});
