import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Event, Selector } from '../../src/events/classes.ts';
import * as classes from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import { type BothEvents, EVENTS, events } from './plain.ts';

const RUNS = { numRuns: 400 };

function differences(selector: Selector, plain: (event: Event) => boolean): Event[] {
  return EVENTS.filter((event) => classes.matches(selector, event) !== plain(event));
}

/** Values of fields outside those enumerated can be in a set too: an event of each class settles that. */
function some(selector: Selector): Event | undefined {
  const one = selector[0];
  return one && Object.fromEntries([...one].map(([field, values]) => [field, strings.pick(values) as string]));
}

describe('sets of events against plain membership', () => {
  test('conditions, union, intersection, difference', () => {
    fc.assert(
      fc.property(events, events, (a, b) => {
        expect(differences(a.selector, a.plain)).toEqual([]);
        expect(differences(classes.union(a.selector, b.selector), (event) => a.plain(event) || b.plain(event))).toEqual([]);
        expect(differences(classes.intersect(a.selector, b.selector), (event) => a.plain(event) && b.plain(event))).toEqual([]);
        expect(differences(classes.minus(a.selector, b.selector), (event) => a.plain(event) && !b.plain(event))).toEqual([]);
        expect(differences(classes.merge([...a.selector, ...b.selector]), (event) => a.plain(event) || b.plain(event))).toEqual([]);
      }),
      RUNS,
    );
  });

  test('chains of operations', () => {
    fc.assert(
      fc.property(events, fc.array(fc.tuple(events, fc.constantFrom('union', 'intersect', 'minus')), { maxLength: 4 }), (first, steps) => {
        let left: BothEvents = first;
        for (const [right, operation] of steps) {
          const before = left;
          left = {
            selector:
              operation === 'union'
                ? classes.union(before.selector, right.selector)
                : operation === 'minus'
                  ? classes.minus(before.selector, right.selector)
                  : classes.intersect(before.selector, right.selector),
            plain: (event) =>
              operation === 'union'
                ? before.plain(event) || right.plain(event)
                : operation === 'minus'
                  ? before.plain(event) && !right.plain(event)
                  : before.plain(event) && right.plain(event),
          };
        }
        expect(differences(left.selector, left.plain)).toEqual([]);
        const event = some(left.selector);
        expect(classes.isEmpty(left.selector)).toBe(event === undefined);
        if (event) expect(left.plain(event) && classes.matches(left.selector, event)).toBe(true);
      }),
      RUNS,
    );
  });

  test('what is left of a difference is in none of what was taken away, and nothing else is missing', () => {
    fc.assert(
      fc.property(events, events, (a, b) => {
        const rest = classes.minus(a.selector, b.selector);
        expect(classes.disjoint(rest, b.selector)).toBe(true);
        expect(classes.includes(a.selector, rest)).toBe(true);
        expect(classes.includes(classes.union(rest, b.selector), a.selector)).toBe(true);
        expect(classes.includes(rest, classes.minus(classes.union(a.selector, b.selector), b.selector))).toBe(true);
        const shown = some(rest);
        if (shown) expect(a.plain(shown) && !b.plain(shown)).toBe(true);
      }),
      RUNS,
    );
  });

  test('one class without others leaves pieces that have no event in common', () => {
    fc.assert(
      fc.property(events, events, (a, b) => {
        const rest = classes.minus(a.selector.slice(0, 1), b.selector);
        for (const [index, one] of rest.entries())
          for (const other of rest.slice(index + 1)) expect(classes.disjoint([one], [other])).toBe(true);
      }),
      RUNS,
    );
  });

  test('containment and disjointness are exact: a counterexample, or none', () => {
    fc.assert(
      fc.property(events, events, (a, b) => {
        const outside = some(classes.minus(b.selector, a.selector));
        expect(classes.includes(a.selector, b.selector)).toBe(outside === undefined);
        if (outside) expect(b.plain(outside) && !a.plain(outside)).toBe(true);
        else expect(EVENTS.some((event) => b.plain(event) && !a.plain(event))).toBe(false);
        const inBoth = some(classes.intersect(a.selector, b.selector));
        expect(classes.disjoint(a.selector, b.selector)).toBe(inBoth === undefined);
        if (inBoth) expect(a.plain(inBoth) && b.plain(inBoth)).toBe(true);
        else expect(EVENTS.some((event) => a.plain(event) && b.plain(event))).toBe(false);
      }),
      RUNS,
    );
  });

  test('the laws of sets', () => {
    const { union, intersect, minus, includes } = classes;
    const equal = (a: Selector, b: Selector) => includes(a, b) && includes(b, a);
    const not = (a: Selector) => minus(classes.EVERYTHING, a);
    fc.assert(
      fc.property(events, events, events, ({ selector: a }, { selector: b }, { selector: c }) => {
        expect(equal(not(union(a, b)), intersect(not(a), not(b)))).toBe(true);
        expect(equal(not(intersect(a, b)), union(not(a), not(b)))).toBe(true);
        expect(equal(minus(a, union(b, c)), minus(minus(a, b), c))).toBe(true);
        expect(equal(intersect(a, union(b, c)), union(intersect(a, b), intersect(a, c)))).toBe(true);
        expect(equal(not(not(a)), a)).toBe(true);
        expect(includes(union(a, not(a)), classes.EVERYTHING)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('order never matters', () => {
    fc.assert(
      fc.property(events, events, fc.infiniteStream(fc.nat()), (a, b, numbers) => {
        const shuffled = (selector: Selector) =>
          selector
            .map((one) => ({ one: new Map([...one].reverse()), at: numbers.next().value as number }))
            .sort((x, y) => x.at - y.at)
            .map(({ one }) => one);
        const [otherA, otherB] = [shuffled(a.selector), shuffled(b.selector)];
        expect(classes.keyOf(otherA)).toBe(classes.keyOf(a.selector));
        for (const operation of [classes.union, classes.intersect, classes.minus]) {
          const one = operation(a.selector, b.selector);
          const other = operation(otherA, otherB);
          expect(classes.includes(one, other) && classes.includes(other, one)).toBe(true);
        }
        expect(classes.includes(otherA, otherB)).toBe(classes.includes(a.selector, b.selector));
      }),
      RUNS,
    );
  });

  test('equal keys are equal sets', () => {
    fc.assert(
      fc.property(events, events, (a, b) => {
        if (classes.keyOf(a.selector) === classes.keyOf(b.selector))
          expect(EVENTS.some((event) => a.plain(event) !== b.plain(event))).toBe(false);
      }),
      RUNS,
    );
  });

  test('merging leaves no class within another one, and no more classes than there were', () => {
    fc.assert(
      fc.property(events, events, (a, b) => {
        const merged = classes.merge([...a.selector, ...b.selector]);
        expect(merged.length).toBeLessThanOrEqual(a.selector.length + b.selector.length);
        for (const one of merged) for (const other of merged) if (one !== other) expect(classes.includes([one], [other])).toBe(false);
      }),
      RUNS,
    );
  });
});

describe('single cases', () => {
  test('five hundred selectors on one value each become one class', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      classes.selectorOf({ a: { startsWith: [`arn:aws:s3:::bucket-${index}/`] }, r: { equals: ['true'] } }),
    );
    expect(classes.union(...many)).toHaveLength(1);
  });

  test('hundreds of classes that overlap every which way are taken away exactly', () => {
    fc.assert(
      fc.property(fc.array(events, { minLength: 60, maxLength: 90 }), events, (many, need) => {
        const some = many.map((one) => ({ ...one, selector: one.selector.filter((each) => each.size > 1) }));
        const taken = (event: Event) => some.some(({ selector }) => classes.matches(selector, event));
        const rest = classes.minus(
          need.selector,
          some.flatMap(({ selector }) => selector),
        );
        expect(differences(rest, (event) => need.plain(event) && !taken(event))).toEqual([]);
        expect(differences(classes.union(...some.map(({ selector }) => selector)), taken)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('a class that asks for what cannot be is no class, whoever made it', () => {
    const impossible: Selector = [new Map([['a', strings.NO_STRINGS]])];
    expect(classes.isEmpty(impossible)).toBe(true);
    expect(classes.merge(impossible)).toEqual([]);
    expect(classes.isEmpty(classes.minus(impossible, classes.selectorOf({ b: { equals: ['x'] } })))).toBe(true);
    expect(classes.includes(impossible, classes.EVERYTHING)).toBe(false);
    expect(classes.disjoint(impossible, classes.EVERYTHING)).toBe(true);
    expect(classes.minus(classes.EVERYTHING, impossible)).toEqual(classes.EVERYTHING);
  });

  test('a field may have the name of anything', () => {
    const odd = classes.selectorOf(JSON.parse('{"__proto__":{"equals":["x"]},"toString":{"equals":["y"]}}'));
    expect(classes.matches(odd, {})).toBe(false);
    expect(classes.matches(odd, JSON.parse('{"__proto__":"x","toString":"y"}'))).toBe(true);
    expect(classes.matches(classes.selectorOf({ constructor: { equals: [''] } } as never), {})).toBe(true);
  });

  test('a field that an event does not have is empty', () => {
    expect(classes.matches(classes.selectorOf({ errorCode: { notEquals: ['VpceAccessDenied'] } }), {})).toBe(true);
    expect(classes.matches(classes.selectorOf({ errorCode: { startsWith: ['A'] } }), {})).toBe(false);
  });

  test('conditions that allow everything constrain nothing', () => {
    expect(classes.classOf({ a: { startsWith: [''] } })?.size).toBe(0);
    expect(classes.union(classes.selectorOf({ a: { startsWith: ['x'] } }), classes.selectorOf({ a: { notStartsWith: ['x'] } }))).toBe(
      classes.EVERYTHING,
    );
  });
});
