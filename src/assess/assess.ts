import { type Event, includes, intersect, isEmpty, minus, NOTHING, type Selector, selectorOf } from '../events/classes.ts';
import { globMatches } from '../events/glob.ts';
import { keyOf as keyOfStrings } from '../events/strings.ts';
import { knownNames } from '../events/universe.ts';
import { witness } from '../events/witness.ts';
import type { Assessment, DrawnPath, Finding, NeedVerdict, PlaceVerdict, Unknown, Verdict } from '../model/assessment.ts';
import type { At, Scope } from '../model/scope.ts';
import type { Source } from '../model/source.ts';
import type { Where } from '../model/where.ts';
import { type Alternative, knownOf, type Need, narrowed } from '../needs/compile.ts';
import type { Rules } from '../needs/rules.ts';
import {
  type Demand,
  type Flow,
  flowOf,
  judge,
  type Offer,
  type Outcome,
  shareOf,
  signatureOf,
  takesWhole,
  unknownsOf,
} from '../paths/evaluate.ts';
import type { Blind, Edge, Emitter, LogPaths, Store } from '../paths/graph.ts';
import { canonical } from '../store/view.ts';
import { draw } from './draw.ts';
import { inventoryOf } from './inventory.ts';
import { type Loss, lossOf, nameOf, offersOf } from './offers.ts';

/** The judgement of one need at one emitter. */
export interface Judged {
  readonly emitter: Emitter;
  readonly alternative: Alternative;
  readonly needed: Selector;
  readonly offers: readonly Offer[];
  readonly flow: Flow;
  readonly seat: Seat;
  readonly outcome: Outcome;
  /** Whether substitutes were needed for this outcome. */
  readonly substituted: readonly { source: string; loss: string }[];
}

/** A place of a need that has no emitter to judge. */
interface Unjudged {
  readonly scope: Scope;
  readonly verdict: 'unknown' | 'not-applicable' | 'unobservable';
  readonly because: string;
  readonly unknowns: readonly Unknown[];
  readonly evidence: readonly number[];
}

/** Indexes that all needs share, and what was judged before. */
export interface Desk {
  readonly paths: LogPaths;
  readonly rules: Rules;
  readonly bySource: ReadonlyMap<string, readonly Emitter[]>;
  readonly storeNames: ReadonlySet<string>;
  flow(taps: readonly Edge[]): Flow;
  /** What the ways from an emitter are worth to a demand, whatever days it asks for. */
  offers(flow: Flow, demand: Demand, emitter: Emitter): readonly Offer[];
  /** Seats that more needs are going to take, and how many of them. */
  readonly seats: Map<string, Seats>;
  readonly uses: Map<string, number>;
}

export function deskOf(paths: LogPaths, rules: Rules): Desk {
  const bySource = new Map<string, Emitter[]>();
  for (const emitter of paths.emitters) {
    for (const source of emitter.sources) {
      const list = bySource.get(source);
      if (list) list.push(emitter);
      else bySource.set(source, [emitter]);
    }
  }
  const flows = new Map<readonly Edge[], Flow>();
  const worth = new Map<string, Map<Flow, readonly Offer[]>>();
  const storeNames = new Set([...paths.nodes.values()].flatMap((node) => (node.type === 'store' ? [node.name] : [])));
  return {
    paths,
    rules,
    bySource,
    storeNames,
    seats: new Map(),
    uses: new Map(),
    flow(taps) {
      let flow = flows.get(taps);
      if (!flow) flows.set(taps, (flow = flowOf(paths, taps)));
      return flow;
    },
    offers(flow, demand, emitter) {
      const key = `${demand.reach}|${demand.withinSeconds}|${demand.fields}`;
      let known = worth.get(key);
      if (!known) worth.set(key, (known = new Map()));
      let offers = known.get(flow);
      if (!offers) {
        offers = offersOf(flow, demand, emitter.scope, storeNames);
        if (!flow.routes.some((route) => typeof route.store.keeps === 'function')) known.set(flow, offers);
      }
      return offers;
    },
  };
}

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

