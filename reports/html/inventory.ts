import type { InventoryRow, Retention } from '../../src/model/assessment.ts';
import type { Scope } from '../../src/model/scope.ts';
import { bySource, compare, count, digits, entryOf, shortDays, tally } from '../layout.ts';
import type { Citations } from './evidence.ts';
import { type Markup, markup } from './markup.ts';
import { sign } from './symbols.ts';

const ROWS_SHOWN = 4000;
const AS_VERDICT = { full: 'covered', partial: 'partial', none: 'missing', unknown: 'unknown' } as const;

interface Merged {
  readonly row: InventoryRow;
  readonly scopes: Scope[];
  readonly evidence: Set<number>;
}

/** Rows of one account that differ by region or resource alone are one line. */
function merge(rows: readonly InventoryRow[]): Merged[] {
  const merged = new Map<string, Merged>();
  for (const row of rows) {
    const { scope, findings, unknowns, evidence, ...same } = row;
    const key = JSON.stringify([
      scope.provider,
      scope.account,
      same,
      findings.map((finding) => finding.message),
      unknowns.map(({ call, code }) => [call, code]),
    ]);
    const entry = entryOf(merged, key, () => ({ row, scopes: [], evidence: new Set<number>() }));
    entry.scopes.push(scope);
    for (const id of [
      ...evidence,
      ...findings.flatMap((finding) => finding.evidence),
      ...unknowns.flatMap((unknown) => unknown.evidence ?? []),
    ])
      entry.evidence.add(id);
  }
  return [...merged.values()].sort((a, b) => compare(a.row.scope.account ?? '', b.row.scope.account ?? ''));
}

export function inventory(rows: readonly InventoryRow[], accountNames: ReadonlyMap<string, string>, cite: Citations): Markup {
  const accounts = [...new Set(rows.map((row) => row.scope.account).filter((account) => account !== undefined))].sort(compare);
  let room = ROWS_SHOWN;
  let left = 0;
  const sources = bySource(rows).map(([source, list]) => {
    const merged = merge(list);
    const shown = merged.slice(0, Math.max(0, room));
    room -= shown.length;
    left += merged.length - shown.length;
    return markup`<tbody data-source="${source}"><tr class="source"><th scope="colgroup" colspan="7"><span class="name">${source}</span> <span class="note">${count(list.length, 'place')}: ${tally(
      list.map((row) => row.collection),
      ['none', 'partial', 'unknown', 'full'],
    )}</span></th></tr>${shown.map((entry) => line(entry, accountNames, cite))}</tbody>`;
  });
  return markup`<form class="filters" data-filters="inventory" role="search" aria-label="Filter the inventory">
<label>Source <select name="source"><option value="">all</option>${bySource(rows).map(([source]) => markup`<option>${source}</option>`)}</select></label>
<label>Account <select name="account"><option value="">all</option>${accounts.map((account) => markup`<option value="${account}">${account}${accountNames.has(account) && ` · ${accountNames.get(account)}`}</option>`)}</select></label>
<label>Collected <select name="collection"><option value="">all</option>${Object.keys(AS_VERDICT).map((state) => markup`<option>${state}</option>`)}</select></label>
<label class="grow">Text <input type="search" name="text" autocomplete="off" spellcheck="false"></label>
<output class="note" aria-live="polite"></output>
</form>
<div class="scroll"><table class="inventory"><thead><tr><th scope="col">Account</th><th scope="col">Where</th><th scope="col">Collected</th><th scope="col">Delivery</th><th scope="col" class="number">Searchable</th><th scope="col" class="number">Kept</th><th scope="col">Way and remarks</th></tr></thead>${sources}</table></div>
${left > 0 && markup`<p class="note">… and ${count(left, 'more line')} (see the JSON report)</p>`}`;
}

function line({ row, scopes, evidence }: Merged, accountNames: ReadonlyMap<string, string>, cite: Citations): Markup {
  const { account } = row.scope;
  const partly = row.captured.length > 1 || row.collection === 'partial';
  const name = account === undefined ? undefined : accountNames.get(account);
  return markup`<tr data-account="${account ?? ''}" data-collection="${row.collection}"><td class="account"><span class="id">${account ?? row.scope.provider}</span>${name !== undefined && markup`<span class="note">${name}</span>`}</td><td>${row.name !== undefined && markup`<span class="name">${row.name}</span>`}${inside(scopes)}</td><td><span class="verdict is-${AS_VERDICT[row.collection]}">${sign(AS_VERDICT[row.collection])}<span>${row.collection}</span></span>${partly && row.collection !== 'full' && row.collection !== 'none' && markup`<span class="classes">${row.captured.map((one) => markup`<span>${suffix(one.class, row.source)}: ${one.is}</span>`)}</span>`}</td><td><span class="delivery in-${row.delivery.replace('/', '')}">${row.delivery === 'n/a' ? '–' : row.delivery}</span></td><td class="number">${daysCell(row.retention, 'searchableDays', row)}</td><td class="number">${daysCell(row.retention, 'totalDays', row)}</td><td class="way-cell">${row.path.length > 0 && markup`<span class="hops">${row.path.map((stop, index) => markup`${index > 0 && markup`<span class="arrow" aria-label="then"> → </span>`}<span>${stop}</span>`)}</span>`}${row.retention.immutable === true && markup` <span class="note">immutable</span>`} ${cite.button([...evidence], `${row.source} in ${account ?? row.scope.provider}`)}${row.findings.map((finding) => markup`<span class="remark"><span class="severity at-${finding.severity}">${finding.severity}</span> ${finding.message}</span>`)}${row.unknowns.map((unknown) => markup`<span class="remark">${sign('unknown')} not read: <code>${unknown.call}</code> on ${unknown.on} (${unknown.code})</span>`)}</td></tr>`;
}

function inside(scopes: readonly Scope[]): Markup {
  const parts = scopes.map((scope) =>
    scope.resource === undefined ? scope.region : scope.region === undefined ? scope.resource : `${scope.resource} in ${scope.region}`,
  );
  const named = [...new Set(parts.filter((part) => part !== undefined))].sort(compare);
  if (named.length === 0) return markup`<span class="note">whole account</span>`;
  const shown = named.slice(0, 20);
  return markup`${named.length > 3 && markup`<span class="note">${digits(named.length)}:</span> `}${shown.map((part, index) => markup`<span class="part">${part}${index < shown.length - 1 && ', '}</span>`)}${named.length > shown.length && markup` <span class="note">and ${digits(named.length - shown.length)} more</span>`}`;
}

function suffix(name: string, source: string): string {
  return name.startsWith(`${source}.`) ? name.slice(source.length + 1) : name;
}

function daysCell(retention: Retention, of: 'searchableDays' | 'totalDays', row: InventoryRow): string {
  if (row.collection === 'none' || (row.path.length === 0 && retention[of] === undefined)) return '–';
  return shortDays(retention[of]);
}
