import { z } from 'zod';
import { SourceId } from './source.ts';
import { STRIDE } from './threat-model.ts';
import { Where } from './where.ts';

/** Ids of things that the knowledge itself names: `aws.s3.bucket`, `claims-cloudtrail`. */
const Id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*$/, 'an id is lower case words with dots and dashes: aws.s3.bucket');
const text = z.string().min(1);
const words = z.array(z.string().min(2)).default([]);
const Cites = z.array(z.string()).min(1);

/** Whose logs they are: a cloud, or `saas` and `any` (self-run software, host and application logs) beside them. */
export const VENDORS = ['aws', 'gcp', 'azure', 'kubernetes', 'saas', 'any'] as const;
export const Vendor = z.enum(VENDORS);
export type Vendor = z.infer<typeof Vendor>;

export const Stride = z.enum(STRIDE);
export type Stride = z.infer<typeof Stride>;

/** Documents that the knowledge rests on, by the name that `cites` uses. */
export const References = z.record(z.string(), z.strictObject({ title: text, url: z.url() }));
export type References = z.infer<typeof References>;

/**
 * Events that are wanted: a named class (`events`: an entry of `rules/events`, or `<source>.<class>`) or a `source`, which may have
 * conditions. A source is one of `rules/sources`, or one of `rules/knowledge/catalogue.yaml` that no scan can see yet.
 */
export const Want = z
  .strictObject({
    events: z.string().optional(),
    source: SourceId.optional(),
    where: Where.optional(),
    /** Wanted only of what this vendor runs. Left out: the vendor of the events' own source, which is as good. */
    vendor: Vendor.optional(),
    /** `resource`: of the component itself, its need is placed at what the component is bound to. `account`: of the account (or project, subscription, cluster) that holds it. */
    per: z.enum(['resource', 'account']).default('resource'),
    /** The record has to name the caller or end user; a source whose `identity` is not `caller` answers only half. */
    attribution: z.literal('caller').optional(),
    /** Wants of one group stand in for each other; any one of them will do. Left out: wanted by itself. */
    group: z.string().optional(),
    /** What it is wanted for, or what it cannot tell. */
    note: z.string().optional(),
  })
  .superRefine((want, context) => {
    if ((want.events === undefined) === (want.source === undefined))
      context.addIssue({ code: 'custom', message: 'a want has one of `events` or `source`' });
    if (want.events !== undefined && want.where !== undefined)
      context.addIssue({ code: 'custom', path: ['where'], message: 'a named class has its conditions already; name its source instead' });
  });
export type Want = z.infer<typeof Want>;

/** A kind of component: a service of a provider, or a generic kind that becomes one once the provider is known. */
export const ComponentType = z.strictObject({
  id: Id,
  name: text,
  vendor: Vendor,
  service: text,
  /** Names that people use for it, matched on word boundaries, the longest first; one with a capital letter only as written (`Amplify`). */
  words,
  /** Names that only count where the vendor is known from elsewhere (`functions` in an Azure boundary). */
  weakWords: words,
  /** Types of infrastructure as code and of inventories that mean exactly this; `*` at the end stands for any rest. */
  native: z
    .strictObject({
      cloudformation: words,
      terraform: words,
      arm: words,
      asset: words,
      kubernetes: words,
    })
    .partial()
    .default({}),
  /** Free tags that mean it: `aws:s3`, `azure-key-vault`. */
  tags: words,
  /** How an ARN, ARM id or full resource name of it looks: parts in order with `*` for any run of characters (`arn:*:s3:::*`). */
  resource: words,
  /** The resource type by which sources and estates know it, where that is another than `id`. */
  locates: z.string().optional(),
  /** Generic kinds only: what it is with a vendor, likeliest first. Two or more are ambiguous and have to be asked. */
  resolves: z.partialRecord(Vendor, z.array(Id).min(1)).optional(),
  /** What it does in a system; boundary and baseline rules speak of roles. */
  roles: z
    .array(
      z.enum([
        'front-door',
        'network',
        'identity-provider',
        'data-store',
        'secret-store',
        'compute',
        'queue',
        'log-store',
        'monitoring',
        'source-repository',
        'build-pipeline',
        'account',
        'end-user',
      ]),
    )
    .default([]),
  note: z.string().optional(),
});
export type ComponentType = z.infer<typeof ComponentType>;
export const ComponentTypesFile = z.strictObject({ version: z.literal(1), types: z.array(ComponentType).min(1) });

/** What lets an investigator see one STRIDE category on one kind of component. */
export const StrideCell = z
  .strictObject({
    types: z.array(Id).min(1),
    stride: z.array(Stride).min(1),
    wants: z.array(Want).default([]),
    /** Why these, in a sentence; shown as the reason of the need. */
    basis: text,
    /** Set instead of `wants`: nothing that a log could show. */
    nothing: z.literal(true).optional(),
    cites: Cites,
  })
  .refine((cell) => cell.wants.length > 0 !== (cell.nothing === true), 'a cell has `wants`, or says `nothing: true`');
