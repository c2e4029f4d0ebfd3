import type { Assessment, ClaimVerdict, ModelReality, NeedVerdict, Verdict } from '../src/model/assessment.ts';
import { terminal as clean } from './escape.ts';
import {
  accountsLine,
  bySource,
  CLAIM_SIGNS,
  claimDays,
  claimTally,
  claimWord,
  count,
  days,
  digits,
  falseClaims,
  few,
  groupFindings,
  groupUnknowns,
  HOLDS,
  isGap,
  modelLine,
  moment,
  orderNeeds,
  reasonWords,
  shortClaims,
  span,
  systemsOf,
  tally,
  VERDICTS,
  verdictWord,
  whyUnread,
  witnessLine,
} from './layout.ts';
import type { Report, ReportContext } from './report.ts';
import { breakWord, columnsOf, cutTo, padTo } from './width.ts';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'magenta' | 'cyan';
interface Piece {
  readonly text: string;
  readonly style?: Style | undefined;
  /** Kept on one line where it fits. */
  readonly whole?: boolean;
}

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  magenta: [35, 39],
  cyan: [36, 39],
};
const SYMBOLS: Readonly<Record<Verdict, readonly [string, Style]>> = {
  missing: ['✗', 'red'],
  partial: ['◐', 'yellow'],
  unobservable: ['⊘', 'magenta'],
  unknown: ['?', 'cyan'],
  covered: ['✓', 'green'],
  'not-applicable': ['–', 'dim'],
};
const SHOWN = { claims: 4, models: 3, reality: 8, gaps: 8, undecided: 5, accounts: 4, unread: 6, findings: 5, sources: 16 };
/** Width of the words that stand before a gap's lines. */
const LABEL = 7;

/** What matters, on one screen. */
export const terminal: Report = {
  id: 'terminal',
  name: 'Terminal',
  about: 'What matters on one screen: verdicts, the gaps with a lost event and the line that mends them, what could not be seen.',
  extension: 'txt',
  render(assessment, context) {
    const page = writer(context);
    header(page, assessment);
    verdicts(page, assessment);
    claims(page, assessment);
    gaps(page, assessment.needs);
    undecided(page, assessment.needs);
    notSeen(page, assessment, context);
    findings(page, assessment);
    reality(page, assessment.models ?? []);
    inventory(page, assessment);
    if (context.next !== undefined) {
      page.blank();
      page.line([{ text: clean(context.next), style: 'bold' }]);
    }
    return page.text();
  },
};

type Page = ReturnType<typeof writer>;

function writer(context: ReportContext) {
  const wanted = Number.isFinite(context.width) ? Math.floor(context.width) : 80;
  const width = Math.min(200, Math.max(40, wanted));
  const lines: string[] = [];
  const paint = (text: string, style: Style | undefined): string =>
    context.color && style !== undefined && text !== '' ? `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m` : text;

  /** Flows the pieces' words over lines, the first one indented by `first` columns, the others by `rest`. */
  const line = (pieces: readonly Piece[], first = 0, rest = first): void => {
    let parts: { text: string; style: Style | undefined }[] = [];
    let used = 0;
    let indent = first;
    const end = (): void => {
      const final = parts.at(-1);
      if (final) final.text = final.text.trimEnd();
      const runs: { text: string; style: Style | undefined }[] = [];
      for (const [index, part] of parts.entries()) {
        const last = runs.at(-1);
        const gap = index === 0 ? '' : ' ';
        if (last && last.style === part.style) last.text += gap + part.text;
        else {
          if (last) last.text += gap;
          runs.push({ ...part });
        }
      }
      lines.push(' '.repeat(indent) + runs.map((run) => paint(run.text, run.style)).join(''));
      parts = [];
      used = 0;
      indent = rest;
    };
    for (const piece of pieces) {
      const words =
        piece.whole && columnsOf(piece.text) <= width - rest ? [piece.text] : piece.text.split(' ').filter((word) => word !== '');
      for (const word of words) {
        const size = columnsOf(word);
        if (used > 0 && indent + used + 1 + size > width) end();
        for (const [index, part] of breakWord(word, width - Math.max(first, rest)).entries()) {
          if (index > 0) end();
          used += (used > 0 ? 1 : 0) + columnsOf(part);
          parts.push({ text: part, style: piece.style });
        }
      }
    }
    if (parts.length > 0) end();
  };

  return {
    width,
    line,
    blank: (): void => {
      if (lines.length > 0) lines.push('');
    },
    heading: (title: string, about: string): void => {
      lines.push('');
      line(
        [
          { text: `${title.toUpperCase()}:`, style: 'bold' },
          { text: about, style: 'dim' },
        ],
        0,
        2,
      );
    },
    /** A label, then its text beside it. */
    labelled: (label: string, text: string, style?: Style): void => {
      line(
        [
          { text: padTo(label, LABEL), style: 'dim', whole: true },
          { text, style },
        ],
        4,
        4 + LABEL + 1,
      );
    },
    /** A line that is laid out already. */
    raw: (cells: readonly Piece[]): void => {
      lines.push(
        cells
          .map((cell) => paint(cell.text, cell.style))
          .join('')
          .replace(/ +$/, ''),
      );
    },
    more: (left: number, what = ''): void => {
      if (left > 0) line([{ text: `… and ${digits(left)} more${what} (see the JSON or HTML report)`, style: 'dim' }], 2);
    },
    text: (): string => `${lines.join('\n')}\n`,
  };
}

