import { describe, expect, it } from 'vitest';
import { csv, html, jsonText, markdown, terminal, visible } from '../../reports/escape.ts';
import { HOSTILE } from './hostile.ts';

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;

describe('strings from outside', () => {
  it('show what nobody could see', () => {
    expect(visible('\u001b[31mred\u202etxt.exe')).toBe('\\x1b[31mred\\u{202e}txt.exe');
    expect(visible('a\nb\tc\u200bd\u{e0041}')).toBe('a\\nb\\tc\\u{200b}d\\u{e0041}');
    expect(visible('\ud800')).toBe('\\u{d800}');
    expect(visible('Größe 漢字 é עברית')).toBe('Größe 漢字 é עברית');
  });

  it.each(HOSTILE)('are harmless in every form: %j', (text) => {
    expect(terminal(text)).not.toMatch(INVISIBLE);
    expect(html(text)).not.toMatch(/[<>"'`]/);
    expect(html(text)).not.toMatch(INVISIBLE);
    expect(markdown(text)).not.toMatch(/[<>]/);
    expect(markdown(text).replace(/\\./g, '')).not.toMatch(/[`*_[\]()|]/);
    expect(csv(text)).not.toMatch(/^"?[=+\-@]/);
    expect(JSON.parse(jsonText(JSON.stringify(text)))).toBe(text);
    expect(jsonText(JSON.stringify(text))).not.toMatch(INVISIBLE);
  });

  it('cuts towers of combining marks', () => {
    expect(terminal(`a${'\u0301'.repeat(40)}b`)).toBe(`a${'\u0301'.repeat(4)}…b`);
  });

  it('marks formulas in CSV and quotes where it must', () => {
    expect(csv('=1+1')).toBe("'=1+1");
    expect(csv(' @SUM(A1)')).toBe("' @SUM(A1)");
    expect(csv('\t=1')).toBe("'\\t=1");
    expect(csv('＝1')).toBe("'＝1");
    expect(csv('a,"b"')).toBe('"a,""b"""');
    expect(csv('plain-name')).toBe('plain-name');
    expect(csv(-5)).toBe('-5');
  });
});
