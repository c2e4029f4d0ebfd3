import type { KnownEvents, Source } from '../model/source.ts';
import { classOf, type Event, type EventClass, intersect, intersectClasses, merge, NOTHING, type Selector } from './classes.ts';
import type { Strings } from './strings.ts';
import * as strings from './strings.ts';
import { type Hints, TOGETHER } from './witness.ts';

/** What known events of one kind carry: the class of that kind, and per event source the names by what their kind field holds. */
interface Kind {
  readonly within: EventClass;
  readonly services: ReadonlyMap<string, Names>;
}

/** Names by the value of the kind field: `true` for the reads of a trail. */
type Names = ReadonlyMap<string, readonly string[]>;

const NO_FIELDS = { service: 'eventSource', name: 'eventName', kind: 'readOnly' };

function fieldsOf(known: KnownEvents | undefined): KnownEvents['fields'] {
  return known?.fields ?? NO_FIELDS;
}

function namesOf(names: Names): string[] {
  return [...new Set([...names.values()].flat())];
}

/**
 * The events that can happen in a source: what holds of all of its records, the values of its closed fields, and what is known of its named
 * events. A known read is never a write; for names and event sources that are not known every combination stays possible.
 */
export function universeOf(source: Source, known: KnownEvents | undefined): Selector {
  const base = baseOf(source);
  if (!base) return NOTHING;
  const kinds = kindsOf(base, known);
  const fields = fieldsOf(known);
  if (kinds.length === 0) return [base];
  const placed = placedNames(known);
  return kinds.flatMap(({ within, services }) => {
    const classes: EventClass[] = [];
    const add = (fields: readonly (readonly [string, Strings])[]): void => {
      const one = intersectClasses(within, new Map(fields));
      if (one) classes.push(one);
    };
    for (const [service, names] of services) {
      const eventSource = [fields.service, strings.equalTo([service])] as const;
      for (const [kind, some] of names) {
        if (some.length > 0) add([eventSource, [fields.name, strings.equalTo(some)], [fields.kind, strings.equalTo([kind])]]);
      }
      const own = [...namesOf(names), ...Object.values(known?.events[service]?.kinds ?? {}).flat()].filter(
        (name) => !placed.names.has(name),
      );
      const rest = own.length === 0 ? placed.rest : strings.minus(placed.rest, strings.equalTo([...new Set(own)]));
      add([eventSource, [fields.name, rest]]);
    }
    const others = placed.names.size > 0 ? [[fields.name, placed.rest] as const] : [];
    add([...(services.size > 0 ? [[fields.service, strings.complement(strings.equalTo([...services.keys()]))] as const] : []), ...others]);
    return classes;
  });
}

/** Names that tell their service (`storage.objects.get`), and all that is none of them, however it is spelled. */
interface Placed {
  readonly names: ReadonlySet<string>;
  readonly rest: Strings;
}

const NONE_PLACED: Placed = { names: new Set(), rest: strings.ALL_STRINGS };
const placedIn = new WeakMap<KnownEvents, Placed>();

/** No other service has a name that tells its own, and no kind that it is not known for. */
function placedNames(known: KnownEvents | undefined): Placed {
  if (!known) return NONE_PLACED;
  let placed = placedIn.get(known);
  if (!placed) {
    const all = Object.values(known.events).flatMap(({ kinds }) => Object.values(kinds).flat());
    const names = new Set(all.filter((name) => name.split('.').length > 2));
    placed = names.size === 0 ? NONE_PLACED : { names, rest: strings.complement(strings.equalIgnoringCase([...names])) };
    placedIn.set(known, placed);
  }
  return placed;
}

/** Of these events, those that can happen. */
export function narrow(where: Selector, universe: Selector): Selector {
  return merge(intersect(where, universe));
}

/**
 * Event names mean the events of the services that are known to have them: a class that lists names and leaves the event source open is
 * limited to these, name by name. Names that no service is known for stay as they are.
 */
