import { terminal as clean } from '../../reports/escape.ts';
import type { PlaceTrace, Step, Trace, TraceVerdict } from '../assess/trace.ts';
import type { Io } from './command.ts';
import { number, painter, table, wrap } from './table.ts';

export interface LabelledTrace {
  readonly label: string;
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly trace: Trace;
}

type Paint = ReturnType<typeof painter>;

const VERDICTS: Readonly<Record<TraceVerdict, readonly [string, 'green' | 'red' | 'cyan']>> = {
  kept: ['✓ kept', 'green'],
  lost: ['✗ lost', 'red'],
  unsettled: ['? not settled', 'cyan'],
};
const PASSES: Readonly<Record<Step['passes'], readonly [string, 'green' | 'red' | 'cyan']>> = {
  yes: ['✓', 'green'],
  no: ['✗', 'red'],
  'not-known': ['?', 'cyan'],
};
const MOST_PLACES = 12;
const LONGEST_FILTER = 400;

/** The way of one event, stop by stop. */
export function renderTrace({ label, trace }: LabelledTrace, terminal: Pick<Io['terminal'], 'columns' | 'color'>): string {
  const paint = painter(terminal.color);
  const width = Math.min(Math.max(terminal.columns, 40), 160);
  const [word, style] = VERDICTS[trace.verdict];
  const lines = [`${paint(clean(label), 'bold')}  ${paint(clean(trace.source), 'dim')}`];
  const fields = Object.entries(trace.event).filter(([name]) => name !== 'eventName' && name !== 'methodName');
  const shown = fields.filter(([name]) => trace.telling?.includes(name) ?? true);
  for (const [name, value] of shown) lines.push(wrap(`${name} = ${value === '' ? '(empty)' : value}`, width, 4, 2));
  if (shown.length < fields.length) lines.push(wrap(`and ${fields.length - shown.length} fields more`, width, 4, 2));
  for (const note of trace.notes) lines.push(wrap(`(${note})`, width, 4, 2));
  lines.push(
    '',
    wrap(`${word}: ${trace.because}`, width, 2, 0).replace(clean(word), () => paint(word, style)),
  );
  for (const place of trace.places.slice(0, MOST_PLACES)) lines.push('', ...placeLines(place, trace.places.length > 1, paint, width));
  if (trace.places.length > MOST_PLACES)
    lines.push('', `… and ${trace.places.length - MOST_PLACES} more places (--format json has them all)`);
  return `${lines.join('\n')}\n`;
}

function placeLines(place: PlaceTrace, many: boolean, paint: Paint, width: number): string[] {
  const { resource, account, region } = place.place;
  const more = [resource, account, region].filter((part) => part !== undefined && !place.name.includes(part));
  const where = [place.name, ...more].map((part) => clean(part as string));
  const lines = [paint(`From ${where.join(', ')}`, 'bold')];
  if (many) lines.push(wrap(`${VERDICTS[place.verdict][0]}: ${place.because}`, width, 4, 2));
  for (const step of place.steps) lines.push(...stepLines(step, 1, place.verdict === 'lost', paint, width));
  if (place.steps.length === 0 && place.unknowns.length === 0) lines.push('  nothing reads this log');
  if (place.unknowns.length > 0) {
    lines.push('  What would settle it:');
    for (const unknown of place.unknowns.slice(0, 6))
      lines.push(wrap(`${unknown.call} on ${unknown.on}: ${unknown.code} (needs ${unknown.permission})`, width, 6, 4));
    if (place.unknowns.length > 6) lines.push(`    … and ${place.unknowns.length - 6} more`);
  }
  return lines;
}

function stepLines(step: Step, depth: number, mending: boolean, paint: Paint, width: number): string[] {
  const indent = depth * 2;
  const [sign, style] = PASSES[step.passes];
  const target = `${step.to.kind} ${step.to.name}`;
  const arrow =
    step.passes === 'no' || step.to.kind === 'not read' || step.label.endsWith(target) || step.label === step.to.name ? '' : ` → ${target}`;
  const first = wrap(`${sign} ${step.label}${step.why === undefined ? '' : `: ${step.why}`}${arrow}`, width, indent + 2, indent);
  const lines = [first.replace(sign, () => paint(sign, style))];
  if (step.filter !== undefined) lines.push(wrap(`filter: ${cut(step.filter)}`, width, indent + 12, indent + 4));
  if (step.store)
    lines.push(
      wrap(
        `${keptText(step)} (${step.store.because})${step.store.native ? '; kept by the provider itself, does not count' : ''}`,
        width,
        indent + 4,
        indent + 4,
      ),
    );
  if (mending && step.fix !== undefined) lines.push(wrap(`fix: ${step.fix}`, width, indent + 9, indent + 4));
  for (const next of step.next) lines.push(...stepLines(next, depth + 1, mending, paint, width));
  return lines;
}

/** Filters may be very long; --format json has all of them. */
function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_FILTER ? `${line.slice(0, LONGEST_FILTER)} …` : line;
}

function keptText({ store }: Step): string {
  const days = (value: number | null | undefined): string =>
    value === undefined ? 'not known how long' : value === null ? 'for ever' : value === 1 ? '1 day' : `${number(value)} days`;
  const searchable = days(store?.searchableDays);
  const total = days(store?.totalDays);
  return searchable === total ? `searchable ${searchable}` : `searchable ${searchable}, kept ${total}`;
}

/** Many events: equal ones in one line. */
export function renderTraces(traces: readonly LabelledTrace[], terminal: Io['terminal']): string {
  const groups = new Map<string, { trace: LabelledTrace; count: number }>();
  for (const one of traces) {
    const key = JSON.stringify([one.label, one.trace.source, one.account, one.region, one.trace.verdict, one.trace.because]);
    const group = groups.get(key);
    if (group) group.count += 1;
    else groups.set(key, { trace: one, count: 1 });
  }
  const order: readonly TraceVerdict[] = ['lost', 'unsettled', 'kept'];
  const rows = [...groups.values()]
    .sort((a, b) => order.indexOf(a.trace.trace.verdict) - order.indexOf(b.trace.trace.verdict) || b.count - a.count)
    .map(({ trace: { label, account, region, trace }, count }) => [
      VERDICTS[trace.verdict][0],
      count,
      label,
      trace.source,
      [account, region].filter((part) => part !== undefined).join(' '),
      trace.because,
    ]);
  const count = (verdict: TraceVerdict) => traces.filter((one) => one.trace.verdict === verdict).length;
  const head = `${traces.length} events: ${count('kept')} kept, ${count('lost')} lost, ${count('unsettled')} not settled`;
  return `${head}\n\n${table(['', 'events', 'event', 'source', 'place', 'why'], rows, terminal.out ? terminal.columns : undefined)}\n`;
}
