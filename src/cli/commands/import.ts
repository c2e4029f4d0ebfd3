import type { Command } from '../command.ts';
import { configOption, storeOption } from '../shared-options.ts';

export const importCommand: Command = {
  name: 'import',
  about: 'take evidence files into the store as one scan: all of it or nothing',
  arguments: [{ name: '<file...>', about: 'evidence as NDJSON (.gz too); - is stdin' }],
  options: [{ flags: '--scan <id>', about: 'id of the new scan; left out: made from the time' }, storeOption, configOption],
  examples: ['viewshed import evidence.ndjson.gz', 'viewshed import member-1.ndjson member-2.ndjson --scan 2026-11-21'],
  async run(options, files, io) {
    const [{ randomBytes }, { settingsOf }, { openStore }, { importNdjson }, { number }] = await Promise.all([
      import('node:crypto'),
      import('../settings.ts'),
      import('../../store/evidence-store.ts'),
      import('../../store/ndjson.ts'),
      import('../table.ts'),
    ]);
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
  },
};
