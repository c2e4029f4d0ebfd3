import { afterEach, describe, expect, it } from 'vitest';
import { landInFirehose, landInLogGroup } from '../../../connectors/aws/destinations.ts';
import { lastArrival, logGroups } from '../../../connectors/aws/log-groups.ts';
import { type Replay, startReplay } from '../../../connectors/aws/replay/server.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import type { Kept, Store } from '../../../src/paths/graph.ts';
import { ACCOUNT, answer, builder, refusal, viewOf } from './destination-evidence.ts';
import { replayCell } from './replay-cell.ts';

const EVER = Number.POSITIVE_INFINITY;
const exactly = (days: number) => ({ least: days, most: days });
const NAME = '/aws/cards';
const ARN = `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:${NAME}`;
const STREAM = { logGroupName: NAME, orderBy: 'LastEventTime', descending: true, limit: 1 };

const group = (more: object = {}, name = NAME) => ({
  logGroupName: name,
  arn: `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:${name}:*`,
  logGroupArn: `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:${name}`,
  logGroupClass: 'STANDARD',
  storedBytes: 0,
  ...more,
});
const groups = (
  list: readonly object[],
  args: Record<string, unknown> = {},
  place: { account?: string; region?: string; at?: string } = {},
) => answer('logs:DescribeLogGroups', args, { logGroups: list }, place);
const unsubscribed = [
  answer('logs:DescribeAccountPolicies', { policyType: 'SUBSCRIPTION_FILTER_POLICY' }, { accountPolicies: [] }),
  answer('logs:DescribeSubscriptionFilters', { logGroupName: NAME }, { subscriptionFilters: [] }),
];

function land(records: readonly EvidenceRecord[], hasStatus = false) {
  const paths = builder();
  const landing = landInLogGroup(viewOf(records), paths, { arn: `${ARN}:*`, hasStatus });
  const built = paths.build();
  const store = built.nodes.get(landing.node) as Store;
  return { landing, store, kept: store.keeps as Kept, edges: built.edges.get(landing.node) ?? [], built };
}

describe('a log group as a store', () => {
  it.each([
    ['no retention', {}, exactly(EVER), exactly(EVER)],
    ['a retention', { retentionInDays: 30 }, exactly(30), exactly(30)],
    ['infrequent access', { retentionInDays: 30, logGroupClass: 'INFREQUENT_ACCESS' }, exactly(30), exactly(30)],
    ['class DELIVERY, whatever its retention', { retentionInDays: 400, logGroupClass: 'DELIVERY' }, exactly(0), exactly(1)],
    ['a class whose queries are not documented', { retentionInDays: 30, logGroupClass: 'ESSENTIALS' }, { least: 0, most: 30 }, exactly(30)],
  ])('with %s', (_, more, searchable, total) => {
    const { kept, store, landing } = land([groups([group(more)]), ...unsubscribed]);
    expect(kept).toMatchObject({ searchable, total, immutable: false });
    expect(store).toMatchObject({
      id: `cloudwatch-logs:${ARN}`,
      kind: 'cloudwatch-logs',
      name: NAME,
      scope: { account: ACCOUNT, region: 'eu-west-1', resource: ARN },
    });
    expect(landing.delivery).toEqual({ state: 'flowing' });
  });

  it('says why class DELIVERY is not searched', () => {
    expect(land([groups([group({ logGroupClass: 'DELIVERY' })])]).kept.because).toMatch(/DELIVERY.*no query/);
  });

  it.each([
    ['the whole list', {}],
    ['a list by prefix', { logGroupNamePrefix: '/aws/' }],
    ['its own name', { logGroupNamePrefix: NAME, limit: 50 }],
  ])('is gone where %s does not have it', (_, args) => {
    const { landing, kept } = land([groups([group({}, `${NAME}-2`)], args)], true);
    expect(landing.delivery).toMatchObject({
      state: 'broken',
      why: expect.stringContaining('does not exist'),
      fix: expect.stringContaining('create-log-group'),
    });
    expect(kept.total).toEqual(exactly(0));
  });

  it.each([
    ['another prefix', groups([], { logGroupNamePrefix: '/ecs/' }), 'NotAsked'],
    ['one class only', groups([], { logGroupClass: 'DELIVERY' }), 'NotAsked'],
    ['another region', groups([], {}, { region: 'us-east-1' }), 'NotAsked'],
    ['a refusal', refusal('logs:DescribeLogGroups', {}, 'AccessDeniedException'), 'AccessDeniedException'],
    ['half a list', answer('logs:DescribeLogGroups', {}, { logGroups: [], nextToken: 'more' }), 'PageMissing'],
  ])('is not known after %s', (_, record, code) => {
    const { landing, kept } = land([record]);
    expect(landing.delivery).toMatchObject({
      state: 'unknown',
      unknowns: [{ call: 'logs:DescribeLogGroups', permission: 'logs:DescribeLogGroups', code }],
    });
    expect(kept).toMatchObject({ searchable: { least: 0, most: EVER }, total: { least: 0, most: EVER }, unknowns: [{ code }] });
    expect(land([record], true).landing.delivery.state).toBe('flowing');
  });

  it('is found on the page that was read of half a list', () => {
    const half = answer('logs:DescribeLogGroups', {}, { logGroups: [group({ retentionInDays: 7 })], nextToken: 'more' });
    expect(land([half]).kept.total).toEqual(exactly(7));
  });

  it('is gone where a newer list does not have it any more', () => {
    const gone = groups([], {}, { at: '2026-11-21T11:59:30Z' });
    expect(land([groups([group()], { logGroupNamePrefix: NAME }), gone]).landing.delivery.state).toBe('broken');
    expect(land([{ ...gone, at: '2026-11-20T00:00:00Z' }, groups([group()], { logGroupNamePrefix: NAME })]).landing.delivery.state).toBe(
      'flowing',
    );
  });

  it('is found in the list of a monitoring account', () => {
    expect(
      land([groups([group({ retentionInDays: 7 })], { includeLinkedAccounts: true }, { account: '999900001111' })]).kept.total,
    ).toEqual(exactly(7));
  });

  it('mentions missing deletion protection, and only where it was answered', () => {
    expect(land([groups([group({ deletionProtectionEnabled: false })])]).store.findings).toMatchObject([{ severity: 'info' }]);
    expect(land([groups([group()])]).store.findings).toEqual([]);
  });
});

