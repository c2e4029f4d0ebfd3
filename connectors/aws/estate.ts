import { z } from 'zod';
import type { AccountState, Unknown } from '../../src/model/assessment.ts';
import { own } from '../../src/model/own.ts';
import { type Answered, type EvidenceView, isRefusal } from '../../src/store/view.ts';

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
  /** Set where nothing can happen in it any more: `the account is SUSPENDED`. */
  readonly closed: string | undefined;
  /** Set where it was not read whether the account belongs to an organization. */
  readonly organizationUnknown: Unknown | undefined;
  readonly state: AccountState;
  readonly evidence: readonly number[];
}

export interface AwsOrganization {
  readonly id: string;
  readonly management: string;
  readonly members: ReadonlySet<string>;
}

export interface AwsEstate {
  readonly accounts: readonly AwsAccount[];
  readonly byId: ReadonlyMap<string, AwsAccount>;
  /** The organization of an account; evidence may hold several. */
  organizationOf(account: string): AwsOrganization | undefined;
  /** Why there may be accounts that no record names, where a list of accounts broke off. */
  readonly unlisted: readonly Unknown[];
}

const Regions = z.object({
  Regions: z
    .array(z.object({ RegionName: z.string(), RegionOptStatus: z.string().optional(), OptInStatus: z.string().optional() }))
    .default([]),
});
const Organization = z.object({ Organization: z.object({ Id: z.string(), MasterAccountId: z.string().optional() }).optional() });
const Accounts = z.object({
  Accounts: z
    .array(
      z.object({
        Id: z.string(),
        Name: z.string().optional(),
        State: z.string().optional(),
        Status: z.string().optional(),
        Arn: z.string().optional(),
      }),
    )
    .default([]),
});
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
    evidence
      .calls('sts:AssumeRole', z.unknown())
      .filter((answer) => answer.error)
      .map((answer) => [answer.account, answer]),
  );
  const listings = evidence.calls('organizations:ListAccounts', Accounts);
  const organizations = evidence.calls('organizations:DescribeOrganization', Organization);
  const listed = new Map(
    listings.flatMap((answer) =>
      answer.pages.flatMap((page) => page.Accounts.map((account) => [account.Id, { account, ids: answer.ids }] as const)),
    ),
  );
  const organizationOf = organizationsOf(organizations, listings);
  const ids = new Set([...identities.keys(), ...refused.keys(), ...listed.keys(), ...evidence.accounts('aws')]);

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
      partition: partitionOf(identities.get(id)?.pages[0]?.Arn ?? entry?.account.Arn, own.regions),
      regions: own.unknown ? [...new Set([...own.regions, ...everywhere])].sort() : own.regions,
      regionsUnknown: own.unknown,
      reached,
      closed: reached ? undefined : closedBy(entry?.account.State ?? entry?.account.Status),
      organizationUnknown:
        organizationOf(id) === undefined
          ? standing(
              evidence,
              organizations.filter((answer) => answer.account === id),
              id,
            )
          : undefined,
      state: stateOf(evidence, id, entry?.account, reached, refused.get(id)?.error),
      evidence: evidenceIds,
    };
  });
  return {
    accounts,
    byId: new Map(accounts.map((account) => [account.id, account])),
    organizationOf,
    unlisted: listings.flatMap((answer) => unlistedBy(answer, organizationOf(answer.account))),
  };
}

type Described = readonly Answered<z.infer<typeof Organization>>[];
type Listings = readonly Answered<z.infer<typeof Accounts>>[];

/** Organizations by their members: those that say so themselves, and those that a list of the organization names. */
function organizationsOf(described: Described, listings: Listings): (account: string) => AwsOrganization | undefined {
  const byId = new Map<string, { id: string; management: string; members: Set<string> }>();
  const byMember = new Map<string, string>();
  const join = (id: string, management: string, member: string): void => {
    const one = byId.get(id) ?? { id, management, members: new Set<string>() };
    byId.set(id, { ...one, management: one.management || management });
    one.members.add(member);
    byMember.set(member, id);
  };
  for (const answer of described) {
    for (const { Organization: one } of answer.pages) {
      if (!one) continue;
      join(one.Id, one.MasterAccountId ?? '', answer.account);
      if (one.MasterAccountId) join(one.Id, one.MasterAccountId, one.MasterAccountId);
    }
  }
  for (const answer of listings) {
    for (const account of answer.pages.flatMap((page) => page.Accounts)) {
      const [, management, id] = /^arn:[^:]*:organizations::(\d*):account\/(o-[^/]+)\//.exec(account.Arn ?? '') ?? [];
      const own = byMember.get(answer.account);
      if (own !== undefined) join(own, '', account.Id);
      else if (id !== undefined) join(id, management ?? '', account.Id);
    }
  }
  return (account) => {
    const id = byMember.get(account);
    return id === undefined ? undefined : byId.get(id);
  };
}

