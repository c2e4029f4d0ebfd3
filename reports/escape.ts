/**
 * Strings that come from outside, made harmless for where they are printed. What nobody can see (control characters, ANSI sequences,
 * bidirectional overrides, zero-width and other invisible characters, halves of surrogate pairs) is written out, so that a name
 * shows what it is made of.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Writes invisible characters out: `\x1b`, `\u{202e}`, `\n`. The result is one line. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.codePointAt(0) as number;
    return SHORT[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`);
  });
}

/** For a terminal: one line without anything that a terminal would act on; towers of combining marks are cut. */
export function terminal(text: string): string {
  return visible(text).replace(/(\p{M}{4})\p{M}+/gu, '$1…');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };

/** For HTML text and for attribute values in quotes. */
export function html(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => ENTITIES[character] as string);
}

/** For Markdown text, table cells too: no markup, no HTML, no link is made of it. */
export function markdown(text: string): string {
  return visible(text)
    .replace(/[\\`*_{}[\]()#+\-.!|~:@$^=]/g, '\\$&')
    .replace(/[&<>]/g, (character) => ENTITIES[character] as string);
}

/** One CSV field (RFC 4180), quoted where it has to be. What a spreadsheet would take for a formula is marked as text with an apostrophe. */
export function csv(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = visible(value);
  // Full-width forms count as formula starts in some spreadsheets, leading blanks are skipped by others.
  const guarded = /^\s*[=+\-@＝＋－＠|%]/.test(text) || /^[\t\r\n]/.test(value) ? `'${text}` : text;
  return /[",;\n\r]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** Serialized JSON with everything invisible as `\uXXXX`: the same value, and safe to print. */
export function jsonText(serialized: string): string {
  return serialized.replace(HIDDEN, (character) => {
    if (character === '\n') return character;
    return Array.from({ length: character.length }, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join(
      '',
    );
  });
}
