import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inFolder, viewshed } from './cli.ts';

describe('demo', () => {
  it('shows both clouds, writes the report, and uses no credentials of its own', async () => {
    await inFolder(async (folder) => {
      const { code, out, err } = await viewshed(['demo'], {
        cwd: folder,
        env: {
          AWS_PROFILE: 'no-such-profile',
          AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
          AWS_SESSION_TOKEN: 'mine',
          GOOGLE_APPLICATION_CREDENTIALS: '/no/such/key.json',
          GOOGLE_CLOUD_PROJECT: 'mine',
          VIEWSHED_GCP_ENDPOINT: 'http://127.0.0.1:9',
          HTTPS_PROXY: 'http://127.0.0.1:9',
        },
      });
      expect(code, err).toBe(0);
      expect(out).toContain('Card payments as of 2026-11-21 12:00 UTC');
      expect(out).toContain('10 accounts: 7 scanned, 2 read in part, 1 denied');
      expect(out).toMatch(/missing.*card exports/i);
      expect(out.replace(/\s+/g, ' ')).toMatch(/missing \(high\) An analyst takes card data out of the warehouse · warehouse/);
      expect(err).toMatch(
        /Lumen Pay does not exist: \d+ calls of the AWS and Google Cloud SDKs to 10 accounts and projects were answered by this machine/,
      );
      const report = join(folder, 'viewshed-demo.html');
      expect(out.replace(/\s+/g, '')).toContain(report);
      for (const name of ['card-exports', 'lumen-settlements', 'preview-pane'])
        expect(readFileSync(report, 'utf8').includes(name), name).toBe(true);
      expect(existsSync(join(folder, '.viewshed'))).toBe(false);
    });
  });

  it('is the same every time', async () => {
    await inFolder(async (folder) => {
      const files = ['a.html', 'b.html'];
      const runs = await Promise.all(files.map((file) => viewshed(['demo', '--output', file], { cwd: folder })));
      expect(runs.map((run) => [run.code, run.err.includes('does not exist') ? '' : run.err])).toEqual([
        [0, ''],
        [0, ''],
      ]);
      const [a, b] = runs.map((run, index) => run.out.replaceAll(files[index] as string, 'x.html'));
      expect(a).toBe(b);
    });
  });
});
