import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { awsProvider } from '../../connectors/aws/provider.ts';
import { startReplay } from '../../connectors/aws/replay/server.ts';
import type { Answer, Collector } from '../../src/collect/collector.ts';
import { type CollectProgress, collect } from '../../src/collect/engine.ts';
import { InputError } from '../../src/model/input-error.ts';
import { openStore } from '../../src/store/evidence-store.ts';
import { COLLECTOR, freshStore, organization, pointAt, run, START, trails } from './estate.ts';

const A = '444455556666';
const B = '777788889999';
const C = '123412341234';
const trail = (account: string, more = {}) => ({
  Name: 'main',
  TrailARN: `arn:aws:cloudtrail:eu-west-1:${account}:trail/main`,
  HomeRegion: 'eu-west-1',
  ...more,
});
const denied = { code: 'AccessDenied', message: 'no', status: 403 };

function one(collect: Collector['collect'], calls: Collector['calls'], more: Partial<Collector> = {}): Collector {
  return { ...COLLECTOR, id: 'one', runs: 'account', phase: 'sources', calls, collect, ...more };
}

const listing = (calls: Record<string, { from: string; to: string } | undefined>): Collector['calls'] =>
  Object.fromEntries(Object.entries(calls).map(([call, pages]) => [call, { permission: call, why: 'test', ...(pages ? { pages } : {}) }]));

