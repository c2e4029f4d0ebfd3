/** What a command sees of the world around it. */
export interface Io {
  /** Data. */
  out(text: string): void;
  /** Talk: progress, warnings. One line each. */
  talk(text: string): void;
  /** Talk as it is, without a line break: for a line that is written over. */
  draw(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The arguments as given, the command's name first. */
  readonly argv: readonly string[];
  /** Whether stdout and stderr are terminals, how wide, and whether stdout wants colour. */
  readonly terminal: { readonly out: boolean; readonly talk: boolean; readonly columns: number; readonly color: boolean };
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** ISO time of now. */
  now(): string;
}

/** Values of the options that were given, by camel-cased name. Defaults are not among them: a configuration file goes before those. */
export type Options = Readonly<Record<string, unknown>>;

export interface OptionSpec {
  /** As the command line shows it: `--evidence <file...>`. */
  readonly flags: string;
  readonly about: string;
  /** Shown in the help; what it stands for is applied where the option is read. */
  readonly default?: string | number;
  readonly choices?: readonly string[];
}

/** One command: a file in `src/cli/commands`, data and one function. Heavy modules are imported inside `run`. */
export interface Command {
  readonly name: string;
  readonly about: string;
  /** Positional arguments: `[file]`, `<file...>`. */
  readonly arguments?: readonly { readonly name: string; readonly about: string; readonly choices?: readonly string[] }[];
  readonly options: readonly OptionSpec[];
  /** Lines shown below the options, commands that work as they stand. */
  readonly examples: readonly string[];
  /** Whether it ends in order by itself when `io.signal` is aborted; others end at once on Ctrl-C. */
  readonly stoppable?: boolean;
  /** A few lines more for the help, where options alone do not tell. */
  readonly notes?: readonly string[];
  /** Returns the exit code: 0 fine, 1 gaps, 2 wrong usage or input, 3 incomplete without a gap. */
  run(options: Options, positional: readonly string[], io: Io): Promise<number>;
}
