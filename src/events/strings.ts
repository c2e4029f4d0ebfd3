import { InputError } from '../model/input-error.ts';
import type { Language, Suffixes, Trees } from './language.ts';
import { accepts, inverse, languageOf, product, shortest, startOf as startOfLanguage, textOf, treesOf } from './language.ts';
import type { Pattern } from './pattern.ts';
import * as patterns from './pattern.ts';
import { parse } from './re2.ts';

/**
 * Sets of strings, exactly: what equals, starts with, ends with, contains, regular expressions and their negations can say, and all unions,
 * intersections, differences and complements of these. A string is its UTF-16 code units, a character of a pattern a code point.
 *
 * Whether such a set holds a string depends on the longest prefix and the longest suffix of it that the set speaks of, save for listed
 * strings. So a set is a tree of prefixes; each names the suffixes that go with it, itself a tree (of reversed suffixes) with yes or
 * no; and a list of strings for which the trees say the opposite. Over an unbounded alphabet every pair of a prefix and a suffix in the
 * trees has infinitely many strings, so this form, with no node that says what its parent says, is unique: equal sets have equal form,
 * and the empty set is the one that is written as nothing. Every operation is one walk over two sorted lists.
 *
 * Sets that trees cannot say are regular languages: the smallest automaton, which is unique too. Whatever comes out of an operation on a
 * language and can be said in trees (of up to a thousand keys) is given in trees. The forms are private to this file.
 */
export interface Strings {
  readonly starts: Tree<Ends>;
  /** Strings, sorted, that are in the set against what the trees say, or not in it against what they say. */
  readonly but: readonly string[];
  /** What all members start with. */
  readonly start: string;
  /** Where there is one, it is the set, and the trees and the list say nothing. */
  readonly language: Language | undefined;
}

/** Keys in code unit order, `''` first; a label holds for the texts whose longest prefix among the keys is its key. */
interface Tree<T> {
  readonly keys: readonly string[];
  readonly labels: readonly T[];
  /** The position of the longest other key that each key starts with; -1 for the first. */
  readonly parents: readonly number[];
}

interface Ends extends Tree<boolean> {
  /** Equal text for equal trees. */
  readonly key: string;
}

type Join = (a: boolean, b: boolean) => boolean;

const NO_ENDS: Ends = { keys: [''], labels: [false], parents: [-1], key: '-' };
const ALL_ENDS: Ends = { keys: [''], labels: [true], parents: [-1], key: '*' };
const NO_START: Tree<Ends> = { keys: [''], labels: [NO_ENDS], parents: [-1] };
const ANY_START: Tree<Ends> = { keys: [''], labels: [ALL_ENDS], parents: [-1] };

/** Stands where a language is the set: neither a finite set's nor any other tree. */
const UNSAID: Tree<Ends> = { keys: [''], labels: [NO_ENDS], parents: [-1] };

export const NO_STRINGS: Strings = { starts: NO_START, but: [], start: '', language: undefined };
export const ALL_STRINGS: Strings = { starts: ANY_START, but: [], start: '', language: undefined };

const either: Join = (a, b) => a || b;
const both: Join = (a, b) => a && b;
const without: Join = (a, b) => a && !b;

export function equalTo(values: readonly string[]): Strings {
  return normal(NO_START, sorted(values));
}

export function startingWith(prefixes: readonly string[]): Strings {
  const tree = treeOf(sorted(prefixes), NO_ENDS, ALL_ENDS);
  return normal(tree, []);
}

export function endingWith(suffixes: readonly string[]): Strings {
  const tree = treeOf(sorted(suffixes.map(reversed)), false, true);
  return normal({ keys: [''], labels: [endsOf(tree)], parents: [-1] }, []);
}

/**
 * The values, in any case: two strings are equal if they are so under Unicode's simple case folding, character by character (`K` equals the
 * Kelvin sign; `ß` does not equal `ss`). ASCII letters fold as everywhere; beyond ASCII a provider may know an older Unicode.
 */
