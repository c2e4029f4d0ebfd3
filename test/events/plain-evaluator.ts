/**
 * What a CloudTrail trail logs, one event at a time, written from AWS's documentation alone and with nothing of the event algebra:
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html
 */

/** The selectors as `GetEventSelectors` answers them. A trail has one kind or the other. */
export interface TrailSelectors {
  readonly EventSelectors?: readonly BasicSelector[] | undefined;
  readonly AdvancedEventSelectors?: readonly AdvancedSelector[] | undefined;
}

export interface BasicSelector {
  readonly ReadWriteType?: 'All' | 'ReadOnly' | 'WriteOnly' | undefined;
  readonly IncludeManagementEvents?: boolean | undefined;
  readonly DataResources?: readonly { readonly Type?: string | undefined; readonly Values?: readonly string[] | undefined }[] | undefined;
  readonly ExcludeManagementEventSources?: readonly string[] | undefined;
}

export interface AdvancedSelector {
  readonly Name?: string | undefined;
  readonly FieldSelectors: readonly FieldSelector[];
}

export interface FieldSelector {
  readonly Field: string;
  readonly Equals?: readonly string[] | undefined;
  readonly StartsWith?: readonly string[] | undefined;
  readonly EndsWith?: readonly string[] | undefined;
  readonly NotEquals?: readonly string[] | undefined;
  readonly NotStartsWith?: readonly string[] | undefined;
  readonly NotEndsWith?: readonly string[] | undefined;
}

/** An event's fields by the names that selectors use: `eventCategory`, `readOnly`, `resources.ARN`, … */
export type PlainEvent = Readonly<Record<string, string | undefined>>;

/** Whether a trail that is logging in the event's region takes the event: it does if any of its selectors does. */
export function wouldLog(trail: TrailSelectors, event: PlainEvent): boolean {
  const basic = trail.EventSelectors ?? [];
  const advanced = trail.AdvancedEventSelectors ?? [];
  // A trail without selectors logs all management events and nothing else.
  if (basic.length === 0 && advanced.length === 0) return event.eventCategory === 'Management';
  for (const selector of advanced) if (advancedTakes(selector, event)) return true;
  for (const selector of basic) if (basicTakes(selector, event)) return true;
  return false;
}

function basicTakes(selector: BasicSelector, event: PlainEvent): boolean {
  if (selector.ReadWriteType === 'ReadOnly' && event.readOnly !== 'true') return false;
  if (selector.ReadWriteType === 'WriteOnly' && event.readOnly !== 'false') return false;
  if (event.eventCategory === 'Management') {
    if (selector.IncludeManagementEvents === false) return false;
    return !(selector.ExcludeManagementEventSources ?? []).includes(event.eventSource ?? '');
  }
  if (event.eventCategory !== 'Data') return false;
  for (const resource of selector.DataResources ?? []) {
    if (resource.Type !== event['resources.type']) continue;
    for (const value of resource.Values ?? []) if (resourceTakes(resource.Type ?? '', value, event['resources.ARN'] ?? '')) return true;
  }
  return false;
}

/** `arn:<partition>:<service>` alone stands for all of the service's resources. S3 values are prefixes, the others are exact. */
function resourceTakes(type: string, value: string, arn: string): boolean {
  const service = { 'AWS::S3::Object': 's3', 'AWS::Lambda::Function': 'lambda', 'AWS::DynamoDB::Table': 'dynamodb' }[type];
  if (service === undefined) return false;
  const parts = value.split(':');
  if (parts.length === 3 && parts[0] === 'arn' && parts[2] === service) return arn.startsWith(`${value}:`);
  return service === 's3' ? arn.startsWith(value) : arn === value;
}

/** All fields have to agree. */
function advancedTakes(selector: AdvancedSelector, event: PlainEvent): boolean {
  for (const field of selector.FieldSelectors) if (!fieldTakes(field, event[field.Field] ?? '')) return false;
  return true;
}

/** Including operators: one match is enough. Excluding operators: one match is too many. Both kinds have to agree. No wildcards. */
function fieldTakes(field: FieldSelector, value: string): boolean {
  for (const cut of field.NotEquals ?? []) if (value === cut) return false;
  for (const cut of field.NotStartsWith ?? []) if (value.startsWith(cut)) return false;
  for (const cut of field.NotEndsWith ?? []) if (value.endsWith(cut)) return false;
  let asked = false;
  for (const wanted of field.Equals ?? []) {
    asked = true;
    if (value === wanted) return true;
  }
  for (const wanted of field.StartsWith ?? []) {
    asked = true;
    if (value.startsWith(wanted)) return true;
  }
  for (const wanted of field.EndsWith ?? []) {
    asked = true;
    if (value.endsWith(wanted)) return true;
  }
  return !asked;
}
