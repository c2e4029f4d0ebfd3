import { describe, expect, test } from 'vitest';
import type { NeedVerdict, Verdict } from '../../src/model/assessment.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { coveredOrganization, EVERY_TYPE, gcp, gcpRefused, gcpVerdicts, ORGANIZATION, PROJECT } from '../support/gcp-estate.ts';

const NUMBER = '481200000011';
const NODES = `${NUMBER}-compute@developer.gserviceaccount.com`;

/** An organization whose logs of every kind go to one bucket, kept four hundred days, and what is set up in its project. */
function estate(records: readonly EvidenceRecord[], change: Parameters<typeof coveredOrganization>[0] = {}): EvidenceRecord[] {
  return [
    ...coveredOrganization({
      ...change,
      sink: { filter: '', ...change.sink },
      project: { bindings: [{ role: 'roles/editor', members: [`serviceAccount:${NODES}`] }], ...change.project },
    }),
    ...records,
  ];
}

function verdictOf(
  records: readonly EvidenceRecord[],
  need: Record<string, unknown>,
  { type = 'gcp.project', ...at }: { type?: string; account?: string; resource?: string } = {},
): NeedVerdict {
  const found = gcpVerdicts(records, [{ id: 'n', ...need }], { provider: 'gcp', account: PROJECT, ...at }, type).get('n');
  if (!found) throw new Error('no verdict');
  return found;
}

const callsIn = (verdict: NeedVerdict) => verdict.unknowns.map((one) => one.call);
const list = (call: string, args: Record<string, unknown>, body: unknown) => gcp(PROJECT, call, args, body);
const OFF = 'SERVICE_DISABLED';

// ---- Cloud SQL

const SQL = 'sqladmin:instances.list';
const sql = (...items: unknown[]) => list(SQL, { project: PROJECT }, { items });
const instance = (databaseVersion: string, flags: Record<string, string> = {}, settings: Record<string, unknown> = {}) => ({
  name: 'cards',
  databaseVersion,
  region: 'europe-west1',
  serviceAccountEmailAddress: 'p1-x@gcp-sa-cloud-sql.iam.gserviceaccount.com',
  settings: { databaseFlags: Object.entries(flags).map(([name, value]) => ({ name, value })), ...settings },
});
const PGAUDIT = { 'cloudsql.enable_pgaudit': 'on', 'pgaudit.log': 'all' };
const CARDS = { type: 'gcp.cloudsql.instance', resource: `//cloudsql.googleapis.com/projects/${PROJECT}/instances/cards` };

describe('Cloud SQL for PostgreSQL', () => {
  const need = { source: 'gcp.cloudsql.postgres' };
  const reads = { events: 'gcp.sql.rows-read' };
  const judge = (flags: Record<string, string>, asked: Record<string, unknown> = need, change = {}) =>
    verdictOf(estate([sql(instance('POSTGRES_16', flags))], change), asked, CARDS);

  test('all that the API shows is on: the extension in the database stays a question', () => {
    const verdict = judge(PGAUDIT);
    expect(verdict.verdict).toBe('unknown');
    expect(callsIn(verdict)).toEqual(['CREATE EXTENSION pgaudit']);
  });

  test.each([
    [{}, 'cloudsql.enable_pgaudit of cards is not on'],
    [{ 'cloudsql.enable_pgaudit': 'off', 'pgaudit.log': 'all' }, 'cloudsql.enable_pgaudit of cards is not on'],
    [{ 'cloudsql.enable_pgaudit': 'on' }, 'pgaudit.log of cards is none'],
    [{ 'cloudsql.enable_pgaudit': 'on', 'pgaudit.log': 'none' }, 'pgaudit.log of cards is none'],
  ])('%j is off', (flags, why) => {
    const verdict = judge(flags as Record<string, string>);
    expect(verdict.verdict).toBe('missing');
    expect(verdict.witness?.lostAt).toContain(why);
    expect(verdict.fix.join()).toContain('cloudsql.enable_pgaudit=on');
  });

  test('classes that are not taken are lost', () => {
    const flags = { ...PGAUDIT, 'pgaudit.log': 'ddl, role' };
    expect(judge(flags, reads).verdict).toBe('missing');
    expect(judge(flags, { events: 'gcp.sql.grants-changed' }).verdict).toBe('unknown');
    const whole = judge(flags);
    expect(whole.verdict).toBe('partial');
    expect(whole.witness?.['request.auditClass']).not.toMatch(/DDL|ROLE/);
    expect(judge({ ...PGAUDIT, 'pgaudit.log': 'all,-read' }, reads).verdict).toBe('missing');
    expect(judge({ ...PGAUDIT, 'pgaudit.log': 'ddl', 'pgaudit.role': 'auditor' }, reads).verdict).toBe('unknown');
    expect(judge({ ...PGAUDIT, 'pgaudit.log': 'something-new' }, reads).verdict).toBe('unknown');
  });

  test('without the Data Access audit log its records are thrown away', () => {
    const none = judge(PGAUDIT, need, { organization: { auditConfigs: [] } });
    expect(none.verdict).toBe('missing');
    expect(none.witness?.lostAt).toContain('Data Access audit configuration');
    const half = judge(PGAUDIT, need, {
      organization: { auditConfigs: [{ service: 'cloudsql.googleapis.com', auditLogConfigs: [{ logType: 'DATA_READ' }] }] },
    });
    expect(half.verdict).toBe('unknown');
    expect(callsIn(half)).toContain('log type of audited statements');
  });

  test('another engine has no such log, and a service that is off has no instance', () => {
    expect(verdictOf(estate([sql(instance('MYSQL_8_0'))]), need, CARDS).verdict).toBe('not-applicable');
    const off = verdictOf(estate([gcpRefused(PROJECT, SQL, { project: PROJECT }, OFF)]), need);
    expect(off.verdict).toBe('not-applicable');
    expect(off.because).toContain('switched off');
  });

  test('a list that was refused, that broke off, or in which a region is missing leaves it open', () => {
    const refused = verdictOf(estate([gcpRefused(PROJECT, SQL, { project: PROJECT })]), need);
    expect(refused.verdict).toBe('unknown');
    expect(refused.unknowns[0]).toMatchObject({ permission: 'cloudsql.instances.list', code: 'PERMISSION_DENIED' });
    const half = list(SQL, { project: PROJECT }, { items: [], warnings: [{ code: 'REGION_UNREACHABLE', region: 'asia-east1' }] });
    expect(verdictOf(estate([half]), need).unknowns[0]).toMatchObject({ code: 'UNREACHABLE', on: expect.stringContaining('asia-east1') });
    expect(verdictOf(estate([]), need).unknowns[0]).toMatchObject({ code: 'NotAsked' });
  });
});

