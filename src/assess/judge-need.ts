import { attempt } from '../events/attempt.ts';
import { includes, intersect, isEmpty, minus, NOTHING, type Selector, selectorOf } from '../events/classes.ts';
import { globMatches } from '../events/glob.ts';
import { keyOf as keyOfStrings } from '../events/strings.ts';
import type { Unknown, Verdict } from '../model/assessment.ts';
import type { At, Scope } from '../model/scope.ts';
import type { Source } from '../model/source.ts';
import type { Where } from '../model/where.ts';
import { type Alternative, type Need, narrowed } from '../needs/compile.ts';
import { type Demand, judge, notCompared, type Offer, type Outcome, signatureOf, takesWhole } from '../paths/evaluate.ts';
import type { Blind, Emitter } from '../paths/graph.ts';
import { canonical } from '../store/view.ts';
import { type Desk, type Judged, placeKey, rankOf, type Seat, type Seats, type Tried, together, type Unjudged } from './desk.ts';
import { offersOf } from './offers.ts';

/** Equal for needs that take the same seats: they differ in nothing but the days that they ask for. */
export function seatsKey(need: Need, alternative: Alternative): string {
  const { reach, withinSeconds, fields } = need.demand;
  const events = alternative.events.map((one) => [...one].map(([field, values]) => [field, keyOfStrings(values)]));
  return canonical([
    alternative.sourceId,
    events,
    alternative.ofNamedServices.length,
    need.at,
    need.asset?.type,
    need.bound?.ids,
    reach,
    withinSeconds,
    fields,
  ]);
}

function seatsOf(desk: Desk, need: Need, alternative: Alternative, source: Source): Seats {
  const key = seatsKey(need, alternative);
  const known = desk.seats.get(key);
  const left = (desk.uses.get(key) ?? 1) - 1;
  desk.uses.set(key, left);
  const found = known ?? takeSeats(desk, need, alternative, source);
  if (left > 0) desk.seats.set(key, found);
  else desk.seats.delete(key);
  return found;
}

function takeSeats(desk: Desk, need: Need, alternative: Alternative, source: Source): Seats {
  const resources = resourcesOf(desk, need, alternative);
  const events = resources ? narrowed(alternative.events, source, resources.ids) : alternative.events;
  const counts = new Map<Selector, number>();
  const byEvents = new Map<Selector, Map<Selector, Selector>>();
  const texts = new Map<string, string>();
  const met = new Map<Selector, Map<readonly Offer[], Pick<Seat, 'signature' | 'whole' | 'findings'>>>();
  const emitters = desk.bySource.get(source.id) ?? [];
  const wanted =
    resources?.regions ?? (need.at.region === undefined || need.at.region.includes('*') ? undefined : new Set([need.at.region]));
  const listed = wanted && new Set(emitters.map(({ scope: { account, region } }) => `${account}|${region}`));
  const byResource = source.place === 'resource' && typesAgree(need, alternative);
  const bound = byResource && need.bound ? new Set(need.bound.ids) : undefined;
  const inScope = emitters.filter(
    ({ scope }) =>
      within(need.at, scope, byResource) &&
      (!bound || scope.resource === undefined || bound.has(scope.resource)) &&
      (!resources?.accounts || scope.account === undefined || resources.accounts.has(scope.account)) &&
      (!resources?.regions || !scope.region || resources.regions.has(scope.region)) &&
      // What stands for regions that were not listed has no say where the regions asked for were.
      !(wanted && scope.region === undefined && [...wanted].every((region) => listed?.has(`${scope.account}|${region}`))),
  );
  const take = (emitter: Emitter, asked: Selector): Seat[] => {
    let byUniverse = byEvents.get(asked);
    if (!byUniverse) byEvents.set(asked, (byUniverse = new Map()));
    let needed = byUniverse.get(emitter.universe);
    if (!needed) byUniverse.set(emitter.universe, (needed = intersect(asked, emitter.universe)));
    if (isEmpty(needed)) return [];
    const flow = desk.flow(emitter.taps);
    const offers = desk.offers(flow, need.demand, emitter);
    let byOffers = met.get(needed);
    if (!byOffers) met.set(needed, (byOffers = new Map()));
    let meeting = byOffers.get(offers);
    if (!meeting) {
      const text = signatureOf(needed, offers);
      const signature = texts.get(text) ?? text;
      texts.set(signature, signature);
      const nodes = flow.routes.flatMap((route) => route.edges.map((edge) => desk.paths.nodes.get(edge.to)));
      const findings = nodes.flatMap((node) => node?.findings ?? []);
      byOffers.set(offers, (meeting = { signature, whole: takesWhole(needed, offers), findings }));
    }
    counts.set(needed, (counts.get(needed) ?? 0) + 1);
    return [{ emitter, needed, flow, offers, ...meeting, placeKey: placeKey(emitter.scope), way: undefined }];
  };
  const seats = [
    ...inScope.flatMap((emitter) => take(emitter, events)),
    ...recordedElsewhere(need, alternative, emitters, inScope).flatMap(([emitter, left]) => take(emitter, left)),
  ];
  const all = resources?.hidden && narrowed(alternative.events, source, need.at.resource === undefined ? [] : [need.at.resource]);
  const wider = resources?.hidden && all && { hidden: resources.hidden, seats: inScope.flatMap((emitter) => take(emitter, all)) };
  return { seats, ...(wider ? { wider } : {}), alone: new Set([...counts].flatMap(([needed, count]) => (count === 1 ? [needed] : []))) };
}

