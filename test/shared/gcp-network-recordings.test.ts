import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dnsPolicies } from '../../connectors/gcp/dns-policies.ts';
import { dnsZones } from '../../connectors/gcp/dns-zones.ts';
import { firewallRules } from '../../connectors/gcp/firewall-rules.ts';
import { flowLogs } from '../../connectors/gcp/flow-logs.ts';
import { loadBalancers } from '../../connectors/gcp/load-balancers.ts';
import { networks } from '../../connectors/gcp/networks.ts';
import type { Collector } from '../../src/collect/collector.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { collected, gcp } from '../connectors/gcp/collecting.ts';
import { judged, modelOf } from '../support/aws-estate.ts';
import { containerRecords, gcpVerdicts } from '../support/gcp-estate.ts';
import { shared } from '../support/shared.ts';

const folder = shared('recordings', 'cloud-custodian', 'gcp-flights');
const PROJECT = 'cloud-custodian';

type Body = Record<string, unknown>;
interface Flight {
  readonly name: string;
  readonly body: Body;
}

/** Recorded answers whose file name ends so. */
function flights(end: RegExp): Flight[] {
  if (folder === undefined) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => end.test(file))
    .sort()
    .map((name) => ({ name, body: (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { body: Body }).body }));
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
const spread = { project: PROJECT, maxResults: 500, returnPartialSuccess: true };

/** No configuration of the Network Management API. */
const otherSystem = ['list', 'queryOrgVpcFlowLogsConfigs'].map((method) =>
  gcp(PROJECT, `networkmanagement:projects.locations.vpcFlowLogsConfigs.${method}`, { parent: `projects/${PROJECT}/locations/global` }, {}),
);

/** The answer served over HTTP, asked for by the collector, and read. Nothing else is answered. */
async function scanned(collector: Collector, call: string, args: Body, body: Body, more: readonly EvidenceRecord[] = []) {
  const { records } = await collected([networks, collector], [...above, gcp(PROJECT, call, args, body), ...more], {
    provider: { projects: [PROJECT] },
  });
  const [service, op] = call.split(':');
  const kept = records.find((one) => one.service === service && one.op === op);
  expect(kept?.body).toEqual(body);
  return [...above.filter((one) => one.service === 'logging'), ...records] as readonly EvidenceRecord[];
}

const rowsOf = (records: readonly EvidenceRecord[], source: string) =>
  judged(records, modelOf([])).inventory.filter((row) => row.source === source);
const resources = (records: readonly EvidenceRecord[], source: string) =>
  rowsOf(records, source)
    .flatMap((row) => (row.scope.resource === undefined ? [] : [[row.scope.resource, row.collection]]))
    .sort();
