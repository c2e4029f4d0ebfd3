import type { Assessment } from '../model/assessment.ts';
import type { StoredEvidence } from '../model/evidence.ts';
import type { ThreatModel } from '../model/threat-model.ts';
import { needsOf } from '../needs/compile.ts';
import type { Rules } from '../needs/rules.ts';
import type { LogPaths } from '../paths/graph.ts';
import { type CallTable, EvidenceView } from '../store/view.ts';
import { assess } from './assess.ts';

/** What a provider's connectors offer to the pure half of the product. */
export interface Reading {
  readonly callTable: CallTable;
  readPaths(evidence: EvidenceView, asOf: string): LogPaths;
}

export interface AssessedEstate {
  readonly assessment: Assessment;
  readonly paths: LogPaths;
  readonly asOf: string;
}

/**
 * Evidence and threat models to an assessment. `asOf` is the clock, ISO; left out, the time of the newest answer. Without a model the
 * built-in ones are judged.
 */
export function assessEvidence(
  records: Iterable<StoredEvidence>,
  models: readonly ThreatModel[],
  rules: Rules,
  reading: Reading,
  asOf?: string,
): AssessedEstate {
  const view = new EvidenceView(records, reading.callTable);
  const clock = asOf ?? view.newest ?? new Date(0).toISOString();
  const paths = reading.readPaths(view, clock);
  const chosen = models.length > 0 ? models : builtIn(rules, paths);
  const needs = chosen.flatMap((model) => needsOf(model, rules));
  return { assessment: assess(paths, needs, rules, clock), paths, asOf: clock };
}

/** The built-in models that speak of the clouds of the estate; all of them where nothing was scanned. */
function builtIn(rules: Rules, paths: LogPaths): ThreatModel[] {
  const scanned = new Set<string>(paths.accounts.map((account) => account.provider));
  const models = rules.threats.map((one) => one.model);
  if (scanned.size === 0) return models;
  return models.filter((model) => {
    const needs = model.threats.flatMap((threat) => threat.needs.flatMap((need) => need.anyOf ?? [need]));
    const sources = needs.map((need) => rules.sources.get(need.source ?? rules.events.get(need.events ?? '')?.source ?? ''));
    const clouds = new Set<string>(sources.flatMap((source) => (source && source.provider !== 'kubernetes' ? [source.provider] : [])));
    return clouds.size === 0 || [...clouds].some((cloud) => scanned.has(cloud));
  });
}
