import { z } from 'zod';
import type { AccountState, Unknown } from '../../src/model/assessment.ts';
import type { EvidenceView } from '../../src/store/view.ts';

/** An account of the estate, scanned or not. */
export interface AwsAccount {
  readonly id: string;
  readonly name: string | undefined;
  readonly partition: string;
  /** Enabled regions. For an account that could not be reached: those enabled in any account that was. */
  readonly regions: readonly string[];
  /** Set where the enabled regions are assumed, not read. */
  readonly regionsUnknown: Unknown | undefined;
  /** Whether any call in it was answered. */
  readonly reached: boolean;
  readonly state: AccountState;
  readonly evidence: readonly number[];
}

export interface AwsEstate {
  readonly accounts: readonly AwsAccount[];
  readonly byId: ReadonlyMap<string, AwsAccount>;
  readonly organization: { readonly id: string; readonly management: string; readonly members: ReadonlySet<string>; readonly complete: boolean } | undefined;
}

const Regions = z.object({ Regions: z.array(z.object({ RegionName: z.string(), RegionOptStatus: z.string().optional(), OptInStatus: z.string().optional() })).default([]) });
const Organization = z.object({ Organization: z.object({ Id: z.string(), MasterAccountId: z.string().optional() }).optional() });
const Accounts = z.object({ Accounts: z.array(z.object({ Id: z.string(), Name: z.string().optional(), State: z.string().optional(), Status: z.string().optional(), Arn: z.string().optional() })).default([]) });
const Identity = z.object({ Account: z.string().optional(), Arn: z.string().optional() });

const estates = new WeakMap<EvidenceView, AwsEstate>();

/** The accounts and enabled regions that the evidence shows. */
export function estateOf(evidence: EvidenceView): AwsEstate {
  let estate = estates.get(evidence);
  if (!estate) estates.set(evidence, (estate = read(evidence)));
  return estate;
}

function read(evidence: EvidenceView): AwsEstate {
  const identities = new Map(evidence.calls('sts:GetCallerIdentity', Identity).map((answer) => [answer.account, answer]));
  const refused = new Map(
    evidence.calls('sts:AssumeRole', z.unknown()).filter((answer) => answer.error).map((answer) => [answer.account, answer]),
  );
  const listings = evidence.calls('organizations:ListAccounts', Accounts);
  const organizations = evidence.calls('organizations:DescribeOrganization', Organization);
  const listed = new Map(listings.flatMap((answer) => answer.pages.flatMap((page) => page.Accounts.map((account) => [account.Id, { account, ids: answer.ids }] as const))));
  const ids = new Set([...identities.keys(), ...refused.keys(), ...listed.keys(), ...evidence.accounts('aws')]);

  const found = organizations.flatMap((answer) => answer.pages.flatMap((page) => (page.Organization ? [page.Organization] : [])))[0];
  const organization = found && {
    id: found.Id,
    management: found.MasterAccountId ?? '',
    members: new Set(listed.size > 0 ? listed.keys() : organizations.filter((answer) => answer.pages.some((page) => page.Organization)).map((answer) => answer.account)),
    complete: listings.some((answer) => answer.unknown === undefined),
  };

  const regionsBy = new Map([...ids].map((id) => [id, regionsOf(evidence, id)]));
  const everywhere = [...new Set([...regionsBy.values()].flatMap((one) => one.regions))].sort();
  const accounts = [...ids].sort().map((id): AwsAccount => {
    const entry = listed.get(id);
    const own = regionsBy.get(id) as ReturnType<typeof regionsOf>;
    const reached = evidence.reached('aws', id) && !(refused.has(id) && identities.get(id)?.unknown !== undefined);
    const evidenceIds = [...(identities.get(id)?.ids ?? []), ...(entry?.ids ?? []), ...(refused.get(id)?.ids ?? [])];
    return {
      id,
      name: entry?.account.Name,
      partition: partitionOf(identities.get(id)?.pages[0]?.Arn ?? entry?.account.Arn),
      regions: own.unknown ? [...new Set([...own.regions, ...everywhere])].sort() : own.regions,
      regionsUnknown: own.unknown,
      reached,
      state: stateOf(evidence, id, entry?.account, reached, refused.get(id)?.error),
      evidence: evidenceIds,
    };
  });
  return { accounts, byId: new Map(accounts.map((account) => [account.id, account])), organization };
}

function regionsOf(evidence: EvidenceView, account: string): { regions: readonly string[]; unknown: Unknown | undefined } {
  const lists = [...evidence.calls('account:ListRegions', Regions, { account }), ...evidence.calls('ec2:DescribeRegions', Regions, { account })];
  const answered = lists.filter((answer) => answer.unknown === undefined);
  const enabled = answered.flatMap((answer) => answer.pages.flatMap((page) => page.Regions)).filter(isEnabled).map((region) => region.RegionName);
  if (answered.length > 0) return { regions: [...new Set(enabled)].sort(), unknown: undefined };
  return {
    regions: [...new Set(evidence.regions('aws', account))].sort(),
    unknown: lists[0]?.unknown ?? evidence.unknownOf('account:ListRegions', account, 'NotAsked', []),
  };
}

function isEnabled(region: { RegionOptStatus?: string | undefined; OptInStatus?: string | undefined }): boolean {
  const status = region.RegionOptStatus ?? region.OptInStatus ?? 'ENABLED';
  return ['ENABLED', 'ENABLED_BY_DEFAULT', 'ENABLING', 'DISABLING', 'opt-in-not-required', 'opted-in'].includes(status);
}

function stateOf(
  evidence: EvidenceView, id: string, listed: { Name?: string | undefined; State?: string | undefined; Status?: string | undefined } | undefined,
  reached: boolean, refusal: { code: string; message: string } | undefined,
): AccountState {
  const base = { provider: 'aws', id, ...(listed?.Name === undefined ? {} : { name: listed.Name }) };
  const lifecycle = listed?.State ?? listed?.Status;
  if (!reached && lifecycle !== undefined && lifecycle !== 'ACTIVE') return { ...base, state: 'skipped', why: `the account is ${lifecycle}` };
  if (!reached && refusal) return { ...base, state: 'denied', why: `sts:AssumeRole: ${refusal.code}: ${refusal.message}`.trim() };
  if (!reached) {
    const errors = evidence.errors('aws', id);
    return errors.length > 0
      ? { ...base, state: 'denied', why: `every call was refused: ${[...new Set(errors.map((error) => error.code))].slice(0, 3).join(', ')}` }
      : { ...base, state: 'skipped', why: 'no call was made in it' };
  }
  const denied = evidence.refusals('aws', id);
  return denied.length > 0 ? { ...base, state: 'partial', why: `refused: ${[...new Set(denied)].sort().slice(0, 5).join(', ')}${new Set(denied).size > 5 ? ', …' : ''}` } : { ...base, state: 'scanned' };
}

export function partitionOf(arn: string | undefined): string {
  return arn?.split(':')[1] || 'aws';
}

/** The region that global services are recorded in. */
export function leaderOf(partition: string): string {
  return { 'aws-cn': 'cn-north-1', 'aws-us-gov': 'us-gov-west-1' }[partition] ?? 'us-east-1';
}
