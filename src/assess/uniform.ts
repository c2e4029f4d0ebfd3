import type { Finding, InventoryRow } from '../model/assessment.ts';
import { canonical } from '../store/view.ts';

/** A majority is worth the name from this share on, over at least so many places. */
const MAJORITY = 0.6;
const FEWEST = 3;
/** Beyond so many, places that differ are not outliers but another way of doing it. */
const MOST_OUTLIERS = 0.4;

/**
 * The same source should be set up the same way wherever it is: names the places that differ from what most have. Adds a finding to the
 * row of each outlier.
 */
export function addOutliers(rows: readonly InventoryRow[]): void {
  const bySource = new Map<string, InventoryRow[]>();
  for (const row of rows) {
    // What could not be read is no outlier: it has an unknown of its own.
    if (row.collection === 'unknown') continue;
    const list = bySource.get(row.source);
    if (list) list.push(row);
    else bySource.set(row.source, [row]);
  }
  for (const [source, list] of bySource) {
    if (list.length < FEWEST) continue;
    const groups = new Map<string, InventoryRow[]>();
    for (const row of list) {
      const key = canonical([
        row.collection,
        row.captured,
        row.retention.searchableDays ?? 'x',
        row.retention.totalDays ?? 'x',
        row.delivery === 'broken',
      ]);
      const group = groups.get(key);
      if (group) group.push(row);
      else groups.set(key, [row]);
    }
    const [usual] = [...groups.values()].sort((a, b) => b.length - a.length);
    if (!usual || usual.length / list.length < MAJORITY) continue;
    const outliers = list.filter((row) => !usual.includes(row));
    if (outliers.length === 0 || outliers.length / list.length > MOST_OUTLIERS) continue;
    const norm = usual[0] as InventoryRow;
    for (const row of outliers) row.findings.push(outlier(source, row, norm, usual.length, list.length));
  }
}

function outlier(source: string, row: InventoryRow, norm: InventoryRow, usual: number, all: number): Finding {
  const place = [row.name ?? row.scope.resource, row.scope.region, row.scope.account].filter(Boolean).join(' in ');
  const differs = [
    ...(row.collection === norm.collection ? [] : [`collects ${row.collection}, not ${norm.collection}`]),
    ...(row.retention.totalDays === norm.retention.totalDays
      ? []
      : [`keeps ${days(row.retention.totalDays)}, not ${days(norm.retention.totalDays)}`]),
    ...(row.retention.searchableDays === norm.retention.searchableDays || row.retention.totalDays !== norm.retention.totalDays
      ? []
      : [`searchable for ${days(row.retention.searchableDays)}, not ${days(norm.retention.searchableDays)}`]),
    ...(row.delivery === 'broken' && norm.delivery !== 'broken' ? ['its delivery is broken'] : []),
  ];
  const worse = ['none', 'partial', 'full'].indexOf(row.collection) < ['none', 'partial', 'full'].indexOf(norm.collection);
  return {
    kind: 'outlier',
    dimension: 'consistency',
    severity: worse || row.delivery === 'broken' ? 'medium' : 'low',
    message: `${source} differs at ${place} from ${usual} of ${all} places: ${differs.join('; ') || 'it takes other event classes'}`,
    evidence: row.evidence.slice(0, 10),
  };
}

function days(value: number | null | undefined): string {
  return value === null ? 'for ever' : value === undefined ? 'for an unknown time' : `${value} days`;
}
