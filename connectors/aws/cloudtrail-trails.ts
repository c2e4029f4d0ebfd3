import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, type Event, intersect, minus, NOTHING, type Selector, selectorOf, union } from '../../src/events/classes.ts';
import type { Finding, Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge } from '../../src/paths/graph.ts';
import { type Answered, canonical, type EvidenceView } from '../../src/store/view.ts';
import { addEmitter, arnAccount, arnName, CLOUDTRAIL_SOURCES, hoursSince, regionsOf, unseenStore } from './cloudtrail.ts';
import { landInBucket, landInLogGroup } from './destinations.ts';
import { type AwsAccount, type AwsEstate, estateOf, leaderOf } from './estate.ts';
import { AdvancedEventSelector, EventSelector, takenByTrail } from './event-selectors.ts';

const Trail = z.object({
  Name: z.string().optional(),
  TrailARN: z.string(),
  HomeRegion: z.string().optional(),
  S3BucketName: z.string().optional(),
  S3KeyPrefix: z.string().optional(),
  CloudWatchLogsLogGroupArn: z.string().optional(),
  SnsTopicARN: z.string().optional(),
  IsMultiRegionTrail: z.boolean().optional(),
  IsOrganizationTrail: z.boolean().optional(),
  IncludeGlobalServiceEvents: z.boolean().optional(),
  LogFileValidationEnabled: z.boolean().optional(),
  RecursiveLogging: z.boolean().optional(),
});
type Trail = z.infer<typeof Trail>;
const Trails = z.object({ trailList: z.array(Trail) });
const TrailNames = z.object({
  Trails: z.array(z.object({ TrailARN: z.string().optional(), HomeRegion: z.string().optional() })).default([]),
});
const Selectors = z.object({
  EventSelectors: z.array(EventSelector).nullish(),
  AdvancedEventSelectors: z.array(AdvancedEventSelector).nullish(),
});
const Insights = z.object({
  InsightSelectors: z.array(z.object({ InsightType: z.string().optional(), EventCategories: z.array(z.string()).optional() })).default([]),
});
const Configuration = z.object({
  AggregationConfigurations: z
    .array(z.object({ EventCategory: z.string().optional(), Templates: z.array(z.string()).optional() }))
    .nullish(),
});
const Status = z.object({
  IsLogging: z.boolean(),
  StartLoggingTime: z.string().optional(),
  StopLoggingTime: z.string().optional(),
  LatestDeliveryTime: z.string().optional(),
  LatestDeliveryError: z.string().optional(),
  LatestDigestDeliveryTime: z.string().optional(),
  LatestDigestDeliveryError: z.string().optional(),
  LatestNotificationError: z.string().optional(),
  LatestNotificationTime: z.string().optional(),
  LatestCloudWatchLogsDeliveryTime: z.string().optional(),
  LatestCloudWatchLogsDeliveryError: z.string().optional(),
});
type Status = z.infer<typeof Status>;

/** CloudTrail delivers within about five minutes on average, without a promise. */
const TYPICAL_SECONDS = 300;

