import { describe, expect, it } from 'vitest';
import { deleters, judgeWrite, parsePolicy, type Write } from '../../connectors/aws/bucket-policy.ts';
import { Lifecycle, lifetimeOf } from '../../connectors/aws/lifecycle.ts';
import { withoutEndSlashes } from '../../connectors/aws/listing.ts';
import { terminal } from '../../reports/escape.ts';
import { globMatches } from '../../src/events/glob.ts';

const WRITE: Write = {
  bucket: 'ct-logs',
  partition: 'aws',
  prefix: `AWSLogs/${'a'.repeat(1000)}/{account}/`,
  principal: 'cloudtrail.amazonaws.com',
  sourceArn: `arn:aws:cloudtrail:us-east-1:111122223333:trail/${'a'.repeat(500)}`,
  sourceAccount: '111122223333',
  organization: undefined,
};

/** What the work gives, once it was done in less than two seconds of the processor. */
function soon<T>(work: () => T): T {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1e6).toBeLessThan(2);
  return result;
}

describe('patterns made to take for ever', () => {
  it.each([
    ['stars', '*'.repeat(20_000)],
    ['stars before what does not fit', `arn:aws:s3:::${'*'.repeat(20_000)}!`],
    ['stars between letters', '*a'.repeat(10_000)],
    ['stars between question marks', '?*'.repeat(10_000)],
    ['all of them', '*?a*'.repeat(8_000)],
    ['the start of a variable', '${'.repeat(10_000)],
  ])('in a bucket policy: %s', (_, pattern) => {
    const policy = parsePolicy(
      JSON.stringify({
        Statement: [
          {
            Effect: 'Allow',
            Principal: '*',
            Action: ['s3:*', pattern],
            Resource: pattern,
            Condition: { ArnLike: { 'aws:SourceArn': pattern } },
          },
        ],
      }),
    );
    expect(policy).toBeDefined();
    if (policy) soon(() => [judgeWrite(policy, WRITE), deleters(policy, WRITE.bucket, WRITE.partition)]);
  });

  it('many stars say what one says', () => {
    const judge = (Resource: string) =>
      judgeWrite(
        parsePolicy(JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*', Action: 's3:***', Resource } })) as never,
        WRITE,
      ).is;
    expect(judge('*******')).toBe('allowed');
    expect(judge('arn:aws:s3:::ct-logs/****')).toBe('allowed');
    expect(judge('arn:aws:s3:::other/****')).toBe('unsaid');
    expect(judge('arn:aws:s3:::ct-logs/***x')).toBe('unsure');
  });

  it('a policy far longer than S3 takes, or none at all, is not understood', () => {
    expect(soon(() => parsePolicy(`{"Statement":[${'{"Effect":"Allow"},'.repeat(500_000)}{}]}`))).toBeUndefined();
    for (const text of [
      '',
      'not json',
      '[]',
      'null',
      '"*"',
      '{"Statement":{"Effect":"Perhaps"}}',
      '{"__proto__":{"Statement":[]}}',
      '['.repeat(100_000),
    ])
      expect(parsePolicy(text), text.slice(0, 40)).toBeUndefined();
  });

  it('in globs and ends of names', () => {
    expect(soon(() => globMatches(`${'*a'.repeat(100_000)}b`, 'a'.repeat(100_000)))).toBe(false);
    expect(soon(() => globMatches('*'.repeat(1_000_000), 'a'))).toBe(true);
    expect(soon(() => withoutEndSlashes(`${'/'.repeat(1_000_000)}x`)).length).toBe(1_000_001);
    expect(soon(() => withoutEndSlashes(`x${'/'.repeat(1_000_000)}`))).toBe('x');
    expect(soon(() => terminal('\u0301'.repeat(1_000_000))).length).toBeLessThan(10);
  });
});

describe('lifecycle rules that S3 does not take', () => {
  const rule = (days: unknown) => ({ Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: days } });

  it.each([[-1], [1.5], [1e308], ['-30'], ['thirty'], [true], [[30]], [null], ['']])('%j days are not understood', (days) => {
    expect(Lifecycle.safeParse({ Rules: [rule(days)] }).success).toBe(false);
  });

  it('days as text are days', () => {
    const { data } = Lifecycle.safeParse({ Rules: [rule('30')] });
    expect(lifetimeOf({ lifecycle: data, versioning: 'Off', lock: {}, tiering: [] }, 'AWSLogs/').total).toEqual({ least: 30, most: 30 });
  });

  it('an answer without the list, or with more rules than a bucket can have, is not understood', () => {
    expect(Lifecycle.safeParse({}).success).toBe(false);
    expect(Lifecycle.safeParse({ Rules: Array.from({ length: 10_000 }, () => rule(1)) }).success).toBe(false);
  });

  it('a thousand rules are judged in time, however they overlap', () => {
    const flat = Array.from({ length: 1000 }, (_, index) => ({
      ...rule(index + 1),
      Filter: { And: { Prefix: `AWSLogs/${index}/`, ObjectSizeGreaterThan: index * 1000 } },
    }));
    const nested = Array.from({ length: 1000 }, (_, index) => ({
      ...rule(index + 1),
      Filter: {
        And: { Prefix: `AWSLogs/${'a'.repeat(index)}`, ObjectSizeGreaterThan: index * 1000, ObjectSizeLessThan: index * 1000 + 5e6 },
      },
    }));
    const live = (Rules: unknown) =>
      lifetimeOf({ lifecycle: Lifecycle.parse({ Rules }), versioning: 'Off', lock: {}, tiering: [] }, 'AWSLogs/');
    expect(soon(() => live(flat)).total).toEqual({ least: 1, most: Number.POSITIVE_INFINITY });
    // Not worked out: then nothing is said of it.
    expect(soon(() => live(nested)).total).toEqual({ least: 0, most: Number.POSITIVE_INFINITY });
  });
});
