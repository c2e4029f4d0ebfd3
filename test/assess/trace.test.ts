import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { callTable, readPaths } from '../../connectors/index.ts';
import { type StatedEvent, type Trace, tracedEvent, traceEvent } from '../../src/assess/trace.ts';
import { EVERYTHING, type Event, matches, type Selector, selectorOf, union } from '../../src/events/classes.ts';
import { loadRules } from '../../src/needs/rules.ts';
import { PathsBuilder } from '../../src/paths/builder.ts';
import { flowOf, keptAt } from '../../src/paths/evaluate.ts';
import type { Delivery, Edge, Kept, LogPaths } from '../../src/paths/graph.ts';
import { readNdjson } from '../../src/store/ndjson.ts';
import { EvidenceView } from '../../src/store/view.ts';

const rules = loadRules();
const AS_OF = '2026-11-21T12:00:00.000Z';
const place = { provider: 'aws', account: '111122223333', region: 'eu-west-1' } as const;
const unread = { call: 'cloudtrail:GetEventSelectors', permission: 'cloudtrail:GetEventSelectors', on: 'main', code: 'AccessDenied' };

interface Way {
  readonly passes?: Selector;
  readonly mayPass?: Selector;
  readonly delivery?: Delivery;
  readonly sampling?: number;
  readonly searchable?: readonly [number, number];
  readonly total?: readonly [number, number];
  readonly native?: boolean;
}

/** An estate of one emitter, each way a trail into a bucket of its own. */
function estateOf(ways: readonly Way[], universe: Selector = EVERYTHING): LogPaths {
  const paths = new PathsBuilder(AS_OF);
  paths.account({ provider: 'aws', id: place.account, state: 'scanned' });
  paths.emitter({
    id: 'e',
    sources: ['aws.cloudtrail.management', 'aws.cloudtrail.data.s3'],
    scope: place,
    name: 'production eu-west-1',
    universe,
    taps: [],
    evidence: [1],
  });
  for (const [index, way] of ways.entries()) {
    const [searchable, total] = [way.searchable ?? [90, 90], way.total ?? way.searchable ?? [90, 90]];
    const kept: Kept = {
      searchable: { least: searchable[0], most: searchable[1] },
      total: { least: total[0], most: total[1] },
      immutable: undefined,
      because: 'as it is',
      unknowns: searchable[0] === searchable[1] ? [] : [{ ...unread, call: 's3:GetBucketLifecycleConfiguration' }],
    };
    paths.node({ type: 'hop', id: `hop${index}`, kind: 'trail', name: `t${index}`, scope: place, evidence: [2], findings: [] });
    paths.node({
      type: 'store',
      id: `store${index}`,
      kind: way.native ? 'native' : 's3',
      name: `bucket${index}`,
      scope: place,
      keeps: kept,
      evidence: [3],
      findings: [],
      unknowns: [],
    });
    const passes = way.passes ?? EVERYTHING;
    const edge: Edge = {
      id: `tap${index}`,
      to: `hop${index}`,
      label: `trail t${index}`,
      passes,
      mayPass: way.mayPass ?? passes,
      unknowns: way.mayPass ? [unread] : [],
      delivery: way.delivery ?? { state: 'flowing' },
      evidence: [2],
      fix: 'mend it',
      ...(way.sampling === undefined ? {} : { sampling: way.sampling }),
    };
    paths.tap('e', edge);
    paths.edge(`hop${index}`, {
      id: `on${index}`,
      to: `store${index}`,
      label: `delivery to bucket${index}`,
      passes: EVERYTHING,
      mayPass: EVERYTHING,
      unknowns: [],
      delivery: { state: 'flowing' },
      evidence: [3],
    });
  }
  return paths.build();
}

