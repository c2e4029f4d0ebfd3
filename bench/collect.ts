/**
 * What collecting costs beside the SDK alone, and how near its time comes to what latency, concurrency and rate limits allow. Both sides ask the
 * same server on loopback, which runs in a process of its own, in turns: `npm run bench -- collect`.
 */
import { awsProvider } from '../connectors/aws/provider.ts';
import { collectors } from '../connectors/index.ts';
import { planCalls } from '../src/collect/plan.ts';
import { REGIONS } from './estate.ts';
import { type Figure, median, show } from './figures.ts';
import { accountIds, type Server, startServer } from './server.ts';
import { collectOnce, compare } from './side.ts';

const CONCURRENCY = 48;
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

/** Time of collect beside the least that latency and concurrency, the declared rate limits, or its one thread allow. */
export function wallTime(accounts = 200): Promise<Figure[]> {
  return served(accounts, LATENCY, async (server) => {
    const { seconds, thread } = await collectOnce({ url: server.url, concurrency: CONCURRENCY });
    const asked = await server.count();
    const limits = planCalls({ provider: awsProvider(), collectors, accounts: accountIds(accounts), regions: REGIONS }).limitSeconds;
    const latency = (asked * LATENCY) / 1000 / CONCURRENCY;
    const bounds = { latency, 'rate limits': limits, 'the processor': thread };
    const [name, bound] = Object.entries(bounds).reduce((a, b) => (b[1] > a[1] ? b : a));
    const all = `latency ${latency.toFixed(1)} s, rate limits ${limits.toFixed(1)} s, processor ${thread.toFixed(1)} s`;
    return [
      {
        name: `time of collect / its bound (${name})`,
        measured: `${seconds.toFixed(1)} s, ${asked} calls in ${accounts} accounts x ${REGIONS.length} regions; bounds: ${all}`,
        ratio: seconds / bound,
        most: 1.1,
      },
    ];
  });
}

/** Most memory of a collect of few and of many accounts. */
export async function memory(few = 200, many = 2000, times = 1): Promise<Figure[]> {
  const most = async (accounts: number): Promise<number> => {
    const taken: number[] = [];
    for (let time = 0; time < times; time++) {
      const side = await served(accounts, 0, (server) =>
        collectOnce({ url: server.url, concurrency: CONCURRENCY, regions: REGIONS.slice(0, 2) }),
      );
      taken.push(side.memory);
    }
    return median(taken);
  };
  const [small, large] = [await most(few), await most(many)];
  return [
    {
      name: `memory of collect, ${many} / ${few} accounts`,
      measured: `${large.toFixed(0)} MB / ${small.toFixed(0)} MB at most`,
      ratio: large / small,
      most: 1.2,
    },
  ];
}

if (import.meta.main) {
  console.log(show([...(await processorTime()), ...(await wallTime()), ...(await memory())]));
}
