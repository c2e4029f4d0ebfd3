import { z } from 'zod';

/**
 * How long S3 keeps what a log service writes: the lifecycle rules, versioning and Object Lock of one bucket, applied to one key prefix.
 * Days; `Infinity` is for ever. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
 */
export interface Lifetime {
  readonly searchable: Range;
  readonly total: Range;
  readonly because: string;
}

export interface Range {
  readonly least: number;
  readonly most: number;
}

/** What is set on a bucket; `undefined` is what was not read. */
export interface BucketSettings {
  readonly lifecycle: Lifecycle | undefined;
  readonly versioning: 'Enabled' | 'Suspended' | 'Off' | undefined;
  readonly lock: ObjectLock | undefined;
  /** Intelligent-Tiering archive configurations. */
  readonly tiering: readonly Tiering[] | undefined;
}

/** What is negative, not whole or beyond what S3 takes is no number of days or bytes: the answer is then not understood. */
const number = z.union([
  z.number().int().min(0),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);
/** https://docs.aws.amazon.com/general/latest/gr/s3.html#limits_s3 */
const MOST_RULES = 1000;
/** Rules times sizes: far more than buckets that people set up, and done in a second. */
const MOST_STEPS = 10_000_000;
const Tagged = z.object({
  Prefix: z.string().optional(),
  Tag: z.unknown().optional(),
  Tags: z.array(z.unknown()).optional(),
  ObjectSizeGreaterThan: number.optional(),
  ObjectSizeLessThan: number.optional(),
});
const Filter = Tagged.extend({ And: Tagged.optional() });
const Days = { Days: number.optional(), Date: z.unknown().optional() };

export const LifecycleRule = z.object({
  ID: z.string().optional(),
  Status: z.string(),
  Prefix: z.string().nullish(),
  Filter: Filter.nullish(),
  Expiration: z.object(Days).optional(),
  Transitions: z.array(z.object({ ...Days, StorageClass: z.string() })).nullish(),
  NoncurrentVersionExpiration: z.object({ NoncurrentDays: number.optional(), NewerNoncurrentVersions: number.optional() }).optional(),
});
export type LifecycleRule = z.infer<typeof LifecycleRule>;

/** A configuration has a rule or is none, which S3 answers with an error: without the list it is not understood. */
export const Lifecycle = z.object({
  Rules: z.array(LifecycleRule).max(MOST_RULES),
  TransitionDefaultMinimumObjectSize: z.string().optional(),
});
export type Lifecycle = z.infer<typeof Lifecycle>;

export const ObjectLock = z.object({
  ObjectLockConfiguration: z
    .object({
      ObjectLockEnabled: z.string().optional(),
      Rule: z
        .object({
          DefaultRetention: z
            .object({
              Mode: z.string().optional(),
              Days: number.optional(),
              Years: number.optional(),
              DefaultEventHold: z.unknown().optional(),
            })
            .optional(),
        })
        .optional(),
    })
    .optional(),
});
export type ObjectLock = z.infer<typeof ObjectLock>;

export const Tiering = z.object({
  Id: z.string().optional(),
  Status: z.string(),
  Filter: Filter.nullish(),
  Tierings: z.array(z.object({ Days: number, AccessTier: z.string() })).default([]),
});
export type Tiering = z.infer<typeof Tiering>;

const FOR_EVER: Range = { least: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY };
const SMALL = 131_072;
/** Intelligent-Tiering archives after 90 days without access at the earliest. */
const EARLIEST_TIER_DAYS = 90;
const ARCHIVES = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/**
 * The days that objects under `prefix` stay searchable (read without a restore) and stay at all. `least` holds for every object of any
 * size; `most` for some. `storageClass` is the class in which the objects are written.
 */
export function lifetimeOf(settings: BucketSettings, prefix: string, storageClass = 'STANDARD'): Lifetime {
  const locked = lockDays(settings.lock);
  if (settings.lifecycle === undefined) {
    const searchable = ARCHIVES.has(storageClass) ? { least: 0, most: 0 } : { least: 0, most: Number.POSITIVE_INFINITY };
    return {
      searchable,
      total: { least: locked ?? 0, most: Number.POSITIVE_INFINITY },
      because: 'the lifecycle configuration was not read',
    };
  }
  const rules = settings.lifecycle.Rules.filter((rule) => rule.Status === 'Enabled' && !hasTags(rule.Filter));
  const tierings = settings.tiering?.filter((one) => one.Status === 'Enabled' && !hasTags(one.Filter));
  const prefixes = new Set([
    prefix,
    ...[...rules.map(prefixOf), ...(tierings ?? []).map((one) => filterPrefix(one.Filter))].filter((one) => one.startsWith(prefix)),
  ]);
  const minimum = settings.lifecycle.TransitionDefaultMinimumObjectSize;
  const cases = [...prefixes].map((under) => {
    const taking = rules.filter((rule) => under.startsWith(prefixOf(rule)));
    return { under, taking, sizes: sizesOf(taking) };
  });
  if (cases.reduce((sum, { taking, sizes }) => sum + taking.length * sizes.length, 0) > MOST_STEPS) {
    const open = { least: 0, most: Number.POSITIVE_INFINITY };
    return { searchable: open, total: { ...open, least: locked ?? 0 }, because: 'its lifecycle rules overlap in too many ways to tell' };
  }
  const spans = cases.flatMap(({ under, taking, sizes }) => {
    return sizes.map((size) => spanOf({ rules: taking, tierings, settings, minimum, storageClass, under, size, locked }));
  });
  const searchable = around(spans.map((span) => span.searchable));
  const total = around(spans.map((span) => span.total));
  return { searchable, total, because: explain(spans, searchable, total, prefixes.size > 1) };
}

/** Whether rules tell keys apart below this prefix, so that the places that a longer one stands for may be kept differently. */
export function dividesBelow(settings: BucketSettings, prefix: string): boolean {
  return [...(settings.lifecycle?.Rules ?? []).map(prefixOf), ...(settings.tiering ?? []).map((one) => filterPrefix(one.Filter))].some(
    (one) => one.length > prefix.length && one.startsWith(prefix),
  );
}

/** Days of the bucket's default retention; `undefined` where it has none or it was not read. */
export function lockDays(lock: ObjectLock | undefined): number | undefined {
  const retention = lock?.ObjectLockConfiguration?.Rule?.DefaultRetention;
  if (retention?.Mode === undefined) return undefined;
  return retention.Days ?? (retention.Years === undefined ? undefined : retention.Years * 365);
}

export function prefixOf(rule: LifecycleRule): string {
  return rule.Prefix ?? filterPrefix(rule.Filter);
}

export function filterPrefix(filter: z.infer<typeof Filter> | null | undefined): string {
  return filter?.Prefix ?? filter?.And?.Prefix ?? '';
}

/** Objects that services write carry no tags, so a filter on tags never takes them. */
export function hasTags(filter: z.infer<typeof Filter> | null | undefined): boolean {
  return (
    (filter?.Tag !== undefined && filter.Tag !== null) ||
    (filter?.And?.Tags?.length ?? 0) > 0 ||
    (filter?.And?.Tag !== undefined && filter.And.Tag !== null)
  );
}

function sizeBounds(rule: LifecycleRule): { over: number | undefined; under: number | undefined } {
  return {
    over: rule.Filter?.ObjectSizeGreaterThan ?? rule.Filter?.And?.ObjectSizeGreaterThan,
    under: rule.Filter?.ObjectSizeLessThan ?? rule.Filter?.And?.ObjectSizeLessThan,
  };
}

/** One size in each range of bytes that the rules treat alike. */
function sizesOf(rules: readonly LifecycleRule[]): number[] {
  const bounds = rules.map(sizeBounds);
  const starts = [
    1,
    SMALL,
    ...bounds.flatMap(({ over, under }) => [...(over === undefined ? [] : [over + 1]), ...(under === undefined ? [] : [under])]),
  ];
  return [...new Set(starts)].filter((size) => size >= 1);
}

interface Case {
  readonly rules: readonly LifecycleRule[];
  readonly tierings: readonly Tiering[] | undefined;
  readonly settings: BucketSettings;
  readonly minimum: string | undefined;
  readonly storageClass: string;
  readonly under: string;
  readonly size: number;
  readonly locked: number | undefined;
}

interface Span {
  readonly searchable: Range;
  readonly total: Range;
  readonly size: number;
  readonly searchEnds: string | undefined;
  readonly ends: string | undefined;
}

/** What becomes of one object: its key directly under `under`, its size in bytes. */
function spanOf(one: Case): Span {
  const rules = one.rules.filter((rule) => sizeHolds(rule, one.size));
  let expire: Ending = { ...FOR_EVER, why: undefined };
  let archive: Ending = { ...FOR_EVER, why: undefined };
  const maybe = Number.POSITIVE_INFINITY;
  if (ARCHIVES.has(one.storageClass)) archive = sooner(archive, 0, 0, `written as ${one.storageClass}`);
  if (one.storageClass === 'INTELLIGENT_TIERING') archive = tiered(archive, 0, one);
  for (const rule of rules) {
    const name = `lifecycle rule "${rule.ID ?? prefixOf(rule)}"`;
    const { Days: days, Date: date } = rule.Expiration ?? {};
    if (days !== undefined) expire = sooner(expire, days, days, `${name}: expires after ${days} days`);
    else if (date !== undefined) expire = sooner(expire, 0, maybe, `${name}: expires on a fixed date`);
    for (const transition of rule.Transitions ?? []) {
      const moves = movesAt(rule, transition.StorageClass, one);
      if (moves === 'no') continue;
      const from = transition.Days ?? 0;
      if (transition.StorageClass === 'INTELLIGENT_TIERING') archive = tiered(archive, from, one);
      if (!ARCHIVES.has(transition.StorageClass)) continue;
      const said = `${name}: ${transition.StorageClass} ${transition.Days === undefined ? 'on a fixed date' : `after ${from} days`}`;
      archive = sooner(archive, from, moves === 'maybe' || transition.Days === undefined ? maybe : from, said);
    }
  }
  const noncurrent = noncurrentDays(rules);
  const { versioning, lock } = one.settings;
  let total: Range =
    versioning === 'Enabled'
      ? { least: expire.least + noncurrent.least, most: expire.most + noncurrent.most }
      : versioning === undefined
        ? { least: expire.least, most: expire.most + noncurrent.most }
        : { least: expire.least, most: expire.most };
  // Object Lock needs versioning: a bucket without it has none.
  if (lock === undefined && (versioning === 'Enabled' || versioning === undefined))
    total = { least: total.least, most: Number.POSITIVE_INFINITY };
  if (one.locked !== undefined) total = { least: Math.max(total.least, one.locked), most: Math.max(total.most, one.locked) };
  if (lock?.ObjectLockConfiguration?.Rule?.DefaultRetention?.DefaultEventHold)
    total = { least: total.least, most: Number.POSITIVE_INFINITY };
  const archivedFirst = archive.least < expire.least;
  return {
    searchable: { least: Math.min(expire.least, archive.least), most: Math.min(expire.most, archive.most) },
    total,
    size: one.size,
    searchEnds: archivedFirst ? archive.why : expire.why,
    ends:
      one.locked !== undefined && one.locked >= total.least
        ? `Object Lock keeps every version ${one.locked} days`
        : endOf(expire.why, versioning, noncurrent),
  };
}

/** Intelligent-Tiering archives objects of 128 KB and more that nobody reads; each read starts the time anew. */
function tiered(archive: Ending, from: number, one: Case): Ending {
  if (one.size < SMALL) return archive;
  const days = one.tierings
    ?.filter((tiering) => one.under.startsWith(filterPrefix(tiering.Filter)))
    .flatMap((tiering) => tiering.Tierings.map((tier) => tier.Days));
  if (days?.length === 0) return archive;
  const first = days === undefined ? EARLIEST_TIER_DAYS : Math.min(...days);
  const why =
    days === undefined
      ? 'INTELLIGENT_TIERING may archive it: its archive configurations were not read'
      : `INTELLIGENT_TIERING archives what is not read for ${first} days`;
  return sooner(archive, from + first, Number.POSITIVE_INFINITY, why);
}

function endOf(expires: string | undefined, versioning: BucketSettings['versioning'], noncurrent: Range): string | undefined {
  if (expires === undefined || versioning !== 'Enabled') return expires;
  if (noncurrent.least === Number.POSITIVE_INFINITY) return `${expires} (versioning keeps the old version without limit)`;
  return `${expires} (versioning keeps the old version ${noncurrent.least} days more)`;
}

/** A least and a most time, with what sets the least. */
interface Ending extends Range {
  readonly why: string | undefined;
}

function sooner(than: Ending, least: number, most: number, why: string): Ending {
  return { least: Math.min(than.least, least), most: Math.min(than.most, most), why: least < than.least ? why : than.why };
}

function sizeHolds(rule: LifecycleRule, size: number): boolean {
  const { over, under } = sizeBounds(rule);
  return (over === undefined || size > over) && (under === undefined || size < under);
}

/** Objects below 128 KB do not move, unless the rule names sizes, or the class is an archive and the bucket lets small ones go there. */
function movesAt(rule: LifecycleRule, storageClass: string, one: Case): 'yes' | 'no' | 'maybe' {
  const { over, under } = sizeBounds(rule);
  if (one.size >= SMALL || over !== undefined || under !== undefined) return 'yes';
  if (one.minimum === 'all_storage_classes_128K' || !ARCHIVES.has(storageClass)) return 'no';
  return one.minimum === 'varies_by_storage_class' ? 'yes' : 'maybe';
}

/** Service-written keys are not written twice, so a count of newer versions that has to exist first is most likely never reached. */
function noncurrentDays(rules: readonly LifecycleRule[]): Range {
  const all = rules.flatMap((rule) =>
    rule.NoncurrentVersionExpiration?.NoncurrentDays === undefined ? [] : [rule.NoncurrentVersionExpiration],
  );
  const days = (some: typeof all): number => Math.min(Number.POSITIVE_INFINITY, ...some.map((one) => one.NoncurrentDays as number));
  return { least: days(all), most: days(all.filter((one) => !one.NewerNoncurrentVersions)) };
}

function around(ranges: readonly Range[]): Range {
  if (ranges.length === 0) return FOR_EVER;
  return ranges.reduce((all, range) => ({ least: Math.min(all.least, range.least), most: Math.max(all.most, range.most) }));
}

function explain(spans: readonly Span[], searchable: Range, total: Range, divided: boolean): string {
  const first = spans.find((span) => span.searchable.least === searchable.least)?.searchEnds;
  const last = spans.find((span) => span.total.least === total.least)?.ends;
  const said = [...new Set([first, last])].filter((one) => one !== undefined);
  if (said.length === 0) return 'no lifecycle rule ends it: kept without limit';
  const bySize = (range: (span: Span) => Range): boolean =>
    new Set(spans.map((span) => JSON.stringify([range(span).least, range(span).most]))).size > 1;
  if (bySize((span) => span.searchable) || bySize((span) => span.total))
    said.push(divided ? 'other keys or object sizes are kept longer' : 'objects of other sizes are kept longer');
  return said.join('; ');
}
