import { globMatches } from '../events/glob.ts';
import type { Binding, Unknown } from '../model/assessment.ts';
import type { At, Scope } from '../model/scope.ts';
import type { Asset, ThreatModel } from '../model/threat-model.ts';
import type { Need } from '../needs/compile.ts';
import type { Rules } from '../needs/rules.ts';
import type { LogPaths, Resource } from '../paths/graph.ts';
import { CLOSE, likeness, nameIn, nameInCode, namesResource, THRESHOLD, type Words, wordsOf } from './names.ts';

const SHOWN = 20;

/** An asset and the resources of the estate that it stands for. */
export interface BoundAsset {
  readonly asset: Asset;
  readonly binding: Binding;
  /** All of them; `binding` shows the first. */
  readonly resources: readonly Resource[];
}

/** A threat model with the resources that its assets stand for. */
export interface BoundModel {
  readonly model: ThreatModel;
  readonly assets: readonly BoundAsset[];
}

/** The resources of an estate as bindings look for them. */
export interface Land {
  readonly paths: LogPaths;
  readonly byType: ReadonlyMap<string, readonly Named[]>;
  /** Types whose resources are listed in this version. */
  readonly listed: ReadonlySet<string>;
  /** Sources by the type of the resource that owns them. */
  readonly sourcesOf: ReadonlyMap<string, readonly string[]>;
}

interface Named {
  readonly resource: Resource;
  readonly words: Words;
}

export function landOf(paths: LogPaths, rules: Rules): Land {
  const byType = new Map<string, Named[]>();
  const sorted = [...paths.resources].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  for (const resource of sorted) {
    const list = byType.get(resource.type);
    let words: Words | undefined;
    // Of most resources nobody asks for the name.
    const named: Named = {
      resource,
      get words() {
        words ??= wordsOf(nameIn(resource.id));
        return words;
      },
    };
    if (list) list.push(named);
    else byType.set(resource.type, [named]);
  }
  const sourcesOf = new Map<string, string[]>();
  const listed = new Set(byType.keys());
  for (const source of rules.sources.values()) {
    const type = source.resource?.type;
    if (type === undefined) continue;
    sourcesOf.set(type, [...(sourcesOf.get(type) ?? []), source.id]);
    // Where each resource emits by itself, reading the source lists them.
    if (source.place === 'resource') listed.add(type);
  }
  return { paths, byType, listed, sourcesOf };
}

/** Finds the resources that a model's assets stand for. Pure. Assets out of scope and those of no known type are left alone. */
export function bindModel(model: ThreatModel, land: Land): BoundModel {
  const assets = model.assets.flatMap((asset): BoundAsset[] =>
    asset.inScope === false || asset.type === undefined || asset.type.split('.').length < 2 || isAccount(asset.type)
      ? []
      : [bindAsset({ ...asset, type: asset.type }, land)],
  );
  return { model, assets };
}

/** The account itself is a place, not a resource in it. */
function isAccount(type: string): boolean {
  return /\.(?:account|project|subscription|organization|tenant)$/.test(type);
}

