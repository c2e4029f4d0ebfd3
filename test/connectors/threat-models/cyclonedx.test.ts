import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cyclonedx } from '../../../connectors/threat-models/cyclonedx.ts';
import { readDocument } from '../../../connectors/threat-models/document.ts';
import type { SystemModel } from '../../../src/model/system-model.ts';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'threat-models', name), 'utf8');
const second = fixture('cyclonedx.v2.json');
const first = fixture('cyclonedx.v1.json');

async function read(json: string): Promise<SystemModel> {
  const document = await readDocument(new TextEncoder().encode(json), 'model.json');
  const [model] = cyclonedx.read(document, { lexicon: { services: () => [], typeOf: () => undefined } });
  if (!model) throw new Error('there is no model');
  return model;
}

const told = ({ warnings }: SystemModel): readonly string[] => warnings.map(({ message }) => message);

test('2.0: actors, assets, stores by vendor and product, and components that threats and controls speak of', async () => {
  const { components } = await read(second);
  expect(
    components.map((one) => [
      one.id,
      one.name.value,
      one.kind,
      one.nativeType?.value,
      one.type?.value,
      one.provider?.value,
      one.boundaries,
      one.logStore?.value,
    ]),
  ).toEqual([
    ['a-1', 'customer', 'actor', undefined, undefined, undefined, ['z-net'], undefined],
    ['as-api', 'Payment API', 'process', 'service', undefined, 'aws', ['z-vpc'], undefined],
    ['as-audit', 'Audit log archive', 'datastore', 'data-store', undefined, 'aws', ['z-core', 'z-vpc'], true],
    ['ds-vault', 'Card vault', 'datastore', 'AWS S3', 'aws.s3.bucket', 'aws', ['z-core', 'z-vpc'], undefined],
    ['ds-events', 'Trail', 'datastore', 'event-log', undefined, undefined, [], true],
    ['svc', 'Refund service', 'process', undefined, undefined, undefined, [], undefined],
  ]);
  expect(components[1]).toMatchObject({ tags: [{ value: 'aws:lambda' }], confidentiality: { value: { words: 'restricted', level: 3 } } });
  expect(components[3]?.stores).toEqual(['set-1']);
});

test('2.0 is unreleased, which is told, and so is every reference that leads nowhere', async () => {
  expect(told(await read(second))).toEqual([
    'CycloneDX 2.0 is not released and may still change: check what is read here',
    '"galactic" is none of public, internal, confidential, restricted, classified',
    'no zone has the reference "z-lost"',
    'no zone has the reference "z-gone"',
    'the flow "Void" has an end that is not there; left out',
    'the assumption is invalid, so it is not taken for one',
    'no attack pattern has the reference "ap-gone"',
    'no asset has the reference "nowhere"',
    'no control or requirement has the reference "m-gone"',
  ]);
});

test('a boundary that requires logging wants it of what stands at it, and does not prove it', async () => {
  const { claims } = await read(second);
  expect(claims.map(({ text, holds, threats, components }) => [text.value, holds, threats, components])).toEqual([
    ['Audit log archive', 'done', [], ['as-audit']],
    ['Trail', 'done', [], ['ds-events']],
    ['Internet to VPC: crossings require logging', 'planned', [], ['a-1', 'as-api']],
    ['Internet to VPC: crossings require monitoring', 'planned', [], ['a-1', 'as-api']],
    ['Object reads in CloudTrail by an unusual role', 'planned', ['t-1'], ['ds-vault']],
    ['CloudTrail data events of the vault are on', 'done', ['t-1'], ['ds-vault']],
    ['Flow logs are kept', 'planned', [], ['svc']],
    ['GuardDuty is monitored.', 'assumed', [], []],
  ]);
  expect(claims[2]?.text).toMatchObject({ pointer: '/blueprints/0/boundaries/0/crossingRequirements/logging', quote: 'logging: true' });
});