export function equalIgnoringCase(values: readonly string[]): Strings {
  return made(patterns.anyOf(values, true), false, `${few(values)} (any case)`);
}

/** What has one of the values in it. */
export function containing(values: readonly string[], ignoreCase: boolean): Strings {
  return made(patterns.anyOf(values, ignoreCase), true, `contains ${few(values)}${ignoreCase ? ' (any case)' : ''}`);
}

export function startingIgnoringCase(prefixes: readonly string[]): Strings {
  const pattern = patterns.each(patterns.anyOf(prefixes, true), patterns.ANYTHING);
  return made(pattern, false, `starts with ${few(prefixes)} (any case)`);
}

export function endingIgnoringCase(suffixes: readonly string[]): Strings {
  const pattern = patterns.each(patterns.ANYTHING, patterns.anyOf(suffixes, true));
  return made(pattern, false, `ends with ${few(suffixes)} (any case)`);
}

/**
 * What a regular expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax) finds somewhere in the string, or (`anchored`)
 * matches as a whole. Undefined for what RE2 refuses, for `\C`, and for patterns that grow too large.
 */
export function matching(pattern: string, options: { anchored?: boolean; ignoreCase?: boolean } = {}): Strings | undefined {
  if (pattern.length > LONGEST_PATTERN) return undefined;
  const parsed = parse(pattern, options.ignoreCase ?? false);
  const language = parsed && patterns.languageOfPattern(parsed, !options.anchored, patterns.FOREIGN);
  return (
    language &&
    ofLanguage(language, () => ({
      text: `matches ${options.anchored ? 'as a whole ' : ''}/${pattern}/${options.ignoreCase ? 'i' : ''}`,
      joined: '',
    }))
  );
}

const LONGEST_PATTERN = 20_000;

/** `*` stands for any run of characters, `?` for any one character, everything else for itself. */
export function globbing(pattern: string): Strings {
  const parts = [...pattern].map((letter): Pattern => {
    if (letter === '*') return patterns.ANYTHING;
    const code = letter.codePointAt(0) as number;
    return patterns.one(letter === '?' ? patterns.ANY : [code, code]);
  });
  return made(patterns.each(...parts), false, `is like ${pattern}`);
}

/** The integers of a range, both ends included, as decimal numerals: no leading zeros, no plus sign, no exponent, and no `-0`. */
export function integers({ from, to }: { from?: number | bigint; to?: number | bigint }): Strings {
  const said = [...(from === undefined ? [] : [`at least ${from}`]), ...(to === undefined ? [] : [`at most ${to}`])].join(' and ');
  const least = from === undefined ? undefined : BigInt(from);
  const most = to === undefined ? undefined : BigInt(to);
  const ways: Pattern[] = [];
  // Numbers from zero on, and those below it without their sign.
  if (most === undefined || most >= 0n) ways.push(patterns.numerals(least === undefined || least < 0n ? 0n : least, most));
  if (least === undefined || least < 0n) {
    const digits = patterns.numerals(most === undefined || most >= 0n ? 1n : -most, least === undefined ? undefined : -least);
    ways.push(patterns.each(patterns.anyOf(['-'], false), digits));
  }
  return made(patterns.either(...ways), false, `is an integer${said && ` of ${said}`}`);
}

export function has(set: Strings, value: string): boolean {
  if (set.language !== undefined) return accepts(set.language, value);
  return regular(set.starts, value) !== listed(set.but, value);
}

export function isNone(set: Strings): boolean {
  return set === NO_STRINGS;
}

export function isAll(set: Strings): boolean {
  return set === ALL_STRINGS;
}

/** The members, where they can be listed; otherwise undefined. */
export function members(set: Strings): readonly string[] | undefined {
  return set.starts === NO_START ? set.but : undefined;
}

