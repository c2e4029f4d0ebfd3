import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as classes from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import { nearestMiss, TOGETHER, witness } from '../../src/events/witness.ts';
import { EVENTS, events, FEW_VALUES } from './plain.ts';

const hints = fc.record(
  { r: fc.constantFrom(['true'], ['false', 'true']), n: fc.subarray([...FEW_VALUES]), a: fc.subarray([...FEW_VALUES]) },
  { requiredKeys: [] },
);

describe('a witness', () => {
  test('is really in the remainder, and there is one for every remainder that is not empty', () => {
    fc.assert(
      fc.property(events, events, hints, (a, b, known) => {
        const rest = classes.minus(a.selector, b.selector);
        const event = witness(rest, known);
        expect(event === undefined).toBe(classes.isEmpty(rest));
        if (event) {
          expect(classes.matches(rest, event)).toBe(true);
          expect(a.plain(event) && !b.plain(event)).toBe(true);
          expect(Object.values(event)).not.toContain('');
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('is made of hinted values where a class allows that for all of its fields', () => {
    fc.assert(
      fc.property(events, hints, ({ selector }, known) => {
        const event = witness(selector, known);
        const hinted = (field: string, values: strings.Strings) => (known[field as 'a'] ?? []).some((value) => strings.has(values, value));
        if (!event || !selector.some((one) => [...one].every(([field, values]) => hinted(field, values)))) return;
        for (const [field, value] of Object.entries(event)) expect(known[field as 'a']).toContain(value);
      }),
      { numRuns: 1000 },
    );
  });

  test('is the same in whatever order the classes stand', () => {
    fc.assert(
      fc.property(events, hints, ({ selector }, known) => {
        expect(witness(selector.toReversed(), known)).toEqual(witness(selector, known));
      }),
      { numRuns: 500 },
    );
  });

  test('takes the most telling hint', () => {
    const rest = classes.union(
      classes.selectorOf({ eventName: { notEquals: ['GetObject', 'HeadObject'] }, readOnly: { equals: ['true'] } }),
      classes.selectorOf({ eventName: { equals: ['DeleteObject', 'PutObject'] }, readOnly: { equals: ['false'] } }),
    );
    expect(witness(rest, { eventName: ['GetObject', 'PutObject', 'DeleteObject'], readOnly: ['false'] })).toEqual({
      eventName: 'PutObject',
      readOnly: 'false',
    });
  });

  test('has values together that occur together', () => {
    fc.assert(
      fc.property(events, events, hints, fc.subarray([...EVENTS], { maxLength: 12 }), (a, b, known, together) => {
        const rest = classes.minus(a.selector, b.selector);
        const event = witness(rest, { ...known, [TOGETHER]: together });
        expect(event === undefined).toBe(classes.isEmpty(rest));
        if (event) expect(classes.matches(rest, event) && a.plain(event) && !b.plain(event)).toBe(true);
        if (together.some((one) => classes.matches(rest, one)))
          expect(
            together.some((one) =>
              Object.entries(one).every(([field, value]) => (event?.[field] ?? '') === value || (event?.[field] ?? '') === ''),
            ),
          ).toBe(true);
        expect(witness(rest.toReversed(), { ...known, [TOGETHER]: together })).toEqual(event);
      }),
      { numRuns: 1000 },
    );
    const rest = classes.union(
      classes.selectorOf({ service: { equals: ['iam'] }, name: { notEquals: ['CreateUser'] } }),
      classes.selectorOf({ service: { equals: ['ec2'] }, name: { equals: ['RunInstances'] } }),
    );
    const known = { name: ['CreateUser', 'RunInstances'], service: ['iam', 'ec2'] };
    expect(witness(rest, known)).toEqual({ service: 'ec2', name: 'RunInstances' });
    const together = {
      ...known,
      [TOGETHER]: [
        { service: 'iam', name: 'CreateUser' },
        { service: 'ec2', name: 'RunInstances' },
      ],
    };
    expect(witness(rest, together)).toEqual({ service: 'ec2', name: 'RunInstances' });
    expect(witness(rest.slice(0, 1), together)).toEqual({ service: 'iam', name: 'example' });
  });

  test('of an object in a bucket looks like one', () => {
    const rest = classes.selectorOf({
      'resources.ARN': { startsWith: ['arn:aws:s3:::card-vault/'], notStartsWith: ['arn:aws:s3:::card-vault/public/'] },
    });
    expect(witness(rest, {})).toEqual({ 'resources.ARN': 'arn:aws:s3:::card-vault/example' });
    expect(witness(rest, { 'resources.ARN': ['arn:aws:s3:::card-vault/public/1', 'arn:aws:s3:::card-vault/4711'] })).toEqual({
      'resources.ARN': 'arn:aws:s3:::card-vault/4711',
    });
  });

  test('leaves out a field that has to be empty', () => {
    expect(witness(classes.selectorOf({ errorCode: { equals: [''] }, eventName: { equals: ['ListKeys'] } }), {})).toEqual({
      eventName: 'ListKeys',
    });
    expect(witness(classes.EVERYTHING, {})).toEqual({});
    expect(witness(classes.NOTHING, {})).toBeUndefined();
  });
});

describe('the nearest miss', () => {
  test('names exactly the fields in which some class differs from the event, and no class differs in fewer', () => {
    fc.assert(
      fc.property(events, fc.constantFrom(...EVENTS), ({ selector, plain }, event) => {
        const miss = nearestMiss(selector, event);
        expect(miss === undefined).toBe(selector.length === 0);
        if (!miss) return;
        const differing = selector.map((one) =>
          [...one]
            .filter(([field, values]) => !strings.has(values, event[field] ?? ''))
            .map(([field]) => field)
            .sort(),
        );
        expect(differing).toContainEqual(miss.fields);
        expect(miss.fields.length).toBe(Math.min(...differing.map((fields) => fields.length)));
        expect(miss.fields.length === 0).toBe(plain(event));
        expect(nearestMiss(selector.toReversed(), event)).toEqual(miss);
      }),
      { numRuns: 1000 },
    );
  });

  test("is of the event's own kind, if any class is", () => {
    const trail = [
      ...classes.selectorOf({ eventCategory: { equals: ['Management'] } }),
      ...classes.selectorOf({
        eventCategory: { equals: ['Data'] },
        'resources.type': { equals: ['AWS::S3::Object'] },
        readOnly: { equals: ['false'] },
        'resources.ARN': { startsWith: ['arn:aws:s3:::other/'] },
      }),
    ];
    const event = {
      eventCategory: 'Data',
      'resources.type': 'AWS::S3::Object',
      readOnly: 'true',
      'resources.ARN': 'arn:aws:s3:::card-vault/1',
    };
    expect(nearestMiss(trail, event)?.fields).toEqual(['readOnly', 'resources.ARN']);
    expect(nearestMiss(trail.slice(0, 1), event)?.fields).toEqual(['eventCategory']);
    expect(nearestMiss(trail.slice(0, 1), event)?.cost).toBeGreaterThan(nearestMiss(trail, event)?.cost as number);
  });
});