export function interpret(selector: Selector, source: Source, known: KnownEvents | undefined): Selector {
  const base = baseOf(source);
  const kinds = base ? kindsOf(base, known) : [];
  if (kinds.length === 0) return selector;
  const field = fieldsOf(known);
  return selector.flatMap((one) => {
    const named = one.get(field.name);
    const names = named && strings.members(named);
    const from = one.get(field.service);
    const listed = from && strings.members(from);
    // One service with its names is said plainly; of several with several, each name belongs to the ones that are known for it.
    if (!names || (from && (!listed || listed.length < 2))) return [one];
    const possible = kinds.filter((kind) => intersectClasses(one, kind.within) !== undefined);
    const groups = new Map<string, { services: string[]; names: string[] }>();
    for (const name of names) {
      const services = [
        ...new Set(
          possible.flatMap((kind) =>
            [...kind.services].filter(([, some]) => [...some.values()].some((list) => list.includes(name))).map(([service]) => service),
          ),
        ),
      ]
        .filter((service) => !listed || listed.includes(service))
        .sort();
      const key = JSON.stringify(services);
      const group = groups.get(key) ?? { services, names: [] };
      group.names.push(name);
      groups.set(key, group);
    }
    return [...groups.values()].map((group): EventClass => {
      const fields = new Map(one).set(field.name, strings.equalTo(group.names));
      return group.services.length > 0 ? fields.set(field.service, strings.equalTo(group.services)) : fields;
    });
  });
}

/** The names in a selector that are known, and only as events of another kind than the source's, with what they are. */
export function foreignNames(selector: Selector, source: Source, known: KnownEvents | undefined): ReadonlyMap<string, string> {
  const base = baseOf(source);
  const category = base && strings.members(base.get('eventCategory') ?? strings.ALL_STRINGS)?.join();
  const foreign = new Map<string, string>();
  const { kind, name: field } = fieldsOf(known);
  const told = category === 'Management' || category === 'Data' || base?.get(kind) !== undefined;
  if (!base || !known || !told) return foreign;
  const own = new Set(kindsOf(base, known).flatMap((one) => [...one.services.values()].flatMap(namesOf)));
  const wanted = new Set(selector.flatMap((one) => strings.members(one.get(field) ?? strings.ALL_STRINGS) ?? []));
  for (const [service, { read, write, data, kinds }] of Object.entries(known.events)) {
    for (const [what, names] of [
      ...Object.entries(kinds).map(([value, some]) => [`one of ${service} with ${kind} ${value}`, some] as const),
      [`a management event of ${service}`, [...read, ...write]],
      ...Object.entries(data).map(([type, some]) => [`a data event on ${type}`, [...some.read, ...some.write]] as const),
    ] as const) {
      for (const name of names) if (wanted.has(name) && !own.has(name) && !foreign.has(name)) foreign.set(name, what);
    }
  }
  return foreign;
}

/**
 * Values for witnesses: the known events of the selector, those of the services and names that the source's own fields give first, then
 * those of services with many known events, changes before reads, but data reads before changes. Then other names that the selector lists,
 * and the values and examples of the source's fields.
 */
export function knownNames(source: Source, known: KnownEvents | undefined, selector: Selector): Hints {
  const hints = new Map<string, Set<string>>();
  const add = (field: string, values: readonly string[]): void => {
    const all = hints.get(field) ?? new Set();
    for (const value of values) all.add(value);
    if (all.size > 0) hints.set(field, all);
  };
  const given = Object.entries(source.fields).map(
    ([field, { values, example }]) => [field, [...(example === undefined ? [] : [example]), ...(values ?? [])]] as const,
  );
  const place = (field: string): ((value: string) => number) => {
    const order = new Map((given.find(([name]) => name === field)?.[1] ?? []).map((value, index) => [value, index]));
    return (value) => order.get(value) ?? order.size;
  };
  const field = fieldsOf(known);
  const [service, name] = [place(field.service), place(field.name)];
  const events: Event[] = [];
  const base = baseOf(source);
  for (const { within, services } of base ? kindsOf(base, known) : []) {
    const inService = byService(
      selector.filter((one) => intersectClasses(one, within) !== undefined),
      field.service,
    );
    const types = strings.members(within.get('resources.type') ?? strings.ALL_STRINGS);
    const size = (names: Names) => [...names.values()].reduce((sum, some) => sum + some.length, 0);
    for (const [eventSource, names] of [...services].sort(([a, one], [b, other]) => service(a) - service(b) || size(other) - size(one))) {
      const here = inService(eventSource);
      const some = ([kind, list]: readonly [string, readonly string[]]): Event[] => {
        const fit = here
          .filter((one) => strings.has(one.get(field.kind) ?? strings.ALL_STRINGS, kind))
          .map((one) => one.get(field.name) ?? strings.ALL_STRINGS);
        const possible = fit.length === 0 ? [] : list.filter((each) => fit.some((values) => strings.has(values, each)));
        return possible.map((eventName) => ({
          [field.service]: eventSource,
          [field.name]: eventName,
          [field.kind]: kind,
          ...(types?.length === 1 ? { 'resources.type': types[0] as string } : {}),
        }));
      };
      const found = (types ? [...names] : [...names].reverse()).flatMap(some);
      events.push(...found.sort((a, b) => name(a[field.name] as string) - name(b[field.name] as string)));
    }
  }
  for (const event of events) for (const each of [field.service, field.name]) add(each, [event[each] as string]);
  add(
    field.name,
    strings.members(
      strings.unionAll(selector.flatMap((one) => one.get(field.name) ?? []).filter((values) => strings.members(values) !== undefined)),
    ) ?? [],
  );
  for (const [each, values] of given) add(each, values);
  return {
    ...Object.fromEntries([...hints].map(([field, values]) => [field, [...values]])),
    ...(events.length > 0 ? { [TOGETHER]: events } : {}),
  };
}

