import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { EvidenceRecord, type StoredEvidence } from '../model/evidence.ts';
import { InputError } from '../model/input-error.ts';
import type { EvidenceStore } from './evidence-store.ts';
import { MAX_DEPTH, plain, TooDeep } from './plain.ts';
import { writeTarget } from './write-target.ts';

export const MAX_LINE_BYTES = 64 * 1024 * 1024;
export const MAX_RECORDS = 20_000_000;
/** API answers shrink to a tenth or a fiftieth; what unfolds to more than this is made to fill memory and time. */
const MOST_UNFOLDED = 200;
const UNFOLDED_UNCHECKED = 64 * 1024 * 1024;

export interface ReadOptions {
  /** The number that the first record gets; they count up from it. */
  readonly firstId?: number;
  readonly maxLineBytes?: number;
  readonly maxRecords?: number;
}

/**
 * Evidence records of an NDJSON file, one after the other; `-` is the standard input. Gzip is known by the name (`.gz`) or by its first bytes.
 * A line that is not an evidence record ends it with an InputError that names file, line and fault.
 */
export async function* readNdjson(path: string, options: ReadOptions = {}): AsyncGenerator<StoredEvidence> {
  const name = path === '-' ? 'standard input' : path;
  const most = options.maxRecords ?? MAX_RECORDS;
  const first = options.firstId ?? 1;
  let count = 0;
  for await (const batch of linesOf(path, name, options.maxLineBytes ?? MAX_LINE_BYTES)) {
    for (const { text, number, cut } of batch) {
      if (text.trim() === '') continue;
      const record = recordOf(text, `${name}:${number}`, cut);
      if (++count > most) throw new InputError(`${name}:${number}: more than ${most} records; split the file`);
      yield { ...record, id: first + count - 1 };
    }
  }
  if (count === 0) throw new InputError(`${name}: holds no evidence record; write it anew with \`viewshed export\``);
}

