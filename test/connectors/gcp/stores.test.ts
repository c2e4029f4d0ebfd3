import { describe, expect, test } from 'vitest';
import { landInDataset } from '../../../connectors/gcp/bigquery-stores.ts';
import { landInStorage } from '../../../connectors/gcp/cloud-storage-stores.ts';
import { landInLogBucket } from '../../../connectors/gcp/log-buckets.ts';
import { landInTopic } from '../../../connectors/gcp/pubsub-stores.ts';
import type { Landing, Writer } from '../../../connectors/gcp/writers.ts';
import { callTable } from '../../../connectors/index.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { PathsBuilder } from '../../../src/paths/builder.ts';
import type { Edge, Kept, Store } from '../../../src/paths/graph.ts';
import { EvidenceView } from '../../../src/store/view.ts';
import { AS_OF, stored } from '../../support/aws-estate.ts';
import { containerRecords, gcp, gcpRefused, LOGS, ORGANIZATION, WRITER } from '../../support/gcp-estate.ts';

const EVER = Number.POSITIVE_INFINITY;
const exactly = (days: number) => ({ least: days, most: days });
const writer: Writer = { identity: WRITER, container: ORGANIZATION };

function landed(records: readonly EvidenceRecord[], land: (view: EvidenceView, paths: PathsBuilder) => Landing) {
  const paths = new PathsBuilder(AS_OF);
  const landing = land(new EvidenceView(stored(records), callTable), paths);
  const built = paths.build();
  const store = built.nodes.get(landing.node) as Store;
  return { landing, store, kept: store.keeps as Kept, edges: (built.edges.get(landing.node) ?? []) as readonly Edge[], built };
}

const estate = (bindings: { role: string; members: string[] }[] = []) => [
  ...containerRecords({ account: ORGANIZATION }),
  ...containerRecords({ account: LOGS, number: '481200000112', parent: ORGANIZATION, bindings }),
];

