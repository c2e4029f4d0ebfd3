import { callTable, readPaths } from '../../connectors/index.ts';
import { assessEvidence } from '../../src/assess/pipeline.ts';
import type { Assessment, NeedVerdict } from '../../src/model/assessment.ts';
import type { EvidenceRecord, StoredEvidence } from '../../src/model/evidence.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { loadRules } from '../../src/needs/rules.ts';

export const AS_OF = '2026-11-21T12:00:00Z';
export const ACCOUNT = '111122223333';

/** A call and its answer, in the provider's shape. */
export function answered(
  account: string,
  region: string | undefined,
  call: string,
  args: Record<string, unknown>,
  body: unknown,
): EvidenceRecord {
  const [service, op] = call.split(':') as [string, string];
  return { v: 1, provider: 'aws', account, ...(region ? { region } : {}), service, op, args, at: '2026-11-21T11:59:00Z', body };
}

export function refused(
  account: string,
  region: string | undefined,
  call: string,
  args: Record<string, unknown>,
  code = 'AccessDenied',
  message = '',
): EvidenceRecord {
  const { body: _, ...record } = answered(account, region, call, args, {});
  return { ...record, error: { code, message, status: 403 } };
}

export interface TrailSpec {
  name: string;
  home?: string;
  multiRegion?: boolean;
  organization?: boolean;
  bucket?: string;
  group?: string;
  validation?: boolean;
  global?: boolean;
  selectors?: { EventSelectors?: unknown[]; AdvancedEventSelectors?: unknown[] };
  status?: Record<string, unknown>;
}

export interface BucketSpec {
  name: string;
  lifecycle?: unknown;
  versioning?: unknown;
}

export interface EstateSpec {
  account?: string;
  regions?: string[];
  organization?: { id: string; management: string; accounts: { id: string; name: string }[] };
  trails?: TrailSpec[];
  buckets?: BucketSpec[];
  groups?: { name: string; region: string; days?: number; class?: string }[];
}

const HEALTHY = {
  IsLogging: true,
  StartLoggingTime: '2024-03-01T08:00:00Z',
  LatestDeliveryTime: '2026-11-21T11:55:00Z',
  LatestDigestDeliveryTime: '2026-11-21T11:20:00Z',
  LatestCloudWatchLogsDeliveryTime: '2026-11-21T11:58:00Z',
};

export function trailArn(account: string, trail: TrailSpec, home: string): string {
  return `arn:aws:cloudtrail:${trail.home ?? home}:${account}:trail/${trail.name}`;
}

/** Everything that a scan asks of one account about CloudTrail, its stores, and the other ways events could be taken. */
export function accountRecords(spec: EstateSpec): EvidenceRecord[] {
  const account = spec.account ?? ACCOUNT;
  const regions = spec.regions ?? ['us-east-1', 'eu-west-1'];
  const first = regions[0] as string;
  const trails = spec.trails ?? [];
  const described = trails.map((trail) => ({
    Name: trail.name,
    TrailARN: trailArn(account, trail, first),
    HomeRegion: trail.home ?? first,
    S3BucketName: trail.bucket ?? `${trail.name}-logs`,
    IncludeGlobalServiceEvents: trail.global ?? true,
    IsMultiRegionTrail: trail.multiRegion ?? true,
    IsOrganizationTrail: trail.organization ?? false,
    LogFileValidationEnabled: trail.validation ?? true,
    HasCustomEventSelectors: true,
    ...(trail.group ? { CloudWatchLogsLogGroupArn: `arn:aws:logs:${trail.home ?? first}:${account}:log-group:${trail.group}:*` } : {}),
  }));
  const seen = (region: string) => described.filter((trail) => trail.IsMultiRegionTrail || trail.HomeRegion === region);
  const buckets = spec.buckets ?? [...new Set(described.map((trail) => trail.S3BucketName))].map((name) => ({ name }));
  return [
    answered(
      account,
      undefined,
      'sts:GetCallerIdentity',
      {},
      { Account: account, Arn: `arn:aws:sts::${account}:assumed-role/Reader/scan`, UserId: 'AROAEXAMPLE:scan' },
    ),
    answered(
      account,
      undefined,
      'account:ListRegions',
      {},
      { Regions: regions.map((RegionName) => ({ RegionName, RegionOptStatus: 'ENABLED_BY_DEFAULT' })) },
    ),
    ...(spec.organization
      ? [
          answered(
            account,
            undefined,
            'organizations:DescribeOrganization',
            {},
            { Organization: { Id: spec.organization.id, MasterAccountId: spec.organization.management } },
          ),
          ...(spec.organization.management === account
            ? [
                answered(
                  account,
                  undefined,
                  'organizations:ListAccounts',
                  {},
                  {
                    Accounts: spec.organization.accounts.map(({ id, name }) => ({
                      Id: id,
                      Name: name,
                      State: 'ACTIVE',
                      Arn: `arn:aws:organizations::${spec.organization?.management}:account/${spec.organization?.id}/${id}`,
                    })),
                  },
                ),
              ]
            : []),
        ]
      : [refused(account, undefined, 'organizations:DescribeOrganization', {}, 'AWSOrganizationsNotInUseException')]),
    ...regions.flatMap((region) => [
      answered(account, region, 'cloudtrail:DescribeTrails', { includeShadowTrails: true }, { trailList: seen(region) }),
      ...seen(region).map((trail) =>
        answered(
          account,
          region,
          'cloudtrail:GetTrailStatus',
          { Name: trail.TrailARN },
          { ...HEALTHY, ...trails.find((one) => one.name === trail.Name)?.status },
        ),
      ),
      answered(account, region, 'cloudtrail:ListEventDataStores', {}, { EventDataStores: [] }),
      answered(account, region, 'cloudtrail:ListChannels', {}, { Channels: [] }),
      answered(account, region, 'securitylake:ListDataLakes', { regions: [region] }, { dataLakes: [] }),
    ]),
    ...described.flatMap((trail) => {
      const given = trails.find((one) => one.name === trail.Name);
      return [
        answered(
          account,
          trail.HomeRegion,
          'cloudtrail:GetEventSelectors',
          { TrailName: trail.TrailARN },
          {
            TrailARN: trail.TrailARN,
            ...(given?.selectors ?? {
              EventSelectors: [
                { ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [] },
              ],
            }),
          },
        ),
        refused(account, trail.HomeRegion, 'cloudtrail:GetInsightSelectors', { TrailName: trail.TrailARN }, 'InsightNotEnabledException'),
        answered(
          account,
          trail.HomeRegion,
          'cloudtrail:GetEventConfiguration',
          { TrailName: trail.TrailARN },
          { AggregationConfigurations: [] },
        ),
      ];
    }),
    ...buckets.flatMap((bucket) => bucketRecords(account, first, bucket)),
    ...(spec.groups ?? []).flatMap((group) => groupRecords(account, group)),
  ];
}

