import { own } from '../../src/model/own.ts';
import type { Boundary, Component, DataFlow, LogClaim, Mitigation, ModelThreat, Said, SystemModel } from '../../src/model/system-model.ts';
import type { Document } from './document.ts';
import type { Format, ReadContext, Recognition } from './format.ts';
import { type Box, centre, crosses, enclosing, type Path, type Point, parentOf } from './geometry.ts';
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
  namedByFile,
  notes,
  present,
  said,
  severityOf,
  stated,
  strideOf,
  techniquesIn,
  text,
  threat,
} from './said.ts';

/** Elements times boundaries (or flows times lines) that are still compared. */
const MOST_PAIRS = 4_000_000;

/**
 * OWASP Threat Dragon, versions 1 and 2, also wrapped as a template. Threats stand at the cells that they are about; which boundary an element
 * is in is told by the drawing alone. Names of owners, reviewers and contributors are left out.
 */
export const threatDragon: Format = {
  id: 'threat-dragon',
  name: 'OWASP Threat Dragon',
  about: 'Cells of the diagrams with their flags (log, credentials, public network), boundaries by position, threats with their state.',
  doc: 'https://www.threatdragon.com/docs/',
  recognise,
  read: (document, context) => [modelOf(document, context)],
};

function recognise({ value }: Document): Recognition | undefined {
  const model = isMap(value) && Object.hasOwn(value, 'templateMetadata') && isMap(value.model) ? value.model : value;
  if (!isMap(model)) return undefined;
  const { summary, detail } = model;
  const named = (part: RegExp): string | undefined => Object.keys(model).find((key) => part.test(key));
  const summaryKey = named(/^summar/i);
  const detailKey = named(/^details?$/i);
  if (summaryKey === undefined || detailKey === undefined) return undefined;
  if (!isMap(summary)) return { refuse: `looks like a Threat Dragon model, but has "${clip(summaryKey, 40)}" where "summary" should be` };
  if (!isMap(detail)) return { refuse: `looks like a Threat Dragon model, but has "${clip(detailKey, 40)}" where "detail" should be` };
  if (!Array.isArray(detail.diagrams)) return { refuse: 'looks like a Threat Dragon model, but has no list "diagrams" in "detail"' };
  if (typeof summary.title !== 'string') return { refuse: 'looks like a Threat Dragon model, but has no "title" in "summary"' };
  return typeof model.version === 'string' || typeof model.version === 'number' ? { version: String(model.version) } : {};
}

type Kind = Component['kind'] | 'flow' | 'box' | 'line' | 'text';

/** Shapes of version 2, types of both; one of the shapes is misspelt in many files. */
const KINDS: Readonly<Record<string, Kind>> = {
  actor: 'external',
  process: 'process',
  store: 'datastore',
  flow: 'flow',
  'trust-boundary-box': 'box',
  'trust-boundary-curve': 'line',
  'trust-broundary-curve': 'line',
  'td-text-block': 'text',
  'tm.Actor': 'external',
  'tm.Process': 'process',
  'tm.Store': 'datastore',
  'tm.Flow': 'flow',
  'tm.BoundaryBox': 'box',
  'tm.Boundary': 'line',
  'tm.Text': 'text',
};

const STATES: Readonly<Record<string, 'open' | 'mitigated' | 'accepted' | 'not-applicable'>> = {
  open: 'open',
  mitigated: 'mitigated',
  avoided: 'mitigated',
  eliminated: 'mitigated',
  accepted: 'accepted',
  transferred: 'accepted',
  na: 'not-applicable',
  'n/a': 'not-applicable',
  notapplicable: 'not-applicable',
};

/** Categories of the other methodologies that harm what a STRIDE category harms. */
const OTHER_CATEGORIES: Readonly<Record<string, string>> = {
  confidentiality: 'information-disclosure',
  integrity: 'tampering',
  availability: 'denial-of-service',
  'disclosure of information': 'information-disclosure',
};

/** What Threat Dragon puts into a new threat. */
const PLACEHOLDERS = new Set([
  'provide a description for this threat',
  'provide remediation for this threat or a reason if status is n/a',
  'mitigation or prevention for the threat',
]);

interface Cell {
  readonly field: Field;
  /** Where the flags and threats are: in `data` (version 2), or in the cell itself. */
  readonly data: Field;
  readonly kind: Kind;
  readonly key: string;
}

