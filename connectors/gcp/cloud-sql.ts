import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, isEmpty, minus, NOTHING, type Selector, selectorOf } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { dataAccess } from './audit-config.ts';
import { auditedAs } from './audited.ts';
import { landInStorage } from './cloud-storage-stores.ts';
import { type ListPage, listOf, noteList, offTap, openProjects, PAGES, toRouter, unseenTap } from './lists.ts';
import type { GcpContainer } from './places.ts';

const POSTGRES = 'gcp.cloudsql.postgres';
const MYSQL = 'gcp.cloudsql.mysql';
const SQLSERVER = 'gcp.cloudsql.sqlserver';
const SOURCES = [POSTGRES, MYSQL, SQLSERVER] as const;
type Source = (typeof SOURCES)[number];

const LIST = 'sqladmin:instances.list';

const Instance = z.object({
  name: z.string(),
  databaseVersion: z.string().default(''),
  region: z.string().optional(),
  serviceAccountEmailAddress: z.string().optional(),
  settings: z
    .object({
      databaseFlags: z.array(z.object({ name: z.string(), value: z.string().default('') })).default([]),
      sqlServerAuditConfig: z
        .object({ bucket: z.string().default(''), retentionInterval: z.string().optional(), uploadInterval: z.string().optional() })
        .optional(),
    })
    .optional(),
});
type Instance = z.infer<typeof Instance>;
/** Regions that did not answer are warnings beside the instances of the others. */
const Instances = z
  .object({
    items: z.array(Instance).default([]),
    warnings: z.array(z.object({ code: z.string().default(''), region: z.string().default('') })).default([]),
  })
  .transform(
    (page): ListPage<Instance> => ({ items: page.items, unreached: page.warnings.map((one) => one.region || one.code || 'a region') }),
  );

/** Classes of statements that pgAudit tells apart. https://github.com/pgaudit/pgaudit#pgauditlog */
const STATEMENTS: Readonly<Record<string, readonly string[]>> = {
  read: ['READ'],
  write: ['WRITE'],
  function: ['FUNCTION'],
  role: ['ROLE'],
  ddl: ['DDL'],
  misc: ['MISC'],
  misc_set: ['MISC_SET'],
  all: ['READ', 'WRITE', 'FUNCTION', 'ROLE', 'DDL', 'MISC', 'MISC_SET'],
};
const AUDIT_CLASS = 'request.auditClass';
/** Files are sent on every ten minutes unless the instance says otherwise. */
const UPLOAD_SECONDS = 600;

/**
 * What databases of Cloud SQL audit: pgAudit and the MySQL audit plugin, whose records are Data Access audit logs, and the audit files of SQL
 * Server, which go to a bucket and never through Cloud Logging.
 * https://docs.cloud.google.com/sql/docs/postgres/pg-audit https://docs.cloud.google.com/sql/docs/mysql/db-audit
 * https://docs.cloud.google.com/sql/docs/sqlserver/db-audit
 */
export const cloudSql: Collector = {
  id: 'cloud-sql',
  provider: 'gcp',
  service: 'Cloud SQL',
  informs: SOURCES,
  runs: 'account',
  phase: 'sources',
  calls: {
    [LIST]: {
      permission: 'cloudsql.instances.list',
      url: 'GET https://sqladmin.googleapis.com/v1/projects/{project}/instances',
      pages: PAGES,
      why: 'which databases there are, and the flags that make them audit statements',
      per: 'account',
    },
  },
  doc: 'https://docs.cloud.google.com/sql/docs/mysql/admin-api/rest/v1/instances/list',

  async collect(cell) {
    if (cell.account.includes('/')) return;
    const answer = await cell.ask(LIST, { project: cell.account });
    for (const page of answer.pages) {
      const read = Instances.safeParse(page);
      for (const instance of read.success ? read.data.items : []) {
        const bucket = bucketOf(instance);
        if (bucket !== undefined) cell.want({ kind: 'cloud-storage', id: bucket });
      }
    }
  },

  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const list = listOf(evidence, LIST, Instances, project.id);
      if (!noteList(paths, SOURCES, project, list, 'Cloud SQL Admin')) continue;
      for (const instance of list.items) readInstance(evidence, paths, project, instance, list.ids);
    }
  },
};

function engineOf({ databaseVersion }: Instance): Source | undefined {
  if (databaseVersion.startsWith('POSTGRES')) return POSTGRES;
  if (databaseVersion.startsWith('MYSQL')) return MYSQL;
  return databaseVersion.startsWith('SQLSERVER') ? SQLSERVER : undefined;
}

