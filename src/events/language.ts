/**
 * A regular language over UTF-16 code units: the smallest deterministic automaton of it, its states numbered in the order in which they are
 * first reached (from 0, by rising code units). So equal languages are equal tables.
 */
export interface Language {
  /** Per state: the last code unit of each run of code units that lead to one state; the last is 0xffff. */
  readonly ends: readonly (readonly number[])[];
  /** Per state: where each of these runs leads. */
  readonly targets: readonly (readonly number[])[];
  readonly accepts: readonly boolean[];
}

/** An automaton that need not be small, over characters up to some last one; it starts at 0. */
export type Table = Language;

export const LAST_UNIT = 0xffff;

/** So many states an automaton may pass through on its way to the smallest one. What needs more is not decided. */
export const MOST_STATES = 100_000;
/** So many runs of characters lead on from each state, on average. */
const MOST_RUNS = 50;

export function accepts({ ends, targets, accepts: accepting }: Language, value: string): boolean {
  let state = 0;
  for (let index = 0; index < value.length; index += 1) {
    state = (targets[state] as number[])[runAt(ends[state] as number[], value.charCodeAt(index))] as number;
  }
  return accepting[state] as boolean;
}

/** The position of the run that holds a unit. */
export function runAt(ends: readonly number[], unit: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] as number) < unit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function next({ ends, targets }: Language, state: number, unit: number): number {
  return (targets[state] as number[])[runAt(ends[state] as number[], unit)] as number;
}

/**
 * The automaton whose states are reached from `start`; states of equal key are one. `out` gives all the runs that leave a state, in order.
 * Undefined where there are more than `most` states, or many runs
 * for so many.
 */
export function explore<T>(
  start: T,
  keyOf: (state: T) => string | number,
  out: (state: T) => { ends: number[]; targets: T[] },
  accept: (state: T) => boolean,
  most: number,
): Table | undefined {
  const numbers = new Map<string | number, number>([[keyOf(start), 0]]);
  const states = [start];
  const ends: number[][] = [];
  const targets: number[][] = [];
  let count = 0;
  for (let at = 0; at < states.length; at += 1) {
    const runs = out(states[at] as T);
    count += runs.ends.length;
    if (states.length > most || count > MOST_RUNS * most) return undefined;
    const row: number[] = [];
    for (const target of runs.targets) {
      const key = keyOf(target);
      let number = numbers.get(key);
      if (number === undefined) {
        number = states.length;
        numbers.set(key, number);
        states.push(target);
      }
      row.push(number);
    }
    ends.push(runs.ends);
    targets.push(row);
  }
  return { ends, targets, accepts: states.map(accept) };
}

/** The smallest automaton for the same language; all states of the table are reached from its start. */
export function smallest(table: Table): Language {
  const before: Set<number>[] = table.accepts.map(() => new Set());
  for (const [state, row] of table.targets.entries()) for (const target of row) (before[target] as Set<number>).add(state);
  const classes = table.accepts.map(Number);
  const members = [new Set<number>(), new Set<number>()];
  for (const [state, own] of classes.entries()) (members[own] as Set<number>).add(state);
  // Classes are split by where their states lead. The largest part keeps the number, so only states that lead to another part are looked
  // at again; and what these lead to now differs from what the rest of their class leads to.
  let open = new Set(classes.keys());
  while (open.size > 0) {
    const parts = new Map<number, Map<string, number[]>>();
    for (const state of open) {
      const own = classes[state] as number;
      const byText = parts.get(own) ?? new Map<string, number[]>();
      parts.set(own, byText);
      const text = runText(table, state, classes);
      const part = byText.get(text);
      if (part) part.push(state);
      else byText.set(text, [state]);
    }
    const moved: number[] = [];
    for (const [own, byText] of parts) {
      const all = members[own] as Set<number>;
      const groups = [...byText.values()].sort((x, y) => y.length - x.length);
      const looked = groups.reduce((sum, group) => sum + group.length, 0);
      const rest = all.size - looked;
      if (groups.length + (rest > 0 ? 1 : 0) < 2) continue;
      const largest = groups[0] as number[];
      const keeps = rest >= largest.length ? undefined : largest;
      const away = groups.filter((group) => group !== keeps);
      if (keeps && rest > 0) {
        const seen = new Set(groups.flat());
        away.push([...all].filter((state) => !seen.has(state)));
      }
      for (const group of away) {
        for (const state of group) {
          all.delete(state);
          classes[state] = members.length;
          moved.push(state);
        }
        members.push(new Set(group));
      }
    }
    open = new Set();
    for (const state of moved) for (const earlier of before[state] as Set<number>) open.add(earlier);
  }
  const example = members.map((all) => all.values().next().value as number);
  return explore<number>(
    classes[0] as number,
    (own) => own,
    (own) => merged(table, example[own] as number, classes),
    (own) => table.accepts[example[own] as number] as boolean,
    Number.POSITIVE_INFINITY,
  ) as Language;
}

