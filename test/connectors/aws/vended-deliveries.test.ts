import { afterEach, describe, expect, it } from 'vitest';
import { type Replay, startReplay } from '../../../connectors/aws/replay/server.ts';
import { tapsOfVended, vendedDeliveries, vendedDeliveriesCollector } from '../../../connectors/aws/vended-deliveries.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { flowOf } from '../../../src/paths/evaluate.ts';
import { ACCOUNT, answer, bucketRecords, builder, policyOf, refusal, viewOf } from './destination-evidence.ts';
import { replayCell } from './replay-cell.ts';

const LB = `arn:aws:elasticloadbalancing:eu-west-1:${ACCOUNT}:loadbalancer/app/shop/abc`;
const GROUP = `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:/alb/shop`;
const END = `arn:aws:logs:eu-west-1:${ACCOUNT}:delivery-destination:end`;

const source = (more: object = {}) => ({
  name: 'shop',
  arn: `arn:aws:logs:eu-west-1:${ACCOUNT}:delivery-source:shop`,
  resourceArns: [LB],
  service: 'elasticloadbalancing',
  logType: 'ALB_ACCESS_LOGS',
  ...more,
});
const delivery = (more: object = {}) => ({
  id: 'd1',
  deliverySourceName: 'shop',
  deliveryDestinationArn: END,
  deliveryDestinationType: 'CWL',
  ...more,
});
const destination = (more: object = {}) => ({
  name: 'end',
  arn: END,
  deliveryDestinationType: 'CWL',
  outputFormat: 'json',
  deliveryDestinationConfiguration: { destinationResourceArn: `${GROUP}:*` },
  ...more,
});
const sources = (...list: object[]) => answer('logs:DescribeDeliverySources', {}, { deliverySources: list });
const deliveries = (...list: object[]) => answer('logs:DescribeDeliveries', {}, { deliveries: list });
const destinations = (...list: object[]) => answer('logs:DescribeDeliveryDestinations', {}, { deliveryDestinations: list });
const toBucket = (arn: string) => [
  sources(source()),
  deliveries(delivery({ deliveryDestinationType: 'S3' })),
  destinations(destination({ deliveryDestinationType: 'S3', deliveryDestinationConfiguration: { destinationResourceArn: arn } })),
];
const group = answer(
  'logs:DescribeLogGroups',
  {},
  { logGroups: [{ logGroupName: '/alb/shop', logGroupArn: GROUP, logGroupClass: 'INFREQUENT_ACCESS', retentionInDays: 180 }] },
);
const whole = [sources(source()), deliveries(delivery()), destinations(destination()), group];

function taps(records: readonly EvidenceRecord[], wanted: { resourceArn?: string; logType?: string; region?: string | undefined } = {}) {
  const paths = builder();
  const found = tapsOfVended(viewOf(records), paths, {
    account: ACCOUNT,
    region: 'eu-west-1',
    resourceArn: LB,
    logType: 'ALB_ACCESS_LOGS',
    latency: 300,
    ...wanted,
  });
  const built = paths.build();
  return { taps: found, built, routes: flowOf(built, found).routes, edges: built.edges.get(found[0]?.to ?? '') ?? [] };
}
const place = { account: ACCOUNT, region: 'eu-west-1' };

