import type { Strings } from '../../../src/events/strings.ts';
import * as strings from '../../../src/events/strings.ts';
import type { EntryField } from './fields.ts';
import type { Operator, Value } from './parse.ts';

/** What a field may hold for a comparison to hold: for certain, and at most. The same object where it is exact. */
export interface Held {
  readonly least: Strings;
  readonly most: Strings;
}

/** https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#logseverity */
const SEVERITIES = ['DEFAULT', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY'];

const ABSENT = strings.equalTo(['']);
const PRESENT = strings.complement(ABSENT);
export const OPEN: Held = { least: strings.NO_STRINGS, most: strings.ALL_STRINGS };
const PRESENT_PERHAPS: Held = { least: strings.NO_STRINGS, most: PRESENT };

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Durations and times: a field of these types is compared as such, however the value is spelt. */
const OTHER_SPELLINGS = /^[-+]?\d+(?:\.\d+)?(?:ns|us|ms|s|m|h)$|^\d{4}-\d\d/i;
/** Escapes that say one thing to the query language and another to a pattern. */
const UNSURE_ESCAPE = /(?:^|[^\\])(?:\\\\)*\\[abfvxu0-7]/;

/**
 * The strings of a field for which a comparison with one of the values holds (`!=`: that differ from all of them). The empty string stands
 * for an entry that does not have the field. Comparisons of text ignore case, patterns do not.
 * https://cloud.google.com/logging/docs/view/logging-query-language#values_conversions
 */
export function heldFor(field: EntryField, operator: Operator, values: readonly Value[]): Held {
  const [first] = values as readonly [Value];
  if (operator === ':' && !first.quoted && first.text === '*') return presence(field);
  if (field.kind === 'object' || field.kind === 'time') return OPEN;
  if (values.some((value) => !value.quoted && value.text === '*')) return absence(field, PRESENT_PERHAPS, undefined);
  if (values.some((value) => value.text === 'NULL_VALUE')) return OPEN;
  const held = heldPresent(field, operator, values);
  return field.many ? anyMember(held) : held;
}

/** Whether operators of several comparisons may be taken together as one with several values. */
export function together(value: Value): boolean {
  return !(value.text === 'NULL_VALUE' || (!value.quoted && value.text === '*'));
}

function heldPresent(field: EntryField, operator: Operator, values: readonly Value[]): Held {
  switch (field.kind) {
    case 'severity':
      return severities(operator, values);
    case 'number':
      return numbers(field, operator, values);
    case 'boolean':
      return booleans(field, operator, values);
    default:
      return texts(field, operator, values);
  }
}

function presence(field: EntryField): Held {
  if (field.kind === 'time') return exact(strings.ALL_STRINGS);
  if (field.name === 'protoPayload' || field.name === 'jsonPayload') return exact(strings.ALL_STRINGS);
  if (field.kind === 'object') return OPEN;
  // What is known to hold a single value shows in the event if it is there; anything else may be an object, of which only the members show.
  return field.kind === 'any' ? { least: PRESENT, most: strings.ALL_STRINGS } : exact(PRESENT);
}

function texts(field: EntryField, operator: Operator, values: readonly Value[]): Held {
  const said = values.map((value) => value.text);
  // A payload's own empty string looks in an event like a field that is not there.
  if (field.absent === 'fails' && said.includes('') && (operator === '=' || operator === ':')) {
    const { least, most } = texts({ ...field, absent: 'open' }, operator, values);
    return { least, most: strings.union(most, ABSENT) };
  }
  switch (operator) {
    case '=':
    case '!=': {
      const spelt = field.kind === 'any' && field.payload === 'proto' && said.some((text) => OTHER_SPELLINGS.test(text));
      if (spelt || said.some((text) => !isPlain(text))) return absence(field, equalPerhaps(operator, said), undefined);
      const equal = strings.equalIgnoringCase(said);
      // A number is written in one way only in an event, and in many in a filter.
      const same = field.kind === 'any' ? said.filter((text) => NUMBER.test(text)).map((text) => String(Number(text))) : [];
      const alike = same.every((text) => strings.has(equal, text)) ? equal : strings.union(equal, strings.equalTo(same));
      if (operator === '=') return absence(field, alike === equal ? exact(equal) : { least: equal, most: alike }, said.includes(''));
      const other = strings.minus(PRESENT, equal);
      // A number or a boolean does not differ from a text that is none: the comparison fails.
      const certain = field.kind === 'any' ? strings.minus(strings.minus(other, alike), scalarsUnlike(said)) : other;
      return absence(field, narrowed(certain, other), !said.includes(''));
    }
    case ':': {
      if (said.some((text) => !isPlain(text))) return absence(field, PRESENT_PERHAPS, undefined);
      const inside = strings.containing(said, true);
      if (field.kind !== 'any') return absence(field, exact(inside), said.includes(''));
      const equal = strings.equalIgnoringCase(said);
      const least = strings.union(equal, strings.minus(inside, scalars()));
      const same = said.filter((text) => NUMBER.test(text)).map((text) => String(Number(text)));
      const most = same.length > 0 ? strings.union(inside, strings.equalTo(same)) : inside;
      return absence(field, narrowed(least, most), said.includes(''));
    }
    case '=~':
    case '!~': {
      const all = values.some((value) => UNSURE_ESCAPE.test(value.raw)) ? undefined : matchingAny(said);
      if (!all) return absence(field, PRESENT_PERHAPS, undefined);
      const matching = operator === '=~' ? all : strings.complement(all);
      const holds = strings.has(matching, '');
      if (field.kind !== 'any') return absence(field, exact(matching), holds);
      return absence(field, narrowed(strings.minus(matching, scalars()), matching), holds);
    }
    default:
      // Text has an order too, but which of a payload's values are text and which are numbers only the entries tell.
      return absence(field, PRESENT_PERHAPS, undefined);
  }
}

/** Many patterns are one; what is too large for one may still be told for a few. */
function matchingAny(said: readonly string[]): Strings | undefined {
  const one =
    said.length > 1 && said.every((text) => strings.matching(text))
      ? strings.matching(said.map((text) => `(?:${text})`).join('|'))
      : undefined;
  if (one || said.length > 20) return one;
  const each = said.map((text) => strings.matching(text)).filter((found) => found !== undefined);
  return each.length === said.length ? strings.unionAll(each) : undefined;
}

function equalPerhaps(operator: Operator, said: readonly string[]): Held {
  // How letters beyond ASCII are folded, or a value is spelt, is left open, save that equal is equal.
  const equal = strings.equalTo(said);
  return operator === '=' ? { least: equal, most: PRESENT } : { least: strings.NO_STRINGS, most: strings.minus(PRESENT, equal) };
}

function severities(operator: Operator, values: readonly Value[]): Held {
  const ranks = values.map((value) => SEVERITIES.indexOf(value.text.toUpperCase()));
  if (ranks.includes(-1)) return OPEN;
  if (operator === ':') {
    const named = SEVERITIES.filter((_, rank) => ranks.includes(rank));
    const inside = SEVERITIES.filter((name) => values.some((value) => name.includes(value.text.toUpperCase())));
    return named.length === inside.length ? exact(ofSeverities(named)) : { least: ofSeverities(named), most: ofSeverities(inside) };
  }
  const holds = comparer(operator);
  if (!holds) return OPEN;
  const every = operator === '!=';
  return exact(
    ofSeverities(SEVERITIES.filter((_, rank) => (every ? ranks.every((one) => holds(rank, one)) : ranks.some((one) => holds(rank, one))))),
  );
}

/** An entry without a severity has the first one, and so has one with a name that is none. */
function ofSeverities(names: readonly string[]): Strings {
  if (!names.includes(SEVERITIES[0] as string)) return strings.equalTo(names);
  const others = SEVERITIES.filter((name) => !names.includes(name));
  return others.length === 0 ? strings.ALL_STRINGS : strings.complement(strings.equalTo(others));
}

function numbers(field: EntryField, operator: Operator, values: readonly Value[]): Held {
  if (values.some((value) => !NUMBER.test(value.text))) return OPEN;
  const said = values.map((value) => Number(value.text));
  if (said.some((one) => !Number.isFinite(one) || Math.abs(one) > Number.MAX_SAFE_INTEGER)) return OPEN;
  const holds = comparer(operator);
  if (!holds) return OPEN;
  const every = operator === '!=';
  const zero = every ? said.every((one) => holds(0, one)) : said.some((one) => holds(0, one));
  const whole = said.filter((one) => Number.isInteger(one)).map((one) => String(one === 0 ? 0 : one));
  if (operator === '=') return absence(field, exact(strings.equalTo(whole)), zero);
  if (operator === '!=') return absence(field, exact(strings.minus(PRESENT, strings.equalTo(whole))), zero);
  const ranges = said.map((one) => {
    if (operator === '<') return strings.integers({ to: Math.ceil(one) - 1 });
    if (operator === '<=') return strings.integers({ to: Math.floor(one) });
    if (operator === '>') return strings.integers({ from: Math.floor(one) + 1 });
    return strings.integers({ from: Math.ceil(one) });
  });
  return absence(field, exact(strings.unionAll(ranges)), zero);
}

function booleans(field: EntryField, operator: Operator, values: readonly Value[]): Held {
  const said = values.map((value) => ['false', 'true'].indexOf(value.text.toLowerCase()));
  const holds = comparer(operator);
  if (said.includes(-1) || !holds) return OPEN;
  const every = operator === '!=';
  const [no, yes] = [0, 1].map((one) => (every ? said.every((other) => holds(one, other)) : said.some((other) => holds(one, other))));
  return absence(field, exact(strings.equalTo([...(no ? ['false'] : []), ...(yes ? ['true'] : [])])), no);
}

function comparer(operator: Operator): ((a: number, b: number) => boolean) | undefined {
  switch (operator) {
    case '=':
      return (a, b) => a === b;
    case '!=':
      return (a, b) => a !== b;
    case '<':
      return (a, b) => a < b;
    case '<=':
      return (a, b) => a <= b;
    case '>':
      return (a, b) => a > b;
    case '>=':
      return (a, b) => a >= b;
    default:
      return undefined;
  }
}

/** With or without the entries that lack the field. `byDefault`: whether the comparison holds for the default value, where that is known. */
function absence(field: EntryField, { least, most }: Held, byDefault: boolean | undefined): Held {
  const certain = field.absent === 'default' && byDefault === true;
  const possible = field.absent !== 'fails' && byDefault !== false;
  const from = certain ? strings.union(least, ABSENT) : strings.minus(least, ABSENT);
  if (least === most && certain === possible) return exact(from);
  return { least: from, most: possible ? strings.union(most, ABSENT) : strings.minus(most, ABSENT) };
}

/** Of several values the event shows one: that it fits is enough, that it does not says nothing. */
function anyMember(held: Held): Held {
  if (strings.isNone(held.most)) return held;
  return { least: strings.minus(held.least, ABSENT), most: strings.has(held.most, '') ? strings.ALL_STRINGS : PRESENT };
}

/** What looks like a number or a boolean, and may be one or a text. */
function scalars(): Strings {
  return strings.matching('^(?:-?[0-9]+(?:\\.[0-9]+)?(?:e[-+]?[0-9]+)?|true|false)$') ?? strings.ALL_STRINGS;
}

function scalarsUnlike(said: readonly string[]): Strings {
  const number = said.every((text) => NUMBER.test(text));
  const boolean = said.every((text) => /^(?:true|false)$/i.test(text));
  if (number) return strings.equalTo(['true', 'false']);
  if (boolean) return strings.minus(scalars(), strings.equalTo(['true', 'false']));
  return scalars();
}

function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7e) return false;
  return true;
}

function exact(one: Strings): Held {
  return { least: one, most: one };
}

/** The same object twice where the two are the same. */
function narrowed(least: Strings, most: Strings): Held {
  return least === most || strings.keyOf(least) === strings.keyOf(most) ? exact(most) : { least, most };
}
