import type { Command } from '../command.ts';
import { configOption, gcpPlaceOptions, placeOptions, storeOption } from '../shared-options.ts';

export const planCommand: Command = {
  name: 'plan',
  about: 'print what a scan would ask, and how long the rate limits make it; calls nothing',
  options: [
    ...placeOptions,
    ...gcpPlaceOptions,
    { flags: '--latency <milliseconds>', about: 'time that one answer is reckoned to take', default: 100 },
    { flags: '--detail', about: 'a row for every account, region and service' },
    { flags: '-f, --format <name>', about: 'how it is printed', default: 'terminal', choices: ['terminal', 'json'] },
    storeOption,
    configOption,
  ],
  notes: [
    'Accounts and regions are those named; else those of the newest scan in the store; else one account in the regions that are enabled by default.',
    'Google Cloud is planned for where a --gcp-* flag or `gcp:` in viewshed.yaml asks for it; with both, JSON holds a plan for each under `clouds`.',
    'Calls that come on top for each resource that is found are named, not counted: how many there are shows only on the way.',
  ],
  examples: [
    'viewshed plan',
    'viewshed plan --account 111122223333 444455556666 --region eu-west-1 us-east-1',
    'viewshed plan --detail --format json',
  ],
  async run(options, _positional, io) {
    const [{ settingsOf, wholeNumber }, { chosenSources }, { estatesOf }, { planCalls }, { estatesFor }] = await Promise.all([
      import('../settings.ts'),
      import('../sources.ts'),
      import('../estates.ts'),
      import('../../collect/plan.ts'),
      import('../plan-estate.ts'),
    ]);
    const settings = settingsOf(options, io);
    const latency = (wholeNumber(options.latency, '--latency', 1, 60_000) ?? 100) / 1000;
    const concurrency = settings.concurrency ?? 48;
    const has = (cloud: 'aws' | 'gcp') => (settings.clouds.includes(cloud) ? {} : undefined);
    const readers = estatesOf({ aws: has('aws'), gcp: has('gcp') }, chosenSources(settings.sources));
    const shown = estatesFor(settings).flatMap((planned) => {
      const reader = readers.find((one) => one.provider.id === planned.provider);
      if (!reader) return [];
      const { accounts, regions } = planned;
      const plan = planCalls({ ...reader, accounts, regions, concurrency, latency });
      return [{ ...planned, plan, concurrency, latency, detail: options.detail === true }];
    });
    for (const { provider } of readers) provider.close();
    const { planJson, planText } = await import('../plan-text.ts');
    io.out(options.format === 'json' ? planJson(shown) : shown.map((one) => planText(one, io.terminal)).join('\n'));
    return 0;
  },
};
