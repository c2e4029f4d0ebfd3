import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type GcpReplay, startGcpReplay } from '../../connectors/gcp/replay/server.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { inFolder, viewshed } from './cli.ts';
import { serveEstate } from './estate.ts';

const own = (op: string, args: Record<string, unknown>, body: unknown): EvidenceRecord => ({
  v: 1,
  provider: 'gcp',
  account: 'card-vault',
  service: 'cloudresourcemanager',
  op,
  args,
  at: '2026-11-21T12:00:00Z',
  body,
});
const records = [
  own('projects.get', { name: 'projects/card-vault' }, { name: 'projects/481200000011', projectId: 'card-vault', state: 'ACTIVE' }),
  own('projects.getAncestry', { projectId: 'card-vault' }, { ancestor: [{ resourceId: { type: 'project', id: 'card-vault' } }] }),
];

let google: GcpReplay;
let gcpEnv: Readonly<Record<string, string>>;
beforeAll(async () => {
  google = await startGcpReplay(records);
  gcpEnv = { VIEWSHED_GCP_ENDPOINT: google.url, GOOGLE_OAUTH_ACCESS_TOKEN: 'example' };
});
afterAll(() => google.close());

const evidenceOf = (folder: string) =>
  readFileSync(join(folder, 'e.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EvidenceRecord);

describe('collect from Google Cloud', () => {
  it('reads it alone where a flag asks for it alone, with no AWS credentials', async () => {
    await inFolder(async (folder) => {
      const { code, err } = await viewshed(['collect', '--gcp-project', 'card-vault', '--export', 'e.ndjson'], {
        cwd: folder,
        env: { ...gcpEnv, HOME: folder },
      });
      expect([0, 3], err).toContain(code);
      expect(err).toMatch(/^1 of 1 account reached/);
      const found = evidenceOf(folder);
      expect(new Set(found.map((record) => record.provider))).toEqual(new Set(['gcp']));
      expect(found.map((record) => record.op)).toEqual(expect.arrayContaining(['projects.get', 'projects.getAncestry']));
    });
  });

  it('reads both where the configuration names both; one without credentials is told and does not lose the other', async () => {
    const { replay, env } = await serveEstate();
    try {
      await inFolder(async (folder) => {
        writeFileSync(
          join(folder, 'viewshed.yaml'),
          'aws:\n  organization: false\n  regions: [eu-west-1]\ngcp:\n  projects: [card-vault]\n',
        );
        const both = await viewshed(['collect', '--export', 'e.ndjson'], { cwd: folder, env: { ...env, ...gcpEnv } });
        expect([0, 3], both.err).toContain(both.code);
        expect(new Set(evidenceOf(folder).map((record) => record.provider))).toEqual(new Set(['aws', 'gcp']));

        const asked = ['--store', 'half.db', '--export', 'e.ndjson'];
        const half = await viewshed(['collect', ...asked], { cwd: folder, env: { ...env, HOME: folder } });
        expect(half.code, half.err).toBe(3);
        expect(half.err).toMatch(
          /gcp was not read: no Google Cloud credentials: .*add gcp with: viewshed collect --store half\.db --export e\.ndjson --resume/,
        );
        expect(evidenceOf(folder).filter((record) => record.provider === 'aws').length).toBeGreaterThan(20);

        const before = replay.count();
        const rest = await viewshed(['collect', ...asked, '--resume'], { cwd: folder, env: { ...env, ...gcpEnv } });
        expect([0, 3], rest.err).toContain(rest.code);
        expect(rest.err).not.toContain('was not read');
        expect(evidenceOf(folder).some((record) => record.op === 'projects.getAncestry')).toBe(true);
        expect(replay.count() - before).toBeLessThan(5);

        const scan = await viewshed(['scan', '--store', 'third.db', '--fail-on', 'never', '--format', 'json'], {
          cwd: folder,
          env: { ...env, HOME: folder },
        });
        expect(scan.code, scan.err).toBe(3);
        const { estate } = JSON.parse(scan.out) as { estate: { accounts: { provider: string; id: string; state: string }[] } };
        expect(estate.accounts.find((account) => account.provider === 'gcp')).toMatchObject({ id: 'card-vault', state: 'denied' });
      });
    } finally {
      await replay.close();
    }
  });

  it('without credentials anywhere says so in one line', async () => {
    await inFolder(async (folder) => {
      const { code, out, err } = await viewshed(['scan', '--gcp-organization', '33'], { cwd: folder, env: { HOME: folder } });
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/^viewshed: no Google Cloud credentials: sign in \(gcloud auth application-default login\)/);
      expect(err.trim().split('\n')).toHaveLength(1);
    });
  });
});

describe('plan and permissions', () => {
  it('count what Google Cloud is asked, alone and beside AWS', async () => {
    const [alone, both, text] = await Promise.all([
      viewshed(['plan', '--gcp-project', 'card-vault,ledger-prod', '--format', 'json']),
      viewshed(['plan', '--gcp-project', 'card-vault', '--account', '111122223333', '--region', 'eu-west-1', '--format', 'json']),
      viewshed(['plan', '--gcp-organization', '33']),
    ]);
    const plan = JSON.parse(alone.out);
    expect(plan).toMatchObject({ provider: 'gcp', accounts: 2, regions: ['global'] });
    expect(plan.callsByService.cloudresourcemanager).toBeGreaterThanOrEqual(2);
    expect(plan.permissions['resourcemanager.projects.get']).toBeDefined();
    const { clouds, calls } = JSON.parse(both.out) as { calls: number; clouds: { provider: string; calls: number }[] };
    expect(clouds.map((one) => one.provider)).toEqual(['aws', 'gcp']);
    expect(clouds.reduce((sum, one) => sum + one.calls, 0)).toBe(calls);
    expect(text.out).toMatch(/calls? for certain in 1 of Google Cloud's projects, folders and organizations \(the organization alone/);
  });

  it('print the role for Google Cloud', async () => {
    const [role, json, wrong] = await Promise.all([
      viewshed(['permissions', 'gcp', '--gcp-organization', '33']),
      viewshed(['permissions', 'gcp', '--format', 'json', '--gcp-project', 'card-vault']),
      viewshed(['permissions', 'gcp', '--format', 'cloudformation']),
    ]);
    expect(role.code, role.err).toBe(0);
    expect(parse(role.out).includedPermissions).toEqual(
      expect.arrayContaining(['cloudasset.assets.searchAllResources', 'resourcemanager.projects.get']),
    );
    expect(role.out).toContain('gcloud organizations add-iam-policy-binding 33');
    expect(JSON.parse(json.out).includedPermissions).not.toContain('resourcemanager.organizations.get');
    expect(json.err).toContain('gcloud projects add-iam-policy-binding card-vault');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('--format takes one of gcloud, terraform, json for gcp')]);
  });

  it.each([
    ['--gcp-organization example.com', /--gcp-organization takes an organization id of digits, not "example\.com"/],
    ['--gcp-project CardVault', /--gcp-project takes a project id such as card-vault, not "CardVault"/],
    ['--gcp-project projects/card-vault', /--gcp-project takes a project id/],
    ['--gcp-impersonate nobody', /--gcp-impersonate takes the e-mail address of a service account/],
  ])('refuse %s', async (flags, message) => {
    const { code, err } = await viewshed(['collect', ...flags.split(' ')]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});
