import type { GcpOverride, GcpRequest } from '../../connectors/gcp/replay/server.ts';

/** Lumen Pay on Google Cloud, as Google would answer for it: analytics and the data warehouse, in an organization of one folder and three projects. */

export const ORGANIZATION = 'organizations/481516234200';
const FOLDER = 'folders/730051648200';

type Fields = Record<string, unknown>;

interface Project {
  readonly id: string;
  readonly number: string;
  readonly name: string;
  readonly parent: string;
  /** APIs that are switched on; of all others nothing is set up. */
  readonly services: readonly string[];
}
const EVERYWHERE = ['cloudasset', 'cloudresourcemanager', 'iam', 'logging', 'monitoring', 'serviceusage', 'storage'];
const ANALYTICS: Project = {
  id: 'lumen-analytics',
  number: '481516000011',
  name: 'Analytics',
  parent: FOLDER,
  services: [...EVERYWHERE, 'compute', 'container', 'dns', 'networkmanagement', 'osconfig', 'run', 'sqladmin'],
};
const WAREHOUSE: Project = {
  id: 'lumen-warehouse',
  number: '481516000012',
  name: 'Data warehouse',
  parent: FOLDER,
  services: [...EVERYWHERE, 'bigquery'],
};
const LOGS: Project = {
  id: 'lumen-logs',
  number: '481516000013',
  name: 'Logs',
  parent: ORGANIZATION,
  services: [...EVERYWHERE, 'bigquery', 'cloudkms', 'pubsub'],
};
const projects: readonly Project[] = [ANALYTICS, WAREHOUSE, LOGS];

const body = (fields: Fields): GcpOverride => ({ body: fields });
const error = (code: string, message: string, status: number): GcpOverride => ({ error: { code, message, status } });

// ---- Who may do what

const CENTRAL_WRITER = 'serviceAccount:service-org-481516234200@gcp-sa-logging.iam.gserviceaccount.com';
const WAREHOUSE_WRITER = 'serviceAccount:service-481516000012@gcp-sa-logging.iam.gserviceaccount.com';
const ANALYTICS_WRITER = 'serviceAccount:service-481516000011@gcp-sa-logging.iam.gserviceaccount.com';
/** Where workloads of the cluster send their lines. */
const LINES_BUCKET = 'lumen-workload-lines';
const ADMINS = 'group:platform@lumenpay.example';

const policies: Readonly<Record<string, Fields>> = {
  [ORGANIZATION]: {
    version: 1,
    etag: 'BwYvLumen001=',
    bindings: [{ role: 'roles/resourcemanager.organizationAdmin', members: [ADMINS] }],
    // The nightly loader made most of the entries, so somebody exempted it.
    auditConfigs: [
      {
        service: 'storage.googleapis.com',
        auditLogConfigs: [
          { logType: 'ADMIN_READ' },
          { logType: 'DATA_READ', exemptedMembers: [`serviceAccount:nightly-loader@${WAREHOUSE.id}.iam.gserviceaccount.com`] },
          { logType: 'DATA_WRITE' },
        ],
      },
      { service: 'iam.googleapis.com', auditLogConfigs: [{ logType: 'ADMIN_READ' }, { logType: 'DATA_READ' }] },
    ],
  },
  [FOLDER]: { version: 1, etag: 'BwYvLumen002=', bindings: [] },
  [`projects/${WAREHOUSE.id}`]: {
    version: 1,
    etag: 'BwYvLumen003=',
    bindings: [{ role: 'roles/bigquery.admin', members: ['group:data@lumenpay.example'] }],
  },
  [`projects/${LOGS.id}`]: {
    version: 1,
    etag: 'BwYvLumen004=',
    bindings: [{ role: 'roles/logging.bucketWriter', members: [CENTRAL_WRITER] }],
  },
};

// ---- Sinks and what they lead to

const REQUIRED = ['activity', 'system_event', 'access_transparency']
  .flatMap((log) => [`LOG_ID("cloudaudit.googleapis.com/${log}")`, `LOG_ID("externalaudit.googleapis.com/${log}")`])
  .join(' OR ');
const DEFAULT = REQUIRED.split(' OR ')
  .map((one) => `NOT ${one}`)
  .join(' AND ');
