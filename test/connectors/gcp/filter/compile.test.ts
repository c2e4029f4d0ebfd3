import { describe, expect, it } from 'vitest';
import { type CompiledFilter, compileFilter, sinkPasses } from '../../../../connectors/gcp/filter/compile.ts';
import { eventOfEntry, severalIn } from '../../../../connectors/gcp/filter/entry.ts';
import { type Event, includes, isEmpty, matches, selectorOf } from '../../../../src/events/classes.ts';

const DEFAULT_SINK = [
  'NOT LOG_ID("cloudaudit.googleapis.com/activity") AND NOT LOG_ID("externalaudit.googleapis.com/activity")',
  'AND NOT LOG_ID("cloudaudit.googleapis.com/system_event") AND NOT LOG_ID("externalaudit.googleapis.com/system_event")',
  'AND NOT LOG_ID("cloudaudit.googleapis.com/access_transparency")',
  'AND NOT LOG_ID("externalaudit.googleapis.com/access_transparency")',
].join(' ');

const ACTIVITY: Event = {
  logName: 'projects/card-vault/logs/cloudaudit.googleapis.com%2Factivity',
  payload: 'proto',
  severity: 'NOTICE',
  serviceName: 'iam.googleapis.com',
  methodName: 'google.iam.admin.v1.CreateServiceAccountKey',
  principalEmail: 'alice@example.com',
  'resource.type': 'service_account',
  'resource.labels.project_id': 'card-vault',
};
const READ: Event = {
  ...ACTIVITY,
  logName: 'projects/card-vault/logs/cloudaudit.googleapis.com%2Fdata_access',
  serviceName: 'storage.googleapis.com',
  methodName: 'storage.objects.get',
  severity: 'INFO',
  'resource.type': 'gcs_bucket',
};
const FLOW: Event = {
  logName: 'projects/card-vault/logs/compute.googleapis.com%2Fvpc_flows',
  payload: 'json',
  'connection.src_ip': '10.1.2.3',
  'connection.dest_port': '443',
  reporter: 'SRC',
  'resource.type': 'gce_subnetwork',
};
const LINE: Event = {
  logName: 'projects/card-vault/logs/syslog',
  payload: 'text',
  textPayload: 'A Robot came',
  'resource.type': 'gce_instance',
};
const EVENTS: Readonly<Record<string, Event>> = { ACTIVITY, READ, FLOW, LINE };

/** The events that pass for certain, then those that may. */
function taken(filter: CompiledFilter): [string[], string[]] {
  const names = Object.keys(EVENTS);
  const inside = names.filter((name) => matches(filter.passes, EVENTS[name] as Event));
  return [inside, names.filter((name) => !inside.includes(name) && matches(filter.mayPass, EVENTS[name] as Event))];
}

