import { createHash, randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import pLimit, { type LimitFunction } from 'p-limit';
import type { CallError, EvidenceRecord } from '../model/evidence.ts';
import { InputError } from '../model/input-error.ts';
import type { EvidenceStore } from '../store/evidence-store.ts';
import { plain } from '../store/plain.ts';
import type { Answer, CallSpec, Cell, Collector, Destination } from './collector.ts';
import { type Desk, OUTCOMES, type Outcome, PASSING, type Provider, type Sent, type Session, type Target } from './provider.ts';
import { type TokenBucket, tokenBucket, turn } from './token-bucket.ts';

/** One cloud of a scan: who asks, what is asked, and where. */
export interface Estate {
  readonly provider: Provider;
  /** Those of other clouds are passed over. */
  readonly collectors: readonly Collector[];
  /** Account ids to take (all by default; ids that no list names are tried too) and to leave out. */
  readonly accounts?: { readonly only?: readonly string[]; readonly except?: readonly string[] };
  /** Regions to take, of those that are enabled. */
  readonly regions?: readonly string[];
}

export interface CollectSettings {
  readonly store: EvidenceStore;
  /** Id of the new scan, or of the one to go on with; left out: made from the time, or the newest unfinished one with these options. */
  readonly scan?: string;
  /** Goes on with a scan that was broken off: no finished call is made again. */
  readonly resume?: boolean;
  /** Calls under way at once, in all clouds together; 48 by default. */
  readonly concurrency?: number;
  /** Accounts of one cloud under way at once, 16 by default: bounds the memory, and no slow account holds up the others. */
  readonly window?: number;
  readonly signal?: AbortSignal;
  readonly clock?: () => Date;
  readonly onProgress?: (progress: CollectProgress) => void;
}

/** One cloud, or several that are read side by side into one scan. */
export type CollectOptions = CollectSettings & (Estate | { readonly estates: readonly Estate[] });

export interface CollectProgress {
  readonly phase: 'sources' | 'stores';
  readonly accounts: { readonly done: number; readonly total: number };
  readonly calls: number;
  readonly denied: number;
  readonly throttled: number;
  readonly unreachable: number;
  /** Seconds left, once there is something to reckon from. */
  readonly eta?: number;
}

export interface CollectSummary {
  readonly scan: string;
  /** Broken off by the signal: `resume` goes on. */
  readonly stopped: boolean;
  readonly accounts: { readonly total: number; readonly reached: number; readonly denied: number; readonly skipped: number };
  /** Questions asked, a page each; the retries of one question count once. */
  readonly calls: number;
  /** Answers taken from the scan that was broken off. */
  readonly reused: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Permissions that were missing, with the number of refusals. */
  readonly denied: Readonly<Record<string, number>>;
  /** Collectors that failed by a fault of their own; what they recorded before is kept. */
  readonly failures: readonly { readonly collector: string; readonly account: string; readonly region: string; readonly message: string }[];
  /** Clouds that could not be begun with, for want of credentials or a starting point; another one could, so the scan went on. */
  readonly notStarted: readonly { readonly provider: string; readonly error: InputError }[];
  readonly seconds: number;
}

/** Raised inside a cell to end it early when the scan is stopped. */
class Stopped extends Error {}

/** Errors of a page token that is too old or of another kind: the list is read anew. */
const STALE_TOKEN = /NextToken|PaginationToken|ContinuationToken|InvalidMarker|ExpiredToken.*[Pp]agina|[Nn]ext ?[Tt]oken/;
const NAMERS = 3;

/**
 * Asks everything that the collectors want to know, account by account, and keeps every answer and every error in the store. What a provider
 * answers never ends it; the store failing does, and no cloud having credentials, with an InputError.
 */
export async function collect(options: CollectOptions): Promise<CollectSummary> {
  const estates = ('estates' in options ? options.estates : [options]).map(
    (estate): Estate => ({ ...estate, collectors: estate.collectors.filter((one) => one.provider === estate.provider.id) }),
  );
  const { store } = options;
  const clock = options.clock ?? (() => new Date());
  const began = performance.now();
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const close = () => {
    for (const { provider } of estates) provider.close();
  };
  const stop = () => {
    abort.abort(new Stopped('the scan was stopped'));
    close();
  };
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener('abort', stop, { once: true });

  const { scan, resumed } = openScan(options, estates, clock);
  const calls = pLimit(Math.max(1, options.concurrency ?? 48));
  const runs: Run[] = [];
  const onProgress = options.onProgress && together(runs, options.onProgress);
  for (const estate of estates) {
    runs.push(createRun({ ...options, ...estate, ...(onProgress ? { onProgress } : {}) }, { scan, resumed, clock, abort, calls }));
  }
  const notStarted: CollectSummary['notStarted'][number][] = [];
  let failed: { readonly error: unknown } | undefined;
  await Promise.all(
    runs.map(async (run) => {
      try {
        const start = await started(run, notStarted);
        if (start) await sweep(run, start);
      } catch (error) {
        if (run.stopped()) return;
        failed ??= { error };
        stop();
      }
    }),
  );
  options.signal?.removeEventListener('abort', stop);
  close();
  for (const run of runs) run.report(true);
  failed ??= runs.map((run) => run.fault).find((fault) => fault !== undefined);
  if (!abort.signal.aborted && notStarted.length === runs.length) failed ??= { error: notStarted[0]?.error };
  if (failed) throw failed.error;
  store.flush();
  // A cloud that could not be begun with leaves the scan open: `resume` adds it.
  if (!abort.signal.aborted && notStarted.length === 0) store.finishScan(scan, clock().toISOString());
  const seconds = (performance.now() - began) / 1000;
  return { ...summed(runs.map((run) => run.summary())), scan, stopped: abort.signal.aborted, notStarted, seconds };
}

/** The first session; undefined if there is none to be had, which is noted. */
async function started(run: Run, notStarted: CollectSummary['notStarted'][number][]): Promise<Session | undefined> {
  try {
    return await run.provider.start(run.desk);
  } catch (error) {
    if (run.stopped() || !(error instanceof InputError)) throw error;
    notStarted.push({ provider: run.provider.id, error });
    return undefined;
  }
}

/** The progress of all clouds as one. */
function together(runs: readonly Run[], show: (progress: CollectProgress) => void): () => void {
  return () => {
    const all = runs.map((run) => run.progress());
    const sum = (of: (one: CollectProgress) => number) => all.reduce((total, one) => total + of(one), 0);
    const etas = all.flatMap((one) => (one.eta === undefined ? [] : [one.eta]));
    show({
      phase: all.some((one) => one.phase === 'sources') ? 'sources' : 'stores',
      accounts: { done: sum((one) => one.accounts.done), total: sum((one) => one.accounts.total) },
      calls: sum((one) => one.calls),
      denied: sum((one) => one.denied),
      throttled: sum((one) => one.throttled),
      unreachable: sum((one) => one.unreachable),
      ...(etas.length === 0 ? {} : { eta: Math.max(...etas) }),
    });
  };
}

type RunSummary = Omit<CollectSummary, 'scan' | 'stopped' | 'notStarted' | 'seconds'>;

function summed(all: readonly RunSummary[]): RunSummary {
  const sum = (of: (one: RunSummary) => number) => all.reduce((total, one) => total + of(one), 0);
  const denied: Record<string, number> = {};
  for (const one of all)
    for (const [permission, count] of Object.entries(one.denied)) denied[permission] = (denied[permission] ?? 0) + count;
  return {
    accounts: {
      total: sum((one) => one.accounts.total),
      reached: sum((one) => one.accounts.reached),
      denied: sum((one) => one.accounts.denied),
      skipped: sum((one) => one.accounts.skipped),
    },
    calls: sum((one) => one.calls),
    reused: sum((one) => one.reused),
    outcomes: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, sum((one) => one.outcomes[outcome])])) as Record<Outcome, number>,
    denied: Object.fromEntries(Object.entries(denied).sort()),
    failures: all.flatMap((one) => one.failures),
  };
}

