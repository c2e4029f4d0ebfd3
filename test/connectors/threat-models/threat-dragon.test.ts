import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../../../connectors/threat-models/document.ts';
import type { Lexicon, Recognition } from '../../../connectors/threat-models/format.ts';
import { threatDragon } from '../../../connectors/threat-models/threat-dragon.ts';
import type { SystemModel } from '../../../src/model/system-model.ts';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'threat-models', name), 'utf8');
const second = fixture('threat-dragon.v2.json');
const first = fixture('threat-dragon.v1.json');
/** Knows one service. */
const lexicon: Lexicon = {
  services: (text) => [...text.matchAll(/S3 bucket/g)].map(({ 0: word, index }) => ({ type: 'aws.s3.bucket', word, index })),
  typeOf: () => undefined,
};

async function read(json: string): Promise<SystemModel> {
  const [model] = threatDragon.read(await readDocument(new TextEncoder().encode(json), 'model.json'), { lexicon });
  if (!model) throw new Error('there is no model');
  return model;
}

async function recognise(value: unknown): Promise<Recognition | undefined> {
  return threatDragon.recognise(await readDocument(new TextEncoder().encode(JSON.stringify(value)), 'model.json'));
}

const told = ({ warnings }: SystemModel): readonly string[] => warnings.map(({ message }) => message);

test('version 2: cells are components with their flags; boxes that nobody ticked say nothing', async () => {
  const { components } = await read(second);
  expect(
    components
      .slice(0, 4)
      .map((one) => [one.id, one.name.value, one.kind, one.inScope.value, one.logStore?.value, one.storesCredentials?.value]),
  ).toEqual([
    ['customer', 'Customer', 'external', false, undefined, undefined],
    ['api', 'Payment API', 'process', true, undefined, undefined],
    ['vault', 'card-vault', 'datastore', true, undefined, true],
    ['audit', 'Audit records', 'datastore', true, true, undefined],
  ]);
  expect(components[0]?.inScope.quote).toBe('Not ours');
  expect(components[1]?.tags).toMatchObject([{ value: 'pci', quote: 'handlesCardPayment' }]);
  expect(components[3]?.tags).toMatchObject([{ value: 'S3 bucket', basis: 'inferred', quote: 'Kept in an S3 bucket' }]);
});

test('elements stand in the boxes that they are drawn in, and boxes in boxes', async () => {
  const { components, boundaries } = await read(second);
  expect(components.slice(0, 4).map((one) => one.boundaries)).toEqual([
    [],
    ['box-outer'],
    ['box-inner', 'box-outer'],
    ['box-inner', 'box-outer'],
  ]);
  expect(boundaries.map(({ id, name, parent }) => [id, name.value, name.basis, parent])).toEqual([
    ['box-outer', 'Account', 'stated', undefined],
    ['box-inner', 'trust boundary', 'assumed', 'box-outer'],
    ['curve', 'Edge', 'stated', undefined],
  ]);
});

test('flows cross between boxes and over a curve, also one whose shape is misspelt; around a curve nobody knows', async () => {
  const model = await read(second);
  expect(model.flows.map((one) => [one.id, one.crosses?.value, one.public?.value, one.encrypted?.value, one.protocol?.value])).toEqual([
    ['f-1', true, true, true, 'HTTPS'],
    ['f-2', true, undefined, undefined, undefined],
    ['f-3', false, undefined, undefined, undefined],
    ['f-5', true, undefined, undefined, undefined],
    ['f-6', undefined, undefined, undefined, undefined],
  ]);
  expect(told(model)).toContain('the flow "Loose" is not attached to an element at both ends; left out');
  expect(told(model)).toContain('"path" is no shape that is known; left out');
});

test('threats: states, severities, other methodologies, and the components that they stand at', async () => {
  const { threats } = await read(second);
  expect(
    threats.map((one) => [
      one.id,
      one.stride[0]?.value,
      one.status?.value.is,
      one.severity?.value.is,
      one.components.map(({ value }) => value),
    ]),
  ).toEqual([
    ['t-1', 'repudiation', 'open', 'high', ['api']],
    ['t-2', undefined, 'not-applicable', undefined, ['api']],
    ['t-3', 'tampering', 'mitigated', 'critical', ['vault']],
    ['t-3~2', undefined, 'accepted', 'low', ['vault']],
    ['t-4', undefined, 'accepted', 'medium', ['vault']],
    ['t-5', 'information-disclosure', 'mitigated', 'high', ['api', 'customer']],
    ['t-6', 'denial-of-service', 'open', undefined, ['api']],
  ]);
  expect(threats[2]?.stride).toMatchObject([{ basis: 'mapped', quote: 'Integrity' }]);
  expect(threats[5]?.components).toMatchObject([{ basis: 'inferred', quote: 'Pay' }, { basis: 'inferred' }]);
  expect(threats[1]).toMatchObject({ capec: [{ value: '115' }], cwe: [{ value: '287' }], attack: [{ value: 'T1078.004' }] });
});

