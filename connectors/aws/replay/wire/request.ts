import { fromJson, readTime } from './json.ts';
import { modelOf, type Service, services } from './services.ts';
import type { Operation, Shape } from './shape.ts';

/** A request as it came: path with query, header names in lower case. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What a request asks. `api` and `operation` are absent where the API is not known by its model. */
export interface Recognised {
  readonly service: string;
  readonly op: string;
  readonly account: string;
  readonly region: string;
  readonly args: Record<string, unknown>;
  readonly api: Service | undefined;
  readonly operation: Operation | undefined;
}

/** The access key id of an account's credentials; the server reads the account back from the signature. */
export function accessKeyOf(account: string): string {
  return `ASIA${account}EXAMPLE`;
}

/** Service, operation, account, region and arguments of a signed request. */
export async function recognise(request: WireRequest): Promise<Recognised> {
  const scope = /Credential=([^/,\s]+)\/\d+\/([^/,\s]+)\/([^/,\s]+)\/aws4_request/.exec(String(request.headers.authorization ?? ''));
  const account = /\d{12}/.exec(scope?.[1] ?? '')?.[0] ?? '';
  const place = { account, region: scope?.[2] ?? '' };
  const target = String(request.headers['x-amz-target'] ?? '');
  const isForm = String(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  const form = isForm ? new URLSearchParams(request.body) : undefined;
  const candidates = services.filter((service) => (service.signed ?? service.service) === scope?.[3]);
  const api = candidates.length > 1 ? candidates.find((service) => service.version === form?.get('Version')) : candidates[0];
  const model = api && (await modelOf(api));
  const unknown = {
    service: api?.service ?? scope?.[3] ?? '',
    op: `${request.method} ${request.url}`,
    ...place,
    args: {},
    api,
    operation: undefined,
  };

  if (target !== '') {
    const op = target.slice(target.lastIndexOf('.') + 1);
    const operation = model?.get(op);
    const asked = parse(request.body);
    const args = operation ? fromJson(operation.input, asked, false) : asked;
    return { ...unknown, op, operation, args: (args ?? {}) as Record<string, unknown> };
  }
  if (form?.get('Action')) {
    const op = form.get('Action') as string;
    const operation = model?.get(op);
    const args = operation ? readForm(operation.input, form, api?.protocol === 'ec2') : Object.fromEntries(form);
    return { ...unknown, op, operation, args };
  }
  const found = api && model ? route(api, model, request) : undefined;
  return found ? { ...unknown, ...found, op: found.operation.name } : unknown;
}

function parse(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return {};
  }
}

interface Route {
  readonly operation: Operation;
  readonly method: string;
  readonly path: RegExp;
  readonly labels: readonly string[];
  readonly query: readonly (readonly [string, string])[];
  readonly inBucket: boolean;
}

const routes = new WeakMap<object, Route[]>();

function routesOf(model: Map<string, Operation>): Route[] {
  let known = routes.get(model);
  if (known) return known;
  known = [];
  for (const operation of model.values()) {
    const http = operation.traits.http as [string, string, number] | undefined;
    if (!http) continue;
    const [method, template] = http;
    const [path = '/', query = ''] = template.split('?');
    const labels: string[] = [];
    const pattern = path.replace(/[.*$^()[\]\\|]/g, '\\$&').replace(/\{([^}+]+)(\+?)\}/g, (_, label: string, greedy: string) => {
      labels.push(label);
      return greedy ? '(.+)' : '([^/]+)';
    });
    known.push({
      operation,
      method,
      labels,
      path: new RegExp(`^${pattern.replace(/\/$/, '')}/?$`),
      query: [...new URLSearchParams(query)],
      inBucket: operation.input.members.get('Bucket')?.traits.httpLabel !== undefined && !labels.includes('Bucket'),
    });
  }
  // The most exact first: `?location` before the bare bucket.
  known.sort((a, b) => b.query.length - a.query.length);
  routes.set(model, known);
  return known;
}

