import { readFileSync, statSync } from 'node:fs';
import type { CST, Document, Node, Pair } from 'yaml';
import { Composer, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type ParsedNode, Parser, visit } from 'yaml';
import type { z } from 'zod';
import { InputError } from '../model/input-error.ts';

const MEBIBYTE = 1024 * 1024;
const MOST_BYTES = 5 * MEBIBYTE;
const MOST_DEPTH = 64;
const MOST_ALIASES = 1000;
/** Copies that an alias may unfold to, aliases inside of it taken together. */
const MOST_COPIES = 100;
const PLAIN_TAGS = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`));

type Path = readonly PropertyKey[];

/** A parsed file that knows the place of every value. */
export interface Yaml {
  readonly name: string;
  readonly value: unknown;
  /** The value in the shape, or an `InputError` that names file, line and column of the first thing that does not fit. */
  as<T>(shape: z.ZodType<T>): T;
  /** An error at the value with this path. */
  error(path: Path, message: string): InputError;
}

/**
 * Reads YAML or JSON text (UTF-8 or UTF-16, with or without a byte order mark) into a shape. Anything wrong with it is one `InputError`:
 * `model.yaml:12:7: threats[0].severity: …`.
 */
export function readYaml<T>(source: string | Uint8Array, shape: z.ZodType<T>, name: string): T {
  return parseYaml(source, name).as(shape);
}

/** As `readYaml`, from a file. */
export function readYamlFile<T>(path: string, shape: z.ZodType<T>): T {
  return openYaml(path).as(shape);
}

/** Reads and parses a file; at most 5 MiB. */
export function openYaml(path: string): Yaml {
  return parseYaml(readBytes(path), path);
}

/** The bytes of a file of at most 5 MiB. */
export function readBytes(path: string): Uint8Array {
  const name = line(path);
  try {
    const entry = statSync(path);
    if (!entry.isFile() && !entry.isDirectory()) throw new InputError(`${name}: is not a file; a pipe or a device is not read`);
    if (entry.size > MOST_BYTES) throw tooLarge(name, entry.size);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const why = {
      ENOENT: 'there is no such file; check the path',
      EISDIR: 'is a folder; name a file in it',
      EACCES: 'may not be read; check its permissions',
    }[code ?? ''];
    throw new InputError(`${name}: ${why ?? `cannot be read (${code})`}`);
  }
}

export function parseYaml(source: string | Uint8Array, name: string): Yaml {
  const shown = line(name);
  const text = decode(source, shown);
  const lines = new LineCounter();
  const fail = (offset: number, message: string): InputError => {
    const { line: row, col } = lines.linePos(offset);
    return new InputError(`${shown}:${Math.max(row, 1)}:${Math.max(col, 1)}: ${line(message)}`);
  };

  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  checkDepth(tokens, fail);
  // Keys are compared below: the parser's own comparison takes the square of their number.
  const composer = new Composer({
    version: '1.2',
    merge: true,
    uniqueKeys: false,
    logLevel: 'silent',
    lineCounter: lines,
    prettyErrors: false,
  });
  const documents = [...composer.compose(tokens, true, text.length)];
  for (const document of documents) {
    const wrong = document.errors[0];
    if (wrong) throw fail(wrong.pos[0], `is not valid YAML: ${wrong.message}`);
  }
  const document = documents[0] as Document.Parsed;
  if (documents[1]) throw fail(documents[1].range[0], 'a second document starts here; keep one document per file');
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    throw fail(0, 'holds nothing; see the documentation for what belongs here');
  checkNodes(document, fail);

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_COPIES });
  } catch (error) {
    throw fail(
      0,
      `${error instanceof ReferenceError && /alias count/i.test(error.message) ? `its aliases unfold to more than ${MOST_COPIES} copies; write the values out` : (error as Error).message}`,
    );
  }

  const error = (path: Path, message: string, key = false): InputError =>
    fail(offsetOf(document, path, key), `${path.length > 0 ? `${showPath(path)}: ` : ''}${message}`);
  return {
    name,
    value,
    error,
    as(shape) {
      const read = shape.safeParse(value);
      if (read.success) return read.data;
      const issue = telling(read.error.issues[0] as z.core.$ZodIssue, []);
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
      if (unknown === undefined) throw error(issue.path, sayIssue(issue, document));
      const known = keysAt(shape, issue.path);
      throw error([...issue.path, unknown], `this key is not known here; ${suggest(unknown, known)}`, true);
    },
  };
}

function decode(source: string | Uint8Array, name: string): string {
  if (source.length > MOST_BYTES) throw tooLarge(name, source.length);
  const text = typeof source === 'string' ? source : decodeBytes(source, name);
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function decodeBytes(bytes: Uint8Array, name: string): string {
  const [first, second] = bytes;
  const little = (first === 0xff && second === 0xfe) || (bytes.length > 1 && first !== 0 && second === 0);
  const big = (first === 0xfe && second === 0xff) || (bytes.length > 1 && first === 0 && second !== 0);
  try {
    return new TextDecoder(little ? 'utf-16le' : big ? 'utf-16be' : 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${name}: is not text in UTF-8 or UTF-16; save it as UTF-8`);
  }
}

