import type { RetentionProfile, StrideCell, Want } from '../src/model/knowledge.ts';
import { STRIDE } from '../src/model/threat-model.ts';
import { loadKnowledge } from '../src/needs/knowledge.ts';

interface Print {
  page(title: string, from: string, lines: readonly string[]): string;
  table(head: readonly string[], rows: readonly (readonly string[])[]): string;
  code(text: string): string;
}

/** The pages about what needs are derived from: path from the package's root, and text. */
export function knowledgePages({ page, table, code }: Print): readonly (readonly [path: string, text: string])[] {
  const knowledge = loadKnowledge();
  const wants = (list: readonly Want[]): string => [...new Set(list.map((want) => code(want.events ?? (want.source as string))))].join(' ');

  const cite = (cell: StrideCell): string =>
    cell.cites
      .map((name) => {
        const reference = knowledge.references.get(name);
        return reference ? `[${reference.title}](${reference.url})` : name;
      })
      .join('; ');

  const rows = [...knowledge.types.values()].flatMap((type) =>
    [...new Set(STRIDE.flatMap((stride) => knowledge.cell(type.id, stride) ?? []))].map((cell) => [
      type.name,
      code(type.id),
      STRIDE.filter((stride) => knowledge.cell(type.id, stride) === cell).join(', '),
      cell.nothing ? 'nothing' : wants(cell.wants),
      cell.basis,
      cite(cell),
    ]),
  );

  const days = (count: number | undefined): string => (count === undefined ? '' : `${count} days`);
  const status = (profile: RetentionProfile): string =>
    ({ own: 'our own', 'in-force': 'in force', rescinded: 'rescinded' })[profile.status] +
    (profile.since === undefined ? '' : ` since ${profile.since}`) +
    (profile.supersededBy === undefined ? '' : `, now ${code(profile.supersededBy)}`);

  return [
    [
      'docs/derivation.md',
      page('What each kind of threat shows in', 'rules/knowledge/stride', [
        'For each kind of component and STRIDE category, the events that let an investigator see it, why, and the document that this rests on.',
        'A log source that has no page in [log sources](sources.md) is wanted all the same; no scan can see it yet.',
        '',
        table(['Component', 'Type', 'STRIDE', 'Wanted', 'Because', 'After'], rows),
      ]),
    ],
    [
      'docs/retention.md',
      page('Retention profiles', 'rules/retention', [
        'How long logs are to be kept, by regime. Months and years are counted by their longest: 3 months are 92 days, 6 are 184, 12 are 366.',
        '',
        table(
          ['Profile', 'Name', 'Status', 'Searchable', 'In all', 'For', 'What it says'],
          [...knowledge.retention.values()].map((profile) => [
            profile.source === undefined ? code(profile.id) : `[${code(profile.id)}](${profile.source})`,
            profile.name,
            status(profile),
            days(profile.searchableDays),
            days(profile.totalDays),
            [profile.scope, profile.tags.length > 0 ? `Data tagged ${profile.tags.map(code).join(', ')}.` : ''].join(' ').trim(),
            [profile.rule ?? '', profile.note ?? ''].join(' ').trim(),
          ]),
        ),
      ]),
    ],
  ];
}
