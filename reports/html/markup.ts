import { html } from '../escape.ts';

/** HTML that is safe to print. Only `markup` makes it, and `markup` escapes every string that it is given. */
export interface Markup {
  readonly markup: string;
}
export type Printable = Markup | string | number | undefined | false | readonly Printable[];

/** Template tag: values are escaped unless they are markup themselves; `undefined` and `false` print nothing. Attribute values go in quotes. */
export function markup(strings: TemplateStringsArray, ...values: readonly Printable[]): Markup {
  let result = strings[0] as string;
  for (const [index, value] of values.entries()) result += print(value) + (strings[index + 1] as string);
  return { markup: result };
}

function print(value: Printable): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return html(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map(print).join('');
}
