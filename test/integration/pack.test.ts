import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const EVIDENCE = 'examples/estate/evidence.ndjson';
const MODEL = 'examples/estate/payments.yaml';
let folder: string;
/** The package as somebody installs it. */
let installed: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viewshed-pack-'));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  execFileSync('tar', ['-xzf', tarball as string], { cwd: folder });
  // Beside the package lie its own dependencies and nothing else: one that is missing in package.json is not found.
  const modules = join(folder, 'app', 'node_modules');
  installed = join(modules, 'viewshed');
  mkdirSync(modules, { recursive: true });
  symlinkAll(Object.keys(manifest(join(folder, 'package')).dependencies), modules);
  execFileSync('mv', [join(folder, 'package'), installed]);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('ships JavaScript with declarations, the rules, the example and the docs, and no sources or tests', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
    for (const file of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'dist/src/cli/main.js',
      'dist/src/index.js',
      'dist/src/index.d.ts',
      'rules/threats/aws-account-baseline.yaml',
      EVIDENCE,
      MODEL,
      'docs/schemas/threat-model.schema.json',
    ]) {
      expect(files).toContain(file);
    }
    expect(files.filter((file) => /(?<!\.d)\.ts$/.test(file))).toEqual([]);
    expect(files.filter((file) => /^(test|tools|bench|node_modules)\/|\.test\.|\.tsbuildinfo$|\.map$/.test(file))).toEqual([]);
    for (const file of files.filter((one) => /\.js$/.test(one))) {
      expect(readFileSync(join(installed, file), 'utf8'), file).not.toMatch(/(from|import\() ?['"]\.{1,2}\/[^'"]*\.ts['"]/);
    }
  });

  it('runs: help, version, a wrong option', () => {
    const help = viewshed('--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('assess');
    expect(viewshed('--version').stdout.trim()).toBe(manifest(root).version);
    expect(viewshed('assess', '--nonsense').status).toBe(2);
  });

  it('assesses the example as the checkout does', () => {
    const args = ['assess', '--evidence', EVIDENCE, '--model', MODEL, '--as-of', '2026-11-21T12:00:00Z', '--format', 'json'];
    const packed = viewshed(...args);
    expect(packed.stderr).toBe('');
    expect(packed.status).toBe(1);
    const here = spawnSync(process.execPath, [join(root, 'src/cli/main.mjs'), ...args], { cwd: root, encoding: 'utf8' });
    expect(packed.stdout).toBe(here.stdout);
    expect(JSON.parse(packed.stdout).needs.length).toBeGreaterThan(5);
  });

  it('is a library: typed, and nothing is done at import', () => {
    const app = join(folder, 'app');
    writeFileSync(
      join(app, 'use.mjs'),
      "import * as viewshed from 'viewshed';\nconsole.log(JSON.stringify(Object.fromEntries(Object.entries(viewshed).map(([name, value]) => [name, typeof value]))));\n",
    );
    const run = spawnSync(process.execPath, ['use.mjs'], { cwd: app, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toMatchObject({ collect: 'function', assess: 'function', render: 'function' });
    writeFileSync(join(app, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(app, 'use.ts'),
      "import { assess, collect, render } from 'viewshed';\nexport const all = [assess, collect, render];\n// @ts-expect-error there is no such thing\nimport { nothingOfTheKind } from 'viewshed';\nexport { nothingOfTheKind };\n",
    );
    const types = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/typescript/bin/tsc'),
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--target',
        'es2024',
        '--module',
        'nodenext',
        '--types',
        '',
        'use.ts',
      ],
      { cwd: app, encoding: 'utf8' },
    );
    expect(types.stdout).toBe('');
  });
});

function viewshed(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(installed, 'dist/src/cli/main.js'), ...args], {
    cwd: installed,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
}

function manifest(of: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(of, 'package.json'), 'utf8'));
}

function symlinkAll(names: readonly string[], into: string): void {
  for (const name of names) {
    mkdirSync(dirname(join(into, name)), { recursive: true });
    if (!existsSync(join(root, 'node_modules', name))) throw new Error(`${name} is not installed`);
    symlinkSync(join(root, 'node_modules', name), join(into, name), 'junction');
  }
}
