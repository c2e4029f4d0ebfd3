import { describe, expect, test } from 'vitest';
import { destinationOf } from '../../../connectors/gcp/log-router.ts';
import { callTable, readPaths } from '../../../connectors/index.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { EvidenceView } from '../../../src/store/view.ts';
import { AS_OF, stored } from '../../support/aws-estate.ts';
import {
  type ContainerSpec,
  containerRecords,
  coveredOrganization,
  EVERY_TYPE,
  gcp,
  gcpVerdicts,
  inError,
  LOGS,
  ORGANIZATION,
  PROJECT,
  type Sink,
  WRITER,
} from '../../support/gcp-estate.ts';

const need = (id: string, more: object = {}) => ({ id, source: 'gcp.audit.data_access.storage', ...more });
const activity = (more: object = {}) => ({ id: 'activity', source: 'gcp.audit.admin_activity', ...more });
const one = (records: readonly EvidenceRecord[], asked: { id: string }) => gcpVerdicts(records, [asked]).get(asked.id);
const verdict = (records: readonly EvidenceRecord[], asked: { id: string }) => one(records, asked)?.verdict;

const toLogs: Sink = {
  name: 'central',
  destination: `logging.googleapis.com/projects/${LOGS}`,
  filter: 'LOG_ID("cloudaudit.googleapis.com/data_access")',
  includeChildren: true,
  writerIdentity: WRITER,
};

/** Everything is audited; the organization's sinks may be given, and the project's. */
function estate(sinks: Sink[], project: Partial<ContainerSpec> = {}, logs: Partial<ContainerSpec> = {}): EvidenceRecord[] {
  return [
    ...containerRecords({ account: ORGANIZATION, auditConfigs: [{ service: 'allServices', auditLogConfigs: EVERY_TYPE }], sinks }),
    ...containerRecords({ account: PROJECT, parent: ORGANIZATION, buckets: [{ name: '_Default', retentionDays: 3650 }], ...project }),
    ...containerRecords({
      account: LOGS,
      number: '481200000112',
      parent: ORGANIZATION,
      bindings: [{ role: 'roles/logging.logWriter', members: [WRITER] }],
      ...logs,
    }),
  ];
}

describe('destinations', () => {
  test.each([
    ['logging.googleapis.com/projects/p/locations/global/buckets/_Default', 'log-bucket', 'projects/p/locations/global/buckets/_Default'],
    ['logging.googleapis.com/projects/p', 'project', 'projects/p'],
    ['bigquery.googleapis.com/projects/p/datasets/d', 'bigquery', 'projects/p/datasets/d'],
    ['storage.googleapis.com/b', 'cloud-storage', 'b'],
    ['pubsub.googleapis.com/projects/p/topics/t', 'pubsub', 'projects/p/topics/t'],
    ['elsewhere.example.com/x', 'other', 'elsewhere.example.com/x'],
    ['', 'other', ''],
  ])('%s', (destination, kind, name) => {
    expect(destinationOf(destination)).toEqual({ kind, name });
  });

  test('one that is not known takes the events nobody knows where', () => {
    expect(verdict(estate([{ ...toLogs, destination: 'elsewhere.example.com/x' }]), need('far', { reach: 'siem' }))).toBe('unknown');
  });
});

