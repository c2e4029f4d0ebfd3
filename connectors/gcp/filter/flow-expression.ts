import { attempt } from '../../../src/events/attempt.ts';
import { EVERYTHING, NOTHING, type Selector } from '../../../src/events/classes.ts';
import type { Strings } from '../../../src/events/strings.ts';
import * as strings from '../../../src/events/strings.ts';
import { ALWAYS, type Bounds, conjunction, disjunction, NEVER, PERHAPS, settled } from './bounds.ts';
import type { CompiledFilter } from './compile.ts';
import { entryFieldOf } from './fields.ts';
import { addressesIn } from './networks.ts';

type Node =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Node[] }
  | { readonly kind: 'not'; readonly of: Node }
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'test'; readonly field: string; readonly held: Held | undefined; readonly text: string }
  | { readonly kind: 'has'; readonly field: string; readonly text: string };

interface Held {
  readonly least: Strings;
  readonly most: Strings;
}

const MAX_LENGTH = 20_000;
const MAX_DEPTH = 100;

/** Fields that every record has. What an expression says of any other one that is not there is open. */
const ALWAYS_THERE = new Set(['connection.src_ip', 'connection.dest_ip', 'connection.protocol', 'reporter']);
const ABSENT = strings.equalTo(['']);
const PRESENT = strings.complement(ABSENT);
const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)|(&&|\|\||==|!=|<=|>=|[!<>()[\],]))/y;

/**
 * The flows that a VPC Flow Logs configuration with this `filterExpr` records, in the fields of their records. The expression is in CEL: text
 * is compared exactly, `&&` binds closer than `||`. What cannot be read records nothing for certain and everything at most.
 * https://cloud.google.com/vpc/docs/about-flow-logs-records#filtering
 */
export function compileFlowExpression(text: string): CompiledFilter {
  const node = text.trim() === '' ? ({ kind: 'constant', value: true } as const) : read(text);
  const unclear = new Set<string>();
  if (!node) return { passes: NOTHING, mayPass: EVERYTHING, sampled: [], unclear: [shortened(text)] };
  const { least, most } = attempt(
    () => boundsOf(node, false, unclear),
    (problem) => {
      unclear.add(problem);
      return PERHAPS;
    },
  );
  return { passes: least, mayPass: most, sampled: [], unclear: settledSafely({ least, most }) ? [] : [...unclear] };
}

function settledSafely(bounds: Bounds): boolean {
  return attempt(
    () => settled([bounds]),
    () => false,
  );
}

function boundsOf(node: Node, negated: boolean, unclear: Set<string>): Bounds {
  const crowded = (): void => {
    unclear.add('too many combinations');
  };
  switch (node.kind) {
    case 'constant':
      return node.value === negated ? NEVER : ALWAYS;
    case 'not':
      return boundsOf(node.of, !negated, unclear);
    case 'all':
    case 'any': {
      const parts = node.of.map((one) => boundsOf(one, negated, unclear));
      return (node.kind === 'all') === negated ? disjunction(parts, crowded) : conjunction(parts, crowded);
    }
    case 'has':
      if (entryFieldOf(['jsonPayload', ...node.field.split('.')])?.kind === 'object') {
        unclear.add(node.text);
        return PERHAPS;
      }
      return exactly(node.field, negated ? ABSENT : PRESENT);
    case 'test': {
      if (!node.held) {
        unclear.add(node.text);
        return PERHAPS;
      }
      const { least, most } = negated
        ? { least: strings.complement(node.held.most), most: strings.complement(node.held.least) }
        : node.held;
      if (ALWAYS_THERE.has(node.field) && least === most) return exactly(node.field, least);
      // Whether a field that is not there fails the expression, or has a default value, is not documented.
      const certain = strings.minus(least, ABSENT);
      const possible = strings.has(most, '') || strings.has(most, '0') ? strings.union(most, ABSENT) : most;
      if (strings.keyOf(certain) === strings.keyOf(possible)) return exactly(node.field, certain);
      unclear.add(node.text);
      return { least: selectorOf(node.field, certain), most: selectorOf(node.field, possible) };
    }
  }
}

function exactly(field: string, values: Strings): Bounds {
  const one = selectorOf(field, values);
  return { least: one, most: one };
}

function selectorOf(field: string, values: Strings): Selector {
  if (strings.isNone(values)) return NOTHING;
  return strings.isAll(values) ? EVERYTHING : [new Map([[field, values]])];
}

