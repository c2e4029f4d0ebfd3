import { z } from 'zod';
import { Provider } from './evidence.ts';

/** A place: as exact as it has fields. */
export const Scope = z.object({
  provider: Provider,
  account: z.string().optional(),
  region: z.string().optional(),
  resource: z.string().optional(),
});
export type Scope = z.infer<typeof Scope>;

/** A place as a threat model names it; `*` stands for any run of characters. */
export const At = z.strictObject({
  provider: Provider.optional(),
  account: z.string().max(256).optional(),
  region: z.string().max(128).optional(),
  resource: z.string().max(2048).optional(),
});
export type At = z.infer<typeof At>;