describe('a filter', () => {
  it.each([
    ['', ['ACTIVITY', 'READ', 'FLOW', 'LINE'], []],
    [DEFAULT_SINK, ['READ', 'FLOW', 'LINE'], []],
    ['LOG_ID("cloudaudit.googleapis.com/activity") OR LOG_ID("externalaudit.googleapis.com/activity")', ['ACTIVITY'], []],
    ['logName="projects/card-vault/logs/cloudaudit.googleapis.com%2Factivity"', ['ACTIVITY'], []],
    ['logName="projects/card-vault/logs/activity"', [], []],
    ['logName:data_ACCESS', ['READ'], []],
    ['logName =~ "%2Fvpc_flows$"', ['FLOW'], []],
    ['logName =~ "%2fvpc_flows$"', [], []],
    ['logName =~ "(?i)%2fvpc_flows$"', ['FLOW'], []],
    ['source(projects/card-vault)', ['ACTIVITY', 'READ', 'FLOW', 'LINE'], []],
    ['source(projects/card)', [], []],
    ['source(projects/123456)', [], ['ACTIVITY', 'READ', 'FLOW', 'LINE']],
    ['resource.type=(GCS_Bucket OR gce_instance)', ['READ', 'LINE'], []],
    ['resource.type!=(gcs_bucket AND gce_instance)', ['ACTIVITY', 'FLOW'], []],
    ['severity>=NOTICE', ['ACTIVITY'], []],
    ['severity>=DEFAULT', ['ACTIVITY', 'READ', 'FLOW', 'LINE'], []],
    ['severity<Notice', ['READ', 'FLOW', 'LINE'], []],
    ['severity=DEFAULT', ['FLOW', 'LINE'], []],
    ['protoPayload.methodName="storage.objects.get"', ['READ'], []],
    ['proto_payload.method_name="storage.objects.GET"', ['READ'], []],
    ['protoPayload.methodName =~ "^storage\\.objects\\."', ['READ'], []],
    ['protoPayload.methodName !~ "^storage"', ['ACTIVITY'], []],
    ['protoPayload.methodName != "storage.objects.get"', ['ACTIVITY'], []],
    ['NOT protoPayload.methodName = "storage.objects.get"', ['ACTIVITY', 'FLOW', 'LINE'], []],
    ['protoPayload.authenticationInfo.principalEmail:("alice" "example")', ['ACTIVITY', 'READ'], []],
    ['protoPayload.serviceName:*', ['ACTIVITY', 'READ'], []],
    ['jsonPayload:*', ['FLOW'], []],
    ['jsonPayload.serviceName="iam.googleapis.com"', [], []],
    ['jsonPayload.connection.dest_port>400', ['FLOW'], []],
    ['jsonPayload.connection.dest_port<=80', [], []],
    ['ip_in_net(jsonPayload.connection.src_ip, "10.1.0.0/20")', ['FLOW'], []],
    ['NOT ip_in_net(jsonPayload.connection.src_ip, "10.0.0.0/8")', ['ACTIVITY', 'READ', 'LINE'], []],
    ['ip_in_net(jsonPayload.connection.src_ip, "10.1.2.4")', [], []],
    ['textPayload:robot', ['LINE'], []],
    ['NOT textPayload:robot', ['ACTIVITY', 'READ', 'FLOW'], []],
    ['httpRequest.status<400', ['ACTIVITY', 'READ', 'FLOW', 'LINE'], []],
    ['httpRequest.status>=400', [], []],
    ['trace!="x"', ['ACTIVITY', 'READ', 'FLOW', 'LINE'], []],
    ['labels.env!="prod"', [], []],
    ['NOT labels.env="prod"', ['ACTIVITY', 'READ', 'FLOW', 'LINE'], []],
    ['timestamp>="2026-01-01T00:00:00Z"', [], ['ACTIVITY', 'READ', 'FLOW', 'LINE']],
    ['timestamp>="2026-01-01T00:00:00Z" AND resource.type=gcs_bucket', [], ['READ']],
    ['NOT (timestamp>="2026-01-01T00:00:00Z" AND resource.type=gcs_bucket)', ['ACTIVITY', 'FLOW', 'LINE'], ['READ']],
    ['"iam.googleapis.com"', ['ACTIVITY'], ['READ', 'FLOW', 'LINE']],
    ['NOT "iam.googleapis.com"', [], ['ACTIVITY', 'READ', 'FLOW', 'LINE']],
    ['SEARCH(textPayload, "robot")', [], ['LINE']],
    ['protoPayload.authorizationInfo.permission="storage.objects.get"', [], []],
    ['cast(timestamp, STRING) =~ "^2026" AND jsonPayload:*', [], ['FLOW']],
    ['sample(logName, 0.5) resource.type=gcs_bucket', [], ['READ']],
    ['sample(insertId, 1)', ['ACTIVITY', 'READ', 'FLOW', 'LINE'], []],
    ['sample(insertId, 0.5) resource.type=gcs_bucket', [], ['READ']],
    ['thud="x"', [], ['ACTIVITY', 'READ', 'FLOW', 'LINE']],
    ['a=(', [], ['ACTIVITY', 'READ', 'FLOW', 'LINE']],
    ['severity=LOUD AND resource.type=gcs_bucket', [], ['READ']],
  ] as [string, string[], string[]][])('%s', (text, certain, possible) => {
    expect(taken(compileFilter(text))).toEqual([certain, possible]);
  });

  it('names the parts that are unclear, and only where they matter', () => {
    expect(compileFilter('timestamp>"2026-01-01" AND severity>=INFO').unclear).toEqual(['timestamp>"2026-01-01"']);
    expect(compileFilter('timestamp>"2026-01-01" OR severity>=DEFAULT').unclear).toEqual([]);
    expect(compileFilter('LOG_ID("x"').unclear).toEqual(['a parenthesis that is not closed at character 11 (the end)']);
    expect(compileFilter(DEFAULT_SINK).unclear).toEqual([]);
  });

  it('lets a list of an audit log speak through any of its members', () => {
    const text = 'protoPayload.authorizationInfo.permission="storage.objects.get"';
    const one = { ...READ, 'authorizationInfo.permission': 'storage.objects.get' };
    const other = { ...READ, 'authorizationInfo.permission': 'storage.objects.list' };
    expect([matches(compileFilter(text).passes, one), matches(compileFilter(text).passes, other)]).toEqual([true, false]);
    expect(matches(compileFilter(text).mayPass, other)).toBe(true);
    expect(matches(compileFilter(`NOT ${text}`).passes, other)).toBe(false);
  });

  it('tells a field of the payload from the same one of the entry', () => {
    expect(matches(compileFilter('jsonPayload.severity="ERROR"').passes, { payload: 'json', severity: 'ERROR' })).toBe(false);
    expect(matches(compileFilter('jsonPayload.severity="ERROR"').passes, eventOfEntry({ jsonPayload: { severity: 'error' } }))).toBe(true);
  });
});

