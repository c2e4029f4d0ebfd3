/**
 * An organization on loopback that costs next to nothing to serve: answers are written beforehand, nothing is verified. Runs in a process of its own,
 * so that its processor time is not counted; both sides of a comparison ask the same one. Its parent starts it with `startServer`.
 */
import { fork } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessKeyOf } from '../connectors/aws/replay/server.ts';
import { MANAGEMENT, REGIONS } from './estate.ts';

export interface ServerOptions {
  readonly accounts: number;
  /** Milliseconds that every answer takes. */
  readonly latency: number;
}

export interface Server {
  readonly url: string;
  /** Requests answered since the last time this was asked. */
  count(): Promise<number>;
  stop(): void;
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const child = fork(import.meta.filename, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const said = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(message as T));
      child.once('exit', () => reject(new Error('the server ended')));
    });
  return {
    url: await said<string>(),
    count: () => {
      const counted = said<number>();
      child.send('count');
      return counted;
    },
    stop: () => void child.disconnect(),
  };
}

export function accountIds(count: number): string[] {
  return [MANAGEMENT, ...Array.from({ length: count - 1 }, (_, index) => String(100_000_000_000 + index))];
}

const TRAIL = `arn:aws:cloudtrail:us-east-1:${MANAGEMENT}:trail/org`;
const JSON_TYPE = 'application/x-amz-json-1.1';
const XML_TYPE = 'text/xml';

interface Asked {
  readonly account: string;
  readonly region: string;
  readonly body: string;
  readonly accounts: readonly string[];
}

interface Reply {
  readonly type: string;
  readonly text: string;
  readonly status?: number;
}

const trails = JSON.stringify({
  trailList: [
    {
      Name: 'org',
      TrailARN: TRAIL,
      HomeRegion: 'us-east-1',
      S3BucketName: 'org-logs',
      IsMultiRegionTrail: true,
      IsOrganizationTrail: true,
      IncludeGlobalServiceEvents: true,
      LogFileValidationEnabled: true,
      HasCustomEventSelectors: false,
      HasInsightSelectors: false,
    },
  ],
});
const regions = JSON.stringify({ Regions: REGIONS.map((RegionName) => ({ RegionName, RegionOptStatus: 'ENABLED_BY_DEFAULT' })) });

const byTarget: Readonly<Record<string, (asked: Asked) => string>> = {
  DescribeTrails: () => trails,
  GetTrailStatus: () => '{"IsLogging":true,"LatestDeliveryTime":1795262100,"LatestDigestDeliveryTime":1795260000}',
  GetEventSelectors: () =>
    `{"TrailARN":"${TRAIL}","AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]}`,
  DescribeOrganization: () => `{"Organization":{"Id":"o-example123","MasterAccountId":"${MANAGEMENT}"}}`,
  ListAccounts({ accounts, body }) {
    // Twenty to a page, as AWS does.
    const from = Number((JSON.parse(body) as { NextToken?: string }).NextToken ?? 0);
    const page = accounts.slice(from, from + 20).map((Id) => ({
      Id,
      Name: `account-${Id}`,
      Email: `${Id}@example.com`,
      Arn: `arn:aws:organizations::${MANAGEMENT}:account/o-example123/${Id}`,
      State: 'ACTIVE',
      Status: 'ACTIVE',
      JoinedMethod: 'CREATED',
      JoinedTimestamp: 1_600_000_000,
    }));
    return JSON.stringify({ Accounts: page, ...(from + 20 < accounts.length ? { NextToken: String(from + 20) } : {}) });
  },
};

