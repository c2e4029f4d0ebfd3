import { z } from 'zod';
import { jsonOf } from './json-text.ts';

/**
 * What a bucket policy says about a write by a service, as far as a configuration can tell: three answers, never a guess.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export type WriteAnswer =
  | { readonly is: 'allowed' }
  /** A Deny statement certainly takes the write. */
  | { readonly is: 'denied'; readonly statement: string }
  /** No Allow statement takes it. */
  | { readonly is: 'unsaid' }
  /** A statement takes it or not, by something that is not known here. */
  | { readonly is: 'unsure'; readonly statement: string; readonly why: string };

export interface Write {
  readonly bucket: string;
  readonly partition: string;
  /** Key prefix; may end in the middle of a placeholder such as `{account}`. */
  readonly prefix: string;
  /** A service principal, or the ARN of an account's root. */
  readonly principal: string;
  readonly sourceArn: string | undefined;
  readonly sourceAccount: string;
  readonly organization: string | undefined;
}

const list = z.union([z.string(), z.array(z.string())]).transform((value) => (Array.isArray(value) ? value : [value]));
const Principals = z.union([z.literal('*').transform(() => ({ AWS: ['*'] }) as Record<string, string[]>), z.record(z.string(), list)]);
const scalar = z.union([z.string(), z.boolean(), z.number()]).transform(String);
const Conditions = z.record(z.string(), z.record(z.string(), z.union([scalar.transform((one) => [one]), z.array(scalar)])));

const Statement = z.object({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: Principals.optional(),
  NotPrincipal: Principals.optional(),
  Action: list.optional(),
  NotAction: list.optional(),
  Resource: list.optional(),
  NotResource: list.optional(),
  Condition: Conditions.nullish(),
});
type Statement = z.infer<typeof Statement>;

const Policy = z.object({ Statement: z.union([z.array(Statement), Statement.transform((one) => [one])]) });
export type Policy = z.infer<typeof Policy>;

/** S3 takes 20 KB; what is far above it was not written by it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html */
const MOST_CHARACTERS = 200_000;

/** A policy document from its JSON text; `undefined` where it cannot be read. */
export function parsePolicy(text: string): Policy | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const read = Policy.safeParse(jsonOf(text));
  return read.success ? read.data : undefined;
}

type Holds = 'yes' | 'no' | 'maybe';

export function judgeWrite(policy: Policy, write: Write): WriteAnswer {
  let openDeny: WriteAnswer | undefined;
  let openAllow: WriteAnswer | undefined;
  let allowed = false;
  for (const statement of policy.Statement) {
    const { holds, why } = takes(statement, write);
    if (holds === 'no') continue;
    const denies = statement.Effect === 'Deny';
    if (holds === 'yes' && denies) return { is: 'denied', statement: nameOf(statement) };
    if (holds === 'yes') allowed = true;
    else if (denies) openDeny ??= { is: 'unsure', statement: nameOf(statement), why };
    else openAllow ??= { is: 'unsure', statement: nameOf(statement), why };
  }
  if (allowed) return openDeny ?? { is: 'allowed' };
  // Without an Allow nothing is allowed, whatever an open Deny does.
  return openAllow ?? { is: 'unsaid' };
}

/** Non-service principals that the policy lets delete log objects or change how long they are kept. */
export function deleters(policy: Policy, bucket: string, partition: string): string[] {
  const keys = `arn:${partition}:s3:::${bucket}/`;
  const found = policy.Statement.filter((statement) => {
    if (statement.Effect !== 'Allow') return false;
    const removes =
      ['s3:DeleteObject', 's3:DeleteObjectVersion'].some((action) => actionHolds(statement, action)) &&
      resourceHolds(statement, keys) !== 'no';
    const shortens = actionHolds(statement, 's3:PutLifecycleConfiguration') && resourceHolds(statement, keys.slice(0, -1), true) !== 'no';
    return removes || shortens;
  }).flatMap((statement) =>
    statement.Principal ? [...(statement.Principal.AWS ?? []), ...(statement.Principal.Federated ?? [])] : ['everyone but NotPrincipal'],
  );
  return [...new Set(found)].sort();
}

