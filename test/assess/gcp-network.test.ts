import { describe, expect, test } from 'vitest';
import type { NeedVerdict } from '../../src/model/assessment.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { judged, modelOf } from '../support/aws-estate.ts';
import { gcpRefused, gcpVerdicts, inError, ORGANIZATION, PROJECT } from '../support/gcp-estate.ts';
import {
  ALLOW_OUT,
  CORE,
  DENY_IN,
  dnsPolicy,
  firewall,
  LINK,
  LOGGED,
  type NetworkSpec,
  nat,
  network,
  networkEstate,
  PROD,
  policy,
  service,
  subnet,
  tunnel,
  zone,
} from '../support/gcp-network-estate.ts';

const NEEDS = [
  { id: 'flows', source: 'gcp.vpc.flowlogs', retain: '365d' },
  { id: 'https', source: 'gcp.vpc.flowlogs', where: { 'connection.dest_port': '443' } },
  { id: 'ssh', events: 'gcp.network.remote-access' },
  { id: 'machines', source: 'gcp.vpc.flowlogs', fields: ['connection.dest_ip', 'src_instance.vm_name'] },
  { id: 'refused', events: 'gcp.network.refused' },
  { id: 'rules', source: 'gcp.firewall.rules' },
  { id: 'policies', source: 'gcp.firewall.policy' },
  { id: 'translations', events: 'gcp.network.outside-addresses' },
  { id: 'nat', source: 'gcp.nat' },
  { id: 'dns', source: 'gcp.dns.query' },
  { id: 'zones', source: 'gcp.dns.publiczone' },
  { id: 'requests', source: 'gcp.lb.http' },
  { id: 'tls', source: 'gcp.lb.http', fields: ['tls.protocol'] },
  { id: 'tunnels', source: 'gcp.vpn_interconnect' },
];

function changed(records: readonly EvidenceRecord[]): Record<string, string> {
  const verdicts = gcpVerdicts(records, NEEDS);
  return Object.fromEntries([...verdicts].filter(([, need]) => need.verdict !== 'covered').map(([id, need]) => [id, need.verdict]));
}
const said = (need: NeedVerdict | undefined) => `${need?.because} ${JSON.stringify(need?.witness)} ${need?.fix?.join(' ')}`;
const flows = (given: string) => ({ flows: given, https: given, ssh: given, machines: given });

test('from the covered estate nothing is missing', () => {
  expect(changed(networkEstate())).toEqual({});
});

