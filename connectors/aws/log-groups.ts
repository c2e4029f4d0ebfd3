import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING } from '../../src/events/classes.ts';
import type { Finding, Unknown } from '../../src/model/assessment.ts';
import type { Scope } from '../../src/model/scope.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Kept } from '../../src/paths/graph.ts';
import type { Answered, EvidenceView } from '../../src/store/view.ts';
import type { Landing } from './destinations.ts';
import { jsonOf } from './json-text.ts';
import { groupArn, UNKNOWN_KEPT, unseenEdge } from './listing.ts';
import { landOnward } from './onward.ts';
import { remember } from './remember.ts';

const NEXT = { from: 'nextToken', to: 'nextToken' };
/** Up to so many groups are asked for one by one; above it the whole list is cheaper. */
const SINGLE_GROUPS = 20;

const calls = {
  'logs:DescribeLogGroups': {
    permission: 'logs:DescribeLogGroups',
    why: 'days kept, class, whether the group exists',
    pages: NEXT,
    per: 'resource',
  },
  'logs:DescribeAccountPolicies': {
    permission: 'logs:DescribeAccountPolicies',
    why: 'subscriptions of all groups of the region',
    pages: NEXT,
    per: 'region',
  },
  'logs:DescribeSubscriptionFilters': {
    permission: 'logs:DescribeSubscriptionFilters',
    why: 'where the group is copied to',
    pages: NEXT,
    per: 'resource',
  },
  'logs:DescribeLogStreams': { permission: 'logs:DescribeLogStreams', why: 'when the last event arrived', per: 'resource' },
} as const satisfies Collector['calls'];

/** Log groups that logs are sent to. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/WhatIsCloudWatchLogs.html */
export const logGroups: Collector = {
  id: 'log-groups',
  provider: 'aws',
  service: 'CloudWatch Logs',
  informs: [],
  runs: 'region',
  phase: 'stores',
  calls,
  doc: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html',
  async collect(cell) {
    const names = [...new Set(cell.wanted.filter((one) => one.kind === 'cloudwatch-logs').map((one) => nameOf(one.id)))].filter(
      (name) => name !== '',
    );
    if (names.length === 0) return;
    const listings = names.length > SINGLE_GROUPS ? [{}] : names.map((name) => ({ logGroupNamePrefix: name }));
    const [answers] = await Promise.all([
      Promise.all(listings.map((args) => cell.ask('logs:DescribeLogGroups', args))),
      cell.ask('logs:DescribeAccountPolicies', { policyType: 'SUBSCRIPTION_FILTER_POLICY' }),
    ]);
    const unread = answers.some((answer) => !answer.ok);
    const found = new Set(
      answers.flatMap((answer) => answer.pages.flatMap((page) => Groups.parse(page).logGroups.map((group) => group.logGroupName))),
    );
    await Promise.all(
      names
        .filter((name) => unread || found.has(name))
        .flatMap((name) => [
          cell.ask('logs:DescribeSubscriptionFilters', { logGroupName: name }),
          cell.ask('logs:DescribeLogStreams', { ...NEWEST_STREAM, logGroupName: name }),
        ]),
    );
  },
  read() {
    // Groups become stores when a writer lands in them.
  },
};

const NEWEST_STREAM = { orderBy: 'LastEventTime', descending: true, limit: 1 };

const Group = z.object({
  logGroupName: z.string(),
  arn: z.string().optional(),
  logGroupArn: z.string().optional(),
  retentionInDays: z.number().nullish(),
  retentionPolicyName: z.string().nullish(),
  logGroupClass: z.string().nullish(),
  deletionProtectionEnabled: z.boolean().nullish(),
});
type Group = z.infer<typeof Group>;
const Groups = z.object({ logGroups: z.array(Group).default([]) });
const Filters = z.object({
  subscriptionFilters: z
    .array(
      z.object({
        filterName: z.string().optional(),
        filterPattern: z.string().nullish(),
        destinationArn: z.string(),
        fieldSelectionCriteria: z.string().nullish(),
      }),
    )
    .default([]),
});
const AccountPolicies = z.object({
  accountPolicies: z
    .array(
      z.object({
        policyName: z.string().optional(),
        policyType: z.string().optional(),
        policyDocument: z.string(),
        selectionCriteria: z.string().nullish(),
      }),
    )
    .default([]),
});
const PolicyDocument = z.object({
  DestinationArn: z.string(),
  FilterPattern: z.string().optional(),
  fieldSelectionCriteria: z.string().optional(),
});
/** What a date can hold, milliseconds. */
const LATEST_TIME = 8.64e15;
const time = z.union([z.number(), z.string()]).transform((value) => (typeof value === 'number' ? value : Date.parse(value)));
const Streams = z.object({
  logStreams: z.array(z.object({ lastIngestionTime: time.nullish(), lastEventTimestamp: time.nullish() })).default([]),
});

