import { globMatches } from '../events/glob.ts';
import type { ModelReality, NeedVerdict } from '../model/assessment.ts';
import type { LogPaths, Resource } from '../paths/graph.ts';
import type { BoundModel, Land } from './bind.ts';
import { claimsOf } from './claims.ts';
import { namesResource } from './names.ts';

const SHOWN = { bindings: 500, resources: 20, unresolved: 200, notes: 200 };

/** Resources that hold data or do work; a model that has no part of such a type lacks them all the same. */
const WORTH =
  /(?:^|[.-])(?:bucket|table|database|dataset|function|cluster|secret|vault|queue|topic|elb|load-?balancer|storage-?account)s?(?:$|[.-])/;

/** A model beside the resources that were found: what it has no part for, and which of its parts are not there. */
export function realityOf(bound: BoundModel, needs: readonly NeedVerdict[], land: Land): ModelReality {
  const { model, assets } = bound;
  const parts = model.assets.filter((one) => one.inScope !== false);
  const uncovered = uncoveredBy(bound, land);
  const gone = assets
    .filter((one) => one.binding.is === 'gone')
    .map(({ binding }) => ({
      asset: binding.asset,
      ...(binding.name === undefined ? {} : { name: binding.name }),
      type: binding.type,
      because: binding.because,
    }));
  const { importedFrom } = model;
  return {
    system: model.system,
    ...(importedFrom === undefined
      ? {}
      : {
          importedFrom: {
            format: importedFrom.format,
            ...(importedFrom.version === undefined ? {} : { version: importedFrom.version }),
            file: importedFrom.file,
          },
        }),
    counts: {
      components: parts.length,
      unresolved: model.unresolved?.length ?? 0,
      threats: model.threats.filter((one) => !one.id.startsWith('viewshed.')).length,
      unobservable: model.threats.filter((one) => one.unobservable !== undefined).length,
      needs: needs.filter((one) => one.system === model.system).length,
      claims: claimsOf(model).length,
      bound: assets.filter((one) => ['stated', 'code', 'name'].includes(one.binding.is)).length,
      gone: gone.length,
      uncovered: uncovered.reduce((sum, one) => sum + one.count, 0),
    },
    bindings: assets.slice(0, SHOWN.bindings).map((one) => one.binding),
    uncovered,
    gone: gone.slice(0, SHOWN.bindings),
    unresolved: (model.unresolved ?? [])
      .slice(0, SHOWN.unresolved)
      .map(({ id, name, why, at }) => ({ id, name, why, ...(at === undefined ? {} : { at }) })),
    notes: (model.notes ?? []).slice(0, SHOWN.notes),
  };
}

function uncoveredBy({ model, assets }: BoundModel, land: Land): ModelReality['uncovered'] {
  // Layers of techniques and models of which nothing was understood mirror no system.
  if (assets.length === 0 && !model.assets.some((one) => one.type !== undefined)) return [];
  const covered = new Set(assets.flatMap((one) => one.resources.map((resource) => resource.id)));
  // What the model says stands outside of its question is known to it, too.
  const named = model.assets.flatMap((one) => one.at?.resource ?? []);
  const used = new Set(model.assets.flatMap((one) => one.type ?? []));
  const inScope = scopeOf(model.assets, assets, land.paths);
  const logs = logStores(land.paths);
  return [...land.byType]
    .filter(([type]) => used.has(type) || WORTH.test(type))
    .flatMap(([type, all]) => {
      const left = all
        .map((one) => one.resource)
        .filter(
          (one) => inScope(one) && !covered.has(one.id) && !logs.has(one.id) && !named.some((pattern) => namesResource(pattern, one.id)),
        );
      if (left.length === 0) return [];
      return [
        {
          type,
          count: left.length,
          resources: left.slice(0, SHOWN.resources).map((one) => ({ ...one.scope, resource: one.id })),
          evidence: [...new Set(left.slice(0, SHOWN.resources).flatMap((one) => one.evidence))].sort((a, b) => a - b),
        },
      ];
    })
    .sort((a, b) => (a.type < b.type ? -1 : 1));
}

/** The accounts that the model speaks of; all of its providers where it names none. */
function scopeOf(own: BoundModel['model']['assets'], assets: BoundModel['assets'], paths: LogPaths): (resource: Resource) => boolean {
  const named = own.flatMap((one) => one.at?.account ?? []);
  const found = assets.flatMap((one) =>
    ['stated', 'code', 'name'].includes(one.binding.is) ? one.resources.flatMap((resource) => resource.scope.account ?? []) : [],
  );
  const wanted = [...new Set([...named, ...found])];
  const speaksOf = new Set(paths.accounts.map((one) => one.id).filter((id) => wanted.some((pattern) => globMatches(pattern, id))));
  const providers = new Set<string>(own.flatMap((one) => one.at?.provider ?? one.type?.split('.')[0] ?? []));
  return ({ scope }) =>
    wanted.length > 0 ? scope.account !== undefined && speaksOf.has(scope.account) : providers.size === 0 || providers.has(scope.provider);
}

/** Buckets and the like that only hold logs belong to the logging, not to the system. */
function logStores(paths: LogPaths): ReadonlySet<string> {
  const names = new Set([...paths.nodes.values()].flatMap((node) => (node.type === 'store' && node.kind !== 'native' ? [node.name] : [])));
  return new Set(
    paths.resources.flatMap((one) => {
      const own = one.id.split(/[/:]/).at(-1) ?? one.id;
      return names.has(own) ? [one.id] : [];
    }),
  );
}
