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
import { pathFrom } from './beside.ts';
import type { Document } from './document.ts';
import type { Format, ReadContext, Recognition } from './format.ts';
import { cloudIn, namesLogs } from './products.ts';
import {
  at,
  claimsOf,
  clip,
  component,
  entries,
  type Field,
  fieldOf,
  flag,
  frame,
  heldBy,
  identities,
  idOf,
  isMap,
  known,
  list,
  type Notes,
  notes,
  present,
  said,
  severityOf,
  stated,
  strideOf,
  techniquesIn,
  text,
  texts,
  threat,
} from './said.ts';

const MOST_INCLUDED = 20;

/**
 * threatcl (formerly hcltm) files, in HCL or its JSON form: every `threatmodel` block is a model. What `including` and `imports` name is
 * read where it lies in the folder of the file, and never fetched.
 */
export const hcltm: Format = {
  id: 'hcltm',
  name: 'threatcl (hcltm)',
  about: 'Information assets, data flow diagrams of both versions, third parties, threats with STRIDE and their controls.',
  doc: 'https://github.com/threatcl/spec',
  recognise,
  beside(document) {
    const root = fieldOf(document, notes());
    return blocks(at(root, 'threatmodel'), 'labelled').flatMap(({ field }) => [
      ...texts(at(field, 'including')).map(({ value }) => value),
      ...texts(at(field, 'imports')).map(({ value }) => value),
    ]);
  },
  read: (document, context) => readAll(document, context),
};

function recognise({ value }: Document): Recognition | undefined {
  if (!isMap(value)) return undefined;
  if (isMap(value.threatmodel) || Array.isArray(value.threatmodel)) {
    const version = value.spec_version;
    return typeof version === 'string' || typeof version === 'number' ? { version: String(version) } : {};
  }
  const { component: parts } = value;
  const library = isMap(parts)
    ? Object.hasOwn(parts, 'control')
    : Array.isArray(parts) && parts.some((one) => isMap(one) && Object.hasOwn(one, 'control'));
  return library && Object.hasOwn(value, 'spec_version')
    ? { refuse: 'is a library of controls for threatcl and holds no threatmodel; give a model that imports it' }
    : undefined;
}

/** `Restricted` is the highest here. */
const CLASSIFICATIONS: Readonly<Record<string, Rating['level']>> = { public: 0, confidential: 2, restricted: 3 };
const STEPS: Readonly<Record<string, number>> = { very_low: 0, low: 1, medium: 2, high: 3, very_high: 4 };
const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
const ELEMENTS: readonly (readonly [string, Component['kind']])[] = [
  ['process', 'process'],
  ['data_store', 'datastore'],
  ['external_element', 'external'],
];

/** A block of HCL, with its label where it has one. */
interface Block {
  readonly label?: string;
  readonly field: Field;
}

/**
 * The blocks of one type. HCL gives a map from label to a list, the JSON form also a map, or a list of maps; without a label it is the block
 * itself or a list of them. Threats may have a label or none: a block has a description, a map of labels has not.
 */
function blocks(field: Field, labels: 'labelled' | 'bare' | 'either'): readonly Block[] {
  if (!present(field)) return [];
  if (Array.isArray(field.value)) return list(field).flatMap((one) => (isMap(one.value) ? blocks(one, labels) : []));
  if (!isMap(field.value)) return [];
  const bare = labels === 'bare' || (labels === 'either' && typeof field.value.description === 'string');
  if (bare) return [{ field }];
  return entries(field).flatMap(({ key, field: one }) => {
    if (Array.isArray(one.value)) return list(one).flatMap((item) => (isMap(item.value) ? [{ label: key, field: item }] : []));
    return isMap(one.value) ? [{ label: key, field: one }] : [];
  });
}

interface Shared {
  readonly document: Document;
  readonly context: ReadContext;
  readonly version: string | undefined;
}

function readAll(document: Document, context: ReadContext): readonly SystemModel[] {
  const outer = notes();
  const root = fieldOf(document, outer);
  const version = text(at(root, 'spec_version'));
  return blocks(at(root, 'threatmodel'), 'labelled').map((block) => {
    const kept = notes();
    const field = { ...block.field, notes: kept };
    return modelOf({ label: block.label ?? 'unnamed', field }, { document, context, version }, kept);
  });
}