const ec2: Readonly<Record<string, (asked: Asked) => string>> = {
  DescribeVpcs: ({ account }) =>
    `<vpcSet><item><vpcId>vpc-0example</vpcId><ownerId>${account}</ownerId><state>available</state><cidrBlock>172.31.0.0/16</cidrBlock><isDefault>true</isDefault></item></vpcSet>`,
  DescribeSubnets: ({ account, region }) =>
    `<subnetSet>${['a', 'b', 'c'].map((zone) => `<item><subnetId>subnet-0${zone}</subnetId><vpcId>vpc-0example</vpcId><ownerId>${account}</ownerId><state>available</state><availabilityZone>${region}${zone}</availabilityZone></item>`).join('')}</subnetSet>`,
  DescribeFlowLogs: () =>
    '<flowLogSet><item><flowLogId>fl-0example</flowLogId><flowLogStatus>ACTIVE</flowLogStatus><resourceId>vpc-0example</resourceId><trafficType>ALL</trafficType><deliverLogsStatus>SUCCESS</deliverLogsStatus><logDestinationType>s3</logDestinationType><logDestination>arn:aws:s3:::org-logs</logDestination></item></flowLogSet>',
};

const query: Readonly<Record<string, (asked: Asked) => string>> = {
  GetCallerIdentity: ({ account }) =>
    `<Account>${account}</Account><Arn>arn:aws:sts::${account}:assumed-role/ViewshedReader/viewshed</Arn><UserId>AROAEXAMPLE:viewshed</UserId>`,
  AssumeRole({ body }) {
    const account = /role-?arn=arn%3Aaws%3Aiam%3A%3A(\d{12})/i.exec(body)?.[1] ?? '';
    return `<Credentials><AccessKeyId>${accessKeyOf(account)}</AccessKeyId><SecretAccessKey>secret-of-${account}</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials>`;
  },
};

const rest: Readonly<Record<string, (path: string, asked: Asked) => Reply>> = {
  account: () => ({ type: 'application/json', text: regions }),
  s3: (path, { account }) =>
    path.length > 1 && !path.startsWith('/?')
      ? { type: 'application/xml', status: 404, text: '<Error><Code>NoSuchConfiguration</Code><Message>There is none</Message></Error>' }
      : {
          type: 'application/xml',
          text: `<ListAllMyBucketsResult><Buckets>${account === MANAGEMENT ? '<Bucket><Name>org-logs</Name><BucketRegion>us-east-1</BucketRegion></Bucket>' : ''}</Buckets></ListAllMyBucketsResult>`,
        },
  route53: (path) => ({
    type: XML_TYPE,
    text: path.includes('hostedzone')
      ? '<ListHostedZonesResponse><HostedZones></HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>'
      : '<ListQueryLoggingConfigsResponse><QueryLoggingConfigs></QueryLoggingConfigs></ListQueryLoggingConfigsResponse>',
  }),
};

function replyTo(request: IncomingMessage, body: string, accounts: readonly string[]): Reply {
  const scope = /Credential=[A-Z]*(\d{12})[^/]*\/\d+\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? '');
  const [account = '', region = '', service = ''] = scope?.slice(1) ?? [];
  const asked: Asked = { account, region, body, accounts };
  const target = request.headers['x-amz-target'] as string | undefined;
  if (target !== undefined) return { type: JSON_TYPE, text: byTarget[target.slice(target.lastIndexOf('.') + 1)]?.(asked) ?? '{}' };
  const action = /(?:^|&)Action=(\w+)/.exec(body)?.[1];
  if (action !== undefined && service === 'ec2') {
    return {
      type: XML_TYPE,
      text: `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>${ec2[action]?.(asked) ?? ''}</${action}Response>`,
    };
  }
  if (action !== undefined) {
    return {
      type: XML_TYPE,
      text: `<${action}Response><${action}Result>${query[action]?.(asked) ?? ''}</${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`,
    };
  }
  return rest[service]?.(request.url ?? '/', asked) ?? { type: 'application/json', text: '{}' };
}

function serve({ accounts, latency }: ServerOptions): void {
  const ids = accountIds(accounts);
  let count = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      count++;
      const reply = (): void => {
        const { type, text, status } = replyTo(request, body, ids);
        response.writeHead(status ?? 200, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
      };
      if (latency > 0) setTimeout(reply, latency);
      else reply();
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  process.on('message', () => {
    process.send?.(count);
    count = 0;
  });
  process.once('disconnect', () => process.exit());
}

if (import.meta.main) serve(JSON.parse(process.argv[2] as string) as ServerOptions);