/** Reads evidence files as one scan into the store: all of it, or nothing if any line is bad. Returns the number of records. */
export async function importNdjson(
  store: EvidenceStore,
  scan: { readonly id: string; readonly at: string },
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<number> {
  return store.whole(async () => {
    store.startScan({ id: scan.id, startedAt: scan.at, options: 'import' });
    let count = 0;
    for (const path of paths) {
      for await (const { id: _, ...record } of readNdjson(path, options)) {
        store.put(scan.id, record);
        count++;
      }
    }
    store.finishScan(scan.id, scan.at);
    return count;
  });
}

/** Writes a scan (or everything) as NDJSON, gzip if the name ends in `.gz`; the file appears whole or not at all, private to its owner. */
export async function exportNdjson(store: EvidenceStore, path: string, scan?: string): Promise<number> {
  let count = 0;
  function* chunks(): Generator<string> {
    let chunk = '';
    for (const line of store.lines(scan)) {
      count++;
      chunk += `${line}\n`;
      if (chunk.length < 65_536) continue;
      yield chunk;
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  }
  const { file, device } = writeTarget(path);
  const unfinished = device ? undefined : `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const from = Readable.from(chunks());
    const to = unfinished === undefined ? createWriteStream(file) : createWriteStream(unfinished, { flags: 'wx', mode: 0o600 });
    if (path.endsWith('.gz')) await pipeline(from, createGzip(), to);
    else await pipeline(from, to);
    if (unfinished !== undefined) await rename(unfinished, file);
  } catch (error) {
    if (unfinished !== undefined) await rm(unfinished, { force: true });
    throw fileError(path, error, 'written');
  }
  return count;
}

/** A name goes into many statements: what is far beyond any name, document or token would multiply. */
const MOST_TEXT = 1 << 20;

function holdsLongText(value: unknown): boolean {
  if (typeof value === 'string') return value.length > MOST_TEXT;
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([key, one]) => key.length > MOST_TEXT || holdsLongText(one));
}

interface Line {
  readonly text: string;
  readonly number: number;
  /** The file's last line, and no line break after it. */
  readonly cut: boolean;
}

async function* linesOf(path: string, name: string, maxBytes: number): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 0;
  const lineOf = (bytes: Buffer, cut: boolean): Line => {
    number++;
    if (bytes.includes(0)) throw new InputError(`${name}:${number}: is binary data or UTF-16; save it as UTF-8, one record a line`);
    try {
      return { text: decoder.decode(bytes), number, cut };
    } catch {
      throw new InputError(`${name}:${number}: is not UTF-8 text; evidence is NDJSON, one record a line`);
    }
  };
  for await (const chunk of bytesOf(path, name, () => number)) {
    const batch: Line[] = [];
    let from = 0;
    for (;;) {
      if (restBytes === 0) for (; chunk[from] === 10; from++) number++;
      const end = chunk.indexOf(10, from);
      if (end === -1) break;
      const part = chunk.subarray(from, end);
      if (restBytes + part.length > maxBytes) throw tooLong(name, number + 1, maxBytes);
      batch.push(lineOf(rest.length === 0 ? part : Buffer.concat([...rest, part]), false));
      rest = [];
      restBytes = 0;
      from = end + 1;
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from));
      restBytes += chunk.length - from;
      if (restBytes > maxBytes) throw tooLong(name, number + 1, maxBytes);
    }
    if (batch.length > 0) yield batch;
  }
  if (restBytes > 0) yield [lineOf(Buffer.concat(rest), true)];
}

function tooLong(name: string, number: number, maxBytes: number): InputError {
  return new InputError(
    `${name}:${number}: the line is longer than ${maxBytes >= 1 << 20 ? `${maxBytes >> 20} MiB` : `${maxBytes} bytes`}; evidence is NDJSON, one record a line`,
  );
}

async function* bytesOf(path: string, name: string, linesSoFar: () => number): AsyncGenerator<Buffer> {
  const raw = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 256 * 1024 });
  try {
    const chunks = (raw as Readable)[Symbol.asyncIterator]();
    const first = await chunks.next();
    const head = first.done ? Buffer.alloc(0) : Buffer.from(first.value as Buffer);
    let taken = 0;
    const all = (async function* () {
      taken += head.length;
      yield head;
      for await (const chunk of { [Symbol.asyncIterator]: () => chunks }) {
        taken += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    })();
    if (!path.endsWith('.gz') && !(head[0] === 0x1f && head[1] === 0x8b)) {
      yield* all;
      return;
    }
    const unzipped = createGunzip({ chunkSize: 256 * 1024 });
    const source = Readable.from(all, { objectMode: false });
    source.on('error', (error) => unzipped.destroy(error));
    let given = 0;
    for await (const chunk of source.pipe(unzipped)) {
      given += (chunk as Buffer).length;
      if (given > UNFOLDED_UNCHECKED && given > taken * MOST_UNFOLDED)
        throw new InputError(
          `${name}: unfolds to more than ${MOST_UNFOLDED} times its size, as no evidence does; unpack it yourself if it is right`,
        );
      yield chunk as Buffer;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'Z_BUF_ERROR') throw new InputError(`${name}: the gzip data is cut off after line ${linesSoFar()}; copy the file again`);
    if (code.startsWith('Z_'))
      throw new InputError(`${name}: is not gzip data, or is damaged after line ${linesSoFar()}; copy the file again`);
    throw fileError(name, error, 'read');
  } finally {
    raw.destroy();
  }
}

function fileError(path: string, error: unknown, done: 'read' | 'written'): unknown {
  if (error instanceof InputError) return error;
  const reasons: Record<string, string> = {
    ENOENT: done === 'read' ? 'there is no such file' : 'its folder does not exist',
    EISDIR: 'is a folder; name a file',
    ENOSPC: 'the disk is full',
    EACCES: `cannot be ${done}; check its permissions`,
    EPERM: `cannot be ${done}; check its permissions`,
    EROFS: 'the file system is read-only',
    ENOTDIR: 'part of its path is not a folder',
    EMFILE: 'too many files are open',
  };
  const reason = reasons[(error as NodeJS.ErrnoException)?.code ?? ''];
  return reason === undefined ? error : new InputError(`${path}: ${reason}`, { cause: error });
}

function recordOf(text: string, where: string, cut: boolean): EvidenceRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (cut) throw new InputError(`${where}: the line is cut off; the file is incomplete, copy or export it again`);
    const position = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw new InputError(
      `${where}${position === undefined ? '' : `:${Number(position) + 1}`}: is not JSON; evidence is NDJSON, one record a line`,
    );
  }
  const read = EvidenceRecord.safeParse(value);
  if (!read.success) {
    const issue = read.error.issues[0];
    const pointer = `/${(issue?.path ?? []).map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
    const hint = pointer === '/v' ? '; this Viewshed reads evidence of version 1' : '; see the evidence record in the documentation';
    throw new InputError(`${where}: ${pointer === '/' ? 'the record' : pointer} ${issue?.message ?? 'is wrong'}${hint}`);
  }
  try {
    if (text.length > MOST_TEXT && holdsLongText(plain(value)))
      throw new InputError(`${where}: holds a text of more than ${MOST_TEXT >> 20} MiB; no provider answers like that`);
    return {
      ...read.data,
      args: plain(read.data.args) as Record<string, unknown>,
      ...(read.data.error ? {} : { body: plain(read.data.body) }),
    };
  } catch (error) {
    if (error instanceof TooDeep) throw new InputError(`${where}: is nested more than ${MAX_DEPTH} deep; no provider answers like that`);
    throw error;
  }
}
