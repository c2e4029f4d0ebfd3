import { isEntryField, payloadFieldOf } from './fields.ts';

const MAX_FIELDS = 5000;
const MAX_DEPTH = 50;

/**
 * A log entry in the event fields that filters are compiled to: `protoPayload.serviceName` is `serviceName` beside `payload: proto`,
 * `resource.labels.zone` keeps its name. Numbers and booleans are text. Of a list the first member stands for all (`severalIn` names the
 * lists with more); what is empty or null is left out, as an event does not tell it from what is missing. `logType` is not said by an
 * entry, and `resource`, the owner of the log, is the caller's to add.
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
 */
export function eventOfEntry(entry: unknown): Record<string, string> {
  return flattened(entry).event;
}

/** The event fields of which the entry holds several values. */
export function severalIn(entry: unknown): readonly string[] {
  return [...flattened(entry).several];
}

function flattened(entry: unknown): { event: Record<string, string>; several: ReadonlySet<string> } {
  const fields = new Map<string, string>();
  const several = new Set<string>();
  const add = (value: unknown, names: readonly string[], nameOf: (names: readonly string[]) => string, many: boolean): void => {
    if (value === null || value === undefined || names.length > MAX_DEPTH || fields.size >= MAX_FIELDS) return;
    if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) {
        if (index === 0) add(one, names, nameOf, many || value.length > 1);
        else for (const path of pathsOf(one, names)) several.add(nameOf(path));
        if (several.size >= MAX_FIELDS) return;
      }
      return;
    }
    if (typeof value === 'object') {
      for (const [name, below] of Object.entries(value)) add(below, [...names, name], nameOf, many);
      return;
    }
    const name = nameOf(names);
    if (names.length === 0 || value === '' || fields.has(name)) return;
    fields.set(name, String(value));
    if (many) several.add(name);
  };
  if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) {
    for (const [name, value] of Object.entries(entry)) {
      if (name === 'protoPayload' || name === 'jsonPayload') {
        const payload = name === 'protoPayload' ? 'proto' : 'json';
        if (value !== null && value !== undefined && !fields.has('payload')) fields.set('payload', payload);
        add(value, [], (names) => payloadFieldOf(payload, names), false);
      } else if (isEntryField(name)) {
        if (name === 'textPayload' && !fields.has('payload')) fields.set('payload', 'text');
        add(value, [name], (names) => names.join('.'), false);
      }
    }
  }
  return { event: Object.fromEntries(fields), several };
}

/** The paths to the single values below a value. */
function pathsOf(value: unknown, names: readonly string[]): readonly (readonly string[])[] {
  if (value === null || value === undefined || names.length > MAX_DEPTH) return [];
  if (typeof value !== 'object') return [names];
  if (Array.isArray(value)) return value.slice(0, 100).flatMap((one) => pathsOf(one, names));
  return Object.entries(value).flatMap(([name, below]) => pathsOf(below, [...names, name]));
}
