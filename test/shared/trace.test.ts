import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findRecords, type RecordedEvent, readCloudTrailRecord } from '../../connectors/aws/cloudtrail-record.ts';
import { callTable, readPaths } from '../../connectors/index.ts';
import { traceEvent } from '../../src/assess/trace.ts';
import { loadRules } from '../../src/needs/rules.ts';
import type { LogPaths } from '../../src/paths/graph.ts';
import { readNdjson } from '../../src/store/ndjson.ts';
import { EvidenceView } from '../../src/store/view.ts';

const logs = join(import.meta.dirname, '../../../shared/logs');
const there = existsSync(logs);
if (!there) process.stderr.write(`SKIPPED: genuine events are not at ${logs}\n`);

const rules = loadRules();
const knowledge = { sources: [...rules.sources.values()], known: rules.known.get('aws.cloudtrail') };

/** Every CloudTrail record of the JSON files below a folder: whole files, or a record a line. */
function recordsBelow(folder: string): { file: string; record: Record<string, unknown> }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      let values: unknown[];
      try {
        values = [JSON.parse(text)];
      } catch {
        values = text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => JSON.parse(line));
      }
      return values.flatMap((value) => findRecords(value) ?? []).map((record) => ({ file, record: record as Record<string, unknown> }));
    });
}

describe.skipIf(!there)('genuine CloudTrail records', () => {
  const records = there ? recordsBelow(logs) : [];
  let paths: LogPaths;
  beforeAll(async () => {
    const evidence = [];
    for await (const record of readNdjson(join(import.meta.dirname, '../../examples/estate/evidence.ndjson'))) evidence.push(record);
    paths = readPaths(new EvidenceView(evidence, callTable), '2026-11-21T12:00:00.000Z');
  });

  it('are all read, and say what they are', () => {
    expect(records.length).toBeGreaterThan(3000);
    const wrong = records
      .map(({ file, record }) => ({ file, read: readCloudTrailRecord(record, knowledge), record }))
      .filter(({ read, record }) => {
        if (typeof read === 'string') return true;
        const category = record.eventCategory;
        if (category !== undefined && read.variants.some((one) => one.eventCategory !== category)) return true;
        return category === 'Management'
          ? read.source !== 'aws.cloudtrail.management'
          : category === 'Data'
            ? !read.source.startsWith('aws.cloudtrail.data.')
            : false;
      });
    expect(wrong.slice(0, 3).map(({ file, read }) => [file, read])).toEqual([]);
  });

  it('of old versions without a category: object reads are data events, the rest is told by its name', () => {
    const old = records
      .filter(({ record }) => record.eventCategory === undefined)
      .map(({ record }) => readCloudTrailRecord(record, knowledge) as RecordedEvent);
    expect(old.length).toBeGreaterThan(50);
    for (const one of old) expect(one.notes.some((note) => note.includes('eventCategory is not in the record'))).toBe(true);
    const source = (name: string) => new Set(old.filter((one) => one.variants[0]?.eventName === name).map((one) => one.source));
    expect(source('AssumeRole')).toEqual(new Set(['aws.cloudtrail.management']));
  });

  it('placed in an estate whose trail takes all management events, are kept by it, and none is lost', () => {
    const verdicts: Record<string, number> = {};
    const strange: unknown[] = [];
    const done = new Set<string>();
    for (const { file, record } of records) {
      if (record.eventCategory !== 'Management') continue;
      const key = JSON.stringify([record.eventSource, record.eventName, record.readOnly, record.resources]);
      if (done.has(key)) continue;
      done.add(key);
      const read = readCloudTrailRecord(record, knowledge) as RecordedEvent;
      const found = traceEvent(paths, rules, { ...read, account: '111122223333', region: 'us-east-1' });
      verdicts[found.verdict] = (verdicts[found.verdict] ?? 0) + 1;
      if (found.verdict !== 'kept') strange.push([file, record.eventName, found.because]);
    }
    expect(strange.slice(0, 5)).toEqual([]);
    expect(verdicts.kept).toBeGreaterThan(100);
  });
});
