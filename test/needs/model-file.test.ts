import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModels } from '../../src/needs/model-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'viewshed-models-'));
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('loadModels', () => {
  it('reads native models by their content, whatever they are called, and keeps globs in `at`', () => {
    const yaml = file(
      'shop.txt',
      'version: 1\nsystem: Shop\nassets: [{id: all, at: {provider: aws, account: "1111*", resource: "arn:aws:s3:::shop-*"}}]\n',
    );
    const json = file('bank.yaml', '{"version": 1, "system": "Bank"}');
    const models = loadModels([yaml, json]);
    expect(models.map(({ model, file: path }) => [model.system, path])).toEqual([
      ['Shop', yaml],
      ['Bank', json],
    ]);
    expect(models[0]?.model.assets[0]?.at).toEqual({ provider: 'aws', account: '1111*', resource: 'arn:aws:s3:::shop-*' });
  });

  it.each([
    ['list.yaml', '- a\n- b\n'],
    ['tm7.xml', '<ThreatModel xmlns="x"></ThreatModel>'],
    ['other.yaml', 'hello: world\n'],
  ])('says of %s that it is none', (name, text) => {
    expect(() => loadModels([file(name, text)])).toThrow(
      /is no threat model of this product; one has version, system, assets and threats$/,
    );
  });

  it('knows the threats that leave their needs out from those that have none', () => {
    const path = file('some.yaml', 'version: 1\nsystem: Shop\nthreats:\n  - {id: a, title: a}\n  - {id: b, title: b, needs: []}\n');
    expect(loadModels([path])[0]).toMatchObject({ underived: ['a'], sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('tells where a native model is wrong', () => {
    const path = file('wrong.yaml', 'version: 1\nsystem: Shop\nthreats:\n  - id: a\n    titel: x\n');
    expect(() => loadModels([path])).toThrow(/wrong\.yaml:\d+:\d+: threats\[0\]/);
    const bare = file('bare.yaml', 'system: Shop\n');
    expect(() => loadModels([bare])).toThrow(/bare\.yaml:1:1: version: is missing; write 1$/);
  });
});
