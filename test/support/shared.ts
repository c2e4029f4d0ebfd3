import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..', 'shared');

/** A file or folder of the extra material beside the checkout, or undefined; where it is missing, the suite says so and skips. */
export function shared(...path: string[]): string | undefined {
  const found = join(root, ...path);
  if (existsSync(found)) return found;
  process.stderr.write(`SKIPPED: ../shared/${path.join('/')} is not here, so the suite that reads it does not run\n`);
  return undefined;
}
