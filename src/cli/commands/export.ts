import type { Command } from '../command.ts';
import { configOption, storeOption } from '../shared-options.ts';

export const exportCommand: Command = {
  name: 'export',
  about: 'write the evidence of a scan as NDJSON, one API answer a line',
  arguments: [{ name: '[file]', about: 'where to; .gz is compressed; left out or -: stdout' }],
  options: [{ flags: '--scan <id>', about: 'which scan; left out: the newest' }, storeOption, configOption],
  examples: ['viewshed export evidence.ndjson.gz', 'viewshed export | grep GetEventSelectors'],
  async run(options, [file], io) {
    const [{ settingsOf }, { openStore }, { exportNdjson }, { InputError }, { number }, { jsonText }] = await Promise.all([
      import('../settings.ts'),
      import('../../store/evidence-store.ts'),
      import('../../store/ndjson.ts'),
      import('../../model/input-error.ts'),
      import('../table.ts'),
      import('../../../reports/escape.ts'),
    ]);
    const settings = settingsOf(options, io);
    const store = openStore(settings.store, { readOnly: true });
    try {
      const scan = (options.scan as string | undefined) ?? store.scans().at(-1)?.id;
      if (scan === undefined) throw new InputError(`${settings.store}: holds no scan yet; \`viewshed collect\` makes one`);
      if (file === undefined || file === '-') for (const line of store.lines(scan)) io.out(`${jsonText(line)}\n`);
      else io.talk(`wrote ${number(await exportNdjson(store, file, scan))} records of scan ${scan} to ${file}`);
    } finally {
      store.close();
    }
    return 0;
  },
};