export const cloudtrailTrails: Collector = {
  id: 'cloudtrail-trails',
  provider: 'aws',
  service: 'CloudTrail',
  informs: [...CLOUDTRAIL_SOURCES, 'aws.cloudtrail.eventhistory', 'aws.cloudtrail.digest'],
  runs: 'region',
  phase: 'sources',
  calls: {
    'cloudtrail:DescribeTrails': {
      permission: 'cloudtrail:DescribeTrails',
      why: 'trails that see this region, those of the organization too',
      per: 'region',
    },
    'cloudtrail:GetTrailStatus': {
      permission: 'cloudtrail:GetTrailStatus',
      why: 'whether the trail records and delivers in this region',
      per: 'resource',
    },
    'cloudtrail:GetEventSelectors': { permission: 'cloudtrail:GetEventSelectors', why: 'which events the trail takes', per: 'resource' },
    'cloudtrail:GetInsightSelectors': {
      permission: 'cloudtrail:GetInsightSelectors',
      why: 'which Insights events it takes',
      per: 'resource',
    },
    'cloudtrail:GetEventConfiguration': {
      permission: 'cloudtrail:GetEventConfiguration',
      why: 'whether data events are aggregated',
      per: 'resource',
    },
  },
  doc: 'https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html',

  async collect(cell) {
    const answer = await cell.ask('cloudtrail:DescribeTrails', { includeShadowTrails: true });
    for (const page of answer.pages) {
      const read = Trails.safeParse(page);
      for (const trail of read.success ? read.data.trailList : []) {
        // The owner answers for a trail; what a member is told of an organization's trail proves nothing.
        if (arnAccount(trail.TrailARN) !== cell.account) continue;
        await cell.ask('cloudtrail:GetTrailStatus', { Name: trail.TrailARN });
        if ((trail.HomeRegion ?? cell.region) !== cell.region) continue;
        await cell.ask('cloudtrail:GetEventSelectors', { TrailName: trail.TrailARN });
        await cell.ask('cloudtrail:GetInsightSelectors', { TrailName: trail.TrailARN });
        await cell.ask('cloudtrail:GetEventConfiguration', { TrailName: trail.TrailARN });
        if (trail.S3BucketName) cell.want({ kind: 's3', id: trail.S3BucketName });
        const group = groupArn(trail);
        if (group)
          cell.want({ kind: 'cloudwatch-logs', id: group, account: arnAccount(group), region: group.split(':')[3] ?? cell.region });
      }
    }
  },

  read(evidence, paths) {
    const estate = estateOf(evidence);
    const known = knownTrails(evidence);
    const seen = trailsSeen(evidence);
    const readings = new Map<string, TrailReading>();
    const readingOf = (trail: Trail): TrailReading => {
      let reading = readings.get(trail.TrailARN);
      if (!reading) readings.set(trail.TrailARN, (reading = readTrail(evidence, paths, estate, trail)));
      return reading;
    };
    for (const account of estate.accounts) {
      paths.emitter({
        id: `event-history:${account.id}`,
        sources: ['aws.cloudtrail.eventhistory'],
        scope: { provider: 'aws', account: account.id },
        name: 'Event history',
        universe: EVERYTHING,
        taps: [eventHistory(paths)],
        evidence: account.evidence,
      });
      for (const region of regionsOf(account)) {
        const emitter = addEmitter(paths, account, region);
        paths.tap(emitter, eventHistory(paths));
        for (const edge of tapsAt(evidence, paths, estate, account, region, known, seen, readingOf)) paths.tap(emitter, edge);
      }
    }
    for (const trail of known.values()) addDigest(paths, estate, trail, readingOf(trail));
  },
};

interface TrailReading {
  readonly trail: Trail;
  readonly selector: {
    readonly passes: Selector;
    readonly mayPass: Selector;
    readonly unknowns: readonly Unknown[];
    readonly evidence: readonly number[];
  };
  /** Without a region: in one that is not known, where the trail fares as it does at home. */
  edgeAt(region: string | undefined): Edge;
  readonly digest: { readonly edge: Edge | undefined; readonly evidence: readonly number[] };
}

function groupArn(trail: Trail): string | undefined {
  return trail.CloudWatchLogsLogGroupArn?.replace(/:\*$/, '') || undefined;
}

/** Every trail by ARN. The owner's own description counts before a copy in a member, the newest before older ones. */
function knownTrails(evidence: EvidenceView): Map<string, Trail> {
  const trails = new Map<string, Trail>();
  const answers = evidence.calls('cloudtrail:DescribeTrails', Trails).sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? -1 : 1));
  for (const own of [false, true]) {
    for (const answer of answers) {
      for (const trail of answer.pages.flatMap((page) => page.trailList)) {
        if ((arnAccount(trail.TrailARN) === answer.account) === own) trails.set(trail.TrailARN, trail);
      }
    }
  }
  return trails;
}

type Seen = ReadonlyMap<string, Answered<z.infer<typeof Trails>>>;

function trailsSeen(evidence: EvidenceView): Seen {
  const seen = new Map<string, Answered<z.infer<typeof Trails>>>();
  for (const answer of evidence.calls('cloudtrail:DescribeTrails', Trails)) {
    // A question about trails by name says nothing of others.
    if (Array.isArray(answer.args.trailNameList) && answer.args.trailNameList.length > 0) continue;
    const place = `${answer.account}|${answer.region ?? ''}`;
    const before = seen.get(place);
    // A question that leaves shadow trails out answers less than one that does not; of two alike the newer counts.
    const whole = answer.args.includeShadowTrails !== false;
    const wasWhole = before !== undefined && before.args.includeShadowTrails !== false;
    if (!before || (whole && !wasWhole) || (whole === wasWhole && (answer.at ?? '') >= (before.at ?? ''))) seen.set(place, answer);
  }
  return seen;
}