/** One way to meet a need, judged at all of its places. Where filters cannot be compared with what it asks, that is not settled. */
export function judgeAlternative(desk: Desk, need: Need, alternative: Alternative): Tried {
  return attempt(
    () => judgeSeats(desk, need, alternative),
    (problem) => ({
      judged: [],
      unjudged: [
        {
          scope: scopeOf(need.at),
          verdict: 'unknown',
          because: problem,
          unknowns: [notCompared(alternative.sourceId, problem)],
          evidence: [],
        },
      ],
    }),
  );
}

/** Code of what no scan of a cloud can settle: logs that applications, hosts and other services keep themselves (`app.*`, `host.*`, `saas.*`). */
export const OUTSIDE = 'OutsideClouds';

function judgeSeats(desk: Desk, need: Need, alternative: Alternative): Tried {
  const { source } = alternative;
  const scope = scopeOf(need.at);
  if (!source) {
    const outside = /^(?:app|host|saas)\./.test(alternative.sourceId);
    const on = need.asset?.id ?? 'estate';
    return {
      judged: [],
      unjudged: [
        {
          scope,
          verdict: 'unknown',
          because: outside
            ? `${alternative.sourceId} is kept outside of the clouds, where no scan looks; whoever runs it has to show it`
            : `this version reads no log source or event class called ${alternative.sourceId}`,
          unknowns: [
            outside
              ? { call: alternative.sourceId, permission: 'a look at the system itself', on, code: OUTSIDE }
              : { call: alternative.sourceId, permission: 'a version that reads this source', on, code: 'NotRead' },
          ],
          evidence: [],
        },
      ],
    };
  }
  if (alternative.unlogged)
    return {
      judged: [],
      unjudged: [
        { scope, verdict: 'unobservable', because: `no log source records this: ${alternative.unlogged}`, unknowns: [], evidence: [] },
      ],
    };
  const { seats, wider, alone } = seatsOf(desk, need, alternative, source);
  const judged: Judged[] = [];
  const unjudged: Unjudged[] = alternative.impossible.map((because) => ({
    scope,
    verdict: 'unobservable',
    because,
    unknowns: [],
    evidence: [],
  }));
  const outcomeOf = outcomes(need.demand, alone);
  for (const seat of seats) {
    const { emitter } = seat;
    if (emitter.notApplicable)
      unjudged.push({
        scope: emitter.scope,
        verdict: 'not-applicable',
        because: emitter.notApplicable,
        unknowns: [],
        evidence: emitter.evidence,
      });
    else judged.push(judgeAt(desk, need, alternative, seat, outcomeOf));
  }
  if (wider?.seats.some((seat) => outcomeOf(seat).verdict !== 'covered')) {
    const { unknowns, evidence } = wider.hidden;
    const because = `it could not be listed what else ${need.at.resource ?? need.asset?.name ?? 'it'} stands for: ${saidOf(unknowns)}`;
    unjudged.push({ scope, verdict: 'unknown', because, unknowns, evidence });
  }
  // A resource that was found and judged has its emitter: what else there may be does not matter to it.
  const found = new Set(
    source.place === 'resource' && need.at.resource !== undefined && !need.at.resource.includes('*') && typesAgree(need, alternative)
      ? judged.flatMap((one) => (one.emitter.scope.resource === need.at.resource ? [one.emitter.scope.account] : []))
      : [],
  );
  for (const blind of desk.paths.blind) {
    if (!blind.sources.includes(source.id) || !mattersTo(need.at, blind.scope) || found.has(blind.scope.account)) continue;
    unjudged.push({
      scope: blind.scope,
      verdict: 'unknown',
      because: `it could not be listed what emits ${source.id} here: ${saidOf(blind.unknowns)}`,
      unknowns: blind.unknowns,
      evidence: blind.evidence,
    });
  }
  const account = need.at.account;
  if (account !== undefined && !account.includes('*') && !desk.paths.accounts.some((one) => one.id === account)) {
    unjudged.push({
      scope,
      verdict: 'unknown',
      because: `account ${account} was not scanned`,
      unknowns: [{ call: 'sts:GetCallerIdentity', permission: 'access to the account', on: account, code: 'AccountNotScanned' }],
      evidence: [],
    });
  }
  if (judged.length + unjudged.length === 0) {
    const nothingScanned = !desk.paths.accounts.some((one) => one.provider === source.provider || source.provider === 'kubernetes');
    unjudged.push(
      nothingScanned
        ? {
            scope,
            verdict: 'unknown',
            because: `no account of ${source.provider} was scanned`,
            unknowns: [{ call: source.id, permission: `access to ${source.provider}`, on: need.asset?.id ?? 'estate', code: 'NotScanned' }],
            evidence: [],
          }
        : nothingFound(desk, need, alternative, source.name),
    );
  }
  return { judged, unjudged };
}

