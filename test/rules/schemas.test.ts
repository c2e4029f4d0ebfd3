import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { schemaFiles } from '../../tools/schemas.ts';

it.each([...schemaFiles()])('%s is what the shapes say', (path, text) => {
  expect(readFileSync(join(import.meta.dirname, '../..', path), 'utf8')).toBe(text);
  expect(JSON.parse(text)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    // What people write is held to its keys; what is printed may grow.
    ...(path.includes('/assessment.') ? {} : { additionalProperties: false }),
  });
});
