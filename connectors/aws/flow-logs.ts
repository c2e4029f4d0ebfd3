import { z } from 'zod';
import type { Answer, Collector, Destination } from '../../src/collect/collector.ts';
import type { EventClass, Selector } from '../../src/events/classes.ts';
import { EVERYTHING, NOTHING } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import type { Landing } from './destinations.ts';
import { landInBucket, landInFirehose, landInLogGroup } from './destinations.ts';
import type { AwsAccount, AwsEstate } from './estate.ts';
import { estateOf } from './estate.ts';
import type { Listing } from './listing.ts';
import { blindWhereNotReached, blindWhereRegionsUnknown, bucketOf, groupArn, listOf, unseenEdge } from './listing.ts';
import { securityLakeTaps } from './security-lake.ts';

const VPC_SOURCE = 'aws.vpc.flowlogs';
const TGW_SOURCE = 'aws.tgw.flowlogs';

const Vpcs = z.object({ Vpcs: z.array(z.object({ VpcId: z.string(), OwnerId: z.string().optional() })).default([]) });
const Subnets = z.object({
  Subnets: z
    .array(z.object({ SubnetId: z.string(), VpcId: z.string(), OwnerId: z.string().optional(), SubnetArn: z.string().optional() }))
    .default([]),
});
const Interfaces = z.object({
  NetworkInterfaces: z
    .array(
      z.object({
        NetworkInterfaceId: z.string(),
        SubnetId: z.string().optional(),
        VpcId: z.string().optional(),
        OwnerId: z.string().optional(),
      }),
    )
    .default([]),
});
const TransitGateways = z.object({
  TransitGateways: z
    .array(
      z.object({
        TransitGatewayId: z.string(),
        TransitGatewayArn: z.string().optional(),
        OwnerId: z.string().optional(),
        State: z.string().optional(),
      }),
    )
    .default([]),
});
const Attachments = z.object({
  TransitGatewayAttachments: z
    .array(z.object({ TransitGatewayAttachmentId: z.string(), TransitGatewayId: z.string().optional(), State: z.string().optional() }))
    .default([]),
});
const FlowLog = z.object({
  FlowLogId: z.string(),
  ResourceId: z.string().optional(),
  TrafficType: z.string().optional(),
  DeliverLogsStatus: z.string().optional(),
  DeliverLogsErrorMessage: z.string().optional(),
  LogDestinationType: z.string().optional(),
  LogDestination: z.string().optional(),
  LogGroupName: z.string().optional(),
  LogFormat: z.string().optional(),
  MaxAggregationInterval: z.number().optional(),
  DestinationOptions: z.object({ HiveCompatiblePartitions: z.boolean().optional() }).optional(),
});
const FlowLogs = z.object({ FlowLogs: z.array(FlowLog).default([]) });

/** A flow log and where it was listed. */
interface PlacedFlowLog {
  readonly log: z.infer<typeof FlowLog>;
  readonly account: AwsAccount;
  readonly region: string;
  readonly ids: readonly number[];
}

// Field names of version 2, which is what a flow log without a format of its own writes.
const DEFAULT_FIELDS = [
  'version',
  'account-id',
  'interface-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'log-status',
];
const DEFAULT_TGW_FIELDS = [
  'version',
  'resource-type',
  'account-id',
  'tgw-id',
  'tgw-attachment-id',
  'tgw-src-vpc-account-id',
  'tgw-dst-vpc-account-id',
  'tgw-src-vpc-id',
  'tgw-dst-vpc-id',
  'tgw-src-subnet-id',
  'tgw-dst-subnet-id',
  'tgw-src-eni',
  'tgw-dst-eni',
  'tgw-src-az-id',
  'tgw-dst-az-id',
  'tgw-pair-attachment-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'log-status',
  'type',
  'packets-lost-no-route',
  'packets-lost-blackhole',
  'packets-lost-mtu-exceeded',
  'packets-lost-ttl-expired',
  'tcp-flags',
  'region',
  'flow-direction',
  'pkt-src-aws-service',
  'pkt-dst-aws-service',
];

const list = (why: string, permission: string) =>
  ({ permission, pages: { from: 'NextToken', to: 'NextToken' }, why, per: 'region' }) as const;