export function union(a: Strings, b: Strings): Strings {
  if (a === NO_STRINGS || a === b || b === ALL_STRINGS) return b;
  if (b === NO_STRINGS || a === ALL_STRINGS) return a;
  if (a.language || b.language) {
    if (a.starts === NO_START && a.but.every((value) => has(b, value))) return b;
    if (b.starts === NO_START && b.but.every((value) => has(a, value))) return a;
    return mixed(a, b, either, 'or');
  }
  return combine(a, b, either);
}

/** The union of many sets at once. */
export function unionAll(sets: readonly Strings[]): Strings {
  const finite = sets.filter((set) => set.starts === NO_START);
  let open = sets.filter((set) => set.starts !== NO_START);
  // In pairs, so that five hundred small sets cost a few walks over all of them instead of five hundred.
  while (open.length > 1) open = pairs(open).map(([a, b]) => (b ? union(a, b) : a));
  const all = finite.length < 2 ? (finite[0] ?? NO_STRINGS) : equalTo(finite.flatMap((set) => set.but));
  return open[0] ? union(open[0], all) : all;
}

export function intersect(a: Strings, b: Strings): Strings {
  if (a === b || b === ALL_STRINGS) return a;
  if (a === ALL_STRINGS) return b;
  if (apart(a, b)) return NO_STRINGS;
  return remembered(a, b, overlaps, () => {
    if (a.starts === NO_START) return some(a, (value) => has(b, value));
    if (b.starts === NO_START) return some(b, (value) => has(a, value));
    if (a.language || b.language) return mixed(a, b, both, 'and');
    return combine(a, b, both);
  });
}

export function minus(a: Strings, b: Strings): Strings {
  if (a === b || b === ALL_STRINGS) return NO_STRINGS;
  if (apart(a, b)) return a;
  return remembered(a, b, differences, () => {
    if (a.starts === NO_START) return some(a, (value) => !has(b, value));
    if (a.language || b.language) {
      if (b.starts === NO_START && !b.but.some((value) => has(a, value))) return a;
      if (a === ALL_STRINGS && b.language) return ofLanguage(inverse(b.language), () => unlike(wordsOf(b)));
      return mixed(a, b, without, 'but not');
    }
    return combine(a, b, without);
  });
}

type Results = WeakMap<Strings, WeakMap<Strings, Strings>>;

const overlaps: Results = new WeakMap();
const differences: Results = new WeakMap();

/** The same sets meet in every account: what took work once is kept as long as both of them are. */
function remembered(a: Strings, b: Strings, results: Results, make: () => Strings): Strings {
  if (!a.language && !b.language && a.but.length + b.but.length < 16) return make();
  let row = results.get(a);
  if (!row) results.set(a, (row = new WeakMap()));
  let result = row.get(b);
  if (!result) row.set(b, (result = make()));
  return result;
}

export function complement(set: Strings): Strings {
  return minus(ALL_STRINGS, set);
}

export function includes(outer: Strings, inner: Strings): boolean {
  if (outer === inner || outer === ALL_STRINGS || inner === NO_STRINGS) return true;
  return inner.start.startsWith(outer.start) && isNone(minus(inner, outer));
}

export function disjoint(a: Strings, b: Strings): boolean {
  return isNone(intersect(a, b));
}

/** Whether a glance at what the members start with already shows that no string is in both. */
export function apart(a: Strings, b: Strings): boolean {
  if (a === NO_STRINGS || b === NO_STRINGS) return true;
  return !a.start.startsWith(b.start) && !b.start.startsWith(a.start);
}

/**
 * One member: the first of the preferred values that is in the set, else one made up from the set's own prefixes and suffixes, of the
 * prefixes one that a preferred value begins, if there is such. Undefined for the empty set only.
 */
