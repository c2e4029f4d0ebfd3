import type {
  Component,
  DataAsset,
  LogAnnotation,
  LogClaim,
  Mitigation,
  ModelThreat,
  Said,
  SystemModel,
} from '../../src/model/system-model.ts';
import type { Document } from './document.ts';
import type { Format, Lexicon } from './format.ts';
import {
  annotationsIn,
  append,
  at,
  claimsOf,
  clip,
  component,
  type Field,
  fieldOf,
  frame,
  heldBy,
  identities,
  isMap,
  known,
  list,
  maps,
  namedByFile,
  notes,
  providerIn,
  said,
  sensitivityOf,
  severityOf,
  stated,
  strideOf,
  text,
  texts,
  threat,
} from './said.ts';

const MOST_SENTENCE = 2000;
const MOST_TITLED = 100;
const PARTS = ['threats', 'applicationInfo', 'architecture', 'dataflow', 'mitigations', 'assumptions'];

const THREAT_STATUS = {
  threatIdentified: 'open',
  threatResolved: 'mitigated',
  threatResolvedNotUseful: 'not-applicable',
} as const;
const MITIGATION_STATUS = {
  mitigationIdentified: 'proposed',
  mitigationInProgress: 'in-progress',
  mitigationResolved: 'done',
  mitigationResolvedWillNotAction: 'wont-do',
} as const;
const GOALS: Readonly<Record<string, string>> = {
  confidentiality: 'information-disclosure',
  integrity: 'tampering',
  availability: 'denial-of-service',
  authenticity: 'spoofing',
  authentication: 'spoofing',
  authorization: 'elevation-of-privilege',
  'non-repudiation': 'repudiation',
};
/** Words of a threat that has neither a category nor a goal. */
const EFFECTS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:spoof\w*|impersonat\w*|look-?alike|phish\w*|pretend\w*|fake)\b/i, 'spoofing'],
  [
    /\b(?:repudiat\w*|deny (?:taking|having|doing|registering|performing)|lack of (?:proof|knowledge|evidence)|without (?:a )?trace)\b/i,
    'repudiation',
  ],
  [/\b(?:tamper\w*|modif(?:y|ies|ied)|alter(?:s|ed)?|overwrit\w*|inject\w*|corrupt\w*|delet(?:e|es|ed|ing|ion))\b/i, 'tampering'],
  [/\b(?:disclos\w*|exfiltrat\w*|leak\w*|view(?:s|ed)?|read(?:s|ing)?|steal\w*|eavesdrop\w*|intercept\w*)\b/i, 'information-disclosure'],
  [/\b(?:denial of service|unavailab\w*|exhaust\w*|overwhelm\w*|disrupt\w*|flood\w*)\b/i, 'denial-of-service'],
  [/\b(?:privilege\w*|not be authori[sz]ed|unauthori[sz]ed actions?|escalat\w*)\b/i, 'elevation-of-privilege'],
];

/** Components are free text here: services are found by their names, as well as people write them. */
export const threatComposer: Format = {
  id: 'threat-composer',
  name: 'AWS Threat Composer',
  about: 'Threats with STRIDE and priority, mitigations with their state, assumptions, and the services that the descriptions name.',
  doc: 'https://github.com/awslabs/threat-composer',
  recognise({ value }) {
    if (!isMap(value) || value.schema !== 1 || Object.hasOwn(value, 'otmVersion')) return undefined;
    if (value.namespace === 'threat-composer' && typeof value.type === 'string')
      return {
        refuse: `is a Threat Composer ${value.type.slice(0, 40)}, a library that models are made from; give the .tc.json of a model`,
      };
    return PARTS.some((key) => Object.hasOwn(value, key)) ? { version: '1' } : undefined;
  },
  read: (document, { lexicon }) => [read(document, lexicon)],
};

