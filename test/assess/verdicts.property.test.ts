import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { type TrailSelectors, wouldLog } from '../events/plain-evaluator.ts';
import { accountRecords, type TrailSpec, verdictsOf } from '../support/aws-estate.ts';

const BUCKETS = ['card-vault', 'card-vault-backup', 'exports'];
const KEYS = ['a', '2026/b', 'logs/c'];
const objectArn = fc.tuple(fc.constantFrom(...BUCKETS), fc.constantFrom(...KEYS)).map(([bucket, key]) => `arn:aws:s3:::${bucket}/${key}`);
const prefix = fc.constantFrom(
  'arn:aws:s3:::card-vault/',
  'arn:aws:s3:::card-vault',
  'arn:aws:s3:::exports/',
  'arn:aws:s3:::exports/logs/',
  'arn:aws:s3:::',
);

const basic = fc.record({
  ReadWriteType: fc.constantFrom('All', 'ReadOnly', 'WriteOnly'),
  IncludeManagementEvents: fc.boolean(),
  DataResources: fc.oneof(
    fc.constant([]),
    fc.array(prefix, { minLength: 0, maxLength: 3 }).map((Values) => [{ Type: 'AWS::S3::Object', Values }]),
    fc.constant([{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3'] }]),
  ),
  ExcludeManagementEventSources: fc.oneof(fc.constant([]), fc.constant(['kms.amazonaws.com'])),
});

const readOnlyField = fc.constantFrom('true', 'false').map((value) => ({ Field: 'readOnly', Equals: [value] }));
const nameField = fc.oneof(
  fc
    .array(fc.constantFrom('GetObject', 'PutObject', 'DeleteObject', 'HeadObject'), { minLength: 1, maxLength: 3 })
    .map((values) => ({ Field: 'eventName', Equals: values })),
  fc
    .array(fc.constantFrom('GetObject', 'PutObject'), { minLength: 1, maxLength: 2 })
    .map((values) => ({ Field: 'eventName', NotEquals: values })),
  fc.constantFrom('Get', 'Put').map((value) => ({ Field: 'eventName', StartsWith: [value] })),
);
const arnField = fc.oneof(
  fc.array(prefix, { minLength: 1, maxLength: 2 }).map((values) => ({ Field: 'resources.ARN', StartsWith: values })),
  fc.array(prefix, { minLength: 1, maxLength: 2 }).map((values) => ({ Field: 'resources.ARN', NotStartsWith: values })),
  fc.array(objectArn, { minLength: 1, maxLength: 2 }).map((values) => ({ Field: 'resources.ARN', NotEquals: values })),
  fc.constant({ Field: 'resources.ARN', EndsWith: ['a', '/c'] }),
);
const advanced = fc.oneof(
  fc.tuple(fc.option(readOnlyField), fc.option(nameField), fc.option(arnField)).map((fields) => ({
    FieldSelectors: [
      { Field: 'eventCategory', Equals: ['Data'] },
      { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
      ...fields.filter((field) => field !== null),
    ],
  })),
  fc
    .option(readOnlyField)
    .map((field) => ({ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }, ...(field ? [field] : [])] })),
);
const selectors: fc.Arbitrary<TrailSelectors> = fc.oneof(
  fc.array(basic, { minLength: 1, maxLength: 3 }).map((EventSelectors) => ({ EventSelectors })),
  fc.array(advanced, { minLength: 1, maxLength: 4 }).map((AdvancedEventSelectors) => ({ AdvancedEventSelectors })),
) as fc.Arbitrary<TrailSelectors>;

const trails = fc.array(selectors, { minLength: 0, maxLength: 3 });
const names = { GetObject: 'true', HeadObject: 'true', PutObject: 'false', DeleteObject: 'false' } as const;
const event = fc.tuple(fc.constantFrom(...(Object.keys(names) as (keyof typeof names)[])), objectArn).map(([eventName, arn]) => ({
  eventCategory: 'Data',
  eventSource: 's3.amazonaws.com',
  eventName,
  readOnly: names[eventName],
  'resources.type': 'AWS::S3::Object',
  'resources.ARN': arn,
}));

const need = fc.record({
  where: fc.oneof(
    fc.constant({}),
    fc.constantFrom('true', 'false').map((readOnly) => ({ readOnly })),
    fc.array(fc.constantFrom(...Object.keys(names)), { minLength: 1, maxLength: 3 }).map((eventName) => ({ eventName })),
    fc
      .tuple(fc.constantFrom(...Object.keys(names)), prefix)
      .map(([eventName, value]) => ({ eventName, 'resources.ARN': { startsWith: [value] } })),
  ),
});

function estate(list: readonly TrailSelectors[]): EvidenceRecord[] {
  return accountRecords({
    regions: ['us-east-1'],
    trails: list.map((one, index): TrailSpec => ({ name: `trail-${index}`, selectors: one as NonNullable<TrailSpec['selectors']> })),
  });
}

function inNeed(where: Record<string, unknown>, one: Record<string, string>): boolean {
  return Object.entries(where).every(([field, condition]) => {
    const value = one[field] ?? '';
    if (typeof condition === 'string') return value === condition;
    if (Array.isArray(condition)) return condition.includes(value);
    return ((condition as { startsWith?: string[] }).startsWith ?? []).some((start) => value.startsWith(start));
  });
}

function judge(list: readonly TrailSelectors[], where: Record<string, unknown>) {
  const found = verdictsOf(estate(list), [{ id: 'n', source: 'aws.cloudtrail.data.s3', where }]).get('n');
  if (!found) throw new Error('the need is not in the assessment');
  return found;
}

const RUNS = { numRuns: 150 };
const ORDER = { missing: 0, partial: 1, unknown: 2, covered: 3 } as Record<string, number>;

describe('verdicts against a plain evaluator of the documented rules', () => {
  test('covered means that no event of the need is lost; missing that none is taken', () => {
    fc.assert(
      fc.property(trails, need, fc.array(event, { minLength: 5, maxLength: 12 }), (list, { where }, events) => {
        const { verdict } = judge(list, where);
        for (const one of events.filter((candidate) => inNeed(where, candidate))) {
          const taken = list.some((selector) => wouldLog(selector, one));
          if (verdict === 'covered') expect(taken).toBe(true);
          if (verdict === 'missing') expect(taken).toBe(false);
        }
      }),
      RUNS,
    );
  });

  test('a witness is an event of the need, and is really lost', () => {
    fc.assert(
      fc.property(trails, need, (list, { where }) => {
        const { verdict, witness } = judge(list, where);
        expect(witness === undefined).toBe(verdict === 'covered');
        if (witness === undefined) return;
        const lost = witness as Record<string, string>;
        expect(inNeed(where, lost)).toBe(true);
        expect(list.some((selector) => wouldLog(selector, lost))).toBe(false);
        expect(lost.readOnly).toBe((names as Record<string, string>)[lost.eventName as string] ?? lost.readOnly);
      }),
      RUNS,
    );
  });

  test('another trail never lowers a verdict, and the order of trails never matters', () => {
    fc.assert(
      fc.property(trails, selectors, need, (list, more, { where }) => {
        const before = judge(list, where).verdict;
        const after = judge([...list, more], where).verdict;
        expect(ORDER[after]).toBeGreaterThanOrEqual(ORDER[before] as number);
        expect(judge([...list].reverse(), where).verdict).toBe(before);
      }),
      { numRuns: 80 },
    );
  });

  test('an answer turned into an error only moves a verdict towards unknown', () => {
    fc.assert(
      fc.property(
        trails,
        need,
        fc.nat(),
        fc.constantFrom('AccessDenied', 'ThrottlingException', 'InternalFailure'),
        (list, { where }, at, code) => {
          const records = estate(list);
          const index = at % records.length;
          const changed = records.map((record, position): EvidenceRecord => {
            if (position !== index || record.error) return record;
            const { body: _, ...rest } = record;
            return { ...rest, error: { code, message: '', status: 403 } };
          });
          const needs = [{ id: 'n', source: 'aws.cloudtrail.data.s3', where }];
          const before = verdictsOf(records, needs).get('n')?.verdict as string;
          const after = verdictsOf(changed, needs).get('n')?.verdict as string;
          const allowed: Record<string, string[]> = {
            covered: ['covered', 'unknown'],
            missing: ['missing', 'unknown'],
            partial: ['partial', 'unknown'],
            unknown: ['unknown'],
          };
          expect(allowed[before]).toContain(after);
        },
      ),
      RUNS,
    );
  });
});
