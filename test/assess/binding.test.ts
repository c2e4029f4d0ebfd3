import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likeness, nameIn, nameInCode, namesResource, THRESHOLD, wordsOf } from '../../src/assess/names.ts';
import type { Assessment, Binding } from '../../src/model/assessment.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { coveredEstate, FUNCTION, REGION, VAULT } from '../support/aws-covered-estate.ts';
import { ACCOUNT, answered, judged, refused } from '../support/aws-estate.ts';

const aws = { provider: 'aws', account: ACCOUNT };

/** The covered estate with further buckets that have no access logs. */
function withBuckets(...names: string[]): EvidenceRecord[] {
  const records = coveredEstate().map((record) =>
    record.op === 'ListBuckets' && record.account === ACCOUNT
      ? { ...record, body: { Buckets: ['card-vault', 'vault-access', ...names].map((Name) => ({ Name, BucketRegion: REGION })) } }
      : record,
  );
  return [...records, ...names.map((Bucket) => answered(ACCOUNT, REGION, 's3:GetBucketLogging', { Bucket }, {}))];
}

const NEEDS = [
  { id: 'lines', source: 'aws.s3.accesslogs', searchable: '90d' },
  { id: 'reads', source: 'aws.cloudtrail.data.s3', where: { eventName: 'GetObject' } },
];

function modelOf(asset: Record<string, unknown>, needs: unknown[] = NEEDS): ThreatModel {
  return ThreatModel.parse({
    version: 1,
    system: 'Cards',
    assets: [{ id: 'asset', type: 'aws.s3.bucket', at: aws, ...asset }],
    threats: [{ id: 'theft', title: 'Cards are read', assets: ['asset'], needs }],
  });
}

function found(records: readonly EvidenceRecord[], asset: Record<string, unknown>, needs?: unknown[]) {
  const assessment: Assessment = judged(records, modelOf(asset, needs));
  const need = (id: string) => assessment.needs.find((one) => one.need.id === id);
  return { binding: assessment.models?.[0]?.bindings[0] as Binding, lines: need('lines'), reads: need('reads'), assessment };
}

describe('names', () => {
  it.each([
    ['Card vault bucket', 'arn:aws:s3:::card-vault', 1],
    ['CardVault', 'arn:aws:s3:::lumen-card-vault-prod-eu-west-1-111122223333', 0.8],
    ['Card vault (prod)', 'arn:aws:s3:::card-vault-dev', 0],
    ['Card exports', 'arn:aws:s3:::card-vault', 0.5],
    ['Charge function', 'arn:aws:lambda:eu-west-1:111122223333:function:charge', 1],
    ['Cards API', 'arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/cards-api/50dc6c495c0c9188', 1],
    ['S3 buckets', 'arn:aws:s3:::card-vault', 0],
    ['Card network', 'arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-0ca4d500000000001', 0],
    ['Settlements', '//storage.googleapis.com/settlements', 1],
  ])('%s is like %s: %d', (name, id, score) => {
    expect(likeness(wordsOf(name), wordsOf(nameIn(id)))).toBe(score);
  });

  it('are as like one way as the other, between nothing and all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string({ maxLength: 40 }), (a, b) => {
        const [one, other] = [wordsOf(a), wordsOf(b)];
        expect(likeness(one, other)).toBe(likeness(other, one));
        expect(likeness(one, other)).toBeGreaterThanOrEqual(0);
        expect(likeness(one, other)).toBeLessThanOrEqual(1);
        expect(likeness(one, one)).toBe(one.words.size === 0 ? 0 : 1);
      }),
    );
  });

  it('are found in addresses and full ids', () => {
    expect(nameInCode('module.cards["eu"].aws_s3_bucket.card_vault[0]')).toBe('card_vault');
    expect(namesResource('lumen-settlements', '//storage.googleapis.com/lumen-settlements')).toBe(true);
    expect(namesResource('projects/_/buckets/a', '//storage.googleapis.com/a')).toBe(true);
    expect(namesResource('vault', '//storage.googleapis.com/card-vault')).toBe(false);
    expect(namesResource('arn:aws:s3:::card-*', VAULT)).toBe(true);
    expect(namesResource('arn:aws:s3:::vault', VAULT)).toBe(false);
  });
});

