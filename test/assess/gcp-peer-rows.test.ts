import { describe, expect, test } from 'vitest';
import { callTable, readPaths } from '../../connectors/index.ts';
import { assessEvidence } from '../../src/assess/pipeline.ts';
import { loadRules } from '../../src/needs/rules.ts';
import { AS_OF, accountRecords, judged, modelOf, stored } from '../support/aws-estate.ts';
import { containerRecords, coveredOrganization, EVERY_TYPE, gcpVerdicts, LOGS, ORGANIZATION, PROJECT } from '../support/gcp-estate.ts';

// Estates that other scanners are known to judge wrongly.

const needs = [
  { id: 'storage-reads', source: 'gcp.audit.data_access.storage', where: { logType: 'DATA_READ' } },
  { id: 'storage-writes', source: 'gcp.audit.data_access.storage', where: { logType: 'DATA_WRITE' } },
  { id: 'secrets', events: 'gcp.secrets.read' },
  { id: 'tables', source: 'gcp.audit.data_access.bigquery' },
];
const of = (records: Parameters<typeof gcpVerdicts>[0], some: unknown[] = needs) =>
  Object.fromEntries([...gcpVerdicts(records, some)].map(([id, need]) => [id, need.verdict]));
const alone = (spec: Partial<Parameters<typeof containerRecords>[0]>) => [
  ...containerRecords({ account: ORGANIZATION, auditConfigs: spec.parent === 'folders/7' ? undefined : [] } as never),
  ...containerRecords({ account: PROJECT, parent: ORGANIZATION, ...spec }),
];

describe('audit configurations', () => {
  test('19: one service, without DATA_READ: each service and type is told apart', () => {
    const records = alone({ auditConfigs: [{ service: 'storage.googleapis.com', auditLogConfigs: [{ logType: 'DATA_WRITE' }] }] });
    expect(of(records)).toEqual({ 'storage-reads': 'missing', 'storage-writes': 'covered', secrets: 'missing', tables: 'covered' });
    const rows = judged(records, modelOf(needs)).inventory;
    const storage = rows.find((row) => row.source === 'gcp.audit.data_access.storage' && row.scope.account === PROJECT);
    expect(storage?.collection).toBe('partial');
    expect(storage?.captured).toEqual([
      { class: 'gcp.audit.data_access.storage.read', is: 'none' },
      { class: 'gcp.audit.data_access.storage.write', is: 'all' },
      { class: 'gcp.audit.data_access.storage.admin-read', is: 'none' },
    ]);
  });

  test('20: configured on the organization or on a folder alone: inherited', () => {
    const every = [{ service: 'allServices', auditLogConfigs: EVERY_TYPE }];
    const all = { 'storage-reads': 'covered', 'storage-writes': 'covered', secrets: 'covered', tables: 'covered' };
    expect(
      of([
        ...containerRecords({ account: ORGANIZATION, auditConfigs: every }),
        ...containerRecords({ account: PROJECT, parent: ORGANIZATION }),
      ]),
    ).toEqual(all);
    expect(
      of([
        ...containerRecords({ account: ORGANIZATION }),
        ...containerRecords({ account: 'folders/7', parent: ORGANIZATION, auditConfigs: every }),
        ...containerRecords({ account: PROJECT, parent: 'folders/7' }),
      ]),
    ).toEqual(all);
  });

  test('23: a principal that is exempt is a hole for that principal', () => {
    const member = 'deployer@pay-prod.iam.gserviceaccount.com';
    const records = alone({
      auditConfigs: [
        { service: 'allServices', auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: [`serviceAccount:${member}`] }] },
      ],
    });
    const verdicts = gcpVerdicts(records, [
      { id: 'all', source: 'gcp.audit.data_access.storage', where: { logType: 'DATA_READ' } },
      { id: 'deployer', source: 'gcp.audit.data_access.storage', where: { logType: 'DATA_READ', principalEmail: member } },
      { id: 'others', source: 'gcp.audit.data_access.storage', where: { logType: 'DATA_READ', principalEmail: { notEquals: [member] } } },
    ]);
    expect([...verdicts].map(([id, need]) => [id, need.verdict])).toEqual([
      ['all', 'partial'],
      ['deployer', 'missing'],
      ['others', 'covered'],
    ]);
    expect(verdicts.get('all')?.witness).toMatchObject({ principalEmail: member });
  });
});

describe('sinks', () => {
  const need = [{ id: 'central', source: 'gcp.audit.admin_activity', reach: 'audit', retain: '365d' }];

  test('21: an aggregated sink of the organization with a filter for audit logs, or of a folder; the project has none', () => {
    expect(of(coveredOrganization(), need)).toEqual({ central: 'covered' });
    const [own, folder] = [coveredOrganization({ organization: { sinks: [] } }), 'folders/7'];
    const sink = {
      name: 'central',
      destination: `logging.googleapis.com/projects/${LOGS}/locations/eu/buckets/audit`,
      filter: 'log_id("cloudaudit.googleapis.com/activity")',
      includeChildren: true,
      writerIdentity: 'serviceAccount:o123-1@gcp-sa-logging.iam.gserviceaccount.com',
    };
    const records = [
      ...own.filter((record) => record.account !== PROJECT),
      ...containerRecords({ account: folder, parent: ORGANIZATION, sinks: [sink] }),
      ...containerRecords({ account: PROJECT, parent: folder }),
    ];
    expect(of(records, need)).toEqual({ central: 'covered' });
  });

  test('22: a sink without a filter that is disabled, or whose exclusion swallows the audit logs', () => {
    expect(of(coveredOrganization({ sink: { filter: '', disabled: true } }), need)).toEqual({ central: 'missing' });
    const exclusions = [{ name: 'noise', filter: 'logName:"cloudaudit"' }];
    expect(of(coveredOrganization({ sink: { filter: '', exclusions } }), need)).toEqual({ central: 'missing' });
  });
});

test('the built-in models speak of the clouds that were scanned', () => {
  const systems = (records: Parameters<typeof stored>[0]) => {
    const { assessment } = assessEvidence(stored(records), [], loadRules(), { callTable, readPaths }, AS_OF);
    return [...new Set(assessment.needs.map((need) => need.system))].sort();
  };
  expect(systems(accountRecords({ trails: [] }))).toEqual(['AWS account baseline']);
  expect(systems(coveredOrganization())).toEqual(['Google Cloud project baseline']);
  expect(systems([...accountRecords({ trails: [] }), ...coveredOrganization()])).toEqual([
    'AWS account baseline',
    'Google Cloud project baseline',
  ]);
});
