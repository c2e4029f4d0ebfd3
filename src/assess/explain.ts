import { type Event, isEmpty, type Selector } from '../events/classes.ts';
import { knownNames } from '../events/universe.ts';
import { witness } from '../events/witness.ts';
import type { DrawnPath, Finding, PlaceVerdict, Verdict } from '../model/assessment.ts';
import type { Scope } from '../model/scope.ts';
import { type Alternative, knownOf, type Need } from '../needs/compile.ts';
import { type Offer, type Outcome, shareOf } from '../paths/evaluate.ts';
import type { Store } from '../paths/graph.ts';
import { type Desk, type Judged, placeKey, type Unjudged } from './desk.ts';
import { draw } from './draw.ts';
import { type Loss, lossOf, nameOf } from './offers.ts';

/** One concrete event of what is lost: known names first, the asset's own resource, values of the source's fields. */
function eventOf(desk: Desk, alternative: Alternative, lost: Selector, need: Need): Event | undefined {
  const { source } = alternative;
  if (!source || isEmpty(lost)) return undefined;
  const resource = need.at.resource === undefined ? need.bound?.ids[0] : need.at.resource.includes('*') ? undefined : need.at.resource;
  const known = knownNames(source, knownOf(source, desk.rules), lost);
  const field = source.resource?.field;
  // The asset's own resource is the most telling value of the field that names it.
  const hints = resource && field ? { ...known, [field]: [`${resource}/example-key`, resource, ...(known[field] ?? [])] } : known;
  return witness(lost, hints);
}

/** A verdict per place; the regions of an account that fare alike are one place. */
export function placesOf(desk: Desk, need: Need, judged: readonly Judged[], unjudged: readonly Unjudged[]): PlaceVerdict[] {
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

export function describeLoss(
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

export function sentence(
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

export function substitutesSaid(judged: readonly Judged[]): string[] {
  const used = new Map(judged.flatMap((one) => one.substituted.map((substitute) => [substitute.source, substitute.loss] as const)));
  return [...used].map(([source, loss]) => `Counts on ${source} as a stand-in, which loses: ${loss}`);
}

export function findingsOf(desk: Desk, judged: readonly Judged[]): Finding[] {
  const found = new Map<string, Finding>();
  const seen = new Set<readonly Offer[]>();
  for (const { offers, outcome, needed, seat, substituted } of judged) {
    // Thousands of places share the findings of one bucket.
    if (substituted.length === 0 && seat.findings.every((finding) => found.get(finding.message) === finding)) continue;
    if (seen.has(offers)) continue;
    seen.add(offers);
    for (const [index, offer] of offers.entries()) {
      if (!outcome.used.includes(index) && shareOf(needed, offer.route.upper) === 'none') continue;
      for (const edge of offer.route.edges)
        for (const finding of desk.paths.nodes.get(edge.to)?.findings ?? []) found.set(finding.message, finding);
    }
  }
  return [...found.values()].slice(0, 50);
}

export function consistencyOf(findings: readonly Finding[]): Verdict {
  return findings.some((finding) => finding.dimension === 'consistency' && (finding.severity === 'high' || finding.severity === 'medium'))
    ? 'partial'
    : 'covered';
}

export function fixesOf(judged: readonly Judged[], first: string | undefined): string[] {
  const fixes = new Set<string>(first ? [first] : []);
  for (const one of judged) {
    if (one.outcome.verdict === 'covered' || fixes.size >= 5) continue;
    if (one.flow.routes.every((route) => route.store.kind === 'native') && one.alternative.source?.enable) {
      const resource = one.emitter.scope.resource ?? '';
      fixes.add(
        one.alternative.source.enable
          .replaceAll('{resource}', () => resource)
          .replaceAll('{id}', () => resource.split(/[/:]/).at(-1) ?? '')
          .replaceAll('{account}', () => one.emitter.scope.account ?? '')
          .replaceAll('{region}', () => one.emitter.scope.region ?? ''),
      );
    }
  }
  return [...fixes];
}

/** At most three places: the worst, and up to two others that fare differently. */
export function drawnOf(desk: Desk, need: Need, judged: readonly Judged[], worst: Judged | undefined): DrawnPath[] {
  const picked: Judged[] = worst ? [worst] : [];
  for (const candidate of judged) {
    if (picked.length >= 3) break;
    if (!picked.some((chosen) => chosen.offers === candidate.offers || chosen.outcome === candidate.outcome)) picked.push(candidate);
  }
  return picked.flatMap((chosen) => draw(desk.paths, { ...chosen, event: lostEvent(desk, need, chosen) }));
}

export function evidenceOf(judged: readonly Judged[], unjudged: readonly Unjudged[]): number[] {
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
