import { z } from 'zod';
import type { Collector, Destination } from '../../src/collect/collector.ts';
import { EVERYTHING, selectorOf } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import type { Landing } from './destinations.ts';
import { landInBucket, landInFirehose, landInLogGroup } from './destinations.ts';
import type { AwsAccount } from './estate.ts';
import type { Listing } from './listing.ts';
import { blindWhereNotReached, blindWhereRegionsUnknown, bucketOf, cellsOf, groupArn, listOf, unseenEdge } from './listing.ts';
import { securityLakeTaps } from './security-lake.ts';

const SOURCE = 'aws.route53.resolver';

const Vpcs = z.object({ Vpcs: z.array(z.object({ VpcId: z.string(), OwnerId: z.string().optional() })).default([]) });
const Config = z.object({
  Id: z.string(),
  Name: z.string().optional(),
  OwnerId: z.string().optional(),
  Status: z.string().optional(),
  ShareStatus: z.string().optional(),
  DestinationArn: z.string().optional(),
});
type Config = z.infer<typeof Config>;
const Configs = z.object({ ResolverQueryLogConfigs: z.array(Config).default([]) });
const Association = z.object({
  Id: z.string().optional(),
  ResolverQueryLogConfigId: z.string().optional(),
  ResourceId: z.string().optional(),
  Status: z.string().optional(),
  Error: z.string().nullish(),
  ErrorMessage: z.string().nullish(),
});
type Association = z.infer<typeof Association>;
const Associations = z.object({ ResolverQueryLogConfigAssociations: z.array(Association).default([]) });
const ProfileAssociations = z.object({
  ProfileAssociations: z
    .array(z.object({ ProfileId: z.string().optional(), ResourceId: z.string().optional(), Status: z.string().optional() }))
    .default([]),
});

/** DNS queries of the instances in a VPC. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs.html */
export const resolverQueryLogs: Collector = {
  id: 'resolver-query-logs',
  provider: 'aws',
  service: 'Route 53 Resolver',
  informs: [SOURCE],
  runs: 'region',
  phase: 'sources',
  calls: {
    'ec2:DescribeVpcs': {
      permission: 'ec2:DescribeVpcs',
      pages: { from: 'NextToken', to: 'NextToken' },
      why: 'the networks whose DNS queries should be logged',
      per: 'region',
    },
    'route53resolver:ListResolverQueryLogConfigs': {
      permission: 'route53resolver:ListResolverQueryLogConfigs',
      pages: { from: 'NextToken', to: 'NextToken' },
      why: 'where DNS query logs go',
      per: 'region',
    },
    'route53resolver:ListResolverQueryLogConfigAssociations': {
      permission: 'route53resolver:ListResolverQueryLogConfigAssociations',
      pages: { from: 'NextToken', to: 'NextToken' },
      why: 'which VPCs a configuration logs, and its errors',
      per: 'region',
    },
  },
  doc: 'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs.html',
  async collect(cell) {
    const [configs] = await Promise.all([
      cell.ask('route53resolver:ListResolverQueryLogConfigs', { MaxResults: 100 }),
      cell.ask('route53resolver:ListResolverQueryLogConfigAssociations', { MaxResults: 100 }),
      cell.ask('ec2:DescribeVpcs', { MaxResults: 1000 }),
    ]);
    for (const config of configs.pages.flatMap((page) => Configs.safeParse(page).data?.ResolverQueryLogConfigs ?? [])) {
      const destination = config.DestinationArn === undefined ? undefined : destinationOf(config.DestinationArn);
      if (destination) cell.want(destination);
    }
  },
  read(evidence, paths) {
    blindWhereNotReached(evidence, paths, [SOURCE], 'ec2:DescribeVpcs');
    blindWhereRegionsUnknown(evidence, paths, [SOURCE]);
    const places = new Map(
      cellsOf(evidence).map(({ account, region, at }) => [
        `${account.id}|${region}`,
        {
          account,
          region,
          configs: listOf(evidence, 'route53resolver:ListResolverQueryLogConfigs', Configs, (page) => page.ResolverQueryLogConfigs, at),
          associations: listOf(
            evidence,
            'route53resolver:ListResolverQueryLogConfigAssociations',
            Associations,
            (page) => page.ResolverQueryLogConfigAssociations,
            at,
          ),
          profiles: listOf(
            evidence,
            'route53profiles:ListProfileAssociations',
            ProfileAssociations,
            (page) => page.ProfileAssociations,
            at,
          ),
        } satisfies Place,
      ]),
    );
    for (const place of places.values()) readPlace(evidence, paths, places, place);
  },
};

