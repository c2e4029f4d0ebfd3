import type {
  AccountState,
  Assessment,
  Binding,
  ClaimVerdict,
  Finding,
  InventoryRow,
  ModelReality,
  NeedVerdict,
  Retention,
  Unknown,
  Verdict,
  Witness,
} from '../src/model/assessment.ts';
import type { Scope } from '../src/model/scope.ts';
import type { ReportContext } from './report.ts';

/** What reports share: order, grouping and wording. Nothing here judges. */

export const VERDICTS: readonly Verdict[] = ['missing', 'partial', 'unobservable', 'unknown', 'covered', 'not-applicable'];
export const SEVERITIES: readonly NeedVerdict['severity'][] = ['critical', 'high', 'medium', 'low', 'info'];

export const VERDICT_ABOUT: Readonly<Record<Verdict, string>> = {
  covered: 'every needed event arrives and is kept as required',
  missing: 'no needed event arrives, or none is kept as required',
  partial: 'some of it is certainly lost',
  unknown: 'nothing is certainly lost, but not everything could be read',
  unobservable: 'no log source records this event',
  'not-applicable': 'there is nothing here that could make this event',
};

export function verdictWord(verdict: Verdict): string {
  return verdict === 'not-applicable' ? 'not applicable' : verdict;
}

/** A gap: something that is certainly not seen. */
export function isGap(verdict: Verdict): boolean {
  return verdict === 'missing' || verdict === 'partial' || verdict === 'unobservable';
}

function group(verdict: Verdict): number {
  return isGap(verdict) ? 0 : VERDICTS.indexOf(verdict);
}

/** Gaps first, the most severe on top; then what is not known, what is covered, what does not apply. */
export function orderNeeds(needs: readonly NeedVerdict[]): NeedVerdict[] {
  return [...needs].sort(
    (a, b) =>
      group(a.verdict) - group(b.verdict) ||
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) ||
      compare(a.system, b.system) ||
      compare(a.title, b.title) ||
      compare(a.asset ?? '', b.asset ?? '') ||
      compare(a.id, b.id),
  );
}

/** By code units, the same everywhere. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The entry of a key, made where it is not there yet. */
export function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const there = map.get(key);
  if (there !== undefined) return there;
  const made = make();
  map.set(key, made);
  return made;
}

/** The verdict that a summary cell shows for several needs: the one that asks for attention first. */
export function mostPressing(verdicts: readonly Verdict[]): Verdict | undefined {
  return VERDICTS.find((verdict) => verdicts.includes(verdict));
}

export function systemsOf(assessment: Assessment): string[] {
  return [...new Set(assessment.needs.map((need) => need.system))];
}

/** `1 account`, `3 accounts`, `1,200 accounts`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${digits(number)} ${number === 1 ? one : many}`;
}

export function digits(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Days in words; `null` is for ever, `undefined` is not known. */
export function days(value: number | null | undefined): string {
  if (value === null) return 'for ever';
  if (value === undefined) return 'not known';
  return value === 1 ? '1 day' : `${digits(value)} days`;
}

export function shortDays(value: number | null | undefined): string {
  if (value === null) return 'for ever';
  if (value === undefined) return 'not known';
  return `${digits(value)} d`;
}

/** `2026-11-21T12:00:00Z` as `2026-11-21 12:00 UTC`; anything else stays as it is. */
export function moment(time: string): string {
  return time.replace(/^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}(?:\.\d+)?Z$/, '$1 $2 UTC');
}

export function accountsLine(accounts: readonly AccountState[]): string {
  const states = (['scanned', 'partial', 'denied', 'skipped'] as const)
    .map((state) => [state, accounts.filter((account) => account.state === state).length] as const)
    .filter(([, number]) => number > 0);
  const words = { scanned: 'scanned', partial: 'read in part', denied: 'denied', skipped: 'skipped' };
  return `${count(accounts.length, 'account')}${states.length === 0 ? '' : `: ${states.map(([state, number]) => `${digits(number)} ${words[state]}`).join(', ')}`}`;
}

const WHAT = ['eventName', 'methodName', 'operationName', 'verb', 'action', 'category'];
const ON = [
  'resources.ARN',
  'resourceName',
  'resourceId',
  'objectRef.name',
  'objectRef.resource',
  'resource',
  'interface-id',
  'subnet-id',
  'vpc-id',
  'logName',
];
const BY = ['userIdentity.arn', 'principalEmail', 'user.username', 'identity', 'caller'];
const WHERE = ['awsRegion', 'region', 'location'];

