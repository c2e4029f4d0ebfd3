import type { Desk, Provider, Session, Target } from '../../src/collect/provider.ts';
import type { CallError } from '../../src/model/evidence.ts';
import { InputError } from '../../src/model/input-error.ts';
import { outcomeOf } from './errors.ts';
import { discoveryCalls, type Found, numberIn, organizationTargets, ProjectAnswer, projectTargets } from './hierarchy.ts';
import { limitOf } from './limits.ts';
import { createSdk, type Sdk, type SdkOptions } from './sdk.ts';

export interface GcpOptions extends SdkOptions {
  /** `123456789012` or `organizations/123456789012`: all folders and projects of it. */
  readonly organization?: string | undefined;
  /** Ids of projects: these alone, with what they inherit from. Left out with no organization: the project of the credentials. */
  readonly projects?: readonly string[] | undefined;
  /** Ids of projects to leave out. */
  readonly excludeProjects?: readonly string[] | undefined;
}

/** GCP for the engine: one credential, the hierarchy from an organization down or from projects up, and calls through the SDK. */
export function gcpProvider(options: GcpOptions = {}): Provider {
  const sdk = createSdk(options);
  const organization =
    options.organization === undefined ? undefined : `organizations/${options.organization.replace(/^organizations\//, '')}`;
  const excluded = new Set(options.excludeProjects ?? []);
  const sessions = new Map<string, Session>();
  /** Numbers of projects: errors tell the project that an API is off in by its number. */
  const numbers = new Map<string, string>();
  const described = new Set<string>();
  let starts: readonly string[] = options.projects ?? [];

  function sessionOf(account: string): Session {
    let session = sessions.get(account);
    if (!session) sessions.set(account, (session = newSession(sdk, account, () => numbers.get(account))));
    return session;
  }

  /** What was to be scanned is in the evidence, so that an assessment says that it was not. */
  function failed(desk: Desk, error: CallError, asked?: string): InputError {
    for (const id of [...(organization === undefined ? [] : [organization]), ...starts]) {
      const [call, name] = describing({ id });
      if (id !== asked) desk.refuse(id, call, { name }, error);
    }
    return new InputError(startFailure(error, options.impersonate));
  }

  return {
    id: 'gcp',
    options: {
      organization: organization ?? null,
      projects: options.projects === undefined ? null : [...options.projects].sort(),
      excludeProjects: [...excluded].sort(),
      impersonate: options.impersonate ?? null,
    },
    calls: discoveryCalls,
    crossing: true,
    async start(desk) {
      const error = await sdk.open();
      if (error) throw failed(desk, error);
      if (organization === undefined && starts.length === 0) {
        const own = await sdk.defaultProject();
        if (own === undefined)
          throw new InputError(
            'no Google Cloud starting point: name --gcp-organization or --gcp-project (the credentials belong to no project)',
          );
        starts = [own];
      }
      const session = sessionOf(organization !== undefined && starts.length === 0 ? organization : (starts[0] as string));
      // A token may be there and be good for nothing: the first call tells, and is one that is made anyway.
      const [call, name] = describing({ id: session.account });
      const first = await desk.ask(session, call, { name });
      if (!first.ok && ['expired', 'unreachable'].includes(outcomeOf(first.error))) throw failed(desk, first.error, session.account);
      return session;
    },
    async *targets(desk) {
      const seen = new Set<string>();
      for await (const target of everything(desk)) {
        if (seen.has(target.id)) continue;
        seen.add(target.id);
        if (target.number !== undefined) numbers.set(target.id, target.number);
        if (target.described) described.add(target.id);
        yield excluded.has(target.id) ? { id: target.id, skip: 'it was left out' } : target;
      }
    },
    async enter(desk, target) {
      const session = sessionOf(target.id);
      if (described.has(target.id)) return session;
      // A refusal is evidence and no end: logs may be readable where the project itself is not.
      const [call, name] = describing(target);
      const answer = await desk.ask(session, call, { name });
      const project = ProjectAnswer.safeParse(answer.pages[0]);
      const number = project.success ? numberIn(project.data.name) : undefined;
      if (number !== undefined) numbers.set(target.id, number);
      if (!answer.ok && outcomeOf(answer.error) === 'other') return undefined;
      if (project.success && project.data.state === 'DELETE_REQUESTED') return undefined;
      return session;
    },
    leave(account) {
      sessions.delete(account);
    },
    isGlobal: () => true,
    // `folders.sinks.list` is asked in folders; what is of no container, as in Compute Engine, is of projects.
    asks(call, account) {
      if (/:(projects|folders)\.list$/.test(call)) return account.includes('/');
      // Policies of the hierarchy are named without a place.
      if (call === 'compute:firewallPolicies.list') return account.includes('/');
      // An organization of Apigee is in a project.
      const [kind = ''] = call.startsWith('apigee:') ? ['projects'] : (call.split(':')[1] ?? '').split('.');
      const own = account.includes('/') ? account.split('/')[0] : 'projects';
      return (['projects', 'folders', 'organizations'].includes(kind) ? kind : 'projects') === own;
    },
    limit: limitOf,
    outcome: outcomeOf,
    close() {
      sessions.clear();
    },
  };

  async function* everything(desk: Desk): AsyncGenerator<Found> {
    if (organization !== undefined && starts.length === 0) {
      yield* organizationTargets(desk, organization, sessionOf);
      return;
    }
    if (organization !== undefined) yield { id: organization };
    for (const project of starts) yield* projectTargets(desk, project, sessionOf);
  }
}

function describing(target: Target): readonly [call: keyof typeof discoveryCalls, name: string] {
  if (target.id.startsWith('organizations/')) return ['cloudresourcemanager:organizations.get', target.id];
  if (target.id.startsWith('folders/')) return ['cloudresourcemanager:folders.get', target.id];
  return ['cloudresourcemanager:projects.get', `projects/${target.id}`];
}

/** All calls are global, and one credential opens everything. */
function newSession(sdk: Sdk, account: string, number: () => string | undefined): Session {
  return {
    account,
    partition: 'googleapis.com',
    home: 'global',
    regions: ['global'],
    send: (call, args, _region, signal, spec) => sdk.send(call, spec, args, { account, number: number() }, signal),
  };
}

function startFailure(error: CallError, impersonate: string | undefined): string {
  if (outcomeOf(error) === 'unreachable') return `Google Cloud cannot be reached (${error.code}); check the network and HTTPS_PROXY`;
  if (/could not load the default credentials/i.test(error.message))
    return 'no Google Cloud credentials: sign in (gcloud auth application-default login) or set GOOGLE_APPLICATION_CREDENTIALS';
  if (error.code !== 'CredentialsError')
    return `the Google Cloud credentials were refused: ${error.code} ${error.message}; sign in again (gcloud auth application-default login)`;
  if (impersonate !== undefined)
    return `${impersonate} cannot be impersonated: ${error.message}; it takes iam.serviceAccounts.getAccessToken (roles/iam.serviceAccountTokenCreator) on it`;
  return `the Google Cloud credentials cannot be used: ${error.message}; sign in again (gcloud auth application-default login)`;
}
