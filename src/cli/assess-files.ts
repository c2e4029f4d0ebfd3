import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { callTable, readPaths } from '../../connectors/index.ts';
import { reports } from '../../reports/index.ts';
import { assessEvidence } from '../assess/pipeline.ts';
import type { Assessment } from '../model/assessment.ts';
import type { StoredEvidence } from '../model/evidence.ts';
import { InputError } from '../model/input-error.ts';
import { loadModels } from '../needs/model-file.ts';
import { loadRules } from '../needs/rules.ts';
import { openStore } from '../store/evidence-store.ts';
import { readNdjson } from '../store/ndjson.ts';
import type { Io } from './command.ts';
import { writeWhole } from './write-whole.ts';

/** Judges evidence files and prints the report. Returns the exit code. */
export async function assessFiles(files: readonly string[], options: Readonly<Record<string, unknown>>, io: Io): Promise<number> {
  return assessRecords(await readEvidence(files), options, io);
}

/** All records of NDJSON files and stores, numbered through. */
export async function readEvidence(files: readonly string[], scan?: string): Promise<StoredEvidence[]> {
  const records: StoredEvidence[] = [];
  for (const file of files) {
    const from = records.length + 1;
    if (file !== '-' && isStore(file)) {
      const store = openStore(file, { readOnly: true });
      for (const record of store.records(scan ?? store.scans().at(-1)?.id)) records.push(files.length === 1 ? record : { ...record, id: from + records.length });
      store.close();
    } else {
      for await (const record of readNdjson(file, { firstId: from })) records.push(record);
    }
  }
  return records;
}

function isStore(file: string): boolean {
  if (!existsSync(file)) throw new InputError(`${file}: there is no such file`);
  const start = Buffer.alloc(15);
  const handle = openSync(file, 'r');
  readSync(handle, start, 0, 15, 0);
  closeSync(handle);
  return start.toString('latin1') === 'SQLite format 3';
}

/** Judges records that were read and prints the report. Returns the exit code. */
export async function assessRecords(records: readonly StoredEvidence[], options: Readonly<Record<string, unknown>>, io: Io, next?: string): Promise<number> {
  const report = reports.find((one) => one.id === options.format);
  if (!report) throw new InputError(`there is no report called "${String(options.format)}"; take one of ${reports.map((one) => one.id).join(', ')}`);
  const asOf = options.asOf === undefined ? undefined : clock(String(options.asOf));
  const maxUnknown = Number(options.maxUnknown ?? 0);
  if (!Number.isInteger(maxUnknown) || maxUnknown < 0) throw new InputError(`--max-unknown takes a whole number from 0, not "${String(options.maxUnknown)}"`);
  const models = loadModels((options.model as string[] | undefined) ?? []).map((one) => one.model);
  const { assessment } = assessEvidence(records, models, loadRules(), { callTable, readPaths }, asOf);
  const byId = new Map(records.map((record) => [record.id, record]));
  const output = options.output as string | undefined;
  const text = report.render(assessment, { evidence: (id) => byId.get(id), width: io.terminal.columns, color: io.terminal.color && output === undefined, ...(next === undefined ? {} : { next }) });
  if (output === undefined) io.out(text);
  else {
    writeWhole(output, text);
    io.talk(`wrote ${output}`);
  }
  return exitCode(assessment, String(options.failOn ?? 'low'), maxUnknown);
}

function clock(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InputError(`--as-of takes a time such as 2026-11-21T12:00:00Z, not "${text}"`);
  return new Date(time).toISOString();
}

const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'];

/** 1: gaps of threats at or above the severity; 3: none, but more unknown needs than allowed; else 0. */
export function exitCode(assessment: Assessment, failOn: string, maxUnknown: number): number {
  const floor = failOn === 'never' ? Number.POSITIVE_INFINITY : SEVERITIES.indexOf(failOn);
  const gap = assessment.needs.some((need) => ['missing', 'partial', 'unobservable'].includes(need.verdict) && SEVERITIES.indexOf(need.severity) >= floor);
  if (gap) return 1;
  return failOn !== 'never' && assessment.needs.filter((need) => need.verdict === 'unknown').length > maxUnknown ? 3 : 0;
}
