import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { InputError } from '../model/input-error.ts';

/** Writes a file whole or not at all: to a temporary name first, readable by its owner only. */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, text, { mode, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new InputError(`${path}: cannot be written: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
}
