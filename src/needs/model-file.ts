import { InputError } from '../model/input-error.ts';
import { ThreatModel } from '../model/threat-model.ts';
import { openYaml } from './yaml.ts';

/** A threat model and the file that it was read from. */
export interface LoadedModel {
  readonly model: ThreatModel;
  readonly file: string;
}

/** Formats that are told apart so that the message can name them. */
const OTHERS: readonly { readonly name: string; readonly keys: readonly string[] }[] = [
  { name: 'Open Threat Model', keys: ['otmVersion'] },
  { name: 'Threat Dragon', keys: ['summary', 'detail'] },
  { name: 'Threagile', keys: ['technical_assets'] },
  { name: 'Threat Composer', keys: ['schema', 'threats'] },
  { name: 'CycloneDX', keys: ['bomFormat'] },
  { name: 'STIX or Attack Flow', keys: ['type', 'objects'] },
  { name: 'an ATT&CK Navigator layer', keys: ['techniques', 'domain'] },
  { name: 'a Sigma rule', keys: ['logsource', 'detection'] },
];

/**
 * Reads threat models. The native format (YAML or JSON) is known by its content, not by the file's name. The first file that cannot be
 * read ends it with an `InputError` that names the file and, where there is one, line and column.
 */
export function loadModels(paths: readonly string[]): LoadedModel[] {
  return paths.map((file) => {
    const yaml = openYaml(file);
    const { value } = yaml;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw notRead(yaml.name);
    const has = (key: string): boolean => Object.hasOwn(value, key);
    const other = OTHERS.find(({ keys }) => keys.every(has));
    if (other) throw notRead(yaml.name, other.name);
    // A native model with one of these misspelt is better told so than called another format.
    if (!['version', 'system', 'assets', 'threats'].some(has)) throw notRead(yaml.name);
    return { model: yaml.as(ThreatModel), file };
  });
}

function notRead(name: string, format?: string): InputError {
  return new InputError(
    `${name}: ${format ? `looks like ${format}; this format is not read yet` : 'is in a format that is not read yet'}; write a model with version, system, assets and threats`,
  );
}
