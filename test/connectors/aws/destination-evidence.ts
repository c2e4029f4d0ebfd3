import { awsCollectors } from '../../../connectors/aws/index.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { PathsBuilder } from '../../../src/paths/builder.ts';
import { type CallTable, EvidenceView } from '../../../src/store/view.ts';

export const ACCOUNT = '111122223333';
export const AS_OF = '2026-11-21T12:00:00Z';

/** One answer, or an error where `code` is given, as a scan records it. */
export function answer(
  call: string,
  args: Record<string, unknown>,
  body: unknown,
  place: { account?: string; region?: string; at?: string; page?: number } = {},
): EvidenceRecord {
  const [service = '', op = ''] = call.split(':');
  return { v: 1, provider: 'aws', account: ACCOUNT, region: 'eu-west-1', service, op, args, at: '2026-11-21T11:59:00Z', body, ...place };
}

export function refusal(
  call: string,
  args: Record<string, unknown>,
  code: string,
  place: { account?: string; region?: string; at?: string } = {},
): EvidenceRecord {
  const { body: _, ...record } = answer(call, args, undefined, place);
  return { ...record, error: { code, message: code } };
}

export const table: CallTable = new Map(
  awsCollectors.flatMap((collector) =>
    Object.entries(collector.calls).map(
      ([call, spec]) => [call, { permission: spec.permission, ...(spec.pages ? { next: spec.pages.from } : {}) }] as const,
    ),
  ),
);

export function viewOf(records: readonly EvidenceRecord[]): EvidenceView {
  return new EvidenceView(
    records.map((record, index) => ({ ...record, id: index + 1 })),
    table,
  );
}

export function builder(): PathsBuilder {
  return new PathsBuilder(AS_OF);
}

const WRITE = {
  Sid: 'Write',
  Effect: 'Allow',
  Principal: { Service: 'cloudtrail.amazonaws.com' },
  Action: 's3:PutObject',
  Resource: 'arn:aws:s3:::card-logs/AWSLogs/*',
};

/** All answers about a bucket with nothing set on it but a policy that lets CloudTrail write; what is given replaces them. */
export function bucketRecords(
  given: Readonly<Record<string, unknown>> = {},
  bucket = 'card-logs',
  place: { account?: string; region?: string } = {},
): EvidenceRecord[] {
  const plain: Record<string, unknown> = {
    GetBucketLocation: { LocationConstraint: 'eu-west-1' },
    GetBucketLifecycleConfiguration: 'NoSuchLifecycleConfiguration',
    GetBucketVersioning: {},
    GetObjectLockConfiguration: 'ObjectLockConfigurationNotFoundError',
    GetBucketPolicy: policyOf([WRITE]),
    GetBucketAcl: { Grants: [{ Grantee: { Type: 'CanonicalUser', ID: 'abc' }, Permission: 'FULL_CONTROL' }] },
    GetBucketReplication: 'ReplicationConfigurationNotFoundError',
    GetBucketNotificationConfiguration: {},
    ListBucketIntelligentTieringConfigurations: { IsTruncated: false },
    ...given,
  };
  return Object.entries(plain)
    .filter(([, body]) => body !== undefined)
    .map(([op, body]) =>
      typeof body === 'string' ? refusal(`s3:${op}`, { Bucket: bucket }, body, place) : answer(`s3:${op}`, { Bucket: bucket }, body, place),
    );
}

export function policyOf(statements: readonly unknown[]): { Policy: string } {
  return { Policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) };
}
