import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BucketSettings, Lifecycle, type LifecycleRule, lifetimeOf, ObjectLock } from '../../../connectors/aws/lifecycle.ts';

const EVER = Number.POSITIVE_INFINITY;
const ever = { least: EVER, most: EVER };
const PREFIX = 'AWSLogs/111122223333/CloudTrail/';

function settings(rules: readonly unknown[], more: Partial<BucketSettings> & { minimum?: string } = {}): BucketSettings {
  const { minimum = 'varies_by_storage_class', ...rest } = more;
  return {
    lifecycle: Lifecycle.parse({ Rules: rules, TransitionDefaultMinimumObjectSize: minimum }),
    versioning: 'Off',
    lock: {},
    tiering: [],
    ...rest,
  };
}

function days(rules: readonly unknown[], more: Parameters<typeof settings>[1] = {}) {
  const { searchable, total } = lifetimeOf(settings(rules, more), PREFIX);
  return { searchable, total };
}

const exactly = (count: number) => ({ least: count, most: count });

describe('which rules apply', () => {
  it('keeps without limit where no rule ends it', () => {
    expect(days([])).toEqual({ searchable: ever, total: ever });
  });

  it.each([
    ['Filter.Prefix', { Filter: { Prefix: 'AWSLogs/' } }],
    ['an empty filter', { Filter: {} }],
    ['the legacy Prefix', { Prefix: 'AWSLogs/' }],
    ['And.Prefix', { Filter: { And: { Prefix: 'AWSLogs/', ObjectSizeGreaterThan: 0 } } }],
  ])('takes %s', (_, filter) => {
    expect(days([{ Status: 'Enabled', ...filter, Expiration: { Days: 30 } }])).toEqual({ searchable: exactly(30), total: exactly(30) });
  });

  it.each([
    ['disabled rules', { Status: 'Disabled', Filter: {} }],
    ['rules on a tag', { Status: 'Enabled', Filter: { Tag: { Key: 'archive', Value: 'true' } } }],
    ['rules on tags and a prefix', { Status: 'Enabled', Filter: { And: { Prefix: 'AWSLogs/', Tags: [{ Key: 'a', Value: 'b' }] } } }],
    ['rules for other keys', { Status: 'Enabled', Filter: { Prefix: 'elb/' } }],
  ])('leaves out %s', (_, rule) => {
    expect(days([{ ...rule, Expiration: { Days: 7 } }])).toEqual({ searchable: ever, total: ever });
  });

  it('lets the shortest of several expirations win', () => {
    expect(
      days([
        { Status: 'Enabled', Filter: {}, Expiration: { Days: 400 } },
        { Status: 'Enabled', Filter: { Prefix: PREFIX }, Expiration: { Days: 30 } },
      ]).total,
    ).toEqual(exactly(30));
  });

  it('names a range where a rule takes a part of the keys', () => {
    const life = lifetimeOf(
      settings([{ ID: 'one-region', Status: 'Enabled', Filter: { Prefix: `${PREFIX}us-east-1/` }, Expiration: { Days: 30 } }]),
      PREFIX,
    );
    expect(life).toMatchObject({ searchable: { least: 30, most: EVER }, total: { least: 30, most: EVER } });
    expect(life.because).toContain('one-region');
  });

  it('names a range where sizes decide', () => {
    expect(days([{ Status: 'Enabled', Filter: { ObjectSizeLessThan: 1000 }, Expiration: { Days: 7 } }]).total).toEqual({
      least: 7,
      most: EVER,
    });
  });

  it('promises nothing where a rule expires on a date', () => {
    expect(days([{ Status: 'Enabled', Filter: {}, Expiration: { Date: '2027-01-01T00:00:00Z' } }]).total).toEqual({ least: 0, most: EVER });
  });
});