function read(document: Document, lexicon: Lexicon): SystemModel {
  const kept = notes();
  const root = fieldOf(document, kept);
  const name = stated(at(root, 'applicationInfo', 'name')) ?? namedByFile(document, '');
  const descriptions = [
    at(root, 'architecture', 'description'),
    at(root, 'dataflow', 'description'),
    at(root, 'applicationInfo', 'description'),
  ];
  const passages = descriptions.flatMap(passagesOf);
  const assumptionFields = maps(at(root, 'assumptions'));
  const assumptions = assumptionFields.flatMap((field) => stated(at(field, 'content')) ?? []);
  const threatFields = maps(at(root, 'threats'));

  const services = servicesIn(passages, lexicon);
  addMentioned(services, assumptions, lexicon);
  const spoken = threatFields.map((field) => statementOf(field));
  const named = spoken.map((statement, index) => touchedIn(statement, threatFields[index] as Field, services, lexicon));
  const components = [...services.values()].map((one) => one.component);
  const described = components.filter((one) => one.inScope.value && one.type?.basis === 'mapped' && !LOG_TYPES.test(one.type.value));

  const { byThreat, mitigations, claims, annotations } = mitigationsOf(root, threatFields, assumptionFields);
  const unique = identities();
  const threats = threatFields.map((field, index) => {
    const id = unique(field, text(at(field, 'id')), `threat ${field.pointer}`);
    const statement = spoken[index] as Said<string>;
    const touched = named[index] ?? [];
    // Nothing named: it may touch all that the model describes as in scope. What only another threat names is not that.
    const guessed =
      touched.length > 0 ? touched : described.map((one) => ({ value: one.id, pointer: statement.pointer, basis: 'assumed' as const }));
    return threatOf(field, id, statement, guessed, byThreat.get(id) ?? []);
  });
  const said_ = [...passages.map(({ said: one }) => one), ...assumptions];

  return {
    ...frame(threatComposer, document, name, '1'),
    dataAssets: dataAssetsOf(threatFields),
    components,
    threats,
    mitigations,
    assumptions,
    claims: [...claims, ...assumptionClaims(root, assumptionFields), ...passages.flatMap(({ said: one }) => claimsOf(one, 'assumed'))],
    annotations: [
      ...annotations,
      ...threats.flatMap(({ id }, index) => annotationsOf(threatFields[index] as Field, id)),
      ...assumptionFields.flatMap((field) => annotationsOf(field)),
    ],
    blindSpots: said_.filter(({ value }) => EXCLUDED.test(value)),
    warnings: kept.list(),
  };
}

/** What a model says that it leaves out. */
const EXCLUDED =
  /\b(?:ignor(?:es?|ing)|exclud(?:es?|ing)|leav(?:es?|ing) out|does not (?:cover|include|consider|address)|do not (?:cover|include|consider|address)|(?:is|are) (?:not (?:covered|considered|modell?ed|in scope|part of)|out of scope|excluded)|out of scope|outside (?:of )?(?:the )?scope)\b/i;
/** A service that is only named to explain the rest. */
const CONTEXT =
  /\balready (?:been )?(?:threat[- ]?modell?ed|deployed|reviewed)|\bthreat[- ]?modell?ed (?:and deployed|prior|before|separately|elsewhere)|\bfor context\b|\bcontext only\b|\bout of scope\b|\boutside (?:of )?(?:this|the|our) (?:stack|model|scope|threat model)\b|\bnot (?:specifically )?(?:part of|in scope)\b/i;
const EXISTING = /\bexisting\b/i;
/** A service that keeps or makes logs is nothing that a threat touches unless it is named. */
const LOG_TYPES = /\.(?:cloudtrail|cloudwatch|logs|guardduty|securityhub|config|monitor|loganalytics|logging)\b/;
const ABSENT = /\b(?:no|not|without|never|instead of|rather than|replac(?:es|ing)|unlike|avoid(?:s|ing)?)\b[^.;,]{0,20}$/i;

interface Passage {
  readonly said: Said<string>;
  /** What a bullet or a table row calls it. */
  readonly title?: string;
}