const CREATED = '2024-05-06T09:00:00.000000000Z';

/** The sinks that every project, folder and organization has. */
const standard = (container: string, changes: Fields = {}): Fields[] => [
  { name: '_Required', destination: `logging.googleapis.com/${container}/locations/global/buckets/_Required`, filter: REQUIRED },
  {
    name: '_Default',
    destination: `logging.googleapis.com/${container}/locations/global/buckets/_Default`,
    filter: DEFAULT,
    ...changes,
  },
];
const sink = (container: string, fields: Fields): Fields => ({
  ...fields,
  createTime: CREATED,
  updateTime: CREATED,
  resourceName: `${container}/sinks/${String(fields.name)}`,
});

const EXPORT_TABLES = 'audit_export';
const TOPIC = `projects/${LOGS.id}/topics/siem-feed`;
const SUBSCRIPTION = `projects/${LOGS.id}/subscriptions/siem`;

const sinks: Readonly<Record<string, readonly Fields[]>> = {
  [ORGANIZATION]: [
    ...standard(ORGANIZATION),
    sink(ORGANIZATION, {
      name: 'central',
      destination: `logging.googleapis.com/projects/${LOGS.id}/locations/europe-west1/buckets/central`,
      filter: 'logName:"cloudaudit.googleapis.com"',
      includeChildren: true,
      writerIdentity: CENTRAL_WRITER,
      // It was the preview pane of the console that filled the bucket; whoever pages through a table makes the same call.
      exclusions: [
        {
          name: 'preview-pane',
          description: 'Previews of tables in the console',
          filter:
            'protoPayload.serviceName="bigquery.googleapis.com" AND protoPayload.methodName="google.cloud.bigquery.v2.TableDataService.List"',
          createTime: CREATED,
          updateTime: CREATED,
        },
      ],
    }),
  ],
  [FOLDER]: standard(FOLDER),
  [`projects/${ANALYTICS.id}`]: [
    ...standard(`projects/${ANALYTICS.id}`),
    sink(`projects/${ANALYTICS.id}`, {
      name: 'workloads',
      destination: `storage.googleapis.com/${LINES_BUCKET}`,
      filter: 'resource.type="k8s_container" AND NOT resource.labels.namespace_name="kube-system"',
      writerIdentity: ANALYTICS_WRITER,
    }),
  ],
  [`projects/${WAREHOUSE.id}`]: [
    ...standard(`projects/${WAREHOUSE.id}`, { disabled: true }),
    sink(`projects/${WAREHOUSE.id}`, {
      name: 'jobs',
      destination: `bigquery.googleapis.com/projects/${LOGS.id}/datasets/${EXPORT_TABLES}`,
      filter: 'protoPayload.serviceName="bigquery.googleapis.com" AND protoPayload.methodName:"JobService"',
      bigqueryOptions: { usePartitionedTables: true, usesTimestampColumnPartitioning: true },
      writerIdentity: WAREHOUSE_WRITER,
    }),
    sink(`projects/${WAREHOUSE.id}`, {
      name: 'alerts',
      destination: `pubsub.googleapis.com/${TOPIC}`,
      filter: 'LOG_ID("cloudaudit.googleapis.com/activity")',
      writerIdentity: WAREHOUSE_WRITER,
    }),
  ],
  [`projects/${LOGS.id}`]: standard(`projects/${LOGS.id}`),
};

const bucket = (container: string, location: string, name: string, fields: Fields): Fields => ({
  name: `${container}/locations/${location}/buckets/${name}`,
  lifecycleState: 'ACTIVE',
  ...fields,
});
const standardBuckets = (container: string): Fields[] => [
  bucket(container, 'global', '_Required', { description: 'Audit bucket', retentionDays: 400, locked: true }),
  bucket(container, 'global', '_Default', { description: 'Default bucket', retentionDays: 30 }),
];
const CENTRAL = `projects/${LOGS.id}/locations/europe-west1/buckets/central`;
const KEY = `projects/${LOGS.id}/locations/europe-west1/keyRings/logs/cryptoKeys/central`;
const logBuckets = (container: string): Fields[] => [
  ...standardBuckets(container),
  ...(container === `projects/${LOGS.id}`
    ? [
        bucket(container, 'europe-west1', 'central', {
          description: 'Audit logs of the organization',
          retentionDays: 400,
          locked: true,
          analyticsEnabled: true,
          cmekSettings: {
            name: `${CENTRAL}/cmekSettings`,
            kmsKeyName: KEY,
            kmsKeyVersionName: `${KEY}/cryptoKeyVersions/1`,
            serviceAccountId: `cmek-p${LOGS.number}@gcp-sa-logging.iam.gserviceaccount.com`,
          },
        }),
      ]
    : []),
];

