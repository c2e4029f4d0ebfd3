import { describe, expect, test } from 'vitest';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { judged, modelOf } from '../support/aws-estate.ts';
import { containerRecords, EVERY_TYPE, gcpVerdicts, LOGS, ORGANIZATION, PROJECT, type Sink } from '../support/gcp-estate.ts';

/** Each is a filter that is read; together they are more than can be compared. */
const SERVICE = 'iap.googleapis.com';
const A = `protoPayload.serviceName="${SERVICE}" AND protoPayload.methodName=~"[a-m].{8}$"`;
const B = `protoPayload.serviceName="${SERVICE}" AND protoPayload.methodName=~"[g-z].{8}$"`;
const where = { serviceName: SERVICE };
const NEEDS = [
  { id: 'activity', source: 'gcp.audit.admin_activity' },
  { id: 'objects', source: 'gcp.audit.data_access.storage' },
  { id: 'requests', source: 'gcp.audit.data_access.all', where },
];

function estate(sinks: Sink[], above: Sink[] = []): EvidenceRecord[] {
  return [
    ...containerRecords({ account: ORGANIZATION, auditConfigs: [{ service: 'allServices', auditLogConfigs: EVERY_TYPE }], sinks: above }),
    ...containerRecords({ account: PROJECT, parent: ORGANIZATION, sinks, standard: { disabled: true } }),
    ...containerRecords({ account: LOGS, number: '481200000112', parent: ORGANIZATION }),
  ];
}
const kept = (name: string, filter: string, more: Partial<Sink> = {}): Sink => ({
  name,
  filter,
  destination: `logging.googleapis.com/projects/${PROJECT}/locations/global/buckets/_Default`,
  ...more,
});

describe('filters that are too large to be compared', () => {
  test('of two sinks: not settled where they matter, and judged as ever where they do not', () => {
    const records = estate([kept('a', A), kept('b', B)]);
    const verdicts = gcpVerdicts(records, NEEDS);
    expect([...verdicts].map(([id, need]) => [id, need.verdict])).toEqual([
      ['activity', 'covered'],
      ['objects', 'missing'],
      ['requests', 'unknown'],
    ]);
    expect(verdicts.get('requests')?.unknowns).toContainEqual(expect.objectContaining({ code: 'TooLarge' }));
    const rows = judged(records, modelOf(NEEDS)).inventory.filter((row) => row.scope.account === PROJECT);
    expect(rows.find((row) => row.source === 'gcp.audit.data_access.all')).toMatchObject({
      collection: 'unknown',
      unknowns: expect.arrayContaining([expect.objectContaining({ code: 'TooLarge' })]),
    });
    expect(rows.find((row) => row.source === 'gcp.audit.admin_activity')?.collection).toBe('full');
  });

  test('of one that intercepts: what is below it may lose entries', () => {
    const above = kept('above', A, {
      includeChildren: true,
      interceptChildren: true,
      destination: `logging.googleapis.com/projects/${LOGS}`,
    });
    const verdicts = gcpVerdicts(estate([kept('b', B)], [above]), NEEDS);
    expect(verdicts.get('activity')?.verdict).toBe('covered');
    expect(verdicts.get('requests')?.verdict).not.toBe('covered');
  });

  test('of what a need asks: the need alone', () => {
    const pattern = { methodName: { endsWith: ['x'] }, ...where };
    const verdicts = gcpVerdicts(estate([kept('a', A), kept('b', B)]), [
      { id: 'ends', source: 'gcp.audit.data_access.all', where: pattern },
      { id: 'activity', source: 'gcp.audit.admin_activity', where: { methodName: { endsWith: ['x'] } } },
    ]);
    expect([...verdicts].map(([id, need]) => [id, need.verdict])).toEqual([
      ['ends', 'unknown'],
      ['activity', 'covered'],
    ]);
  });
});
