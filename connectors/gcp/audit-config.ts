import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, type Event, type EventClass, NOTHING, type Selector, selectorOf } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import { canonical, type EvidenceView } from '../../src/store/view.ts';
import { type Policy, policyOf } from './iam-policy.ts';
import { containerOf, type GcpContainer, gcpEstateOf, routerId } from './places.ts';

/** Sources of the Data Access log. */
const DATA_ACCESS = [
  'gcp.audit.data_access.all',
  'gcp.audit.data_access.storage',
  'gcp.audit.data_access.bigquery',
  'gcp.audit.data_access.secretmanager',
  'gcp.audit.data_access.kms',
  'gcp.audit.data_access.iam',
  'gcp.audit.data_access.compute',
  'gcp.audit.data_access.cloudsql',
  'gcp.audit.data_access.spanner',
  'gcp.audit.data_access.iap',
  'gcp.audit.data_access.vertexai',
];
const ALWAYS_ON = ['gcp.audit.admin_activity', 'gcp.audit.system_event', 'gcp.audit.policy_denied'];
const TRANSPARENCY = 'gcp.access_transparency';

const LOG_TYPES = ['ADMIN_READ', 'DATA_READ', 'DATA_WRITE'] as const;
type LogType = (typeof LOG_TYPES)[number];

/** Its Data Access log is always written, whatever an audit configuration says. */
const UNCONFIGURED = 'bigquery.googleapis.com';

/**
 * Services that cannot be configured on their own, and go with another.
 * https://docs.cloud.google.com/iam/docs/audit-logging/audit-logging-iamcreds
 */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {
  'iam.googleapis.com': ['iamcredentials.googleapis.com'],
  // Requests to the API servers of clusters. https://docs.cloud.google.com/kubernetes-engine/docs/how-to/audit-logging
  'container.googleapis.com': ['k8s.io'],
};
const FOLLOWERS = new Set(Object.values(FOLLOWS).flat());

/** Services whose resources all belong to projects: folders and organizations have no audit logs of them. */
const IN_PROJECTS = [
  'storage.googleapis.com',
  'bigquery.googleapis.com',
  'secretmanager.googleapis.com',
  'iamcredentials.googleapis.com',
  'cloudsql.googleapis.com',
  'spanner.googleapis.com',
  'aiplatform.googleapis.com',
  'iap.googleapis.com',
];
/** Sources of the Data Access log of folders and organizations. */
const ABOVE_PROJECTS = [
  'gcp.audit.data_access.all',
  'gcp.audit.data_access.iam',
  'gcp.audit.data_access.compute',
  'gcp.audit.data_access.kms',
];

const TYPICAL_SECONDS = 60;

/**
 * Which audit logs a project, a folder or an organization writes: Admin Activity, System Event and Policy Denied always, Data Access as the
 * audit configurations of it and of all its ancestors say together.
 * https://docs.cloud.google.com/logging/docs/audit/configure-data-access
 */
export const auditConfig: Collector = {
  id: 'audit-config',
  provider: 'gcp',
  service: 'Cloud Audit Logs',
  informs: [...ALWAYS_ON, ...DATA_ACCESS, TRANSPARENCY],
  runs: 'account',
  phase: 'sources',
  calls: Object.fromEntries(
    (['projects', 'folders', 'organizations'] as const).map((kind) => [
      `cloudresourcemanager:${kind}.getIamPolicy`,
      {
        permission: `resourcemanager.${kind}.getIamPolicy`,
        url: 'POST https://cloudresourcemanager.googleapis.com/v3/{+resource}:getIamPolicy',
        why: 'the audit configuration, and who may write to the Log Router',
        per: 'account',
      },
    ]),
  ),
  doc: 'https://docs.cloud.google.com/logging/docs/audit/configure-data-access',

  async collect(cell) {
    const resource = containerOf(cell.account);
    await cell.ask(`cloudresourcemanager:${resource.split('/')[0]}.getIamPolicy`, { resource });
  },

  read(evidence, paths) {
    for (const container of gcpEstateOf(evidence).containers) addEmitters(evidence, paths, container);
  },
};

