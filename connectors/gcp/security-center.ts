import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, type EventClass, intersect, NOTHING, type Selector, selectorOf, union } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { landInDataset } from './bigquery-stores.ts';
import { type Listing, listed, listOf, PAGES, unseenTap } from './lists.ts';
import { type GcpContainer, gcpEstateOf } from './places.ts';
import { landInTopic } from './pubsub-stores.ts';
import type { Landing } from './writers.ts';

const SOURCE = 'gcp.scc.findings';
const NOTIFICATIONS = 'securitycenter:organizations.locations.notificationConfigs.list';
const EXPORTS = 'securitycenter:organizations.locations.bigQueryExports.list';
const SERVICES = 'securitycentermanagement:organizations.locations.securityCenterServices.list';

const Notification = z.object({
  name: z.string(),
  pubsubTopic: z.string().default(''),
  serviceAccount: z.string().optional(),
  streamingConfig: z.object({ filter: z.string().default('') }).default({ filter: '' }),
});
const Notifications = listed('notificationConfigs', Notification);
const Export = z.object({
  name: z.string(),
  dataset: z.string().default(''),
  filter: z.string().default(''),
  principal: z.string().optional(),
});
const Exports = listed('bigQueryExports', Export);
const Service = z.object({ name: z.string(), effectiveEnablementState: z.string().default('') });
const Services = listed('securityCenterServices', Service);

/** Snapshots of findings are there for at least thirteen months. https://docs.cloud.google.com/security-command-center/docs/data-retention-overview */
const KEPT_DAYS = 395;
const TYPICAL_SECONDS = 300;

/**
 * Security Command Center: which of its services make findings, and where findings go: a topic, a dataset, or nowhere but its own view.
 * https://docs.cloud.google.com/security-command-center/docs/how-to-notifications
 */
export const securityCenter: Collector = {
  id: 'security-center',
  provider: 'gcp',
  service: 'Security Command Center',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [NOTIFICATIONS]: {
      permission: 'securitycenter.notificationconfig.list',
      url: 'GET https://securitycenter.googleapis.com/v2/{+parent}/notificationConfigs',
      pages: PAGES,
      why: 'which findings are published, and to which topic',
      per: 'account',
    },
    [EXPORTS]: {
      permission: 'securitycenter.bigQueryExports.list',
      url: 'GET https://securitycenter.googleapis.com/v2/{+parent}/bigQueryExports',
      pages: PAGES,
      why: 'which findings are written to BigQuery',
      per: 'account',
    },
    [SERVICES]: {
      permission: 'securitycentermanagement.securityCenterServices.list',
      url: 'GET https://securitycentermanagement.googleapis.com/v1/{+parent}/securityCenterServices',
      pages: PAGES,
      why: 'which services that make findings are switched on',
      per: 'account',
    },
  },
  doc: 'https://docs.cloud.google.com/security-command-center/docs/how-to-notifications',

  async collect(cell) {
    if (!cell.account.startsWith('organizations/')) return;
    const parent = `${cell.account}/locations/global`;
    const [notifications, exports] = [await cell.ask(NOTIFICATIONS, { parent }), await cell.ask(EXPORTS, { parent })];
    await cell.ask(SERVICES, { parent });
    for (const page of notifications.pages) {
      const read = Notifications.safeParse(page);
      for (const { pubsubTopic } of read.success ? read.data.items : []) {
        const [, project] = /^projects\/([^/]+)\/topics\/[^/]+$/.exec(pubsubTopic) ?? [];
        if (project !== undefined) cell.want({ kind: 'pubsub', id: pubsubTopic, account: project });
      }
    }
    for (const page of exports.pages) {
      const read = Exports.safeParse(page);
      for (const { dataset } of read.success ? read.data.items : []) {
        const [, project] = /^projects\/([^/]+)\/datasets\/[^/]+$/.exec(dataset) ?? [];
        if (project !== undefined) cell.want({ kind: 'bigquery', id: dataset, account: project });
      }
    }
  },

  read(evidence, paths) {
    const estate = gcpEstateOf(evidence);
    for (const organization of estate.organizations) readOrganization(evidence, paths, organization);
    for (const project of estate.projects) {
      const { known, unknown } = estate.ancestorsOf(project.id);
      const top = known.find((one) => one.type === 'organization');
      if (project.closed !== undefined || (top && estate.organizations.includes(top))) continue;
      // Whose findings they are is the organization's matter, and it was not asked.
      paths.blind({
        sources: [SOURCE],
        scope: { provider: 'gcp', account: project.account },
        unknowns: [unknown ?? evidence.unknownOf(`gcp/${SERVICES}`, top?.id ?? project.account, 'NotAsked', [])],
        evidence: project.evidence,
      });
    }
  },
};

