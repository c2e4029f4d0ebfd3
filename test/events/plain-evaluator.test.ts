import { describe, expect, test } from 'vitest';
import { type BasicSelector, type FieldSelector, wouldLog } from './plain-evaluator.ts';

const management = (readOnly: string, eventSource = 'iam.amazonaws.com') => ({
  eventCategory: 'Management',
  readOnly,
  eventSource,
  eventName: 'Any',
});
const data = (readOnly: string, type: string, arn: string) => ({
  eventCategory: 'Data',
  readOnly,
  'resources.type': type,
  'resources.ARN': arn,
});
const S3 = 'AWS::S3::Object';
const LAMBDA = 'AWS::Lambda::Function';
const allS3 = [{ Type: S3, Values: ['arn:aws:s3'] }];

describe('the documented truth table of basic selectors', () => {
  const key = 'arn:aws:s3:::card-vault/4711';
  test.each<[string, BasicSelector, [boolean, boolean, boolean, boolean]]>([
    ['defaults', {}, [true, true, false, false]],
    ['reads only', { ReadWriteType: 'ReadOnly' }, [true, false, false, false]],
    [
      'writes only, and all objects',
      { IncludeManagementEvents: true, ReadWriteType: 'WriteOnly', DataResources: allS3 },
      [false, true, false, true],
    ],
    [
      'one bucket without management events',
      { IncludeManagementEvents: false, DataResources: [{ Type: S3, Values: ['arn:aws:s3:::card-vault/'] }] },
      [false, false, true, true],
    ],
    [
      'another bucket',
      { IncludeManagementEvents: false, DataResources: [{ Type: S3, Values: ['arn:aws:s3:::card-vault-backup/'] }] },
      [false, false, false, false],
    ],
    ['no values', { IncludeManagementEvents: false, DataResources: [{ Type: S3, Values: [] }] }, [false, false, false, false]],
  ])('%s', (_, selector, wanted) => {
    const seen = [management('true'), management('false'), data('true', S3, key), data('false', S3, key)].map((event) =>
      wouldLog({ EventSelectors: [selector] }, event),
    );
    expect(seen).toEqual(wanted);
  });

  test('no selectors: all management events, nothing else', () => {
    expect(wouldLog({}, management('true'))).toBe(true);
    expect(wouldLog({ EventSelectors: [], AdvancedEventSelectors: [] }, data('true', S3, key))).toBe(false);
  });

  test('excluded sources are left out of management events only', () => {
    const selector = { EventSelectors: [{ ExcludeManagementEventSources: ['kms.amazonaws.com'] }] };
    expect(wouldLog(selector, management('true', 'kms.amazonaws.com'))).toBe(false);
    expect(wouldLog(selector, management('true', 'sts.amazonaws.com'))).toBe(true);
  });

  test('function ARNs are exact, object ARNs begin', () => {
    const one = 'arn:aws:lambda:us-west-2:111122223333:function:helloworld';
    const lambda = { EventSelectors: [{ DataResources: [{ Type: LAMBDA, Values: [one] }] }] };
    expect(wouldLog(lambda, data('false', LAMBDA, one))).toBe(true);
    expect(wouldLog(lambda, data('false', LAMBDA, `${one}2`))).toBe(false);
    const loose = { EventSelectors: [{ DataResources: [{ Type: S3, Values: ['arn:aws:s3:::card'] }] }] };
    expect(wouldLog(loose, data('true', S3, key))).toBe(true);
    expect(
      wouldLog({ EventSelectors: [{ DataResources: [{ Type: LAMBDA, Values: ['arn:aws:lambda'] }] }] }, data('false', LAMBDA, one)),
    ).toBe(true);
    expect(wouldLog({ EventSelectors: [{ DataResources: [{ Type: LAMBDA, Values: ['arn:aws:lambda'] }] }] }, data('false', S3, key))).toBe(
      false,
    );
  });
});

describe('advanced selectors', () => {
  const takes = (fields: FieldSelector[], event: Record<string, string>) =>
    wouldLog({ AdvancedEventSelectors: [{ FieldSelectors: fields }] }, event);

  test('fields are and-ed, values and including operators or-ed, excluding operators all hold', () => {
    const field: FieldSelector = {
      Field: 'eventName',
      Equals: ['GetObject'],
      StartsWith: ['Put'],
      EndsWith: ['Acl'],
      NotEquals: ['PutObject'],
      NotStartsWith: ['PutBucket'],
      NotEndsWith: ['TaggingAcl'],
    };
    for (const [name, wanted] of [
      ['GetObject', true],
      ['PutPart', true],
      ['GetObjectAcl', true],
      ['PutObject', false],
      ['PutBucketAcl', false],
      ['xTaggingAcl', false],
      ['ListObjects', false],
    ] as const) {
      expect(takes([{ Field: 'eventCategory', Equals: ['Data'] }, field], { eventCategory: 'Data', eventName: name })).toBe(wanted);
      expect(takes([{ Field: 'eventCategory', Equals: ['Management'] }, field], { eventCategory: 'Data', eventName: name })).toBe(false);
    }
  });

  test('selectors are or-ed, and stars mean themselves', () => {
    const trail = {
      AdvancedEventSelectors: [
        { FieldSelectors: [{ Field: 'eventName', Equals: ['Get*'] }] },
        { FieldSelectors: [{ Field: 'readOnly', Equals: ['false'] }] },
      ],
    };
    expect(wouldLog(trail, { eventName: 'GetObject', readOnly: 'true' })).toBe(false);
    expect(wouldLog(trail, { eventName: 'Get*', readOnly: 'true' })).toBe(true);
    expect(wouldLog(trail, { eventName: 'GetObject', readOnly: 'false' })).toBe(true);
  });
});
