import type { EvidenceRecord, StoredEvidence } from '../src/model/evidence.ts';
import { ThreatModel } from '../src/model/threat-model.ts';

export const REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eu-central-1',
  'eu-north-1',
  'ap-south-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'sa-east-1',
];
export const AS_OF = '2026-11-21T12:00:00Z';
export const MANAGEMENT = '900000000000';
const ARN = `arn:aws:cloudtrail:us-east-1:${MANAGEMENT}:trail/org`;

/**
 * An organization of so many accounts in 17 regions: an organization trail, a trail of its own with data events in every tenth account,
 * a flow log in every second VPC, and the empty answers that make up most of a real estate.
 */
export function* estate(accounts: number): Generator<StoredEvidence> {
  let id = 0;
  const numbered = (record: EvidenceRecord): StoredEvidence => ({ ...record, id: ++id });
  const ids = [MANAGEMENT, ...Array.from({ length: accounts - 1 }, (_, index) => String(100_000_000_000 + index))];
  const org = {
    Name: 'org',
    TrailARN: ARN,
    HomeRegion: 'us-east-1',
    S3BucketName: 'org-logs',
    IsMultiRegionTrail: true,
    IsOrganizationTrail: true,
    IncludeGlobalServiceEvents: true,
    LogFileValidationEnabled: true,
  };
  // Equal answers are one object, as the store gives them.
  const onlyOrg = { trailList: [org] };
  const none = {
    lakes: { dataLakes: [] },
    stores: { EventDataStores: [] },
    channels: { Channels: [] },
    empty: {},
    gateways: { TransitGateways: [] },
    configs: { ResolverQueryLogConfigs: [] },
    associations: { ResolverQueryLogConfigAssociations: [] },
    clusters: { clusters: [] },
    balancers: { LoadBalancers: [] },
    classic: { LoadBalancerDescriptions: [] },
    functions: { Functions: [] },
    sources: { deliverySources: [] },
    deliveries: { deliveries: [] },
    destinations: { deliveryDestinations: [] },
    buckets: { Buckets: [] },
    zones: { HostedZones: [] },
    queryLogs: { QueryLoggingConfigs: [] },
  };
  const enabled = { Regions: REGIONS.map((RegionName) => ({ RegionName, RegionOptStatus: 'ENABLED_BY_DEFAULT' })) };
  const healthy = { IsLogging: true, LatestDeliveryTime: '2026-11-21T11:55:00Z', LatestDigestDeliveryTime: '2026-11-21T11:20:00Z' };
  const answer = (account: string, region: string | undefined, call: string, args: Record<string, unknown>, body: unknown) => {
    const [service, op] = call.split(':') as [string, string];
    return numbered({ v: 1, provider: 'aws', account, ...(region ? { region } : {}), service, op, args, at: '2026-11-21T11:59:00Z', body });
  };
  yield answer(
    MANAGEMENT,
    undefined,
    'organizations:DescribeOrganization',
    {},
    { Organization: { Id: 'o-example', MasterAccountId: MANAGEMENT } },
  );
  yield answer(
    MANAGEMENT,
    undefined,
    'organizations:ListAccounts',
    {},
    {
      Accounts: ids.map((Id) => ({
        Id,
        Name: `account-${Id}`,
        State: 'ACTIVE',
        Arn: `arn:aws:organizations::${MANAGEMENT}:account/o-example/${Id}`,
      })),
    },
  );
  yield answer(
    MANAGEMENT,
    'us-east-1',
    'cloudtrail:GetEventSelectors',
    { TrailName: ARN },
    { AdvancedEventSelectors: [{ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] }] },
  );
  yield answer(MANAGEMENT, 'us-east-1', 'cloudtrail:GetEventConfiguration', { TrailName: ARN }, none.empty);
  yield answer(
    MANAGEMENT,
    'us-east-1',
    's3:GetBucketLifecycleConfiguration',
    { Bucket: 'org-logs' },
    { Rules: [{ ID: 'keep', Status: 'Enabled', Filter: {}, Expiration: { Days: 400 } }] },
  );
  yield answer(MANAGEMENT, 'us-east-1', 's3:GetBucketVersioning', { Bucket: 'org-logs' }, none.empty);
  for (const region of REGIONS) yield answer(MANAGEMENT, region, 'cloudtrail:GetTrailStatus', { Name: ARN }, healthy);
  for (const [index, account] of ids.entries()) {
    const own =
      index % 10 === 1
        ? {
            ...org,
            Name: 'own',
            TrailARN: `arn:aws:cloudtrail:us-east-1:${account}:trail/own`,
            S3BucketName: `own-${account}`,
            IsOrganizationTrail: false,
          }
        : undefined;
    const trails = own ? { trailList: [org, own] } : onlyOrg;
    yield answer(
      account,
      undefined,
      'sts:GetCallerIdentity',
      {},
      { Account: account, Arn: `arn:aws:sts::${account}:assumed-role/Reader/scan` },
    );
    yield answer(account, undefined, 'account:ListRegions', {}, enabled);
    yield answer(account, undefined, 's3:ListBuckets', { MaxBuckets: 1000 }, none.buckets);
    yield answer(account, undefined, 'route53:ListHostedZones', {}, none.zones);
    yield answer(account, undefined, 'route53:ListQueryLoggingConfigs', {}, none.queryLogs);
    for (const region of REGIONS) {
      yield answer(account, region, 'cloudtrail:DescribeTrails', { includeShadowTrails: true }, trails);
      yield answer(account, region, 'cloudtrail:ListEventDataStores', {}, none.stores);
      yield answer(account, region, 'cloudtrail:ListChannels', {}, none.channels);
      yield answer(account, region, 'securitylake:ListDataLakes', { regions: [region] }, none.lakes);
      const vpc = `vpc-${index}${region}`;
      yield answer(account, region, 'ec2:DescribeVpcs', {}, { Vpcs: [{ VpcId: vpc, OwnerId: account }] });
      yield answer(
        account,
        region,
        'ec2:DescribeSubnets',
        {},
        { Subnets: [{ SubnetId: `subnet-${index}${region}`, VpcId: vpc, OwnerId: account }] },
      );
      yield answer(account, region, 'ec2:DescribeNetworkInterfaces', {}, { NetworkInterfaces: [] });
      yield answer(
        account,
        region,
        'ec2:DescribeFlowLogs',
        {},
        {
          FlowLogs:
            index % 2
              ? []
              : [
                  {
                    FlowLogId: `fl-${index}${region}`,
                    ResourceId: vpc,
                    TrafficType: 'ALL',
                    DeliverLogsStatus: 'SUCCESS',
                    LogDestinationType: 's3',
                    LogDestination: 'arn:aws:s3:::org-logs',
                  },
                ],
        },
      );
      yield answer(account, region, 'ec2:DescribeTransitGateways', {}, none.gateways);
      yield answer(account, region, 'route53resolver:ListResolverQueryLogConfigs', {}, none.configs);
      yield answer(account, region, 'route53resolver:ListResolverQueryLogConfigAssociations', {}, none.associations);
      yield answer(account, region, 'eks:ListClusters', {}, none.clusters);
      yield answer(account, region, 'elasticloadbalancing:DescribeLoadBalancers', {}, none.balancers);
      yield answer(account, region, 'elasticloadbalancing-classic:DescribeLoadBalancers', {}, none.classic);
      yield answer(account, region, 'lambda:ListFunctions', {}, none.functions);
      yield answer(account, region, 'logs:DescribeDeliverySources', {}, none.sources);
      yield answer(account, region, 'logs:DescribeDeliveries', {}, none.deliveries);
      yield answer(account, region, 'logs:DescribeDeliveryDestinations', {}, none.destinations);
      if (own) yield answer(account, region, 'cloudtrail:GetTrailStatus', { Name: own.TrailARN }, healthy);
    }
    if (own) {
      yield answer(
        account,
        'us-east-1',
        'cloudtrail:GetEventSelectors',
        { TrailName: own.TrailARN },
        {
          AdvancedEventSelectors: [
            {
              FieldSelectors: [
                { Field: 'eventCategory', Equals: ['Data'] },
                { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
                { Field: 'resources.ARN', StartsWith: [`arn:aws:s3:::data-${account}/`] },
              ],
            },
          ],
        },
      );
      yield answer(
        account,
        'us-east-1',
        's3:GetBucketLifecycleConfiguration',
        { Bucket: own.S3BucketName },
        { Rules: [{ ID: 'keep', Status: 'Enabled', Filter: {}, Expiration: { Days: 90 } }] },
      );
    }
  }
}

