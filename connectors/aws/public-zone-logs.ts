import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, selectorOf } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { landInLogGroup } from './destinations.ts';
import type { AwsAccount } from './estate.ts';
import { estateOf } from './estate.ts';
import type { Listing } from './listing.ts';
import { blindWhereNotReached, groupArn, listOf, unseenEdge } from './listing.ts';

const SOURCE = 'aws.route53.public';

const Zones = z.object({
  HostedZones: z
    .array(z.object({ Id: z.string(), Name: z.string().optional(), Config: z.object({ PrivateZone: z.boolean().optional() }).nullish() }))
    .default([]),
});
const Logging = z.object({ Id: z.string().optional(), HostedZoneId: z.string(), CloudWatchLogsLogGroupArn: z.string() });
const LoggingConfigs = z.object({ QueryLoggingConfigs: z.array(Logging).default([]) });

/** Queries to public hosted zones. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html */
export const publicZoneLogs: Collector = {
  id: 'public-zone-logs',
  provider: 'aws',
  service: 'Route 53',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    'route53:ListHostedZones': {
      permission: 'route53:ListHostedZones',
      pages: { from: 'NextMarker', to: 'Marker' },
      why: 'the public zones',
      per: 'account',
    },
    'route53:ListQueryLoggingConfigs': {
      permission: 'route53:ListQueryLoggingConfigs',
      pages: { from: 'NextToken', to: 'NextToken' },
      why: 'which zones are logged, and where to',
      per: 'resource',
    },
  },
  doc: 'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html',
  async collect(cell) {
    const zones = await cell.ask('route53:ListHostedZones');
    if (zones.ok && !zones.pages.some((page) => page.HostedZones?.length > 0)) return;
    const configs = await cell.ask('route53:ListQueryLoggingConfigs');
    for (const config of configs.pages.flatMap((page) => LoggingConfigs.safeParse(page).data?.QueryLoggingConfigs ?? [])) {
      const id = groupArn(config.CloudWatchLogsLogGroupArn);
      const [, , , region, account] = id.split(':');
      cell.want({ kind: 'cloudwatch-logs', id, ...(account ? { account } : {}), ...(region ? { region } : {}) });
    }
  },
  read(evidence, paths) {
    blindWhereNotReached(evidence, paths, [SOURCE], 'route53:ListHostedZones');
    for (const account of estateOf(evidence).accounts) if (account.reached) readAccount(evidence, paths, account);
  },
};

function readAccount(evidence: EvidenceView, paths: PathsBuilder, account: AwsAccount): void {
  const at = { account: account.id };
  const zones = listOf(evidence, 'route53:ListHostedZones', Zones, (page) => page.HostedZones, at);
  if (zones.unknown) paths.blind({ sources: [SOURCE], scope: { provider: 'aws', ...at }, unknowns: [zones.unknown], evidence: zones.ids });
  const configs = listOf(evidence, 'route53:ListQueryLoggingConfigs', LoggingConfigs, (page) => page.QueryLoggingConfigs, at);
  for (const zone of zones.items) {
    const id = bare(zone.Id);
    const arn = `arn:${account.partition}:route53:::hostedzone/${id}`;
    const scope = { provider: 'aws' as const, account: account.id, resource: arn };
    paths.resource({ type: 'aws.route53.zone', id: arn, scope, evidence: zones.ids });
    if (zone.Config?.PrivateZone) continue;
    paths.emitter({
      id: `${SOURCE}|${account.id}|${arn}`,
      sources: [SOURCE],
      scope,
      name: zone.Name ?? id,
      universe: selectorOf({ resource: { equals: [id, arn] } }),
      taps: tapsOf(evidence, paths, account, id, configs),
      evidence: [...zones.ids, ...configs.ids],
    });
  }
}

function tapsOf(
  evidence: EvidenceView,
  paths: PathsBuilder,
  account: AwsAccount,
  zone: string,
  configs: Listing<z.infer<typeof Logging>>,
): Edge[] {
  const edges = configs.items
    .filter((one) => bare(one.HostedZoneId) === zone)
    .map((config): Edge => {
      const arn = groupArn(config.CloudWatchLogsLogGroupArn);
      const landing = landInLogGroup(evidence, paths, { arn });
      const region = arn.split(':')[3] ?? '';
      return {
        id: `public-zone|${account.id}|${zone}|${config.Id ?? arn}`,
        to: landing.node,
        label: `query logging of zone ${zone}`,
        passes: EVERYTHING,
        mayPass: EVERYTHING,
        unknowns: landing.unknowns,
        delivery:
          account.partition === 'aws' && region !== 'us-east-1'
            ? {
                state: 'broken',
                why: `the log group is in ${region}: Route 53 writes query logs to us-east-1 only`,
                fix: 'name a log group in us-east-1',
              }
            : landing.delivery,
        evidence: [...configs.ids, ...landing.evidence],
      };
    });
  if (configs.unknown)
    edges.push(
      unseenEdge(paths, {
        id: `public-zone|${account.id}|not-read`,
        label: 'query logging',
        unknowns: [configs.unknown],
        evidence: configs.ids,
        account: account.id,
      }),
    );
  return edges;
}

/** `/hostedzone/Z1` and `Z1` are the same zone. */
function bare(id: string): string {
  return id.replace(/^\/hostedzone\//, '');
}
