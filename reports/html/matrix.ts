import type { NeedVerdict } from '../../src/model/assessment.ts';
import { compare, count, digits, entryOf, mostPressing, SEVERITIES, VERDICTS, verdictWord } from '../layout.ts';
import { type Markup, markup } from './markup.ts';
import { sign } from './symbols.ts';

const SHOWN = { threats: 300, assets: 40 };
const WHOLE = '\u0000';

/** Threats by assets, one table per system. A cell shows the verdict that asks for attention first and leads to its need. */
export function matrix(needs: readonly NeedVerdict[], anchors: ReadonlyMap<NeedVerdict, string>): Markup {
  const systems = new Map<string, NeedVerdict[]>();
  for (const need of needs) {
    entryOf(systems, need.system, (): NeedVerdict[] => []).push(need);
  }
  return markup`${[...systems].map(([system, list]) => table(system, list, anchors, systems.size > 1))}`;
}

function table(system: string, needs: readonly NeedVerdict[], anchors: ReadonlyMap<NeedVerdict, string>, named: boolean): Markup {
  const threats = new Map<string, { title: string; severity: NeedVerdict['severity']; cells: Map<string, NeedVerdict[]> }>();
  const assets = new Set<string>();
  for (const need of needs) {
    const threat = entryOf(threats, need.threat, () => ({ title: need.title, severity: need.severity, cells: new Map() }));
    const asset = need.asset ?? WHOLE;
    assets.add(asset);
    entryOf(threat.cells, asset, (): NeedVerdict[] => []).push(need);
  }
  const columns = [...assets].sort(compare).slice(0, SHOWN.assets);
  // The needs come in order, the pressing ones first; the rows go by severity, and keep that order within it.
  const rows = [...threats.values()]
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
    .slice(0, SHOWN.threats);
  const left = [
    threats.size > rows.length ? count(threats.size - rows.length, 'more threat') : undefined,
    assets.size > columns.length ? count(assets.size - columns.length, 'more asset') : undefined,
  ].filter((part) => part !== undefined);
  return markup`${named && markup`<h3>${system}</h3>`}<div class="scroll"><table class="matrix" role="grid" aria-label="Threats by assets of ${system}"><thead><tr><th scope="col" class="corner">Threat</th>${columns.map((asset) => markup`<th scope="col"><span>${asset === WHOLE ? 'whole estate' : asset}</span></th>`)}</tr></thead><tbody>${rows.map(
    (threat) =>
      markup`<tr><th scope="row"><span class="threat"><span class="severity at-${threat.severity}">${threat.severity}</span> <span>${threat.title}</span></span></th>${columns.map((asset) => cellOf(threat.title, asset, threat.cells.get(asset) ?? [], anchors))}</tr>`,
  )}</tbody></table></div>${left.length > 0 && markup`<p class="note">… and ${left.join(', ')} (in the list of needs)</p>`}`;
}

function cellOf(title: string, asset: string, needs: readonly NeedVerdict[], anchors: ReadonlyMap<NeedVerdict, string>): Markup {
  const verdict = mostPressing(needs.map((need) => need.verdict));
  const need = needs.find((one) => one.verdict === verdict);
  if (verdict === undefined || need === undefined) return markup`<td class="empty"><span class="hidden">no need</span></td>`;
  const others = VERDICTS.map((one) => [one, needs.filter((other) => other.verdict === one).length] as const).filter(
    ([, number]) => number > 0,
  );
  const about = others.map(([one, number]) => `${digits(number)} ${verdictWord(one)}`).join(', ');
  return markup`<td class="is-${verdict}"><a href="#${anchors.get(need) ?? ''}" aria-label="${needs.length === 1 ? verdictWord(verdict) : about}: ${title}, ${asset === WHOLE ? 'whole estate' : asset}" title="${needs.length === 1 ? verdictWord(verdict) : about}">${sign(verdict)}<span class="word">${verdictWord(verdict)}</span>${needs.length > 1 && markup`<span class="n">${digits(needs.length)}</span>`}</a></td>`;
}