/** What is done, which needs it takes from `covered` to what, and for one of them what the explanation and the fix have to say. */
const IMPAIRMENTS: [name: string, change: Partial<NetworkSpec>, hit: Record<string, string>, of: string, words: RegExp][] = [
  [
    'flow logs are off',
    { subnets: [subnet({ enable: false })] },
    flows('missing'),
    'flows',
    /logConfig\.enable.*subnets update prod --project=pay-prod --region=europe-west1 --enable-flow-logs/,
  ],
  ['flow logs were never set', { subnets: [subnet(undefined, { logConfig: undefined })] }, flows('missing'), 'flows', /logConfig\.enable/],
  [
    'a tenth of the flows',
    { subnets: [subnet({ ...LOGGED, flowSampling: 0.1 })] },
    flows('partial'),
    'flows',
    /flow logs of subnet prod: sampled at 0\.1/,
  ],
  [
    'sampling left out is a half',
    { subnets: [subnet({ enable: true, metadata: 'INCLUDE_ALL_METADATA' })] },
    flows('partial'),
    'flows',
    /sampled at 0\.5/,
  ],
  ['no flow at all', { subnets: [subnet({ ...LOGGED, flowSampling: 0 })] }, flows('missing'), 'flows', /flowSampling is 0/],
  [
    'a filter on one port',
    { subnets: [subnet({ ...LOGGED, filterExpr: 'connection.dest_port == 443' })] },
    { flows: 'partial', ssh: 'missing', machines: 'partial' },
    'ssh',
    /filter connection\.dest_port == 443.*connection\.dest_port/,
  ],
  [
    'a filter that cannot be read',
    { subnets: [subnet({ ...LOGGED, filterExpr: 'mystery(connection.dest_port)' })] },
    flows('unknown'),
    'flows',
    /filterExpr of flow logs of subnet prod/,
  ],
  [
    'no metadata',
    { subnets: [subnet({ ...LOGGED, metadata: 'EXCLUDE_ALL_METADATA' })] },
    { machines: 'missing' },
    'machines',
    /lack src_instance\.vm_name/,
  ],
  [
    'metadata left out is none',
    { subnets: [subnet({ enable: true, flowSampling: 1 })] },
    { machines: 'missing' },
    'machines',
    /lack src_instance\.vm_name/,
  ],
  [
    'some metadata',
    { subnets: [subnet({ ...LOGGED, metadata: 'CUSTOM_METADATA', metadataFields: ['src_instance'] })] },
    {},
    'machines',
    /covered|arrives/,
  ],
  [
    'other metadata',
    { subnets: [subnet({ ...LOGGED, metadata: 'CUSTOM_METADATA', metadataFields: ['src_vpc'] })] },
    { machines: 'missing' },
    'machines',
    /lack/,
  ],
  [
    'a legacy network beside it',
    {
      networks: [
        network(),
        network({ name: 'old', selfLink: `${LINK}/global/networks/old`, IPv4Range: '10.240.0.0/16', subnetworks: undefined }),
      ],
    },
    { ...flows('partial'), refused: 'partial', rules: 'partial', policies: 'covered', dns: 'partial' },
    'flows',
    /legacy networks have no flow logs/,
  ],
  [
    'one rule does not log',
    { firewalls: [firewall('allow-ssh', { logConfig: { enable: false } }), DENY_IN, ALLOW_OUT] },
    { rules: 'partial' },
    'rules',
    /firewall-rules update allow-ssh --project=pay-prod --enable-logging/,
  ],
  [
    'a disabled rule need not log',
    { firewalls: [firewall('allow-ssh', { disabled: true, logConfig: { enable: false } }), DENY_IN, ALLOW_OUT] },
    {},
    'rules',
    /arrives/,
  ],
  [
    'a rule for ICMP cannot log',
    { firewalls: [firewall('ping', { allowed: [{ IPProtocol: 'icmp' }], logConfig: undefined }), DENY_IN, ALLOW_OUT] },
    {},
    'rules',
    /arrives/,
  ],
  [
    'refusals are left to the implied rule',
    { firewalls: [firewall('allow-ssh'), ALLOW_OUT] },
    { refused: 'missing', rules: 'partial' },
    'refused',
    /implied-deny-ingress.*create explicit-deny-ingress --project=pay-prod --network=core --direction=INGRESS --action=DENY/,
  ],
  [
    'a disabled rule that refuses all leaves it to the implied one',
    { firewalls: [firewall('allow-ssh'), { ...DENY_IN, disabled: true }, ALLOW_OUT] },
    { refused: 'missing', rules: 'partial' },
    'refused',
    /implied-deny-ingress/,
  ],
  [
    'a policy that refuses all takes it from the implied rule',
    {
      firewalls: [firewall('allow-ssh'), ALLOW_OUT],
      policies: [policy({}, { match: { srcIpRanges: ['0.0.0.0/0'], layer4Configs: [{ ipProtocol: 'all' }] } })],
    },
    { refused: 'not-applicable' },
    'refused',
    /Nothing in scope/,
  ],
  [
    'IPv6 is left to the implied rules',
    { subnets: [subnet(LOGGED, { stackType: 'IPV4_IPV6' })] },
    { refused: 'partial', rules: 'partial' },
    'refused',
    /implied-deny-ingress-ipv6.*::\/0/,
  ],
  [
    'a policy rule does not log',
    { policies: [policy({}, { enableLogging: false })] },
    { policies: 'missing' },
    'policies',
    /network-firewall-policies rules update 900 --firewall-policy=edge --global-firewall-policy --project=pay-prod/,
  ],
  [
    'a policy that is attached to nothing',
    { policies: [policy({ associations: [] }, { enableLogging: false })] },
    { policies: 'not-applicable' },
    'policies',
    /Nothing in scope/,
  ],
  [
    'a policy of the organization does not log',
    {
      above: [
        policy(
          { id: '88', name: '88', parent: ORGANIZATION, associations: [{ attachmentTarget: ORGANIZATION }] },
          { enableLogging: false },
        ),
      ],
    },
    { policies: 'partial' },
    'policies',
    /firewall-policies rules update 900 --firewall-policy=88 --organization=123 --enable-logging/,
  ],
  ['rules that are not shown', { policies: [policy({ rules: undefined })] }, { policies: 'unknown' }, 'policies', /RulesNotShown/],
  [
    'NAT logs are off',
    { nats: [nat({ enable: false })] },
    { translations: 'missing', nat: 'missing' },
    'nat',
    /nats update out --router=edge --region=europe-west1 --project=pay-prod --enable-logging --log-filter=ALL/,
  ],
  [
    'NAT logs errors only',
    { nats: [nat({ enable: true, filter: 'ERRORS_ONLY' })] },
    { translations: 'missing', nat: 'partial' },
    'translations',
    /filter ERRORS_ONLY\): allocation_status/,
  ],
  ['NAT logs translations only', { nats: [nat({ enable: true, filter: 'TRANSLATIONS_ONLY' })] }, { nat: 'partial' }, 'nat', /DROPPED/],
  ['a NAT filter left out is all', { nats: [nat({ enable: true })] }, {}, 'nat', /arrives/],
  [
    'a NAT filter that is new',
    { nats: [nat({ enable: true, filter: 'SOME' })] },
    { translations: 'unknown', nat: 'unknown' },
    'nat',
    /NotUnderstood/,
  ],
  [
    'the DNS policy is bound to nothing',
    { dns: [dnsPolicy({ networks: [] })] },
    { dns: 'missing' },
    'dns',
    /network core is bound to none.*dns policies create log-core --project=pay-prod --networks=core/,
  ],
  [
    'the DNS policy does not log',
    { dns: [dnsPolicy({ enableLogging: false })] },
    { dns: 'missing' },
    'dns',
    /dns policies update log --project=pay-prod --enable-logging/,
  ],
  ['no DNS policy', { dns: [] }, { dns: 'missing' }, 'dns', /bound to none/],
  [
    'the zone does not log',
    { zones: [zone({ cloudLoggingConfig: {} })] },
    { zones: 'missing' },
    'zones',
    /managed-zones update shop --project=pay-prod --log-dns-queries/,
  ],
  [
    'a private zone beside it',
    { zones: [zone(), zone({ name: 'inner', visibility: 'private', cloudLoggingConfig: undefined })] },
    {},
    'zones',
    /arrives/,
  ],
  [
    'requests are not logged',
    { services: [service({ enable: false })] },
    { requests: 'missing', tls: 'missing' },
    'requests',
    /backend-services update shop --project=pay-prod --global --enable-logging/,
  ],
  [
    'never set',
    { services: [service(undefined, { logConfig: undefined })] },
    { requests: 'missing', tls: 'missing' },
    'requests',
    /logConfig\.enable/,
  ],
  [
    'half of the requests',
    { services: [service({ enable: true, sampleRate: 0.5, optionalMode: 'INCLUDE_ALL_OPTIONAL' })] },
    { requests: 'partial', tls: 'partial' },
    'requests',
    /request logs of backend service shop: sampled at 0\.5/,
  ],
  [
    'a sample of none',
    { services: [service({ enable: true, sampleRate: 0 })] },
    { requests: 'missing', tls: 'missing' },
    'requests',
    /sampleRate is 0/,
  ],
  ['no optional fields', { services: [service({ enable: true, sampleRate: 1 })] }, { tls: 'missing' }, 'tls', /lack tls\.protocol/],
  ['a backend bucket is always logged', { services: [], buckets: [{ name: 'static' }] }, { tls: 'covered' }, 'requests', /arrives/],
  [
    'a load balancer that passes packets through',
    { services: [service({ enable: false }, { loadBalancingScheme: 'INTERNAL', protocol: 'TCP' })] },
    { requests: 'not-applicable', tls: 'not-applicable' },
    'requests',
    /pass packets through/,
  ],
];

