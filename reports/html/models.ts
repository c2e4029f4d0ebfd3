import type { Binding, ClaimVerdict, ModelReality, Verdict } from '../../src/model/assessment.ts';
import {
  BINDING_WORDS,
  CLAIM_SIGNS,
  claimDays,
  claimTally,
  claimWord,
  count,
  digits,
  few,
  HOLDS,
  modelLine,
  witnessLine,
} from '../layout.ts';
import type { Citations } from './evidence.ts';
import { type Markup, markup } from './markup.ts';
import { sign } from './symbols.ts';

const SHOWN = { claims: 400, bindings: 300, listed: 60, inside: 8 };

/** What the models say is logged, beside what was found; what is not so comes first. */
export function claimTable(claims: readonly ClaimVerdict[], cite: Citations): Markup {
  const rows = claims.slice(0, SHOWN.claims).map((claim) => {
    const times = claimDays(claim);
    return markup`<tr><td><span class="verdict is-${CLAIM_SIGNS[claim.verdict]}">${sign(CLAIM_SIGNS[claim.verdict])}<span>${claimWord(claim.verdict)}</span></span></td><td><q>${claim.text}</q><span class="remark">${HOLDS[claim.holds]}${claim.assets.length > 0 && markup` · ${few(claim.assets, 4)}`}</span>${claim.at !== undefined && markup`<span class="remark"><code>${claim.at}</code></span>`}</td><td>${claim.sources.length === 0 ? markup`<span class="note">no log is named</span>` : markup`<span class="name">${few(claim.sources, 4)}</span>`}${times !== undefined && markup`<span class="remark">${times}</span>`}</td><td>${claim.because} ${cite.button(claim.evidence, claim.text)}${claim.witness && markup`<span class="remark">loses ${witnessLine(claim.witness)}</span>`}${claim.findings.map((finding) => markup`<span class="remark"><span class="severity at-${finding.severity}">${finding.severity}</span> ${finding.message}</span>`)}</td></tr>`;
  });
  const left = claims.length - rows.length;
  return markup`<p class="intro">${claimTally(claims)}. What a model takes for granted is no evidence, and no claim makes a need covered.</p><div class="scroll"><table class="claims"><thead><tr><th scope="col">Found</th><th scope="col">The model says</th><th scope="col">Log</th><th scope="col">Because</th></tr></thead><tbody>${rows}</tbody></table></div>${left > 0 && more(left)}`;
}

const SIGNS: Readonly<Record<Binding['is'], Verdict>> = {
  stated: 'covered',
  code: 'covered',
  name: 'partial',
  ambiguous: 'partial',
  every: 'partial',
  gone: 'missing',
  unknown: 'unknown',
  'not-listed': 'not-applicable',
};
const ORDER: readonly Binding['is'][] = ['gone', 'ambiguous', 'unknown', 'name', 'every', 'code', 'stated', 'not-listed'];

/** Whether a model still mirrors the system: its parts and what they stand for, what it lacks, what of it was not understood. */
export function modelPart(model: ModelReality, cite: Citations): Markup {
  const bindings = [...model.bindings].sort((a, b) => ORDER.indexOf(a.is) - ORDER.indexOf(b.is));
  return markup`<h3>${model.system}</h3><p class="intro">${modelLine(model)}.</p>${
    model.uncovered.length > 0 &&
    markup`<h4>In the accounts, and in no part of the model <span class="note">${digits(model.counts.uncovered)}</span></h4>${model.counts.unresolved > 0 && markup`<p class="note">${count(model.counts.unresolved, 'part')} of the model that nobody understood may be among these.</p>`}<ul class="plain">${model.uncovered
      .slice(0, SHOWN.listed)
      .map((one) => {
        const left = one.count - Math.min(one.resources.length, SHOWN.inside);
        return markup`<li><span class="name">${one.type}</span> <b>${digits(one.count)}</b>: ${one.resources.slice(0, SHOWN.inside).map((place, index) => markup`${index > 0 && ', '}<code>${place.resource ?? ''}</code>`)}${left > 0 && markup` <span class="note">and ${digits(left)} more</span>`} ${cite.button(one.evidence, one.type)}</li>`;
      })}</ul>`
  }${
    bindings.length > 0 &&
    markup`<h4>What the parts of the model stand for</h4><div class="scroll"><table class="bindings"><thead><tr><th scope="col">Found</th><th scope="col">Part</th><th scope="col">Resources</th><th scope="col">Because</th></tr></thead><tbody>${bindings.slice(0, SHOWN.bindings).map((one) => binding(one, cite))}</tbody></table></div>${bindings.length > SHOWN.bindings && more(bindings.length - SHOWN.bindings)}`
  }${listed(
    'Not understood',
    model.unresolved.map(({ name, why, at }) => ({ text: `${name}: ${why}`, at })),
    model.counts.unresolved,
  )}${listed(
    'Notes on the model',
    model.notes.map(({ kind, text, at }) => ({ text: `${kind}: ${text}`, at })),
    model.notes.length,
  )}`;
}

function binding(one: Binding, cite: Citations): Markup {
  const likely = (one.candidates ?? []).slice(0, 5);
  return markup`<tr><td><span class="verdict is-${SIGNS[one.is]}">${sign(SIGNS[one.is])}<span>${BINDING_WORDS[one.is]}</span></span></td><td>${one.name ?? one.asset}<span class="remark"><span class="name">${one.type}</span></span></td><td>${one.resources.slice(0, SHOWN.inside).map((id) => markup`<code class="line-of">${id}</code>`)}${one.count > SHOWN.inside && markup`<span class="note">and ${count(one.count - Math.min(one.count, SHOWN.inside), 'more resource')}</span>`}</td><td>${one.because} ${cite.button(one.evidence, one.asset)}${likely.length > 0 && markup`<span class="remark">likeness of names: ${likely.map((other, index) => markup`${index > 0 && ', '}<code>${other.resource}</code> ${other.score.toFixed(2)}`)}${one.threshold !== undefined && `; from ${one.threshold} on it counts`}</span>`}</td></tr>`;
}

function listed(
  title: string,
  lines: readonly { readonly text: string; readonly at?: string | undefined }[],
  whole: number,
): Markup | undefined {
  if (lines.length === 0) return undefined;
  const left = whole - Math.min(lines.length, SHOWN.listed);
  return markup`<h4>${title} <span class="note">${digits(whole)}</span></h4><ul class="plain">${lines.slice(0, SHOWN.listed).map(({ text, at }) => markup`<li>${text}${at !== undefined && markup` <code class="note">${at}</code>`}</li>`)}</ul>${left > 0 && more(left)}`;
}

function more(left: number): Markup {
  return markup`<p class="note">… and ${digits(left)} more (see the JSON report)</p>`;
}
