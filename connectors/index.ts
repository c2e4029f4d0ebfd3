import type { Collector } from '../src/collect/collector.ts';
import { PathsBuilder } from '../src/paths/builder.ts';
import type { LogPaths } from '../src/paths/graph.ts';
import type { CallTable, EvidenceView } from '../src/store/view.ts';
import { estateOf } from './aws/estate.ts';
import { awsCollectors } from './aws/index.ts';

export const collectors: readonly Collector[] = [...awsCollectors];

/** What every declared call needs, by `service:Operation`. */
export const callTable: CallTable = new Map(
  collectors.flatMap((collector) => Object.entries(collector.calls).map(([call, spec]) => [call, { permission: spec.permission, ...(spec.pages ? { next: spec.pages.from } : {}) }] as const)),
);

/** Reads all evidence into log paths. Pure: equal evidence and clock give equal paths. `asOf` is ISO. */
export function readPaths(evidence: EvidenceView, asOf: string): LogPaths {
  const paths = new PathsBuilder(asOf);
  for (const account of estateOf(evidence).accounts) paths.account(account.state);
  for (const collector of collectors) collector.read(evidence, paths);
  return paths.build();
}
