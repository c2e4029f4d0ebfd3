import { InputError } from '../model/input-error.ts';
import type { Source } from '../model/source.ts';
import { loadRules } from '../needs/rules.ts';

/** The source of an id; an `InputError` that names near ones where there is none. */
export function sourceOf(id: string): Source {
  const { sources } = loadRules();
  const found = sources.get(id);
  if (found) return found;
  const last = id.split('.').at(-1) ?? id;
  const near = [...sources.keys()].filter((one) => one.startsWith(id) || id.startsWith(one) || one.split('.').includes(last)).slice(0, 4);
  throw new InputError(
    `there is no log source "${id}"; ${near.length > 0 ? `perhaps ${near.join(', ')}` : '`viewshed sources` lists them'}`,
  );
}

export function chosenSources(ids: readonly string[] | undefined): readonly Source[] | undefined {
  return ids?.map(sourceOf);
}
