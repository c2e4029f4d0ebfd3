import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GcpOverride, GcpRequest } from '../../../connectors/gcp/replay/server.ts';
import type { Collector } from '../../../src/collect/collector.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { collected, gcp, gcpError } from './collecting.ts';

/** Sinks and buckets through the client, the same list with a filter and DNS policies over REST. */
const sinks: Collector = {
  id: 'sinks',
  provider: 'gcp',
  service: 'Test',
  informs: [],
  runs: 'account',
  phase: 'sources',
  doc: 'https://example.com/',
  calls: {
    'logging:projects.sinks.list': {
      permission: 'logging.sinks.list',
      pages: { from: 'nextPageToken', to: 'pageToken' },
      why: 'sinks',
    },
    'logging:folders.sinks.list': { permission: 'logging.sinks.list', why: 'sinks' },
    'logging:organizations.sinks.list': { permission: 'logging.sinks.list', why: 'sinks' },
    'logging:projects.locations.buckets.list': { permission: 'logging.buckets.list', why: 'buckets' },
    'logging:projects.getSettings': { permission: 'logging.settings.get', why: 'settings' },
    'dns:policies.list': {
      permission: 'dns.policies.list',
      url: 'GET https://dns.googleapis.com/dns/v1/projects/{project}/policies',
      why: 'query logging',
    },
  },
  async collect(cell) {
    const { account } = cell;
    if (account.includes('/')) {
      await cell.ask(`logging:${account.split('/')[0]}.sinks.list`, { parent: account });
      return;
    }
    await cell.ask('logging:projects.sinks.list', { parent: `projects/${account}` });
    await cell.ask('logging:projects.sinks.list', { parent: `projects/${account}`, filter: 'in_scope("ALL")' });
    await cell.ask('logging:projects.locations.buckets.list', { parent: `projects/${account}/locations/-` });
    await cell.ask('logging:projects.getSettings', { name: `projects/${account}` });
    await cell.ask('dns:policies.list', { project: account });
  },
  read: () => {},
};

const SINK = {
  name: 'to-vault',
  destination: 'logging.googleapis.com/projects/card-vault/locations/global/buckets/audit',
  filter: 'severity>=ERROR',
  includeChildren: true,
  interceptChildren: true,
  writerIdentity: 'serviceAccount:service-1@gcp-sa-logging.iam.gserviceaccount.com',
  createTime: '2026-01-02T03:04:05.678901Z',
};
const BUCKET = {
  name: 'projects/card-vault/locations/global/buckets/audit',
  retentionDays: 400,
  lifecycleState: 'ACTIVE',
  analyticsEnabled: true,
  restrictedFields: ['jsonPayload.card'],
  indexConfigs: [{ fieldPath: 'jsonPayload.id', type: 'INDEX_TYPE_STRING' }],
};
const SETTINGS = {
  name: 'projects/card-vault/settings',
  defaultSinkConfig: { mode: 'OVERWRITE', filter: 'severity>=ERROR' },
  loggingServiceAccountId: 'service-1@gcp-sa-logging.iam.gserviceaccount.com',
};
const PROJECT = { name: 'projects/481200000011', projectId: 'card-vault', state: 'ACTIVE', parent: 'folders/22' };
const ANCESTRY = {
  ancestor: [
    { resourceId: { type: 'project', id: 'card-vault' } },
    { resourceId: { type: 'folder', id: '22' } },
    { resourceId: { type: 'organization', id: '33' } },
  ],
};

function project(id: string): EvidenceRecord[] {
  return [
    gcp(id, 'cloudresourcemanager:projects.get', { name: `projects/${id}` }, { ...PROJECT, projectId: id }),
    gcp(id, 'cloudresourcemanager:projects.getAncestry', { projectId: id }, ANCESTRY),
    gcp(id, 'logging:projects.sinks.list', { parent: `projects/${id}` }, { sinks: [SINK] }),
    gcp(id, 'logging:projects.sinks.list', { parent: `projects/${id}`, filter: 'in_scope("ALL")' }, { sinks: [SINK] }),
    gcp(id, 'logging:projects.locations.buckets.list', { parent: `projects/${id}/locations/-` }, { buckets: [BUCKET] }),
    gcp(id, 'logging:projects.getSettings', { name: `projects/${id}` }, SETTINGS),
    gcp(id, 'dns:policies.list', { project: id }, {}),
  ];
}

