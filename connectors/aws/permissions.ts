import type { CallSpec, Collector } from '../../src/collect/collector.ts';
import type { Source } from '../../src/model/source.ts';

export const PERMISSION_FORMATS = ['json', 'terraform', 'cloudformation'] as const;
export type PermissionFormat = (typeof PERMISSION_FORMATS)[number];

/**
 * Characters of a customer managed policy, white space not counted.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
 */
export const POLICY_CHARACTERS = 6144;

/** One permission, and what it is needed for. */
export interface Permission {
  /** `s3:GetLifecycleConfiguration`. */
  readonly action: string;
  readonly calls: readonly string[];
  readonly why: readonly string[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string;
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** Collectors that say something about the sources, and all that read stores: what arrives there decides for how long it is kept. No source: all. */
export function collectorsFor(collectors: readonly Collector[], sources: readonly Source[] | undefined): readonly Collector[] {
  if (sources === undefined) return collectors;
  const wanted = new Set(
    sources.flatMap((source) => [
      source.id,
      ...(source.view ? [source.view.of] : []),
      ...(source.carries ?? []),
      ...source.equivalents.map((one) => one.source),
    ]),
  );
  return collectors.filter(
    (collector) => collector.phase === 'stores' || collector.informs.length === 0 || collector.informs.some((id) => wanted.has(id)),
  );
}

/** The permissions of the collectors' declared calls and of those that find accounts and regions; the role's own is not among them. */
export function permissionsOf(collectors: readonly Collector[], discovery: Readonly<Record<string, CallSpec>>): readonly Permission[] {
  const found = new Map<string, { calls: Set<string>; why: Set<string> }>();
  for (const [call, spec] of [...Object.entries(discovery), ...collectors.flatMap((collector) => Object.entries(collector.calls))]) {
    for (const action of spec.permission.split(/[\s,]+/).filter((part) => /^[a-z0-9-]+:[A-Za-z*]+$/.test(part))) {
      if (action === ASSUME) continue;
      const one = found.get(action) ?? { calls: new Set(), why: new Set() };
      one.calls.add(call);
      one.why.add(spec.why);
      found.set(action, one);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([action, one]) => ({ action, calls: [...one.calls], why: [...one.why] }));
}

const ASSUME = 'sts:AssumeRole';

/** Needed in the account that the scan starts from, for a role of this name (`{account}` stands for any account) in every other one. */
export function assumeRoleStatement(roleName: string): PolicyStatement {
  return {
    Sid: 'AssumeTheReaderInOtherAccounts',
    Effect: 'Allow',
    Action: [ASSUME],
    Resource: `arn:*:iam::*:role/${roleName.replaceAll('{account}', '*').replace(/^\//, '')}`,
  };
}

/** Least privilege as policies: one where it fits into a managed policy, else as few as it takes. A statement per service. */
export function policiesOf(
  permissions: readonly Permission[],
  extra: readonly PolicyStatement[] = [],
  limit = POLICY_CHARACTERS,
): readonly Policy[] {
  const services = Map.groupBy(permissions, (permission) => permission.action.split(':')[0] as string);
  const statements: PolicyStatement[] = [...services].map(([service, own]) => ({
    Sid: `Read${service
      .split('-')
      .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
      .join('')}`,
    Effect: 'Allow',
    Action: own.map((permission) => permission.action),
    Resource: '*',
  }));
  const policies: Policy[] = [];
  let current: PolicyStatement[] = [];
  const policy = (of: readonly PolicyStatement[]): Policy => ({ Version: '2012-10-17', Statement: of });
  for (const statement of [...statements, ...extra].flatMap((one) => pieces(one, (part) => charactersOf(policy([part])) <= limit))) {
    if (current.length > 0 && charactersOf(policy([...current, statement])) > limit) {
      policies.push(policy(current));
      current = [];
    }
    current.push(statement);
  }
  if (current.length > 0) policies.push(policy(current));
  return policies;
}

/** A statement that is too long for a policy of its own, in halves. */
function pieces(statement: PolicyStatement, fits: (part: PolicyStatement) => boolean): PolicyStatement[] {
  if (fits(statement) || statement.Action.length < 2) return [statement];
  const middle = Math.ceil(statement.Action.length / 2);
  const parts = [statement.Action.slice(0, middle), statement.Action.slice(middle)];
  return parts.flatMap((actions, index) =>
    pieces({ ...statement, Sid: `${statement.Sid}${index === 0 ? 'A' : 'B'}`, Action: actions }, fits),
  );
}

/** As IAM counts a managed policy. */
export function charactersOf(policy: Policy): number {
  return JSON.stringify(policy).replace(/\s/g, '').length;
}

export interface PrintOptions {
  readonly roleName: string;
  /** Comment lines at the top, where the format has comments. */
  readonly comments: readonly string[];
}

export function printPolicies(policies: readonly Policy[], format: PermissionFormat, options: PrintOptions): string {
  if (format === 'json') return `${JSON.stringify(policies.length === 1 ? policies[0] : policies, undefined, 2)}\n`;
  return format === 'terraform' ? terraform(policies, options) : cloudFormation(policies, options);
}

function nameOf(index: number, count: number, separator: string): string {
  return count === 1 ? '' : `${separator}${index + 1}`;
}

/** https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_policy */
function terraform(policies: readonly Policy[], { comments }: PrintOptions): string {
  const lines = comments.map((line) => `# ${line}`);
  for (const [index, policy] of policies.entries()) {
    lines.push(
      ...(lines.length > 0 ? [''] : []),
      `resource "aws_iam_policy" "viewshed_reader${nameOf(index, policies.length, '_')}" {`,
      `  name        = "ViewshedReader${nameOf(index, policies.length, '-')}"`,
      '  description = "Read-only: what Viewshed asks to judge log visibility"',
      '  policy = jsonencode({',
      '    Version = "2012-10-17"',
      '    Statement = [',
      ...policy.Statement.flatMap((statement) => [
        '      {',
        `        Sid      = ${hcl(statement.Sid)}`,
        '        Effect   = "Allow"',
        `        Resource = ${hcl(statement.Resource)}`,
        '        Action = [',
        ...statement.Action.map((action) => `          ${hcl(action)},`),
        '        ]',
        '      },',
      ]),
      '    ]',
      '  })',
      '}',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** A quoted HCL string: `${` and `%{` would start a template. */
function hcl(text: string): string {
  return JSON.stringify(text).replaceAll('${', '$${').replaceAll('%{', '%%{');
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html */
function cloudFormation(policies: readonly Policy[], { comments, roleName }: PrintOptions): string {
  const name = roleName.replace(/^.*\//, '');
  const lines = [
    ...comments.map((line) => `# ${line}`),
    "AWSTemplateFormatVersion: '2010-09-09'",
    'Description: Read-only access for Viewshed. Deploy it as a stack set to reach every account of an organization.',
    'Parameters:',
    '  TrustedPrincipalArn:',
    '    Type: String',
    '    Description: ARN of the principal that runs Viewshed and may assume the role',
    '  ExternalId:',
    '    Type: String',
    "    Default: ''",
    '    Description: External id that the principal has to name; empty for none',
    'Conditions:',
    "  HasExternalId: !Not [!Equals [!Ref ExternalId, '']]",
    'Resources:',
    '  ViewshedReader:',
    '    Type: AWS::IAM::Role',
    '    Properties:',
    `      RoleName: ${quoted(name.includes('{account}') ? name.replaceAll('{account}', '${AWS::AccountId}') : name, name.includes('{account}'))}`,
    '      AssumeRolePolicyDocument:',
    "        Version: '2012-10-17'",
    '        Statement:',
    '          - Effect: Allow',
    '            Principal:',
    '              AWS: !Ref TrustedPrincipalArn',
    '            Action: sts:AssumeRole',
    '            Condition: !If',
    '              - HasExternalId',
    '              - StringEquals:',
    '                  sts:ExternalId: !Ref ExternalId',
    '              - !Ref AWS::NoValue',
    '      ManagedPolicyArns:',
    ...policies.map((_, index) => `        - !Ref ViewshedReadPolicy${nameOf(index, policies.length, '')}`),
  ];
  for (const [index, policy] of policies.entries()) {
    lines.push(
      `  ViewshedReadPolicy${nameOf(index, policies.length, '')}:`,
      '    Type: AWS::IAM::ManagedPolicy',
      '    Properties:',
      '      Description: What Viewshed asks to judge log visibility',
      '      PolicyDocument:',
      "        Version: '2012-10-17'",
      '        Statement:',
      ...policy.Statement.flatMap((statement) => [
        `          - Sid: ${statement.Sid}`,
        '            Effect: Allow',
        `            Resource: ${quoted(statement.Resource)}`,
        '            Action:',
        ...statement.Action.map((action) => `              - ${action}`),
      ]),
    );
  }
  return `${lines.join('\n')}\n`;
}

function quoted(text: string, substitute = false): string {
  return `${substitute ? '!Sub ' : ''}'${text.replaceAll("'", "''")}'`;
}
