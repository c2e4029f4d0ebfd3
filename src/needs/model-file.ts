import { createHash } from 'node:crypto';
import { InputError } from '../model/input-error.ts';
import { ThreatModel } from '../model/threat-model.ts';
import { parseYaml, readBytes, type Yaml } from './yaml.ts';

/** A native threat model and the file that it was read from. */
export interface LoadedModel {
  readonly model: ThreatModel;
  readonly file: string;
  /** Of the file's bytes, hex. */
  readonly sha256: string;
  /** Ids of the threats that leave `needs` out, which asks to derive them; an empty list says that there are none. */
  readonly underived: readonly string[];
}

const KEYS = ['version', 'system', 'assets', 'threats'] as const;

/** Whether a file's value is meant as a native model, misspelt keys allowed for. */
export function looksNative(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && KEYS.some((key) => Object.hasOwn(value, key));
}

/**
 * Reads native threat models (YAML or JSON), known by their content, not by the file's name. The first file that cannot be read ends it
 * with an `InputError` that names the file and, where there is one, line and column.
 */
export function loadModels(paths: readonly string[]): LoadedModel[] {
  return paths.map((file) => readModel(readBytes(file), file));
}

/** As `loadModels`, from what a file would hold. */
export function readModel(bytes: Uint8Array, file: string): LoadedModel {
  const yaml = parseYaml(bytes, file);
  if (!looksNative(yaml.value))
    throw new InputError(`${yaml.name}: is no threat model of this product; one has version, system, assets and threats`);
  return nativeModel(yaml, file, createHash('sha256').update(bytes).digest('hex'));
}

function nativeModel(yaml: Yaml, file: string, sha256: string): LoadedModel {
  const model = yaml.as(ThreatModel);
  const written = (yaml.value as { threats?: readonly unknown[] | null }).threats ?? [];
  const underived = model.threats.flatMap((threat, index) => (Object.hasOwn(written[index] as object, 'needs') ? [] : [threat.id]));
  return { model, file, sha256, underived };
}