function openScan(options: CollectSettings, estates: readonly Estate[], clock: () => Date): { scan: string; resumed: boolean } {
  const { store } = options;
  const asked = estates.map((estate) => ({
    provider: estate.provider.id,
    told: estate.provider.options,
    collectors: estate.collectors.map((one) => one.id).sort(),
    accounts: estate.accounts ?? null,
    regions: estate.regions ?? null,
  }));
  const hash = createHash('sha256')
    .update(JSON.stringify(plain(asked.length === 1 ? asked[0] : asked)))
    .digest('hex')
    .slice(0, 32);
  if (options.resume) {
    const known = store.scans();
    const named = options.scan === undefined ? undefined : known.find((one) => one.id === options.scan);
    if (options.scan !== undefined && !named) throw new InputError(`${store.path}: holds no scan "${options.scan}" to go on with`);
    if (named && named.options !== hash)
      throw new InputError(`scan "${named.id}" was begun with other options; run it with the same ones, or without --resume`);
    const open = named ?? known.findLast((one) => one.finishedAt === undefined && one.options === hash);
    if (open) return { scan: open.id, resumed: true };
  }
  const at = clock().toISOString();
  const scan = options.scan ?? `${at.slice(0, 19).replaceAll(':', '')}Z-${randomBytes(3).toString('hex')}`;
  store.startScan({ id: scan, startedAt: at, options: hash });
  return { scan, resumed: false };
}

