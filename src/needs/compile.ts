import { createHash } from 'node:crypto';
import { includes, intersect, isEmpty, minus, NOTHING, type Selector, selectorOf } from '../events/classes.ts';
import { globMatches } from '../events/glob.ts';
import { ALL_STRINGS, members } from '../events/strings.ts';
import { foreignNames, interpret, universeOf } from '../events/universe.ts';
import type { Binding } from '../model/assessment.ts';
import { DAY } from '../model/duration.ts';
import { own } from '../model/own.ts';
import type { At } from '../model/scope.ts';
import type { Equivalent, KnownEvents, Source } from '../model/source.ts';
import type { Asset, NeedStatement, Threat, ThreatModel } from '../model/threat-model.ts';
import type { FieldCondition, Where } from '../model/where.ts';
import type { Demand } from '../paths/evaluate.ts';
import { canonical } from '../store/view.ts';
import type { Rules } from './rules.ts';

/** One way to meet a need: events of one source. */
export interface Alternative {
  readonly sourceId: string;
  /** Undefined: no source of this id is known. */
  readonly source: Source | undefined;
  /** The needed events that can happen, before an asset's resource narrows them. */
  readonly events: Selector;
  /** Of these, those of services that the need names. */
  readonly ofNamedServices: Selector;
  /** Where every needed event is one that the source never records. */
  readonly unlogged: string | undefined;
  /** Parts of what is asked that no event of the source can be, each with the reason. */
  readonly impossible: readonly string[];
  /** What is odd about the conditions, without changing the answer. */
  readonly notes: readonly string[];
  readonly substitutes: readonly Equivalent[];
  /** Said where this source is itself a substitute for the first alternative. */
  readonly loss?: string;
}

/** A need of a threat for one asset, ready to be judged. */
export interface Need {
  readonly id: string;
  readonly system: string;
  readonly threat: Threat;
  readonly asset: Asset | undefined;
  readonly statement: NeedStatement;
  readonly at: At;
  /** The resources that its asset was found to be, where the model names none. */
  readonly bound?: { readonly is: Binding['is']; readonly ids: readonly string[]; readonly score?: number };
  readonly alternatives: readonly Alternative[];
  readonly demand: Demand;
  readonly wants: string;
}

/** Turns a threat model into needs, one for each need and asset of every threat. */
export function needsOf(model: ThreatModel, rules: Rules): Need[] {
  const assets = new Map(model.assets.map((asset) => [asset.id, asset]));
  return model.threats.flatMap((threat) =>
    // Asset by asset; what is for no asset in particular comes first.
    [undefined, ...new Set([...threat.assets, ...threat.needs.flatMap((need) => need.assets ?? [])])].flatMap((id) =>
      threat.needs.flatMap((statement, index) => {
        const own = statement.assets ?? threat.assets;
        if (id === undefined ? own.length > 0 : !own.includes(id)) return [];
        return [needOf(model.system, threat, id === undefined ? undefined : assets.get(id), statement, index, rules)];
      }),
    ),
  );
}

function needOf(system: string, threat: Threat, asset: Asset | undefined, statement: NeedStatement, index: number, rules: Rules): Need {
  const at = placed(narrower(asset?.at ?? {}, statement.at ?? {}));
  const wanted = statement.anyOf ?? [{ source: statement.source, events: statement.events, where: statement.where }];
  // Conditions beside `anyOf` hold for each alternative.
  const alternatives = wanted.map((one) => alternativeOf(one, statement.anyOf ? statement.where : undefined, rules));
  const [first] = alternatives;
  const withLoss = alternatives.map((alternative, position) => {
    const one = attributed(alternative, statement);
    const loss = position > 0 ? first?.source?.equivalents.find((equivalent) => equivalent.source === one.sourceId)?.loss : undefined;
    return loss === undefined ? one : { ...one, loss };
  });
  return {
    id: stableId([system, threat.id, asset?.id ?? '', statement.id ?? index, asked(statement)]),
    system,
    threat,
    asset,
    statement,
    at,
    alternatives: withLoss,
    demand: {
      ...(statement.reach === undefined ? {} : { reach: statement.reach }),
      ...(statement.searchable === undefined ? {} : { searchableDays: statement.searchable / DAY }),
      ...(statement.retain === undefined ? {} : { totalDays: statement.retain / DAY }),
      ...(statement.within === undefined ? {} : { withinSeconds: statement.within }),
      ...(statement.fields === undefined ? {} : { fields: statement.fields }),
    },
    wants: wantsOf(statement, rules),
  };
}