interface Place {
  readonly account: AwsAccount;
  readonly region: string;
  readonly configs: Listing<Config>;
  readonly associations: Listing<Association>;
  /** Which Route 53 Profile is associated with which VPC. */
  readonly profiles: Listing<z.infer<typeof ProfileAssociations>['ProfileAssociations'][number]>;
}

function destinationOf(arn: string): Destination | undefined {
  const [, , service, region, account] = arn.split(':');
  const where = { ...(account ? { account } : {}), ...(region ? { region } : {}) };
  switch (service) {
    case 's3':
      return { kind: 's3', id: bucketOf(arn).bucket };
    case 'logs':
      return { kind: 'cloudwatch-logs', id: groupArn(arn), ...where };
    case 'firehose':
      return { kind: 'firehose', id: arn, ...where };
    default:
      return undefined;
  }
}

function readPlace(evidence: EvidenceView, paths: PathsBuilder, places: ReadonlyMap<string, Place>, place: Place): void {
  const { account, region } = place;
  const scope = { provider: 'aws' as const, account: account.id, region };
  const vpcs = listOf(evidence, 'ec2:DescribeVpcs', Vpcs, (page) => page.Vpcs, { account: account.id, region });
  if (vpcs.unknown) paths.blind({ sources: [SOURCE], scope, unknowns: [vpcs.unknown], evidence: vpcs.ids });
  for (const vpc of vpcs.items) {
    const owner = vpc.OwnerId ?? account.id;
    const arn = `arn:${account.partition}:ec2:${region}:${owner}:vpc/${vpc.VpcId}`;
    // The queries of a shared VPC are logged where its owner, or a configuration associated there, says so.
    const from = owner === account.id ? place : places.get(`${owner}|${region}`);
    const own = from
      ? tapsOf(evidence, paths, from, vpc.VpcId)
      : [
          unseenEdge(paths, {
            id: `resolver|${owner}|${region}|${vpc.VpcId}|not-read`,
            label: `query logging of ${owner}`,
            account: owner,
            region,
            evidence: [],
            unknowns: [
              evidence.unknownOf(
                'route53resolver:ListResolverQueryLogConfigAssociations',
                `${vpc.VpcId} in ${region} in ${owner}`,
                'NotAsked',
                [],
              ),
            ],
          }),
        ];
    paths.emitter({
      id: `${SOURCE}|${account.id}|${arn}`,
      sources: [SOURCE],
      scope: { ...scope, resource: arn },
      name: vpc.VpcId,
      universe: selectorOf({ vpc_id: { equals: [vpc.VpcId] }, resource: { equals: [vpc.VpcId, arn] } }),
      taps: [...own, ...securityLakeTaps(evidence, paths, { account: account.id, region, logSource: 'ROUTE53' })],
      evidence: [...vpcs.ids, ...place.associations.ids, ...place.configs.ids],
    });
  }
}

function tapsOf(evidence: EvidenceView, paths: PathsBuilder, place: Place, vpc: string): Edge[] {
  const { account, region, associations, configs } = place;
  const edges: Edge[] = [];
  for (const association of associations.items) {
    if (association.ResourceId !== vpc) continue;
    const config = configs.items.find((one) => one.Id === association.ResolverQueryLogConfigId);
    edges.push(edgeOf(evidence, paths, place, vpc, association, config));
  }
  if (associations.unknown) {
    edges.push(
      unseenEdge(paths, {
        id: `resolver|${account.id}|${region}|not-read`,
        label: 'query logging',
        unknowns: [associations.unknown],
        evidence: associations.ids,
        account: account.id,
        region,
      }),
    );
  }
  // A Route 53 Profile can carry a query logging configuration to its VPCs; then no association of the VPC itself shows it.
  if (!edges.some((edge) => edge.passes === EVERYTHING && edge.delivery.state === 'flowing'))
    edges.push(...profileTaps(evidence, paths, place, vpc));
  return edges;
}

