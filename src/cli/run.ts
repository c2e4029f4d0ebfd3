import { readFileSync } from 'node:fs';
import { Argument, Command as Program, CommanderError, Option } from 'commander';
import { InputError } from '../model/input-error.ts';
import type { Command, Io } from './command.ts';
import { commands } from './commands/index.ts';

/** Runs the command line given (without node and script) and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  let stops = 0;
  const onSignal = () => {
    stops += 1;
    if (stops > 1) process.exit(130);
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // A reader that went away (`| head`) ends the output, not the command in disorder.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  const io = ioOf(stop.signal);
  let code = 0;
  const program = new Program('viewshed')
    .description('Proves whether the events that would show an attack reach a place where somebody can search them, and for how long.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => process.stderr.write(text) })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .addHelpText('after', '\nExit codes: 0 nothing at or above --fail-on, 1 gaps, 2 wrong usage or input, 3 incomplete with no gap found.\nStart with: viewshed demo');
  for (const command of commands) program.addCommand(programOf(command, io, (result) => (code = result)));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof InputError) {
      process.stderr.write(`viewshed: ${error.message}\n`);
      return 2;
    }
    process.stderr.write(`viewshed: unexpected trouble: ${error instanceof Error ? error.message : String(error)}\n${io.env.VIEWSHED_DEBUG ? `${(error as Error).stack}\n` : 'set VIEWSHED_DEBUG=1 to see where, and please report it\n'}`);
    return 2;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function programOf(command: Command, io: Io, done: (code: number) => void): Program {
  const program = new Program(command.name).description(command.about).exitOverride();
  for (const one of command.arguments ?? []) program.addArgument(new Argument(one.name, one.about));
  for (const one of command.options) {
    const option = new Option(one.flags, one.about);
    if (one.default !== undefined) option.default(one.default);
    if (one.choices) option.choices([...one.choices]);
    program.addOption(option);
  }
  if (command.examples.length > 0) program.addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`);
  return program.action(async (...received: unknown[]) => {
    const positional = (received.slice(0, -2) as (string | string[] | undefined)[]).flat().filter((value) => value !== undefined);
    done(await command.run(received.at(-2) as Record<string, unknown>, positional, io));
  });
}

function ioOf(signal: AbortSignal): Io {
  const { env, stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(text),
    talk: (text) => void stderr.write(`${text}\n`),
    env, cwd: process.cwd(), signal,
    terminal: {
      out: stdout.isTTY === true, talk: stderr.isTTY === true,
      columns: stdout.columns ?? (Number.parseInt(env.COLUMNS ?? '', 10) || 100),
      color: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    },
    now: () => new Date().toISOString(),
  };
}

function version(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // dist/src/cli is one level deeper than src/cli
    }
  }
  return '0.0.0';
}