interface Reading {
  readonly model: SystemModel;
  readonly components: Component[];
  readonly boundaries: Boundary[];
  readonly flows: DataFlow[];
  readonly threats: ModelThreat[];
  readonly mitigations: Mitigation[];
  readonly claims: LogClaim[];
  readonly ids: { readonly [kind in 'component' | 'boundary' | 'flow' | 'threat']: ReturnType<typeof identities> };
}

function modelOf(document: Document, context: ReadContext): SystemModel {
  const kept = notes();
  const outer = fieldOf(document, kept);
  const root = present(at(outer, 'templateMetadata')) ? at(outer, 'model') : outer;
  const name = stated(at(root, 'summary', 'title')) ?? namedByFile(document, '/summary/title');
  const model = frame(threatDragon, document, name, text(at(root, 'version')));
  const reading: Reading = {
    model,
    components: [],
    boundaries: [],
    flows: [],
    threats: [],
    mitigations: [],
    claims: [],
    ids: { component: identities(), boundary: identities(), flow: identities(), threat: identities() },
  };
  for (const diagram of maps(at(root, 'detail', 'diagrams'))) readDiagram(diagram, reading, context);
  const { ids: _, model: __, ...parts } = reading;
  return { ...model, ...parts, warnings: kept.list() };
}

function readDiagram(diagram: Field, reading: Reading, context: ReadContext): void {
  const first = present(at(diagram, 'diagramJson')) ? at(diagram, 'diagramJson', 'cells') : at(diagram, 'cells');
  const cells = maps(first).flatMap((field) => cellOf(field));
  const { notes: kept } = diagram;
  const boxes: Box[] = [];
  const lines: { readonly path: Path }[] = [];
  const boxed = cells.filter(({ kind }) => kind === 'box');
  const boundaryIds = new Map<Cell, string>();
  for (const cell of boxed) {
    const id = reading.ids.boundary(cell.field, cell.key, cell.field.pointer);
    boundaryIds.set(cell, id);
    const box = boxOf(cell.field, id);
    if (box) boxes.push(box);
    else kept.warn(cell.field.pointer, 'the boundary has no position or size; what stands in it is not known');
  }
  const comparable = cells.length * boxes.length <= MOST_PAIRS;
  if (!comparable) kept.warn(diagram.pointer, 'the diagram has too many elements to tell which stand in which boundary');
  const byId = new Map(boxes.map((box) => [box.id, box]));
  for (const cell of boxed) {
    const id = boundaryIds.get(cell) as string;
    const box = byId.get(id);
    const parent = box && comparable ? parentOf(box, boxes) : undefined;
    reading.boundaries.push(known({ id, name: nameOf(cell, 'trust boundary'), nativeType: shapeOf(cell), parent } as Boundary));
  }
  for (const cell of cells.filter(({ kind }) => kind === 'line')) {
    const id = reading.ids.boundary(cell.field, cell.key, cell.field.pointer);
    reading.boundaries.push(known({ id, name: nameOf(cell, 'trust boundary'), nativeType: shapeOf(cell) } as Boundary));
    lines.push({ path: pathOf(cell.field, new Map()) });
  }

  const placed = new Map<string, { readonly id: string; readonly around: readonly string[]; readonly middle?: Point }>();
  const touched = new Map<Cell, readonly Said<string>[]>();
  for (const cell of cells) {
    if (cell.kind === 'flow' || cell.kind === 'box' || cell.kind === 'line' || cell.kind === 'text') continue;
    const id = reading.ids.component(cell.field, cell.key, cell.field.pointer);
    const box = boxOf(cell.field, id);
    const around = box && comparable ? enclosing(box, boxes) : [];
    placed.set(cell.key, { id, around, ...(box ? { middle: centre(box) } : {}) });
    touched.set(cell, [said(cell.field, id)]);
    const one = componentOf(cell, id, cell.kind, around, context);
    reading.components.push(one);
    // A store that is said to be a log is a claim that the log is there.
    if (one.logStore?.value) reading.claims.push({ text: one.name, holds: 'done', threats: [], components: [id] });
  }

  const middles = new Map([...placed].flatMap(([key, { middle }]) => (middle ? [[key, middle] as const] : [])));
  const flows = cells.filter(({ kind }) => kind === 'flow');
  const compared = flows.length * lines.length <= MOST_PAIRS;
  if (!compared) kept.warn(diagram.pointer, 'the diagram has too many flows to tell which cross a boundary');
  for (const cell of flows) {
    const name = nameOf(cell, 'flow');
    const from = placed.get(endOf(cell.field, 'source') ?? '');
    const to = placed.get(endOf(cell.field, 'target') ?? '');
    if (!from || !to) {
      kept.warn(cell.field.pointer, `the flow "${clip(name.value, 60)}" is not attached to an element at both ends; left out`);
      touched.set(
        cell,
        [from, to].flatMap((end) => (end ? [said(cell.field, end.id, 'inferred')] : [])),
      );
      continue;
    }
    const id = reading.ids.flow(cell.field, cell.key, cell.field.pointer);
    const over =
      compared && comparable
        ? crosses(
            from.around,
            to.around,
            pathOf(cell.field, middles),
            lines.map(({ path }) => path),
          )
        : undefined;
    const protocol = stated(at(cell.data, 'protocol'));
    reading.flows.push(
      known({
        id,
        name,
        from: from.id,
        to: to.id,
        protocol,
        encrypted: ticked(cell.data, 'isEncrypted'),
        crosses: over === undefined ? undefined : said(cell.field, over, 'inferred'),
        public: ticked(cell.data, 'isPublicNetwork'),
        data: [],
      } as DataFlow),
    );
    touched.set(
      cell,
      [...new Set([to.id, from.id])].map((end) => said(cell.field, end, 'inferred', name.value)),
    );
  }

  const type = text(at(diagram, 'diagramType')) ?? '';
  for (const cell of cells) {
    const threats = present(at(cell.data, 'threats')) ? at(cell.data, 'threats') : at(cell.field, 'threats');
    for (const [index, one] of maps(threats).entries()) readThreat(one, `${cell.key}.${index + 1}`, type, touched.get(cell) ?? [], reading);
  }
}