/** What surrounds every record of a log, whatever happened. */
const ENVELOPE = /^(logName|payload|severity|resource\.type|resource\.labels\..*)$/;

/** A witness as people say it: `GetObject arn:aws:s3:::card-vault/… by arn:aws:iam::… in eu-west-1`. */
export function witnessLine(witness: Witness): string {
  const used = new Set<string>(['lostAt']);
  const first = (keys: readonly string[]): string | undefined => {
    const key = keys.find((name) => Object.hasOwn(witness, name) && witness[name] !== '');
    if (key === undefined) return undefined;
    used.add(key);
    return witness[key];
  };
  const what = first(WHAT);
  const on = first(ON);
  const by = first(BY);
  const where = first(WHERE);
  const said = [what, on, by && `by ${by}`, where && `in ${where}`].filter(Boolean).join(' ');
  // A field that the loss turns on belongs to the sentence; without an event's name, every field that tells what happened does.
  const rest = Object.keys(witness).filter(
    (key) => !used.has(key) && ((witness.lostAt ?? '').includes(key) || (what === undefined && !(ENVELOPE.test(key) && on !== undefined))),
  );
  const details = rest.map((key) => `${key} = ${witness[key]}`).join(', ');
  if (said === '') return details;
  return details === '' ? said : `${said} (${details})`;
}

/** `eu-west-1 in 111122223333`, as exact as the scope is. */
export function placeOf(scope: Scope): string {
  const parts = [scope.resource, scope.region, scope.account].filter((part) => part !== undefined);
  return parts.length === 0 ? scope.provider : parts.join(' in ');
}

export interface UnknownGroup {
  readonly call: string;
  readonly permission: string;
  readonly code: string;
  /** What the calls were about, each once. */
  readonly on: readonly string[];
  readonly accounts: readonly string[];
  /** Needs that are `unknown` and name this call. */
  readonly decides: number;
  readonly evidence: readonly number[];
}

/** What was not read, by call, permission and reason: what decides most needs first. */
export function groupUnknowns(assessment: Assessment, context: ReportContext): UnknownGroup[] {
  const groups = new Map<string, { first: Unknown; on: Set<string>; accounts: Set<string>; needs: Set<string>; evidence: Set<number> }>();
  const accountOf = new Map<number, string | undefined>();
  const add = (unknown: Unknown, account: string | undefined, need: NeedVerdict | undefined): void => {
    const key = JSON.stringify([unknown.call, unknown.permission, unknown.code]);
    const entry = entryOf(groups, key, () => ({
      first: unknown,
      on: new Set(),
      accounts: new Set(),
      needs: new Set(),
      evidence: new Set(),
    }));
    entry.on.add(unknown.on);
    if (account !== undefined) entry.accounts.add(account);
    if (need?.verdict === 'unknown') entry.needs.add(need.id);
    for (const id of unknown.evidence ?? []) {
      entry.evidence.add(id);
      if (!accountOf.has(id)) accountOf.set(id, context.evidence(id)?.account);
      const asked = accountOf.get(id);
      if (asked !== undefined) entry.accounts.add(asked);
    }
  };
  for (const need of assessment.needs) for (const unknown of need.unknowns) add(unknown, undefined, need);
  for (const row of assessment.inventory) {
    for (const unknown of row.unknowns) add(unknown, (unknown.evidence ?? []).length === 0 ? row.scope.account : undefined, undefined);
  }
  return (
    [...groups.values()]
      // An account that was not reached has a line of its own, with the reason; what would have been asked in it adds nothing.
      .filter(({ first }) => first.code !== 'AccountNotReached')
      .map(({ first, on, accounts, needs, evidence }) => ({
        call: first.call,
        permission: first.permission,
        code: first.code,
        on: [...on].sort(compare),
        accounts: [...accounts].sort(compare),
        decides: needs.size,
        evidence: [...evidence].sort((a, b) => a - b),
      }))
      .sort(
        (a, b) =>
          b.decides - a.decides ||
          b.accounts.length - a.accounts.length ||
          b.on.length - a.on.length ||
          compare(a.permission, b.permission) ||
          compare(a.call, b.call) ||
          compare(a.code, b.code),
      )
  );
}