/** What a scan has to remember, for one of its clouds: accounts of the others are not among it. AWS's own ids stand as they are. */
function workOf(store: EvidenceStore, scan: string, provider: Provider['id']) {
  const { work } = store;
  const prefix = `${provider}/`;
  const keyOf = (account: string) => (provider === 'aws' ? account : `${prefix}${account}`);
  const ofKeys = (keys: readonly string[]) =>
    provider === 'aws'
      ? keys.filter((key) => !key.includes('/'))
      : keys.flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
  return {
    mark: (step: string, account: string) => work.mark(scan, step, keyOf(account)),
    marked: (step: string, account: string) => work.marked(scan, step, keyOf(account)),
    accounts: (step: string) => ofKeys(work.accounts(scan, step)),
    want: (namedBy: string, wanted: Destination) =>
      work.want(scan, keyOf(namedBy), wanted.account === undefined ? wanted : { ...wanted, account: keyOf(wanted.account) }),
    own: (kind: string, id: string, account: string, region: string | undefined) => work.own(scan, kind, id, keyOf(account), region),
    unowned: (kind: string) => work.unowned(scan, kind),
    assign: () => ofKeys(work.assign(scan, NAMERS)),
    assigned: (account: string): Destination[] =>
      work
        .assigned(scan, keyOf(account))
        .map(({ kind, id, region }) => ({ kind, id, account, ...(region === undefined ? {} : { region }) })),
  };
}

/** What belongs to one session while its account is under way; it goes with the account. */
interface Account {
  readonly limit: LimitFunction;
  readonly buckets: Map<string, TokenBucket>;
  readonly asked: Map<string, Promise<Answer>>;
  /** Something failed that another try may change, so that a resumed scan visits the account again. */
  unsettled: boolean;
}

type Run = ReturnType<typeof createRun>;

/** What the runs of one scan have in common. */
interface Shared {
  readonly scan: string;
  readonly resumed: boolean;
  readonly clock: () => Date;
  readonly abort: AbortController;
  /** Calls under way at once. */
  readonly calls: LimitFunction;
}

