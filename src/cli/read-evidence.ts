import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { StoredEvidence } from '../model/evidence.ts';
import { InputError } from '../model/input-error.ts';
import { openStore } from '../store/evidence-store.ts';
import { readNdjson } from '../store/ndjson.ts';

/** All records of NDJSON files and stores, numbered through. Of a store, the scan named or else the newest. */
export async function readEvidence(files: readonly string[], scan?: string): Promise<StoredEvidence[]> {
  const records: StoredEvidence[] = [];
  const checkRoom = roomFor();
  const take = (record: StoredEvidence, file: string): void => {
    if (records.push(record) % CHECKED_EVERY === 0) checkRoom(file, records.length);
  };
  for (const file of files) {
    if (file !== '-' && isStore(file)) {
      const store = openStore(file, { readOnly: true });
      try {
        const chosen = scan ?? store.scans().at(-1)?.id;
        if (chosen === undefined) throw new InputError(`${file}: holds no scan yet; \`viewshed collect\` makes one`);
        for (const record of store.records(chosen)) take(files.length === 1 ? record : { ...record, id: records.length + 1 }, file);
      } finally {
        store.close();
      }
    } else {
      if (scan !== undefined) throw new InputError(`${file}: --scan chooses a scan of a store, and this is a file of evidence`);
      for await (const record of readNdjson(file, { firstId: records.length + 1 })) take(record, file);
    }
  }
  return records;
}

const CHECKED_EVERY = 1000;
/** Of the memory; the rest is for judging them. */
const FULL = 0.6;

/** All of it is judged at once, so it has to fit; said in time, before the process is ended for want of memory. */
function roomFor(): (file: string, count: number) => void {
  const limit = getHeapStatistics().heap_size_limit;
  let look = limit * FULL;
  return (file, count) => {
    if (getHeapStatistics().used_heap_size < look) return;
    // What is used may be mostly garbage: collected, the figure tells.
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    const used = getHeapStatistics().used_heap_size;
    if (used >= limit * FULL)
      throw new InputError(
        `${file}: ${count} records fill the memory that Node may take (${Math.round(limit / 2 ** 20)} MiB); give it more with NODE_OPTIONS=--max-old-space-size=MIB`,
      );
    look = Math.max(limit * FULL, used + limit * 0.02);
  };
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
