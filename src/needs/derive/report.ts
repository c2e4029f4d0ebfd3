import type { Vendor } from '../../model/knowledge.ts';
import type { Claim, NeedStatement, Priority } from '../../model/threat-model.ts';

/** A need as a reader sees it: what is merged stands once, with all that it serves. */
export interface DerivedNeed {
  readonly id: string;
  readonly statement: NeedStatement;
  /** Source ids, the asked one first. */
  readonly sources: readonly string[];
  readonly name: string;
  readonly priority: Priority;
  /** Ids of the model's threats; none: it follows from what the model is made of. */
  readonly threats: readonly string[];
  readonly components: readonly string[];
  /** Whether a scan can look at it: `later` and `never` are asked for all the same. */
  readonly scan: 'now' | 'later' | 'never';
}

export interface Listed {
  readonly id: string;
  readonly name: string;
  readonly why: string;
  readonly at: string;
  readonly quote?: string;
}

/** What came of a model, beside the needs: what was not understood stands here, and is counted. */
export interface DerivationReport {
  readonly system: string;
  readonly file: string;
  readonly format: string;
  readonly vendors: readonly Vendor[];
  readonly counts: {
    readonly components: number;
    readonly resolved: number;
    readonly threats: number;
    readonly threatsWithNeeds: number;
    readonly needs: number;
  };
  readonly needs: readonly DerivedNeed[];
  /** Nothing tells what they are. */
  readonly unresolved: readonly Listed[];
  /** They could be several things; the likeliest was taken. */
  readonly ambiguous: readonly (Listed & { readonly taken: string; readonly or: readonly string[] })[];
  readonly contradictions: readonly Listed[];
  /** Left out of the question, and why. */
  readonly excluded: readonly Listed[];
  /** No cloud log shows them. */
  readonly unobservable: readonly (Listed & { readonly instead?: string })[];
  /** Threats that led to no need for another reason. */
  readonly silent: readonly Listed[];
  /** Threats whose needs were left out because the model says that they do not apply. */
  readonly notApplicable: readonly (Listed & { readonly needs: number })[];
  readonly unknownTechniques: readonly Listed[];
  readonly renamedTechniques: readonly Listed[];
  readonly blindSpots: readonly Listed[];
  readonly claims: readonly Claim[];
  /** What the model says is kept, where that is less than is asked. */
  readonly shortRetention: readonly (Listed & { readonly days: number; readonly asked: number })[];
  /** Stores of logs in the model, and what is asked of them. */
  readonly logStores: readonly Listed[];
  readonly keptWhereProduced: readonly Listed[];
  /** A source whose records do not name the caller, where a threat wants to know who it was. */
  readonly attribution: readonly Listed[];
  /** Needs that the overlay dropped. */
  readonly dropped: readonly Listed[];
  readonly warnings: readonly Listed[];
}
