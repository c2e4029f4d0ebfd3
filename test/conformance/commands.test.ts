import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { faultsOf, flagsOf } from './command-line.ts';

const folder = join(import.meta.dirname, '../../src/cli/commands');

describe.each(commands.map((one) => [one.name, one] as const))('command %s', (name, command) => {
  it('has the name of its file', () => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(existsSync(join(folder, `${name}.ts`))).toBe(true);
  });

  it('says what it is for in one line', () => {
    expect(command.about).toMatch(/^[a-z]/);
    expect(command.about).not.toMatch(/[.\n]$/);
    expect(command.about.length).toBeLessThanOrEqual(110);
    for (const option of command.options) expect(option.about.length, option.flags).toBeGreaterThan(3);
    for (const one of command.arguments ?? []) expect(one.about.length, one.name).toBeGreaterThan(3);
  });

  it('gives examples that are lines of its own, and right', () => {
    expect(command.examples.length).toBeGreaterThan(0);
    for (const line of command.examples) expect(line).toContain(`viewshed ${name}`);
    expect(command.examples.flatMap(faultsOf)).toEqual([]);
  });

  it('has no flag twice, and no flag that could carry a secret', () => {
    const flags = command.options.flatMap(flagsOf);
    expect(new Set(flags).size).toBe(flags.length);
    expect(flags.filter((flag) => /^--.*(secret|password|token|access-key)/.test(flag))).toEqual([]);
    expect(flags.filter((flag) => !/^--[a-z]+(-[a-z]+)*$|^-[a-zA-Z]$/.test(flag))).toEqual([]);
    expect(flags.filter((flag) => ['-h', '--help', '-V', '--version'].includes(flag))).toEqual([]);
  });

  it('offers defaults that it takes itself', () => {
    for (const option of command.options)
      if (option.choices && option.default !== undefined) expect(option.choices).toContain(String(option.default));
  });

  it('loads nothing heavy before it runs', () => {
    const imported = readFileSync(join(folder, `${name}.ts`), 'utf8').matchAll(/^import (?!type )[^;]*? from '([^']+)'/gm);
    expect([...imported].map(([, path]) => path).filter((path) => !LIGHT.test(path as string))).toEqual([]);
  });
});

/** Static imports that cost nothing: declared options, and commands, which are held to the same. */
const LIGHT = /^node:(path|os|fs)$|^\.\.\/(shared-options|command)\.ts$|^\.\/[a-z-]+\.ts$/;

describe('the commands together', () => {
  it('have names of their own, and every file is in the list', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'index.ts');
    expect(commands.map((one) => one.name).sort()).toEqual(files.map((file) => file.replace(/\.ts$/, '')).sort());
  });

  it('a wrong line is told from a right one', () => {
    expect(faultsOf('viewshed assess --evidence a.ndjson b.ndjson -f json > out.json')).toEqual([]);
    expect(faultsOf('AWS_PROFILE=x viewshed assess --evidence=a.ndjson | jq .')).toEqual([]);
    expect(faultsOf('viewshed assess --evidence a.ndjson --fail-on nonsense')).toEqual([
      expect.stringContaining('does not take "nonsense"'),
    ]);
    expect(faultsOf('viewshed assess --evidenc a.ndjson')).toEqual([
      expect.stringContaining('has no --evidenc'),
      expect.stringContaining('takes no argument'),
    ]);
    expect(faultsOf('viewshed asess')).toEqual([expect.stringContaining('no command "asess"')]);
    expect(faultsOf('viewshed assess --model')).toEqual([expect.stringContaining('lacks its value')]);
    expect(faultsOf('jq .')).toEqual([expect.stringContaining('does not call viewshed')]);
  });
});
