/** Compiles the package: `dist` mirrors the tree, as JavaScript with declarations. `npm run build`. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
rmSync(join(root, 'dist'), { recursive: true, force: true });
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '--project', join(root, 'tsconfig.build.json')], { cwd: root, stdio: 'inherit' });
if (status === 0) {
  const entry = readFileSync(join(root, 'src/cli/main.mjs'), 'utf8').replace("'./run.ts'", "'./run.js'");
  writeFileSync(join(root, 'dist/src/cli/main.js'), entry, { mode: 0o755 });
}
process.exitCode = status ?? 1;