describe('accounts and regions', () => {
  it('walks the organization from its management account: enabled regions only, closed accounts not called, refusals recorded', async () => {
    const ran = await run(
      organization({
        [START]: {},
        [A]: {},
        [B]: { refuse: true },
        [C]: { state: 'SUSPENDED' },
        '123412341235': { state: 'PENDING_CLOSURE' },
      }),
    );
    expect(ran.summary.accounts).toEqual({ total: 5, reached: 2, denied: 1, skipped: 2 });
    expect(ran.replay.unmatched).toEqual([]);
    expect(ran.asked.filter((call) => call.includes('DescribeTrails')).sort()).toEqual(
      [
        `${START} eu-west-1 cloudtrail:DescribeTrails`,
        `${START} us-east-1 cloudtrail:DescribeTrails`,
        `${A} eu-west-1 cloudtrail:DescribeTrails`,
        `${A} us-east-1 cloudtrail:DescribeTrails`,
      ].sort(),
    );
    const calls = ran.records.map(
      (record) =>
        `${record.account} ${record.region ?? '-'} ${record.service}:${record.op}${record.error ? ` ${record.error.code} ${record.error.status}` : ''}`,
    );
    expect(calls).toContain(`${B} - sts:AssumeRole AccessDenied 403`);
    expect(ran.records.find((record) => record.op === 'AssumeRole')?.args).toEqual({ RoleArn: `arn:aws:iam::${B}:role/ViewshedReader` });
    expect(calls).toContain(`${A} - sts:GetCallerIdentity`);
    expect(calls).toContain(`${A} - account:ListRegions`);
    expect(calls.some((call) => call.startsWith(C))).toBe(false);
    expect(ran.records.filter((record) => record.op === 'ListAccounts').map((record) => record.page)).toEqual([0, 1, 2, 3, 4]);
    expect(JSON.stringify(ran.records)).not.toContain('SecretAccessKey');
    expect(ran.summary.denied).toEqual({ 'sts:AssumeRole': 1 });
    expect(ran.store.scans()[0]?.finishedAt).toBeDefined();
  });

  it('a plain member scans itself and records that it may not list the others', async () => {
    const ran = await run(
      organization({ [START]: {}, [A]: {} }, ({ op }) =>
        op === 'ListAccounts' || op === 'ListDelegatedAdministrators' ? { error: denied } : undefined,
      ),
    );
    expect(ran.summary.accounts).toEqual({ total: 1, reached: 1, denied: 0, skipped: 0 });
    expect(
      ran.records
        .filter((record) => record.error)
        .map((record) => record.op)
        .sort(),
    ).toEqual(['ListAccounts', 'ListDelegatedAdministrators']);
    expect(ran.summary.denied).toEqual({ 'organizations:ListAccounts': 1, 'organizations:ListDelegatedAdministrators': 1 });
  });

  it('keeps to the accounts and regions that were asked for, listed or not', async () => {
    const ran = await run(organization({ [START]: {}, [A]: {}, [B]: {} }), {
      accounts: { only: [A, B, C], except: [B] },
      regions: ['eu-west-1', 'ap-east-1'],
    });
    expect(ran.asked.filter((call) => call.includes('DescribeTrails')).sort()).toEqual(
      [`${C} eu-west-1 cloudtrail:DescribeTrails`, `${A} eu-west-1 cloudtrail:DescribeTrails`].sort(),
    );
    const alone = await run(organization({ [START]: {}, [A]: {} }), { aws: { organization: false } });
    expect(alone.asked.some((call) => call.includes('organizations:'))).toBe(false);
    expect(alone.summary.accounts.total).toBe(1);
  });

  it('reads regions from ec2 where account:ListRegions is refused, and asks the default role of the partition', async () => {
    const ran = await run(
      organization({ [START]: {}, [A]: {} }, ({ service, op, account, args }) => {
        if (op === 'ListRegions') return { error: denied };
        if (service === 'ec2')
          return {
            body: {
              Regions: [
                { RegionName: 'us-gov-west-1', OptInStatus: 'opt-in-not-required' },
                { RegionName: 'us-gov-east-1', OptInStatus: 'not-opted-in' },
              ],
            },
          };
        if (op === 'GetCallerIdentity')
          return { body: { Account: account, Arn: `arn:aws-us-gov:sts::${account}:assumed-role/R/s`, UserId: 'x' } };
        return op === 'AssumeRole' && args.ExternalId !== 'e-1' ? { error: denied } : undefined;
      }),
      { aws: { role: { nameTemplate: 'audit/Reader-{account}', externalId: 'e-1', sessionName: 'night' } } },
    );
    expect(ran.replay.requests.find((request) => request.op === 'AssumeRole')?.args).toEqual({
      RoleArn: `arn:aws-us-gov:iam::${A}:role/audit/Reader-${A}`,
      ExternalId: 'e-1',
      RoleSessionName: 'night',
    });
    expect(ran.asked.filter((call) => call.includes('DescribeTrails')).sort()).toEqual(
      [`${START} us-gov-west-1 cloudtrail:DescribeTrails`, `${A} us-gov-west-1 cloudtrail:DescribeTrails`].sort(),
    );
    expect(ran.records.find((record) => record.op === 'DescribeRegions')).toMatchObject({
      args: { AllRegions: true },
      region: 'us-east-1',
    });
  });

  it('a role that leads to another account is not taken for the account', async () => {
    const ran = await run(
      organization({ [START]: {}, [A]: {} }, ({ op, account }) =>
        op === 'GetCallerIdentity' && account === A ? { body: { Account: B, Arn: `arn:aws:sts::${B}:assumed-role/R/s` } } : undefined,
      ),
    );
    expect(ran.summary.accounts.denied).toBe(1);
    expect(ran.records.find((record) => record.op === 'AssumeRole')).toMatchObject({ account: A, error: { code: 'WrongAccount' } });
    expect(ran.asked.some((call) => call.startsWith(`${A} `) && call.includes('cloudtrail'))).toBe(false);
  });

  it('without credentials, or refused ones, it is one line', async () => {
    const error = await run(() => ({
      error: { code: 'InvalidClientTokenId', message: 'The security token included in the request is invalid.', status: 403 },
    })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(/^the AWS credentials found were refused by sts:GetCallerIdentity: InvalidClientTokenId/);
    pointAt('http://127.0.0.1:9');
    delete process.env.AWS_ACCESS_KEY_ID;
    const none = await collect({ provider: awsProvider(), collectors: [trails], store: freshStore() }).catch((thrown: unknown) => thrown);
    expect((none as Error).message).toMatch(/^no AWS credentials for the default chain: /);
    pointAt('http://127.0.0.1:9');
    const unreachable = await collect({ provider: awsProvider({ maxAttempts: 1 }), collectors: [trails], store: freshStore() }).catch(
      (thrown: unknown) => thrown,
    );
    expect((unreachable as Error).message).toMatch(/^AWS cannot be reached \(sts:GetCallerIdentity: ECONNREFUSED\)/);
  });
});

describe('answers', () => {
  it('follows pages, records each, and gives collectors what it recorded', async () => {
    let answer: Answer | undefined;
    const collector = one(
      async (cell) => {
        answer = await cell.ask('lambda:ListFunctions', { MaxItems: 50 });
      },
      listing({ 'lambda:ListFunctions': { from: 'NextMarker', to: 'Marker' } }),
    );
    const ran = await run(
      organization({ [START]: {} }, ({ op, args }) => {
        if (op !== 'ListFunctions') return undefined;
        const at = Number(args.Marker ?? 0);
        return { body: { Functions: at === 1 ? [] : [{ FunctionName: `f${at}` }], ...(at < 2 ? { NextMarker: String(at + 1) } : {}) } };
      }),
      { collectors: [collector] },
    );
    const records = ran.records.filter((record) => record.op === 'ListFunctions');
    expect(records.map((record) => [record.page, record.args, record.region])).toEqual(
      [0, 1, 2].map((page) => [page, { MaxItems: 50 }, 'us-east-1']),
    );
    expect(answer).toEqual({ ok: true, pages: records.map((record) => record.body) });
    expect(records[1]?.body).toEqual({ Functions: [], NextMarker: '2' });
  });

  it('ends a list that goes round in a circle', async () => {
    const collector = one(
      async (cell) => void (await cell.ask('lambda:ListFunctions')),
      listing({ 'lambda:ListFunctions': { from: 'NextMarker', to: 'Marker' } }),
    );
    const ran = await run(
      organization({ [START]: {} }, ({ op }) => (op === 'ListFunctions' ? { body: { Functions: [], NextMarker: 'again' } } : undefined)),
      { collectors: [collector] },
    );
    expect(ran.records.filter((record) => record.op === 'ListFunctions').map((record) => record.error?.code)).toEqual([
      undefined,
      undefined,
      'PageLoop',
    ]);
  });

  it('asks a call that two collectors want once, and refuses undeclared calls', async () => {
    const twin = { ...trails, id: 'twin' };
    const wild = one(async (cell) => void (await cell.ask('cloudtrail:DeleteTrail', { Name: 'x' })), {}, { id: 'wild' });
    const ran = await run(organization({ [START]: {} }), { collectors: [trails, twin, wild] });
    expect(ran.asked.filter((call) => call.includes('DescribeTrails'))).toHaveLength(2);
    expect(ran.asked.some((call) => call.includes('DeleteTrail'))).toBe(false);
    expect(ran.summary.failures).toEqual([
      { collector: 'wild', account: START, region: 'us-east-1', message: expect.stringContaining('cloudtrail:DeleteTrail') },
    ]);
  });

  it('each account is asked with its own credentials, whichever service', async () => {
    const calls = listing({
      'cloudtrail:DescribeTrails': undefined,
      'ec2:DescribeVpcs': undefined,
      's3:GetBucketPolicy': undefined,
      'route53resolver:ListResolverQueryLogConfigs': undefined,
      'elasticloadbalancing:DescribeLoadBalancers': undefined,
      'elasticloadbalancing-classic:DescribeLoadBalancers': undefined,
      'eks:ListClusters': undefined,
      'logs:DescribeLogGroups': undefined,
      'iam:ListRoles': undefined,
      'route53:ListHostedZones': undefined,
      'lambda:ListFunctions': undefined,
      'securitylake:ListDataLakes': undefined,
    });
    const everything = one(
      async (cell) => {
        await Promise.all(Object.keys(calls).map((call) => cell.ask(call, call === 's3:GetBucketPolicy' ? { Bucket: 'card-vault' } : {})));
      },
      calls,
      { runs: 'region' },
    );
    const accounts = [START, A, B, C];
    const ran = await run(
      organization(Object.fromEntries(accounts.map((id) => [id, {}])), ({ service, op, account }) =>
        service === 'sts' || service === 'organizations' || op === 'ListRegions'
          ? undefined
          : { error: { code: 'Told', message: account, status: 400 } },
      ),
      { collectors: [everything], concurrency: 64 },
    );
    const told = ran.records.filter((record) => record.error?.code === 'Told');
    expect(ran.summary.failures).toEqual([]);
    expect(
      told.map((record) => `${record.service} ${record.error?.message === record.account}`).filter((line) => line.endsWith('false')),
    ).toEqual([]);
    expect(new Set(told.map((record) => `${record.service}:${record.op}`))).toEqual(new Set(Object.keys(calls)));
    expect(told).toHaveLength(accounts.length * (10 * 2 + 2));
    expect(
      told
        .filter((record) => record.region === undefined)
        .map((record) => record.service)
        .sort(),
    ).toEqual(accounts.flatMap(() => ['iam', 'route53']).sort());
  });
});

describe('errors', () => {
  const ask = async (say: Parameters<typeof organization>[1], call = 'cloudtrail:DescribeTrails', aws = {}) => {
    const collector = one(async (cell) => void (await cell.ask(call)), listing({ [call]: undefined }));
    const op = call.split(':')[1];
    const ran = await run(
      organization({ [START]: {} }, (request) => (request.op === op ? say?.(request) : undefined)),
      { collectors: [collector], aws },
    );
    return { ...ran, record: ran.records.find((record) => record.op === op) };
  };
  const last = (ran: Awaited<ReturnType<typeof ask>>) => ran.record?.error;

  it('a throttled call is tried again, and the answer recorded', async () => {
    let tries = 0;
    const ran = await ask(() =>
      ++tries < 3 ? { error: { code: 'ThrottlingException', message: 'Rate exceeded', status: 400 } } : { body: { trailList: [] } },
    );
    expect(tries).toBe(3);
    expect(ran.record?.body).toEqual({ trailList: [] });
    expect(ran.summary.outcomes.throttled).toBe(0);
    const never = await ask(() => ({ error: { code: 'ThrottlingException', message: 'Rate exceeded', status: 400 } }));
    expect(last(never)).toEqual({ code: 'ThrottlingException', message: 'Rate exceeded', status: 400 });
    expect(never.summary.outcomes.throttled).toBe(1);
  });

  it('a JSON service that refuses in XML is a denial with its code and message', async () => {
    const body =
      '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x is not authorized to perform: a:b on &quot;c&quot;</Message></Error></ErrorResponse>';
    for (const call of ['cloudtrail:DescribeTrails', 'route53resolver:ListResolverQueryLogConfigs', 'lambda:ListFunctions']) {
      const ran = await ask(() => ({ raw: { status: 403, headers: { 'content-type': 'text/xml' }, body } }), call);
      expect([call, last(ran)]).toEqual([
        call,
        { code: 'AccessDenied', message: 'User: x is not authorized to perform: a:b on "c"', status: 403 },
      ]);
      expect(ran.summary.outcomes.denied).toBe(1);
    }
  });

  it('HTML with status 500 is a server error, HTML with 403 a denial, HTML with 200 unreadable; none is an answer', async () => {
    const html = '<!doctype html><html><title>oops</title><h1>Code</h1></html>';
    for (const call of ['cloudtrail:DescribeTrails', 'ec2:DescribeVpcs', 's3:ListBuckets', 'route53resolver:ListResolverQueryLogConfigs']) {
      for (const [status, code, outcome] of [
        [500, 'ServerError', 'server-error'],
        [403, 'AccessDenied', 'denied'],
        [200, 'UnreadableAnswer', 'other'],
      ] as const) {
        const ran = await ask(() => ({ raw: { status, headers: { 'content-type': 'text/html' }, body: html } }), call, { maxAttempts: 1 });
        expect([call, last(ran)?.code, last(ran)?.status]).toEqual([call, code, status]);
        expect(ran.summary.outcomes[outcome]).toBe(1);
      }
    }
  });

  it('a silent server and a broken connection are unreachable', async () => {
    const slow = await ask(
      async () => {
        await sleep(700);
        return { body: { trailList: [] } };
      },
      undefined,
      { requestTimeout: 200, maxAttempts: 2 },
    );
    expect(last(slow)).toMatchObject({ code: 'ETIMEDOUT' });
    expect(slow.summary.outcomes.unreachable).toBe(1);
    const broken = await ask(() => ({ hangUp: true }), undefined, { maxAttempts: 1 });
    expect(last(broken)?.code).toBe('ECONNRESET');
    expect(broken.summary.outcomes.unreachable).toBe(1);
  });

  it('a region that is not enabled and a service not signed up for have outcomes of their own', async () => {
    const region = await ask(() => ({
      error: { code: 'UnrecognizedClientException', message: 'The security token included in the request is invalid.', status: 400 },
    }));
    expect(region.summary.outcomes['region-disabled']).toBe(1);
    const service = await ask(() => ({
      error: { code: 'SubscriptionRequiredException', message: 'The AWS Access Key Id needs a subscription for the service', status: 403 },
    }));
    expect(service.summary.outcomes['not-signed-up']).toBe(1);
  });

  it('a bucket of another region is asked there', async () => {
    const collector = one(
      async (cell) => void (await cell.ask('s3:GetBucketVersioning', { Bucket: 'card-vault' })),
      listing({ 's3:GetBucketVersioning': undefined }),
    );
    const ran = await run(
      organization({ [START]: {} }, ({ op, region }) => {
        if (op !== 'GetBucketVersioning') return undefined;
        if (region === 'eu-west-1') return { body: { Status: 'Enabled' } };
        return {
          raw: {
            status: 301,
            headers: { 'x-amz-bucket-region': 'eu-west-1', 'content-type': 'application/xml' },
            body: '<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>',
          },
        };
      }),
      { collectors: [collector] },
    );
    expect(ran.records.find((record) => record.op === 'GetBucketVersioning')).toMatchObject({
      region: 'us-east-1',
      body: { Status: 'Enabled' },
    });
  });
});

describe('destinations', () => {
  const stores: Collector = {
    ...COLLECTOR,
    id: 'stores',
    runs: 'account',
    phase: 'stores',
    calls: listing({ 's3:GetBucketVersioning': undefined, 'logs:DescribeLogGroups': undefined }),
    async collect(cell) {
      for (const { kind, id, region } of cell.wanted) {
        if (kind === 's3') await cell.ask('s3:GetBucketVersioning', { Bucket: id });
        else await cell.ask('logs:DescribeLogGroups', { logGroupNamePrefix: id.split(':')[6] }, { region: region as string });
      }
    },
  };

  it('asks the owner: log groups say it, buckets are found in the lists of all accounts, and else whoever named it', async () => {
    const group = `arn:aws:logs:eu-west-1:${B}:log-group:trails`;
    const ran = await run(
      organization({ [START]: {}, [A]: {}, [B]: { buckets: ['central'] }, [C]: { refuse: true } }, ({ op, account, region }) => {
        if (op === 'DescribeTrails' && account === A && region === 'eu-west-1') {
          return {
            body: {
              trailList: [
                trail(A, { S3BucketName: 'central', CloudWatchLogsLogGroupArn: `${group}:*` }),
                trail(A, { S3BucketName: 'elsewhere', CloudWatchLogsLogGroupArn: `arn:aws:logs:eu-west-1:${C}:log-group:x:*` }),
              ],
            },
          };
        }
        if (op === 'GetTrailStatus') return { body: { IsLogging: true, LatestDeliveryTime: '2026-11-21T12:00:00.000Z' } };
        if (op === 'GetBucketVersioning') return account === B ? { body: { Status: 'Enabled' } } : { error: denied };
        return op === 'DescribeLogGroups' ? { body: { logGroups: [] } } : undefined;
      }),
      { collectors: [trails, stores] },
    );
    expect(ran.asked.filter((call) => /GetBucketVersioning|DescribeLogGroups/.test(call)).sort()).toEqual(
      [`${A} us-east-1 s3:GetBucketVersioning`, `${B} eu-west-1 logs:DescribeLogGroups`, `${B} us-east-1 s3:GetBucketVersioning`].sort(),
    );
    expect(ran.records.find((record) => record.op === 'GetBucketVersioning' && record.account === A)?.error?.code).toBe('AccessDenied');
    expect(ran.records.find((record) => record.op === 'GetTrailStatus')?.body).toEqual({
      IsLogging: true,
      LatestDeliveryTime: '2026-11-21T12:00:00.000Z',
    });
    const buckets = ran.records.filter((record) => record.op === 'ListBuckets');
    expect(buckets.map((record) => [record.account, record.region])).toEqual(
      expect.arrayContaining([
        [START, undefined],
        [A, undefined],
        [B, undefined],
      ]),
    );
    // Entering the accounts once more makes no call again.
    expect(ran.records.filter((record) => record.op === 'GetCallerIdentity')).toHaveLength(3);
  });
});

describe('stopping and going on', () => {
  it('stops at a signal, keeps what was answered, and goes on without repeating it', async () => {
    const accounts = Object.fromEntries([START, A, B, C].map((id) => [id, {}]));
    const store = freshStore();
    const abort = new AbortController();
    let seen = 0;
    const first = await run(
      organization(accounts, ({ op }) => {
        if (op === 'DescribeTrails' && ++seen === 3) abort.abort();
        return undefined;
      }),
      { store, signal: abort.signal, concurrency: 2, latencyMs: 20 },
    );
    expect(first.summary.stopped).toBe(true);
    expect(store.scans()).toMatchObject([{ id: first.summary.scan }]);
    expect(store.scans()[0]?.finishedAt).toBeUndefined();
    const finished = new Set(
      first.records.map((record) => `${record.account} ${record.region ?? '*'} ${record.service}:${record.op} ${record.page ?? 0}`),
    );
    const second = await run(organization(accounts), { store, resume: true });
    expect(second.summary).toMatchObject({ scan: first.summary.scan, stopped: false, accounts: { reached: 4 } });
    const repeated = second.replay.requests
      .filter((one) => one.op !== 'AssumeRole' && !(one.op === 'GetCallerIdentity' && one.account === START))
      .filter((one) =>
        finished.has(
          `${one.account} ${one.service === 'cloudtrail' ? one.region : '*'} ${one.service}:${one.op} ${one.op === 'ListAccounts' ? Number(/\d+/.exec(String(one.args.NextToken ?? '0'))?.[0]) : 0}`,
        ),
      );
    expect(repeated).toEqual([]);
    expect(second.summary.reused).toBeGreaterThan(0);
    expect(second.records.filter((record) => record.op === 'DescribeTrails')).toHaveLength(8);
    expect(store.scans()[0]?.finishedAt).toBeDefined();
    const other = await run(organization(accounts), { store, resume: true, scan: first.summary.scan, regions: ['eu-west-1'] }).catch(
      (thrown: unknown) => thrown,
    );
    expect((other as Error).message).toMatch(/was begun with other options/);
  });

  it('kill -9 in the middle: every call that was finished is not made again, the others are', async () => {
    const accounts = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [i === 0 ? START : `20000000000${i}`, {}]));
    const child: { kill?: () => void } = {};
    let described = 0;
    let last = false;
    const replay = await startReplay([], {
      latencyMs: 10,
      answer: organization(accounts, ({ op, account }) => {
        if (op === 'DescribeTrails') {
          if (!last && ++described === 6) setTimeout(() => child.kill?.(), 3);
          return { body: { trailList: [trail(account)] } };
        }
        return op === 'GetTrailStatus' ? { body: { IsLogging: true } } : undefined;
      }),
    });
    pointAt(replay.url);
    const folder = mkdtempSync(join(tmpdir(), 'viewshed-kill-'));
    const path = join(folder, 'evidence.db');
    const script = join(folder, 'child.mts');
    const src = join(import.meta.dirname, '../..');
    writeFileSync(
      script,
      `
      import { collect } from '${src}/src/collect/engine.ts';
      import { awsProvider } from '${src}/connectors/aws/provider.ts';
      import { openStore } from '${src}/src/store/evidence-store.ts';
      import { trails } from '${src}/test/collect/estate.ts';
      const store = openStore('${path}', { create: true });
      const summary = await collect({ provider: awsProvider(), collectors: [trails], store, resume: true, concurrency: 3 });
      store.close();
      console.log(JSON.stringify(summary));`,
    );
    const start = () =>
      new Promise<{ signal: string | null; out: string }>((resolve) => {
        const process_ = spawn(process.execPath, [script], { env: process.env, stdio: ['ignore', 'pipe', 'inherit'] });
        child.kill = () => process_.kill('SIGKILL');
        let out = '';
        process_.stdout.on('data', (chunk) => (out += chunk));
        process_.on('close', (_code, signal) => resolve({ signal, out }));
      });
    expect((await start()).signal).toBe('SIGKILL');
    const store = openStore(path);
    const finished = [...store.records()];
    store.close();
    expect(finished.length).toBeGreaterThan(5);
    const before = replay.requests.length;
    last = true;
    const ended = await start();
    const summary = JSON.parse(ended.out);
    expect(summary).toMatchObject({ stopped: false, accounts: { reached: 6 } });
    const after = replay.requests
      .slice(before)
      .filter((one) => one.op !== 'AssumeRole' && !(one.op === 'GetCallerIdentity' && one.account === START));
    const key = (one: {
      account?: string | undefined;
      service: string;
      op: string;
      region?: string | undefined;
      args: Record<string, unknown>;
    }) =>
      `${one.account} ${one.service}:${one.op} ${one.service === 'cloudtrail' ? one.region : ''} ${one.op === 'ListAccounts' ? '' : JSON.stringify(one.args)}`;
    const done = new Set(finished.filter((record) => record.op !== 'ListAccounts').map(key));
    expect(after.filter((one) => done.has(key(one)))).toEqual([]);
    const whole = openStore(path);
    const statuses = [...whole.records()].filter((record) => record.op === 'GetTrailStatus');
    expect(new Set(statuses.map(key)).size).toBe(12);
    expect(statuses).toHaveLength(12);
    whole.close();
    await replay.close();
  });

  it('asks again what failed for a passing reason, and only that', async () => {
    const store = freshStore();
    const accounts = { [START]: {}, [A]: {} };
    await run(
      organization(accounts, ({ op, account, region }) =>
        op === 'DescribeTrails' && account === A && region === 'eu-west-1'
          ? { hangUp: true }
          : op === 'DescribeTrails' && account === A
            ? { error: denied }
            : undefined,
      ),
      { store, scan: 'night', aws: { maxAttempts: 1 } },
    );
    const second = await run(organization(accounts), { store, scan: 'night', resume: true });
    expect(second.asked.filter((call) => call.includes('DescribeTrails'))).toEqual([`${A} eu-west-1 cloudtrail:DescribeTrails`]);
  });
});

