import { describe, expect, it } from 'vitest';
import { awsCollectors } from '../../connectors/aws/index.ts';
import { limits } from '../../connectors/aws/limits.ts';
import { awsProvider } from '../../connectors/aws/provider.ts';
import { services } from '../../connectors/aws/sdk.ts';
import { gcpProvider } from '../../connectors/gcp/provider.ts';
import type { Collector } from '../../src/collect/collector.ts';
import { planCalls } from '../../src/collect/plan.ts';
import { tokenBucket } from '../../src/collect/token-bucket.ts';
import { COLLECTOR, trails } from './estate.ts';

describe('the plan', () => {
  const provider = awsProvider();

  it('counts calls per account, region and service, and names what comes on top', () => {
    const plan = planCalls({
      provider,
      collectors: [trails],
      accounts: ['111122223333', '444455556666'],
      regions: ['eu-west-1', 'us-east-1', 'us-west-2'],
      concurrency: 10,
      latency: 0.5,
    });
    const rows = [...plan.rows()];
    expect(rows.filter((row) => row.service === 'cloudtrail')).toHaveLength(6);
    expect(rows.find((row) => row.service === 'cloudtrail')).toEqual({
      account: '111122223333',
      region: 'eu-west-1',
      service: 'cloudtrail',
      calls: 1,
      perResource: ['cloudtrail:GetTrailStatus'],
    });
    expect(rows.find((row) => row.service === 'sts')).toMatchObject({ region: '*', calls: 2 });
    expect(plan.callsByService).toMatchObject({ cloudtrail: 6, sts: 4, account: 2 });
    expect(plan.calls).toBe(rows.reduce((sum, row) => sum + row.calls, 0));
    expect(plan.permissions['cloudtrail:GetTrailStatus']).toEqual(['their state']);
    expect(plan.latencySeconds).toBeCloseTo((plan.calls * 0.5) / 10);
    expect(plan.limitSeconds).toBe(0);
  });

  it('asks projects, folders and organizations their own, and says what the hierarchy takes', () => {
    const call = (name: string, per: 'account' | 'resource' = 'account') => ({ [name]: { permission: 'p', why: 'w', per } });
    const calls = {
      ...call('logging:projects.sinks.list'),
      ...call('logging:folders.sinks.list'),
      ...call('compute:routers.aggregatedList'),
    };
    const own: Collector = { ...COLLECTOR, provider: 'gcp', id: 'own', runs: 'account', phase: 'sources', calls, async collect() {} };
    const accounts = ['organizations/33', 'folders/22', 'card-vault', 'ledger-prod'];
    const plan = planCalls({ provider: gcpProvider(), collectors: [own], accounts, regions: ['global'] });
    const rows = [...plan.rows()].filter((row) => row.calls > 0 && !row.service.startsWith('cloud'));
    expect(rows.map((row) => [row.account, row.service, row.calls])).toEqual([
      ['folders/22', 'logging', 1],
      ['card-vault', 'compute', 1],
      ['card-vault', 'logging', 1],
      ['ledger-prod', 'compute', 1],
      ['ledger-prod', 'logging', 1],
    ]);
    expect(plan.callsByService).toEqual({ cloudasset: 1, cloudresourcemanager: 3, compute: 2, logging: 3 });
    expect(plan.calls).toBe([...plan.rows()].reduce((sum, row) => sum + row.calls, 0));
    expect(plan.perResource.map((one) => one.call)).toContain('cloudresourcemanager:projects.getAncestry');
  });

  it('reckons the time of the slowest bucket: it does not grow with the accounts', () => {
    const calls: Collector['calls'] = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`route53:Call${i}`, { permission: 'p', why: 'w', per: 'account' }]),
    );
    const many: Collector = { ...COLLECTOR, id: 'many', runs: 'account', phase: 'sources', calls, async collect() {} };
    const at = (accounts: string[]) => planCalls({ provider, collectors: [many], accounts, regions: ['us-east-1'] }).limitSeconds;
    expect(at(['111122223333'])).toBeCloseTo((12 - 5) / 5);
    expect(at(['111122223333', '444455556666'])).toBe(at(['111122223333']));
  });

  it('every call that a collector declares belongs to an SDK package, and is an operation of it', async () => {
    const wrong: string[] = [];
    for (const call of [...awsCollectors.flatMap((one) => Object.keys(one.calls)), ...Object.keys(provider.calls)]) {
      const [name = '', op = ''] = call.split(':');
      const module = (await services[name]?.load()) as Record<string, unknown> | undefined;
      if (typeof module?.[`${op}Command`] !== 'function') wrong.push(call);
    }
    expect(wrong).toEqual([]);
    expect(Object.keys(services).filter((name) => limits[name] === undefined)).toEqual([]);
  });
});

describe('a token bucket', () => {
  it('lets the burst through, then one per interval in the order of asking, and fills up again', () => {
    let now = 0;
    const bucket = tokenBucket({ perSecond: 10, burst: 3 }, () => now);
    expect(Array.from({ length: 6 }, () => Math.round(bucket.reserve()))).toEqual([0, 0, 0, 100, 200, 300]);
    now = 300;
    expect(Math.round(bucket.reserve())).toBe(100);
    now = 60_000;
    expect(Array.from({ length: 4 }, () => Math.round(bucket.reserve()))).toEqual([0, 0, 0, 100]);
  });
});
