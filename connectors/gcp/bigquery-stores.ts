import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Kept } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { bestOf, isGone } from './cloud-storage-stores.ts';
import type { Binding } from './iam-policy.ts';
import { accountOf, argument, gcpEstateOf } from './places.ts';
import { admits, type Grants, type Landing, OPEN_KEPT, projectGrants, WRITE_TABLES, type Writer } from './writers.ts';

const Millis = z.union([z.string(), z.number().transform(String)]).optional();
const Dataset = z.object({
  defaultTableExpirationMs: Millis,
  defaultPartitionExpirationMs: Millis,
  access: z
    .array(
      z.object({
        role: z.string().optional(),
        userByEmail: z.string().optional(),
        groupByEmail: z.string().optional(),
        domain: z.string().optional(),
        specialGroup: z.string().optional(),
        iamMember: z.string().optional(),
        condition: z.unknown().optional(),
      }),
    )
    .default([]),
});
type Dataset = z.infer<typeof Dataset>;
const Table = z.object({
  tableReference: z.object({ tableId: z.string().default('') }).default({ tableId: '' }),
  timePartitioning: z.object({ expirationMs: Millis }).optional(),
  expirationTime: Millis,
});
type Table = z.infer<typeof Table>;
const Tables = z.object({ tables: z.array(Table).default([]) });

const DATASET_ROLES: Readonly<Record<string, string>> = {
  WRITER: 'roles/bigquery.dataEditor',
  OWNER: 'roles/bigquery.dataOwner',
  READER: 'roles/bigquery.dataViewer',
};

/**
 * BigQuery datasets that sinks write to: when tables and partitions expire, who may write.
 * https://docs.cloud.google.com/bigquery/docs/managing-tables#updating_a_tables_expiration_time
 */
export const bigqueryStores: Collector = {
  id: 'bigquery-stores',
  provider: 'gcp',
  service: 'BigQuery',
  informs: [],
  runs: 'account',
  phase: 'stores',
  calls: {
    'bigquery:datasets.get': {
      permission: 'bigquery.datasets.get',
      url: 'GET https://bigquery.googleapis.com/bigquery/v2/projects/{projectId}/datasets/{datasetId}',
      why: 'when tables and partitions of a sink expire, and who may write to them',
      per: 'resource',
    },
    'bigquery:tables.list': {
      permission: 'bigquery.tables.list',
      url: 'GET https://bigquery.googleapis.com/bigquery/v2/projects/{projectId}/datasets/{datasetId}/tables',
      pages: { from: 'nextPageToken', to: 'pageToken' },
      why: 'tables that expire otherwise than the dataset says',
      per: 'resource',
    },
  },
  doc: 'https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets',

  async collect(cell) {
    for (const { kind, id } of cell.wanted) {
      const [, projectId, datasetId] = /^projects\/([^/]+)\/datasets\/([^/]+)$/.exec(id) ?? [];
      if (kind !== 'bigquery' || projectId === undefined) continue;
      await cell.ask('bigquery:datasets.get', { projectId, datasetId });
      await cell.ask('bigquery:tables.list', { projectId, datasetId });
    }
  },

  // A dataset is shown where a sink leads to it.
  read() {},
};

/** The store for a dataset (`projects/P/datasets/D`). `partitioned`: one table for each log, else one for each log and day. */
export function datasetStore(
  evidence: EvidenceView,
  paths: PathsBuilder,
  name: string,
  partitioned: boolean,
  /** The one table that is written to, where it is known. */
  table?: string,
): { node: string; gone: boolean; project: string; grants: Grants; evidence: readonly number[] } {
  const [, named = '', datasetId = ''] = /^projects\/([^/]+)\/datasets\/([^/]+)$/.exec(name) ?? [];
  const estate = gcpEstateOf(evidence);
  const project = estate.find(`projects/${named}`)?.id ?? `projects/${named}`;
  const about = ({ args }: { args: Readonly<Record<string, unknown>> }) =>
    args.datasetId === datasetId &&
    (estate.find(`projects/${argument(args, 'projectId')}`)?.id ?? `projects/${argument(args, 'projectId')}`) === project;
  const answer = bestOf(evidence.calls('gcp/bigquery:datasets.get', Dataset).filter(about));
  const found = answer?.unknown ? undefined : answer?.pages[0];
  const on = `${accountOf(project)}.${datasetId}`;
  const unknown = found ? undefined : { ...(answer?.unknown ?? evidence.unknownOf('gcp/bigquery:datasets.get', on, 'NotAsked', [])), on };
  const tables = bestOf(evidence.calls('gcp/bigquery:tables.list', Tables).filter(about));
  const unlisted = tables ? tables.unknown : evidence.unknownOf('gcp/bigquery:tables.list', on, 'NotAsked', []);
  const ids = [...(answer?.ids ?? []), ...(tables?.ids ?? [])];
  const listed = tables?.pages.flatMap((page) => page.tables) ?? [];
  const written = listed.filter((one) => (table === undefined ? one.timePartitioning !== undefined : one.tableReference.tableId === table));
  const expiries = written.map((one) => expiryOf(one, paths.asOf));
  const node = paths.node({
    type: 'store',
    id: `gcp bigquery ${project}/datasets/${datasetId}${table === undefined ? (partitioned ? ' partitioned' : '') : ` table ${table}`}`,
    kind: 'bigquery',
    name: datasetId,
    scope: { provider: 'gcp', account: accountOf(project), resource: `//bigquery.googleapis.com/${project}/datasets/${datasetId}` },
    keeps: found
      ? keptBy(found, { partitioned, single: table !== undefined }, expiries, unlisted && { ...unlisted, on })
      : { ...OPEN_KEPT, because: `how long ${on} keeps tables was not read`, unknowns: unknown ? [unknown] : [] },
    evidence: ids,
    findings: [],
    unknowns: unknown ? [unknown] : [],
  });
  return {
    node,
    gone: isGone(answer),
    project,
    grants: { bindings: bindingsOf(found), unknown, evidence: answer?.ids ?? [] },
    evidence: ids,
  };
}

