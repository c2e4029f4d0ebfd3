import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, type EventClass, NOTHING, selectorOf } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { Answered, EvidenceView } from '../../src/store/view.ts';
import { ownLogs } from './audited.ts';
import { aggregated, COMPUTE, listed, listOf, noteList, offTap, openProjects, PAGES, shortOf, toRouter, unseenTap } from './lists.ts';
import { accountOf, argument, type GcpContainer, gcpEstateOf } from './places.ts';

const SOURCE = 'gcp.vm.opsagent';
const INSTANCES = 'compute:instances.aggregatedList';
const INVENTORIES = 'osconfig:projects.locations.instances.inventories.list';
/** Read where evidence holds it. */
const SERIES = 'gcp/monitoring:projects.timeSeries.list';
const UPTIME = 'agent.googleapis.com/agent/uptime';

const Instance = z.object({
  id: z.union([z.string(), z.number().transform(String)]).optional(),
  name: z.string(),
  status: z.string().optional(),
  zone: z.string().default(''),
  labels: z.record(z.string(), z.string()).default({}),
  metadata: z.object({ items: z.array(z.object({ key: z.string(), value: z.string().default('') })).default([]) }).default({ items: [] }),
});
type Instance = z.infer<typeof Instance>;
const Instances = aggregated('instances', Instance);

const Package = z.object({ packageName: z.string().default('') }).optional();
const Inventory = z.object({
  name: z.string().default(''),
  items: z
    .record(
      z.string(),
      z.object({
        installedPackage: z
          .object({ yumPackage: Package, aptPackage: Package, zypperPackage: Package, googetPackage: Package, cosPackage: Package })
          .optional(),
      }),
    )
    .optional(),
});
type Inventory = z.infer<typeof Inventory>;
const Inventories = listed('inventories', Inventory);

const Series = z.object({
  timeSeries: z
    .array(
      z.object({
        metric: z.object({ type: z.string().default('') }).default({ type: '' }),
        resource: z.object({ labels: z.record(z.string(), z.string()).default({}) }).default({ labels: {} }),
        points: z.array(z.object({ interval: z.object({ endTime: z.string().optional() }).default({}) })).default([]),
      }),
    )
    .default([]),
});

/** The Ops Agent, its forerunner, and others that can write to Cloud Logging. */
const AGENTS =
  /^(google-cloud-ops-agent|google-fluentd|stackdriver-agent|td-agent|fluent-?bit|fluentd|otelcol|opentelemetry-collector|vector|filebeat|bindplane)/;

/**
 * Logs of the guest system, which an agent sends: whether it is installed tells the inventory of the operating system. Which files it takes is
 * in its configuration on the machine, which no API reads.
 * https://docs.cloud.google.com/logging/docs/agent/ops-agent
 */
export const opsAgent: Collector = {
  id: 'ops-agent',
  provider: 'gcp',
  service: 'Compute Engine',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [INSTANCES]: {
      permission: 'compute.instances.list',
      url: `${COMPUTE}/projects/{project}/aggregated/instances`,
      pages: PAGES,
      why: 'the machines that an agent would have to run on',
      per: 'account',
    },
    [INVENTORIES]: {
      permission: 'osconfig.inventories.list',
      url: 'GET https://osconfig.googleapis.com/v1/{+parent}/inventories',
      pages: PAGES,
      why: 'whether the agent is installed on the machines of a zone',
      per: 'resource',
    },
  },
  doc: 'https://docs.cloud.google.com/logging/docs/agent/ops-agent',

  async collect(cell) {
    if (cell.account.includes('/')) return;
    const answer = await cell.ask(INSTANCES, { project: cell.account, returnPartialSuccess: true });
    const zones = new Set<string>();
    for (const page of answer.pages) {
      const read = Instances.safeParse(page);
      for (const { zone } of read.success ? read.data.items : []) if (zone !== '') zones.add(shortOf(zone));
    }
    for (const zone of zones) {
      await cell.ask(INVENTORIES, { parent: `projects/${cell.account}/locations/${zone}/instances/-`, view: 'FULL' });
    }
  },

  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const list = listOf(evidence, INSTANCES, Instances, project.id);
      if (!noteList(paths, [SOURCE], project, list, 'Compute Engine')) continue;
      const uptime = uptimeIn(evidence, project);
      for (const instance of list.items) readInstance(evidence, paths, project, instance, uptime, list.ids);
    }
  },
};

interface Uptime {
  /** Ids of machines whose agent was up within a day. */
  readonly up: ReadonlySet<string>;
  readonly ids: readonly number[];
}

function uptimeIn(evidence: EvidenceView, project: GcpContainer): Uptime | undefined {
  const answers = evidence
    .calls(SERIES, Series, { account: project.account })
    .filter((answer) => answer.unknown === undefined && argument(answer.args, 'filter').includes(UPTIME));
  if (answers.length === 0) return undefined;
  const up = new Set<string>();
  for (const answer of answers) {
    for (const { metric, resource, points } of answer.pages.flatMap((page) => page.timeSeries)) {
      // An answer that is assessed later tells of the day before it was given.
      const recent = points.some(({ interval }) => Date.parse(answer.at ?? '') - Date.parse(interval.endTime ?? '') <= 86_400_000);
      if (metric.type === UPTIME && recent && resource.labels.instance_id) up.add(resource.labels.instance_id);
    }
  }
  return { up, ids: answers.flatMap((answer) => answer.ids) };
}