function tapsAt(
  evidence: EvidenceView,
  paths: PathsBuilder,
  estate: AwsEstate,
  account: AwsAccount,
  region: string | undefined,
  known: ReadonlyMap<string, Trail>,
  seen: Seen,
  readingOf: (trail: Trail) => TrailReading,
): Edge[] {
  const here = region === undefined ? undefined : seen.get(`${account.id}|${region}`);
  const answered = here !== undefined && here.unknown === undefined && here.args.includeShadowTrails !== false;
  const shown = new Map<string, Trail>();
  for (const place of account.regions) {
    if (place !== region && answered) continue;
    for (const trail of seen.get(`${account.id}|${place}`)?.pages.flatMap((page) => page.trailList) ?? []) shown.set(trail.TrailARN, trail);
  }
  for (const trail of here?.pages.flatMap((page) => page.trailList) ?? []) shown.set(trail.TrailARN, trail);
  const taps: Edge[] = [];
  for (const arn of shown.keys()) {
    const trail = known.get(arn) as Trail;
    if (trail.IsMultiRegionTrail || (trail.HomeRegion ?? arn.split(':')[3]) === region) taps.push(readingOf(trail).edgeAt(region));
  }
  for (const trail of known.values()) {
    if (
      !trail.IsOrganizationTrail ||
      shown.has(trail.TrailARN) ||
      !estate.organizationOf(arnAccount(trail.TrailARN))?.members.has(account.id)
    )
      continue;
    if (!trail.IsMultiRegionTrail && trail.HomeRegion !== region) continue;
    const edge = readingOf(trail).edgeAt(region);
    // A member that lists its trails and does not show the organization's: whether it is recorded there is not settled.
    taps.push(
      answered
        ? doubted(
            paths,
            edge,
            evidence.unknownOf('cloudtrail:DescribeTrails', `${trail.TrailARN} in ${account.id}`, 'NotShown', here?.ids ?? []),
          )
        : edge,
    );
  }
  if (region === undefined) {
    const unknown = account.regionsUnknown ?? evidence.unknownOf('account:ListRegions', account.id, 'NotAsked', []);
    taps.push(unseenTap(paths, `regions:${account.id}`, 'regions that were not listed', { ...unknown, on: account.id }));
  } else if (!answered && !listsAllTrails(evidence, account.id, region, shown)) {
    // Of an account that was not reached, no region differs from another.
    const where = account.reached ? `${account.id} ${region}` : account.id;
    const unknown =
      here?.unknown ?? evidence.unknownOf('cloudtrail:DescribeTrails', where, account.reached ? 'NotAsked' : 'AccountNotReached', []);
    taps.push(unseenTap(paths, `trails:${where}`, 'trails that were not listed', unknown));
  }
  return taps;
}

/** ListTrails names the trails of all regions: with it, a region that was not described hides none. */
function listsAllTrails(evidence: EvidenceView, account: string, region: string, shown: ReadonlyMap<string, Trail>): boolean {
  const lists = evidence.calls('cloudtrail:ListTrails', TrailNames, { account }).filter((answer) => answer.unknown === undefined);
  return (
    lists.length > 0 &&
    lists.every((answer) =>
      answer.pages.every((page) =>
        page.Trails.every((trail) => trail.HomeRegion !== region || (trail.TrailARN !== undefined && shown.has(trail.TrailARN))),
      ),
    )
  );
}

/** A first edge that stands for collectors which could not be listed: passes nothing for certain, and perhaps everything. */
export function unseenTap(paths: PathsBuilder, id: string, label: string, unknown: Unknown, mayPass: Selector = EVERYTHING): Edge {
  return paths.once(
    `unseen:${id}`,
    () =>
      ({
        id: `unseen:${id}`,
        to: unseenStore(paths, `unseen:${id}`, label, { provider: 'aws' }),
        label,
        passes: NOTHING,
        mayPass,
        unknowns: [unknown],
        delivery: { state: 'flowing' },
        evidence: [...(unknown.evidence ?? [])],
      }) satisfies Edge,
  );
}

function doubted(paths: PathsBuilder, edge: Edge, unknown: Unknown): Edge {
  return paths.once(
    `doubted:${edge.id}`,
    () => ({ ...edge, id: `doubted:${edge.id}`, passes: NOTHING, unknowns: [...edge.unknowns, unknown] }) satisfies Edge,
  );
}

/**
 * Event history: ninety days of management events per account and region, always on, lost with the account.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
 */
