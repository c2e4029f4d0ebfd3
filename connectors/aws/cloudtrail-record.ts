import { z } from 'zod';
import { own } from '../../src/model/own.ts';
import type { KnownEvents, Source } from '../../src/model/source.ts';
import { jsonOf } from './json-text.ts';

const text = z.string().nullish().catch(undefined);
/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const CloudTrailRecord = z.object({
  eventVersion: z.string().max(32),
  eventSource: z.string().min(1).max(256),
  eventName: z.string().min(1).max(256),
  awsRegion: z.string().min(1).max(64),
  eventTime: text,
  eventID: text,
  eventType: text,
  eventCategory: text,
  managementEvent: z.boolean().nullish().catch(undefined),
  readOnly: z
    .union([z.boolean(), z.enum(['true', 'false'])])
    .nullish()
    .catch(undefined),
  errorCode: text,
  vpcEndpointId: text,
  sessionCredentialFromConsole: z.union([z.string(), z.boolean()]).nullish().catch(undefined),
  recipientAccountId: text,
  userIdentity: z.object({ arn: text, accountId: text }).nullish().catch(undefined),
  resources: z
    .array(z.object({ type: text, resourceType: text, ARN: text, arn: text, ARNPrefix: text }))
    .nullish()
    .catch(undefined),
  insightDetails: z.object({ insightType: text, eventSource: text, eventName: text }).nullish().catch(undefined),
});
type CloudTrailRecord = z.infer<typeof CloudTrailRecord>;

/** What a CloudTrail record says of itself, in the words of selectors. */
export interface RecordedEvent {
  readonly source: string;
  /** The account that gets the event; undefined where an old record does not tell. */
  readonly account: string | undefined;
  readonly region: string;
  readonly id: string | undefined;
  readonly time: string | undefined;
  /** The event's fields, once for each of its resources: it is taken where one of them is. */
  readonly variants: readonly Readonly<Record<string, string>>[];
  /** What had to be concluded because the record, of an old version, does not say it. */
  readonly notes: readonly string[];
}

/** What the rules know of CloudTrail: all log sources, and the table of known events. */
export interface CloudTrailKnowledge {
  readonly sources: Iterable<Source>;
  readonly known: KnownEvents | undefined;
}

const CATEGORIES: Readonly<Record<string, string>> = {
  Management: 'aws.cloudtrail.management',
  NetworkActivity: 'aws.cloudtrail.networkactivity',
  Insight: 'aws.cloudtrail.insights',
  Data: 'aws.cloudtrail.data',
};

/**
 * Every CloudTrail record in a JSON value: a record, a list of them, a delivered file (`Records`), EventBridge events (`detail`), and what
 * LookupEvents answers (`Events`). Undefined where the value is none of these.
 */
export function findRecords(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) {
    const found = value.map(findRecords);
    return found.length > 0 && found.every((one) => one !== undefined) ? found.flat() : undefined;
  }
  if (value === null || typeof value !== 'object') return undefined;
  const object = value as Record<string, unknown>;
  if (Object.hasOwn(object, 'eventVersion')) return [object];
  if (Array.isArray(object.Records)) return findRecords(object.Records);
  if (Array.isArray(object.Events)) return findRecords(object.Events);
  if (typeof object.CloudTrailEvent === 'string') return findRecords(jsonOf(object.CloudTrailEvent));
  if (object.detail !== null && typeof object.detail === 'object' && !Array.isArray(object.detail)) return findRecords(object.detail);
  return undefined;
}

