import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callTable, readPaths } from '../../connectors/index.ts';
import { assessEvidence } from '../../src/assess/pipeline.ts';
import type { PlaceVerdict, Verdict } from '../../src/model/assessment.ts';
import { EvidenceRecord, type StoredEvidence } from '../../src/model/evidence.ts';
import type { Scope } from '../../src/model/scope.ts';
import { loadModels } from '../../src/needs/model-file.ts';
import { loadRules } from '../../src/needs/rules.ts';
import { canonical } from '../../src/store/view.ts';

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
  .map((line, index) => ({ ...EvidenceRecord.parse(JSON.parse(line)), id: index + 1 }))
  // Refusals of Google Cloud have a test of their own, beside its collectors.
  .filter((record) => record.provider === 'aws');
// Without these there is no account, no region and no resource to judge, so there is nothing to compare with.
const FINDS_PLACES = /^(sts|account|organizations):/;
const refusable = estate.filter((record) => record.error === undefined && !FINDS_PLACES.test(`${record.service}:${record.op}`));
const ops = [...new Set(refusable.map((record) => `${record.service}:${record.op}`))];

/** What a verdict may become when less is known; a place that vanishes is not compared. */
const MAY_BECOME: Readonly<Record<Verdict, readonly Verdict[]>> = {
  covered: ['covered', 'unknown'],
  missing: ['missing', 'partial', 'unknown'],
  partial: ['partial', 'unknown'],
  unknown: ['unknown'],
  unobservable: ['unobservable'],
  'not-applicable': ['not-applicable', 'unknown'],
};

const before = verdicts(estate);

it('judges the example in enough places to tell', () => {
  expect(countOf(before)).toBeGreaterThan(100);
  expect([...before.values()].flat().map((place) => place.verdict)).toEqual(
    expect.arrayContaining(['covered', 'missing', 'partial', 'unknown']),
  );
});

it.each(ops)('%s refused or not readable everywhere: verdicts move towards unknown alone', (call) => {
  const called = (record: StoredEvidence) => `${record.service}:${record.op}` === call;
  expect(wrongMoves(refuse(called))).toEqual([]);
  expect(
    wrongMoves(estate.map((record) => (record.error === undefined && called(record) ? { ...record, body: 'gibberish' } : record))),
  ).toEqual([]);
});

it('whatever else is refused: verdicts move towards unknown alone', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: refusable.length - 1 }), { minLength: 1, maxLength: 12 }), (chosen) => {
      const ids = new Set(chosen.map((index) => refusable[index]?.id));
      expect(wrongMoves(refuse((record) => ids.has(record.id)))).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

function refuse(hit: (record: StoredEvidence) => boolean): StoredEvidence[] {
  return estate.map((record) => {
    if (record.error !== undefined || !hit(record)) return record;
    const { body: _, ...rest } = record;
    return { ...rest, error: { code: 'AccessDenied', message: 'not allowed', status: 403 } };
  });
}

function wrongMoves(records: readonly StoredEvidence[]): string[] {
  let compared = 0;
  const wrong: string[] = [];
  for (const [need, places] of verdicts(records)) {
    for (const { scope, verdict: is } of places) {
      for (const { verdict: was } of sameOrNear(scope, before.get(need) ?? [])) {
        compared += 1;
        if (!MAY_BECOME[was].includes(is)) wrong.push(`${need} at ${canonical(scope)}: ${was} became ${is}`);
      }
    }
  }
  expect(compared).toBeGreaterThan(countOf(before) * 0.8);
  return wrong;
}

/** Regions that fare alike are one place, so places split and merge as less is known: the one that holds it, or else those that it holds. */
function sameOrNear(scope: Scope, places: readonly PlaceVerdict[]): readonly PlaceVerdict[] {
  const same = places.filter((place) => canonical(place.scope) === canonical(scope));
  if (same.length > 0) return same;
  const around = places.filter((place) => holds(place.scope, scope));
  return around.length > 0 ? around : places.filter((place) => holds(scope, place.scope));
}

function holds(outer: Scope, inner: Scope): boolean {
  return (['provider', 'account', 'region', 'resource'] as const).every(
    (field) => outer[field] === undefined || outer[field] === inner[field],
  );
}

function countOf(all: ReadonlyMap<string, readonly PlaceVerdict[]>): number {
  return [...all.values()].reduce((sum, places) => sum + places.length, 0);
}

/** The verdicts of every need, by the places that the assessment names. */
function verdicts(records: readonly StoredEvidence[]): Map<string, readonly PlaceVerdict[]> {
  const { assessment } = assessEvidence(records, models, rules, { callTable, readPaths }, AS_OF);
  return new Map(assessment.needs.map((need) => [`${need.id} ${need.wants}`, need.places]));
}
