import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, selectorOf } from '../../src/events/classes.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { landInBucket } from './destinations.ts';
import type { AwsAccount } from './estate.ts';
import { blindWhereNotReached, blindWhereRegionsUnknown, cellsOf, listOf, unseenEdge, withoutEndSlashes } from './listing.ts';

const SOURCE = 'aws.elb.classic';

/**
 * Accounts in which Elastic Load Balancing writes for regions that are older than its service principal.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
 */
const ELB_ACCOUNTS: Readonly<Record<string, string>> = {
  'us-east-1': '127311923021',
  'us-east-2': '033677994240',
  'us-west-1': '027434742980',
  'us-west-2': '797873946194',
  'af-south-1': '098369216593',
  'ap-east-1': '754344448648',
  'ap-south-1': '718504428378',
  'ap-northeast-1': '582318560864',
  'ap-northeast-2': '600734575887',
  'ap-northeast-3': '383597477331',
  'ap-southeast-1': '114774131450',
  'ap-southeast-2': '783225319266',
  'ap-southeast-3': '589379963580',
  'ca-central-1': '985666609251',
  'eu-central-1': '054676820928',
  'eu-west-1': '156460612806',
  'eu-west-2': '652711504416',
  'eu-west-3': '009996457667',
  'eu-south-1': '635631232127',
  'eu-north-1': '897822967062',
  'me-south-1': '076674570225',
  'sa-east-1': '507241528517',
  'us-gov-west-1': '048591011584',
  'us-gov-east-1': '190560391635',
  'cn-north-1': '638102146993',
  'cn-northwest-1': '037604701340',
};

/** Who writes the access logs of application and classic load balancers of a region. */
export function elbWriters(partition: string, region: string): readonly string[] {
  const account = own(ELB_ACCOUNTS, region);
  return ['logdelivery.elasticloadbalancing.amazonaws.com', ...(account === undefined ? [] : [`arn:${partition}:iam::${account}:root`])];
}

const LoadBalancers = z.object({ LoadBalancerDescriptions: z.array(z.object({ LoadBalancerName: z.string() })).default([]) });
const Attributes = z.object({
  LoadBalancerAttributes: z
    .object({
      AccessLog: z
        .object({
          Enabled: z.boolean(),
          EmitInterval: z.number().optional(),
          S3BucketName: z.string().nullish(),
          S3BucketPrefix: z.string().nullish(),
        })
        .nullish(),
    })
    .default({}),
});

/** Access logs of Classic Load Balancers. https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html */
export const classicLoadBalancers: Collector = {
  id: 'classic-load-balancers',
  provider: 'aws',
  service: 'Elastic Load Balancing (classic)',
  informs: [SOURCE],
  runs: 'region',
  phase: 'sources',
  calls: {
    'elasticloadbalancing-classic:DescribeLoadBalancers': {
      permission: 'elasticloadbalancing:DescribeLoadBalancers',
      pages: { from: 'NextMarker', to: 'Marker' },
      why: 'the classic load balancers',
      per: 'region',
    },
    'elasticloadbalancing-classic:DescribeLoadBalancerAttributes': {
      permission: 'elasticloadbalancing:DescribeLoadBalancerAttributes',
      why: 'whether logs go to a bucket, and how often',
      per: 'resource',
    },
  },
  doc: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html',
  async collect(cell) {
    const all = await cell.ask('elasticloadbalancing-classic:DescribeLoadBalancers', { PageSize: 400 });
    await Promise.all(
      all.pages
        .flatMap((page) => LoadBalancers.safeParse(page).data?.LoadBalancerDescriptions ?? [])
        .map(async ({ LoadBalancerName }) => {
          const answer = await cell.ask('elasticloadbalancing-classic:DescribeLoadBalancerAttributes', { LoadBalancerName });
          for (const page of answer.pages) {
            const log = Attributes.safeParse(page).data?.LoadBalancerAttributes.AccessLog;
            if (log?.Enabled && log.S3BucketName) cell.want({ kind: 's3', id: log.S3BucketName });
          }
        }),
    );
  },
  read(evidence, paths) {
    blindWhereNotReached(evidence, paths, [SOURCE], 'elasticloadbalancing-classic:DescribeLoadBalancers');
    blindWhereRegionsUnknown(evidence, paths, [SOURCE]);
    for (const { account, region, at } of cellsOf(evidence)) {
      const all = listOf(
        evidence,
        'elasticloadbalancing-classic:DescribeLoadBalancers',
        LoadBalancers,
        (page) => page.LoadBalancerDescriptions,
        at,
      );
      if (all.unknown) paths.blind({ sources: [SOURCE], scope: { provider: 'aws', ...at }, unknowns: [all.unknown], evidence: all.ids });
      for (const one of all.items) readLoadBalancer(evidence, paths, account, region, one.LoadBalancerName, all.ids);
    }
  },
};

function readLoadBalancer(
  evidence: EvidenceView,
  paths: PathsBuilder,
  account: AwsAccount,
  region: string,
  name: string,
  listed: readonly number[],
): void {
  const arn = `arn:${account.partition}:elasticloadbalancing:${region}:${account.id}:loadbalancer/${name}`;
  const scope = { provider: 'aws' as const, account: account.id, region, resource: arn };
  const answer = evidence.call(
    'elasticloadbalancing-classic:DescribeLoadBalancerAttributes',
    Attributes,
    { account: account.id, region, args: { LoadBalancerName: name } },
    name,
  );
  const ids = [...listed, ...answer.ids];
  paths.resource({ type: 'aws.elb.classic', id: arn, scope, evidence: listed });
  const taps: Edge[] = [];
  const id = `classic-load-balancer|${arn}`;
  const label = `access logs of ${name}`;
  const log = answer.pages[0]?.LoadBalancerAttributes.AccessLog;
  if (!log || answer.unknown) {
    const unknown =
      answer.unknown ??
      evidence.unknownOf('elasticloadbalancing-classic:DescribeLoadBalancerAttributes', name, 'AttributeMissing', answer.ids);
    taps.push(unseenEdge(paths, { id: `${id}|not-read`, label, unknowns: [unknown], evidence: ids, account: account.id, region }));
  } else if (log.Enabled && log.S3BucketName) {
    const prefix = withoutEndSlashes(log.S3BucketPrefix ?? '');
    const landing = landInBucket(evidence, paths, {
      bucket: log.S3BucketName,
      prefix: `${prefix === '' ? '' : `${prefix}/`}AWSLogs/${account.id}/elasticloadbalancing/${region}/`,
      principals: elbWriters(account.partition, region),
      sourceAccount: account.id,
      sourceArn: arn,
    });
    taps.push({
      id,
      to: landing.node,
      label,
      passes: EVERYTHING,
      mayPass: EVERYTHING,
      unknowns: landing.unknowns,
      delivery: landing.delivery,
      // Minutes: 5 or, unless set, 60.
      latency: (log.EmitInterval ?? 60) * 60,
      evidence: [...ids, ...landing.evidence],
    });
  }
  paths.emitter({
    id: `${SOURCE}|${arn}`,
    sources: [SOURCE],
    scope,
    name,
    universe: selectorOf({ resource: { equals: [arn] } }),
    taps,
    evidence: ids,
  });
}
