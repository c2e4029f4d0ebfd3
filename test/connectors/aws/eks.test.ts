import { describe, expect, it } from 'vitest';
import { eks } from '../../../connectors/aws/eks.ts';
import { collected } from './collecting.ts';
import { ACCOUNT, account, answer, logGroups, noLake, pathsOf, REGION, refusal, verdict } from './reading.ts';

const ARN = `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/cards`;
const clusters = answer('eks:ListClusters', { clusters: ['cards'] }, { maxResults: 100 });
const cluster = (...clusterLogging: readonly { types: string[]; enabled: boolean }[]) =>
  answer('eks:DescribeCluster', { cluster: { name: 'cards', arn: ARN, status: 'ACTIVE', logging: { clusterLogging } } }, { name: 'cards' });
const groups = logGroups([{ logGroupName: '/aws/eks/cards/cluster', retentionInDays: 180 }]);
const mixed = cluster({ types: ['api', 'controllerManager'], enabled: false }, { types: ['audit', 'authenticator'], enabled: true });

describe('EKS control plane logs', () => {
  it('reads the entry of what is on, wherever it stands', () => {
    const records = [...account(), clusters, mixed, noLake(), ...groups];
    expect(verdict(records, 'k8s.eks.audit', 'cards')).toMatchObject({ verdict: 'covered', searchableDays: 180 });
    expect(verdict(records, 'k8s.eks.authenticator', 'cards').verdict).toBe('covered');
    for (const type of ['api', 'controllermanager', 'scheduler'])
      expect(verdict(records, `k8s.eks.${type}`, 'cards').verdict).toBe('missing');
  });

  it('is unknown where the cluster was not described, and blind where clusters were not listed', () => {
    expect(
      verdict([...account(), clusters, refusal('eks:DescribeCluster', { name: 'cards' }), noLake()], 'k8s.eks.audit', 'cards'),
    ).toMatchObject({ verdict: 'unknown', unknowns: ['eks:DescribeCluster AccessDenied'] });
    expect(pathsOf([...account(), refusal('eks:ListClusters')]).blind.filter((one) => one.sources.includes('k8s.eks.audit'))).toHaveLength(
      1,
    );
  });

  it('does not call a group missing that the control plane will make', () => {
    expect(verdict([...account(), clusters, mixed, noLake(), ...logGroups([])], 'k8s.eks.audit', 'cards')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['logs:DescribeLogGroups NotYetMade'],
    });
  });

  it('counts what Security Lake takes by itself, audit logs only', () => {
    const lake = [
      answer(
        'securitylake:ListDataLakes',
        {
          dataLakes: [
            {
              region: REGION,
              dataLakeArn: 'arn',
              s3BucketArn: 'arn:aws:s3:::aws-security-data-lake-eu',
              createStatus: 'COMPLETED',
              lifecycleConfiguration: { expiration: { days: 400 }, transitions: [{ storageClass: 'GLACIER', days: 100 }] },
            },
          ],
        },
        { regions: [REGION] },
      ),
      answer(
        'securitylake:ListLogSources',
        { sources: [{ account: ACCOUNT, region: REGION, sources: [{ awsLogSource: { sourceName: 'EKS_AUDIT', sourceVersion: '2.0' } }] }] },
        { regions: [REGION] },
      ),
    ];
    const collecting = answer('securitylake:GetDataLakeSources', {
      dataLakeSources: [{ account: ACCOUNT, sourceName: 'EKS_AUDIT', sourceStatuses: [{ resource: 's3', status: 'COLLECTING' }] }],
    });
    const records = [...account(), clusters, cluster({ types: ['audit', 'scheduler'], enabled: false }), ...lake];
    expect(verdict(records, 'k8s.eks.audit', 'cards')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['securitylake:GetDataLakeSources NotAsked'],
    });
    expect(verdict([...records, collecting], 'k8s.eks.audit', 'cards')).toMatchObject({
      verdict: 'covered',
      searchableDays: 100,
      totalDays: 400,
    });
    expect(verdict([...records, collecting], 'k8s.eks.scheduler', 'cards').verdict).toBe('missing');
  });

  it('asks for what it reads', async () => {
    const seen = await collected(eks, [...account(), clusters, mixed]);
    expect([seen.failures, seen.unmatched, seen.wanted]).toEqual([
      [],
      [],
      [`cloudwatch-logs arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/eks/cards/cluster`],
    ]);
    expect(verdict([...seen.records, noLake(), ...groups], 'k8s.eks.audit', 'cards').verdict).toBe('covered');
  });
});
