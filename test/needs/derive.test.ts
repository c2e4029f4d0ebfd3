import { describe, expect, it } from 'vitest';
import type { Component, ModelThreat, Said, SystemModel } from '../../src/model/system-model.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { needsOf } from '../../src/needs/compile.ts';
import { strideOfWords } from '../../src/needs/derive/stride.ts';
import { type Derived, type DeriveOptions, derive } from '../../src/needs/derive.ts';
import { loadKnowledge } from '../../src/needs/knowledge.ts';
import { readModel } from '../../src/needs/model-file.ts';
import { modelYaml, notedLists, plainModel } from '../../src/needs/native.ts';
import { loadRules } from '../../src/needs/rules.ts';

const knowledge = loadKnowledge();
const rules = loadRules();
const DAY = 86_400;

function said<T>(value: T, pointer = '/x', quote?: string): Said<T> {
  return { value, pointer, basis: 'stated', ...(quote === undefined ? {} : { quote }) };
}

function component(id: string, rest: Partial<Component> = {}): Component {
  return {
    id,
    name: said(id),
    kind: 'other',
    boundaries: [],
    tags: [],
    inScope: said(true),
    stores: [],
    handles: [],
    ...rest,
  };
}

function threat(id: string, rest: Partial<ModelThreat> = {}): ModelThreat {
  return {
    id,
    title: said(`threat ${id}`),
    stride: [],
    components: [],
    attack: [],
    capec: [],
    cwe: [],
    mitigations: [],
    events: [],
    ...rest,
  };
}

function system(rest: Partial<SystemModel> = {}): SystemModel {
  return {
    format: 'by-hand',
    file: 'model.json',
    sha256: '00',
    name: said('Card payments'),
    dataAssets: [],
    components: [],
    boundaries: [],
    flows: [],
    threats: [],
    mitigations: [],
    assumptions: [],
    claims: [],
    annotations: [],
    blindSpots: [],
    platforms: [],
    warnings: [],
    ...rest,
  };
}

const vault = component('vault', { name: said('Card vault'), type: said('aws.s3.bucket'), provider: said('aws') });

function derived(rest: Partial<SystemModel>, options: DeriveOptions = {}): Derived {
  const result = derive(system(rest), knowledge, rules, options);
  // Whatever comes out is a native model that reads as it was written.
  const back = readModel(Buffer.from(modelYaml(result.model)), 'back.yaml');
  expect(ThreatModel.safeParse(plainModel(result.model)).error).toBeUndefined();
  expect(needsOf(back.model, rules)).toEqual(needsOf(result.model, rules));
  return result;
}

const sourcesOf = ({ report }: Derived, id?: string) =>
  [...new Set(report.needs.filter((need) => id === undefined || need.threats.includes(id)).flatMap((need) => need.sources))].sort();
const needOf = ({ report }: Derived, source: string, id?: string) =>
  report.needs.find((need) => need.sources.includes(source) && (id === undefined || need.threats.includes(id)));

