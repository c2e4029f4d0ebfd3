import type { StoredEvidence } from '../../src/model/evidence.ts';
import { jsonText } from '../escape.ts';
import { type Markup, markup } from './markup.ts';

/** Characters of one answer that go into the file, and of all answers together. */
export const ANSWER_LIMIT = 64 * 1024;
const TOTAL_LIMIT = 8 * 1024 * 1024;
const HEADS_LIMIT = 12_000;

/**
 * The cited answers as inert data, one script element each. Equal bodies are there once; long ones are cut; past the total only the
 * call is named. `ids` in order of importance.
 */
export function embedAnswers(ids: Iterable<number>, evidence: (id: number) => StoredEvidence | undefined): Markup {
  const parts: string[] = [];
  const first = new Map<string, number>();
  let total = 0;
  for (const id of ids) {
    if (parts.length >= HEADS_LIMIT) break;
    const record = evidence(id);
    if (record === undefined) continue;
    const { id: _, body, error, ...head } = record;
    const answer = JSON.stringify(body === undefined ? { error } : { body });
    const same = first.get(answer);
    let data: unknown;
    if (same !== undefined) data = { head, same };
    else if (answer.length > ANSWER_LIMIT && total + ANSWER_LIMIT <= TOTAL_LIMIT)
      data = { head, cut: answer.slice(0, ANSWER_LIMIT), length: answer.length };
    else if (total + answer.length > TOTAL_LIMIT) data = { head, length: answer.length };
    else data = { head, answer: JSON.parse(answer) };
    if (same === undefined && total + Math.min(answer.length, ANSWER_LIMIT) <= TOTAL_LIMIT) {
      total += Math.min(answer.length, ANSWER_LIMIT);
      first.set(answer, id);
    }
    parts.push(`<script type="application/json" id="e${id}">${inert(JSON.stringify(data))}</script>`);
  }
  return { markup: parts.join('\n') };
}

/** No `<` of the data can end the element or open a comment. */
function inert(json: string): string {
  return jsonText(json).replaceAll('<', '\\u003c');
}

export interface Citations {
  /** Every number cited so far, in the order of citing. */
  readonly ids: ReadonlySet<number>;
  /** A button that opens the answers, and their numbers on paper. */
  button(ids: readonly number[], of: string): Markup | undefined;
}

export function citations(): Citations {
  const cited = new Set<number>();
  return {
    ids: cited,
    button(given, of) {
      const ids = [...new Set(given)].sort((a, b) => a - b);
      if (ids.length === 0) return undefined;
      for (const id of ids) cited.add(id);
      const many = ids.length === 1 ? '1 API answer' : `${ids.length} API answers`;
      const listed = ids.slice(0, 8).join(', ') + (ids.length > 8 ? ' …' : '');
      return markup`<button type="button" class="answers" data-answers="${ids.join(' ')}" data-of="${of}" aria-haspopup="dialog" title="${many}: ${listed}"><svg class="icon" aria-hidden="true" focusable="false"><use href="#i-answers"/></svg><span class="n">${ids.length}</span><span class="hidden"> ${many} behind: ${of}</span></button><span class="paper"> [${listed}]</span>`;
    },
  };
}