describe('Cloud SQL for MySQL', () => {
  const need = { source: 'gcp.cloudsql.mysql' };
  const judge = (flags: Record<string, string>, change = {}) => verdictOf(estate([sql(instance('MYSQL_8_0', flags))], change), need, CARDS);

  test('on: the rules in the database stay a question', () => {
    for (const value of ['ON', 'on', 'FORCE', 'FORCE_PLUS_PERMANENT']) {
      const verdict = judge({ cloudsql_mysql_audit: value });
      expect(verdict.verdict).toBe('unknown');
      expect(callsIn(verdict)).toEqual(['mysql.cloudsql_list_audit_rule']);
    }
  });

  test('off, or with no audit configuration: missing', () => {
    expect(judge({}).verdict).toBe('missing');
    expect(judge({ cloudsql_mysql_audit: 'OFF' }).fix.join()).toContain('cloudsql_mysql_audit=ON');
    expect(judge({ cloudsql_mysql_audit: 'ON' }, { organization: { auditConfigs: [] } }).verdict).toBe('missing');
  });
});

describe('Cloud SQL for SQL Server', () => {
  const need = { source: 'gcp.cloudsql.sqlserver' };
  const audit = (bucket: string) =>
    sql(instance('SQLSERVER_2022_STANDARD', {}, { sqlServerAuditConfig: { bucket, uploadInterval: '1200s' } }));
  const files = (records: readonly EvidenceRecord[], asked: Record<string, unknown> = need) => verdictOf(estate(records), asked, CARDS);
  const bucket = (role: string) => [
    list(
      'storage:buckets.get',
      { bucket: 'audit-files' },
      { name: 'audit-files', projectNumber: NUMBER, lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 20 } }] } },
    ),
    list(
      'storage:buckets.getIamPolicy',
      { bucket: 'audit-files' },
      { bindings: [{ role, members: ['serviceAccount:p1-x@gcp-sa-cloud-sql.iam.gserviceaccount.com'] }] },
    ),
  ];

  test('a bucket: the specifications in the database stay a question, and its lifecycle is not', () => {
    const verdict = files([audit('gs://audit-files/cards'), ...bucket('roles/storage.objectAdmin')], { ...need, retain: '365d' });
    expect(verdict.collection).toBe('unknown');
    expect(verdict.retention).toMatchObject({ verdict: 'missing', requiredDays: 365 });
    expect(verdict.verdict).not.toBe('covered');
  });

  test('no bucket, or one that lets nobody in: missing', () => {
    expect(files([audit('')]).witness?.lostAt).toContain('no bucket for audit files of cards is set');
    const refused = files([audit('gs://audit-files'), ...bucket('roles/storage.objectViewer')]);
    expect(refused.verdict).toBe('missing');
    expect(refused.witness?.lostAt).toContain('does not let the writer identity');
  });

  test('never through Cloud Logging: a log bucket never has it', () => {
    const verdict = files([audit('gs://audit-files'), ...bucket('roles/storage.objectAdmin')], { ...need, reach: 'log-bucket' });
    expect(verdict.verdict).toBe('missing');
  });
});

// ---- GKE

const GKE = 'container:projects.locations.clusters.list';
const gkeArgs = { parent: `projects/${PROJECT}/locations/-` };
const clusters = (...some: unknown[]) => list(GKE, gkeArgs, { clusters: some });
const cluster = (more: Record<string, unknown> = {}) => ({
  name: 'payments',
  location: 'europe-west1',
  selfLink: `https://container.googleapis.com/v1/projects/${PROJECT}/locations/europe-west1/clusters/payments`,
  nodeConfig: { serviceAccount: 'default' },
  ...more,
});
const enabled = (...enableComponents: string[]) => ({ loggingConfig: { componentConfig: { enableComponents } } });
const PAYMENTS = {
  type: 'gcp.gke.cluster',
  resource: `//container.googleapis.com/projects/${PROJECT}/locations/europe-west1/clusters/payments`,
};

