import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cloudSql } from '../../connectors/gcp/cloud-sql.ts';
import { gke } from '../../connectors/gcp/gke.ts';
import { opsAgent } from '../../connectors/gcp/ops-agent.ts';
import { storageUsage } from '../../connectors/gcp/storage-usage.ts';
import type { Collector } from '../../src/collect/collector.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { collected, gcp } from '../connectors/gcp/collecting.ts';
import { judged, modelOf } from '../support/aws-estate.ts';
import { containerRecords } from '../support/gcp-estate.ts';
import { shared } from '../support/shared.ts';

const folder = shared('recordings', 'cloud-custodian', 'gcp-flights');
const PROJECT = 'cloud-custodian';

type Body = Record<string, unknown>;

/** Recorded answers whose file name ends so. */
function flights(end: RegExp): { readonly name: string; readonly body: Body }[] {
  if (folder === undefined) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => end.test(file))
    .sort()
    .map((name) => ({ name, body: (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { body: Body }).body }))
    .filter(({ body }) => body.error === undefined);
}

const above: EvidenceRecord[] = [
  gcp(
    PROJECT,
    'cloudresourcemanager:projects.getAncestry',
    { projectId: PROJECT },
    { ancestor: [{ resourceId: { type: 'project', id: PROJECT } }] },
  ),
  ...containerRecords({ account: PROJECT }),
];

/** The answer served over HTTP, asked for by the collector, and read. Nothing else is answered. */
async function rowsOf(collector: Collector, call: string, args: Body, body: Body, source: string) {
  const { records } = await collected([collector], [...above, gcp(PROJECT, call, args, body)], { provider: { projects: [PROJECT] } });
  const read = [...above.filter((one) => one.service === 'logging'), ...records] as readonly EvidenceRecord[];
  return judged(read, modelOf([])).inventory.filter((row) => row.source === source && row.scope.resource !== undefined);
}

const short = (resource: string | undefined) => resource?.split('/').at(-1);
const names = (list: unknown) => ((list ?? []) as { name: string }[]).map((one) => one.name).sort();

describe.skipIf(folder === undefined)('services as Google answered', () => {
  it('databases: each is there, and none audits what its flags do not say', async () => {
    const found = flights(/get-sql-v1beta4-projects-[^/]*-instances_\d+\.json$/);
    expect(found.length).toBeGreaterThan(3);
    for (const { name, body } of found) {
      const rows = await rowsOf(cloudSql, 'sqladmin:instances.list', { project: PROJECT }, body, 'gcp.cloudsql.mysql');
      const listed = (body.items ?? []) as { name: string; databaseVersion: string }[];
      expect(rows.map((row) => short(row.scope.resource)).sort(), name).toEqual(names(listed));
      expect(
        rows.filter((row) => row.collection === 'full'),
        name,
      ).toEqual([]);
      const mysql = listed.filter((one) => one.databaseVersion.startsWith('MYSQL')).map((one) => one.name);
      expect(
        rows.filter((row) => mysql.includes(short(row.scope.resource) ?? '')).every((row) => row.collection === 'none'),
        name,
      ).toBe(true);
    }
  });

  it('clusters: each is there with its audit log, and what they log of components is not guessed', async () => {
    const found = flights(/get-v1-projects-[^/]*-locations---clusters_\d+\.json$/);
    expect(found.length).toBeGreaterThan(3);
    for (const { name, body } of found) {
      const args = { parent: `projects/${PROJECT}/locations/-` };
      const call = 'container:projects.locations.clusters.list';
      const listed = (body.clusters ?? []) as { name: string; loggingService?: string; loggingConfig?: object }[];
      const components = await rowsOf(gke, call, args, body, 'k8s.gke.components');
      expect(components.map((row) => short(row.scope.resource)).sort(), name).toEqual(names(listed));
      for (const row of components) {
        const one = listed.find((each) => each.name === short(row.scope.resource));
        if (one?.loggingService === 'logging.googleapis.com') expect(row.collection, name).toBe('unknown');
        if (one?.loggingService === 'none') expect(row.collection, name).toBe('none');
        // No answer tells whether the nodes may write.
        expect(row.collection, name).not.toBe('full');
      }
      const admin = await rowsOf(gke, call, args, body, 'k8s.gke.audit.admin');
      expect(
        admin.every((row) => row.collection !== 'none'),
        name,
      ).toBe(true);
    }
  });

  it('buckets: those without a bucket for usage logs have none', async () => {
    const found = flights(/get-storage-v1-b_\d+\.json$/);
    expect(found.length).toBeGreaterThan(1);
    for (const { name, body } of found) {
      const rows = await rowsOf(storageUsage, 'storage:buckets.list', { project: PROJECT, maxResults: 1000 }, body, 'gcp.storage.usage');
      const listed = (body.items ?? []) as { name: string; logging?: { logBucket?: string } }[];
      expect(rows.map((row) => short(row.scope.resource)).sort(), name).toEqual(names(listed));
      for (const row of rows) {
        const logged = listed.find((one) => one.name === short(row.scope.resource))?.logging?.logBucket;
        expect(row.collection, `${name} ${row.scope.resource}`).toBe(logged ? 'unknown' : 'none');
      }
    }
  });

  it('machines: each is there, and nothing is known of its agent', async () => {
    const found = flights(/get-compute-v1-projects-[^/]*-aggregated-instances_\d+\.json$/);
    for (const { name, body } of found) {
      const args = { project: PROJECT, returnPartialSuccess: true };
      const rows = await rowsOf(opsAgent, 'compute:instances.aggregatedList', args, body, 'gcp.vm.opsagent');
      expect(
        rows.every((row) => row.collection !== 'full' && row.collection !== 'none'),
        name,
      ).toBe(true);
    }
  });
});
