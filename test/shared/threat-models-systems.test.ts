import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBeside } from '../../connectors/threat-models/beside.ts';
import { openDocument } from '../../connectors/threat-models/document.ts';
import { importModels, recognise } from '../../connectors/threat-models/index.ts';
import type { SystemModel } from '../../src/model/system-model.ts';
import { shared } from '../support/shared.ts';
import { smallLexicon as lexicon } from '../support/small-lexicon.ts';

const folder = shared('threat-models');

interface Facts extends Readonly<Record<string, unknown>> {
  readonly format: string;
}

const facts: Readonly<Record<string, Facts>> = folder ? JSON.parse(readFileSync(join(folder, 'FACTS.json'), 'utf8')) : {};
const of = (...kinds: readonly string[]): string[] => Object.keys(facts).filter((file) => kinds.includes(facts[file]?.format ?? ''));

async function models(file: string): Promise<readonly SystemModel[]> {
  const document = await openDocument(join(folder ?? '', file));
  const format = recognise(document)?.format;
  return importModels(document, { lexicon, ...(format ? { beside: await openBeside(document, format) } : {}) });
}

/** Without what lies beside it. */
async function alone(file: string): Promise<readonly SystemModel[]> {
  return importModels(await openDocument(join(folder ?? '', file)), { lexicon });
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

function leftOut(model: SystemModel, words: string): number {
  return model.warnings.filter(({ message }) => message.includes(words)).length;
}

describe.skipIf(!folder)('the genuine models of systems', () => {
  // The counts of the export name whole technologies, those of the file with includes know nothing of the parts: both are compared below.
  it.each(of('threagile').filter((file) => !/parsed-model|includes/.test(file)))('%s', async (file) => {
    const model = await only(file);
    const { components, dataAssets, boundaries, flows } = model;
    const fact = facts[file] as Facts;
    expect({
      title: model.name.value,
      technicalAssets: components.length,
      dataAssets: dataAssets.length,
      trustBoundaries: boundaries.length,
      links: flows.length,
      outOfScope: components.filter(({ inScope }) => !inScope.value).length,
      technology: tally(components.map(({ nativeType }) => nativeType?.value)),
      cloudTags: [...new Set(components.flatMap(({ tags }) => tags.map(({ value }) => value).filter((tag) => /^aws:/.test(tag))))].sort(),
      confidentiality: tally(dataAssets.map(({ confidentiality }) => confidentiality?.value.words)),
    }).toEqual({ ...fact, format: undefined, riskTracking: undefined });
    const tracked = model.threats.filter(({ title }) => title.pointer.startsWith('/risk_tracking')).length;
    const nowhere = model.warnings.flatMap(({ message }) => /^(\d+) tracked risks/.exec(message)?.[1] ?? []).map(Number)[0] ?? 0;
    expect(tracked + nowhere).toBe(fact.riskTracking);
  });

  it('Threagile: the model, its export and the one in parts are one system', async () => {
    const shape = ({ components, boundaries, flows, dataAssets, threats }: SystemModel): unknown => ({
      components: components
        .map((one) => [
          one.id,
          one.kind,
          one.type?.value,
          one.provider?.value,
          one.boundaries,
          one.nativeType?.value,
          [...one.stores].sort(),
        ])
        .sort(),
      boundaries: boundaries.map((one) => [one.id, one.parent, one.provider?.value, one.nativeType?.value]).sort(),
      flows: flows.map((one) => [one.id, one.to, one.encrypted?.value, one.crosses?.value]).sort(),
      data: dataAssets.map((one) => [one.id, one.confidentiality?.value, one.integrity?.value]).sort(),
      threats: threats
        .map((one) => [one.id, one.stride.map(({ value }) => value), one.severity?.value, one.components.map(({ value }) => value)])
        .sort(),
    });
    const whole = await only('threagile/threagile-example.yaml');
    expect(shape(await only('threagile/includes/main.yaml'))).toEqual(shape(whole));
    expect(shape(await only('threagile/parsed-model.json'))).toEqual(shape(whole));
  });

  it('Threagile: what the worked example finds by hand', async () => {
    const model = await only('threagile/threagile-example.yaml');
    const at = (id: string) => model.components.find((one) => one.id === id);
    expect(at('contract-file-server')).toMatchObject({ type: { value: 'aws.s3.bucket' }, provider: { value: 'aws' } });
    expect(at('apache-webserver')?.type?.value).toBe('aws.ec2.instance');
    expect(at('load-balancer')).toMatchObject({ nativeType: { value: 'load-balancer' }, provider: { value: 'aws', basis: 'inferred' } });
    expect(at('ldap-auth-server')?.provider?.value).toBe('aws');
    expect(at('git-repo')?.provider).toBeUndefined();
    expect(
      model.threats.map((one) => [one.id, one.stride[0]?.value, one.status?.value.is, one.components.map(({ value }) => value)]),
    ).toEqual([
      ['something-strange@sql-database', 'repudiation', 'open', ['sql-database']],
      ['something-strange@contract-file-server', 'repudiation', 'open', ['contract-file-server']],
      ['untrusted-deserialization@erp-system', 'tampering', 'accepted', ['erp-system']],
      ['ldap-injection@*@ldap-auth-server@*', 'tampering', 'mitigated', ['ldap-auth-server']],
    ]);
    expect(model.claims).toMatchObject([{ text: { value: 'ERP Logs' }, components: ['erp-system'] }]);
  });

  it.each(of('tm7'))('%s', async (file) => {
    const model = await only(file);
    const { components, boundaries, flows, threats } = model;
    const fact = facts[file] as { readonly borders: Record<string, number>; readonly lines: Record<string, number> } & Facts;
    const count = (table: Record<string, number>, kind: RegExp): number =>
      Object.entries(table).reduce((sum, [name, many]) => sum + (kind.test(name) ? many : 0), 0);
    const stencils = tally(components.map(({ nativeType }) => nativeType?.value));
    const drawn = Object.entries(fact.borders).filter(([name]) => /^Stencil/.test(name) && !name.endsWith(' GE.A'));
    expect(stencils).toEqual(Object.fromEntries(drawn.map(([name, many]) => [name.split(' ')[1], many] as const).sort()));
    expect(boundaries).toHaveLength(count(fact.borders, /^BorderBoundary/) + count(fact.lines, /^LineBoundary/));
    expect(flows.length + leftOut(model, 'is not attached')).toBe(count(fact.lines, /^Connector/));
    expect({
      threats: threats.length,
      state: tally(threats.map(({ status }) => status?.value.words)),
      category: tally(threats.map(({ stride }) => stride[0]?.quote)),
      priority: tally(threats.map(({ severity }) => severity?.value.words)),
    }).toEqual({ threats: fact.threats, state: fact.state, category: fact.category, priority: fact.priority });
    expect(threats.every((one) => one.components.length > 0)).toBe(true);
  });

  it('tm7: the Azure template tells services exactly', async () => {
    const { components } = await only('mtmt-tm7/MTMT_example.tm7');
    expect(components.flatMap(({ type }) => type?.value ?? []).sort()).toEqual(['azure.postgres.server', 'azure.storage.account']);
    const [vault, cosmos] = (await only('mtmt-tm7/sample1.tm7')).components
      .map(({ type }) => type?.value)
      .sort()
      .reverse();
    expect([vault, cosmos]).toEqual(['azure.keyvault', 'azure.cosmosdb.account']);
  });

  it.each(of('threat-dragon'))('%s', async (file) => {
    const model = await only(file);
    const { components, boundaries, flows, threats } = model;
    const fact = facts[file] as { readonly shapes: Record<string, number> } & Facts;
    const kinds = tally(components.map(({ kind }) => kind));
    const shapes = (...names: readonly string[]): number => names.reduce((sum, name) => sum + (fact.shapes[name] ?? 0), 0);
    expect(model.name.value).toBe(fact.title);
    expect(model.formatVersion ?? null).toBe(fact.version);
    expect([kinds.external ?? 0, kinds.process ?? 0, kinds.datastore ?? 0]).toEqual([shapes('actor'), shapes('process'), shapes('store')]);
    expect(boundaries).toHaveLength(shapes('boundary', 'trust-boundary-box', 'trust-boundary-curve'));
    expect(flows.length + leftOut(model, 'is not attached')).toBe(shapes('flow'));
    expect({
      threats: threats.length,
      threatType: tally(threats.map(({ stride }) => stride[0]?.quote)),
      threatStatus: tally(threats.map(({ status }) => status?.value.words)),
      severity: tally(threats.map(({ severity }) => severity?.value.words)),
      isALog: components.filter(({ logStore }) => logStore?.value).length,
    }).toEqual({
      threats: fact.threats,
      threatType: fact.threatType,
      threatStatus: fact.threatStatus,
      severity: fact.severity,
      isALog: fact.isALog,
    });
  });

  it('Threat Dragon: the misspelt key is named', async () => {
    await expect(models('threat-dragon/malformed-v1-summarize.json')).rejects.toThrow('"summarize"');
    await expect(models('threat-dragon/malformed-v2-details.json')).rejects.toThrow('"details"');
  });

  it.each(of('tm-library'))('%s', async (file) => {
    const model = await only(file);
    const fact = facts[file] as { readonly dataSensitivity: readonly string[]; readonly danglingZoneRefs: readonly string[] } & Facts;
    expect(model.name.value).toBe(fact.title);
    expect(model.boundaries).toHaveLength(fact.trustZones as number);
    expect(model.components).toHaveLength(
      [fact.actors, fact.components, fact.dataStores].reduce<number>((sum, one) => sum + (one as number), 0),
    );
    expect([model.dataAssets.length, model.flows.length, model.threats.length, model.mitigations.length]).toEqual([
      fact.dataSets,
      fact.dataFlows,
      fact.threats,
      fact.controls,
    ]);
    expect(tally(model.mitigations.map(({ status }) => status?.value.words))).toEqual(fact.controlStatus);
    const zones = model.warnings.flatMap(({ message }) => /no trust zone is called "(.+)"/.exec(message)?.[1] ?? []);
    expect([...new Set(zones)].sort()).toEqual(fact.danglingZoneRefs);
    expect([...new Set(model.dataAssets.flatMap(({ tags }) => tags.map(({ value, quote }) => quote ?? value)))].sort()).toEqual(
      fact.dataSensitivity,
    );
  });

  it('TM Library: controls that speak of logs are claims, planned ones as planned', async () => {
    const { claims, components } = await only('tm-library-and-cyclonedx/hashicorp-vault-threat-model.json');
    expect(components.find(({ id }) => id === 'cloud-kms')?.type?.value).toBe('aws.kms.key');
    expect(components.find(({ id }) => id === 'vault-audit-logs')?.logStore?.value).toBe(true);
    expect(claims.map(({ text, holds }) => [text.value, holds])).toContainEqual([
      'Store Vault audit logs in immutable storage.',
      'planned',
    ]);
  });

  it.each(
    of('hcltm').filter(
      (file) => ((facts[file]?.threatmodels as readonly unknown[] | undefined) ?? []).length > 0 && !file.endsWith('spec.hcl'),
    ),
  )('%s', async (file) => {
    const found = await alone(file);
    const fact = facts[file] as Facts;
    expect(found.map(({ name }) => name.value).sort()).toEqual([...(fact.threatmodels as string[])].sort());
    expect(found.reduce((sum, { threats }) => sum + threats.length, 0)).toBe(fact.threatBlocks);
    const imported = file.endsWith('tm5.hcl') ? 1 : 0;
    expect(found.reduce((sum, { mitigations }) => sum + mitigations.length, 0)).toBe((fact.controlBlocks as number) + imported);
  });

  it('threatcl: libraries are refused, invalid HCL names its line, and bases are read from the folder', async () => {
    await expect(models('threatcl-hcltm/aws-security-checklist.hcl')).rejects.toThrow('library of controls');
    await expect(models('threatcl-hcltm/spec.hcl')).rejects.toThrow(/spec\.hcl:257:3: is not valid HCL/);
    const [model] = await models('threatcl-hcltm/including-example/corp-app-remote.hcl');
    expect(model?.threats.map(({ id }) => id).sort()).toEqual(['Crown theft', 'Riskier threat']);
    expect((await models('threatcl-hcltm/tm1.hcl.json')).map(({ name }) => name.value)).toEqual(['Tower of London', 'Fort Knox']);
  });

  it.each(of('pytm'))('%s', async (file) => {
    const model = await only(file);
    const fact = facts[file] as Facts;
    const raw = JSON.parse(readFileSync(join(folder ?? '', file), 'utf8'));
    expect(model.name.value).toBe(fact.name);
    expect([model.components.length, model.boundaries.length, model.flows.length, model.dataAssets.length]).toEqual([
      fact.elements,
      fact.boundaries,
      fact.flows,
      fact.data,
    ]);
    expect(tally(raw.elements.map((one: { __class__: string }) => one.__class__))).toEqual(fact.classes);
    const findings = model.threats.map(({ title }) => Number(/\((\d+) findings?\)$/.exec(title.value)?.[1]));
    expect(findings.reduce((sum, many) => sum + many, 0)).toBe(fact.findings);
    expect(model.threats.every(({ components }) => components.length > 0)).toBe(true);
  });

  it.each(of('cyclonedx').filter((file) => !file.includes('invalid')))('%s', async (file) => {
    const model = await only(file);
    const fact = facts[file] as Facts;
    expect(model.formatVersion).toBe(fact.specVersion);
    expect(model.threats).toHaveLength(fact.threats as number);
    expect(model.threats.flatMap(({ attack }) => attack.map(({ value }) => value))).toEqual(fact.attack);
    expect(leftOut(model, 'is not released')).toBe(fact.specVersion === '2.0' ? 1 : 0);
  });

  it('CycloneDX: required logging is a claim that is planned; a file without threats is refused', async () => {
    const { claims } = await only('tm-library-and-cyclonedx/valid-blueprint-data-flow-2.0.json');
    expect(claims.map(({ text, holds, components }) => [text.value, holds, components])).toEqual([
      ['Audit log', 'done', ['asset-audit']],
      ['Internet to DMZ: crossings require logging', 'planned', ['act-customer', 'asset-portal']],
      ['Internet to DMZ: crossings require monitoring', 'planned', ['act-customer', 'asset-portal']],
    ]);
    await expect(models('tm-library-and-cyclonedx/invalid-threatmodel-missing-bomref-2.0.json')).rejects.toThrow('no list of threats');
  });
});
