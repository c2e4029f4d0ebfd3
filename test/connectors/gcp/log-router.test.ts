import { describe, expect, test } from 'vitest';
import { destinationOf } from '../../../connectors/gcp/log-router.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
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

  test('may write, and errors are counted all the same', () => {
    const records = [
      ...estate([central], {}, { buckets, bindings: role('roles/logging.bucketWriter', WRITER) }),
      gcp(
        ORGANIZATION,
        'monitoring:organizations.timeSeries.list',
        { name: ORGANIZATION },
        {
          timeSeries: [
            {
              metric: { type: 'logging.googleapis.com/exports/error_count' },
              resource: { type: 'logging_sink', labels: { name: 'central', destination: central.destination } },
              points: [{ value: { int64Value: '12' } }],
            },
          ],
        },
      ),
    ];
    expect(one(records, asked)).toMatchObject({ verdict: 'unknown' });
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
