import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING, selectorOf } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { Answered, EvidenceView } from '../../src/store/view.ts';
import { elbWriters } from './classic-load-balancers.ts';
import { landInBucket } from './destinations.ts';
import type { AwsAccount } from './estate.ts';
import { blindWhereNotReached, blindWhereRegionsUnknown, cellsOf, listOf, unseenEdge, withoutEndSlashes } from './listing.ts';
import { tapsOfVended } from './vended-deliveries.ts';

const ALB_ACCESS = 'aws.elb.alb.access';
const ALB_CONNECTION = 'aws.elb.alb.connection';
const NLB = 'aws.elb.nlb';
const SOURCES = [ALB_ACCESS, ALB_CONNECTION, NLB];

// Both kinds write an object per node every five minutes.
const LATENCY = 300;

const LoadBalancer = z.object({ LoadBalancerArn: z.string(), LoadBalancerName: z.string().optional(), Type: z.string().optional() });
type LoadBalancer = z.infer<typeof LoadBalancer>;
const LoadBalancers = z.object({ LoadBalancers: z.array(LoadBalancer).default([]) });
const Attributes = z.object({ Attributes: z.array(z.object({ Key: z.string().optional(), Value: z.string().nullish() })).default([]) });
const Listeners = z.object({ Listeners: z.array(z.object({ Protocol: z.string().optional() })).default([]) });

/** Access and connection logs of application and network load balancers. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html */
export const loadBalancers: Collector = {
  id: 'load-balancers',
  provider: 'aws',
  service: 'Elastic Load Balancing',
  informs: SOURCES,
  runs: 'region',
  phase: 'sources',
  calls: {
    'elasticloadbalancing:DescribeLoadBalancers': {
      permission: 'elasticloadbalancing:DescribeLoadBalancers',
      pages: { from: 'NextMarker', to: 'Marker' },
      why: 'the load balancers',
      per: 'region',
    },
    'elasticloadbalancing:DescribeLoadBalancerAttributes': {
      permission: 'elasticloadbalancing:DescribeLoadBalancerAttributes',
      why: 'whether logs go to a bucket',
      per: 'resource',
    },
    'elasticloadbalancing:DescribeListeners': {
      permission: 'elasticloadbalancing:DescribeListeners',
      pages: { from: 'NextMarker', to: 'Marker' },
      why: 'a network load balancer logs its TLS listeners only',
      per: 'resource',
    },
  },
  doc: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html',
  async collect(cell) {
    const all = await cell.ask('elasticloadbalancing:DescribeLoadBalancers', { PageSize: 400 });
    const listed = all.pages.flatMap((page) => LoadBalancers.safeParse(page).data?.LoadBalancers ?? []);
    await Promise.all(
      listed
        .filter((one) => one.Type !== 'gateway')
        .map(async ({ LoadBalancerArn, Type }) => {
          const answer = await cell.ask('elasticloadbalancing:DescribeLoadBalancerAttributes', { LoadBalancerArn });
          const attributes = attributesOf(answer.pages.flatMap((page) => Attributes.safeParse(page).data ?? []));
          for (const kind of ['access_logs', 'connection_logs']) {
            const bucket = attributes.get(`${kind}.s3.bucket`);
            if (attributes.get(`${kind}.s3.enabled`) === 'true' && bucket) cell.want({ kind: 's3', id: bucket });
          }
          if (Type === 'network' && attributes.get('access_logs.s3.enabled') === 'true')
            await cell.ask('elasticloadbalancing:DescribeListeners', { LoadBalancerArn });
        }),
    );
  },
  read(evidence, paths) {
    blindWhereNotReached(evidence, paths, SOURCES, 'elasticloadbalancing:DescribeLoadBalancers');
    blindWhereRegionsUnknown(evidence, paths, SOURCES);
    for (const { account, region, at } of cellsOf(evidence)) {
      const all = listOf(evidence, 'elasticloadbalancing:DescribeLoadBalancers', LoadBalancers, (page) => page.LoadBalancers, at);
      if (all.unknown) paths.blind({ sources: SOURCES, scope: { provider: 'aws', ...at }, unknowns: [all.unknown], evidence: all.ids });
      for (const one of all.items) if (one.Type !== 'gateway') readLoadBalancer(evidence, paths, account, region, one, all.ids);
    }
  },
};

type Attributed = Answered<z.infer<typeof Attributes>>;

function attributesOf(pages: readonly z.infer<typeof Attributes>[]): ReadonlyMap<string, string> {
  return new Map(pages.flatMap((page) => page.Attributes.map((one) => [one.Key ?? '', one.Value ?? ''] as const)));
}

