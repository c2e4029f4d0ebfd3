import type { DrawnPath, NeedVerdict, PlaceVerdict, Retention, Unknown, Verdict } from '../../src/model/assessment.ts';
import type { Scope } from '../../src/model/scope.ts';
import { compare, count, days, digits, entryOf, few, HOLDS, placeOf, reasonWords, VERDICTS, whyUnread, witnessLine } from '../layout.ts';
import type { Citations } from './evidence.ts';
import { type Markup, markup } from './markup.ts';
import { sign, verdictTag } from './symbols.ts';

const SHOWN = { reasons: 5, detection: 12, paths: 12, placeGroups: 60, accounts: 60, resources: 24, unknowns: 40 };

/** The anchor of a need: its own id where that makes one, else its number. */
export function anchorOf(need: NeedVerdict, index: number): string {
  return /^[\w.-]{1,64}$/.test(need.id) ? `need-${need.id}` : `need-at-${index}`;
}

export function needArticle(need: NeedVerdict, anchor: string, open: boolean, cite: Citations): Markup {
  return markup`<article class="need is-${need.verdict}" id="${anchor}" data-verdict="${need.verdict}" data-severity="${need.severity}">
<details${open ? { markup: ' open' } : ''}><summary>
<span class="head">${verdictTag(need.verdict)}<span class="severity at-${need.severity}">${need.severity}</span></span>
<span class="what"><h3>${need.title}</h3>${need.asset === undefined ? undefined : markup` <span class="asset">${need.asset}</span>`}${need.claimed !== undefined && markup` <span class="claimed">${need.claimed === 'done' ? 'claimed' : need.claimed}</span>`}<span class="wants">${need.wants}</span></span>
</summary>
<div class="body">
<p class="because">${need.because} ${cite.button(need.evidence, need.title)}</p>
${dimensions(need)}
${need.witness === undefined ? undefined : witnessBox(need.witness)}
${paths(need, cite)}
${fixes(need.fix)}
${grounds(need)}
${places(need.places)}
${unknowns(need.unknowns, cite)}
${need.consistency.findings.length === 0 ? undefined : markup`<h4>Consistency</h4><ul class="plain findings">${need.consistency.findings.map((finding) => markup`<li><span class="severity at-${finding.severity}">${finding.severity}</span> <span>${finding.message} ${cite.button(finding.evidence, finding.message)}</span></li>`)}</ul>`}
<footer><span>${need.system}</span><span>threat <code>${need.threat}</code></span>${need.attack.map(technique)}<span>need <code>${need.id}</code></span><details class="written"><summary>as written</summary><pre>${{ markup: preformatted(need.need) }}</pre></details></footer>
</div></details></article>`;
}

/** Why it is asked for, what would prove it, and what would read it. */
function grounds(need: NeedVerdict): Markup | undefined {
  const { reasons = [], verify, detection = [], claimed } = need;
  const left = reasons.length - SHOWN.reasons;
  const parts = [
    claimed !== undefined &&
      markup`<p class="note">Of this log ${HOLDS[claimed]}${claimed === 'assumed' ? ', which is no evidence' : ''}.</p>`,
    reasons.length > 0 &&
      markup`<h4>Why it is asked for</h4><ul class="plain reasons">${reasons.slice(0, SHOWN.reasons).map((reason) => markup`<li>${reasonWords(reason)}<span class="remark">${reason.tier}, ${reason.basis}, ${Math.round(reason.confidence * 100)} % sure${reason.at !== undefined && markup` · <code>${reason.at}</code>`}</span></li>`)}</ul>${left > 0 && markup`<p class="note">… and ${count(left, 'more reason')} (see the JSON report)</p>`}`,
    verify &&
      markup`<h4>What would prove it</h4><p>${verify.action}</p>${verify.command !== undefined && markup`<ol class="fixes"><li><code>${verify.command}</code><button type="button" class="copy">Copy</button></li></ol>`}${verify.expect !== undefined && markup`<p class="note">Expect ${verify.expect}</p>`}`,
    detection.length > 0 && markup`<h4>What would read it</h4><p>${few(detection.slice(0, SHOWN.detection + 1), SHOWN.detection)}</p>`,
  ].filter((part) => part !== undefined && part !== false);
  return parts.length === 0 ? undefined : markup`${parts}`;
}

/** ATT&CK ids link to their page; nothing else becomes a link. */
function technique(id: string): Markup {
  if (!/^T\d{4}(\.\d{3})?$/.test(id)) return markup`<span>${id}</span>`;
  return markup`<a href="https://attack.mitre.org/techniques/${id.replace('.', '/')}/" rel="noopener noreferrer" target="_blank">${id}</a>`;
}

function preformatted(value: unknown): string {
  return (JSON.stringify(value, null, 2) ?? '')
    .split('\n')
    .map((line) => markup`${line}`.markup)
    .join('\n');
}

