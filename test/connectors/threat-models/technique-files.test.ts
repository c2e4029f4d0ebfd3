import { describe, expect, it } from 'vitest';
import { importFixture, importValue } from './import-fixture.ts';

describe('an ATT&CK Navigator layer', () => {
  const layer = (techniques: readonly unknown[]) => ({ name: 'a', domain: 'enterprise-attack', versions: { layer: '4.5' }, techniques });

  it('is threats, or claims of detections, as whoever gives it says', async () => {
    const value = layer([
      { techniqueID: 'T1530', score: 2, comment: 'CloudTrail: GetObject' },
      { techniqueID: 'T1098', score: 0 },
    ]);
    const [threats] = await importValue(value, { layerMeaning: 'threats' });
    expect(threats?.threats.map(({ id }) => id)).toEqual(['T1530', 'T1098']);
    expect(threats?.claims).toEqual([]);
    const [detections] = await importValue(value, { layerMeaning: 'detections' });
    expect(detections?.threats).toEqual([]);
    expect(detections?.claims.map(({ text, holds, quality }) => [text.value, holds, quality?.value])).toEqual([
      ['detection of T1530: CloudTrail: GetObject; score 2', 'done', 'score 2'],
    ]);
    expect(detections?.warnings.map(({ message }) => message)).toContain('1 techniques without a score above 0 count as not detected');
  });

  it('without any score claims all that is in it', async () => {
    const [model] = await importValue(layer([{ techniqueID: 'T1530' }, { techniqueID: 'T1098', enabled: false }]), {
      layerMeaning: 'detections',
    });
    expect(model?.claims).toHaveLength(1);
  });
});

describe('DeTT&CT', () => {
  it('is what somebody claims, and what is not connected is planned at most', async () => {
    const [model] = await importFixture('dettect.yaml');
    expect(model?.threats).toEqual([]);
    expect(model?.claims.map(({ text, holds }) => [text.value, holds])).toEqual([
      ['Cloud Storage Access', 'done'],
      ['Network Traffic Flow', 'planned'],
    ]);
    expect(model?.claims[0]?.quality?.value).toContain('retention 2');
  });

  it('takes the latest score', async () => {
    const [model] = await importFixture('dettect.techniques.yaml');
    expect(model?.claims.map(({ quality }) => quality?.value)).toEqual(['visibility 3, detection -1']);
  });
});

describe('TrustOnCloud', () => {
  it('finds the events behind every permission of a threat', async () => {
    const [model] = await importFixture('trustoncloud.json');
    const [copied, metrics] = model?.threats ?? [];
    expect(copied?.events.map(({ value }) => [value.logSource.category, value.logSource.resourceType, value.where.eventName?.[0]])).toEqual(
      [
        ['data', 'AWS::S3::Object', 'GetObject'],
        ['data', 'AWS::S3::Object', 'SelectObjectContent'],
        ['management', undefined, 'ListObjects'],
      ],
    );
    expect(metrics?.events.map(({ value }) => value.unlogged)).toEqual(['CloudTrail records no event for GetMetrics']);
    expect(model?.warnings.map(({ message }) => message).join()).toContain('iam:PassRole');
  });
});

describe('an Attack Flow', () => {
  it('keeps the id as it was written where it mends it', async () => {
    const [model] = await importFixture('attack-flow.stix.json');
    expect(model?.threats[0]?.attack).toEqual([{ value: 'T1530', pointer: '/objects/2/technique_id', basis: 'inferred', quote: '1530' }]);
  });
});