// ---- What makes logs

const NETWORK = `https://www.googleapis.com/compute/v1/projects/${ANALYTICS.id}/global/networks/analytics`;
const REGION = `https://www.googleapis.com/compute/v1/projects/${ANALYTICS.id}/regions/europe-west1`;
const SUBNET = `${REGION}/subnetworks/notebooks`;
const subnet: Fields = {
  kind: 'compute#subnetwork',
  id: '7300516482001',
  creationTimestamp: '2024-05-06T02:00:00.000-07:00',
  name: 'notebooks',
  network: NETWORK,
  ipCidrRange: '10.40.0.0/20',
  gatewayAddress: '10.40.0.1',
  region: REGION,
  selfLink: SUBNET,
  privateIpGoogleAccess: true,
  purpose: 'PRIVATE',
  stackType: 'IPV4_ONLY',
  enableFlowLogs: true,
  logConfig: { enable: true, aggregationInterval: 'INTERVAL_5_SEC', flowSampling: 0.5, metadata: 'INCLUDE_ALL_METADATA' },
};
const network: Fields = {
  kind: 'compute#network',
  id: '7300516482002',
  creationTimestamp: '2024-05-06T01:59:00.000-07:00',
  name: 'analytics',
  selfLink: NETWORK,
  autoCreateSubnetworks: false,
  subnetworks: [SUBNET],
  routingConfig: { routingMode: 'REGIONAL' },
  networkFirewallPolicyEnforcementOrder: 'AFTER_CLASSIC_FIREWALL',
};
const MACHINE = '7300516482003';
const machine: Fields = {
  kind: 'compute#instance',
  id: MACHINE,
  creationTimestamp: '2025-02-03T01:20:00.000-08:00',
  name: 'notebook-7',
  zone: `${REGION.replace('regions', 'zones')}-b`,
  machineType: `${REGION.replace('regions', 'zones')}-b/machineTypes/n2-standard-4`,
  status: 'RUNNING',
  networkInterfaces: [{ kind: 'compute#networkInterface', name: 'nic0', network: NETWORK, subnetwork: SUBNET, networkIP: '10.40.0.9' }],
  labels: { team: 'analytics' },
  selfLink: `${REGION.replace('regions', 'zones')}-b/instances/notebook-7`,
};
const inventory: Fields = {
  name: `projects/${ANALYTICS.number}/locations/europe-west1-b/instances/${MACHINE}/inventory`,
  osInfo: {
    hostname: 'notebook-7',
    longName: 'Debian GNU/Linux 12 (bookworm)',
    shortName: 'debian',
    version: '12',
    architecture: 'x86_64',
  },
  items: {
    'installedPackage-google-cloud-ops-agent:amd64:2.58.0': {
      id: 'installedPackage-google-cloud-ops-agent:amd64:2.58.0',
      originType: 'INVENTORY_REPORT',
      type: 'INSTALLED_PACKAGE',
      installedPackage: { aptPackage: { packageName: 'google-cloud-ops-agent', architecture: 'x86_64', version: '2.58.0~debian12' } },
    },
  },
  updateTime: '2026-11-21T11:40:00Z',
};
const cluster: Fields = {
  name: 'features',
  location: 'europe-west1',
  selfLink: `https://container.googleapis.com/v1/projects/${ANALYTICS.id}/locations/europe-west1/clusters/features`,
  status: 'RUNNING',
  currentMasterVersion: '1.33.4-gke.1350000',
  network: 'analytics',
  subnetwork: 'notebooks',
  loggingService: 'logging.googleapis.com/kubernetes',
  loggingConfig: { componentConfig: { enableComponents: ['SYSTEM_COMPONENTS', 'WORKLOADS'] } },
  monitoringService: 'monitoring.googleapis.com/kubernetes',
  autopilot: {},
  networkConfig: { network: 'projects/lumen-analytics/global/networks/analytics', datapathProvider: 'ADVANCED_DATAPATH' },
  createTime: '2024-05-07T08:00:00+00:00',
};
const instance: Fields = {
  kind: 'sql#instance',
  name: 'features',
  project: ANALYTICS.id,
  region: 'europe-west1',
  connectionName: `${ANALYTICS.id}:europe-west1:features`,
  databaseVersion: 'POSTGRES_17',
  backendType: 'SECOND_GEN',
  instanceType: 'CLOUD_SQL_INSTANCE',
  state: 'RUNNABLE',
  gceZone: 'europe-west1-b',
  selfLink: `https://sqladmin.googleapis.com/sql/v1beta4/projects/${ANALYTICS.id}/instances/features`,
  settings: {
    kind: 'sql#settings',
    tier: 'db-custom-2-7680',
    activationPolicy: 'ALWAYS',
    // pgAudit is loaded, and told to log nothing.
    databaseFlags: [{ name: 'cloudsql.enable_pgaudit', value: 'on' }],
  },
};