function merged(table: Table, state: number, classes: readonly number[]): { ends: number[]; targets: number[] } {
  const ends: number[] = [];
  const targets: number[] = [];
  for (const [index, end] of (table.ends[state] as number[]).entries()) {
    const target = classes[(table.targets[state] as number[])[index] as number] as number;
    if (targets[targets.length - 1] === target) ends[ends.length - 1] = end;
    else {
      ends.push(end);
      targets.push(target);
    }
  }
  return { ends, targets };
}

function runText(table: Table, state: number, classes: readonly number[]): string {
  const ends = table.ends[state] as readonly number[];
  const targets = table.targets[state] as readonly number[];
  let text = '';
  let before = -1;
  for (let index = 0; index < ends.length; index += 1) {
    const target = classes[targets[index] as number] as number;
    if (target !== before && index > 0) text += `${before}<${ends[index - 1]} `;
    before = target;
  }
  return text + before;
}

/** Both languages run side by side. Undefined where that takes too many states. */
export function product(a: Language, b: Language, join: (x: boolean, y: boolean) => boolean): Language | undefined {
  const width = b.ends.length;
  const [leftSinks, rightSinks] = [sinks(a), sinks(b)];
  // Where one side has settled the answer the other need not be followed.
  const settled = (i: number, j: number): boolean | undefined => {
    if (leftSinks[i]) {
      const x = a.accepts[i] as boolean;
      if (join(x, true) === join(x, false)) return join(x, true);
    }
    if (rightSinks[j]) {
      const y = b.accepts[j] as boolean;
      if (join(true, y) === join(false, y)) return join(true, y);
    }
    return undefined;
  };
  const pair = (i: number, j: number): number => {
    const answer = settled(i, j);
    return answer === undefined ? i * width + j : answer ? -1 : -2;
  };
  const table = explore<number>(
    pair(0, 0),
    (state) => state,
    (state) => {
      if (state < 0) return { ends: [LAST_UNIT], targets: [state] };
      const [i, j] = [Math.floor(state / width), state % width];
      const [leftEnds, rightEnds] = [a.ends[i] as number[], b.ends[j] as number[]];
      const [left, right] = [a.targets[i] as number[], b.targets[j] as number[]];
      const ends: number[] = [];
      const targets: number[] = [];
      for (let x = 0, y = 0; x < leftEnds.length && y < rightEnds.length; ) {
        const target = pair(left[x] as number, right[y] as number);
        const end = Math.min(leftEnds[x] as number, rightEnds[y] as number);
        if (targets[targets.length - 1] === target) ends[ends.length - 1] = end;
        else {
          ends.push(end);
          targets.push(target);
        }
        if (leftEnds[x] === end) x += 1;
        if (rightEnds[y] === end) y += 1;
      }
      return { ends, targets };
    },
    (state) => (state < 0 ? state === -1 : join(a.accepts[Math.floor(state / width)] as boolean, b.accepts[state % width] as boolean)),
    MOST_STATES,
  );
  return table && smallest(table);
}

export function inverse(language: Language): Language {
  return { ...language, accepts: language.accepts.map((accepting) => !accepting) };
}

function sinks({ targets }: Language): boolean[] {
  return targets.map((row, state) => row.length === 1 && row[0] === state);
}

export function textOf({ ends, targets, accepts: accepting }: Language): string {
  return JSON.stringify([ends, targets, accepting.map(Number).join('')]);
}

/** The longest text that all members start with. */
export function startOf(language: Language): string {
  let start = '';
  const dead = sinks(language).map((sink, state) => sink && !language.accepts[state]);
  for (let state = 0; !language.accepts[state]; ) {
    const ends = language.ends[state] as readonly number[];
    const targets = language.targets[state] as readonly number[];
    const live = targets.flatMap((target, index) => (dead[target] ? [] : [index]));
    const [only] = live;
    if (live.length !== 1 || only === undefined) return start;
    const unit = ends[only] as number;
    if (unit !== (only === 0 ? 0 : (ends[only - 1] as number) + 1)) return start;
    start += String.fromCharCode(unit);
    state = targets[only] as number;
  }
  return start;
}