const stop: StatedEvent = {
  source: 'aws.cloudtrail.management',
  account: place.account,
  region: place.region,
  fields: { eventName: 'StopLogging' },
};
const get: StatedEvent = {
  ...stop,
  source: 'aws.cloudtrail.data.s3',
  fields: { eventName: 'GetObject', 'resources.ARN': 'arn:aws:s3:::card-vault/x' },
};
const trace = (paths: LogPaths, stated: StatedEvent = stop): Trace => traceEvent(paths, rules, tracedEvent(stated, rules));
const reads = selectorOf({ readOnly: { equals: ['true'] } });
const writes = selectorOf({ readOnly: { equals: ['false'] } });

describe('the way of one event', () => {
  it('ends in a store where every edge takes it', () => {
    const found = trace(estateOf([{ searchable: [90, 90], total: [400, 400] }]));
    expect(found).toMatchObject({ verdict: 'kept', because: 'in s3 bucket0, searchable 90 days, kept 400 days' });
    expect(found.places[0]?.steps[0]).toMatchObject({
      label: 'trail t0',
      passes: 'yes',
      to: { kind: 'trail', name: 't0' },
      next: [
        { passes: 'yes', to: { kind: 's3', name: 'bucket0' }, store: { searchableDays: 90, totalDays: 400, native: false }, evidence: [3] },
      ],
    });
  });

  it('says what is known of the event, so that it need not be told', () => {
    expect(trace(estateOf([{}])).event).toEqual({
      eventName: 'StopLogging',
      eventCategory: 'Management',
      eventSource: 'cloudtrail.amazonaws.com',
      readOnly: 'false',
    });
    expect(trace(estateOf([{}]), get).event).toMatchObject({
      eventCategory: 'Data',
      eventSource: 's3.amazonaws.com',
      'resources.type': 'AWS::S3::Object',
      readOnly: 'true',
    });
  });

  it('is lost at a selector that does not take it, with the field and the line that mends it', () => {
    const found = trace(estateOf([{ passes: reads }]));
    expect(found).toMatchObject({ verdict: 'lost', because: 'nothing takes it' });
    expect(found.places[0]?.steps[0]).toMatchObject({
      passes: 'no',
      fields: ['readOnly'],
      why: 'does not take readOnly false',
      fix: 'mend it',
      next: [],
    });
  });

  it('takes the best of several ways', () => {
    expect(
      trace(
        estateOf([
          { passes: reads },
          { passes: writes, searchable: [30, 30] },
          { searchable: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] },
        ]),
      ),
    ).toMatchObject({
      verdict: 'kept',
      because: 'in s3 bucket2, searchable for ever',
    });
  });

  it('is lost in a built-in view, and where nobody can search it', () => {
    expect(trace(estateOf([{ native: true }]))).toMatchObject({
      verdict: 'lost',
      because: expect.stringMatching(/nothing takes it but bucket0 .*does not count/),
    });
    expect(trace(estateOf([{ searchable: [0, 0], total: [365, 365] }]))).toMatchObject({
      verdict: 'lost',
      because: expect.stringContaining('where nobody can search it'),
    });
  });

  it.each<[string, Way]>([
    ['a selector that was not read', { passes: [], mayPass: EVERYTHING }],
    ['silence where records were due', { delivery: { state: 'stale', why: 'no record for 3 days' } }],
    ['delivery that was not read', { delivery: { state: 'unknown', why: 'not read', unknowns: [unread] } }],
    ['a sample', { sampling: 0.5 }],
    ['days that were not read', { searchable: [0, Number.POSITIVE_INFINITY] }],
  ])('is not settled by %s', (_, way) => {
    const found = trace(estateOf([way]));
    expect(found.verdict).toBe('unsettled');
    expect(trace(estateOf([way, {}])).verdict).toBe('kept');
  });

  it('that a sample decides on says so, and by how much', () => {
    expect(trace(estateOf([{ sampling: 0.25, searchable: [30, 30] }]))).toMatchObject({
      verdict: 'unsettled',
      because: 'chance decides: if it is in the sample that is taken, it is in s3 bucket0, searchable 30 days',
      places: [{ steps: [{ passes: 'not-known', sample: 0.25, why: 'takes a sample of 0.25' }] }],
    });
    // Where something was not read beside it, it is not chance alone.
    expect(trace(estateOf([{ sampling: 0.25, passes: [], mayPass: EVERYTHING }])).because).toMatch(/not everything on the way was read/);
  });

  it('quotes what an edge selects by, and what leaves the event out', () => {
    const paths = estateOf([{ passes: reads }]);
    const [tap] = paths.emitters[0]?.taps ?? [];
    const emitter = {
      ...(paths.emitters[0] as LogPaths['emitters'][number]),
      taps: [{ ...(tap as Edge), filter: 'readOnly=true', leavesOut: (lost: Event) => `exclusion x takes ${lost.eventName} out` }],
    };
    expect(trace({ ...paths, emitters: [emitter] }).places[0]?.steps[0]).toMatchObject({
      passes: 'no',
      filter: 'readOnly=true',
      why: 'exclusion x takes StopLogging out',
      fields: ['readOnly'],
    });
  });

  it('cannot have been written where nothing writes: neither lost nor kept', () => {
    const paths = estateOf([{}]);
    const emitter = { ...(paths.emitters[0] as LogPaths['emitters'][number]), taps: [], notApplicable: 'the API is switched off' };
    expect(trace({ ...paths, emitters: [emitter] })).toMatchObject({
      verdict: 'unsettled',
      because: 'no such event is recorded there: the API is switched off',
    });
  });

  it('names the call and the permission that would settle it', () => {
    expect(trace(estateOf([{ passes: [], mayPass: EVERYTHING }])).places[0]?.unknowns).toEqual([unread]);
  });

  it('is certainly lost where delivery is not known but the selector is', () => {
    const found = trace(estateOf([{ passes: reads, delivery: { state: 'stale', why: 'silent' } }]));
    expect([found.verdict, found.places[0]?.steps[0]?.passes]).toEqual(['lost', 'no']);
  });

  it('is lost where delivery is broken, whatever was not read before', () => {
    expect(
      trace(estateOf([{ delivery: { state: 'broken', why: 'AccessDenied since yesterday', fix: 'let it write' } }])).places[0]?.steps[0],
    ).toMatchObject({
      passes: 'no',
      why: 'AccessDenied since yesterday',
      fix: 'let it write',
    });
  });

  it('of an unknown name may be a read or a write', () => {
    const unknown = { ...stop, fields: { eventName: 'FrobnicateThing', eventSource: 'new.amazonaws.com' } };
    expect(trace(estateOf([{ passes: reads }]), unknown)).toMatchObject({
      verdict: 'unsettled',
      notes: [expect.stringContaining('readOnly is not given')],
    });
    expect(trace(estateOf([{ passes: reads }, { passes: writes }]), unknown).verdict).toBe('kept');
    expect(trace(estateOf([{ passes: selectorOf({ eventCategory: { equals: ['Data'] } }) }]), unknown).verdict).toBe('lost');
  });

  it('with several resources is taken where one of them is', () => {
    const two = {
      source: 'aws.cloudtrail.data.s3',
      account: place.account,
      region: place.region,
      variants: ['arn:aws:s3:::a/x', 'arn:aws:s3:::b/x'].map((arn) => ({
        eventCategory: 'Data',
        eventSource: 's3.amazonaws.com',
        eventName: 'GetObject',
        readOnly: 'true',
        'resources.type': 'AWS::S3::Object',
        'resources.ARN': arn,
      })),
    };
    const only = (prefix: string) => selectorOf({ 'resources.ARN': { startsWith: [prefix] } });
    expect(traceEvent(estateOf([{ passes: only('arn:aws:s3:::b/') }]), rules, two).verdict).toBe('kept');
    expect(traceEvent(estateOf([{ passes: only('arn:aws:s3:::c/') }]), rules, two).verdict).toBe('lost');
  });

  it('that no log records is lost everywhere', () => {
    expect(trace(estateOf([{}]), { ...stop, fields: { eventName: 'PassRole', eventSource: 'iam.amazonaws.com' } })).toMatchObject({
      verdict: 'lost',
      because: expect.stringContaining('no log records such an event'),
    });
  });

  it('is not settled where the evidence does not speak of its place', () => {
    expect(trace(estateOf([{}]), { ...stop, account: '999900001111' })).toMatchObject({
      verdict: 'unsettled',
      because: expect.stringContaining('does not speak of account 999900001111'),
    });
    expect(trace(estateOf([{}]), { ...stop, region: 'us-west-2' })).toMatchObject({
      verdict: 'unsettled',
      because: expect.stringContaining('shows nothing that writes'),
    });
    expect(trace(estateOf([{}], selectorOf({ eventSource: { notEquals: ['cloudtrail.amazonaws.com'] } })))).toMatchObject({
      verdict: 'unsettled',
      because: expect.stringContaining('no such event is recorded there'),
    });
  });

  it('ends where a graph runs in a circle', () => {
    const paths = estateOf([{}]);
    const edges = new Map(paths.edges);
    edges.set('store0', [{ ...(edges.get('hop0')?.[0] as Edge), id: 'back', to: 'hop0' }]);
    expect(trace({ ...paths, edges }).verdict).toBe('kept');
  });
});

