/** Scans Lumen Pay as the product scans any estate and keeps the answers: `node examples/estate/record.ts` after a change of `lumen-pay.ts` or of a collector. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsProvider } from '../../connectors/aws/provider.ts';
import { enterReplay } from '../../connectors/aws/replay/environment.ts';
import { type Replay, startReplay } from '../../connectors/aws/replay/server.ts';
import { collectors } from '../../connectors/index.ts';
import { collect } from '../../src/collect/engine.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { openStore } from '../../src/store/evidence-store.ts';
import { canonical } from '../../src/store/view.ts';
import { answer, RECORDED, START_ACCOUNT } from './lumen-pay.ts';

/** What a scan of the estate behind a replay records, in an order of its own. Throws where a collector fails. */
export async function scan(replay: Replay): Promise<EvidenceRecord[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lumen-pay-'));
  const store = openStore(join(folder, 'evidence.db'), { create: true });
  const leave = enterReplay(replay, START_ACCOUNT);
  try {
    const summary = await collect({ provider: awsProvider(), collectors, store, scan: 'lumen-pay', clock: () => new Date(RECORDED) });
    if (summary.failures.length > 0)
      throw new Error(summary.failures.map((one) => `${one.collector} in ${one.account} ${one.region}: ${one.message}`).join('\n'));
    const order = ({ account, service, op, region, args, page }: EvidenceRecord): string =>
      [account, service, op, region ?? '', canonical(args), page ?? 0].join(' ');
    const records = [...store.records('lumen-pay')].map(({ id: _, ...one }): EvidenceRecord => one);
    return records.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  } finally {
    leave();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const replay = await startReplay([], { answer });
  const records = await scan(replay);
  await replay.close();
  if (replay.unmatched.length > 0)
    throw new Error(`no answer in lumen-pay.ts for ${[...new Set(replay.unmatched.map((one) => `${one.service}:${one.op}`))].join(', ')}`);
  writeFileSync(new URL('evidence.ndjson', import.meta.url), records.map((one) => `${JSON.stringify(one)}\n`).join(''));
  console.error(`${records.length} records`);
}
