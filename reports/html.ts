import { createHash } from 'node:crypto';
import type { Assessment, NeedVerdict } from '../src/model/assessment.ts';
import { type Citations, citations, embedAnswers } from './html/evidence.ts';
import { inventory } from './html/inventory.ts';
import { type Markup, markup } from './html/markup.ts';
import { matrix } from './html/matrix.ts';
import { claimTable, modelPart } from './html/models.ts';
import { anchorOf, needArticle } from './html/need.ts';
import { script } from './html/script.ts';
import { style } from './html/style.ts';
import { sign, symbols, verdictTag } from './html/symbols.ts';
import {
  accountsLine,
  count,
  digits,
  falseClaims,
  few,
  groupFindings,
  groupUnknowns,
  isGap,
  modelLine,
  moment,
  orderNeeds,
  SEVERITIES,
  systemsOf,
  VERDICT_ABOUT,
  VERDICTS,
  verdictWord,
  whyUnread,
} from './layout.ts';
import type { Report, ReportContext } from './report.ts';

/** Characters of needs drawn in full; further ones are named only. */
const NEEDS_LIMIT = 5 * 1024 * 1024;
const SHOWN = { models: 50, findings: 400, unread: 400, accounts: 3000 };

/** One self-contained page: it opens from disk, asks the network for nothing, and works without its script but for filters and answers. */
export const html: Report = {
  id: 'html',
  name: 'HTML',
  about:
    'One self-contained page: threats by assets, the path of every need with its cut, inventory, and the API answers behind each statement.',
  extension: 'html',
  render(assessment, context) {
    const cite = citations();
    const needs = orderNeeds(assessment.needs);
    const anchors = new Map(needs.map((need, index) => [need, anchorOf(need, index)]));
    // Cited in this order, so that what stands behind the gaps is what a large report keeps.
    const { claims = [], models = [] } = assessment;
    const sections = [
      summary(assessment, needs),
      claims.length > 0 && section('claims', 'Claims', claimTable(claims, cite), digits(claims.length)),
      needs.length > 0 && section('matrix', 'Threats by assets', markup`${legend(needs)}${matrix(needs, anchors)}`),
      needs.length > 0 && section('needs', 'Needs', needList(needs, anchors, cite), digits(needs.length)),
      notSeen(assessment, context, cite),
      findings(assessment, cite),
      models.length > 0 &&
        section('models', 'Model and reality', markup`${models.slice(0, SHOWN.models).map((model) => modelPart(model, cite))}`),
      assessment.inventory.length > 0 &&
        section(
          'inventory',
          'Inventory',
          inventory(assessment.inventory, namesOf(assessment), cite),
          count(assessment.inventory.length, 'place'),
        ),
      accounts(assessment),
    ];
    return page(assessment, context, sections, embedAnswers(cite.ids, context.evidence));
  },
};