/** The classes with events of a service. Those that list their services are looked up, the others asked. */
function byService(classes: readonly EventClass[], field: string): (service: string) => readonly EventClass[] {
  const listed = new Map<string, EventClass[]>();
  const open: [Strings, EventClass][] = [];
  for (const one of classes) {
    const services = one.get(field) ?? strings.ALL_STRINGS;
    const names = strings.members(services);
    if (!names) open.push([services, one]);
    else for (const name of names) listed.set(name, [...(listed.get(name) ?? []), one]);
  }
  return (service) => [
    ...(listed.get(service) ?? []),
    ...open.filter(([services]) => strings.has(services, service)).map(([, one]) => one),
  ];
}

function baseOf(source: Source): EventClass | undefined {
  const always = classOf(source.always);
  const closed = Object.entries(source.fields).filter(([, field]) => field.closed && field.values);
  return always && intersectClasses(always, new Map(closed.map(([field, { values }]) => [field, strings.equalTo(values ?? [])])));
}

/**
 * The kinds of events in a source: those of each resource type, where the source has events on resources of listed types, else all of its
 * events as one. Nothing where nothing is known of them.
 */
function kindsOf(base: EventClass, known: KnownEvents | undefined): Kind[] {
  if (!known) return [];
  const fields = fieldsOf(known);
  const open = base.get(fields.service) ?? strings.ALL_STRINGS;
  const kinds = base.get(fields.kind) ?? strings.ALL_STRINGS;
  const services = Object.entries(known.events).filter(([service]) => strings.has(open, service));
  const types = base.get('resources.type');
  if (!types) {
    const named = services.map(([service, one]) => {
      const all = [...readsAndWrites(one), ...Object.entries(one.kinds)];
      // Names of another kind stay out: they are no events of this source.
      return [service, new Map(all.filter(([kind, names]) => names.length > 0 && strings.has(kinds, kind)))] as const;
    });
    return [{ within: base, services: new Map(named.filter(([, names]) => names.size > 0)) }];
  }
  const ofType = (type: string) =>
    services.flatMap(([service, { data }]) =>
      Object.hasOwn(data, type) ? [[service, new Map(readsAndWrites(data[type] as { read: string[]; write: string[] }))] as const] : [],
    );
  const all = strings.members(types) ?? services.flatMap(([, { data }]) => Object.keys(data)).filter((type) => strings.has(types, type));
  const named = [...new Set(all)].map((type) => ({ type, services: ofType(type) })).filter((one) => one.services.length > 0);
  const rest = strings.minus(types, strings.equalTo(named.map((one) => one.type)));
  return [
    ...named.map(
      (one): Kind => ({ within: new Map(base).set('resources.type', strings.equalTo([one.type])), services: new Map(one.services) }),
    ),
    ...(strings.isNone(rest) ? [] : [{ within: new Map(base).set('resources.type', rest), services: new Map() }]),
  ];
}

function readsAndWrites({ read, write }: { readonly read: string[]; readonly write: string[] }): [string, string[]][] {
  return [
    ['true', read],
    ['false', write],
  ];
}
