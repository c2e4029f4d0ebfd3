import { afterEach, describe, expect, it } from 'vitest';
import { awsProvider } from '../../connectors/aws/provider.ts';
import { type Replay, startReplay } from '../../connectors/aws/replay/server.ts';
import { gcpProvider } from '../../connectors/gcp/provider.ts';
import { enterGcpReplay } from '../../connectors/gcp/replay/environment.ts';
import { type GcpReplay, type GcpReplayOptions, startGcpReplay } from '../../connectors/gcp/replay/server.ts';
import type { Collector } from '../../src/collect/collector.ts';
import { type CollectProgress, type CollectSettings, collect } from '../../src/collect/engine.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import type { EvidenceStore } from '../../src/store/evidence-store.ts';
import { COLLECTOR, freshStore, organization, pointAt, START, trails } from './estate.ts';

/** Sinks of each project, and the log buckets that they lead to. */
const sinks: Collector = {
  ...COLLECTOR,
  id: 'sinks',
  provider: 'gcp',
  runs: 'account',
  phase: 'sources',
  calls: { 'logging:projects.sinks.list': { permission: 'logging.sinks.list', why: 'sinks' } },
  async collect(cell) {
    if (cell.account.includes('/')) return;
    const answer = await cell.ask('logging:projects.sinks.list', { parent: `projects/${cell.account}` });
    for (const sink of answer.pages.flatMap((page) => page.sinks ?? [])) {
      const id = String(sink.destination).replace(/^logging\.googleapis\.com\//, '');
      cell.want({ kind: 'log-bucket', id, account: id.split('/')[1] as string });
    }
  },
};
const buckets: Collector = {
  ...COLLECTOR,
  id: 'buckets',
  provider: 'gcp',
  runs: 'account',
  phase: 'stores',
  calls: { 'logging:projects.locations.buckets.get': { permission: 'logging.buckets.get', why: 'days' } },
  async collect(cell) {
    for (const one of cell.wanted)
      if (one.kind === 'log-bucket') await cell.ask('logging:projects.locations.buckets.get', { name: one.id });
  },
};
const stores: Collector = {
  ...COLLECTOR,
  id: 'stores',
  runs: 'region',
  phase: 'stores',
  calls: { 's3:GetBucketLifecycleConfiguration': { permission: 's3:GetLifecycleConfiguration', why: 'days' } },
  async collect(cell) {
    for (const one of cell.wanted) if (one.kind === 's3') await cell.ask('s3:GetBucketLifecycleConfiguration', { Bucket: one.id });
  },
};

const CENTRAL = 'projects/central-logs/locations/global/buckets/audit';
const at = { v: 1 as const, provider: 'gcp' as const, at: '2026-11-21T12:00:00.000Z' };
const answers: EvidenceRecord[] = [
  {
    ...at,
    account: 'card-vault',
    service: 'cloudresourcemanager',
    op: 'projects.getAncestry',
    args: { projectId: 'card-vault' },
    body: { ancestor: [{ resourceId: { type: 'project', id: 'card-vault' } }] },
  },
  ...['card-vault', 'central-logs'].map((id, index) => ({
    ...at,
    account: id,
    service: 'cloudresourcemanager',
    op: 'projects.get',
    args: { name: `projects/${id}` },
    body: { name: `projects/48120000001${index}`, projectId: id, state: 'ACTIVE' },
  })),
  {
    ...at,
    account: 'card-vault',
    service: 'logging',
    op: 'projects.sinks.list',
    args: { parent: 'projects/card-vault' },
    body: { sinks: [{ name: 'out', destination: `logging.googleapis.com/${CENTRAL}` }] },
  },
  {
    ...at,
    account: 'central-logs',
    service: 'logging',
    op: 'projects.locations.buckets.get',
    args: { name: CENTRAL },
    body: { name: CENTRAL, retentionDays: 400 },
  },
];

const aws = organization({ [START]: { buckets: ['trail-logs'] } }, (request) => {
  if (request.op === 'DescribeTrails' && request.region === 'us-east-1')
    return { body: { trailList: [{ TrailARN: `arn:aws:cloudtrail:us-east-1:${START}:trail/main`, S3BucketName: 'trail-logs' }] } };
  return request.op === 'GetBucketLifecycleConfiguration' ? { body: { Rules: [] } } : undefined;
});

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function bothReplays(options: GcpReplayOptions = {}): Promise<{ amazon: Replay; google: GcpReplay }> {
  const amazon = await startReplay([], { answer: aws });
  const google = await startGcpReplay(answers, options);
  ends.push(
    () => amazon.close(),
    () => google.close(),
    enterGcpReplay(google),
  );
  pointAt(amazon.url);
  return { amazon, google };
}

const both = (store: EvidenceStore, more: Partial<CollectSettings> = {}, impersonate?: string) =>
  collect({
    ...more,
    store,
    estates: [
      { provider: awsProvider({ maxAttempts: 1 }), collectors: [trails, stores], regions: ['us-east-1', 'eu-west-1'] },
      { provider: gcpProvider({ projects: ['card-vault'], pause: 1, impersonate }), collectors: [sinks, buckets] },
    ],
  });

const told = (store: EvidenceStore) => [...store.records()].map((record) => `${record.provider} ${record.account} ${record.op}`);

describe('one scan over two clouds', () => {
  it('asks each cloud its own, keeps one scan, and follows a sink into a project that no list named', async () => {
    const { google } = await bothReplays();
    const store = freshStore();
    const seen: CollectProgress[] = [];
    const summary = await both(store, { onProgress: (progress) => seen.push(progress) });
    expect(summary).toMatchObject({ stopped: false, notStarted: [], failures: [], accounts: { total: 2, reached: 2, denied: 0 } });
    const records = told(store);
    expect(records).toEqual(
      expect.arrayContaining(['aws 111122223333 GetBucketLifecycleConfiguration', 'gcp central-logs projects.locations.buckets.get']),
    );
    // Methods of Google Cloud have a dot in their names, operations of AWS have none.
    expect(records.filter((record) => record.startsWith('gcp ') !== record.includes('.'))).toEqual([]);
    expect(google.unmatched).toEqual([]);
    expect(summary.calls).toBe(records.length);
    expect(seen.at(-1)?.calls).toBe(summary.calls);
    expect(store.scans()).toMatchObject([{ id: summary.scan, finishedAt: expect.any(String) }]);
    store.close();
  });

  it('goes on with one where the other has no credentials; resuming adds it and asks nothing again', async () => {
    let granted = false;
    const { amazon, google } = await bothReplays({
      answer: (request) =>
        request.service === 'iamcredentials' && !granted
          ? { error: { code: 'PERMISSION_DENIED', message: 'iam.serviceAccounts.getAccessToken', status: 403 } }
          : undefined,
    });
    const reader = 'viewshed@audit-tools.iam.gserviceaccount.com';
    const store = freshStore();
    const first = await both(store, {}, reader);
    expect(first.notStarted.map((one) => [one.provider, /cannot be impersonated/.test(one.error.message)])).toEqual([['gcp', true]]);
    expect(told(store)).toContain('aws 111122223333 GetBucketLifecycleConfiguration');
    const refused = [...store.records()].filter((record) => record.provider === 'gcp');
    expect(refused).toMatchObject([{ account: 'card-vault', op: 'projects.get', error: { code: 'CredentialsError' } }]);
    expect(store.scans()[0]?.finishedAt).toBeUndefined();

    granted = true;
    const before = amazon.count();
    const second = await both(store, { resume: true }, reader);
    expect(second).toMatchObject({ scan: first.scan, notStarted: [] });
    // Who we are is asked to begin with; all else is known.
    expect(amazon.requests.slice(before).map((request) => request.op)).toEqual(['GetCallerIdentity']);
    expect(google.unmatched).toEqual([]);
    expect(told(store)).toContain('gcp central-logs projects.locations.buckets.get');
    expect(store.scans()[0]?.finishedAt).toBeDefined();
    store.close();
  });

  it('fails where none has credentials', async () => {
    await bothReplays({ answer: () => ({ error: { code: 'PERMISSION_DENIED', message: 'no', status: 403 } }) });
    pointAt('http://127.0.0.1:9');
    const store = freshStore();
    await expect(both(store, {}, 'viewshed@audit-tools.iam.gserviceaccount.com')).rejects.toThrow(
      /AWS cannot be reached|cannot be impersonated/,
    );
    store.close();
  });

  it('stops as a whole, and goes on as a whole', async () => {
    const stop = new AbortController();
    const { google } = await bothReplays({
      answer(request) {
        if (request.op === 'projects.locations.buckets.get' && !stop.signal.aborted) stop.abort();
        return undefined;
      },
    });
    const store = freshStore();
    const first = await both(store, { signal: stop.signal });
    expect(first.stopped).toBe(true);
    const asked = google.requests.length;
    const second = await both(store, { resume: true });
    expect(second).toMatchObject({ scan: first.scan, stopped: false });
    expect(google.requests.slice(asked).map((request) => request.op)).toEqual(['projects.locations.buckets.get']);
    expect(told(store).filter((record) => record.includes('GetBucketLifecycleConfiguration'))).toHaveLength(1);
    store.close();
  });
});
