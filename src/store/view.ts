import type { z } from 'zod';
import type { Unknown } from '../model/assessment.ts';
import type { CallError, StoredEvidence } from '../model/evidence.ts';

/** What a reader learns of one call: all pages that were answered, and why it knows less than all, where it does. */
export interface Answered<T> {
  readonly pages: readonly T[];
  readonly ids: readonly number[];
  /** When the first page was answered, ISO. */
  readonly at: string | undefined;
  readonly account: string;
  readonly region: string | undefined;
  readonly args: Readonly<Record<string, unknown>>;
  readonly error: CallError | undefined;
  /** Set if the call was refused, failed, was never asked, stopped half way or is not readable: then `pages` is a lower bound. */
  readonly unknown: Unknown | undefined;
}

export interface Asked {
  readonly account?: string;
  readonly region?: string;
  /** Only calls with exactly these arguments, compared as canonical JSON. */
  readonly args?: Readonly<Record<string, unknown>>;
}

/** What the view has to know of a call: its permission, and the name of the answer's page token. */
export type CallTable = ReadonlyMap<string, { readonly permission: string; readonly next?: string }>;

interface Call {
  readonly account: string;
  readonly region: string | undefined;
  readonly args: Readonly<Record<string, unknown>>;
  readonly key: string;
  /** One for each page, in the order they came. */
  records: StoredEvidence[];
}

/** Evidence, indexed by call. Of a call that was made more than once the newest answer counts. */
export class EvidenceView {
  readonly #calls = new Map<string, Map<string, Call>>();
  readonly #byAccount = new Map<string, Map<string, Call[]>>();
  readonly #table: CallTable;
  /** The answer that each shape read last: most of a large estate's are the same empty one. */
  readonly #last = new Map<z.ZodType, { readonly body: unknown; readonly read: z.ZodSafeParseResult<unknown> }>();
  readonly #places = new Map<
    string,
    Map<string, { answered: boolean; regions: Set<string>; errors: Map<string, CallError>; refused: Set<string> }>
  >();
  /** The time of the newest answer, ISO. */
  newest: string | undefined;

  constructor(records: Iterable<StoredEvidence>, table: CallTable) {
    this.#table = table;
    for (const record of records) this.#add(record);
  }