function readInstance(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  instance: Instance,
  ids: readonly number[],
): void {
  const { name, region } = instance;
  const id = `//cloudsql.googleapis.com/${project.id}/instances/${name}`;
  const scope = { provider: 'gcp' as const, account: project.account, ...(region === undefined ? {} : { region }), resource: id };
  paths.resource({ type: 'gcp.cloudsql.instance', id, scope, evidence: ids });
  const engine = engineOf(instance);
  for (const source of SOURCES) {
    const other = engine !== undefined && engine !== source;
    paths.emitter({
      id: `${source}|${id}`,
      sources: [source],
      scope,
      name,
      universe: universeOf(project, instance, id, source),
      taps: other ? [] : [tapOf(evidence, paths, project, instance, source, ids)],
      evidence: ids,
      ...(other ? { notApplicable: `${name} runs ${instance.databaseVersion}` } : {}),
    });
  }
}

function universeOf(project: GcpContainer, { name }: Instance, id: string, source: Source): Selector {
  if (source === SQLSERVER) return selectorOf({ resource: { equals: [id] } });
  return selectorOf({
    resource: { equals: [id] },
    logName: { equals: [`${project.id}/logs/cloudaudit.googleapis.com%2Fdata_access`] },
    'resource.type': { equals: ['cloudsql_database'] },
    'resource.labels.database_id': { equals: [`${project.account}:${name}`] },
    'resource.labels.project_id': { equals: [project.account] },
    resourceName: { equals: [`instances/${name}`, `${project.id}/instances/${name}`] },
  });
}

function tapOf(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  instance: Instance,
  source: Source,
  ids: readonly number[],
): Edge {
  const key = `${source}|${project.id}|${instance.name}`;
  if (instance.settings === undefined) {
    const unknown = evidence.unknownOf(`gcp/${LIST}`, instance.name, 'SettingsNotShown', ids);
    return unseenTap(project.id, { id: `${key} not read`, label: `settings of ${instance.name}`, unknowns: [unknown] });
  }
  if (source === POSTGRES) return postgresTap(evidence, paths, project, instance, key, ids);
  if (source === MYSQL) return mysqlTap(evidence, paths, project, instance, key, ids);
  return sqlServerTap(evidence, paths, project, instance, key, ids);
}

function flagOf({ settings }: Instance, name: string): string | undefined {
  return settings?.databaseFlags
    .find((flag) => flag.name === name)
    ?.value.trim()
    .toLowerCase();
}

function postgresTap(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  instance: Instance,
  key: string,
  ids: readonly number[],
): Edge {
  const { name } = instance;
  const label = `pgAudit of ${name}`;
  const classes = statementsOf(flagOf(instance, 'pgaudit.log') ?? 'none');
  // A role to audit by takes the statements on what was granted to it, whatever the classes are.
  const byRole = (flagOf(instance, 'pgaudit.role') ?? '') !== '';
  const why = !isOn(flagOf(instance, 'cloudsql.enable_pgaudit'))
    ? `the flag cloudsql.enable_pgaudit of ${name} is not on`
    : classes?.length === 0 && !byRole
      ? `pgaudit.log of ${name} is none`
      : undefined;
  if (why !== undefined) {
    const fix = `gcloud sql instances patch ${name} --project=${project.account} --database-flags=cloudsql.enable_pgaudit=on,pgaudit.log=all (with the flags that are set), then CREATE EXTENSION pgaudit in each database`;
    return offTap(project.id, { id: `${key} off`, label, why, fix, evidence: ids });
  }
  const taken = classes === undefined ? [] : byRole ? [...new Set([...classes, 'READ', 'WRITE'])] : classes;
  return statementsTap(evidence, paths, project, {
    id: key,
    name,
    label: classes === undefined || byRole ? label : `${label} (pgaudit.log=${flagOf(instance, 'pgaudit.log')})`,
    mayPass: classes === undefined ? EVERYTHING : selectorOf({ [AUDIT_CLASS]: { equals: [...taken] } }),
    unknown: {
      call: 'CREATE EXTENSION pgaudit',
      permission: 'a look into each database: no API tells whether the extension is there',
      on: name,
      code: 'NotInAnApi',
    },
    fix: `gcloud sql instances patch ${name} --project=${project.account} --database-flags=pgaudit.log=all (with the flags that are set)`,
    ids,
  });
}

/** The classes of a `pgaudit.log` value such as `all,-misc`; undefined where it cannot be read. */
function statementsOf(value: string): readonly string[] | undefined {
  const found = new Set<string>();
  for (const part of value.split(',').map((one) => one.trim())) {
    if (part === '' || part === 'none') continue;
    const classes = Object.hasOwn(STATEMENTS, part.replace(/^-/, '')) ? STATEMENTS[part.replace(/^-/, '')] : undefined;
    if (!classes) return undefined;
    for (const one of classes) part.startsWith('-') ? found.delete(one) : found.add(one);
  }
  return [...found];
}

function isOn(value: string | undefined): boolean {
  return value === 'on' || value === 'true' || value === '1' || value === 'yes';
}

