import type { Collector } from '../../src/collect/collector.ts';
import { auditConfig } from './audit-config.ts';
import { bigqueryStores } from './bigquery-stores.ts';
import { cloudStorageStores } from './cloud-storage-stores.ts';
import { dataflowJobs } from './dataflow-jobs.ts';
import { flowLogs } from './flow-logs.ts';
import { logBuckets } from './log-buckets.ts';
import { logRouter } from './log-router.ts';
import { networks } from './networks.ts';
import { pubsubStores } from './pubsub-stores.ts';

/** Every Google Cloud collector; a new one is one file and one line here. */
export const gcpCollectors: readonly Collector[] = [
  auditConfig,
  logRouter,
  logBuckets,
  bigqueryStores,
  cloudStorageStores,
  pubsubStores,
  dataflowJobs,
  networks,
  flowLogs,
];
