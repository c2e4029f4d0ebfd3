import { z } from 'zod';
import type { Cell, Collector } from '../../src/collect/collector.ts';
import type { EventClass, Selector } from '../../src/events/classes.ts';
import { EVERYTHING, selectorOf } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Delivery, Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import type { Policy } from './bucket-policy.ts';
import { parsePolicy } from './bucket-policy.ts';
import { landInLogGroup } from './destinations.ts';
import type { AwsAccount } from './estate.ts';
import { blindWhereNotReached, blindWhereRegionsUnknown, cellsOf, listOf, unseenEdge } from './listing.ts';
import { lastArrival } from './log-groups.ts';

const SOURCE = 'aws.lambda.logs';

const LambdaFunction = z.object({
  FunctionName: z.string(),
  FunctionArn: z.string(),
  Role: z.string().optional(),
  LoggingConfig: z
    .object({
      LogFormat: z.string().optional(),
      ApplicationLogLevel: z.string().optional(),
      SystemLogLevel: z.string().optional(),
      LogGroup: z.string().optional(),
    })
    .nullish(),
});
type LambdaFunction = z.infer<typeof LambdaFunction>;
const Functions = z.object({ Functions: z.array(LambdaFunction).default([]) });
const Attached = z.object({
  AttachedPolicies: z.array(z.object({ PolicyName: z.string().optional(), PolicyArn: z.string().optional() })).default([]),
});
const Inline = z.object({ PolicyNames: z.array(z.string()).default([]) });
const InlineDocument = z.object({ PolicyDocument: z.string().optional() });
const ManagedPolicy = z.object({ Policy: z.object({ DefaultVersionId: z.string().optional() }).optional() });
const PolicyVersion = z.object({ PolicyVersion: z.object({ Document: z.string().optional() }).optional() });
/** AWS managed policies that let a function write to any log group of its account. */
const LOGGING_POLICIES = new Set([
  'AWSLambdaBasicExecutionRole',
  'AWSLambdaVPCAccessExecutionRole',
  'AWSLambdaKinesisExecutionRole',
  'AWSLambdaDynamoDBExecutionRole',
  'AWSLambdaSQSQueueExecutionRole',
  'AWSLambdaMSKExecutionRole',
  'AWSLambdaBasicDurableExecutionRolePolicy',
  'AWSLambdaExecute',
  'CloudWatchLogsFullAccess',
  'AdministratorAccess',
  'PowerUserAccess',
]);
const NEEDED = ['logs:CreateLogStream', 'logs:PutLogEvents'];

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
/**
 * Platform lines and the levels that Lambda gives them, by how the phase ended.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
const PLATFORM: Readonly<Record<string, readonly string[]>> = {
  INFO: [
    'platform.start',
    'platform.report',
    'platform.initStart',
    'platform.initReport',
    'platform.restoreStart',
    'platform.restoreReport',
    'platform.extension',
    'platform.logsSubscription',
    'platform.telemetrySubscription',
  ],
  WARN: [
    'platform.report',
    'platform.runtimeDone',
    'platform.initRuntimeDone',
    'platform.initReport',
    'platform.restoreRuntimeDone',
    'platform.restoreReport',
    'platform.extension',
    'platform.logsDropped',
  ],
};

/** Function logs: their group, their levels, and whether the role may write. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html */
export const lambda: Collector = {
  id: 'lambda',
  provider: 'aws',
  service: 'Lambda',
  informs: [SOURCE],
  runs: 'region',
  phase: 'sources',
  calls: {
    'lambda:ListFunctions': {
      permission: 'lambda:ListFunctions',
      pages: { from: 'NextMarker', to: 'Marker' },
      why: 'the functions, their log groups, levels and roles',
      per: 'region',
    },
    'iam:ListAttachedRolePolicies': {
      permission: 'iam:ListAttachedRolePolicies',
      pages: { from: 'Marker', to: 'Marker' },
      why: 'whether the role may write logs',
      per: 'resource',
    },
    'iam:ListRolePolicies': {
      permission: 'iam:ListRolePolicies',
      pages: { from: 'Marker', to: 'Marker' },
      why: 'inline policies, which may allow or deny it',
      per: 'resource',
    },
    'iam:GetRolePolicy': { permission: 'iam:GetRolePolicy', why: 'what an inline policy allows', per: 'resource' },
    'iam:GetPolicy': { permission: 'iam:GetPolicy', why: 'the version of a policy that is in force', per: 'resource' },
    'iam:GetPolicyVersion': { permission: 'iam:GetPolicyVersion', why: 'what a policy allows', per: 'resource' },
  },
  doc: 'https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html',
  async collect(cell) {
    const answer = await cell.ask('lambda:ListFunctions', { MaxItems: 50 });
    const functions = answer.pages.flatMap((page) => Functions.safeParse(page).data?.Functions ?? []);
    for (const one of functions) {
      cell.want({
        kind: 'cloudwatch-logs',
        id: groupOf(cell.partition, cell.account, cell.region, one),
        account: cell.account,
        region: cell.region,
      });
    }
    const roles = new Set(functions.flatMap((one) => (one.Role === undefined ? [] : [roleName(one.Role)])));
    await Promise.all([...roles].map((role) => askRole(cell, role)));
  },
  read(evidence, paths) {
    blindWhereNotReached(evidence, paths, [SOURCE], 'lambda:ListFunctions');
    blindWhereRegionsUnknown(evidence, paths, [SOURCE]);
    for (const { account, region, at } of cellsOf(evidence)) {
      const all = listOf(evidence, 'lambda:ListFunctions', Functions, (page) => page.Functions, at);
      if (all.unknown) paths.blind({ sources: [SOURCE], scope: { provider: 'aws', ...at }, unknowns: [all.unknown], evidence: all.ids });
      if (all.items.length === 0) continue;
      const users = new Map<string, number>();
      for (const one of all.items) users.set(groupName(one), (users.get(groupName(one)) ?? 0) + 1);
      for (const one of all.items) {
        // What arrives in a group that several functions share proves none of them.
        readFunction(evidence, paths, account, region, one, users.get(groupName(one)) === 1, all.ids);
      }
    }
  },
};

