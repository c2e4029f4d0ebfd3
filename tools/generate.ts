import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { discoveryCalls } from '../connectors/aws/organization.ts';
import { assumeRoleStatement, POLICY_CHARACTERS, permissionsOf as permissionsFor, policiesOf } from '../connectors/aws/permissions.ts';
import { DEFAULT_ROLE } from '../connectors/aws/provider.ts';
import { discoveryCalls as gcpDiscoveryCalls } from '../connectors/gcp/hierarchy.ts';
import { permissionsOf as gcpPermissionsOf, printRole } from '../connectors/gcp/permissions.ts';
import { collectors } from '../connectors/index.ts';
import type { CallSpec, Collector } from '../src/collect/collector.ts';
import { CONFIG_SCHEMA_FILE, configSchema } from '../src/config/config.ts';
import { showDuration } from '../src/model/duration.ts';
import type { Source } from '../src/model/source.ts';
import type { Where } from '../src/model/where.ts';
import { loadRules } from '../src/needs/rules.ts';
import { knowledgePages } from './knowledge-pages.ts';
import { schemaFiles } from './schemas.ts';

const root = dirname(import.meta.dirname);
const sources = [...loadRules().sources.values()].sort((a, b) => compare(a.id, b.id));
const inOrder = [...collectors].sort((a, b) => compare(a.id, b.id));
/** What finds the accounts of each cloud, shown beside the collectors. */
const discoveries: readonly { readonly id: string; readonly what: string; readonly about: string; readonly calls: Collector['calls'] }[] = [
  {
    id: 'discovery',
    what: 'accounts and regions',
    about: 'Finds the accounts of the organization, their enabled regions, and who owns a bucket that logs are sent to.',
    calls: discoveryCalls,
  },
  {
    id: 'gcp-discovery',
    what: 'Google Cloud: organization, folders and projects',
    about: 'Finds the folders and projects of an organization, and what a project inherits from.',
    calls: gcpDiscoveryCalls,
  },
];
const REFERENCE = /(<!-- generated:sources -->\n)[\s\S]*?(<!-- \/generated:sources -->)/;

/** Every file that is printed from data, or has a part that is: path from the package's root, and text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/sources.md', sourcesPage()],
    ['docs/collectors.md', collectorsPage()],
    ['docs/permissions.md', permissionsPage()],
    ['README.md', withTable(readFileSync(join(root, 'README.md'), 'utf8'))],
    [CONFIG_SCHEMA_FILE, configSchema()],
    ...knowledgePages({ page, table, code }),
    ...schemaFiles(),
  ]);
}

/** The generated files that differ from what is on disk. */
export function drift(): string[] {
  return [...generatedFiles()]
    .filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text)
    .map(([path]) => path);
}

function sourcesPage(): string {
  return page('Log sources', 'rules/sources and connectors', [
    'What Viewshed knows of each log source. *One per* says where a log of it stands, and so how many there could be. *Permissions* counts those of the',
    'collectors that look at it; where its logs go and how long they are kept is told by [those of the stores](collectors.md).',
    '',
    table(
      ['Source', 'Name', 'With nothing set up', 'One per', 'Classes', 'Usually after', 'Collectors', 'Permissions'],
      sources.map((source) => [
        `[\`${source.id}\`](#${anchor(source.id)})`,
        source.name,
        standing(source),
        onePer(source),
        Object.keys(source.classes).map(code).join(' '),
        source.latency === undefined ? '' : showDuration(source.latency),
        informers(source).map(collectorLink).join(' '),
        String(permissionsOf(source).length),
      ]),
    ),
    ...sources.flatMap(sourceSection),
  ]);
}

