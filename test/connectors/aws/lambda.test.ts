import { describe, expect, it } from 'vitest';
import { lambda } from '../../../connectors/aws/lambda.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { collected } from './collecting.ts';
import { ACCOUNT, account, answer, emitterOf, judged, logGroups, pathsOf, REGION, refusal, verdict } from './reading.ts';

const SOURCE = 'aws.lambda.logs';
const GROUP = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/lambda/charge`;
const at = { region: null };
const functions = (
  LoggingConfig: Record<string, unknown> = { LogFormat: 'Text', LogGroup: '/aws/lambda/charge' },
  ...more: readonly Record<string, unknown>[]
) =>
  answer(
    'lambda:ListFunctions',
    {
      Functions: [
        {
          FunctionName: 'charge',
          FunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:charge`,
          Role: `arn:aws:iam::${ACCOUNT}:role/service-role/charge-role`,
          LoggingConfig,
        },
        ...more,
      ],
    },
    { MaxItems: 50 },
  );
const attached = (...arns: string[]) =>
  answer(
    'iam:ListAttachedRolePolicies',
    { AttachedPolicies: arns.map((PolicyArn) => ({ PolicyArn, PolicyName: PolicyArn.split('/').at(-1) })), IsTruncated: false },
    { RoleName: 'charge-role' },
    at,
  );
const noInline = answer('iam:ListRolePolicies', { PolicyNames: [], IsTruncated: false }, { RoleName: 'charge-role' }, at);
const basic = [attached('arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'), noInline];
const inline = (document: unknown): EvidenceRecord[] => [
  answer('iam:ListRolePolicies', { PolicyNames: ['own'], IsTruncated: false }, { RoleName: 'charge-role' }, at),
  answer(
    'iam:GetRolePolicy',
    {
      RoleName: 'charge-role',
      PolicyName: 'own',
      PolicyDocument: encodeURIComponent(JSON.stringify({ Version: '2012-10-17', Statement: document })),
    },
    { RoleName: 'charge-role', PolicyName: 'own' },
    at,
  ),
];
const groups = logGroups([{ logGroupName: '/aws/lambda/charge', retentionInDays: 90 }]);
const writes = { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: `${GROUP}:*` };
const newest = (iso: string) =>
  answer(
    'logs:DescribeLogStreams',
    { logStreams: [{ logStreamName: 's', lastIngestionTime: Date.parse(iso) }] },
    { logGroupName: '/aws/lambda/charge', orderBy: 'LastEventTime', descending: true, limit: 1 },
  );

