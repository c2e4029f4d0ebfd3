import type { z } from 'zod';
import type { Selector } from '../../src/events/classes.ts';
import { EVERYTHING, NOTHING } from '../../src/events/classes.ts';
import type { Unknown } from '../../src/model/assessment.ts';
import type { CallError } from '../../src/model/evidence.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge, Kept } from '../../src/paths/graph.ts';
import type { Answered, EvidenceView } from '../../src/store/view.ts';
import type { AwsAccount } from './estate.ts';
import { estateOf } from './estate.ts';

/** What one list call told: its items, and why there may be more, where there may. */
export interface Listing<Item> {
  readonly items: readonly Item[];
  readonly ids: readonly number[];
  readonly unknown: Unknown | undefined;
  readonly error: CallError | undefined;
}

const PAGE_SIZES = new Set(['MaxResults', 'maxResults', 'MaxItems', 'PageSize', 'limit']);

/** A list of everything in a place: only calls without filters say so. Of several such calls the newest counts. */
export function listOf<Page, Item>(
  evidence: EvidenceView,
  op: string,
  shape: z.ZodType<Page>,
  items: (page: Page) => readonly Item[],
  place: { readonly account: string; readonly region?: string },
): Listing<Item> {
  let newest: Answered<Page> | undefined;
  for (const answer of evidence.calls(op, shape, place)) {
    if (Object.keys(answer.args).some((name) => !PAGE_SIZES.has(name))) continue;
    if (newest === undefined || (answer.at ?? '') >= (newest.at ?? '')) newest = answer;
  }
  newest ??= evidence.call(op, shape, { ...place, args: {} });
  return { items: newest.pages.flatMap(items), ids: newest.ids, unknown: newest.unknown, error: newest.error };
}

/** Accounts that no call reached: which emitters they have is not known, unless they are closed. */
export function blindWhereNotReached(evidence: EvidenceView, paths: PathsBuilder, sources: readonly string[], op: string): void {
  for (const account of estateOf(evidence).accounts) {
    if (account.reached || account.closed !== undefined) continue;
    paths.blind({
      sources,
      scope: { provider: 'aws', account: account.id },
      unknowns: [evidence.unknownOf(op, account.id, 'AccountNotReached', account.evidence)],
      evidence: account.evidence,
    });
  }
}

/** Accounts of which it was not read which regions are enabled: there may be emitters in another one. */
export function blindWhereRegionsUnknown(evidence: EvidenceView, paths: PathsBuilder, sources: readonly string[]): void {
  for (const account of estateOf(evidence).accounts) {
    if (!account.reached || account.regionsUnknown === undefined) continue;
    paths.blind({
      sources,
      scope: { provider: 'aws', account: account.id },
      unknowns: [account.regionsUnknown],
      evidence: account.regionsUnknown.evidence ?? [],
    });
  }
}

/** Every enabled region of every account that was reached. */
export function cellsOf(evidence: EvidenceView): readonly {
  readonly account: AwsAccount;
  readonly region: string;
  readonly at: { readonly account: string; readonly region: string };
}[] {
  return estateOf(evidence).accounts.flatMap((account) =>
    account.reached ? account.regions.map((region) => ({ account, region, at: { account: account.id, region } })) : [],
  );
}

export const UNKNOWN_KEPT: Omit<Kept, 'because' | 'unknowns'> = {
  searchable: { least: 0, most: Number.POSITIVE_INFINITY },
  total: { least: 0, most: Number.POSITIVE_INFINITY },
  immutable: undefined,
};

/** A first edge of which it was not read whether it exists or where it leads: nothing passes for certain, everything (or `mayPass`) may. */
export function unseenEdge(
  paths: PathsBuilder,
  edge: {
    readonly id: string;
    readonly label: string;
    readonly unknowns: readonly Unknown[];
    readonly evidence: readonly number[];
    readonly account: string;
    readonly region?: string;
    readonly mayPass?: Selector;
  },
): Edge {
  const to = paths.node({
    type: 'store',
    id: `unseen|${edge.id}`,
    kind: 'native',
    unseen: true,
    name: edge.label,
    scope: { provider: 'aws', account: edge.account, ...(edge.region === undefined ? {} : { region: edge.region }) },
    keeps: { ...UNKNOWN_KEPT, because: 'not read', unknowns: edge.unknowns },
    evidence: edge.evidence,
    findings: [],
    unknowns: [],
  });
  return {
    id: edge.id,
    to,
    label: edge.label,
    passes: NOTHING,
    mayPass: edge.mayPass ?? EVERYTHING,
    unknowns: edge.unknowns,
    delivery: { state: 'flowing' },
    evidence: edge.evidence,
  };
}

/** `arn:aws:s3:::bucket/some/prefix` read apart; the prefix ends with `/` unless it is empty. */
export function bucketOf(arn: string): { readonly bucket: string; readonly prefix: string } {
  const path = arn.replace(/^arn:[^:]*:s3:::/, '');
  const cut = path.indexOf('/');
  const prefix = cut < 0 ? '' : withoutEndSlashes(path.slice(cut + 1));
  return { bucket: cut < 0 ? path : path.slice(0, cut), prefix: prefix === '' ? '' : `${prefix}/` };
}

/** A log group's ARN as destinations are named: without the trailing `:*`. */
export function groupArn(arn: string): string {
  return arn.replace(/:\*$/, '');
}

/** The text without the slashes at its end. A regular expression would try each slash of a long run anew. */
export function withoutEndSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end--;
  return text.slice(0, end);
}
