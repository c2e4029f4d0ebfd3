import { z } from 'zod';
import { type EventClass, merge, NOTHING, type Selector } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';

const list = z.array(z.string()).optional();

export const AdvancedEventSelector = z.object({
  Name: z.string().optional(),
  FieldSelectors: z.array(
    z.object({
      Field: z.string(),
      Equals: list,
      StartsWith: list,
      EndsWith: list,
      NotEquals: list,
      NotStartsWith: list,
      NotEndsWith: list,
    }),
  ),
});
export type AdvancedEventSelector = z.infer<typeof AdvancedEventSelector>;

export const EventSelector = z.object({
  ReadWriteType: z.string().optional(),
  IncludeManagementEvents: z.boolean().optional(),
  DataResources: z.array(z.object({ Type: z.string().optional(), Values: list })).optional(),
  ExcludeManagementEventSources: list,
});
export type EventSelector = z.infer<typeof EventSelector>;

const MANAGEMENT: EventClass = new Map([['eventCategory', strings.equalTo(['Management'])]]);

/**
 * The events that a trail's selectors take. Selectors are OR-ed; with none set a trail takes all management events and nothing else.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
 */
export function selectorOfTrail(
  basic: readonly EventSelector[] | undefined,
  advanced: readonly AdvancedEventSelector[] | undefined,
): Selector {
  if (advanced && advanced.length > 0) return selectorOfAdvanced(advanced);
  if (basic && basic.length > 0) return merge(basic.flatMap(classesOfBasic));
  return [MANAGEMENT];
}

/**
 * Fields of one selector are AND-ed. Within a field the positive values are OR-ed, every negative one has to hold, and both groups are
 * AND-ed. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
 */
export function selectorOfAdvanced(selectors: readonly AdvancedEventSelector[]): Selector {
  const classes: EventClass[] = [];
  for (const selector of selectors) {
    const fields = new Map<string, strings.Strings>();
    for (const field of selector.FieldSelectors) {
      const positive = strings.unionAll([
        strings.equalTo(field.Equals ?? []),
        strings.startingWith(field.StartsWith ?? []),
        strings.endingWith(field.EndsWith ?? []),
      ]);
      const wanted = strings.isNone(positive) ? strings.ALL_STRINGS : positive;
      const unwanted = strings.unionAll([
        strings.equalTo(field.NotEquals ?? []),
        strings.startingWith(field.NotStartsWith ?? []),
        strings.endingWith(field.NotEndsWith ?? []),
      ]);
      const values = strings.minus(wanted, unwanted);
      fields.set(field.Field, fields.has(field.Field) ? strings.intersect(fields.get(field.Field) as strings.Strings, values) : values);
    }
    if (![...fields.values()].some(strings.isNone)) classes.push(fields);
  }
  return classes.length === 0 ? NOTHING : merge(classes);
}

function classesOfBasic(selector: EventSelector): EventClass[] {
  const readOnly = { ReadOnly: ['true'], WriteOnly: ['false'] }[selector.ReadWriteType ?? 'All'];
  const narrowed = (fields: [string, strings.Strings][]): EventClass =>
    new Map(readOnly ? [...fields, ['readOnly', strings.equalTo(readOnly)]] : fields);
  const classes: EventClass[] = [];
  if (selector.IncludeManagementEvents !== false) {
    const excluded = selector.ExcludeManagementEventSources ?? [];
    classes.push(
      narrowed([
        ['eventCategory', strings.equalTo(['Management'])],
        ...(excluded.length > 0 ? ([['eventSource', strings.complement(strings.equalTo(excluded))]] as [string, strings.Strings][]) : []),
      ]),
    );
  }
  for (const resource of selector.DataResources ?? []) {
    const arns = arnsOf(resource.Type ?? '', resource.Values ?? []);
    if (!strings.isNone(arns)) {
      classes.push(
        narrowed([
          ['eventCategory', strings.equalTo(['Data'])],
          ['resources.type', strings.equalTo([resource.Type ?? ''])],
          ['resources.ARN', arns],
        ]),
      );
    }
  }
  return classes;
}

/**
 * Values are ARN prefixes for S3 objects, exact ARNs for functions and tables; `arn:aws:<service>` means all of them. No value: none.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
 */
function arnsOf(type: string, values: readonly string[]): strings.Strings {
  const service = { 'AWS::S3::Object': 's3', 'AWS::Lambda::Function': 'lambda', 'AWS::DynamoDB::Table': 'dynamodb' }[type];
  if (service !== undefined && values.some((value) => value.split(':').length === 3 && value.endsWith(`:${service}`)))
    return strings.ALL_STRINGS;
  if (type === 'AWS::S3::Object')
    return values.some((value) => /^arn:[\w-]+:s3:::$/.test(value)) ? strings.ALL_STRINGS : strings.startingWith(values);
  return strings.equalTo(values);
}