async function askRole(cell: Cell, RoleName: string): Promise<void> {
  const attached = await cell.ask('iam:ListAttachedRolePolicies', { RoleName });
  const policies = attached.pages.flatMap((page) => Attached.safeParse(page).data?.AttachedPolicies ?? []);
  const logging = policies.some((policy) => isLoggingPolicy(policy.PolicyArn));
  // A policy of one's own may deny what the one for logging allows.
  const inline = await cell.ask('iam:ListRolePolicies', { RoleName });
  const names = inline.pages.flatMap((page) => Inline.safeParse(page).data?.PolicyNames ?? []);
  await Promise.all(names.map((PolicyName) => cell.ask('iam:GetRolePolicy', { RoleName, PolicyName })));
  await Promise.all(
    policies.map(async ({ PolicyArn }) => {
      if (PolicyArn === undefined || (logging && isOfAws(PolicyArn))) return;
      const policy = await cell.ask('iam:GetPolicy', { PolicyArn });
      const VersionId = policy.pages
        .map((page) => ManagedPolicy.safeParse(page).data?.Policy?.DefaultVersionId)
        .find((id) => id !== undefined);
      if (VersionId !== undefined) await cell.ask('iam:GetPolicyVersion', { PolicyArn, VersionId });
    }),
  );
}

function isOfAws(arn: string): boolean {
  return /^arn:[^:]*:iam::aws:policy\//.test(arn);
}

function isLoggingPolicy(arn: string | undefined): boolean {
  return arn !== undefined && isOfAws(arn) && LOGGING_POLICIES.has(arn.split('/').at(-1) as string);
}

function roleName(arn: string): string {
  return arn.split('/').at(-1) as string;
}

function groupName(one: LambdaFunction): string {
  return one.LoggingConfig?.LogGroup || `/aws/lambda/${one.FunctionName}`;
}

function groupOf(partition: string, account: string, region: string, one: LambdaFunction): string {
  return `arn:${partition}:logs:${region}:${account}:log-group:${groupName(one)}`;
}