function tooLarge(name: string, size: number): InputError {
  return new InputError(
    `${name}: is ${(size / MEBIBYTE).toFixed(1)} MiB long, at most ${MOST_BYTES / MEBIBYTE} MiB are read; split it into several files`,
  );
}

type Fail = (offset: number, message: string) => InputError;

/** Walks the tokens without recursion: the composer recurses, and deep nesting would exhaust its stack. */
function checkDepth(tokens: readonly CST.Token[], fail: Fail): void {
  const left: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = left.pop(); next; next = left.pop()) {
    const { token, depth } = next;
    if (depth > MOST_DEPTH) throw fail(token.offset, `is nested more than ${MOST_DEPTH} levels deep; flatten it`);
    if (token.type === 'document' && token.value) left.push({ token: token.value, depth });
    else if ('items' in token) {
      for (const item of token.items) {
        if (item.key) left.push({ token: item.key, depth: depth + 1 });
        if (item.value) left.push({ token: item.value, depth: depth + 1 });
      }
    }
  }
}

/** Refuses tags, keys that are there twice, and keys that are not plain text. */
function checkNodes(document: Document.Parsed, fail: Fail): void {
  const anchors = new Set<string>();
  let aliases = 0;
  const check = (node: Node): void => {
    const start = (node as ParsedNode).range?.[0] ?? 0;
    if (isAlias(node)) {
      aliases += 1;
      if (!anchors.has(node.source))
        throw fail(start, `nothing before this has the anchor &${clip(node.source)}; write it where it is first used`);
      if (aliases > MOST_ALIASES) throw fail(start, `has more than ${MOST_ALIASES} aliases; write the values out`);
      return;
    }
    const { tag, anchor } = node as { tag?: string; anchor?: string };
    if (tag !== undefined && !PLAIN_TAGS.has(tag)) throw fail(start, `the tag ${clip(tag)} is not allowed; remove it`);
    if (anchor !== undefined) anchors.add(anchor);
  };
  visit(document, {
    Alias: (_, node) => check(node),
    Scalar: (_, node) => check(node),
    Seq: (_, node) => check(node),
    Map(_, node) {
      check(node);
      const seen = new Set<string>();
      for (const { key } of node.items) {
        const start = (key as ParsedNode | null)?.range?.[0] ?? (node as ParsedNode).range?.[0] ?? 0;
        if (!isScalar(key)) throw fail(start, 'a key has to be plain text');
        const text = keyText(key);
        if (text === '__proto__') throw fail(start, 'the key "__proto__" is not allowed; rename it');
        if (seen.has(text)) throw fail(start, `the key "${text}" is there twice; remove one of them`);
        seen.add(text);
      }
    },
  });
}

/** The value at a path with its key, or the last ones on the way that exist, and where the value starts. */
function find(
  document: Document.Parsed,
  path: Path,
): { readonly node: Node | null; readonly key: Node | undefined; readonly offset: number } {
  let node: Node | null = document.contents;
  let key: Node | undefined;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isSeq(node)) node = (node.items[step as number] as Node | undefined) ?? null;
    else if (isMap(node)) {
      const pair = pairOf(document, node, String(step));
      key = pair?.key as Node | undefined;
      node = (pair?.value as Node | null | undefined) ?? null;
      offset = key?.range?.[0] ?? offset;
    } else node = null;
    if (!node) break;
    offset = node.range?.[0] ?? offset;
  }
  return { node, key, offset };
}

function offsetOf(document: Document.Parsed, path: Path, atKey: boolean): number {
  const { key, offset } = find(document, path);
  return atKey ? (key?.range?.[0] ?? offset) : offset;
}

