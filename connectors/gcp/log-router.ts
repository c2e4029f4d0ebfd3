import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { attempt } from '../../src/events/attempt.ts';
import { EVERYTHING, type Event, intersect, isEmpty, matches, minus, NOTHING, type Selector, union } from '../../src/events/classes.ts';
import type { Finding, Unknown } from '../../src/model/assessment.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge } from '../../src/paths/graph.ts';
import { canonical, type EvidenceView } from '../../src/store/view.ts';
import { landInDataset } from './bigquery-stores.ts';
import { landInStorage } from './cloud-storage-stores.ts';
import { type CompiledFilter, compileFilter, sinkPasses } from './filter/compile.ts';
import { landInLogBucket } from './log-buckets.ts';
import { differences, expectation, type StandardSink, settingsCall, standardSinkOf } from './log-settings.ts';
import { accountOf, argument, callsAbout, containerOf, type GcpContainer, gcpEstateOf, routerId } from './places.ts';
import { landInTopic } from './pubsub-stores.ts';
import { admits, type Landing, projectGrants, ROUTE_TO_PROJECT, unseenPlace, type Writer } from './writers.ts';

const Exclusion = z.object({ name: z.string().default(''), filter: z.string().default(''), disabled: z.boolean().default(false) });
type Exclusion = z.infer<typeof Exclusion>;
const LogSink = z.object({
  name: z.string(),
  resourceName: z.string().optional(),
  destination: z.string().default(''),
  filter: z.string().default(''),
  exclusions: z.array(Exclusion).default([]),
  disabled: z.boolean().default(false),
  includeChildren: z.boolean().default(false),
  interceptChildren: z.boolean().default(false),
  writerIdentity: z.string().optional(),
  bigqueryOptions: z.object({ usePartitionedTables: z.boolean().optional() }).optional(),
});
type LogSink = z.infer<typeof LogSink>;
const LogSinks = z.object({ sinks: z.array(LogSink).default([]) });
const Exclusions = z.object({ exclusions: z.array(Exclusion).default([]) });
const ErrorCounts = z.object({
  timeSeries: z
    .array(
      z.object({
        metric: z.object({ type: z.string().default('') }).default({ type: '' }),
        resource: z.object({ labels: z.record(z.string(), z.string()).default({}) }).default({ labels: {} }),
        points: z
          .array(z.object({ value: z.object({ int64Value: z.union([z.string(), z.number()]).optional() }).default({}) }))
          .default([]),
      }),
    )
    .default([]),
});

/** What `_Required` takes in every project, folder and organization; nobody can change it. */
const REQUIRED_FILTER = ['activity', 'system_event', 'access_transparency']
  .flatMap((log) => [`LOG_ID("cloudaudit.googleapis.com/${log}")`, `LOG_ID("externalaudit.googleapis.com/${log}")`])
  .join(' OR ');

const ERRORS = 'logging.googleapis.com/exports/error_count';

const KINDS = ['projects', 'folders', 'organizations'] as const;

/**
 * The Log Router: which entries the sinks of a project, of its folders and of its organization take, and where they send them.
 * https://docs.cloud.google.com/logging/docs/routing/overview
 */