/** Flow logs of VPCs, subnets, network interfaces and transit gateways. https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html */
export const flowLogs: Collector = {
  id: 'flow-logs',
  provider: 'aws',
  service: 'VPC',
  informs: [VPC_SOURCE, TGW_SOURCE],
  runs: 'region',
  phase: 'sources',
  calls: {
    'ec2:DescribeVpcs': list('the networks that should be logged', 'ec2:DescribeVpcs'),
    'ec2:DescribeSubnets': list('which subnets a flow log of one subnet leaves out', 'ec2:DescribeSubnets'),
    'ec2:DescribeNetworkInterfaces': list('which subnet and VPC a flow log of one interface belongs to', 'ec2:DescribeNetworkInterfaces'),
    'ec2:DescribeFlowLogs': list('what is captured, where it goes and whether delivery fails', 'ec2:DescribeFlowLogs'),
    'ec2:DescribeTransitGateways': list('the transit gateways that should be logged', 'ec2:DescribeTransitGateways'),
    'ec2:DescribeTransitGatewayAttachments': {
      ...list('which gateway a flow log of one attachment belongs to', 'ec2:DescribeTransitGatewayAttachments'),
      per: 'resource',
    },
  },
  doc: 'https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html',
  async collect(cell) {
    const asked = { MaxResults: 1000 };
    const [logs, vpcs, gateways] = await Promise.all([
      cell.ask('ec2:DescribeFlowLogs', asked),
      cell.ask('ec2:DescribeVpcs', asked),
      cell.ask('ec2:DescribeTransitGateways', asked),
    ]);
    const any = (answer: Answer, field: string) => !answer.ok || answer.pages.some((page) => page[field]?.length > 0);
    await Promise.all([
      ...(any(vpcs, 'Vpcs') ? [cell.ask('ec2:DescribeSubnets', asked), cell.ask('ec2:DescribeNetworkInterfaces', asked)] : []),
      ...(any(gateways, 'TransitGateways') ? [cell.ask('ec2:DescribeTransitGatewayAttachments', asked)] : []),
    ]);
    for (const log of logs.pages.flatMap((page) => FlowLogs.safeParse(page).data?.FlowLogs ?? [])) {
      const destination = destinationOf(log, cell);
      if (destination) cell.want(destination);
    }
  },
  read(evidence, paths) {
    blindWhereNotReached(evidence, paths, [VPC_SOURCE, TGW_SOURCE], 'ec2:DescribeVpcs');
    blindWhereRegionsUnknown(evidence, paths, [VPC_SOURCE, TGW_SOURCE]);
    const estate = estateOf(evidence);
    const regions = new Set(estate.accounts.flatMap((account) => (account.reached ? account.regions : [])));
    for (const region of [...regions].sort()) readRegion(evidence, paths, estate, region);
  },
};

function destinationOf(
  log: z.infer<typeof FlowLog>,
  place: { account: string; region: string; partition: string },
): Destination | undefined {
  const to = log.LogDestination;
  switch (log.LogDestinationType ?? 'cloud-watch-logs') {
    case 's3':
      return to === undefined ? undefined : { kind: 's3', id: bucketOf(to).bucket };
    case 'kinesis-data-firehose':
      return to === undefined
        ? undefined
        : { kind: 'firehose', id: to, account: to.split(':')[4] ?? place.account, region: to.split(':')[3] ?? place.region };
    case 'cloud-watch-logs': {
      const id = logGroupOf(log, place);
      return id === undefined
        ? undefined
        : { kind: 'cloudwatch-logs', id, account: id.split(':')[4] ?? place.account, region: id.split(':')[3] ?? place.region };
    }
    default:
      return undefined;
  }
}

function logGroupOf(log: z.infer<typeof FlowLog>, place: { account: string; region: string; partition: string }): string | undefined {
  if (log.LogDestination) return groupArn(log.LogDestination);
  return log.LogGroupName === undefined
    ? undefined
    : `arn:${place.partition}:logs:${place.region}:${place.account}:log-group:${log.LogGroupName}`;
}

