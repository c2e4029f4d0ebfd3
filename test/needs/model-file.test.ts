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
    ['otm.json', '{"otmVersion": "0.2.0", "project": {}}', 'looks like Open Threat Model'],
    ['dragon.json', '{"version": "2.0", "summary": {}, "detail": {}}', 'looks like Threat Dragon'],
    ['threagile.yaml', 'threagile_version: 1.0.0\ntechnical_assets: {}\n', 'looks like Threagile'],
    ['composer.json', '{"schema": 1, "threats": []}', 'looks like Threat Composer'],
    ['list.yaml', '- a\n- b\n', 'not read yet'],
    ['tm7.xml', '<ThreatModel xmlns="x"></ThreatModel>', 'not read yet'],
    ['other.yaml', 'hello: world\n', 'not read yet'],
  ])('says of %s that the format is not read yet', (name, text, said) => {
    const path = file(name, text);
    expect(() => loadModels([path])).toThrow(said);
    expect(() => loadModels([path])).toThrow(/not read yet; write a model with version, system, assets and threats$/);
  });

  it('tells where a native model is wrong', () => {
    const path = file('wrong.yaml', 'version: 1\nsystem: Shop\nthreats:\n  - id: a\n    titel: x\n');
    expect(() => loadModels([path])).toThrow(/wrong\.yaml:\d+:\d+: threats\[0\]/);
    const bare = file('bare.yaml', 'system: Shop\n');
    expect(() => loadModels([bare])).toThrow(/bare\.yaml:1:1: version: is missing; write 1$/);
  });
});
