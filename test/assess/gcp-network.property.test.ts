import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gcpVerdicts, inError, ORGANIZATION, PROJECT } from '../support/gcp-estate.ts';
import { CORE, networkEstate, PROD, subnet } from '../support/gcp-network-estate.ts';

interface Flow {
  readonly src: string;
  readonly port: string;
  readonly protocol: string;
}

/** Expressions, and what they mean said once more. */
const FILTERS: readonly (readonly [string, (flow: Flow) => boolean])[] = [
  ['', () => true],
  ['true', () => true],
  ['false', () => false],
  ['connection.dest_port == 443', ({ port }) => port === '443'],
  ['connection.dest_port != 443', ({ port }) => port !== '443'],
  ['connection.dest_port < 1024 && connection.protocol == 6', ({ port, protocol }) => Number(port) < 1024 && protocol === '6'],
  ['inIpRange(connection.src_ip, "10.20.0.0/16")', ({ src }) => src.startsWith('10.20.')],
  [
    '!inIpRange(connection.src_ip, "10.20.0.0/16") || connection.protocol == 17',
    ({ src, protocol }) => !src.startsWith('10.20.') || protocol === '17',
  ],
];
const flow: fc.Arbitrary<Flow> = fc.record({
  src: fc.constantFrom('10.20.0.7', '10.21.0.7', '203.0.113.9'),
  port: fc.constantFrom('22', '443', '8443'),
  protocol: fc.constantFrom('6', '17'),
});
const setting = fc.record({
  filter: fc.constantFrom(...FILTERS),
  sampling: fc.constantFrom(1, 1, 0.5, undefined),
  on: fc.boolean(),
  by: fc.constantFrom('network', 'subnet', 'organization', 'other'),
});
const estate = fc.record({ own: fc.option(setting, { nil: undefined }), configs: fc.array(setting, { maxLength: 3 }), flow });

type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;

function recordsOf(own: Setting | undefined, configs: readonly Setting[]) {
  const written = configs.map(({ filter, sampling, on, by }, index) => ({
    name: `${by === 'organization' ? ORGANIZATION : `projects/${PROJECT}`}/locations/global/vpcFlowLogsConfigs/c${index}`,
    state: on ? 'ENABLED' : 'DISABLED',
    filterExpr: filter[0],
    ...(sampling === undefined ? {} : { flowSampling: sampling }),
    ...(by === 'network' ? { network: CORE } : by === 'subnet' ? { subnet: PROD } : by === 'other' ? { network: `${CORE}-other` } : {}),
  }));
  return networkEstate({
    subnets: [
      subnet(
        own
          ? { enable: own.on, filterExpr: own.filter[0], ...(own.sampling === undefined ? {} : { flowSampling: own.sampling }) }
          : { enable: false },
      ),
    ],
    configs: written.filter((_, index) => configs[index]?.by !== 'organization'),
    ofOrganization: written.filter((_, index) => configs[index]?.by === 'organization'),
  });
}

const needOf = ({ src, port, protocol }: Flow) => ({
  id: 'flow',
  source: 'gcp.vpc.flowlogs',
  where: { 'connection.src_ip': src, 'connection.dest_port': port, 'connection.protocol': protocol },
});

test('a flow is covered, sampled or lost as the settings say one by one', () => {
  fc.assert(
    fc.property(estate, ({ own, configs, flow: asked }) => {
      const rates = [
        ...(own?.on && own.filter[1](asked) ? [own.sampling ?? 0.5] : []),
        ...configs.filter(({ on, by, filter }) => on && by !== 'other' && filter[1](asked)).map(({ sampling }) => sampling ?? 1),
      ];
      const expected = rates.includes(1) ? 'covered' : rates.length > 0 ? 'partial' : 'missing';
      expect(gcpVerdicts(recordsOf(own, configs), [needOf(asked)]).get('flow')?.verdict).toBe(expected);
    }),
    { numRuns: 150 },
  );
});

test('a refusal only moves a verdict towards unknown', () => {
  fc.assert(
    fc.property(estate, fc.nat(), ({ own, configs, flow: asked }, at) => {
      const records = recordsOf(own, configs);
      const network = records.flatMap((one, index) => (/^(compute|networkmanagement)$/.test(one.service) ? [index] : []));
      const refused = network[at % network.length];
      const verdict = (some: typeof records) => gcpVerdicts(some, [needOf(asked)]).get('flow')?.verdict;
      const before = verdict(records);
      const after = verdict(records.map((one, index) => (index === refused ? inError(one) : one)));
      expect([before, 'unknown', ...(before === 'missing' ? ['partial'] : [])]).toContain(after);
    }),
    { numRuns: 100 },
  );
});
