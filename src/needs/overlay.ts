import { z } from 'zod';
import { Duration } from '../model/duration.ts';
import { VENDORS, type Vendor } from '../model/knowledge.ts';
import { At } from '../model/scope.ts';
import { SourceId } from '../model/source.ts';
import type { Component, ModelThreat, SystemModel } from '../model/system-model.ts';
import { Where } from '../model/where.ts';
import { eventsNamed } from './compile.ts';
import type { Knowledge } from './knowledge.ts';
import type { Rules } from './rules.ts';
import { openYaml, type Yaml } from './yaml.ts';

const name = z.string().min(1).max(512);
const text = z.string().min(1).max(4000);

/** A log source or named events by id alone, or with conditions and a time of keeping. */
const Wanted = z.union([
  z.string().min(1).max(256),
  z
    .strictObject({
      source: SourceId.optional(),
      events: z.string().max(256).optional(),
      where: Where.optional(),
      retain: Duration.optional(),
      searchable: Duration.optional(),
      why: text.optional(),
    })
    .refine((one) => (one.source === undefined) !== (one.events === undefined), 'takes one of `source` or `events`'),
]);

/**
 * Corrections to a threat model that stay beside it: `<model>.viewshed.yaml`. Components and threats are named by id or name, in the
 * model's own words.
 */
export const OverlayFile = z.strictObject({
  version: z.literal(1).default(1).describe('Version of this format.'),
  retention: z.string().max(128).optional().describe('Retention profile for every need that the model states no time for.'),
  layer: z.enum(['threats', 'detections']).optional().describe('What the techniques of an ATT&CK Navigator layer are.'),
  providers: z.array(z.enum(VENDORS)).max(10).optional().describe('Whose logs come into question, where the model does not tell.'),
  requires: z.array(Wanted).max(1000).default([]).describe('Log sources that the whole system needs.'),
  components: z
    .array(
      z.strictObject({
        component: name.describe('Id or name of a component of the model.'),
        type: z.string().max(128).optional().describe('What it is: a type such as aws.s3.bucket.'),
        at: At.optional().describe('Where it is; settles which resource is meant.'),
        requires: z.array(Wanted).max(1000).default([]).describe('Log sources that it needs, whatever its threats.'),
        retain: Duration.optional().describe('How long the logs about it are kept.'),
        searchable: Duration.optional().describe('How long they can be searched.'),
        notInScope: z.boolean().optional().describe('true: nothing is asked of it; false: it counts although the model leaves it out.'),
      }),
    )
    .max(10_000)
    .default([])
    .describe('What components are and need.'),
  drop: z
    .array(
      z.strictObject({
        need: z.string().min(1).max(256).describe('Source or events id of needs that were derived.'),
        component: name.optional(),
        threat: name.optional(),
        why: text.describe('Shown with the needs, so that nobody wonders.'),
      }),
    )
    .max(1000)
    .default([])
    .describe('Derived needs that do not hold here.'),
  add: z
    .array(z.strictObject({ need: Wanted, component: name.optional(), threat: name.optional() }))
    .max(1000)
    .default([])
    .describe('Needs that nothing in the model leads to.'),
});
type OverlayFile = z.infer<typeof OverlayFile>;

export interface Requirement {
  readonly want: { readonly source?: string; readonly events?: string; readonly where?: Where };
  readonly retain?: number;
  readonly searchable?: number;
  readonly why?: string;
  readonly component?: string;
  readonly threat?: string;
  readonly pointer: string;
}

/** An overlay whose names were all found. */
export interface Overlay {
  readonly file: string;
  readonly retention?: string;
  readonly layer?: 'threats' | 'detections';
  readonly providers?: readonly Vendor[];
  component(component: Component): OverlayFile['components'][number] | undefined;
  readonly requires: readonly Requirement[];
  readonly drop: readonly {
    readonly need: string;
    readonly component?: string;
    readonly threat?: string;
    readonly why: string;
    readonly pointer: string;
  }[];
}

/** An overlay as its file holds it; names of the model are looked up once the model is read. */
export interface OpenedOverlay {
  readonly file: string;
  readonly retention?: string;
  readonly layer?: 'threats' | 'detections';
  /** With the models of the file; a component or threat that none of them has is an `InputError` at its place. */
  settle(models: readonly SystemModel[]): Overlay;
}

/** Reads an overlay. A source, event class, type or profile that is not known is an `InputError` with file, line and column. */
export function openOverlay(path: string, knowledge: Knowledge, rules: Rules): OpenedOverlay {
  const yaml = openYaml(path);
  const overlay = yaml.as(OverlayFile);
  checkNames(yaml, overlay, knowledge, rules);
  return {
    file: yaml.name,
    ...(overlay.retention === undefined ? {} : { retention: overlay.retention }),
    ...(overlay.layer === undefined ? {} : { layer: overlay.layer }),
    settle: (models) => settle(yaml, overlay, models),
  };
}

