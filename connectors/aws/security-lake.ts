import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING, type Selector, selectorOf } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge, Kept } from '../../src/paths/graph.ts';
import type { Answered, EvidenceView } from '../../src/store/view.ts';
import { emitterId } from './cloudtrail.ts';
import { type AwsOrganization, estateOf } from './estate.ts';
import { cellsOf, UNKNOWN_KEPT, unseenEdge } from './listing.ts';
import { remember } from './remember.ts';

export type LakeSource = 'VPC_FLOW' | 'CLOUD_TRAIL_MGMT' | 'S3_DATA' | 'LAMBDA_EXECUTION' | 'ROUTE53' | 'EKS_AUDIT' | 'WAF' | 'SH_FINDINGS';

const Lake = z.object({
  region: z.string(),
  dataLakeArn: z.string().optional(),
  s3BucketArn: z.string().optional(),
  createStatus: z.string().optional(),
  lifecycleConfiguration: z
    .object({
      expiration: z.object({ days: z.number().optional() }).optional(),
      transitions: z.array(z.object({ storageClass: z.string().optional(), days: z.number().optional() })).optional(),
    })
    .optional(),
  replicationConfiguration: z.object({ regions: z.array(z.string()).optional() }).optional(),
});
type Lake = z.infer<typeof Lake>;
const Lakes = z.object({ dataLakes: z.array(Lake).default([]) });
const LogSources = z.object({
  sources: z
    .array(
      z.object({
        account: z.string().optional(),
        region: z.string().optional(),
        sources: z.array(z.object({ awsLogSource: z.object({ sourceName: z.string().optional() }).optional() })).default([]),
      }),
    )
    .default([]),
});
const SourceStates = z.object({
  dataLakeSources: z
    .array(
      z.object({
        account: z.string().optional(),
        sourceName: z.string().optional(),
        sourceStatuses: z.array(z.object({ resource: z.string().optional(), status: z.string().optional() })).default([]),
      }),
    )
    .default([]),
});

/**
 * Security Lake takes flow logs, DNS queries, CloudTrail events and EKS audit logs by itself, with no setting at the source.
 * https://docs.aws.amazon.com/security-lake/latest/userguide/internal-sources.html
 */
export const securityLake: Collector = {
  id: 'security-lake',
  provider: 'aws',
  service: 'Security Lake',
  informs: [
    'aws.cloudtrail.management',
    'aws.cloudtrail.data.s3',
    'aws.cloudtrail.data.lambda',
    'aws.vpc.flowlogs',
    'aws.route53.resolver',
    'k8s.eks.audit',
  ],
  runs: 'region',
  phase: 'sources',
  calls: {
    'securitylake:ListDataLakes': {
      permission: 'securitylake:ListDataLakes',
      why: 'lakes that take logs by themselves, and how long they keep them',
      per: 'region',
    },
    'securitylake:ListLogSources': {
      permission: 'securitylake:ListLogSources',
      pages: { from: 'nextToken', to: 'nextToken' },
      why: 'which accounts and sources a lake takes',
      per: 'resource',
    },
    'securitylake:GetDataLakeSources': {
      permission: 'securitylake:GetDataLakeSources',
      pages: { from: 'nextToken', to: 'nextToken' },
      why: 'whether the sources are being collected',
      per: 'resource',
    },
  },
  doc: 'https://docs.aws.amazon.com/security-lake/latest/userguide/internal-sources.html',
  async collect(cell) {
    const lakes = await cell.ask('securitylake:ListDataLakes', { regions: [cell.region] });
    if (!lakes.pages.some((page) => page.dataLakes?.length > 0)) return;
    await cell.ask('securitylake:ListLogSources', { regions: [cell.region] });
    await cell.ask('securitylake:GetDataLakeSources', {});
  },
  read(evidence, paths) {
    for (const { account, region } of cellsOf(evidence)) {
      for (const [logSource, events] of CLOUDTRAIL) {
        for (const edge of securityLakeTaps(evidence, paths, { account: account.id, region, logSource, events }))
          paths.tap(emitterId(account.id, region), edge);
      }
    }
  },
};

/** The parts of CloudTrail that a lake takes; the other readers ask for the taps of their own sources. */
const CLOUDTRAIL: readonly (readonly [LakeSource, Selector])[] = [
  ['CLOUD_TRAIL_MGMT', selectorOf({ eventCategory: { equals: ['Management'] } })],
  ['S3_DATA', selectorOf({ eventCategory: { equals: ['Data'] }, 'resources.type': { equals: ['AWS::S3::Object'] } })],
  ['LAMBDA_EXECUTION', selectorOf({ eventCategory: { equals: ['Data'] }, 'resources.type': { equals: ['AWS::Lambda::Function'] } })],
];

