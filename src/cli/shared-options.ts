import type { OptionSpec } from './command.ts';

export const SEVERITY_CHOICES = ['info', 'low', 'medium', 'high', 'critical', 'never'] as const;

export const configOption: OptionSpec = {
  flags: '--config <file>',
  about: 'configuration; left out: viewshed.yaml of this folder, where there is one',
};

export const storeOption: OptionSpec = { flags: '--store <file>', about: 'evidence store', default: '.viewshed/evidence.db' };

/** How threat models are read, where their files do not tell. */
export const modelReadingOptions: readonly OptionSpec[] = [
  {
    flags: '--retention <profile>',
    about: 'retention profile for needs that the model states no time for; left out: by its data, else 365 days',
  },
  {
    flags: '--layer <meaning>',
    about: 'what techniques of an ATT&CK Navigator layer are; left out: threats',
    choices: ['threats', 'detections'],
  },
  { flags: '--overlay <file>', about: 'corrections to the model; left out: <model>.viewshed.yaml beside it, where there is one' },
];

/** What every command that judges takes. */
export const assessmentOptions: readonly OptionSpec[] = [
  { flags: '-m, --model <file...>', about: 'threat models of any format; left out: the built-in account baseline' },
  ...modelReadingOptions,
  { flags: '--as-of <time>', about: 'the clock, ISO 8601; left out: the time of the newest answer' },
  { flags: '-f, --format <name>', about: 'terminal, json or html', default: 'terminal' },
  { flags: '-o, --output <file>', about: 'write the report to a file instead of stdout' },
  { flags: '--fail-on <severity>', about: 'exit with 1 for gaps of threats at or above it', default: 'low', choices: SEVERITY_CHOICES },
  { flags: '--max-unknown <number>', about: 'exit with 3 above so many unknown needs, where no gap was found', default: 0 },
];

/** Where AWS is read, for commands that call it or plan to. */
export const placeOptions: readonly OptionSpec[] = [
  { flags: '--region <region...>', about: 'regions to take, of those that are enabled; left out: all of them' },
  { flags: '--account <id...>', about: 'accounts to take; left out: all of the organization' },
  { flags: '--exclude-account <id...>', about: 'accounts to leave out' },
  { flags: '--source <id...>', about: 'log sources to look at (see `viewshed sources`); left out: all' },
  { flags: '--concurrency <number>', about: 'calls under way at once', default: 48 },
];

/** Where Google Cloud is read. To give one of them is to ask for it. */
export const gcpPlaceOptions: readonly OptionSpec[] = [
  { flags: '--gcp-organization <id>', about: 'Google Cloud organization to read, with all its folders and projects' },
  { flags: '--gcp-project <id...>', about: 'Google Cloud projects to read, with what they inherit from' },
  { flags: '--gcp-exclude-project <id...>', about: 'Google Cloud projects to leave out' },
];

const gcpCallOptions: readonly OptionSpec[] = [
  { flags: '--gcp-impersonate <email>', about: 'service account to act as; left out: the application-default credentials' },
  { flags: '--gcp-quota-project <id>', about: 'project that Google Cloud calls are counted against' },
];

/** How the clouds are called. Credentials come from the default chains or a profile, never from a flag. */
export const collectOptions: readonly OptionSpec[] = [
  { flags: '--profile <name>', about: 'profile of the shared AWS files; left out: the default credentials' },
  ...placeOptions,
  { flags: '--organization', about: 'look for the accounts of the organization (the default)' },
  { flags: '--no-organization', about: 'stay in the account that the credentials belong to' },
  {
    flags: '--role-name <template>',
    about: 'role to assume in each other account; {account} stands for its id',
    default: 'ViewshedReader',
  },
  { flags: '--external-id <id>', about: 'external id that the role asks for' },
  { flags: '--session-name <name>', about: 'session name, as CloudTrail will show it', default: 'viewshed' },
  ...gcpPlaceOptions,
  ...gcpCallOptions,
  storeOption,
  { flags: '--resume', about: 'go on with the newest scan that was broken off; no finished call is made again' },
  { flags: '--export <file>', about: 'write the evidence as NDJSON too (.gz: compressed)' },
];
