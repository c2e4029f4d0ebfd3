import { afterEach, describe, expect, it } from 'vitest';
import { enterReplay } from '../../../connectors/aws/replay/environment.ts';
import { type Replay, type ReplayOptions, startReplay } from '../../../connectors/aws/replay/server.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { fail, send } from './replay-client.ts';

const ACCOUNT = '111122223333';
const AT = '2026-11-21T11:59:00.000Z';
const TIME = '2026-11-21T11:50:00.000Z';
const CLASSIC = 'elasticloadbalancing-classic';

/** One full answer per operation, in the API's own field names: service, operation, arguments, body. */
const answers: readonly (readonly [string, string, Record<string, unknown>, Record<string, unknown>])[] = [
  [
    'sts',
    'GetCallerIdentity',
    {},
    { UserId: 'AROAEXAMPLE:scan', Account: ACCOUNT, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/viewshed/scan` },
  ],
  [
    'account',
    'ListRegions',
    { RegionOptStatusContains: ['ENABLED', 'ENABLED_BY_DEFAULT'], MaxResults: 50 },
    { Regions: [{ RegionName: 'us-east-1', RegionOptStatus: 'ENABLED_BY_DEFAULT' }] },
  ],
  [
    'organizations',
    'DescribeOrganization',
    {},
    { Organization: { Id: 'o-example', MasterAccountId: '999900001111', FeatureSet: 'ALL', AvailablePolicyTypes: [] } },
  ],
  [
    'organizations',
    'ListAccounts',
    {},
    { Accounts: [{ Id: ACCOUNT, Name: 'payments', Status: 'ACTIVE', State: 'ACTIVE', JoinedTimestamp: TIME }] },
  ],
  ['organizations', 'ListDelegatedAdministrators', { ServicePrincipal: 'cloudtrail.amazonaws.com' }, { DelegatedAdministrators: [] }],
  [
    'cloudtrail',
    'DescribeTrails',
    { includeShadowTrails: true },
    {
      trailList: [
        { Name: 'main', S3BucketName: 'card-trail', IsMultiRegionTrail: true, HomeRegion: 'eu-west-1', IncludeGlobalServiceEvents: false },
      ],
    },
  ],
  [
    'cloudtrail',
    'GetTrailStatus',
    { Name: 'main' },
    {
      IsLogging: true,
      LatestDeliveryTime: TIME,
      LatestDeliveryError: '',
      StartLoggingTime: '2024-03-01T08:00:00.250Z',
      TimeLoggingStarted: '2024-03-01T08:00:00Z',
    },
  ],
  [
    'cloudtrail',
    'GetEventSelectors',
    { TrailName: 'main' },
    {
      AdvancedEventSelectors: [
        { Name: 'card "vault" <reads>', FieldSelectors: [{ Field: 'resources.ARN', StartsWith: ['arn:aws:s3:::card-vault/'] }] },
      ],
    },
  ],
  ['cloudtrail', 'ListEventDataStores', {}, { EventDataStores: [] }],
  [
    'cloudtrail',
    'GetEventDataStore',
    { EventDataStore: 'arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/e' },
    { Name: 'lake', Status: 'ENABLED', RetentionPeriod: 2557, CreatedTimestamp: TIME, AdvancedEventSelectors: [] },
  ],
  [
    'logs',
    'DescribeLogGroups',
    { logGroupNamePrefix: '/aws/lambda/', limit: 50 },
    {
      logGroups: [
        {
          logGroupName: '/aws/lambda/charge',
          creationTime: 1_700_000_000_000,
          retentionInDays: 30,
          storedBytes: 0,
          logGroupClass: 'STANDARD',
        },
      ],
    },
  ],
  [
    'logs',
    'DescribeLogStreams',
    { logGroupName: 'g', orderBy: 'LastEventTime', descending: true, limit: 1 },
    { logStreams: [{ logStreamName: 's', lastIngestionTime: 1_700_000_000_000 }] },
  ],
  [
    'logs',
    'DescribeSubscriptionFilters',
    { logGroupName: 'g' },
    {
      subscriptionFilters: [
        { filterName: 'f', filterPattern: '', destinationArn: 'arn:aws:firehose:eu-west-1:111122223333:deliverystream/siem' },
      ],
    },
  ],
  [
    'logs',
    'DescribeDeliverySources',
    {},
    {
      deliverySources: [
        {
          name: 'alb',
          logType: 'ALB_ACCESS_LOGS',
          resourceArns: ['arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/1'],
        },
      ],
    },
  ],
  ['logs', 'DescribeAccountPolicies', { policyType: 'SUBSCRIPTION_FILTER_POLICY' }, { accountPolicies: [] }],
  [
    'route53resolver',
    'ListResolverQueryLogConfigs',
    {},
    { ResolverQueryLogConfigs: [{ Id: 'rqlc-1', Name: 'dns', Status: 'CREATED', CreationTime: '2026-01-01T00:00:00Z' }] },
  ],
  ['route53resolver', 'ListResolverQueryLogConfigAssociations', {}, { ResolverQueryLogConfigAssociations: [] }],
  ['eks', 'ListClusters', {}, { clusters: ['cards'] }],
  [
    'eks',
    'DescribeCluster',
    { name: 'cards' },
    {
      cluster: {
        name: 'cards',
        createdAt: TIME,
        logging: {
          clusterLogging: [
            { types: ['audit'], enabled: true },
            { types: ['api'], enabled: false },
          ],
        },
        tags: { team: 'payments' },
      },
    },
  ],
  [
    'lambda',
    'ListFunctions',
    {},
    {
      Functions: [
        {
          FunctionName: 'charge',
          LastModified: '2026-01-01T00:00:00.000+0000',
          LoggingConfig: { LogFormat: 'JSON', LogGroup: '/aws/lambda/charge' },
        },
      ],
    },
  ],
  [
    'securitylake',
    'ListDataLakes',
    { regions: ['eu-west-1', 'us-east-1'] },
    {
      dataLakes: [
        {
          dataLakeArn: 'arn:aws:securitylake:eu-west-1:111122223333:data-lake/default',
          region: 'eu-west-1',
          createStatus: 'COMPLETED',
          lifecycleConfiguration: { expiration: { days: 365 }, transitions: [] },
        },
      ],
    },
  ],
  [
    'ec2',
    'DescribeRegions',
    { AllRegions: true },
    { Regions: [{ RegionName: 'us-east-1', Endpoint: 'ec2.us-east-1.amazonaws.com', OptInStatus: 'opt-in-not-required' }] },
  ],
  [
    'ec2',
    'DescribeFlowLogs',
    { Filter: [{ Name: 'resource-id', Values: ['vpc-1', 'vpc-2'] }], MaxResults: 1000 },
    {
      FlowLogs: [
        {
          FlowLogId: 'fl-1',
          CreationTime: TIME,
          ResourceId: 'vpc-1',
          TrafficType: 'ALL',
          DeliverLogsStatus: 'FAILED',
          DeliverLogsErrorMessage: 'Access error',
          LogDestinationType: 's3',
          LogFormat: '${version} ${vpc-id} <&>',
          MaxAggregationInterval: 60,
          DestinationOptions: { FileFormat: 'parquet', PerHourPartition: false, HiveCompatiblePartitions: true },
          Tags: [],
        },
      ],
    },
  ],
  ['ec2', 'DescribeFlowLogs', {}, { FlowLogs: [] }],
  [
    'ec2',
    'DescribeVpcs',
    {},
    {
      Vpcs: [
        {
          VpcId: 'vpc-1',
          IsDefault: false,
          State: 'available',
          CidrBlock: '10.0.0.0/16',
          OwnerId: ACCOUNT,
          Tags: [{ Key: 'Name', Value: ' cards\n"prod" ' }],
        },
      ],
    },
  ],
  [
    'ec2',
    'DescribeSubnets',
    { SubnetIds: ['subnet-1'] },
    { Subnets: [{ SubnetId: 'subnet-1', VpcId: 'vpc-1', AvailableIpAddressCount: 250, DefaultForAz: false }] },
  ],
  [
    'ec2',
    'DescribeNetworkInterfaces',
    {},
    {
      NetworkInterfaces: [
        {
          NetworkInterfaceId: 'eni-1',
          SubnetId: 'subnet-1',
          VpcId: 'vpc-1',
          InterfaceType: 'interface',
          Attachment: { AttachTime: TIME, DeleteOnTermination: true },
        },
      ],
    },
  ],
  [
    'ec2',
    'DescribeTransitGateways',
    {},
    { TransitGateways: [{ TransitGatewayId: 'tgw-1', State: 'available', OwnerId: ACCOUNT, CreationTime: TIME }] },
  ],
  [
    'ec2',
    'DescribeTransitGatewayAttachments',
    {},
    {
      TransitGatewayAttachments: [
        { TransitGatewayAttachmentId: 'tgw-attach-1', TransitGatewayId: 'tgw-1', ResourceType: 'vpc', ResourceId: 'vpc-1' },
      ],
    },
  ],
  [
    'elasticloadbalancing',
    'DescribeLoadBalancers',
    { PageSize: 400 },
    {
      LoadBalancers: [
        {
          LoadBalancerArn: 'arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/1',
          Type: 'application',
          CreatedTime: TIME,
          State: { Code: 'active' },
          AvailabilityZones: [{ ZoneName: 'eu-west-1a', LoadBalancerAddresses: [] }],
        },
      ],
    },
  ],
  [
    'elasticloadbalancing',
    'DescribeLoadBalancerAttributes',
    { LoadBalancerArn: 'a' },
    {
      Attributes: [
        { Key: 'access_logs.s3.enabled', Value: 'false' },
        { Key: 'access_logs.s3.bucket', Value: '' },
      ],
    },
  ],
  [
    'elasticloadbalancing',
    'DescribeListeners',
    { LoadBalancerArn: 'a' },
    { Listeners: [{ ListenerArn: 'l', Port: 443, Protocol: 'TLS', DefaultActions: [{ Type: 'forward', TargetGroupArn: 't' }] }] },
  ],
  [
    CLASSIC,
    'DescribeLoadBalancers',
    {},
    {
      LoadBalancerDescriptions: [
        {
          LoadBalancerName: 'old',
          CreatedTime: TIME,
          VPCId: 'vpc-1',
          Subnets: ['subnet-1'],
          ListenerDescriptions: [{ Listener: { Protocol: 'HTTP', LoadBalancerPort: 80, InstancePort: 80 }, PolicyNames: [] }],
        },
      ],
    },
  ],
  [
    CLASSIC,
    'DescribeLoadBalancerAttributes',
    { LoadBalancerName: 'old' },
    {
      LoadBalancerAttributes: {
        AccessLog: { Enabled: true, S3BucketName: 'alb-logs', EmitInterval: 5, S3BucketPrefix: '' },
        CrossZoneLoadBalancing: { Enabled: false },
      },
    },
  ],
  [
    's3',
    'ListBuckets',
    {},
    {
      Buckets: [
        { Name: 'card-vault', CreationDate: TIME, BucketRegion: 'eu-west-1' },
        { Name: 'card-exports', CreationDate: TIME },
      ],
      Owner: { ID: 'abc' },
    },
  ],
  ['s3', 'ListBuckets', { BucketRegion: 'eu-west-1', MaxBuckets: 1000 }, { Buckets: [] }],
  ['s3', 'GetBucketLocation', { Bucket: 'card-vault' }, { LocationConstraint: 'eu-west-1' }],
  ['s3', 'GetBucketLocation', { Bucket: 'card-exports' }, {}],
  [
    's3',
    'GetBucketLogging',
    { Bucket: 'card-vault' },
    {
      LoggingEnabled: {
        TargetBucket: 'access-logs',
        TargetPrefix: 'card-vault/',
        TargetGrants: [{ Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/s3/LogDelivery' }, Permission: 'WRITE' }],
        TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: 'EventTime' } },
      },
    },
  ],
  ['s3', 'GetBucketLogging', { Bucket: 'card-exports' }, {}],
  [
    's3',
    'GetBucketLifecycleConfiguration',
    { Bucket: 'card-vault' },
    {
      TransitionDefaultMinimumObjectSize: 'all_storage_classes_128K',
      Rules: [
        {
          ID: 'a',
          Status: 'Enabled',
          Filter: { And: { Prefix: 'AWSLogs/', Tags: [{ Key: 'k', Value: 'v' }], ObjectSizeGreaterThan: 1 } },
          Transitions: [
            { Days: 90, StorageClass: 'GLACIER' },
            { Date: '2027-01-01T00:00:00.000Z', StorageClass: 'DEEP_ARCHIVE' },
          ],
          Expiration: { Days: 2557 },
          NoncurrentVersionExpiration: { NoncurrentDays: 30, NewerNoncurrentVersions: 3 },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        },
        { ID: 'b', Status: 'Disabled', Filter: { Prefix: '' }, Expiration: { ExpiredObjectDeleteMarker: true } },
      ],
    },
  ],
  ['s3', 'GetBucketVersioning', { Bucket: 'card-vault' }, { Status: 'Enabled', MFADelete: 'Disabled' }],
  ['s3', 'GetBucketVersioning', { Bucket: 'card-exports' }, {}],
  [
    's3',
    'GetObjectLockConfiguration',
    { Bucket: 'card-vault' },
    { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } } } },
  ],
  [
    's3',
    'GetBucketPolicy',
    { Bucket: 'card-vault' },
    { Policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:Get<&>"}]}' },
  ],
  [
    's3',
    'GetBucketReplication',
    { Bucket: 'card-vault' },
    {
      ReplicationConfiguration: {
        Role: 'arn:aws:iam::111122223333:role/r',
        Rules: [
          {
            ID: 'r',
            Priority: 1,
            Status: 'Enabled',
            Filter: { Prefix: '' },
            DeleteMarkerReplication: { Status: 'Disabled' },
            Destination: { Bucket: 'arn:aws:s3:::copy', Account: '777788889999' },
          },
        ],
      },
    },
  ],
  [
    's3',
    'GetBucketNotificationConfiguration',
    { Bucket: 'card-vault' },
    {
      TopicConfigurations: [
        {
          Id: 't',
          TopicArn: 'arn:aws:sns:eu-west-1:111122223333:t',
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'AWSLogs/' }] } },
        },
      ],
      QueueConfigurations: [{ QueueArn: 'arn:aws:sqs:eu-west-1:111122223333:siem', Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] }],
      EventBridgeConfiguration: {},
    },
  ],
  [
    's3',
    'GetBucketAcl',
    { Bucket: 'card-vault' },
    {
      Owner: { ID: 'abc' },
      Grants: [
        { Grantee: { Type: 'CanonicalUser', ID: 'abc' }, Permission: 'FULL_CONTROL' },
        { Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/s3/LogDelivery' }, Permission: 'WRITE' },
      ],
    },
  ],
  [
    's3',
    'ListBucketIntelligentTieringConfigurations',
    { Bucket: 'card-vault' },
    {
      IsTruncated: false,
      IntelligentTieringConfigurationList: [{ Id: 'i', Status: 'Enabled', Tierings: [{ Days: 90, AccessTier: 'ARCHIVE_ACCESS' }] }],
    },
  ],
  [
    's3',
    'ListObjectsV2',
    { Bucket: 'card-trail', Prefix: 'AWSLogs/', Delimiter: '/', MaxKeys: 10 },
    {
      IsTruncated: false,
      Name: 'card-trail',
      Prefix: 'AWSLogs/',
      MaxKeys: 10,
      KeyCount: 1,
      Contents: [{ Key: 'AWSLogs/x', LastModified: TIME, Size: 12, StorageClass: 'STANDARD' }],
      CommonPrefixes: [{ Prefix: 'AWSLogs/111122223333/' }],
    },
  ],
  [
    'route53',
    'ListHostedZones',
    {},
    {
      HostedZones: [
        { Id: '/hostedzone/Z1', Name: 'pay.example.', CallerReference: 'c', Config: { PrivateZone: false }, ResourceRecordSetCount: 4 },
      ],
      IsTruncated: false,
      MaxItems: 100,
    },
  ],
  [
    'route53',
    'ListQueryLoggingConfigs',
    { HostedZoneId: 'Z1' },
    {
      QueryLoggingConfigs: [
        {
          Id: 'q',
          HostedZoneId: 'Z1',
          CloudWatchLogsLogGroupArn: 'arn:aws:logs:us-east-1:111122223333:log-group:/aws/route53/pay.example',
        },
      ],
    },
  ],
  ['route53', 'ListQueryLoggingConfigs', {}, { QueryLoggingConfigs: [] }],
  [
    'iam',
    'ListAttachedRolePolicies',
    { RoleName: 'r' },
    { AttachedPolicies: [{ PolicyName: 'p', PolicyArn: 'arn:aws:iam::aws:policy/p' }], IsTruncated: false },
  ],
  ['iam', 'ListRolePolicies', { RoleName: 'r' }, { PolicyNames: ['inline'], IsTruncated: false }],
  [
    'iam',
    'GetRolePolicy',
    { RoleName: 'r', PolicyName: 'inline' },
    { RoleName: 'r', PolicyName: 'inline', PolicyDocument: '%7B%22Version%22%3A%222012-10-17%22%7D' },
  ],
  [
    'iam',
    'GetPolicy',
    { PolicyArn: 'arn:aws:iam::aws:policy/p' },
    { Policy: { PolicyName: 'p', DefaultVersionId: 'v3', CreateDate: TIME, AttachmentCount: 0, IsAttachable: true } },
  ],
  [
    'iam',
    'GetPolicyVersion',
    { PolicyArn: 'arn:aws:iam::aws:policy/p', VersionId: 'v3' },
    { PolicyVersion: { Document: '%7B%7D', VersionId: 'v3', IsDefaultVersion: true, CreateDate: TIME } },
  ],
];

const record = (
  service: string,
  op: string,
  args: Record<string, unknown>,
  said: Pick<EvidenceRecord, 'body' | 'error' | 'page' | 'region'>,
): EvidenceRecord => ({
  v: 1,
  provider: 'aws',
  account: ACCOUNT,
  service,
  op,
  args,
  at: AT,
  ...said,
});

let running: Replay | undefined;
const start = async (records: readonly EvidenceRecord[], options?: ReplayOptions): Promise<Replay> =>
  (running = await startReplay(records, options));
afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe('answers', () => {
  it.each(answers)('%s %s %j comes back as recorded', async (service, op, args, body) => {
    const replay = await start([record(service, op, args, { body })]);
    expect(await send(replay.url, service, op, args, ACCOUNT)).toEqual(body);
    expect(replay.unmatched).toEqual([]);
    expect(replay.unused()).toEqual([]);
    expect(replay.requests).toEqual([{ service, op, account: ACCOUNT, region: 'us-east-1', args, page: 0 }]);
  });

  it('tells classic load balancers from the newer ones', async () => {
    const replay = await start([
      record('elasticloadbalancing', 'DescribeLoadBalancers', {}, { body: { LoadBalancers: [] } }),
      record(CLASSIC, 'DescribeLoadBalancers', {}, { body: { LoadBalancerDescriptions: [] } }),
    ]);
    expect(await send(replay.url, 'elasticloadbalancing', 'DescribeLoadBalancers', {}, ACCOUNT)).toEqual({ LoadBalancers: [] });
    expect(await send(replay.url, CLASSIC, 'DescribeLoadBalancers', {}, ACCOUNT)).toEqual({ LoadBalancerDescriptions: [] });
  });
});

describe('errors', () => {
  it.each([
    ['cloudtrail', 'GetInsightSelectors', { TrailName: 't' }, 'InsightNotEnabledException', 400],
    ['cloudtrail', 'DescribeTrails', {}, 'AccessDeniedException', 400],
    ['organizations', 'DescribeOrganization', {}, 'AWSOrganizationsNotInUseException', 400],
    ['s3', 'GetBucketLifecycleConfiguration', { Bucket: 'b' }, 'AccessDenied', 403],
    ['s3', 'GetBucketLifecycleConfiguration', { Bucket: 'b' }, 'NoSuchLifecycleConfiguration', 404],
    ['s3', 'GetObjectLockConfiguration', { Bucket: 'b' }, 'ObjectLockConfigurationNotFoundError', 404],
    ['ec2', 'DescribeFlowLogs', {}, 'UnauthorizedOperation', 403],
    ['elasticloadbalancing', 'DescribeLoadBalancers', {}, 'AccessDenied', 403],
    ['iam', 'ListRolePolicies', { RoleName: 'r' }, 'NoSuchEntity', 404],
    ['sts', 'GetCallerIdentity', {}, 'ExpiredToken', 400],
    ['route53', 'ListHostedZones', {}, 'Throttling', 400],
    ['route53resolver', 'ListResolverQueryLogConfigs', {}, 'AccessDeniedException', 400],
    ['eks', 'DescribeCluster', { name: 'n' }, 'ResourceNotFoundException', 404],
    ['lambda', 'ListFunctions', {}, 'TooManyRequestsException', 429],
    ['securitylake', 'ListDataLakes', {}, 'AccessDeniedException', 403],
    ['account', 'ListRegions', {}, 'AccessDeniedException', 403],
  ])('%s %s %j fails as %s', async (service, op, args, code, status) => {
    const replay = await start([record(service, op, args, { error: { code, message: 'No, <never> & "not" now' } })]);
    const error = await fail(replay.url, service, op, args, ACCOUNT);
    expect([error.name, error.Code, error.Error?.Code]).toContain(code);
    expect(error.message).toBe('No, <never> & "not" now');
    expect(error.$metadata?.httpStatusCode).toBe(status);
  });

  it('keeps the recorded status', async () => {
    const replay = await start([record('ec2', 'DescribeVpcs', {}, { error: { code: 'Odd', message: 'm', status: 418 } })]);
    const error = await fail(replay.url, 'ec2', 'DescribeVpcs', {}, ACCOUNT);
    expect(error.$metadata?.httpStatusCode).toBe(418);
  });
});

describe('what is asked', () => {
  it('refuses and lists what has no record: another account, region, bucket or operation', async () => {
    const replay = await start([record('cloudtrail', 'DescribeTrails', {}, { region: 'eu-west-1', body: { trailList: [] } })]);
    const refused: readonly (readonly [string, string, Record<string, unknown>, string, string])[] = [
      ['cloudtrail', 'DescribeTrails', {}, '444455556666', 'eu-west-1'],
      ['cloudtrail', 'DescribeTrails', {}, ACCOUNT, 'us-east-1'],
      ['cloudtrail', 'DescribeTrails', { trailNameList: ['x'] }, ACCOUNT, 'eu-west-1'],
      ['s3', 'GetBucketPolicy', { Bucket: 'b' }, ACCOUNT, 'eu-west-1'],
    ];
    for (const one of refused) {
      const error = await fail(replay.url, ...one);
      expect(error.message).toContain(`${one[0]}:${one[1]}`);
      expect(error.name).toMatch(/^AccessDenied/);
    }
    expect(replay.unmatched.map((one) => [one.service, one.op, one.args, one.account, one.region])).toEqual(refused);
    expect(replay.unused()).toHaveLength(1);
    expect(await send(replay.url, 'cloudtrail', 'DescribeTrails', {}, ACCOUNT, 'eu-west-1')).toEqual({ trailList: [] });
    expect(replay.unused()).toEqual([]);
  });

  it('leads through pages, with its own tokens where none is recorded', async () => {
    const pages = (service: string, op: string, args: Record<string, unknown>, bodies: Record<string, unknown>[]) =>
      bodies.map((body, page) => record(service, op, args, { body, page }));
    const replay = await start([
      ...pages('organizations', 'ListAccounts', {}, [
        { Accounts: [{ Id: '1' }] },
        { Accounts: [{ Id: '2' }] },
        { Accounts: [{ Id: '3' }] },
      ]),
      ...pages('ec2', 'DescribeVpcs', { MaxResults: 5 }, [
        { Vpcs: [{ VpcId: 'vpc-1' }], NextToken: 'recorded' },
        { Vpcs: [{ VpcId: 'vpc-2' }] },
      ]),
      ...pages('lambda', 'ListFunctions', {}, [{ Functions: [] }, { Functions: [{ FunctionName: 'f' }] }]),
      ...pages('iam', 'ListRolePolicies', { RoleName: 'r' }, [
        { PolicyNames: ['a'], IsTruncated: true },
        { PolicyNames: ['b'], IsTruncated: false },
      ]),
      ...pages('route53', 'ListHostedZones', {}, [
        { HostedZones: [], IsTruncated: true, MaxItems: 1, NextMarker: 'Z2' },
        { HostedZones: [], IsTruncated: false, Marker: 'Z2', MaxItems: 1 },
      ]),
    ]);
    const walk = async (service: string, op: string, args: Record<string, unknown>, from: string, to: string): Promise<unknown[]> => {
      const found: Record<string, unknown>[] = [];
      for (let token: unknown, more = true; more; more = token !== undefined) {
        const page = (await send(replay.url, service, op, { ...args, ...(token === undefined ? {} : { [to]: token }) }, ACCOUNT)) as Record<
          string,
          unknown
        >;
        found.push(page);
        token = page[from];
      }
      return found;
    };
    expect(await walk('organizations', 'ListAccounts', {}, 'NextToken', 'NextToken')).toMatchObject([
      { Accounts: [{ Id: '1' }] },
      { Accounts: [{ Id: '2' }] },
      { Accounts: [{ Id: '3' }] },
    ]);
    expect(await walk('ec2', 'DescribeVpcs', { MaxResults: 5 }, 'NextToken', 'NextToken')).toEqual([
      { Vpcs: [{ VpcId: 'vpc-1' }], NextToken: 'recorded' },
      { Vpcs: [{ VpcId: 'vpc-2' }] },
    ]);
    expect(await walk('lambda', 'ListFunctions', {}, 'NextMarker', 'Marker')).toHaveLength(2);
    expect(await walk('iam', 'ListRolePolicies', { RoleName: 'r' }, 'Marker', 'Marker')).toHaveLength(2);
    expect(await walk('route53', 'ListHostedZones', {}, 'NextMarker', 'Marker')).toHaveLength(2);
    expect(replay.unmatched).toEqual([]);
    expect(replay.requests.map((one) => one.page)).toEqual([0, 1, 2, 0, 1, 0, 1, 0, 1, 0, 1]);
  });

  it('does not pretend a list ends where a recorded token leads to no record', async () => {
    const replay = await start([record('ec2', 'DescribeVpcs', {}, { body: { Vpcs: [], NextToken: 'more' } })]);
    expect(await send(replay.url, 'ec2', 'DescribeVpcs', {}, ACCOUNT)).toEqual({ Vpcs: [], NextToken: 'more' });
    await expect(send(replay.url, 'ec2', 'DescribeVpcs', { NextToken: 'more' }, ACCOUNT)).rejects.toThrow('No answer is recorded');
    expect(replay.unmatched).toMatchObject([{ op: 'DescribeVpcs', page: 1 }]);
  });
});

describe('roles', () => {
  const roleOf = (account: string) => ({ RoleArn: `arn:aws:iam::${account}:role/viewshed`, RoleSessionName: 'viewshed' });

  it('answers with credentials by which the account is known', async () => {
    const replay = await start([record('s3', 'ListBuckets', {}, { body: { Buckets: [] } })]);
    const answer = (await send(replay.url, 'sts', 'AssumeRole', roleOf(ACCOUNT), '999900001111')) as {
      Credentials: { AccessKeyId: string; Expiration: string };
      AssumedRoleUser: { Arn: string };
    };
    expect(answer.Credentials.AccessKeyId).toBe(`ASIA${ACCOUNT}EXAMPLE`);
    expect(Date.parse(answer.Credentials.Expiration)).toBeGreaterThan(Date.now());
    expect(answer.AssumedRoleUser.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/viewshed/viewshed`);
  });

  it('refuses where that is recorded, and where nothing is known of the account', async () => {
    const refused = {
      ...record('sts', 'AssumeRole', roleOf('222233334444'), { error: { code: 'AccessDenied', message: 'is not authorized' } }),
      account: '222233334444',
    };
    const replay = await start([refused]);
    await expect(send(replay.url, 'sts', 'AssumeRole', roleOf('222233334444'), '999900001111')).rejects.toThrow('is not authorized');
    expect(replay.unmatched).toEqual([]);
    await expect(send(replay.url, 'sts', 'AssumeRole', roleOf('555566667777'), '999900001111')).rejects.toThrow('No answer is recorded');
    expect(replay.unmatched).toHaveLength(1);
  });
});