/** Why it is not known whether an account without a known organization has one; undefined where it certainly has none. */
function standing(evidence: EvidenceView, asked: Described, account: string): Unknown | undefined {
  if (asked.some((answer) => answer.unknown === undefined || answer.error?.code === 'AWSOrganizationsNotInUseException')) return undefined;
  return asked[0]?.unknown ?? evidence.unknownOf('organizations:DescribeOrganization', account, 'NotAsked', []);
}

/** A plain member may not list the others, and is scanned alone. A list that broke off, or that its owner could not have, hides accounts. */
function unlistedBy(answer: Listings[number], organization: AwsOrganization | undefined): Unknown[] {
  if (answer.unknown === undefined || answer.error?.code === 'AWSOrganizationsNotInUseException') return [];
  const alone = answer.pages.length === 0 && answer.error !== undefined && isRefusal(answer.error);
  return alone && organization?.management !== answer.account ? [] : [answer.unknown];
}

function closedBy(lifecycle: string | undefined): string | undefined {
  return lifecycle === 'SUSPENDED' || lifecycle === 'CLOSED' ? `the account is ${lifecycle}` : undefined;
}

function regionsOf(evidence: EvidenceView, account: string): { regions: readonly string[]; unknown: Unknown | undefined } {
  const lists = [
    ...evidence.calls('account:ListRegions', Regions, { account }),
    ...evidence.calls('ec2:DescribeRegions', Regions, { account }),
  ].filter(asksForAll);
  const enabledIn = (some: typeof lists) =>
    some
      .flatMap((answer) => answer.pages.flatMap((page) => page.Regions))
      .filter(isEnabled)
      .map((region) => region.RegionName);
  const enabled = enabledIn(lists.filter((answer) => answer.unknown === undefined));
  // Every account has regions: a list of none is not an answer.
  if (enabled.length > 0) return { regions: [...new Set(enabled)].sort(), unknown: undefined };
  return {
    regions: [...new Set([...enabledIn(lists), ...evidence.regions('aws', account)])].sort(),
    unknown: lists[0]?.unknown ?? evidence.unknownOf('account:ListRegions', account, lists.length > 0 ? 'EmptyAnswer' : 'NotAsked', []),
  };
}

/** Whether the list names every enabled region: one that asks for some of them does not. */
function asksForAll({ args }: Answered<unknown>): boolean {
  const states = args.RegionOptStatusContains;
  return (
    args.RegionNames === undefined &&
    args.Filters === undefined &&
    (states === undefined || (Array.isArray(states) && states.includes('ENABLED') && states.includes('ENABLED_BY_DEFAULT')))
  );
}

function isEnabled(region: { RegionOptStatus?: string | undefined; OptInStatus?: string | undefined }): boolean {
  const status = region.RegionOptStatus ?? region.OptInStatus ?? 'ENABLED';
  return ['ENABLED', 'ENABLED_BY_DEFAULT', 'ENABLING', 'DISABLING', 'opt-in-not-required', 'opted-in'].includes(status);
}

function stateOf(
  evidence: EvidenceView,
  id: string,
  listed: { Name?: string | undefined; State?: string | undefined; Status?: string | undefined } | undefined,
  reached: boolean,
  refusal: { code: string; message: string } | undefined,
): AccountState {
  const base = { provider: 'aws', id, ...(listed?.Name === undefined ? {} : { name: listed.Name }) };
  const lifecycle = listed?.State ?? listed?.Status;
  if (!reached && lifecycle !== undefined && lifecycle !== 'ACTIVE')
    return { ...base, state: 'skipped', why: `the account is ${lifecycle}` };
  if (!reached && refusal) return { ...base, state: 'denied', why: `sts:AssumeRole: ${refusal.code}: ${refusal.message}`.trim() };
  if (!reached) {
    const errors = evidence.errors('aws', id);
    return errors.length > 0
      ? {
          ...base,
          state: 'denied',
          why: `every call was refused: ${[...new Set(errors.map((error) => error.code))].slice(0, 3).join(', ')}`,
        }
      : { ...base, state: 'skipped', why: 'no call was made in it' };
  }
  const denied = evidence.refusals('aws', id);
  return denied.length > 0
    ? {
        ...base,
        state: 'partial',
        why: `refused: ${[...new Set(denied)].sort().slice(0, 5).join(', ')}${new Set(denied).size > 5 ? ', …' : ''}`,
      }
    : { ...base, state: 'scanned' };
}

/** The partition that an ARN names; without one, that of the regions. */
export function partitionOf(arn: string | undefined, regions: readonly string[] = []): string {
  const named = arn?.split(':')[1];
  if (named) return named;
  const starts = (prefix: string) => regions.some((region) => region.startsWith(prefix));
  return starts('cn-') ? 'aws-cn' : starts('us-gov-') ? 'aws-us-gov' : starts('eusc-') ? 'aws-eusc' : 'aws';
}

const LEADERS: Readonly<Record<string, string>> = {
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-eusc': 'eusc-de-east-1',
  'aws-iso': 'us-iso-east-1',
  'aws-iso-b': 'us-isob-east-1',
};

/** The region that global services are recorded in. */
export function leaderOf(partition: string): string {
  return own(LEADERS, partition) ?? 'us-east-1';
}