/** Judges seats for one demand; what was judged before for equal seats is not judged again. */
function outcomes(demand: Demand, alone: ReadonlySet<Selector>): (seat: Seat) => Outcome {
  const bySignature = new Map<string, Outcome>();
  const byNeeded = new Map<Selector, Map<string, Outcome>>();
  const outcomeOf = ({ needed, offers, signature, whole }: Seat): Outcome => {
    if (!whole) return judge(needed, offers, demand);
    const alike = bySignature.get(signature);
    // Where all of it or none is taken, only the names of what is lost differ.
    if (alike) return { ...alike, lost: alike.lost.length === 0 ? NOTHING : minus(needed, NOTHING) };
    const outcome = judge(needed, offers, demand);
    bySignature.set(signature, outcome);
    return outcome;
  };
  return (seat) => {
    if (alone.has(seat.needed)) return outcomeOf(seat);
    let known = byNeeded.get(seat.needed);
    if (!known) byNeeded.set(seat.needed, (known = new Map()));
    let outcome = known.get(seat.signature);
    if (!outcome) known.set(seat.signature, (outcome = outcomeOf(seat)));
    return outcome;
  };
}

function saidOf(unknowns: readonly Unknown[]): string {
  return unknowns.map((unknown) => `${unknown.call} ${unknown.code}`).join(', ');
}

/** A resource that a model names and nobody has seen is a question, not an answer; a region that is not enabled is one. */
function nothingFound(desk: Desk, need: Need, alternative: Alternative, name: string): Unjudged {
  const scope = scopeOf(need.at);
  const { resource, region } = need.at;
  const byResource = alternative.source?.place === 'resource' || alternative.source?.resource?.field !== undefined;
  if (byResource && resource !== undefined && !resource.includes('*') && typesAgree(need, alternative)) {
    const found = desk.paths.resources.find((one) => one.id === resource)?.scope;
    const elsewhere = found && [found.region, found.account].filter(Boolean).join(' in ');
    return {
      scope,
      verdict: 'unknown',
      because: elsewhere
        ? `${resource} is in ${elsewhere}, not where the model says`
        : `${resource} was not found in what was scanned (${name})`,
      unknowns: [
        { call: alternative.sourceId, permission: 'the name of the resource as it is in the account', on: resource, code: 'NotFound' },
      ],
      evidence: [],
    };
  }
  const known = region === undefined || region.includes('*') || desk.paths.emitters.some((emitter) => emitter.scope.region === region);
  const because = known ? `nothing in scope emits such events (${name})` : `no account that was scanned has the region ${region} enabled`;
  return { scope, verdict: 'not-applicable', because, unknowns: [], evidence: [] };
}

/**
 * Events of services that the need names, and that the regions it names never record: those of global services are in another region of
 * the same account.
 */
