import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { Answered, EvidenceView } from '../../src/store/view.ts';
import { type Landing, landInBucket, landInFirehose, landInLogGroup } from './destinations.ts';
import { bucketOf, groupArn, unseenEdge } from './listing.ts';
import { remember } from './remember.ts';

const NEXT = { from: 'nextToken', to: 'nextToken' };

const calls = {
  'logs:DescribeDeliverySources': {
    permission: 'logs:DescribeDeliverySources',
    why: 'resources set up for vended logs',
    pages: NEXT,
    per: 'region',
  },
  'logs:DescribeDeliveries': { permission: 'logs:DescribeDeliveries', why: 'which of them are delivered', pages: NEXT, per: 'region' },
  'logs:DescribeDeliveryDestinations': { permission: 'logs:DescribeDeliveryDestinations', why: 'where to', pages: NEXT, per: 'region' },
} as const satisfies Collector['calls'];

/**
 * Vended logs of any service: a source (resource and log type) is joined to a destination by a delivery. The resource's own settings do
 * not show it. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-vended-logs-permissions-V2.html
 */
export const vendedDeliveriesCollector: Collector = {
  id: 'vended-deliveries',
  provider: 'aws',
  service: 'CloudWatch Logs vended deliveries',
  informs: ['aws.s3.accesslogs', 'aws.elb.alb.access', 'aws.elb.alb.connection', 'aws.elb.nlb'],
  runs: 'region',
  phase: 'sources',
  calls,
  doc: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-vended-logs-permissions-V2.html',
  async collect(cell) {
    const [, , destinations] = await Promise.all([
      cell.ask('logs:DescribeDeliverySources'),
      cell.ask('logs:DescribeDeliveries'),
      cell.ask('logs:DescribeDeliveryDestinations'),
    ]);
    for (const page of destinations.pages) {
      const read = Destinations.safeParse(page);
      for (const one of read.success ? read.data.deliveryDestinations : []) {
        const target = targetOf(one.deliveryDestinationType, one.deliveryDestinationConfiguration?.destinationResourceArn);
        if (target) cell.want(target);
      }
    }
  },
  read() {
    // Deliveries become edges of the resource that they belong to: `tapsOfVended`.
  },
};

const Sources = z.object({
  deliverySources: z
    .array(
      z.object({
        name: z.string(),
        arn: z.string().optional(),
        resourceArns: z.array(z.string()).default([]),
        service: z.string().optional(),
        logType: z.string().optional(),
        status: z.string().optional(),
        statusReason: z.string().optional(),
      }),
    )
    .default([]),
});
const Deliveries = z.object({
  deliveries: z
    .array(
      z.object({
        id: z.string(),
        arn: z.string().optional(),
        deliverySourceName: z.string(),
        deliveryDestinationArn: z.string(),
        deliveryDestinationType: z.string().optional(),
        recordFields: z.array(z.string()).nullish(),
        s3DeliveryConfiguration: z
          .object({ suffixPath: z.string().optional(), enableHiveCompatiblePath: z.boolean().optional() })
          .nullish(),
      }),
    )
    .default([]),
});
const Destinations = z.object({
  deliveryDestinations: z
    .array(
      z.object({
        name: z.string().optional(),
        arn: z.string(),
        deliveryDestinationType: z.string().optional(),
        outputFormat: z.string().optional(),
        deliveryDestinationConfiguration: z.object({ destinationResourceArn: z.string() }).nullish(),
      }),
    )
    .default([]),
});
type Source = z.infer<typeof Sources>['deliverySources'][number];
type Destination = z.infer<typeof Destinations>['deliveryDestinations'][number];

const KINDS: Readonly<Record<string, 's3' | 'cloudwatch-logs' | 'firehose'>> = { S3: 's3', CWL: 'cloudwatch-logs', FH: 'firehose' };

/** The thing to look at: an absent type is told by the ARN. X-Ray takes traces, not logs. */
function targetOf(
  type: string | undefined,
  arn: string | undefined,
): { kind: 's3' | 'cloudwatch-logs' | 'firehose'; id: string; account?: string; region?: string } | undefined {
  if (arn === undefined) return undefined;
  const [, , service, region, account] = arn.split(':');
  const kind =
    own(KINDS, type ?? '') ??
    (type === undefined ? ({ s3: 's3', logs: 'cloudwatch-logs', firehose: 'firehose' } as const)[service ?? ''] : undefined);
  if (kind === undefined) return undefined;
  if (kind === 's3') return { kind, id: bucketOf(arn).bucket };
  return { kind, id: kind === 'cloudwatch-logs' ? groupArn(arn) : arn, ...(account ? { account } : {}), ...(region ? { region } : {}) };
}

