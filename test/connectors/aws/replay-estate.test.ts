import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Replay, startReplay } from '../../../connectors/aws/replay/server.ts';
import { startGcpReplay } from '../../../connectors/gcp/replay/server.ts';
import { callTable, readPaths } from '../../../connectors/index.ts';
import { answer, CLOCK, START_ACCOUNT } from '../../../examples/estate/lumen-pay.ts';
import { scan } from '../../../examples/estate/record.ts';
import { assessEvidence } from '../../../src/assess/pipeline.ts';
import { EvidenceRecord } from '../../../src/model/evidence.ts';
import { loadModels } from '../../../src/needs/model-file.ts';
import { loadRules } from '../../../src/needs/rules.ts';
import { fail, knownServices, send } from './replay-client.ts';

const lines = readFileSync(new URL('../../../examples/estate/evidence.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const all = lines.map((line) => EvidenceRecord.parse(JSON.parse(line)));
const records = all.filter((record) => record.provider === 'aws');
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the embedded estate', () => {
  let replay: Replay;
  beforeAll(async () => {
    replay = await startReplay(records);
  });
  afterAll(() => replay.close());

  it('is what it is described to be', () => {
    const stale = records.filter((record) => {
      const said = answer({
        service: record.service,
        op: record.op,
        account: record.op === 'AssumeRole' ? START_ACCOUNT : (record.account ?? ''),
        region: record.region ?? 'us-east-1',
        args: record.args,
        page: 0,
      });
      if (said && 'error' in said) return record.error?.code !== said.error.code || record.error.message !== said.error.message;
      return JSON.stringify(sorted(record.body)) !== JSON.stringify(sorted(plain(said && 'body' in said ? said.body : undefined)));
    });
    expect(
      stale.map((record) => `${record.service}:${record.op} ${record.account} ${record.region ?? ''} ${JSON.stringify(record.args)}`),
      'run `node examples/estate/record.ts`',
    ).toEqual([]);
  });

  it('comes back through the SDK as it is recorded, every answer and every error', async () => {
    const served = records.filter((record) => knownServices.includes(record.service) && record.op !== 'AssumeRole');
    expect(served.length).toBeGreaterThan(200);
    for (const record of served) {
      const asked = [replay.url, record.service, record.op, record.args, record.account ?? '', record.region ?? 'us-east-1'] as const;
      if (record.error) {
        const error = await fail(...asked);
        expect([error.name, error.Code], JSON.stringify(record)).toContain(record.error.code);
        expect(error.message).toBe(record.error.message);
      } else expect(await send(...asked), JSON.stringify(record.args)).toEqual(record.body);
    }
    expect(replay.unmatched).toEqual([]);
    expect(replay.unused().filter((record) => record.op !== 'AssumeRole')).toEqual([]);
  });

  it('answers everything that a scan asks, and holds nothing else', async () => {
    const fresh = await startReplay(records);
    const google = await startGcpReplay(all);
    const scanned = await scan(fresh, google);
    await Promise.all([fresh.close(), google.close()]);
    expect(fresh.unmatched, 'run `node examples/estate/record.ts`').toEqual([]);
    expect(
      fresh.unused().map((record) => `${record.service}:${record.op}`),
      'run `node examples/estate/record.ts`',
    ).toEqual([]);
    expect(scanned).toEqual(all);
  });

  it('shows every verdict', () => {
    const model = fileURLToPath(new URL('../../../examples/estate/payments.yaml', import.meta.url));
    const stored = all.map((record, index) => ({ ...record, id: index + 1 }));
    const { assessment } = assessEvidence(
      stored,
      loadModels([model]).map((loaded) => loaded.model),
      loadRules(),
      { callTable, readPaths },
      CLOCK,
    );
    const verdicts = Object.fromEntries(
      assessment.needs.map((need) => [
        `${need.asset ?? 'estate'} ${String(need.need.id)}`,
        [need.verdict, need.collection, need.retention.verdict],
      ]),
    );
    expect(verdicts).toMatchObject({
      'vault vault-reads': ['covered', 'covered', 'covered'],
      'vault vault-requests': ['partial', 'covered', 'missing'],
      'exports export-reads': ['missing', 'missing', 'missing'],
      'estate card-deletes': ['partial', 'partial', 'partial'],
      'account logging-changes': ['covered', 'covered', 'covered'],
      'account logging-changes-year': ['partial', 'covered', 'missing'],
      'account role-passed': ['unobservable', 'unobservable', 'not-applicable'],
      'card-network flows': ['unknown', 'covered', 'unknown'],
      'card-network dns': ['covered', 'covered', 'covered'],
      'office-network flows': ['missing', 'missing', 'missing'],
      'cards-api requests': ['covered', 'covered', 'covered'],
      'back-office requests': ['missing', 'missing', 'missing'],
      'charge function-lines': ['covered', 'covered', 'covered'],
      'refund function-lines': ['partial', 'covered', 'missing'],
      'cluster secrets-read': ['covered', 'covered', 'covered'],
      'cluster api-server': ['missing', 'missing', 'not-applicable'],
      'cluster second-cluster': ['not-applicable', 'not-applicable', 'not-applicable'],
    });
    expect(verdicts['office-network dns']?.[0]).not.toBe('covered');
    expect(assessment.needs.find((need) => need.need.id === 'flows' && need.asset === 'card-network')?.unknowns).toMatchObject([
      { permission: 's3:GetLifecycleConfiguration', on: expect.stringContaining('lumen-flow-logs') },
    ]);
    expect(assessment.estate.accounts.filter((one) => one.provider === 'aws').map((account) => [account.id, account.state])).toEqual([
      ['111122223333', 'scanned'],
      ['222233334444', 'denied'],
      ['444455556666', 'scanned'],
      ['777788889999', 'partial'],
      ['999900001111', 'scanned'],
    ]);
  });

  it('stands still before its clock, with one account that cannot be entered', () => {
    expect(records.filter((record) => record.at > CLOCK)).toEqual([]);
    expect(records.filter((record) => record.account === '222233334444').map((record) => [record.op, record.error?.code])).toEqual([
      ['AssumeRole', 'AccessDenied'],
    ]);
    expect(new Set(records.map((record) => record.account)).size).toBe(5);
    expect(lines.join('\n')).not.toMatch(/SecretAccessKey|SessionToken/);
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