const ABOVE = [
  gcp(
    'folders/22',
    'cloudresourcemanager:folders.get',
    { name: 'folders/22' },
    { name: 'folders/22', parent: 'organizations/33', state: 'ACTIVE' },
  ),
  gcp('folders/22', 'logging:folders.sinks.list', { parent: 'folders/22' }, {}),
  gcp(
    'organizations/33',
    'cloudresourcemanager:organizations.get',
    { name: 'organizations/33' },
    { name: 'organizations/33', displayName: 'example.com' },
  ),
  gcp('organizations/33', 'logging:organizations.sinks.list', { parent: 'organizations/33' }, { sinks: [SINK] }),
];

type Records = Awaited<ReturnType<typeof collected>>['records'];
const one = (records: Records, op: string, account?: string) =>
  records.find((record) => record.op === op && (account === undefined || record.account === account));
const accountsOf = (records: Records) => [...new Set(records.map((record) => record.account))].sort();

/** Says something to the first requests of one method, and leaves the rest to the records. */
function first(op: string, ...said: GcpOverride[]): (request: GcpRequest) => GcpOverride | undefined {
  return (request) => (request.op === op ? said.shift() : undefined);
}
const failure = (status: number, code: string, headers: Record<string, string> = {}): GcpOverride => ({
  raw: {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ error: { code: status, message: code, status: code } }),
  },
});

describe('a project as the starting point', () => {
  it('is read with the folder and the organization that it inherits from, exactly as answered', async () => {
    const { records, summary, unmatched } = await collected([sinks], [...project('card-vault'), ...ABOVE]);
    expect(unmatched).toEqual([]);
    expect(summary.accounts).toEqual({ total: 3, reached: 3, denied: 0, skipped: 0 });
    expect(accountsOf(records)).toEqual(['card-vault', 'folders/22', 'organizations/33']);
    expect(one(records, 'projects.sinks.list')?.body).toEqual({ sinks: [SINK] });
    expect(one(records, 'projects.locations.buckets.list')?.body).toEqual({ buckets: [BUCKET] });
    expect(one(records, 'projects.getSettings')?.body).toEqual(SETTINGS);
    expect(one(records, 'policies.list')).toMatchObject({
      provider: 'gcp',
      account: 'card-vault',
      args: { project: 'card-vault' },
      body: {},
    });
    expect(records.some((record) => 'region' in record)).toBe(false);
  });

  it('keeps the refusal of what it inherits from, and goes up by what the project itself tells', async () => {
    const answers = [
      ...project('card-vault').filter((record) => record.op !== 'projects.getAncestry'),
      gcpError('card-vault', 'cloudresourcemanager:projects.getAncestry', { projectId: 'card-vault' }, 'PERMISSION_DENIED', 403),
      gcpError('folders/22', 'cloudresourcemanager:folders.get', { name: 'folders/22' }, '7', 403, 'The caller does not have permission'),
      gcpError('folders/22', 'logging:folders.sinks.list', { parent: 'folders/22' }, 'PERMISSION_DENIED', 403),
    ];
    const { records, summary } = await collected([sinks], answers);
    expect(accountsOf(records)).toEqual(['card-vault', 'folders/22']);
    expect(one(records, 'folders.get')?.error).toEqual({
      code: 'PERMISSION_DENIED',
      status: 403,
      message: 'The caller does not have permission',
    });
    expect(one(records, 'folders.sinks.list')?.error?.code).toBe('PERMISSION_DENIED');
    expect(summary.denied).toEqual({ 'logging.sinks.list': 1, 'resourcemanager.folders.get': 1, 'resourcemanager.projects.get': 1 });
  });

  it('is that of the environment where none is named; with none there, the scan does not begin', async () => {
    const answers = [...project('card-vault'), ...ABOVE];
    const { records } = await collected([sinks], answers, { provider: {}, project: 'card-vault' });
    expect(accountsOf(records)).toEqual(['card-vault', 'folders/22', 'organizations/33']);
    await expect(collected([sinks], answers, { provider: {} })).rejects.toThrow(
      /no Google Cloud starting point: name --gcp-organization or --gcp-project/,
    );
  });
});

