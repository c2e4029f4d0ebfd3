import { describe, expect, it } from 'vitest';
import { loadBalancers } from '../../../connectors/aws/load-balancers.ts';
import { collected } from './collecting.ts';
import { ACCOUNT, account, answer, logGroups, pathsOf, REGION, refusal, verdict } from './reading.ts';

const arnOf = (path: string) => `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:loadbalancer/${path}`;
const SHOP = arnOf('app/shop/50dc6c495c0c9188');
const NET = arnOf('net/cards/6a1b2c3d4e5f6789');
const balancers = answer(
  'elasticloadbalancing:DescribeLoadBalancers',
  {
    LoadBalancers: [
      { LoadBalancerArn: SHOP, LoadBalancerName: 'shop', Type: 'application' },
      { LoadBalancerArn: NET, LoadBalancerName: 'cards', Type: 'network' },
      { LoadBalancerArn: arnOf('gwy/inspect/1'), LoadBalancerName: 'inspect', Type: 'gateway' },
    ],
  },
  { PageSize: 400 },
);
const attributes = (arn: string, values: Record<string, string>) =>
  answer(
    'elasticloadbalancing:DescribeLoadBalancerAttributes',
    { Attributes: Object.entries(values).map(([Key, Value]) => ({ Key, Value })) },
    { LoadBalancerArn: arn },
  );
const off = { 'access_logs.s3.enabled': 'false', 'access_logs.s3.bucket': '', 'connection_logs.s3.enabled': 'false' };
const on = { 'access_logs.s3.enabled': 'true', 'access_logs.s3.bucket': 'card-alb', 'access_logs.s3.prefix': 'shop' };
const listeners = (...protocols: string[]) =>
  answer(
    'elasticloadbalancing:DescribeListeners',
    { Listeners: protocols.map((Protocol) => ({ Protocol, Port: 443 })) },
    { LoadBalancerArn: NET },
  );
