import type { Event, Selector } from '../events/classes.ts';
import type { DrawnPath } from '../model/assessment.ts';
import type { Scope } from '../model/scope.ts';
import { type Offer, shareOf } from '../paths/evaluate.ts';
import { type Edge, type LogPaths, retentionOf } from '../paths/graph.ts';
import { stopOf } from './offers.ts';

interface Drawable {
  readonly emitter: { readonly scope: Scope; readonly name: string; readonly evidence: readonly number[] };
  readonly alternative: { readonly sourceId: string };
  readonly needed: Selector;
  readonly offers: readonly Offer[];
  readonly event: Event | undefined;
}

/** The ways of one place as stops, the edge that loses the witness marked. */
export function draw(paths: LogPaths, { emitter, alternative, needed, offers, event }: Drawable): DrawnPath[] {
  const start = { label: emitter.scope.resource ?? emitter.name, kind: alternative.sourceId, evidence: [...emitter.evidence] };
  const shown = offers.filter((offer) => !offer.route.store.unseen || shareOf(needed, offer.upper) !== 'none').slice(0, 6);
  if (shown.length === 0) return [{ place: emitter.scope, stops: [start] }];
  return shown.map((offer) => {
    const stop = event && stopOf(event, offer.route);
    return {
      place: emitter.scope,
      stops: [
        start,
        ...offer.route.edges.map((edge, index) => {
          const node = paths.nodes.get(edge.to);
          return {
            label: node?.name ?? edge.to,
            kind: node?.type === 'store' ? node.kind : (node?.kind ?? ''),
            edge: { ...passing(edge, needed), ...(stop?.edge === index ? { cut: true } : {}) },
            ...(node?.type === 'store' ? { retention: retentionOf(offer.kept) } : {}),
            evidence: [...new Set([...edge.evidence, ...(node?.evidence ?? [])])],
          };
        }),
      ],
    };
  });
}

function passing(edge: Edge, needed: Selector): { passes: 'all' | 'some' | 'none' | 'unknown'; why?: string } {
  if (edge.delivery.state === 'broken') return { passes: 'none', why: edge.delivery.why };
  if (edge.delivery.state !== 'flowing') return { passes: 'unknown', why: edge.delivery.why };
  const certain = shareOf(needed, edge.passes);
  if (certain === 'all') return { passes: 'all' };
  if (shareOf(needed, edge.mayPass) === 'none') return { passes: 'none', why: `${edge.label} takes none of these events` };
  if (certain === 'none')
    return { passes: 'unknown', why: edge.unknowns.map((unknown) => `${unknown.call}: ${unknown.code}`).join(', ') || 'not read' };
  return { passes: 'some', why: `${edge.label} takes a part of these events` };
}