function eventHistory(paths: PathsBuilder): Edge {
  return paths.once('cloudtrail:event-history', () => {
    const days = { least: 90, most: 90 };
    const to = paths.node({
      type: 'store',
      id: 'native:cloudtrail-event-history',
      kind: 'native',
      name: 'CloudTrail Event history',
      scope: { provider: 'aws' },
      keeps: { searchable: days, total: days, immutable: true, because: 'Event history keeps 90 days', unknowns: [] },
      findings: [],
      unknowns: [],
      evidence: [],
    });
    const management = selectorOf({ eventCategory: { equals: ['Management'] } });
    return {
      id: 'cloudtrail:event-history',
      to,
      label: 'Event history',
      passes: management,
      mayPass: management,
      unknowns: [],
      delivery: { state: 'flowing' },
      latency: TYPICAL_SECONDS,
      evidence: [],
    } satisfies Edge;
  });
}

function readTrail(evidence: EvidenceView, paths: PathsBuilder, estate: AwsEstate, trail: Trail): TrailReading {
  const name = trail.Name ?? arnName(trail.TrailARN);
  const owner = arnAccount(trail.TrailARN);
  const home = trail.HomeRegion ?? (trail.TrailARN.split(':')[3] as string);
  const selector = selectorsOf(evidence, trail, owner, home);
  const partition = trail.TrailARN.split(':')[1] ?? 'aws';
  const edges = new Map<string, Edge>();
  const homeStatus = statusAt(evidence, trail, owner, home, home);
  const described = evidence.calls('cloudtrail:DescribeTrails', Trails, { account: owner, region: home }).flatMap((answer) => answer.ids);
  const scope = { provider: 'aws', account: owner, region: home, resource: trail.TrailARN } as const;

  const edgeAt = (place: string | undefined): Edge => {
    const region = place ?? home;
    const status = statusAt(evidence, trail, owner, region, home);
    const judged = judgeStatus(paths.asOf, trail, status, region === home ? undefined : homeStatus);
    // Regions in which the trail fares alike share one hop, so that their accounts are judged once.
    const group = canonical([judged.recording, judged.bucket, judged.group]);
    const without = globalEvents(trail, region, partition);
    const key = `${trail.TrailARN}|${group}|${without.key}`;
    let edge = edges.get(key);
    if (edge) return edge;
    const node = paths.node({
      type: 'hop',
      id: `trail:${key}`,
      kind: 'trail',
      name,
      scope,
      evidence: [...described, ...status.ids],
      findings: trailFindings(trail, name, judged, status.pages[0], [...described, ...status.ids]),
    });
    const passes = minus(selector.passes, without.certainly);
    edge = {
      id: `trail:${key}`,
      to: node,
      label: `trail ${name}`,
      passes: without.perhaps.length > 0 ? minus(passes, without.perhaps) : passes,
      mayPass: minus(selector.mayPass, without.certainly),
      unknowns: selector.unknowns,
      delivery: judged.recording,
      latency: TYPICAL_SECONDS,
      fix: (lost) => fixOf(trail, home, lost),
      evidence: [...described, ...selector.evidence, ...status.ids],
    };
    edges.set(key, edge);
    addDestinations(evidence, paths, estate, trail, node, judged, status.ids);
    return edge;
  };
  return { trail, selector, edgeAt, digest: digestOf(evidence, paths, estate, trail, homeStatus) };
}

/** PutEventSelectors replaces all selectors, so the line says to keep the others. */
function fixOf(trail: Trail, home: string, lost: Event): string {
  const bucket = /^(arn:[\w-]+:s3:::[^/]+\/)/.exec(lost['resources.ARN'] ?? '')?.[1];
  const fields = ['eventCategory', 'resources.type', 'readOnly', ...(lost.eventCategory === 'NetworkActivity' ? ['eventSource'] : [])];
  const selector = {
    Name: 'viewshed',
    FieldSelectors: [
      ...fields.flatMap((field) => (lost[field] ? [{ Field: field, Equals: [lost[field]] }] : [])),
      ...(bucket ? [{ Field: 'resources.ARN', StartsWith: [bucket] }] : []),
    ],
  };
  return `aws cloudtrail put-event-selectors --region ${home} --trail-name ${trail.TrailARN} --advanced-event-selectors with the present ones and ${JSON.stringify(selector)}`;
}

