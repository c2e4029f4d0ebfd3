import type { Component, ModelThreat, Said, SystemModel } from '../../src/model/system-model.ts';
import type { Document } from './document.ts';
import type { Format } from './format.ts';
import {
  at,
  component,
  type Field,
  fieldOf,
  frame,
  identities,
  isMap,
  list,
  maps,
  type Notes,
  namedByFile,
  notes,
  said,
  stated,
  techniquesIn,
  text,
  texts,
  threat,
} from './said.ts';

const EXTENSION = 'extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4';

/** Builder files (`.afb`) and STIX bundles. Nine tenths of the first is layout (anchors, latches, lines), which is passed over. */
export const attackFlow: Format = {
  id: 'attack-flow',
  name: 'Attack Flow',
  about: 'Actions with their ATT&CK techniques, and the assets they are done to, from builder files and STIX bundles.',
  doc: 'https://center-for-threat-informed-defense.github.io/attack-flow/language/',
  recognise({ value }) {
    if (!isMap(value) || !Array.isArray(value.objects)) return undefined;
    if (value.schema === 'attack_flow_v2') return { version: '2' };
    const objects: readonly unknown[] = value.objects;
    if (value.type === 'bundle') {
      const of = (type: string, id?: string): boolean =>
        objects.some((one) => isMap(one) && one.type === type && (id === undefined || one.id === id));
      if (of('attack-flow') || of('extension-definition', EXTENSION) || of('attack-action')) return { version: 'stix' };
      return { refuse: 'is a STIX bundle without an attack flow; give an Attack Flow, or a layer with the techniques' };
    }
    if (objects.some((one) => isMap(one) && isMap(one.template) && typeof one.template.id === 'string'))
      return { refuse: 'is an Attack Flow of an older builder; open it in the current one and save it again, or export it as STIX' };
    return undefined;
  },
  read(document) {
    const stix = isMap(document.value) && document.value.type === 'bundle';
    return [stix ? readBundle(document) : readBuilder(document)];
  },
};

function readBuilder(document: Document): SystemModel {
  const kept = notes();
  const unique = identities();
  let name: Said<string> | undefined;
  const threats: ModelThreat[] = [];
  const components: Component[] = [];
  for (const object of maps(at(fieldOf(document, kept), 'objects'))) {
    const kind = text(at(object, 'id'));
    const properties = at(object, 'properties');
    if (kind === 'flow') name ??= stated(pair(properties, 'name'));
    if (kind !== 'action' && kind !== 'asset') continue;
    const id = unique(object, text(at(object, 'instance')), `${kind} ${object.pointer}`);
    const title = stated(pair(properties, 'name'));
    const words = stated(pair(properties, 'description'));
    if (kind === 'asset') {
      components.push(component(object, id, title ?? words ?? said(object, 'unnamed asset', 'assumed')));
      continue;
    }
    const ttp = pair(properties, 'ttp');
    const attack = techniqueOf(pair(properties, 'technique_id')) ?? techniqueOf(pair(ttp, 'technique'));
    threats.push(actionOf(object, id, title, words, attack, [], kept));
  }
  return { ...frame(attackFlow, document, name ?? namedByFile(document), '2'), threats, components, warnings: kept.list() };
}

/** The value of a key in a list of pairs: `[["name", "Uber Breach"], ["scope", "incident"]]`. */
function pair(field: Field, key: string): Field {
  if (Array.isArray(field.value)) {
    const index = field.value.findIndex((one) => Array.isArray(one) && one[0] === key);
    if (index >= 0) return at(field, index, 1);
  }
  return { value: undefined, pointer: field.pointer, notes: field.notes };
}

function techniqueOf(field: Field): Said<string> | undefined {
  const written = text(field);
  if (written === undefined) return undefined;
  const [id] = techniquesIn(written);
  if (id !== undefined) return said(field, id, 'stated', written);
  // Seen without its letter: `1598.003`.
  if (/^\d{4}(?:\.\d{3})?$/.test(written)) return said(field, `T${written}`, 'inferred', written);
  field.notes.warn(field.pointer, `"${written.slice(0, 40)}" is no technique id`);
  return undefined;
}

function actionOf(
  object: Field,
  id: string,
  title: Said<string> | undefined,
  words: Said<string> | undefined,
  attack: Said<string> | undefined,
  components: readonly Said<string>[],
  kept: Notes,
): ModelThreat {
  if (!attack) kept.warn(object.pointer, 'an action without a technique');
  else if (attack.value.startsWith('AML.'))
    kept.warn(attack.pointer, `${attack.value} is a technique of ATLAS, for which no log source is known`);
  const name = title ?? attack ?? words ?? said(object, 'unnamed action', 'assumed');
  return threat(id, name, { text: words, attack: attack ? [attack] : [], components });
}

function readBundle(document: Document): SystemModel {
  const kept = notes();
  const unique = identities();
  const objects = maps(at(fieldOf(document, kept), 'objects'));
  const byId = new Map(objects.map((object) => [text(at(object, 'id')), object] as const));
  const components: Component[] = [];
  const threats: ModelThreat[] = [];
  let name: Said<string> | undefined;
  const assets = new Set<string>();
  for (const object of objects) {
    const type = text(at(object, 'type'));
    if (type === 'attack-flow') name ??= stated(at(object, 'name'));
    if (type !== 'attack-asset') continue;
    const id = unique(object, text(at(object, 'id')), `asset ${object.pointer}`);
    assets.add(id);
    const reference = at(object, 'object_ref');
    const target = byId.get(text(reference) ?? '');
    if (text(reference) !== undefined && !target) kept.warn(reference.pointer, 'points to an object that is not in the bundle');
    const nativeType = target && stated(at(target, 'type'));
    components.push(
      component(object, id, stated(at(object, 'name')) ?? said(object, 'unnamed asset', 'assumed'), nativeType ? { nativeType } : {}),
    );
  }
  for (const object of objects) {
    if (text(at(object, 'type')) !== 'attack-action') continue;
    const id = unique(object, text(at(object, 'id')), `action ${object.pointer}`);
    const touched = texts(at(object, 'asset_refs'))
      .concat(texts(at(object, 'asset_ref')))
      .filter((one) => {
        if (assets.has(one.value)) return true;
        kept.warn(one.pointer, 'points to an asset that is not in the bundle');
        return false;
      });
    const attack = techniqueOf(at(object, 'technique_id')) ?? patternOf(at(object, 'technique_ref'), byId);
    threats.push(actionOf(object, id, stated(at(object, 'name')), stated(at(object, 'description')), attack, touched, kept));
  }
  const version = 'stix';
  return { ...frame(attackFlow, document, name ?? namedByFile(document), version), threats, components, warnings: kept.list() };
}

/** The technique of an attack pattern of the same bundle. */
function patternOf(reference: Field, byId: ReadonlyMap<string | undefined, Field>): Said<string> | undefined {
  const pattern = byId.get(text(reference));
  if (!pattern) return undefined;
  for (const external of list(at(pattern, 'external_references'))) {
    if (text(at(external, 'source_name')) === 'mitre-attack') return techniqueOf(at(external, 'external_id'));
  }
  return undefined;
}