describe('a delivery', () => {
  it('joins a source to its destination', () => {
    expect(vendedDeliveries(viewOf(whole), place)).toMatchObject({
      unknowns: [],
      undelivered: [],
      deliveries: [
        {
          id: 'd1',
          sourceName: 'shop',
          service: 'elasticloadbalancing',
          logType: 'ALB_ACCESS_LOGS',
          resourceArns: [LB],
          kind: 'cloudwatch-logs',
          destination: `${GROUP}:*`,
          dead: undefined,
          orphan: false,
          ids: [1, 2, 3],
        },
      ],
    });
  });

  it('ends in the log group', () => {
    const {
      routes,
      taps: [tap],
    } = taps(whole);
    expect(tap).toMatchObject({ label: 'vended ALB_ACCESS_LOGS of shop', latency: 300, evidence: [1, 2, 3] });
    expect(routes).toMatchObject([
      { store: { kind: 'cloudwatch-logs', name: '/alb/shop', keeps: { searchable: { least: 180, most: 180 } } } },
    ]);
    expect(routes[0]?.lower).toEqual(routes[0]?.upper);
    expect(routes[0]?.lower).not.toEqual([]);
  });

  it('is of one log and one resource', () => {
    expect(taps(whole, { logType: 'ALB_CONNECTION_LOGS' }).taps).toEqual([]);
    expect(taps(whole, { resourceArn: LB.replace('shop/abc', 'legacy/def') }).taps).toEqual([]);
  });

  it('carries its record fields', () => {
    expect(
      taps([sources(source()), deliveries(delivery({ recordFields: ['time', 'client_ip'] })), destinations(destination()), group]).routes[0]
        ?.fields,
    ).toEqual(['time', 'client_ip']);
  });

  it('ends in a bucket whose policy it has to pass', () => {
    const policy = (more: object) =>
      policyOf([
        {
          Effect: 'Allow',
          Principal: { Service: 'delivery.logs.amazonaws.com' },
          Action: 's3:PutObject',
          Resource: `arn:aws:s3:::card-logs/AWSLogs/${ACCOUNT}/*`,
          ...more,
        },
      ]);
    const at = (more: object) => taps([...toBucket('arn:aws:s3:::card-logs'), ...bucketRecords({ GetBucketPolicy: policy(more) })]);
    expect(at({ Condition: { ArnLike: { 'aws:SourceArn': `arn:aws:logs:eu-west-1:${ACCOUNT}:*` } } })).toMatchObject({
      edges: [{ delivery: { state: 'flowing' } }],
      routes: [{ store: { id: `s3:card-logs#AWSLogs/${ACCOUNT}/` } }],
    });
    expect(at({ Principal: { Service: 'cloudtrail.amazonaws.com' } }).edges).toMatchObject([{ delivery: { state: 'broken' } }]);
  });

  it('ends under the prefix of its destination', () => {
    expect(taps([...toBucket('arn:aws:s3:::card-logs/alb/'), ...bucketRecords()]).routes).toMatchObject([
      { store: { id: 's3:card-logs#alb/' } },
    ]);
  });

  it('into a stream leaves open what becomes of it', () => {
    const stream = `arn:aws:firehose:eu-west-1:${ACCOUNT}:deliverystream/siem`;
    const { routes } = taps([
      sources(source()),
      deliveries(delivery({ deliveryDestinationType: 'FH' })),
      destinations(destination({ deliveryDestinationType: 'FH', deliveryDestinationConfiguration: { destinationResourceArn: stream } })),
    ]);
    expect(routes).toMatchObject([{ lower: [], store: { kind: 'siem' } }]);
    expect(routes[0]?.upper).not.toEqual([]);
  });

  it('of traces is none of logs', () => {
    expect(taps([sources(source()), deliveries(delivery({ deliveryDestinationType: 'XRAY' })), destinations()]).taps).toEqual([]);
  });

  it('to another account is looked up there', () => {
    const elsewhere = 'arn:aws:logs:eu-west-1:999900001111:delivery-destination:end';
    const records = [sources(source()), deliveries(delivery({ deliveryDestinationArn: elsewhere })), destinations(), group];
    const there = answer(
      'logs:DescribeDeliveryDestinations',
      {},
      { deliveryDestinations: [destination({ arn: elsewhere })] },
      { account: '999900001111' },
    );
    expect(taps([...records, there]).routes).toMatchObject([{ store: { name: '/alb/shop' } }]);
    const unread = taps(records);
    expect(unread.taps).toMatchObject([{ passes: [], unknowns: [{ call: 'logs:DescribeDeliveryDestinations', code: 'NotAsked' }] }]);
    expect(unread.routes[0]?.upper).not.toEqual([]);
  });

  it.each([
    [
      'whose source is inactive',
      [sources(source({ status: 'INACTIVE', statusReason: 'RESOURCE_DELETED' })), deliveries(delivery()), destinations(destination())],
      'INACTIVE: RESOURCE_DELETED',
    ],
    ['to nowhere', [sources(source()), deliveries(delivery()), destinations()], 'destination that does not exist'],
    ['that nobody made', [sources(source()), deliveries(), destinations(destination())], 'no delivery'],
  ])('%s brings nothing', (_, records, why) => {
    const found = taps(records);
    expect(found.taps).toMatchObject([{ delivery: { state: 'broken', why: expect.stringContaining(why) } }]);
    expect(found.routes.flatMap((route) => route.upper)).toEqual([]);
  });
});

