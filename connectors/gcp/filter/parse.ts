/** Where a part stands in the filter's text: from the first character up to, not including, the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | ':' | '=~' | '!~';

/** A value as written: quoted (its escapes resolved) or bare. A bare `*` is the one that `field:*` asks for. */
export interface Value extends Span {
  readonly kind: 'value';
  readonly text: string;
  readonly quoted: boolean;
  /** As between the quotes, for a pattern in which an escape may be meant for the pattern. */
  readonly raw: string;
}

/** A field of a log entry, by the names on the way to it. */
export interface Path extends Span {
  readonly kind: 'path';
  readonly names: readonly string[];
  /** As written. */
  readonly text: string;
}

/** A function and its arguments. A bare argument stands as a path; whether it names a field, a type or a number is the function's business. */
export interface Call extends Span {
  readonly kind: 'call';
  /** In lower case. */
  readonly name: string;
  readonly args: readonly Argument[];
}

export type Argument = Value | Path | Call | Opaque;

/** Something that stands where the grammar allows more than can be told apart here. */
export interface Opaque extends Span {
  readonly kind: 'opaque';
}

export interface Comparison extends Span {
  readonly kind: 'comparison';
  readonly left: Path | Call;
  readonly operator: Operator;
  readonly value: Value | Call;
}

/** A value or a function that stands alone: any field of the entry may hold the value. */
export interface Anywhere extends Span {
  readonly kind: 'anywhere';
  readonly value: Value;
}

export type FilterNode =
  | Comparison
  | Anywhere
  | Call
  | (Span & { readonly kind: 'not'; readonly of: FilterNode })
  | (Span & { readonly kind: 'all' | 'any'; readonly of: readonly FilterNode[] });

export interface FilterError extends Span {
  /** What is wrong, in words, with the part quoted and its position. */
  readonly problem: string;
}

/** `filter` is undefined for a filter that says nothing: it passes every entry. */
export type Parsed =
  | { readonly filter: FilterNode | undefined; readonly error?: undefined }
  | { readonly error: FilterError; readonly filter?: undefined };

/** The provider takes no longer filter. */
const MAX_LENGTH = 20_000;
const MAX_DEPTH = 100;

/** Operators from the longest to the shortest. */
const OPERATORS: readonly Operator[] = ['!=', '!~', '=~', '<=', '>=', '=', '<', '>', ':'];
const FUNCTIONS = new Set(['log_id', 'source', 'sample', 'search', 'ip_in_net', 'cast', 'regexp_extract']);
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

interface Failed {
  readonly failed: FilterError;
}

/**
 * Reads a filter in the Logging query language. `NOT` (or `-`) binds closest, then `OR`, then `AND`, which may be left out. A parenthesis
 * on the value side applies the field and its operator to each value in it.
 * https://cloud.google.com/logging/docs/view/logging-query-language
 */
export function parseFilter(text: string): Parsed {
  if (text.length > 2 * MAX_LENGTH || (text.length > MAX_LENGTH && [...text].length > MAX_LENGTH)) {
    return { error: { from: MAX_LENGTH, to: text.length, problem: `longer than ${MAX_LENGTH} characters` } };
  }
  const reader = readerOf(text);
  reader.skip();
  if (reader.atEnd()) return { filter: undefined };
  const filter = conjunction(reader, 0, (depth) => term(reader, depth));
  if ('failed' in filter) return { error: filter.failed };
  if (!reader.atEnd()) return { error: reader.fail('nothing to go with').failed };
  return { filter };
}

/** The part of a filter that a node stands for, in one line, shortened in its middle. */
export function quote(text: string, { from, to }: Span): string {
  const part = text.slice(from, to).replace(/\s+/g, ' ').trim();
  return part.length <= 120 ? part : `${part.slice(0, 80)} … ${part.slice(-37)}`;
}