describe('what a need rests on', () => {
  it('the kind of a threat on the kind of a component, with its place in the model and what the rule cites', () => {
    const result = derived({
      components: [vault],
      threats: [threat('t', { stride: [said('information-disclosure', '/threats/0/stride')], components: [said('vault')] })],
    });
    const need = needOf(result, 'aws.cloudtrail.data.s3', 't');
    expect(need?.components).toEqual(['vault']);
    const [reason] = need?.statement.reasons ?? [];
    expect(reason).toMatchObject({ tier: 'component', basis: 'mapped', threat: 't', at: 'model.json#/threats/0/stride' });
    expect(reason?.quote).toContain('threat t');
    expect(reason?.cites?.every((url) => url.startsWith('https://'))).toBe(true);
    expect(need?.statement.verify?.action).toBeTruthy();
  });

  it('an annotation stands above all and brings its own time', () => {
    const result = derived({
      components: [vault],
      annotations: [{ source: said('aws.s3.accesslogs', '/metadata/0'), retain: said('730d'), on: 'vault' }],
    });
    const need = needOf(result, 'aws.s3.accesslogs');
    expect(need?.statement.reasons?.[0]).toMatchObject({
      tier: 'annotation',
      basis: 'stated',
      confidence: 1,
      at: 'model.json#/metadata/0',
    });
    expect(need?.statement).toMatchObject({ retain: 730 * DAY, assets: ['vault'], keeps: { from: 'model' } });
  });

  it('a measure that names a log is needed and claimed; one that is taken for granted is claimed alone', () => {
    const claim = (text: string, holds: 'done' | 'planned' | 'assumed') => ({
      text: said(text),
      holds,
      threats: [],
      components: ['vault'],
    });
    const done = derived({ components: [vault], claims: [claim('S3 server access logging is on', 'done')] });
    expect(needOf(done, 'aws.s3.accesslogs')?.statement.reasons?.[0]?.tier).toBe('mitigation');
    expect(done.model.claims).toMatchObject([{ source: 'aws.s3.accesslogs', holds: 'done', assets: ['vault'] }]);
    const assumed = derived({ components: [vault], claims: [claim('S3 server access logging is on', 'assumed')] });
    expect(needOf(assumed, 'aws.s3.accesslogs')).toBeUndefined();
    expect(assumed.model.claims).toMatchObject([{ source: 'aws.s3.accesslogs', holds: 'assumed' }]);
  });

  it('a rule of a checking tool is a claim only where it is about logs; a detection means the sources of its technique', () => {
    const mitigation = (id: string, rule: string) => ({
      id,
      text: said(`cdk-nag rule: ${rule}`, `/m/${id}`),
      rule: said(rule, `/m/${id}/rule`),
    });
    const tools = derived({
      components: [vault],
      mitigations: [mitigation('a', 'S3BucketLoggingEnabled'), mitigation('b', 'S3BucketSSLRequestsOnly')],
    });
    expect(tools.model.claims).toMatchObject([{ text: 'S3BucketLoggingEnabled', source: 'aws.s3.accesslogs', holds: 'planned' }]);
    const detection = { text: said('detection of T1530'), holds: 'done' as const, threats: [], components: [], quality: said('score 2') };
    const claims = derived({ components: [vault], claims: [detection] }).model.claims;
    expect([claims?.[0]?.source, ...(claims?.[0]?.sources ?? [])]).toContain('aws.cloudtrail.data.s3');
    expect(derived({ claims: [detection] }).model.claims).toMatchObject([{ vague: true }]);
  });

  it('a technique under the name it has today, the one that was written in the evidence', () => {
    const result = derived({ components: [vault], threats: [threat('t', { attack: [said('T1562.008', '/techniques/3')] })] });
    expect(result.report.renamedTechniques).toMatchObject([{ name: 'T1562.008', why: expect.stringContaining('T1685.002') }]);
    const reasons = result.report.needs.flatMap((need) => need.statement.reasons ?? []).filter((one) => one.tier === 'technique');
    expect(reasons.length).toBeGreaterThan(0);
    for (const one of reasons)
      expect(one).toMatchObject({ rule: expect.stringMatching(/^attack\/T1685\.002/), quote: 'T1562.008', confidence: 0.6 });
    expect(result.model.threats[0]?.attack).toEqual(['T1685.002']);
  });

  it('a parent technique with all of its parts, less sure than one of them', () => {
    const parent = derived({ components: [vault], threats: [threat('t', { attack: [said('T1078')] })] });
    const part = derived({ components: [vault], threats: [threat('t', { attack: [said('T1078.004')] })] });
    for (const source of sourcesOf(part, 't')) expect(sourcesOf(parent, 't')).toContain(source);
    const confidence = (result: Derived) =>
      Math.max(
        ...result.report.needs
          .flatMap((need) => need.statement.reasons ?? [])
          .filter((one) => one.tier === 'technique')
          .map((one) => one.confidence),
      );
    expect(confidence(parent)).toBeLessThan(confidence(part));
  });

  it('the exact events of a detection rule, and nothing that its technique would add', () => {
    const events = {
      logSource: { product: 'aws', service: 'cloudtrail' },
      where: { eventSource: ['s3.amazonaws.com'], eventName: ['PutBucketVersioning'] },
      fields: ['requestParameters.VersioningConfiguration.Status'],
    };
    const result = derived({
      threats: [threat('rule', { title: said('Versioning off'), attack: [said('T1490')], events: [said(events)] })],
    });
    expect(sourcesOf(result, 'rule')).toEqual(['aws.cloudtrail.management']);
    const need = needOf(result, 'aws.cloudtrail.management', 'rule');
    expect(need?.statement).toMatchObject({
      where: { eventName: { equals: ['PutBucketVersioning'] } },
      detection: ['Versioning off'],
      fields: events.fields,
    });
  });

  it('an event that no log records is said, not asked', () => {
    const result = derived({
      threats: [
        threat('t', {
          events: [
            said({
              logSource: { product: 'aws', service: 'cloudtrail' },
              where: {},
              fields: [],
              unlogged: 'CloudTrail has no event for it',
            }),
          ],
        }),
      ],
    });
    expect(result.report.unobservable).toMatchObject([{ id: 't', why: 'CloudTrail has no event for it' }]);
    expect(result.model.threats[0]).toMatchObject({ needs: [], unobservable: 'CloudTrail has no event for it' });
  });

  it('a baseline for each provider that is there, called one', () => {
    const result = derived({ components: [vault] });
    const need = needOf(result, 'aws.cloudtrail.management');
    expect(need?.threats).toEqual([]);
    expect(need?.statement.reasons?.[0]).toMatchObject({ tier: 'baseline', basis: 'assumed' });
    expect(result.model.threats.find((one) => one.needs.length > 0)?.title).toContain('not from the model');
    expect(sourcesOf(derived({ components: [component('x')] }))).toEqual([]);
  });

  it('a weakness where the threat says no more', () => {
    const result = derived({ components: [vault], threats: [threat('t', { cwe: [said('778')], components: [said('vault')] })] });
    expect(sourcesOf(result, 't')).toContain('aws.cloudtrail.data.s3');
    expect(result.report.needs.find((need) => need.threats.includes('t'))?.statement.reasons?.[0]).toMatchObject({
      tier: 'weakness',
      confidence: expect.any(Number),
    });
  });
});

