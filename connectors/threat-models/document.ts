import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { CST, Node, ParsedNode, Document as YamlDocument } from 'yaml';
import { Composer, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, Parser, visit } from 'yaml';
import { InputError } from '../../src/model/input-error.ts';

const MEGABYTE = 1024 * 1024;
const MOST_BYTES = 50 * MEGABYTE;
/** YAML and HCL take a hundred times their size to parse; nobody writes that much by hand. */
const MOST_WRITTEN = 5 * MEGABYTE;
const MOST_DEPTH = 200;
/** Naive count for HCL, where brackets may stand in texts; the value is held to `MOST_DEPTH`. */
const MOST_BRACKETS = 2000;
const MOST_ALIASES = 5000;
/** Copies that one alias may unfold to, aliases inside of it taken together. */
const MOST_COPIES = 1000;
/** Keys that merge keys (`<<`) may copy, all together. */
const MOST_MERGED = 100_000;
const MOST_WARNINGS = 50;
const MOST_REPAIRS = 5;
/** Enough to tell what a text is. */
const HEAD = 64 * 1024;

/** A file as text and, where it is of a known syntax, as a value. Nothing it names is ever opened or fetched. */
export interface Document {
  readonly file: string;
  /** Of the bytes, hex. */
  readonly sha256: string;
  readonly text: string;
  readonly syntax: 'json' | 'yaml' | 'xml' | 'hcl';
  /** JSON, YAML and HCL as plain values (HCL as its JSON form); undefined for XML, which formats read from `text`. Several YAML documents: the first; all are in `documents`. */
  readonly value: unknown;
  readonly documents: readonly unknown[];
  /** What was odd on the way: invalid JSON read as YAML, a byte order mark in the middle. */
  readonly warnings: readonly { readonly pointer: string; readonly message: string }[];
}

type Warning = Document['warnings'][number];

/** Reads a file of at most 50 MB. What is wrong with it is one `InputError`: `model.json:12:7: is not valid JSON: …`. */
export async function openDocument(path: string): Promise<Document> {
  return readDocument(bytesOf(path), path);
}

/** As `openDocument`, from bytes: UTF-8 or UTF-16, with or without a byte order mark; JSON, YAML, XML (told apart, not parsed) or HCL. */
export async function readDocument(bytes: Uint8Array, file: string): Promise<Document> {
  if (bytes.length > MOST_BYTES) throw tooLarge(file, bytes.length, MOST_BYTES);
  refuseBinary(bytes, file);
  const text = decode(bytes, file);
  const head = text.slice(0, HEAD);
  if (head.trim() === '' && text.trim() === '') throw new InputError(`${file}: is empty; export the model again`);
  if (text.includes('\0')) throw new InputError(`${file}: is a binary file, not a threat model`);
  refuseProse(head, file);

  const warnings: Warning[] = [];
  if (text.includes('\uFEFF')) warnings.push({ pointer: '', message: 'a byte order mark stands in the middle of the file' });
  const done = (syntax: Document['syntax'], documents: readonly unknown[]): Document => ({
    file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    text,
    syntax,
    value: documents[0],
    documents,
    warnings,
  });

  const first = /\S/.exec(head)?.[0];
  if (first === '<') {
    refuseMarkup(text, file);
    return done('xml', []);
  }
  if (first === '{' || first === '[') {
    checkBrackets(text, file, MOST_DEPTH, true);
    const parsed = parseJson(text, file);
    if (!(parsed instanceof InputError)) {
      warnings.push(...doubledKeys(text));
      return done('json', [parsed.value]);
    }
    const yaml = text.length > MOST_WRITTEN ? parsed : parseYaml(text, file);
    if (yaml instanceof InputError) throw explained(parsed, head, file);
    warnings.push({ pointer: '', message: `${parsed.message.slice(file.length + 1).trim()}; read as YAML, so check what came of it` });
    warnings.push(...yaml.warnings);
    return done('yaml', yaml.documents);
  }
  if (text.length > MOST_WRITTEN) throw tooLarge(file, text.length, MOST_WRITTEN, 'YAML and HCL; JSON may be longer');
  if (looksLikeHcl(head)) {
    checkBrackets(text, file, MOST_BRACKETS, false);
    const value = await parseHcl(text, file);
    checkValue([value], file);
    return done('hcl', [value]);
  }
  const yaml = parseYaml(text, file);
  if (yaml instanceof InputError) throw yaml;
  warnings.push(...yaml.warnings);
  return done('yaml', yaml.documents);
}