/** What texts may refer to: `${var.x}` and `${import.control.x.description}`. */
interface Names {
  readonly variables: ReadonlyMap<string, string>;
  readonly controls: ReadonlyMap<string, Field>;
}

function modelOf(block: { readonly label: string; readonly field: Field }, shared: Shared, kept: Notes): SystemModel {
  const { document, context } = shared;
  const layers = layersOf(block.field, shared, kept);
  const names = namesOf(layers, kept);
  /** Blocks of all layers; where a label is there twice, the including model counts. */
  const all = (kind: string, labels: 'labelled' | 'bare' | 'either'): readonly Block[] => {
    const seen = new Set<string>();
    return layers.flatMap(({ field }) => {
      const here = blocks(at(field, kind), labels).filter(({ label }) => label === undefined || !seen.has(label));
      for (const { label } of here) if (label !== undefined) seen.add(label);
      return here;
    });
  };
  const words = (field: Field): Said<string> | undefined => resolved(stated(field), names, kept);

  const dataIds = identities();
  const dataAssets = all('information_asset', 'labelled').map(({ label, field }): DataAsset => {
    const place = at(field, 'information_classification');
    const classification = text(place);
    const level = own(CLASSIFICATIONS, classification?.toLowerCase() ?? '');
    if (classification !== undefined && level === undefined)
      kept.warn(place.pointer, `"${clip(classification, 60)}" is none of Public, Confidential, Restricted`);
    return known({
      id: dataIds(field, label, field.pointer),
      name: said(field, label ?? 'unnamed'),
      confidentiality: classification !== undefined && level !== undefined ? said(place, { words: classification, level }) : undefined,
      tags: [],
    } as DataAsset);
  });
  const data = new Set(dataAssets.map(({ id }) => id));

  const drawn = drawnIn(
    all,
    data,
    layers.some(({ field }) => facing(field)),
  );
  const labels = new Set(drawn.components.map(({ id }) => id));
  for (const { label, field } of all('third_party_dependency', 'labelled')) {
    const name = label ?? 'unnamed';
    if (labels.has(name)) continue;
    labels.add(name);
    const tags = ['saas', 'infrastructure'].flatMap((key) => (flag(at(field, key)) === true ? [said(at(field, key), key)] : []));
    drawn.components.push(
      component(field, name, said(field, name), { kind: 'external', nativeType: said(field, 'third_party_dependency', 'mapped'), tags }),
    );
  }
  const keeping = new Map<string, string[]>();
  for (const one of drawn.components) for (const asset of one.stores) keeping.set(asset, [...(keeping.get(asset) ?? []), one.id]);

  const mitigations: Mitigation[] = [];
  const claims: LogClaim[] = drawn.components.flatMap(({ id, name, logStore }) =>
    logStore?.value ? [{ text: name, holds: 'done' as const, threats: [], components: [id] }] : [],
  );
  const threatIds = identities();
  const mitigationIds = identities();
  const threats = all('threat', 'either').map(({ label, field }): ModelThreat => {
    const description = words(at(field, 'description'));
    const id = threatIds(field, label, idOf(description?.value ?? '', field.pointer));
    const stride = texts(at(field, 'stride')).flatMap((one) => {
      const found = strideOf(one.value);
      if (found === undefined) kept.warn(one.pointer, `"${clip(one.value, 60)}" is none of STRIDE`);
      return found === undefined ? [] : [{ ...one, value: found, quote: one.value }];
    });
    const refs = texts(at(field, 'information_asset_refs'));
    for (const one of refs) if (!data.has(one.value)) kept.warn(one.pointer, `no information asset is called "${clip(one.value, 60)}"`);
    const components = refs.flatMap((one) =>
      (keeping.get(one.value) ?? []).map((place) => ({ ...one, value: place, basis: 'inferred' as const, quote: one.value })),
    );
    const held = controlsOf(field, names, kept).map((control) => {
      const mitigation = { ...control.mitigation, id: mitigationIds(field, undefined, `${id}: ${control.mitigation.id}`) };
      mitigations.push(mitigation);
      const holds = heldBy(mitigation.status?.value.is);
      const stands = { threats: [id], components: components.map(({ value }) => value) };
      if (holds) claims.push(...claimsOf(mitigation.text, holds, stands), ...claimsOf(control.notes, holds, stands));
      return mitigation.id;
    });
    const prose = description?.value ?? '';
    return threat(id, label === undefined ? said(field, clip(prose.split('\n')[0] || 'unnamed', 120), 'inferred') : said(field, label), {
      text: description,
      stride,
      severity: severityIn(field),
      components,
      attack: techniquesIn(prose).map((one) => said(at(field, 'description'), one)),
      capec: idsIn(prose, /\bCAPEC-(\d{1,5})\b/gi, at(field, 'description')),
      cwe: idsIn(prose, /\bCWE-(\d{1,5})\b/gi, at(field, 'description')),
      mitigations: held,
    } as Partial<ModelThreat>);
  });

  return {
    ...frame(hcltm, document, said(block.field, block.label), shared.version),
    dataAssets,
    components: drawn.components,
    boundaries: drawn.boundaries,
    flows: drawn.flows,
    threats,
    mitigations,
    claims,
    annotations: annotationsOf(all('additional_attribute', 'labelled')),
    blindSpots: all('exclusion', 'bare').flatMap(({ field }) => words(at(field, 'description')) ?? []),
    warnings: kept.list(),
  };

  function facing(field: Field): boolean {
    return blocks(at(field, 'attributes'), 'bare').some((one) => flag(at(one.field, 'internet_facing')) === true);
  }

  /** The model, and what it includes, and what that includes. */
  function layersOf(
    first: Field,
    { document: opened }: Shared,
    into: Notes,
  ): readonly { readonly field: Field; readonly from: string; readonly file: Document }[] {
    const found: { readonly field: Field; readonly from: string; readonly file: Document }[] = [{ field: first, from: '', file: opened }];
    const seen = new Set<string>();
    for (let index = 0; index < found.length && found.length < MOST_INCLUDED; index += 1) {
      const layer = found[index] as (typeof found)[number];
      const including = stated(at(layer.field, 'including'));
      if (!including) continue;
      const path = pathFrom(layer.from, including.value);
      const inside = path === undefined ? undefined : context.beside?.get(path);
      if (inside === undefined || typeof inside === 'string' || path === undefined) {
        into.warn(
          including.pointer,
          `the model that it includes, "${clip(including.value, 100)}", is not read${typeof inside === 'string' ? `: ${inside}` : '; only files in its folder are, and nothing is fetched'}`,
        );
        continue;
      }
      if (seen.has(path)) continue;
      seen.add(path);
      const models = blocks(at(fieldOf(inside, into, `${path}#`), 'threatmodel'), 'labelled');
      const [only] = models;
      if (models.length > 1) into.warn(including.pointer, `"${clip(path, 100)}" holds several models; the first is included`);
      if (only) found.push({ field: only.field, from: path, file: inside });
    }
    return found;
  }

  function namesOf(from: ReturnType<typeof layersOf>, into: Notes): Names {
    const variables = new Map<string, string>();
    const controls = new Map<string, Field>();
    const library = (root: Field): void => {
      for (const { label, field } of blocks(at(root, 'variable'), 'labelled')) {
        const value = text(at(field, 'value'));
        if (label !== undefined && value !== undefined && !variables.has(label)) variables.set(label, value);
      }
      for (const one of blocks(at(root, 'component'), 'labelled')) {
        if (one.label !== 'control') continue;
        for (const { label, field } of blocks(one.field, 'labelled'))
          if (label !== undefined && !controls.has(label)) controls.set(label, field);
      }
    };
    for (const layer of from) {
      library(fieldOf(layer.file, into, layer.from === '' ? '' : `${layer.from}#`));
      for (const one of texts(at(layer.field, 'imports'))) {
        const path = pathFrom(layer.from, one.value);
        const inside = path === undefined ? undefined : context.beside?.get(path);
        if (path !== undefined && inside !== undefined && typeof inside !== 'string') library(fieldOf(inside, into, `${path}#`));
        else
          into.warn(
            one.pointer,
            `the controls of "${clip(one.value, 100)}" are not read${typeof inside === 'string' ? `: ${inside}` : '; only files in its folder are, and nothing is fetched'}`,
          );
      }
    }
    return { variables, controls };
  }
}

