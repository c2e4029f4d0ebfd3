import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { awsCollectors as collectors } from '../../../connectors/aws/index.ts';
import { discoveryCalls } from '../../../connectors/aws/organization.ts';
import {
  assumeRoleStatement,
  charactersOf,
  collectorsFor,
  type Permission,
  POLICY_CHARACTERS,
  permissionsOf,
  policiesOf,
  printPolicies,
} from '../../../connectors/aws/permissions.ts';
import type { Source } from '../../../src/model/source.ts';
import { loadRules } from '../../../src/needs/rules.ts';

const all = permissionsOf(collectors, discoveryCalls);
const source = (id: string): Source => loadRules().sources.get(id) as Source;
const printed = { roleName: 'ViewshedReader', comments: ['two words'] };

describe('permissions', () => {
  it('are those of every declared call, and read-only', () => {
    const actions = all.map((one) => one.action);
    for (const collector of collectors) for (const { permission } of Object.values(collector.calls)) expect(actions).toContain(permission);
    expect(actions.filter((action) => !/^[a-z0-9-]+:(Describe|Get|List)[A-Za-z]+$/.test(action))).toEqual([]);
    expect(actions).toEqual([...new Set(actions)].sort());
    expect(actions).toContain('s3:GetLifecycleConfiguration');
    expect(actions).not.toContain('s3:GetBucketLifecycleConfiguration');
    expect(actions).not.toContain('sts:AssumeRole');
  });

  it('of one source leave out what others need, and keep stores and discovery', () => {
    const some = permissionsOf(collectorsFor(collectors, [source('aws.cloudtrail.management')]), discoveryCalls).map((one) => one.action);
    expect(some).toEqual(
      expect.arrayContaining([
        'cloudtrail:GetEventSelectors',
        's3:GetLifecycleConfiguration',
        'logs:DescribeLogGroups',
        'organizations:ListAccounts',
      ]),
    );
    expect(some.filter((action) => /^(eks|lambda|elasticloadbalancing):/.test(action))).toEqual([]);
    expect(some.length).toBeLessThan(all.length);
  });

  it('of a part of a source are those of the source, and a stand-in is asked about too', () => {
    const of = (id: string) => permissionsOf(collectorsFor(collectors, [source(id)]), discoveryCalls).map((one) => one.action);
    expect(of('aws.kms.usage')).toContain('cloudtrail:GetEventSelectors');
    expect(of('aws.cloudtrail.data.s3')).toContain('s3:GetBucketLogging');
  });
});

describe('policies', () => {
  it('hold each action once, on all resources, a statement per service', () => {
    const policies = policiesOf(all);
    const statements = policies.flatMap((policy) => policy.Statement);
    expect(statements.flatMap((statement) => statement.Action).sort()).toEqual(all.map((one) => one.action));
    for (const statement of statements) {
      expect(statement.Sid).toMatch(/^[A-Za-z0-9]+$/);
      expect(new Set(statement.Action.map((action) => action.split(':')[0])).size).toBe(1);
      expect([statement.Effect, statement.Resource]).toEqual(['Allow', '*']);
    }
    for (const policy of policies) expect(charactersOf(policy)).toBeLessThanOrEqual(POLICY_CHARACTERS);
  });

  it('are split where they are too long, even within one service', () => {
    const many: Permission[] = Array.from({ length: 400 }, (_, index) => ({
      action: `${index < 300 ? 'ec2' : 'logs'}:Describe${'Some'.repeat(5)}${index}`,
      calls: [],
      why: [],
    }));
    const policies = policiesOf(many);
    expect(policies.length).toBeGreaterThan(2);
    for (const policy of policies) {
      expect(charactersOf(policy)).toBeLessThanOrEqual(POLICY_CHARACTERS);
      expect(new Set(policy.Statement.map((statement) => statement.Sid)).size).toBe(policy.Statement.length);
    }
    expect(policies.flatMap((policy) => policy.Statement.flatMap((statement) => statement.Action)).sort()).toEqual(
      many.map((one) => one.action).sort(),
    );
    expect(JSON.parse(printPolicies(policies, 'json', printed))).toEqual(policies);
    expect(printPolicies(policies, 'terraform', printed).match(/^resource /gm)).toHaveLength(policies.length);
    const template = parse(printPolicies(policies, 'cloudformation', printed), { logLevel: 'silent' });
    expect(template.Resources.ViewshedReader.Properties.ManagedPolicyArns).toEqual(
      policies.map((_, index) => `ViewshedReadPolicy${index + 1}`),
    );
    expect(Object.keys(template.Resources)).toHaveLength(policies.length + 1);
  });

  it('name the role that may be assumed in any account', () => {
    expect(assumeRoleStatement('audit/reader-{account}').Resource).toBe('arn:*:iam::*:role/audit/reader-*');
  });
});

describe('printed policies', () => {
  const policies = policiesOf(all, [assumeRoleStatement('ViewshedReader')]);
  const statements = policies.flatMap((policy) => policy.Statement);

  it('are a policy document as JSON', () => {
    expect(JSON.parse(printPolicies(policies, 'json', printed))).toEqual(policies[0]);
  });

  it('are a resource as Terraform, whose policy reads as the same statements', () => {
    const text = printPolicies(policies, 'terraform', printed);
    expect(text).toMatch(/^# two words\n/);
    const encoded = /policy = jsonencode\((\{[\s\S]*?\n {2}\})\)/.exec(text)?.[1] as string;
    const asJson = encoded
      .replace(/^(\s*)(\w+)\s*= /gm, '$1"$2": ')
      .replace(/("|\]|\})\n(\s*)"/g, '$1,\n$2"')
      .replace(/,(\s*[\]}])/g, '$1');
    expect(JSON.parse(asJson)).toEqual(policies[0]);
  });

  it('are a template as CloudFormation, with a role that only the principal named may assume', () => {
    const template = parse(printPolicies(policies, 'cloudformation', printed), { logLevel: 'silent' });
    expect(template.Resources.ViewshedReadPolicy.Properties.PolicyDocument.Statement.map((one: object) => ({ ...one }))).toEqual(
      statements.map((one) => ({ ...one })),
    );
    const trust = template.Resources.ViewshedReader.Properties.AssumeRolePolicyDocument.Statement[0];
    expect(trust).toMatchObject({ Effect: 'Allow', Principal: { AWS: 'TrustedPrincipalArn' }, Action: 'sts:AssumeRole' });
    expect(trust.Condition[1]).toEqual({ StringEquals: { 'sts:ExternalId': 'ExternalId' } });
  });
});