/** What one account's calls told of one region. */
interface Place {
  readonly account: AwsAccount;
  readonly region: string;
  readonly vpcs: Listing<z.infer<typeof Vpcs>['Vpcs'][number]>;
  readonly subnets: Listing<z.infer<typeof Subnets>['Subnets'][number]>;
  readonly interfaces: Listing<z.infer<typeof Interfaces>['NetworkInterfaces'][number]>;
  readonly logs: Listing<z.infer<typeof FlowLog>>;
}

/** Everything that is known of one region, over all accounts: the owner of a shared subnet logs what its participants do there. */
interface Region {
  readonly region: string;
  readonly places: ReadonlyMap<string, Place>;
  readonly byResource: ReadonlyMap<string, readonly PlacedFlowLog[]>;
  readonly interfaces: ReadonlyMap<string, { readonly vpc: string; readonly subnet: string }>;
  /** Interface ids that are not known to exist: what may appear tomorrow. */
  readonly newInterfaces: strings.Strings;
}

function readRegion(evidence: EvidenceView, paths: PathsBuilder, estate: AwsEstate, name: string): void {
  const places = new Map<string, Place>();
  for (const account of estate.accounts) {
    if (!account.reached || !account.regions.includes(name)) continue;
    const at = { account: account.id, region: name };
    places.set(account.id, {
      account,
      region: name,
      vpcs: listOf(evidence, 'ec2:DescribeVpcs', Vpcs, (page) => page.Vpcs, at),
      subnets: listOf(evidence, 'ec2:DescribeSubnets', Subnets, (page) => page.Subnets, at),
      interfaces: listOf(evidence, 'ec2:DescribeNetworkInterfaces', Interfaces, (page) => page.NetworkInterfaces, at),
      logs: listOf(evidence, 'ec2:DescribeFlowLogs', FlowLogs, (page) => page.FlowLogs, at),
    });
  }
  const byResource = new Map<string, PlacedFlowLog[]>();
  const interfaces = new Map<string, { vpc: string; subnet: string }>();
  for (const place of places.values()) {
    for (const log of place.logs.items) {
      if (log.ResourceId === undefined) continue;
      const placed = { log, account: place.account, region: name, ids: place.logs.ids };
      byResource.set(log.ResourceId, [...(byResource.get(log.ResourceId) ?? []), placed]);
    }
    for (const one of place.interfaces.items) {
      if (one.VpcId !== undefined && one.SubnetId !== undefined)
        interfaces.set(one.NetworkInterfaceId, { vpc: one.VpcId, subnet: one.SubnetId });
    }
  }
  const region: Region = {
    region: name,
    places,
    byResource,
    interfaces,
    newInterfaces: interfaces.size === 0 ? strings.ALL_STRINGS : strings.complement(strings.equalTo([...interfaces.keys()])),
  };
  for (const place of places.values()) {
    readVpcs(evidence, paths, region, place);
    readTransitGateways(evidence, paths, region, place);
  }
}

