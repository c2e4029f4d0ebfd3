import type { ComponentType, Vendor } from '../../model/knowledge.ts';
import { VENDORS } from '../../model/knowledge.ts';
import type { At } from '../../model/scope.ts';
import type { Basis, Boundary, Component, Origin, SystemModel } from '../../model/system-model.ts';
import type { Knowledge } from '../knowledge.ts';
import type { Overlay } from '../overlay.ts';

/** What a component turned out to be, and how that is known. */
export interface Resolved {
  readonly component: Component;
  readonly vendor?: Vendor;
  /** Left out: nothing told it. Of several that it could be, the likeliest. */
  readonly type?: ComponentType;
  /** What else it could be: it has to be asked. */
  readonly or: readonly string[];
  readonly how: How;
  readonly confidence: number;
  readonly origin: Origin;
  readonly at: At;
  readonly contradiction?: string;
  /** A generic kind, where nothing tells whose it is. */
  readonly kind?: string;
  /** Why nothing is asked of it, where that is not because it was not understood. */
  readonly excluded?: string;
}

export type How = 'overlay' | 'stated' | 'resource' | 'tag' | 'type' | 'name' | 'kind' | 'nothing';

const CONFIDENCE: Readonly<Record<How, number>> = {
  overlay: 1,
  stated: 0.8,
  resource: 0.8,
  tag: 0.8,
  type: 0.8,
  name: 0.6,
  kind: 0.5,
  nothing: 0,
};
const BASIS: Readonly<Record<How, Basis>> = {
  overlay: 'stated',
  stated: 'mapped',
  resource: 'mapped',
  tag: 'mapped',
  type: 'mapped',
  name: 'inferred',
  kind: 'inferred',
  nothing: 'assumed',
};

/** Every component of a model with its type: the overlay's word, the model's own, its resource, its tags, its native type, its name. */
export function resolve(model: SystemModel, knowledge: Knowledge, overlay: Overlay | undefined): Resolved[] {
  const boundaries = new Map(model.boundaries.map((one) => [one.id, one]));
  return model.components.map((component) => resolveOne(component, boundaries, knowledge, overlay));
}

function resolveOne(
  component: Component,
  boundaries: ReadonlyMap<string, Boundary>,
  knowledge: Knowledge,
  overlay: Overlay | undefined,
): Resolved {
  const settled = overlay?.component(component);
  const around = vendorAround(component, boundaries);
  const found =
    settled?.type === undefined
      ? typeOf(component, around, knowledge)
      : { type: settled.type, how: 'overlay' as const, origin: component.name };
  const generic = found && knowledge.types.get(found.type);
  const own = generic && generic.vendor !== 'any' ? generic.vendor : undefined;
  const vendor = around ?? own ?? vendorIn(settled?.at?.provider);
  const candidates = generic?.resolves ? ((vendor && generic.resolves[vendor]) ?? []) : [];
  // A kind that could be anybody's asks for nothing before it is known whose it is.
  const type = generic?.resolves ? knowledge.types.get(candidates[0] ?? '') : generic;
  const or =
    settled?.type === undefined ? [...new Set([...candidates.slice(1), ...(found?.or ?? [])])].filter((id) => id !== type?.id) : [];
  const how = found?.how ?? 'nothing';
  const contradiction = contradictionOf(component, around, own, type);
  const excluded = excludedBy(component, settled?.notInScope, type);
  return {
    component,
    ...(vendor === undefined ? {} : { vendor }),
    ...(type === undefined ? {} : { type }),
    or,
    how,
    confidence: or.length > 0 ? Math.min(0.5, CONFIDENCE[how]) : CONFIDENCE[how],
    origin: found
      ? { pointer: found.origin.pointer, basis: BASIS[how], ...quoteOf(found.origin) }
      : { pointer: component.name.pointer, basis: 'assumed' },
    at: placeOf(component, type?.vendor ?? vendor, settled?.at),
    ...(contradiction === undefined ? {} : { contradiction }),
    ...(generic && !type ? { kind: generic.name } : {}),
    ...(excluded === undefined ? {} : { excluded }),
  };
}

interface FoundType {
  readonly type: string;
  readonly how: How;
  readonly origin: Origin & { readonly value?: unknown };
  readonly or?: readonly string[];
}

