import type { LogClaim, ModelThreat, SystemModel } from '../../src/model/system-model.ts';
import type { Document } from './document.ts';
import type { Format, ReadContext } from './format.ts';
import {
  amount,
  at,
  type Field,
  fieldOf,
  flag,
  frame,
  isMap,
  maps,
  namedByFile,
  notes,
  said,
  stated,
  techniquesIn,
  text,
  texts,
  threat,
} from './said.ts';

/** A layer says nothing of its meaning: techniques wanted, detections at hand, what a sensor sees. Scores and colours are kept for those who know. */
export const attackNavigator: Format = {
  id: 'attack-navigator',
  name: 'ATT&CK Navigator layer',
  about:
    'Techniques that are not disabled, with score, colour and comment, and the platforms; as threats, or as detections that are said to exist.',
  doc: 'https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md',
  recognise({ value }) {
    const layers = Array.isArray(value) ? value : [value];
    if (layers.length === 0 || !layers.every(isLayer)) return undefined;
    const first = layers[0] as Readonly<Record<string, unknown>>;
    const { versions } = first;
    const version = isMap(versions) ? versions.layer : first.version;
    return typeof version === 'string' || typeof version === 'number' ? { version: String(version) } : {};
  },
  read(document, context) {
    const count = Array.isArray(document.value) ? document.value.length : undefined;
    if (count === undefined) return [readLayer(document, '', context)];
    return Array.from({ length: count }, (_, index) => readLayer(document, `/${index}`, context));
  },
};

function isLayer(value: unknown): boolean {
  if (!isMap(value) || Object.hasOwn(value, 'file_type') || !Array.isArray(value.techniques)) return false;
  const { techniques } = value;
  if (techniques.length === 0)
    return typeof value.domain === 'string' && (Object.hasOwn(value, 'versions') || Object.hasOwn(value, 'version'));
  return (
    techniques.some((one) => isMap(one) && Object.hasOwn(one, 'techniqueID')) &&
    (Object.hasOwn(value, 'domain') || Object.hasOwn(value, 'versions') || Object.hasOwn(value, 'version'))
  );
}

interface Technique {
  readonly id: string;
  readonly field: Field;
  readonly entries: Field[];
}

function readLayer(document: Document, pointer: string, { layerMeaning = 'threats' }: ReadContext): SystemModel {
  const kept = notes();
  const value = pointer === '' ? document.value : (document.value as readonly unknown[])[Number(pointer.slice(1))];
  const layer = fieldOf({ value }, kept, pointer);
  const techniques = new Map<string, Technique>();
  let disabled = 0;
  for (const entry of maps(at(layer, 'techniques'))) {
    const field = at(entry, 'techniqueID');
    const written = text(field);
    if (written === undefined) kept.warn(entry.pointer, 'a technique without an id; left out');
    else if (flag(at(entry, 'enabled')) === false) disabled += 1;
    else {
      const id = techniquesIn(written)[0] ?? written;
      if (id === written && techniquesIn(written).length === 0) kept.warn(field.pointer, `"${written.slice(0, 40)}" is no technique id`);
      const known = techniques.get(id);
      if (known) known.entries.push(entry);
      else techniques.set(id, { id, field, entries: [entry] });
    }
  }
  if (disabled > 0) kept.warn(at(layer, 'techniques').pointer, `${disabled} disabled techniques are left out`);

  const scores = new Map<string, number>();
  const colours = new Set<string>();
  for (const { id, entries } of techniques.values()) {
    for (const entry of entries) {
      const score = amount(at(entry, 'score'));
      if (score !== undefined) scores.set(id, Math.max(score, scores.get(id) ?? score));
      const colour = text(at(entry, 'color'));
      if (colour !== undefined) colours.add(colour);
    }
  }
  if (scores.size > 0) {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const score of scores.values()) [least, most] = [Math.min(least, score), Math.max(most, score)];
    kept.warn(
      layer.pointer,
      `${scores.size} of ${techniques.size} techniques have a score (${least} to ${most}), in ${colours.size} colours; a layer does not say what they mean`,
    );
  }
  const domain = text(at(layer, 'domain'));
  if (domain !== undefined && /ics|mobile/i.test(domain))
    kept.warn(at(layer, 'domain').pointer, `techniques of ${domain} are not about clouds`);

  const version = text(at(layer, 'versions', 'layer')) ?? text(at(layer, 'version'));
  const model = {
    ...frame(attackNavigator, document, stated(at(layer, 'name')) ?? namedByFile(document, pointer), version),
    platforms: texts(at(layer, 'filters', 'platforms')),
  };
  const all = [...techniques.values()];
  if (layerMeaning === 'threats') return { ...model, threats: all.map(threatOf), warnings: kept.list() };

  const claimed = all.filter(({ id }) => scores.size === 0 || (scores.get(id) ?? 0) > 0);
  if (claimed.length < all.length)
    kept.warn(layer.pointer, `${all.length - claimed.length} techniques without a score above 0 count as not detected`);
  return { ...model, claims: claimed.map((one) => claimOf(one, scores.get(one.id))), warnings: kept.list() };
}

function threatOf(technique: Technique): ModelThreat {
  const { id, field } = technique;
  const [first] = technique.entries;
  const words = detailsOf(technique);
  return threat(id, said(field, id), {
    attack: [said(field, id, 'stated', String(field.value))],
    text: words === '' || !first ? undefined : said(first, words),
  });
}

function claimOf(technique: Technique, score: number | undefined): LogClaim {
  const words = detailsOf(technique);
  const { field, id } = technique;
  const claim = {
    text: said(field, `detection of ${id}${words ? `: ${words}` : ''}`, 'stated', id),
    holds: 'done',
    threats: [],
    components: [],
  } as const;
  return score === undefined ? claim : { ...claim, quality: said(field, `score ${score}`) };
}

/** Comment, score and colour of every tactic that the technique stands under, each once. */
function detailsOf({ entries }: Technique): string {
  const words = entries.flatMap((entry) => {
    const score = text(at(entry, 'score'));
    const colour = text(at(entry, 'color'));
    return [text(at(entry, 'comment')), score && `score ${score}`, colour && `colour ${colour}`].filter((one) => one !== undefined);
  });
  return [...new Set(words)].join('; ');
}
