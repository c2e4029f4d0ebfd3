import type { Assessment } from '../src/model/assessment.ts';
import { jsonText } from './escape.ts';
import type { Report } from './report.ts';

/** Keys in the order of the contract; keys that are not named here follow by name. */
const ORDER = [
  'schema',
  'asOf',
  'estate',
  'accounts',
  'inventory',
  'needs',
  'claims',
  'models',
  'summary',
  'provider',
  'account',
  'region',
  'resource',
  'id',
  'state',
  'why',
  'system',
  'threat',
  'title',
  'severity',
  'attack',
  'asset',
  'need',
  'wants',
  'source',
  'scope',
  'place',
  'name',
  'kind',
  'dimension',
  'label',
  'edge',
  'passes',
  'cut',
  'verdict',
  'collection',
  'captured',
  'class',
  'is',
  'delivery',
  'retention',
  'requiredDays',
  'days',
  'searchable',
  'total',
  'searchableDays',
  'totalDays',
  'immutable',
  'consistency',
  'witness',
  'because',
  'message',
  'fix',
  'places',
  'paths',
  'stops',
  'path',
  'findings',
  'unknowns',
  'call',
  'permission',
  'on',
  'code',
  'evidence',
];
const RANK = new Map(ORDER.map((key, index) => [key, index]));

/** The assessment as the public contract has it: the same assessment gives the same bytes; accounts, rows and needs stand one to a line. */
export const json: Report = {
  id: 'json',
  name: 'JSON',
  about: 'The assessment as data (schema 1), for programs: the contract that other tools build on.',
  extension: 'json',
  render(assessment) {
    const members = Object.keys(assessment)
      .sort(byContract)
      .map((key) => `${JSON.stringify(key)}:${member(assessment, key as keyof Assessment)}`);
    return `{\n${members.join(',\n')}\n}\n`;
  },
};

function member(assessment: Assessment, key: keyof Assessment): string {
  const value = assessment[key];
  if (Array.isArray(value)) return rows(value);
  if (key !== 'estate') return line(value);
  const estate = assessment.estate as Record<string, unknown>;
  const members = Object.keys(estate).sort(byContract);
  return `{${members.map((name) => `${JSON.stringify(name)}:${Array.isArray(estate[name]) ? rows(estate[name]) : line(estate[name])}`).join(',')}}`;
}

function rows(values: readonly unknown[]): string {
  return values.length === 0 ? '[]' : `[\n${values.map(line).join(',\n')}\n]`;
}

function line(value: unknown): string {
  return jsonText(JSON.stringify(ordered(value)));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  const result: [string, unknown][] = [];
  for (const key of Object.keys(value).sort(byContract)) result.push([key, ordered((value as Record<string, unknown>)[key])]);
  // `fromEntries` defines own properties, so that a key such as `__proto__` stays data.
  return Object.fromEntries(result);
}

function byContract(a: string, b: string): number {
  const order = (RANK.get(a) ?? ORDER.length) - (RANK.get(b) ?? ORDER.length);
  if (order !== 0) return order;
  return a < b ? -1 : a > b ? 1 : 0;
}