/** Reads one record as AWS writes it; a text that says what is wrong where it is none. */
export function readCloudTrailRecord(value: unknown, knowledge: CloudTrailKnowledge): RecordedEvent | string {
  const read = CloudTrailRecord.safeParse(value);
  if (!read.success) {
    const issue = read.error.issues[0];
    return `is not a CloudTrail record: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not as expected'}`;
  }
  const record = read.data;
  const notes: string[] = [];
  const resources = (record.resources ?? [])
    .map((one) => ({ type: one.type ?? one.resourceType ?? '', arn: one.ARN ?? one.arn ?? one.ARNPrefix ?? '' }))
    .filter((one) => one.type !== '' || one.arn !== '');
  const category =
    record.eventCategory ??
    concludedCategory(
      record,
      resources.map((one) => one.type),
      knowledge.known,
      notes,
    );
  const general = own(CATEGORIES, category);
  if (general === undefined) return `has the eventCategory "${category}", which is not read yet`;
  const types = resources.map((one) => one.type);
  const source = category === 'Data' ? (dataSource(types, record.eventSource, knowledge.sources) ?? general) : general;
  const fields: Record<string, string> = { eventCategory: category, eventSource: record.eventSource, eventName: record.eventName };
  const put = (name: string, given: string | boolean | null | undefined): void => {
    if (given !== null && given !== undefined && given !== '') fields[name] = String(given);
  };
  put('readOnly', record.readOnly);
  put('eventType', record.eventType);
  put('errorCode', record.errorCode);
  put('vpcEndpointId', record.vpcEndpointId);
  put('sessionCredentialFromConsole', record.sessionCredentialFromConsole);
  put('userIdentity.arn', record.userIdentity?.arn);
  if (category === 'Insight') {
    put('insightDetails.insightType', record.insightDetails?.insightType);
    put('eventSource', record.insightDetails?.eventSource);
    put('eventName', record.insightDetails?.eventName);
  }
  const variants = resources.map(({ type, arn }) => ({
    ...fields,
    ...(type === '' ? {} : { 'resources.type': type }),
    ...(arn === '' ? {} : { 'resources.ARN': arn }),
  }));
  if (!record.recipientAccountId && record.userIdentity?.accountId)
    notes.push("recipientAccountId is not in the record; the caller's account is taken");
  return {
    source,
    account: record.recipientAccountId ?? record.userIdentity?.accountId ?? undefined,
    region: record.awsRegion,
    id: record.eventID ?? undefined,
    time: record.eventTime ?? undefined,
    variants: variants.length > 0 ? variants : [fields],
    notes,
  };
}

/** Records before version 1.07 do not name their category. */
function concludedCategory(record: CloudTrailRecord, types: readonly string[], known: KnownEvents | undefined, notes: string[]): string {
  const conclude = (category: string, from: string): string => {
    notes.push(`eventCategory is not in the record; taken for ${category} (${from})`);
    return category;
  };
  if (record.managementEvent !== null && record.managementEvent !== undefined)
    return conclude(record.managementEvent ? 'Management' : 'Data', 'managementEvent');
  const service = known && Object.hasOwn(known.events, record.eventSource) ? known.events[record.eventSource] : undefined;
  const within = (one: { readonly read: readonly string[]; readonly write: readonly string[] } | undefined) =>
    one !== undefined && (one.read.includes(record.eventName) || one.write.includes(record.eventName));
  if (within(service)) return conclude('Management', "the event's name");
  const data = Object.entries(service?.data ?? {});
  if (data.some(([, one]) => within(one))) return conclude('Data', "the event's name");
  if (data.some(([type]) => types.includes(type))) return conclude('Data', "the resource's type");
  return conclude('Management', 'no sign of a data event');
}

/** The data event source of the first resource type that has one. */
function dataSource(types: readonly string[], eventSource: string, sources: Iterable<Source>): string | undefined {
  const data = [...sources].filter((source) => source.id.startsWith('aws.cloudtrail.data.') && source.view === undefined);
  for (const type of types) {
    const found = data.find((source) => {
      const own = source.always['resources.type']?.equals ?? source.fields['resources.type']?.values ?? [];
      const service = source.always.eventSource?.equals;
      return own.includes(type) && (service === undefined || service.includes(eventSource));
    });
    if (found) return found.id;
  }
  return undefined;
}