export const logRouter: Collector = {
  id: 'log-router',
  provider: 'gcp',
  service: 'Cloud Logging',
  informs: ['pipe.gcp.sink'],
  runs: 'account',
  phase: 'sources',
  calls: Object.fromEntries(
    KINDS.flatMap((kind) => [
      [
        `logging:${kind}.sinks.list`,
        {
          permission: 'logging.sinks.list',
          pages: { from: 'nextPageToken', to: 'pageToken' },
          why: 'which entries are routed where, by whom, and what intercepts them above',
          per: 'account' as const,
        },
      ],
      ...(kind === 'projects' ? [] : Object.entries(settingsCall(kind))),
      [
        `monitoring:${kind}.timeSeries.list`,
        {
          permission: 'monitoring.timeSeries.list',
          url: 'GET https://monitoring.googleapis.com/v3/{+name}/timeSeries',
          pages: { from: 'nextPageToken', to: 'pageToken' },
          why: 'how many entries sinks could not write in the last day',
          per: 'account' as const,
        },
      ],
      [
        `logging:${kind}.exclusions.list`,
        {
          permission: 'logging.exclusions.list',
          pages: { from: 'nextPageToken', to: 'pageToken' },
          why: 'what the _Default sink leaves out',
          per: 'account' as const,
        },
      ],
    ]),
  ),
  doc: 'https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/sinks/list',

  async collect(cell) {
    const parent = containerOf(cell.account);
    const kind = parent.split('/')[0];
    const scope = kind === 'organizations' ? {} : { filter: 'in_scope("ALL")' };
    const answer = await cell.ask(`logging:${kind}.sinks.list`, { parent, ...scope });
    await cell.ask(`logging:${kind}.exclusions.list`, { parent });
    if (kind !== 'projects') await cell.ask(`logging:${kind}.getSettings`, { name: parent });
    let exports = false;
    for (const page of answer.pages) {
      const read = LogSinks.safeParse(page);
      for (const sink of read.success ? read.data.sinks : []) {
        exports ||= !sink.disabled && !sink.destination.startsWith(`logging.googleapis.com/${parent}/`);
        const destination = destinationOf(sink.destination);
        if (destination.kind === 'cloud-storage') cell.want({ kind: 'cloud-storage', id: destination.name });
        else if (destination.kind === 'bigquery' || destination.kind === 'pubsub')
          cell.want({ kind: destination.kind, id: destination.name, account: destination.name.split('/')[1] as string });
      }
    }
    if (exports) await cell.ask(`monitoring:${kind}.timeSeries.list`, { name: parent, ...LAST_DAY });
  },

  read(evidence, paths) {
    for (const container of gcpEstateOf(evidence).containers) {
      const id = routerId(container.id);
      paths.node({
        type: 'hop',
        id,
        kind: 'router',
        name: container.account,
        scope: { provider: 'gcp', account: container.account },
        evidence: container.evidence,
        findings: standardFindings(evidence, container.id),
      });
      for (const edge of routerEdges(evidence, paths, container)) paths.edge(id, edge);
    }
  },
};

/** The errors of all sinks in the last day, one figure for each. */
const LAST_DAY = {
  filter: `metric.type="${ERRORS}"`,
  'interval.startTime': 'now-24h',
  'interval.endTime': 'now',
  'aggregation.alignmentPeriod': '86400s',
  'aggregation.perSeriesAligner': 'ALIGN_DELTA',
};

function standardFindings(evidence: EvidenceView, container: string): Finding[] {
  const standard = standardSinkOf(evidence, container);
  const own = standard && sinksOf(evidence, container).sinks.find(({ sink }) => sink.name === '_Default');
  return own ? differences(container, own.sink, standard, own.evidence) : [];
}

/** A sink with its owner. */
interface OwnedSink {
  readonly sink: LogSink;
  /** `projects/P`, `folders/F`, `organizations/O`. */
  readonly owner: string;
  readonly evidence: readonly number[];
}

interface SinkList {
  readonly sinks: readonly OwnedSink[];
  /** Why there may be others. */
  readonly unknown: Unknown | undefined;
  /** Whether sinks of ancestors that intercept would be shown. */
  readonly showsInterceptors: boolean;
  readonly above: readonly OwnedSink[];
}

const lists = new WeakMap<EvidenceView, Map<string, SinkList>>();

function sinksOf(evidence: EvidenceView, container: string): SinkList {
  let known = lists.get(evidence);
  if (!known) lists.set(evidence, (known = new Map()));
  let list = known.get(container);
  if (!list) known.set(container, (list = readSinks(evidence, container)));
  return list;
}

