import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { CallSpec } from '../../../src/collect/collector.ts';
import type { CallError, EvidenceRecord } from '../../../src/model/evidence.ts';
import { canonical } from '../../../src/store/view.ts';
import { callsOf, type RoutedCall, routesOf } from './routes.ts';

/** One request that came in. `page` counts from 0 and the page token is taken out of `args`, whose values are texts as in a query. */
export interface GcpRequest {
  readonly service: string;
  readonly op: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly page: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Said instead of what is recorded: a body, an error, bytes exactly as given, or a connection that breaks off. */
export type GcpOverride =
  | { readonly body: unknown }
  | { readonly error: CallError }
  | { readonly raw: WireAnswer }
  | { readonly hangUp: true };

export interface GcpReplayOptions {
  /** Left out: any free port. */
  readonly port?: number;
  /** Milliseconds that every answer takes. */
  readonly latencyMs?: number;
  /** Calls of collectors that are not registered. */
  readonly calls?: Readonly<Record<string, CallSpec>>;
  /** Asked first; `undefined` leaves it to the records. */
  readonly answer?: (request: GcpRequest) => GcpOverride | undefined | Promise<GcpOverride | undefined>;
  /** What a request without a record gets; left out: a refusal that names the method. */
  readonly otherwise?: (request: GcpRequest) => GcpOverride;
  /** `false` keeps no list of requests: for very many of them. */
  readonly remember?: boolean;
}

export interface GcpReplay {
  /** `http://127.0.0.1:PORT`. Serves `/logging.googleapis.com/v2/…` and, as gcloud asks when its endpoints are moved, `/v2/…`. */
  readonly url: string;
  readonly requests: GcpRequest[];
  /** Requests that no record answers. */
  readonly unmatched: GcpRequest[];
  /** How many requests came in. */
  count(): number;
  /** Records that were never asked for. */
  unused(): EvidenceRecord[];
  close(): Promise<void>;
}

interface Recorded {
  readonly pages: Map<number, EvidenceRecord>;
}

const MADE = /^page-(\d+)$/;
const TOKEN_CALL = /^\/(?:iamcredentials\.googleapis\.com\/)?v1\/projects\/-\/serviceAccounts\/([^/]+):generateAccessToken$/;

/** Serves evidence records of Google Cloud as its REST APIs would: paging, and errors in Google's JSON. */
export async function startGcpReplay(records: Iterable<EvidenceRecord>, options: GcpReplayOptions = {}): Promise<GcpReplay> {
  const routes = routesOf(options.calls);
  const index = new Map<string, Recorded>();
  for (const record of records) {
    if (record.provider !== 'gcp') continue;
    const key = keyOf(record.service, record.op, record.args);
    const one = index.get(key) ?? { pages: new Map() };
    one.pages.set(record.page ?? 0, record);
    index.set(key, one);
  }
  const requests: GcpRequest[] = [];
  const unmatched: GcpRequest[] = [];
  const used = new Set<EvidenceRecord>();
  let count = 0;

  async function respond(incoming: IncomingMessage): Promise<WireAnswer | undefined> {
    const body = await received(incoming);
    const { method = 'GET', url = '/' } = incoming;
    const account = TOKEN_CALL.exec(url)?.[1];
    const calls = callsOf(routes, { method, url, body }).map((call) => ({ call, ...find(call) }));
    const best = calls.find((one) => one.found) ?? calls[0];
    const request: GcpRequest = {
      service: best?.call.service ?? (account === undefined ? '' : 'iamcredentials'),
      op: best?.call.op ?? (account === undefined ? '' : 'projects.serviceAccounts.generateAccessToken'),
      args: best?.args ?? {},
      page: best?.page ?? 0,
      method,
      url,
      headers: incoming.headers as Record<string, string | undefined>,
    };
    count++;
    if (options.remember !== false) requests.push(request);
    if (options.latencyMs) await pause(options.latencyMs);
    const override = await options.answer?.(request);
    if (override) return written(request, override);
    if (account !== undefined) return token(decodeURIComponent(account));
    if (best?.found) {
      const { record, more } = best.found;
      used.add(record);
      return written(request, record.error ? { error: record.error } : { body: withToken(record, more, best.call, best.page) });
    }
    unmatched.push(request);
    const refusal = {
      code: 'PERMISSION_DENIED',
      message: `No answer is recorded for ${request.service}:${request.op} (${method} ${url})`,
      status: 403,
    };
    return written(request, options.otherwise?.(request) ?? { error: refusal });
  }

  function find(call: RoutedCall): {
    args: Readonly<Record<string, unknown>>;
    page: number;
    found?: { record: EvidenceRecord; more: boolean };
  } {
    const { [call.pages.to]: asked, ...args } = call.args;
    const recorded = index.get(keyOf(call.service, call.op, args));
    const page = asked === undefined || asked === '' ? 0 : pageOf(recorded, String(asked), call.pages.from);
    const record = page === undefined ? undefined : recorded?.pages.get(page);
    return {
      args,
      page: page ?? 0,
      ...(record && recorded ? { found: { record, more: recorded.pages.has((record.page ?? 0) + 1) } } : {}),
    };
  }

  const server = createServer((incoming, response) => {
    respond(incoming)
      .catch((error: unknown): WireAnswer => ({ status: 500, headers: { 'content-type': 'text/plain' }, body: String(error) }))
      .then((answer) => send(incoming, response, answer));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    unmatched,
    count: () => count,
    unused: () => [...index.values()].flatMap((one) => [...one.pages.values()]).filter((record) => !used.has(record)),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function received(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(incoming: IncomingMessage, response: ServerResponse, answer: WireAnswer | undefined): void {
  if (!answer) {
    incoming.socket.destroy();
    return;
  }
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(Buffer.byteLength(answer.body)) });
  response.end(answer.body);
}

function keyOf(service: string, op: string, args: Readonly<Record<string, unknown>>): string {
  // A span of time is answered whenever it is asked for.
  const said = Object.fromEntries(Object.entries(args).filter(([name]) => !/^interval\.(start|end)Time$/.test(name)));
  return `${service}|${op}|${canonical(asQuery(said))}`;
}

/** Values as a query carries them: numbers are texts, a list of one is its element. */
function asQuery(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 ? asQuery(value[0]) : value.map(asQuery);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asQuery(one)]));
  return value === undefined || value === null ? undefined : String(value);
}