describe('archives', () => {
  const archive = (StorageClass: string, more: object = {}) => [
    { ID: 'keep', Status: 'Enabled', Filter: {}, Transitions: [{ Days: 90, StorageClass }], Expiration: { Days: 2557 }, ...more },
  ];

  it.each(['GLACIER', 'DEEP_ARCHIVE'])('end search at %s', (storageClass) => {
    expect(days(archive(storageClass))).toEqual({ searchable: exactly(90), total: exactly(2557) });
  });

  it.each(['GLACIER_IR', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING'])('do not end search at %s', (storageClass) => {
    expect(days(archive(storageClass)).searchable).toEqual(exactly(2557));
  });

  it('leave objects below 128 KB where the bucket says so', () => {
    expect(days(archive('GLACIER'), { minimum: 'all_storage_classes_128K' }).searchable).toEqual({ least: 90, most: 2557 });
  });

  it('take small objects where the rule names sizes itself', () => {
    const rules = archive('GLACIER', { Filter: { ObjectSizeGreaterThan: 0 } });
    expect(days(rules, { minimum: 'all_storage_classes_128K' }).searchable).toEqual(exactly(90));
  });

  it('leave small objects open where the answer does not say', () => {
    const { searchable } = lifetimeOf({ ...settings([]), lifecycle: Lifecycle.parse({ Rules: archive('GLACIER') }) }, PREFIX);
    expect(searchable).toEqual({ least: 90, most: 2557 });
  });

  it('end search of what is not read, where tiering archives it', () => {
    const tiering = [{ Id: 'deep', Status: 'Enabled', Tierings: [{ Days: 180, AccessTier: 'DEEP_ARCHIVE_ACCESS' }] }];
    expect(days(archive('INTELLIGENT_TIERING'), { tiering }).searchable).toEqual({ least: 270, most: 2557 });
    expect(days(archive('INTELLIGENT_TIERING'), { tiering: undefined }).searchable).toEqual({ least: 180, most: 2557 });
    expect(days(archive('INTELLIGENT_TIERING'), { tiering: [{ ...tiering[0], Status: 'Disabled', Tierings: [] }] }).searchable).toEqual(
      exactly(2557),
    );
  });

  it('do not end search of small objects in tiering, which it does not watch', () => {
    const tiering = [{ Status: 'Enabled', Tierings: [{ Days: 180, AccessTier: 'DEEP_ARCHIVE_ACCESS' }] }];
    expect(
      days(archive('INTELLIGENT_TIERING', { Filter: { ObjectSizeLessThan: 1000 }, Expiration: undefined }), { tiering }).searchable,
    ).toEqual(ever);
  });

  it('hold copies that are written into them', () => {
    expect(lifetimeOf(settings([]), PREFIX, 'DEEP_ARCHIVE')).toMatchObject({ searchable: exactly(0), total: ever });
  });
});

describe('versions and locks', () => {
  const expiring = { Status: 'Enabled', Filter: {}, Expiration: { Days: 30 } };
  const lock = (retention: object) =>
    ObjectLock.parse({ ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: retention } } });

  it('keep old versions for ever where nothing ends them, out of sight', () => {
    expect(days([expiring], { versioning: 'Enabled' })).toEqual({ searchable: exactly(30), total: ever });
  });

  it('add the days of noncurrent versions', () => {
    expect(days([{ ...expiring, NoncurrentVersionExpiration: { NoncurrentDays: 60 } }], { versioning: 'Enabled' }).total).toEqual(
      exactly(90),
    );
  });

  it('do not count on a number of newer versions', () => {
    const rule = { ...expiring, NoncurrentVersionExpiration: { NoncurrentDays: 60, NewerNoncurrentVersions: 1 } };
    expect(days([rule], { versioning: 'Enabled' }).total).toEqual({ least: 90, most: EVER });
  });

  it('hold nothing back where versioning is suspended', () => {
    expect(days([expiring], { versioning: 'Suspended' }).total).toEqual(exactly(30));
  });

  it('are a range where versioning was not read', () => {
    expect(days([expiring], { versioning: undefined }).total).toEqual({ least: 30, most: EVER });
  });

  it('are a floor under lifecycle', () => {
    const rules = [{ ...expiring, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }];
    expect(days(rules, { versioning: 'Enabled', lock: lock({ Mode: 'COMPLIANCE', Years: 1 }) })).toEqual({
      searchable: exactly(30),
      total: exactly(365),
    });
    expect(days(rules, { versioning: 'Enabled', lock: lock({ Mode: 'GOVERNANCE', Days: 5 }) }).total).toEqual(exactly(31));
    expect(days(rules, { versioning: 'Enabled', lock: undefined }).total).toEqual({ least: 31, most: EVER });
  });

  it('are a floor even where the lifecycle was not read', () => {
    const life = lifetimeOf({ ...settings([]), lifecycle: undefined, lock: lock({ Mode: 'COMPLIANCE', Days: 365 }) }, PREFIX);
    expect(life).toMatchObject({ searchable: { least: 0, most: EVER }, total: { least: 365, most: EVER } });
  });
});