function readVpcs(evidence: EvidenceView, paths: PathsBuilder, region: Region, place: Place): void {
  const { account } = place;
  const scope = { provider: 'aws' as const, account: account.id, region: region.region };
  if (place.vpcs.unknown) paths.blind({ sources: [VPC_SOURCE], scope, unknowns: [place.vpcs.unknown], evidence: place.vpcs.ids });

  const subnetsBy = grouped(place.subnets.items, (one) => one.VpcId);
  const interfacesBy = grouped(place.interfaces.items, (one) => one.VpcId ?? '');
  const evidenceIds = [...place.vpcs.ids, ...place.subnets.ids, ...place.interfaces.ids, ...place.logs.ids];
  const unplaced = unplacedTaps(evidence, paths, region, place);
  for (const vpc of place.vpcs.items) {
    const owner = vpc.OwnerId ?? account.id;
    const arn = `arn:${account.partition}:ec2:${region.region}:${owner}:vpc/${vpc.VpcId}`;
    const subnets = subnetsBy.get(vpc.VpcId) ?? [];
    const interfaces = interfacesBy.get(vpc.VpcId) ?? [];
    paths.resource({ type: 'aws.vpc', id: arn, scope: { ...scope, resource: arn }, evidence: place.vpcs.ids });
    for (const subnet of subnets) {
      const id = subnet.SubnetArn ?? `arn:${account.partition}:ec2:${region.region}:${subnet.OwnerId ?? owner}:subnet/${subnet.SubnetId}`;
      paths.resource({ type: 'aws.ec2.subnet', id, scope: { ...scope, resource: id }, evidence: place.subnets.ids });
    }

    const resources = [vpc.VpcId, ...subnets.map((one) => one.SubnetId), ...interfaces.map((one) => one.NetworkInterfaceId)];
    const logged = resources.flatMap((id) => region.byResource.get(id) ?? []);
    // Whose flow logs on this VPC could not be seen: the account's own, the owner's of a shared one, those of participants on their interfaces.
    const others = new Set([
      owner,
      ...interfaces.flatMap((one) => (one.OwnerId !== undefined && /^\d{12}$/.test(one.OwnerId) ? [one.OwnerId] : [])),
    ]);
    others.delete(account.id);
    const taps: Edge[] = [
      ...logged.map((one) => tapOf(evidence, paths, one, classOfVpcLog(region, one, vpc.VpcId))),
      ...unplaced,
      ...(place.logs.unknown ? [notListed(paths, place.account.id, region.region, place.logs.unknown, place.logs.ids)] : []),
      ...[...others]
        .sort()
        .flatMap((other) =>
          unseenOwner(
            evidence,
            paths,
            region,
            other,
            vpc.VpcId,
            other === owner ? undefined : interfaces.filter((one) => one.OwnerId === other).map((one) => one.NetworkInterfaceId),
          ),
        ),
      ...securityLakeTaps(evidence, paths, { account: account.id, region: region.region, logSource: 'VPC_FLOW' }),
    ];
    paths.emitter({
      id: `${VPC_SOURCE}|${account.id}|${arn}`,
      sources: [VPC_SOURCE],
      scope: { ...scope, resource: arn },
      name: vpc.VpcId,
      universe: universeOf(
        place,
        region,
        vpc.VpcId,
        subnets.map((one) => one.SubnetId),
        interfaces,
      ),
      taps,
      evidence: evidenceIds,
      ...(place.subnets.unknown === undefined && subnets.length === 0
        ? { notApplicable: 'the VPC has no subnet, so nothing can send or receive in it' }
        : {}),
    });
  }
}

/** What can happen in a VPC: traffic of the interfaces that are there, each in its subnet, and of any new one in any subnet. */
function universeOf(
  place: Place,
  region: Region,
  vpc: string,
  subnets: readonly string[],
  interfaces: readonly { NetworkInterfaceId: string; SubnetId?: string | undefined }[],
): Selector {
  const base: [string, strings.Strings][] = [
    ['vpc-id', strings.equalTo([vpc])],
    ['action', strings.equalTo(['ACCEPT', 'REJECT'])],
  ];
  const allSubnets = place.subnets.unknown ? strings.ALL_STRINGS : strings.equalTo(subnets);
  const bySubnet = grouped(
    interfaces.filter((one) => one.SubnetId !== undefined),
    (one) => one.SubnetId as string,
  );
  return [
    ...[...bySubnet].map(
      ([subnet, some]): EventClass =>
        new Map([
          ...base,
          ['subnet-id', strings.equalTo([subnet])],
          ['interface-id', strings.equalTo(some.map((one) => one.NetworkInterfaceId))],
        ]),
    ),
    ...(strings.isNone(allSubnets) ? [] : [new Map([...base, ['subnet-id', allSubnets], ['interface-id', region.newInterfaces]])]),
  ];
}

/** The records of a flow log, as far as its place goes; undefined where its traffic type is not readable. */
function classOfVpcLog(region: Region, placed: PlacedFlowLog, vpc: string): { least: Selector; most: Selector; why?: string } {
  const { log } = placed;
  const id = log.ResourceId as string;
  const fields = new Map<string, strings.Strings>([['vpc-id', strings.equalTo([vpc])]]);
  if (id.startsWith('subnet-')) fields.set('subnet-id', strings.equalTo([id]));
  const at = region.interfaces.get(id);
  if (at) {
    fields.set('subnet-id', strings.equalTo([at.subnet]));
    fields.set('interface-id', strings.equalTo([id]));
  }
  if (log.TrafficType === 'ALL') return { least: [fields], most: [fields] };
  if (log.TrafficType === 'ACCEPT' || log.TrafficType === 'REJECT') {
    fields.set('action', strings.equalTo([log.TrafficType]));
    return { least: [fields], most: [fields] };
  }
  return { least: NOTHING, most: [fields], why: 'TrafficTypeUnknown' };
}

