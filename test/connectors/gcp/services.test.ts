import { describe, expect, test } from 'vitest';
import { accessApproval } from '../../../connectors/gcp/access-approval.ts';
import { accessTransparency } from '../../../connectors/gcp/access-transparency.ts';
import { apigee } from '../../../connectors/gcp/apigee.ts';
import { cloudRun } from '../../../connectors/gcp/cloud-run.ts';
import { cloudSql } from '../../../connectors/gcp/cloud-sql.ts';
import { gke } from '../../../connectors/gcp/gke.ts';
import { gcpCollectors } from '../../../connectors/gcp/index.ts';
import { opsAgent } from '../../../connectors/gcp/ops-agent.ts';
import { findingsOf, securityCenter } from '../../../connectors/gcp/security-center.ts';
import { storageUsage } from '../../../connectors/gcp/storage-usage.ts';
import { workspace } from '../../../connectors/gcp/workspace.ts';
import { EVERYTHING, matches } from '../../../src/events/classes.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { loadRules } from '../../../src/needs/rules.ts';
import { containerRecords, gcpVerdicts, ORGANIZATION, PROJECT } from '../../support/gcp-estate.ts';
import { collected, gcp, gcpError } from './collecting.ts';

const COLLECTORS = [cloudSql, gke, cloudRun, opsAgent, storageUsage, accessApproval, accessTransparency, securityCenter, apigee, workspace];
const everywhere = { parent: `projects/${PROJECT}/locations/-` };
const ZONE = `https://www.googleapis.com/compute/v1/projects/${PROJECT}/zones/europe-west1-b`;
const at = (account: string) => (account.includes('/') ? account : `projects/${account}`);

const above = [
  gcp(
    PROJECT,
    'cloudresourcemanager:projects.getAncestry',
    { projectId: PROJECT },
    { ancestor: [{ resourceId: { type: 'project', id: PROJECT } }, { resourceId: { type: 'organization', id: '123' } }] },
  ),
  ...containerRecords({ account: ORGANIZATION }),
  ...containerRecords({ account: PROJECT, parent: ORGANIZATION }),
];
const off = (call: string, args: Record<string, unknown>) =>
  gcpError(PROJECT, call, args, 'SERVICE_DISABLED', 403, `it has not been used in project ${PROJECT} before or it is disabled`);

/** One of each, as the collectors ask for it. */
const answers: readonly EvidenceRecord[] = [
  gcp(
    PROJECT,
    'sqladmin:instances.list',
    { project: PROJECT },
    {
      items: [
        { name: 'cards', databaseVersion: 'POSTGRES_17', region: 'europe-west1', settings: { databaseFlags: [] } },
        { name: 'old', databaseVersion: 'SQLSERVER_2022_WEB', settings: { sqlServerAuditConfig: { bucket: 'gs://audit-files/old' } } },
      ],
    },
  ),
  gcp(PROJECT, 'container:projects.locations.clusters.list', everywhere, { clusters: [{ name: 'payments', location: 'europe-west1' }] }),
  gcp(PROJECT, 'run:projects.locations.services.list', everywhere, { items: [{ metadata: { name: 'checkout' } }] }),
  off('cloudfunctions:projects.locations.functions.list', everywhere),
  gcpError(PROJECT, 'appengine:apps.services.list', { appsId: PROJECT }, 'NOT_FOUND', 404),
  gcp(
    PROJECT,
    'compute:instances.aggregatedList',
    { project: PROJECT, returnPartialSuccess: true },
    {
      items: {
        'zones/europe-west1-b': {
          instances: [
            { id: '4111', name: 'web-1', zone: ZONE },
            { id: '4112', name: 'web-2', zone: ZONE },
          ],
        },
      },
    },
  ),
  gcp(
    PROJECT,
    'osconfig:projects.locations.instances.inventories.list',
    { parent: `projects/${PROJECT}/locations/europe-west1-b/instances/-`, view: 'FULL' },
    { inventories: [] },
  ),
  gcp(
    PROJECT,
    'storage:buckets.list',
    { project: PROJECT, maxResults: 1000 },
    { items: [{ name: 'card-vault', logging: { logBucket: 'usage' } }] },
  ),
  ...[PROJECT, ORGANIZATION].flatMap((account) => {
    const kind = at(account).split('/')[0];
    return [
      gcp(account, `accessapproval:${kind}.getAccessApprovalSettings`, { name: `${at(account)}/accessApprovalSettings` }, {}),
      gcp(account, `logging:${kind}.logs.list`, { parent: at(account), pageSize: 1000 }, { logNames: [] }),
    ];
  }),
  gcp(
    ORGANIZATION,
    'securitycenter:organizations.locations.notificationConfigs.list',
    { parent: `${ORGANIZATION}/locations/global` },
    {
      notificationConfigs: [{ name: 'n', pubsubTopic: `projects/${PROJECT}/topics/findings` }],
    },
  ),
  gcp(
    ORGANIZATION,
    'securitycenter:organizations.locations.bigQueryExports.list',
    { parent: `${ORGANIZATION}/locations/global` },
    {
      bigQueryExports: [{ name: 'e', dataset: `projects/${PROJECT}/datasets/findings` }],
    },
  ),
  gcp(
    ORGANIZATION,
    'securitycentermanagement:organizations.locations.securityCenterServices.list',
    { parent: `${ORGANIZATION}/locations/global` },
    {
      securityCenterServices: [{ name: 'event-threat-detection', effectiveEnablementState: 'ENABLED' }],
    },
  ),
  gcp(
    PROJECT,
    'apigee:organizations.deployments.list',
    { parent: `organizations/${PROJECT}` },
    {
      deployments: [
        { environment: 'prod', apiProxy: 'payments', revision: '3' },
        { environment: 'test', apiProxy: 'payments', revision: '3' },
      ],
    },
  ),
  gcp(
    PROJECT,
    'apigee:organizations.apis.revisions.get',
    { name: `organizations/${PROJECT}/apis/payments/revisions/3` },
    { policies: ['log'] },
  ),
];

