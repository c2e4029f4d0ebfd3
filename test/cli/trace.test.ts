import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { estate, inFolder, viewshed } from './cli.ts';

const record = (fields: object) => ({
  eventVersion: '1.09',
  userIdentity: { arn: 'arn:aws:sts::111122223333:assumed-role/analyst/x', accountId: '111122223333' },
  eventTime: '2026-11-20T08:00:00Z',
  awsRegion: 'eu-west-1',
  eventType: 'AwsApiCall',
  recipientAccountId: '111122223333',
  eventID: 'c0ffee00-0000-4000-8000-000000000001',
  ...fields,
});
const getObject = (arn: string) =>
  record({
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    readOnly: true,
    managementEvent: false,
    eventCategory: 'Data',
    resources: [
      { type: 'AWS::S3::Object', ARN: arn },
      { accountId: '111122223333', type: 'AWS::S3::Bucket', ARN: arn.replace(/\/.*/, '') },
    ],
  });
const vault = getObject('arn:aws:s3:::card-vault/2026/statement.pdf');
const exported = getObject('arn:aws:s3:::card-exports/november.csv');
const runInstances = record({
  eventSource: 'ec2.amazonaws.com',
  eventName: 'RunInstances',
  readOnly: false,
  managementEvent: true,
  eventCategory: 'Management',
});

const trace = (value: unknown, ...more: string[]) =>
  viewshed(['trace', '-', '--evidence', estate, ...more], { input: typeof value === 'string' ? value : JSON.stringify(value) });

describe('trace', () => {
  it.concurrent('of an event that is kept: the way, the days, exit 0', async () => {
    const { code, out, err } = await trace(vault);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^GetObject {2}aws\.cloudtrail\.data\.s3\n/);
    expect(out).toMatch(/✓ kept: in s3 lumen-card-trail, searchable for ever/);
    expect(out).toMatch(/✗ trail lumen-org: does not take eventCategory Data/);
    expect(out).toMatch(/✓ trail card-data/);
    expect(out).not.toMatch(/fix:/);
  });

  it.concurrent('of an event that is lost: the field that loses it, the line that mends it, exit 1', async () => {
    const { code, out } = await trace(exported);
    expect(code).toBe(1);
    expect(out).toMatch(/✗ lost: nothing takes it/);
    expect(out.replace(/\s+/g, ' ')).toMatch(/✗ trail card-data: does not take resources\.ARN arn:aws:s3:::card-exports\/november\.csv/);
    expect(out).toMatch(/fix: aws cloudtrail put-event-selectors --region eu-west-1/);
  });

  it.concurrent('of an event that is not settled: what would settle it, exit 3', async () => {
    const { code, out } = await trace({
      source: 'aws.cloudtrail.data.s3',
      account: '222233334444',
      region: 'eu-west-1',
      fields: { eventName: 'GetObject', 'resources.ARN': 'arn:aws:s3:::sand/x' },
    });
    expect(code).toBe(3);
    expect(out).toMatch(/\? not settled/);
    expect(out).toMatch(/What would settle it:\n {4}cloudtrail:\w+ on .*AccountNotReached/);
  });

  it.concurrent('as JSON: the same as data', async () => {
    const { code, out } = await trace(exported, '--format', 'json');
    const told = JSON.parse(out);
    expect(code).toBe(1);
    expect(told).toMatchObject({
      source: 'aws.cloudtrail.data.s3',
      account: '111122223333',
      region: 'eu-west-1',
      verdict: 'lost',
      event: { eventName: 'GetObject', readOnly: 'true', 'resources.type': 'AWS::S3::Object' },
      places: [{ place: { account: '111122223333', region: 'eu-west-1' }, verdict: 'lost' }],
    });
    expect(told.places[0].steps.find((step: { label: string }) => step.label === 'trail card-data')).toMatchObject({
      passes: 'no',
      fields: ['resources.ARN'],
    });
  });

  it.concurrent('of many events, however they are wrapped: one line for equal ones, the worst exit code', async () => {
    const bridge = {
      version: '0',
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.ec2',
      account: '111122223333',
      detail: runInstances,
    };
    const [file, lines, event] = await Promise.all([
      trace({ Records: [vault, vault, exported, runInstances] }),
      trace(`${JSON.stringify(vault)}\n${JSON.stringify(bridge)}\n`),
      trace(bridge),
    ]);
    expect(file.code).toBe(1);
    expect(file.out).toMatch(/^4 events: 3 kept, 1 lost, 0 not settled\n/);
    expect(file.out).toMatch(/✓ kept +2 +GetObject/);
    expect(lines).toMatchObject({ code: 0, out: expect.stringMatching(/^2 events: 2 kept/) });
    expect(event).toMatchObject({ code: 0, out: expect.stringMatching(/^RunInstances {2}aws\.cloudtrail\.management\n/) });
  });

  it.concurrent('of a delivered file, which is compressed', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'events.json.gz'), gzipSync(JSON.stringify({ Records: [vault] })));
      expect((await viewshed(['trace', 'events.json.gz', '--evidence', estate], { cwd: folder })).code).toBe(0);
    });
  });

  it.concurrent('of a record whose names are hostile prints nothing that a terminal would act on', async () => {
    const { out } = await trace({ ...runInstances, eventName: 'Run\u001b[31mInstances\u202e\u0007', errorCode: '\u001b]0;x\u0007' });
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(out).toContain('\\x1b[31m');
    const json = await trace({ ...runInstances, eventName: 'Run\u202eInstances' }, '--format', 'json');
    expect(json.out).not.toContain('\u202e');
    expect(JSON.parse(json.out).event.eventName).toBe('Run\u202eInstances');
  });

  it.concurrent.each<[string, unknown, RegExp]>([
    ['nothing', '', /standard input: is empty/],
    ['text', 'not json', /standard input: is not JSON \(line 1, column \d+\)|standard input: is not JSON/],
    ['a record cut off', '{"eventVersion": "1.08", "eventSource"', /standard input: is not JSON/],
    ['a line that is not JSON', `${JSON.stringify(vault)}\n{oops}\n`, /standard input:2: is not JSON/],
    ['an empty list', [], /holds no event/],
    ['another EventBridge event', { detail: { severity: 5 } }, /is an EventBridge event, but its detail is not a CloudTrail record/],
    [
      'a record without a name',
      { eventVersion: '1.08', eventSource: 'x', awsRegion: 'eu-west-1' },
      /is not a CloudTrail record: eventName/,
    ],
    ['a stated event without fields', { source: 'aws.cloudtrail.management' }, /fields: .*an event is a CloudTrail record or \{"source"/],
    ['an unknown source', { source: 'aws.nothing', fields: {} }, /no log source "aws\.nothing"/],
  ])('of %s: one line, exit 2', async (_, value, says) => {
    const { code, out, err } = await trace(value);
    expect(err).toMatch(says);
    expect([code, out, err.trimEnd().split('\n').length]).toEqual([2, '', 1]);
  });
});