export function pick(set: Strings, preferred: readonly string[] = []): string | undefined {
  for (const value of preferred) if (has(set, value)) return value;
  if (set.language) {
    const natural = [`${set.start}example`, `${set.start}-example`, `${set.start}/example`];
    return natural.find((value) => has(set, value)) ?? shortest(set.language);
  }
  const named = set.but.filter((value) => has(set, value));
  const plain = named.find((value) => value !== '');
  if (plain !== undefined) return plain;
  const { keys, labels } = set.starts;
  const begun = keys.findIndex(
    (key, index) => labels[index] !== NO_ENDS && key !== '' && preferred.some((value) => value !== '' && key.startsWith(value)),
  );
  const at = begun >= 0 ? begun : labels.findIndex((ends) => ends !== NO_ENDS);
  const ends = labels[at];
  if (!ends) return named[0];
  return sample(set, keys[at] as string, reversed(ends.keys[ends.labels.indexOf(true)] as string));
}

const texts = new WeakMap<Strings, string>();

/** Equal text for equal sets, and for these only: fit for caching and grouping. */
export function keyOf(set: Strings): string {
  let text = texts.get(set);
  if (text === undefined) {
    // A number first, so that no language is spelled as trees are.
    text = set.language
      ? `0${textOf(set.language)}`
      : JSON.stringify([set.starts.keys, set.starts.labels.map((ends) => ends.key), set.but]);
    texts.set(set, text);
  }
  return text;
}

/** In words, for messages: `starts with a and is not b`. */
export function describe(set: Strings): string {
  if (set.language) return wordsOf(set).text;
  const clauses = new Map<string, string[]>();
  const said: string[] = [];
  const { keys, labels, parents } = set.starts;
  const added = set.but.filter((value) => has(set, value));
  if (added.length > 0) said.push(few(added));
  const removed = new Map<number, string[]>();
  for (const value of set.but) {
    if (has(set, value)) continue;
    const at = positionOf(set.starts, value);
    removed.set(at, [...(removed.get(at) ?? []), value]);
  }
  const below = new Map<number, string[]>();
  for (const [index, parent] of parents.entries())
    if (parent >= 0) below.set(parent, [...(below.get(parent) ?? []), keys[index] as string]);
  for (const [index, ends] of labels.entries()) {
    if (ends === NO_ENDS) continue;
    const rest = [
      ...(removed.has(index) ? [`is not ${few(removed.get(index) as string[])}`] : []),
      ...(below.has(index) ? [`does not start with ${few(below.get(index) as string[])}`] : []),
    ];
    for (const end of endClauses(ends)) {
      const tail = [
        ...(end.with ? [`ends with ${end.with}`] : []),
        ...rest,
        ...(end.without.length ? [`does not end with ${few(end.without)}`] : []),
      ].join(' and ');
      clauses.set(tail, [...(clauses.get(tail) ?? []), keys[index] as string]);
    }
  }
  for (const [tail, starts] of clauses) {
    const start = starts.length === 1 && starts[0] === '' ? '' : `starts with ${few(starts)}`;
    said.push([start, tail].filter((words) => words !== '').join(' and ') || 'anything');
  }
  return said.length > 0 ? said.join(' or ') : 'nothing';
}

function endClauses(ends: Ends): { with: string; without: string[] }[] {
  const clauses: { with: string; without: string[] }[] = [];
  for (const [index, holds] of ends.labels.entries()) {
    if (!holds) continue;
    const cut = ends.keys.filter((_, position) => ends.parents[position] === index).map(reversed);
    clauses.push({ with: reversed(ends.keys[index] as string), without: cut });
  }
  return clauses;
}

function few(values: readonly string[]): string {
  const shown = values.slice(0, 3).map((value) => (value === '' ? '(none)' : value));
  return values.length > 3 ? `${shown.join(', ')} and ${values.length - 3} more` : shown.join(', ');
}

/** Words for a set, and what they are joined with at the top. */
interface Words {
  readonly text: string;
  readonly joined: string;
  /** What the words negate. */
  readonly not?: Words;
}