/** Code units in the order in which a made-up value should use them. */
const LIKELY = [...'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./:@ !"#$%&\'()*+,;<=>?[\\]^`{|}~'].map((letter) =>
  letter.charCodeAt(0),
);

/** A shortest member other than the empty string, of printable characters if there is one; the empty string only where it is the only one. */
export function shortest(language: Language): string | undefined {
  const likely = (from: number, to: number) => LIKELY.find((unit) => unit >= from && unit <= to);
  const whole = (from: number, to: number) => {
    const first = Math.max(from, 0xa1);
    if (first <= to && first < 0xd800) return first;
    return Math.max(from, 0xe000) <= Math.min(to, 0xfffd) ? Math.max(from, 0xe000) : undefined;
  };
  const ways: ((from: number, to: number) => number | undefined)[] = [
    likely,
    (from, to) => likely(from, to) ?? whole(from, to),
    (from, to) => likely(from, to) ?? whole(from, to) ?? from,
  ];
  for (const choose of ways) {
    const found = walk(language, choose);
    if (found !== undefined) return found;
  }
  return language.accepts[0] ? '' : undefined;
}

function walk(language: Language, choose: (from: number, to: number) => number | undefined): string | undefined {
  const reached = new Map<number, string>();
  let edge: [number, string][] = [[0, '']];
  while (edge.length > 0) {
    const further: [number, string][] = [];
    for (const [state, text] of edge) {
      let from = 0;
      const steps: { unit: number; target: number }[] = [];
      for (const [index, end] of (language.ends[state] as number[]).entries()) {
        const unit = choose(from, end);
        if (unit !== undefined) steps.push({ unit, target: (language.targets[state] as number[])[index] as number });
        from = end + 1;
      }
      const place = ({ unit }: { unit: number }) => (LIKELY.indexOf(unit) + LIKELY.length + 1) % (LIKELY.length + 1);
      for (const { unit, target } of steps.sort((a, b) => place(a) - place(b))) {
        if (reached.has(target)) continue;
        const longer = text + String.fromCharCode(unit);
        if (language.accepts[target]) return longer;
        reached.set(target, longer);
        further.push([target, longer]);
      }
    }
    edge = further;
  }
  return undefined;
}

/** Prefixes, what of each prefix on tells the suffixes that go with it, and the strings for which these say the opposite. */
export interface Trees {
  readonly starts: readonly (readonly [string, Suffixes])[];
  readonly but: readonly string[];
}

/** Reversed suffixes in order, the empty one first: whether what has it as its longest suffix here is a member. */
export type Suffixes = readonly (readonly [string, boolean])[];

interface State {
  accepts: boolean;
  /** Where all other code units lead. */
  other: number;
  readonly edges: Map<number, number>;
}

/** The automaton of trees. `holds` answers for single strings, `within` gives the suffixes that go with what starts as the text does. */
export function languageOf(
  { starts, but }: Trees,
  holds: (value: string) => boolean,
  within: (text: string) => Suffixes,
): Language | undefined {
  const states: State[] = [];
  const machines = new Map<Suffixes, number>();
  const nodes: { text: string; suffixes: Suffixes; at: number }[] = [];
  const nodeOf = (text: string, suffixes: Suffixes, at: number): number => {
    nodes.push({ text, suffixes, at });
    return states.push({ accepts: holds(text), other: 0, edges: new Map() }) - 1;
  };
  const rootOf = (suffixes: Suffixes): number => {
    let root = machines.get(suffixes);
    if (root === undefined) {
      root = suffixMachine(suffixes, states);
      machines.set(suffixes, root);
    }
    return root;
  };
  const run = (from: number, text: string): number => {
    let state = from;
    for (let index = 0; index < text.length; index += 1) state = step(states, state, text.charCodeAt(index));
    return state;
  };
  // The words of the trees as a trie: as long as a text is one of its nodes everything about it is known.
  const trie = [{ state: 0, children: new Map<number, number>() }];
  const first = within('');
  nodeOf('', first, -1);
  (nodes[0] as { at: number }).at = rootOf(first);
  for (const word of [...starts.map(([key]) => key), ...but]) {
    let at = 0;
    for (let index = 0; index < word.length; index += 1) {
      if (states.length > MOST_STATES) return undefined;
      const unit = word.charCodeAt(index);
      const own = trie[at] as (typeof trie)[number];
      let child = own.children.get(unit);
      if (child === undefined) {
        const text = word.slice(0, index + 1);
        const above = nodes[at] as (typeof nodes)[number];
        const suffixes = within(text);
        const root = rootOf(suffixes);
        const state = nodeOf(text, suffixes, suffixes === above.suffixes ? step(states, above.at, unit) : run(root, text));
        child = trie.length;
        trie.push({ state, children: new Map() });
        own.children.set(unit, child);
      }
      at = child;
    }
  }
  for (const [index, { state, children }] of trie.entries()) {
    const own = states[state] as State;
    const beside = states[(nodes[index] as { at: number }).at] as State;
    own.other = beside.other;
    for (const [unit, target] of beside.edges) own.edges.set(unit, target);
    for (const [unit, child] of children) own.edges.set(unit, (trie[child] as { state: number }).state);
  }
  return smallest(tableOf(states));
}