function recordedElsewhere(
  need: Need,
  { source, ofNamedServices }: Alternative,
  emitters: readonly Emitter[],
  inScope: readonly Emitter[],
): [Emitter, Selector][] {
  if (need.at.region === undefined || source?.place !== 'region' || inScope.length === 0) return [];
  const left = [...new Set(inScope.map((emitter) => emitter.universe))].reduce<Selector>(
    (some, universe) => minus(some, universe),
    ofNamedServices,
  );
  if (isEmpty(left)) return [];
  const { region: _, ...anywhere } = need.at;
  const taken = new Set(inScope);
  return emitters.flatMap((emitter): [Emitter, Selector][] =>
    taken.has(emitter) || !within(anywhere, emitter.scope, false) ? [] : [[emitter, left]],
  );
}

function judgeAt(desk: Desk, need: Need, alternative: Alternative, seat: Seat, outcomeOf: (seat: Seat) => Outcome): Judged {
  const { emitter, needed, flow, offers } = seat;
  const substitutes = alternative.substitutes.length > 0 ? substitutesFor(desk, need, alternative, needed, emitter) : [];
  if (substitutes.length === 0) return { emitter, alternative, needed, offers, flow, seat, outcome: outcomeOf(seat), substituted: [] };
  const plain = judge(needed, offers, need.demand);
  const all = [...offers, ...substitutes];
  const helped = plain.verdict === 'covered' ? plain : judge(needed, all, need.demand);
  const better = rankOf(helped.verdict) < rankOf(plain.verdict);
  const outcome = better ? helped : plain;
  const used = better
    ? [
        ...new Map(
          outcome.used.flatMap((index) => (all[index]?.substitute ? [[all[index].substitute.source, all[index].substitute] as const] : [])),
        ).values(),
      ]
    : [];
  return {
    emitter,
    alternative,
    needed,
    offers: better ? all : offers,
    flow,
    seat,
    outcome,
    substituted: used,
  };
}

/** Offers of sources that stand in for the one asked: each of their emitters speaks for a part of the events. */
function substitutesFor(desk: Desk, need: Need, alternative: Alternative, needed: Selector, emitter: Emitter): Offer[] {
  return alternative.substitutes.flatMap((equivalent) => {
    const source = desk.rules.sources.get(equivalent.source);
    if (!source) return [];
    const matching = intersect(selectorOf(equivalent.where ?? {}), selectorOf(source.always));
    return (desk.bySource.get(equivalent.source) ?? []).flatMap((other) => {
      if (
        other.scope.account !== emitter.scope.account ||
        (other.scope.region !== undefined && emitter.scope.region !== undefined && other.scope.region !== emitter.scope.region)
      )
        return [];
      const part = intersect(needed, selectorOf(filled(equivalent.covers ?? {}, other.scope.resource ?? '')));
      if (isEmpty(part)) return [];
      const records = intersect(matching, other.universe);
      return offersOf(desk.flow(other.taps), need.demand, other.scope, desk.storeNames).map(
        (offer): Offer => ({
          ...offer,
          lower: !isEmpty(offer.lower) && includes(offer.lower, records) ? part : NOTHING,
          upper: isEmpty(intersect(offer.upper, records)) ? NOTHING : part,
          substitute: { source: equivalent.source, loss: equivalent.loss },
        }),
      );
    });
  });
}

function filled(where: Where, resource: string): Where {
  const put = (values: string[] | undefined) =>
    values?.map((value) =>
      value.replaceAll('{resource}', () => resource).replaceAll('{id}', () => resource.split(/[/:]/).at(-1) ?? resource),
    );
  return Object.fromEntries(
    Object.entries(where).map(([field, condition]) => [
      field,
      Object.fromEntries(Object.entries(condition).map(([word, values]) => [word, put(values)])),
    ]),
  );
}

function scopeOf(at: At): Scope {
  return {
    provider: at.provider ?? 'aws',
    ...(at.account === undefined ? {} : { account: at.account }),
    ...(at.region === undefined ? {} : { region: at.region }),
    ...(at.resource === undefined ? {} : { resource: at.resource }),
  };
}

function within(at: At, scope: Scope, byResource: boolean): boolean {
  return (
    (at.provider === undefined || scope.provider === at.provider) &&
    (at.account === undefined || (scope.account !== undefined && globMatches(at.account, scope.account))) &&
    (at.region === undefined || scope.region === undefined || globMatches(at.region, scope.region)) &&
    (!byResource || at.resource === undefined || scope.resource === undefined || globMatches(at.resource, scope.resource))
  );
}

