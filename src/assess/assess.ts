import type { Assessment, Finding, NeedVerdict, Unknown, Verdict } from '../model/assessment.ts';
import type { Need } from '../needs/compile.ts';
import type { Rules } from '../needs/rules.ts';
import { notCompared, type Outcome, unknownsOf } from '../paths/evaluate.ts';
import type { LogPaths } from '../paths/graph.ts';
import { type Desk, deskOf, type Judged, rankOf, type Tried, together } from './desk.ts';
import { consistencyOf, describeLoss, drawnOf, evidenceOf, findingsOf, fixesOf, placesOf, sentence, substitutesSaid } from './explain.ts';
import { inventoryOf } from './inventory.ts';
import { bestPerAccount, judgeAlternative, seatsKey } from './judge-need.ts';

/**
 * Judges needs against log paths. Pure: the same paths, needs and clock give the same assessment, byte for byte.
 */
export function assess(paths: LogPaths, needs: readonly Need[], rules: Rules, asOf: string): Assessment {
  const desk = deskOf(paths, rules);
  for (const need of needs) {
    for (const alternative of need.alternatives) {
      const key = seatsKey(need, alternative);
      desk.uses.set(key, (desk.uses.get(key) ?? 0) + 1);
    }
  }
  const verdicts = needs.map((need) => assessNeed(desk, need));
  const inventory = inventoryOf(desk);
  const accounts = [...paths.accounts].sort((a, b) => (a.id < b.id ? -1 : 1));
  const count = <K extends string>(keys: readonly K[], values: readonly K[]): Record<K, number> => {
    const counts = Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
    for (const value of values) counts[value] += 1;
    return counts;
  };
  return {
    schema: 1,
    asOf,
    estate: { accounts },
    inventory,
    needs: verdicts,
    summary: {
      needs: count(
        ['covered', 'missing', 'partial', 'unknown', 'unobservable', 'not-applicable'],
        verdicts.map((verdict) => verdict.verdict),
      ),
      inventory: count(
        ['full', 'partial', 'none', 'unknown'],
        inventory.map((row) => row.collection),
      ),
      accounts: count(
        ['scanned', 'partial', 'denied', 'skipped'],
        accounts.map((account) => account.state),
      ),
      unknowns: new Set(
        [...verdicts.flatMap((verdict) => verdict.unknowns), ...inventory.flatMap((row) => row.unknowns)].map(
          (unknown) => `${unknown.call}|${unknown.on}`,
        ),
      ).size,
    },
  };
}