interface Drawing {
  readonly components: Component[];
  readonly boundaries: Boundary[];
  readonly flows: DataFlow[];
}

/** All diagrams of a model together: an element that is in several is one. */
function drawnIn(
  all: (kind: string, labels: 'labelled' | 'bare' | 'either') => readonly Block[],
  data: ReadonlySet<string>,
  facing: boolean,
): Drawing {
  const components = new Map<string, Component>();
  const boundaries = new Map<string, Boundary>();
  const flows: DataFlow[] = [];
  const flowIds = identities();
  const zone = (field: Pick<Field, 'pointer'>, name: string): string => {
    if (!boundaries.has(name)) {
      const provider = cloudIn(name);
      boundaries.set(
        name,
        known({
          id: name,
          name: said(field, name),
          provider: provider === undefined ? undefined : said(field, provider, 'inferred', name),
          internet: /^(?:the |public )?internet\b/i.test(name) ? said(field, true, 'inferred', name) : undefined,
        } as Boundary),
      );
    }
    return name;
  };
  const add = (container: Field, around: string | undefined): void => {
    for (const [key, kind] of ELEMENTS) {
      for (const { label, field } of blocks(at(container, key), 'labelled')) {
        const name = label ?? 'unnamed';
        const inner = stated(at(field, 'trust_zone'));
        const inside = around ?? (inner && zone(inner, inner.value));
        const asset = stated(at(field, 'information_asset'));
        if (asset && !data.has(asset.value)) field.notes.warn(asset.pointer, `no information asset is called "${clip(asset.value, 60)}"`);
        const before = components.get(name);
        if (before && before.kind !== kind)
          field.notes.warn(field.pointer, `"${clip(name, 60)}" is a ${before.kind} elsewhere in the model; the first counts`);
        const provider = inside === undefined ? undefined : boundaries.get(inside)?.provider;
        const one = component(field, name, said(field, name), {
          kind,
          boundaries: inside === undefined ? [] : [inside],
          provider,
          stores: asset && data.has(asset.value) ? [asset.value] : [],
          logStore: kind === 'datastore' && namesLogs(name) ? said(field, true, 'inferred', name) : undefined,
        } as Partial<Component>);
        if (!before) components.set(name, one);
        else
          components.set(name, {
            ...before,
            ...(before.boundaries.length === 0 && provider && !before.provider ? { provider } : {}),
            boundaries: before.boundaries.length > 0 ? before.boundaries : one.boundaries,
            stores: [...new Set([...before.stores, ...one.stores])],
          });
      }
    }
  };
  const diagrams = [...all('data_flow_diagram_v2', 'labelled'), ...all('data_flow_diagram', 'bare')];
  for (const { field } of diagrams) {
    for (const { label, field: inner } of blocks(at(field, 'trust_zone'), 'labelled')) add(inner, zone(inner, label ?? 'unnamed'));
    add(field, undefined);
  }
  for (const { field } of diagrams) {
    for (const { label, field: flow } of blocks(at(field, 'flow'), 'labelled')) {
      const from = components.get(text(at(flow, 'from')) ?? '');
      const to = components.get(text(at(flow, 'to')) ?? '');
      if (!from || !to) {
        flow.notes.warn(flow.pointer, `the flow "${clip(label ?? '', 60)}" names an element that is not there; left out`);
        continue;
      }
      const zoned = from.boundaries.length + to.boundaries.length > 0;
      const open = [from, to].some(({ boundaries: around }) => around.some((one) => boundaries.get(one)?.internet?.value === true));
      flows.push(
        known({
          id: flowIds(flow, undefined, `${from.id}>${to.id}: ${label ?? 'flow'}`),
          name: said(flow, label ?? 'flow'),
          from: from.id,
          to: to.id,
          protocol: stated(at(flow, 'protocol')),
          crosses: zoned ? said(flow, from.boundaries[0] !== to.boundaries[0], 'inferred') : undefined,
          public: open || (facing && from.kind === 'external') ? said(flow, true, 'inferred') : undefined,
          data: [],
        } as DataFlow),
      );
    }
  }
  return { components: [...components.values()], boundaries: [...boundaries.values()], flows };
}