describe('log buckets', () => {
  const name = `projects/${LOGS}/locations/eu/buckets/audit`;
  const own: Writer = { identity: undefined, container: `projects/${LOGS}` };
  const list = (...buckets: object[]) => [
    ...estate().filter((record) => !record.op.endsWith('buckets.list')),
    gcp(LOGS, 'logging:projects.locations.buckets.list', { parent: `projects/${LOGS}/locations/-` }, { buckets }),
  ];
  const land = (records: readonly EvidenceRecord[], at = name) => landed(records, (view, paths) => landInLogBucket(view, paths, own, at));

  test.each([
    [{ retentionDays: 400, locked: true }, 400, true],
    [{ retentionDays: 1 }, 1, false],
    [{ retentionDays: 0 }, 30, false],
    [{}, 30, false],
  ])('%j', (set, days, immutable) => {
    const { store, kept, landing } = land(list({ name, lifecycleState: 'ACTIVE', ...set }));
    expect(kept).toMatchObject({ searchable: exactly(days), total: exactly(days), immutable, unknowns: [] });
    expect(store).toMatchObject({ kind: 'log-bucket', name: 'audit', scope: { provider: 'gcp', account: LOGS, region: 'eu' } });
    expect(landing.delivery.state).toBe('flowing');
  });

  test('_Required keeps 400 days, whatever was read', () => {
    const at = `projects/${LOGS}/locations/global/buckets/_Required`;
    expect(land(list(), at).kept).toMatchObject({ total: exactly(400), immutable: true, unknowns: [] });
    expect(land([], at).kept).toMatchObject({ total: exactly(400), immutable: true, unknowns: [] });
    expect(land([], at).landing.delivery.state).toBe('flowing');
  });

  test('one that is being deleted takes nothing, in words or in numbers; one that is not listed is not there', () => {
    expect(land(list({ name, lifecycleState: 'DELETE_REQUESTED' })).landing.delivery).toMatchObject({ state: 'broken' });
    expect(land(list({ name, lifecycleState: 2 })).landing.delivery).toMatchObject({ state: 'broken' });
    expect(land(list()).landing.delivery).toMatchObject({ state: 'broken', why: `there is no log bucket ${name}` });
  });

  test('a project named by its number is the same', () => {
    const at = 'projects/481200000112/locations/eu/buckets/audit';
    expect(land(list({ name: at, retentionDays: 90 })).kept).toMatchObject({ total: exactly(90) });
    expect(land(list({ name, retentionDays: 90 }), at).kept).toMatchObject({ total: exactly(90) });
  });

  test('a list that broke off, or was refused, leaves the days open', () => {
    const refused = [
      ...estate().filter((record) => !record.op.endsWith('buckets.list')),
      gcpRefused(LOGS, 'logging:projects.locations.buckets.list', { parent: `projects/${LOGS}/locations/-` }),
    ];
    expect(land(refused).kept).toMatchObject({
      total: { least: 1, most: 3650 },
      unknowns: [{ permission: 'logging.buckets.list', on: LOGS }],
    });
    const half = list().map((record) =>
      record.op.endsWith('buckets.list') && record.account === LOGS ? { ...record, body: { buckets: [], nextPageToken: 'more' } } : record,
    );
    expect(land(half).landing.delivery.state).toBe('flowing');
    expect(land(half).kept.unknowns).toMatchObject([{ code: 'PageMissing' }]);
  });

  describe('views', () => {
    const views = (...some: object[]) => [
      ...list({ name, retentionDays: 400 }),
      gcp(LOGS, 'logging:projects.locations.buckets.views.list', { parent: name }, some.length > 0 ? { views: some } : {}),
    ];
    const few = { name: `${name}/views/team`, filter: 'LOG_ID("cloudaudit.googleapis.com/activity")' };

    test.each<[string, object[]]>([
      ['the one of all entries', [{ name: `${name}/views/_AllLogs` }, few]],
      ['one without a filter', [{ name: `${name}/views/team`, filter: '' }]],
    ])('%s shows all of the bucket', (_, some) => {
      expect(land(views(...some)).store).toMatchObject({ type: 'store', kind: 'log-bucket', name: 'audit' });
    });

    test('what none shows is kept, and cannot be searched', () => {
      const { edges, built } = land(views(few));
      const stores = edges.map((edge) => built.nodes.get(edge.to) as Store);
      expect(stores.map((store) => [store.name, (store.keeps as Kept).searchable, (store.keeps as Kept).total])).toEqual([
        ['audit', exactly(400), exactly(400)],
        ['audit', exactly(0), exactly(400)],
      ]);
      expect(edges[0]?.passes).not.toEqual(edges[1]?.passes);
      expect(land(views()).edges[0]).toMatchObject({ passes: [], mayPass: [] });
    });

    test('a refused list narrows nothing, and leaves open who can search', () => {
      const refused = gcpRefused(LOGS, 'logging:projects.locations.buckets.views.list', { parent: name });
      const { store, kept } = land([...list({ name, retentionDays: 400 }), refused]);
      expect(store.type).toBe('store');
      expect(kept).toMatchObject({
        searchable: { least: 0, most: 400 },
        total: { least: 400, most: 400 },
        unknowns: [{ call: 'logging:projects.locations.buckets.views.list', permission: 'logging.views.list' }],
      });
    });
  });

  describe('a key of one’s own', () => {
    const key = 'projects/keys/locations/eu/keyRings/logs/cryptoKeys/audit';
    const encrypted = list({ name, retentionDays: 400, cmekSettings: { kmsKeyName: key } });
    const call = 'cloudkms:projects.locations.keyRings.cryptoKeys.get';
    const state = (text: string) => gcp('keys', call, { name: key }, { name: key, primary: { state: text } });

    test('is said, and lets entries in as long as it can be used', () => {
      const { store, landing } = land([...encrypted, state('ENABLED')]);
      expect(store.findings).toMatchObject([{ kind: 'customer-key', severity: 'info' }]);
      expect(landing.delivery.state).toBe('flowing');
      expect(land([...encrypted, state('DISABLED')]).landing.delivery).toMatchObject({
        state: 'stale',
        why: 'the key of log bucket audit is DISABLED',
      });
      expect(land([...encrypted, gcpRefused('keys', call, { name: key }, 'NOT_FOUND')]).landing.delivery.state).toBe('stale');
    });

    test('that was refused is told', () => {
      const { store, landing } = land([...encrypted, gcpRefused('keys', call, { name: key })]);
      expect(store.unknowns).toMatchObject([{ permission: 'cloudkms.cryptoKeys.get', on: key }]);
      expect(landing.delivery.state).toBe('flowing');
    });
  });

  test('hidden fields are said', () => {
    expect(land(list({ name, restrictedFields: ['jsonPayload.card'] })).store.findings).toMatchObject([
      { kind: 'restricted-fields', severity: 'low' },
    ]);
  });
});