function bytesOf(path: string): Uint8Array {
  try {
    const entry = statSync(path);
    if (!entry.isFile() && !entry.isDirectory()) throw new InputError(`${path}: is not a file; a pipe or a device is not read`);
    if (entry.size > MOST_BYTES) throw tooLarge(path, entry.size, MOST_BYTES);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const why = {
      ENOENT: 'there is no such file; check the path',
      EISDIR: 'is a folder; name a file in it',
      EACCES: 'may not be read; check its permissions',
    };
    throw new InputError(`${path}: ${why[code as keyof typeof why] ?? `cannot be read (${code})`}`);
  }
}

function tooLarge(file: string, size: number, most: number, what?: string): InputError {
  const megabytes = (size / MEGABYTE).toFixed(1);
  return new InputError(
    `${file}: is ${megabytes} MB long, at most ${most / MEGABYTE} MB are read${what ? ` of ${what}` : '; split it into several files'}`,
  );
}

const BINARY: readonly { readonly starts: readonly number[]; readonly what: string }[] = [
  { starts: [0x50, 0x4b, 0x03, 0x04], what: 'a zip archive; unpack it and name the model inside' },
  { starts: [0x50, 0x4b, 0x05, 0x06], what: 'an empty zip archive; export the model again' },
  { starts: [0x1f, 0x8b], what: 'compressed with gzip; unpack it first' },
  { starts: [0x25, 0x50, 0x44, 0x46], what: 'a PDF; export the model itself, not its report' },
  { starts: [0x89, 0x50, 0x4e, 0x47], what: 'an image; export the model itself, not its diagram' },
  { starts: [0xff, 0xd8, 0xff], what: 'an image; export the model itself, not its diagram' },
  { starts: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old Office document; export the model itself' },
];

function refuseBinary(bytes: Uint8Array, file: string): void {
  if (bytes.length === 0) throw new InputError(`${file}: is empty; export the model again`);
  const known = BINARY.find(({ starts }) => starts.every((byte, index) => bytes[index] === byte));
  if (known) throw new InputError(`${file}: is ${known.what}`);
}

function decode(bytes: Uint8Array, file: string): string {
  const [first, second] = bytes;
  const little = (first === 0xff && second === 0xfe) || (bytes.length > 1 && first !== 0 && second === 0);
  const big = (first === 0xfe && second === 0xff) || (bytes.length > 1 && first === 0 && second !== 0);
  try {
    return new TextDecoder(little ? 'utf-16le' : big ? 'utf-16be' : 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${file}: is not text in UTF-8 or UTF-16; save it as UTF-8`);
  }
}

/** Texts that would fail as YAML with a message that helps nobody. */
function refuseProse(head: string, file: string): void {
  if (/^[ \t]*(?:from[ \t]+pytm\b[^\n]*\bimport\b|import[ \t]+pytm\b)/m.test(head))
    throw new InputError(
      `${file}: is a pytm program, which would have to be run to be read; run it with --json model.json and give that file`,
    );
  if (/^\s*(?:#!\S*python|#!\/usr\/bin\/env\s+python)/.test(head)) throw new InputError(`${file}: is a Python program, not a threat model`);
  if (/^\s*```/.test(head)) throw new InputError(`${file}: stands in a Markdown fence (\`\`\`); take the fence off`);
  if (/^[ \t*#/]*@(?:mitigates|exposes|accepts|transfers|connects|threat|control|component)\s+\S/m.test(head))
    throw new InputError(`${file}: holds ThreatSpec annotations, which are not read; keep the model in one of the formats that are`);
}

/** The XML prolog may hold an instruction and comments; a document type before the root element is refused, whatever it declares. */
function refuseMarkup(text: string, file: string): void {
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at += 1;
    const end = text.startsWith('<?', at) ? ['?>', 2] : text.startsWith('<!--', at) ? ['-->', 3] : undefined;
    if (!end) break;
    const found = text.indexOf(end[0] as string, at);
    if (found < 0) throw new InputError(`${file}: is not valid XML: it ends in the middle of a comment or instruction`);
    at = found + (end[1] as number);
  }
  const root = text.slice(at, at + 200);
  if (/^<(?:!doctype\s+html|html|head|body|link|meta|style|script|div|table|p|h[1-6]|img|br|center)\b/i.test(root))
    throw new InputError(
      `${file}: is an HTML page or a printed report; give the model itself (.tm7 for the Microsoft Threat Modeling Tool)`,
    );
  if (root.startsWith('<!'))
    throw new InputError(`${file}: declares a document type (<!DOCTYPE …>), which is refused: remove it and its entities`);
}

/** Holds nesting to a depth before anything recurses. `quoted`: brackets in JSON strings do not count. */
function checkBrackets(text: string, file: string, most: number, quoted: boolean): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted && code === 34) {
      for (at += 1; at < text.length; at += 1) {
        const inside = text.charCodeAt(at);
        if (inside === 92) at += 1;
        else if (inside === 34) break;
      }
    } else if (code === 123 || code === 91 || (!quoted && code === 40)) {
      depth += 1;
      if (depth > most) throw tooDeep(file, text, at);
    } else if (code === 125 || code === 93 || (!quoted && code === 41)) depth -= depth > 0 ? 1 : 0;
  }
}

