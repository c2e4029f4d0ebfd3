import { AsyncLocalStorage } from 'node:async_hooks';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Sent } from '../../src/collect/provider.ts';
import type { CallError } from '../../src/model/evidence.ts';
import { callErrorOf, type RawError } from './errors.ts';
import { Sha256 } from './sha256.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

interface Service {
  readonly load: () => Promise<object>;
  readonly client: string;
  /** One endpoint for all regions: records carry no region. */
  readonly global?: boolean;
  /** Single operations of a regional service that answer for all regions. */
  readonly globalOps?: readonly string[];
  /** The package is of a generation that keeps the first credentials it is given; its signer is made to ask each time. */
  readonly keepsCredentials?: boolean;
}

/** SDK package and client per service name; a package is imported when the service is first asked. */
export const services: Readonly<Record<string, Service>> = {
  account: { load: () => import('@aws-sdk/client-account'), client: 'AccountClient', global: true },
  cloudtrail: { load: () => import('@aws-sdk/client-cloudtrail'), client: 'CloudTrailClient' },
  ec2: { load: () => import('@aws-sdk/client-ec2'), client: 'EC2Client' },
  eks: { load: () => import('@aws-sdk/client-eks'), client: 'EKSClient' },
  // Two packages, one IAM prefix, and operations of the same name: the classic one goes by a name of its own.
  elasticloadbalancing: { load: () => import('@aws-sdk/client-elastic-load-balancing-v2'), client: 'ElasticLoadBalancingV2Client' },
  'elasticloadbalancing-classic': { load: () => import('@aws-sdk/client-elastic-load-balancing'), client: 'ElasticLoadBalancingClient' },
  iam: { load: () => import('@aws-sdk/client-iam'), client: 'IAMClient', global: true },
  lambda: { load: () => import('@aws-sdk/client-lambda'), client: 'LambdaClient' },
  logs: { load: () => import('@aws-sdk/client-cloudwatch-logs'), client: 'CloudWatchLogsClient' },
  organizations: { load: () => import('@aws-sdk/client-organizations'), client: 'OrganizationsClient', global: true },
  route53: { load: () => import('@aws-sdk/client-route-53'), client: 'Route53Client', global: true },
  route53resolver: { load: () => import('@aws-sdk/client-route53resolver'), client: 'Route53ResolverClient', keepsCredentials: true },
  s3: { load: () => import('@aws-sdk/client-s3'), client: 'S3Client', globalOps: ['ListBuckets'] },
  securitylake: { load: () => import('@aws-sdk/client-securitylake'), client: 'SecurityLakeClient' },
  sts: { load: () => import('@aws-sdk/client-sts'), client: 'STSClient', global: true },
};

export function isGlobal(call: string): boolean {
  const [name = '', op = ''] = call.split(':');
  const service = services[name];
  return service?.global === true || service?.globalOps?.includes(op) === true;
}

export interface SdkOptions {
  readonly profile?: string | undefined;
  readonly concurrency?: number | undefined;
  /** Tries of one call, the first included. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds to connect. */
  readonly connectionTimeout?: number | undefined;
  /** Milliseconds for one try. */
  readonly requestTimeout?: number | undefined;
  /** Clients kept at once; one takes about a millisecond to make. */
  readonly maxClients?: number | undefined;
}

/** One account as the SDK is used for it. */
export interface Caller {
  readonly account: string;
  credentials(): Promise<AwsCredentials>;
  /** Retry strategies by service and region, so that a throttled account slows only itself. */
  readonly strategies: Map<string, unknown>;
  /** Regions that S3 redirected to, by bucket. */
  readonly bucketRegions: Map<string, string>;
}

export interface Sdk {
  send(caller: Caller, call: string, args: Record<string, unknown>, region: string, signal: AbortSignal): Promise<Sent>;
  /** The region of the environment or profile, if one is set. */
  defaultRegion(): Promise<string | undefined>;
  /** Clients that are kept at the moment. */
  clients(): number;
  /** Breaks off what is under way; nothing is sent after it. */
  close(): void;
}

interface Client {
  send(command: object): Promise<Record<string, unknown>>;
  readonly config: Record<string, unknown>;
}

