import { describe, expect, it } from 'vitest';
import { callTable, readPaths } from '../../../connectors/index.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { EvidenceView } from '../../../src/store/view.ts';
import { gcp, gcpError } from './collecting.ts';

const AS_OF = '2026-11-21T12:00:00.000Z';
const view = (records: readonly EvidenceRecord[]) =>
  new EvidenceView(
    records.map((record, index) => ({ ...record, id: index + 1 })),
    callTable,
  );

describe('an estate of Google Cloud that could not all be read', () => {
  const refused = { parent: 'folders/44', pageSize: 300 };
  const records = [
    gcp(
      'organizations/33',
      'cloudresourcemanager:organizations.get',
      { name: 'organizations/33' },
      { name: 'organizations/33', displayName: 'example.com' },
    ),
    gcp(
      'card-vault',
      'cloudresourcemanager:projects.get',
      { name: 'projects/card-vault' },
      { name: 'projects/481200000011', projectId: 'card-vault', parent: 'organizations/33', state: 'ACTIVE' },
    ),
    gcp(
      'old-shop',
      'cloudresourcemanager:projects.get',
      { name: 'projects/old-shop' },
      { name: 'projects/481200000012', projectId: 'old-shop', parent: 'organizations/33', state: 'DELETE_REQUESTED' },
    ),
    gcpError('folders/44', 'cloudresourcemanager:projects.list', refused, 'PERMISSION_DENIED', 403),
    gcpError('folders/44', 'cloudresourcemanager:folders.list', refused, '7'),
  ];

  it('shows every account, those that were refused and those that are closed with the reason', () => {
    const { accounts } = readPaths(view(records), AS_OF);
    const state = (id: string) => accounts.find((one) => one.provider === 'gcp' && one.id === id);
    expect(state('card-vault')).toMatchObject({ state: 'scanned' });
    expect(state('organizations/33')).toMatchObject({ state: 'scanned', name: 'example.com' });
    expect(state('old-shop')).toMatchObject({ state: 'skipped', why: 'the project is DELETE_REQUESTED' });
    expect(state('folders/44')).toMatchObject({ state: 'denied', why: expect.stringContaining('every call was refused') });
  });

  it('is blind for what the refused folder may hold, in the words of the API', () => {
    const { blind } = readPaths(view(records), AS_OF);
    const unlisted = blind.flatMap((one) => one.unknowns).filter((one) => one.call === 'cloudresourcemanager:projects.list');
    expect(unlisted).toContainEqual({
      call: 'cloudresourcemanager:projects.list',
      permission: 'resourcemanager.projects.list',
      on: expect.stringContaining('folders/44'),
      code: 'PERMISSION_DENIED',
      evidence: [4],
    });
    expect(blind.filter((one) => one.scope.provider === 'aws')).toEqual([]);
  });

  it('has no call of Google Cloud among those of AWS', () => {
    expect(callTable.get('gcp/logging:projects.sinks.list')).toEqual({ permission: 'logging.sinks.list', next: 'nextPageToken' });
    expect(callTable.get('logging:projects.sinks.list')).toBeUndefined();
    expect(callTable.get('cloudtrail:DescribeTrails')).toBeDefined();
  });
});