function cellOf(field: Field): readonly Cell[] {
  const data = isMap(at(field, 'data').value) ? at(field, 'data') : field;
  const shape = text(at(field, 'shape'));
  const type = text(at(data, 'type')) ?? text(at(field, 'type'));
  const kind = own(KINDS, shape ?? '') ?? own(KINDS, type ?? '');
  if (kind === undefined) {
    field.notes.warn(field.pointer, `"${clip(shape ?? type ?? '', 40)}" is no shape that is known; left out`);
    return [];
  }
  return [{ field, data, kind, key: text(at(field, 'id')) ?? field.pointer }];
}

function shapeOf({ field, data }: Cell): Said<string> | undefined {
  return stated(at(field, 'shape')) ?? stated(at(data, 'type'));
}

/** Names may be broken over lines to fit their shapes. */
function nameOf({ field, data }: Cell, fallback: string): Said<string> {
  const label = list(at(field, 'labels'))[0];
  const places = [
    at(data, 'name'),
    at(field, 'attrs', 'text', 'text'),
    ...(label ? [at(label, 'attrs', 'text', 'text'), at(label, 'attrs', 'label', 'text')] : []),
  ];
  for (const place of places) {
    const name = typeof place.value === 'string' ? place.value.replace(/\s+/g, ' ').trim() : '';
    if (name !== '') return said(place, name);
  }
  return said(field, fallback, 'assumed');
}

function componentOf(cell: Cell, id: string, kind: Component['kind'], around: readonly string[], { lexicon }: ReadContext): Component {
  const { field, data } = cell;
  const name = nameOf(cell, kind);
  const out = at(data, 'outOfScope');
  const excluded = flag(out);
  const reason = text(at(data, 'reasonOutOfScope'));
  const description = stated(at(data, 'description'));
  const described = description && lexicon.services(name.value).length === 0 ? lexicon.services(description.value) : [];
  const single = new Set(described.map(({ type }) => type)).size === 1 ? described[0] : undefined;
  const card = ticked(data, 'handlesCardPayment');
  return component(field, id, name, {
    kind,
    boundaries: around,
    tags: [
      ...(single && description ? [said(description, single.word, 'inferred', description.value)] : []),
      ...(card ? [said(card, 'pci', 'mapped', 'handlesCardPayment')] : []),
    ],
    inScope: excluded === true ? said(out, false, 'stated', reason) : said(out, true, excluded === undefined ? 'assumed' : 'stated'),
    storesCredentials: ticked(data, 'storesCredentials'),
    logStore: ticked(data, 'isALog'),
  } as Partial<Component>);
}

/** A box that somebody ticked. One that is not ticked says nothing: that is how every new element begins. */
function ticked(data: Field, key: string): Said<boolean> | undefined {
  const place = at(data, key);
  return flag(place) === true ? said(place, true) : undefined;
}