describe('interception', () => {
  const year = need('year', { retain: '365d' });

  test('what an intercepting sink takes never reaches the sinks below, but for _Required', () => {
    expect(verdict(estate([toLogs]), year)).toBe('covered');
    const intercepted = estate([{ ...toLogs, interceptChildren: true }]);
    expect(one(intercepted, year)).toMatchObject({ verdict: 'partial', collection: 'covered', retention: { days: 30 } });
    expect(verdict(intercepted, activity({ retain: '365d' }))).toBe('covered');
  });

  test('what it does not take goes on', () => {
    const sink = {
      ...toLogs,
      interceptChildren: true,
      exclusions: [{ name: 'ours', filter: 'protoPayload.serviceName="storage.googleapis.com"' }],
    };
    expect(verdict(estate([sink]), year)).toBe('covered');
  });

  test('a disabled sink and one without includeChildren intercept nothing', () => {
    expect(verdict(estate([{ ...toLogs, interceptChildren: true, disabled: true }]), year)).toBe('covered');
    expect(verdict(estate([{ ...toLogs, interceptChildren: true, includeChildren: false }]), year)).toBe('covered');
  });

  test('the sinks of a folder are below the organization', () => {
    const folder = 'folders/7';
    const kept = { ...toLogs, name: 'kept', destination: `logging.googleapis.com/projects/${LOGS}/locations/eu/buckets/audit`, filter: '' };
    const records = (interceptChildren: boolean) => [
      ...estate(
        [{ ...toLogs, interceptChildren }],
        {},
        {
          bindings: [
            { role: 'roles/logging.logWriter', members: [WRITER] },
            { role: 'roles/logging.bucketWriter', members: [WRITER] },
          ],
          buckets: [{ name: 'audit', location: 'eu', retentionDays: 3650 }],
        },
      ).filter((record) => record.account !== PROJECT),
      ...containerRecords({ account: folder, parent: ORGANIZATION, sinks: [kept] }),
      ...containerRecords({ account: PROJECT, parent: folder }),
    ];
    expect(verdict(records(false), year)).toBe('covered');
    expect(verdict(records(true), year)).toBe('partial');
  });

  test('a list of the project that shows what intercepts stands in for the list of the organization', () => {
    const resourceName = `${ORGANIZATION}/sinks/central`;
    const shown = estate([], { sinks: [{ ...toLogs, interceptChildren: true, resourceName }] });
    const refused = (records: EvidenceRecord[]) =>
      records.map((record) => (record.op === 'organizations.sinks.list' ? inError(record) : record));
    expect(one(refused(shown), year)).toMatchObject({ verdict: 'unknown', collection: 'covered' });
    // With the scope in the question nothing else intercepts, so that the project's own sinks are certain.
    expect(verdict(refused(estate([])), year)).toBe('covered');
    const unscoped = refused(estate([])).map((record) =>
      record.op === 'projects.sinks.list' ? { ...record, args: { parent: record.args.parent } } : record,
    );
    expect(verdict(unscoped, year)).toBe('unknown');
    expect(one(unscoped, year)?.unknowns).toContainEqual(
      expect.objectContaining({ call: 'logging:organizations.sinks.list', permission: 'logging.sinks.list', on: ORGANIZATION }),
    );
    expect(verdict(unscoped, activity({ retain: '365d' }))).toBe('covered');
  });

  test('a sink that shows itself in the list of a project without its owner is an ancestor’s', () => {
    const shown = estate([], { sinks: [{ ...toLogs, interceptChildren: true }] });
    expect(verdict(shown, year)).toBe('partial');
  });

  test('whether one that may not write withholds all the same is not known', () => {
    const records = estate([{ ...toLogs, interceptChildren: true }], {}, { bindings: [] });
    expect(verdict(records, year)).toBe('unknown');
  });
});

describe('arrivals in another project', () => {
  test('go by the sinks of that project, and to no further one', () => {
    const further = { ...toLogs, name: 'further', destination: `logging.googleapis.com/projects/${PROJECT}`, filter: '' };
    const records = estate([{ ...toLogs, interceptChildren: true }], {}, { sinks: [further], standard: { disabled: true } });
    expect(verdict(records, need('reads'))).toBe('missing');
  });

  test('need the right to route, which the binding of the project gives', () => {
    const records = estate([{ ...toLogs, interceptChildren: false }], { standard: { disabled: true } }, { bindings: [] });
    expect(one(records, need('reads'))).toMatchObject({
      verdict: 'missing',
      fix: [`gcloud projects add-iam-policy-binding ${LOGS} --member=${WRITER} --role=roles/logging.logWriter`],
    });
  });

  test('a project that was not scanned is a question', () => {
    const records = estate([toLogs], { standard: { disabled: true } }).filter((record) => record.account !== LOGS);
    const found = one(records, need('reads'));
    expect(found?.verdict).toBe('unknown');
    expect(found?.unknowns).toContainEqual(expect.objectContaining({ call: 'logging:projects.sinks.list', on: LOGS, code: 'NotAsked' }));
  });
});

