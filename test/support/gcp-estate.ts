import type { NeedVerdict } from '../../src/model/assessment.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { judged, modelOf } from './aws-estate.ts';

export const ORGANIZATION = 'organizations/123';
export const PROJECT = 'pay-prod';
export const LOGS = 'sec-logs';

/** A call and its answer, in the provider's shape. */
export function gcp(account: string, call: string, args: Record<string, unknown>, body: unknown): EvidenceRecord {
  const [service, op] = call.split(':') as [string, string];
  return { v: 1, provider: 'gcp', account, service, op, args, at: '2026-11-21T11:59:00Z', body };
}

export function gcpRefused(account: string, call: string, args: Record<string, unknown>, code = 'PERMISSION_DENIED'): EvidenceRecord {
  const { body: _, ...record } = gcp(account, call, args, {});
  const status = code === 'NOT_FOUND' ? 404 : 403;
  return { ...record, error: { code, message: '', status } };
}

/** The same answer as an error. */
export function inError(record: EvidenceRecord, code = 'PERMISSION_DENIED'): EvidenceRecord {
  return gcpRefused(record.account as string, `${record.service}:${record.op}`, record.args, code);
}

export interface Sink {
  name: string;
  destination: string;
  filter?: string;
  exclusions?: { name: string; filter: string; disabled?: boolean }[];
  disabled?: boolean;
  includeChildren?: boolean;
  interceptChildren?: boolean;
  writerIdentity?: string;
  bigqueryOptions?: { usePartitionedTables?: boolean };
  resourceName?: string;
}

export interface ContainerSpec {
  /** `pay-prod`, `folders/7`, `organizations/123`. */
  account: string;
  parent?: string;
  number?: string;
  auditConfigs?: unknown[];
  bindings?: { role: string; members: string[]; condition?: unknown }[];
  /** Beside _Required and _Default. */
  sinks?: Sink[];
  /** Changes of the _Default sink. */
  standard?: Partial<Sink>;
  exclusions?: { name: string; filter: string; disabled?: boolean }[];
  /** Beside _Required and _Default; a bucket of the same name takes the place of these. */
  buckets?: { name: string; location?: string; retentionDays?: number; locked?: boolean; lifecycleState?: string }[];
}

const REQUIRED = ['activity', 'system_event', 'access_transparency']
  .flatMap((log) => [`LOG_ID("cloudaudit.googleapis.com/${log}")`, `LOG_ID("externalaudit.googleapis.com/${log}")`])
  .join(' OR ');
const DEFAULT = REQUIRED.split(' OR ')
  .map((one) => `NOT ${one}`)
  .join(' AND ');

/** Everything that a scan asks of one project, folder or organization about its audit logs and their ways. */
export function containerRecords(spec: ContainerSpec): EvidenceRecord[] {
  const { account } = spec;
  const container = account.includes('/') ? account : `projects/${account}`;
  const kind = container.split('/')[0] as string;
  const builtIn = (name: string) => `logging.googleapis.com/${container}/locations/global/buckets/${name}`;
  const sinks: Sink[] = [
    { name: '_Required', destination: builtIn('_Required'), filter: REQUIRED },
    { name: '_Default', destination: builtIn('_Default'), filter: DEFAULT, ...spec.standard },
    ...(spec.sinks ?? []),
  ];
  const buckets = new Map(
    [{ name: '_Required', retentionDays: 400, locked: true }, { name: '_Default', retentionDays: 30 }, ...(spec.buckets ?? [])].map(
      (bucket) => [bucket.name, bucket],
    ),
  );
  const description =
    kind === 'projects'
      ? {
          name: `projects/${spec.number ?? '481200000011'}`,
          projectId: account,
          displayName: account,
          state: 'ACTIVE',
          parent: spec.parent,
        }
      : { name: container, displayName: account, state: 'ACTIVE', ...(spec.parent ? { parent: spec.parent } : {}) };
  return [
    gcp(account, `cloudresourcemanager:${kind}.get`, { name: container }, description),
    gcp(
      account,
      `cloudresourcemanager:${kind}.getIamPolicy`,
      { resource: container },
      {
        version: 1,
        bindings: spec.bindings ?? [],
        ...(spec.auditConfigs ? { auditConfigs: spec.auditConfigs } : {}),
      },
    ),
    gcp(
      account,
      `logging:${kind}.sinks.list`,
      { parent: container, ...(kind === 'organizations' ? {} : { filter: 'in_scope("ALL")' }) },
      { sinks },
    ),
    gcp(account, `logging:${kind}.exclusions.list`, { parent: container }, spec.exclusions ? { exclusions: spec.exclusions } : {}),
    gcp(
      account,
      `logging:${kind}.locations.buckets.list`,
      { parent: `${container}/locations/-` },
      {
        buckets: [...buckets.values()].map(({ name, location = 'global', ...bucket }: NonNullable<ContainerSpec['buckets']>[number]) => ({
          name: `${container}/locations/${location}/buckets/${name}`,
          lifecycleState: 'ACTIVE',
          ...bucket,
        })),
      },
    ),
  ];
}

export const EVERY_TYPE = [{ logType: 'ADMIN_READ' }, { logType: 'DATA_READ' }, { logType: 'DATA_WRITE' }];
export const WRITER = 'serviceAccount:o123-1@gcp-sa-logging.iam.gserviceaccount.com';

/**
 * An organization whose audit logs all go to one bucket of a project for logs, kept four hundred days; what its project writes also stays
 * there for thirty.
 */
export function coveredOrganization(
  change: {
    organization?: Partial<ContainerSpec>;
    project?: Partial<ContainerSpec>;
    logs?: Partial<ContainerSpec>;
    sink?: Partial<Sink>;
  } = {},
): EvidenceRecord[] {
  const sink: Sink = {
    name: 'central',
    destination: `logging.googleapis.com/projects/${LOGS}/locations/eu/buckets/audit`,
    filter: 'logName:"cloudaudit.googleapis.com"',
    includeChildren: true,
    writerIdentity: WRITER,
    ...change.sink,
  };
  return [
    ...containerRecords({
      account: ORGANIZATION,
      auditConfigs: [{ service: 'allServices', auditLogConfigs: EVERY_TYPE }],
      sinks: [sink],
      ...change.organization,
    }),
    ...containerRecords({ account: PROJECT, parent: ORGANIZATION, ...change.project }),
    ...containerRecords({
      account: LOGS,
      number: '481200000112',
      parent: ORGANIZATION,
      bindings: [{ role: 'roles/logging.bucketWriter', members: [WRITER] }],
      buckets: [{ name: 'audit', location: 'eu', retentionDays: 400, locked: true }],
      ...change.logs,
    }),
  ];
}

/** The verdicts by the id of each need, in the project unless `at` says otherwise. */
export function gcpVerdicts(
  records: readonly EvidenceRecord[],
  needs: unknown[],
  at: Record<string, string> = { provider: 'gcp', account: PROJECT },
  type = 'gcp.project',
): Map<string, NeedVerdict> {
  return new Map(judged(records, modelOf(needs, at, type)).needs.map((need) => [String(need.need.id), need]));
}