describe('exclusions', () => {
  it('let through what their sample does not take', () => {
    const sink = sinkPasses(compileFilter(''), [compileFilter('resource.type=gcs_bucket AND sample(insertId, 0.99)')]);
    expect(taken(sink)).toEqual([['ACTIVITY', 'FLOW', 'LINE'], ['READ']]);
    expect(sink.sampled.map(({ share }) => share)).toEqual([0.01]);
    expect(matches(sink.sampled[0]?.events ?? [], READ)).toBe(true);
    expect(matches(sink.sampled[0]?.events ?? [], ACTIVITY)).toBe(false);
    expect(sink.unclear).toEqual([]);
  });

  it('of one hash take nested shares', () => {
    const sink = sinkPasses(compileFilter('sample(insertId, 0.5)'), [compileFilter('resource.type=gcs_bucket AND sample(insertId, 0.2)')]);
    const shareOf = (event: Event) => sink.sampled.filter(({ events }) => matches(events, event)).map(({ share }) => share);
    expect([shareOf(READ), shareOf(ACTIVITY)]).toEqual([[0.3], [0.5]]);
  });

  it('that are unclear make uncertain what they may take, and nothing else', () => {
    const sink = sinkPasses(compileFilter(DEFAULT_SINK), [compileFilter('resource.type=gcs_bucket AND "noise"')]);
    expect(taken(sink)).toEqual([['FLOW', 'LINE'], ['READ']]);
    expect(sink.unclear).toEqual(['"noise"']);
    const apart = sinkPasses(compileFilter('resource.type=gce_instance'), [compileFilter('resource.type=gcs_bucket AND "noise"')]);
    expect(apart.unclear).toEqual([]);
  });

  it('that cannot be read may take everything, and those that are empty do', () => {
    expect(taken(sinkPasses(compileFilter(''), [compileFilter('(')]))).toEqual([[], ['ACTIVITY', 'READ', 'FLOW', 'LINE']]);
    expect(isEmpty(sinkPasses(compileFilter(''), [compileFilter('')]).mayPass)).toBe(true);
    expect(sinkPasses(compileFilter('x=y'), [])).toBe(compileFilter('x=y'));
  });

  it('of equal text are put together once, and only once', () => {
    const put = () => sinkPasses(compileFilter('severity>=INFO'), [compileFilter('resource.type=gcs_bucket')]);
    expect(put()).toBe(put());
    const [cut] = [sinkPasses(compileFilter(''), [put()])];
    expect(taken(cut)).toEqual([[], ['ACTIVITY', 'READ', 'FLOW', 'LINE']]);
  });
});