describe('bounds', () => {
  it('no more calls under way than allowed, and a silent account does not hold up the others', async () => {
    const accounts = Object.fromEntries([START, ...Array.from({ length: 11 }, (_, i) => `3000000000${10 + i}`)].map((id) => [id, {}]));
    let active = 0;
    let most = 0;
    const finished: string[] = [];
    const ran = await run(
      organization(accounts, async ({ op, account }) => {
        most = Math.max(most, ++active);
        await sleep(op === 'DescribeTrails' && account === A ? 1 : 5);
        if (op === 'DescribeTrails' && account === '300000000010') await sleep(1500);
        active--;
        if (op === 'DescribeTrails') finished.push(account);
        return undefined;
      }),
      { concurrency: 6, window: 4 },
    );
    expect(most).toBeLessThanOrEqual(6);
    expect(most).toBeGreaterThan(3);
    expect(finished.slice(-2)).toEqual(['300000000010', '300000000010']);
    expect(ran.summary.accounts.reached).toBe(12);
  });

  it('keeps no more clients for more accounts, and reports progress that adds up', async () => {
    const accounts = Object.fromEntries([START, ...Array.from({ length: 40 }, (_, i) => `4000000000${10 + i}`)].map((id) => [id, {}]));
    const provider = awsProvider();
    const replay = await startReplay([], { answer: organization(accounts), remember: false });
    pointAt(replay.url);
    const seen: CollectProgress[] = [];
    const summary = await collect({ provider, collectors: [trails], store: freshStore(), onProgress: (progress) => seen.push(progress) });
    await replay.close();
    expect(provider.sdk.clients()).toBeLessThanOrEqual(6);
    expect(seen.at(-1)).toMatchObject({
      phase: 'sources',
      accounts: { done: 41, total: 41 },
      calls: summary.calls,
      denied: 0,
      throttled: 0,
    });
    expect(summary.calls).toBe(replay.count() - 40);
  });

  it('keeps to the declared rate', async () => {
    const collector = one(
      async (cell) =>
        void (await Promise.all(Array.from({ length: 25 }, (_, i) => cell.ask('cloudtrail:GetTrailStatus', { Name: `t${i}` })))),
      listing({ 'cloudtrail:GetTrailStatus': undefined }),
    );
    const began = performance.now();
    const ran = await run(
      organization({ [START]: {} }, ({ op }) => (op === 'GetTrailStatus' ? { body: { IsLogging: true } } : undefined)),
      { collectors: [collector] },
    );
    expect(ran.summary.outcomes.answered).toBeGreaterThanOrEqual(25);
    expect(performance.now() - began).toBeGreaterThan(1450);
  });

  it('a store that fails ends the scan with its line', async () => {
    const store = freshStore();
    const error = await run(
      organization({ [START]: {}, [A]: {} }, ({ op }) => {
        if (op === 'DescribeTrails') store.close();
        return undefined;
      }),
      { store },
    ).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(/not open/);
  });

  it('a server that never answers the connection is given up', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    pointAt(`http://127.0.0.1:${(silent.address() as { port: number }).port}`);
    const error = await collect({
      provider: awsProvider({ maxAttempts: 1, requestTimeout: 300 }),
      collectors: [trails],
      store: freshStore(),
    }).catch((thrown: unknown) => thrown);
    silent.close();
    expect((error as Error).message).toMatch(/AWS cannot be reached/);
  });
});
