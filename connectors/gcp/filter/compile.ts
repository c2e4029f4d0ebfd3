import { attempt } from '../../../src/events/attempt.ts';
import { EVERYTHING, type EventClass, intersect, minus, NOTHING, type Selector, union } from '../../../src/events/classes.ts';
import type { Strings } from '../../../src/events/strings.ts';
import * as strings from '../../../src/events/strings.ts';
import { ALWAYS, type Bounds, conjunction, disjunction, MAX_PRODUCT, NEVER, PERHAPS, settled } from './bounds.ts';
import { type EntryField, entryFieldOf } from './fields.ts';
import { addressesIn } from './networks.ts';
import { type Argument, type Call, type Comparison, type FilterNode, parseFilter, quote, type Value } from './parse.ts';
import { type Held, heldFor, OPEN, together } from './values.ts';

export interface CompiledFilter {
  /** Entries that pass for certain and in full. */
  readonly passes: Selector;
  /** Entries that pass at most: those of `passes` and `sampled`, and those of which it is not clear. */
  readonly mayPass: Selector;
  /** Entries of which a share passes, from 0 to 1, chosen by the hash of their `insertId`. */
  readonly sampled: readonly { readonly events: Selector; readonly share: number }[];
  /** The parts that cannot be said in event fields, quoted; a part that makes no difference is left out. */
  readonly unclear: readonly string[];
}

/** A filter as read, or with `node` missing one that cannot be read; together with others all of them have to hold. */
interface Part {
  readonly text: string;
  readonly node: FilterNode | undefined;
  readonly problem: string | undefined;
  readonly negated: boolean;
}

interface Run {
  readonly text: string;
  /** The hash of the entry's `insertId`, as a fraction. Undefined: any, so that a sample is unclear. */
  readonly hash: number | undefined;
  readonly unclear: Set<string>;
  /** Sets of strings by pattern that were made. */
  patterns: number;
  /** Values that stand alone. */
  words: number;
}

const MAX_PATTERNS = 100;
const MAX_WORDS = 20;
const MAX_SAMPLES = 6;
const MAX_CACHED = 500;

/** Fields in which a value that stands alone is sought; it may be in any other one too. */
const SOUGHT: readonly string[][] = [
  ['logName'],
  ['resource', 'type'],
  ['textPayload'],
  ['protoPayload', 'serviceName'],
  ['protoPayload', 'methodName'],
  ['protoPayload', 'resourceName'],
  ['protoPayload', 'authenticationInfo', 'principalEmail'],
];

const cache = new Map<string, CompiledFilter>();
const NOT_FROM_TEXT: Part = { text: '', node: undefined, problem: 'an exclusion that is several filters', negated: false };

const partsOf = new WeakMap<CompiledFilter, readonly Part[]>();

/**
 * The entries that a filter of a sink, an exclusion or a view passes. A filter that cannot be read passes nothing for certain and
 * everything at most; an empty one passes everything. Conditions on time are unclear: a sink is asked at all times.
 * https://cloud.google.com/logging/docs/view/logging-query-language
 */
export function compileFilter(text: string): CompiledFilter {
  return remembered(`=${text}`, () => {
    const { filter, error } = parseFilter(text);
    return error || filter ? [{ text, node: filter, problem: error?.problem, negated: false }] : [];
  });
}

/**
 * What gets through a sink: entries that its filter passes and none of its exclusions takes. An exclusion that ends in
 * `AND sample(insertId, 0.99)` lets one entry in a hundred through. Disabled exclusions are not to be given.
 * https://cloud.google.com/logging/docs/routing/overview#exclusions
 */
export function sinkPasses(filter: CompiledFilter, exclusions: readonly CompiledFilter[]): CompiledFilter {
  if (exclusions.length === 0) return filter;
  const parts = [...(partsOf.get(filter) ?? [NOT_FROM_TEXT])];
  for (const exclusion of exclusions) {
    const [own = { text: '', node: undefined, problem: undefined, negated: false }, ...more] = partsOf.get(exclusion) ?? [NOT_FROM_TEXT];
    parts.push(more.length === 0 ? { ...own, negated: !own.negated } : NOT_FROM_TEXT);
  }
  return remembered(JSON.stringify(parts.map(({ text, negated, problem }) => [text, negated, problem])), () => parts);
}

