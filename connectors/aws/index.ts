import type { Collector } from '../../src/collect/collector.ts';

/** Every AWS collector; a new one is one file and one line here. */
export const awsCollectors: readonly Collector[] = [];
