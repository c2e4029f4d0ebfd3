import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRecords, readCloudTrailRecord } from '../../connectors/aws/cloudtrail-record.ts';
import { type Override, type Replay, startReplay } from '../../connectors/aws/replay/server.ts';
import { callTable, readPaths } from '../../connectors/index.ts';
import { assessEvidence } from '../../src/assess/pipeline.ts';
import { traceEvent } from '../../src/assess/trace.ts';
import { type Event, isEmpty, matches } from '../../src/events/classes.ts';
import type { Assessment } from '../../src/model/assessment.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import type { KnownEvents } from '../../src/model/source.ts';
import { loadRules } from '../../src/needs/rules.ts';
import type { Edge, Kept, LogPaths, Store } from '../../src/paths/graph.ts';
import { EvidenceView } from '../../src/store/view.ts';
import { knownServices, send } from '../connectors/aws/replay-client.ts';
import { accountRecords, answered, bucketRecords, stored } from '../support/aws-estate.ts';
import { shared } from '../support/shared.ts';

const rules = loadRules();
const ACCOUNT = '644160558196';
const REGION = 'us-east-1';
const TRAIL = `arn:aws:cloudtrail:${REGION}:${ACCOUNT}:trail/t`;

/** An answer, as loose as JSON is. */
type Json = ReturnType<JSON['parse']>;

interface Recording {
  readonly service: string;
  readonly op: string;
  readonly body?: Record<string, Json>;
  readonly error?: { readonly code: string; readonly message: string; readonly status: number };
  readonly source: string;
}

/** Reads the records into log paths and judges them by the built-in model. */
function read(records: readonly EvidenceRecord[], asOf = '2026-11-21T12:00:00Z'): { paths: LogPaths; assessment: Assessment } {
  return assessEvidence(stored(records), [], rules, { callTable, readPaths }, asOf);
}

const here = (
  call: string,
  args: Record<string, unknown>,
  one: { body?: unknown; error?: unknown },
  region: string | undefined = REGION,
): EvidenceRecord => {
  const { body: _, ...record } = answered(ACCOUNT, region, call, args, {});
  return { ...record, ...(one.error ? { error: one.error } : { body: one.body }) } as EvidenceRecord;
};

const trailEstate = (trail: Record<string, unknown> = {}, more: { status?: unknown; selectors?: unknown } = {}): EvidenceRecord[] => [
  ...accountRecords({ account: ACCOUNT, regions: [REGION], trails: [] }).filter((one) => one.op !== 'DescribeTrails'),
  here(
    'cloudtrail:DescribeTrails',
    { includeShadowTrails: true },
    {
      body: {
        trailList: [
          {
            Name: 't',
            TrailARN: TRAIL,
            HomeRegion: REGION,
            IsMultiRegionTrail: true,
            IsOrganizationTrail: false,
            LogFileValidationEnabled: false,
            ...trail,
          },
        ],
      },
    },
  ),
  here(
    'cloudtrail:GetTrailStatus',
    { Name: trail.TrailARN ?? TRAIL },
    { body: more.status ?? { IsLogging: true, LatestDeliveryTime: '2026-11-21T11:55:00Z' } },
  ),
  here('cloudtrail:GetEventConfiguration', { TrailName: trail.TrailARN ?? TRAIL }, { body: { AggregationConfigurations: [] } }),
  here(
    'cloudtrail:GetEventSelectors',
    { TrailName: trail.TrailARN ?? TRAIL },
    {
      body: more.selectors ?? {
        EventSelectors: [{ ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [] }],
      },
    },
  ),
];

const tapsOf = (paths: LogPaths, source: string): Edge[] =>
  paths.emitters.filter((one) => one.sources.includes(source)).flatMap((one) => one.taps);
/** Ways that certainly take something now. */
const certain = (edges: readonly Edge[]): Edge[] =>
  edges.filter((edge) => edge.delivery.state === 'flowing' && !isEmpty(edge.passes) && edge.label !== 'Event history');
const keptIn = (paths: LogPaths, kind: string, name: string): Kept => {
  const store = [...paths.nodes.values()].find((node): node is Store => node.type === 'store' && node.kind === kind && node.name === name);
  if (!store) throw new Error(`no store ${kind} ${name}`);
  return typeof store.keeps === 'function' ? store.keeps({ provider: 'aws', account: ACCOUNT, region: REGION }) : store.keeps;
};
const EVER = Number.POSITIVE_INFINITY;

type Check = (one: Recording) => void;

