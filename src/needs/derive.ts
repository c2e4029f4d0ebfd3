import { createHash } from 'node:crypto';
import { DAY } from '../model/duration.ts';
import type { Stride, StrideCell, Vendor, Want } from '../model/knowledge.ts';
import type { At } from '../model/scope.ts';
import type { Basis, DataFlow, ModelThreat, Origin, SystemModel } from '../model/system-model.ts';
import {
  type NeedStatement,
  PRIORITIES,
  type Priority,
  type Reason,
  type Threat,
  type ThreatModel,
  TIERS,
  type Tier,
} from '../model/threat-model.ts';
import type { Where } from '../model/where.ts';
import { canonical } from '../store/view.ts';
import { eventsNamed } from './compile.ts';
import { type ResolvedClaim, resolveClaims } from './derive/claims.ts';
import { keepingOf, profileOf, type Stated } from './derive/keeping.ts';
import { EXPOSED, priorityOf, strongest, threatPriority, type Weight, weightOf } from './derive/priority.ts';
import type { DerivationReport, DerivedNeed, Listed } from './derive/report.ts';
import { quoteOf, type Resolved, resolve, vendorIn, vendorsOf } from './derive/resolve.ts';
import { strideOfWords } from './derive/stride.ts';
import { detectionOf, techniquesOf } from './derive/techniques.ts';
import type { Knowledge } from './knowledge.ts';
import type { Overlay } from './overlay.ts';
import type { Rules } from './rules.ts';

export interface DeriveOptions {
  /** Id of a retention profile; it goes before the overlay's. */
  readonly retention?: string;
  readonly overlay?: Overlay;
  /** Whose logs come into question, where the model does not tell. */
  readonly providers?: readonly Vendor[];
  /** Only for these threats; left out: all of them. */
  readonly threats?: ReadonlySet<string>;
}

export interface Derived {
  readonly model: ThreatModel;
  readonly report: DerivationReport;
}

type Wanted = Pick<Want, 'events' | 'source' | 'note'> & { readonly where?: Where | undefined };

/** Something that one rule asks for: one want, or several that stand in for each other. */
interface Candidate {
  readonly wants: readonly Wanted[];
  readonly per: 'resource' | 'account';
  readonly attribution: boolean;
  readonly component?: Resolved;
  readonly threat?: ModelThreat;
  /** Where it stands if no threat of the model asks for it. */
  readonly host: Host;
  readonly reason: Reason;
  readonly priority: Priority;
  readonly stated?: Stated;
  readonly fields?: readonly string[];
  readonly detection?: string;
}

interface Host {
  readonly id: string;
  readonly title: string;
  readonly stride: readonly Stride[];
}

/**
 * The log sources that a threat model needs, with all reasons. Pure. Rules unite and never cut each other down; what was not understood is
 * listed in the report and counted.
 */
export function derive(model: SystemModel, knowledge: Knowledge, rules: Rules, options: DeriveOptions = {}): Derived {
  const desk = deskOf(model, knowledge, rules, options);
  const threats = model.threats.filter((one) => options.threats === undefined || options.threats.has(one.id));
  const lists = listsOf();
  const candidates = [
    ...fromAnnotations(desk),
    ...fromClaims(desk),
    ...threats.flatMap((threat) => fromThreat(desk, threat, lists)),
    ...fromWorth(desk),
    ...fromPlaces(desk),
    ...fromLogStores(desk, lists),
  ].filter((one) => !droppedBy(desk, one, lists));
  const merged = merge(desk, weighed(desk, candidates));
  return assemble(desk, merged, lists, threats);
}

/** A baseline is of whole logs: one that threats ask parts of weighs as much as they do. */
function weighed(desk: Desk, candidates: readonly Candidate[]): Candidate[] {
  const bySource = new Map<string, Priority>();
  for (const one of candidates) {
    if (one.reason.tier === 'baseline' || one.per !== 'account') continue;
    const source = sourceOf(desk, one.wants[0] as Wanted);
    bySource.set(source, strongest([one.priority, ...(bySource.has(source) ? [bySource.get(source) as Priority] : [])]) ?? one.priority);
  }
  return candidates.map((one) => {
    const asked = one.reason.tier === 'baseline' ? bySource.get(sourceOf(desk, one.wants[0] as Wanted)) : undefined;
    return asked === undefined ? one : { ...one, priority: strongest([one.priority, asked]) ?? one.priority };
  });
}

const MOST_PAIRS = 300_000;

interface Desk {
  readonly model: SystemModel;
  readonly knowledge: Knowledge;
  readonly rules: Rules;
  readonly options: DeriveOptions;
  readonly resolved: readonly Resolved[];
  readonly byId: ReadonlyMap<string, Resolved>;
  readonly inScope: readonly Resolved[];
  readonly vendors: ReadonlySet<Vendor>;
  /** By the components at their ends. */
  readonly flows: ReadonlyMap<string, readonly DataFlow[]>;
  /** Whether threats that name no component are taken to touch all of them: not where that would be more pairs than anybody can use. */
  readonly spread: boolean;
  /** Whether the model has parts, and what each of them is is known for certain. */
  readonly complete: boolean;
  /** Whether the model has a Kubernetes cluster, whoever runs it. */
  clusters(): boolean;
  readonly claims: readonly ResolvedClaim[];
  readonly weights: ReadonlyMap<string, Weight>;
}

function deskOf(model: SystemModel, knowledge: Knowledge, rules: Rules, options: DeriveOptions): Desk {
  const resolved = resolve(model, knowledge, options.overlay);
  const vendors = vendorsOf(model, resolved);
  for (const one of options.providers ?? options.overlay?.providers ?? []) vendors.add(one);
  for (const one of model.platforms) {
    const vendor = vendorIn(one.value);
    if (vendor) vendors.add(vendor);
  }
  const isCluster = (type: string): boolean =>
    knowledge.cells.some(
      (cell) => cell.types.includes(type) && cell.wants.some((want) => (want.source ?? want.events ?? '').startsWith('k8s.')),
    );
  // Asked for by few models, and the table is long.
  let known: boolean | undefined;
  const clusters = (): boolean =>
    (known ??=
      vendors.has('kubernetes') ||
      model.platforms.some((one) => /^(?:containers|kubernetes)$/i.test(one.value)) ||
      resolved.some((one) => one.excluded === undefined && one.type && isCluster(one.type.id)));
  const flows = new Map<string, DataFlow[]>();
  for (const flow of model.flows) {
    for (const end of new Set([flow.from, flow.to])) {
      const ends = flows.get(end);
      if (ends) ends.push(flow);
      else flows.set(end, [flow]);
    }
  }
  const data = new Map(model.dataAssets.map((one) => [one.id, one]));
  return {
    model,
    knowledge,
    rules,
    options,
    resolved,
    byId: new Map(resolved.map((one) => [one.component.id, one])),
    inScope: resolved.filter((one) => one.excluded === undefined),
    vendors,
    flows,
    spread: model.threats.reduce((pairs, one) => pairs + (one.components.length || resolved.length), 0) <= MOST_PAIRS,
    complete:
      resolved.some((one) => one.excluded === undefined && isPart({ resolved: one })) &&
      resolved.every((one) => one.excluded !== undefined || (one.type !== undefined && one.or.length === 0)),
    clusters,
    claims: resolveClaims(model, resolved, vendors, knowledge, rules),
    weights: new Map(resolved.map((one) => [one.component.id, weightOf(one.component, data, flows.get(one.component.id) ?? [])])),
  };
}

type Lists = {
  -readonly [K in
    | 'unobservable'
    | 'silent'
    | 'notApplicable'
    | 'unknownTechniques'
    | 'renamedTechniques'
    | 'attribution'
    | 'logStores'
    | 'dropped']: DerivationReport[K][number][];
};

function listsOf(): Lists {
  return {
    unobservable: [],
    silent: [],
    notApplicable: [],
    unknownTechniques: [],
    renamedTechniques: [],
    attribution: [],
    logStores: [],
    dropped: [],
  };
}

const WANTED_HOST: Host = { id: 'viewshed.wanted-logs', title: 'Logs that the model or its owners ask for', stride: [] };
const CLAIMED_HOST: Host = { id: 'viewshed.claimed-logs', title: 'Logs that the model counts on', stride: [] };
const PLACE_HOST: Host = { id: 'viewshed.where-it-stands', title: 'What follows from where the parts of the system stand', stride: [] };
const STORE_HOST: Host = {
  id: 'viewshed.log-stores',
  title: 'The logs themselves are read, changed or removed',
  stride: ['tampering', 'repudiation'],
};

