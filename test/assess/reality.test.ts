import { describe, expect, it } from 'vitest';
import type { ModelReality } from '../../src/model/assessment.ts';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { ALB, CLUSTER, coveredEstate, coveredModel, FUNCTION, REGION, VAULT } from '../support/aws-covered-estate.ts';
import { ACCOUNT, answered, judged } from '../support/aws-estate.ts';

const aws = { provider: 'aws', account: ACCOUNT };

function withBuckets(count: number): EvidenceRecord[] {
  const names = Array.from({ length: count }, (_, index) => `pile-${String(index).padStart(3, '0')}`);
  const records = coveredEstate().map((record) =>
    record.op === 'ListBuckets' && record.account === ACCOUNT
      ? { ...record, body: { Buckets: ['card-vault', 'vault-access', ...names].map((Name) => ({ Name, BucketRegion: REGION })) } }
      : record,
  );
  return [...records, ...names.map((Bucket) => answered(ACCOUNT, REGION, 's3:GetBucketLogging', { Bucket }, {}))];
}

function realityOf(
  assets: unknown[],
  records: readonly EvidenceRecord[] = coveredEstate(),
  more: Record<string, unknown> = {},
): ModelReality {
  const model = ThreatModel.parse({ version: 1, system: 'Cards', assets, ...more });
  return judged(records, model).models?.[0] as ModelReality;
}

describe('a model and the estate', () => {
  it('says nothing where both are the same; stores of logs are no part of the system', () => {
    const reality = judged(coveredEstate(), coveredModel()).models?.[0];
    expect(reality).toMatchObject({ uncovered: [], gone: [], counts: { bound: 5, gone: 0, uncovered: 0, unresolved: 0 } });
  });

  it('names what no part of the model stands for, by type', () => {
    const reality = realityOf([{ id: 'vault', type: 'aws.s3.bucket', at: { ...aws, resource: VAULT } }]);
    expect(reality.uncovered.map(({ type, resources }) => [type, resources.map((one) => one.resource)])).toEqual([
      ['aws.eks.cluster', [CLUSTER]],
      ['aws.elb.application', [ALB]],
      ['aws.lambda.function', [FUNCTION]],
    ]);
    // A network is in the way only of a model that speaks of networks.
    const network = realityOf([{ id: 'vpc', type: 'aws.vpc', at: { ...aws, resource: 'arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-old' } }]);
    expect(network.uncovered.map((one) => one.type)).toContain('aws.vpc');
    expect(network.gone).toMatchObject([{ asset: 'vpc' }]);
  });

  it('counts them all and shows the first', () => {
    const reality = realityOf([{ id: 'vault', type: 'aws.s3.bucket', at: { ...aws, resource: VAULT } }], withBuckets(60));
    const [buckets] = reality.uncovered.filter((one) => one.type === 'aws.s3.bucket');
    expect(buckets).toMatchObject({ count: 60, resources: { length: 20 } });
    expect(buckets?.evidence.length).toBeGreaterThan(0);
  });

  it('takes a part for all of its type, and leaves other accounts alone', () => {
    expect(
      realityOf([{ id: 'files', name: 'Files', type: 'aws.s3.bucket', at: aws }], withBuckets(3)).uncovered.map((one) => one.type),
    ).not.toContain('aws.s3.bucket');
    expect(realityOf([{ id: 'logs', type: 'aws.s3.bucket', at: { ...aws, account: '999988887777' } }]).uncovered).toEqual([]);
  });

  it('knows what the model leaves out of its question', () => {
    const reality = realityOf([
      { id: 'vault', type: 'aws.s3.bucket', at: { ...aws, resource: VAULT } },
      { id: 'function', type: 'aws.lambda.function', at: { ...aws, resource: FUNCTION }, inScope: false },
    ]);
    expect(reality.uncovered.map((one) => one.type)).not.toContain('aws.lambda.function');
    expect(reality.counts.components).toBe(1);
  });

  it('mirrors nothing where no part of it is of a known type', () => {
    expect(realityOf([{ id: 'thing', name: 'Thing' }], withBuckets(3)).uncovered).toEqual([]);
  });

  it('tells how much of the model was understood', () => {
    const reality = realityOf([{ id: 'thing', name: 'Thing' }], coveredEstate(), {
      threats: [{ id: 'phish', title: 'Phishing', unobservable: 'no cloud log shows it' }],
      unresolved: [{ id: 'thing', name: 'Thing', why: 'nothing tells what it is', at: 'm.json#/components/0' }],
      notes: [{ kind: 'blind-spot', text: 'The control plane is ignored.' }],
      importedFrom: { format: 'otm', version: '0.2', file: 'm.json', sha256: 'ab' },
    });
    expect(reality).toMatchObject({
      importedFrom: { format: 'otm', file: 'm.json' },
      counts: { components: 1, unresolved: 1, threats: 1, unobservable: 1 },
      unresolved: [{ id: 'thing' }],
      notes: [{ kind: 'blind-spot' }],
      bindings: [],
    });
    expect(reality.importedFrom).not.toHaveProperty('sha256');
  });
});
