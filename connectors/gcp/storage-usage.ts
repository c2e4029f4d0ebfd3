import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING, selectorOf } from '../../src/events/classes.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { landInStorage } from './cloud-storage-stores.ts';
import { listed, listOf, noteList, offTap, openProjects, PAGES } from './lists.ts';
import type { GcpContainer } from './places.ts';

const SOURCE = 'gcp.storage.usage';
const LIST = 'storage:buckets.list';

const Bucket = z.object({
  name: z.string(),
  location: z.string().optional(),
  logging: z.object({ logBucket: z.string().default(''), logObjectPrefix: z.string().optional() }).optional(),
});
type Bucket = z.infer<typeof Bucket>;
const Buckets = listed('items', Bucket);

/** A group of Google's that has to be let in, and that nobody else is in. */
const WRITER = 'group:cloud-storage-analytics@google.com';
/** A file an hour, a quarter of an hour after it. */
const TYPICAL_SECONDS = 75 * 60;

/**
 * Usage logs of Cloud Storage: a file an hour for each bucket that has a bucket for them. They never pass Cloud Logging.
 * https://docs.cloud.google.com/storage/docs/access-logs
 */
export const storageUsage: Collector = {
  id: 'storage-usage',
  provider: 'gcp',
  service: 'Cloud Storage',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [LIST]: {
      permission: 'storage.buckets.list',
      url: 'GET https://storage.googleapis.com/storage/v1/b',
      pages: PAGES,
      why: 'the buckets of the project, and where their usage logs go',
      per: 'account',
    },
  },
  doc: 'https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/list',

  async collect(cell) {
    if (cell.account.includes('/')) return;
    // The full projection adds access control lists alone, and takes one more permission.
    const answer = await cell.ask(LIST, { project: cell.account, maxResults: 1000 });
    for (const page of answer.pages) {
      const read = Buckets.safeParse(page);
      for (const { logging } of read.success ? read.data.items : []) {
        if (logging?.logBucket) cell.want({ kind: 'cloud-storage', id: logging.logBucket });
      }
    }
  },

  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const list = listOf(evidence, LIST, Buckets, project.id);
      if (!noteList(paths, [SOURCE], project, list, 'Cloud Storage')) continue;
      for (const bucket of list.items) readBucket(evidence, paths, project, bucket, list.ids);
    }
  },
};

function readBucket(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer, bucket: Bucket, ids: readonly number[]): void {
  const id = `//storage.googleapis.com/${bucket.name}`;
  const scope = { provider: 'gcp' as const, account: project.account, resource: id };
  paths.resource({ type: 'gcp.storage.bucket', id, scope, evidence: ids });
  paths.emitter({
    id: `${SOURCE}|${id}`,
    sources: [SOURCE],
    scope,
    name: bucket.name,
    universe: selectorOf({ resource: { equals: [id] }, cs_bucket: { equals: [bucket.name] } }),
    taps: [tapOf(evidence, paths, project, bucket, ids)],
    evidence: ids,
  });
}

function tapOf(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  { name, logging }: Bucket,
  ids: readonly number[],
): Edge {
  const key = `${SOURCE}|${name}`;
  const label = `usage logs of ${name}`;
  if (!logging?.logBucket) {
    const fix = `gcloud storage buckets update gs://${name} --log-bucket=gs://<log bucket> --log-object-prefix=${name}`;
    return offTap(project.id, { id: `${key} off`, label, why: `${name} names no bucket for its usage logs`, fix, evidence: ids });
  }
  const landing = landInStorage(evidence, paths, { identity: WRITER, container: project.id }, logging.logBucket);
  return {
    id: key,
    to: landing.node,
    label,
    passes: EVERYTHING,
    mayPass: EVERYTHING,
    unknowns: [],
    delivery: landing.delivery,
    latency: TYPICAL_SECONDS,
    evidence: [...ids, ...landing.evidence],
  };
}