function header(page: Page, assessment: Assessment): void {
  const systems = systemsOf(assessment).map(clean);
  page.line(
    [
      { text: systems.length === 0 ? 'Log visibility' : few(systems, 3), style: 'bold' },
      { text: `as of ${clean(moment(assessment.asOf))}`, style: 'dim', whole: true },
    ],
    0,
    2,
  );
  page.line([{ text: accountsLine(assessment.estate.accounts) }], 0, 2);
  // Few needs of a model that was not understood look like few gaps.
  const told = (assessment.models ?? []).filter(
    ({ importedFrom, counts }) => importedFrom !== undefined || counts.unresolved + counts.unobservable > 0,
  );
  for (const model of told.slice(0, SHOWN.models)) {
    const doubtful = model.counts.unresolved * 3 > model.counts.components;
    page.line([{ text: clean(`${model.system}, ${modelLine(model)}`), style: doubtful ? 'yellow' : undefined }], 0, 2);
  }
  page.more(told.length - SHOWN.models, ' models');
}

/** What the models count on and what is not so leads everything else. */
function claims(page: Page, assessment: Assessment): void {
  const all = assessment.claims ?? [];
  if (all.length === 0) return;
  const wrong = falseClaims(assessment);
  const short = shortClaims(assessment).filter((claim) => !wrong.includes(claim));
  if (wrong.length + short.length > 0) page.heading('Claimed and missing', 'what the model counts on, and what is not so');
  else page.blank();
  for (const claim of wrong.slice(0, SHOWN.claims)) {
    page.line(claimTitle(claim), 0, 4);
    page.labelled('because', clean(claim.because));
    const times = claimDays(claim);
    if (times !== undefined) page.labelled('days', times);
  }
  page.more(wrong.length - SHOWN.claims, ' claims');
  for (const claim of short.slice(0, SHOWN.claims)) {
    page.line(
      [
        { text: '◐ too short', style: 'yellow', whole: true },
        { text: `"${clean(claim.text)}"`, style: 'bold' },
      ],
      0,
      4,
    );
    page.labelled('days', claimDays(claim) ?? '');
  }
  page.more(short.length - SHOWN.claims, ' claims');
  const assumed = all.filter((claim) => claim.holds === 'assumed').length;
  page.line(
    [{ text: `${claimTally(all)}${assumed === 0 ? '' : `; ${digits(assumed)} taken for granted, which is no evidence`}`, style: 'dim' }],
    0,
    2,
  );
}

function claimTitle(claim: ClaimVerdict): Piece[] {
  const [symbol, style] = SYMBOLS[CLAIM_SIGNS[claim.verdict]];
  return [
    { text: `${symbol} ${claimWord(claim.verdict)}`, style, whole: true },
    { text: `"${clean(claim.text)}"`, style: 'bold' },
    { text: `· ${[...claim.assets.slice(0, 3).map(clean), HOLDS[claim.holds]].join(' · ')}`, style: 'dim' },
  ];
}

