import { callTable, readPaths } from '../../connectors/index.ts';
import { reports } from '../../reports/index.ts';
import type { Report } from '../../reports/report.ts';
import { OUTSIDE } from '../assess/judge-need.ts';
import { assessEvidence } from '../assess/pipeline.ts';
import { SEVERITIES } from '../config/config.ts';
import type { Assessment } from '../model/assessment.ts';
import type { StoredEvidence } from '../model/evidence.ts';
import { InputError } from '../model/input-error.ts';
import { loadRules } from '../needs/rules.ts';
import type { Io } from './command.ts';
import { type ModelReading, type OpenedModel, openModels } from './models.ts';
import type { FailOn, Settings } from './settings.ts';
import { version } from './version.ts';
import { checkWritable, writeWhole } from './write-whole.ts';

/** What was found right before anything was read or called. */
export interface Ready {
  readonly report: Report;
  readonly models: readonly OpenedModel[];
}

/** What has to be right before anything is read or called: the report's name and file, and the threat models. */
export async function prepare(settings: Settings, reading: ModelReading, io: Io): Promise<Ready> {
  const report = reports.find((one) => one.id === settings.format);
  if (!report)
    throw new InputError(`there is no report called "${settings.format}"; take one of ${reports.map((one) => one.id).join(', ')}`);
  if (settings.output !== undefined) checkWritable(settings.output);
  const models = await openModels(settings.models, reading);
  for (const note of models.flatMap((one) => one.notes)) io.talk(note);
  return { report, models };
}

/** Judges records that were read and prints the report. Returns the exit code. */
export async function assessRecords(
  records: readonly StoredEvidence[],
  { report, models }: Ready,
  settings: Settings,
  io: Io,
  next?: string,
): Promise<number> {
  const { assessment } = assessEvidence(
    records,
    models.map((one) => one.model),
    loadRules(),
    { callTable, readPaths },
    settings.asOf,
  );
  printReport(report, assessment, records, settings.output, io, next);
  return exitCode(assessment, settings.failOn, settings.maxUnknown);
}

export function printReport(
  report: Report,
  assessment: Assessment,
  records: readonly StoredEvidence[],
  output: string | undefined,
  io: Io,
  next?: string,
): void {
  const byId = new Map(records.map((record) => [record.id, record]));
  const text = report.render(assessment, {
    evidence: (id) => byId.get(id),
    width: io.terminal.columns,
    color: io.terminal.color && output === undefined,
    version: version(),
    ...(next === undefined ? {} : { next }),
  });
  if (output === undefined) {
    io.out(text.endsWith('\n') ? text : `${text}\n`);
    return;
  }
  writeWhole(output, text);
  io.talk(`wrote ${output}`);
}

/**
 * 1: gaps of threats at or above the severity; 3: none, but more unknown needs than allowed; else 0. Needs for logs that no scan can ever see
 * are shown as unknown and do not count: they would make every run of such a model end with 3. A model of which most was not understood counts
 * as one unknown: that little is asked for is no sign of good coverage.
 */
export function exitCode(assessment: Assessment, failOn: FailOn, maxUnknown: number): number {
  if (failOn === 'never') return 0;
  const floor = SEVERITIES.indexOf(failOn);
  const gap = assessment.needs.some(
    (need) => ['missing', 'partial', 'unobservable'].includes(need.verdict) && SEVERITIES.indexOf(need.severity) >= floor,
  );
  if (gap) return 1;
  const open = assessment.needs.filter(
    ({ verdict, unknowns }) => verdict === 'unknown' && !(unknowns.length > 0 && unknowns.every(({ code }) => code === OUTSIDE)),
  );
  const unread = (assessment.models ?? []).filter(({ counts }) => counts.unresolved * 2 > counts.components);
  return open.length + unread.length > maxUnknown ? 3 : 0;
}
