import type { Unknown } from '../../src/model/assessment.ts';
import type { Delivery } from '../../src/paths/graph.ts';

/** Where a writer's edge ends: the store node, and whether the store lets this writer in. */
export interface Landing {
  readonly node: string;
  /** `flowing` where nothing speaks against it, `broken` where the store is gone or refuses the writer, `unknown` where that was not read. */
  readonly delivery: Delivery;
  readonly unknowns: readonly Unknown[];
  readonly evidence: readonly number[];
}

export interface BucketWriter {
  readonly bucket: string;
  /** Key prefix of everything it writes; `{account}` and `{region}` stand for the place that the events come from. */
  readonly prefix: string;
  /** Service principals of which any may write: `cloudtrail.amazonaws.com`. */
  readonly principals: readonly string[];
  /** The resource and account that the write is made for, for conditions on aws:SourceArn and aws:SourceAccount. */
  readonly sourceArn?: string;
  readonly sourceAccount: string;
  /** The writer reports its own delivery state, so the bucket's policy need not be judged. */
  readonly hasStatus?: boolean;
}

export { landInLogGroup } from './log-groups.ts';
export { landInFirehose } from './onward.ts';
export { landInBucket } from './s3-buckets.ts';