const NAMES = [
  'AssumeRole',
  'CreateUser',
  'GetSecretValue',
  'Decrypt',
  'StopLogging',
  'RunInstances',
  'PutBucketPolicy',
  'ConsoleLogin',
  'CreateAccessKey',
  'DeleteTrail',
];

/** So many needs over the whole estate: management events by name, classes, data events and flow logs in turn. */
export function needs(count: number): ThreatModel {
  const one = (index: number) => {
    const kind = index % 4;
    if (kind === 0)
      return {
        source: 'aws.cloudtrail.management',
        where: { eventName: NAMES[(index / 4) % NAMES.length] as string },
        retain: `${30 + index}d`,
      };
    if (kind === 1)
      return { source: 'aws.cloudtrail.management', where: { readOnly: index % 8 === 1 ? 'true' : 'false' }, searchable: `${index + 1}d` };
    if (kind === 2)
      return {
        source: 'aws.cloudtrail.data.s3',
        where: { 'resources.ARN': { startsWith: [`arn:aws:s3:::data-${100_000_000_000 + index}/`] } },
      };
    return { source: 'aws.vpc.flowlogs', where: { action: index % 8 === 3 ? 'ACCEPT' : 'REJECT' }, retain: `${index + 1}d` };
  };
  return ThreatModel.parse({
    version: 1,
    system: 'Bench',
    threats: [{ id: 't', title: 'Everywhere', needs: Array.from({ length: count }, (_, index) => ({ id: `n${index}`, ...one(index) })) }],
  });
}
