import { realpathSync, statSync } from 'node:fs';

/**
 * Where a file that is named really is: a link is followed, so that it stays one. Devices and pipes (`/dev/null`, `/dev/stdout`) are written
 * to as they are; a file put in their place would be there for everybody.
 */
export function writeTarget(path: string): { readonly file: string; readonly device: boolean } {
  try {
    const entry = statSync(path, { throwIfNoEntry: false });
    if (entry === undefined || entry.isDirectory()) return { file: path, device: false };
    return entry.isFile() ? { file: realpathSync(path), device: false } : { file: path, device: true };
  } catch {
    // What stands in the way shows when it is written.
    return { file: path, device: false };
  }
}