describe('what was not read', () => {
  const denied = (op: string) => refusal(`logs:${op}`, {}, 'AccessDeniedException');

  it.each([
    ['nothing was asked', [], ['DescribeDeliveries', 'DescribeDeliverySources']],
    ['deliveries were refused', [sources(source()), denied('DescribeDeliveries'), destinations()], ['DescribeDeliveries']],
    [
      'sources were refused and something is delivered',
      [denied('DescribeDeliverySources'), deliveries(delivery()), destinations(destination())],
      ['DescribeDeliverySources'],
    ],
    [
      'another region was asked',
      [answer('logs:DescribeDeliverySources', {}, { deliverySources: [] }, { region: 'us-east-1' })],
      ['DescribeDeliveries', 'DescribeDeliverySources'],
    ],
  ])('may be delivered: %s', (_, records, calls) => {
    const found = taps(records);
    expect(found.taps).toHaveLength(1);
    expect(found.taps[0]).toMatchObject({ passes: [], delivery: { state: 'flowing' } });
    expect(found.taps[0]?.unknowns.map((unknown) => unknown.call)).toEqual(calls.map((call) => `logs:${call}`));
    expect(found.routes.some((route) => route.upper.length > 0)).toBe(true);
  });

  it.each([
    ['there are no sources', [sources(), denied('DescribeDeliveries')]],
    ['there are no deliveries', [denied('DescribeDeliverySources'), deliveries()]],
    ['both lists are empty and destinations were not asked', [sources(), deliveries()]],
  ])('does not matter where %s', (_, records) => {
    expect(taps(records).taps).toEqual([]);
  });

  it('counts every region that was asked where the region is not known', () => {
    expect(taps(whole, { region: undefined }).routes).toMatchObject([{ store: { name: '/alb/shop' } }]);
  });
});

describe('collecting', () => {
  let replay: Replay | undefined;
  afterEach(() => replay?.close());

  it('lists sources, deliveries and destinations, and wants what they end in', async () => {
    replay = await startReplay([
      sources(source()),
      deliveries(delivery()),
      destinations(
        destination(),
        destination({
          name: 's3',
          arn: `${END}2`,
          deliveryDestinationType: 'S3',
          deliveryDestinationConfiguration: { destinationResourceArn: 'arn:aws:s3:::card-logs/alb' },
        }),
      ),
    ]);
    const cell = replayCell(replay.url, vendedDeliveriesCollector, place);
    await vendedDeliveriesCollector.collect(cell);
    expect(replay.unmatched).toEqual([]);
    expect(replay.unused()).toEqual([]);
    expect(cell.wants).toEqual([
      { kind: 'cloudwatch-logs', id: GROUP, account: ACCOUNT, region: 'eu-west-1' },
      { kind: 's3', id: 'card-logs' },
    ]);
    expect(vendedDeliveries(viewOf(cell.records), place).deliveries).toHaveLength(1);
  });
});