describe('the writer', () => {
  const central = { ...toLogs, destination: `logging.googleapis.com/projects/${LOGS}/locations/eu/buckets/audit` };
  const buckets = [{ name: 'audit', location: 'eu', retentionDays: 400 }];
  const asked = need('reads', { reach: 'audit' });
  const given = (bindings: ContainerSpec['bindings'], sink: Partial<Sink> = {}) =>
    verdict(estate([{ ...central, ...sink }], {}, { buckets, bindings: bindings ?? [] }), asked);
  const role = (name: string, ...members: string[]) => [{ role: name, members }];

  test.each<[string, ContainerSpec['bindings'], string]>([
    ['the role for it', role('roles/logging.bucketWriter', WRITER), 'covered'],
    ['the owner', role('roles/owner', WRITER), 'covered'],
    ['everybody', role('roles/logging.bucketWriter', 'allUsers'), 'covered'],
    ['nothing', [], 'missing'],
    ['another identity', role('roles/logging.bucketWriter', 'serviceAccount:other@example.iam.gserviceaccount.com'), 'missing'],
    ['a role that only looks', role('roles/logging.viewer', WRITER), 'missing'],
    ['a role of another service', role('roles/storage.admin', WRITER), 'missing'],
    ['a custom role', role('projects/sec-logs/roles/writer', WRITER), 'unknown'],
    ['a group', role('roles/logging.bucketWriter', 'group:writers@example.com'), 'unknown'],
    ['a condition', [{ role: 'roles/logging.bucketWriter', members: [WRITER], condition: { expression: 'request.time < x' } }], 'unknown'],
  ])('with %s', (_, bindings, expected) => {
    expect(given(bindings)).toBe(expected);
  });

  test('inherits roles of the organization', () => {
    const records = estate([central], {}, { buckets, bindings: [] }).map((record) =>
      record.op === 'organizations.getIamPolicy'
        ? { ...record, body: { ...(record.body as object), bindings: role('roles/logging.bucketWriter', WRITER) } }
        : record,
    );
    expect(verdict(records, asked)).toBe('covered');
  });

  test('needs none for a bucket of the sink’s own project', () => {
    const own = { name: 'own', destination: `logging.googleapis.com/projects/${PROJECT}/locations/eu/buckets/audit`, filter: '' };
    expect(verdict(estate([], { sinks: [own], buckets }), asked)).toBe('covered');
  });

  test('a sink that does not show its identity is a question', () => {
    expect(given([], { writerIdentity: '' })).toBe('unknown');
  });

  const allowed = estate([central], {}, { buckets, bindings: role('roles/logging.bucketWriter', WRITER) });
  const counts = (labels: Record<string, string>, count: string) =>
    gcp(
      ORGANIZATION,
      'monitoring:organizations.timeSeries.list',
      { name: ORGANIZATION },
      {
        timeSeries: [
          {
            metric: { type: 'logging.googleapis.com/exports/error_count' },
            resource: { type: 'logging_sink', labels },
            points: [{ value: { int64Value: count } }],
          },
        ],
      },
    );

  test.each<[string, Record<string, string>, string, string]>([
    ['errors', { name: 'central', destination: central.destination }, '12', 'unknown'],
    ['no errors', { name: 'central' }, '0', 'covered'],
    ['errors of another sink', { name: 'other' }, '12', 'covered'],
    ['errors of where it wrote before', { name: 'central', destination: 'storage.googleapis.com/old' }, '12', 'covered'],
  ])('may write, and %s are counted', (_, labels, count, expected) => {
    expect(verdict([...allowed, counts(labels, count)], asked)).toBe(expected);
  });

  test('counts that are refused change no verdict, and are told', () => {
    const call = 'monitoring:organizations.timeSeries.list';
    const records = [...allowed, inError(counts({ name: 'central' }, '0'))];
    expect(verdict(records, asked)).toBe('covered');
    const hop = [...readPaths(new EvidenceView(stored(records), callTable), AS_OF).nodes.values()].find(
      (node) => node.kind === 'sink' && node.name === 'central',
    );
    expect(hop?.unknowns).toMatchObject([{ call, permission: 'monitoring.timeSeries.list', on: `sink central of ${ORGANIZATION}` }]);
  });
});

