import { devNull } from 'node:os';

const NAMES = /^(GOOGLE_|CLOUDSDK_|GCLOUD_|GCE_|METADATA_SERVER|VIEWSHED_GCP_)|^(gcloud_project|google_)|^https?_proxy$/i;

/**
 * Leads every client made from now on to a replay, with a made-up token, and away from the machine's own credentials, projects, proxies and metadata
 * server: no request can leave the machine by what its owner has set up. Returns what puts the environment back.
 */
export function enterGcpReplay(replay: { readonly url: string }, project?: string): () => void {
  const before = Object.entries(process.env).filter(([name]) => NAMES.test(name));
  const leave = (): void => {
    for (const name of Object.keys(process.env)) if (NAMES.test(name)) delete process.env[name];
  };
  leave();
  Object.assign(process.env, {
    VIEWSHED_GCP_ENDPOINT: replay.url,
    GOOGLE_OAUTH_ACCESS_TOKEN: 'example-token',
    GOOGLE_APPLICATION_CREDENTIALS: devNull,
    METADATA_SERVER_DETECTION: 'none',
    ...(project === undefined ? {} : { GOOGLE_CLOUD_PROJECT: project }),
  });
  return () => {
    leave();
    Object.assign(process.env, Object.fromEntries(before));
  };
}