function readSinks(evidence: EvidenceView, container: string): SinkList {
  const estate = gcpEstateOf(evidence);
  const op = `gcp/logging:${container.split('/')[0]}.sinks.list`;
  const answers = callsAbout(evidence, op, LogSinks, container);
  const scopeOf = (args: Readonly<Record<string, unknown>>) => argument(args, 'filter');
  const listing = answers.filter(({ args }) => /^$|"(ALL|DEFAULT)"/.test(scopeOf(args)));
  const ancestral = answers.filter(({ args }) => /"(ALL|ANCESTOR)"/.test(scopeOf(args)));
  const whole = listing.find((answer) => answer.unknown === undefined);
  const own = new Map<string, OwnedSink>();
  const above = new Map<string, OwnedSink>();
  for (const answer of answers.toSorted((a, b) => ((a.at ?? '') < (b.at ?? '') ? -1 : 1))) {
    for (const sink of answer.pages.flatMap((page) => page.sinks)) {
      const [, named, short] = /^((?:projects|folders|organizations|billingAccounts)\/[^/]+)(?:\/locations\/[^/]+)?\/sinks\/([^/]+)$/.exec(
        sink.resourceName ?? sink.name,
      ) ?? [undefined, container, sink.name];
      const owner = estate.find(named as string)?.id ?? (named as string);
      // A project's own sink cannot intercept: one that does and does not say whose it is belongs to an ancestor.
      const foreign = owner !== container || (sink.interceptChildren && container.startsWith('projects/'));
      const one = {
        sink: { ...sink, name: short as string },
        owner: foreign && owner === container ? `an ancestor of ${container}` : owner,
        evidence: answer.ids,
      };
      (foreign ? above : own).set(`${one.owner}/${short}`, one);
    }
  }
  const unknown = whole ? undefined : (listing[0]?.unknown ?? evidence.unknownOf(op, accountOf(container), 'NotAsked', []));
  const required = [...own.values()].some(({ sink }) => sink.name === '_Required');
  const builtIn: OwnedSink[] = required
    ? []
    : [
        {
          owner: container,
          evidence: [],
          sink: LogSink.parse({
            name: '_Required',
            destination: `logging.googleapis.com/${container}/locations/global/buckets/_Required`,
            filter: REQUIRED_FILTER,
          }),
        },
      ];
  return {
    sinks: [...own.values(), ...builtIn],
    unknown: unknown && { ...unknown, on: accountOf(container) },
    // A folder's list shows what intercepts above it too: one that does not say whose it is may be an ancestor's.
    showsInterceptors:
      ancestral.some((answer) => answer.unknown === undefined) &&
      !(
        container.startsWith('folders/') && [...own.values()].some(({ sink }) => sink.interceptChildren && sink.resourceName === undefined)
      ),
    above: [...above.values()],
  };
}

/** What a sink takes of what its router sees, before anything above it intercepts. */
interface Taken extends CompiledFilter {
  readonly key: string;
  readonly exclusions: readonly Exclusion[];
  readonly unknowns: readonly Unknown[];
}

function takenBy(evidence: EvidenceView, paths: PathsBuilder, { sink, owner }: OwnedSink): Taken {
  const excluded = sink.name === '_Default' ? defaultExclusions(evidence, owner) : { exclusions: [], unknown: undefined };
  // Nothing is left out of _Required.
  const exclusions = sink.name === '_Required' ? [] : [...sink.exclusions.filter((one) => !one.disabled), ...excluded.exclusions];
  const filters = [...new Set(exclusions.map((one) => one.filter))];
  const filter = sink.name === '_Required' ? REQUIRED_FILTER : sink.filter;
  const key = canonical([filter, filters, excluded.unknown !== undefined]);
  const compiled = paths.once(`gcp filter ${key}`, () => {
    const exact = sinkPasses(
      compileFilter(filter),
      filters.map((one) => compileFilter(one)),
    );
    const sampled = exact.sampled.map((one) => one.events);
    // Sampled entries have an edge of their own.
    const mayPass =
      sampled.length > 0
        ? attempt(
            () => minus(exact.mayPass, union(...sampled)),
            () => exact.mayPass,
          )
        : exact.mayPass;
    return { ...exact, mayPass, passes: excluded.unknown ? NOTHING : exact.passes };
  });
  return {
    ...compiled,
    key,
    exclusions,
    unknowns: [
      ...compiled.unclear.map((part) => ({
        call: `filter of sink ${sink.name}`,
        permission: `a filter in terms that can be decided: ${part}`,
        on: owner,
        code: 'FilterNotUnderstood',
      })),
      ...(excluded.unknown ? [excluded.unknown] : []),
    ],
  };
}

/** Exclusions of a project, folder or organization are those of its _Default sink. */
function defaultExclusions(evidence: EvidenceView, owner: string): { exclusions: readonly Exclusion[]; unknown: Unknown | undefined } {
  const answers = callsAbout(evidence, `gcp/logging:${owner.split('/')[0]}.exclusions.list`, Exclusions, owner);
  return {
    exclusions: answers.flatMap((answer) => answer.pages.flatMap((page) => page.exclusions)).filter((one) => !one.disabled),
    unknown: answers.some((answer) => answer.unknown === undefined) ? undefined : answers[0]?.unknown,
  };
}

