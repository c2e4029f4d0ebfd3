import { describe, expect, test } from 'vitest';
import type { NeedVerdict } from '../../src/model/assessment.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { coveredEstate, coveredModel, LOGS, NEEDS, REGION, TRAIL } from '../support/aws-covered-estate.ts';
import { ACCOUNT, accountRecords, answered, judged, refused } from '../support/aws-estate.ts';

const ALL = Object.keys(NEEDS);
const CLOUDTRAIL = ['management', 'create-user', 'assume-role', 'decrypt', 'object-reads', 'object-writes'];
const MANAGEMENT = ['management', 'create-user', 'assume-role', 'decrypt'];

// biome-ignore lint/suspicious/noExplicitAny: answers are changed in any place
type Body = Record<string, any>;
type Change = (records: EvidenceRecord[]) => EvidenceRecord[];

function verdicts(records: readonly EvidenceRecord[]): Map<string, NeedVerdict> {
  return new Map(judged(records, coveredModel()).needs.map((need) => [need.threat, need]));
}

/** Changes the answers of a call, all of them or those with an argument of this value. */
function edit(call: string, about: string | undefined, change: (body: Body) => Body | undefined): Change {
  return (records) => {
    let hits = 0;
    const changed = records.map((record) => {
      if (`${record.service}:${record.op}` !== call || record.error) return record;
      if (about !== undefined && ![...Object.values(record.args), record.region].includes(about)) return record;
      const body = change(structuredClone(record.body) as Body);
      if (body === undefined) return record;
      hits += 1;
      return { ...record, body };
    });
    if (hits === 0) throw new Error(`no answer of ${call} was changed`);
    return changed;
  };
}

const together =
  (...changes: Change[]): Change =>
  (records) =>
    changes.reduce((some, change) => change(some), records);

const status = (fields: Body, region?: string) => edit('cloudtrail:GetTrailStatus', region, (body) => ({ ...body, ...fields }));
const trail = (fields: Body) =>
  edit('cloudtrail:DescribeTrails', undefined, (body) => ({ trailList: body.trailList.map((one: Body) => ({ ...one, ...fields })) }));
const selectors = (body: Body) => edit('cloudtrail:GetEventSelectors', TRAIL, () => ({ TrailARN: TRAIL, ...body }));
const category = (value: string) => ({ Field: 'eventCategory', Equals: [value] });
const MANAGED = { FieldSelectors: [category('Management')] };
const OBJECTS = { FieldSelectors: [category('Data'), { Field: 'resources.type', Equals: ['AWS::S3::Object'] }] };
const advanced = (...list: Body[]) => selectors({ AdvancedEventSelectors: list });
const objectsBut = (...fields: Body[]) => advanced(MANAGED, { FieldSelectors: [...OBJECTS.FieldSelectors, ...fields] });
const managedBut = (...fields: Body[]) => advanced(OBJECTS, { FieldSelectors: [...MANAGED.FieldSelectors, ...fields] });
const rules = (bucket: string, ...Rules: Body[]) =>
  edit('s3:GetBucketLifecycleConfiguration', bucket, () => ({
    Rules: Rules.map((rule, index) => ({ ID: `r${index}`, Status: 'Enabled', Filter: { Prefix: '' }, ...rule })),
  }));
const policy = (bucket: string, change: (statements: Body[]) => Body[]) =>
  edit('s3:GetBucketPolicy', bucket, (body) => ({
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: change(JSON.parse(body.Policy).Statement) }),
  }));
const denyWrites = (bucket: string) =>
  policy(bucket, (own) => [
    ...own,
    { Sid: 'Shut', Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: `arn:aws:s3:::${bucket}/*` },
  ]);
const allowNobody = (bucket: string) =>
  policy(bucket, () => [
    {
      Sid: 'Read',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${LOGS}:root` },
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${bucket}/*`,
    },
  ]);
