import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING } from '../../src/events/classes.ts';
import type { Finding } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { addEmitter, arnAccount, arnRegion, CLOUDTRAIL_SOURCES, regionsOf } from './cloudtrail.ts';
import { unseenTap } from './cloudtrail-trails.ts';
import { type AwsAccount, type AwsEstate, estateOf } from './estate.ts';
import { AdvancedEventSelector, takenByAdvanced } from './event-selectors.ts';

const Stores = z.object({ EventDataStores: z.array(z.object({ EventDataStoreArn: z.string(), Name: z.string().optional() })) });
const EventDataStore = z.object({
  EventDataStoreArn: z.string(),
  Name: z.string().optional(),
  Status: z.string().optional(),
  AdvancedEventSelectors: z.array(AdvancedEventSelector).optional(),
  MultiRegionEnabled: z.boolean().optional(),
  OrganizationEnabled: z.boolean().optional(),
  RetentionPeriod: z.number().optional(),
  TerminationProtectionEnabled: z.boolean().optional(),
});
type EventDataStore = z.infer<typeof EventDataStore>;

export const cloudtrailLake: Collector = {
  id: 'cloudtrail-lake',
  provider: 'aws',
  service: 'CloudTrail Lake',
  informs: [...CLOUDTRAIL_SOURCES, 'aws.cloudtrail.lake'],
  runs: 'region',
  phase: 'sources',
  calls: {
    'cloudtrail:ListEventDataStores': {
      permission: 'cloudtrail:ListEventDataStores',
      pages: { from: 'NextToken', to: 'NextToken' },
      why: 'event data stores homed in the region',
      per: 'region',
    },
    'cloudtrail:GetEventDataStore': {
      permission: 'cloudtrail:GetEventDataStore',
      why: 'state, selectors and retention of one',
      per: 'resource',
    },
  },
  doc: 'https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventDataStore.html',

  async collect(cell) {
    const answer = await cell.ask('cloudtrail:ListEventDataStores');
    for (const page of answer.pages) {
      const read = Stores.safeParse(page);
      for (const store of read.success ? read.data.EventDataStores : [])
        await cell.ask('cloudtrail:GetEventDataStore', { EventDataStore: store.EventDataStoreArn });
    }
  },

  read(evidence, paths) {
    const estate = estateOf(evidence);
    const listed = evidence.calls('cloudtrail:ListEventDataStores', Stores);
    const arns = new Set(
      listed.flatMap((answer) => answer.pages.flatMap((page) => page.EventDataStores.map((store) => store.EventDataStoreArn))),
    );
    const edges = [...arns].map((arn) => readStore(evidence, paths, arn));
    const lists = new Map(listed.map((answer) => [`${answer.account}|${answer.region ?? ''}`, answer]));
    for (const account of estate.accounts) {
      const organization = estate.organizationOf(account.id);
      for (const region of regionsOf(account)) {
        const emitter = addEmitter(paths, account, region);
        for (const one of edges) {
          const tap = tapOf(estate, one, account, region);
          if (tap) paths.tap(emitter, tap);
        }
        // A store homed in another region may take this one's events, so every region's list matters.
        const owners = [account.id, ...(organization?.management ? [organization.management] : [])];
        for (const owner of new Set(owners)) {
          const unread = unreadList(evidence, estate, lists, owner);
          if (unread) paths.tap(emitter, unseenTap(paths, `event-data-stores:${owner}`, `event data stores of ${owner}`, unread));
        }
        if (account.organizationUnknown) {
          const unread = { ...account.organizationUnknown, on: account.id };
          paths.tap(emitter, unseenTap(paths, `organization:${account.id}`, 'event data stores of an organization', unread));
        }
      }
    }
  },
};

interface ReadStore {
  readonly arn: string;
  readonly store: EventDataStore | undefined;
  readonly edge: Edge;
}

function unreadList(evidence: EvidenceView, estate: AwsEstate, lists: ReadonlyMap<string, { unknown: unknown }>, owner: string) {
  const account = estate.byId.get(owner);
  if (!account) return evidence.unknownOf('cloudtrail:ListEventDataStores', owner, 'AccountNotScanned', []);
  const read = account.regions.map((region) => ({ region, list: lists.get(`${owner}|${region}`) }));
  // A refusal says more than a question that was not put.
  const refused = read.find(({ list }) => list?.unknown);
  if (refused) return { ...(refused.list?.unknown as ReturnType<EvidenceView['unknownOf']>), on: `${owner} ${refused.region}` };
  const unasked = read.find(({ list }) => !list);
  if (unasked) {
    const code = account.reached ? 'NotAsked' : 'AccountNotReached';
    return evidence.unknownOf('cloudtrail:ListEventDataStores', account.reached ? `${owner} ${unasked.region}` : owner, code, []);
  }
  return account.regionsUnknown && { ...account.regionsUnknown, on: owner };
}

