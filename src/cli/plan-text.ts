import { jsonText } from '../../reports/escape.ts';
import type { CallPlan, PlanRow } from '../collect/plan.ts';
import type { Io } from './command.ts';
import type { Cloud } from './settings.ts';
import { duration, number, table, wrap } from './table.ts';

export interface ShownPlan {
  readonly provider: Cloud;
  readonly plan: CallPlan;
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  readonly concurrency: number;
  /** Seconds per answer. */
  readonly latency: number;
  readonly from: string;
  readonly detail: boolean;
}

/** One cloud's plan as it is; of several, each under `clouds`, and their calls in all. */
export function planJson(shown: readonly ShownPlan[]): string {
  const plans = shown.map(({ provider, plan: { rows, ...rest }, accounts, regions, concurrency, latency }) => ({
    provider,
    accounts: accounts.length,
    regions,
    concurrency,
    latencyPerCall: latency,
    ...rest,
    rows: [...rows()],
  }));
  const whole = plans.length === 1 ? plans[0] : { calls: plans.reduce((sum, one) => sum + one.calls, 0), clouds: plans };
  return `${jsonText(JSON.stringify(whole, undefined, 2))}\n`;
}

export function planText(
  { provider, plan, accounts, regions, concurrency, latency, from, detail }: ShownPlan,
  terminal: Pick<Io['terminal'], 'columns' | 'out'>,
): string {
  const width = terminal.out ? Math.max(60, terminal.columns) : 140;
  const plural = (count: number, word: string) => `${number(count)} ${word}${count === 1 ? '' : 's'}`;
  const lines = [
    wrap(
      `${plural(plan.calls, 'call')} for certain in ${provider === 'gcp' ? `${number(accounts.length)} of Google Cloud's projects, folders and organizations` : `${plural(accounts.length, 'account')} and ${plural(regions.length, 'region')}`} (${from}); lists of many pages and calls for each resource come on top.`,
      width,
      0,
    ),
    '',
    detail ? detailTable(plan) : serviceTable(plan, accounts, provider === 'gcp' ? [] : regions),
    '',
    'For each resource that is found:',
    ...plan.perResource.map(({ call, why }) => wrap(`${call}: ${why}`, width, 4, 2)),
    '',
    wrap(
      `${atLeast(Math.max(plan.limitSeconds, plan.latencySeconds))} for the calls that are certain: the declared rate limits take ${duration(plan.limitSeconds)}, ${concurrency} calls at once of ${Math.round(latency * 1000)} ms take ${duration(plan.latencySeconds)}.`,
      width,
      0,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function atLeast(seconds: number): string {
  return seconds < 1 ? 'Less than a second' : `At least ${duration(seconds)}`;
}

/** All accounts and all regions of AWS are asked alike: one row per service says it all. With no region, the calls are counted alone. */
function serviceTable(plan: CallPlan, accounts: readonly string[], regions: readonly string[]): string {
  const global = regions.length === 0;
  const rows = [...plan.rows()].filter(
    (row) => global || (row.account === accounts[0] && (row.region === '*' || row.region === regions[0])),
  );
  const services = [...new Set(rows.map((row) => row.service))].sort();
  const of = (service: string, once: boolean): PlanRow | undefined =>
    rows.find((row) => row.service === service && (row.region === '*') === once);
  return table(
    ['service', ...(global ? [] : ['per account', 'per account and region']), 'calls', 'and for each resource'],
    services.map((service) => {
      const more = [...new Set(rows.flatMap((row) => (row.service === service ? row.perResource : [])))].map(
        (call) => call.split(':')[1] ?? call,
      );
      return [
        service,
        ...(global ? [] : [of(service, true)?.calls ?? 0, of(service, false)?.calls ?? 0]),
        plan.callsByService[service] ?? 0,
        more.length > 3 ? `${more.slice(0, 2).join(', ')} and ${more.length - 2} more` : more.join(', '),
      ];
    }),
  );
}

function detailTable(plan: CallPlan): string {
  return table(
    ['account', 'region', 'service', 'calls', 'and for each resource'],
    [...plan.rows()].map((row) => [
      row.account,
      row.region,
      row.service,
      row.calls,
      row.perResource.map((call) => call.split(':')[1] ?? call).join(', '),
    ]),
  );
}
