import { existsSync, readFileSync } from 'node:fs';
import { openBeside } from '../../connectors/threat-models/beside.ts';
import type { Document } from '../../connectors/threat-models/document.ts';
import { openDocument } from '../../connectors/threat-models/document.ts';
import { importModels, recognise } from '../../connectors/threat-models/index.ts';
import { InputError } from '../model/input-error.ts';
import type { SystemModel } from '../model/system-model.ts';
import type { ThreatModel } from '../model/threat-model.ts';
import { profileOf } from '../needs/derive/keeping.ts';
import type { DerivationReport, Listed } from '../needs/derive/report.ts';
import { type Derived, derive } from '../needs/derive.ts';
import { type Knowledge, loadKnowledge } from '../needs/knowledge.ts';
import { type LoadedModel, loadModels, looksNative, readModel } from '../needs/model-file.ts';
import { completed, isHost, notedLists, statedNeeds, systemModelOf } from '../needs/native.ts';
import { type OpenedOverlay, openOverlay } from '../needs/overlay.ts';
import { loadRules, type Rules } from '../needs/rules.ts';
import type { Options } from './command.ts';

/** How models are read, where their files do not tell. */
export interface ModelReading {
  readonly retention?: string;
  readonly layer?: 'threats' | 'detections';
  /** The overlay of the only model; left out: the file beside each model, where there is one. */
  readonly overlay?: string;
}

/** A threat model of any format, with its needs. */
export interface OpenedModel {
  readonly file: string;
  /** `AWS Threat Composer`; `Viewshed` for native ones. */
  readonly formatName: string;
  readonly model: ThreatModel;
  readonly report: DerivationReport;
  /** What was taken for granted on the way: lines for the reader. */
  readonly notes: readonly string[];
}

export function readingOf(options: Options): ModelReading {
  const { retention, layer, overlay } = options as { retention?: string; layer?: 'threats' | 'detections'; overlay?: string };
  return {
    ...(retention === undefined ? {} : { retention }),
    ...(layer === undefined ? {} : { layer }),
    ...(overlay === undefined ? {} : { overlay }),
  };
}

/**
 * Opens threat models, tells their formats by their content, lays overlays over them and derives what they need. The first file that cannot
 * be read ends it with an `InputError`.
 */
export async function openModels(paths: readonly string[], reading: ModelReading = {}): Promise<OpenedModel[]> {
  if (paths.length === 0) return [];
  const knowledge = loadKnowledge();
  const rules = loadRules();
  if (reading.retention !== undefined) profileOf(reading.retention, knowledge);
  if (reading.overlay !== undefined && paths.length > 1)
    throw new InputError('--overlay is of one model; put a file called <model>.viewshed.yaml beside each of several');
  const opened: OpenedModel[] = [];
  for (const path of paths) opened.push(...(await openModel(path, reading, knowledge, rules)));
  return opened;
}

async function openModel(path: string, reading: ModelReading, knowledge: Knowledge, rules: Rules): Promise<OpenedModel[]> {
  const document = await openOther(path);
  const beside = reading.overlay ?? besideOf(path);
  const overlay = beside === undefined ? undefined : openOverlay(beside, knowledge, rules);
  if (document === undefined) {
    const [loaded] = loadModels([path]);
    return loaded ? [native(loaded, reading, overlay, knowledge, rules)] : [];
  }
  const layer = reading.layer ?? overlay?.layer;
  const found = recognise(document);
  const models = importModels(document, {
    lexicon: knowledge.lexicon,
    ...(layer === undefined ? {} : { layerMeaning: layer }),
    ...(found ? { beside: await openBeside(document, found.format) } : {}),
  });
  const settled = overlay?.settle(models);
  const formatName = found?.format.name ?? 'threat model';
  return models.map((model) => {
    const derived = derive(model, knowledge, rules, {
      ...(reading.retention === undefined ? {} : { retention: reading.retention }),
      ...(settled ? { overlay: settled } : {}),
    });
    return { file: path, formatName, ...derived, notes: notesOf(model, layer, derived, overlay) };
  });
}

/** A native model as its file would hold it, with what is derived for threats that leave their needs out. */
export function completeModel(text: string, name: string): ThreatModel {
  return native(readModel(Buffer.from(text), name), {}, undefined, loadKnowledge(), loadRules()).model;
}