describe('GKE, changes', () => {
  const exec = { events: 'k8s.gke.exec' };
  const judge = (need: Record<string, unknown>, change = {}, logs: Record<string, unknown> = { loggingService: 'none' }) =>
    verdictOf(estate([clusters(cluster(logs))], change), need, PAYMENTS);

  test('are covered whatever the cluster logs of its components', () => {
    expect(judge(exec).verdict).toBe('covered');
    expect(judge({ events: 'k8s.gke.roles-bound', retain: '400d' }).verdict).toBe('covered');
    expect(judge({ source: 'k8s.gke.audit.admin' }).verdict).toBe('covered');
  });

  test('a filter on the names of methods loses what has them, and nothing else', () => {
    const sink = { exclusions: [{ name: 'noise', filter: 'protoPayload.methodName:"pods.exec"' }] };
    const standard = { disabled: true };
    const lost = judge({ ...exec, reach: 'audit' }, { sink, project: { standard } });
    expect(lost.verdict).toBe('partial');
    expect(lost.witness).toMatchObject({
      verb: 'create',
      'objectRef.subresource': 'exec',
      methodName: expect.stringMatching(/pods\.exec\.create$/),
    });
    expect(judge({ events: 'k8s.gke.roles-bound', reach: 'audit' }, { sink, project: { standard } }).verdict).toBe('covered');
    const leases = { exclusions: [{ name: 'noise', filter: 'protoPayload.methodName=~"leases\\."' }] };
    expect(judge({ ...exec, reach: 'audit' }, { sink: leases, project: { standard } }).verdict).toBe('covered');
  });
});

describe('GKE, reads', () => {
  const secrets = { events: 'k8s.gke.secrets-read' };
  const judge = (auditConfigs: unknown[], need: Record<string, unknown> = secrets) =>
    verdictOf(estate([clusters(cluster())], { organization: { auditConfigs } }), need, PAYMENTS);
  const container = (...auditLogConfigs: unknown[]) => [{ service: 'container.googleapis.com', auditLogConfigs }];

  test('are those of the audit configuration of container.googleapis.com, or of all services', () => {
    expect(judge([{ service: 'allServices', auditLogConfigs: EVERY_TYPE }]).verdict).toBe('covered');
    expect(judge(container(...EVERY_TYPE)).verdict).toBe('covered');
    const none = judge([]);
    expect(none.verdict).toBe('missing');
    expect(none.fix.join()).toContain('container.googleapis.com');
  });

  test('one log type of two that reads may be of leaves them open; what is known to be of another is lost', () => {
    const half = judge(container({ logType: 'DATA_READ' }));
    expect(half.verdict).toBe('unknown');
    expect(callsIn(half)).toContain('log type of requests to GKE');
    const lines = { source: 'k8s.gke.audit.data', where: { verb: 'get', 'objectRef.resource': 'pods', 'objectRef.subresource': 'log' } };
    expect(judge(container({ logType: 'DATA_READ' }), lines).verdict).toBe('covered');
    expect(judge(container({ logType: 'ADMIN_READ' }), lines).verdict).toBe('missing');
    const status = { source: 'k8s.gke.audit.data', where: { verb: 'patch' } };
    expect(judge(container({ logType: 'DATA_READ' }), status).verdict).toBe('missing');
    expect(judge(container({ logType: 'DATA_WRITE' }), status).verdict).toBe('covered');
  });

  test('who is exempt is lost by either name', () => {
    const exempt = container(...EVERY_TYPE.map((one) => ({ ...one, exemptedMembers: ['user:eve@example.com'] })));
    const by = (name: string) => ({ ...secrets, where: { 'user.username': name } });
    expect(judge(exempt).verdict).toBe('partial');
    expect(judge(exempt).witness).toMatchObject({ principalEmail: 'eve@example.com', 'user.username': 'eve@example.com' });
    expect(judge(exempt, by('eve@example.com')).verdict).toBe('missing');
    expect(judge(exempt, by('ann@example.com')).verdict).toBe('covered');
  });
});

