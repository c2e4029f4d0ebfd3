/** A set of characters: first and last code point of each run, in order, with gaps between the runs. */
export type Characters = readonly number[];

export const LAST_CHARACTER = 0x10ffff;
export const ANY_CHARACTER: Characters = [0, LAST_CHARACTER];
export const DIGITS: Characters = [0x30, 0x39];
export const WORD: Characters = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
export const SPACE: Characters = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20];

/** In any order, overlapping or not. */
export function charactersOf(runs: readonly (readonly [number, number])[]): Characters {
  const flat: number[] = [];
  for (const [from, to] of [...runs].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = flat.length - 1;
    if (last > 0 && from <= (flat[last] as number) + 1) flat[last] = Math.max(flat[last] as number, to);
    else flat.push(from, to);
  }
  return flat;
}

export function runsOf(set: Characters): [number, number][] {
  const runs: [number, number][] = [];
  for (let index = 0; index < set.length; index += 2) runs.push([set[index] as number, set[index + 1] as number]);
  return runs;
}

export function together(sets: readonly Characters[]): Characters {
  return charactersOf(sets.flatMap(runsOf));
}

export function allBut(set: Characters): Characters {
  const rest: number[] = [];
  let from = 0;
  for (const [first, last] of runsOf(set)) {
    if (first > from) rest.push(from, first - 1);
    from = last + 1;
  }
  if (from <= LAST_CHARACTER) rest.push(from, LAST_CHARACTER);
  return rest;
}

let folds: ReadonlyMap<number, readonly number[]> | undefined;

/**
 * Which characters differ in case alone, by Unicode's simple case folding (one character to one: `K` and the Kelvin sign, but not `ß` and
 * `ss`), as the regular expressions of this runtime fold under `iu`.
 */
function foldings(): ReadonlyMap<number, readonly number[]> {
  if (folds) return folds;
  const cased = [...characters(/\p{Changes_When_Casemapped}|\p{Changes_When_Casefolded}/u, 0x1ffff)];
  const groups = new Map<string, Set<number>>();
  for (const code of cased) {
    const text = String.fromCodePoint(code);
    // Characters that fold alike also share one of these; whether they do fold alike is asked below.
    for (const key of [text.toUpperCase(), text.toLowerCase(), text.toUpperCase().toLowerCase(), text.toLowerCase().toUpperCase()]) {
      const group = groups.get(key) ?? new Set();
      groups.set(key, group.add(code));
    }
  }
  const near = new Map<number, Set<number>>();
  for (const group of groups.values()) {
    for (const code of group) {
      const all = near.get(code) ?? new Set();
      for (const other of group) all.add(other);
      near.set(code, all);
    }
  }
  const table = new Map<number, readonly number[]>();
  for (const code of cased) {
    const like = new RegExp(`^\\u{${code.toString(16)}}$`, 'iu');
    const around = new Set([...(near.get(code) ?? [])].flatMap((other) => [...(near.get(other) ?? [])]));
    const same = [...around].filter((other) => like.test(String.fromCodePoint(other)));
    if (same.length > 1) table.set(code, same);
  }
  folds = table;
  return table;
}

/** With the characters that differ from one of these in case alone. */
export function anyCase(set: Characters): Characters {
  if (set.length === 2 && set[0] === 0 && set[1] === LAST_CHARACTER) return set;
  if ((set[set.length - 1] ?? 0) < 0x80) {
    return together([set, ...runsOf(set).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => anyCaseOf(from + at)))]);
  }
  const more: [number, number][] = [];
  const table = foldings();
  for (const [code, same] of table) if (holds(set, code)) for (const other of same) more.push([other, other]);
  return more.length === 0 ? set : charactersOf([...runsOf(set), ...more]);
}

/** One character and those that differ from it in case alone. */
export function anyCaseOf(code: number): Characters {
  if (code >= 0x80) return charactersOf((foldings().get(code) ?? [code]).map((other) => [other, other]));
  const lower = code | 0x20;
  if (lower < 0x61 || lower > 0x7a || code < 0x41) return [code, code];
  // The two letters of ASCII that have a third form: the Kelvin sign and the long s.
  const third = lower === 0x6b ? 0x212a : lower === 0x73 ? 0x17f : undefined;
  return [lower - 0x20, lower - 0x20, lower, lower, ...(third ? [third, third] : [])];
}

export function holds(set: Characters, code: number): boolean {
  let low = 0;
  let high = set.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[2 * middle + 1] as number) < code) low = middle + 1;
    else high = middle;
  }
  return 2 * low < set.length && (set[2 * low] as number) <= code;
}

function* characters(pattern: RegExp, last = LAST_CHARACTER): Generator<number> {
  for (let code = 0; code <= last; code += 1) if (pattern.test(String.fromCodePoint(code))) yield code;
}

const CATEGORIES = /^(?:C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;
const classes = new Map<string, Characters | undefined>();

/** A general category or script as RE2 names it (`L`, `Lu`, `Greek`), in the Unicode version of this runtime. */
export function unicodeClass(name: string): Characters | undefined {
  if (!classes.has(name)) classes.set(name, look(name));
  return classes.get(name);
}

function look(name: string): Characters | undefined {
  if (name === 'Any') return ANY_CHARACTER;
  // RE2 leaves the unassigned out.
  if (name === 'C') return together(['Cc', 'Cf', 'Cs', 'Co'].map((one) => unicodeClass(one) as Characters));
  if (CATEGORIES.test(name)) return listed(new RegExp(`\\p{gc=${name}}`, 'u'));
  return SCRIPTS.has(name) ? listed(new RegExp(`\\p{sc=${name}}`, 'u')) : undefined;
}

const SCRIPTS: ReadonlySet<string> = new Set(
  (
    'Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi Braille ' +
    'Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cyrillic ' +
    'Deseret Devanagari Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati ' +
    'Gurmukhi Han Hangul Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese ' +
    'Kaithi Kannada Katakana Kharoshthi Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Lisu Lycian Lydian Mahajani Makasar Malayalam ' +
    'Mandaic Manichaean Marchen Medefaidrin Mongolian Mro Multani Myanmar Nabataean Nandinagari Newa Nko Nushu Ogham Ol_Chiki Oriya Osage ' +
    'Osmanya Palmyrene Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham Sinhala Sogdian Sundanese ' +
    'Syriac Tagalog Tagbanwa Takri Tamil Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Ugaritic Vai Wancho Yezidi Yi'
  ).split(' '),
);

function listed(pattern: RegExp): Characters {
  const runs: [number, number][] = [];
  for (const code of characters(pattern)) runs.push([code, code]);
  return charactersOf(runs);
}