const flowLog = (fields: Body) =>
  edit('ec2:DescribeFlowLogs', REGION, (body) => ({ FlowLogs: body.FlowLogs.map((one: Body) => ({ ...one, ...fields })) }));
const association = (fields: Body) =>
  edit('route53resolver:ListResolverQueryLogConfigAssociations', REGION, (body) => ({
    ResolverQueryLogConfigAssociations: body.ResolverQueryLogConfigAssociations.map((one: Body) => ({ ...one, ...fields })),
  }));
const attribute = (key: string, value: string) =>
  edit('elasticloadbalancing:DescribeLoadBalancerAttributes', undefined, (body) => ({
    Attributes: body.Attributes.map((one: Body) => (one.Key === key ? { Key: key, Value: value } : one)),
  }));
const group = (name: string, fields: Body) =>
  edit('logs:DescribeLogGroups', name, (body) => ({ logGroups: body.logGroups.map((one: Body) => ({ ...one, ...fields })) }));
const clusterLogging = (types: string[]) =>
  edit('eks:DescribeCluster', 'pay', (body) => ({ cluster: { ...body.cluster, logging: { clusterLogging: [{ types, enabled: true }] } } }));
const logging = (fields: Body) =>
  edit('lambda:ListFunctions', REGION, (body) => ({
    Functions: body.Functions.map((one: Body) => ({ ...one, LoggingConfig: { ...one.LoggingConfig, ...fields } })),
  }));
const gone =
  (bucket: string, account = LOGS): Change =>
  (records) =>
    records.map((record) =>
      record.args.Bucket === bucket && record.service === 's3' && record.op !== 'GetBucketLogging'
        ? refused(account, record.region, `s3:${record.op}`, record.args, 'NoSuchBucket')
        : record,
    );
const writeDeny =
  (statement: Body): Change =>
  (records) => [
    ...edit('iam:ListRolePolicies', 'charge-role', () => ({ PolicyNames: ['own'], IsTruncated: false }))(records),
    answered(
      ACCOUNT,
      undefined,
      'iam:GetRolePolicy',
      { RoleName: 'charge-role', PolicyName: 'own' },
      { PolicyDocument: encodeURIComponent(JSON.stringify({ Version: '2012-10-17', Statement: [statement] })) },
    ),
  ];

