import { z } from 'zod';
import type { Desk, Provider, Session, Target } from '../../src/collect/provider.ts';
import type { CallError } from '../../src/model/evidence.ts';
import { InputError } from '../../src/model/input-error.ts';
import { outcomeOf } from './errors.ts';
import { leaderOf, partitionOf } from './estate.ts';
import { limitOf } from './limits.ts';
import { bucketsIn, discoveryCalls, enabledRegions, organizationAccounts } from './organization.ts';
import { type AwsCredentials, type Caller, createCaller, createSdk, isGlobal, type Sdk, type SdkOptions } from './sdk.ts';

export interface AwsOptions extends SdkOptions {
  /** Profile of the shared AWS files; left out: the SDK's default chain. */
  readonly profile?: string | undefined;
  /** Region of the first calls; left out: that of the environment or profile, else us-east-1. */
  readonly homeRegion?: string | undefined;
  /** Whether to look for the accounts of the organization, on by default. */
  readonly organization?: boolean | undefined;
  /** The role to assume in each other account. */
  readonly role?:
    | {
        /** `{account}` stands for the account id; `ViewshedReader` by default. A path may be part of it. */
        readonly nameTemplate?: string | undefined;
        readonly externalId?: string | undefined;
        readonly sessionName?: string | undefined;
        readonly partition?: string | undefined;
      }
    | undefined;
}

export const DEFAULT_ROLE = 'ViewshedReader';
/** Credentials are renewed when they have less than this left. */
const MARGIN = 5 * 60_000;
const SESSIONS = 128;

const Identity = z.object({ Account: z.string(), Arn: z.string() });
const Assumed = z.object({
  Credentials: z.object({
    AccessKeyId: z.string(),
    SecretAccessKey: z.string(),
    SessionToken: z.string(),
    Expiration: z.union([z.date(), z.string()]).optional(),
  }),
});

/** AWS for the engine: identity, organization, roles, regions, and calls through the SDK. */
export function awsProvider(options: AwsOptions = {}): Provider & { readonly sdk: Sdk } {
  const sdk = createSdk(options);
  const sessions = new Map<string, AwsSession>();
  const role = options.role ?? {};
  let start: AwsSession | undefined;

  async function begin(desk: Desk): Promise<AwsSession> {
    const region = options.homeRegion ?? (await sdk.defaultRegion()) ?? 'us-east-1';
    const caller = createCaller('', renewed(await startingCredentials(options.profile)));
    // Who we are has to be known before anything can be recorded in an account's name.
    const sent = await sdk.send(caller, 'sts:GetCallerIdentity', {}, region, desk.signal);
    const identity = Identity.safeParse(sent.body);
    if (!identity.success) throw new InputError(startFailure(sent.error, options.profile));
    const session = sessionOf(sdk, { ...caller, account: identity.data.Account }, partitionOf(identity.data.Arn), region);
    desk.answered(session, 'sts:GetCallerIdentity', {}, sent.body ?? {});
    start = session;
    return session;
  }

  async function assumed(desk: Desk, from: AwsSession, account: string): Promise<AwsSession | undefined> {
    const args = assumeRoleArgs(role, role.partition ?? from.partition, account);
    const recorded = { RoleArn: args.RoleArn };
    if (desk.refused(account, 'sts:AssumeRole', recorded)) return undefined;
    let refusal: CallError | undefined;
    const credentials = renewed(async () => {
      const sent = await sdk.send(from.caller, 'sts:AssumeRole', args, from.home, desk.signal);
      const read = Assumed.safeParse(sent.body);
      if (!read.success) {
        refusal = sent.error ?? { code: 'UnreadableAnswer', message: 'sts:AssumeRole answered without credentials' };
        throw Object.assign(new Error(refusal.message), { name: refusal.code, callError: refusal });
      }
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = read.data.Credentials;
      return {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
        expiration: Expiration === undefined ? undefined : new Date(Expiration),
      };
    });
    try {
      await desk.slot(credentials);
    } catch (error) {
      if (desk.signal.aborted || refusal === undefined) throw error;
      desk.refuse(account, 'sts:AssumeRole', recorded, refusal);
      return undefined;
    }
    return sessionOf(sdk, createCaller(account, credentials), from.partition, from.home);
  }

  async function entered(desk: Desk, target: Target): Promise<AwsSession | undefined> {
    const from = start as AwsSession;
    const session = target.id === from.account ? from : await assumed(desk, from, target.id);
    if (!session) return undefined;
    const identity = await desk.ask(session, 'sts:GetCallerIdentity');
    if (!identity.ok) return undefined;
    if (Identity.safeParse(identity.pages[0]).data?.Account !== target.id) {
      const { RoleArn } = assumeRoleArgs(role, role.partition ?? from.partition, target.id);
      desk.refuse(
        target.id,
        'sts:AssumeRole',
        { RoleArn },
        { code: 'WrongAccount', message: 'the role gave credentials of another account' },
      );
      return undefined;
    }
    // Where the regions cannot be read, those of the starting account are the best guess; evidence says that it is one.
    session.regions =
      (await enabledRegions(desk, session)) ??
      (from.regions.length > 0 ? from.regions : [...new Set([from.home, leaderOf(session.partition)])]);
    session.home = leaderOf(session.partition);
    return session;
  }

  return {
    id: 'aws',
    sdk,
    options: {
      profile: options.profile ?? null,
      organization: options.organization ?? true,
      role: { nameTemplate: role.nameTemplate ?? DEFAULT_ROLE, partition: role.partition ?? null },
    },
    calls: discoveryCalls,
    start: begin,
    async *targets(desk, from) {
      if (options.organization === false) yield { id: from.account };
      else yield* organizationAccounts(desk, from);
    },
    async enter(desk, target) {
      const known = sessions.get(target.id);
      if (known) return known;
      const session = await entered(desk, target);
      if (!session) return undefined;
      sessions.set(target.id, session);
      for (const oldest of sessions.keys()) {
        if (sessions.size <= SESSIONS) break;
        sessions.delete(oldest);
      }
      return session;
    },
    leave(account) {
      const caller = sessions.get(account)?.caller;
      caller?.strategies.clear();
      caller?.bucketRegions.clear();
    },
    isGlobal,
    limit: limitOf,
    outcome: outcomeOf,
    owned: { kind: 's3', call: 's3:ListBuckets', read: bucketsIn },
    close() {
      sessions.clear();
      sdk.close();
    },
  };
}

