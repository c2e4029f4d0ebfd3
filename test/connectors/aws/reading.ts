import { callTable, readPaths } from '../../../connectors/index.ts';
import { intersect, selectorOf } from '../../../src/events/classes.ts';
import type { CallError, EvidenceRecord } from '../../../src/model/evidence.ts';
import type { Where } from '../../../src/model/where.ts';
import { type Demand, flowOf, judge, keptAt, type Offer, unknownsOf } from '../../../src/paths/evaluate.ts';
import type { Emitter, LogPaths } from '../../../src/paths/graph.ts';
import { EvidenceView } from '../../../src/store/view.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
export const AS_OF = '2026-11-21T12:00:00Z';

/** One answer of `service:Operation`; a `CallError` in `error` makes it a refusal. `region: null` is a global service. */
export function answer(
  call: string,
  body: unknown,
  args: Record<string, unknown> = {},
  at: { account?: string; region?: string | null; page?: number } = {},
): EvidenceRecord {
  const [service = '', op = ''] = call.split(':');
  const region = at.region === undefined ? REGION : at.region;
  return {
    v: 1,
    provider: 'aws',
    account: at.account ?? ACCOUNT,
    ...(region === null ? {} : { region }),
    service,
    op,
    args,
    at: '2026-11-21T11:59:00Z',
    ...(at.page === undefined ? {} : { page: at.page }),
    body,
  };
}

export function refusal(
  call: string,
  args: Record<string, unknown> = {},
  at: { account?: string; region?: string | null } = {},
  error: CallError = { code: 'AccessDenied', message: 'not allowed' },
): EvidenceRecord {
  const { body: _, ...record } = answer(call, null, args, at);
  return { ...record, error };
}

/** An account whose regions were read. */
export function account(id = ACCOUNT, regions: readonly string[] = [REGION]): EvidenceRecord[] {
  return [
    answer('sts:GetCallerIdentity', { Account: id, Arn: `arn:aws:sts::${id}:assumed-role/reader/scan` }, {}, { account: id, region: null }),
    answer(
      'account:ListRegions',
      { Regions: regions.map((RegionName) => ({ RegionName, RegionOptStatus: 'ENABLED_BY_DEFAULT' })) },
      {},
      { account: id, region: null },
    ),
    refusal(
      'organizations:DescribeOrganization',
      {},
      { account: id, region: null },
      { code: 'AWSOrganizationsNotInUseException', message: '' },
    ),
  ];
}

/** Log groups of a place, and that nothing subscribes to them. */
export function logGroups(groups: readonly Record<string, unknown>[], at: { account?: string; region?: string } = {}): EvidenceRecord[] {
  const place = `${at.region ?? REGION}:${at.account ?? ACCOUNT}`;
  return [
    answer(
      'logs:DescribeLogGroups',
      {
        logGroups: groups.map((group) => ({
          logGroupClass: 'STANDARD',
          arn: `arn:aws:logs:${place}:log-group:${group.logGroupName}:*`,
          ...group,
        })),
      },
      {},
      at,
    ),
    answer('logs:DescribeAccountPolicies', { accountPolicies: [] }, { policyType: 'SUBSCRIPTION_FILTER_POLICY' }, at),
    ...groups.map((group) =>
      answer('logs:DescribeSubscriptionFilters', { subscriptionFilters: [] }, { logGroupName: group.logGroupName }, at),
    ),
  ];
}

export function noLake(at: { account?: string; region?: string } = {}): EvidenceRecord {
  return answer('securitylake:ListDataLakes', { dataLakes: [] }, { regions: [at.region ?? REGION] }, at);
}

export function pathsOf(records: readonly EvidenceRecord[]): LogPaths {
  return readPaths(
    new EvidenceView(
      records.map((record, index) => ({ ...record, id: index + 1 })),
      callTable,
    ),
    AS_OF,
  );
}

export function emitterOf(paths: LogPaths, source: string, resource: string): Emitter {
  const found = paths.emitters.filter((one) => one.sources.includes(source) && one.scope.resource?.includes(resource));
  if (found.length !== 1)
    throw new Error(`${found.length} emitters of ${source} at ${resource}: ${paths.emitters.map((one) => one.id).join(', ')}`);
  return found[0] as Emitter;
}

/** What becomes of the events of one emitter, judged as needs are. */
export function judged(paths: LogPaths, emitter: Emitter, where: Where = {}, demand: Demand = {}) {
  const needed = intersect(selectorOf(where), emitter.universe);
  const offers = flowOf(paths, emitter.taps).routes.map(
    (route): Offer => ({ route, kept: keptAt(route.store, emitter.scope), lower: route.lower, upper: route.upper }),
  );
  const outcome = judge(needed, offers, demand);
  return {
    ...outcome,
    needed,
    unknowns: unknownsOf(needed, offers).map((one) => `${one.call} ${one.code}`),
    why: emitter.taps.map((tap) => tap.label),
  };
}

export function verdict(records: readonly EvidenceRecord[], source: string, resource: string, where: Where = {}, demand: Demand = {}) {
  const paths = pathsOf(records);
  return judged(paths, emitterOf(paths, source, resource), where, demand);
}
