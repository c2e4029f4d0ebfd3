import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Assessment, NeedVerdict } from '../../../src/model/assessment.ts';
import { type MotoProxy, startProxy } from './proxy.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.mjs', import.meta.url));
const SEED = fileURLToPath(new URL('./seed.py', import.meta.url));
const MODEL = fileURLToPath(new URL('./cards.yaml', import.meta.url));

export const REGIONS = ['eu-west-1', 'us-east-1', 'us-west-2'];

/** Why moto cannot be used here; undefined: it can. */
export function motoMissing(): string | undefined {
  const server = spawnSync('moto_server', ['--help'], { encoding: 'utf8' });
  if (server.status !== 0) return 'there is no moto_server (pip install "moto[server]")';
  const boto = spawnSync('python3', ['-c', 'import boto3'], { encoding: 'utf8' });
  return boto.status === 0 ? undefined : 'python3 has no boto3 (pip install boto3)';
}

/** What `seed.py build` made. */
export interface Made {
  readonly accounts: { readonly management: string; readonly payments: string; readonly sandbox: string };
  readonly vpcs: { readonly cards: string; readonly office: string };
  readonly balancer: string;
  readonly zone: string;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Scanned extends Ran {
  readonly assessment: Assessment;
  readonly needs: ReadonlyMap<string, NeedVerdict>;
  readonly store: string;
  readonly evidence: string;
}

export interface Estate {
  readonly folder: string;
  readonly moto: string;
  readonly proxy: MotoProxy;
  readonly made: Made;
  /** Keys that the scan starts with; moto looks at them only while it checks policies. */
  keys: { readonly id: string; readonly secret: string };
  /** Runs commands of seed.py, past the proxy, and gives back what they print; `build` makes the ids anew. */
  seed(...commands: string[]): string;
  /** Whether moto checks signatures and policies, which it does not unless told. */
  checkPolicies(on: boolean): Promise<void>;
  /** A file in the folder that no one else has. */
  file(name: string): string;
  /** Runs the command line against the proxy. */
  viewshed(...args: string[]): Promise<Ran>;
  /** Starts it and gives the process back. */
  start(...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<Ran> };
  scan(...args: string[]): Promise<Scanned>;
  assessed(ran: Ran, report: string): Pick<Scanned, 'assessment' | 'needs'>;
  close(): Promise<void>;
}

/** Starts moto and the proxy, and builds the estate. `env` is moto's. */
export async function openEstate(env: Record<string, string> = {}): Promise<Estate> {
  const port = await freePort();
  const moto = `http://127.0.0.1:${port}`;
  // Its times of delivery are local times of the process.
  const server = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    env: { ...process.env, TZ: 'UTC', ...env },
    stdio: 'ignore',
    detached: true,
  });
  await untilUp(moto, server);
  const proxy = await startProxy(moto, REGIONS);
  const folder = mkdtempSync(join(tmpdir(), 'viewshed-moto-'));
  let files = 0;
  let made: Made | undefined;
  const model = join(folder, 'cards.yaml');

  const estate: Estate = {
    folder,
    moto,
    proxy,
    keys: { id: 'AKIAEXAMPLEEXAMPLE00', secret: 'secret' },
    get made() {
      if (!made) throw new Error('nothing is built');
      return made;
    },
    seed(...commands) {
      const ran = spawnSync('python3', [SEED, '--endpoint', moto, ...commands], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
      if (ran.status !== 0) throw new Error(`seed.py ${commands.join(' ')}: ${ran.stderr}`);
      if (commands.includes('build')) {
        made = JSON.parse(ran.stdout) as Made;
        writeFileSync(model, modelFor(made));
      }
      return ran.stdout;
    },
    async checkPolicies(on) {
      const answer = await fetch(`${moto}/moto-api/reset-auth`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: on ? '0' : 'inf',
      });
      if (!answer.ok) throw new Error(`moto answers ${answer.status} to reset-auth`);
    },
    file: (name) => join(folder, `${++files}-${name}`),
    viewshed: (...args) => estate.start(...args).ended,
    start(...args) {
      const child = spawn(process.execPath, [MAIN, ...args], {
        cwd: folder,
        env: environment(proxy.url, estate.keys),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on('data', (part: Buffer) => out.push(part));
      child.stderr.on('data', (part: Buffer) => err.push(part));
      const ended = new Promise<Ran>((resolve) => {
        child.on('close', (code) =>
          resolve({ code, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }),
        );
      });
      return { child, ended };
    },
    async scan(...args) {
      const [store, evidence] = [estate.file('evidence.db'), estate.file('evidence.ndjson')];
      const ran = await estate.viewshed('scan', '--model', model, '--store', store, '--export', evidence, '--format', 'json', ...args);
      return { ...ran, store, evidence, ...estate.assessed(ran, 'scan') };
    },
    assessed(ran, what) {
      if (!ran.stdout.startsWith('{'))
        throw new Error(`${what} gave no assessment (exit ${ran.code}): ${ran.stdout.slice(0, 500)}${ran.stderr}`);
      const assessment = JSON.parse(ran.stdout) as Assessment;
      return { assessment, needs: new Map(assessment.needs.map((need) => [nameOf(need), need])) };
    },
    async close() {
      await proxy.close();
      if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    estate.seed('build');
  } catch (error) {
    await estate.close();
    throw error;
  }
  return estate;
}

/** The need's id; with its asset where one threat asks it of several. */
function nameOf(need: NeedVerdict): string {
  const id = String(need.need.id);
  return need.threat === 'elsewhere' ? `${id} in ${need.asset}` : id;
}

function modelFor(made: Made): string {
  const values: Record<string, string> = {
    ...made.accounts,
    'vpc.cards': made.vpcs.cards,
    'vpc.office': made.vpcs.office,
    balancer: made.balancer,
  };
  return readFileSync(MODEL, 'utf8')
    .replace(/^#.*$/gm, '')
    .replace(/\{([a-z.]+)\}/g, (all, name: string) => values[name] ?? all);
}

/** Nothing of the machine's own set-up reaches the scan. */
function environment(endpoint: string, keys: Estate['keys']): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS_|VIEWSHED_|NODE_OPTIONS|VITEST)/.test(name)));
  return {
    ...kept,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: keys.id,
    AWS_SECRET_ACCESS_KEY: keys.secret,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    NO_COLOR: '1',
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function untilUp(url: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`moto_server ended with ${server.exitCode}`);
    const up = await fetch(`${url}/moto-api/data.json`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) return;
    await sleep(100);
  }
  throw new Error('moto_server did not come up in 30 seconds');
}
