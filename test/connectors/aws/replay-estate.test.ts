import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Replay, startReplay } from '../../../connectors/aws/replay/server.ts';
import { answer, CLOCK, START_ACCOUNT } from '../../../examples/estate/lumen-pay.ts';
import { EvidenceRecord } from '../../../src/model/evidence.ts';
import { fail, knownServices, send } from './replay-client.ts';

const lines = readFileSync(new URL('../../../examples/estate/evidence.ndjson', import.meta.url), 'utf8').trim().split('\n');
const records = lines.map((line) => EvidenceRecord.parse(JSON.parse(line)));
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the embedded estate', () => {
  let replay: Replay;
  beforeAll(async () => {
    replay = await startReplay(records);
  });
  afterAll(() => replay.close());

  it('is what it is described to be', () => {
    const stale = records.filter((record) => {
      const said = answer({ service: record.service, op: record.op, account: record.op === 'AssumeRole' ? START_ACCOUNT : (record.account ?? ''), region: record.region ?? 'us-east-1', args: record.args, page: 0 });
      if (said && 'error' in said) return record.error?.code !== said.error.code || record.error.message !== said.error.message;
      return JSON.stringify(sorted(record.body)) !== JSON.stringify(sorted(plain(said && 'body' in said ? said.body : undefined)));
    });
    expect(stale.map((record) => `${record.service}:${record.op} ${record.account} ${record.region ?? ''} ${JSON.stringify(record.args)}`), 'run `node examples/estate/record.ts`').toEqual([]);
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

  it('stands still before its clock, with one account that cannot be entered', () => {
    expect(records.filter((record) => record.at > CLOCK)).toEqual([]);
    expect(records.filter((record) => record.account === '222233334444').map((record) => [record.op, record.error?.code])).toEqual([['AssumeRole', 'AccessDenied']]);
    expect(new Set(records.map((record) => record.account)).size).toBe(5);
    expect(lines.join('\n')).not.toMatch(/SecretAccessKey|SessionToken/);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