describe('Cloud Storage', () => {
  const binding = { role: 'roles/storage.objectCreator', members: [WRITER] };
  const bucket = (body: object, bindings: object[] = [binding]) => [
    ...estate(),
    gcp(
      LOGS,
      'storage:buckets.get',
      { bucket: 'vault-logs' },
      { name: 'vault-logs', projectNumber: '481200000112', storageClass: 'STANDARD', ...body },
    ),
    gcp(LOGS, 'storage:buckets.getIamPolicy', { bucket: 'vault-logs' }, { bindings }),
  ];
  const land = (records: readonly EvidenceRecord[]) => landed(records, (view, paths) => landInStorage(view, paths, writer, 'vault-logs'));
  const lifecycle = (...conditions: object[]) => ({
    lifecycle: { rule: conditions.map((condition) => ({ action: { type: 'Delete' }, condition })) },
  });

  test.each<[string, object, { least: number; most: number }]>([
    ['no lifecycle', {}, exactly(EVER)],
    ['an age', lifecycle({ age: 90 }), exactly(90)],
    ['several rules: the earliest', lifecycle({ age: 90 }, { age: 30 }), exactly(30)],
    ['a prefix', lifecycle({ age: 30, matchesPrefix: ['tmp/'] }, { age: 400 }), { least: 30, most: 400 }],
    ['the class that files have', lifecycle({ age: 30, matchesStorageClass: ['STANDARD'] }), exactly(30)],
    ['a class that files may get', { ...lifecycle({ age: 30, matchesStorageClass: ['ARCHIVE'] }) }, { least: 30, most: EVER }],
    ['old versions only', lifecycle({ age: 30, isLive: false }), exactly(EVER)],
    ['newer versions only', lifecycle({ numNewerVersions: 3 }), exactly(EVER)],
    ['a time of one’s own, which files of sinks have not', lifecycle({ age: 1, daysSinceCustomTime: 30 }), exactly(EVER)],
    ['an age and a day that is over, both to hold', lifecycle({ age: 30, createdBefore: '2025-01-01' }), exactly(EVER)],
    ['an age and a day to come', lifecycle({ age: 30, createdBefore: '2099-01-01' }), { least: 30, most: EVER }],
    ['an age and a suffix', lifecycle({ age: 30, matchesSuffix: ['.tmp'] }), { least: 30, most: EVER }],
    ['what was written before a day that is over', lifecycle({ createdBefore: '2025-01-01' }), exactly(EVER)],
    [
      'a change of class, which ends nothing',
      { lifecycle: { rule: [{ action: { type: 'SetStorageClass', storageClass: 'ARCHIVE' }, condition: { age: 30 } }] } },
      exactly(EVER),
    ],
    ['a retention policy beyond the rule', { ...lifecycle({ age: 30 }), retentionPolicy: { retentionPeriod: '31536000' } }, exactly(365)],
    ['a retention policy short of the rule', { ...lifecycle({ age: 90 }), retentionPolicy: { retentionPeriod: '86400' } }, exactly(90)],
  ])('%s', (_, body, days) => {
    const { kept, landing } = land(bucket(body));
    expect(kept).toMatchObject({ searchable: days, total: days, unknowns: [] });
    expect(landing).toMatchObject({ delivery: { state: 'flowing' }, latency: 3600 });
  });

  test('a bucket that is deleted takes nothing while it can be restored', () => {
    expect(land(bucket({ softDeleteTime: '2026-11-20T00:00:00Z' })).landing.delivery).toMatchObject({ state: 'broken' });
  });

  test('what is deleted is gone at once without soft delete and retention policy', () => {
    const none = { softDeletePolicy: { retentionDurationSeconds: '0' } };
    const kinds = (body: object) => land(bucket(body)).store.findings.map((finding) => finding.kind);
    expect(kinds(none)).toEqual(['deletable']);
    expect(kinds({ softDeletePolicy: { retentionDurationSeconds: '604800' } })).toEqual([]);
    expect(kinds({ ...none, retentionPolicy: { retentionPeriod: '86400' } })).toEqual([]);
  });

  test('a retention policy binds once it is locked', () => {
    expect(land(bucket({ retentionPolicy: { retentionPeriod: '86400', isLocked: true } })).kept.immutable).toBe(true);
    expect(land(bucket({ retentionPolicy: { retentionPeriod: '86400' } })).kept.immutable).toBe(false);
  });

  test('a writer without a binding is not let in; who cannot read the policy does not know', () => {
    expect(land(bucket({}, [])).landing.delivery).toMatchObject({
      state: 'broken',
      fix: `gcloud storage buckets add-iam-policy-binding gs://vault-logs --member=${WRITER} --role=roles/storage.objectCreator`,
    });
    const refused = bucket({}).map((record) =>
      record.op === 'buckets.getIamPolicy' ? gcpRefused(LOGS, 'storage:buckets.getIamPolicy', record.args) : record,
    );
    expect(land(refused).landing.delivery).toMatchObject({
      state: 'unknown',
      unknowns: [{ permission: 'storage.buckets.getIamPolicy', on: 'vault-logs' }],
    });
  });

  test('the project may let it in as well', () => {
    expect(
      land([
        ...bucket({}, []).filter((record) => record.op !== 'projects.getIamPolicy'),
        ...estate([{ role: 'roles/storage.admin', members: [WRITER] }]).filter((record) => record.op === 'projects.getIamPolicy'),
      ]).landing.delivery.state,
    ).toBe('flowing');
  });

  test('a bucket that is gone, and one that was refused', () => {
    const get = (code: string) => [...estate(), gcpRefused(LOGS, 'storage:buckets.get', { bucket: 'vault-logs' }, code)];
    expect(land(get('NOT_FOUND')).landing.delivery).toMatchObject({ state: 'broken', why: 'there is no bucket vault-logs' });
    const refused = land(get('PERMISSION_DENIED'));
    expect(refused.landing.delivery.state).toBe('unknown');
    expect(refused.kept).toMatchObject({
      total: { least: 0, most: EVER },
      unknowns: [{ permission: 'storage.buckets.get', on: 'vault-logs' }],
    });
  });
});