function sourceSection(source: Source): string[] {
  const classes = Object.entries(source.classes);
  return [
    '',
    `## ${source.id}`,
    '',
    `**${source.name}.** ${source.about}`,
    ...(source.questions === undefined ? [] : [`It answers: *${source.questions}*`]),
    '',
    ...list([
      `With nothing set up: ${standing(source)}.`,
      `One per ${onePer(source)}.`,
      ...(source.resource && source.place !== 'resource' ? [`Narrowed by assets of the type ${code(source.resource.type)}.`] : []),
      ...(source.view ? [`A part of [\`${source.view.of}\`](#${anchor(source.view.of)}), where ${whereText(source.view.where)}.`] : []),
      ...(source.carries
        ? [`Not a log of its own: it carries ${source.carries.map((id) => `[\`${id}\`](#${anchor(id)})`).join(', ')}. Needs name those.`]
        : []),
      ...(source.latency === undefined ? [] : [`Usually there after ${showDuration(source.latency)}.`]),
      ...(source.identity === undefined
        ? []
        : [`Whose identity it carries: ${IDENTITY[source.identity]}. ${source.identityNote ?? ''}`.trim()]),
      ...(source.enable === undefined ? [] : [`To turn it on: ${code(source.enable)}`]),
      `Read by ${informers(source).map(collectorLink).join(', ')} with ${permissionsOf(source).map(code).join(', ')}.`,
      `[Provider's documentation](${source.doc})`,
    ]),
    ...(classes.length === 0
      ? []
      : [
          '',
          table(
            ['Class', 'Name', 'Where'],
            classes.map(([suffix, part]) => [code(`${source.id}.${suffix}`), part.name, whereText(part.where)]),
          ),
        ]),
    '',
    table(
      ['Field', 'What', 'Values'],
      Object.entries(source.fields).map(([name, field]) => [code(name), field.about ?? '', valuesText(name, field, source)]),
    ),
    ...titled('Traps', source.traps),
    ...titled(
      'Leaves no record',
      source.unlogged.map((one) => `${whereText(one.where)}: ${one.why}`),
    ),
    ...titled(
      'Stands in for it',
      source.equivalents.map(
        (one) =>
          `[\`${one.source}\`](#${anchor(one.source)})${one.where ? ` where ${whereText(one.where)}` : ''}${one.covers ? `, for events where ${whereText(one.covers)}` : ''}. What is lost: ${one.loss}`,
      ),
    ),
  ];
}

function collectorsPage(): string {
  return page('Collectors', 'connectors', [
    'What Viewshed asks, call by call. A collector can make no call but these. Those of the phase `sources` run first, in every account; those of',
    'the phase `stores` then look at the places that the logs go to.',
    '',
    table(
      ['Collector', 'Service', 'Phase', 'Runs', 'Calls', 'Informs'],
      [
        ...discoveries.map((one) => [collectorLink(one), one.what, 'first', 'once per account', String(Object.keys(one.calls).length), '']),
        ...inOrder.map((one) => [
          collectorLink(one),
          one.service,
          code(one.phase),
          runsText(one),
          String(Object.keys(one.calls).length),
          one.informs.map(sourceLink).join(' '),
        ]),
      ],
    ),
    '',
    ...discoveries.flatMap((one, index) => [...(index === 0 ? [] : ['']), `## ${one.id}`, '', one.about, '', callsTable(one.calls)]),
    ...inOrder.flatMap((one) => [
      '',
      `## ${one.id}`,
      '',
      `${one.service}, ${runsText(one)}, phase \`${one.phase}\`. [Provider's documentation](${one.doc})`,
      '',
      callsTable(one.calls),
    ]),
  ]);
}

function callsTable(calls: Collector['calls']): string {
  const per = (spec: CallSpec) => ({ region: 'region', account: 'account', resource: 'resource found' })[spec.per ?? 'account'];
  return table(
    ['Call', 'Permission', 'Per', 'What for'],
    Object.entries(calls).map(([call, spec]) => [code(call), code(spec.permission), spec.per === undefined ? '' : per(spec), spec.why]),
  );
}

function permissionsPage(): string {
  const permissions = permissionsFor(
    collectors.filter((one) => one.provider === 'aws'),
    discoveryCalls,
  );
  const ofGcp = gcpPermissionsOf(
    collectors.filter((one) => one.provider === 'gcp'),
    gcpDiscoveryCalls,
  );
  const policies = policiesOf(permissions);
  const users = (action: string) =>
    [...discoveries, ...inOrder].filter(({ calls }) =>
      Object.values(calls).some((spec) => spec.permission.split(/[\s,]+/).includes(action)),
    );
  return page('Permissions', "the collectors' calls", [
    'Viewshed only reads. Whatever is not granted becomes an `unknown` that names the call and the permission; nothing else breaks.',
    '`viewshed permissions aws` prints what the sources of your choice need, as IAM JSON, Terraform or CloudFormation.',
    '',
    `The role in every account, for all sources${policies.length === 1 ? '' : ` (${policies.length} policies, as one may have ${POLICY_CHARACTERS} characters)`}:`,
    '',
    ...policies.flatMap((policy) => [fenced('json', JSON.stringify(policy, undefined, 2)), '']),
    'On top of it, where the scan starts and other accounts are to be read:',
    '',
    fenced('json', JSON.stringify({ Version: '2012-10-17', Statement: [assumeRoleStatement(DEFAULT_ROLE)] }, undefined, 2)),
    '',
    table(
      ['Permission', 'What for', 'Collectors'],
      permissions.map(({ action, why }) => [code(action), why.join('; '), users(action).map(collectorLink).join(' ')]),
    ),
    '',
    '## Google Cloud',
    '',
    '`viewshed permissions gcp` prints a custom role for the sources of your choice, as a file for gcloud, Terraform or JSON, and the commands that grant it.',
    'Granted on the organization it holds for everything below; the reader of all sources:',
    '',
    fenced('yaml', printRole(ofGcp, 'gcloud').trimEnd()),
    '',
    table(
      ['Permission', 'What for', 'Collectors'],
      ofGcp.map(({ name, why }) => [code(name), why.join('; '), users(name).map(collectorLink).join(' ')]),
    ),
  ]);
}

/** Puts the table of sources between the markers of the README. */
function withTable(readme: string): string {
  if (!REFERENCE.test(readme))
    throw new Error('README.md has no place for the table: <!-- generated:sources --> and <!-- /generated:sources -->');
  const rows = sources.map((source) => [
    `[\`${source.id}\`](docs/sources.md#${anchor(source.id)})`,
    source.name,
    source.service,
    standing(source),
  ]);
  return readme.replace(
    REFERENCE,
    (_, before: string, after: string) => `${before}\n${table(['Source', 'Log', 'Service', 'With nothing set up'], rows)}\n\n${after}`,
  );
}

function informers(source: Source): Collector[] {
  // Who informs the whole informs a part of it.
  return inOrder.filter((one) => one.informs.includes(source.id) || (source.view !== undefined && one.informs.includes(source.view.of)));
}

function permissionsOf(source: Source): string[] {
  return [...new Set(informers(source).flatMap((one) => Object.values(one.calls).map((spec) => spec.permission)))].sort();
}

function standing(source: Source): string {
  if (source.native || (source.default === 'on' && source.nativeDays !== undefined))
    return `on${source.nativeDays === undefined ? '' : `, ${source.nativeDays} days`}`;
  return source.default;
}

function onePer(source: Source): string {
  return { account: 'account', region: 'account and region', resource: code(source.resource?.type ?? 'resource') }[source.place];
}

function runsText(collector: Collector): string {
  return collector.runs === 'region' ? 'in every region' : 'once per account';
}

function valuesText(name: string, field: Source['fields'][string], source: Source): string {
  const fixed = source.always[name]?.equals;
  const values = (fixed ?? field.values ?? []).map((value) => (value === '' ? 'empty' : code(value)));
  if (values.length > 0) return `${values.join(' ')}${field.closed || fixed ? '' : ' …'}`;
  return field.example === undefined ? '' : `such as ${code(field.example)}`;
}

const IDENTITY = { caller: 'of who called', service: 'of the service or role that acted for somebody', none: "nobody's" } as const;

const OPERATORS: Readonly<Record<keyof Where[string], string>> = {
  equals: 'is',
  startsWith: 'starts with',
  endsWith: 'ends with',
  notEquals: 'is not',
  notStartsWith: 'does not start with',
  notEndsWith: 'does not end with',
};

function whereText(where: Where): string {
  const conditions = Object.entries(where).flatMap(([field, condition]) =>
    Object.entries(OPERATORS).flatMap(([operator, words]) => {
      const values = condition[operator as keyof Where[string]];
      return values === undefined
        ? []
        : [
            `${code(field)} ${words} ${values.map((value) => (value === '' ? 'empty' : code(value))).join(words.includes('not') ? ' nor ' : ' or ')}`,
          ];
    }),
  );
  return conditions.join(', ') || 'always';
}

function page(title: string, from: string, lines: readonly string[]): string {
  return `# ${title}\n\n<!-- Printed from ${from} by \`npm run generate\`; changes made here are lost. -->\n\n${lines.join('\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

function titled(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : ['', `**${title}**`, '', ...list(items)];
}

function list(items: readonly string[]): string[] {
  return items.map((item) => `- ${item}`);
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function code(text: string): string {
  return `\`${text}\``;
}

/** The fragment that GitHub gives a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function collectorLink({ id }: { readonly id: string }): string {
  return `[\`${id}\`](collectors.md#${anchor(id)})`;
}

function sourceLink(id: string): string {
  return `[\`${id}\`](sources.md#${anchor(id)})`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

if (import.meta.main) {
  const stale = drift();
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`${path} is not what would be generated; run npm run generate`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    const files = generatedFiles();
    for (const path of stale) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), files.get(path) as string);
      console.error(`wrote ${path}`);
    }
  }
}