/** Whether the models still mirror the system. */
function reality(page: Page, models: readonly ModelReality[]): void {
  const lines = models.flatMap((model): Piece[][] => {
    const named = (text: string): Piece => ({ text: clean(text), style: 'bold' });
    const whose = models.length > 1 ? [{ text: `${clean(model.system)}:`, style: 'dim' as const }] : [];
    return [
      ...model.gone.map((one) => [...whose, named(one.name ?? one.asset), { text: clean(`(${one.type}): ${one.because}`) }]),
      ...model.uncovered.map((one) => [
        ...whose,
        named(one.type),
        {
          text: `${digits(one.count)} that no part of the model stands for: ${few(
            cutList(
              one.resources.map((place) => clean(place.resource ?? '')),
              one.count,
            ),
            3,
          )}`,
        },
      ]),
      ...(model.uncovered.length > 0 && model.counts.unresolved > 0
        ? [
            [
              ...whose,
              {
                text: `${count(model.counts.unresolved, 'part')} of the model that nobody understood may be among these`,
                style: 'dim' as const,
              },
            ],
          ]
        : []),
      ...model.bindings
        .filter((one) => one.is === 'ambiguous' || one.is === 'name' || one.is === 'unknown')
        .map((one) => [
          ...whose,
          named(one.name ?? one.asset),
          {
            text:
              one.is === 'unknown'
                ? clean(one.because)
                : `${one.is === 'name' ? 'taken to be' : 'may be any of'} ${few(
                    (one.candidates ?? [])
                      .filter((other) => other.score >= (one.threshold ?? 0))
                      .map((other) => `${clean(other.resource)} (likeness ${other.score.toFixed(2)})`),
                    3,
                  )}, by name`,
          },
        ]),
    ];
  });
  if (lines.length === 0) return;
  page.heading('Model and reality', 'what only one of them has, and what was matched by name');
  for (const pieces of lines.slice(0, SHOWN.reality)) page.line(pieces, 2, 6);
  page.more(lines.length - SHOWN.reality);
}

/** A list of which only the first are known, as long as the whole: `few` then says how many are left. */
function cutList(first: readonly string[], whole: number): readonly string[] {
  return [...first, ...Array.from({ length: Math.max(0, whole - first.length) }, () => '…')];
}

function verdicts(page: Page, assessment: Assessment): void {
  const { needs } = assessment;
  page.blank();
  if (needs.length === 0) {
    const { models } = assessment;
    page.line([
      {
        text: models
          ? 'No need came of what was given: that says nothing of coverage.'
          : 'No needs were asked about: this is the inventory alone.',
      },
    ]);
    return;
  }
  const items = VERDICTS.flatMap((verdict): Piece[] => {
    const number = needs.filter((need) => need.verdict === verdict).length;
    if (number === 0) return [];
    const [symbol, style] = SYMBOLS[verdict];
    return [{ text: `${symbol} ${digits(number)} ${verdictWord(verdict)}  `, style, whole: true }];
  });
  page.line(
    [
      { text: `${count(needs.length, 'need')}:`, style: 'bold', whole: true },
      ...items.map((item, index) => (index === items.length - 1 ? { ...item, text: item.text.trimEnd() } : item)),
    ],
    0,
    2,
  );
}

function title(need: NeedVerdict): Piece[] {
  const [symbol, style] = SYMBOLS[need.verdict];
  const asset = need.asset === undefined ? '' : ` · ${clean(need.asset)}`;
  return [
    { text: `${symbol} ${verdictWord(need.verdict)}`, style, whole: true },
    { text: `(${need.severity})`, style: need.severity === 'critical' || need.severity === 'high' ? 'bold' : 'dim', whole: true },
    { text: clean(need.title), style: 'bold' },
    { text: `${asset}`, style: 'dim' },
    ...(need.claimed === 'done' ? [{ text: '· claimed', style: 'yellow' as const, whole: true }] : []),
  ];
}