function addDestinations(
  evidence: EvidenceView,
  paths: PathsBuilder,
  estate: AwsEstate,
  trail: Trail,
  node: string,
  judged: Judged,
  ids: readonly number[],
): void {
  if (trail.S3BucketName) {
    const landing = landInBucket(evidence, paths, bucketWriter(estate, trail, trail.S3BucketName, 'CloudTrail'));
    paths.edge(node, {
      id: `${node}>s3`,
      to: landing.node,
      label: `trail ${trail.Name} → s3 ${trail.S3BucketName}`,
      passes: EVERYTHING,
      mayPass: EVERYTHING,
      unknowns: landing.unknowns,
      delivery: worse(landing.delivery, judged.bucket),
      evidence: [...ids, ...landing.evidence],
    });
  }
  const group = groupArn(trail);
  // Every trail has a bucket: an answer without one does not tell where it delivers.
  if (!trail.S3BucketName && !group) {
    const unknown = evidence.unknownOf('cloudtrail:DescribeTrails', trail.TrailARN, 'DestinationMissing', ids);
    paths.edge(node, unseenTap(paths, `destination:${trail.TrailARN}`, `where trail ${trail.Name ?? trail.TrailARN} delivers`, unknown));
  }
  if (group) {
    const landing = landInLogGroup(evidence, paths, { arn: group, hasStatus: true });
    paths.edge(node, {
      id: `${node}>logs`,
      to: landing.node,
      label: `trail ${trail.Name} → log group ${arnGroup(group)}`,
      passes: EVERYTHING,
      mayPass: EVERYTHING,
      unknowns: landing.unknowns,
      delivery: worse(landing.delivery, judged.group),
      evidence: [...ids, ...landing.evidence],
    });
  }
}

function bucketWriter(estate: AwsEstate, trail: Trail, bucket: string, folder: 'CloudTrail' | 'CloudTrail-Digest') {
  const prefix = trail.S3KeyPrefix ? `${trail.S3KeyPrefix.replace(/\/$/, '')}/` : '';
  const organization = trail.IsOrganizationTrail ? `${estate.organizationOf(arnAccount(trail.TrailARN))?.id ?? 'o-{organization}'}/` : '';
  return {
    bucket,
    prefix: `${prefix}AWSLogs/${organization}{account}/${folder}/{region}/`,
    principals: ['cloudtrail.amazonaws.com'],
    sourceArn: trail.TrailARN,
    sourceAccount: arnAccount(trail.TrailARN),
    hasStatus: true,
  };
}

function arnGroup(arn: string): string {
  return arn.split(':log-group:')[1] ?? arn;
}

function worse(a: Delivery, b: Delivery): Delivery {
  const rank = { flowing: 0, unknown: 1, stale: 1, broken: 2 } as const;
  return rank[b.state] >= rank[a.state] ? (b.state === 'flowing' ? a : b) : a;
}

function selectorsOf(evidence: EvidenceView, trail: Trail, owner: string, home: string): TrailReading['selector'] {
  const answer = bestAnswer(evidence, 'cloudtrail:GetEventSelectors', Selectors, owner, home, (args) => args.TrailName, trail);
  const configuration = bestAnswer(
    evidence,
    'cloudtrail:GetEventConfiguration',
    Configuration,
    owner,
    home,
    (args) => args.TrailName,
    trail,
  );
  const insights = insightsOf(evidence, trail, owner, home);
  const ids = [...answer.ids, ...configuration.ids, ...insights.evidence];
  const page = answer.pages[0];
  if (answer.unknown || !page) {
    const unknown = answer.unknown ?? evidence.unknownOf('cloudtrail:GetEventSelectors', trail.TrailARN, 'UnreadableAnswer', answer.ids);
    return { passes: NOTHING, mayPass: EVERYTHING, unknowns: [{ ...unknown, on: trail.TrailARN }], evidence: ids };
  }
  const taken = takenByTrail(page.EventSelectors ?? undefined, page.AdvancedEventSelectors ?? undefined);
  const all = union(taken.passes, insights.passes);
  const most = union(taken.mayPass, insights.mayPass);
  const unclear = taken.unclear.map((what) =>
    evidence.unknownOf('cloudtrail:GetEventSelectors', `${trail.TrailARN}: ${what}`, 'SelectorNotUnderstood', answer.ids),
  );
  // Regions that do not know the call do not aggregate.
  const unread = /^(UnknownOperation|UnsupportedOperation)/.test(configuration.error?.code ?? '') ? undefined : configuration.unknown;
  const aggregated = unread
    ? ['Data']
    : (configuration.pages[0]?.AggregationConfigurations ?? []).map((one) => one.EventCategory ?? 'Data');
  if (aggregated.length === 0) return { passes: all, mayPass: most, unknowns: [...unclear, ...insights.unknowns], evidence: ids };
  // Aggregation delivers summaries; whether single calls stay in the copy is not stated by this answer.
  return {
    passes: minus(all, selectorOf({ eventCategory: { equals: aggregated } })),
    mayPass: most,
    unknowns: [
      ...unclear,
      ...insights.unknowns,
      unread
        ? { ...unread, on: trail.TrailARN }
        : evidence.unknownOf('cloudtrail:GetEventConfiguration', trail.TrailARN, 'EventsAggregated', configuration.ids),
    ],
    evidence: ids,
  };
}