/** What each answer may make us say, held against the answer itself. */
const CHECKS: Readonly<Record<string, Check>> = {
  'cloudtrail:DescribeTrails': ({ body }) => {
    const records = [
      ...accountRecords({ account: ACCOUNT, regions: [REGION], trails: [] }).filter((one) => one.op !== 'DescribeTrails'),
      here('cloudtrail:DescribeTrails', { includeShadowTrails: true }, { body }),
    ];
    const { paths, assessment } = read(records);
    const taps = tapsOf(paths, 'aws.cloudtrail.management');
    const seen = (body?.trailList ?? []).filter((trail: Json) => trail.IsMultiRegionTrail || trail.HomeRegion === REGION);
    expect(taps.filter((edge) => edge.label.startsWith('trail ')).length).toBe(new Set(seen.map((trail: Json) => trail.TrailARN)).size);
    // Whether it logs and what it takes was not asked: nothing is certain.
    expect(certain(taps)).toEqual([]);
    const management = assessment.needs.filter((need) => need.wants.includes('aws.sts.role-assumed'));
    expect(management.map((need) => need.verdict)).toEqual([seen.length > 0 ? 'unknown' : 'missing']);
  },
  'cloudtrail:GetTrailStatus': ({ body }) => {
    const asOf = new Date(Date.parse(body?.LatestDeliveryTime ?? '2026-11-21T11:55:00Z') + 1_800_000).toISOString();
    const { paths } = read(
      [...trailEstate({ S3BucketName: 'b' }, { status: body }), ...bucketRecords(ACCOUNT, REGION, { name: 'b' })],
      asOf,
    );
    const [tap] = tapsOf(paths, 'aws.cloudtrail.management').filter((edge) => edge.label.startsWith('trail '));
    expect(tap?.delivery.state).toBe(body?.IsLogging === true ? 'flowing' : 'broken');
    const [on] = (tap && paths.edges.get(tap.to)) ?? [];
    if (body?.IsLogging && body.LatestDeliveryError) expect(on?.delivery.state).not.toBe('flowing');
    if (body?.IsLogging && body.LatestDeliveryTime && !body.LatestDeliveryError) expect(on?.delivery.state).toBe('flowing');
  },
  'cloudtrail:GetEventSelectors': ({ body }) => {
    const { paths } = read(
      trailEstate({ TrailARN: body?.TrailARN, Name: body?.TrailARN.split('/')[1], S3BucketName: 'b' }, { selectors: body }),
    );
    const [tap] = tapsOf(paths, 'aws.cloudtrail.management').filter((edge) => edge.label.startsWith('trail '));
    for (const event of EVENTS) expect(tap && matches(tap.passes, event), JSON.stringify(event)).toBe(taken(body ?? {}, event));
  },
  'logs:DescribeLogGroups': ({ body, error }) => {
    for (const group of body?.logGroups ?? [{ logGroupName: 'g' }]) {
      const arn = (group.arn ?? `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group.logGroupName}`).replace(/:\*$/, '');
      const [, , , region, account] = arn.split(':');
      const { paths } = read([
        ...trailEstate({ CloudWatchLogsLogGroupArn: `${arn}:*` }),
        { ...here('logs:DescribeLogGroups', {}, { body, error }, region), account },
      ]);
      const kept = keptIn(paths, 'cloudwatch-logs', group.logGroupName);
      if (error) {
        expect(kept.searchable).toEqual({ least: 0, most: EVER });
        expect(kept.unknowns.map((one) => one.code)).toEqual([error.code]);
        continue;
      }
      const days = group.logGroupClass === 'DELIVERY' ? 1 : (group.retentionInDays ?? EVER);
      expect(kept.total).toEqual({ least: days, most: days });
      expect(kept.searchable).toEqual(group.logGroupClass === 'DELIVERY' ? { least: 0, most: 0 } : { least: days, most: days });
    }
  },
  'logs:DescribeSubscriptionFilters': ({ body }) => {
    const name = body?.subscriptionFilters?.[0]?.logGroupName ?? 'g';
    const arn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${name}`;
    const { paths } = read([
      ...trailEstate({ CloudWatchLogsLogGroupArn: `${arn}:*` }),
      here('logs:DescribeLogGroups', { logGroupNamePrefix: name }, { body: { logGroups: [{ logGroupName: name, arn: `${arn}:*` }] } }),
      here('logs:DescribeAccountPolicies', { policyType: 'SUBSCRIPTION_FILTER_POLICY' }, { body: { accountPolicies: [] } }),
      here('logs:DescribeSubscriptionFilters', { logGroupName: name }, { body }),
    ]);
    const edges = paths.edges.get(`cloudwatch-logs:${arn}`) ?? [];
    expect(edges.filter((edge) => edge.label.startsWith('subscription filter')).length).toBe(body?.subscriptionFilters?.length ?? 0);
  },
  's3:GetBucketLifecycleConfiguration': ({ body, error }) => {
    const bucket = bucketRecords(ACCOUNT, REGION, { name: 'b' }).map((one) =>
      one.op === 'GetBucketLifecycleConfiguration' ? here('s3:GetBucketLifecycleConfiguration', { Bucket: 'b' }, { body, error }) : one,
    );
    const { total, searchable, unknowns } = keptIn(read([...trailEstate({ S3BucketName: 'b' }), ...bucket]).paths, 's3', 'b');
    if (error) {
      if (error.code === 'NoSuchLifecycleConfiguration')
        expect({ total, searchable }).toEqual({ total: { least: EVER, most: EVER }, searchable: { least: EVER, most: EVER } });
      else expect({ least: total.least, codes: unknowns.map((one) => one.code) }).toEqual({ least: 0, codes: [error.code] });
      return;
    }
    const rulesOn = (body?.Rules ?? []).filter((rule: Json) => rule.Status === 'Enabled');
    const prefix = (rule: Json): string => rule.Prefix ?? rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? '';
    const about = rulesOn.filter((rule: Json) => 'AWSLogs/'.startsWith(prefix(rule)) || prefix(rule).startsWith('AWSLogs/'));
    const tagged = (rule: Json): boolean => Boolean(rule.Filter?.Tag ?? rule.Filter?.And?.Tags?.length);
    const ends = about.filter((rule: Json) => !tagged(rule) && rule.Expiration?.Days !== undefined);
    if (ends.length > 0) expect(total.least).toBe(Math.min(...ends.map((rule: Json) => rule.Expiration.Days)));
    else if (!about.some((rule: Json) => rule.Expiration?.Date)) expect(total).toEqual({ least: EVER, most: EVER });
    const whole = about.filter((rule: Json) => !tagged(rule) && prefix(rule) === '' && !sized(rule));
    const archives = whole.flatMap((rule: Json) =>
      (rule.Transitions ?? []).filter((one: Json) => ['GLACIER', 'DEEP_ARCHIVE'].includes(one.StorageClass)),
    );
    for (const one of archives) if (one.Days !== undefined) expect(searchable.least).toBeLessThanOrEqual(one.Days);
  },
  's3:GetBucketVersioning': ({ body }) => {
    const lifecycle = { Rules: [{ ID: 'r', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 10 } }] };
    const { total, searchable } = keptIn(
      read([...trailEstate({ S3BucketName: 'b' }), ...bucketRecords(ACCOUNT, REGION, { name: 'b', lifecycle, versioning: body })]).paths,
      's3',
      'b',
    );
    expect(searchable).toEqual({ least: 10, most: 10 });
    // The old version stays as long as no rule ends it.
    expect(total.least).toBe(body?.Status === 'Enabled' ? EVER : 10);
  },
  's3:GetObjectLockConfiguration': ({ body, error }) => {
    const lifecycle = {
      Rules: [
        { ID: 'r', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 }, NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
      ],
    };
    const bucket = bucketRecords(ACCOUNT, REGION, { name: 'b', lifecycle, versioning: { Status: 'Enabled' } }).map((one) =>
      one.op === 'GetObjectLockConfiguration' ? here('s3:GetObjectLockConfiguration', { Bucket: 'b' }, { body, error }) : one,
    );
    const { paths } = read([...trailEstate({ S3BucketName: 'b' }), ...bucket]);
    const { total, immutable } = keptIn(paths, 's3', 'b');
    const retention = body?.ObjectLockConfiguration?.Rule?.DefaultRetention;
    expect(total.least).toBe(error?.code === 'NoSuchBucket' ? total.least : Math.max(2, retention?.Days ?? (retention?.Years ?? 0) * 365));
    if (error?.code === 'ObjectLockConfigurationNotFoundError') expect(immutable).toBe(false);
    if (immutable === true) expect(retention?.Mode).toBe('COMPLIANCE');
  },
  's3:GetBucketPolicy': ({ body, error }) => {
    const bucket = bucketRecords(ACCOUNT, REGION, { name: 'b' }).map((one) =>
      one.op === 'GetBucketPolicy' ? here('s3:GetBucketPolicy', { Bucket: 'b' }, { body, error }) : one,
    );
    const { paths } = read([...trailEstate({ S3BucketName: 'b' }, { status: { IsLogging: true } }), ...bucket]);
    const store = [...paths.nodes.values()].find((node) => node.type === 'store' && node.kind === 's3');
    for (const finding of store?.findings ?? []) {
      if (finding.kind === 'public') expect(body?.Policy).toMatch(/"Principal":\s*("\*"|\{\s*"AWS":\s*(\[\s*)?"\*")/);
      if (finding.kind === 'public' || finding.kind === 'deletable-by') expect(body?.Policy).toContain('"Allow"');
    }
    if (error?.code === 'NoSuchBucketPolicy')
      expect((store?.findings ?? []).filter((one) => ['public', 'deletable-by'].includes(one.kind))).toEqual([]);
  },
  's3:GetBucketReplication': ({ body, error }) => {
    const bucket = bucketRecords(ACCOUNT, REGION, { name: 'b', versioning: { Status: 'Enabled' } }).map((one) =>
      one.op === 'GetBucketReplication' ? here('s3:GetBucketReplication', { Bucket: 'b' }, { body, error }) : one,
    );
    const { paths } = read([...trailEstate({ S3BucketName: 'b' }), ...bucket]);
    const copies = [...paths.edges.values()].flat().filter((edge) => edge.label.startsWith('replication of b to'));
    const wanted = (body?.ReplicationConfiguration?.Rules ?? []).filter((rule: Json) => rule.Status === 'Enabled' && replicates(rule));
    expect(copies.length).toBeLessThanOrEqual(
      (body?.ReplicationConfiguration?.Rules ?? []).filter((rule: Json) => rule.Status === 'Enabled').length,
    );
    if (wanted.length > 0) expect(copies.length).toBeGreaterThan(0);
    if (error) expect(copies).toEqual([]);
  },
  's3:GetBucketNotificationConfiguration': ({ body }) => {
    const bucket = bucketRecords(ACCOUNT, REGION, { name: 'b' }).map((one) =>
      one.op === 'GetBucketNotificationConfiguration' ? here('s3:GetBucketNotificationConfiguration', { Bucket: 'b' }, { body }) : one,
    );
    const { paths } = read([...trailEstate({ S3BucketName: 'b' }), ...bucket]);
    const edges = [...paths.edges.values()].flat().filter((edge) => /notification of b/.test(edge.label));
    const all = [...(body?.QueueConfigurations ?? []), ...(body?.TopicConfigurations ?? []), ...(body?.LambdaFunctionConfigurations ?? [])];
    expect(edges.length).toBeLessThanOrEqual(all.length + (body?.EventBridgeConfiguration ? 1 : 0));
  },
  's3:GetBucketLogging': ({ body }) => {
    const { paths } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here('s3:ListBuckets', { MaxBuckets: 1000 }, { body: { Buckets: [{ Name: 'src', BucketRegion: REGION }] } }, undefined),
      here('s3:GetBucketLogging', { Bucket: 'src' }, { body }),
      ...(body?.LoggingEnabled ? bucketRecords(ACCOUNT, REGION, { name: body.LoggingEnabled.TargetBucket }) : []),
    ]);
    const taps = tapsOf(paths, 'aws.s3.accesslogs').filter((edge) => edge.id.includes('src') && !edge.label.startsWith('vended'));
    expect(taps.map((edge) => edge.to.split('#')[0])).toEqual(body?.LoggingEnabled ? [`s3:${body.LoggingEnabled.TargetBucket}`] : []);
  },
  'ec2:DescribeFlowLogs': ({ body }) => {
    const vpcs = new Set<string>([
      'vpc-other',
      ...(body?.FlowLogs ?? []).map((log: Json) => log.ResourceId).filter((id: string) => id?.startsWith('vpc-')),
    ]);
    const { paths } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here('ec2:DescribeVpcs', { MaxResults: 1000 }, { body: { Vpcs: [...vpcs].map((VpcId) => ({ VpcId, OwnerId: ACCOUNT })) } }),
      here(
        'ec2:DescribeSubnets',
        { MaxResults: 1000 },
        { body: { Subnets: [...vpcs].map((VpcId) => ({ SubnetId: `subnet-of-${VpcId}`, VpcId, OwnerId: ACCOUNT })) } },
      ),
      here('ec2:DescribeNetworkInterfaces', { MaxResults: 1000 }, { body: { NetworkInterfaces: [] } }),
      here('ec2:DescribeFlowLogs', { MaxResults: 1000 }, { body }),
    ]);
    for (const log of body?.FlowLogs ?? []) {
      const edges = paths.edges.get(`flow-log|${ACCOUNT}|${REGION}|${log.FlowLogId}`) ?? [];
      if (log.ResourceId?.startsWith('vpc-')) expect(edges.length, log.FlowLogId).toBeGreaterThan(0);
      for (const edge of edges) {
        if (log.DeliverLogsStatus === 'FAILED')
          expect(edge.delivery.state).toBe(/rate limited/i.test(log.DeliverLogsErrorMessage) ? 'unknown' : 'broken');
        if (edge.delivery.state === 'flowing' && !isEmpty(edge.passes)) expect(log.DeliverLogsStatus).toBe('SUCCESS');
      }
    }
    for (const emitter of paths.emitters.filter((one) => one.sources.includes('aws.vpc.flowlogs'))) {
      const vpc = emitter.scope.resource?.split('/').at(-1) ?? '';
      const own = (body?.FlowLogs ?? []).filter((log: Json) => log.ResourceId === vpc);
      // A recording that was edited by hand has one id three times, with three contents.
      const ids = new Set(own.map((log: Json) => log.FlowLogId));
      expect(emitter.taps.filter((edge) => edge.label.startsWith('flow log ')).length, vpc).toBe(ids.size);
      if (ids.size < own.length) continue;
      for (const action of ['ACCEPT', 'REJECT']) {
        const event = { 'vpc-id': vpc, 'subnet-id': `subnet-of-${vpc}`, 'interface-id': 'eni-1', action };
        expect(
          emitter.taps.some((edge) => matches(edge.passes, event)),
          `${vpc} ${action}`,
        ).toBe(own.some((log: Json) => ['ALL', action].includes(log.TrafficType)));
      }
    }
  },
  'eks:DescribeCluster': ({ body }) => {
    const { name, arn } = body?.cluster ?? {};
    const [, , , region, account] = (arn ?? `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/${name}`).split(':') as string[];
    const at = (call: string, args: Record<string, unknown>, answer: unknown) => ({
      ...here(call, args, { body: answer }, region),
      account: account as string,
    });
    const { paths } = read([
      ...accountRecords({ account: account as string, regions: [region as string] }),
      at('eks:ListClusters', { maxResults: 100 }, { clusters: [name] }),
      at('eks:DescribeCluster', { name }, body),
      at(
        'logs:DescribeLogGroups',
        { logGroupNamePrefix: `/aws/eks/${name}/cluster` },
        {
          logGroups: [
            {
              logGroupName: `/aws/eks/${name}/cluster`,
              arn: `arn:aws:logs:${region}:${account}:log-group:/aws/eks/${name}/cluster:*`,
              retentionInDays: 30,
            },
          ],
        },
      ),
    ]);
    const on = new Set((body?.cluster.logging?.clusterLogging ?? []).filter((one: Json) => one.enabled).flatMap((one: Json) => one.types));
    for (const type of ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler']) {
      const taps = tapsOf(paths, `k8s.eks.${type.toLowerCase()}`);
      expect(certain(taps).length > 0, type).toBe(on.has(type));
    }
  },
  'elasticloadbalancing:DescribeLoadBalancerAttributes': ({ body }) => {
    const arn = `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:loadbalancer/app/shop/50dc6c495c0c9188`;
    const { paths } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here(
        'elasticloadbalancing:DescribeLoadBalancers',
        { PageSize: 400 },
        { body: { LoadBalancers: [{ LoadBalancerArn: arn, LoadBalancerName: 'shop', Type: 'application' }] } },
      ),
      here('elasticloadbalancing:DescribeLoadBalancerAttributes', { LoadBalancerArn: arn }, { body }),
    ]);
    const value = (key: string) => body?.Attributes.find((one: Json) => one.Key === key)?.Value;
    for (const [source, attribute] of [
      ['aws.elb.alb.access', 'access_logs'],
      ['aws.elb.alb.connection', 'connection_logs'],
    ] as const) {
      const to = tapsOf(paths, source).filter((edge) => edge.id === `load-balancer|${arn}|${attribute}`);
      expect(
        to.map((edge) => edge.to.split('#')[0]),
        attribute,
      ).toEqual(value(`${attribute}.s3.enabled`) === 'true' ? [`s3:${value(`${attribute}.s3.bucket`)}`] : []);
    }
  },
  'elasticloadbalancing-classic:DescribeLoadBalancerAttributes': ({ body }) => {
    const { paths } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here(
        'elasticloadbalancing-classic:DescribeLoadBalancers',
        { PageSize: 400 },
        { body: { LoadBalancerDescriptions: [{ LoadBalancerName: 'shop' }] } },
      ),
      here('elasticloadbalancing-classic:DescribeLoadBalancerAttributes', { LoadBalancerName: 'shop' }, { body }),
    ]);
    const log = body?.LoadBalancerAttributes.AccessLog;
    expect(tapsOf(paths, 'aws.elb.classic').map((edge) => edge.to.split('#')[0])).toEqual(log?.Enabled ? [`s3:${log.S3BucketName}`] : []);
  },
  'elasticloadbalancing:DescribeLoadBalancers': ({ body }) => {
    const { paths } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here('elasticloadbalancing:DescribeLoadBalancers', { PageSize: 400 }, { body }),
    ]);
    const all = ['aws.elb.alb.access', 'aws.elb.nlb'].flatMap((source) => paths.emitters.filter((one) => one.sources.includes(source)));
    const wanted = (body?.LoadBalancers ?? []).filter((one: Json) => ['application', 'network'].includes(one.Type ?? 'application'));
    expect(new Set(all.map((one) => one.scope.resource)).size).toBe(new Set(wanted.map((one: Json) => one.LoadBalancerArn)).size);
    expect(certain(all.flatMap((one) => one.taps))).toEqual([]);
  },
  'elasticloadbalancing-classic:DescribeLoadBalancers': ({ body }) => {
    const { paths } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here('elasticloadbalancing-classic:DescribeLoadBalancers', { PageSize: 400 }, { body }),
    ]);
    const all = paths.emitters.filter((one) => one.sources.includes('aws.elb.classic'));
    expect(new Set(all.map((one) => one.name))).toEqual(
      new Set((body?.LoadBalancerDescriptions ?? []).map((one: Json) => one.LoadBalancerName)),
    );
    expect(certain(all.flatMap((one) => one.taps))).toEqual([]);
  },
  'route53:ListQueryLoggingConfigs': ({ body }) => {
    const zones = (body?.QueryLoggingConfigs ?? []).map((one: Json) => one.HostedZoneId);
    const { paths } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here(
        'route53:ListHostedZones',
        { MaxItems: 300 },
        {
          body: {
            HostedZones: ['ZOTHER', ...zones].map((id) => ({
              Id: `/hostedzone/${id}`,
              Name: `${id}.example.`,
              Config: { PrivateZone: false },
            })),
            IsTruncated: false,
          },
        },
        undefined,
      ),
      here('route53:ListQueryLoggingConfigs', { MaxResults: 100 }, { body }, undefined),
    ]);
    for (const emitter of paths.emitters.filter((one) => one.sources.includes('aws.route53.public'))) {
      const on = zones.some((zone: string) => emitter.scope.resource?.endsWith(zone));
      expect(emitter.taps.filter((edge) => edge.label.startsWith('query logging of zone')).length > 0, emitter.scope.resource).toBe(on);
    }
  },
  'route53resolver:ListResolverQueryLogConfigAssociations': ({ body }) => {
    const vpcs = ['vpc-other', ...(body?.ResolverQueryLogConfigAssociations ?? []).map((one: Json) => one.ResourceId)];
    const ids = (body?.ResolverQueryLogConfigAssociations ?? []).map((one: Json) => one.ResolverQueryLogConfigId);
    const { paths } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here('ec2:DescribeVpcs', { MaxResults: 1000 }, { body: { Vpcs: vpcs.map((VpcId) => ({ VpcId, OwnerId: ACCOUNT })) } }),
      here(
        'route53resolver:ListResolverQueryLogConfigs',
        { MaxResults: 100 },
        {
          body: {
            ResolverQueryLogConfigs: ids.map((Id: string) => ({
              Id,
              Name: Id,
              OwnerId: ACCOUNT,
              Status: 'CREATED',
              ShareStatus: 'NOT_SHARED',
              DestinationArn: 'arn:aws:s3:::b',
            })),
          },
        },
      ),
      ...bucketRecords(ACCOUNT, REGION, { name: 'b' }),
      here('route53resolver:ListResolverQueryLogConfigAssociations', { MaxResults: 100 }, { body }),
    ]);
    for (const emitter of paths.emitters.filter((one) => one.sources.includes('aws.route53.resolver'))) {
      const own = (body?.ResolverQueryLogConfigAssociations ?? []).filter((one: Json) => emitter.scope.resource?.endsWith(one.ResourceId));
      for (const edge of certain(emitter.taps))
        expect(
          own.some((one: Json) => one.Status === 'ACTIVE'),
          edge.label,
        ).toBe(true);
    }
  },
  'route53resolver:ListResolverQueryLogConfigs': ({ body }) => {
    const { paths } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here('ec2:DescribeVpcs', { MaxResults: 1000 }, { body: { Vpcs: [{ VpcId: 'vpc-1', OwnerId: ACCOUNT }] } }),
      here('route53resolver:ListResolverQueryLogConfigs', { MaxResults: 100 }, { body }),
      here(
        'route53resolver:ListResolverQueryLogConfigAssociations',
        { MaxResults: 100 },
        { body: { ResolverQueryLogConfigAssociations: [] } },
      ),
    ]);
    expect(certain(tapsOf(paths, 'aws.route53.resolver'))).toEqual([]);
  },
  'organizations:DescribeOrganization': ({ body, error }) => {
    const records = accountRecords({ account: ACCOUNT, regions: [REGION] }).filter((one) => one.op !== 'DescribeOrganization');
    const { assessment } = read([...records, here('organizations:DescribeOrganization', {}, { body, error }, undefined)]);
    expect(assessment.estate.accounts.map((one) => one.id)).toEqual([ACCOUNT]);
  },
  'organizations:ListAccounts': ({ body }) => {
    const { assessment } = read([
      ...accountRecords({ account: ACCOUNT, regions: [REGION] }),
      here('organizations:ListAccounts', {}, { body }, undefined),
    ]);
    const ids = (body?.Accounts ?? []).map((one: Json) => one.Id);
    expect(assessment.estate.accounts.map((one) => one.id).sort()).toEqual([...new Set([ACCOUNT, ...ids])].sort());
    for (const account of assessment.estate.accounts) if (account.id !== ACCOUNT) expect(account.state).toBe('skipped');
  },
};

/** Answers that need no check of their own: read together with the rest. */
const READ_ALONG = [
  'logs:DescribeLogStreams',
  'logs:DescribeDeliveryDestinations',
  'eks:ListClusters',
  's3:GetBucketEncryption',
  'logs:DescribeMetricFilters',
  'logs:DescribeDestinations',
  'logs:DescribeResourcePolicies',
  'route53resolver:ListResolverRules',
  'route53resolver:ListTagsForResource',
];

function sized(rule: Json): boolean {
  return [rule.Filter, rule.Filter?.And].some((one) => one?.ObjectSizeGreaterThan !== undefined || one?.ObjectSizeLessThan !== undefined);
}

/** A rule that takes what the trail writes: all keys, no tags. */
function replicates(rule: Json): boolean {
  const prefix = rule.Prefix ?? rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? '';
  return 'AWSLogs/'.startsWith(prefix) && !rule.Filter?.Tag && !rule.Filter?.And?.Tags?.length;
}

const EVENTS: readonly Event[] = [
  { eventCategory: 'Management', eventSource: 'ec2.amazonaws.com', eventName: 'DescribeInstances', readOnly: 'true' },
  { eventCategory: 'Management', eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances', readOnly: 'false' },
  { eventCategory: 'Management', eventSource: 'kms.amazonaws.com', eventName: 'Decrypt', readOnly: 'true' },
  {
    eventCategory: 'Data',
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    readOnly: 'true',
    'resources.type': 'AWS::S3::Object',
    'resources.ARN': 'arn:aws:s3:::some/thing',
  },
  {
    eventCategory: 'Data',
    eventSource: 's3.amazonaws.com',
    eventName: 'PutObject',
    readOnly: 'false',
    'resources.type': 'AWS::S3::Object',
    'resources.ARN': 'arn:aws:s3:::some/thing',
  },
  {
    eventCategory: 'Data',
    eventSource: 'lambda.amazonaws.com',
    eventName: 'Invoke',
    readOnly: 'false',
    'resources.type': 'AWS::Lambda::Function',
    'resources.ARN': 'arn:aws:lambda:us-east-1:111122223333:function:f',
  },
];

/** The provider's documented rules, one event at a time. */
function taken(body: Record<string, Json>, event: Event): boolean {
  const basic = (body.EventSelectors ?? []).some((one: Json) => {
    const type = one.ReadWriteType ?? 'All';
    if (type !== 'All' && (type === 'ReadOnly') !== (event.readOnly === 'true')) return false;
    if (event.eventCategory === 'Management')
      return one.IncludeManagementEvents !== false && !(one.ExcludeManagementEventSources ?? []).includes(event.eventSource);
    return (one.DataResources ?? []).some(
      (data: Json) =>
        data.Type === event['resources.type'] &&
        data.Values.some((value: string) => (event['resources.ARN'] ?? '').startsWith(value) || value === 'arn:aws:s3:::'),
    );
  });
  const advanced = (body.AdvancedEventSelectors ?? []).some((one: Json) =>
    one.FieldSelectors.every((field: Json) => {
      const value = event[field.Field] ?? '';
      const positive = [
        ...(field.Equals ?? []).map((v: string) => v === value),
        ...(field.StartsWith ?? []).map((v: string) => value.startsWith(v)),
        ...(field.EndsWith ?? []).map((v: string) => value.endsWith(v)),
      ];
      const negative = [
        ...(field.NotEquals ?? []).map((v: string) => v === value),
        ...(field.NotStartsWith ?? []).map((v: string) => value.startsWith(v)),
        ...(field.NotEndsWith ?? []).map((v: string) => value.endsWith(v)),
      ];
      return (positive.length === 0 || positive.includes(true)) && !negative.includes(true);
    }),
  );
  return basic || advanced;
}

const wire = shared('recordings', 'aws-wire', 'aws-wire.ndjson');
const placebo = shared('recordings', 'cloud-custodian', 'aws-placebo');
const logs = shared('logs');

describe.skipIf(!wire)('genuine answers, through the real SDK', () => {
  let replay: Replay;
  let said: Override | undefined;
  beforeAll(async () => {
    replay = await startReplay([], { answer: () => said });
  });
  afterAll(() => replay.close());

  interface Wire {
    readonly service: string;
    readonly model: string;
    readonly operation: string;
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly source: string;
  }
  const recorded = (
    wire
      ? readFileSync(wire, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Wire)
      : []
  )
    .map((one) => ({ ...one, service: one.model === 'elb' ? 'elasticloadbalancing-classic' : one.service }))
    .filter((one) => knownServices.includes(one.service));
  const groups = [...Map.groupBy(recorded, (one) => `${one.service}:${one.operation}`)];

  it('are all held against a check, or known to be read along', () => {
    expect(recorded.length).toBeGreaterThan(350);
    expect(groups.map(([call]) => call).filter((call) => !CHECKS[call] && !READ_ALONG.includes(call))).toEqual([]);
  });

  it.each(groups)(
    '%s: nothing is said that the answer does not',
    async (call, group) => {
      const wanted: Record<string, Record<string, unknown>> = {
        'cloudtrail:GetEventSelectors': { TrailName: 't' },
        'cloudtrail:GetTrailStatus': { Name: 't' },
        'eks:DescribeCluster': { name: 'c' },
        'logs:DescribeLogStreams': { logGroupName: 'g' },
        'logs:DescribeSubscriptionFilters': { logGroupName: 'g' },
        'elasticloadbalancing:DescribeLoadBalancerAttributes': { LoadBalancerArn: 'a' },
        'elasticloadbalancing-classic:DescribeLoadBalancerAttributes': { LoadBalancerName: 'a' },
        'route53resolver:ListTagsForResource': { ResourceArn: 'r' },
      };
      for (const one of group) {
        said = { raw: { status: one.status, headers: one.headers, body: one.body } };
        const body = (await send(
          replay.url,
          one.service,
          one.operation,
          wanted[call] ?? (one.service === 's3' ? { Bucket: 'b' } : {}),
          ACCOUNT,
        )) as Record<string, Json>;
        try {
          CHECKS[call]?.({ service: one.service, op: one.operation, body, source: one.source });
          if (!CHECKS[call]) read([...accountRecords({ account: ACCOUNT, regions: [REGION] }), here(call, { Bucket: 'b' }, { body })]);
        } catch (error) {
          (error as Error).message = `${one.source}: ${(error as Error).message}\n${JSON.stringify(body).slice(0, 1500)}`;
          throw error;
        }
      }
    },
    120_000,
  );
});

describe.skipIf(!placebo)('genuine errors', () => {
  const found: Recording[] = (placebo ? readdirSync(placebo) : []).flatMap((folder) =>
    readdirSync(join(placebo as string, folder))
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) => {
        const { status_code: status, data } = JSON.parse(readFileSync(join(placebo as string, folder, file), 'utf8'));
        const [service = '', op = ''] = basename(file, '.json').split('.');
        if (!data.Error || status < 400 || !knownServices.includes(service)) return [];
        return [
          {
            service,
            op: op.replace(/_\d+$/, ''),
            error: { code: data.Error.Code as string, message: String(data.Error.Message ?? ''), status },
            source: `${folder}/${file}`,
          },
        ];
      }),
  );

  it.each(found.map((one) => [one.source, one] as const))('%s is no fact but what its code says', (_, one) => {
    const call = `${one.service}:${one.op}`;
    CHECKS[call]?.(one);
    // A refused or throttled call surfaces as what is not known.
    const { paths } = read([...accountRecords({ account: ACCOUNT, regions: [REGION] }), here(call, { Bucket: 'b' }, one)]);
    expect(certain(paths.emitters.flatMap((emitter) => emitter.taps))).toEqual([]);
  });

  it('are there', () => {
    expect(found.length).toBeGreaterThan(40);
  });
});

describe.skipIf(!logs)('genuine CloudTrail events', () => {
  const events = new Map<string, Json>();
  let count = 0;
  /** Some regions were made up when account ids were taken out; global services would never record there. */
  const REAL =
    /^(us|eu|ap|sa|ca|af|me|il|mx|cn)(-gov|-iso[a-z]?)?-(north|south|east|west|central|northeast|northwest|southeast|southwest)-\d$/;
  const take = (value: unknown): void => {
    for (const record of findRecords(value) ?? []) {
      const found = record as Json;
      const event = REAL.test(found.awsRegion) ? found : { ...found, awsRegion: 'us-east-1' };
      count++;
      const key = JSON.stringify([
        event.eventSource,
        event.eventName,
        event.readOnly,
        event.eventCategory,
        event.managementEvent,
        (event.resources ?? []).map((one: Json) => one.type).sort(),
      ]);
      if (!events.has(key)) events.set(key, event);
    }
  };
  for (const file of logs ? (readdirSync(logs, { recursive: true }) as string[]).filter((name) => name.endsWith('.json')) : []) {
    const text = readFileSync(join(logs as string, file), 'utf8');
    try {
      take(JSON.parse(text));
    } catch {
      for (const line of text.split('\n')) if (line.trim().startsWith('{')) take(JSON.parse(line));
    }
  }
  const known = rules.known.get('aws.cloudtrail') as KnownEvents;

  it('are read and routed, and management events all end in the trail that takes them', () => {
    expect(count).toBeGreaterThan(2900);
    const wrong: string[] = [];
    const view = new Map<string, LogPaths>();
    for (const event of events.values()) {
      const told = readCloudTrailRecord(event, { sources: rules.sources.values(), known });
      const name = `${event.eventSource} ${event.eventName} readOnly ${event.readOnly} ${event.eventCategory ?? `managementEvent ${event.managementEvent}`}`;
      if (typeof told === 'string') {
        wrong.push(`${name}: ${told}`);
        continue;
      }
      const account = told.account ?? ACCOUNT;
      const key = `${account} ${told.region}`;
      if (!view.has(key)) view.set(key, fullTrail(account, told.region));
      const trace = traceEvent(view.get(key) as LogPaths, rules, {
        source: told.source,
        account,
        region: told.region,
        variants: told.variants,
        notes: told.notes,
      });
      const expected = event.eventCategory === 'Data' || event.managementEvent === false ? 'lost' : 'kept';
      if (event.eventCategory !== 'Insight' && trace.verdict !== expected)
        wrong.push(`${name} (${told.source}): ${trace.verdict}, ${trace.because}`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it('do not contradict the table of known events', () => {
    const wrong: string[] = [];
    for (const { eventSource, eventName, readOnly, eventCategory, managementEvent } of events.values()) {
      const row = known.events[String(eventSource).replace(/\.amazonaws\.com$/, '')] ?? known.events[eventSource];
      if (!row) continue;
      const pinned = [
        ...(row.read.includes(eventName) ? ['Management true'] : []),
        ...(row.write.includes(eventName) ? ['Management false'] : []),
        ...Object.values(row.data ?? {}).flatMap((part) => [
          ...(part.read.includes(eventName) ? ['Data true'] : []),
          ...(part.write.includes(eventName) ? ['Data false'] : []),
        ]),
      ];
      const category = eventCategory ?? (managementEvent === undefined ? undefined : managementEvent ? 'Management' : 'Data');
      if (pinned.length === 0) continue;
      if (
        !pinned.some(
          (one) => (category === undefined || one.startsWith(category)) && (readOnly === undefined || one.endsWith(String(readOnly))),
        )
      )
        wrong.push(`${eventSource} ${eventName}: ${category} ${readOnly}, table says ${pinned.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  function fullTrail(account: string, region: string): LogPaths {
    const records = accountRecords({
      account,
      regions: [...new Set([region, 'us-east-1'])],
      trails: [{ name: 'all', home: 'us-east-1', bucket: 'ct' }],
    });
    return readPaths(new EvidenceView(stored(records), callTable), '2026-11-21T12:00:00Z');
  }
});
