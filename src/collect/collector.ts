import type { CallError } from '../model/evidence.ts';
import type { PathsBuilder } from '../paths/builder.ts';
import type { EvidenceView } from '../store/view.ts';

/**
 * One unit of reading a provider: what it calls, what it informs, how its answers become log paths. A file per collector; its id is the
 * file's name. `collect` touches the network only through `cell.ask`; `read` is pure.
 */
export interface Collector {
  readonly id: string;
  readonly provider: 'aws' | 'gcp' | 'azure' | 'kubernetes' | 'pipeline';
  /** In the provider's words: `Elastic Load Balancing`. */
  readonly service: string;
  /** The log sources that it can say something about (ids of rules/sources); empty for a store or a discovery. */
  readonly informs: readonly string[];
  /** Once per account, or once per account and enabled region. */
  readonly runs: 'account' | 'region';
  /** `sources` first, in all accounts; then `stores`, which asks about the destinations that the sources named. */
  readonly phase: 'sources' | 'stores';
  /** Every call that `collect` may make, by `service:Operation`. Nothing else can be asked. */
  readonly calls: Readonly<Record<string, CallSpec>>;
  readonly doc: string;
  collect(cell: Cell): Promise<void>;
  read(evidence: EvidenceView, paths: PathsBuilder): void;
}

export interface CallSpec {
  /** The permission that allows the call; IAM names differ from the operations at times. */
  readonly permission: string;
  /** Where a list goes on: the token's name in the answer and in the next question. */
  readonly pages?: { readonly from: string; readonly to: string };
  /**
   * Where the provider's calls are plain REST: `GET https://dns.googleapis.com/dns/v1/projects/{project}/policies`. `{name}` is filled in from the
   * arguments (`{+name}`: slashes stay as they are); arguments that it does not name are query parameters.
   */
  readonly url?: string;
  /** What the answer is needed for, in a few words. */
  readonly why: string;
  /** `PerResource` calls are not counted exactly by the plan: it says how many calls one resource makes. */
  readonly per?: 'region' | 'account' | 'resource';
}

/** Where a collector runs: one account, in one region unless it runs once per account. */
export interface Cell {
  readonly account: string;
  /** The region to ask in; for `runs: account` the partition's first region. */
  readonly region: string;
  readonly partition: string;
  /** Asks the provider, following all pages, recording every answer and error; a call that an earlier run finished is not repeated. Never throws for what a provider answers. */
  ask(call: string, args?: Record<string, unknown>, where?: { region?: string; account?: string }): Promise<Answer>;
  /** Names a destination that the `stores` phase has to look at. */
  want(destination: Destination): void;
  /** For collectors of the `stores` phase: the destinations wanted that live in this cell (account, and region where the kind has one). */
  readonly wanted: readonly Destination[];
}

/** One page as the provider answered it. */
// biome-ignore lint/suspicious/noExplicitAny: collectors read what they need of it with a shape of their own
type Page = Record<string, any>;

export type Answer =
  | { readonly ok: true; readonly pages: readonly Page[] }
  | { readonly ok: false; readonly pages: readonly Page[]; readonly error: CallError };

/** A place that logs are sent to: kind and provider id (`s3` + bucket name, `cloudwatch-logs` + log group ARN without `:*`). */
export interface Destination {
  readonly kind: string;
  readonly id: string;
  /** The owning account and region where the id tells them. */
  readonly account?: string;
  readonly region?: string;
}