/** Controls of a threat in all the forms that there have been. */
function controlsOf(
  field: Field,
  names: Names,
  kept: Notes,
): readonly { readonly mitigation: Mitigation; readonly notes: Said<string> | undefined }[] {
  const plain = typeof at(field, 'control').value === 'string' ? stated(at(field, 'control')) : undefined;
  const imported = texts(at(field, 'control_imports')).flatMap((one) => {
    const name = one.value.replace(/^\$\{|\}$/g, '').replace(/^import\.control\./, '');
    const found = names.controls.get(name);
    if (!found) kept.warn(one.pointer, `the control "${clip(name, 60)}" is in none of the files that are read`);
    return found ? [{ label: name, field: found }] : [{ label: name, field: { ...field, value: {}, pointer: one.pointer } }];
  });
  const written = [
    ...blocks(at(field, 'control'), 'labelled'),
    ...blocks(at(field, 'expanded_control'), 'labelled'),
    ...blocks(at(field, 'proposed_control'), 'either'),
    ...imported,
  ];
  const proposed = { words: 'control', is: 'proposed' as const };
  return [
    ...(plain
      ? [
          {
            mitigation: { id: 'control', text: resolved(plain, names, kept) ?? plain, status: said(plain, proposed, 'mapped') },
            notes: undefined,
          },
        ]
      : []),
    ...written.map(({ label, field: one }) => {
      const description = resolved(stated(at(one, 'description')), names, kept);
      const implemented = at(one, 'implemented');
      const done = flag(implemented) ?? false;
      const value = [label?.replace(/[.!]$/, ''), description?.value].filter((part) => part !== undefined).join('. ');
      return {
        mitigation: {
          id: label ?? 'control',
          text: said(description ?? one, value || 'unnamed', 'stated', description?.quote),
          status: said(
            implemented,
            { words: `implemented: ${done}`, is: done ? ('done' as const) : ('proposed' as const) },
            present(implemented) ? 'stated' : 'mapped',
          ),
        },
        notes: resolved(stated(at(one, 'implementation_notes')), names, kept),
      };
    }),
  ];
}

