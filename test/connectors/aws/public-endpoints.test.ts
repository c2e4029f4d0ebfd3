import nock from 'nock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCaller, createSdk } from '../../../connectors/aws/sdk.ts';

// The calls as they would leave for the provider's public endpoints: no other host is reached, and every answer prepared is asked for.
const caller = createCaller('111122223333', async () => ({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' }));
const signal = new AbortController().signal;

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
  nock.enableNetConnect();
});

test('CloudTrail is asked at its regional endpoint, and again after it throttles', async () => {
  nock('https://cloudtrail.eu-west-1.amazonaws.com')
    .post('/')
    .matchHeader('x-amz-target', /DescribeTrails$/)
    .reply(400, { __type: 'ThrottlingException', message: 'Rate exceeded' })
    .post('/', { includeShadowTrails: true })
    .reply(200, { trailList: [{ Name: 'org', TrailARN: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/org' }] });
  const sdk = createSdk();
  const sent = await sdk.send(caller, 'cloudtrail:DescribeTrails', { includeShadowTrails: true }, 'eu-west-1', signal);
  sdk.close();
  expect(sent.error).toBeUndefined();
  expect(sent.body).toEqual({ trailList: [{ Name: 'org', TrailARN: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/org' }] });
});

test('a denial of S3 is an error with code and status', async () => {
  nock('https://ct-logs.s3.eu-west-1.amazonaws.com')
    .get('/')
    .query({ lifecycle: '' })
    .reply(403, '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>', {
      'content-type': 'application/xml',
    });
  const sdk = createSdk();
  const sent = await sdk.send(caller, 's3:GetBucketLifecycleConfiguration', { Bucket: 'ct-logs' }, 'eu-west-1', signal);
  sdk.close();
  expect(sent.error).toMatchObject({ code: 'AccessDenied', status: 403 });
});

test('the partition decides the host', async () => {
  nock('https://cloudtrail.cn-north-1.amazonaws.com.cn').post('/').reply(200, { trailList: [] });
  const sdk = createSdk();
  expect((await sdk.send(caller, 'cloudtrail:DescribeTrails', {}, 'cn-north-1', signal)).body).toEqual({ trailList: [] });
  sdk.close();
});