describe('merging', () => {
  const twice = (rest: Partial<ModelThreat>) =>
    derived({
      components: [vault],
      threats: [
        threat('a', { stride: [said('information-disclosure')], components: [said('vault')], severity: said({ words: 'Low', is: 'low' }) }),
        threat('b', {
          stride: [said('information-disclosure')],
          components: [said('vault')],
          severity: said({ words: 'High', is: 'high' }),
          ...rest,
        }),
      ],
    });

  it('takes equal events at an equal place once, with all reasons and the highest priority, under the threat that weighs most', () => {
    const result = twice({});
    const needs = result.report.needs.filter((need) => need.sources.includes('aws.cloudtrail.data.s3'));
    expect(needs).toHaveLength(1);
    expect(needs[0]).toMatchObject({ priority: 'high', threats: ['a', 'b'] });
    expect(needs[0]?.statement.reasons?.map((one) => one.threat).sort()).toEqual(['a', 'b']);
    expect(result.model.threats.find((one) => one.id === 'b')?.needs.some((need) => need.threats?.includes('a'))).toBe(true);
    expect(result.model.threats.find((one) => one.id === 'a')?.needs).toEqual([]);
  });

  it('what does not apply is taken out and told', () => {
    const result = twice({ status: said({ words: 'NA', is: 'not-applicable' }) });
    expect(result.report.notApplicable).toMatchObject([{ id: 'b', needs: expect.any(Number) }]);
    expect(needOf(result, 'aws.cloudtrail.data.s3')).toMatchObject({ priority: 'low', threats: ['a'] });
  });

  it('a mitigated threat weighs one less, an accepted one does not', () => {
    expect(needOf(twice({ status: said({ words: 'Mitigated', is: 'mitigated' }) }), 'aws.cloudtrail.data.s3')?.priority).toBe('medium');
    expect(needOf(twice({ status: said({ words: 'Accepted', is: 'accepted' }) }), 'aws.cloudtrail.data.s3')?.priority).toBe('high');
  });
});