/** Flow logs of subnets and interfaces that no listing shows, where the listing is not whole: which VPC they belong to is not known. */
function unplacedTaps(evidence: EvidenceView, paths: PathsBuilder, region: Region, place: Place): Edge[] {
  const subnets = new Set(place.subnets.items.map((one) => one.SubnetId));
  return place.logs.items.flatMap((log) => {
    const id = log.ResourceId ?? '';
    const unknown =
      id.startsWith('subnet-') && !subnets.has(id)
        ? place.subnets.unknown
        : id.startsWith('eni-') && !region.interfaces.has(id)
          ? place.interfaces.unknown
          : undefined;
    if (!unknown) return [];
    const field = id.startsWith('subnet-') ? 'subnet-id' : 'interface-id';
    const fields = new Map([
      [field, strings.equalTo([id])],
      ...(log.TrafficType === 'ACCEPT' || log.TrafficType === 'REJECT' ? [['action', strings.equalTo([log.TrafficType])] as const] : []),
    ]);
    return [
      tapOf(
        evidence,
        paths,
        { log, account: place.account, region: region.region, ids: place.logs.ids },
        { least: NOTHING, most: [fields] },
        [unknown],
      ),
    ];
  });
}

function notListed(
  paths: PathsBuilder,
  account: string,
  region: string,
  unknown: Unknown,
  ids: readonly number[],
  mayPass?: Selector,
  suffix = '',
): Edge {
  return paths.once(`flow-logs-not-read|${account}|${region}|${suffix}`, () =>
    unseenEdge(paths, {
      id: `flow-logs|${account}|${region}|not-read${suffix}`,
      label: `flow logs of ${account}`,
      unknowns: [unknown],
      evidence: ids,
      account,
      region,
      ...(mayPass ? { mayPass } : {}),
    }),
  );
}

function unseenOwner(
  evidence: EvidenceView,
  paths: PathsBuilder,
  region: Region,
  owner: string,
  vpc: string,
  interfaces: readonly string[] | undefined,
): Edge[] {
  const seen = region.places.get(owner);
  if (seen && !seen.logs.unknown) return [];
  const unknown =
    seen?.logs.unknown ?? evidence.unknownOf('ec2:DescribeFlowLogs', `${vpc} in ${region.region} in ${owner}`, 'NotAsked', []);
  const fields = new Map<string, strings.Strings>([
    ['vpc-id', strings.equalTo([vpc])],
    ...(interfaces ? [['interface-id', strings.equalTo(interfaces)] as const] : []),
  ]);
  return [notListed(paths, owner, region.region, unknown, seen?.logs.ids ?? [], [fields], `|${vpc}${interfaces ? '|interfaces' : ''}`)];
}

/** The first edge of one flow log, to a node of its own that leads to its destination. */
function tapOf(
  evidence: EvidenceView,
  paths: PathsBuilder,
  placed: PlacedFlowLog,
  passes: { least: Selector; most: Selector; why?: string },
  unknowns: readonly Unknown[] = [],
): Edge {
  const { log, account, region, ids } = placed;
  const hop = hopOf(evidence, paths, placed);
  const unread = passes.why === undefined ? [] : [evidence.unknownOf('ec2:DescribeFlowLogs', log.FlowLogId, passes.why, ids)];
  return {
    id: `flow-log|${account.id}|${region}|${log.FlowLogId}${unknowns.length > 0 ? '|unplaced' : ''}`,
    to: hop,
    label: `flow log ${log.FlowLogId}`,
    passes: passes.least,
    mayPass: passes.most,
    unknowns: [...unknowns, ...unread],
    delivery: { state: 'flowing' },
    fields: fieldsOf(log),
    ...mended(log),
    evidence: ids,
  };
}