describe('BigQuery', () => {
  const name = `projects/${LOGS}/datasets/audit`;
  const args = { projectId: LOGS, datasetId: 'audit' };
  const access = [{ role: 'WRITER', userByEmail: WRITER.replace('serviceAccount:', '') }];
  const dataset = (body: object, tables: object[] = []) => [
    ...estate(),
    gcp(LOGS, 'bigquery:datasets.get', args, { access, ...body }),
    gcp(LOGS, 'bigquery:tables.list', args, { tables }),
  ];
  const land = (records: readonly EvidenceRecord[], partitioned = false) =>
    landed(records, (view, paths) => landInDataset(view, paths, writer, name, partitioned));
  const days = (count: number) => String(count * 86_400_000);
  const table = (tableId: string, expirationMs?: string) => ({
    tableReference: { tableId },
    timePartitioning: { type: 'DAY', ...(expirationMs ? { expirationMs } : {}) },
  });

  test('tables of each day expire as the dataset says', () => {
    expect(land(dataset({})).kept).toMatchObject({ total: exactly(EVER) });
    expect(land(dataset({ defaultTableExpirationMs: days(60) })).kept).toMatchObject({ total: exactly(60), searchable: exactly(60) });
  });

  test('partitions expire as their table says, and that of the dataset is for new ones', () => {
    expect(
      land(dataset({ defaultPartitionExpirationMs: days(60), defaultTableExpirationMs: days(1) }, [table('a', days(60))]), true).kept,
    ).toMatchObject({ total: exactly(60) });
    expect(
      land(dataset({ defaultPartitionExpirationMs: days(400) }, [table('a', days(30)), table('b', days(400))]), true).kept,
    ).toMatchObject({ total: { least: 30, most: 400 } });
    const unlisted = dataset({ defaultPartitionExpirationMs: days(400) }).map((record) =>
      record.op === 'tables.list' ? gcpRefused(LOGS, 'bigquery:tables.list', args) : record,
    );
    expect(land(unlisted, true).kept).toMatchObject({
      total: { least: 0, most: EVER },
      unknowns: [{ permission: 'bigquery.tables.list' }],
    });
  });

  test('a table that expires takes with it what was written just before', () => {
    const ends = { expirationTime: String(Date.parse(AS_OF) + 86_400_000 * 20) };
    expect(land(dataset({}, [{ ...table('a'), ...ends }]), true).kept.total).toEqual({ least: 0, most: EVER });
    // Without a time for partitions that for tables holds, from the day that the table was made.
    expect(land(dataset({ defaultTableExpirationMs: days(60) }), true).kept.total).toEqual({ least: 0, most: 60 });
    expect(land(dataset({ defaultTableExpirationMs: days(60), defaultPartitionExpirationMs: days(400) }), true).kept.total).toEqual(
      exactly(400),
    );
  });

  test.each<[string, object[], string]>([
    ['the writer', access, 'flowing'],
    ['the writer by a role', [{ role: 'roles/bigquery.dataEditor', iamMember: WRITER }], 'flowing'],
    ['a reader', [{ role: 'READER', userByEmail: WRITER.replace('serviceAccount:', '') }], 'broken'],
    ['nobody', [], 'broken'],
    ['a group', [{ role: 'WRITER', groupByEmail: 'writers@example.com' }], 'unknown'],
  ])('access of %s', (_, some, state) => {
    expect(land(dataset({ access: some })).landing.delivery.state).toBe(state);
  });

  test('a dataset that is gone, and one that was refused', () => {
    expect(land([...estate(), gcpRefused(LOGS, 'bigquery:datasets.get', args, 'NOT_FOUND')]).landing.delivery.state).toBe('broken');
    expect(land([...estate(), gcpRefused(LOGS, 'bigquery:datasets.get', args)]).landing.delivery.state).toBe('unknown');
  });
});

