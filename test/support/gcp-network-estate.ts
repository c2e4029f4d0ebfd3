import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { containerRecords, gcp, ORGANIZATION, PROJECT } from './gcp-estate.ts';

export const LINK = `https://www.googleapis.com/compute/v1/projects/${PROJECT}`;
export const CORE = `projects/${PROJECT}/global/networks/core`;
export const PROD = `projects/${PROJECT}/regions/europe-west1/subnetworks/prod`;
const REGION = `${LINK}/regions/europe-west1`;

type Item = Record<string, unknown>;

/** What the project's and the organization's network is, part by part; everything is logged, and kept, unless a part is given. */
export interface NetworkSpec {
  networks: Item[];
  subnets: Item[];
  configs: Item[];
  ofOrganization: Item[];
  firewalls: Item[];
  policies: Item[];
  above: Item[];
  associations: Item[];
  endpoints: Item[];
  ids: Item[];
  nats: Item[];
  dns: Item[];
  zones: Item[];
  services: Item[];
  buckets: Item[];
  tunnels: Item[];
  /** The project whose networks are shared with this one. */
  host: string | undefined;
}

export const network = (more: Item = {}): Item => ({
  kind: 'compute#network',
  name: 'core',
  selfLink: `${LINK}/global/networks/core`,
  autoCreateSubnetworks: false,
  subnetworks: [`${REGION}/subnetworks/prod`],
  ...more,
});
export const LOGGED = { enable: true, flowSampling: 1, aggregationInterval: 'INTERVAL_5_SEC', metadata: 'INCLUDE_ALL_METADATA' };
export const subnet = (logConfig: Item | undefined = LOGGED, more: Item = {}): Item => ({
  name: 'prod',
  selfLink: `${REGION}/subnetworks/prod`,
  region: REGION,
  network: `${LINK}/global/networks/core`,
  ipCidrRange: '10.20.0.0/20',
  purpose: 'PRIVATE',
  stackType: 'IPV4_ONLY',
  ...(logConfig ? { logConfig } : {}),
  ...more,
});
export const firewall = (name: string, more: Item = {}): Item => ({
  name,
  network: `${LINK}/global/networks/core`,
  direction: 'INGRESS',
  priority: 1000,
  disabled: false,
  allowed: [{ IPProtocol: 'tcp', ports: ['22'] }],
  sourceRanges: ['10.0.0.0/8'],
  logConfig: { enable: true, metadata: 'INCLUDE_ALL_METADATA' },
  ...more,
});
export const DENY_IN = firewall('deny-in', { allowed: undefined, denied: [{ IPProtocol: 'all' }], sourceRanges: ['0.0.0.0/0'] });
export const ALLOW_OUT = firewall('allow-out', {
  direction: 'EGRESS',
  allowed: [{ IPProtocol: 'all' }],
  sourceRanges: undefined,
  destinationRanges: ['0.0.0.0/0'],
});
export const policy = (more: Item = {}, rule: Item = {}): Item => ({
  id: '77',
  name: 'edge',
  associations: [{ name: 'core', attachmentTarget: `${LINK}/global/networks/core` }],
  rules: [
    {
      priority: 900,
      action: 'deny',
      direction: 'INGRESS',
      enableLogging: true,
      match: { srcIpRanges: ['203.0.113.0/24'], layer4Configs: [{ ipProtocol: 'all' }] },
      ...rule,
    },
    {
      priority: 2147483647,
      action: 'goto_next',
      direction: 'INGRESS',
      match: { srcIpRanges: ['0.0.0.0/0'], layer4Configs: [{ ipProtocol: 'all' }] },
    },
  ],
  ...more,
});
export const nat = (logConfig: Item | undefined = { enable: true, filter: 'ALL' }): Item => ({
  name: 'edge',
  selfLink: `${REGION}/routers/edge`,
  region: REGION,
  nats: [{ name: 'out', ...(logConfig ? { logConfig } : {}) }],
});
export const dnsPolicy = (more: Item = {}): Item => ({
  name: 'log',
  enableLogging: true,
  networks: [{ kind: 'dns#policyNetwork', networkUrl: `https://compute.googleapis.com/compute/v1/${CORE}` }],
  ...more,
});
export const zone = (more: Item = {}): Item => ({
  name: 'shop',
  dnsName: 'shop.example.com.',
  visibility: 'public',
  cloudLoggingConfig: { enableLogging: true },
  ...more,
});
export const service = (
  logConfig: Item | undefined = { enable: true, sampleRate: 1, optionalMode: 'INCLUDE_ALL_OPTIONAL' },
  more: Item = {},
): Item => ({
  name: 'shop',
  selfLink: `${LINK}/global/backendServices/shop`,
  protocol: 'HTTPS',
  loadBalancingScheme: 'EXTERNAL_MANAGED',
  ...(logConfig ? { logConfig } : {}),
  ...more,
});
export const tunnel = (more: Item = {}): Item => ({ name: 'office', selfLink: `${REGION}/vpnTunnels/office`, region: REGION, ...more });

