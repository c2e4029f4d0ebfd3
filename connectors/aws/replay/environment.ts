import { devNull } from 'node:os';
import { accessKeyOf } from './wire/request.ts';

/**
 * Leads every SDK client made from now on to a replay, as this account, and away from the machine's own profiles, keys and endpoints: no request can
 * leave the machine by what its owner has set up. Returns what puts the environment back.
 */
export function enterReplay(replay: { readonly url: string }, account: string): () => void {
  const before = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'));
  const leave = (): void => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  };
  leave();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: replay.url,
    AWS_ACCESS_KEY_ID: accessKeyOf(account),
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_SESSION_TOKEN: 'example',
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  });
  return () => {
    leave();
    Object.assign(process.env, Object.fromEntries(before));
  };
}
