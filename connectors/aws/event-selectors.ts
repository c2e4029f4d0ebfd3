import { z } from 'zod';
import { type EventClass, merge, NOTHING, type Selector } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import { own } from '../../src/model/own.ts';

const list = z.array(z.string()).nullish();

export const AdvancedEventSelector = z.object({
  Name: z.string().nullish(),
  FieldSelectors: z.array(
    // Loose: an operator that is not known has to be seen to be left open.
    z.looseObject({
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
  ReadWriteType: z.string().nullish(),
  IncludeManagementEvents: z.boolean().nullish(),
  DataResources: z.array(z.object({ Type: z.string().nullish(), Values: list })).nullish(),
  ExcludeManagementEventSources: list,
});
export type EventSelector = z.infer<typeof EventSelector>;

/** What selectors take for certain and at most, and what in them was not understood, where the two differ. */
export interface Taken {
  readonly passes: Selector;
  readonly mayPass: Selector;
  readonly unclear: readonly string[];
}

const FIELDS = new Set([
  'eventCategory',
  'eventName',
  'eventSource',
  'eventType',
  'errorCode',
  'readOnly',
  'resources.ARN',
  'resources.type',
  'sessionCredentialFromConsole',
  'userIdentity.arn',
  'vpcEndpointId',
]);
const POSITIVE = ['Equals', 'StartsWith', 'EndsWith'] as const;
const NEGATIVE = ['NotEquals', 'NotStartsWith', 'NotEndsWith'] as const;
const OPERATORS = new Set<string>([...POSITIVE, ...NEGATIVE]);

const MANAGEMENT: EventClass = new Map([['eventCategory', strings.equalTo(['Management'])]]);

/**
 * The events that a trail's selectors take. Selectors are OR-ed; with none set a trail takes all management events and nothing else.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
 */
export function takenByTrail(basic: readonly EventSelector[] | undefined, advanced: readonly AdvancedEventSelector[] | undefined): Taken {
  if (advanced && advanced.length > 0) return takenByAdvanced(advanced);
  if (basic && basic.length > 0) return joined(basic.map(takenByBasic));
  return { passes: [MANAGEMENT], mayPass: [MANAGEMENT], unclear: [] };
}

/**
 * Fields of one selector are AND-ed. Within a field the positive values are OR-ed, every negative one has to hold, and both groups are
 * AND-ed. A selector with something in it that is not understood takes nothing for certain, and at most what the rest of it lets through.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
 */
export function takenByAdvanced(selectors: readonly AdvancedEventSelector[]): Taken {
  return joined(
    selectors.map((selector) => {
      const fields = new Map<string, strings.Strings>();
      const unclear: string[] = [];
      for (const field of selector.FieldSelectors) {
        const problem = problemOf(field);
        if (problem !== undefined) unclear.push(problem);
        else if (!isEveryObject(field, selector.FieldSelectors))
          fields.set(field.Field, strings.intersect(fields.get(field.Field) ?? strings.ALL_STRINGS, valuesOf(field)));
      }
      const category = fields.get('eventCategory');
      if (!category) unclear.push('no eventCategory');
      else if (strings.has(category, 'Data') && !fields.has('resources.type')) unclear.push('no resources.type');
      const classes: Selector = [...fields.values()].some(strings.isNone) ? NOTHING : [fields];
      return { passes: unclear.length > 0 ? NOTHING : classes, mayPass: classes, unclear };
    }),
  );
}

function joined(all: readonly Taken[]): Taken {
  const unclear = [...new Set(all.flatMap((one) => one.unclear))];
  const passes = merge(all.flatMap((one) => one.passes));
  return { passes, mayPass: unclear.length === 0 ? passes : merge(all.flatMap((one) => one.mayPass)), unclear };
}

type Field = AdvancedEventSelector['FieldSelectors'][number];

function problemOf(field: Field): string | undefined {
  if (!FIELDS.has(field.Field)) return `field ${field.Field}`;
  const operators = Object.entries(field).filter(([name, values]) => name !== 'Field' && values !== undefined && values !== null);
  const other = operators.find(([name]) => !OPERATORS.has(name));
  if (other) return `operator ${other[0]} of ${field.Field}`;
  const values = operators.flatMap(([, some]) => some as string[]);
  if (values.length === 0) return `${field.Field} without values`;
  const odd = field.Field === 'readOnly' ? values.find((value) => value !== 'true' && value !== 'false') : undefined;
  return odd === undefined ? undefined : `readOnly ${odd}`;
}

/** The ARN of every S3 object starts with `arn:<partition>:s3:::`: a selector that says so leaves none out. */
function isEveryObject(field: Field, all: readonly Field[]): boolean {
  return (
    field.Field === 'resources.ARN' &&
    (field.StartsWith ?? []).some((value) => /^arn:[\w-]+:s3:::$/.test(value)) &&
    NEGATIVE.every((operator) => (field[operator] ?? []).length === 0) &&
    all.some((one) => one.Field === 'resources.type' && one.Equals?.length === 1 && one.Equals[0] === 'AWS::S3::Object')
  );
}

function valuesOf(field: Field): strings.Strings {
  const positive = strings.unionAll([
    strings.equalTo(field.Equals ?? []),
    strings.startingWith(field.StartsWith ?? []),
    strings.endingWith(field.EndsWith ?? []),
  ]);
  const unwanted = strings.unionAll([
    strings.equalTo(field.NotEquals ?? []),
    strings.startingWith(field.NotStartsWith ?? []),
    strings.endingWith(field.NotEndsWith ?? []),
  ]);
  const open = POSITIVE.every((operator) => (field[operator] ?? []).length === 0);
  return strings.minus(open ? strings.ALL_STRINGS : positive, unwanted);
}

function takenByBasic(selector: EventSelector): Taken {
  const unclear: string[] = [];
  const type = selector.ReadWriteType ?? 'All';
  if (!['All', 'ReadOnly', 'WriteOnly'].includes(type)) unclear.push(`ReadWriteType ${type}`);
  const readOnly = own({ ReadOnly: ['true'], WriteOnly: ['false'] }, type);
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
  return { passes: unclear.length > 0 ? NOTHING : classes, mayPass: classes, unclear };
}

/** The value that stands for everything of a type that basic selectors know. */
const WHOLE: Readonly<Record<string, RegExp>> = {
  'AWS::S3::Object': /^arn:[\w-]+:s3(:::)?$/,
  'AWS::Lambda::Function': /^arn:[\w-]+:lambda$/,
  'AWS::DynamoDB::Table': /^arn:[\w-]+:dynamodb$/,
};

/**
 * Values are ARN prefixes for S3 objects, exact ARNs for functions and tables; `arn:aws:<service>` means all of them. No value: none.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
 */
function arnsOf(type: string, values: readonly string[]): strings.Strings {
  const named = values.filter((value) => value.startsWith('arn:'));
  if (named.some((value) => own(WHOLE, type)?.test(value))) return strings.ALL_STRINGS;
  return type === 'AWS::S3::Object' ? strings.startingWith(named) : strings.equalTo(named);
}