function nameOf(arn: string): string {
  return groupArn(arn).split(':log-group:')[1] ?? '';
}

interface Listed {
  readonly byArn: ReadonlyMap<string, { readonly group: Group; readonly answer: Answered<unknown> }>;
  readonly answers: ReadonlyMap<string, readonly Answered<unknown>[]>;
}

const listings = new WeakMap<EvidenceView, Listed>();

function listingOf(evidence: EvidenceView): Listed {
  const known = listings.get(evidence);
  if (known) return known;
  const byArn = new Map<string, { group: Group; answer: Answered<unknown> }>();
  const answers = new Map<string, Answered<unknown>[]>();
  for (const answer of evidence.calls('logs:DescribeLogGroups', Groups)) {
    const place = `${answer.account}|${answer.region ?? ''}`;
    answers.set(place, [...(answers.get(place) ?? []), answer]);
    for (const group of answer.pages.flatMap((page) => page.logGroups)) {
      // A monitoring account lists groups of other accounts too: the ARN tells them apart.
      const arn = groupArn(
        group.logGroupArn ?? group.arn ?? `arn:aws:logs:${answer.region ?? ''}:${answer.account}:log-group:${group.logGroupName}`,
      );
      const before = byArn.get(arn);
      if (!before || (before.answer.at ?? '') <= (answer.at ?? '')) byArn.set(arn, { group, answer });
    }
  }
  const listed = { byArn, answers };
  listings.set(evidence, listed);
  return listed;
}

/** Whether an answer would have named the group: the whole list, or those with a prefix of its name. */
function wouldName(answer: Answered<unknown>, name: string): boolean {
  return Object.entries(answer.args).every(([key, value]) => {
    if (key === 'limit' || key === 'includeLinkedAccounts') return true;
    return key === 'logGroupNamePrefix' && typeof value === 'string' && name.startsWith(value);
  });
}

