import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accessKeyOf, startReplay } from '../../connectors/aws/replay/server.ts';
import { enterGcpReplay } from '../../connectors/gcp/replay/environment.ts';
import { startGcpReplay } from '../../connectors/gcp/replay/server.ts';
import { callTable, readPaths } from '../../connectors/index.ts';
import { html } from '../../reports/html.ts';
import { terminal } from '../../reports/terminal.ts';
import { assessEvidence } from '../assess/pipeline.ts';
import type { EvidenceRecord } from '../model/evidence.ts';
import { InputError } from '../model/input-error.ts';
import { loadModels } from '../needs/model-file.ts';
import { loadRules } from '../needs/rules.ts';
import { readNdjson } from '../store/ndjson.ts';
import { printReport } from './assess-files.ts';
import { runCollect } from './collect-run.ts';
import type { Io } from './command.ts';
import { readEvidence } from './read-evidence.ts';
import type { Settings } from './settings.ts';
import { number } from './table.ts';
import { checkWritable } from './write-whole.ts';

/** When the recorded estate stands still. */
const CLOCK = '2026-11-21T12:00:00.000Z';
const REPORT = 'viewshed-demo.html';

/** Scans the recorded estate on loopback and reports on it. Gaps are what it is there to show: 0 unless something breaks. */
export async function runDemo(output: string | undefined, io: Io): Promise<number> {
  if (output !== undefined) checkWritable(output);
  const folder = estateFolder();
  const records: EvidenceRecord[] = [];
  for await (const { id: _, ...record } of readNdjson(join(folder, 'evidence.ndjson'))) records.push(record);
  const start = records.find((record) => record.op === 'DescribeOrganization')?.account ?? records[0]?.account ?? '';

  const work = mkdtempSync(join(tmpdir(), 'viewshed-demo-'));
  const replay = await startReplay(records, { remember: false });
  const restore = onlyDemoCredentials(replay.url, accessKeyOf(start));
  const google = records.some((record) => record.provider === 'gcp') ? await startGcpReplay(records, { remember: false }) : undefined;
  const leaveGoogle = google && enterGcpReplay(google);
  try {
    const settings = demoSettings(join(work, 'evidence.db'), join(folder, 'payments.yaml'), google && organizationOf(records));
    const summary = await runCollect(settings, {}, { ...io, talk: () => {} }, '', () => new Date(CLOCK));
    if (summary.stopped) return 130;
    const found = await readEvidence([settings.store], summary.scan);
    const models = loadModels(settings.models).map((one) => one.model);
    const { assessment } = assessEvidence(found, models, loadRules(), { callTable, readPaths }, CLOCK);
    io.talk(
      `Lumen Pay does not exist: ${number(summary.calls)} calls of the ${google ? 'AWS and Google Cloud SDKs' : 'AWS SDK'} to ${number(summary.accounts.total)} accounts${google ? ' and projects' : ''} were answered by ${google ? 'this machine' : replay.url} in ${summary.seconds.toFixed(1)} s.`,
    );
    const file = output ?? join(writable(io.cwd) ? io.cwd : mkdtempSync(join(tmpdir(), 'viewshed-report-')), REPORT);
    printReport(html, assessment, found, file, { ...io, talk: () => {} });
    printReport(terminal, assessment, found, undefined, io, `Every answer behind this, to open in a browser: ${resolve(file)}`);
    return 0;
  } finally {
    leaveGoogle?.();
    restore();
    await replay.close();
    await google?.close();
    rmSync(work, { recursive: true, force: true });
  }
}

/** The organization that the recorded projects belong to. */
function organizationOf(records: readonly EvidenceRecord[]): string | undefined {
  const account = records.find((record) => record.provider === 'gcp' && record.account?.startsWith('organizations/'))?.account;
  return account?.replace('organizations/', '');
}

function demoSettings(store: string, model: string, organization: string | undefined): Settings {
  return {
    configFile: undefined,
    models: [model],
    asOf: CLOCK,
    format: 'terminal',
    output: undefined,
    failOn: 'never',
    maxUnknown: 0,
    store,
    sources: undefined,
    concurrency: undefined,
    clouds: organization === undefined ? ['aws'] : ['aws', 'gcp'],
    aws: {
      profile: undefined,
      regions: undefined,
      accounts: undefined,
      excludeAccounts: [],
      organization: true,
      role: { name: undefined, externalId: undefined, sessionName: undefined },
    },
    gcp: { organization, projects: undefined, excludeProjects: [], impersonate: undefined, quotaProject: undefined },
  };
}

/** Leaves the SDK nothing but made-up keys and the loopback endpoint, so that no real credential or profile is used. Returns what undoes it. */
function onlyDemoCredentials(endpoint: string, accessKey: string): () => void {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'));
  const clear = (): void => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  };
  clear();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: 'made-up-for-the-demo',
    AWS_REGION: 'us-east-1',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  return () => {
    clear();
    for (const [name, value] of own) process.env[name] = value;
  };
}

/** The recorded estate in this package, from `src` and from `dist/src` alike. */
function estateFolder(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let up = start; up !== dirname(up); up = dirname(up)) {
    const folder = join(up, 'examples', 'estate');
    if (existsSync(join(folder, 'evidence.ndjson'))) return folder;
  }
  throw new InputError(`${start}: no examples folder is above this one; reinstall the package`);
}

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