describe('priority and time', () => {
  const disclosure = threat('t', {
    stride: [said('information-disclosure')],
    components: [said('vault')],
    severity: said({ words: 'Medium', is: 'medium' }),
  });
  const cards = (level: 0 | 1 | 2 | 3 | 4, tags: string[] = []) => ({
    id: 'cards',
    name: said('Cards'),
    confidentiality: said({ words: 'x', level }),
    tags: tags.map((tag) => said(tag)),
  });

  it('rises with what is kept there; what only passes through counts one less', () => {
    const of = (level: 0 | 1 | 2 | 3 | 4, where: 'stores' | 'handles') =>
      needOf(
        derived({ components: [{ ...vault, [where]: ['cards'] }], dataAssets: [cards(level)], threats: [disclosure] }),
        'aws.cloudtrail.data.s3',
        't',
      )?.priority;
    expect([of(2, 'stores'), of(3, 'stores'), of(3, 'handles'), of(4, 'handles')]).toEqual(['medium', 'high', 'medium', 'high']);
  });

  it('rises with the internet and with credentials', () => {
    const of = (rest: Partial<Component>) =>
      needOf(derived({ components: [{ ...vault, ...rest }], threats: [disclosure] }), 'aws.cloudtrail.data.s3', 't')?.priority;
    expect(of({ internetFacing: said(true) })).toBe('high');
    expect(of({ storesCredentials: said(true) })).toBe('high');
    expect(of({})).toBe('medium');
  });

  it('comes from the model, else the profile chosen, else the kind of data, else the default, and says which', () => {
    const plain = { components: [vault], threats: [disclosure] };
    expect(needOf(derived(plain), 'aws.cloudtrail.data.s3')?.statement).toMatchObject({ retain: 365 * DAY, keeps: { from: 'default' } });
    const pci = { components: [{ ...vault, stores: ['cards'] }], dataAssets: [cards(1, ['pci'])], threats: [disclosure] };
    expect(needOf(derived(pci), 'aws.cloudtrail.data.s3')?.statement.keeps).toMatchObject({
      from: 'tag',
      why: expect.stringContaining('pci'),
    });
    expect(needOf(derived(pci, { retention: 'hipaa-164.316' }), 'aws.cloudtrail.data.s3')?.statement.keeps).toMatchObject({
      from: 'profile',
      why: expect.stringContaining('hipaa-164.316'),
    });
    expect(() => derived(plain, { retention: 'nonsense' })).toThrow(/no retention profile "nonsense"; take one of/);
  });

  it('a time that the model states below what is asked is a gap of its own', () => {
    const claims = [{ text: said('S3 access logs, one week of retention'), holds: 'done' as const, threats: [], components: ['vault'] }];
    const result = derived({ components: [vault], claims }, { retention: 'pci-dss-10.5.1' });
    expect(result.report.shortRetention).toMatchObject([{ days: 7, asked: 366 }]);
    expect(result.model.claims).toMatchObject([{ retain: 7 * DAY }]);
    expect(needOf(result, 'aws.s3.accesslogs')?.statement.retain).toBe(366 * DAY);
  });
});

describe('who did it', () => {
  const parts = {
    components: [
      component('api', { type: said('aws.apigateway.rest'), provider: said('aws') }),
      component('table', { type: said('aws.dynamodb.table'), provider: said('aws') }),
      component('pool', { type: said('aws.cognito.userpool'), provider: said('aws'), inScope: said(false) }),
    ],
  };
  const denial = (title: string) =>
    threat('t', { title: said(title), stride: [said('repudiation')], components: [said('api'), said('table')] });

  it('a user who denies is shown by records that name the user, and not by those of the role that acted for him', () => {
    const result = derived({ ...parts, threats: [denial('A customer denies having paid')] });
    expect(sourcesOf(result, 't')).toContain('aws.apigw.rest.access');
    expect(sourcesOf(result, 't')).not.toContain('aws.cloudtrail.data.dynamodb');
    expect(needOf(result, 'aws.apigw.rest.access')?.statement.attribution).toMatchObject({ asks: 'caller', met: true });
    expect(result.report.attribution).toMatchObject([
      { name: 'aws.cloudtrail.data.dynamodb', why: expect.stringMatching(/not the user who acts.*asked instead/s) },
    ]);
  });

  it('the sign-in counts also where it stands in the model for context, one step lower', () => {
    const result = derived({ ...parts, threats: [denial('A customer denies having paid')] });
    expect(needOf(result, 'aws.cognito.userauth', 't')).toMatchObject({ priority: 'medium' });
  });

  it('where nothing names the user, the need stays and says that it does not answer', () => {
    const result = derived({ components: [parts.components[1] as Component], threats: [denial('A customer denies having paid')] });
    const need = needOf(result, 'aws.cloudtrail.data.dynamodb', 't');
    expect(need?.statement.attribution).toMatchObject({ asks: 'caller', met: false });
  });

  it('the caller of an administrator is the one that the cloud records', () => {
    const result = derived({ ...parts, threats: [denial('An IAM administrator denies having deleted it')] });
    expect(needOf(result, 'aws.cloudtrail.data.dynamodb', 't')?.statement.attribution).toBeUndefined();
  });
});