function dimensions(need: NeedVerdict): Markup {
  const { retention } = need;
  const bars = [
    retention.searchable?.requiredDays === undefined
      ? undefined
      : bar('searchable', retention.searchable.days, retention.searchable.requiredDays),
    retention.total?.requiredDays === undefined ? undefined : bar('kept', retention.total.days, retention.total.requiredDays),
    retention.searchable?.requiredDays === undefined && retention.total?.requiredDays === undefined && retention.requiredDays !== undefined
      ? bar('kept', retention.days, retention.requiredDays)
      : undefined,
  ];
  const drawn =
    need.collection !== 'missing' &&
    need.collection !== 'not-applicable' &&
    need.collection !== 'unobservable' &&
    bars.some((one) => one !== undefined);
  return markup`<dl class="dimensions">
<div><dt>Collection</dt><dd>${verdictTag(need.collection)}</dd></div>
<div class="wide"><dt>Retention</dt><dd>${verdictTag(retention.verdict)}${drawn ? markup`<span class="bars">${bars}</span>` : wanted(need)}</dd></div>
<div><dt>Consistency</dt><dd>${verdictTag(need.consistency.verdict)}</dd></div>
</dl>`;
}

function wanted(need: NeedVerdict): Markup | undefined {
  const { searchable, total, requiredDays } = need.retention;
  const asked = total?.requiredDays ?? searchable?.requiredDays ?? requiredDays;
  return asked === undefined ? undefined : markup`<span class="note">asked for: ${days(asked)}</span>`;
}

/** Days kept against days asked for, drawn to one scale. */
function bar(label: string, kept: number | null | undefined, required: number): Markup {
  const scale = Math.max(required, kept ?? 0, 1) * (kept === null ? 1.25 : 1);
  const filled = kept === undefined ? 0 : kept === null ? 100 : (kept / scale) * 100;
  const mark = (required / scale) * 100;
  const short = kept !== null && kept !== undefined && kept < required;
  return markup`<span class="bar"><span class="bar-label">${label}</span><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="track" width="100" height="8"/><rect class="${short ? 'short' : 'enough'}" width="${filled.toFixed(2)}" height="8"/><rect class="asked" x="${Math.max(0, mark - 0.8).toFixed(2)}" width="0.8" height="8"/></svg><span class="bar-words">${days(kept)} <span class="note">of ${days(required)}</span></span></span>`;
}

function witnessBox(witness: Record<string, string>): Markup {
  const { lostAt, ...fields } = witness;
  return markup`<h4>An event that would be lost</h4><dl class="witness">${Object.entries(fields).map(([key, value]) => markup`<div${lostAt?.includes(key) ? { markup: ' class="turns"' } : ''}><dt>${key}</dt><dd>${value}</dd></div>`)}${lostAt === undefined ? undefined : markup`<div class="lost"><dt>lost at</dt><dd>${lostAt}</dd></div>`}</dl>`;
}

function paths(need: NeedVerdict, cite: Citations): Markup | undefined {
  if (need.paths.length === 0) return undefined;
  const drawings = new Map<string, { path: DrawnPath; places: string[] }>();
  for (const path of need.paths) {
    const key = JSON.stringify(path.stops.map(({ evidence: _, ...stop }) => stop));
    const same = drawings.get(key);
    if (same) same.places.push(placeOf(path.place));
    else drawings.set(key, { path, places: [placeOf(path.place)] });
  }
  const shown = [...drawings.values()].slice(0, SHOWN.paths);
  const left = drawings.size - shown.length;
  return markup`<h4>The way of the events</h4>${shown.map(({ path, places: from }) => drawing(path, from, need, cite))}${left > 0 && markup`<p class="note">… and ${count(left, 'more path')} (see the JSON report)</p>`}`;
}

const PASSES: Readonly<Record<'all' | 'some' | 'none' | 'unknown', string>> = {
  all: 'all pass',
  some: 'some pass',
  none: 'nothing passes',
  unknown: 'not known',
};

function drawing(path: DrawnPath, from: readonly string[], need: NeedVerdict, cite: Citations): Markup {
  let dead = false;
  const stops = path.stops.map((stop, index) => {
    const { edge } = stop;
    if (edge?.passes === 'none') dead = true;
    const role = index === 0 ? 'first' : index === path.stops.length - 1 ? 'last' : 'middle';
    return markup`<li class="stop ${role}${dead ? ' dead' : ''}">${
      edge &&
      markup`<div class="edge ${edge.passes}${edge.cut ? ' cut' : ''}"><span class="passes">${PASSES[edge.passes]}</span><span class="wire" aria-hidden="true"><i></i>${edge.cut && markup`<svg class="icon"><use href="#i-cut"/></svg>`}<i></i></span>${edge.why !== undefined && markup`<span class="why">${edge.why}</span>`}${edge.cut && need.witness !== undefined && markup`<span class="lost-here"><b>lost here:</b> ${witnessLine(need.witness)}</span>`}</div>`
    }<div class="box"><span class="kind">${stop.kind}</span><span class="label">${stop.label}</span>${stop.retention && kept(stop.retention)}${cite.button(stop.evidence, stop.label)}</div></li>`;
  });
  return markup`<figure class="way"><figcaption>${from.length > 1 ? markup`${count(from.length, 'place')}: ` : undefined}${few(from, 4)}</figcaption><ol class="stops">${stops}</ol></figure>`;
}