describe('GKE, components', () => {
  const need = (component?: string) => ({ source: 'k8s.gke.components', ...(component ? { where: { component } } : {}) });
  const judge = (logs: Record<string, unknown>, asked: Record<string, unknown> = need(), change = {}) =>
    verdictOf(estate([clusters(cluster(logs))], change), asked, PAYMENTS);

  test('those that are enabled are covered, the others lost', () => {
    const some = enabled('SYSTEM_COMPONENTS', 'WORKLOADS');
    expect(judge(some, need('WORKLOADS')).verdict).toBe('covered');
    expect(judge(some, need('APISERVER')).verdict).toBe('missing');
    expect(judge(some).verdict).toBe('partial');
    expect(judge(some, need('APISERVER')).fix.join()).toContain('--logging=SYSTEM,WORKLOAD,API_SERVER');
    expect(judge(enabled('SYSTEM_COMPONENTS', 'APISERVER'), need('APISERVER')).verdict).toBe('covered');
    expect(judge({ loggingConfig: { componentConfig: { enableComponents: [1, 2] } } }, need('WORKLOADS')).verdict).toBe('covered');
  });

  test('an empty list, and none, are all off; older answers tell by the service', () => {
    for (const off of [enabled(), { loggingConfig: { componentConfig: {} } }, { loggingService: 'none' }]) {
      expect(judge(off).verdict).toBe('missing');
      expect(judge(off).witness?.lostAt).toContain('logging of payments is switched off');
    }
    expect(judge({ loggingService: 'logging.googleapis.com/kubernetes' }, need('WORKLOADS')).verdict).toBe('covered');
    expect(judge({ loggingService: 'logging.googleapis.com' }).verdict).toBe('unknown');
    expect(judge({}).verdict).toBe('unknown');
  });

  test('nodes that may not write lose what they log, and the control plane does not', () => {
    const all = enabled('SYSTEM_COMPONENTS', 'WORKLOADS', 'APISERVER');
    const change = { project: { bindings: [] } };
    const lost = judge(all, need('WORKLOADS'), change);
    expect(lost.verdict).toBe('missing');
    expect(lost.witness?.lostAt).toContain(NODES);
    expect(judge(all, need('APISERVER'), change).verdict).toBe('covered');
    const custom = { project: { bindings: [{ role: 'roles/composer.worker', members: [`serviceAccount:${NODES}`] }] } };
    expect(judge(all, need('WORKLOADS'), custom).verdict).toBe('unknown');
    const mixed = {
      ...all,
      nodePools: [{ config: { serviceAccount: 'default' } }, { config: { serviceAccount: `gpu@${PROJECT}.iam.gserviceaccount.com` } }],
    };
    expect(judge(mixed, need('WORKLOADS')).verdict).toBe('unknown');
  });

  test('an exclusion of _Default and a sink with a filter lose them on the way', () => {
    const change = {
      sink: { filter: 'logName:"cloudaudit.googleapis.com"' },
      project: {
        bindings: [{ role: 'roles/editor', members: [`serviceAccount:${NODES}`] }],
        standard: { exclusions: [{ name: 'pods', filter: 'resource.type="k8s_container"' }] },
      },
    };
    expect(judge(enabled('WORKLOADS'), need('WORKLOADS'), change).verdict).toBe('missing');
    expect(judge(enabled('APISERVER'), need('APISERVER'), change).verdict).toBe('covered');
  });

  test('a zone that did not answer, a refusal and a service that is off', () => {
    const partial = list(GKE, gkeArgs, { clusters: [], missingZones: ['europe-west1-b'] });
    expect(verdictOf(estate([partial]), need()).unknowns[0]).toMatchObject({ on: expect.stringContaining('europe-west1-b') });
    expect(verdictOf(estate([gcpRefused(PROJECT, GKE, gkeArgs)]), need()).unknowns[0]?.permission).toBe('container.clusters.list');
    expect(verdictOf(estate([gcpRefused(PROJECT, GKE, gkeArgs, OFF)]), need()).verdict).toBe('not-applicable');
    expect(verdictOf(estate([clusters()]), need()).verdict).toBe('not-applicable');
  });
});

// ---- Storage

describe('usage logs of Cloud Storage', () => {
  const need = { events: 'gcp.storage.public-reads' };
  const BUCKETS = 'storage:buckets.list';
  const args = { project: PROJECT, maxResults: 1000 };
  const VAULT = { type: 'gcp.storage.bucket', resource: '//storage.googleapis.com/card-vault' };
  const logged = list(BUCKETS, args, {
    items: [{ name: 'card-vault', logging: { logBucket: 'usage', logObjectPrefix: 'card-vault' } }, { name: 'other' }],
  });
  const target = (members: string[]) => [
    list('storage:buckets.get', { bucket: 'usage' }, { name: 'usage', projectNumber: NUMBER }),
    list('storage:buckets.getIamPolicy', { bucket: 'usage' }, { bindings: [{ role: 'roles/storage.objectCreator', members }] }),
  ];
  const GROUP = 'group:cloud-storage-analytics@google.com';

  test('on where another bucket is named that lets the writer in', () => {
    expect(verdictOf(estate([logged, ...target([GROUP])]), need, VAULT).verdict).toBe('covered');
    expect(verdictOf(estate([logged, ...target([GROUP])]), { ...need, within: '15m' }, VAULT).verdict).toBe('missing');
    expect(verdictOf(estate([logged, ...target([])]), need, VAULT).verdict).toBe('missing');
    expect(verdictOf(estate([logged]), need, VAULT).verdict).toBe('unknown');
  });

  test('off where none is, partial over both, open where the list was refused', () => {
    const other = { ...VAULT, resource: '//storage.googleapis.com/other' };
    const off = verdictOf(estate([logged, ...target([GROUP])]), need, other);
    expect(off.verdict).toBe('missing');
    expect(off.fix.join()).toContain('--log-bucket=');
    expect(verdictOf(estate([logged, ...target([GROUP])]), need).verdict).toBe('partial');
    expect(verdictOf(estate([gcpRefused(PROJECT, BUCKETS, args)]), need).unknowns[0]?.permission).toBe('storage.buckets.list');
  });
});

// ---- Machines

