import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, selectorOf } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { landInLogGroup } from './destinations.ts';
import { blindWhereNotReached, blindWhereRegionsUnknown, cellsOf, listOf, unseenEdge } from './listing.ts';
import { securityLakeTaps } from './security-lake.ts';

/** The control plane's log types and the sources that they feed. */
const SOURCES = {
  audit: 'k8s.eks.audit',
  authenticator: 'k8s.eks.authenticator',
  api: 'k8s.eks.api',
  controllerManager: 'k8s.eks.controllermanager',
  scheduler: 'k8s.eks.scheduler',
} as const;

const Clusters = z.object({ clusters: z.array(z.string()).default([]) });
const Described = z.object({
  cluster: z.object({
    arn: z.string().optional(),
    status: z.string().optional(),
    logging: z
      .object({
        clusterLogging: z.array(z.object({ types: z.array(z.string()).default([]), enabled: z.boolean().optional() })).default([]),
      })
      .nullish(),
  }),
});

/** EKS control plane logs. https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html */
export const eks: Collector = {
  id: 'eks',
  provider: 'aws',
  service: 'EKS',
  informs: Object.values(SOURCES),
  runs: 'region',
  phase: 'sources',
  calls: {
    'eks:ListClusters': {
      permission: 'eks:ListClusters',
      pages: { from: 'nextToken', to: 'nextToken' },
      why: 'the clusters',
      per: 'region',
    },
    'eks:DescribeCluster': { permission: 'eks:DescribeCluster', why: 'which control plane logs are on', per: 'resource' },
  },
  doc: 'https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html',
  async collect(cell) {
    const clusters = await cell.ask('eks:ListClusters', { maxResults: 100 });
    await Promise.all(
      clusters.pages
        .flatMap((page) => Clusters.safeParse(page).data?.clusters ?? [])
        .map(async (name) => {
          const answer = await cell.ask('eks:DescribeCluster', { name });
          const on = answer.pages.some((page) => enabledTypes(Described.safeParse(page).data?.cluster).size > 0);
          if (on)
            cell.want({
              kind: 'cloudwatch-logs',
              id: groupOf(cell.partition, cell.account, cell.region, name),
              account: cell.account,
              region: cell.region,
            });
        }),
    );
  },
  read(evidence, paths) {
    blindWhereNotReached(evidence, paths, Object.values(SOURCES), 'eks:ListClusters');
    blindWhereRegionsUnknown(evidence, paths, Object.values(SOURCES));
    for (const { account, region, at } of cellsOf(evidence)) {
      const clusters = listOf(evidence, 'eks:ListClusters', Clusters, (page) => page.clusters, at);
      if (clusters.unknown)
        paths.blind({
          sources: Object.values(SOURCES),
          scope: { provider: 'aws', ...at },
          unknowns: [clusters.unknown],
          evidence: clusters.ids,
        });
      for (const name of clusters.items) readCluster(evidence, paths, { ...at, partition: account.partition, region }, name, clusters.ids);
    }
  },
};

interface Place {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
}

function readCluster(evidence: EvidenceView, paths: PathsBuilder, place: Place, name: string, listed: readonly number[]): void {
  const answer = evidence.call('eks:DescribeCluster', Described, { account: place.account, region: place.region, args: { name } }, name);
  const cluster = answer.pages[0]?.cluster;
  const arn = cluster?.arn ?? `arn:${place.partition}:eks:${place.region}:${place.account}:cluster/${name}`;
  const scope = { provider: 'aws' as const, account: place.account, region: place.region, resource: arn };
  const ids = [...listed, ...answer.ids];
  paths.resource({ type: 'aws.eks.cluster', id: arn, scope, evidence: ids });
  const on = enabledTypes(cluster);
  for (const [type, source] of Object.entries(SOURCES)) {
    const taps: Edge[] = [
      ...(cluster === undefined
        ? [
            notRead(
              paths,
              place,
              name,
              answer.unknown ?? evidence.unknownOf('eks:DescribeCluster', name, 'UnreadableAnswer', answer.ids),
              ids,
            ),
          ]
        : []),
      ...(on.has(type) ? [groupTap(evidence, paths, place, name, type, ids)] : []),
      ...(type === 'audit'
        ? securityLakeTaps(evidence, paths, { account: place.account, region: place.region, logSource: 'EKS_AUDIT' })
        : []),
    ];
    paths.emitter({
      id: `${source}|${arn}`,
      sources: [source],
      scope,
      name,
      universe: selectorOf({ resource: { equals: [arn] } }),
      taps,
      evidence: ids,
    });
  }
}

/** The list has an entry for what is on and one for what is off, in any order. */
function enabledTypes(cluster: z.infer<typeof Described>['cluster'] | undefined): ReadonlySet<string> {
  return new Set((cluster?.logging?.clusterLogging ?? []).flatMap((entry) => (entry.enabled === true ? entry.types : [])));
}

function groupOf(partition: string, account: string, region: string, name: string): string {
  return `arn:${partition}:logs:${region}:${account}:log-group:/aws/eks/${name}/cluster`;
}

function groupTap(evidence: EvidenceView, paths: PathsBuilder, place: Place, name: string, type: string, ids: readonly number[]): Edge {
  const group = groupOf(place.partition, place.account, place.region, name);
  const landing = landInLogGroup(evidence, paths, { arn: group });
  const id = `eks|${place.account}|${place.region}|${name}|${type}`;
  const label = `control plane logging of ${name}: ${type}`;
  // The control plane makes its group, also anew, when it next writes: what that one will keep is not known.
  if (landing.delivery.state === 'broken') {
    return unseenEdge(paths, {
      id,
      label,
      unknowns: [evidence.unknownOf('logs:DescribeLogGroups', group, 'NotYetMade', landing.evidence)],
      evidence: [...ids, ...landing.evidence],
      account: place.account,
      region: place.region,
    });
  }
  return {
    id,
    to: landing.node,
    label,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: landing.unknowns,
    delivery: landing.delivery,
    evidence: [...ids, ...landing.evidence],
  };
}

function notRead(paths: PathsBuilder, place: Place, name: string, unknown: Unknown, ids: readonly number[]): Edge {
  return unseenEdge(paths, {
    id: `eks|${place.account}|${place.region}|${name}|not-read`,
    label: `control plane logging of ${name}`,
    unknowns: [unknown],
    evidence: ids,
    account: place.account,
    region: place.region,
  });
}
