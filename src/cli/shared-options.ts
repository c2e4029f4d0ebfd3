import type { OptionSpec } from './command.ts';

/** What every command that judges takes. */
export const assessmentOptions: readonly OptionSpec[] = [
  { flags: '--model <file...>', about: 'threat models; left out: the built-in account baseline' },
  { flags: '--as-of <time>', about: 'the clock, ISO 8601; left out: the time of the newest answer' },
  { flags: '--format <name>', about: 'terminal, json or html', default: 'terminal' },
  { flags: '-o, --output <file>', about: 'write the report to a file instead of stdout' },
  { flags: '--fail-on <severity>', about: 'exit with 1 for gaps of threats at or above it', default: 'low', choices: ['info', 'low', 'medium', 'high', 'critical', 'never'] },
  { flags: '--max-unknown <number>', about: 'exit with 3 above so many unknown needs, where no gap was found', default: '0' },
];
