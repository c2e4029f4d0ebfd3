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

const MOST_FILES = 100;
/** Risks times tracked ids with wildcards that are still compared. */
const MOST_PAIRS = 4_000_000;

/**
 * Threagile models (YAML or the JSON export), with the files that they include, and the `risks.json` that Threagile writes beside them: the
 * generated risks are threats. Without it, individual risks and tracked ones are all there is to read.
 */
export const threagile: Format = {
  id: 'threagile',
  name: 'Threagile',
  about: 'Technical and data assets with their ratings and tags, nested boundaries, links, individual, generated and tracked risks.',
  doc: 'https://threagile.io',
  recognise,
  beside(document) {
    const includes = list(at(fieldOf(document, notes()), 'includes')).flatMap((one) => text(one) ?? []);
    return isModel(document.value) ? [...includes, 'risks.json'] : includes;
  },
  read: (document, context) => [modelOf(document, context)],
};

const PARTS = [
  'includes technical_assets data_assets trust_boundaries shared_runtimes individual_risk_categories custom_risk_categories risk_tracking',
  'tags_available abuse_cases security_requirements questions business_criticality management_summary_comment business_overview',
  'technical_overview',
].flatMap((line) => line.split(' '));
const BESIDE_PARTS = new Set([...PARTS, 'title', 'author', 'contributors', 'date', 'application_description']);

function recognise({ value }: Document): Recognition | undefined {
  if (Array.isArray(value)) {
    const [first] = value;
    return isMap(first) && has(first, 'synthetic_id') && has(first, 'category')
      ? { refuse: "is Threagile's list of risks, which needs its model; give the model and leave this file beside it as risks.json" }
      : undefined;
  }
  if (!isMap(value)) return undefined;
  if (isModel(value)) {
    const version = value.threagile_version;
    return typeof version === 'string' || typeof version === 'number' ? { version: String(version) } : {};
  }
  const keys = Object.keys(value);
  if (
    keys.length > 0 &&
    keys.every((key) => BESIDE_PARTS.has(key) || key.startsWith('diagram_tweak_')) &&
    keys.some((key) => PARTS.includes(key))
  )
    return { refuse: 'is a part of a Threagile model; give the file with threagile_version that includes it' };
  if (
    keys.length === 1 &&
    isMap(value.risks) &&
    Object.keys(value.risks).length > 0 &&
    Object.keys(value.risks).every((key) => severityOf(key))
  )
    return { refuse: "is Threagile's statistics; give the model" };
  const [first] = Object.values(value);
  if (isMap(first) && (has(first, 'DataAssetsProcessed') || (has(first, 'data_assets_processed') && has(first, 'id'))))
    return { refuse: "is Threagile's list of technical assets, without boundaries and risks; give the model" };
  return undefined;
}

function has(value: Readonly<Record<string, unknown>>, key: string): boolean {
  return Object.hasOwn(value, key);
}

function isModel(value: unknown): boolean {
  if (!isMap(value)) return false;
  const parts = has(value, 'technical_assets') || has(value, 'includes');
  return parts && (has(value, 'threagile_version') || has(value, 'built_in_risk_categories'));
}

const CONFIDENTIALITY = ['public', 'internal', 'restricted', 'confidential', 'strictly-confidential'];
const CRITICALITY = ['archive', 'operational', 'important', 'critical', 'mission-critical'];

/** Tags of Threagile's own vocabulary that are exactly one kind of component. */
const TYPES: Readonly<Record<string, string>> = {
  'aws:s3': 'aws.s3.bucket',
  'aws:ec2': 'aws.ec2.instance',
  'aws:ebs': 'aws.ec2.volume',
  'aws:lambda': 'aws.lambda.function',
  'aws:dynamodb': 'aws.dynamodb.table',
  'aws:rds': 'aws.rds.instance',
  'aws:sqs': 'aws.sqs.queue',
  'aws:vpc': 'aws.vpc',
  'aws:iam': 'aws.iam',
  'aws:apigateway': 'aws.apigateway.rest',
};
const PROVIDERS = ['aws', 'azure', 'gcp', 'ocp'];

const KINDS: Readonly<Record<string, Component['kind']>> = { 'external-entity': 'external', process: 'process', datastore: 'datastore' };

