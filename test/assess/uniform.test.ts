import { describe, expect, test } from 'vitest';
import { accountRecords, judged, modelOf } from '../support/aws-estate.ts';

const ids = ['111111111111', '222222222222', '333333333333', '444444444444'];
const estate = (odd: string, days: number) =>
  ids.flatMap((account) =>
    accountRecords({
      account,
      regions: ['us-east-1'],
      trails: [{ name: 'main', bucket: `logs-${account}` }],
      buckets: [
        {
          name: `logs-${account}`,
          lifecycle: { Rules: [{ ID: 'keep', Status: 'Enabled', Filter: {}, Expiration: { Days: account === odd ? days : 400 } }] },
        },
      ],
    }),
  );

describe('uniform settings', () => {
  test('the account that keeps logs shorter than the others is named', () => {
    const { inventory } = judged(estate('333333333333', 30), modelOf([{ source: 'aws.cloudtrail.management' }]));
    const found = inventory
      .filter((row) => row.source === 'aws.cloudtrail.management')
      .flatMap((row) =>
        row.findings.filter((finding) => finding.kind === 'outlier').map((finding) => [row.scope.account, finding.message]),
      );
    expect(found).toEqual([
      ['333333333333', 'aws.cloudtrail.management differs at 333333333333 from 3 of 4 places: keeps 30 days, not 400 days'],
    ]);
  });

  test('places that are alike have no outlier', () => {
    const { inventory } = judged(estate('none', 400), modelOf([{ source: 'aws.cloudtrail.management' }]));
    expect(inventory.flatMap((row) => row.findings).filter((finding) => finding.kind === 'outlier')).toEqual([]);
  });
});
