import { describe, expect, test } from 'vitest';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { coveredOrganization, EVERY_TYPE, gcpVerdicts, LOGS, ORGANIZATION, PROJECT, WRITER } from '../support/gcp-estate.ts';

const NEEDS = [
  { id: 'activity', source: 'gcp.audit.admin_activity', reach: 'audit', retain: '365d' },
  { id: 'policy', events: 'gcp.iam.policy-changed', retain: '365d' },
  { id: 'objects', events: 'gcp.storage.objects-read', retain: '365d', searchable: '90d' },
  { id: 'writes', events: 'gcp.storage.objects-changed', retain: '365d' },
  { id: 'secrets', events: 'gcp.secrets.read', retain: '365d' },
  { id: 'tokens', events: 'gcp.iam.impersonation', retain: '365d' },
  { id: 'tables', source: 'gcp.audit.data_access.bigquery', retain: '365d' },
  { id: 'perimeter', source: 'gcp.audit.policy_denied', retain: '365d' },
];
const ALL = NEEDS.map((need) => need.id);
const ROUTED = ALL.filter((id) => id !== 'policy');
const DATA = ['objects', 'writes', 'secrets', 'tokens', 'tables'];
const to = (ids: readonly string[], verdict: string) => Object.fromEntries(ids.map((id) => [id, verdict]));

test('from the covered estate nothing is missing', () => {
  const verdicts = gcpVerdicts(coveredOrganization(), NEEDS);
  expect([...verdicts].map(([id, need]) => [id, need.verdict])).toEqual(ALL.map((id) => [id, 'covered']));
});

/** What is done, which needs it takes from `covered` to what, and what the explanation has to say. */
const IMPAIRMENTS: [name: string, records: EvidenceRecord[], hit: Record<string, string>, words: string][] = [
  [
    'the sink is disabled',
    coveredOrganization({ sink: { disabled: true } }),
    { ...to(ROUTED, 'partial'), activity: 'missing' },
    'retentionDays is 30',
  ],
  [
    'the sink excludes object reads',
    coveredOrganization({ sink: { exclusions: [{ name: 'reads', filter: 'protoPayload.methodName="storage.objects.get"' }] } }),
    { objects: 'partial', perimeter: 'partial' },
    'storage.objects.get',
  ],
  [
    'an exclusion that is off excludes nothing',
    coveredOrganization({ sink: { exclusions: [{ name: 'reads', filter: 'protoPayload.methodName:"storage"', disabled: true }] } }),
    {},
    '',
  ],
  [
    'the exclusion keeps a sample',
    coveredOrganization({
      sink: { exclusions: [{ name: 'reads', filter: 'protoPayload.methodName="storage.objects.get" AND sample(insertId, 0.9)' }] },
    }),
    { objects: 'partial', perimeter: 'partial' },
    'storage.objects.get',
  ],
  [
    'a principal is exempt',
    coveredOrganization({
      project: {
        auditConfigs: [
          {
            service: 'storage.googleapis.com',
            auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: ['serviceAccount:etl@pay-prod.iam.gserviceaccount.com'] }],
          },
        ],
      },
    }),
    { objects: 'partial' },
    'exempt: etl@pay-prod.iam.gserviceaccount.com): principalEmail',
  ],
  [
    'no DATA_READ',
    coveredOrganization({
      organization: {
        auditConfigs: [{ service: 'allServices', auditLogConfigs: EVERY_TYPE.filter((one) => one.logType !== 'DATA_READ') }],
      } as never,
    }),
    { objects: 'missing', secrets: 'missing', tokens: 'partial' },
    'Data Access audit configuration: logType',
  ],
  [
    'the bucket keeps thirty days',
    coveredOrganization({ logs: { buckets: [{ name: 'audit', location: 'eu', retentionDays: 30 }] } }),
    to(ROUTED, 'partial'),
    'retentionDays is 30',
  ],
  [
    'the bucket is being deleted',
    coveredOrganization({ logs: { buckets: [{ name: 'audit', location: 'eu', retentionDays: 400, lifecycleState: 'DELETE_REQUESTED' }] } }),
    { ...to(ROUTED, 'partial'), activity: 'missing' },
    '',
  ],
  ['the bucket is not there', coveredOrganization({ logs: { buckets: [] } }), { ...to(ROUTED, 'partial'), activity: 'missing' }, ''],
  [
    'includeChildren is off',
    coveredOrganization({ sink: { includeChildren: false } }),
    { ...to(ROUTED, 'partial'), activity: 'missing' },
    '',
  ],
  [
    'the writer has no binding',
    coveredOrganization({
      logs: { bindings: [{ role: 'roles/logging.bucketWriter', members: ['serviceAccount:other@example.iam.gserviceaccount.com'] }] },
    }),
    { ...to(ROUTED, 'partial'), activity: 'missing' },
    '',
  ],
  [
    'the filter takes Admin Activity only',
    coveredOrganization({ sink: { filter: 'LOG_ID("cloudaudit.googleapis.com/activity")' } }),
    { ...to(DATA, 'partial'), perimeter: 'partial' },
    'retentionDays is 30',
  ],
];