const STATUS: Readonly<Record<string, 'open' | 'mitigated' | 'accepted' | 'not-applicable'>> = {
  unchecked: 'open',
  'in-discussion': 'open',
  'in-progress': 'open',
  accepted: 'accepted',
  mitigated: 'mitigated',
  'false-positive': 'not-applicable',
};
const DONE: Readonly<Record<string, 'proposed' | 'in-progress' | 'done' | 'wont-do'>> = {
  unchecked: 'proposed',
  'in-discussion': 'proposed',
  'in-progress': 'in-progress',
  accepted: 'wont-do',
  mitigated: 'done',
  'false-positive': 'wont-do',
};

/** Tags of data in our words. */
const SENSITIVE: Readonly<Record<string, string>> = {
  pii: 'pii',
  'personal-data': 'pii',
  pci: 'pci',
  'pci-dss': 'pci',
  phi: 'phi',
  credentials: 'credentials',
  credential: 'credentials',
  cred: 'credentials',
  secrets: 'credentials',
  'key-material': 'credentials',
  financial: 'financial',
  fin: 'financial',
};

const CLEAR = ['http', 'ws', 'ldap', 'ftp'];
const ENCRYPTED = ['https', 'wss', 'ssh', 'ssh-tunnel', 'ftps', 'sftp', 'scp', 'ldaps'];

/** STRIDE and CWE of Threagile's own risk categories, for `risks.json` and tracked risks, which give the category's id alone. */
const CATEGORIES: Readonly<Record<string, readonly [string, number]>> = {
  'accidental-secret-leak': ['I', 200],
  'code-backdooring': ['T', 912],
  'container-baseimage-backdooring': ['T', 912],
  'container-platform-escape': ['E', 1008],
  'cross-site-request-forgery': ['S', 352],
  'cross-site-scripting': ['T', 79],
  'dos-risky-access-across-trust-boundary': ['D', 400],
  'incomplete-model': ['I', 1008],
  'ldap-injection': ['T', 90],
  'missing-authentication': ['E', 306],
  'missing-authentication-second-factor': ['E', 308],
  'missing-build-infrastructure': ['T', 1127],
  'missing-cloud-hardening': ['T', 1008],
  'missing-file-validation': ['S', 434],
  'missing-hardening': ['T', 16],
  'missing-identity-propagation': ['E', 284],
  'missing-identity-provider-isolation': ['E', 1008],
  'missing-identity-store': ['S', 287],
  'missing-network-segmentation': ['E', 1008],
  'missing-vault': ['I', 522],
  'missing-vault-isolation': ['E', 1008],
  'missing-waf': ['T', 1008],
  'mixed-targets-on-shared-runtime': ['E', 1008],
  'path-traversal': ['I', 22],
  'push-instead-of-pull-deployment': ['T', 1127],
  'search-query-injection': ['T', 74],
  'server-side-request-forgery': ['I', 918],
  'service-registry-poisoning': ['S', 693],
  'sql-nosql-injection': ['T', 89],
  'unchecked-deployment': ['T', 1127],
  'unencrypted-asset': ['I', 311],
  'unencrypted-communication': ['I', 319],
  'unguarded-access-from-internet': ['E', 501],
  'unguarded-direct-datastore-access': ['E', 501],
  'unnecessary-communication-link': ['E', 1008],
  'unnecessary-data-asset': ['E', 1008],
  'unnecessary-data-transfer': ['E', 1008],
  'unnecessary-technical-asset': ['E', 1008],
  'untrusted-deserialization': ['T', 502],
  'wrong-communication-link-content': ['I', 1008],
  'wrong-trust-boundary-content': ['E', 1008],
  'xml-external-entity': ['I', 611],
};

/** An entry of one of Threagile's maps from titles (or, in exports, ids), or of a list in exports. */
interface Item {
  readonly title: Said<string>;
  readonly field: Field;
}

function items(field: Field): readonly Item[] {
  const pairs = Array.isArray(field.value) ? list(field).map((one) => ({ key: '', field: one })) : entries(field);
  return pairs
    .filter(({ field: one }) => isMap(one.value))
    .map(({ key, field: one }) => ({
      field: one,
      title: (isMap(one.value) ? stated(at(one, 'title')) : undefined) ?? said(one, key || text(at(one, 'id')) || 'unnamed'),
    }));
}