describe('an organization as the starting point', () => {
  const found = (type: string, id: string, parent: string, more: object = {}) => ({
    name: `//cloudresourcemanager.googleapis.com/${id}`,
    assetType: `cloudresourcemanager.googleapis.com/${type}`,
    parentFullResourceName: `//cloudresourcemanager.googleapis.com/${parent}`,
    state: 'ACTIVE',
    ...more,
  });
  const SEARCH = {
    scope: 'organizations/33',
    assetTypes: ['cloudresourcemanager.googleapis.com/Project', 'cloudresourcemanager.googleapis.com/Folder'],
    pageSize: 500,
  };
  const start = { provider: { organization: '33' } };

  it('is listed by one search of the asset inventory, page after page; closed projects are not called', async () => {
    const pages = [
      {
        results: [
          found('Folder', 'folders/22', 'organizations/33'),
          found('Project', 'projects/card-vault', 'folders/22', { project: 'projects/481200000011' }),
        ],
        nextPageToken: 'next',
      },
      {
        results: [
          found('Project', 'projects/481200000012', 'folders/22', { additionalAttributes: { projectId: 'ledger-prod' } }),
          found('Project', 'projects/old-shop', 'folders/22', { state: 'DELETE_REQUESTED' }),
        ],
      },
    ];
    const { records, summary, asked, unmatched } = await collected(
      [sinks],
      [
        ...pages.map((body, page) => gcp('organizations/33', 'cloudasset:searchAllResources', SEARCH, body, page)),
        ...ABOVE,
        ...project('card-vault'),
        ...project('ledger-prod'),
      ],
      start,
    );
    expect(unmatched).toEqual([]);
    expect(summary.accounts).toEqual({ total: 5, reached: 4, denied: 0, skipped: 1 });
    expect(accountsOf(records)).toEqual(['card-vault', 'folders/22', 'ledger-prod', 'organizations/33']);
    expect(asked.filter((request) => request.op === 'searchAllResources').map((request) => request.page)).toEqual([0, 1]);
    expect(asked.some((request) => ['folders.list', 'projects.list', 'projects.get'].includes(request.op))).toBe(false);
  });

  it('is walked where the inventory is refused; a folder that refuses is recorded, and the rest is read', async () => {
    const manager = (call: string, parent: string, body: unknown) =>
      gcp(parent, `cloudresourcemanager:${call}`, { parent, pageSize: 300 }, body);
    const { records, summary } = await collected(
      [sinks],
      [
        gcpError('organizations/33', 'cloudasset:searchAllResources', SEARCH, 'PERMISSION_DENIED', 403),
        manager('folders.list', 'organizations/33', {
          folders: [
            { name: 'folders/22', parent: 'organizations/33', state: 'ACTIVE' },
            { name: 'folders/44', parent: 'organizations/33', state: 'ACTIVE' },
          ],
        }),
        manager('projects.list', 'organizations/33', {}),
        manager('folders.list', 'folders/22', {}),
        manager('projects.list', 'folders/22', { projects: [PROJECT] }),
        gcpError('folders/44', 'cloudresourcemanager:folders.list', { parent: 'folders/44', pageSize: 300 }, 'PERMISSION_DENIED', 403),
        gcpError('folders/44', 'cloudresourcemanager:projects.list', { parent: 'folders/44', pageSize: 300 }, 'PERMISSION_DENIED', 403),
        ...ABOVE,
        ...project('card-vault'),
      ],
      start,
    );
    expect(accountsOf(records)).toEqual(['card-vault', 'folders/22', 'folders/44', 'organizations/33']);
    expect(summary.accounts.total).toBe(4);
    expect(one(records, 'projects.list', 'folders/44')?.error?.code).toBe('PERMISSION_DENIED');
    expect(summary.denied['resourcemanager.projects.list']).toBe(1);
  });

  it('leaves out the projects named, and says so', async () => {
    const page = {
      results: [found('Project', 'projects/card-vault', 'organizations/33'), found('Project', 'projects/sandbox-1', 'organizations/33')],
    };
    const { records, summary } = await collected(
      [sinks],
      [gcp('organizations/33', 'cloudasset:searchAllResources', SEARCH, page), ...ABOVE, ...project('card-vault')],
      { provider: { organization: 'organizations/33', excludeProjects: ['sandbox-1'] } },
    );
    expect(summary.accounts).toEqual({ total: 3, reached: 2, denied: 0, skipped: 1 });
    expect(accountsOf(records)).toEqual(['card-vault', 'organizations/33']);
  });
});