/** How languages came about, for messages. */
const spoken = new WeakMap<Strings, Words>();
const MOST_WORDS = 300;

function wordsOf(set: Strings): Words {
  const words = spoken.get(set);
  if (words) return words;
  const text = describe(set);
  return { text, joined: text.includes(' or ') ? 'or' : text.includes(' and ') ? 'and' : '' };
}

function joinedWords(a: Strings, b: Strings, said: string): Words {
  const twice = said === 'but not' && wordsOf(b).not !== undefined;
  const [left, right, word] = [wordsOf(a), twice ? unlike(wordsOf(b)) : wordsOf(b), twice ? 'and' : said];
  const inner = (words: Words, last: boolean): string =>
    words.joined === '' || (words.joined === word && !(last && word === 'but not')) ? words.text : `(${words.text})`;
  const text = `${inner(left, false)} ${word} ${inner(right, true)}`;
  return text.length > MOST_WORDS ? { text: 'matches several patterns', joined: '' } : { text, joined: word };
}

function unlike(words: Words): Words {
  return words.not ?? { text: `not (${words.text})`, joined: 'not', not: words };
}

function made(pattern: Pattern, search: boolean, text: string): Strings {
  const language = patterns.languageOfPattern(pattern, search, patterns.OWN);
  if (!language) throw tooLarge();
  return ofLanguage(language, () => ({ text, joined: '' }));
}

const done = new WeakMap<Strings, WeakMap<Strings, Map<Join, Strings | undefined>>>();

function mixed(a: Strings, b: Strings, join: Join, word: string): Strings {
  const row = done.get(a) ?? new WeakMap<Strings, Map<Join, Strings | undefined>>();
  const cell = row.get(b) ?? new Map<Join, Strings | undefined>();
  done.set(a, row.set(b, cell));
  let set = cell.get(join);
  if (!set && !cell.has(join)) {
    const language = product(languageIn(a), languageIn(b), join);
    set = language && ofLanguage(language, () => joinedWords(a, b, word));
    // What is too large is remembered too: to find that out takes long.
    cell.set(join, set);
  }
  if (!set) throw tooLarge();
  return set;
}

function tooLarge(): InputError {
  return new InputError('the patterns on one field are too many, or too long, to be compared exactly');
}

const languages = new WeakMap<Strings, Language>();

function languageIn(set: Strings): Language {
  if (set.language) return set.language;
  let language = languages.get(set);
  if (!language) {
    const plain = new Map<string, Suffixes>();
    const suffixes = (ends: Ends): Suffixes => {
      const known = plain.get(ends.key) ?? ends.keys.map((key, index) => [key, ends.labels[index] as boolean] as const);
      plain.set(ends.key, known);
      return known;
    };
    const { keys, labels } = set.starts;
    language = languageOf(
      { starts: keys.map((key, index) => [key, suffixes(labels[index] as Ends)]), but: set.but },
      (value) => has(set, value),
      (text) => suffixes(labels[positionOf(set.starts, text)] as Ends),
    );
    if (!language) throw tooLarge();
    languages.set(set, language);
  }
  return language;
}

function ofLanguage(language: Language, words: () => Words): Strings {
  const trees = treesOf(language);
  if (trees) {
    const set = ofTrees(trees);
    languages.set(set, language);
    return set;
  }
  const set: Strings = { starts: UNSAID, but: [], start: startOfLanguage(language), language };
  spoken.set(set, words());
  return set;
}

function ofTrees({ starts, but }: Trees): Strings {
  const ends = new Map<Suffixes, Ends>();
  for (const [, suffixes] of starts) if (!ends.has(suffixes)) ends.set(suffixes, endsOf(grown(suffixes)));
  const tree = grown(starts.map(([key, suffixes]) => [key, ends.get(suffixes) as Ends] as const));
  const [only] = tree.labels;
  // A finite set is known by its tree.
  return normal(tree.keys.length === 1 && only === NO_ENDS ? NO_START : tree, but);
}

