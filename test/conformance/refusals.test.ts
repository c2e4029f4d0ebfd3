import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callTable, readPaths } from '../../connectors/index.ts';
import { assessEvidence } from '../../src/assess/pipeline.ts';
import type { Verdict } from '../../src/model/assessment.ts';
import { EvidenceRecord, type StoredEvidence } from '../../src/model/evidence.ts';
import { loadModels } from '../../src/needs/model-file.ts';
import { loadRules } from '../../src/needs/rules.ts';
import { canonical } from '../../src/store/view.ts';

const root = join(import.meta.dirname, '../..');
const AS_OF = '2026-11-21T12:00:00Z';
const rules = loadRules();
const models = [...loadModels([join(root, 'examples/estate/payments.yaml')]).map((one) => one.model), ...rules.threats.map((one) => one.model)];
const estate: StoredEvidence[] = readFileSync(join(root, 'examples/estate/evidence.ndjson'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line, index) => ({ ...EvidenceRecord.parse(JSON.parse(line)), id: index + 1 }));
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
  expect(before.size).toBeGreaterThan(40);
  expect([...before.values()]).toEqual(expect.arrayContaining(['covered', 'missing', 'partial', 'unknown']));
});

it.each(ops)('%s refused everywhere: verdicts move towards unknown alone', (call) => {
  expect(wrongMoves(refuse((record) => `${record.service}:${record.op}` === call))).toEqual([]);
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
  const after = verdicts(records);
  // Places merge, split and vanish as less is known of them; most are there to compare.
  expect([...before.keys()].filter((key) => after.has(key)).length).toBeGreaterThan(before.size * 0.7);
  return [...before].flatMap(([key, was]) => {
    const is = after.get(key);
    return is === undefined || MAY_BECOME[was].includes(is) ? [] : [`${key}: ${was} became ${is}`];
  });
}

/** The verdict of every need at every place that the assessment names. */
function verdicts(records: readonly StoredEvidence[]): Map<string, Verdict> {
  const { assessment } = assessEvidence(records, models, rules, { callTable, readPaths }, AS_OF);
  return new Map(assessment.needs.flatMap((need) => need.places.map((place) => [`${need.id} ${need.wants} ${canonical(place.scope)}`, place.verdict] as const)));
}