test('threats: STRIDE among the taxonomies, CAPEC and techniques of their patterns, what answers them', async () => {
  const { threats, mitigations } = await read(second);
  expect(threats).toMatchObject([
    {
      id: 't-1',
      stride: [{ value: 'information-disclosure' }],
      attack: [{ value: 'T1530', pointer: '/threats/attackPatterns/0/techniques/0/id' }, { value: 'T1078.004' }],
      capec: [{ value: '122' }],
      components: [{ value: 'ds-vault' }],
      mitigations: ['c-1', 'r-1'],
    },
  ]);
  expect(mitigations.map(({ id, status }) => [id, status?.value.is])).toEqual([
    ['c-1', 'done'],
    ['c-2', 'proposed'],
    ['c-3', 'wont-do'],
    ['r-1', 'proposed'],
  ]);
});

test('flows and zones', async () => {
  const { flows, boundaries } = await read(second);
  expect(flows.map((one) => [one.id, one.protocol?.value, one.encrypted?.value, one.crosses?.value, one.public?.value])).toEqual([
    ['f-1', 'https', true, true, true],
    ['f-2', undefined, undefined, true, undefined],
  ]);
  expect(boundaries.map((one) => [one.id, one.nativeType?.value, one.parent, one.provider?.value, one.internet?.value])).toEqual([
    ['z-net', 'trust', undefined, undefined, true],
    ['z-vpc', 'network', undefined, 'aws', undefined],
    ['z-core', 'our own', 'z-vpc', undefined, undefined],
  ]);
});

test('properties may name log sources, of a store or of all', async () => {
  const { annotations } = await read(second);
  expect(annotations.map(({ source, on }) => [source.value, on])).toEqual([
    ['aws.cloudtrail.data.s3', 'ds-vault'],
    ['aws.s3.accesslogs', 'ds-vault'],
    ['aws.cloudtrail.management', undefined],
  ]);
});

test('1.6: an architecture in properties, with ratings of 0 to 100', async () => {
  const model = await read(first);
  expect(model.name.value).toBe('Card payments');
  expect(model.components.map((one) => [one.id, one.kind, one.nativeType?.value, one.boundaries, one.stores, one.handles])).toEqual([
    ['user', 'external', 'actor', ['b-net'], [], []],
    ['web', 'process', 'Tomcat', ['b-in'], [], ['as']],
    ['db', 'datastore', 'datastore', [], ['as'], []],
  ]);
  expect(model.dataAssets).toMatchObject([
    { confidentiality: { value: { words: '100', level: 4 } }, integrity: { value: { words: '60', level: 2 } } },
  ]);
  expect(model.dataAssets[0]?.availability).toBeUndefined();
  expect(model.flows.map((one) => [one.id, one.crosses?.value, one.public?.value, one.data])).toEqual([['f1', true, true, ['as']]]);
  expect(told(model)).toContain('no boundary has the reference "b-lost"');
  expect(told(model)).toContain('threat models in the properties of CycloneDX 1.6 hold no threats: only the architecture is read');
  expect(JSON.stringify(model)).not.toMatch(/doe/i);
});

test('a bill of materials without a model is refused', async () => {
  const recognise = async (value: unknown): Promise<unknown> =>
    cyclonedx.recognise(await readDocument(new TextEncoder().encode(JSON.stringify(value)), 'x.json'));
  expect(await recognise({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ type: 'library' }] })).toEqual({
    refuse: expect.stringContaining('without a threat model'),
  });
  expect(await recognise({ specFormat: 'CycloneDX', specVersion: '2.0', threats: { scenarios: [] } })).toEqual({
    refuse: expect.stringContaining('no list of threats'),
  });
  expect(await recognise(JSON.parse(second))).toEqual({ version: '2.0' });
  expect(await recognise(JSON.parse(first))).toEqual({ version: '1.6' });
  expect(await recognise({ specVersion: '2.0' })).toBeUndefined();
});
