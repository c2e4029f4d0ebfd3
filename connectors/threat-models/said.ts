import { createHash } from 'node:crypto';
import type {
  Basis,
  Component,
  LogAnnotation,
  LogClaim,
  ModelThreat,
  ModelWarning,
  Said,
  SystemModel,
} from '../../src/model/system-model.ts';
import type { Document } from './document.ts';
import type { Format } from './format.ts';

const MOST_WARNINGS = 200;
const MOST_QUOTE = 300;
const MOST_PARTS = 20_000;

/** The warnings of one model: each once, a bounded number, and how many more there were. */
export interface Notes {
  warn(pointer: string, message: string): void;
  list(): readonly ModelWarning[];
}

export function notes(): Notes {
  const kept: ModelWarning[] = [];
  const seen = new Set<string>();
  let more = 0;
  return {
    warn(pointer, message) {
      if (kept.length >= MOST_WARNINGS) {
        more += 1;
        return;
      }
      const key = `${pointer}\n${message}`;
      if (seen.has(key)) return;
      seen.add(key);
      kept.push({ pointer, message: clip(message) });
    },
    list: () => (more > 0 ? [...kept, { pointer: '', message: `and ${more} more warnings` }] : kept),
  };
}

/** A foreign value and its place. Reading it leniently never throws; what does not fit becomes a warning in `notes`. */
export interface Field {
  readonly value: unknown;
  /** JSON pointer. */
  readonly pointer: string;
  readonly notes: Notes;
}

export function fieldOf(document: Pick<Document, 'value'>, kept: Notes, pointer = ''): Field {
  return { value: document.value, pointer, notes: kept };
}

