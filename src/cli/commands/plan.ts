import type { Command } from '../command.ts';
import { configOption, placeOptions, storeOption } from '../shared-options.ts';

export const planCommand: Command = {
  name: 'plan',
  about: 'print what a scan would ask, and how long the rate limits make it; calls nothing',
  options: [
    ...placeOptions,
    { flags: '--latency <milliseconds>', about: 'time that one answer is reckoned to take', default: 100 },
    { flags: '--detail', about: 'a row for every account, region and service' },
    { flags: '-f, --format <name>', about: 'how it is printed', default: 'terminal', choices: ['terminal', 'json'] },
    storeOption,
    configOption,
  ],
  notes: [
    'Accounts and regions are those named; else those of the newest scan in the store; else one account in the regions that are enabled by default.',
    'Calls that come on top for each resource that is found are named, not counted: how many there are shows only on the way.',
  ],
  examples: [
    'viewshed plan',
    'viewshed plan --account 111122223333 444455556666 --region eu-west-1 us-east-1',
    'viewshed plan --detail --format json',
  ],
  async run(options, _positional, io) {
    const [{ settingsOf, wholeNumber }, { chosenCollectors }, { planCalls }, { awsProvider }, { estateFor }] = await Promise.all([
      import('../settings.ts'),
      import('../collect-run.ts'),
      import('../../collect/plan.ts'),
      import('../../../connectors/aws/provider.ts'),
      import('../plan-estate.ts'),
    ]);
    const settings = settingsOf(options, io);
    const latency = (wholeNumber(options.latency, '--latency', 1, 60_000) ?? 100) / 1000;
    const { accounts, regions, from } = estateFor(settings);
    const provider = awsProvider();
    try {
      const concurrency = settings.concurrency ?? 48;
      const plan = planCalls({ provider, collectors: chosenCollectors(settings), accounts, regions, concurrency, latency });
      const { planJson, planText } = await import('../plan-text.ts');
      const shown = { plan, accounts, regions, concurrency, latency, from, detail: options.detail === true };
      io.out(options.format === 'json' ? planJson(shown) : planText(shown, io.terminal));
    } finally {
      provider.close();
    }
    return 0;
  },
};