function addEmitters(evidence: EvidenceView, paths: PathsBuilder, container: GcpContainer): void {
  const scope = { provider: 'gcp' as const, account: container.account };
  const closed = container.closed === undefined ? {} : { notApplicable: container.closed };
  const inProject = container.type === 'project';
  const log = (...names: string[]): Selector =>
    selectorOf({
      logName: { equals: names.map((name) => `${container.id}/logs/cloudaudit.googleapis.com%2F${name}`) },
      ...(inProject ? {} : { serviceName: { notEquals: IN_PROJECTS } }),
    });
  const add = (kind: string, sources: readonly string[], name: string, universe: Selector, tap: Edge): void =>
    paths.emitter({
      id: `gcp ${kind} ${container.id}`,
      sources,
      scope,
      name,
      universe,
      taps: [tap],
      evidence: container.evidence,
      ...closed,
    });
  const tap = (kind: string, label: string): Edge => ({
    id: `gcp ${kind} ${container.id}`,
    to: routerId(container.id),
    label,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: [],
    delivery: { state: 'flowing' },
    latency: TYPICAL_SECONDS,
    evidence: [],
  });
  add(
    'audit logs',
    ALWAYS_ON,
    'audit logs that are always on',
    log('activity', 'system_event', 'policy'),
    tap('audit logs', 'audit logs that are always on'),
  );
  add(
    'data access',
    inProject ? DATA_ACCESS : ABOVE_PROJECTS,
    'Data Access audit logs',
    log('data_access'),
    dataAccess(evidence, paths, container),
  );
  add('access transparency', [TRANSPARENCY], 'Access Transparency', log('access_transparency'), {
    ...tap('access transparency', 'Access Transparency'),
    passes: NOTHING,
    // No API tells whether the organization has switched it on.
    unknowns: [
      {
        call: 'Access Transparency setting',
        permission: 'a look at the settings of the organization in the console',
        on: container.account,
        code: 'NoSuchCall',
      },
    ],
    latency: 12 * 3600,
  });
}

/** What one log type of one service is configured to be, over all levels. */
interface Entry {
  readonly on: boolean;
  readonly exempted: ReadonlySet<string>;
}

type Row = Readonly<Record<LogType, Entry>>;

/** The union of all levels: what any of them switches on is on, whom any of them exempts is exempt. */
export interface AuditConfiguration {
  readonly general: Row;
  readonly services: ReadonlyMap<string, Row>;
}

/** Puts the audit configurations of a container and its ancestors together. */
export function combined(policies: readonly Policy[]): AuditConfiguration {
  const merged = new Map<string, Record<LogType, { on: boolean; exempted: Set<string> }>>();
  const rowOf = (service: string) => {
    let row = merged.get(service);
    if (!row) {
      row = { ADMIN_READ: blank(), DATA_READ: blank(), DATA_WRITE: blank() };
      merged.set(service, row);
    }
    return row;
  };
  for (const { service, auditLogConfigs } of policies.flatMap((policy) => policy.auditConfigs)) {
    if (FOLLOWERS.has(service)) continue;
    for (const name of [service, ...(own(FOLLOWS, service) ?? [])]) {
      for (const { logType, exemptedMembers } of auditLogConfigs) {
        const type = LOG_TYPES.find((one) => one === logType);
        if (!type) continue;
        const entry = rowOf(name)[type];
        entry.on = true;
        for (const member of exemptedMembers) entry.exempted.add(member);
      }
    }
  }
  const general = rowOf('allServices');
  merged.delete('allServices');
  return { general, services: merged };
}

function blank(): { on: boolean; exempted: Set<string> } {
  return { on: false, exempted: new Set() };
}