function pairOf(document: Document.Parsed, map: Node & { items: unknown[] }, key: string): Pair | undefined {
  const pairs = map.items.filter(isPair);
  const own = pairs.find((pair) => isScalar(pair.key) && keyText(pair.key) === key);
  if (own) return own;
  for (const { key: name, value } of pairs) {
    if (!isScalar(name) || keyText(name) !== '<<') continue;
    for (const one of isSeq(value) ? value.items : [value]) {
      const merged = isAlias(one) ? one.resolve(document) : one;
      const found = isMap(merged) ? pairOf(document, merged, key) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

/** The merge key is a symbol to the parser. */
function keyText(key: { readonly value: unknown }): string {
  return typeof key.value === 'symbol' ? (key.value.description ?? '') : String(key.value);
}

/** Of a value that fits none of several shapes: what is wrong with it in the shape that it comes nearest to. */
function telling(issue: z.core.$ZodIssue, before: Path): z.core.$ZodIssue {
  const path = [...before, ...issue.path];
  if (issue.code !== 'invalid_union') return { ...issue, path } as z.core.$ZodIssue;
  const inner = issue.errors.flatMap((issues) => issues.slice(0, 1)).map((one) => telling(one, path));
  const told = inner.filter((one) => one.code !== 'invalid_type' || one.path.length > path.length);
  const deepest = told.sort((a, b) => b.path.length - a.path.length)[0];
  return deepest ?? ({ ...issue, path } as z.core.$ZodIssue);
}

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  undefined: 'nothing',
  null: 'nothing',
};

function sayIssue(issue: z.core.$ZodIssue, document: Document.Parsed): string {
  const { node } = find(document, issue.path);
  const value = isScalar(node) ? node.value : undefined;
  const written = isScalar(node) ? clip(node.source ?? String(node.value)) : undefined;
  const found = isMap(node)
    ? 'a map'
    : isSeq(node)
      ? 'a list'
      : written === undefined || value === null
        ? 'nothing'
        : typeof value === 'string'
          ? `"${written}"`
          : `${typeof value === 'number' ? 'the number ' : ''}${written}`;
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
        return `expected text, found ${found}; put it in quotes: "${written}"`;
      return found === 'nothing'
        ? `is missing; give it ${KINDS[issue.expected] ?? issue.expected}`
        : `expected ${KINDS[issue.expected] ?? issue.expected}, found ${found}`;
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (values.length === 1) return found === 'nothing' ? `is missing; write ${values[0]}` : `expected ${values[0]}, found ${found}`;
      return `${found === 'nothing' ? 'is missing' : `${found} is not one of the values known here`}; ${typeof value === 'string' ? suggest(value, values) : `use one of ${values.join(', ')}`}`;
    }
    case 'invalid_union':
      return typeof value === 'number' || typeof value === 'boolean'
        ? `expected text, found ${found}; put it in quotes: "${written}"`
        : `${found} does not fit here; see the documentation for what does`;
    case 'too_big':
      return `is too long: at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : issue.origin === 'array' ? 'entries' : ''}`.trim();
    case 'too_small':
      return issue.origin === 'array'
        ? `needs at least ${issue.minimum} entry`
        : issue.origin === 'string'
          ? 'may not be empty'
          : `has to be at least ${issue.minimum}`;
    case 'custom':
      return issue.message;
    default:
      return found === 'nothing' || found === 'a map' || found === 'a list' ? issue.message : `${found}: ${issue.message}`;
  }
}

/** The keys that a shape knows at a path. */
function keysAt(shape: unknown, path: Path): string[] {
  let shapes = [shape];
  for (const step of path) {
    shapes = shapes.flatMap(unwrap).flatMap((one) => {
      const { def } = one._zod;
      if (def.type === 'object') return def.shape?.[String(step)] ? [def.shape[String(step)]] : [];
      if (def.type === 'array') return [def.element];
      return def.type === 'record' ? [def.valueType] : [];
    });
  }
  return [...new Set(shapes.flatMap(unwrap).flatMap((one) => Object.keys(one._zod.def.shape ?? {})))];
}

interface AnyShape {
  readonly _zod: {
    readonly def: {
      readonly type: string;
      readonly shape?: Record<string, unknown>;
      readonly element?: unknown;
      readonly valueType?: unknown;
      readonly innerType?: unknown;
      readonly in?: unknown;
      readonly options?: readonly unknown[];
    };
  };
}

function unwrap(shape: unknown): AnyShape[] {
  const one = shape as AnyShape;
  const { def } = one._zod;
  const inside = [...(def.options ?? []), ...[def.innerType, def.in].filter((inner) => inner !== undefined)];
  return inside.length > 0 ? inside.flatMap(unwrap) : [one];
}

function suggest(word: string, known: readonly string[]): string {
  const near = known.map((one) => ({ one, far: distance(word.toLowerCase(), one.toLowerCase()) })).sort((a, b) => a.far - b.far)[0];
  if (near && near.far <= Math.max(2, Math.floor(word.length / 3))) return `did you mean "${near.one}"?`;
  return known.length > 0 ? `use one of ${known.join(', ')}` : 'remove it';
}

function distance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next[j] = Math.min((next[j - 1] as number) + 1, (row[j] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

function showPath(path: Path): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${clip(String(step))}`)).join('');
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Fit for one line of a terminal: no line breaks, no control characters, nothing that turns its direction. */
function line(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
}
