import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { CallError, EvidenceRecord } from '../../../src/model/evidence.ts';
import { canonical } from '../../../src/store/view.ts';
import { type WireAnswer, writeBody, writeError } from './wire/answer.ts';
import { accessKeyOf, type Recognised, recognise } from './wire/request.ts';

export { accessKeyOf } from './wire/request.ts';

/** One request that came in. `args` are in the API's field names, times as ISO; `page` counts from 0 and the page token is taken out. */
export interface ReplayRequest {
  readonly service: string;
  readonly op: string;
  readonly account: string;
  readonly region: string;
  readonly args: Record<string, unknown>;
  readonly page: number;
}

/** Said instead of what is recorded: a body, an error, bytes exactly as given, or a connection that breaks off. */
export type Override =
  | { readonly body: unknown }
  | { readonly error: CallError }
  | { readonly raw: WireAnswer }
  | { readonly hangUp: true };

export interface ReplayOptions {
  /** Left out: any free port. */
  readonly port?: number;
  /** Milliseconds that every answer takes. */
  readonly latencyMs?: number;
  /** Asked first; `undefined` leaves it to the records. */
  readonly answer?: (request: ReplayRequest) => Override | undefined | Promise<Override | undefined>;
  /** What a request without a record gets; left out: a refusal that names the operation. */
  readonly otherwise?: (request: ReplayRequest) => Override;
  /** `false` keeps no list of requests: for very many of them. */
  readonly remember?: boolean;
}

export interface Replay {
  /** `http://127.0.0.1:PORT`, for AWS_ENDPOINT_URL. */
  readonly url: string;
  readonly endpoint: string;
  readonly requests: ReplayRequest[];
  /** Requests that no record answers. */
  readonly unmatched: ReplayRequest[];
  /** How many requests came in. */
  count(): number;
  /** Records that were never asked for. */
  unused(): EvidenceRecord[];
  close(): Promise<void>;
}

interface Recorded {
  readonly pages: Map<number, EvidenceRecord>;
}

const TOKEN = /^(next_?(page)?(token|marker)|marker|continuation_?token|next_?continuation_?token)$/i;
const MADE = /^page-(\d+)$/;

/**
 * Answers AWS API requests on loopback from evidence records, on the wire as AWS does, so that the real SDK clients can be pointed at it. The
 * account is read from the access key id (`accessKeyOf`), region and service from the signature; nothing is verified, nothing leaves the machine.
 */
