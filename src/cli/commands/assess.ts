import type { Command } from '../command.ts';
import { assessmentOptions, configOption } from '../shared-options.ts';

export const assessCommand: Command = {
  name: 'assess',
  about: 'judge recorded evidence against threat models; calls nothing',
  options: [
    { flags: '-e, --evidence <file...>', about: 'evidence as NDJSON (.gz too, - is stdin) or a Viewshed store; left out: the store' },
    { flags: '--store <file>', about: 'the evidence store that is read without --evidence', default: '.viewshed/evidence.db' },
    { flags: '--scan <id>', about: 'which scan of the store; left out: the newest' },
    ...assessmentOptions,
    configOption,
  ],
  examples: [
    'viewshed assess --evidence scan.ndjson.gz --model payments.yaml',
    'viewshed assess --evidence scan.ndjson --as-of 2026-11-21T12:00:00Z --format json > assessment.json',
    'viewshed assess --format html --output report.html   # the newest scan of the store',
  ],
  async run(options, _positional, io) {
    const [{ settingsOf }, { assessRecords, prepare }, { readEvidence }, { readingOf }] = await Promise.all([
      import('../settings.ts'),
      import('../assess-files.ts'),
      import('../read-evidence.ts'),
      import('../models.ts'),
    ]);
    const settings = settingsOf(options, io);
    const ready = await prepare(settings, readingOf(options), io);
    const records = await readEvidence(await evidenceFiles(options.evidence, settings.store), options.scan as string | undefined);
    return assessRecords(records, ready, settings, io);
  },
};

/** The files named, or the store if there is one. */
export async function evidenceFiles(given: unknown, store: string): Promise<readonly string[]> {
  const files = (given as string[] | undefined) ?? [];
  if (files.length > 0) return files;
  const { existsSync } = await import('node:fs');
  if (existsSync(store)) return [store];
  const { InputError } = await import('../../model/input-error.ts');
  throw new InputError(`there is no evidence: name it with --evidence FILE, or collect some first (no store at ${store})`);
}