describe('what was not understood', () => {
  it('is listed and counted, and asks for nothing', () => {
    const result = derived({
      components: [component('blob'), vault, component('user', { kind: 'actor' }), component('db', { name: said('Database') })],
      threats: [
        threat('unknown-kind', { components: [said('vault')] }),
        threat('odd', { attack: [said('T9999'), said('AML.T0024')], components: [said('vault')] }),
        threat('nowhere', { stride: [said('tampering')], components: [said('blob')] }),
      ],
      blindSpots: [said('ignores the control plane', '/dataflow')],
    });
    const { report, model } = result;
    expect(report.counts).toMatchObject({ components: 3, resolved: 1, threats: 3, threatsWithNeeds: 0 });
    expect(report.unresolved.map((one) => [one.id, one.why])).toEqual([
      ['blob', expect.stringContaining('nothing tells')],
      ['db', expect.stringContaining('nothing tells')],
    ]);
    expect(report.excluded.map((one) => one.id)).toEqual(['user']);
    expect(report.unknownTechniques.map((one) => one.name)).toEqual(['T9999', 'AML.T0024']);
    expect(report.silent.map((one) => one.id).sort()).toEqual(['nowhere', 'odd', 'unknown-kind']);
    expect(report.blindSpots).toMatchObject([{ name: 'ignores the control plane' }]);
    expect(model.unresolved?.map((one) => one.id)).toEqual(['blob', 'db']);
    expect(model.notes?.map((one) => one.kind)).toContain('blind-spot');
  });

  it('what no cloud log shows is said so, with what would show it', () => {
    const result = derived({
      components: [vault],
      threats: [threat('t', { title: said('A look-alike domain deceives customers'), stride: [said('spoofing')] })],
    });
    expect(result.report.unobservable).toMatchObject([{ id: 't', instead: expect.stringContaining('Certificate transparency') }]);
    expect(result.model.threats[0]?.needs).toEqual([]);
  });

  it('a kind of component is what its provider makes of it; several are a question', () => {
    const boundaries = [{ id: 'cloud', name: said('Cloud'), provider: said('aws') }];
    const result = derived({ boundaries, components: [component('db', { name: said('Database'), boundaries: ['cloud'] })] });
    expect(result.report.ambiguous).toMatchObject([{ id: 'db', taken: 'aws.rds.instance', or: ['aws.ec2.instance'] }]);
    expect(result.report.counts.resolved).toBe(0);
  });

  it('two words that do not go together are told', () => {
    const boundaries = [{ id: 'azure', name: said('Azure'), provider: said('azure') }];
    const result = derived({ boundaries, components: [{ ...vault, provider: undefined as never, boundaries: ['azure'] }] });
    expect(result.report.contradictions).toMatchObject([{ id: 'vault', why: expect.stringContaining('azure') }]);
  });

  it('a log that stays in what writes it is told', () => {
    const result = derived({
      components: [component('app', { type: said('aws.ec2.instance'), provider: said('aws'), stores: ['logs'] })],
      dataAssets: [{ id: 'logs', name: said('Payment audit log'), tags: [] }],
    });
    expect(result.report.keptWhereProduced).toMatchObject([{ id: 'logs' }]);
  });

  it('a log store asks for what protects it', () => {
    const result = derived({ components: [{ ...vault, logStore: said(true, '/components/0/isALog') }] });
    expect(result.report.logStores).toMatchObject([{ id: 'vault', why: expect.stringContaining('immutability') }]);
    expect(result.report.needs.some((need) => need.statement.reasons?.some((one) => one.tier === 'log-store'))).toBe(true);
  });

  it('a source that no scan can see yet is asked for all the same', () => {
    const result = derived({ annotations: [{ source: said('aws.waf.logs') }] });
    expect(result.report.needs).toMatchObject([{ sources: ['aws.waf.logs'], scan: 'later' }]);
  });
});

describe('the place of a need', () => {
  it('is the resource that the model names, with the account in it', () => {
    const arn = 'arn:aws:dynamodb:eu-west-1:111122223333:table/cards';
    const result = derived({
      components: [component('cards', { resource: said(arn) })],
      threats: [threat('t', { stride: [said('information-disclosure')], components: [said('cards')] })],
    });
    expect(result.model.assets).toMatchObject([
      { id: 'cards', type: 'aws.dynamodb.table', at: { provider: 'aws', account: '111122223333', resource: arn } },
    ]);
    const [need] = needsOf(result.model, rules).filter((one) => one.alternatives[0]?.sourceId === 'aws.cloudtrail.data.dynamodb');
    expect(need).toMatchObject({ at: { provider: 'aws', account: '111122223333', resource: arn }, asset: { id: 'cards' } });
  });
});

