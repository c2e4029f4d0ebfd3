import type { ModelEvents, ModelThreat } from '../../src/model/system-model.ts';
import type { Format, Recognition } from './format.ts';
import {
  at,
  entries,
  type Field,
  fieldOf,
  frame,
  identities,
  isMap,
  list,
  type Notes,
  namedByFile,
  notes,
  said,
  severityOf,
  stated,
  techniquesIn,
  text,
  texts,
  threat,
} from './said.ts';

/** More ways to match than this, and the rule is taken to read the whole log source. */
const MOST_WAYS = 32;

type Where = Readonly<Record<string, readonly string[]>>;

/** Detection rules: each is a threat that somebody wants to see, with the log source it reads and the events it looks for. */
export const sigma: Format = {
  id: 'sigma',
  name: 'Sigma rules',
  about: 'One threat per rule, with its log source, the events that its conditions select, the fields it reads and its ATT&CK tags.',
  doc: 'https://sigmahq.io/docs/basics/rules.html',
  recognise({ documents }): Recognition | undefined {
    if (rulesIn(documents).some(({ rule }) => rule)) return {};
    if (documents.some((one) => isMap(one) && isMap(one.correlation)))
      return { refuse: 'holds Sigma correlations only, which name no log source; give the rules that they refer to, too' };
    return undefined;
  },
  read(document) {
    const kept = notes();
    const unique = identities();
    const threats: ModelThreat[] = [];
    for (const { index, value, rule } of rulesIn(document.documents)) {
      const pointer = document.documents.length > 1 ? `/${index}` : '';
      if (rule) threats.push(ruleOf(partsOf(document.documents, index, kept), unique));
      else if (isMap(value) && isMap(value.correlation)) kept.warn(pointer, 'a correlation of other rules names no log source; left out');
      else kept.warn(pointer, 'is no rule (title, logsource, detection); left out');
    }
    const only = threats.length === 1 ? threats[0]?.title : undefined;
    return [{ ...frame(sigma, document, only ?? namedByFile(document)), threats, warnings: kept.list() }];
  },
};

/** Of an older way to write several rules: what the first document says holds for all that follow. */
function isShared(value: unknown): value is Readonly<Record<string, unknown>> {
  return isMap(value) && value.action === 'global';
}

function rulesIn(documents: readonly unknown[]): readonly { readonly index: number; readonly value: unknown; readonly rule: boolean }[] {
  const shared = documents.find(isShared);
  return documents.flatMap((value, index) => {
    if (isShared(value)) return [];
    const whole = isMap(value) ? { ...shared, ...value } : value;
    return [{ index, value, rule: isMap(whole) && Object.hasOwn(whole, 'title') && isMap(whole.logsource) && isMap(whole.detection) }];
  });
}

/** A part of a rule, from its own document or from the one that holds for all. */
type Parts = (key: string) => Field;

function partsOf(documents: readonly unknown[], index: number, kept: Notes): Parts {
  const field = (at_: number): Field => fieldOf({ value: documents[at_] }, kept, documents.length > 1 ? `/${at_}` : '');
  const shared = documents.findIndex(isShared);
  return (key) => {
    const own = at(field(index), key);
    return own.value !== undefined || shared < 0 ? own : at(field(shared), key);
  };
}

function ruleOf(part: Parts, unique: ReturnType<typeof identities>): ModelThreat {
  const title = stated(part('title')) ?? said(part('title'), 'untitled rule', 'assumed');
  const level = part('level');
  const is = severityOf(text(level) ?? '');
  const tags = texts(part('tags'));
  const attack = tags.flatMap((tag) =>
    /^attack\./i.test(tag.value) ? techniquesIn(tag.value).map((id) => ({ ...tag, value: id, quote: tag.value })) : [],
  );
  return threat(unique(part('id'), text(part('id')), title.value), title, {
    text: stated(part('description')),
    severity: is ? said(level, { words: text(level) ?? '', is }) : undefined,
    attack,
    cwe: tags.flatMap((tag) => {
      const number = /^cwe[.-](\d+)$/i.exec(tag.value)?.[1];
      return number ? [{ ...tag, value: number, quote: tag.value }] : [];
    }),
    events: eventsOf(part('logsource'), part('detection')).map((one) => said(part('detection'), one)),
  });
}

function eventsOf(source: Field, detection: Field): readonly ModelEvents[] {
  const logSource = Object.fromEntries(
    entries(source).flatMap(({ key, field }) => {
      const value = text(field);
      return value === undefined || key === '__proto__' ? [] : [[key, value] as const];
    }),
  );
  const selections = entries(detection).filter(({ key }) => key !== 'condition' && key !== 'timeframe');
  const fields = [...new Set(selections.flatMap(({ field }) => fieldsOf(field)))];
  const ways = waysOf(detection, selections);
  return ways.map((where) => ({ logSource, where, fields }));
}

