import { assumedRole, type Override, type ReplayRequest } from '../../connectors/aws/replay/server.ts';

/**
 * Lumen Pay, a small payments company that does not exist, as AWS would answer for it: an organization with its usual share of gaps. `record.ts`
 * asks everything that a scan asks and keeps the answers in `evidence.ndjson`.
 */

/** When the estate stands still: everything was delivered shortly before. */
export const CLOCK = '2026-11-21T12:00:00.000Z';

/** The time that its recorded answers bear. */
export const RECORDED = '2026-11-21T11:58:00.000Z';

const MANAGEMENT = '999900001111';
const PAYMENTS = '111122223333';
const SHARED = '444455556666';
const ARCHIVE = '777788889999';
const SANDBOX = '222233334444';
/** Where a scan starts. */
export const START_ACCOUNT = MANAGEMENT;
export const REGIONS = ['us-east-1', 'eu-west-1', 'eu-central-1'];

const ORGANIZATION = 'o-lumenpay01';
const accounts = [
  { Id: MANAGEMENT, Name: 'management', Email: 'aws-management@lumenpay.example' },
  { Id: PAYMENTS, Name: 'payments-production', Email: 'aws-payments@lumenpay.example' },
  { Id: SHARED, Name: 'shared-services', Email: 'aws-shared@lumenpay.example' },
  { Id: ARCHIVE, Name: 'log-archive', Email: 'aws-logs@lumenpay.example' },
  { Id: SANDBOX, Name: 'sandbox', Email: 'aws-sandbox@lumenpay.example' },
];

type Fields = Record<string, unknown>;
const error = (code: string, message: string): Override => ({ error: { code, message } });
const body = (fields: Fields): Override => ({ body: fields });
const before = (minutes: number): string => new Date(Date.parse(CLOCK) - minutes * 60_000).toISOString();
const millisBefore = (minutes: number): number => Date.parse(CLOCK) - minutes * 60_000;

// ---- Trails

interface Trail {
  readonly description: Fields & { readonly Name: string; readonly TrailARN: string; readonly HomeRegion: string };
  readonly owner: string;
  readonly selectors: Fields;
}