interface Place {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

function placeOf(text: string): Place {
  const arn = groupArn(text);
  const [, , , region = '', account = ''] = arn.split(':');
  return { arn, account, region, name: nameOf(arn) };
}

interface Found {
  readonly group: Group | undefined;
  readonly absent: boolean;
  readonly unknown: Unknown | undefined;
  readonly ids: readonly number[];
}

function findGroup(evidence: EvidenceView, place: Place): Found {
  const { byArn, answers } = listingOf(evidence);
  const asked = (answers.get(`${place.account}|${place.region}`) ?? []).filter((answer) => wouldName(answer, place.name));
  const newest = asked
    .filter((answer) => answer.unknown === undefined)
    .reduce<Answered<unknown> | undefined>((best, answer) => ((answer.at ?? '') > (best?.at ?? '') ? answer : (best ?? answer)), undefined);
  const listed = byArn.get(place.arn);
  // A newer complete list without the group says that it is gone since.
  if (listed && !(newest && (newest.at ?? '') > (listed.answer.at ?? '')))
    return { group: listed.group, absent: false, unknown: undefined, ids: listed.answer.ids };
  if (newest) return { group: undefined, absent: true, unknown: undefined, ids: newest.ids };
  const unknown = asked[0]?.unknown ?? evidence.unknownOf('logs:DescribeLogGroups', place.arn, 'NotAsked', []);
  return { group: undefined, absent: false, unknown: { ...unknown, on: place.arn }, ids: asked.flatMap((answer) => answer.ids) };
}

/** The store for what is written to a log group, and whether the group is there. */
export function landInLogGroup(
  evidence: EvidenceView,
  paths: PathsBuilder,
  group: { readonly arn: string; readonly hasStatus?: boolean },
): Landing {
  const place = placeOf(group.arn);
  const found = findGroup(evidence, place);
  const node = addStore(evidence, paths, place, found);
  return { node, delivery: deliveryOf(place, found, group.hasStatus ?? false), unknowns: [], evidence: found.ids };
}

function deliveryOf(place: Place, found: Found, hasStatus: boolean): Delivery {
  if (found.absent) {
    return {
      state: 'broken',
      why: `log group ${place.name} does not exist in ${place.account} ${place.region}`,
      fix: `aws logs create-log-group --region ${place.region} --log-group-name ${place.name}`,
    };
  }
  if (found.group || hasStatus) return { state: 'flowing' };
  return { state: 'unknown', why: `log group ${place.name} was not read`, unknowns: found.unknown ? [found.unknown] : [] };
}

function addStore(evidence: EvidenceView, paths: PathsBuilder, place: Place, found: Found): string {
  const id = `cloudwatch-logs:${place.arn}`;
  if (paths.has(id)) return id;
  const scope: Scope = { provider: 'aws', account: place.account, region: place.region, resource: place.arn };
  paths.node({
    type: 'store',
    id,
    kind: 'cloudwatch-logs',
    name: place.name,
    scope,
    keeps: keptIn(place, found),
    findings: found.group ? findingsOf(found.group, found.ids) : [],
    unknowns: [],
    evidence: [...found.ids],
  });
  if (!found.absent && subscribable(found.group)) addSubscriptions(evidence, paths, place, id, scope);
  return id;
}

/** Retention of the group by its class. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html */
function keptIn(place: Place, found: Found): Kept {
  const { group } = found;
  const exactly = (days: number) => ({ least: days, most: days });
  if (found.absent)
    return { searchable: exactly(0), total: exactly(0), immutable: false, because: `log group ${place.name} does not exist`, unknowns: [] };
  if (!group) return { ...UNKNOWN_KEPT, because: 'the log group was not read', unknowns: found.unknown ? [found.unknown] : [] };
  const kind = group.logGroupClass ?? 'STANDARD';
  if (kind === 'DELIVERY') {
    return {
      searchable: exactly(0),
      total: exactly(1),
      immutable: false,
      because: `log group ${place.name} is of class DELIVERY: kept 1 day whatever its retention, and no query can search it`,
      unknowns: [],
    };
  }
  const days = group.retentionInDays ?? Number.POSITIVE_INFINITY;
  const by = group.retentionPolicyName ? ` by account policy ${group.retentionPolicyName}` : '';
  const because =
    days === Number.POSITIVE_INFINITY ? `log group ${place.name} never expires${by}` : `log group ${place.name} keeps ${days} days${by}`;
  if (!KNOWN_CLASSES.has(kind)) {
    const unknown: Unknown = {
      call: 'logs:DescribeLogGroups',
      permission: 'logs:DescribeLogGroups',
      on: place.arn,
      code: `Class ${kind}`,
      evidence: [...found.ids],
    };
    return {
      searchable: { least: 0, most: days },
      total: exactly(days),
      immutable: false,
      because: `${because}; whether class ${kind} can be searched is not known`,
      unknowns: [unknown],
    };
  }
  return { searchable: exactly(days), total: exactly(days), immutable: false, because, unknowns: [] };
}

const KNOWN_CLASSES = new Set(['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY']);

/** Groups of these classes cannot have subscription filters. */
function subscribable(group: Group | undefined): boolean {
  return group?.logGroupClass !== 'DELIVERY' && group?.logGroupClass !== 'INFREQUENT_ACCESS';
}

function findingsOf(group: Group, ids: readonly number[]): Finding[] {
  if (group.deletionProtectionEnabled !== false) return [];
  const message = `Log group ${group.logGroupName} has no deletion protection: whoever may logs:DeleteLogGroup erases its logs.`;
  return [{ kind: 'erasable', dimension: 'consistency', severity: 'info', message, evidence: [...ids] }];
}

interface Subscription {
  readonly id: string;
  readonly label: string;
  readonly destination: string;
  readonly pattern: string;
  readonly criteria: string;
  readonly call: string;
  readonly ids: readonly number[];
}

function addSubscriptions(evidence: EvidenceView, paths: PathsBuilder, place: Place, from: string, scope: Scope): void {
  const where = { account: place.account, region: place.region };
  const filters =
    answersOn(evidence, 'logs:DescribeSubscriptionFilters', Filters, place).reduce<Answered<z.infer<typeof Filters>> | undefined>(
      better,
      undefined,
    ) ?? evidence.call('logs:DescribeSubscriptionFilters', Filters, { ...where, args: { logGroupName: place.name } });
  const policies =
    evidence
      .calls('logs:DescribeAccountPolicies', AccountPolicies, where)
      .filter((answer) => answer.args.policyType === 'SUBSCRIPTION_FILTER_POLICY' && answer.args.policyName === undefined)
      .reduce<Answered<z.infer<typeof AccountPolicies>> | undefined>(better, undefined) ??
    evidence.call('logs:DescribeAccountPolicies', AccountPolicies, { ...where, args: { policyType: 'SUBSCRIPTION_FILTER_POLICY' } });
  const found: Subscription[] = filters.pages
    .flatMap((page) => page.subscriptionFilters)
    .map((one) => ({
      id: one.filterName ?? one.destinationArn,
      label: `subscription filter ${one.filterName ?? ''} of ${place.name}`,
      destination: one.destinationArn,
      pattern: one.filterPattern ?? '',
      criteria: one.fieldSelectionCriteria ?? '',
      call: 'logs:DescribeSubscriptionFilters',
      ids: filters.ids,
    }));
  const unknowns: Unknown[] = [filters, policies].flatMap((answer) =>
    answer.unknown ? [{ ...answer.unknown, on: answer === filters ? place.arn : `${place.account} ${place.region}` }] : [],
  );
  for (const policy of policies.pages.flatMap((page) => page.accountPolicies)) {
    const taken = takesGroup(policy.selectionCriteria, place.name);
    if (taken === false) continue;
    const document = readDocument(policy.policyDocument);
    if (!document || taken === undefined) {
      unknowns.push({
        ...evidence.unknownOf(
          'logs:DescribeAccountPolicies',
          `${place.account} ${place.region}: ${policy.policyName ?? 'subscription policy'}`,
          'NotUnderstood',
          policies.ids,
        ),
      });
      continue;
    }
    found.push({
      id: `account:${policy.policyName ?? document.DestinationArn}`,
      label: `account subscription policy ${policy.policyName ?? ''} on ${place.name}`,
      destination: document.DestinationArn,
      pattern: document.FilterPattern ?? '',
      criteria: document.fieldSelectionCriteria ?? '',
      call: 'logs:DescribeAccountPolicies',
      ids: policies.ids,
    });
  }
  for (const one of found) addSubscription(evidence, paths, place, from, scope, one);
  if (unknowns.length === 0) return;
  paths.edge(
    from,
    unseenEdge(paths, {
      id: `subscriptions:${place.arn}`,
      label: `subscriptions of ${place.name}`,
      unknowns,
      evidence: [...filters.ids, ...policies.ids],
      account: place.account,
      region: place.region,
    }),
  );
}

function addSubscription(evidence: EvidenceView, paths: PathsBuilder, place: Place, from: string, scope: Scope, one: Subscription): void {
  const narrowing = [
    ...(one.pattern.trim() === '' ? [] : [`filter pattern ${one.pattern}`]),
    ...(one.criteria.trim() === '' ? [] : [`field selection ${one.criteria}`]),
  ];
  const whole = narrowing.length === 0;
  const unknown: Unknown = { ...evidence.unknownOf(one.call, `${place.name}: ${narrowing.join(', ')}`, 'PatternNotUnderstood', one.ids) };
  paths.edge(from, {
    id: `subscription:${place.arn}:${one.id}`,
    to: landOnward(evidence, paths, one.destination, scope),
    label: one.label,
    passes: whole ? EVERYTHING : NOTHING,
    mayPass: EVERYTHING,
    unknowns: whole ? [] : [unknown],
    delivery: { state: 'flowing' },
    latency: 60,
    evidence: [...one.ids],
    ...(whole
      ? {}
      : {
          fix: `aws logs put-subscription-filter --region ${place.region} --log-group-name ${place.name} --filter-name ${one.id} --filter-pattern "" --destination-arn ${one.destination}`,
        }),
  });
}

function groupOf(args: Readonly<Record<string, unknown>>): unknown {
  return args.filterNamePrefix === undefined ? (args.logGroupName ?? args.logGroupIdentifier) : undefined;
}

const indexes = new WeakMap<EvidenceView, Map<string, Map<string, Answered<unknown>[]>>>();

/** The answers of a call about one group, by its name or its ARN. */
function answersOn<T>(evidence: EvidenceView, op: keyof typeof calls, shape: z.ZodType<T>, place: Place): Answered<T>[] {
  const ops = remember(indexes, evidence, () => new Map());
  const index = remember(ops, op, () =>
    Map.groupBy(evidence.calls(op, shape), (answer) => {
      const group = groupOf(answer.args);
      return typeof group === 'string'
        ? `${answer.account}|${answer.region ?? ''}|${group.startsWith('arn:') ? nameOf(group) : group}`
        : '';
    }),
  );
  return (index.get(`${place.account}|${place.region}|${place.name}`) ?? []) as Answered<T>[];
}

/** A complete answer before one with gaps, then the newest. */
function better<T>(best: Answered<T> | undefined, answer: Answered<T>): Answered<T> {
  if (!best) return answer;
  const complete = (one: Answered<T>): number => (one.unknown === undefined ? 1 : 0);
  return complete(answer) > complete(best) || (complete(answer) === complete(best) && (answer.at ?? '') >= (best.at ?? '')) ? answer : best;
}

/** The only criterion there is: `LogGroupName NOT IN ["a","b"]`. `undefined`: written in another way. */
function takesGroup(criteria: string | null | undefined, name: string): boolean | undefined {
  if (criteria === null || criteria === undefined || criteria.trim() === '') return true;
  const list = /^\s*LogGroupName\s+NOT\s+IN\s*(\[[\s\S]*\])\s*$/i.exec(criteria)?.[1];
  const names = list === undefined ? undefined : jsonOf(list);
  const read = z.array(z.string()).safeParse(names);
  return read.success ? !read.data.includes(name) : undefined;
}

function readDocument(text: string): z.infer<typeof PolicyDocument> | undefined {
  const read = PolicyDocument.safeParse(jsonOf(text));
  return read.success ? read.data : undefined;
}

/** When the newest event of a group came in, ISO; absent where none ever did or, with `unknown`, where that was not read. */
export function lastArrival(
  evidence: EvidenceView,
  arn: string,
): { readonly at: string | undefined; readonly unknown: Unknown | undefined; readonly evidence: readonly number[] } {
  const place = placeOf(arn);
  const asked = answersOn(evidence, 'logs:DescribeLogStreams', Streams, place);
  // A list in name order, or of streams with a prefix, need not hold the newest.
  const newest = asked
    .filter(
      (answer) =>
        answer.args.orderBy === 'LastEventTime' && answer.args.descending === true && answer.args.logStreamNamePrefix === undefined,
    )
    .reduce<Answered<z.infer<typeof Streams>> | undefined>(better, undefined);
  if (!newest || (newest.unknown && newest.pages.length === 0)) {
    return {
      at: undefined,
      unknown: { ...(newest?.unknown ?? evidence.unknownOf('logs:DescribeLogStreams', place.arn, 'NotAsked', [])), on: place.arn },
      evidence: newest?.ids ?? [],
    };
  }
  const times = newest.pages
    .flatMap((page) => page.logStreams)
    .map((stream) => stream.lastIngestionTime ?? stream.lastEventTimestamp)
    .filter((one): one is number => typeof one === 'number' && Math.abs(one) <= LATEST_TIME);
  return {
    at: times.length === 0 ? undefined : new Date(times.reduce((a, b) => Math.max(a, b))).toISOString(),
    unknown: undefined,
    evidence: newest.ids,
  };
}