describe('filters and exclusions', () => {
  test('of the project belong to its _Default sink', () => {
    const excluded = estate([], { exclusions: [{ name: 'noise', filter: 'protoPayload.serviceName="storage.googleapis.com"' }] });
    expect(verdict(excluded, need('reads'))).toBe('missing');
    expect(verdict(estate([], { exclusions: [{ name: 'noise', filter: 'x', disabled: true }] }), need('reads'))).toBe('covered');
  });

  test('leave _Required alone, whatever they say', () => {
    const records = estate([], { exclusions: [{ name: 'all', filter: '' }] });
    expect(verdict(records, activity({ retain: '365d' }))).toBe('covered');
    expect(verdict(records, need('reads'))).toBe('missing');
  });

  test('a sample is a part, with its share', () => {
    const found = one(estate([], { standard: { exclusions: [{ name: 'most', filter: 'sample(insertId, 0.75)' }] } }), need('reads'));
    expect(found?.verdict).toBe('partial');
    expect(`${found?.because}`).toContain('0.25');
  });

  test('a part that cannot be decided is quoted', () => {
    const found = one(estate([], { standard: { filter: 'timestamp > "2026-01-01T00:00:00Z"' } }), need('reads'));
    expect(found?.verdict).toBe('unknown');
    expect(JSON.stringify(found?.unknowns)).toContain('timestamp');
  });
});

describe('what was refused', () => {
  test('the list of sinks: _Required is there all the same, and the rest is a question', () => {
    const records = estate([]).map((record) =>
      record.op === 'projects.sinks.list' && record.account === PROJECT ? inError(record) : record,
    );
    expect(verdict(records, activity({ retain: '365d' }))).toBe('covered');
    expect(one(records, need('reads'))).toMatchObject({
      verdict: 'unknown',
      unknowns: [{ call: 'logging:projects.sinks.list', permission: 'logging.sinks.list', on: PROJECT, code: 'PERMISSION_DENIED' }],
    });
  });

  test('the list of log buckets: how long is a question', () => {
    const records = coveredOrganization().map((record) =>
      record.op.endsWith('buckets.list') && record.account === LOGS ? inError(record) : record,
    );
    expect(one(records, need('reads', { reach: 'audit', retain: '365d' }))).toMatchObject({
      verdict: 'unknown',
      collection: 'covered',
      unknowns: [{ permission: 'logging.buckets.list', on: LOGS }],
    });
  });
});

describe('destinations that are on their way out', () => {
  const closed = (records: EvidenceRecord[]) =>
    records.map((record) =>
      record.account === LOGS && record.op === 'projects.get'
        ? { ...record, body: { ...(record.body as object), state: 'DELETE_REQUESTED' } }
        : record,
    );

  test.each([
    ['a project', toLogs.destination, {}],
    [
      'a bucket of it',
      `logging.googleapis.com/projects/${LOGS}/locations/eu/buckets/audit`,
      { buckets: [{ name: 'audit', location: 'eu', retentionDays: 400 }] },
    ],
  ])('%s that is deleted takes nothing', (_, destination, logs) => {
    const bindings = ['roles/logging.logWriter', 'roles/logging.bucketWriter'].map((role) => ({ role, members: [WRITER] }));
    const records = estate([{ ...toLogs, destination }], { standard: { disabled: true } }, { ...logs, bindings });
    expect(verdict(records, need('reads'))).toBe('covered');
    expect(one(closed(records), need('reads'))).toMatchObject({ verdict: 'missing' });
    expect(one(closed(records), need('reads'))?.because).toContain('DELETE_REQUESTED');
  });
});

