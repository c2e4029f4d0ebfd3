/** A REST request as a call's `url` and arguments make it. */
export interface RestRequest {
  readonly method: string;
  readonly url: string;
  /** JSON; methods that read have none, but for those of the kind of `:getIamPolicy`. */
  readonly body?: string;
}

const LOGGING = 'GET https://logging.googleapis.com/v2';

/** Methods of the Logging API's configuration service by the end of their id: its path, and the client's name for it. */
export const LOGGING_METHODS: readonly { readonly end: string; readonly url: string; readonly method: string }[] = [
  { end: 'locations.buckets.views.list', url: `${LOGGING}/{+parent}/views`, method: 'listViews' },
  { end: 'locations.buckets.views.get', url: `${LOGGING}/{+name}`, method: 'getView' },
  { end: 'locations.buckets.links.list', url: `${LOGGING}/{+parent}/links`, method: 'listLinks' },
  { end: 'locations.buckets.list', url: `${LOGGING}/{+parent}/buckets`, method: 'listBuckets' },
  { end: 'locations.buckets.get', url: `${LOGGING}/{+name}`, method: 'getBucket' },
  { end: 'exclusions.list', url: `${LOGGING}/{+parent}/exclusions`, method: 'listExclusions' },
  { end: 'exclusions.get', url: `${LOGGING}/{+name}`, method: 'getExclusion' },
  { end: 'sinks.list', url: `${LOGGING}/{+parent}/sinks`, method: 'listSinks' },
  { end: 'sinks.get', url: `${LOGGING}/{+sinkName}`, method: 'getSink' },
  { end: 'getCmekSettings', url: `${LOGGING}/{+name}/cmekSettings`, method: 'getCmekSettings' },
  { end: 'getSettings', url: `${LOGGING}/{+name}/settings`, method: 'getSettings' },
];

/** Where a call goes: as it is declared, else by the Logging API's own paths. */
export function urlOf(call: string, declared: string | undefined): string {
  const url = declared ?? (call.startsWith('logging:') ? LOGGING_METHODS.find((one) => call.endsWith(`.${one.end}`))?.url : undefined);
  if (url === undefined) throw new Error(`${call} declares no url`);
  return url;
}

/** `GET https://host/path/{name}/{+path}` filled in: `{+x}` keeps its slashes, and arguments that it does not name are the query, or the body of a POST. */
export function requestOf(template: string, args: Readonly<Record<string, unknown>>, now = Date.now()): RestRequest {
  const [method = 'GET', address = ''] = /^[A-Z]+ /.test(template) ? template.split(' ', 2) : ['GET', template];
  const used = new Set<string>();
  const url = address.replace(/\{(\+?)([\w.]+)\}/g, (_, plus: string, name: string) => {
    used.add(name);
    const value = args[name];
    if (typeof value !== 'string' && typeof value !== 'number') throw new Error(`${template} takes the argument "${name}"`);
    // A name such as `..` would lead elsewhere once the address is read as one.
    const parts = plus === '' ? [String(value)] : String(value).split('/');
    if (parts.some((part) => /^\.{1,2}$/.test(part))) throw new Error(`"${value}" is no name`);
    return parts.map(encoded).join('/');
  });
  const rest = Object.entries(args).filter(([name, value]) => !used.has(name) && value !== undefined && value !== null);
  if (method !== 'GET' && method !== 'HEAD') return { method, url, body: JSON.stringify(Object.fromEntries(rest)) };
  const query = new URLSearchParams();
  for (const [name, value] of rest) {
    for (const one of Array.isArray(value) ? value : [value])
      query.append(name, name.startsWith('interval.') ? timeOf(String(one), now) : String(one));
  }
  return { method, url: query.size === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${query}` };
}

/** `now` and `now-24h`, to the whole hour: what is asked is the same at any time. */
function timeOf(value: string, now: number): string {
  const [, hours] = /^now(?:-(\d+)h)?$/.exec(value) ?? [];
  if (!value.startsWith('now')) return value;
  return new Date((Math.floor(now / 3_600_000) - Number(hours ?? 0)) * 3_600_000).toISOString();
}

/** Ids of projects of a domain hold a colon (`example.com:card-vault`), which the APIs want as it is. */
function encoded(part: string): string {
  return encodeURIComponent(part).replaceAll('%3A', ':').replaceAll('%40', '@');
}

/**
 * Where requests to a host go. `CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING=https://logging-private.p.googleapis.com/` moves one service, as for gcloud
 * (https://docs.cloud.google.com/sdk/docs/properties); `VIEWSHED_GCP_ENDPOINT` moves all to one server, with the host as the first part of the path.
 */
export function endpointOf(url: string, env: Readonly<Record<string, string | undefined>>): string {
  const at = new URL(url);
  const label = (at.hostname.split('.')[0] ?? '').toUpperCase().replaceAll('-', '_');
  const own = env[`CLOUDSDK_API_ENDPOINT_OVERRIDES_${label}`];
  if (own) return `${new URL(own).origin}${at.pathname}${at.search}`;
  const all = env.VIEWSHED_GCP_ENDPOINT;
  return all ? `${all.replace(/\/+$/, '')}/${at.hostname}${at.pathname}${at.search}` : `${at.origin}${at.pathname}${at.search}`;
}
