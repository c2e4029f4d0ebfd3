import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { awsCollectors } from '../../connectors/aws/index.ts';
import { discoveryCalls } from '../../connectors/aws/organization.ts';
import { services } from '../../connectors/aws/sdk.ts';
import { discoveryCalls as gcpDiscoveryCalls } from '../../connectors/gcp/hierarchy.ts';
import { gcpCollectors } from '../../connectors/gcp/index.ts';
import { requestOf, urlOf } from '../../connectors/gcp/rest.ts';
import { callTable, collectors, readPaths } from '../../connectors/index.ts';
import type { CallSpec, Collector } from '../../src/collect/collector.ts';
import { isEmpty } from '../../src/events/classes.ts';
import { EvidenceRecord, type StoredEvidence } from '../../src/model/evidence.ts';
import { loadRules } from '../../src/needs/rules.ts';
import type { LogPaths } from '../../src/paths/graph.ts';
import { EvidenceView } from '../../src/store/view.ts';
import { membersOf } from './sdk-types.ts';

const root = join(import.meta.dirname, '../..');
const AS_OF = '2026-11-21T12:00:00Z';
const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';
const rules = loadRules();
const declared: ReadonlyMap<string, CallSpec> = new Map([
  ...Object.entries(discoveryCalls),
  ...awsCollectors.flatMap((one) => Object.entries(one.calls)),
]);
const estate: StoredEvidence[] = readFileSync(join(root, 'examples/estate/evidence.ndjson'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line, index) => ({ ...EvidenceRecord.parse(JSON.parse(line)), id: index + 1 }));

const gcpDeclared: ReadonlyMap<string, CallSpec> = new Map([
  ...Object.entries<CallSpec>(gcpDiscoveryCalls),
  ...gcpCollectors.flatMap((one) => Object.entries(one.calls)),
]);

/** Declared calls that the embedded estate gives no reason to make; each is shown over HTTP in the test of its collector. */
const NOT_IN_ESTATE: Readonly<Record<string, string>> = {
  'cloudtrail:GetChannel': 'no service of Lumen Pay takes events by a channel',
  'cloudtrail:GetEventDataStore': 'it has no event data store',
  'ec2:DescribeRegions': 'account:ListRegions is answered everywhere',
  'ec2:DescribeTransitGatewayAttachments': 'it has no transit gateway',
  'elasticloadbalancing-classic:DescribeLoadBalancerAttributes': 'it has no classic load balancer',
  'elasticloadbalancing:DescribeListeners': 'it has no network load balancer',
  'iam:GetPolicy': 'the roles of its functions have the provider’s own logging policy',
  'iam:GetPolicyVersion': 'the roles of its functions have the provider’s own logging policy',
  'iam:GetRolePolicy': 'the roles of its functions have the provider’s own logging policy',
  'securitylake:GetDataLakeSources': 'it has no data lake',
  'securitylake:ListLogSources': 'it has no data lake',
};

/** The same, of Google Cloud. */
const NOT_IN_GCP_ESTATE: Readonly<Record<string, string>> = {
  'apigee:organizations.apis.revisions.get': 'it has no proxies',
  'cloudresourcemanager:folders.get': 'the asset inventory describes its folder',
  'cloudresourcemanager:folders.list': 'the asset inventory lists its folder',
  'cloudresourcemanager:projects.get': 'the asset inventory describes its projects',
  'cloudresourcemanager:projects.getAncestry': 'the scan starts at its organization',
  'cloudresourcemanager:projects.list': 'the asset inventory lists its projects',
  'monitoring:folders.timeSeries.list': 'its folder has no sink of its own',
  'networkmanagement:projects.locations.vpcFlowLogsConfigs.showEffectiveFlowLogsConfigs': 'its lists of configurations are answered',
};

/** What gives no change and no data away: reads by the name of the action. Assuming a role is how another account is read. */
const READS = /^[a-z0-9-]+:(Describe|Get|List|Lookup|Search|BatchGet)[A-Z][A-Za-z]*$|^sts:AssumeRole$/;
/** Reads by name that hand out secrets, the data of customers or the logs themselves. */
const TELLS_TOO_MUCH =
  /^(s3:GetObject|s3:GetObjectVersion|secretsmanager:Get|ssm:GetParameter|logs:(GetLogEvents|GetLogRecord|GetQueryResults)|kms:|dynamodb:(Get|BatchGet)|lambda:GetFunction$|ec2:GetPasswordData|cloudtrail:(LookupEvents|GetQueryResults))/;