export async function startReplay(records: Iterable<EvidenceRecord>, options: ReplayOptions = {}): Promise<Replay> {
  const index = new Map<string, Recorded>();
  const accounts = new Set<string>();
  const assumed = new Map<string, EvidenceRecord>();
  for (const record of records) {
    if (record.provider !== 'aws') continue;
    if (record.account) accounts.add(record.account);
    const roleAccount = roleAccountOf(record.args);
    if (record.service === 'sts' && record.op === 'AssumeRole') assumed.set(roleAccount ?? record.account ?? '', record);
    const key = keyOf(record.service, record.op, record.account ?? '', record.region ?? '', record.args);
    const one = index.get(key) ?? { pages: new Map() };
    one.pages.set(record.page ?? 0, record);
    index.set(key, one);
  }
  const requests: ReplayRequest[] = [];
  const unmatched: ReplayRequest[] = [];
  const used = new Set<EvidenceRecord>();
  let count = 0;

  async function respond(asked: Recognised): Promise<WireAnswer | undefined> {
    const { args, page, found } = find(asked);
    const request: ReplayRequest = { service: asked.service, op: asked.op, account: asked.account, region: asked.region, args, page };
    count++;
    if (options.remember !== false) requests.push(request);
    if (options.latencyMs) await pause(options.latencyMs);
    const override = await options.answer?.(request);
    if (override) return write(asked, override);
    if (asked.service === 'sts' && asked.op === 'AssumeRole') {
      const target = roleAccountOf(args);
      const record = target === undefined ? undefined : assumed.get(target);
      if (record) used.add(record);
      if (record?.error) return writeError(asked, record.error);
      if (target !== undefined && (record || accounts.has(target))) return writeBody(asked, assumedRole(target, args, record?.body));
    } else if (found) {
      used.add(found.record);
      return found.record.error ? writeError(asked, found.record.error) : writeBody(asked, withToken(asked, found));
    }
    unmatched.push(request);
    return write(
      asked,
      options.otherwise?.(request) ?? {
        error: { code: denialOf(asked), message: `No answer is recorded for ${asked.service}:${asked.op}` },
      },
    );
  }

  function find(asked: Recognised): {
    args: Record<string, unknown>;
    page: number;
    found?: { record: EvidenceRecord; more: boolean; page: number };
  } {
    const whole = lookUp(asked, asked.args);
    const first = whole && at(whole, 0);
    if (first) return { args: asked.args, page: 0, found: first };
    for (const [name, token] of Object.entries(asked.args)) {
      if (typeof token !== 'string' || !TOKEN.test(name)) continue;
      const { [name]: _, ...args } = asked.args;
      const recorded = lookUp(asked, args);
      if (!recorded) continue;
      const made = MADE.exec(token)?.[1];
      const before = made === undefined ? [...recorded.pages].find(([, record]) => tokenOf(record)?.[1] === token)?.[0] : Number(made) - 1;
      if (before === undefined) continue;
      const found = at(recorded, before + 1);
      return { args, page: before + 1, ...(found ? { found } : {}) };
    }
    return { args: asked.args, page: 0 };
  }

  function lookUp(asked: Recognised, args: Record<string, unknown>): Recorded | undefined {
    const { service, op, account, region } = asked;
    return index.get(keyOf(service, op, account, region, args)) ?? index.get(keyOf(service, op, account, '', args));
  }

  const server = createServer((request, response) => {
    receive(request)
      .then((body) => recognise({ method: request.method ?? 'GET', url: request.url ?? '/', headers: request.headers, body }))
      .then(respond)
      .catch((error: unknown): WireAnswer => ({ status: 500, headers: { 'content-type': 'text/plain' }, body: String(error) }))
      .then((answer) => send(request, response, answer));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    endpoint: url,
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

async function receive(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(request: IncomingMessage, response: ServerResponse, answer: WireAnswer | undefined): void {
  if (!answer) {
    request.socket.destroy();
    return;
  }
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(Buffer.byteLength(answer.body)) });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

function write(asked: Recognised, override: Override): WireAnswer | undefined {
  if ('hangUp' in override) return undefined;
  if ('raw' in override) return override.raw;
  return 'error' in override ? writeError(asked, override.error) : writeBody(asked, override.body);
}

function keyOf(service: string, op: string, account: string, region: string, args: unknown): string {
  return `${service}|${op}|${account}|${region}|${canonical(args)}`;
}

function at(recorded: Recorded, page: number): { record: EvidenceRecord; more: boolean; page: number } | undefined {
  const record = recorded.pages.get(page);
  return record && { record, more: recorded.pages.has(page + 1), page };
}

function tokenOf(record: EvidenceRecord): [string, string] | undefined {
  const entry = Object.entries((record.body ?? {}) as Record<string, unknown>).find(
    ([name, value]) => typeof value === 'string' && value !== '' && TOKEN.test(name) && name !== 'Marker',
  );
  if (entry) return entry as [string, string];
  const marker = (record.body as { Marker?: unknown } | undefined)?.Marker;
  return typeof marker === 'string' && marker !== '' ? ['Marker', marker] : undefined;
}

/** The body with a token that leads to the next recorded page, where the record itself carries none. */
function withToken(asked: Recognised, found: { record: EvidenceRecord; more: boolean; page: number }): unknown {
  if (!found.more || tokenOf(found.record)) return found.record.body;
  const outputs = [...(asked.operation?.output.members.keys() ?? ['NextToken'])].filter((name) => TOKEN.test(name));
  const name = outputs.find((one) => /^next/i.test(one)) ?? outputs[0];
  return name === undefined ? found.record.body : { ...(found.record.body as object), [name]: `page-${found.page + 1}` };
}

function roleAccountOf(args: Readonly<Record<string, unknown>>): string | undefined {
  return typeof args.RoleArn === 'string' ? args.RoleArn.split(':')[4] : undefined;
}

/** The answer to AssumeRole: credentials that name the account they are for, so that later requests can be told apart. */
export function assumedRole(account: string, args: Readonly<Record<string, unknown>>, recorded?: unknown): Record<string, unknown> {
  const role = String(args.RoleArn).split('/').at(-1) ?? 'role';
  const partition = String(args.RoleArn).split(':')[1] || 'aws';
  const session = String(args.RoleSessionName ?? 'session');
  return {
    AssumedRoleUser: {
      AssumedRoleId: `AROAEXAMPLE${account}:${session}`,
      Arn: `arn:${partition}:sts::${account}:assumed-role/${role}/${session}`,
    },
    ...(recorded as object | undefined),
    Credentials: {
      AccessKeyId: accessKeyOf(account),
      SecretAccessKey: 'replay-example-secret',
      SessionToken: 'replay-example-token',
      Expiration: new Date(Date.now() + 3_600_000).toISOString(),
    },
  };
}

function denialOf(asked: Recognised): string {
  if (asked.service === 'ec2') return 'UnauthorizedOperation';
  return ['json', 'rest-json'].includes(asked.api?.protocol ?? 'json') ? 'AccessDeniedException' : 'AccessDenied';
}
