import { request as ask, createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** One request as it went by. `account` is that of the credentials, told by the role's answer; undefined: the starting ones. */
export interface Call {
  readonly account: string | undefined;
  readonly region: string;
  readonly service: string;
  readonly op: string;
  /** The whole of what was asked: method, path and body. */
  readonly asked: string;
}

export interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly body: string;
  /** Breaks the connection instead of answering. */
  readonly hangUp?: boolean;
}

export interface MotoProxy {
  readonly url: string;
  /** Every request since the last `clear`, the ones still on their way included. */
  readonly calls: Call[];
  /** Answers instead of moto; the first that is not undefined counts. */
  fault: (call: Call) => Reply | undefined | Promise<Reply | undefined>;
  /** Whether the calls that moto has not got are answered as AWS does for an account that has none of it. */
  filling: boolean;
  /** Called before each request goes on. */
  onCall: ((call: Call, count: number) => void) | undefined;
  clear(): void;
  close(): Promise<void>;
}

const json = (body: unknown, more: Partial<Reply> = {}): Reply => ({
  type: 'application/x-amz-json-1.1',
  body: JSON.stringify(body),
  ...more,
});

/** What moto lacks, as AWS answers it in an account that has none of it. */
function emptyAnswer(call: Call, regions: readonly string[]): Reply | undefined {
  switch (`${call.service}:${call.op}`) {
    case 'cloudtrail:ListEventDataStores':
      return json({ EventDataStores: [] });
    case 'cloudtrail:ListChannels':
      return json({ Channels: [] });
    case 'cloudtrail:GetEventConfiguration':
      return json({
        TrailARN: (JSON.parse(call.asked.slice(call.asked.indexOf('{'))) as { TrailName: string }).TrailName,
        AggregationConfigurations: [],
      });
    case 'logs:DescribeAccountPolicies':
      return json({ accountPolicies: [] });
    case 'securitylake:ListDataLakes':
      return json({ dataLakes: [] });
    case 's3:ListBucketIntelligentTieringConfigurations':
      return {
        type: 'application/xml',
        body: '<ListBucketIntelligentTieringConfigurationsOutput xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated></ListBucketIntelligentTieringConfigurationsOutput>',
      };
    case 'account:ListRegions':
      return json({
        Regions: [
          ...regions.map((RegionName) => ({ RegionName, RegionOptStatus: 'ENABLED_BY_DEFAULT' })),
          { RegionName: 'ap-east-1', RegionOptStatus: 'DISABLED' },
        ],
      });
    default:
      return undefined;
  }
}

/** Stands between the scan and moto, forwards byte for byte, and counts. */
export async function startProxy(moto: string, regions: readonly string[]): Promise<MotoProxy> {
  const accounts = new Map<string, string>();
  const calls: Call[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const call = callOf(incoming.method ?? '', incoming.url ?? '', incoming.headers, body, accounts);
    calls.push(call);
    proxy.onCall?.(call, calls.length);
    const reply = (await proxy.fault(call)) ?? (proxy.filling ? emptyAnswer(call, regions) : undefined);
    if (reply?.hangUp) return void incoming.socket.destroy();
    if (reply) {
      outgoing.writeHead(reply.status ?? 200, { 'content-type': reply.type ?? 'application/xml', ...reply.headers });
      return void outgoing.end(reply.body);
    }
    const onward = ask(`${moto}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const whole = Buffer.concat(parts);
        if (call.op === 'AssumeRole') learn(answer.headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole, accounts);
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        outgoing.end(whole);
      });
    });
    onward.on('error', () => outgoing.destroy());
    onward.end(body);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: MotoProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    fault: () => undefined,
    filling: true,
    onCall: undefined,
    clear() {
      calls.length = 0;
      proxy.fault = () => undefined;
      proxy.filling = true;
      proxy.onCall = undefined;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

function learn(answer: Buffer, accounts: Map<string, string>): void {
  const text = answer.toString('utf8');
  const key = /<AccessKeyId>([^<]+)</.exec(text)?.[1];
  const account = /<Arn>arn:[^:]+:sts::(\d{12}):/.exec(text)?.[1];
  if (key && account) accounts.set(key, account);
}

function callOf(method: string, url: string, headers: IncomingHttpHeaders, body: Buffer, accounts: ReadonlyMap<string, string>): Call {
  const [, key = '', region = '', signed = ''] = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const service = signed === '' ? 'moto' : signed;
  const asked = `${method} ${url} ${body.toString('utf8')}`;
  return { account: accounts.get(key), region, service, op: operation(service, method, url, headers, body), asked };
}

const S3_QUERIES: Readonly<Record<string, string>> = {
  location: 'GetBucketLocation',
  lifecycle: 'GetBucketLifecycleConfiguration',
  versioning: 'GetBucketVersioning',
  policy: 'GetBucketPolicy',
  acl: 'GetBucketAcl',
  'object-lock': 'GetObjectLockConfiguration',
  replication: 'GetBucketReplication',
  notification: 'GetBucketNotificationConfiguration',
  logging: 'GetBucketLogging',
  'intelligent-tiering': 'ListBucketIntelligentTieringConfigurations',
};
const PATHS: readonly [RegExp, string][] = [
  [/^POST \/listRegions/, 'ListRegions'],
  [/^GET \/v1\/datalakes/, 'ListDataLakes'],
  [/^GET \/2013-04-01\/hostedzone(\?|$)/, 'ListHostedZones'],
  [/^GET \/2013-04-01\/queryloggingconfig/, 'ListQueryLoggingConfigs'],
  [/^GET \/clusters(\?|$)/, 'ListClusters'],
  [/^GET \/clusters\/[^/]+$/, 'DescribeCluster'],
  [/^GET \/2015-03-31\/functions/, 'ListFunctions'],
];

function operation(service: string, method: string, url: string, headers: IncomingHttpHeaders, body: Buffer): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? target;
  const action = /(?:^|&)Action=([A-Za-z]+)/.exec(body.toString('utf8'))?.[1];
  if (action !== undefined) return action;
  const { pathname, searchParams } = new URL(url, 'http://proxy');
  if (service === 's3') {
    const named = [...searchParams.keys()].find((name) => S3_QUERIES[name]);
    return named === undefined ? (pathname === '/' ? 'ListBuckets' : `${method} ${pathname}`) : (S3_QUERIES[named] as string);
  }
  return PATHS.find(([shape]) => shape.test(`${method} ${pathname}`))?.[1] ?? `${method} ${pathname}`;
}