describe('in the example estate', () => {
  let paths: LogPaths;
  beforeAll(async () => {
    const records = [];
    for await (const record of readNdjson(join(import.meta.dirname, '../../examples/estate/evidence.ndjson'))) records.push(record);
    paths = readPaths(new EvidenceView(records, callTable), AS_OF);
  });

  it('agrees with set arithmetic, whatever the event', () => {
    const source = rules.sources.get('aws.cloudtrail.data.s3');
    expect(source).toBeDefined();
    const emitters = paths.emitters.filter((one) => one.sources.includes('aws.cloudtrail.management') && one.universe !== undefined);
    const seen = { kept: 0, lost: 0, unsettled: 0 };
    const event = fc.oneof(
      fc.record({
        eventCategory: fc.constant('Management'),
        eventSource: fc.constantFrom('ec2.amazonaws.com', 'kms.amazonaws.com', 'sts.amazonaws.com'),
        eventName: fc.constantFrom('RunInstances', 'Decrypt', 'AssumeRole', 'Other'),
        readOnly: fc.constantFrom('true', 'false'),
      }),
      fc.record({
        eventCategory: fc.constant('Data'),
        eventSource: fc.constant('s3.amazonaws.com'),
        eventName: fc.constantFrom('GetObject', 'PutObject', 'Other'),
        readOnly: fc.constantFrom('true', 'false'),
        'resources.type': fc.constant('AWS::S3::Object'),
        'resources.ARN': fc.constantFrom(
          'arn:aws:s3:::card-vault/a',
          'arn:aws:s3:::card-exports/a',
          'arn:aws:s3:::card-vault',
          'arn:aws:s3:::other/x',
        ),
      }),
    ) as fc.Arbitrary<Event>;
    fc.assert(
      fc.property(fc.constantFrom(...emitters), event, (emitter, one) => {
        const data = one.eventCategory === 'Data';
        const found = traceEvent(paths, rules, {
          source: data ? 'aws.cloudtrail.data.s3' : 'aws.cloudtrail.management',
          account: emitter.scope.account,
          region: emitter.scope.region,
          variants: [one],
        });
        const routes = flowOf(paths, emitter.taps).routes.filter((route) => route.store.kind !== 'native' || route.store.unseen);
        const lower = union(
          ...routes.filter((route) => keptAt(route.store, emitter.scope).searchable.least > 0).map((route) => route.lower),
        );
        const upper = union(
          ...routes.filter((route) => keptAt(route.store, emitter.scope).searchable.most > 0).map((route) => route.upper),
        );
        expect(found.verdict).toBe(matches(lower, one) ? 'kept' : matches(upper, one) ? 'unsettled' : 'lost');
        seen[found.verdict] += 1;
      }),
      { numRuns: 400 },
    );
    expect(Math.min(seen.kept, seen.lost, seen.unsettled)).toBeGreaterThan(0);
  });

  it('agrees with set arithmetic for log entries of Google Cloud', () => {
    const writers = paths.emitters.filter((one) => /^gcp (audit logs|data access) /.test(one.id) && one.notApplicable === undefined);
    expect(writers.length).toBeGreaterThan(6);
    const seen = { kept: 0, lost: 0, unsettled: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...writers),
        fc.constantFrom('storage.googleapis.com', 'bigquery.googleapis.com', 'iam.googleapis.com', 'compute.googleapis.com'),
        fc.constantFrom(
          'storage.objects.get',
          'google.cloud.bigquery.v2.TableDataService.List',
          'google.cloud.bigquery.v2.JobService.InsertJob',
          'Other',
        ),
        fc.constantFrom('nightly-loader@lumen-warehouse.iam.gserviceaccount.com', 'analyst@lumenpay.example'),
        fc.constantFrom('ADMIN_READ', 'DATA_READ', 'DATA_WRITE'),
        fc.constantFrom('activity', 'system_event', 'policy'),
        (emitter, serviceName, methodName, principalEmail, read, always) => {
          const access = emitter.id.startsWith('gcp data access');
          const container = (emitter.scope.account as string).includes('/') ? emitter.scope.account : `projects/${emitter.scope.account}`;
          const log = access ? 'data_access' : always;
          const event: Event = {
            serviceName,
            methodName,
            principalEmail,
            logName: `${container}/logs/cloudaudit.googleapis.com%2F${log}`,
            payload: 'proto',
            severity: 'INFO',
            ...(access ? { logType: read } : always === 'activity' ? { logType: 'ADMIN_WRITE' } : {}),
          };
          const source = access
            ? 'gcp.audit.data_access.all'
            : { activity: 'gcp.audit.admin_activity', system_event: 'gcp.audit.system_event', policy: 'gcp.audit.policy_denied' }[always];
          const found = traceEvent(paths, rules, {
            source: source as string,
            account: emitter.scope.account,
            variants: [event],
            whole: true,
          });
          // Events that cannot be written there have no way to compare.
          if (!matches(emitter.universe, event)) return;
          const routes = flowOf(paths, emitter.taps).routes.filter((route) => route.store.kind !== 'native' || route.store.unseen);
          const kept = (days: 'least' | 'most', bound: 'lower' | 'upper') =>
            union(...routes.filter((route) => keptAt(route.store, emitter.scope).searchable[days] > 0).map((route) => route[bound]));
          expect(found.verdict, JSON.stringify([emitter.id, event])).toBe(
            matches(kept('least', 'lower'), event) ? 'kept' : matches(kept('most', 'upper'), event) ? 'unsettled' : 'lost',
          );
          seen[found.verdict] += 1;
        },
      ),
      { numRuns: 400 },
    );
    expect(Math.min(seen.kept, seen.lost, seen.unsettled)).toBeGreaterThan(0);
  });

  it('finds the log of one resource by its id, and fills in what names it', () => {
    const found = trace(paths, {
      source: 'aws.vpc.flowlogs',
      account: place.account,
      region: place.region,
      resource: 'vpc-0b0ff1ce00000001',
      fields: { action: 'ACCEPT' },
    });
    expect(found).toMatchObject({ verdict: 'lost', places: [{ place: { region: 'eu-west-1' } }] });
    expect(JSON.stringify(found.places)).toContain('DeliverLogsStatus FAILED');
  });
});

describe('a stated event', () => {
  it('of an unknown source or with unknown fields is refused', () => {
    expect(() => tracedEvent({ ...stop, source: 'aws.nothing' }, rules)).toThrow(/no log source "aws\.nothing"/);
    expect(() => tracedEvent({ ...stop, fields: { eventname: 'x' } }, rules)).toThrow(
      /"eventname" is not a field of aws\.cloudtrail\.management; use some of .*eventName/,
    );
  });
});