function readFunction(
  evidence: EvidenceView,
  paths: PathsBuilder,
  account: AwsAccount,
  region: string,
  one: LambdaFunction,
  alone: boolean,
  listed: readonly number[],
): void {
  const arn = one.FunctionArn;
  const scope = { provider: 'aws' as const, account: account.id, region, resource: arn };
  paths.resource({ type: 'aws.lambda.function', id: arn, scope, evidence: listed });
  const group = groupOf(account.partition, account.id, region, one);
  const landing = landInLogGroup(evidence, paths, { arn: group });
  const { happens, written } = linesOf(one);
  const role = roleOf(evidence, paths, account, one, group, alone);
  const id = `lambda|${arn}`;
  const label =
    written === EVERYTHING
      ? `logging of ${one.FunctionName}`
      : `logging of ${one.FunctionName} (application ${appLevel(one)}, system ${systemLevel(one)})`;
  const ids = [...listed, ...landing.evidence, ...role.ids];
  // The first invocation makes the group; until then it is not known what it will keep.
  const tap: Edge =
    landing.delivery.state === 'broken' && role.delivery?.state !== 'broken'
      ? unseenEdge(paths, {
          id,
          label,
          evidence: ids,
          account: account.id,
          region,
          mayPass: written,
          unknowns: [
            evidence.unknownOf('logs:DescribeLogGroups', group, 'NotYetMade', landing.evidence),
            ...(role.delivery?.unknowns ?? []),
          ],
        })
      : {
          id,
          to: landing.node,
          label,
          passes: written,
          mayPass: written,
          unknowns: landing.unknowns,
          delivery: role.delivery ?? landing.delivery,
          latency: 60,
          ...(written === EVERYTHING
            ? {}
            : {
                fix: `aws lambda update-function-configuration --region ${region} --function-name ${one.FunctionName} --logging-config LogFormat=JSON,ApplicationLogLevel=INFO,SystemLogLevel=INFO`,
              }),
          evidence: ids,
        };
  const resource = strings.equalTo([arn]);
  paths.emitter({
    id: `${SOURCE}|${arn}`,
    sources: [SOURCE],
    scope,
    name: one.FunctionName,
    universe:
      happens === EVERYTHING
        ? selectorOf({ resource: { equals: [arn] } })
        : happens.map((lines) => new Map([...lines, ['resource', resource]])),
    taps: [tap],
    evidence: ids,
  });
}

function appLevel(one: LambdaFunction): string {
  return one.LoggingConfig?.ApplicationLogLevel ?? 'INFO';
}

function systemLevel(one: LambdaFunction): string {
  return one.LoggingConfig?.SystemLogLevel ?? 'INFO';
}

/**
 * Which lines a function makes and which of them are written. Only the JSON format filters. Lines below INFO are made only where a level
 * asks for them, so that leaving them off, as Lambda does unless told otherwise, loses nothing.
 */
function linesOf(one: LambdaFunction): { happens: Selector; written: Selector } {
  if (one.LoggingConfig?.LogFormat !== 'JSON') return { happens: EVERYTHING, written: EVERYTHING };
  const wanted = levelsFrom(appLevel(one));
  const system = levelsFrom(systemLevel(one));
  const application = strings.complement(strings.startingWith(['platform.']));
  const applicationAt = (levels: readonly string[]): EventClass[] => [
    new Map([
      ['type', application],
      ['level', strings.equalTo(levels)],
    ]),
  ];
  const platformAt = (levels: readonly string[]): EventClass[] =>
    levels
      .filter((level) => own(PLATFORM, level))
      .map(
        (level) =>
          new Map([
            ['type', strings.equalTo(own(PLATFORM, level) as readonly string[])],
            ['level', strings.equalTo([level])],
          ]),
      );
  return {
    happens: [...applicationAt([...new Set([...levelsFrom('INFO'), ...wanted])]), ...platformAt(['INFO', 'WARN'])],
    written: [...applicationAt(wanted), ...platformAt(system)],
  };
}

function levelsFrom(level: string): readonly string[] {
  const from = LEVELS.indexOf(level.toUpperCase());
  return from < 0 ? [] : LEVELS.slice(from);
}

const RECENT_DAYS = 7;

