import type { CallSpec, Collector } from '../src/collect/collector.ts';
import { PathsBuilder } from '../src/paths/builder.ts';
import type { LogPaths } from '../src/paths/graph.ts';
import type { CallTable, EvidenceView } from '../src/store/view.ts';
import { estateOf } from './aws/estate.ts';
import { awsCollectors } from './aws/index.ts';
import { discoveryCalls } from './aws/organization.ts';
import { discoveryCalls as gcpDiscoveryCalls } from './gcp/hierarchy.ts';
import { gcpCollectors } from './gcp/index.ts';
import { gcpEstateOf } from './gcp/places.ts';

export const collectors: readonly Collector[] = [...awsCollectors, ...gcpCollectors];

/** What each cloud asks to find its accounts. */
export const discoveries: readonly { readonly provider: Collector['provider']; readonly calls: Readonly<Record<string, CallSpec>> }[] = [
  { provider: 'aws', calls: discoveryCalls },
  { provider: 'gcp', calls: gcpDiscoveryCalls },
];

/** What every declared call needs, by `service:Operation`, with the cloud before it for all but AWS: `gcp/logging:projects.sinks.list`. */
export const callTable: CallTable = new Map(
  [...discoveries, ...collectors].flatMap(({ provider, calls }) =>
    Object.entries(calls).map(
      ([call, spec]) =>
        [
          provider === 'aws' ? call : `${provider}/${call}`,
          { permission: spec.permission, ...(spec.pages ? { next: spec.pages.from } : {}) },
        ] as const,
    ),
  ),
);

/** Reads all evidence into log paths. Pure: equal evidence and clock give equal paths. `asOf` is ISO. */
export function readPaths(evidence: EvidenceView, asOf: string): LogPaths {
  const paths = new PathsBuilder(asOf);
  for (const [provider, estate] of [
    ['aws', estateOf(evidence)],
    ['gcp', gcpAccounts(evidence)],
  ] as const) {
    for (const account of estate.accounts) paths.account(account.state);
    const sources = [...new Set(collectors.filter((one) => one.provider === provider).flatMap((collector) => collector.informs))];
    for (const unknown of estate.unlisted)
      paths.blind({ sources, scope: { provider }, unknowns: [unknown], evidence: unknown.evidence ?? [] });
  }
  for (const collector of collectors) collector.read(evidence, paths);
  return paths.build();
}

function gcpAccounts(evidence: EvidenceView) {
  const { containers, unlisted } = gcpEstateOf(evidence);
  return { accounts: containers, unlisted };
}
