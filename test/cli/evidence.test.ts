import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { estate, inFolder, viewshed } from './cli.ts';

describe('export and import', () => {
  it('give back what was taken, line by line, privately', async () => {
    await inFolder(async (folder) => {
      const taken = await viewshed(['import', estate, '--scan', 'first'], { cwd: folder });
      expect(taken).toMatchObject({
        code: 0,
        out: '',
        err: expect.stringMatching(/took \d+ records into \.viewshed\/evidence\.db, scan first/),
      });
      const lines = (text: string) =>
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
      const [out, file] = [
        await viewshed(['export'], { cwd: folder }),
        await viewshed(['export', 'again.ndjson', '--scan', 'first'], { cwd: folder }),
      ];
      expect([out.code, file.code]).toEqual([0, 0]);
      expect(lines(out.out)).toEqual(lines(readFileSync(estate, 'utf8')));
      expect(readFileSync(join(folder, 'again.ndjson'), 'utf8')).toBe(out.out);
      expect(statSync(join(folder, 'again.ndjson')).mode & 0o077).toBe(0);
      expect(await viewshed(['import', estate, '--scan', 'first'], { cwd: folder })).toMatchObject({
        code: 2,
        err: expect.stringContaining('already holds a scan "first"'),
      });
      expect(await viewshed(['export', '--scan', 'other'], { cwd: folder })).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('holds no scan "other"'),
      });
    });
  });
});

describe('plan', () => {
  it('tells calls per service, account and region, and the time, without a call', async () => {
    const places = ['--account', '111122223333', '444455556666', '--region', 'eu-west-1', 'us-east-1', 'eu-central-1'];
    const [text, detail, json] = await Promise.all([
      viewshed(['plan', ...places], { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } }),
      viewshed(['plan', ...places, '--detail']),
      viewshed(['plan', ...places, '--format', 'json', '--latency', '200']),
    ]);
    expect([text.code, detail.code, json.code]).toEqual([0, 0, 0]);
    const plan = JSON.parse(json.out);
    const rows: { account: string; region: string; service: string; calls: number; perResource: string[] }[] = plan.rows;
    expect(rows.reduce((sum, row) => sum + row.calls, 0)).toBe(plan.calls);
    expect(rows.filter((row) => row.service === 'cloudtrail' && row.region !== '*')).toHaveLength(6);
    expect(rows.flatMap((row) => row.perResource)).toContain('cloudtrail:GetEventSelectors');
    expect(plan.latencyPerCall).toBe(0.2);
    expect(plan.latencySeconds).toBeCloseTo((plan.calls * 0.2) / 48);
    expect(text.out.replaceAll('\u00a0', ' ')).toMatch(new RegExp(`^${plan.calls} calls for certain in 2 accounts and 3 regions`));
    expect(text.out).toMatch(/^cloudtrail +0 +\d+ +\d+ +GetTrailStatus/m);
    expect(detail.out).toMatch(/^444455556666 +eu-central-1 +cloudtrail +\d+/m);
  });

  it('takes accounts and regions from the newest scan', async () => {
    await inFolder(async (folder) => {
      await viewshed(['import', estate], { cwd: folder });
      const plan = JSON.parse((await viewshed(['plan', '--format', 'json', '--exclude-account', '444455556666'], { cwd: folder })).out);
      expect([plan.accounts, plan.regions]).toEqual([4, ['eu-central-1', 'eu-west-1', 'us-east-1']]);
    });
  });
});

describe('sources', () => {
  it('lists them, and explains one with all that is known of it', async () => {
    const [list, one, json] = await Promise.all([
      viewshed(['sources']),
      viewshed(['sources', 'aws.cloudtrail.data.s3']),
      viewshed(['sources', '--format', 'json']),
    ]);
    expect(list.out).toMatch(/^aws\.cloudtrail\.management +off +CloudTrail management events +cloudtrail:DescribeTrails/m);
    for (const part of [
      'resources.ARN',
      'cloudtrail:GetEventSelectors',
      'aws.s3.accesslogs',
      'Traps',
      'How to turn it on',
      'https://docs.aws.amazon.com/',
    ])
      expect(one.out).toContain(part);
    const all: { id: string; decides: { calls: { permission: string }[] }[] }[] = JSON.parse(json.out);
    expect(all.length).toBe(list.out.trim().split('\n').length - 1);
    expect(
      all.find((source) => source.id === 'aws.lambda.logs')?.decides.flatMap((each) => each.calls.map((call) => call.permission)),
    ).toContain('lambda:ListFunctions');
    expect([list.code, one.code, json.code]).toEqual([0, 0, 0]);
  });
});

describe('permissions', () => {
  it('are printed in every format; what is said beside them goes to stderr', async () => {
    const [json, assume, terraform, template] = await Promise.all([
      viewshed(['permissions', 'aws']),
      viewshed(['permissions', 'aws', '--assume-role', '--role-name', 'audit/Reader', '--source', 'aws.vpc.flowlogs']),
      viewshed(['permissions', 'aws', '--format', 'terraform']),
      viewshed(['permissions', 'aws', '--format', 'cloudformation']),
    ]);
    expect(JSON.parse(json.out)).toMatchObject({ Version: '2012-10-17' });
    expect(json.err).toMatch(/read-only actions.*\n.*sts:AssumeRole on arn:\*:iam::\*:role\/ViewshedReader/);
    const statements: { Action: string[]; Resource: string }[] = JSON.parse(assume.out).Statement;
    expect(statements.find((statement) => statement.Action.includes('sts:AssumeRole'))?.Resource).toBe('arn:*:iam::*:role/audit/Reader');
    expect(statements.flatMap((statement) => statement.Action)).not.toContain('eks:DescribeCluster');
    expect(terraform.out).toContain('resource "aws_iam_policy" "viewshed_reader"');
    expect(template.out).toContain('AWS::IAM::ManagedPolicy');
    expect([json.code, assume.code, terraform.code, template.code]).toEqual([0, 0, 0, 0]);
  });
});