const buckets: readonly Fields[] = [
  {
    kind: 'storage#bucket',
    id: 'lumen-settlements',
    name: 'lumen-settlements',
    projectNumber: WAREHOUSE.number,
    location: 'EUROPE-WEST1',
    storageClass: 'STANDARD',
    timeCreated: '2024-05-06T09:30:00.000Z',
    iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
  },
  {
    kind: 'storage#bucket',
    id: 'lumen-notebooks',
    name: 'lumen-notebooks',
    projectNumber: ANALYTICS.number,
    location: 'EUROPE-WEST1',
    storageClass: 'STANDARD',
    timeCreated: '2024-05-06T09:31:00.000Z',
    iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
  },
  {
    kind: 'storage#bucket',
    id: LINES_BUCKET,
    name: LINES_BUCKET,
    projectNumber: LOGS.number,
    location: 'EUROPE-WEST1',
    storageClass: 'STANDARD',
    timeCreated: '2024-05-07T08:10:00.000Z',
    lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 45 } }] },
    iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
  },
];

const bucketPolicies: Readonly<Record<string, Fields>> = {
  [LINES_BUCKET]: {
    kind: 'storage#policy',
    resourceId: `projects/_/buckets/${LINES_BUCKET}`,
    version: 1,
    etag: 'CAE=',
    bindings: [{ role: 'roles/storage.objectCreator', members: [ANALYTICS_WRITER] }],
  },
};

// ---- What Google says

/** The project, folder or organization that a request is about. App Engine and Apigee have names of their own for projects. */
function containerOf({ service, args }: GcpRequest): string {
  if (service === 'apigee')
    return String(args.parent ?? args.name)
      .replace('organizations/', 'projects/')
      .split('/')
      .slice(0, 2)
      .join('/');
  if (args.appsId !== undefined) return `projects/${String(args.appsId)}`;
  for (const value of [args.parent, args.resource, args.name, args.scope, args.topic, args.sinkName]) {
    const [found] = /^(projects|folders|organizations)\/[^/]+/.exec(String(value ?? '')) ?? [];
    if (found !== undefined) return found;
  }
  const id = args.project ?? args.projectId;
  return id === undefined ? '' : `projects/${String(id).replace(/^projects\//, '')}`;
}

const isIn = (request: GcpRequest, project: Project): boolean => containerOf(request) === `projects/${project.id}`;

