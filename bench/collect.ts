/**
 * What collecting costs beside the SDK alone, and how near its time comes to what latency, concurrency and rate limits allow. Both sides ask the
 * same server on loopback, which runs in a process of its own, in turns: `npm run bench -- collect`.
 */
import { Agent, get } from 'node:http';
import { awsProvider } from '../connectors/aws/provider.ts';
import { collectors } from '../connectors/index.ts';
import { planCalls } from '../src/collect/plan.ts';
import { REGIONS } from './estate.ts';
import { type Figure, median, show } from './figures.ts';
import { accountIds, type Server, startServer } from './server.ts';
import { collectOnce, compare } from './side.ts';

const CONCURRENCY = 48;
/** Few enough that latency is the bound and not this machine's processor, which also plays the server. */
const AT_ONCE = 24;
const LATENCY = 30;

async function served<T>(accounts: number, latency: number, work: (server: Server) => Promise<T>): Promise<T> {
  const server = await startServer({ accounts, latency });
  try {
    return await work(server);
  } finally {
    server.stop();
  }
}

/** Processor time of collect for each call, beside that of a bare loop over the SDK's clients that makes the same calls. */
export function processorTime(accounts = 20, times = 7): Promise<Figure[]> {
  return served(accounts, 0, async (server) => {
    const { calls, rounds } = await compare({ url: server.url, concurrency: CONCURRENCY }, times);
    const asked = (await server.count()) / (1 + 2 * times);
    if (asked !== calls) throw new Error(`the bare loop makes ${calls} calls, but ${asked} were made on average`);
    const each = (of: (round: (typeof rounds)[number]) => number) => median(rounds.map(of));
    const perCall = (seconds: number) => `${((seconds / calls) * 1000).toFixed(2)} ms`;
    return [
      {
        name: 'processor time of collect per call / bare SDK loop',
        measured: `${perCall(each(({ collect }) => collect.processor))} / ${perCall(each(({ bare }) => bare.processor))}, ${calls} calls, median of ${times}`,
        ratio: each(({ collect, bare }) => collect.processor / bare.processor),
        most: 1.3,
      },
    ];
  });
}

/** Milliseconds that one answer takes, asked for without the SDK and one after the other: what the server is told to wait, and the timer's and the network's share. */
async function answerTime(url: string, times = 60): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const taken: number[] = [];
  for (let time = 0; time < times; time++) {
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      get(url, { agent }, (response) => response.resume().once('end', resolve)).once('error', reject);
    });
    taken.push(performance.now() - began);
  }
  agent.destroy();
  return median(taken);
}

/** Time of collect beside the least that latency and concurrency, the declared rate limits, or its one thread allow. */
export function wallTime(accounts = 200): Promise<Figure[]> {
  return served(accounts, LATENCY, async (server) => {
    const answer = await answerTime(server.url);
    await server.count();
    const { seconds, thread } = await collectOnce({ url: server.url, concurrency: AT_ONCE });
    const asked = await server.count();
    const limits = planCalls({ provider: awsProvider(), collectors, accounts: accountIds(accounts), regions: REGIONS }).limitSeconds;
    const bounds = { latency: (asked * answer) / 1000 / AT_ONCE, 'rate limits': limits, processor: thread };
    const [name, bound] = Object.entries(bounds).reduce((a, b) => (b[1] > a[1] ? b : a));
    const all = Object.entries(bounds).map(([one, least]) => `${one} ${least.toFixed(1)} s`);
    return [
      {
        name: `time of collect / its bound (${name})`,
        measured: `${seconds.toFixed(1)} s, ${asked} calls in ${accounts} x ${REGIONS.length}, ${answer.toFixed(1)} ms each, ${AT_ONCE} at once: ${all.join(', ')}`,
        ratio: seconds / bound,
        most: 1.1,
      },
    ];
  });
}

/** Twice what is alive in a collect of any size, in MB. */
const HEAP = 160;

/**
 * Most memory of a collect of few and of many accounts in the same regions, with a heap that is held to what either needs: otherwise most of it
 * is what V8 lets lie until it finds its pace, which a short collect ends before.
 */
export async function memory(few = 200, many = 2000): Promise<Figure[]> {
  const most = async (accounts: number, heap?: number): Promise<number> => {
    const options = { concurrency: CONCURRENCY, regions: REGIONS.slice(0, 2), ...(heap === undefined ? {} : { heap }) };
    return (await served(accounts, 0, (server) => collectOnce({ url: server.url, ...options }))).memory;
  };
  const [small, large, free] = [await most(few, HEAP), await most(many, HEAP), await most(many)];
  const said = [
    `${many} accounts x 2 regions ${large.toFixed(0)} MB`,
    `${few} x 2 ${small.toFixed(0)} MB`,
    `(a heap of ${HEAP} MB for both; ${many} without a bound ${free.toFixed(0)} MB)`,
  ];
  return [{ name: 'most memory of collect, many / few accounts', measured: said.join(', '), ratio: large / small, most: 1.2 }];
}

if (import.meta.main) {
  console.log(show([...(await processorTime()), ...(await wallTime()), ...(await memory())]));
}
