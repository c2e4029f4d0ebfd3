import { EVERYTHING, includes, intersect, NOTHING, type Selector, union } from '../../../src/events/classes.ts';

/** Least and most of the entries for which a part of a filter holds; the same object where it is exact. */
export interface Bounds {
  readonly least: Selector;
  readonly most: Selector;
}

const MAX_CLASSES = 2000;
/** Classes to be put together, times the fields that they name. */
const MAX_WORK = 100 * MAX_CLASSES;
export const MAX_PRODUCT = 512;
/** So many classes are kept for certain once there are too many. */
const KEPT = 16;

export const NEVER: Bounds = { least: NOTHING, most: NOTHING };
export const ALWAYS: Bounds = { least: EVERYTHING, most: EVERYTHING };
export const PERHAPS: Bounds = { least: NOTHING, most: EVERYTHING };

/** Whether least and most are the same everywhere, as far as that is told at little cost. */
export function settled(bounds: readonly Bounds[]): boolean {
  return bounds.every(({ least, most }) => least === most || (isSmall(least) && isSmall(most) && includes(least, most)));
}

function isSmall(selector: Selector): boolean {
  return selector.length <= 20 && selector.every((one) => one.size <= 20);
}

/** All have to hold. What would need too many classes keeps the simplest of them for certain, and is not narrowed further at most. */
export function conjunction(parts: readonly Bounds[], crowded: () => void): Bounds {
  let whole = true;
  const product = (selectors: readonly Selector[], certain: boolean): Selector => {
    let all = EVERYTHING;
    let crowd = false;
    let spent = 0;
    const fields = new Set<string>();
    for (const one of selectors.toSorted((a, b) => a.length - b.length)) {
      for (const each of one) for (const name of each.keys()) fields.add(name);
      const count = all.length * one.length;
      if (one.length > 1 && all.length > 1) spent += count * count;
      crowd ||= count > Math.max(MAX_PRODUCT, all.length, one.length) || count * fields.size > MAX_WORK || spent > MAX_WORK;
      if (!crowd || one.length === 1) all = intersect(all, one);
      else if (certain) all = intersect(simplest(all, KEPT), simplest(one, 1));
      if (all.length === 0) return NOTHING;
    }
    if (crowd) whole = false;
    return all;
  };
  const least = product(
    parts.map((one) => one.least),
    true,
  );
  if (whole && parts.every((one) => one.least === one.most)) return { least, most: least };
  const most = product(
    parts.map((one) => one.most),
    false,
  );
  if (!whole) crowded();
  return { least, most };
}

/** One has to hold. */
export function disjunction(parts: readonly Bounds[], crowded: () => void): Bounds {
  const least = sum(parts.map((one) => one.least));
  if (least && parts.every((one) => one.least === one.most)) return { least, most: least };
  const most = sum(parts.map((one) => one.most));
  if (!least || !most) crowded();
  return {
    least:
      least ??
      union(
        simplest(
          parts.flatMap((one) => one.least),
          100,
        ),
      ),
    most: most ?? EVERYTHING,
  };
}

/** The union; undefined where it would take too long to put together. */
function sum(selectors: readonly Selector[]): Selector | undefined {
  const classes = selectors.flat();
  if (classes.length > MAX_CLASSES) return undefined;
  const fields = new Set(classes.flatMap((one) => [...one.keys()]));
  return classes.length * fields.size <= MAX_WORK ? union(...selectors) : undefined;
}

/** The classes that name the fewest fields, which are likely the widest. */
function simplest(selector: Selector, count: number): Selector {
  return selector.length <= count ? selector : selector.toSorted((a, b) => a.size - b.size).slice(0, count);
}
