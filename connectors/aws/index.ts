import type { Collector } from '../../src/collect/collector.ts';
import { cloudtrailChannels } from './cloudtrail-channels.ts';
import { cloudtrailLake } from './cloudtrail-lake.ts';
import { cloudtrailTrails } from './cloudtrail-trails.ts';

/** Every AWS collector; a new one is one file and one line here. */
export const awsCollectors: readonly Collector[] = [
  cloudtrailTrails,
  cloudtrailLake,
  cloudtrailChannels,
];
