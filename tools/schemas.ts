import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Assessment } from '../src/model/assessment.ts';
import {
  AttackFile,
  CatalogueFile,
  ClaimsFile,
  ComponentTypesFile,
  DetectionsFile,
  PlacesFile,
  RetentionProfile,
  StrideFile,
  UnobservableFile,
  VerificationFile,
  WeaknessesFile,
} from '../src/model/knowledge.ts';
import { KnownEvents, NamedEventsFile, Source } from '../src/model/source.ts';
import { ThreatModel } from '../src/model/threat-model.ts';
import { OverlayFile } from '../src/needs/overlay.ts';

const SHAPES: Readonly<Record<string, { readonly title: string; readonly shape: z.ZodType }>> = {
  'threat-model': { title: 'Viewshed threat model', shape: ThreatModel },
  assessment: { title: 'Viewshed assessment', shape: Assessment },
  overlay: { title: 'Viewshed overlay of a threat model', shape: OverlayFile },
  source: { title: 'Viewshed log source', shape: Source },
  events: { title: 'Viewshed named event classes', shape: NamedEventsFile },
  'known-events': { title: 'Viewshed known events', shape: KnownEvents },
  'component-types': { title: 'Viewshed component types', shape: ComponentTypesFile },
  stride: { title: 'Viewshed component x STRIDE table', shape: StrideFile },
  attack: { title: 'Viewshed ATT&CK techniques', shape: AttackFile },
  detections: { title: 'Viewshed log sources of detection rules', shape: DetectionsFile },
  claims: { title: 'Viewshed words of claims', shape: ClaimsFile },
  places: { title: 'Viewshed rules of places', shape: PlacesFile },
  weaknesses: { title: 'Viewshed weaknesses', shape: WeaknessesFile },
  unobservable: { title: 'Viewshed threats that no log shows', shape: UnobservableFile },
  verification: { title: 'Viewshed verifications', shape: VerificationFile },
  catalogue: { title: 'Viewshed catalogue of further log sources', shape: CatalogueFile },
  retention: { title: 'Viewshed retention profile', shape: RetentionProfile },
};

/** The JSON Schemas of what people write, for editors: path from the package's root, and text. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(SHAPES).map(([name, { title, shape }]) => {
      const { $schema, ...schema } = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' });
      return [`docs/schemas/${name}.schema.json`, `${JSON.stringify({ $schema, title, ...schema }, undefined, 2)}\n`];
    }),
  );
}

if (import.meta.main) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  for (const [path, text] of schemaFiles()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
