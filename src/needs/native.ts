import { stringify } from 'yaml';
import { DAY, showDuration } from '../model/duration.ts';
import { InputError } from '../model/input-error.ts';
import type { Basis, Rating, Said, SystemModel } from '../model/system-model.ts';
import { type NeedStatement, PRIORITIES, type Priority, type Threat, ThreatModel } from '../model/threat-model.ts';
import { eventsNamed } from './compile.ts';
import type { DerivationReport, DerivedNeed, Listed } from './derive/report.ts';
import type { Derived } from './derive.ts';
import type { Knowledge } from './knowledge.ts';
import type { LoadedModel } from './model-file.ts';
import type { Overlay } from './overlay.ts';
import type { Rules } from './rules.ts';

const SCALE = ['public', 'restricted', 'confidential'];

/** A native model as importers hand models over, so that its threats without needs are derived like those of any other format. */
export function systemModelOf({ model, file, sha256 }: LoadedModel): SystemModel {
  const said = <T>(value: T, pointer: string, basis: Basis = 'stated'): Said<T> => ({ value, pointer, basis });
  const scale = (model.classifications ?? SCALE).map((word) => word.toLowerCase());
  const rating = (words: string): Rating | undefined => {
    const rank = scale.indexOf(words.toLowerCase());
    if (rank < 0) return undefined;
    return { words, level: (scale.length === 1 ? 4 : Math.round((rank * 4) / (scale.length - 1))) as Rating['level'] };
  };
  const claims = (list: ThreatModel['claims'], pointer: string, threat?: string): SystemModel['claims'] =>
    (list ?? []).map((claim, index) => ({
      text: said(claim.text, `${pointer}/${index}/text`),
      holds: claim.holds ?? 'done',
      threats: threat === undefined ? (claim.threats ?? []) : [threat],
      components: claim.assets ?? [],
      ...(claim.quality === undefined ? {} : { quality: said(claim.quality, `${pointer}/${index}/quality`) }),
    }));
  return {
    format: 'native',
    formatVersion: '1',
    file,
    sha256,
    name: said(model.system, '/system'),
    dataAssets: model.assets.flatMap((asset, index) =>
      (asset.data ?? []).length === 0
        ? []
        : [
            {
              id: `data of ${asset.id}`,
              name: said(asset.name ?? asset.id, `/assets/${index}`),
              tags: (asset.data ?? []).map((tag) => said(tag, `/assets/${index}/data`)),
            },
          ],
    ),
    components: model.assets.map((asset, index) => {
      const pointer = `/assets/${index}`;
      const level = asset.classification === undefined ? undefined : rating(asset.classification);
      const resource = asset.at?.resource ?? asset.code;
      return {
        id: asset.id,
        name: said(asset.name ?? asset.id, `${pointer}/${asset.name === undefined ? 'id' : 'name'}`),
        kind: 'other',
        boundaries: [],
        tags: [],
        inScope: said(asset.inScope ?? true, pointer, asset.inScope === undefined ? 'assumed' : 'stated'),
        stores: (asset.data ?? []).length === 0 ? [] : [`data of ${asset.id}`],
        handles: [],
        ...(asset.type === undefined ? {} : { type: said(asset.type, `${pointer}/type`) }),
        ...(asset.at?.provider === undefined ? {} : { provider: said(asset.at.provider, `${pointer}/at/provider`) }),
        ...(resource === undefined ? {} : { resource: said(resource, `${pointer}/at/resource`) }),
        ...(asset.internetFacing === undefined ? {} : { internetFacing: said(asset.internetFacing, `${pointer}/internetFacing`) }),
        ...(asset.storesCredentials === undefined
          ? {}
          : { storesCredentials: said(asset.storesCredentials, `${pointer}/storesCredentials`) }),
        ...(asset.logStore === undefined ? {} : { logStore: said(asset.logStore, `${pointer}/logStore`) }),
        ...(level === undefined ? {} : { confidentiality: said(level, `${pointer}/classification`) }),
      };
    }),
    boundaries: [],
    flows: [],
    threats: model.threats.map((threat, index) => {
      const pointer = `/threats/${index}`;
      return {
        id: threat.id,
        title: said(threat.title, `${pointer}/title`),
        ...(threat.description === undefined ? {} : { text: said(threat.description, `${pointer}/description`) }),
        stride: threat.stride.map((one) => said(one, `${pointer}/stride`)),
        ...(threat.status === undefined ? {} : { status: said({ words: threat.status, is: threat.status }, `${pointer}/status`) }),
        severity: said({ words: threat.severity, is: threat.severity }, `${pointer}/severity`),
        components: threat.assets.map((one) => said(one, `${pointer}/assets`)),
        attack: threat.attack.map((one) => said(one, `${pointer}/attack`)),
        capec: (threat.capec ?? []).map((one) => said(one, `${pointer}/capec`)),
        cwe: (threat.cwe ?? []).map((one) => said(one, `${pointer}/cwe`)),
        mitigations: [],
        events: [],
      };
    }),
    mitigations: [],
    assumptions: [],
    claims: [
      ...claims(model.claims, '/claims'),
      ...model.threats.flatMap((threat, index) => claims(threat.claims, `/threats/${index}/claims`, threat.id)),
    ],
    annotations: [],
    blindSpots: [],
    platforms: [],
    warnings: [],
  };
}

