import { z } from 'zod';
import type { AccountState, Unknown } from '../../src/model/assessment.ts';
import { type Answered, type EvidenceView, isRefusal } from '../../src/store/view.ts';
import { containersFound, FoundAssets } from './hierarchy.ts';

/** A project, folder or organization that the evidence names. */
export interface GcpContainer {
  /** `projects/card-vault` (by project id), `folders/2`, `organizations/1`. */
  readonly id: string;
  readonly type: 'project' | 'folder' | 'organization';
  /** As evidence and scopes name it: `card-vault`, `folders/2`, `organizations/1`. */
  readonly account: string;
  /** Of a project; undefined: not known. */
  readonly number: string | undefined;
  readonly name: string;
  /** `folders/2` or `organizations/1`; undefined: none, or not known (then `parentUnknown` is set). */
  readonly parent: string | undefined;
  readonly parentUnknown: Unknown | undefined;
  /** Whether any call in it was answered. */
  readonly reached: boolean;
  /** Set where nothing can happen in it any more: `the project is DELETE_REQUESTED`. */
  readonly closed: string | undefined;
  /** What became of scanning it, with the reason. */
  readonly state: AccountState;
  readonly evidence: readonly number[];
}

/** The ancestors of a container, the nearest first, and why there may be more. */
export interface Ancestors {
  readonly known: readonly GcpContainer[];
  /** Set where the chain breaks off: above the last known one there may be anything. */
  readonly unknown: Unknown | undefined;
}

export interface GcpEstate {
  /** What belongs to the estate: answered, asked or listed. */
  readonly containers: readonly GcpContainer[];
  readonly projects: readonly GcpContainer[];
  readonly folders: readonly GcpContainer[];
  readonly organizations: readonly GcpContainer[];
  /** Of all that any record names, also folders and organizations that are only named as parents; projects by id and by number. */
  find(container: string): GcpContainer | undefined;
  ancestorsOf(container: string): Ancestors;
  /** Why there may be projects and folders that no record names. */
  readonly unlisted: readonly Unknown[];
}

const Numeric = z.union([z.string(), z.number().transform(String)]);

/** Versions 1 to 3 of the Resource Manager API name the same things differently. */
const Project = z.object({
  name: z.string().optional(),
  projectId: z.string(),
  projectNumber: Numeric.optional(),
  displayName: z.string().optional(),
  state: z.string().optional(),
  lifecycleState: z.string().optional(),
  parent: z.union([z.string(), z.object({ type: z.string(), id: Numeric })]).optional(),
});
const Folder = z.object({
  name: z.string(),
  parent: z.string().optional(),
  displayName: z.string().optional(),
  state: z.string().optional(),
  lifecycleState: z.string().optional(),
});
const Organization = Folder;

const Projects = z.object({ projects: z.array(Project).default([]) });
const Folders = z.object({ folders: z.array(Folder).default([]) });
const Organizations = z.object({ organizations: z.array(Organization).default([]) });
const Ancestry = z.object({ ancestor: z.array(z.object({ resourceId: z.object({ type: z.string(), id: Numeric }) })).default([]) });

const manager = (op: string) => `gcp/cloudresourcemanager:${op}`;

/** The container that an account of the evidence stands for: `card-vault` is `projects/card-vault`. */
export function containerOf(account: string): string {
  return account.includes('/') ? account : `projects/${account}`;
}

/** The account that evidence and scopes name a container by: `projects/card-vault` is `card-vault`. */
export function accountOf(container: string): string {
  return container.startsWith('projects/') ? container.slice('projects/'.length) : container;
}

/** The id of the hop that stands for the Log Router of a container (`projects/P`, `folders/F`, `organizations/O`). */
export function routerId(container: string): string {
  return `gcp router ${container}`;
}

const estates = new WeakMap<EvidenceView, GcpEstate>();

/** The organizations, folders and projects that the evidence shows. */
export function gcpEstateOf(evidence: EvidenceView): GcpEstate {
  let estate = estates.get(evidence);
  if (!estate) estates.set(evidence, (estate = read(evidence)));
  return estate;
}

/** What was learned of one container. */
interface Seen {
  number?: string | undefined;
  name?: string | undefined;
  lifecycle?: string | undefined;
  parent?: string | undefined;
  /** A description of it was answered, so an absent parent is a fact. */
  described: boolean;
  /** Only the parent of something else so far. */
  named: boolean;
  readonly ids: Set<number>;
}

