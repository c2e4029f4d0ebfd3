import { type Assessment, CLAIM_VERDICTS, type ClaimVerdict, type Verdict } from '../model/assessment.ts';
import type { StoredEvidence } from '../model/evidence.ts';
import type { ThreatModel } from '../model/threat-model.ts';
import { type Need, needsOf } from '../needs/compile.ts';
import type { Rules } from '../needs/rules.ts';
import type { LogPaths } from '../paths/graph.ts';
import { type CallTable, EvidenceView } from '../store/view.ts';
import { assess } from './assess.ts';
import { type BoundModel, bindModel, bindNeeds, type Land, landOf } from './bind.ts';
import { claimedOf, claimsOf, judgeClaims } from './claims.ts';
import { realityOf } from './reality.ts';

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
  if (models.length === 0) {
    const needs = builtIn(rules, paths).flatMap((model) => needsOf(model, rules));
    return { assessment: assess(paths, needs, rules, clock), paths, asOf: clock };
  }
  const land = landOf(paths, rules);
  const bound = models.map((model) => bindModel(model, land));
  const needs = bound.flatMap((one) => bindNeeds(one, needsOf(one.model, rules)));
  const assessment = assess(paths, needs, rules, clock);
  return { assessment: besideModels(assessment, bound, needs, land, rules), paths, asOf: clock };
}

/** The assessment with what the models say of their logs and of the estate. Verdicts on needs stay as they are. */
function besideModels(assessment: Assessment, bound: readonly BoundModel[], needs: readonly Need[], land: Land, rules: Rules): Assessment {
  const said = bound.flatMap((one) => claimsOf(one.model));
  const verdicts = assessment.needs.map((verdict, index) => {
    const claimed = claimedOf(needs[index] as Need, said);
    return claimed === undefined ? verdict : { ...verdict, claimed };
  });
  const claims = judgeClaims(bound, needs, assessment.needs, land.paths, rules);
  const models = bound.filter((one) => one.model.assets.length > 0 || one.model.importedFrom !== undefined);
  const number = (done: boolean, ...kinds: readonly Verdict[]): number =>
    verdicts.filter((one) => (one.claimed === 'done') === done && kinds.includes(one.verdict)).length;
  return {
    ...assessment,
    needs: verdicts,
    ...(claims.length === 0 ? {} : { claims }),
    ...(models.length === 0 ? {} : { models: models.map((one) => realityOf(one, verdicts, land)) }),
    summary:
      claims.length === 0
        ? assessment.summary
        : {
            ...assessment.summary,
            claims: Object.fromEntries(
              CLAIM_VERDICTS.map((verdict) => [verdict, claims.filter((one) => one.verdict === verdict).length]),
            ) as Record<ClaimVerdict['verdict'], number>,
            claimed: {
              claimedObserved: number(true, 'covered'),
              claimedMissing: number(true, 'missing', 'partial', 'unobservable'),
              unclaimedObserved: number(false, 'covered'),
              unclaimedMissing: number(false, 'missing', 'partial', 'unobservable'),
            },
          },
  };
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