function assessNeed(desk: Desk, need: Need): NeedVerdict {
  const tried = need.alternatives.map((alternative) => judgeAlternative(desk, need, alternative));
  const { judged, unjudged, loss } = tried.length === 1 ? { ...(tried[0] as Tried), loss: undefined } : bestPerAccount(need, tried);
  const places = placesOf(desk, need, judged, unjudged);
  const verdict = together([...places.map((place) => place.verdict)]);
  const applicable = unjudged.filter((one) => one.verdict !== 'not-applicable');
  const dimension = (of: (outcome: Outcome) => Verdict | undefined): Verdict =>
    together([
      ...judged.map((one) => of(one.outcome) ?? 'covered'),
      ...applicable.map((one) => one.verdict),
      ...(judged.length + applicable.length === 0 ? ['not-applicable' as const] : []),
    ]);
  const worst = worstOf(judged);
  const lost = worst && describeLoss(desk, need, worst);
  const findings = findingsOf(desk, judged);
  const unknowns = dedupe([
    ...judged.filter((one) => one.outcome.verdict !== 'covered').flatMap((one) => unknownsOf(one.needed, one.offers)),
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
    sentence(desk, need, verdict, worst, lost?.at, judged, unjudged, places),
    ...(loss ? [`Met by a stand-in: ${loss}`] : []),
    ...new Set(need.alternatives.flatMap((alternative) => alternative.notes)),
    ...substitutesSaid(judged),
  ].join(' ');
  const exclude = (value: number | undefined) => (value === Number.POSITIVE_INFINITY ? null : value);
  return {
    id: need.id,
    system: need.system,
    threat: need.threat.id,
    title: need.threat.title,
    severity: need.threat.severity,
    attack: need.threat.attack,
    ...(need.asset === undefined ? {} : { asset: need.asset.id }),
    need: { ...need.statement },
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
    fix: verdict === 'covered' ? [] : fixesOf(judged, lost?.fix),
    places,
    paths: drawnOf(desk, need, judged, worst),
    unknowns,
    evidence: evidenceOf(judged, unjudged),
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

interface Tried {
  readonly judged: readonly Judged[];
  readonly unjudged: readonly Unjudged[];
}

/** A need's events at one emitter and what they meet there: all of a judgement but the days that are asked for. */
interface Seat {
  readonly emitter: Emitter;
  readonly needed: Selector;
  readonly flow: Flow;
  readonly offers: readonly Offer[];
  /** Equal text where offers serve alike. */
  readonly signature: string;
  /** Each way takes all that is needed or none of it. */
  readonly whole: boolean;
  /** Some node on the ways has findings. */
  readonly telling: boolean;
  readonly placeKey: string;
  /** Where the events go that are covered here, in words; made when it is first shown. */
  way: string | undefined;
}

/** The seats that a need takes, and which needed events stand at one seat only. */
interface Seats {
  readonly seats: readonly Seat[];
  /** Where a list of the resources that a pattern stands for broke off: why, and the seats of all that it may stand for. */
  readonly wider?: { readonly hidden: Blind; readonly seats: readonly Seat[] };
  readonly alone: ReadonlySet<Selector>;
}

/** Equal for needs that take the same seats: they differ in nothing but the days that they ask for. */
function seatsKey(need: Need, alternative: Alternative): string {
  const { reach, withinSeconds, fields } = need.demand;
  const events = alternative.events.map((one) => [...one].map(([field, values]) => [field, keyOfStrings(values)]));
  return canonical([
    alternative.sourceId,
    events,
    alternative.ofNamedServices.length,
    need.at,
    need.asset?.type,
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
  const met = new Map<Selector, Map<readonly Offer[], Pick<Seat, 'signature' | 'whole' | 'telling'>>>();
  const emitters = desk.bySource.get(source.id) ?? [];
  const wanted =
    resources?.regions ?? (need.at.region === undefined || need.at.region.includes('*') ? undefined : new Set([need.at.region]));
  const listed = wanted && new Set(emitters.map(({ scope: { account, region } }) => `${account}|${region}`));
  const inScope = emitters.filter(
    ({ scope }) =>
      within(need.at, scope, source.place === 'resource' && typesAgree(need, alternative)) &&
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
      const telling = flow.routes.some((route) => route.edges.some((edge) => (desk.paths.nodes.get(edge.to)?.findings.length ?? 0) > 0));
      byOffers.set(offers, (meeting = { signature, whole: takesWhole(needed, offers), telling }));
    }
    counts.set(needed, (counts.get(needed) ?? 0) + 1);
    return [{ emitter, needed, flow, offers, ...meeting, placeKey: placeKey(emitter.scope), way: undefined }];
  };
  const seats = [
    ...inScope.flatMap((emitter) => take(emitter, events)),
    ...recordedElsewhere(need, alternative, emitters, inScope).flatMap(([emitter, left]) => take(emitter, left)),
  ];
  const all = resources?.hidden && narrowed(alternative.events, source, [need.at.resource as string]);
  const wider = resources?.hidden && all && { hidden: resources.hidden, seats: inScope.flatMap((emitter) => take(emitter, all)) };
  return { seats, ...(wider ? { wider } : {}), alone: new Set([...counts].flatMap(([needed, count]) => (count === 1 ? [needed] : []))) };
}

function judgeAlternative(desk: Desk, need: Need, alternative: Alternative): Tried {
  const { source } = alternative;
  const scope = scopeOf(need.at);
  if (!source) {
    return {
      judged: [],
      unjudged: [
        {
          scope,
          verdict: 'unknown',
          because: `no log source or event class is called ${alternative.sourceId} in this version`,
          unknowns: [
            { call: alternative.sourceId, permission: 'a version that reads this source', on: need.asset?.id ?? 'estate', code: 'NotRead' },
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
  if (wider && wider.seats.some((seat) => outcomeOf(seat).verdict !== 'covered')) {
    const { unknowns, evidence } = wider.hidden;
    const because = `it could not be listed what else ${need.at.resource} stands for: ${saidOf(unknowns)}`;
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
    values?.map((value) => value.replaceAll('{resource}', resource).replaceAll('{id}', resource.split(/[/:]/).at(-1) ?? resource));
  return Object.fromEntries(
    Object.entries(where).map(([field, condition]) => [
      field,
      Object.fromEntries(Object.entries(condition).map(([word, values]) => [word, put(values)])),
    ]),
  );
}

/** One concrete event of what is lost: known names first, the asset's own resource, values of the source's fields. */
function eventOf(desk: Desk, alternative: Alternative, lost: Selector, need: Need): Event | undefined {
  const { source } = alternative;
  if (!source || isEmpty(lost)) return undefined;
  const resource = need.at.resource?.includes('*') ? undefined : need.at.resource;
  const known = knownNames(source, knownOf(source, desk.rules), lost);
  const field = source.resource?.field;
  // The asset's own resource is the most telling value of the field that names it.
  const hints = resource && field ? { ...known, [field]: [`${resource}/example-key`, resource, ...(known[field] ?? [])] } : known;
  return witness(lost, hints);
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
): { ids: readonly string[]; regions: ReadonlySet<string> | undefined; hidden?: Blind } | undefined {
  const { source } = alternative;
  const pattern = need.at.resource;
  if (pattern === undefined || !source?.resource?.field || source.place === 'resource' || !typesAgree(need, alternative)) return undefined;
  const known = desk.paths.resources.filter(
    (one) =>
      one.type === source.resource?.type &&
      globMatches(pattern, one.id) &&
      (need.at.account === undefined || one.scope.account === undefined || globMatches(need.at.account, one.scope.account)),
  );
  const regions =
    known.every((one) => one.scope.region !== undefined) && known.length > 0
      ? new Set(known.map((one) => one.scope.region as string))
      : undefined;
  if (!pattern.includes('*')) return { ids: [pattern], regions };
  if (known.length === 0) return { ids: [pattern], regions: undefined };
  const hidden = desk.paths.blind.find(
    (blind) =>
      mattersTo(need.at, blind.scope) && blind.sources.some((one) => desk.rules.sources.get(one)?.resource?.type === source.resource?.type),
  );
  return { ids: known.map((one) => one.id), regions, ...(hidden ? { hidden } : {}) };
}

/** Of several alternatives the best in each account; the alternatives' places differ, accounts do not. */
function bestPerAccount(need: Need, all: readonly Tried[]): Tried & { loss: string | undefined } {
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

export function rankOf(verdict: Verdict): number {
  return { 'not-applicable': -1, covered: 0, unknown: 1, partial: 2, missing: 3, unobservable: 4 }[verdict];
}

/** The verdict of many places: covered where all are; a certain loss beside anything else is partial. */
export function together(verdicts: readonly Verdict[]): Verdict {
  const kinds = new Set(verdicts.filter((verdict) => verdict !== 'not-applicable'));
  if (kinds.size === 0) return 'not-applicable';
  if (kinds.size === 1) return [...kinds][0] as Verdict;
  return kinds.has('missing') || kinds.has('partial') || kinds.has('unobservable') ? 'partial' : 'unknown';
}

function fewest(days: readonly (number | undefined)[]): number | undefined {
  const known = days.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** A verdict per place; the regions of an account that fare alike are one place. */
function placesOf(desk: Desk, need: Need, judged: readonly Judged[], unjudged: readonly Unjudged[]): PlaceVerdict[] {
  const places: { key: string; place: PlaceVerdict }[] = [];
  const put = (scope: Scope, verdict: Verdict, because: string, key = placeKey(scope)) =>
    places.push({ key, place: { scope, verdict, because } });
  const groups = new Map<string, Judged[]>();
  for (const one of judged) {
    const key = one.emitter.scope.resource ?? one.emitter.scope.account ?? one.emitter.id;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  const texts = new Map<Outcome, Map<readonly Offer[], string>>();
  const said = (one: Judged): string => {
    if (one.outcome.verdict === 'covered') return waySaid(one);
    let byOffers = texts.get(one.outcome);
    if (!byOffers) texts.set(one.outcome, (byOffers = new Map()));
    let text = byOffers.get(one.offers);
    if (text === undefined) byOffers.set(one.offers, (text = placeText(desk, need, one)));
    return text;
  };
  for (const group of groups.values()) {
    const [first] = group as [Judged, ...Judged[]];
    if (group.length === 1) {
      const because = first.outcome.verdict === 'covered' ? waySaid(first) : placeText(desk, need, first);
      put(first.emitter.scope, first.outcome.verdict, because, first.seat.placeKey);
      continue;
    }
    const alike = group.every((one) => one.outcome.verdict === first.outcome.verdict && said(one) === said(first));
    // Only where all regions fare alike is the account one place; otherwise each has its own line.
    if (alike) {
      const { region, ...wider } = first.emitter.scope;
      put(wider, first.outcome.verdict, said(first));
    } else for (const one of group) put(one.emitter.scope, one.outcome.verdict, said(one), one.seat.placeKey);
  }
  for (const one of unjudged) put(one.scope, one.verdict, one.because);
  return places.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ place }) => place);
}

function placeKey(scope: Scope): string {
  return `${scope.provider}|${scope.account ?? ''}|${scope.region ?? ''}|${scope.resource ?? ''}`;
}

/** Free of the place's own name, so that places that fare alike read alike. */
function placeText(desk: Desk, need: Need, one: Judged): string {
  const nowhere = `no log takes ${one.alternative.sourceId} events here`;
  if (one.flow.routes.length === 0 && one.flow.deadEnds.length === 0) return nowhere;
  const event = lostEvent(desk, need, one);
  return `${one.outcome.verdict === 'unknown' ? 'not settled' : 'lost'} at ${event ? lossAt(need, one, event, nowhere).at : 'an edge'}`;
}

function waySaid(one: Judged): string {
  // Which ways carry something does not depend on the days asked for.
  if (one.substituted.length > 0) return wayOf(one);
  one.seat.way ??= wayOf(one);
  return one.seat.way;
}

function wayOf({ offers, outcome }: Judged): string {
  const ways = outcome.used
    .map((index) => offers[index] as Offer)
    .filter((offer) => offer.refused === undefined && offer.route.store.kind !== 'native');
  const texts = ways.map((offer) => `${offer.route.edges.at(0)?.label} → ${nameOf(offer.route.store)} (${offer.kept.because})`);
  return [...new Set(texts)].slice(0, 3).join('; ') || 'what the provider keeps by itself';
}

function worstOf(judged: readonly Judged[]): Judged | undefined {
  let worst: Judged | undefined;
  for (const one of judged) if (!worst || rankOf(one.outcome.verdict) > rankOf(worst.outcome.verdict)) worst = one;
  return worst;
}

const events = new WeakMap<Outcome, { readonly event: Event | undefined }>();

/** One concrete event of what is lost at a place; made when it is first shown. */
function lostEvent(desk: Desk, need: Need, one: Judged): Event | undefined {
  let made = events.get(one.outcome);
  if (!made) {
    made = { event: eventOf(desk, one.alternative, one.outcome.lost, need) };
    events.set(one.outcome, made);
  }
  return made.event;
}

function lossAt(need: Need, one: Judged, event: Event, nowhere: string): Loss {
  return lossOf(event, one.flow, one.offers, one.outcome.lostBy, nowhere, need.demand, one.outcome.verdict !== 'unknown');
}

function describeLoss(
  desk: Desk,
  need: Need,
  one: Judged,
): { at: string; fix: string | undefined; witness: Record<string, string> | undefined } {
  const event = lostEvent(desk, need, one);
  if (!event) return { at: '', fix: undefined, witness: undefined };
  const where = one.emitter.scope.resource ?? one.emitter.name;
  const loss = lossAt(need, one, event, `no log takes ${one.alternative.sourceId} events of ${where}`);
  const scope = one.emitter.scope;
  const fields = Object.fromEntries(Object.entries(event).filter(([, value]) => value !== ''));
  return {
    at: loss.at,
    fix: loss.fix,
    witness: {
      ...fields,
      ...(scope.account ? { account: scope.account } : {}),
      ...(scope.region ? { region: scope.region } : {}),
      lostAt: loss.at,
    },
  };
}

function sentence(
  desk: Desk,
  need: Need,
  verdict: Verdict,
  worst: Judged | undefined,
  lostAt: string | undefined,
  judged: readonly Judged[],
  unjudged: readonly Unjudged[],
  places: readonly PlaceVerdict[],
): string {
  const count = places.filter((place) => place.verdict !== 'not-applicable').length;
  const bad = places.filter((place) => !['covered', 'not-applicable'].includes(place.verdict)).length;
  const spread = count > 1 && bad > 0 && bad < count ? ` in ${bad} of ${count} places` : '';
  if (verdict === 'covered')
    return `Every needed event arrives: ${waySaid(judged[0] as Judged)}${count > 1 ? `; the same holds in all ${count} places` : ''}.`;
  if (!worst || worst.outcome.verdict === 'covered') {
    const first = unjudged.find((one) => one.verdict !== 'not-applicable') ?? unjudged[0];
    return `${capital(first?.because ?? 'nothing in scope emits such events').replace(/\.+$/, '')}${spread}.`;
  }
  const { lostBy } = worst.outcome;
  if (worst.outcome.verdict === 'unknown') return `Nothing is certainly lost, but it is not settled${spread}: ${lostAt}.`;
  if (lostBy === 'searchable' || lostBy === 'total') {
    const required = lostBy === 'searchable' ? need.demand.searchableDays : need.demand.totalDays;
    const days = lostBy === 'searchable' ? worst.outcome.searchableDays : worst.outcome.totalDays;
    return `Kept too short${spread}: ${days === undefined ? 'not kept long enough' : `${lostBy === 'searchable' ? 'searchable' : 'kept'} for ${days === Number.POSITIVE_INFINITY ? 'ever' : `${days} days`} where it arrives`}, ${required} are needed; lost at ${lostAt}.`;
  }
  return `${verdict === 'missing' ? 'Not captured' : 'Captured in part'}${spread}: ${shortly(lostEvent(desk, need, worst))} is lost at ${lostAt}.`;
}

function shortly(event: Event | undefined): string {
  if (!event) return 'an event';
  return (
    event.eventName ??
    Object.entries(event)
      .filter(([, value]) => value !== '')
      .slice(0, 3)
      .map(([field, value]) => `${field} ${value}`)
      .join(', ')
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function substitutesSaid(judged: readonly Judged[]): string[] {
  const used = new Map(judged.flatMap((one) => one.substituted.map((substitute) => [substitute.source, substitute.loss] as const)));
  return [...used].map(([source, loss]) => `Counts on ${source} as a stand-in, which loses: ${loss}`);
}

function findingsOf(desk: Desk, judged: readonly Judged[]): Finding[] {
  const found = new Map<string, Finding>();
  const seen = new Set<readonly Offer[]>();
  for (const { offers, outcome, needed, seat, substituted } of judged) {
    if ((substituted.length === 0 && !seat.telling) || seen.has(offers)) continue;
    seen.add(offers);
    for (const [index, offer] of offers.entries()) {
      if (!outcome.used.includes(index) && shareOf(needed, offer.route.upper) === 'none') continue;
      for (const edge of offer.route.edges)
        for (const finding of desk.paths.nodes.get(edge.to)?.findings ?? []) found.set(finding.message, finding);
    }
  }
  return [...found.values()].slice(0, 50);
}

function consistencyOf(findings: readonly Finding[]): Verdict {
  return findings.some((finding) => finding.dimension === 'consistency' && (finding.severity === 'high' || finding.severity === 'medium'))
    ? 'partial'
    : 'covered';
}

function fixesOf(judged: readonly Judged[], first: string | undefined): string[] {
  const fixes = new Set<string>(first ? [first] : []);
  for (const one of judged) {
    if (one.outcome.verdict === 'covered' || fixes.size >= 5) continue;
    if (one.flow.routes.every((route) => route.store.kind === 'native') && one.alternative.source?.enable) {
      const resource = one.emitter.scope.resource ?? '';
      fixes.add(
        one.alternative.source.enable
          .replaceAll('{resource}', resource)
          .replaceAll('{id}', resource.split(/[/:]/).at(-1) ?? '')
          .replaceAll('{account}', one.emitter.scope.account ?? '')
          .replaceAll('{region}', one.emitter.scope.region ?? ''),
      );
    }
  }
  return [...fixes];
}

function dedupe(unknowns: readonly Unknown[]): Unknown[] {
  return [...new Map(unknowns.map((unknown) => [`${unknown.call}|${unknown.on}|${unknown.code}`, unknown])).values()].slice(0, 200);
}

/** At most three places: the worst, and up to two others that fare differently. */
function drawnOf(desk: Desk, need: Need, judged: readonly Judged[], worst: Judged | undefined): DrawnPath[] {
  const picked: Judged[] = worst ? [worst] : [];
  for (const candidate of judged) {
    if (picked.length >= 3) break;
    if (!picked.some((chosen) => chosen.offers === candidate.offers || chosen.outcome === candidate.outcome)) picked.push(candidate);
  }
  return picked.flatMap((chosen) => draw(desk.paths, { ...chosen, event: lostEvent(desk, need, chosen) }));
}

function evidenceOf(judged: readonly Judged[], unjudged: readonly Unjudged[]): number[] {
  const ids = new Set<number>();
  const seen = new Set<readonly Offer[]>();
  for (const { offers, emitter } of judged) {
    if (ids.size > 500) break;
    for (const id of emitter.evidence) ids.add(id);
    if (seen.has(offers)) continue;
    seen.add(offers);
    for (const offer of offers) {
      for (const edge of offer.route.edges) for (const id of edge.evidence) ids.add(id);
      for (const id of (offer.route.store as Store).evidence) ids.add(id);
      for (const unknown of offer.kept.unknowns) for (const id of unknown.evidence ?? []) ids.add(id);
    }
  }
  for (const place of unjudged)
    for (const id of [...place.evidence, ...place.unknowns.flatMap((unknown) => unknown.evidence ?? [])]) ids.add(id);
  return [...ids].sort((a, b) => a - b);
}
