import { own } from '../../src/model/own.ts';
import type {
  Boundary,
  Component,
  DataAsset,
  DataFlow,
  Mitigation,
  ModelThreat,
  Rating,
  Said,
  SystemModel,
} from '../../src/model/system-model.ts';
import type { Document } from './document.ts';
import type { Format, Recognition } from './format.ts';
import { cloudIn } from './products.ts';
import {
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

const MOST_TEXT = 4000;

/**
 * The JSON that a pytm model prints (`tm.py --json`), or that is written by hand as its input. Names are the keys. A run finds a hundred
 * threats in a toy, most of them from controls that nobody set: findings are taken together by element and by what they harm.
 */
export const pytm: Format = {
  id: 'pytm',
  name: 'OWASP pytm',
  about:
    'Elements by class, boundaries by name, data with its classification, findings grouped by element, CAPEC and CWE from their references.',
  doc: 'https://owasp.org/www-project-pytm/',
  recognise,
  read: (document) => [modelOf(document)],
};

function recognise({ value }: Document): Recognition | undefined {
  if (Array.isArray(value)) {
    const [first] = value;
    const library = isMap(first) && Object.hasOwn(first, 'SID') && Object.hasOwn(first, 'target');
    return library ? { refuse: "is pytm's library of threats; give the JSON of a model (tm.py --json)" } : undefined;
  }
  if (!isMap(value)) return undefined;
  const parts = ['elements', 'flows', 'boundaries', 'data'].some((key) => Array.isArray(value[key]));
  if (parts && (Object.hasOwn(value, 'onDuplicates') || Object.hasOwn(value, 'threatsFile'))) return {};
  const { elements, flows } = value;
  const linked = Array.isArray(flows) && flows.some((flow) => isMap(flow) && Object.hasOwn(flow, 'sink'));
  return Array.isArray(elements) && linked ? {} : undefined;
}

const CLASSIFICATIONS = ['PUBLIC', 'RESTRICTED', 'SENSITIVE', 'SECRET', 'TOP_SECRET'];

const KINDS: Readonly<Record<string, Component['kind']>> = { Actor: 'actor', ExternalEntity: 'external', Datastore: 'datastore' };

/** Classes and datastore types that are exactly one kind of component. */
const TYPES: Readonly<Record<string, string>> = { Lambda: 'aws.lambda.function', AWS_S3: 'aws.s3.bucket' };

/** What threats of pytm's library harm, by the letters of their ids. */
const HARMS: Readonly<Record<string, string>> = {
  AA: 'S',
  AC: 'E',
  API: 'T',
  CR: 'I',
  DE: 'I',
  // Manipulation of the audit log, alone among these.
  DE04: 'R',
  DO: 'D',
  DR: 'I',
  DS: 'I',
  HA: 'I',
  INP: 'T',
  LB: 'T',
  SC: 'T',
};

const RANKS = ['info', 'low', 'medium', 'high', 'critical'] as const;

/** Output writes `Classification.PUBLIC`, input `PUBLIC`. */
function member(field: Field): Said<string> | undefined {
  const words = stated(field);
  return words && { ...words, value: words.value.slice(words.value.lastIndexOf('.') + 1) };
}

function rating(field: Field): Said<Rating> | undefined {
  const words = member(field);
  if (!words || words.value.toUpperCase() === 'UNKNOWN') return undefined;
  const level = CLASSIFICATIONS.indexOf(words.value.toUpperCase());
  if (level < 0) field.notes.warn(field.pointer, `"${clip(words.value, 60)}" is none of ${CLASSIFICATIONS.join(', ')}`);
  return level < 0 ? undefined : { ...words, value: { words: words.value, level: level as Rating['level'] } };
}

function modelOf(document: Document): SystemModel {
  const kept = notes();
  const root = fieldOf(document, kept);

  const boundaryIds = identities();
  const drawn = maps(at(root, 'boundaries')).map((field) => ({ field, id: boundaryIds(field, text(at(field, 'name')), field.pointer) }));
  const parents = new Map<string, string>();
  const boundaryNames = new Set(drawn.map(({ id }) => id));
  const inside = (field: Field): string | undefined => {
    const place = at(field, 'inBoundary');
    const name = text(place);
    if (name === undefined || boundaryNames.has(name)) return name;
    kept.warn(place.pointer, `no boundary is called "${clip(name, 60)}"`);
    return undefined;
  };
  for (const { field, id } of drawn) {
    const parent = inside(field);
    if (parent === undefined) continue;
    if (ancestors(parents, parent).includes(id))
      kept.warn(at(field, 'inBoundary').pointer, `the boundary "${clip(id, 60)}" would stand inside of itself`);
    else parents.set(id, parent);
  }
  const boundaries = drawn.map(({ field, id }): Boundary => {
    const provider = cloudIn(id);
    return known({
      id,
      name: said(at(field, 'name'), id),
      provider: provider === undefined ? undefined : said(at(field, 'name'), provider, 'inferred', id),
      internet: /^(?:the |public )?internet\b/i.test(id) ? said(at(field, 'name'), true, 'inferred', id) : undefined,
      parent: parents.get(id),
    } as Boundary);
  });
  const byBoundary = new Map(boundaries.map((one) => [one.id, one]));

  const elements = present(at(root, 'elements')) ? maps(at(root, 'elements')) : [...maps(at(root, 'actors')), ...maps(at(root, 'assets'))];
  const kinds = new Map(elements.map((field) => [text(at(field, 'name')) ?? '', text(at(field, '__class__')) ?? '']));
  const dataIds = identities();
  const stores = new Map<string, string[]>();
  const handles = new Map<string, string[]>();
  const dataAssets = maps(at(root, 'data')).map((field): DataAsset => {
    const id = dataIds(field, text(at(field, 'name')), field.pointer);
    for (const { value } of texts(at(field, 'processedBy'))) {
      const table = kinds.get(value) === 'Datastore' ? stores : handles;
      const others = table.get(value);
      if (others) others.push(id);
      else table.set(value, [id]);
    }
    const tag = (key: string, value: string): readonly Said<string>[] =>
      flag(at(field, key)) === true ? [said(at(field, key), value, 'mapped', key)] : [];
    return known({
      id,
      name: said(at(field, 'name'), id),
      confidentiality: rating(at(field, 'classification')),
      tags: [...tag('isPII', 'pii'), ...tag('isCredentials', 'credentials')],
    } as DataAsset);
  });
  const data = new Map(dataAssets.map((one) => [one.id, one]));

  const ids = identities();
  const components = elements.map((field): Component => {
    const name = text(at(field, 'name'));
    const id = ids(field, name, field.pointer);
    const around = ancestors(parents, inside(field));
    const kind = text(at(field, '__class__')) ?? '';
    const storage = member(at(field, 'type'));
    const native = storage && storage.value !== 'UNKNOWN' ? storage : stated(at(field, '__class__'));
    const rds = at(field, 'onRDS');
    const type = own(TYPES, native?.value ?? '') ?? own(TYPES, kind);
    const aws = ['onAWS', 'isAWS'].map((key) => at(field, key)).find((one) => flag(one) === true);
    const outer = around.map((place) => byBoundary.get(place)?.provider).find((one) => one !== undefined);
    const scope = statedFlag(at(field, 'inScope'));
    const log = at(field, 'storesLogData');
    const secret = [...(stores.get(id) ?? [])].find((one) => data.get(one)?.tags.some(({ value }) => value === 'credentials'));
    return component(field, id, said(at(field, 'name'), name ?? 'unnamed', name === undefined ? 'assumed' : 'stated'), {
      kind: own(KINDS, kind) ?? (kind === '' ? 'other' : 'process'),
      nativeType: native,
      type:
        flag(rds) === true
          ? said(rds, 'aws.rds.instance', 'mapped', 'onRDS')
          : type !== undefined && native
            ? { ...native, value: type, basis: 'mapped', quote: native.value }
            : undefined,
      provider: aws ? said(aws, 'aws', 'stated') : outer && { ...outer, basis: 'inferred' },
      boundaries: around,
      tags: flag(at(field, 'storesPII')) === true ? [said(at(field, 'storesPII'), 'pii', 'mapped', 'storesPII')] : [],
      ...(scope ? { inScope: scope } : {}),
      confidentiality: rating(at(field, 'maxClassification')),
      stores: stores.get(id) ?? [],
      handles: handles.get(id) ?? [],
      storesCredentials: secret === undefined ? undefined : said(field, true, 'inferred', secret),
      logStore: flag(log) === true ? said(log, true) : undefined,
    } as Partial<Component>);
  });
  const byName = new Map(components.map((one) => [one.id, one]));

  const flowIds = identities();
  const ends = new Map<string, readonly string[]>();
  const flows = maps(at(root, 'flows')).flatMap((field): readonly DataFlow[] => {
    const name = stated(at(field, 'name'));
    const from = byName.get(text(at(field, 'source')) ?? '');
    const to = byName.get(text(at(field, 'sink')) ?? '');
    if (!from || !to) {
      kept.warn(field.pointer, `the flow "${clip(name?.value ?? '', 60)}" names an element that is not there; left out`);
      return [];
    }
    const id = flowIds(field, name?.value, `${from.id}>${to.id}`);
    if (name && !ends.has(name.value)) ends.set(name.value, [...new Set([to.id, from.id])]);
    const encrypted = [at(field, 'controls', 'isEncrypted'), at(field, 'isEncrypted')].find((one) => flag(one) === true);
    const internet = [from, to].some((one) => one.boundaries.some((place) => byBoundary.get(place)?.internet?.value === true));
    const zoned = from.boundaries.length + to.boundaries.length > 0;
    const carried = texts(at(field, 'data')).filter((one) => {
      if (!data.has(one.value)) kept.warn(one.pointer, `no data is called "${clip(one.value, 60)}"`);
      return data.has(one.value);
    });
    return [
      known({
        id,
        name,
        from: from.id,
        to: to.id,
        protocol: stated(at(field, 'protocol')),
        // False is what nobody set.
        encrypted: encrypted ? said(encrypted, true) : undefined,
        crosses: zoned ? said(field, from.boundaries[0] !== to.boundaries[0], 'inferred') : undefined,
        public: internet ? said(field, true, 'inferred') : undefined,
        data: [...new Set(carried.map(({ value }) => value))],
      } as DataFlow),
    ];
  });

  const { threats, mitigations } = findingsOf(at(root, 'findings'), byName, ends);
  const held = new Map(mitigations.map(({ id }) => [id, [] as string[]]));
  for (const one of threats) for (const id of one.mitigations) held.get(id)?.push(one.id);
  const excluded = list(at(root, 'excluded_findings')).length;
  if (excluded > 0) kept.warn(at(root, 'excluded_findings').pointer, `${excluded} findings are excluded by assumptions and are not read`);
  const assumptions = [root, ...elements].flatMap((field) =>
    list(at(field, 'assumptions')).flatMap((one) =>
      isMap(one.value) ? (stated(at(one, 'description')) ?? stated(at(one, 'name')) ?? []) : (stated(one) ?? []),
    ),
  );
  return {
    ...frame(pytm, document, stated(at(root, 'name')) ?? namedByFile(document, '/name')),
    dataAssets,
    components,
    boundaries,
    flows,
    threats,
    mitigations,
    assumptions,
    claims: [
      ...components.flatMap(({ id, name, logStore }) =>
        logStore?.value ? [{ text: name, holds: 'done' as const, threats: [], components: [id] }] : [],
      ),
      ...mitigations.flatMap((one) => {
        const holds = heldBy(one.status?.value.is);
        return holds ? claimsOf(one.text, holds, { threats: held.get(one.id) ?? [] }) : [];
      }),
      ...assumptions.flatMap((one) => claimsOf(one, 'assumed')),
    ],
    warnings: kept.list(),
  };
}

interface Group {
  readonly target: Field;
  readonly name: string;
  readonly harm: string | undefined;
  readonly findings: Field[];
}

/** One threat per element (or flow) and harm. */
function findingsOf(
  field: Field,
  components: ReadonlyMap<string, Component>,
  ends: ReadonlyMap<string, readonly string[]>,
): { readonly threats: readonly ModelThreat[]; readonly mitigations: readonly Mitigation[] } {
  const groups = new Map<string, Group>();
  for (const finding of maps(field)) {
    const target = at(finding, 'target');
    const name = text(target) ?? '';
    const sid = (text(at(finding, 'threat_id')) ?? '').toUpperCase();
    const letter = own(HARMS, sid) ?? own(HARMS, /^[A-Z]+/.exec(sid)?.[0] ?? '');
    const harm = letter === undefined ? undefined : strideOf(letter);
    const key = `${name}\n${harm ?? ''}`;
    const group = groups.get(key);
    if (group) group.findings.push(finding);
    else groups.set(key, { target, name, harm, findings: [finding] });
  }
  const mitigations = new Map<string, Mitigation>();
  const ids = identities();
  const threats = [...groups.values()].map(({ target, name, harm, findings }): ModelThreat => {
    const touched = components.has(name) ? [said(target, name)] : (ends.get(name) ?? []).map((one) => said(target, one, 'inferred', name));
    if (touched.length === 0) target.notes.warn(target.pointer, `no element or flow is called "${clip(name, 60)}"`);
    let severity: ModelThreat['severity'];
    const held: string[] = [];
    let answered = 0;
    for (const finding of findings) {
      const place = stated(at(finding, 'severity'));
      const is = place && severityOf(place.value);
      if (place && is && (!severity || RANKS.indexOf(severity.value.is) < RANKS.indexOf(is)))
        severity = { ...place, value: { words: place.value, is } };
      const response = stated(at(finding, 'response'));
      if (!response) continue;
      const done = /^\s*mitigated/i.test(response.value);
      if (done) answered += 1;
      if (!mitigations.has(response.value)) {
        const state = done ? 'done' : /^\s*(?:accepted|transferred)/i.test(response.value) ? 'wont-do' : 'proposed';
        const words = clip(response.value.split(/[\s:]/)[0] ?? '', 40);
        mitigations.set(response.value, {
          id: `response ${mitigations.size + 1}`,
          text: response,
          status: { ...response, value: { words, is: state } },
        });
      }
      const id = mitigations.get(response.value)?.id;
      if (id !== undefined && !held.includes(id)) held.push(id);
    }
    const titles = findings.map((one) =>
      [text(at(one, 'threat_id')), text(at(one, 'description'))].filter((part) => part !== undefined).join(' '),
    );
    const references = (pattern: RegExp): readonly Said<string>[] => {
      const found = new Map<string, Said<string>>();
      for (const finding of findings) {
        const place = at(finding, 'references');
        for (const [, digits] of (text(place) ?? '').slice(0, 10_000).matchAll(pattern)) {
          const id = String(Number(digits));
          if (!found.has(id)) found.set(id, said(place, id));
        }
      }
      return [...found.values()];
    };
    const what = harm === undefined ? 'other harm' : harm.replaceAll('-', ' ');
    const first = at(findings[0] as Field, 'threat_id');
    return threat(
      ids(target, undefined, `${name || 'unnamed'}: ${what}`),
      said(
        target,
        `${name || 'unnamed'}: ${what} (${findings.length} ${findings.length === 1 ? 'finding' : 'findings'})`,
        'inferred',
        titles[0],
      ),
      {
        text: said(target, clip(titles.join('; '), MOST_TEXT), 'stated'),
        stride: harm === undefined ? [] : [said(first, harm, 'inferred', text(first))],
        status: said(
          target,
          { words: `${answered} of ${findings.length} mitigated`, is: answered === findings.length ? 'mitigated' : 'open' },
          'inferred',
        ),
        severity,
        components: touched,
        capec: references(/capec\.mitre\.org\/data\/definitions\/(\d{1,5})/gi),
        cwe: references(/cwe\.mitre\.org\/data\/definitions\/(\d{1,5})/gi),
        mitigations: held,
      } as Partial<ModelThreat>,
    );
  });
  return { threats, mitigations: [...mitigations.values()] };
}

function ancestors(parents: ReadonlyMap<string, string>, from: string | undefined): readonly string[] {
  const chain: string[] = [];
  for (let one = from; one !== undefined && chain.length < 100; one = parents.get(one)) chain.push(one);
  return chain;
}