/** The statements that let everybody in, with no condition. */
export function publicStatements(policy: Policy): string[] {
  return policy.Statement.filter(
    (statement) =>
      statement.Effect === 'Allow' && statement.Principal?.AWS?.includes('*') && Object.keys(statement.Condition ?? {}).length === 0,
  ).map((statement) => `${nameOf(statement)} (${(statement.Action ?? statement.NotAction ?? []).slice(0, 3).join(', ')})`);
}

/** Whether nobody may lift a GOVERNANCE lock: a Deny for everyone, on all keys, with no condition. */
export function deniesBypass(policy: Policy, bucket: string, partition: string): boolean {
  return policy.Statement.some(
    (statement) =>
      statement.Effect === 'Deny' &&
      statement.Principal?.AWS?.includes('*') &&
      Object.keys(statement.Condition ?? {}).length === 0 &&
      actionHolds(statement, 's3:BypassGovernanceRetention') &&
      resourceHolds(statement, `arn:${partition}:s3:::${bucket}/`) === 'yes',
  );
}

function nameOf(statement: Statement): string {
  return statement.Sid
    ? `statement "${statement.Sid}"`
    : `a statement on ${(statement.Action ?? statement.NotAction ?? ['no action']).slice(0, 2).join(', ')}`;
}

function takes(statement: Statement, write: Write): { holds: Holds; why: string } {
  if (!actionHolds(statement, 's3:PutObject')) return { holds: 'no', why: '' };
  const principal = principalHolds(statement, write.principal);
  if (principal === 'no') return { holds: 'no', why: '' };
  const placeholder = write.prefix.indexOf('{');
  const resource = resourceHolds(
    statement,
    `arn:${write.partition}:s3:::${write.bucket}/${placeholder < 0 ? write.prefix : write.prefix.slice(0, placeholder)}`,
  );
  if (resource === 'no') return { holds: 'no', why: '' };
  const condition = conditionsHold(statement, write);
  if (condition.holds === 'no') return { holds: 'no', why: '' };
  if (condition.holds === 'maybe') return condition;
  if (resource === 'maybe') return { holds: 'maybe', why: 'its Resource takes a part of the keys' };
  if (principal === 'maybe') return { holds: 'maybe', why: 'its principal cannot be told from the writer' };
  return { holds: 'yes', why: '' };
}

function actionHolds(statement: Statement, action: string): boolean {
  const named = (patterns: readonly string[]): boolean => patterns.some((pattern) => like(pattern.toLowerCase(), action.toLowerCase()));
  if (statement.Action) return named(statement.Action);
  return statement.NotAction !== undefined && !named(statement.NotAction);
}

function principalHolds(statement: Statement, principal: string): Holds {
  if (statement.Principal) {
    if (lists(statement.Principal, principal)) return 'yes';
    return statement.Principal.CanonicalUser && !principal.includes('.') ? 'maybe' : 'no';
  }
  if (!statement.NotPrincipal) return 'no';
  return lists(statement.NotPrincipal, principal) ? 'no' : 'maybe';
}

function lists(principals: Readonly<Record<string, readonly string[]>>, principal: string): boolean {
  if (principals.AWS?.includes('*')) return true;
  if (principals.Service?.some((one) => one === principal || one === '*')) return true;
  const account = /^arn:[\w-]+:iam::(\d{12}):root$/.exec(principal)?.[1];
  return principals.AWS?.some((one) => one === principal || (account !== undefined && one === account)) ?? false;
}

/** Whether the statement's resources take all that starts with `start` (or exactly it), a part, or nothing. */
function resourceHolds(statement: Statement, start: string, exact = false): Holds {
  const each = (pattern: string): Holds => {
    if (pattern.includes('${')) return 'maybe';
    if (exact) return like(pattern, start) ? 'yes' : 'no';
    if (pattern.endsWith('*') && like(pattern, start)) return 'yes';
    return reaches(pattern, start) ? 'maybe' : 'no';
  };
  const best = (patterns: readonly string[]): Holds => {
    const answers = patterns.map(each);
    return answers.includes('yes') ? 'yes' : answers.includes('maybe') ? 'maybe' : 'no';
  };
  if (statement.Resource) return best(statement.Resource);
  if (!statement.NotResource) return 'no';
  return { yes: 'no', no: 'yes', maybe: 'maybe' }[best(statement.NotResource)] as Holds;
}

