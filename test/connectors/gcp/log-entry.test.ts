import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EntryEvent, findEntries, readLogEntry } from '../../../connectors/gcp/log-entry.ts';
import { loadRules } from '../../../src/needs/rules.ts';

const { sources } = loadRules();
const read = (entry: unknown) => readLogEntry(entry, sources.values());
const audit = (log: string, payload: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  logName: `projects/card-vault/logs/cloudaudit.googleapis.com%2F${log}`,
  protoPayload: { serviceName: 'storage.googleapis.com', methodName: 'storage.objects.get', ...payload },
  resource: { type: 'gcs_bucket', labels: { project_id: 'card-vault' } },
  ...more,
});

describe('a log entry', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['an admin activity', audit('activity', { serviceName: 'iam.googleapis.com' }), ['gcp.audit.admin_activity']],
    ['a read of an object', audit('data_access', {}), ['gcp.audit.data_access.storage']],
    [
      'a data access of a service without a source of its own',
      audit('data_access', { serviceName: 'redis.googleapis.com' }, { resource: { type: 'audited_resource' } }),
      ['gcp.audit.data_access.all'],
    ],
    ['a system event', audit('system_event', { serviceName: 'compute.googleapis.com' }), ['gcp.audit.system_event']],
    ['a denial by policy', audit('policy', {}), ['gcp.audit.policy_denied']],
    [
      'a flow',
      {
        logName: 'projects/card-vault/logs/networkmanagement.googleapis.com%2Fvpc_flows',
        jsonPayload: { reporter: 'SRC' },
        resource: { type: 'vpc_flow_logs_config', labels: {} },
      },
      ['gcp.vpc.flowlogs'],
    ],
    [
      'a query of a public zone',
      {
        logName: 'projects/card-vault/logs/dns.googleapis.com%2Fdns_queries',
        jsonPayload: { queryName: 'shop.example.com.' },
        resource: { type: 'dns_query', labels: { source_type: 'internet', target_name: 'shop' } },
      },
      ['gcp.dns.publiczone'],
    ],
    [
      'a query of a network',
      {
        logName: 'projects/card-vault/logs/dns.googleapis.com%2Fdns_queries',
        jsonPayload: { queryName: 'shop.example.com.' },
        resource: { type: 'dns_query', labels: { source_type: 'gce-vm' } },
      },
      ['gcp.dns.query'],
    ],
    [
      'a firewall rule',
      {
        logName: 'projects/card-vault/logs/compute.googleapis.com%2Ffirewall',
        jsonPayload: { disposition: 'DENIED', rule_details: { reference: 'network:core/firewall:deny-ssh' } },
        resource: { type: 'gce_subnetwork', labels: {} },
      },
      ['gcp.firewall.rules'],
    ],
    [
      'a firewall policy',
      {
        logName: 'projects/card-vault/logs/compute.googleapis.com%2Ffirewall',
        jsonPayload: { disposition: 'DENIED', rule_details: { reference: 'network:core/firewallPolicy:45' } },
        resource: { type: 'gce_subnetwork', labels: {} },
      },
      ['gcp.firewall.policy'],
    ],
  ])('of %s is of the source that speaks of it', (_, entry, ids) => {
    expect((read(entry) as EntryEvent).sources).toEqual(ids);
  });

  it('of the audit log of a cluster is told in the words of Kubernetes', () => {
    const asked = (methodName: string, resourceName: string) =>
      read(
        audit(
          'activity',
          { serviceName: 'k8s.io', methodName, resourceName, authenticationInfo: { principalEmail: 'dev@example.com' } },
          { resource: { type: 'k8s_cluster', labels: { project_id: 'card-vault', cluster_name: 'shop', location: 'europe-west1' } } },
        ),
      ) as EntryEvent;
    expect(asked('io.k8s.core.v1.pods.exec.create', 'core/v1/namespaces/shop/pods/web-1/exec')).toMatchObject({
      sources: ['k8s.gke.audit.admin'],
      fields: {
        verb: 'create',
        'objectRef.resource': 'pods',
        'objectRef.subresource': 'exec',
        'objectRef.namespace': 'shop',
        'user.username': 'dev@example.com',
      },
    });
    expect(
      asked('io.k8s.authorization.rbac.v1beta1.clusterrolebindings.delete', 'rbac.authorization.k8s.io/v1beta1/x').fields,
    ).toMatchObject({
      verb: 'delete',
      'objectRef.resource': 'clusterrolebindings',
    });
  });

  it('belongs to the project, folder or organization of its log; a project by number is the one that its labels name', () => {
    const of = (container: string) =>
      read(audit('activity', {}, { logName: `${container}/logs/cloudaudit.googleapis.com%2Factivity` })) as EntryEvent;
    expect(of('projects/example.com:old').account).toBe('example.com:old');
    expect(of('folders/2').account).toBe('folders/2');
    expect(of('organizations/1').account).toBe('organizations/1');
    expect(of('projects/481200000011')).toMatchObject({
      account: 'card-vault',
      fields: { logName: 'projects/card-vault/logs/cloudaudit.googleapis.com%2Factivity' },
      notes: [expect.stringContaining('by its number 481200000011')],
    });
  });

  it('tells the kind of permission only where all of its permissions are of one', () => {
    const needing = (...types: (string | undefined)[]) =>
      read(audit('data_access', { authorizationInfo: types.map((permissionType) => ({ permissionType })) })) as EntryEvent;
    expect(needing('DATA_READ').fields.logType).toBe('DATA_READ');
    expect(needing('DATA_READ', 'DATA_READ').fields.logType).toBe('DATA_READ');
    expect(needing(undefined).fields.logType).toBeUndefined();
    // A data access with the permission of a change tells nothing.
    expect(needing('ADMIN_WRITE').fields.logType).toBeUndefined();
    const two = needing('DATA_READ', 'ADMIN_READ');
    expect(two.fields.logType).toBeUndefined();
    expect(two.notes[0]).toMatch(/permissions of ADMIN_READ and DATA_READ/);
  });

  it('without a severity has the default one, as JSON leaves it out', () => {
    expect((read(audit('activity', {})) as EntryEvent).fields.severity).toBe('DEFAULT');
    expect((read(audit('activity', {}, { severity: 'ERROR' })) as EntryEvent).fields.severity).toBe('ERROR');
  });

  it('is found in whatever it comes in, and in nothing else', () => {
    const entry = audit('activity', {});
    const data = Buffer.from(JSON.stringify(entry)).toString('base64');
    for (const wrapped of [
      entry,
      [entry],
      { entries: [entry] },
      { message: { data } },
      { receivedMessages: [{ ackId: 'x', message: { data } }] },
      { specversion: '1.0', data: entry },
    ])
      expect(findEntries(wrapped)).toEqual([entry]);
    for (const other of [null, 1, 'x', [], {}, { data: 'not base64' }, { message: {} }, [entry, {}], { eventVersion: '1.08' }])
      expect(findEntries(other)).toBeUndefined();
  });

  it('of any shape is read or told off in one line, without a throw', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.string(), fc.string(), (value, log, key) => {
        for (const entry of [
          value,
          { logName: log, jsonPayload: value },
          { logName: `projects/p/logs/${log}`, protoPayload: { [key]: value } },
          audit('data_access', { authorizationInfo: value, [key]: value }, { resource: value }),
        ]) {
          findEntries(entry);
          const found = read(entry);
          if (typeof found === 'string') expect(found.split('\n').length).toBeGreaterThan(0);
          else expect(found.sources.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
