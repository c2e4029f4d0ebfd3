import fc from 'fast-check';
import type { Event, EventClass, Selector } from '../../src/events/classes.ts';
import { classOf, stringsOf } from '../../src/events/classes.ts';
import type { Strings } from '../../src/events/strings.ts';
import * as strings from '../../src/events/strings.ts';
import type { FieldCondition, Where } from '../../src/model/where.ts';

/** What a condition says of one value, read off its words. */
export function holds(condition: FieldCondition, value: string): boolean {
  return (
    (condition.equals === undefined || condition.equals.some((one) => value === one)) &&
    (condition.startsWith === undefined || condition.startsWith.some((one) => value.startsWith(one))) &&
    (condition.endsWith === undefined || condition.endsWith.some((one) => value.endsWith(one))) &&
    !(condition.notEquals ?? []).some((one) => value === one) &&
    !(condition.notStartsWith ?? []).some((one) => value.startsWith(one)) &&
    !(condition.notEndsWith ?? []).some((one) => value.endsWith(one))
  );
}

/** A set of strings twice: as the algebra has it, and as a plain question asked of each value. */
export interface Both {
  readonly set: Strings;
  readonly plain: (value: string) => boolean;
  /** What its conditions speak of. */
  readonly said: readonly string[];
}

/**
 * Values that tell any two sets of these conditions apart: all short words, what the conditions say, and every beginning and end they
 * speak of with something between that none of them says.
 */
export function telling(...sets: readonly Both[]): readonly string[] {
  const said = [...new Set(['', ...sets.flatMap((one) => one.said)])];
  return [...new Set([...VALUES, ...said, ...said.flatMap((start) => said.map((end) => `${start}zz${end}`))])];
}

const LETTERS = ['a', 'b', '/'];
const short = fc.string({ unit: fc.constantFrom(...LETTERS), maxLength: 3 });
const arn = fc
  .tuple(
    fc.constantFrom('arn:aws:s3:::', 'arn:aws-cn:s3:::', 'arn:aws:lambda:eu-west-1:111122223333:function:'),
    fc.constantFrom('card-vault', 'card-vault-backup', 'card', 'prod', ''),
    fc.constantFrom('', '/', '/cards/', '/cards/4711', '.tmp', '/x.tmp'),
  )
  .map((parts) => parts.join(''));

function conditionOf(value: fc.Arbitrary<string>): fc.Arbitrary<FieldCondition> {
  const list = fc.array(value, { maxLength: 3 });
  return fc.record(
    { equals: list, startsWith: list, endsWith: list, notEquals: list, notStartsWith: list, notEndsWith: list },
    { requiredKeys: [] },
  );
}

export const condition = fc.oneof({ weight: 4, arbitrary: conditionOf(short) }, { weight: 1, arbitrary: conditionOf(arn) });

type Operand = Omit<Both, 'said'>;

const OPERATIONS: Record<string, (a: Operand, b: Operand) => Operand> = {
  union: (a, b) => ({ set: strings.union(a.set, b.set), plain: (value) => a.plain(value) || b.plain(value) }),
  unionAll: (a, b) => ({ set: strings.unionAll([a.set, b.set, a.set]), plain: (value) => a.plain(value) || b.plain(value) }),
  intersect: (a, b) => ({ set: strings.intersect(a.set, b.set), plain: (value) => a.plain(value) && b.plain(value) }),
  minus: (a, b) => ({ set: strings.minus(a.set, b.set), plain: (value) => a.plain(value) && !b.plain(value) }),
  complement: (a) => ({ set: strings.complement(a.set), plain: (value) => !a.plain(value) }),
};

/** Sets made of conditions by a few operations upon each other. */
export const both: fc.Arbitrary<Both> = fc
  .array(fc.tuple(condition, fc.constantFrom(...Object.keys(OPERATIONS))), { minLength: 1, maxLength: 5 })
  .map((steps) => ({
    said: steps.flatMap(([one]) => Object.values(one).flat()),
    ...steps
      .map(([one, operation]) => ({ operation, set: stringsOf(one), plain: (value: string) => holds(one, value) }))
      .reduce<Operand>((left, { operation, ...right }) => (OPERATIONS[operation] as (a: Operand, b: Operand) => Operand)(left, right), {
        set: strings.NO_STRINGS,
        plain: () => false,
      }),
  }));

/** One condition or a few in a row: less likely to be everything. */
export const simple: fc.Arbitrary<Both> = condition.map((one) => ({
  set: stringsOf(one),
  plain: (value) => holds(one, value),
  said: Object.values(one).flat(),
}));

/** Every string of up to `length` of the letters. */
export function words(letters: readonly string[], length: number): string[] {
  let last = [''];
  const all = [''];
  for (let count = 0; count < length; count += 1) {
    last = last.flatMap((word) => letters.map((letter) => word + letter));
    all.push(...last);
  }
  return all;
}

const ENUMERATED = [...words(LETTERS, 5), ...words(['a', '/', 'z'], 4), ...words(['b', 'z'], 6)];
const ARNS = ['arn:aws:s3:::', 'arn:aws-cn:s3:::', 'arn:aws:lambda:eu-west-1:111122223333:function:'].flatMap((start) =>
  ['card-vault', 'card-vault-backup', 'card', 'prod', '', 'other'].flatMap((name) =>
    ['', '/', '/cards/', '/cards/4711', '.tmp', '/x.tmp', '/other'].map((key) => start + name + key),
  ),
);

export const VALUES: readonly string[] = [...new Set([...ENUMERATED, ...ARNS])];

export const FEW_VALUES: readonly string[] = ['', 'a', 'ab', 'b', 'b/', '/', 'a/b', 'zz'];

export interface BothEvents {
  readonly selector: Selector;
  readonly plain: (event: Event) => boolean;
}

const tiny = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 2 });
const where: fc.Arbitrary<Where> = fc.record(
  {
    r: fc.constantFrom<FieldCondition>({ equals: ['true'] }, { equals: ['false'] }, { equals: ['true', 'false'] }),
    n: conditionOf(tiny),
    a: conditionOf(tiny),
  },
  { requiredKeys: [] },
);

/** A selector of one to four classes, as classes and as a question asked of each event. */
export const events: fc.Arbitrary<BothEvents> = fc.array(where, { minLength: 0, maxLength: 4 }).map((list) => ({
  selector: list.map((one) => classOf(one)).filter((one): one is EventClass => one !== undefined),
  plain: (event) => list.some((one) => Object.entries(one).every(([field, said]) => holds(said, event[field] ?? ''))),
}));

/** Every event over few values per field; fields that are not there, too. */
export const EVENTS: readonly Event[] = [
  {},
  ...['true', 'false', ''].flatMap((r) => FEW_VALUES.flatMap((n) => [...FEW_VALUES, 'azz', 'azzb'].map((a) => ({ r, n, a })))),
];