function route(
  api: Service,
  model: Map<string, Operation>,
  request: WireRequest,
): { operation: Operation; args: Record<string, unknown> } | undefined {
  const [path = '/', queryText = ''] = request.url.split('?');
  const query = new URLSearchParams(queryText);
  const bucket = api.service === 's3' ? /^\/([^/]+)(\/.*)?$/.exec(path) : null;
  for (const one of routesOf(model)) {
    if (one.method !== request.method || one.inBucket !== (bucket !== null)) continue;
    const match = one.path.exec(one.inBucket ? (bucket?.[2] ?? '/') : path);
    if (!match || !one.query.every(([name, value]) => query.has(name) && (value === '' || query.get(name) === value))) continue;
    const labels = new Map(one.labels.map((label, index) => [label, decodeURIComponent(match[index + 1] as string)]));
    if (one.inBucket) labels.set('Bucket', decodeURIComponent(bucket?.[1] as string));
    return { operation: one.operation, args: readBindings(one.operation, labels, query, request, api) };
  }
  return undefined;
}

function readBindings(
  operation: Operation,
  labels: Map<string, string>,
  query: URLSearchParams,
  request: WireRequest,
  api: Service,
): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  const body = api.protocol === 'rest-json' ? (fromJson(operation.input, parse(request.body), true) as Record<string, unknown>) : {};
  for (const [name, member] of operation.input.members) {
    const header = member.traits.httpHeader;
    const parameter = member.traits.httpQuery;
    if (labels.has(name)) args[name] = scalar(member, labels.get(name) as string);
    else if (typeof header === 'string') {
      const value = request.headers[header.toLowerCase()];
      if (value !== undefined) args[name] = scalar(member, String(value));
    } else if (typeof parameter === 'string') {
      const values = query.getAll(parameter);
      if (values.length > 0)
        args[name] = member.kind === 'list' ? values.map((value) => scalar(member.value, value)) : scalar(member, values[0] as string);
    } else if (body?.[name] !== undefined) args[name] = body[name];
  }
  return args;
}

function scalar(shape: Shape, text: string): unknown {
  if (shape.kind === 'number') return Number(text);
  if (shape.kind === 'boolean') return text === 'true';
  return shape.kind === 'timestamp' ? readTime(text) : text;
}

function readForm(shape: Shape, form: URLSearchParams, ec2: boolean): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const [name, member] of shape.members) {
    const value = readField(member, wireName(name, member, ec2), form, ec2);
    if (value !== undefined) args[name] = value;
  }
  return args;
}

function wireName(name: string, member: Shape, ec2: boolean): string {
  if (ec2 && typeof member.traits.ec2QueryName === 'string') return member.traits.ec2QueryName;
  const plain = String(member.traits.xmlName ?? name);
  return ec2 ? plain.charAt(0).toUpperCase() + plain.slice(1) : plain;
}

function readField(shape: Shape, key: string, form: URLSearchParams, ec2: boolean): unknown {
  const below = [...form.keys()].some((one) => one.startsWith(`${key}.`));
  if (!below && !form.has(key)) return undefined;
  if (shape.kind === 'list') {
    const flat = ec2 || shape.traits.xmlFlattened !== undefined;
    const prefix = flat ? key : `${key}.${String(shape.value.traits.xmlName ?? 'member')}`;
    const items: unknown[] = [];
    for (let index = 1; ; index++) {
      const item = readField(shape.value, `${prefix}.${index}`, form, ec2);
      if (item === undefined) return items;
      items.push(item);
    }
  }
  if (shape.kind === 'struct') {
    const fields: Record<string, unknown> = {};
    for (const [name, member] of shape.members) {
      const value = readField(member, `${key}.${wireName(name, member, ec2)}`, form, ec2);
      if (value !== undefined) fields[name] = value;
    }
    return fields;
  }
  return form.has(key) ? scalar(shape, form.get(key) as string) : undefined;
}
