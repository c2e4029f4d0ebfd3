import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { StoredEvidence } from '../model/evidence.ts';
import { InputError } from '../model/input-error.ts';
import { openStore } from '../store/evidence-store.ts';
import { readNdjson } from '../store/ndjson.ts';

/** All records of NDJSON files and stores, numbered through. Of a store, the scan named or else the newest. */
export async function readEvidence(files: readonly string[], scan?: string): Promise<StoredEvidence[]> {
  const records: StoredEvidence[] = [];
  for (const file of files) {
    if (file !== '-' && isStore(file)) {
      const store = openStore(file, { readOnly: true });
      try {
        const chosen = scan ?? store.scans().at(-1)?.id;
        if (chosen === undefined) throw new InputError(`${file}: holds no scan yet; \`viewshed collect\` makes one`);
        for (const record of store.records(chosen)) records.push(files.length === 1 ? record : { ...record, id: records.length + 1 });
      } finally {
        store.close();
      }
    } else {
      if (scan !== undefined) throw new InputError(`${file}: --scan chooses a scan of a store, and this is a file of evidence`);
      for await (const record of readNdjson(file, { firstId: records.length + 1 })) records.push(record);
    }
  }
  return records;
}

function isStore(file: string): boolean {
  if (!existsSync(file)) throw new InputError(`${file}: there is no such file`);
  if (!statSync(file).isFile()) return false;
  const start = Buffer.alloc(15);
  try {
    const handle = openSync(file, 'r');
    readSync(handle, start, 0, 15, 0);
    closeSync(handle);
  } catch (error) {
    throw new InputError(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code}); check its permissions`);
  }
  return start.toString('latin1') === 'SQLite format 3';
}
