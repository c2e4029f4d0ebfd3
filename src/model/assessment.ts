import { z } from 'zod';
import { Scope } from './scope.ts';
import { PRIORITIES, Reason } from './threat-model.ts';

export const Verdict = z.enum(['covered', 'missing', 'partial', 'unknown', 'unobservable', 'not-applicable']);
export type Verdict = z.infer<typeof Verdict>;

export const Dimension = z.enum(['collection', 'retention', 'consistency']);
export const Finding = z.object({
  kind: z.string(),
  dimension: Dimension,
  severity: z.enum(['info', 'low', 'medium', 'high']),
  message: z.string(),
  evidence: z.array(z.number()),
});
export type Finding = z.infer<typeof Finding>;

/** What was not read, and the call and permission that would settle it. */
export const Unknown = z.object({
  call: z.string(),
  permission: z.string(),
  on: z.string(),
  code: z.string(),
  evidence: z.array(z.number()).optional(),
});
export type Unknown = z.infer<typeof Unknown>;

/** Days: `null` is for ever, absent is not known. */
export const Retention = z.object({
  searchableDays: z.number().nullable().optional(),
  totalDays: z.number().nullable().optional(),
  immutable: z.boolean().optional(),
});
export type Retention = z.infer<typeof Retention>;

export const DeliveryState = z.enum(['healthy', 'degraded', 'broken', 'stale', 'unknown', 'n/a']);
export type DeliveryState = z.infer<typeof DeliveryState>;

export const InventoryRow = z.object({
  source: z.string(),
  scope: Scope,
  name: z.string().optional(),
  collection: z.enum(['full', 'partial', 'none', 'unknown']),
  captured: z.array(z.object({ class: z.string(), is: z.enum(['all', 'some', 'none', 'unknown']) })),
  delivery: DeliveryState,
  retention: Retention,
  path: z.array(z.string()),
  findings: z.array(Finding),
  unknowns: z.array(Unknown),
  evidence: z.array(z.number()),
});
export type InventoryRow = z.infer<typeof InventoryRow>;

/** One concrete event, its fields as strings, and the edge that loses it. */
export const Witness = z.record(z.string(), z.string());
export type Witness = z.infer<typeof Witness>;

/** One way from an emitter to a store as a report draws it. `cut` marks the edge that loses the witness. */
export const DrawnPath = z.object({
  place: Scope,
  stops: z.array(
    z.object({
      label: z.string(),
      kind: z.string(),
      /** How events get from the stop before to this one. */
      edge: z
        .object({ passes: z.enum(['all', 'some', 'none', 'unknown']), why: z.string().optional(), cut: z.boolean().optional() })
        .optional(),
      retention: Retention.optional(),
      evidence: z.array(z.number()),
    }),
  ),
});
export type DrawnPath = z.infer<typeof DrawnPath>;

export const PlaceVerdict = z.object({ scope: Scope, verdict: Verdict, because: z.string() });
export type PlaceVerdict = z.infer<typeof PlaceVerdict>;

/** How a part of a model was found in the estate. */
export const BINDINGS = [
  /** The model names the resource. */
  'stated',
  /** By its name in infrastructure as code. */
  'code',
  /** By its own name: inferred, and shown wherever it counts. */
  'name',
  /** Several resources have such a name: all of them count. */
  'ambiguous',
  /** Nothing tells which: every resource of the type counts. */
  'every',
  /** All resources of the type were listed, and it is none of them. */
  'gone',
  /** It was not found, and not everything could be listed. */
  'unknown',
  /** Resources of this type are not listed in this version. */
  'not-listed',
] as const;

export const Binding = z.object({
  asset: z.string(),
  name: z.string().optional(),
  type: z.string(),
  is: z.enum(BINDINGS),
  /** The first of the resources that it stands for, and how many there are. */
  resources: z.array(z.string()),
  count: z.number(),
  /** Resources with a name like it, from 0 to 1; those at or above the threshold count. */
  candidates: z.array(z.object({ resource: z.string(), score: z.number() })).optional(),
  threshold: z.number().optional(),
  because: z.string(),
  unknowns: z.array(Unknown).optional(),
  evidence: z.array(z.number()),
});
export type Binding = z.infer<typeof Binding>;

export const CLAIM_VERDICTS = ['missing', 'partial', 'unknown', 'not-checkable', 'observed'] as const;
export const ClaimState = z.enum(['done', 'planned', 'assumed']);
export type ClaimState = z.infer<typeof ClaimState>;

/** Something that a threat model says is logged, and what was found of it. */
export const ClaimVerdict = z.object({
  id: z.string(),
  system: z.string(),
  text: z.string(),
  quote: z.string().optional(),
  /** File and pointer in the model. */
  at: z.string().optional(),
  /** Whether the model holds it for done, for planned, or takes it for granted: an assumption is no evidence. */
  holds: ClaimState,
  sources: z.array(z.string()),
  assets: z.array(z.string()),
  threats: z.array(z.string()),
  verdict: z.enum(CLAIM_VERDICTS),
  because: z.string(),
  /** Days that the model says something is kept, that it is kept, and that needs of the same logs ask for. `null` is for ever. */
  statedDays: z.number().optional(),
  foundDays: z.number().nullable().optional(),
  askedDays: z.number().optional(),
  witness: Witness.optional(),
  findings: z.array(Finding),
  /** Ids of the needs that rest on the same logs. */
  needs: z.array(z.string()),
  unknowns: z.array(Unknown),
  evidence: z.array(z.number()),
});
export type ClaimVerdict = z.infer<typeof ClaimVerdict>;

