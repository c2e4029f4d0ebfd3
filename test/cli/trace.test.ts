import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { estate, inFolder, root, viewshed } from './cli.ts';

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

const example = (name: string) => JSON.parse(readFileSync(join(root, 'examples/trace', name), 'utf8'));
const paged = example('table-data-list.json');
const flow = example('vpc-flow.json');
const policySet = {
  protoPayload: {
    '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
    authenticationInfo: { principalEmail: 'admin@lumenpay.example' },
    serviceName: 'cloudresourcemanager.googleapis.com',
    methodName: 'SetIamPolicy',
    resourceName: 'projects/lumen-warehouse',
    authorizationInfo: [{ permission: 'resourcemanager.projects.setIamPolicy', granted: true, permissionType: 'ADMIN_WRITE' }],
  },
  insertId: '-policy1',
  resource: { type: 'project', labels: { project_id: 'lumen-warehouse' } },
  severity: 'NOTICE',
  timestamp: '2026-11-21T03:00:00Z',
  logName: 'projects/lumen-warehouse/logs/cloudaudit.googleapis.com%2Factivity',
};

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

  it.concurrent('of an entry of Google Cloud that an exclusion takes out: the exclusion, each sink with its filter, what mends it', async () => {
    const { code, out, err } = await trace(paged);
    expect([code, err]).toEqual([1, '']);
    const text = out.replace(/\s+/g, ' ');
    expect(out).toMatch(/^google\.cloud\.bigquery\.v2\.TableDataService\.List {2}gcp\.audit\.data_access\.bigquery\n/);
    expect(text).toMatch(/and \d+ fields more ✗ lost: nothing takes it From Data Access audit logs, lumen-warehouse/);
    expect(text).toMatch(
      /✗ sink central of organizations\/481516234200: exclusion preview-pane takes it out: protoPayload\.serviceName="bigquery\.googleapis\.com" AND .*TableDataService\.List" filter: logName:"cloudaudit\.googleapis\.com" fix: gcloud logging sinks update central --remove-exclusions=preview-pane --organization=481516234200/,
    );
    expect(text).toContain('✗ sink _Default: the sink is disabled');
    expect(text).toContain('filter: protoPayload.serviceName="bigquery.googleapis.com" AND protoPayload.methodName:"JobService"');
    expect(text).not.toMatch(/fix: gcloud logging sinks update _Required/);
  });

  it.concurrent('of one that several sinks take: the best place, and the sink that its destination refuses', async () => {
    const { code, out } = await trace(policySet);
    const text = out.replace(/\s+/g, ' ');
    expect(code).toBe(0);
    expect(text).toContain('✓ kept: in log-bucket central, searchable 400 days');
    expect(text).toContain('✗ sink alerts: topic siem-feed of lumen-logs does not let the writer identity');
  });

  it.concurrent('of a flow that a sample decides on: not settled, with the share', async () => {
    const { code, out } = await trace(flow, '--format', 'json');
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({
      source: 'gcp.vpc.flowlogs',
      account: 'lumen-analytics',
      verdict: 'unsettled',
      because: expect.stringMatching(/^chance decides: .* log-bucket lumen-analytics\/_Default, searchable 30 days$/),
      event: { 'connection.dest_port': '443', 'resource.labels.subnetwork_name': 'notebooks' },
      places: [{ steps: [{ passes: 'not-known', sample: 0.5 }] }],
    });
  });

  it.concurrent('of many entries, and beside records of AWS: in a list, by lines, as entries.list and Pub/Sub hand them over', async () => {
    const [list, lines, answer, message] = await Promise.all([
      trace([paged, flow, policySet, policySet]),
      trace([paged, vault, policySet].map((one) => JSON.stringify(one)).join('\n')),
      trace({ entries: [policySet], nextPageToken: 'x' }),
      trace({ message: { data: Buffer.from(JSON.stringify(policySet)).toString('base64'), messageId: '1' }, subscription: 's' }),
    ]);
    expect(list).toMatchObject({ code: 1, out: expect.stringMatching(/^4 events: 2 kept, 1 lost, 1 not settled\n/) });
    expect(lines).toMatchObject({ code: 1, out: expect.stringMatching(/^3 events: 2 kept, 1 lost, 0 not settled\n/) });
    for (const one of [answer, message])
      expect(one).toMatchObject({ code: 0, out: expect.stringMatching(/^SetIamPolicy {2}gcp\.audit\.admin_activity\n/) });
  });

  it.concurrent('of an entry whose names are hostile prints nothing that a terminal would act on', async () => {
    const { out, code } = await trace({
      ...policySet,
      protoPayload: {
        ...policySet.protoPayload,
        methodName: 'Set\u001b[31m\u202e',
        resourceName: '\u0007\u009b',
        __proto__: 1,
        constructor: { x: 'y' },
      },
    });
    expect(code).toBe(0);
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it.concurrent.each<[string, unknown, RegExp]>([
    ['an entry without a log', { protoPayload: { methodName: 'x' } }, /is not a log entry: logName:/],
    ['an entry whose log is no name of one', { ...flow, logName: 'syslog' }, /logName: is not projects\/PROJECT\/logs\/LOG but "syslog"/],
    ['an entry whose payload is text', { ...flow, protoPayload: 'x' }, /is not a log entry: protoPayload:/],
    [
      'an entry of a log that nothing speaks of',
      { logName: 'projects/p/logs/made-up', textPayload: 'x' },
      /is an entry of the log made-up, which no log source speaks of/,
    ],
    ['entries of which one is none', [policySet, { logName: 7 }], /entry 2: is not a log entry: logName:/],
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
    [
      'a stated event without fields',
      { source: 'aws.cloudtrail.management' },
      /fields: .*an event is a CloudTrail record, a Google Cloud log entry or \{"source"/,
    ],
    ['an unknown source', { source: 'aws.nothing', fields: {} }, /no log source "aws\.nothing"/],
  ])('of %s: one line, exit 2', async (_, value, says) => {
    const { code, out, err } = await trace(value);
    expect(err).toMatch(says);
    expect([code, out, err.trimEnd().split('\n').length]).toEqual([2, '', 1]);
  });
});
