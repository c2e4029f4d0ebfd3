import { describe, expect, test } from 'vitest';
import { auditConfig } from '../../../connectors/gcp/audit-config.ts';
import { bigqueryStores } from '../../../connectors/gcp/bigquery-stores.ts';
import { cloudStorageStores } from '../../../connectors/gcp/cloud-storage-stores.ts';
import { dataflowJobs } from '../../../connectors/gcp/dataflow-jobs.ts';
import { kmsKeys } from '../../../connectors/gcp/kms-keys.ts';
import { logBuckets } from '../../../connectors/gcp/log-buckets.ts';
import { logRouter } from '../../../connectors/gcp/log-router.ts';
import { gcpEstateOf } from '../../../connectors/gcp/places.ts';
import { pubsubStores } from '../../../connectors/gcp/pubsub-stores.ts';
import { callTable } from '../../../connectors/index.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { EvidenceView } from '../../../src/store/view.ts';
import { stored } from '../../support/aws-estate.ts';
import {
  containerRecords,
  coveredOrganization,
  gcp,
  gcpRefused,
  gcpVerdicts,
  inError,
  LOGS,
  ORGANIZATION,
  PROJECT,
  type Sink,
  WRITER,
} from '../../support/gcp-estate.ts';
import { collected } from './collecting.ts';

const COLLECTORS = [auditConfig, logRouter, logBuckets, bigqueryStores, cloudStorageStores, pubsubStores, dataflowJobs, kmsKeys];
const topic = `projects/${LOGS}/topics/events`;
const sink = (name: string, destination: string): Sink => ({
  name,
  destination,
  filter: '',
  includeChildren: true,
  writerIdentity: WRITER,
});
const SINKS = [
  sink('files', 'storage.googleapis.com/vault-logs'),
  sink('tables', `bigquery.googleapis.com/projects/${LOGS}/datasets/audit`),
  sink('queue', `pubsub.googleapis.com/${topic}`),
];
const DESTINATIONS: EvidenceRecord[] = [
  gcp(
    ORGANIZATION,
    'storage:buckets.get',
    { bucket: 'vault-logs' },
    { name: 'vault-logs', projectNumber: '481200000112', storageClass: 'STANDARD' },
  ),
  gcp(
    ORGANIZATION,
    'storage:buckets.getIamPolicy',
    { bucket: 'vault-logs' },
    { bindings: [{ role: 'roles/storage.objectCreator', members: [WRITER] }] },
  ),
  gcp(
    LOGS,
    'bigquery:datasets.get',
    { projectId: LOGS, datasetId: 'audit' },
    { access: [{ role: 'WRITER', userByEmail: WRITER.slice('serviceAccount:'.length) }] },
  ),
  gcp(LOGS, 'bigquery:tables.list', { projectId: LOGS, datasetId: 'audit' }, {}),
  gcp(
    LOGS,
    'pubsub:projects.subscriptions.list',
    { project: `projects/${LOGS}` },
    { subscriptions: [{ name: `projects/${LOGS}/subscriptions/splunk`, topic, state: 'ACTIVE' }] },
  ),
  gcp(
    LOGS,
    'pubsub:projects.topics.getIamPolicy',
    { resource: topic },
    { bindings: [{ role: 'roles/pubsub.publisher', members: [WRITER] }] },
  ),
  gcp(LOGS, 'pubsub:projects.topics.subscriptions.list', { topic }, { subscriptions: [`projects/${LOGS}/subscriptions/splunk`] }),
];
const JOBS = gcp(
  LOGS,
  'dataflow:projects.jobs.aggregated',
  { projectId: LOGS, filter: 'ACTIVE', view: 'JOB_VIEW_ALL' },
  {
    jobs: [
      {
        name: 'to-splunk',
        currentState: 'JOB_STATE_RUNNING',
        environment: {
          sdkPipelineOptions: {
            options: { inputSubscription: `projects/${LOGS}/subscriptions/splunk`, url: 'https://splunk.example.com:8088' },
          },
        },
      },
    ],
  },
);
const SEARCH = gcp(
  ORGANIZATION,
  'cloudasset:searchAllResources',
  {
    scope: ORGANIZATION,
    assetTypes: ['cloudresourcemanager.googleapis.com/Project', 'cloudresourcemanager.googleapis.com/Folder'],
    pageSize: 500,
  },
  {
    results: [
      [PROJECT, '481200000011'],
      [LOGS, '481200000112'],
    ].map(([id, number]) => ({
      name: `//cloudresourcemanager.googleapis.com/projects/${id}`,
      assetType: 'cloudresourcemanager.googleapis.com/Project',
      project: `projects/${number}`,
      displayName: id,
      state: 'ACTIVE',
      parentFullResourceName: `//cloudresourcemanager.googleapis.com/${ORGANIZATION}`,
      additionalAttributes: { projectId: id },
    })),
  },
);
const BUCKET = `projects/${LOGS}/locations/eu/buckets/audit`;
const KEY = `projects/${LOGS}/locations/eu/keyRings/logs/cryptoKeys/audit`;
const SETTINGS: EvidenceRecord[] = [
  gcp(ORGANIZATION, 'logging:organizations.getSettings', { name: ORGANIZATION }, { name: `${ORGANIZATION}/settings` }),
  ...[ORGANIZATION].map((name) =>
    gcp(
      name,
      'monitoring:organizations.timeSeries.list',
      {
        name,
        filter: 'metric.type="logging.googleapis.com/exports/error_count"',
        'interval.startTime': 'now-24h',
        'interval.endTime': 'now',
        'aggregation.alignmentPeriod': '86400s',
        'aggregation.perSeriesAligner': 'ALIGN_DELTA',
      },
      {},
    ),
  ),
  gcp(LOGS, 'logging:projects.locations.buckets.views.list', { parent: BUCKET }, { views: [{ name: `${BUCKET}/views/_AllLogs` }] }),
  gcp(LOGS, 'cloudkms:projects.locations.keyRings.cryptoKeys.get', { name: KEY }, { name: KEY, primary: { state: 'ENABLED' } }),
  gcp(LOGS, 'pubsub:projects.topics.get', { topic }, { name: topic }),
];
const ANSWERS = [
  ...SETTINGS,
  ...coveredOrganization({
    organization: { sinks: SINKS, auditConfigs: [{ service: 'allServices', auditLogConfigs: [{ logType: 'DATA_READ' }] }] },
    logs: { buckets: [{ name: 'audit', location: 'eu', retentionDays: 400, cmekSettings: { kmsKeyName: KEY } }] } as never,
  }).filter((record) => !record.op.endsWith('projects.get')),
  SEARCH,
  JOBS,
  ...DESTINATIONS,
];
const provider = { organization: '123' };

