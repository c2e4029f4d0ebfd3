import { SaxesParser } from 'saxes';
import { own } from '../../src/model/own.ts';
import type { Boundary, Component, DataFlow, Mitigation, ModelThreat, Said, SystemModel } from '../../src/model/system-model.ts';
import type { Document } from './document.ts';
import type { Format, Recognition } from './format.ts';
import { type Box, enclosing, meet, type Path, parentOf } from './geometry.ts';
import {
  claimsOf,
  clip,
  component,
  frame,
  heldBy,
  identities,
  idOf,
  isMap,
  known,
  type Notes,
  namedByFile,
  notes,
  said,
  severityOf,
  strideOf,
  techniquesIn,
  threat,
} from './said.ts';

const MOST_DEPTH = 200;
/** Elements times boundaries (or flows times lines) that are still compared. */
const MOST_PAIRS = 4_000_000;

/**
 * Models of the Microsoft Threat Modeling Tool (`.tm7`): the diagrams with their stencils, boundaries by where they are drawn, and the
 * threats. Elements are matched on local names, since prefixes vary. Nothing is taken from `ChangedBy`, owners, reviewers and notes.
 */
export const mtmt: Format = {
  id: 'mtmt',
  name: 'Microsoft Threat Modeling Tool',
  about: 'Stencils of the Azure and SDL templates and of own ones, boundaries by position, flows, threats with their state and priority.',
  doc: 'https://learn.microsoft.com/azure/security/develop/threat-modeling-tool',
  recognise,
  read(document) {
    const tree = parse(document.text);
    return 'wrong' in tree ? [] : [modelOf(document, tree)];
  },
};

function recognise(document: Document): Recognition | undefined {
  if (document.syntax !== 'xml') return ofParser(document.value);
  const root = rootOf(document.text);
  if (root === 'KnowledgeBase')
    return { refuse: 'is a template of the Microsoft Threat Modeling Tool (.tb7): stencils, but no model; give a .tm7 made with it' };
  if (root !== 'ThreatModel') return undefined;
  const tree = parse(document.text);
  if ('wrong' in tree) return { refuse: `is a model of the Microsoft Threat Modeling Tool, but ${tree.wrong}; save it again` };
  const version = textOf(child(tree.root, 'Version'));
  return version === '' ? {} : { version };
}

/** The local name of the first element. */
function rootOf(xml: string): string | undefined {
  let from = 0;
  for (;;) {
    const start = xml.indexOf('<', from);
    const end = xml.startsWith('<?', start) ? '?>' : xml.startsWith('<!--', start) ? '-->' : undefined;
    if (start < 0 || end === undefined)
      return start < 0 ? undefined : /^<(?:[\w.-]{1,100}:)?([\w.-]{1,100})/.exec(xml.slice(start, start + 210))?.[1];
    const found = xml.indexOf(end, start);
    if (found < 0) return undefined;
    from = found + end.length;
  }
}

/** What Microsoft's tm-file-parser makes of a `.tm7` lacks the values of attributes. */
function ofParser(value: unknown): Recognition | undefined {
  if (!isMap(value) || !Object.hasOwn(value, 'drawingSurfaceList') || !Object.hasOwn(value, 'threatInstances')) return undefined;
  return {
    refuse: 'is a .tm7 that tm-file-parser turned into JSON, which loses the names and attributes of elements; give the .tm7 itself',
  };
}