interface Token {
  readonly kind: 'text' | 'number' | 'name' | 'sign';
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

function tokensOf(text: string): readonly Token[] | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN.source, 'y');
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const found = pattern.exec(text);
    if (!found) return undefined;
    const [all, quoted, number, name, sign] = found;
    const to = pattern.lastIndex;
    const from = to - all.trimStart().length;
    if (quoted !== undefined) {
      // Escapes other than of a quotation mark or a backslash are not read.
      if (/\\[^"'\\]/.test(quoted.replaceAll('\\\\', ''))) return undefined;
      tokens.push({ kind: 'text', text: quoted.slice(1, -1).replace(/\\(.)/g, '$1'), from, to });
    } else if (number !== undefined) tokens.push({ kind: 'number', text: number, from, to });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, from, to });
    else tokens.push({ kind: 'sign', text: sign as string, from, to });
  }
  return tokens;
}

/** Undefined for what is beyond the comparisons and functions that the provider documents. */
function read(text: string): Node | undefined {
  const tokens = tokensOf(text);
  if (!tokens) return undefined;
  let at = 0;
  const take = (sign: string): boolean => {
    const token = tokens[at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    at += 1;
    return true;
  };
  const takeOf = (kind: Token['kind']): Token | undefined => {
    const token = tokens[at];
    if (token?.kind !== kind) return undefined;
    at += 1;
    return token;
  };
  const chain = (kind: 'all' | 'any', sign: string, next: (depth: number) => Node | undefined, depth: number): Node | undefined => {
    const parts: Node[] = [];
    do {
      const part = next(depth);
      if (!part) return undefined;
      parts.push(part);
    } while (take(sign));
    return parts.length === 1 ? parts[0] : { kind, of: parts };
  };
  const either = (depth: number): Node | undefined => chain('any', '||', both, depth);
  const both = (depth: number): Node | undefined => chain('all', '&&', unary, depth);
  const unary = (depth: number): Node | undefined => {
    let negated = false;
    while (take('!')) negated = !negated;
    const inner = primary(depth);
    return inner && negated ? { kind: 'not', of: inner } : inner;
  };
  const primary = (depth: number): Node | undefined => {
    if (depth > MAX_DEPTH) return undefined;
    const from = tokens[at]?.from ?? 0;
    const said = (): string => shortened(text.slice(from, tokens[at - 1]?.to ?? from));
    if (take('(')) {
      const inner = either(depth + 1);
      return inner && take(')') ? inner : undefined;
    }
    const name = takeOf('name')?.text;
    if (name === undefined) return undefined;
    if (name === 'true' || name === 'false') return { kind: 'constant', value: name === 'true' };
    if (take('(')) {
      const call = called(name);
      return call && take(')') ? { ...call, text: said() } : undefined;
    }
    const sign = takeOf('sign')?.text;
    const value = takeOf('text') ?? takeOf('number');
    if (!sign || !value) return undefined;
    return { kind: 'test', field: name, held: compared(sign, value), text: said() };
  };
  const called = (name: string): Extract<Node, { text: string }> | undefined => {
    if (name === 'has') {
      const field = takeOf('name')?.text;
      return field === undefined ? undefined : { kind: 'has', field, text: '' };
    }
    if (name === 'inIpRange') {
      const field = takeOf('name')?.text;
      const network = field !== undefined && take(',') ? takeOf('text')?.text : undefined;
      return field === undefined || network === undefined ? undefined : { kind: 'test', field, held: addressesIn([network]), text: '' };
    }
    const dot = name.lastIndexOf('.');
    const value = takeOf('text')?.text;
    if (dot < 0 || value === undefined) return undefined;
    return { kind: 'test', field: name.slice(0, dot), held: exactHeld(methodHeld(name.slice(dot + 1), value)), text: '' };
  };
  const node = either(0);
  return node && at === tokens.length ? node : undefined;
}

function methodHeld(method: string, value: string): Strings | undefined {
  switch (method) {
    case 'startsWith':
      return strings.startingWith([value]);
    case 'endsWith':
      return strings.endingWith([value]);
    case 'contains':
      return strings.containing([value], false);
    case 'matches':
      return strings.matching(value);
    default:
      return undefined;
  }
}

function compared(sign: string, value: Token): Held | undefined {
  const equal = strings.equalTo([value.kind === 'number' ? String(Number(value.text)) : value.text]);
  if (sign === '==') return exactHeld(equal);
  if (sign === '!=') return exactHeld(strings.complement(equal));
  const number = value.kind === 'number' ? Number(value.text) : Number.NaN;
  if (!Number.isSafeInteger(number)) return undefined;
  switch (sign) {
    case '<':
      return exactHeld(strings.integers({ to: number - 1 }));
    case '<=':
      return exactHeld(strings.integers({ to: number }));
    case '>':
      return exactHeld(strings.integers({ from: number + 1 }));
    case '>=':
      return exactHeld(strings.integers({ from: number }));
    default:
      return undefined;
  }
}

function exactHeld(one: Strings | undefined): Held | undefined {
  return one && { least: one, most: one };
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`;
}
