import type { Collector } from './collector.ts';
import type { Provider } from './provider.ts';

/** What one service is asked in one account and region (`*`: once for all regions). */
export interface PlanRow {
  readonly account: string;
  readonly region: string;
  readonly service: string;
  /** Calls that are certain; each may take more than one page. */
  readonly calls: number;
  /** Calls that come on top for each resource that is found. */
  readonly perResource: readonly string[];
}

export interface CallPlan {
  readonly rows: () => Generator<PlanRow>;
  /** Certain calls in all. */
  readonly calls: number;
  readonly callsByService: Readonly<Record<string, number>>;
  readonly perResource: readonly { readonly call: string; readonly why: string }[];
  /** What each call is made for, and the permission it takes. */
  readonly permissions: Readonly<Record<string, readonly string[]>>;
  /** Seconds that the declared rate limits take, whatever the speed of the network: the slowest account, region and service. */
  readonly limitSeconds: number;
  /** Seconds at the given concurrency and latency; the scan takes at least the larger of the two. */
  readonly latencySeconds: number;
}

export interface PlanOptions {
  readonly provider: Pick<Provider, 'calls' | 'isGlobal' | 'limit' | 'asks'>;
  readonly collectors: readonly Collector[];
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  readonly concurrency?: number;
  /** Seconds per answer, 0.1 by default. */
  readonly latency?: number;
}

interface Share {
  readonly service: string;
  calls: number;
  readonly perResource: string[];
}

/** What a collect would ask, before anything is called. Calls made for each resource are named, not counted. */
export function planCalls(options: PlanOptions): CallPlan {
  const { provider } = options;
  const once = new Map<string, Share>();
  /** By account; accounts that are asked alike share one. */
  const perAccount = new Map<string, Map<string, Share>>();
  const alike = new Map<string, Map<string, Share>>();
  const spelled = [...options.collectors.flatMap((one) => Object.keys(one.calls)), ...Object.keys(provider.calls)];
  for (const account of options.accounts) {
    const asked = provider.asks === undefined ? '' : spelled.filter((call) => provider.asks?.(call, account)).join();
    const shares = alike.get(asked) ?? new Map<string, Share>();
    alike.set(asked, shares);
    perAccount.set(account, shares);
  }
  const perRegion = new Map<string, Share>();
  const certain = new Map<string, { readonly call: string; readonly group: string; readonly regional: boolean }>();
  const perResource = new Map<string, string>();
  const permissions: Record<string, string[]> = {};

  const askedIn = (call: string) =>
    provider.asks === undefined
      ? [...alike.values()]
      : [...new Set([...perAccount].flatMap(([account, shares]) => (provider.asks?.(call, account) ? [shares] : [])))];
  const take = (call: string, spec: Collector['calls'][string], runs: Collector['runs'] | 'once', phase: Collector['phase']) => {
    const service = call.split(':')[0] ?? '';
    (permissions[spec.permission] ??= []).push(spec.why);
    const regional = (spec.per === 'region' || (spec.per !== 'account' && runs === 'region')) && !provider.isGlobal(call);
    if (certain.has(call)) return;
    // The second phase asks about destinations alone: how many there are shows only on the way.
    const counted = spec.per !== 'resource' && phase !== 'stores';
    for (const shares of regional ? [perRegion] : runs === 'once' ? [once] : askedIn(call)) {
      let share = shares.get(service);
      if (!share) shares.set(service, (share = { service, calls: 0, perResource: [] }));
      if (counted) share.calls++;
      else if (!share.perResource.includes(call)) share.perResource.push(call);
    }
    if (counted) certain.set(call, { call, group: provider.limit(call).group, regional });
    else perResource.set(call, spec.why);
  };
  for (const collector of options.collectors) {
    for (const [call, spec] of Object.entries(collector.calls)) take(call, spec, collector.runs, collector.phase);
  }
  // What the provider asks to find the accounts is asked of the starting account alone.
  for (const [call, spec] of Object.entries(provider.calls)) take(call, spec, spec.per === undefined ? 'once' : 'account', 'sources');

  const accounts = options.accounts.length;
  const regions = options.regions.length;
  const callsByService: Record<string, number> = {};
  if (accounts > 0) for (const share of once.values()) callsByService[share.service] = (callsByService[share.service] ?? 0) + share.calls;
  for (const shares of perAccount.values())
    for (const share of shares.values()) callsByService[share.service] = (callsByService[share.service] ?? 0) + share.calls;
  for (const share of perRegion.values())
    callsByService[share.service] = (callsByService[share.service] ?? 0) + share.calls * accounts * regions;
  const calls = Object.values(callsByService).reduce((sum, one) => sum + one, 0);

  // One bucket per account, region and group: all are alike, and account-wide calls fall into the home region's.
  const inBucket = new Map<string, number>();
  for (const one of certain.values()) inBucket.set(one.group, (inBucket.get(one.group) ?? 0) + 1);
  let limitSeconds = 0;
  for (const one of certain.values()) {
    const { group, perSecond, burst } = provider.limit(one.call);
    limitSeconds = Math.max(limitSeconds, ((inBucket.get(group) ?? 0) - burst) / perSecond);
  }

  return {
    *rows() {
      for (const account of options.accounts) {
        if (account === options.accounts[0]) for (const share of sorted(once)) yield { account, region: '*', ...share };
        for (const share of sorted(perAccount.get(account) ?? new Map())) yield { account, region: '*', ...share };
        for (const region of options.regions) for (const share of sorted(perRegion)) yield { account, region, ...share };
      }
    },
    calls,
    callsByService: Object.fromEntries(Object.entries(callsByService).sort()),
    perResource: [...perResource].sort().map(([call, why]) => ({ call, why })),
    permissions: Object.fromEntries(
      Object.entries(permissions)
        .sort()
        .map(([permission, whys]) => [permission, [...new Set(whys)]]),
    ),
    limitSeconds: accounts === 0 ? 0 : limitSeconds,
    latencySeconds: (calls * (options.latency ?? 0.1)) / Math.max(1, options.concurrency ?? 48),
  };
}

function sorted(shares: Map<string, Share>): Share[] {
  return [...shares.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
}
