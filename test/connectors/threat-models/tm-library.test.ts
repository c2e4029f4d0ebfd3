import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../../../connectors/threat-models/document.ts';
import { productOf } from '../../../connectors/threat-models/products.ts';
import { tmLibrary } from '../../../connectors/threat-models/tm-library.ts';
import type { SystemModel } from '../../../src/model/system-model.ts';

const fixture = readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'threat-models', 'tm-library.json'), 'utf8');

async function read(json: string): Promise<SystemModel> {
  const document = await readDocument(new TextEncoder().encode(json), 'model.json');
  const [model] = tmLibrary.read(document, { lexicon: { services: () => [], typeOf: () => undefined } });
  if (!model) throw new Error('there is no model');
  return model;
}

test('a data store is what its vendor and product say; Microsoft alone is not Azure', async () => {
  const { components } = await read(fixture);
  expect(components.map((one) => [one.id, one.kind, one.nativeType?.value, one.type?.value, one.provider?.value])).toEqual([
    ['customer', 'actor', undefined, undefined, undefined],
    ['bank', 'external', undefined, undefined, undefined],
    ['api', 'process', undefined, undefined, 'aws'],
    ['lost', 'process', undefined, undefined, undefined],
    ['vault', 'datastore', 'AWS Amazon S3', 'aws.s3.bucket', 'aws'],
    ['keys', 'datastore', 'Azure Key Vault', 'azure.keyvault', 'azure'],
    ['sql', 'datastore', 'Microsoft SQL', undefined, 'aws'],
    ['audit', 'datastore', 'object', undefined, 'aws'],
  ]);
  expect(components[4]?.stores).toEqual(['cards']);
  expect(components[5]?.storesCredentials).toMatchObject({ value: true, basis: 'inferred', quote: 'secrets' });
  expect(components[7]?.logStore).toMatchObject({ value: true, basis: 'inferred' });
});

test('zones that do not exist are told, and the rest is read', async () => {
  const { boundaries, flows, warnings, components } = await read(fixture);
  expect(boundaries.map((one) => [one.id, one.provider?.value, one.internet?.value])).toEqual([
    ['internet', undefined, true],
    ['vpc', 'aws', undefined],
  ]);
  expect(components[3]?.boundaries).toEqual([]);
  expect(flows.map((one) => [one.id, one.from, one.to, one.encrypted?.value, one.crosses?.value, one.public?.value])).toEqual([
    ['pay', 'customer', 'api', true, true, true],
    ['keep', 'api', 'vault', false, false, undefined],
  ]);
  expect(warnings.map(({ message }) => message)).toEqual([
    'no trust zone is called "vpcs"',
    'no trust zone is called "nowhere"',
    'no data store is called "gone"',
    'the flow "Void" names "nobody", which is not there; left out',
    'no component is called "ghost"',
    'no threat is called "nothing"',
    'the assumption is rejected, so it is not taken for one',
    'no component is called "ghost"',
  ]);
});

test('sensitivities in our words, others as they are', async () => {
  const { dataAssets } = await read(fixture);
  expect(dataAssets.map(({ tags }) => tags.map(({ value, basis }) => [value, basis]))).toEqual([
    [
      ['pci', 'stated'],
      ['biz', 'stated'],
    ],
    [['credentials', 'mapped']],
  ]);
});

test('threats: CAPEC, CWE and ATT&CK as written, STRIDE concluded from the event, the highest risk that names it', async () => {
  const { threats } = await read(fixture);
  expect(threats[0]).toMatchObject({
    id: 'bulk-read',
    stride: [
      { value: 'information-disclosure', basis: 'inferred' },
      { value: 'tampering', basis: 'inferred' },
    ],
    attack: [{ value: 'T1530' }],
    capec: [{ value: '122' }],
    cwe: [{ value: '284' }, { value: '778' }],
    components: [{ value: 'vault', pointer: '/threats/0/components_affected/0' }],
    severity: { value: { words: 'very_high', is: 'critical' }, pointer: '/risks/1/level' },
    mitigations: ['c1', 'c2', 'c3'],
  });
  expect(threats[1]).toMatchObject({ stride: [], components: [], mitigations: [] });
  expect(threats[1]?.severity).toBeUndefined();
});

test('the state of a control is how far its claim holds; one that will not come claims nothing', async () => {
  const { mitigations, claims } = await read(fixture);
  expect(mitigations.map(({ status }) => status?.value.is)).toEqual(['done', 'proposed', 'wont-do', 'assumed']);
  expect(claims.map(({ text, holds, threats, components }) => [text.value, holds, threats, components])).toEqual([
    ['API audit logs', 'done', [], ['audit']],
    ['Enable CloudTrail data events.', 'done', ['bulk-read'], []],
    ['Store audit logs in immutable storage.', 'planned', ['bulk-read'], []],
    ['GuardDuty is monitored', 'assumed', [], []],
    ['Audit devices are configured.', 'assumed', [], []],
  ]);
});

test('extensions may name log sources, of a component or of all', async () => {
  expect((await read(fixture)).annotations).toMatchObject([{ source: { value: 'aws.cloudtrail.data.s3' }, on: 'vault' }]);
  const whole = await read(JSON.stringify({ ...JSON.parse(fixture), extensions: { log_sources: ['aws.cloudtrail.management'] } }));
  expect(whole.annotations).toMatchObject([{ source: { value: 'aws.cloudtrail.management', pointer: '/extensions/log_sources/0' } }]);
});

test('recognised by its scope, zones and flows', async () => {
  const recognise = async (value: unknown): Promise<unknown> =>
    tmLibrary.recognise(await readDocument(new TextEncoder().encode(JSON.stringify(value)), 'x.json'));
  expect(await recognise(JSON.parse(fixture))).toEqual({ version: '1.0' });
  expect(await recognise({ scope: { title: 'x' }, trust_zones: [] })).toBeUndefined();
});

test('products by vendor: prefixes may repeat, and a vendor without a cloud has none', () => {
  expect(productOf('AWS', 'KMS')).toEqual({ type: 'aws.kms.key', provider: 'aws' });
  expect(productOf(undefined, 'Google Cloud Storage')).toEqual({ type: 'gcp.storage.bucket', provider: 'gcp' });
  expect(productOf('Google', 'Cloud Storage')).toEqual({ type: 'gcp.storage.bucket', provider: 'gcp' });
  expect(productOf('Microsoft', 'Azure Key Vault')).toEqual({ type: 'azure.keyvault', provider: 'azure' });
  expect(productOf('Microsoft', 'Word')).toEqual({});
  expect(productOf('Azure', 'SQL')).toEqual({ type: 'azure.sql.database', provider: 'azure' });
  expect(productOf('constructor', 'toString')).toEqual({});
  expect(productOf('MongoDB', 'Atlas')).toEqual({ type: 'saas.mongodb-atlas' });
});