/** `events`: what of the emitter's events the source holds; left out, all of them. */
interface LakePlace {
  readonly account: string;
  readonly region: string;
  readonly logSource: LakeSource;
  readonly events?: Selector;
}

interface SeenLake {
  readonly account: string;
  readonly lake: Lake;
  readonly ids: readonly number[];
}

interface Seen {
  /** Lakes by region. */
  readonly lakes: ReadonlyMap<string, readonly SeenLake[]>;
}

const seen = new WeakMap<EvidenceView, Seen>();

function lakesOf(evidence: EvidenceView): Seen {
  const known = seen.get(evidence);
  if (known) return known;
  const byKey = new Map<string, SeenLake>();
  for (const answer of evidence.calls('securitylake:ListDataLakes', Lakes)) {
    for (const lake of answer.pages.flatMap((page) => page.dataLakes))
      byKey.set(`${answer.account}|${lake.region}`, { account: answer.account, lake, ids: answer.ids });
  }
  const lakes = new Map<string, SeenLake[]>();
  for (const one of byKey.values()) lakes.set(one.lake.region, [...(lakes.get(one.lake.region) ?? []), one]);
  const found = { lakes };
  seen.set(evidence, found);
  return found;
}

/**
 * First edges into the data lakes that take this source in this account and region: none where it is certain that no lake does, an edge
 * of which nothing is certain where that was not read.
 */
export function securityLakeTaps(evidence: EvidenceView, paths: PathsBuilder, place: LakePlace): readonly Edge[] {
  return paths.once(`security-lake|${place.account}|${place.region}|${place.logSource}`, () => tapsOf(evidence, paths, place));
}

function tapsOf(evidence: EvidenceView, paths: PathsBuilder, place: LakePlace): Edge[] {
  const edges: Edge[] = [];
  const events = place.events ?? EVERYTHING;
  // A lake of the organization stands in the account that administers it and takes the logs of the members.
  for (const one of lakesOf(evidence).lakes.get(place.region) ?? []) {
    const taken = sourcesOf(evidence, one, place);
    if (taken.is === 'no') continue;
    const store = storeOf(evidence, paths, one);
    const all = taken.is === 'yes';
    edges.push({
      id: `security-lake|${one.account}|${place.region}|${place.account}|${place.logSource}`,
      to: store,
      label: `Security Lake ${place.logSource}`,
      passes: all ? events : NOTHING,
      mayPass: events,
      unknowns: taken.unknowns,
      delivery: all ? stateOf(evidence, one, place) : { state: 'flowing' },
      evidence: [...one.ids, ...taken.ids],
    });
  }
  const own = beyondAccount(evidence, place, ownAnswer(evidence, place));
  if (own.unknown && edges.every((edge) => edge.passes === NOTHING)) {
    edges.push(
      unseenEdge(paths, {
        id: `security-lake|${place.account}|${place.region}|not-read|${place.logSource}`,
        label: 'Security Lake',
        unknowns: [own.unknown],
        mayPass: events,
        evidence: own.ids,
        account: place.account,
        region: place.region,
      }),
    );
  }
  return edges;
}

const Administrators = z.object({ DelegatedAdministrators: z.array(z.object({ Id: z.string().optional() })).default([]) });

/**
 * A lake of an organization stands in an account that administers it for all, and a member does not show it. So where the account has no
 * lake, those that may administer one have to have been asked too.
 * https://docs.aws.amazon.com/security-lake/latest/userguide/multi-account-management.html
 */
function beyondAccount(
  evidence: EvidenceView,
  place: { account: string; region: string },
  own: ReturnType<typeof ownAnswer>,
): ReturnType<typeof ownAnswer> {
  const estate = estateOf(evidence);
  const organization = estate.organizationOf(place.account);
  if (own.unknown) return own;
  if (!organization) {
    const unknown = estate.byId.get(place.account)?.organizationUnknown;
    return unknown ? { unknown, ids: own.ids } : own;
  }
  const known = remember(administrators, evidence, () => new Map<string, { readonly unread: Unread | undefined }>());
  const { unread } = remember(known, `${organization.id}|${place.region}`, () => ({
    unread: unreadAdministrator(evidence, organization, place.region),
  }));
  return unread ? { unknown: unread.unknown, ids: [...own.ids, ...unread.ids] } : own;
}

