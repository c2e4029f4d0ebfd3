import type { Limit } from '../../src/collect/provider.ts';

interface DeclaredLimit {
  /** Methods that share the bucket; left out: all of the service. */
  readonly ops?: RegExp;
  readonly perSecond: number;
  readonly burst: number;
  /** Where the provider publishes it; `observed` where it does not. */
  readonly from: string;
}

const LOGGING = 'https://docs.cloud.google.com/logging/quotas#api-limits';
const ASSET = 'https://docs.cloud.google.com/asset-inventory/docs/quota';

/** So many a minute, a sixth of them at once. */
function perMinute(count: number, from: string, ops?: RegExp): DeclaredLimit {
  return { ...(ops === undefined ? {} : { ops }), perSecond: count / 60, burst: Math.max(1, Math.floor(count / 6)), from };
}

/** Declared read quotas, per project. The first entry of a service whose `ops` match counts. */
export const limits: Readonly<Record<string, readonly DeclaredLimit[]>> = {
  cloudasset: [perMinute(400, ASSET, /^(v1\.)?searchAll/), perMinute(100, ASSET)],
  cloudresourcemanager: [perMinute(600, 'https://docs.cloud.google.com/resource-manager/docs/limits')],
  compute: [perMinute(1500, 'https://docs.cloud.google.com/compute/api-quota')],
  container: [perMinute(3000, 'https://docs.cloud.google.com/kubernetes-engine/quotas')],
  dns: [perMinute(1200, 'https://docs.cloud.google.com/dns/quotas')],
  iam: [perMinute(6000, 'https://docs.cloud.google.com/iam/quotas')],
  logging: [perMinute(60, LOGGING, /^(entries\.|.*logs\.list$)/), perMinute(600, LOGGING)],
  monitoring: [perMinute(600, 'https://docs.cloud.google.com/monitoring/quotas')],
  pubsub: [perMinute(6000, 'https://docs.cloud.google.com/pubsub/quotas')],
  sqladmin: [perMinute(180, 'https://docs.cloud.google.com/sql/docs/quotas')],
  storage: [{ perSecond: 50, burst: 100, from: 'observed' }],
};

const CAUTIOUS: DeclaredLimit = { perSecond: 5, burst: 10, from: 'observed' };

/** The limit of a call such as `logging:projects.sinks.list`. */
export function limitOf(call: string): Limit {
  const [service = '', op = ''] = call.split(':');
  const declared = limits[service] ?? [CAUTIOUS];
  const index = declared.findIndex((one) => one.ops === undefined || one.ops.test(op));
  const found = declared[index] ?? CAUTIOUS;
  return { group: `${service}#${index}`, perSecond: found.perSecond, burst: found.burst };
}
