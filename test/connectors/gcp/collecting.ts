import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GcpOptions, gcpProvider } from '../../../connectors/gcp/provider.ts';
import { enterGcpReplay } from '../../../connectors/gcp/replay/environment.ts';
import { type GcpReplayOptions, type GcpRequest, startGcpReplay } from '../../../connectors/gcp/replay/server.ts';
import type { CallSpec, Cell, Collector, Destination } from '../../../src/collect/collector.ts';
import { type CollectSettings, type CollectSummary, collect } from '../../../src/collect/engine.ts';
import type { EvidenceRecord, StoredEvidence } from '../../../src/model/evidence.ts';
import { openStore } from '../../../src/store/evidence-store.ts';

export interface Collected {
  readonly summary: CollectSummary;
  readonly records: readonly StoredEvidence[];
  readonly asked: readonly GcpRequest[];
  /** Requests that nothing answered. */
  readonly unmatched: readonly string[];
  readonly wanted: readonly string[];
}

export interface Collecting extends Omit<GcpReplayOptions, 'calls'> {
  readonly provider?: GcpOptions;
  /** The project that the environment names. */
  readonly project?: string;
  readonly settings?: Partial<Pick<CollectSettings, 'resume' | 'signal'>>;
  /** The store's file, kept; left out: one that is thrown away. */
  readonly store?: string;
}

/** Runs collectors with the real engine and clients against answers on loopback. */
export async function collected(
  collectors: readonly Collector[],
  answers: readonly EvidenceRecord[],
  { provider = { projects: ['card-vault'] }, project, settings, store: file, ...options }: Collecting = {},
): Promise<Collected> {
  const calls = Object.assign({}, ...collectors.map((one) => one.calls)) as Record<string, CallSpec>;
  const replay = await startGcpReplay(answers, { ...options, calls });
  const leave = enterGcpReplay(replay, project);
  const folder = mkdtempSync(join(tmpdir(), 'collecting-gcp-'));
  const store = openStore(file ?? join(folder, 'evidence.sqlite'), { create: true });
  const wanted: Destination[] = [];
  const heard = collectors.map((collector): Collector => ({ ...collector, collect: (cell) => collector.collect(listening(cell, wanted)) }));
  try {
    const summary = await collect({ ...settings, provider: gcpProvider({ pause: 1, ...provider }), collectors: heard, store });
    return {
      summary,
      records: [...store.records()],
      asked: replay.requests,
      unmatched: replay.unmatched.map((one) => `${one.service}:${one.op} ${JSON.stringify(one.args)}`),
      wanted: wanted.map((one) => `${one.kind} ${one.id}`).sort(),
    };
  } finally {
    store.close();
    leave();
    await replay.close();
    rmSync(folder, { recursive: true });
  }
}

function listening(cell: Cell, wanted: Destination[]): Cell {
  return {
    ...cell,
    wanted: cell.wanted,
    ask: cell.ask.bind(cell),
    want(destination) {
      wanted.push(destination);
      cell.want(destination);
    },
  };
}

/** `gcp('card-vault', 'logging:projects.sinks.list', {parent: 'projects/card-vault'}, {sinks: []})`. */
export function gcp(account: string, call: string, args: Record<string, unknown>, body: unknown, page?: number): EvidenceRecord {
  const [service = '', op = ''] = call.split(':');
  return {
    v: 1,
    provider: 'gcp',
    account,
    service,
    op,
    args,
    at: '2026-11-21T12:00:00.000Z',
    body,
    ...(page === undefined ? {} : { page }),
  };
}

export function gcpError(
  account: string,
  call: string,
  args: Record<string, unknown>,
  code: string,
  status?: number,
  message = '',
): EvidenceRecord {
  const { body: _, ...record } = gcp(account, call, args, undefined);
  return { ...record, error: { code, message, ...(status === undefined ? {} : { status }) } };
}
