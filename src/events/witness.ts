import { classMatches, type Event, type EventClass, type Selector, valueOf } from './classes.ts';
import * as strings from './strings.ts';

/** Values that really occur, by field, the most telling first. */
export type Hints = Readonly<Record<string, readonly string[]>>;

/** Fields that say what kind of event it is: one of another kind is far off, in however few fields it differs. */
const KIND_FIELDS: ReadonlySet<string> = new Set(['eventCategory', 'resources.type']);

/**
 * One concrete event of a remainder, with hinted values where these are in it; undefined for the empty one. It has the fields that its class
 * names, and of these none that the class leaves empty. A class whose fields can all be filled from hints goes first, then the one with
 * the most telling values; the order of classes does not matter.
 */
export function witness(remainder: Selector, hints: Hints): Event | undefined {
  let best: { made: number; rank: number; event: Event; text: string } | undefined;
  const ranks = new Map(Object.entries(hints).map(([field, values]) => [field, new Map([...values.entries()].map(([index, value]) => [value, index] as const).reverse())]));
  for (const one of remainder) {
    const found = eventOf(one, hints, ranks);
    if (!found) continue;
    if (best && (found.made > best.made || (found.made === best.made && found.rank > best.rank))) continue;
    const text = JSON.stringify(Object.entries(found.event).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (!best || found.made < best.made || found.rank < best.rank || text < best.text) best = { ...found, text };
  }
  return best?.event;
}

function eventOf(one: EventClass, hints: Hints, ranks: ReadonlyMap<string, ReadonlyMap<string, number>>): { made: number; rank: number; event: Event } | undefined {
  const fields: [string, string][] = [];
  let made = 0;
  let rank = 0;
  for (const [field, values] of one) {
    const value = strings.pick(values, Object.hasOwn(hints, field) ? hints[field] : undefined);
    if (value === undefined) return undefined;
    const at = ranks.get(field)?.get(value);
    if (at === undefined) made += 1;
    else rank += at;
    if (value !== '') fields.push([field, value]);
  }
  return { made, rank, event: Object.fromEntries(fields) };
}

/**
 * What keeps an event out of a selector: the fields in which it differs from the class of its own kind that it differs from the least. No
 * fields where the event is in the selector; undefined where the selector has no class.
 */
export function nearestMiss(selector: Selector, event: Event): { fields: string[] } | undefined {
  let best: { cost: number; agreed: number; fields: string[]; text: string } | undefined;
  for (const one of selector) {
    if (classMatches(one, event)) return { fields: [] };
    const fields = [...one].filter(([field, values]) => !strings.has(values, valueOf(event, field))).map(([field]) => field).sort();
    const cost = fields.length + 1000 * fields.filter((field) => KIND_FIELDS.has(field)).length;
    const agreed = one.size - fields.length;
    const text = fields.join('\n');
    if (!best || cost < best.cost || (cost === best.cost && (agreed > best.agreed || (agreed === best.agreed && text < best.text)))) best = { cost, agreed, fields, text };
  }
  return best && { fields: best.fields };
}
