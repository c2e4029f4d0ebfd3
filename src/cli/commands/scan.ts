import type { Command } from '../command.ts';
import { assessmentOptions, collectOptions, configOption } from '../shared-options.ts';

export const scanCommand: Command = {
  name: 'scan',
  about: 'collect, judge against threat models, report: the main job',
  stoppable: true,
  options: [...collectOptions, ...assessmentOptions, configOption],
  notes: [
    'It only reads: `viewshed plan` says what it would ask, `viewshed permissions aws|gcp` what it has to be allowed. The evidence stays in the store, so',
    '`viewshed assess` can judge it again with other threat models and no access. Ctrl-C stops cleanly; --resume goes on.',
  ],
  examples: [
    'viewshed scan',
    'viewshed scan --model payments.yaml --format html --output report.html',
    'viewshed scan --gcp-organization 123456789012',
    'viewshed scan --profile audit --account 111122223333 --region eu-west-1 --fail-on high',
  ],
  async run(options, _positional, io) {
    const [{ settingsOf }, { resumeLine, runCollect }, { assessRecords, prepare }, { readEvidence }, { readingOf }] = await Promise.all([
      import('../settings.ts'),
      import('../collect-run.ts'),
      import('../assess-files.ts'),
      import('../read-evidence.ts'),
      import('../models.ts'),
    ]);
    const settings = settingsOf(options, io);
    const ready = await prepare(settings, readingOf(options), io);
    const summary = await runCollect(settings, options, io, resumeLine('scan', io.argv));
    // Half an estate would be judged as if it were all of it.
    if (summary.stopped) return 3;
    const records = await readEvidence([settings.store], summary.scan);
    const next =
      settings.format === 'terminal' && settings.output === undefined
        ? 'Every answer behind this: viewshed assess --format html --output report.html'
        : undefined;
    const code = await assessRecords(records, ready, settings, io, next);
    // A cloud that was asked for and not read leaves the answer incomplete.
    return code === 0 && summary.notStarted.length > 0 ? 3 : code;
  },
};