function step(states: readonly State[], state: number, unit: number): number {
  const own = states[state] as State;
  return own.edges.get(unit) ?? own.other;
}

/** Adds the states that keep the longest end of a text that a suffix begins with; gives the first of them. */
function suffixMachine(suffixes: Suffixes, states: State[]): number {
  const root = states.length;
  const label = new Map(suffixes);
  const yes = label.get('') as boolean;
  states.push({ accepts: yes, other: root, edges: new Map() });
  interface Node {
    readonly state: number;
    readonly text: string;
    readonly children: Map<number, Node>;
  }
  const top: Node = { state: root, text: '', children: new Map() };
  const all: Node[] = [top];
  for (const [key] of suffixes) {
    let at = top;
    for (let index = key.length - 1; index >= 0; index -= 1) {
      const unit = key.charCodeAt(index);
      let child = at.children.get(unit);
      if (!child) {
        child = {
          state: states.push({ accepts: false, other: root, edges: new Map() }) - 1,
          text: at.text + key[index],
          children: new Map(),
        };
        at.children.set(unit, child);
        all.push(child);
      }
      at = child;
    }
  }
  // By length: where a text falls back to is shorter than it.
  const back = new Map<Node, number>();
  all.sort((a, b) => a.text.length - b.text.length);
  const ownLabel = new Map<number, boolean>([[root, yes]]);
  for (const node of all) {
    const own = states[node.state] as State;
    const failed = back.get(node);
    if (failed !== undefined) {
      for (const [unit, target] of (states[failed] as State).edges) own.edges.set(unit, target);
      let reverse = '';
      for (let index = node.text.length - 1; index >= 0; index -= 1) reverse += node.text[index];
      own.accepts = label.get(reverse) ?? (ownLabel.get(failed) as boolean);
      ownLabel.set(node.state, own.accepts);
    }
    for (const [unit, child] of node.children) {
      back.set(child, failed === undefined ? root : step(states, failed, unit));
      own.edges.set(unit, child.state);
    }
  }
  return root;
}

function tableOf(states: readonly State[]): Table {
  return explore<number>(
    0,
    (state) => state,
    (state) => {
      const { edges, other } = states[state] as State;
      const ends: number[] = [];
      const targets: number[] = [];
      const add = (end: number, target: number): void => {
        if (targets[targets.length - 1] === target) ends[ends.length - 1] = end;
        else {
          ends.push(end);
          targets.push(target);
        }
      };
      let from = 0;
      for (const [unit, target] of [...edges].sort((a, b) => a[0] - b[0])) {
        if (unit > from) add(unit - 1, other);
        add(unit, target);
        from = unit + 1;
      }
      if (from <= LAST_UNIT) add(LAST_UNIT, other);
      return { ends, targets };
    },
    (state) => (states[state] as State).accepts,
    Number.POSITIVE_INFINITY,
  ) as Table;
}

/** Sets with more prefixes, or suffixes, to them than this stay a language: every further operation on trees may multiply the two. */
const MOST_KEYS = 1_000;
/** Likewise for what prefixes and listed strings begin with. */
const MOST_WORDS = 10_000;

/**
 * The trees of a language that prefixes, suffixes and listed strings can say; undefined for all others. A code unit that no word of the
 * trees has leaves all prefixes and all suffixes behind. So it leads from any state to the first of a part of the automaton that knows
 * ends only, and that part tells the suffixes.
 */