describe('each impairment', () => {
  test.each(IMPAIRMENTS)('%s', (_, change, hit, of, words) => {
    const records = networkEstate(change);
    const expected = Object.fromEntries(Object.entries(hit).filter(([, verdict]) => verdict !== 'covered'));
    expect(changed(records)).toEqual(expected);
    expect(said(gcpVerdicts(records, NEEDS).get(of))).toMatch(words);
  });

  test('what the routes leave out is lost, whatever is switched on', () => {
    const without = (filter: string) => networkEstate({}, { standard: { exclusions: [{ name: 'some', filter }] } });
    expect(changed(without('LOG_ID("compute.googleapis.com/vpc_flows")'))).toEqual(flows('missing'));
    expect(changed(without('resource.type="nat_gateway" AND jsonPayload.allocation_status="OK"'))).toEqual({
      translations: 'missing',
      nat: 'partial',
    });
    expect(changed(without('resource.type="vpn_gateway"'))).toEqual({ tunnels: 'missing' });
    expect(changed(without('resource.type="http_load_balancer"'))).toEqual({ requests: 'missing', tls: 'missing' });
  });
});

const config = (more: Record<string, unknown> = {}) => ({
  name: `projects/${PROJECT}/locations/global/vpcFlowLogsConfigs/core`,
  state: 'ENABLED',
  flowSampling: 1,
  metadata: 'INCLUDE_ALL_METADATA',
  network: CORE,
  ...more,
});
const ofAll = (more: Record<string, unknown> = {}) =>
  config({ name: `${ORGANIZATION}/locations/global/vpcFlowLogsConfigs/all`, network: undefined, ...more });
