import { type Selector, selectorOf } from '../../src/events/classes.ts';
import type { Scope } from '../../src/model/scope.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Store } from '../../src/paths/graph.ts';
import type { AwsAccount } from './estate.ts';
import { leaderOf } from './estate.ts';

/** What every reader of CloudTrail shares: the emitter of an account in a region, and stores that were not seen. */
export const CLOUDTRAIL_SOURCES = [
  'aws.cloudtrail.management',
  'aws.cloudtrail.data.s3',
  'aws.cloudtrail.data.lambda',
  'aws.cloudtrail.data.dynamodb',
  'aws.cloudtrail.data.ebs-snapshot',
  'aws.cloudtrail.data.bedrock',
  'aws.cloudtrail.networkactivity',
  'aws.cloudtrail.insights',
] as const;

/**
 * Services that CloudTrail records in the partition's first region only.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
 */
export const GLOBAL_SERVICES = ['iam.amazonaws.com', 'cloudfront.amazonaws.com', 'organizations.amazonaws.com', 'route53.amazonaws.com'];

// In China Route 53, CloudFront and Organizations have their endpoints in another region than IAM.
const REGIONAL: Selector = selectorOf({ eventSource: { notEquals: GLOBAL_SERVICES } });
const REGIONAL_IN_CHINA: Selector = selectorOf({ eventSource: { notEquals: ['iam.amazonaws.com'] } });
const ANYWHERE: Selector = selectorOf({});

export function emitterId(account: string, region: string | undefined): string {
  return `cloudtrail:${account}:${region ?? ''}`;
}

/** The enabled regions of an account, and `undefined` for any other one where it could not be read which are enabled. */
export function regionsOf(account: AwsAccount): readonly (string | undefined)[] {
  return account.regionsUnknown ? [...account.regions, undefined] : account.regions;
}

/** The emitter of an account in a region; without a region: in one that no list names. */
export function addEmitter(paths: PathsBuilder, account: AwsAccount, region: string | undefined): string {
  const id = emitterId(account.id, region);
  const leader = leaderOf(account.partition);
  const alone = region === leader || !account.regions.includes(leader);
  paths.emitter({
    id,
    sources: CLOUDTRAIL_SOURCES,
    scope: { provider: 'aws', account: account.id, ...(region === undefined ? {} : { region }) },
    name: `${account.name ?? account.id} ${region ?? 'in regions that were not listed'}`,
    universe: alone ? ANYWHERE : account.partition === 'aws-cn' ? REGIONAL_IN_CHINA : REGIONAL,
    ...(account.closed === undefined ? {} : { notApplicable: account.closed }),
    taps: [],
    evidence: account.evidence,
  });
  return id;
}

/** Stands for the destinations of something that could not be read. */
export function unseenStore(paths: PathsBuilder, id: string, name: string, scope: Scope): string {
  const store: Store = {
    type: 'store',
    id,
    kind: 'native',
    name,
    scope,
    unseen: true,
    findings: [],
    unknowns: [],
    evidence: [],
    keeps: {
      searchable: { least: 0, most: Number.POSITIVE_INFINITY },
      total: { least: 0, most: Number.POSITIVE_INFINITY },
      immutable: undefined,
      because: 'not read',
      unknowns: [],
    },
  };
  return paths.node(store);
}

export function arnAccount(arn: string): string {
  return arn.split(':')[4] ?? '';
}

export function arnRegion(arn: string): string {
  return arn.split(':')[3] ?? '';
}

export function arnName(arn: string): string {
  return arn.split(/[:/]/).at(-1) ?? arn;
}

/** Hours between two ISO times; Infinity where the first is not known. */
export function hoursSince(time: string | undefined, asOf: string): number {
  return time === undefined ? Number.POSITIVE_INFINITY : (Date.parse(asOf) - Date.parse(time)) / 3_600_000;
}
