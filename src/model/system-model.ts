/** What a value rests on: said in the model, translated from it by a table, concluded from it, or taken for granted. */
export const BASES = ['stated', 'mapped', 'inferred', 'assumed'] as const;
export type Basis = (typeof BASES)[number];

/** Where a value comes from. */
export interface Origin {
  /** JSON pointer (`/threats/3/statement`), also for YAML and HCL; an XPath of local names for XML. */
  readonly pointer: string;
  readonly basis: Basis;
  /** The words it rests on, as written, cut to 300 characters. */
  readonly quote?: string;
}

export interface Said<T> extends Origin {
  readonly value: T;
}

/** A rating in the model's own words and its rank on the model's own scale, stretched to 0 (least) to 4. */
export interface Rating {
  readonly words: string;
  readonly level: 0 | 1 | 2 | 3 | 4;
}

/**
 * A threat model of any format, as far as it matters to logging. Importers (`connectors/threat-models`) fill it and conclude no needs;
 * `src/needs` derives them. Ids are the model's own and unique within their list. Nothing is left out silently: what cannot be placed
 * stands in `warnings`.
 */
export interface SystemModel {
  /** Id of the importer: `threat-composer`. */
  readonly format: string;
  readonly formatVersion?: string;
  readonly file: string;
  readonly sha256: string;
  readonly name: Said<string>;
  readonly dataAssets: readonly DataAsset[];
  readonly components: readonly Component[];
  readonly boundaries: readonly Boundary[];
  readonly flows: readonly DataFlow[];
  readonly threats: readonly ModelThreat[];
  readonly mitigations: readonly Mitigation[];
  readonly assumptions: readonly Said<string>[];
  /** What the model says is logged, wherever it says so: a mitigation, an assumption, a component that is a log. Checked, never believed. */
  readonly claims: readonly LogClaim[];
  /** Log sources that somebody wrote into the model as wanted. */
  readonly annotations: readonly LogAnnotation[];
  /** Parts of the system that the model says it does not look at ("ignores the control plane"). */
  readonly blindSpots: readonly Said<string>[];
  /** Platforms that techniques apply to (`IaaS`, `SaaS`, `Containers`, …), where the model names them. */
  readonly platforms: readonly Said<string>[];
  readonly warnings: readonly ModelWarning[];
}

export interface DataAsset {
  readonly id: string;
  readonly name: Said<string>;
  readonly confidentiality?: Said<Rating>;
  readonly integrity?: Said<Rating>;
  readonly availability?: Said<Rating>;
  /** `pii pci phi credentials financial`, in these words where the model's own mean the same. */
  readonly tags: readonly Said<string>[];
}

export interface Component {
  readonly id: string;
  readonly name: Said<string>;
  readonly kind: 'process' | 'datastore' | 'external' | 'actor' | 'other';
  /** The format's own type: `CD-SECRETS-MANAGER`, `SE.DS.TMCore.AzureStorage`, `file-server`. */
  readonly nativeType?: Said<string>;
  /** A type of `rules/knowledge/component-types.yaml` (`aws.s3.bucket`), where the format's own type or tag tells it exactly. Left out: resolved from tags and names. */
  readonly type?: Said<string>;
  /** `aws gcp azure …`, where the component or the boundaries around it tell it. */
  readonly provider?: Said<string>;
  /** ARN, ARM id, full resource name, or infrastructure-as-code address. */
  readonly resource?: Said<string>;
  /** Boundaries around it, the innermost first. */
  readonly boundaries: readonly string[];
  readonly tags: readonly Said<string>[];
  readonly inScope: Said<boolean>;
  readonly internetFacing?: Said<boolean>;
  readonly storesCredentials?: Said<boolean>;
  /** The model calls it a machine of its own, which is at odds with standing in a cloud. */
  readonly physical?: Said<boolean>;
  /** Its own rating, without that of its data. */
  readonly confidentiality?: Said<Rating>;
  /** Data assets kept in it, and those that only pass through. */
  readonly stores: readonly string[];
  readonly handles: readonly string[];
  readonly logStore?: Said<boolean>;
}

export interface Boundary {
  readonly id: string;
  readonly name: Said<string>;
  readonly nativeType?: Said<string>;
  readonly provider?: Said<string>;
  readonly internet?: Said<boolean>;
  readonly parent?: string;
}

export interface DataFlow {
  readonly id: string;
  readonly name?: Said<string>;
  readonly from: string;
  readonly to: string;
  readonly protocol?: Said<string>;
  readonly encrypted?: Said<boolean>;
  /** Whether it crosses a boundary, where the model tells. */
  readonly crosses?: Said<boolean>;
  readonly public?: Said<boolean>;
  readonly data: readonly string[];
}

export interface ModelThreat {
  readonly id: string;
  readonly title: Said<string>;
  readonly text?: Said<string>;
  /** In the words of `STRIDE`. */
  readonly stride: readonly Said<string>[];
  readonly status?: Said<{ readonly words: string; readonly is: 'open' | 'mitigated' | 'accepted' | 'not-applicable' | 'unknown' }>;
  readonly severity?: Said<{ readonly words: string; readonly is: 'info' | 'low' | 'medium' | 'high' | 'critical' }>;
  readonly components: readonly Said<string>[];
  /** As written: `T1562.008`, `AML.T0024`. Normalised later. */
  readonly attack: readonly Said<string>[];
  /** Numbers only: `CAPEC-116` is `116`. */
  readonly capec: readonly Said<string>[];
  readonly cwe: readonly Said<string>[];
  readonly mitigations: readonly string[];
  /** Exact events that show it, where the format names them (detection rules, service models). `where` as in a native need. */
  readonly events: readonly Said<ModelEvents>[];
}

/** Log source in the format's own words, with conditions where it names any: `{product: aws, service: cloudtrail}`, `GetObject`. */
export interface ModelEvents {
  readonly logSource: Readonly<Record<string, string>>;
  readonly where: Readonly<Record<string, readonly string[]>>;
  /** Fields that a detection reads. */
  readonly fields: readonly string[];
  /** Set where the format says that no log records it. */
  readonly unlogged?: string;
}

export interface Mitigation {
  readonly id: string;
  readonly text: Said<string>;
  readonly status?: Said<{ readonly words: string; readonly is: 'proposed' | 'in-progress' | 'done' | 'wont-do' | 'assumed' | 'unknown' }>;
  /** A rule of a checking tool that it names: `cdk-nag S3BucketLoggingEnabled`. */
  readonly rule?: Said<string>;
}

/** The words, and whether the model holds it for done, for planned, or takes it for granted. The log source is found from the words later. */
export interface LogClaim {
  readonly text: Said<string>;
  readonly holds: 'done' | 'planned' | 'assumed';
  /** Threats and components that it stands with. */
  readonly threats: readonly string[];
  readonly components: readonly string[];
  /** A score or quality that the format gives it (DeTT&CT), in its words. */
  readonly quality?: Said<string>;
}

export interface LogAnnotation {
  /** A log source id, or what was written instead of one. */
  readonly source: Said<string>;
  /** `365d`. */
  readonly retain?: Said<string>;
  /** The threat or component it stands with; left out: the whole system. */
  readonly on?: string;
}

export interface ModelWarning {
  readonly pointer: string;
  readonly message: string;
}