function modelOf(document: Document, context: ReadContext): SystemModel {
  const kept = notes();
  const roots = rootsOf(document.file, context, fieldOf(document, kept));
  const main = roots[0] as Field;
  const section = (...keys: readonly string[]): readonly Item[] => roots.flatMap((root) => keys.flatMap((key) => items(at(root, key))));
  const first = (...path: readonly string[]): Said<string> | undefined =>
    roots.map((root) => at(root, ...path)).flatMap((one) => stated(one) ?? [])[0];
  /** Exports leave out what is the first value of its scale. */
  const exported = present(at(main, 'built_in_risk_categories'));

  const rating = (field: Field, key: string, scale: readonly string[]): Said<Rating> | undefined => {
    const place = at(field, key);
    const words = text(place);
    if (words === undefined) return exported ? said(place, { words: scale[0] as string, level: 0 as const }, 'mapped') : undefined;
    const level = scale.indexOf(words.toLowerCase());
    if (level < 0) kept.warn(place.pointer, `"${clip(words, 60)}" is none of ${scale.join(', ')}`);
    return level < 0 ? undefined : said(place, { words, level: level as Rating['level'] });
  };

  const dataIds = identities();
  const dataAssets = section('data_assets').map(
    ({ title, field }): DataAsset =>
      known({
        id: dataIds(field, text(at(field, 'id')), slug(title.value)),
        name: title,
        confidentiality: rating(field, 'confidentiality', CONFIDENTIALITY),
        integrity: rating(field, 'integrity', CRITICALITY),
        availability: rating(field, 'availability', CRITICALITY),
        tags: texts(at(field, 'tags')).map((tag) => {
          const ours = own(SENSITIVE, tag.value.toLowerCase());
          return ours === undefined || ours === tag.value ? tag : { ...tag, value: ours, basis: 'mapped' as const, quote: tag.value };
        }),
      } as DataAsset),
  );
  const data = new Set(dataAssets.map(({ id }) => id));

  const boundaryIds = identities();
  const places = section('trust_boundaries').map((item) => ({
    ...item,
    id: boundaryIds(item.field, text(at(item.field, 'id')), slug(item.title.value)),
  }));
  const parents = new Map<string, string>();
  const around = new Map<string, string>();
  const placed = new Set(places.map(({ id }) => id));
  for (const { id, field } of places) {
    for (const nested of texts(at(field, 'trust_boundaries_nested'))) {
      if (!placed.has(nested.value)) kept.warn(nested.pointer, `no trust boundary is called "${clip(nested.value, 60)}"`);
      else if (leads(parents, id, nested.value))
        kept.warn(nested.pointer, `the trust boundary "${clip(nested.value, 60)}" would stand inside of itself`);
      else if (parents.has(nested.value))
        kept.warn(nested.pointer, `the trust boundary "${clip(nested.value, 60)}" is nested twice; the first counts`);
      else parents.set(nested.value, id);
    }
  }
  const boundaries = places.map(
    ({ id, title, field }): Boundary =>
      known({
        id,
        name: title,
        nativeType: stated(at(field, 'type')) ?? (exported ? said(at(field, 'type'), 'network-on-prem', 'mapped') : undefined),
        provider: providerOf(texts(at(field, 'tags'))),
        parent: parents.get(id),
      } as Boundary),
  );
  const providers = new Map(boundaries.flatMap((one) => (one.provider ? [[one.id, one.provider] as const] : [])));

  const ids = identities();
  const assets = section('technical_assets').map((item) => ({
    ...item,
    id: ids(item.field, text(at(item.field, 'id')), slug(item.title.value)),
  }));
  const assetIds = new Set(assets.map(({ id }) => id));
  for (const { id, field } of places) {
    for (const inside of texts(at(field, 'technical_assets_inside'))) {
      if (!assetIds.has(inside.value)) kept.warn(inside.pointer, `no technical asset is called "${clip(inside.value, 60)}"`);
      else if (around.has(inside.value))
        kept.warn(inside.pointer, `the asset "${clip(inside.value, 60)}" stands in two trust boundaries; the first counts`);
      else around.set(inside.value, id);
    }
  }
  const runtimes = new Map<string, Said<string>>();
  for (const { field } of section('shared_runtimes')) {
    const provider = providerOf(texts(at(field, 'tags')));
    if (provider) for (const one of texts(at(field, 'technical_assets_running'))) runtimes.set(one.value, provider);
  }

  const annotations: LogAnnotation[] = [];
  const knownData = (field: Field): readonly string[] =>
    texts(field).flatMap(({ value, pointer }) => {
      if (data.has(value)) return [value];
      kept.warn(pointer, `no data asset is called "${clip(value, 60)}"`);
      return [];
    });
  const components = assets.map(({ id, title, field }): Component => {
    const tags = texts(at(field, 'tags'));
    for (const tag of tags) {
      const source = /^log:(.+)$/i.exec(tag.value)?.[1]?.trim();
      if (source) annotations.push({ source: { ...tag, value: source, quote: tag.value }, on: id });
    }
    const technologies = technologiesOf(field);
    const types = [...new Set(tags.flatMap(({ value }) => own(TYPES, value.toLowerCase()) ?? []))];
    if (types.length > 1) kept.warn(field.pointer, `its tags name several services (${types.join(', ')}); none is taken for its type`);
    const typed = tags.find(({ value }) => own(TYPES, value.toLowerCase()) === types[0]);
    const chain = ancestors(parents, around.get(id));
    const inherited = chain.map((place) => providers.get(place)).find((one) => one !== undefined) ?? runtimes.get(id);
    const out = at(field, 'out_of_scope');
    const why = text(at(field, 'justification_out_of_scope'));
    const monitoring = technologies.find(({ value }) => /^(?:monitoring|siem)$/i.test(value));
    const kind = text(at(field, 'type')) ?? (exported ? 'external-entity' : '');
    return component(field, id, title, {
      kind: own(KINDS, kind.toLowerCase()) ?? 'other',
      nativeType: technologies[0],
      type: types.length === 1 && typed ? { ...typed, value: types[0] as string, basis: 'mapped', quote: typed.value } : undefined,
      provider: providerOf(tags) ?? (inherited && { ...inherited, basis: 'inferred' }),
      boundaries: chain,
      tags: [...tags.filter(({ value }) => !/^log:/i.test(value)), ...technologies.slice(1)],
      inScope: flag(out) === true ? said(out, false, 'stated', why) : said(out, true, present(out) ? 'stated' : 'assumed'),
      internetFacing: statedFlag(at(field, 'internet')),
      physical:
        text(at(field, 'machine'))?.toLowerCase() === 'physical' ? said(at(field, 'machine'), true, 'stated', 'physical') : undefined,
      confidentiality: rating(field, 'confidentiality', CONFIDENTIALITY),
      stores: knownData(at(field, 'data_assets_stored')),
      handles: knownData(at(field, 'data_assets_processed')),
      logStore: monitoring && { ...monitoring, value: true, basis: 'mapped', quote: monitoring.value },
    } as Partial<Component>);
  });
  const byId = new Map(components.map((one) => [one.id, one]));

  const linkIds = identities();
  const linkEnds = new Map<string, readonly string[]>();
  const flows = assets.flatMap(({ id: from, field }) =>
    items(at(field, 'communication_links')).flatMap(({ title, field: link }): readonly DataFlow[] => {
      const target = present(at(link, 'target')) ? at(link, 'target') : at(link, 'target_id');
      const to = text(target);
      const id = linkIds(link, text(at(link, 'id')) ?? `${from}>${slug(title.value)}`, from);
      if (to === undefined || !byId.has(to)) {
        kept.warn(target.pointer, `the link "${clip(title.value, 60)}" leads to no technical asset; left out`);
        return [];
      }
      linkEnds.set(id, [from, to]);
      const protocol = stated(at(link, 'protocol'));
      const encrypted = protocol && encryption(protocol.value);
      const open = [from, to].find((end) => byId.get(end)?.internetFacing?.value === true);
      const vpn = flag(at(link, 'vpn'));
      return [
        known({
          id,
          name: title,
          from,
          to,
          protocol,
          encrypted:
            protocol && encrypted !== undefined ? { ...protocol, value: encrypted, basis: 'mapped', quote: protocol.value } : undefined,
          crosses: places.length > 0 ? said(link, around.get(from) !== around.get(to), 'inferred') : undefined,
          public: open !== undefined && vpn !== true ? said(link, true, 'inferred', `internet: true on ${open}`) : undefined,
          data: [...new Set([...knownData(at(link, 'data_assets_sent')), ...knownData(at(link, 'data_assets_received'))])],
        } as DataFlow),
      ];
    }),
  );

  const insides = new Map<string, string[]>();
  for (const { id } of places) insides.set(id, []);
  for (const [asset, place] of around) insides.get(place)?.push(asset);
  const risks = risksOf({ section, roots, main, context, byId, linkEnds, insides });
  // A data asset of logs that something stores says that these logs are there.
  const storedIn = new Map(dataAssets.map(({ id }) => [id, [] as string[]]));
  for (const { id, stores } of components) for (const one of stores) storedIn.get(one)?.push(id);
  const logs = dataAssets.flatMap(({ id, name }) => {
    const storing = storedIn.get(id) ?? [];
    return storing.length > 0 ? claimsOf(name, 'done', { components: storing }) : [];
  });
  const monitors = components.flatMap(({ id, name, logStore }) =>
    logStore?.value ? [{ text: name, holds: 'done' as const, threats: [], components: [id] }] : [],
  );
  const required = roots.flatMap((root) =>
    entries(at(root, 'security_requirements')).flatMap(({ field }) => claimsOf(stated(field), 'planned')),
  );
  const answered = roots.flatMap((root) => entries(at(root, 'questions')).flatMap(({ field }) => claimsOf(stated(field), 'assumed')));
  const abuse = roots.reduce((sum, root) => sum + entries(at(root, 'abuse_cases')).length, 0);
  if (abuse > 0) kept.warn(at(main, 'abuse_cases').pointer, `${abuse} abuse cases are free text and are not read as threats`);
  return {
    ...frame(threagile, document, first('title') ?? namedByFile(document, '/title'), text(at(main, 'threagile_version'))),
    dataAssets,
    components,
    boundaries,
    flows,
    threats: risks.threats,
    mitigations: risks.mitigations,
    claims: [...risks.claims, ...monitors, ...logs, ...required, ...answered],
    annotations,
    warnings: kept.list(),
  };
}

