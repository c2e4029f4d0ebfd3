import type { Command } from '../command.ts';
import { modelReadingOptions } from '../shared-options.ts';

export const needsCommand: Command = {
  name: 'needs',
  about: 'the logs that threat models want, with reasons, priorities and retention; needs no cloud',
  arguments: [{ name: '<model...>', about: 'threat models of any format; their format is told by their content' }],
  options: [
    ...modelReadingOptions,
    { flags: '-f, --format <name>', about: 'how it is printed', default: 'terminal', choices: ['terminal', 'markdown', 'json'] },
    { flags: '--long', about: 'on a terminal: everything that is known of each need, as in the other formats' },
    { flags: '-o, --output <file>', about: 'write it to a file instead of stdout' },
  ],
  notes: [
    'Read are: native models, AWS Threat Composer, Open Threat Model, Threagile (model and risks), OWASP Threat Dragon, Microsoft TMT, OWASP Threat',
    'Model Library and CycloneDX, pytm, threatcl (hcltm), ATT&CK Navigator layers, Attack Flow, TrustOnCloud, DeTT&CT and Sigma rules.',
    'A file called <model>.viewshed.yaml beside a model corrects it: what components are and where, log sources to add or to drop, retention.',
    'Nothing that a model names is fetched. What was not understood is listed: a short list from an unreadable model is no good sign.',
  ],
  examples: [
    'viewshed needs payments.tc.json',
    'viewshed needs payments.tc.json --format markdown > logging.md   # for the review of the model',
    'viewshed needs layer.json --layer detections --format json',
  ],
  async run(options, files, io) {
    const [{ openModels, readingOf }, { checkWritable, writeWhole }] = await Promise.all([
      import('../models.ts'),
      import('../write-whole.ts'),
    ]);
    const output = options.output as string | undefined;
    if (output !== undefined) checkWritable(output);
    const models = await openModels(files, readingOf(options));
    const text = await rendered(
      models,
      options.format as string | undefined,
      options.long === true,
      output === undefined ? io.terminal : { ...io.terminal, color: false },
    );
    if (options.format === 'json' || options.format === 'markdown') for (const note of models.flatMap((one) => one.notes)) io.talk(note);
    if (output === undefined) io.out(text);
    else {
      writeWhole(output, text);
      io.talk(`wrote ${output}`);
    }
    return 0;
  },
};

async function rendered(
  models: readonly import('../models.ts').OpenedModel[],
  format: string | undefined,
  long: boolean,
  terminal: import('../command.ts').Io['terminal'],
): Promise<string> {
  if (format === 'json') {
    const [{ jsonText }, { plainTimes }] = await Promise.all([import('../../../reports/escape.ts'), import('../../needs/native.ts')]);
    const told = models.map(({ formatName, report, notes }) => ({
      formatName,
      ...report,
      needs: report.needs.map((need) => ({ ...need, statement: plainTimes(need.statement) })),
      claims: report.claims.map(plainTimes),
      notes,
    }));
    return `${jsonText(JSON.stringify({ schema: 1, models: told }, undefined, 2))}\n`;
  }
  const { markdownNeeds, renderNeeds } = await import('../needs-text.ts');
  return format === 'markdown' ? markdownNeeds(models) : renderNeeds(models, terminal, long);
}