export function bucketRecords(account: string, region: string, bucket: BucketSpec): EvidenceRecord[] {
  const args = { Bucket: bucket.name };
  return [
    answered(account, region, 's3:GetBucketLocation', args, region === 'us-east-1' ? {} : { LocationConstraint: region }),
    bucket.lifecycle === undefined
      ? refused(account, region, 's3:GetBucketLifecycleConfiguration', args, 'NoSuchLifecycleConfiguration')
      : answered(account, region, 's3:GetBucketLifecycleConfiguration', args, bucket.lifecycle),
    answered(account, region, 's3:GetBucketVersioning', args, bucket.versioning ?? {}),
    refused(account, region, 's3:GetObjectLockConfiguration', args, 'ObjectLockConfigurationNotFoundError'),
    answered(account, region, 's3:GetBucketPolicy', args, {
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'cloudtrail.amazonaws.com' },
            Action: 's3:GetBucketAcl',
            Resource: `arn:aws:s3:::${bucket.name}`,
          },
          {
            Effect: 'Allow',
            Principal: { Service: 'cloudtrail.amazonaws.com' },
            Action: 's3:PutObject',
            Resource: `arn:aws:s3:::${bucket.name}/AWSLogs/*`,
            Condition: { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } },
          },
        ],
      }),
    }),
    refused(account, region, 's3:GetBucketReplication', args, 'ReplicationConfigurationNotFoundError'),
    answered(account, region, 's3:GetBucketNotificationConfiguration', args, {}),
  ];
}

function groupRecords(account: string, group: { name: string; region: string; days?: number; class?: string }): EvidenceRecord[] {
  const arn = `arn:aws:logs:${group.region}:${account}:log-group:${group.name}`;
  return [
    answered(
      account,
      group.region,
      'logs:DescribeLogGroups',
      { logGroupNamePrefix: group.name },
      {
        logGroups: [
          {
            logGroupName: group.name,
            arn: `${arn}:*`,
            logGroupArn: arn,
            logGroupClass: group.class ?? 'STANDARD',
            ...(group.days === undefined ? {} : { retentionInDays: group.days }),
          },
        ],
      },
    ),
    answered(account, group.region, 'logs:DescribeAccountPolicies', { policyType: 'SUBSCRIPTION_FILTER_POLICY' }, { accountPolicies: [] }),
    answered(account, group.region, 'logs:DescribeSubscriptionFilters', { logGroupName: group.name }, { subscriptionFilters: [] }),
  ];
}

export function stored(records: readonly EvidenceRecord[]): StoredEvidence[] {
  return records.map((record, index) => ({ ...record, id: index + 1 }));
}

/** A threat model of one threat, with these needs for this place. */
export function modelOf(
  needs: unknown[],
  at: Record<string, string> = { provider: 'aws', account: ACCOUNT },
  type = 'aws.account',
): ThreatModel {
  return ThreatModel.parse({
    version: 1,
    system: 'Test',
    assets: [{ id: 'asset', type, at }],
    threats: [{ id: 'threat', title: 'A threat', severity: 'high', assets: ['asset'], needs }],
  });
}

export function judged(records: readonly EvidenceRecord[], model: ThreatModel, asOf = AS_OF): Assessment {
  return assessEvidence(stored(records), [model], loadRules(), { callTable, readPaths }, asOf).assessment;
}

/** The verdicts by the id that the model gave each need. */
export function verdictsOf(
  records: readonly EvidenceRecord[],
  needs: unknown[],
  at?: Record<string, string>,
  type?: string,
): Map<string, NeedVerdict> {
  return new Map(judged(records, modelOf(needs, at, type)).needs.map((need) => [String(need.need.id), need]));
}
