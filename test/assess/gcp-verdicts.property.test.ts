import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containerRecords, gcpVerdicts, inError, LOGS, ORGANIZATION, PROJECT, type Sink, WRITER } from '../support/gcp-estate.ts';

const FOLDER = 'folders/7';
const types = fc.subarray(['ADMIN_READ', 'DATA_READ', 'DATA_WRITE']);
const members = fc.subarray(['user:ana@example.com', 'serviceAccount:etl@pay-prod.iam.gserviceaccount.com', 'group:ops@example.com'], {
  maxLength: 2,
});
const auditConfigs = fc.array(
  fc.record({
    service: fc.constantFrom('allServices', 'storage.googleapis.com', 'iam.googleapis.com'),
    auditLogConfigs: fc.tuple(types, members).map(([some, exemptedMembers]) => some.map((logType) => ({ logType, exemptedMembers }))),
  }),
  { maxLength: 2 },
);
const FILTERS = [
  '',
  'LOG_ID("cloudaudit.googleapis.com/data_access")',
  'protoPayload.serviceName="storage.googleapis.com"',
  'severity>=ERROR',
  'NOT resource.type="gcs_bucket"',
];
const exclusions = fc.array(
  fc.record({ name: fc.constant('some'), filter: fc.constantFrom(...FILTERS.slice(1), 'sample(insertId, 0.5)'), disabled: fc.boolean() }),
  { maxLength: 1 },
);
const DESTINATIONS = [
  `logging.googleapis.com/projects/${LOGS}/locations/eu/buckets/audit`,
  `logging.googleapis.com/projects/${LOGS}`,
  `logging.googleapis.com/projects/${PROJECT}/locations/global/buckets/_Default`,
];
const sink: fc.Arbitrary<Sink> = fc.record({
  name: fc.constantFrom('one', 'two'),
  destination: fc.constantFrom(...DESTINATIONS),
  filter: fc.constantFrom(...FILTERS),
  exclusions,
  disabled: fc.boolean(),
  includeChildren: fc.boolean(),
  interceptChildren: fc.constant(false),
  writerIdentity: fc.constantFrom(WRITER, 'serviceAccount:nobody@example.iam.gserviceaccount.com'),
});
const above = sink.chain((one) =>
  fc.boolean().map((interceptChildren): Sink => (one.destination === DESTINATIONS[1] ? { ...one, interceptChildren } : one)),
);
const level = fc.record({ auditConfigs, sinks: fc.array(above, { maxLength: 2 }) });
const estate = fc
  .record({
    organization: level,
    folder: level,
    project: fc.record({ auditConfigs, sinks: fc.array(sink, { maxLength: 1 }), days: fc.constantFrom(30, 400), standard: exclusions }),
  })
  .map(({ organization, folder, project }) => [
    ...containerRecords({ account: ORGANIZATION, ...unique(organization) }),
    ...containerRecords({ account: FOLDER, parent: ORGANIZATION, ...unique(folder) }),
    ...containerRecords({
      account: PROJECT,
      parent: FOLDER,
      ...unique(project),
      standard: { exclusions: project.standard },
      buckets: [{ name: '_Default', retentionDays: project.days }],
    }),
    ...containerRecords({
      account: LOGS,
      number: '481200000112',
      parent: ORGANIZATION,
      bindings: [
        { role: 'roles/logging.admin', members: [WRITER] },
        { role: 'roles/logging.bucketWriter', members: [WRITER] },
      ],
      buckets: [{ name: 'audit', location: 'eu', retentionDays: 400, locked: true }],
    }),
  ]);

function unique<T extends { sinks: Sink[] }>(spec: T): T {
  return { ...spec, sinks: [...new Map(spec.sinks.map((one) => [one.name, one])).values()] };
}

const need = fc.record({
  source: fc.constantFrom(
    'gcp.audit.data_access.storage',
    'gcp.audit.data_access.all',
    'gcp.audit.admin_activity',
    'gcp.audit.policy_denied',
  ),
  retain: fc.constantFrom(undefined, '90d', '365d'),
  reach: fc.constantFrom(undefined, 'audit'),
});

const RUNS = { numRuns: 40 };
const ALLOWED: Record<string, string[]> = {
  covered: ['covered', 'unknown'],
  // What one answer does not show may still be lost for certain by another.
  missing: ['missing', 'partial', 'unknown'],
  partial: ['partial', 'unknown'],
  unknown: ['unknown'],
};
const verdictOf = (records: Parameters<typeof gcpVerdicts>[0], one: object) =>
  gcpVerdicts(records, [{ id: 'n', ...one }]).get('n')?.verdict as string;

describe('verdicts on random estates', () => {
  test('an answer turned into an error only moves a verdict towards unknown', () => {
    fc.assert(
      fc.property(
        estate,
        need,
        fc.nat(),
        fc.constantFrom('PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE'),
        (records, one, at, code) => {
          const index = at % records.length;
          const changed = records.map((record, position) => (position === index ? inError(record, code) : record));
          const [before, after] = [verdictOf(records, one), verdictOf(changed, one)];
          expect(ALLOWED[before], `${before} became ${after}: ${records[index]?.op} of ${records[index]?.account}`).toContain(after);
        },
      ),
      RUNS,
    );
  });

  test('an answer that was never asked for only moves a verdict towards unknown', () => {
    fc.assert(
      fc.property(estate, need, fc.nat(), (records, one, at) => {
        const index = at % records.length;
        // A project that nothing names is another question.
        if (records[index]?.op.endsWith('.get')) return;
        const [before, after] = [
          verdictOf(records, one),
          verdictOf(
            records.filter((_, position) => position !== index),
            one,
          ),
        ];
        const says = `${before} became ${after}: ${records[index]?.op} of ${records[index]?.account}`;
        // Exclusions of the _Default sink are listed with it, too.
        if (records[index]?.op.endsWith('exclusions.list')) return;
        expect(ALLOWED[before], says).toContain(after);
      }),
      RUNS,
    );
  });

  test('the order of the answers never matters', () => {
    fc.assert(
      fc.property(estate, need, (records, one) => {
        expect(verdictOf(records.toReversed(), one)).toBe(verdictOf(records, one));
      }),
      { ...RUNS, numRuns: 20 },
    );
  });
});
