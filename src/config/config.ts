import { z } from 'zod';
import { SourceId } from '../model/source.ts';

const path = z.string().min(1).max(4096);
const account = z.string().regex(/^\d{12}$/, 'an AWS account id has twelve digits, in quotes');
const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'a region looks like eu-west-1');

/** A project id, with its domain where it has one. https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects */
export const GCP_PROJECT = /^(?:[a-z0-9][a-z0-9.-]{0,251}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
export const GCP_ORGANIZATION = /^(?:organizations\/)?\d{1,20}$/;
export const GCP_SERVICE_ACCOUNT = /^[\w.-]{1,128}@[\w.-]{1,255}\.[a-z]{2,24}$/;
const project = z.string().regex(GCP_PROJECT, 'a project id looks like card-vault');

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export const FAIL_ON = [...SEVERITIES, 'never'] as const;

/** `viewshed.yaml` (public contract, version 1). Paths are relative to the file. Credentials have no place in it. */
export const Config = z.strictObject({
  version: z.literal(1).default(1).describe('Version of this format.'),
  models: z.array(path).max(1000).optional().describe('Threat models. Left out: the built-in account baseline.'),
  sources: z.array(SourceId).max(1000).optional().describe('Log sources to look at. Left out: all that Viewshed can read.'),
  store: path.optional().describe('Where evidence is kept. Default: .viewshed/evidence.db'),
  aws: z
    .strictObject({
      profile: z.string().min(1).max(256).optional().describe('Profile of the shared AWS files. Left out: the default credentials.'),
      regions: z.array(region).min(1).max(100).optional().describe('Regions to take, of those that are enabled. Left out: all of them.'),
      accounts: z.array(account).min(1).max(20_000).optional().describe('Accounts to take. Left out: all of the organization.'),
      excludeAccounts: z.array(account).max(20_000).optional().describe('Accounts to leave out.'),
      organization: z.boolean().optional().describe('Whether to look for the accounts of the organization. Default: true'),
      role: z
        .strictObject({
          name: z
            .string()
            .regex(/^\/?[\w+=,.@{}/-]{1,512}$/, 'a role name, with a path if it has one')
            .optional()
            .describe('Role to assume in each other account; {account} stands for its id. Default: ViewshedReader'),
          externalId: z
            .string()
            .regex(/^[\w+=,.@:/-]{2,1224}$/, 'an external id has 2 to 1224 letters, digits and +=,.@:/-')
            .optional()
            .describe('External id that the role asks for.'),
          sessionName: z
            .string()
            .regex(/^[\w+=,.@-]{2,64}$/, 'a session name has 2 to 64 letters, digits and +=,.@-')
            .optional()
            .describe('Session name, as CloudTrail will show it. Default: viewshed'),
        })
        .optional()
        .describe('The role that is assumed in each other account.'),
    })
    .optional()
    .describe('How AWS is read.'),
  gcp: z
    .strictObject({
      organization: z
        .string()
        .regex(GCP_ORGANIZATION, 'an organization id has digits alone, in quotes')
        .optional()
        .describe('Id of the organization, in quotes: all folders and projects of it. Left out: the projects named.'),
      projects: z
        .array(project)
        .min(1)
        .max(20_000)
        .optional()
        .describe(
          'Projects to take, with what they inherit from. Left out: all of the organization, or the one that the credentials belong to.',
        ),
      excludeProjects: z.array(project).max(20_000).optional().describe('Projects to leave out.'),
      impersonate: z
        .string()
        .regex(GCP_SERVICE_ACCOUNT, 'the e-mail address of a service account')
        .optional()
        .describe('Service account to act as. Left out: the application-default credentials themselves.'),
      quotaProject: project.optional().describe('Project that calls are counted against. Left out: that of the credentials.'),
    })
    .optional()
    .describe('How Google Cloud is read. Left out: it is not.'),
  concurrency: z.number().int().min(1).max(1000).optional().describe('Calls under way at once. Default: 48'),
  report: z
    .strictObject({
      format: z.string().max(64).optional().describe('terminal, json or html. Default: terminal'),
      output: path.optional().describe('File to write the report to. Left out: stdout.'),
    })
    .optional()
    .describe('What is printed.'),
  failOn: z.enum(FAIL_ON).optional().describe('Exit with 1 for gaps of threats at or above this severity. Default: low'),
  maxUnknown: z.number().int().min(0).optional().describe('Exit with 3 above so many unknown needs, where no gap was found. Default: 0'),
});
export type Config = z.infer<typeof Config>;

export const CONFIG_FILE = 'viewshed.yaml';
export const CONFIG_SCHEMA_FILE = 'docs/schemas/viewshed-config.schema.json';

/** The JSON Schema of `viewshed.yaml`, for editors. */
export function configSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' });
  return `${JSON.stringify({ $schema, title: 'Viewshed configuration', ...schema }, undefined, 2)}\n`;
}
