import type { Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Kept } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { type Binding, policyOf } from './iam-policy.ts';
import { accountOf, gcpEstateOf } from './places.ts';

/** Who writes to a destination: a sink, or a subscription. */
export interface Writer {
  /** `serviceAccount:…`, as the sink says it; undefined: none is shown. */
  readonly identity: string | undefined;
  /** `projects/P`, `folders/F`, `organizations/O`. */
  readonly container: string;
}

/** A store or a hop that takes what a sink sends, and whether it gets there. */
export interface Landing {
  readonly node: string;
  readonly delivery: Delivery;
  /** Seconds that the way takes beyond the moment. */
  readonly latency?: number;
  readonly evidence: readonly number[];
}

/** Roles given at one place, or why they are not known. */
export interface Grants {
  readonly bindings: readonly Binding[];
  readonly unknown?: Unknown | undefined;
  readonly evidence: readonly number[];
}

/** What lets a writer in. */
export interface Right {
  /** Roles that carry the permission. */
  readonly roles: readonly string[];
  /** Start of the names of roles that may carry it: `roles/storage.`. */
  readonly near: string;
}

export const WRITE_LOG_BUCKET: Right = { roles: ['roles/logging.bucketWriter', 'roles/owner', 'roles/editor'], near: 'roles/logging.' };
export const ROUTE_TO_PROJECT: Right = {
  roles: ['roles/logging.logWriter', 'roles/logging.admin', 'roles/owner', 'roles/editor'],
  near: 'roles/logging.',
};
export const CREATE_OBJECTS: Right = {
  roles: [
    'roles/storage.objectCreator',
    'roles/storage.objectAdmin',
    'roles/storage.objectUser',
    'roles/storage.admin',
    'roles/storage.legacyBucketWriter',
    'roles/storage.legacyBucketOwner',
  ],
  near: 'roles/storage.',
};
export const WRITE_TABLES: Right = {
  roles: ['roles/bigquery.dataEditor', 'roles/bigquery.dataOwner', 'roles/bigquery.admin'],
  near: 'roles/bigquery.',
};
export const PUBLISH: Right = {
  roles: ['roles/pubsub.publisher', 'roles/pubsub.editor', 'roles/pubsub.admin', 'roles/owner', 'roles/editor'],
  near: 'roles/pubsub.',
};

/** What a project inherits counts in it too: its own roles, those of its folders and of its organization. */
export function projectGrants(evidence: EvidenceView, project: string): Grants[] {
  const estate = gcpEstateOf(evidence);
  const container = estate.find(project);
  if (!container) {
    const unknown = evidence.unknownOf('gcp/cloudresourcemanager:projects.getIamPolicy', accountOf(project), 'NotAsked', []);
    return [{ bindings: [], unknown, evidence: [] }];
  }
  const ancestors = estate.ancestorsOf(container.id);
  return [
    ...[container, ...ancestors.known].map((level) => {
      const { policy, unknown, evidence: ids } = policyOf(evidence, level);
      return { bindings: policy?.bindings ?? [], unknown, evidence: ids };
    }),
    ...(ancestors.unknown ? [{ bindings: [], unknown: ancestors.unknown, evidence: [] }] : []),
  ];
}

/** Whether a destination lets the writer in; where it certainly does not, `fix` is the binding that would. */
export function admits(writer: Writer, right: Right, grants: readonly Grants[], on: string, fix: string): Delivery {
  const { identity } = writer;
  const perhaps: Unknown[] = [];
  for (const { bindings } of grants) {
    for (const { role, members, condition } of bindings) {
      const basic = role === 'roles/owner' || role === 'roles/editor';
      const carries = right.roles.includes(role);
      if (!carries && !basic && !mayCarry(role, right)) continue;
      const known = members.some((member) => member === identity || member === 'allUsers' || member === 'allAuthenticatedUsers');
      const several = members.find((member) => /^(group|domain|principalSet|principal):/.test(member));
      if (known && carries && condition === undefined) return { state: 'flowing' };
      if (known && carries) perhaps.push(open('iam:condition', 'a condition that can be read', `${role} on ${on}`, 'ConditionNotRead'));
      else if (known) perhaps.push(open('iam:roles.get', 'iam.roles.get', role, 'RoleNotRead'));
      else if (several !== undefined && (carries || basic))
        perhaps.push(open('cloudidentity:groups.memberships.list', 'groups.read of Cloud Identity', several, 'MembersNotRead'));
    }
  }
  const unread = grants.flatMap(({ unknown }) => (unknown ? [unknown] : []));
  if (identity === undefined) perhaps.push(open('logging:sinks.get', 'logging.sinks.get', on, 'NoWriterIdentity'));
  if (unread.length + perhaps.length > 0) {
    return { state: 'unknown', why: `whether ${on} lets ${shown(identity)} write was not read`, unknowns: [...unread, ...perhaps] };
  }
  return { state: 'broken', why: `${on} does not let the writer identity ${shown(identity)} write`, fix };
}

function open(call: string, permission: string, on: string, code: string): Unknown {
  return { call, permission, on, code };
}

/** Roles of one's own making, and others of the service that do more than look. */
function mayCarry(role: string, { near }: Right): boolean {
  return !role.startsWith('roles/') || (role.startsWith(near) && !/viewer|reader|accessor/i.test(role));
}

function shown(identity: string | undefined): string {
  return identity?.replace(/^serviceAccount:/, '') ?? '(not shown)';
}

export const OPEN_KEPT: Pick<Kept, 'searchable' | 'total' | 'immutable'> = {
  searchable: { least: 0, most: Number.POSITIVE_INFINITY },
  total: { least: 0, most: Number.POSITIVE_INFINITY },
  immutable: undefined,
};

/** A store that stands for places that could not be seen. */
export function unseenPlace(paths: PathsBuilder, id: string, name: string, unknown: Unknown, account?: string): string {
  return paths.node({
    type: 'store',
    id: `gcp unseen ${id}`,
    kind: 'native',
    name,
    scope: { provider: 'gcp', ...(account === undefined ? {} : { account }) },
    unseen: true,
    findings: [],
    unknowns: [unknown],
    evidence: [...(unknown.evidence ?? [])],
    keeps: { ...OPEN_KEPT, because: 'not read', unknowns: [] },
  });
}

/** Days of a duration in seconds (`604800s`, `604800`); undefined where it is none. */
export function daysOfSeconds(value: string | number | undefined): number | undefined {
  const seconds = typeof value === 'number' ? value : /^(\d+(?:\.\d+)?)s?$/.exec(value ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) / 86400;
}