/** Display names of the services' findings, by the last part of the services' names. */
const DISPLAYED: Readonly<Record<string, string>> = {
  'event-threat-detection': 'Event Threat Detection',
  'container-threat-detection': 'Container Threat Detection',
  'vm-threat-detection': 'Virtual Machine Threat Detection',
  'cloud-run-threat-detection': 'Cloud Run Threat Detection',
  'security-health-analytics': 'Security Health Analytics',
  'web-security-scanner': 'Web Security Scanner',
  'vm-manager': 'VM Manager',
};
const DISPLAY = 'parentDisplayName';

function readOrganization(evidence: EvidenceView, paths: PathsBuilder, organization: GcpContainer): void {
  const services = listOf(evidence, SERVICES, Services, organization.id);
  const { ids } = services;
  const hop = paths.node({
    type: 'hop',
    id: `gcp findings of ${organization.id}`,
    kind: 'services',
    name: organization.name,
    scope: { provider: 'gcp', account: organization.account },
    evidence: ids,
    findings: [],
  });
  for (const edge of edgesOf(evidence, paths, organization)) paths.edge(hop, edge);
  paths.emitter({
    id: `${SOURCE}|${organization.id}`,
    sources: [SOURCE],
    scope: { provider: 'gcp', account: organization.account },
    name: organization.name,
    universe: EVERYTHING,
    taps: [servicesTap(evidence, organization, services, hop)],
    evidence: ids,
  });
}

/** What the services make: those that are off make nothing, and of one that was not read it is not known. */
function servicesTap(evidence: EvidenceView, organization: GcpContainer, services: Listing<z.infer<typeof Service>>, hop: string): Edge {
  const inState = (wanted: (state: string) => boolean): string[] =>
    services.items.flatMap(({ name, effectiveEnablementState: state }) => {
      const service = name.split('/').at(-1) ?? '';
      return wanted(state) ? [Object.hasOwn(DISPLAYED, service) ? (DISPLAYED[service] as string) : service] : [];
    });
  const off = inState((state) => state === 'DISABLED');
  const unclear = inState((state) => state !== 'DISABLED' && state !== 'ENABLED');
  const all = services.off || (services.unknown === undefined && services.items.length > 0 && off.length === services.items.length);
  const unread =
    services.unknown ??
    (!all && (services.items.length === 0 || unclear.length > 0)
      ? evidence.unknownOf(`gcp/${SERVICES}`, organization.account, 'NoStateShown', services.ids)
      : undefined);
  const mayPass = all ? EVERYTHING : selectorOf({ [DISPLAY]: { notEquals: off } });
  const certain =
    services.unknown || services.items.length === 0 ? NOTHING : selectorOf({ [DISPLAY]: { notEquals: [...off, ...unclear] } });
  const fix = `gcloud scc manage services update <service> --organization=${organization.id.split('/')[1]} --enablement-state=enabled`;
  return {
    id: `${SOURCE}|${organization.id}`,
    to: hop,
    label: 'services of Security Command Center',
    passes: all ? EVERYTHING : certain,
    mayPass,
    unknowns: unread ? [unread] : [],
    delivery: all ? { state: 'broken', why: 'no service of Security Command Center is switched on', fix } : { state: 'flowing' },
    fix,
    evidence: services.ids,
  };
}

function nativeView(paths: PathsBuilder, organization: GcpContainer): string {
  const days = { least: KEPT_DAYS, most: Number.POSITIVE_INFINITY };
  return paths.node({
    type: 'store',
    id: `gcp findings ${organization.id}`,
    kind: 'native',
    name: 'Security Command Center',
    scope: { provider: 'gcp', account: organization.account },
    keeps: { searchable: days, total: days, immutable: false, because: 'findings are kept at least 13 months', unknowns: [] },
    evidence: [],
    findings: [],
    unknowns: [],
  });
}

