import { own } from '../../src/model/own.ts';
import type {
  Boundary,
  Component,
  DataAsset,
  DataFlow,
  LogAnnotation,
  LogClaim,
  Mitigation,
  ModelThreat,
  Rating,
  Said,
  SystemModel,
} from '../../src/model/system-model.ts';
import type { Document } from './document.ts';
import type { Format, Recognition } from './format.ts';
import { cloudIn, namesLogs, productOf } from './products.ts';
import {
  amount,
  at,
  claimsOf,
  clip,
  component,
  type Field,
  fieldOf,
  flag,
  frame,
  heldBy,
  identities,
  isMap,
  known,
  list,
  maps,
  type Notes,
  namedByFile,
  notes,
  present,
  said,
  severityOf,
  stated,
  statedFlag,
  strideOf,
  text,
  texts,
  threat,
} from './said.ts';

/**
 * CycloneDX threat models: the properties of version 1.6 that Threat Dragon writes, and the coming version 2.0, which is not released and may
 * still change. A boundary of 2.0 may require that crossings are logged: that is a wanted log and a claim at once.
 */
export const cyclonedx: Format = {
  id: 'cyclonedx',
  name: 'CycloneDX threat model (TM-BOM)',
  about: 'Zones, assets, data stores by vendor and product, flows, threats with categories and techniques, required logging at boundaries.',
  doc: 'https://cyclonedx.org/capabilities/',
  recognise,
  read(document) {
    const old = isMap(document.value) && Object.hasOwn(document.value, 'bomFormat') && !('blueprints' in document.value);
    return [old ? ofProperties(document) : ofBlueprints(document)];
  },
};

function recognise({ value }: Document): Recognition | undefined {
  if (!isMap(value)) return undefined;
  if (value.specFormat !== 'CycloneDX' && value.bomFormat !== 'CycloneDX') return undefined;
  const { specVersion } = value;
  const version = typeof specVersion === 'string' || typeof specVersion === 'number' ? { version: String(specVersion) } : {};
  const modelled = Array.isArray(value.blueprints) || (isMap(value.threats) && Array.isArray(value.threats.threats));
  const components = Array.isArray(value.components) && value.components.some((one) => isMap(one) && one.type === 'threat-model');
  if (modelled || components) return version;
  if (isMap(value.threats))
    return { refuse: 'is a CycloneDX file whose "threats" hold no list of threats, and it has no blueprints: there is no model in it' };
  return {
    refuse: 'is a CycloneDX bill of materials without a threat model: no blueprints, no threats, no component of type threat-model',
  };
}

/** Components at one boundary whose claims are still kept apart. */
const MOST_MEMBERS = 500;

const CLASSIFICATIONS = ['public', 'internal', 'confidential', 'restricted', 'classified'];
/** Ratings of 0 to 100, as OTM has them. */
const quarter = (score: number): Rating['level'] => Math.max(0, Math.min(4, Math.round(score / 25))) as Rating['level'];

// Version 1.6 with properties.

const OLD_KINDS: Readonly<Record<string, Component['kind']>> = {
  actor: 'external',
  server: 'process',
  process: 'process',
  code: 'process',
  datastore: 'datastore',
  store: 'datastore',
};

