import { z } from 'zod';
import type { Finding } from '../../src/model/assessment.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { accountOf, callsAbout, gcpEstateOf } from './places.ts';

const Exclusions = z.array(z.object({ filter: z.string().default(''), disabled: z.boolean().default(false) })).default([]);
const Settings = z.object({
  disableDefaultSink: z.boolean().default(false),
  storageLocation: z.string().optional(),
  kmsKeyName: z.string().optional(),
  defaultSinkConfig: z
    .object({
      filter: z.string().default(''),
      exclusions: Exclusions,
      /** APPEND: beside the built-in filter; OVERWRITE: in its place. */
      mode: z.union([z.string(), z.number()]).optional(),
    })
    .optional(),
});
type Settings = z.infer<typeof Settings>;

/** What folders and organizations set for the _Default sinks of projects that are made from now on. */
export interface StandardSink {
  /** `folders/7`, `organizations/1`. */
  readonly owner: string;
  readonly disabled: boolean;
  /** The filter in whole, or what it is narrowed by; undefined: the built-in one. */
  readonly filter: { readonly text: string; readonly whole: boolean } | undefined;
  readonly exclusions: readonly string[];
  readonly evidence: readonly number[];
}

export const settingsCall = (kind: string) => ({
  [`logging:${kind}.getSettings`]: {
    permission: 'logging.settings.get',
    why: 'what new projects get as their _Default sink, and where it keeps entries',
    per: 'account' as const,
  },
});

/**
 * The nearest settings above a container that say something of _Default sinks. They hold for what is made after them: what is there already stays.
 * https://docs.cloud.google.com/logging/docs/default-settings
 */
export function standardSinkOf(evidence: EvidenceView, container: string): StandardSink | undefined {
  for (const level of gcpEstateOf(evidence).ancestorsOf(container).known) {
    const op = `gcp/logging:${level.type}s.getSettings`;
    const answer = callsAbout(evidence, op, Settings, level.id).find((one) => one.unknown === undefined);
    const settings = answer?.pages[0];
    if (settings && (settings.disableDefaultSink || settings.defaultSinkConfig)) return standard(level.id, settings, answer.ids);
  }
  return undefined;
}

function standard(owner: string, { disableDefaultSink, defaultSinkConfig: given }: Settings, evidence: readonly number[]): StandardSink {
  return {
    owner,
    disabled: disableDefaultSink,
    filter: given?.filter ? { text: given.filter, whole: given.mode === 'OVERWRITE' || given.mode === 2 } : undefined,
    exclusions: (given?.exclusions ?? []).filter((one) => !one.disabled).map((one) => one.filter),
    evidence,
  };
}

interface DefaultSink {
  readonly disabled: boolean;
  readonly filter: string;
  readonly exclusions: readonly { readonly filter: string; readonly disabled: boolean }[];
}

/** How the _Default sink of a container differs from what new ones get. */
export function differences(container: string, sink: DefaultSink, set: StandardSink, ids: readonly number[]): Finding[] {
  const own = sink.exclusions.filter((one) => !one.disabled).map((one) => one.filter);
  const lacking = set.exclusions.filter((filter) => !own.includes(filter));
  const said = [
    ...(sink.disabled === set.disabled ? [] : [`is ${sink.disabled ? 'off' : 'on'}, new ones are ${set.disabled ? 'off' : 'on'}`]),
    ...(set.filter && !(set.filter.whole ? sink.filter === set.filter.text : sink.filter.includes(set.filter.text))
      ? ['has another filter than new ones']
      : []),
    ...(lacking.length > 0 ? [`lacks exclusions that new ones have: ${lacking.slice(0, 2).join(', ')}`] : []),
  ];
  return said.map((what) => ({
    kind: 'default-sink-differs',
    dimension: 'consistency',
    severity: 'low',
    message: `the _Default sink of ${accountOf(container)} ${what} (settings of ${set.owner})`,
    evidence: [...ids, ...set.evidence],
  }));
}

/** In a few words, for where the sinks of a container could not be read. */
export function expectation({ owner, disabled, filter, exclusions }: StandardSink): string {
  const what = disabled ? 'off' : filter || exclusions.length > 0 ? 'with a filter of its own' : 'as built in';
  return `new _Default sinks are ${what} by the settings of ${owner}`;
}
