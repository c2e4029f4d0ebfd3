import type { Assessment } from '../src/model/assessment.ts';
import type { StoredEvidence } from '../src/model/evidence.ts';

/** What a report may ask for beside the assessment itself. */
export interface ReportContext {
  /** The record that an assessment cites by this number, where the store at hand has it. */
  evidence(id: number): StoredEvidence | undefined;
  /** Columns of the terminal; held to 40..200. */
  readonly width: number;
  /** Whether ANSI colours may be written: a terminal, and no NO_COLOR. */
  readonly color: boolean;
  /** What the reader could do next, in one line; the terminal report ends with it. */
  readonly next?: string;
  /** The product's version, shown where a report has a place for it. */
  readonly version?: string;
}

/** One form of an assessment. It prints what is there: it counts and groups for layout and judges nothing. */
export interface Report {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  /** File name extension, without the dot. */
  readonly extension: string;
  render(assessment: Assessment, context: ReportContext): string;
}
