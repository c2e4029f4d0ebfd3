import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { viewshed } from './cli.ts';

describe('help', () => {
  it('of everything names all commands, the exit codes and where to start', async () => {
    const { code, out, err } = await viewshed(['--help']);
    expect([code, err]).toEqual([0, '']);
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command.name}\\b`, 'm'));
    expect(out).toContain('Exit codes: 0');
    expect(out).toContain('viewshed demo');
  });

  it.concurrent.each(commands.map((one) => [one.name, one] as const))('of %s has its options and examples', async (name, command) => {
    const { code, out, err } = await viewshed([name, '--help']);
    expect([code, err]).toEqual([0, '']);
    const words = out.replace(/\s+/g, ' ');
    for (const option of command.options) {
      expect(words).toContain(option.flags);
      if (option.default !== undefined) expect(words).toContain(`(default: ${option.default})`);
    }
    for (const example of command.examples) expect(out).toContain(example);
  });

  it('loads neither a cloud SDK nor a schema or YAML library', async () => {
    const watch =
      "import m from 'node:module'; m.registerHooks({ resolve(s, c, n) { const r = n(s, c); process.stderr.write(r.url + '\\n'); return r; } });";
    const { code, err } = await viewshed(['--help'], { node: ['--import', `data:text/javascript,${encodeURIComponent(watch)}`] });
    const loaded = err.split('\n').filter((line) => line.includes('node_modules') || line.includes('/src/'));
    expect(code).toBe(0);
    expect(loaded.some((line) => line.includes('commander'))).toBe(true);
    expect(loaded.filter((line) => /aws-sdk|smithy|zod|\/yaml\/|p-limit|connectors|\/rules\b/.test(line))).toEqual([]);
  });

  it('is the same either way', async () => {
    const [flag, word] = await Promise.all([viewshed(['scan', '--help']), viewshed(['help', 'scan'])]);
    expect(word).toEqual(flag);
  });

  it('tells its version', async () => {
    expect(await viewshed(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});