/** Tier of an explicit word: annotations in the model, and what its overlay asks for. */
function fromAnnotations(desk: Desk): Candidate[] {
  const { model, knowledge, rules, options } = desk;
  const threats = new Map(model.threats.map((one) => [one.id, one]));
  const annotated = model.annotations.flatMap((one): Candidate[] => {
    const id = one.source.value.trim();
    const known = eventsNamed(id, rules) !== undefined || knowledge.catalogue.has(id);
    const found = known ? [id] : [...new Set(knowledge.claimsIn(id).flatMap((claim) => claim.value.sources))];
    const days = one.retain === undefined ? undefined : secondsIn(one.retain.value, knowledge);
    const component = one.on === undefined ? undefined : desk.byId.get(one.on);
    const threat = one.on === undefined ? undefined : threats.get(one.on);
    return found.map((source) => ({
      wants: [{ events: source }],
      per: 'resource',
      attribution: false,
      ...(component ? { component } : {}),
      ...(threat ? { threat } : {}),
      host: WANTED_HOST,
      reason: reasonOf(desk, 'annotation', known ? 'annotation' : 'annotation/words', known ? 1 : 0.9, one.source, 'the model asks for it'),
      priority: threat ? threatPriority(threat, strideWords(threat)) : 'high',
      ...(days === undefined
        ? {}
        : { stated: { seconds: days, from: 'model', why: `the model says ${one.retain?.value}`, claimed: false } }),
    }));
  });
  const required = (options.overlay?.requires ?? []).flatMap((one): Candidate[] => {
    const component = one.component === undefined ? undefined : desk.byId.get(one.component);
    if (one.component !== undefined && !component) return [];
    const threat = one.threat === undefined ? undefined : threats.get(one.threat);
    if (one.threat !== undefined && !threat) return [];
    const setting = component && options.overlay?.component(component.component);
    const retain = one.retain ?? setting?.retain;
    const file = options.overlay?.file ?? '';
    return [
      {
        wants: [one.want],
        per: 'resource',
        attribution: false,
        ...(component ? { component } : {}),
        ...(threat ? { threat } : {}),
        host: WANTED_HOST,
        reason: {
          rule: 'overlay',
          tier: 'annotation',
          basis: 'stated',
          confidence: 1,
          because: one.why ?? 'the overlay asks for it',
          at: `${file}#${one.pointer}`,
        },
        priority: threat ? threatPriority(threat, strideWords(threat)) : 'high',
        ...(retain === undefined
          ? {}
          : {
              stated: {
                seconds: retain,
                ...((one.searchable ?? setting?.searchable) === undefined ? {} : { searchable: one.searchable ?? setting?.searchable }),
                from: 'overlay' as const,
                why: `the overlay says ${retain / DAY} days`,
                claimed: false,
              },
            }),
      },
    ];
  });
  return [...annotated, ...required];
}

/** `365d`, `one year`, `1 year of retention` in seconds. */
function secondsIn(words: string, knowledge: Knowledge): number | undefined {
  const plain = /^\s*(\d{1,6})\s*([dwy])\s*$/i.exec(words);
  if (plain) return Number(plain[1]) * DAY * ({ d: 1, w: 7, y: 365 }[(plain[2] as string).toLowerCase()] ?? 1);
  const days = (knowledge.retentionIn(words)[0] ?? knowledge.retentionIn(`kept for ${words}`)[0])?.value.days;
  return days === undefined ? undefined : days * DAY;
}

/** What a mitigation names is needed, and claimed. Scores of what a team can see, and what is taken for granted, are claims alone. */
function fromClaims(desk: Desk): Candidate[] {
  const threats = new Map(desk.model.threats.map((one) => [one.id, one]));
  return desk.claims.flatMap((one): Candidate[] => {
    const { claim } = one;
    if (one.vague || claim.quality || claim.holds === 'assumed') return [];
    const wanted = desk.options.threats;
    if (wanted && (claim.threats.length === 0 ? wanted.size === 0 : !claim.threats.some((id) => wanted.has(id)))) return [];
    const beside = claim.threats.flatMap((id) => threats.get(id) ?? []).filter((threat) => threat.status?.value.is !== 'not-applicable');
    if (claim.threats.length > 0 && beside.length === 0) return [];
    return one.sources.flatMap(({ id, component, means }): Candidate[] => {
      if (component?.excluded !== undefined) return [];
      const weight = component && desk.weights.get(component.component.id);
      return (beside.length > 0 ? beside : [undefined]).map((threat) => ({
        wants: [{ events: id }],
        per: component ? 'resource' : 'account',
        attribution: false,
        ...(component ? { component } : {}),
        ...(threat ? { threat } : {}),
        host: CLAIMED_HOST,
        reason: reasonOf(
          desk,
          'mitigation',
          `claim/${means?.id ?? 'words'}`,
          0.9,
          { ...claim.text, basis: 'mapped' },
          `the model names it as a ${claim.holds === 'done' ? 'measure that is in place' : 'measure that is planned'}`,
          threat,
        ),
        priority: priorityOf(
          threat ? threatPriority(threat, strideWords(threat)) : 'medium',
          weight,
          threat?.status?.value.is === 'mitigated',
        ),
        ...(one.days === undefined
          ? {}
          : {
              stated: {
                seconds: one.days * DAY,
                from: 'model' as const,
                why: `the model says that it is kept ${one.days} days`,
                claimed: true,
              },
            }),
      }));
    });
  });
}

function strideWords(threat: ModelThreat): string[] {
  return [...new Set(threat.stride.map((one) => one.value))];
}

/** Words of what a log gives away to its readers. */
const LEAKS = [
  /\b(?:sensitive|personal|secrets?|credentials?|passwords?|tokens?|pii|customer data|keys?)\b[^.]{0,60}\b(?:in|into|within|by|to|from) (?:[\w-]+ ){0,5}logs?\b(?! ?(?:-?in|-?on)\b)/i,
  /\b(?:access|reads?|reading|views?|obtains?) (?:to )?(?:[\w-]+ ){0,6}logs\b[^.]{0,60}\b(?:sensitive|personal|secrets?|credentials?|passwords?|tokens?|pii)\b/i,
];

/** The logs that the given parts write: those of the model that are logs themselves, else where each provider keeps what its services write. */
function logsOf(desk: Desk, parts: readonly Resolved[]): { readonly name: string; readonly pointer: string; readonly store?: Resolved }[] {
  const stores = desk.inScope.filter(isLogStore);
  const near = parts.filter(isLogStore);
  const found = near.length > 0 ? near : stores;
  if (found.length > 0)
    return found.map((store) => ({ name: store.component.name.value, pointer: store.origin.pointer, ...(store.type ? { store } : {}) }));
  return parts.flatMap((part) => {
    const name = `Logs of ${part.component.name.value}`;
    const type =
      part.type && [...desk.knowledge.types.values()].find((one) => one.vendor === part.type?.vendor && one.roles.join() === 'log-store');
    return [{ name, pointer: part.origin.pointer, ...(type ? { store: { ...part, type, or: [], at: {} } } : {}) }];
  });
}

/** The kinds of a threat, and what each rests on. */
interface Kind {
  readonly stride: Stride;
  readonly origin: Origin & { readonly value?: unknown };
  readonly tier: Tier;
  readonly rule: string;
  readonly confidence: number;
}

function kindsOf(
  desk: Desk,
  threat: ModelThreat,
): { readonly kinds: readonly Kind[]; readonly everything: boolean; readonly secrets: boolean } {
  const kinds = new Map<Stride, Kind>();
  for (const one of threat.stride) {
    const stride = one.value as Stride;
    if (!kinds.has(stride))
      kinds.set(stride, { stride, origin: one, tier: 'component', rule: 'component', confidence: one.basis === 'inferred' ? 0.6 : 1 });
  }
  let everything = false;
  let secrets = false;
  for (const which of ['capec', 'cwe'] as const) {
    for (const one of threat[which]) {
      const weakness = desk.knowledge.weakness(which, one.value);
      if (!weakness) continue;
      if (weakness.special === 'secrets-in-logs') secrets = true;
      else if (weakness.special) everything = true;
      for (const stride of weakness.stride) {
        if (kinds.has(stride)) continue;
        kinds.set(stride, {
          stride,
          origin: { ...one, quote: `${which.toUpperCase()}-${one.value} ${weakness.name}` },
          tier: 'weakness',
          rule: `${which}-${one.value}`,
          confidence: 0.5,
        });
      }
    }
  }
  const words = `${threat.title.value} ${threat.text?.value ?? ''}`.slice(0, 4000);
  if (LEAKS.some((one) => one.test(words))) secrets = true;
  if (kinds.size === 0 && threat.attack.length === 0 && threat.events.length === 0) {
    for (const { stride, word } of strideOfWords(words))
      kinds.set(stride, {
        stride,
        origin: { ...threat.title, basis: 'inferred', quote: word },
        tier: 'component',
        rule: 'words',
        confidence: 0.5,
      });
  }
  return { kinds: [...kinds.values()], everything, secrets };
}

