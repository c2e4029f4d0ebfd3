import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breakWord, columnsOf, cutTo, padTo } from '../../reports/width.ts';

describe('columns of a terminal', () => {
  it.each([
    ['abc', 3],
    ['漢字', 4],
    ['ｆｕｌｌ', 8],
    ['한국어', 6],
    ['e\u0301', 1],
    ['👍', 2],
    ['👍🏽', 2],
    ['🇩🇪', 2],
    ['Größe', 5],
    ['क्षि', 3],
    ['→ ✓ …', 5],
    ['\u1112\u1161\u11ab', 2],
    ['', 0],
  ])('%s takes %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('breaks a long word after punctuation where it can, and loses nothing', () => {
    expect(breakWord('arn:aws:s3:::card-vault/2026/cards.parquet', 24)).toEqual(['arn:aws:s3:::card-vault/', '2026/cards.parquet']);
    expect(breakWord('漢字漢字', 5)).toEqual(['漢字', '漢字']);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.integer({ min: 2, max: 40 }), (word, columns) => {
        const pieces = breakWord(word, columns);
        expect(pieces.join('')).toBe(word);
        for (const piece of pieces)
          if ([...new Intl.Segmenter('en').segment(piece)].length > 1) expect(columnsOf(piece)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('cuts and pads by columns', () => {
    expect(cutTo('漢字漢字', 5)).toBe('漢字…');
    expect(cutTo('abc', 3)).toBe('abc');
    expect(padTo('漢', 4)).toBe('漢  ');
  });
});
