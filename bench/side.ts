/** What is measured, in processes of their own: a collect, and a bare loop over the SDK's clients that makes the same calls. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { awsProvider } from '../connectors/aws/provider.ts';
import { enterReplay } from '../connectors/aws/replay/environment.ts';
import { services } from '../connectors/aws/sdk.ts';
import { collectors } from '../connectors/index.ts';
import { collect } from '../src/collect/engine.ts';
import type { EvidenceRecord } from '../src/model/evidence.ts';
import { openStore } from '../src/store/evidence-store.ts';
import { MANAGEMENT } from './estate.ts';

export interface SideOptions {
  readonly url: string;
  readonly concurrency: number;
  readonly regions?: readonly string[];
}

export interface Measured {
  readonly seconds: number;
  /** Processor time of all threads, and of the one that JavaScript runs on. */
  readonly processor: number;
  readonly thread: number;
  /** Most memory ever held by the process, in MB. */
  readonly memory: number;
}

export interface Compared {
  readonly calls: number;
  readonly rounds: readonly { readonly bare: Measured; readonly collect: Measured }[];
}

export interface OnceOptions extends SideOptions {
  /** MB that V8 may let its old space grow to; left out: what V8 thinks fit. */
  readonly heap?: number;
}

interface Work extends OnceOptions {
  /** Left out: one collect. */
  readonly rounds?: number;
}

/** One collect in a process of its own. */
export function collectOnce(options: OnceOptions): Promise<Measured> {
  return inProcess(options);
}

/** Bare loop and collect in turns, after one collect that shows which calls to make. */
export function compare(options: SideOptions, rounds: number): Promise<Compared> {
  return inProcess({ ...options, rounds });
}

function inProcess<T>(work: Work): Promise<T> {
  return new Promise((resolve, reject) => {
    const execArgv = work.heap === undefined ? [] : [`--max-old-space-size=${work.heap}`];
    const child = fork(import.meta.filename, [JSON.stringify(work)], { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`a process of the benchmark ended with ${code}`)));
  });
}

async function measured(work: () => Promise<unknown>): Promise<Measured> {
  const [before, threadBefore, began] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()];
  await work();
  const seconds = (performance.now() - began) / 1000;
  const [used, thread] = [process.cpuUsage(before), process.threadCpuUsage(threadBefore)];
  const memory = process.resourceUsage().maxRSS / 1024;
  return { seconds, processor: (used.user + used.system) / 1e6, thread: (thread.user + thread.system) / 1e6, memory };
}

async function collectAll(options: SideOptions, use?: (records: Iterable<EvidenceRecord>) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'viewshed-bench-'));
  const store = openStore(join(folder, 'evidence.db'), { create: true });
  try {
    const { scan, ...summary } = await collect({
      provider: awsProvider({ concurrency: options.concurrency, homeRegion: 'us-east-1' }),
      collectors,
      store,
      concurrency: options.concurrency,
      ...(options.regions ? { regions: options.regions } : {}),
    });
    if (summary.failures.length > 0 || summary.accounts.denied > 0) throw new Error(JSON.stringify(summary));
    use?.(store.records(scan));
  } finally {
    store.close();
    rmSync(folder, { recursive: true });
  }
}

interface MadeCall {
  readonly account: string;
  readonly region: string;
  readonly service: string;
  readonly op: string;
  readonly args: Record<string, unknown>;
}

/** Every call of a scan. Roles assumed are not evidence, so each account's comes on top; a page after the first is asked by its token. */
function madeCalls(records: Iterable<EvidenceRecord>): MadeCall[] {
  const made: MadeCall[] = [];
  const entered = new Set([MANAGEMENT]);
  for (const { account = '', region = 'us-east-1', service, op, args, page } of records) {
    if (!entered.has(account)) {
      entered.add(account);
      made.push({
        account,
        region,
        service: 'sts',
        op: 'AssumeRole',
        args: { RoleArn: `arn:aws:iam::${account}:role/ViewshedReader`, RoleSessionName: 'viewshed' },
      });
    }
    made.push({ account, region, service, op, args: page ? { ...args, NextToken: String(page * 20) } : args });
  }
  return made;
}

/** The least that can be done with the SDK: one client for each service and region, one set of credentials, answers thrown away. */
async function bareLoop(concurrency: number, calls: readonly MadeCall[]): Promise<void> {
  const agent = { keepAlive: true, maxSockets: 64, maxFreeSockets: 64 };
  const requestHandler = new NodeHttpHandler({ httpAgent: agent, httpsAgent: agent });
  const clients = new Map<string, Client>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let call = calls[next++]; call; call = calls[next++]) {
      const service = services[call.service] as (typeof services)[string];
      const module = (await service.load()) as Record<string, new (input: object) => object>;
      const key = `${call.service}|${call.region}`;
      let client = clients.get(key);
      if (!client) {
        client = new (module[service.client] as new (input: object) => Client)({
          region: call.region,
          requestHandler,
          forcePathStyle: true,
        });
        clients.set(key, client);
      }
      const Command = module[`${call.op}Command`] as new (input: object) => object;
      // A bucket without a policy says so by an error.
      await client.send(new Command(call.args)).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  requestHandler.destroy();
}

interface Client {
  send(command: object): Promise<unknown>;
}

async function compareIn(options: SideOptions, rounds: number): Promise<Compared> {
  let calls: MadeCall[] = [];
  await collectAll(options, (records) => {
    calls = madeCalls(records);
  });
  const compared: Compared['rounds'][number][] = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await measured(() => bareLoop(options.concurrency, calls));
    compared.push({ bare, collect: await measured(() => collectAll(options)) });
  }
  return { calls: calls.length, rounds: compared };
}

if (import.meta.main) {
  const work = JSON.parse(process.argv[2] as string) as Work;
  enterReplay({ url: work.url }, MANAGEMENT);
  const result = work.rounds === undefined ? await measured(() => collectAll(work)) : await compareIn(work, work.rounds);
  if (process.send) process.send(result);
  else console.log(result);
  process.disconnect?.();
}