const named = (link: unknown) => String(link).replace(/^https:\/\/[^/]+\/compute\/v1\//, '');
const itemsOf = (body: Body, key: string): Body[] =>
  Object.values((body.items ?? {}) as Record<string, Body>).flatMap((one) => (one[key] as Body[] | undefined) ?? []);

describe.skipIf(folder === undefined)('networks as Google answered', () => {
  it('subnets: each is there, and none records what it does not say', async () => {
    const found = flights(/get-compute-v1-[^/]*-aggregated-subnetworks_\d+\.json$/);
    expect(found.length).toBeGreaterThan(1);
    for (const { name, body } of found) {
      const records = await scanned(flowLogs, 'compute:subnetworks.aggregatedList', spread, body);
      const subnets = itemsOf(body, 'subnetworks');
      expect(subnets.length, name).toBeGreaterThan(5);
      // The configurations of the other system were not answered: any of them may record all.
      const expected = subnets.map((one) => [named(one.selfLink), 'unknown']).sort();
      expect(resources(records, 'gcp.vpc.flowlogs'), name).toEqual(expected);
    }
  });

  it('subnets: where the other system was answered empty, what is off is off', async () => {
    const [first] = flights(/subnet-set-flow\/get-compute-v1-[^/]*-aggregated-subnetworks_1\.json$/);
    const body = first?.body as Body;
    const records = await scanned(flowLogs, 'compute:subnetworks.aggregatedList', spread, body, otherSystem);
    const expected = itemsOf(body, 'subnetworks').map((one) => [named(one.selfLink), one.enableFlowLogs === true ? 'partial' : 'none']);
    expect(resources(records, 'gcp.vpc.flowlogs')).toEqual(expected.sort());
  });

  it('a subnet that was described as logging, and one that was not', async () => {
    const single = flights(
      /(subnet-set-flow|subnet-get-resource|subnet-set-private-api)\/get-compute-v1-[^/]*-subnetworks-default_1\.json$/,
    );
    expect(single.length).toBe(3);
    for (const { name, body } of single) {
      const list = { items: { 'regions/us-central1': { subnetworks: [body] } } };
      const records = await scanned(flowLogs, 'compute:subnetworks.aggregatedList', spread, list, otherSystem);
      const logs = body.logConfig as { enable?: boolean } | undefined;
      const on = logs?.enable ?? body.enableFlowLogs === true;
      expect(resources(records, 'gcp.vpc.flowlogs'), name).toEqual([[named(body.selfLink), on ? 'partial' : 'none']]);
    }
  });

  it('firewall rules and networks', async () => {
    const [net] = flights(/network-get-resource\/get-compute-v1-[^/]*-networks-default_1\.json$/);
    const list = gcp(
      PROJECT,
      'compute:networks.list',
      { project: PROJECT, maxResults: 500 },
      { kind: 'compute#networkList', items: [net?.body] },
    );
    const found = flights(/get-compute-v1-[^/]*-global-firewalls_\d+\.json$/);
    expect(found.length).toBeGreaterThan(1);
    for (const { name, body } of found) {
      const records = await scanned(firewallRules, 'compute:firewalls.list', { project: PROJECT, maxResults: 500 }, body, [list]);
      const rules = (body.items as Body[]).filter((one) => named(one.network) === named(net?.body.selfLink));
      // What of it is left to the implied rules is not known without the policies, which were not asked for.
      const needs = rules.map((one) => ({
        id: String(one.name),
        source: 'gcp.firewall.rules',
        where: { 'rule_details.reference': `network:default/firewall:${one.name}` },
      }));
      const verdicts = gcpVerdicts(records, needs, { provider: 'gcp', account: PROJECT });
      for (const rule of rules) {
        const logs = (rule.logConfig as { enable?: boolean } | undefined)?.enable === true;
        const expected = rule.disabled === true ? 'not-applicable' : logs ? 'covered' : 'missing';
        expect([name, rule.name, verdicts.get(String(rule.name))?.verdict]).toEqual([name, rule.name, expected]);
      }
    }
  });

  it('DNS policies, with networks and without', async () => {
    const found = flights(/get-dns-[^/]*-policies_\d+\.json$/);
    expect(found.length).toBeGreaterThan(1);
    for (const { name, body } of found) {
      const policies = body.policies as { enableLogging?: boolean; networks: { networkUrl: string }[] }[];
      const bound = policies.flatMap((one) =>
        one.networks.map((network) => [named(network.networkUrl), one.enableLogging === true] as const),
      );
      const all = ['default', ...bound.map(([network]) => network.split('/').at(-1) as string)];
      const list = gcp(
        PROJECT,
        'compute:networks.list',
        { project: PROJECT, maxResults: 500 },
        {
          items: all.map((one) => ({
            name: one,
            selfLink: `https://www.googleapis.com/compute/v1/projects/${PROJECT}/global/networks/${one}`,
            autoCreateSubnetworks: false,
          })),
        },
      );
      const records = await scanned(dnsPolicies, 'dns:policies.list', { project: PROJECT, maxResults: 100 }, body, [list]);
      const logged = new Set(bound.flatMap(([network, on]) => (on ? [network] : [])));
      expect(resources(records, 'gcp.dns.query'), name).toEqual(
        all
          .map((one) => `projects/${PROJECT}/global/networks/${one}`)
          .map((one) => [one, logged.has(one) ? 'full' : 'none'])
          .sort(),
      );
    }
  });

  it('zones: private ones are none of it', async () => {
    const found = flights(/get-dns-[^/]*-managedZones_\d+\.json$/);
    expect(found.length).toBeGreaterThan(5);
    for (const { name, body } of found) {
      const records = await scanned(dnsZones, 'dns:managedZones.list', { project: PROJECT, maxResults: 100 }, body);
      const zones = body.managedZones as { name: string; visibility: string; cloudLoggingConfig?: { enableLogging?: boolean } }[];
      const expected = zones
        .filter((one) => one.visibility === 'public')
        .map((one) => [`projects/${PROJECT}/managedZones/${one.name}`, one.cloudLoggingConfig?.enableLogging === true ? 'full' : 'none']);
      expect(resources(records, 'gcp.dns.publiczone'), name).toEqual(expected.sort());
    }
  });

  it('backend services and backend buckets', async () => {
    const [services] = flights(/get-compute-v1-[^/]*-aggregated-backendServices_1\.json$/);
    const records = await scanned(loadBalancers, 'compute:backendServices.aggregatedList', spread, services?.body as Body);
    const expected = itemsOf(services?.body as Body, 'backendServices').map((one) => [
      named(one.selfLink),
      one.logConfig === undefined ? 'none' : 'full',
    ]);
    expect(expected.length).toBeGreaterThan(0);
    expect(resources(records, 'gcp.lb.http')).toEqual(expected);

    for (const { name, body } of flights(/get-compute-v1-[^/]*-global-backendBuckets_\d+\.json$/)) {
      const found = await scanned(loadBalancers, 'compute:backendBuckets.list', { project: PROJECT, maxResults: 500 }, body);
      const buckets = ((body.items as Body[] | undefined) ?? []).map((one) => [named(one.selfLink), 'full']);
      expect(resources(found, 'gcp.lb.http'), name).toEqual(buckets.sort());
    }
  });

  it('what nobody answered stays unknown', async () => {
    const [services] = flights(/get-compute-v1-[^/]*-aggregated-backendServices_1\.json$/);
    const records = await scanned(loadBalancers, 'compute:backendServices.aggregatedList', spread, services?.body as Body);
    for (const source of ['gcp.vpc.flowlogs', 'gcp.nat', 'gcp.dns.query', 'gcp.firewall.rules', 'gcp.vpn_interconnect'])
      expect([source, [...new Set(rowsOf(records, source).map((row) => row.collection))]]).toEqual([source, ['unknown']]);
  });
});