/** What is done, which needs it takes from `covered` to what, and what the explanation has to say. */
const IMPAIRMENTS: [name: string, change: Change, hit: Record<string, string>, words: string][] = [
  // CloudTrail: recording and delivery.
  [
    'the trail is stopped',
    status({ IsLogging: false, StopLoggingTime: '2026-11-20T08:00:00Z' }),
    all(CLOUDTRAIL, 'missing'),
    'logging was stopped at 2026-11-20T08:00:00Z',
  ],
  [
    'the trail is stopped in one region',
    status({ IsLogging: false }, REGION),
    { management: 'partial', 'assume-role': 'partial', decrypt: 'partial', 'object-reads': 'missing', 'object-writes': 'missing' },
    'logging is stopped',
  ],
  [
    'delivery to the bucket is refused',
    status({
      LatestDeliveryError: 'AccessDenied',
      LatestDeliveryTime: '2026-11-01T08:00:00Z',
      LatestDigestDeliveryTime: '2026-11-01T08:00:00Z',
    }),
    all(CLOUDTRAIL, 'missing'),
    'AccessDenied',
  ],
  [
    'the key is disabled',
    status({ LatestDeliveryError: 'KMS.DisabledException', LatestDeliveryTime: '2026-11-01T08:00:00Z' }),
    all(CLOUDTRAIL, 'missing'),
    'KMS.DisabledException',
  ],
  [
    'digests stop without an error',
    status({ LatestDeliveryTime: '2026-11-19T08:00:00Z', LatestDigestDeliveryTime: '2026-11-19T08:00:00Z' }),
    all(CLOUDTRAIL, 'unknown'),
    'no digest since 2026-11-19',
  ],
  ['the bucket of the trail is deleted', gone('ct-logs'), all(CLOUDTRAIL, 'missing'), 'ct-logs does not exist'],
  [
    'the trail is deleted',
    together(edit('cloudtrail:DescribeTrails', undefined, () => ({ trailList: [] }))),
    all(CLOUDTRAIL, 'missing'),
    'no log takes',
  ],
  // CloudTrail: what the trail takes.
  [
    'the trail is cut to its home region',
    together(
      trail({ IsMultiRegionTrail: false }),
      edit('cloudtrail:DescribeTrails', REGION, () => ({ trailList: [] })),
    ),
    { management: 'partial', 'assume-role': 'partial', decrypt: 'partial', 'object-reads': 'missing', 'object-writes': 'missing' },
    'no log takes',
  ],
  [
    'global events are left out',
    together(
      trail({ IsMultiRegionTrail: false, IncludeGlobalServiceEvents: false }),
      edit('cloudtrail:DescribeTrails', REGION, () => ({ trailList: [] })),
    ),
    {
      management: 'partial',
      'create-user': 'missing',
      'assume-role': 'partial',
      decrypt: 'partial',
      'object-reads': 'missing',
      'object-writes': 'missing',
    },
    '',
  ],
  [
    'management writes only',
    managedBut({ Field: 'readOnly', Equals: ['false'] }),
    { management: 'partial', 'assume-role': 'missing', decrypt: 'missing' },
    'trail main: readOnly',
  ],
  [
    'management reads only',
    managedBut({ Field: 'readOnly', Equals: ['true'] }),
    { management: 'partial', 'create-user': 'missing' },
    'trail main: readOnly',
  ],
  [
    'KMS excluded',
    managedBut({ Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] }),
    { management: 'partial', decrypt: 'missing' },
    'trail main: eventSource',
  ],
  [
    'one principal exempted',
    managedBut({ Field: 'userIdentity.arn', NotStartsWith: ['arn:aws:sts::111122223333:assumed-role/Deployer/'] }),
    all(MANAGEMENT, 'partial'),
    'trail main: userIdentity.arn',
  ],
  [
    'console sessions exempted',
    managedBut({ Field: 'sessionCredentialFromConsole', NotEquals: ['true'] }),
    all(MANAGEMENT, 'partial'),
    'trail main: sessionCredentialFromConsole',
  ],
  [
    'service events left out',
    managedBut({ Field: 'eventType', Equals: ['AwsApiCall'] }),
    all(MANAGEMENT, 'partial'),
    'trail main: eventType',
  ],
  [
    'one event name exempted',
    managedBut({ Field: 'eventName', NotEquals: ['AssumeRole'] }),
    { management: 'partial', 'assume-role': 'missing' },
    'trail main: eventName',
  ],
  ['only failed calls', managedBut({ Field: 'errorCode', Equals: ['AccessDenied'] }), all(MANAGEMENT, 'partial'), 'trail main: errorCode'],
  ['no management events', advanced(OBJECTS), all(MANAGEMENT, 'missing'), 'trail main: eventCategory'],
  ['no data events', advanced(MANAGED), { 'object-reads': 'missing', 'object-writes': 'missing' }, 'trail main: eventCategory'],
  [
    'data events of functions instead',
    advanced(MANAGED, { FieldSelectors: [category('Data'), { Field: 'resources.type', Equals: ['AWS::Lambda::Function'] }] }),
    { 'object-reads': 'missing', 'object-writes': 'missing' },
    'trail main: resources.type',
  ],
  [
    'another bucket only',
    objectsBut({ Field: 'resources.ARN', StartsWith: ['arn:aws:s3:::card-vault-backup/'] }),
    { 'object-reads': 'missing', 'object-writes': 'missing' },
    'trail main: resources.ARN',
  ],
  [
    'the bucket excluded',
    objectsBut({ Field: 'resources.ARN', NotStartsWith: ['arn:aws:s3:::card-vault/'] }),
    { 'object-reads': 'missing', 'object-writes': 'missing' },
    'trail main: resources.ARN',
  ],
  [
    'a folder of the bucket excluded',
    objectsBut({ Field: 'resources.ARN', NotStartsWith: ['arn:aws:s3:::card-vault/tmp/'] }),
    { 'object-reads': 'partial', 'object-writes': 'partial' },
    'trail main: resources.ARN',
  ],
  ['object writes only', objectsBut({ Field: 'readOnly', Equals: ['false'] }), { 'object-reads': 'missing' }, 'trail main: readOnly'],
  [
    'deletes only',
    objectsBut({ Field: 'eventName', StartsWith: ['Delete'] }),
    { 'object-reads': 'missing', 'object-writes': 'partial' },
    'trail main: eventName',
  ],
  [
    'basic selectors without values',
    selectors({
      EventSelectors: [{ ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [{ Type: 'AWS::S3::Object', Values: [] }] }],
    }),
    { 'object-reads': 'missing', 'object-writes': 'missing' },
    'trail main: eventCategory',
  ],
  [
    'data events are aggregated',
    edit('cloudtrail:GetEventConfiguration', TRAIL, () => ({
      AggregationConfigurations: [{ EventCategory: 'Data', Templates: ['API_ACTIVITY'] }],
    })),
    { 'object-reads': 'unknown', 'object-writes': 'unknown' },
    'EventsAggregated',
  ],
  // The trail's bucket.
  ['the bucket expires logs in a day', rules('ct-logs', { Expiration: { Days: 1 } }), all(CLOUDTRAIL, 'partial'), 'expires after 1 days'],
  [
    'the bucket archives at once',
    rules('ct-logs', { Transitions: [{ Days: 0, StorageClass: 'DEEP_ARCHIVE' }] }),
    all(CLOUDTRAIL, 'unknown|partial'),
    'DEEP_ARCHIVE',
  ],
  [
    'a rule below the region expires logs',
    rules('ct-logs', { Filter: { Prefix: `AWSLogs/${ACCOUNT}/CloudTrail/eu-west-1/` }, Expiration: { Days: 30 } }),
    { management: 'partial', 'assume-role': 'partial', decrypt: 'partial', 'object-reads': 'partial', 'object-writes': 'partial' },
    'expires after 30 days',
  ],
  // Flow logs.
  [
    'no flow log',
    edit('ec2:DescribeFlowLogs', REGION, () => ({ FlowLogs: [] })),
    { flow: 'missing', rejected: 'missing' },
    'no log takes aws.vpc.flowlogs',
  ],
  ['refused traffic only', flowLog({ TrafficType: 'REJECT' }), { flow: 'partial' }, 'flow log fl-cards: action'],
  ['accepted traffic only', flowLog({ TrafficType: 'ACCEPT' }), { flow: 'partial', rejected: 'missing' }, 'flow log fl-cards: action'],
  ['one subnet only', flowLog({ ResourceId: 'subnet-a' }), { flow: 'partial', rejected: 'partial' }, 'flow log fl-cards: '],
  ['one interface only', flowLog({ ResourceId: 'eni-a' }), { flow: 'partial', rejected: 'partial' }, 'flow log fl-cards: '],
  [
    'flow log delivery fails',
    flowLog({ DeliverLogsStatus: 'FAILED', DeliverLogsErrorMessage: 'Access error' }),
    { flow: 'missing', rejected: 'missing' },
    'DeliverLogsStatus FAILED, Access error',
  ],
  [
    'flow log delivery is limited',
    flowLog({ DeliverLogsStatus: 'FAILED', DeliverLogsErrorMessage: 'Rate limited' }),
    { flow: 'unknown', rejected: 'unknown' },
    'Rate limited',
  ],
  ['the flow log bucket is deleted', gone('flow-logs'), { flow: 'missing', rejected: 'missing' }, 'flow-logs does not exist'],
  [
    'the flow log bucket keeps a week',
    rules('flow-logs', { Expiration: { Days: 7 } }),
    { flow: 'partial', rejected: 'partial' },
    'expires after 7 days',
  ],
  ['a flow log of an unknown kind', flowLog({ TrafficType: 'SOME' }), { flow: 'unknown', rejected: 'unknown' }, 'TrafficTypeUnknown'],
  // DNS queries.
  [
    'the association has failed',
    association({ Status: 'FAILED', Error: 'DESTINATION_NOT_FOUND' }),
    { dns: 'missing' },
    'association FAILED, DESTINATION_NOT_FOUND',
  ],
  ['the association needs action', association({ Status: 'ACTION_NEEDED', Error: 'ACCESS_DENIED' }), { dns: 'missing' }, 'ACCESS_DENIED'],
  ['another VPC is associated', association({ ResourceId: 'vpc-web' }), { dns: 'missing' }, 'no log takes aws.route53.resolver'],
  ['the DNS bucket denies writes', denyWrites('dns-logs'), { dns: 'missing' }, 'dns-logs refuses delivery.logs.amazonaws.com'],
  ['the DNS bucket allows nobody', allowNobody('dns-logs'), { dns: 'missing' }, 'does not allow delivery.logs.amazonaws.com'],
  [
    'the DNS configuration is gone',
    edit('route53resolver:ListResolverQueryLogConfigs', REGION, () => ({ ResolverQueryLogConfigs: [] })),
    { dns: 'unknown' },
    'NotListed',
  ],
  // Load balancers.
  ['access logs are off', attribute('access_logs.s3.enabled', 'false'), { 'alb-access': 'missing' }, 'no log takes aws.elb.alb.access'],
  [
    'connection logs are off',
    attribute('connection_logs.s3.enabled', 'false'),
    { 'alb-connections': 'missing' },
    'no log takes aws.elb.alb.connection',
  ],
  [
    'the load balancer bucket denies writes',
    denyWrites('alb-logs'),
    { 'alb-access': 'missing', 'alb-connections': 'missing' },
    'alb-logs refuses',
  ],
  [
    'the bucket lets one prefix in',
    policy('alb-logs', (own) => own.map((one) => ({ ...one, Resource: 'arn:aws:s3:::alb-logs/shop/*' }))),
    { 'alb-connections': 'missing' },
    'does not allow',
  ],
  [
    'the load balancer bucket is deleted',
    gone('alb-logs'),
    { 'alb-access': 'missing', 'alb-connections': 'missing' },
    'alb-logs does not exist',
  ],
  // EKS.
  ['audit is off', clusterLogging(['api', 'authenticator']), { 'eks-audit': 'missing' }, 'no log takes k8s.eks.audit'],
  [
    'all control plane logs are off',
    edit('eks:DescribeCluster', 'pay', (body) => ({
      cluster: { ...body.cluster, logging: { clusterLogging: [{ types: ['api', 'audit', 'authenticator'], enabled: false }] } },
    })),
    { 'eks-audit': 'missing', 'eks-authenticator': 'missing' },
    'no log takes',
  ],
  [
    'the cluster group is of class DELIVERY',
    group('/aws/eks/pay/cluster', { logGroupClass: 'DELIVERY' }),
    { 'eks-audit': 'partial', 'eks-authenticator': 'partial' },
    'class DELIVERY',
  ],
  [
    'the cluster group keeps a week',
    group('/aws/eks/pay/cluster', { retentionInDays: 7 }),
    { 'eks-audit': 'partial', 'eks-authenticator': 'partial' },
    'keeps 7 days',
  ],
  [
    'the cluster group is deleted',
    group('/aws/eks/pay/cluster', { logGroupName: '/aws/eks/pay/cluster-old', arn: 'x', logGroupArn: undefined }),
    { 'eks-audit': 'unknown', 'eks-authenticator': 'unknown' },
    'NotYetMade',
  ],
  // Lambda.
  ['the log level is raised', logging({ ApplicationLogLevel: 'ERROR' }), { lambda: 'partial' }, 'level'],
  ['the system level is raised', logging({ SystemLogLevel: 'WARN' }), { lambda: 'partial' }, 'type'],
  ['logs go to a group that is not there', logging({ LogGroup: '/nowhere' }), { lambda: 'unknown' }, 'logs:DescribeLogGroups'],
  [
    'the role lost its policy',
    edit('iam:ListAttachedRolePolicies', 'charge-role', () => ({ AttachedPolicies: [], IsTruncated: false })),
    { lambda: 'missing' },
    'the role charge-role of charge may not write',
  ],
  [
    'the role is denied logs beside its policy',
    writeDeny({ Effect: 'Deny', Action: 'logs:*', Resource: '*' }),
    { lambda: 'missing' },
    'the role charge-role of charge may not write',
  ],
  ['the function group keeps a day', group('/aws/lambda/charge', { retentionInDays: 1 }), { lambda: 'partial' }, 'keeps 1 days'],
  [
    'the function group is of class DELIVERY',
    group('/aws/lambda/charge', { logGroupClass: 'DELIVERY' }),
    { lambda: 'partial' },
    'class DELIVERY',
  ],
  // Access logs.
  [
    'access logging is off',
    edit('s3:GetBucketLogging', 'card-vault', () => ({})),
    { 'access-logs': 'missing' },
    'no log takes aws.s3.accesslogs',
  ],
  ['the target bucket is deleted', gone('vault-access', ACCOUNT), { 'access-logs': 'missing' }, 'vault-access does not exist'],
  [
    'the target refuses the log writer',
    allowNobody('vault-access'),
    { 'access-logs': 'missing' },
    'does not allow logging.s3.amazonaws.com',
  ],
  [
    'the target holds a lock',
    (records) =>
      records.map((record) =>
        record.op === 'GetObjectLockConfiguration' && record.args.Bucket === 'vault-access'
          ? answered(ACCOUNT, REGION, 's3:GetObjectLockConfiguration', record.args, {
              ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 30 } } },
            })
          : record,
      ),
    { 'access-logs': 'missing' },
    'Object Lock',
  ],
  [
    'the target keeps two months',
    rules('vault-access', { Filter: { Prefix: 'card-vault/' }, Expiration: { Days: 60 } }),
    { 'access-logs': 'partial' },
    'expires after 60 days',
  ],
];