/** The edge of the Data Access audit logs of a container, as the audit configurations of it and of its ancestors say together. */
export function dataAccess(evidence: EvidenceView, paths: PathsBuilder, container: GcpContainer): Edge {
  const ancestors = gcpEstateOf(evidence).ancestorsOf(container.id);
  const levels = [container, ...ancestors.known].map((level) => ({ level, answer: policyOf(evidence, level) }));
  const configuration = combined(levels.flatMap(({ answer }) => (answer.policy ? [answer.policy] : [])));
  const unread: Unknown[] = [
    ...levels.flatMap(({ answer }) => (answer.unknown ? [answer.unknown] : [])),
    ...(ancestors.unknown ? [ancestors.unknown] : []),
  ];
  const { passes, mayPass, doubtful } = paths.once(`gcp audit configuration ${saidOf(configuration)} ${unread.length > 0}`, () =>
    selectorsOf(configuration, unread.length > 0),
  );
  const exempted = exemptedIn(configuration);
  const named = exempted.slice(0, 2).map(bare).join(', ');
  return {
    id: `gcp data access ${container.id}`,
    to: routerId(container.id),
    label:
      exempted.length === 0
        ? 'Data Access audit configuration'
        : `Data Access audit configuration (exempt: ${named}${exempted.length > 2 ? ` and ${exempted.length - 2} more` : ''})`,
    passes,
    mayPass,
    unknowns: [
      ...unread,
      ...doubtful.map((member) => ({
        call: 'cloudidentity:groups.memberships.list',
        permission: 'groups.read of Cloud Identity',
        on: member,
        code: 'MembersNotRead',
      })),
    ],
    delivery: { state: 'flowing' },
    latency: TYPICAL_SECONDS,
    fix: (lost) => fixOf(container, configuration, levels, lost),
    evidence: levels.flatMap(({ answer }) => answer.evidence),
  };
}

function saidOf({ general, services }: AuditConfiguration): string {
  return canonical([rowSaid(general), [...services].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, rowSaid(one)])]);
}

function rowSaid(row: Row): string {
  return canonical(LOG_TYPES.map((type) => [row[type].on, [...row[type].exempted].sort()]));
}

/** A service's own entries and those for all services. */
function together(own: Row, general: Row): Row {
  const both = (type: LogType): Entry => ({
    on: own[type].on || general[type].on,
    exempted: new Set([...own[type].exempted, ...general[type].exempted]),
  });
  return { ADMIN_READ: both('ADMIN_READ'), DATA_READ: both('DATA_READ'), DATA_WRITE: both('DATA_WRITE') };
}

function selectorsOf(
  { general, services }: AuditConfiguration,
  unread: boolean,
): { passes: Selector; mayPass: Selector; doubtful: readonly string[] } {
  const passes: EventClass[] = [new Map([['serviceName', strings.equalTo([UNCONFIGURED])]])];
  const mayPass: EventClass[] = [...passes];
  const doubtful = new Set<string>();
  const rows = new Map([...services].map(([service, own]) => [service, together(own, general)] as const));
  // A service whose own entry adds nothing goes with the others.
  const named = [...rows]
    .filter(([service, row]) => service !== UNCONFIGURED && rowSaid(row) !== rowSaid(general))
    .map(([service]) => service);
  const rest = strings.complement(strings.equalTo([...named, UNCONFIGURED]));
  const add = (serviceName: strings.Strings | undefined, row: Row): void => {
    // Log types that fare alike are one class.
    const alike = new Map<string, LogType[]>();
    for (const type of LOG_TYPES) {
      const { on, exempted } = row[type];
      if (!on && !unread) continue;
      const key = canonical([on, [...exempted].sort()]);
      alike.set(key, [...(alike.get(key) ?? []), type]);
    }
    for (const types of alike.values()) {
      const { on, exempted } = row[types[0] as LogType];
      const exempt = exemptionsOf(exempted);
      for (const member of exempt.doubtful) doubtful.add(member);
      const kept = (out: strings.Strings): EventClass =>
        new Map([
          ...(serviceName === undefined ? [] : [['serviceName', serviceName] as const]),
          ...(types.length === LOG_TYPES.length ? [] : [['logType', strings.equalTo(types)] as const]),
          ...(strings.isNone(out) ? [] : [['principalEmail', strings.complement(out)] as const]),
        ]);
      mayPass.push(kept(exempt.certain));
      // A level that was not read may exempt anybody.
      if (on && !unread && !strings.isAll(exempt.possible)) passes.push(kept(exempt.possible));
    }
  };
  // BigQuery is in any case, so that it need not be left out of a class that exempts nobody.
  const open = LOG_TYPES.every((type) => general[type].exempted.size === 0) && named.length === 0;
  add(open ? undefined : rest, general);
  for (const service of named) {
    add(strings.equalTo([service]), rows.get(service) as Row);
  }
  // Everything, said once.
  if (passes.some((one) => one.size === 0)) return { passes: EVERYTHING, mayPass: EVERYTHING, doubtful: [] };
  return { passes, mayPass, doubtful: [...doubtful].sort() };
}

