import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Document, openDocument } from '../../connectors/threat-models/document.ts';
import { formats, importModels, recognise } from '../../connectors/threat-models/index.ts';
import { IRIUSRISK_TYPES } from '../../connectors/threat-models/otm.ts';
import { BASES, type SystemModel } from '../../src/model/system-model.ts';
import { STRIDE } from '../../src/model/threat-model.ts';
import { loadKnowledge } from '../../src/needs/knowledge.ts';
import { smallLexicon } from '../support/small-lexicon.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'connectors/threat-models');
const fixtures = join(root, 'test/fixtures/threat-models');
const files = readdirSync(fixtures, { withFileTypes: true }).filter((one) => one.isFile());
const knowledge = loadKnowledge();
const fixturesOf = (id: string): string[] => files.map(({ name }) => name).filter((name) => name.split('.')[0] === id);

describe.each(formats.map((one) => [one.id, one] as const))('format %s', (id, format) => {
  it('has the name of its file, a name for people, a sentence and the page that describes it', () => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(readFileSync(join(folder, `${id}.ts`), 'utf8').match(/^export const \w+: Format = \{$/gm)).toHaveLength(1);
    expect(format.name.length).toBeGreaterThan(2);
    expect(format.about).toMatch(/^[A-Z].*\.$/);
    expect(new URL(format.doc).protocol).toBe('https:');
  });

  it('has a fixture, which no other format takes for its own', async () => {
    expect(fixturesOf(id).length).toBeGreaterThan(0);
    for (const name of fixturesOf(id)) {
      const document = await openDocument(join(fixtures, name));
      expect(
        formats.filter((one) => one.recognise(document) !== undefined).map((one) => one.id),
        name,
      ).toEqual([id]);
      expect(recognise(document)?.recognition, name).not.toHaveProperty('refuse');
    }
  });

  it('tells of every value where it stands and on what it rests', async () => {
    for (const name of fixturesOf(id)) {
      const document = await openDocument(join(fixtures, name));
      const models = importModels(document, { lexicon: smallLexicon });
      expect(models.length, name).toBeGreaterThan(0);
      for (const model of models) {
        expect(model.format).toBe(id);
        expect(model.sha256).toBe(document.sha256);
        const said = saidIn(model);
        expect(said.length).toBeGreaterThan(0);
        for (const { value, pointer, basis, quote } of said) {
          expect(BASES).toContain(basis);
          expect((quote ?? '').length).toBeLessThanOrEqual(300);
          expect(value).not.toBeUndefined();
          // What is left out, and means something all the same, stands where it would have been.
          expect(stands(document, pointer, basis !== 'stated'), `${name}: ${pointer}`).toBe(true);
        }
        for (const { pointer } of model.warnings) expect(stands(document, pointer, true), `${name}: warning at ${pointer}`).toBe(true);
      }
    }
  });

  it('gives ids that are unique in their list, and refers to none that is not there', async () => {
    for (const name of fixturesOf(id)) {
      for (const model of importModels(await openDocument(join(fixtures, name)), { lexicon: smallLexicon })) {
        const { components, boundaries, threats, mitigations, dataAssets, flows } = model;
        for (const list of [components, boundaries, threats, mitigations, dataAssets, flows]) {
          const ids = list.map((one) => one.id);
          expect(new Set(ids).size, name).toBe(ids.length);
        }
        const known = (list: readonly { readonly id: string }[]): ReadonlySet<string> => new Set(list.map((one) => one.id));
        const [parts, zones, dangers, measures, data] = [
          known(components),
          known(boundaries),
          known(threats),
          known(mitigations),
          known(dataAssets),
        ];
        for (const one of components) {
          for (const zone of one.boundaries) expect(zones, name).toContain(zone);
          for (const asset of [...one.stores, ...one.handles]) expect(data, name).toContain(asset);
        }
        for (const { from, to } of flows) expect([parts.has(from), parts.has(to)], name).toEqual([true, true]);
        for (const { parent } of boundaries) if (parent !== undefined) expect(zones, name).toContain(parent);
        for (const one of threats) {
          for (const { value } of one.components) expect(parts, name).toContain(value);
          for (const { value } of one.stride) expect(STRIDE, name).toContain(value);
          for (const mitigation of one.mitigations) expect(measures, name).toContain(mitigation);
        }
        for (const claim of model.claims) {
          for (const one of claim.components) expect(parts, name).toContain(one);
          for (const one of claim.threats) expect(dangers, name).toContain(one);
        }
      }
    }
  });

  it('reads the same twice, and changes nothing of the document', async () => {
    for (const name of fixturesOf(id)) {
      const document = await openDocument(join(fixtures, name));
      const before = JSON.stringify(document);
      const once = JSON.stringify(importModels(document, { lexicon: smallLexicon }));
      expect(JSON.stringify(importModels(document, { lexicon: smallLexicon }))).toBe(once);
      expect(JSON.stringify(document)).toBe(before);
    }
  });

  it('names no type of component that the rules do not have', async () => {
    for (const name of fixturesOf(id)) {
      for (const model of importModels(await openDocument(join(fixtures, name)), { lexicon: knowledge.lexicon })) {
        for (const { type } of model.components) if (type) expect([...knowledge.types.keys()], name).toContain(type.value);
      }
    }
  });
});

describe('the registry', () => {
  it('has every format once', () => {
    const ids = formats.map((one) => one.id);
    expect(new Set(ids).size).toBe(ids.length);
    const written = readdirSync(folder)
      .filter((name) => /^export const \w+: Format = \{$/m.test(readFileSync(join(folder, name), 'utf8')))
      .map((name) => name.replace(/\.ts$/, ''));
    expect([...ids].sort()).toEqual(written.sort());
  });

  it('has no fixture of a format that is not there', () => {
    const ids = new Set(formats.map((one) => one.id));
    expect(files.map(({ name }) => name).filter((name) => !ids.has(name.split('.')[0] ?? ''))).toEqual([]);
  });

  it('knows the type behind every type of the IriusRisk library that it translates', () => {
    const unknown = Object.entries(IRIUSRISK_TYPES).filter(([, resource]) => knowledge.lexicon.typeOf(resource) === undefined);
    expect(unknown).toEqual([]);
  });
});

interface Loose {
  readonly value?: unknown;
  readonly pointer: string;
  readonly basis: string;
  readonly quote?: string;
}

/** Every value with an origin, wherever in the model it is. */
function saidIn(model: SystemModel): readonly Loose[] {
  const found: Loose[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const one = value as Partial<Loose>;
    if (typeof one.pointer === 'string' && one.basis !== undefined) found.push(one as Loose);
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(model);
  return found;
}

/** Whether a pointer leads somewhere. A warning may speak of what is missing: then its parent is there. */
function stands(document: Document, pointer: string, missing = false): boolean {
  if (pointer === '') return true;
  if (document.syntax === 'xml') return /^\/[\w:@/[\]().='"* -]+$/.test(pointer);
  const steps = pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return [document.value, document.documents].some((start) => {
    let value: unknown = start;
    for (const [index, step] of steps.entries()) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return missing && index === steps.length - 1;
      value = (value as Record<string, unknown>)[step];
    }
    return true;
  });
}