describe('levels', () => {
  const folder = 'folders/7';
  const year = need('year', { retain: '365d' });
  const below = (organization: Sink[], folders: Partial<ContainerSpec>, project: Partial<ContainerSpec> = {}) => [
    ...estate(organization).filter((record) => record.account !== PROJECT),
    ...containerRecords({ account: folder, parent: ORGANIZATION, ...folders }),
    ...containerRecords({ account: PROJECT, parent: folder, buckets: [{ name: '_Default', retentionDays: 3650 }], ...project }),
  ];

  test('a folder beside the way up takes nothing of the project', () => {
    const kept = { ...toLogs, name: 'kept' };
    const records = [
      ...estate([], { standard: { disabled: true } }),
      ...containerRecords({ account: 'folders/9', parent: ORGANIZATION, sinks: [kept] }),
    ];
    expect(verdict(records, need('reads'))).toBe('missing');
    expect(verdict(below([], { sinks: [kept] }, { standard: { disabled: true } }), need('reads'))).toBe('covered');
  });

  test('an intercepting sink of a folder withholds from the project, and not from the organization above it', () => {
    const intercepting = { ...toLogs, name: 'folder', interceptChildren: true };
    expect(verdict(below([], { sinks: [intercepting] }), year)).toBe('partial');
    const central = { ...toLogs, destination: `logging.googleapis.com/projects/${LOGS}/locations/eu/buckets/audit` };
    const records = below([central], { sinks: [intercepting] }).map((record) =>
      record.account === LOGS && record.op.endsWith('buckets.list')
        ? { ...record, body: { buckets: [{ name: `projects/${LOGS}/locations/eu/buckets/audit`, retentionDays: 400 }] } }
        : record.account === LOGS && record.op.endsWith('getIamPolicy')
          ? { ...record, body: { bindings: [{ role: 'roles/logging.bucketWriter', members: [WRITER] }] } }
          : record,
    );
    expect(verdict(records, year)).toBe('covered');
  });

  test('a sink that is in the list of its owner and in that of the project is one', () => {
    const sinks = [{ ...toLogs, interceptChildren: true, resourceName: `${ORGANIZATION}/sinks/central` }];
    const records = estate(sinks, { sinks, standard: { disabled: true } });
    const reads = one(records, need('reads'));
    expect(reads?.verdict).toBe('covered');
    expect(reads?.paths.filter((path) => path.stops.some((stop) => stop.label === 'central'))).toHaveLength(2);
  });

  test('the _Default sink of an organization takes from its projects once it includes them', () => {
    const records = (includeChildren: boolean) =>
      estate([], { standard: { disabled: true } }).map((record) =>
        record.op === 'organizations.sinks.list'
          ? {
              ...record,
              body: {
                sinks: (record.body as { sinks: Sink[] }).sinks.map((sink) =>
                  sink.name === '_Default' ? { ...sink, includeChildren } : sink,
                ),
              },
            }
          : record,
      );
    expect(verdict(records(false), need('reads'))).toBe('missing');
    expect(verdict(records(true), need('reads'))).toBe('covered');
  });

  test('what intercepts and does not say whose it is may be above the folder that lists it', () => {
    const at = { provider: 'gcp', account: folder };
    const own = [{ id: 'own', source: 'gcp.audit.data_access.iam' }];
    const records = (sink: Sink) =>
      below([], { sinks: [sink] }).map((record) => (record.op === 'organizations.sinks.list' ? inError(record) : record));
    const of = (sink: Sink) => gcpVerdicts(records(sink), own, at, 'gcp.folder').get('own')?.verdict;
    const nowhere = { ...toLogs, interceptChildren: true, destination: 'logging.googleapis.com/projects/gone' };
    expect(of({ ...nowhere, interceptChildren: false })).toBe('covered');
    expect(of(nowhere)).toBe('unknown');
  });
});

describe('settings of organizations and folders', () => {
  const settings = (body: object, account = ORGANIZATION) =>
    gcp(account, `logging:${account.split('/')[0]}.getSettings`, { name: account }, { name: `${account}/settings`, ...body });
  const findings = (records: EvidenceRecord[]) => one(records, need('reads'))?.consistency.findings.map((finding) => finding.message) ?? [];
  const NOISE = 'resource.type="k8s_container"';

  test('projects whose _Default sink differs from them are named', () => {
    const said = `the _Default sink of ${PROJECT} is on, new ones are off (settings of ${ORGANIZATION})`;
    expect(findings([...estate([]), settings({ disableDefaultSink: true })])).toContain(said);
    expect(findings([...estate([]), settings({ storageLocation: 'eu' })])).toEqual([]);
    expect(findings(estate([]))).toEqual([]);
    const noted = [...estate([], { standard: { exclusions: [{ name: 'noise', filter: NOISE }] } })];
    const config = { defaultSinkConfig: { mode: 'APPEND', exclusions: [{ name: 'noise', filter: NOISE }] } };
    expect(findings([...noted, settings(config)])).toEqual([]);
    expect(findings([...estate([]), settings(config)]).join()).toContain(`lacks exclusions that new ones have: ${NOISE}`);
    const whole = { defaultSinkConfig: { mode: 'OVERWRITE', filter: 'severity>=ERROR' } };
    expect(findings([...estate([]), settings(whole)]).join()).toContain('another filter');
  });

  test('where the sinks of a project were refused they say what to expect, and settle nothing', () => {
    const records = [...estate([]), settings({ disableDefaultSink: true })].map((record) =>
      record.op === 'projects.sinks.list' && record.account === PROJECT ? inError(record) : record,
    );
    expect(one(records, need('reads'))).toMatchObject({ verdict: 'unknown' });
    expect(one(records, need('reads'))?.because).toContain(`new _Default sinks are off by the settings of ${ORGANIZATION}`);
  });
});
