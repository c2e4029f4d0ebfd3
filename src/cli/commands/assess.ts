import type { Command } from '../command.ts';
import { assessmentOptions } from '../shared-options.ts';

export const assessCommand: Command = {
  name: 'assess',
  about: 'judge recorded evidence against threat models; calls nothing',
  options: [
    { flags: '--evidence <file...>', about: 'evidence as NDJSON (.gz too) or a Viewshed store' },
    ...assessmentOptions,
  ],
  examples: [
    'viewshed assess --evidence scan.ndjson.gz --model payments.yaml',
    'viewshed assess --evidence scan.ndjson --as-of 2026-11-21T12:00:00Z --format json > assessment.json',
  ],
  async run(options, _positional, io) {
    const [{ assessFiles }, { InputError }] = await Promise.all([import('../assess-files.ts'), import('../../model/input-error.ts')]);
    const evidence = (options.evidence as string[] | undefined) ?? [];
    if (evidence.length === 0) throw new InputError('assess needs --evidence FILE (NDJSON from `viewshed collect --export`, or a store)');
    return assessFiles(evidence, options, io);
  },
};