function fromThreat(desk: Desk, threat: ModelThreat, lists: Lists): Candidate[] {
  const all = candidatesOf(desk, threat, lists);
  if (threat.status?.value.is !== 'not-applicable') return all;
  lists.notApplicable.push({
    ...listed(desk, threat.id, threat.title.value, `the model says ${threat.status.value.words}`, threat.status),
    needs: all.length,
  });
  return [];
}

function candidatesOf(desk: Desk, threat: ModelThreat, lists: Lists): Candidate[] {
  const { knowledge, model } = desk;
  const title = threat.title.value;
  const mitigated = threat.status?.value.is === 'mitigated';
  const why: string[] = [];

  const techniques = techniquesOf(threat, model, knowledge);
  for (const one of techniques.unknown)
    lists.unknownTechniques.push(
      listed(desk, threat.id, one.value, `not a technique of ATT&CK ${knowledge.attackRelease} that cloud logs are known to show`, one),
    );
  for (const one of [...techniques.wanted, ...techniques.elsewhere])
    if (one.was !== undefined)
      lists.renamedTechniques.push(
        listed(desk, threat.id, one.was, `is ${one.id} (${one.name}) in ATT&CK ${knowledge.attackRelease}`, one.said),
      );

  const touched = threat.components.flatMap((one) => {
    const resolved = desk.byId.get(one.value);
    return resolved ? [{ resolved, origin: one }] : [];
  });
  const scoped = touched.filter(({ resolved }) => resolved.excluded === undefined);
  const assumed = threat.components.length === 0;
  const components = assumed
    ? (desk.spread ? desk.inScope : [])
        .map((resolved) => ({ resolved, origin: { pointer: threat.title.pointer, basis: 'assumed' as Basis } }))
        .filter(isPart)
    : scoped.filter(({ resolved, origin }) => origin.basis !== 'assumed' || (desk.spread && isPart({ resolved })));
  const base = { threat, host: WANTED_HOST };
  const ofEvents = fromEvents(desk, threat, mitigated, why, lists);
  // A rule that names its events says more than the technique it is filed under.
  const ofTechniques = (ofEvents.length > 0 ? [] : techniques.wanted).flatMap((technique): Candidate[] => {
    if (technique.wants.length === 0)
      why.push(`${technique.id} shows in ${technique.beyond.join(', ') || 'no log'} alone, which no cloud log stands for`);
    return grouped(technique.wants.filter((want) => comesIn(desk, want))).flatMap((wants): Candidate[] => {
      const per = wants[0]?.per ?? 'resource';
      const on = per === 'account' ? [] : components.filter(({ resolved }) => wants.some((want) => locatedOn(desk, want, resolved)));
      // Where every part of the system is known, logs of kinds of parts that it has none of show nothing.
      if (per === 'resource' && on.length === 0 && desk.complete && wants.every((want) => isOfParts(desk, want))) return [];
      const part = wants[0]?.part;
      return (on.length > 0 ? on : [undefined]).map((one) => {
        const weight = one && desk.weights.get(one.resolved.component.id);
        return {
          ...base,
          wants,
          per: one ? 'resource' : 'account',
          attribution: false,
          ...(one ? { component: one.resolved } : {}),
          reason: reasonOf(
            desk,
            'technique',
            `attack/${technique.id}${part && part !== technique.id ? `/${part}` : ''}`,
            technique.confidence,
            { ...technique.said, basis: 'mapped' },
            `what shows ${technique.name}${technique.was === undefined ? '' : `, which was ${technique.was}`}`,
            threat,
            [`ATT&CK ${technique.id}`],
          ),
          priority: priorityOf(threatPriority(threat, strideWords(threat)), weight, mitigated),
          detection: `ATT&CK analytics of ${technique.id} (${technique.name})`,
        };
      });
    });
  });

  const unseen = knowledge.unobservableIn(`${title}. ${threat.text?.value ?? ''}`);
  if (unseen) {
    lists.unobservable.push({
      ...listed(desk, threat.id, title, unseen.value.why, { ...threat.title, quote: unseen.word }),
      instead: unseen.value.instead,
    });
    return [...ofTechniques, ...ofEvents];
  }

  const { kinds, everything, secrets } = kindsOf(desk, threat);
  const cells: Candidate[] = [];
  const nothing = new Set<string>();
  for (const { resolved, origin } of components) {
    const { type } = resolved;
    if (!type) continue;
    const strides: readonly Kind[] = everything ? allKinds(threat) : kinds;
    for (const kind of strides) {
      // What a log gives away is answered by who reads it, never by logging more.
      if (secrets && kind.stride === 'information-disclosure') continue;
      const cell = knowledge.cell(type.id, kind.stride);
      if (!cell || cell.nothing) {
        nothing.add(`${type.name}: ${cell?.basis ?? `nothing is known to show ${kind.stride}`}`);
        continue;
      }
      cells.push(...fromCell(desk, cell, resolved, kind, threat, origin.basis === 'assumed' ? 0.5 : 1, mitigated));
    }
  }
  if (secrets) {
    const logs = logsOf(
      desk,
      components.map(({ resolved }) => resolved),
    );
    for (const { name, pointer, store } of logs) {
      lists.logStores.push(
        listed(desk, threat.id, name, `"${title}": who reads this log, what may be written to it, how long it is kept`, {
          ...threat.title,
          pointer,
        }),
      );
      const cell = store && knowledge.cell(store.type?.id ?? '', 'information-disclosure');
      const kind = kinds.find((one) => one.stride === 'information-disclosure');
      if (cell && kind) cells.push(...fromCell(desk, cell, store, { ...kind, rule: 'secrets-in-logs' }, threat, 1, mitigated));
    }
  }
  const answering = attributed(desk, threat, cells, lists);
  const found = [...ofTechniques, ...ofEvents, ...answering];
  if (found.length === 0 && !lists.unobservable.some((one) => one.id === threat.id)) {
    for (const one of techniques.elsewhere) why.push(`${one.id} is not of the platforms that the model names`);
    if (techniques.unknown.length > 0) why.push(`unknown technique ${techniques.unknown.map((one) => one.value).join(', ')}`);
    if (secrets) why.push('it asks something of a log, not for one');
    else if (kinds.length === 0 && threat.attack.length + threat.events.length === 0)
      why.push('nothing tells what kind of threat it is (no STRIDE, ATT&CK, CAPEC or CWE)');
    else if (!desk.spread && components.length === 0) why.push('it names no component, and the model has too many to take all of them');
    else if (!assumed && scoped.length === 0) why.push('the components that it touches are out of scope or not in the model');
    else if (components.every(({ resolved }) => !resolved.type)) why.push('it is not known what its components are');
    else if (techniques.wanted.length > 0 && desk.vendors.size === 0)
      why.push('the model names no provider; say which with `providers` in an overlay');
    why.push(...nothing);
    lists.silent.push(listed(desk, threat.id, title, [...new Set(why)].slice(0, 5).join('; ') || 'no rule speaks of it', threat.title));
  }
  return found;
}

/** The exact events that a detection rule or a service's own model names. */
function fromEvents(desk: Desk, threat: ModelThreat, mitigated: boolean, why: string[], lists: Lists): Candidate[] {
  const { knowledge, rules } = desk;
  const title = threat.title.value;
  const all = threat.events.flatMap((one): Candidate[] => {
    if (one.value.unlogged !== undefined) {
      lists.unobservable.push(listed(desk, threat.id, title, one.value.unlogged, one));
      return [];
    }
    const { wants, known } = detectionOf(one.value, knowledge, rules);
    if (wants.length === 0) {
      const words = Object.values(one.value.logSource).join(' ');
      why.push(known ? `${words} holds no such events` : `the log source ${words || 'it reads'} is not known`);
    }
    return wants.map(({ source, where, fields }) => ({
      threat,
      host: WANTED_HOST,
      wants: [{ source, ...(Object.keys(where).length === 0 ? {} : { where }) }],
      per: 'account',
      attribution: false,
      reason: reasonOf(
        desk,
        'detection',
        `detection/${Object.values(one.value.logSource).join('/')}`,
        0.95,
        { ...one, basis: 'mapped' },
        'a detection reads these events',
        threat,
      ),
      priority: priorityOf(threatPriority(threat, strideWords(threat)), undefined, mitigated),
      ...(fields.length === 0 ? {} : { fields }),
      detection: title,
    }));
  });
  return byNames(all);
}