/** The model and what it includes, each once; the pointers of parts begin with their file. */
function rootsOf(file: string, context: ReadContext, main: Field): readonly Field[] {
  const roots: Field[] = [];
  const seen = new Set([file.split(/[\\/]/).at(-1) ?? file]);
  const left: { readonly root: Field; readonly from: string }[] = [{ root: main, from: '' }];
  for (let next = left.shift(); next && roots.length < MOST_FILES; next = left.shift()) {
    roots.push(next.root);
    for (const include of texts(at(next.root, 'includes'))) {
      const path = pathFrom(next.from, include.value);
      if (path === undefined) {
        main.notes.warn(
          include.pointer,
          `the included file "${clip(include.value, 100)}" is not in the folder of the model; it is not read`,
        );
        continue;
      }
      if (seen.has(path)) continue;
      seen.add(path);
      const found = context.beside?.get(path);
      if (typeof found === 'string' && /: (?:holds nothing|is empty)/.test(found)) continue;
      if (found === undefined || typeof found === 'string') {
        main.notes.warn(
          include.pointer,
          `the included file "${clip(path, 100)}" is missing, and with it all it says: ${found ?? 'it is not beside the model'}`,
        );
        continue;
      }
      left.push({ root: fieldOf(found, main.notes, `${path}#`), from: path });
    }
  }
  return roots;
}