function ofProperties(document: Document): SystemModel {
  const kept = notes();
  const root = fieldOf(document, kept);
  const parts = nested(at(root, 'components'), 0);
  const property = (field: Field, name: string): Said<string> | undefined =>
    maps(at(field, 'properties')).flatMap((one) =>
      text(at(one, 'name')) === `cdx:model:${name}` ? (stated(at(one, 'value')) ?? []) : [],
    )[0];
  const of = (...kinds: readonly string[]): readonly Field[] =>
    parts.filter((field) => kinds.includes(property(field, 'type')?.value ?? ''));
  const ref = (field: Field): string | undefined => text(at(field, 'bom-ref'));
  const named = (field: Field): Said<string> => stated(at(field, 'name')) ?? said(field, 'unnamed', 'assumed');

  const boundaryIds = identities();
  const boundaries = of('boundary').map((field): Boundary => {
    const name = named(field);
    return known({
      id: boundaryIds(field, ref(field), field.pointer),
      name,
      internet: /^(?:the |public )?internet\b/i.test(name.value)
        ? { ...name, value: true, basis: 'inferred', quote: name.value }
        : undefined,
      parent: property(field, 'inBoundary')?.value,
    } as Boundary);
  });
  const places = new Map(boundaries.map((one) => [one.id, one]));
  const dataIds = identities();
  const dataAssets = of('asset').map((field): DataAsset => {
    const score = (name: string): Said<Rating> | undefined => {
      const words = property(field, `risk:${name}`);
      const value = words && amount({ value: words.value, pointer: words.pointer, notes: kept });
      return words && value !== undefined ? { ...words, value: { words: words.value, level: quarter(value) } } : undefined;
    };
    return known({
      id: dataIds(field, ref(field), field.pointer),
      name: named(field),
      confidentiality: score('confidentiality'),
      integrity: score('integrity'),
      availability: score('availability'),
      tags: [],
    } as DataAsset);
  });
  const keeps = new Map<string, string[]>();
  const passes = new Map<string, string[]>();
  for (const [index, field] of of('asset').entries()) {
    const id = dataAssets[index]?.id ?? '';
    for (const [name, table] of [
      ['storedBy', keeps],
      ['processedBy', passes],
    ] as const) {
      const target = property(field, name)?.value;
      if (target !== undefined) append(table, target, id);
    }
  }
  const ids = identities();
  const components = of(...Object.keys(OLD_KINDS)).map((field): Component => {
    const id = ids(field, ref(field), field.pointer);
    const place = property(field, 'inBoundary');
    if (place && !places.has(place.value)) kept.warn(place.pointer, `no boundary has the reference "${clip(place.value, 60)}"`);
    const tag = property(field, 'tag');
    return component(field, id, named(field), {
      kind: own(OLD_KINDS, property(field, 'type')?.value ?? '') ?? 'other',
      nativeType: property(field, 'platform') ?? property(field, 'type'),
      boundaries: place && places.has(place.value) ? [place.value] : [],
      tags: tag ? [tag] : [],
      stores: keeps.get(id) ?? [],
      handles: passes.get(id) ?? [],
    } as Partial<Component>);
  });
  const byId = new Map(components.map((one) => [one.id, one]));
  const dataNames = new Set(dataAssets.map(({ id }) => id));
  const flowIds = identities();
  const flows = of('dataflow').flatMap((field): readonly DataFlow[] => {
    const from = byId.get(property(field, 'dataflow:source')?.value ?? '');
    const to = byId.get(property(field, 'dataflow:destination')?.value ?? '');
    const name = named(field);
    if (!from || !to) {
      kept.warn(field.pointer, `the flow "${clip(name.value, 60)}" has an end that is not there; left out`);
      return [];
    }
    const data = property(field, 'dataflow:data')?.value;
    return [
      known({
        id: flowIds(field, ref(field), field.pointer),
        name,
        from: from.id,
        to: to.id,
        crosses:
          from.boundaries.length + to.boundaries.length > 0 ? said(field, from.boundaries[0] !== to.boundaries[0], 'inferred') : undefined,
        public: [...from.boundaries, ...to.boundaries].some((one) => places.get(one)?.internet?.value === true)
          ? said(field, true, 'inferred')
          : undefined,
        data: data !== undefined && dataNames.has(data) ? [data] : [],
      } as DataFlow),
    ];
  });
  kept.warn('', 'threat models in the properties of CycloneDX 1.6 hold no threats: only the architecture is read');
  return {
    ...frame(
      cyclonedx,
      document,
      stated(at(root, 'metadata', 'component', 'name')) ?? namedByFile(document),
      text(at(root, 'specVersion')),
    ),
    dataAssets,
    components,
    boundaries,
    flows,
    warnings: kept.list(),
  };
}

/** Components and those inside of them, all of type threat-model. */
function nested(field: Field, depth: number): readonly Field[] {
  if (depth > 20) return [];
  return maps(field)
    .filter((one) => text(at(one, 'type')) === 'threat-model')
    .flatMap((one) => [one, ...nested(at(one, 'components'), depth + 1)]);
}

// Version 2.0.

const KINDS: Readonly<Record<string, Component['kind']>> = {
  actor: 'actor',
  'data-store': 'datastore',
  cache: 'datastore',
  data: 'datastore',
};

