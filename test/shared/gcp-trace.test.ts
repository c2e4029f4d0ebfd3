import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type EntryEvent, findEntries, readLogEntry } from '../../connectors/gcp/log-entry.ts';
import { callTable, readPaths } from '../../connectors/index.ts';
import { type Trace, traceEvent } from '../../src/assess/trace.ts';
import { loadRules } from '../../src/needs/rules.ts';
import type { LogPaths } from '../../src/paths/graph.ts';
import { readNdjson } from '../../src/store/ndjson.ts';
import { EvidenceView } from '../../src/store/view.ts';
import { shared } from '../support/shared.ts';

const folder = shared('logs/cloud-custodian-events/tools/c7n_gcp/tests/data/events');
const rules = loadRules();

interface Genuine {
  readonly file: string;
  readonly entry: Record<string, unknown>;
}
const genuine: readonly Genuine[] =
  folder === undefined
    ? []
    : readdirSync(folder)
        .filter((file) => file.endsWith('.json'))
        .sort()
        .flatMap((file) =>
          (findEntries(JSON.parse(readFileSync(join(folder, file), 'utf8'))) ?? []).map((entry) => ({
            file,
            entry: entry as Genuine['entry'],
          })),
        );

/** The same entry as if it had been written in another project. */
const movedTo = (project: string, entry: Genuine['entry']): unknown => {
  const [, own = ''] = /^projects\/([^/]+)\//.exec(String(entry.logName)) ?? [];
  return JSON.parse(JSON.stringify(entry).replaceAll(own, project));
};

describe.skipIf(folder === undefined)('genuine audit log entries of Google Cloud', () => {
  let paths: LogPaths;
  beforeAll(async () => {
    const evidence = [];
    for await (const record of readNdjson(join(import.meta.dirname, '../../examples/estate/evidence.ndjson'))) evidence.push(record);
    paths = readPaths(new EvidenceView(evidence, callTable), '2026-11-21T12:00:00.000Z');
  });
  const traced = (project: string, entry: Genuine['entry']): Trace => {
    const read = readLogEntry(movedTo(project, entry), rules.sources.values());
    if (typeof read === 'string') throw new Error(read);
    return traceEvent(paths, rules, {
      source: read.sources[0] as string,
      account: read.account,
      variants: [read.fields],
      notes: read.notes,
      whole: true,
    });
  };
  const of = (log: string) => genuine.filter(({ entry }) => String(entry.logName).endsWith(log));

  it('are all read: one source each, of the log that they were written to', () => {
    expect(genuine.length).toBeGreaterThan(40);
    for (const { file, entry } of genuine) {
      const read = readLogEntry(entry, rules.sources.values()) as EntryEvent;
      expect(read, file).toMatchObject({ account: /^projects\/([^/]+)/.exec(String(entry.logName))?.[1] });
      expect(read.sources, file).toEqual([
        String(entry.logName).endsWith('activity')
          ? expect.stringMatching(/^(gcp\.audit\.admin_activity|k8s\.gke\.)/)
          : expect.stringMatching(/^gcp\.audit\.data_access\./),
      ]);
    }
  });

  it('of admin activity go to the bucket of the organization’s sink, and to _Required', () => {
    const activity = of('activity').filter(({ entry }) => (entry.protoPayload as { serviceName: string }).serviceName !== 'k8s.io');
    expect(activity.length).toBeGreaterThan(20);
    for (const { file, entry } of activity) {
      const found = traced('lumen-warehouse', entry);
      expect([found.verdict, found.because], file).toEqual(['kept', 'in log-bucket central, searchable 400 days']);
      const sinks = found.places[0]?.steps.flatMap((step) => step.next.map((next) => [next.label, next.passes] as const));
      expect(sinks, file).toEqual(
        expect.arrayContaining([
          ['sink central of organizations/481516234200', 'yes'],
          ['sink _Required', 'yes'],
          ['sink _Default', 'no'],
        ]),
      );
    }
  });

  it('of a cluster, in a project where nothing of GKE is switched on, cannot have been written', () => {
    const clusters = of('activity').filter(({ entry }) => (entry.protoPayload as { serviceName: string }).serviceName === 'k8s.io');
    expect(clusters.length).toBeGreaterThan(0);
    for (const { file, entry } of clusters) {
      const found = traced('lumen-warehouse', entry);
      expect([found.source, found.verdict], file).toEqual(['k8s.gke.audit.admin', 'unsettled']);
      expect(found.because, file).toMatch(/switched off in lumen-warehouse/);
    }
  });

  it('of data access that nobody switched on are lost; where a policy may not be read, it is not settled', () => {
    const access = of('data_access').filter(
      ({ entry }) => (entry.protoPayload as { serviceName: string }).serviceName === 'compute.googleapis.com',
    );
    expect(access.length).toBeGreaterThan(10);
    for (const { file, entry } of access) {
      const found = traced('lumen-warehouse', entry);
      expect([found.verdict, found.places[0]?.steps[0]?.passes], file).toEqual(['lost', 'no']);
      expect(found.places[0]?.steps[0]?.label, file).toMatch(/^Data Access audit configuration/);
      expect(traced('lumen-analytics', entry).verdict, file).toBe('unsettled');
    }
  });
});