interface Reader {
  readonly text: string;
  at(): number;
  /** Where what was read last ends. */
  end(): number;
  atEnd(): boolean;
  skip(): void;
  peek(): string;
  /** Takes the text if it comes next, and the blanks and comments behind it. */
  take(text: string): boolean;
  takeWord(word: string): boolean;
  takeOperator(): Operator | undefined;
  /** Takes exactly what the pattern finds here. */
  takeMatch(pattern: RegExp): string | undefined;
  fail(problem: string, span?: Span): Failed;
}

function readerOf(text: string): Reader {
  let at = 0;
  let end = 0;
  const skip = (): void => {
    for (;;) {
      while (at < text.length && /\s/.test(text[at] as string)) at += 1;
      if (!text.startsWith('--', at)) return;
      const line = text.slice(at).search(/[\n\r]/);
      at = line < 0 ? text.length : at + line;
    }
  };
  const moved = (length: number): void => {
    at += length;
    end = at;
    skip();
  };
  return {
    text,
    at: () => at,
    end: () => end,
    atEnd: () => at >= text.length,
    skip,
    peek: () => text[at] ?? '',
    take: (expected) => {
      if (!text.startsWith(expected, at)) return false;
      moved(expected.length);
      return true;
    },
    takeWord: (word) => {
      if (!text.startsWith(word, at)) return false;
      const next = text[at + word.length];
      if (next !== undefined && !/[\s()"']/.test(next)) return false;
      moved(word.length);
      return true;
    },
    takeOperator: () => {
      const found = OPERATORS.find((operator) => text.startsWith(operator, at));
      if (found) moved(found.length);
      return found;
    },
    takeMatch: (pattern) => {
      pattern.lastIndex = at;
      const found = pattern.exec(text)?.[0];
      if (found === undefined) return undefined;
      at += found.length;
      end = at;
      return found;
    },
    fail: (problem, span) => {
      const from = span?.from ?? at;
      const to = span?.to ?? Math.min(text.length, from + 30);
      const near = text
        .slice(from, Math.min(to, from + 60))
        .replace(/\s+/g, ' ')
        .trim();
      return { failed: { from, to, problem: `${problem} at character ${from + 1}${near === '' ? ' (the end)' : `: ${near}`}` } };
    },
  };
}

type Leaf = (depth: number) => FilterNode | Failed;

function conjunction(reader: Reader, depth: number, leaf: Leaf): FilterNode | Failed {
  const parts: FilterNode[] = [];
  do {
    const part = disjunction(reader, depth, leaf);
    if ('failed' in part) return part;
    parts.push(part);
    // Without an operator between them, two terms have to hold both.
  } while (reader.takeWord('AND') || (!reader.atEnd() && reader.peek() !== ')' && reader.peek() !== ','));
  return joined('all', parts);
}

function disjunction(reader: Reader, depth: number, leaf: Leaf): FilterNode | Failed {
  const parts: FilterNode[] = [];
  do {
    const part = negation(reader, depth, leaf);
    if ('failed' in part) return part;
    parts.push(part);
  } while (reader.takeWord('OR'));
  return joined('any', parts);
}

function negation(reader: Reader, depth: number, leaf: Leaf): FilterNode | Failed {
  const from = reader.at();
  let negated = false;
  while (reader.takeWord('NOT') || takeMinus(reader)) negated = !negated;
  const inner = operand(reader, depth, leaf);
  if ('failed' in inner) return inner;
  return negated ? { kind: 'not', of: inner, from, to: inner.to } : inner;
}

function takeMinus(reader: Reader): boolean {
  const next = reader.text[reader.at() + 1];
  return reader.peek() === '-' && next !== undefined && !/[\s\d]/.test(next) && reader.take('-');
}

function operand(reader: Reader, depth: number, leaf: Leaf): FilterNode | Failed {
  for (const word of ['AND', 'OR'] as const) if (reader.takeWord(word)) return reader.fail(`${word} with nothing before it`);
  if (reader.peek() !== '(') return leaf(depth);
  return parenthesis(reader, depth, leaf);
}

function parenthesis(reader: Reader, depth: number, leaf: Leaf): FilterNode | Failed {
  const from = reader.at();
  if (depth >= MAX_DEPTH) return reader.fail('nested too deep');
  reader.take('(');
  if (reader.atEnd() || reader.peek() === ')') return reader.fail('an empty parenthesis', { from, to: reader.at() + 1 });
  const inner = conjunction(reader, depth + 1, leaf);
  if ('failed' in inner) return inner;
  if (!reader.take(')')) return reader.fail('a parenthesis that is not closed', { from, to: Math.min(reader.text.length, from + 30) });
  return { ...inner, from, to: reader.end() };
}

/** A comparison, a function, or a value that stands alone. */
function term(reader: Reader, depth: number): FilterNode | Failed {
  const left = path(reader);
  if ('failed' in left) return left;
  const { from } = left;
  const name = nameOfCall(left);
  if (name !== undefined && reader.text[left.to] === '(') {
    const called = call(reader, name, from, depth);
    if ('failed' in called) return called;
    const operator = reader.takeOperator();
    return operator ? compared(reader, called, operator, depth) : called;
  }
  reader.skip();
  const operator = reader.takeOperator();
  if (operator && left.open) return reader.fail('a field name that ends with a dot', left);
  if (operator) return compared(reader, left, operator, depth);
  if (name !== undefined && FUNCTIONS.has(name) && reader.peek() === '(') {
    const called = call(reader, name, from, depth);
    if ('failed' in called) return called;
    const then = reader.takeOperator();
    return then ? compared(reader, called, then, depth) : called;
  }
  const alone = left.alone;
  return alone ? { kind: 'anywhere', value: alone, from, to: left.to } : reader.fail('a field without a comparison', left);
}

/** The field name and the operator go with each value of a parenthesis. */
function compared(reader: Reader, left: Path | Call, operator: Operator, depth: number): FilterNode | Failed {
  const plain: Path | Call =
    left.kind === 'path' ? { kind: 'path', names: left.names, text: left.text, from: left.from, to: left.to } : left;
  const one: Leaf = (inner) => {
    const found = value(reader, inner);
    if ('failed' in found) return found;
    return { kind: 'comparison', left: plain, operator, value: found, from: left.from, to: found.to };
  };
  return reader.peek() === '(' ? parenthesis(reader, depth, one) : one(depth);
}

function nameOfCall(left: ReadPath): string | undefined {
  const only = left.names.length === 1 && !left.quoted ? left.names[0] : undefined;
  return only !== undefined && /^[A-Za-z_][A-Za-z0-9_]*$/.test(only) ? only.toLowerCase() : undefined;
}

function call(reader: Reader, name: string, from: number, depth: number): Call | Failed {
  if (depth >= MAX_DEPTH) return reader.fail('nested too deep');
  reader.take('(');
  const args: Argument[] = [];
  while (reader.peek() !== ')') {
    if (reader.atEnd()) return reader.fail('a parenthesis that is not closed');
    if (args.length > 0 && !reader.take(',')) return reader.fail(`the arguments of ${name} are not separated`);
    const next = argument(reader, depth + 1);
    if ('failed' in next) return next;
    args.push(next);
  }
  reader.take(')');
  return { kind: 'call', name, args, from, to: reader.end() };
}

function argument(reader: Reader, depth: number): Argument | Failed {
  if (reader.atEnd()) return reader.fail('a parenthesis that is not closed');
  const from = reader.at();
  if (reader.peek() === '(') {
    const inner = parenthesis(reader, depth, (at) => term(reader, at));
    return 'failed' in inner ? inner : { kind: 'opaque', from, to: inner.to };
  }
  const left = path(reader);
  if ('failed' in left) return left;
  const name = nameOfCall(left);
  if (name !== undefined && reader.text[left.to] === '(') return call(reader, name, from, depth);
  reader.skip();
  if (left.alone?.quoted) return left.alone;
  return { kind: 'path', names: left.names, text: left.text, from, to: left.to };
}

function value(reader: Reader, depth: number): Value | Call | Failed {
  const from = reader.at();
  if (reader.peek() === '"' || reader.peek() === "'") {
    const text = quoted(reader);
    if (!('failed' in text)) reader.skip();
    return text;
  }
  const text = reader.takeMatch(BARE);
  if (text === undefined) return reader.fail('a comparison without a value');
  const to = reader.end();
  if (text.includes('*') && text !== '*') return reader.fail('a * in a value that is not quoted', { from, to });
  if (reader.peek() === '(' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && FUNCTIONS.has(text.toLowerCase())) {
    return call(reader, text.toLowerCase(), from, depth);
  }
  reader.skip();
  return { kind: 'value', text, quoted: false, raw: text, from, to };
}

interface ReadPath extends Path {
  readonly quoted: boolean;
  /** Ends with a dot. */
  readonly open: boolean;
  /** The same as a value, where it can be one. */
  readonly alone: Value | undefined;
}

/** No blank, parenthesis, comma or quote, and no character that begins an operator. */
const BARE = /(?:[^\s()",=:<>~!]|!(?![=~]))+/y;
const BARE_NAME = /(?:[^\s()",=:<>~!.]|!(?![=~]))+/y;

/** Names with dots between them, each bare or quoted. What stands alone may be a quoted string, or bare text with any dots. */
function path(reader: Reader): ReadPath | Failed {
  const from = reader.at();
  const names: string[] = [];
  let strings = 0;
  let last: Value | undefined;
  let open = false;
  for (;;) {
    if (reader.peek() === '"' || (reader.peek() === "'" && names.length === 0)) {
      const text = quoted(reader);
      if ('failed' in text) return text;
      names.push(text.text);
      last = text;
      strings += 1;
    } else {
      const name = reader.takeMatch(BARE_NAME);
      if (name === undefined) {
        if (names.length === 0) return reader.fail('nothing that can be read');
        open = reader.peek() !== '.';
        if (open) break;
        names.push('');
      } else names.push(name);
    }
    if (reader.takeMatch(/\./y) === undefined) break;
  }
  const to = reader.end();
  const text = reader.text.slice(from, to);
  const bare: Value = { kind: 'value', text, quoted: false, raw: text, from, to };
  const alone = strings === 0 ? bare : names.length === 1 ? last : undefined;
  return { kind: 'path', names, text, from, to, quoted: strings > 0, open, alone };
}

function quoted(reader: Reader): Value | Failed {
  const from = reader.at();
  const { text } = reader;
  const mark = reader.peek();
  let said = '';
  for (let index = from + 1; index < text.length; index += 1) {
    const letter = text[index] as string;
    if (letter === mark) {
      const raw = text.slice(from + 1, index);
      reader.takeMatch(new RegExp(`[^]{${index + 1 - from}}`, 'y'));
      return { kind: 'value', text: said, quoted: true, raw, from, to: index + 1 };
    }
    if (letter !== '\\') {
      said += letter;
      continue;
    }
    const found = escaped(text, index);
    said += found.text;
    index += found.length - 1;
  }
  return reader.fail('a quotation mark that is not closed', { from, to: Math.min(text.length, from + 30) });
}

/** What a backslash and the characters behind it stand for. One that says nothing known stays as it is written: patterns are full of them. */
function escaped(text: string, at: number): { text: string; length: number } {
  const next = text[at + 1];
  if (next === undefined) return { text: '\\', length: 1 };
  if (next === '"' || next === "'" || next === '\\') return { text: next, length: 2 };
  const known = Object.hasOwn(ESCAPES, next) ? ESCAPES[next] : undefined;
  if (known !== undefined) return { text: known, length: 2 };
  const code = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([0-3][0-7]{2}))/.exec(text.slice(at + 1, at + 6));
  if (code) {
    const value = code[3] !== undefined ? Number.parseInt(code[3], 8) : Number.parseInt((code[1] ?? code[2]) as string, 16);
    return { text: String.fromCharCode(value), length: 1 + code[0].length };
  }
  return { text: `\\${next}`, length: 2 };
}

function joined(kind: 'all' | 'any', parts: readonly FilterNode[]): FilterNode {
  const [first] = parts as readonly [FilterNode];
  if (parts.length === 1) return first;
  return { kind, of: parts, from: first.from, to: (parts[parts.length - 1] as FilterNode).to };
}