describe('long filters', () => {
  const many = (count: number, say: (index: number) => string, word: string): string =>
    Array.from({ length: count }, (_, index) => say(index)).join(` ${word} `);

  it('of five hundred comparisons on one field are one class', () => {
    const text = many(500, (index) => `protoPayload.methodName="get${index}"`, 'OR');
    const { passes, mayPass, unclear } = compileFilter(text);
    expect([passes.length, unclear]).toEqual([1, []]);
    expect(mayPass).toBe(passes);
    expect(includes(passes, selectorOf({ payload: { equals: ['proto'] }, methodName: { equals: ['get0', 'Get499'] } }))).toBe(true);
    expect(matches(passes, { payload: 'proto', methodName: 'get500' })).toBe(false);
    expect(compileFilter(text).passes).toBe(passes);
  });

  it.each([
    ['conjunctions', many(250, (index) => `(protoPayload.methodName="m${index}" AND resource.type=t${index})`, 'OR')],
    ['alternatives', many(500, (index) => `(labels.a${index}=x OR labels.b${index}=y)`, 'AND')],
    ['fields', many(500, (index) => `jsonPayload.f${index}="v${index}"`, 'OR')],
    ['words', 'a '.repeat(9000)],
    ['patterns', many(300, (index) => `protoPayload.methodName=~"get.*x${index}$"`, 'OR')],
    ['networks', many(100, (index) => `ip_in_net(jsonPayload.connection.src_ip, "10.${index}.1.0/22")`, 'OR')],
  ])('of many %s keep their bounds', (_, text) => {
    const { passes, mayPass, unclear } = compileFilter(text);
    const event = { ...FLOW, ...READ, 'resource.type': 't7', methodName: 'm7', f0: 'v0', payload: 'json' };
    if (matches(passes, event)) expect(matches(mayPass, event)).toBe(true);
    expect(mayPass.length === 0).toBe(false);
    if (unclear.length === 0) expect(mayPass).toBe(passes);
  });
});

describe('an entry', () => {
  it('is an event in the fields of filters', () => {
    const entry = {
      logName: ACTIVITY.logName,
      insertId: 'a1',
      severity: 'NOTICE',
      timestamp: '2026-01-01T00:00:00Z',
      resource: { type: 'gcs_bucket', labels: { bucket_name: 'card-vault' } },
      labels: { 'k8s.io/app': 'vault' },
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        serviceName: 'storage.googleapis.com',
        methodName: 'storage.setIamPermissions',
        authenticationInfo: { principalEmail: 'alice@example.com' },
        authorizationInfo: [
          { permission: 'storage.buckets.setIamPolicy', granted: true },
          { permission: 'storage.buckets.get', granted: true },
        ],
        status: {},
        request: { dryRun: false, count: 3, none: null, labels: { severity: 'x' } },
        severity: 'own',
      },
    };
    expect(eventOfEntry(entry)).toEqual({
      logName: ACTIVITY.logName,
      insertId: 'a1',
      severity: 'NOTICE',
      timestamp: '2026-01-01T00:00:00Z',
      'resource.type': 'gcs_bucket',
      'resource.labels.bucket_name': 'card-vault',
      'labels.k8s.io/app': 'vault',
      payload: 'proto',
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
      serviceName: 'storage.googleapis.com',
      methodName: 'storage.setIamPermissions',
      principalEmail: 'alice@example.com',
      'authorizationInfo.permission': 'storage.buckets.setIamPolicy',
      'authorizationInfo.granted': 'true',
      'request.dryRun': 'false',
      'request.count': '3',
      'request.labels.severity': 'x',
      'protoPayload.severity': 'own',
    });
    expect(severalIn(entry)).toEqual(['authorizationInfo.permission', 'authorizationInfo.granted']);
  });

  it('of any shape is read without falling over', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`);
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`f${index}`, index]));
    for (const odd of [null, 7, 'x', [], [{}], { protoPayload: 'x' }, { jsonPayload: deep }, { resource: [[[]]] }]) eventOfEntry(odd);
    expect(Object.keys(eventOfEntry({ jsonPayload: wide })).length).toBe(5000);
    expect(Object.keys(eventOfEntry(JSON.parse('{"jsonPayload":{"__proto__":"x","constructor":"y"}}')))).toContain('__proto__');
  });
});