function insightsOf(evidence: EvidenceView, trail: Trail, owner: string, home: string): TrailReading['selector'] {
  const answer = bestAnswer(evidence, 'cloudtrail:GetInsightSelectors', Insights, owner, home, (args) => args.TrailName, trail);
  const insight = selectorOf({ eventCategory: { equals: ['Insight'] } });
  if (answer.error?.code === 'InsightNotEnabledException') return { passes: NOTHING, mayPass: NOTHING, unknowns: [], evidence: answer.ids };
  if (answer.unknown)
    return { passes: NOTHING, mayPass: insight, unknowns: [{ ...answer.unknown, on: trail.TrailARN }], evidence: answer.ids };
  const types = answer.pages.flatMap((page) => page.InsightSelectors.flatMap((one) => one.InsightType ?? []));
  const passes = types.length === 0 ? NOTHING : intersect(insight, selectorOf({ insightType: { equals: types } }));
  return { passes, mayPass: passes, unknowns: [], evidence: answer.ids };
}

/** The owner's newest answer, asked by ARN or by name, in the home region if there is one; an answer counts before an error. */
function bestAnswer<T>(
  evidence: EvidenceView,
  op: string,
  shape: z.ZodType<T>,
  owner: string,
  home: string,
  named: (args: Readonly<Record<string, unknown>>) => unknown,
  trail: Trail,
  region?: string,
): Answered<T> {
  const newestFirst = (a: Answered<T>, b: Answered<T>) => ((a.at ?? '') < (b.at ?? '') ? 1 : -1);
  const byOwner = evidence.calls(op, shape, { account: owner }).sort(newestFirst);
  const about = (answer: Answered<T>) => {
    const subject = named(answer.args);
    return subject === trail.TrailARN || (subject === trail.Name && answer.region === home);
  };
  const wanted = byOwner.filter((answer) => about(answer) && (region === undefined || answer.region === region));
  const good =
    wanted.find((answer) => answer.unknown === undefined) ??
    (region === undefined
      ? evidence
          .calls(op, shape)
          .sort(newestFirst)
          .find((answer) => named(answer.args) === trail.TrailARN && answer.unknown === undefined)
      : undefined);
  return (
    good ??
    wanted.find((answer) => answer.region === home) ??
    wanted[0] ?? {
      pages: [],
      ids: [],
      at: undefined,
      account: owner,
      region: home,
      args: {},
      error: undefined,
      unknown: evidence.unknownOf(op, trail.TrailARN, 'NotAsked', []),
    }
  );
}

function statusAt(evidence: EvidenceView, trail: Trail, owner: string, region: string, home: string): Answered<Status> {
  const own = bestAnswer(evidence, 'cloudtrail:GetTrailStatus', Status, owner, home, (args) => args.Name, trail, region);
  if (own.unknown === undefined || region === home) return own;
  // Not asked there: the home region's answer stands. Refused there: that region is not known.
  return own.unknown.code === 'NotAsked'
    ? bestAnswer(evidence, 'cloudtrail:GetTrailStatus', Status, owner, home, (args) => args.Name, trail, home)
    : own;
}

interface Judged {
  readonly recording: Delivery;
  readonly bucket: Delivery;
  readonly group: Delivery;
}

const FLOWING: Delivery = { state: 'flowing' };

