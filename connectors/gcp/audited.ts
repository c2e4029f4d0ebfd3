import { type EventClass, intersect, type Selector, selectorOf, union } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';

/** A kind of permission that is set on or off in an audit configuration. */
export type LogType = 'ADMIN_READ' | 'DATA_READ' | 'DATA_WRITE';

/** What an audit configuration lets through of one service's entries. */
export interface Audited {
  /** What passes whichever of the log types the entries are of. */
  readonly passes: Selector;
  /** What passes if they are of the one that lets most through. */
  readonly mayPass: Selector;
}

/**
 * What a Data Access edge lets through of a service whose entries are of one of these log types: documentation does not say which, so that
 * they pass for certain only where they pass as each of them.
 */
export function auditedAs(edge: Pick<Edge, 'passes' | 'mayPass'>, service: string, types: readonly LogType[]): Audited {
  const as = (selector: Selector, type: LogType): Selector =>
    intersect(selector, selectorOf({ serviceName: { equals: [service] }, logType: { equals: [type] } })).map(untold);
  const certain = types.map((type) => as(edge.passes, type));
  return { passes: certain.reduce(intersect), mayPass: union(...types.map((type) => as(edge.mayPass, type))) };
}

/** Without the service, which the entries' own source says, and without the log type, which no entry says. */
function untold(one: EventClass): EventClass {
  return new Map([...one].filter(([field]) => field !== 'serviceName' && field !== 'logType'));
}

/** Names of logs that programs write in a project: any, but for those of audit logs, which the platform alone writes. */
export function ownLogs(paths: PathsBuilder, project: string): strings.Strings {
  return paths.once(`gcp own logs ${project}`, () =>
    strings.minus(strings.startingWith([`${project}/logs/`]), strings.containing(['cloudaudit.googleapis.com'], true)),
  );
}