const scan = (records: readonly EvidenceRecord[]) => collected(COLLECTORS, [...above, ...records], { provider: { projects: [PROJECT] } });
const callOf = (record: { service: string; op: string }) => `${record.service}:${record.op}`;

describe('collecting over HTTP', () => {
  test('each list is asked once where it belongs, single things once each, and nothing else', async () => {
    const { unmatched, records, wanted } = await scan(answers);
    expect(unmatched).toEqual([]);
    const made = records.map((one) => `${one.account} ${callOf(one)}`).filter((call) => !call.includes('cloudresourcemanager'));
    expect(made.sort()).toEqual(answers.map((one) => `${one.account} ${callOf(one)}`).sort());
    expect(wanted).toEqual([
      `bigquery projects/${PROJECT}/datasets/findings`,
      'cloud-storage audit-files',
      'cloud-storage usage',
      `pubsub projects/${PROJECT}/topics/findings`,
    ]);
  });

  test('what was collected reads as it was written', async () => {
    const { records } = await scan(answers);
    const read = [...above.filter((one) => one.service === 'logging'), ...(records as readonly EvidenceRecord[])];
    const need = (id: string) => ({ id, source: id });
    const verdicts = gcpVerdicts(read, [
      need('gcp.cloudsql.postgres'),
      need('k8s.gke.audit.admin'),
      need('gcp.cloudrun'),
      need('gcp.vm.opsagent'),
      need('gcp.storage.usage'),
      need('gcp.access_approval'),
      need('gcp.apigee'),
    ]);
    expect(Object.fromEntries([...verdicts].map(([id, one]) => [id, one.verdict]))).toEqual({
      'gcp.cloudsql.postgres': 'missing',
      'k8s.gke.audit.admin': 'covered',
      'gcp.cloudrun': 'covered',
      'gcp.vm.opsagent': 'unknown',
      'gcp.storage.usage': 'unknown',
      'gcp.access_approval': 'missing',
      'gcp.apigee': 'unknown',
    });
  });

  test('all pages are followed', async () => {
    const page = (names: string[], number: number, more: object): EvidenceRecord =>
      gcp(PROJECT, 'sqladmin:instances.list', { project: PROJECT }, { items: names.map((name) => ({ name })), ...more }, number);
    const { records, unmatched } = await scan([
      ...answers.filter((one) => one.service !== 'sqladmin'),
      page(['a'], 0, { nextPageToken: 'two' }),
      page(['b'], 1, {}),
    ]);
    expect(unmatched).toEqual([]);
    expect(records.filter((one) => one.service === 'sqladmin').map((one) => one.page ?? 0)).toEqual([0, 1]);
  });

  test('what is switched off is asked no further', async () => {
    const { unmatched, records } = await scan(
      answers.flatMap((one) =>
        callOf(one).startsWith('apigee:organizations.apis') || one.service === 'osconfig'
          ? []
          : ['apigee', 'compute'].includes(one.service)
            ? [off(callOf(one), one.args)]
            : [one],
      ),
    );
    expect(unmatched).toEqual([]);
    expect(records.filter((one) => ['apigee', 'compute'].includes(one.service)).map((one) => one.error?.code)).toEqual([
      'SERVICE_DISABLED',
      'SERVICE_DISABLED',
    ]);
  });
});