export type StrideCell = z.infer<typeof StrideCell>;
export const StrideFile = z.strictObject({ version: z.literal(1), references: References, cells: z.array(StrideCell).min(1) });

/** An ATT&CK technique or sub-technique (`T1530`, `T1078.004`), as of the version the file names. */
const TechniqueId = z.string().regex(/^T\d{4}(\.\d{3})?$/, 'an ATT&CK technique id looks like T1078 or T1078.004');
export const Technique = z.strictObject({
  id: TechniqueId,
  name: text,
  /** ATT&CK's words: `IaaS SaaS Identity Provider Office Suite Containers`. */
  platforms: z.array(z.string()).min(1),
  wants: z.array(Want).default([]),
  /** Log sources that ATT&CK names and that no cloud log stands for (host telemetry, container runtimes), in its words, lower case. */
  beyond: z.array(z.string()).default([]),
});
export type Technique = z.infer<typeof Technique>;

/** Ids that ATT&CK revoked or renamed, and what they are called now. */
export const RevokedTechnique = z.strictObject({
  id: TechniqueId,
  to: TechniqueId,
  name: text,
  since: z.string(),
});
export type RevokedTechnique = z.infer<typeof RevokedTechnique>;

/** A log source name of ATT&CK's analytics (lower case) or a data component, and the sources that carry it. */
export const AttackLogSource = z.strictObject({ name: text, sources: z.array(SourceId).default([]), beyond: z.string().optional() });
export const DataComponent = z.strictObject({
  id: z.string().regex(/^DC\d{4}$/),
  name: text,
  sources: z.array(SourceId).default([]),
});
export type DataComponent = z.infer<typeof DataComponent>;
export const AttackFile = z.strictObject({
  version: z.literal(1),
  /** The release that ids and names are of. */
  release: text,
  revoked: z.array(RevokedTechnique),
  logSources: z.array(AttackLogSource).min(1),
  dataComponents: z.array(DataComponent).default([]),
  techniques: z.array(Technique).min(1),
});

/** A log source as detection rules (Sigma) name it: all parts given have to equal, in any case. */
export const DetectionLogSource = z.strictObject({
  product: z.string().optional(),
  service: z.string().optional(),
  category: z.string().optional(),
  /** Where there are several, the event names decide (`known` events of the source), and all of them count where none is named. */
  sources: z.array(SourceId).min(1),
  /** Field of the rules, in lower case, to the field of our events. What is not named here keeps its name. */
  fields: z.record(z.string(), z.string()).default({}),
  /** Values that are spelt otherwise in our events, by our field: the rule's spelling in lower case to ours. */
  values: z.record(z.string(), z.record(z.string(), z.string())).default({}),
});
export type DetectionLogSource = z.infer<typeof DetectionLogSource>;
export const DetectionsFile = z.strictObject({ version: z.literal(1), logSources: z.array(DetectionLogSource).min(1) });

/** Words by which models say that something is logged. */
export const ClaimWords = z
  .strictObject({
    id: Id,
    words,
    /** Rules of checking tools and names of checklist items that say the same, compared in any case: `S3BucketLoggingEnabled`. */
    rules: words,
    /** What is claimed, as a sentence. */
    claims: text,
    /** The sources that would have to be there. */
    sources: z.array(SourceId).default([]),
    /** For words that mean another log on each kind of component (`access logging`): used where the component's type is known. */
    byType: z.partialRecord(Id, z.array(SourceId).min(1)).default({}),
    /** For words that mean another log with each provider (`audit log`): used where no type decides. */
    byVendor: z.partialRecord(Vendor, z.array(SourceId).min(1)).default({}),
    /** Says nothing of a log being there, only of what is done with it (`alarm on`, `SIEM`): a claim to list, not to check. */
    vague: z.literal(true).optional(),
  })
  .refine((claim) => claim.words.length + claim.rules.length > 0, 'a claim has words or rules to know it by');
export type ClaimWords = z.infer<typeof ClaimWords>;
export const ClaimsFile = z.strictObject({
  version: z.literal(1),
  claims: z.array(ClaimWords).min(1),
  /** Words near which a length of time is a time of keeping (`retention`, `kept for`). */
  keeping: words,
  /** Numbers in words. */
  numbers: z.record(z.string(), z.number()),
  /** Units of time in words, in days. */
  units: z.record(z.string(), z.number()),
});

/** What follows from where a component stands, whatever its threats. */
export const PlaceRule = z.strictObject({
  id: Id,
  /**
   * `internet-entry`: a flow from outside ends here. `internet-exit`: a flow from here leaves for outside. `boundary-crossing`: a flow
   * crosses a boundary of the model. `present`: the component is in the model at all. `account`: the model has anything of this vendor.
   */
  when: z.enum(['internet-entry', 'internet-exit', 'boundary-crossing', 'present', 'account']),
  /** Left out: any component of the vendor. */
  types: z.array(Id).min(1).optional(),
  roles: ComponentType.shape.roles.unwrap().optional(),
  vendor: Vendor.optional(),
  wants: z.array(Want).min(1),
  basis: text,
  cites: Cites,
});
export type PlaceRule = z.infer<typeof PlaceRule>;
export const PlacesFile = z.strictObject({ version: z.literal(1), references: References, rules: z.array(PlaceRule).min(1) });