describe('agents on machines', () => {
  const need = { source: 'gcp.vm.opsagent' };
  const WEB = {
    type: 'gcp.compute.instance',
    resource: `//compute.googleapis.com/projects/${PROJECT}/zones/europe-west1-b/instances/web-1`,
  };
  const machines = (more: Record<string, unknown> = {}) =>
    list(
      'compute:instances.aggregatedList',
      { project: PROJECT, returnPartialSuccess: true },
      {
        items: {
          'zones/europe-west1-b': {
            instances: [
              {
                id: '4111',
                name: 'web-1',
                zone: `https://www.googleapis.com/compute/v1/projects/${PROJECT}/zones/europe-west1-b`,
                ...more,
              },
            ],
          },
          'zones/us-east1-b': { warning: { code: 'NO_RESULTS_ON_PAGE' } },
        },
      },
    );
  const inventory = (...packages: string[]) =>
    list(
      'osconfig:projects.locations.instances.inventories.list',
      { parent: `projects/${PROJECT}/locations/europe-west1-b/instances/-`, view: 'FULL' },
      {
        inventories: [
          {
            name: `projects/${NUMBER}/locations/europe-west1-b/instances/4111/inventory`,
            items: Object.fromEntries(packages.map((packageName) => [packageName, { installedPackage: { aptPackage: { packageName } } }])),
          },
        ],
      },
    );
  const judge = (...records: EvidenceRecord[]) => verdictOf(estate(records), need, WEB);

  test('an agent that is installed may send: its configuration is on the machine', () => {
    const verdict = judge(machines(), inventory('bash', 'google-cloud-ops-agent'));
    expect(verdict.verdict).toBe('unknown');
    expect(callsIn(verdict)).toEqual(['configuration of the Ops Agent']);
    expect(judge(machines(), inventory('bash', 'google-fluentd')).verdict).toBe('unknown');
  });

  test('no agent: missing; no inventory: open', () => {
    expect(judge(machines(), inventory('bash')).verdict).toBe('missing');
    expect(judge(machines(), inventory('bash')).witness?.lostAt).toContain('no agent that sends logs is installed on web-1');
    expect(judge(machines(), inventory()).verdict).toBe('unknown');
    expect(judge(machines()).unknowns[0]).toMatchObject({ permission: 'osconfig.inventories.list', code: 'NotAsked' });
  });

  test('where its uptime is in the evidence, that tells', () => {
    const uptime = (instance_id: string) =>
      list(
        'monitoring:projects.timeSeries.list',
        { name: `projects/${PROJECT}`, filter: 'metric.type="agent.googleapis.com/agent/uptime"' },
        {
          timeSeries: [
            {
              metric: { type: 'agent.googleapis.com/agent/uptime' },
              resource: { labels: { instance_id } },
              points: [{ interval: { endTime: '2026-11-21T11:50:00Z' } }],
            },
          ],
        },
      );
    expect(judge(machines(), uptime('4111')).verdict).toBe('unknown');
    expect(judge(machines(), uptime('9')).verdict).toBe('missing');
    expect(judge(machines({ status: 'TERMINATED' }), uptime('9')).verdict).toBe('unknown');
  });

  test('nodes of a cluster, and machines that log by metadata', () => {
    expect(judge(machines({ labels: { 'goog-k8s-cluster-name': 'payments' } })).verdict).toBe('not-applicable');
    const metadata = { items: [{ key: 'google-logging-enabled', value: 'true' }] };
    expect(judge(machines({ metadata }), inventory('bash')).verdict).toBe('unknown');
  });
});

// ---- Serverless

describe('Cloud Run', () => {
  const need = { events: 'gcp.cloudrun.requests' };
  const SERVICES = 'run:projects.locations.services.list';
  const parent = { parent: `projects/${PROJECT}/locations/-` };
  const rest = [
    gcpRefused(PROJECT, 'cloudfunctions:projects.locations.functions.list', parent, OFF),
    gcpRefused(PROJECT, 'appengine:apps.services.list', { appsId: PROJECT }, 'NOT_FOUND'),
  ];
  const services = list(SERVICES, parent, {
    items: [{ metadata: { name: 'checkout', labels: { 'cloud.googleapis.com/location': 'europe-west1' } } }],
  });
  const CHECKOUT = {
    type: 'gcp.cloudrun.service',
    resource: `//run.googleapis.com/projects/${PROJECT}/locations/europe-west1/services/checkout`,
  };

  test('is always on; what _Default excludes is lost unless a sink takes it', () => {
    expect(verdictOf(estate([services, ...rest]), need, CHECKOUT).verdict).toBe('covered');
    const standard = { exclusions: [{ name: 'cost', filter: 'LOG_ID("run.googleapis.com/requests")' }] };
    const change = { sink: { filter: 'logName:"cloudaudit.googleapis.com"' }, project: { standard } };
    expect(verdictOf(estate([services, ...rest], change), need, CHECKOUT).verdict).toBe('missing');
    expect(verdictOf(estate([services, ...rest], change), { events: 'gcp.cloudrun.output' }, CHECKOUT).verdict).toBe('covered');
  });

  test('no service is nothing to log, a refusal is a question', () => {
    expect(verdictOf(estate([list(SERVICES, parent, {}), ...rest]), need).verdict).toBe('not-applicable');
    expect(verdictOf(estate([gcpRefused(PROJECT, SERVICES, parent), ...rest]), need).unknowns[0]?.permission).toBe('run.services.list');
    const far = list(SERVICES, parent, { items: [], unreachable: ['asia-east1'] });
    expect(verdictOf(estate([far, ...rest]), need).verdict).toBe('unknown');
  });

  test('functions of the first generation and App Engine', () => {
    const functions = list('cloudfunctions:projects.locations.functions.list', parent, {
      functions: [
        { name: `projects/${PROJECT}/locations/europe-west1/functions/old`, environment: 'GEN_1' },
        { name: `projects/${PROJECT}/locations/europe-west1/functions/new`, environment: 'GEN_2' },
      ],
    });
    const app = list('appengine:apps.services.list', { appsId: PROJECT }, { services: [{ id: 'default' }] });
    const verdict = verdictOf(estate([list(SERVICES, parent, {}), functions, app]), { source: 'gcp.cloudrun' });
    expect(verdict.verdict).toBe('covered');
    expect(verdict.places.length).toBeGreaterThan(0);
  });
});

// ---- Access by the provider

