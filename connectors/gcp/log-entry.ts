import { z } from 'zod';
import { classOf, type Event } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import { own } from '../../src/model/own.ts';
import type { Source } from '../../src/model/source.ts';
import { eventOfEntry, severalIn } from './filter/entry.ts';

/** https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry */
const LogEntry = z.looseObject({
  logName: z.string().max(1024),
  protoPayload: z.record(z.string(), z.unknown()).nullish(),
  jsonPayload: z.record(z.string(), z.unknown()).nullish(),
  textPayload: z.string().nullish(),
});
const Authorizations = z.array(z.looseObject({ permissionType: z.string().optional().catch(undefined) })).catch([]);

/** What a log entry says of itself, in the words of filters. */
export interface EntryEvent {
  /** The log sources whose entry it can be: one, unless several write to its log and it does not tell which. */
  readonly sources: readonly string[];
  /** `card-vault`, `folders/2`, `organizations/1`. */
  readonly account: string;
  readonly label: string;
  readonly fields: Event;
  /** What had to be concluded because the entry does not say it, and what is told of in part. */
  readonly notes: readonly string[];
}

const MAX_DEPTH = 6;

/**
 * Every log entry in a JSON value: an entry, a list of them (`gcloud logging read --format=json`), what `entries.list` answers (`entries`), messages
 * of Pub/Sub as they are pushed and pulled, and events of Eventarc (`data`). Undefined where the value is none of these.
 */
export function findEntries(value: unknown, depth = 0): unknown[] | undefined {
  if (value === null || typeof value !== 'object' || depth > MAX_DEPTH) return undefined;
  if (Array.isArray(value)) {
    const found = value.map((one) => findEntries(one, depth + 1));
    return found.length > 0 && found.every((one) => one !== undefined) ? found.flat() : undefined;
  }
  const object = value as Record<string, unknown>;
  if (['logName', 'protoPayload', 'jsonPayload', 'textPayload'].some((name) => Object.hasOwn(object, name))) return [object];
  for (const list of [object.entries, object.receivedMessages]) if (Array.isArray(list)) return findEntries(list, depth + 1);
  if (typeof object.data === 'string') return findEntries(decoded(object.data), depth + 1);
  return findEntries(object.message ?? object.data, depth + 1);
}