const off = { subnets: [subnet({ enable: false })] };
const verdictOf = (change: Partial<NetworkSpec>, id = 'flows', project = {}) =>
  gcpVerdicts(networkEstate(change, project), NEEDS).get(id)?.verdict;

test('a part of a field that is kept is not the whole', () => {
  const spec = { subnets: [subnet({ ...LOGGED, metadata: 'CUSTOM_METADATA', metadataFields: ['src_instance.vm_name'] })] };
  const needs = ['src_instance.vm_name', 'src_instance', 'src_instance.zone'].map((field) => ({
    id: field,
    source: 'gcp.vpc.flowlogs',
    fields: [field],
  }));
  const verdicts = gcpVerdicts(networkEstate(spec), needs);
  expect([...verdicts].map(([id, need]) => [id, need.verdict])).toEqual([
    ['src_instance.vm_name', 'covered'],
    ['src_instance', 'missing'],
    ['src_instance.zone', 'missing'],
  ]);
});

describe('flow logs of both systems are one union', () => {
  test.each<[string, Partial<NetworkSpec>, string]>([
    ['a configuration of the network', { configs: [config()] }, 'covered'],
    ['left out, it keeps all flows and fields', { configs: [config({ flowSampling: undefined, metadata: undefined })] }, 'covered'],
    [
      'the network by the number of its project',
      { configs: [config({ network: 'projects/481200000011/global/networks/core' })] },
      'covered',
    ],
    ['another network', { configs: [config({ network: `projects/${PROJECT}/global/networks/other` })] }, 'missing'],
    ['the subnet', { configs: [config({ network: undefined, subnet: PROD })] }, 'covered'],
    ['disabled', { configs: [config({ state: 'DISABLED' })] }, 'missing'],
    ['a target that is gone', { configs: [config({ targetResourceState: 'TARGET_RESOURCE_DOES_NOT_EXIST' })] }, 'missing'],
    ['a state that is new', { configs: [config({ state: 'PAUSED' })] }, 'unknown'],
    ['a tenth', { configs: [config({ flowSampling: 0.1 })] }, 'partial'],
    ['a configuration of the organization', { ofOrganization: [ofAll()] }, 'covered'],
    ['one of the organization that is disabled', { ofOrganization: [ofAll({ state: 'DISABLED' })] }, 'missing'],
  ])('%s', (_, change, verdict) => {
    expect(verdictOf({ ...off, ...change })).toBe(verdict);
  });

  test('two halves are a whole, two samples are not', () => {
    const half = (filterExpr: string) => ({ ...LOGGED, filterExpr });
    const both = { subnets: [subnet(half('connection.protocol == 6'))], configs: [config({ filterExpr: 'connection.protocol != 6' })] };
    expect(verdictOf(both)).toBe('covered');
    expect(verdictOf({ subnets: [subnet({ ...LOGGED, flowSampling: 0.5 })], configs: [config({ flowSampling: 0.5 })] })).toBe('partial');
    expect(verdictOf({ subnets: [subnet({ ...LOGGED, flowSampling: 0.5 })], ofOrganization: [ofAll()] })).toBe('covered');
  });

  test('each system has a log of its own, and sinks may take one and leave the other', () => {
    const takes = (log: string) => ({ standard: { filter: `LOG_ID("${log}/vpc_flows")` } });
    const both = { configs: [config()] };
    expect(verdictOf({}, 'flows', takes('compute.googleapis.com'))).toBe('covered');
    expect(verdictOf({}, 'flows', takes('networkmanagement.googleapis.com'))).toBe('missing');
    expect(verdictOf({ ...off, ...both }, 'flows', takes('compute.googleapis.com'))).toBe('missing');
    expect(verdictOf({ ...off, ...both }, 'flows', takes('networkmanagement.googleapis.com'))).toBe('covered');
    expect(verdictOf(both, 'flows', takes('compute.googleapis.com'))).toBe('covered');
    expect(verdictOf(both, 'flows', takes('networkmanagement.googleapis.com'))).toBe('covered');
    expect(verdictOf({ ...both, subnets: [subnet({ ...LOGGED, flowSampling: 0.1 })] }, 'flows', takes('compute.googleapis.com'))).toBe(
      'partial',
    );
    expect(verdictOf(both, 'flows', { standard: { filter: 'resource.labels.subnetwork_name="prod"' } })).toBe('covered');
    expect(verdictOf({ ...off, ...both }, 'flows', { standard: { filter: 'resource.labels.subnetwork_name="prod"' } })).toBe('missing');
  });

  test('the effective answer for a subnet wins', () => {
    const asked = (configs: unknown[]): EvidenceRecord => ({
      ...(networkEstate().find((one) => one.op.endsWith('vpcFlowLogsConfigs.list')) as EvidenceRecord),
      op: 'projects.locations.vpcFlowLogsConfigs.showEffectiveFlowLogsConfigs',
      args: { parent: `projects/${PROJECT}/locations/global`, resource: PROD },
      body: configs.length > 0 ? { effectiveFlowLogsConfigs: configs } : {},
    });
    const flowsOf = (records: readonly EvidenceRecord[]) => gcpVerdicts(records, NEEDS).get('flows')?.verdict;
    expect(flowsOf([...networkEstate(off), asked([{ ...ofAll(), scope: 'ORGANIZATION' }])])).toBe('covered');
    expect(flowsOf([...networkEstate({ ...off, configs: [config()] }), asked([])])).toBe('missing');
    // The subnet says that it records; an answer that does not show it settles nothing.
    expect(flowsOf([...networkEstate(), asked([])])).toBe('unknown');
    const refused = inError(asked([]));
    expect(flowsOf([...networkEstate(), refused])).toBe('covered');
  });

  test('tunnels count where a configuration names them', () => {
    const named = (more: object) => ({
      configs: [config({ network: undefined, vpnTunnel: `projects/${PROJECT}/regions/europe-west1/vpnTunnels/office`, ...more })],
    });
    expect(verdictOf(named({}))).toBe('covered');
    expect(verdictOf(named({ flowSampling: 0.2 }))).toBe('partial');
    expect(verdictOf({ ...named({ flowSampling: 0.2 }), ofOrganization: [ofAll()] })).toBe('covered');
    expect(verdictOf(named({ targetResourceState: 'TARGET_RESOURCE_DOES_NOT_EXIST', flowSampling: 0.2 }))).toBe('covered');
  });

  test('subnets without machines need no flow logs', () => {
    const proxies = subnet(undefined, {
      logConfig: undefined,
      name: 'proxies',
      selfLink: `${LINK}/regions/europe-west1/subnetworks/proxies`,
      purpose: 'REGIONAL_MANAGED_PROXY',
    });
    expect(verdictOf({ subnets: [subnet(), proxies] })).toBe('covered');
    expect(gcpVerdicts(networkEstate({ subnets: [proxies] }), NEEDS).get('flows')).toMatchObject({
      verdict: 'not-applicable',
      because: expect.stringMatching(/REGIONAL_MANAGED_PROXY/),
    });
  });

  test('a sample and a filter are told where the log is shown', () => {
    const rows = judged(
      networkEstate({
        subnets: [subnet({ ...LOGGED, flowSampling: 0.1, filterExpr: 'connection.dest_port == 443', metadata: 'EXCLUDE_ALL_METADATA' })],
      }),
      modelOf([]),
    ).inventory;
    const row = rows.find((one) => one.source === 'gcp.vpc.flowlogs');
    expect(row?.collection).toBe('partial');
    expect(row?.findings.map((one) => one.kind).sort()).toEqual(['fields-left-out', 'filtered', 'sampled']);
    expect(row?.findings.find((one) => one.kind === 'sampled')?.message).toMatch(/10 %.*a sample already/);
  });

  test('an asset that is a subnet binds to it', () => {
    const two = {
      subnets: [subnet(), subnet({ enable: false }, { name: 'lab', selfLink: `${LINK}/regions/europe-west1/subnetworks/lab` })],
    };
    const at = (resource: string) => ({ provider: 'gcp', account: PROJECT, resource });
    const verdict = (resource: string) =>
      gcpVerdicts(networkEstate(two), NEEDS, at(resource), 'gcp.compute.subnetwork').get('flows')?.verdict;
    expect(verdict(PROD)).toBe('covered');
    expect(verdict(PROD.replace(/prod$/, 'lab'))).toBe('missing');
    expect(verdict(PROD.replace(/prod$/, '*'))).toBe('partial');
    expect(verdict(PROD.replace(/prod$/, 'gone'))).toBe('unknown');
  });
});

