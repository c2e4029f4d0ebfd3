import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING } from '../../src/events/classes.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge, StoreKind } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { addEmitter, arnRegion, CLOUDTRAIL_SOURCES, regionsOf } from './cloudtrail.ts';
import { unseenTap } from './cloudtrail-trails.ts';
import { estateOf } from './estate.ts';
import { AdvancedEventSelector, takenByAdvanced } from './event-selectors.ts';

const Channels = z.object({ Channels: z.array(z.object({ ChannelArn: z.string(), Name: z.string().optional() })) });
const Channel = z.object({
  ChannelArn: z.string(),
  Name: z.string().optional(),
  Source: z.string().optional(),
  SourceConfig: z
    .object({ ApplyToAllRegions: z.boolean().optional(), AdvancedEventSelectors: z.array(AdvancedEventSelector).optional() })
    .optional(),
  Destinations: z.array(z.object({ Type: z.string().optional(), Location: z.string().optional() })).default([]),
  IngestionStatus: z
    .object({
      LatestIngestionErrorCode: z.string().optional(),
      LatestIngestionSuccessTime: z.string().optional(),
      LatestIngestionAttemptTime: z.string().optional(),
    })
    .optional(),
});
type Channel = z.infer<typeof Channel>;

/** Services whose copy of the events an account can search; what others take, they keep for themselves. */
const SEARCHABLE: Record<string, { kind: StoreKind; call: string }> = {
  securitylake: { kind: 'security-lake', call: 'securitylake:ListDataLakes' },
  'security-lake': { kind: 'security-lake', call: 'securitylake:ListDataLakes' },
  cloudwatch: { kind: 'cloudwatch-logs', call: 'logs:DescribeLogGroups' },
  logs: { kind: 'cloudwatch-logs', call: 'logs:DescribeLogGroups' },
  observabilityadmin: { kind: 'cloudwatch-logs', call: 'logs:DescribeLogGroups' },
};

export const cloudtrailChannels: Collector = {
  id: 'cloudtrail-channels',
  provider: 'aws',
  service: 'CloudTrail channels',
  informs: [...CLOUDTRAIL_SOURCES, 'aws.cloudtrail.channel'],
  runs: 'region',
  phase: 'sources',
  calls: {
    'cloudtrail:ListChannels': {
      permission: 'cloudtrail:ListChannels',
      pages: { from: 'NextToken', to: 'NextToken' },
      why: 'services that take events without a trail',
      per: 'region',
    },
    'cloudtrail:GetChannel': { permission: 'cloudtrail:GetChannel', why: 'what a channel takes and where it sends it', per: 'resource' },
  },
  doc: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/viewing-service-linked-channels.html',

  async collect(cell) {
    const answer = await cell.ask('cloudtrail:ListChannels');
    for (const page of answer.pages) {
      const read = Channels.safeParse(page);
      for (const channel of read.success ? read.data.Channels : [])
        await cell.ask('cloudtrail:GetChannel', { Channel: channel.ChannelArn });
    }
  },

  read(evidence, paths) {
    const lists = new Map(
      evidence.calls('cloudtrail:ListChannels', Channels).map((answer) => [`${answer.account}|${answer.region ?? ''}`, answer]),
    );
    for (const account of estateOf(evidence).accounts) {
      const channels = account.regions.flatMap(
        (region) => lists.get(`${account.id}|${region}`)?.pages.flatMap((page) => page.Channels.map((channel) => channel.ChannelArn)) ?? [],
      );
      const edges = [...new Set(channels)].flatMap((arn) => readChannel(evidence, paths, account.id, arn));
      for (const region of regionsOf(account)) {
        const emitter = addEmitter(paths, account, region);
        for (const one of edges) if (one.everywhere || arnRegion(one.arn) === region) paths.tap(emitter, one.edge);
        const list = lists.get(`${account.id}|${region ?? ''}`);
        // A region that is not known is asked for by its own edge.
        if (region !== undefined && (!list || list.unknown)) {
          const where = account.reached ? `${account.id} ${region}` : account.id;
          const code = account.reached ? 'NotAsked' : 'AccountNotReached';
          const unknown = list?.unknown ?? evidence.unknownOf('cloudtrail:ListChannels', where, code, []);
          paths.tap(emitter, unseenTap(paths, `channels:${where}`, 'channels that were not listed', { ...unknown, on: where }));
        }
      }
    }
  },
};