function grown<T>(nodes: readonly (readonly [string, T])[]): Tree<T> {
  const parents: number[] = [];
  for (const [index, [key]] of nodes.entries()) {
    let parent = index - 1;
    while (parent >= 0 && !key.startsWith((nodes[parent] as readonly [string, T])[0])) parent = parents[parent] as number;
    parents.push(parent);
  }
  return { keys: nodes.map(([key]) => key), labels: nodes.map(([, label]) => label), parents };
}

function combine(a: Strings, b: Strings, join: Join): Strings {
  const done = new Map<Ends, Map<Ends, Ends>>();
  const joinEnds = (left: Ends, right: Ends): Ends => {
    if (left.keys.length === 1 && right.keys.length === 1) return join(left === ALL_ENDS, right === ALL_ENDS) ? ALL_ENDS : NO_ENDS;
    const row = done.get(left) ?? new Map<Ends, Ends>();
    const ends = row.get(right) ?? endsOf(merge(left, right, join, same));
    done.set(left, row.set(right, ends));
    return ends;
  };
  const starts = merge(a.starts, b.starts, joinEnds, sameEnds);
  const but =
    a.but.length + b.but.length === 0
      ? []
      : sorted([...a.but, ...b.but]).filter((value) => join(has(a, value), has(b, value)) !== regular(starts, value));
  return normal(starts, but);
}

/** Two trees laid over each other: at every key of either the two labels that hold there, joined; without nodes that repeat their parent. */
function merge<T, R>(a: Tree<T>, b: Tree<T>, join: (x: T, y: T) => R, equal: (x: R, y: R) => boolean): Tree<R> {
  const keys: string[] = [];
  const labels: R[] = [];
  const parents: number[] = [];
  const path: { key: string; x: T; y: T; node: number }[] = [];
  for (let i = 0, j = 0; i < a.keys.length || j < b.keys.length; ) {
    const left = a.keys[i];
    const right = b.keys[j];
    const key = (right === undefined || (left !== undefined && left <= right) ? left : right) as string;
    while (path.length > 0 && !key.startsWith((path[path.length - 1] as { key: string }).key)) path.pop();
    const above = path[path.length - 1];
    const x = left === key ? (a.labels[i++] as T) : (above as { x: T }).x;
    const y = right === key ? (b.labels[j++] as T) : (above as { y: T }).y;
    const label = join(x, y);
    let node = above ? above.node : -1;
    if (node < 0 || !equal(label, labels[node] as R)) {
      parents.push(node);
      node = keys.length;
      keys.push(key);
      labels.push(label);
    }
    path.push({ key, x, y, node });
  }
  return { keys, labels, parents };
}

/** The tree that says `inside` from each of the sorted keys on, and `outside` elsewhere. */
function treeOf<T>(keys: readonly string[], outside: T, inside: T): Tree<T> {
  if (keys[0] === '') return { keys: [''], labels: [inside], parents: [-1] };
  const top: string[] = [];
  for (const key of keys) if (top.length === 0 || !key.startsWith(top[top.length - 1] as string)) top.push(key);
  return { keys: ['', ...top], labels: [outside, ...top.map(() => inside)], parents: [-1, ...top.map(() => 0)] };
}

function endsOf(tree: Tree<boolean>): Ends {
  if (tree.keys.length === 1) return tree.labels[0] ? ALL_ENDS : NO_ENDS;
  return { ...tree, key: JSON.stringify([tree.keys, tree.labels]) };
}