/** The edges of the router of a container for entries that are written in it. */
export function routerEdges(evidence: EvidenceView, paths: PathsBuilder, container: GcpContainer): Edge[] {
  const estate = gcpEstateOf(evidence);
  const ancestors = estate.ancestorsOf(container.id);
  const own = sinksOf(evidence, container.id);
  const edges: Edge[] = [];
  // What sinks above take away from those below: for certain, and at most.
  let taken = NOTHING_TAKEN;
  const hidden: Unknown[] = ancestors.unknown ? [ancestors.unknown] : [];
  // Above what was listed there may be sinks that intercept, unless the list of the container shows these.
  const open = () => (own.showsInterceptors ? [] : hidden);
  const add = (sinks: readonly OwnedSink[]): void => {
    for (const one of sinks) edges.push(...edgesOf(evidence, paths, container.id, one, taken, open()));
    taken = withhold(evidence, paths, taken, sinks);
  };
  const levels = ancestors.known.toReversed();
  add(own.above.filter(({ owner, sink }) => !levels.some((level) => level.id === owner) && !isKnownAbove(evidence, levels, sink)));
  for (const level of levels) {
    const list = sinksOf(evidence, level.id);
    const listed = list.sinks.filter(({ sink }) => sink.name !== '_Required' && (sink.name !== '_Default' || sink.includeChildren));
    // Where a level was not listed, its sinks that intercept are shown below.
    const known = new Set(listed.map(({ sink }) => sink.name));
    add([...listed, ...own.above.filter(({ owner, sink }) => owner === level.id && !known.has(sink.name))]);
    if (list.unknown) hidden.push(list.unknown);
  }
  for (const one of own.sinks) {
    const required = one.sink.name === '_Required';
    edges.push(...edgesOf(evidence, paths, container.id, one, required ? NOTHING_TAKEN : taken, required ? [] : open()));
  }
  for (const unknown of [...hidden, ...(own.unknown ? [own.unknown] : [])])
    edges.push(unseenSinks(paths, container.id, unknown, unknown === own.unknown ? standardSinkOf(evidence, container.id) : undefined));
  return edges;
}

function isKnownAbove(evidence: EvidenceView, levels: readonly GcpContainer[], sink: LogSink): boolean {
  return levels.some((level) =>
    sinksOf(evidence, level.id).sinks.some((one) => one.sink.name === sink.name && one.sink.destination === sink.destination),
  );
}

interface Withheld {
  readonly certain: Selector;
  readonly possible: Selector;
  readonly by: readonly string[];
}
const NOTHING_TAKEN: Withheld = { certain: NOTHING, possible: NOTHING, by: [] };

function withhold(evidence: EvidenceView, paths: PathsBuilder, before: Withheld, sinks: readonly OwnedSink[]): Withheld {
  let { certain, possible, by } = before;
  for (const one of sinks) {
    const { sink } = one;
    if (!sink.interceptChildren || !sink.includeChildren || sink.disabled) continue;
    const { passes, mayPass, sampled } = takenBy(evidence, paths, one);
    // Whether entries that the destination refuses are withheld all the same is not documented.
    const arrives = landingOf(evidence, paths, one).delivery.state === 'flowing';
    const [sure, perhaps] = [certain, possible];
    if (arrives)
      certain = attempt(
        () => union(sure, passes),
        () => sure,
      );
    possible = attempt(
      () => union(perhaps, mayPass, ...sampled.map((part) => part.events)),
      () => EVERYTHING,
    );
    by = [...by, `${sink.name} of ${accountOf(one.owner)}`];
  }
  return { certain, possible, by };
}

