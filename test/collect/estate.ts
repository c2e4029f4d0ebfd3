import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AwsOptions, awsProvider } from '../../connectors/aws/provider.ts';
import {
  accessKeyOf,
  type Override,
  type Replay,
  type ReplayOptions,
  type ReplayRequest,
  startReplay,
} from '../../connectors/aws/replay/server.ts';
import type { Collector } from '../../src/collect/collector.ts';
import { type CollectOptions, type CollectSummary, collect } from '../../src/collect/engine.ts';
import type { StoredEvidence } from '../../src/model/evidence.ts';
import { type EvidenceStore, openStore } from '../../src/store/evidence-store.ts';

export const START = '111122223333';
export const COLLECTOR: Pick<Collector, 'provider' | 'service' | 'informs' | 'doc' | 'read'> = {
  provider: 'aws',
  service: 'Test',
  informs: [],
  doc: 'https://example.com/',
  read: () => {},
};

/** Asks each region for its trails, and each trail for its status. */
export const trails: Collector = {
  ...COLLECTOR,
  id: 'trails',
  runs: 'region',
  phase: 'sources',
  calls: {
    'cloudtrail:DescribeTrails': { permission: 'cloudtrail:DescribeTrails', why: 'trails', per: 'region' },
    'cloudtrail:GetTrailStatus': { permission: 'cloudtrail:GetTrailStatus', why: 'their state', per: 'resource' },
  },
  async collect(cell) {
    const answer = await cell.ask('cloudtrail:DescribeTrails', { includeShadowTrails: true });
    for (const page of answer.pages) {
      for (const trail of page.trailList ?? []) {
        await cell.ask('cloudtrail:GetTrailStatus', { Name: trail.TrailARN });
        if (trail.S3BucketName) cell.want({ kind: 's3', id: trail.S3BucketName });
        if (trail.CloudWatchLogsLogGroupArn) {
          const id = trail.CloudWatchLogsLogGroupArn.replace(/:\*$/, '');
          cell.want({ kind: 'cloudwatch-logs', id, account: id.split(':')[4], region: id.split(':')[3] });
        }
      }
    }
  },
};

export interface SimulatedAccount {
  readonly state?: string;
  readonly refuse?: boolean;
  readonly regions?: Readonly<Record<string, string>>;
  readonly buckets?: readonly string[];
}

/** An organization that answers as AWS does; `say` is asked first. */
export function organization(
  accounts: Readonly<Record<string, SimulatedAccount>>,
  say: (request: ReplayRequest) => Override | undefined | Promise<Override | undefined> = () => undefined,
): NonNullable<ReplayOptions['answer']> {
  const regions = {
    'us-east-1': 'ENABLED_BY_DEFAULT',
    'eu-west-1': 'ENABLED_BY_DEFAULT',
    'ap-east-1': 'DISABLED',
    'me-south-1': 'DISABLED',
  };
  return async (request) => {
    const said = await say(request);
    if (said) return said;
    const { account, args } = request;
    switch (`${request.service}:${request.op}`) {
      case 'sts:GetCallerIdentity':
        return { body: { Account: account, Arn: `arn:aws:sts::${account}:assumed-role/Reader/s`, UserId: 'AROA:s' } };
      case 'sts:AssumeRole': {
        const target = String(args.RoleArn).split(':')[4] as string;
        if (accounts[target]?.refuse)
          return {
            error: { code: 'AccessDenied', message: `not authorized to perform: sts:AssumeRole on resource: ${args.RoleArn}`, status: 403 },
          };
        return {
          body: {
            Credentials: { AccessKeyId: accessKeyOf(target), SecretAccessKey: 's', SessionToken: 't', Expiration: '2099-01-01T00:00:00Z' },
          },
        };
      }
      case 'organizations:DescribeOrganization':
        return { body: { Organization: { Id: 'o-example', MasterAccountId: START, FeatureSet: 'ALL' } } };
      case 'organizations:ListAccounts': {
        // Pages of two with an empty one in between, as the service is free to answer.
        const ids = Object.keys(accounts);
        const at = Number(/\d+/.exec(String(args.NextToken ?? '0'))?.[0]);
        const list = at % 2 === 1 ? [] : ids.slice(at, at + 2);
        const more = at % 2 === 1 || at + 2 < ids.length;
        return {
          body: {
            Accounts: list.map((Id) => ({ Id, Name: `n${Id}`, State: accounts[Id]?.state ?? 'ACTIVE' })),
            ...(more ? { NextToken: `t${at + 1}` } : {}),
          },
        };
      }
      case 'organizations:ListDelegatedAdministrators':
        return { body: { DelegatedAdministrators: [] } };
      case 'account:ListRegions':
        return {
          body: {
            Regions: Object.entries(accounts[account]?.regions ?? regions).map(([RegionName, RegionOptStatus]) => ({
              RegionName,
              RegionOptStatus,
            })),
          },
        };
      case 's3:ListBuckets':
        return { body: { Buckets: (accounts[account]?.buckets ?? []).map((Name) => ({ Name })), Owner: { ID: 'o' } } };
      case 'cloudtrail:DescribeTrails':
        return { body: { trailList: [] } };
      default:
        return undefined;
    }
  };
}

export interface Ran {
  readonly summary: CollectSummary;
  readonly store: EvidenceStore;
  readonly records: StoredEvidence[];
  readonly replay: Replay;
  readonly asked: string[];
}

export function pointAt(url: string, account = START): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: accessKeyOf(account),
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  });
}

export const freshStore = () => openStore(join(mkdtempSync(join(tmpdir(), 'viewshed-collect-')), 'evidence.db'), { create: true });

/** One collect against a simulated estate; the server is closed afterwards. */
export async function run(
  answer: NonNullable<ReplayOptions['answer']>,
  options: Partial<CollectOptions> & { readonly aws?: AwsOptions; readonly latencyMs?: number } = {},
): Promise<Ran> {
  const replay = await startReplay([], { answer, latencyMs: options.latencyMs ?? 0 });
  pointAt(replay.url);
  const store = options.store ?? freshStore();
  const { aws, latencyMs: _, ...rest } = options;
  try {
    const summary = await collect({ provider: awsProvider({ maxAttempts: 3, ...aws }), collectors: [trails], store, ...rest });
    return {
      summary,
      store,
      replay,
      records: [...store.records(summary.scan)],
      asked: replay.requests.map((one) => `${one.account} ${one.region} ${one.service}:${one.op}`),
    };
  } finally {
    await replay.close();
  }
}
