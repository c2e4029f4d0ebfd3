import { z } from 'zod';

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

/** A length of time such as `15m`, `24h`, `90d`, `1y`, read as seconds. */
export const Duration = z
  .string()
  .regex(/^\d{1,6}\s*[smhdwy]$/, 'a length of time is a number and one of s, m, h, d, w, y: 15m, 24h, 90d')
  .transform((text) => Number.parseInt(text, 10) * (UNITS[text.at(-1) as string] as number));

export const DAY = 86_400;

/** `5400` becomes `90m`; the shortest exact form. */
export function showDuration(seconds: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}
