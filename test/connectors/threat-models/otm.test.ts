import { describe, expect, it } from 'vitest';
import type { SystemModel } from '../../../src/model/system-model.ts';
import { importValue } from './import-fixture.ts';

async function model(parts: Readonly<Record<string, unknown>>): Promise<SystemModel> {
  return (await importValue({ otmVersion: '0.2.0', project: { name: 'a', id: 'a' }, ...parts }))[0] as SystemModel;
}

describe('the type of a component', () => {
  it.each([
    ['its tag before its type', { type: 's3', tags: ['aws_dynamodb_table'] }, 'aws.dynamodb.table'],
    ['a type behind a label', { type: 'empty-component', tags: ['Vault (AWS::S3::Bucket)'] }, 'aws.s3.bucket'],
    ['a module', { type: 'rds', tags: ['terraform-aws-modules/rds/aws'] }, 'aws.rds.instance'],
    ['the library of IriusRisk', { type: 'azure-storage', tags: [] }, 'azure.storage.account'],
    ['a free tag is none', { type: 'web-service', tags: ['s3'] }, undefined],
    ['several services under one name', { type: 'load-balancer', tags: null }, undefined],
    ['App Service, which is also written for Cosmos DB', { type: 'CD-MICROSOFT-AZURE-APP-SERVICE-ENV' }, undefined],
    ['no type', { type: '' }, undefined],
    ['a name that every object has', { type: 'constructor', tags: ['constructor', 'toString'] }, undefined],
  ])('%s', async (_, component, type) => {
    const [found] = (await model({ components: [{ id: 'c', name: 'Part', ...component }] })).components;
    expect(found?.type?.value).toBe(type);
  });
});

it('takes null for every list', async () => {
  const found = await model({ assets: null, trustZones: null, components: null, dataflows: null, threats: null, mitigations: null });
  expect(found.warnings).toEqual([]);
});

it('a threat is as open as its most open instance, and a claim holds where its mitigation is in place', async () => {
  const instance = (state: string, mitigation: string) => ({
    threats: [{ threat: 't', state, mitigations: [{ mitigation: 'm', state: mitigation }] }],
  });
  const found = await model({
    components: [
      { id: 'a', name: 'A', ...instance('mitigated', 'implemented') },
      { id: 'b', name: 'B', ...instance('exposed', 'recommended') },
      { id: 'c', name: 'C', ...instance('not-applicable', 'rejected') },
    ],
    threats: [{ id: 't', name: 'Theft', categories: ['Elevation of Privileges'], risk: { likelihood: 50, impact: 50 } }],
    mitigations: [{ id: 'm', name: 'Turn on audit logs' }],
  });
  const [threat] = found.threats;
  expect([threat?.status?.value, threat?.severity?.value.is, threat?.stride.map(({ value }) => value)]).toEqual([
    { words: 'exposed', is: 'open' },
    'medium',
    ['elevation-of-privilege'],
  ]);
  expect(found.mitigations[0]?.status?.value.is).toBe('proposed');
  expect(found.claims.map(({ holds, components }) => [holds, components])).toEqual([
    ['done', ['a']],
    ['planned', ['b']],
  ]);
});

it('a log that is drawn is a claim that it is there', async () => {
  const { claims, components } = await model({
    components: [
      { id: 'l', name: 'Trail', type: 'cloudtrail' },
      { id: 'd', name: 'Detector', type: 'CD-GUARDDUTY' },
      { id: 'f', name: 'Flows', type: 'empty-component', tags: ['aws_flow_log'] },
    ],
  });
  expect(claims.map(({ text, holds, components: at }) => [text.value, holds, at])).toEqual([
    ['cloudtrail (component "Trail")', 'done', ['l']],
    ['CD-GUARDDUTY (component "Detector")', 'done', ['d']],
    ['aws_flow_log (component "Flows")', 'done', ['f']],
  ]);
  expect(components.map(({ logStore }) => logStore?.value)).toEqual([true, undefined, undefined]);
});

it('zones around a component stand the innermost first, through components and other zones, also in a circle', async () => {
  const found = await model({
    trustZones: [
      { id: 'out', name: 'Internet' },
      { id: 'in', name: 'Inner', parent: { trustZone: 'out' } },
    ],
    components: [
      { id: 'vpc', name: 'Net', parent: { trustZone: 'in' } },
      { id: 'app', name: 'App', parent: { component: 'vpc' } },
      { id: 'x', name: 'X', parent: { component: 'y' } },
      { id: 'y', name: 'Y', parent: { component: 'x' } },
      { id: 'z', name: 'Z', parent: { trustZone: 'nowhere' } },
    ],
  });
  expect(found.components.map(({ boundaries }) => boundaries)).toEqual([['in', 'out'], ['in', 'out'], [], [], []]);
  expect(found.warnings.map(({ message }) => message)).toEqual(['stands inside of itself', '"nowhere" is not in the model']);
});