describe('over HTTP', () => {
  test('every declared call is made with the provider’s own client, once, and nothing else', async () => {
    const { records, unmatched, asked, wanted } = await collected(COLLECTORS, ANSWERS, { provider });
    expect(unmatched).toEqual([]);
    expect(wanted).toEqual([`bigquery projects/${LOGS}/datasets/audit`, 'cloud-storage vault-logs', `kms-key ${KEY}`, `pubsub ${topic}`]);
    const made = new Set(asked.map((one) => `${one.service}:${one.op}`));
    // No folder is below the organization, and no project has a sink that leads out of it.
    const declared = COLLECTORS.flatMap((one) => Object.keys(one.calls)).filter(
      (call) => !call.includes(':folders.') && call !== 'monitoring:projects.timeSeries.list',
    );
    expect(declared.filter((call) => !made.has(call))).toEqual([]);
    expect(records.filter((record) => record.error)).toEqual([]);
    const needs = [
      { id: 'files', source: 'gcp.audit.admin_activity', reach: 'cloud-storage', retain: '3650d' },
      { id: 'tables', source: 'gcp.audit.admin_activity', reach: 'bigquery', searchable: '3650d' },
      { id: 'queue', source: 'gcp.audit.admin_activity', reach: 'siem' },
    ];
    expect([...gcpVerdicts(records, needs)].map(([id, need]) => [id, need.verdict])).toEqual([
      ['files', 'covered'],
      ['tables', 'covered'],
      ['queue', 'unknown'],
    ]);
  });

  test('a job that reads the subscription is named, and what it writes to is the question', () => {
    const need = gcpVerdicts(ANSWERS, [{ id: 'queue', source: 'gcp.audit.admin_activity', reach: 'siem' }]).get('queue');
    expect(need?.unknowns.map((one) => one.call)).toContain('receiver splunk.example.com:8088 of Dataflow job to-splunk');
  });

  test('refusals of every call are evidence, and end nothing', async () => {
    const { records } = await collected(
      COLLECTORS,
      ANSWERS.map((record) => (record.service === 'cloudasset' || record.op.endsWith('organizations.get') ? record : inError(record))),
      { provider },
    );
    const verdicts = gcpVerdicts(records, [
      { id: 'activity', source: 'gcp.audit.admin_activity', retain: '365d' },
      { id: 'reads', source: 'gcp.audit.data_access.storage' },
    ]);
    expect([...verdicts].map(([id, need]) => [id, need.verdict])).toEqual([
      ['activity', 'covered'],
      ['reads', 'unknown'],
    ]);
  });

  test('sinks on several pages are all read', async () => {
    const list = ANSWERS.find((record) => record.op === 'organizations.sinks.list') as EvidenceRecord;
    const { sinks } = list.body as { sinks: Sink[] };
    const pages = sinks.map((one, page) => ({
      ...list,
      page,
      body: { sinks: [one], ...(page + 1 < sinks.length ? { nextPageToken: `p${page + 1}` } : {}) },
    }));
    const { records } = await collected(COLLECTORS, [...ANSWERS.filter((record) => record !== list), ...pages], { provider });
    expect(gcpVerdicts(records, [{ id: 'n', source: 'gcp.audit.admin_activity', reach: 'bigquery' }]).get('n')?.verdict).toBe('covered');
  });
});

