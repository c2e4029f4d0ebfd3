import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { Config } from '../../src/config/config.ts';
import { EvidenceRecord } from '../../src/model/evidence.ts';
import { NamedEventsFile, Source } from '../../src/model/source.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { OverlayFile } from '../../src/needs/overlay.ts';
import { readYaml } from '../../src/needs/yaml.ts';
import { faultsOf } from './command-line.ts';

const root = join(import.meta.dirname, '../..');
const pages = markdownIn(root).map((path) => [relative(root, path), path] as const);

/** What a code block claims to be by the words after its language: ```yaml viewshed-model. */
const SHAPES: Readonly<Record<string, z.ZodType>> = {
  'viewshed-model': ThreatModel,
  'viewshed-config': Config,
  'viewshed-overlay': OverlayFile,
  'viewshed-source': Source,
  'viewshed-events': NamedEventsFile,
  'viewshed-evidence': EvidenceRecord,
};

describe.each(pages)('%s', (name, path) => {
  const text = readFileSync(path, 'utf8');

  it('has links that lead somewhere', () => {
    const lost: string[] = [];
    for (const [, target = ''] of textOnly(text).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)) {
      if (/^(https:|mailto:)/.test(target)) continue;
      const [file = '', fragment] = decodeURIComponent(target).split('#');
      const goal = file === '' ? path : join(dirname(path), file);
      if (!existsSync(goal) || relative(root, goal).startsWith('..')) lost.push(target);
      else if (fragment !== undefined && !anchorsOf(readFileSync(goal, 'utf8')).has(fragment)) lost.push(target);
    }
    expect(lost).toEqual([]);
  });

  it('has examples that load', () => {
    for (const { language, kind, code, line } of blocksOf(text)) {
      const at = `${name}:${line}`;
      if (kind !== undefined) {
        const shape = SHAPES[kind];
        if (!shape) throw new Error(`${at}: no shape is called "${kind}"; take one of ${Object.keys(SHAPES).join(', ')}`);
        readYaml(code, shape, at);
      } else if (language === 'json') {
        expect(() => JSON.parse(code), at).not.toThrow();
      } else {
        // A whole model or configuration that lacks its mark would go unchecked.
        expect(
          language === 'yaml' && /^version: 1$/m.test(code) && /^(threats|assets|aws|models):/m.test(code),
          `${at}: say what it is: \`\`\`yaml viewshed-model`,
        ).toBe(false);
      }
    }
  });

  it('has command lines that are right', () => {
    const lines = blocksOf(text)
      .filter(({ language }) => ['', 'sh', 'bash', 'console', 'shell'].includes(language))
      .flatMap(({ code }) => code.replaceAll('\\\n', ' ').split('\n'));
    const calls = lines.filter((line) => /^\s*(\$ )?([A-Z_]+=\S* )*(npx )?viewshed |npm run (--silent |-s )?viewshed -- /.test(line));
    expect(calls.flatMap(faultsOf)).toEqual([]);
    const named = calls.flatMap((line) => line.match(/(?<=\s)(examples|rules|docs)\/[\w./-]+/g) ?? []);
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

it('docs/dependencies.md has a reason for every dependency, and for nothing else', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const rows = [...readFileSync(join(root, 'docs/dependencies.md'), 'utf8').matchAll(/^\| (.+?) \| (.+?) \|$/gm)].slice(1);
  const listed = rows.flatMap(([, names = '', why = '']) => {
    expect(why.length, names).toBeGreaterThan(10);
    const dev = names.endsWith(' (dev)');
    return names
      .replace(/ \(dev\)$/, '')
      .split(', ')
      .map((name) => ({ name, dev }));
  });
  const fits = (package_: string, row: { name: string; dev: boolean }, dev: boolean) =>
    row.dev === dev && (row.name.endsWith('*') ? package_.startsWith(row.name.slice(0, -1)) : package_ === row.name);
  for (const [all, dev] of [
    [dependencies, false],
    [devDependencies, true],
  ] as const) {
    const names = Object.keys(all ?? {});
    expect(names.filter((name) => !listed.some((row) => fits(name, row, dev)))).toEqual([]);
    expect(listed.filter((row) => row.dev === dev && !names.some((name) => fits(name, row, dev)))).toEqual([]);
  }
});

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'coverage'].includes(entry.name) || (entry.name.startsWith('.') && entry.name !== '.ci')
        ? []
        : markdownIn(join(folder, entry.name));
    return entry.name.endsWith('.md') ? [join(folder, entry.name)] : [];
  });
}

function blocksOf(text: string): { language: string; kind: string | undefined; code: string; line: number }[] {
  return [...text.matchAll(/^```(\w*)[ \t]*([\w-]*)[^\n]*\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? '',
    kind: match[2] === '' ? undefined : match[2],
    code: match[3] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }));
}

function textOnly(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/(`+)(?!`)([^\n]*?)\1(?!`)(?!\]\()/g, '');
}

/** Fragments as GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    [...textOnly(text.replaceAll('`', '')).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
      const plain = heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .trim()
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-');
      const before = seen.get(plain);
      seen.set(plain, (before ?? -1) + 1);
      return before === undefined ? plain : `${plain}-${before + 1}`;
    }),
  );
}