/** The page that a token leads to: one that we made, or one that a recorded page names. */
function pageOf(recorded: Recorded | undefined, asked: string, from: string): number | undefined {
  const made = MADE.exec(asked)?.[1];
  if (made !== undefined) return Number(made);
  const before = [...(recorded?.pages ?? [])].find(
    ([, record]) => (record.body as Record<string, unknown> | undefined)?.[from] === asked,
  )?.[0];
  return before === undefined ? undefined : before + 1;
}

/** The body with a token that leads to the next recorded page, where the record itself carries none. */
function withToken(record: EvidenceRecord, more: boolean, call: RoutedCall, page: number): unknown {
  const body = record.body as Record<string, unknown>;
  return more && !body[call.pages.from] ? { ...body, [call.pages.from]: `page-${page + 1}` } : body;
}

function written(request: GcpRequest, override: GcpOverride): WireAnswer | undefined {
  if ('hangUp' in override) return undefined;
  if ('raw' in override) return override.raw;
  if ('body' in override) return json(200, override.body);
  return errorAnswer(request, override.error);
}

const STATUSES: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  UNKNOWN: 500,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** An error as Google's REST APIs write it; a code that is no status is its reason. https://docs.cloud.google.com/apis/design/errors */
function errorAnswer(request: GcpRequest, error: CallError): WireAnswer | undefined {
  if (/^(E[A-Z]+|TimeoutError|NoAnswer|AbortError)$/.test(error.code) && error.status === undefined) return undefined;
  const status = error.status ?? STATUSES[error.code] ?? 403;
  // A number of gRPC, as gateways write it.
  if (/^\d{1,2}$/.test(error.code)) return json(status, { error: { code: Number(error.code), message: error.message } });
  const known = Object.hasOwn(STATUSES, error.code);
  const name = known ? error.code : (Object.entries(STATUSES).find(([, number]) => number === status)?.[0] ?? 'UNKNOWN');
  const project = /projects\/([^/:?]+)/.exec(request.url)?.[1];
  const details = known
    ? []
    : [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: error.code,
          domain: 'googleapis.com',
          metadata: { service: `${request.service}.googleapis.com`, ...(project === undefined ? {} : { consumer: `projects/${project}` }) },
        },
      ];
  return json(status, { error: { code: status, message: error.message, status: name, ...(details.length > 0 ? { details } : {}) } });
}

function json(status: number, body: unknown): WireAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(body) };
}

function token(account: string): WireAnswer {
  return json(200, { accessToken: `example-token-of-${account}`, expireTime: new Date(Date.now() + 3_600_000).toISOString() });
}
