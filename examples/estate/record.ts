/** Scans Lumen Pay as the product scans any estate and keeps the answers: `node examples/estate/record.ts` after a change of `lumen-pay.ts`, `lumen-pay-gcp.ts` or of a collector. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsProvider } from '../../connectors/aws/provider.ts';
import { enterReplay } from '../../connectors/aws/replay/environment.ts';
import { type Replay, startReplay } from '../../connectors/aws/replay/server.ts';
import { gcpProvider } from '../../connectors/gcp/provider.ts';
import { enterGcpReplay } from '../../connectors/gcp/replay/environment.ts';
import { type GcpReplay, startGcpReplay } from '../../connectors/gcp/replay/server.ts';
import { collectors } from '../../connectors/index.ts';
import { collect } from '../../src/collect/engine.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { openStore } from '../../src/store/evidence-store.ts';
import { canonical } from '../../src/store/view.ts';
import { answer, RECORDED, START_ACCOUNT } from './lumen-pay.ts';
import { gcpAnswer, ORGANIZATION } from './lumen-pay-gcp.ts';

/** What a scan of the estate behind the replays records, in an order of its own. Throws where a collector fails. */
export async function scan(aws: Replay, gcp: GcpReplay): Promise<EvidenceRecord[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lumen-pay-'));
  const store = openStore(join(folder, 'evidence.db'), { create: true });
  const leaveAws = enterReplay(aws, START_ACCOUNT);
  const leaveGcp = enterGcpReplay(gcp);
  try {
    const summary = await collect({
      estates: [
        { provider: awsProvider(), collectors },
        { provider: gcpProvider({ organization: ORGANIZATION }), collectors },
      ],
      store,
      scan: 'lumen-pay',
      clock: () => new Date(RECORDED),
    });
    const broken = [
      ...summary.failures.map((one) => `${one.collector} in ${one.account} ${one.region}: ${one.message}`),
      ...summary.notStarted.map((one) => `${one.provider}: ${one.error.message}`),
    ];
    if (broken.length > 0) throw new Error(broken.join('\n'));
    const order = ({ provider, account, service, op, region, args, page }: EvidenceRecord): string =>
      [provider, account, service, op, region ?? '', canonical(args), page ?? 0].join(' ');
    const records = [...store.records('lumen-pay')].map(({ id: _, ...one }): EvidenceRecord => one);
    return records.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  } finally {
    leaveGcp();
    leaveAws();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const aws = await startReplay([], { answer });
  const gcp = await startGcpReplay([], { answer: gcpAnswer });
  const records = await scan(aws, gcp);
  await Promise.all([aws.close(), gcp.close()]);
  if (aws.unmatched.length > 0)
    throw new Error(`no answer in lumen-pay.ts for ${[...new Set(aws.unmatched.map((one) => `${one.service}:${one.op}`))].join(', ')}`);
  writeFileSync(new URL('evidence.ndjson', import.meta.url), records.map((one) => `${JSON.stringify(one)}\n`).join(''));
  console.error(`${records.length} records`);
}