function checkNames(yaml: Yaml, overlay: OverlayFile, knowledge: Knowledge, rules: Rules): void {
  if (overlay.retention !== undefined && !knowledge.retention.has(overlay.retention))
    throw yaml.error(
      ['retention'],
      `there is no retention profile "${overlay.retention}"; take one of ${[...knowledge.retention.keys()].sort().join(', ')}`,
    );
  const check = (wanted: OverlayFile['requires'][number], path: readonly PropertyKey[]): void => {
    const id = typeof wanted === 'string' ? wanted : (wanted.source ?? wanted.events ?? '');
    const known =
      typeof wanted !== 'string' && wanted.source !== undefined
        ? rules.sources.has(id) || knowledge.catalogue.has(id)
        : eventsNamed(id, rules) !== undefined || knowledge.catalogue.has(id);
    if (!known) throw yaml.error(path, `no log source or event class is called "${id}"; \`viewshed sources\` lists them`);
  };
  for (const [index, one] of overlay.requires.entries()) check(one, ['requires', index]);
  for (const [index, one] of overlay.add.entries()) check(one.need, ['add', index, 'need']);
  for (const [index, one] of overlay.components.entries()) {
    for (const [position, wanted] of one.requires.entries()) check(wanted, ['components', index, 'requires', position]);
    if (one.type !== undefined && !knowledge.types.has(one.type))
      throw yaml.error(['components', index, 'type'], `no component type is called "${one.type}"; ${nearest(one.type, knowledge)}`);
  }
  for (const [index, one] of overlay.drop.entries()) check(one.need, ['drop', index, 'need']);
}

function nearest(type: string, knowledge: Knowledge): string {
  const parts = type.toLowerCase().split(/[^a-z0-9]+/);
  const near = [...knowledge.types.keys()].filter((id) => parts.slice(1).some((part) => part.length > 1 && id.includes(part)));
  const shown = (near.length > 0 ? near : [...knowledge.types.keys()]).slice(0, 5);
  return `take one such as ${shown.join(', ')}`;
}

function settle(yaml: Yaml, overlay: OverlayFile, models: readonly SystemModel[]): Overlay {
  const components = new Map<string, string>();
  const threats = new Map<string, string>();
  // An id goes before a name that reads the same.
  for (const model of models) {
    for (const one of [...model.components].reverse()) components.set(fold(one.name.value), one.id);
    for (const one of [...model.threats].reverse()) threats.set(fold(one.title.value), one.id);
  }
  for (const model of models) {
    for (const one of model.components) components.set(fold(one.id), one.id);
    for (const one of model.threats) threats.set(fold(one.id), one.id);
  }
  const found = (kind: 'component' | 'threat', written: string | undefined, path: readonly PropertyKey[]): string | undefined => {
    if (written === undefined) return undefined;
    const id = (kind === 'component' ? components : threats).get(fold(written));
    if (id !== undefined) return id;
    const names = models.flatMap((model): readonly (Component | ModelThreat)[] =>
      kind === 'component' ? model.components : model.threats,
    );
    const shown = names.slice(0, 5).map((one) => `"${one.id.slice(0, 60)}"`);
    throw yaml.error(path, `the model has no ${kind} "${written}"; it has ${shown.join(', ') || 'none'}${names.length > 5 ? ', …' : ''}`);
  };
  const settings = new Map<string, OverlayFile['components'][number]>();
  const requires: Requirement[] = overlay.requires.map((one, index) => requirement(one, `/requires/${index}`));
  for (const [index, one] of overlay.components.entries()) {
    const id = found('component', one.component, ['components', index, 'component']) as string;
    settings.set(id, one);
    for (const [position, wanted] of one.requires.entries())
      requires.push({ ...requirement(wanted, `/components/${index}/requires/${position}`), component: id });
  }
  for (const [index, one] of overlay.add.entries()) {
    const component = found('component', one.component, ['add', index, 'component']);
    const threat = found('threat', one.threat, ['add', index, 'threat']);
    requires.push({
      ...requirement(one.need, `/add/${index}`),
      ...(component === undefined ? {} : { component }),
      ...(threat === undefined ? {} : { threat }),
    });
  }
  const drop = overlay.drop.map((one, index) => {
    const component = found('component', one.component, ['drop', index, 'component']);
    const threat = found('threat', one.threat, ['drop', index, 'threat']);
    return {
      need: one.need,
      why: one.why,
      pointer: `/drop/${index}`,
      ...(component === undefined ? {} : { component }),
      ...(threat === undefined ? {} : { threat }),
    };
  });
  return {
    file: yaml.name,
    ...(overlay.retention === undefined ? {} : { retention: overlay.retention }),
    ...(overlay.layer === undefined ? {} : { layer: overlay.layer }),
    ...(overlay.providers === undefined ? {} : { providers: overlay.providers }),
    component: (component) => settings.get(component.id),
    requires,
    drop,
  };
}

function requirement(wanted: OverlayFile['requires'][number], pointer: string): Requirement {
  if (typeof wanted === 'string') return { want: { events: wanted }, pointer };
  const { retain, searchable, why, source, events, where } = wanted;
  return {
    want: {
      ...(source === undefined ? {} : { source }),
      ...(events === undefined ? {} : { events }),
      ...(where === undefined ? {} : { where }),
    },
    ...(retain === undefined ? {} : { retain }),
    ...(searchable === undefined ? {} : { searchable }),
    ...(why === undefined ? {} : { why }),
    pointer,
  };
}

function fold(words: string): string {
  return words.trim().toLowerCase().replace(/\s+/g, ' ');
}