function readLoadBalancer(
  evidence: EvidenceView,
  paths: PathsBuilder,
  account: AwsAccount,
  region: string,
  one: LoadBalancer,
  listed: readonly number[],
): void {
  const arn = one.LoadBalancerArn;
  const network = one.Type === 'network' || (one.Type === undefined && arn.includes(':loadbalancer/net/'));
  const scope = { provider: 'aws' as const, account: account.id, region, resource: arn };
  const answer = evidence.call(
    'elasticloadbalancing:DescribeLoadBalancerAttributes',
    Attributes,
    { account: account.id, region, args: { LoadBalancerArn: arn } },
    arn,
  );
  const ids = [...listed, ...answer.ids];
  paths.resource({ type: network ? 'aws.elb.network' : 'aws.elb.application', id: arn, scope, evidence: listed });
  const logs = network
    ? [{ source: NLB, attribute: 'access_logs', logType: 'NLB_ACCESS_LOGS' }]
    : [
        { source: ALB_ACCESS, attribute: 'access_logs', logType: 'ALB_ACCESS_LOGS' },
        { source: ALB_CONNECTION, attribute: 'connection_logs', logType: 'ALB_CONNECTION_LOGS' },
      ];
  for (const { source, attribute, logType } of logs) {
    paths.emitter({
      id: `${source}|${arn}`,
      sources: [source],
      scope,
      name: one.LoadBalancerName ?? arn,
      universe: selectorOf({ resource: { equals: [arn] } }),
      taps: [
        ...bucketTaps(evidence, paths, account, region, arn, attribute, network, answer, ids),
        // A vended delivery does not show in the attributes.
        ...tapsOfVended(evidence, paths, { account: account.id, region, resourceArn: arn, logType }),
      ],
      evidence: ids,
    });
  }
}

function bucketTaps(
  evidence: EvidenceView,
  paths: PathsBuilder,
  account: AwsAccount,
  region: string,
  arn: string,
  attribute: string,
  network: boolean,
  answer: Attributed,
  ids: readonly number[],
): Edge[] {
  const id = `load-balancer|${arn}|${attribute}`;
  const attributes = attributesOf(answer.pages);
  const name = `${attribute.replace('_', ' ')} of ${arn.split('/').slice(-2)[0] ?? arn}`;
  const enabled = attributes.get(`${attribute}.s3.enabled`);
  const bucket = attributes.get(`${attribute}.s3.bucket`);
  // Every answer names the access log attribute; connection logs came later and older answers lack them.
  if (answer.unknown || (enabled === undefined && attribute === 'access_logs') || (enabled === 'true' && !bucket)) {
    const unknown =
      answer.unknown ?? evidence.unknownOf('elasticloadbalancing:DescribeLoadBalancerAttributes', arn, 'AttributeMissing', answer.ids);
    return [unseenEdge(paths, { id: `${id}|not-read`, label: name, unknowns: [unknown], evidence: ids, account: account.id, region })];
  }
  if (enabled !== 'true' || !bucket) return [];
  const prefix = withoutEndSlashes(attributes.get(`${attribute}.s3.prefix`) ?? '');
  const landing = landInBucket(evidence, paths, {
    bucket,
    prefix: `${prefix === '' ? '' : `${prefix}/`}AWSLogs/${account.id}/elasticloadbalancing/${region}/`,
    principals: network ? ['delivery.logs.amazonaws.com'] : elbWriters(account.partition, region),
    sourceAccount: account.id,
    ...(network ? { sourceArn: `arn:${account.partition}:logs:${region}:${account.id}:*` } : { sourceArn: arn }),
  });
  const listeners = network ? tlsListeners(evidence, account.id, region, arn) : undefined;
  const edge = {
    id,
    to: landing.node,
    label: name,
    delivery: landing.delivery,
    latency: LATENCY,
    evidence: [...ids, ...landing.evidence, ...(listeners?.ids ?? [])],
  };
  if (listeners?.is === 'none') {
    const why = `${name}: access logs are written for TLS listeners only and it has none`;
    return [{ ...edge, passes: NOTHING, mayPass: NOTHING, unknowns: landing.unknowns, delivery: { state: 'broken', why } }];
  }
  if (listeners?.unknown) return [{ ...edge, passes: NOTHING, mayPass: EVERYTHING, unknowns: [...landing.unknowns, listeners.unknown] }];
  return [{ ...edge, passes: EVERYTHING, mayPass: EVERYTHING, unknowns: landing.unknowns }];
}

function tlsListeners(evidence: EvidenceView, account: string, region: string, arn: string) {
  const answer = evidence.call(
    'elasticloadbalancing:DescribeListeners',
    Listeners,
    { account, region, args: { LoadBalancerArn: arn } },
    arn,
  );
  const protocols = answer.pages.flatMap((page) => page.Listeners.map((one) => one.Protocol));
  if (answer.unknown) return { is: 'unknown' as const, unknown: answer.unknown, ids: answer.ids };
  return { is: protocols.includes('TLS') ? ('some' as const) : ('none' as const), unknown: undefined, ids: answer.ids };
}