function all(needs: readonly string[], verdict: string): Record<string, string> {
  return Object.fromEntries(needs.map((need) => [need, verdict]));
}

describe('one impairment of a covered estate', () => {
  test('without one, every need is covered', () => {
    for (const [id, need] of verdicts(coveredEstate())) expect([id, need.verdict, need.because]).toEqual([id, 'covered', need.because]);
  });

  test.each(IMPAIRMENTS)('%s', (_, change, hit, words) => {
    const found = verdicts(change(coveredEstate()));
    const said: string[] = [];
    for (const id of ALL) {
      const need = found.get(id);
      if (hit[id] === undefined) expect([id, need?.verdict, need?.because]).toEqual([id, 'covered', need?.because]);
      else {
        expect([id, need?.verdict]).toEqual([id, expect.stringMatching(new RegExp(`^(${hit[id]})$`))]);
        said.push(
          [
            need?.because,
            need?.witness?.lostAt,
            ...(need?.unknowns ?? []).map((unknown) => `${unknown.call} ${unknown.code}`),
            ...(need?.places ?? []).map((place) => place.because),
          ].join(' '),
        );
      }
    }
    for (const text of said) expect(text).toContain(words);
  });
});

const LESS: Record<string, string[]> = {
  covered: ['covered', 'unknown'],
  missing: ['missing', 'unknown', 'partial'],
  partial: ['partial', 'unknown'],
  unknown: ['unknown'],
};