interface Risks {
  readonly section: (...keys: readonly string[]) => readonly Item[];
  readonly roots: readonly Field[];
  readonly main: Field;
  readonly context: ReadContext;
  readonly byId: ReadonlyMap<string, Component>;
  readonly linkEnds: ReadonlyMap<string, readonly string[]>;
  /** Assets by the trust boundary that they stand in. */
  readonly insides: ReadonlyMap<string, readonly string[]>;
}

/** A category of risks: Threagile's own or one of the model. */
interface Category {
  readonly title?: Said<string>;
  readonly stride?: Said<string>;
  readonly cwe?: Said<string>;
  readonly mitigation?: Said<string>;
}

/** A line of `risk_tracking`. */
interface Tracked {
  readonly id: string;
  readonly field: Field;
  readonly parts: readonly string[];
  readonly status: Said<{ readonly words: string; readonly is: 'open' | 'mitigated' | 'accepted' | 'not-applicable' | 'unknown' }>;
  readonly mitigation?: string;
  used: boolean;
}

function risksOf(model: Risks): {
  readonly threats: readonly ModelThreat[];
  readonly mitigations: readonly Mitigation[];
  readonly claims: readonly LogClaim[];
} {
  const { section, roots, main, byId } = model;
  const mitigations = new Map<string, Mitigation>();
  const categories = new Map<string, Category>();
  const ownCategories = section('individual_risk_categories', 'custom_risk_categories');
  for (const { title, field } of [...section('built_in_risk_categories'), ...ownCategories]) {
    const id = text(at(field, 'id')) ?? slug(title.value);
    const stride = at(field, 'stride');
    const words = text(stride);
    // The first value of the scale is left out of exports.
    const found = words === undefined ? 'spoofing' : strideOf(words);
    if (found === undefined) main.notes.warn(stride.pointer, `"${clip(words ?? '', 60)}" is none of STRIDE`);
    const mitigation = stated(at(field, 'mitigation'));
    if (mitigation && !mitigations.has(id))
      mitigations.set(id, { id, text: mitigation, status: said(mitigation, { words: 'mitigation', is: 'proposed' as const }) });
    categories.set(
      id,
      known({
        title,
        stride: found && said(stride, found, words === undefined ? 'mapped' : 'stated', words),
        cwe: numberOf(at(field, 'cwe')),
        mitigation,
      } as Category),
    );
  }

  const tracking = roots.flatMap((root) => tracked(at(root, 'risk_tracking'), mitigations));
  const exact = new Map(tracking.filter(({ id }) => !id.includes('*')).map((one) => [one.id, one]));
  const wild = tracking.filter(({ id }) => id.includes('*'));

  const found: Item[] = [];
  const individual = ownCategories.flatMap(({ title, field }) =>
    items(at(field, 'risks_identified')).map((risk) => ({ risk, category: text(at(field, 'id')) ?? slug(title.value) })),
  );
  for (const root of roots) for (const { field } of entries(at(root, 'generated_risks_by_category'))) found.push(...items(field));
  found.push(...besideRisks(model, found.length > 0));
  if (found.length * wild.length > MOST_PAIRS)
    main.notes.warn(at(main, 'risk_tracking').pointer, 'too many risks to compare with the tracked ones that have wildcards');

  const ids = new Set<string>();
  const claims: LogClaim[] = [];
  const threats: ModelThreat[] = [];
  const add = (risk: Item, category: string, id: string): void => {
    if (ids.has(id)) return;
    ids.add(id);
    const { field, title } = risk;
    const kind = categories.get(category) ?? ofCategory(at(field, 'category'), category);
    const follows = exact.get(id) ?? (found.length * wild.length > MOST_PAIRS ? undefined : wild.find(({ parts }) => matches(parts, id)));
    if (follows) follows.used = true;
    for (const one of wild) if (!one.used && found.length * wild.length <= MOST_PAIRS && matches(one.parts, id)) one.used = true;
    const severity = text(at(field, 'severity'));
    const place = at(field, 'risk_status');
    const words = text(place) ?? 'unchecked';
    threats.push(
      threat(id, unmarked(title), {
        text: stated(at(field, 'description')),
        stride: kind.stride ? [kind.stride] : [],
        cwe: kind.cwe ? [kind.cwe] : [],
        status:
          follows && !present(place)
            ? follows.status
            : said(place, { words, is: own(STATUS, words.toLowerCase()) ?? 'unknown' }, present(place) ? 'stated' : 'mapped'),
        severity: said(
          at(field, 'severity'),
          { words: severity ?? 'low', is: severityOf(severity ?? 'low') ?? 'medium' },
          severity === undefined ? 'mapped' : 'stated',
        ),
        components: touched(field, model),
        mitigations: [...(mitigations.has(category) ? [category] : []), ...(follows?.mitigation ? [follows.mitigation] : [])],
      } as Partial<ModelThreat>),
    );
  };
  for (const { risk, category } of individual) add(risk, category, syntheticOf(risk.field, category));
  for (const risk of found) {
    const category = text(at(risk.field, 'category')) ?? 'unknown';
    add(risk, category, text(at(risk.field, 'synthetic_id')) ?? syntheticOf(risk.field, category));
  }

  // A tracked risk is one that Threagile found, though the model itself does not list it.
  let everywhere = 0;
  for (const one of tracking.filter(({ used }) => !used)) {
    const category = one.parts[0] ?? one.id;
    const assets = [...new Set(one.parts.slice(1).flatMap((part) => part.split('>')[0] ?? []))].filter((part) => byId.has(part));
    if (assets.length === 0) {
      everywhere += 1;
      continue;
    }
    const kind = categories.get(category) ?? ofCategory(one.field, category);
    threats.push(
      threat(one.id, kind.title ?? said(one.field, category.replaceAll('-', ' '), 'mapped', one.id), {
        stride: kind.stride ? [kind.stride] : [],
        cwe: kind.cwe ? [kind.cwe] : [],
        status: one.status,
        components: assets.map((asset) => said(one.field, asset, 'stated', one.id)),
        mitigations: [...(mitigations.has(category) ? [category] : []), ...(one.mitigation ? [one.mitigation] : [])],
      }),
    );
  }
  if (everywhere > 0)
    main.notes.warn(
      at(main, 'risk_tracking').pointer,
      `${everywhere} tracked risks name no technical asset; lay Threagile's risks.json beside the model to read which they are`,
    );

  const held = new Map<string, ModelThreat[]>();
  for (const one of threats) {
    for (const id of one.mitigations) {
      const others = held.get(id);
      if (others) others.push(one);
      else held.set(id, [one]);
    }
  }
  const used = [...mitigations.values()].filter(({ id }) => held.has(id) || !categories.has(id));
  for (const one of used) {
    const holds = heldBy(one.status?.value.is);
    if (holds) claims.push(...claimsOf(one.text, holds, { threats: (held.get(one.id) ?? []).map(({ id }) => id) }));
  }
  return { threats, mitigations: used, claims };
}