describe('each impairment', () => {
  test.each(IMPAIRMENTS)('%s', (_, records, hit, words) => {
    const verdicts = gcpVerdicts(records, NEEDS);
    const changed = [...verdicts].filter(([, need]) => need.verdict !== 'covered').map(([id, need]) => [id, need.verdict]);
    expect(Object.fromEntries(changed)).toEqual(hit);
    const said = [...verdicts.values()].flatMap((need) =>
      need.verdict === 'covered' ? [] : [`${need.because} ${JSON.stringify(need.witness)}`],
    );
    expect(said.filter((one) => one.includes(words))).not.toEqual(Object.keys(hit).length > 0 ? [] : undefined);
  });

  test('a disabled sink, a missing binding and an absent includeChildren are said, with what mends them', () => {
    const need = [{ id: 'siem', source: 'gcp.audit.admin_activity', reach: 'audit' }];
    const one = (records: EvidenceRecord[]) => gcpVerdicts(records, need).get('siem');
    expect(one(coveredOrganization({ sink: { disabled: true } }))).toMatchObject({
      verdict: 'missing',
      witness: { lostAt: 'sink central of organizations/123: the sink is disabled' },
      fix: ['gcloud logging sinks update central --no-disabled --organization=123'],
    });
    expect(one(coveredOrganization({ logs: { bindings: [] } }))).toMatchObject({
      verdict: 'missing',
      witness: {
        lostAt: `sink central: log bucket audit of ${LOGS} does not let the writer identity ${WRITER.replace('serviceAccount:', '')} write`,
      },
      fix: [`gcloud projects add-iam-policy-binding ${LOGS} --member=${WRITER} --role=roles/logging.bucketWriter`],
    });
    const children = one(coveredOrganization({ sink: { includeChildren: false } }));
    expect(children?.verdict).toBe('missing');
    expect(children?.witness?.lostAt).toContain('without includeChildren');
    expect(children?.fix).toEqual(['gcloud logging sinks update central --include-children --organization=123']);
  });
});

/** What is done to the covered estate, the need that it takes away, and the event that is shown for it. */
const WITNESSES: [name: string, records: EvidenceRecord[], need: object, verdict: string, witness: Record<string, unknown>][] = [
  [
    'disable the sink',
    coveredOrganization({ sink: { disabled: true } }),
    { source: 'gcp.audit.data_access.storage', reach: 'audit' },
    'missing',
    { serviceName: 'storage.googleapis.com', lostAt: 'sink central of organizations/123: the sink is disabled' },
  ],
  [
    'add an exclusion',
    coveredOrganization({ sink: { exclusions: [{ name: 'reads', filter: 'protoPayload.methodName="storage.objects.get"' }] } }),
    { source: 'gcp.audit.data_access.storage', reach: 'audit', where: { methodName: ['storage.objects.get', 'storage.objects.list'] } },
    'partial',
    { methodName: 'storage.objects.get', lostAt: expect.stringContaining('sink central of organizations/123') },
  ],
  [
    'exempt a principal',
    coveredOrganization({
      project: {
        auditConfigs: [
          { service: 'storage.googleapis.com', auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: ['user:ana@example.com'] }] },
        ],
      },
    }),
    { source: 'gcp.audit.data_access.storage' },
    'partial',
    { principalEmail: 'ana@example.com', logType: 'DATA_READ', lostAt: expect.stringContaining('exempt: ana@example.com') },
  ],
  [
    'drop an audit log type',
    coveredOrganization({
      organization: {
        auditConfigs: [{ service: 'allServices', auditLogConfigs: EVERY_TYPE.filter((one) => one.logType !== 'DATA_WRITE') }],
      } as never,
    }),
    { source: 'gcp.audit.data_access.storage' },
    'partial',
    { logType: 'DATA_WRITE', lostAt: expect.stringContaining('Data Access audit configuration') },
  ],
  [
    'shorten the bucket',
    coveredOrganization({ logs: { buckets: [{ name: 'audit', location: 'eu', retentionDays: 60 }] } }),
    { source: 'gcp.audit.data_access.storage', retain: '90d' },
    'partial',
    { lostAt: 'log-bucket audit: retentionDays is 60' },
  ],
  [
    'remove includeChildren',
    coveredOrganization({ sink: { includeChildren: false } }),
    { source: 'gcp.audit.data_access.storage', reach: 'audit' },
    'missing',
    { lostAt: 'sink central of organizations/123 (without includeChildren): takes no such events' },
  ],
  [
    'cut the writer’s binding',
    coveredOrganization({ logs: { bindings: [] } }),
    { source: 'gcp.audit.data_access.storage', reach: 'audit' },
    'missing',
    { lostAt: expect.stringMatching(/^sink central: log bucket audit of sec-logs does not let the writer identity/) },
  ],
];

test.each(WITNESSES)('%s: the need and the event', (_, records, need, verdict, witness) => {
  const asked = [
    { id: 'lost', ...need },
    { id: 'kept', source: 'gcp.audit.admin_activity', retain: '365d' },
  ];
  expect(gcpVerdicts(coveredOrganization(), asked).get('lost')?.verdict).toBe('covered');
  const verdicts = gcpVerdicts(records, asked);
  expect(verdicts.get('lost')).toMatchObject({ verdict, witness });
  // _Required keeps it whatever is done.
  expect(verdicts.get('kept')?.verdict).toBe('covered');
});

test('what the organization writes itself needs no includeChildren', () => {
  const at = { provider: 'gcp', account: ORGANIZATION };
  const need = [{ id: 'own', source: 'gcp.audit.admin_activity', reach: 'audit', retain: '365d' }];
  expect(gcpVerdicts(coveredOrganization({ sink: { includeChildren: false } }), need, at, 'gcp.organization').get('own')?.verdict).toBe(
    'covered',
  );
});

test('a project that is being deleted needs no log', () => {
  const records = coveredOrganization().map((record) =>
    record.account === PROJECT && record.op === 'projects.get'
      ? { ...record, body: { ...(record.body as object), state: 'DELETE_REQUESTED' } }
      : record,
  );
  expect(gcpVerdicts(records, NEEDS).get('objects')?.verdict).toBe('not-applicable');
});
