import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthClient } from 'google-auth-library';
import type { CallSpec } from '../../src/collect/collector.ts';
import type { Sent } from '../../src/collect/provider.ts';
import type { CallError } from '../../src/model/evidence.ts';
import { type Asked, callErrorOf, networkErrorOf, outcomeOf } from './errors.ts';
import { endpointOf, LOGGING_METHODS, requestOf, urlOf } from './rest.ts';

export interface SdkOptions {
  /** Service account to act as: `viewshed@audit.iam.gserviceaccount.com`. */
  readonly impersonate?: string | undefined;
  /** Project that calls are counted against; left out: that of the credentials. */
  readonly quotaProject?: string | undefined;
  /** Tries of one call, the first included. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds for one try. */
  readonly requestTimeout?: number | undefined;
  /** Milliseconds before the second try; each further pause is twice as long, up to half a minute. */
  readonly pause?: number | undefined;
}

export interface Sdk {
  /** One question, tried again where that may help. Throws only after the signal was aborted. */
  send(
    call: string,
    spec: Pick<CallSpec, 'url'>,
    args: Readonly<Record<string, unknown>>,
    asked: Asked,
    signal: AbortSignal,
  ): Promise<Sent>;
  /** Finds the credentials and gets a first token. */
  open(): Promise<CallError | undefined>;
  /** The project of the credentials or of the environment, where one is set. */
  defaultProject(): Promise<string | undefined>;
}

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const LONGEST_PAUSE = 32_000;
const LONGEST_RETRY_AFTER = 90_000;
/** Quotas are counted by the minute: with these tries the pauses outlast one. */
const MORE_WHEN_THROTTLED = 4;
const RETRIED = new Set(['throttled', 'server-error', 'unreachable']);