/** What the role does to delivery: nothing where it may write, or where events of this function alone came in lately. */
function roleOf(
  evidence: EvidenceView,
  paths: PathsBuilder,
  account: AwsAccount,
  one: LambdaFunction,
  group: string,
  alone: boolean,
): { delivery?: Exclude<Delivery, { state: 'flowing' }>; ids: readonly number[] } {
  const name = one.Role === undefined ? undefined : roleName(one.Role);
  const role =
    one.Role === undefined
      ? { is: 'unknown' as const, unknowns: [evidence.unknownOf('lambda:ListFunctions', one.FunctionName, 'RoleMissing', [])], ids: [] }
      : paths.once(`lambda-role|${account.id}|${one.Role}|${group}`, () => roleAnswer(evidence, account.id, one.Role as string, group));
  if (role.is === 'yes') return { ids: role.ids };
  const arrival = alone ? lastArrival(evidence, group) : undefined;
  const recent = arrival?.at !== undefined && Date.parse(paths.asOf) - Date.parse(arrival.at) <= RECENT_DAYS * 86_400_000;
  if (role.is === 'no' && recent) {
    return {
      delivery: {
        state: 'unknown',
        why: `no policy of the role ${name} lets it write to ${groupName(one)}, and yet events came in lately`,
        unknowns: [],
      },
      ids: [...role.ids, ...arrival.evidence],
    };
  }
  if (role.is === 'no') {
    return {
      delivery: {
        state: 'broken',
        why: `the role ${name} of ${one.FunctionName} may not write to ${groupName(one)}`,
        fix: `attach AWSLambdaBasicExecutionRole to the role ${name}`,
      },
      ids: role.ids,
    };
  }
  if (recent) return { ids: [...role.ids, ...arrival.evidence] };
  return {
    delivery: {
      state: 'unknown',
      why: `whether the role ${name ?? ''} may write to ${groupName(one)} was not read`,
      unknowns: role.unknowns,
    },
    ids: role.ids,
  };
}

interface RoleAnswer {
  readonly is: 'yes' | 'no' | 'unknown';
  readonly unknowns: readonly Unknown[];
  readonly ids: readonly number[];
}

/** Whether a role may write to a log group: certain where a policy says so, refused only where every policy was read. */
function roleAnswer(evidence: EvidenceView, account: string, role: string, group: string): RoleAnswer {
  const owner = role.split(':')[4] || account;
  const RoleName = roleName(role);
  const attached = evidence.call('iam:ListAttachedRolePolicies', Attached, { account: owner, args: { RoleName } }, RoleName);
  const policies = attached.pages.flatMap((page) => page.AttachedPolicies);
  const ids = [...attached.ids];
  const unknowns: Unknown[] = attached.unknown ? [attached.unknown] : [];
  const logging = policies.some((policy) => isLoggingPolicy(policy.PolicyArn));
  const documents: string[] = [];
  const inline = evidence.call('iam:ListRolePolicies', Inline, { account: owner, args: { RoleName } }, RoleName);
  ids.push(...inline.ids);
  // Evidence that stops at the policy for logging is enough; a list that was refused may hide a denial.
  if (inline.unknown && !(logging && inline.unknown.code === 'NotAsked')) unknowns.push(inline.unknown);
  for (const PolicyName of inline.pages.flatMap((page) => page.PolicyNames)) {
    const answer = evidence.call(
      'iam:GetRolePolicy',
      InlineDocument,
      { account: owner, args: { RoleName, PolicyName } },
      `${RoleName} ${PolicyName}`,
    );
    ids.push(...answer.ids);
    if (answer.unknown) unknowns.push(answer.unknown);
    documents.push(...answer.pages.flatMap((page) => page.PolicyDocument ?? []));
  }
  for (const { PolicyArn } of policies) {
    if (PolicyArn === undefined || (logging && isOfAws(PolicyArn))) continue;
    const policy = evidence.call('iam:GetPolicy', ManagedPolicy, { account: owner, args: { PolicyArn } }, PolicyArn);
    const VersionId = policy.pages[0]?.Policy?.DefaultVersionId;
    const version =
      VersionId === undefined
        ? undefined
        : evidence.call('iam:GetPolicyVersion', PolicyVersion, { account: owner, args: { PolicyArn, VersionId } }, PolicyArn);
    ids.push(...policy.ids, ...(version?.ids ?? []));
    const document = version?.pages[0]?.PolicyVersion?.Document;
    if (document !== undefined) documents.push(document);
    else unknowns.push(version?.unknown ?? policy.unknown ?? evidence.unknownOf('iam:GetPolicyVersion', PolicyArn, 'NotAsked', []));
  }
  const said = documents.map((document) => documentAnswer(document, group));
  const unreadable = said.includes(undefined) ? [evidence.unknownOf('iam:GetPolicyVersion', RoleName, 'UnreadablePolicy', ids)] : [];
  const answers = said.filter((one) => one !== undefined);
  if (answers.some((one) => one.denied === 'yes')) return { is: 'no', unknowns: [], ids };
  const allowed = NEEDED.map(
    (_, index): Certainty =>
      logging ? 'yes' : answers.reduce<Certainty>((best, one) => more(best, one.allowed[index] as Certainty), 'no'),
  );
  const openDeny = answers.some((one) => one.denied === 'maybe');
  // What was not read may allow more, and may deny.
  if (!openDeny && allowed.every((one) => one === 'yes') && unknowns.length + unreadable.length === 0)
    return { is: 'yes', unknowns: [], ids };
  if (unknowns.length + unreadable.length > 0) return { is: 'unknown', unknowns: [...unknowns, ...unreadable], ids };
  if (allowed.includes('no')) return { is: 'no', unknowns: [], ids };
  return { is: 'unknown', unknowns: [evidence.unknownOf('iam:GetPolicyVersion', RoleName, 'ConditionNotDecided', ids)], ids };
}

