import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, NOTHING, type Selector, selectorOf } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge, Kept } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { LogNames } from './access-transparency.ts';
import { PAGES, toRouter } from './lists.ts';
import { callsAbout, type GcpContainer, gcpEstateOf } from './places.ts';
import { unseenPlace } from './writers.ts';

const LIST = 'logging:organizations.logs.list';
/** Read where evidence holds it; no collector asks for the content of logs. */
const ENTRIES = 'gcp/logging:entries.list';

/** The logs of a Workspace or Cloud Identity account. */
interface WorkspaceLog {
  readonly source: string;
  /** Of the entries that are shared with Google Cloud; left out: never shared. */
  readonly shared?: { readonly services: readonly string[]; readonly logs: readonly string[] };
  /** Days in its own view, where the edition makes no difference. */
  readonly days?: number;
}

/**
 * https://docs.cloud.google.com/logging/docs/audit/gsuite-audit-logging
 * https://support.google.com/a/answer/7061566 (how long each log is kept)
 */
const LOGS: readonly WorkspaceLog[] = [
  { source: 'gcp.workspace.login', shared: { services: ['login.googleapis.com'], logs: ['data_access'] }, days: 180 },
  { source: 'gcp.workspace.admin', shared: { services: ['admin.googleapis.com'], logs: ['activity'] }, days: 180 },
  { source: 'gcp.workspace.token', shared: { services: ['oauth2.googleapis.com'], logs: ['activity', 'data_access'] }, days: 180 },
  { source: 'gcp.workspace.groups_enterprise', shared: { services: ['cloudidentity.googleapis.com'], logs: ['activity'] }, days: 180 },
  { source: 'gcp.workspace.drive', days: 180 },
  { source: 'gcp.workspace.gmail' },
];

/** With these editions alone the log is shared. https://support.google.com/a/answer/9320190 */
const EDITION_BOUND = new Set(['gcp.workspace.token']);

/**
 * Google Workspace and Cloud Identity: their own logs, and whether these are shared with Google Cloud, where they arrive in the organization alone. The
 * switch for that is one of Workspace, which no API reads.
 * https://docs.cloud.google.com/logging/docs/audit/configure-gsuite-audit-logs
 */
export const workspace: Collector = {
  id: 'workspace',
  provider: 'gcp',
  service: 'Google Workspace',
  informs: LOGS.map((one) => one.source),
  runs: 'account',
  phase: 'sources',
  calls: {
    [LIST]: {
      permission: 'logging.logs.list',
      url: 'GET https://logging.googleapis.com/v2/{+parent}/logs',
      pages: PAGES,
      why: 'which audit logs of the organization hold entries, where those of Workspace would arrive',
      per: 'account',
    },
  },
  doc: 'https://docs.cloud.google.com/logging/docs/audit/gsuite-audit-logging',

  async collect(cell) {
    if (cell.account.startsWith('organizations/')) await cell.ask(LIST, { parent: cell.account, pageSize: 1000 });
  },

  read(evidence, paths) {
    const estate = gcpEstateOf(evidence);
    for (const organization of estate.organizations) for (const log of LOGS) readLog(evidence, paths, organization, log);
    for (const project of estate.projects) {
      const { known, unknown } = estate.ancestorsOf(project.id);
      const top = known.find((one) => one.type === 'organization');
      // A project outside of any organization has no Workspace account.
      if (project.closed !== undefined || (top ? estate.organizations.includes(top) : unknown === undefined)) continue;
      paths.blind({
        sources: LOGS.map((one) => one.source),
        scope: { provider: 'gcp', account: project.account },
        unknowns: [unknown ?? evidence.unknownOf(`gcp/${LIST}`, top?.id ?? project.account, 'NotAsked', [])],
        evidence: project.evidence,
      });
    }
  },
};

function readLog(evidence: EvidenceView, paths: PathsBuilder, organization: GcpContainer, log: WorkspaceLog): void {
  const { source, shared } = log;
  paths.emitter({
    id: `${source}|${organization.id}`,
    sources: [source],
    scope: { provider: 'gcp', account: organization.account },
    name: organization.name,
    universe: shared
      ? selectorOf({
          logName: { equals: shared.logs.map((one) => logOf(organization, one)) },
          serviceName: { equals: [...shared.services] },
        })
      : EVERYTHING,
    taps: [
      nativeTap(paths, organization, log),
      ...(shared ? [sharingTap(evidence, organization, log)] : []),
      readersTap(paths, organization),
    ],
    evidence: organization.evidence,
  });
}

function logOf(organization: GcpContainer, log: string): string {
  return `${organization.id}/logs/cloudaudit.googleapis.com%2F${log}`;
}