/**
 * A native model with the needs that were derived for its threats without any. What it says itself stays as it stands: its own needs, the
 * places of its assets, its claims.
 */
export function completed(own: ThreatModel, derived: Derived, drop: Overlay['drop'] = []): ThreatModel {
  const dropped = (need: NeedStatement, threat: Threat): boolean =>
    drop.some(
      (one) =>
        [need, ...(need.anyOf ?? [])].some((want) => want.events === one.need || want.source === one.need) &&
        (one.threat === undefined || one.threat === threat.id) &&
        (one.component === undefined || (need.assets ?? threat.assets).includes(one.component)),
    );
  const byId = new Map(derived.model.threats.map((threat) => [threat.id, threat]));
  const threats = own.threats.map((threat): Threat => {
    const found = byId.get(threat.id);
    const kept = threat.needs.filter((need) => !dropped(need, threat));
    if (!found || found.needs.length === 0) return kept.length === threat.needs.length ? threat : { ...threat, needs: kept };
    const needs = [...kept, ...found.needs];
    return { ...threat, needs, ...(found.unobservable === undefined ? {} : { unobservable: found.unobservable }) };
  });
  const ids = new Set(own.threats.map((threat) => threat.id));
  const { unresolved, notes } = derived.model;
  return {
    ...own,
    threats: [...threats, ...derived.model.threats.filter((threat) => !ids.has(threat.id))],
    ...(unresolved === undefined
      ? {}
      : { unresolved: [...(own.unresolved ?? []), ...unresolved.filter((one) => !own.unresolved?.some((other) => other.id === one.id))] }),
    ...(notes === undefined
      ? {}
      : { notes: [...(own.notes ?? []), ...notes.filter((one) => !own.notes?.some((other) => other.text === one.text))] }),
  };
}

/** Needs of no threat of the model stand under a threat of our own, such as `viewshed.baseline-aws`. */
export function isHost(id: string): boolean {
  return id.startsWith('viewshed.');
}

/** What a native model notes about itself, in the lists of the report that its derivation came with; the rest is for its reader alone. */
export function notedLists(model: ThreatModel, file: string): Partial<DerivationReport> & Pick<DerivationReport, 'warnings'> {
  const entry = (note: NonNullable<ThreatModel['notes']>[number]): Listed => {
    const name = note.name ?? note.text;
    const why = note.name !== undefined && note.text.startsWith(`${note.name}: `) ? note.text.slice(note.name.length + 2) : note.text;
    return { id: note.id ?? name, name, why, at: note.at ?? file };
  };
  const of = (kind: string): Listed[] => (model.notes ?? []).filter((one) => one.kind === kind && one.name !== undefined).map(entry);
  const unobservable = model.threats.flatMap((threat, index) =>
    threat.unobservable === undefined
      ? []
      : [{ id: threat.id, name: threat.title, why: threat.unobservable, at: `${file}#/threats/${index}/unobservable` }],
  );
  const listed = {
    silent: of('no-need'),
    unknownTechniques: of('unknown-technique'),
    renamedTechniques: of('renamed-technique'),
    attribution: of('attribution'),
    logStores: of('log-store'),
    keptWhereProduced: of('kept-where-produced'),
    dropped: of('dropped'),
  };
  const told = new Set([...LISTED_KINDS, 'unobservable', 'blind-spot']);
  return {
    ...listed,
    unobservable,
    blindSpots: (model.notes ?? []).filter((one) => one.kind === 'blind-spot').map((one) => ({ ...entry(one), why: SAYS_SO })),
    warnings: (model.notes ?? [])
      .filter((one) => !told.has(one.kind) || (one.name === undefined && LISTED_KINDS.has(one.kind)))
      .map((one) => ({ id: one.kind, name: one.kind, why: one.text, at: one.at ?? file })),
  };
}