/** Many sinks have the same filter: it is compiled once. */
function remembered(key: string, parts: () => readonly Part[]): CompiledFilter {
  const known = cache.get(key);
  if (known) return known;
  const compiled = compileParts(parts());
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value as string);
  cache.set(key, compiled);
  return compiled;
}

function compileParts(parts: readonly Part[]): CompiledFilter {
  const unclear = new Set<string>();
  const compiled = attempt<CompiledFilter>(
    () => joined(piecesOf(parts, unclear), unclear),
    (problem) => ({ passes: NOTHING, mayPass: EVERYTHING, sampled: [], unclear: [...unclear, problem] }),
  );
  partsOf.set(compiled, parts);
  return compiled;
}

interface Piece {
  readonly share: number;
  readonly bounds: Bounds;
}

/** The filter for each range of hashes within which every sample is either taken or not. */
function piecesOf(parts: readonly Part[], unclear: Set<string>): readonly Piece[] {
  const fractions = new Set<number>();
  for (const { node } of parts) if (node) collectSamples(node, fractions);
  const steps = fractions.size > MAX_SAMPLES ? [] : [...fractions].sort((a, b) => a - b);
  return [...steps, 1].map((upTo, index) => {
    const hash = fractions.size > MAX_SAMPLES ? undefined : upTo;
    const bounds = conjunction(
      parts.map((part) => boundsOfPart(part, hash, unclear)),
      () => unclear.add('too many combinations'),
    );
    return { share: upTo - (steps[index - 1] ?? 0), bounds };
  });
}

function joined(pieces: readonly Piece[], unclear: ReadonlySet<string>): CompiledFilter {
  const all = pieces.map((piece) => piece.bounds);
  const [first] = all as [Bounds];
  if (all.length === 1) return { passes: first.least, mayPass: first.most, sampled: [], unclear: settled(all) ? [] : [...unclear] };
  const passes = all.map((one) => one.least).reduce(intersect);
  const mayPass = union(...all.map((one) => one.most));
  const sampled: { events: Selector; share: number }[] = [];
  // Each set of steps, save none and all: entries that pass there for certain and for certain not elsewhere.
  for (let mask = 1; pieces.length <= 4 && mask < 2 ** pieces.length - 1; mask += 1) {
    const inside = all.filter((_, index) => mask & (1 << index)).map((one) => one.least);
    const outside = all.filter((_, index) => !(mask & (1 << index))).map((one) => one.most);
    const cut = union(...outside);
    const here = inside.reduce(intersect);
    if (here.length * cut.length > MAX_PRODUCT) continue;
    const events = minus(here, cut);
    const share = pieces.reduce((sum, piece, index) => (mask & (1 << index) ? sum + piece.share : sum), 0);
    if (events.length > 0) sampled.push({ events, share: Number(share.toPrecision(12)) });
  }
  return { passes, mayPass, sampled, unclear: settled(all) ? [] : [...unclear] };
}

function boundsOfPart({ text, node, problem, negated }: Part, hash: number | undefined, unclear: Set<string>): Bounds {
  if (node) return boundsOf(node, negated, { text, hash, unclear, patterns: 0, words: 0 });
  if (problem === undefined) return negated ? NEVER : ALWAYS;
  unclear.add(problem);
  return PERHAPS;
}

function collectSamples(node: FilterNode, into: Set<number>): void {
  if (node.kind === 'all' || node.kind === 'any') for (const one of node.of) collectSamples(one, into);
  else if (node.kind === 'not') collectSamples(node.of, into);
  else if (node.kind === 'call') {
    const share = sampleOf(node);
    if (share !== undefined && share < 1) into.add(share);
  }
}

/** The share of `sample(insertId, share)`. Of other fields many entries have the same value, and are all in or all out. */
function sampleOf({ name, args }: Call): number | undefined {
  const [field, fraction] = args;
  if (name !== 'sample' || args.length !== 2 || field?.kind !== 'path' || entryFieldOf(field.names)?.name !== 'insertId') return undefined;
  const share = Number(textOf(fraction) || Number.NaN);
  return share > 0 && share <= 1 ? share : undefined;
}

function boundsOf(node: FilterNode, negated: boolean, run: Run): Bounds {
  switch (node.kind) {
    case 'not':
      return boundsOf(node.of, !negated, run);
    case 'all':
    case 'any':
      return many(node, (node.kind === 'all') !== negated, negated, run);
    case 'comparison':
      return comparison(node, [node], negated, run);
    case 'anywhere':
      return anywhere(node.value, negated, run);
    case 'call':
      return call(node, negated, run);
  }
}

