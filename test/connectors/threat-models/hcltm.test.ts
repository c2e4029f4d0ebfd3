import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openBeside } from '../../../connectors/threat-models/beside.ts';
import { openDocument, readDocument } from '../../../connectors/threat-models/document.ts';
import { hcltm } from '../../../connectors/threat-models/hcltm.ts';
import type { SystemModel } from '../../../src/model/system-model.ts';

const fixture = readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'threat-models', 'hcltm.hcl'), 'utf8');
const lexicon = { services: () => [], typeOf: () => undefined };
const folder = mkdtempSync(join(tmpdir(), 'hcltm-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(source: string | object): Promise<readonly SystemModel[]> {
  const text = typeof source === 'string' ? source : JSON.stringify(source);
  return hcltm.read(await readDocument(new TextEncoder().encode(text), 'model.hcl'), { lexicon });
}

async function card(called = 'Card payments'): Promise<SystemModel> {
  const model = (await read(fixture)).find(({ name }) => name.value === called);
  if (!model) throw new Error('there is no such model');
  return model;
}

async function readAmong(files: Readonly<Record<string, string>>): Promise<readonly SystemModel[]> {
  const place = mkdtempSync(join(folder, 'model-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(place, name, '..'), { recursive: true });
    writeFileSync(join(place, name), content);
  }
  const document = await openDocument(join(place, 'model.hcl'));
  return hcltm.read(document, { lexicon, beside: await openBeside(document, hcltm) });
}

const told = ({ warnings }: SystemModel): readonly string[] => warnings.map(({ message }) => message);

test('every block is a model', async () => {
  expect((await read(fixture)).map(({ name, formatVersion }) => [name.value, formatVersion])).toEqual([
    ['Card payments', '0.7.0'],
    ['Inherits', '0.7.0'],
    ['Nameless', '0.7.0'],
  ]);
});

test('Restricted is the highest classification; an unknown one is told', async () => {
  const model = await card();
  expect(model.dataAssets.map(({ id, confidentiality }) => [id, confidentiality?.value])).toEqual([
    ['cards', { words: 'Restricted', level: 3 }],
    ['tokens', undefined],
  ]);
  expect(told(model)).toContain('"Top Secret" is none of Public, Confidential, Restricted');
});

test('diagrams: elements of several are one, zones inside and by name, third parties beside them', async () => {
  const { components, boundaries, flows, warnings } = await card();
  expect(
    components.map((one) => [
      one.id,
      one.kind,
      one.boundaries,
      one.provider?.value,
      one.stores,
      one.logStore?.value,
      one.tags.map(({ value }) => value),
    ]),
  ).toEqual([
    ['Audit logs', 'datastore', ['AWS account'], 'aws', [], true, []],
    ['Vault', 'datastore', ['AWS account'], 'aws', ['cards'], undefined, []],
    ['API', 'process', ['AWS account'], 'aws', [], undefined, []],
    ['Customer', 'external', [], undefined, [], undefined, []],
    ['Worker', 'process', [], undefined, [], undefined, []],
    ['Okta', 'external', [], undefined, [], undefined, ['saas']],
  ]);
  expect(boundaries.map(({ id, provider }) => [id, provider?.value])).toEqual([['AWS account', 'aws']]);
  expect(flows.map((one) => [one.id, one.protocol?.value, one.crosses?.value, one.public?.value])).toEqual([
    ['Customer>API: https', 'HTTPS', true, true],
    ['API>Vault: https', undefined, false, undefined],
    ['Worker>Audit logs: tcp', undefined, true, undefined],
  ]);
  expect(warnings.map(({ message }) => message)).toContain('the flow "https" names an element that is not there; left out');
});

test('threats: STRIDE in any case, a severity or what likelihood and impact make, with or without a name', async () => {
  const model = await card();
  const nameless = await card('Nameless');
  expect(
    [...model.threats, ...nameless.threats].map((one) => [
      one.title.value,
      one.stride.map(({ value }) => value),
      one.severity?.value.is,
      one.components.map(({ value }) => value),
    ]),
  ).toEqual([
    ['Bulk read', ['information-disclosure', 'elevation-of-privilege'], 'critical', ['Vault']],
    ['A customer denies a payment.', ['repudiation'], 'critical', []],
  ]);
  expect(model.threats[0]?.severity?.basis).toBe('inferred');
  expect(model.threats[0]).toMatchObject({ attack: [{ value: 'T1530' }], cwe: [{ value: '284' }] });
  expect(nameless.threats[0]?.severity?.basis).toBe('stated');
  expect(told(model)).toContain('"Boredom" is none of STRIDE');
  expect(told(model)).toContain('no information asset is called "nothing"');
});

test('controls are done only where they say so; variables are put in, and imports that are not there are told', async () => {
  const model = await card();
  expect(model.mitigations.map(({ text, status }) => [text.value, status?.value.is])).toEqual([
    ['Data events. CloudTrail data events of card-vault are on', 'done'],
    ['Flow logs. flow_logs', 'proposed'],
    ['mfa', 'proposed'],
    ['gone', 'proposed'],
  ]);
  expect(model.claims.map(({ text, holds, threats, components }) => [text.value, holds, threats.length, components])).toEqual([
    ['Audit logs', 'done', 0, ['Audit logs']],
    ['CloudTrail data events of card-vault are on', 'done', 1, ['Vault']],
    ['GuardDuty is monitored by the SOC', 'done', 1, ['Vault']],
    ['Flow logs.', 'planned', 1, ['Vault']],
  ]);
  expect((await card('Nameless')).claims).toMatchObject([{ text: { value: 'Write an audit log' }, holds: 'planned' }]);
  expect(model.mitigations[0]?.text.quote).toContain('${var.store}');
  expect(told(model)).toContain(
    'the controls of "https://example.com/controls.hcl" are not read; only files in its folder are, and nothing is fetched',
  );
});

test('exclusions are blind spots, and attributes may name log sources', async () => {
  const { blindSpots, annotations } = await card();
  expect(blindSpots.map(({ value }) => value)).toEqual(['The control plane of card-vault is not looked at']);
  expect(annotations.map(({ source, retain, on }) => [source.value, retain?.value, on])).toEqual([
    ['aws.cloudtrail.management', '365d', undefined],
    ['aws.vpc.flowlogs', '365d', undefined],
  ]);
});

test('people are left out', async () => {
  expect(JSON.stringify(await read(fixture))).not.toContain('Doe');
});

const controls = `spec_version = "0.7.0"
component "control" "flow_logs" {
  description = "VPC Flow Logs are kept"
}
component "control" "mfa" {
  description = "Sign-ins are logged"
  implemented = true
}
`;
const base = `spec_version = "0.7.0"
threatmodel "Base" {
  author  = "J. Doe"
  imports = ["controls.hcl"]
  information_asset "ledger" {
    information_classification = "Public"
  }
  threat "Same" {
    description = "Of the base"
  }
  threat "Other" {
    description     = "Of the base"
    control_imports = ["import.control.mfa"]
  }
}
`;

test('controls and a base model are read from the folder of the model', async () => {
  const models = await readAmong({ 'model.hcl': fixture, 'parts/controls.hcl': controls, 'parts/base.hcl': base });
  const [first, second] = models;
  expect(first?.mitigations.slice(1, 3).map(({ text, status }) => [text.value, status?.value.is])).toEqual([
    ['Flow logs. VPC Flow Logs are kept', 'proposed'],
    ['mfa. Sign-ins are logged', 'done'],
  ]);
  expect(second?.threats.map(({ id, text }) => [id, text?.value])).toEqual([
    ['Same', 'Of the including model'],
    ['Other', 'Of the base'],
  ]);
  expect(second?.threats[1]?.text?.pointer).toBe('parts/base.hcl#/threatmodel/Base/0/threat/Other/0/description');
  expect(second?.dataAssets.map(({ id }) => id)).toEqual(['ledger']);
  expect(second?.claims.map(({ text, holds }) => [text.value, holds])).toEqual([['Sign-ins are logged', 'done']]);
});

test('what would have to be fetched, or lies outside, is not read; a circle ends', async () => {
  const model = (including: string): string =>
    `spec_version = "0.7.0"\nthreatmodel "A" {\n  including = "${including}"\n  threat "T" {\n    description = "d"\n  }\n}\n`;
  for (const one of [
    'https://example.com/x.hcl',
    'git::https://example.com/x.git|y.hcl',
    'github.com/a/b|c.hcl',
    '../base.hcl',
    '/etc/hosts',
  ]) {
    const [read] = await readAmong({ 'model.hcl': model(one) });
    expect(read && told(read)).toEqual([expect.stringContaining('nothing is fetched')]);
  }
  const [circle] = await readAmong({ 'model.hcl': model('b.hcl'), 'b.hcl': model('b.hcl').replace('"T"', '"U"') });
  expect(circle?.threats.map(({ id }) => id)).toEqual(['T', 'U']);
});

test('the JSON form, the first version of diagrams and of controls', async () => {
  const [model] = await read({
    spec_version: '0.1.0',
    threatmodel: {
      Old: {
        data_flow_diagram: {
          process: { API: { trust_zone: 'Internet' } },
          data_store: { Logs: {} },
          flow: { tcp: { from: 'API', to: 'Logs' } },
        },
        threat: [
          { One: { description: 'x', expanded_control: [{ Guard: { description: 'Audit logging', implemented: 'true' } }] } },
          { Two: { description: 'y', control: 'Keep the logs' } },
        ],
      },
    },
  });
  expect(model?.flows.map((one) => [one.id, one.crosses?.value, one.public?.value])).toEqual([['API>Logs: tcp', true, true]]);
  expect(model?.threats.map(({ id }) => id)).toEqual(['One', 'Two']);
  expect(model?.claims.map(({ text, holds }) => [text.value, holds])).toEqual([
    ['Logs', 'done'],
    ['Audit logging', 'done'],
    ['Keep the logs', 'planned'],
  ]);
});

test('a library of controls is refused', async () => {
  const recognise = async (text: string): Promise<unknown> => hcltm.recognise(await readDocument(new TextEncoder().encode(text), 'x.hcl'));
  expect(await recognise(controls)).toEqual({ refuse: expect.stringContaining('library of controls') });
  expect(await recognise(fixture)).toEqual({ version: '0.7.0' });
  expect(await recognise('{"threatmodel": "x"}')).toBeUndefined();
});
