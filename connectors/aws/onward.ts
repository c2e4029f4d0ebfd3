import { EVERYTHING, NOTHING } from '../../src/events/classes.ts';
import { own } from '../../src/model/own.ts';
import type { Scope } from '../../src/model/scope.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import type { Landing } from './destinations.ts';
import { UNKNOWN_KEPT } from './listing.ts';

/** What carries logs on from a store, by the service in its ARN: what to call it, and the call that would tell where it leads. */
const CARRIERS: Readonly<Record<string, { readonly kind: string; readonly call: string }>> = {
  firehose: { kind: 'delivery stream', call: 'firehose:DescribeDeliveryStream' },
  kinesis: { kind: 'stream', call: 'kinesis:DescribeStreamSummary' },
  lambda: { kind: 'function', call: 'lambda:GetFunction' },
  logs: { kind: 'log destination', call: 'logs:DescribeDestinations' },
  sqs: { kind: 'queue', call: 'sqs:GetQueueAttributes' },
  events: { kind: 'event bus', call: 'events:ListRules' },
  sns: { kind: 'topic', call: 'sns:ListSubscriptionsByTopic' },
};

/** A delivery stream hands on to a SIEM, a bucket or an index: until it is read, what it keeps is open. */
export function landInFirehose(
  evidence: EvidenceView,
  paths: PathsBuilder,
  stream: { readonly arn: string; readonly hasStatus?: boolean },
): Landing {
  const unknown = evidence.unknownOf('firehose:DescribeDeliveryStream', stream.arn, 'NotAsked', []);
  const node = endOf(paths, stream.arn, scopeOf(stream.arn), unknown);
  const state = stream.hasStatus
    ? ({ state: 'flowing' } as const)
    : ({ state: 'unknown', why: `delivery stream ${nameOf(stream.arn)} was not read`, unknowns: [unknown] } as const);
  return { node, delivery: state, unknowns: [unknown], evidence: [] };
}

/** The hop for a stream, function, queue or topic that takes logs from a store, with an end that was not read. Gives the hop's id. */
export function landOnward(evidence: EvidenceView, paths: PathsBuilder, arn: string, near: Scope): string {
  const carrier = own(CARRIERS, arn.split(':')[2] ?? '') ?? { kind: 'receiver', call: 'events:ListTargetsByRule' };
  const id = `onward:${arn}`;
  if (paths.has(id)) return id;
  const unknown = evidence.unknownOf(carrier.call, arn, 'NotAsked', []);
  const scope = { ...near, ...scopeOf(arn) };
  paths.node({ type: 'hop', id, kind: carrier.kind, name: nameOf(arn), scope, evidence: [], findings: [] });
  paths.edge(id, {
    id: `${id}>end`,
    to: endOf(paths, arn, scope, unknown),
    label: `${carrier.kind} ${nameOf(arn)}`,
    passes: NOTHING,
    mayPass: EVERYTHING,
    unknowns: [unknown],
    delivery: { state: 'flowing' },
    evidence: [],
  });
  return id;
}

function endOf(paths: PathsBuilder, arn: string, scope: Scope, unknown: ReturnType<EvidenceView['unknownOf']>): string {
  return paths.node({
    type: 'store',
    id: `siem:${arn}`,
    kind: 'siem',
    name: nameOf(arn),
    scope,
    // A bucket, an index, a SIEM or nothing: it may meet any demand, and none for certain.
    unseen: true,
    evidence: [],
    findings: [],
    unknowns: [unknown],
    keeps: { ...UNKNOWN_KEPT, because: `what ${nameOf(arn)} hands on to was not read`, unknowns: [unknown] },
  });
}

function scopeOf(arn: string): Scope {
  const [, , , region, account] = arn.split(':');
  return { provider: 'aws', ...(account ? { account } : {}), ...(region ? { region } : {}), resource: arn };
}

function nameOf(arn: string): string {
  return (
    arn
      .split(':')
      .slice(5)
      .join(':')
      .replace(/^(deliverystream|stream)\//, '')
      .replace(/^(function|destination):/, '') || arn
  );
}
