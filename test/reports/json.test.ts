import { describe, expect, it } from 'vitest';
import { json } from '../../reports/json.ts';
import { Assessment } from '../../src/model/assessment.ts';
import { sample } from '../fixtures/assessment-sample.ts';
import { sampleWithModel } from '../fixtures/assessment-with-model.ts';
import { expectGolden } from './golden.ts';
import { hostileCopy } from './hostile.ts';

const context = { evidence: () => undefined, width: 80, color: false };

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, one]) => [key, reversed(one)]),
  );
}

describe('the JSON report', () => {
  it('prints the contract', () => {
    expectGolden('assessment.json', json.render(sample, context));
  });

  it('gives back what it was given, whatever the strings are', () => {
    for (const assessment of [sample, hostileCopy(sample), sampleWithModel, hostileCopy(sampleWithModel)]) {
      const text = json.render(assessment, context);
      expect(JSON.parse(text)).toEqual(assessment);
      expect(Assessment.safeParse(JSON.parse(text)).success).toBe(true);
      expect(text.endsWith('}\n')).toBe(true);
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }
  });

  it('does not depend on the order in which keys were set', () => {
    expect(json.render(reversed(sample) as Assessment, context)).toBe(json.render(sample, context));
  });

  it('prints tens of megabytes', () => {
    const row = sample.inventory[0] as Assessment['inventory'][number];
    const text = json.render({ ...sample, inventory: Array.from({ length: 30_000 }, () => row) }, context);
    expect(text.length).toBeGreaterThan(20e6);
    expect(text.split('\n').length).toBeGreaterThan(30_000);
  });
});