/** Every field that a selection looks at, also in those that only exclude. */
function fieldsOf(selection: Field): readonly string[] {
  const maps = Array.isArray(selection.value) ? selection.value : [selection.value];
  return maps.flatMap((one) => (isMap(one) ? Object.keys(one).flatMap((key) => key.split('|')[0] || []) : []));
}

/**
 * The events that may match, as alternatives: never fewer than the rule matches. What equality cannot say (patterns, negations, keywords)
 * leaves its field open.
 */
function waysOf(detection: Field, selections: readonly { readonly key: string; readonly field: Field }[]): readonly Where[] {
  const conditions = texts(at(detection, 'condition')).map(({ value }) => value);
  if (conditions.length === 0) detection.notes.warn(detection.pointer, 'has no condition; taken to read the whole log source');
  const open: readonly Where[] = [{}];
  const byName = new Map(selections.map(({ key, field }) => [key, alternatives(field)] as const));
  const found = conditions.flatMap((condition) => {
    const ways = evaluate(condition, byName);
    if (ways) return ways;
    detection.notes.warn(at(detection, 'condition').pointer, 'the condition is not understood; taken to read the whole log source');
    return open;
  });
  const distinct = [...new Map(found.map((where) => [JSON.stringify(where), where])).values()];
  if (distinct.length === 0 || distinct.some((where) => Object.keys(where).length === 0)) return open;
  if (distinct.length > MOST_WAYS) {
    detection.notes.warn(detection.pointer, 'has too many alternatives; taken to read the whole log source');
    return open;
  }
  return distinct;
}

function alternatives(selection: Field): readonly Where[] {
  if (isMap(selection.value)) return [whereOf(selection)];
  const items = list(selection);
  return items.length > 0 && items.every(({ value }) => isMap(value)) ? items.map(whereOf) : [{}];
}

function whereOf(selection: Field): Where {
  return Object.fromEntries(
    entries(selection).flatMap(({ key, field }) => {
      if (key.includes('|') || key === '__proto__') return [];
      const values = Array.isArray(field.value) ? (field.value as readonly unknown[]) : [field.value];
      const plain = values.every((one) => ['string', 'number', 'boolean'].includes(typeof one) && one !== '' && !/[*?]/.test(String(one)));
      return plain && values.length > 0 ? [[key, values.map(String)] as const] : [];
    }),
  );
}

type Ways = readonly Where[];

/** A recursive descent over `and or not ( )`, names, `1 of x*` and `all of them`; nothing where the text is none of it. */
function evaluate(condition: string, byName: ReadonlyMap<string, Ways>): Ways | undefined {
  const tokens = condition.slice(0, 5000).match(/\(|\)|\||[^\s()|]+/g) ?? [];
  let next = 0;
  let depth = 0;
  const peek = (): string | undefined => tokens[next]?.toLowerCase();

  const either = (): Ways | undefined => {
    let ways = both();
    while (ways && peek() === 'or') {
      next += 1;
      const more = both();
      ways = more && bounded([...ways, ...more]);
    }
    return ways;
  };
  const both = (): Ways | undefined => {
    let ways = one();
    while (ways && peek() === 'and') {
      next += 1;
      const more = one();
      ways = more && cross(ways, more);
    }
    return ways;
  };
  const one = (): Ways | undefined => {
    const token = tokens[next];
    next += 1;
    if (token === undefined) return undefined;
    if (token.toLowerCase() === 'not') {
      // What a rule excludes is read all the same, and excluding less asks for more.
      return one() && [{}];
    }
    if (token === '(') {
      depth += 1;
      if (depth > 50) return undefined;
      const ways = either();
      depth -= 1;
      if (peek() !== ')') return undefined;
      next += 1;
      return ways;
    }
    if (/^(?:\d+|all|any)$/i.test(token) && peek() === 'of') {
      const pattern = tokens[next + 1] ?? '';
      next += 2;
      const ways = named(pattern);
      if (ways.length === 0) return undefined;
      return token.toLowerCase() === 'all' ? ways.reduce<Ways>(cross, [{}]) : bounded(ways.flat());
    }
    return byName.get(token);
  };
  const named = (pattern: string): readonly Ways[] => {
    const parts = pattern.split('*');
    const matches = (name: string): boolean =>
      pattern.toLowerCase() === 'them'
        ? !name.startsWith('_')
        : parts.length === 1
          ? name === pattern
          : name.startsWith(parts[0] ?? '') && name.endsWith(parts.at(-1) ?? '');
    return [...byName].filter(([name]) => matches(name)).map(([, ways]) => ways);
  };

  const ways = either();
  // An aggregation (`| count() > 5`) reads the events before it.
  return ways && (next === tokens.length || peek() === '|') ? ways : undefined;
}

function bounded(ways: Ways): Ways {
  return ways.length > MOST_WAYS * 4 ? [{}] : ways;
}

/** Both: a field that both sides name keeps the values of the first. */
function cross(left: Ways, right: Ways): Ways {
  if (left.length * right.length > MOST_WAYS * 4) return [{}];
  return left.flatMap((a) => right.map((b) => ({ ...b, ...a })));
}
