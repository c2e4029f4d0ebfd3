import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readDocument } from '../../../connectors/threat-models/document.ts';
import type { Format } from '../../../connectors/threat-models/format.ts';
import { formats, recognise } from '../../../connectors/threat-models/index.ts';
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

const NAMES = readdirSync(fixtures).filter((name) => statSync(join(fixtures, name)).isFile());

it.each(NAMES)('what %s is stands in it, whatever it is called', async (name) => {
  const bytes = readFileSync(join(fixtures, name));
  const found = recognise(await readDocument(bytes, name))?.format.id;
  expect(found).toBeDefined();
  for (const other of ['x', 'x.json', 'x.yaml', 'x.tm7', 'x.hcl', 'x.tc.json', 'x.exe'])
    expect(recognise(await readDocument(bytes, other))?.format.id, other).toBe(found);
});

const folder = join(import.meta.dirname, '../../../connectors/threat-models');

it.each(readdirSync(folder).filter((name) => name.endsWith('.ts')))(
  'the format of %s, where it has one, is listed and documented',
  async (name) => {
    const exported: unknown[] = Object.values(await import(join(folder, name)));
    const own = exported.filter(
      (one): one is Format => typeof one === 'object' && one !== null && 'recognise' in one && 'read' in one && 'id' in one,
    );
    const docs = readFileSync(join(folder, '../../docs/needs.md'), 'utf8');
    for (const format of own) {
      expect(`${format.id}.ts`).toBe(name);
      expect(formats).toContain(format);
      expect(docs).toContain(`| [${format.name}](${format.doc}) | ${format.about} |`);
    }
  },
);
