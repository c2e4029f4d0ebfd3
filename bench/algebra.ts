/**
 * Times of the event algebra on selectors as large as a trail's may be, beside those of asking a plain evaluator about a thousand single
 * events (which proves nothing). Median of several runs in one process: `node bench/algebra.ts`.
 */
import {
  classOf,
  type Event,
  type EventClass,
  includes,
  intersect,
  isEmpty,
  matches,
  minus,
  type Selector,
  selectorOf,
  union,
} from '../src/events/classes.ts';
import { universeOf } from '../src/events/universe.ts';
import { nearestMiss, witness } from '../src/events/witness.ts';
import { Source } from '../src/model/source.ts';
import type { Where } from '../src/model/where.ts';
import { type TrailSelectors, wouldLog } from '../test/events/plain-evaluator.ts';
import { type Figure, median, show } from './figures.ts';

const LIMIT = 100;
const RUNS = 15;

const DATA: Where = { eventCategory: { equals: ['Data'] }, 'resources.type': { equals: ['AWS::S3::Object'] } };
const source = Source.parse({
  id: 'aws.cloudtrail.data.s3',
  name: 'S3 data events',
  about: 'Objects.',
  provider: 'aws',
  service: 'CloudTrail',
  default: 'off',
  place: 'region',
  doc: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/',
  always: { eventCategory: 'Data', 'resources.type': 'AWS::S3::Object' },
  fields: { eventName: {}, readOnly: { values: ['true', 'false'], closed: true } },
});
const need = intersect(selectorOf({ 'resources.ARN': { startsWith: ['arn:aws:s3:::'] } }), universeOf(source, undefined));
const bucket = (index: number) => `arn:aws:s3:::bucket-${(index * 7919) % 1000}-of-team-${index % 13}/`;
const list = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

interface Case {
  readonly name: string;
  readonly wheres: readonly Where[];
}

const names = (index: number) => ({ equals: [`Operation${index}`] });
const cases: readonly Case[] = [
  { name: '500 prefixes in one field', wheres: [{ ...DATA, 'resources.ARN': { startsWith: list(500, bucket) } }] },
  { name: '500 excluded prefixes', wheres: [{ ...DATA, 'resources.ARN': { notStartsWith: list(500, bucket) } }] },
  {
    name: '250 prefixes with 250 suffixes',
    wheres: [{ ...DATA, 'resources.ARN': { startsWith: list(250, bucket), endsWith: list(250, (index) => `.${index}`) } }],
  },
  {
    name: '500 nested prefixes, all but one out',
    wheres: [{ ...DATA, 'resources.ARN': { notStartsWith: list(499, (index) => `arn:aws:s3:::vault/${'a/'.repeat(index)}b`) } }],
  },
  {
    name: '250 data resources in 5 selectors',
    wheres: list(5, (at) => ({
      ...DATA,
      readOnly: { equals: [at % 2 ? 'true' : 'false'] },
      'resources.ARN': { startsWith: list(50, (index) => bucket(at * 50 + index)) },
    })),
  },
  {
    name: '500 selectors that differ in one field',
    wheres: list(500, (index) => ({ ...DATA, 'resources.ARN': { startsWith: [bucket(index)] } })),
  },
  {
    name: '250 that differ in ARN and readOnly',
    wheres: list(250, (index) => ({
      ...DATA,
      readOnly: { equals: [index % 3 ? 'true' : 'false'] },
      'resources.ARN': { startsWith: [bucket(index)] },
    })),
  },
  {
    name: '250 that differ in ARN and eventName',
    wheres: list(250, (index) => ({ ...DATA, eventName: names(index), 'resources.ARN': { startsWith: [bucket(index)] } })),
  },
  {
    name: '250 that overlap in ARN, differ in eventName',
    wheres: list(250, (index) => ({
      ...DATA,
      eventName: names(index),
      'resources.ARN': { startsWith: [`arn:aws:s3:::${'a'.repeat(index % 50)}`] },
    })),
  },
  {
    name: '250 bands: ARN prefix, eventName prefix',
    wheres: list(250, (index) => ({
      ...DATA,
      ...(index % 2 ? { eventName: { startsWith: [`Get${index}`] } } : { 'resources.ARN': { startsWith: [bucket(index)] } }),
    })),
  },
];