function createRun(options: CollectSettings & Estate, { scan, resumed, clock, abort, calls: everybody }: Shared) {
  const { provider, store } = options;
  const { signal } = abort;
  const { concurrency } = everybody;
  const work = workOf(store, scan, provider.id);
  const accounts = new Map<string, Account>();
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  const denied: Record<string, number> = {};
  /** Calls under way: a stopped scan waits for none of them. */
  const underWay = new Set<(reason: unknown) => void>();
  const dropAll = () => {
    for (const drop of underWay) drop(signal.reason);
  };
  signal.addEventListener('abort', dropAll, { once: true });
  const failures: CollectSummary['failures'][number][] = [];
  const counts = { total: 0, done: 0, visited: 0, reached: 0, denied: 0, skipped: 0, calls: 0, reused: 0 };
  let phase: CollectProgress['phase'] = 'sources';
  let phaseBegan = performance.now();
  let reported = 0;
  let fault: { readonly error: unknown } | undefined;

  /** A store that fails ends the scan: what is not kept was not seen. */
  function keep<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      fault ??= { error };
      abort.abort(new Stopped('the store failed'));
      throw new Stopped('the store failed');
    }
  }

  function accountOf(id: string): Account {
    let account = accounts.get(id);
    if (!account) {
      accounts.set(id, (account = { limit: pLimit(concurrency), buckets: new Map(), asked: new Map(), unsettled: false }));
      share();
    }
    return account;
  }

  /** Each account may hold twice its even part of the calls under way: one that only times out leaves room for the rest. */
  function share(): void {
    const part = Math.max(2, Math.ceil((2 * concurrency) / Math.max(1, accounts.size)));
    for (const account of accounts.values()) if (account.limit.concurrency !== part) account.limit.concurrency = part;
  }

  function note(account: string, spec: CallSpec, error: CallError | undefined): Outcome {
    const outcome = error === undefined ? 'answered' : provider.outcome(error);
    outcomes[outcome]++;
    if (outcome === 'denied') denied[spec.permission] = (denied[spec.permission] ?? 0) + 1;
    if (PASSING.has(outcome)) accountOf(account).unsettled = true;
    report();
    return outcome;
  }

  function recordOf(
    account: string,
    call: string,
    args: Record<string, unknown>,
    region: string,
    page: number | undefined,
  ): Omit<EvidenceRecord, 'body' | 'error'> {
    const [service = '', op = ''] = call.split(':');
    return {
      v: 1,
      provider: provider.id,
      account,
      ...(provider.isGlobal(call) ? {} : { region }),
      service,
      op,
      args,
      at: clock().toISOString(),
      ...(page === undefined ? {} : { page }),
    };
  }

  function ownedIn(session: Session, call: string, body: Record<string, unknown>): void {
    if (provider.owned?.call !== call) return;
    const { kind } = provider.owned;
    for (const one of provider.owned.read(body)) work.own(kind, one.id, session.account, one.region);
  }

  async function ask(session: Session, call: string, spec: CallSpec, args: Record<string, unknown>, region: string): Promise<Answer> {
    if (provider.isGlobal(call)) region = session.home;
    const account = accountOf(session.account);
    const told = plain(args) as Record<string, unknown>;
    const key = `${call}|${region}|${JSON.stringify(told)}`;
    let answer = account.asked.get(key);
    if (!answer) account.asked.set(key, (answer = answerOf(session, account, call, spec, told, region)));
    return answer;
  }

  async function answerOf(
    session: Session,
    account: Account,
    call: string,
    spec: CallSpec,
    args: Record<string, unknown>,
    region: string,
  ): Promise<Answer> {
    const pages: Record<string, unknown>[] = [];
    let token: unknown;
    let page = 0;
    // The second phase enters accounts again, and may ask what the first one did.
    if (resumed || phase === 'stores') {
      const [service = '', op = ''] = call.split(':');
      const known = keep(() =>
        store.found(scan, {
          provider: provider.id,
          account: session.account,
          ...(provider.isGlobal(call) ? {} : { region }),
          service,
          op,
          args,
        }),
      );
      for (const record of known) {
        if ((record.page ?? 0) !== page) break;
        if (record.error) {
          if (PASSING.has(provider.outcome(record.error))) break;
          if (resumed) counts.reused++;
          return { ok: false, pages, error: record.error };
        }
        const body = record.body as Record<string, unknown>;
        keep(() => ownedIn(session, call, body));
        if (resumed) counts.reused++;
        pages.push(body);
        token = tokenOf(spec, body);
        if (token === undefined) return { ok: true, pages };
        page++;
      }
    }
    const { group, ...limit } = provider.limit(call);
    const place = `${group}|${region}`;
    let bucket = account.buckets.get(place);
    if (!bucket) account.buckets.set(place, (bucket = tokenBucket(limit)));
    let anew = page > 0;
    for (;;) {
      if (signal.aborted) throw signal.reason;
      await turn(bucket, signal);
      const question = token === undefined || !spec.pages ? args : { ...args, [spec.pages.to]: token };
      const sent = await account.limit(() =>
        everybody(async () => {
          if (signal.aborted) throw signal.reason;
          counts.calls++;
          return new Promise<Sent>((resolve, reject) => {
            underWay.add(reject);
            session
              .send(call, question, region, signal, spec)
              .then(resolve, reject)
              .finally(() => underWay.delete(reject));
          });
        }),
      );
      if (signal.aborted && !sent.body) throw signal.reason;
      if (sent.error) {
        if (anew && STALE_TOKEN.test(`${sent.error.code} ${sent.error.message}`)) {
          // The token of a scan that was broken off has run out: the list starts over, and its first page replaces the old ones.
          anew = false;
          pages.length = page = 0;
          token = undefined;
          continue;
        }
        const { error } = sent;
        keep(() => store.put(scan, { ...recordOf(session.account, call, args, region, spec.pages ? page : undefined), error }));
        note(session.account, spec, error);
        return { ok: false, pages, error };
      }
      const body = plain(sent.body ?? {}) as Record<string, unknown>;
      keep(() => {
        store.put(scan, { ...recordOf(session.account, call, args, region, spec.pages ? page : undefined), body });
        ownedIn(session, call, body);
      });
      note(session.account, spec, undefined);
      pages.push(body);
      anew = false;
      const next = tokenOf(spec, body);
      if (next === undefined) return { ok: true, pages };
      page++;
      if (next === token) {
        const error = { code: 'PageLoop', message: 'the answer names the page it is on as the next one' };
        keep(() => store.put(scan, { ...recordOf(session.account, call, args, region, page), error }));
        note(session.account, spec, error);
        return { ok: false, pages, error };
      }
      token = next;
    }
  }

  const desk: Desk = {
    signal,
    slot: (work) => everybody(work),
    ask(session, call, args = {}, region = session.home) {
      const spec = provider.calls[call];
      if (!spec) throw new Error(`${call} is not among the provider's calls`);
      return ask(session, call, spec, args, region);
    },
    answered(session, call, args, body) {
      const page = plain(body) as Record<string, unknown>;
      const told = plain(args) as Record<string, unknown>;
      const { service, op } = recordOf(session.account, call, told, session.home, undefined);
      keep(() => {
        const known =
          resumed && store.found(scan, { provider: provider.id, account: session.account, service, op, args: told })[0]?.body !== undefined;
        if (!known) store.put(scan, { ...recordOf(session.account, call, told, session.home, undefined), body: page });
      });
      counts.calls++;
      outcomes.answered++;
      accountOf(session.account).asked.set(`${call}|${session.home}|${JSON.stringify(told)}`, Promise.resolve({ ok: true, pages: [page] }));
    },
    refused(account, call, args) {
      if (!resumed && phase !== 'stores') return undefined;
      const { service, op } = recordOf(account, call, args, '', undefined);
      const error = keep(() => store.found(scan, { provider: provider.id, account, service, op, args }))[0]?.error;
      return error === undefined || PASSING.has(provider.outcome(error)) ? undefined : error;
    },
    refuse(account, call, args, error) {
      keep(() => store.put(scan, { ...recordOf(account, call, args, '', undefined), error }));
      note(account, provider.calls[call] ?? { permission: call, why: '' }, error);
    },
  };

  function report(always = false): void {
    if (!options.onProgress) return;
    const now = performance.now();
    if (!always && now - reported < 200) return;
    reported = now;
    options.onProgress(progress());
  }

  function progress(): CollectProgress {
    const left = counts.total - counts.done;
    const eta = counts.visited > 0 && left > 0 ? Math.ceil(((performance.now() - phaseBegan) / counts.visited / 1000) * left) : undefined;
    return {
      phase,
      accounts: { done: counts.done, total: counts.total },
      calls: counts.calls,
      denied: outcomes.denied,
      throttled: outcomes.throttled,
      unreachable: outcomes.unreachable,
      ...(eta === undefined ? {} : { eta }),
    };
  }

  return {
    options,
    provider,
    work,
    resumed,
    desk,
    signal,
    counts,
    failures,
    ask,
    keep,
    report,
    progress,
    accountOf,
    window: Math.max(1, options.window ?? 16),
    get fault() {
      return fault;
    },
    stopped: () => signal.aborted,
    release(id: string): void {
      accounts.delete(id);
      provider.leave(id);
      share();
    },
    begin(next: CollectProgress['phase'], total: number): void {
      phase = next;
      phaseBegan = performance.now();
      counts.total = total;
      counts.done = counts.visited = 0;
      report(true);
    },
    summary: (): RunSummary => ({
      accounts: {
        total: counts.reached + counts.denied + counts.skipped,
        reached: counts.reached,
        denied: counts.denied,
        skipped: counts.skipped,
      },
      calls: counts.calls,
      reused: counts.reused,
      outcomes,
      denied,
      failures,
    }),
  };
}

