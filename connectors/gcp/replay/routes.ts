import type { CallSpec } from '../../../src/collect/collector.ts';
import { discoveryCalls } from '../hierarchy.ts';
import { gcpCollectors } from '../index.ts';
import { LOGGING_METHODS } from '../rest.ts';

/** A request read back into the call that it makes. */
export interface RoutedCall {
  readonly service: string;
  readonly op: string;
  /** Texts, lists of texts, and what a POST's body holds; the page token is still among them. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly pages: NonNullable<CallSpec['pages']>;
}

export interface HttpRequest {
  readonly method: string;
  /** Path and query; the host may be its first part. */
  readonly url: string;
  readonly body: string;
}

interface Route {
  readonly service: string;
  readonly op: string;
  readonly method: string;
  readonly host: string;
  readonly path: RegExp;
  readonly names: readonly string[];
  readonly pages: NonNullable<CallSpec['pages']>;
}

const PAGES = { from: 'nextPageToken', to: 'pageToken' } as const;
const CONTAINERS = ['projects', 'folders', 'organizations', 'billingAccounts'] as const;

/** Every call that is declared, and the Logging API's own; `more` adds those of collectors that are not registered. */
export function routesOf(more: Readonly<Record<string, CallSpec>> = {}): readonly Route[] {
  const logging = CONTAINERS.flatMap((kind) => LOGGING_METHODS.map(({ end, url }) => [`logging:${kind}.${end}`, { url }] as const));
  const declared = [
    ...Object.entries(more),
    ...Object.entries(discoveryCalls),
    ...gcpCollectors.flatMap((one) => Object.entries(one.calls)),
  ];
  const routes = new Map<string, Route>();
  for (const [call, spec] of [...declared, ...logging] as [string, Partial<CallSpec>][]) {
    const route = spec.url === undefined ? undefined : routeOf(call, spec.url, spec.pages);
    if (route) routes.set(`${call} ${spec.url}`, route);
  }
  return [...routes.values()];
}

function routeOf(call: string, template: string, pages: CallSpec['pages']): Route | undefined {
  const [service = '', op = ''] = call.split(':');
  const [method = 'GET', address = ''] = /^[A-Z]+ /.test(template) ? template.split(' ', 2) : ['GET', template];
  const [, host = '', path = ''] = /^https:\/\/([^/]+)(\/[^?]*)/.exec(address) ?? [];
  if (host === '') return undefined;
  const names: string[] = [];
  const parts = path.split(/(\{\+?[\w.]+\})/).map((part) => {
    const [, plus, name] = /^\{(\+?)([\w.]+)\}$/.exec(part) ?? [];
    if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    names.push(name);
    return plus === '' ? '([^/]+)' : '(.+)';
  });
  return { service, op, method, host, path: new RegExp(`^${parts.join('')}$`), names, pages: pages ?? PAGES };
}

/** The calls that a request may be: several methods share a path, so the likely ones come first. */
export function callsOf(routes: readonly Route[], request: HttpRequest): readonly RoutedCall[] {
  const at = new URL(request.url, 'http://replay');
  const [, host, rest] = /^\/([\w-]+(?:\.[\w-]+)*\.googleapis\.com)(\/.*)$/.exec(at.pathname) ?? [];
  const path = rest ?? at.pathname;
  const found: RoutedCall[] = [];
  for (const route of routes) {
    if (route.method !== request.method || (host !== undefined && route.host !== host)) continue;
    const match = route.path.exec(path);
    if (!match) continue;
    const named = Object.fromEntries(route.names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]));
    if (!fits(route.op, Object.values(named))) continue;
    found.push({
      service: route.service,
      op: route.op,
      args: { ...queryOf(at.searchParams), ...bodyOf(request.body), ...named },
      pages: route.pages,
    });
  }
  return found;
}

/** `projects.locations.buckets.get` is asked of `projects/p/locations/l/buckets/b`, and its list of `projects/p/locations/l`. */
function fits(op: string, values: readonly string[]): boolean {
  const kinds = op.split('.').slice(0, -1);
  if (!CONTAINERS.some((kind) => kind === kinds[0])) return true;
  const value = values.find((one) => one.includes('/'));
  if (value === undefined) return true;
  const parts = value.split('/');
  // What there is one of has no name: `projects/p/accessApprovalSettings`.
  if (parts.length % 2 === 1 && op.toLowerCase().endsWith((parts.at(-1) ?? '').toLowerCase())) parts.pop();
  const asked = parts.filter((_, index) => index % 2 === 0);
  const list = /\.(list|query\w+|show\w+)$/.test(op);
  return asked.every((kind, index) => kind === kinds[index]) && asked.length === kinds.length - (list ? 1 : 0);
}

function queryOf(params: URLSearchParams): Record<string, unknown> {
  const names = [...new Set(params.keys())].filter((name) => !name.startsWith('$') && name !== 'alt' && name !== 'prettyPrint');
  return Object.fromEntries(names.map((name) => [name, params.getAll(name).length > 1 ? params.getAll(name) : params.get(name)]));
}

function bodyOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = text === '' ? {} : JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