function gaps(page: Page, needs: readonly NeedVerdict[]): void {
  const all = orderNeeds(needs).filter((need) => isGap(need.verdict));
  if (all.length === 0) return;
  page.heading('Gaps', 'the most severe first');
  for (const [index, need] of all.slice(0, SHOWN.gaps).entries()) {
    if (index > 0) page.blank();
    page.line(title(need), 0, 4);
    page.labelled('wants', clean(need.wants));
    if (need.witness) page.labelled('loses', clean(witnessLine(need.witness)));
    if (need.witness?.lostAt) page.labelled('at', clean(need.witness.lostAt));
    const kept = keptWords(need);
    if (kept !== undefined) page.labelled('kept', kept);
    if (!need.witness?.lostAt) page.labelled('because', clean(need.because));
    for (const fix of need.fix.slice(0, 2)) page.labelled('fix', clean(fix), 'green');
    if (need.fix.length > 2) page.labelled('', `and ${count(need.fix.length - 2, 'more line')}`, 'dim');
    grounds(page, need);
  }
  page.more(all.length - SHOWN.gaps, ' gaps');
}

/** Why it is asked for and what would prove it, a line each. */
function grounds(page: Page, need: NeedVerdict): void {
  const room = page.width - LABEL - 5;
  if (need.bound)
    page.labelled(
      'taken',
      clean(`to be ${few(need.bound.resources.slice(0, 4), 3)}, by ${need.bound.is === 'code' ? 'address in code' : 'name'}`),
    );
  const [reason] = need.reasons ?? [];
  if (reason) page.labelled('why', cutTo(clean(reasonWords(reason)), room), 'dim');
  if (need.verify) page.labelled('prove', cutTo(clean(need.verify.action), room), 'dim');
}

/** What is asked and what is kept, where that falls short. */
function keptWords(need: NeedVerdict): string | undefined {
  const { verdict, searchable, total, requiredDays, days: kept } = need.retention;
  if (verdict !== 'missing' && verdict !== 'partial') return undefined;
  const parts = [
    tooShort(searchable) ? `searchable ${days(searchable?.days)} of ${days(searchable?.requiredDays)}` : undefined,
    tooShort(total) ? `in all ${days(total?.days)} of ${days(total?.requiredDays)}` : undefined,
  ].filter((part) => part !== undefined);
  if (parts.length > 0) return parts.join(', ');
  return tooShort({ requiredDays, days: kept }) ? `${days(kept)} of ${days(requiredDays)}` : undefined;
}

function tooShort(figure: { requiredDays?: number | undefined; days?: number | null | undefined } | undefined): boolean {
  return typeof figure?.days === 'number' && figure.requiredDays !== undefined && figure.days < figure.requiredDays;
}

function undecided(page: Page, needs: readonly NeedVerdict[]): void {
  const all = orderNeeds(needs).filter((need) => need.verdict === 'unknown');
  if (all.length === 0) return;
  page.heading('Undecided', 'nothing is certainly lost, but not everything could be read');
  for (const need of all.slice(0, SHOWN.undecided)) {
    page.line(title(need), 0, 4);
    page.labelled('because', clean(need.because));
  }
  page.more(all.length - SHOWN.undecided);
}

function notSeen(page: Page, assessment: Assessment, context: ReportContext): void {
  const accounts = assessment.estate.accounts.filter((account) => account.state !== 'scanned');
  const unread = groupUnknowns(assessment, context);
  if (accounts.length === 0 && unread.length === 0) return;
  page.heading('Not seen', 'and the permission that would show it');
  for (const account of accounts.slice(0, SHOWN.accounts)) {
    const name = account.name === undefined ? '' : ` (${clean(account.name)})`;
    const state = account.state === 'partial' ? 'read in part' : account.state;
    page.line(
      [
        { text: `${clean(account.id)}${name}:`, style: 'bold' },
        { text: `${state}${account.why === undefined ? '' : `, ${clean(account.why)}`}` },
      ],
      2,
      6,
    );
  }
  page.more(accounts.length - SHOWN.accounts, ' accounts');
  for (const group of unread.slice(0, SHOWN.unread)) {
    const where =
      group.accounts.length === 0
        ? ''
        : `${group.accounts.length > 2 ? count(group.accounts.length, 'account') : group.accounts.map(clean).join(', ')}: `;
    const decides = group.decides === 0 ? '' : `; decides ${count(group.decides, 'need')}`;
    const call = group.call === group.permission ? '' : ` (${clean(group.call)})`;
    page.line(
      [
        { text: `${where}` },
        { text: clean(group.permission), style: 'bold' },
        { text: `${clean(whyUnread(group.code))}${call} on ${few(group.on.map(clean), 3)}${decides}` },
      ],
      2,
      6,
    );
  }
  page.more(unread.length - SHOWN.unread);
}