/** What came over the wire for one try. */
interface Wire {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

interface Try {
  readonly signal: AbortSignal;
  wire: Wire | undefined;
  error: CallError | undefined;
}

interface Credentials {
  readonly client: AuthClient;
  readonly project: () => Promise<string | undefined>;
}

/** The request that a client of the library makes; only what is used of it. */
type LoggingClient = Readonly<Record<string, (request: object, options: object) => Promise<unknown>>>;

/**
 * Google Cloud's APIs with one credential for all projects: the Logging API through `@google-cloud/logging`, all others as REST through the authorized
 * client of `google-auth-library`.
 */
export function createSdk(options: SdkOptions = {}): Sdk {
  const maxAttempts = options.maxAttempts ?? 5;
  const requestTimeout = options.requestTimeout ?? 30_000;
  const firstPause = options.pause ?? 500;
  const quotaProject = options.quotaProject ?? process.env.GOOGLE_CLOUD_QUOTA_PROJECT;
  const underWay = new AsyncLocalStorage<Try>();
  let credentials: Promise<Credentials> | undefined;
  let logging: Promise<LoggingClient> | undefined;
  /** Until when each service is left alone: quotas are those of the project that calls are counted against, whatever project they are made for. */
  const heldUntil = new Map<string, number>();

  const opened = (): Promise<Credentials> => (credentials ??= findCredentials(options.impersonate, quotaProject));

  /** One request, exactly as it is answered. Our own time-out, so that a slow answer and a stopped scan are told apart. */
  async function fetched(url: string, init: { method: string; headers?: Headers; body?: string }, signal: AbortSignal): Promise<Wire> {
    const { client } = await opened();
    const ended = new AbortController();
    const stop = () => ended.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      ended.abort();
    }, requestTimeout);
    try {
      const headers = new Headers(init.headers);
      if (init.body !== undefined) headers.set('content-type', 'application/json');
      headers.set('user-agent', 'viewshed');
      const response = await client.request<string>({
        url: endpointOf(url, process.env),
        method: init.method as 'GET',
        headers,
        ...(init.body === undefined ? {} : { data: init.body }),
        responseType: 'text',
        signal: ended.signal,
        retry: false,
        validateStatus: () => true,
      });
      return { status: response.status, text: String(response.data ?? ''), retryAfter: response.headers.get('retry-after') };
    } catch (error) {
      if (late) throw Object.assign(new Error(`no answer within ${requestTimeout / 1000} s`), { code: 'TimeoutError' });
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  /**
   * The library's client writes the request; the answer is taken from the wire, because its message types are older than the API: decoded, a sink would
   * lose `interceptChildren` and the settings `defaultSinkConfig`. The request asks for enums by name, as the REST API's own answers have them.
   */
  async function loggingClient(): Promise<LoggingClient> {
    const { v2 } = await import('@google-cloud/logging');
    const transport = {
      async getRequestHeaders() {
        return new Headers();
      },
      async fetch(address: string | URL, init: { method: string; headers: Headers }): Promise<Response> {
        const attempt = underWay.getStore();
        if (!attempt) throw new Error('a call was made outside of a project');
        const url = new URL(address);
        url.searchParams.delete('$alt');
        try {
          attempt.wire = await fetched(url.href, { method: init.method, headers: init.headers }, attempt.signal);
        } catch (error) {
          attempt.error = faultOf(error);
          throw error;
        }
        return new Response(attempt.wire.text, { status: attempt.wire.status });
      },
    };
    const Client = v2.ConfigServiceV2Client as unknown as new (options: object) => LoggingClient;
    return new Client({ fallback: true, auth: transport });
  }

  async function viaLogging(method: string, args: Readonly<Record<string, unknown>>, attempt: Try): Promise<void> {
    const client = await (logging ??= loggingClient());
    // Retries are ours: the client's know no 429 with a time to wait, and would hold the answer back.
    const call = { autoPaginate: false, timeout: requestTimeout * 2, retry: { retryCodes: [] } };
    try {
      await underWay.run(attempt, async () => client[method]?.(args, call));
    } catch (error) {
      // An answer that the client cannot read is still the answer.
      if (attempt.wire === undefined) attempt.error ??= faultOf(error);
    }
  }

  async function once(
    call: string,
    spec: Pick<CallSpec, 'url'>,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<Try> {
    const attempt: Try = { signal, wire: undefined, error: undefined };
    const method = loggingMethodOf(call, args);
    if (method !== undefined) await viaLogging(method, args, attempt);
    else {
      const { url, ...request } = requestOf(urlOf(call, spec.url), args);
      try {
        attempt.wire = await fetched(url, request, signal);
      } catch (error) {
        attempt.error = faultOf(error);
      }
    }
    return attempt;
  }

  return {
    async send(call, spec, args, asked, signal) {
      const service = call.split(':')[0] ?? '';
      for (let attempt = 1; ; attempt++) {
        const held = (heldUntil.get(service) ?? 0) - performance.now();
        if (held > 0) await sleep(held, undefined, { signal });
        if (signal.aborted) throw signal.reason;
        const { wire, error: fault } = await once(call, spec, args, signal);
        if (signal.aborted && !wire) throw signal.reason;
        const sent = wire ? sentOf(wire, asked) : { error: fault ?? { code: 'NoAnswer', message: 'no answer came' } };
        if (!sent.error) return sent;
        const outcome = outcomeOf(sent.error);
        const throttled = outcome === 'throttled';
        if (!RETRIED.has(outcome) || attempt >= maxAttempts + (throttled && maxAttempts > 1 ? MORE_WHEN_THROTTLED : 0)) return sent;
        const pause = pauseOf(attempt, firstPause, wire?.retryAfter ?? null);
        if (throttled) heldUntil.set(service, Math.max(heldUntil.get(service) ?? 0, performance.now() + pause));
        else await sleep(pause, undefined, { signal });
      }
    },
    async open() {
      try {
        const { client } = await opened();
        await client.getRequestHeaders('https://cloudresourcemanager.googleapis.com/');
        return undefined;
      } catch (error) {
        credentials = undefined;
        return credentialErrorOf(error);
      }
    },
    async defaultProject() {
      const { project } = await opened();
      return project();
    },
  };
}

/** Arguments that the client's request types know; with any other (`filter: in_scope("ALL")`) it would drop it without a word. */
const KNOWN_ARGUMENTS = new Set(['parent', 'name', 'sinkName', 'pageSize', 'pageToken']);

/** The client's method for a call, where it can make it as asked; undefined: it is made over REST. */
export function loggingMethodOf(call: string, args: Readonly<Record<string, unknown>>): string | undefined {
  if (!call.startsWith('logging:') || !Object.keys(args).every((name) => KNOWN_ARGUMENTS.has(name))) return undefined;
  return LOGGING_METHODS.find((one) => call.endsWith(`.${one.end}`))?.method;
}

function sentOf(wire: Wire, asked: Asked): Sent {
  if (wire.status < 200 || wire.status >= 300) return { error: callErrorOf(wire, asked) };
  const body = bodyOf(wire.text);
  if (body) return { body };
  const html = /^\s*<(!doctype|html)/i.test(wire.text);
  const message = html ? 'an HTML page came instead of an answer; is there a proxy in the way?' : 'the answer is not a JSON object';
  return { error: { code: 'UnreadableAnswer', message, status: wire.status } };
}

function bodyOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
    return named(value) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Enums of the Logging API by number, which servers answer with that were asked for numbers. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  lifecycleState: ['LIFECYCLE_STATE_UNSPECIFIED', 'ACTIVE', 'DELETE_REQUESTED', 'UPDATING', 'CREATING', 'FAILED'],
  outputVersionFormat: ['VERSION_FORMAT_UNSPECIFIED', 'V2', 'V1'],
};

function named(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(named);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const names = typeof one === 'number' && Object.hasOwn(ENUMS, key) ? ENUMS[key] : undefined;
      return [key, names?.[one as number] ?? named(one)];
    }),
  );
}

