import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callTable, readPaths } from '../../connectors/index.ts';
import { json } from '../../reports/json.ts';
import { assessEvidence } from '../../src/assess/pipeline.ts';
import type { Assessment, PlaceVerdict } from '../../src/model/assessment.ts';
import { EvidenceRecord, type StoredEvidence } from '../../src/model/evidence.ts';
import type { Scope } from '../../src/model/scope.ts';
import { loadModels } from '../../src/needs/model-file.ts';
import { loadRules } from '../../src/needs/rules.ts';
import { canonical, EvidenceView } from '../../src/store/view.ts';

const root = join(import.meta.dirname, '../..');
const AS_OF = '2026-11-21T12:00:00Z';
const rules = loadRules();
const models = [
  ...loadModels([join(root, 'examples/estate/payments.yaml')]).map((one) => one.model),
  ...rules.threats.map((one) => one.model),
];
const estate: StoredEvidence[] = readFileSync(join(root, 'examples/estate/evidence.ndjson'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line, index) => ({ ...EvidenceRecord.parse(JSON.parse(line)), id: index + 1 }));
/** Clouds do not read each other's answers: each is judged alone. */
const clouds = (['aws', 'gcp'] as const).map((provider) => {
  const records = estate.filter((record) => record.provider === provider);
  return { records, answers: records.filter((record) => record.error === undefined) };
});
const cloud = fc.constantFrom(...clouds);

/** Numbers, dates and texts that an answer never holds. */
const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    -1,
    0,
    1.5,
    1e308,
    -1e308,
    2 ** 53,
    '',
    '30',
    ' ',
    'yesterday',
    '99999-01-01T00:00:00Z',
    '+275761-01-01T00:00:00Z',
    'NaN',
    true,
    false,
    [],
    [[]],
    {},
    [null],
    [{}],
    '\u0000',
    '\ud800',
    '{',
    'arn:',
    'arn:aws:s3:::',
    '*'.repeat(3000),
    '/'.repeat(3000),
    '__proto__',
    'constructor',
    'toString',
    JSON.parse('{"__proto__": {"trailList": []}, "constructor": {"prototype": 1}, "toString": 1, "length": 3}'),
  ),
);

const changesOf = fc.array(fc.tuple(fc.nat(), fc.nat(), strange), { minLength: 1, maxLength: 12 });

describe('bodies that are not what the provider answers', () => {
  it('in place of one whole answer: a report, and nothing is covered that was not', () => {
    const before = new Map(clouds.map((one) => [one, placesOf(assessed(one.records))]));
    fc.assert(
      fc.property(cloud, fc.nat(), strange, (one, index, body) => {
        const { records, answers } = one;
        const chosen = answers[index % answers.length] as StoredEvidence;
        const after = assessed(records.map((record) => (record === chosen ? { ...record, body } : record)));
        expect(gained(before.get(one) as Places, placesOf(after)), `${chosen.service}:${chosen.op} ${JSON.stringify(body)}`).toEqual([]);
      }),
      { numRuns: 300 },
    );
  }, 300_000);

  it('somewhere inside an answer: a report', () => {
    fc.assert(
      fc.property(cloud, changesOf, ({ records, answers }, changes) => {
        const changed = new Map(
          changes.map(([index, at, value]) => {
            const { id, body } = answers[index % answers.length] as StoredEvidence;
            return [id, replaced(body, at, value)];
          }),
        );
        assessed(records.map((record) => (changed.has(record.id) ? { ...record, body: changed.get(record.id) } : record)));
      }),
      { numRuns: 200 },
    );
  }, 300_000);

  it('a name that every object answers to, at every place of every answer: read as any other', () => {
    for (const { records } of clouds) {
      for (const chosen of records) {
        const seen = new Set<string>();
        for (let at = 0; at < count(chosen.body); at += 1) {
          const body = replaced(chosen.body, at, 'constructor');
          const text = shapeOf(body);
          if (chosen.body === undefined || seen.has(text)) continue;
          seen.add(text);
          const view = new EvidenceView(
            records.map((record) => (record === chosen ? { ...record, body } : record)),
            callTable,
          );
          expect(readPaths(view, AS_OF).accounts.length, `${chosen.op} ${text}`).toBeGreaterThan(0);
        }
      }
    }
  }, 300_000);

  it('arguments of any shape: a report', () => {
    fc.assert(
      fc.property(cloud, changesOf, ({ records }, changes) => {
        const changed = new Map(
          changes.map(([index, at, value]) => {
            const { id, args } = records[index % records.length] as StoredEvidence;
            return [id, replaced(args, at, value)];
          }),
        );
        assessed(
          records.map((record) => {
            const args = changed.get(record.id);
            return args !== null && typeof args === 'object' && !Array.isArray(args)
              ? { ...record, args: args as Record<string, unknown> }
              : record;
          }),
        );
      }),
      { numRuns: 100 },
    );
  }, 300_000);
});

/** A report of the records; what the JSON report says, so that it is known to be printable. */
function assessed(records: readonly StoredEvidence[]): Assessment {
  const { assessment } = assessEvidence(records, models, rules, { callTable, readPaths }, AS_OF);
  return JSON.parse(json.render(assessment, { evidence: () => undefined, width: 100, color: false, version: '0' })) as Assessment;
}

type Places = ReadonlyMap<string, readonly PlaceVerdict[]>;

function placesOf(assessment: Assessment): Places {
  return new Map(assessment.needs.map((need) => [`${need.id} ${need.wants}`, need.places]));
}

/** Places that are covered now, and certainly were not before. Regions that fare alike are one place, so places split and merge. */
function gained(before: Places, after: Places): string[] {
  return [...after].flatMap(([need, places]) =>
    places
      .filter((place) => place.verdict === 'covered')
      .filter(({ scope }) =>
        (before.get(need) ?? []).some(
          (was) =>
            (was.verdict !== 'covered' && was.verdict !== 'not-applicable' && holds(scope, was.scope)) ||
            (was.verdict === 'missing' && holds(was.scope, scope)),
        ),
      )
      .map((place) => `${need} ${canonical(place.scope)}`),
  );
}

function holds(outer: Scope, inner: Scope): boolean {
  return (['provider', 'account', 'region', 'resource'] as const).every(
    (field) => outer[field] === undefined || outer[field] === inner[field],
  );
}

/** A copy with the value at one of its places, counted through, exchanged. */
function replaced(value: unknown, at: number, by: unknown): unknown {
  const places = count(value);
  let left = at % places;
  const walk = (one: unknown): unknown => {
    if (left-- === 0) return by;
    if (Array.isArray(one)) return one.map(walk);
    if (one === null || typeof one !== 'object') return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value);
}

/** Where the name stands, whatever the position in a list: entries of one list are read alike. */
function shapeOf(value: unknown): string {
  if (value === 'constructor') return '!';
  if (value === null || typeof value !== 'object') return '';
  const found = Object.entries(value).flatMap(([key, inner]) => {
    const text = shapeOf(inner);
    return text === '' ? [] : [`${Array.isArray(value) ? '#' : key}/${text}`];
  });
  return found.join(',');
}

function count(value: unknown): number {
  if (value === null || typeof value !== 'object') return 1;
  return 1 + Object.values(value).reduce<number>((sum, one) => sum + count(one), 0);
}