function judgeStatus(asOf: string, trail: Trail, answer: Answered<Status>, homeAnswer: Answered<Status> | undefined): Judged {
  const status = answer.pages[0];
  if (answer.unknown || !status) {
    const unknown: Delivery = {
      state: 'unknown',
      why: `status not read: ${answer.unknown?.code ?? 'empty answer'}`,
      unknowns: answer.unknown ? [{ ...answer.unknown, on: trail.TrailARN }] : [],
    };
    return { recording: unknown, bucket: FLOWING, group: FLOWING };
  }
  if (!status.IsLogging) {
    return {
      recording: {
        state: 'broken',
        why: status.StopLoggingTime ? `logging was stopped at ${status.StopLoggingTime}` : 'logging is stopped (IsLogging false)',
        ...(status.StopLoggingTime ? { since: status.StopLoggingTime } : {}),
        fix: `aws cloudtrail start-logging --region ${trail.HomeRegion ?? trail.TrailARN.split(':')[3]} --name ${trail.TrailARN}`,
      },
      bucket: FLOWING,
      group: FLOWING,
    };
  }
  const home = homeAnswer?.pages[0];
  return {
    recording: FLOWING,
    bucket: bucketDelivery(asOf, trail, status, home),
    group:
      groupArn(trail) === undefined
        ? FLOWING
        : channelDelivery(
            asOf,
            'CloudWatch Logs',
            status.LatestCloudWatchLogsDeliveryTime,
            status.LatestCloudWatchLogsDeliveryError,
            status.StartLoggingTime,
            home?.LatestCloudWatchLogsDeliveryTime,
          ),
  };
}

/**
 * Delivery errors are reported for refusals by the bucket, not for time-outs, so silence counts too. Digests come every hour, for hours
 * without events as well: the heartbeat of a trail that validates its files.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
 */
function bucketDelivery(asOf: string, trail: Trail, status: Status, home: Status | undefined): Delivery {
  const since = hoursSince(status.LatestDeliveryTime, asOf);
  const digest = hoursSince(status.LatestDigestDeliveryTime, asOf);
  if (status.LatestDeliveryError) {
    const last = status.LatestDeliveryTime ? `; last delivery ${status.LatestDeliveryTime}` : '; nothing was ever delivered';
    const why = `delivery to s3 ${trail.S3BucketName} fails with ${status.LatestDeliveryError}${last}`;
    if (since <= 1) return { state: 'unknown', why };
    return {
      state: 'broken',
      why,
      ...(status.LatestDeliveryTime ? { since: status.LatestDeliveryTime } : {}),
      fix: `let cloudtrail.amazonaws.com write to ${trail.S3BucketName}: bucket policy Allow s3:PutObject (and s3:GetBucketAcl) for the trail ${trail.TrailARN}`,
    };
  }
  if (since <= 3 || digest <= 3) return FLOWING;
  if (trail.LogFileValidationEnabled && status.LatestDigestDeliveryTime !== undefined) {
    return {
      state: 'stale',
      why: `no digest since ${status.LatestDigestDeliveryTime} though one is due every hour, and no error is reported`,
    };
  }
  // A region without events delivers nothing and owes nothing, as long as the trail delivers at home.
  if (since <= 24 || (home && (hoursSince(home.LatestDeliveryTime, asOf) <= 24 || hoursSince(home.LatestDigestDeliveryTime, asOf) <= 3)))
    return FLOWING;
  return {
    state: 'stale',
    why: status.LatestDeliveryTime
      ? `silent since ${status.LatestDeliveryTime} without an error`
      : 'nothing was delivered yet, without an error',
  };
}

function channelDelivery(
  asOf: string,
  what: string,
  time: string | undefined,
  error: string | undefined,
  started: string | undefined,
  atHome: string | undefined,
): Delivery {
  if (error) {
    const why = `delivery to ${what} fails with ${error}${time ? `; last delivery ${time}` : ''}`;
    return hoursSince(time, asOf) <= 1 ? { state: 'unknown', why } : { state: 'broken', why, ...(time ? { since: time } : {}) };
  }
  if (hoursSince(time, asOf) <= 24 || hoursSince(atHome, asOf) <= 24) return FLOWING;
  return {
    state: 'stale',
    why: time
      ? `${what}: silent since ${time} without an error`
      : `${what}: nothing was delivered yet${started ? ` (logging since ${started})` : ''}`,
  };
}

/** A trail of one region takes the events of global services only if it says so and sits in the partition's first region. */
function globalEvents(trail: Trail, region: string, partition: string): { key: string; certainly: Selector; perhaps: Selector } {
  if (trail.IncludeGlobalServiceEvents !== false || trail.IsMultiRegionTrail || region !== leaderOf(partition))
    return { key: '', certainly: NOTHING, perhaps: NOTHING };
  return {
    key: 'no-global',
    certainly: selectorOf({
      eventCategory: { equals: ['Management'] },
      eventSource: { equals: ['iam.amazonaws.com', 'cloudfront.amazonaws.com'] },
    }),
    // STS has a global endpoint beside the regional ones; its records do not tell which were asked. Of the others it is not documented.
    perhaps: selectorOf({
      eventCategory: { equals: ['Management'] },
      eventSource: { equals: ['sts.amazonaws.com', 'organizations.amazonaws.com', 'route53.amazonaws.com'] },
    }),
  };
}

