import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { enterGcpReplay } from '../connectors/gcp/replay/environment.ts';
import { startGcpReplay } from '../connectors/gcp/replay/server.ts';
import { assess, collect, InputError, readEvidence, render, trace } from '../src/index.ts';
import { estate, inFolder } from './cli/cli.ts';
import { serveEstate } from './cli/estate.ts';

const asOf = '2026-11-21T12:00:00Z';
const model = {
  version: 1 as const,
  system: 'Cards',
  threats: [
    {
      id: 'read',
      title: 'Cards are read',
      needs: [
        {
          source: 'aws.cloudtrail.data.s3',
          where: { eventName: 'GetObject' },
          at: { account: '111122223333', region: 'eu-west-1' },
          retain: '90d',
        },
      ],
    },
  ],
};

describe('the library', () => {
  it('judges files and records alike, and renders every report', async () => {
    const records = await readEvidence([estate]);
    const [fromFile, fromRecords] = await Promise.all([
      assess({ evidence: estate, models: [model], asOf }),
      assess({ evidence: records, models: [model], asOf }),
    ]);
    expect(fromFile).toEqual(fromRecords);
    expect(fromFile.needs.map((need) => [need.threat, need.verdict, need.retention.requiredDays])).toEqual([['read', 'partial', 90]]);
    expect(JSON.parse(render(fromFile, { format: 'json' }))).toEqual(fromFile);
    expect(render(fromFile, { width: 80 })).toContain('Cards as of 2026-11-21');
    expect(render(fromFile, { format: 'html', evidence: records })).toMatch(/^<!doctype html>/i);
  });

  it('routes one event', async () => {
    const event = {
      source: 'aws.cloudtrail.data.s3',
      account: '111122223333',
      region: 'eu-west-1',
      fields: { eventName: 'GetObject', 'resources.ARN': 'arn:aws:s3:::card-vault/x' },
    };
    expect(await trace(event, { evidence: estate, asOf })).toMatchObject({ verdict: 'kept' });
  });

  it('says in one line what is wrong', async () => {
    const wrong = { ...model, threats: [{ ...model.threats[0], needs: [{ source: 'aws.cloudtrail.data.s3', retain: 'long' }] }] };
    await expect(assess({ evidence: estate, models: [wrong as never], asOf })).rejects.toThrow(/model 1:.*retain/);
    await expect(assess({ evidence: 'nope.ndjson' })).rejects.toThrow(InputError);
    await expect(assess({ evidence: estate, asOf: 'soon' })).rejects.toThrow(/asOf takes a time/);
    expect(() => render({} as never, { format: 'pdf' })).toThrow(/no report called "pdf"/);
  });

  it('collects from Google Cloud alone where that alone is named', async () => {
    const at = { v: 1 as const, provider: 'gcp' as const, account: 'card-vault', service: 'cloudresourcemanager', at: asOf };
    const replay = await startGcpReplay([
      {
        ...at,
        op: 'projects.get',
        args: { name: 'projects/card-vault' },
        body: { name: 'projects/48', projectId: 'card-vault', state: 'ACTIVE' },
      },
      {
        ...at,
        op: 'projects.getAncestry',
        args: { projectId: 'card-vault' },
        body: { ancestor: [{ resourceId: { type: 'project', id: 'card-vault' } }] },
      },
    ]);
    const leave = enterGcpReplay(replay);
    try {
      await inFolder(async (folder) => {
        const store = join(folder, 'evidence.db');
        const summary = await collect({ store, gcp: { projects: ['card-vault'] } });
        expect(summary).toMatchObject({ stopped: false, notStarted: [], accounts: { total: 1, reached: 1 } });
        expect((await assess({ evidence: store })).estate.accounts).toMatchObject([
          { provider: 'gcp', id: 'card-vault', state: 'partial' },
        ]);
      });
    } finally {
      leave();
      await replay.close();
    }
  });

  it('collects', async () => {
    const { replay, env } = await serveEstate();
    const before = { ...process.env };
    Object.assign(process.env, env);
    try {
      await inFolder(async (folder) => {
        const store = join(folder, 'evidence.db');
        const summary = await collect({ store, sources: ['aws.cloudtrail.management'], regions: ['eu-west-1'] });
        expect(summary).toMatchObject({ stopped: false, accounts: { total: 5, reached: 4, denied: 1 } });
        expect((await assess({ evidence: store })).estate.accounts).toHaveLength(5);
      });
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
      Object.assign(process.env, before);
      await replay.close();
    }
  });
});
