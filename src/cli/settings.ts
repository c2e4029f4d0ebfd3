import { join, relative, sep } from 'node:path';
import { type Config, FAIL_ON, GCP_ORGANIZATION, GCP_PROJECT, GCP_SERVICE_ACCOUNT } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { InputError } from '../model/input-error.ts';
import type { Io, Options } from './command.ts';

export const DEFAULT_STORE = join('.viewshed', 'evidence.db');

export type FailOn = (typeof FAIL_ON)[number];

/** What a command was told: by flags, else by the configuration, else the defaults. */
export interface Settings {
  readonly configFile: string | undefined;
  readonly models: readonly string[];
  /** ISO time; undefined: the time of the newest answer. */
  readonly asOf: string | undefined;
  readonly format: string;
  readonly output: string | undefined;
  readonly failOn: FailOn;
  readonly maxUnknown: number;
  readonly store: string;
  /** Undefined: all. */
  readonly sources: readonly string[] | undefined;
  readonly concurrency: number | undefined;
  /** The clouds to read: those configured or named by a flag; AWS where none is. */
  readonly clouds: readonly Cloud[];
  readonly aws: {
    readonly profile: string | undefined;
    readonly regions: readonly string[] | undefined;
    readonly accounts: readonly string[] | undefined;
    readonly excludeAccounts: readonly string[];
    readonly organization: boolean | undefined;
    readonly role: { readonly name: string | undefined; readonly externalId: string | undefined; readonly sessionName: string | undefined };
  };
  readonly gcp: {
    readonly organization: string | undefined;
    readonly projects: readonly string[] | undefined;
    readonly excludeProjects: readonly string[];
    readonly impersonate: string | undefined;
    readonly quotaProject: string | undefined;
  };
}

export type Cloud = 'aws' | 'gcp';

/** Flags that only AWS takes: to give one is to ask for AWS. */
const AWS_FLAGS = ['profile', 'region', 'account', 'excludeAccount', 'organization', 'roleName', 'externalId', 'sessionName'];
const GCP_FLAGS = ['gcpOrganization', 'gcpProject', 'gcpExcludeProject', 'gcpImpersonate', 'gcpQuotaProject'];

function cloudsOf(options: Options, config: Config): readonly Cloud[] {
  const given = (flags: readonly string[]) => flags.some((flag) => options[flag] !== undefined);
  const gcp = config.gcp !== undefined || given(GCP_FLAGS);
  const aws = config.aws !== undefined || given(AWS_FLAGS) || !gcp;
  return [...(aws ? (['aws'] as const) : []), ...(gcp ? (['gcp'] as const) : [])];
}

/** Reads the configuration and lays the flags over it. Wrong values are one `InputError`. */
export function settingsOf(options: Options, io: Pick<Io, 'cwd'>): Settings {
  const { file, config } = loadConfig(options.config as string | undefined, io.cwd);
  const flags = checkedFlags(options);
  const own = (path: string): string => {
    const near = relative(io.cwd, path);
    return near.startsWith('..') || near === '' ? path : near.split(sep).join('/');
  };
  return {
    configFile: file,
    models: (options.model as string[] | undefined) ?? config.models?.map(own) ?? [],
    asOf: options.asOf === undefined ? undefined : clock(String(options.asOf)),
    format: (options.format as string | undefined) ?? config.report?.format ?? 'terminal',
    output: (options.output as string | undefined) ?? config.report?.output,
    failOn: flags.failOn ?? config.failOn ?? 'low',
    maxUnknown: flags.maxUnknown ?? config.maxUnknown ?? 0,
    store: (options.store as string | undefined) ?? (config.store === undefined ? undefined : own(config.store)) ?? DEFAULT_STORE,
    sources: listed(options.source) ?? config.sources,
    concurrency: flags.concurrency ?? config.concurrency,
    clouds: cloudsOf(options, config),
    aws: awsSettings(options, config),
    gcp: gcpSettings(options, config),
  };
}

