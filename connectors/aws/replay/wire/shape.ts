/**
 * The SDK clients ship their API's model as plain arrays (`[3, namespace, name, traits, memberNames, members]`); this reads them into shapes.
 * Element names, headers, path labels and time formats so come from the very client that will read the answer.
 */
export type Kind = 'struct' | 'list' | 'map' | 'string' | 'number' | 'boolean' | 'timestamp' | 'blob' | 'document' | 'unit';

export type Traits = Readonly<Record<string, unknown>>;

/** A shape as one member refers to it. `own` are the traits of the reference alone, `traits` those of the shape too. */
export interface Shape {
  readonly kind: Kind;
  readonly name: string;
  readonly own: Traits;
  readonly traits: Traits;
  readonly format: 'date-time' | 'http-date' | 'epoch-seconds' | undefined;
  /** Members of a struct, by name. Lazy: API models are recursive. */
  readonly members: ReadonlyMap<string, Shape>;
  readonly value: Shape;
  readonly key: Shape;
}

export interface Operation {
  readonly name: string;
  readonly traits: Traits;
  readonly input: Shape;
  readonly output: Shape;
}

const FLAGS = ['httpLabel', 'idempotent', 'idempotencyToken', 'sensitive', 'httpPayload', 'httpResponseCode', 'httpQueryParams'];
const SIMPLE: Record<number, Kind> = {
  0: 'string',
  1: 'number',
  2: 'boolean',
  15: 'document',
  17: 'number',
  19: 'number',
  21: 'blob',
  42: 'blob',
};
const FORMATS: Record<number, Shape['format']> = { 5: 'date-time', 6: 'http-date', 7: 'epoch-seconds' };
const LIST = 64;
const MAP = 128;

function traitsOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  const bits = Number(value ?? 0);
  return Object.fromEntries(FLAGS.filter((_, index) => (bits >> index) & 1).map((flag) => [flag, 1]));
}

const cache = new WeakMap<object, Shape>();

/** The shape that a model's reference means. */
export function shapeOf(reference: unknown): Shape {
  const known = typeof reference === 'object' && reference !== null ? cache.get(reference) : undefined;
  if (known) return known;
  let own: Record<string, unknown> = {};
  let at = reference;
  for (;;) {
    if (typeof at === 'function') at = (at as () => unknown)();
    else if (Array.isArray(at) && at.length === 2) {
      own = { ...traitsOf(at[1]), ...own };
      at = at[0];
    } else break;
  }
  let named: Record<string, unknown> = {};
  let name = '';
  if (Array.isArray(at)) {
    named = traitsOf(at[3]);
    name = String(at[2]);
  }
  const shape = build(at, name, own, { ...named, ...own });
  if (typeof reference === 'object' && reference !== null) cache.set(reference, shape);
  return shape;
}

function build(at: unknown, name: string, own: Traits, traits: Traits): Shape {
  if (Array.isArray(at) && at[0] === 0) return build(at[4], name, own, traits);
  const code = Array.isArray(at) ? at[0] : at;
  const base = { name, own, traits, format: undefined };
  if (code === 'unit' || code === undefined) return lazy({ ...base, kind: 'unit' });
  if (Array.isArray(at) && (code === 3 || code === -3 || code === 4)) {
    const names = at[4] as string[];
    const references = at[5] as unknown[];
    return lazy({ ...base, kind: 'struct' }, () => new Map(names.map((member, index) => [member, shapeOf(references[index])])));
  }
  if (Array.isArray(at) && code === 1) return lazy({ ...base, kind: 'list' }, undefined, () => shapeOf(at[4]));
  if (Array.isArray(at) && code === 2)
    return lazy(
      { ...base, kind: 'map' },
      undefined,
      () => shapeOf(at[5]),
      () => shapeOf(at[4]),
    );
  const number = Number(code);
  if (number >= MAP)
    return lazy(
      { ...base, kind: 'map' },
      undefined,
      () => shapeOf(number & 63),
      () => shapeOf(0),
    );
  if (number >= LIST) return lazy({ ...base, kind: 'list' }, undefined, () => shapeOf(number & 63));
  if (number >= 4 && number <= 7) return lazy({ ...base, kind: 'timestamp', format: FORMATS[number] });
  return lazy({ ...base, kind: SIMPLE[number] ?? 'document' });
}

function lazy(
  base: Pick<Shape, 'kind' | 'name' | 'own' | 'traits' | 'format'>,
  members: () => Map<string, Shape> = () => new Map(),
  value: () => Shape = () => shapeOf(0),
  key: () => Shape = () => shapeOf(0),
): Shape {
  let made: Map<string, Shape> | undefined;
  let valueShape: Shape | undefined;
  let keyShape: Shape | undefined;
  return {
    ...base,
    get members() {
      return (made ??= members());
    },
    get value() {
      return (valueShape ??= value());
    },
    get key() {
      return (keyShape ??= key());
    },
  };
}

/** The operations that a client module exports: arrays that start with 9. */
export function operationsOf(module: Readonly<Record<string, unknown>>): Map<string, Operation> {
  const found = new Map<string, Operation>();
  for (const value of Object.values(module)) {
    if (!Array.isArray(value) || value[0] !== 9) continue;
    const [, , name, traits, input, output] = value as unknown[];
    let inputShape: Shape | undefined;
    let outputShape: Shape | undefined;
    found.set(String(name), {
      name: String(name),
      traits: traitsOf(traits),
      get input() {
        return (inputShape ??= shapeOf(input));
      },
      get output() {
        return (outputShape ??= shapeOf(output));
      },
    });
  }
  return found;
}
