import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixtures, importFixture } from './import-fixture.ts';

const FILES = [
  'attack-flow.afb',
  'attack-flow.stix.json',
  'attack-navigator.json',
  'dettect.groups.yaml',
  'dettect.techniques.yaml',
  'dettect.yaml',
  'otm.yaml',
  'sigma.yml',
  'threat-composer.tc.json',
  'trustoncloud.json',
];

/** UPDATE_GOLDEN=1 writes them anew, to be read before they are committed. */
it.each(FILES)('all that is read from %s', async (name) => {
  const text = `${JSON.stringify(await importFixture(name), null, 1)}\n`;
  const path = join(fixtures, 'golden', `${name}.json`);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, 'utf8'));
});
