import type { Collector } from '../src/collect/collector.ts';
import { PathsBuilder } from '../src/paths/builder.ts';
import type { LogPaths } from '../src/paths/graph.ts';
import type { CallTable, EvidenceView } from '../src/store/view.ts';
import { estateOf } from './aws/estate.ts';
import { awsCollectors } from './aws/index.ts';
import { discoveryCalls } from './aws/organization.ts';

export const collectors: readonly Collector[] = [...awsCollectors];

/** What every declared call needs, by `service:Operation`. */
export const callTable: CallTable = new Map(
  [discoveryCalls, ...collectors.map((collector) => collector.calls)].flatMap((calls) =>
    Object.entries(calls).map(
      ([call, spec]) => [call, { permission: spec.permission, ...(spec.pages ? { next: spec.pages.from } : {}) }] as const,
    ),
  ),
);

/** Reads all evidence into log paths. Pure: equal evidence and clock give equal paths. `asOf` is ISO. */
export function readPaths(evidence: EvidenceView, asOf: string): LogPaths {
  const paths = new PathsBuilder(asOf);
  const estate = estateOf(evidence);
  for (const account of estate.accounts) paths.account(account.state);
  const sources = [...new Set(collectors.flatMap((collector) => collector.informs))];
  for (const unknown of estate.unlisted)
    paths.blind({ sources, scope: { provider: 'aws' }, unknowns: [unknown], evidence: unknown.evidence ?? [] });
  for (const collector of collectors) collector.read(evidence, paths);
  return paths.build();
}