function decoded(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Reads one entry as Google writes it; a text that says what is wrong where it is none. */
export function readLogEntry(value: unknown, sources: Iterable<Source>): EntryEvent | string {
  const read = LogEntry.safeParse(value);
  if (!read.success) {
    const issue = read.error.issues[0];
    return `is not a log entry: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not as expected'}`;
  }
  const [, container = '', log = ''] =
    /^((?:projects|folders|organizations|billingAccounts)\/[^/]+)\/logs\/([^/]+)$/.exec(read.data.logName) ?? [];
  if (container === '') return `is not a log entry: logName: is not projects/PROJECT/logs/LOG but "${read.data.logName.slice(0, 200)}"`;
  const notes: string[] = [];
  // What is left out of JSON has its default.
  const fields: Record<string, string> = { severity: 'DEFAULT', ...eventOfEntry(read.data) };
  const account = accountIn(container, fields, notes);
  if (fields.serviceName === 'k8s.io') Object.assign(fields, ofKubernetes(fields));
  const found = sourcesOf(fields, sources);
  if (found.length === 0) return `is an entry of the log ${named(log)}, which no log source speaks of; \`viewshed sources\` lists them`;
  if (/cloudaudit\.googleapis\.com%2Fdata_access$/i.test(log) && fields.logType === undefined) {
    const said = typesSaid(read.data.protoPayload?.authorizationInfo);
    if (said.length === 1) fields.logType = said[0] as string;
    else if (said.length > 1) notes.push(`it needed permissions of ${said.join(' and ')}; which of them makes it logged is left open`);
  }
  const several = severalIn(read.data).filter((name) => !/^(request|response|metadata)\./.test(name));
  if (several.length > 0) notes.push(`of lists the first member is shown: ${[...several].sort().slice(0, 3).join(', ')}`);
  return {
    sources: found.map((source) => source.id),
    account,
    label: fields.methodName ?? named(log),
    fields,
    notes,
  };
}

/**
 * The request in Kubernetes' own words: `io.k8s.core.v1.pods.exec.create` of `core/v1/namespaces/shop/pods/web/exec` is a create of pods, exec.
 * https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging
 */
function ofKubernetes({ methodName = '', resourceName = '', principalEmail }: Event): Record<string, string> {
  const [, object, below, verb] = /^(?:[\w-]+\.)*?v\d+(?:(?:alpha|beta)\d+)?\.([\w-]+)(?:\.([\w-]+))?\.([a-z]+)$/.exec(methodName) ?? [];
  const namespace = /\/namespaces\/([^/]+)(?:\/|$)/.exec(resourceName)?.[1];
  return {
    ...(verb === undefined ? {} : { verb }),
    ...(object === undefined ? {} : { 'objectRef.resource': object }),
    ...(below === undefined ? {} : { 'objectRef.subresource': below }),
    ...(namespace === undefined ? {} : { 'objectRef.namespace': namespace }),
    ...(principalEmail === undefined ? {} : { 'user.username': principalEmail }),
  };
}

/** A project may be named by its number, where its id is what evidence and sinks speak of. */
function accountIn(container: string, fields: Record<string, string>, notes: string[]): string {
  if (!container.startsWith('projects/')) return container;
  const [name, id] = [container.slice('projects/'.length), fields['resource.labels.project_id']];
  if (!/^\d+$/.test(name) || id === undefined || /^\d+$/.test(id)) return name;
  notes.push(`logName names the project by its number ${name}; resource.labels.project_id says ${id}`);
  fields.logName = `projects/${id}/logs/${(fields.logName ?? '').split('/').at(-1)}`;
  return id;
}

const TYPES = ['ADMIN_READ', 'DATA_READ', 'DATA_WRITE'];

/** Kinds of permissions as newer entries tell them. https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog */
function typesSaid(authorizationInfo: unknown): readonly string[] {
  const said = Authorizations.parse(authorizationInfo).flatMap(({ permissionType }) => permissionType ?? []);
  return TYPES.filter((type) => said.includes(type));
}

/** Logs that several sources write to under one name, told apart by what the entry says. */
const TOLD: Readonly<Record<string, (event: Event) => boolean>> = {
  'gcp.firewall.rules': (event) => !/\/firewallPolicy:/.test(event['rule_details.reference'] ?? ''),
  'gcp.firewall.policy': (event) => !/\/firewall:/.test(event['rule_details.reference'] ?? ''),
  'gcp.dns.query': (event) => event['resource.labels.source_type'] !== 'internet',
  'gcp.cloudsql.postgres': (event) => !/mysql/i.test(event['request.@type'] ?? ''),
  'gcp.cloudsql.mysql': (event) => !/pgaudit/i.test(event['request.@type'] ?? ''),
};

/** The sources of which all that always holds also holds of the entry; of these the ones that say most. */
function sourcesOf(event: Event, sources: Iterable<Source>): readonly Source[] {
  let best: Source[] = [];
  let most = 0;
  for (const source of sources) {
    if (!/^(gcp|k8s\.gke|workspace)\./.test(source.id) || source.carries) continue;
    const said = saidOf(source, event);
    if (said === 0 || said < most || own(TOLD, source.id)?.(event) === false) continue;
    best = said > most ? [source] : [...best, source];
    most = said;
  }
  // What can hold one of few values alone tells sources apart that the rest does not.
  const fitting = best.filter((source) =>
    Object.entries(source.fields).every(
      ([name, { values, closed }]) => !closed || event[name] === undefined || values?.includes(event[name]),
    ),
  );
  return fitting.length > 0 ? fitting : best;
}

/** Of a source that writes to logs of any name it has to be told by the kind of resource. */
const BY_LOG = 100;

/** How many of the source's conditions the entry shows; none where it contradicts one. The kind of permission is not shown by entries. */
function saidOf(source: Source, event: Event): number {
  const always = classOf(source.always);
  const log = source.always.logName;
  const byLog = log !== undefined && (log.equals !== undefined || ('endsWith' in log && log.endsWith !== undefined));
  const types = source.always['resource.type']?.equals ?? source.fields['resource.type']?.values ?? [];
  if (!always || (!byLog && !types.includes(event['resource.type'] ?? ''))) return 0;
  let count = byLog ? BY_LOG : 1;
  for (const [name, values] of always) {
    if (event[name] === undefined && name === 'logType') continue;
    if (!strings.has(values, event[name] ?? '')) return 0;
    count++;
  }
  return count;
}

/** `cloudaudit.googleapis.com%2Factivity` as people read it. */
function named(log: string): string {
  try {
    return decodeURIComponent(log);
  } catch {
    return log;
  }
}