test('the non-repudiation of LINDDUN is not repudiation', async () => {
  expect(told(await read(second))).toContain('the category "Non-repudiation" (LINDDUN) has no counterpart in STRIDE');
});

test('mitigations are done where the threat is mitigated, and claim their logs; what the tool fills in is none', async () => {
  const { mitigations, claims, threats } = await read(second);
  expect(mitigations.map(({ id, status }) => [id, status?.value.is])).toEqual([
    ['t-1.mitigation', 'proposed'],
    ['t-3.mitigation', 'done'],
  ]);
  expect(claims.map(({ text, holds, threats: at, components }) => [text.value, holds, at, components])).toEqual([
    ['Audit records', 'done', [], ['audit']],
    ['Write an audit log with the subject of the token', 'planned', ['t-1'], ['api']],
    ['CloudTrail data events are enabled', 'done', ['t-3'], ['vault']],
  ]);
  expect(threats[0]?.text).toBeUndefined();
});

test('version 1: names from attributes and labels, ends by id, boundaries that are lines', async () => {
  const { components, flows, boundaries, threats, formatVersion } = await read(first);
  expect(formatVersion).toBeUndefined();
  expect(components.map((one) => [one.id, one.name.value, one.inScope.value, one.logStore?.value])).toEqual([
    ['1', 'Browser', false, undefined],
    ['2', 'Payment API', true, undefined],
    ['3', 'Log Store', true, true],
  ]);
  expect(flows.map((one) => [one.name?.value, one.from, one.to, one.crosses?.value, one.public?.value])).toEqual([
    ['Web Request', '1', '2', true, true],
    ['flow', '2', '3', undefined, undefined],
  ]);
  expect(boundaries).toMatchObject([{ id: '4', name: { basis: 'assumed' } }]);
  expect(threats.map((one) => [one.id, one.stride[0]?.value, one.status?.value.is, one.mitigations])).toEqual([
    ['2.1', 'spoofing', 'not-applicable', []],
    ['2.2', 'denial-of-service', 'open', []],
  ]);
});

test('a template is read as the model in it', async () => {
  const wrapped = JSON.stringify({ templateMetadata: { name: 'x' }, model: JSON.parse(second) });
  const model = await read(wrapped);
  expect(model.components.map(({ id }) => id)).toEqual((await read(second)).components.map(({ id }) => id));
  expect(model.name).toMatchObject({ value: 'Card payments', pointer: '/model/summary/title' });
  expect(await recognise(JSON.parse(wrapped))).toEqual({ version: '2.3.0' });
});

test('the misspelt key is named', async () => {
  expect(await recognise({ version: '1.6.1', summarize: { title: 'x' }, detail: {} })).toEqual({
    refuse: expect.stringContaining('"summarize"'),
  });
  expect(await recognise({ version: '2.1.3', summary: { title: 'x' }, details: {} })).toEqual({
    refuse: expect.stringContaining('"details"'),
  });
  expect(await recognise({ summary: { title: 'x' }, detail: {} })).toEqual({ refuse: expect.stringContaining('"diagrams"') });
  expect(await recognise({ summary: {}, detail: { diagrams: [] } })).toEqual({ refuse: expect.stringContaining('"title"') });
  expect(await recognise({ summary: 'of something else' })).toBeUndefined();
  expect(await recognise(JSON.parse(first))).toEqual({});
});

test('people are left out', async () => {
  expect(JSON.stringify(await read(second))).not.toContain('Doe');
  expect(JSON.stringify(await read(first))).not.toContain('Doe');
});

test('a diagram too large to compare says so', async () => {
  const large = JSON.parse(second);
  const [diagram] = large.detail.diagrams;
  const box = diagram.cells[0];
  diagram.cells.push(...Array.from({ length: 3000 }, (_, index) => ({ ...box, id: `box-${index}` })));
  expect(told(await read(JSON.stringify(large)))).toContain('the diagram has too many elements to tell which stand in which boundary');
});
