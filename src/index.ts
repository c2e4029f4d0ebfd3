import type { z } from 'zod';
import type { AwsOptions } from '../connectors/aws/provider.ts';
import type { GcpOptions } from '../connectors/gcp/provider.ts';
import { callTable, readPaths } from '../connectors/index.ts';
import { type ReportContext, reports } from '../reports/index.ts';
import { assessEvidence } from './assess/pipeline.ts';
import { type StatedEvent, type Trace, tracedEvent, traceEvent } from './assess/trace.ts';
import { estatesOf } from './cli/estates.ts';
import { readEvidence } from './cli/read-evidence.ts';
import { type CollectSettings, type CollectSummary, collect as collectWith, type Estate } from './collect/engine.ts';
import type { Assessment } from './model/assessment.ts';
import type { EvidenceRecord, StoredEvidence } from './model/evidence.ts';
import { InputError } from './model/input-error.ts';
import type { ThreatModel } from './model/threat-model.ts';
import { loadRules } from './needs/rules.ts';
import { openStore } from './store/evidence-store.ts';
import { EvidenceView } from './store/view.ts';

export type { AwsOptions } from '../connectors/aws/provider.ts';
export type { GcpOptions } from '../connectors/gcp/provider.ts';
export type { ReportContext } from '../reports/index.ts';
export type { PlaceTrace, StatedEvent, Step, Trace, TraceVerdict } from './assess/trace.ts';
export type { CollectProgress, CollectSummary } from './collect/engine.ts';
export type { Assessment, InventoryRow, NeedVerdict, Verdict } from './model/assessment.ts';
export type { EvidenceRecord, StoredEvidence } from './model/evidence.ts';
export { InputError } from './model/input-error.ts';
export type { ThreatModel } from './model/threat-model.ts';

export interface CollectInput
  extends Pick<CollectSettings, 'scan' | 'resume' | 'concurrency' | 'signal' | 'clock' | 'onProgress'>,
    Pick<Estate, 'accounts' | 'regions'> {
  /** The evidence store, a file that is made where there is none. */
  readonly store: string;
  /** How AWS is entered. Credentials come from the SDK's default chain or the profile named. Left out: read all the same, unless another cloud is named. */
  readonly aws?: AwsOptions;
  /** How Google Cloud is entered, with application-default credentials; `{}` reads the project that they belong to. Left out: not read. */
  readonly gcp?: GcpOptions;
  /** Ids of the log sources to look at; left out: all. */
  readonly sources?: readonly string[];
}

/** Reads what is configured in the clouds into the store, read-only. `accounts` and `regions` are AWS's. Aborting `signal` stops it in order; `resume` goes on. */
export async function collect({ store: path, aws, gcp, sources, accounts, regions, ...options }: CollectInput): Promise<CollectSummary> {
  const chosen = sources?.map(sourceOf);
  const store = openStore(path, { create: true });
  try {
    const places = { ...(accounts === undefined ? {} : { accounts }), ...(regions === undefined ? {} : { regions }) };
    const ofAws = aws !== undefined || gcp === undefined ? { concurrency: options.concurrency, ...aws, ...places } : undefined;
    return await collectWith({ ...options, store, estates: estatesOf({ aws: ofAws, gcp }, chosen) });
  } finally {
    store.close();
  }
}

/** A threat model as its YAML holds it: lengths of time are text such as `90d`. */
export type ModelInput = z.input<typeof ThreatModel>;

export interface AssessInput {
  /** Records, or files of them: NDJSON (gzip too) and evidence stores. */
  readonly evidence: Evidence;
  /** Threat models as their files hold them, or files of any format that is read; left out: the built-in account baseline. */
  readonly models?: readonly (ModelInput | string)[];
  /** The clock, ISO; left out: the time of the newest answer. */
  readonly asOf?: string;
}

export type Evidence = string | readonly string[] | Iterable<EvidenceRecord>;

/** Judges evidence against threat models. Pure but for reading the files named: the same input gives the same assessment, byte for byte. */
export async function assess({ evidence, models = [], asOf }: AssessInput): Promise<Assessment> {
  const records = await recordsOf(evidence);
  const { completeModel, openModels } = await import('./cli/models.ts');
  const read: ThreatModel[] = [];
  for (const [index, model] of models.entries()) {
    if (typeof model === 'string') read.push(...(await openModels([model])).map((one) => one.model));
    else read.push(completeModel(JSON.stringify(model), `model ${index + 1}`));
  }
  return assessEvidence(records, read, loadRules(), { callTable, readPaths }, clockOf(asOf)).assessment;
}

/** Routes one event through the log paths that the evidence shows. */
export async function trace(event: StatedEvent, { evidence, asOf }: Pick<AssessInput, 'evidence' | 'asOf'>): Promise<Trace> {
  const view = new EvidenceView(await recordsOf(evidence), callTable);
  const rules = loadRules();
  return traceEvent(readPaths(view, clockOf(asOf) ?? view.newest ?? new Date(0).toISOString()), rules, tracedEvent(event, rules));
}

export interface RenderInput extends Partial<Pick<ReportContext, 'width' | 'color' | 'next' | 'version'>> {
  /** `terminal`, `json` or `html`. */
  readonly format?: string;
  /** The records that the assessment cites, for reports that show them: numbered as they were when it was made. */
  readonly evidence?: Iterable<StoredEvidence>;
}

/** An assessment as a report. It prints what is there and judges nothing. */
export function render(
  assessment: Assessment,
  { format = 'terminal', evidence = [], width = 100, color = false, ...context }: RenderInput = {},
): string {
  const report = reports.find((one) => one.id === format);
  if (!report) throw new InputError(`there is no report called "${format}"; take one of ${reports.map((one) => one.id).join(', ')}`);
  const byId = new Map([...evidence].map((record) => [record.id, record]));
  return report.render(assessment, { ...context, width, color, evidence: (id) => byId.get(id) });
}

/** Records of evidence files, numbered as assessments of the same files cite them. */
export { readEvidence } from './cli/read-evidence.ts';

async function recordsOf(evidence: Evidence): Promise<readonly StoredEvidence[]> {
  if (typeof evidence === 'string') return readEvidence([evidence]);
  const given = [...evidence];
  if (given.every((one) => typeof one === 'string')) return readEvidence(given);
  return (given as EvidenceRecord[]).map((record, index) => ({ id: index + 1, ...record }));
}

function clockOf(asOf: string | undefined): string | undefined {
  if (asOf === undefined) return undefined;
  const time = Date.parse(asOf);
  if (Number.isNaN(time)) throw new InputError(`asOf takes a time such as 2026-11-21T12:00:00Z, not "${asOf}"`);
  return new Date(time).toISOString();
}

function sourceOf(id: string) {
  const source = loadRules().sources.get(id);
  if (!source) throw new InputError(`there is no log source "${id}"`);
  return source;
}
