import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shared } from '../support/shared.ts';

const traps = shared('traps');
/** Estates whose sources this version reads. */
const READ = /^S(0[1-9]|1[1-5])/;

describe.skipIf(traps === undefined)('estates with a known right answer', () => {
  const cases = traps === undefined ? [] : readdirSync(traps).filter((name) => READ.test(name));
  test.each(cases)('%s', (name) => {
    const run = spawnSync(
      process.execPath,
      [join(traps as string, 'check.mjs'), '--cmd', `${process.execPath} src/cli/main.mjs`, join(traps as string, name)],
      { encoding: 'utf8' },
    );
    expect(run.stdout).toContain('1 passed, 0 failed');
  });
});
