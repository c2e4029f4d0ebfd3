/** What a command sees of the world around it. */
export interface Io {
  /** Data. */
  out(text: string): void;
  /** Talk: progress, warnings. One line each. */
  talk(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether stdout is a terminal, how wide it is, and whether it wants colour. */
  readonly terminal: { readonly out: boolean; readonly talk: boolean; readonly columns: number; readonly color: boolean };
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** ISO time of now. */
  now(): string;
}

export interface OptionSpec {
  /** As the command line shows it: `--evidence <file...>`. */
  readonly flags: string;
  readonly about: string;
  readonly default?: string | boolean | number;
  readonly choices?: readonly string[];
}

/** One command: a file in `src/cli/commands`, data and one function. Heavy modules are imported inside `run`. */
export interface Command {
  readonly name: string;
  readonly about: string;
  /** Positional arguments: `[file]`, `<file...>`. */
  readonly arguments?: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly OptionSpec[];
  /** Lines shown below the options, commands that work as they stand. */
  readonly examples: readonly string[];
  /** Returns the exit code: 0 fine, 1 gaps, 2 wrong usage or input, 3 incomplete without a gap. */
  run(options: Readonly<Record<string, unknown>>, positional: readonly string[], io: Io): Promise<number>;
}