  #add(record: StoredEvidence): void {
    const op = `${record.provider === 'aws' ? '' : `${record.provider}/`}${record.service}:${record.op}`;
    const account = record.account ?? '';
    const argsKey = canonical(record.args);
    const key = `${account}|${record.region ?? ''}|${argsKey}`;
    let calls = this.#calls.get(op);
    if (!calls) this.#calls.set(op, (calls = new Map()));
    let call = calls.get(key);
    if (!call) {
      call = { account, region: record.region, args: record.args, key: argsKey, records: [] };
      calls.set(key, call);
      const place = `${op}|${account}`;
      let byPlace = this.#byAccount.get(place);
      if (!byPlace) this.#byAccount.set(place, (byPlace = new Map()));
      const region = record.region ?? '';
      const list = byPlace.get(region);
      if (list) list.push(call);
      else byPlace.set(region, [call]);
    }
    this.#note(record, op);
    const page = record.page ?? 0;
    const before = call.records.findIndex((one) => (one.page ?? 0) === page);
    const old = call.records[before];
    if (call.records.length === 0) call.records = [record];
    else if (!old) call.records.push(record);
    else if (old.at <= record.at) {
      call.records[before] = record;
      // A newer first page starts the list anew: older later pages no longer belong to it.
      if (page === 0 && old.at < record.at) call.records = call.records.filter((one) => one.at >= record.at);
    }
    if (this.newest === undefined || record.at > this.newest) this.newest = record.at;
  }

  #note(record: StoredEvidence, op: string): void {
    if (record.account === undefined) return;
    let accounts = this.#places.get(record.provider);
    if (!accounts) this.#places.set(record.provider, (accounts = new Map()));
    let place = accounts.get(record.account);
    if (!place) accounts.set(record.account, (place = { answered: false, regions: new Set(), errors: new Map(), refused: new Set() }));
    if (record.error) {
      place.errors.set(record.error.code, record.error);
      if (isRefusal(record.error)) place.refused.add(op);
    } else {
      place.answered = true;
      if (record.region) place.regions.add(record.region);
    }
  }

  /** Every call of an operation (`cloudtrail:DescribeTrails`) that was made, with answers read as `shape`. */
  calls<T>(op: string, shape: z.ZodType<T>, asked: Asked = {}): Answered<T>[] {
    return this.#find(op, asked).map((call) => this.#read(op, call, shape));
  }

  /** One call. If it was never made the answer says so: `unknown.code` is `NotAsked`. */
  call<T>(op: string, shape: z.ZodType<T>, asked: Asked, on?: string): Answered<T> {
    const found = this.#find(op, asked)[0];
    if (found) return this.#read(op, found, shape, on);
    return {
      pages: [],
      ids: [],
      at: undefined,
      account: asked.account ?? '',
      region: asked.region,
      args: asked.args ?? {},
      error: undefined,
      unknown: this.unknownOf(op, on ?? place(asked), 'NotAsked', []),
    };
  }

  /** Whether the operation was asked at all, in the account if one is given. */
  asked(op: string, asked: Asked = {}): boolean {
    return this.#find(op, asked).length > 0;
  }

  /** Account ids that any record names. */
  accounts(provider: string): string[] {
    return [...(this.#places.get(provider)?.keys() ?? [])];
  }

  /** Regions in which anything was answered for the account. */
  regions(provider: string, account: string): string[] {
    return [...(this.#places.get(provider)?.get(account)?.regions ?? [])];
  }

  /** Whether any call in the account was answered. */
  reached(provider: string, account: string): boolean {
    return this.#places.get(provider)?.get(account)?.answered ?? false;
  }

  /** Errors of the account, one per code. */
  errors(provider: string, account: string): CallError[] {
    return [...(this.#places.get(provider)?.get(account)?.errors.values() ?? [])];
  }

  /** Calls of the account that were refused for want of permission. */
  refusals(provider: string, account: string): string[] {
    return [...(this.#places.get(provider)?.get(account)?.refused ?? [])];
  }

  unknownOf(op: string, on: string, code: string, evidence: readonly number[]): Unknown {
    // The cloud's own name of the call: which cloud it is shows in it.
    const call = op.replace(/^(gcp|azure|kubernetes|pipeline)\//, '');
    return { call, permission: this.#table.get(op)?.permission ?? call, on, code, evidence: [...evidence] };
  }

  #find(op: string, asked: Asked): Call[] {
    let found: Iterable<Call>;
    if (asked.account !== undefined) {
      const byRegion = this.#byAccount.get(`${op}|${asked.account}`);
      if (!byRegion) return [];
      found = asked.region === undefined ? [...byRegion.values()].flat() : (byRegion.get(asked.region) ?? []);
    } else {
      found = this.#calls.get(op)?.values() ?? [];
    }
    const args = asked.args === undefined ? undefined : canonical(asked.args);
    const list: Call[] = [];
    for (const call of found) {
      if ((asked.region === undefined || call.region === asked.region) && (args === undefined || call.key === args)) list.push(call);
    }
    return list;
  }

  #read<T>(op: string, call: Call, shape: z.ZodType<T>, on?: string): Answered<T> {
    const records = call.records.length > 1 ? call.records.toSorted((a, b) => (a.page ?? 0) - (b.page ?? 0)) : call.records;
    const pages: T[] = [];
    const ids: number[] = [];
    let error: CallError | undefined;
    let code: string | undefined;
    let expected = 0;
    const next = this.#table.get(op)?.next;
    let more = false;
    const first = records[0]?.page ? undefined : records[0];
    for (const record of records) {
      const page = record.page ?? 0;
      // A page from before the newest first page is of an earlier list.
      if (first && record.at < first.at) continue;
      ids.push(record.id);
      if (page !== expected) code ??= 'PageMissing';
      expected = page + 1;
      if (record.error) {
        error ??= record.error;
        code ??= record.error.code;
        more = false;
        continue;
      }
      const read = this.#parse(shape, record.body);
      if (read.success) pages.push(read.data);
      else {
        const issue = read.error.issues[0];
        code ??= 'UnreadableAnswer';
        error ??= { code: 'UnreadableAnswer', message: `/${issue?.path.join('/') ?? ''}: ${issue?.message ?? 'not as expected'}` };
      }
      const token = next === undefined ? undefined : (record.body as Record<string, unknown> | null)?.[next];
      more = typeof token === 'string' && token !== '';
    }
    if (more) code ??= 'PageMissing';
    return {
      pages,
      ids,
      at: records[0]?.at,
      account: call.account,
      region: call.region,
      args: call.args,
      error,
      unknown: code === undefined ? undefined : this.unknownOf(op, on ?? place(call), code, ids),
    };
  }

  #parse<T>(shape: z.ZodType<T>, body: unknown): z.ZodSafeParseResult<T> {
    const last = this.#last.get(shape);
    if (last && last.body === body) return last.read as z.ZodSafeParseResult<T>;
    const read = shape.safeParse(body);
    this.#last.set(shape, { body, read });
    return read;
  }
}

/**
 * Refused for want of permission, by status and code: some services answer in a format that leaves no better name. `7` is gRPC's PERMISSION_DENIED; an
 * API that is switched off (SERVICE_DISABLED, a 403) refuses nothing.
 */
export function isRefusal(error: CallError): boolean {
  if (error.code === 'SERVICE_DISABLED') return false;
  return (
    /^(7|403)$|AccessDenied|Unauthorized|NotAuthorized|AuthFailure|Forbidden|PERMISSION_DENIED|AuthorizationFailed/i.test(error.code) ||
    error.status === 403 ||
    error.status === 401
  );
}

function place(asked: { account?: string; region?: string | undefined; args?: Readonly<Record<string, unknown>> }): string {
  const named = Object.values(asked.args ?? {}).find((value) => typeof value === 'string');
  return [named, asked.region, asked.account].filter(Boolean).join(' in ');
}

/** JSON with sorted keys: equal values give equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const keys = Object.keys(value);
    if (keys.length === 0) return '{}';
    return `{${keys
      .sort()
      .filter((key) => (value as Record<string, unknown>)[key] !== undefined)
      .map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
