import { describe, expect, test } from 'vitest';
import { dnsPolicies } from '../../../connectors/gcp/dns-policies.ts';
import { dnsZones } from '../../../connectors/gcp/dns-zones.ts';
import { firewallPolicies } from '../../../connectors/gcp/firewall-policies.ts';
import { firewallRules } from '../../../connectors/gcp/firewall-rules.ts';
import { flowLogs } from '../../../connectors/gcp/flow-logs.ts';
import { gcpCollectors } from '../../../connectors/gcp/index.ts';
import { loadBalancers } from '../../../connectors/gcp/load-balancers.ts';
import { nat } from '../../../connectors/gcp/nat.ts';
import { networks } from '../../../connectors/gcp/networks.ts';
import { threatLogs } from '../../../connectors/gcp/threat-logs.ts';
import { vpn } from '../../../connectors/gcp/vpn.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { loadRules } from '../../../src/needs/rules.ts';
import { containerRecords, gcpVerdicts, ORGANIZATION, PROJECT } from '../../support/gcp-estate.ts';
import { LINK, networkRecords, PROD, subnet, tunnel } from '../../support/gcp-network-estate.ts';
import { collected, gcp, gcpError } from './collecting.ts';

const COLLECTORS = [networks, flowLogs, firewallRules, firewallPolicies, threatLogs, nat, dnsPolicies, dnsZones, loadBalancers, vpn];
const SPREAD = { maxResults: 500, returnPartialSuccess: true };
const SIZES: Readonly<Record<string, object>> = {
  'compute:networks.list': { maxResults: 500 },
  'compute:firewalls.list': { maxResults: 500 },
  'compute:firewallPolicies.list': { maxResults: 500 },
  'compute:backendBuckets.list': { maxResults: 500 },
  'dns:policies.list': { maxResults: 100 },
  'dns:managedZones.list': { maxResults: 100 },
};

/** As the collectors ask for it. */
function asked(records: readonly EvidenceRecord[]): EvidenceRecord[] {
  return records.map((one) => {
    const size = one.op.endsWith('aggregatedList') ? SPREAD : SIZES[`${one.service}:${one.op}`];
    return { ...one, args: { ...one.args, ...size } };
  });
}

const above = [
  gcp(
    PROJECT,
    'cloudresourcemanager:projects.getAncestry',
    { projectId: PROJECT },
    {
      ancestor: [{ resourceId: { type: 'project', id: PROJECT } }, { resourceId: { type: 'organization', id: '123' } }],
    },
  ),
  ...containerRecords({ account: ORGANIZATION }),
  ...containerRecords({ account: PROJECT, parent: ORGANIZATION }),
];
const scan = (records: readonly EvidenceRecord[]) =>
  collected(COLLECTORS, [...above, ...asked(records)], { provider: { projects: [PROJECT] } });
const calls = (records: readonly { service: string; op: string }[]) => records.map((one) => `${one.service}:${one.op}`);