/** Milliseconds to wait: as the answer says, else twice as long each time, with a little chance so that not all come back at once. */
function pauseOf(attempt: number, first: number, retryAfter: string | null): number {
  const said =
    retryAfter === null ? Number.NaN : /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  const own = Math.min(LONGEST_PAUSE, first * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
  return Number.isNaN(said) ? own : Math.min(LONGEST_RETRY_AFTER, Math.max(said, own));
}

/** Application-default credentials, or the access token that the environment hands over, as Terraform takes it too. */
async function findCredentials(impersonate: string | undefined, quotaProject: string | undefined): Promise<Credentials> {
  const { GoogleAuth, OAuth2Client } = await import('google-auth-library');
  const auth = new GoogleAuth({ scopes: [SCOPE] });
  const token = process.env.GOOGLE_OAUTH_ACCESS_TOKEN;
  let client: AuthClient;
  if (token) {
    client = new OAuth2Client();
    client.setCredentials({ access_token: token });
  } else client = await auth.getClient();
  if (impersonate !== undefined) {
    const source = client;
    const acting = new OAuth2Client();
    acting.refreshHandler = () => tokenFor(source, impersonate);
    client = acting;
  }
  if (quotaProject !== undefined) client.quotaProjectId = quotaProject;
  const named = ['CLOUDSDK_CORE_PROJECT', 'GOOGLE_CLOUD_PROJECT', 'GCLOUD_PROJECT'].map((name) => process.env[name]).find(Boolean);
  return {
    client,
    project: async () => named ?? (token ? undefined : ((await auth.getProjectId().catch(() => undefined)) ?? undefined)),
  };
}

/** https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
async function tokenFor(source: AuthClient, account: string): Promise<{ access_token: string; expiry_date: number }> {
  const url = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateAccessToken`;
  const { data } = await source.request<{ accessToken: string; expireTime: string }>({
    url: endpointOf(url, process.env),
    method: 'POST',
    data: { scope: [SCOPE] },
    retryConfig: { retry: 3, httpMethodsToRetry: ['POST'] },
  });
  return { access_token: data.accessToken, expiry_date: Date.parse(data.expireTime) };
}

/** What was thrown while a request was made: a credential that could not be renewed has an answer of its own. */
function faultOf(error: unknown): CallError {
  const known = error as { response?: unknown; message?: string };
  return known?.response !== undefined || NO_CREDENTIALS.test(known?.message ?? '') ? credentialErrorOf(error) : networkErrorOf(error);
}

const NO_CREDENTIALS = /could not load the default credentials|no access, refresh token|invalid_grant|no refresh token/i;

function credentialErrorOf(error: unknown): CallError {
  const { response, message } = error as { response?: { status?: number; data?: unknown }; message?: string };
  if (response === undefined && !NO_CREDENTIALS.test(message ?? '')) {
    const fault = networkErrorOf(error);
    if (outcomeOf(fault) === 'unreachable' && fault.code !== 'NoAnswer') return fault;
  }
  const text = typeof response?.data === 'string' ? response.data : JSON.stringify(response?.data ?? {});
  const said = response?.status === undefined ? undefined : callErrorOf({ status: response.status, text }, { account: '' });
  return { code: 'CredentialsError', message: said ? `${said.code}: ${said.message}` : (message ?? String(error)) };
}