/** How the calls and permissions of each cloud look, and where it explains itself. */
const STYLES: Readonly<Partial<Record<Collector['provider'], { call: RegExp; reads: RegExp; tellsTooMuch: RegExp; doc: RegExp }>>> = {
  aws: { call: /^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$/, reads: READS, tellsTooMuch: TELLS_TOO_MUCH, doc: /^docs\.aws\.amazon\.com$/ },
  gcp: {
    call: /^[a-z0-9-]+:([a-z][A-Za-z0-9]*\.)*[a-z][A-Za-z0-9]*$/,
    reads:
      /^([a-z][A-Za-z0-9]*\.[A-Za-z0-9.]+\.(get|list|search|query|show)[A-Za-z]*(,? |$))+$|^https:\/\/www\.googleapis\.com\/auth\/[a-z._]+\.readonly$/,
    tellsTooMuch:
      /^(storage\.objects\.get|logging\.(logEntries|privateLogEntries|views\.access)|secretmanager\.versions|bigquery\.tables\.getData|pubsub\.subscriptions\.consume)/,
    doc: /^(docs\.)?cloud\.google\.com$|^[a-z]+\.google\.com$/,
  },
};

describe.each(collectors.map((one) => [`${one.provider} ${one.id}`, one] as const))('collector %s', (_, collector) => {
  const { id } = collector;
  it('has the name of its file, which registers it and nothing else', () => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    const file = join(root, 'connectors', collector.provider, `${id}.ts`);
    expect(existsSync(file), relative(root, file)).toBe(true);
    expect(readFileSync(file, 'utf8').match(/^export const \w+: Collector = \{$/gm)).toHaveLength(1);
    expect(readFileSync(file, 'utf8')).toContain(`id: '${id}'`);
  });

  it('says what it calls and why, with reads alone', () => {
    expect(Object.keys(collector.calls).length).toBeGreaterThan(0);
    const style = STYLES[collector.provider];
    if (!style) throw new Error(`nothing says how calls of ${collector.provider} look`);
    for (const [call, spec] of Object.entries(collector.calls)) {
      expect(call).toMatch(style.call);
      expect(spec.permission, call).toMatch(style.reads);
      expect(spec.permission, call).not.toMatch(style.tellsTooMuch);
      expect(spec.why.length, call).toBeGreaterThan(5);
      expect(spec.why, call).not.toMatch(/[.\n]$/);
    }
    expect(new URL(collector.doc)).toMatchObject({ protocol: 'https:', hostname: expect.stringMatching(style.doc) });
  });

  it('informs sources that there are', () => {
    expect(collector.informs.filter((source) => !rules.sources.has(source))).toEqual([]);
    expect(new Set(collector.informs).size).toBe(collector.informs.length);
  });
});