/** Twelve hex digits that are equal for equal values. */
export function stableId(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 12);
}

/** Where nothing tells whether a source names the user who acts, that is a remark. Where it does not, the assessment says so. */
function attributed(alternative: Alternative, { attribution }: NeedStatement): Alternative {
  if (!attribution || attribution.met !== undefined || !alternative.source) return alternative;
  const remark = `Whether it names the user who acts is up to what writes ${alternative.source.name}.`;
  return { ...alternative, notes: [...alternative.notes, remark] };
}

const BESIDE = new Set(['assets', 'threats', 'priority', 'keeps', 'attribution', 'reasons', 'verify', 'detection', 'note']);

/** What is asked, without what it rests on and whom else it serves: other reasons do not make it another need. */
function asked(statement: NeedStatement): Partial<NeedStatement> {
  return Object.fromEntries(Object.entries(statement).filter(([key]) => !BESIDE.has(key)));
}

/** A need's place within its asset's: of two patterns the one that the other takes in. Where they contradict each other the need's stands. */
function narrower(asset: At, need: At): At {
  const at: Record<string, string | undefined> = { ...asset, ...need };
  for (const field of ['account', 'region', 'resource'] as const) {
    const [wide, narrow] = [asset[field], need[field]];
    if (wide !== undefined && narrow !== undefined && globMatches(narrow, wide)) at[field] = wide;
  }
  return at;
}

/** An ARN tells the account and the region of what it names, where the model does not. */
function placed(at: At): At {
  const [, , , region, account] = /^arn:[^:]+:[^:]+:([^:]*):([^:]*):/.test(at.resource ?? '') ? (at.resource as string).split(':') : [];
  return {
    ...at,
    ...(at.account === undefined && account ? { account } : {}),
    ...(at.region === undefined && region ? { region } : {}),
  };
}

const universes = new WeakMap<Source, Selector>();

/** What can happen in a source. */
export function universe(source: Source, rules: Rules): Selector {
  let all = universes.get(source);
  if (!all) universes.set(source, (all = universeOf(source, knownOf(source, rules))));
  return all;
}

export function knownOf(source: Source, rules: Rules): KnownEvents | undefined {
  return source.known === undefined ? undefined : rules.known.get(source.known);
}

function alternativeOf(
  wanted: { source?: string | undefined; events?: string | undefined; where?: Where | undefined },
  and: Where | undefined,
  rules: Rules,
): Alternative {
  const named = wanted.events === undefined ? undefined : eventsNamed(wanted.events, rules);
  const id = named?.source ?? wanted.source ?? wanted.events ?? '';
  let source = rules.sources.get(id);
  let selector = intersect(intersect(selectorOf(named?.where ?? {}), selectorOf(wanted.where ?? {})), selectorOf(and ?? {}));
  // A view is a part of another source's events under a name of its own.
  if (source?.view) {
    selector = intersect(selector, selectorOf(source.view.where));
    source = rules.sources.get(source.view.of);
  }
  if (!source)
    return {
      sourceId: id,
      source: undefined,
      events: NOTHING,
      ofNamedServices: NOTHING,
      unlogged: undefined,
      impossible: [],
      notes: [],
      substitutes: [],
    };
  const known = knownOf(source, rules);
  const asked = interpret(selector, source, known);
  const never = source.unlogged.find((one) => !isEmpty(asked) && includes(selectorOf(one.where), asked));
  const foreign = foreignNames(asked, source, known);
  const recorded = source.unlogged.reduce<Selector>(
    (some, one) => (namedIn(asked, one.where) ? minus(some, selectorOf(one.where)) : some),
    asked,
  );
  const own =
    foreign.size === 0 ? recorded : minus(recorded, selectorOf({ [known?.fields.name ?? 'eventName']: { equals: [...foreign.keys()] } }));
  const events = intersect(own, universe(source, rules));
  const impossible = [
    ...(never
      ? []
      : source.unlogged.filter((one) => namedIn(asked, one.where)).map((one) => `no log source records a part of this: ${one.why}`)),
    ...[...foreign].map(([name, what]) => `no event of ${source.name} is called ${name}, which is ${what}`),
  ];
  return {
    sourceId: source.id,
    source,
    events,
    ofNamedServices: intersect(
      own.filter((one) => members(one.get(known?.fields.service ?? 'eventSource') ?? ALL_STRINGS) !== undefined),
      universe(source, rules),
    ),
    unlogged: never?.why,
    impossible:
      isEmpty(events) && impossible.length === 0 && !never
        ? [`no event of ${source.name} can meet all of the conditions (${conditionsSaid(wanted.where ?? named?.where ?? {})})`]
        : impossible,
    notes: [...Object.keys(named?.where ?? {}), ...Object.keys(wanted.where ?? {})]
      .filter((field) => !Object.hasOwn(source.fields, field) && !Object.hasOwn(source.always, field))
      .map((field) => `${field} is not among the known fields of ${source.id}: nothing tells what it holds.`),
    substitutes: named === undefined ? [] : source.equivalents,
  };
}

