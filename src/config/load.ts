import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { openYaml } from '../needs/yaml.ts';
import { CONFIG_FILE, Config } from './config.ts';

/** A configuration and the file it stands in; no file: nothing is configured. */
export interface LoadedConfig {
  readonly file: string | undefined;
  readonly config: Config;
}

/** Reads the file named, or `viewshed.yaml` of the folder where there is one. Paths in it come back relative to nothing else. */
export function loadConfig(file: string | undefined, folder: string): LoadedConfig {
  const own = join(folder, CONFIG_FILE);
  if (file === undefined && !existsSync(own)) return { file: undefined, config: Config.parse({}) };
  const chosen = file ?? own;
  const yaml = openYaml(chosen);
  // A file of comments alone configures nothing.
  const config = yaml.value === null ? Config.parse({}) : yaml.as(Config);
  const base = dirname(chosen);
  const located = (path: string): string => (isAbsolute(path) ? path : join(base, path));
  return {
    file: chosen,
    config: {
      ...config,
      ...(config.models === undefined ? {} : { models: config.models.map(located) }),
      ...(config.store === undefined ? {} : { store: located(config.store) }),
      ...(config.report?.output === undefined ? {} : { report: { ...config.report, output: located(config.report.output) } }),
    },
  };
}