function page(assessment: Assessment, context: ReportContext, sections: readonly (Markup | false | undefined)[], answers: Markup): string {
  const policy = `default-src 'none'; script-src 'sha256-${sha256(script)}'; style-src 'sha256-${sha256(style)}'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
  const title = titleOf(assessment);
  const links = [
    ['summary', 'Summary', true],
    ['claims', 'Claims', (assessment.claims ?? []).length > 0],
    ['matrix', 'Matrix', assessment.needs.length > 0],
    ['needs', 'Needs', assessment.needs.length > 0],
    ['not-seen', 'Not seen', sections[4] !== undefined],
    ['findings', 'Findings', sections[5] !== undefined],
    ['models', 'Model', (assessment.models ?? []).length > 0],
    ['inventory', 'Inventory', assessment.inventory.length > 0],
    ['accounts', 'Accounts', true],
  ] as const;
  return `${
    markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title} · Viewshed</title>
<style>${{ markup: style }}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
${symbols}
<header class="top"><div class="inner"><span class="brand"><svg aria-hidden="true" focusable="false"><use href="#i-mark"/></svg>Viewshed</span><nav aria-label="Sections">${links.filter(([, , there]) => there).map(([id, name]) => markup`<a href="#${id}">${name}</a>`)}</nav></div></header>
<main id="content" tabindex="-1">
${sections.filter((one) => one !== undefined && one !== false)}
</main>
<footer class="bottom"><p>Every statement on this page stands on API answers as they came; the marks <svg class="icon" aria-hidden="true" focusable="false"><use href="#i-answers"/></svg> open them. ${context.version !== undefined && markup`Viewshed ${context.version}. `}As of ${moment(assessment.asOf)}.</p></footer>
<dialog id="answers" aria-labelledby="answers-title"><header><h2 id="answers-title">API answers</h2><button type="button" class="close" data-close>Close</button></header><div class="panes"><ul class="calls" aria-label="Calls"></ul><section class="answer" aria-label="The answer"></section></div></dialog>
<noscript><p class="noscript">Filters and the raw API answers need JavaScript; everything else is here.</p></noscript>
${answers}
<script>${{ markup: script }}</script>
</body>
</html>`.markup
  }\n`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function titleOf(assessment: Assessment): string {
  const systems = systemsOf(assessment);
  return systems.length === 0 ? 'Log visibility' : few(systems, 3);
}

function namesOf(assessment: Assessment): ReadonlyMap<string, string> {
  return new Map(
    assessment.estate.accounts.flatMap((account) => (account.name === undefined ? [] : [[account.id, account.name] as const])),
  );
}

function section(id: string, title: string, body: Markup, note = ''): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}${note !== '' && markup` <span class="note">${note}</span>`}</h2>${body}</section>`;
}

function present(needs: readonly NeedVerdict[]): [(typeof VERDICTS)[number], number][] {
  return VERDICTS.map((verdict): [typeof verdict, number] => [verdict, needs.filter((need) => need.verdict === verdict).length]).filter(
    ([, number]) => number > 0,
  );
}

function summary(assessment: Assessment, needs: readonly NeedVerdict[]): Markup {
  const counts = present(needs);
  const gaps = needs.filter((need) => isGap(need.verdict)).length;
  const unknown = needs.filter((need) => need.verdict === 'unknown').length;
  const covered = needs.filter((need) => need.verdict === 'covered').length;
  let x = 0;
  const bars = counts.map(([verdict, number]) => {
    const width = (number / needs.length) * 1000;
    const rect = markup`<rect class="is-${verdict}" x="${x.toFixed(2)}" width="${Math.max(width - 3, 1).toFixed(2)}" height="10"/>`;
    x += width;
    return rect;
  });
  const sentence =
    needs.length === 0
      ? markup`No threat model was given: this is the inventory alone.`
      : markup`<b>${digits(covered)} of ${count(needs.length, 'need')}</b> ${needs.length === 1 || covered === 1 ? 'is' : 'are'} covered. ${gaps > 0 ? markup`<b>${digits(gaps)}</b> ${gaps === 1 ? 'has' : 'have'} a gap.` : 'None has a gap.'}${unknown > 0 && markup` <b>${digits(unknown)}</b> could not be decided.`}`;
  const wrong = falseClaims(assessment);
  const told = (assessment.models ?? []).filter(
    (model) => model.importedFrom !== undefined || model.counts.unresolved + model.counts.unobservable > 0,
  );
  return markup`<section id="summary" aria-labelledby="summary-title"><p class="meta">As of <time datetime="${assessment.asOf}">${moment(assessment.asOf)}</time> · ${accountsLine(assessment.estate.accounts)}</p><h1 id="summary-title">${titleOf(assessment)}</h1><p class="lead">${sentence}${wrong.length > 0 && markup` <b>${digits(wrong.length)}</b> of ${count((assessment.claims ?? []).length, 'claim')} of the model ${wrong.length === 1 ? 'is' : 'are'} <a href="#claims">not so</a>.`}</p>${told.slice(0, 5).map((model) => markup`<p class="meta">${model.system}, ${modelLine(model)}.</p>`)}${
    counts.length > 0 &&
    markup`<svg class="share" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">${bars}</svg><ul class="counts">${counts.map(([verdict, number]) => markup`<li class="is-${verdict}"><span class="figure">${digits(number)}</span>${verdictTag(verdict)}<span class="note">${VERDICT_ABOUT[verdict]}</span></li>`)}</ul>`
  }</section>`;
}

function legend(needs: readonly NeedVerdict[]): Markup {
  return markup`<p class="legend note">${present(needs).map(([verdict]) => verdictTag(verdict))}</p>`;
}

function needList(needs: readonly NeedVerdict[], anchors: ReadonlyMap<NeedVerdict, string>, cite: Citations): Markup {
  const counts = present(needs);
  let size = 0;
  const articles = needs.map((need, index) => {
    const anchor = anchors.get(need) as string;
    if (size > NEEDS_LIMIT) {
      return markup`<article class="need brief is-${need.verdict}" id="${anchor}" tabindex="-1" data-verdict="${need.verdict}" data-severity="${need.severity}"><span class="head">${verdictTag(need.verdict)}<span class="severity at-${need.severity}">${need.severity}</span></span><span class="what"><h3>${need.title}</h3><span class="wants">${need.wants}</span></span></article>`;
    }
    const article = needArticle(need, anchor, index === 0 && isGap(need.verdict), cite);
    size += article.markup.length;
    return article;
  });
  return markup`<form class="filters" data-filters="needs" role="search" aria-label="Filter the needs">