/** The edges from the router of a container to one sink: one for what passes as a whole, one for each share. */
function edgesOf(
  evidence: EvidenceView,
  paths: PathsBuilder,
  container: string,
  one: OwnedSink,
  withheld: Withheld,
  open: readonly Unknown[] = [],
): Edge[] {
  const { sink, owner } = one;
  const inherited = owner !== container;
  const taken = takenBy(evidence, paths, one);
  const to = addSink(evidence, paths, one);
  const name = inherited ? `sink ${sink.name} of ${accountOf(owner)}` : `sink ${sink.name}`;
  const base = {
    to,
    delivery: deliveryOf(one),
    evidence: one.evidence,
    ...(sink.filter === '' || isStandard(sink) ? {} : { filter: sink.filter }),
    leavesOut: (lost: Event) => leftOut(one, taken, withheld, lost),
  };
  const key = `gcp sink ${container} ${owner} ${sink.name}`;
  if (inherited && !sink.includeChildren) {
    return [
      {
        ...base,
        id: key,
        label: `${name} (without includeChildren)`,
        passes: NOTHING,
        mayPass: NOTHING,
        unknowns: [],
        fix: `gcloud logging sinks update ${sink.name} --include-children ${flagOf(owner)}`,
      },
    ];
  }
  const intercepted = withheld.by.length > 0;
  // What cannot be compared is withheld from what passes for certain, and from nothing else.
  const cut = (selector: Selector, out: Selector, what: string, otherwise: Selector): Selector =>
    out.length === 0
      ? selector
      : paths.once(`gcp cut ${what} ${taken.key} ${withheld.by.join('|')}`, () =>
          attempt(
            () => minus(selector, out),
            () => otherwise,
          ),
        );
  const passes = open.length > 0 ? NOTHING : cut(taken.passes, withheld.possible, 'passes', NOTHING);
  const mayPass = cut(taken.mayPass, withheld.certain, 'mayPass', taken.mayPass);
  const doubt =
    intercepted &&
    attempt(
      () => !isEmpty(minus(intersect(taken.passes, withheld.possible), withheld.certain)),
      () => true,
    )
      ? [
          {
            call: `filter of ${withheld.by.join(', ')}`,
            permission: 'a filter and a destination that can be decided',
            on: accountOf(container),
            code: 'InterceptionNotSettled',
          },
        ]
      : [];
  return [
    {
      ...base,
      id: key,
      label: intercepted ? `${name} (less what ${withheld.by.join(' and ')} intercepts)` : name,
      passes,
      mayPass,
      unknowns: [...taken.unknowns, ...open, ...doubt],
      ...(sink.name === '_Required' ? {} : { fix: (lost: Event) => fixOf(one, taken, lost) }),
    },
    ...taken.sampled.map(({ events, share }, index) => ({
      ...base,
      id: `${key} sample ${index}`,
      label: `${name} (a sample)`,
      passes: open.length > 0 ? NOTHING : cut(events, withheld.possible, `sample ${index} passes`, NOTHING),
      mayPass: cut(events, withheld.certain, `sample ${index}`, events),
      sampling: share,
      unknowns: [...taken.unknowns, ...open, ...doubt],
      fix: `remove sample() from the filters of sink ${sink.name} of ${accountOf(owner)}`,
    })),
  ];
}

/** The sinks that every project has, as it got them. */
function isStandard({ name, filter }: LogSink): boolean {
  return name === '_Required' || (name === '_Default' && /^(NOT LOG_ID\("[\w./]+"\)( AND |$))+$/.test(filter));
}

/** The exclusion that certainly takes out an entry that the filter of the sink takes. */
function excluderOf({ sink }: OwnedSink, { exclusions }: Taken, lost: Event): Exclusion | undefined {
  const { mayPass, sampled } = compileFilter(sink.filter);
  if (![mayPass, ...sampled.map((part) => part.events)].some((selector) => matches(selector, lost))) return undefined;
  return exclusions.find(({ filter }) => matches(compileFilter(filter).passes, lost));
}

function leftOut(one: OwnedSink, taken: Taken, withheld: Withheld, lost: Event): string | undefined {
  const exclusion = excluderOf(one, taken, lost);
  if (exclusion) return `exclusion ${exclusion.name} takes it out: ${exclusion.filter}`;
  return matches(withheld.certain, lost) ? `${withheld.by.join(' and ')} intercepts it` : undefined;
}

function fixOf(one: OwnedSink, taken: Taken, lost: Event): string {
  const exclusion = excluderOf(one, taken, lost);
  const change = exclusion ? `--remove-exclusions=${exclusion.name}` : "--log-filter='<a filter that takes it>'";
  return `gcloud logging sinks update ${one.sink.name} ${change} ${flagOf(one.owner)}`;
}