/** Events of one threat that differ in their names alone are one want for all of the names. */
function byNames(all: readonly Candidate[]): Candidate[] {
  const groups = new Map<string, Candidate[]>();
  for (const one of all) {
    const { source, where } = one.wants[0] as Wanted;
    const names = where?.eventName?.equals;
    const key = canonical([source, { ...where, eventName: names ? Object.keys(where?.eventName ?? {}) : where?.eventName }]);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group as [Candidate];
    const want = first.wants[0] as Wanted;
    const names = [...new Set(group.flatMap((one) => one.wants[0]?.where?.eventName?.equals ?? []))].sort();
    if (names.length === 0) return group;
    // Beyond what a condition holds, all of the source is asked.
    const where = names.length > 1000 ? undefined : { ...want.where, eventName: { equals: names } };
    return group.map((one) => ({ ...one, wants: [{ ...want, where }] }));
  });
}

/** The account itself is where a system stands: a threat that names no part of it is no threat to the account, for which the baseline speaks. */
function isPart({ resolved }: { readonly resolved: Resolved }): boolean {
  return resolved.type?.roles.includes('account') !== true;
}

const STRIDES: readonly Stride[] = [
  'spoofing',
  'tampering',
  'repudiation',
  'information-disclosure',
  'denial-of-service',
  'elevation-of-privilege',
];

/** Where logging itself is what is missing, all that the component has is wanted. */
function allKinds(threat: ModelThreat): Kind[] {
  const origin = threat.cwe[0] ?? threat.capec[0] ?? threat.title;
  return STRIDES.map((stride) => ({ stride, origin, tier: 'weakness', rule: 'insufficient-logging', confidence: 0.5 }));
}

function fromCell(
  desk: Desk,
  cell: StrideCell,
  resolved: Resolved,
  kind: Kind,
  threat: ModelThreat,
  certainty: number,
  mitigated: boolean,
  context = false,
): Candidate[] {
  const type = resolved.type?.id ?? '';
  const wants = cell.wants.filter(
    (want) => want.vendor === undefined || want.vendor === resolved.vendor || want.vendor === resolved.type?.vendor,
  );
  const byUser = kind.stride === 'repudiation' && ofEndUser(threat);
  return grouped(wants).map((group) => ({
    wants: group,
    per: group[0]?.per ?? 'resource',
    attribution: byUser && group.some((want) => want.attribution === 'caller'),
    component: resolved,
    threat,
    host: WANTED_HOST,
    reason: reasonOf(
      desk,
      kind.tier,
      `${kind.rule}/${type}/${kind.stride}`,
      round(Math.min(resolved.confidence, kind.confidence) * certainty),
      {
        pointer: kind.origin.pointer,
        basis: kind.origin.basis === 'inferred' || resolved.origin.basis === 'inferred' ? 'inferred' : 'mapped',
        quote: `${quoteOf(kind.origin).quote ?? kind.stride}: ${threat.title.value}`,
      },
      cell.basis,
      threat,
      citesOf(desk, cell.cites),
    ),
    priority: priorityOf(threatPriority(threat, [kind.stride]), desk.weights.get(resolved.component.id), mitigated, context),
  }));
}

/**
 * A threat of a user who denies something is answered by records that name the user. Those that name a service alone do not count where
 * others do; where none does they stay, marked as not answering.
 */
function attributed(desk: Desk, threat: ModelThreat, cells: readonly Candidate[], lists: Lists): Candidate[] {
  const asking = cells.filter((one) => one.attribution);
  if (asking.length === 0) return [...cells];
  const unmet = asking.filter((one) => identityOf(desk, one) === 'not');
  // Who signed in is half of who did it, also where the sign-in stands in the model for context only.
  const signIns = desk.resolved
    .filter(
      ({ type, component }) =>
        type?.roles.includes('identity-provider') && !cells.some((one) => one.component?.component.id === component.id),
    )
    .flatMap((resolved): Candidate[] => {
      const cell = resolved.type && desk.knowledge.cell(resolved.type.id, 'repudiation');
      if (!cell || resolved.component.kind === 'actor' || !(resolved.excluded === undefined || resolved.component.inScope.value === false))
        return [];
      const origin = { ...(threat.stride.find((one) => one.value === 'repudiation') ?? threat.title) };
      const kind: Kind = { stride: 'repudiation', origin, tier: 'component', rule: 'attribution', confidence: 0.6 };
      return fromCell(desk, cell, resolved, kind, threat, 1, threat.status?.value.is === 'mitigated', true).filter(
        (one) => identityOf(desk, one) !== 'not',
      );
    });
  const met = [...asking, ...signIns].filter((one) => identityOf(desk, one) !== 'not');
  for (const one of unmet) {
    const source = sourceOf(desk, one.wants[0] as Wanted);
    const instead = [...new Set(met.map((other) => nameOf(desk, sourceOf(desk, other.wants[0] as Wanted))))];
    const note = desk.rules.sources.get(source)?.identityNote;
    lists.attribution.push(
      listed(
        desk,
        threat.id,
        source,
        `its records name ${identityWord(desk, source)}, not the user who acts${note ? ` (${note})` : ''}; ${instead.length > 0 ? `asked instead: ${instead.join(', ')}` : 'nothing else that is known does'}`,
        threat.title,
      ),
    );
  }
  const kept = met.length > 0 ? cells.filter((one) => !unmet.includes(one)) : cells;
  return [...kept, ...signIns];
}

/** Whether the records name the user who acts: those of a store name whom it was asked by, which is the application unless users reach it themselves. */
function identityOf(desk: Desk, one: Candidate): 'met' | 'not' | 'unknown' {
  const roles = one.component?.type?.roles ?? [];
  const behind = roles.some((role) => BEHIND.has(role)) && !reachedByUsers(desk, one.component);
  const each = one.wants.map((want) => {
    const identity = identityOfSource(desk, sourceOf(desk, want));
    if (identity === 'caller') return behind ? 'not' : 'met';
    // What an application writes itself names its users where it was made to.
    if (identity === undefined || (identity === 'service' && roles.includes('compute'))) return 'unknown';
    return 'not';
  });
  return (['met', 'unknown', 'not'] as const).find((is) => each.includes(is)) ?? 'unknown';
}

const BEHIND: ReadonlySet<string> = new Set(['data-store', 'secret-store', 'queue']);

function reachedByUsers(desk: Desk, component: Resolved | undefined): boolean {
  const id = component?.component.id;
  return (desk.flows.get(id ?? '') ?? []).some((flow) => flow.to === id && desk.byId.get(flow.from)?.component.kind === 'actor');
}

function identityOfSource(desk: Desk, id: string): 'caller' | 'service' | 'none' | undefined {
  return (desk.rules.sources.get(id) ?? desk.knowledge.catalogue.get(id))?.identity;
}

function identityWord(desk: Desk, id: string): string {
  const identity = identityOfSource(desk, id);
  if (identity === 'none') return 'nobody';
  return identity === 'caller' ? 'the role by which the application comes' : 'the service';
}

/** Words of somebody who uses the system and denies it. */
const USER =
  /\b(?:users?|customers?|clients?|members?|citizens?|patients?|buyers?|sellers?|players?|students?|tenants?|subscribers?|visitors?|consumers?|holders?|disput\w+|den(?:y|ies|ied|ying)|claims? (?:that )?(?:they|he|she) did not)\b/i;
const PRINCIPAL =
  /\b(?:IAM|admin(?:istrator)?s?|operators?|developers?|insiders?|employees?|privileged|root|engineers?|principals?|service account|maintainers?)\b/i;

function ofEndUser(threat: ModelThreat): boolean {
  const words = `${threat.title.value} ${threat.text?.value ?? ''}`;
  return USER.test(words) && !PRINCIPAL.test(words);
}

const WORTH_HOST: Host = { id: 'viewshed.worth', title: 'What is valuable is used, changed or taken', stride: ['repudiation'] };

/**
 * Components that hold what is valuable, whatever threats the model lists for them: who used them is wanted to be known. Formats with ratings
 * often list threats for few components, and some have no threat of repudiation at all.
 */
function fromWorth(desk: Desk): Candidate[] {
  if (desk.options.threats !== undefined && desk.options.threats.size === 0) return [];
  return desk.inScope.flatMap((resolved): Candidate[] => {
    const { component, type } = resolved;
    const weight = desk.weights.get(component.id);
    const worth = weight?.raised.filter((one) => one !== EXPOSED) ?? [];
    const cell = type && worth.length > 0 ? desk.knowledge.cell(type.id, 'repudiation') : undefined;
    if (!cell) return [];
    const rated = component.confidentiality ?? component.storesCredentials ?? component.name;
    return grouped(
      cell.wants.filter((want) => want.vendor === undefined || want.vendor === resolved.vendor || want.vendor === type?.vendor),
    ).map((wants) => ({
      wants,
      per: wants[0]?.per ?? 'resource',
      attribution: false,
      component: resolved,
      host: WORTH_HOST,
      reason: reasonOf(
        desk,
        'component',
        `worth/${type?.id ?? ''}`,
        round(resolved.confidence * 0.7),
        { pointer: rated.pointer, basis: 'inferred', quote: `${component.name.value}: ${worth.join(', ')}` },
        `${cell.basis} It ${worth.join(', ')}, so who used it has to be known.`,
        undefined,
        citesOf(desk, cell.cites),
      ),
      priority: priorityOf('medium', weight, false),
    }));
  });
}