/** Stencils that are exactly one kind of component. */
const TYPES: Readonly<Record<string, string>> = {
  'SE.DS.TMCore.AzureStorage': 'azure.storage.account',
  'SE.DS.TMCore.AzureKeyVault': 'azure.keyvault.vault',
  'SE.DS.TMCore.AzureSQLDB': 'azure.sql.database',
  'SE.DS.TMCore.AzureSQLDWDB': 'azure.synapse.workspace',
  'SE.DS.TMCore.AzurePostgresDB': 'azure.postgresql.server',
  'SE.DS.TMCore.AzureMySQLDB': 'azure.mysql.server',
  'SE.P.TMCore.AzureDocumentDB': 'azure.cosmosdb.account',
  'SE.P.TMCore.AzureRedis': 'azure.redis.cache',
  'SE.P.TMCore.AzureEventHub': 'azure.eventhub.namespace',
  'SE.P.TMCore.AzureAppServiceWebApp': 'azure.appservice.site',
  'SE.P.TMCore.AzureAppServiceApiApp': 'azure.appservice.site',
  'SE.P.TMCore.AzureAppServiceMobileApp': 'azure.appservice.site',
  'SE.P.TMCore.AzureWebJob': 'azure.appservice.site',
  'SE.P.TMCore.AzureDataFactory': 'azure.datafactory.factory',
  'SE.P.TMCore.AzureML': 'azure.machinelearning.workspace',
  'SE.P.TMCore.AzureStreamAnalytics': 'azure.streamanalytics.job',
  'SE.P.TMCore.AzureTrafficManager': 'azure.trafficmanager.profile',
  'SE.P.TMCore.AzureAD': 'entra.tenant',
  'SE.P.TMCore.ADE': 'azure.dataexplorer.cluster',
  'SE.P.TMCore.ALA': 'azure.logicapps.workflow',
  'SE.GP.TMCore.IoTCloudGateway': 'azure.iothub.hub',
};

/** Boundary stencils that stand for a provider, or for the Internet. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'SE.TB.TMCore.AzureTrustBoundary': 'azure',
  'SE.TB.TMCore.AzureIaaSVMTrustBoundary': 'azure',
};
const INTERNET: Readonly<Record<string, true>> = { 'SE.TB.L.TMCore.Internet': true };
const ACTORS: Readonly<Record<string, true>> = { 'SE.EI.TMCore.User': true };

const KINDS: Readonly<Record<string, Component['kind']>> = {
  StencilEllipse: 'process',
  StencilParallelLines: 'datastore',
  StencilRectangle: 'external',
};

const STATES: Readonly<Record<string, 'open' | 'mitigated' | 'accepted' | 'not-applicable'>> = {
  autogenerated: 'open',
  notstarted: 'open',
  needsinvestigation: 'open',
  mitigated: 'mitigated',
  accepted: 'accepted',
  notapplicable: 'not-applicable',
};

/** An XML element by its local name. `type` is the local name of its `i:type`. */
interface Element {
  readonly name: string;
  readonly type: string;
  readonly parent?: Element;
  /** Among the elements of its name within the parent, from 1. */
  readonly index: number;
  readonly children: Element[];
  readonly counts: Map<string, number>;
  text: string;
}

/** What a `.tm7` embeds of its template: the stencils, for those who made their own. */
interface Tree {
  readonly root: Element;
  readonly stencils: ReadonlyMap<string, { readonly name: string; readonly parent: string }>;
}

