import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../../../connectors/threat-models/document.ts';
import { pytm } from '../../../connectors/threat-models/pytm.ts';
import type { SystemModel } from '../../../src/model/system-model.ts';

const fixture = readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'threat-models', 'pytm.json'), 'utf8');

async function read(source: string | object): Promise<SystemModel> {
  const text = typeof source === 'string' ? source : JSON.stringify(source);
  const document = await readDocument(new TextEncoder().encode(text), 'model.json');
  const [model] = pytm.read(document, { lexicon: { services: () => [], typeOf: () => undefined } });
  if (!model) throw new Error('there is no model');
  return model;
}

const told = ({ warnings }: SystemModel): readonly string[] => warnings.map(({ message }) => message);

test('classes and datastore types are exact types where they name a service; flags of both spellings tell AWS', async () => {
  const model = await read(fixture);
  expect(
    model.components.map((one) => [one.id, one.kind, one.nativeType?.value, one.type?.value, one.provider?.value, one.inScope.value]),
  ).toEqual([
    ['Customer', 'actor', 'Actor', undefined, undefined, false],
    ['API', 'process', 'Server', undefined, 'aws', true],
    ['Refund', 'process', 'Lambda', 'aws.lambda.function', 'aws', true],
    ['Vault', 'datastore', 'AWS_S3', 'aws.s3.bucket', 'aws', true],
    ['Ledger', 'datastore', 'SQL', 'aws.rds.instance', undefined, true],
    ['Audit', 'datastore', 'Datastore', undefined, undefined, true],
    ['API~2', 'process', 'Server', undefined, undefined, true],
  ]);
  expect(model.components[1]?.provider?.basis).toBe('inferred');
  expect(told(model)).toContain('the id "API" is there twice; this one is called "API~2"');
});

test('boundaries nest by name; a circle and a name that is not there are told', async () => {
  const model = await read(fixture);
  expect(model.components[1]?.boundaries).toEqual(['Private', 'AWS VPC']);
  expect(model.boundaries.map((one) => [one.id, one.parent, one.provider?.value, one.internet?.value])).toEqual([
    ['Internet', undefined, undefined, true],
    ['AWS VPC', undefined, 'aws', undefined],
    ['Private', 'AWS VPC', undefined, undefined],
    ['Loop', undefined, undefined, undefined],
  ]);
  expect(told(model)).toContain('the boundary "Loop" would stand inside of itself');
  expect(told(model)).toContain('no boundary is called "Nowhere"');
});

test('classifications of both spellings are ranks, and UNKNOWN is none', async () => {
  const { dataAssets, components } = await read(fixture);
  expect(dataAssets.map((one) => [one.id, one.confidentiality?.value, one.tags.map(({ value }) => value)])).toEqual([
    ['Card numbers', { words: 'TOP_SECRET', level: 4 }, ['pii']],
    ['Keys', { words: 'SECRET', level: 3 }, ['credentials']],
    ['Unknown', undefined, []],
  ]);
  expect(components[1]).toMatchObject({
    confidentiality: { value: { words: 'RESTRICTED', level: 1 } },
    handles: ['Card numbers'],
    stores: [],
  });
  expect(components[3]).toMatchObject({ stores: ['Card numbers', 'Keys'], storesCredentials: { value: true, basis: 'inferred' } });
  expect(components[3]?.logStore).toBeUndefined();
  expect(components[5]?.logStore?.value).toBe(true);
});

test('flows by the names of their ends; encryption where somebody set it', async () => {
  const model = await read(fixture);
  expect(
    model.flows.map((one) => [one.id, one.protocol?.value, one.encrypted?.value, one.crosses?.value, one.public?.value, one.data]),
  ).toEqual([
    ['Pay', 'HTTPS', true, true, true, ['Card numbers']],
    ['Keep', undefined, undefined, false, undefined, ['Card numbers']],
  ]);
  expect(told(model)).toContain('the flow "Void" names an element that is not there; left out');
});

test('findings are taken together by element and harm, with CAPEC and CWE from their references', async () => {
  const model = await read(fixture);
  expect(
    model.threats.map((one) => [
      one.title.value,
      one.stride[0]?.value,
      one.severity?.value.is,
      one.status?.value.is,
      one.components.map(({ value }) => value),
    ]),
  ).toEqual([
    ['Vault: elevation of privilege (2 findings)', 'elevation-of-privilege', 'critical', 'open', ['Vault']],
    ['Vault: repudiation (1 finding)', 'repudiation', 'high', 'mitigated', ['Vault']],
    ['Pay: information disclosure (1 finding)', 'information-disclosure', 'low', 'open', ['API', 'Customer']],
    ['Ghost: other harm (1 finding)', undefined, undefined, 'open', []],
  ]);
  expect(model.threats[0]).toMatchObject({
    text: { value: 'AC01 Privilege Abuse; AC02 Shared Data Manipulation' },
    stride: [{ basis: 'inferred', quote: 'AC01' }],
    capec: [{ value: '122', pointer: '/findings/0/references' }, { value: '124' }],
    cwe: [{ value: '732' }],
  });
  expect(told(model)).toContain('no element or flow is called "Ghost"');
  expect(told(model)).toContain('1 findings are excluded by assumptions and are not read');
});

test('responses are mitigations, one for each wording; assumptions claim what they say is logged', async () => {
  const { mitigations, claims, assumptions } = await read(fixture);
  expect(mitigations.map(({ text, status }) => [text.value, status?.value.is])).toEqual([
    ['mitigated by CloudTrail data events', 'done'],
    ['accepted, the logs will tell', 'wont-do'],
  ]);
  expect(claims.map(({ text, holds, threats, components }) => [text.value, holds, threats, components])).toEqual([
    ['Audit', 'done', [], ['Audit']],
    ['mitigated by CloudTrail data events', 'done', ['Vault: elevation of privilege', 'Vault: repudiation'], []],
    ['CloudTrail is on outside of this system', 'assumed', [], []],
    ['Access is logged', 'assumed', [], []],
  ]);
  expect(assumptions.map(({ value }) => value)).toEqual(['CloudTrail is on outside of this system', 'No PHP', 'Access is logged']);
});

test('the input form has no more than names', async () => {
  const { components, flows } = await read({
    name: 'x',
    elements: [
      { __class__: 'Actor', name: 'User' },
      { __class__: 'Datastore', name: 'DB' },
    ],
    flows: [{ name: 'Select', source: 'User', sink: 'DB' }],
  });
  expect(components.map(({ id, kind }) => [id, kind])).toEqual([
    ['User', 'actor'],
    ['DB', 'datastore'],
  ]);
  expect(flows[0]?.crosses).toBeUndefined();
});

test('programs and the library of threats are refused', async () => {
  const recognise = async (value: unknown): Promise<unknown> =>
    pytm.recognise(await readDocument(new TextEncoder().encode(JSON.stringify(value)), 'x.json'));
  expect(await recognise([{ SID: 'INP01', target: ['Lambda'] }])).toEqual({ refuse: expect.stringContaining('library of threats') });
  expect(await recognise(JSON.parse(fixture))).toEqual({});
  expect(await recognise({ elements: [], flows: [{ source: 'a', target: 'b' }] })).toBeUndefined();
  await expect(readDocument(new TextEncoder().encode('#!/usr/bin/env python3\nfrom pytm import TM, Server\n'), 'tm.py')).rejects.toThrow(
    '--json',
  );
});

test('no path of the machine that made it', async () => {
  expect(JSON.stringify(await read(fixture))).not.toContain('jdoe');
});
