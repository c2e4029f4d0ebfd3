import { terminal as clean } from '../../reports/escape.ts';
import { breakWord, columnsOf, cutTo, padTo } from '../../reports/width.ts';

/** Columns aligned, the last one cut to the width where there is one. Numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[], width?: number): string {
  const cells = [head, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? number(cell) : clean(cell))))];
  const right = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number' || row[column] === ''));
  const sizes = head.map((_, column) => Math.max(...cells.map((row) => columnsOf(row[column] ?? ''))));
  return cells
    .map((row) => {
      const line = row
        .map((cell, column) =>
          right[column] ? ' '.repeat((sizes[column] as number) - columnsOf(cell)) + cell : padTo(cell, sizes[column] as number),
        )
        .join('  ')
        .trimEnd();
      return width === undefined ? line : cutTo(line, width);
    })
    .join('\n');
}

/** `12 345`: thousands apart by a thin blank that no terminal breaks at. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u00a0');
}

/** Words flowed over lines of a width, every line indented. */
export function wrap(text: string, width: number, indent: number, first = indent): string {
  const room = Math.max(20, width - indent);
  const lines: string[] = [];
  let line = '';
  for (const word of clean(text)
    .split(/\s+/)
    .flatMap((one) => breakWord(one, room))) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines.map((one, index) => ' '.repeat(index === 0 ? first : indent) + one).join('\n');
}

/** `1 h 5 min`, for people. */
export function duration(seconds: number): string {
  if (seconds < 1) return 'less than a second';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
}

type Paint = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
const CODES: Readonly<Record<Paint, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export function painter(color: boolean): (text: string, style: Paint) => string {
  return (text, style) => (color && text !== '' ? `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m` : text);
}
