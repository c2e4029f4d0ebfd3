import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDocument } from '../../connectors/threat-models/document.ts';
import { importModels } from '../../connectors/threat-models/index.ts';
import { InputError } from '../../src/model/input-error.ts';
import type { SystemModel } from '../../src/model/system-model.ts';
import { shared } from '../support/shared.ts';
import { smallLexicon } from '../support/small-lexicon.ts';

const folder = shared('threat-models');

interface Facts extends Readonly<Record<string, unknown>> {
  readonly format: string;
}

const facts: Readonly<Record<string, Facts>> = folder ? JSON.parse(readFileSync(join(folder, 'FACTS.json'), 'utf8')) : {};
const files = Object.keys(facts);
const of = (...kinds: readonly string[]): string[] => files.filter((file) => kinds.includes(facts[file]?.format ?? ''));

async function models(file: string): Promise<readonly SystemModel[]> {
  return importModels(await openDocument(join(folder ?? '', file)), { lexicon: smallLexicon });
}

async function only(file: string): Promise<SystemModel> {
  const [model, ...rest] = await models(file);
  expect(rest).toEqual([]);
  return model as SystemModel;
}

/** How often each word is there; `None` where there is none. */
function tally(words: readonly (string | undefined)[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const word of words) found[word ?? 'None'] = (found[word ?? 'None'] ?? 0) + 1;
  return Object.fromEntries(Object.entries(found).sort());
}

const LETTERS: Readonly<Record<string, string>> = {
  spoofing: 'S',
  tampering: 'T',
  repudiation: 'R',
  'information-disclosure': 'I',
  'denial-of-service': 'D',
  'elevation-of-privilege': 'E',
};

