import { CLAIM_VERDICTS, type ClaimState, type ClaimVerdict, type Finding, type NeedVerdict, type Unknown } from '../model/assessment.ts';
import { DAY } from '../model/duration.ts';
import type { Asset, Claim, NeedStatement, ThreatModel } from '../model/threat-model.ts';
import { type Need, needsOf, stableId } from '../needs/compile.ts';
import type { Rules } from '../needs/rules.ts';
import type { LogPaths } from '../paths/graph.ts';
import { canonical } from '../store/view.ts';
import { assessNeed } from './assess.ts';
import { type BoundModel, bindNeeds } from './bind.ts';
import { deskOf } from './desk.ts';

/** What a model says of its logs, with everything that says the same taken together. */
export interface Said {
  readonly id: string;
  readonly system: string;
  readonly claim: Claim;
  readonly holds: ClaimState;
  readonly sources: readonly string[];
  /** The assets that it speaks of; none: the whole system. */
  readonly assets: readonly Asset[];
  readonly threats: readonly string[];
}

/** The claims of a model, equal ones once. */
export function claimsOf(model: ThreatModel): Said[] {
  const assets = new Map(model.assets.map((one) => [one.id, one]));
  const threats = new Map(model.threats.map((one) => [one.id, one]));
  const found = new Map<string, Said>();
  const put = (claim: Claim, beside: readonly string[]): void => {
    const near = claim.assets?.length ? claim.assets : beside.flatMap((id) => threats.get(id)?.assets ?? []);
    const spoken = [...new Set(near)].sort().flatMap((id) => assets.get(id) ?? []);
    const sources = [...new Set([...(claim.source === undefined ? [] : [claim.source]), ...(claim.sources ?? [])])];
    const holds = claim.holds ?? 'done';
    const key = canonical([
      model.system,
      claim.text,
      holds,
      [...sources].sort(),
      spoken.map((one) => one.id),
      claim.retain ?? 0,
      claim.vague === true,
    ]);
    const known = found.get(key);
    const said: Said = {
      id: stableId(key),
      system: model.system,
      // Of several places that say it the first by name, so that their order does not matter.
      claim: known && (known.claim.at ?? '') <= (claim.at ?? '') ? known.claim : claim,
      holds,
      sources,
      assets: spoken,
      threats: [...new Set([...(known?.threats ?? []), ...beside])].sort(),
    };
    found.set(key, said);
  };
  for (const claim of model.claims ?? []) put(claim, claim.threats ?? []);
  for (const threat of model.threats) for (const claim of threat.claims) put(claim, [...new Set([threat.id, ...(claim.threats ?? [])])]);
  return [...found.values()];
}

/** What is held for done goes before what is planned, and that before what is taken for granted. */
const ORDER: readonly ClaimState[] = ['done', 'planned', 'assumed'];

/** Whether the model says that a need's log is there. Vague claims and those that name no log say nothing of it. */
export function claimedOf(need: Need, claims: readonly Said[]): ClaimState | undefined {
  const states = claims.filter((one) => one.system === need.system && speaksOf(one, need)).map((one) => one.holds);
  return ORDER.find((state) => states.includes(state));
}

function speaksOf({ claim, sources, assets }: Said, need: Need): boolean {
  if (claim.vague || !need.alternatives.some((one) => sources.includes(one.sourceId))) return false;
  return assets.length === 0 || need.asset === undefined || assets.some((one) => one.id === need.asset?.id);
}

/**
 * Checks what the models say is logged against the log paths, each claim like a need for all events of its sources. Pure, and no verdict on a
 * need hangs on it.
 */
export function judgeClaims(
  models: readonly BoundModel[],
  needs: readonly Need[],
  verdicts: readonly NeedVerdict[],
  paths: LogPaths,
  rules: Rules,
): ClaimVerdict[] {
  const said = models.flatMap((bound) => claimsOf(bound.model).map((one) => ({ one, bound })));
  if (said.length === 0) return [];
  const desk = deskOf(paths, rules);
  const judged = new Map<string, readonly NeedVerdict[]>();
  const byId = new Map(verdicts.map((one) => [one.id, one]));
  const results = said.map(({ one, bound }): ClaimVerdict => {
    const beside = needs.filter((need) => need.system === one.system && rests(one, need));
    const wanted = one.claim.vague ? [] : statementsOf(one, rules);
    const key = canonical([bound.model.system, wanted.map(({ statement, assets }) => [statement, assets])]);
    let found = judged.get(key);
    if (!found) {
      const threats = wanted.map(({ statement, assets }, index) => ({
        id: `claim-${index}`,
        title: one.claim.text,
        stride: [],
        attack: [],
        severity: 'medium' as const,
        assets: [...assets],
        needs: [statement],
        claims: [],
      }));
      const model: ThreatModel = { version: 1, system: bound.model.system, assets: bound.model.assets, threats };
      found = bindNeeds(bound, needsOf(model, rules)).map((need) => assessNeed(desk, need));
      judged.set(key, found);
    }
    return resultOf(one, found, beside, byId, needs, rules);
  });
  return results.sort(
    (a, b) =>
      CLAIM_VERDICTS.indexOf(a.verdict) - CLAIM_VERDICTS.indexOf(b.verdict) ||
      ORDER.indexOf(a.holds) - ORDER.indexOf(b.holds) ||
      compare(a.system, b.system) ||
      compare(a.text, b.text) ||
      compare(a.id, b.id),
  );
}

