/** How the values of a log entry's field compare. `any`: nothing says what it holds; numbers and booleans stand in events as text. */
export type FieldKind = 'text' | 'number' | 'boolean' | 'severity' | 'time' | 'any' | 'object';

export type Payload = 'proto' | 'json' | 'text';

/** The event field that a path of a log entry speaks of. */
export interface EntryField {
  readonly name: string;
  /** An entry has the field only with this payload. */
  readonly payload?: Payload;
  readonly kind: FieldKind;
  /** A comparison with a field that the entry does not have fails, or goes by its default value, or the documentation does not tell. */
  readonly absent: 'fails' | 'default' | 'open';
  /** It may hold several values, of which an event shows one. */
  readonly many: boolean;
}

type Names = { readonly [name: string]: FieldKind | 'map' };

/** https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry */
const ENTRY: Readonly<Record<string, FieldKind | Names>> = {
  logName: 'text',
  resource: { type: 'text', labels: 'map' },
  timestamp: 'time',
  receiveTimestamp: 'time',
  severity: 'severity',
  insertId: 'text',
  httpRequest: {
    requestMethod: 'text',
    requestUrl: 'text',
    requestSize: 'number',
    status: 'number',
    responseSize: 'number',
    userAgent: 'text',
    remoteIp: 'text',
    serverIp: 'text',
    referer: 'text',
    latency: 'time',
    cacheLookup: 'boolean',
    cacheHit: 'boolean',
    cacheValidatedWithOriginServer: 'boolean',
    cacheFillBytes: 'number',
    protocol: 'text',
  },
  metadata: { systemLabels: 'map', userLabels: 'map' },
  operation: { id: 'text', producer: 'text', first: 'boolean', last: 'boolean' },
  trace: 'text',
  spanId: 'text',
  traceSampled: 'boolean',
  sourceLocation: { file: 'text', line: 'number', function: 'text' },
  split: { uid: 'text', index: 'number', totalSplits: 'number' },
};

/** Fields of an audit log whose kind is known; the provider takes their names in any letter case, with underscores or without. */
const AUDIT: Readonly<Record<string, FieldKind>> = {
  '@type': 'text',
  serviceName: 'text',
  methodName: 'text',
  resourceName: 'text',
  numResponseItems: 'number',
  'status.code': 'number',
  'status.message': 'text',
  'authenticationInfo.principalEmail': 'text',
  'authenticationInfo.principalSubject': 'text',
  'authenticationInfo.authoritySelector': 'text',
  'authenticationInfo.serviceAccountKeyName': 'text',
  'requestMetadata.callerIp': 'text',
  'requestMetadata.callerSuppliedUserAgent': 'text',
  'requestMetadata.callerNetwork': 'text',
  'authorizationInfo.resource': 'text',
  'authorizationInfo.permission': 'text',
  'authorizationInfo.granted': 'boolean',
  'authorizationInfo.permissionType': 'any',
  'serviceData.policyDelta.bindingDeltas.action': 'any',
  'serviceData.policyDelta.bindingDeltas.role': 'text',
  'serviceData.policyDelta.bindingDeltas.member': 'text',
  authenticationInfo: 'object',
  authorizationInfo: 'object',
  policyViolationInfo: 'object',
  requestMetadata: 'object',
  request: 'object',
  response: 'object',
  metadata: 'object',
  serviceData: 'object',
  'serviceData.policyDelta': 'object',
  'serviceData.policyDelta.bindingDeltas': 'object',
  resourceLocation: 'object',
  resourceOriginalState: 'object',
};

/** https://cloud.google.com/vpc/docs/about-flow-logs-records, https://cloud.google.com/firewall/docs/firewall-rules-logging */
const NETWORK: Readonly<Record<string, FieldKind>> = {
  connection: 'object',
  'connection.src_ip': 'text',
  'connection.dest_ip': 'text',
  'connection.src_port': 'number',
  'connection.dest_port': 'number',
  'connection.protocol': 'number',
  reporter: 'text',
  disposition: 'text',
  src_instance: 'object',
  dest_instance: 'object',
  src_vpc: 'object',
  dest_vpc: 'object',
  src_location: 'object',
  dest_location: 'object',
  src_gke_details: 'object',
  dest_gke_details: 'object',
  instance: 'object',
  vpc: 'object',
  remote_instance: 'object',
  remote_location: 'object',
  remote_vpc: 'object',
  rule_details: 'object',
};

/** Lists in audit logs: a comparison holds if it does for one of the members. */
const LISTS: readonly string[] = [
  'authorizationInfo',
  'authenticationInfo.serviceAccountDelegationInfo',
  'policyViolationInfo.orgPolicyViolationInfo.violationInfo',
  'serviceData.policyDelta.bindingDeltas',
  'serviceData.policyDelta.auditConfigDeltas',
  'resourceLocation.currentLocations',
  'resourceLocation.originalLocations',
  'status.details',
  'request.policy.bindings',
  'request.policy.auditConfigs',
  'response.bindings',
  'response.auditConfigs',
  'metadata.event',
];