describe('Access Approval', () => {
  const need = { source: 'gcp.access_approval' };
  const settings = (account: string, body: unknown) => {
    const container = account.includes('/') ? account : `projects/${account}`;
    return gcp(
      account,
      `accessapproval:${container.split('/')[0]}.getAccessApprovalSettings`,
      { name: `${container}/accessApprovalSettings` },
      body,
    );
  };
  const none = (account: string) => {
    const { body: _, ...record } = settings(account, {});
    return { ...record, error: { code: 'NOT_FOUND', message: '', status: 404 } } as EvidenceRecord;
  };
  const judge = (...records: EvidenceRecord[]): Verdict => verdictOf(estate(records), need).verdict;

  test('enrolled itself, by an ancestor, in part, or not', () => {
    expect(judge(settings(PROJECT, { enrolledServices: [{ cloudProduct: 'all' }] }), none(ORGANIZATION))).toBe('covered');
    expect(
      judge(settings(PROJECT, { enrolledAncestor: true }), settings(ORGANIZATION, { enrolledServices: [{ cloudProduct: 'all' }] })),
    ).toBe('covered');
    expect(judge(settings(PROJECT, { enrolledServices: [{ cloudProduct: 'storage.googleapis.com' }] }), none(ORGANIZATION))).toBe(
      'partial',
    );
    expect(judge(none(PROJECT), none(ORGANIZATION))).toBe('missing');
    expect(judge(settings(PROJECT, {}))).toBe('missing');
  });

  test('what was refused stays open, unless the answer of the project says that no ancestor enrols', () => {
    expect(judge(settings(PROJECT, { enrolledAncestor: true }))).toBe('unknown');
    expect(judge(none(PROJECT))).toBe('unknown');
    expect(judge()).toBe('unknown');
    const refused = gcpRefused(PROJECT, 'accessapproval:projects.getAccessApprovalSettings', {
      name: `projects/${PROJECT}/accessApprovalSettings`,
    });
    expect(verdictOf(estate([refused, none(ORGANIZATION)]), need).unknowns[0]?.permission).toBe('accessapproval.settings.get');
  });
});

describe('Access Transparency', () => {
  const need = { source: 'gcp.access_transparency' };
  const logs = (account: string, ...names: string[]) => {
    const parent = account.includes('/') ? account : `projects/${account}`;
    return gcp(
      account,
      `logging:${parent.split('/')[0]}.logs.list`,
      { parent, pageSize: 1000 },
      { logNames: names.map((name) => `${parent}/logs/${name}`) },
    );
  };
  const AXT = 'cloudaudit.googleapis.com%2Faccess_transparency';

  test('is on where its log is there, anywhere in the organization; its absence says nothing', () => {
    expect(verdictOf(estate([logs(PROJECT, AXT)]), need).verdict).toBe('covered');
    expect(verdictOf(estate([logs(ORGANIZATION, AXT)]), need).verdict).toBe('covered');
    expect(verdictOf(estate([logs(ORGANIZATION), logs(PROJECT, 'syslog')]), need).verdict).toBe('unknown');
  });
});

// ---- Findings

describe('findings of Security Command Center', () => {
  const AT = { account: ORGANIZATION };
  const parent = `${ORGANIZATION}/locations/global`;
  const services = (states: Record<string, string>) =>
    gcp(
      ORGANIZATION,
      'securitycentermanagement:organizations.locations.securityCenterServices.list',
      { parent },
      {
        securityCenterServices: Object.entries(states).map(([name, effectiveEnablementState]) => ({
          name: `${parent}/securityCenterServices/${name}`,
          effectiveEnablementState,
        })),
      },
    );
  const ALL = services({ 'event-threat-detection': 'ENABLED', 'security-health-analytics': 'ENABLED' });
  const notifications = (...notificationConfigs: unknown[]) =>
    gcp(ORGANIZATION, 'securitycenter:organizations.locations.notificationConfigs.list', { parent }, { notificationConfigs });
  const exports = (...bigQueryExports: unknown[]) =>
    gcp(ORGANIZATION, 'securitycenter:organizations.locations.bigQueryExports.list', { parent }, { bigQueryExports });
  const SCC = 'service-org-123@gcp-sa-scc-notification.iam.gserviceaccount.com';
  const dataset = [
    list('bigquery:datasets.get', { projectId: PROJECT, datasetId: 'findings' }, { access: [{ role: 'WRITER', userByEmail: SCC }] }),
    list('bigquery:tables.list', { projectId: PROJECT, datasetId: 'findings' }, { tables: [] }),
  ];
  const exported = (filter = '') =>
    exports({ name: `${parent}/bigQueryExports/all`, dataset: `projects/${PROJECT}/datasets/findings`, principal: SCC, filter });
  const high = { source: 'gcp.scc.findings', where: { severity: 'HIGH' } };
  const weak = { source: 'gcp.scc.findings', where: { findingClass: 'MISCONFIGURATION' } };
  const judge = (need: Record<string, unknown>, ...records: EvidenceRecord[]) => verdictOf(estate([...records, ...dataset]), need, AT);

  test('an export takes what its filter says', () => {
    expect(judge(high, ALL, notifications(), exported()).verdict).toBe('covered');
    const filtered = '(severity="CRITICAL" OR severity="HIGH") AND state="ACTIVE"';
    expect(judge({ ...high, where: { severity: 'HIGH', state: 'ACTIVE' } }, ALL, notifications(), exported(filtered)).verdict).toBe(
      'covered',
    );
    const lost = judge({ ...weak, where: { findingClass: 'MISCONFIGURATION', severity: 'LOW' } }, ALL, notifications(), exported(filtered));
    expect(lost.verdict).toBe('missing');
    expect(judge(weak, ALL, notifications(), exported('resource.parent_display_name : "x"')).verdict).toBe('unknown');
  });

  test('kept in their own view alone they are not collected; threats may be in Cloud Logging', () => {
    expect(judge(weak, ALL, notifications(), exports()).verdict).toBe('missing');
    const threats = judge({ source: 'gcp.scc.findings', where: { findingClass: 'THREAT' } }, ALL, notifications(), exports());
    expect(threats.verdict).toBe('unknown');
    expect(callsIn(threats)).toEqual(['Cloud Logging export of Security Command Center']);
  });

  test('services that are off find nothing', () => {
    const none = services({ 'event-threat-detection': 'DISABLED', 'security-health-analytics': 'DISABLED' });
    expect(judge(high, none, notifications(), exported()).witness?.lostAt).toContain(
      'no service of Security Command Center is switched on',
    );
    const some = services({ 'event-threat-detection': 'DISABLED', 'security-health-analytics': 'ENABLED' });
    const half = judge(high, some, notifications(), exported());
    expect(half.verdict).toBe('partial');
    expect(half.witness?.parentDisplayName).toBe('Event Threat Detection');
  });

  test('refused lists leave it open', () => {
    const refused = (call: string) => gcpRefused(ORGANIZATION, `securitycenter:organizations.locations.${call}`, { parent });
    expect(judge(weak, ALL, refused('notificationConfigs.list'), exports()).unknowns[0]?.permission).toBe(
      'securitycenter.notificationconfig.list',
    );
    expect(judge(weak, notifications(), exported()).verdict).toBe('unknown');
  });
});

