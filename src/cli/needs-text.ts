import { terminal as clean, markdown } from '../../reports/escape.ts';
import { DAY } from '../model/duration.ts';
import { PRIORITIES, type Reason } from '../model/threat-model.ts';
import type { DerivationReport, DerivedNeed, Listed } from '../needs/derive/report.ts';
import type { Io } from './command.ts';
import type { OpenedModel } from './models.ts';
import { number, painter, wrap } from './table.ts';

const MOST_REASONS = 3;
const MOST_LISTED = 30;
const FROM_HIGHEST = [...PRIORITIES].reverse();
const COLORS = { critical: 'red', high: 'red', medium: 'yellow', low: 'dim' } as const;

/** A list of what needs alone do not tell. */
interface Section {
  readonly title: string;
  /** What it means, in a sentence. */
  readonly about: string;
  readonly rows: readonly { readonly name: string; readonly text: string; readonly quote?: string }[];
  /** The short form counts it and does not list it. */
  readonly aside?: true;
}

/** Needs of a priority that the short form shows; the others are counted. */
const MOST_SHORT = 20;
const MOST_SHORT_ROWS = 5;

/**
 * The needs of models for a terminal, by priority, then everything that led to none. The short form has two lines for each need, under its log;
 * the long one has all that is known of it.
 */
export function renderNeeds(models: readonly OpenedModel[], terminal: Io['terminal'], long = false): string {
  const paint = painter(terminal.color);
  const width = Math.min(Math.max(terminal.columns, 40), 120);
  return models
    .map((opened) => {
      const { report } = opened;
      const usual = usualKeeping(report.needs);
      const lines: string[] = [
        paint(clean(report.system), 'bold'),
        wrap(`${opened.formatName}, ${report.file}`, width, 0),
        wrap(countsSaid(report), width, 0),
        ...(long || usual === '' ? [] : [wrap(`Where a need says nothing else: ${usual}.`, width, 0)]),
      ];
      for (const note of opened.notes) lines.push(paint(wrap(`Note: ${note}`, width, 6, 0), 'yellow'));
      for (const priority of FROM_HIGHEST) {
        const needs = report.needs.filter((one) => one.priority === priority);
        if (needs.length === 0) continue;
        lines.push('', paint(`${priority.toUpperCase()} (${number(needs.length)})`, COLORS[priority]));
        if (long) lines.push(...needs.flatMap((need) => longLines(need, opened, width, paint)));
        else {
          lines.push(...shortLines(needs.slice(0, MOST_SHORT), opened, usual, width, paint));
          if (needs.length > MOST_SHORT) lines.push(`  and ${number(needs.length - MOST_SHORT)} more; --long has all of them`);
        }
      }
      const sections = sectionsOf(report);
      const most = long ? MOST_LISTED : MOST_SHORT_ROWS;
      const shown = sections.filter((one) => long || one.aside !== true);
      for (const section of shown) {
        lines.push('', `${paint(section.title, 'bold')} (${number(section.rows.length)})`, wrap(section.about, width, 2));
        for (const row of section.rows.slice(0, most)) {
          const quoted = long && row.quote !== undefined ? ` "${row.quote}"` : '';
          lines.push(wrap(`- ${long ? row.name : cut(row.name, 80)}: ${long ? row.text : cut(row.text, 160)}${quoted}`, width, 4, 2));
        }
        if (section.rows.length > most)
          lines.push(`  - and ${number(section.rows.length - most)} more; ${long ? '--format json' : '--long'} has all of them`);
      }
      const aside = sections.filter((one) => !shown.includes(one));
      if (aside.length > 0)
        lines.push(
          '',
          wrap(`Also, with --long: ${aside.map((one) => `${one.title.toLowerCase()} (${number(one.rows.length)})`).join(', ')}.`, width, 0),
        );
      return `${lines.join('\n')}\n`;
    })
    .join('\n');
}