/** A threat model beside what was found: whether it still mirrors the system, and how much of it was understood. */
export const ModelReality = z.object({
  system: z.string(),
  importedFrom: z.object({ format: z.string(), version: z.string().optional(), file: z.string() }).optional(),
  counts: z.object({
    /** Parts of the model that count, and those of them whose kind could not be told. */
    components: z.number(),
    unresolved: z.number(),
    threats: z.number(),
    /** Threats that no cloud log shows. */
    unobservable: z.number(),
    needs: z.number(),
    claims: z.number(),
    bound: z.number(),
    gone: z.number(),
    /** Resources that no part of the model stands for. */
    uncovered: z.number(),
  }),
  bindings: z.array(Binding),
  uncovered: z.array(
    z.object({
      type: z.string(),
      count: z.number(),
      /** The first of them. */
      resources: z.array(Scope),
      evidence: z.array(z.number()),
    }),
  ),
  gone: z.array(z.object({ asset: z.string(), name: z.string().optional(), type: z.string(), because: z.string() })),
  unresolved: z.array(z.object({ id: z.string(), name: z.string(), why: z.string(), at: z.string().optional() })),
  notes: z.array(z.object({ kind: z.string(), name: z.string().optional(), text: z.string(), at: z.string().optional() })),
});
export type ModelReality = z.infer<typeof ModelReality>;

export const NeedVerdict = z.object({
  id: z.string(),
  system: z.string(),
  threat: z.string(),
  title: z.string(),
  severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
  attack: z.array(z.string()),
  asset: z.string().optional(),
  need: z.record(z.string(), z.unknown()),
  /** The need in one line: `GetObject in aws.cloudtrail.data.s3, kept 365 days`. */
  wants: z.string(),
  verdict: Verdict,
  collection: Verdict,
  retention: z.object({
    verdict: Verdict,
    requiredDays: z.number().optional(),
    days: z.number().nullable().optional(),
    searchable: z.object({ requiredDays: z.number().optional(), days: z.number().nullable().optional() }).optional(),
    total: z.object({ requiredDays: z.number().optional(), days: z.number().nullable().optional() }).optional(),
  }),
  consistency: z.object({ verdict: Verdict, findings: z.array(Finding) }),
  witness: Witness.optional(),
  because: z.string(),
  /** What the model says of the same log: that it is there, that it is planned, or that it is taken for granted. */
  claimed: ClaimState.optional(),
  /** Which resources its asset was taken to be, where the model does not name one. */
  bound: z.object({ is: z.enum(BINDINGS), resources: z.array(z.string()), count: z.number(), score: z.number().optional() }).optional(),
  priority: z.enum(PRIORITIES).optional(),
  /** What it rests on, the strongest first. */
  reasons: z.array(Reason).optional(),
  /** The harmless action that would prove it. */
  verify: z.object({ action: z.string(), command: z.string().optional(), expect: z.string().optional() }).optional(),
  /** Rules and analytics that would read it. */
  detection: z.array(z.string()).optional(),
  fix: z.array(z.string()),
  places: z.array(PlaceVerdict),
  paths: z.array(DrawnPath),
  unknowns: z.array(Unknown),
  evidence: z.array(z.number()),
});
export type NeedVerdict = z.infer<typeof NeedVerdict>;

export const AccountState = z.object({
  provider: z.string(),
  id: z.string(),
  name: z.string().optional(),
  state: z.enum(['scanned', 'partial', 'denied', 'skipped']),
  why: z.string().optional(),
});
export type AccountState = z.infer<typeof AccountState>;

/** The product's main output (public contract, schema 1). */
export const Assessment = z.object({
  schema: z.literal(1),
  asOf: z.string(),
  estate: z.object({ accounts: z.array(AccountState) }),
  inventory: z.array(InventoryRow),
  needs: z.array(NeedVerdict),
  /** What the models say is logged, checked. Absent where they say nothing. */
  claims: z.array(ClaimVerdict).optional(),
  /** The models beside the estate. Absent where none was given. */
  models: z.array(ModelReality).optional(),
  summary: z.object({
    needs: z.record(Verdict, z.number()),
    inventory: z.record(z.enum(['full', 'partial', 'none', 'unknown']), z.number()),
    accounts: z.record(z.enum(['scanned', 'partial', 'denied', 'skipped']), z.number()),
    unknowns: z.number(),
    claims: z.record(z.enum(CLAIM_VERDICTS), z.number()).optional(),
    /** Needs by whether the model holds their log for done, and whether it is there; what is undecided counts in neither. */
    claimed: z
      .object({ claimedObserved: z.number(), claimedMissing: z.number(), unclaimedObserved: z.number(), unclaimedMissing: z.number() })
      .optional(),
  }),
});
export type Assessment = z.infer<typeof Assessment>;