/** The dataset that a sink writes to. */
export function landInDataset(evidence: EvidenceView, paths: PathsBuilder, writer: Writer, name: string, partitioned: boolean): Landing {
  const store = datasetStore(evidence, paths, name, partitioned);
  const grants = [store.grants, ...projectGrants(evidence, store.project)];
  const account = accountOf(store.project);
  const delivery: Delivery = store.gone
    ? { state: 'broken', why: `there is no dataset ${name}` }
    : admits(
        writer,
        WRITE_TABLES,
        grants,
        `dataset ${name.split('/').at(-1)} of ${account}`,
        `gcloud projects add-iam-policy-binding ${account} --member=${writer.identity ?? '<writer identity>'} --role=roles/bigquery.dataEditor`,
      );
  return { node: store.node, delivery, evidence: [...store.evidence, ...grants.flatMap((one) => one.evidence)] };
}

function bindingsOf(dataset: Dataset | undefined): Binding[] {
  return (dataset?.access ?? []).flatMap(({ role, userByEmail, groupByEmail, domain, specialGroup, iamMember, condition }) => {
    const members = [
      ...(userByEmail ? [`serviceAccount:${userByEmail}`, `user:${userByEmail}`] : []),
      ...(groupByEmail ? [`group:${groupByEmail}`] : []),
      ...(domain ? [`domain:${domain}`] : []),
      ...(specialGroup === 'allAuthenticatedUsers' ? ['allAuthenticatedUsers'] : []),
      ...(iamMember ? [iamMember] : []),
    ];
    return role === undefined ? [] : [{ role: own(DATASET_ROLES, role) ?? role, members, condition }];
  });
}

function daysOf(millis: string | undefined): number {
  const value = Number(millis ?? 0);
  return value > 0 ? value / 86_400_000 : Number.POSITIVE_INFINITY;
}

interface Days {
  readonly least: number;
  readonly most: number;
}

/** A table that expires takes with it what was written just before. */
function expiryOf({ timePartitioning, expirationTime }: Table, asOf: string): Days {
  const own = timePartitioning ? daysOf(timePartitioning.expirationMs) : Number.POSITIVE_INFINITY;
  const ends = Number(expirationTime ?? 0);
  return ends > 0 ? { least: 0, most: Math.min(own, Math.max(0, (ends - Date.parse(asOf)) / 86_400_000)) } : { least: own, most: own };
}

/** A default of the dataset holds for tables that are made from now on: those of every day, but not a partitioned one that is there. */
function keptBy(
  dataset: Dataset,
  { partitioned, single }: { readonly partitioned: boolean; readonly single: boolean },
  expiries: readonly Days[],
  unlisted: Kept['unknowns'][number] | undefined,
): Kept {
  const [tables, partitions] = [daysOf(dataset.defaultTableExpirationMs), daysOf(dataset.defaultPartitionExpirationMs)];
  if (!partitioned) return plain({ least: tables, most: tables }, tables, 'tables', []);
  const fresh: Days =
    partitions === Number.POSITIVE_INFINITY && tables !== Number.POSITIVE_INFINITY
      ? { least: 0, most: tables }
      : { least: partitions, most: partitions };
  const all = single && expiries.length > 0 ? expiries : [fresh, ...expiries];
  const [least, most] = [Math.min(...all.map((one) => one.least)), Math.max(...all.map((one) => one.most))];
  if (unlisted) return plain({ least: Math.min(0, least), most: Number.POSITIVE_INFINITY }, fresh.most, 'partitions', [unlisted]);
  return plain({ least, most }, least === 0 ? Math.min(...all.map((one) => one.most)) : least, least === 0 ? 'tables' : 'partitions', []);
}

function plain(days: { least: number; most: number }, said: number, what: string, unknowns: Kept['unknowns']): Kept {
  const because = said === Number.POSITIVE_INFINITY ? `${what} do not expire` : `${what} expire after ${said} days`;
  return { searchable: days, total: days, immutable: false, because, unknowns };
}