type Paint = ReturnType<typeof painter>;

function longLines(need: DerivedNeed, opened: OpenedModel, width: number, paint: Paint): string[] {
  const { statement } = need;
  return [
    `  ${paint(wrap(askedFor(need), width, 4, 0), 'bold')}`,
    wrap(need.name, width, 4),
    ...[servedBy(need, opened), placeSaid(need), kept(need), scanSaid(need), attributionSaid(need)].flatMap((text) =>
      text === '' ? [] : [wrap(text, width, 4)],
    ),
    ...reasonsShown(need).map((text) => wrap(`- ${text}`, width, 6, 4)),
    ...(statement.note === undefined ? [] : [wrap(statement.note, width, 4)]),
    ...(statement.verify ? [wrap(`Prove it: ${proofSaid(statement.verify)}`, width, 4)] : []),
    ...(statement.detection ? [wrap(`Read by: ${someOf(statement.detection)}`, width, 4)] : []),
  ];
}

/** Needs under the log that they are of, each with its part of it, whom it serves, and the strongest reason. */
function shortLines(needs: readonly DerivedNeed[], opened: OpenedModel, usual: string, width: number, paint: Paint): string[] {
  const logs = new Map<string, DerivedNeed[]>();
  for (const need of needs) {
    const key = need.sources.join(' or ');
    logs.set(key, [...(logs.get(key) ?? []), need]);
  }
  return [...logs].flatMap(([log, all]) => {
    const [first] = all as [DerivedNeed];
    const scan = scanSaid(first);
    return [
      `  ${paint(wrap(log, width, 4, 0), 'bold')}${scan === '' ? '' : ` ${paint(`(${first.scan === 'later' ? 'not scannable yet' : 'outside of what a scan sees'})`, 'dim')}`}`,
      ...all.flatMap((need) => {
        const asked = askedFor(need);
        const what =
          asked === log ? need.name : asked.startsWith(`${log} where `) ? asked.slice(log.length + 1) : `${need.name} (${asked})`;
        const times = keptBeside(kept(need), usual);
        const [reason] = need.statement.reasons ?? [];
        const names = need.statement.attribution?.met === false ? 'its records do not name the user who acts' : '';
        const told = [servedShort(need, opened), placeSaid(need), times, names].filter((text) => text !== '').join('; ');
        return [
          wrap(`- ${what}${told === '' ? '' : `: ${told}`}`, width, 6, 4),
          ...(reason?.because === undefined
            ? []
            : // The words of a threat that is named above say nothing new.
              [
                wrap(
                  `${reason.because}${reason.quote === undefined || reason.threat !== undefined ? '' : ` "${cut(reason.quote, 60)}"`}`,
                  width,
                  6,
                ),
              ]),
        ];
      }),
    ];
  });
}

/** What most of the needs say of their times. */
function usualKeeping(needs: readonly DerivedNeed[]): string {
  const counts = new Map<string, number>();
  for (const text of needs.map(kept)) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}

function keptBeside(text: string, usual: string): string {
  if (text === usual) return '';
  const start = usual.slice(0, -1);
  return start !== '' && text.startsWith(`${start}; `) ? text.slice(start.length + 2, -1) : text;
}

/** Threats by the number that people quote, where their titles begin with one. */
function servedShort(need: DerivedNeed, opened: OpenedModel): string {
  if (need.threats.length === 0 && need.components.length === 0) return servedBy(need, opened);
  const titles = new Map(opened.model.threats.map((threat) => [threat.id, threat.title]));
  const names = new Map(opened.model.assets.map((asset) => [asset.id, asset.name ?? asset.id]));
  const threats = need.threats.map((id) => {
    const title = titles.get(id) ?? id;
    return /^#?[A-Z]{0,3}\d{1,5}(?=[:.)]\s)/.exec(title)?.[0] ?? cut(title, 50);
  });
  const most = threats.every((one) => one.length < 8) ? 12 : 2;
  return [
    ...(threats.length === 0 ? [] : [`for ${someOf(threats, most)}`]),
    ...(need.components.length === 0
      ? []
      : [
          `on ${someOf(
            need.components.map((id) => cut(names.get(id) ?? id, 40)),
            3,
          )}`,
        ]),
  ].join(' ');
}

