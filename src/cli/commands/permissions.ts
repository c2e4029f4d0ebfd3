import type { Command } from '../command.ts';
import { configOption } from '../shared-options.ts';

export const permissionsCommand: Command = {
  name: 'permissions',
  about: 'print the least privilege that a scan needs, read-only',
  arguments: [{ name: '<provider>', about: 'whose permissions', choices: ['aws'] }],
  options: [
    { flags: '--source <id...>', about: 'log sources to look at (see `viewshed sources`); left out: all' },
    { flags: '-f, --format <name>', about: 'how it is written', default: 'json', choices: ['json', 'terraform', 'cloudformation'] },
    {
      flags: '--assume-role',
      about: 'also let the principal assume the role in other accounts, as the scanning account needs for an organization',
    },
    { flags: '--role-name <template>', about: 'the role in the other accounts; {account} stands for their id', default: 'ViewshedReader' },
    { flags: '-o, --output <file>', about: 'write it to a file instead of stdout' },
    configOption,
  ],
  notes: [
    'Every action is one that the declared calls need, stores included; nothing that writes is among them. A policy longer than IAM takes',
    '(6,144 characters) is split; JSON is then a list of policies.',
  ],
  examples: [
    'viewshed permissions aws > viewshed-policy.json',
    'viewshed permissions aws --source aws.cloudtrail.management aws.vpc.flowlogs --format terraform',
    'viewshed permissions aws --format cloudformation > viewshed-reader.yaml   # role and policy, for a stack set',
  ],
  async run(options, _positional, io) {
    const [{ settingsOf }, { chosenSources }, connectors, aws, { discoveryCalls }, { DEFAULT_ROLE }, { writeWhole }] = await Promise.all([
      import('../settings.ts'),
      import('../sources.ts'),
      import('../../../connectors/index.ts'),
      import('../../../connectors/aws/permissions.ts'),
      import('../../../connectors/aws/organization.ts'),
      import('../../../connectors/aws/provider.ts'),
      import('../write-whole.ts'),
    ]);
    const settings = settingsOf(options, io);
    const roleName = settings.aws.role.name ?? DEFAULT_ROLE;
    const collectors = aws.collectorsFor(connectors.collectors, chosenSources(settings.sources));
    const permissions = aws.permissionsOf(
      collectors.filter((one) => one.provider === 'aws'),
      discoveryCalls,
    );
    const assume = aws.assumeRoleStatement(roleName);
    const policies = aws.policiesOf(permissions, options.assumeRole === true ? [assume] : []);
    const remarks = [
      `${permissions.length} read-only actions${settings.sources === undefined ? '' : ` for ${settings.sources.join(', ')}`}, for every account that is scanned.`,
      ...(policies.length > 1
        ? [`Split into ${policies.length} policies: a managed policy holds ${aws.POLICY_CHARACTERS} characters.`]
        : []),
      ...(options.assumeRole === true
        ? []
        : [
            `The account that the scan starts from also needs sts:AssumeRole on ${assume.Resource} to reach the others (--assume-role adds it).`,
          ]),
    ];
    const format = (options.format as 'json' | undefined) ?? 'json';
    const text = aws.printPolicies(policies, format, { roleName, comments: remarks });
    const output = options.output as string | undefined;
    if (output === undefined) io.out(text);
    else writeWhole(output, text, 0o644);
    for (const line of remarks) io.talk(line);
    if (output !== undefined) io.talk(`wrote ${output}`);
    return 0;
  },
};