/** The risks that Threagile wrote beside the model; those of another model name assets that this one does not have. */
function besideRisks({ context, main, byId }: Risks, listed: boolean): readonly Item[] {
  const beside = context.beside?.get('risks.json');
  if (beside === undefined || listed) return [];
  if (typeof beside === 'string') {
    main.notes.warn('', `risks.json beside the model cannot be read: ${clip(beside, 200)}`);
    return [];
  }
  const risks = items(fieldOf(beside, main.notes, 'risks.json#'));
  const named = risks.flatMap(({ field }) => text(at(field, 'most_relevant_technical_asset')) ?? []);
  const unknown = named.filter((id) => !byId.has(id)).length;
  if (risks.length === 0 || unknown * 2 <= named.length) return risks;
  main.notes.warn(
    '',
    `risks.json beside the model is of another model: ${unknown} of its ${named.length} technical assets are not in this one; it is not read`,
  );
  return [];
}

function ofCategory(field: Pick<Field, 'pointer'>, id: string): Category {
  const found = own(CATEGORIES, id);
  if (!found) return {};
  return { stride: said(field, strideOf(found[0]) ?? '', 'mapped', id), cwe: said(field, String(found[1]), 'mapped', id) };
}

function tracked(field: Field, mitigations: Map<string, Mitigation>): readonly Tracked[] {
  return entries(field).flatMap(({ key, field: one }) => {
    if (!isMap(one.value)) return [];
    const place = at(one, 'status');
    const words = text(place) ?? 'unchecked';
    const why = stated(at(one, 'justification'));
    const mitigation = why && `tracked:${idOf(key)}`;
    if (why && mitigation)
      mitigations.set(mitigation, {
        id: mitigation,
        text: why,
        status: said(place, { words, is: own(DONE, words.toLowerCase()) ?? ('unknown' as const) }),
      });
    const status = said(
      place,
      { words, is: own(STATUS, words.toLowerCase()) ?? ('unknown' as const) },
      present(place) ? 'stated' : 'mapped',
    );
    return [known({ id: key, field: one, parts: key.split('@'), status, mitigation, used: false } as Tracked)];
  });
}