/** Ways to know less: of one record, or of the last page of its list. */
const LOSSES: [string, (records: readonly EvidenceRecord[], index: number) => EvidenceRecord[]][] = [
  ['AccessDenied', (records, index) => failing(records, index, 'AccessDenied', 403)],
  ['ThrottlingException', (records, index) => failing(records, index, 'ThrottlingException', 400)],
  ['nothing', (records, index) => records.filter((_, position) => position !== index)],
  ['a page less', withoutLastPage],
];

function failing(records: readonly EvidenceRecord[], index: number, code: string, status: number): EvidenceRecord[] {
  return records.map((record, position) => {
    if (position !== index) return record;
    const { body: _, error: __, ...rest } = record;
    return { ...rest, error: { code, message: '', status } };
  });
}

const TOKENS: Record<string, string> = {
  cloudtrail: 'NextToken',
  account: 'NextToken',
  ec2: 'NextToken',
  route53resolver: 'NextToken',
  s3: 'ContinuationToken',
  logs: 'nextToken',
  eks: 'nextToken',
  elasticloadbalancing: 'NextMarker',
  lambda: 'NextMarker',
  iam: 'Marker',
  organizations: 'NextToken',
};

/** The list, had it ended before its last item: a first page that promises another one, which is not there. */
function withoutLastPage(records: readonly EvidenceRecord[], index: number): EvidenceRecord[] {
  return records.map((record, position) => {
    if (position !== index || record.error || typeof record.body !== 'object') return record;
    const body = { ...(record.body as Body) };
    const list = Object.keys(body).find((key) => Array.isArray(body[key]));
    const token = TOKENS[record.service];
    if (list === undefined || token === undefined || record.service === 'cloudtrail') return record;
    return { ...record, body: { ...body, [list]: body[list].slice(0, -1), [token]: 'more', IsTruncated: true } };
  });
}

