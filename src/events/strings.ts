/**
 * Sets of strings, exactly: what equals, starts with, ends with, and their negations can say, and all unions, intersections and
 * differences of these. A set is a union of parts. A finite part lists its members. An open part is all strings with a prefix and a
 * suffix, less listed ones; over an unbounded alphabet it is empty only if an excluded prefix or suffix takes in its own, so
 * emptiness is decided without search. Patterns (wildcards, regular expressions) would be one more condition of an open part.
 */
export type Strings = readonly Part[];
export type Part = FinitePart | OpenPart;

export interface FinitePart {
  readonly in: readonly string[];
}

export interface OpenPart {
  readonly prefix: string;
  readonly suffix: string;
  readonly notIn: readonly string[];
  readonly notPrefix: readonly string[];
  readonly notSuffix: readonly string[];
}

export const NO_STRINGS: Strings = [];
export const ALL_STRINGS: Strings = [{ prefix: '', suffix: '', notIn: [], notPrefix: [], notSuffix: [] }];

export function equalTo(values: readonly string[]): Strings {
  return values.length === 0 ? NO_STRINGS : [{ in: sorted(values) }];
}

export function startingWith(prefixes: readonly string[]): Strings {
  return shortest(prefixes, startsWith).map((prefix) => ({ prefix, suffix: '', notIn: [], notPrefix: [], notSuffix: [] }));
}

export function endingWith(suffixes: readonly string[]): Strings {
  return shortest(suffixes, endsWith).map((suffix) => ({ prefix: '', suffix, notIn: [], notPrefix: [], notSuffix: [] }));
}

export function has(set: Strings, value: string): boolean {
  return set.some((part) => partHas(part, value));
}

export function isNone(set: Strings): boolean {
  return set.length === 0;
}

export function isAll(set: Strings): boolean {
  return set.some((part) => isOpen(part) && part.prefix === '' && part.suffix === '' && part.notIn.length + part.notPrefix.length + part.notSuffix.length === 0)
    || (set.length > 0 && isNone(minus(ALL_STRINGS, set)));
}

/** The members, where they can be listed; otherwise undefined. */
export function members(set: Strings): readonly string[] | undefined {
  if (set.some(isOpen)) return undefined;
  return set.length === 1 ? (set[0] as FinitePart).in : sorted(set.flatMap((part) => (part as FinitePart).in));
}

export function union(a: Strings, b: Strings): Strings {
  if (a.length === 0 || a === b) return b;
  if (b.length === 0) return a;
  return tidy([...a, ...b]);
}

/** The union of many sets at once. */
export function unionAll(sets: readonly Strings[]): Strings {
  return tidy(sets.flat());
}

export function intersect(a: Strings, b: Strings): Strings {
  if (a === b || b === ALL_STRINGS) return a;
  if (a === ALL_STRINGS) return b;
  const parts: Part[] = [];
  for (const left of a) {
    for (const right of b) {
      const part = intersectParts(left, right);
      if (part) parts.push(part);
    }
  }
  return parts.length < 2 ? parts : tidy(parts);
}

export function minus(a: Strings, b: Strings): Strings {
  let rest: readonly Part[] = a;
  for (const cut of b) {
    if (rest.length === 0) return rest;
    let changed = false;
    const next: Part[] = [];
    for (const part of rest) {
      const pieces = minusPart(part, cut);
      if (pieces.length !== 1 || pieces[0] !== part) changed = true;
      next.push(...pieces);
    }
    if (changed) rest = next;
  }
  return rest.length < 2 ? rest : tidy(rest);
}

export function complement(set: Strings): Strings {
  return minus(ALL_STRINGS, set);
}

export function includes(outer: Strings, inner: Strings): boolean {
  return outer === inner || isNone(minus(inner, outer));
}

/**
 * One member: the first of the preferred values that is in the set, else one made up from the set's own prefixes and suffixes.
 * Undefined for the empty set only.
 */
export function pick(set: Strings, preferred: readonly string[] = []): string | undefined {
  for (const value of preferred) if (has(set, value)) return value;
  for (const part of set) {
    if (!isOpen(part)) {
      const value = part.in.find((one) => one !== '') ?? part.in[0];
      if (value !== undefined) return value;
    }
  }
  for (const part of set) if (isOpen(part)) return sample(part);
  return undefined;
}