function read(evidence: EvidenceView): GcpEstate {
  const seen = new Map<string, Seen>();
  const note = (id: string, fact: Partial<Omit<Seen, 'ids'>>, ids: readonly number[]): void => {
    const one = seen.get(id) ?? { described: false, named: true, ids: new Set<number>() };
    seen.set(id, one);
    for (const [key, value] of Object.entries(fact)) if (value !== undefined) Object.assign(one, { [key]: value });
    for (const each of ids) one.ids.add(each);
  };
  const noteProject = (project: z.infer<typeof Project>, ids: readonly number[]): void => {
    const parent = typeof project.parent === 'object' ? `${project.parent.type}s/${project.parent.id}` : project.parent || undefined;
    const number = project.projectNumber ?? /^projects\/(\d+)$/.exec(project.name ?? '')?.[1];
    const name = project.displayName ?? (project.name?.startsWith('projects/') ? undefined : project.name);
    const lifecycle = project.state ?? project.lifecycleState;
    note(`projects/${project.projectId}`, { number, name, lifecycle, parent, described: true, named: false }, ids);
    if (parent) note(parent, {}, []);
  };
  const noteFolder = (folder: z.infer<typeof Folder>, ids: readonly number[]): void => {
    const lifecycle = folder.state ?? folder.lifecycleState;
    note(folder.name, { name: folder.displayName, lifecycle, parent: folder.parent, described: true, named: false }, ids);
    if (folder.parent) note(folder.parent, {}, []);
  };

  for (const account of evidence.accounts('gcp')) {
    if (/^(organizations|folders)\/[^/]+$|^[^/]+$/.test(account)) note(containerOf(account), { named: false }, []);
  }
  const lists = [
    ...['projects.list', 'projects.search'].flatMap((op) =>
      evidence.calls(manager(op), Projects).map((answer) => {
        for (const page of answer.pages) for (const project of page.projects) noteProject(project, answer.ids);
        return answer;
      }),
    ),
    ...['folders.list', 'folders.search'].flatMap((op) =>
      evidence.calls(manager(op), Folders).map((answer) => {
        for (const page of answer.pages) for (const folder of page.folders) noteFolder(folder, answer.ids);
        return answer;
      }),
    ),
    ...evidence.calls(manager('organizations.search'), Organizations).map((answer) => {
      for (const page of answer.pages) for (const organization of page.organizations) noteFolder(organization, answer.ids);
      return answer;
    }),
  ];
  const searches = evidence.calls('gcp/cloudasset:searchAllResources', FoundAssets);
  for (const answer of searches) {
    for (const one of answer.pages.flatMap(containersFound)) {
      note(
        one.id,
        { number: one.number, name: one.name, lifecycle: one.state, parent: one.parent, described: true, named: false },
        answer.ids,
      );
      if (one.parent) note(one.parent, {}, []);
    }
  }
  for (const answer of evidence.calls(manager('projects.get'), Project)) {
    for (const page of answer.pages) noteProject(page, answer.ids);
  }
  for (const op of ['folders.get', 'organizations.get']) {
    for (const answer of evidence.calls(manager(op), Folder)) for (const page of answer.pages) noteFolder(page, answer.ids);
  }
  for (const answer of evidence.calls(manager('projects.getAncestry'), Ancestry)) {
    const chain = answer.pages.flatMap((page) => page.ancestor).map(({ resourceId }) => `${resourceId.type}s/${resourceId.id}`);
    for (const [index, id] of chain.entries()) {
      note(id, { parent: chain[index + 1], ...(answer.unknown ? {} : { described: true }) }, answer.ids);
    }
  }

  const all = new Map([...seen].map(([id, one]) => [id, containerFrom(evidence, id, one)] as const));
  const byNumber = new Map<string, GcpContainer>([...all.values()].flatMap((one) => (one.number ? [[`projects/${one.number}`, one]] : [])));
  const find = (id: string) => all.get(id) ?? byNumber.get(id);
  // What was asked by its number is the project that has it.
  const containers = [...all.values()]
    .filter((one) => !seen.get(one.id)?.named && (byNumber.get(one.id) ?? one) === one)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const ofType = (type: GcpContainer['type']) => containers.filter((one) => one.type === type);
  return {
    containers,
    projects: ofType('project'),
    folders: ofType('folder'),
    organizations: ofType('organization'),
    find,
    ancestorsOf(container) {
      const known: GcpContainer[] = [];
      let at = find(container);
      if (!at) return { known, unknown: evidence.unknownOf(manager('projects.get'), container, 'NotAsked', []) };
      const visited = new Set([at.id]);
      while (at.parent !== undefined) {
        const parent = find(at.parent);
        if (!parent || visited.has(parent.id)) return { known, unknown: undefined };
        visited.add(parent.id);
        known.push(parent);
        at = parent;
      }
      return { known, unknown: at.parentUnknown };
    },
    unlisted: [
      ...lists,
      // Where the inventory cannot be searched, the lists of each folder tell the same.
      ...searches.filter((search) => !lists.some((list) => list.args.parent === search.args.scope)),
    ].flatMap((answer) => (answer.unknown ? [answer.unknown] : [])),
  };
}

