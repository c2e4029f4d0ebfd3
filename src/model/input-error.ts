/** Input or usage that is wrong: its message is the one line shown, and the command ends with exit code 2. */
export class InputError extends Error {
  readonly exitCode = 2;

  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
    this.name = 'InputError';
  }
}

/** File names and foreign text may hold line breaks and terminal codes; none of them reaches the screen. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');
}
