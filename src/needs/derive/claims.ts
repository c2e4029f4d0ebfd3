import type { ClaimWords, Vendor } from '../../model/knowledge.ts';
import { own } from '../../model/own.ts';
import type { LogClaim, SystemModel } from '../../model/system-model.ts';
import { eventsNamed } from '../compile.ts';
import type { Knowledge } from '../knowledge.ts';
import type { Rules } from '../rules.ts';
import type { Resolved } from './resolve.ts';

/** A claim of the model with the log sources that would have to be there for it to be true. */
export interface ResolvedClaim {
  readonly claim: LogClaim;
  readonly means: readonly ClaimWords[];
  /** Sources, and the component that each is claimed of, where the claim speaks of one. */
  readonly sources: readonly { readonly id: string; readonly component?: Resolved; readonly means?: ClaimWords }[];
  readonly vague: boolean;
  /** Days that it says something is kept; the shortest of several. */
  readonly days?: number;
}

/** Finds what the model's claims speak of. What a claim says of no log that is known by name stays a claim to list. */
export function resolveClaims(
  model: SystemModel,
  resolved: readonly Resolved[],
  vendors: ReadonlySet<Vendor>,
  knowledge: Knowledge,
  rules: Rules,
): ResolvedClaim[] {
  const byId = new Map(resolved.map((one) => [one.component.id, one]));
  const inScope = resolved.filter((one) => one.excluded === undefined && one.type);
  const threats = new Map(model.threats.map((one) => [one.id, one]));
  return allClaims(model, knowledge).map((claim) => {
    const found = meaningsOf(claim, knowledge);
    const near =
      claim.components.length > 0
        ? claim.components
        : claim.threats.flatMap((id) => threats.get(id)?.components.map((one) => one.value) ?? []);
    const beside = near.flatMap((id) => byId.get(id) ?? []);
    const around = meantOf(claim.text.value, beside.length > 0 ? beside : inScope, vendors, knowledge);
    const sources = new Map<string, ResolvedClaim['sources'][number]>();
    const put = (id: string, component?: Resolved, means?: ClaimWords): void => {
      const key = `${id}|${component?.component.id ?? ''}`;
      if (!sources.has(key)) sources.set(key, { id, ...(component ? { component } : {}), ...(means ? { means } : {}) });
    };
    for (const means of found) {
      let byKind = false;
      for (const one of around) {
        for (const id of (one.type && own(means.byType, one.type.id)) ?? []) {
          byKind = true;
          put(id, one, means);
        }
      }
      if (byKind) continue;
      const byVendor = [...vendors].flatMap((vendor) => own(means.byVendor as Record<string, string[]>, vendor) ?? []);
      for (const id of byVendor.length > 0 ? byVendor : means.sources) put(id, undefined, means);
    }
    if (claim.quality) for (const id of knowledge.dataComponent(claim.text.value)?.sources ?? []) put(id);
    if (found.length === 0) for (const id of sourcesOfTechniques(claim.text.value, vendors, knowledge, rules)) put(id);
    const days = knowledge.retentionIn(claim.text.value).map((one) => one.value.days);
    return {
      claim,
      means: found,
      sources: [...sources.values()],
      vague: sources.size === 0 || (found.length > 0 && found.every((one) => one.vague)),
      ...(days.length === 0 ? {} : { days: Math.min(...days) }),
    };
  });
}

/** Of the components around a claim those that its words name, where they name any: "auditing is enforced on the web API" says nothing of a store. */
function meantOf(text: string, around: readonly Resolved[], vendors: ReadonlySet<Vendor>, knowledge: Knowledge): readonly Resolved[] {
  const named = new Set([...vendors].flatMap((vendor) => knowledge.named(text, vendor).flatMap((one) => [one.type, ...one.or])));
  const meant = around.filter((one) => one.type && named.has(one.type.id));
  return meant.length > 0 ? meant : around;
}

/** A detection that is said to be there reads what shows its technique; whose logs those are has to be known. */
function sourcesOfTechniques(text: string, vendors: ReadonlySet<Vendor>, knowledge: Knowledge, rules: Rules): string[] {
  const ids = text.match(/\bT\d{4}(?:\.\d{3})?\b/g) ?? [];
  const wants = ids.flatMap((id) => {
    const found = knowledge.technique(id);
    return found ? [found.technique, ...found.parts].flatMap((one) => one.wants) : [];
  });
  return [...new Set(wants.flatMap((want) => want.source ?? eventsNamed(want.events ?? '', rules)?.source ?? []))].filter((id) =>
    [...vendors].some((vendor) => id.startsWith(`${vendor}.`)),
  );
}

/** Those of the importer, and rules of checking tools that mitigations name. */
function allClaims(model: SystemModel, knowledge: Knowledge): readonly LogClaim[] {
  const told = new Set(model.claims.map((one) => one.text.pointer));
  const named = model.mitigations.flatMap((mitigation): LogClaim[] => {
    const { rule, status } = mitigation;
    if (!rule || told.has(rule.pointer) || told.has(mitigation.text.pointer) || status?.value.is === 'wont-do') return [];
    // Most rules of such tools are about something else than logs.
    if (!knowledge.claimOfRule(rule.value)) return [];
    const threats = model.threats.filter((one) => one.mitigations.includes(mitigation.id)).map((one) => one.id);
    return [{ text: rule, holds: status?.value.is === 'done' ? 'done' : 'planned', threats, components: [] }];
  });
  return [...model.claims, ...named];
}

function meaningsOf(claim: LogClaim, knowledge: Knowledge): ClaimWords[] {
  const text = claim.text.value;
  const rule = knowledge.claimOfRule(text) ?? text.split(/[\s:,;()]+/).flatMap((word) => knowledge.claimOfRule(word) ?? [])[0];
  const found = rule ? [rule] : knowledge.claimsIn(text).map((one) => one.value);
  return [...new Map(found.map((one) => [one.id, one])).values()];
}
