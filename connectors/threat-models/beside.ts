import { realpathSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { InputError } from '../../src/model/input-error.ts';
import { type Document, openDocument } from './document.ts';
import type { Format } from './format.ts';

const MOST_FILES = 100;

/**
 * The files of a model's folder that it is made of, and those that they in turn are made of. Never outside of that folder (links included),
 * never by a URL, at most 100. What is not there is left out; what cannot be read has its reason.
 */
export async function openBeside(document: Document, format: Pick<Format, 'beside'>): Promise<ReadonlyMap<string, Document | string>> {
  const found = new Map<string, Document | string>();
  const left: { readonly document: Document; readonly from: string }[] = [{ document, from: '' }];
  const folder = realpathSync(dirname(document.file));
  for (let next = left.pop(); next; next = left.pop()) {
    for (const name of format.beside?.(next.document) ?? []) {
      const path = pathFrom(next.from, name);
      if (path === undefined || found.has(path) || found.size >= MOST_FILES) continue;
      const real = realPath(join(folder, path));
      if (real === undefined) continue;
      if (!real.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
        found.set(path, 'leads out of the folder of the model');
        continue;
      }
      const opened = await openInside(join(dirname(document.file), path));
      found.set(path, opened);
      if (typeof opened !== 'string') left.push({ document: opened, from: path });
    }
  }
  return found;
}

/** Where a name leads that stands in a file (itself given by its path from the model's folder); nothing where it leads out or is no local path. */
export function pathFrom(file: string, name: string): string | undefined {
  const written = name.trim().replaceAll('\\', '/');
  if (written === '' || written.length > 1000 || written.startsWith('/') || written.startsWith('~') || /^[A-Za-z][\w+.-]*:/.test(written))
    return undefined;
  const path = posix.normalize(posix.join(posix.dirname(file || '.'), written));
  return path === '.' || path === '..' || path.startsWith('../') || path.includes('\0') ? undefined : path;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

async function openInside(path: string): Promise<Document | string> {
  try {
    return await openDocument(path);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}
