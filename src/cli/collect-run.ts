import { collectorsFor } from '../../connectors/aws/permissions.ts';
import { type AwsOptions, awsProvider } from '../../connectors/aws/provider.ts';
import { collectors } from '../../connectors/index.ts';
import type { Collector } from '../collect/collector.ts';
import { type CollectSummary, collect } from '../collect/engine.ts';
import { openStore } from '../store/evidence-store.ts';
import { exportNdjson } from '../store/ndjson.ts';
import type { Io, Options } from './command.ts';
import { progressLine } from './progress.ts';
import type { Settings } from './settings.ts';
import { chosenSources } from './sources.ts';
import { duration, number } from './table.ts';
import { checkWritable } from './write-whole.ts';

/** The AWS collectors for the sources chosen. */
export function chosenCollectors(settings: Settings): readonly Collector[] {
  return collectorsFor(collectors, chosenSources(settings.sources)).filter((one) => one.provider === 'aws');
}

export function awsOptions(settings: Settings): AwsOptions {
  const { profile, organization, role } = settings.aws;
  return {
    profile,
    organization,
    ...(settings.concurrency === undefined ? {} : { concurrency: settings.concurrency }),
    role: { nameTemplate: role.name, externalId: role.externalId, sessionName: role.sessionName },
  };
}

/** Collects into the store, with progress and a closing account of it on stderr. `again` is the command that goes on after Ctrl-C. */
export async function runCollect(settings: Settings, options: Options, io: Io, again: string, clock?: () => Date): Promise<CollectSummary> {
  const chosen = chosenCollectors(settings);
  const exported = options.export as string | undefined;
  if (exported !== undefined) checkWritable(exported);
  const store = openStore(settings.store, { create: true });
  const progress = progressLine(io);
  try {
    const { accounts, excludeAccounts, regions } = settings.aws;
    const summary = await collect({
      provider: awsProvider(awsOptions(settings)),
      collectors: chosen,
      store,
      signal: io.signal,
      resume: options.resume === true,
      onProgress: (now) => progress.show(now),
      ...(accounts === undefined && excludeAccounts.length === 0
        ? {}
        : { accounts: { ...(accounts === undefined ? {} : { only: accounts }), except: excludeAccounts } }),
      ...(regions === undefined ? {} : { regions }),
      ...(settings.concurrency === undefined ? {} : { concurrency: settings.concurrency }),
      ...(clock === undefined ? {} : { clock }),
    });
    progress.end();
    close(summary, settings, io, again);
    if (exported !== undefined) {
      const count = await exportNdjson(store, exported, summary.scan);
      io.talk(`wrote ${number(count)} records to ${exported}`);
    }
    return summary;
  } finally {
    progress.end();
    store.close();
  }
}

function close(summary: CollectSummary, settings: Settings, io: Io, again: string): void {
  const { accounts, outcomes } = summary;
  const parts = [
    `${number(accounts.reached)} of ${number(accounts.total)} account${accounts.total === 1 ? '' : 's'} reached`,
    ...(accounts.skipped > 0 ? [`${number(accounts.skipped)} skipped`] : []),
    `${number(summary.calls)} calls in ${duration(summary.seconds)}`,
    ...(summary.reused > 0 ? [`${number(summary.reused)} answers kept from before`] : []),
    ...(outcomes.denied > 0 ? [`${number(outcomes.denied)} denied`] : []),
    ...(outcomes.throttled > 0 ? [`${number(outcomes.throttled)} throttled`] : []),
    ...(outcomes.unreachable > 0 ? [`${number(outcomes.unreachable)} unreachable`] : []),
  ];
  io.talk(`${parts.join(', ')}; evidence in ${settings.store}, scan ${summary.scan}`);
  const missing = Object.entries(summary.denied).sort((a, b) => b[1] - a[1]);
  if (missing.length > 0) {
    const named = missing.slice(0, 6).map(([permission, count]) => `${permission} (${count})`);
    io.talk(
      `missing permissions: ${named.join(', ')}${missing.length > 6 ? `, … and ${missing.length - 6} more` : ''}; \`viewshed permissions aws\` prints what is needed`,
    );
  }
  for (const failure of summary.failures.slice(0, 5))
    io.talk(`collector ${failure.collector} failed in ${failure.account} ${failure.region}: ${failure.message}`);
  if (summary.stopped) io.talk(`stopped; what was answered is kept. Go on with: ${again}`);
}

/** The same command again, with `--resume`. Values that hold more than plain characters are quoted. */
export function resumeLine(command: string, argv: readonly string[]): string {
  const words = argv
    .filter((word) => word !== '--resume')
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return ['viewshed', ...(words.length > 0 ? words : [command]), '--resume'].join(' ');
}
