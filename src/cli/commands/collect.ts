import type { Command } from '../command.ts';
import { collectOptions, configOption } from '../shared-options.ts';

export const collectCommand: Command = {
  name: 'collect',
  about: 'read what is configured in AWS and Google Cloud into the evidence store, read-only; judges nothing',
  stoppable: true,
  options: [...collectOptions, configOption],
  notes: [
    "Credentials come from the AWS SDK's default chain or a profile. The accounts of the organization are found from its management account or a",
    'delegated administrator, and entered through a role. Every answer is kept as answered, refusals too. Ctrl-C stops cleanly; --resume goes on.',
    'Google Cloud is read where a --gcp-* flag or `gcp:` in viewshed.yaml asks for it, with application-default credentials; alone, unless AWS is',
    'asked for too.',
    '',
    'Exit codes: 0 done, 2 wrong usage or input, 3 not all of it was answered or it was stopped.',
  ],
  examples: [
    'viewshed collect',
    'viewshed collect --profile audit --role-name SecurityAudit --export evidence.ndjson.gz',
    'viewshed collect --no-organization --region eu-west-1 us-east-1',
    'viewshed collect --gcp-organization 123456789012 --gcp-impersonate viewshed@audit-tools.iam.gserviceaccount.com',
    'viewshed collect --resume',
  ],
  async run(options, _positional, io) {
    const [{ settingsOf }, { resumeLine, runCollect }] = await Promise.all([import('../settings.ts'), import('../collect-run.ts')]);
    const summary = await runCollect(settingsOf(options, io), options, io, resumeLine('collect', io.argv));
    if (summary.stopped) return 3;
    const { denied, throttled, unreachable, expired, 'server-error': failed } = summary.outcomes;
    const incomplete =
      denied + throttled + unreachable + expired + failed > 0 ||
      summary.failures.length > 0 ||
      summary.notStarted.length > 0 ||
      summary.accounts.denied > 0;
    return incomplete ? 3 : 0;
  },
};