/** One delivery of one resource's logs. */
export interface VendedDelivery {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly sourceName: string;
  readonly sourceArn: string | undefined;
  readonly service: string | undefined;
  readonly logType: string | undefined;
  readonly resourceArns: readonly string[];
  /** Set where the source is dead: `INACTIVE: RESOURCE_DELETED`. */
  readonly dead: string | undefined;
  readonly kind: 's3' | 'cloudwatch-logs' | 'firehose' | undefined;
  /** ARN of the bucket (with its prefix), log group or stream; undefined where it was not read, or is gone. */
  readonly destination: string | undefined;
  /** The destination is certainly gone. */
  readonly orphan: boolean;
  readonly recordFields: readonly string[] | undefined;
  readonly unknowns: readonly Unknown[];
  readonly ids: readonly number[];
}

export interface VendedDeliveries {
  readonly deliveries: readonly VendedDelivery[];
  /** The same by log type and resource: `ALB_ACCESS_LOGS|arn:…`. */
  readonly byResource: ReadonlyMap<string, readonly VendedDelivery[]>;
  /** Why there may be more than these. */
  readonly unknowns: readonly Unknown[];
  /** Sources without any delivery: set up, and logging nothing. */
  readonly undelivered: readonly {
    readonly name: string;
    readonly logType: string | undefined;
    readonly resourceArns: readonly string[];
  }[];
  readonly ids: readonly number[];
}

const joined = new WeakMap<EvidenceView, Map<string, VendedDeliveries>>();

/** All vended deliveries of an account in a region, or in all regions that were asked where none is given. */
export function vendedDeliveries(
  evidence: EvidenceView,
  place: { readonly account: string; readonly region?: string | undefined },
): VendedDeliveries {
  const known = remember(joined, evidence, () => new Map<string, VendedDeliveries>());
  const { account, region } = place;
  return remember(known, `${account}|${region ?? ''}`, () => join(evidence, { account, ...(region === undefined ? {} : { region }) }));
}

function answersFor<T>(
  evidence: EvidenceView,
  op: keyof typeof calls,
  shape: z.ZodType<T>,
  place: { account: string; region?: string },
): Answered<T>[] {
  const asked = evidence.calls(op, shape, place).filter((answer) => Object.keys(answer.args).every((name) => name === 'limit'));
  return asked.length > 0
    ? asked
    : [evidence.call(op, shape, { ...place, args: {} }, [place.region, place.account].filter(Boolean).join(' in '))];
}

function join(evidence: EvidenceView, place: { account: string; region?: string }): VendedDeliveries {
  const sources = answersFor(evidence, 'logs:DescribeDeliverySources', Sources, place);
  const deliveries = answersFor(evidence, 'logs:DescribeDeliveries', Deliveries, place);
  const byName = new Map<string, Source>(
    sources.flatMap((answer) =>
      answer.pages.flatMap((page) => page.deliverySources.map((source) => [`${answer.region ?? ''}|${source.name}`, source] as const)),
    ),
  );
  const sourceIds = sources.flatMap((answer) => answer.ids);
  const found: VendedDelivery[] = [];
  const delivered = new Set<string>();
  let strays = 0;
  for (const answer of deliveries) {
    for (const delivery of answer.pages.flatMap((page) => page.deliveries)) {
      const name = `${answer.region ?? ''}|${delivery.deliverySourceName}`;
      delivered.add(name);
      if (delivery.deliveryDestinationType === 'XRAY') continue;
      const source = byName.get(name);
      if (!source) {
        strays += 1;
        continue;
      }
      const end = endOf(evidence, delivery.deliveryDestinationArn, place.account);
      const target = targetOf(
        end.destination?.deliveryDestinationType ?? delivery.deliveryDestinationType,
        end.destination?.deliveryDestinationConfiguration?.destinationResourceArn,
      );
      found.push({
        id: delivery.id,
        account: place.account,
        region: answer.region ?? place.region ?? '',
        sourceName: source.name,
        sourceArn: source.arn,
        service: source.service,
        logType: source.logType,
        resourceArns: source.resourceArns,
        dead:
          source.status === 'INACTIVE' || source.statusReason === 'RESOURCE_DELETED'
            ? [source.status, source.statusReason].filter(Boolean).join(': ')
            : undefined,
        kind: target?.kind ?? own(KINDS, delivery.deliveryDestinationType ?? ''),
        destination: end.destination?.deliveryDestinationConfiguration?.destinationResourceArn,
        orphan: end.orphan,
        recordFields: delivery.recordFields ?? undefined,
        unknowns: end.unknowns,
        ids: [...new Set([...sourceIds, ...answer.ids, ...end.ids])],
      });
    }
  }
  const sourcesUnread = sources.flatMap((answer) => (answer.unknown ? [answer.unknown] : []));
  const deliveriesUnread = deliveries.flatMap((answer) => (answer.unknown ? [answer.unknown] : []));
  // With every delivery read and none of an unread source, sources that were not read have none. Otherwise both lists are needed.
  const unknowns = deliveriesUnread.length === 0 ? (strays === 0 ? [] : sourcesUnread) : [...deliveriesUnread, ...sourcesUnread];
  const sourcesComplete = sourcesUnread.length === 0;
  return {
    deliveries: found,
    byResource: indexed(found),
    unknowns: deliveriesUnread.length > 0 && sourcesComplete && byName.size === 0 ? [] : unknowns,
    undelivered:
      deliveriesUnread.length > 0
        ? []
        : [...byName]
            .filter(([name]) => !delivered.has(name))
            .map(([, source]) => ({ name: source.name, logType: source.logType, resourceArns: source.resourceArns })),
    ids: [...new Set([...sourceIds, ...deliveries.flatMap((answer) => answer.ids)])],
  };
}

