/** A phrase found in a text: as written there, and where. */
export interface Found<T> {
  readonly value: T;
  readonly word: string;
  readonly index: number;
}

interface Token {
  /** As written. */
  readonly text: string;
  readonly index: number;
}

interface Node<T> {
  readonly next: Map<string, Node<T>>;
  /** What ends here: as written, or in any case. */
  readonly exact: Map<string, T>;
  any?: { readonly value: T };
}

const RUN = /[\p{L}\p{N}]+/gu;
/** Parts of a name such as `PaymentsS3Bucket` or `EKSCluster`. */
const HUMP = /\p{Lu}+\p{N}*(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{N}]+|\p{L}/gu;
const LONGEST_GAP = 3;

/**
 * Finds phrases in texts on word boundaries, the longest one at each place, without overlap. What stands between the words of a phrase may
 * be written as space, dash, underscore or line break; the last word may have an `s` more. A phrase with a capital letter is found only as
 * written, any other in any case, and in parts of joined names too (`PaymentsBucket`). Takes time in proportion to the text.
 */
export function phrases<T>(entries: Iterable<readonly [phrase: string, value: T]>): (text: string) => Found<T>[] {
  const root: Node<T> = { next: new Map(), exact: new Map() };
  for (const [phrase, value] of entries) {
    let node = root;
    for (const { text } of tokensOf(phrase, RUN)) {
      const key = text.toLowerCase();
      let next = node.next.get(key);
      if (!next) node.next.set(key, (next = { next: new Map(), exact: new Map() }));
      node = next;
    }
    if (node === root) continue;
    if (phrase === phrase.toLowerCase()) node.any ??= { value };
    else node.exact.set(joined(tokensOf(phrase, RUN)), value);
  }

  const longest = (tokens: readonly Token[], start: number, text: string): { readonly value: T; readonly count: number } | undefined => {
    let node: Node<T> | undefined = root;
    let best: { value: T; count: number } | undefined;
    for (let at = start; at < tokens.length && node; at += 1) {
      const token = tokens[at] as Token;
      if (at > start && !isGap(text, tokens[at - 1] as Token, token)) break;
      const key = token.text.toLowerCase();
      const plural: Node<T> | undefined = key.length > 2 && key.endsWith('s') ? node.next.get(key.slice(0, -1)) : undefined;
      const next: Node<T> | undefined = node.next.get(key);
      const end = endOf(next, tokens, start, at, '') ?? endOf(plural, tokens, start, at, 's');
      if (end) best = { value: end.value, count: at - start + 1 };
      node = next;
    }
    return best;
  };

  const scan = (tokens: readonly Token[], text: string, found: Found<T>[], humps: boolean): void => {
    for (let at = 0; at < tokens.length; ) {
      const first = tokens[at] as Token;
      const match = longest(tokens, at, text);
      if (match) {
        const last = tokens[at + match.count - 1] as Token;
        found.push({ value: match.value, word: text.slice(first.index, last.index + last.text.length), index: first.index });
        at += match.count;
        continue;
      }
      if (humps && /.\p{Lu}/su.test(first.text) && /\p{Ll}/u.test(first.text)) {
        const parts = tokensOf(first.text, HUMP).map((part) => ({ ...part, index: part.index + first.index }));
        if (parts.length > 1) scan(parts, text, found, false);
      }
      at += 1;
    }
  };

  return (text) => {
    const found: Found<T>[] = [];
    scan(tokensOf(text, RUN), text, found, true);
    return found;
  };
}

function endOf<T>(
  node: Node<T> | undefined,
  tokens: readonly Token[],
  start: number,
  at: number,
  more: string,
): { readonly value: T } | undefined {
  if (!node) return undefined;
  if (node.exact.size > 0) {
    const written = joined(tokens.slice(start, at + 1));
    const value = node.exact.get(more === '' ? written : written.slice(0, -more.length));
    if (value !== undefined) return { value };
  }
  return node.any;
}

/** Only what joins words: a full stop or a comma between them ends a phrase. */
function isGap(text: string, before: Token, after: Token): boolean {
  const from = before.index + before.text.length;
  return (
    after.index - from <= LONGEST_GAP &&
    /^[\s\-_/.'&]*$/.test(text.slice(from, after.index)) &&
    !/[.]\s|\n\s*\n/.test(text.slice(from, after.index))
  );
}

function tokensOf(text: string, pattern: RegExp): Token[] {
  return Array.from(text.matchAll(pattern), (match) => ({ text: match[0], index: match.index }));
}

function joined(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join(' ');
}