function tooDeep(file: string, text: string, at: number): InputError {
  return new InputError(`${file}:${placeOf(text, at)}: is nested more than ${MOST_DEPTH} levels deep`);
}

function placeOf(text: string, at: number): string {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf('\n'); next >= 0 && next < at; next = text.indexOf('\n', next + 1)) {
    line += 1;
    start = next + 1;
  }
  return `${line}:${at - start + 1}`;
}

function parseJson(text: string, file: string): { readonly value: unknown } | InputError {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const { message } = error as SyntaxError;
    const at = jsonError(text, message);
    const what =
      at >= text.trimEnd().length
        ? 'it ends too early'
        : clip(message.replace(/ in JSON at position.*| at position.*|, (?:\.\.\.)?".*/s, ''));
    return new InputError(`${file}:${placeOf(text, at)}: is not valid JSON: ${what}`);
  }
}

/** What cannot be read may be something else that is known. */
function explained(error: InputError, head: string, file: string): InputError {
  if (/^[ \t]*\{%/m.test(head)) return new InputError(`${file}: is a template ({% … %}), which has to be filled in before it is read`);
  const markdown = /^#{1,2} \S/m.test(head) && /^(?:#{2,6} \S|```)/m.test(head);
  return markdown ? new InputError(`${file}: is a Markdown text, not a threat model; give the model that it speaks of`) : error;
}

/** Keys that valid JSON has twice in one map: the parser takes the last without a word. */
function doubledKeys(text: string): readonly Warning[] {
  if (text.length > MOST_WRITTEN) return [];
  const found: Warning[] = [];
  const open: (Set<string> | undefined)[] = [];
  // Strings, and what opens and closes; nothing else matters here.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/gs)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else {
      const keys = open.at(-1);
      const end = index + token.length;
      if (!keys || !/^\s{0,1000}:/.test(text.slice(end, end + 1001))) continue;
      if (keys.has(token) && found.length < MOST_WARNINGS)
        found.push({
          pointer: '',
          message: `line ${placeOf(text, index).split(':')[0]}: the key ${clip(token)} is there twice; the last one counts`,
        });
      keys.add(token);
    }
  }
  return found;
}

/** Where JSON goes wrong. Not every message tells: then by halves, for all that comes before the slip only ends too early. */
function jsonError(text: string, message: string): number {
  const told = /at position (\d+)/.exec(message)?.[1];
  if (told !== undefined) return Number(told);
  if (!/is not valid JSON/.test(message) || text.length > MOST_WRITTEN) return /end of JSON/.test(message) ? text.length : 0;
  let [fine, wrong] = [0, text.length];
  while (fine + 1 < wrong) {
    const middle = (fine + wrong) >> 1;
    let why = '';
    try {
      JSON.parse(text.slice(0, middle));
    } catch (error) {
      ({ message: why } = error as SyntaxError);
    }
    const at = /at position (\d+)/.exec(why)?.[1];
    if (/is not valid JSON/.test(why) || Number(at ?? middle) < middle - 1) wrong = middle;
    else fine = middle;
  }
  return wrong - 1;
}

