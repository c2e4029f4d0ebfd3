import { z } from 'zod';
import { Duration } from './duration.ts';
import { At } from './scope.ts';
import { SourceId } from './source.ts';
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

export const Claim = z.strictObject({ text, source: SourceId.optional() });

export const Asset = z.strictObject({
  id,
  name: text.optional(),
  classification: z.string().max(128).optional(),
  type: z.string().max(128).optional(),
  at: At.optional(),
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
    }
  });
export type ThreatModel = z.infer<typeof ThreatModel>;