/**
 * One object, lived through day by day as the user guide tells it: what is due is done on the day; permanent deletion goes before a
 * transition, a transition before a delete marker. Gives the days on which it could be searched and on which any version was there.
 */
function live(bucket: BucketSettings, key: string, size: number, horizon: number): { searchable: number; total: number } {
  const minimum = bucket.lifecycle?.TransitionDefaultMinimumObjectSize;
  const locked = bucket.lock?.ObjectLockConfiguration?.Rule?.DefaultRetention?.Days ?? 0;
  const rules = (bucket.lifecycle?.Rules ?? []).filter((rule) => {
    const filter = { ...rule.Filter, ...rule.Filter?.And };
    const over = filter.ObjectSizeGreaterThan;
    const under = filter.ObjectSizeLessThan;
    return (
      rule.Status === 'Enabled' &&
      !filter.Tag &&
      !filter.Tags?.length &&
      key.startsWith(rule.Prefix ?? filter.Prefix ?? '') &&
      (over === undefined || over < size) &&
      (under === undefined || size < under)
    );
  });
  const sized = (rule: LifecycleRule) => {
    const filter = { ...rule.Filter, ...rule.Filter?.And };
    return filter.ObjectSizeGreaterThan !== undefined || filter.ObjectSizeLessThan !== undefined;
  };
  let current = true;
  let archived = false;
  let hiddenSince: number | undefined;
  let there = true;
  let searchable = EVER;
  let total = EVER;
  for (let day = 0; day <= horizon && there; day += 1) {
    for (const rule of rules) {
      const noncurrent = rule.NoncurrentVersionExpiration?.NoncurrentDays;
      if (hiddenSince !== undefined && noncurrent !== undefined && day - hiddenSince >= noncurrent && day >= locked) there = false;
      if (current && rule.Expiration?.Days !== undefined && day >= rule.Expiration.Days && bucket.versioning !== 'Enabled') there = false;
    }
    for (const rule of rules) {
      for (const move of rule.Transitions ?? []) {
        const small = size < 128 * 1024 && !sized(rule) && minimum !== 'varies_by_storage_class';
        if (move.Days !== undefined && day >= move.Days && !small && ['GLACIER', 'DEEP_ARCHIVE'].includes(move.StorageClass))
          archived = true;
      }
    }
    if (
      bucket.versioning === 'Enabled' &&
      current &&
      rules.some((rule) => rule.Expiration?.Days !== undefined && day >= rule.Expiration.Days)
    ) {
      current = false;
      hiddenSince = day;
      // The version may be due on the very day.
      for (const rule of rules) if (rule.NoncurrentVersionExpiration?.NoncurrentDays === 0 && day >= locked) there = false;
    }
    if ((!there || !current || archived) && searchable === EVER) searchable = day;
    if (!there) total = day;
  }
  return { searchable, total };
}

