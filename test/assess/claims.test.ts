import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Assessment, ClaimVerdict } from '../../src/model/assessment.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { coveredEstate, FUNCTION, VAULT } from '../support/aws-covered-estate.ts';
import { ACCOUNT, judged, refused } from '../support/aws-estate.ts';

const aws = { provider: 'aws', account: ACCOUNT };
const estate = coveredEstate();

interface Spoken {
  readonly claims?: unknown[];
  readonly of?: unknown[];
  readonly needs?: unknown[];
}

function modelOf({ claims = [], of = [], needs }: Spoken): ThreatModel {
  return ThreatModel.parse({
    version: 1,
    system: 'Cards',
    assets: [
      { id: 'vault', name: 'Card vault', type: 'aws.s3.bucket', at: { ...aws, resource: VAULT } },
      { id: 'function', type: 'aws.lambda.function', at: { ...aws, resource: FUNCTION } },
    ],
    threats: [
      {
        id: 'theft',
        title: 'Cards are read in bulk',
        assets: ['vault'],
        needs: needs ?? [
          { id: 'reads', source: 'aws.cloudtrail.data.s3', where: { eventName: 'GetObject' }, retain: '365d' },
          { id: 'lines', source: 'aws.s3.accesslogs', searchable: '90d' },
          { id: 'management', source: 'aws.cloudtrail.management', retain: '365d' },
        ],
        claims,
      },
    ],
    claims: of,
  });
}

const claimsOf = (spoken: Spoken, records: readonly EvidenceRecord[] = estate): Map<string, ClaimVerdict> =>
  new Map((judged(records, modelOf(spoken)).claims ?? []).map((one) => [one.text, one]));

/** The same estate without server access logs of the vault. */
const unlogged = estate.map((record) =>
  record.op === 'GetBucketLogging' && record.args.Bucket === 'card-vault' ? { ...record, body: {} } : record,
);
/** The same estate where it was refused to look. */
const unseen = estate.map((record) =>
  record.op === 'GetBucketLogging' && record.args.Bucket === 'card-vault'
    ? refused(ACCOUNT, record.region, 's3:GetBucketLogging', record.args)
    : record,
);

describe('what a model says is logged', () => {
  const on = { text: 'S3 access logging: resolved', source: 'aws.s3.accesslogs', assets: ['vault'] };

  it('is observed, missing or unknown, by the log alone', () => {
    expect(claimsOf({ of: [on] }).get(on.text)).toMatchObject({ verdict: 'observed', holds: 'done', unknowns: [] });
    const missing = claimsOf({ of: [on] }, unlogged).get(on.text);
    expect(missing).toMatchObject({ verdict: 'missing', witness: { resource: VAULT } });
    expect(missing?.evidence.length).toBeGreaterThan(0);
    const unknown = claimsOf({ of: [on] }, unseen).get(on.text);
    expect(unknown?.verdict).toBe('unknown');
    expect(unknown?.unknowns).toMatchObject([{ call: 's3:GetBucketLogging', code: 'AccessDenied' }]);
  });

  it('is checked at the assets of its threat where it names none', () => {
    const { assets: _, ...plain } = on;
    expect(claimsOf({ claims: [plain] }, unlogged).get(on.text)).toMatchObject({
      verdict: 'missing',
      assets: ['vault'],
      threats: ['theft'],
    });
    // Of the whole system: the other bucket has no access logs either.
    expect(claimsOf({ of: [plain] }).get(on.text)).toMatchObject({ verdict: 'partial', assets: [] });
  });

  it('looks around assets that own no such log, and says so', () => {
    const flows = claimsOf({ of: [{ text: 'flow logs', source: 'aws.vpc.flowlogs', assets: ['vault'] }] }).get('flow logs');
    expect(flows?.verdict).toBe('observed');
    expect(flows?.because).toContain('None of the parts that it speaks of owns such a log by itself');
    const trail = claimsOf({ of: [{ text: 'trail', source: 'aws.cloudtrail.management', assets: ['vault'] }] }).get('trail');
    expect(trail?.verdict).toBe('observed');
    expect(trail?.because).not.toContain('None of the parts');
  });

  it('needs all of its sources, and those that are not read leave it open', () => {
    const both = { text: 'logs', source: 'aws.s3.accesslogs', sources: ['aws.lambda.logs'], assets: ['vault', 'function'] };
    expect(claimsOf({ of: [both] }).get('logs')?.verdict).toBe('observed');
    expect(claimsOf({ of: [both] }, unlogged).get('logs')?.verdict).toBe('partial');
    const more = { ...both, sources: ['aws.rds.postgres.pgaudit'] };
    expect(claimsOf({ of: [more] }).get('logs')).toMatchObject({ verdict: 'unknown' });
    expect(claimsOf({ of: [{ text: 'logs', source: 'aws.rds.postgres.pgaudit' }] }).get('logs')).toMatchObject({
      verdict: 'not-checkable',
      because: 'aws.rds.postgres.pgaudit is not read in this version.',
    });
  });

  it('is not checked where it is vague, and an assumption is no evidence', () => {
    expect(claimsOf({ of: [{ ...on, vague: true }] }).get(on.text)?.verdict).toBe('not-checkable');
    const assumed = claimsOf({ of: [{ ...on, holds: 'assumed' }] }, unlogged).get(on.text);
    expect(assumed?.because).toContain('an assumption is no evidence');
    expect(assumed).toMatchObject({ verdict: 'missing', holds: 'assumed' });
  });

  it('compares the time stated with the time kept and the time asked for', () => {
    const week = { text: 'kept a week', source: 'aws.cloudtrail.data.s3', retain: '7d', assets: ['vault'] };
    const claim = claimsOf({ of: [week] }).get(week.text);
    expect(claim).toMatchObject({ verdict: 'observed', statedDays: 7, foundDays: 730, askedDays: 365 });
    expect(claim?.findings).toMatchObject([{ kind: 'stated-retention', dimension: 'retention' }]);
    const decade = claimsOf({ of: [{ ...week, retain: '3650d' }] }).get(week.text);
    expect(decade).toMatchObject({ verdict: 'partial', statedDays: 3650, foundDays: 730, findings: [] });
    // A time of no log in particular is one of the logs that its threats ask for.
    const all = claimsOf({ claims: [{ text: 'a week', retain: '7d', vague: true }] }).get('a week');
    expect(all).toMatchObject({ verdict: 'not-checkable', statedDays: 7, askedDays: 365, findings: [{ kind: 'stated-retention' }] });
  });

  it('is crossed with what is needed', () => {
    const { needs, summary } = judged(
      unlogged,
      modelOf({ of: [on, { text: 'trail', source: 'aws.cloudtrail.management', holds: 'assumed' }] }),
    );
    expect(Object.fromEntries(needs.map((need) => [need.need.id, [need.verdict, need.claimed]]))).toEqual({
      reads: ['covered', undefined],
      lines: ['missing', 'done'],
      management: ['covered', 'assumed'],
    });
    expect(summary.claimed).toEqual({ claimedObserved: 0, claimedMissing: 1, unclaimedObserved: 2, unclaimedMissing: 0 });
    expect(summary.claims).toMatchObject({ missing: 1, unknown: 1 });
  });

  it('leaves an assessment of a model that says nothing as it is', () => {
    const { claims, summary, needs } = judged(estate, modelOf({}));
    expect([claims, summary.claims, summary.claimed]).toEqual([undefined, undefined, undefined]);
    expect(needs.every((need) => !('claimed' in need))).toBe(true);
  });
});

