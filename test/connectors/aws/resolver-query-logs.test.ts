import { describe, expect, it } from 'vitest';
import { resolverQueryLogs } from '../../../connectors/aws/resolver-query-logs.ts';
import { collected } from './collecting.ts';
import { ACCOUNT, account, answer, logGroups, noLake, pathsOf, REGION, refusal, verdict } from './reading.ts';

const SOURCE = 'aws.route53.resolver';
const GROUP = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:dns`;
const vpcs = answer(
  'ec2:DescribeVpcs',
  {
    Vpcs: [
      { VpcId: 'vpc-cards', OwnerId: ACCOUNT },
      { VpcId: 'vpc-web', OwnerId: ACCOUNT },
    ],
  },
  { MaxResults: 1000 },
);
const configs = answer(
  'route53resolver:ListResolverQueryLogConfigs',
  { ResolverQueryLogConfigs: [{ Id: 'rqlc-1', Name: 'dns', Status: 'CREATED', ShareStatus: 'NOT_SHARED', DestinationArn: `${GROUP}:*` }] },
  { MaxResults: 100 },
);
const associations = (...list: readonly Record<string, unknown>[]) =>
  answer(
    'route53resolver:ListResolverQueryLogConfigAssociations',
    {
      ResolverQueryLogConfigAssociations: list.map((one) => ({
        Id: 'rqlca-1',
        ResolverQueryLogConfigId: 'rqlc-1',
        ResourceId: 'vpc-cards',
        ...one,
      })),
    },
    { MaxResults: 100 },
  );
const profiles = answer('route53profiles:ListProfileAssociations', { ProfileAssociations: [] });
const groups = logGroups([{ logGroupName: 'dns', retentionInDays: 365 }]);
const estate = [...account(), vpcs, configs, profiles, noLake(), ...groups];

describe('resolver query logs', () => {
  it('goes by the association of the VPC, not by the configuration', () => {
    const records = [...estate, associations({ Status: 'ACTIVE' })];
    expect(verdict(records, SOURCE, 'vpc-cards')).toMatchObject({ verdict: 'covered', searchableDays: 365 });
    expect(verdict(records, SOURCE, 'vpc-web').verdict).toBe('missing');
    expect(verdict(records, SOURCE, 'vpc-cards', { resource: { equals: ['vpc-cards'] } }).verdict).toBe('covered');
  });

  it('knows failed associations from unfinished ones', () => {
    for (const Status of ['FAILED', 'ACTION_NEEDED']) {
      expect(
        verdict([...estate, associations({ Status, Error: 'ACCESS_DENIED', ErrorMessage: 'may not write' })], SOURCE, 'vpc-cards').verdict,
      ).toBe('missing');
    }
    for (const Status of ['CREATING', 'DELETING', undefined])
      expect(verdict([...estate, associations({ Status })], SOURCE, 'vpc-cards').verdict).toBe('unknown');
    const paths = pathsOf([
      ...estate,
      associations({ Status: 'FAILED', Error: 'DESTINATION_NOT_FOUND', ErrorMessage: 'the bucket is gone' }),
    ]);
    expect(paths.emitters.flatMap((one) => one.taps.map((tap) => tap.delivery))).toContainEqual(
      expect.objectContaining({ why: expect.stringContaining('DESTINATION_NOT_FOUND, the bucket is gone') }),
    );
  });

  it('is unknown where the associations, the configuration or a profile was not read', () => {
    const open = [...account(), vpcs, noLake(), ...groups];
    expect(
      verdict([...open, configs, profiles, refusal('route53resolver:ListResolverQueryLogConfigAssociations')], SOURCE, 'vpc-cards')
        .unknowns,
    ).toEqual(['route53resolver:ListResolverQueryLogConfigAssociations AccessDenied']);
    expect(
      verdict(
        [...open, refusal('route53resolver:ListResolverQueryLogConfigs'), profiles, associations({ Status: 'ACTIVE' })],
        SOURCE,
        'vpc-cards',
      ),
    ).toMatchObject({ verdict: 'unknown', unknowns: ['route53resolver:ListResolverQueryLogConfigs AccessDenied'] });
    expect(verdict([...open, configs, associations()], SOURCE, 'vpc-web')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['route53profiles:ListProfileAssociations NotAsked'],
    });
    const bound = answer('route53profiles:ListProfileAssociations', {
      ProfileAssociations: [{ ProfileId: 'rp-1', ResourceId: 'vpc-web', Status: 'COMPLETE' }],
    });
    expect(verdict([...open, configs, bound, associations()], SOURCE, 'vpc-web').unknowns).toEqual([
      'route53profiles:ListProfileResourceAssociations NotRead',
    ]);
  });

  it('asks for what it reads', async () => {
    const seen = await collected(resolverQueryLogs, [...account(), vpcs, configs, associations({ Status: 'ACTIVE' })]);
    expect([seen.failures, seen.unmatched, seen.wanted]).toEqual([[], [], [`cloudwatch-logs ${GROUP}`]]);
    expect(verdict([...seen.records, profiles, noLake(), ...groups], SOURCE, 'vpc-cards').verdict).toBe('covered');
  });
});
