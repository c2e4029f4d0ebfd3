import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter, sinkPasses } from '../../../../connectors/gcp/filter/compile.ts';
import { eventOfEntry } from '../../../../connectors/gcp/filter/entry.ts';
import { parseFilter } from '../../../../connectors/gcp/filter/parse.ts';
import { matches } from '../../../../src/events/classes.ts';
import { evaluate, type LogEntry } from './evaluator.ts';

const word = fc.constantFrom(
  'get',
  'Get',
  'delete',
  'storage.objects.get',
  'card-vault',
  'alice',
  'prod',
  '443',
  '5',
  '55',
  'true',
  'e',
  'GET',
);
const port = fc.constantFrom(0, 5, 22, 80, 443, 1000, 8080, -5);
const scalar = fc.oneof(word, port, fc.boolean(), fc.constantFrom(0.5, 1e21));
const address = fc.constantFrom('10.0.0.1', '10.1.2.3', '10.1.15.9', '192.168.0.7', '2001:db8::1', 'none');

const protoPayload = fc.record(
  {
    serviceName: fc.constantFrom('storage.googleapis.com', 'iam.googleapis.com'),
    methodName: word,
    resourceName: word,
    authenticationInfo: fc.record({ principalEmail: fc.constantFrom('alice@example.com', 'bob@example.com') }),
    authorizationInfo: fc.array(fc.record({ permission: word, granted: fc.boolean() }), { maxLength: 3 }),
    request: fc.record({ name: scalar }, { requiredKeys: [] }),
    status: fc.record({ code: fc.constantFrom(3, 5, 7) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const jsonPayload = fc.record(
  {
    connection: fc.record({ src_ip: address, dest_port: port }, { requiredKeys: [] }),
    severity: word,
    x: scalar,
    one: fc.array(scalar, { maxLength: 1 }),
    nothing: fc.constant(null),
  },
  { requiredKeys: [] },
);
const common = {
  logName: fc.constantFrom(
    'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
    'projects/p/logs/cloudaudit.googleapis.com%2Fdata_access',
    'folders/7/logs/syslog',
  ),
  insertId: fc.constantFrom('a', 'b', 'c', 'd'),
  timestamp: fc.constantFrom('2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z'),
  resource: fc.record({ type: fc.constantFrom('gcs_bucket', 'gce_instance'), labels: fc.record({ zone: word }) }),
};
const optional = {
  severity: fc.constantFrom('DEFAULT', 'INFO', 'WARNING', 'ERROR', 'EMERGENCY'),
  labels: fc.record({ env: word, 'k8s.io/app': word }, { requiredKeys: [] }),
  trace: word,
  httpRequest: fc.record({ status: fc.constantFrom(200, 404), requestMethod: word, cacheHit: fc.boolean() }, { requiredKeys: [] }),
  operation: fc.record({ id: word, first: fc.boolean() }, { requiredKeys: [] }),
};
const requiredKeys = ['logName', 'insertId', 'timestamp', 'resource'] as const;
const entry = fc.oneof(
  fc.record({ ...common, ...optional, protoPayload }, { requiredKeys: [...requiredKeys, 'protoPayload'] }),
  fc.record({ ...common, ...optional, jsonPayload }, { requiredKeys: [...requiredKeys, 'jsonPayload'] }),
  fc.record({ ...common, ...optional, textPayload: word }, { requiredKeys: [...requiredKeys, 'textPayload'] }),
) as fc.Arbitrary<LogEntry>;

const field = fc.constantFrom(
  'logName',
  'resource.type',
  'resource.labels.zone',
  'severity',
  'labels.env',
  'labels."k8s.io/app"',
  'trace',
  'insertId',
  'httpRequest.status',
  'httpRequest.requestMethod',
  'httpRequest.cacheHit',
  'operation.first',
  'textPayload',
  'jsonPayload.x',
  'jsonPayload.one',
  'jsonPayload.severity',
  'jsonPayload.connection.dest_port',
  'jsonPayload.connection.src_ip',
  'jsonPayload.nothing',
  'protoPayload.serviceName',
  'protoPayload.methodName',
  'protoPayload.authenticationInfo.principalEmail',
  'protoPayload.authorizationInfo.permission',
  'protoPayload.authorizationInfo.granted',
  'protoPayload.request',
  'protoPayload.request.name',
  'protoPayload.status.code',
  'timestamp',
);
const value = fc
  .oneof(
    word,
    fc.constantFrom(
      'storage.googleapis.com',
      'ERROR',
      'info',
      '5.0',
      '1e3',
      'False',
      'gcs_bucket',
      'projects/p',
      '2026-03-01',
      'alice',
      '400',
    ),
  )
  .map((text) => JSON.stringify(text));
const operator = fc.constantFrom('=', '!=', ':', '=', '!=', '<', '>=', '>', '<=');
const comparison = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(field, operator, value).map((parts) => parts.join('')) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(field, operator, value, fc.constantFrom('OR', 'AND', ''), value)
      .map(([f, o, a, w, b]) => `${f}${o}(${a} ${w} ${b})`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(field, fc.constantFrom('=~', '!~'), fc.constantFrom('"^get"', '"get|del"', '"[45]+$"', '"\\\\.get"', '"e"'))
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: field.map((name) => `${name}:*`) },
  { weight: 1, arbitrary: fc.constantFrom('jsonPayload:*', 'protoPayload:*', 'textPayload:*') },
  { weight: 1, arbitrary: value },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'LOG_ID("cloudaudit.googleapis.com/activity")',
      'log_id("syslog")',
      'SOURCE(projects/p)',
      'SEARCH("get")',
      'SEARCH(textPayload, "card vault")',
      'ip_in_net(jsonPayload.connection.src_ip, "10.1.0.0/20")',
      'ip_in_net(jsonPayload.connection.src_ip, "10.0.0.0/8")',
      'ip_in_net(jsonPayload.connection.src_ip, "192.168.0.7")',
      'sample(insertId, 0.25)',
      'sample(insertId, 0.5)',
      'sample(insertId, 1)',
    ),
  },
);
const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    fc.tuple(fc.constantFrom('NOT ', '-'), tie('filter')).map(([not, one]) => `${not}(${one})`),
    fc.tuple(tie('filter'), fc.constantFrom(' AND ', ' OR ', ' ', '\n'), tie('filter')).map((parts) => parts.join('')),
    fc.tuple(tie('filter'), tie('filter'), tie('filter')).map(([a, b, c]) => `(${a} OR ${b}) ${c}`),
  ),
}));

