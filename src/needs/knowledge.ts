import { join } from 'node:path';
import { globMatches } from '../events/glob.ts';
import {
  AttackFile,
  type CatalogueEntry,
  CatalogueFile,
  ClaimsFile,
  type ClaimWords,
  type ComponentType,
  ComponentTypesFile,
  type DataComponent,
  type DetectionLogSource,
  DetectionsFile,
  type Lexicon,
  type PlaceRule,
  PlacesFile,
  type References,
  RetentionProfile,
  type RevokedTechnique,
  type Stride,
  type StrideCell,
  StrideFile,
  type Technique,
  type Unobservable,
  UnobservableFile,
  type Vendor,
  type Verification,
  VerificationFile,
  type Want,
  type Weakness,
  WeaknessesFile,
} from '../model/knowledge.ts';
import { own } from '../model/own.ts';
import { type Found, phrases } from './phrases.ts';
import { files, idOf, loadRules, ownRules, type Rules } from './rules.ts';
import { openYaml, type Yaml } from './yaml.ts';

/** What needs are derived from: `rules/knowledge` and `rules/retention`. */
export interface Knowledge {
  readonly types: ReadonlyMap<string, ComponentType>;
  /** For importers: services that stand for themselves, without generic kinds. */
  readonly lexicon: Lexicon;
  /** The types that a name or text may mean, in its order; generic kinds and weak words only where the vendor is given. */
  named(text: string, vendor?: Vendor): readonly Named[];
  /** The type of an ARN, ARM id or full resource name. */
  typeOfResource(resource: string): string | undefined;
  /** The STRIDE table: what shows a category on a type. */
  readonly cells: readonly StrideCell[];
  cell(type: string, stride: Stride): StrideCell | undefined;
  readonly attackRelease: string;
  readonly techniques: ReadonlyMap<string, Technique>;
  readonly revoked: ReadonlyMap<string, RevokedTechnique>;
  /** What an ATT&CK id as written (`attack.t1562.008`, `T1530 - Data from Cloud Storage`) stands for; nothing where it is no known id. */
  technique(written: string): FoundTechnique | undefined;
  /** Sources by ATT&CK's log source name, in any case (`AWS:CloudTrail`). */
  attackLogSource(name: string): readonly string[] | undefined;
  /** By id, or name in any case (`Cloud Storage Access`). */
  dataComponent(idOrName: string): DataComponent | undefined;
  readonly detections: readonly DetectionLogSource[];
  /** The entry that fits a rule's log source best: the one with the most parts equal. */
  detection(logSource: Readonly<Record<string, string>>): DetectionLogSource | undefined;
  readonly claims: readonly ClaimWords[];
  /** What a text claims to be logged, in its order. */
  claimsIn(text: string): readonly Found<ClaimWords>[];
  /** The claim of a checking tool's rule (`S3BucketLoggingEnabled`, also with the tool's name before it). */
  claimOfRule(rule: string): ClaimWords | undefined;
  /** Lengths of time that a text says something is kept for; `days` are whole. */
  retentionIn(text: string): readonly Found<{ readonly days: number }>[];
  readonly places: readonly PlaceRule[];
  readonly weaknesses: readonly Weakness[];
  weakness(kind: 'capec' | 'cwe', id: string): Weakness | undefined;
  readonly unobservable: readonly Unobservable[];
  /** Why no cloud log can show what a text describes; nothing where one might. */
  unobservableIn(text: string): Found<Unobservable> | undefined;
  readonly verifications: readonly Verification[];
  /** The harmless action that shows these events; the source's own where the class has none. */
  verification(want: Pick<Want, 'events' | 'source'>): Verification | undefined;
  readonly catalogue: ReadonlyMap<string, CatalogueEntry>;
  /** Profiles of keeping by id; `default` is always there. */
  readonly retention: ReadonlyMap<string, RetentionProfile>;
  /** Documents by the name that `cites` uses. */
  readonly references: ReadonlyMap<string, { readonly title: string; readonly url: string }>;
}