function readThreat(field: Field, fallback: string, diagramType: string, touched: readonly Said<string>[], reading: Reading): void {
  const place = at(field, 'type');
  const category = text(place);
  const methodology = text(at(field, 'modelType')) ?? diagramType;
  const stride = category === undefined ? undefined : strideIn(methodology, category);
  if (category !== undefined && stride === undefined)
    field.notes.warn(
      place.pointer,
      `the category "${clip(category, 60)}" (${clip(methodology, 40) || 'no methodology'}) has no counterpart in STRIDE`,
    );
  const state = text(at(field, 'status'));
  const is = state === undefined ? 'unknown' : (own(STATES, state.toLowerCase().replace(/[\s_-]/g, '')) ?? 'unknown');
  const severity = stated(at(field, 'severity'));
  const level = severity && severityOf(severity.value);
  const given = text(at(field, 'id')) ?? text(at(field, 'threatId'));
  const id = reading.ids.threat(field, given, fallback);
  const description = filled(at(field, 'description'));
  const mitigation = filled(at(field, 'mitigation'));
  const mitigationId = `${id}.mitigation`;
  if (mitigation) {
    const done = is === 'mitigated' ? 'done' : is === 'not-applicable' || is === 'accepted' ? 'wont-do' : 'proposed';
    const words = state ?? 'without status';
    reading.mitigations.push({ id: mitigationId, text: mitigation, status: said(at(field, 'status'), { words, is: done }) });
    const holds = heldBy(done);
    const components = touched.map(({ value }) => value);
    if (holds) reading.claims.push(...claimsOf(mitigation, holds, { threats: [id], components }));
  }
  const title = stated(at(field, 'title'));
  const prose = `${title?.value ?? ''} ${description?.value ?? ''}`;
  const ids = (pattern: RegExp): readonly Said<string>[] =>
    [...new Set([...prose.slice(0, 100_000).matchAll(pattern)].map(([, number]) => String(Number(number))))].map((one) => said(field, one));
  reading.threats.push(
    threat(id, title ?? said(field, category ?? 'unnamed', 'assumed'), {
      text: description,
      stride: stride === undefined ? [] : [said(place, stride.value, stride.basis, category)],
      status: state === undefined ? undefined : said(at(field, 'status'), { words: state, is }),
      severity: severity && level ? { ...severity, value: { words: severity.value, is: level } } : undefined,
      components: touched,
      attack: techniquesIn(prose).map((one) => said(field, one)),
      capec: ids(/\bCAPEC-(\d{1,5})\b/gi),
      cwe: ids(/\bCWE-(\d{1,5})\b/gi),
      mitigations: mitigation ? [mitigationId] : [],
    } as Partial<ModelThreat>),
  );
}

/** LINDDUN's non-repudiation is the contrary of repudiation. */
function strideIn(methodology: string, category: string): { readonly value: string; readonly basis: 'stated' | 'mapped' } | undefined {
  const other = own(OTHER_CATEGORIES, category.toLowerCase());
  if (other !== undefined) return { value: other, basis: 'mapped' };
  if (/linddun|plot4ai|die/i.test(methodology) || /non-?\s?repudiation/i.test(category)) return undefined;
  const value = strideOf(category);
  return value === undefined ? undefined : { value, basis: 'stated' };
}

function filled(field: Field): Said<string> | undefined {
  const words = stated(field);
  return words && PLACEHOLDERS.has(words.value.toLowerCase().replace(/\.$/, '')) ? undefined : words;
}

function endOf(field: Field, end: 'source' | 'target'): string | undefined {
  return text(at(field, end, 'cell')) ?? text(at(field, end, 'id'));
}

function boxOf(field: Field, id: string): Box | undefined {
  const left = amount(at(field, 'position', 'x'));
  const top = amount(at(field, 'position', 'y'));
  const width = amount(at(field, 'size', 'width'));
  const height = amount(at(field, 'size', 'height'));
  return left === undefined || top === undefined || width === undefined || height === undefined
    ? undefined
    : { id, left, top, width, height };
}

function pathOf(field: Field, middles: ReadonlyMap<string, Point>): Path {
  const end = (name: 'source' | 'target'): readonly Point[] => {
    const middle = middles.get(endOf(field, name) ?? '');
    return middle ? [middle] : pointsOf([at(field, name)]);
  };
  return [...end('source'), ...pointsOf(maps(at(field, 'vertices'))), ...end('target')];
}

function pointsOf(fields: readonly Field[]): readonly Point[] {
  return fields.flatMap((field) => {
    const x = amount(at(field, 'x'));
    const y = amount(at(field, 'y'));
    return x === undefined || y === undefined ? [] : [{ x, y }];
  });
}