/** Where findings go. */
function edgesOf(evidence: EvidenceView, paths: PathsBuilder, organization: GcpContainer): Edge[] {
  const key = `${SOURCE}|${organization.id}`;
  const exported = (name: string, what: string, filter: string, landing: Landing, ids: readonly number[]): Edge => {
    const short = name.split('/').at(-1) ?? name;
    const taken = findingsOf(filter);
    return {
      id: `${key}|${name}`,
      to: landing.node,
      label: `${what} ${short}${filter.trim() === '' ? '' : ` (${filter.trim().slice(0, 80)})`}`,
      passes: taken ?? NOTHING,
      mayPass: taken ?? EVERYTHING,
      unknowns: [
        ...(taken
          ? []
          : [
              {
                call: `filter of ${what} ${short}`,
                permission: 'a filter in terms that can be decided',
                on: filter,
                code: 'FilterNotUnderstood',
              },
            ]),
      ],
      delivery: landing.delivery,
      latency: TYPICAL_SECONDS + (landing.latency ?? 0),
      fix: `gcloud scc notifications update ${short} --organization=${organization.id.split('/')[1]} --location=global --filter='<a filter that takes it>'`,
      evidence: [...ids, ...landing.evidence],
    };
  };
  const notifications = listOf(evidence, NOTIFICATIONS, Notifications, organization.id);
  const exports = listOf(evidence, EXPORTS, Exports, organization.id);
  const writer = (email: string | undefined) => ({
    identity: email === undefined || email === '' ? undefined : `serviceAccount:${email}`,
    container: organization.id,
  });
  return [
    {
      id: `${key}|own view`,
      to: nativeView(paths, organization),
      label: 'Security Command Center',
      passes: EVERYTHING,
      mayPass: EVERYTHING,
      unknowns: [],
      delivery: { state: 'flowing' },
      latency: TYPICAL_SECONDS,
      evidence: [],
    },
    ...notifications.items.map((one) =>
      exported(
        one.name,
        'notification',
        one.streamingConfig.filter,
        landInTopic(evidence, paths, writer(one.serviceAccount), one.pubsubTopic),
        notifications.ids,
      ),
    ),
    ...exports.items.map((one) =>
      exported(
        one.name,
        'BigQuery export',
        one.filter,
        landInDataset(evidence, paths, writer(one.principal), one.dataset, true),
        exports.ids,
      ),
    ),
    ...[notifications, exports].flatMap((list: Listing<unknown>, index) =>
      list.unknown
        ? [
            unseenTap(organization.id, {
              id: `${key}|unseen ${index}`,
              label: index === 0 ? 'notifications that were not listed' : 'BigQuery exports that were not listed',
              unknowns: [list.unknown],
            }),
          ]
        : [],
    ),
    // Threat findings may also be written to Cloud Logging, a setting that no API of the product shows.
    unseenTap(organization.id, {
      id: `${key}|logging`,
      label: 'export of threat findings to Cloud Logging',
      mayPass: selectorOf({ findingClass: { equals: ['THREAT'] } }),
      unknowns: [
        {
          call: 'Cloud Logging export of Security Command Center',
          permission: 'a look at Settings, Continuous exports in the console',
          on: organization.account,
          code: 'NoSuchCall',
        },
      ],
    }),
  ];
}

/** Fields of a finding by their name in a filter. */
const FILTERED: Readonly<Record<string, string>> = {
  state: 'state',
  severity: 'severity',
  category: 'category',
  finding_class: 'findingClass',
  findingClass: 'findingClass',
  mute: 'mute',
};
const TERM = /^\s*(NOT\s+|-)?(\w+)\s*(!?=)\s*"([^"\\]*)"\s*/;

/**
 * What a filter of findings takes, where it is comparisons joined by AND, each of them one or, in parentheses, several joined by OR; undefined where it
 * is anything else. https://docs.cloud.google.com/security-command-center/docs/how-to-api-filter-notifications
 */
export function findingsOf(filter: string): Selector | undefined {
  let rest = filter.trim();
  if (rest === '') return EVERYTHING;
  let taken: Selector = EVERYTHING;
  const term = (): Selector | undefined => {
    const [all, negation, name = '', operator, value = ''] = TERM.exec(rest) ?? [];
    const field = Object.hasOwn(FILTERED, name) ? FILTERED[name] : undefined;
    if (all === undefined || field === undefined) return undefined;
    rest = rest.slice(all.length);
    const not = (negation !== undefined) !== (operator === '!=');
    return selectorOf({ [field]: not ? { notEquals: [value] } : { equals: [value] } });
  };
  // Without parentheses OR binds tighter than AND.
  const either = (): Selector | undefined => {
    const parts: EventClass[] = [];
    for (;;) {
      const one = term();
      if (!one) return undefined;
      parts.push(...one);
      const [or] = /^OR\s+/.exec(rest) ?? [];
      if (or === undefined) return union(parts);
      rest = rest.slice(or.length);
    }
  };
  for (;;) {
    const grouped = /^\(/.test(rest);
    if (grouped) rest = rest.slice(1).trimStart();
    const one = either();
    if (!one) return undefined;
    if (grouped) {
      if (!rest.startsWith(')')) return undefined;
      rest = rest.slice(1).trimStart();
    }
    taken = intersect(taken, one);
    if (rest === '') return taken;
    const [and] = /^AND\s+/.exec(rest) ?? [];
    if (and === undefined) return undefined;
    rest = rest.slice(and.length);
  }
}
