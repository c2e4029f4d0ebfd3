import { type CollectSummary, collect } from '../collect/engine.ts';
import { openStore } from '../store/evidence-store.ts';
import { exportNdjson } from '../store/ndjson.ts';
import type { Io, Options } from './command.ts';
import { type Clouds, estatesOf } from './estates.ts';
import { progressLine } from './progress.ts';
import type { Settings } from './settings.ts';
import { chosenSources } from './sources.ts';
import { duration, number } from './table.ts';
import { checkWritable } from './write-whole.ts';

/** The clouds that the settings ask for, and how each is entered. */
function cloudsOf(settings: Settings): Clouds {
  const { profile, organization, role, accounts, excludeAccounts, regions } = settings.aws;
  const chosen = { ...(accounts === undefined ? {} : { only: accounts }), except: excludeAccounts };
  return {
    ...(settings.clouds.includes('aws')
      ? {
          aws: {
            profile,
            organization,
            ...(settings.concurrency === undefined ? {} : { concurrency: settings.concurrency }),
            role: { nameTemplate: role.name, externalId: role.externalId, sessionName: role.sessionName },
            ...(accounts === undefined && excludeAccounts.length === 0 ? {} : { accounts: chosen }),
            ...(regions === undefined ? {} : { regions }),
          },
        }
      : {}),
    ...(settings.clouds.includes('gcp') ? { gcp: settings.gcp } : {}),
  };
}

/** Collects into the store, with progress and a closing account of it on stderr. `again` is the command that goes on after Ctrl-C. */
export async function runCollect(settings: Settings, options: Options, io: Io, again: string, clock?: () => Date): Promise<CollectSummary> {
  const estates = estatesOf(cloudsOf(settings), chosenSources(settings.sources));
  const exported = options.export as string | undefined;
  if (exported !== undefined) checkWritable(exported);
  const store = openStore(settings.store, { create: true });
  const progress = progressLine(io);
  try {
    const summary = await collect({
      estates,
      store,
      signal: io.signal,
      resume: options.resume === true,
      onProgress: (now) => progress.show(now),
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
    const commands = settings.clouds.map((cloud) => `\`viewshed permissions ${cloud}\``);
    io.talk(
      `missing permissions: ${named.join(', ')}${missing.length > 6 ? `, … and ${missing.length - 6} more` : ''}; ${commands.join(' and ')} print${commands.length === 1 ? 's' : ''} what is needed`,
    );
  }
  for (const failure of summary.failures.slice(0, 5))
    io.talk(`collector ${failure.collector} failed in ${failure.account} ${failure.region}: ${failure.message}`);
  for (const { provider, error } of summary.notStarted)
    io.talk(`${provider} was not read: ${error.message}. What the other clouds answered is kept; add ${provider} with: ${again}`);
  if (summary.stopped) io.talk(`stopped; what was answered is kept. Go on with: ${again}`);
}

/** The same command again, with `--resume`. Values that hold more than plain characters are quoted. */
export function resumeLine(command: string, argv: readonly string[]): string {
  const words = argv
    .filter((word) => word !== '--resume')
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return ['viewshed', ...(words.length > 0 ? words : [command]), '--resume'].join(' ');
}