/** Streams the file. Of the embedded template, 95 % of it, only the stencils are kept. */
function parse(xml: string): Tree | { readonly wrong: string } {
  const stencils = new Map<string, { name: string; parent: string }>();
  let root: Element | undefined;
  let open: Element | undefined;
  let depth = 0;
  /** Depth of the template, and of the part of it that is left out. */
  let template = 0;
  let skipped = 0;
  let wrong: string | undefined;
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    wrong ??= `it is not well-formed XML (${clip(error.message.replace(/\s+/g, ' '), 100)})`;
  });
  parser.on('doctype', () => {
    wrong ??= 'it declares a document type, which is refused';
  });
  parser.on('opentag', ({ name: qualified, attributes }) => {
    depth += 1;
    if (depth > MOST_DEPTH) wrong ??= `it is nested more than ${MOST_DEPTH} levels deep`;
    if (skipped > 0 || wrong !== undefined) return;
    const name = local(qualified);
    if (template > 0 && !wanted(depth - template, name)) {
      skipped = depth;
      return;
    }
    if (template === 0 && depth === 2 && name === 'KnowledgeBase') template = depth;
    const type = Object.entries(attributes).find(([key]) => key.endsWith(':type'))?.[1] ?? '';
    const index = (open?.counts.get(name) ?? 0) + 1;
    open?.counts.set(name, index);
    const element: Element = {
      name,
      type: local(type),
      ...(open ? { parent: open } : {}),
      index,
      children: [],
      counts: new Map(),
      text: '',
    };
    open?.children.push(element);
    root ??= element;
    open = element;
  });
  const add = (words: string): void => {
    if (skipped === 0 && open) open.text += words;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', () => {
    depth -= 1;
    if (skipped > 0) {
      if (depth < skipped) skipped = 0;
      return;
    }
    if (open?.name === 'ElementType' && template > 0) {
      const id = textOf(child(open, 'Id') ?? child(open, 'ID'));
      stencils.set(id, {
        name: textOf(child(open, 'Name')),
        parent: textOf(child(open, 'ParentId') ?? child(open, 'ParentElement')),
      });
      open.children.length = 0;
    }
    if (depth < template) template = 0;
    open = open?.parent;
  });
  for (let from = 0; from < xml.length && wrong === undefined; from += CHUNK) parser.write(xml.slice(from, from + CHUNK));
  if (wrong === undefined) parser.close();
  if (wrong !== undefined) return { wrong };
  return root ? { root, stencils } : { wrong: 'it holds nothing' };
}

const CHUNK = 1024 * 1024;

