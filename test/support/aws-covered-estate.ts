import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { ACCOUNT, accountRecords, answered, refused } from './aws-estate.ts';

export const LOGS = '999988887777';
export const REGION = 'eu-west-1';
export const TRAIL = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/main`;
export const VPC = `arn:aws:ec2:${REGION}:${ACCOUNT}:vpc/vpc-cards`;
export const ALB = `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:loadbalancer/app/shop/50dc6c495c0c9188`;
export const CLUSTER = `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/pay`;
export const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:charge`;
export const VAULT = 'arn:aws:s3:::card-vault';

const at = (region: string | undefined, call: string, args: Record<string, unknown>, body: unknown) =>
  answered(ACCOUNT, region, call, args, body);

/** A bucket of the log account that keeps what is written for two years and lets the writer in. */
function logBucket(name: string, principal: string, owner = LOGS): EvidenceRecord[] {
  const args = { Bucket: name };
  const ask = (call: string, body: unknown) => answered(owner, REGION, `s3:${call}`, args, body);
  return [
    ask('GetBucketLocation', { LocationConstraint: REGION }),
    ask('GetBucketLifecycleConfiguration', {
      Rules: [{ ID: 'keep', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 730 } }],
    }),
    ask('GetBucketVersioning', {}),
    refused(owner, REGION, 's3:GetObjectLockConfiguration', args, 'ObjectLockConfigurationNotFoundError'),
    ask('GetBucketPolicy', {
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Sid: 'Write', Effect: 'Allow', Principal: { Service: principal }, Action: 's3:PutObject', Resource: `arn:aws:s3:::${name}/*` },
        ],
      }),
    }),
    ask('GetBucketAcl', { Grants: [] }),
    refused(owner, REGION, 's3:GetBucketReplication', args, 'ReplicationConfigurationNotFoundError'),
    ask('GetBucketNotificationConfiguration', {}),
    ask('ListBucketIntelligentTieringConfigurations', { IsTruncated: false }),
  ];
}

