import { randomBytes } from 'node:crypto';
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InputError } from '../model/input-error.ts';
import { writeTarget } from '../store/write-target.ts';

/** Writes a file whole or not at all: to a temporary name first, readable by its owner only. */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const { file, device } = writeTarget(path);
  const temporary = device ? undefined : `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary ?? file, text, { mode, flag: device ? 'w' : 'wx' });
    if (temporary !== undefined) renameSync(temporary, file);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw new InputError(`${path}: cannot be written: ${reasonOf(error)}`);
  }
}

/** Ends a command before its work, rather than after, where its output could not be written. */
export function checkWritable(path: string): void {
  const { file, device } = writeTarget(path);
  if (device) return;
  const folder = dirname(resolve(file));
  try {
    if (!statSync(folder).isDirectory()) throw new InputError(`${path}: cannot be written: ${folder} is not a folder`);
    accessSync(folder, constants.W_OK);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new InputError(`${path}: is a folder; name a file`);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: cannot be written: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  const reasons: Record<string, string> = {
    ENOENT: 'its folder does not exist',
    EACCES: 'check its permissions',
    EPERM: 'check its permissions',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    EISDIR: 'it is a folder; name a file',
    ENOTDIR: 'part of its path is not a folder',
  };
  return reasons[code] ?? code;
}