describe('collecting over HTTP', () => {
  test('each list is asked once, in the project or above it, and nothing else', async () => {
    const { unmatched, records } = await scan(networkRecords());
    expect(unmatched).toEqual([]);
    const made = calls(records).filter((call) => !call.startsWith('cloudresourcemanager'));
    expect(made.sort()).toEqual(calls(networkRecords()).sort());
    expect(records.every((one) => one.error === undefined)).toBe(true);
  });

  test('what was collected reads as it was written', async () => {
    const { records } = await scan(
      networkRecords({ subnets: [subnet({ enable: true, flowSampling: 0.25, metadata: 'INCLUDE_ALL_METADATA' })] }),
    );
    const rest = above.filter((one) => one.service === 'logging');
    const verdicts = gcpVerdicts(
      [...rest, ...(records as readonly EvidenceRecord[])],
      [
        { id: 'flows', source: 'gcp.vpc.flowlogs' },
        { id: 'rules', source: 'gcp.firewall.rules' },
        { id: 'dns', source: 'gcp.dns.query' },
      ],
    );
    expect([...verdicts].map(([id, need]) => [id, need.verdict])).toEqual([
      ['flows', 'partial'],
      ['rules', 'covered'],
      ['dns', 'covered'],
    ]);
  });

  test('all pages are followed', async () => {
    const pages = (tunnels: object[], page: number, more: object): EvidenceRecord => ({
      ...(networkRecords().find((one) => one.op === 'vpnTunnels.aggregatedList') as EvidenceRecord),
      page,
      body: { items: { 'regions/europe-west1': { vpnTunnels: tunnels } }, ...more },
    });
    const others = networkRecords().filter((one) => one.op !== 'vpnTunnels.aggregatedList');
    const second = tunnel({ name: 'branch', selfLink: `${LINK}/regions/europe-west1/vpnTunnels/branch` });
    const { records, unmatched } = await scan([...others, pages([tunnel()], 0, { nextPageToken: 'two' }), pages([second], 1, {})]);
    expect(unmatched).toEqual([]);
    expect(records.filter((one) => one.op === 'vpnTunnels.aggregatedList').map((one) => one.page ?? 0)).toEqual([0, 1]);
  });

  test('single subnets are asked about only where the lists were refused', async () => {
    const management = 'networkmanagement:projects.locations.vpcFlowLogsConfigs';
    const parent = `projects/${PROJECT}/locations/global`;
    const records = networkRecords().map((one) =>
      one.op.endsWith('queryOrgVpcFlowLogsConfigs')
        ? gcpError(PROJECT, `${one.service}:${one.op}`, one.args, 'PERMISSION_DENIED', 403)
        : one,
    );
    const effective = gcp(
      PROJECT,
      `${management}.showEffectiveFlowLogsConfigs`,
      { parent, resource: PROD },
      {
        effectiveFlowLogsConfigs: [
          { name: PROD, scope: 'COMPUTE_API_SUBNET', state: 'ENABLED', flowSampling: 1, metadata: 'INCLUDE_ALL_METADATA' },
        ],
      },
    );
    const { unmatched, asked: requests } = await scan([...records, effective]);
    expect(unmatched).toEqual([]);
    expect(requests.filter((one) => one.op.endsWith('showEffectiveFlowLogsConfigs')).map((one) => one.args.resource)).toEqual([PROD]);
  });

  test('an API that is switched off is asked no further', async () => {
    const off = networkRecords().map((one) =>
      one.service === 'networkmanagement' && one.account === PROJECT
        ? gcpError(
            PROJECT,
            `${one.service}:${one.op}`,
            one.args,
            'SERVICE_DISABLED',
            403,
            `it has not been used in project ${PROJECT} before or it is disabled`,
          )
        : one,
    );
    const { unmatched, records } = await scan(off);
    expect(unmatched).toEqual([]);
    expect(records.filter((one) => one.op.endsWith('showEffectiveFlowLogsConfigs'))).toEqual([]);
  });
});

describe('declared', () => {
  test('every network source has a collector, and every collector is registered', () => {
    const informed = COLLECTORS.flatMap((one) => one.informs);
    expect(informed.filter((id) => !loadRules().sources.has(id))).toEqual([]);
    expect(informed.length).toBe(9);
    expect(COLLECTORS.filter((one) => !gcpCollectors.includes(one))).toEqual([]);
  });

  test('calls name their permission, and where they go', () => {
    const declared = Object.fromEntries(COLLECTORS.flatMap((one) => Object.entries(one.calls)));
    expect(Object.fromEntries(Object.entries(declared).map(([call, spec]) => [call, spec.permission]))).toEqual({
      'compute:networks.list': 'compute.networks.list',
      'compute:projects.getXpnHost': 'compute.projects.get',
      'compute:subnetworks.aggregatedList': 'compute.subnetworks.list',
      'networkmanagement:projects.locations.vpcFlowLogsConfigs.list': 'networkmanagement.vpcflowlogsconfigs.list',
      'networkmanagement:projects.locations.vpcFlowLogsConfigs.queryOrgVpcFlowLogsConfigs': 'networkmanagement.vpcflowlogsconfigs.list',
      'networkmanagement:projects.locations.vpcFlowLogsConfigs.showEffectiveFlowLogsConfigs': 'networkmanagement.vpcflowlogsconfigs.list',
      'networkmanagement:organizations.locations.vpcFlowLogsConfigs.list': 'networkmanagement.vpcflowlogsconfigs.list',
      'compute:firewalls.list': 'compute.firewalls.list',
      'compute:firewallPolicies.list': 'compute.firewallPolicies.list',
      'compute:networkFirewallPolicies.aggregatedList': 'compute.firewallPolicies.list',
      'networksecurity:projects.locations.firewallEndpointAssociations.list': 'networksecurity.firewallEndpointAssociations.list',
      'networksecurity:organizations.locations.firewallEndpoints.list': 'networksecurity.firewallEndpoints.list',
      'ids:projects.locations.endpoints.list': 'ids.endpoints.list',
      'compute:routers.aggregatedList': 'compute.routers.list',
      'dns:policies.list': 'dns.policies.list',
      'dns:managedZones.list': 'dns.managedZones.list',
      'compute:backendServices.aggregatedList': 'compute.backendServices.list',
      'compute:backendBuckets.list': 'compute.backendBuckets.list',
      'compute:vpnTunnels.aggregatedList': 'compute.vpnTunnels.list',
    });
    expect(Object.values(declared).every((spec) => /^GET https:\/\/[a-z]+\.googleapis\.com\//.test(spec.url ?? ''))).toBe(true);
  });
});