export interface Named {
  readonly type: string;
  readonly word: string;
  readonly index: number;
  /** A service's own name, a word that counts only for this vendor, or a generic kind resolved by the vendor. */
  readonly by: 'service' | 'weak' | 'kind';
  /** Generic kinds: what else it could be. */
  readonly or: readonly string[];
}

export interface FoundTechnique {
  /** The id as it is today. */
  readonly id: string;
  /** What was written, where ATT&CK has renamed it since. */
  readonly was?: string;
  readonly technique: Technique;
  /** Of a technique written without a sub-technique: those that it has. */
  readonly parts: readonly Technique[];
}

const loaded = new Map<string, Knowledge>();

/**
 * Reads the knowledge of a rules folder, by default that of this package. Read once per folder and process. Anything wrong in a file, an id
 * that nothing has among it, is an `InputError` with file, line and column.
 */
export function loadKnowledge(folder: string = ownRules()): Knowledge {
  const knowledge = loaded.get(folder) ?? read(folder, loadRules(folder));
  loaded.set(folder, knowledge);
  return knowledge;
}

/** Each file is read when something of it is first asked for: the large ones (techniques, verifications) are often not needed. */
function read(folder: string, rules: Rules): Knowledge {
  const open = (name: string): Yaml => openYaml(join(folder, 'knowledge', name));

  const catalogue = once(() => {
    const file = open('catalogue.yaml');
    return byId(file, 'sources', file.as(CatalogueFile).sources);
  });
  const check = checks(rules, catalogue);

  const types = once(() => {
    const file = open('component-types.yaml');
    const all = byId(file, 'types', file.as(ComponentTypesFile).types);
    for (const [index, type] of [...all.values()].entries())
      for (const [vendor, ids] of Object.entries(type.resolves ?? {}))
        for (const [position, id] of (ids ?? []).entries())
          if (all.get(id)?.resolves !== undefined || !all.has(id))
            throw file.error(['types', index, 'resolves', vendor, position], `"${id}" is no type of a service; add it to this file`);
    return { all, ...typesFound(file, all) };
  });
  const isType = (file: Yaml, path: Path, ids: readonly string[] = []): void => {
    for (const [index, id] of ids.entries())
      if (!types().all.has(id)) throw file.error([...path, index], `no component type is called "${id}"; add it to component-types.yaml`);
  };
  const resources = once(() =>
    [...types().all.values()]
      .flatMap((type) => type.resource.map((pattern) => ({ pattern: pattern.toLowerCase(), type: type.id })))
      .sort((a, b) => b.pattern.length - a.pattern.length),
  );

  const stride = once(() => {
    const cells: StrideCell[] = [];
    const table = new Map<string, StrideCell>();
    const references = new Map<string, Reference>();
    for (const path of files(join(folder, 'knowledge', 'stride'))) {
      const file = openYaml(path);
      const read = file.as(StrideFile);
      cite(file, read.references, read.cells, 'cells', references);
      for (const [index, cell] of read.cells.entries()) {
        isType(file, ['cells', index, 'types'], cell.types);
        check.wants(file, ['cells', index, 'wants'], cell.wants);
        for (const key of cell.types.flatMap((type) => cell.stride.map((one) => `${type} ${one}`))) {
          if (table.has(key)) throw file.error(['cells', index], `there is a cell for ${key} already; put them together`);
          table.set(key, cell);
        }
        cells.push(cell);
      }
    }
    return { cells, table, references };
  });

  const attack = once(() => {
    const file = open('attack.yaml');
    const read = file.as(AttackFile);
    const techniques = byId(file, 'techniques', read.techniques);
    const revoked = byId(file, 'revoked', read.revoked);
    for (const [index, technique] of read.techniques.entries()) {
      check.wants(file, ['techniques', index, 'wants'], technique.wants);
      if (revoked.has(technique.id)) throw file.error(['techniques', index, 'id'], `${technique.id} is revoked; use its new id`);
    }
    for (const [index, one] of read.revoked.entries())
      if (!techniques.has(one.to)) throw file.error(['revoked', index, 'to'], `no technique is called "${one.to}"`);
    for (const list of ['logSources', 'dataComponents'] as const)
      for (const [index, one] of read[list].entries()) check.sources(file, [list, index, 'sources'], one.sources);
    return {
      release: read.release,
      techniques,
      revoked,
      sources: new Map(read.logSources.map((one) => [one.name.toLowerCase(), one.sources] as const)),
      components: new Map(
        read.dataComponents.flatMap((one) => [[one.id.toLowerCase(), one] as const, [one.name.toLowerCase(), one] as const]),
      ),
    };
  });

  const detections = once(() => {
    const file = open('detections.yaml');
    const { logSources } = file.as(DetectionsFile);
    for (const [index, one] of logSources.entries()) check.sources(file, ['logSources', index, 'sources'], one.sources);
    return logSources;
  });

  const claims = once(() => {
    const file = open('claims.yaml');
    const read = file.as(ClaimsFile);
    byId(file, 'claims', read.claims);
    for (const [index, claim] of read.claims.entries()) {
      check.sources(file, ['claims', index, 'sources'], claim.sources);
      for (const key of ['byType', 'byVendor'] as const)
        for (const [name, sources] of Object.entries(claim[key])) check.sources(file, ['claims', index, key, name], sources ?? []);
      for (const type of Object.keys(claim.byType))
        if (!types().all.has(type)) throw file.error(['claims', index, 'byType', type], `no component type is called "${type}"`);
    }
    const wordsOf = (claim: ClaimWords) => [...claim.words, ...claim.rules.map((rule) => rule.toLowerCase())];
    return {
      all: read.claims,
      find: phrases(unique(file, 'claims', read.claims, wordsOf)),
      rules: new Map(read.claims.flatMap((claim) => claim.rules.map((rule) => [rule.toLowerCase(), claim] as const))),
      durations: durationsFound(read),
    };
  });

  const places = once(() => {
    const file = open('places.yaml');
    const read = file.as(PlacesFile);
    byId(file, 'rules', read.rules);
    const references = new Map<string, Reference>();
    cite(file, read.references, read.rules, 'rules', references);
    for (const [index, rule] of read.rules.entries()) {
      isType(file, ['rules', index, 'types'], rule.types);
      check.wants(file, ['rules', index, 'wants'], rule.wants);
    }
    return { rules: read.rules, references };
  });

  const weaknesses = once(() => {
    const file = open('weaknesses.yaml');
    const all = file.as(WeaknessesFile).weaknesses;
    const by = { capec: new Map<string, Weakness>(), cwe: new Map<string, Weakness>() };
    for (const [index, weakness] of all.entries())
      for (const kind of ['capec', 'cwe'] as const)
        for (const [position, id] of weakness[kind].entries()) {
          if (by[kind].has(id)) throw file.error(['weaknesses', index, kind, position], `${id} is there twice`);
          by[kind].set(id, weakness);
        }
    return { all, by };
  });

  const unobservable = once(() => {
    const file = open('unobservable.yaml');
    const all = file.as(UnobservableFile).kinds;
    byId(file, 'kinds', all);
    return {
      all,
      find: phrases(unique(file, 'kinds', all, (kind) => kind.words)),
      unless: new Map(all.map((kind) => [kind.id, phrases(kind.unless.map((word) => [word, true] as const))] as const)),
    };
  });

  const verifications = once(() => {
    const file = open('verification.yaml');
    const all = file.as(VerificationFile).verifications;
    check.wants(file, ['verifications'], all);
    const by = new Map<string, Verification>();
    for (const [index, one] of all.entries()) {
      const key = one.events ?? (one.source as string);
      if (by.has(key)) throw file.error(['verifications', index], `"${key}" is there twice`);
      by.set(key, one);
    }
    return { all, by };
  });

  const retention = once(() => {
    const profiles = new Map<string, RetentionProfile>();
    for (const path of files(join(folder, 'retention'))) {
      const file = openYaml(path);
      const profile = file.as(RetentionProfile);
      if (profile.id !== idOf(path)) throw file.error(['id'], `"${profile.id}" is not the file's name; rename one of them`);
      profiles.set(profile.id, profile);
    }
    return profiles;
  });

  const references = once(() => new Map([...stride().references, ...places().references]));

  return {
    get types() {
      return types().all;
    },
    get lexicon() {
      return types().lexicon;
    },
    named: (text, vendor) => types().named(text, vendor),
    typeOfResource(resource) {
      const text = resource.toLowerCase();
      return resources().find(({ pattern }) => globMatches(pattern, text))?.type;
    },
    get cells() {
      return stride().cells;
    },
    cell: (type, category) => stride().table.get(`${type} ${category}`),
    get attackRelease() {
      return attack().release;
    },
    get techniques() {
      return attack().techniques;
    },
    get revoked() {
      return attack().revoked;
    },
    technique: (written) => techniqueOf(written, attack().techniques, attack().revoked),
    attackLogSource: (name) => attack().sources.get(name.toLowerCase()),
    dataComponent: (idOrName) => attack().components.get(idOrName.trim().toLowerCase()),
    get detections() {
      return detections();
    },
    detection: (logSource) => detectionOf(detections(), logSource),
    get claims() {
      return claims().all;
    },
    claimsIn: (text) => claims().find(text),
    claimOfRule(rule) {
      const { rules } = claims();
      return rules.get(rule.trim().toLowerCase()) ?? rules.get((/[^\s:]+$/.exec(rule.trim())?.[0] ?? '').toLowerCase());
    },
    retentionIn: (text) => claims().durations(text),
    get places() {
      return places().rules;
    },
    get weaknesses() {
      return weaknesses().all;
    },
    weakness: (kind, id) => weaknesses().by[kind].get(id),
    get unobservable() {
      return unobservable().all;
    },
    unobservableIn(text) {
      const { find, unless } = unobservable();
      return find(text).find(({ value }) => unless.get(value.id)?.(text).length === 0);
    },
    get verifications() {
      return verifications().all;
    },
    verification({ events, source }) {
      const { by } = verifications();
      return by.get(events ?? '') ?? by.get(source ?? rules.events.get(events ?? '')?.source ?? '');
    },
    get catalogue() {
      return catalogue();
    },
    get retention() {
      return retention();
    },
    get references() {
      return references();
    },
  };
}