/** Below these, names are keys of the caller's own data and keep their case. */
const STRUCTS: ReadonlySet<string> = new Set(['request', 'response', 'metadata', 'resourceOriginalState']);

const ENTRY_NAMES = new Map(Object.keys(ENTRY).map((name) => [plain(name), name]));
const AUDIT_PATHS = new Map(Object.keys(AUDIT).map((path) => [plain(path), path]));
const AUDIT_NAMES = new Map(Object.keys(AUDIT).map((path) => [plain(path.split('.')[0] as string), path.split('.')[0] as string]));

/** Event fields that are not a payload's own: a payload field of the same name keeps its prefix. */
const TAKEN = new Set(['resource', 'payload', 'logType', 'principalEmail', 'textPayload', ...Object.keys(ENTRY)]);
const TAKEN_BELOW = Object.entries(ENTRY).flatMap(([root, below]) =>
  typeof below === 'string' ? [] : Object.keys(below).map((name) => `${root}.${name}`),
);

/**
 * The event field for a path of the query language; undefined where a log entry has no such field. `protoPayload` and `jsonPayload` fall
 * away, unless the entry itself has a field of the name.
 * https://cloud.google.com/logging/docs/view/logging-query-language#field_path_identifiers
 */
export function entryFieldOf(names: readonly string[]): EntryField | undefined {
  const [first, ...rest] = names;
  if (first === undefined || names.some((name) => name === '')) return undefined;
  switch (plain(first)) {
    case 'protopayload':
      return rest.length === 0 ? whole('proto') : auditField(rest);
    case 'jsonpayload':
      return rest.length === 0
        ? whole('json')
        : { ...base(payloadFieldOf('json', rest), kindIn(NETWORK, rest.join('.'))), payload: 'json' };
    case 'textpayload':
      return rest.length === 0 ? { name: 'textPayload', payload: 'text', kind: 'text', absent: 'open', many: false } : undefined;
  }
  const root = ENTRY_NAMES.get(plain(first));
  if (root === undefined) return plain(first) === 'labels' ? labelsField('labels', rest, 'fails') : undefined;
  const below = ENTRY[root] as FieldKind | Names;
  if (typeof below === 'string') return rest.length === 0 ? { name: root, kind: below, absent: 'default', many: false } : undefined;
  const [second, ...third] = rest;
  if (second === undefined) return { name: root, kind: 'object', absent: 'open', many: false };
  const name = Object.keys(below).find((one) => plain(one) === plain(second));
  if (name === undefined) return undefined;
  const kind = below[name] as FieldKind | 'map';
  if (kind === 'map') return labelsField(`${root}.${name}`, third, 'open');
  return third.length === 0 ? { name: `${root}.${name}`, kind, absent: 'default', many: false } : undefined;
}

/** Whether a log entry has a field of this name; payloads aside. */
export function isEntryField(name: string): boolean {
  return name === 'textPayload' || name === 'labels' || Object.hasOwn(ENTRY, name);
}

/** The event field of a payload's own field. */
export function payloadFieldOf(payload: 'proto' | 'json', names: readonly string[]): string {
  const path = names.join('.');
  if (payload === 'proto' && path === 'authenticationInfo.principalEmail') return 'principalEmail';
  const taken = TAKEN.has(path) || path.startsWith('labels.') || TAKEN_BELOW.some((one) => path === one || path.startsWith(`${one}.`));
  return taken ? `${payload}Payload.${path}` : path;
}

function auditField(names: readonly string[]): EntryField {
  const known = AUDIT_PATHS.get(plain(names.join('.')));
  const path = known ? known.split('.') : auditPath(names);
  const field = base(payloadFieldOf('proto', path), kindIn(AUDIT, path.join('.')));
  const text = path.join('.');
  return { ...field, payload: 'proto', many: LISTS.some((list) => text === list || text.startsWith(`${list}.`)) };
}

function auditPath(names: readonly string[]): string[] {
  const [first, ...rest] = names as [string, ...string[]];
  const root = AUDIT_NAMES.get(plain(first)) ?? camel(first);
  return [root, ...(STRUCTS.has(root) ? rest : rest.map(camel))];
}

function labelsField(name: string, rest: readonly string[], absent: 'fails' | 'open'): EntryField {
  if (rest.length === 0) return { name, kind: 'object', absent: 'open', many: false };
  return { name: `${name}.${rest.join('.')}`, kind: name === 'metadata.systemLabels' ? 'any' : 'text', absent, many: false };
}

function whole(payload: 'proto' | 'json'): EntryField {
  return { name: `${payload}Payload`, payload, kind: 'object', absent: 'fails', many: false };
}

function base(name: string, kind: FieldKind): EntryField {
  return { name, kind, absent: 'fails', many: false };
}

function kindIn(table: Readonly<Record<string, FieldKind>>, path: string): FieldKind {
  return (Object.hasOwn(table, path) ? table[path] : undefined) ?? 'any';
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
