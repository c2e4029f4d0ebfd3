import { z } from 'zod';
import { Scope } from './scope.ts';

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
  summary: z.object({
    needs: z.record(Verdict, z.number()),
    inventory: z.record(z.enum(['full', 'partial', 'none', 'unknown']), z.number()),
    accounts: z.record(z.enum(['scanned', 'partial', 'denied', 'skipped']), z.number()),
    unknowns: z.number(),
  }),
});
export type Assessment = z.infer<typeof Assessment>;