/** Equal text for equal representations: fit for caching and grouping. */
export function keyOf(set: Strings): string {
  if (set === ALL_STRINGS) return '*';
  return set
    .map((part) => (isOpen(part) ? `${part.prefix}\u0001${part.suffix}\u0001${part.notIn.join('\u0002')}\u0001${part.notPrefix.join('\u0002')}\u0001${part.notSuffix.join('\u0002')}` : `=${part.in.join('\u0002')}`))
    .sort()
    .join('\u0003');
}

/** In words, for messages: `starts with a; not b`. */
export function describe(set: Strings): string {
  if (set.length === 0) return 'nothing';
  return set.map((part) => (isOpen(part) ? describeOpen(part) : few(part.in))).join(' or ');
}

function describeOpen(part: OpenPart): string {
  const said = [
    ...(part.prefix ? [`starts with ${part.prefix}`] : []),
    ...(part.suffix ? [`ends with ${part.suffix}`] : []),
    ...(part.notIn.length ? [`is not ${few(part.notIn)}`] : []),
    ...(part.notPrefix.length ? [`does not start with ${few(part.notPrefix)}`] : []),
    ...(part.notSuffix.length ? [`does not end with ${few(part.notSuffix)}`] : []),
  ];
  return said.length ? said.join(' and ') : 'anything';
}

function few(values: readonly string[]): string {
  const shown = values.slice(0, 3).map((value) => (value === '' ? '(none)' : value));
  return values.length > 3 ? `${shown.join(', ')} and ${values.length - 3} more` : shown.join(', ');
}

export function isOpen(part: Part): part is OpenPart {
  return (part as OpenPart).prefix !== undefined;
}

function partHas(part: Part, value: string): boolean {
  if (!isOpen(part)) return part.in.includes(value);
  return value.startsWith(part.prefix) && value.endsWith(part.suffix) && !part.notIn.includes(value)
    && !part.notPrefix.some((prefix) => value.startsWith(prefix)) && !part.notSuffix.some((suffix) => value.endsWith(suffix));
}

function intersectParts(a: Part, b: Part): Part | undefined {
  if (!isOpen(a)) return finite(a.in.filter((value) => partHas(b, value)));
  if (!isOpen(b)) return finite(b.in.filter((value) => partHas(a, value)));
  const prefix = longer(a.prefix, b.prefix, startsWith);
  const suffix = longer(a.suffix, b.suffix, endsWith);
  if (prefix === undefined || suffix === undefined) return undefined;
  return open(prefix, suffix, [...a.notIn, ...b.notIn], [...a.notPrefix, ...b.notPrefix], [...a.notSuffix, ...b.notSuffix]);
}

function minusPart(a: Part, b: Part): readonly Part[] {
  if (!isOpen(a)) {
    const left = a.in.filter((value) => !partHas(b, value));
    return left.length === a.in.length ? [a] : left.length === 0 ? [] : [{ in: left }];
  }
  if (!isOpen(b)) {
    const cut = b.in.filter((value) => partHas(a, value));
    return cut.length === 0 ? [a] : kept(open(a.prefix, a.suffix, [...a.notIn, ...cut], a.notPrefix, a.notSuffix));
  }
  const prefix = longer(a.prefix, b.prefix, startsWith);
  const suffix = longer(a.suffix, b.suffix, endsWith);
  if (prefix === undefined || suffix === undefined) return [a];
  return [
    // Strings of a outside b's prefix; then inside it but outside its suffix; then what b itself excludes.
    ...(prefix === a.prefix ? [] : kept(open(a.prefix, a.suffix, a.notIn, [...a.notPrefix, b.prefix], a.notSuffix))),
    ...(suffix === a.suffix ? [] : kept(open(prefix, a.suffix, a.notIn, a.notPrefix, [...a.notSuffix, b.suffix]))),
    ...kept(finite(b.notIn.filter((value) => value.startsWith(b.prefix) && value.endsWith(b.suffix) && partHas(a, value)))),
    ...shortest(b.notPrefix, startsWith).flatMap((cut) => kept(intersectParts({ ...a, prefix, suffix }, { prefix: cut, suffix: '', notIn: [], notPrefix: [], notSuffix: [] }))),
    ...shortest(b.notSuffix, endsWith).flatMap((cut) => kept(intersectParts({ ...a, prefix, suffix }, { prefix: '', suffix: cut, notIn: [], notPrefix: [], notSuffix: [] }))),
  ];
}

function kept(part: Part | undefined): readonly Part[] {
  return part ? [part] : [];
}

function finite(values: readonly string[]): FinitePart | undefined {
  return values.length === 0 ? undefined : { in: values };
}