const spoken = fc.record(
  {
    text: fc.constantFrom('a', 'b', 'c'),
    source: fc.constantFrom('aws.s3.accesslogs', 'aws.cloudtrail.management', 'aws.lambda.logs', 'aws.rds.postgres.pgaudit'),
    sources: fc.subarray(['aws.cloudtrail.data.s3', 'aws.route53.resolver']),
    holds: fc.constantFrom('done', 'planned', 'assumed'),
    retain: fc.constantFrom('7d', '365d', '3650d'),
    assets: fc.subarray(['vault', 'function']),
    vague: fc.boolean(),
  },
  { requiredKeys: ['text'] },
);

const verdictsOf = ({ needs }: Assessment) => needs.map(({ claimed: _, ...need }) => need);

describe('claims in general', () => {
  it('never change a verdict on a need, and their order does not matter', () => {
    const plain = verdictsOf(judged(unlogged, modelOf({})));
    fc.assert(
      fc.property(fc.array(spoken, { minLength: 1, maxLength: 4 }), fc.array(spoken, { maxLength: 2 }), (of, claims) => {
        const found = judged(unlogged, modelOf({ of, claims }));
        expect(verdictsOf(found)).toEqual(plain);
        const turned = judged(unlogged, modelOf({ of: [...of].reverse(), claims: [...claims].reverse() }));
        expect(turned.claims).toEqual(found.claims);
        expect(turned.needs).toEqual(found.needs);
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it('know less where less was answered, and nothing else', () => {
    const of = [
      { text: 'lines', source: 'aws.s3.accesslogs', assets: ['vault'] },
      { text: 'functions', source: 'aws.lambda.logs' },
      { text: 'trail', source: 'aws.cloudtrail.management', retain: '400d' },
      { text: 'two', source: 'aws.cloudtrail.data.s3', sources: ['aws.s3.accesslogs'] },
    ];
    for (const whole of [estate, unlogged]) {
      const before = claimsOf({ of }, whole);
      fc.assert(
        fc.property(fc.nat({ max: whole.length - 1 }), (index) => {
          const less = whole.map((record, at) =>
            at === index ? refused(record.account ?? '', record.region, `${record.service}:${record.op}`, record.args) : record,
          );
          for (const [text, claim] of claimsOf({ of }, less)) {
            const was = before.get(text)?.verdict;
            if (claim.verdict === 'observed') expect([was, text]).toEqual(['observed', text]);
            if (claim.verdict === 'missing') expect([was, text]).toEqual(['missing', text]);
          }
        }),
        { numRuns: 25 },
      );
    }
  }, 60_000);
});
