import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { enterGcpReplay } from '../../connectors/gcp/replay/environment.ts';
import { startGcpReplay } from '../../connectors/gcp/replay/server.ts';
import { createSdk } from '../../connectors/gcp/sdk.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';

const found = spawnSync('gcloud', ['--version'], { encoding: 'utf8' }).status === 0;
if (!found) process.stderr.write('SKIPPED: gcloud is not on this machine, so nobody else reads what is served for Google Cloud\n');

const list = (op: string, parent: string, body: unknown): EvidenceRecord => ({
  v: 1,
  provider: 'gcp',
  account: 'card-vault',
  service: 'logging',
  op,
  args: { parent },
  at: '2026-11-21T12:00:00Z',
  body,
});
const SINKS = [
  {
    name: '_Default',
    destination: 'logging.googleapis.com/projects/card-vault/locations/global/buckets/_Default',
    filter: 'NOT LOG_ID("x")',
  },
  {
    name: 'to-siem',
    destination: 'pubsub.googleapis.com/projects/central-logs/topics/siem',
    filter: 'severity>=ERROR',
    disabled: true,
    exclusions: [{ name: 'noise', filter: 'sample(insertId, 0.5)' }],
    createTime: '2026-01-02T03:04:05.678901Z',
    outputVersionFormat: 'V2',
  },
];
const BUCKETS = [{ name: 'projects/card-vault/locations/global/buckets/_Default', retentionDays: 30, lifecycleState: 'ACTIVE' }];

describe.skipIf(!found)('gcloud, reading the same server', () => {
  it('sees the same sinks and the same buckets', async () => {
    const replay = await startGcpReplay([
      // One page: gcloud asks for no other.
      list('projects.sinks.list', 'projects/card-vault', { sinks: SINKS }),
      list('projects.locations.buckets.list', 'projects/card-vault/locations/-', { buckets: BUCKETS }),
    ]);
    const folder = mkdtempSync(join(tmpdir(), 'gcloud-'));
    const leave = enterGcpReplay(replay);
    try {
      writeFileSync(join(folder, 'token'), 'example');
      const env = {
        PATH: process.env.PATH,
        HOME: folder,
        CLOUDSDK_CONFIG: folder,
        CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder, 'token'),
        CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: `${replay.url}/`,
        CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
        CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
      };
      const gcloud = async (...args: string[]): Promise<unknown[]> =>
        JSON.parse((await promisify(execFile)('gcloud', ['logging', ...args, '--project=card-vault', '--format=json'], { env })).stdout);
      const byName = (all: unknown[]) => [...(all as { name: string }[])].sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(byName(await gcloud('sinks', 'list'))).toEqual(SINKS);
      expect(await gcloud('buckets', 'list', '--location=-')).toEqual(BUCKETS);

      const sdk = createSdk();
      const asked = { account: 'card-vault' };
      const signal = new AbortController().signal;
      const ask = (call: string, args: Record<string, unknown>) => sdk.send(call, {}, args, asked, signal);
      expect((await ask('logging:projects.sinks.list', { parent: 'projects/card-vault' })).body).toEqual({ sinks: SINKS });
      expect((await ask('logging:projects.locations.buckets.list', { parent: 'projects/card-vault/locations/-' })).body).toEqual({
        buckets: BUCKETS,
      });
      expect(replay.unmatched).toEqual([]);
    } finally {
      leave();
      await replay.close();
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});