const STATUS: Readonly<Record<string, 'proposed' | 'in-progress' | 'done' | 'wont-do'>> = {
  recommended: 'proposed',
  proposed: 'proposed',
  approved: 'proposed',
  planned: 'proposed',
  'in-progress': 'in-progress',
  implemented: 'done',
  verified: 'done',
  rejected: 'wont-do',
  decommissioned: 'wont-do',
};

function named(field: Field): Said<string> {
  return stated(at(field, 'name')) ?? stated(at(field, 'bom-ref')) ?? said(field, 'unnamed', 'assumed');
}

/** A word of a list, or `{name}` for one of one's own. */
function word(field: Field): Said<string> | undefined {
  return isMap(field.value) ? stated(at(field, 'name')) : stated(field);
}

interface Drawn {
  readonly dataAssets: DataAsset[];
  readonly components: Component[];
  readonly boundaries: Boundary[];
  readonly flows: DataFlow[];
  readonly assumptions: Said<string>[];
  readonly claims: LogClaim[];
  readonly annotations: LogAnnotation[];
}

function ofBlueprints(document: Document): SystemModel {
  const kept = notes();
  const root = fieldOf(document, kept);
  kept.warn('/specVersion', 'CycloneDX 2.0 is not released and may still change: check what is read here');
  const drawn: Drawn = { dataAssets: [], components: [], boundaries: [], flows: [], assumptions: [], claims: [], annotations: [] };
  const ids = { component: identities(), boundary: identities(), data: identities(), flow: identities() };
  const blueprints = maps(at(root, 'blueprints'));
  for (const blueprint of blueprints) readBlueprint(blueprint, drawn, ids, kept);
  // Components of the bill itself, where threats and controls speak of them.
  const spoken = new Set([
    ...maps(at(root, 'threats', 'threats')).flatMap((one) => texts(at(one, 'affectedAssets')).map(({ value }) => value)),
    ...maps(at(root, 'controls')).flatMap((one) => texts(at(one, 'appliesTo')).map(({ value }) => value)),
  ]);
  const taken = new Set(drawn.components.map(({ id }) => id));
  for (const field of [...maps(at(root, 'components')), ...maps(at(root, 'services'))]) {
    const ref = text(at(field, 'bom-ref'));
    if (ref === undefined || !spoken.has(ref) || taken.has(ref)) continue;
    taken.add(ref);
    drawn.components.push(component(field, ids.component(field, ref, field.pointer), named(field), { kind: 'process' }));
  }
  const components = new Map(drawn.components.map((one) => [one.id, one]));
  drawn.annotations.push(...annotated(root));

  const mitigations = new Map<string, Mitigation>();
  const held = new Map<string, string[]>();
  const controls = maps(at(root, 'controls')).map((field) => {
    const id = text(at(field, 'bom-ref')) ?? field.pointer;
    const status = word(at(field, 'status'));
    const is = own(STATUS, status?.value ?? '') ?? 'unknown';
    const name = named(field);
    const description = text(at(field, 'description'));
    const mitigation: Mitigation = known({
      id,
      text: { ...name, value: description === undefined ? name.value : `${name.value.replace(/[.!]$/, '')}. ${description}` },
      status: status && { ...status, value: { words: status.value, is } },
    } as Mitigation);
    mitigations.set(id, mitigation);
    return { mitigation, on: texts(at(field, 'appliesTo')).flatMap(({ value }) => (components.has(value) ? [value] : [])) };
  });
  for (const field of maps(at(root, 'definitions', 'requirements'))) {
    const id = text(at(field, 'bom-ref'));
    if (id !== undefined && !mitigations.has(id))
      mitigations.set(id, { id, text: named(field), status: said(field, { words: 'requirement', is: 'proposed' }, 'mapped') });
  }

  const patterns = new Map(maps(at(root, 'threats', 'attackPatterns')).map((field) => [text(at(field, 'bom-ref')) ?? '', field]));
  /** By their own reference, and by those of the threats that they realise. */
  const abuses = new Map<string, Field[]>();
  for (const field of maps(at(root, 'threats', 'abuseCases'))) {
    for (const key of [text(at(field, 'bom-ref')), ...texts(at(field, 'realizes')).map(({ value }) => value)]) {
      if (key === undefined) continue;
      const others = abuses.get(key);
      if (others) others.push(field);
      else abuses.set(key, [field]);
    }
  }
  const levels = new Map<string, ModelThreat['severity']>();
  for (const risk of maps(at(root, 'risks', 'risks'))) {
    const level = stated(at(risk, 'level')) ?? stated(at(risk, 'severity'));
    const is = level && severityOf(level.value.replaceAll('-', ' '));
    if (level && is)
      for (const { value } of texts(at(risk, 'threats')))
        if (!levels.has(value)) levels.set(value, { ...level, value: { words: level.value, is } });
  }
  const threatIds = identities();
  const threats = maps(at(root, 'threats', 'threats')).map((field): ModelThreat => {
    const ref = text(at(field, 'bom-ref'));
    const id = threatIds(field, ref, field.pointer);
    const categories = maps(at(field, 'categories'));
    const stride = categories.flatMap((one) => {
      const category = stated(at(one, 'category'));
      const found = category && text(at(one, 'taxonomy'))?.toUpperCase() === 'STRIDE' ? strideOf(category.value) : undefined;
      return category && found !== undefined ? [{ ...category, value: found, quote: category.value }] : [];
    });
    const used = texts(at(field, 'attackPatterns')).flatMap((one) => {
      const found = patterns.get(one.value);
      if (!found) kept.warn(one.pointer, `no attack pattern has the reference "${clip(one.value, 60)}"`);
      return found ? [found] : [];
    });
    const affected = texts(at(field, 'affectedAssets')).filter((one) => {
      if (!components.has(one.value)) kept.warn(one.pointer, `no asset has the reference "${clip(one.value, 60)}"`);
      return components.has(one.value);
    });
    const answers = texts(at(field, 'mitigations')).filter((one) => {
      if (!mitigations.has(one.value)) kept.warn(one.pointer, `no control or requirement has the reference "${clip(one.value, 60)}"`);
      return mitigations.has(one.value);
    });
    for (const { value } of answers) append(held, value, id);
    const where = affected.map(({ value }) => value);
    const told = [ref ?? '', ...texts(at(field, 'abuseCases')).map(({ value }) => value)].flatMap((one) => abuses.get(one) ?? []);
    for (const abuse of new Set(told)) {
      for (const one of texts(at(abuse, 'detectionOpportunities'))) {
        drawn.claims.push({ text: one, holds: 'planned', threats: [id], components: where });
      }
    }
    return threat(id, named(field), {
      text: stated(at(field, 'description')),
      stride,
      severity: levels.get(ref ?? ''),
      components: affected,
      attack: used.flatMap((one) => maps(at(one, 'techniques')).flatMap((technique) => stated(at(technique, 'id')) ?? [])),
      capec: used.flatMap((one) => stated(at(one, 'capecId')) ?? []),
      cwe: maps(at(field, 'weaknesses'))
        .flatMap((one) => stated(at(one, 'cweId')) ?? stated(at(one, 'cwe')) ?? [])
        .map((one) => ({ ...one, value: one.value.replace(/\D/g, '') }))
        .filter(({ value }) => value !== ''),
      mitigations: answers.map(({ value }) => value),
    } as Partial<ModelThreat>);
  });
  for (const { mitigation, on } of controls) {
    const holds = heldBy(mitigation.status?.value.is);
    if (holds) drawn.claims.push(...claimsOf(mitigation.text, holds, { threats: held.get(mitigation.id) ?? [], components: on }));
  }
  const controlIds = new Set(controls.map(({ mitigation }) => mitigation.id));
  const name =
    blueprints.map((one) => stated(at(one, 'name'))).find((one) => one !== undefined) ?? stated(at(root, 'metadata', 'component', 'name'));
  return {
    ...frame(cyclonedx, document, name ?? namedByFile(document), text(at(root, 'specVersion'))),
    ...drawn,
    threats,
    mitigations: [...mitigations.values()].filter(({ id }) => controlIds.has(id) || held.has(id)),
    claims: [...drawn.claims, ...drawn.assumptions.flatMap((one) => claimsOf(one, 'assumed'))],
    warnings: kept.list(),
  };
}

