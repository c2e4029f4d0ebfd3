import { z } from 'zod';
import type { Answer, CallSpec } from '../../src/collect/collector.ts';
import type { Desk, Session, Target } from '../../src/collect/provider.ts';

const MANAGER = 'https://cloudresourcemanager.googleapis.com';
const PAGES = { from: 'nextPageToken', to: 'pageToken' } as const;

/**
 * Calls that find organizations, folders and projects. https://docs.cloud.google.com/resource-manager/reference/rest and
 * https://docs.cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/searchAllResources
 */
export const discoveryCalls = {
  'cloudasset:searchAllResources': {
    permission: 'cloudasset.assets.searchAllResources',
    url: 'GET https://cloudasset.googleapis.com/v1/{+scope}:searchAllResources',
    pages: PAGES,
    why: 'all folders and projects of the organization in one list',
  },
  'cloudresourcemanager:organizations.get': {
    permission: 'resourcemanager.organizations.get',
    url: `GET ${MANAGER}/v3/{+name}`,
    why: 'the name of the organization',
  },
  'cloudresourcemanager:folders.get': {
    permission: 'resourcemanager.folders.get',
    url: `GET ${MANAGER}/v3/{+name}`,
    per: 'resource',
    why: 'the name of a folder, and what it lies in',
  },
  'cloudresourcemanager:folders.list': {
    permission: 'resourcemanager.folders.list',
    url: `GET ${MANAGER}/v3/folders`,
    pages: PAGES,
    per: 'resource',
    why: 'the folders below one, where the asset inventory cannot be searched',
  },
  'cloudresourcemanager:projects.list': {
    permission: 'resourcemanager.projects.list',
    url: `GET ${MANAGER}/v3/projects`,
    pages: PAGES,
    per: 'resource',
    why: 'the projects below a folder, where the asset inventory cannot be searched',
  },
  'cloudresourcemanager:projects.get': {
    permission: 'resourcemanager.projects.get',
    url: `GET ${MANAGER}/v3/{+name}`,
    per: 'account',
    why: 'whether the project is active, its number, and what it lies in',
  },
  'cloudresourcemanager:projects.getAncestry': {
    permission: 'resourcemanager.projects.get',
    url: `POST ${MANAGER}/v1/projects/{projectId}:getAncestry`,
    per: 'resource',
    why: 'the folders and the organization that a project inherits from',
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

export const PROJECT_TYPE = 'cloudresourcemanager.googleapis.com/Project';
export const FOLDER_TYPE = 'cloudresourcemanager.googleapis.com/Folder';

/** A search result of the asset inventory, as far as projects and folders need it. */
export const FoundAssets = z.object({
  results: z
    .array(
      z.object({
        name: z.string(),
        assetType: z.string(),
        project: z.string().optional(),
        displayName: z.string().optional(),
        parentFullResourceName: z.string().optional(),
        state: z.string().optional(),
        additionalAttributes: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .default([]),
});

/** A project or folder out of the asset inventory. `id` is `projects/card-vault` or `folders/2`. */
export interface FoundContainer {
  readonly id: string;
  readonly number: string | undefined;
  readonly name: string | undefined;
  readonly parent: string | undefined;
  readonly state: string | undefined;
}

/** The projects and folders of one page of search results. */
export function containersFound(page: z.infer<typeof FoundAssets>): readonly FoundContainer[] {
  return page.results.flatMap((asset) => {
    if (asset.assetType !== PROJECT_TYPE && asset.assetType !== FOLDER_TYPE) return [];
    const id = bare(asset.name);
    const projectId = asset.additionalAttributes?.projectId;
    const known = asset.assetType === PROJECT_TYPE && typeof projectId === 'string' && projectId !== '' ? `projects/${projectId}` : id;
    const number = [asset.project ?? '', id].map((one) => /^projects\/(\d+)$/.exec(one)?.[1]).find((one) => one !== undefined);
    const parent = asset.parentFullResourceName === undefined ? undefined : bare(asset.parentFullResourceName);
    return [{ id: known, number, name: asset.displayName, parent, state: asset.state }];
  });
}

/** `//cloudresourcemanager.googleapis.com/folders/2` is `folders/2`. */
function bare(fullName: string): string {
  return fullName.replace(/^\/\/cloudresourcemanager\.googleapis\.com\//, '');
}

export const ProjectAnswer = z.object({
  name: z.string().default(''),
  projectId: z.string(),
  parent: z.string().optional(),
  state: z.string().optional(),
});
const ProjectsPage = z.object({ projects: z.array(ProjectAnswer).default([]) });
const FolderAnswer = z.object({ name: z.string(), parent: z.string().optional(), state: z.string().optional() });
const FoldersPage = z.object({ folders: z.array(FolderAnswer).default([]) });
const Ancestry = z.object({
  ancestor: z
    .array(z.object({ resourceId: z.object({ type: z.string(), id: z.union([z.string(), z.number().transform(String)]) }) }))
    .default([]),
});

/** A container to be scanned, and what its list told of it. */
export interface Found extends Target {
  readonly number?: string | undefined;
  /** Whether a list described it, so that it need not be asked for once more. */
  readonly described?: boolean;
}

/** `organizations/1` and everything below it. What cannot be listed is a refused call in the evidence, and the walk goes on beside it. */
export async function* organizationTargets(
  desk: Desk,
  organization: string,
  sessionOf: (account: string) => Session,
): AsyncGenerator<Found> {
  yield { id: organization };
  const found = await desk.ask(sessionOf(organization), 'cloudasset:searchAllResources', {
    scope: organization,
    assetTypes: [PROJECT_TYPE, FOLDER_TYPE],
    pageSize: 500,
  });
  const seen = new Set<string>();
  for (const one of listed(found, FoundAssets).flatMap(containersFound)) {
    seen.add(one.id);
    yield { ...targetOf(one.id, one.state), number: one.number, described: true };
  }
  // A list that broke off told only some; the walk finds the rest.
  if (!found.ok || seen.size === 0) yield* below(desk, organization, sessionOf, seen);
}

async function* below(desk: Desk, top: string, sessionOf: (account: string) => Session, seen: Set<string>): AsyncGenerator<Found> {
  const waiting = [top];
  const visited = new Set<string>();
  for (let parent = waiting.shift(); parent !== undefined; parent = waiting.shift()) {
    if (visited.has(parent)) continue;
    visited.add(parent);
    const session = sessionOf(parent);
    const [folders, projects] = await Promise.all([
      desk.ask(session, 'cloudresourcemanager:folders.list', { parent, pageSize: 300 }),
      desk.ask(session, 'cloudresourcemanager:projects.list', { parent, pageSize: 300 }),
    ]);
    for (const folder of listed(folders, FoldersPage).flatMap((page) => page.folders)) {
      waiting.push(folder.name);
      if (!seen.has(folder.name)) yield { ...targetOf(folder.name, folder.state), described: true };
    }
    for (const project of listed(projects, ProjectsPage).flatMap((page) => page.projects)) {
      const id = `projects/${project.projectId}`;
      if (!seen.has(id)) yield { ...targetOf(id, project.state), number: numberIn(project.name), described: true };
    }
  }
}

/** A project, and before it the folders and the organization that it inherits from. */
export async function* projectTargets(desk: Desk, project: string, sessionOf: (account: string) => Session): AsyncGenerator<Found> {
  const session = sessionOf(project);
  const ancestry = await desk.ask(session, 'cloudresourcemanager:projects.getAncestry', { projectId: project });
  const chain = listed(ancestry, Ancestry).flatMap((page) => page.ancestor.map(({ resourceId }) => `${resourceId.type}s/${resourceId.id}`));
  const above = chain.filter((id) => /^(folders|organizations)\/\d+$/.test(id));
  if (ancestry.ok) for (const id of above) yield { id };
  else yield* parents(desk, project, sessionOf);
  yield { id: project };
}

/** Step by step upwards, as far as the folders can be read. */
async function* parents(desk: Desk, project: string, sessionOf: (account: string) => Session): AsyncGenerator<Found> {
  const answer = await desk.ask(sessionOf(project), 'cloudresourcemanager:projects.get', { name: `projects/${project}` });
  let parent = listed(answer, ProjectAnswer)[0]?.parent;
  for (let depth = 0; parent !== undefined && /^(folders|organizations)\/\d+$/.test(parent) && depth < 32; depth++) {
    yield { id: parent };
    if (parent.startsWith('organizations/')) return;
    const folder = await desk.ask(sessionOf(parent), 'cloudresourcemanager:folders.get', { name: parent });
    parent = listed(folder, FolderAnswer)[0]?.parent;
  }
}

function targetOf(id: string, state: string | undefined): Target {
  const account = id.startsWith('projects/') ? id.slice('projects/'.length) : id;
  if (state === undefined || state === 'ACTIVE' || state === 'STATE_UNSPECIFIED') return { id: account };
  return { id: account, skip: `the ${id.startsWith('projects/') ? 'project' : 'folder'} is ${state}` };
}

export function numberIn(name: string): string | undefined {
  return /^projects\/(\d+)$/.exec(name)?.[1];
}

function listed<T>(answer: Answer, shape: z.ZodType<T>): T[] {
  return answer.pages.flatMap((page) => {
    const read = shape.safeParse(page);
    return read.success ? [read.data] : [];
  });
}