/** CAPEC attack patterns and CWE weaknesses, by what they do. */
export const Weakness = z
  .strictObject({
    capec: z.array(z.string().regex(/^\d{1,5}$/)).default([]),
    cwe: z.array(z.string().regex(/^\d{1,5}$/)).default([]),
    name: text,
    stride: z.array(Stride).default([]),
    /**
     * `insufficient-logging` (778), `omitted-events` (223): what the component has of logs is wanted, all of it. `secrets-in-logs` (532): a
     * duty of the log store (who reads it), never a reason to log more.
     */
    special: z.enum(['insufficient-logging', 'omitted-events', 'secrets-in-logs']).optional(),
  })
  .refine((weakness) => weakness.capec.length + weakness.cwe.length > 0, 'a weakness has a CAPEC or CWE number');
export type Weakness = z.infer<typeof Weakness>;
export const WeaknessesFile = z.strictObject({ version: z.literal(1), references: References, weaknesses: z.array(Weakness).min(1) });

/** Threats that no log of a cloud can show: listed with the reason, never dropped. */
export const Unobservable = z.strictObject({
  id: Id,
  name: text,
  words,
  /** Where one of these words stands beside it, something is to be seen after all (a lost laptop whose `session token` is used). */
  unless: words,
  why: text,
  /** What would show it, outside of cloud logs. */
  instead: text,
});
export type Unobservable = z.infer<typeof Unobservable>;
export const UnobservableFile = z.strictObject({ version: z.literal(1), kinds: z.array(Unobservable).min(1) });

/** The harmless action that shows a log at work. */
export const Verification = z
  .strictObject({
    events: z.string().optional(),
    source: SourceId.optional(),
    /** What to do, in a sentence. */
    action: text,
    /** The line that does it; `{resource}`, `{id}`, `{account}`, `{region}` and `<...>` are filled in. */
    command: z.string().optional(),
    /** What the record then shows. */
    expect: text,
  })
  .refine((one) => (one.events === undefined) !== (one.source === undefined), 'a verification is of one of `events` or `source`');
export type Verification = z.infer<typeof Verification>;
export const VerificationFile = z.strictObject({ version: z.literal(1), verifications: z.array(Verification).min(1) });

/** A log source that the knowledge speaks of and no file in `rules/sources` describes yet. One that has got its file is that file's. */
export const CatalogueEntry = z.strictObject({
  id: SourceId,
  name: text,
  vendor: Vendor,
  /** As in a source: whose identity its records carry. */
  identity: z.enum(['caller', 'service', 'none']).optional(),
  /** `never`: outside of every cloud's configuration (a self-run server, another company's service); listed as needed and not scannable. */
  scan: z.enum(['later', 'never']).default('later'),
});
export type CatalogueEntry = z.infer<typeof CatalogueEntry>;
export const CatalogueFile = z.strictObject({ version: z.literal(1), sources: z.array(CatalogueEntry).min(1) });

/** How long something is kept: in days; months and years by their longest (3 months are 92 days). */
export const RetentionProfile = z.strictObject({
  id: Id,
  name: text,
  /** Of this file, raised with every change of its figures. */
  revision: z.number().int().positive(),
  status: z.enum(['in-force', 'rescinded', 'own']),
  /** Of the status: the day it came into force or was rescinded. */
  since: z.iso.date().optional(),
  supersededBy: Id.optional(),
  searchableDays: z.number().int().positive().optional(),
  totalDays: z.number().int().positive().optional(),
  /** The regime names no figure, or more than a figure: what it asks for. */
  rule: z.string().optional(),
  /** It bounds how long may be kept, instead of how long must be. */
  maximum: z.boolean().default(false),
  scope: text,
  /** Tags of data assets (`pci phi pii financial credentials`) that it is for. Empty: only where somebody chooses it. */
  tags: z.array(z.string()).default([]),
  /** Words of a model that name it: `PCI DSS`. */
  words,
  /** Where the figure is a reading of the text, or holds for less than it seems. */
  note: z.string().optional(),
  source: z.url().optional(),
});
export type RetentionProfile = z.infer<typeof RetentionProfile>;

/** Cloud services by the words that people use for them, for formats that are free text. */
export interface Lexicon {
  /** The services that a text names, in the order they come, each once. Linear in the text. */
  services(text: string): readonly { readonly type: string; readonly word: string; readonly index: number }[];
  /** The component type of a CloudFormation, Terraform, ARM or Cloud Asset type (`AWS::S3::Bucket`, `aws_s3_bucket`, `Microsoft.KeyVault/vaults`), or of a free tag. */
  typeOf(nativeType: string): string | undefined;
}
