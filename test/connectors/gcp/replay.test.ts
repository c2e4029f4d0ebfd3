import { afterEach, describe, expect, it } from 'vitest';
import { enterGcpReplay } from '../../../connectors/gcp/replay/environment.ts';
import { type GcpReplay, startGcpReplay } from '../../../connectors/gcp/replay/server.ts';
import { gcp, gcpError } from './collecting.ts';

let replay: GcpReplay | undefined;
afterEach(async () => {
  await replay?.close();
  replay = undefined;
});
const get = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${replay?.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe('recorded answers', () => {
  it('are served with the host before the path, and without, as gcloud asks', async () => {
    replay = await startGcpReplay([gcp('p', 'logging:projects.sinks.list', { parent: 'projects/p' }, { sinks: [{ name: 'a' }] })]);
    for (const path of [
      '/logging.googleapis.com/v2/projects/p/sinks',
      '/v2/projects/p/sinks?alt=json',
      '/v2/projects/p/sinks?$alt=json%3Benum-encoding=int',
    ])
      expect(await get(path)).toEqual({ status: 200, body: { sinks: [{ name: 'a' }] } });
    expect(replay.unused()).toEqual([]);
  });

  it('go on from page to page, by the tokens recorded or by ones of our own', async () => {
    const page = (name: string, number: number, token?: string) =>
      gcp(
        'p',
        'logging:projects.sinks.list',
        { parent: 'projects/p' },
        { sinks: [{ name }], ...(token ? { nextPageToken: token } : {}) },
        number,
      );
    replay = await startGcpReplay([page('a', 0, 'told'), page('b', 1), page('c', 2)]);
    const path = '/logging.googleapis.com/v2/projects/p/sinks';
    expect((await get(path)).body.nextPageToken).toBe('told');
    expect((await get(`${path}?pageToken=told`)).body).toEqual({ sinks: [{ name: 'b' }], nextPageToken: 'page-2' });
    expect((await get(`${path}?pageToken=page-2`)).body).toEqual({ sinks: [{ name: 'c' }] });
    expect(replay.requests.map((request) => request.page)).toEqual([0, 1, 2]);
  });

  it('tell methods apart that share a path, and take the body of a POST for arguments', async () => {
    const manager = (op: string, name: string) => gcp(name, `cloudresourcemanager:${op}`, { name }, { name });
    replay = await startGcpReplay([
      manager('organizations.get', 'organizations/1'),
      manager('folders.get', 'folders/2'),
      gcp('p', 'cloudresourcemanager:projects.getAncestry', { projectId: 'p' }, { ancestor: [] }),
      gcp('p', 'logging:projects.locations.buckets.list', { parent: 'projects/p/locations/-' }, { buckets: [] }),
      gcp('p', 'logging:projects.locations.buckets.get', { name: 'projects/p/locations/global/buckets/b' }, { name: 'b' }),
    ]);
    const host = '/cloudresourcemanager.googleapis.com';
    expect((await get(`${host}/v3/organizations/1`)).body).toEqual({ name: 'organizations/1' });
    expect((await get(`${host}/v3/folders/2`)).body).toEqual({ name: 'folders/2' });
    expect((await get(`${host}/v1/projects/p:getAncestry`, { method: 'POST', body: '{}' })).body).toEqual({ ancestor: [] });
    expect((await get('/logging.googleapis.com/v2/projects/p/locations/-/buckets')).body).toEqual({ buckets: [] });
    expect((await get('/logging.googleapis.com/v2/projects/p/locations/global/buckets/b')).body).toEqual({ name: 'b' });
    expect(replay.requests.map((request) => request.op)).toEqual([
      'organizations.get',
      'folders.get',
      'projects.getAncestry',
      'projects.locations.buckets.list',
      'projects.locations.buckets.get',
    ]);
    expect([replay.unmatched, replay.unused()]).toEqual([[], []]);
  });

  it('that are errors come in Google’s form; what is not recorded is refused by name', async () => {
    replay = await startGcpReplay([
      gcpError('p', 'logging:projects.sinks.list', { parent: 'projects/p' }, 'SERVICE_DISABLED', 403, 'off'),
      gcpError('p', 'logging:projects.exclusions.list', { parent: 'projects/p' }, '7', 403, 'no'),
      gcpError('p', 'logging:projects.getSettings', { name: 'projects/p' }, 'RESOURCE_EXHAUSTED', undefined, 'slow'),
    ]);
    const off = await get('/logging.googleapis.com/v2/projects/p/sinks');
    expect(off).toMatchObject({
      status: 403,
      body: { error: { status: 'PERMISSION_DENIED', details: [{ reason: 'SERVICE_DISABLED', metadata: { consumer: 'projects/p' } }] } },
    });
    expect(await get('/logging.googleapis.com/v2/projects/p/exclusions')).toEqual({
      status: 403,
      body: { error: { code: 7, message: 'no' } },
    });
    expect((await get('/logging.googleapis.com/v2/projects/p/settings')).status).toBe(429);
    const none = await get('/logging.googleapis.com/v2/projects/q/sinks');
    expect(none).toMatchObject({ status: 403, body: { error: { message: expect.stringContaining('logging:projects.sinks.list') } } });
    expect(replay.unmatched).toHaveLength(1);
  });
});

describe('the environment of a replay', () => {
  it('holds no credential, proxy or project of the machine, and is put back', () => {
    const own = {
      GOOGLE_APPLICATION_CREDENTIALS: '/own/key.json',
      HTTPS_PROXY: 'http://proxy:3128',
      GCLOUD_PROJECT: 'own',
      CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS: 'http://dns/',
    };
    const before = Object.fromEntries(Object.keys(own).map((name) => [name, process.env[name]]));
    Object.assign(process.env, own);
    try {
      const leave = enterGcpReplay({ url: 'http://127.0.0.1:9' }, 'card-vault');
      expect(process.env).toMatchObject({ VIEWSHED_GCP_ENDPOINT: 'http://127.0.0.1:9', GOOGLE_CLOUD_PROJECT: 'card-vault' });
      for (const [name, value] of Object.entries(own)) expect(process.env[name]).not.toBe(value);
      leave();
      expect(process.env).toMatchObject(own);
      expect(process.env.VIEWSHED_GCP_ENDPOINT).toBeUndefined();
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});
