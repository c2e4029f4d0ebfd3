/** How long `viewshed --help` takes beside starting Node at all, from the sources and, where `npm run build` was run, from `dist`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, median } from './figures.ts';

const root = join(import.meta.dirname, '..');

export function startup(times = 11): Figure[] {
  const programs = { checkout: 'src/cli/main.mjs', dist: 'dist/src/cli/main.js' };
  const there = Object.entries(programs).filter(([, file]) => existsSync(join(root, file)));
  const took = (...args: string[]): number => {
    const began = performance.now();
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'ignore' });
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
    return performance.now() - began;
  };
  return there.map(([name, file]) => {
    took(file, '--help');
    const rounds = Array.from({ length: times }, () => ({ bare: took('-e', '0'), help: took(file, '--help') }));
    return {
      name: `viewshed --help / node -e 0 (${name})`,
      measured: `${median(rounds.map((one) => one.help)).toFixed(0)} ms / ${median(rounds.map((one) => one.bare)).toFixed(0)} ms, median of ${times}`,
      ratio: median(rounds.map((one) => one.help / one.bare)),
      most: 3,
    };
  });
}
