import type { Collector } from '../../src/collect/collector.ts';
import { accessApproval } from './access-approval.ts';
import { accessTransparency } from './access-transparency.ts';
import { apigee } from './apigee.ts';
import { auditConfig } from './audit-config.ts';
import { bigqueryStores } from './bigquery-stores.ts';
import { cloudRun } from './cloud-run.ts';
import { cloudSql } from './cloud-sql.ts';
import { cloudStorageStores } from './cloud-storage-stores.ts';
import { dataflowJobs } from './dataflow-jobs.ts';
import { dnsPolicies } from './dns-policies.ts';
import { dnsZones } from './dns-zones.ts';
import { firewallPolicies } from './firewall-policies.ts';
import { firewallRules } from './firewall-rules.ts';
import { flowLogs } from './flow-logs.ts';
import { gke } from './gke.ts';
import { kmsKeys } from './kms-keys.ts';
import { loadBalancers } from './load-balancers.ts';
import { logBuckets } from './log-buckets.ts';
import { logRouter } from './log-router.ts';
import { nat } from './nat.ts';
import { networks } from './networks.ts';
import { opsAgent } from './ops-agent.ts';
import { pubsubStores } from './pubsub-stores.ts';
import { securityCenter } from './security-center.ts';
import { storageUsage } from './storage-usage.ts';
import { threatLogs } from './threat-logs.ts';
import { vpn } from './vpn.ts';
import { workspace } from './workspace.ts';

/** Every Google Cloud collector; a new one is one file and one line here. */
export const gcpCollectors: readonly Collector[] = [
  auditConfig,
  logRouter,
  logBuckets,
  bigqueryStores,
  cloudStorageStores,
  pubsubStores,
  dataflowJobs,
  kmsKeys,
  networks,
  flowLogs,
  firewallRules,
  firewallPolicies,
  threatLogs,
  nat,
  dnsPolicies,
  dnsZones,
  loadBalancers,
  vpn,
  cloudSql,
  gke,
  cloudRun,
  opsAgent,
  storageUsage,
  accessApproval,
  accessTransparency,
  securityCenter,
  apigee,
  workspace,
];