/** A document of another format; nothing where the file is a native model, or wants to be one. */
async function openOther(path: string): Promise<Document | undefined> {
  let document: Document;
  try {
    document = await openDocument(path);
  } catch (error) {
    // The reader of native models says line and column of what is wrong with one.
    if (error instanceof InputError && nativeHead(path)) return undefined;
    throw error;
  }
  if (typeof (document.value as { system?: unknown } | null | undefined)?.system === 'string') return undefined;
  return recognise(document) === undefined && looksNative(document.value) ? undefined : document;
}

/** Whether a file that cannot be read begins as a native model does, and its reader finds a place to name in it. */
function nativeHead(path: string): boolean {
  try {
    loadModels([path]);
    return true;
  } catch (error) {
    if (!(error instanceof InputError) || !/:\d+:\d+: /.test(error.message)) return false;
    return /^[\s{]*["']?(?:version|system|assets|threats)["']?\s*:/m.test(readFileSync(path, 'utf8').slice(0, 64 * 1024));
  }
}

function besideOf(path: string): string | undefined {
  const bare = path.replace(/(?<=[^/\\])\.[^./\\]+$/, '');
  const places = [`${path}.viewshed.yaml`, `${bare}.viewshed.yaml`, `${bare.replace(/(?<=[^/\\])\.(?:tc|tm|otm)$/i, '')}.viewshed.yaml`];
  return [...new Set(places)].find((one) => existsSync(one));
}

function native(
  loaded: LoadedModel,
  reading: ModelReading,
  overlay: OpenedOverlay | undefined,
  knowledge: Knowledge,
  rules: Rules,
): OpenedModel {
  const { model, file, underived } = loaded;
  const derived = (): { readonly whole: ThreatModel; readonly report: DerivationReport } => {
    const system = systemModelOf(loaded);
    const settled = overlay?.settle([system]);
    const found = derive(system, knowledge, rules, {
      threats: new Set(underived),
      ...(reading.retention === undefined ? {} : { retention: reading.retention }),
      ...(settled ? { overlay: settled } : {}),
    });
    return { whole: completed(model, found, settled?.drop), report: found.report };
  };
  const listed = ({ whole, report }: ReturnType<typeof derived>): DerivationReport => {
    const needs = statedNeeds(whole, knowledge, rules);
    const served = new Set(needs.flatMap((need) => need.threats));
    const threats = whole.threats.filter((threat) => !isHost(threat.id));
    const threatsWithNeeds = threats.filter((threat) => served.has(threat.id)).length;
    return {
      ...united(report, notedLists(model, file)),
      needs,
      counts: { ...report.counts, threats: threats.length, threatsWithNeeds, needs: needs.length },
    };
  };
  const notes = overlay ? [`${file}: corrected by ${overlay.file}`] : [];
  if (underived.length > 0 || overlay) {
    const done = derived();
    return { file, formatName: 'Viewshed', model: done.whole, report: listed(done), notes };
  }
  // Nothing is to be derived: what is known of components and techniques is looked at only where somebody wants to read about it.
  return {
    file,
    formatName: 'Viewshed',
    model,
    get report() {
      return listed({ ...derived(), whole: model });
    },
    notes,
  };
}

/** The lists of a report with what the model noted before; what stands in both is listed once. */
function united(report: DerivationReport, noted: Partial<DerivationReport>): DerivationReport {
  const lists = Object.entries(noted).map(([key, list]) => {
    const all = [...(report[key as keyof DerivationReport] as readonly Listed[]), ...(list as readonly Listed[])];
    return [key, [...new Map(all.map((one) => [`${one.at} ${one.name} ${one.why}`, one])).values()]];
  });
  return { ...report, ...Object.fromEntries(lists) };
}

function notesOf(model: SystemModel, layer: ModelReading['layer'], derived: Derived, overlay: OpenedOverlay | undefined): string[] {
  const { counts, unresolved } = derived.report;
  return [
    ...(model.format === 'attack-navigator' && layer === undefined
      ? [
          `${model.file}: an ATT&CK Navigator layer does not say what it means; its techniques are taken as threats to see (--layer detections if they are detections that you have)`,
        ]
      : []),
    ...(derived.report.vendors.length === 0 && counts.needs > 0
      ? [
          `${model.file}: names no provider, so the logs of all of them are listed; say which with \`providers: [aws]\` in ${model.file}.viewshed.yaml`,
        ]
      : []),
    ...(overlay ? [`${model.file}: corrected by ${overlay.file}`] : []),
    ...(unresolved.length > 0 && unresolved.length * 2 > counts.components
      ? [`${model.file}: ${unresolved.length} of ${counts.components} components could not be told; few needs are no good sign here`]
      : []),
  ];
}
