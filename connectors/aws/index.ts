import type { Collector } from '../../src/collect/collector.ts';
import { classicLoadBalancers } from './classic-load-balancers.ts';
import { cloudtrailChannels } from './cloudtrail-channels.ts';
import { cloudtrailLake } from './cloudtrail-lake.ts';
import { cloudtrailTrails } from './cloudtrail-trails.ts';
import { eks } from './eks.ts';
import { flowLogs } from './flow-logs.ts';
import { lambda } from './lambda.ts';
import { loadBalancers } from './load-balancers.ts';
import { logGroups } from './log-groups.ts';
import { publicZoneLogs } from './public-zone-logs.ts';
import { resolverQueryLogs } from './resolver-query-logs.ts';
import { s3AccessLogs } from './s3-access-logs.ts';
import { s3Buckets } from './s3-buckets.ts';
import { securityLake } from './security-lake.ts';
import { vendedDeliveriesCollector } from './vended-deliveries.ts';

/** Every AWS collector; a new one is one file and one line here. */
export const awsCollectors: readonly Collector[] = [
  cloudtrailTrails,
  cloudtrailLake,
  cloudtrailChannels,
  logGroups,
  s3AccessLogs,
  s3Buckets,
  vendedDeliveriesCollector,
  classicLoadBalancers,
  eks,
  flowLogs,
  lambda,
  loadBalancers,
  publicZoneLogs,
  resolverQueryLogs,
  securityLake,
];