interface Unread {
  readonly unknown: Unknown;
  readonly ids: readonly number[];
}

const administrators = new WeakMap<EvidenceView, Map<string, { readonly unread: Unread | undefined }>>();

/** Of the accounts that may administer lakes for the organization one that was not asked in the region, where there is one. */
function unreadAdministrator(evidence: EvidenceView, organization: AwsOrganization, region: string): Unread | undefined {
  const op = 'organizations:ListDelegatedAdministrators';
  const answers = evidence.calls(op, Administrators).filter((answer) => organization.members.has(answer.account));
  const listed = answers.find((answer) => answer.unknown === undefined);
  // Without their list any member may be one, so all of those have to be known.
  const members = evidence.calls('organizations:ListAccounts', z.unknown());
  if (!listed && !members.some((answer) => answer.unknown === undefined && organization.members.has(answer.account)))
    return { unknown: answers[0]?.unknown ?? evidence.unknownOf(op, organization.id, 'NotAsked', []), ids: [] };
  const candidates = listed
    ? listed.pages.flatMap((page) => page.DelegatedAdministrators.flatMap((one) => one.Id ?? []))
    : organization.members;
  for (const account of candidates) {
    const { unknown, ids } = ownAnswer(evidence, { account, region });
    if (unknown) return { unknown: { ...unknown, on: `${region} in ${account}, which may keep the lake of the organization` }, ids };
  }
  return undefined;
}

/** Whether the account itself was asked for lakes in the region. No lake there is a fact; so is a service that the region does not have. */
function ownAnswer(
  evidence: EvidenceView,
  place: { account: string; region: string },
): { unknown: Unknown | undefined; ids: readonly number[] } {
  const answers = evidence
    .calls('securitylake:ListDataLakes', Lakes, { account: place.account })
    .filter((answer) =>
      Array.isArray(answer.args.regions)
        ? answer.args.regions.includes(place.region)
        : answer.args.regions === undefined && answer.region === place.region,
    );
  if (answers.length === 0) {
    return { unknown: evidence.unknownOf('securitylake:ListDataLakes', `${place.region} in ${place.account}`, 'NotAsked', []), ids: [] };
  }
  for (const answer of answers) {
    if (answer.unknown === undefined || answer.error?.code === 'ResourceNotFoundException') return { unknown: undefined, ids: answer.ids };
    // The name does not resolve where other calls of the region were answered: there is no such endpoint.
    if (
      /^(ENOTFOUND|UnknownEndpoint|EndpointError)$/.test(answer.error?.code ?? '') &&
      evidence.regions('aws', place.account).includes(place.region)
    ) {
      return { unknown: undefined, ids: answer.ids };
    }
  }
  const [first] = answers as [Answered<unknown>];
  return { unknown: first.unknown, ids: first.ids };
}

function sourcesOf(
  evidence: EvidenceView,
  one: SeenLake,
  place: { account: string; region: string; logSource: string },
): { is: 'yes' | 'no' | 'unknown'; ids: readonly number[]; unknowns: readonly Unknown[] } {
  const answers = evidence
    .calls('securitylake:ListLogSources', LogSources, { account: one.account, region: one.lake.region })
    .filter(
      (answer) => asks(answer.args.regions, place.region) && asks(answer.args.accounts, place.account) && answer.args.sources === undefined,
    );
  for (const answer of answers) {
    const listed = answer.pages
      .flatMap((page) => page.sources)
      .some(
        (entry) =>
          entry.account === place.account &&
          (entry.region ?? one.lake.region) === place.region &&
          entry.sources.some((source) => source.awsLogSource?.sourceName === place.logSource),
      );
    if (listed) return { is: 'yes', ids: answer.ids, unknowns: [] };
  }
  const whole = answers.find((answer) => answer.unknown === undefined);
  if (whole) return { is: 'no', ids: whole.ids, unknowns: [] };
  const unknown =
    answers[0]?.unknown ?? evidence.unknownOf('securitylake:ListLogSources', `${one.lake.region} in ${one.account}`, 'NotAsked', []);
  return { is: 'unknown', ids: answers[0]?.ids ?? [], unknowns: [unknown] };
}

function asks(list: unknown, value: string): boolean {
  return list === undefined || (Array.isArray(list) && list.includes(value));
}

