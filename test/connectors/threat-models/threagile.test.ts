import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openBeside } from '../../../connectors/threat-models/beside.ts';
import { openDocument, readDocument } from '../../../connectors/threat-models/document.ts';
import type { Recognition } from '../../../connectors/threat-models/format.ts';
import { threagile } from '../../../connectors/threat-models/threagile.ts';
import type { SystemModel } from '../../../src/model/system-model.ts';

const fixture = readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'threat-models', 'threagile.yaml'), 'utf8');
const lexicon = { services: () => [], typeOf: () => undefined };
const folder = mkdtempSync(join(tmpdir(), 'threagile-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(source: string | object): Promise<SystemModel> {
  const text = typeof source === 'string' ? source : JSON.stringify(source);
  const [model] = threagile.read(await readDocument(new TextEncoder().encode(text), 'model.yaml'), { lexicon });
  if (!model) throw new Error('there is no model');
  return model;
}

async function recognise(source: string | object): Promise<Recognition | undefined> {
  const text = typeof source === 'string' ? source : JSON.stringify(source);
  return threagile.recognise(await readDocument(new TextEncoder().encode(text), 'model.yaml'));
}

/** Reads a model in a folder of its own with files beside it. */
async function readAmong(files: Readonly<Record<string, string | object>>): Promise<SystemModel> {
  const place = mkdtempSync(join(folder, 'model-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(place, name, '..'), { recursive: true });
    writeFileSync(join(place, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return readIn(place);
}

async function readIn(place: string): Promise<SystemModel> {
  const document = await openDocument(join(place, 'model.yaml'));
  const [model] = threagile.read(document, { lexicon, beside: await openBeside(document, threagile) });
  if (!model) throw new Error('there is no model');
  return model;
}

const told = ({ warnings }: SystemModel): readonly string[] => warnings.map(({ message }) => message);

test('merge keys are applied, and ratings are ranks on the scale of Threagile', async () => {
  const { dataAssets, components } = await read(fixture);
  expect(
    dataAssets.map((one) => [one.name.value, one.confidentiality?.value, one.integrity?.value.level, one.tags.map(({ value }) => value)]),
  ).toEqual([
    ['Card Numbers', { words: 'strictly-confidential', level: 4 }, 4, ['pci']],
    ['Card Tokens', { words: 'restricted', level: 2 }, 4, ['pci']],
    ['API Logs', { words: 'Internal', level: 1 }, 0, []],
  ]);
  expect(components.map(({ confidentiality }) => confidentiality?.value.level)).toEqual([0, 3, 4, undefined, undefined]);
  expect(told(await read(fixture))).toContain('"top-secret" is none of public, internal, restricted, confidential, strictly-confidential');
});

test('a cloud tag is the type, two of them are none; the first technology is the native type, further ones are tags', async () => {
  const { components, warnings } = await read(fixture);
  expect(
    components.map(({ id, kind, type, nativeType, tags }) => [id, kind, type?.value, nativeType?.value, tags.map(({ value }) => value)]),
  ).toEqual([
    ['browser', 'external', undefined, 'browser', []],
    ['payment-api', 'process', 'aws.ec2.instance', 'web-service-rest', ['linux', 'aws:ec2', 'gateway']],
    ['card-vault', 'datastore', 'aws.s3.bucket', 'file-server', ['aws:s3']],
    ['siem', 'process', undefined, 'siem', []],
    ['both', 'process', undefined, 'function', ['aws:s3', 'aws:ec2']],
  ]);
  expect(components[3]?.logStore).toMatchObject({ value: true, basis: 'mapped' });
  expect(warnings.map(({ message }) => message)).toContain(
    'its tags name several services (aws.s3.bucket, aws.ec2.instance); none is taken for its type',
  );
});

test('boundaries nest, and hand their provider down as a conclusion; a circle is broken where it closes', async () => {
  const model = await read(fixture.replace("tags: ['aws:s3', 'log:", "tags: ['log:").replace("tags: [linux, 'aws:ec2']", 'tags: [linux]'));
  expect(model.boundaries.map(({ id, parent, provider }) => [id, parent, provider?.value])).toEqual([
    ['account', undefined, 'aws'],
    ['inner', 'account', undefined],
  ]);
  const vault = model.components.find(({ id }) => id === 'card-vault');
  expect(vault?.boundaries).toEqual(['inner', 'account']);
  expect(vault?.provider).toMatchObject({ value: 'aws', basis: 'inferred', pointer: '/trust_boundaries/Account/tags/0' });
  expect(told(model)).toContain('the trust boundary "account" would stand inside of itself');
  expect(told(model)).toContain('no trust boundary is called "nobody"');
});

test('links: protocol tells encryption, ends tell crossing and the Internet, and what leads nowhere is told', async () => {
  const model = await read(fixture);
  expect(model.flows.map((one) => [one.id, one.to, one.encrypted?.value, one.crosses?.value, one.public?.value, one.data])).toEqual([
    ['browser>pay', 'payment-api', true, true, true, ['cards', 'tokens']],
    ['payment-api>keep-cards', 'card-vault', false, false, undefined, ['cards']],
    ['payment-api>ship-logs', 'siem', true, true, undefined, ['api-logs']],
  ]);
  expect(told(model)).toContain('the link "Into the void" leads to no technical asset; left out');
  expect(told(model)).toContain('no data asset is called "nowhere"');
});

test('individual risks are threats with the STRIDE and CWE of their category; the first of a scale is left out', async () => {
  const { threats } = await read(fixture);
  expect(
    threats.map((one) => [
      one.id,
      one.stride[0]?.value,
      one.severity?.value.is,
      one.status?.value.is,
      one.components.map(({ value }) => value),
    ]),
  ).toEqual([
    ['denied-payments@card-vault', 'repudiation', 'critical', 'mitigated', ['card-vault']],
    ['denied-payments@payment-api>keep-cards', 'repudiation', 'medium', 'open', ['payment-api', 'card-vault']],
    ['spoofed-somehow@inner', 'spoofing', 'low', 'open', ['payment-api', 'card-vault']],
    ['untrusted-deserialization@payment-api', 'tampering', undefined, 'accepted', ['payment-api']],
    ['ldap-injection@*@card-vault@*', 'tampering', undefined, 'open', ['card-vault']],
  ]);
  // Threagile writes titles as HTML; a name is read without, and stays quoted as it was written.
  expect(threats[0]?.title).toMatchObject({ value: 'Denied at the vault', quote: '<b>Denied</b> at the vault' });
  expect(threats[0]?.cwe).toMatchObject([{ value: '778', basis: 'stated' }]);
  expect(threats[2]?.stride[0]?.basis).toBe('mapped');
  expect(threats[3]?.cwe).toMatchObject([{ value: '502', basis: 'mapped' }]);
});

test('what is tracked as mitigated is done and claims its log; what a category advises is planned', async () => {
  const { claims, mitigations } = await read(fixture);
  expect(claims.map(({ text, holds, threats, components }) => [text.value, holds, threats, components])).toEqual([
    [
      'Enable CloudTrail data events for the vault',
      'planned',
      ['denied-payments@card-vault', 'denied-payments@payment-api>keep-cards'],
      [],
    ],
    ['CloudTrail data events are on since January', 'done', ['denied-payments@card-vault'], []],
    ['SIEM', 'done', [], ['siem']],
    ['API Logs', 'done', [], ['payment-api']],
    ['All access to the vault must be logged.', 'planned', [], []],
    ['The SOC reads CloudTrail in the SIEM', 'assumed', [], []],
  ]);
  expect(mitigations.find(({ text }) => text.value === 'Tolerable')?.status?.value.is).toBe('wont-do');
});

test('a tag that names a log source is an annotation, and no tag any more', async () => {
  const { annotations } = await read(fixture);
  expect(annotations).toMatchObject([
    { source: { value: 'aws.cloudtrail.data.s3', quote: 'log:aws.cloudtrail.data.s3' }, on: 'card-vault' },
  ]);
});

test('what is not read is told; people are left out', async () => {
  const model = await read(fixture);
  expect(told(model)).toContain(
    "1 tracked risks name no technical asset; lay Threagile's risks.json beside the model to read which they are",
  );
  expect(told(model)).toContain('1 abuse cases are free text and are not read as threats');
  expect(JSON.stringify(model)).not.toContain('Doe');
});

test('out of scope has its reason', async () => {
  const { components } = await read(fixture);
  expect(components[0]?.inScope).toMatchObject({ value: false, basis: 'stated', quote: 'Owned by the customer' });
  expect(components[1]?.inScope).toMatchObject({ value: true, basis: 'assumed' });
});

const exported = {
  threagile_version: '1.0.0',
  title: 'Card payments',
  built_in_risk_categories: [{ id: 'cross-site-request-forgery', cwe: 352, mitigation: 'Use tokens' }],
  data_assets: {
    cards: { id: 'cards', title: 'Card Numbers', confidentiality: 'strictly-confidential' },
    ads: { id: 'ads', title: 'Ads' },
  },
  technical_assets: {
    browser: { id: 'browser', title: 'Browser', technologies: [{ Name: 'browser', Aliases: ['web-browser'] }] },
    vault: {
      id: 'vault',
      title: 'Vault',
      type: 'datastore',
      technologies: [{ Name: 'database' }],
      communication_links: [{ id: 'vault>back', source_id: 'vault', target_id: 'browser', title: 'Back', protocol: 'https' }],
    },
  },
  trust_boundaries: { site: { id: 'site', title: 'Site', technical_assets_inside: ['vault'] } },
  generated_risks_by_category: {
    'cross-site-request-forgery': [
      {
        category: 'cross-site-request-forgery',
        title: 'Forged',
        synthetic_id: 'cross-site-request-forgery@vault',
        most_relevant_technical_asset: 'vault',
      },
    ],
  },
};

test('an export leaves out what is the first of its scale: public, archive, external entity, spoofing, unchecked, low', async () => {
  const { dataAssets, components, boundaries, threats, flows } = await read(exported);
  expect(dataAssets.map(({ confidentiality }) => [confidentiality?.value, confidentiality?.basis])).toEqual([
    [{ words: 'strictly-confidential', level: 4 }, 'stated'],
    [{ words: 'public', level: 0 }, 'mapped'],
  ]);
  expect(components.map(({ name, kind, nativeType }) => [name.value, kind, nativeType?.value])).toEqual([
    ['Browser', 'external', 'browser'],
    ['Vault', 'datastore', 'database'],
  ]);
  expect(boundaries[0]?.nativeType).toMatchObject({ value: 'network-on-prem', basis: 'mapped' });
  expect(flows.map(({ id, from, to }) => [id, from, to])).toEqual([['vault>back', 'vault', 'browser']]);
  expect(threats).toMatchObject([
    {
      id: 'cross-site-request-forgery@vault',
      stride: [{ value: 'spoofing', basis: 'mapped' }],
      severity: { value: { words: 'low', is: 'low' }, basis: 'mapped' },
      status: { value: { words: 'unchecked', is: 'open' }, basis: 'mapped' },
      mitigations: ['cross-site-request-forgery'],
    },
  ]);
});

const risks = [
  {
    category: 'sql-nosql-injection',
    severity: 'elevated',
    title: 'Injection',
    synthetic_id: 'sql-nosql-injection@payment-api@card-vault@x',
    most_relevant_technical_asset: 'card-vault',
  },
  {
    category: 'unencrypted-asset',
    severity: 'high',
    title: 'Unencrypted',
    synthetic_id: 'unencrypted-asset@card-vault',
    most_relevant_technical_asset: 'card-vault',
  },
  {
    category: 'unencrypted-asset',
    severity: 'high',
    risk_status: 'false-positive',
    title: 'Unencrypted',
    synthetic_id: 'unencrypted-asset@siem',
    most_relevant_technical_asset: 'siem',
  },
];

test('risks.json beside the model: categories by the table, states from the file, else from tracking with its wildcards', async () => {
  const model = await readAmong({ 'model.yaml': fixture, 'risks.json': risks });
  expect(
    model.threats.slice(3, 6).map((one) => [one.id, one.stride[0]?.value, one.cwe[0]?.value, one.status?.value.is, one.title.pointer]),
  ).toEqual([
    ['sql-nosql-injection@payment-api@card-vault@x', 'tampering', '89', 'open', 'risks.json#/0/title'],
    ['unencrypted-asset@card-vault', 'information-disclosure', '311', 'mitigated', 'risks.json#/1/title'],
    ['unencrypted-asset@siem', 'information-disclosure', '311', 'not-applicable', 'risks.json#/2/title'],
  ]);
  expect(told(model).filter((message) => message.includes('tracked risks'))).toEqual([]);
});

test('risks.json of another model is not read', async () => {
  const foreign = risks.map((one) => ({ ...one, most_relevant_technical_asset: 'elsewhere' }));
  const model = await readAmong({ 'model.yaml': fixture, 'risks.json': foreign });
  expect(model.threats).toHaveLength(5);
  expect(told(model)).toContain(
    'risks.json beside the model is of another model: 3 of its 3 technical assets are not in this one; it is not read',
  );
});

test('includes are read, nested ones from where they stand, and the pointer says in which file', async () => {
  const whole = await read(fixture);
  const at = fixture.indexOf('technical_assets:\n');
  const bounds = fixture.indexOf('trust_boundaries:\n');
  const model = await readAmong({
    'model.yaml': `threagile_version: 1.0.0\nincludes: [parts/all.yaml, parts/meta.yaml]\n${fixture.slice(bounds)}`,
    'parts/all.yaml': `includes: [assets.yaml]\n${fixture.slice(fixture.indexOf('data_assets:'), at)}`,
    'parts/assets.yaml': fixture.slice(at, bounds),
    'parts/meta.yaml': 'title: Card payments\n',
  });
  expect(model.components.map(({ id, boundaries, type }) => [id, boundaries, type?.value])).toEqual(
    whole.components.map(({ id, boundaries, type }) => [id, boundaries, type?.value]),
  );
  expect(model.threats.map(({ id }) => id)).toEqual(whole.threats.map(({ id }) => id));
  expect(model.name).toMatchObject({ value: 'Card payments', pointer: 'parts/meta.yaml#/title' });
  expect(model.components[2]?.name.pointer).toBe('parts/assets.yaml#/technical_assets/Card Vault');
});

test('nothing is opened outside of the folder, by a URL or in a circle; what is missing is told', async () => {
  const secret = join(folder, 'secret.yaml');
  writeFileSync(secret, 'technical_assets:\n  Stolen: {id: stolen}\n');
  const place = mkdtempSync(join(folder, 'model-'));
  symlinkSync(secret, join(place, 'link.yaml'));
  const includes = ['../secret.yaml', secret, 'https://example.com/x.yaml', 'link.yaml', 'model.yaml', 'parts/../model.yaml', 'gone.yaml'];
  writeFileSync(
    join(place, 'model.yaml'),
    `threagile_version: 1.0.0\nincludes: ${JSON.stringify(includes)}\ntechnical_assets:\n  Mine: {id: mine}\n`,
  );
  const model = await readIn(place);
  expect(model.components.map(({ id }) => id)).toEqual(['mine']);
  expect(told(model).filter((message) => message.includes('is not in the folder of the model'))).toHaveLength(3);
  expect(told(model)).toContain('the included file "link.yaml" is missing, and with it all it says: leads out of the folder of the model');
  expect(told(model)).toContain('the included file "gone.yaml" is missing, and with it all it says: it is not beside the model');
});

test('a part, a list of risks, statistics and lists of assets are refused with what to give instead', async () => {
  expect(await recognise('technical_assets:\n  A: {id: a}\n')).toEqual({ refuse: expect.stringContaining('is a part') });
  expect(await recognise('includes: [a.yaml]\n')).toEqual({ refuse: expect.stringContaining('is a part') });
  expect(await recognise(risks)).toEqual({ refuse: expect.stringContaining('give the model') });
  expect(await recognise({ risks: { critical: { unchecked: 1 }, low: {} } })).toEqual({ refuse: expect.stringContaining('statistics') });
  expect(await recognise({ vault: { Id: 'vault', Technology: 9, Confidentiality: 3, DataAssetsProcessed: [] } })).toEqual({
    refuse: expect.stringContaining('list of technical assets'),
  });
  expect(await recognise({ vault: { id: 'vault', technologies: [], data_assets_processed: [] } })).toEqual({
    refuse: expect.stringContaining('list of technical assets'),
  });
  expect(await recognise('title: Something\n')).toBeUndefined();
  expect(await recognise(fixture)).toEqual({ version: '1.0.0' });
  expect(await recognise(exported)).toEqual({ version: '1.0.0' });
});

test('values of the wrong kind become warnings', async () => {
  const model = await read({
    threagile_version: 1,
    technical_assets: { A: 7, B: { id: 'b', tags: 'aws:s3', data_assets_stored: { x: 1 } } },
    trust_boundaries: [],
  });
  expect(model.components.map(({ id, type }) => [id, type?.value])).toEqual([['b', 'aws.s3.bucket']]);
  expect(told(model)).toContain('expected a list, found a map');
});