describe('subscriptions', () => {
  const filter = (more: object = {}) =>
    answer(
      'logs:DescribeSubscriptionFilters',
      { logGroupName: NAME },
      {
        subscriptionFilters: [
          { filterName: 'siem', filterPattern: '', destinationArn: `arn:aws:kinesis:eu-west-1:${ACCOUNT}:stream/siem`, ...more },
        ],
      },
    );
  const policy = (
    more: object = {},
    document: object = { DestinationArn: `arn:aws:firehose:eu-west-1:${ACCOUNT}:deliverystream/all`, FilterPattern: '' },
  ) =>
    answer(
      'logs:DescribeAccountPolicies',
      { policyType: 'SUBSCRIPTION_FILTER_POLICY' },
      {
        accountPolicies: [
          { policyName: 'all', policyType: 'SUBSCRIPTION_FILTER_POLICY', policyDocument: JSON.stringify(document), scope: 'ALL', ...more },
        ],
      },
    );

  it('are none where both lists are empty', () => {
    expect(land([groups([group()]), ...unsubscribed]).edges).toEqual([]);
  });

  it('pass everything to the stream, and from there nobody knows', () => {
    const { edges, built } = land([groups([group()]), unsubscribed[0] as EvidenceRecord, filter()]);
    expect(edges).toMatchObject([{ label: 'subscription filter siem of /aws/cards', unknowns: [], delivery: { state: 'flowing' } }]);
    expect(edges[0]?.passes).toEqual(edges[0]?.mayPass);
    expect(built.nodes.get(edges[0]?.to ?? '')).toMatchObject({ type: 'hop', kind: 'stream', name: 'siem' });
    expect(built.edges.get(edges[0]?.to ?? '')).toMatchObject([{ passes: [], unknowns: [{ call: 'kinesis:DescribeStreamSummary' }] }]);
  });

  it.each([[{ filterPattern: '{ $.errorCode = "*" }' }], [{ fieldSelectionCriteria: '@aws.region IN ["eu-west-1"]' }]])(
    'are not certain with %j, which the unknown quotes',
    (more) => {
      const [edge] = land([groups([group()]), unsubscribed[0] as EvidenceRecord, filter(more)]).edges;
      expect(edge?.passes).toEqual([]);
      expect(edge?.mayPass).not.toEqual([]);
      expect(edge?.unknowns[0]?.on).toContain(Object.values(more)[0]);
    },
  );

  it('of the account take all groups but those listed', () => {
    const taken = (criteria?: string) =>
      land([groups([group()]), policy(criteria === undefined ? {} : { selectionCriteria: criteria }), unsubscribed[1] as EvidenceRecord])
        .edges;
    expect(taken()).toMatchObject([{ label: 'account subscription policy all on /aws/cards' }]);
    expect(taken('LogGroupName NOT IN ["/aws/other"]')).toHaveLength(1);
    expect(taken(`LogGroupName NOT IN ["/aws/other", "${NAME}"]`)).toEqual([]);
    expect(taken('LogGroupNamePrefix IN ["/aws"]')).toMatchObject([{ passes: [], unknowns: [{ code: 'NotUnderstood' }] }]);
  });

  it.each([
    ['refused', refusal('logs:DescribeSubscriptionFilters', { logGroupName: NAME }, 'AccessDeniedException'), 'AccessDeniedException'],
    [
      'of another group',
      answer('logs:DescribeSubscriptionFilters', { logGroupName: '/aws/other' }, { subscriptionFilters: [] }),
      'NotAsked',
    ],
  ])('may exist where the list is %s', (_, record, code) => {
    expect(land([groups([group()]), unsubscribed[0] as EvidenceRecord, record]).edges).toMatchObject([
      { passes: [], unknowns: [{ call: 'logs:DescribeSubscriptionFilters', code }] },
    ]);
  });

  it.each(['DELIVERY', 'INFREQUENT_ACCESS'])('cannot exist on class %s', (logGroupClass) => {
    expect(land([groups([group({ logGroupClass })]), policy(), filter()]).edges).toEqual([]);
  });
});