it('a model of thousands of threats and components is not multiplied out, and says so', () => {
  const components = Array.from({ length: 2000 }, (_, index) =>
    component(`c${index}`, { type: said('aws.s3.bucket'), provider: said('aws') }),
  );
  const threats = Array.from({ length: 500 }, (_, index) =>
    threat(`t${index}`, { stride: [said('tampering')], ...(index === 0 ? { components: [said('c7')] } : {}) }),
  );
  const { report } = derive(system({ components, threats }), knowledge, rules);
  expect(report.counts.threatsWithNeeds).toBe(1);
  expect(report.silent).toHaveLength(499);
  expect(report.silent[0]?.why).toContain('too many to take all of them');
});

it('asks the same whatever the order, and never less of a larger model', () => {
  const components = [
    vault,
    component('api', { type: said('aws.apigateway.rest'), provider: said('aws') }),
    component('box', { type: said('aws.ec2.instance'), provider: said('aws') }),
  ];
  const threats = [
    threat('a', { stride: [said('tampering'), said('repudiation')], components: [said('vault'), said('api')] }),
    threat('b', { stride: [said('information-disclosure')], attack: [said('T1530'), said('T1078')] }),
    threat('c', { cwe: [said('778')], components: [said('box')] }),
  ];
  const asked = ({ report }: Derived) =>
    report.needs.map((need) => [need.id, need.priority, [...need.components].sort(), [...need.threats].sort()].join(' ')).sort();
  const whole = asked(derived({ components, threats }));
  expect(asked(derived({ components: [...components].reverse(), threats: [...threats].reverse() }))).toEqual(whole);
  const ids = new Set(derived({ components, threats }).report.needs.map((need) => need.id));
  for (const one of threats)
    for (const need of derived({ components, threats: [one] }).report.needs) expect(ids.has(need.id), need.id).toBe(true);
});

it('gives the same for the same, and does not mind names that every object answers to', () => {
  const model = {
    components: [component('__proto__'), component('constructor', { type: said('constructor'), provider: said('__proto__') }), vault],
    threats: [
      threat('toString', {
        stride: [said('tampering')],
        components: [said('__proto__'), said('constructor'), said('vault')],
        attack: [said('constructor')],
        events: [said({ logSource: { product: '__proto__' }, where: { __proto__: ['x'], constructor: ['*'] }, fields: ['constructor'] })],
      }),
    ],
  };
  expect(derived(model)).toEqual(derived(model));
});