function logGroup(name: string, days: number): EvidenceRecord[] {
  const arn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${name}`;
  return [
    at(
      REGION,
      'logs:DescribeLogGroups',
      { logGroupNamePrefix: name },
      {
        logGroups: [{ logGroupName: name, arn: `${arn}:*`, logGroupArn: arn, logGroupClass: 'STANDARD', retentionInDays: days }],
      },
    ),
    at(REGION, 'logs:DescribeSubscriptionFilters', { logGroupName: name }, { subscriptionFilters: [] }),
  ];
}

const SELECTORS = {
  AdvancedEventSelectors: [
    { Name: 'management', FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] },
    {
      Name: 'objects',
      FieldSelectors: [
        { Field: 'eventCategory', Equals: ['Data'] },
        { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
      ],
    },
  ],
};

/** One account with an example of each source, all of it captured and kept; a second account holds the log buckets. */
export function coveredEstate(): EvidenceRecord[] {
  const trail = accountRecords({
    regions: ['us-east-1', REGION],
    trails: [{ name: 'main', bucket: 'ct-logs', selectors: SELECTORS }],
    buckets: [],
  });
  return [
    ...trail,
    answered(LOGS, undefined, 'sts:GetCallerIdentity', {}, { Account: LOGS, Arn: `arn:aws:sts::${LOGS}:assumed-role/Reader/scan` }),
    answered(LOGS, undefined, 'account:ListRegions', {}, { Regions: [{ RegionName: REGION, RegionOptStatus: 'ENABLED_BY_DEFAULT' }] }),
    ...logBucket('ct-logs', 'cloudtrail.amazonaws.com'),
    ...logBucket('flow-logs', 'delivery.logs.amazonaws.com'),
    ...logBucket('dns-logs', 'delivery.logs.amazonaws.com'),
    ...logBucket('alb-logs', 'logdelivery.elasticloadbalancing.amazonaws.com'),
    ...logBucket('vault-access', 'logging.s3.amazonaws.com', ACCOUNT),
    at(
      undefined,
      's3:ListBuckets',
      { MaxBuckets: 1000 },
      {
        Buckets: [
          { Name: 'card-vault', BucketRegion: REGION },
          { Name: 'vault-access', BucketRegion: REGION },
        ],
      },
    ),
    at(
      REGION,
      's3:GetBucketLogging',
      { Bucket: 'card-vault' },
      { LoggingEnabled: { TargetBucket: 'vault-access', TargetPrefix: 'card-vault/' } },
    ),
    at(REGION, 's3:GetBucketLogging', { Bucket: 'vault-access' }, {}),
    at(REGION, 'ec2:DescribeVpcs', { MaxResults: 1000 }, { Vpcs: [{ VpcId: 'vpc-cards', OwnerId: ACCOUNT }] }),
    at(
      REGION,
      'ec2:DescribeSubnets',
      { MaxResults: 1000 },
      {
        Subnets: ['subnet-a', 'subnet-b'].map((SubnetId) => ({ SubnetId, VpcId: 'vpc-cards', OwnerId: ACCOUNT })),
      },
    ),
    at(
      REGION,
      'ec2:DescribeNetworkInterfaces',
      { MaxResults: 1000 },
      {
        NetworkInterfaces: [{ NetworkInterfaceId: 'eni-a', SubnetId: 'subnet-a', VpcId: 'vpc-cards', OwnerId: ACCOUNT }],
      },
    ),
    at(
      REGION,
      'ec2:DescribeFlowLogs',
      { MaxResults: 1000 },
      {
        FlowLogs: [
          {
            FlowLogId: 'fl-cards',
            ResourceId: 'vpc-cards',
            TrafficType: 'ALL',
            FlowLogStatus: 'ACTIVE',
            DeliverLogsStatus: 'SUCCESS',
            LogDestinationType: 's3',
            LogDestination: 'arn:aws:s3:::flow-logs',
            MaxAggregationInterval: 60,
          },
        ],
      },
    ),
    at(REGION, 'ec2:DescribeTransitGateways', { MaxResults: 1000 }, { TransitGateways: [] }),
    at(
      REGION,
      'route53resolver:ListResolverQueryLogConfigs',
      { MaxResults: 100 },
      {
        ResolverQueryLogConfigs: [
          {
            Id: 'rqlc-1',
            Name: 'dns',
            OwnerId: ACCOUNT,
            Status: 'CREATED',
            ShareStatus: 'NOT_SHARED',
            DestinationArn: 'arn:aws:s3:::dns-logs',
          },
        ],
      },
    ),
    at(
      REGION,
      'route53resolver:ListResolverQueryLogConfigAssociations',
      { MaxResults: 100 },
      {
        ResolverQueryLogConfigAssociations: [
          { Id: 'rqlca-1', ResolverQueryLogConfigId: 'rqlc-1', ResourceId: 'vpc-cards', Status: 'ACTIVE', Error: 'NONE', ErrorMessage: '' },
        ],
      },
    ),
    at(REGION, 'route53profiles:ListProfileAssociations', {}, { ProfileAssociations: [] }),
    at(
      REGION,
      'elasticloadbalancing:DescribeLoadBalancers',
      { PageSize: 400 },
      { LoadBalancers: [{ LoadBalancerArn: ALB, LoadBalancerName: 'shop', Type: 'application' }] },
    ),
    at(
      REGION,
      'elasticloadbalancing:DescribeLoadBalancerAttributes',
      { LoadBalancerArn: ALB },
      {
        Attributes: Object.entries({
          'access_logs.s3.enabled': 'true',
          'access_logs.s3.bucket': 'alb-logs',
          'access_logs.s3.prefix': 'shop',
          'connection_logs.s3.enabled': 'true',
          'connection_logs.s3.bucket': 'alb-logs',
          'connection_logs.s3.prefix': 'connections',
        }).map(([Key, Value]) => ({ Key, Value })),
      },
    ),
    ...['us-east-1', REGION].flatMap((region) => [
      at(region, 'logs:DescribeDeliverySources', {}, { deliverySources: [] }),
      at(region, 'logs:DescribeDeliveries', {}, { deliveries: [] }),
      at(region, 'logs:DescribeDeliveryDestinations', {}, { deliveryDestinations: [] }),
    ]),
    at(REGION, 'logs:DescribeAccountPolicies', { policyType: 'SUBSCRIPTION_FILTER_POLICY' }, { accountPolicies: [] }),
    at(REGION, 'eks:ListClusters', { maxResults: 100 }, { clusters: ['pay'] }),
    at(
      REGION,
      'eks:DescribeCluster',
      { name: 'pay' },
      {
        cluster: {
          name: 'pay',
          arn: CLUSTER,
          status: 'ACTIVE',
          logging: {
            clusterLogging: [
              { types: ['api', 'audit', 'authenticator'], enabled: true },
              { types: ['controllerManager', 'scheduler'], enabled: false },
            ],
          },
        },
      },
    ),
    ...logGroup('/aws/eks/pay/cluster', 365),
    at(
      REGION,
      'lambda:ListFunctions',
      { MaxItems: 50 },
      {
        Functions: [
          {
            FunctionName: 'charge',
            FunctionArn: FUNCTION,
            Role: `arn:aws:iam::${ACCOUNT}:role/charge-role`,
            LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO', LogGroup: '/aws/lambda/charge' },
          },
        ],
      },
    ),
    at(
      undefined,
      'iam:ListAttachedRolePolicies',
      { RoleName: 'charge-role' },
      {
        AttachedPolicies: [
          { PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' },
        ],
        IsTruncated: false,
      },
    ),
    at(undefined, 'iam:ListRolePolicies', { RoleName: 'charge-role' }, { PolicyNames: [], IsTruncated: false }),
    ...logGroup('/aws/lambda/charge', 365),
    at('us-east-1', 'ec2:DescribeVpcs', { MaxResults: 1000 }, { Vpcs: [] }),
    at('us-east-1', 'ec2:DescribeFlowLogs', { MaxResults: 1000 }, { FlowLogs: [] }),
    at('us-east-1', 'ec2:DescribeTransitGateways', { MaxResults: 1000 }, { TransitGateways: [] }),
    at('us-east-1', 'elasticloadbalancing:DescribeLoadBalancers', { PageSize: 400 }, { LoadBalancers: [] }),
    at('us-east-1', 'eks:ListClusters', { maxResults: 100 }, { clusters: [] }),
    at('us-east-1', 'lambda:ListFunctions', { MaxItems: 50 }, { Functions: [] }),
  ];
}

const KEPT = { retain: '365d', searchable: '90d' };

/** A need of each source in the estate, each with the place that it is for. */
export const NEEDS: Record<string, { asset: string; need: Record<string, unknown> }> = {
  management: { asset: 'account', need: { source: 'aws.cloudtrail.management', ...KEPT } },
  'create-user': {
    asset: 'account',
    need: { source: 'aws.cloudtrail.management', where: { eventSource: 'iam.amazonaws.com', eventName: 'CreateUser' }, ...KEPT },
  },
  'assume-role': { asset: 'account', need: { source: 'aws.cloudtrail.management', where: { eventName: 'AssumeRole' }, ...KEPT } },
  decrypt: {
    asset: 'account',
    need: { source: 'aws.cloudtrail.management', where: { eventSource: 'kms.amazonaws.com', eventName: 'Decrypt' }, ...KEPT },
  },
  'object-reads': { asset: 'vault', need: { source: 'aws.cloudtrail.data.s3', where: { eventName: 'GetObject' }, ...KEPT } },
  'object-writes': {
    asset: 'vault',
    need: { source: 'aws.cloudtrail.data.s3', where: { eventName: ['PutObject', 'DeleteObject'] }, ...KEPT },
  },
  flow: { asset: 'vpc', need: { source: 'aws.vpc.flowlogs', ...KEPT } },
  rejected: { asset: 'vpc', need: { source: 'aws.vpc.flowlogs', where: { action: 'REJECT' }, ...KEPT } },
  dns: { asset: 'vpc', need: { source: 'aws.route53.resolver', ...KEPT } },
  'alb-access': { asset: 'alb', need: { source: 'aws.elb.alb.access', ...KEPT } },
  'alb-connections': { asset: 'alb', need: { source: 'aws.elb.alb.connection', ...KEPT } },
  'eks-audit': { asset: 'cluster', need: { source: 'k8s.eks.audit', ...KEPT } },
  'eks-authenticator': { asset: 'cluster', need: { source: 'k8s.eks.authenticator', ...KEPT } },
  lambda: { asset: 'function', need: { source: 'aws.lambda.logs', ...KEPT } },
  'access-logs': { asset: 'vault', need: { source: 'aws.s3.accesslogs', ...KEPT } },
};

export function coveredModel(): ThreatModel {
  const aws = { provider: 'aws', account: ACCOUNT };
  return ThreatModel.parse({
    version: 1,
    system: 'Cards',
    assets: [
      { id: 'account', type: 'aws.account', at: aws },
      { id: 'vault', type: 'aws.s3.bucket', at: { ...aws, resource: VAULT } },
      { id: 'vpc', type: 'aws.vpc', at: { ...aws, resource: VPC } },
      { id: 'alb', type: 'aws.elb.application', at: { ...aws, resource: ALB } },
      { id: 'cluster', type: 'aws.eks.cluster', at: { ...aws, resource: CLUSTER } },
      { id: 'function', type: 'aws.lambda.function', at: { ...aws, resource: FUNCTION } },
    ],
    threats: Object.entries(NEEDS).map(([id, { asset, need }]) => ({ id, title: id, assets: [asset], needs: [{ id, ...need }] })),
  });
}
