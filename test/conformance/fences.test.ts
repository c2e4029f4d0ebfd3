import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Folder, imports that the fence lets through, imports that it stops. */
const FENCES: readonly (readonly [file: string, open: readonly string[], fenced: readonly string[]])[] = [
  ['src/model/probe.ts', ['zod', './scope.ts'], ['../events/classes.ts', 'node:fs', 'yaml', '../../connectors/index.ts']],
  ['src/events/probe.ts', ['../model/where.ts', './strings.ts'], ['../paths/graph.ts', 'node:fs', '../../connectors/index.ts']],
  [
    'src/paths/probe.ts',
    ['../model/scope.ts', '../events/classes.ts'],
    ['../store/view.ts', '../assess/assess.ts', '../../reports/index.ts'],
  ],
  [
    'src/store/probe.ts',
    ['../model/evidence.ts', 'node:sqlite', 'node:fs/promises'],
    ['../assess/assess.ts', '../needs/rules.ts', '@aws-sdk/client-s3'],
  ],
  [
    'src/collect/probe.ts',
    ['../store/view.ts', 'p-limit'],
    ['../assess/assess.ts', '../needs/rules.ts', '../../connectors/aws/index.ts', '@aws-sdk/client-s3'],
  ],
  [
    'src/needs/probe.ts',
    ['../events/classes.ts', 'yaml', 'node:fs'],
    ['../assess/assess.ts', '../collect/engine.ts', '../../connectors/index.ts'],
  ],
  [
    'src/assess/probe.ts',
    ['../needs/rules.ts', '../paths/graph.ts'],
    ['../collect/engine.ts', 'node:fs', '../../connectors/index.ts', '../../reports/index.ts', '../cli/command.ts'],
  ],
  ['src/config/probe.ts', ['../needs/yaml.ts', 'node:fs'], ['../assess/assess.ts', '../../connectors/index.ts']],
  [
    'src/cli/commands/probe.ts',
    ['../../../connectors/index.ts', '../../assess/assess.ts'],
    ['@aws-sdk/client-s3', '@smithy/node-http-handler', '@google-cloud/logging', 'google-auth-library'],
  ],
  [
    'connectors/aws/probe.ts',
    ['../../src/paths/graph.ts', './estate.ts', 'zod'],
    ['../../src/assess/assess.ts', '../../src/needs/rules.ts', '../../reports/index.ts', '@aws-sdk/client-s3', 'node:fs'],
  ],
  ['connectors/aws/sdk.ts', ['@aws-sdk/client-s3', 'node:async_hooks'], ['../../src/assess/assess.ts', '../../reports/index.ts']],
  [
    'connectors/aws/replay/probe.ts',
    ['node:http', '../../../src/model/evidence.ts'],
    ['../../../src/assess/assess.ts', '../../../src/cli/command.ts'],
  ],
  [
    'connectors/gcp/probe.ts',
    ['../../src/paths/graph.ts', './places.ts', 'zod'],
    ['../../src/assess/assess.ts', '../../reports/index.ts', '@google-cloud/logging', 'google-auth-library', 'node:fs'],
  ],
  ['connectors/gcp/sdk.ts', ['@google-cloud/logging', 'google-auth-library', 'node:async_hooks'], ['../../src/assess/assess.ts']],
  [
    'reports/probe.ts',
    ['../src/model/assessment.ts', './escape.ts'],
    ['../src/assess/assess.ts', '../src/paths/graph.ts', '../connectors/index.ts', 'node:fs'],
  ],
  ['reports/html/probe.ts', ['../../src/model/assessment.ts', '../escape.ts'], ['../../src/assess/assess.ts', '../../src/store/view.ts']],
];

let folder: string;
let stopped: ReadonlySet<string>;

// The linter with the repository's own rules, over a tree of files that do what is not allowed.
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'viewshed-fences-')));
  copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));
  for (const [file, open, fenced] of FENCES) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    const imports = [...open, ...fenced].flatMap((path, index) => [
      `import type { T${index} } from '${path}';`,
      `export const load${index} = (one: T${index}) => [one, import('${path}')];`,
    ]);
    writeFileSync(join(folder, file), `${imports.join('\n')}\n`);
  }
  const run = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/@biomejs/biome/bin/biome'),
      'lint',
      '--vcs-enabled=false',
      '--only=style/noRestrictedImports',
      '--max-diagnostics=none',
      '--reporter=github',
      '.',
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  stopped = new Set(
    [...run.stdout.matchAll(/noRestrictedImports,file=([^,]+),line=(\d+)/g)].map(
      ([, file = '', line]) => `${relative(folder, resolve(folder, file)).replaceAll('\\', '/')}:${line}`,
    ),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(FENCES)('the fence around %s', (file, open, fenced) => {
  it.each(open)('lets %s through', (path) => {
    const line = 2 * open.indexOf(path) + 1;
    expect([stopped.has(`${file}:${line}`), stopped.has(`${file}:${line + 1}`)]).toEqual([false, false]);
  });

  it.each(fenced)('stops %s, as a type and loaded later too', (path) => {
    const line = 2 * (open.length + fenced.indexOf(path)) + 1;
    expect([stopped.has(`${file}:${line}`), stopped.has(`${file}:${line + 1}`)]).toEqual([true, true]);
  });
});