/** What would take the rest: the other traffic, or the network around the subnet, interface or attachment. */
function mended(log: z.infer<typeof FlowLog>): { fix?: string } {
  if (log.TrafficType === 'ACCEPT' || log.TrafficType === 'REJECT') {
    return { fix: `add a flow log for ${log.TrafficType === 'ACCEPT' ? 'REJECT' : 'ACCEPT'} traffic on ${log.ResourceId}` };
  }
  if (log.ResourceId?.startsWith('tgw-attach-')) return { fix: 'put a flow log on the transit gateway itself' };
  return /^(subnet|eni)-/.test(log.ResourceId ?? '') ? { fix: 'put a flow log on the VPC itself' } : {};
}

function fieldsOf(log: z.infer<typeof FlowLog>): readonly string[] {
  const named = [...(log.LogFormat ?? '').matchAll(/\$\{([^${}]+)\}/g)].map((match) => match[1] as string);
  if (named.length > 0) return named;
  return log.ResourceId?.startsWith('tgw') ? DEFAULT_TGW_FIELDS : DEFAULT_FIELDS;
}

function hopOf(evidence: EvidenceView, paths: PathsBuilder, { log, account, region, ids }: PlacedFlowLog): string {
  const id = `flow-log|${account.id}|${region}|${log.FlowLogId}`;
  if (paths.has(id)) return id;
  const scope = { provider: 'aws' as const, account: account.id, region };
  paths.node({ type: 'hop', id, kind: 'flow log', name: log.FlowLogId, scope, evidence: ids, findings: [] });
  const label = `flow log ${log.FlowLogId}`;
  const landing = land(evidence, paths, log, account, region);
  if (!landing) {
    paths.edge(
      id,
      unseenEdge(paths, {
        id: `${id}>?`,
        label,
        unknowns: [evidence.unknownOf('ec2:DescribeFlowLogs', log.FlowLogId, 'DestinationUnknown', ids)],
        evidence: ids,
        account: account.id,
        region,
      }),
    );
    return id;
  }
  // Records leave the window of aggregation first; then delivery takes its documented usual time.
  const usual = own({ s3: 600, 'cloud-watch-logs': 300 }, log.LogDestinationType ?? 'cloud-watch-logs');
  const delivery = deliveryOf(log, landing);
  paths.edge(id, {
    id: `${id}>${landing.node}`,
    to: landing.node,
    label,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: landing.unknowns,
    delivery,
    ...(usual === undefined ? {} : { latency: usual + (log.MaxAggregationInterval ?? 600) }),
    evidence: [...ids, ...landing.evidence],
  });
  return id;
}

function land(
  evidence: EvidenceView,
  paths: PathsBuilder,
  log: z.infer<typeof FlowLog>,
  account: AwsAccount,
  region: string,
): Landing | undefined {
  const hasStatus = log.DeliverLogsStatus === 'SUCCESS';
  const to = log.LogDestination;
  switch (log.LogDestinationType ?? 'cloud-watch-logs') {
    case 's3': {
      if (to === undefined) return undefined;
      const { bucket, prefix } = bucketOf(to);
      const partitioned = log.DestinationOptions?.HiveCompatiblePartitions
        ? `aws-account-id=${account.id}/aws-service=vpcflowlogs/aws-region=${region}/`
        : `${account.id}/vpcflowlogs/${region}/`;
      return landInBucket(evidence, paths, {
        bucket,
        prefix: `${prefix}AWSLogs/${partitioned}`,
        principals: ['delivery.logs.amazonaws.com'],
        sourceAccount: account.id,
        sourceArn: `arn:${account.partition}:logs:${region}:${account.id}:*`,
        hasStatus,
      });
    }
    case 'kinesis-data-firehose':
      return to === undefined ? undefined : landInFirehose(evidence, paths, { arn: to, hasStatus });
    case 'cloud-watch-logs': {
      const arn = logGroupOf(log, { account: account.id, region, partition: account.partition });
      return arn === undefined ? undefined : landInLogGroup(evidence, paths, { arn, hasStatus });
    }
    default:
      return undefined;
  }
}