/** The logs in the Admin console, and in the Reports API. */
function nativeTap(paths: PathsBuilder, organization: GcpContainer, { source, days }: WorkspaceLog): Edge {
  const edition: Unknown = {
    call: 'edition of Google Workspace',
    permission: 'a look at Billing, Subscriptions in the Admin console',
    on: organization.account,
    code: 'EditionNotRead',
  };
  const kept = days === undefined ? { least: 0, most: 180 } : { least: days, most: days };
  const keeps: Kept = {
    searchable: kept,
    total: kept,
    immutable: true,
    because:
      days === undefined ? 'the edition of Workspace says how long its own view goes back' : `Workspace keeps ${days} days in its own view`,
    unknowns: days === undefined ? [edition] : [],
  };
  const node = paths.node({
    type: 'store',
    id: `gcp workspace ${source} ${organization.id}`,
    kind: 'native',
    name: 'Google Workspace Admin console',
    scope: { provider: 'gcp', account: organization.account },
    keeps,
    evidence: [],
    findings: [],
    unknowns: keeps.unknowns,
  });
  const paid = source === 'gcp.workspace.drive' || source === 'gcp.workspace.gmail';
  return {
    id: `${source}|${organization.id}|own view`,
    to: node,
    label: 'log events of the Admin console',
    passes: paid ? NOTHING : EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: paid ? [edition] : [],
    delivery: { state: 'flowing' },
    evidence: [],
  };
}

/** What is shared with Google Cloud: proved by entries alone. */
function sharingTap(evidence: EvidenceView, organization: GcpContainer, log: WorkspaceLog): Edge {
  const shared = log.shared as NonNullable<WorkspaceLog['shared']>;
  const key = `${log.source}|${organization.id}|shared`;
  const label = 'sharing of Workspace data with Google Cloud';
  const fix = 'Admin console, Account settings, Legal and compliance, Sharing options: share data with Google Cloud';
  const proof = entriesOf(evidence, organization, shared.services);
  if (proof.length > 0) return toRouter(organization.id, { id: key, label, fix, latency: 300, evidence: proof });
  const names = callsAbout(evidence, `gcp/${LIST}`, LogNames, organization.id);
  const answered = names.find((one) => one.unknown === undefined);
  const present = shared.logs.some((one) => answered?.pages.some((page) => page.logNames.includes(logOf(organization, one))));
  const ids = (answered ?? names[0])?.ids ?? [];
  return toRouter(organization.id, {
    id: key,
    label,
    passes: NOTHING,
    unknowns: [
      {
        call: 'sharing options of Google Workspace',
        permission: `a look at Account settings, Legal and compliance, Sharing options of the Workspace account${EDITION_BOUND.has(log.source) ? ' (and at the edition: not every one shares this log)' : ''}: no API reads them`,
        on: organization.account,
        // Audit logs of the organization itself are in the same logs, and a quiet account writes none.
        code: answered === undefined ? 'NotAsked' : present ? 'LogNotOfWorkspaceAlone' : 'NoEntriesSeen',
        evidence: [...ids],
      },
      ...(answered === undefined && names[0]?.unknown ? [names[0].unknown] : []),
    ],
    fix,
    latency: 300,
    evidence: ids,
  });
}

const Entries = z.object({
  entries: z
    .array(z.object({ logName: z.string().default(''), protoPayload: z.object({ serviceName: z.string().default('') }).optional() }))
    .default([]),
});

/** Answers with an entry of these services in the organization's audit logs. */
function entriesOf(evidence: EvidenceView, organization: GcpContainer, services: readonly string[]): readonly number[] {
  return evidence
    .calls(ENTRIES, Entries)
    .flatMap((answer) =>
      answer.pages.some((page) =>
        page.entries.some(
          ({ logName, protoPayload }) =>
            logName.startsWith(`${organization.id}/logs/cloudaudit.googleapis.com%2F`) &&
            services.includes(protoPayload?.serviceName ?? ''),
        ),
      )
        ? answer.ids
        : [],
    );
}

/** Programs read the Reports API, and Workspace exports to BigQuery: neither shows in Google Cloud. */
function readersTap(paths: PathsBuilder, organization: GcpContainer): Edge {
  const unknown: Unknown = {
    call: 'readers of the Reports API',
    permission: 'a look at the BigQuery export in the Admin console, and at what reads the Reports API',
    on: organization.account,
    code: 'NotInAnApi',
  };
  const mayPass: Selector = EVERYTHING;
  return {
    id: `gcp workspace readers ${organization.id}`,
    to: unseenPlace(paths, `workspace readers ${organization.id}`, 'exports of Google Workspace', unknown, organization.account),
    label: 'exports of Google Workspace',
    passes: NOTHING,
    mayPass,
    unknowns: [unknown],
    delivery: { state: 'flowing' },
    evidence: [],
  };
}
