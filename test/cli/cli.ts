import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
export const estate = join(root, 'examples/estate/evidence.ndjson');
export const main = join(root, 'src/cli/main.mjs');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Node's own arguments, before the script. */
  readonly node?: readonly string[];
  /** Called once it runs, with what sends it a signal. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the real command line as its own process, with no settings of a cloud but those given. */
export function viewshed(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|GOOGLE_|GCLOUD_|CLOUDSDK_|VIEWSHED_|VITEST|NODE_|NO_COLOR|FORCE_COLOR)/.test(name),
  );
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...(options.node ?? []), main, ...args], {
      cwd: options.cwd ?? root,
      env: {
        ...Object.fromEntries(own),
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
        METADATA_SERVER_DETECTION: 'none',
        ...options.env,
      },
    });
    options.onStart?.((signal) => child.kill(signal));
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.on('error', () => {}).end(options.input ?? '');
  });
}

/** A folder of its own for a test, gone afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'viewshed-test-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