type Ids = { readonly [kind in 'component' | 'boundary' | 'data' | 'flow']: ReturnType<typeof identities> };

function readBlueprint(blueprint: Field, drawn: Drawn, ids: Ids, kept: Notes): void {
  const ref = (field: Field): string | undefined => text(at(field, 'bom-ref'));
  const zones = new Map<string, Boundary>();
  for (const field of maps(at(blueprint, 'zones'))) {
    const name = named(field);
    const provider = cloudIn(name.value);
    const type = word(at(field, 'type'));
    const zone = known({
      id: ids.boundary(field, ref(field), field.pointer),
      name,
      nativeType: type,
      provider: provider === undefined ? undefined : { ...name, value: provider, basis: 'inferred', quote: name.value },
      internet: /^(?:the |public )?internet\b/i.test(name.value)
        ? { ...name, value: true, basis: 'inferred', quote: name.value }
        : undefined,
      parent: text(at(field, 'parent')),
    } as Boundary);
    zones.set(ref(field) ?? zone.id, zone);
    drawn.boundaries.push(zone);
  }
  const zoneById = new Map([...zones.values()].map((zone) => [zone.id, zone]));
  const around = (field: Field): readonly string[] => {
    const place = at(field, 'zone');
    const first = text(place);
    if (first !== undefined && !zones.has(first)) kept.warn(place.pointer, `no zone has the reference "${clip(first, 60)}"`);
    const chain: string[] = [];
    for (let zone = zones.get(first ?? ''); zone && !chain.includes(zone.id) && chain.length < 100; zone = zones.get(zone.parent ?? ''))
      chain.push(zone.id);
    return chain;
  };
  const dataIds = new Map<string, string>();
  const placed = new Map<string, string[]>();
  for (const field of maps(at(blueprint, 'dataSets'))) {
    const id = ids.data(field, ref(field), field.pointer);
    dataIds.set(ref(field) ?? id, id);
    drawn.dataAssets.push({ id, name: named(field), tags: [] });
    for (const placement of maps(at(field, 'placements'))) {
      const store = text(at(placement, 'dataStore'));
      if (store !== undefined) append(placed, store, id);
    }
  }

  const here = new Map<string, Component>();
  const add = (field: Field, rest: Partial<Component>, called?: Said<string>): void => {
    const chain = around(field);
    const outer = chain.map((one) => zoneById.get(one)?.provider).find((one) => one !== undefined);
    const name = called ?? named(field);
    const id = ids.component(field, ref(field), field.pointer);
    const one = component(field, id, name, {
      boundaries: chain,
      ...(outer ? { provider: { ...outer, basis: 'inferred' as const } } : {}),
      tags: texts(at(field, 'tags')),
      ...rest,
      ...(rest.kind === 'datastore' && namesLogs(name.value)
        ? { logStore: { ...name, value: true, basis: 'inferred' as const, quote: name.value } }
        : {}),
    });
    here.set(ref(field) ?? id, one);
    drawn.components.push(one);
    drawn.annotations.push(...annotated(field, id));
    // A store for logs is a claim that they are there.
    if (one.logStore?.value) drawn.claims.push({ text: name, holds: 'done', threats: [], components: [id] });
  };
  for (const field of maps(at(blueprint, 'actors'))) {
    const persona = stated(at(field, 'party', 'persona', 'archetype')) ?? stated(at(field, 'party', 'organization', 'name'));
    add(field, { kind: 'actor' }, stated(at(field, 'name')) ?? persona);
  }
  for (const field of maps(at(blueprint, 'assets'))) {
    const type = word(at(field, 'type'));
    const place = at(field, 'classification', 'classification');
    const level = CLASSIFICATIONS.indexOf(text(place)?.toLowerCase() ?? '');
    const words = text(place);
    if (words !== undefined && level < 0) kept.warn(place.pointer, `"${clip(words, 60)}" is none of ${CLASSIFICATIONS.join(', ')}`);
    add(
      field,
      known({
        kind: own(KINDS, type?.value ?? '') ?? 'process',
        nativeType: type,
        confidentiality: words !== undefined && level >= 0 ? said(place, { words, level: level as Rating['level'] }) : undefined,
      } as Partial<Component>),
    );
  }
  for (const field of maps(at(blueprint, 'dataStores'))) {
    const vendor = text(at(field, 'vendor'));
    const product = text(at(field, 'product'));
    const written = [vendor, product].filter((part) => part !== undefined).join(' ');
    const { type, provider } = productOf(vendor, product);
    const place = present(at(field, 'product')) ? at(field, 'product') : at(field, 'vendor');
    const kind = word(at(field, 'type'));
    add(
      field,
      known({
        kind: 'datastore',
        nativeType: written === '' ? kind : said(place, written),
        type: type === undefined ? undefined : said(place, type, 'mapped', written),
        ...(provider === undefined ? {} : { provider: said(place, provider, 'mapped', written) }),
        stores: [
          ...new Set([
            ...(placed.get(ref(field) ?? '') ?? []),
            ...texts(at(field, 'dataSets')).flatMap(({ value }) => dataIds.get(value) ?? []),
          ]),
        ],
        logStore: kind?.value === 'event-log' ? { ...kind, value: true, basis: 'mapped', quote: kind.value } : undefined,
      } as Partial<Component>),
    );
  }

  const standing = new Map<string, string[]>();
  for (const { id, boundaries } of here.values()) {
    const [zone] = boundaries;
    if (zone === undefined) continue;
    const others = standing.get(zone);
    if (others) others.push(id);
    else standing.set(zone, [id]);
  }
  for (const field of maps(at(blueprint, 'boundaries'))) {
    const sides = texts(at(field, 'zones'));
    for (const one of sides) if (!zones.has(one.value)) kept.warn(one.pointer, `no zone has the reference "${clip(one.value, 60)}"`);
    const between = new Set(sides.flatMap(({ value }) => zones.get(value)?.id ?? []));
    const members = [...between].flatMap((zone) => (standing.get(zone) ?? []).slice(0, MOST_MEMBERS + 1));
    if (members.length > MOST_MEMBERS)
      kept.warn(
        field.pointer,
        `more than ${MOST_MEMBERS} components stand at this boundary; what it requires is taken to be of the whole system`,
      );
    const name = named(field).value;
    for (const key of ['logging', 'monitoring']) {
      const place = at(field, 'crossingRequirements', key);
      if (flag(place) !== true) continue;
      // Required is not the same as done.
      drawn.claims.push({
        text: said(place, `${name}: crossings require ${key}`, 'stated', `${key}: true`),
        holds: 'planned',
        threats: [],
        components: members.length > MOST_MEMBERS ? [] : members,
      });
    }
    drawn.annotations.push(...annotated(field));
  }

  for (const field of maps(at(blueprint, 'flows'))) {
    const from = here.get(text(at(field, 'source')) ?? '');
    const to = here.get(text(at(field, 'destination')) ?? '');
    const name = named(field);
    if (!from || !to) {
      kept.warn(field.pointer, `the flow "${clip(name.value, 60)}" has an end that is not there; left out`);
      continue;
    }
    const protocol = list(at(field, 'protocols')).flatMap((one) => word(one) ?? [])[0];
    const zoned = from.boundaries.length + to.boundaries.length > 0;
    const open = [...from.boundaries, ...to.boundaries].some((one) => zoneById.get(one)?.internet?.value === true);
    drawn.flows.push(
      known({
        id: ids.flow(field, ref(field), field.pointer),
        name,
        from: from.id,
        to: to.id,
        protocol,
        encrypted: statedFlag(at(field, 'encrypted')),
        crosses: zoned ? said(field, from.boundaries[0] !== to.boundaries[0], 'inferred') : undefined,
        public: open ? said(field, true, 'inferred') : undefined,
        data: [],
      } as DataFlow),
    );
  }
  for (const field of maps(at(blueprint, 'assumptions'))) {
    const description = stated(at(field, 'description'));
    if (text(at(field, 'validity')) === 'invalid') kept.warn(field.pointer, 'the assumption is invalid, so it is not taken for one');
    else if (description) drawn.assumptions.push(description);
  }
}

/** `properties: [{name: "viewshed:log-sources", value: "aws.cloudtrail.management"}]`, with any prefix. */
function annotated(field: Field, on?: string): readonly LogAnnotation[] {
  return maps(at(field, 'properties')).flatMap((one) => {
    if (!/(?:^|:)log[-_]?sources?$/i.test(text(at(one, 'name')) ?? '')) return [];
    const value = stated(at(one, 'value'));
    return (value?.value.split(/[\s,;]+/) ?? [])
      .filter((source) => source !== '')
      .map((source) => known({ source: { ...(value as Said<string>), value: source }, on } as LogAnnotation));
  });
}

function append(table: Map<string, string[]>, key: string, value: string): void {
  const others = table.get(key);
  if (others) others.push(value);
  else table.set(key, [value]);
}
