import type { Limit } from '../../src/collect/provider.ts';

interface DeclaredLimit {
  /** Operations that share the bucket; left out: every operation of the service has one of its own if `each`, else all share one. */
  readonly ops?: RegExp;
  readonly each?: boolean;
  readonly perSecond: number;
  readonly burst: number;
  /** Where the provider publishes it; `observed` where it does not. */
  readonly from: string;
}

const EC2 = 'https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html';
const CLOUDTRAIL = 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html';
const LOGS = 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html';
const ORGANIZATIONS = 'https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html';
const ROUTE53 = 'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html';

/** Declared rate limits, per account and region. The first entry of a service whose `ops` match counts. */
export const limits: Readonly<Record<string, readonly DeclaredLimit[]>> = {
  cloudtrail: [
    { ops: /^LookupEvents$/, perSecond: 2, burst: 2, from: CLOUDTRAIL },
    { ops: /^(Get|Describe|List)/, each: true, perSecond: 10, burst: 10, from: CLOUDTRAIL },
    { perSecond: 1, burst: 1, from: CLOUDTRAIL },
  ],
  ec2: [{ each: true, perSecond: 20, burst: 100, from: EC2 }],
  elasticloadbalancing: [
    { perSecond: 10, burst: 40, from: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/api-throttling.html' },
  ],
  'elasticloadbalancing-classic': [
    { perSecond: 10, burst: 40, from: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/api-throttling.html' },
  ],
  logs: [
    { ops: /^DescribeLogStreams$/, perSecond: 25, burst: 25, from: LOGS },
    { ops: /^DescribeLogGroups$/, perSecond: 10, burst: 10, from: LOGS },
    { each: true, perSecond: 5, burst: 10, from: LOGS },
  ],
  s3: [
    { ops: /^ListBuckets$/, perSecond: 5, burst: 10, from: 'observed' },
    { perSecond: 80, burst: 160, from: 'observed' },
  ],
  organizations: [{ each: true, perSecond: 8, burst: 10, from: ORGANIZATIONS }],
  sts: [{ perSecond: 300, burst: 600, from: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html' }],
  account: [{ perSecond: 10, burst: 10, from: 'https://docs.aws.amazon.com/accounts/latest/reference/quotas.html' }],
  iam: [{ perSecond: 15, burst: 30, from: 'observed' }],
  route53: [{ perSecond: 5, burst: 5, from: ROUTE53 }],
  route53resolver: [{ each: true, perSecond: 5, burst: 10, from: 'observed' }],
  eks: [{ each: true, perSecond: 10, burst: 20, from: 'observed' }],
  lambda: [{ perSecond: 15, burst: 30, from: 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html' }],
  securitylake: [{ each: true, perSecond: 5, burst: 10, from: 'observed' }],
};

const CAUTIOUS: DeclaredLimit = { each: true, perSecond: 5, burst: 10, from: 'observed' };

/** The limit of a call such as `cloudtrail:GetTrailStatus`. */
export function limitOf(call: string): Limit {
  const [service = '', op = ''] = call.split(':');
  const declared = limits[service] ?? [CAUTIOUS];
  const index = declared.findIndex((one) => one.ops === undefined || one.ops.test(op));
  const found = declared[index] ?? CAUTIOUS;
  return { group: found.each ? call : `${service}#${index}`, perSecond: found.perSecond, burst: found.burst };
}