/** A claim of a time alone (`logs are kept a week`) is one about all logs that its threats ask for. */
function rests(one: Said, need: Need): boolean {
  if (one.sources.length > 0 && !one.claim.vague) return speaksOf(one, need);
  if (one.claim.retain === undefined) return false;
  return one.threats.length === 0 || [need.threat.id, ...(need.statement.threats ?? [])].some((id) => one.threats.includes(id));
}

/** One need for each source that is read, at the assets that own such a log; at the places of all where none does. */
function statementsOf(one: Said, rules: Rules): { readonly statement: NeedStatement; readonly assets: readonly string[] }[] {
  return one.sources.flatMap((id) => {
    const named = rules.sources.get(id);
    const source = named?.view ? rules.sources.get(named.view.of) : named;
    if (!source) return [];
    const there = one.assets.filter((asset) => asset.inScope !== false && !foreign(asset, source.provider));
    const owners = there.filter((asset) => asset.type === undefined || asset.type === source.resource?.type);
    const chosen = source.resource && owners.length > 0 ? owners : there;
    const statement: NeedStatement = {
      source: id,
      ...(one.claim.retain === undefined ? {} : { retain: one.claim.retain }),
      ...(chosen.length === 0 && source.provider !== 'kubernetes' && source.provider !== 'pipeline'
        ? { at: { provider: source.provider } }
        : {}),
    };
    // Where only the account matters, assets of one account are one place.
    const places = new Map(
      chosen.map((asset) => [source.resource && owners.length > 0 ? asset.id : canonical([asset.at ?? {}]), asset.id]),
    );
    return [{ statement, assets: [...places.values()] }];
  });
}

/** Whether one of the assets owns the log of a source by itself; account-wide logs belong to none. */
function owns(id: string, assets: readonly Asset[], rules: Rules): boolean {
  const owner = rules.sources.get(id)?.resource?.type;
  return owner === undefined || assets.some((one) => one.type === undefined || one.type === owner);
}

function foreign(asset: Asset, provider: string): boolean {
  const own = asset.at?.provider;
  return own !== undefined && provider !== 'kubernetes' && own !== provider;
}

function resultOf(
  one: Said,
  found: readonly NeedVerdict[],
  beside: readonly Need[],
  byId: ReadonlyMap<string, NeedVerdict>,
  needs: readonly Need[],
  rules: Rules,
): ClaimVerdict {
  const { claim, holds, sources } = one;
  const unread = sources.filter((id) => !rules.sources.has(id));
  const known = found.filter((verdict) => verdict.verdict !== 'not-applicable');
  const verdict = verdictOf(claim, known, unread);
  const worst = [...known].sort((a, b) => RANK[a.verdict] - RANK[b.verdict])[0];
  const statedDays = claim.retain === undefined ? undefined : claim.retain / DAY;
  const kept = sources.length > 0 && !claim.vague ? known : beside.flatMap((need) => byId.get(need.id) ?? []);
  const foundDays = fewest(kept);
  const askedDays = askedOf(beside, needs, one.system);
  const findings: Finding[] =
    statedDays === undefined || askedDays === undefined || statedDays >= askedDays
      ? []
      : [
          {
            kind: 'stated-retention',
            dimension: 'retention',
            severity: 'medium',
            message: `the model says ${days(statedDays)} are kept ("${short(claim.text)}"), ${days(askedDays)} are asked${foundDays === undefined ? '' : `, ${foundDays === null ? 'it is kept for ever' : `${days(foundDays)} are kept`}`}`,
            evidence: [],
          },
        ];
  return {
    id: one.id,
    system: one.system,
    text: claim.text,
    ...(claim.quote === undefined ? {} : { quote: claim.quote }),
    ...(claim.at === undefined ? {} : { at: claim.at }),
    holds,
    sources: [...sources],
    assets: one.assets.map((asset) => asset.id),
    threats: [...one.threats],
    verdict,
    because: becauseOf(one, verdict, found, worst, unread, rules),
    ...(statedDays === undefined ? {} : { statedDays }),
    ...(foundDays === undefined ? {} : { foundDays }),
    ...(askedDays === undefined ? {} : { askedDays }),
    ...(worst?.witness && (verdict === 'missing' || verdict === 'partial') ? { witness: worst.witness } : {}),
    findings,
    needs: [...new Set(beside.map((need) => need.id))].sort(),
    unknowns: dedupe(known.flatMap((verdict) => verdict.unknowns)),
    evidence: [...new Set(found.flatMap((verdict) => verdict.evidence))].sort((a, b) => a - b).slice(0, 500),
  };
}