describe('calls over the wire', () => {
  const answers = [...project('card-vault'), ...ABOVE];

  it.each([
    ['a client of the library', 'projects.sinks.list'],
    ['plain REST', 'policies.list'],
  ])('are tried again after 429, 503 and a connection that breaks off: %s', async (_, op) => {
    const { records, asked, summary } = await collected([sinks], answers, {
      answer: first(op, failure(429, 'RESOURCE_EXHAUSTED', { 'retry-after': '0' }), failure(503, 'UNAVAILABLE'), { hangUp: true }),
    });
    const made = asked.filter((request) => request.op === op && !('filter' in request.args));
    expect(made).toHaveLength(4);
    expect(one(records, op)?.error).toBeUndefined();
    expect(summary.outcomes.throttled + summary.outcomes['server-error'] + summary.outcomes.unreachable).toBe(0);
  });

  it('end with the answer that stays: a throttled call is not an empty list', async () => {
    const { records, summary } = await collected([sinks], answers, {
      provider: { projects: ['card-vault'], maxAttempts: 2 },
      answer: (request) =>
        request.op === 'policies.list'
          ? failure(429, 'RESOURCE_EXHAUSTED')
          : request.op === 'projects.getSettings'
            ? { hangUp: true }
            : undefined,
    });
    expect(one(records, 'policies.list')?.error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', status: 429 });
    expect(one(records, 'projects.getSettings')?.error?.code).toMatch(/ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE/);
    expect([summary.outcomes.throttled, summary.outcomes.unreachable]).toEqual([1, 1]);
  });

  it('tell an API that is off in the project from one that is off where calls are counted', async () => {
    const disabled = (consumer: string): GcpOverride => ({
      raw: {
        status: 403,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          error: {
            code: 403,
            status: 'PERMISSION_DENIED',
            message: `Cloud DNS API has not been used in project ${consumer} before or it is disabled.`,
            details: [
              {
                '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
                reason: 'SERVICE_DISABLED',
                metadata: { consumer: `projects/${consumer}` },
              },
            ],
          },
        }),
      },
    });
    const own = await collected([sinks], answers, {
      answer: (request) => (request.op === 'policies.list' ? disabled('481200000011') : undefined),
    });
    expect(one(own.records, 'policies.list')?.error).toMatchObject({ code: 'SERVICE_DISABLED', status: 403 });
    expect(own.summary.outcomes).toMatchObject({ 'not-signed-up': 1, denied: 0 });
    const other = await collected([sinks], answers, {
      answer: (request) => (request.op === 'policies.list' ? disabled('764086051850') : undefined),
    });
    expect(one(other.records, 'policies.list')?.error?.code).toBe('SERVICE_DISABLED_IN_QUOTA_PROJECT');
    expect(other.summary.outcomes.denied).toBe(1);
  });

  it('have the same body whether the server names its enums or numbers them', async () => {
    const numbered = { buckets: [{ ...BUCKET, lifecycleState: 1 }] };
    const { records, asked } = await collected([sinks], answers, {
      answer: (request) => (request.op === 'projects.locations.buckets.list' ? { body: numbered } : undefined),
    });
    expect(one(records, 'projects.locations.buckets.list')?.body).toEqual({ buckets: [BUCKET] });
    expect(asked.some((request) => request.url.includes('$alt'))).toBe(false);
  });

  it('follow all pages', async () => {
    const pages = [{ sinks: [SINK], nextPageToken: 'a b/+=' }, { sinks: [{ ...SINK, name: 'second' }] }];
    const list = (body: unknown, page: number) =>
      gcp('card-vault', 'logging:projects.sinks.list', { parent: 'projects/card-vault' }, body, page);
    const { records } = await collected([sinks], [...answers.filter((record) => record.op !== 'projects.sinks.list'), ...pages.map(list)]);
    const told = records.filter((record) => record.op === 'projects.sinks.list' && !('filter' in record.args));
    expect(told.map((record) => [record.page, record.args, record.body])).toEqual([
      [0, { parent: 'projects/card-vault' }, pages[0]],
      [1, { parent: 'projects/card-vault' }, pages[1]],
    ]);
  });

  it('carry the token and the project that they are counted against', async () => {
    const { asked } = await collected([sinks], answers, { provider: { projects: ['card-vault'], quotaProject: 'audit-tools' } });
    expect(new Set(asked.map((request) => request.headers.authorization))).toEqual(new Set(['Bearer example-token']));
    expect(new Set(asked.map((request) => request.headers['x-goog-user-project']))).toEqual(new Set(['audit-tools']));
  });

  it('are made as the service account that is to be acted as', async () => {
    const impersonate = 'viewshed@audit-tools.iam.gserviceaccount.com';
    const { asked } = await collected([sinks], answers, { provider: { projects: ['card-vault'], impersonate } });
    const [grant, ...rest] = asked;
    expect(grant).toMatchObject({ service: 'iamcredentials', headers: { authorization: 'Bearer example-token' } });
    expect(new Set(rest.map((request) => request.headers.authorization))).toEqual(new Set([`Bearer example-token-of-${impersonate}`]));
  });

  it('end before they begin where the token is refused, or nothing answers', async () => {
    const refusing = collected([sinks], answers, { answer: () => failure(401, 'UNAUTHENTICATED') });
    await expect(refusing).rejects.toThrow(/the Google Cloud credentials were refused: UNAUTHENTICATED/);
    const silent = collected([sinks], answers, { provider: { organization: '33', maxAttempts: 2 }, answer: () => ({ hangUp: true }) });
    await expect(silent).rejects.toThrow(/Google Cloud cannot be reached/);
  });

  it('are given up after their time, and tried again', async () => {
    let slow = 1;
    const { records, asked } = await collected([sinks], answers, {
      provider: { projects: ['card-vault'], requestTimeout: 400 },
      async answer(request) {
        if (request.op === 'policies.list' && slow-- > 0) await new Promise((resolve) => setTimeout(resolve, 1500));
        return undefined;
      },
    });
    expect(asked.filter((request) => request.op === 'policies.list')).toHaveLength(2);
    expect(one(records, 'policies.list')?.body).toEqual({});
  });

  it('end before they begin where the account may not be acted as', async () => {
    await expect(
      collected([sinks], answers, {
        provider: { projects: ['card-vault'], impersonate: 'viewshed@audit-tools.iam.gserviceaccount.com' },
        answer: (request) => (request.service === 'iamcredentials' ? failure(403, 'PERMISSION_DENIED') : undefined),
      }),
    ).rejects.toThrow(/cannot be impersonated: .*PERMISSION_DENIED.*serviceAccountTokenCreator/);
  });
});

describe('a scan that was broken off', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gcp-resume-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('goes on without asking again what was answered', async () => {
    const answers = [...project('card-vault'), ...ABOVE];
    const stop = new AbortController();
    const store = join(folder, 'evidence.db');
    const whole = await collected([sinks], answers);
    const began = await collected([sinks], answers, {
      store,
      settings: { signal: stop.signal },
      answer(request) {
        if (request.op === 'projects.getSettings') stop.abort();
        return undefined;
      },
    });
    expect(began.summary.stopped).toBe(true);
    const kept = began.records.length;
    const rest = await collected([sinks], answers, { store, settings: { resume: true } });
    expect(rest.summary).toMatchObject({ stopped: false, scan: began.summary.scan });
    expect(rest.asked.length).toBe(whole.asked.length - kept);
    expect(rest.records.length).toBe(whole.records.length);
  });
});