function readChannel(
  evidence: EvidenceView,
  paths: PathsBuilder,
  account: string,
  arn: string,
): { arn: string; everywhere: boolean; edge: Edge }[] {
  const answer = evidence.call('cloudtrail:GetChannel', Channel, { account, args: { Channel: arn } }, arn);
  const channel = answer.pages[0];
  if (answer.unknown || !channel) {
    return [
      {
        arn,
        everywhere: true,
        edge: unseenTap(
          paths,
          `channel:${arn}`,
          `channel ${arn.split('/').at(-1)}`,
          answer.unknown ?? evidence.unknownOf('cloudtrail:GetChannel', arn, 'UnreadableAnswer', answer.ids),
        ),
      },
    ];
  }
  // Channels into event data stores bring events of other makers; the account's own CloudTrail events do not pass them.
  const service = serviceOf(channel);
  const target = service === undefined ? undefined : own(SEARCHABLE, service);
  if (!target) return [];
  const name = channel.Name ?? arn;
  const unread = evidence.unknownOf(target.call, `the copy that ${service} keeps of channel ${name}`, 'NotRead', answer.ids);
  const any = { least: 0, most: Number.POSITIVE_INFINITY };
  const to = paths.node({
    type: 'store',
    id: `channel-store:${arn}`,
    kind: target.kind,
    name: channel.Destinations[0]?.Location ?? String(service),
    scope: { provider: 'aws', account, region: arnRegion(arn) },
    keeps: { searchable: any, total: any, immutable: undefined, because: `how long ${service} keeps it was not read`, unknowns: [unread] },
    findings: [],
    unknowns: [],
    evidence: answer.ids,
  });
  const selectors = channel.SourceConfig?.AdvancedEventSelectors;
  const selector = selectors?.length ? takenByAdvanced(selectors) : undefined;
  const edge: Edge = {
    id: `channel:${arn}`,
    to,
    label: `channel ${name}`,
    passes: selector?.passes ?? NOTHING,
    mayPass: selector?.mayPass ?? EVERYTHING,
    unknowns: selector
      ? selector.unclear.map((what) => evidence.unknownOf('cloudtrail:GetChannel', `${arn}: ${what}`, 'SelectorNotUnderstood', answer.ids))
      : [evidence.unknownOf('cloudtrail:GetChannel', arn, 'NoSelectors', answer.ids)],
    delivery: ingestion(channel),
    latency: 300,
    evidence: answer.ids,
  };
  const scope = { provider: 'aws', account, region: arnRegion(arn), resource: arn } as const;
  paths.emitter({
    id: `channel:${arn}`,
    sources: ['aws.cloudtrail.channel'],
    scope,
    name,
    universe: EVERYTHING,
    taps: [edge],
    evidence: answer.ids,
  });
  return [{ arn, everywhere: channel.SourceConfig?.ApplyToAllRegions === true, edge }];
}

function serviceOf(channel: Channel): string | undefined {
  return (
    /^aws-service-channel\/([^/]+)/.exec(channel.Name ?? '')?.[1]?.toLowerCase() ??
    (channel.Destinations.some((one) => one.Type === 'AWS_SERVICE') ? channel.Destinations[0]?.Location?.toLowerCase() : undefined)
  );
}

function ingestion(channel: Channel): Delivery {
  const status = channel.IngestionStatus;
  if (!status?.LatestIngestionErrorCode) return { state: 'flowing' };
  return {
    state: 'unknown',
    why: `the last ingestion error is ${status.LatestIngestionErrorCode}; last success ${status.LatestIngestionSuccessTime ?? 'not known'}`,
  };
}
