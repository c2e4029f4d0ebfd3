import { own } from '../../src/model/own.ts';
import type {
  Boundary,
  Component,
  DataAsset,
  DataFlow,
  LogAnnotation,
  Mitigation,
  ModelThreat,
  Said,
  SystemModel,
} from '../../src/model/system-model.ts';
import type { Document } from './document.ts';
import type { Format, Recognition } from './format.ts';
import { cloudIn, namesLogs, productOf } from './products.ts';
import {
  at,
  claimsOf,
  clip,
  component,
  entries,
  type Field,
  fieldOf,
  frame,
  heldBy,
  identities,
  isMap,
  known,
  maps,
  namedByFile,
  notes,
  present,
  said,
  sayText,
  severityOf,
  stated,
  statedFlag,
  strideOf,
  techniquesIn,
  text,
  texts,
  threat,
} from './said.ts';

/**
 * OWASP Threat Model Library (the precursor of CycloneDX TM-BOM). Data stores name vendor and product, controls their state. There is no
 * STRIDE: what a threat's event says in words of it is taken as a conclusion, CAPEC and CWE as written.
 */
export const tmLibrary: Format = {
  id: 'tm-library',
  name: 'OWASP Threat Model Library',
  about:
    'Zones, actors, components and data stores by vendor and product, data sets, threats with CAPEC and CWE, controls with their state.',
  doc: 'https://owasp.org/www-project-threat-model-library/',
  recognise,
  read: (document) => [modelOf(document)],
};

function recognise({ value }: Document): Recognition | undefined {
  if (!isMap(value) || !isMap(value.scope)) return undefined;
  const shaped = Array.isArray(value.trust_zones) && Array.isArray(value.data_flows);
  const named = typeof value.$schema === 'string' && value.$schema.includes('www-project-threat-model-library');
  if (!shaped && !named) return undefined;
  return typeof value.version === 'string' || typeof value.version === 'number' ? { version: String(value.version) } : {};
}

const SENSITIVE: Readonly<Record<string, string>> = { pii: 'pii', phi: 'phi', pci: 'pci', fin: 'financial', cred: 'credentials' };

const STATUS: Readonly<Record<string, 'proposed' | 'in-progress' | 'done' | 'wont-do' | 'assumed'>> = {
  assumed: 'assumed',
  active: 'done',
  suggested: 'proposed',
  under_review: 'proposed',
  approved: 'proposed',
  scheduled: 'in-progress',
  retired: 'wont-do',
  wont_do: 'wont-do',
};

const ACTORS: Readonly<Record<string, Component['kind']>> = { system: 'external', third_party: 'external' };
const RANKS = ['info', 'low', 'medium', 'high', 'critical'] as const;

