import { z } from 'zod';

/** An error exactly as the provider answered it. `status` is the HTTP status, where one was received. */
export const CallError = z.object({
  code: z.string(),
  message: z.string().default(''),
  status: z.number().int().optional(),
});
export type CallError = z.infer<typeof CallError>;

export const Provider = z.enum(['aws', 'gcp', 'azure', 'kubernetes', 'pipeline']);
export type Provider = z.infer<typeof Provider>;

/** One API answer, or one error, as it came (public contract, version 1). */
export const EvidenceRecord = z
  .object({
    v: z.literal(1),
    provider: Provider,
    account: z.string().max(256).optional(),
    region: z.string().max(128).optional(),
    service: z.string().max(128),
    op: z.string().max(256),
    args: z.record(z.string(), z.unknown()).default({}),
    at: z.iso.datetime({ offset: true }),
    page: z.number().int().min(0).optional(),
    body: z.unknown().optional(),
    error: CallError.optional(),
  })
  .refine((record) => (record.body === undefined) !== (record.error === undefined), {
    message: 'needs either a body or an error',
  });
export type EvidenceRecord = z.infer<typeof EvidenceRecord>;

/** A record with its number in the store that it was read from; assessments cite this number. */
export type StoredEvidence = EvidenceRecord & { readonly id: number };