const SAYS_SO = 'the model says that it does not look there';
const LISTED_KINDS: ReadonlySet<string> = new Set([
  'no-need',
  'unknown-technique',
  'renamed-technique',
  'attribution',
  'log-store',
  'kept-where-produced',
  'dropped',
]);

/** The needs that a native model states, as they are listed beside derived ones. */
export function statedNeeds(model: ThreatModel, knowledge: Knowledge, rules: Rules): DerivedNeed[] {
  const order = new Map(model.threats.map((threat, index) => [threat.id, index]));
  const own = (ids: readonly string[]): string[] =>
    ids.filter((id) => !isHost(id)).sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  return model.threats
    .flatMap((threat) =>
      threat.needs.map((statement, index): DerivedNeed => {
        const wanted = statement.anyOf ?? [statement];
        const sources = [...new Set(wanted.map((one) => one.source ?? eventsNamed(one.events ?? '', rules)?.source ?? one.events ?? ''))];
        const names = wanted.map((one) => {
          const id = one.source ?? one.events ?? '';
          return rules.events.get(id)?.name ?? rules.sources.get(id)?.name ?? knowledge.catalogue.get(id)?.name ?? id;
        });
        const scans = sources.map((id) => (rules.sources.has(id) ? 'now' : (knowledge.catalogue.get(id)?.scan ?? 'later')));
        return {
          id: statement.id ?? `${threat.id}-${index + 1}`,
          statement,
          sources,
          name: names.join(' or '),
          priority: statement.priority ?? priorityOf(threat),
          threats: own([threat.id, ...(statement.threats ?? [])]),
          components: statement.assets ?? threat.assets,
          scan: scans.includes('now') ? 'now' : (scans[0] ?? 'later'),
        };
      }),
    )
    .sort((a, b) => PRIORITIES.indexOf(b.priority) - PRIORITIES.indexOf(a.priority));
}

function priorityOf(threat: Threat): Priority {
  return threat.severity === 'info' ? 'low' : threat.severity;
}

/** A native model as its file holds it: times are text such as `365d`. */
export function plainModel(model: ThreatModel): unknown {
  return {
    ...model,
    ...(model.claims === undefined ? {} : { claims: model.claims.map(plainTimes) }),
    threats: model.threats.map((threat) => ({ ...threat, needs: threat.needs.map(plainTimes), claims: threat.claims.map(plainTimes) })),
  };
}

/** A need or claim with its times as text. */
export function plainTimes(one: Partial<Pick<NeedStatement, 'retain' | 'searchable' | 'within'>>): Record<string, unknown> {
  const times = (['retain', 'searchable', 'within'] as const).flatMap((key) =>
    one[key] === undefined ? [] : [[key, timeText(one[key])] as const],
  );
  return { ...one, ...Object.fromEntries(times) };
}

function timeText(seconds: number): string {
  return seconds % DAY === 0 ? `${seconds / DAY}d` : showDuration(seconds);
}

/** What `loadModels` reads of one file. */
const MOST_BYTES = 5 * 2 ** 20;

/** A native model as YAML that reads as the same model. Threats without needs keep an empty list, so that nothing is derived for them again. */
export function modelYaml(model: ThreatModel): string {
  // Through the shape, so that keys stand in its order whoever wrote them.
  const shaped = ThreatModel.safeParse(plainModel(model));
  if (!shaped.success) {
    const [issue] = shaped.error.issues;
    throw new InputError(`the model does not fit the native format: ${issue?.path.map(String).join('.')}: ${issue?.message}`);
  }
  const text = stringify(plainModel(shaped.data), { lineWidth: 0, aliasDuplicateObjects: false, version: '1.2' });
  if (Buffer.byteLength(text) > MOST_BYTES)
    throw new InputError(
      `the model takes ${(Buffer.byteLength(text) / 2 ** 20).toFixed(1)} MiB in the native format, of which 5 are read; split it`,
    );
  return text;
}