function readInstance(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  instance: Instance,
  uptime: Uptime | undefined,
  ids: readonly number[],
): void {
  const { name, labels } = instance;
  const zone = shortOf(instance.zone);
  const id = `//compute.googleapis.com/${project.id}/zones/${zone}/instances/${name}`;
  const scope = {
    provider: 'gcp' as const,
    account: project.account,
    ...(zone === '' ? {} : { region: zone.replace(/-[a-z]$/, '') }),
    resource: id,
  };
  paths.resource({ type: 'gcp.compute.instance', id, scope, evidence: ids });
  const cluster = labels['goog-k8s-cluster-name'];
  const node = cluster !== undefined || labels['goog-gke-node'] !== undefined;
  const tap = node ? undefined : tapOf(evidence, project, instance, zone, uptime, ids);
  paths.emitter({
    id: `${SOURCE}|${id}`,
    sources: [SOURCE],
    scope,
    name,
    universe: selectorOf({
      resource: { equals: [id] },
      'resource.type': { equals: ['gce_instance'] },
      'resource.labels.project_id': { equals: [project.account] },
      ...(instance.id === undefined ? {} : { 'resource.labels.instance_id': { equals: [instance.id] } }),
      ...(zone === '' ? {} : { 'resource.labels.zone': { equals: [zone] } }),
    }).map((one): EventClass => new Map(one).set('logName', ownLogs(paths, project.id))),
    taps: tap ? [tap] : [],
    evidence: tap ? [...new Set([...ids, ...tap.evidence])] : ids,
    ...(node ? { notApplicable: `${name} is a node of the cluster ${cluster ?? '(not named)'}, whose logging has its own setting` } : {}),
  });
}

function tapOf(
  evidence: EvidenceView,
  project: GcpContainer,
  instance: Instance,
  zone: string,
  uptime: Uptime | undefined,
  ids: readonly number[],
): Edge {
  const { name } = instance;
  const key = `${SOURCE}|${project.id}|${zone}|${name}`;
  const label = `agent on ${name}`;
  const fix = `gcloud compute instances ops-agents policies create ops-agents-${zone} --project=${project.account} --zone=${zone} --file=<policy that installs the Ops Agent>`;
  const sends = (on: readonly number[]): Edge =>
    toRouter(project.id, {
      id: key,
      label,
      passes: NOTHING,
      mayPass: EVERYTHING,
      unknowns: [
        {
          call: 'configuration of the Ops Agent',
          permission: 'a look at /etc/google-cloud-ops-agent/config.yaml on the machine: no API reads it',
          on: name,
          code: 'NotInAnApi',
        },
      ],
      latency: 60,
      evidence: on,
    });
  const off = (why: string, on: readonly number[]): Edge => offTap(project.id, { id: `${key} off`, label, why, fix, evidence: on });
  // A machine that is stopped reports nothing, with or without an agent.
  if (uptime && instance.id !== undefined && (instance.status ?? 'RUNNING') === 'RUNNING') {
    return uptime.up.has(instance.id)
      ? sends([...ids, ...uptime.ids])
      : off(`no agent on ${name} reported within a day`, [...ids, ...uptime.ids]);
  }
  // On Container-Optimized OS a switch in the metadata runs an agent that is no package.
  if (instance.metadata.items.some(({ key: one, value }) => one === 'google-logging-enabled' && /^true$/i.test(value))) return sends(ids);
  const { inventory, answer } = inventoryOf(evidence, project, instance, zone);
  if (!inventory?.items) {
    const unknown =
      answer?.unknown ?? evidence.unknownOf(`gcp/${INVENTORIES}`, name, answer ? 'NoInventory' : 'NotAsked', answer?.ids ?? []);
    return unseenTap(project.id, { id: `${key} not read`, label, unknowns: [{ ...unknown, on: name }] });
  }
  const packages = Object.values(inventory.items).flatMap(({ installedPackage: one }) =>
    one ? [one.yumPackage, one.aptPackage, one.zypperPackage, one.googetPackage, one.cosPackage] : [],
  );
  const names = packages.flatMap((one) => (one === undefined || one.packageName === '' ? [] : [one.packageName]));
  const on = [...ids, ...(answer?.ids ?? [])];
  // An inventory without any package was not taken, and one of Container-Optimized OS does not list what runs as a container.
  if (names.length === 0 || packages.some((one) => one !== undefined && isCos(inventory, one))) {
    const unknown = evidence.unknownOf(`gcp/${INVENTORIES}`, name, 'NoPackages', answer?.ids ?? []);
    return unseenTap(project.id, { id: `${key} not read`, label, unknowns: [unknown] });
  }
  return names.some((one) => AGENTS.test(one)) ? sends(on) : off(`no agent that sends logs is installed on ${name}`, on);
}

function isCos(inventory: Inventory, found: { packageName: string }): boolean {
  return Object.values(inventory.items ?? {}).some((one) => one.installedPackage?.cosPackage === found);
}

/** The inventory of a machine, which names it by its project's number and by its id. */
function inventoryOf(
  evidence: EvidenceView,
  project: GcpContainer,
  { id, name }: Instance,
  zone: string,
): { inventory: Inventory | undefined; answer: Answered<z.infer<typeof Inventories>> | undefined } {
  const estate = gcpEstateOf(evidence);
  const about = ({ args, account }: Answered<unknown>): boolean => {
    const [, owner, place] = /^(projects\/[^/]+)\/locations\/([^/]+)\/instances\/-$/.exec(argument(args, 'parent')) ?? [];
    return place === zone && accountOf(estate.find(owner ?? '')?.id ?? owner ?? account) === project.account;
  };
  const answers = evidence.calls(`gcp/${INVENTORIES}`, Inventories).filter(about);
  const answer = answers.find((one) => one.unknown === undefined) ?? answers[0];
  const inventory = answer?.pages
    .flatMap((page) => page.items)
    .find((one) => [id, name].some((each) => each !== undefined && one.name.endsWith(`/instances/${each}/inventory`)));
  return { inventory, answer };
}