function findings(page: Page, assessment: Assessment): void {
  const all = groupFindings(assessment).filter(({ finding }) => finding.dimension === 'consistency' && finding.severity !== 'info');
  if (all.length === 0) return;
  page.heading('Weak points', 'consistency of what is collected');
  for (const { finding, scopes } of all.slice(0, SHOWN.findings)) {
    const times = scopes.length > 1 ? ` (in ${count(scopes.length, 'place')})` : '';
    page.line(
      [
        { text: `${finding.severity}`, style: finding.severity === 'high' ? 'red' : 'dim', whole: true },
        { text: `${clean(finding.message)}${times}` },
      ],
      2,
      6,
    );
  }
  page.more(all.length - SHOWN.findings);
}

function inventory(page: Page, assessment: Assessment): void {
  // What the needs look at comes first: there may be more sources than fit.
  const asked = new Set(assessment.needs.flatMap((need) => need.paths.flatMap((path) => path.stops[0]?.kind ?? [])));
  const sources = bySource(assessment.inventory).sort(([a], [b]) => Number(asked.has(b)) - Number(asked.has(a)));
  if (sources.length === 0) return;
  page.heading('Inventory', 'what is collected, and how long it is kept');
  const rows = sources.slice(0, SHOWN.sources).map(([source, list]) => ({
    source: clean(source),
    places: digits(list.length),
    collection: tally(
      list.map((row) => row.collection),
      ['none', 'partial', 'unknown', 'full'],
    ),
    delivery:
      tally(
        list.map((row) => row.delivery).filter((state) => state !== 'n/a'),
        ['broken', 'stale', 'degraded', 'unknown', 'healthy'],
      ) || '–',
    ...keptBy(list.filter((row) => row.collection === 'full' || row.collection === 'partial')),
  }));
  const head = {
    source: 'source',
    places: 'places',
    collection: 'collected',
    delivery: 'delivery',
    searchable: 'searchable',
    kept: 'kept',
  };
  const keys = Object.keys(head) as (keyof typeof head)[];
  const widest = keys.map((key) => Math.max(...[head, ...rows].map((row) => columnsOf(row[key]))));
  const gap = 2;
  const total = 2 + widest.reduce((sum, size) => sum + size, 0) + gap * (keys.length - 1);
  if (total > page.width) {
    for (const row of rows) {
      page.line([{ text: row.source, style: 'bold' }], 2, 4);
      page.line(
        [
          {
            text: `${count(Number(row.places.replaceAll(',', '')), 'place')}, ${row.collection}; delivery ${row.delivery}; searchable ${row.searchable}, kept ${row.kept}`,
          },
        ],
        4,
      );
    }
  } else {
    const print = (row: typeof head, style?: Style): void =>
      page.raw([
        { text: '  ' },
        ...keys.map(
          (key, index): Piece => ({
            text:
              (key === 'places'
                ? cutTo(row[key], widest[index] as number).padStart(widest[index] as number)
                : padTo(row[key], widest[index] as number)) + ' '.repeat(gap),
            style: style ?? (key === 'collection' ? collectionStyle(row.collection) : undefined),
          }),
        ),
      ]);
    print(head, 'dim');
    for (const row of rows) print(row);
  }
  page.more(sources.length - SHOWN.sources, ' sources');
}

function keptBy(rows: Assessment['inventory']): { searchable: string; kept: string } {
  if (rows.length === 0) return { searchable: '–', kept: '–' };
  const retentions = rows.map((row) => row.retention);
  return { searchable: span(retentions, 'searchableDays'), kept: span(retentions, 'totalDays') };
}

function collectionStyle(words: string): Style | undefined {
  if (words.includes('none')) return 'red';
  if (words.includes('partial')) return 'yellow';
  if (words.includes('unknown')) return 'cyan';
  return 'green';
}