const answers: Readonly<Record<string, (request: GcpRequest) => GcpOverride | undefined>> = {
  'cloudasset:searchAllResources': () =>
    body({
      results: [
        {
          name: `//cloudresourcemanager.googleapis.com/${FOLDER}`,
          assetType: 'cloudresourcemanager.googleapis.com/Folder',
          folders: [FOLDER],
          organization: ORGANIZATION,
          displayName: 'Data',
          location: 'global',
          state: 'ACTIVE',
          parentFullResourceName: `//cloudresourcemanager.googleapis.com/${ORGANIZATION}`,
          parentAssetType: 'cloudresourcemanager.googleapis.com/Organization',
        },
        ...projects.map((one) => ({
          name: `//cloudresourcemanager.googleapis.com/projects/${one.id}`,
          assetType: 'cloudresourcemanager.googleapis.com/Project',
          project: `projects/${one.number}`,
          folders: one.parent === FOLDER ? [FOLDER] : [],
          organization: ORGANIZATION,
          displayName: one.name,
          location: 'global',
          state: 'ACTIVE',
          additionalAttributes: { projectId: one.id },
          parentFullResourceName: `//cloudresourcemanager.googleapis.com/${one.parent}`,
        })),
      ],
    }),
  'cloudresourcemanager:organizations.get': () =>
    body({ name: ORGANIZATION, displayName: 'lumenpay.example', directoryCustomerId: 'C01lumen0', state: 'ACTIVE', createTime: CREATED }),
  ...Object.fromEntries(
    ['projects', 'folders', 'organizations'].flatMap((kind) => [
      [
        `cloudresourcemanager:${kind}.getIamPolicy`,
        (request: GcpRequest) => {
          const policy = policies[containerOf(request)];
          return policy ? body(policy) : error('PERMISSION_DENIED', 'The caller does not have permission', 403);
        },
      ],
      [`logging:${kind}.sinks.list`, (request: GcpRequest) => body({ sinks: sinks[containerOf(request)] ?? [] })],
      [
        `logging:${kind}.getSettings`,
        (request: GcpRequest) => {
          const container = containerOf(request);
          const account = `service-${container === ORGANIZATION ? 'org-' : container === FOLDER ? 'folder-' : ''}${container.split('/')[1]}`;
          return body({
            name: `${container}/settings`,
            kmsServiceAccountId: `cmek-${container.split('/')[1]}@gcp-sa-logging.iam.gserviceaccount.com`,
            loggingServiceAccountId: `${account}@gcp-sa-logging.iam.gserviceaccount.com`,
          });
        },
      ],
      [`logging:${kind}.locations.buckets.list`, (request: GcpRequest) => body({ buckets: logBuckets(containerOf(request)) })],
    ]),
  ),

  'logging:projects.locations.buckets.views.list': ({ args }) =>
    args.parent === CENTRAL
      ? body({
          views: [
            { name: `${CENTRAL}/views/_AllLogs`, description: 'View of all logs in the bucket', createTime: CREATED, updateTime: CREATED },
            {
              name: `${CENTRAL}/views/auditors`,
              filter: 'LOG_ID("cloudaudit.googleapis.com/activity")',
              createTime: CREATED,
              updateTime: CREATED,
            },
          ],
        })
      : undefined,
  'cloudkms:projects.locations.keyRings.cryptoKeys.get': ({ args }) =>
    args.name === KEY
      ? body({
          name: KEY,
          primary: {
            name: `${KEY}/cryptoKeyVersions/1`,
            state: 'ENABLED',
            algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
            protectionLevel: 'HSM',
          },
          purpose: 'ENCRYPT_DECRYPT',
          createTime: CREATED,
        })
      : undefined,
  'bigquery:datasets.get': ({ args }) =>
    args.projectId === LOGS.id && args.datasetId === EXPORT_TABLES
      ? body({
          kind: 'bigquery#dataset',
          id: `${LOGS.id}:${EXPORT_TABLES}`,
          datasetReference: { datasetId: EXPORT_TABLES, projectId: LOGS.id },
          location: 'europe-west1',
          creationTime: '1714986000000',
          defaultTableExpirationMs: '5184000000',
          defaultPartitionExpirationMs: '5184000000',
          access: [
            { role: 'WRITER', userByEmail: WAREHOUSE_WRITER.replace('serviceAccount:', '') },
            { role: 'OWNER', groupByEmail: 'platform@lumenpay.example' },
          ],
        })
      : undefined,
  'bigquery:tables.list': ({ args }) =>
    args.projectId === LOGS.id && args.datasetId === EXPORT_TABLES
      ? body({
          kind: 'bigquery#tableList',
          totalItems: 1,
          tables: [
            {
              kind: 'bigquery#table',
              id: `${LOGS.id}:${EXPORT_TABLES}.cloudaudit_googleapis_com_data_access`,
              tableReference: { projectId: LOGS.id, datasetId: EXPORT_TABLES, tableId: 'cloudaudit_googleapis_com_data_access' },
              type: 'TABLE',
              creationTime: '1714989600000',
              timePartitioning: { type: 'DAY', field: 'timestamp', expirationMs: '5184000000' },
            },
          ],
        })
      : undefined,
  // The sink of the warehouse came later than the topic, and nobody let it in.
  'pubsub:projects.topics.getIamPolicy': ({ args }) =>
    args.resource === TOPIC
      ? body({ version: 1, etag: 'BwYvLumen005=', bindings: [{ role: 'roles/pubsub.publisher', members: [ANALYTICS_WRITER] }] })
      : undefined,
  'pubsub:projects.topics.get': ({ args }) =>
    args.topic === TOPIC ? body({ name: TOPIC, messageRetentionDuration: '86400s', state: 'ACTIVE' }) : undefined,
  'pubsub:projects.topics.subscriptions.list': ({ args }) => (args.topic === TOPIC ? body({ subscriptions: [SUBSCRIPTION] }) : undefined),
  'pubsub:projects.subscriptions.list': (request) =>
    String(request.args.project) === `projects/${LOGS.id}`
      ? body({
          subscriptions: [
            {
              name: SUBSCRIPTION,
              topic: TOPIC,
              pushConfig: { pushEndpoint: 'https://siem.lumenpay.example/ingest' },
              ackDeadlineSeconds: 30,
              messageRetentionDuration: '604800s',
              expirationPolicy: {},
              state: 'ACTIVE',
            },
          ],
        })
      : undefined,
  'storage:buckets.list': (request) => {
    const project = projects.find((one) => isIn(request, one));
    return body({ kind: 'storage#buckets', items: buckets.filter((one) => one.projectNumber === project?.number) });
  },
  'storage:buckets.get': ({ args }) => {
    const found = buckets.find((one) => one.name === args.bucket);
    return found && body(found);
  },
  'storage:buckets.getIamPolicy': ({ args }) => {
    const found = bucketPolicies[String(args.bucket)];
    return found && body(found);
  },

  'compute:networks.list': (request) => (isIn(request, ANALYTICS) ? body({ kind: 'compute#networkList', items: [network] }) : undefined),
  'compute:subnetworks.aggregatedList': (request) =>
    isIn(request, ANALYTICS)
      ? body({ kind: 'compute#subnetworkAggregatedList', items: { 'regions/europe-west1': { subnetworks: [subnet] } } })
      : undefined,
  // Its networks are its own.
  'compute:projects.getXpnHost': () => body({}),
  'compute:instances.aggregatedList': (request) =>
    isIn(request, ANALYTICS)
      ? body({ kind: 'compute#instanceAggregatedList', items: { 'zones/europe-west1-b': { instances: [machine] } } })
      : undefined,
  'osconfig:projects.locations.instances.inventories.list': ({ args }) =>
    String(args.parent) === `projects/${ANALYTICS.id}/locations/europe-west1-b/instances/-`
      ? body({ inventories: [inventory] })
      : undefined,
  'container:projects.locations.clusters.list': (request) => (isIn(request, ANALYTICS) ? body({ clusters: [cluster] }) : undefined),
  'sqladmin:instances.list': (request) => (isIn(request, ANALYTICS) ? body({ kind: 'sql#instancesList', items: [instance] }) : undefined),
};

/** What Google answers to one request of a scan: where the estate says nothing, that the API is off there, that a list is empty, or that there is no such thing. */
export function gcpAnswer(request: GcpRequest): GcpOverride {
  const { service, op } = request;
  const project = projects.find((one) => isIn(request, one));
  if (project && !project.services.includes(service)) {
    return error(
      'SERVICE_DISABLED',
      `${service}.googleapis.com API has not been used in project ${project.number} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${service}.googleapis.com/overview?project=${project.number} then retry.`,
      403,
    );
  }
  const said = answers[`${service}:${op}`]?.(request);
  if (said) return said;
  // An empty list is an empty object.
  return /(^|\.)(list|aggregatedList|search\w*|query\w+|show\w+)$/.test(op)
    ? body({})
    : error('NOT_FOUND', 'Requested entity was not found.', 404);
}