/** A line such as `threatmodel "x" {` or `spec_version = "0.1"` begins HCL, and no YAML map. */
function looksLikeHcl(head: string): boolean {
  const text = head.replace(/^(?:\s+|#[^\n]*\n|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*/, '');
  return /^[A-Za-z_][\w-]*(?:[ \t]+(?:"[^"\n]*"|[A-Za-z_][\w-]*))*[ \t]*(?:\{|=(?![=>]))/.test(text);
}

async function parseHcl(text: string, file: string): Promise<unknown> {
  const { parse } = await import('@cdktf/hcl2json');
  try {
    return await parse('model.hcl', text);
  } catch (error) {
    const message = String((error as Error).message ?? error);
    const at = /model\.hcl:(\d+),(\d+)/.exec(message);
    const what = message
      .slice(at ? message.indexOf(':', at.index + at[0].length) + 1 : 0)
      .replace(/\]?\s*$/, '')
      .trim();
    throw new InputError(`${file}${at ? `:${at[1]}:${at[2]}` : ''}: is not valid HCL: ${clip(what)}`);
  }
}

function parseYaml(
  text: string,
  file: string,
  repairs = 0,
): { readonly documents: readonly unknown[]; readonly warnings: readonly Warning[] } | InputError {
  try {
    return readYaml(text, file, repairs);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return explained(error, text.slice(0, HEAD), file);
  }
}

function readYaml(
  text: string,
  file: string,
  repairs: number,
): { readonly documents: readonly unknown[]; readonly warnings: readonly Warning[] } {
  const lines = new LineCounter();
  const fail = (offset: number, message: string): InputError => {
    const { line, col } = lines.linePos(offset);
    return new InputError(`${file}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${clip(message)}`);
  };
  const warnings: Warning[] = [];
  let more = 0;
  const warn = (offset: number, message: string): void => {
    if (warnings.length < MOST_WARNINGS) warnings.push({ pointer: '', message: `line ${lines.linePos(offset).line}: ${clip(message)}` });
    else more += 1;
  };

  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const cut = checkTokens(tokens, fail);
  if (cut !== undefined && repairs < MOST_REPAIRS && text.length <= MEGABYTE) {
    const repaired = indentQuoted(text, cut);
    const again = repaired === undefined ? undefined : parseYaml(repaired, file, repairs + 1);
    if (again && !(again instanceof InputError)) {
      const { line } = lines.linePos(cut);
      return {
        ...again,
        warnings: [{ pointer: '', message: `line ${line}: the lines of a quoted text are indented too little` }, ...again.warnings],
      };
    }
  }
  // Keys are compared below: the parser's own comparison takes the square of their number, and would refuse what real files hold.
  const options = {
    schema: 'core',
    merge: true,
    uniqueKeys: false,
    resolveKnownTags: false,
    logLevel: 'silent',
    prettyErrors: false,
  } as const;
  const values: unknown[] = [];
  for (const document of new Composer({ ...options, lineCounter: lines }).compose(tokens, true, text.length)) {
    const wrong = document.errors[0];
    if (wrong) throw fail(wrong.pos[0], `is not valid YAML: ${wrong.message}`);
    for (const { pos, message } of document.warnings) warn(pos[0], `${message}; the tag is ignored`);
    checkNodes(document, fail, warn);
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: MOST_COPIES });
    } catch (error) {
      throw fail(
        document.range[0],
        error instanceof ReferenceError
          ? `its aliases unfold to more than ${MOST_COPIES} copies; write the values out`
          : 'is not valid YAML',
      );
    }
    if (value !== null && value !== undefined) values.push(value);
  }
  if (more > 0) warnings.push({ pointer: '', message: `and ${more} more of this kind` });
  if (values.length === 0) throw new InputError(`${file}: holds nothing; export the model again`);
  if (values.every((value) => typeof value !== 'object')) throw new InputError(`${file}: is plain text, not a threat model`);
  checkValue(values, file);
  return { documents: values, warnings };
}

type Fail = (offset: number, message: string) => InputError;

/**
 * Walks the tokens without recursion: the composer recurses, and deep nesting would exhaust its stack. Gives the place of a quoted text that
 * the parser cut off because its next line is indented too little, as other parsers allow.
 */
function checkTokens(tokens: readonly CST.Token[], fail: Fail): number | undefined {
  let cut: number | undefined;
  const left: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = left.pop(); next; next = left.pop()) {
    const { token, depth } = next;
    if (depth > MOST_DEPTH) throw fail(token.offset, `is nested more than ${MOST_DEPTH} levels deep`);
    const quote = token.type === 'single-quoted-scalar' ? "'" : token.type === 'double-quoted-scalar' ? '"' : undefined;
    if (quote && 'source' in token && (token.source.length < 2 || !token.source.endsWith(quote)))
      cut = Math.min(cut ?? token.offset, token.offset);
    if (token.type === 'document' && token.value) left.push({ token: token.value, depth });
    else if ('items' in token) {
      for (const item of token.items) {
        if (item.key) left.push({ token: item.key, depth: depth + 1 });
        if (item.value) left.push({ token: item.value, depth: depth + 1 });
      }
    }
  }
  return cut;
}

