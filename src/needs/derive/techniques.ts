import { intersect, isEmpty, minus, selectorOf } from '../../events/classes.ts';
import { foreignNames, interpret } from '../../events/universe.ts';
import type { Technique, Want } from '../../model/knowledge.ts';
import { own } from '../../model/own.ts';
import type { Source } from '../../model/source.ts';
import type { ModelEvents, ModelThreat, Said, SystemModel } from '../../model/system-model.ts';
import type { FieldCondition, Where } from '../../model/where.ts';
import { knownOf, universe } from '../compile.ts';
import type { Knowledge } from '../knowledge.ts';
import type { Rules } from '../rules.ts';

/** What a technique of a threat wants, and on what. */
export interface WantedTechnique {
  readonly said: Said<string>;
  readonly id: string;
  readonly name: string;
  readonly was?: string;
  readonly wants: readonly (Want & { readonly part?: string })[];
  readonly confidence: number;
  /** ATT&CK's own words for what no cloud log stands for. */
  readonly beyond: readonly string[];
}

export interface Techniques {
  readonly wanted: readonly WantedTechnique[];
  /** Ids that nothing is known of. */
  readonly unknown: readonly Said<string>[];
  /** Those that are not of the model's platforms. */
  readonly elsewhere: readonly WantedTechnique[];
}

/** The techniques of a threat: revoked ids under their new name, those without a sub-technique with all of their parts. */
export function techniquesOf(threat: ModelThreat, model: SystemModel, knowledge: Knowledge): Techniques {
  const wanted = new Map<string, WantedTechnique>();
  const elsewhere: WantedTechnique[] = [];
  const unknown: Said<string>[] = [];
  const platforms = platformsOf(model);
  for (const said of threat.attack) {
    const found = knowledge.technique(said.value);
    if (!found) {
      unknown.push(said);
      continue;
    }
    if (wanted.has(found.id)) continue;
    const here = (technique: Technique): boolean =>
      platforms === undefined || technique.platforms.some((one) => platforms.has(one.toLowerCase()));
    const parts = found.parts.filter(here);
    const own = here(found.technique) ? found.technique.wants : [];
    const wants = [...own, ...parts.flatMap((part) => part.wants.map((want) => ({ ...want, part: part.id })))];
    const one: WantedTechnique = {
      said,
      id: found.id,
      name: found.technique.name,
      ...(found.was === undefined ? {} : { was: found.was }),
      wants,
      confidence: found.was !== undefined || parts.length > 0 ? 0.6 : 0.8,
      beyond: [...new Set([found.technique, ...parts].flatMap((technique) => technique.beyond))],
    };
    if (!here(found.technique) && parts.length === 0) elsewhere.push(one);
    else wanted.set(found.id, one);
  }
  return { wanted: [...wanted.values()], unknown, elsewhere };
}

/** Platforms of older layers, in today's words. */
const RENAMED: Readonly<Record<string, readonly string[]>> = {
  aws: ['iaas'],
  gcp: ['iaas'],
  azure: ['iaas'],
  'azure ad': ['identity provider'],
  'office 365': ['office suite'],
  'google workspace': ['office suite', 'identity provider'],
};

function platformsOf(model: SystemModel): ReadonlySet<string> | undefined {
  if (model.platforms.length === 0) return undefined;
  return new Set(
    model.platforms.flatMap((one) => {
      const word = one.value.toLowerCase();
      return own(RENAMED, word) ?? [word];
    }),
  );
}

/** A detection rule's events as conditions on our sources; nothing where its log source is not known. */
export function detectionOf(
  events: ModelEvents,
  knowledge: Knowledge,
  rules: Rules,
): {
  readonly wants: readonly { readonly source: string; readonly where: Where; readonly fields: readonly string[] }[];
  readonly known: boolean;
} {
  const entry = knowledge.detection(events.logSource);
  if (!entry) return { wants: [], known: false };
  const fieldOf = (name: string): string => own(entry.fields, name.toLowerCase()) ?? name;
  const fields = [...new Set(events.fields.map(fieldOf))].slice(0, 200);
  const where: Where = Object.fromEntries(
    Object.entries(events.where).flatMap(([name, values]) => {
      const field = fieldOf(name);
      const spelt = own(entry.values, field) ?? {};
      const condition = conditionOf(values.map((value) => own(spelt, value.toLowerCase()) ?? value));
      return condition && field.length <= 128 && field !== '__proto__' ? [[field, condition]] : [];
    }),
  );
  const possible = entry.sources.flatMap((id) => {
    const source = rules.sources.get(id);
    if (!source) return [{ source: id, where, fields }];
    // A condition on a field that the source does not list would leave nothing; without it more is asked, never less.
    const own = Object.fromEntries(Object.entries(where).filter(([field]) => Object.hasOwn(source.fields, field)));
    if (!canHold(source, own, rules)) return [];
    // What all of its records have needs no condition.
    const asked = Object.fromEntries(Object.entries(own).filter(([field]) => !isAlways(source, field, own)));
    return [{ source: id, where: asked, fields }];
  });
  return { wants: possible, known: true };
}

function isAlways(source: Source, field: string, where: Where): boolean {
  const has = source.always[field]?.equals;
  const asked = where[field]?.equals;
  return has !== undefined && asked !== undefined && has.every((value) => asked.includes(value));
}

function canHold(source: Source, where: Where, rules: Rules): boolean {
  // Most sources are told apart by a field that each of them has one value of.
  for (const [field, { equals }] of Object.entries(source.always)) {
    const asked = where[field]?.equals;
    if (equals && asked && !asked.some((value) => equals.includes(value))) return false;
  }
  const known = knownOf(source, rules);
  const asked = interpret(selectorOf(where), source, known);
  const foreign = [...foreignNames(asked, source, known).keys()];
  const mine = foreign.length === 0 ? asked : minus(asked, selectorOf({ eventName: { equals: foreign } }));
  return !isEmpty(intersect(mine, universe(source, rules)));
}

/** Values of a rule, where `*` stands for any run of characters at the ends. Nothing where that says too much for a condition. */
function conditionOf(values: readonly string[]): FieldCondition | undefined {
  const plain = values.filter((value) => !value.includes('*'));
  const starts = values.filter((value) => /^[^*]+\*$/.test(value)).map((value) => value.slice(0, -1));
  const ends = values.filter((value) => /^\*[^*]+$/.test(value)).map((value) => value.slice(1));
  const kinds = [plain, starts, ends].filter((list) => list.length > 0);
  if (kinds.length !== 1 || plain.length + starts.length + ends.length !== values.length || values.length > 1000) return undefined;
  if (plain.length > 0) return { equals: plain };
  return starts.length > 0 ? { startsWith: starts } : { endsWith: ends };
}