<fieldset><legend>Verdict</legend>${counts.map(([verdict, number]) => markup`<label class="chip is-${verdict}"><input type="checkbox" name="verdict" value="${verdict}" checked><span>${sign(verdict)} ${verdictWord(verdict)} <span class="n">${digits(number)}</span></span></label>`)}</fieldset>
<label>Severity <select name="severity"><option value="">all</option>${SEVERITIES.filter((severity) => needs.some((need) => need.severity === severity)).map((severity) => markup`<option>${severity}</option>`)}</select></label>
<label class="grow">Text <input type="search" name="text" autocomplete="off" spellcheck="false"></label>
<span class="actions"><button type="button" data-all="open">Open all</button><button type="button" data-all="close">Close all</button></span>
<output class="note" aria-live="polite"></output>
</form>
<div class="list">${articles}</div>${size > NEEDS_LIMIT && markup`<p class="note">To keep this file small, needs without details are named only; the JSON report has them in full.</p>`}`;
}

function notSeen(assessment: Assessment, context: ReportContext, cite: Citations): Markup | undefined {
  const groups = groupUnknowns(assessment, context);
  if (groups.length === 0) return undefined;
  const rows = groups
    .slice(0, SHOWN.unread)
    .map(
      (group) =>
        markup`<tr><td><code>${group.permission}</code>${group.call !== group.permission && markup`<span class="note">call ${group.call}</span>`}</td><td>${whyUnread(group.code)}${whyUnread(group.code) !== group.code && markup` <span class="note">${group.code}</span>`}</td><td>${group.accounts.length > 3 && markup`${count(group.accounts.length, 'account')}: `}${few(group.accounts, 12)}</td><td>${few(group.on, 12)} ${cite.button(group.evidence, group.call)}</td><td class="number">${group.decides === 0 ? '–' : digits(group.decides)}</td></tr>`,
    );
  const left = groups.length - rows.length;
  return section(
    'not-seen',
    'Not seen',
    markup`<p class="intro">What could not be read is neither a gap nor a pass. These permissions would settle it.</p><div class="scroll"><table><thead><tr><th scope="col">Permission</th><th scope="col">Answer</th><th scope="col">Account</th><th scope="col">On</th><th scope="col" class="number">Needs it decides</th></tr></thead><tbody>${rows}</tbody></table></div>${left > 0 && markup`<p class="note">… and ${digits(left)} more (see the JSON report)</p>`}`,
    digits(groups.length),
  );
}

function findings(assessment: Assessment, cite: Citations): Markup | undefined {
  const groups = groupFindings(assessment);
  if (groups.length === 0) return undefined;
  const rows = groups.slice(0, SHOWN.findings).map(({ finding, scopes, evidence }) => {
    const where = [...new Set(scopes.map((scope) => scope.place))];
    const sources = [...new Set(scopes.map((scope) => scope.source).filter((source) => source !== undefined))];
    return markup`<tr><td><span class="severity at-${finding.severity}">${finding.severity}</span></td><td>${finding.dimension}</td><td>${finding.message} ${cite.button(evidence, finding.message)}</td><td>${sources.length > 0 && markup`<span class="name">${few(sources, 4)}</span>`}<span class="note">${where.length > 3 && `${count(where.length, 'place')}: `}${few(where, 6)}</span></td></tr>`;
  });
  const left = groups.length - rows.length;
  return section(
    'findings',
    'Findings',
    markup`<div class="scroll"><table><thead><tr><th scope="col">Severity</th><th scope="col">Dimension</th><th scope="col">Finding</th><th scope="col">Where</th></tr></thead><tbody>${rows}</tbody></table></div>${left > 0 && markup`<p class="note">… and ${digits(left)} more (see the JSON report)</p>`}`,
    digits(groups.length),
  );
}

const STATES = {
  scanned: ['covered', 'scanned'],
  partial: ['partial', 'read in part'],
  denied: ['unknown', 'denied'],
  skipped: ['not-applicable', 'skipped'],
} as const;

function accounts(assessment: Assessment): Markup {
  const all = [...assessment.estate.accounts];
  const shown = all.slice(0, SHOWN.accounts);
  const rows = shown.map((account) => {
    const [verdict, word] = STATES[account.state];
    return markup`<tr><td><span class="id">${account.id}</span></td><td>${account.name ?? ''}</td><td>${account.provider}</td><td><span class="verdict is-${verdict}">${sign(verdict)}<span>${word}</span></span></td><td>${account.why ?? ''}</td></tr>`;
  });
  const left = all.length - shown.length;
  return section(
    'accounts',
    'Accounts',
    markup`<div class="scroll"><table><thead><tr><th scope="col">Account</th><th scope="col">Name</th><th scope="col">Provider</th><th scope="col">State</th><th scope="col">Why</th></tr></thead><tbody>${rows}</tbody></table></div>${left > 0 && markup`<p class="note">… and ${digits(left)} more (see the JSON report)</p>`}`,
    digits(all.length),
  );
}
