import { classMatches, type Event, type EventClass, fieldOf, type Selector } from './classes.ts';
import * as strings from './strings.ts';

/** Under this key of hints stand known events, the most telling first: values that occur together. */
export const TOGETHER: unique symbol = Symbol('events');

/** Values that really occur, by field, the most telling first. Those that known events have too are taken from these events as a whole. */
export type Hints = Readonly<Record<string, readonly string[]>> & { readonly [TOGETHER]?: readonly Event[] };

/** Fields that say what kind of event it is: one of another kind is far off, in however few fields it differs. */
const KIND_FIELDS: ReadonlySet<string> = new Set(['eventCategory', 'resources.type']);

/**
 * One concrete event of a remainder; undefined for the empty one. It is a known event where one is in the remainder, and its other fields
 * have hinted values where these are in it. It has the fields of the known event and those that its class names, and of these none that the
 * class leaves empty. A class whose fields can all be filled so goes first, then one that lists its values itself, then the one with the most telling values; the order of classes
 * does not matter.
 */
export function witness(remainder: Selector, hints: Hints): Event | undefined {
  let best: (Found & { text: string }) | undefined;
  const stock = stockOf(hints);
  for (const one of remainder) {
    const found = eventOf(one, stock);
    if (!found) continue;
    const order = best ? found.made - best.made || found.open - best.open || found.rank - best.rank : -1;
    if (order > 0) continue;
    const text = JSON.stringify(Object.entries(found.event).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (!best || order < 0 || text < best.text) best = { ...found, text };
  }
  return best?.event;
}

interface Found {
  readonly event: Event;
  /** Fields with a value that is neither hinted nor known. */
  readonly made: number;
  /** Fields with a hinted value of a set that cannot be listed: whether it goes with the others is not known. */
  readonly open: number;
  readonly rank: number;
}

/** Hints, ready to be asked about many classes. */
interface Stock {
  readonly events: readonly Event[];
  /** Positions of the known events by field and value. */
  readonly index: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** The values less those that known events have. */
  readonly single: ReadonlyMap<string, readonly string[]>;
}

function stockOf(hints: Hints): Stock {
  const events = hints[TOGETHER] ?? [];
  const index = new Map<string, Map<string, number[]>>();
  for (const [position, event] of events.entries()) {
    for (const [field, value] of Object.entries(event)) {
      const byValue = index.get(field) ?? new Map<string, number[]>();
      index.set(field, byValue);
      const positions = byValue.get(value);
      if (positions) positions.push(position);
      else byValue.set(value, [position]);
    }
  }
  const values = new Map(Object.entries(hints));
  return {
    events,
    index,
    values,
    single: new Map([...values].map(([field, list]) => [field, list.filter((value) => !index.get(field)?.has(value))])),
  };
}

function eventOf(one: EventClass, stock: Stock): Found | undefined {
  const position = knownEvent(one, stock);
  const known = position === undefined ? undefined : stock.events[position];
  const fields = new Map(Object.entries(known ?? {}));
  let made = 0;
  let open = 0;
  let rank = position ?? 0;
  for (const [field, values] of one) {
    if (known && Object.hasOwn(known, field)) continue;
    const preferred = (stock.index.has(field) && strings.members(values) === undefined ? stock.single : stock.values).get(field) ?? [];
    const value = strings.pick(values, preferred);
    if (value === undefined) return undefined;
    const at = preferred.indexOf(value);
    if (at < 0) made += 1;
    else rank += at;
    if (at >= 0 && strings.members(values) === undefined) open += 1;
    if (value !== '') fields.set(field, value);
  }
  // Next to known events one that is put together counts as made up.
  if (!known && stock.events.length > 0) made += 1;
  return { made, open, rank, event: Object.fromEntries(fields) };
}

/** The position of the first known event that the class does not rule out. */
function knownEvent(one: EventClass, { events, index }: Stock): number | undefined {
  if (events.length === 0) return undefined;
  // Of the fields whose values are listed, the one that leaves the fewest events to look at.
  let lists: (readonly number[])[] | undefined;
  let fewest = events.length;
  for (const [field, values] of one) {
    const byValue = index.get(field);
    const found = byValue && strings.members(values)?.map((value) => byValue.get(value) ?? []);
    const count = found?.reduce((sum, list) => sum + list.length, 0) ?? Number.POSITIVE_INFINITY;
    if (count >= fewest) continue;
    fewest = count;
    lists = found;
  }
  const positions = lists ? lists.flat().sort((a, b) => a - b) : events.keys();
  for (const position of positions) {
    const event = events[position] as Event;
    let fits = true;
    for (const [field, value] of Object.entries(event)) {
      const values = one.get(field);
      if (values && !strings.has(values, value)) fits = false;
    }
    if (fits) return position;
  }
  return undefined;
}

/**
 * What keeps an event out of a selector: the fields in which it differs from the class of its own kind that it differs from the least. No
 * fields where the event is in the selector; undefined where the selector has no class. `cost` is far higher for an event of another kind.
 */
export function nearestMiss(selector: Selector, event: Event): { fields: string[]; cost: number } | undefined {
  let best: { cost: number; agreed: number; fields: string[]; text: string } | undefined;
  for (const one of selector) {
    if (classMatches(one, event)) return { fields: [], cost: 0 };
    const fields = [...one]
      .filter(([field, values]) => !strings.has(values, fieldOf(event, field)))
      .map(([field]) => field)
      .sort();
    const cost = fields.length + 1000 * fields.filter((field) => KIND_FIELDS.has(field)).length;
    const agreed = one.size - fields.length;
    const text = fields.join('\n');
    if (!best || cost < best.cost || (cost === best.cost && (agreed > best.agreed || (agreed === best.agreed && text < best.text))))
      best = { cost, agreed, fields, text };
  }
  return best && { fields: best.fields, cost: best.cost };
}