function containerFrom(evidence: EvidenceView, id: string, seen: Seen): GcpContainer {
  const type = id.startsWith('organizations/') ? 'organization' : id.startsWith('folders/') ? 'folder' : 'project';
  const account = accountOf(id);
  const reached = evidence.reached('gcp', account);
  const closed = seen.lifecycle === 'DELETE_REQUESTED' || seen.lifecycle === 'DELETED' ? `the ${type} is ${seen.lifecycle}` : undefined;
  const needsParent = type !== 'organization' && seen.parent === undefined && !seen.described;
  const op = type === 'folder' ? 'folders.get' : 'projects.get';
  const asked = needsParent ? evidence.calls(manager(op), z.unknown(), { account }).find((answer) => answer.unknown) : undefined;
  return {
    id,
    type,
    account,
    number: seen.number,
    name: seen.name ?? account,
    parent: type === 'organization' ? undefined : seen.parent,
    parentUnknown: needsParent ? (asked?.unknown ?? evidence.unknownOf(manager(op), id, 'NotAsked', [])) : undefined,
    reached,
    closed,
    state: stateOf(evidence, account, seen, reached, closed),
    evidence: [...seen.ids].sort((a, b) => a - b),
  };
}

function stateOf(evidence: EvidenceView, account: string, seen: Seen, reached: boolean, closed: string | undefined): AccountState {
  const base = { provider: 'gcp', id: account, ...(seen.name === undefined ? {} : { name: seen.name }) };
  if (closed) return { ...base, state: 'skipped', why: closed };
  if (!reached) {
    const errors = evidence.errors('gcp', account);
    if (errors.length === 0) return { ...base, state: 'skipped', why: 'no call was made in it' };
    const codes = [...new Set(errors.map((error) => error.code))].slice(0, 3).join(', ');
    return { ...base, state: 'denied', why: `${errors.some(isRefusal) ? 'every call was refused' : 'every call failed'}: ${codes}` };
  }
  const denied = [...new Set(evidence.refusals('gcp', account))].sort();
  if (denied.length === 0) return { ...base, state: 'scanned' };
  const some = denied.slice(0, 5).map((call) => call.replace(/^gcp\//, ''));
  return { ...base, state: 'partial', why: `refused: ${some.join(', ')}${denied.length > 5 ? ', …' : ''}` };
}

const indexes = new WeakMap<EvidenceView, Map<string, ReadonlyMap<string, readonly Answered<unknown>[]>>>();

/**
 * Calls of an operation about a container: by their `parent`, `resource` or `name`, with a project named by its id or its number, else by the
 * account that was asked. An operation is always read with one shape.
 */
export function callsAbout<T>(evidence: EvidenceView, op: string, shape: z.ZodType<T>, container: string): readonly Answered<T>[] {
  let index = indexes.get(evidence);
  if (!index) indexes.set(evidence, (index = new Map()));
  let calls = index.get(op);
  if (!calls) {
    const found = new Map<string, Answered<unknown>[]>();
    for (const answer of evidence.calls(op, shape)) {
      const named = [answer.args.parent, answer.args.resource, answer.args.name].find((value) => typeof value === 'string');
      const [, about = containerOf(answer.account)] = /^([^/]+\/[^/]+)/.exec(typeof named === 'string' ? containerOf(named) : '') ?? [];
      const id = gcpEstateOf(evidence).find(about)?.id ?? about;
      const list = found.get(id);
      if (list) list.push(answer);
      else found.set(id, [answer]);
    }
    index.set(op, (calls = found));
  }
  return (calls.get(container) ?? []) as readonly Answered<T>[];
}

/** An argument as text; what is no text is none. Arguments may come from a file, and an object may not even have words. */
export function argument(args: Readonly<Record<string, unknown>>, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}
