import {
  ANY_CHARACTER,
  allBut,
  anyCase,
  anyCaseOf,
  type Characters,
  charactersOf,
  DIGITS,
  LAST_CHARACTER,
  SPACE,
  together,
  unicodeClass,
  WORD,
} from './characters.ts';
import { at, each, either, one, type Pattern, repeat } from './pattern.ts';

const POSIX: Readonly<Record<string, Characters>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  ascii: [0, 0x7f],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0, 0x1f, 0x7f, 0x7f],
  digit: DIGITS,
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: [0x09, 0x0d, 0x20, 0x20],
  upper: [0x41, 0x5a],
  word: WORD,
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66],
};
const PERL: Readonly<Record<string, Characters>> = { d: DIGITS, s: SPACE, w: WORD };
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const MOST_REPEATS = 1000;
const MOST_DEPTH = 200;
const NOT_LINE_END: Characters = [0, 9, 11, LAST_CHARACTER];

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

/**
 * What RE2 reads in a regular expression (https://github.com/google/re2/wiki/Syntax); undefined for what it refuses, and for `\C`, which
 * speaks of single bytes.
 */
export function parse(text: string, ignoreCase: boolean): Pattern | undefined {
  // Half a pair of surrogates cannot be written in UTF-8.
  if (!text.isWellFormed()) return undefined;
  const letters = [...text];
  const names = new Set<string>();
  let position = 0;
  const peek = (ahead = 0): string | undefined => letters[position + ahead];
  const looking = (word: string): boolean => [...word].every((letter, index) => peek(index) === letter);
  const take = (word: string): boolean => {
    if (!looking(word)) return false;
    position += word.length;
    return true;
  };

  /** Up to the end of the group or text. */
  const alternatives = (given: Flags, depth: number): Pattern | undefined => {
    if (depth > MOST_DEPTH) return undefined;
    let flags = given;
    const ways: Pattern[] = [];
    let parts: Pattern[] = [];
    /** Whether a repetition may follow. */
    let repeatable = false;
    while (position < letters.length && peek() !== ')') {
      if (take('|')) {
        ways.push(each(...parts));
        parts = [];
        repeatable = false;
        continue;
      }
      const range = repetition();
      if (range) {
        const last = parts.pop();
        if (!repeatable || !last || range.least > MOST_REPEATS || range.most < range.least) return undefined;
        if (range.most !== Number.POSITIVE_INFINITY && range.most > MOST_REPEATS) return undefined;
        parts.push(repeat(last, range.least, range.most));
        repeatable = false;
        continue;
      }
      if (take('\\Q')) {
        const from = position;
        while (position < letters.length && !looking('\\E')) position += 1;
        const quoted = letters.slice(from, position);
        take('\\E');
        for (const letter of quoted) parts.push(single(letter.codePointAt(0) as number, flags));
        if (quoted.length > 0) repeatable = true;
        continue;
      }
      if (take('\\E')) continue;
      if (looking('(?') && !looking('(?P<') && !looking('(?<') && !looking('(?:')) {
        position += 2;
        const changed = flagged(flags);
        if (!changed) return undefined;
        if (take(')')) {
          flags = changed;
          repeatable = false;
          continue;
        }
        if (!take(':')) return undefined;
        const inner = alternatives(changed, depth + 1);
        if (!inner || !take(')')) return undefined;
        parts.push(inner);
        repeatable = true;
        continue;
      }
      const part = atom(flags, depth);
      if (!part) return undefined;
      parts.push(part);
      repeatable = true;
    }
    ways.push(each(...parts));
    return ways.length === 1 ? ways[0] : either(...ways);
  };

  const flagged = (given: Flags): Flags | undefined => {
    const flags: { i: boolean; m: boolean; s: boolean } = { ...given };
    let on = true;
    let some = false;
    for (; peek() !== ')' && peek() !== ':'; position += 1) {
      const letter = peek();
      if (letter === '-' && on) {
        on = false;
        some = false;
      } else if (letter === 'i' || letter === 'm' || letter === 's') {
        flags[letter] = on;
        some = true;
      } else if (letter === 'U') some = true;
      else return undefined;
    }
    return some ? flags : undefined;
  };

  const repetition = (): { least: number; most: number } | undefined => {
    const simple: Readonly<Record<string, readonly [number, number]>> = {
      '*': [0, Number.POSITIVE_INFINITY],
      '+': [1, Number.POSITIVE_INFINITY],
      '?': [0, 1],
    };
    const letter = peek() ?? '';
    let found = Object.hasOwn(simple, letter) ? simple[letter] : undefined;
    if (found) position += 1;
    else if (letter === '{') {
      const counts = /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(letters.slice(position, position + 24).join(''));
      if (!counts) return undefined;
      position += counts[0].length;
      const least = Number(counts[1]);
      found = [least, counts[2] === undefined ? least : counts[3] ? Number(counts[3]) : Number.POSITIVE_INFINITY];
    }
    if (!found) return undefined;
    take('?');
    return { least: found[0], most: found[1] };
  };

  const atom = (flags: Flags, depth: number): Pattern | undefined => {
    const letter = peek() as string;
    if (letter === '(') {
      if (looking('(?:')) position += 3;
      else if (looking('(?')) {
        const name = /^\(\?P?<(\w+)>/.exec(letters.slice(position, position + 200).join(''));
        if (!name || names.has(name[1] as string)) return undefined;
        names.add(name[1] as string);
        position += name[0].length;
      } else position += 1;
      const inner = alternatives(flags, depth + 1);
      return inner && take(')') ? inner : undefined;
    }
    if (letter === '[') return bracketed(flags);
    if (letter === '\\') return escaped(flags);
    position += 1;
    if (letter === '.') return one(flags.s ? ANY_CHARACTER : NOT_LINE_END);
    if (letter === '^') return at(flags.m ? 'line start' : 'start');
    if (letter === '$') return at(flags.m ? 'line end' : 'end');
    return single(letter.codePointAt(0) as number, flags);
  };

  const escaped = (flags: Flags): Pattern | undefined => {
    if (take('\\A')) return at('start');
    if (take('\\z')) return at('end');
    if (take('\\b')) return at('word edge');
    if (take('\\B')) return at('no word edge');
    const set = shorthand(flags);
    if (set) return one(set);
    const code = codeOf();
    return code === undefined ? undefined : single(code, flags);
  };

  /** `\d`, `\W`, `\pL`, `\P{Greek}`. Undefined and nothing taken where it is something else; a class that is not known stays there to be refused. */
  const shorthand = (flags: Flags): Characters | undefined => {
    const letter = peek(1);
    if (peek() !== '\\' || letter === undefined) return undefined;
    const perl = Object.hasOwn(PERL, letter.toLowerCase()) ? PERL[letter.toLowerCase()] : undefined;
    if (perl) {
      position += 2;
      const set = flags.i ? anyCase(perl) : perl;
      return letter === letter.toLowerCase() ? set : allBut(set);
    }
    if (letter !== 'p' && letter !== 'P') return undefined;
    const name = /^\\[pP](?:([A-Z])|\{(\^?)(\w+)\})/.exec(letters.slice(position, position + 64).join(''));
    const known = name && unicodeClass((name[1] ?? name[3]) as string);
    if (!name || !known) return undefined;
    position += name[0].length;
    const set = flags.i ? anyCase(known) : known;
    return (letter === 'P') !== (name[2] === '^') ? allBut(set) : set;
  };

  /** The character that an escape stands for. */
  const codeOf = (): number | undefined => {
    const letter = peek(1);
    if (letter === undefined) return undefined;
    const rest = letters.slice(position, position + 16).join('');
    const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})/.exec(rest);
    const digits = octal?.[1] ?? hex?.[1] ?? hex?.[2];
    if (digits !== undefined) {
      position += (octal ?? (hex as RegExpExecArray))[0].length;
      const code = Number.parseInt(digits, octal ? 8 : 16);
      return code > LAST_CHARACTER ? undefined : code;
    }
    const control = Object.hasOwn(CONTROLS, letter) ? CONTROLS[letter] : undefined;
    if (control === undefined && !/^[!-/:-@[-^`{-~]$/.test(letter)) return undefined;
    position += 2;
    return control ?? letter.charCodeAt(0);
  };

  const bracketed = (flags: Flags): Pattern | undefined => {
    position += 1;
    const negated = take('^');
    const sets: Characters[] = [];
    for (let first = true; first || peek() !== ']'; first = false) {
      if (position >= letters.length) return undefined;
      if (looking('[:')) {
        const name = /^\[:(\^?)(\w+):\]/.exec(letters.slice(position, position + 16).join(''));
        if (name) {
          const known = Object.hasOwn(POSIX, name[2] as string) ? POSIX[name[2] as string] : undefined;
          if (!known) return undefined;
          position += name[0].length;
          const set = flags.i ? anyCase(known) : known;
          sets.push(name[1] ? allBut(set) : set);
          continue;
        }
        // Where `:]` comes later RE2 takes what is between for a name.
        if (
          letters
            .slice(position + 2)
            .join('')
            .includes(':]')
        )
          return undefined;
      }
      const set = shorthand(flags);
      if (set) {
        sets.push(set);
        continue;
      }
      const from = member();
      if (from === undefined) return undefined;
      let to: number | undefined = from;
      if (peek() === '-' && peek(1) !== undefined && peek(1) !== ']') {
        position += 1;
        to = member();
        if (to === undefined || to < from) return undefined;
      }
      sets.push(flags.i ? anyCase([from, to]) : [from, to]);
    }
    position += 1;
    const all = together(sets);
    return one(negated ? allBut(all) : all);
  };

  const member = (): number | undefined => {
    if (peek() === '\\') return codeOf();
    const code = peek()?.codePointAt(0);
    position += 1;
    return code;
  };

  const parsed = alternatives({ i: ignoreCase, m: false, s: false }, 0);
  return position === letters.length ? parsed : undefined;
}

function single(code: number, flags: Flags): Pattern {
  return one(flags.i ? anyCaseOf(code) : charactersOf([[code, code]]));
}