/** The sentences, bullets and table rows of a Markdown text. */
function passagesOf(field: Field): readonly Passage[] {
  const words = text(field);
  if (words === undefined) return [];
  const found: Passage[] = [];
  let code = false;
  for (const line of words.slice(0, 200_000).split(/\r?\n/)) {
    if (/^\s*(?:```|~~~)/.test(line)) code = !code;
    else if (code || /^[\s|:-]*$/.test(line) || /^\s*!\[/.test(line)) continue;
    else if (/^\s*\|/.test(line)) {
      const cells = line.split('|').map(bare).filter(Boolean);
      if (cells.length > 0)
        found.push(
          cells.length > 1
            ? { said: said(field, clip(cells.join(' - '), MOST_SENTENCE)), title: cells[0] as string }
            : { said: said(field, clip(cells.join(' '), MOST_SENTENCE)) },
        );
    } else if (/^\s*(?:[-*+]|\d+[.)])\s+\S/.test(line)) {
      const item = line.replace(/^\s*(?:[-*+]|\d+[.)])\s+/, '');
      const title = /^(?:\*\*([^*]{1,80})\*\*|__([^_]{1,80})__|`([^`]{1,80})`)\s*(?:[-:(–—]|$)/.exec(item);
      const called = bare(title?.[1] ?? title?.[2] ?? title?.[3] ?? '').replace(/:$/, '');
      for (const [index, sentence] of sentencesOf(item).entries())
        found.push(called && index === 0 ? { said: said(field, sentence), title: called } : { said: said(field, sentence) });
    } else for (const sentence of sentencesOf(line)) found.push({ said: said(field, sentence) });
  }
  return found.slice(0, 2000);
}

function sentencesOf(line: string): readonly string[] {
  return line
    .split(/(?<=[.!?])\s(?=[^a-z])/)
    .map((one) => clip(bare(one), MOST_SENTENCE))
    .filter((one) => /\w/.test(one));
}

/** Without the marks of Markdown and without addresses, which name services of their own. */
function bare(line: string): string {
  return line
    .replace(/\]\([^)\s]{0,500}\)/g, ']')
    .replace(/\bhttps?:\/\/\S+/g, '')
    .replace(/<\/?[a-z][^<>]{0,200}>/gi, '')
    .replace(/\*\*|__|`|^#+ /g, '')
    .trim();
}

interface Found {
  component: Component;
  /** Components with a name of their own: `Card vault` is not every bucket. */
  readonly titled: boolean;
}
type Services = Map<string, Found>;

/** One component per service, and one for each bullet or row that gives it a name. */
function servicesIn(passages: readonly Passage[], lexicon: Lexicon): Services {
  const found: Services = new Map();
  const scope = new Map<string, { context?: Said<string>; used: boolean }>();
  const titledTypes = new Set<string>();
  const hits = passages.map((passage) => ({ passage, services: mentionedIn(passage.said.value, lexicon) }));
  for (const { passage, services } of hits) {
    const context = CONTEXT.test(passage.said.value);
    const existing = EXISTING.test(passage.said.value);
    for (const { type } of services) {
      const now = scope.get(type) ?? { used: false };
      if (context) now.context ??= passage.said;
      else if (!existing) now.used = true;
      scope.set(type, now);
    }
    // A name before several services is that of all of them together.
    const [first, second] = services.filter(({ type }) => !type.endsWith('.account'));
    if (passage.title === undefined || !first || second) continue;
    const titleIsService =
      lexicon.services(passage.title).some(({ type }) => type === first.type) && passage.title.length <= first.word.length + 10;
    if (titleIsService) continue;
    const id = passage.title;
    if (found.has(id) || found.size >= MOST_TITLED) continue;
    titledTypes.add(first.type);
    found.set(id, { component: componentOf(id, { ...passage.said, value: passage.title }, first.type, passage.said), titled: true });
  }
  for (const { passage, services } of hits) {
    for (const { type, word } of services) {
      if (titledTypes.has(type) || found.has(type)) continue;
      found.set(type, { component: componentOf(type, { ...passage.said, value: word }, type, passage.said), titled: false });
    }
  }
  for (const one of found.values()) {
    const type = one.component.type?.value ?? '';
    const state = scope.get(type);
    if (!state?.context || state.used) continue;
    const { pointer, value } = state.context;
    one.component = { ...one.component, inScope: { value: false, pointer, basis: 'inferred', quote: value } };
  }
  return found;
}

function mentionedIn(words: string, lexicon: Lexicon): ReturnType<Lexicon['services']> {
  return lexicon.services(words).filter(({ index }) => !ABSENT.test(words.slice(Math.max(0, index - 40), index)));
}

function componentOf(
  id: string,
  name: Said<string>,
  type: string,
  passage: Said<string>,
  basis: 'mapped' | 'inferred' = 'mapped',
): Component {
  const provider = providerIn(type) ?? type.split('.')[0] ?? '';
  const quote = clip(passage.value);
  return component(
    passage,
    id,
    { ...name, quote },
    {
      kind: /\.(?:bucket|table|cluster|database|instance|secret|queue|stream|topic|vault|account|volume|filesystem|loggroup)\b|s3|dynamodb|rds|storage/i.test(
        type,
      )
        ? 'datastore'
        : 'process',
      type: { value: type, pointer: passage.pointer, basis, quote },
      provider: { value: provider, pointer: passage.pointer, basis, quote },
    },
  );
}

/** Services that only assumptions name are there, too. */
function addMentioned(services: Services, spoken: readonly Said<string>[], lexicon: Lexicon): void {
  for (const one of spoken) {
    if (CONTEXT.test(one.value) || EXCLUDED.test(one.value)) continue;
    for (const { type, word } of mentionedIn(one.value, lexicon)) addInferred(services, type, word, one, 'mapped');
  }
}

function addInferred(services: Services, type: string, word: string, from: Said<string>, basis: 'mapped' | 'inferred' = 'inferred'): void {
  if ([...services.values()].some((one) => one.component.type?.value === type)) return;
  services.set(type, { component: componentOf(type, { ...from, value: word, basis: 'inferred' }, type, from, basis), titled: false });
}

/** The components that a threat names: in its statement, else among the assets, else by its tags. Services that nothing else named are added. */
function touchedIn(statement: Said<string>, field: Field, services: Services, lexicon: Lexicon): readonly Said<string>[] {
  const tags = texts(at(field, 'tags'));
  for (const from of [[statement], texts(at(field, 'impactedAssets')), tags]) {
    const touched = new Map<string, Said<string>>();
    for (const one of from) {
      for (const {
        component: { id, name },
      } of services.values()) {
        if (id === name.value && id.length > 3 && one.value.toLowerCase().includes(id.toLowerCase()))
          touched.set(id, { value: id, pointer: one.pointer, basis: 'inferred', quote: clip(one.value) });
      }
      const byTag = from === tags ? lexicon.typeOf(one.value) : undefined;
      const types = [...mentionedIn(one.value, lexicon), ...(byTag === undefined ? [] : [{ type: byTag, word: one.value }])];
      for (const { type, word } of types) {
        addInferred(services, type, word, one);
        for (const {
          component: { id, type: own },
        } of services.values()) {
          if (own?.value === type && !touched.has(id))
            touched.set(id, { value: id, pointer: one.pointer, basis: 'inferred', quote: clip(one.value) });
        }
      }
    }
    if (touched.size > 0) return [...touched.values()];
  }
  return [];
}

/** The statement, or one made of its parts as Threat Composer makes it. */
function statementOf(field: Field): Said<string> {
  const statement = stated(at(field, 'statement'));
  if (statement) return statement;
  const part = (key: string): string | undefined => text(at(field, key));
  const goals = texts(at(field, 'impactedGoal'))
    .map(({ value }) => value)
    .join(' and/or ');
  const assets = texts(at(field, 'impactedAssets'))
    .map(({ value }) => value)
    .join(', ');
  const words = [
    part('threatSource') && `A ${part('threatSource')}`,
    part('prerequisites'),
    part('threatAction') && `can ${part('threatAction')}`,
    part('threatImpact') && `, which leads to ${part('threatImpact')}`,
    goals && `, resulting in reduced ${goals}${assets && ` of ${assets}`}`,
    !goals && assets && `, negatively impacting ${assets}`,
  ].filter(Boolean);
  return said(
    field,
    words.length > 0 ? words.join(' ').replaceAll(' ,', ',') : 'a threat without words',
    words.length > 0 ? 'inferred' : 'assumed',
  );
}

function metadata(field: Field, key: string): Field | undefined {
  const found = list(at(field, 'metadata')).find((one) => isMap(one.value) && one.value.key === key);
  return found && at(found, 'value');
}

function threatOf(
  field: Field,
  id: string,
  statement: Said<string>,
  components: readonly Said<string>[],
  mitigations: readonly string[],
): ModelThreat {
  const number = text(at(field, 'numericId'));
  const status = at(field, 'status');
  const written = text(status);
  const priority = metadata(field, 'Priority');
  const words = priority && text(priority);
  const is = words === undefined ? undefined : severityOf(words);
  const comments = metadata(field, 'Comments');
  const title = clip(statement.value, 160);
  return threat(
    id,
    { ...statement, value: number === undefined ? title : `T${number}: ${title}` },
    {
      text: comments && text(comments) !== undefined ? { ...statement, value: `${statement.value}\n${text(comments)}` } : statement,
      stride: strideIn(field, statement),
      status:
        written === undefined
          ? undefined
          : said(
              status,
              {
                words: written,
                is: Object.hasOwn(THREAT_STATUS, written) ? THREAT_STATUS[written as keyof typeof THREAT_STATUS] : 'unknown',
              },
              'mapped',
              written,
            ),
      severity: priority && words !== undefined && is ? said(priority, { words, is }, 'mapped', words) : undefined,
      components,
      mitigations,
    },
  );
}

function strideIn(field: Field, statement: Said<string>): readonly Said<string>[] {
  const stated_ = metadata(field, 'STRIDE');
  const categories = (stated_ ? texts(stated_) : []).flatMap((letter) => {
    const value = strideOf(letter.value);
    if (value === undefined) field.notes.warn(letter.pointer, `"${letter.value.slice(0, 40)}" is no STRIDE category`);
    return value === undefined ? [] : [{ ...letter, value, quote: letter.value }];
  });
  if (categories.length > 0) return categories;
  const goals = texts(at(field, 'impactedGoal')).flatMap((goal): Said<string>[] => {
    const key = goal.value.toLowerCase();
    return Object.hasOwn(GOALS, key) ? [{ value: GOALS[key] as string, pointer: goal.pointer, basis: 'inferred', quote: goal.value }] : [];
  });
  if (goals.length > 0) return goals;
  return EFFECTS.flatMap(([pattern, value]): Said<string>[] => {
    const match = pattern.exec(statement.value.slice(0, 2000));
    return match ? [{ value, pointer: statement.pointer, basis: 'inferred', quote: match[0] }] : [];
  });
}

/** What threats say is at stake: names in a list, or all in one text with commas. */
function dataAssetsOf(threats: readonly Field[]): readonly DataAsset[] {
  const found = new Map<string, DataAsset>();
  for (const field of threats) {
    for (const one of texts(at(field, 'impactedAssets'))) {
      const names = one.value
        .slice(0, 2000)
        .split(/,\s|;|,?\sand\s/)
        .map((part) => part.trim().replace(/^(?:and|or|the|our|your)\s+/i, ''))
        .filter(Boolean);
      for (const name of names) {
        const key = name.toLowerCase();
        if (found.has(key) || found.size >= 1000) continue;
        const called: Said<string> =
          names.length === 1 ? { ...one, value: name } : { ...one, value: name, basis: 'inferred', quote: clip(one.value) };
        found.set(key, { id: key, name: called, tags: sensitivityOf(called) });
      }
    }
  }
  return [...found.values()];
}

function mitigationsOf(root: Field, threatFields: readonly Field[], assumptionFields: readonly Field[]) {
  const idsOf = (fields: readonly Field[]): ReadonlySet<string> => new Set(fields.flatMap((one) => text(at(one, 'id')) ?? []));
  const threatIds = idsOf(threatFields);
  const assumptionIds = idsOf(assumptionFields);
  const fields = maps(at(root, 'mitigations'));
  const mitigationIds = idsOf(fields);
  const byThreat = new Map<string, string[]>();
  const threatsOf = new Map<string, string[]>();
  for (const link of maps(at(root, 'mitigationLinks'))) {
    const [mitigation, linked] = [text(at(link, 'mitigationId')) ?? '', text(at(link, 'linkedId')) ?? ''];
    if (!mitigationIds.has(mitigation) || (!threatIds.has(linked) && !assumptionIds.has(linked))) {
      link.notes.warn(link.pointer, 'links a mitigation to something that is not in the model');
      continue;
    }
    if (!threatIds.has(linked)) continue;
    append(byThreat, linked, mitigation);
    append(threatsOf, mitigation, linked);
  }
  const unique = identities();
  const claims: LogClaim[] = [];
  const annotations: LogAnnotation[] = [];
  const mitigations = fields.flatMap((field): Mitigation[] => {
    const id = unique(field, text(at(field, 'id')), `mitigation ${field.pointer}`);
    const content = stated(at(field, 'content'));
    const comments = metadata(field, 'Comments');
    const detail = comments && stated(comments);
    const words = content ?? detail;
    if (!words) {
      field.notes.warn(field.pointer, 'a mitigation without words; left out');
      return [];
    }
    const status = at(field, 'status');
    const written = text(status);
    const is =
      written === undefined
        ? undefined
        : Object.hasOwn(MITIGATION_STATUS, written)
          ? MITIGATION_STATUS[written as keyof typeof MITIGATION_STATUS]
          : 'unknown';
    const holds = heldBy(is);
    const threats = threatsOf.get(id) ?? [];
    if (holds) claims.push(...claimsOf(content, holds, { threats }), ...claimsOf(detail, holds, { threats }));
    annotations.push(...(threats.length > 0 ? threats.flatMap((one) => annotationsOf(field, one)) : annotationsOf(field)));
    const rule = /\bcdk-nag rule:?\s*([A-Za-z0-9-]{1,100})/i.exec(words.value);
    return [
      known({
        id,
        text: content && detail ? { ...content, value: `${content.value}\n${detail.value}`, quote: clip(content.value) } : words,
        status: written === undefined || is === undefined ? undefined : said(status, { words: written, is }, 'mapped', written),
        rule: rule
          ? { value: `cdk-nag ${rule[1]}`, pointer: words.pointer, basis: 'mapped' as const, quote: clip(words.value) }
          : undefined,
      }),
    ];
  });
  return { byThreat, mitigations, claims, annotations };
}

function assumptionClaims(root: Field, fields: readonly Field[]): readonly LogClaim[] {
  const threatsOf = new Map<string, string[]>();
  for (const link of maps(at(root, 'assumptionLinks'))) {
    if (text(at(link, 'type')) === 'Threat') append(threatsOf, text(at(link, 'assumptionId')) ?? '', text(at(link, 'linkedId')) ?? '');
  }
  return fields.flatMap((field) =>
    claimsOf(stated(at(field, 'content')), 'assumed', { threats: threatsOf.get(text(at(field, 'id')) ?? '') ?? [] }),
  );
}

/** Our place in the format: metadata with a key of one's own, `custom:log-sources`. */
function annotationsOf(field: Field, on?: string): readonly LogAnnotation[] {
  const wanted = metadata(field, 'custom:log-sources');
  const retain = metadata(field, 'custom:log-retention');
  const kept = retain && stated(retain);
  return (wanted ? texts(wanted) : [])
    .flatMap((one) => annotationsIn(one, on))
    .map((one) => (one.retain || !kept ? one : { ...one, retain: kept }));
}
