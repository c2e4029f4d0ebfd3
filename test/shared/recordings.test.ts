import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Override, type Replay, startReplay } from '../../connectors/aws/replay/server.ts';
import { EvidenceRecord } from '../../src/model/evidence.ts';
import { fail, knownServices, send } from '../connectors/aws/replay-client.ts';

interface Recording {
  readonly service: string;
  readonly model: string;
  readonly operation: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly source: string;
}

const file = new URL('../../../shared/recordings/aws-wire/aws-wire.ndjson', import.meta.url);
const present = existsSync(file);
if (!present) console.warn(`SKIPPED: genuine recorded answers are not there: ${file.pathname}`);
const recordings: Recording[] = present
  ? readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];

/** What a client insists on being told before it asks. */
const needed: Record<string, Record<string, unknown>> = {
  GetEventSelectors: { TrailName: 't' },
  GetTrailStatus: { Name: 't' },
  DescribeCluster: { name: 'c' },
  DescribeLogStreams: { logGroupName: 'g' },
  DescribeSubscriptionFilters: { logGroupName: 'g' },
  'elasticloadbalancing DescribeLoadBalancerAttributes': { LoadBalancerArn: 'a' },
  'elasticloadbalancing-classic DescribeLoadBalancerAttributes': { LoadBalancerName: 'a' },
  ListTagsForResource: { ResourceArn: 'r' },
};
const serviceOf = (recording: Recording): string => (recording.model === 'elb' ? 'elasticloadbalancing-classic' : recording.service);
const argsOf = (recording: Recording): Record<string, unknown> =>
  needed[`${serviceOf(recording)} ${recording.operation}`] ??
  needed[recording.operation] ??
  (recording.service === 's3' ? { Bucket: 'b' } : {});

const read = recordings.filter((recording) => knownServices.includes(serviceOf(recording)));
const groups = new Map<string, Recording[]>();
for (const recording of read) {
  const key = `${serviceOf(recording)}:${recording.operation}`;
  groups.set(key, [...(groups.get(key) ?? []), recording]);
}

describe.skipIf(!present)('genuine recorded answers', () => {
  let replay: Replay;
  let said: Override | undefined;
  beforeAll(async () => {
    replay = await startReplay([], { answer: () => said });
  });
  afterAll(() => replay.close());

  it('are there for the services that are read', () => {
    expect(read.length).toBeGreaterThan(350);
    expect([...groups.keys()]).toEqual(
      expect.arrayContaining([
        'cloudtrail:DescribeTrails',
        's3:GetBucketPolicy',
        'ec2:DescribeFlowLogs',
        'eks:DescribeCluster',
        'logs:DescribeLogGroups',
      ]),
    );
  });

  it.each([...groups])('%s is read by the SDK, and comes back the same when replayed from evidence', async (_, group) => {
    for (const recording of group) {
      const asked = [replay.url, serviceOf(recording), recording.operation, argsOf(recording), '111122223333'] as const;
      said = { raw: { status: recording.status, headers: recording.headers, body: recording.body } };
      const body = await send(...asked);
      expect(body, recording.source).toBeTypeOf('object');
      said = { body };
      expect(await send(...asked), recording.source).toEqual(body);
    }
    expect(replay.requests.at(-1)).toMatchObject({ op: group[0]?.operation, args: argsOf(group[0] as Recording) });
  });
});

const traps = new URL('../../../shared/traps/', import.meta.url);
if (!existsSync(traps)) console.warn(`SKIPPED: estates with known answers are not there: ${traps.pathname}`);
const estates = existsSync(traps)
  ? readdirSync(traps).flatMap((name) => {
      const path = new URL(`${name}/evidence.ndjson`, traps);
      const records = existsSync(path)
        ? readFileSync(path, 'utf8')
            .trim()
            .split('\n')
            .map((line) => EvidenceRecord.parse(JSON.parse(line)))
        : [];
      const served = records.filter((record) => record.provider === 'aws' && knownServices.includes(record.service));
      return served.length > 0 ? [[name, served] as const] : [];
    })
  : [];

/** Times compare as times: what was recorded to the second comes back with milliseconds. */
const timed = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, inner) =>
    typeof inner === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(inner) ? new Date(inner).toISOString() : inner,
  );

describe.skipIf(estates.length === 0)('estates with known answers', () => {
  it.each(estates)('%s comes back through the SDK as it is recorded', async (_, records) => {
    const replay = await startReplay(records);
    try {
      for (const record of records) {
        const asked = [replay.url, record.service, record.op, record.args, record.account ?? '', record.region ?? 'us-east-1'] as const;
        if (record.error) {
          const error = await fail(...asked);
          expect([error.name, error.Code], JSON.stringify(record)).toContain(record.error.code);
        } else expect(timed(await send(...asked)), JSON.stringify(record.args)).toEqual(timed(record.body));
      }
      expect(replay.unmatched).toEqual([]);
      expect(replay.unused()).toEqual([]);
    } finally {
      await replay.close();
    }
  });
});
