import { html } from './html.ts';
import { json } from './json.ts';
import type { Report } from './report.ts';
import { terminal } from './terminal.ts';

export type { Report, ReportContext } from './report.ts';

/** Every report there is, the default one first. */
export const reports: readonly Report[] = [terminal, json, html];