/** The text with the lines of the quoted text at this place indented: leading blanks are folded away, so it stays the same text. */
function indentQuoted(text: string, start: number): string | undefined {
  const quote = text[start] as string;
  let end = start + 1;
  for (; end < text.length; end += 1) {
    if (quote === '"' && text[end] === '\\') end += 1;
    else if (text[end] === quote) {
      if (quote === '"' || text[end + 1] !== quote) break;
      end += 1;
    }
  }
  if (end >= text.length) return undefined;
  return text.slice(0, start) + text.slice(start, end).replace(/\n(?=[ \t]*\S)/g, `\n${' '.repeat(MOST_DEPTH)}`) + text.slice(end);
}

/** Refuses aliases without an anchor or without end; keys that are there twice are told, and the last one counts. */
function checkNodes(document: YamlDocument.Parsed, fail: Fail, warn: (offset: number, message: string) => void): void {
  const anchors = new Map<string, Node>();
  /** What the alias stood for where it was written: anchors may be set again. */
  const meant = new Map<Node, Node>();
  const maps: Node[] = [];
  let aliases = 0;
  const offset = (node: unknown): number => (node as ParsedNode | null)?.range?.[0] ?? 0;
  const check = (node: Node): void => {
    if (isAlias(node)) {
      aliases += 1;
      const target = anchors.get(node.source);
      if (!target) throw fail(offset(node), `nothing before this has the anchor &${clip(node.source)}`);
      if (aliases > MOST_ALIASES) throw fail(offset(node), `has more than ${MOST_ALIASES} aliases; write the values out`);
      meant.set(node, target);
      return;
    }
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) anchors.set(anchor, node);
  };
  visit(document, {
    Alias: (_, node) => check(node),
    Scalar: (_, node) => check(node),
    Seq: (_, node) => check(node),
    Map(_, node) {
      check(node);
      maps.push(node);
      const seen = new Set<string>();
      for (const { key } of node.items) {
        if (!isScalar(key) || isMergeKey(key.value)) continue;
        const text = String(key.value);
        if (seen.has(text)) warn(offset(key), `the key "${clip(text)}" is there twice; the last one counts`);
        seen.add(text);
      }
    },
  });

  const costs = new Map<Node, number>();
  const open = new Set<Node>();
  const cost = (node: Node | undefined): number => {
    const map = isAlias(node) ? meant.get(node) : node;
    if (isSeq(map)) return map.items.reduce<number>((sum, item) => sum + cost(item as Node), 0);
    if (!isMap(map)) return 0;
    const known = costs.get(map);
    if (known !== undefined) return known;
    if (open.has(map)) throw fail(offset(map), 'merges itself (<<)');
    open.add(map);
    let sum = map.items.length;
    for (const pair of map.items) if (isPair(pair) && isScalar(pair.key) && isMergeKey(pair.key.value)) sum += cost(pair.value as Node);
    open.delete(map);
    costs.set(map, sum);
    return sum;
  };
  let merged = 0;
  for (const map of maps) {
    const own = isMap(map) ? map.items.length : 0;
    merged += cost(map) - own;
    if (merged > MOST_MERGED) throw fail(offset(map), `its merge keys (<<) copy more than ${MOST_MERGED} keys; write the values out`);
  }
}

function isMergeKey(key: unknown): boolean {
  return key === '<<' || typeof key === 'symbol';
}

/** Aliases can nest values deeper than their text, and make a value hold itself. Each object is looked at once, so shared ones cost nothing. */
function checkValue(values: readonly unknown[], file: string): void {
  const heights = new Map<object, number>();
  const open = new Set<object>();
  const left: { readonly value: object; readonly children: readonly object[] }[] = [];
  const enter = (value: object): void => {
    if (open.has(value)) throw new InputError(`${file}: an alias stands inside of what it stands for; write the value out`);
    if (open.size >= MOST_DEPTH) throw new InputError(`${file}: is nested more than ${MOST_DEPTH} levels deep`);
    open.add(value);
    left.push({ value, children: Object.values(value).filter((child) => typeof child === 'object' && child !== null) });
  };
  const next = new Map<object, number>();
  for (const value of values) {
    if (typeof value !== 'object' || value === null) continue;
    if (!heights.has(value)) enter(value);
    while (left.length > 0) {
      const top = left[left.length - 1] as (typeof left)[number];
      const index = next.get(top.value) ?? 0;
      next.set(top.value, index + 1);
      const child = top.children[index];
      if (child === undefined) {
        heights.set(top.value, 1 + top.children.reduce((most, one) => Math.max(most, heights.get(one) ?? 0), 0));
        open.delete(top.value);
        left.pop();
        continue;
      }
      const height = heights.get(child);
      if (height === undefined) enter(child);
      else if (open.size + height > MOST_DEPTH) throw new InputError(`${file}: is nested more than ${MOST_DEPTH} levels deep`);
    }
  }
}

function clip(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