function awsSettings(options: Options, config: Config): Settings['aws'] {
  const aws = config.aws;
  return {
    profile: (options.profile as string | undefined) ?? aws?.profile,
    regions: matching(listed(options.region), '--region', /^[a-z]{2}(-[a-z]+)+-\d+$/, 'a region such as eu-west-1') ?? aws?.regions,
    accounts: matching(listed(options.account), '--account', /^\d{12}$/, 'an account id of twelve digits') ?? aws?.accounts,
    excludeAccounts:
      matching(listed(options.excludeAccount), '--exclude-account', /^\d{12}$/, 'an account id of twelve digits') ??
      aws?.excludeAccounts ??
      [],
    organization: (options.organization as boolean | undefined) ?? aws?.organization,
    role: {
      name: matching(one(options.roleName), '--role-name', /^\/?[\w+=,.@{}/-]{1,512}$/, 'a role name')?.[0] ?? aws?.role?.name,
      externalId:
        matching(
          one(options.externalId),
          '--external-id',
          /^[\w+=,.@:/-]{2,1224}$/,
          'an external id of 2 to 1224 letters, digits and +=,.@:/-',
        )?.[0] ?? aws?.role?.externalId,
      sessionName:
        matching(
          one(options.sessionName),
          '--session-name',
          /^[\w+=,.@-]{2,64}$/,
          'a session name of 2 to 64 letters, digits and +=,.@-',
        )?.[0] ?? aws?.role?.sessionName,
    },
  };
}

function gcpSettings(options: Options, config: Config): Settings['gcp'] {
  const gcp = config.gcp;
  const project = 'a project id such as card-vault';
  const organization =
    matching(one(options.gcpOrganization), '--gcp-organization', GCP_ORGANIZATION, 'an organization id of digits')?.[0] ??
    gcp?.organization;
  return {
    organization: organization?.replace(/^organizations\//, ''),
    projects: matching(listed(options.gcpProject), '--gcp-project', GCP_PROJECT, project) ?? gcp?.projects,
    excludeProjects:
      matching(listed(options.gcpExcludeProject), '--gcp-exclude-project', GCP_PROJECT, project) ?? gcp?.excludeProjects ?? [],
    impersonate:
      matching(one(options.gcpImpersonate), '--gcp-impersonate', GCP_SERVICE_ACCOUNT, 'the e-mail address of a service account')?.[0] ??
      gcp?.impersonate,
    quotaProject: matching(one(options.gcpQuotaProject), '--gcp-quota-project', GCP_PROJECT, project)?.[0] ?? gcp?.quotaProject,
  };
}

function one(value: unknown): string[] | undefined {
  return value === undefined ? undefined : [String(value)];
}

/** `--region a b` and `--region a,b` say the same. */
function listed(value: unknown): string[] | undefined {
  const all = (value as string[] | undefined)
    ?.flatMap((part) => part.split(','))
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return all === undefined ? undefined : [...new Set(all)];
}

function matching(values: string[] | undefined, flag: string, shape: RegExp, what: string): string[] | undefined {
  if (values?.length === 0) throw new InputError(`${flag} takes ${what}; it is empty`);
  const strange = values?.find((value) => !shape.test(value));
  if (strange !== undefined) throw new InputError(`${flag} takes ${what}, not "${strange}"`);
  return values;
}

function checkedFlags(options: Options): { failOn: FailOn | undefined; maxUnknown: number | undefined; concurrency: number | undefined } {
  const failOn = options.failOn as FailOn | undefined;
  if (failOn !== undefined && !FAIL_ON.includes(failOn))
    throw new InputError(`--fail-on takes one of ${FAIL_ON.join(', ')}, not "${failOn}"`);
  return {
    failOn,
    maxUnknown: wholeNumber(options.maxUnknown, '--max-unknown', 0),
    concurrency: wholeNumber(options.concurrency, '--concurrency', 1, 1000),
  };
}

export function wholeNumber(value: unknown, flag: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most))
    throw new InputError(
      `${flag} takes a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}, not "${String(value)}"`,
    );
  return number;
}

function clock(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InputError(`--as-of takes a time such as 2026-11-21T12:00:00Z, not "${text}"`);
  return new Date(time).toISOString();
}
