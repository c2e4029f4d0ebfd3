import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CONFIG_SCHEMA_FILE } from './config.ts';

/** `viewshed.yaml` as `viewshed init` writes it into a folder: everything there is to set, with its default, as comments. */
export function configText(folder: string): string {
  return `# yaml-language-server: $schema=${schemaFor(folder)}
# Viewshed configuration. Flags override what is set here; \`viewshed scan --help\` explains them.
# Credentials have no place in it: they come from the AWS SDK's default chain or the profile named below, and from Google's
# application-default credentials.
version: 1

# Threat models, relative to this file. Left out: the built-in account baseline.
# models: [threats/payments.yaml]

# Log sources to look at; \`viewshed sources\` lists them. Left out: all.
# sources: [aws.cloudtrail.management, aws.vpc.flowlogs]

# Where evidence is kept. It holds the configuration of your accounts: keep it private.
# store: .viewshed/evidence.db

aws:
  # Profile of the shared AWS files. Left out: the default credentials.
  # profile: audit

  # Look for the accounts of the organization; false stays in the account that the credentials belong to.
  organization: true

  # Accounts to take or to leave out, in quotes. Left out: all of the organization.
  # accounts: ["111122223333"]
  # excludeAccounts: ["444455556666"]

  # Regions to take, of those that are enabled. Left out: all of them.
  # regions: [eu-west-1, us-east-1]

  # The role that is assumed in each other account; {account} stands for its id.
  # \`viewshed permissions aws --format cloudformation\` prints one.
  role:
    name: ViewshedReader
    # externalId: an-external-id
    # sessionName: viewshed

# Google Cloud is read where this is set; without \`aws:\` above, it alone.
# gcp:
#   # Id of the organization, in quotes: all its folders and projects.
#   organization: "123456789012"
#   # Or these projects, with what they inherit from. Left out with no organization: the project of the credentials.
#   projects: [card-vault]
#   excludeProjects: [sandbox-1]
#   # Service account to act as; \`viewshed permissions gcp\` prints the role that it needs.
#   impersonate: viewshed@audit-tools.iam.gserviceaccount.com
#   # Project that calls are counted against.
#   quotaProject: audit-tools

# Calls under way at once.
# concurrency: 48

# report:
#   format: terminal          # terminal, json or html
#   output: report.html       # left out: stdout

# Exit with 1 for gaps of threats at or above this severity: info, low, medium, high, critical; never.
failOn: low

# Exit with 3 above so many unknown needs, where no gap was found.
maxUnknown: 0
`;
}

/** The schema in this package: relative where it lies below the folder, so that the file can be shared. */
function schemaFor(folder: string): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let up = start; up !== dirname(up); up = dirname(up)) {
    const schema = join(up, CONFIG_SCHEMA_FILE);
    if (!existsSync(join(up, 'package.json')) || !existsSync(join(up, 'rules'))) continue;
    const near = relative(folder, schema);
    return near.startsWith('..') ? pathToFileURL(schema).href : `./${near.split(sep).join('/')}`;
  }
  return CONFIG_SCHEMA_FILE;
}