function trailFindings(trail: Trail, name: string, judged: Judged, status: Status | undefined, evidence: readonly number[]): Finding[] {
  const findings: Finding[] = [];
  const add = (kind: string, severity: Finding['severity'], message: string) =>
    findings.push({ kind, dimension: 'consistency', severity, message, evidence: [...evidence] });
  if (trail.LogFileValidationEnabled === false) {
    add(
      'no-digest',
      'medium',
      `trail ${name}: log file validation is off, so no digest proves that delivered files were not changed or removed (aws cloudtrail update-trail --name ${trail.TrailARN} --enable-log-file-validation)`,
    );
  }
  for (const [what, delivery] of [
    ['recording', judged.recording],
    ['s3', judged.bucket],
    ['log group', judged.group],
  ] as const) {
    if (delivery.state === 'broken' || delivery.state === 'stale')
      add(`delivery-${delivery.state}`, 'high', `trail ${name}, ${what}: ${delivery.why}`);
  }
  // The topic announces new files; it keeps no copy. What waits for its word sees nothing while it fails.
  if (trail.SnsTopicARN && status?.LatestNotificationError) {
    const since = status.LatestNotificationTime ? `; last one ${status.LatestNotificationTime}` : '';
    add(
      'notification-failing',
      'medium',
      `trail ${name}: notices of new files to ${trail.SnsTopicARN} fail with ${status.LatestNotificationError}${since}`,
    );
  }
  if (trail.RecursiveLogging === false)
    add('own-deliveries-left-out', 'info', `trail ${name}: the records of its own deliveries are left out (RecursiveLogging false)`);
  return findings;
}

function digestOf(
  evidence: EvidenceView,
  paths: PathsBuilder,
  estate: AwsEstate,
  trail: Trail,
  answer: Answered<Status>,
): TrailReading['digest'] {
  if (trail.LogFileValidationEnabled !== true || !trail.S3BucketName) return { edge: undefined, evidence: answer.ids };
  const status = answer.pages[0];
  const landing = landInBucket(evidence, paths, bucketWriter(estate, trail, trail.S3BucketName, 'CloudTrail-Digest'));
  const age = hoursSince(status?.LatestDigestDeliveryTime, paths.asOf);
  const delivery: Delivery =
    answer.unknown || !status
      ? { state: 'unknown', why: 'status not read', unknowns: answer.unknown ? [answer.unknown] : [] }
      : !status.IsLogging
        ? { state: 'broken', why: 'logging is stopped' }
        : status.LatestDigestDeliveryError
          ? { state: 'broken', why: `digest delivery fails with ${status.LatestDigestDeliveryError}` }
          : age <= 3
            ? FLOWING
            : {
                state: 'stale',
                why: status.LatestDigestDeliveryTime ? `no digest since ${status.LatestDigestDeliveryTime}` : 'no digest was delivered yet',
              };
  return {
    evidence: answer.ids,
    edge: {
      id: `digest:${trail.TrailARN}`,
      to: landing.node,
      label: `digests of trail ${trail.Name ?? arnName(trail.TrailARN)}`,
      passes: EVERYTHING,
      mayPass: EVERYTHING,
      unknowns: landing.unknowns,
      delivery: worse(landing.delivery, delivery),
      latency: 3600,
      evidence: [...answer.ids, ...landing.evidence],
    },
  };
}

function addDigest(paths: PathsBuilder, estate: AwsEstate, trail: Trail, reading: TrailReading): void {
  const owner = arnAccount(trail.TrailARN);
  if (!estate.byId.has(owner)) return;
  paths.emitter({
    id: `digest:${trail.TrailARN}`,
    sources: ['aws.cloudtrail.digest'],
    name: `trail ${trail.Name ?? arnName(trail.TrailARN)}`,
    scope: { provider: 'aws', account: owner, region: trail.HomeRegion ?? trail.TrailARN.split(':')[3], resource: trail.TrailARN },
    universe: selectorOf({ resource: { equals: [trail.TrailARN] } }),
    taps: reading.digest.edge ? [reading.digest.edge] : [],
    evidence: reading.digest.evidence,
  });
}
