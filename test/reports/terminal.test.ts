import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ReportContext } from '../../reports/index.ts';
import { terminal } from '../../reports/terminal.ts';
import { columnsOf } from '../../reports/width.ts';
import type { Assessment } from '../../src/model/assessment.ts';
import { sample, sampleEvidence } from '../fixtures/assessment-sample.ts';
import { sampleWithModel } from '../fixtures/assessment-with-model.ts';
import { expectGolden } from './golden.ts';
import { hostileCopy } from './hostile.ts';

const context = (width: number, color = false): ReportContext => ({
  evidence: (id) => sampleEvidence.get(id),
  width,
  color,
  next: 'Next: viewshed trace EVENT.json shows the way of one event.',
});
const many: Assessment = {
  ...sample,
  needs: Array.from({ length: 20 }, (_, index) => ({
    ...(sample.needs[0] as Assessment['needs'][number]),
    id: `n${index}`,
    title: `Threat ${index}`,
  })),
};

describe('the terminal report', () => {
  it.each([40, 80, 120])('prints %i columns', (width) => {
    expectGolden(`terminal-${width}.txt`, terminal.render(sample, context(width)));
  });

  it('leads with what a model claims and what is not so', () => {
    expectGolden('terminal-model-100.txt', terminal.render(sampleWithModel, context(100)));
  });

  it('counts claims that leave its screen, and says how little of a model was understood', () => {
    const [model] = sampleWithModel.models ?? [];
    const [claim] = sampleWithModel.claims ?? [];
    if (!model || !claim) throw new Error('the sample has both');
    const text = terminal.render(
      {
        ...sampleWithModel,
        claims: Array.from({ length: 9 }, (_, index) => ({ ...claim, id: `${index}` })),
        models: [{ ...model, counts: { ...model.counts, unresolved: 12 } }],
      },
      context(120),
    );
    expect(text).toContain('14 components, 12 not understood');
    expect(text).toContain('… and 5 more claims');
    expect(text).toContain('9 claims: 9 missing');
    expect(text.indexOf('CLAIMED AND MISSING')).toBeLessThan(text.indexOf('GAPS'));
  });

  it('colours without changing a letter, and only when told to', () => {
    const plain = terminal.render(sample, context(100));
    const colored = terminal.render(sample, context(100, true));
    expect(plain).not.toContain('\u001b');
    expect(colored).toContain('\u001b[31m✗ missing');
    expect(stripVTControlCharacters(colored)).toBe(plain);
  });

  it('writes no line wider than the terminal, nothing a terminal acts on, and no blank at the end of a line', () => {
    for (const assessment of [sample, hostileCopy(sample), many, sampleWithModel, hostileCopy(sampleWithModel)]) {
      for (let width = 40; width <= 200; width += 7) {
        for (const line of terminal.render(assessment, context(width)).split('\n')) {
          expect(columnsOf(line), line).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          expect(line).not.toMatch(/\s$/);
        }
      }
    }
  });

  it('takes any width for one between 40 and 200', () => {
    expect(terminal.render(sample, context(3))).toBe(terminal.render(sample, context(40)));
    expect(terminal.render(sample, context(9999))).toBe(terminal.render(sample, context(200)));
    expect(terminal.render(sample, context(Number.NaN))).toBe(terminal.render(sample, context(80)));
  });

  it('sorts gaps by severity, cuts long lists and says so', () => {
    const text = terminal.render(sample, context(120));
    expect(text.indexOf('A stolen role reads the vault')).toBeLessThan(text.indexOf('Traffic leaves'));
    expect(text.indexOf('Traffic leaves')).toBeLessThan(text.indexOf('resolves a command-and-control'));
    expect(terminal.render(many, context(120))).toContain('… and 12 more gaps (see the JSON or HTML report)');
  });

  it('names the accounts and the permission behind what was not read', () => {
    const unknown = { call: 's3:GetBucketLifecycleConfiguration', permission: 's3:GetLifecycleConfiguration', code: 'AccessDenied' };
    const row = sample.inventory[1] as Assessment['inventory'][number];
    const rows = ['111122223333', '222233334444', '333344445555'].map((account) => ({
      ...row,
      scope: { provider: 'aws' as const, account },
      unknowns: [{ ...unknown, on: `logs-${account}` }],
    }));
    const text = terminal.render({ ...sample, needs: [], inventory: rows }, context(200));
    expect(text).toContain(
      '3 accounts: s3:GetLifecycleConfiguration denied (s3:GetBucketLifecycleConfiguration) on logs-111122223333, logs-222233334444 and logs-333344445555',
    );
  });

  it('prints an empty estate', () => {
    const empty: Assessment = { ...sample, estate: { accounts: [] }, inventory: [], needs: [] };
    expect(terminal.render(empty, { ...context(80), next: undefined })).toBe(
      'Log visibility as of 2026-11-21 12:00 UTC\n0 accounts\n\nNo needs were asked about: this is the inventory alone.\n',
    );
  });
});
