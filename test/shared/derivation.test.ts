import { describe, expect, it } from 'vitest';
import { type OpenedModel, openModels } from '../../src/cli/models.ts';
import { shared } from '../support/shared.ts';

const registration = shared('threat-models', 'threat-composer', 'ThreatModelingForBuilders-Exercise4.tc.json');
const portal = shared('threat-models', 'threagile', 'threagile-example.yaml');

async function opened(path: string): Promise<OpenedModel> {
  const [model] = await openModels([path]);
  if (!model) throw new Error(`${path} holds no model`);
  return model;
}

describe.skipIf(registration === undefined)('vehicle registration, a Threat Composer model', async () => {
  const model = registration === undefined ? undefined : await opened(registration);
  const report = model?.report;
  /** The threat's number as people quote it, by the title's start. */
  const idOf = (number: number) => model?.model.threats.find((threat) => threat.title.startsWith(`T${number}:`))?.id ?? '';
  const needsFor = (number: number) => report?.needs.filter((need) => need.threats.includes(idOf(number))) ?? [];
  const sourcesFor = (number: number) => [...new Set(needsFor(number).flatMap((need) => need.sources))].sort();
  const [API, LAMBDA, TABLE, OBJECTS, MANAGEMENT] = [
    'aws.apigw.rest.access',
    'aws.lambda.logs',
    'aws.cloudtrail.data.dynamodb',
    'aws.cloudtrail.data.s3',
    'aws.cloudtrail.management',
  ];

  it('finds its parts, and leaves those out that stand there for context', () => {
    const types = (inScope: boolean) =>
      model?.model.assets.filter((asset) => (asset.inScope ?? true) === inScope).map((asset) => asset.type);
    expect(types(true)).toEqual(
      expect.arrayContaining(['aws.apigateway.rest', 'aws.lambda.function', 'aws.dynamodb.table', 'aws.s3.bucket']),
    );
    expect(types(false)).toEqual(expect.arrayContaining(['aws.amplify.app', 'aws.cognito.userpool']));
    expect(report?.unresolved).toEqual([]);
    expect(report?.vendors).toEqual(['aws']);
  });

  it('says what the model says that it ignores', () => {
    expect(report?.blindSpots.some((one) => /control\/administrative plane/.test(one.name))).toBe(true);
  });

  it('T1: a fake domain shows in no log of the account', () => {
    expect(report?.unobservable.map((one) => one.id)).toEqual([idOf(1)]);
    expect(needsFor(1)).toEqual([]);
    expect(report?.counts).toMatchObject({ threats: 10, threatsWithNeeds: 9 });
  });

  it.each([
    [2, [TABLE, MANAGEMENT]],
    [3, [OBJECTS]],
    [4, [API, LAMBDA, 'aws.cognito.userauth']],
    [5, [API, LAMBDA, TABLE, OBJECTS]],
    [7, [MANAGEMENT, TABLE]],
    [8, [MANAGEMENT, OBJECTS]],
    [9, [API]],
    [10, [API, LAMBDA]],
  ])('T%i wants what an analyst would', (number, sources) => {
    expect(sourcesFor(number)).toEqual(expect.arrayContaining(sources as string[]));
  });

  it('T4: who registered a vehicle is not answered by the role of the function', () => {
    expect(sourcesFor(4)).not.toContain(TABLE);
    expect(report?.attribution.filter((one) => one.id === idOf(4)).map((one) => one.name)).toContain(TABLE);
    expect(needsFor(4).find((need) => need.sources.includes(API))?.statement.attribution).toMatchObject({ asks: 'caller', met: true });
  });

  it('T6: what is in the logs is answered by who reads them, not by more of them', () => {
    expect(sourcesFor(6)).toEqual([MANAGEMENT]);
    expect(needsFor(6).map((need) => need.statement.where)).toEqual([{ eventSource: { equals: ['logs.amazonaws.com'] } }]);
    expect(report?.logStores.map((one) => one.name)).toContain('Logs of Lambda functions');
  });

  it('asks for nothing that the model has no part for', () => {
    const sources = new Set(report?.needs.flatMap((need) => need.sources));
    for (const id of ['aws.vpc.flowlogs', 'aws.waf.logs', 'aws.guardduty.findings']) expect(sources.has(id), id).toBe(false);
  });

  it('weighs as an analyst would', () => {
    const weight = (source: string) => report?.needs.find((need) => need.sources.includes(source))?.priority;
    expect([MANAGEMENT, OBJECTS, TABLE, API, LAMBDA].map((source) => weight(source as string))).toEqual([
      'high',
      'high',
      'high',
      'high',
      'high',
    ]);
    expect(weight('aws.cognito.userauth')).toBe('medium');
  });

  it('claims nothing as done, and keeps for the default time', () => {
    expect(model?.model.claims?.filter((claim) => claim.holds === 'done') ?? []).toEqual([]);
    expect(new Set(report?.needs.map((need) => need.statement.keeps?.from))).toEqual(new Set(['default']));
  });
});