function readStore(evidence: EvidenceView, paths: PathsBuilder, arn: string): ReadStore {
  const answers = evidence
    .calls('cloudtrail:GetEventDataStore', EventDataStore)
    .filter((answer) => answer.args.EventDataStore === arn)
    .sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? 1 : -1));
  const answer = answers.find((one) => one.unknown === undefined) ?? answers[0];
  const store = answer?.pages[0];
  const unknown = answer?.unknown ?? (store ? undefined : evidence.unknownOf('cloudtrail:GetEventDataStore', arn, 'NotAsked', []));
  const evidenceIds = answer?.ids ?? [];
  const name = store?.Name ?? arn.split('/').at(-1) ?? arn;
  const scope = { provider: 'aws', account: arnAccount(arn), region: arnRegion(arn), resource: arn } as const;
  const days =
    store?.RetentionPeriod === undefined
      ? { least: 0, most: Number.POSITIVE_INFINITY }
      : { least: store.RetentionPeriod, most: store.RetentionPeriod };
  const to = paths.node({
    type: 'store',
    id: `cloudtrail-lake:${arn}`,
    kind: 'cloudtrail-lake',
    name,
    scope,
    evidence: evidenceIds,
    unknowns: unknown ? [{ ...unknown, on: arn }] : [],
    keeps: {
      searchable: days,
      total: days,
      immutable: undefined,
      because: `event data store ${name} keeps ${store?.RetentionPeriod ?? 'an unread number of'} days from the time of the event`,
      unknowns: unknown ? [{ ...unknown, on: arn }] : [],
    },
    findings: findingsOf(store, name, evidenceIds),
  });
  const selector = store?.AdvancedEventSelectors?.length ? takenByAdvanced(store.AdvancedEventSelectors) : undefined;
  const edge: Edge = {
    id: `cloudtrail-lake:${arn}`,
    to,
    label: `event data store ${name}`,
    passes: selector?.passes ?? NOTHING,
    mayPass: selector?.mayPass ?? EVERYTHING,
    unknowns: selector
      ? selector.unclear.map((what) =>
          evidence.unknownOf('cloudtrail:GetEventDataStore', `${arn}: ${what}`, 'SelectorNotUnderstood', evidenceIds),
        )
      : [unknown ? { ...unknown, on: arn } : evidence.unknownOf('cloudtrail:GetEventDataStore', arn, 'NoSelectors', evidenceIds)],
    delivery: ingestion(store?.Status),
    latency: 300,
    evidence: evidenceIds,
  };
  paths.emitter({
    id: `lake:${arn}`,
    sources: ['aws.cloudtrail.lake'],
    scope,
    name,
    universe: EVERYTHING,
    taps: [edge],
    evidence: evidenceIds,
  });
  return { arn, store, edge };
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventDataStore.html (Status) */
function ingestion(status: string | undefined): Delivery {
  if (status === undefined) return { state: 'unknown', why: 'the state of the event data store was not read' };
  if (status === 'ENABLED') return { state: 'flowing' };
  if (['CREATED', 'STARTING_INGESTION'].includes(status)) return { state: 'unknown', why: `the event data store is ${status}` };
  return { state: 'broken', why: `the event data store is ${status}: it takes nothing new` };
}

function findingsOf(store: EventDataStore | undefined, name: string, evidence: readonly number[]): Finding[] {
  if (store?.TerminationProtectionEnabled !== false) return [];
  return [
    {
      kind: 'no-termination-protection',
      dimension: 'consistency',
      severity: 'low',
      message: `event data store ${name}: termination protection is off, so it can be deleted in one step`,
      evidence: [...evidence],
    },
  ];
}

function tapOf(estate: AwsEstate, one: ReadStore, account: AwsAccount, region: string | undefined): Edge | undefined {
  const owner = arnAccount(one.arn);
  if (!one.store) return owner === account.id || estate.organizationOf(owner)?.members.has(account.id) ? one.edge : undefined;
  const forAccount =
    owner === account.id || (one.store.OrganizationEnabled === true && estate.organizationOf(owner)?.members.has(account.id) === true);
  if (!forAccount) return undefined;
  return one.store.MultiRegionEnabled === true || arnRegion(one.arn) === region ? one.edge : undefined;
}