describe('the estate', () => {
  const estate = (records: readonly EvidenceRecord[]) => gcpEstateOf(new EvidenceView(stored(records), callTable));

  test('projects by id and by number, with their ancestors', () => {
    const found = estate([
      ...containerRecords({ account: ORGANIZATION }),
      ...containerRecords({ account: 'folders/7', parent: ORGANIZATION }),
      ...containerRecords({ account: PROJECT, parent: 'folders/7', number: '481200000011' }),
    ]);
    expect(found.containers.map((one) => one.id)).toEqual(['folders/7', ORGANIZATION, `projects/${PROJECT}`]);
    expect(found.find('projects/481200000011')?.account).toBe(PROJECT);
    expect(found.ancestorsOf(`projects/${PROJECT}`).known.map((one) => one.id)).toEqual(['folders/7', ORGANIZATION]);
    expect(found.ancestorsOf(`projects/${PROJECT}`).unknown).toBeUndefined();
    expect(found.unlisted).toEqual([]);
  });

  test('version 1 of the API, and a chain that only the ancestry tells', () => {
    const found = estate([
      gcp(
        PROJECT,
        'cloudresourcemanager:projects.get',
        { projectId: PROJECT },
        { projectNumber: '1', projectId: PROJECT, name: 'Pay', lifecycleState: 'ACTIVE', parent: { type: 'folder', id: '7' } },
      ),
      gcp(
        PROJECT,
        'cloudresourcemanager:projects.getAncestry',
        { projectId: PROJECT },
        {
          ancestor: [PROJECT, '7', '123'].map((id, index) => ({ resourceId: { type: ['project', 'folder', 'organization'][index], id } })),
        },
      ),
    ]);
    expect(found.containers.map((one) => one.id)).toEqual([`projects/${PROJECT}`]);
    expect(found.ancestorsOf(`projects/${PROJECT}`)).toMatchObject({
      known: [{ id: 'folders/7' }, { id: ORGANIZATION }],
      unknown: undefined,
    });
  });

  test('what was refused, was never asked, or is being deleted', () => {
    const found = estate([
      gcpRefused('locked', 'cloudresourcemanager:projects.get', { name: 'projects/locked' }),
      gcp(
        ORGANIZATION,
        'cloudresourcemanager:projects.list',
        { parent: ORGANIZATION },
        {
          projects: [
            { name: 'projects/5', projectId: 'idle', state: 'ACTIVE', parent: ORGANIZATION },
            { name: 'projects/6', projectId: 'going', state: 'DELETE_REQUESTED', parent: ORGANIZATION },
          ],
        },
      ),
      gcpRefused(ORGANIZATION, 'cloudresourcemanager:folders.list', { parent: ORGANIZATION }),
    ]);
    expect(found.projects.map(({ account, state, closed }) => [account, state.state, closed])).toEqual([
      ['going', 'skipped', 'the project is DELETE_REQUESTED'],
      ['idle', 'skipped', undefined],
      ['locked', 'denied', undefined],
    ]);
    expect(found.ancestorsOf('projects/locked').unknown).toMatchObject({
      permission: 'resourcemanager.projects.get',
      code: 'PERMISSION_DENIED',
    });
    expect(found.unlisted).toMatchObject([{ permission: 'resourcemanager.folders.list' }]);
  });

  test('a search that was refused hides nothing where the folders were walked', () => {
    const search = gcpRefused(ORGANIZATION, 'cloudasset:searchAllResources', { scope: ORGANIZATION });
    expect(estate([search]).unlisted).toHaveLength(1);
    const walk = ['folders.list', 'projects.list'].map((op) =>
      gcp(ORGANIZATION, `cloudresourcemanager:${op}`, { parent: ORGANIZATION }, {}),
    );
    expect(estate([search, ...walk]).unlisted).toEqual([]);
  });

  test('parents that form a ring end', () => {
    const found = estate([
      ...containerRecords({ account: 'folders/1', parent: 'folders/2' }),
      ...containerRecords({ account: 'folders/2', parent: 'folders/1' }),
    ]);
    expect(found.ancestorsOf('folders/1').known.map((one) => one.id)).toEqual(['folders/2']);
  });
});