describe('Lambda logs', () => {
  it('flows where the role may write', () => {
    expect(verdict([...account(), functions(), ...basic, ...groups], SOURCE, 'charge')).toMatchObject({
      verdict: 'covered',
      searchableDays: 90,
    });
    expect(verdict([...account(), functions(), attached(), ...inline([writes]), ...groups], SOURCE, 'charge').verdict).toBe('covered');
  });

  it('is lost where no policy of the role lets it write', () => {
    const bare = [...account(), functions(), attached(), ...groups];
    expect(verdict([...bare, ...inline([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }])], SOURCE, 'charge').verdict).toBe('missing');
    expect(verdict([...bare, ...inline([{ ...writes, Action: 'logs:CreateLogStream' }])], SOURCE, 'charge').verdict).toBe('missing');
    expect(
      verdict(
        [...bare, ...inline([{ ...writes, Resource: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/lambda/other:*` }])],
        SOURCE,
        'charge',
      ).verdict,
    ).toBe('missing');
    const deny = inline([{ Effect: 'Deny', Action: 'logs:*', Resource: '*' }]);
    expect(verdict([...bare, ...inline([writes, { Effect: 'Deny', Action: 'logs:*', Resource: '*' }])], SOURCE, 'charge').verdict).toBe(
      'missing',
    );
    expect(verdict([...account(), functions(), basic[0] as EvidenceRecord, ...deny, ...groups], SOURCE, 'charge').verdict).toBe('missing');
    const only = [...account(), functions(), basic[0] as EvidenceRecord, ...groups];
    expect(verdict(only, SOURCE, 'charge').verdict).toBe('covered');
    expect(verdict([...only, refusal('iam:ListRolePolicies', { RoleName: 'charge-role' }, at)], SOURCE, 'charge').verdict).toBe('unknown');
  });

  it('is unknown where the role was not read or a condition decides, unless events came in lately', () => {
    const denied = [
      ...account(),
      functions(),
      refusal('iam:ListAttachedRolePolicies', { RoleName: 'charge-role' }, at),
      refusal('iam:ListRolePolicies', { RoleName: 'charge-role' }, at),
      ...groups,
    ];
    expect(verdict(denied, SOURCE, 'charge')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['iam:ListAttachedRolePolicies AccessDenied', 'iam:ListRolePolicies AccessDenied'],
    });
    expect(verdict([...denied, newest('2026-11-21T11:00:00Z')], SOURCE, 'charge').verdict).toBe('covered');
    expect(verdict([...denied, newest('2026-09-01T11:00:00Z')], SOURCE, 'charge').verdict).toBe('unknown');
    const shared = functions(
      { LogGroup: '/aws/lambda/charge' },
      {
        FunctionName: 'other',
        FunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:other`,
        Role: 'arn:aws:iam::111122223333:role/other',
        LoggingConfig: { LogGroup: '/aws/lambda/charge' },
      },
    );
    expect(
      verdict([...denied.filter((one) => one.op !== 'ListFunctions'), shared, newest('2026-11-21T11:00:00Z')], SOURCE, 'function:charge')
        .verdict,
    ).toBe('unknown');
    const conditional = [
      ...account(),
      functions(),
      attached(),
      ...inline([{ ...writes, Condition: { StringEquals: { 'aws:ResourceTag/team': 'cards' } } }]),
      ...groups,
    ];
    expect(verdict(conditional, SOURCE, 'charge').verdict).toBe('unknown');
    const unreadDeny = [
      ...account(),
      functions(),
      attached(),
      ...inline([writes, { Effect: 'Deny', Action: 'logs:*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }]),
      ...groups,
    ];
    expect(verdict(unreadDeny, SOURCE, 'charge').verdict).toBe('unknown');
  });

  it('does not call a group missing that the first invocation will make', () => {
    expect(verdict([...account(), functions(), ...basic, ...logGroups([])], SOURCE, 'charge')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['logs:DescribeLogGroups NotYetMade'],
    });
  });

  it('loses what the levels leave out, in JSON only', () => {
    const at = (config: Record<string, unknown>) =>
      pathsOf([...account(), functions({ LogGroup: '/aws/lambda/charge', ...config }), ...basic, ...groups]);
    const of = (config: Record<string, unknown>, level?: string) => {
      const paths = at(config);
      return judged(paths, emitterOf(paths, SOURCE, 'charge'), level ? { level: { equals: [level] } } : {}).verdict;
    };
    expect(of({ LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO' })).toBe('covered');
    expect(of({ LogFormat: 'JSON' })).toBe('covered');
    expect(of({ LogFormat: 'JSON', ApplicationLogLevel: 'ERROR', SystemLogLevel: 'WARN' })).toBe('partial');
    expect(of({ LogFormat: 'JSON', ApplicationLogLevel: 'ERROR' }, 'ERROR')).toBe('covered');
    expect(of({ LogFormat: 'JSON', ApplicationLogLevel: 'ERROR', SystemLogLevel: 'WARN' }, 'INFO')).toBe('missing');
    expect(of({ LogFormat: 'Text', ApplicationLogLevel: 'ERROR' })).toBe('covered');
  });

  it('asks once per role, and for policies only where the role needs a look', async () => {
    const seen = await collected(lambda, [
      ...account(),
      functions(undefined, {
        FunctionName: 'refund',
        FunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:refund`,
        Role: `arn:aws:iam::${ACCOUNT}:role/service-role/charge-role`,
      }),
      ...basic,
    ]);
    expect([seen.failures, seen.unmatched]).toEqual([[], []]);
    expect(seen.wanted).toEqual([`cloudwatch-logs ${GROUP}`, `cloudwatch-logs ${GROUP.replace('charge', 'refund')}`]);
    expect(seen.asked.filter((one) => one.service === 'iam').map((one) => one.op)).toEqual([
      'ListAttachedRolePolicies',
      'ListRolePolicies',
    ]);
    const own = 'arn:aws:iam::111122223333:policy/logs';
    const look = await collected(lambda, [
      ...account(),
      functions(),
      attached(own),
      ...inline([]),
      answer('iam:GetPolicy', { Policy: { Arn: own, DefaultVersionId: 'v3' } }, { PolicyArn: own }, { region: null }),
      answer(
        'iam:GetPolicyVersion',
        {
          PolicyVersion: { Document: encodeURIComponent(JSON.stringify({ Statement: [writes] })), VersionId: 'v3', IsDefaultVersion: true },
        },
        { PolicyArn: own, VersionId: 'v3' },
        { region: null },
      ),
    ]);
    expect(look.unmatched).toEqual([]);
    expect(verdict([...look.records, ...groups], SOURCE, 'charge').verdict).toBe('covered');
  });
});