/** `FlowLogStatus` is ACTIVE whatever happens; only `DeliverLogsStatus` speaks of delivery, once there was traffic. */
function deliveryOf(log: z.infer<typeof FlowLog>, landing: Landing): Delivery {
  if (log.DeliverLogsStatus !== 'FAILED') return landing.delivery;
  const error = log.DeliverLogsErrorMessage ?? 'no error message';
  const why = `delivery of flow log ${log.FlowLogId} has failed: DeliverLogsStatus FAILED, ${error}`;
  // CloudWatch Logs throttles some interfaces; others still arrive.
  if (/rate limited/i.test(error)) return { state: 'unknown', why };
  const access = /access error/i.test(error);
  return {
    state: 'broken',
    why,
    ...(access
      ? {
          fix:
            log.LogDestinationType === 's3'
              ? `let delivery.logs.amazonaws.com write to ${log.LogDestination ?? 'the bucket'}`
              : `let the role of flow log ${log.FlowLogId} write to ${log.LogGroupName ?? log.LogDestination ?? 'its destination'}`,
        }
      : {}),
  };
}

/** https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html */
function readTransitGateways(evidence: EvidenceView, paths: PathsBuilder, region: Region, place: Place): void {
  const { account } = place;
  const at = { account: account.id, region: region.region };
  const scope = { provider: 'aws' as const, ...at };
  const gateways = listOf(evidence, 'ec2:DescribeTransitGateways', TransitGateways, (page) => page.TransitGateways, at);
  if (gateways.unknown) paths.blind({ sources: [TGW_SOURCE], scope, unknowns: [gateways.unknown], evidence: gateways.ids });
  // A gateway that another account shares is logged, and listed, there.
  const own = gateways.items.filter((one) => (one.OwnerId ?? account.id) === account.id && one.State !== 'deleted');
  if (own.length === 0) return;
  const attachments = listOf(evidence, 'ec2:DescribeTransitGatewayAttachments', Attachments, (page) => page.TransitGatewayAttachments, at);
  const gatewayOf = new Map(attachments.items.map((one) => [one.TransitGatewayAttachmentId, one.TransitGatewayId]));
  const newAttachments = gatewayOf.size === 0 ? strings.ALL_STRINGS : strings.complement(strings.equalTo([...gatewayOf.keys()]));
  for (const gateway of own) {
    const id = gateway.TransitGatewayId;
    const arn = gateway.TransitGatewayArn ?? `arn:${account.partition}:ec2:${region.region}:${account.id}:transit-gateway/${id}`;
    paths.resource({ type: 'aws.ec2.transit-gateway', id: arn, scope: { ...scope, resource: arn }, evidence: gateways.ids });
    const mine = attachments.items.filter((one) => one.TransitGatewayId === id).map((one) => one.TransitGatewayAttachmentId);
    const base: [string, strings.Strings][] = [['tgw-id', strings.equalTo([id])]];
    const taps = place.logs.items.flatMap((log): Edge[] => {
      const placed = { log, account, region: region.region, ids: place.logs.ids };
      const fields = new Map<string, strings.Strings>([['tgw-id', strings.equalTo([id])]]);
      if (log.ResourceId === id) return [tapOf(evidence, paths, placed, { least: [fields], most: [fields] })];
      if (!log.ResourceId?.startsWith('tgw-attach-')) return [];
      fields.set('tgw-attachment-id', strings.equalTo([log.ResourceId]));
      if (gatewayOf.get(log.ResourceId) === id) return [tapOf(evidence, paths, placed, { least: [fields], most: [fields] })];
      return attachments.unknown && !gatewayOf.has(log.ResourceId)
        ? [
            tapOf(
              evidence,
              paths,
              placed,
              { least: NOTHING, most: [new Map([['tgw-attachment-id', strings.equalTo([log.ResourceId])]])] },
              [attachments.unknown],
            ),
          ]
        : [];
    });
    paths.emitter({
      id: `${TGW_SOURCE}|${account.id}|${arn}`,
      sources: [TGW_SOURCE],
      scope: { ...scope, resource: arn },
      name: id,
      universe: [
        ...(mine.length > 0 ? [new Map([...base, ['tgw-attachment-id', strings.equalTo(mine)]])] : []),
        new Map([...base, ['tgw-attachment-id', newAttachments]]),
      ],
      taps: [...taps, ...(place.logs.unknown ? [notListed(paths, account.id, region.region, place.logs.unknown, place.logs.ids)] : [])],
      evidence: [...gateways.ids, ...attachments.ids, ...place.logs.ids],
    });
  }
}

function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