describe('knowing less of an estate', () => {
  const impaired: [string, EvidenceRecord[]][] = [
    ['covered', coveredEstate()],
    ['stopped', status({ IsLogging: false })(coveredEstate())],
    [
      'unlogged',
      together(
        edit('cloudtrail:DescribeTrails', undefined, () => ({ trailList: [] })),
        edit('ec2:DescribeFlowLogs', REGION, () => ({ FlowLogs: [] })),
        edit('s3:GetBucketLogging', 'card-vault', () => ({})),
        clusterLogging([]),
        attribute('access_logs.s3.enabled', 'false'),
      )(coveredEstate()),
    ],
  ];
  const aggregated = edit('cloudtrail:GetEventConfiguration', TRAIL, () => ({ AggregationConfigurations: [{ EventCategory: 'Data' }] }))(
    coveredEstate(),
  );
  impaired.push(['aggregated', aggregated]);
  for (const [state, records] of impaired) {
    test.each(LOSSES)(
      `${state}: %s never makes a verdict surer`,
      (_, lose) => {
        const before = verdicts(records);
        const wrong: string[] = [];
        for (const [index, record] of records.entries()) {
          const changed = lose(records, index);
          if (changed[index] === record) continue;
          for (const [id, need] of verdicts(changed)) {
            const was = before.get(id)?.verdict ?? '';
            if (!LESS[was]?.includes(need.verdict))
              wrong.push(
                `${record.service}:${record.op} ${record.region ?? ''} ${JSON.stringify(record.args)}: ${id} ${was} -> ${need.verdict}: ${need.because}`,
              );
          }
        }
        expect(wrong).toEqual([]);
      },
      120_000,
    );
  }
});