/** Whether classes that list their values in these fields name some for which the condition holds. */
function namedIn(selector: Selector, where: Where): boolean {
  const listed = selector.filter((one) => Object.keys(where).every((field) => members(one.get(field) ?? ALL_STRINGS) !== undefined));
  return !isEmpty(intersect(listed, selectorOf(where)));
}

function conditionsSaid(where: Where): string {
  return Object.entries(where)
    .map(([field, condition]) => `${field} ${sayCondition(condition)}`)
    .join(' and ');
}

/** A named class, `<source>.<class>` or a source as a whole; all of them accept the source's equivalents. */
export function eventsNamed(id: string, rules: Rules): { source: string; where: Where } | undefined {
  const named = rules.events.get(id);
  if (named) return { source: named.source, where: named.where };
  if (rules.sources.has(id)) return { source: id, where: {} };
  const dot = id.lastIndexOf('.');
  const part = own(rules.sources.get(id.slice(0, dot))?.classes ?? {}, id.slice(dot + 1));
  return part ? { source: id.slice(0, dot), where: part.where } : undefined;
}

/** Limits events of a source to those of one resource, where the source's events name it. Several ids: any of them. */
export function narrowed(events: Selector, source: Source, resources: readonly string[]): Selector {
  const field = source.resource?.field;
  const patterns = source.resource?.values;
  if (!field || !patterns || resources.length === 0) return events;
  const values = resources.flatMap((resource) =>
    patterns.map((pattern) =>
      pattern.replaceAll('{resource}', () => resource).replaceAll('{id}', () => resource.split(/[/:]/).at(-1) ?? resource),
    ),
  );
  const condition: FieldCondition[] = [
    { equals: values.filter((value) => !value.includes('*')) },
    { startsWith: values.filter((value) => value.includes('*')).map((value) => value.slice(0, value.indexOf('*'))) },
  ].filter((one) => (one.equals ?? one.startsWith ?? []).length > 0);
  return intersect(
    events,
    condition.flatMap((one) => selectorOf({ [field]: one })),
  );
}

function wantsOf(statement: NeedStatement, rules: Rules): string {
  const one = (wanted: { source?: string | undefined; events?: string | undefined; where?: Where | undefined }): string => {
    const name = wanted.events === undefined ? undefined : rules.events.get(wanted.events)?.name;
    const what = name ? `${name} (${wanted.events})` : (wanted.events ?? wanted.source ?? '');
    const conditions = conditionsSaid(wanted.where ?? {});
    return conditions === '' ? what : `${what} where ${conditions}`;
  };
  const events = statement.anyOf ? statement.anyOf.map(one).join(' or ') : one(statement);
  const days = (seconds: number) => `${Math.round((seconds / DAY) * 100) / 100} days`;
  return [
    events,
    ...(statement.reach === undefined ? [] : [`in ${statement.reach}`]),
    ...(statement.searchable === undefined ? [] : [`searchable for ${days(statement.searchable)}`]),
    ...(statement.retain === undefined ? [] : [`kept for ${days(statement.retain)}`]),
    ...(statement.within === undefined ? [] : [`within ${Math.round(statement.within / 60)} minutes`]),
    ...(statement.fields === undefined ? [] : [`with ${statement.fields.join(', ')}`]),
  ].join(', ');
}

function sayCondition(condition: FieldCondition): string {
  const said = (word: string, values: readonly string[] | undefined) =>
    values ? [`${word} ${values.slice(0, 3).join(' or ')}${values.length > 3 ? ` or ${values.length - 3} more` : ''}`] : [];
  return [
    ...said('is', condition.equals),
    ...said('starts with', condition.startsWith),
    ...said('ends with', condition.endsWith),
    ...said('is not', condition.notEquals),
    ...said('does not start with', condition.notStartsWith),
    ...said('does not end with', condition.notEndsWith),
  ].join(' and ');
}
