import type { Verdict } from '../../src/model/assessment.ts';
import { verdictWord } from '../layout.ts';
import { type Markup, markup } from './markup.ts';

/** Signs of the verdicts: each has a shape of its own, so that none needs its colour. */
export const symbols: Markup = markup`<svg class="symbols" aria-hidden="true" focusable="false">
<symbol id="v-covered" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" class="fill"/><path d="M4.6 8.3l2.3 2.4 4.5-5" class="ink"/></symbol>
<symbol id="v-missing" viewBox="0 0 16 16"><rect x="1.6" y="1.6" width="12.8" height="12.8" rx="2.4" class="fill"/><path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" class="ink"/></symbol>
<symbol id="v-partial" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2" class="ring"/><path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" class="fill"/></symbol>
<symbol id="v-unknown" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.4" class="ring dashes"/><path d="M6.1 6.4a1.9 1.9 0 1 1 2.7 1.9c-.6.3-.8.7-.8 1.3" class="line"/><circle cx="8" cy="11.6" r=".9" class="fill"/></symbol>
<symbol id="v-unobservable" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2" class="ring"/><path d="M3.7 12.3l8.6-8.6" class="line"/></symbol>
<symbol id="v-not-applicable" viewBox="0 0 16 16"><path d="M3.5 8h9" class="line"/></symbol>
<symbol id="i-answers" viewBox="0 0 16 16"><path d="M6 2.5c-2 0-1.6 1.6-1.6 3S4 8 2.8 8c1.2 0 1.6 1.1 1.6 2.5s-.4 3 1.6 3M10 2.5c2 0 1.6 1.6 1.6 3S12 8 13.2 8c-1.2 0-1.6 1.1-1.6 2.5s.4 3-1.6 3" class="line"/></symbol>
<symbol id="i-cut" viewBox="0 0 16 16"><path d="M3.5 3.5l9 9M12.5 3.5l-9 9" class="line heavy"/></symbol>
<symbol id="i-mark" viewBox="0 0 32 32"><path d="M6 26L27.5 5.5A30 30 0 0 1 30 18z" class="wedge"/><path d="M6 26L27.5 5.5M6 26l24-8" class="line"/><circle cx="6" cy="26" r="3.4" class="fill"/></symbol>
</svg>`;

export function sign(verdict: Verdict): Markup {
  return markup`<svg class="sign" aria-hidden="true" focusable="false"><use href="#v-${verdict}"/></svg>`;
}

/** Sign and word. */
export function verdictTag(verdict: Verdict): Markup {
  return markup`<span class="verdict is-${verdict}">${sign(verdict)}<span>${verdictWord(verdict)}</span></span>`;
}
