import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsProvider } from '../../../connectors/aws/provider.ts';
import { accessKeyOf, type ReplayRequest, startReplay } from '../../../connectors/aws/replay/server.ts';
import type { Cell, Collector, Destination } from '../../../src/collect/collector.ts';
import { collect } from '../../../src/collect/engine.ts';
import type { EvidenceRecord, StoredEvidence } from '../../../src/model/evidence.ts';
import { openStore } from '../../../src/store/evidence-store.ts';
import { ACCOUNT } from './reading.ts';

export interface Collected {
  readonly records: readonly StoredEvidence[];
  readonly asked: readonly ReplayRequest[];
  /** Requests of the collector that nothing answered. */
  readonly unmatched: readonly string[];
  readonly wanted: readonly string[];
  readonly failures: readonly { readonly message: string }[];
}

const DISCOVERY = new Set(['sts', 'organizations', 'account']);

/** Runs one collector of the `sources` phase with the real engine and SDK against answers on loopback. */
export async function collected(collector: Collector, answers: readonly EvidenceRecord[]): Promise<Collected> {
  const replay = await startReplay(answers);
  const folder = mkdtempSync(join(tmpdir(), 'collecting-'));
  const set = {
    AWS_ENDPOINT_URL: replay.url,
    AWS_ACCESS_KEY_ID: accessKeyOf(ACCOUNT),
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_REGION: 'us-east-1',
  };
  const before = Object.fromEntries(Object.keys(set).map((name) => [name, process.env[name]]));
  Object.assign(process.env, set);
  const wanted: Destination[] = [];
  const heard: Collector = {
    ...collector,
    collect: (cell) =>
      collector.collect({
        ...cell,
        wanted: cell.wanted,
        ask: cell.ask.bind(cell),
        want: (destination) => {
          wanted.push(destination);
          cell.want(destination);
        },
      } satisfies Cell),
  };
  const store = openStore(join(folder, 'evidence.sqlite'), { create: true });
  try {
    const summary = await collect({ provider: awsProvider({ organization: false, maxAttempts: 1 }), collectors: [heard], store });
    return {
      records: [...store.records()],
      asked: replay.requests.filter((one) => !DISCOVERY.has(one.service)),
      unmatched: replay.unmatched
        .filter((one) => !DISCOVERY.has(one.service))
        .map((one) => `${one.service}:${one.op} ${JSON.stringify(one.args)}`),
      wanted: wanted.map((one) => `${one.kind} ${one.id}`).sort(),
      failures: summary.failures,
    };
  } finally {
    store.close();
    await replay.close();
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true });
  }
}
