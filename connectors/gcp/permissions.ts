import type { CallSpec, Collector } from '../../src/collect/collector.ts';

export const ROLE_FORMATS = ['gcloud', 'terraform', 'json'] as const;
export type RoleFormat = (typeof ROLE_FORMATS)[number];

/** One permission, and what it is needed for. */
export interface Permission {
  /** `logging.sinks.list`. */
  readonly name: string;
  readonly calls: readonly string[];
  readonly why: readonly string[];
}

/** Where the role is granted: on the organization, with all that is below it, or on single projects. */
export interface Binding {
  readonly organization?: string | undefined;
  readonly projects?: readonly string[] | undefined;
  /** The service account that gets it; left out: a place to fill in. */
  readonly member?: string | undefined;
}

const ROLE_ID = 'viewshedReader';
const TITLE = 'Viewshed Reader';
const ABOUT = 'Read-only: what Viewshed asks to judge log visibility';
/** https://docs.cloud.google.com/iam/docs/permissions-reference */
const PERMISSION = /^[a-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*){2,}$/;
/** A role of a project cannot hold these. https://docs.cloud.google.com/iam/docs/roles-overview#custom-role-availability */
const ABOVE_PROJECTS =
  /^resourcemanager\.(organizations|folders)\.|^cloudasset\.assets\.searchAllResources$|^resourcemanager\.projects\.list$/;

/** The permissions of the collectors' declared calls and of those that find folders and projects. */
export function permissionsOf(
  collectors: readonly Collector[],
  discovery: Readonly<Record<string, CallSpec>>,
  binding: Binding = {},
): readonly Permission[] {
  const found = new Map<string, { calls: Set<string>; why: Set<string> }>();
  for (const [call, spec] of [...Object.entries(discovery), ...collectors.flatMap((collector) => Object.entries(collector.calls))]) {
    for (const name of spec.permission.split(/[\s,]+/).filter((part) => PERMISSION.test(part))) {
      if (ofProjects(binding) && ABOVE_PROJECTS.test(name)) continue;
      const one = found.get(name) ?? { calls: new Set(), why: new Set() };
      one.calls.add(call);
      one.why.add(spec.why);
      found.set(name, one);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => ({ name, calls: [...one.calls], why: [...one.why] }));
}

/** Whether the role is one of single projects. */
export function ofProjects({ organization, projects }: Binding): boolean {
  return organization === undefined && projects !== undefined && projects.length > 0;
}

/** A custom role with exactly these permissions, and how it is granted. */
export function printRole(permissions: readonly Permission[], format: RoleFormat, binding: Binding = {}): string {
  if (format === 'json') return `${JSON.stringify(roleOf(permissions), undefined, 2)}\n`;
  return format === 'terraform' ? terraform(permissions, binding) : gcloud(permissions, binding);
}

/** https://docs.cloud.google.com/iam/docs/reference/rest/v1/organizations.roles#Role */
function roleOf(permissions: readonly Permission[]) {
  return { title: TITLE, description: ABOUT, stage: 'GA', includedPermissions: permissions.map((one) => one.name) };
}

/** The commands that make the role and grant it. https://docs.cloud.google.com/iam/docs/creating-custom-roles */
export function grantCommands(binding: Binding = {}): readonly string[] {
  const member = `serviceAccount:${binding.member ?? 'viewshed@PROJECT.iam.gserviceaccount.com'}`;
  if (ofProjects(binding)) {
    return (binding.projects ?? []).flatMap((project) => [
      `gcloud iam roles create ${ROLE_ID} --project=${project} --file=viewshed-role.yaml`,
      `gcloud projects add-iam-policy-binding ${project} --member=${member} --role=projects/${project}/roles/${ROLE_ID} --condition=None`,
    ]);
  }
  const organization = binding.organization ?? 'ORGANIZATION_ID';
  return [
    `gcloud iam roles create ${ROLE_ID} --organization=${organization} --file=viewshed-role.yaml`,
    `gcloud organizations add-iam-policy-binding ${organization} --member=${member} --role=organizations/${organization}/roles/${ROLE_ID} --condition=None`,
  ];
}

function gcloud(permissions: readonly Permission[], binding: Binding): string {
  const role = roleOf(permissions);
  const lines = [
    ...grantCommands(binding).map((line) => `# ${line}`),
    `title: ${role.title}`,
    `description: '${role.description}'`,
    `stage: ${role.stage}`,
    'includedPermissions:',
    ...role.includedPermissions.map((name) => `- ${name}`),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/google_organization_iam_custom_role and
 * google_project_iam_custom_role
 */
function terraform(permissions: readonly Permission[], binding: Binding): string {
  const member = binding.member === undefined ? 'var.viewshed_member' : JSON.stringify(`serviceAccount:${binding.member}`);
  const lines: string[] = [];
  if (binding.member === undefined) {
    lines.push('variable "viewshed_member" {', '  type        = string', '  description = "serviceAccount:… that runs Viewshed"', '}', '');
  }
  const list = ['  permissions = [', ...permissions.map((one) => `    ${JSON.stringify(one.name)},`), '  ]'];
  const role = (kind: string, owner: readonly string[]) => [
    `resource "google_${kind}_iam_custom_role" "viewshed_reader" {`,
    ...owner,
    `  role_id     = "${ROLE_ID}"`,
    `  title       = "${TITLE}"`,
    `  description = "${ABOUT}"`,
    ...list,
    '}',
    '',
    `resource "google_${kind}_iam_member" "viewshed_reader" {`,
  ];
  if (ofProjects(binding)) {
    const each = `  for_each    = toset([${(binding.projects ?? []).map((project) => JSON.stringify(project)).join(', ')}])`;
    lines.push(
      ...role('project', [each, '  project     = each.key']),
      '  for_each = google_project_iam_custom_role.viewshed_reader',
      '  project  = each.key',
      '  role     = each.value.name',
      `  member   = ${member}`,
      '}',
    );
  } else {
    const organization = binding.organization === undefined ? 'var.organization_id' : JSON.stringify(binding.organization);
    if (binding.organization === undefined) lines.push('variable "organization_id" {', '  type = string', '}', '');
    lines.push(
      ...role('organization', [`  org_id      = ${organization}`]),
      `  org_id = ${organization}`,
      '  role   = google_organization_iam_custom_role.viewshed_reader.name',
      `  member = ${member}`,
      '}',
    );
  }
  return `${lines.join('\n')}\n`;
}