const prefix = fc.constantFrom('', 'AWSLogs/', PREFIX, `${PREFIX}eu-west-1/`, `${PREFIX}us-east-1/`, `${PREFIX}us-east-1/2026/`, 'elb/');
const size = fc.constantFrom(1, 500, 1000, 1001, 131_071, 131_072, 131_073, 5_000_000);
const rule = fc.record(
  {
    Status: fc.constantFrom('Enabled', 'Enabled', 'Disabled'),
    Filter: fc.oneof(
      fc.record({ Prefix: prefix }),
      fc.record({ ObjectSizeGreaterThan: size }),
      fc.record({ ObjectSizeLessThan: size }),
      fc.record({
        And: fc.record(
          { Prefix: prefix, ObjectSizeGreaterThan: size, Tags: fc.constantFrom([], [{ Key: 'a', Value: 'b' }]) },
          { requiredKeys: ['Prefix'] },
        ),
      }),
      fc.constant({ Tag: { Key: 'a', Value: 'b' } }),
    ),
    Expiration: fc.record({ Days: fc.integer({ min: 1, max: 40 }) }),
    Transitions: fc.array(
      fc.record({
        Days: fc.integer({ min: 0, max: 40 }),
        StorageClass: fc.constantFrom('GLACIER', 'DEEP_ARCHIVE', 'GLACIER_IR', 'STANDARD_IA'),
      }),
      { maxLength: 2 },
    ),
    NoncurrentVersionExpiration: fc.record({ NoncurrentDays: fc.integer({ min: 1, max: 20 }) }),
  },
  { requiredKeys: ['Status', 'Filter'] },
);
const bucket = fc
  .record({
    rules: fc.array(rule, { maxLength: 4 }),
    minimum: fc.constantFrom('varies_by_storage_class', 'all_storage_classes_128K'),
    versioning: fc.constantFrom('Enabled' as const, 'Suspended' as const, 'Off' as const),
    locked: fc.option(fc.integer({ min: 1, max: 60 })),
  })
  .map(({ rules, minimum, versioning, locked }) =>
    settings(rules, {
      minimum,
      versioning: locked === null ? versioning : 'Enabled',
      lock:
        locked === null
          ? {}
          : ObjectLock.parse({ ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: locked } } } }),
    }),
  );
const HORIZON = 130;
const key = fc.constantFrom(
  `${PREFIX}eu-west-1/2026/11/21/a.json.gz`,
  `${PREFIX}us-east-1/2026/11/21/a.json.gz`,
  `${PREFIX}us-east-1/2025/a.json.gz`,
  `${PREFIX}a`,
);

describe('the algebra against a day-by-day life of objects', () => {
  it('holds every object between the least and the most days', () => {
    fc.assert(
      fc.property(bucket, key, size, (one, name, bytes) => {
        const said = lifetimeOf(one, PREFIX);
        const lived = live(one, name, bytes, HORIZON);
        expect(lived.searchable).toBeGreaterThanOrEqual(said.searchable.least);
        expect(lived.searchable).toBeLessThanOrEqual(said.searchable.most);
        expect(lived.total).toBeGreaterThanOrEqual(said.total.least);
        expect(lived.total).toBeLessThanOrEqual(said.total.most);
      }),
      { numRuns: 3000 },
    );
  });

  it('promises no more and no less than some object gets', () => {
    const keys = ['eu-west-1/2026/x', 'us-east-1/2026/x', 'us-east-1/2025/x', 'x'].map((tail) => PREFIX + tail);
    const sizes = [1, 499, 500, 501, 999, 1000, 1001, 1002, 131_070, 131_071, 131_072, 131_073, 131_074, 4_999_999, 5_000_000, 5_000_001];
    fc.assert(
      fc.property(bucket, (one) => {
        const said = lifetimeOf(one, PREFIX);
        const lives = keys.flatMap((name) => sizes.map((bytes) => live(one, name, bytes, HORIZON)));
        expect(Math.min(...lives.map((life) => life.searchable))).toBe(said.searchable.least);
        expect(Math.max(...lives.map((life) => life.searchable))).toBe(said.searchable.most);
        expect(Math.min(...lives.map((life) => life.total))).toBe(said.total.least);
        expect(Math.max(...lives.map((life) => life.total))).toBe(said.total.most);
      }),
      { numRuns: 500 },
    );
  });

  it('only widens what is known when a setting was not read', () => {
    const lost = fc.constantFrom('lifecycle' as const, 'versioning' as const, 'lock' as const, 'tiering' as const);
    fc.assert(
      fc.property(bucket, lost, (one, name) => {
        const known = lifetimeOf(one, PREFIX);
        const less = lifetimeOf({ ...one, [name]: undefined }, PREFIX);
        for (const range of ['searchable', 'total'] as const) {
          expect(less[range].least).toBeLessThanOrEqual(known[range].least);
          expect(less[range].most).toBeGreaterThanOrEqual(known[range].most);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
