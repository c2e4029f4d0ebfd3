import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Replay } from '../../connectors/aws/replay/server.ts';
import { Assessment } from '../../src/model/assessment.ts';
import { inFolder, root, viewshed } from './cli.ts';
import { serveEstate } from './estate.ts';

const payments = join(root, 'examples/estate/payments.yaml');
let replay: Replay;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  ({ replay, env } = await serveEstate());
});
afterAll(() => replay.close());

describe('scan', () => {
  it('collects through the real SDK, judges and reports; evidence and exit code tell the same again without access', async () => {
    await inFolder(async (folder) => {
      const asked = ['--model', payments, '--as-of', '2026-11-21T12:00:00Z', '--format', 'json'];
      const scan = await viewshed(['scan', ...asked, '--export', 'evidence.ndjson.gz'], { cwd: folder, env });
      expect(scan.code, scan.err).toBe(1);
      const assessment = Assessment.parse(JSON.parse(scan.out));
      expect(assessment.summary.accounts).toEqual({ scanned: 3, partial: 1, denied: 1, skipped: 0 });
      expect(assessment.needs.find((need) => need.threat === 'exports-read' || need.asset === 'exports')?.verdict).toBe('missing');
      expect(scan.err).toMatch(/4 of 5 accounts reached, .*denied; evidence in \.viewshed\/evidence\.db, scan /);
      expect(scan.err).toMatch(/missing permissions: .*s3:GetLifecycleConfiguration/);
      expect(replay.unmatched).toEqual([]);

      const store = join(folder, '.viewshed', 'evidence.db');
      expect(statSync(store).mode & 0o077).toBe(0);
      expect(statSync(join(folder, 'evidence.ndjson.gz')).mode & 0o077).toBe(0);
      const lines = gunzipSync(readFileSync(join(folder, 'evidence.ndjson.gz')))
        .toString()
        .trim()
        .split('\n');
      expect(lines.length).toBeGreaterThan(200);

      const count = replay.count();
      const [again, fromFile, highOnly, never] = await Promise.all([
        viewshed(['assess', ...asked], { cwd: folder }),
        viewshed(['assess', '--evidence', 'evidence.ndjson.gz', ...asked], { cwd: folder }),
        viewshed(['assess', ...asked, '--fail-on', 'critical', '--output', 'a.json'], { cwd: folder }),
        viewshed(['assess', '--fail-on', 'never', '--format', 'html', '--output', 'report.html'], { cwd: folder }),
      ]);
      expect(JSON.parse(again.out)).toEqual(JSON.parse(scan.out));
      expect(JSON.parse(fromFile.out).summary).toEqual(JSON.parse(scan.out).summary);
      expect([again.code, fromFile.code, highOnly.code, never.code]).toEqual([1, 1, 1, 0]);
      expect(JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8'))).toEqual(JSON.parse(scan.out));
      expect(readFileSync(join(folder, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
      expect(replay.count()).toBe(count);
    });
  });

  it('takes the accounts, regions and sources that it is told', async () => {
    await inFolder(async (folder) => {
      const { code, err } = await viewshed(
        ['collect', '--account', '111122223333', '--region', 'eu-west-1', '--source', 'aws.vpc.flowlogs', '--export', 'e.ndjson'],
        { cwd: folder, env },
      );
      // The bucket of the flow logs belongs to an account that was not to be taken: what it keeps was refused.
      expect(code, err).toBe(3);
      const records = readFileSync(join(folder, 'e.ndjson'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const regional = records.filter((record) => record.service === 'ec2');
      expect(new Set(regional.map((record) => `${record.account} ${record.region}`))).toEqual(new Set(['111122223333 eu-west-1']));
      expect(records.some((record) => record.service === 'eks' || record.service === 'lambda')).toBe(false);
    });
  });

  it('without credentials says so in one line', async () => {
    await inFolder(async (folder) => {
      const { code, out, err } = await viewshed(['scan'], { cwd: folder, env: { AWS_ENDPOINT_URL: replay.url, HOME: folder } });
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/^viewshed: no AWS credentials/);
      expect(err.trim().split('\n')).toHaveLength(1);
    });
  });

  it('that cannot reach AWS says so in one line', async () => {
    await inFolder(async (folder) => {
      const { code, err } = await viewshed(['collect'], { cwd: folder, env: { ...env, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } });
      expect(code).toBe(2);
      expect(err).toMatch(/^viewshed: AWS cannot be reached/);
    });
  });
});

describe('Ctrl-C', () => {
  it('stops cleanly, says how to go on, and nothing that was answered is asked again', async () => {
    const slow = await serveEstate({ latencyMs: 25 });
    try {
      await inFolder(async (folder) => {
        const asked = ['collect', '--concurrency', '4', '--role-name', 'ViewshedReader'];
        let sent = false;
        let kill: ((signal: NodeJS.Signals) => void) | undefined;
        const watch = setInterval(() => {
          if (sent || slow.replay.count() <= 60) return;
          sent = true;
          kill?.('SIGINT');
        }, 5);
        const first = await viewshed(asked, {
          cwd: folder,
          env: slow.env,
          onStart: (given) => {
            kill = given;
          },
        });
        clearInterval(watch);
        expect(sent).toBe(true);
        expect(first.code, first.err).toBe(3);
        expect(first.err).toMatch(
          /stopped; what was answered is kept\. Go on with: viewshed collect --concurrency 4 --role-name ViewshedReader --resume\n$/,
        );

        const keyOf = (one: Replay['requests'][number]) =>
          JSON.stringify([one.service, one.op, one.account, one.region, one.args, one.page]);
        const kept = await viewshed(['export'], { cwd: folder });
        const answered = kept.out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        expect(answered.length).toBeGreaterThan(10);
        const before = slow.replay.requests.length;
        const second = await viewshed([...asked, '--resume'], { cwd: folder, env: slow.env });
        expect(second.err).toMatch(/answers kept from before/);
        const askedAgain = new Set(slow.replay.requests.slice(before).map(keyOf));
        // Who we are and the roles are asked of every process anew.
        const finished = answered.filter((record) => record.service !== 'sts' && record.body !== undefined);
        const repeated = finished.filter((record) =>
          askedAgain.has(
            JSON.stringify([record.service, record.op, record.account, record.region ?? 'us-east-1', record.args, record.page ?? 0]),
          ),
        );
        expect(repeated).toEqual([]);
        const all = await viewshed(['export'], { cwd: folder });
        expect(all.out.trim().split('\n').length).toBeGreaterThan(answered.length);
      });
    } finally {
      await slow.replay.close();
    }
  });
});
