import { describe, expect, it } from 'vitest';
import { securityLake } from '../../../connectors/aws/security-lake.ts';
import { collected } from './collecting.ts';
import { ACCOUNT, account, answer, noLake, REGION, refusal, verdict } from './reading.ts';

const SOURCE = 'aws.vpc.flowlogs';
const ADMIN = '999900001111';
const network = [
  answer('ec2:DescribeVpcs', { Vpcs: [{ VpcId: 'vpc-cards', OwnerId: ACCOUNT }] }),
  answer('ec2:DescribeSubnets', { Subnets: [{ SubnetId: 'subnet-a', VpcId: 'vpc-cards' }] }),
  answer('ec2:DescribeNetworkInterfaces', { NetworkInterfaces: [] }),
  answer('ec2:DescribeFlowLogs', { FlowLogs: [] }),
];
const lake = (more: Record<string, unknown> = {}, owner = ACCOUNT) =>
  answer(
    'securitylake:ListDataLakes',
    {
      dataLakes: [
        { region: REGION, dataLakeArn: 'arn', s3BucketArn: 'arn:aws:s3:::aws-security-data-lake-eu', createStatus: 'COMPLETED', ...more },
      ],
    },
    { regions: [REGION] },
    { account: owner },
  );
const sources = (list: readonly Record<string, unknown>[], owner = ACCOUNT) =>
  answer('securitylake:ListLogSources', { sources: list }, { regions: [REGION] }, { account: owner });
const flow = { account: ACCOUNT, region: REGION, sources: [{ awsLogSource: { sourceName: 'VPC_FLOW', sourceVersion: '2.0' } }] };
const states = (status: string, owner = ACCOUNT) =>
  answer(
    'securitylake:GetDataLakeSources',
    { dataLakeSources: [{ account: ACCOUNT, sourceName: 'VPC_FLOW', sourceStatuses: [{ resource: 'r', status }] }] },
    {},
    { account: owner },
  );
const estate = [...account(), ...network];

describe('Security Lake', () => {
  it('takes flow logs with no setting at the VPC, where it lists them for the account and region', () => {
    expect(verdict([...estate, lake(), sources([flow]), states('COLLECTING')], SOURCE, 'vpc-cards')).toMatchObject({
      verdict: 'covered',
      searchableDays: Number.POSITIVE_INFINITY,
    });
    expect(verdict([...estate, lake(), sources([{ ...flow, region: 'eu-north-1' }])], SOURCE, 'vpc-cards').verdict).toBe('missing');
    expect(
      verdict([...estate, lake(), sources([{ ...flow, sources: [{ awsLogSource: { sourceName: 'ROUTE53' } }] }])], SOURCE, 'vpc-cards')
        .verdict,
    ).toBe('missing');
    expect(verdict([...estate, lake(), sources([flow]), states('NOT_COLLECTING')], SOURCE, 'vpc-cards').verdict).toBe('missing');
  });

  it('takes those of a member into the lake of the account that administers it', () => {
    expect(
      verdict([...estate, noLake(), lake({}, ADMIN), sources([flow], ADMIN), states('COLLECTING', ADMIN)], SOURCE, 'vpc-cards').verdict,
    ).toBe('covered');
  });

  it('is none where the answer is empty, and unknown where there is no answer', () => {
    expect(verdict([...estate, noLake()], SOURCE, 'vpc-cards').verdict).toBe('missing');
    expect(
      verdict(
        [...estate, refusal('securitylake:ListDataLakes', { regions: [REGION] }, {}, { code: 'ResourceNotFoundException', message: '' })],
        SOURCE,
        'vpc-cards',
      ).verdict,
    ).toBe('missing');
    expect(verdict([...estate, refusal('securitylake:ListDataLakes', { regions: [REGION] })], SOURCE, 'vpc-cards')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['securitylake:ListDataLakes AccessDenied'],
    });
    expect(verdict([...estate, lake(), refusal('securitylake:ListLogSources', { regions: [REGION] })], SOURCE, 'vpc-cards')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['securitylake:ListLogSources AccessDenied'],
    });
  });

  it('asks about sources only where there is a lake', async () => {
    expect((await collected(securityLake, [...account(), noLake()])).asked.map((one) => one.op)).toEqual(['ListDataLakes']);
    const seen = await collected(securityLake, [...account(), lake(), sources([flow]), states('COLLECTING')]);
    expect([seen.failures, seen.unmatched]).toEqual([[], []]);
    expect(verdict([...seen.records, ...network], SOURCE, 'vpc-cards').verdict).toBe('covered');
  });
});
