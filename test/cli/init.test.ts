import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { settingsOf } from '../../src/cli/settings.ts';
import { Config, configSchema } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { configText } from '../../src/config/template.ts';
import { inFolder, viewshed } from './cli.ts';

describe('init', () => {
  it('writes a configuration that is read back, and never over another one', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'viewshed.yaml');
      expect(await viewshed(['init'], { cwd: folder })).toMatchObject({
        code: 0,
        out: '',
        err: expect.stringContaining('wrote viewshed.yaml'),
      });
      expect(loadConfig(undefined, folder).config).toMatchObject({
        version: 1,
        aws: { organization: true, role: { name: 'ViewshedReader' } },
        failOn: 'low',
        maxUnknown: 0,
      });
      expect(readFileSync(path, 'utf8')).toMatch(/^# yaml-language-server: \$schema=.*viewshed-config\.schema\.json\n/);
      writeFileSync(path, 'version: 1\n');
      expect((await viewshed(['init'], { cwd: folder })).code).toBe(2);
      expect(readFileSync(path, 'utf8')).toBe('version: 1\n');
      expect((await viewshed(['init', '--force'], { cwd: folder })).code).toBe(0);
      expect(readFileSync(path, 'utf8')).toBe(configText(folder));
      expect(statSync(path).size).toBeGreaterThan(500);
    });
  });

  it('every line that is commented out is right when it is not', () => {
    const text = configText('/').replace(/^(\s*)# (\w+:|  \w+:)/gm, '$1$2');
    const config = Config.parse(parse(text));
    expect(config).toMatchObject({
      models: ['threats/payments.yaml'],
      sources: ['aws.cloudtrail.management', 'aws.vpc.flowlogs'],
      concurrency: 48,
      report: { format: 'terminal' },
      aws: {
        profile: 'audit',
        accounts: ['111122223333'],
        excludeAccounts: ['444455556666'],
        regions: ['eu-west-1', 'us-east-1'],
        role: { externalId: 'an-external-id', sessionName: 'viewshed' },
      },
    });
    // Every key of the configuration is shown.
    for (const key of Object.keys(Config.shape)) expect(config).toHaveProperty(key);
  });

  it('has a JSON Schema that describes every key', () => {
    const schema = JSON.parse(configSchema());
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual(Object.keys(Config.shape));
    for (const property of Object.values<{ description?: string }>(schema.properties)) expect(property.description).toMatch(/\.|Default/);
    expect(schema.required ?? []).not.toContain('version');
  });
});

describe('configuration', () => {
  const text = [
    'models: [threats/payments.yaml]',
    'store: data/evidence.db',
    'failOn: high',
    'maxUnknown: 3',
    'concurrency: 7',
    'report: {format: json, output: out/report.json}',
    'aws: {profile: audit, regions: [eu-west-1], accounts: ["111122223333"], role: {name: Reader, externalId: example-id}}',
  ].join('\n');

  it('is taken from the folder, its paths are its own, and flags go before it', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'viewshed.yaml'), text);
      const settings = settingsOf({}, { cwd: folder });
      expect(settings).toMatchObject({
        models: ['threats/payments.yaml'],
        store: 'data/evidence.db',
        failOn: 'high',
        maxUnknown: 3,
        concurrency: 7,
        format: 'json',
        aws: { profile: 'audit', regions: ['eu-west-1'], accounts: ['111122223333'], role: { name: 'Reader', externalId: 'example-id' } },
      });
      const flagged = settingsOf(
        {
          model: ['a.yaml'],
          store: 'b.db',
          failOn: 'never',
          maxUnknown: '0',
          concurrency: '9',
          format: 'html',
          region: ['us-east-1,eu-west-2'],
          account: ['444455556666'],
          profile: 'other',
          roleName: 'X',
          organization: false,
        },
        { cwd: folder },
      );
      expect(flagged).toMatchObject({
        models: ['a.yaml'],
        store: 'b.db',
        failOn: 'never',
        maxUnknown: 0,
        concurrency: 9,
        format: 'html',
        aws: {
          profile: 'other',
          regions: ['us-east-1', 'eu-west-2'],
          accounts: ['444455556666'],
          organization: false,
          role: { name: 'X', externalId: 'example-id' },
        },
      });
      const elsewhere = settingsOf({ config: join(folder, 'viewshed.yaml') }, { cwd: '/' });
      expect(elsewhere.models[0]).toMatch(/viewshed-test-.*\/threats\/payments\.yaml$/);
    });
  });

  it('of comments alone is none; none is the defaults', async () => {
    await inFolder(async (folder) => {
      const without = settingsOf({}, { cwd: folder });
      expect(without).toMatchObject({
        configFile: undefined,
        models: [],
        store: '.viewshed/evidence.db',
        failOn: 'low',
        maxUnknown: 0,
        format: 'terminal',
        concurrency: undefined,
      });
      mkdirSync(join(folder, 'sub'));
      writeFileSync(join(folder, 'sub', 'viewshed.yaml'), '# nothing yet\nversion: 1\n');
      expect(settingsOf({}, { cwd: join(folder, 'sub') })).toMatchObject({ failOn: 'low', models: [] });
    });
  });

  it('decides what a command does', async () => {
    await inFolder(async (folder) => {
      writeFileSync(
        join(folder, 'viewshed.yaml'),
        'aws: {accounts: ["111122223333"], regions: [eu-west-1]}\nsources: [aws.cloudtrail.management]\n',
      );
      const { code, out } = await viewshed(['plan', '--format', 'json'], { cwd: folder });
      expect(code).toBe(0);
      const plan = JSON.parse(out);
      expect([plan.accounts, plan.regions]).toEqual([1, ['eu-west-1']]);
      expect(Object.keys(plan.callsByService)).not.toContain('eks');
      expect(new Set(plan.rows.map((row: { account: string }) => row.account))).toEqual(new Set(['111122223333']));
    });
  });
});
