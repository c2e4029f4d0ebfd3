import type { Argument, Call, Comparison, FilterNode, Path } from '../../../../connectors/gcp/filter/parse.ts';

export interface LogEntry {
  readonly logName: string;
  readonly insertId: string;
  readonly severity?: string;
  readonly timestamp: string;
  readonly resource: { readonly type: string; readonly labels?: Readonly<Record<string, string>> };
  readonly labels?: Readonly<Record<string, string>>;
  readonly trace?: string;
  readonly httpRequest?: Readonly<Record<string, unknown>>;
  readonly operation?: Readonly<Record<string, unknown>>;
  readonly textPayload?: string;
  readonly jsonPayload?: Readonly<Record<string, unknown>>;
  readonly protoPayload?: Readonly<Record<string, unknown>>;
}

const SEVERITIES = ['DEFAULT', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY'];
const DEFAULTS: Readonly<Record<string, unknown>> = {
  severity: 'DEFAULT',
  trace: '',
  spanId: '',
  'httpRequest.status': 0,
  'httpRequest.requestMethod': '',
  'httpRequest.cacheHit': false,
  'operation.id': '',
  'operation.first': false,
};

/**
 * Whether a filter passes an entry, by the words of the documentation and nothing else. `hash` says which samples an entry is in.
 * https://cloud.google.com/logging/docs/view/logging-query-language
 */
export function evaluate(node: FilterNode | undefined, entry: LogEntry, hash: (insertId: string) => number): boolean {
  if (!node) return true;
  switch (node.kind) {
    case 'all':
      return node.of.every((one) => evaluate(one, entry, hash));
    case 'any':
      return node.of.some((one) => evaluate(one, entry, hash));
    case 'not':
      return !evaluate(node.of, entry, hash);
    case 'anywhere':
      return scalars(entry).some((value) => String(value).toLowerCase().includes(node.value.text.toLowerCase()));
    case 'call':
      return called(node, entry, hash);
    case 'comparison':
      return compared(node, entry);
  }
}

function compared({ left, operator, value }: Comparison, entry: LogEntry): boolean {
  if (left.kind !== 'path' || value.kind !== 'value') throw new Error('the evaluator knows no functions in comparisons');
  const found = valuesAt(entry, left.names);
  if (operator === ':' && value.text === '*' && !value.quoted) return found.length > 0;
  const path = left.names.join('.');
  const values = found.length === 0 && Object.hasOwn(DEFAULTS, path) ? [DEFAULTS[path]] : found;
  return values.some((one) => holds(path, one, operator, value.text));
}

function holds(path: string, held: unknown, operator: string, said: string): boolean {
  if (path === 'timestamp') return ordered(Date.parse(String(held)), Date.parse(said), operator);
  if (path === 'severity') {
    const rank = SEVERITIES.indexOf(said.toUpperCase());
    if (operator === ':') return String(held).includes(said.toUpperCase());
    return rank >= 0 && ordered(SEVERITIES.indexOf(String(held)), rank, operator);
  }
  if (typeof held === 'number') {
    if (said.trim() === '' || Number.isNaN(Number(said))) return false;
    return ordered(held, Number(said), operator === ':' ? '=' : operator);
  }
  if (typeof held === 'boolean') {
    if (!/^(true|false)$/i.test(said)) return false;
    return ordered(Number(held), Number(said.toLowerCase() === 'true'), operator === ':' ? '=' : operator);
  }
  if (typeof held !== 'string') return false;
  if (operator === '=~') return new RegExp(said).test(held);
  if (operator === '!~') return !new RegExp(said).test(held);
  const [a, b] = [held.toLowerCase(), said.toLowerCase()];
  return operator === ':' ? a.includes(b) : ordered(a, b, operator);
}

function ordered<T extends string | number>(a: T, b: T, operator: string): boolean {
  switch (operator) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      return false;
  }
}

function called({ name, args }: Call, entry: LogEntry, hash: (insertId: string) => number): boolean {
  const [first, second] = args;
  switch (name) {
    case 'log_id':
      return entry.logName.split('/logs/')[1] === encodeURIComponent(textOf(first));
    case 'source':
      return entry.logName.split('/logs/')[0] === textOf(first);
    case 'sample':
      return hash(entry.insertId) <= Number(textOf(second));
    case 'search': {
      const inside = args.length === 1 ? scalars(entry) : valuesAt(entry, (first as Path).names);
      const tokens = inside.flatMap((value) => (typeof value === 'string' ? tokensOf(value) : []));
      return tokensOf(textOf(args.at(-1))).every((token) => tokens.includes(token));
    }
    case 'ip_in_net': {
      const [network, bits] = textOf(second).split('/') as [string, string | undefined];
      const shift = 2 ** (32 - Number(bits ?? 32));
      return valuesAt(entry, (first as Path).names).some((value) => {
        const address = numberOf(String(value));
        return address !== undefined && Math.floor(address / shift) === Math.floor((numberOf(network) as number) / shift);
      });
    }
  }
  throw new Error(`the evaluator knows no ${name}`);
}

function numberOf(address: string): number | undefined {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number);
  return octets?.every((octet) => octet < 256) ? octets.reduce((sum, octet) => sum * 256 + octet, 0) : undefined;
}

function tokensOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((token) => token !== '');
}

function textOf(argument: Argument | undefined): string {
  return argument?.kind === 'value' || argument?.kind === 'path' ? argument.text : '';
}

/** Single values at a path; lists on the way stand for each of their members. */
function valuesAt(value: unknown, names: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesAt(one, names));
  const [first, ...rest] = names;
  if (first === undefined) return value === undefined || value === null ? [] : [value];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, first)) return [];
  return valuesAt((value as Record<string, unknown>)[first], rest);
}

function scalars(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  return typeof value === 'object' ? Object.values(value).flatMap(scalars) : [value];
}
