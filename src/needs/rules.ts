import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../model/input-error.ts';
import { own } from '../model/own.ts';
import { KnownEvents, type NamedEvents, NamedEventsFile, Source } from '../model/source.ts';
import type { Where } from '../model/where.ts';
import { type LoadedModel, loadModels } from './model-file.ts';
import { openYaml, type Yaml } from './yaml.ts';

/** What is known of log sources and their events, from the `rules` folder. */
export interface Rules {
  readonly sources: ReadonlyMap<string, Source>;
  /** Named event classes: the entries of `rules/events`, and every class that a source names (`<source>.read`). */
  readonly events: ReadonlyMap<string, NamedEvents>;
  /** Tables of known single events, by the name that sources refer to (`aws.cloudtrail`). */
  readonly known: ReadonlyMap<string, KnownEvents>;
  /** The built-in threat models. */
  readonly threats: readonly LoadedModel[];
}

const loaded = new Map<string, Rules>();

/**
 * Reads the rules of a folder, by default those of this package. Read once per folder and process. Anything wrong in a file is an
 * `InputError` with file, line and column.
 */
export function loadRules(folder: string = ownRules()): Rules {
  const rules = loaded.get(folder) ?? read(folder);
  loaded.set(folder, rules);
  return rules;
}

/** The package's own folder, from `src` and from `dist/src` alike. */
export function ownRules(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    const rules = join(folder, 'rules');
    if (existsSync(join(rules, 'sources'))) return rules;
  }
  throw new InputError(`${start}: no rules folder is above this one; reinstall the package`);
}

function read(folder: string): Rules {
  const sourceFiles = files(join(folder, 'sources')).map((file) => openYaml(file));
  const sources = new Map<string, Source>();
  for (const file of sourceFiles) {
    const source = file.as(Source);
    if (source.id !== idOf(file.name)) throw file.error(['id'], `"${source.id}" is not the file's name; rename one of them`);
    sources.set(source.id, source);
  }

  const known = new Map<string, KnownEvents>();
  for (const path of files(join(folder, 'events', 'known'))) {
    const file = openYaml(path);
    const table = file.as(KnownEvents);
    if (table.source !== idOf(path)) throw file.error(['source'], `"${table.source}" is not the file's name; rename one of them`);
    known.set(table.source, table);
  }

  const events = new Map<string, NamedEvents>();
  for (const file of sourceFiles) {
    const source = file.as(Source);
    checkSource(file, source, sources, known);
    for (const [suffix, part] of Object.entries(source.classes)) {
      const id = `${source.id}.${suffix}`;
      events.set(id, { id, name: part.name, source: source.id, where: part.where, attack: [] });
    }
  }
  for (const path of files(join(folder, 'events'))) {
    const file = openYaml(path);
    for (const [index, named] of file.as(NamedEventsFile).events.entries()) {
      const source = sources.get(named.source);
      if (!source)
        throw file.error(['events', index, 'source'], `no source is called "${named.source}"; add rules/sources/${named.source}.yaml`);
      if (events.has(named.id) || sources.has(named.id))
        throw file.error(['events', index, 'id'], `"${named.id}" is taken; choose another id`);
      checkFields(file, ['events', index, 'where'], named.where, source);
      events.set(named.id, named);
    }
  }

  const threats = loadModels(files(join(folder, 'threats')));
  return { sources, events, known, threats };
}

function checkSource(file: Yaml, source: Source, sources: ReadonlyMap<string, Source>, known: ReadonlyMap<string, KnownEvents>): void {
  const needs = (id: string, path: readonly PropertyKey[]): Source => {
    const found = sources.get(id);
    if (!found) throw file.error(path, `no source is called "${id}"; add rules/sources/${id}.yaml`);
    return found;
  };
  if (source.known !== undefined && !known.has(source.known))
    throw file.error(['known'], `there is no table rules/events/known/${source.known}.yaml`);
  checkFields(file, ['always'], source.always, source);
  for (const [name, part] of Object.entries(source.classes)) checkFields(file, ['classes', name, 'where'], part.where, source);
  for (const [index, part] of source.unlogged.entries()) checkFields(file, ['unlogged', index, 'where'], part.where, source);
  for (const [index, one] of source.equivalents.entries()) {
    const other = needs(one.source, ['equivalents', index, 'source']);
    checkFields(file, ['equivalents', index, 'where'], one.where ?? {}, other);
    checkFields(file, ['equivalents', index, 'covers'], one.covers ?? {}, source);
  }
  if (source.view) checkFields(file, ['view', 'where'], source.view.where, needs(source.view.of, ['view', 'of']));
  for (const [index, id] of (source.carries ?? []).entries()) needs(id, ['carries', index]);
  if (source.resource?.field !== undefined) checkFields(file, ['resource'], { [source.resource.field]: {} }, source, 'field');
}

function checkFields(file: Yaml, path: readonly PropertyKey[], where: Where, source: Source, at?: string): void {
  for (const [field, condition] of Object.entries(where)) {
    const spec = own(source.fields, field);
    if (!spec)
      throw file.error(
        [...path, at ?? field],
        `"${field}" is not a field of ${source.id}; use one of ${Object.keys(source.fields).join(', ')}`,
      );
    const strange = spec.closed ? (condition.equals ?? []).find((value) => !spec.values?.includes(value)) : undefined;
    if (strange !== undefined)
      throw file.error([...path, at ?? field], `"${strange}" is not a value of ${field}; use one of ${spec.values?.join(', ')}`);
  }
}

/** The YAML files of a folder, not of the folders in it, in the order of their names. */
export function files(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
    .map((entry) => join(folder, entry.name))
    .sort();
}

/** The id of a file whose name is its id. */
export function idOf(path: string): string {
  return path.replace(/^.*[/\\]/, '').replace(/\.yaml$/, '');
}