function indexed(found: readonly VendedDelivery[]): Map<string, VendedDelivery[]> {
  const map = new Map<string, VendedDelivery[]>();
  for (const one of found) {
    for (const arn of one.resourceArns) map.set(`${one.logType ?? ''}|${arn}`, [...(map.get(`${one.logType ?? ''}|${arn}`) ?? []), one]);
  }
  return map;
}

interface End {
  readonly destination: Destination | undefined;
  readonly orphan: boolean;
  readonly unknowns: readonly Unknown[];
  readonly ids: readonly number[];
}

/** A destination may belong to another account, whose own list has it. */
function endOf(evidence: EvidenceView, arn: string, account: string): End {
  const [, , , region = '', owner = account] = arn.split(':');
  const lists = answersFor(evidence, 'logs:DescribeDeliveryDestinations', Destinations, {
    account: owner || account,
    ...(region === '' ? {} : { region }),
  });
  for (const answer of lists) {
    const destination = answer.pages.flatMap((page) => page.deliveryDestinations).find((one) => one.arn === arn);
    if (destination) return { destination, orphan: false, unknowns: [], ids: answer.ids };
  }
  const unknowns = lists.flatMap((answer) => (answer.unknown ? [answer.unknown] : []));
  return { destination: undefined, orphan: unknowns.length === 0, unknowns, ids: lists.flatMap((answer) => answer.ids) };
}

export interface VendedTaps {
  readonly account: string;
  readonly region?: string | undefined;
  readonly resourceArn: string;
  /** `ALB_ACCESS_LOGS`, `S3_SERVER_ACCESS_LOGS`, … */
  readonly logType: string;
  /** Typical seconds to the destination. */
  readonly latency?: number;
}

/**
 * First edges for the vended deliveries of one resource's log, each through a hop of its own to a bucket, log group or stream; an edge of
 * unknown content where it was not read which deliveries there are. None: certainly not delivered this way.
 */
export function tapsOfVended(evidence: EvidenceView, paths: PathsBuilder, wanted: VendedTaps): Edge[] {
  const { byResource, unknowns, undelivered, ids } = vendedDeliveries(evidence, wanted);
  const own = (byResource.get(`${wanted.logType}|${wanted.resourceArn}`) ?? []).filter(
    (one) => one.kind !== undefined || one.destination === undefined,
  );
  const taps = own.map((one) => tapOf(evidence, paths, wanted, one));
  for (const source of undelivered.filter((one) => one.logType === wanted.logType && one.resourceArns.includes(wanted.resourceArn))) {
    taps.push(
      brokenTap(
        paths,
        wanted,
        `source ${source.name}`,
        `delivery source ${source.name} has no delivery, so it logs nothing`,
        `aws logs create-delivery --region ${wanted.region ?? ''} --delivery-source-name ${source.name} --delivery-destination-arn DESTINATION_ARN`,
        ids,
      ),
    );
  }
  if (unknowns.length > 0) {
    const place = [wanted.account, wanted.region].filter(Boolean).join(' ');
    taps.push(
      unseenEdge(paths, {
        id: `vended|${wanted.account}|${wanted.region ?? ''}`,
        label: `vended log deliveries of ${place}`,
        unknowns,
        evidence: ids,
        account: wanted.account,
        ...(wanted.region === undefined ? {} : { region: wanted.region }),
      }),
    );
  }
  return taps;
}

