import { readFileSync } from 'node:fs';

/** The package's version, from `src` and from `dist/src` alike. */
export function version(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // dist/src/cli is one level deeper than src/cli
    }
  }
  return '0.0.0';
}
