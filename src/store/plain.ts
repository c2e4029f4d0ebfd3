/** Deeper than any provider's answer; deeper input is refused rather than walked. */
export const MAX_DEPTH = 256;

export class TooDeep extends Error {}

/**
 * The value as JSON knows it, with keys in order: dates become ISO strings, bytes base64, absent members go. Equal answers so become equal
 * text: `JSON.stringify(plain(value))` is what the store hashes.
 */
export function plain(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'bigint') return value.toString();
    return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  }
  if (depth > MAX_DEPTH) throw new TooDeep(`nested more than ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1) ?? null);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  const sorted: Record<string, unknown> = {};
  const source = value as Record<string, unknown>;
  for (const key of Object.keys(source).sort()) {
    const member = plain(source[key], depth + 1);
    if (member === undefined) continue;
    // An own member called __proto__ is data; assigning it would set the prototype.
    if (key === '__proto__') Object.defineProperty(sorted, key, { value: member, enumerable: true, configurable: true, writable: true });
    else sorted[key] = member;
  }
  return sorted;
}