test('machines in networks that another project shares are judged there', () => {
  const verdicts = gcpVerdicts(networkEstate({ host: 'net-host', networks: [], subnets: [], policies: [], firewalls: [] }), NEEDS);
  for (const id of ['flows', 'rules', 'policies', 'dns'])
    expect([id, verdicts.get(id)?.verdict, verdicts.get(id)?.because]).toEqual([
      id,
      'not-applicable',
      expect.stringMatching(/net-host shares with it/),
    ]);
  expect(changed(networkEstate({ host: 'net-host' }))).toEqual({});
});

describe('threat logs', () => {
  const verdict = (change: Partial<NetworkSpec>, where = {}) =>
    gcpVerdicts(networkEstate(change), [{ id: 'threats', source: 'gcp.ngfw.threat', where }]).get('threats');
  const ids = (more = {}) => ({
    ids: [
      { name: `projects/${PROJECT}/locations/europe-west1-b/endpoints/watch`, network: CORE, state: 'READY', severity: 'MEDIUM', ...more },
    ],
  });
  const association = (more = {}) => ({
    associations: [
      {
        name: `projects/${PROJECT}/locations/europe-west1-b/firewallEndpointAssociations/core`,
        network: CORE,
        state: 'ACTIVE',
        firewallEndpoint: `${ORGANIZATION}/locations/europe-west1-b/firewallEndpoints/edge`,
        ...more,
      },
    ],
  });

  test('nothing inspects: missing', () => {
    expect(said(verdict({}))).toMatch(/no firewall endpoint and no Cloud IDS endpoint.*gcloud ids endpoints create/);
    expect(verdict({})?.verdict).toBe('missing');
  });
  test('what is inspected or mirrored is not settled by the endpoint', () => {
    expect(verdict(association())?.verdict).toBe('unknown');
    expect(verdict(ids({ severity: 'INFORMATIONAL' }))?.verdict).toBe('unknown');
  });
  test('alerts below the severity of the endpoint are lost', () => {
    expect(verdict(ids())?.verdict).toBe('partial');
    expect(verdict(ids(), { alert_severity: 'LOW' })?.verdict).toBe('missing');
    expect(verdict(ids(), { alert_severity: 'CRITICAL' })?.verdict).toBe('unknown');
  });
  test('an endpoint that is off, or on its way out, or of another network, inspects nothing', () => {
    expect(verdict(association({ disabled: true }))?.verdict).toBe('missing');
    expect(verdict(association({ state: 'INACTIVE' }))?.verdict).toBe('missing');
    expect(
      verdict({
        ...association(),
        endpoints: [{ name: `${ORGANIZATION}/locations/europe-west1-b/firewallEndpoints/edge`, state: 'INACTIVE' }],
      })?.verdict,
    ).toBe('missing');
    expect(verdict(ids({ state: 'DELETING' }))?.verdict).toBe('missing');
    expect(verdict(ids({ network: `projects/${PROJECT}/global/networks/other` }))?.verdict).toBe('missing');
  });
});