describe('the last arrival', () => {
  const at = Date.parse('2026-11-21T11:50:00Z');

  it('is when the newest stream was last written', () => {
    const view = viewOf([
      answer('logs:DescribeLogStreams', STREAM, {
        logStreams: [{ logStreamName: 's', lastIngestionTime: at, lastEventTimestamp: at - 5000 }],
      }),
    ]);
    expect(lastArrival(view, ARN)).toEqual({ at: '2026-11-21T11:50:00.000Z', unknown: undefined, evidence: [1] });
  });

  it('is never for a group without streams', () => {
    expect(lastArrival(viewOf([answer('logs:DescribeLogStreams', STREAM, { logStreams: [] })]), `${ARN}:*`)).toEqual({
      at: undefined,
      unknown: undefined,
      evidence: [1],
    });
  });

  it('is not known from streams in the order of their names, or from nothing', () => {
    const byName = answer('logs:DescribeLogStreams', { logGroupName: NAME, limit: 1 }, { logStreams: [{ lastIngestionTime: at }] });
    expect(lastArrival(viewOf([byName]), ARN)).toMatchObject({
      at: undefined,
      unknown: { code: 'NotAsked', permission: 'logs:DescribeLogStreams' },
    });
    const backwards = answer(
      'logs:DescribeLogStreams',
      { ...STREAM, orderBy: 'LogStreamName' },
      { logStreams: [{ lastIngestionTime: at }] },
    );
    expect(lastArrival(viewOf([backwards]), ARN).unknown).toBeDefined();
    expect(lastArrival(viewOf([refusal('logs:DescribeLogStreams', STREAM, 'AccessDeniedException')]), ARN)).toMatchObject({
      unknown: { code: 'AccessDeniedException' },
    });
  });
});

it('leaves open what a delivery stream does with the logs', () => {
  const paths = builder();
  const landing = landInFirehose(viewOf([]), paths, { arn: `arn:aws:firehose:eu-west-1:${ACCOUNT}:deliverystream/siem` });
  expect(landing).toMatchObject({ delivery: { state: 'unknown' }, unknowns: [{ call: 'firehose:DescribeDeliveryStream' }] });
  expect(paths.build().nodes.get(landing.node)).toMatchObject({ kind: 'siem', name: 'siem', keeps: { total: { least: 0, most: EVER } } });
});

describe('collecting', () => {
  let replay: Replay | undefined;
  afterEach(async () => {
    await replay?.close();
    replay = undefined;
  });
  const wanted = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ kind: 'cloudwatch-logs', id: `${ARN}${index === 0 ? '' : index}` }));
  const at = { account: ACCOUNT, region: 'eu-west-1' };

  it('asks for a few groups by name, and of each where it goes and when it was last written', async () => {
    replay = await startReplay([
      groups([group()], { logGroupNamePrefix: NAME }),
      ...unsubscribed,
      answer('logs:DescribeLogStreams', STREAM, { logStreams: [], nextToken: 'more' }),
    ]);
    const cell = replayCell(replay.url, logGroups, { ...at, wanted: wanted(1) });
    await logGroups.collect(cell);
    expect(replay.unmatched).toEqual([]);
    expect(replay.unused()).toEqual([]);
    expect(replay.count()).toBe(4);
    expect(land(cell.records)).toMatchObject({ landing: { delivery: { state: 'flowing' } }, edges: [] });
    expect(lastArrival(viewOf(cell.records), ARN).unknown).toBeUndefined();
  });

  it('asks for the whole list where there are many, over all its pages', async () => {
    const pages = [
      answer('logs:DescribeLogGroups', {}, { logGroups: [group({}, '/aws/first')], nextToken: 'x' }, { page: 0 }),
      answer('logs:DescribeLogGroups', {}, { logGroups: [group()] }, { page: 1 }),
    ];
    replay = await startReplay([...pages, ...unsubscribed, answer('logs:DescribeLogStreams', STREAM, { logStreams: [] })]);
    const cell = replayCell(replay.url, logGroups, { ...at, wanted: wanted(21) });
    await logGroups.collect(cell);
    expect(replay.unmatched).toEqual([]);
    expect(replay.unused()).toEqual([]);
    expect(land(cell.records).landing.delivery).toEqual({ state: 'flowing' });
  });

  it('asks nothing where nothing is wanted', async () => {
    replay = await startReplay([]);
    await logGroups.collect(replayCell(replay.url, logGroups, { ...at, wanted: [{ kind: 's3', id: 'card-logs' }] }));
    expect(replay.count()).toBe(0);
  });
});