function mysqlTap(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  instance: Instance,
  key: string,
  ids: readonly number[],
): Edge {
  const { name } = instance;
  const label = `audit plugin of ${name}`;
  const flag = flagOf(instance, 'cloudsql_mysql_audit') ?? 'off';
  const fix = `gcloud sql instances patch ${name} --project=${project.account} --database-flags=cloudsql_mysql_audit=ON (with the flags that are set), then CALL mysql.cloudsql_create_audit_rule('*','*','*','*','B',1,@outval,@outmsg)`;
  if (!isOn(flag) && !flag.startsWith('force')) {
    return offTap(project.id, { id: `${key} off`, label, why: `the flag cloudsql_mysql_audit of ${name} is not on`, fix, evidence: ids });
  }
  return statementsTap(evidence, paths, project, {
    id: key,
    name,
    label,
    mayPass: EVERYTHING,
    unknown: {
      call: 'mysql.cloudsql_list_audit_rule',
      permission: 'a look into the database: no API tells its audit rules',
      on: name,
      code: 'NotInAnApi',
    },
    fix,
    ids,
  });
}

interface Statements {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly mayPass: Selector;
  /** What the database itself decides. */
  readonly unknown: Unknown;
  readonly fix: string;
  readonly ids: readonly number[];
}

/**
 * What the database may audit. Its records are Data Access audit logs, so that an audit configuration has to take them too: that one comes first, as
 * it is known.
 */
function statementsTap(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer, statements: Statements): Edge {
  const { id, label, mayPass, unknown, fix, ids } = statements;
  const edge = dataAccess(evidence, paths, project);
  const audited = auditedAs(edge, 'cloudsql.googleapis.com', ['ADMIN_READ', 'DATA_READ', 'DATA_WRITE']);
  const hop = paths.node({
    type: 'hop',
    id: `${id} database`,
    kind: 'database',
    name: statements.name,
    scope: { provider: 'gcp', account: project.account },
    evidence: ids,
    findings: [],
  });
  paths.edge(hop, toRouter(project.id, { id: `${id} >`, label, passes: NOTHING, mayPass, unknowns: [unknown], fix, evidence: ids }));
  const undocumented: Unknown = {
    call: 'log type of audited statements',
    permission: 'all log types of cloudsql.googleapis.com switched on: documentation does not say which one statements are of',
    on: project.account,
    code: 'NotDocumented',
  };
  return {
    ...edge,
    ...audited,
    id,
    to: hop,
    fix: `gcloud projects get-iam-policy ${project.account} > policy.yaml; add {service: cloudsql.googleapis.com, auditLogConfigs: [{logType: ADMIN_READ}, {logType: DATA_READ}, {logType: DATA_WRITE}]} to auditConfigs; gcloud projects set-iam-policy ${project.account} policy.yaml`,
    unknowns: [...edge.unknowns, ...(isEmpty(minus(audited.mayPass, audited.passes)) ? [] : [undocumented])],
    evidence: [...ids, ...edge.evidence],
  };
}

/** `gs://audit-files/cards` is the bucket `audit-files`. */
function bucketOf({ settings }: Instance): string | undefined {
  return settings?.sqlServerAuditConfig?.bucket.replace(/^gs:\/\//, '').split('/')[0] || undefined;
}

function sqlServerTap(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  instance: Instance,
  key: string,
  ids: readonly number[],
): Edge {
  const { name, serviceAccountEmailAddress, settings } = instance;
  const bucket = bucketOf(instance);
  const label = `audit files of ${name}`;
  if (bucket === undefined) {
    const fix = `gcloud sql instances patch ${name} --project=${project.account} --audit-bucket-path=gs://<bucket> --audit-retention-interval=24h --audit-upload-interval=10m, then CREATE SERVER AUDIT in the database`;
    return offTap(project.id, { id: `${key} off`, label, why: `no bucket for audit files of ${name} is set`, fix, evidence: ids });
  }
  const identity = serviceAccountEmailAddress === undefined ? undefined : `serviceAccount:${serviceAccountEmailAddress}`;
  const landing = landInStorage(evidence, paths, { identity, container: project.id }, bucket);
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(settings?.sqlServerAuditConfig?.uploadInterval ?? '')?.[1];
  return {
    id: key,
    to: landing.node,
    label,
    passes: NOTHING,
    mayPass: EVERYTHING,
    unknowns: [
      {
        call: 'sys.server_audit_specifications',
        permission: 'a look into the database: no API tells its audit specifications',
        on: name,
        code: 'NotInAnApi',
      },
    ],
    delivery: landing.delivery,
    latency: seconds === undefined ? UPLOAD_SECONDS : Number(seconds),
    evidence: [...ids, ...landing.evidence],
  };
}