/** What an error code means to the reader; the code itself where that says more. */
export function whyUnread(code: string): string {
  if (/AccessDenied|Unauthorized|NotAuthorized|AuthFailure|Forbidden|PERMISSION_DENIED|AuthorizationFailed/i.test(code)) return 'denied';
  if (/Throttl|TooManyRequests|RateExceeded|SlowDown|LimitExceeded/i.test(code)) return 'throttled';
  if (/Timeout|TimedOut|ETIMEDOUT|ECONN|ENOTFOUND|Unreachable|NetworkingError/i.test(code)) return 'not reached';
  if (code === 'NotAsked') return 'never asked';
  if (code === 'PageMissing') return 'answered in part';
  if (code === 'UnreadableAnswer') return 'answered in a form that is not understood';
  return code === '' ? 'not answered' : code;
}

export interface FindingGroup {
  readonly finding: Finding;
  readonly scopes: readonly { readonly source: string | undefined; readonly place: string }[];
  readonly evidence: readonly number[];
}

const FINDING_SEVERITIES: readonly Finding['severity'][] = ['high', 'medium', 'low', 'info'];

/** Findings of the inventory and the needs, equal ones once, the most severe first. */
export function groupFindings(assessment: Assessment): FindingGroup[] {
  const groups = new Map<
    string,
    { finding: Finding; scopes: Map<string, { source: string | undefined; place: string }>; evidence: Set<number> }
  >();
  const add = (finding: Finding, source: string | undefined, place: string): void => {
    const key = JSON.stringify([finding.kind, finding.dimension, finding.severity, finding.message]);
    const entry = entryOf(groups, key, () => ({ finding, scopes: new Map(), evidence: new Set() }));
    if (source !== undefined) entry.scopes.set(`${source}|${place}`, { source, place });
    for (const id of finding.evidence) entry.evidence.add(id);
  };
  for (const row of assessment.inventory) for (const finding of row.findings) add(finding, row.source, placeOf(row.scope));
  for (const need of assessment.needs) for (const finding of need.consistency.findings) add(finding, undefined, '');
  for (const claim of assessment.claims ?? []) for (const finding of claim.findings) add(finding, undefined, '');
  return [...groups.values()]
    .map(({ finding, scopes, evidence }) => ({ finding, scopes: [...scopes.values()], evidence: [...evidence].sort((a, b) => a - b) }))
    .sort(
      (a, b) =>
        FINDING_SEVERITIES.indexOf(a.finding.severity) - FINDING_SEVERITIES.indexOf(b.finding.severity) ||
        compare(a.finding.dimension, b.finding.dimension) ||
        compare(a.finding.kind, b.finding.kind) ||
        compare(a.finding.message, b.finding.message),
    );
}

/** Inventory rows by source, sources by name. */
export function bySource(rows: readonly InventoryRow[]): [string, InventoryRow[]][] {
  const sources = new Map<string, InventoryRow[]>();
  for (const row of rows) {
    entryOf(sources, row.source, (): InventoryRow[] => []).push(row);
  }
  return [...sources].sort(([a], [b]) => compare(a, b));
}

/** `full`, or `2 full, 1 none`. */
export function tally<T extends string>(values: readonly T[], order: readonly T[]): string {
  const present = order.map((value) => [value, values.filter((one) => one === value).length] as const).filter(([, number]) => number > 0);
  if (present.length === 1) return present[0]?.[0] ?? '';
  return present.map(([value, number]) => `${digits(number)} ${value}`).join(', ');
}

/** The days of several rows: one figure, or the span of them. */
export function span(retentions: readonly Retention[], of: 'searchableDays' | 'totalDays'): string {
  const values = retentions.map((retention) => retention[of]);
  const known = values.filter((value) => value !== undefined).map((value) => value ?? Number.POSITIVE_INFINITY);
  if (known.length === 0) return 'not known';
  const least = Math.min(...known);
  const most = Math.max(...known);
  const show = (value: number): string => (value === Number.POSITIVE_INFINITY ? 'for ever' : digits(value));
  const figure =
    least === most
      ? shortDays(least === Number.POSITIVE_INFINITY ? null : least)
      : `${show(least)} to ${show(most)}${most === Number.POSITIVE_INFINITY ? '' : ' d'}`;
  return known.length < values.length ? `${figure}, or not known` : figure;
}