const ORG_TRAIL = `arn:aws:cloudtrail:us-east-1:${MANAGEMENT}:trail/lumen-org`;
const CARD_TRAIL = `arn:aws:cloudtrail:eu-west-1:${PAYMENTS}:trail/card-data`;
const trails: readonly Trail[] = [
  {
    owner: MANAGEMENT,
    description: {
      Name: 'lumen-org',
      S3BucketName: 'lumen-org-trail',
      IncludeGlobalServiceEvents: true,
      IsMultiRegionTrail: true,
      HomeRegion: 'us-east-1',
      TrailARN: ORG_TRAIL,
      LogFileValidationEnabled: true,
      HasCustomEventSelectors: true,
      HasInsightSelectors: false,
      IsOrganizationTrail: true,
    },
    selectors: {
      EventSelectors: [{ ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [] }],
    },
  },
  {
    owner: PAYMENTS,
    description: {
      Name: 'card-data',
      S3BucketName: 'lumen-card-trail',
      IncludeGlobalServiceEvents: false,
      IsMultiRegionTrail: false,
      HomeRegion: 'eu-west-1',
      TrailARN: CARD_TRAIL,
      LogFileValidationEnabled: true,
      HasCustomEventSelectors: true,
      HasInsightSelectors: false,
      IsOrganizationTrail: false,
    },
    // Card exports came later, and nobody added them.
    selectors: {
      AdvancedEventSelectors: [
        {
          Name: 'Card vault objects',
          FieldSelectors: [
            { Field: 'eventCategory', Equals: ['Data'] },
            { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
            { Field: 'resources.ARN', StartsWith: ['arn:aws:s3:::card-vault/'] },
          ],
        },
      ],
    },
  },
];

function trailsIn(account: string, region: string): readonly Trail[] {
  return trails.filter(
    (trail) =>
      (trail.owner === account || trail.description.IsOrganizationTrail) &&
      (trail.description.IsMultiRegionTrail || trail.description.HomeRegion === region),
  );
}

function ofTrail(request: ReplayRequest, say: (trail: Trail) => Override): Override {
  const asked = String(request.args.TrailName ?? request.args.Name ?? '');
  const trail = trailsIn(request.account, request.region).find(
    (one) => one.owner === request.account && [one.description.TrailARN, one.description.Name].includes(asked),
  );
  return trail ? say(trail) : error('TrailNotFoundException', `Unknown trail: ${asked} for the user: ${request.account}`);
}

// ---- Buckets

interface Bucket {
  readonly name: string;
  readonly owner: string;
  readonly region: string;
  readonly created: string;
  readonly rules?: readonly Fields[];
  readonly rulesDenied?: boolean;
  readonly versioned?: boolean;
  readonly logging?: Fields;
  readonly policy?: readonly Fields[];
}

const deliveryPolicy = (bucket: string, principal: string, prefix: string, sourceAccounts: readonly string[]): Fields[] => [
  {
    Sid: 'AclCheck',
    Effect: 'Allow',
    Principal: { Service: principal },
    Action: 's3:GetBucketAcl',
    Resource: `arn:aws:s3:::${bucket}`,
    Condition: { StringEquals: { 'aws:SourceAccount': sourceAccounts } },
  },
  {
    Sid: 'Write',
    Effect: 'Allow',
    Principal: { Service: principal },
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${bucket}/${prefix}*`,
    Condition: { StringEquals: { 'aws:SourceAccount': sourceAccounts } },
  },
];
const trailPolicy = (bucket: string, trail: string, prefixes: readonly string[]): Fields[] => [
  {
    Sid: 'AclCheck',
    Effect: 'Allow',
    Principal: { Service: 'cloudtrail.amazonaws.com' },
    Action: 's3:GetBucketAcl',
    Resource: `arn:aws:s3:::${bucket}`,
    Condition: { StringEquals: { 'aws:SourceArn': trail } },
  },
  {
    Sid: 'Write',
    Effect: 'Allow',
    Principal: { Service: 'cloudtrail.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: prefixes.map((prefix) => `arn:aws:s3:::${bucket}/${prefix}*`),
    Condition: { StringEquals: { 'aws:SourceArn': trail, 's3:x-amz-acl': 'bucket-owner-full-control' } },
  },
];

const buckets: readonly Bucket[] = [
  {
    name: 'lumen-org-trail',
    owner: ARCHIVE,
    region: 'eu-west-1',
    created: '2024-02-19T09:12:00.000Z',
    versioned: true,
    rules: [
      {
        ID: 'archive-then-expire',
        Status: 'Enabled',
        Filter: { Prefix: '' },
        Transitions: [{ Days: 90, StorageClass: 'GLACIER' }],
        Expiration: { Days: 2557 },
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      },
    ],
    policy: trailPolicy('lumen-org-trail', ORG_TRAIL, [`AWSLogs/${MANAGEMENT}/`, `AWSLogs/${ORGANIZATION}/`]),
  },
  {
    name: 'lumen-flow-logs',
    owner: ARCHIVE,
    region: 'eu-west-1',
    created: '2024-02-19T09:14:00.000Z',
    rulesDenied: true,
    policy: deliveryPolicy('lumen-flow-logs', 'delivery.logs.amazonaws.com', 'cards/AWSLogs/', [PAYMENTS]),
  },
  {
    name: 'lumen-card-trail',
    owner: PAYMENTS,
    region: 'eu-west-1',
    created: '2024-03-04T10:00:00.000Z',
    versioned: true,
    policy: trailPolicy('lumen-card-trail', CARD_TRAIL, [`AWSLogs/${PAYMENTS}/`]),
  },
  {
    name: 'lumen-access-logs',
    owner: PAYMENTS,
    region: 'eu-west-1',
    created: '2024-03-04T10:02:00.000Z',
    rules: [{ ID: 'expire', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 14 } }],
    policy: [
      {
        Sid: 'AccessLogs',
        Effect: 'Allow',
        Principal: { Service: 'logging.s3.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: 'arn:aws:s3:::lumen-access-logs/*',
        Condition: { StringEquals: { 'aws:SourceAccount': PAYMENTS } },
      },
    ],
  },
  {
    name: 'card-vault',
    owner: PAYMENTS,
    region: 'eu-west-1',
    created: '2024-03-04T10:05:00.000Z',
    versioned: true,
    logging: { TargetBucket: 'lumen-access-logs', TargetPrefix: 'card-vault/' },
  },
  { name: 'card-exports', owner: PAYMENTS, region: 'eu-west-1', created: '2026-05-11T15:40:00.000Z' },
  { name: 'lumen-artifacts', owner: SHARED, region: 'us-east-1', created: '2024-04-02T08:00:00.000Z' },
];

function ofBucket(request: ReplayRequest, say: (bucket: Bucket) => Override): Override {
  const bucket = buckets.find((one) => one.name === request.args.Bucket);
  if (!bucket) return error('NoSuchBucket', 'The specified bucket does not exist');
  return bucket.owner === request.account ? say(bucket) : error('AccessDenied', 'Access Denied');
}

// ---- Log groups

interface Group {
  readonly name: string;
  readonly days?: number;
  /** Minutes before the clock of the last record; left out: nothing ever came. */
  readonly last?: number;
}

const groups: Readonly<Record<string, readonly Group[]>> = {
  [`${PAYMENTS} eu-west-1`]: [
    { name: '/aws/eks/cards/cluster', days: 90, last: 2 },
    { name: '/aws/lambda/charge', last: 3 },
    { name: '/aws/lambda/refund', days: 30, last: 41 },
    { name: '/aws/vendedlogs/alb/cards-api', days: 180, last: 4 },
    { name: '/dns/cards', days: 365, last: 1 },
    { name: '/vpc/back-office', days: 90 },
  ],
  [`${SHARED} us-east-1`]: [{ name: '/aws/route53/lumenpay.example', days: 90, last: 6 }],
  [`${SHARED} eu-central-1`]: [{ name: '/aws/lambda/mailer', days: 14, last: 180 }],
};

const groupArn = (account: string, region: string, name: string): string => `arn:aws:logs:${region}:${account}:log-group:${name}`;

function groupsOf(request: ReplayRequest): Fields[] {
  const { logGroupNamePrefix, logGroupNamePattern, logGroupIdentifiers } = request.args;
  return (groups[`${request.account} ${request.region}`] ?? [])
    .map(({ name, days, last }) => {
      const arn = groupArn(request.account, request.region, name);
      return {
        logGroupName: name,
        creationTime: Date.parse('2024-03-05T09:00:00Z'),
        ...(days === undefined ? {} : { retentionInDays: days }),
        metricFilterCount: 0,
        arn: `${arn}:*`,
        storedBytes: last === undefined ? 0 : 734_003_200,
        logGroupClass: 'STANDARD',
        logGroupArn: arn,
        deletionProtectionEnabled: false,
      };
    })
    .filter((group) => typeof logGroupNamePrefix !== 'string' || group.logGroupName.startsWith(logGroupNamePrefix))
    .filter((group) => typeof logGroupNamePattern !== 'string' || group.logGroupName.includes(logGroupNamePattern))
    .filter(
      (group) =>
        !Array.isArray(logGroupIdentifiers) ||
        logGroupIdentifiers.some((one) => [group.logGroupName, group.logGroupArn].includes(String(one))),
    );
}

function ofGroup(request: ReplayRequest, say: (group: Group) => Override): Override {
  const asked = String(request.args.logGroupName ?? request.args.logGroupIdentifier ?? '')
    .replace(/^arn:[^:]*:logs:[^:]*:\d*:log-group:/, '')
    .replace(/:\*$/, '');
  const group = (groups[`${request.account} ${request.region}`] ?? []).find((one) => one.name === asked);
  return group ? say(group) : error('ResourceNotFoundException', 'The specified log group does not exist.');
}

const CARDS_API = `arn:aws:elasticloadbalancing:eu-west-1:${PAYMENTS}:loadbalancer/app/cards-api/50dc6c495c0c9188`;
const BACK_OFFICE = `arn:aws:elasticloadbalancing:eu-west-1:${PAYMENTS}:loadbalancer/app/back-office/7a2f1d8e03b94c66`;
const DELIVERY_DESTINATION = `arn:aws:logs:eu-west-1:${PAYMENTS}:delivery-destination:cards-api-requests`;

// ---- Networks

interface Vpc {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
}
const CARDS_VPC = 'vpc-0ca4d500000000001';
const OFFICE_VPC = 'vpc-0b0ff1ce00000001';
const vpcs: Readonly<Record<string, readonly Vpc[]>> = {
  [`${PAYMENTS} eu-west-1`]: [
    { id: CARDS_VPC, name: 'cards', cidr: '10.20.0.0/16' },
    { id: OFFICE_VPC, name: 'back-office', cidr: '10.21.0.0/16' },
  ],
  [`${SHARED} eu-central-1`]: [{ id: 'vpc-05ba4ed000000001', name: 'shared', cidr: '10.30.0.0/16' }],
};
const vpcsOf = (request: ReplayRequest): readonly Vpc[] => vpcs[`${request.account} ${request.region}`] ?? [];
const subnetOf = (vpc: Vpc, zone: string): string => vpc.id.replace('vpc-', 'subnet-').replace(/1$/, zone);

const FLOW_FORMAT =
  '${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}';
const flowLogs: readonly Fields[] = [
  {
    CreationTime: '2024-03-06T08:00:00.000Z',
    FlowLogId: 'fl-0ca4d500000000001',
    FlowLogStatus: 'ACTIVE',
    ResourceId: CARDS_VPC,
    TrafficType: 'ALL',
    DeliverLogsStatus: 'SUCCESS',
    LogDestinationType: 's3',
    LogDestination: 'arn:aws:s3:::lumen-flow-logs/cards/',
    LogFormat: FLOW_FORMAT,
    MaxAggregationInterval: 60,
    DestinationOptions: { FileFormat: 'plain-text', HiveCompatiblePartitions: false, PerHourPartition: true },
    Tags: [],
  },
  {
    CreationTime: '2025-09-01T08:00:00.000Z',
    FlowLogId: 'fl-0b0ff1ce00000001',
    FlowLogStatus: 'ACTIVE',
    ResourceId: OFFICE_VPC,
    TrafficType: 'ALL',
    DeliverLogsStatus: 'FAILED',
    DeliverLogsErrorMessage: 'Access error',
    DeliverLogsPermissionArn: `arn:aws:iam::${PAYMENTS}:role/flow-logs`,
    LogDestinationType: 'cloud-watch-logs',
    LogGroupName: '/vpc/back-office',
    LogDestination: groupArn(PAYMENTS, 'eu-west-1', '/vpc/back-office'),
    LogFormat: FLOW_FORMAT,
    MaxAggregationInterval: 600,
    Tags: [],
  },
];

// ---- Functions and zones

const functions: Readonly<Record<string, readonly string[]>> = {
  [`${PAYMENTS} eu-west-1`]: ['charge', 'refund'],
  [`${SHARED} eu-central-1`]: ['mailer'],
};
const zones: Readonly<Record<string, Fields>> = {
  [PAYMENTS]: {
    Id: '/hostedzone/Z0ca4d5pay',
    Name: 'pay.lumenpay.example.',
    CallerReference: 'terraform-20240304',
    Config: { PrivateZone: false },
    ResourceRecordSetCount: 9,
  },
  [SHARED]: {
    Id: '/hostedzone/Z05ba4edroot',
    Name: 'lumenpay.example.',
    CallerReference: 'terraform-20240301',
    Config: { PrivateZone: false },
    ResourceRecordSetCount: 31,
  },
};
const BASIC_EXECUTION = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
const BASIC_DOCUMENT = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*' }],
};

const here = (request: ReplayRequest, account: string, region = 'eu-west-1'): boolean =>
  request.account === account && request.region === region;

// ---- What AWS says

const answers: Readonly<Record<string, (request: ReplayRequest) => Override>> = {
  'sts:GetCallerIdentity': ({ account }) =>
    body({ UserId: `AROAEXAMPLE${account}:viewshed`, Account: account, Arn: `arn:aws:sts::${account}:assumed-role/viewshed/viewshed` }),
  'sts:AssumeRole': ({ args, account }) => {
    const role = String(args.RoleArn);
    const target = role.split(':')[4] ?? '';
    if (target === SANDBOX || !accounts.some((one) => one.Id === target)) {
      return error(
        'AccessDenied',
        `User: arn:aws:sts::${account}:assumed-role/viewshed/viewshed is not authorized to perform: sts:AssumeRole on resource: ${role}`,
      );
    }
    return body(assumedRole(target, args));
  },
  'organizations:DescribeOrganization': () =>
    body({
      Organization: {
        Id: ORGANIZATION,
        Arn: `arn:aws:organizations::${MANAGEMENT}:organization/${ORGANIZATION}`,
        FeatureSet: 'ALL',
        MasterAccountArn: `arn:aws:organizations::${MANAGEMENT}:account/${ORGANIZATION}/${MANAGEMENT}`,
        MasterAccountId: MANAGEMENT,
        MasterAccountEmail: 'aws-management@lumenpay.example',
        AvailablePolicyTypes: [],
      },
    }),
  'organizations:ListAccounts': (request) =>
    inOrganization(request, {
      Accounts: accounts.map((account) => ({
        ...account,
        Arn: `arn:aws:organizations::${MANAGEMENT}:account/${ORGANIZATION}/${account.Id}`,
        Status: 'ACTIVE',
        State: 'ACTIVE',
        JoinedMethod: account.Id === MANAGEMENT ? 'INVITED' : 'CREATED',
        JoinedTimestamp: '2024-02-12T08:30:00.000Z',
      })),
    }),
  'organizations:ListDelegatedAdministrators': (request) => inOrganization(request, { DelegatedAdministrators: [] }),
  'organizations:ListAWSServiceAccessForOrganization': (request) =>
    inOrganization(request, {
      EnabledServicePrincipals: [{ ServicePrincipal: 'cloudtrail.amazonaws.com', DateEnabled: '2024-02-19T09:00:00.000Z' }],
    }),
  'organizations:ListRoots': (request) =>
    inOrganization(request, {
      Roots: [{ Id: 'r-lp01', Arn: `arn:aws:organizations::${MANAGEMENT}:root/${ORGANIZATION}/r-lp01`, Name: 'Root', PolicyTypes: [] }],
    }),
  'account:ListRegions': ({ args }) =>
    body({
      Regions: REGIONS.map((region) => ({ RegionName: region, RegionOptStatus: 'ENABLED_BY_DEFAULT' })).filter(
        (region) => !Array.isArray(args.RegionOptStatusContains) || args.RegionOptStatusContains.includes(region.RegionOptStatus),
      ),
    }),
  'ec2:DescribeRegions': () =>
    body({
      Regions: REGIONS.map((region) => ({
        RegionName: region,
        Endpoint: `ec2.${region}.amazonaws.com`,
        OptInStatus: 'opt-in-not-required',
      })),
    }),

  'cloudtrail:ListTrails': (request) =>
    body({
      Trails: trailsIn(request.account, request.region).map(({ description: { TrailARN, Name, HomeRegion } }) => ({
        TrailARN,
        Name,
        HomeRegion,
      })),
    }),
  'cloudtrail:DescribeTrails': (request) =>
    body({
      trailList: trailsIn(request.account, request.region)
        .filter((trail) => request.args.includeShadowTrails !== false || trail.description.HomeRegion === request.region)
        .map((trail) => trail.description),
    }),
  'cloudtrail:GetTrail': (request) => ofTrail(request, (trail) => body({ Trail: trail.description })),
  'cloudtrail:GetTrailStatus': (request) =>
    ofTrail(request, (trail) =>
      body({
        IsLogging: true,
        StartLoggingTime: '2024-03-04T10:10:00.000Z',
        LatestDeliveryTime: before(4),
        LatestDigestDeliveryTime: before(32),
        TimeLoggingStarted: '2024-03-04T10:10:00Z',
        TimeLoggingStopped: '',
        LatestDeliveryAttemptTime: before(4).replace('.000', ''),
        LatestDeliveryAttemptSucceeded: before(4).replace('.000', ''),
        LatestNotificationAttemptTime: '',
        LatestNotificationAttemptSucceeded: '',
        ...(trail.owner === PAYMENTS ? {} : { LatestDeliveryError: '' }),
      }),
    ),
  'cloudtrail:GetEventSelectors': (request) =>
    ofTrail(request, (trail) => body({ TrailARN: trail.description.TrailARN, ...trail.selectors })),
  'cloudtrail:GetInsightSelectors': (request) =>
    ofTrail(request, (trail) =>
      error(
        'InsightNotEnabledException',
        `Trail ${trail.description.TrailARN} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the operation again.`,
      ),
    ),
  'cloudtrail:GetEventConfiguration': (request) =>
    ofTrail(request, (trail) =>
      body({ TrailARN: trail.description.TrailARN, MaxEventSize: 'Standard', ContextKeySelectors: [], AggregationConfigurations: [] }),
    ),
  'cloudtrail:ListEventDataStores': () => body({ EventDataStores: [] }),
  'cloudtrail:ListChannels': () => body({ Channels: [] }),
  'cloudtrail:LookupEvents': () => body({ Events: [] }),
  'securitylake:ListDataLakes': () => body({ dataLakes: [] }),
  'securitylake:ListLogSources': () => body({ sources: [] }),

  's3:ListBuckets': ({ account, args }) =>
    body({
      Buckets: buckets
        .filter((one) => one.owner === account && (args.BucketRegion === undefined || args.BucketRegion === one.region))
        .map((one) => ({ Name: one.name, CreationDate: one.created, BucketRegion: one.region, BucketArn: `arn:aws:s3:::${one.name}` })),
      Owner: { ID: `${account}${'0'.repeat(52)}` },
    }),
  's3:GetBucketLocation': (request) =>
    ofBucket(request, (bucket) => body(bucket.region === 'us-east-1' ? {} : { LocationConstraint: bucket.region })),
  's3:GetBucketLogging': (request) => ofBucket(request, (bucket) => body(bucket.logging ? { LoggingEnabled: bucket.logging } : {})),
  's3:GetBucketLifecycleConfiguration': (request) =>
    ofBucket(request, (bucket) => {
      if (bucket.rulesDenied) {
        return error(
          'AccessDenied',
          `User: arn:aws:sts::${bucket.owner}:assumed-role/viewshed/viewshed is not authorized to perform: s3:GetLifecycleConfiguration on resource: "arn:aws:s3:::${bucket.name}" with an explicit deny in a resource control policy`,
        );
      }
      return bucket.rules
        ? body({ Rules: bucket.rules, TransitionDefaultMinimumObjectSize: 'varies_by_storage_class' })
        : error('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist');
    }),
  's3:GetBucketVersioning': (request) => ofBucket(request, (bucket) => body(bucket.versioned ? { Status: 'Enabled' } : {})),
  's3:GetObjectLockConfiguration': (request) =>
    ofBucket(request, () => error('ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket')),
  's3:GetBucketPolicy': (request) =>
    ofBucket(request, (bucket) =>
      bucket.policy
        ? body({ Policy: JSON.stringify({ Version: '2012-10-17', Statement: bucket.policy }) })
        : error('NoSuchBucketPolicy', 'The bucket policy does not exist'),
    ),
  's3:GetBucketReplication': (request) =>
    ofBucket(request, () => error('ReplicationConfigurationNotFoundError', 'The replication configuration was not found')),
  's3:GetBucketNotificationConfiguration': (request) => ofBucket(request, () => body({})),
  's3:GetBucketAcl': (request) =>
    ofBucket(request, ({ owner }) => {
      const id = `${owner}${'0'.repeat(52)}`;
      return body({ Owner: { ID: id }, Grants: [{ Grantee: { Type: 'CanonicalUser', ID: id }, Permission: 'FULL_CONTROL' }] });
    }),
  's3:GetBucketOwnershipControls': (request) =>
    ofBucket(request, () => body({ OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } })),
  's3:GetBucketEncryption': (request) =>
    ofBucket(request, () =>
      body({
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }],
        },
      }),
    ),
  's3:ListBucketIntelligentTieringConfigurations': (request) => ofBucket(request, () => body({ IsTruncated: false })),

  'logs:DescribeLogGroups': (request) => body({ logGroups: groupsOf(request) }),
  'logs:ListLogGroups': (request) =>
    body({
      logGroups: groupsOf(request).map(({ logGroupName, logGroupArn, logGroupClass }) => ({ logGroupName, logGroupArn, logGroupClass })),
    }),
  'logs:DescribeLogStreams': (request) =>
    ofGroup(request, ({ name, last }) =>
      body({
        logStreams:
          last === undefined
            ? []
            : [
                {
                  logStreamName: '2026/11/21/stream',
                  creationTime: millisBefore(700),
                  firstEventTimestamp: millisBefore(699),
                  lastEventTimestamp: millisBefore(last),
                  lastIngestionTime: millisBefore(last) + 2000,
                  arn: `${groupArn(request.account, request.region, name)}:log-stream:2026/11/21/stream`,
                  storedBytes: 0,
                },
              ],
      }),
    ),
  'logs:DescribeSubscriptionFilters': (request) => ofGroup(request, () => body({ subscriptionFilters: [] })),
  'logs:DescribeMetricFilters': () => body({ metricFilters: [] }),
  'logs:DescribeAccountPolicies': () => body({ accountPolicies: [] }),
  'logs:DescribeResourcePolicies': (request) =>
    body({
      resourcePolicies: here(request, SHARED, 'us-east-1')
        ? [
            {
              policyName: 'route53-query-logging',
              lastUpdatedTime: Date.parse('2024-03-05T09:00:00Z'),
              policyDocument: JSON.stringify({
                Version: '2012-10-17',
                Statement: [
                  {
                    Sid: 'Route53',
                    Effect: 'Allow',
                    Principal: { Service: 'route53.amazonaws.com' },
                    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
                    Resource: `${groupArn(SHARED, 'us-east-1', '/aws/route53/')}*`,
                  },
                ],
              }),
            },
          ]
        : here(request, PAYMENTS)
          ? [
              {
                policyName: 'AWSLogDeliveryWrite20150319',
                lastUpdatedTime: Date.parse('2025-02-05T09:00:00Z'),
                policyDocument: JSON.stringify({
                  Version: '2012-10-17',
                  Statement: [
                    {
                      Sid: 'Delivery',
                      Effect: 'Allow',
                      Principal: { Service: 'delivery.logs.amazonaws.com' },
                      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
                      Resource: [
                        `${groupArn(PAYMENTS, 'eu-west-1', '/aws/vendedlogs/alb/cards-api')}:log-stream:*`,
                        `${groupArn(PAYMENTS, 'eu-west-1', '/dns/cards')}:log-stream:*`,
                      ],
                    },
                  ],
                }),
              },
            ]
          : [],
    }),
  'logs:DescribeDeliverySources': (request) =>
    body({
      deliverySources: here(request, PAYMENTS)
        ? [
            {
              name: 'cards-api-requests',
              arn: `arn:aws:logs:eu-west-1:${PAYMENTS}:delivery-source:cards-api-requests`,
              resourceArns: [CARDS_API],
              service: 'elasticloadbalancing',
              logType: 'ALB_ACCESS_LOGS',
            },
          ]
        : [],
    }),
  'logs:DescribeDeliveries': (request) =>
    body({
      deliveries: here(request, PAYMENTS)
        ? [
            {
              id: 'Lp4cArdsApi1',
              arn: `arn:aws:logs:eu-west-1:${PAYMENTS}:delivery:Lp4cArdsApi1`,
              deliverySourceName: 'cards-api-requests',
              deliveryDestinationArn: DELIVERY_DESTINATION,
              deliveryDestinationType: 'CWL',
            },
          ]
        : [],
    }),
  'logs:DescribeDeliveryDestinations': (request) =>
    body({
      deliveryDestinations: here(request, PAYMENTS)
        ? [
            {
              name: 'cards-api-requests',
              arn: DELIVERY_DESTINATION,
              deliveryDestinationType: 'CWL',
              outputFormat: 'json',
              deliveryDestinationConfiguration: {
                destinationResourceArn: groupArn(PAYMENTS, 'eu-west-1', '/aws/vendedlogs/alb/cards-api'),
              },
            },
          ]
        : [],
    }),
  'logs:DescribeDestinations': () => body({ destinations: [] }),

  'ec2:DescribeVpcs': (request) =>
    body({
      Vpcs: vpcsOf(request).map((vpc) => ({
        VpcId: vpc.id,
        OwnerId: request.account,
        CidrBlock: vpc.cidr,
        State: 'available',
        IsDefault: false,
        InstanceTenancy: 'default',
        Tags: [{ Key: 'Name', Value: vpc.name }],
      })),
    }),
  'ec2:DescribeSubnets': (request) =>
    body({
      Subnets: vpcsOf(request).flatMap((vpc) =>
        ['a', 'b'].map((zone, index) => ({
          SubnetId: subnetOf(vpc, zone),
          VpcId: vpc.id,
          OwnerId: request.account,
          AvailabilityZone: `${request.region}${zone}`,
          CidrBlock: vpc.cidr.replace('.0.0/16', `.${index + 1}.0/24`),
          State: 'available',
          AvailableIpAddressCount: 248,
          DefaultForAz: false,
        })),
      ),
    }),
  'ec2:DescribeNetworkInterfaces': (request) =>
    body({
      NetworkInterfaces: vpcsOf(request).flatMap((vpc) =>
        ['a', 'b'].map((zone) => ({
          NetworkInterfaceId: subnetOf(vpc, zone).replace('subnet-', 'eni-'),
          SubnetId: subnetOf(vpc, zone),
          VpcId: vpc.id,
          OwnerId: request.account,
          AvailabilityZone: `${request.region}${zone}`,
          Status: 'in-use',
          InterfaceType: 'interface',
        })),
      ),
    }),
  'ec2:DescribeFlowLogs': (request) => body({ FlowLogs: here(request, PAYMENTS) ? flowLogs : [] }),
  'ec2:DescribeTransitGateways': () => body({ TransitGateways: [] }),
  'ec2:DescribeTransitGatewayAttachments': () => body({ TransitGatewayAttachments: [] }),

  'route53resolver:ListResolverQueryLogConfigs': (request) =>
    body({
      TotalCount: here(request, PAYMENTS) ? 1 : 0,
      TotalFilteredCount: here(request, PAYMENTS) ? 1 : 0,
      ResolverQueryLogConfigs: here(request, PAYMENTS)
        ? [
            {
              Id: 'rqlc-0ca4d5000001',
              OwnerId: PAYMENTS,
              Status: 'CREATED',
              ShareStatus: 'NOT_SHARED',
              AssociationCount: 1,
              Arn: `arn:aws:route53resolver:eu-west-1:${PAYMENTS}:resolver-query-log-config/rqlc-0ca4d5000001`,
              Name: 'cards',
              DestinationArn: groupArn(PAYMENTS, 'eu-west-1', '/dns/cards'),
              CreatorRequestId: 'terraform-20240306',
              CreationTime: '2024-03-06T08:05:00Z',
            },
          ]
        : [],
    }),
  'route53resolver:ListResolverQueryLogConfigAssociations': (request) =>
    body({
      TotalCount: here(request, PAYMENTS) ? 1 : 0,
      TotalFilteredCount: here(request, PAYMENTS) ? 1 : 0,
      ResolverQueryLogConfigAssociations: here(request, PAYMENTS)
        ? [
            {
              Id: 'rqlca-0ca4d5000001',
              ResolverQueryLogConfigId: 'rqlc-0ca4d5000001',
              ResourceId: CARDS_VPC,
              Status: 'ACTIVE',
              Error: 'NONE',
              ErrorMessage: '',
              CreationTime: '2024-03-06T08:06:00Z',
            },
          ]
        : [],
    }),
  'route53profiles:ListProfileAssociations': () => body({ ProfileAssociations: [] }),
  'route53:ListHostedZones': ({ account }) =>
    body({ HostedZones: zones[account] ? [zones[account]] : [], IsTruncated: false, MaxItems: 100 }),
  'route53:ListQueryLoggingConfigs': ({ account, args }) =>
    body({
      QueryLoggingConfigs:
        account === SHARED && (args.HostedZoneId === undefined || String(args.HostedZoneId).endsWith('Z05ba4edroot'))
          ? [
              {
                Id: '5f2c9d1e-3b7a-4a55-9d0e-2b6f4c8a1e01',
                HostedZoneId: 'Z05ba4edroot',
                CloudWatchLogsLogGroupArn: groupArn(SHARED, 'us-east-1', '/aws/route53/lumenpay.example'),
              },
            ]
          : [],
    }),

  'elasticloadbalancing-classic:DescribeLoadBalancers': () => body({ LoadBalancerDescriptions: [] }),
  'elasticloadbalancing:DescribeLoadBalancers': (request) =>
    body({
      LoadBalancers: here(request, PAYMENTS)
        ? [
            [CARDS_API, 'cards-api', CARDS_VPC, 'internet-facing'],
            [BACK_OFFICE, 'back-office', OFFICE_VPC, 'internal'],
          ].map(([arn, name, vpc, scheme]) => ({
            LoadBalancerArn: arn,
            LoadBalancerName: name,
            DNSName: `${name}-1.eu-west-1.elb.amazonaws.com`,
            CreatedTime: '2024-03-07T09:00:00.000Z',
            Scheme: scheme,
            VpcId: vpc,
            State: { Code: 'active' },
            Type: 'application',
            IpAddressType: 'ipv4',
          }))
        : [],
    }),
  'elasticloadbalancing:DescribeLoadBalancerAttributes': ({ args }) =>
    [CARDS_API, BACK_OFFICE].includes(String(args.LoadBalancerArn))
      ? body({
          Attributes: ['access_logs', 'connection_logs', 'health_check_logs'].flatMap((log) => [
            { Key: `${log}.s3.enabled`, Value: 'false' },
            { Key: `${log}.s3.bucket`, Value: '' },
            { Key: `${log}.s3.prefix`, Value: '' },
          ]),
        })
      : error('LoadBalancerNotFound', 'One or more load balancers not found'),
  'elasticloadbalancing:DescribeListeners': ({ args }) =>
    body({
      Listeners: [
        {
          ListenerArn: String(args.LoadBalancerArn).replace(':loadbalancer/', ':listener/').concat('/f2f7dc8efc522ab2'),
          LoadBalancerArn: String(args.LoadBalancerArn),
          Port: 443,
          Protocol: 'HTTPS',
          SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
        },
      ],
    }),

  'lambda:ListFunctions': (request) =>
    body({
      Functions: (functions[`${request.account} ${request.region}`] ?? []).map((name) => ({
        FunctionName: name,
        FunctionArn: `arn:aws:lambda:${request.region}:${request.account}:function:${name}`,
        Runtime: 'nodejs22.x',
        Role: `arn:aws:iam::${request.account}:role/lambda-${name}`,
        Handler: 'index.handler',
        LastModified: '2026-09-30T07:12:00.000+0000',
        Version: '$LATEST',
        PackageType: 'Zip',
        LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${name}` },
      })),
    }),
  'iam:ListAttachedRolePolicies': () =>
    body({ AttachedPolicies: [{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: BASIC_EXECUTION }], IsTruncated: false }),
  'iam:ListRolePolicies': () => body({ PolicyNames: [], IsTruncated: false }),
  'iam:GetRole': ({ account, args }) =>
    body({
      Role: {
        Path: '/',
        RoleName: String(args.RoleName),
        RoleId: 'AROAEXAMPLEROLE000001',
        Arn: `arn:aws:iam::${account}:role/${String(args.RoleName)}`,
        CreateDate: '2024-03-05T09:00:00.000Z',
        AssumeRolePolicyDocument: encodeURIComponent(
          JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
          }),
        ),
      },
    }),
  'iam:GetPolicy': () =>
    body({
      Policy: {
        PolicyName: 'AWSLambdaBasicExecutionRole',
        Arn: BASIC_EXECUTION,
        Path: '/service-role/',
        DefaultVersionId: 'v1',
        AttachmentCount: 3,
        IsAttachable: true,
        CreateDate: '2015-04-09T15:03:43.000Z',
        UpdateDate: '2015-04-09T15:03:43.000Z',
      },
    }),
  'iam:GetPolicyVersion': () =>
    body({
      PolicyVersion: {
        Document: encodeURIComponent(JSON.stringify(BASIC_DOCUMENT)),
        VersionId: 'v1',
        IsDefaultVersion: true,
        CreateDate: '2015-04-09T15:03:43.000Z',
      },
    }),

  'eks:ListClusters': (request) => body({ clusters: here(request, PAYMENTS) ? ['cards'] : [] }),
  'eks:DescribeCluster': (request) =>
    here(request, PAYMENTS) && request.args.name === 'cards'
      ? body({
          cluster: {
            name: 'cards',
            arn: `arn:aws:eks:eu-west-1:${PAYMENTS}:cluster/cards`,
            createdAt: '2024-03-08T09:00:00.000Z',
            version: '1.33',
            status: 'ACTIVE',
            platformVersion: 'eks.12',
            resourcesVpcConfig: {
              subnetIds: [],
              securityGroupIds: [],
              vpcId: CARDS_VPC,
              endpointPublicAccess: false,
              endpointPrivateAccess: true,
              publicAccessCidrs: [],
            },
            logging: {
              clusterLogging: [
                { types: ['audit', 'authenticator'], enabled: true },
                { types: ['api', 'controllerManager', 'scheduler'], enabled: false },
              ],
            },
          },
        })
      : error('ResourceNotFoundException', `No cluster found for name: ${String(request.args.name)}.`),
};

function inOrganization(request: ReplayRequest, fields: Fields): Override {
  return request.account === MANAGEMENT
    ? body(fields)
    : error('AccessDeniedException', "You don't have permissions to access this resource.");
}

/** What AWS answers to one request of a scan; `undefined` where nobody thought of it. */
export function answer(request: ReplayRequest): Override | undefined {
  return answers[`${request.service}:${request.op}`]?.(request);
}
