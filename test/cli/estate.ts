import { accessKeyOf, type Replay, type ReplayOptions, startReplay } from '../../connectors/aws/replay/server.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { readNdjson } from '../../src/store/ndjson.ts';
import { estate } from './cli.ts';

/** The example estate on loopback, and the environment in which the AWS SDK finds it. */
export async function serveEstate(
  options: ReplayOptions = {},
): Promise<{ readonly replay: Replay; readonly env: Readonly<Record<string, string>> }> {
  const records: EvidenceRecord[] = [];
  for await (const { id: _, ...record } of readNdjson(estate)) records.push(record);
  const replay = await startReplay(records, options);
  return {
    replay,
    env: {
      AWS_ENDPOINT_URL: replay.url,
      AWS_ACCESS_KEY_ID: accessKeyOf('999900001111'),
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_REGION: 'us-east-1',
      AWS_MAX_ATTEMPTS: '1',
    },
  };
}
