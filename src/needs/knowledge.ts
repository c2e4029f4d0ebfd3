import { join } from 'node:path';
import { globMatches } from '../events/glob.ts';
import {
  AttackFile,
  type CatalogueEntry,
  CatalogueFile,
  ClaimsFile,
  type ClaimWords,
  type ComponentType,
  ComponentTypesFile,
  type DataComponent,
  type DetectionLogSource,
  DetectionsFile,
  type Lexicon,
  type PlaceRule,
  PlacesFile,
  type References,
  type RetentionProfile,
  type RevokedTechnique,
  type Stride,
  type StrideCell,
  StrideFile,
  type Technique,
  type Unobservable,
  UnobservableFile,
  type Vendor,
  type Verification,
  VerificationFile,
  type Want,
  type Weakness,
  WeaknessesFile,
} from '../model/knowledge.ts';
import { own } from '../model/own.ts';
import { type Found, phrases } from './phrases.ts';
import { files, idOf, loadRules, ownRules, type Rules } from './rules.ts';
import { openYaml, type Yaml } from './yaml.ts';

/** What needs are derived from: `rules/knowledge` and `rules/retention`. */
export interface Knowledge {
  readonly types: ReadonlyMap<string, ComponentType>;
  /** For importers: services that stand for themselves, without generic kinds. */
  readonly lexicon: Lexicon;
  /** The types that a name or text may mean, in its order; generic kinds and weak words only where the vendor is given. */
  named(text: string, vendor?: Vendor): readonly Named[];
  /** The type of an ARN, ARM id or full resource name. */
  typeOfResource(resource: string): string | undefined;
  /** The STRIDE table: what shows a category on a type. */
  readonly cells: readonly StrideCell[];
  cell(type: string, stride: Stride): StrideCell | undefined;
  readonly attackRelease: string;
  readonly techniques: ReadonlyMap<string, Technique>;
  readonly revoked: ReadonlyMap<string, RevokedTechnique>;
  /** What an ATT&CK id as written (`attack.t1562.008`, `T1530 - Data from Cloud Storage`) stands for; nothing where it is no known id. */
  technique(written: string): FoundTechnique | undefined;
  /** Sources by ATT&CK's log source name, in any case (`AWS:CloudTrail`). */
  attackLogSource(name: string): readonly string[] | undefined;
  /** By id, or name in any case (`Cloud Storage Access`). */
  dataComponent(idOrName: string): DataComponent | undefined;
  readonly detections: readonly DetectionLogSource[];
  /** The entry that fits a rule's log source best: the one with the most parts equal. */
  detection(logSource: Readonly<Record<string, string>>): DetectionLogSource | undefined;
  readonly claims: readonly ClaimWords[];
  /** What a text claims to be logged, in its order. */
  claimsIn(text: string): readonly Found<ClaimWords>[];
  /** The claim of a checking tool's rule (`S3BucketLoggingEnabled`, also with the tool's name before it). */
  claimOfRule(rule: string): ClaimWords | undefined;
  /** Lengths of time that a text says something is kept for; `days` are whole. */
  retentionIn(text: string): readonly Found<{ readonly days: number }>[];
  readonly places: readonly PlaceRule[];
  readonly weaknesses: readonly Weakness[];
  weakness(kind: 'capec' | 'cwe', id: string): Weakness | undefined;
  readonly unobservable: readonly Unobservable[];
  /** Why no cloud log can show what a text describes; nothing where one might. */
  unobservableIn(text: string): Found<Unobservable> | undefined;
  readonly verifications: readonly Verification[];
  /** The harmless action that shows these events; the source's own where the class has none. */
  verification(want: Pick<Want, 'events' | 'source'>): Verification | undefined;
  readonly catalogue: ReadonlyMap<string, CatalogueEntry>;
  /** Profiles of keeping by id; `default` is always there. */
  readonly retention: ReadonlyMap<string, RetentionProfile>;
  /** Documents by the name that `cites` uses. */
  readonly references: ReadonlyMap<string, { readonly title: string; readonly url: string }>;
}

export interface Named {
  readonly type: string;
  readonly word: string;
  readonly index: number;
  /** A service's own name, a word that counts only for this vendor, or a generic kind resolved by the vendor. */
  readonly by: 'service' | 'weak' | 'kind';
  /** Generic kinds: what else it could be. */
  readonly or: readonly string[];
}

export interface FoundTechnique {
  /** The id as it is today. */
  readonly id: string;
  /** What was written, where ATT&CK has renamed it since. */
  readonly was?: string;
  readonly technique: Technique;
  /** Of a technique written without a sub-technique: those that it has. */
  readonly parts: readonly Technique[];
}

const loaded = new Map<string, Knowledge>();

/**
 * Reads the knowledge of a rules folder, by default that of this package. Read once per folder and process. Anything wrong in a file, an id
 * that nothing has among it, is an `InputError` with file, line and column.
 */
export function loadKnowledge(folder: string = ownRules()): Knowledge {
  const knowledge = loaded.get(folder) ?? read(folder, loadRules(folder));
  loaded.set(folder, knowledge);
  return knowledge;
}

function read(folder: string, rules: Rules): Knowledge {
  throw new Error(`${folder}: ${rules.sources.size}`);
}