interface CallContext {
  readonly caller: Caller;
  readonly credentials: AwsCredentials;
  readonly place: string;
  raw: RawError | undefined;
}

export function createCaller(account: string, credentials: () => Promise<AwsCredentials>): Caller {
  return { account, credentials, strategies: new Map(), bucketRegions: new Map() };
}

/**
 * The SDK's clients, one per service and region for all accounts: credentials and retry state come from the call under way. So their number does not
 * grow with the accounts, and no call pays for making a client.
 */
export function createSdk(options: SdkOptions = {}): Sdk {
  const underWay = new AsyncLocalStorage<CallContext>();
  let closed = false;
  const handler = httpHandler(options, underWay, () => closed);
  const clients = new Map<string, Client>();
  const modules = new Map<string, Promise<Record<string, unknown>>>();
  const maxClients = options.maxClients ?? 512;
  const maxAttempts = options.maxAttempts ?? 4;

  // `memoized` keeps the SDK from holding on to the first account's credentials.
  const credentials = Object.assign(
    async () => {
      const context = underWay.getStore();
      if (!context) throw new Error('a call was made outside of an account');
      return context.credentials;
    },
    { memoized: true },
  );

  function moduleOf(name: string): Promise<Record<string, unknown>> {
    const service = services[name];
    if (!service) throw new Error(`no SDK package is declared for "${name}"`);
    let module = modules.get(name);
    if (!module) modules.set(name, (module = service.load() as Promise<Record<string, unknown>>));
    return module;
  }

  function clientOf(module: Record<string, unknown>, name: string, region: string, place: string): Client {
    const service = services[name] as Service;
    let client = clients.get(place);
    if (client) {
      // The longest unused one goes first.
      if (clients.size >= maxClients) {
        clients.delete(place);
        clients.set(place, client);
      }
      return client;
    }
    const Constructor = module[service.client] as new (config: Record<string, unknown>) => Client;
    client = new Constructor({
      region,
      credentials,
      requestHandler: handler,
      sha256: Sha256,
      retryMode: 'adaptive',
      maxAttempts,
      customUserAgent: 'viewshed',
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      ...(name === 's3' && (process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL) !== undefined ? { forcePathStyle: true } : {}),
    });
    clients.set(place, client);
    for (const oldest of clients.keys()) {
      if (clients.size <= maxClients) break;
      clients.delete(oldest);
    }
    if (service.keepsCredentials) {
      const signer = client.config.signer as (scheme: unknown) => Promise<object>;
      client.config.signer = async (scheme: unknown) => Object.assign(await signer(scheme), { credentialProvider: credentials });
    }
    // The SDK's own adaptive strategy, but one for each account: its rate is learnt from throttling, which is an account's.
    const adaptive = (client.config.retryStrategy as () => Promise<object>)();
    client.config.retryStrategy = async () => {
      const context = underWay.getStore();
      const own = context?.caller.strategies.get(context.place);
      if (own || !context) return own ?? adaptive;
      const Strategy = (await adaptive).constructor as new (maxAttempts: number) => object;
      const made = context.caller.strategies.get(context.place) ?? new Strategy(maxAttempts);
      context.caller.strategies.set(context.place, made);
      return made;
    };
    return client;
  }

  async function once(
    caller: Caller,
    name: string,
    op: string,
    args: Record<string, unknown>,
    region: string,
    signal: AbortSignal,
  ): Promise<Sent & { readonly bucketRegion?: string }> {
    let known: AwsCredentials;
    try {
      known = await caller.credentials();
    } catch (error) {
      if (signal.aborted) throw error;
      return { error: credentialError(error) };
    }
    const module = await moduleOf(name);
    const Command = module[`${op}Command`] as (new (args: Record<string, unknown>) => object) | undefined;
    if (!Command) throw new Error(`${name} has no operation ${op}`);
    const place = `${name}|${region}`;
    const client = clientOf(module, name, region, place);
    const context: CallContext = { caller, credentials: known, place, raw: undefined };
    try {
      const { $metadata: _, ...body } = await underWay.run(context, () => client.send(new Command(args)));
      // A proxy's page is no answer, though an XML parser may find nothing wrong with it.
      if (context.raw && HTML_PAGE.test(context.raw.text)) {
        return {
          error: {
            code: 'UnreadableAnswer',
            message: 'an HTML page came instead of an answer; is there a proxy in the way?',
            status: context.raw?.status ?? 200,
          },
        };
      }
      return { body };
    } catch (error) {
      if (signal.aborted) throw error;
      const bucketRegion = context.raw?.headers['x-amz-bucket-region'];
      return { error: callErrorOf(error, context.raw), ...(bucketRegion === undefined ? {} : { bucketRegion }) };
    }
  }

  return {
    async send(caller, call, args, region, signal) {
      const [name = '', op = ''] = call.split(':');
      const bucket = name === 's3' && typeof args.Bucket === 'string' ? args.Bucket : undefined;
      const at = (bucket !== undefined && caller.bucketRegions.get(bucket)) || region;
      const sent = await once(caller, name, op, args, at, signal);
      if (bucket === undefined || sent.bucketRegion === undefined || sent.bucketRegion === at || (sent.error?.status ?? 0) === 403)
        return sent;
      // A bucket of another region: S3 names the right one in its refusal.
      caller.bucketRegions.set(bucket, sent.bucketRegion);
      return once(caller, name, op, args, sent.bucketRegion, signal);
    },
    async defaultRegion() {
      const { STSClient } = await import('@aws-sdk/client-sts');
      const client = new STSClient({ ...(options.profile === undefined ? {} : { profile: options.profile }) });
      return client.config.region().catch(() => process.env.AWS_DEFAULT_REGION);
    },
    clients: () => clients.size,
    close() {
      closed = true;
      handler.destroy();
    },
  };
}

