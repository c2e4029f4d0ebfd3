import type { Collector } from '../../collect/collector.ts';
import type { Source } from '../../model/source.ts';
import type { Command, Io } from '../command.ts';

export const sourcesCommand: Command = {
  name: 'sources',
  about: 'list the log sources, or explain one',
  arguments: [{ name: '[source]', about: 'the log source to explain' }],
  options: [{ flags: '-f, --format <name>', about: 'how it is printed', default: 'terminal', choices: ['terminal', 'json'] }],
  examples: ['viewshed sources', 'viewshed sources aws.cloudtrail.data.s3', 'viewshed sources --format json'],
  async run(options, [id], io) {
    const [{ sourceOf }, { loadRules }, { collectors }] = await Promise.all([
      import('../sources.ts'),
      import('../../needs/rules.ts'),
      import('../../../connectors/index.ts'),
    ]);
    if (id !== undefined) {
      const source = sourceOf(id);
      if (options.format === 'json') io.out(json(told(source, collectors)));
      else await explain(source, collectors, io);
      return 0;
    }
    const all = [...loadRules().sources.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    if (options.format === 'json') io.out(json(all.map((source) => told(source, collectors))));
    else await list(all, collectors, io);
    return 0;
  },
};

/** Collectors that say something about a source: those of the source that it is a part of, too. */
function informing(source: Source, collectors: readonly Collector[]): readonly Collector[] {
  const ids = new Set([source.id, ...(source.view ? [source.view.of] : [])]);
  return collectors.filter((collector) => collector.informs.some((id) => ids.has(id)));
}

function told(source: Source, collectors: readonly Collector[]): Record<string, unknown> {
  return {
    ...source,
    decides: informing(source, collectors).map(({ id, service, calls, doc }) => ({
      collector: id,
      service,
      calls: Object.entries(calls).map(([call, { permission, why }]) => ({ call, permission, why })),
      doc,
    })),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

async function list(all: readonly Source[], collectors: readonly Collector[], io: Io): Promise<void> {
  const { table } = await import('../table.ts');
  const rows = all.map((source) => {
    const calls = [...new Set(informing(source, collectors).flatMap((one) => Object.keys(one.calls)))];
    return [
      source.id,
      source.default,
      source.name,
      calls.length === 0 ? 'not read yet' : `${calls.slice(0, 2).join(', ')}${calls.length > 2 ? `, … (${calls.length})` : ''}`,
    ];
  });
  io.out(`${table(['source', 'default', 'name', 'what decides'], rows, io.terminal.out ? io.terminal.columns : undefined)}\n`);
  io.talk(`${all.length} log sources; \`viewshed sources ${all[0]?.id ?? 'ID'}\` explains one`);
}

async function explain(source: Source, collectors: readonly Collector[], io: Io): Promise<void> {
  const [{ painter, wrap }, { showDuration }] = await Promise.all([import('../table.ts'), import('../../model/duration.ts')]);
  const paint = painter(io.terminal.color);
  const width = Math.min(io.terminal.columns, 120);
  const lines: string[] = [];
  const heading = (text: string) => lines.push('', paint(text, 'bold'));
  const item = (name: string, text: string) => lines.push(wrap(`${name}: ${text}`, width, 4, 2));
  lines.push(`${paint(source.id, 'bold')}  ${source.name}`, '', wrap(source.about, width, 0));
  if (source.questions) lines.push(wrap(`It answers: ${source.questions}`, width, 0));
  lines.push(
    '',
    wrap(
      `On by default: ${source.default === 'on' ? 'yes' : 'no'}.${source.nativeDays === undefined ? '' : ` The provider keeps it ${source.nativeDays} days by itself.`} One log per ${{ account: 'account', region: 'account and region', resource: 'resource' }[source.place]}.${source.latency === undefined ? '' : ` A record is there after about ${showDuration(source.latency)}.`}`,
      width,
      0,
    ),
  );
  if (source.view) lines.push(wrap(`Its events are a part of ${source.view.of} and are collected as those are.`, width, 0));
  if (source.carries) lines.push(wrap(`It is no log of its own: it carries ${source.carries.join(', ')}.`, width, 0));

  heading('Classes');
  const classes = Object.entries(source.classes);
  for (const [name, part] of classes) item(`${source.id}.${name}`, `${part.name}: ${sayWhere(part.where)}`);
  if (classes.length === 0) lines.push('  none');

  heading('Fields');
  for (const [name, spec] of Object.entries(source.fields)) {
    const values = spec.values?.map((value) => (value === '' ? '(empty)' : value)).join(' | ');
    item(
      name,
      [spec.about ?? '', values ? `(${values}${spec.closed ? '' : ' | …'})` : spec.example ? `(such as ${spec.example})` : '']
        .filter((part) => part !== '')
        .join(' '),
    );
  }

  heading('What decides');
  const deciding = informing(source, collectors);
  for (const collector of deciding) {
    for (const [call, spec] of Object.entries(collector.calls))
      item(call, `${spec.why}${spec.permission === call ? '' : ` (permission ${spec.permission})`}`);
  }
  if (deciding.length === 0) lines.push('  not read yet');
  else lines.push(wrap('and what is asked of the stores that it goes to; `viewshed permissions` lists it all', width, 2));

  if (source.equivalents.length > 0) {
    heading('Can stand in for it');
    for (const one of source.equivalents) item(one.source, `${one.covers ? `for ${sayWhere(one.covers)}. ` : ''}Lost by it: ${one.loss}`);
  }
  if (source.unlogged.length > 0) {
    heading('Never recorded');
    for (const one of source.unlogged) item(sayWhere(one.where), one.why);
  }
  if (source.traps.length > 0) {
    heading('Traps');
    for (const trap of source.traps) lines.push(wrap(`- ${trap}`, width, 4, 2));
  }
  if (source.enable) {
    heading('How to turn it on');
    lines.push(`  ${source.enable}`);
  }
  lines.push('', source.doc);
  io.out(`${lines.join('\n')}\n`);
}

function sayWhere(where: Source['always']): string {
  const parts = Object.entries(where).map(([field, condition]) => {
    const said = Object.entries(condition)
      .filter(([, values]) => values !== undefined)
      .map(
        ([kind, values]) =>
          `${{ equals: 'is', startsWith: 'starts with', endsWith: 'ends with', notEquals: 'is not', notStartsWith: 'does not start with', notEndsWith: 'does not end with' }[kind] ?? kind} ${(
            values ?? []
          )
            .slice(0, 4)
            .map((value) => (value === '' ? '(empty)' : value))
            .join(' or ')}${(values ?? []).length > 4 ? ' or …' : ''}`,
      );
    return `${field} ${said.join(' and ')}`;
  });
  return parts.join(', ') || 'all of it';
}
