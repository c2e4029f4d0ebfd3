import type { Component, DataAsset, DataFlow, ModelThreat } from '../../model/system-model.ts';
import { PRIORITIES, type Priority } from '../../model/threat-model.ts';

/** What the model says of a component's worth and exposure. */
export interface Weight {
  /** 0 to 4: the component's own rating or that of its data; what only passes through counts one less. */
  readonly level: number | undefined;
  readonly tags: ReadonlySet<string>;
  readonly raised: readonly string[];
}

export const EXPOSED = 'faces the internet';

export function weightOf(component: Component, data: ReadonlyMap<string, DataAsset>, flows: readonly DataFlow[]): Weight {
  const passing = new Set(component.handles);
  let exposed = component.internetFacing?.value === true;
  for (const flow of flows) {
    for (const id of flow.data) passing.add(id);
    if (flow.to === component.id && flow.public?.value === true) exposed = true;
  }
  const stored = component.stores.flatMap((id) => data.get(id) ?? []);
  const passed = [...passing].flatMap((id) => data.get(id) ?? []);
  const levels = [
    component.confidentiality?.value.level,
    ...stored.map((one) => one.confidentiality?.value.level),
    ...passed.map((one) => one.confidentiality && Math.max(0, one.confidentiality.value.level - 1)),
  ].filter((level) => level !== undefined);
  const level = levels.length === 0 ? undefined : Math.max(...levels);
  const tags = new Set([...stored, ...passed].flatMap((one) => one.tags.map((tag) => tag.value)));
  const raised = [
    ...(level !== undefined && level >= 3 ? [`holds data of rank ${level} of 4`] : []),
    ...(exposed ? [EXPOSED] : []),
    ...(component.storesCredentials?.value === true || tags.has('credentials') ? ['holds credentials'] : []),
    ...(tags.has('pci') ? ['holds cardholder data'] : []),
  ];
  return { level, tags, raised };
}

/** For logging: what was done, seen or changed matters more than what broke. */
const BY_STRIDE: Readonly<Record<string, Priority>> = {
  repudiation: 'high',
  'information-disclosure': 'high',
  tampering: 'high',
  'elevation-of-privilege': 'medium',
  spoofing: 'medium',
  'denial-of-service': 'low',
};

/** The threat's severity as it stands, else what its kind is worth. */
export function threatPriority(threat: ModelThreat, stride: readonly string[]): Priority {
  const said = threat.severity?.value.is;
  if (said !== undefined) return said === 'info' ? 'low' : said;
  return strongest(stride.map((one) => BY_STRIDE[one] ?? 'medium')) ?? 'medium';
}

/** Raised once by worth or exposure; a mitigated threat is one lower, an accepted one is not: it is what detection is for. */
export function priorityOf(base: Priority, weight: Weight | undefined, mitigated: boolean, context = false): Priority {
  const steps = (weight && weight.raised.length > 0 ? 1 : 0) - (mitigated ? 1 : 0) - (context ? 1 : 0);
  return PRIORITIES[Math.min(PRIORITIES.length - 1, Math.max(0, PRIORITIES.indexOf(base) + steps))] ?? base;
}

export function strongest(all: readonly Priority[]): Priority | undefined {
  return all.reduce<Priority | undefined>(
    (best, one) => (best === undefined || PRIORITIES.indexOf(one) > PRIORITIES.indexOf(best) ? one : best),
    undefined,
  );
}
