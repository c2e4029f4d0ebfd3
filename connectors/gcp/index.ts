import type { Collector } from '../../src/collect/collector.ts';

/** Every Google Cloud collector; a new one is one file and one line here. */
export const gcpCollectors: readonly Collector[] = [];
