import { describe, expect, it } from 'vitest';
import { endpointOf, LOGGING_METHODS, requestOf, urlOf } from '../../../connectors/gcp/rest.ts';
import { loggingMethodOf } from '../../../connectors/gcp/sdk.ts';

describe('a request', () => {
  it('is filled in from the arguments: the rest are the query', () => {
    const template = 'GET https://storage.googleapis.com/storage/v1/b/{bucket}/o';
    expect(requestOf(template, { bucket: 'a/b?c', prefix: 'x&y', fields: ['a', 'b'], none: undefined })).toEqual({
      method: 'GET',
      url: 'https://storage.googleapis.com/storage/v1/b/a%2Fb%3Fc/o?prefix=x%26y&fields=a&fields=b',
    });
    expect(requestOf('https://logging.googleapis.com/v2/{+parent}/sinks', { parent: 'projects/example.com:card-vault' }).url).toBe(
      'https://logging.googleapis.com/v2/projects/example.com:card-vault/sinks',
    );
  });

  it('asks for a span of time up to the last whole hour', () => {
    const template = 'GET https://monitoring.googleapis.com/v3/{+name}/timeSeries';
    const span = { 'interval.startTime': 'now-24h', 'interval.endTime': 'now' };
    expect(requestOf(template, { name: 'folders/22', ...span }, Date.parse('2026-11-21T12:34:56Z')).url).toBe(
      'https://monitoring.googleapis.com/v3/folders/22/timeSeries?interval.startTime=2026-11-20T12%3A00%3A00.000Z&interval.endTime=2026-11-21T12%3A00%3A00.000Z',
    );
  });

  it('that is a POST has them in its body', () => {
    const template = 'POST https://cloudresourcemanager.googleapis.com/v3/{+resource}:getIamPolicy';
    expect(requestOf(template, { resource: 'folders/22', options: { requestedPolicyVersion: 3 } })).toEqual({
      method: 'POST',
      url: 'https://cloudresourcemanager.googleapis.com/v3/folders/22:getIamPolicy',
      body: '{"options":{"requestedPolicyVersion":3}}',
    });
  });

  it.each(['..', 'projects/../../v1/secrets', './x'])('never leads elsewhere by the name %s', (parent) => {
    expect(() => requestOf('GET https://logging.googleapis.com/v2/{+parent}/sinks', { parent })).toThrow(/is no name/);
  });

  it('goes where the environment says', () => {
    const url = 'https://logging.googleapis.com:443/v2/projects/p/sinks?pageSize=5';
    expect(endpointOf(url, {})).toBe('https://logging.googleapis.com/v2/projects/p/sinks?pageSize=5');
    expect(endpointOf(url, { CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: 'https://logging-inner.p.googleapis.com/' })).toBe(
      'https://logging-inner.p.googleapis.com/v2/projects/p/sinks?pageSize=5',
    );
    expect(endpointOf(url, { VIEWSHED_GCP_ENDPOINT: 'http://127.0.0.1:7000/', CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS: 'http://x/' })).toBe(
      'http://127.0.0.1:7000/logging.googleapis.com/v2/projects/p/sinks?pageSize=5',
    );
  });
});

describe('the Logging API', () => {
  it('is called through the client where that can make the call as asked, else over REST', () => {
    expect(loggingMethodOf('logging:folders.sinks.list', { parent: 'folders/2' })).toBe('listSinks');
    expect(loggingMethodOf('logging:projects.locations.buckets.views.list', { parent: 'x', pageSize: 5 })).toBe('listViews');
    expect(loggingMethodOf('logging:organizations.getSettings', { name: 'organizations/1' })).toBe('getSettings');
    expect(loggingMethodOf('logging:projects.sinks.list', { parent: 'projects/p', filter: 'in_scope("ALL")' })).toBeUndefined();
    expect(loggingMethodOf('logging:entries.list', { parent: 'x' })).toBeUndefined();
    expect(loggingMethodOf('dns:policies.list', {})).toBeUndefined();
  });

  it('has a path for each of its methods, and the client a method for each', async () => {
    const { v2 } = await import('@google-cloud/logging');
    for (const { end, url, method } of LOGGING_METHODS) {
      expect(urlOf(`logging:projects.${end}`, undefined)).toBe(url);
      expect((v2.ConfigServiceV2Client.prototype as unknown as Record<string, unknown>)[method], method).toBeTypeOf('function');
    }
    expect(() => urlOf('dns:policies.list', undefined)).toThrow(/declares no url/);
  });
});
