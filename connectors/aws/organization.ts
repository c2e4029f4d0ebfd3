import { z } from 'zod';
import type { CallSpec } from '../../src/collect/collector.ts';
import type { Desk, Session, Target } from '../../src/collect/provider.ts';

/** Calls made to find accounts, regions and the owners of buckets, before and between the collectors. */
export const discoveryCalls: Readonly<Record<string, CallSpec>> = {
  'sts:GetCallerIdentity': { permission: 'sts:GetCallerIdentity', why: 'which account the credentials belong to', per: 'account' },
  'sts:AssumeRole': { permission: 'sts:AssumeRole', why: 'credentials for the other accounts', per: 'account' },
  'account:ListRegions': {
    permission: 'account:ListRegions',
    pages: { from: 'NextToken', to: 'NextToken' },
    why: 'which regions are enabled',
    per: 'account',
  },
  'ec2:DescribeRegions': {
    permission: 'ec2:DescribeRegions',
    why: 'which regions are enabled, where account:ListRegions is refused',
    per: 'resource',
  },
  'organizations:DescribeOrganization': {
    permission: 'organizations:DescribeOrganization',
    why: 'whether there is an organization, and its management account',
  },
  'organizations:ListAccounts': {
    permission: 'organizations:ListAccounts',
    pages: { from: 'NextToken', to: 'NextToken' },
    why: 'the accounts of the organization and their state',
  },
  'organizations:ListDelegatedAdministrators': {
    permission: 'organizations:ListDelegatedAdministrators',
    pages: { from: 'NextToken', to: 'NextToken' },
    why: 'accounts that run security services for the organization',
  },
  's3:ListBuckets': {
    permission: 's3:ListAllMyBuckets',
    pages: { from: 'ContinuationToken', to: 'ContinuationToken' },
    why: 'which account owns a bucket that logs are sent to',
    per: 'resource',
  },
};

const Organization = z.object({ Organization: z.object({ Id: z.string() }) });
const Accounts = z.object({
  Accounts: z.array(z.object({ Id: z.string(), State: z.string().optional(), Status: z.string().optional() })).default([]),
});
const Regions = z.object({
  Regions: z
    .array(z.object({ RegionName: z.string().optional(), RegionOptStatus: z.string().optional(), OptInStatus: z.string().optional() }))
    .default([]),
});
const Buckets = z.object({ Buckets: z.array(z.object({ Name: z.string(), BucketRegion: z.string().optional() })).default([]) });

const CLOSED = new Set(['SUSPENDED', 'PENDING_CLOSURE', 'CLOSED']);
const ENABLED = new Set(['ENABLED', 'ENABLED_BY_DEFAULT', 'ENABLING', 'DISABLING', 'opt-in-not-required', 'opted-in']);

/**
 * Accounts of the organization, as far as the starting account may list them: the management account and delegated administrators may, a plain
 * member is refused, and then it is alone. Pages may be empty and still have a next one.
 * https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
 */
export async function* organizationAccounts(desk: Desk, start: Session): AsyncGenerator<Target> {
  yield { id: start.account };
  const organization = await desk.ask(start, 'organizations:DescribeOrganization');
  if (organization.ok && !Organization.safeParse(organization.pages[0]).success) return;
  if (!organization.ok && organization.error.code === 'AWSOrganizationsNotInUseException') return;
  const [accounts] = await Promise.all([
    desk.ask(start, 'organizations:ListAccounts'),
    desk.ask(start, 'organizations:ListDelegatedAdministrators'),
  ]);
  for (const page of accounts.pages) {
    const read = Accounts.safeParse(page);
    for (const account of read.success ? read.data.Accounts : []) {
      const state = account.State ?? account.Status ?? 'ACTIVE';
      yield { id: account.Id, ...(CLOSED.has(state) ? { skip: `the account is ${state}` } : {}) };
    }
  }
}

/** Enabled regions of the session's account; undefined if neither call that tells them was answered. */
export async function enabledRegions(desk: Desk, session: Session): Promise<string[] | undefined> {
  const listed = await desk.ask(session, 'account:ListRegions');
  const answer = listed.ok ? listed : await desk.ask(session, 'ec2:DescribeRegions', { AllRegions: true });
  if (!answer.ok) return undefined;
  const names = answer.pages.flatMap((page) => {
    const read = Regions.safeParse(page);
    return (read.success ? read.data.Regions : [])
      .filter((region) => ENABLED.has(region.RegionOptStatus ?? region.OptInStatus ?? ''))
      .map((region) => region.RegionName ?? '');
  });
  return [...new Set(names)].filter((name) => name !== '').sort();
}

/** The buckets in one page of s3:ListBuckets, with their region where it is told. */
export function bucketsIn(body: Record<string, unknown>): { id: string; region?: string }[] {
  const read = Buckets.safeParse(body);
  return (read.success ? read.data.Buckets : []).map((bucket) => ({
    id: bucket.Name,
    ...(bucket.BucketRegion === undefined ? {} : { region: bucket.BucketRegion }),
  }));
}