function typeOf(component: Component, vendor: Vendor | undefined, knowledge: Knowledge): FoundType | undefined {
  const { type, resource, tags, nativeType, name } = component;
  if (type && knowledge.types.has(type.value)) return { type: type.value, how: 'stated', origin: type };
  // Native models name resource types as sources and estates do.
  const located = type && [...knowledge.types.values()].find((one) => one.locates === type.value);
  if (type && located) return { type: located.id, how: 'stated', origin: type };
  const fromType = type && knowledge.lexicon.typeOf(type.value);
  if (type && fromType !== undefined) return { type: fromType, how: 'type', origin: type };
  const byResource = resource && (knowledge.typeOfResource(resource.value) ?? knowledge.lexicon.typeOf(codeType(resource.value)));
  if (resource && byResource !== undefined) return { type: byResource, how: 'resource', origin: resource };
  const tagged = tags.flatMap((tag) => {
    const id = knowledge.lexicon.typeOf(tag.value);
    return id === undefined ? [] : [{ id, tag }];
  });
  // A tag for a whole provider (`aws`) tells less than one for a service.
  const exact = tagged.find(({ id }) => !knowledge.types.get(id)?.roles.includes('account')) ?? tagged[0];
  if (exact) return { type: exact.id, how: 'tag', origin: exact.tag };
  const native = nativeType && knowledge.lexicon.typeOf(nativeType.value);
  if (nativeType && native !== undefined) return { type: native, how: 'type', origin: nativeType };
  const service = knowledge.named(name.value, vendor).find((one) => one.by === 'service');
  if (service) return { type: service.type, how: 'name', origin: { ...name, quote: service.word } };
  for (const said of [...(nativeType ? [nativeType] : []), ...tags]) {
    const kinds = knowledge.named(said.value, vendor);
    // Of several kinds the one that its name speaks of, too.
    const first = kinds.find((one) => name.value.toLowerCase().includes(one.word.toLowerCase())) ?? kinds[0];
    if (first) return { type: first.type, how: first.by === 'kind' ? 'kind' : 'name', origin: said, or: first.or };
  }
  const [named] = knowledge.named(name.value, vendor);
  return named && { type: named.type, how: named.by === 'kind' ? 'kind' : 'name', origin: { ...name, quote: named.word }, or: named.or };
}

/** `module.cards.aws_s3_bucket.vault` is an `aws_s3_bucket`. */
function codeType(address: string): string {
  return address.split('.').find((part) => /^[a-z0-9]+_[a-z0-9_]+$/.test(part)) ?? address;
}

const ON_PREMISES = /\bon[-_ ]?prem|\bdedicated[-_ ]hoster|\bdata ?cent(?:er|re)\b|\bself[-_ ]?hosted\b/i;

function vendorAround(component: Component, boundaries: ReadonlyMap<string, Boundary>): Vendor | undefined {
  const own = vendorIn(component.provider?.value);
  if (own) return own;
  let otherwise: Vendor | undefined;
  const seen = new Set<string>();
  for (const start of component.boundaries) {
    for (let id: string | undefined = start; id !== undefined && !seen.has(id); id = boundaries.get(id)?.parent) {
      seen.add(id);
      const boundary = boundaries.get(id);
      const vendor = vendorIn(boundary?.provider?.value);
      if (vendor) return vendor;
      if (boundary && ON_PREMISES.test(`${boundary.nativeType?.value ?? ''} ${boundary.name.value}`)) otherwise = 'any';
    }
  }
  return otherwise;
}

export function vendorIn(words: string | undefined): Vendor | undefined {
  const word = words?.toLowerCase();
  return VENDORS.find((vendor) => vendor === word);
}

function contradictionOf(
  component: Component,
  around: Vendor | undefined,
  own: Vendor | undefined,
  type: ComponentType | undefined,
): string | undefined {
  if (around && own && own !== around && own !== 'saas' && own !== 'kubernetes' && type)
    return `${type.name} is of ${own}, and the model puts it into ${around}`;
  const { physical } = component;
  return physical?.value && around && around !== 'any' && around !== 'saas'
    ? `the model calls it ${quoteOf(physical).quote ?? 'physical'} and puts it into ${around}`
    : undefined;
}

function excludedBy(component: Component, notInScope: boolean | undefined, type: ComponentType | undefined): string | undefined {
  if (notInScope === true) return 'the overlay leaves it out';
  if (notInScope === false) return undefined;
  if (!component.inScope.value)
    return component.inScope.quote ? `the model leaves it out: ${component.inScope.quote}` : 'the model leaves it out';
  if (component.kind === 'actor' || type?.roles.includes('end-user')) return 'somebody who uses the system, no part of it';
  return component.kind === 'external' && !type ? 'outside of the system' : undefined;
}

function placeOf(component: Component, vendor: Vendor | undefined, settled: At | undefined): At {
  const resource = component.resource?.value;
  const named = resource !== undefined && /^arn:|^\/subscriptions\/|^\/\/|^projects\//i.test(resource) ? resource : undefined;
  const account = named === undefined ? undefined : accountIn(named);
  const provider = vendor === 'aws' || vendor === 'gcp' || vendor === 'azure' ? vendor : undefined;
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(account === undefined ? {} : { account }),
    ...(named === undefined ? {} : { resource: named }),
    ...settled,
  };
}

function accountIn(resource: string): string | undefined {
  if (resource.startsWith('arn:')) return resource.split(':')[4] || undefined;
  return /(?:^|\/)(?:subscriptions|projects)\/([^/]+)/i.exec(resource)?.[1];
}

export function quoteOf(origin: { readonly quote?: string; readonly value?: unknown }): { quote?: string } {
  const quote = origin.quote ?? (typeof origin.value === 'string' ? origin.value : undefined);
  return quote === undefined ? {} : { quote: quote.length > 300 ? `${quote.slice(0, 299)}…` : quote };
}

/** The vendors that a model has anything of. */
export function vendorsOf(model: SystemModel, resolved: readonly Resolved[]): Set<Vendor> {
  const vendors = new Set<Vendor>();
  for (const { type, vendor, excluded } of resolved) {
    // What only stands there for context is no reason to ask for the logs of another provider.
    if (excluded !== undefined) continue;
    if (vendor) vendors.add(vendor);
    if (type && type.vendor !== 'any') vendors.add(type.vendor);
  }
  for (const boundary of model.boundaries) {
    const vendor = vendorIn(boundary.provider?.value);
    if (vendor) vendors.add(vendor);
  }
  return vendors;
}
