import type { Command, Io, Options } from '../command.ts';
import { configOption, modelReadingOptions, storeOption } from '../shared-options.ts';

export const importCommand: Command = {
  name: 'import',
  about: 'take evidence files into the store as one scan, or with -o a threat model into the native format',
  arguments: [{ name: '<file...>', about: 'evidence as NDJSON (.gz too, - is stdin), or with -o one threat model of any format' }],
  options: [
    { flags: '--scan <id>', about: 'id of the new scan; left out: made from the time' },
    { flags: '-o, --output <file>', about: 'the file is a threat model: write it here as native YAML, - is stdout' },
    ...modelReadingOptions,
    storeOption,
    configOption,
  ],
  notes: [
    'Evidence is taken whole or not at all. A threat model comes out with the needs that were derived for it, each with its reasons; edit them, and',
    'give the file to --model. A file that holds several models is written as several files: native-1.yaml, native-2.yaml.',
  ],
  examples: [
    'viewshed import evidence.ndjson.gz',
    'viewshed import member-1.ndjson member-2.ndjson --scan 2026-11-21',
    'viewshed import payments.tc.json -o payments.yaml',
  ],
  async run(options, files, io) {
    const output = options.output as string | undefined;
    return output === undefined ? importEvidence(options, files, io) : importModel(options, files, output, io);
  },
};

async function importEvidence(options: Options, files: readonly string[], io: Io): Promise<number> {
  const [{ randomBytes }, { settingsOf }, { openStore }, { importNdjson }, { number }, { InputError }] = await Promise.all([
    import('node:crypto'),
    import('../settings.ts'),
    import('../../store/evidence-store.ts'),
    import('../../store/ndjson.ts'),
    import('../table.ts'),
    import('../../model/input-error.ts'),
  ]);
  const strange = ['retention', 'layer', 'overlay'].find((name) => options[name] !== undefined);
  if (strange !== undefined) throw new InputError(`--${strange} is for threat models: add -o FILE, the file to write the native model to`);
  const settings = settingsOf(options, io);
  const at = io.now();
  const id = (options.scan as string | undefined) ?? `${at.slice(0, 19).replaceAll(':', '')}Z-${randomBytes(3).toString('hex')}`;
  const store = openStore(settings.store, { create: true });
  try {
    const count = await importNdjson(store, { id, at }, files);
    io.talk(`took ${number(count)} records into ${settings.store}, scan ${id}`);
  } finally {
    store.close();
  }
  return 0;
}

async function importModel(options: Options, files: readonly string[], output: string, io: Io): Promise<number> {
  const [{ openModels, readingOf }, { modelYaml }, { checkWritable, writeWhole }, { number }, { terminal: clean }, { InputError }] =
    await Promise.all([
      import('../models.ts'),
      import('../../needs/native.ts'),
      import('../write-whole.ts'),
      import('../table.ts'),
      import('../../../reports/escape.ts'),
      import('../../model/input-error.ts'),
    ]);
  const [file, another] = files;
  if (file === undefined || another !== undefined) throw new InputError('import -o takes one threat model at a time');
  if (options.scan !== undefined) throw new InputError('--scan is for evidence; leave it or -o out');
  if (output !== '-') checkWritable(output);
  const models = await openModels([file], readingOf(options));
  for (const note of models.flatMap((one) => one.notes)) io.talk(note);
  for (const [index, { model, report, formatName }] of models.entries()) {
    const text = modelYaml(model);
    if (output === '-') {
      io.out(index === 0 ? text : `---\n${text}`);
      continue;
    }
    const path = models.length === 1 ? output : output.replace(/(?:\.[^./\\]+)?$/, (extension) => `-${index + 1}${extension}`);
    writeWhole(path, text);
    const { counts, unresolved } = report;
    io.talk(
      `wrote ${path}: ${clean(report.system)} from ${formatName}, ${number(counts.threats)} threats, ${number(counts.needs)} needs, ${number(unresolved.length)} components not told`,
    );
  }
  return 0;
}