const spread = (key: string, place: string, items: Item[]) => ({
  kind: 'compute#aggregatedList',
  items: {
    [place]: items.length > 0 ? { [key]: items } : { warning: { code: 'NO_RESULTS_ON_PAGE' } },
    'regions/us-central1': { warning: { code: 'NO_RESULTS_ON_PAGE', data: [{ key: 'scope', value: 'regions/us-central1' }] } },
  },
});
const some = (key: string, items: Item[]) => (items.length > 0 ? { [key]: items } : {});

/** Everything that a scan asks about networks of one project and of its organization. */
export function networkRecords(given: Partial<NetworkSpec> = {}, account = PROJECT): EvidenceRecord[] {
  const spec: NetworkSpec = {
    networks: [network()],
    subnets: [subnet()],
    configs: [],
    ofOrganization: [],
    firewalls: [firewall('allow-ssh'), DENY_IN, ALLOW_OUT],
    policies: [policy()],
    above: [],
    associations: [],
    endpoints: [],
    ids: [],
    nats: [nat()],
    dns: [dnsPolicy()],
    zones: [zone()],
    services: [service()],
    buckets: [],
    tunnels: [tunnel()],
    host: undefined,
    ...given,
  };
  const project = { project: account };
  const parent = { parent: `projects/${account}/locations/global` };
  const anywhere = { parent: `projects/${account}/locations/-` };
  const management = 'networkmanagement:projects.locations.vpcFlowLogsConfigs';
  return [
    gcp(account, 'compute:networks.list', project, some('items', spec.networks)),
    gcp(account, 'compute:projects.getXpnHost', project, spec.host === undefined ? {} : { kind: 'compute#project', name: spec.host }),
    gcp(account, 'compute:subnetworks.aggregatedList', project, spread('subnetworks', 'regions/europe-west1', spec.subnets)),
    gcp(account, `${management}.list`, parent, some('vpcFlowLogsConfigs', spec.configs)),
    gcp(account, `${management}.queryOrgVpcFlowLogsConfigs`, parent, some('vpcFlowLogsConfigs', spec.ofOrganization)),
    gcp(
      ORGANIZATION,
      'networkmanagement:organizations.locations.vpcFlowLogsConfigs.list',
      { parent: `${ORGANIZATION}/locations/global` },
      some('vpcFlowLogsConfigs', spec.ofOrganization),
    ),
    gcp(account, 'compute:firewalls.list', project, some('items', spec.firewalls)),
    gcp(account, 'compute:networkFirewallPolicies.aggregatedList', project, spread('firewallPolicies', 'global', spec.policies)),
    gcp(ORGANIZATION, 'compute:firewallPolicies.list', { parentId: ORGANIZATION }, some('items', spec.above)),
    gcp(
      account,
      'networksecurity:projects.locations.firewallEndpointAssociations.list',
      anywhere,
      some('firewallEndpointAssociations', spec.associations),
    ),
    gcp(
      ORGANIZATION,
      'networksecurity:organizations.locations.firewallEndpoints.list',
      { parent: `${ORGANIZATION}/locations/-` },
      some('firewallEndpoints', spec.endpoints),
    ),
    gcp(account, 'ids:projects.locations.endpoints.list', anywhere, some('endpoints', spec.ids)),
    gcp(account, 'compute:routers.aggregatedList', project, spread('routers', 'regions/europe-west1', spec.nats)),
    gcp(account, 'dns:policies.list', project, { kind: 'dns#policiesListResponse', ...some('policies', spec.dns) }),
    gcp(account, 'dns:managedZones.list', project, { kind: 'dns#managedZonesListResponse', ...some('managedZones', spec.zones) }),
    gcp(account, 'compute:backendServices.aggregatedList', project, spread('backendServices', 'global', spec.services)),
    gcp(account, 'compute:backendBuckets.list', project, some('items', spec.buckets)),
    gcp(account, 'compute:vpnTunnels.aggregatedList', project, spread('vpnTunnels', 'regions/europe-west1', spec.tunnels)),
  ];
}

/** An organization with one project whose network logs are all on, and stay in `_Default` for four hundred days. */
export function networkEstate(
  given: Partial<NetworkSpec> = {},
  project: Partial<Parameters<typeof containerRecords>[0]> = {},
): EvidenceRecord[] {
  return [
    ...containerRecords({ account: ORGANIZATION }),
    ...containerRecords({ account: PROJECT, parent: ORGANIZATION, buckets: [{ name: '_Default', retentionDays: 400 }], ...project }),
    ...networkRecords(given),
  ];
}