function deliveryOf({ sink, owner }: OwnedSink): Delivery {
  if (!sink.disabled || sink.name === '_Required') return { state: 'flowing' };
  return {
    state: 'broken',
    why: 'the sink is disabled',
    fix: `gcloud logging sinks update ${sink.name} --no-disabled ${flagOf(owner)}`,
  };
}

function flagOf(owner: string): string {
  const [kind, id] = owner.split('/');
  return `--${kind === 'organizations' ? 'organization' : kind === 'folders' ? 'folder' : 'project'}=${id}`;
}

function unseenSinks(paths: PathsBuilder, container: string, unknown: Unknown, standard?: StandardSink): Edge {
  return {
    id: `gcp unseen sinks ${container} ${unknown.call} ${unknown.on}`,
    to: unseenPlace(paths, `sinks ${unknown.on}`, `sinks of ${unknown.on}`, unknown, accountOf(container)),
    label: `sinks of ${unknown.on} that were not listed${standard ? ` (${expectation(standard)})` : ''}`,
    passes: NOTHING,
    mayPass: EVERYTHING,
    unknowns: [unknown],
    delivery: { state: 'flowing' },
    evidence: [...(unknown.evidence ?? []), ...(standard?.evidence ?? [])],
  };
}

/** The hop of a sink, with the edge to its destination. */
function addSink(evidence: EvidenceView, paths: PathsBuilder, one: OwnedSink): string {
  const { sink, owner } = one;
  const id = `gcp sink ${owner} ${sink.name}`;
  if (paths.has(id)) return id;
  paths.node({
    type: 'hop',
    id,
    kind: 'sink',
    name: sink.name,
    scope: { provider: 'gcp', account: accountOf(owner) },
    evidence: one.evidence,
    findings: [],
    unknowns: uncounted(evidence, one),
  });
  const landing = landingOf(evidence, paths, one);
  paths.edge(id, {
    id: `${id} >`,
    to: landing.node,
    label: `sink ${sink.name}`,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: [],
    delivery: withErrors(evidence, one, landing.delivery),
    ...(landing.latency === undefined ? {} : { latency: landing.latency }),
    evidence: landing.evidence,
  });
  return id;
}

const countsOf = (evidence: EvidenceView, owner: string) =>
  callsAbout(evidence, `gcp/monitoring:${owner.split('/')[0]}.timeSeries.list`, ErrorCounts, owner);

/** Errors that the monitoring counts for a sink that may write: some of its entries are lost, and it is not known which. */
function withErrors(evidence: EvidenceView, { sink, owner }: OwnedSink, delivery: Delivery): Delivery {
  if (delivery.state !== 'flowing') return delivery;
  let errors = 0;
  for (const series of countsOf(evidence, owner).flatMap((answer) => answer.pages.flatMap((page) => page.timeSeries))) {
    if (series.metric.type !== ERRORS || series.resource.labels.name !== sink.name) continue;
    if (series.resource.labels.destination !== undefined && series.resource.labels.destination !== sink.destination) continue;
    for (const point of series.points) errors += Number(point.value.int64Value ?? 0);
  }
  if (!(errors > 0)) return delivery;
  return {
    state: 'stale',
    why: `${errors} entries could not be written to ${sink.destination}`,
    unknowns: [{ call: 'logging:entries.list', permission: 'a look at the error log of the sink', on: sink.name, code: 'ExportErrors' }],
  };
}

/** Counts that were refused change no verdict: that the writer is let in was read. */
function uncounted(evidence: EvidenceView, { sink, owner }: OwnedSink): Unknown[] {
  const answers = countsOf(evidence, owner);
  const unknown = answers.some((answer) => answer.unknown === undefined) ? undefined : answers[0]?.unknown;
  return unknown ? [{ ...unknown, on: `sink ${sink.name} of ${accountOf(owner)}` }] : [];
}

type Destination =
  | { readonly kind: 'log-bucket' | 'project' | 'bigquery' | 'cloud-storage' | 'pubsub'; readonly name: string }
  | { readonly kind: 'other'; readonly name: string };

