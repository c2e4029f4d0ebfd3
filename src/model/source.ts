import { z } from 'zod';
import { Duration } from './duration.ts';
import { Provider } from './evidence.ts';
import { Where } from './where.ts';

export const SourceId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)+$/, 'a log source id looks like aws.cloudtrail.management');

/** What one event field may hold. `closed`: nothing but `values` can occur. */
export const SourceField = z.strictObject({
  about: z.string().optional(),
  values: z.array(z.string()).optional(),
  closed: z.boolean().default(false),
  example: z.string().optional(),
});

/** A log whose records stand in for those of another one, and what is lost by it. */
export const Equivalent = z.strictObject({
  source: SourceId,
  /** Conditions on the standing-in source's own fields that pick the matching records. */
  where: Where.optional(),
  /** The part of this source's events that one emitter of the other stands for; `{resource}` is that emitter's resource. */
  covers: Where.optional(),
  loss: z.string(),
});
export type Equivalent = z.infer<typeof Equivalent>;

/** One log source: `rules/sources/<id>.yaml`. */
export const Source = z.strictObject({
  id: SourceId,
  name: z.string(),
  provider: Provider,
  service: z.string(),
  about: z.string(),
  default: z.enum(['on', 'off']),
  /** It is the provider's own view of its events, so what that view keeps counts as collected for it. */
  native: z.boolean().default(false),
  /** Days that the provider keeps it with nothing set up. */
  nativeDays: z.number().optional(),
  /** Where one emitter of it stands: an account in a region, or one resource. */
  place: z.enum(['account', 'region', 'resource']),
  /** The resource type that owns the log, and how an asset's resource narrows its events. */
  resource: z
    .strictObject({
      type: z.string(),
      /** The event field that names the resource, where events of many resources share one emitter. */
      field: z.string().optional(),
      /**
       * Values of the field for one resource: `{resource}` is its ARN or id, `{id}` the part of it after the last `/` or `:`; a trailing
       * `*` means "starts with".
       */
      values: z.array(z.string()).optional(),
    })
    .optional(),
  /**
   * Whose identity its records carry: of who called (`caller`), of the service or role that acted for somebody else (`service`), or nobody's
   * (`none`). Left out: not stated.
   */
  identity: z.enum(['caller', 'service', 'none']).optional(),
  /** Where that needs a word: which field it is, and when it says less. */
  identityNote: z.string().optional(),
  fields: z.record(z.string(), SourceField),
  /** What holds of every record of this source. */
  always: Where.default({}),
  /** Named parts: `read` makes the class id `<source>.read`. */
  classes: z.record(z.string(), z.strictObject({ name: z.string(), where: Where })).default({}),
  /** Which known-event table (`rules/events/known/`) says what its named events carry. */
  known: z.string().optional(),
  /** Typical time from event to record, as documented. */
  latency: Duration.optional(),
  equivalents: z.array(Equivalent).default([]),
  /** This source is a part of another one: its events are those of `of` for which `where` holds, and are collected as those are. */
  view: z.strictObject({ of: SourceId, where: Where }).optional(),
  /** Not a log of its own, but a way or a place for the events of these sources: needs name the events' own source. */
  carries: z.array(SourceId).min(1).optional(),
  /** Calls that leave no record in this source at all. */
  unlogged: z.array(z.strictObject({ where: Where, why: z.string() })).default([]),
  /** The line that turns it on; `{resource}`, `{id}`, `{account}` and `{region}` are filled in. */
  enable: z.string().optional(),
  questions: z.string().optional(),
  traps: z.array(z.string()).default([]),
  doc: z.url(),
});
export type Source = z.infer<typeof Source>;

/** A named event class: an entry of `rules/events/*.yaml`. */
export const NamedEvents = z.strictObject({
  id: z.string(),
  name: z.string(),
  source: SourceId,
  where: Where.default({}),
  attack: z.array(z.string()).default([]),
});
export type NamedEvents = z.infer<typeof NamedEvents>;
export const NamedEventsFile = z.strictObject({ version: z.literal(1), events: z.array(NamedEvents) });

/** What is known of single events: event source, then category and read or write, then names. */
export const KnownEvents = z.strictObject({
  version: z.literal(1),
  source: z.string(),
  /** The fields that hold a record's service, its event's name, and the kind that is known of the name. */
  fields: z
    .strictObject({ service: z.string(), name: z.string(), kind: z.string() })
    .default({ service: 'eventSource', name: 'eventName', kind: 'readOnly' }),
  events: z.record(
    z.string(),
    z.strictObject({
      read: z.array(z.string()).default([]),
      write: z.array(z.string()).default([]),
      data: z
        .record(z.string(), z.strictObject({ read: z.array(z.string()).default([]), write: z.array(z.string()).default([]) }))
        .default({}),
      /** Regional services are recorded where they are called; global ones in one region per partition. */
      global: z.boolean().default(false),
      /** Names by what the kind field holds, where that is not `true` for reads and `false` for writes. A name may be of several kinds. */
      kinds: z.record(z.string(), z.array(z.string())).default({}),
    }),
  ),
});
export type KnownEvents = z.infer<typeof KnownEvents>;