/** Rules about where components stand, and the baseline of each provider. */
function fromPlaces(desk: Desk): Candidate[] {
  if (desk.options.threats !== undefined && desk.options.threats.size === 0) return [];
  return desk.knowledge.places.flatMap((rule): Candidate[] => {
    const wantsFor = (vendor: Vendor | undefined, own: Vendor | undefined) =>
      rule.wants.filter((want) => {
        const of = want.vendor ?? rule.vendor ?? vendorOfSource(desk, sourceOf(desk, want));
        return of === undefined || of === vendor || of === own || of === 'any';
      });
    if (rule.when === 'account') {
      return [...desk.vendors].flatMap((vendor) => {
        if (rule.vendor !== undefined && rule.vendor !== vendor) return [];
        const origin: Origin = { pointer: '', basis: 'assumed' };
        return grouped(wantsFor(vendor, undefined)).map(
          (wants): Candidate => ({
            wants,
            per: 'account',
            attribution: false,
            host: {
              id: `viewshed.baseline-${vendor}`,
              title: `Baseline of every ${VENDOR_NAMES[vendor] ?? vendor} account, not from the model`,
              stride: [],
            },
            reason: reasonOf(desk, 'baseline', rule.id, 1, origin, rule.basis, undefined, citesOf(desk, rule.cites)),
            priority: 'medium',
          }),
        );
      });
    }
    const { when } = rule;
    return [...desk.inScope, ...networksOf(desk)].flatMap((resolved): Candidate[] => {
      const { type, vendor, component } = resolved;
      if (!type) return [];
      if (rule.types && !rule.types.includes(type.id)) return [];
      if (rule.roles && !rule.roles.some((role) => type.roles.includes(role) || (role === 'log-store' && isLogStore(resolved)))) return [];
      if (rule.vendor !== undefined && rule.vendor !== vendor && rule.vendor !== type.vendor) return [];
      const because = standing(desk, resolved, when);
      if (!because) return [];
      return grouped(wantsFor(vendor, type.vendor)).map((wants) => ({
        wants,
        // A network that is a boundary of the model is no part of it that could be bound to one resource.
        per: desk.byId.has(component.id) ? (wants[0]?.per ?? 'resource') : 'account',
        attribution: false,
        component: resolved,
        host: PLACE_HOST,
        reason: reasonOf(desk, 'place', rule.id, 0.7, { ...because, basis: 'mapped' }, rule.basis, undefined, citesOf(desk, rule.cites)),
        priority: priorityOf('medium', desk.weights.get(component.id), false),
      }));
    });
  });
}

/** Boundaries that are networks of a cloud, the outermost of each. */
function networksOf(desk: Desk): Resolved[] {
  const byId = new Map(desk.model.boundaries.map((one) => [one.id, one]));
  return desk.model.boundaries.flatMap((one): Resolved[] => {
    const vendor = vendorIn(one.provider?.value);
    const words = `${one.nativeType?.value ?? ''} ${one.name.value}`;
    const above = one.parent === undefined ? undefined : byId.get(one.parent);
    if (!vendor || !/network|vpc\b|vnet\b|subnet/i.test(words) || (above && vendorIn(above.provider?.value) === vendor)) return [];
    const id = desk.knowledge.types.get('kind.network')?.resolves?.[vendor]?.[0];
    const type = id === undefined ? undefined : desk.knowledge.types.get(id);
    if (!type) return [];
    const origin: Origin = { pointer: one.name.pointer, basis: 'mapped', quote: one.name.value };
    return [
      {
        component: {
          id: `boundary ${one.id}`,
          name: one.name,
          kind: 'other',
          boundaries: [],
          tags: [],
          inScope: { value: true, pointer: one.name.pointer, basis: 'assumed' },
          stores: [],
          handles: [],
        },
        vendor,
        type,
        or: [],
        how: 'type',
        confidence: 0.7,
        origin,
        at: {},
      },
    ];
  });
}

const VENDOR_NAMES: Readonly<Record<string, string>> = {
  aws: 'AWS',
  gcp: 'Google Cloud',
  azure: 'Azure',
  kubernetes: 'Kubernetes',
  saas: 'SaaS',
};

function standing(
  desk: Desk,
  resolved: Resolved,
  when: 'internet-entry' | 'internet-exit' | 'boundary-crossing' | 'present',
): Origin | undefined {
  const { component } = resolved;
  if (when === 'present') return resolved.origin;
  if (when === 'internet-entry' && component.internetFacing?.value) return component.internetFacing;
  for (const flow of desk.flows.get(component.id) ?? []) {
    const [near, far] = flow.to === component.id ? [flow.to, flow.from] : [flow.from, flow.to];
    if (near !== component.id) continue;
    const other = desk.byId.get(far);
    const incoming = flow.to === component.id;
    const origin: Origin = {
      pointer: flow.name?.pointer ?? component.name.pointer,
      basis: 'mapped',
      quote: `${other?.component.name.value ?? far} ${incoming ? 'to' : 'from'} ${component.name.value}`,
    };
    const outside = flow.public?.value === true || (other && (other.component.kind === 'actor' || other.component.kind === 'external'));
    if (when === 'internet-entry' && incoming && outside) return origin;
    if (when === 'internet-exit' && !incoming && outside) return origin;
    if (when !== 'boundary-crossing') continue;
    if (flow.crosses?.value === true) return origin;
    const [here, there] = [component.boundaries[0], other?.component.boundaries[0]];
    if (flow.crosses === undefined && here !== undefined && there !== undefined && here !== there) return origin;
  }
  return undefined;
}

function isLogStore({ component, type }: Resolved): boolean {
  return component.logStore?.value === true || type?.roles.includes('log-store') === true;
}

/** Stores of logs: who reads, changes or removes what is in them. */
function fromLogStores(desk: Desk, lists: Lists): Candidate[] {
  if (desk.options.threats !== undefined && desk.options.threats.size === 0) return [];
  return desk.inScope.filter(isLogStore).flatMap((resolved): Candidate[] => {
    const { component, type } = resolved;
    lists.logStores.push(
      listed(
        desk,
        component.id,
        component.name.value,
        'it holds logs: nobody may change or shorten them (immutability), and removing them has to be noticed',
        component.logStore ?? resolved.origin,
      ),
    );
    if (!type) return [];
    const origin = component.logStore ?? resolved.origin;
    const cells = (['tampering', 'information-disclosure', 'denial-of-service'] as const).flatMap(
      (stride) => desk.knowledge.cell(type.id, stride) ?? [],
    );
    const tampered = desk.knowledge.technique('T1685.002');
    const known = new Set(cells.flatMap((cell) => cell.wants.map((want) => sourceOf(desk, want))));
    // Of what shows tampering with logs anywhere, that of the store's own provider; one class for each of its logs is enough.
    const beside = (tampered?.technique.wants ?? []).filter((want) => {
      const source = sourceOf(desk, want);
      return vendorOfSource(desk, source) === type.vendor && !known.has(source) && known.add(source);
    });
    const wants = [...cells.flatMap((cell) => cell.wants), ...beside];
    return grouped(wants).map((group) => ({
      wants: group,
      per: group[0]?.per ?? 'resource',
      attribution: false,
      component: resolved,
      host: STORE_HOST,
      reason: reasonOf(
        desk,
        'log-store',
        `log-store/${type.id}`,
        round(resolved.confidence),
        { ...origin, basis: 'mapped' },
        'the model keeps logs here, and a log is worth what protects it',
        undefined,
        [...new Set(cells.flatMap((cell) => citesOf(desk, cell.cites)))],
      ),
      priority: priorityOf('high', desk.weights.get(component.id), false),
    }));
  });
}

/** Wants of one group stand in for each other. */
function grouped<T extends Want>(wants: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const [index, want] of wants.entries()) {
    const key = want.group === undefined ? `#${index}` : `${want.group}|${want.per}`;
    const group = groups.get(key);
    if (group) group.push(want);
    else groups.set(key, [want]);
  }
  return [...groups.values()];
}

function sourceOf(desk: Desk, want: Wanted): string {
  return want.source ?? eventsNamed(want.events ?? '', desk.rules)?.source ?? want.events ?? '';
}