interface Reference {
  readonly title: string;
  readonly url: string;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

type Path = readonly PropertyKey[];

function byId<T extends { readonly id: string }>(file: Yaml, list: string, entries: readonly T[]): Map<string, T> {
  const map = new Map<string, T>();
  for (const [index, entry] of entries.entries()) {
    if (map.has(entry.id)) throw file.error([list, index, 'id'], `"${entry.id}" is there twice; remove one of them`);
    map.set(entry.id, entry);
  }
  return map;
}

/** Phrases with their entries; one phrase may belong to one entry only. */
function unique<T>(file: Yaml, list: string, entries: readonly T[], wordsOf: (entry: T) => readonly string[]): [string, T][] {
  const owner = new Map<string, T>();
  for (const [index, entry] of entries.entries())
    for (const word of wordsOf(entry)) {
      if ((owner.get(word) ?? entry) !== entry)
        throw file.error([list, index], `another entry has "${word}" already; one of them may keep it`);
      owner.set(word, entry);
    }
  return [...owner];
}

/** Every document cited is among the file's references, and those of one name are one document. */
function cite(
  file: Yaml,
  known: References,
  entries: readonly { readonly cites: readonly string[] }[],
  list: string,
  all: Map<string, Reference>,
): void {
  for (const [name, reference] of Object.entries(known)) {
    if ((all.get(name)?.url ?? reference.url) !== reference.url)
      throw file.error(['references', name], `another file calls ${all.get(name)?.url} so; rename one of them`);
    all.set(name, reference);
  }
  for (const [index, { cites }] of entries.entries())
    for (const [position, name] of cites.entries())
      if (!Object.hasOwn(known, name))
        throw file.error([list, index, 'cites', position], `no reference is called "${name}"; add it to this file's references`);
}

function checks(rules: Rules, catalogue: () => ReadonlyMap<string, CatalogueEntry>) {
  const isSource = (file: Yaml, path: Path, id: string): void => {
    if (!rules.sources.has(id) && !catalogue().has(id))
      throw file.error(path, `no source is called "${id}"; add it to rules/sources or to rules/knowledge/catalogue.yaml`);
  };
  return {
    sources(file: Yaml, path: Path, ids: readonly string[]): void {
      for (const [index, id] of ids.entries()) isSource(file, [...path, index], id);
    },
    wants(file: Yaml, path: Path, wants: readonly Pick<Want, 'events' | 'source' | 'where'>[]): void {
      for (const [index, want] of wants.entries()) {
        const at = [...path, index];
        if (want.source !== undefined) isSource(file, [...at, 'source'], want.source);
        if (want.events !== undefined && !rules.events.has(want.events))
          throw file.error([...at, 'events'], `no events are called "${want.events}"; add them to rules/events or name a source`);
        const fields = rules.sources.get(want.source ?? '')?.fields;
        for (const field of Object.keys((fields && want.where) ?? {}))
          if (fields && !own(fields, field)) throw file.error([...at, 'where', field], `"${field}" is not a field of ${want.source}`);
      }
    },
  };
}

const NATIVE = ['cloudformation', 'terraform', 'arm', 'asset', 'kubernetes'] as const;

function typesFound(file: Yaml, types: ReadonlyMap<string, ComponentType>): Pick<Knowledge, 'lexicon' | 'named'> {
  const all = [...types.values()];
  const concrete = (type: ComponentType): boolean => type.resolves === undefined;
  const service = phrases(unique(file, 'types', all, (type) => (concrete(type) ? type.words : [])));
  const weak = new Map(
    [...new Set(all.map((type) => type.vendor))].map((vendor) => {
      const some = all.map((type) => (type.vendor === vendor ? type : { ...type, weakWords: [] }));
      return [vendor, phrases(unique(file, 'types', some, (type) => type.weakWords))] as const;
    }),
  );
  const kinds = phrases(unique(file, 'types', all, (type) => (concrete(type) ? [] : [...type.words, ...type.weakWords])));

  const names = new Map<string, string>();
  const starts: { readonly start: string; readonly type: string }[] = [];
  for (const [index, type] of all.entries()) {
    for (const name of [...NATIVE.flatMap((kind) => type.native[kind] ?? []), ...type.tags]) {
      const key = name.toLowerCase();
      if ((names.get(key) ?? type.id) !== type.id) throw file.error(['types', index], `"${name}" is ${names.get(key)} already`);
      if (key.endsWith('*')) starts.push({ start: key.slice(0, -1), type: type.id });
      else names.set(key, type.id);
    }
  }
  starts.sort((a, b) => b.start.length - a.start.length);

  const typeOf = (nativeType: string): string | undefined => {
    const key = nativeType.trim().toLowerCase();
    // A label with the type behind it: `Topic of orders (AWS::SNS::Topic)`.
    const inner = key.endsWith(')') ? key.slice(key.lastIndexOf('(') + 1, -1).trim() : '';
    return names.get(key) ?? names.get(inner) ?? starts.find(({ start }) => key.startsWith(start))?.type;
  };

  return {
    lexicon: {
      typeOf,
      services(text) {
        const seen = new Set<string>();
        return service(text).flatMap(({ value, word, index }) => {
          if (seen.has(value.id)) return [];
          seen.add(value.id);
          return [{ type: value.id, word, index }];
        });
      },
    },
    named(text, vendor) {
      const sure = service(text).map(({ value, word, index }): Named => ({ type: value.id, word, index, by: 'service', or: [] }));
      if (sure.length > 0 || vendor === undefined) return sure;
      const likely = (weak.get(vendor)?.(text) ?? []).map(
        ({ value, word, index }): Named => ({ type: value.id, word, index, by: 'weak', or: [] }),
      );
      const generic = (): Named[] =>
        kinds(text).flatMap(({ value, word, index }): Named[] => {
          const [type, ...or] = value.resolves?.[vendor] ?? [];
          return type === undefined ? [] : [{ type, word, index, by: 'kind', or }];
        });
      if (likely.length === 0) return generic();
      // A database server is a database before it is a server.
      if (!likely.every(({ word }) => /^(?:servers?|hosts?|instances?)$/i.test(word))) return likely;
      const said = generic();
      return said.length > 0 ? said : likely;
    },
  };
}

function techniqueOf(
  written: string,
  techniques: ReadonlyMap<string, Technique>,
  revoked: ReadonlyMap<string, RevokedTechnique>,
): FoundTechnique | undefined {
  const id = /(?<![A-Za-z0-9])t\d{4}(?:\.\d{3})?(?![0-9])/i.exec(written)?.[0].toUpperCase();
  if (id === undefined) return undefined;
  const renamed = revoked.get(id)?.to;
  const technique = techniques.get(renamed ?? id);
  if (!technique) return undefined;
  const parts = technique.id.includes('.') ? [] : [...techniques.values()].filter((one) => one.id.startsWith(`${technique.id}.`));
  return { id: technique.id, ...(renamed === undefined ? {} : { was: id }), technique, parts };
}

function detectionOf(
  detections: readonly DetectionLogSource[],
  logSource: Readonly<Record<string, string>>,
): DetectionLogSource | undefined {
  const parts = ['product', 'service', 'category'] as const;
  const fits = detections
    .map((one) => ({ one, said: parts.filter((part) => one[part] !== undefined) }))
    .filter(({ one, said }) => said.every((part) => own(logSource, part)?.toLowerCase() === one[part]?.toLowerCase()));
  return fits.sort((a, b) => b.said.length - a.said.length)[0]?.one;
}

/** How many words may stand between a length of time and the word that says it is a time of keeping. */
const NEAR = 8;

function durationsFound(claims: {
  keeping: string[];
  numbers: Record<string, number>;
  units: Record<string, number>;
}): Knowledge['retentionIn'] {
  const keeping = phrases(claims.keeping.map((word) => [word, true] as const));
  // A full stop, a semicolon or an empty line between them: the one says nothing of the other.
  return (text) => {
    const found: Found<{ readonly days: number }>[] = [];
    let from = 0;
    for (const sentence of text.split(/(?<=[.;!?])(?=\s)|(?=\n\s{0,8}\n)/)) {
      for (const one of inSentence(sentence)) found.push({ ...one, index: one.index + from });
      from += sentence.length;
    }
    return found;
  };

  function inSentence(text: string): Found<{ readonly days: number }>[] {
    const tokens = Array.from(text.matchAll(/\d+|\p{L}+/gu), (match) => ({ text: match[0].toLowerCase(), index: match.index }));
    const cues = keeping(text).map(({ index }) => index);
    const found: Found<{ readonly days: number }>[] = [];
    let cue = 0;
    for (const [at, unit] of tokens.entries()) {
      const size = own(claims.units, unit.text);
      const before = tokens[at - 1];
      if (size === undefined || !before || unit.index - before.index - before.text.length > 2) continue;
      const number = /^\d{1,5}$/.test(before.text) ? Number(before.text) : own(claims.numbers, before.text);
      if (number === undefined || number === 0) continue;
      const [first, last] = [tokens[Math.max(0, at - 1 - NEAR)], tokens[Math.min(tokens.length - 1, at + NEAR)]];
      while (cue < cues.length && (cues[cue] as number) < (first?.index ?? 0)) cue += 1;
      if (cue >= cues.length || (cues[cue] as number) > (last?.index ?? 0)) continue;
      found.push({
        value: { days: daysOf(number, size) },
        word: text.slice(before.index, unit.index + unit.text.length),
        index: before.index,
      });
    }
    return found;
  }
}

/** Months and years by their longest: 3 months are 92 days, 6 are 184, 12 are 366, 7 years are 2557. */
export function daysOf(count: number, unitDays: number): number {
  if (unitDays === 365) return count * 365 + Math.ceil(count / 4);
  if (unitDays !== 30) return Math.ceil(count * unitDays);
  const [years, months] = [Math.floor(count / 12), count % 12];
  const longest = [0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337][months] as number;
  return years === 0 ? longest : daysOf(years, 365) + longest;
}