function tokenOf(spec: CallSpec, body: Record<string, unknown>): unknown {
  const token = spec.pages ? body[spec.pages.from] : undefined;
  return token === '' || token === null ? undefined : token;
}

async function sweep(run: Run, start: Session): Promise<void> {
  const { provider, work, desk, counts } = run;
  const bySources = run.options.collectors.filter((one) => one.phase === 'sources');
  const byStores = run.options.collectors.filter((one) => one.phase === 'stores');

  run.begin('sources', 0);
  const found = new Listing(run, start);
  await inWindow(run, found.targets(), async (target) => {
    if (target.skip !== undefined) counts.skipped++;
    else if (run.resumed && work.marked('sources', target.id)) counts.reached++;
    else await visit(run, target, bySources, 'sources', () => []);
  });

  const { owned } = provider;
  if (owned && byStores.length > 0 && work.unowned(owned.kind) > 0) {
    const unasked = work.accounts('reached').filter((account) => !work.marked('listed', account));
    await inWindow(run, unasked, async (account) => {
      const session = await provider.enter(desk, { id: account });
      if (session) await desk.ask(session, owned.call);
      run.keep(() => work.mark('listed', account));
      run.release(account);
    });
  }

  if (byStores.length === 0) return;
  const wanted = run.keep(() => work.assign());
  run.begin('stores', wanted.length);
  await inWindow(run, wanted, async (account) => {
    if (run.resumed && work.marked('stores', account)) return;
    await visit(run, { id: account }, byStores, 'stores', () => run.keep(() => work.assigned(account)));
  });
}

