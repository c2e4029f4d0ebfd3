import { existsSync } from 'node:fs';
import { estateOf } from '../../connectors/aws/estate.ts';
import { gcpEstateOf } from '../../connectors/gcp/places.ts';
import { callTable } from '../../connectors/index.ts';
import { openStore } from '../store/evidence-store.ts';
import { EvidenceView } from '../store/view.ts';
import type { Cloud, Settings } from './settings.ts';

/** Regions that every account of the commercial partition has without opting in. https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html */
const DEFAULT_REGIONS = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
];

export interface PlannedEstate {
  readonly provider: Cloud;
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  /** Where the accounts and regions are known from, in words. */
  readonly from: string;
}

/** What to plan for in each cloud that is read. */
export function estatesFor(settings: Settings): readonly PlannedEstate[] {
  return settings.clouds.map((cloud) => (cloud === 'gcp' ? gcpEstate(settings) : awsEstate(settings)));
}

/** Projects, folders and organizations: as told, else as the newest scan saw them, else one project. */
function gcpEstate(settings: Settings): PlannedEstate {
  const { organization, projects, excludeProjects } = settings.gcp;
  const seen = projects === undefined ? lastScan(settings.store)?.gcp : undefined;
  const above = organization === undefined ? [] : [`organizations/${organization}`];
  const chosen = seen && seen.length > 0 ? seen : [...above, ...(projects ?? (organization === undefined ? ['this project'] : []))];
  const from =
    projects !== undefined
      ? 'the projects named'
      : chosen === seen
        ? 'the projects, folders and organization of the newest scan'
        : organization === undefined
          ? 'one project'
          : 'the organization alone: what is below it shows on the way';
  return { provider: 'gcp', accounts: chosen.filter((id) => !excludeProjects.includes(id)), regions: ['global'], from };
}

/** Accounts and regions: as told, else as the newest scan saw them, else one account in the default regions. */
function awsEstate(settings: Settings): PlannedEstate {
  const { accounts, regions, excludeAccounts } = settings.aws;
  const seen = accounts === undefined || regions === undefined ? lastScan(settings.store)?.aws : undefined;
  const chosen = (accounts ?? seen?.accounts ?? ['this account']).filter((id) => !excludeAccounts.includes(id));
  const told = [
    accounts !== undefined ? 'the accounts named' : seen ? 'the accounts of the newest scan' : 'one account',
    regions !== undefined ? 'the regions named' : seen ? 'the regions of the newest scan' : 'the regions that are enabled by default',
  ];
  return { provider: 'aws', accounts: chosen, regions: regions ?? seen?.regions ?? DEFAULT_REGIONS, from: told.join(', ') };
}

interface LastScan {
  readonly aws: { readonly accounts: string[]; readonly regions: string[] } | undefined;
  readonly gcp: readonly string[];
}

function lastScan(path: string): LastScan | undefined {
  if (!existsSync(path)) return undefined;
  const store = openStore(path, { readOnly: true });
  try {
    const scan = store.scans().at(-1);
    if (!scan) return undefined;
    const view = new EvidenceView(discovery(store.records(scan.id)), callTable);
    const estate = estateOf(view);
    const open = estate.accounts.filter((account) => account.state.state !== 'skipped');
    const regions = [...new Set(open.flatMap((account) => account.regions))].sort();
    return {
      aws: open.length > 0 && regions.length > 0 ? { accounts: open.map((account) => account.id), regions } : undefined,
      gcp: gcpEstateOf(view)
        .containers.filter((one) => one.closed === undefined)
        .map((one) => one.account),
    };
  } finally {
    store.close();
  }
}

const DISCOVERY = new Set(['sts', 'organizations', 'account', 'cloudresourcemanager', 'cloudasset']);

/** Only what tells accounts and regions, so that a large scan is not read into memory for a plan. */
function* discovery<T extends { readonly service: string; readonly op: string }>(records: Iterable<T>): Generator<T> {
  for (const record of records) if (DISCOVERY.has(record.service) || record.op === 'DescribeRegions') yield record;
}