/** Negation is carried down to the comparisons; `all`: every part has to hold, as it then stands. */
function many(node: FilterNode & { of: readonly FilterNode[] }, all: boolean, negated: boolean, run: Run): Bounds {
  const parts: { node: FilterNode; negated: boolean }[] = [];
  flatten(node, negated, all, parts);
  const rest: Bounds[] = [];
  const groups = new Map<string, Comparison[]>();
  const networks = new Map<string, { field: EntryField; texts: string[] }>();
  for (const part of parts) {
    const network = part.node.kind === 'call' && part.negated === all ? networkOf(part.node) : undefined;
    if (network) {
      const group = networks.get(network.field.name) ?? { field: network.field, texts: [] };
      group.texts.push(network.text);
      networks.set(network.field.name, group);
      run.unclear.add(quote(run.text, part.node));
      continue;
    }
    const key = groupOf(part.node, part.negated, all);
    if (key === undefined) rest.push(boundsOf(part.node, part.negated, run));
    else {
      const group = groups.get(key);
      if (group) group.push(part.node as Comparison);
      else groups.set(key, [part.node as Comparison]);
    }
  }
  for (const [key, group] of groups) rest.push(comparison(group[0] as Comparison, group, key.startsWith('-'), run));
  for (const { field, texts } of networks.values()) rest.push(inNetworks(field, texts, all));
  const crowded = (): void => {
    run.unclear.add(`too many combinations: ${quote(run.text, node)}`);
  };
  return attempt(
    () => (all ? conjunction(rest, crowded) : disjunction(rest, crowded)),
    (problem) => {
      run.unclear.add(`${problem}: ${quote(run.text, node)}`);
      return PERHAPS;
    },
  );
}

function flatten(node: FilterNode, negated: boolean, all: boolean, into: { node: FilterNode; negated: boolean }[]): void {
  if (node.kind === 'not') flatten(node.of, !negated, all, into);
  else if ((node.kind === 'all' || node.kind === 'any') && ((node.kind === 'all') !== negated) === all) {
    for (const one of node.of) flatten(one, negated, all, into);
  } else into.push({ node, negated });
}

/** Comparisons of one key are one comparison with several values: a field that is any of them, or none of them. */
function groupOf(node: FilterNode, negated: boolean, all: boolean): string | undefined {
  if (node.kind !== 'comparison' || node.left.kind !== 'path' || node.value.kind !== 'value' || !together(node.value)) return undefined;
  const { operator } = node;
  const positive = operator === '=' || operator === ':' || operator === '=~';
  const negative = operator === '!=' || operator === '!~';
  if (!(positive && all === negated) && !(negative && all !== negated)) return undefined;
  const field = entryFieldOf(node.left.names);
  return field && `${negated ? '-' : '+'}${operator}${field.payload ?? ''} ${field.name}`;
}

function comparison(node: Comparison, group: readonly Comparison[], negated: boolean, run: Run): Bounds {
  const field = node.left.kind === 'path' ? entryFieldOf(node.left.names) : undefined;
  const values = group.flatMap((one) => (one.value.kind === 'value' ? [one.value] : []));
  // A field list whose members may differ from several values in turn is not the same as one value that differs from all.
  if (!field || values.length < group.length || (field.many && group.length > 1 && node.operator.startsWith('!'))) {
    for (const one of group) run.unclear.add(quote(run.text, one));
    return PERHAPS;
  }
  if (/[:~]/.test(node.operator)) run.patterns += 1;
  const held =
    run.patterns > MAX_PATTERNS
      ? OPEN
      : attempt(
          () => heldFor(field, node.operator, values),
          () => OPEN,
        );
  if (held.least !== held.most) for (const one of group) run.unclear.add(quote(run.text, one));
  return boundsOfField(field, held, negated);
}

function boundsOfField(field: EntryField, { least, most }: Held, negated: boolean): Bounds {
  if (least === most) {
    const one = selectorOf(field, least, negated);
    return { least: one, most: one };
  }
  return negated
    ? { least: selectorOf(field, most, true), most: selectorOf(field, least, true) }
    : { least: selectorOf(field, least, false), most: selectorOf(field, most, false) };
}