export function kept(retention: Retention): Markup {
  const { searchableDays, totalDays, immutable } = retention;
  const words = searchableDays === totalDays ? `kept ${days(totalDays)}` : `searchable ${days(searchableDays)}, kept ${days(totalDays)}`;
  const known = searchableDays === undefined && totalDays === undefined ? 'days kept: not known' : words;
  return markup`<span class="kept">${known}${immutable === undefined ? '' : immutable ? ' · immutable' : ' · can be deleted'}</span>`;
}

function fixes(lines: readonly string[]): Markup | undefined {
  if (lines.length === 0) return undefined;
  return markup`<h4>What mends it</h4><ol class="fixes">${lines.map((line) => markup`<li><code>${line}</code><button type="button" class="copy">Copy</button></li>`)}</ol>`;
}

/** Places with the same verdict for the same reason are one row. */
function places(all: readonly PlaceVerdict[]): Markup | undefined {
  if (all.length === 0) return undefined;
  const groups = new Map<string, { verdict: Verdict; because: string; scopes: Scope[] }>();
  for (const { scope, verdict, because } of all) {
    const key = `${verdict}|${because}`;
    const same = groups.get(key);
    if (same) same.scopes.push(scope);
    else groups.set(key, { verdict, because, scopes: [scope] });
  }
  const ordered = [...groups.values()].sort(
    (a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) || b.scopes.length - a.scopes.length,
  );
  const left = ordered.slice(SHOWN.placeGroups).reduce((sum, group) => sum + group.scopes.length, 0);
  return markup`<h4>Places <span class="note">${digits(all.length)}</span></h4><div class="scroll"><table class="places"><thead><tr><th scope="col">Verdict</th><th scope="col">Where</th><th scope="col">Because</th></tr></thead><tbody>${ordered
    .slice(0, SHOWN.placeGroups)
    .map(
      (group) => markup`<tr><td>${verdictTag(group.verdict)}</td><td>${whereabouts(group.scopes)}</td><td>${group.because}</td></tr>`,
    )}</tbody></table></div>${left > 0 && markup`<p class="note">… and ${count(left, 'more place')} (see the JSON report)</p>`}`;
}

/** Scopes, shortest form: accounts with the same regions or resources share a line. */
export function whereabouts(scopes: readonly Scope[]): Markup {
  const accounts = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const account = scope.account ?? scope.provider;
    const inside = entryOf(accounts, account, () => new Set<string>());
    if (scope.resource !== undefined) inside.add(scope.region === undefined ? scope.resource : `${scope.resource} in ${scope.region}`);
    else if (scope.region !== undefined) inside.add(scope.region);
  }
  const lines = new Map<string, { inside: string[]; accounts: string[] }>();
  for (const [account, set] of accounts) {
    const inside = [...set].sort(compare);
    const key = JSON.stringify(inside);
    const same = lines.get(key);
    if (same) same.accounts.push(account);
    else lines.set(key, { inside, accounts: [account] });
  }
  return markup`${[...lines.values()].slice(0, SHOWN.accounts).map(({ inside, accounts: owners }) => markup`<span class="where"><span class="accounts">${owners.length > 2 ? markup`${count(owners.length, 'account')}: ` : undefined}${few(owners, SHOWN.accounts)}</span>${inside.length > 0 && markup` <span class="inside">${inside.length > 3 ? markup`${digits(inside.length)}: ` : undefined}${few(inside, SHOWN.resources)}</span>`}</span>`)}${lines.size > SHOWN.accounts && markup`<span class="note">… and ${digits(lines.size - SHOWN.accounts)} more</span>`}`;
}

function unknowns(list: readonly Unknown[], cite: Citations): Markup | undefined {
  if (list.length === 0) return undefined;
  const left = list.length - SHOWN.unknowns;
  return markup`<h4>What was not read</h4><ul class="plain">${list.slice(0, SHOWN.unknowns).map((unknown) => markup`<li>${sign('unknown')} <code>${unknown.call}</code> ${whyUnread(unknown.code)} on <code>${unknown.on}</code>; settled by the permission <code>${unknown.permission}</code> ${cite.button(unknown.evidence ?? [], unknown.call)}</li>`)}</ul>${left > 0 && markup`<p class="note">… and ${digits(left)} more (see the JSON report)</p>`}`;
}