const HASHES = [0.1, 0.25, 0.3, 0.5, 0.7, 1];

function check(compiled: ReturnType<typeof compileFilter>, passes: (hash: number) => boolean, one: LogEntry): void {
  const event = eventOfEntry(one);
  const outcomes = HASHES.map(passes);
  if (outcomes.some((outcome) => outcome)) expect(matches(compiled.mayPass, event)).toBe(true);
  if (outcomes.some((outcome) => !outcome)) expect(matches(compiled.passes, event)).toBe(false);
  const sampled = compiled.sampled.filter(({ events }) => matches(events, event));
  expect(sampled.length).toBeLessThan(2);
  if (sampled[0]) {
    // The hashes stand for the ranges up to 0.25, up to 0.5 and up to 1.
    const share = (outcomes[1] ? 0.25 : 0) + (outcomes[3] ? 0.25 : 0) + (outcomes[5] ? 0.5 : 0);
    expect(sampled[0].share).toBeCloseTo(share, 9);
    expect(matches(compiled.passes, event)).toBe(false);
    expect(matches(compiled.mayPass, event)).toBe(true);
  }
  if (compiled.unclear.length === 0) {
    if (outcomes.every((outcome) => outcome)) expect(matches(compiled.passes, event)).toBe(true);
    if (outcomes.every((outcome) => !outcome)) expect(matches(compiled.mayPass, event)).toBe(false);
    if (outcomes.includes(true) && outcomes.includes(false)) expect(sampled.length).toBe(1);
  }
}

describe('a compiled filter', () => {
  it('agrees with a plain reading of the documentation, event by event', () => {
    fc.assert(
      fc.property(filter, fc.array(entry, { minLength: 5, maxLength: 5 }), (text, entries) => {
        const parsed = parseFilter(text);
        expect(parsed.error).toBeUndefined();
        const compiled = compileFilter(text);
        for (const one of entries) check(compiled, (hash) => evaluate(parsed.filter, one, () => hash), one);
      }),
      { numRuns: 500 },
    );
  });

  it('with exclusions takes what none of them takes', () => {
    fc.assert(
      fc.property(
        filter,
        fc.array(filter, { minLength: 1, maxLength: 3 }),
        fc.array(entry, { minLength: 5, maxLength: 5 }),
        (text, others, entries) => {
          const compiled = sinkPasses(compileFilter(text), others.map(compileFilter));
          const [own, ...cuts] = [text, ...others].map((one) => parseFilter(one).filter);
          for (const one of entries) {
            check(compiled, (hash) => evaluate(own, one, () => hash) && !cuts.some((cut) => evaluate(cut, one, () => hash)), one);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
