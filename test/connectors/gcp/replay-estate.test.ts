import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startReplay } from '../../../connectors/aws/replay/server.ts';
import { startGcpReplay } from '../../../connectors/gcp/replay/server.ts';
import { callTable, readPaths } from '../../../connectors/index.ts';
import { CLOCK } from '../../../examples/estate/lumen-pay.ts';
import { gcpAnswer, ORGANIZATION } from '../../../examples/estate/lumen-pay-gcp.ts';
import { scan } from '../../../examples/estate/record.ts';
import { assessEvidence } from '../../../src/assess/pipeline.ts';
import { EvidenceRecord } from '../../../src/model/evidence.ts';
import { loadModels } from '../../../src/needs/model-file.ts';
import { loadRules } from '../../../src/needs/rules.ts';

const all = readFileSync(new URL('../../../examples/estate/evidence.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => EvidenceRecord.parse(JSON.parse(line)));
const records = all.filter((record) => record.provider === 'gcp');
const assess = () =>
  assessEvidence(
    all.map((record, index) => ({ ...record, id: index + 1 })),
    loadModels([fileURLToPath(new URL('../../../examples/estate/payments.yaml', import.meta.url))]).map((loaded) => loaded.model),
    loadRules(),
    { callTable, readPaths },
    CLOCK,
  ).assessment;

describe('the embedded estate on Google Cloud', () => {
  it('is what it is described to be', () => {
    const stale = records.filter((record) => {
      const said = gcpAnswer({ service: record.service, op: record.op, args: record.args, page: 0, method: 'GET', url: '/', headers: {} });
      if ('error' in said) return record.error?.code !== said.error.code || record.error.message !== said.error.message;
      return JSON.stringify(sorted(record.body)) !== JSON.stringify(sorted('body' in said ? said.body : undefined));
    });
    expect(
      stale.map((record) => `${record.service}:${record.op} ${record.account} ${JSON.stringify(record.args)}`),
      'run `node examples/estate/record.ts`',
    ).toEqual([]);
  });

  it('answers everything that a scan asks, and holds nothing else', async () => {
    const [aws, google] = await Promise.all([startReplay(all), startGcpReplay(all)]);
    const scanned = await scan(aws, google);
    await Promise.all([aws.close(), google.close()]);
    const told = (one: { service: string; op: string }) => `${one.service}:${one.op}`;
    expect(google.unmatched.map(told), 'run `node examples/estate/record.ts`').toEqual([]);
    expect(google.unused().map(told), 'run `node examples/estate/record.ts`').toEqual([]);
    expect(scanned).toEqual(all);
  });

  it('shows every verdict, for the reason that it is made for', () => {
    const assessment = assess();
    const of = (asset: string, id: string) => assessment.needs.find((need) => need.asset === asset && need.need.id === id);
    const told = (asset: string, id: string) => [of(asset, id)?.verdict, of(asset, id)?.collection, of(asset, id)?.retention.verdict];
    expect(told('warehouse', 'tables-queried')).toEqual(['covered', 'covered', 'covered']);
    expect(told('settlements', 'files-deleted')).toEqual(['covered', 'covered', 'covered']);

    // Whom the organization exempts is exempt below it.
    expect(told('settlements', 'files-read')).toEqual(['partial', 'partial', 'partial']);
    expect(of('settlements', 'files-read')?.witness).toMatchObject({
      principalEmail: 'nightly-loader@lumen-warehouse.iam.gserviceaccount.com',
      resourceName: expect.stringMatching(/^projects\/_\/buckets\/lumen-settlements/),
    });
    // The exclusion of the organization's sink swallows it, and the project keeps nothing of its own.
    expect(told('warehouse', 'tables-paged-through')).toEqual(['missing', 'missing', 'not-applicable']);
    expect(told('warehouse', 'policies-changed')[0]).toBe('missing');
    expect(of('warehouse', 'policies-changed')?.because).toMatch(
      /sink alerts: topic siem-feed of lumen-logs does not let the writer identity/,
    );
    // Half of the flows.
    expect(told('analytics-network', 'flows')).toEqual(['partial', 'partial', 'partial']);
    expect(of('analytics-network', 'flows')?.because).toMatch(/sampled at 0\.5/);
    // Its policy may exempt anybody.
    expect(told('notebooks', 'files-deleted')[0]).toBe('unknown');
    expect(of('notebooks', 'files-deleted')?.unknowns).toMatchObject([
      { call: 'cloudresourcemanager:projects.getIamPolicy', permission: 'resourcemanager.projects.getIamPolicy', on: 'lumen-analytics' },
    ]);
  });

  it('is an organization with one folder and three projects, one of them read in part', () => {
    expect(
      assess()
        .estate.accounts.filter((one) => one.provider === 'gcp')
        .map((one) => [one.id, one.state]),
    ).toEqual([
      ['folders/730051648200', 'scanned'],
      ['lumen-analytics', 'partial'],
      ['lumen-logs', 'scanned'],
      ['lumen-warehouse', 'scanned'],
      [ORGANIZATION, 'scanned'],
    ]);
    expect(records.filter((record) => record.error?.code === 'PERMISSION_DENIED').map((record) => record.op)).toEqual([
      'projects.getIamPolicy',
    ]);
    expect(records.filter((record) => record.at > CLOCK)).toEqual([]);
    expect(JSON.stringify(records)).not.toMatch(/Bearer|access_?token|private_?key/i);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
