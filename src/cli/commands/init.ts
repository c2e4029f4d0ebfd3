import type { Command } from '../command.ts';

export const initCommand: Command = {
  name: 'init',
  about: 'write viewshed.yaml, a configuration with comments',
  options: [{ flags: '--force', about: 'write over a file that is there' }],
  notes: ['Commands read viewshed.yaml of the folder they run in; flags override it. Credentials have no place in it.'],
  examples: ['viewshed init'],
  async run(options, _positional, io) {
    const [{ existsSync }, { join }, { InputError }, { configText }, { writeWhole }] = await Promise.all([
      import('node:fs'),
      import('node:path'),
      import('../../model/input-error.ts'),
      import('../../config/template.ts'),
      import('../write-whole.ts'),
    ]);
    const path = join(io.cwd, 'viewshed.yaml');
    if (existsSync(path) && options.force !== true) throw new InputError('viewshed.yaml is there already; --force writes over it');
    writeWhole(path, configText(io.cwd), 0o644);
    io.talk('wrote viewshed.yaml; next: viewshed plan');
    return 0;
  },
};