/** The value under a key or index, itself present or not. Inherited names (`constructor`) are never found. */
export function at(field: Field, ...path: readonly (string | number)[]): Field {
  let { value, pointer } = field;
  for (const step of path) {
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined;
    pointer = `${pointer}/${escapePointer(String(step))}`;
  }
  return { value, pointer, notes: field.notes };
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Whether something is there: not null, and not left out. */
export function present(field: Field): boolean {
  return field.value !== undefined && field.value !== null;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The elements of a list; nothing where there is none. A value that should have been in a list counts as a list of one. */
export function list(field: Field): readonly Field[] {
  if (!present(field)) return [];
  if (!Array.isArray(field.value)) {
    field.notes.warn(
      field.pointer,
      `expected a list, found ${kindOf(field.value)}${isMap(field.value) ? '' : '; taken as its only element'}`,
    );
    return isMap(field.value) ? [] : [field];
  }
  const items = field.value as readonly unknown[];
  if (items.length > MOST_PARTS) field.notes.warn(field.pointer, `holds ${items.length} elements, the first ${MOST_PARTS} are read`);
  return items.slice(0, MOST_PARTS).map((value, index) => ({ value, pointer: `${field.pointer}/${index}`, notes: field.notes }));
}

/** As `list`, of maps only. */
export function maps(field: Field): readonly Field[] {
  return list(field).filter((item) => {
    if (isMap(item.value)) return true;
    if (item.pointer === field.pointer) return false;
    item.notes.warn(item.pointer, `expected a map, found ${kindOf(item.value)}; left out`);
    return false;
  });
}

/** The entries of a map, in their order. */
export function entries(field: Field): readonly { readonly key: string; readonly field: Field }[] {
  if (!present(field)) return [];
  if (!isMap(field.value)) {
    field.notes.warn(field.pointer, `expected a map, found ${kindOf(field.value)}`);
    return [];
  }
  const keys = Object.keys(field.value);
  if (keys.length > MOST_PARTS) field.notes.warn(field.pointer, `holds ${keys.length} entries, the first ${MOST_PARTS} are read`);
  return keys.slice(0, MOST_PARTS).map((key) => ({ key, field: at(field, key) }));
}

/** A text, trimmed; numbers and booleans as text. Nothing where it is empty. */
export function text(field: Field): string | undefined {
  const { value } = field;
  if (typeof value === 'string') return value.trim() || undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (present(field)) field.notes.warn(field.pointer, `expected text, found ${kindOf(value)}; left out`);
  return undefined;
}

/** Texts of a list, or one text. */
export function texts(field: Field): readonly Said<string>[] {
  if (typeof field.value === 'string') return sayText(field);
  return list(field).flatMap(sayText);
}

/** `true`, `yes`, `1` and their opposites; nothing else is taken for an answer. */
export function flag(field: Field): boolean | undefined {
  const { value } = field;
  if (typeof value === 'boolean') return value;
  const word = String(typeof value === 'string' || typeof value === 'number' ? value : '')
    .trim()
    .toLowerCase();
  if (word === 'true' || word === 'yes' || word === '1') return true;
  if (word === 'false' || word === 'no' || word === '0') return false;
  if (present(field) && word !== '') field.notes.warn(field.pointer, `expected true or false, found ${kindOf(value)}; left out`);
  return undefined;
}

export function amount(field: Field): number | undefined {
  const { value } = field;
  const number = typeof value === 'string' && /^\s*[+-]?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  if (present(field)) field.notes.warn(field.pointer, `expected a number, found ${kindOf(value)}; left out`);
  return undefined;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object'
    ? 'a map'
    : typeof value === 'string'
      ? `"${clip(value, 40)}"`
      : `${typeof value} ${clip(String(value), 40)}`;
}

/** A value with its place; `quote` where the words differ from the value. */
export function said<T>(field: Pick<Field, 'pointer'>, value: T, basis: Basis = 'stated', quote?: string): Said<T> {
  return quote === undefined
    ? { value, pointer: field.pointer, basis }
    : { value, pointer: field.pointer, basis, quote: clip(quote, MOST_QUOTE) };
}

/** A text as it stands there, in a list of one, or of none. */
export function sayText(field: Field): readonly Said<string>[] {
  const value = text(field);
  return value === undefined ? [] : [said(field, value)];
}

/** A text as it stands there. */
export function stated(field: Field): Said<string> | undefined {
  return sayText(field)[0];
}

/** A true or false as it stands there. */
export function statedFlag(field: Field): Said<boolean> | undefined {
  const value = flag(field);
  return value === undefined ? undefined : said(field, value);
}

/** Keys whose value is undefined left out, so that optional ones are absent. */
export function known<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

export function clip(words: string, most = MOST_QUOTE): string {
  return words.length > most ? `${words.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : words;
}

/** Makes ids unique within a list: the second `x` becomes `x~2`, which is told. */
export function identities(): (field: Field, wanted: string | undefined, fallback: string) => string {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return (field, wanted, fallback) => {
    const base = wanted ?? fallback;
    let id = base;
    while (taken.has(id)) {
      const count = (counts.get(base) ?? 1) + 1;
      counts.set(base, count);
      id = `${base}~${count}`;
    }
    taken.add(id);
    if (id !== base && wanted !== undefined)
      field.notes.warn(field.pointer, `the id "${clip(base, 60)}" is there twice; this one is called "${clip(id, 60)}"`);
    return id;
  };
}

/** A model with nothing in it but where it comes from: importers spread their lists over it. */
export function frame(format: Pick<Format, 'id'>, document: Document, name: Said<string>, formatVersion?: string): SystemModel {
  const nothing = {
    dataAssets: [],
    components: [],
    boundaries: [],
    flows: [],
    threats: [],
    mitigations: [],
    assumptions: [],
    claims: [],
    annotations: [],
    blindSpots: [],
    platforms: [],
    warnings: [],
  };
  const version = formatVersion === undefined ? {} : { formatVersion };
  return { format: format.id, ...version, file: document.file, sha256: document.sha256, name, ...nothing };
}

/** A name for what has none: the file's own name, assumed. */
export function namedByFile(document: Document, pointer = ''): Said<string> {
  const name = document.file.split(/[\\/]/).at(-1) || 'unnamed';
  return { value: name.replace(/(?<=.)\.[A-Za-z][A-Za-z0-9.]{0,20}$/, ''), pointer, basis: 'assumed' };
}

/** A component with its lists empty and in scope, as most formats take for granted. */
export function component(field: Pick<Field, 'pointer'>, id: string, name: Said<string>, rest: Partial<Component> = {}): Component {
  const inScope: Said<boolean> = { value: true, pointer: field.pointer, basis: 'assumed' };
  return { id, name, kind: 'other', boundaries: [], tags: [], inScope, stores: [], handles: [], ...known(rest) };
}

/** A threat with its lists empty. */
export function threat(id: string, title: Said<string>, rest: Partial<ModelThreat> = {}): ModelThreat {
  return { id, title, stride: [], components: [], attack: [], capec: [], cwe: [], mitigations: [], events: [], ...known(rest) };
}

const STRIDE_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bspoof/i, 'spoofing'],
  [/\btamper/i, 'tampering'],
  [/\brepudiat/i, 'repudiation'],
  [/\binfo(?:rmation)?[\s_-]*disclos|\bdata[\s_-]*disclos|\bdisclosure of information/i, 'information-disclosure'],
  [/\bdenial[\s_-]*of[\s_-]*service|\bdos\b/i, 'denial-of-service'],
  [/\belevation|\bprivilege[\s_-]*escalation|\bescalation[\s_-]*of[\s_-]*privilege/i, 'elevation-of-privilege'],
];
const STRIDE_LETTERS: Readonly<Record<string, string>> = {
  S: 'spoofing',
  T: 'tampering',
  R: 'repudiation',
  I: 'information-disclosure',
  D: 'denial-of-service',
  E: 'elevation-of-privilege',
};

/** The STRIDE category of a word or letter in the words of `STRIDE`, whatever the case, plural or short form. */
export function strideOf(words: string): string | undefined {
  const letter = words.trim().toUpperCase();
  if (letter.length === 1) return Object.hasOwn(STRIDE_LETTERS, letter) ? STRIDE_LETTERS[letter] : undefined;
  return STRIDE_WORDS.find(([pattern]) => pattern.test(words))?.[1];
}

/** ATT&CK technique ids in a text: `attack.t1562.008`, `TA0010,T1567` (tactics left out), `AML.T0024`. Each once, in capitals. */
export function techniquesIn(words: string): readonly string[] {
  const found = words
    .slice(0, 10_000)
    .toUpperCase()
    .matchAll(/(?<![A-Z0-9])(?:AML\.T\d{4}(?:\.\d{3})?|T\d{4}(?:\.\d{3})?)(?!\d)/g);
  return [...new Set([...found].map(([id]) => id))];
}

const SEVERITIES: Readonly<Record<string, 'info' | 'low' | 'medium' | 'high' | 'critical'>> = {
  info: 'info',
  informational: 'info',
  none: 'info',
  'very low': 'low',
  minor: 'low',
  low: 'low',
  medium: 'medium',
  moderate: 'medium',
  elevated: 'medium',
  high: 'high',
  major: 'high',
  'very high': 'critical',
  severe: 'critical',
  critical: 'critical',
};

/** A severity in our words; nothing where it is none that we know (`TBD`). */
export function severityOf(words: string): 'info' | 'low' | 'medium' | 'high' | 'critical' | undefined {
  const word = words.trim().toLowerCase();
  return Object.hasOwn(SEVERITIES, word) ? SEVERITIES[word] : undefined;
}

// `log in` and `logout` are none, `logic` and `catalog` neither.
const LOG_WORDS =
  /\b(?:(?:flow|access|audit|query|event|activity|server|security|application|diagnostic|function|resource|error|object|data|api|admin|container|system|network|cloudtrail|cloudwatch)[ -]logs?|logs?(?!\s?-?\s?(?:in|on|out|off|into)\b)|logging|logged(?!\s?-?\s?(?:in|on|out|off|into)\b)|auditlogs?|audit(?:s|ed|ing|able|ability)?|trails?|cloudtrail|cloudwatch|flowlogs?|guardduty|security ?hub|macie|siem|splunk|sentinel|telemetry|diagnostic settings?|monitor(?:s|ed|ing)?|retention|retain(?:s|ed|ing)?)\b/i;
/** Names of rules of checking tools: `S3BucketLoggingEnabled`, `EKSClusterControlPlaneLogs`, `ElasticBeanstalkEC2InstanceLogsToS3`. */
const LOG_NAMES = /[a-z0-9](?:Logging|Logs?)(?=[A-Z0-9]|\b)|CloudTrail|CloudWatch/;

function logWord(words: string): { readonly index: number; readonly end: number } | undefined {
  const match = LOG_WORDS.exec(words) ?? LOG_NAMES.exec(words);
  return match ? { index: match.index, end: match.index + match[0].length } : undefined;
}

const NEGATED =
  /\b(?:no|not|never|without|lacks?|lacking|missing|absen(?:t|ce)|disabled?|insufficient|don't|doesn't|isn't|aren't|cannot|can't|nor|avoid|omit|exclud\w+|stop)\b[^.;:\n]{0,40}$/i;
const NEGATED_AFTER =
  /^[^.;:\n]{0,25}\b(?:is|are|was|were|has|have)\s+(?:not|never|no longer|disabled|missing|absent|turned off|switched off|out of scope)\b/i;

/**
 * The sentences of a text (or cells and bullets) that say something is logged, audited, monitored or kept: the words of a claim. A sentence that
 * says the contrary ("tokens are never logged") is none. Which log source is meant is found later, from these words.
 */
export function claimsIn(words: string): readonly string[] {
  if (!logWord(words)) return [];
  const found = words
    .slice(0, 100_000)
    .replace(/\]\([^)\s]{0,500}\)/g, ']')
    .replace(/\bhttps?:\/\/\S+/g, '')
    .split(/\r?\n|(?<=[.!?;])\s|<br>|\|/)
    .map((sentence) => sentence.replace(/^[\s>*#-]+(?=\S)/, '').trim())
    .filter((sentence) => {
      const match = logWord(sentence);
      // What is to be read elsewhere is no statement about this system.
      if (!match || /^(?:references?|see|sources?|links?|docs|documentation)\b\s?(?:also)?\s?[:[]/i.test(sentence)) return false;
      return !NEGATED.test(sentence.slice(0, match.index)) && !NEGATED_AFTER.test(sentence.slice(match.end));
    });
  return [...new Set(found)].slice(0, 50).map((sentence) => clip(sentence));
}

/** Claims in a text of the model, all of them standing with the same threats and components. */
export function claimsOf(
  words: Said<string> | undefined,
  holds: LogClaim['holds'],
  stands: { readonly threats?: readonly string[]; readonly components?: readonly string[] } = {},
): readonly LogClaim[] {
  if (!words) return [];
  return claimsIn(words.value).map((sentence) => ({
    text: { value: sentence, pointer: words.pointer, basis: words.basis },
    holds,
    threats: stands.threats ?? [],
    components: stands.components ?? [],
  }));
}

/** How a claim of a mitigation in this state holds; nothing for one that was turned down. */
export function heldBy(
  status: 'proposed' | 'in-progress' | 'done' | 'wont-do' | 'assumed' | 'unknown' | undefined,
): LogClaim['holds'] | undefined {
  if (status === 'done') return 'done';
  if (status === 'assumed') return 'assumed';
  return status === 'wont-do' ? undefined : 'planned';
}

/** A short stable id for what the format gives none. */
export function idOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
}

const SENSITIVE: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:pii|personal(?:ly)?[ -]?(?:data|information|identif)|gdpr|email address|passport|social security|date of birth|home address)/i,
    'pii',
  ],
  [/\b(?:pci|card ?holder|credit[ -]?cards?|debit[ -]?cards?|payment[ -]?cards?|card (?:data|numbers?)|pan data)\b/i, 'pci'],
  [/\b(?:phi|health (?:data|records?|information)|medical|patient)\b/i, 'phi'],
  [
    /\b(?:credentials?|passwords?|secrets?|api[ -]?keys?|private keys?|access keys?|(?:access|session|auth\w*|bearer|id) tokens?)\b/i,
    'credentials',
  ],
  [/\b(?:financial|bank(?:ing)? (?:data|details|accounts?)|invoices?|billing|payments?|transactions?)\b/i, 'financial'],
];

/** What kind of data a name speaks of: `pii pci phi credentials financial`. */
export function sensitivityOf(name: Said<string>): readonly Said<string>[] {
  return SENSITIVE.flatMap(([pattern, tag]) => {
    const match = pattern.exec(name.value);
    return match ? [{ value: tag, pointer: name.pointer, basis: 'inferred' as const, quote: match[0] }] : [];
  });
}

/** `aws gcp azure`, where a type or a name tells it. */
export function providerIn(words: string): string | undefined {
  if (/^(?:aws[._:-]|arn:|terraform-aws|cd-aws)|\baws\b|\bamazon\b/i.test(words)) return 'aws';
  if (/^(?:azure(?:rm|ad)?[._:-]|microsoft\.|(?:cd-)?microsoft-azure)|\bazure\b|\bentra\b/i.test(words)) return 'azure';
  return /^(?:gcp|google)[._:-]|\bgcp\b|\bgoogle cloud\b/i.test(words) ? 'gcp' : undefined;
}

/** A wanted log source as people write it: `aws.cloudtrail.data.s3 365d`, `aws.vpc.flowlogs, k8s.eks.audit`. */
export function annotationsIn(words: Said<string>, on?: string): readonly LogAnnotation[] {
  return words.value
    .slice(0, 10_000)
    .split(/[,;\n]/)
    .flatMap((part) => {
      const written = part.trim().slice(0, 300);
      if (!written) return [];
      const days = /(?:^|[\s=:@])(\d{1,5}) ?(?:d|days?)\b/i.exec(written);
      const source = (days ? written.slice(0, days.index) : written).split(/[\s=:@]/)[0] ?? '';
      const said: Said<string> = { value: source || written, pointer: words.pointer, basis: 'stated', quote: clip(written) };
      const retain: Said<string> | undefined = days
        ? { value: `${Number(days[1])}d`, pointer: words.pointer, basis: 'stated', quote: clip(written) }
        : undefined;
      return [known({ source: said, retain, on })];
    });
}

/** One more value under a key. */
export function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