describe.skipIf(portal === undefined)('customer portal, a Threagile model', async () => {
  const model = portal === undefined ? undefined : await opened(portal);
  const report = model?.report;
  const sourcesOn = (asset: string) =>
    [...new Set(report?.needs.filter((need) => need.components.includes(asset)).flatMap((need) => need.sources))].sort();
  const everywhere = () => report?.needs.filter((need) => need.components.length === 0).flatMap((need) => need.sources);

  it('reads the parts as an analyst would', () => {
    const types = Object.fromEntries(model?.model.assets.map((asset) => [asset.id, asset.type]) ?? []);
    expect(types).toMatchObject({
      'contract-file-server': 'aws.s3.bucket',
      'apache-webserver': 'aws.ec2.instance',
      'erp-system': 'aws.ec2.instance',
      'sql-database': 'aws.rds.instance',
      'identity-provider': 'saas.keycloak',
    });
    expect(report?.excluded).toHaveLength(4);
    expect(report?.counts.components).toBe(10);
  });

  it('asks where the model is not clear', () => {
    expect(report?.ambiguous.map((one) => one.id)).toContain('sql-database');
    expect(report?.contradictions.map((one) => one.id).sort()).toEqual(['ldap-auth-server', 'load-balancer']);
  });

  it.each([
    ['contract-file-server', ['aws.cloudtrail.data.s3']],
    ['sql-database', ['aws.rds.audit']],
    ['apache-webserver', ['app.audit', 'host.linux.auth']],
    ['load-balancer', ['aws.elb.alb.access']],
    ['erp-system', ['app.audit']],
    ['identity-provider', ['app.identity.events']],
    ['ldap-auth-server', ['app.directory.access']],
    ['marketing-cms', ['app.audit']],
    ['git-repo', ['app.repository.audit']],
    ['jenkins-build-server', ['app.build.audit']],
  ])('%s', (asset, sources) => {
    expect(sourcesOn(asset)).toEqual(expect.arrayContaining(sources));
  });

  it('its network and account', () => {
    expect(everywhere()).toEqual(expect.arrayContaining(['aws.cloudtrail.management', 'aws.vpc.flowlogs', 'aws.route53.resolver']));
  });

  it('what is on premises is needed and not scannable here', () => {
    for (const source of ['app.repository.audit', 'app.build.audit'])
      expect(report?.needs.find((need) => need.sources.includes(source))?.scan, source).toBe('never');
  });

  it('accepted risks keep their weight, mitigated ones lose a step', () => {
    const needs = (asset: string) => model?.model.threats.filter((threat) => threat.assets.includes(asset));
    expect(needs('erp-system')?.some((threat) => threat.status === 'accepted')).toBe(true);
    expect(
      report?.needs.find((need) => need.components.includes('erp-system') && need.sources.includes('host.linux.audit'))?.priority,
    ).toBe('critical');
  });

  it('repudiation of the example category raises both stores', () => {
    for (const [asset, source] of [
      ['sql-database', 'aws.rds.audit'],
      ['contract-file-server', 'aws.cloudtrail.data.s3'],
    ] as const) {
      const need = report?.needs.find((one) => one.components.includes(asset) && one.sources.includes(source));
      expect(
        need?.statement.reasons?.some((reason) => reason.rule.endsWith('/repudiation')),
        asset,
      ).toBe(true);
      expect(['critical', 'high'], asset).toContain(need?.priority);
    }
  });

  it('the ERP keeps its logs where it writes them', () => {
    expect(report?.keptWhereProduced.map((one) => one.id)).toEqual(['erp-logs']);
  });
});