/** Services that write with the canned ACL `bucket-owner-full-control`. */
const WITH_ACL = new Set(['cloudtrail.amazonaws.com', 'delivery.logs.amazonaws.com', 'config.amazonaws.com']);

/** What is known of the request; absent: not known, which is not the same as missing from the request. */
function contextOf(write: Write): Map<string, string> {
  const service = write.principal.includes('.amazonaws.com');
  const known: [string, string | undefined][] = [
    ['aws:sourcearn', write.sourceArn],
    ['aws:sourceaccount', write.sourceAccount],
    ['aws:sourceorgid', write.organization],
    ['aws:securetransport', 'true'],
    ['aws:principalisawsservice', service ? 'true' : undefined],
    ['aws:principalservicename', service ? write.principal : undefined],
    ['s3:x-amz-acl', WITH_ACL.has(write.principal) ? 'bucket-owner-full-control' : undefined],
  ];
  return new Map(known.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function conditionsHold(statement: Statement, write: Write): { holds: Holds; why: string } {
  const context = contextOf(write);
  let open: string | undefined;
  for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
    for (const [key, values] of Object.entries(keys)) {
      const holds = conditionHolds(operator, key.toLowerCase(), values, context);
      if (holds === 'no') return { holds: 'no', why: '' };
      if (holds === 'maybe') open ??= `its condition ${operator} ${key} cannot be decided from the configuration`;
    }
  }
  return open === undefined ? { holds: 'yes', why: '' } : { holds: 'maybe', why: open };
}

function conditionHolds(operator: string, key: string, values: readonly string[], context: ReadonlyMap<string, string>): Holds {
  const plain = operator
    .replace(/^For(AnyValue|AllValues):/i, '')
    .replace(/IfExists$/i, '')
    .toLowerCase();
  // Services speak TLS 1.2 and above.
  if (key === 's3:tlsversion' && plain === 'numericlessthan') return values.every((value) => Number(value) <= 1.2) ? 'no' : 'maybe';
  const actual = context.get(key);
  if (actual === undefined || values.some((value) => value.includes('${'))) return 'maybe';
  const any = (test: (value: string) => boolean): Holds => (values.some(test) ? 'yes' : 'no');
  const none = (test: (value: string) => boolean): Holds => (values.some(test) ? 'no' : 'yes');
  switch (plain) {
    case 'stringequals':
      return any((value) => value === actual);
    case 'stringequalsignorecase':
    case 'bool':
      return any((value) => value.toLowerCase() === actual.toLowerCase());
    case 'stringlike':
    case 'arnequals':
    case 'arnlike':
      return any((value) => like(value, actual));
    case 'stringnotequals':
      return none((value) => value === actual);
    case 'stringnotequalsignorecase':
      return none((value) => value.toLowerCase() === actual.toLowerCase());
    case 'stringnotlike':
    case 'arnnotequals':
    case 'arnnotlike':
      return none((value) => like(value, actual));
    case 'null':
      return values.includes('false') ? 'yes' : 'no';
    default:
      return 'maybe';
  }
}

/** `*` is any run of characters, `?` is one. */
function like(pattern: string, text: string): boolean {
  const single = oneStar(pattern);
  return after(single, text).has(single.length);
}

/** Whether some text that starts with `start` fits the pattern. */
function reaches(pattern: string, start: string): boolean {
  return after(oneStar(pattern), start).size > 0;
}

/** Several stars say what one says; a run of them would be walked anew for each letter. */
function oneStar(pattern: string): string {
  return pattern.replace(/\*{2,}/g, '*');
}

/** The places in the pattern that can be reached by reading the text. */
function after(pattern: string, text: string): Set<number> {
  let places = skipStars(pattern, [0]);
  for (const letter of text) {
    const next: number[] = [];
    for (const place of places) {
      const wanted = pattern[place];
      if (wanted === '*') next.push(place);
      else if (wanted === '?' || wanted === letter) next.push(place + 1);
    }
    places = skipStars(pattern, next);
    if (places.size === 0) break;
  }
  return places;
}

function skipStars(pattern: string, places: readonly number[]): Set<number> {
  const found = new Set<number>();
  for (let place of places) {
    found.add(place);
    while (pattern[place] === '*' && !found.has(place + 1)) {
      place += 1;
      found.add(place);
    }
  }
  return found;
}