describe('an asset and its resource', () => {
  it('is bound by the id in the model, and judged as before', () => {
    const { binding, lines } = found(withBuckets('other'), { at: { ...aws, resource: VAULT } });
    expect(binding).toMatchObject({ is: 'stated', resources: [VAULT], count: 1 });
    expect(lines).toMatchObject({ verdict: 'covered' });
    expect(lines).not.toHaveProperty('bound');
  });

  it('is bound by name, which every verdict on it says', () => {
    const { binding, lines, reads } = found(withBuckets('exports'), { name: 'Card vault' });
    expect(binding).toMatchObject({ is: 'name', resources: [VAULT], threshold: THRESHOLD });
    expect(binding.candidates?.[0]).toEqual({ resource: VAULT, score: 1 });
    expect(lines).toMatchObject({ verdict: 'covered', bound: { is: 'name', resources: [VAULT], count: 1, score: 1 } });
    expect(lines?.because).toContain(`Card vault was taken to be ${VAULT}, by its name (likeness 1.00 of 1).`);
    expect(reads?.bound).toEqual(lines?.bound);
  });

  it('is bound by its address in code', () => {
    const { binding } = found(withBuckets('exports'), { name: 'Bucket', code: 'module.cards.aws_s3_bucket.exports' });
    expect(binding).toMatchObject({ is: 'code', resources: ['arn:aws:s3:::exports'] });
  });

  it('is any of several with such a name, and a gap of one of them is a gap', () => {
    const { binding, lines } = found(withBuckets('card-vault-2'), { name: 'Card vault' });
    expect(binding).toMatchObject({ is: 'name' });
    const several = found(withBuckets('card-vault-dev', 'card-vault-prod'), { name: 'Card vault' });
    expect(several.binding).toMatchObject({ is: 'ambiguous', count: 3 });
    expect(several.binding.because).toContain('overlay');
    expect(several.lines?.verdict).toBe('partial');
    expect(several.lines?.because).toContain('may be any of 3 resources');
    expect(lines?.verdict).toBe('covered');
  });

  it('stands for every resource of its type where nothing tells which', () => {
    const { binding, lines } = found(withBuckets('exports'), { name: 'Files' });
    expect(binding).toMatchObject({ is: 'every', count: 3 });
    expect(lines?.verdict).toBe('partial');
    expect(lines).not.toHaveProperty('bound');
  });

  it('is gone only where all were listed', () => {
    const gone = { at: { ...aws, resource: 'arn:aws:s3:::old-vault' } };
    expect(found(withBuckets(), gone).binding.is).toBe('gone');
    expect(found(withBuckets(), gone).lines?.verdict).toBe('unknown');
    const unlisted = withBuckets().map((record) =>
      record.op === 'ListBuckets' && record.account === ACCOUNT ? refused(ACCOUNT, record.region, 's3:ListBuckets', record.args) : record,
    );
    expect(found(unlisted, gone).binding).toMatchObject({ is: 'unknown', unknowns: [{ call: 's3:ListBuckets', code: 'AccessDenied' }] });
    expect(found(withBuckets(), { at: { ...aws, account: '555566667777', resource: VAULT } }).binding.is).toBe('unknown');
  });

  it('is not known where nobody lists resources of its type', () => {
    expect(found(withBuckets(), { type: 'aws.dynamodb.table', name: 'Card index' }).binding).toMatchObject({ is: 'not-listed', count: 0 });
  });

  it('never makes a gap covered where the list of buckets broke off', () => {
    const cut = withBuckets('exports').map((record) =>
      record.op === 'ListBuckets' && record.account === ACCOUNT
        ? { ...record, body: { ...(record.body as object), ContinuationToken: 'more' } }
        : record,
    );
    const { lines, binding } = found(cut, { name: 'Card vault' });
    expect(binding.is).toBe('name');
    expect(lines?.verdict).toBe('unknown');
  });

  it('leaves alone what a need says of its own place', () => {
    const needs = [
      { ...NEEDS[0], at: { resource: 'arn:aws:s3:::*' } },
      { ...NEEDS[1], where: { eventName: 'GetObject', 'resources.ARN': { startsWith: ['arn:aws:s3:::exports/'] } } },
    ];
    const { lines, reads } = found(withBuckets('exports'), { name: 'Card vault' }, needs);
    expect([lines?.bound, reads?.bound]).toEqual([undefined, undefined]);
    expect(lines?.verdict).toBe('partial');
  });

  it('has no say in logs of another kind of resource', () => {
    const { assessment } = found(withBuckets(), { name: 'Card vault' }, [{ id: 'functions', source: 'aws.lambda.logs' }]);
    expect(assessment.needs[0]).toMatchObject({ verdict: 'covered', places: [{ scope: { resource: FUNCTION } }] });
    expect(assessment.needs[0]?.bound).toBeUndefined();
  });

  it('does not hang on the order of assets and answers', () => {
    const records = withBuckets('card-vault-dev', 'exports', 'card-vault-prod');
    const names = ['Card vault', 'Exports', 'Files', 'Card vault (prod)'];
    const model = (order: readonly string[]) =>
      ThreatModel.parse({
        version: 1,
        system: 'Cards',
        assets: order.map((name) => ({ id: name, name, type: 'aws.s3.bucket', at: aws })),
        threats: [{ id: 't', title: 't', assets: [...names], needs: NEEDS }],
      });
    const bindings = (order: readonly string[], all: readonly EvidenceRecord[]) =>
      new Map(judged(all, model(order)).models?.[0]?.bindings.map(({ evidence: _, ...one }) => [one.asset, one]));
    expect(bindings([...names].reverse(), [...records].reverse())).toEqual(bindings(names, records));
  });
});

describe('records that do not name the user who acts', () => {
  const need = (met: boolean | undefined, extra = {}) => [
    {
      id: 'lines',
      source: 'aws.s3.accesslogs',
      ...extra,
      attribution: { asks: 'caller', ...(met === undefined ? {} : { met }), why: 'they name a role' },
    },
  ];

  it('are collected, and cover nothing that asks for the user', () => {
    const at = { at: { ...aws, resource: VAULT } };
    const { lines } = found(withBuckets(), at, need(false));
    expect(lines).toMatchObject({
      verdict: 'partial',
      collection: 'covered',
      consistency: { verdict: 'partial', findings: expect.arrayContaining([expect.objectContaining({ kind: 'attribution' })]) },
    });
    expect(lines?.because).toContain('But they name a role.');
    expect(found(withBuckets(), at, need(true)).lines?.verdict).toBe('covered');
    const open = found(withBuckets(), at, need(undefined)).lines;
    expect(open?.verdict).toBe('covered');
    expect(open?.because).toContain('is up to what writes');
  });

  it('are missing where they are missing', () => {
    const { lines } = found(withBuckets('exports'), { at: { ...aws, resource: 'arn:aws:s3:::exports' } }, need(false));
    expect(lines).toMatchObject({ verdict: 'missing', consistency: { findings: [] } });
  });
});
