import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import type { Finding, Unknown } from '../../src/model/assessment.ts';
import type { Delivery } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { bestOf, isGone } from './cloud-storage-stores.ts';
import { argument, gcpEstateOf } from './places.ts';

const Key = z.object({ primary: z.object({ state: z.string().optional() }).optional() });

/**
 * Keys that log buckets are encrypted with: whether they can be used.
 * https://docs.cloud.google.com/logging/docs/routing/managed-encryption-storage
 */
export const kmsKeys: Collector = {
  id: 'kms-keys',
  provider: 'gcp',
  service: 'Cloud KMS',
  informs: [],
  runs: 'account',
  phase: 'stores',
  calls: {
    'cloudkms:projects.locations.keyRings.cryptoKeys.get': {
      permission: 'cloudkms.cryptoKeys.get',
      url: 'GET https://cloudkms.googleapis.com/v1/{+name}',
      why: 'whether the key of a log bucket is enabled: without it entries are neither written nor read',
      per: 'resource',
    },
  },
  doc: 'https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys',

  async collect(cell) {
    for (const { kind, id } of cell.wanted) {
      if (kind === 'kms-key') await cell.ask('cloudkms:projects.locations.keyRings.cryptoKeys.get', { name: id });
    }
  },

  // A key is shown where a log bucket is encrypted with it.
  read() {},
};

/** What a key of one's own means for a log bucket: a remark, what was not read, and where the key cannot be used the delivery. */
export function keyOf(
  evidence: EvidenceView,
  bucket: string,
  key: string,
): { findings: Finding[]; unknown: Unknown | undefined; delivery: Delivery | undefined; ids: readonly number[] } {
  const op = 'gcp/cloudkms:projects.locations.keyRings.cryptoKeys.get';
  const name = named(evidence, key);
  const answer = bestOf(evidence.calls(op, Key).filter(({ args }) => named(evidence, argument(args, 'name')) === name));
  const state = answer?.unknown ? undefined : answer?.pages[0]?.primary?.state;
  const ids = answer?.ids ?? [];
  const finding: Finding = {
    kind: 'customer-key',
    dimension: 'consistency',
    severity: 'info',
    message: `log bucket ${bucket} is encrypted with ${key}: whoever disables that key takes its entries away`,
    evidence: [...ids],
  };
  const unknown = answer?.unknown && { ...answer.unknown, on: key };
  const why = isGone(answer) ? 'gone' : state !== undefined && state !== 'ENABLED' ? state : undefined;
  // What becomes of entries in the meantime is not documented.
  const delivery: Delivery | undefined = why
    ? {
        state: 'stale',
        why: `the key of log bucket ${bucket} is ${why}`,
        unknowns: [{ call: 'cloudkms:cryptoKeyVersions', permission: `the key ${key} enabled`, on: bucket, code: 'KeyUnusable' }],
      }
    : undefined;
  return { findings: [finding], unknown: why ? undefined : unknown, delivery, ids };
}

function named(evidence: EvidenceView, key: string): string {
  const [, project = '', rest = ''] = /^(projects\/[^/]+)(\/.*)$/.exec(key.replace(/\/cryptoKeyVersions\/.*$/, '')) ?? [];
  return `${gcpEstateOf(evidence).find(project)?.id ?? project}${rest}`;
}