describe('overrides', () => {
  it('says a body, an error, raw bytes, or nothing', async () => {
    const replay = await start([record('ec2', 'DescribeVpcs', {}, { body: { Vpcs: [] } })], {
      latencyMs: 5,
      remember: false,
      answer: ({ region }) => {
        if (region === 'eu-west-1') return { body: { Vpcs: [{ VpcId: 'vpc-9' }] } };
        if (region === 'eu-west-2') return { error: { code: 'RequestLimitExceeded', message: 'slow', status: 503 } };
        if (region === 'eu-west-3') return { raw: { status: 500, headers: { 'content-type': 'text/html' }, body: '<html>oops' } };
        return region === 'eu-north-1' ? { hangUp: true } : undefined;
      },
    });
    const ask = (region: string) => fail(replay.url, 'ec2', 'DescribeVpcs', {}, ACCOUNT, region);
    expect(await send(replay.url, 'ec2', 'DescribeVpcs', {}, ACCOUNT)).toEqual({ Vpcs: [] });
    expect(await send(replay.url, 'ec2', 'DescribeVpcs', {}, ACCOUNT, 'eu-west-1')).toEqual({ Vpcs: [{ VpcId: 'vpc-9' }] });
    expect((await ask('eu-west-2')).$metadata?.httpStatusCode).toBe(503);
    expect((await ask('eu-west-3')).message).not.toBe('');
    expect((await ask('eu-north-1')).message).toMatch(/socket hang up|ECONNRESET/);
    expect(replay.count()).toBe(5);
    expect(replay.requests).toEqual([]);
  });
});

describe('the environment of a replay', () => {
  it("leaves nothing of the machine's own set-up, and gives it back", async () => {
    const own = { AWS_PROFILE: 'production', AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9', AWS_REGION: 'eu-west-3' };
    const before = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('AWS_')));
    Object.assign(process.env, own);
    const replay = await start([record('sts', 'GetCallerIdentity', {}, { body: { Account: ACCOUNT } })]);
    const leave = enterReplay(replay, ACCOUNT);
    try {
      const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
      expect((await new STSClient({}).send(new GetCallerIdentityCommand({}))).Account).toBe(ACCOUNT);
    } finally {
      leave();
    }
    expect(process.env).toMatchObject(own);
    for (const name of Object.keys(own)) delete process.env[name];
    Object.assign(process.env, before);
  });
});
