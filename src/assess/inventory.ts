import { attempt } from '../events/attempt.ts';
import { disjoint, intersect, isEmpty, type Selector, selectorOf } from '../events/classes.ts';
import type { DeliveryState, Finding, InventoryRow, Unknown } from '../model/assessment.ts';
import type { Scope } from '../model/scope.ts';
import type { Source } from '../model/source.ts';
import { universe } from '../needs/compile.ts';
import { judge, notCompared, type Offer } from '../paths/evaluate.ts';
import type { Edge, Emitter } from '../paths/graph.ts';
import { canonical } from '../store/view.ts';
import type { Desk } from './desk.ts';
import { nameOf, offersOf } from './offers.ts';
import { addOutliers } from './uniform.ts';

/** What each source collects at each place, by the same arithmetic as the needs. Regions of an account that fare alike are one row. */
export function inventoryOf(desk: Desk): InventoryRow[] {
  const rows: InventoryRow[] = [];
  const numbers = new Map<unknown, number>();
  const number = (thing: unknown): number => {
    let own = numbers.get(thing);
    if (own === undefined) numbers.set(thing, (own = numbers.size));
    return own;
  };
  // Emitters of one number get the same content in every row.
  const kinds = new Map<Emitter, number>();
  const kindOf = (emitter: Emitter, alone: boolean): number => {
    let kind = kinds.get(emitter);
    if (kind === undefined) {
      const placed = desk.flow(emitter.taps).routes.some((route) => typeof route.store.keeps === 'function');
      kind = number(alone || placed ? emitter : `${number(emitter.taps)}|${number(emitter.universe)}`);
      kinds.set(emitter, kind);
    }
    return kind;
  };
  for (const [id, emitters] of desk.bySource) {
    const source = desk.rules.sources.get(id);
    if (!source) continue;
    for (const view of [source, ...[...desk.rules.sources.values()].filter((one) => one.view?.of === id)]) {
      const contents = new Map<number, { content: RowContent; same: number }>();
      const groups = new Map<string, { scope: Scope; content: RowContent; emitters: Emitter[] }>();
      for (const emitter of emitters) {
        // What needs no log collects none, and is no gap.
        if (emitter.notApplicable !== undefined) continue;
        const kind = kindOf(emitter, source.place === 'resource');
        let known = contents.get(kind);
        if (known === undefined) {
          const content = contentOf(desk, source, view, emitter);
          contents.set(kind, (known = { content, same: number(content.same) }));
        }
        const place = source.place === 'resource' ? emitter.id : `${emitter.scope.provider}|${emitter.scope.account}|${known.same}`;
        const group = groups.get(place);
        if (group) {
          group.emitters.push(emitter);
          continue;
        }
        const { region, ...wider } = emitter.scope;
        groups.set(place, { scope: source.place === 'resource' ? emitter.scope : wider, content: known.content, emitters: [emitter] });
      }
      const perAccount = new Map<string, number>();
      for (const { scope } of groups.values()) perAccount.set(scope.account ?? '', (perAccount.get(scope.account ?? '') ?? 0) + 1);
      for (const { scope, content, emitters: members } of groups.values()) {
        // Regions that differ get a row each, so that the outlier has a name.
        const alone = source.place === 'resource' || perAccount.get(scope.account ?? '') === 1;
        for (const member of alone ? [members[0] as Emitter] : members) {
          rows.push({
            source: view.id,
            scope: alone ? scope : member.scope,
            ...(source.place === 'resource' ? { name: member.name } : {}),
            ...content.row,
            findings: [...content.row.findings],
            evidence: [
              ...new Set([...content.row.evidence, ...(alone ? members.slice(0, 20) : [member]).flatMap((one) => one.evidence)]),
            ].sort((a, b) => a - b),
          });
        }
      }
    }
  }
  for (const blind of desk.paths.blind) {
    for (const source of blind.sources) {
      rows.push({
        source,
        scope: blind.scope,
        collection: 'unknown',
        captured: [],
        delivery: 'unknown',
        retention: {},
        path: [],
        findings: [],
        unknowns: [...blind.unknowns],
        evidence: [...blind.evidence],
      });
    }
  }
  for (const { source, scope, finding } of desk.paths.findings) {
    const row = rows.find(
      (one) =>
        one.source === source &&
        one.scope.account === scope.account &&
        (scope.resource === undefined || one.scope.resource === scope.resource) &&
        (one.scope.region === undefined || scope.region === undefined || one.scope.region === scope.region),
    );
    row?.findings.push(finding);
  }
  addOutliers(rows);
  return rows
    .map((row) => ({ key: rowKey(row), row }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
}

function rowKey(row: InventoryRow): string {
  return [row.source, row.scope.account ?? '', row.scope.region ?? '', row.scope.resource ?? ''].join('|');
}

interface RowContent {
  readonly row: Omit<InventoryRow, 'source' | 'scope' | 'name'>;
  /** Equal for rows that say the same; empty where each resource has its own row. */
  readonly same: string;
}

/** What a row says; where filters cannot be compared, that it is not known. */
function contentOf(desk: Desk, source: Source, view: Source, emitter: Emitter): RowContent {
  return attempt(
    () => settledContent(desk, source, view, emitter),
    (problem) => {
      const row: RowContent['row'] = {
        collection: 'unknown',
        captured: Object.keys(view.classes).map((suffix) => ({ class: `${view.id}.${suffix}`, is: 'unknown' as const })),
        delivery: 'unknown',
        retention: {},
        path: [],
        findings: [],
        unknowns: [notCompared(emitter.name, problem)],
        evidence: [],
      };
      return { row, same: source.place === 'resource' ? '' : canonical(row) };
    },
  );
}

function settledContent(desk: Desk, source: Source, view: Source, emitter: Emitter): RowContent {
  const flow = desk.flow(emitter.taps);
  const offers = offersOf(flow, source.native ? { reach: 'native' } : {}, emitter.scope, desk.storeNames);
  const all = intersect(
    intersect(universe(source, desk.rules), view.view ? selectorOf(view.view.where) : selectorOf({})),
    emitter.universe,
  );
  const demand = source.native ? { reach: 'native' } : {};
  const whole = judge(all, offers, demand);
  const captured = Object.entries(view.classes).map(([suffix, part]) => {
    const events = intersect(all, selectorOf(part.where));
    const verdict = isEmpty(events) ? 'not-applicable' : judge(events, offers, demand).verdict;
    return {
      class: `${view.id}.${suffix}`,
      is:
        verdict === 'covered'
          ? ('all' as const)
          : verdict === 'partial'
            ? ('some' as const)
            : verdict === 'unknown'
              ? ('unknown' as const)
              : ('none' as const),
    };
  });
  const used = offers.filter((offer) => offer.route.store.kind !== 'native' && !disjoint(all, offer.upper) && !offer.route.store.unseen);
  const settled = whole.used.map((index) => offers[index] as Offer).filter((offer) => source.native || offer.route.store.kind !== 'native');
  const way = [...(settled.length > 0 ? settled : used)].sort((a, b) => b.kept.total.least - a.kept.total.least);
  const days = (value: number | undefined) => (value === undefined ? undefined : value === Number.POSITIVE_INFINITY ? null : value);
  const searchableDays = days(whole.searchableDays);
  const totalDays = days(whole.totalDays);
  const relevant = offers.filter((offer) => source.native || takesAny(offer, all));
  const immutable =
    settled.length > 0 && settled.every((offer) => offer.kept.immutable !== undefined)
      ? settled.every((offer) => offer.kept.immutable === true)
      : undefined;
  const row: RowContent['row'] = {
    collection:
      whole.verdict === 'covered' ? 'full' : whole.verdict === 'partial' ? 'partial' : whole.verdict === 'unknown' ? 'unknown' : 'none',
    captured,
    delivery: deliveryOf(relevant, all),
    retention: {
      ...(searchableDays === undefined ? {} : { searchableDays }),
      ...(totalDays === undefined ? {} : { totalDays }),
      ...(immutable === undefined ? {} : { immutable }),
    },
    path: [...new Set(way.flatMap((offer) => pathOf(desk, offer)))],
    findings: findingsOf(desk, relevant, all, settled),
    unknowns: [...unknownsOf(relevant), ...(whole.notCompared ? [notCompared(emitter.name, whole.notCompared)] : [])],
    evidence: [
      ...new Set(relevant.flatMap((offer) => [...offer.route.edges.flatMap((edge) => edge.evidence), ...offer.route.store.evidence])),
    ].sort((a, b) => a - b),
  };
  return { row, same: source.place === 'resource' ? '' : canonical({ ...row, evidence: [] }) };
}

/** Whether the first edge is meant for these events: it takes some, or might, or is down. */
function takesAny(offer: Offer, events: Selector): boolean {
  return offer.route.store.kind !== 'native' || offer.route.store.unseen === true
    ? offer.route.edges.every((edge) => !disjoint(events, edge.mayPass))
    : false;
}

function pathOf(desk: Desk, offer: Offer): string[] {
  return offer.route.edges.map((edge) => {
    const node = desk.paths.nodes.get(edge.to);
    if (!node) return edge.label;
    return node.type === 'store' ? nameOf(node) : `${node.kind} ${node.name}`;
  });
}

function deliveryOf(offers: readonly Offer[], events: Selector): DeliveryState {
  const seen = offers.filter((offer) => !offer.route.store.unseen && !disjoint(events, intended(offer.route.edges)));
  if (seen.length === 0) return offers.some((offer) => offer.route.store.unseen) ? 'unknown' : 'n/a';
  const states = seen.map((offer) => worst(offer.route.edges));
  if (states.every((state) => state === 'flowing')) return 'healthy';
  if (states.every((state) => state === 'broken')) return 'broken';
  if (
    states.some((state) => state === 'broken') ||
    (states.some((state) => state === 'flowing') && states.some((state) => state === 'stale'))
  )
    return 'degraded';
  return states.includes('stale') ? 'stale' : 'unknown';
}

function intended(edges: readonly Edge[]): Selector {
  return edges.map((edge) => edge.mayPass).reduce((a, b) => intersect(a, b));
}

function worst(edges: readonly Edge[]): 'flowing' | 'unknown' | 'stale' | 'broken' {
  const order = ['flowing', 'unknown', 'stale', 'broken'] as const;
  return order[Math.max(...edges.map((edge) => order.indexOf(edge.delivery.state)))] ?? 'unknown';
}

function findingsOf(desk: Desk, offers: readonly Offer[], events: Selector, settled: readonly Offer[]): Finding[] {
  const found = new Map<string, Finding>();
  for (const offer of offers) {
    for (const edge of offer.route.edges) {
      for (const finding of desk.paths.nodes.get(edge.to)?.findings ?? []) found.set(finding.message, finding);
    }
  }
  for (const [index, a] of settled.entries()) {
    for (const b of settled.slice(index + 1)) {
      const [firstA, firstB] = [a.route.edges[0], b.route.edges[0]];
      if (firstA && firstB && firstA.id !== firstB.id && !disjoint(events, intersect(a.lower, b.lower))) {
        const message = `the same events are taken by ${firstA.label} and ${firstB.label}: they are paid for twice`;
        found.set(message, {
          kind: 'doubled',
          dimension: 'consistency',
          severity: 'low',
          message,
          evidence: [...firstA.evidence, ...firstB.evidence],
        });
      }
      if (a.kept.total.least !== b.kept.total.least && firstA?.id !== firstB?.id) {
        const message = `retention differs between the copies: ${nameOf(a.route.store)} keeps ${sayDays(a.kept.total.least)}, ${nameOf(b.route.store)} ${sayDays(b.kept.total.least)}`;
        found.set(message, {
          kind: 'retention-differs',
          dimension: 'consistency',
          severity: 'low',
          message,
          evidence: [...a.route.store.evidence, ...b.route.store.evidence],
        });
      }
    }
  }
  return [...found.values()];
}

function sayDays(days: number): string {
  return days === Number.POSITIVE_INFINITY ? 'for ever' : `${days} days`;
}

function unknownsOf(offers: readonly Offer[]): Unknown[] {
  const found = new Map<string, Unknown>();
  for (const { route, kept } of offers) {
    const own = [
      ...route.edges.flatMap((edge) => [...edge.unknowns, ...('unknowns' in edge.delivery ? (edge.delivery.unknowns ?? []) : [])]),
      ...(route.unknowns ?? []),
      ...kept.unknowns,
      ...route.store.unknowns,
    ];
    for (const unknown of own) found.set(`${unknown.call}|${unknown.on}|${unknown.code}`, unknown);
  }
  return [...found.values()];
}