/** The judgement of one need at all of its places. */
export function assessNeed(desk: Desk, need: Need): NeedVerdict {
  const tried = need.alternatives.map((alternative) => judgeAlternative(desk, need, alternative));
  const { judged, unjudged, loss } = tried.length === 1 ? { ...(tried[0] as Tried), loss: undefined } : bestPerAccount(need, tried);
  const places = placesOf(desk, need, judged, unjudged);
  const arrives = together([...places.map((place) => place.verdict)]);
  const unnamed = unnamedCaller(need, arrives, judged);
  // What certainly does not name the user is a certain loss, whatever else was not read.
  const verdict = unnamed ? 'partial' : arrives;
  const applicable = unjudged.filter((one) => one.verdict !== 'not-applicable');
  const dimension = (of: (outcome: Outcome) => Verdict | undefined): Verdict =>
    together([
      ...judged.map((one) => of(one.outcome) ?? 'covered'),
      ...applicable.map((one) => one.verdict),
      ...(judged.length + applicable.length === 0 ? ['not-applicable' as const] : []),
    ]);
  const worst = worstOf(judged);
  const lost = worst && describeLoss(desk, need, worst);
  const findings = [...(unnamed ? [unnamed] : []), ...findingsOf(desk, judged)];
  const unknowns = dedupe([
    ...judged.filter((one) => one.outcome.verdict !== 'covered').flatMap((one) => unknownsOf(one.needed, one.offers)),
    ...judged.flatMap(({ outcome, emitter }) => (outcome.notCompared ? [notCompared(emitter.name, outcome.notCompared)] : [])),
    ...applicable.flatMap((one) => one.unknowns),
  ]);
  const collection = dimension((outcome) => outcome.collection);
  const searchable = need.demand.searchableDays === undefined ? undefined : dimension((outcome) => outcome.searchable);
  const total = need.demand.totalDays === undefined ? undefined : dimension((outcome) => outcome.total);
  const days = {
    searchable: fewest(judged.map((one) => one.outcome.searchableDays)),
    total: fewest(judged.map((one) => one.outcome.totalDays)),
  };
  const reported = searchable !== undefined && (total === undefined || rankOf(searchable) > rankOf(total)) ? 'searchable' : 'total';
  const because = [
    sentence(desk, need, arrives, worst, lost?.at, judged, unjudged, places),
    ...(unnamed ? [`But ${unnamed.message}.`] : []),
    ...boundSaid(need),
    ...(loss ? [`Met by a stand-in: ${loss}`] : []),
    ...new Set(need.alternatives.flatMap((alternative) => alternative.notes)),
    ...substitutesSaid(judged),
  ].join(' ');
  const exclude = (value: number | undefined) => (value === Number.POSITIVE_INFINITY ? null : value);
  const { priority, reasons, verify, detection, ...asWritten } = need.statement;
  return {
    id: need.id,
    system: need.system,
    threat: need.threat.id,
    title: need.threat.title,
    severity: priority ?? need.threat.severity,
    attack: need.threat.attack,
    ...(need.asset === undefined ? {} : { asset: need.asset.id }),
    need: asWritten,
    wants: need.wants,
    verdict,
    collection,
    retention: {
      verdict:
        searchable === undefined && total === undefined
          ? 'not-applicable'
          : together([searchable, total].filter((one) => one !== undefined)),
      ...optional(
        'requiredDays',
        reported === 'searchable' ? need.demand.searchableDays : (need.demand.totalDays ?? need.demand.searchableDays),
      ),
      ...optional('days', exclude(days[reported])),
      searchable: { ...optional('requiredDays', need.demand.searchableDays), ...optional('days', exclude(days.searchable)) },
      total: { ...optional('requiredDays', need.demand.totalDays), ...optional('days', exclude(days.total)) },
    },
    consistency: { verdict: consistencyOf(findings), findings },
    ...(lost?.witness ? { witness: lost.witness } : {}),
    because,
    ...(need.bound ? { bound: boundOf(need.bound) } : {}),
    ...optional('priority', priority),
    ...optional('reasons', reasons),
    ...optional('verify', verify),
    ...optional('detection', detection),
    fix: verdict === 'covered' ? [] : fixesOf(judged, lost?.fix),
    places,
    paths: drawnOf(desk, need, judged, worst),
    unknowns,
    evidence: evidenceOf(judged, unjudged),
  };
}

/** A need for the user who acts is not met by records that do not name them, however well they are kept. */
function unnamedCaller({ statement, alternatives }: Need, arrives: Verdict, judged: readonly Judged[]): Finding | undefined {
  if (statement.attribution?.met !== false || judged.length === 0 || (arrives !== 'covered' && arrives !== 'unknown')) return undefined;
  const names = alternatives.map((one) => one.source?.name ?? one.sourceId).join(' or ');
  return {
    kind: 'attribution',
    dimension: 'consistency',
    severity: 'medium',
    message: statement.attribution.why ?? `records of ${names} do not name the user who acts`,
    evidence: [],
  };
}

const BOUND_SHOWN = 20;

function boundOf({ is, ids, score }: NonNullable<Need['bound']>): NonNullable<NeedVerdict['bound']> {
  return { is, resources: ids.slice(0, BOUND_SHOWN), count: ids.length, ...optional('score', score) };
}

/** A resource that was found by its name is inferred: no verdict on it goes without saying so. */
function boundSaid({ bound, asset }: Need): string[] {
  if (!bound) return [];
  const name = asset?.name ?? asset?.id ?? 'it';
  const shown = bound.ids.slice(0, 3).join(', ');
  if (bound.is === 'ambiguous')
    return [
      `${name} may be any of ${bound.ids.length} resources with such a name, and all of them count: ${shown}${bound.ids.length > 3 ? ', …' : ''}.`,
    ];
  const why =
    bound.is === 'code'
      ? 'its address in code'
      : `its name${bound.score === undefined ? '' : ` (likeness ${bound.score.toFixed(2)} of 1)`}`;
  return [`${name} was taken to be ${shown}, by ${why}.`];
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

function fewest(days: readonly (number | undefined)[]): number | undefined {
  const known = days.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function worstOf(judged: readonly Judged[]): Judged | undefined {
  let worst: Judged | undefined;
  for (const one of judged) if (!worst || rankOf(one.outcome.verdict) > rankOf(worst.outcome.verdict)) worst = one;
  return worst;
}

function dedupe(unknowns: readonly Unknown[]): Unknown[] {
  return [...new Map(unknowns.map((unknown) => [`${unknown.call}|${unknown.on}|${unknown.code}`, unknown])).values()].slice(0, 200);
}