/** A text with what it refers to put in. */
function resolved(words: Said<string> | undefined, names: Names, kept: Notes): Said<string> | undefined {
  if (!words?.value.includes('${')) return words;
  const value = words.value.replace(
    /\$\{\s*(var|import\.control)\.([\w-]+)(?:\.(\w+))?\s*\}/g,
    (whole, kind: string, name: string, key?: string) => {
      const found =
        kind === 'var'
          ? names.variables.get(name)
          : text(at(names.controls.get(name) ?? { value: undefined, pointer: '', notes: kept }, key ?? 'description'));
      if (found === undefined) kept.warn(words.pointer, `${clip(whole, 100)} is in none of the files that are read`);
      return found ?? name;
    },
  );
  return { ...words, value, quote: clip(words.value) };
}

function severityIn(field: Field): ModelThreat['severity'] {
  const [risk] = blocks(at(field, 'risk'), 'bare');
  if (!risk) return undefined;
  const severity = text(at(risk.field, 'severity'));
  const is = severity === undefined ? undefined : severityOf(severity);
  if (severity !== undefined && is !== undefined) return said(at(risk.field, 'severity'), { words: severity, is });
  const likelihood = text(at(risk.field, 'likelihood'))?.toLowerCase() ?? '';
  const impact = text(at(risk.field, 'impact'))?.toLowerCase() ?? '';
  const steps = [own(STEPS, likelihood), own(STEPS, impact)];
  if (steps[0] === undefined || steps[1] === undefined) return undefined;
  return said(
    risk.field,
    { words: `${likelihood} x ${impact}`, is: SEVERITIES[Math.round((steps[0] + steps[1]) / 2)] ?? 'medium' },
    'inferred',
  );
}

/** `additional_attribute "log-sources" { value = "aws.cloudtrail.management, aws.vpc.flowlogs" }` */
function annotationsOf(attributes: readonly Block[]): readonly LogAnnotation[] {
  const value = (pattern: RegExp): Said<string> | undefined =>
    attributes.flatMap(({ label, field }) => (pattern.test(label ?? '') ? (stated(at(field, 'value')) ?? []) : []))[0];
  const sources = value(/^log[-_ ]?sources?$/i);
  const retain = value(/^log[-_ ]?retention$/i);
  return (sources?.value.split(/[\s,;]+/) ?? [])
    .filter((source) => source !== '')
    .map((source) => known({ source: { ...(sources as Said<string>), value: source }, retain } as LogAnnotation));
}

function idsIn(prose: string, pattern: RegExp, field: Field): readonly Said<string>[] {
  return [...new Set([...prose.slice(0, 100_000).matchAll(pattern)].map(([, number]) => String(Number(number))))].map((one) =>
    said(field, one),
  );
}
