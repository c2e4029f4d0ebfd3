import { describe, expect, it } from 'vitest';
import { findRecords, type RecordedEvent, readCloudTrailRecord } from '../../../connectors/aws/cloudtrail-record.ts';
import { loadRules } from '../../../src/needs/rules.ts';

const rules = loadRules();
const knowledge = { sources: [...rules.sources.values()], known: rules.known.get('aws.cloudtrail') };

const stopLogging = {
  eventVersion: '1.09',
  userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/admin/x', accountId: '111122223333' },
  eventTime: '2026-11-20T08:00:00Z',
  eventSource: 'cloudtrail.amazonaws.com',
  eventName: 'StopLogging',
  awsRegion: 'eu-west-1',
  sourceIPAddress: '203.0.113.7',
  requestParameters: { name: 'main' },
  responseElements: null,
  eventID: 'c0ffee00-0000-4000-8000-000000000001',
  readOnly: false,
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: '111122223333',
  eventCategory: 'Management',
};
const listObjects = {
  eventVersion: '1.07',
  userIdentity: { arn: 'arn:aws:iam::444455556666:user/stranger', accountId: '444455556666' },
  eventSource: 's3.amazonaws.com',
  eventName: 'ListObjects',
  awsRegion: 'eu-west-1',
  readOnly: true,
  eventType: 'AwsApiCall',
  managementEvent: false,
  eventCategory: 'Data',
  recipientAccountId: '111122223333',
  vpcEndpointId: 'vpce-0a1b2c3d',
  resources: [
    { type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::card-vault/' },
    { accountId: '111122223333', type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::card-vault' },
  ],
};

const read = (value: unknown) => readCloudTrailRecord(value, knowledge) as RecordedEvent;

describe('a CloudTrail record', () => {
  it('of a management event', () => {
    expect(read(stopLogging)).toEqual({
      source: 'aws.cloudtrail.management',
      account: '111122223333',
      region: 'eu-west-1',
      id: 'c0ffee00-0000-4000-8000-000000000001',
      time: '2026-11-20T08:00:00Z',
      notes: [],
      variants: [
        {
          eventCategory: 'Management',
          eventSource: 'cloudtrail.amazonaws.com',
          eventName: 'StopLogging',
          readOnly: 'false',
          eventType: 'AwsApiCall',
          'userIdentity.arn': 'arn:aws:sts::111122223333:assumed-role/admin/x',
        },
      ],
    });
  });

  it('of a data event has one variant for each resource, and a prefix counts as the ARN', () => {
    const event = read(listObjects);
    expect(event.source).toBe('aws.cloudtrail.data.s3');
    expect(event.account).toBe('111122223333');
    expect(event.variants.map((one) => [one['resources.type'], one['resources.ARN']])).toEqual([
      ['AWS::S3::Object', 'arn:aws:s3:::card-vault/'],
      ['AWS::S3::Bucket', 'arn:aws:s3:::card-vault'],
    ]);
    expect(event.variants[0]).toMatchObject({ readOnly: 'true', vpcEndpointId: 'vpce-0a1b2c3d' });
  });

  it('of a data event whose type has no source of its own belongs to data events at large', () => {
    expect(
      read({
        ...listObjects,
        eventSource: 'sqs.amazonaws.com',
        eventName: 'SendMessage',
        resources: [{ type: 'AWS::SQS::Queue', ARN: 'arn:aws:sqs:eu-west-1:111122223333:q' }],
      }).source,
    ).toBe('aws.cloudtrail.data');
  });

  it('of network activity and insights', () => {
    const { resources: _, ...rest } = listObjects;
    expect(read({ ...rest, eventCategory: 'NetworkActivity', eventType: 'AwsVpceEvents', errorCode: 'VpceAccessDenied' })).toMatchObject({
      source: 'aws.cloudtrail.networkactivity',
      variants: [{ errorCode: 'VpceAccessDenied', eventType: 'AwsVpceEvents' }],
    });
    expect(
      read({
        ...stopLogging,
        eventName: 'x',
        eventCategory: 'Insight',
        insightDetails: { insightType: 'ApiCallRateInsight', eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances' },
      }),
    ).toMatchObject({
      source: 'aws.cloudtrail.insights',
      variants: [{ 'insightDetails.insightType': 'ApiCallRateInsight', eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances' }],
    });
  });

  it('of an old version: what it does not say is concluded, and said to be', () => {
    const old = {
      eventVersion: '1.05',
      eventSource: 's3.amazonaws.com',
      awsRegion: 'us-east-1',
      userIdentity: { accountId: '111122223333' },
    };
    const data = read({ ...old, eventName: 'GetObject', resources: [{ type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::card-vault/x' }] });
    expect([data.source, data.account]).toEqual(['aws.cloudtrail.data.s3', '111122223333']);
    expect(data.notes).toEqual([expect.stringContaining('taken for Data'), expect.stringContaining('recipientAccountId')]);
    expect(data.variants[0]).not.toHaveProperty('readOnly');
    expect(read({ ...old, eventName: 'PutBucketPolicy' }).source).toBe('aws.cloudtrail.management');
    expect(read({ ...old, eventName: 'Anything', managementEvent: false, resources: [{ type: 'AWS::S3::Object', ARN: 'x' }] }).source).toBe(
      'aws.cloudtrail.data.s3',
    );
  });

  it('that is none says what is wrong', () => {
    expect(readCloudTrailRecord({ eventVersion: '1.08' }, knowledge)).toMatch(/is not a CloudTrail record: eventSource/);
    expect(readCloudTrailRecord('text', knowledge)).toMatch(/is not a CloudTrail record/);
    expect(readCloudTrailRecord({ ...stopLogging, eventCategory: 'Aggregated' }, knowledge)).toMatch(/"Aggregated", which is not read yet/);
  });

  it('with parts of a wrong type is read without them', () => {
    expect(read({ ...stopLogging, resources: 'none', userIdentity: 7, errorCode: { a: 1 } }).variants).toEqual([
      {
        eventCategory: 'Management',
        eventSource: 'cloudtrail.amazonaws.com',
        eventName: 'StopLogging',
        readOnly: 'false',
        eventType: 'AwsApiCall',
      },
    ]);
  });
});

describe('records are found in', () => {
  it.each([
    ['a record', stopLogging, 1],
    ['a list', [stopLogging, listObjects], 2],
    ['a delivered file', { Records: [stopLogging, listObjects] }, 2],
    [
      'an EventBridge event',
      { version: '0', 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.cloudtrail', detail: stopLogging },
      1,
    ],
    ['what LookupEvents answers', { Events: [{ EventId: 'x', CloudTrailEvent: JSON.stringify(stopLogging) }] }, 1],
  ])('%s', (_, value, count) => {
    expect(findRecords(value)).toHaveLength(count);
  });

  it.each([
    ['a finding', { detail: { severity: 5 } }],
    ['nothing', []],
    ['text', 'x'],
    ['null', null],
    ['a mixture', [stopLogging, 1]],
    ['bad inner JSON', { CloudTrailEvent: '{' }],
  ])('not in %s', (_, value) => {
    expect(findRecords(value)).toBeUndefined();
  });
});
