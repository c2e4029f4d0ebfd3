import { z } from 'zod';

const values = z.union([z.string(), z.array(z.string()).min(1).max(1000)]).transform((value) => (Array.isArray(value) ? value : [value]));

/** Conditions on one event field: positive lists hold if any value does, negative lists if none does; all lists must hold. */
export const FieldCondition = z.union([
  values.transform((equals) => ({ equals })),
  z
    .strictObject({
      equals: values.optional(),
      startsWith: values.optional(),
      endsWith: values.optional(),
      notEquals: values.optional(),
      notStartsWith: values.optional(),
      notEndsWith: values.optional(),
    })
    .refine(
      (condition) => Object.keys(condition).length > 0,
      'name at least one of equals, startsWith, endsWith, notEquals, notStartsWith, notEndsWith',
    ),
]);
export type FieldCondition = {
  equals?: string[] | undefined;
  startsWith?: string[] | undefined;
  endsWith?: string[] | undefined;
  notEquals?: string[] | undefined;
  notStartsWith?: string[] | undefined;
  notEndsWith?: string[] | undefined;
};

/** An event class as written by people: conditions per field, all to hold. */
export const Where = z.record(z.string().min(1).max(128), FieldCondition);
export type Where = Record<string, FieldCondition>;
