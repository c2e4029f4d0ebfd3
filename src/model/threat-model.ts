import { z } from 'zod';
import { Duration } from './duration.ts';
import { At } from './scope.ts';
import { SourceId } from './source.ts';
import { BASES } from './system-model.ts';
import { Where } from './where.ts';

export const STRIDE = [
  'spoofing',
  'tampering',
  'repudiation',
  'information-disclosure',
  'denial-of-service',
  'elevation-of-privilege',
] as const;
export const Severity = z.enum(['info', 'low', 'medium', 'high', 'critical']);
export type Severity = z.infer<typeof Severity>;

export const STORE_KINDS = [
  's3',
  'cloudwatch-logs',
  'cloudtrail-lake',
  'security-lake',
  'log-bucket',
  'bigquery',
  'cloud-storage',
  'pubsub',
  'log-analytics',
  'storage-account',
  'event-hub',
  'siem',
  'native',
] as const;

const id = z.string().min(1).max(128);
const text = z.string().max(4000);

const Wanted = z.strictObject({
  source: SourceId.optional(),
  events: z.string().max(256).optional(),
  where: Where.optional(),
});

/** What a need rests on, in order of authority. */
export const TIERS = [
  'annotation',
  'logging-field',
  'mitigation',
  'technique',
  'detection',
  'component',
  'place',
  'log-store',
  'weakness',
  'baseline',
] as const;
export type Tier = (typeof TIERS)[number];

export const PRIORITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Why something is needed: the rule, what it rests on in the model, and what the rule itself rests on. */
export const Reason = z.strictObject({
  rule: z.string().min(1).max(256),
  tier: z.enum(TIERS),
  basis: z.enum(BASES),
  /** From 0 to 1. */
  confidence: z.number().min(0).max(1),
  /** The rule in a sentence. */
  because: text.optional(),
  /** The threat it serves, where another one than that which the need stands under. */
  threat: id.optional(),
  quote: text.optional(),
  /** File and pointer: `payments.tc.json#/threats/3/statement`. */
  at: z.string().max(4096).optional(),
  cites: z.array(z.string().max(2048)).max(50).optional(),
});
export type Reason = z.infer<typeof Reason>;

/** Either a named event class (`events`) or a source with conditions; or several, any of which will do. */
export const NeedStatement = Wanted.extend({
  id: id.optional(),
  anyOf: z.array(Wanted).min(1).max(50).optional(),
  at: At.optional(),
  retain: Duration.optional(),
  searchable: Duration.optional(),
  within: Duration.optional(),
  reach: z.string().max(256).optional(),
  fields: z.array(z.string().max(128)).max(200).optional(),
  /** Of the threat's assets those that it is for; left out: all of them; empty: none in particular. */
  assets: z.array(id).max(1000).optional(),
  /** Other threats that it serves as well. */
  threats: z.array(id).max(10_000).optional(),
  priority: z.enum(PRIORITIES).optional(),
  /** Where `retain` and `searchable` come from. */
  keeps: z.strictObject({ from: z.enum(['model', 'overlay', 'profile', 'tag', 'default']), why: text }).optional(),
  /** The records have to name the caller or end user. `met`: whether those of this source do. */
  attribution: z.strictObject({ asks: z.literal('caller'), met: z.boolean().optional(), why: text.optional() }).optional(),
  reasons: z.array(Reason).max(1000).optional(),
  /** The harmless action that would prove it. */
  verify: z.strictObject({ action: text, command: text.optional(), expect: text.optional() }).optional(),
  /** Rules and analytics that would read it. */
  detection: z.array(z.string().max(512)).max(200).optional(),
  note: text.optional(),
}).superRefine((need, context) => {
  const said = [need.source, need.events, need.anyOf].filter((value) => value !== undefined).length;
  if (said !== 1) context.addIssue({ code: 'custom', message: 'a need has one of `events`, `source` or `anyOf`' });
  for (const [index, one] of (need.anyOf ?? []).entries()) {
    if ((one.source === undefined) === (one.events === undefined)) {
      context.addIssue({ code: 'custom', path: ['anyOf', index], message: 'an alternative has one of `events` or `source`' });
    }
  }
});
export type NeedStatement = z.infer<typeof NeedStatement>;

export const Claim = z.strictObject({
  text,
  source: SourceId.optional(),
  /** Other sources that have to be there as well for it to be true. */
  sources: z.array(SourceId).max(50).optional(),
  /** Whether the model holds it for done, for planned, or takes it for granted. */
  holds: z.enum(['done', 'planned', 'assumed']).optional(),
  /** The time that it says something is kept. */
  retain: Duration.optional(),
  assets: z.array(id).max(1000).optional(),
  threats: z.array(id).max(10_000).optional(),
  /** Says nothing that could be checked. */
  vague: z.boolean().optional(),
  quality: z.string().max(256).optional(),
  quote: text.optional(),
  at: z.string().max(4096).optional(),
});
export type Claim = z.infer<typeof Claim>;

