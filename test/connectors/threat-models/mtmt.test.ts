import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Document, readDocument } from '../../../connectors/threat-models/document.ts';
import type { ReadContext } from '../../../connectors/threat-models/format.ts';
import { mtmt } from '../../../connectors/threat-models/mtmt.ts';
import type { SystemModel } from '../../../src/model/system-model.ts';

const file = join(import.meta.dirname, '..', '..', 'fixtures', 'threat-models', 'mtmt.tm7');
const fixture = readFileSync(file, 'utf8');
const context: ReadContext = { lexicon: { services: () => [], typeOf: () => undefined } };
const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

async function open(xml: string): Promise<Document> {
  return readDocument(new TextEncoder().encode(xml), 'card-payments.tm7');
}

async function read(xml: string): Promise<SystemModel> {
  const [model] = mtmt.read(await open(xml), context);
  if (!model) throw new Error('there is no model');
  return model;
}

test('stencils of the published templates are exact types, also where the file breaks the line inside of their ids', async () => {
  const { components } = await read(fixture);
  expect(
    components.map(({ name, kind, nativeType, type, provider }) => [name.value, kind, nativeType?.value, type?.value, provider?.value]),
  ).toEqual([
    ['Card holder', 'actor', 'SE.EI.TMCore.User', undefined, undefined],
    ['Payment API', 'process', 'SE.P.TMCore.AzureAppServiceApiApp', 'azure.appservice.app', 'azure'],
    ['card-vault', 'datastore', 'SE.DS.TMCore.AzureKeyVault', 'azure.keyvault', 'azure'],
    ['Audit archive', 'datastore', 'Archive account', 'azure.storage.account', 'azure'],
    ['Database', 'datastore', 'SE.DS.TMCore.SQL', undefined, undefined],
  ]);
});

test('an own stencil is known by its name and by the stencil that it is derived from; a nameless element by its stencil', async () => {
  const { components } = await read(fixture);
  expect(components[3]?.nativeType).toMatchObject({ basis: 'mapped', quote: '9f4f2d6a-1111-4222-8333-444455556666' });
  expect(components[3]?.type?.basis).toBe('mapped');
  expect(components[4]?.name).toMatchObject({ value: 'Database', basis: 'assumed' });
});

test('attributes: out of scope, log data, credentials; the default "No" says nothing', async () => {
  const { components } = await read(fixture);
  expect(components.map(({ inScope }) => inScope.value)).toEqual([false, true, true, true, true]);
  expect(components.map(({ logStore }) => logStore?.value)).toEqual([undefined, undefined, undefined, true, undefined]);
  expect(components.map(({ storesCredentials }) => storesCredentials?.value)).toEqual([undefined, undefined, true, undefined, undefined]);
});

test('boundaries hold what is drawn in them, the innermost first, and pass their provider on', async () => {
  const { boundaries, components } = await read(fixture);
  expect(components.map((one) => one.boundaries)).toEqual([[], [id(7)], [id(8), id(7)], [id(8), id(7)], []]);
  expect(boundaries.map((one) => [one.name.value, one.parent, one.provider?.value, one.internet?.value])).toEqual([
    ['Subscription', undefined, 'azure', undefined],
    ['Data network', id(7), undefined, undefined],
    ['Internet', undefined, undefined, true],
  ]);
});

test('flows cross where they leave a box or meet a line; past a line nobody knows; one without an end is told', async () => {
  const { flows, warnings } = await read(fixture);
  expect(flows.map((one) => [one.name?.value, one.crosses?.value, one.public?.value, one.protocol?.value])).toEqual([
    ['Pay', true, true, 'HTTPS'],
    ['Read key', true, undefined, undefined],
    ['Write record', undefined, undefined, undefined],
  ]);
  expect(warnings.map(({ message }) => message)).toContain('the flow Loose end is not attached to an element at both ends; left out');
  const { flows: without } = await read(fixture.replace('i:type="LineBoundary"', 'i:type="Annotation"'));
  expect(without.map((one) => one.crosses?.value)).toEqual([true, true, false]);
});

test('threats: category in any spelling, state, priority, and the elements that their words name', async () => {
  const { threats, warnings } = await read(fixture);
  expect(
    threats.map((one) => [
      one.id,
      one.stride.map(({ value }) => value),
      one.status?.value.is,
      one.severity?.value.is,
      one.components.map(({ value }) => value),
    ]),
  ).toEqual([
    ['7', ['repudiation'], 'open', 'high', [id(3)]],
    ['8', ['repudiation'], 'mitigated', 'medium', [id(3), id(2)]],
    ['9', ['elevation-of-privilege'], 'not-applicable', 'low', [id(3), id(2)]],
    ['10', [], 'open', undefined, [id(3)]],
  ]);
  expect(threats[1]?.cwe).toMatchObject([{ value: '778' }]);
  const told = warnings.map(({ message }) => message);
  expect(told).toContain('the category "Abuse" is none of STRIDE');
  expect(told).toContain('1 of 4 threats are as the tool generated them; nobody has judged them yet');
});

