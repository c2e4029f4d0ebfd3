/** Input or usage that is wrong: its message is the one line shown, and the command ends with exit code 2. */
export class InputError extends Error {
  readonly exitCode = 2;

  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
    this.name = 'InputError';
  }
}

/** File names and foreign text may hold line breaks, terminal codes and what nobody can see; none of them reaches the screen. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+/gu, ' ');
}
