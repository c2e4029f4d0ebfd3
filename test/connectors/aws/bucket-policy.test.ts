import { describe, expect, it } from 'vitest';
import {
  deleters,
  deniesBypass,
  judgeWrite,
  type Policy,
  parsePolicy,
  publicStatements,
  type Write,
} from '../../../connectors/aws/bucket-policy.ts';

const ARN = 'arn:aws:s3:::card-logs';
const write: Write = {
  bucket: 'card-logs',
  partition: 'aws',
  prefix: 'AWSLogs/111122223333/',
  principal: 'delivery.logs.amazonaws.com',
  sourceArn: 'arn:aws:logs:eu-west-1:111122223333:delivery-source:card',
  sourceAccount: '111122223333',
  organization: 'o-cards',
};
const allow = {
  Effect: 'Allow',
  Principal: { Service: 'delivery.logs.amazonaws.com' },
  Action: 's3:PutObject',
  Resource: `${ARN}/AWSLogs/*`,
};
const everyone = { Sid: 'No', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: [ARN, `${ARN}/*`] };

function policy(...statements: readonly unknown[]): Policy {
  const read = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  if (!read) throw new Error('not a policy');
  return read;
}

const judge = (...statements: readonly unknown[]) => judgeWrite(policy(...statements), write).is;

describe('a write is allowed', () => {
  it.each([
    [
      'by the documented statement',
      {
        Condition: {
          StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control', 'aws:SourceAccount': ['999900001111', '111122223333'] },
          ArnLike: { 'aws:SourceArn': 'arn:aws:logs:eu-west-1:111122223333:*' },
        },
      },
    ],
    ['by wildcards', { Action: ['s3:Put*'], Resource: '*' }],
    ['by a list of services', { Principal: { Service: ['elasticloadbalancing.amazonaws.com', 'delivery.logs.amazonaws.com'] } }],
    ['to everyone', { Principal: { AWS: '*' } }],
    ['by exclusion of other actions', { Action: undefined, NotAction: 's3:DeleteObject' }],
    ['over TLS only', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }],
    ['for the organization', { Condition: { StringEquals: { 'aws:SourceOrgID': 'o-cards' } } }],
    ['where the condition wants a source', { Condition: { Null: { 'aws:SourceArn': 'false' } } }],
  ])('%s', (_, change) => {
    expect(judge({ ...allow, ...change })).toBe('allowed');
  });

  it('where a denial is of what the service does not do', () => {
    expect(judge(allow, { ...everyone, Condition: { Bool: { 'aws:SecureTransport': 'false' } } })).toBe('allowed');
    expect(judge(allow, { ...everyone, Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } } })).toBe('allowed');
    expect(judge(allow, { ...everyone, Action: 's3:DeleteObject*' })).toBe('allowed');
    expect(
      judge(allow, {
        ...everyone,
        Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-cards' }, BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } },
      }),
    ).toBe('allowed');
    expect(judge(allow, { ...everyone, Resource: undefined, NotResource: `${ARN}/AWSLogs/*` })).toBe('allowed');
  });

  it('by a policy of one statement that is no list', () => {
    const read = parsePolicy(JSON.stringify({ Statement: allow })) as Policy;
    expect(judgeWrite(read, write).is).toBe('allowed');
  });

  it('to an account, by its ARN or its number', () => {
    const account = { ...write, principal: 'arn:aws:iam::127311923021:root' };
    expect(judgeWrite(policy({ ...allow, Principal: { AWS: '127311923021' } }), account).is).toBe('allowed');
    expect(judgeWrite(policy({ ...allow, Principal: { AWS: 'arn:aws:iam::127311923021:root' } }), account).is).toBe('allowed');
    expect(judgeWrite(policy({ ...allow, Principal: { AWS: '127311923022' } }), account).is).toBe('unsaid');
  });
});