/** Each answer as a refusal: what was certain may only become a question. */
describe('refused', () => {
  const rest = above;
  const sources = COLLECTORS.flatMap((one) => one.informs);
  const needs = sources.map((id) => ({ id, source: id }));
  const places = [
    { provider: 'gcp', account: PROJECT },
    { provider: 'gcp', account: ORGANIZATION },
  ];
  const verdicts = (records: readonly EvidenceRecord[]) =>
    places.flatMap((place) =>
      [...gcpVerdicts([...rest, ...records], needs, place)].map(([id, one]) => [`${place.account} ${id}`, one.verdict] as const),
    );
  const before = new Map(verdicts(answers));

  test.each(answers.filter((one) => one.error === undefined).map((one) => [`${one.account} ${callOf(one)}`, one] as const))(
    '%s',
    (_, record) => {
      const denied = gcpError(record.account as string, callOf(record), record.args, 'PERMISSION_DENIED', 403);
      const changed = verdicts(answers.map((one) => (one === record ? denied : one))).filter(
        ([key, verdict]) => before.get(key) !== verdict,
      );
      expect(changed.filter(([, verdict]) => verdict !== 'unknown')).toEqual([]);
    },
  );
});

describe('filters of findings', () => {
  const finding = { severity: 'HIGH', state: 'ACTIVE', category: 'x', findingClass: 'THREAT', mute: 'UNMUTED' };
  test.each([
    ['state="ACTIVE"', true],
    ['state = "ACTIVE" AND NOT mute="MUTED"', true],
    ['state="ACTIVE" AND -severity="HIGH"', false],
    ['severity="LOW" OR severity="HIGH"', true],
    ['severity="LOW" OR severity="HIGH" AND state="INACTIVE"', false],
    ['(severity="LOW" OR severity="HIGH") AND (finding_class!="THREAT")', false],
  ])('%s', (filter, taken) => {
    expect(matches(findingsOf(filter) ?? [], finding)).toBe(taken);
  });

  test.each([
    'resource.type="x"',
    'state="ACTIVE" category',
    'state:"ACTIVE"',
    '(state="ACTIVE"',
    'state="ACTIVE" AND',
    'create_time>"2026"',
    '((state="ACTIVE"))',
  ])('not understood: %s', (filter) => {
    expect(findingsOf(filter)).toBeUndefined();
  });

  test('none takes everything', () => {
    expect(findingsOf('  ')).toBe(EVERYTHING);
  });
});

describe('declared', () => {
  test('every source is known, and every collector is registered', () => {
    const informed = COLLECTORS.flatMap((one) => one.informs);
    expect(informed.filter((id) => !loadRules().sources.has(id))).toEqual([]);
    expect(COLLECTORS.filter((one) => !gcpCollectors.includes(one))).toEqual([]);
  });

  test('calls name their permission', () => {
    const declared = Object.fromEntries(COLLECTORS.flatMap((one) => Object.entries(one.calls)));
    const kinds = (call: string, permission: string) =>
      Object.fromEntries(['projects', 'folders', 'organizations'].map((kind) => [call.replace('*', kind), permission]));
    expect(Object.fromEntries(Object.entries(declared).map(([call, spec]) => [call, spec.permission]))).toEqual({
      'sqladmin:instances.list': 'cloudsql.instances.list',
      'container:projects.locations.clusters.list': 'container.clusters.list',
      'run:projects.locations.services.list': 'run.services.list',
      'cloudfunctions:projects.locations.functions.list': 'cloudfunctions.functions.list',
      'appengine:apps.services.list': 'appengine.services.list',
      'compute:instances.aggregatedList': 'compute.instances.list',
      'osconfig:projects.locations.instances.inventories.list': 'osconfig.inventories.list',
      'storage:buckets.list': 'storage.buckets.list',
      ...kinds('accessapproval:*.getAccessApprovalSettings', 'accessapproval.settings.get'),
      ...kinds('logging:*.logs.list', 'logging.logs.list'),
      'securitycenter:organizations.locations.notificationConfigs.list': 'securitycenter.notificationconfig.list',
      'securitycenter:organizations.locations.bigQueryExports.list': 'securitycenter.bigQueryExports.list',
      'securitycentermanagement:organizations.locations.securityCenterServices.list':
        'securitycentermanagement.securityCenterServices.list',
      'apigee:organizations.deployments.list': 'apigee.deployments.list',
      'apigee:organizations.apis.revisions.get': 'apigee.proxyrevisions.get',
    });
  });
});