function hopOf(paths: PathsBuilder, wanted: VendedTaps, name: string, id: string, evidence: readonly number[]): string {
  return paths.node({
    type: 'hop',
    id,
    kind: 'delivery',
    name,
    evidence,
    findings: [],
    scope: { provider: 'aws', account: wanted.account, ...(wanted.region === undefined ? {} : { region: wanted.region }) },
  });
}

function brokenTap(paths: PathsBuilder, wanted: VendedTaps, name: string, why: string, fix: string, ids: readonly number[]): Edge {
  const to = hopOf(paths, wanted, name, `vended|${wanted.account}|${wanted.region ?? ''}|${name}`, ids);
  return {
    id: `vended|${wanted.resourceArn}|${wanted.logType}|${name}`,
    to,
    label: `vended ${wanted.logType} of ${shortName(wanted.resourceArn)}`,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: [],
    delivery: { state: 'broken', why, fix },
    fix,
    evidence: [...ids],
  };
}

function tapOf(evidence: EvidenceView, paths: PathsBuilder, wanted: VendedTaps, one: VendedDelivery): Edge {
  const label = `vended ${wanted.logType} of ${shortName(wanted.resourceArn)}`;
  const recreate = `aws logs create-delivery --region ${one.region} --delivery-source-name ${one.sourceName} --delivery-destination-arn DESTINATION_ARN`;
  if (one.dead !== undefined)
    return brokenTap(paths, wanted, `delivery ${one.id}`, `delivery source ${one.sourceName} is ${one.dead}`, recreate, one.ids);
  if (one.orphan)
    return brokenTap(
      paths,
      wanted,
      `delivery ${one.id}`,
      `delivery ${one.id} leads to a destination that does not exist`,
      recreate,
      one.ids,
    );
  const landing = landingOf(evidence, paths, one);
  const tap = `vended|${wanted.resourceArn}|${wanted.logType}|${one.id}`;
  if (!landing) {
    return unseenEdge(paths, {
      id: tap,
      label: `${label}, delivery ${one.id}`,
      unknowns: one.unknowns,
      evidence: one.ids,
      account: one.account,
      region: one.region,
    });
  }
  const hop = hopOf(paths, wanted, one.sourceName, `vended|${one.account}|${one.region}|${one.id}`, one.ids);
  paths.edge(hop, {
    id: `${hop}>end`,
    to: landing.node,
    label: `delivery ${one.id} of source ${one.sourceName}`,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: landing.unknowns,
    delivery: landing.delivery,
    ...(one.recordFields === undefined ? {} : { fields: one.recordFields }),
    evidence: [...new Set([...one.ids, ...landing.evidence])],
  });
  return {
    id: tap,
    to: hop,
    label,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: [],
    delivery: { state: 'flowing' },
    ...(wanted.latency === undefined ? {} : { latency: wanted.latency }),
    evidence: [...one.ids],
  };
}

function landingOf(evidence: EvidenceView, paths: PathsBuilder, one: VendedDelivery): Landing | undefined {
  const { destination, kind } = one;
  if (destination === undefined || kind === undefined) return undefined;
  if (kind === 'cloudwatch-logs') return landInLogGroup(evidence, paths, { arn: groupArn(destination) });
  if (kind === 'firehose') return landInFirehose(evidence, paths, { arn: destination });
  const { bucket, prefix } = bucketOf(destination);
  return landInBucket(evidence, paths, {
    bucket,
    principals: ['delivery.logs.amazonaws.com'],
    sourceAccount: one.account,
    // Below a prefix of its own the rest of the key depends on the delivery's suffix.
    prefix: prefix === '' ? `AWSLogs/${one.account}/` : prefix,
    ...(one.sourceArn === undefined ? {} : { sourceArn: one.sourceArn }),
  });
}

function shortName(arn: string): string {
  const path = arn.split(':').slice(5).join(':');
  return path.split('/').length > 2 ? (path.split('/').at(-2) ?? path) : path;
}
