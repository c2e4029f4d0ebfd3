import type { CallError } from '../model/evidence.ts';
import type { Answer, CallSpec, Collector } from './collector.ts';

/** What became of a call. `other` are the provider's answers that are errors in form only, and faults of no known kind. */
export const OUTCOMES = [
  'answered',
  'denied',
  'throttled',
  'region-disabled',
  'suspended',
  'unreachable',
  'not-signed-up',
  'expired',
  'server-error',
  'other',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Outcomes that another try may change: a resumed scan asks again. */
export const PASSING: ReadonlySet<Outcome> = new Set<Outcome>(['throttled', 'unreachable', 'expired', 'server-error']);

/** A published or observed limit: a token bucket per account, region and group of calls. */
export interface Limit {
  /** Calls with the same group share one bucket. */
  readonly group: string;
  readonly perSecond: number;
  readonly burst: number;
}

/** An account of the estate before it is entered. */
export interface Target {
  readonly id: string;
  /** Set if the account is not to be called at all: `the account is SUSPENDED`. */
  readonly skip?: string;
}

export interface Sent {
  readonly body?: Record<string, unknown>;
  readonly error?: CallError;
}

/** One account with credentials for it. */
export interface Session {
  readonly account: string;
  readonly partition: string;
  /** Where calls of collectors that run once per account are sent. */
  readonly home: string;
  /** Enabled regions, known after `enter`. */
  readonly regions: readonly string[];
  /** One question, retries included; errors of the provider and the network are answers. Throws only after the signal was aborted. */
  send(call: string, args: Record<string, unknown>, region: string, signal: AbortSignal, spec: CallSpec): Promise<Sent>;
}

/** What the engine lends to a provider while it discovers. */
export interface Desk {
  readonly signal: AbortSignal;
  /** Waits for one of the calls that may be under way at once, for a call that is not made through `ask`. Not from within another call. */
  slot<T>(work: () => Promise<T>): Promise<T>;
  /** Asks through a session: limits, paging, recording and resuming as for collectors. */
  ask(session: Session, call: string, args?: Record<string, unknown>, region?: string): Promise<Answer>;
  /** Keeps an answer that was not got through `ask`; asking the same then makes no call. */
  answered(session: Session, call: string, args: Record<string, unknown>, body: Record<string, unknown>): void;
  /** The error that `refuse` recorded for the call earlier in this scan, unless another try may change it. */
  refused(account: string, call: string, args: Record<string, unknown>): CallError | undefined;
  /** Records the error of a call that was not made through `ask`. */
  refuse(account: string, call: string, args: Record<string, unknown>, error: CallError): void;
}

/** A cloud as the engine sees it. */
export interface Provider {
  readonly id: Collector['provider'];
  /** What it was told, hashed into the options of the scan. No secret is in it. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Calls that the provider makes itself to find accounts, regions and owners. */
  readonly calls: Readonly<Record<string, CallSpec>>;
  /** The account that the credentials belong to; throws an InputError if there are none. */
  start(desk: Desk): Promise<Session>;
  /** The accounts of the estate, the starting one included. */
  targets(desk: Desk, start: Session): AsyncIterable<Target>;
  /** A session for the account with its enabled regions read; undefined if it cannot be entered, which is then recorded. */
  enter(desk: Desk, target: Target): Promise<Session | undefined>;
  /** The account is done with for now; what is only good for more calls can go. */
  leave(account: string): void;
  /** Whether the answer holds for all regions, so that its record carries none. */
  isGlobal(call: string): boolean;
  limit(call: string): Limit;
  outcome(error: CallError): Outcome;
  /** The list that tells which account owns a destination that does not say so itself. */
  readonly owned?: {
    readonly kind: string;
    readonly call: string;
    read(body: Record<string, unknown>): Iterable<{ readonly id: string; readonly region?: string }>;
  };
  /** Its sessions also open accounts that no list names: destinations that lie there are asked about too. */
  readonly crossing?: boolean;
  /** Whether a call is made in an account of this kind, where accounts are of several (projects, folders); left out: in every one. */
  asks?(call: string, account: string): boolean;
  /** Breaks off what is under way; called when the scan ends and when it is stopped. */
  close(): void;
}