/** The same for the review of a model: Markdown, with nothing of the model's own texts taken for markup. */
export function markdownNeeds(models: readonly OpenedModel[]): string {
  return models
    .map((opened) => {
      const { report } = opened;
      const lines = [
        `# Logs that ${markdown(report.system)} needs`,
        '',
        `${markdown(opened.formatName)}, ${markdown(report.file)}. ${markdown(countsSaid(report))}`,
        ...opened.notes.flatMap((note) => ['', `> ${markdown(note)}`]),
      ];
      for (const priority of FROM_HIGHEST) {
        const needs = report.needs.filter((one) => one.priority === priority);
        if (needs.length === 0) continue;
        lines.push(
          '',
          `## ${priority[0]?.toUpperCase()}${priority.slice(1)}`,
          '',
          '| Log | For | Keep | Why | Proof |',
          '| --- | --- | --- | --- | --- |',
        );
        for (const need of needs) {
          const { statement } = need;
          const cells = [
            [askedFor(need), need.name, placeSaid(need), scanSaid(need), attributionSaid(need), statement.note ?? ''],
            [servedBy(need, opened)],
            [kept(need)],
            reasonsShown(need),
            [
              ...(statement.verify ? [proofSaid(statement.verify)] : []),
              ...(statement.detection ? [`Read by ${someOf(statement.detection)}`] : []),
            ],
          ];
          lines.push(
            `| ${cells
              .map((cell) =>
                cell
                  .filter((text) => text !== '')
                  .map(markdown)
                  .join('<br>'),
              )
              .join(' | ')} |`,
          );
        }
      }
      for (const section of sectionsOf(report)) {
        lines.push('', `## ${section.title}`, '', section.about, '');
        for (const row of section.rows)
          lines.push(`- ${markdown(row.name)}: ${markdown(row.text)}${row.quote === undefined ? '' : ` "${markdown(row.quote)}"`}`);
      }
      return `${lines.join('\n')}\n`;
    })
    .join('\n');
}

function countsSaid({ counts, vendors }: DerivationReport): string {
  const { threats, threatsWithNeeds, components, resolved, needs } = counts;
  return `${number(needs)} needs. ${number(threatsWithNeeds)} of ${number(threats)} threats lead to one. ${number(resolved)} of ${number(components)} components in scope are told for certain${vendors.length > 0 ? ` (${vendors.join(', ')})` : ''}.`;
}