/** Wildcards stand for parts between `@`, or for a piece of one. */
function matches(pattern: readonly string[], id: string): boolean {
  const parts = id.split('@');
  return pattern.length === parts.length && pattern.every((piece, index) => like(piece, parts[index] ?? ''));
}

function like(pattern: string, part: string): boolean {
  if (!pattern.includes('*')) return pattern === part;
  const pieces = pattern.split('*');
  const start = pieces[0] ?? '';
  const end = pieces.at(-1) ?? '';
  if (part === '' || part.length < start.length + end.length || !part.startsWith(start) || !part.endsWith(end)) return false;
  let from = start.length;
  for (const piece of pieces.slice(1, -1)) {
    const next = part.indexOf(piece, from);
    if (next < 0 || next + piece.length > part.length - end.length) return false;
    from = next + piece.length;
  }
  return true;
}

/** As Threagile itself makes the id of a risk. */
function syntheticOf(field: Field, category: string): string {
  const parts = ['technical_asset', 'communication_link', 'trust_boundary', 'shared_runtime', 'data_asset'];
  return [category, ...parts.flatMap((part) => text(at(field, `most_relevant_${part}`)) ?? [])].join('@');
}

function touched(field: Field, { byId, linkEnds, insides, main }: Risks): readonly Said<string>[] {
  const place = at(field, 'most_relevant_technical_asset');
  const asset = text(place);
  if (asset !== undefined && !byId.has(asset)) main.notes.warn(place.pointer, `no technical asset is called "${clip(asset, 60)}"`);
  if (asset !== undefined && byId.has(asset)) return [said(place, asset)];
  const link = at(field, 'most_relevant_communication_link');
  const ends = linkEnds.get(text(link) ?? '');
  if (ends) return [...new Set(ends)].map((end) => said(link, end, 'inferred'));
  const breach = texts(at(field, 'data_breach_technical_assets')).filter(({ value }) => byId.has(value));
  if (breach.length > 0) return breach;
  const boundary = at(field, 'most_relevant_trust_boundary');
  const inside = text(boundary);
  return inside === undefined ? [] : (insides.get(inside) ?? []).map((one) => said(boundary, one, 'inferred'));
}

