import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { findRecords, readCloudTrailRecord } from '../../connectors/aws/cloudtrail-record.ts';
import { findEntries, readLogEntry } from '../../connectors/gcp/log-entry.ts';
import { StatedEvent, type TracedEvent, tracedEvent } from '../assess/trace.ts';
import { InputError } from '../model/input-error.ts';
import type { Rules } from '../needs/rules.ts';

const MOST_BYTES = 50 * 1024 * 1024;
const MOST_EVENTS = 100_000;

/** An event to be routed, and how a list of several calls it. */
export interface NamedEvent {
  readonly label: string;
  readonly event: TracedEvent;
}

/** The events of a file (`-`: standard input), gzip or not: CloudTrail records or Google Cloud log entries in any of their wrappings, or stated events. */
export async function readEvents(file: string, rules: Rules): Promise<NamedEvent[]> {
  const name = file === '-' ? 'standard input' : file;
  const text = await textOf(file, name);
  const values = valuesOf(text, name);
  const events = values.flatMap((value, index) => eventsIn(value, values.length === 1 ? name : `${name}: event ${index + 1}`, rules));
  if (events.length === 0) throw new InputError(`${name}: holds no event`);
  if (events.length > MOST_EVENTS)
    throw new InputError(`${name}: holds ${events.length} events, at most ${MOST_EVENTS} are routed at once; split the file`);
  return events;
}

function eventsIn(value: unknown, where: string, rules: Rules): NamedEvent[] {
  const records = findRecords(value);
  if (records)
    return records.map((record, index) => recordedEvent(record, records.length === 1 ? where : `${where}: record ${index + 1}`, rules));
  const entries = findEntries(value);
  if (entries)
    return entries.flatMap((entry, index) => entryEvents(entry, entries.length === 1 ? where : `${where}: entry ${index + 1}`, rules));
  if (Array.isArray(value)) return value.flatMap((one, index) => eventsIn(one, `${where}: event ${index + 1}`, rules));
  if (value !== null && typeof value === 'object' && Object.hasOwn(value, 'detail'))
    throw new InputError(`${where}: is an EventBridge event, but its detail is not a CloudTrail record`);
  const stated = StatedEvent.safeParse(value);
  if (stated.success) return [{ label: stated.data.fields.eventName ?? stated.data.source, event: tracedEvent(stated.data, rules) }];
  const issue = stated.error.issues[0];
  const at = issue?.path.length ? `${issue.path.join('.')}: ` : '';
  throw new InputError(
    `${where}: ${at}${issue?.message ?? 'is not an event'}; an event is a CloudTrail record, a Google Cloud log entry or {"source", "account", "region", "fields"}`,
  );
}

function recordedEvent(record: unknown, where: string, rules: Rules): NamedEvent {
  const read = readCloudTrailRecord(record, { sources: rules.sources.values(), known: rules.known.get('aws.cloudtrail') });
  if (typeof read === 'string') throw new InputError(`${where}: ${read}`);
  const { source, account, region, variants, notes } = read;
  return { label: variants[0]?.eventName ?? source, event: { source, account, region, variants, notes } };
}

/** One for each log source that the entry can be of. */
function entryEvents(entry: unknown, where: string, rules: Rules): NamedEvent[] {
  const read = readLogEntry(entry, rules.sources.values());
  if (typeof read === 'string') throw new InputError(`${where}: ${read}`);
  const { sources, account, label, fields, notes } = read;
  return sources.map((source) => ({ label, event: { source, account, variants: [fields], notes, whole: true } }));
}

/** One JSON value, or one on each line. */
function valuesOf(text: string, name: string): unknown[] {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (body.trim() === '') throw new InputError(`${name}: is empty`);
  try {
    return [JSON.parse(body)];
  } catch (error) {
    const lines = body.split('\n');
    const full = lines.flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]));
    if (full.length < 2 || !full[0]?.line.trimEnd().endsWith('}'))
      throw new InputError(`${name}: is not JSON${placeOf(error as Error, body)}`);
    return full.map(({ line, number }) => {
      try {
        return JSON.parse(line);
      } catch {
        throw new InputError(`${name}:${number}: is not JSON`);
      }
    });
  }
}

function placeOf(error: Error, text: string): string {
  const position = /position (\d+)/.exec(error.message)?.[1];
  if (position === undefined) return ': it ends too early';
  const before = text.slice(0, Number(position)).split('\n');
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

async function textOf(file: string, name: string): Promise<string> {
  const stream: Readable = file === '-' ? process.stdin : createReadStream(file);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += (chunk as Buffer).length;
      if (size > MOST_BYTES) throw tooLarge(name);
      chunks.push(chunk as Buffer);
    }
    const bytes = Buffer.concat(chunks);
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes;
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(name);
    const why = {
      ENOENT: 'there is no such file',
      EISDIR: 'is a folder; name a file',
      EACCES: 'cannot be read; check its permissions',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'is not text in UTF-8',
    }[code];
    throw new InputError(`${name}: ${why ?? (code.startsWith('Z_') ? 'is damaged gzip data' : `cannot be read (${code})`)}`);
  } finally {
    if (file !== '-') stream.destroy();
  }
}

function tooLarge(name: string): InputError {
  return new InputError(`${name}: is longer than ${MOST_BYTES / 1024 / 1024} MiB; split the file`);
}
