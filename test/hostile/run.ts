import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { main } from '../cli/cli.ts';

export interface Watched {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  /** Most resident memory seen, MiB; 0 where the system does not tell. */
  readonly memory: number;
  readonly seconds: number;
}

/** Runs the real command line in a shell line (`$VIEWSHED` is it), watched: how long, and how much memory it took at most. */
export function watched(line: string, cwd: string, limitSeconds = 60): Promise<Watched> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/bash', ['-c', line], {
      cwd,
      detached: true,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: cwd,
        VIEWSHED: `${process.execPath} ${main}`,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let memory = 0;
    const look = setInterval(() => {
      memory = Math.max(memory, ...processesOf(child.pid as number).map(residentOf));
    }, 25);
    const limit = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), limitSeconds * 1000);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(look);
      clearTimeout(limit);
      resolve({ code, signal, out, err, memory, seconds: (performance.now() - start) / 1000 });
    });
  });
}

function processesOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return [pid, ...children.flatMap(processesOf)];
  } catch {
    return [pid];
  }
}

function residentOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** What a terminal would act on, or nobody can see. */
export const INVISIBLE = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

export const RECORD = {
  v: 1,
  provider: 'aws',
  account: '111122223333',
  region: 'us-east-1',
  service: 'cloudtrail',
  op: 'DescribeTrails',
  args: { includeShadowTrails: true },
  at: '2026-11-21T12:00:00Z',
  body: { trailList: [] },
};