export const Asset = z.strictObject({
  id,
  name: text.optional(),
  classification: z.string().max(128).optional(),
  type: z.string().max(128).optional(),
  at: At.optional(),
  /** How sure the type is. */
  basis: z.enum(BASES).optional(),
  quote: text.optional(),
  inScope: z.boolean().optional(),
  internetFacing: z.boolean().optional(),
  storesCredentials: z.boolean().optional(),
  logStore: z.boolean().optional(),
  /** Kinds of data in it: `pii pci phi credentials financial`. */
  data: z.array(z.string().max(64)).max(50).optional(),
  /** Address in infrastructure as code: `aws_s3_bucket.vault`. */
  code: z.string().max(2048).optional(),
});
export type Asset = z.infer<typeof Asset>;

export const Threat = z.strictObject({
  id,
  title: text,
  description: text.optional(),
  stride: z.array(z.enum(STRIDE)).max(6).default([]),
  attack: z
    .array(z.string().regex(/^T\d{4}(\.\d{3})?$/, 'an ATT&CK technique id looks like T1078 or T1078.004'))
    .max(100)
    .default([]),
  severity: Severity.default('medium'),
  assets: z.array(id).max(1000).default([]),
  needs: z.array(NeedStatement).max(1000).default([]),
  claims: z.array(Claim).max(200).default([]),
  status: z.enum(['open', 'mitigated', 'accepted', 'not-applicable', 'unknown']).optional(),
  capec: z
    .array(z.string().regex(/^\d{1,5}$/, 'a CAPEC id is its number'))
    .max(100)
    .optional(),
  cwe: z
    .array(z.string().regex(/^\d{1,5}$/, 'a CWE id is its number'))
    .max(100)
    .optional(),
  /** No cloud log shows it: why, and what would. */
  unobservable: text.optional(),
});
export type Threat = z.infer<typeof Threat>;

/** The native threat model (public contract, version 1). */
export const ThreatModel = z
  .strictObject({
    version: z.literal(1),
    system: text,
    classifications: z.array(z.string().max(128)).max(20).optional(),
    assets: z.array(Asset).max(10_000).default([]),
    threats: z.array(Threat).max(10_000).default([]),
    /** Claims that belong to no threat. */
    claims: z.array(Claim).max(10_000).optional(),
    /** Components whose kind could not be told: nothing is asked of them, and they count as not understood. */
    unresolved: z
      .array(
        z.strictObject({
          id,
          name: text,
          why: text,
          candidates: z.array(z.string().max(128)).max(50).optional(),
          at: z.string().max(4096).optional(),
        }),
      )
      .max(10_000)
      .optional(),
    /** What a reader of the needs has to know of the model: blind spots, ids that are not known, odd places. */
    notes: z
      .array(
        z.strictObject({
          kind: z.string().max(64),
          id: z.string().max(128).optional(),
          name: text.optional(),
          text,
          at: z.string().max(4096).optional(),
        }),
      )
      .max(10_000)
      .optional(),
    importedFrom: z
      .strictObject({
        format: z.string().max(64),
        version: z.string().max(64).optional(),
        file: z.string().max(4096),
        sha256: z.string().max(64),
      })
      .optional(),
  })
  .superRefine((model, context) => {
    const known = new Set<string>();
    for (const [index, asset] of model.assets.entries()) {
      if (known.has(asset.id))
        context.addIssue({ code: 'custom', path: ['assets', index, 'id'], message: `asset "${asset.id}" is there twice` });
      known.add(asset.id);
    }
    const threats = new Set<string>();
    for (const [index, threat] of model.threats.entries()) {
      if (threats.has(threat.id))
        context.addIssue({ code: 'custom', path: ['threats', index, 'id'], message: `threat "${threat.id}" is there twice` });
      threats.add(threat.id);
      for (const [position, asset] of threat.assets.entries()) {
        if (!known.has(asset))
          context.addIssue({ code: 'custom', path: ['threats', index, 'assets', position], message: `no asset is called "${asset}"` });
      }
      for (const [place, need] of threat.needs.entries()) {
        const strange = (need.assets ?? []).findIndex((asset) => !known.has(asset));
        if (strange >= 0)
          context.addIssue({
            code: 'custom',
            path: ['threats', index, 'needs', place, 'assets', strange],
            message: `no asset is called "${need.assets?.[strange]}"`,
          });
      }
    }
  });
export type ThreatModel = z.infer<typeof ThreatModel>;
