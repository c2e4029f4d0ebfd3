import type { Command } from '../command.ts';

export const demoCommand: Command = {
  name: 'demo',
  about: 'scan a made-up company on this machine: no account, no network, nothing to set up',
  stoppable: true,
  options: [{ flags: '-o, --output <file>', about: 'where the HTML report goes', default: 'viewshed-demo.html' }],
  notes: [
    'Lumen Pay, a small payments company that does not exist, has five AWS accounts, three Google Cloud projects and the usual share of gaps. Its',
    'recorded answers are served on the loopback interface and read by the same scan, through the real clients. Your own credentials are not touched.',
  ],
  examples: ['viewshed demo', 'viewshed demo --output /tmp/lumen-pay.html'],
  async run(options, _positional, io) {
    const { runDemo } = await import('../demo-run.ts');
    return runDemo(options.output as string | undefined, io);
  },
};