describe('Pub/Sub', () => {
  const topic = `projects/${LOGS}/topics/siem`;
  const publisher = [{ role: 'roles/pubsub.publisher', members: [WRITER] }];
  const records = (subscriptions: object[], more: EvidenceRecord[] = []) => [
    ...estate(),
    gcp(LOGS, 'pubsub:projects.topics.getIamPolicy', { resource: topic }, { bindings: publisher }),
    gcp(
      LOGS,
      'pubsub:projects.topics.subscriptions.list',
      { topic },
      subscriptions.length > 0 ? { subscriptions: subscriptions.map((one) => (one as { name: string }).name) } : {},
    ),
    gcp(
      LOGS,
      'pubsub:projects.subscriptions.list',
      { project: `projects/${LOGS}` },
      { subscriptions: subscriptions.map((one) => ({ topic, state: 'ACTIVE', ...one })) },
    ),
    ...more,
  ];
  const land = (some: readonly EvidenceRecord[]) => landed(some, (view, paths) => landInTopic(view, paths, writer, topic));
  const named = (short: string) => ({ name: `projects/${LOGS}/subscriptions/${short}` });

  test('a topic keeps nothing; what pulls from it is not known', () => {
    const { store, kept, edges, built, landing } = land(records([named('splunk')]));
    expect(landing.delivery.state).toBe('flowing');
    expect(store).toMatchObject({ kind: 'pubsub', name: 'siem' });
    expect(kept).toMatchObject({ searchable: exactly(0), total: exactly(0) });
    expect(edges).toHaveLength(1);
    expect(edges[0]).toMatchObject({ passes: [], unknowns: [{ call: 'reader of subscription splunk' }] });
    expect(built.nodes.get(edges[0]?.to ?? '')).toMatchObject({ unseen: true });
  });

  test.each<[string, object, string]>([
    ['as it is', {}, 'flowing'],
    ['with a schema', { schemaSettings: { schema: 'projects/p/schemas/orders' } }, 'unknown'],
    ['with a transform', { messageTransforms: [{ javascriptUdf: { code: 'x' } }] }, 'unknown'],
    ['with a transform that is off', { messageTransforms: [{ disabled: true }] }, 'flowing'],
  ])('a topic %s', (_, body, state) => {
    const described = gcp(LOGS, 'pubsub:projects.topics.get', { topic }, { name: topic, ...body });
    expect(land(records([named('splunk')], [described])).landing.delivery.state).toBe(state);
  });

  test('a topic that was refused may have a schema', () => {
    const refused = gcpRefused(LOGS, 'pubsub:projects.topics.get', { topic });
    expect(land(records([named('splunk')], [refused])).landing.delivery).toMatchObject({
      state: 'unknown',
      unknowns: [{ permission: 'pubsub.topics.get', code: 'PERMISSION_DENIED' }],
    });
  });

  test('a topic that is gone', () => {
    const gone = gcpRefused(LOGS, 'pubsub:projects.topics.get', { topic }, 'NOT_FOUND');
    expect(land(records([named('splunk')], [gone])).landing.delivery).toMatchObject({ state: 'broken', why: `there is no topic ${topic}` });
  });

  test('a subscription that transforms what it hands on, and one to a table that expires', () => {
    const tables = [{ tableReference: { tableId: 'events' }, expirationTime: String(Date.parse(AS_OF) + 86_400_000 * 20) }];
    const args = { projectId: LOGS, datasetId: 'audit' };
    const { edges, built } = land(
      records(
        [
          { ...named('changed'), messageTransforms: [{}], cloudStorageConfig: { bucket: 'vault-logs' } },
          { ...named('warehouse'), bigqueryConfig: { table: `${LOGS}.audit.events`, state: 'ACTIVE' } },
        ],
        [gcp(LOGS, 'bigquery:datasets.get', args, {}), gcp(LOGS, 'bigquery:tables.list', args, { tables })],
      ),
    );
    expect(edges[0]).toMatchObject({ passes: [], unknowns: [{ call: 'message transforms of subscription changed' }] });
    expect(((built.nodes.get(edges[1]?.to ?? '') as Store).keeps as Kept).total).toEqual({ least: 0, most: 20 });
  });

  test('without a subscription what arrives is gone', () => {
    expect(land(records([])).landing.delivery).toMatchObject({ state: 'broken', why: expect.stringContaining('no subscription') });
  });

  test('subscriptions hand on to BigQuery and Cloud Storage', () => {
    const { edges, built } = land(
      records([
        { ...named('warehouse'), bigqueryConfig: { table: `${LOGS}.audit.events`, state: 'ACTIVE' } },
        { ...named('files'), cloudStorageConfig: { bucket: 'vault-logs', state: 'ACTIVE' } },
        { ...named('lost'), bigqueryConfig: { table: `${LOGS}.audit.events`, state: 'PERMISSION_DENIED' } },
      ]),
    );
    expect(edges.map((edge) => (built.nodes.get(edge.to) as Store).kind)).toEqual(['bigquery', 'cloud-storage', 'bigquery']);
    expect(edges.map((edge) => edge.delivery.state)).toEqual(['flowing', 'flowing', 'broken']);
  });

  test('a filter, a detached subscription and a push endpoint', () => {
    const { edges } = land(
      records([
        { ...named('narrow'), filter: 'attributes.kind = "x"', bigqueryConfig: { table: `${LOGS}.audit.events` } },
        { ...named('detached'), detached: true },
        { ...named('push'), pushConfig: { pushEndpoint: 'https://siem.example.com/in' } },
      ]),
    );
    expect(edges[0]).toMatchObject({ passes: [], unknowns: [{ code: 'FilterNotUnderstood' }] });
    expect(edges[1]?.delivery).toMatchObject({ state: 'broken', why: 'the subscription is detached' });
    expect(edges[2]?.unknowns).toMatchObject([{ call: 'receiver siem.example.com' }]);
  });

  test('a subscription of another project, and lists that were refused', () => {
    const foreign = records([named('splunk')]).map((record) =>
      record.op === 'projects.subscriptions.list' ? { ...record, body: {} } : record,
    );
    expect(land(foreign).edges.map((edge) => edge.label)).toEqual(['subscription splunk']);
    const refused = records([named('splunk')]).map((record) =>
      record.op.endsWith('subscriptions.list') ? gcpRefused(LOGS, `pubsub:${record.op}`, record.args) : record,
    );
    expect(land(refused).landing.delivery.state).toBe('flowing');
    expect(land(refused).edges).toMatchObject([{ passes: [], unknowns: [{ permission: 'pubsub.topics.get' }] }]);
  });

  test('a writer that may not publish, and a topic that is gone', () => {
    const without = (record: EvidenceRecord) => (record.op === 'projects.topics.getIamPolicy' ? { ...record, body: {} } : record);
    expect(land(records([named('splunk')]).map(without)).landing.delivery).toMatchObject({
      state: 'broken',
      fix: `gcloud pubsub topics add-iam-policy-binding ${topic} --member=${WRITER} --role=roles/pubsub.publisher`,
    });
    const gone = records([named('splunk')]).map((record) =>
      record.op === 'projects.topics.getIamPolicy'
        ? gcpRefused(LOGS, 'pubsub:projects.topics.getIamPolicy', record.args, 'NOT_FOUND')
        : record,
    );
    expect(land(gone).landing.delivery).toMatchObject({ state: 'broken', why: `there is no topic ${topic}` });
  });
});