describe('a write is refused', () => {
  it('by a denial for everyone, and says which', () => {
    expect(judgeWrite(policy(allow, everyone), write)).toEqual({ is: 'denied', statement: 'statement "No"' });
  });

  it('by a denial whose conditions all hold', () => {
    expect(judge(allow, { ...everyone, Condition: { StringNotEquals: { 'aws:SourceAccount': '999900001111' } } })).toBe('denied');
  });

  it.each([
    ['to another service', { Principal: { Service: 'cloudtrail.amazonaws.com' } }],
    ['for other keys', { Resource: `${ARN}/elb/*` }],
    ['in another bucket', { Resource: 'arn:aws:s3:::card-logs-2/*' }],
    ['for the bucket only', { Resource: ARN }],
    ['for reading only', { Action: ['s3:GetObject', 's3:GetBucketAcl'] }],
    ['for another account', { Condition: { StringEquals: { 'aws:SourceAccount': '999900001111' } } }],
    ['for another source', { Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:logs:us-east-1:111122223333:*' } } }],
    ['for another organization', { Condition: { StringEquals: { 'aws:SourceOrgID': 'o-other' } } }],
  ])('when it is allowed %s', (_, change) => {
    expect(judge({ ...allow, ...change })).toBe('unsaid');
  });
});

describe('a write is left open', () => {
  it.each([
    ['a condition that the configuration does not decide', { Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } }],
    ['one key of many', { Resource: `${ARN}/AWSLogs/111122223333/` }],
    ['a variable in a condition', { Condition: { StringEquals: { 'aws:SourceAccount': `\${aws:PrincipalAccount}` } } }],
    ['a part of the keys', { Resource: `${ARN}/AWSLogs/111122223333/elasticloadbalancing/*` }],
    ['an exclusion of principals', { Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::111122223333:role/intern' } }],
  ])('by %s', (_, change) => {
    expect(judge({ ...allow, ...change })).toBe('unsure');
  });

  it('by a denial that may take it, though it is allowed', () => {
    expect(judge(allow, { ...everyone, Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-cards' } } })).toBe('unsure');
  });

  it('not by a denial where nothing allows it', () => {
    expect(judge({ ...everyone, Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-cards' } } })).toBe('unsaid');
  });

  it('by accounts in the resource where the keys of many accounts are meant', () => {
    const many = { ...write, prefix: 'AWSLogs/{account}/CloudTrail/' };
    expect(judgeWrite(policy({ ...allow, Resource: `${ARN}/AWSLogs/111122223333/*` }), many).is).toBe('unsure');
    expect(judgeWrite(policy(allow), many).is).toBe('allowed');
  });
});

describe('who may do harm', () => {
  it('names who may delete or shorten, but no service', () => {
    const role = 'arn:aws:iam::111122223333:role/cleanup';
    const read = policy(
      { Effect: 'Allow', Principal: { AWS: role }, Action: 's3:Delete*', Resource: `${ARN}/AWSLogs/*` },
      { Effect: 'Allow', Principal: { AWS: '999900001111' }, Action: 's3:PutLifecycleConfiguration', Resource: ARN },
      { Effect: 'Allow', Principal: { Service: 'cloudtrail.amazonaws.com' }, Action: 's3:*', Resource: '*' },
      { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:role/reader' }, Action: 's3:Get*', Resource: '*' },
    );
    expect(deleters(read, 'card-logs', 'aws')).toEqual(['999900001111', role]);
  });

  it('sees what is open to everybody only without conditions', () => {
    expect(
      publicStatements(policy({ Sid: 'Open', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `${ARN}/*` })),
    ).toEqual(['statement "Open" (s3:GetObject)']);
    expect(
      publicStatements(
        policy({ ...allow, Principal: '*', Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } }, everyone),
      ),
    ).toEqual([]);
  });

  it('takes a GOVERNANCE lock for firm only if everyone is denied the bypass on every key', () => {
    const deny = { Effect: 'Deny', Principal: '*', Action: 's3:BypassGovernanceRetention', Resource: `${ARN}/*` };
    expect(deniesBypass(policy(deny), 'card-logs', 'aws')).toBe(true);
    expect(deniesBypass(policy({ ...deny, Resource: `${ARN}/AWSLogs/*` }), 'card-logs', 'aws')).toBe(false);
    expect(deniesBypass(policy({ ...deny, Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'false' } } }), 'card-logs', 'aws')).toBe(
      false,
    );
  });
});

describe('a text that is no policy', () => {
  it.each(['', '{', '[]', '{"Statement":[{"Effect":"Perhaps"}]}'])('is not read: %s', (text) => {
    expect(parsePolicy(text)).toBeUndefined();
  });

  it('takes no long time over hostile patterns', () => {
    const started = performance.now();
    judge({ ...allow, Resource: `${ARN}/${'*a'.repeat(2000)}` });
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