/** Of the template: `GenericElements` and `StandardElements`, in them `ElementType`, in these what names a stencil. */
function wanted(level: number, name: string): boolean {
  if (level === 1) return name === 'GenericElements' || name === 'StandardElements';
  if (level === 2) return name === 'ElementType';
  return level === 3 && ['Id', 'ID', 'Name', 'ParentId', 'ParentElement'].includes(name);
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function child(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  return path.reduce<Element | undefined>((inside, name) => inside?.children.find((one) => one.name === name), element);
}

function children(element: Element | undefined, name?: string): readonly Element[] {
  return element?.children.filter((one) => name === undefined || one.name === name) ?? [];
}

function textOf(element: Element | undefined): string {
  return element?.text.trim() ?? '';
}

/** XPath of local names. */
function pointerOf(element: Element): string {
  const last = `/${element.name}${element.index > 1 ? `[${element.index}]` : ''}`;
  return element.parent ? `${pointerOf(element.parent)}${last}` : last;
}

function say(element: Element, value?: string): Said<string> {
  return said({ pointer: pointerOf(element) }, value ?? textOf(element));
}

interface Attribute {
  readonly element: Element;
  readonly value: string;
}

/** The attributes of an element of a diagram, by their lower-case display names. Of lists, the choice. */
function attributesOf(element: Element): ReadonlyMap<string, Attribute> {
  const found = new Map<string, Attribute>();
  for (const property of children(child(element, 'Properties'))) {
    const name = textOf(child(property, 'DisplayName')).toLowerCase();
    const value = child(property, 'Value');
    if (name === '' || !value || found.has(name)) continue;
    const chosen = child(property, 'SelectedIndex');
    const words = chosen ? textOf(value.children[Number(textOf(chosen))]) : textOf(value);
    if (words !== '') found.set(name, { element: property, value: words });
  }
  return found;
}

interface Drawn {
  readonly element: Element;
  readonly typeId: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
}

function drawn(element: Element): Drawn {
  const typeId = textOf(child(element, 'TypeId'));
  return { element, typeId: typeId === '' ? textOf(child(element, 'GenericTypeId')) : typeId, attributes: attributesOf(element) };
}

function modelOf(document: Document, { root, stencils }: Tree): SystemModel {
  const kept = notes();
  const field = (element: Element) => ({ value: undefined, pointer: pointerOf(element), notes: kept });
  const unique = identities();
  const boundaryIds = identities();
  const components: Component[] = [];
  const boundaries: Boundary[] = [];
  const flows: DataFlow[] = [];
  /** Names as the tool puts them into the texts of threats. */
  const names = new Map<string, string>();

  for (const surface of children(child(root, 'DrawingSurfaceList'), 'DrawingSurfaceModel')) {
    const borders = valuesOf(child(surface, 'Borders')).map(drawn);
    const lines = valuesOf(child(surface, 'Lines')).map(drawn);
    const boxes: Box[] = [];
    const curves: { readonly id: string; readonly path: Path; readonly internet: boolean }[] = [];
    const boundaryOf = (one: Drawn): Boundary => {
      const id = boundaryIds(field(one.element), textOf(child(one.element, 'Guid')) || undefined, idOf(pointerOf(one.element)));
      const type = exact(PROVIDERS, one.typeId, stencils);
      const internet = exact(INTERNET, one.typeId, stencils);
      return known<Boundary>({
        id,
        name: nameOf(one, stencils),
        nativeType: nativeTypeOf(one, stencils),
        provider: type && said({ pointer: pointerOf(one.element) }, type, 'mapped', one.typeId),
        internet: internet && said({ pointer: pointerOf(one.element) }, true, 'mapped', one.typeId),
      } as Boundary);
    };

    const providers = new Map<string, Said<string>>();
    const bordered = borders.filter(({ element }) => element.type === 'BorderBoundary').map((one) => ({ one, boundary: boundaryOf(one) }));
    for (const { one, boundary } of bordered) {
      const box = boxOf(one.element, boundary.id);
      if (box) boxes.push(box);
      else kept.warn(pointerOf(one.element), 'the boundary has no position; what stands in it is not known');
    }
    const boxById = new Map(boxes.map((box) => [box.id, box]));
    const comparable = borders.length * boxes.length <= MOST_PAIRS;
    if (!comparable) kept.warn(pointerOf(surface), 'the diagram has too many elements to tell which stand in which boundary');
    for (const { boundary } of bordered) {
      if (boundary.provider) providers.set(boundary.id, boundary.provider);
      const box = boxById.get(boundary.id);
      const parent = box && comparable ? parentOf(box, boxes) : undefined;
      boundaries.push(parent === undefined ? boundary : { ...boundary, parent });
    }
    for (const one of lines.filter(({ element }) => element.type === 'LineBoundary')) {
      const boundary = boundaryOf(one);
      boundaries.push(boundary);
      curves.push({ id: boundary.id, path: pathOf(one.element), internet: boundary.internet?.value === true });
    }

    /** By the id in the file, which several diagrams may share. */
    const inside = new Map<string, { readonly id: string; readonly around: readonly string[] }>();
    for (const one of borders) {
      const kind = own(KINDS, one.element.type);
      // Free text on the diagram.
      if (one.typeId === 'GE.A') continue;
      if (!kind) {
        if (one.element.type !== 'BorderBoundary')
          kept.warn(
            pointerOf(one.element),
            `a ${clip(one.element.type, 60) || 'nameless thing'} is none of the elements that are known; left out`,
          );
        continue;
      }
      const guid = textOf(child(one.element, 'Guid'));
      const id = unique(field(one.element), guid || undefined, idOf(pointerOf(one.element)));
      const box = boxOf(one.element, id);
      const around = box && comparable ? enclosing(box, boxes) : [];
      inside.set(guid, { id, around });
      const name = nameOf(one, stencils);
      names.set(id, name.value);
      components.push(componentOf(one, id, name, kind, around, providers, stencils));
    }

    const compared = lines.length * curves.length <= MOST_PAIRS;
    for (const one of lines) {
      if (one.element.type !== 'Connector') continue;
      const from = inside.get(textOf(child(one.element, 'SourceGuid')));
      const to = inside.get(textOf(child(one.element, 'TargetGuid')));
      const pointer = pointerOf(one.element);
      if (!from || !to) {
        kept.warn(pointer, `the flow ${clip(nameOf(one, stencils).value, 60)} is not attached to an element at both ends; left out`);
        continue;
      }
      const path = pathOf(one.element);
      const met = compared ? curves.filter((curve) => meet(path, curve.path)) : [];
      const parted = difference(from.around, to.around);
      // Lines enclose nothing: a flow that meets none of them may still pass around.
      const crosses = met.length > 0 || parted ? true : curves.length === 0 && comparable ? false : undefined;
      const publicly = met.some(({ internet }) => internet);
      flows.push(
        known<DataFlow>({
          id: unique(field(one.element), textOf(child(one.element, 'Guid')) || undefined, idOf(pointer)),
          name: nameOf(one, stencils),
          from: from.id,
          to: to.id,
          protocol: protocolOf(one, stencils),
          crosses: crosses === undefined ? undefined : said({ pointer }, crosses, 'inferred'),
          public: publicly ? said({ pointer }, true, 'inferred') : undefined,
          data: [],
        } as DataFlow),
      );
    }
  }

  const mitigations = new Map<string, Mitigation>();
  const threats = threatsOf(root, new Set(components.map(({ id }) => id)), names, mitigations, kept);
  const mitigated = new Map<string, string[]>();
  for (const one of threats)
    for (const id of one.mitigations) {
      const at = mitigated.get(id);
      if (at) at.push(one.id);
      else mitigated.set(id, [one.id]);
    }
  const meta = child(root, 'MetaInformation');
  const title = child(meta, 'ThreatModelName');
  const assumptions = textOf(child(meta, 'Assumptions'));
  const assumed = assumptions === '' ? [] : [say(child(meta, 'Assumptions') as Element)];
  const name = title && textOf(title) !== '' ? say(title) : namedByFile(document, '/ThreatModel/MetaInformation');
  const version = textOf(child(root, 'Version'));
  return {
    ...frame(mtmt, document, name, version === '' ? undefined : version),
    components,
    boundaries,
    flows,
    threats,
    mitigations: [...mitigations.values()],
    assumptions: assumed,
    claims: [
      ...[...mitigations.values()].flatMap((one) => {
        const holds = heldBy(one.status?.value.is);
        return holds ? claimsOf(one.text, holds, { threats: mitigated.get(one.id) ?? [] }) : [];
      }),
      ...assumed.flatMap((one) => claimsOf(one, 'assumed')),
    ],
    warnings: kept.list(),
  };
}

function valuesOf(list: Element | undefined): readonly Element[] {
  return children(list).flatMap((pair) => children(pair, 'Value'));
}

function nameOf({ element, attributes, typeId }: Drawn, stencils: Tree['stencils']): Said<string> {
  const name = attributes.get('name');
  if (name) return say(name.element, name.value);
  const stencil = stencils.get(typeId)?.name;
  return said({ pointer: pointerOf(element) }, stencil || typeId || element.type || 'unnamed', 'assumed');
}

/** Stencils of the published templates by their ids; those of one's own by their names, as their ids are GUIDs. */
function nativeTypeOf({ element, typeId }: Drawn, stencils: Tree['stencils']): Said<string> | undefined {
  if (typeId === '') return undefined;
  const place = child(element, 'TypeId') ?? element;
  const stencil = stencils.get(typeId)?.name;
  return /^[0-9a-f]{8}-/i.test(typeId) && stencil ? said({ pointer: pointerOf(place) }, stencil, 'mapped', typeId) : say(place, typeId);
}

/** The entry of a stencil, or of the nearest one that it is derived from. */
function exact<T>(table: Readonly<Record<string, T>>, typeId: string, stencils: Tree['stencils']): T | undefined {
  const seen = new Set<string>();
  for (let id = typeId; id !== '' && !seen.has(id); id = stencils.get(id)?.parent ?? '') {
    const found = own(table, id);
    if (found !== undefined) return found;
    seen.add(id);
  }
  return undefined;
}

function componentOf(
  one: Drawn,
  id: string,
  name: Said<string>,
  kind: Component['kind'],
  around: readonly string[],
  providers: ReadonlyMap<string, Said<string>>,
  stencils: Tree['stencils'],
): Component {
  const pointer = pointerOf(one.element);
  const type = exact(TYPES, one.typeId, stencils);
  const provider = around.map((place) => providers.get(place)).find((found) => found !== undefined);
  const out = one.attributes.get('out of scope');
  const chosen = (display: string): Said<boolean> | undefined => {
    const attribute = one.attributes.get(display);
    return attribute && /^(?:yes|true)$/i.test(attribute.value)
      ? said({ pointer: pointerOf(attribute.element) }, true, 'stated', attribute.value)
      : undefined;
  };
  return component({ pointer }, id, name, {
    kind: exact(ACTORS, one.typeId, stencils) ? 'actor' : kind,
    nativeType: nativeTypeOf(one, stencils),
    type: type === undefined ? undefined : said({ pointer }, type, 'mapped', one.typeId),
    provider: type !== undefined ? said({ pointer }, 'azure', 'mapped', one.typeId) : provider && { ...provider, basis: 'inferred' },
    boundaries: around,
    inScope: out ? said({ pointer: pointerOf(out.element) }, out.value !== 'true') : said({ pointer }, true, 'assumed'),
    storesCredentials: chosen('stores credentials'),
    logStore: chosen('stores log data'),
  } as Partial<Component>);
}

/** Flows of the SDL template are named by their protocols; a custom one may be derived from such a stencil. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  'SE.DF.TMCore.HTTP': 'HTTP',
  'SE.DF.TMCore.HTTPS': 'HTTPS',
  'SE.DF.TMCore.IPsec': 'IPsec',
  'SE.DF.TMCore.SMB': 'SMB',
  'SE.DF.TMCore.RPC': 'RPC',
  'SE.DF.TMCore.UDP': 'UDP',
};

function protocolOf(one: Drawn, stencils: Tree['stencils']): Said<string> | undefined {
  const protocol = exact(PROTOCOLS, one.typeId, stencils);
  return protocol === undefined ? undefined : said({ pointer: pointerOf(one.element) }, protocol, 'mapped', one.typeId);
}

function threatsOf(
  root: Element,
  components: ReadonlySet<string>,
  names: ReadonlyMap<string, string>,
  mitigations: Map<string, Mitigation>,
  kept: Notes,
): readonly ModelThreat[] {
  const unique = identities();
  let untriaged = 0;
  const threats = children(child(root, 'ThreatInstances')).flatMap((pair) => {
    const value = child(pair, 'Value');
    if (!value) return [];
    const pointer = pointerOf(value);
    const properties = new Map<string, Element>();
    for (const property of children(child(value, 'Properties'))) {
      const content = child(property, 'Value');
      if (content && textOf(content) !== '') properties.set(textOf(child(property, 'Key')).toLowerCase(), content);
    }
    const find = (key: string, direct: string): Element | undefined => {
      const beside = child(value, direct);
      return properties.get(key) ?? (beside && textOf(beside) !== '' ? beside : undefined);
    };
    const title = find('title', 'Title') ?? find('userthreatshortdescription', 'UserThreatShortDescription') ?? child(pair, 'Key');
    const description = find('userthreatdescription', 'UserThreatDescription');
    const category = find('userthreatcategory', 'UserThreatCategory');
    const stride = category && strideOf(textOf(category));
    if (category && !stride) kept.warn(pointerOf(category), `the category "${clip(textOf(category), 60)}" is none of STRIDE`);
    const priority = find('priority', 'Priority');
    const severity = priority && severityOf(textOf(priority));
    const state = child(value, 'State');
    const words = textOf(state);
    const is = own(STATES, words.toLowerCase().replace(/\s/g, '')) ?? 'unknown';
    if (words === 'AutoGenerated') untriaged += 1;
    const prose = [title, description].map(textOf).join('\n');
    const capec = numbers(prose, /\bCAPEC-(\d{1,5})\b/gi);
    const cwe = numbers(prose, /\bCWE-(\d{1,5})\b/gi);
    const place = { pointer: description ? pointerOf(description) : pointer };
    return [
      threat(
        unique({ value: undefined, pointer, notes: kept }, textOf(child(value, 'Id')) || undefined, idOf(textOf(child(pair, 'Key')))),
        title ? say(title) : said({ pointer }, 'unnamed', 'assumed'),
        {
          text: description && say(description),
          stride: category && stride ? [said({ pointer: pointerOf(category) }, stride, 'stated', textOf(category))] : [],
          status: state && said({ pointer: pointerOf(state) }, { words, is }),
          severity: priority && severity && said({ pointer: pointerOf(priority) }, { words: textOf(priority), is: severity }),
          components: touched(value, components, names, prose),
          attack: techniquesIn(prose).map((id) => said(place, id)),
          capec: capec.map((id) => said(place, id)),
          cwe: cwe.map((id) => said(place, id)),
          mitigations: [
            ...mitigation(find('possiblemitigations', 'PossibleMitigations'), 'proposed', 'PossibleMitigations', mitigations),
            ...(is === 'mitigated' ? mitigation(child(value, 'StateInformation'), 'done', words, mitigations) : []),
          ],
        } as Partial<ModelThreat>,
      ),
    ];
  });
  if (untriaged > 0)
    kept.warn(
      '/ThreatModel/ThreatInstances',
      `${untriaged} of ${threats.length} threats are as the tool generated them; nobody has judged them yet`,
    );
  return threats;
}

/** The elements that the words of a threat name; where they name none, both ends of its flow, the target first. */
function touched(
  value: Element,
  components: ReadonlySet<string>,
  names: ReadonlyMap<string, string>,
  prose: string,
): readonly Said<string>[] {
  const ends = ['TargetGuid', 'SourceGuid'].flatMap((name) => {
    const end = child(value, name);
    return end && components.has(textOf(end)) ? [say(end)] : [];
  });
  const distinct = ends.filter((end, index) => ends.findIndex(({ value: id }) => id === end.value) === index);
  const named = distinct.filter(({ value: id }) => {
    const name = names.get(id) ?? '';
    return name !== '' && prose.includes(name);
  });
  return named.length > 0 ? named : distinct;
}

/** The same advice stands at many threats; it is one mitigation. */
function mitigation(
  element: Element | undefined,
  is: 'proposed' | 'done',
  words: string,
  mitigations: Map<string, Mitigation>,
): readonly string[] {
  if (!element || textOf(element) === '') return [];
  const id = idOf(textOf(element), is);
  if (!mitigations.has(id)) mitigations.set(id, { id, text: say(element), status: said({ pointer: pointerOf(element) }, { words, is }) });
  return [id];
}

function numbers(prose: string, pattern: RegExp): readonly string[] {
  return [...new Set([...prose.matchAll(pattern)].map(([, number]) => String(Number(number))))];
}

function difference(one: readonly string[], other: readonly string[]): boolean {
  return one.some((id) => !other.includes(id)) || other.some((id) => !one.includes(id));
}

function number(element: Element | undefined, name: string): number {
  const words = textOf(child(element, name));
  return words === '' ? Number.NaN : Number(words);
}

function boxOf(element: Element, id: string): Box | undefined {
  const box = {
    id,
    left: number(element, 'Left'),
    top: number(element, 'Top'),
    width: number(element, 'Width'),
    height: number(element, 'Height'),
  };
  return [box.left, box.top, box.width, box.height].every(Number.isFinite) ? box : undefined;
}

function pathOf(element: Element): Path {
  return ['Source', 'Handle', 'Target']
    .map((end) => ({ x: number(element, `${end}X`), y: number(element, `${end}Y`) }))
    .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
}
