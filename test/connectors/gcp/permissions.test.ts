import { parse } from '@cdktf/hcl2json';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { discoveryCalls } from '../../../connectors/gcp/hierarchy.ts';
import { permissionsOf, printRole } from '../../../connectors/gcp/permissions.ts';
import type { Collector } from '../../../src/collect/collector.ts';

const collector: Pick<Collector, 'id' | 'calls'> = {
  id: 'sinks',
  calls: {
    'logging:projects.sinks.list': { permission: 'logging.sinks.list', why: 'sinks' },
    'storage:buckets.get': { permission: 'storage.buckets.get, storage.buckets.getIamPolicy', why: 'how long a bucket keeps' },
    'admin:activities.list': {
      permission: 'https://www.googleapis.com/auth/admin.reports.audit.readonly',
      why: 'a scope is no permission',
    },
  },
};
const all = permissionsOf([collector as Collector], discoveryCalls);
const names = all.map((one) => one.name);

describe('the role for Google Cloud', () => {
  it('holds what the calls declare, once each', () => {
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toEqual(expect.arrayContaining(['logging.sinks.list', 'storage.buckets.getIamPolicy', 'resourcemanager.folders.list']));
    expect(names.join()).not.toContain('https');
    expect(all.find((one) => one.name === 'resourcemanager.projects.get')?.calls).toEqual([
      'cloudresourcemanager:projects.get',
      'cloudresourcemanager:projects.getAncestry',
    ]);
  });

  it('is a file that gcloud takes, with the lines that grant it on the organization', () => {
    const text = printRole(all, 'gcloud', { organization: '33', member: 'v@audit-tools.iam.gserviceaccount.com' });
    expect(parseYaml(text)).toEqual({ title: 'Viewshed Reader', description: expect.any(String), stage: 'GA', includedPermissions: names });
    expect(text).toContain(
      '# gcloud organizations add-iam-policy-binding 33 --member=serviceAccount:v@audit-tools.iam.gserviceaccount.com --role=organizations/33/roles/viewshedReader',
    );
    expect(JSON.parse(printRole(all, 'json'))).toEqual(parseYaml(text));
  });

  it('is Terraform that Terraform can read', async () => {
    const read = (await parse('role.tf', printRole(all, 'terraform', { organization: '33' }))) as {
      resource: Record<string, Record<string, Record<string, unknown>[]>>;
    };
    expect(read.resource.google_organization_iam_custom_role?.viewshed_reader?.[0]).toMatchObject({ org_id: '33', permissions: names });
    expect(read.resource.google_organization_iam_member?.viewshed_reader?.[0]).toMatchObject({
      org_id: '33',
      member: '${var.viewshed_member}',
    });
  });

  it('of single projects leaves out what only an organization can grant', async () => {
    const binding = { projects: ['card-vault', 'ledger-prod'], member: 'v@audit-tools.iam.gserviceaccount.com' };
    const own = permissionsOf([collector as Collector], discoveryCalls, binding);
    expect(own.map((one) => one.name)).toEqual([
      'logging.sinks.list',
      'resourcemanager.projects.get',
      'storage.buckets.get',
      'storage.buckets.getIamPolicy',
    ]);
    expect(printRole(own, 'gcloud', binding).match(/^# gcloud .*/gm)).toHaveLength(4);
    const read = (await parse('role.tf', printRole(own, 'terraform', binding))) as { resource: Record<string, unknown> };
    expect(Object.keys(read.resource).sort()).toEqual(['google_project_iam_custom_role', 'google_project_iam_member']);
  });
});