/** An open part in its normal form, or undefined where its own exclusions leave nothing. */
function open(prefix: string, suffix: string, notIn: readonly string[], notPrefix: readonly string[], notSuffix: readonly string[]): OpenPart | undefined {
  if (notPrefix.some((cut) => prefix.startsWith(cut)) || notSuffix.some((cut) => suffix.endsWith(cut))) return undefined;
  const cutPrefixes = shortest(notPrefix.filter((cut) => cut.startsWith(prefix)), startsWith);
  const cutSuffixes = shortest(notSuffix.filter((cut) => cut.endsWith(suffix)), endsWith);
  const cut = notIn.filter((value) => value.startsWith(prefix) && value.endsWith(suffix)
    && !cutPrefixes.some((one) => value.startsWith(one)) && !cutSuffixes.some((one) => value.endsWith(one)));
  return { prefix, suffix, notIn: sorted(cut), notPrefix: cutPrefixes, notSuffix: cutSuffixes };
}

function startsWith(text: string, start: string): boolean {
  return text.startsWith(start);
}

function endsWith(text: string, end: string): boolean {
  return text.endsWith(end);
}

function longer(a: string, b: string, within: (text: string, part: string) => boolean): string | undefined {
  return within(a, b) ? a : within(b, a) ? b : undefined;
}

/** Sorted, without doubles and without values that another one takes in. */
function shortest(values: readonly string[], within: (text: string, part: string) => boolean): readonly string[] {
  if (values.length < 2) return values;
  const byLength = [...new Set(values)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const seen = new Set<string>();
  const left: string[] = [];
  const lengths = new Set<number>();
  for (const value of byLength) {
    let taken = false;
    for (const length of lengths) {
      if (seen.has(within === startsWith ? value.slice(0, length) : value.slice(value.length - length))) {
        taken = true;
        break;
      }
    }
    if (taken) continue;
    left.push(value);
    seen.add(value);
    lengths.add(value.length);
  }
  return left.sort();
}

function sorted(values: readonly string[]): readonly string[] {
  return values.length < 2 ? values : [...new Set(values)].sort();
}

/** Joins the finite parts, drops what a plain prefix, suffix or everything already takes in. */
function tidy(parts: readonly Part[]): Strings {
  const listed = new Set<string>();
  const openParts = new Map<string, OpenPart>();
  for (const part of parts) {
    if (isOpen(part)) openParts.set(keyOf([part]), part);
    else for (const value of part.in) listed.add(value);
  }
  let opens = [...openParts.values()];
  if (opens.length > 1 && opens.length <= 64) {
    opens = opens.filter((part, index) => !opens.some((other, position) => position !== index && takesIn(other, part) && (position < index || !takesIn(part, other))));
  }
  const left = [...listed].filter((value) => !opens.some((part) => partHas(part, value)));
  return left.length > 0 ? [{ in: left.sort() }, ...opens] : opens;
}

function takesIn(outer: OpenPart, inner: OpenPart): boolean {
  return inner.prefix.startsWith(outer.prefix) && inner.suffix.endsWith(outer.suffix)
    && outer.notIn.every((value) => !partHas(inner, value))
    && outer.notPrefix.every((cut) => inner.notPrefix.some((one) => cut.startsWith(one)) || (longer(cut, inner.prefix, startsWith) === undefined))
    && outer.notSuffix.every((cut) => inner.notSuffix.some((one) => cut.endsWith(one)) || (longer(cut, inner.suffix, endsWith) === undefined));
}

function sample(part: OpenPart): string {
  for (const middle of ['', 'example', 'example-1', 'x', 'other/example', '~']) {
    const value = part.prefix + middle + part.suffix;
    if (value !== '' && partHas(part, value)) return value;
  }
  // A character that no exclusion uses, on both sides, leaves every excluded prefix and suffix behind.
  const used = new Set([...part.notIn, ...part.notPrefix, ...part.notSuffix].join(''));
  const fresh = [...'xyzqwkjvXYZQWKJV0123456789~^@', '\u00e9'].find((letter) => !used.has(letter)) ?? freshLetter(used);
  for (let count = 1; ; count += 1) {
    const value = part.prefix + fresh.repeat(count) + part.suffix;
    if (partHas(part, value)) return value;
  }
}

function freshLetter(used: ReadonlySet<string>): string {
  for (let code = 0x100; ; code += 1) {
    const letter = String.fromCodePoint(code);
    if (!used.has(letter)) return letter;
  }
}