/** A list in words, cut: `a, b and 4 more`. */
export function few(values: readonly string[], shown: number): string {
  if (values.length <= shown + 1) return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} and ${values.at(-1)}`;
  return `${values.slice(0, shown).join(', ')} and ${digits(values.length - shown)} more`;
}

/** How a claim fared, as the sign of a need's verdict. */
export const CLAIM_SIGNS: Readonly<Record<ClaimVerdict['verdict'], Verdict>> = {
  missing: 'missing',
  partial: 'partial',
  unknown: 'unknown',
  'not-checkable': 'not-applicable',
  observed: 'covered',
};

const CLAIM_WORDS: Readonly<Record<ClaimVerdict['verdict'], string>> = {
  missing: 'missing',
  partial: 'partial',
  unknown: 'unknown',
  'not-checkable': 'not checkable',
  observed: 'observed',
};

export function claimWord(verdict: ClaimVerdict['verdict']): string {
  return CLAIM_WORDS[verdict];
}

export const HOLDS: Readonly<Record<ClaimVerdict['holds'], string>> = {
  done: 'the model says that it is done',
  planned: 'the model plans it',
  assumed: 'the model takes it for granted',
};

const LEAD: readonly ClaimVerdict['holds'][] = ['done', 'assumed', 'planned'];

/** What the models count on and what is not there, or not all of it: what is held for done first. What is only planned is no contradiction. */
export function falseClaims(assessment: Assessment): ClaimVerdict[] {
  return (assessment.claims ?? [])
    .filter((claim) => claim.holds !== 'planned' && (claim.verdict === 'missing' || claim.verdict === 'partial'))
    .sort(
      (a, b) =>
        LEAD.indexOf(a.holds) - LEAD.indexOf(b.holds) ||
        VERDICTS.indexOf(CLAIM_SIGNS[a.verdict]) - VERDICTS.indexOf(CLAIM_SIGNS[b.verdict]),
    );
}

/** Claims of a time that is shorter than what is asked for. */
export function shortClaims(assessment: Assessment): ClaimVerdict[] {
  return (assessment.claims ?? []).filter((claim) => claim.findings.some((finding) => finding.kind === 'stated-retention'));
}

/** `12 claims: 3 missing, 1 observed`. */
export function claimTally(claims: readonly ClaimVerdict[]): string {
  const states = (Object.keys(CLAIM_WORDS) as ClaimVerdict['verdict'][]).map(
    (verdict) => [verdict, claims.filter((claim) => claim.verdict === verdict).length] as const,
  );
  return `${count(claims.length, 'claim')}: ${states.flatMap(([verdict, number]) => (number === 0 ? [] : [`${digits(number)} ${CLAIM_WORDS[verdict]}`])).join(', ')}`;
}

/** `stated 7 days, kept 30 days, asked 365 days`, as far as it is known. */
export function claimDays(claim: ClaimVerdict): string | undefined {
  if (claim.statedDays === undefined) return undefined;
  return [
    `stated ${days(claim.statedDays)}`,
    ...(claim.foundDays === undefined ? [] : [`kept ${days(claim.foundDays)}`]),
    ...(claim.askedDays === undefined ? [] : [`asked ${days(claim.askedDays)}`]),
  ].join(', ');
}

/** What became of a model: `imported from threat-composer (cards.tc.json): 14 components, 3 not understood`. */
export function modelLine(model: ModelReality): string {
  const { components, unresolved, threats, unobservable } = model.counts;
  const from = model.importedFrom === undefined ? '' : `imported from ${model.importedFrom.format} (${model.importedFrom.file}): `;
  return `${from}${count(components, 'component')}, ${digits(unresolved)} not understood; ${count(threats, 'threat')}, ${unobservable === 0 ? 'none' : digits(unobservable)} that no log shows`;
}

export const BINDING_WORDS: Readonly<Record<Binding['is'], string>> = {
  stated: 'named in the model',
  code: 'by its address in code',
  name: 'by its name',
  ambiguous: 'several have such a name',
  every: 'stands for all of its type',
  gone: 'not there',
  unknown: 'not found, and not all was listed',
  'not-listed': 'not known here',
};

/** `because: "quote"`, without the place. */
export function reasonWords(reason: NonNullable<NeedVerdict['reasons']>[number]): string {
  const said = (reason.because ?? reason.rule).replace(/[.:]+$/, '');
  return reason.quote === undefined ? said : `${said}: "${reason.quote}"`;
}