function selectorOf(field: EntryField, values: Strings, negated: boolean): Selector {
  if (strings.isNone(values)) return negated ? EVERYTHING : NOTHING;
  const one = new Map<string, Strings>();
  if (!strings.isAll(values)) one.set(field.name, values);
  // An entry without the text payload has another one, and only where none is asked for too.
  if (field.payload && !(field.payload === 'text' && strings.has(values, ''))) one.set('payload', strings.equalTo([field.payload]));
  if (one.size === 0) return negated ? NOTHING : EVERYTHING;
  return negated ? complement(one) : [one];
}

function complement(one: EventClass): Selector {
  return [...one].map(([name, values]): EventClass => new Map([[name, strings.complement(values)]]));
}

function anywhere(value: Value, negated: boolean, run: Run): Bounds {
  run.unclear.add(quote(run.text, value));
  run.words += 1;
  if (negated || value.text === '' || run.words > MAX_WORDS) return PERHAPS;
  const found = SOUGHT.flatMap((path) => {
    const field = entryFieldOf(path) as EntryField;
    return selectorOf(field, heldFor(field, ':', [{ ...value, quoted: true }]).least, false);
  });
  return { least: union(found), most: EVERYTHING };
}

function call(node: Call, negated: boolean, run: Run): Bounds {
  const found = calledBounds(node, negated, run);
  if (found.least !== found.most) run.unclear.add(quote(run.text, node));
  return found;
}

/** https://cloud.google.com/logging/docs/view/logging-query-language#functions */
function calledBounds(node: Call, negated: boolean, run: Run): Bounds {
  const { name, args } = node;
  const [first, second] = args;
  const only = args.length === 1 ? textOf(first) : '';
  const field = first?.kind === 'path' ? entryFieldOf(first.names) : undefined;
  switch (name) {
    case 'log_id': {
      if (only === '' || !only.isWellFormed()) return PERHAPS;
      const ends = [encodeURIComponent(only), ...(only.includes('%') ? [only] : [])].map((one) => `/logs/${one}`);
      return exactly('logName', strings.endingWith(ends), negated);
    }
    case 'source':
      // A project's number stands for its id, which it does not tell.
      if (!/^(?:projects|folders|organizations|billingAccounts)\/[^/]+$/.test(only) || /^projects\/\d+$/.test(only)) return PERHAPS;
      return exactly('logName', strings.startingWith([`${only}/logs/`]), negated);
    case 'sample': {
      const share = sampleOf(node);
      if (share === undefined || (run.hash === undefined && share < 1)) return PERHAPS;
      return (share === 1 || (run.hash as number) <= share) !== negated ? ALWAYS : NEVER;
    }
    case 'ip_in_net': {
      const network = networkOf(node);
      return network ? inNetworks(network.field, [network.text], negated) : PERHAPS;
    }
    case 'search': {
      const query = args.length === 2 && second?.kind === 'value' && field && field.kind !== 'object' ? second.text : undefined;
      if (query === undefined || !field || field.many || field.kind === 'any') return PERHAPS;
      const words = query.match(/[A-Za-z0-9]+/g) ?? [];
      const most = words.slice(0, 20).reduce((all, word) => strings.intersect(all, strings.containing([word], true)), PRESENT);
      return boundsOfField(field, { least: strings.NO_STRINGS, most }, negated);
    }
    default:
      return PERHAPS;
  }
}

/** The field and the network of an `ip_in_net`. */
function networkOf({ name, args: [first, second, ...more] }: Call): { field: EntryField; text: string } | undefined {
  const field = name === 'ip_in_net' && first?.kind === 'path' && more.length === 0 ? entryFieldOf(first.names) : undefined;
  return field && field.kind !== 'object' && second?.kind === 'value' ? { field, text: second.text } : undefined;
}

function inNetworks(field: EntryField, networks: readonly string[], negated: boolean): Bounds {
  const held = addressesIn(networks);
  return held ? boundsOfField(field, field.many ? { least: held.least, most: PRESENT } : held, negated) : PERHAPS;
}

const PRESENT = strings.complement(strings.equalTo(['']));

function exactly(name: string, values: Strings, negated: boolean): Bounds {
  const one = selectorOf({ name, kind: 'text', absent: 'default', many: false }, values, negated);
  return { least: one, most: one };
}

function textOf(argument: Argument | undefined): string {
  return argument?.kind === 'value' || argument?.kind === 'path' ? argument.text : '';
}
