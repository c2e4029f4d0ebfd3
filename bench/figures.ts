/** One measured ratio and what it must not exceed. */
export interface Figure {
  readonly name: string;
  /** What was measured, with units. */
  readonly measured: string;
  readonly ratio: number;
  readonly most: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
}

export function show(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, measured, ratio, most }) => [
    name,
    measured,
    ratio.toFixed(2),
    `≤ ${most}`,
    ratio <= most ? 'holds' : 'MISSED',
  ]);
  const table = [['what', 'measured', 'ratio', 'target', ''], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
