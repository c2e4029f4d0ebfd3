import type { Command, Io, Options } from '../command.ts';
import type { Settings } from '../settings.ts';
import { configOption } from '../shared-options.ts';

export const permissionsCommand: Command = {
  name: 'permissions',
  about: 'print the least privilege that a scan needs, read-only',
  arguments: [{ name: '<provider>', about: 'whose permissions', choices: ['aws', 'gcp'] }],
  options: [
    { flags: '--source <id...>', about: 'log sources to look at (see `viewshed sources`); left out: all' },
    {
      flags: '-f, --format <name>',
      about: 'how it is written; left out: json for aws, gcloud (a role file) for gcp',
      choices: ['json', 'terraform', 'cloudformation', 'gcloud'],
    },
    {
      flags: '--assume-role',
      about: 'also let the principal assume the role in other accounts, as the scanning account needs for an organization',
    },
    { flags: '--role-name <template>', about: 'the role in the other accounts; {account} stands for their id', default: 'ViewshedReader' },
    { flags: '--gcp-organization <id>', about: 'Google Cloud organization that the role is made in and granted on' },
    {
      flags: '--gcp-project <id...>',
      about: 'Google Cloud projects that the role is made in and granted on, where no organization is read',
    },
    { flags: '--gcp-impersonate <email>', about: 'service account that gets the role' },
    { flags: '-o, --output <file>', about: 'write it to a file instead of stdout' },
    configOption,
  ],
  notes: [
    'Every action is one that the declared calls need, stores included; nothing that writes is among them. A policy longer than IAM takes',
    '(6,144 characters) is split; JSON is then a list of policies. For Google Cloud it is a custom role, with the commands that grant it.',
  ],
  examples: [
    'viewshed permissions aws > viewshed-policy.json',
    'viewshed permissions aws --source aws.cloudtrail.management aws.vpc.flowlogs --format terraform',
    'viewshed permissions aws --format cloudformation > viewshed-reader.yaml   # role and policy, for a stack set',
    'viewshed permissions gcp --gcp-organization 123456789012 > viewshed-role.yaml',
  ],
  async run(options, [provider], io) {
    const [{ settingsOf }, { writeWhole }] = await Promise.all([import('../settings.ts'), import('../write-whole.ts')]);
    const settings = settingsOf(options, io);
    const { text, remarks } = provider === 'gcp' ? await gcpRole(options, settings) : await awsPolicies(options, settings);
    const output = options.output as string | undefined;
    if (output === undefined) io.out(text);
    else writeWhole(output, text, 0o644);
    talk(remarks, output, io);
    return 0;
  },
};

function talk(remarks: readonly string[], output: string | undefined, io: Io): void {
  for (const line of remarks) io.talk(line);
  if (output !== undefined) io.talk(`wrote ${output}`);
}

interface Printed {
  readonly text: string;
  readonly remarks: readonly string[];
}

async function formatOf<F extends string>(options: Options, formats: readonly F[], fallback: F, provider: string): Promise<F> {
  const { InputError } = await import('../../model/input-error.ts');
  const given = options.format as string | undefined;
  const format = given === undefined ? fallback : formats.find((one) => one === given);
  if (format === undefined) throw new InputError(`--format takes one of ${formats.join(', ')} for ${provider}, not "${given}"`);
  return format;
}

async function awsPolicies(options: Options, settings: Settings): Promise<Printed> {
  const [{ chosenSources }, { collectorsOf }, aws, { discoveryCalls }, { DEFAULT_ROLE }] = await Promise.all([
    import('../sources.ts'),
    import('../estates.ts'),
    import('../../../connectors/aws/permissions.ts'),
    import('../../../connectors/aws/organization.ts'),
    import('../../../connectors/aws/provider.ts'),
  ]);
  const format = await formatOf(options, aws.PERMISSION_FORMATS, 'json', 'aws');
  const roleName = settings.aws.role.name ?? DEFAULT_ROLE;
  const permissions = aws.permissionsOf(collectorsOf('aws', chosenSources(settings.sources)), discoveryCalls);
  const assume = aws.assumeRoleStatement(roleName);
  const policies = aws.policiesOf(permissions, options.assumeRole === true ? [assume] : []);
  const remarks = [
    `${permissions.length} read-only actions${settings.sources === undefined ? '' : ` for ${settings.sources.join(', ')}`}, for every account that is scanned.`,
    ...(policies.length > 1 ? [`Split into ${policies.length} policies: a managed policy holds ${aws.POLICY_CHARACTERS} characters.`] : []),
    ...(options.assumeRole === true
      ? []
      : [
          `The account that the scan starts from also needs sts:AssumeRole on ${assume.Resource} to reach the others (--assume-role adds it).`,
        ]),
  ];
  return { text: aws.printPolicies(policies, format, { roleName, comments: remarks }), remarks };
}

async function gcpRole(options: Options, settings: Settings): Promise<Printed> {
  const [{ chosenSources }, { collectorsOf }, gcp, { discoveryCalls }] = await Promise.all([
    import('../sources.ts'),
    import('../estates.ts'),
    import('../../../connectors/gcp/permissions.ts'),
    import('../../../connectors/gcp/hierarchy.ts'),
  ]);
  const format = await formatOf(options, gcp.ROLE_FORMATS, 'gcloud', 'gcp');
  const { organization, projects, impersonate: member, quotaProject } = settings.gcp;
  const binding = { organization, projects, member };
  const permissions = gcp.permissionsOf(collectorsOf('gcp', chosenSources(settings.sources)), discoveryCalls, binding);
  const remarks = [
    `${permissions.length} read-only permissions${settings.sources === undefined ? '' : ` for ${settings.sources.join(', ')}`}, ${
      gcp.ofProjects(binding)
        ? 'on the projects named; what they inherit from folders and the organization takes the role there'
        : 'on the organization, for all that is below it'
    }.`,
    ...(format === 'json' ? gcp.grantCommands(binding) : []),
    `Calls are counted against ${quotaProject ?? 'the quota project'}: there the caller also needs roles/serviceusage.serviceUsageConsumer, and the APIs enabled.`,
  ];
  return { text: gcp.printRole(permissions, format, binding), remarks };
}