function modelOf(document: Document): SystemModel {
  const kept = notes();
  const root = fieldOf(document, kept);
  const named = (field: Field): Said<string> =>
    stated(at(field, 'title')) ?? stated(at(field, 'symbolic_name')) ?? said(field, 'unnamed', 'assumed');
  const identify = (ids: ReturnType<typeof identities>, field: Field): string =>
    ids(field, text(at(field, 'symbolic_name')), field.pointer);

  const zoneIds = identities();
  const boundaries = maps(at(root, 'trust_zones')).map((field): Boundary => {
    const name = named(field);
    const provider = cloudIn(name.value);
    return known({
      id: identify(zoneIds, field),
      name,
      provider: provider && { ...name, value: provider, basis: 'inferred', quote: name.value },
      internet: /\bpublic internet\b|^internet\b/i.test(name.value)
        ? { ...name, value: true, basis: 'inferred', quote: name.value }
        : undefined,
    } as Boundary);
  });
  const zones = new Map(boundaries.map((one) => [one.id, one]));
  const unknownZone = (field: Field): void => {
    const zone = text(field);
    if (zone !== undefined && !zones.has(zone)) kept.warn(field.pointer, `no trust zone is called "${clip(zone, 60)}"`);
  };
  for (const field of maps(at(root, 'trust_boundaries'))) for (const end of ['trust_zone_a', 'trust_zone_b']) unknownZone(at(field, end));

  const dataIds = identities();
  const stored = new Map<string, string[]>();
  const dataAssets = maps(at(root, 'data_sets')).map((field): DataAsset => {
    const id = identify(dataIds, field);
    for (const placement of maps(at(field, 'placements'))) {
      const store = text(at(placement, 'data_store'));
      if (store !== undefined) append(stored, store, id);
    }
    const tags = texts(at(field, 'data_sensitivity')).map((tag) => {
      const ours = own(SENSITIVE, tag.value.toLowerCase());
      return ours === undefined || ours === tag.value ? tag : { ...tag, value: ours, basis: 'mapped' as const, quote: tag.value };
    });
    return { id, name: named(field), tags };
  });

  const secrets = new Set(dataAssets.filter(({ tags }) => tags.some(({ value }) => value === 'credentials')).map(({ id }) => id));

  const ids = identities();
  /** By what kind of thing a reference asks for, and by name alone. */
  const places = new Map<string, Component>();
  const place = (kind: string, field: Field, rest: (name: Said<string>) => Partial<Component>): Component => {
    const symbolic = text(at(field, 'symbolic_name'));
    const zone = at(field, 'trust_zone');
    unknownZone(zone);
    const around = zones.get(text(zone) ?? '');
    const name = named(field);
    const extra = rest(name);
    const one = component(field, identify(ids, field), name, {
      boundaries: around ? [around.id] : [],
      ...(around?.provider && !extra.provider ? { provider: around.provider } : {}),
      ...extra,
    });
    if (symbolic !== undefined) {
      places.set(`${kind}:${symbolic}`, one);
      if (!places.has(symbolic)) places.set(symbolic, one);
    }
    return one;
  };
  const components = [
    ...maps(at(root, 'actors')).map((field) =>
      place('actor', field, () => ({ kind: own(ACTORS, text(at(field, 'type')) ?? '') ?? 'actor' })),
    ),
    ...maps(at(root, 'components')).map((field) => place('component', field, () => ({ kind: 'process' }))),
    ...maps(at(root, 'data_stores')).map((field) =>
      place('data_store', field, (name) => {
        const vendor = text(at(field, 'vendor'));
        const product = stated(at(field, 'product'));
        const written = [vendor, product?.value].filter((word) => word !== undefined).join(' ');
        const { type, provider } = productOf(vendor, product?.value);
        const where = present(at(field, 'product')) ? at(field, 'product') : at(field, 'vendor');
        const sets = stored.get(text(at(field, 'symbolic_name')) ?? '') ?? [];
        const credentials = sets.find((id) => secrets.has(id));
        return known({
          kind: 'datastore',
          nativeType: written === '' ? stated(at(field, 'type')) : said(where, written),
          type: type === undefined ? undefined : said(where, type, 'mapped', written),
          provider: provider === undefined ? undefined : said(where, provider, 'mapped', written),
          stores: sets,
          storesCredentials: credentials === undefined ? undefined : said(field, true, 'inferred', credentials),
          logStore: namesLogs(name.value) ? { ...name, value: true, basis: 'inferred', quote: name.value } : undefined,
        } as Partial<Component>);
      }),
    ),
  ];
  const stores = new Set(components.filter(({ kind }) => kind === 'datastore').map(({ id }) => id));
  for (const store of stored.keys()) if (!stores.has(store)) kept.warn('/data_sets', `no data store is called "${clip(store, 60)}"`);

  const flowIds = identities();
  const flows = maps(at(root, 'data_flows')).flatMap((field): readonly DataFlow[] => {
    const name = named(field);
    const end = (which: string): Component | undefined => {
      const object = text(at(field, which, 'object'));
      const kind = (text(at(field, which, 'type')) ?? '').split('/').at(-1)?.replaceAll('-', '_') ?? '';
      const found = places.get(`${kind}:${object}`) ?? places.get(object ?? '');
      if (!found)
        kept.warn(
          at(field, which).pointer,
          `the flow "${clip(name.value, 60)}" names "${clip(object ?? '', 60)}", which is not there; left out`,
        );
      return found;
    };
    const from = end('source');
    const to = end('destination');
    if (!from || !to) return [];
    const [one] = from.boundaries;
    const [other] = to.boundaries;
    const open = [one, other].some((zone) => zones.get(zone ?? '')?.internet?.value === true);
    return [
      known({
        id: identify(flowIds, field),
        name,
        from: from.id,
        to: to.id,
        encrypted: statedFlag(at(field, 'encrypted')),
        crosses: one === undefined || other === undefined ? undefined : said(field, one !== other, 'inferred'),
        public: open ? said(field, true, 'inferred') : undefined,
        data: [],
      } as DataFlow),
    ];
  });

  const severities = new Map<string, ModelThreat['severity']>();
  for (const risk of maps(at(root, 'risks'))) {
    const level = at(risk, 'level');
    const words = text(level);
    const is = words === undefined ? undefined : severityOf(words.replaceAll('_', ' '));
    if (words === undefined || is === undefined) continue;
    for (const { value } of texts(at(risk, 'threats'))) {
      const before = severities.get(value);
      if (!before || RANKS.indexOf(before.value.is) < RANKS.indexOf(is)) severities.set(value, said(level, { words, is }));
    }
  }

  const mitigationIds = identities();
  const held = new Map<string, string[]>();
  const controls = maps(at(root, 'controls')).map((field) => {
    const id = identify(mitigationIds, field);
    const about = texts(at(field, 'threats')).map(({ value }) => value);
    for (const one of about) append(held, one, id);
    const status = at(field, 'status');
    const words = text(status);
    const is = own(STATUS, (words ?? '').toLowerCase()) ?? 'unknown';
    const name = named(field);
    const description = text(at(field, 'description'));
    const mitigation: Mitigation = known({
      id,
      text: { ...name, value: description === undefined ? name.value : `${name.value.replace(/[.!]$/, '')}. ${description}` },
      status: words === undefined ? undefined : said(status, { words, is }),
    } as Mitigation);
    return { mitigation, threats: about };
  });

  const threatIds = identities();
  const threats = maps(at(root, 'threats')).map((field): ModelThreat => {
    const symbolic = text(at(field, 'symbolic_name'));
    const event = stated(at(field, 'event'));
    const numbers = (list: string, key: string): readonly Said<string>[] =>
      maps(at(field, list))
        .flatMap((one) => sayText(at(one, key)))
        .map((one) => ({ ...one, value: one.value.replace(/\D/g, '') }))
        .filter(({ value }) => value !== '');
    const affected = texts(at(field, 'components_affected'));
    for (const one of affected) if (!places.has(one.value)) kept.warn(one.pointer, `no component is called "${clip(one.value, 60)}"`);
    const description = stated(at(field, 'description'));
    const name = named(field);
    return threat(identify(threatIds, field), name, {
      text: description,
      stride: event ? strideIn(event) : [],
      severity: severities.get(symbolic ?? ''),
      components: affected.flatMap((one) => {
        const found = places.get(one.value);
        return found ? [{ ...one, value: found.id }] : [];
      }),
      attack: techniquesIn(`${name.value} ${description?.value ?? ''}`).map((id) => said(field, id)),
      capec: numbers('attack_mechanisms', 'capec_id'),
      cwe: numbers('weaknesses', 'cwe_id'),
      mitigations: held.get(symbolic ?? '') ?? [],
    } as Partial<ModelThreat>);
  });
  const threatNames = new Set(threats.map(({ id }) => id));
  for (const id of held.keys()) if (!threatNames.has(id)) kept.warn('/controls', `no threat is called "${clip(id, 60)}"`);

  const assumptions = maps(at(root, 'assumptions')).flatMap((field) => {
    const description = stated(at(field, 'description'));
    if (text(at(field, 'validity')) !== 'rejected') return description ? [description] : [];
    kept.warn(field.pointer, 'the assumption is rejected, so it is not taken for one');
    return [];
  });
  return {
    ...frame(tmLibrary, document, stated(at(root, 'scope', 'title')) ?? namedByFile(document, '/scope/title'), text(at(root, 'version'))),
    dataAssets,
    components,
    boundaries,
    flows,
    threats,
    mitigations: controls.map(({ mitigation }) => mitigation),
    assumptions,
    claims: [
      ...components.flatMap(({ id, name, logStore }) =>
        logStore?.value ? [{ text: name, holds: 'done' as const, threats: [], components: [id] }] : [],
      ),
      ...controls.flatMap(({ mitigation, threats: about }) => {
        const holds = heldBy(mitigation.status?.value.is);
        return holds ? claimsOf(mitigation.text, holds, { threats: about.filter((one) => threatNames.has(one)) }) : [];
      }),
      ...assumptions.flatMap((one) => claimsOf(one, 'assumed')),
    ],
    annotations: annotationsOf(at(root, 'extensions'), places),
    warnings: kept.list(),
  };
}

/** `extensions: {log-sources: [...]}`, of the whole system or by the name of a component. */
function annotationsOf(extensions: Field, places: ReadonlyMap<string, Component>): readonly LogAnnotation[] {
  if (!isMap(extensions.value)) return [];
  return entries(extensions).flatMap(({ key, field }) => {
    if (!/^log[-_]?sources?$/i.test(key)) return [];
    if (!isMap(field.value)) return texts(field).map((source) => ({ source }));
    return entries(field).flatMap(({ key: name, field: sources }) => {
      const on = places.get(name)?.id;
      if (on === undefined) field.notes.warn(sources.pointer, `no component is called "${clip(name, 60)}"`);
      return on === undefined ? [] : texts(sources).map((source) => ({ source, on }));
    });
  });
}

function strideIn(event: Said<string>): readonly Said<string>[] {
  const found = event.value.split(/[/,;]|\band\b/).flatMap((part) => (part.trim().length > 1 ? (strideOf(part) ?? []) : []));
  return [...new Set(found)].map((value) => ({ ...event, value, basis: 'inferred' as const, quote: event.value }));
}

function append(table: Map<string, string[]>, key: string, value: string): void {
  const others = table.get(key);
  if (others) others.push(value);
  else table.set(key, [value]);
}