function technologiesOf(field: Field): readonly Said<string>[] {
  const one = at(field, 'technology');
  if (present(one)) return texts(one);
  return list(at(field, 'technologies')).flatMap((item) => {
    const found = isMap(item.value) ? (stated(at(item, 'Name')) ?? stated(at(item, 'name'))) : stated(item);
    return found ? [found] : [];
  });
}

/** `aws`, or the part before the colon of `aws:s3`. */
function providerOf(tags: readonly Said<string>[]): Said<string> | undefined {
  for (const tag of tags) {
    const word = tag.value.toLowerCase().split(':')[0] ?? '';
    if (PROVIDERS.includes(word)) return { ...tag, value: word, basis: tag.value === word ? 'stated' : 'mapped', quote: tag.value };
  }
  return undefined;
}

function encryption(protocol: string): boolean | undefined {
  const word = protocol.toLowerCase();
  if (ENCRYPTED.includes(word) || word.endsWith('-encrypted')) return true;
  return CLEAR.includes(word) ||
    /^(?:jdbc|odbc|(?:no)?sql-access-protocol|binary|text|smtp|pop3|imap|smb|iiop|jrmp|reverse-proxy-web-protocol)$/.test(word)
    ? false
    : undefined;
}

function numberOf(field: Field): Said<string> | undefined {
  const words = text(field);
  const number = words === undefined ? undefined : /\d{1,5}/.exec(words)?.[0];
  return number === undefined || number === '0' ? undefined : said(field, String(Number(number)), 'stated', words);
}

/** Whether `from` is `to`, or stands somewhere inside of it. */
function leads(parents: ReadonlyMap<string, string>, from: string, to: string): boolean {
  return ancestors(parents, from).includes(to);
}

function ancestors(parents: ReadonlyMap<string, string>, from: string | undefined): readonly string[] {
  const chain: string[] = [];
  for (let one = from; one !== undefined && chain.length < 100; one = parents.get(one)) chain.push(one);
  return chain;
}

/** Threagile writes the titles of risks as HTML: `<b>Missing MFA</b> at <b>Git</b>`. */
function unmarked(title: Said<string>): Said<string> {
  const value = title.value.replace(/<\/?(?:b|i|u|em|strong|code)>|<br\s*\/?>/gi, '');
  return value === title.value || value.trim() === '' ? title : { ...title, value, quote: clip(title.value) };
}

function slug(title: string): string {
  return (
    title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'unnamed'
  );
}
