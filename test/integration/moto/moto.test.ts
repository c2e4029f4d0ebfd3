import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NeedVerdict, Unknown, Verdict } from '../../../src/model/assessment.ts';
import { openStore } from '../../../src/store/evidence-store.ts';
import { type Estate, motoMissing, openEstate, REGIONS, type Scanned } from './estate.ts';
import type { Call } from './proxy.ts';

const missing = motoMissing();
if (missing) console.warn(`SKIPPED: nothing was proven against moto, an AWS of another maker: ${missing}`);

const OF_THE_TRAIL = ['changes', 'lookups', 'decrypts', 'changes-at-home', 'vault-reads', 'vault-writes', 'vault-deletes', 'export-reads'];

describe.skipIf(missing)('moto, seeded by boto3, scanned by the command line', () => {
  let estate: Estate;
  let before: Scanned;

  beforeAll(async () => {
    estate = await openEstate();
    before = await estate.scan();
  });
  afterEach(() => estate.proxy.clear());
  afterAll(() => estate?.close());

  /** Needs whose verdict is another than on the estate as built. */
  function turned(after: Pick<Scanned, 'needs'>): Record<string, Verdict> {
    return Object.fromEntries(
      [...after.needs].filter(([id, need]) => need.verdict !== before.needs.get(id)?.verdict).map(([id, need]) => [id, need.verdict]),
    );
  }

  const all = (ids: readonly string[], verdict: Verdict) => Object.fromEntries(ids.map((id) => [id, verdict]));
  const need = (scanned: Pick<Scanned, 'needs'>, id: string) => scanned.needs.get(id) as NeedVerdict;

  it('sees what is there and what is not', () => {
    expect(before.stderr).not.toMatch(/failed in|denied/);
    expect(Object.fromEntries([...before.needs].map(([id, one]) => [id, one.verdict]))).toEqual({
      ...all(OF_THE_TRAIL, 'covered'),
      'vault-requests': 'covered',
      'export-requests': 'missing',
      'cards-traffic': 'covered',
      'cards-refused': 'covered',
      'cards-queries': 'covered',
      'office-traffic': 'covered',
      'office-queries': unlogged(),
      requests: 'covered',
      'cluster-audit': 'covered',
      'function-output': 'covered',
      'zone-queries': 'covered',
      'role-changes in sandbox': 'covered',
      'role-changes in management': 'covered',
    });
    expect(before.code).toBe(1);
    expect(before.assessment.estate.accounts.map((account) => `${account.id} ${account.state}`).sort()).toEqual(
      Object.values(estate.made.accounts)
        .map((id) => `${id} scanned`)
        .sort(),
    );
    expect(need(before, 'changes').retention).toMatchObject({ verdict: 'covered', days: 400 });
    expect(need(before, 'cards-queries').retention).toMatchObject({ verdict: 'covered', days: 120 });
    // The sandbox's trail writes into a bucket of the management account, which alone can say how long it keeps it.
    expect(need(before, 'role-changes in sandbox')).toMatchObject({
      because: expect.stringContaining('central-trail-logs'),
      retention: { days: 400 },
    });
    expect(need(before, 'export-requests').witness).toMatchObject({ resource: 'arn:aws:s3:::card-exports' });
  });

  it('the aws-cli reads the same of the trail as the evidence holds', () => {
    const cli = spawnSync('aws', ['--version']);
    if (cli.status !== 0) return console.warn('SKIPPED: there is no aws-cli to read the trail with');
    const told = JSON.parse(
      execFileSync(
        'aws',
        [
          '--region',
          'us-east-1',
          '--endpoint-url',
          estate.moto,
          'cloudtrail',
          'get-trail-status',
          '--name',
          'management-trail',
          '--output',
          'json',
        ],
        {
          encoding: 'utf8',
          env: { ...process.env, TZ: 'UTC', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_CONFIG_FILE: '/dev/null' },
        },
      ),
    ) as { IsLogging: boolean; StartLoggingTime: string | number };
    const store = openStore(before.store, { readOnly: true });
    const ours = [...store.records()].find(
      (one) => one.op === 'GetTrailStatus' && one.account === estate.made.accounts.management && one.region === 'us-east-1',
    )?.body as Record<string, unknown>;
    store.close();
    expect(ours.IsLogging).toBe(true);
    expect(ours.IsLogging).toBe(told.IsLogging);
    expect(Date.parse(String(ours.StartLoggingTime))).toBe(
      typeof told.StartLoggingTime === 'number' ? told.StartLoggingTime * 1000 : Date.parse(told.StartLoggingTime),
    );
  });

  /** What a VPC without query logging is: certain only once Route 53 Profiles are read, which can log it too. */
  function unlogged(): Verdict {
    const asked = estate.proxy.calls.some((call) => call.service === 'route53profiles') || profilesAsked;
    profilesAsked = asked;
    return asked ? 'missing' : 'unknown';
  }
  let profilesAsked = false;

  describe('one impairment after the other', () => {
    interface Impairment {
      readonly title: string;
      readonly does: string;
      readonly undo: string;
      /** `unlogged`: what a network without query logging is. */
      readonly turns: Readonly<Record<string, Verdict | 'unlogged'>>;
      /** What one of the needs has to say. */
      readonly says: (scanned: Scanned) => void;
    }

    const impairments: readonly Impairment[] = [
      {
        title: 'the trail is stopped',
        does: 'stop-trail',
        undo: 'start-trail',
        turns: all(OF_THE_TRAIL, 'missing'),
        says(after) {
          for (const id of OF_THE_TRAIL) expect(need(after, id).because).toMatch(/payments-trail: logging was stopped at 20/);
          expect(need(after, 'changes').witness).toMatchObject({
            eventCategory: 'Management',
            readOnly: 'false',
            account: estate.made.accounts.payments,
            lostAt: expect.stringMatching(/^trail payments-trail: logging was stopped/),
          });
          expect(need(after, 'vault-reads').witness).toMatchObject({
            eventCategory: 'Data',
            'resources.ARN': expect.stringMatching(/^arn:aws:s3:::card-vault\/./),
          });
          expect(need(after, 'changes').fix.join()).toContain('aws cloudtrail start-logging --region eu-west-1');
        },
      },
      {
        title: 'the trail is deleted',
        does: 'delete-trail',
        undo: 'make-trail',
        turns: all(OF_THE_TRAIL, 'missing'),
        says(after) {
          for (const id of OF_THE_TRAIL) expect(need(after, id)).toMatchObject({ collection: 'missing', unknowns: [] });
          expect(JSON.stringify(need(after, 'changes').witness)).not.toContain('payments-trail');
        },
      },
      {
        title: 'its data events are narrowed to one bucket',
        does: 'take-one-bucket',
        undo: 'take-everything',
        turns: { 'export-reads': 'missing' },
        says(after) {
          expect(need(after, 'export-reads').witness).toMatchObject({
            eventName: 'GetObject',
            'resources.type': 'AWS::S3::Object',
            'resources.ARN': expect.stringMatching(/^arn:aws:s3:::card-exports\/./),
            lostAt: 'trail payments-trail: resources.ARN',
          });
        },
      },
      {
        title: 'it takes writes only',
        does: 'take-writes',
        undo: 'take-everything',
        turns: all(['lookups', 'decrypts', 'vault-reads', 'export-reads'], 'missing'),
        says(after) {
          for (const id of ['lookups', 'decrypts', 'vault-reads', 'export-reads'])
            expect(need(after, id).witness).toMatchObject({ readOnly: 'true', lostAt: 'trail payments-trail: readOnly' });
          expect(need(after, 'lookups').witness?.eventName).toMatch(/^(AssumeRole|GetSecretValue)$/);
        },
      },
      {
        title: 'it leaves KMS out',
        does: 'leave-kms-out',
        undo: 'take-everything',
        turns: { decrypts: 'missing' },
        says(after) {
          expect(need(after, 'decrypts').witness).toMatchObject({
            eventName: 'Decrypt',
            eventSource: 'kms.amazonaws.com',
            lostAt: 'trail payments-trail: eventSource',
          });
        },
      },
      {
        title: 'it leaves one event name out',
        does: 'leave-deletes-out',
        undo: 'take-everything',
        turns: { 'vault-deletes': 'missing' },
        says(after) {
          expect(need(after, 'vault-deletes').witness).toMatchObject({
            eventName: 'DeleteObject',
            lostAt: 'trail payments-trail: eventName',
          });
        },
      },
      {
        title: 'it records its home region alone',
        does: 'one-region',
        undo: 'all-regions',
        turns: all(['changes', 'lookups', 'decrypts'], 'partial'),
        says(after) {
          for (const id of ['changes', 'lookups', 'decrypts']) {
            expect(REGIONS).toContain(need(after, id).witness?.region);
            expect(need(after, id).witness?.region).not.toBe('eu-west-1');
            const places = Object.fromEntries(need(after, id).places.map((one) => [one.scope.region, one.verdict]));
            expect(places['eu-west-1'] ?? places.undefined).not.toBe('missing');
          }
        },
      },
      {
        title: 'its bucket expires in a day',
        does: 'expire-bucket',
        undo: 'keep-bucket',
        turns: all(OF_THE_TRAIL, 'partial'),
        says(after) {
          for (const id of OF_THE_TRAIL)
            expect(need(after, id)).toMatchObject({ collection: 'covered', retention: { verdict: 'missing', requiredDays: 365, days: 1 } });
          expect(need(after, 'changes').because).toContain('expires after 1 day');
        },
      },
      {
        title: 'the flow logs of the network are removed',
        does: 'remove-flow-logs',
        undo: 'log-all-traffic',
        turns: all(['cards-traffic', 'cards-refused'], 'missing'),
        says(after) {
          expect(need(after, 'cards-traffic').witness).toMatchObject({ 'vpc-id': estate.made.vpcs.cards });
          expect(need(after, 'cards-refused').witness).toMatchObject({ action: 'REJECT' });
        },
      },
      {
        title: 'flow logs take refused traffic alone',
        does: 'log-rejects',
        undo: 'log-all-traffic',
        turns: { 'cards-traffic': 'partial' },
        says(after) {
          expect(need(after, 'cards-traffic').witness).toMatchObject({
            action: 'ACCEPT',
            lostAt: expect.stringMatching(/^flow log fl-[0-9a-f]+.*: action$/),
          });
        },
      },
      {
        title: 'the log group keeps two weeks',
        does: 'shorten-group',
        undo: 'keep-group',
        turns: { 'cards-traffic': 'partial' },
        says(after) {
          expect(need(after, 'cards-traffic')).toMatchObject({
            collection: 'covered',
            retention: { verdict: 'missing', requiredDays: 90, days: 14 },
          });
        },
      },
      {
        title: 'the log group of the queries is gone',
        does: 'drop-group',
        undo: 'make-group',
        turns: { 'cards-queries': 'unlogged' },
        says(after) {
          const row = after.assessment.inventory.find(
            (one) => one.source === 'aws.route53.resolver' && one.scope.resource?.endsWith(estate.made.vpcs.cards),
          );
          expect(row?.delivery).toBe('broken');
          if (unlogged() === 'missing') expect(need(after, 'cards-queries').because).toContain('log group /dns/cards does not exist');
        },
      },
      {
        title: 'the bucket of the flow logs is gone',
        does: 'drop-flow-bucket',
        undo: 'make-flow-bucket',
        turns: { 'office-traffic': 'missing' },
        says(after) {
          expect(need(after, 'office-traffic').witness?.lostAt).toContain('bucket payments-flow-logs does not exist');
        },
      },
      {
        title: 'the bucket of the load balancer lets nobody in',
        does: 'shut-elb-bucket',
        undo: 'open-elb-bucket',
        turns: { requests: 'missing' },
        says(after) {
          expect(need(after, 'requests').witness?.lostAt).toContain('payments-elb-logs');
        },
      },
      {
        title: 'the audit log of the cluster is off',
        does: 'no-audit-log',
        undo: 'audit-log',
        turns: { 'cluster-audit': 'missing' },
        says(after) {
          expect(need(after, 'cluster-audit').witness).toMatchObject({ resource: expect.stringMatching(/:cluster\/cards$/) });
        },
      },
    ];

    // Undone together with the next one, which saves a start of Python.
    let undone: string[] = [];
    afterAll(() => {
      if (undone.length > 0) estate?.seed(...undone);
    });

    it.each(impairments)('$title', async ({ does, undo, turns, says }) => {
      estate.seed(...undone, does);
      undone = [undo];
      const after = await estate.scan();
      expect(turned(after)).toEqual(
        Object.fromEntries(Object.entries(turns).map(([id, verdict]) => [id, verdict === 'unlogged' ? unlogged() : verdict])),
      );
      expect(after.code).toBe(1);
      says(after);
    });

    it('is as it was in the end', async () => {
      estate.seed(...undone);
      undone = [];
      expect(turned((await undisturbed()).scanned)).toEqual({});
    });
  });

  describe('killed and gone on with', () => {
    it('repeats no finished call, and comes to the same assessment', async () => {
      const { scanned: whole, counts } = await undisturbed();
      estate.proxy.clear();
      const store = estate.file('killed.db');
      const args = ['scan', '--model', `${estate.folder}/cards.yaml`, '--store', store, '--format', 'json'];
      const { child, ended } = estate.start(...args);
      await new Promise<void>((resolve) => {
        estate.proxy.onCall = (_, count) => {
          if (count < 150) return;
          child.kill('SIGKILL');
          resolve();
        };
      });
      expect((await ended).code).toBe(null);
      estate.proxy.clear();

      const left = openStore(store, { readOnly: true });
      const records = [...left.records()];
      left.close();
      expect(records.length).toBeGreaterThan(40);
      const kept = new Map<string, number>();
      for (const record of records) {
        const key = `${record.account} ${record.region ?? '-'} ${record.service.replace('-classic', '')}:${record.op}`;
        kept.set(key, (kept.get(key) ?? 0) + 1);
      }

      const ran = await estate.viewshed(...args, '--resume');
      const again = counted(estate.proxy.calls);
      for (const [key, count] of counts) {
        if (OF_THE_START.test(key)) continue;
        expect(`${key}: ${(kept.get(key) ?? 0) + (again.get(key) ?? 0)}`).toBe(`${key}: ${count}`);
      }
      expect([...again.keys()].filter((key) => !counts.has(key))).toEqual([]);
      expect(ran.stderr).toMatch(/answers kept from before/);
      expect(said(estate.assessed(ran, 'scan --resume'))).toEqual(said(whole));
    });

    // Credentials are not kept, so who we are is asked again.
    const OF_THE_START = /sts:(AssumeRole|GetCallerIdentity)$/;

    /** Everything but the clock and the numbers of the answers. */
    function said(of: Pick<Scanned, 'assessment'>): unknown {
      return JSON.parse(JSON.stringify({ ...of.assessment, asOf: '' }, (key, value: unknown) => (key === 'evidence' ? undefined : value)));
    }
  });

  let once: { readonly scanned: Scanned; readonly counts: ReadonlyMap<string, number> } | undefined;

  /** A scan that nothing gets in the way of, and the calls that it made. */
  async function undisturbed(): Promise<NonNullable<typeof once>> {
    if (once) return once;
    estate.proxy.clear();
    const scanned = await estate.scan();
    return (once = { scanned, counts: counted(estate.proxy.calls) });
  }

  const GLOBAL = new Set(['organizations', 'sts', 'account', 'iam', 'route53']);

  /** How often each call was made, by account, region and operation. */
  function counted(calls: readonly Call[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const call of calls) {
      const where = GLOBAL.has(call.service) || call.op === 'ListBuckets' ? '-' : call.region;
      // A role is asked for with the starting account's credentials, for another account.
      const account = call.op === 'AssumeRole' ? /iam%3A%3A(\d{12})/.exec(call.asked)?.[1] : call.account;
      const key = `${account ?? estate.made.accounts.management} ${where} ${call.service}:${call.op}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  it('the plan names what the scan then asks, and counts it right', async () => {
    estate.proxy.clear();
    const accounts = Object.values(estate.made.accounts);
    const ran = await estate.viewshed('plan', '--account', ...accounts, '--region', ...REGIONS, '--format', 'json');
    expect(ran.code).toBe(0);
    expect(estate.proxy.calls).toEqual([]);
    const plan = JSON.parse(ran.stdout) as {
      calls: number;
      rows: { account: string; region: string; service: string; calls: number; perResource: string[] }[];
      perResource: { call: string }[];
      callsByService: Record<string, number>;
    };

    const { counts } = await undisturbed();
    const perResource = new Set(plan.perResource.map(({ call }) => call.replace('-classic', '')));
    const made = new Map<string, number>();
    const services = new Set<string>();
    for (const [key, count] of counts) {
      const [account, region, call] = key.split(' ') as [string, string, string];
      const service = call.split(':')[0] as string;
      services.add(service);
      if (perResource.has(call)) continue;
      const cell = `${account} ${region === '-' ? '*' : region} ${service}`;
      made.set(cell, (made.get(cell) ?? 0) + count);
    }
    const planned = new Map<string, number>();
    for (const row of plan.rows) {
      const cell = `${row.account} ${row.region} ${row.service.replace('-classic', '')}`;
      // The account that the credentials belong to is entered without a role.
      const calls = row.service === 'sts' && row.account === estate.made.accounts.management ? 1 : row.calls;
      if (calls > 0) planned.set(cell, (planned.get(cell) ?? 0) + calls);
    }
    expect(Object.fromEntries([...made].sort())).toEqual(Object.fromEntries([...planned].sort()));
    expect([...services].sort()).toEqual(
      Object.keys(plan.callsByService)
        .filter((one) => !one.endsWith('-classic'))
        .sort(),
    );
  });

  describe('what was not answered is never a fact', () => {
    const named = (of: NeedVerdict) => of.unknowns.map((one: Unknown) => `${one.call} by ${one.permission}: ${one.code}`);

    it('denials in every form leave the need open and name call and permission', async () => {
      const payments = estate.made.accounts.payments;
      const xml = (code: string, action: string) => ({
        status: 403,
        type: 'text/xml',
        body: `<?xml version="1.0"?><ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>not authorized to perform: ${action}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
      });
      const html = (status: number) => ({
        status,
        type: 'text/html',
        body: '<!doctype html>\n<html lang=en>\n<title>Internal Server Error</title>\n<p>The server encountered an internal error.',
      });
      estate.proxy.fault = (call) => {
        if (call.account !== payments) return undefined;
        switch (`${call.service}:${call.op}`) {
          case 'cloudtrail:GetEventSelectors':
            return {
              status: 400,
              type: 'application/x-amz-json-1.1',
              body: '{"__type":"AccessDeniedException","Message":"User is not authorized to perform: cloudtrail:GetEventSelectors"}',
            };
          case 'ec2:DescribeFlowLogs':
            return {
              status: 403,
              body: '<?xml version="1.0"?><Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation.</Message></Error></Errors><RequestID>1</RequestID></Response>',
            };
          case 'route53resolver:ListResolverQueryLogConfigs':
            return xml('AccessDenied', call.op);
          case 'eks:DescribeCluster':
            return html(500);
          case 'lambda:ListFunctions':
            return {
              status: 429,
              type: 'application/json',
              headers: { 'x-amzn-errortype': 'TooManyRequestsException' },
              body: '{"message":"Rate exceeded"}',
            };
          case 'elasticloadbalancing:DescribeLoadBalancerAttributes':
            return { ...xml('Throttling', call.op), status: 400 };
          case 'route53:ListQueryLoggingConfigs':
            return html(200);
          case 's3:GetBucketLogging':
            return { status: 403, body: '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>' };
          default:
            return undefined;
        }
      };
      const after = await estate.scan();
      expect(turned(after)).toEqual({
        ...all(OF_THE_TRAIL, 'unknown'),
        ...all(
          [
            'vault-requests',
            'export-requests',
            'cards-traffic',
            'cards-refused',
            'cards-queries',
            'office-traffic',
            'requests',
            'cluster-audit',
            'function-output',
            'zone-queries',
          ],
          'unknown',
        ),
        ...(unlogged() === 'missing' ? { 'office-queries': 'unknown' } : {}),
      });
      expect(after.code).toBe(3);
      expect(named(need(after, 'changes'))).toContain(
        'cloudtrail:GetEventSelectors by cloudtrail:GetEventSelectors: AccessDeniedException',
      );
      expect(named(need(after, 'cards-traffic'))).toContain('ec2:DescribeFlowLogs by ec2:DescribeFlowLogs: UnauthorizedOperation');
      expect(named(need(after, 'cards-queries'))).toContain(
        'route53resolver:ListResolverQueryLogConfigs by route53resolver:ListResolverQueryLogConfigs: AccessDenied',
      );
      expect(named(need(after, 'cluster-audit'))).toContain('eks:DescribeCluster by eks:DescribeCluster: ServerError');
      expect(named(need(after, 'function-output'))).toContain('lambda:ListFunctions by lambda:ListFunctions: TooManyRequestsException');
      expect(named(need(after, 'requests'))).toContain(
        'elasticloadbalancing:DescribeLoadBalancerAttributes by elasticloadbalancing:DescribeLoadBalancerAttributes: Throttling',
      );
      expect(named(need(after, 'zone-queries'))).toContain(
        'route53:ListQueryLoggingConfigs by route53:ListQueryLoggingConfigs: UnreadableAnswer',
      );
      expect(named(need(after, 'vault-requests'))).toContain('s3:GetBucketLogging by s3:GetBucketLogging: AccessDenied');
      expect(after.stderr).toMatch(/missing permissions: .*ec2:DescribeFlowLogs/);
    });

    it('a destination that may not be read leaves the days open, and only those', async () => {
      estate.proxy.fault = (call) => {
        if (call.op === 'GetBucketLifecycleConfiguration' && call.asked.includes('/payments-trail-logs'))
          return { status: 403, body: '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>' };
        if (call.op === 'DescribeLogGroups' && call.asked.includes('/net/cards'))
          return {
            status: 403,
            type: 'text/html',
            body: '<ErrorResponse><Errors><Error><Code>AccessDenied</Code><Message>not authorized to perform logs:DescribeLogGroups</Message></Error></Errors></ErrorResponse>',
          };
        return undefined;
      };
      const after = await estate.scan();
      expect(turned(after)).toEqual(all([...OF_THE_TRAIL, 'cards-traffic', 'cards-refused'], 'unknown'));
      expect(need(after, 'changes')).toMatchObject({ collection: 'covered', retention: { verdict: 'unknown' } });
      expect(named(need(after, 'changes'))).toEqual(['s3:GetBucketLifecycleConfiguration by s3:GetLifecycleConfiguration: AccessDenied']);
      expect(named(need(after, 'cards-traffic'))).toContain('logs:DescribeLogGroups by logs:DescribeLogGroups: AccessDenied');
    });

    it('an account whose role is gone is unknown, the others stay as they were', async () => {
      estate.proxy.fault = (call) =>
        call.op === 'AssumeRole' && call.asked.includes(estate.made.accounts.sandbox)
          ? {
              status: 403,
              body: `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>`,
            }
          : undefined;
      const after = await estate.scan();
      expect(turned(after)).toEqual({ 'role-changes in sandbox': 'unknown' });
      expect(after.assessment.estate.accounts.find((one) => one.id === estate.made.accounts.sandbox)).toMatchObject({
        state: 'denied',
        why: expect.stringContaining('sts:AssumeRole: AccessDenied'),
      });
      expect(estate.proxy.calls.some((call) => call.account === estate.made.accounts.sandbox)).toBe(false);
      expect(after.stderr).toMatch(/2 of 3 accounts reached.*\n.*sts:AssumeRole/);
    });

    it('pages of HTML for what moto has not got: nothing is concluded from them', async () => {
      estate.proxy.filling = false;
      const regions = ['--region', 'eu-west-1', 'us-east-1'];
      estate.seed('stop-trail', 'remove-flow-logs');
      try {
        const stopped = await estate.scan(...regions);
        // What was read is proven, whatever else there may be.
        for (const id of ['office-traffic', 'requests', 'cluster-audit', 'function-output', 'vault-requests'])
          expect(need(stopped, id).verdict).toBe('covered');
        for (const id of ['changes-at-home', 'vault-reads', 'export-reads', 'lookups', 'decrypts'])
          expect(need(stopped, id)).toMatchObject({ verdict: 'unknown', collection: 'unknown' });
        expect(named(need(stopped, 'changes-at-home'))).toContain('cloudtrail:ListChannels by cloudtrail:ListChannels: ServerError');
        expect(named(need(stopped, 'changes-at-home')).join()).toContain(
          'cloudtrail:ListEventDataStores by cloudtrail:ListEventDataStores',
        );
        expect(need(stopped, 'cards-traffic').verdict).toBe('unknown');
        expect(named(need(stopped, 'cards-traffic')).join()).toMatch(/securitylake:ListDataLakes/);
        // No row claims that a thing is there, or surely not there, which moto could not say.
        const sure = stopped.assessment.inventory.filter(
          (row) =>
            row.source === 'aws.cloudtrail.management' &&
            row.scope.account === estate.made.accounts.payments &&
            row.collection !== 'unknown',
        );
        expect(sure).toEqual([]);
      } finally {
        estate.seed('start-trail', 'log-all-traffic');
      }
    });
  });

  it('what moto itself refuses by its policies', async () => {
    const { keys } = estate;
    estate.keys = JSON.parse(estate.seed('forbid')) as Estate['keys'];
    await estate.checkPolicies(true);
    try {
      const after = await estate.scan();
      const missingPermissions = /missing permissions: (.*);/.exec(after.stderr)?.[1];
      expect(missingPermissions).toMatch(/and \d+ more/);
      // The payments role may not read what decides; the sandbox role may nothing but tell who it is.
      expect(turned(after)).toEqual({
        ...all(OF_THE_TRAIL, 'unknown'),
        ...all(
          [
            'vault-requests',
            'cards-traffic',
            'cards-refused',
            'cards-queries',
            'office-traffic',
            'requests',
            'cluster-audit',
            'function-output',
            'zone-queries',
            'role-changes in sandbox',
          ],
          'unknown',
        ),
      });
      const named = (id: string) => need(after, id).unknowns.map((one) => `${one.call} ${one.permission} ${one.code}`);
      expect(named('changes')).toContain('cloudtrail:GetEventSelectors cloudtrail:GetEventSelectors AccessDenied');
      expect(named('cards-traffic')).toContain('ec2:DescribeFlowLogs ec2:DescribeFlowLogs AccessDenied');
      expect(named('vault-requests')).toContain('s3:GetBucketLifecycleConfiguration s3:GetLifecycleConfiguration AccessDenied');
      expect(named('cards-queries')).toContain('logs:DescribeLogGroups logs:DescribeLogGroups AccessDenied');
      expect(named('cluster-audit')).toContain('eks:DescribeCluster eks:DescribeCluster AccessDenied');
      expect(named('role-changes in sandbox')).toContain('cloudtrail:DescribeTrails cloudtrail:DescribeTrails AccessDenied');
      expect(after.assessment.estate.accounts.map((one) => one.state).sort()).toEqual(['partial', 'partial', 'scanned']);
      // A wrong secret: moto checks signatures too.
      estate.keys = { ...estate.keys, secret: 'wrong' };
      const refused = await estate.viewshed('scan', '--store', estate.file('refused.db'));
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toMatch(/^viewshed: .*sts:GetCallerIdentity: SignatureDoesNotMatch/);
    } finally {
      await estate.checkPolicies(false);
      estate.keys = keys;
    }
  });

  // Last, because it builds the estate anew: moto cannot take an association away.
  it('the network is detached from query logging', async () => {
    estate.seed('build', '--without', 'dns-association');
    const after = await estate.scan();
    expect(turned(after)).toEqual({ 'cards-queries': unlogged() });
    expect(need(after, 'cards-queries').witness).toMatchObject({ vpc_id: estate.made.vpcs.cards });
    if (unlogged() === 'unknown')
      expect(need(after, 'cards-queries').unknowns.map((one) => one.call)).toEqual(['route53profiles:ListProfileAssociations']);
  });
});