function nameOf(desk: Desk, source: string): string {
  return (desk.rules.sources.get(source) ?? desk.knowledge.catalogue.get(source))?.name ?? source;
}

function vendorOfSource(desk: Desk, id: string): Vendor | undefined {
  const source = desk.rules.sources.get(id);
  return desk.knowledge.catalogue.get(id)?.vendor ?? (source && vendorIn(source.provider));
}

/** Whether the model has anything of the vendor whose log it is. A model that names none leaves all of them open. */
function comesIn(desk: Desk, want: Want): boolean {
  const source = sourceOf(desk, want);
  const vendor = want.vendor ?? vendorOfSource(desk, source);
  if (vendor === undefined || vendor === 'any') return true;
  if (desk.vendors.size === 0)
    return vendor !== 'saas' && (vendor !== 'kubernetes' || desk.clusters() || desk.model.platforms.length === 0);
  if (vendor === 'saas') return desk.inScope.some((one) => one.type && source.split('.')[0] === one.type.id.split('.')[0]);
  if (vendor !== 'kubernetes') return desk.vendors.has(vendor);
  const cloud = CLOUD_OF_CLUSTER.find(([prefix]) => source.startsWith(prefix))?.[1];
  return desk.clusters() && (cloud === undefined ? desk.vendors.has('kubernetes') : desk.vendors.has(cloud));
}

const CLOUD_OF_CLUSTER: readonly (readonly [string, Vendor])[] = [
  ['k8s.eks.', 'aws'],
  ['k8s.gke.', 'gcp'],
  ['k8s.aks.', 'azure'],
];

/** Whether the resource that owns these events is what the component is. */
function locatedOn(desk: Desk, want: Wanted, { type }: Resolved): boolean {
  if (!type) return false;
  const owner = desk.rules.sources.get(sourceOf(desk, want))?.resource?.type;
  if (owner !== undefined) return owner === type.id || owner === type.locates;
  const id = sourceOf(desk, want);
  return desk.knowledge.cells.some(
    (cell) => cell.types.includes(type.id) && cell.wants.some((one) => one.per === 'resource' && sourceOf(desk, one) === id),
  );
}

/** Whether each of these logs is of one resource of the system, such as a table, rather than of an account or network around it. */
function isOfParts(desk: Desk, want: Wanted): boolean {
  const type = desk.rules.sources.get(sourceOf(desk, want))?.resource?.type;
  return (
    type !== undefined &&
    [...desk.knowledge.types.values()].some((one) => (one.locates ?? one.id) === type && one.roles.includes('data-store'))
  );
}

function citesOf(desk: Desk, names: readonly string[]): string[] {
  return names.map((name) => desk.knowledge.references.get(name)?.url ?? name).slice(0, 50);
}

function reasonOf(
  desk: Desk,
  tier: Tier,
  rule: string,
  confidence: number,
  origin: Origin & { readonly value?: unknown },
  because: string,
  threat?: ModelThreat,
  cites: readonly string[] = [],
): Reason {
  return {
    rule: cut(rule, 256),
    tier,
    basis: origin.basis,
    confidence,
    because: cut(because, 4000),
    ...(threat ? { threat: idOf(threat.id) } : {}),
    ...quoteOf(origin),
    ...(tier === 'baseline' ? {} : { at: cut(`${desk.model.file}#${origin.pointer}`, 4096) }),
    ...(cites.length === 0 ? {} : { cites: cites.map((one) => cut(one, 2048)) }),
  };
}

function listed(desk: Desk, id: string, name: string, why: string, origin: Origin & { readonly value?: unknown }): Listed {
  return { id: idOf(id), name: cut(name, 4000), why: cut(why, 4000), at: `${desk.model.file}#${origin.pointer}`, ...quoteOf(origin) };
}

function droppedBy(desk: Desk, candidate: Candidate, lists: Lists): boolean {
  const drop = desk.options.overlay?.drop.find((one) => {
    const named = candidate.wants.some((want) => want.events === one.need || want.source === one.need || sourceOf(desk, want) === one.need);
    return (
      named &&
      (one.component === undefined || candidate.component?.component.id === one.component) &&
      (one.threat === undefined || candidate.threat?.id === one.threat)
    );
  });
  if (!drop) return false;
  const at = `${desk.options.overlay?.file ?? ''}#${drop.pointer}`;
  if (!lists.dropped.some((one) => one.at === at)) lists.dropped.push({ id: drop.need, name: drop.need, why: drop.why, at });
  return true;
}

interface Merged {
  readonly id: string;
  readonly candidate: Candidate;
  readonly all: Candidate[];
  readonly at: At;
  readonly assets: string[];
}

