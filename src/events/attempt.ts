import { InputError } from '../model/input-error.ts';

/** Work on sets of strings; where these grow too large to be compared, what to say instead. */
export function attempt<T>(work: () => T, otherwise: (problem: string) => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError) return otherwise(error.message);
    throw error;
  }
}
