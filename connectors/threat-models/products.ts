import { own } from '../../src/model/own.ts';

/** What products of a vendor are, by the words that formats with a vendor and a product use. */
const PRODUCTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  aws: {
    s3: 'aws.s3.bucket',
    'simple storage service': 'aws.s3.bucket',
    dynamodb: 'aws.dynamodb.table',
    rds: 'aws.rds.instance',
    'relational database service': 'aws.rds.instance',
    aurora: 'aws.rds.instance',
    redshift: 'aws.redshift.cluster',
    documentdb: 'aws.docdb.cluster',
    neptune: 'aws.neptune.cluster',
    elasticache: 'aws.elasticache.cluster',
    opensearch: 'aws.opensearch.domain',
    'opensearch service': 'aws.opensearch.domain',
    efs: 'aws.efs.filesystem',
    fsx: 'aws.fsx.filesystem',
    ebs: 'aws.ec2.volume',
    kms: 'aws.kms.key',
    'key management service': 'aws.kms.key',
    'secrets manager': 'aws.secretsmanager.secret',
    'parameter store': 'aws.ssm.parameter',
    'ssm parameter store': 'aws.ssm.parameter',
    ecr: 'aws.ecr.repository',
    sqs: 'aws.sqs.queue',
    kinesis: 'aws.kinesis.stream',
    'kinesis data streams': 'aws.kinesis.stream',
    msk: 'aws.msk.cluster',
    'cloudwatch logs': 'aws.cloudwatch.logs',
    'security lake': 'aws.securitylake',
  },
  azure: {
    'key vault': 'azure.keyvault',
    'managed hsm': 'azure.managedhsm',
    storage: 'azure.storage.account',
    'storage account': 'azure.storage.account',
    'blob storage': 'azure.storage.account',
    'table storage': 'azure.storage.account',
    'data lake storage': 'azure.storage.account',
    sql: 'azure.sql.database',
    'sql database': 'azure.sql.database',
    'sql managed instance': 'azure.sqlmi',
    synapse: 'azure.synapse',
    'synapse analytics': 'azure.synapse',
    'cosmos db': 'azure.cosmosdb.account',
    cosmosdb: 'azure.cosmosdb.account',
    'database for postgresql': 'azure.postgres.server',
    'database for mysql': 'azure.mysql.server',
    'cache for redis': 'azure.redis',
    'redis cache': 'azure.redis',
    'event hubs': 'azure.eventhub.namespace',
    'service bus': 'azure.servicebus.namespace',
    'data explorer': 'azure.dataexplorer',
    databricks: 'azure.databricks',
    'container registry': 'azure.acr.registry',
    'log analytics': 'azure.loganalytics.workspace',
  },
  gcp: {
    'cloud storage': 'gcp.storage.bucket',
    gcs: 'gcp.storage.bucket',
    bigquery: 'gcp.bigquery.dataset',
    'cloud sql': 'gcp.cloudsql.instance',
    spanner: 'gcp.spanner.instance',
    'cloud spanner': 'gcp.spanner.instance',
    firestore: 'gcp.firestore',
    bigtable: 'gcp.bigtable.instance',
    'cloud bigtable': 'gcp.bigtable.instance',
    memorystore: 'gcp.memorystore',
    'secret manager': 'gcp.secretmanager.secret',
    'cloud kms': 'gcp.kms.key',
    'pub/sub': 'gcp.pubsub.topic',
    pubsub: 'gcp.pubsub.topic',
    'artifact registry': 'gcp.artifactregistry',
    'cloud logging': 'gcp.logging',
  },
  snowflake: { '': 'saas.snowflake', snowflake: 'saas.snowflake' },
  splunk: { '': 'saas.splunk', 'splunk cloud': 'saas.splunk', cloud: 'saas.splunk' },
  datadog: { '': 'saas.datadog', datadog: 'saas.datadog' },
  mongodb: { atlas: 'saas.mongodb-atlas', 'mongodb atlas': 'saas.mongodb-atlas' },
};

const VENDORS: Readonly<Record<string, string>> = {
  aws: 'aws',
  amazon: 'aws',
  'amazon web services': 'aws',
  'amazon web services (aws)': 'aws',
  azure: 'azure',
  microsoft: 'azure',
  'microsoft azure': 'azure',
  gcp: 'gcp',
  google: 'gcp',
  'google cloud': 'gcp',
  'google cloud platform': 'gcp',
  snowflake: 'snowflake',
  splunk: 'splunk',
  datadog: 'datadog',
  mongodb: 'mongodb',
};

/** Vendors of a cloud whose products may also run elsewhere: SQL Server of Microsoft is not in Azure for that. */
const CLOUDS = new Set(['aws', 'gcp']);

export interface Product {
  readonly type?: string;
  readonly provider?: string;
}

/**
 * The component type of a vendor's product, where the two say it exactly, and the cloud that it stands for. A product may repeat its vendor
 * ("AWS KMS"). Microsoft alone is not Azure.
 */
export function productOf(vendor: string | undefined, product: string | undefined): Product {
  const maker = (vendor ?? '').trim().toLowerCase();
  const written = (product ?? '').trim().toLowerCase().replace(/\s+/g, ' ');
  const prefix = /^(?:amazon|aws|microsoft azure|azure|google cloud|gcp)\s+/.exec(written)?.[0] ?? '';
  const table = own(VENDORS, maker) ?? (maker === '' ? own(VENDORS, prefix.trim()) : undefined);
  if (table === undefined) return {};
  const known = own(PRODUCTS, table);
  const found = known && (own(known, written) ?? own(known, written.slice(prefix.length)) ?? own(known, written.replace(/^google /, '')));
  // `SQL` of Microsoft may run anywhere; of Azure it may not.
  const type = maker === 'microsoft' && prefix === '' && /^(?:sql|storage)$/.test(written) ? undefined : found;
  const cloud = CLOUDS.has(table) || (table === 'azure' && (maker.includes('azure') || type !== undefined || prefix.includes('azure')));
  return { ...(type === undefined ? {} : { type }), ...(cloud ? { provider: table } : {}) };
}

/** The cloud that a name speaks of: "Internal AWS VPC". */
export function cloudIn(name: string): string | undefined {
  if (/\b(?:aws|amazon)\b/i.test(name)) return 'aws';
  if (/\bazure\b/i.test(name)) return 'azure';
  return /\b(?:gcp|google cloud)\b/i.test(name) ? 'gcp' : undefined;
}

/** Whether a name is that of a store of logs: "Audit logs", "Log archive"; "Login data" and "Log out" are not. */
export function namesLogs(name: string): boolean {
  return /\b(?:audit|access|flow|event|security|system|app(?:lication)?)[ -]?(?:logs?|records?|trail)\b|\blogs\b|\blog (?:store|storage|archive|bucket|data|records?|files?|server)\b|\bsiem\b/i.test(
    name,
  );
}