describe('the collectors together', () => {
  it('have ids of their own, and every file that makes one is in the list', () => {
    expect(new Set(collectors.map((one) => `${one.provider} ${one.id}`)).size).toBe(collectors.length);
    for (const cloud of ['aws', 'gcp']) {
      const folder = join(root, 'connectors', cloud);
      const files = readdirSync(folder).filter(
        (file) => file.endsWith('.ts') && /: Collector = \{$/m.test(readFileSync(join(folder, file), 'utf8')),
      );
      const listed = collectors.filter((one) => one.provider === cloud).map((one) => one.id);
      expect(files.map((file) => file.replace(/\.ts$/, '')).sort()).toEqual(listed.sort());
    }
  });

  it('inform every source that is in scope, or the whole that it is a part of', () => {
    const informed = new Set(collectors.flatMap((one) => one.informs));
    const left = [...rules.sources.values()].filter((source) => !informed.has(source.id) && !(source.view && informed.has(source.view.of)));
    expect(left.map((source) => source.id)).toEqual([]);
  });

  it('agree where they declare the same call: one permission and one page token', () => {
    const keyed = collectors.flatMap((one) =>
      Object.entries(one.calls).map(([call, spec]) => [one.provider === 'aws' ? call : `${one.provider}/${call}`, spec] as const),
    );
    for (const [call, spec] of keyed) {
      expect(callTable.get(call), call).toEqual({ permission: spec.permission, ...(spec.pages ? { next: spec.pages.from } : {}) });
    }
  });

  it.each([...declared])(
    '%s is an operation of the SDK, with the page tokens declared',
    async (call, spec) => {
      const [name = '', op = ''] = call.split(':');
      const service = services[name];
      if (!service) throw new Error(`connectors/aws/sdk.ts has no service "${name}"`);
      const sdk = (await service.load()) as Record<string, unknown>;
      expect(sdk[service.client]).toBeTypeOf('function');
      expect(sdk[`${op}Command`], `${op}Command`).toBeTypeOf('function');
      expect(spec.permission).toMatch(READS);
      const { input, output } = membersOf(packageOf(service.load), op);
      if (spec.pages) {
        expect(output).toContain(spec.pages.from);
        expect(input).toContain(spec.pages.to);
      } else {
        // A list that goes on where nobody follows would be taken for the whole.
        if (ONE_PAGE[call] === undefined)
          expect(output.filter((member) => /^(next_?(token|marker)|(next)?continuationtoken|marker)$/i.test(member))).toEqual([]);
      }
    },
    30_000,
  );

  it.each([...Object.entries(gcpDiscoveryCalls), ...gcpCollectors.flatMap((one) => Object.entries(one.calls))] as [string, CallSpec][])(
    '%s of Google Cloud says where it goes: a read of the service that it names',
    (call, spec) => {
      const url = urlOf(call, spec.url);
      const args = Object.fromEntries([...url.matchAll(/\{\+?([\w.]+)\}/g)].map(([, name = '']) => [name, 'x']));
      const request = requestOf(url, args);
      expect(new URL(request.url)).toMatchObject({ protocol: 'https:', hostname: expect.stringMatching(/\.googleapis\.com$/) });
      expect(new URL(request.url).hostname.split('.')[0]).toBe(call.split(':')[0]);
      // A POST reads only where its name says so.
      expect(
        request.method === 'GET' || (request.method === 'POST' && /:(get|list|search|query|show)[A-Za-z]*$/.test(request.url)),
        url,
      ).toBe(true);
      // All lists of Google's go on by a token, which nobody may leave out.
      if (/\.(list|aggregatedList|search\w*)$/.test(call)) expect(spec.pages, call).toEqual({ from: 'nextPageToken', to: 'pageToken' });
    },
  );

  it.each(['aws', 'gcp'])('are pure and leave errors to the engine: %s', (cloud) => {
    const files = closure(join(root, 'connectors', cloud, 'index.ts'));
    expect(files.length).toBeGreaterThan(collectors.filter((one) => one.provider === cloud).length);
    for (const file of files) {
      const text = codeOf(readFileSync(file, 'utf8'));
      const name = relative(root, file);
      const found = [
        /\bprocess\b/,
        /\bfetch\s*\(/,
        /\bDate\.now\b/,
        /\bnew Date\(\)/,
        /\bMath\.random\b/,
        /\bperformance\b/,
        /\bglobalThis\b/,
        /from '(?:node:|@aws-sdk\/|@smithy\/|@google-cloud\/|google-auth-library|nock|undici)[^']*'/,
        /\bimport\(/,
        /\.catch\(\s*\(/,
        /\bconsole\b/,
        ...(collectors.some((one) => file.endsWith(`/${one.id}.ts`)) ? [/\btry\s*\{/, /\bcatch\s*[({]/] : []),
      ].flatMap((pattern) => pattern.exec(text)?.[0] ?? []);
      expect(found, name).toEqual([]);
    }
  });
});

describe.each([
  ['aws', declared, NOT_IN_ESTATE],
  ['gcp', gcpDeclared, NOT_IN_GCP_ESTATE],
] as const)('the embedded estate of %s', (cloud, calls, exceptions) => {
  const made = new Set(estate.filter((record) => record.provider === cloud).map((record) => `${record.service}:${record.op}`));

  it('was asked nothing that is not declared', () => {
    expect([...made].filter((call) => !calls.has(call))).toEqual([]);
  });

  it('shows every declared call, but for the exceptions', () => {
    expect([...calls.keys()].filter((call) => !made.has(call) && exceptions[call] === undefined)).toEqual([]);
    expect(
      Object.keys(exceptions).filter((call) => made.has(call) || !calls.has(call)),
      'exceptions that are none',
    ).toEqual([]);
  });
});

describe('the embedded estate', () => {
  it('was asked with arguments that the operations take', () => {
    const asked = new Map<string, Set<string>>();
    for (const record of estate.filter((one) => one.provider === 'aws')) {
      const call = `${record.service}:${record.op}`;
      const names = asked.get(call) ?? new Set();
      asked.set(call, names);
      for (const name of Object.keys(record.args)) names.add(name);
    }
    for (const [call, names] of asked) {
      const [name = '', op = ''] = call.split(':');
      const { input } = membersOf(packageOf((services[name] as (typeof services)[string]).load), op);
      expect(
        [...names].filter((one) => !input.includes(one)),
        call,
      ).toEqual([]);
    }
  });
});

describe('reading what was not answered', () => {
  const scaffold: EvidenceRecord[] = [
    global('sts:GetCallerIdentity', { Account: ACCOUNT, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/ViewshedReader/viewshed` }),
    global('account:ListRegions', { Regions: [{ RegionName: REGION, RegionOptStatus: 'ENABLED_BY_DEFAULT' }] }),
  ];

  it('finds nothing in no evidence', () => {
    const paths = readPaths(view([]), AS_OF);
    expect(paths.emitters).toEqual([]);
    expect(paths.blind).toEqual([]);
  });

  it('knows of an account and a region that nothing else was asked in: nothing certainly passes', () => {
    const paths = readPaths(view(scaffold), AS_OF);
    expect(certain(paths)).toEqual([]);
    expect(unseen(paths)).toEqual([]);
  });

  it('takes every refusal for what it is: nothing certainly passes, and every source may', () => {
    const refusals = [...declared.keys()]
      .filter((call) => !/^(sts|account):/.test(call))
      .flatMap((call) => [refused(call, {}), refused(call, { MaxResults: 1000 }), refused(call, {}, null)]);
    const paths = readPaths(view([...scaffold, ...refusals]), AS_OF);
    expect(certain(paths)).toEqual([]);
    expect(unseen(paths)).toEqual([]);
  });

  it('takes nothing for a fact that it cannot read', () => {
    fc.assert(
      fc.property(fc.array(garbage, { minLength: 1, maxLength: 6 }), fc.boolean(), (bodies, everywhere) => {
        const records = [...declared.keys()]
          .filter((call) => !/^(sts|account):/.test(call))
          .flatMap((call, index) => {
            const body = bodies[index % bodies.length];
            return everywhere ? [answered(call, {}, body), answered(call, {}, body, null)] : [answered(call, { MaxResults: 1000 }, body)];
          });
        expect(certain(readPaths(view([...scaffold, ...records]), AS_OF))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('reads the estate whatever single values are spoilt, without a throw', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ record: fc.nat(), node: fc.nat(), value: fc.oneof(leaf, garbage) }), { minLength: 1, maxLength: 40 }),
        (spoils) => {
          const records = [...estate];
          for (const { record, node, value } of spoils) {
            const index = record % records.length;
            const old = records[index] as StoredEvidence;
            if (old.body !== undefined) records[index] = { ...old, body: spoilt(old.body, node, value) };
          }
          readPaths(new EvidenceView(records, callTable), AS_OF);
        },
      ),
      { numRuns: 120 },
    );
  });
});

/** Calls whose answer may go on but where one page is all that is asked for, with the reason. */
const ONE_PAGE: Readonly<Record<string, string>> = {
  'logs:DescribeLogStreams': 'ordered by last event: the first one tells',
};

const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    '',
    ' ',
    '*',
    '{}',
    '[]',
    'arn:',
    'arn:aws:::::',
    '2026-13-45',
    '9999-12-31T23:59:59Z',
    '\u0000\u001b[2J',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constant('x'.repeat(100_000)),
  fc.double(),
);
const NAMES = [
  'trailList',
  'Trails',
  'EventSelectors',
  'AdvancedEventSelectors',
  'Buckets',
  'Vpcs',
  'FlowLogs',
  'clusters',
  'LoadBalancers',
  'logGroups',
  'Functions',
  'HostedZones',
  'Channels',
  'EventDataStores',
  'ResolverQueryLogConfigs',
  'dataLakes',
  'deliveries',
  'Rules',
  'Policy',
  'Attributes',
  'NextToken',
  'nextToken',
  'NextMarker',
  '__proto__',
  'constructor',
];
const { garbage } = fc.letrec<{ garbage: unknown }>((tie) => ({
  garbage: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('garbage'), { minLength: 1, maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 12 })), tie('garbage'), { minKeys: 1, maxKeys: 6 }),
  ),
}));

/** The value with one node of it, counted from the top, replaced. */
function spoilt(body: unknown, at: number, by: unknown): unknown {
  const nodes: number[] = [0];
  const count = (value: unknown): number =>
    1 + (value !== null && typeof value === 'object' ? Object.values(value).reduce((sum: number, one) => sum + count(one), 0) : 0);
  const target = at % count(body);
  const copy = (value: unknown): unknown => {
    const here = nodes[0] as number;
    nodes[0] = here + 1;
    if (here === target) {
      nodes[0] = here + count(value);
      return by;
    }
    if (Array.isArray(value)) return value.map(copy);
    if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copy(one)]));
    return value;
  };
  return copy(body);
}

function view(records: readonly EvidenceRecord[]): EvidenceView {
  return new EvidenceView(
    records.map((record, index) => ({ ...record, id: index + 1 })),
    callTable,
  );
}

function answered(call: string, args: Record<string, unknown>, body: unknown, region: string | null = REGION): EvidenceRecord {
  const [service = '', op = ''] = call.split(':');
  return {
    v: 1,
    provider: 'aws',
    account: ACCOUNT,
    ...(region === null ? {} : { region }),
    service,
    op,
    args,
    at: '2026-11-21T11:58:00Z',
    body,
  };
}

function global(call: string, body: unknown): EvidenceRecord {
  return answered(call, {}, body, null);
}

function refused(call: string, args: Record<string, unknown>, region: string | null = REGION): EvidenceRecord {
  const { body: _, ...record } = answered(call, args, null, region);
  return { ...record, error: { code: 'AccessDenied', message: 'not allowed', status: 403 } };
}

/** First edges that certainly let something into a place that is not the provider's own view. */
function certain(paths: LogPaths): string[] {
  return paths.emitters.flatMap((emitter) =>
    emitter.taps
      .filter((edge) => {
        const node = paths.nodes.get(edge.to);
        return (
          !isEmpty(edge.passes) &&
          edge.delivery.state === 'flowing' &&
          !(node?.type === 'store' && node.kind === 'native' && node.unseen !== true)
        );
      })
      .map((edge) => `${emitter.id} by ${edge.label}`),
  );
}

/** Sources that the paths say nothing of where their lists were not read: no emitter that may pass, and no blind spot. */
function unseen(paths: LogPaths): string[] {
  return [...new Set(awsCollectors.flatMap((one) => one.informs))].filter((source) => {
    if (rules.sources.get(source)?.native || rules.sources.get(source)?.carries) return false;
    const emitters = paths.emitters.filter((one) => one.sources.includes(source));
    const may = emitters.some((one) => one.taps.some((edge) => !isEmpty(edge.mayPass) && edge.unknowns.length > 0));
    // Digest files are made by trails: which there are is the emitters' unknown.
    return (
      source !== 'aws.cloudtrail.digest' && !may && !paths.blind.some((one) => one.sources.includes(source) && one.unknowns.length > 0)
    );
  });
}

function packageOf(load: () => Promise<object>): string {
  const found = /@aws-sdk\/client-[a-z0-9-]+/.exec(load.toString())?.[0];
  if (found === undefined) throw new Error(`no package in ${load}`);
  return found;
}

/** A module of a cloud's connectors and all of the same folder that it imports. */
function closure(start: string): string[] {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.\/[^']+)'/g)) visit(join(dirname(file), path));
  };
  visit(start);
  return [...seen];
}

/** Source text without comments and without the text of strings, imports apart. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1')
    .replace(/^(?!import|export .* from)(.*)$/gm, (line) => line.replace(/'(?:[^'\\\n]|\\.)*'|`[^`$\n]*`/g, "''"));
}