const OPERATORS = {
  equals: 'Equals',
  startsWith: 'StartsWith',
  endsWith: 'EndsWith',
  notEquals: 'NotEquals',
  notStartsWith: 'NotStartsWith',
  notEndsWith: 'NotEndsWith',
} as const;

function trailOf(wheres: readonly Where[]): TrailSelectors {
  return {
    AdvancedEventSelectors: wheres.map((where) => ({
      // A trail's lists on one field are alternatives, those of a condition all hold: one field selector each.
      FieldSelectors: Object.entries(where).flatMap(([Field, condition]) =>
        Object.entries(condition).map(([operator, values]) => ({ Field, [OPERATORS[operator as keyof typeof OPERATORS]]: values })),
      ),
    })),
  };
}

const sampled: Event[] = list(1000, (index) => ({
  eventCategory: 'Data',
  'resources.type': 'AWS::S3::Object',
  eventSource: 's3.amazonaws.com',
  eventName: `Operation${index % 300}`,
  readOnly: index % 2 ? 'true' : 'false',
  'resources.ARN': `${bucket(index)}key.${index % 300}`,
}));

interface Times {
  readonly compile: number;
  readonly judge: number;
  readonly witness: number;
  readonly whole: number;
  readonly plain: number;
  readonly classes: number;
  readonly left: number;
}

function run({ wheres }: Case): Times {
  const start = performance.now();
  const captured: Selector = union(...wheres.map((where) => [classOf(where) as EventClass]));
  const compiled = performance.now();
  const covered = includes(captured, need);
  const rest = minus(need, captured);
  const passed = intersect(need, captured);
  const judged = performance.now();
  const lost = witness(rest, { 'resources.ARN': ['arn:aws:s3:::card-vault/4711'], eventName: ['GetObject'], readOnly: ['true'] });
  const miss = lost && nearestMiss(captured, lost);
  const shown = performance.now();
  const trail = trailOf(wheres);
  const taken = sampled.map((event) => wouldLog(trail, event));
  const plain = performance.now() - shown;
  // The two have to say the same, or the times mean nothing.
  if (covered !== isEmpty(rest) || (lost && (wouldLog(trail, lost) || miss?.fields.length === 0)))
    throw new Error('the witness is no witness');
  for (const [index, event] of sampled.entries()) {
    if (
      matches(captured, event) !== taken[index] ||
      matches(passed, event) !== taken[index] ||
      (matches(need, event) && matches(rest, event) === taken[index])
    )
      throw new Error(`the algebra and the plain evaluator disagree about event ${index}`);
  }
  return {
    compile: compiled - start,
    judge: judged - compiled,
    witness: shown - judged,
    whole: shown - start,
    plain,
    classes: captured.length,
    left: rest.length,
  };
}

const padded = (value: number) => value.toFixed(2).padStart(8);

/** Prints each case; the figure is the slowest first run. */
export function benchAlgebra(): Figure[] {
  console.log(
    `${'milliseconds'.padEnd(46)}${['first', 'compile', 'judge', 'witness', 'whole', 'plain', 'ratio'].map((word) => word.padStart(8)).join('')}  classes  left`,
  );
  let slowest = 0;
  for (const one of cases) {
    const [first, ...rest] = list(RUNS, () => run(one)) as [Times, ...Times[]];
    const middle = (field: keyof Times) => median(rest.map((times) => times[field]));
    const whole = middle('whole');
    slowest = Math.max(slowest, first.whole);
    console.log(
      `${one.name.padEnd(46)}${padded(first.whole)}${padded(middle('compile'))}${padded(middle('judge'))}${padded(middle('witness'))}${padded(whole)}${padded(middle('plain'))}${padded(whole / middle('plain'))}${String(first.classes).padStart(9)}${String(first.left).padStart(6)}`,
    );
  }
  return [
    {
      name: `slowest of ${cases.length} large selectors / ${LIMIT} ms`,
      measured: `${slowest.toFixed(0)} ms in its first run`,
      ratio: slowest / LIMIT,
      most: 1,
    },
  ];
}

if (import.meta.main) console.log(`\n${show(benchAlgebra())}`);