test('the advice of the template is proposed, once for all threats; a justification of a mitigated threat is done and claims its logs', async () => {
  const { mitigations, threats, claims } = await read(fixture);
  expect(mitigations.map(({ status }) => status?.value)).toEqual([
    { words: 'PossibleMitigations', is: 'proposed' },
    { words: 'Mitigated', is: 'done' },
  ]);
  expect(threats[0]?.mitigations).toEqual([mitigations[0]?.id]);
  expect(threats[1]?.mitigations).toEqual(mitigations.map((one) => one.id));
  expect(claims.map(({ text, holds, threats: at }) => [text.value, holds, at])).toEqual([
    ['Audit archive', 'done', []],
    ['Enable audit logging on the Key Vault.', 'planned', ['7', '8']],
    ['Diagnostic settings send AuditEvent to the workspace card-logs', 'done', ['8']],
    ['CloudTrail and the Activity Log are kept for a year', 'assumed', []],
  ]);
});

test('every field says where it stands', async () => {
  const { components, threats } = await read(fixture);
  expect(components[2]?.name.pointer).toBe(
    '/ThreatModel/DrawingSurfaceList/DrawingSurfaceModel/Borders/KeyValueOfguidanyType[3]/Value/Properties/anyType',
  );
  expect(threats[1]?.status?.pointer).toBe('/ThreatModel/ThreatInstances/KeyValueOfstringThreatpc_P0_PhOB[2]/Value/State');
});

test('people are left out', async () => {
  expect(JSON.stringify(await read(fixture))).not.toMatch(/doe|WORKSTATION/i);
});

test('a model without a name is called like its file', async () => {
  const { name } = await read(fixture.replace('<ThreatModelName>Card payments</ThreatModelName>', '<ThreatModelName/>'));
  expect(name).toMatchObject({ value: 'card-payments', basis: 'assumed' });
});

test('prefixes do not matter, nor does what stands before the root', async () => {
  const prefixed = fixture
    .replaceAll(/<(\/?)b:/g, '<$1kb:')
    .replaceAll('xmlns:b=', 'xmlns:kb=')
    .replaceAll('type="b:', 'type="kb:');
  const { sha256: _, ...plain } = await read(fixture);
  const { sha256: __, ...other } = await read(`<?xml version="1.0"?>\n<!-- <Other> -->\n${prefixed}`);
  expect(other).toEqual(plain);
});

test('the same element in two diagrams keeps both apart', async () => {
  const surface = /<DrawingSurfaceModel[\s\S]*<\/DrawingSurfaceModel>/.exec(fixture)?.[0] ?? '';
  const { components, flows, warnings } = await read(fixture.replace(surface, () => surface + surface));
  expect(flows.at(-1)).toMatchObject({ from: `${id(3)}~2`, to: `${id(4)}~2` });
  expect(new Set(components.map((one) => one.id)).size).toBe(10);
  expect(warnings.map(({ message }) => message)).toContain(`the id "${id(1)}" is there twice; this one is called "${id(1)}~2"`);
});

test('templates, truncated files and what tm-file-parser made are refused with what to give instead', async () => {
  const recognise = async (xml: string): Promise<unknown> => mtmt.recognise(await open(xml));
  expect(await recognise('<KnowledgeBase><Manifest/></KnowledgeBase>')).toEqual({ refuse: expect.stringContaining('template') });
  expect(await recognise(fixture.slice(0, 6000))).toEqual({ refuse: expect.stringContaining('not well-formed') });
  expect(await recognise('{"drawingSurfaceList": {}, "threatInstances": {}}')).toEqual({
    refuse: expect.stringContaining('give the .tm7 itself'),
  });
  expect(await recognise('<Other/>')).toBeUndefined();
  expect(await recognise(fixture)).toEqual({ version: '4.3' });
});

test('entities are not expanded, and a document type inside is refused', async () => {
  expect(mtmt.recognise(await open(fixture.replace('Card holder', '&bomb;')))).toEqual({
    refuse: expect.stringContaining('not well-formed'),
  });
  await expect(open(`<!DOCTYPE x [<!ENTITY bomb "x">]>${fixture}`)).rejects.toThrow('declares a document type');
});

test('deep nesting is refused, and where a diagram has too many elements to compare, that is told', async () => {
  expect(mtmt.recognise(await open(`<ThreatModel>${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}</ThreatModel>`))).toEqual({
    refuse: expect.stringContaining('nested more than'),
  });
  const box =
    /<a:KeyValueOfguidanyType><a:Key>00000000-0000-4000-8000-000000000008[\s\S]*?<\/a:KeyValueOfguidanyType>/.exec(fixture)?.[0] ?? '';
  const { boundaries, warnings } = await read(
    fixture.replace(box, () => Array.from({ length: 3000 }, (_, index) => box.replaceAll(id(8), id(100 + index))).join('')),
  );
  expect(boundaries).toHaveLength(3002);
  expect(warnings.map(({ message }) => message)).toContain('the diagram has too many elements to tell which stand in which boundary');
});