describe('what was not answered is never a fact', () => {
  const network = networkEstate().filter((one) => !/cloudresourcemanager|logging/.test(one.service));
  const rank: Record<string, number> = { 'not-applicable': 0, covered: 0, missing: 0, partial: 0, unknown: 1 };

  test.each(network.map((one) => [`${one.service}:${one.op}`, one] as const))(
    '%s refused moves nothing but towards unknown',
    (_, refused) => {
      for (const spec of [{}, { ...off, configs: [config()], ofOrganization: [ofAll({ flowSampling: 0.3 })] }] as Partial<NetworkSpec>[]) {
        const records = networkEstate(spec);
        const before = gcpVerdicts(records, NEEDS);
        const after = gcpVerdicts(
          records.map((one) => (one.op === refused.op && one.service === refused.service ? inError(one) : one)),
          NEEDS,
        );
        for (const [id, need] of after) {
          const was = before.get(id)?.verdict ?? 'unknown';
          if (need.verdict !== was) {
            expect([id, was, need.verdict, rank[need.verdict] === 1 || (was === 'missing' && need.verdict === 'partial')]).toEqual([
              id,
              was,
              need.verdict,
              true,
            ]);
            expect(said(need)).toMatch(/PERMISSION_DENIED|not known|could not be listed|\.list/);
          }
        }
      }
    },
  );

  test('lists that are refused name the permission', () => {
    const records = networkEstate().map((one) => (one.op === 'subnetworks.aggregatedList' ? inError(one) : one));
    const rows = judged(records, modelOf([])).inventory.filter((row) => row.source === 'gcp.vpc.flowlogs');
    expect(rows.map((row) => row.collection)).toEqual(['unknown']);
    expect(rows[0]?.unknowns).toMatchObject([
      { call: 'compute:subnetworks.aggregatedList', permission: 'compute.subnetworks.list', on: PROJECT, code: 'PERMISSION_DENIED' },
    ]);
  });

  test('a region that did not answer leaves the rest open', () => {
    const hole = (warning: object, more = {}) =>
      networkEstate().map((one) => {
        if (one.op !== 'subnetworks.aggregatedList') return one;
        const body = one.body as { items: object };
        return { ...one, body: { ...body, ...more, items: { ...body.items, 'regions/us-east1': { warning } } } };
      });
    expect(changed(hole({ code: 'UNREACHABLE' }))).toMatchObject({ flows: 'unknown' });
    expect(changed(hole({ code: 'NO_RESULTS_ON_PAGE' }, { unreachables: ['regions/us-west1'] }))).toMatchObject({ flows: 'unknown' });
    expect(changed(hole({ code: 'NO_RESULTS_ON_PAGE' }))).toEqual({});
  });

  test('a list that stops half way leaves the rest open', () => {
    const records = networkEstate().map((one) =>
      one.op === 'routers.aggregatedList' ? { ...one, body: { ...(one.body as object), nextPageToken: 'more' } } : one,
    );
    expect(changed(records)).toEqual({ nat: 'unknown', translations: 'unknown' });
  });

  test('an answer in another shape is not an empty one', () => {
    const records = networkEstate().map((one) => (one.op === 'managedZones.list' ? { ...one, body: { managedZones: 'none' } } : one));
    expect(changed(records)).toEqual({ zones: 'unknown' });
  });

  test('an API that is switched off has nothing: a fact with its evidence', () => {
    const disabled = (service: string) =>
      networkEstate().map((one) => (one.service === service && one.account === PROJECT ? inError(one, 'SERVICE_DISABLED') : one));
    const verdicts = gcpVerdicts(disabled('compute'), NEEDS);
    for (const id of ['flows', 'rules', 'policies', 'nat', 'dns', 'requests', 'tunnels'])
      expect([id, verdicts.get(id)?.verdict, verdicts.get(id)?.because]).toEqual([
        id,
        'not-applicable',
        expect.stringMatching(/Compute Engine API is switched off in pay-prod/),
      ]);
    expect(verdicts.get('flows')?.evidence.length).toBeGreaterThan(0);
    const names = gcpVerdicts(disabled('dns'), NEEDS);
    expect([names.get('dns')?.verdict, names.get('zones')?.verdict]).toEqual(['missing', 'not-applicable']);
    expect(changed(disabled('networkmanagement'))).toEqual({});
  });

  test('only one call of a project that is switched off says nothing of the others', () => {
    const records = [
      ...networkEstate({ tunnels: [tunnel()] }),
      gcpRefused(PROJECT, 'ids:projects.locations.endpoints.list', { parent: 'x' }),
    ];
    expect(changed(records)).toEqual({});
  });
});
