import { DAY } from '../../model/duration.ts';
import { InputError } from '../../model/input-error.ts';
import type { RetentionProfile } from '../../model/knowledge.ts';
import type { NeedStatement } from '../../model/threat-model.ts';
import type { Knowledge } from '../knowledge.ts';

/** How long a need's events are to be kept, and who says so. */
export interface Keeping {
  readonly retain?: number;
  readonly searchable?: number;
  readonly keeps: NonNullable<NeedStatement['keeps']>;
}

export interface Stated {
  readonly seconds: number;
  readonly searchable?: number;
  readonly from: 'model' | 'overlay';
  readonly why: string;
  /** Said of what is there rather than of what is wanted: it does not lower what a profile asks. */
  readonly claimed: boolean;
}

/** The profile of this id, or an `InputError` that lists those that are known. */
export function profileOf(id: string, knowledge: Knowledge): RetentionProfile {
  const profile = knowledge.retention.get(id);
  if (profile) return profile;
  throw new InputError(`there is no retention profile "${id}"; take one of ${[...knowledge.retention.keys()].sort().join(', ')}`);
}

/**
 * In order: what the model or its overlay asks for; the profile chosen; the longest that a regime asks for this kind of data; the default. A
 * time that the model says something is kept for takes the place of the default, and of nothing else.
 */
export function keepingOf(
  stated: readonly Stated[],
  chosen: RetentionProfile | undefined,
  tags: ReadonlySet<string>,
  knowledge: Knowledge,
  from: 'profile' | 'overlay' = 'profile',
): Keeping {
  const asked = stated.filter((one) => !one.claimed).sort((a, b) => b.seconds - a.seconds)[0];
  if (asked)
    return {
      retain: asked.seconds,
      searchable: Math.min(asked.seconds, asked.searchable ?? 90 * DAY),
      keeps: { from: asked.from, why: asked.why },
    };
  if (chosen)
    return byProfile(chosen, from, `profile ${chosen.id}: ${chosen.name}${chosen.status === 'rescinded' ? ', which is rescinded' : ''}`);
  const regimes = [...knowledge.retention.values()].filter(
    (one) => one.status === 'in-force' && !one.maximum && one.totalDays !== undefined && one.tags.some((tag) => tags.has(tag)),
  );
  const longest = regimes.sort((a, b) => (b.totalDays ?? 0) - (a.totalDays ?? 0) || (a.id < b.id ? -1 : 1))[0];
  if (longest) {
    const tag = longest.tags.filter((one) => tags.has(one)).join(', ');
    return byProfile(longest, 'tag', `profile ${longest.id} (${longest.name}), because of ${tag} data`);
  }
  const claimed = stated.filter((one) => one.claimed).sort((a, b) => b.seconds - a.seconds)[0];
  const profile = knowledge.retention.get('default');
  if (claimed)
    return {
      retain: claimed.seconds,
      searchable: Math.min(claimed.seconds, (profile?.searchableDays ?? 90) * DAY),
      keeps: { from: claimed.from, why: claimed.why },
    };
  return profile
    ? byProfile(profile, 'default', 'the default: neither the model nor a profile says how long')
    : { keeps: { from: 'default', why: 'nothing says how long' } };
}

function byProfile(profile: RetentionProfile, from: Keeping['keeps']['from'], why: string): Keeping {
  const { totalDays, searchableDays, rule } = profile;
  return {
    ...(totalDays === undefined ? {} : { retain: totalDays * DAY }),
    ...(searchableDays === undefined ? {} : { searchable: searchableDays * DAY }),
    keeps: { from, why: rule === undefined ? why : `${why}: ${rule}` },
  };
}