describe.skipIf(!folder)('the genuine threat models', () => {
  it.each(of('threat-composer'))('%s', async (file) => {
    const model = await only(file);
    const { threats, mitigations } = model;
    const stated = threats.map((one) => one.stride.filter(({ basis }) => basis === 'stated'));
    expect({
      format: model.format,
      schema: Number(model.formatVersion),
      name: model.name.value,
      threats: threats.length,
      mitigations: mitigations.length,
      assumptions: model.assumptions.length,
      threatStatus: tally(threats.map((one) => one.status?.value.words)),
      mitigationStatus: tally(mitigations.map((one) => one.status?.value.words)),
      stride: tally(stated.flat().map(({ value }) => LETTERS[value])),
      priority: tally(threats.flatMap((one) => one.severity?.value.words ?? [])),
      threatsWithoutStride: stated.filter((one) => one.length === 0).length,
    }).toEqual({ ...facts[file], mitigationLinks: undefined, threatsWithoutMitigation: undefined });
    // Links to assumptions, and to nothing, are told apart from links to threats.
    const raw = JSON.parse(readFileSync(join(folder ?? '', file), 'utf8'));
    expect(raw.mitigationLinks?.length ?? 0).toBe(facts[file]?.mitigationLinks);
    const linked = new Set(raw.mitigationLinks.map((one: { linkedId: string }) => one.linkedId));
    expect(threats.filter((one) => !linked.has(one.id))).toHaveLength(facts[file]?.threatsWithoutMitigation as number);
    const measures = new Set(mitigations.map(({ id }) => id));
    const lost = raw.mitigationLinks.filter((one: { mitigationId: string }) => !measures.has(one.mitigationId)).length;
    const told = model.warnings.filter(({ pointer }) => pointer.startsWith('/mitigationLinks/')).length;
    const placed = threats.reduce((sum, one) => sum + one.mitigations.length, 0);
    expect(lost).toBeLessThanOrEqual(told);
    expect(placed + told).toBeLessThanOrEqual(raw.mitigationLinks.length);
  });

  it.each(of('otm'))('%s', async (file) => {
    const model = await only(file);
    expect({
      format: model.format,
      otmVersion: model.formatVersion,
      project: model.name.value,
      trustZones: model.boundaries.length,
      components: model.components.length,
      dataflows: model.flows.length,
      assets: model.dataAssets.length,
      threats: model.threats.length,
      mitigations: model.mitigations.length,
      componentTypes: tally(model.components.map((one) => one.nativeType?.value)),
      tags: [...new Set(model.components.flatMap((one) => one.tags.map(({ value }) => value)))].sort(),
    }).toEqual({ ...facts[file], tags: [...((facts[file] as Facts).tags as string[])].sort() });
  });

  it.each(of('attack-navigator'))('%s', async (file) => {
    const model = await only(file);
    const fact = facts[file] as Facts;
    expect(model.name.value).toBe(fact.name);
    expect(model.formatVersion).toBe(typeof fact.version === 'string' ? fact.version : (fact.version as { layer: string }).layer);
    expect(model.threats).toHaveLength((fact.distinctTechniques as number) - (fact.disabled as number));
    expect(model.threats.filter((one) => /\bscore \S/.test(one.text?.value ?? ''))).toHaveLength(fact.scored as number);
  });

  it.each(of('attack-flow-afb'))('%s', async (file) => {
    const { threats, components } = await only(file);
    const fact = facts[file] as Facts;
    expect(threats).toHaveLength(fact.actions as number);
    expect(components).toHaveLength(fact.assets as number);
    expect([...new Set(threats.flatMap((one) => one.attack.map(({ value }) => value)))].sort()).toEqual(fact.techniques);
  });

  it.each(of('stix-bundle'))('%s', async (file) => {
    const { threats, components } = await only(file);
    const types = facts[file]?.types as Readonly<Record<string, number>>;
    expect([threats.length, components.length]).toEqual([types['attack-action'], types['attack-asset']]);
    expect(threats.every((one) => one.attack.length === 1)).toBe(true);
  });

  it.each(files.filter((file) => facts[file]?.format.startsWith('dettect-')))('%s', async (file) => {
    const { claims, threats, formatVersion } = await only(file);
    const fact = facts[file] as Facts;
    expect(formatVersion).toBe(String(fact.version));
    expect(new Set(claims.map(({ text }) => text.pointer)).size).toBe((fact.dataSources as number) + (fact.techniques as number));
    expect(threats).toHaveLength(fact.groups as number);
  });

  it.each(of('sigma'))('%s', async (file) => {
    const { threats } = await only(file);
    const fact = facts[file] as Facts;
    const [rule] = threats;
    expect(threats).toHaveLength(1);
    expect(rule?.severity?.value.words).toBe(fact.level);
    expect(rule?.events.length).toBeGreaterThan(0);
    for (const { value } of rule?.events ?? []) {
      expect(value.logSource).toEqual(fact.logsource);
    }
    const techniques = (fact.tags as string[])
      .filter((tag) => /^attack\.t\d/.test(tag))
      .map((tag) => tag.slice('attack.'.length).toUpperCase());
    expect(rule?.attack.map(({ value }) => value)).toEqual(techniques);
  });

  it('trustoncloud/threatmodel-aws-s3.json', async () => {
    const { threats, mitigations, claims } = await only('trustoncloud/threatmodel-aws-s3.json');
    expect([threats.length, mitigations.length]).toEqual([64, 173]);
    const reads = threats.find((one) => one.id === 'S3.T3');
    expect(reads?.events.map(({ value }) => [value.logSource.category, value.where.eventName])).toContainEqual(['data', ['GetObject']]);
    expect(claims.map(({ text }) => text.pointer)).toEqual(
      expect.arrayContaining([
        '/controls/S3.C9/description',
        '/controls/S3.C166/description',
        '/controls/S3.C21/description',
        '/controls/S3.C10/description',
      ]),
    );
  });

  it('what the worked example of Threat Composer finds by hand', async () => {
    const model = await only('threat-composer/ThreatModelingForBuilders-Exercise4.tc.json');
    const scope = Object.fromEntries(model.components.map((one) => [one.name.value, one.inScope.value]));
    expect(scope).toEqual({
      Amplify: false,
      Cognito: false,
      'API Gateway': true,
      Lambda: true,
      DynamoDB: true,
      'Amazon S3': true,
      IAM: true,
    });
    expect(model.claims.filter(({ holds }) => holds === 'done')).toEqual([]);
    expect(model.blindSpots.map(({ value }) => value).join()).toContain('ignores the control/administrative plane');
    const stride = (number: number): unknown =>
      model.threats.find((one) => one.title.value.startsWith(`T${number}:`))?.stride.map((one) => [one.value, one.basis]);
    expect(stride(2)).toEqual([['information-disclosure', 'inferred']]);
    expect(stride(4)).toEqual([['repudiation', 'stated']]);
  });

  it('a mitigation that is said to be done is a claim that is said to be done', async () => {
    const { claims } = await only('threat-composer/ThreatComposer.tc.json');
    expect(claims.map(({ text, holds }) => [text.value, holds])).toContainEqual(['Amazon S3 - Access logging', 'done']);
  });

  const REFUSED: readonly (readonly [file: RegExp, why: RegExp])[] = [
    [/\.schema\.json$|(_|-)schema(-\d|\.json)/, /JSON Schema/],
    [/mitigation-pack|threat-pack/, /library that models are made from/],
    [/BillionLaughs/, /DOCTYPE/],
    [/component-types\//, /mapping file|is not valid YAML/],
    [/data_source_platforms/, /administration file/],
    [/layerformat-v4\.5\.md/, /Markdown/],
    [/README-annotation-syntax|yaml-source-example/, /ThreatSpec|not valid YAML/],
    [/pytm-output\.md/, /printed report/],
    [/tm\.py\.txt/, /--json/],
    [/threatlib-threats/, /./],
    [/diagram_tweak\.yaml/, /holds nothing/],
  ];
  it.each(files.filter((file) => REFUSED.some(([pattern]) => pattern.test(file))))('%s is refused with its reason', async (file) => {
    const why = REFUSED.find(([pattern]) => pattern.test(file))?.[1] as RegExp;
    await expect(models(file)).rejects.toThrow(InputError);
    await expect(models(file)).rejects.toThrow(why);
  });

  it.each(files)('%s is imported or refused in one line', async (file) => {
    const found = await models(file).catch((error: unknown) => error);
    if (found instanceof Error) {
      expect(found).toBeInstanceOf(InputError);
      expect(found.message).toMatch(/^\S.{10,400}$/);
    } else expect((found as readonly SystemModel[]).length).toBeGreaterThan(0);
  });
});