/** Nothing and everything are always the same two objects, and so are their trees. */
function normal(starts: Tree<Ends>, but: readonly string[]): Strings {
  const only = starts.keys.length === 1 ? starts.labels[0] : undefined;
  if (only === NO_ENDS)
    return but.length === 0
      ? NO_STRINGS
      : { starts: NO_START, but, start: but.length === 1 ? (but[0] as string) : startOf(NO_START, but), language: undefined };
  if (only === ALL_ENDS) return but.length === 0 ? ALL_STRINGS : { starts: ANY_START, but, start: '', language: undefined };
  return { starts, but, start: startOf(starts, but), language: undefined };
}

function some(finite: Strings, test: (value: string) => boolean): Strings {
  const left = finite.but.filter(test);
  return left.length === finite.but.length ? finite : normal(NO_START, left);
}

function same(a: boolean, b: boolean): boolean {
  return a === b;
}

function sameEnds(a: Ends, b: Ends): boolean {
  return a === b || a.key === b.key;
}

/** What the trees alone say of a string. */
function regular(starts: Tree<Ends>, value: string): boolean {
  const ends = starts.labels[positionOf(starts, value)] as Ends;
  return ends.labels[ends.keys.length === 1 ? 0 : positionOf(ends, reversed(value))] as boolean;
}

/** The position of the longest key that the text starts with. */
function positionOf(tree: Tree<unknown>, text: string): number {
  if (tree.keys.length === 1) return 0;
  // The last key that is not after the text lies at or below the wanted one.
  let at = lastUpTo(tree.keys, text);
  while (!text.startsWith(tree.keys[at] as string)) at = tree.parents[at] as number;
  return at;
}

function lastUpTo(values: readonly string[], value: string): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as string) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function listed(values: readonly string[], value: string): boolean {
  return values.length > 0 && values[lastUpTo(values, value)] === value;
}

/** What all members start with. In sorted lists, what the first and the last share all share; a string that is left out starts with a key. */
function startOf({ keys, labels }: Tree<Ends>, but: readonly string[]): string {
  if (labels[0] !== NO_ENDS) return '';
  const bounds = [
    ...(keys.length > 1 ? [keys[1] as string, keys[keys.length - 1] as string] : []),
    ...(but.length > 0 ? [but[0] as string, but[but.length - 1] as string] : []),
  ];
  return bounds.reduce(shared);
}

function shared(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}

/** By code units: pairs of surrogates come apart, and together again when reversed back. */
function reversed(text: string): string {
  let back = '';
  for (let index = text.length - 1; index >= 0; index -= 1) back += text[index];
  return back;
}

function sorted(values: readonly string[]): readonly string[] {
  if (values.length < 2) return [...values];
  const all = [...values].sort();
  return all.filter((value, index) => index === 0 || value !== all[index - 1]);
}

function pairs<T>(values: readonly T[]): [T, T | undefined][] {
  const list: [T, T | undefined][] = [];
  for (let index = 0; index < values.length; index += 2) list.push([values[index] as T, values[index + 1]]);
  return list;
}

function sample(set: Strings, prefix: string, suffix: string): string {
  const middles = /[a-z0-9]$/i.test(prefix) ? ['', '-example', 'example', '/example', 'x'] : ['example', 'example-1', '', 'x'];
  for (const middle of middles) {
    const value = prefix + middle + suffix;
    if (value !== '' && has(set, value)) return value;
  }
  // A character that the set does not use leaves all its longer prefixes and suffixes behind; then only the listed strings can be in the way.
  const used = new Set([...set.starts.keys, ...set.starts.labels.flatMap((ends) => ends.keys)].join(''));
  const fresh = [...'xyzqwkjvXYZQWKJV0123456789~^@'].find((letter) => !used.has(letter)) ?? freshLetter(used);
  for (let middle = fresh; ; middle += fresh) {
    const value = prefix + middle + suffix;
    if (has(set, value)) return value;
  }
}

function freshLetter(used: ReadonlySet<string>): string {
  for (let code = 0x100; ; code += 1) {
    const letter = String.fromCodePoint(code);
    if (!used.has(letter)) return letter;
  }
}