/** Whom the members of an exemption certainly are, whom they may be, and those that stand for principals nobody listed. */
function exemptionsOf(members: Iterable<string>): { certain: strings.Strings; possible: strings.Strings; doubtful: readonly string[] } {
  const certain: string[] = [];
  let possible = strings.NO_STRINGS;
  const doubtful: string[] = [];
  for (const member of members) {
    const [, kind, name = ''] = /^([^:]+):(.*)$/s.exec(member) ?? [];
    if (kind === 'user' || kind === 'serviceAccount') {
      // Addresses are one in any letter case; entries name them in small letters.
      certain.push(name, name.toLowerCase());
      continue;
    }
    doubtful.push(member);
    // Principals that come back under the name of a deleted one are others; the members of groups and pools are not known.
    if (kind === 'deleted') possible = strings.union(possible, strings.equalTo([bare(member)]));
    else if (kind === 'domain') possible = strings.union(possible, strings.endingWith([`@${name}`]));
    else possible = strings.ALL_STRINGS;
  }
  const sure = strings.equalTo(certain);
  return { certain: sure, possible: strings.union(sure, possible), doubtful };
}

/** `serviceAccount:etl@…` without its kind, `deleted:user:a@b?uid=1` without what is not the name. */
function bare(member: string): string {
  return member
    .replace(/^deleted:/, '')
    .replace(/^(user|serviceAccount|group|domain):/, '')
    .replace(/\?uid=\d*$/, '');
}

function exemptedIn({ general, services }: AuditConfiguration): string[] {
  const all = [general, ...services.values()].flatMap((row) => LOG_TYPES.flatMap((type) => [...row[type].exempted]));
  return [...new Set(all)].sort();
}

function fixOf(
  container: GcpContainer,
  { general, services }: AuditConfiguration,
  levels: readonly { readonly level: GcpContainer; readonly answer: { readonly policy: Policy | undefined } }[],
  lost: Event,
): string {
  const type = LOG_TYPES.find((one) => one === lost.logType) ?? 'DATA_READ';
  const service = lost.serviceName ?? 'allServices';
  const entry = services.get(service)?.[type];
  const member = [...general[type].exempted, ...(entry?.exempted ?? [])].find((one) => bare(one) === lost.principalEmail);
  if ((entry?.on || general[type].on) && member) {
    const where = levels
      .filter(({ answer }) =>
        answer.policy?.auditConfigs.some((config) =>
          config.auditLogConfigs.some((one) => one.logType === type && one.exemptedMembers.includes(member)),
        ),
      )
      .map(({ level }) => level.id);
    return `take ${member} out of exemptedMembers of ${type} in the auditConfigs of ${where.join(' and ') || container.id}`;
  }
  const [followed] = Object.entries(FOLLOWS).find(([, followers]) => followers.includes(service)) ?? [service];
  const command = { project: 'gcloud projects', folder: 'gcloud resource-manager folders', organization: 'gcloud organizations' }[
    container.type
  ];
  const id = container.id.split('/')[1];
  return `${command} get-iam-policy ${id} > policy.yaml; add {service: ${followed}, auditLogConfigs: [{logType: ${type}}]} to auditConfigs; ${command} set-iam-policy ${id} policy.yaml`;
}
