import { join } from 'node:path';
import { openDocument, readDocument } from '../../../connectors/threat-models/document.ts';
import type { ReadContext } from '../../../connectors/threat-models/format.ts';
import { importModels } from '../../../connectors/threat-models/index.ts';
import type { SystemModel } from '../../../src/model/system-model.ts';
import { smallLexicon } from '../../support/small-lexicon.ts';

export const fixtures = join(import.meta.dirname, '../../fixtures/threat-models');

/** The models of a fixture, its name without the path of this machine. */
export async function importFixture(name: string, context: Partial<ReadContext> = {}): Promise<readonly SystemModel[]> {
  const document = await openDocument(join(fixtures, name));
  return importModels({ ...document, file: name }, { lexicon: smallLexicon, ...context });
}

/** The models of a text or value, as if it were a file. */
export async function importValue(value: unknown, context: Partial<ReadContext> = {}): Promise<readonly SystemModel[]> {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return importModels(await readDocument(Buffer.from(text), 'model'), { lexicon: smallLexicon, ...context });
}
