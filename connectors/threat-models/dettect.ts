import type { LogClaim, ModelThreat, Said } from '../../src/model/system-model.ts';
import type { Format } from './format.ts';
import {
  amount,
  at,
  entries,
  type Field,
  fieldOf,
  flag,
  frame,
  identities,
  isMap,
  list,
  maps,
  namedByFile,
  notes,
  present,
  said,
  stated,
  techniquesIn,
  text,
  texts,
  threat,
} from './said.ts';

const KINDS = ['data-source-administration', 'technique-administration', 'group-administration'];

/** An inventory that somebody keeps by hand: what it says is seen is a claim, whatever its scores. */
export const dettect: Format = {
  id: 'dettect',
  name: 'DeTT&CT administration file',
  about: 'Data sources and visibility scores as claims with their quality; the techniques of groups as threats.',
  doc: 'https://github.com/rabobank-cdc/DeTTECT/wiki',
  recognise({ value }) {
    if (!isMap(value) || typeof value.file_type !== 'string') return undefined;
    const version = typeof value.version === 'number' || typeof value.version === 'string' ? { version: String(value.version) } : {};
    if (KINDS.includes(value.file_type)) return version;
    return { refuse: `has the file type ${value.file_type.slice(0, 60)}, which is no administration file of DeTT&CT that is read` };
  },
  read(document) {
    const kept = notes();
    const root = fieldOf(document, kept);
    const name = stated(at(root, 'name')) ?? namedByFile(document);
    const domain = text(at(root, 'domain'));
    if (domain !== undefined && domain !== 'enterprise-attack') kept.warn(at(root, 'domain').pointer, `${domain} is not about clouds`);
    const systems = maps(at(root, 'systems'));
    const platforms = [...texts(at(root, 'platform')), ...systems.flatMap((one) => texts(at(one, 'platform')))];
    const seen = new Set<string>();
    return [
      {
        ...frame(dettect, document, name, text(at(root, 'version'))),
        platforms: platforms.filter(({ value }) => value.toLowerCase() !== 'all' && !seen.has(value) && seen.add(value)),
        claims: [...maps(at(root, 'data_sources')).flatMap(dataSourceClaims), ...maps(at(root, 'techniques')).flatMap(techniqueClaims)],
        threats: groups(at(root, 'groups')),
        warnings: kept.list(),
      },
    ];
  },
};

function dataSourceClaims(source: Field): readonly LogClaim[] {
  const name = stated(at(source, 'data_source_name'));
  if (!name) {
    source.notes.warn(source.pointer, 'a data source without a name; left out');
    return [];
  }
  return maps(at(source, 'data_source')).map((details): LogClaim => {
    const scores = entries(at(details, 'data_quality')).flatMap(({ key, field }) => {
      const score = amount(field);
      return score === undefined ? [] : [{ key, score }];
    });
    const completeness = scores.find(({ key }) => key === 'device_completeness')?.score;
    const connected = present(at(details, 'date_connected')) || flag(at(details, 'available_for_data_analytics')) === true;
    const products = texts(at(details, 'products')).map(({ value }) => value);
    const scope = texts(at(details, 'applicable_to')).map(({ value }) => value);
    const words = [
      scores.map(({ key, score }) => `${key} ${score}`).join(', ') || 'no score',
      products.length > 0 ? `products: ${products.join(', ')}` : '',
      scope.length > 0 ? `applies to: ${scope.join(', ')}` : '',
    ];
    return {
      // Its own name and no other word: data components are looked up by it.
      text: name,
      holds: connected && completeness !== 0 ? 'done' : 'planned',
      threats: [],
      components: [],
      quality: said(details, words.filter(Boolean).join('; ')),
    };
  });
}

function techniqueClaims(technique: Field): readonly LogClaim[] {
  const id = stated(at(technique, 'technique_id'));
  if (!id) {
    technique.notes.warn(technique.pointer, 'a technique without an id; left out');
    return [];
  }
  const name = text(at(technique, 'technique_name'));
  const visibility = latest(at(technique, 'visibility'));
  const detection = latest(at(technique, 'detection'));
  const words = [visibility && `visibility ${visibility.value}`, detection && `detection ${detection.value}`].filter(Boolean).join(', ');
  if ((visibility?.value ?? 0) <= 0 && (detection?.value ?? 0) <= 0) {
    technique.notes.warn(technique.pointer, `${id.value.slice(0, 40)} is said not to be seen (${words || 'no score'}); it is no claim`);
    return [];
  }
  const text_ = `visibility of ${id.value}${name ? ` ${name}` : ''}`;
  const quality = said(visibility ?? detection ?? technique, words);
  return [{ text: { ...id, value: text_, quote: id.value }, holds: 'done', threats: [], components: [], quality }];
}

/** The best of the latest scores of all systems that it applies to. */
function latest(field: Field): Said<number> | undefined {
  let best: Said<number> | undefined;
  for (const one of list(field)) {
    let newest: { readonly date: string; readonly score: Said<number> } | undefined;
    for (const entry of maps(at(one, 'score_logbook'))) {
      const score = amount(at(entry, 'score'));
      const date = text(at(entry, 'date')) ?? '';
      if (score !== undefined && (!newest || date > newest.date)) newest = { date, score: said(at(entry, 'score'), score) };
    }
    if (newest && (!best || newest.score.value > best.value)) best = newest.score;
  }
  return best;
}

function groups(field: Field): readonly ModelThreat[] {
  const unique = identities();
  return maps(field).map((group) => {
    const names = texts(at(group, 'group_name'));
    const campaign = texts(at(group, 'campaign'));
    const title = [...names, ...campaign].map(({ value }) => value).join(', ');
    const id = unique(group, title || undefined, `group ${group.pointer}`);
    const techniques = at(group, 'technique_id');
    const listed: readonly { readonly written: string; readonly at: Field }[] = isMap(techniques.value)
      ? entries(techniques).map(({ key, field: place }) => ({ written: key, at: place }))
      : texts(techniques).map((one) => ({ written: one.value, at: { ...techniques, pointer: one.pointer } }));
    const attack = listed.flatMap(({ written, at: place }) => {
      const [found] = techniquesIn(written);
      if (found === undefined) group.notes.warn(place.pointer, `"${written.slice(0, 40)}" is no technique id`);
      return found === undefined ? [] : [said(place, found, 'stated', written)];
    });
    const software = list(at(group, 'software_id')).length;
    if (software > 0)
      group.notes.warn(at(group, 'software_id').pointer, `the techniques of ${software} pieces of software are not looked up`);
    const off = flag(at(group, 'enabled')) === false;
    return threat(id, said(names[0] ?? group, title || 'unnamed group', names[0] ? 'stated' : 'assumed'), {
      attack,
      status: off ? said(at(group, 'enabled'), { words: 'enabled: false', is: 'not-applicable' }) : undefined,
    });
  });
}
