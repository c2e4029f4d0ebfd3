import { describe, expect, it } from 'vitest';
import type { SystemModel } from '../../../src/model/system-model.ts';
import { importValue } from './import-fixture.ts';

async function model(parts: Readonly<Record<string, unknown>>): Promise<SystemModel> {
  return (await importValue({ schema: 1, ...parts }))[0] as SystemModel;
}

const described = (description: string) => model({ architecture: { description } });
const named = (one: SystemModel) => one.components.map(({ id, name, type, inScope }) => [id, name.value, type?.value, inScope.value]);

describe('components from free text', () => {
  it('one per service, however often it is named', async () => {
    expect(named(await described('Lambda writes to S3. S3 is encrypted.\n\nThe Lambda function reads S3.'))).toEqual([
      ['aws.lambda.function', 'Lambda', 'aws.lambda.function', true],
      ['aws.s3.bucket', 'S3', 'aws.s3.bucket', true],
    ]);
  });

  it('one per bullet and table row that has a name', async () => {
    const text =
      '- **Card vault**: an S3 bucket\n- `card-logs` - S3 bucket for logs\n\n| Part | Service |\n|---|---|\n| Index | DynamoDB |\n';
    expect(named(await described(text))).toEqual([
      ['Card vault', 'Card vault', 'aws.s3.bucket', true],
      ['card-logs', 'card-logs', 'aws.s3.bucket', true],
      ['Index', 'Index', 'aws.dynamodb.table', true],
    ]);
  });

  it('a name that stands before several services is none of theirs', async () => {
    expect(named(await described('- **Website**: Lambda behind API Gateway')).map(([id]) => id)).toEqual([
      'aws.lambda.function',
      'aws.apigateway.api',
    ]);
  });

  it('none that the text says is not there, or that stands in an address', async () => {
    expect(named(await described('There is no VPC. We use DynamoDB instead of RDS. See [docs](https://docs.example.com/lambda).'))).toEqual(
      [['aws.dynamodb.table', 'DynamoDB', 'aws.dynamodb.table', true]],
    );
  });

  it('those that are named for context are out of scope, unless they are used elsewhere', async () => {
    const context = 'Cognito and S3 have already been threat modeled. The existing Cognito pool is used.';
    expect(named(await described(`${context} Cards are written to S3.`)).map(([id, , , inScope]) => [id, inScope])).toEqual([
      ['aws.cognito.userpool', false],
      ['aws.s3.bucket', true],
    ]);
  });

  it('of what mitigations name, none: they may never be built', async () => {
    expect((await model({ mitigations: [{ id: 'm', content: 'Use Lambda to clean S3' }] })).components).toEqual([]);
  });
});

describe('threats', () => {
  const one = async (threat: Readonly<Record<string, unknown>>, text = 'Lambda reads S3.') =>
    (await model({ architecture: { description: text }, threats: [{ id: 't', ...threat }] })).threats[0];

  it('touch what the statement names, else all that is described', async () => {
    expect((await one({ statement: 'Somebody empties S3' }))?.components.map(({ value, basis }) => [value, basis])).toEqual([
      ['aws.s3.bucket', 'inferred'],
    ]);
    expect((await one({ statement: 'Somebody reads it all' }))?.components.map(({ value, basis }) => [value, basis])).toEqual([
      ['aws.lambda.function', 'assumed'],
      ['aws.s3.bucket', 'assumed'],
    ]);
  });

  it('have the category that is stated, else that of the goal, else that of the words', async () => {
    const stride = async (threat: Readonly<Record<string, unknown>>) =>
      (await one(threat))?.stride.map(({ value, basis }) => [value, basis]);
    expect(await stride({ statement: 'reads', impactedGoal: ['integrity'], metadata: [{ key: 'STRIDE', value: ['R'] }] })).toEqual([
      ['repudiation', 'stated'],
    ]);
    expect(await stride({ statement: 'reads', impactedGoal: ['integrity'] })).toEqual([['tampering', 'inferred']]);
    expect(await stride({ statement: 'reads the cards' })).toEqual([['information-disclosure', 'inferred']]);
    expect(await stride({ statement: 'is there' })).toEqual([]);
  });

  it('are put together from their parts where the statement is missing', async () => {
    const found = await one({
      numericId: 7,
      threatSource: 'customer',
      prerequisites: 'who paid',
      threatAction: 'deny it',
      impactedAssets: ['bills'],
    });
    expect(found?.title).toEqual({
      value: 'T7: A customer who paid can deny it, negatively impacting bills',
      pointer: '/threats/0',
      basis: 'inferred',
    });
  });
});

describe('claims', () => {
  const claims = async (mitigation: Readonly<Record<string, unknown>>) =>
    (await model({ mitigations: [{ id: 'm', ...mitigation }] })).claims.map(({ text, holds }) => [text.value, holds]);

  it('hold as the mitigation does', async () => {
    const content = 'S3 access logging';
    expect(await claims({ content, status: 'mitigationResolved' })).toEqual([[content, 'done']]);
    for (const status of ['mitigationIdentified', 'mitigationInProgress', 'somethingNew', undefined])
      expect(await claims({ content, status })).toEqual([[content, 'planned']]);
    expect(await claims({ content, status: 'mitigationResolvedWillNotAction' })).toEqual([]);
  });

  it('an assumption is no more than assumed, and a description neither', async () => {
    const found = await model({
      assumptions: [{ id: 'a', content: 'CloudTrail is on' }],
      dataflow: { description: 'Access logs go to S3.' },
    });
    expect(found.claims.map(({ text, holds }) => [text.value, holds])).toEqual([
      ['CloudTrail is on', 'assumed'],
      ['Access logs go to S3.', 'assumed'],
    ]);
  });
});

it('reads annotations on threats, and those of mitigations for the threats that they are for', async () => {
  const metadata = (value: unknown) => [
    { key: 'custom:log-sources', value },
    { key: 'custom:log-retention', value: '400d' },
  ];
  const found = await model({
    threats: [{ id: 't', statement: 'x', metadata: metadata('aws.s3.accesslogs, aws.cloudtrail.data.s3 365d') }],
    mitigations: [{ id: 'm', content: 'y', metadata: metadata(['aws.vpc.flowlogs']) }],
    mitigationLinks: [{ mitigationId: 'm', linkedId: 't' }],
  });
  expect(found.annotations.map(({ source, retain, on }) => [source.value, retain?.value, on])).toEqual([
    ['aws.vpc.flowlogs', '400d', 't'],
    ['aws.s3.accesslogs', '400d', 't'],
    ['aws.cloudtrail.data.s3', '365d', 't'],
  ]);
});

it('never repeats the image', async () => {
  const image = `data:image/png;base64,${'A'.repeat(1000)}`;
  expect(JSON.stringify(await model({ architecture: { image }, dataflow: { image } }))).not.toContain('AAAA');
});