function bindAsset(asset: Asset & { readonly type: string }, land: Land): BoundAsset {
  const { type, at = {} } = asset;
  const bound = (
    is: Binding['is'],
    because: string,
    resources: readonly Resource[] = [],
    more: Partial<Pick<Binding, 'candidates' | 'unknowns' | 'threshold'>> = {},
  ): BoundAsset => ({
    asset,
    resources,
    binding: {
      asset: asset.id,
      ...(asset.name === undefined ? {} : { name: asset.name }),
      type,
      is,
      resources: resources.slice(0, SHOWN).map((one) => one.id),
      count: resources.length,
      ...more,
      because,
      evidence: [...new Set(resources.slice(0, SHOWN).flatMap((one) => one.evidence))].sort((a, b) => a - b),
    },
  });
  const all = (land.byType.get(type) ?? []).filter(({ resource }) => lies(at, resource.scope));
  if (!land.listed.has(type)) {
    const because = 'resources of this type are not listed in this version: whether it is there is not known here';
    return bound('not-listed', at.resource === undefined ? because : `the model names ${at.resource}; ${because}`);
  }
  const unknowns = unlisted(land, type, at);
  const { resource: wanted } = at;
  if (wanted !== undefined) {
    const found = all.filter(({ resource }) => namesResource(wanted, resource.id)).map((one) => one.resource);
    if (found.length > 0) return bound('stated', `the model names ${wanted}`, found);
    return unknowns.length > 0
      ? bound('unknown', `${wanted} was not found, and not everything could be listed`, [], { unknowns })
      : bound('gone', `${wanted} is not there: it no longer exists, or is somewhere else`);
  }
  const coded = asset.code === undefined ? '' : nameInCode(asset.code);
  const exact = coded === '' ? [] : all.filter(({ resource }) => resource.id === asset.code || nameIn(resource.id) === coded);
  if (exact.length === 1)
    return bound(
      'code',
      `its address in code is ${asset.code}`,
      exact.map((one) => one.resource),
      { threshold: THRESHOLD, candidates: [{ resource: (exact[0] as Named).resource.id, score: 1 }] },
    );
  const names = [asset.name ?? asset.id, asset.id, coded].map(wordsOf);
  const environment = names.find((one) => one.environment !== undefined)?.environment;
  const scored = all
    .map((one) => ({ resource: one.resource, score: Math.max(...names.map((name) => likeness({ ...name, environment }, one.words))) }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || (a.resource.id < b.resource.id ? -1 : 1));
  const likely = scored.filter((one) => one.score >= THRESHOLD);
  const candidates = scored.slice(0, 10).map((one) => ({ resource: one.resource.id, score: one.score }));
  const shown = { threshold: THRESHOLD, ...(candidates.length === 0 ? {} : { candidates }) };
  const [best, second] = likely;
  if (best && (!second || best.score - second.score > CLOSE))
    return bound('name', `by its name (${best.score.toFixed(2)} of 1, from ${THRESHOLD} on it counts)`, [best.resource], shown);
  if (best)
    return bound(
      'ambiguous',
      `${likely.length} resources have such a name and all of them count; settle it with \`components: [{component: …, at: {resource: …}}]\` in the model's overlay`,
      likely.map((one) => one.resource),
      shown,
    );
  if (all.length > 0)
    return bound(
      'every',
      `nothing tells which ${all.length === 1 ? 'it is; the only one there counts' : `of the ${all.length} there it is, so each of them counts`}`,
      all.map((one) => one.resource),
      { ...shown, ...(unknowns.length === 0 ? {} : { unknowns }) },
    );
  return unknowns.length > 0
    ? bound('unknown', 'none was found, and not everything could be listed', [], { unknowns })
    : bound('gone', 'there is none of this type: it no longer exists, or is somewhere else');
}

function lies(at: At, scope: Scope): boolean {
  return (
    (at.provider === undefined || at.provider === scope.provider) &&
    (at.account === undefined || scope.account === undefined || globMatches(at.account, scope.account)) &&
    (at.region === undefined || scope.region === undefined || globMatches(at.region, scope.region))
  );
}

/** Why resources of the type may be there that nobody saw; empty where they were listed to the end. */
function unlisted(land: Land, type: string, at: At): Unknown[] {
  const sources = new Set(land.sourcesOf.get(type) ?? []);
  const provider = at.provider ?? type.split('.')[0];
  const accounts = land.paths.accounts.filter(
    (one) => one.provider === provider && (at.account === undefined || globMatches(at.account, one.id)),
  );
  const where = at.account ?? provider ?? type;
  const unscanned: Unknown[] =
    accounts.length === 0
      ? [{ call: type, permission: 'access to the account', on: where, code: 'AccountNotScanned' }]
      : accounts
          .filter((one) => one.state === 'denied' || one.state === 'skipped')
          .map((one) => ({ call: type, permission: 'access to the account', on: one.id, code: 'AccountNotScanned' }));
  const blind = land.paths.blind.filter((one) => one.sources.some((source) => sources.has(source)) && lies(at, one.scope));
  const all = [...blind.flatMap((one) => one.unknowns), ...unscanned];
  return [...new Map(all.map((one) => [`${one.call}|${one.on}|${one.code}`, one])).values()].slice(0, SHOWN);
}

/**
 * Needs of assets that were found by name, at the resources found. A place that the need or its conditions name stays as it is, and so does
 * whatever stands for every resource of its type.
 */
export function bindNeeds(bound: BoundModel, needs: readonly Need[]): Need[] {
  const byAsset = new Map(bound.assets.map((one) => [one.asset.id, one]));
  return needs.map((need) => {
    const found = need.asset && byAsset.get(need.asset.id);
    const [only] = found?.resources ?? [];
    // An ARN may name no account; that of another tool's model is where its resource was found.
    if (only && bound.model.importedFrom && found?.binding.is === 'stated' && found.resources.length === 1 && need.at.account === undefined)
      return lies(need.at, only.scope) && need.at.resource === only.id
        ? { ...need, at: { ...need.at, ...(only.scope.account === undefined ? {} : { account: only.scope.account }) } }
        : need;
    if (!found || need.at.resource !== undefined || !['code', 'name', 'ambiguous'].includes(found.binding.is)) return need;
    const owned = need.alternatives.filter(({ source }) => source?.resource?.type === found.asset.type);
    if (owned.length === 0) return need;
    const { statement } = need;
    const named = [statement, ...(statement.anyOf ?? [])].some((one) =>
      owned.some(({ source }) => source?.resource?.field !== undefined && Object.hasOwn(one.where ?? {}, source.resource.field)),
    );
    if (named || !found.resources.every((one) => lies(need.at, one.scope))) return need;
    const { is, candidates } = found.binding;
    const score = is === 'ambiguous' ? undefined : candidates?.find((one) => one.resource === found.resources[0]?.id)?.score;
    return { ...need, bound: { is, ids: found.resources.map((one) => one.id), ...(score === undefined ? {} : { score }) } };
  });
}