function credentialError(error: unknown): CallError {
  const known = error as { callError?: CallError; name?: string; message?: string };
  return known.callError ?? { code: known.name ?? 'CredentialsProviderError', message: known.message ?? String(error) };
}

/** One handler and one pool of sockets for all clients. It keeps the raw text of refusals, which the SDK throws away if it cannot parse it. */
function httpHandler(options: SdkOptions, underWay: AsyncLocalStorage<CallContext>, closed: () => boolean): NodeHttpHandler {
  const maxSockets = Math.max(64, options.concurrency ?? 0);
  const agent = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets };
  const handler = new NodeHttpHandler({
    httpAgent: agent,
    httpsAgent: agent,
    connectionTimeout: options.connectionTimeout ?? 5000,
    requestTimeout: options.requestTimeout ?? 30_000,
    throwOnRequestTimeout: true,
    socketAcquisitionWarningTimeout: 600_000,
  });
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, handling) => {
    if (closed()) throw Object.assign(new Error('the scan was stopped'), { name: 'Stopped' });
    const context = underWay.getStore();
    const signed = request.headers.authorization ?? request.headers.Authorization ?? '';
    // An answer got with another account's credentials would be evidence of the wrong account.
    if (!context || !signed.includes(`Credential=${context.credentials.accessKeyId}/`)) {
      throw Object.assign(new Error('the request was not signed for the account that it is made in'), { name: 'WrongCredentials' });
    }
    context.raw = undefined;
    const result = await handle(request, handling);
    const { response } = result;
    if (response.statusCode < 300 && !/^text\/html/i.test(response.headers['content-type'] ?? '')) {
      context.raw = { status: response.statusCode, headers: response.headers, text: '' };
      return result;
    }
    const bytes = await collected(
      response.body as AsyncIterable<Uint8Array>,
      response.statusCode < 300 ? Number.POSITIVE_INFINITY : MAX_ERROR_BYTES,
    );
    response.body = bytes;
    context.raw = { status: response.statusCode, headers: response.headers, text: bytes.toString('utf8') };
    return result;
  };
  return handler;
}

const MAX_ERROR_BYTES = 1024 * 1024;
/** The type alone does not tell: servers that speak AWS's protocols have sent JSON as text/html. */
const HTML_PAGE = /^\s*<(!doctype\s+html|html)\b/i;

async function collected(body: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size <= most) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