/** Whether what could not be listed there may be part of the need's place: where no account is named, any that the need does not name alone. */
function mattersTo(at: At, scope: Scope): boolean {
  if (scope.account === undefined && at.account?.includes('*') === false) return false;
  const { account: _, ...others } = at;
  return within(scope.account === undefined ? others : at, scope, false);
}

/** Whether the asset's resource is of the kind that this source's emitters stand for. */
function typesAgree(need: Need, alternative: Alternative): boolean {
  return need.asset?.type === undefined || need.asset.type === alternative.source?.resource?.type;
}

/** The ids that an asset's resource stands for, and the regions they are known to be in, for sources whose events name a resource. */
function resourcesOf(
  desk: Desk,
  need: Need,
  alternative: Alternative,
): { ids: readonly string[]; regions: ReadonlySet<string> | undefined; accounts?: ReadonlySet<string>; hidden?: Blind } | undefined {
  const { source } = alternative;
  const pattern = need.at.resource;
  if (!source?.resource?.field || source.place === 'resource' || !typesAgree(need, alternative)) return undefined;
  const ids = new Set(need.bound?.ids);
  if (pattern === undefined && ids.size === 0) return undefined;
  const known = desk.paths.resources.filter(
    (one) =>
      one.type === source.resource?.type &&
      (pattern === undefined ? ids.has(one.id) : globMatches(pattern, one.id)) &&
      (need.at.account === undefined || one.scope.account === undefined || globMatches(need.at.account, one.scope.account)),
  );
  const regions =
    known.every((one) => one.scope.region !== undefined) && known.length > 0
      ? new Set(known.map((one) => one.scope.region as string))
      : undefined;
  if (pattern !== undefined && !pattern.includes('*')) return { ids: [pattern], regions };
  if (known.length === 0) return pattern === undefined ? undefined : { ids: [pattern], regions: undefined };
  const hidden = desk.paths.blind.find(
    (blind) =>
      mattersTo(need.at, blind.scope) && blind.sources.some((one) => desk.rules.sources.get(one)?.resource?.type === source.resource?.type),
  );
  // What was found by its name is where it was found; its owner records what is done to it.
  const owners = pattern === undefined && known.every((one) => one.scope.account !== undefined);
  const accounts = owners ? new Set(known.map((one) => one.scope.account as string)) : undefined;
  return { ids: known.map((one) => one.id), regions, ...(accounts ? { accounts } : {}), ...(hidden ? { hidden } : {}) };
}

/** Of several alternatives the best in each account; the alternatives' places differ, accounts do not. */
export function bestPerAccount(need: Need, all: readonly Tried[]): Tried & { loss: string | undefined } {
  // An alternative that is at no account at all has nothing to say where another one is.
  const placed = all.filter(({ judged, unjudged }) => judged.length > 0 || unjudged.some((one) => one.scope.account !== undefined));
  const tried = all.map((one) => (placed.length === 0 || placed.includes(one) ? one : { judged: [], unjudged: [] }));
  const accounts = new Set(
    tried.flatMap((one) => [
      ...one.judged.map((judged) => judged.emitter.scope.account ?? ''),
      ...one.unjudged.map((unjudged) => unjudged.scope.account ?? ''),
    ]),
  );
  const judged: Judged[] = [];
  const unjudged: Unjudged[] = [];
  let loss: string | undefined;
  for (const account of accounts) {
    const candidates = tried
      .map((one, index) => ({
        index,
        judged: one.judged.filter((place) => (place.emitter.scope.account ?? '') === account),
        unjudged: one.unjudged.filter((place) => (place.scope.account ?? '') === account),
      }))
      .map((one) => ({
        ...one,
        verdict: together([...one.judged.map((place) => place.outcome.verdict), ...one.unjudged.map((place) => place.verdict)]),
      }))
      .filter((one) => one.judged.length + one.unjudged.length > 0);
    // What one alternative may show, another one does not refute.
    const best = candidates.reduce((a, b) => (preference(b.verdict) < preference(a.verdict) ? b : a));
    judged.push(...best.judged);
    unjudged.push(...best.unjudged);
    if (best.index > 0 && best.verdict === 'covered')
      loss ??=
        need.alternatives[best.index]?.loss ?? `${need.alternatives[best.index]?.sourceId} instead of ${need.alternatives[0]?.sourceId}`;
  }
  return { judged, unjudged, loss };
}

function preference(verdict: Verdict): number {
  return { covered: 0, unknown: 1, partial: 2, missing: 3, unobservable: 4, 'not-applicable': 5 }[verdict];
}