export function treesOf(language: Language): Trees | undefined {
  const count = language.ends.length;
  const common = commonUnit(language);
  const clear = language.ends.map((_, state) => next(language, state, common));
  const groups = new Map<number, Suffixes>();
  let steps = 0;
  let suffixCount = 0;
  for (const root of new Set(clear)) {
    const part = new Set([root]);
    for (const state of part) {
      if (clear[state] !== root) return undefined;
      for (const target of language.targets[state] as number[]) part.add(target);
    }
    const units = new Set<number>();
    for (const state of part) {
      for (const unit of others(language, state, root)) {
        if (units.add(unit).size > MOST_WORDS) return undefined;
      }
    }
    const suffixes: [string, boolean][] = [];
    const after = new Map<number, ReadonlySet<number>>();
    for (const unit of units) after.set(unit, new Set([...part].map((state) => next(language, state, unit))));
    // Texts that are read last, from all states of the part: once they lead to one state what came before does not matter.
    const ahead: { text: string; label: boolean | undefined }[] = [{ text: '', label: undefined }];
    for (let here = ahead.pop(); here; here = ahead.pop()) {
      const { text, label } = here;
      if (text.length > part.size) return undefined;
      let reached: ReadonlySet<number> = part;
      let end = root;
      for (let index = text.length - 1; index >= 0; index -= 1) {
        const unit = text.charCodeAt(index);
        const further = new Set<number>();
        if (reached === part) for (const state of after.get(unit) as ReadonlySet<number>) further.add(state);
        else for (const state of reached) further.add(next(language, state, unit));
        reached = further;
        steps += reached.size;
        end = next(language, end, unit);
      }
      steps += 1;
      if (steps > 50 * MOST_WORDS || suffixCount > MOST_KEYS) return undefined;
      const own = language.accepts[end] as boolean;
      if (own !== label) {
        suffixes.push([text, own]);
        suffixCount += 1;
      }
      if (reached.size > 1) for (const unit of units) ahead.push({ text: text + String.fromCharCode(unit), label: own });
    }
    groups.set(root, suffixes.sort(byText));
  }
  const starts: [string, Suffixes][] = [];
  const but: string[] = [];
  let words = 0;
  const ahead: { text: string; state: number; outer: number; beside: number }[] = [{ text: '', state: 0, outer: -1, beside: -1 }];
  for (let here = ahead.pop(); here; here = ahead.pop()) {
    const { text, state, outer } = here;
    const root = clear[state] as number;
    let { beside } = here;
    if (root !== outer) {
      starts.push([text, groups.get(root) as Suffixes]);
      beside = root;
      for (let index = 0; index < text.length; index += 1) beside = next(language, beside, text.charCodeAt(index));
    }
    if (language.accepts[state] !== language.accepts[beside]) but.push(text);
    if (beside === state) continue;
    words += 1;
    if (words > MOST_WORDS || starts.length > MOST_KEYS || text.length > 2 * count) return undefined;
    const units = new Set(others(language, state, root));
    for (const unit of others(language, beside, root)) units.add(unit);
    for (const unit of units) {
      ahead.push({
        text: text + String.fromCharCode(unit),
        state: next(language, state, unit),
        outer: root,
        beside: next(language, beside, unit),
      });
    }
  }
  return { starts: starts.sort(byText), but: but.sort() };
}

function byText(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

/** The code units that do not lead where a common one leads; stops soon after there are more than trees may have. */
function others(language: Language, state: number, target: number): number[] {
  const found: number[] = [];
  let from = 0;
  for (const [index, end] of (language.ends[state] as number[]).entries()) {
    if ((language.targets[state] as number[])[index] !== target)
      for (let unit = from; unit <= end && found.length <= MOST_WORDS; unit += 1) found.push(unit);
    from = end + 1;
  }
  return found;
}

/** One of the largest set of code units that no state tells apart. */
function commonUnit(language: Language): number {
  const cuts = new Set<number>();
  for (const ends of language.ends) for (const end of ends) cuts.add(end);
  const sizes = new Map<string, { size: number; unit: number }>();
  const runs: { from: number; to: number }[] = [];
  let from = 0;
  for (const end of [...cuts].sort((a, b) => a - b)) {
    runs.push({ from, to: end });
    from = end + 1;
  }
  // A run of more than half of all is the largest set without asking any further.
  const half = runs.find((run) => run.to - run.from > LAST_UNIT / 2);
  if (half) return half.from;
  for (const run of runs) {
    let key = '';
    for (const state of language.ends.keys()) key += `${next(language, state, run.from)} `;
    const known = sizes.get(key) ?? { size: 0, unit: run.from };
    known.size += run.to - run.from + 1;
    sizes.set(key, known);
  }
  let best = { size: 0, unit: 0 };
  for (const one of sizes.values()) if (one.size > best.size) best = one;
  return best.unit;
}