/** https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profile-associate-query-logging.html */
function profileTaps(evidence: EvidenceView, paths: PathsBuilder, { account, region, profiles }: Place, vpc: string): Edge[] {
  const used = profiles.items.filter((one) => one.ResourceId === vpc);
  if (used.length === 0 && profiles.unknown === undefined) return [];
  const unknown: Unknown =
    used.length === 0
      ? (profiles.unknown as Unknown)
      : evidence.unknownOf('route53profiles:ListProfileResourceAssociations', used[0]?.ProfileId ?? vpc, 'NotRead', profiles.ids);
  return [
    unseenEdge(paths, {
      id: `resolver-profile|${account.id}|${region}|${used.length === 0 ? 'not-read' : vpc}`,
      label: 'Route 53 Profile',
      unknowns: [unknown],
      evidence: profiles.ids,
      account: account.id,
      region,
    }),
  ];
}

function edgeOf(
  evidence: EvidenceView,
  paths: PathsBuilder,
  place: Place,
  vpc: string,
  association: Association,
  config: Config | undefined,
): Edge {
  const { account, region, associations, configs } = place;
  const ids = [...associations.ids, ...configs.ids];
  const name = config?.Name ?? config?.Id ?? association.ResolverQueryLogConfigId ?? 'configuration';
  const id = `resolver|${account.id}|${region}|${vpc}|${association.ResolverQueryLogConfigId ?? association.Id ?? ''}`;
  const label = `query logging ${name}`;
  const landing = config?.DestinationArn === undefined ? undefined : land(evidence, paths, config.DestinationArn, account, region, vpc);
  if (!landing) {
    const unknown =
      configs.unknown ??
      evidence.unknownOf(
        'route53resolver:ListResolverQueryLogConfigs',
        association.ResolverQueryLogConfigId ?? vpc,
        'NotListed',
        configs.ids,
      );
    return unseenEdge(paths, { id, label, unknowns: [unknown], evidence: ids, account: account.id, region });
  }
  return {
    id,
    to: landing.node,
    label,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: landing.unknowns,
    delivery: stateOf(evidence, association, config, name) ?? landing.delivery,
    evidence: [...ids, ...landing.evidence],
  };
}

/** A configuration's own status says nothing of one VPC: the association does. Undefined where nothing speaks against delivery. */
function stateOf(evidence: EvidenceView, association: Association, config: Config | undefined, name: string): Delivery | undefined {
  const why = `query logging ${name} of ${association.ResourceId ?? 'the VPC'}: association ${association.Status ?? 'without a status'}`;
  const said = [association.Error, association.ErrorMessage].filter((text) => text && text !== 'NONE').join(', ');
  if (association.Status === 'FAILED' || association.Status === 'ACTION_NEEDED')
    return { state: 'broken', why: said === '' ? why : `${why}, ${said}` };
  if (config?.Status === 'FAILED') return { state: 'broken', why: `query logging ${name}: configuration FAILED` };
  if (association.Status === 'ACTIVE') return undefined;
  return {
    state: 'unknown',
    why,
    unknowns: [
      evidence.unknownOf(
        'route53resolver:ListResolverQueryLogConfigAssociations',
        association.ResourceId ?? name,
        `Status${association.Status ?? 'Absent'}`,
        [],
      ),
    ],
  };
}

function land(
  evidence: EvidenceView,
  paths: PathsBuilder,
  arn: string,
  account: AwsAccount,
  region: string,
  vpc: string,
): Landing | undefined {
  switch (arn.split(':')[2]) {
    case 's3': {
      const { bucket, prefix } = bucketOf(arn);
      return landInBucket(evidence, paths, {
        bucket,
        prefix: `${prefix}AWSLogs/${account.id}/vpcdnsquerylogs/${vpc}/`,
        principals: ['delivery.logs.amazonaws.com'],
        sourceAccount: account.id,
        sourceArn: `arn:${account.partition}:logs:${region}:${account.id}:*`,
      });
    }
    case 'logs':
      return landInLogGroup(evidence, paths, { arn: groupArn(arn) });
    case 'firehose':
      return landInFirehose(evidence, paths, { arn });
    default:
      return undefined;
  }
}