const RANK: Readonly<Record<NeedVerdict['verdict'], number>> = {
  missing: 0,
  unobservable: 1,
  partial: 2,
  unknown: 3,
  covered: 4,
  'not-applicable': 5,
};

function verdictOf(claim: Claim, known: readonly NeedVerdict[], unread: readonly string[]): ClaimVerdict['verdict'] {
  if (claim.vague || known.length === 0) return 'not-checkable';
  const lost = known.filter((one) => one.verdict === 'missing' || one.verdict === 'unobservable').length;
  const some = known.filter((one) => one.verdict === 'partial').length;
  if (lost === known.length && unread.length === 0) return 'missing';
  if (lost + some > 0) return lost === known.length ? 'missing' : 'partial';
  return unread.length > 0 || known.some((one) => one.verdict === 'unknown') ? 'unknown' : 'observed';
}

function becauseOf(
  { claim, holds, sources, assets }: Said,
  verdict: ClaimVerdict['verdict'],
  found: readonly NeedVerdict[],
  worst: NeedVerdict | undefined,
  unread: readonly string[],
  rules: Rules,
): string {
  const assumed = holds === 'assumed' ? ' The model takes it for granted; an assumption is no evidence.' : '';
  const notRead = unread.length === 0 ? '' : `${unread.join(', ')} ${unread.length === 1 ? 'is' : 'are'} not read in this version`;
  if (sources.length === 0) return `It names no log that could be looked at.${assumed}`;
  if (claim.vague) return `It says too little to be checked.${assumed}`;
  if (worst === undefined)
    return `${notRead === '' ? (found[0]?.because ?? 'Nothing in scope emits such a log.') : `${notRead}.`}${assumed}`;
  const rest = notRead === '' ? '' : ` ${notRead}.`;
  const unowned = assets.length > 0 && sources.some((id) => !owns(id, assets, rules));
  const wider = unowned ? ' None of the parts that it speaks of owns such a log by itself: what is around them was looked at.' : '';
  if (verdict === 'observed') return `${worst.because}${wider}${holds === 'assumed' ? ' The model only took it for granted.' : ''}`;
  return `${worst.because}${rest}${wider}${assumed}`;
}

/** The longest time that needs of the same logs ask for. A time that needs have from the claim itself is none: then what the rest asks for counts. */
function askedOf(beside: readonly Need[], needs: readonly Need[], system: string): number | undefined {
  const own = beside.flatMap((need) => (claimedTime(need) ? [] : asked(need)));
  if (own.length > 0) return Math.max(...own);
  if (beside.length === 0) return undefined;
  const rest = needs.flatMap((need) => (need.system !== system || claimedTime(need) ? [] : asked(need)));
  return rest.length === 0 ? undefined : Math.min(...rest);
}

function asked(need: Need): number[] {
  const longest = Math.max(need.demand.totalDays ?? 0, need.demand.searchableDays ?? 0);
  return longest === 0 ? [] : [longest];
}

function claimedTime(need: Need): boolean {
  return need.statement.keeps?.from === 'model' && (need.statement.reasons ?? []).some((one) => one.rule.startsWith('claim/'));
}

function fewest(verdicts: readonly NeedVerdict[]): number | null | undefined {
  const kept = verdicts.flatMap((one) =>
    one.collection === 'missing' || one.retention.total?.days === undefined ? [] : [one.retention.total.days],
  );
  if (kept.length === 0) return undefined;
  const limited = kept.filter((one) => one !== null);
  return limited.length === 0 ? null : Math.min(...limited);
}

function dedupe(unknowns: readonly Unknown[]): Unknown[] {
  return [...new Map(unknowns.map((one) => [`${one.call}|${one.on}|${one.code}`, one])).values()].slice(0, 50);
}

function days(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return rounded === 1 ? '1 day' : `${rounded} days`;
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
