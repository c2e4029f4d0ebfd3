import { describe, expect, test } from 'vitest';
import { combined } from '../../../connectors/gcp/audit-config.ts';
import { Policy } from '../../../connectors/gcp/iam-policy.ts';
import { containerRecords, EVERY_TYPE, gcpVerdicts, inError, ORGANIZATION, PROJECT } from '../../support/gcp-estate.ts';

type Configs = { service: string; auditLogConfigs: { logType: string; exemptedMembers?: string[] }[] }[];

function records(organization: Configs, project: Configs = []) {
  return [
    ...containerRecords({ account: ORGANIZATION, auditConfigs: organization }),
    ...containerRecords({ account: PROJECT, parent: ORGANIZATION, auditConfigs: project }),
  ];
}

const reads = { source: 'gcp.audit.data_access.storage', where: { logType: 'DATA_READ' } };
const by = (principalEmail: unknown) => ({ ...reads, where: { ...reads.where, principalEmail } });
const all = (exemptedMembers: string[] = []) => [{ service: 'allServices', auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers }] }];

function verdicts(given: ReturnType<typeof records>, needs: Record<string, object>): Record<string, string> {
  const found = gcpVerdicts(
    given,
    Object.entries(needs).map(([id, need]) => ({ id, ...need })),
  );
  return Object.fromEntries([...found].map(([id, need]) => [id, need.verdict]));
}

describe('the union of audit configurations', () => {
  test('what any level switches on is on, whom any level exempts is exempt', () => {
    const policy = (auditConfigs: Configs) => Policy.parse({ auditConfigs });
    const { general, services } = combined([
      policy([{ service: 'allServices', auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: ['user:ana@example.com'] }] }]),
      policy([{ service: 'storage.googleapis.com', auditLogConfigs: [{ logType: 'DATA_READ' }, { logType: 'DATA_WRITE' }] }]),
      policy([
        { service: 'storage.googleapis.com', auditLogConfigs: [{ logType: 'DATA_WRITE', exemptedMembers: ['user:ben@example.com'] }] },
      ]),
    ]);
    expect(general.DATA_READ).toEqual({ on: true, exempted: new Set(['user:ana@example.com']) });
    expect(general.DATA_WRITE.on).toBe(false);
    expect(services.get('storage.googleapis.com')?.DATA_WRITE).toEqual({ on: true, exempted: new Set(['user:ben@example.com']) });
  });

  test('log types as numbers, as some transports answer them', () => {
    const policy = Policy.parse({ auditConfigs: [{ service: 'allServices', auditLogConfigs: [{ logType: 3 }] }] });
    expect(combined([policy]).general.DATA_READ.on).toBe(true);
  });

  test('an entry of the service does not take back what allServices exempts', () => {
    const given = records(all(['user:ana@example.com']), [
      { service: 'storage.googleapis.com', auditLogConfigs: [{ logType: 'DATA_READ' }] },
    ]);
    expect(verdicts(given, { ana: by('ana@example.com'), ben: by('ben@example.com') })).toEqual({ ana: 'missing', ben: 'covered' });
  });

  test('an exemption of one service holds for that service alone', () => {
    const given = records(all(), [
      { service: 'storage.googleapis.com', auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: ['user:ana@example.com'] }] },
    ]);
    const secrets = { events: 'gcp.secrets.read', where: { principalEmail: 'ana@example.com' } };
    expect(verdicts(given, { ana: by('ana@example.com'), secrets })).toEqual({ ana: 'missing', secrets: 'covered' });
  });
});

describe('members that nobody listed', () => {
  test('a group may hold anybody: nothing is certain, and the group is named', () => {
    const given = records(all(['group:ops@example.com']));
    expect(verdicts(given, { reads })).toEqual({ reads: 'unknown' });
    const need = gcpVerdicts(given, [{ id: 'reads', ...reads }]).get('reads');
    expect(need?.unknowns).toContainEqual(expect.objectContaining({ on: 'group:ops@example.com', code: 'MembersNotRead' }));
  });

  test('a domain may hold those of its name only', () => {
    const given = records(all(['domain:example.com']));
    expect(verdicts(given, { ana: by('ana@example.com'), robot: by('etl@pay-prod.iam.gserviceaccount.com') })).toEqual({
      ana: 'unknown',
      robot: 'covered',
    });
  });

  test('a deleted member may have been made anew', () => {
    const given = records(all(['deleted:serviceAccount:etl@pay-prod.iam.gserviceaccount.com?uid=123']));
    expect(verdicts(given, { robot: by('etl@pay-prod.iam.gserviceaccount.com'), ana: by('ana@example.com') })).toEqual({
      robot: 'unknown',
      ana: 'covered',
    });
  });
});