/** The accounts as they are listed: the first are under way while the rest is still being read. */
class Listing {
  readonly #run: Run;
  readonly #start: Session;

  constructor(run: Run, start: Session) {
    this.#run = run;
    this.#start = start;
  }

  async *targets(): AsyncGenerator<Target> {
    const { provider, desk, options, counts } = this.#run;
    const only = options.accounts?.only === undefined ? undefined : new Set(options.accounts.only);
    const except = new Set(options.accounts?.except ?? []);
    const seen = new Set<string>();
    const listed: Target[] = [];
    let ended = false;
    let failed: unknown;
    let wake = () => {};
    const add = (target: Target) => {
      if (seen.has(target.id) || except.has(target.id) || (only && !only.has(target.id))) return;
      seen.add(target.id);
      listed.push(target);
      counts.total++;
      wake();
    };
    const reading = (async () => {
      for await (const target of provider.targets(desk, this.#start)) add(target);
      for (const id of only ?? []) add({ id });
    })()
      .catch((error) => {
        failed = error;
      })
      .finally(() => {
        ended = true;
        wake();
      });
    for (let next = 0; ; ) {
      if (next < listed.length) yield listed[next++] as Target;
      else if (ended) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    await reading;
    if (failed !== undefined) throw failed;
  }
}

async function inWindow<T>(run: Run, items: AsyncIterable<T> | Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const active = new Set<Promise<void>>();
  let failed: { readonly error: unknown } | undefined;
  for await (const item of items) {
    if (run.stopped() || failed) break;
    const one = work(item)
      .catch((error) => {
        failed ??= { error };
      })
      .finally(() => {
        active.delete(one);
        run.counts.done++;
        run.report();
      });
    active.add(one);
    if (active.size >= run.window) await Promise.race(active);
  }
  await Promise.all(active);
  if (failed) throw failed.error;
  if (run.stopped()) throw run.signal.reason;
}

async function visit(
  run: Run,
  target: Target,
  collectors: readonly Collector[],
  phase: 'sources' | 'stores',
  wantedOf: () => readonly Destination[],
): Promise<void> {
  const { provider, work, desk, counts } = run;
  try {
    const session = await provider.enter(desk, target);
    if (phase === 'sources') counts[session ? 'reached' : 'denied']++;
    if (!session) return;
    run.keep(() => work.mark('reached', target.id));
    const wanted = wantedOf();
    const regions =
      run.options.regions === undefined ? session.regions : session.regions.filter((region) => run.options.regions?.includes(region));
    const failedBefore = run.failures.length;
    const cells: Promise<void>[] = [];
    for (const collector of collectors) {
      if (collector.runs === 'account') {
        cells.push(runCell(run, session, collector, session.home, wanted));
        continue;
      }
      // In the second phase only regions that something is wanted in; what tells no region is asked about from the home region.
      const there = phase === 'sources' ? regions : [...new Set(wanted.map((one) => one.region ?? session.home))];
      for (const region of there) {
        cells.push(
          runCell(
            run,
            session,
            collector,
            region,
            wanted.filter((one) => (one.region ?? session.home) === region),
          ),
        );
      }
    }
    await Promise.all(cells);
    if (run.stopped()) throw run.signal.reason;
    const account = run.accountOf(target.id);
    run.keep(() => {
      if (provider.owned && [...account.asked.keys()].some((key) => key.startsWith(`${provider.owned?.call}|`)))
        work.mark('listed', target.id);
      if (!account.unsettled && run.failures.length === failedBefore) work.mark(phase, target.id);
    });
  } finally {
    counts.visited++;
    run.release(target.id);
  }
}

async function runCell(run: Run, session: Session, collector: Collector, region: string, wanted: readonly Destination[]): Promise<void> {
  const cell: Cell = {
    account: session.account,
    region,
    partition: session.partition,
    wanted,
    async ask(call, args = {}, where = {}) {
      const spec = collector.calls[call];
      if (!spec) throw new Error(`${call} is not among the calls that the collector "${collector.id}" declares`);
      if (where.account === undefined || where.account === session.account)
        return run.ask(session, call, spec, args, where.region ?? region);
      const other = await run.provider.enter(run.desk, { id: where.account });
      if (!other)
        return { ok: false, pages: [], error: { code: 'AccountNotReached', message: `account ${where.account} cannot be entered` } };
      return run.ask(other, call, spec, args, where.region ?? region);
    },
    want(destination) {
      run.keep(() => {
        run.work.want(session.account, destination);
        if (run.provider.crossing && destination.account !== undefined) run.work.mark('reached', destination.account);
      });
    },
  };
  try {
    await collector.collect(cell);
  } catch (error) {
    if (run.stopped()) return;
    run.failures.push({
      collector: collector.id,
      account: session.account,
      region,
      message: error instanceof Error ? error.message : String(error),
    });
  }
}
