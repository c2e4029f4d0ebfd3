import { InputError } from '../../src/model/input-error.ts';
import type { SystemModel } from '../../src/model/system-model.ts';
import { attackFlow } from './attack-flow.ts';
import { attackNavigator } from './attack-navigator.ts';
import { cyclonedx } from './cyclonedx.ts';
import { dettect } from './dettect.ts';
import type { Document } from './document.ts';
import type { Format, ReadContext, Recognition } from './format.ts';
import { hcltm } from './hcltm.ts';
import { mtmt } from './mtmt.ts';
import { otm } from './otm.ts';
import { pytm } from './pytm.ts';
import { isMap } from './said.ts';
import { sigma } from './sigma.ts';
import { threagile } from './threagile.ts';
import { threatComposer } from './threat-composer.ts';
import { threatDragon } from './threat-dragon.ts';
import { tmLibrary } from './tm-library.ts';
import { trustoncloud } from './trustoncloud.ts';

/** Every format that is read, in the order that the documentation lists them. A file is recognised by one of them at most. */
export const formats: readonly Format[] = [
  threatComposer,
  otm,
  threagile,
  threatDragon,
  mtmt,
  tmLibrary,
  cyclonedx,
  hcltm,
  pytm,
  attackNavigator,
  attackFlow,
  trustoncloud,
  dettect,
  sigma,
];

export interface Recognised {
  readonly format: Format;
  readonly recognition: Recognition;
}

/** The format of a document, also where it refuses it. */
export function recognise(document: Document): Recognised | undefined {
  for (const format of formats) {
    const recognition = format.recognise(document);
    if (recognition) return { format, recognition };
  }
  return undefined;
}

/** The models of a document, or an `InputError` that says why there is none and what to give instead. */
export function importModels(document: Document, context: ReadContext): readonly SystemModel[] {
  const found = recognise(document);
  const { file } = document;
  if (!found)
    throw new InputError(
      `${file}: ${sibling(document) ?? 'is in no format of threat models that is read; see the list of formats in the documentation'}`,
    );
  if ('refuse' in found.recognition) throw new InputError(`${file}: ${found.recognition.refuse}`);
  return found.format.read(document, context).map((model) => ({ ...model, warnings: [...document.warnings, ...model.warnings] }));
}

/** Files that lie beside threat models and are none: what to give instead. */
function sibling({ value, syntax }: Document): string | undefined {
  if (syntax === 'xml') return 'is XML, but no model of the Microsoft Threat Modeling Tool (.tm7)';
  if (Array.isArray(value)) return 'is a list of something else than layers or risks; give the model itself';
  if (!isMap(value)) return 'is no map of anything, so it is no threat model';
  const has = (...keys: readonly string[]): boolean => keys.every((key) => Object.hasOwn(value, key));
  if ((typeof value.$schema === 'string' && /json-schema\.org/.test(value.$schema)) || (value.type === 'object' && isMap(value.properties)))
    return 'is a JSON Schema; give a model that follows it';
  if (Array.isArray(value.threat_model) || has('cross_cutting_threats', 'subsystems'))
    return 'is output of STRIDE-GPT, which is not read; write the threats into one of the formats that are';
  if (has('mitigations', 'exposures', 'acceptances'))
    return 'is output of ThreatSpec, which is not read; write the model in one of the formats that are';
  if (value.version === 1 && has('system')) return 'is a native model already, which needs no import';
  if (has('correlation') || has('detection')) return 'holds no complete Sigma rule; give the rule files with logsource and detection';
  if (has('components', 'dataflows', 'trustzones')) return 'is a StartLeft mapping file; give the OTM file that it helps to make';
  if (Object.keys(value).length > 0 && Object.keys(value).every((key) => /^(?:ATT&CK|DeTT&CT)-/.test(key)))
    return "is DeTT&CT's own list of platforms; give an administration file";
  return undefined;
}
