import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ReportContext, reports } from '../../reports/index.ts';
import { Assessment } from '../../src/model/assessment.ts';
import { sample, sampleEvidence } from '../fixtures/assessment-sample.ts';

const folder = join(import.meta.dirname, '../../reports');
const empty = Assessment.parse({
  schema: 1,
  asOf: '2026-11-21T12:00:00Z',
  estate: { accounts: [] },
  inventory: [],
  needs: [],
  summary: {
    needs: { covered: 0, missing: 0, partial: 0, unknown: 0, unobservable: 0, 'not-applicable': 0 },
    inventory: { full: 0, partial: 0, none: 0, unknown: 0 },
    accounts: { scanned: 0, partial: 0, denied: 0, skipped: 0 },
    unknowns: 0,
  },
});
const withStore: ReportContext = { evidence: (id) => sampleEvidence.get(id), width: 100, color: false, version: '0.0.0' };
const withoutStore: ReportContext = { evidence: () => undefined, width: 100, color: false };
const cases: readonly (readonly [string, Assessment, ReportContext])[] = [
  ['the sample', sample, withStore],
  ['the sample without its evidence', sample, withoutStore],
  ['an empty assessment', empty, withoutStore],
];

describe.each(reports.map((one) => [one.id, one] as const))('report %s', (id, report) => {
  it('has the name of its file, and says what it is', () => {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(existsSync(join(folder, `${id}.ts`))).toBe(true);
    expect(report.name.length).toBeGreaterThan(2);
    expect(report.about.length).toBeGreaterThan(10);
    expect(report.extension).toMatch(/^[a-z]+$/);
  });

  it.each(cases)('prints %s, the same every time, and leaves it as it was', (_, assessment, context) => {
    const text = report.render(frozen(structuredClone(assessment)), context);
    expect(text.length).toBeGreaterThan(20);
    expect(text.endsWith('\n')).toBe(true);
    expect(report.render(structuredClone(assessment), context)).toBe(text);
  });

  it('writes no control character into a file or onto a terminal', () => {
    for (const [, assessment, context] of cases) expect(report.render(assessment, context)).not.toMatch(/(?![\n\t])\p{Cc}/u);
  });
});

it('every file that makes a report is in the list, with an id of its own', () => {
  const ids = reports.map((one) => one.id);
  expect(new Set(ids).size).toBe(ids.length);
  const beside = new Set(['index', 'report', 'escape', 'layout', 'width']);
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''));
  expect(files.filter((file) => !beside.has(file)).sort()).toEqual([...ids].sort());
});

function frozen<T>(value: T): T {
  if (value !== null && typeof value === 'object') for (const one of Object.values(Object.freeze(value))) frozen(one);
  return value;
}