function stateOf(evidence: EvidenceView, one: SeenLake, place: { account: string; logSource: string }): Delivery {
  if (one.lake.createStatus === 'FAILED')
    return { state: 'broken', why: `the data lake in ${one.lake.region} could not be made: createStatus FAILED` };
  const answers = evidence
    .calls('securitylake:GetDataLakeSources', SourceStates, { account: one.account, region: one.lake.region })
    .filter((answer) => asks(answer.args.accounts, place.account));
  const statuses = answers
    .flatMap((answer) => answer.pages.flatMap((page) => page.dataLakeSources))
    .filter((entry) => entry.account === place.account && entry.sourceName === place.logSource)
    .flatMap((entry) => entry.sourceStatuses.map((status) => status.status ?? ''));
  if (statuses.length > 0 && statuses.every((status) => status === 'COLLECTING')) return { state: 'flowing' };
  if (statuses.length > 0 && statuses.every((status) => status === 'NOT_COLLECTING' || status === 'MISCONFIGURED')) {
    return { state: 'broken', why: `Security Lake says of ${place.logSource}: ${[...new Set(statuses)].join(', ')}` };
  }
  const refused = answers.find((answer) => answer.unknown)?.unknown;
  const unknown =
    refused ??
    evidence.unknownOf(
      'securitylake:GetDataLakeSources',
      `${place.logSource} in ${place.account}`,
      answers.length === 0 ? 'NotAsked' : 'NotListed',
      answers.flatMap((answer) => answer.ids),
    );
  return { state: 'unknown', why: `whether Security Lake collects ${place.logSource} was not read`, unknowns: [unknown] };
}

function storeOf(evidence: EvidenceView, paths: PathsBuilder, one: SeenLake): string {
  const id = `security-lake|${one.account}|${one.lake.region}`;
  if (paths.has(id)) return id;
  paths.node({
    type: 'store',
    id,
    kind: 'security-lake',
    name: one.lake.s3BucketArn?.replace(/^.*:::/, '') ?? `security lake ${one.lake.region}`,
    scope: { provider: 'aws', account: one.account, region: one.lake.region },
    keeps: keptIn(one.lake),
    evidence: one.ids,
    findings: [],
    unknowns: [],
  });
  for (const region of one.lake.replicationConfiguration?.regions ?? []) {
    const rollup = (lakesOf(evidence).lakes.get(region) ?? []).find((other) => other.account === one.account);
    const unknown = evidence.unknownOf('s3:GetBucketReplication', one.lake.s3BucketArn ?? one.lake.region, 'NotAsked', []);
    const edge = {
      label: `rollup to ${region}`,
      passes: NOTHING,
      mayPass: EVERYTHING,
      unknowns: [unknown],
      delivery: { state: 'flowing' } as const,
      evidence: one.ids,
    };
    if (rollup && rollup !== one) paths.edge(id, { ...edge, id: `${id}>${region}`, to: storeOf(evidence, paths, rollup) });
    else if (!rollup) {
      const to = paths.node({
        type: 'store',
        id: `security-lake|${one.account}|${region}`,
        kind: 'security-lake',
        name: `security lake ${region}`,
        scope: { provider: 'aws', account: one.account, region },
        keeps: {
          ...UNKNOWN_KEPT,
          because: `the data lake in ${region} was not read`,
          unknowns: [evidence.unknownOf('securitylake:ListDataLakes', `${region} in ${one.account}`, 'NotAsked', [])],
        },
        evidence: one.ids,
        findings: [],
        unknowns: [],
      });
      paths.edge(id, { ...edge, id: `${id}>${region}`, to });
    }
  }
  return id;
}

function keptIn(lake: Lake): Kept {
  const total = lake.lifecycleConfiguration?.expiration?.days ?? Number.POSITIVE_INFINITY;
  const archived = (lake.lifecycleConfiguration?.transitions ?? [])
    .filter((one) => (one.storageClass === 'GLACIER' || one.storageClass === 'DEEP_ARCHIVE') && one.days !== undefined)
    .map((one) => one.days as number);
  const searchable = Math.min(total, ...archived);
  return {
    searchable: { least: searchable, most: searchable },
    total: { least: total, most: total },
    immutable: undefined,
    because:
      total === Number.POSITIVE_INFINITY && archived.length === 0
        ? 'the lake has no lifecycle: kept for ever'
        : `the lake's lifecycle: ${[...(archived.length > 0 ? [`archived after ${Math.min(...archived)} days`] : []), total === Number.POSITIVE_INFINITY ? 'never deleted' : `deleted after ${total} days`].join(', ')}`,
    unknowns: [],
  };
}