const noVended = [
  answer('logs:DescribeDeliverySources', { deliverySources: [] }),
  answer('logs:DescribeDeliveries', { deliveries: [] }),
  answer('logs:DescribeDeliveryDestinations', { deliveryDestinations: [] }),
];
const bucket = (Principal: unknown, Resource = 'arn:aws:s3:::card-alb/*') => [
  answer('s3:ListBuckets', { Buckets: [{ Name: 'card-alb', BucketRegion: REGION }] }, {}, { region: null }),
  answer(
    's3:GetBucketLifecycleConfiguration',
    { Rules: [{ ID: 'keep', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 90 } }] },
    { Bucket: 'card-alb' },
    { region: REGION },
  ),
  answer('s3:GetBucketVersioning', {}, { Bucket: 'card-alb' }, { region: REGION }),
  answer(
    's3:GetBucketPolicy',
    { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 's3:PutObject', Resource }] }) },
    { Bucket: 'card-alb' },
    { region: REGION },
  ),
];
const elbService = { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' };
const estate = [...account(), balancers, ...noVended];

describe('load balancer logs', () => {
  it('takes access logs and connection logs for two switches', () => {
    const records = [...estate, attributes(SHOP, { ...off, ...on }), attributes(NET, off), ...bucket(elbService)];
    expect(verdict(records, 'aws.elb.alb.access', 'shop')).toMatchObject({ verdict: 'covered', searchableDays: 90 });
    expect(verdict(records, 'aws.elb.alb.connection', 'shop').verdict).toBe('missing');
    expect(verdict(records, 'aws.elb.nlb', 'cards').verdict).toBe('missing');
    expect(pathsOf(records).emitters.some((one) => one.scope.resource?.includes('gwy/'))).toBe(false);
  });

  it('knows both writers of older regions, and a bucket that lets in neither', () => {
    const records = [...estate, attributes(SHOP, { ...off, ...on }), attributes(NET, off)];
    expect(verdict([...records, ...bucket({ AWS: 'arn:aws:iam::156460612806:root' })], 'aws.elb.alb.access', 'shop').verdict).toBe(
      'covered',
    );
    expect(verdict([...records, ...bucket({ AWS: 'arn:aws:iam::127311923021:root' })], 'aws.elb.alb.access', 'shop').verdict).toBe(
      'missing',
    );
    expect(
      verdict([...records, ...bucket(elbService, `arn:aws:s3:::card-alb/other/AWSLogs/${ACCOUNT}/*`)], 'aws.elb.alb.access', 'shop')
        .verdict,
    ).toBe('missing');
    expect(
      verdict([...records, ...bucket(elbService, `arn:aws:s3:::card-alb/shop/AWSLogs/${ACCOUNT}/*`)], 'aws.elb.alb.access', 'shop').verdict,
    ).toBe('covered');
  });

  it('counts a vended delivery that the attributes do not show', () => {
    const group = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/alb/shop`;
    const destination = `arn:aws:logs:${REGION}:${ACCOUNT}:delivery-destination:d`;
    const vended = [
      answer('logs:DescribeDeliverySources', {
        deliverySources: [
          {
            name: 'shop',
            arn: `arn:aws:logs:${REGION}:${ACCOUNT}:delivery-source:shop`,
            resourceArns: [SHOP],
            service: 'elasticloadbalancing',
            logType: 'ALB_ACCESS_LOGS',
            status: 'ACTIVE',
          },
        ],
      }),
      answer('logs:DescribeDeliveries', {
        deliveries: [{ id: 'd1', deliverySourceName: 'shop', deliveryDestinationArn: destination, deliveryDestinationType: 'CWL' }],
      }),
      answer('logs:DescribeDeliveryDestinations', {
        deliveryDestinations: [
          {
            name: 'd',
            arn: destination,
            deliveryDestinationType: 'CWL',
            deliveryDestinationConfiguration: { destinationResourceArn: `${group}:*` },
          },
        ],
      }),
    ];
    const records = [
      ...account(),
      balancers,
      ...vended,
      attributes(SHOP, off),
      attributes(NET, off),
      ...logGroups([{ logGroupName: '/alb/shop', retentionInDays: 180 }]),
    ];
    expect(verdict(records, 'aws.elb.alb.access', 'shop')).toMatchObject({ verdict: 'covered', searchableDays: 180 });
    expect(verdict(records, 'aws.elb.alb.connection', 'shop').verdict).toBe('missing');
  });

  it('knows that a network load balancer logs TLS listeners only', () => {
    const records = [
      ...estate,
      attributes(SHOP, off),
      attributes(NET, { ...on, 'access_logs.s3.prefix': '' }),
      ...bucket({ Service: 'delivery.logs.amazonaws.com' }),
    ];
    expect(verdict([...records, listeners('TLS', 'TCP')], 'aws.elb.nlb', 'cards').verdict).toBe('covered');
    expect(verdict([...records, listeners('TCP', 'UDP')], 'aws.elb.nlb', 'cards').verdict).toBe('missing');
    expect(verdict(records, 'aws.elb.nlb', 'cards')).toMatchObject({
      verdict: 'unknown',
      unknowns: expect.arrayContaining(['elasticloadbalancing:DescribeListeners NotAsked']),
    });
  });

  it('is unknown where a switch was not read', () => {
    const denied = [
      ...estate,
      refusal('elasticloadbalancing:DescribeLoadBalancerAttributes', { LoadBalancerArn: SHOP }),
      attributes(NET, off),
    ];
    expect(verdict(denied, 'aws.elb.alb.access', 'shop')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['elasticloadbalancing:DescribeLoadBalancerAttributes AccessDenied'],
    });
    const noDeliveries = [
      ...account(),
      balancers,
      attributes(SHOP, off),
      refusal('logs:DescribeDeliverySources'),
      refusal('logs:DescribeDeliveries'),
    ];
    expect(verdict(noDeliveries, 'aws.elb.alb.access', 'shop').verdict).toBe('unknown');
    expect(
      pathsOf([...account(), refusal('elasticloadbalancing:DescribeLoadBalancers')]).blind.filter((one) =>
        one.sources.includes('aws.elb.alb.access'),
      ),
    ).toHaveLength(1);
  });

  it('asks for what it reads', async () => {
    const seen = await collected(loadBalancers, [
      ...account(),
      balancers,
      attributes(SHOP, { ...off, ...on }),
      attributes(NET, on),
      listeners('TLS'),
    ]);
    expect([seen.failures, seen.unmatched, [...new Set(seen.wanted)]]).toEqual([[], [], ['s3 card-alb']]);
    expect(verdict([...seen.records, ...noVended, ...bucket(elbService)], 'aws.elb.alb.access', 'shop').verdict).toBe('covered');
  });
});