describe('knowing less of an organization', () => {
  const [management, shop, lost, closed] = ['999988887777', '111122223333', '444455556666', '777766665555'] as const;
  const organization = { id: 'o-abc1234567', management, accounts: [management, shop, lost, closed].map((id) => ({ id, name: id })) };
  const lake = `arn:aws:cloudtrail:us-east-1:${management}:eventdatastore/EXAMPLE`;
  const estates: [string, EvidenceRecord[]][] = (['trail', 'lake', 'nothing'] as const).map((way) => [
    way,
    [
      ...accountRecords({
        account: management,
        organization,
        regions: ['us-east-1'],
        trails: way === 'trail' ? [{ name: 'org', organization: true, bucket: 'org-logs' }] : [],
      }).map((record) =>
        record.op === 'ListAccounts'
          ? {
              ...record,
              body: { Accounts: organization.accounts.map(({ id }) => ({ Id: id, State: id === closed ? 'SUSPENDED' : 'ACTIVE' })) },
            }
          : way === 'lake' && record.op === 'ListEventDataStores'
            ? { ...record, body: { EventDataStores: [{ EventDataStoreArn: lake, Name: 'lake' }] } }
            : record,
      ),
      ...(way === 'lake'
        ? [
            answered(
              management,
              'us-east-1',
              'cloudtrail:GetEventDataStore',
              { EventDataStore: lake },
              {
                EventDataStoreArn: lake,
                Name: 'lake',
                Status: 'ENABLED',
                MultiRegionEnabled: true,
                OrganizationEnabled: true,
                RetentionPeriod: 366,
                AdvancedEventSelectors: [MANAGED],
              },
            ),
          ]
        : []),
      ...accountRecords({ account: shop, organization, regions: ['us-east-1', 'eu-west-1'], trails: [] }).map((record) =>
        way === 'trail' && record.op === 'DescribeTrails'
          ? {
              ...record,
              body: {
                trailList: [
                  {
                    Name: 'org',
                    TrailARN: `arn:aws:cloudtrail:us-east-1:${management}:trail/org`,
                    HomeRegion: 'us-east-1',
                    S3BucketName: 'org-logs',
                    IncludeGlobalServiceEvents: true,
                    IsMultiRegionTrail: true,
                    IsOrganizationTrail: true,
                  },
                ],
              },
            }
          : record,
      ),
      refused(lost, undefined, 'sts:AssumeRole', { RoleArn: `arn:aws:iam::${lost}:role/ViewshedReader` }),
    ],
  ]);
  const places = { estate: {}, management: { account: management }, shop: { account: shop }, lost: { account: lost } };
  const model = ThreatModel.parse({
    version: 1,
    system: 'Org',
    assets: Object.entries(places).map(([id, place]) => ({ id, at: { provider: 'aws', ...place } })),
    threats: Object.keys(places).flatMap((id) =>
      ['aws.cloudtrail.management', 'aws.cloudtrail.data.s3', 'aws.vpc.flowlogs'].map((source) => ({
        id: `${id} ${source}`,
        title: id,
        assets: [id],
        needs: [{ id: `${id} ${source}`, source }],
      })),
    ),
  });
  const found = (records: readonly EvidenceRecord[]) => new Map(judged(records, model).needs.map((need) => [need.threat, need]));
  for (const [way, records] of estates) {
    test.each(LOSSES)(
      `${way}: %s never makes a verdict surer`,
      (_, lose) => {
        const before = found(records);
        const wrong: string[] = [];
        for (const [index, record] of records.entries()) {
          const changed = lose(records, index);
          if (changed[index] === record) continue;
          for (const [id, need] of found(changed)) {
            const was = before.get(id)?.verdict ?? '';
            if (was !== 'not-applicable' && !LESS[was]?.includes(need.verdict))
              wrong.push(
                `${record.service}:${record.op} ${record.account} ${record.region ?? ''}: ${id} ${was} -> ${need.verdict}: ${need.because}`,
              );
          }
        }
        expect(wrong).toEqual([]);
      },
      120_000,
    );
  }
});
