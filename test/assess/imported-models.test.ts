import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callTable, readPaths } from '../../connectors/index.ts';
import { reports } from '../../reports/index.ts';
import { assessEvidence } from '../../src/assess/pipeline.ts';
import { openModels } from '../../src/cli/models.ts';
import { Assessment } from '../../src/model/assessment.ts';
import { loadRules } from '../../src/needs/rules.ts';
import { coveredEstate } from '../support/aws-covered-estate.ts';
import { AS_OF, stored } from '../support/aws-estate.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/threat-models');
const files = readdirSync(FOLDER, { withFileTypes: true }).flatMap((one) => (one.isFile() ? [one.name] : []));
const records = stored(coveredEstate());

async function assessed(name: string): Promise<Assessment> {
  const models = await openModels([join(FOLDER, name)], { layer: 'threats' });
  return assessEvidence(
    records,
    models.map((one) => one.model),
    loadRules(),
    { callTable, readPaths },
    AS_OF,
  ).assessment;
}

describe('models of other tools beside an estate', () => {
  it.each(files)('%s: an assessment in every report, with what was understood of the model', async (name) => {
    const assessment = await assessed(name);
    expect(Assessment.safeParse(assessment).error).toBeUndefined();
    expect(assessment.models?.every((one) => one.importedFrom !== undefined)).toBe(true);
    const ids = new Set(assessment.needs.map((need) => need.id));
    for (const claim of assessment.claims ?? []) expect(claim.needs.filter((id) => !ids.has(id))).toEqual([]);
    for (const report of reports) {
      const text = report.render(assessment, { evidence: (id) => records[id - 1], width: 100, color: false });
      expect(text).toContain(assessment.models?.[0]?.importedFrom?.format);
    }
    for (const need of assessment.needs) {
      if (need.bound) expect(need.because).toContain(need.bound.resources[0]);
      expect(need.need).not.toHaveProperty('reasons');
    }
  });

  it('Threat Composer: parts are found by name, claims are checked, needs say why they are there', async () => {
    const { claims = [], models = [], needs } = await assessed('threat-composer.tc.json');
    expect(models[0]?.bindings.find((one) => one.asset === 'Card vault')).toMatchObject({
      is: 'name',
      resources: ['arn:aws:s3:::card-vault'],
    });
    const said = new Map(claims.map((one) => [one.text, one]));
    // The buckets of the log account were not listed: another one of that name may be meant.
    expect(said.get('Amazon S3 - Access logging')).toMatchObject({
      holds: 'done',
      verdict: 'unknown',
      unknowns: [{ call: 's3:ListBuckets' }],
    });
    expect(said.get('CloudTrail exists outside of this stack.')?.holds).toBe('assumed');
    expect(said.get('Logs have one week of retention.')).toMatchObject({
      verdict: 'not-checkable',
      statedDays: 7,
      askedDays: 365,
      findings: [{ kind: 'stated-retention' }],
    });
    expect(needs.every((need) => (need.reasons ?? []).length > 0 && need.verify !== undefined)).toBe(true);
    expect(needs.find((need) => need.reasons?.[0]?.quote?.startsWith('aws.cloudtrail.data.s3'))?.reasons?.[0]?.at).toContain(
      'threat-composer.tc.json#/threats/0',
    );
  });
});