// ---- Apigee and Workspace

describe('Apigee', () => {
  const need = { source: 'gcp.apigee' };
  const LIST = 'apigee:organizations.deployments.list';
  const args = { parent: `organizations/${PROJECT}` };
  const name = `organizations/${PROJECT}/apis/payments/revisions/3`;

  test('is never known to log, and never known not to', () => {
    const records = [
      list(LIST, args, { deployments: [{ environment: 'prod', apiProxy: 'payments', revision: '3' }] }),
      list('apigee:organizations.apis.revisions.get', { name }, { policies: ['verify-key', 'log-request'] }),
    ];
    const verdict = verdictOf(estate(records), need);
    expect(verdict.verdict).toBe('unknown');
    expect(verdict.unknowns[0]).toMatchObject({ call: 'MessageLogging policy', permission: expect.stringContaining('log-request') });
  });

  test('where there is none of it there is nothing to log', () => {
    expect(verdictOf(estate([gcpRefused(PROJECT, LIST, args, OFF)]), need).verdict).toBe('not-applicable');
    expect(verdictOf(estate([gcpRefused(PROJECT, LIST, args, 'NOT_FOUND')]), need).verdict).toBe('not-applicable');
    expect(verdictOf(estate([list(LIST, args, {})]), need).verdict).toBe('not-applicable');
    expect(verdictOf(estate([gcpRefused(PROJECT, LIST, args)]), need).unknowns[0]?.permission).toBe('apigee.deployments.list');
  });
});

describe('Google Workspace', () => {
  const AT = { account: ORGANIZATION };
  const names = (...logNames: string[]) =>
    gcp(ORGANIZATION, 'logging:organizations.logs.list', { parent: ORGANIZATION, pageSize: 1000 }, { logNames });
  const DATA = `${ORGANIZATION}/logs/cloudaudit.googleapis.com%2Fdata_access`;
  const entry = (serviceName: string) =>
    gcp(
      ORGANIZATION,
      'logging:entries.list',
      { resourceNames: [ORGANIZATION] },
      { entries: [{ logName: DATA, protoPayload: { serviceName } }] },
    );

  test('entries of the service prove that its log is shared', () => {
    const need = { events: 'gcp.workspace.signed-in', retain: '365d' };
    expect(verdictOf(estate([names(DATA), entry('login.googleapis.com')]), need, AT).verdict).toBe('covered');
    expect(verdictOf(estate([names(DATA), entry('cloudresourcemanager.googleapis.com')]), need, AT).verdict).toBe('unknown');
    expect(
      verdictOf(estate([names(DATA), entry('login.googleapis.com')]), { events: 'gcp.workspace.admin-rights-given' }, AT).verdict,
    ).toBe('unknown');
  });

  test('names of logs prove nothing, nor does their absence', () => {
    const shown = verdictOf(estate([names(DATA)]), { events: 'gcp.workspace.signed-in' }, AT);
    expect(shown.unknowns).toContainEqual(
      expect.objectContaining({ call: 'sharing options of Google Workspace', code: 'LogNotOfWorkspaceAlone' }),
    );
    const absent = verdictOf(estate([names()]), { events: 'gcp.workspace.signed-in' }, AT);
    expect(absent.verdict).toBe('unknown');
    expect(absent.unknowns).toContainEqual(expect.objectContaining({ code: 'NoEntriesSeen' }));
  });

  test('arrives in the organization: a sink of it that takes its own logs is needed', () => {
    const own = { sink: { filter: 'logName:"cloudaudit.googleapis.com%2Factivity"' }, organization: { standard: { disabled: true } } };
    expect(
      verdictOf(estate([names(DATA), entry('login.googleapis.com')], own), { events: 'gcp.workspace.signed-in', reach: 'log-bucket' }, AT)
        .verdict,
    ).not.toBe('covered');
  });

  test('Drive and Gmail are never shared', () => {
    for (const source of ['gcp.workspace.drive', 'gcp.workspace.gmail']) {
      const verdict = verdictOf(estate([names(DATA), entry('drive.googleapis.com')]), { source }, AT);
      expect(verdict.verdict).toBe('unknown');
      expect(callsIn(verdict)).toContain('readers of the Reports API');
      expect(verdictOf(estate([names(DATA)]), { source, reach: 'log-bucket' }, AT).verdict).toBe('unknown');
    }
  });
});