type Certainty = 'yes' | 'maybe' | 'no';

function more(a: Certainty, b: Certainty): Certainty {
  return a === 'yes' || b === 'yes' ? 'yes' : a === 'maybe' || b === 'maybe' ? 'maybe' : 'no';
}

/** A policy document from IAM, which answers it URL-encoded. */
function policyOf(text: string): Policy | undefined {
  return parsePolicy(
    text.trimStart().startsWith('{') ? text : (new URLSearchParams(`document=${text.replaceAll('+', '%2B')}`).get('document') ?? ''),
  );
}

/** What one policy document says of writing to the group; undefined where it cannot be read. */
function documentAnswer(text: string, group: string): { allowed: readonly Certainty[]; denied: Certainty } | undefined {
  const policy = policyOf(text);
  if (!policy) return undefined;
  const says = (effect: 'Allow' | 'Deny', action: string): Certainty =>
    policy.Statement.filter((one) => one.Effect === effect).reduce<Certainty>((best, one) => more(best, takes(one, action, group)), 'no');
  return { allowed: NEEDED.map((action) => says('Allow', action)), denied: NEEDED.map((action) => says('Deny', action)).reduce(more) };
}

function takes(statement: Policy['Statement'][number], action: string, group: string): Certainty {
  const inAction = statement.Action
    ? statement.Action.some((one) => like(one, action, true))
    : !(statement.NotAction ?? []).some((one) => like(one, action, true));
  if (!inAction) return 'no';
  // The writes are on streams of the group; a statement may name the group, its streams or single ones.
  const stream = `${group}:log-stream:x`;
  const named = statement.Resource ?? statement.NotResource ?? [];
  const whole = named.some((one) => like(one, stream, false) || like(one, `${group}:*`, false));
  const part = whole || named.some((one) => one.startsWith(`${group}:log-stream:`) || one.includes('${'));
  const inResource: Certainty = statement.Resource
    ? whole
      ? 'yes'
      : part
        ? 'maybe'
        : 'no'
    : statement.NotResource
      ? whole
        ? 'no'
        : part
          ? 'maybe'
          : 'yes'
      : 'no';
  if (inResource === 'no') return 'no';
  return statement.Condition === undefined || statement.Condition === null ? inResource : 'maybe';
}

/** `*` and `?` of IAM; actions are compared without regard to case. */
function like(pattern: string, value: string, anyCase: boolean): boolean {
  const parts = (anyCase ? pattern.toLowerCase() : pattern).replaceAll(/\*+/g, '*').split('*');
  const text = anyCase ? value.toLowerCase() : value;
  const fits = (part: string, at: number) =>
    [...part].every((letter, index) => (letter === '?' ? at + index < text.length : text[at + index] === letter));
  const [first = '', ...rest] = parts;
  if (!fits(first, 0)) return false;
  if (rest.length === 0) return text.length === first.length;
  let at = first.length;
  const last = rest.pop() as string;
  for (const part of rest) {
    while (at + part.length <= text.length && !fits(part, at)) at += 1;
    if (at + part.length > text.length) return false;
    at += part.length;
  }
  return text.length - last.length >= at && fits(last, text.length - last.length);
}