interface AwsSession extends Session {
  readonly caller: Caller;
  home: string;
  regions: readonly string[];
}

function sessionOf(sdk: Sdk, caller: Caller, partition: string, home: string): AwsSession {
  return {
    account: caller.account,
    partition,
    home,
    regions: [],
    caller,
    send: (call, args, region, signal) => sdk.send(caller, call, args, region, signal),
  };
}

/** What sts:AssumeRole is asked for an account. */
export function assumeRoleArgs(
  role: NonNullable<AwsOptions['role']>,
  partition: string,
  account: string,
): { RoleArn: string; RoleSessionName: string; ExternalId?: string } {
  const name = (role.nameTemplate ?? DEFAULT_ROLE).replaceAll('{account}', account).replace(/^\//, '');
  return {
    RoleArn: `arn:${partition}:iam::${account}:role/${name}`,
    RoleSessionName: role.sessionName ?? 'viewshed',
    ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
  };
}

async function startingCredentials(profile: string | undefined): Promise<() => Promise<AwsCredentials>> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  return fromNodeProviderChain(profile === undefined ? {} : { profile });
}

/** Credentials asked for once and again when they are about to run out; callers at the same time share one question. */
function renewed(load: () => Promise<AwsCredentials>): () => Promise<AwsCredentials> {
  let known: AwsCredentials | undefined;
  let loading: Promise<AwsCredentials> | undefined;
  return async () => {
    if (known && (known.expiration === undefined || known.expiration.getTime() - Date.now() > MARGIN)) return known;
    loading ??= load().finally(() => (loading = undefined));
    known = await loading;
    return known;
  };
}

function startFailure(error: CallError | undefined, profile: string | undefined): string {
  const who = profile === undefined ? 'the AWS credentials found' : `profile "${profile}"`;
  if (error?.code === 'CredentialsProviderError' || error?.code === 'TokenProviderError') {
    return `no AWS credentials for ${profile === undefined ? 'the default chain' : who}: ${error.message}; sign in (aws sso login) or choose a profile`;
  }
  const outcome = error === undefined ? 'other' : outcomeOf(error);
  if (outcome === 'unreachable')
    return `AWS cannot be reached (sts:GetCallerIdentity: ${error?.code}); check the network, proxy and AWS_ENDPOINT_URL`;
  if (outcome === 'expired') return `${who} have expired; sign in again (aws sso login)`;
  return `${who} were refused by sts:GetCallerIdentity: ${error?.code ?? 'UnreadableAnswer'} ${error?.message ?? ''}`.trim();
}