// ---- Each single impairment

describe('an impairment of what is covered', () => {
  const GROUP = 'group:cloud-storage-analytics@google.com';
  const parent = { parent: `projects/${PROJECT}/locations/-` };
  const AXT = 'cloudaudit.googleapis.com%2Faccess_transparency';
  const services: readonly EvidenceRecord[] = [
    clusters(cluster(enabled('SYSTEM_COMPONENTS', 'WORKLOADS', 'APISERVER'))),
    list('run:projects.locations.services.list', parent, { items: [{ metadata: { name: 'checkout' } }] }),
    list('storage:buckets.list', { project: PROJECT }, { items: [{ name: 'card-vault', logging: { logBucket: 'usage' } }] }),
    list('storage:buckets.get', { bucket: 'usage' }, { name: 'usage', projectNumber: NUMBER }),
    list('storage:buckets.getIamPolicy', { bucket: 'usage' }, { bindings: [{ role: 'roles/storage.objectCreator', members: [GROUP] }] }),
    list(
      'accessapproval:projects.getAccessApprovalSettings',
      { name: `projects/${PROJECT}/accessApprovalSettings` },
      { enrolledServices: [{ cloudProduct: 'all' }] },
    ),
    gcp(ORGANIZATION, 'logging:organizations.logs.list', { parent: ORGANIZATION }, { logNames: [`${ORGANIZATION}/logs/${AXT}`] }),
  ];
  const needs: readonly (readonly [string, Record<string, unknown>, type?: string])[] = [
    ['changes of a cluster', { events: 'k8s.gke.exec', reach: 'audit', retain: '365d' }, 'gcp.gke.cluster'],
    ['reads of a cluster', { events: 'k8s.gke.secrets-read', reach: 'audit', retain: '365d' }, 'gcp.gke.cluster'],
    ['workloads', { source: 'k8s.gke.components', where: { component: 'WORKLOADS' }, reach: 'audit', retain: '365d' }, 'gcp.gke.cluster'],
    ['requests', { events: 'gcp.cloudrun.requests', reach: 'audit', retain: '365d' }],
    ['approvals', { source: 'gcp.access_approval', reach: 'audit', retain: '365d' }],
    ['transparency', { source: 'gcp.access_transparency', reach: 'audit', retain: '365d' }],
    ['usage', { source: 'gcp.storage.usage', retain: '365d' }],
  ];
  const apps = [
    gcpRefused(PROJECT, 'cloudfunctions:projects.locations.functions.list', parent, OFF),
    gcpRefused(PROJECT, 'appengine:apps.services.list', { appsId: PROJECT }, 'NOT_FOUND'),
  ];
  const all = (records: readonly EvidenceRecord[], change: Parameters<typeof estate>[1] = {}) =>
    new Map(needs.map(([name, need]) => [name, verdictOf(estate([...records, ...apps], change), need).verdict]));
  const routed = needs.map(([name]) => name).filter((name) => name !== 'usage');

  test('nothing is impaired', () => {
    expect([...all(services)].filter(([, verdict]) => verdict !== 'covered')).toEqual([]);
  });

  const impairments: readonly (readonly [string, Parameters<typeof estate>[1], readonly string[]])[] = [
    ['a sink that is disabled', { sink: { disabled: true } }, routed],
    ['a sink without includeChildren', { sink: { includeChildren: false } }, routed],
    ['a sink of audit logs alone', { sink: { filter: 'logName:"cloudaudit.googleapis.com"' } }, ['workloads', 'requests']],
    [
      'an exclusion of one kind of resource',
      { sink: { exclusions: [{ name: 'x', filter: 'resource.type="k8s_container"' }] } },
      ['workloads'],
    ],
    [
      'an exclusion of clusters',
      { sink: { exclusions: [{ name: 'x', filter: 'protoPayload.serviceName="k8s.io"' }] } },
      ['changes of a cluster', 'reads of a cluster'],
    ],
    ['no audit configuration', { organization: { auditConfigs: [] } }, ['reads of a cluster']],
    ['a bucket that keeps thirty days', { logs: { buckets: [{ name: 'audit', location: 'eu', retentionDays: 30 }] } }, routed],
    ['a writer that is let in nowhere', { logs: { bindings: [] } }, routed],
    ['nodes that may not write', { project: { bindings: [] } }, ['workloads']],
  ];
  test.each(impairments)('%s', (_, change, hit) => {
    const verdicts = all(services, change);
    expect([...verdicts].filter(([, verdict]) => verdict !== 'covered').map(([name]) => name)).toEqual(
      routed.filter((name) => hit.includes(name)),
    );
  });

  test('each answer refused leaves a question where it was needed, and a gap nowhere', () => {
    for (const record of services) {
      const refused = gcpRefused(record.account as string, `${record.service}:${record.op}`, record.args);
      const verdicts = all(services.map((one) => (one === record ? refused : one)));
      expect(
        [...verdicts].filter(([, verdict]) => verdict !== 'covered' && verdict !== 'unknown'),
        record.op,
      ).toEqual([]);
      expect([...verdicts.values()], record.op).toContain('unknown');
    }
  });
});