describe('services', () => {
  const minted = {
    source: 'gcp.audit.data_access.iam',
    where: { serviceName: 'iamcredentials.googleapis.com', methodName: 'GenerateAccessToken' },
  };
  const every = (service: string) => [{ service, auditLogConfigs: EVERY_TYPE }];

  test('tokens are recorded where IAM is configured, and only there', () => {
    expect(verdicts(records(every('iam.googleapis.com')), { minted })).toEqual({ minted: 'covered' });
    expect(verdicts(records(every('allServices')), { minted })).toEqual({ minted: 'covered' });
    expect(verdicts(records(every('iamcredentials.googleapis.com')), { minted })).toEqual({ minted: 'missing' });
    const fix = gcpVerdicts(records([]), [{ id: 'minted', ...minted }]).get('minted')?.fix[0];
    expect(fix).toContain('{service: iam.googleapis.com, auditLogConfigs:');
  });

  test('BigQuery, Admin Activity, System Event and Policy Denied are always on', () => {
    const always = {
      tables: { source: 'gcp.audit.data_access.bigquery' },
      activity: { source: 'gcp.audit.admin_activity' },
      system: { source: 'gcp.audit.system_event' },
      denied: { source: 'gcp.audit.policy_denied' },
    };
    expect(new Set(Object.values(verdicts(records([]), always)))).toEqual(new Set(['covered']));
  });

  test('no API tells whether Access Transparency is on', () => {
    expect(verdicts(records([]), { seen: { source: 'gcp.access_transparency' } })).toEqual({ seen: 'unknown' });
  });

  test('a method of one kind is no event of another', () => {
    const need = gcpVerdicts(records([]), [
      { id: 'odd', source: 'gcp.audit.admin_activity', where: { methodName: 'storage.objects.get' } },
    ]).get('odd');
    expect(need?.verdict).toBe('unobservable');
    expect(need?.because).toContain('storage.googleapis.com with logType DATA_READ');
  });
});

describe('what was refused', () => {
  test('a policy above may exempt anybody: nothing of Data Access is certain but BigQuery, and the permission is named', () => {
    const given = records(all(), all()).map((record) => (record.op === 'organizations.getIamPolicy' ? inError(record) : record));
    expect(verdicts(given, { reads, tables: { source: 'gcp.audit.data_access.bigquery' } })).toEqual({
      reads: 'unknown',
      tables: 'covered',
    });
    expect(gcpVerdicts(given, [{ id: 'reads', ...reads }]).get('reads')?.unknowns).toContainEqual(
      expect.objectContaining({ permission: 'resourcemanager.organizations.getIamPolicy', on: ORGANIZATION, code: 'PERMISSION_DENIED' }),
    );
  });

  test('who is exempt in what was read stays exempt', () => {
    const given = records(all(), all(['user:ana@example.com'])).map((record) =>
      record.op === 'organizations.getIamPolicy' ? inError(record) : record,
    );
    expect(verdicts(given, { ana: by('ana@example.com'), ben: by('ben@example.com') })).toEqual({ ana: 'missing', ben: 'unknown' });
  });

  test('a folder between that nobody described leaves the chain open', () => {
    const given = [
      ...containerRecords({ account: ORGANIZATION, auditConfigs: all() }),
      ...containerRecords({ account: PROJECT, parent: 'folders/7', auditConfigs: all() }),
    ];
    expect(verdicts(given, { reads })).toEqual({ reads: 'unknown' });
  });

  test('a project without an organization inherits nothing', () => {
    const given = containerRecords({ account: PROJECT, auditConfigs: all() });
    expect(verdicts(given, { reads })).toEqual({ reads: 'covered' });
  });
});

test('folders and organizations have no audit logs of services that live in projects', () => {
  const given = records(all());
  const at = { provider: 'gcp', account: ORGANIZATION };
  expect(gcpVerdicts(given, [{ id: 'n', ...reads }], at, 'gcp.organization').get('n')?.verdict).toBe('not-applicable');
});

describe('who is exempt', () => {
  test('in capital letters is exempt in small ones, as entries name them', () => {
    const given = records(all(['user:Ana@Example.com']));
    const asked = { small: by('ana@example.com'), other: by('ben@example.com') };
    expect(verdicts(given, asked)).toEqual({ small: 'missing', other: 'covered' });
  });

  test.each([
    'group:ops@example.com',
    'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*',
    'allUsers',
  ])('as %s may be anybody', (member) => {
    expect(verdicts(records(all([member])), { ana: by('ana@example.com') })).toEqual({ ana: 'unknown' });
  });

  test('as a domain may be anybody of it, and nobody else', () => {
    const asked = { inside: by('ana@example.com'), outside: by('etl@pay-prod.iam.gserviceaccount.com') };
    expect(verdicts(records(all(['domain:example.com'])), asked)).toEqual({ inside: 'unknown', outside: 'covered' });
  });

  test('from BigQuery is not: its log cannot be configured', () => {
    const given = records([
      { service: 'bigquery.googleapis.com', auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: ['user:ana@example.com'] }] },
    ]);
    const asked = { tables: { source: 'gcp.audit.data_access.bigquery', where: { principalEmail: 'ana@example.com' } } };
    expect(verdicts(given, asked)).toEqual({ tables: 'covered' });
  });

  test('at the project, of what the organization switches on for all services', () => {
    const given = records(all(), [
      { service: 'storage.googleapis.com', auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: ['user:ana@example.com'] }] },
    ]);
    const secrets = { source: 'gcp.audit.data_access.secretmanager', where: { logType: 'DATA_READ', principalEmail: 'ana@example.com' } };
    expect(verdicts(given, { files: by('ana@example.com'), secrets })).toEqual({ files: 'missing', secrets: 'covered' });
  });
});