/** `logging.googleapis.com/projects/P`, `storage.googleapis.com/B`, …: what it is and its name without the service. */
export function destinationOf(destination: string): Destination {
  const [, service, name = ''] = /^([^/]+)\/(.+)$/.exec(destination) ?? [];
  if (service === 'logging.googleapis.com' && /^[^/]+\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+$/.test(name))
    return { kind: 'log-bucket', name };
  if (service === 'logging.googleapis.com' && /^projects\/[^/]+$/.test(name)) return { kind: 'project', name };
  if (service === 'bigquery.googleapis.com' && /^projects\/[^/]+\/datasets\/[^/]+$/.test(name)) return { kind: 'bigquery', name };
  if (service === 'storage.googleapis.com' && /^[^/]+$/.test(name)) return { kind: 'cloud-storage', name };
  if (service === 'pubsub.googleapis.com' && /^projects\/[^/]+\/topics\/[^/]+$/.test(name)) return { kind: 'pubsub', name };
  return { kind: 'other', name: destination };
}

function landingOf(evidence: EvidenceView, paths: PathsBuilder, one: OwnedSink): Landing {
  return paths.once(`gcp landing ${one.owner} ${one.sink.name}`, () => {
    const landing = findLanding(evidence, paths, one);
    const node = paths.nodeOf(landing.node);
    const project = node?.scope.account === undefined ? undefined : gcpEstateOf(evidence).find(containerOf(node.scope.account));
    if (project?.closed === undefined) return landing;
    return { ...landing, delivery: { state: 'broken', why: `${project.closed}: ${project.account}` } };
  });
}

function findLanding(evidence: EvidenceView, paths: PathsBuilder, { sink, owner }: OwnedSink): Landing {
  const writer: Writer = { identity: sink.writerIdentity || undefined, container: owner };
  const { kind, name } = destinationOf(sink.destination);
  switch (kind) {
    case 'log-bucket':
      return landInLogBucket(evidence, paths, writer, name);
    case 'project':
      return landInProject(evidence, paths, writer, name);
    case 'bigquery':
      return landInDataset(evidence, paths, writer, name, sink.bigqueryOptions?.usePartitionedTables === true);
    case 'cloud-storage':
      return landInStorage(evidence, paths, writer, name);
    case 'pubsub':
      return landInTopic(evidence, paths, writer, name);
    default: {
      const unknown = { call: `destination of sink ${sink.name}`, permission: 'a version that reads it', on: name, code: 'NotRead' };
      return {
        node: unseenPlace(paths, `destination ${name}`, name || 'a destination that was not read', unknown),
        delivery: { state: 'unknown', why: `${name} was not read`, unknowns: [unknown] },
        evidence: [],
      };
    }
  }
}

/** Another project: its own sinks take what arrives, and send it to no further project. */
function landInProject(evidence: EvidenceView, paths: PathsBuilder, writer: Writer, named: string): Landing {
  const estate = gcpEstateOf(evidence);
  const project = estate.find(named)?.id ?? named;
  const account = accountOf(project);
  const id = `gcp arrivals ${project}`;
  if (!paths.has(id)) {
    paths.node({ type: 'hop', id, kind: 'router', name: account, scope: { provider: 'gcp', account }, evidence: [], findings: [] });
    const list = sinksOf(evidence, project);
    for (const one of list.sinks) {
      if (destinationOf(one.sink.destination).kind === 'project') continue;
      for (const edge of edgesOf(evidence, paths, project, one, NOTHING_TAKEN)) {
        const arrival = { ...edge, id: `arrived ${edge.id}` };
        // Whether _Required also takes entries of other projects is not documented.
        const open = {
          call: 'logging:entries.list',
          permission: 'a look at the entries of _Required',
          on: account,
          code: 'NotDocumented',
        };
        paths.edge(id, one.sink.name === '_Required' ? { ...arrival, passes: NOTHING, unknowns: [open] } : arrival);
      }
    }
    if (list.unknown) paths.edge(id, unseenSinks(paths, project, list.unknown));
  }
  const grants = projectGrants(evidence, project);
  return {
    node: id,
    evidence: grants.flatMap((one) => one.evidence),
    delivery: admits(
      writer,
      ROUTE_TO_PROJECT,
      grants,
      `project ${account}`,
      `gcloud projects add-iam-policy-binding ${account} --member=${writer.identity ?? '<writer identity>'} --role=roles/logging.logWriter`,
    ),
  };
}
