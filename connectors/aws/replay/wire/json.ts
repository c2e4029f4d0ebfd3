import type { Shape } from './shape.ts';

type Json = Record<string, unknown>;

/** A recorded value as JSON on the wire: times as the API writes them, members under their wire names. */
export function toJson(shape: Shape, value: unknown, renamed: boolean): unknown {
  if (value === null || value === undefined) return value;
  switch (shape.kind) {
    case 'struct': {
      const out: Json = {};
      for (const [name, member] of shape.members) {
        const inner = (value as Json)[name];
        if (inner !== undefined) out[renamed ? String(member.traits.jsonName ?? name) : name] = toJson(member, inner, renamed);
      }
      return out;
    }
    case 'list':
      return Array.isArray(value) ? value.map((item) => toJson(shape.value, item, renamed)) : value;
    case 'map':
      return Object.fromEntries(Object.entries(value as Json).map(([key, item]) => [key, toJson(shape.value, item, renamed)]));
    case 'timestamp':
      return writeTime(value, shape.format ?? 'epoch-seconds');
    default:
      return value;
  }
}

/** The reverse, for what a request asks: times become ISO strings. */
export function fromJson(shape: Shape, value: unknown, renamed: boolean): unknown {
  if (value === null || value === undefined) return value;
  switch (shape.kind) {
    case 'struct': {
      const out: Json = {};
      for (const [name, member] of shape.members) {
        const inner = (value as Json)[renamed ? String(member.traits.jsonName ?? name) : name];
        if (inner !== undefined) out[name] = fromJson(member, inner, renamed);
      }
      return out;
    }
    case 'list':
      return Array.isArray(value) ? value.map((item) => fromJson(shape.value, item, renamed)) : value;
    case 'map':
      return Object.fromEntries(Object.entries(value as Json).map(([key, item]) => [key, fromJson(shape.value, item, renamed)]));
    case 'timestamp':
      return readTime(value);
    default:
      return value;
  }
}

/** An ISO time in one of the three formats that AWS uses; seconds since 1970 as a number. */
export function writeTime(value: unknown, format: NonNullable<Shape['format']>): unknown {
  const time = new Date(String(value));
  if (Number.isNaN(time.getTime())) return value;
  if (format === 'epoch-seconds') return time.getTime() / 1000;
  return format === 'http-date' ? time.toUTCString() : time.toISOString();
}

/** A time of any of the three formats as ISO. */
export function readTime(value: unknown): unknown {
  const seconds = Number(value);
  const time = value !== '' && Number.isFinite(seconds) ? new Date(seconds * 1000) : new Date(String(value));
  return Number.isNaN(time.getTime()) ? value : time.toISOString();
}