/** Equal events at an equal place are one need: its reasons unite. */
function merge(desk: Desk, candidates: readonly Candidate[]): Merged[] {
  const merged = new Map<string, Merged>();
  for (const candidate of candidates) {
    const at = atOf(desk, candidate);
    const asset = candidate.per === 'resource' ? candidate.component?.component.id : undefined;
    const short = candidate.attribution && identityOf(desk, candidate) === 'not';
    const asked = candidate.wants.map(({ events, source, where }) => ({ events, source, where: where ?? {} }));
    const key = canonical([asked, at, asset === undefined ? 'anywhere' : 'asset', short]);
    const known = merged.get(key);
    if (known) {
      known.all.push(candidate);
      if (asset !== undefined && !known.assets.includes(asset)) known.assets.push(asset);
    } else {
      const first = candidate.wants[0] as Wanted;
      const id = `${cut(first.events ?? first.source ?? 'need', 100)}-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
      merged.set(key, { id, candidate, all: [candidate], at, assets: asset === undefined ? [] : [asset] });
    }
  }
  return [...merged.values()];
}

/** The place of a need; an asset adds its own resource, account and region. */
function atOf(desk: Desk, candidate: Candidate): At {
  const provider = clouds(desk, candidate);
  const own = candidate.component?.at ?? {};
  if (candidate.per === 'resource' && candidate.component) return provider === undefined || provider === own.provider ? {} : { provider };
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(own.account === undefined || own.provider !== provider ? {} : { account: own.account }),
  };
}

function clouds(desk: Desk, candidate: Candidate): At['provider'] {
  const vendors = new Set(candidate.wants.map((want) => vendorOfSource(desk, sourceOf(desk, want))));
  const [vendor] = vendors;
  return vendors.size === 1 && (vendor === 'aws' || vendor === 'gcp' || vendor === 'azure') ? vendor : undefined;
}

/** A need of hundreds of findings is as well founded by the first of them. */
const MOST_REASONS = 100;

function statementOf(desk: Desk, merged: Merged): NeedStatement {
  const { all, assets, at, id } = merged;
  const wants = merged.candidate.wants.map(({ events, source, where }): { events?: string; source?: string; where?: Want['where'] } => ({
    ...(events === undefined ? {} : { events }),
    ...(source === undefined ? {} : { source }),
    ...(where === undefined ? {} : { where }),
  }));
  const { options, knowledge } = desk;
  const profile = options.retention ?? options.overlay?.retention;
  const tags = new Set(all.flatMap((one) => [...(one.component ? (desk.weights.get(one.component.component.id)?.tags ?? []) : [])]));
  const settings = assets.flatMap((asset) => {
    const resolved = desk.byId.get(asset);
    return (resolved && options.overlay?.component(resolved.component)) ?? [];
  });
  const stated = [
    ...all.flatMap((one) => one.stated ?? []),
    ...settings.flatMap((one): Stated[] =>
      one.retain === undefined
        ? []
        : [
            {
              seconds: one.retain,
              ...(one.searchable === undefined ? {} : { searchable: one.searchable }),
              from: 'overlay',
              why: `the overlay says ${one.retain / DAY} days`,
              claimed: false,
            },
          ],
    ),
  ];
  const keeping = keepingOf(
    stated,
    profile === undefined ? undefined : profileOf(profile, knowledge),
    tags,
    knowledge,
    options.retention === undefined ? 'overlay' : 'profile',
  );
  const disputed = all.some((one) => one.reason.rule.endsWith('/repudiation'));
  const reasons = [...new Map(all.map((one) => [canonical([one.reason]), one.reason])).values()].sort(
    (a, b) => TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) || b.confidence - a.confidence,
  );
  const first = merged.candidate.wants[0] as Wanted;
  const verify = verificationOf(desk, first);
  const detection = [...new Set(all.flatMap((one) => one.detection ?? []))].map((one) => cut(one, 512)).slice(0, 200);
  const fields = [...new Set(all.flatMap((one) => one.fields ?? []))].slice(0, 200);
  const asking = all.filter((one) => one.attribution);
  const identity = asking[0] && identityOf(desk, asking[0]);
  const note = [
    ...new Set(all.flatMap((one) => one.wants.flatMap((want) => want.note ?? []))),
    ...(reasons.length > MOST_REASONS ? [`${reasons.length - MOST_REASONS} more reasons are left out here.`] : []),
  ].join(' ');
  const source = sourceOf(desk, first);
  return {
    id,
    ...(wants.length === 1 ? wants[0] : { anyOf: wants }),
    ...(Object.keys(at).length === 0 ? {} : { at }),
    ...(keeping.retain === undefined ? {} : { retain: keeping.retain }),
    ...(keeping.searchable === undefined ? {} : { searchable: keeping.searchable }),
    ...(fields.length === 0 ? {} : { fields: fields.map((one) => cut(one, 128)) }),
    assets: assets.map(idOf),
    priority: strongest(all.map((one) => one.priority)) ?? 'medium',
    keeps: disputed
      ? { ...keeping.keeps, why: `${keeping.keeps.why}; it settles disputes, so keep it as long as one may arise` }
      : keeping.keeps,
    ...(identity === undefined
      ? {}
      : {
          attribution: {
            asks: 'caller' as const,
            ...(identity === 'unknown' ? {} : { met: identity === 'met' }),
            ...(identity === 'not'
              ? { why: `records of ${nameOf(desk, source)} name ${identityWord(desk, source)}, not the user who acts` }
              : {}),
          },
        }),
    reasons: reasons.slice(0, MOST_REASONS),
    verify,
    ...(detection.length === 0 ? {} : { detection }),
    ...(note === '' ? {} : { note: cut(note, 4000) }),
  };
}

/** The harmless action of the table; where the need is of a part of a source, one of that part. */
function verificationOf(desk: Desk, want: Wanted): NonNullable<NeedStatement['verify']> {
  const found = desk.knowledge.verification(want);
  if (found && (found.events !== undefined || want.where === undefined))
    return { action: found.action, ...(found.command === undefined ? {} : { command: found.command }), expect: found.expect };
  const values = Object.entries(want.where ?? {}).flatMap(([field, { equals, startsWith }]) => {
    const some = equals ?? startsWith;
    return some ? [`${field} ${some.slice(0, 3).join(' or ')}`] : [];
  });
  return {
    action: `Do one harmless thing that is recorded here${values.length > 0 ? ` (${values.join(', ')})` : ''}, from a test identity.`,
    expect: `a record of it in ${nameOf(desk, sourceOf(desk, want))}`,
  };
}

function assemble(desk: Desk, merged: readonly Merged[], lists: Lists, derivedFor: readonly ModelThreat[]): Derived {
  const { model } = desk;
  const order = new Map(model.threats.map((one, index) => [one.id, index]));
  const hosted = new Map<string, NeedStatement[]>();
  const hosts = new Map<string, Host>();
  const needs: DerivedNeed[] = [];
  for (const one of merged) {
    const statement = statementOf(desk, one);
    const threats = [...new Set(one.all.flatMap((candidate) => candidate.threat?.id ?? []))].sort(
      (a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0),
    );
    const host = one.all.find((candidate) => candidate.threat?.id === undefined)?.host ?? WANTED_HOST;
    // It stands under the threat that weighs most, and names the others.
    const main = strongestThreat(one.all, order);
    const place = main === undefined ? host.id : idOf(main);
    if (main === undefined) hosts.set(host.id, host);
    const others = threats.filter((id) => id !== main).map(idOf);
    const placed: NeedStatement = others.length === 0 ? statement : { ...statement, threats: others };
    hosted.set(place, [...(hosted.get(place) ?? []), placed]);
    const sources = [...new Set(one.candidate.wants.map((want) => sourceOf(desk, want)))];
    needs.push({
      id: one.id,
      statement: placed,
      sources,
      name: one.candidate.wants
        .map(
          (want) =>
            (want.events === undefined ? undefined : desk.rules.events.get(want.events)?.name) ?? nameOf(desk, sourceOf(desk, want)),
        )
        .join(' or '),
      priority: statement.priority ?? 'medium',
      threats: threats.map(idOf),
      components: statement.assets ?? [],
      scan: scanOf(desk, sources),
    });
  }
  needs.sort(
    (a, b) =>
      PRIORITIES.indexOf(b.priority) - PRIORITIES.indexOf(a.priority) ||
      SCANS.indexOf(a.scan) - SCANS.indexOf(b.scan) ||
      b.threats.length - a.threats.length ||
      (a.id < b.id ? -1 : 1),
  );

  // Strongest first.
  const weights = new Map<string, Priority>();
  for (const need of needs) for (const id of need.threats) if (!weights.has(id)) weights.set(id, need.priority);

  const claims = desk.claims.slice(0, 10_000).map((one) => claimOf(desk, one));
  const assets = desk.resolved
    .filter(({ component }) => component.kind !== 'actor')
    .slice(0, 10_000)
    .map((one) => assetOf(desk, one));
  const known = new Set(assets.map((one) => one.id));
  const taken = new Set<string>();
  const threats = [
    ...model.threats.map((threat): Threat => {
      const id = idOf(threat.id);
      const unseen = lists.unobservable.find((one) => one.id === id);
      return {
        id,
        title: cut(threat.title.value, 4000),
        ...(threat.text === undefined ? {} : { description: cut(threat.text.value, 4000) }),
        stride: STRIDES.filter((one) => strideWords(threat).includes(one)),
        attack: [...new Set(threat.attack.flatMap((one) => desk.knowledge.technique(one.value)?.id ?? []))].slice(0, 100),
        severity: severityOf(threat, weights.get(id)),
        assets: [...new Set(threat.components.map((one) => idOf(one.value)))].filter((one) => known.has(one)).slice(0, 1000),
        needs: hosted.get(id) ?? [],
        claims: [],
        ...(threat.status === undefined ? {} : { status: threat.status.value.is }),
        ...(threat.capec.length === 0 ? {} : { capec: numbers(threat.capec) }),
        ...(threat.cwe.length === 0 ? {} : { cwe: numbers(threat.cwe) }),
        ...(unseen && !hosted.has(id) ? { unobservable: unseen.why } : {}),
      };
    }),
    ...[...hosts.values()].map((host): Threat => {
      const own = hosted.get(host.id) ?? [];
      return {
        id: host.id,
        title: host.title,
        stride: [...host.stride],
        attack: [],
        severity: strongest(own.map((need) => need.priority ?? 'medium')) ?? 'medium',
        assets: [],
        needs: own,
        claims: [],
      };
    }),
  ].filter((threat) => {
    if (taken.has(threat.id)) return false;
    taken.add(threat.id);
    return true;
  });

  const entry = (one: Resolved, why: string): Listed => listed(desk, one.component.id, one.component.name.value, why, one.origin);
  const unresolved = desk.inScope.filter((one) => !one.type);
  const ambiguous = desk.inScope.flatMap((one) =>
    one.type && one.or.length > 0
      ? [
          {
            ...entry(one, `it could also be ${one.or.map((id) => desk.knowledge.types.get(id)?.name ?? id).join(' or ')}`),
            taken: one.type.id,
            or: one.or,
          },
        ]
      : [],
  );
  const short = shortRetention(desk, needs);
  const kept = keptWhereProduced(desk);
  const note = (kind: string) => (one: Listed) => ({
    kind,
    id: cut(one.id, 128),
    name: one.name,
    text: cut(`${one.name}: ${one.why}`, 4000),
    at: one.at,
  });
  const notes = [
    ...model.blindSpots.map((one) => ({ kind: 'blind-spot', text: cut(one.quote ?? one.value, 4000), at: `${model.file}#${one.pointer}` })),
    ...lists.unknownTechniques.map(note('unknown-technique')),
    ...lists.renamedTechniques.map(note('renamed-technique')),
    ...lists.silent.map(note('no-need')),
    ...lists.unobservable.map(note('unobservable')),
    ...lists.notApplicable.map(note('not-applicable')),
    ...lists.attribution.map(note('attribution')),
    ...lists.logStores.map(note('log-store')),
    ...ambiguous.map(note('ambiguous')),
    ...short.map(note('short-retention')),
    ...kept.map(note('kept-where-produced')),
    ...lists.dropped.map(note('dropped')),
    ...model.warnings.map((one) => ({ kind: 'warning', text: cut(one.message, 4000), at: `${model.file}#${one.pointer}` })),
  ]
    .map((one) => ({ ...one, at: cut(one.at, 4096) }))
    .slice(0, 10_000);
  const native: ThreatModel = {
    version: 1,
    system: cut(model.name.value, 4000),
    assets,
    threats,
    ...(claims.length === 0 ? {} : { claims }),
    ...(unresolved.length === 0
      ? {}
      : {
          unresolved: unresolved.map((one) => ({
            id: idOf(one.component.id),
            name: cut(one.component.name.value, 4000),
            why: unresolvedWhy(one),
            at: cut(`${model.file}#${one.origin.pointer}`, 4096),
          })),
        }),
    ...(notes.length === 0 ? {} : { notes }),
    ...(model.format === 'native'
      ? {}
      : {
          importedFrom: {
            format: model.format,
            ...(model.formatVersion === undefined ? {} : { version: cut(model.formatVersion, 64) }),
            file: cut(model.file, 4096),
            sha256: model.sha256,
          },
        }),
  };
  const components = desk.inScope;
  const covered = new Set(needs.flatMap((one) => one.threats));
  return {
    model: native,
    report: {
      system: native.system,
      file: model.file,
      format: model.format,
      vendors: [...desk.vendors].filter((one) => one !== 'any').sort(),
      counts: {
        components: components.length,
        resolved: components.filter((one) => one.type && one.or.length === 0 && one.contradiction === undefined).length,
        threats: derivedFor.length,
        threatsWithNeeds: derivedFor.filter((one) => covered.has(idOf(one.id))).length,
        needs: needs.length,
      },
      needs,
      unresolved: unresolved.map((one) => entry(one, unresolvedWhy(one))),
      ambiguous,
      contradictions: desk.inScope.flatMap((one) => (one.contradiction === undefined ? [] : [entry(one, one.contradiction)])),
      excluded: desk.resolved.flatMap((one) => (one.excluded === undefined ? [] : [entry(one, one.excluded)])),
      ...lists,
      blindSpots: model.blindSpots.map((one) => listed(desk, 'blind-spot', one.value, 'the model says that it does not look there', one)),
      claims,
      shortRetention: short,
      keptWhereProduced: kept,
      warnings: model.warnings.map((one) => ({ id: one.pointer, name: one.pointer, why: one.message, at: `${model.file}#${one.pointer}` })),
    },
  };
}

function unresolvedWhy({ kind, vendor }: Resolved): string {
  const whose = vendor === undefined ? undefined : (VENDOR_NAMES[vendor] ?? vendor);
  if (kind !== undefined) return `${kind}, but ${whose === undefined ? 'nothing tells whose' : `which one of ${whose} is not known`}`;
  return whose === undefined ? 'nothing tells what it is, or whose' : `nothing tells what it is; it stands in ${whose}`;
}

const SCANS = ['now', 'later', 'never'] as const;

function scanOf(desk: Desk, sources: readonly string[]): DerivedNeed['scan'] {
  const all = sources.map((id) => (desk.rules.sources.has(id) ? 'now' : (desk.knowledge.catalogue.get(id)?.scan ?? 'later')));
  return SCANS.find((one) => all.includes(one)) ?? 'later';
}

function strongestThreat(all: readonly Candidate[], order: ReadonlyMap<string, number>): string | undefined {
  const own = all.filter((one) => one.threat);
  return own.sort(
    (a, b) =>
      PRIORITIES.indexOf(b.priority) - PRIORITIES.indexOf(a.priority) ||
      (order.get(a.threat?.id ?? '') ?? 0) - (order.get(b.threat?.id ?? '') ?? 0),
  )[0]?.threat?.id;
}

/** The model's own word; where it has none, that of the weightiest need that it has a part in. */
function severityOf(threat: ModelThreat, weight: Priority | undefined): Threat['severity'] {
  return threat.severity?.value.is ?? weight ?? threatPriority(threat, strideWords(threat));
}

function claimOf(desk: Desk, one: ResolvedClaim): NonNullable<ThreatModel['claims']>[number] {
  const { claim } = one;
  const [first, ...others] = [...new Set(one.sources.map((source) => source.id))];
  const on = [...new Set([...claim.components, ...one.sources.flatMap((source) => source.component?.component.id ?? [])])];
  const assets = on.filter((id) => desk.byId.has(id) && desk.byId.get(id)?.component.kind !== 'actor').map(idOf);
  return {
    text: cut(claim.text.value, 4000),
    ...(first === undefined ? {} : { source: first }),
    ...(others.length === 0 ? {} : { sources: others.slice(0, 50) }),
    holds: claim.holds,
    ...(one.days === undefined ? {} : { retain: one.days * DAY }),
    ...(assets.length === 0 ? {} : { assets: assets.slice(0, 1000) }),
    ...(claim.threats.length === 0 ? {} : { threats: claim.threats.map(idOf).slice(0, 10_000) }),
    ...(one.vague ? { vague: true } : {}),
    ...(claim.quality === undefined ? {} : { quality: cut(claim.quality.value, 256) }),
    ...quoteOf(claim.text),
    at: cut(`${desk.model.file}#${claim.text.pointer}`, 4096),
  };
}

function assetOf(desk: Desk, one: Resolved): ThreatModel['assets'][number] {
  const { component, type, at, excluded } = one;
  const data = [...component.stores, ...component.handles].flatMap((id) => desk.model.dataAssets.find((asset) => asset.id === id) ?? []);
  const rated = [component.confidentiality, ...data.map((asset) => asset.confidentiality)].flatMap((rating) =>
    rating ? [rating.value] : [],
  );
  const words = rated.sort((a, b) => b.level - a.level)[0]?.words;
  const tags = [...(desk.weights.get(component.id)?.tags ?? [])].map((tag) => cut(tag, 64)).slice(0, 50);
  const resource = component.resource?.value;
  return {
    id: idOf(component.id),
    name: cut(component.name.value, 4000),
    ...(words === undefined ? {} : { classification: cut(words, 128) }),
    ...(type === undefined ? {} : { type: type.locates ?? type.id }),
    ...(Object.keys(at).length === 0 ? {} : { at }),
    ...(type === undefined ? {} : { basis: one.origin.basis }),
    ...(one.origin.quote === undefined ? {} : { quote: one.origin.quote }),
    ...(excluded === undefined ? {} : { inScope: false }),
    ...(component.internetFacing === undefined ? {} : { internetFacing: component.internetFacing.value }),
    ...(component.storesCredentials === undefined ? {} : { storesCredentials: component.storesCredentials.value }),
    ...(isLogStore(one) ? { logStore: true } : {}),
    ...(tags.length === 0 ? {} : { data: tags }),
    ...(resource === undefined || resource === at.resource ? {} : { code: cut(resource, 2048) }),
  };
}

/** Times that the model states, against what is asked for the same source; against the default where nothing more is asked. */
function shortRetention(desk: Desk, needs: readonly DerivedNeed[]): DerivationReport['shortRetention'] {
  const profile = desk.options.retention ?? desk.options.overlay?.retention ?? 'default';
  const least = desk.knowledge.retention.get(profile)?.totalDays ?? 0;
  return desk.claims.flatMap((one) => {
    if (one.days === undefined) return [];
    const sources = new Set(one.sources.map((source) => source.id));
    const asked = Math.max(
      least,
      ...needs.filter((need) => need.sources.some((id) => sources.has(id))).map((need) => (need.statement.retain ?? 0) / DAY),
    );
    if (one.days >= asked) return [];
    return [
      {
        ...listed(
          desk,
          [...sources][0] ?? 'claim',
          one.claim.text.value,
          `the model says ${one.days} days, ${asked} are asked (${profile})`,
          one.claim.text,
        ),
        days: one.days,
        asked,
      },
    ];
  });
}

/** A log that is data of the system and kept in nothing but what writes it goes with it. */
function keptWhereProduced(desk: Desk): Listed[] {
  return desk.model.dataAssets.flatMap((data): Listed[] => {
    if (!/\b(?:logs?|audit[ -]?(?:trail|log|record)s?|journal)\b/i.test(data.name.value)) return [];
    const keepers = desk.inScope.filter((one) => one.component.stores.includes(data.id));
    if (keepers.length === 0 || keepers.some((one) => isLogStore(one) || one.type?.roles.includes('monitoring'))) return [];
    const names = keepers.map((one) => one.component.name.value).join(', ');
    return [
      listed(
        desk,
        data.id,
        data.name.value,
        `kept in ${names} alone, where it is produced: what breaks in there removes its own traces`,
        data.name,
      ),
    ];
  });
}

function numbers(said: readonly { readonly value: string }[]): string[] {
  return [...new Set(said.map((one) => one.value).filter((one) => /^\d{1,5}$/.test(one)))].slice(0, 100);
}

/** Ids of a model are of any length; ours are not. */
function idOf(id: string): string {
  if (id.length > 0 && id.length <= 128) return id;
  return `${id.slice(0, 100)}~${createHash('sha256').update(id).digest('hex').slice(0, 12)}`;
}

function cut(words: string, most: number): string {
  return words.length > most ? `${words.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : words;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