describe('what only reads like a need', () => {
  const lambda = component('function', { name: said('Register function'), type: said('aws.lambda.function'), provider: said('aws') });

  it('a log that gives away too much is answered by who reads it, never by more of it', () => {
    const result = derived({
      components: [lambda],
      threats: [
        threat('leak', {
          title: said('Somebody who is able to access the function logs can find sensitive data captured in them'),
          stride: [said('information-disclosure')],
          components: [said('function')],
        }),
        threat('login', { title: said('An attacker reads credentials from the log-in page'), stride: [said('information-disclosure')] }),
      ],
    });
    expect(sourcesOf(result, 'leak')).toEqual(['aws.cloudtrail.management']);
    expect(needOf(result, 'aws.cloudtrail.management', 'leak')?.statement.where).toEqual({
      eventSource: { equals: ['logs.amazonaws.com'] },
    });
    expect(result.report.logStores.map((one) => one.name)).toEqual(['Logs of Register function']);
    expect(sourcesOf(result, 'login')).toContain('aws.lambda.logs');
  });

  it('a baseline weighs as the weightiest need for a part of its log', () => {
    const baseline = (severity: 'low' | 'critical') =>
      derived({
        components: [vault],
        threats: [
          threat('t', {
            stride: [said('elevation-of-privilege')],
            components: [said('vault')],
            severity: said({ words: severity, is: severity }),
          }),
        ],
      }).report.needs.find((need) => need.statement.reasons?.every((reason) => reason.tier === 'baseline'))?.priority;
    expect([baseline('low'), baseline('critical')]).toEqual(['medium', 'critical']);
  });

  it('a technique asks for no tables of a system that is known to have none', () => {
    const asked = (more: Component[]) =>
      sourcesOf(
        derived({ components: [vault, ...more], threats: [threat('t', { attack: [said('T1530')], components: [said('vault')] })] }),
        't',
      );
    expect(asked([])).toContain('aws.cloudtrail.data.s3');
    expect(asked([])).not.toContain('aws.cloudtrail.data.dynamodb');
    expect(asked([component('mystery', { name: said('Qwxz') })])).toContain('aws.cloudtrail.data.dynamodb');
  });

  it('a directory that the team runs is asked for its own access log, and an identity provider for its events', () => {
    const result = derived({
      components: [
        component('ldap', { name: said('LDAP server'), provider: said('aws') }),
        component('login', { name: said('Keycloak'), provider: said('aws') }),
      ],
    });
    expect(needOf(result, 'app.directory.access')?.components).toEqual(['ldap']);
    expect(needOf(result, 'app.identity.events')?.components).toEqual(['login']);
    expect(result.report.ambiguous.map((one) => [one.id, one.or])).toEqual([['ldap', ['aws.directoryservice']]]);
  });

  it('events of one threat that differ in their names are one need, and management events are asked of no data log', () => {
    const event = (name: string, category: string) =>
      said({
        logSource: { product: 'aws', service: 'cloudtrail' },
        where: { eventName: [name], eventCategory: [category], ...(category === 'Data' ? { 'resources.type': ['AWS::S3::Object'] } : {}) },
        fields: [],
      });
    const result = derived({
      components: [vault],
      threats: [
        threat('t', {
          events: [
            event('PutPublicAccessBlock', 'Management'),
            event('PutBucketPolicy', 'Management'),
            event('PutObject', 'Data'),
            event('CopyObject', 'Data'),
          ],
        }),
      ],
    });
    const asked = result.report.needs.filter((need) => need.threats.includes('t')).map((need) => [need.sources, need.statement.where]);
    expect(asked.sort()).toEqual([
      [['aws.cloudtrail.data.s3'], { eventName: { equals: ['CopyObject', 'PutObject'] } }],
      [['aws.cloudtrail.management'], { eventName: { equals: ['PutBucketPolicy', 'PutPublicAccessBlock'] } }],
    ]);
  });

  it('a store of logs is protected by its own provider, and a claim is about what it names', () => {
    const logs = component('logs', { type: said('aws.cloudwatch.logs'), provider: said('aws'), logStore: said(true) });
    const disk = component('disk', { type: said('azure.storage.account'), provider: said('azure') });
    const api = component('api', { name: said('Orders'), type: said('azure.appservice.app'), provider: said('azure') });
    const stored = derived({ components: [logs, disk] }).report.needs.filter((need) =>
      need.statement.reasons?.some((reason) => reason.tier === 'log-store'),
    );
    expect(stored.length).toBeGreaterThan(0);
    for (const need of stored) expect(need.sources.join()).toMatch(/^aws\./);
    const { report } = derived({
      components: [disk, api],
      threats: [threat('t', { components: [said('disk'), said('api')] })],
      claims: [{ text: said('Ensure that auditing is enforced on the Web API'), holds: 'done', threats: ['t'], components: [] }],
    });
    expect(report.claims.map((claim) => claim.source)).toEqual(['azure.appservice']);
  });

  it.each([
    ['An actor can take advantage of unnecessary permissions of the policy', 'elevation-of-privilege'],
    ['An external actor has found an XSS in what the site serves', 'tampering'],
    ['An external actor can invoke the function without any authentication', 'spoofing'],
    ['An actor with valid user credentials can authenticate as the valid user from elsewhere', 'spoofing'],
    ['An actor with a path to the API can make arbitrary web requests', 'tampering'],
    ['An actor in the network can go unnoticed for a long time', 'repudiation'],
  ])('%s', (words, stride) => {
    expect(strideOfWords(words).map((one) => one.stride)).toContain(stride);
  });

  it('threats of one title are listed one by one, also from a native model', () => {
    const twice = [threat('a', { title: said('The same', '/threats/0') }), threat('b', { title: said('The same', '/threats/1') })];
    const { model } = derived({ components: [vault], threats: twice });
    expect(notedLists(model, 'native.yaml').silent?.map((one) => one.at)).toEqual(['model.json#/threats/0', 'model.json#/threats/1']);
  });
});