function askedFor({ statement, sources }: DerivedNeed): string {
  const wanted = statement.anyOf ?? [statement];
  return wanted
    .map((one) => {
      const conditions = Object.entries(one.where ?? {}).map(
        ([field, condition]) =>
          `${field} ${Object.entries(condition)
            .map(([word, values]) => `${WORDS[word] ?? word} ${someOf(values ?? [])}`)
            .join(', ')}`,
      );
      return `${one.events ?? one.source ?? sources[0] ?? ''}${conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`}`;
    })
    .join(' or ');
}

const WORDS: Readonly<Record<string, string>> = {
  equals: 'is',
  startsWith: 'starts with',
  endsWith: 'ends with',
  notEquals: 'is not',
  notStartsWith: 'does not start with',
  notEndsWith: 'does not end with',
};

function servedBy(need: DerivedNeed, { model }: OpenedModel): string {
  const titles = new Map(model.threats.map((threat) => [threat.id, threat.title]));
  const names = new Map(model.assets.map((asset) => [asset.id, asset.name ?? asset.id]));
  const threats = need.threats.map((id) => cut(titles.get(id) ?? id, 80));
  const components = need.components.map((id) => cut(names.get(id) ?? id, 60));
  const reasons = need.statement.reasons ?? [];
  if (reasons.length > 0 && reasons.every((one) => one.tier === 'baseline')) return 'baseline of every account, not from the model';
  return [
    ...(threats.length === 0 ? [] : [`for ${threats.length === 1 ? '' : `${threats.length} threats: `}${someOf(threats)}`]),
    ...(components.length === 0 ? [] : [`on ${someOf(components)}`]),
  ].join('; ');
}

function placeSaid({ statement }: DerivedNeed): string {
  const { provider, account, region, resource } = statement.at ?? {};
  const exact = [resource, account, region].filter((part) => part !== undefined);
  return exact.length === 0 ? '' : `at ${[...exact, provider].filter((part) => part !== undefined).join(', ')}`;
}

function kept({ statement }: DerivedNeed): string {
  const days = (seconds: number): string => `${Math.round((seconds / DAY) * 10) / 10} days`;
  const times = [
    ...(statement.retain === undefined ? [] : [`kept ${days(statement.retain)}`]),
    ...(statement.searchable === undefined ? [] : [`searchable ${days(statement.searchable)}`]),
  ];
  if (times.length === 0 && statement.keeps === undefined) return '';
  return `${times.join(', ') || 'no time asked'}${statement.keeps === undefined ? '' : ` (${statement.keeps.why})`}`;
}

function scanSaid({ scan }: DerivedNeed): string {
  if (scan === 'now') return '';
  return scan === 'later' ? 'Needed, and not scannable yet.' : 'Needed, and outside of what a scan of the clouds can see.';
}

function attributionSaid({ statement }: DerivedNeed): string {
  const { attribution } = statement;
  if (!attribution) return '';
  if (attribution.met === true) return 'It has to name the user who acts, and does.';
  if (attribution.met === false) return `It has to name the user who acts, and does not: ${attribution.why ?? ''}`;
  return 'It has to name the user who acts; whether it does is not known.';
}

/** The strongest reasons, those that say something new first. */
function reasonsShown({ statement }: DerivedNeed): string[] {
  const all = statement.reasons ?? [];
  const said = new Set<string>();
  const news = all.filter((one) => !said.has(one.because ?? one.rule) && said.add(one.because ?? one.rule));
  const shown = [...news, ...all.filter((one) => !news.includes(one))].slice(0, MOST_REASONS);
  return [...shown.map(reasonSaid), ...(all.length > shown.length ? [`and ${all.length - shown.length} more reasons`] : [])];
}

function reasonSaid(reason: Reason): string {
  const sure = reason.confidence < 1 ? `, ${Math.round(reason.confidence * 100)} %` : '';
  // The file stands above; an overlay's does not.
  const pointer = reason.at?.slice(reason.at.indexOf('#') + 1);
  const place = reason.tier === 'annotation' ? reason.at : pointer;
  return `${reason.because ?? reason.rule} (${reason.rule}, ${reason.basis}${sure})${reason.quote === undefined ? '' : ` "${cut(reason.quote, 120)}"`}${place === undefined || place === '' ? '' : ` ${cut(place, 160)}`}`;
}

function proofSaid({ action, command, expect }: NonNullable<DerivedNeed['statement']['verify']>): string {
  return `${action}${command === undefined ? '' : ` (${command})`} Expect: ${expect}`;
}

function sectionsOf(report: DerivationReport): Section[] {
  const rows = (list: readonly Listed[]): Section['rows'] =>
    list.map((one) => ({
      name: one.name,
      text: one.why,
      ...(one.quote === undefined || one.quote === one.name ? {} : { quote: cut(one.quote, 160) }),
    }));
  const not = report.needs.filter((one) => one.scan !== 'now');
  const claims = report.claims.map((claim) => ({
    name: claim.text,
    text: `${{ done: 'said to be in place', planned: 'planned', assumed: 'taken for granted' }[claim.holds ?? 'done']}, ${
      claim.source === undefined || claim.vague
        ? 'names no log that could be checked'
        : `means ${[claim.source, ...(claim.sources ?? [])].join(', ')}`
    }${claim.retain === undefined ? '' : `, kept ${claim.retain / DAY} days`}${claim.quality === undefined ? '' : `, ${claim.quality}`}`,
  }));
  const sections: Section[] = [
    {
      title: 'Not told what they are',
      about: 'Nothing is asked of these components: settle them in the overlay.',
      rows: rows(report.unresolved),
    },
    {
      title: 'Could be several things',
      about: 'The likeliest was taken: settle them in the overlay.',
      rows: rows(report.ambiguous).map((row, index) => ({ ...row, text: `taken as ${report.ambiguous[index]?.taken}; ${row.text}` })),
    },
    { title: 'Contradictions', about: 'The model says two things that do not go together.', rows: rows(report.contradictions) },
    {
      title: 'No cloud log shows them',
      about: 'These threats need something else.',
      rows: report.unobservable.map((one) => ({
        name: one.name,
        text: `${one.why}${one.instead === undefined ? '' : ` Instead: ${one.instead}`}`,
      })),
    },
    {
      title: 'Threats that lead to nothing',
      about: 'No need was derived from them, so nothing here speaks for them.',
      rows: rows(report.silent),
    },
    {
      title: 'Left out as not applicable',
      aside: true,
      about: 'The model says that these threats do not apply.',
      rows: report.notApplicable.map((one) => ({ name: one.name, text: `${one.why}; ${one.needs} needs left out` })),
    },
    {
      title: 'Techniques that nothing is known of',
      about: 'No cloud log is known to show them: of another platform, or misspelt.',
      rows: rows(report.unknownTechniques),
    },
    { title: 'Renamed techniques', aside: true, about: 'They are taken under their names of today.', rows: rows(report.renamedTechniques) },
    { title: 'Who did it', about: 'Logs that do not answer a threat of somebody who denies what he did.', rows: rows(report.attribution) },
    { title: 'Claims', about: 'What the model says is logged. None of it is believed: assess it against evidence.', rows: claims },
    {
      title: 'Kept too short by its own word',
      about: 'The model states a time that is shorter than what is asked.',
      rows: rows(report.shortRetention),
    },
    { title: 'Logs of the model itself', aside: true, about: 'Stores of logs are worth protecting.', rows: rows(report.logStores) },
    {
      title: 'Logs kept only where they are produced',
      about: 'What breaks in removes its own traces.',
      rows: rows(report.keptWhereProduced),
    },
    {
      title: 'Not looked at by the model',
      about: 'Blind spots that it states; the baseline applies there all the same.',
      rows: rows(report.blindSpots),
    },
    { title: 'Out of scope', aside: true, about: 'Nothing is asked of these.', rows: rows(report.excluded) },
    {
      title: 'Needed and not scannable',
      aside: true,
      about: 'An assessment will say unknown, not missing.',
      rows: not.map((one) => ({
        name: one.sources.join(', '),
        text: one.scan === 'later' ? `${one.name}: not yet` : `${one.name}: outside of the clouds`,
      })),
    },
    { title: 'Dropped by the overlay', about: 'Derived, and taken out by hand.', rows: rows(report.dropped) },
    { title: 'Warnings', aside: true, about: 'Odd places of the file.', rows: rows(report.warnings) },
  ];
  return sections.filter((section) => section.rows.length > 0);
}

function someOf(words: readonly string[], most = 4): string {
  return `${words.slice(0, most).join(', ')}${words.length > most ? ` and ${words.length - most} more` : ''}`;
}

function cut(words: string, most: number): string {
  return words.length > most ? `${words.slice(0, most - 1)}…` : words;
}
