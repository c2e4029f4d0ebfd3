import { describe, expect, it } from 'vitest';
import { classicLoadBalancers } from '../../../connectors/aws/classic-load-balancers.ts';
import { collected } from './collecting.ts';
import { account, answer, emitterOf, pathsOf, REGION, refusal, verdict } from './reading.ts';

const SOURCE = 'aws.elb.classic';
const CALL = 'elasticloadbalancing-classic:DescribeLoadBalancerAttributes';
const all = answer(
  'elasticloadbalancing-classic:DescribeLoadBalancers',
  { LoadBalancerDescriptions: [{ LoadBalancerName: 'legacy' }] },
  { PageSize: 400 },
);
const log = (AccessLog: Record<string, unknown>) =>
  answer(CALL, { LoadBalancerAttributes: { AccessLog, CrossZoneLoadBalancing: { Enabled: true } } }, { LoadBalancerName: 'legacy' });
const bucket = [
  answer('s3:ListBuckets', { Buckets: [{ Name: 'card-elb', BucketRegion: REGION }] }, {}, { region: null }),
  answer('s3:GetBucketVersioning', {}, { Bucket: 'card-elb' }),
  refusal('s3:GetBucketLifecycleConfiguration', { Bucket: 'card-elb' }, {}, { code: 'NoSuchLifecycleConfiguration', message: '' }),
  answer(
    's3:GetBucketPolicy',
    {
      Policy: JSON.stringify({
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::156460612806:root' },
          Action: 's3:PutObject',
          Resource: 'arn:aws:s3:::card-elb/*',
        },
      }),
    },
    { Bucket: 'card-elb' },
  ),
];
const on = { Enabled: true, S3BucketName: 'card-elb', S3BucketPrefix: '' };

describe('classic load balancer access logs', () => {
  it('takes the switch and the interval', () => {
    expect(verdict([...account(), all, log(on), ...bucket], SOURCE, 'legacy')).toMatchObject({
      verdict: 'covered',
      totalDays: Number.POSITIVE_INFINITY,
    });
    expect(verdict([...account(), all, log({ Enabled: false })], SOURCE, 'legacy').verdict).toBe('missing');
    const latency = (EmitInterval?: number) =>
      emitterOf(pathsOf([...account(), all, log({ ...on, EmitInterval }), ...bucket]), SOURCE, 'legacy').taps[0]?.latency;
    expect([latency(5), latency()]).toEqual([300, 3600]);
  });

  it('is unknown where the attributes were not read', () => {
    expect(verdict([...account(), all, refusal(CALL, { LoadBalancerName: 'legacy' })], SOURCE, 'legacy')).toMatchObject({
      verdict: 'unknown',
      unknowns: [`${CALL} AccessDenied`],
    });
  });

  it('asks for what it reads', async () => {
    const seen = await collected(classicLoadBalancers, [...account(), all, log(on)]);
    expect([seen.failures, seen.unmatched, seen.wanted]).toEqual([[], [], ['s3 card-elb']]);
    expect(verdict([...seen.records, ...bucket], SOURCE, 'legacy').verdict).toBe('covered');
  });
});
