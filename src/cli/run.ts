import { Argument, CommanderError, Option, Command as Program } from 'commander';
import { InputError } from '../model/input-error.ts';
import type { Command, Io, OptionSpec } from './command.ts';
import { commands } from './commands/index.ts';
import { version } from './version.ts';

/** Runs the command line given (without node and script) and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  let stoppable = false;
  const onSignal = () => {
    // The second time is meant; and a command that has nothing to save ends at once.
    if (stop.signal.aborted || !stoppable) process.exit(130);
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // A reader that went away (`| head`) takes no more, and the exit code stays what was found; a full disk is told.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`viewshed: standard output: cannot be written: ${error.code === 'ENOSPC' ? 'the disk is full' : error.code}\n`);
    process.exit(2);
  });
  process.stderr.on('error', () => {});
  const io = ioOf(argv, stop.signal);
  let code = 0;
  const program = new Program('viewshed')
    .description('Proves whether the events that would show an attack reach a place where somebody can search them, and for how long.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => process.stderr.write(printable(text).replace(/^error: /, 'viewshed: ')),
    })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      [
        '',
        'Exit codes: 0 nothing at or above --fail-on, 1 gaps, 2 wrong usage or input, 3 incomplete with no gap found.',
        'What is printed to stdout is data; progress and warnings go to stderr.',
        '',
        'Start with: viewshed demo          needs no account',
        'Then:       viewshed scan          reads what your AWS credentials may read, and changes nothing',
      ].join('\n'),
    );
  for (const command of commands) {
    const start = () => {
      stoppable = command.stoppable === true;
    };
    program.addCommand(
      programOf(command, program, io, start, (result) => {
        code = result;
      }),
    );
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof InputError) {
      process.stderr.write(`viewshed: ${error.message}\n`);
      return 2;
    }
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    const more = io.env.VIEWSHED_DEBUG ? `${stack ?? ''}\n` : 'set VIEWSHED_DEBUG=1 to see where, and please report it\n';
    process.stderr.write(`viewshed: unexpected trouble: ${printable(message)}\n${more}`);
    return 2;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function programOf(command: Command, parent: Program, io: Io, start: () => void, done: (code: number) => void): Program {
  const program = new Program(command.name).copyInheritedSettings(parent).description(command.about);
  for (const one of command.arguments ?? []) {
    const argument = new Argument(one.name, one.about);
    if (one.choices) argument.choices(one.choices);
    program.addArgument(argument);
  }
  for (const one of command.options) program.addOption(optionOf(one));
  const sections = [
    ...(command.notes ? [`\n${command.notes.join('\n')}`] : []),
    ...(command.examples.length > 0 ? [`\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`] : []),
  ];
  if (sections.length > 0) program.addHelpText('after', sections.join('\n'));
  return program.action(async (...received: unknown[]) => {
    const positional = (received.slice(0, -2) as (string | string[] | undefined)[]).flat().filter((value) => value !== undefined);
    start();
    done(await command.run(received.at(-2) as Record<string, unknown>, positional, io));
  });
}

/** Defaults are told in words and not set: a value that was not given leaves the word to the configuration. */
function optionOf(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.default === undefined ? spec.about : `${spec.about} (default: ${spec.default})`);
  return spec.choices ? option.choices([...spec.choices]) : option;
}

/** What comes back from arguments may hold terminal codes and what nobody can see; line breaks stay. */
function printable(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, ' ');
}

function ioOf(argv: readonly string[], signal: AbortSignal): Io {
  const { env, stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(text),
    talk: (text) => void stderr.write(`${printable(text)}\n`),
    draw: (text) => void stderr.write(text),
    env,
    cwd: process.cwd(),
    argv,
    signal,
    terminal: {
      out: stdout.isTTY === true,
      talk: stderr.isTTY === true,
      columns: stdout.columns ?? (Number.parseInt(env.COLUMNS ?? '', 10) || 100),
      color: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    },
    now: () => new Date().toISOString(),
  };
}
