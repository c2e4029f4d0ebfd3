import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readDocument } from '../../connectors/threat-models/document.ts';
import { importModels } from '../../connectors/threat-models/index.ts';
import { InputError } from '../../src/model/input-error.ts';
import type { SystemModel } from '../../src/model/system-model.ts';
import { smallLexicon } from '../support/small-lexicon.ts';
import { INVISIBLE } from './run.ts';

const fixtures = join(import.meta.dirname, '../fixtures/threat-models');
const MEGABYTE = 1024 * 1024;
const files = readdirSync(fixtures, { withFileTypes: true })
  .filter((one) => one.isFile())
  .map(({ name }) => ({ name, bytes: readFileSync(join(fixtures, name)) }));
const values = files.flatMap(({ name, bytes }) => {
  try {
    return [{ name, value: JSON.parse(bytes.toString()) as unknown }];
  } catch {
    return [];
  }
});

/** Models, or the one line that says why not; anything else is thrown. */
async function outcome(source: Uint8Array | string, file = 'hostile'): Promise<readonly SystemModel[] | string> {
  try {
    const document = await readDocument(typeof source === 'string' ? Buffer.from(source) : source, file);
    for (const layerMeaning of ['threats', 'detections'] as const) importModels(document, { lexicon: smallLexicon, layerMeaning });
    const models = importModels(document, { lexicon: smallLexicon });
    for (const { warnings } of models) expect(warnings.length).toBeLessThan(600);
    return models;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).not.toMatch(INVISIBLE);
    expect(error.message).not.toContain('\n');
    expect(error.message.length).toBeLessThan(500);
    return error.message;
  }
}

const asText = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const littleEndian = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le');
const bigEndian = (text: string): Buffer => littleEndian(text).swap16();
const lists = (models: readonly SystemModel[] | string): unknown =>
  typeof models === 'string' ? models : models.map(({ sha256, warnings, file, ...rest }) => rest);

const spies: ReturnType<typeof vi.spyOn>[] = [];
beforeAll(() => {
  for (const one of [http, https]) spies.push(vi.spyOn(one, 'request'), vi.spyOn(one, 'get'));
  spies.push(vi.spyOn(globalThis, 'fetch'));
});
afterAll(() => {
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
});

describe.each(files)('$name', ({ bytes }) => {
  it('cut at any byte', async () => {
    const step = Math.max(1, Math.floor(bytes.length / 150));
    for (let end = 0; end < bytes.length; end += step) await outcome(bytes.subarray(0, end));
  });

  it('with any byte another one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.constantFrom(0, 9, 10, 34, 38, 42, 44, 58, 60, 91, 93, 123, 125, 128, 255),
        async (at, byte) => {
          const changed = Uint8Array.from(bytes);
          changed[at] = byte;
          await outcome(changed);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('with a byte order mark, and in UTF-16 of either order, says the same', async () => {
    const text = asText(bytes);
    const plain = lists(await outcome(bytes));
    expect(typeof plain).not.toBe('string');
    for (const source of [Buffer.from(`\uFEFF${text}`), littleEndian(text), bigEndian(text)])
      expect(lists(await outcome(source))).toEqual(plain);
  });
});

/** Every place in a value. */
function places(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? value.map((one, index) => [index, one] as const) : Object.entries(value);
  return [path, ...entries.flatMap(([key, one]) => places(one, [...path, key]))];
}

function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((one, index) => (index === step ? replaced(one, rest, by) : one));
  return { ...(value as object), [step]: replaced((value as Record<string, unknown>)[step], rest, by) };
}

const WRONG: readonly unknown[] = [
  null,
  0,
  -1,
  1e308,
  true,
  '',
  ' ',
  'constructor',
  '__proto__',
  'x'.repeat(5000),
  '\u202E\u0000\u001B[31m',
  '=HYPERLINK("http://example.com")',
  [],
  {},
  [[]],
  [null],
  ['x'],
  { value: null },
  { constructor: 1, toString: 2, hasOwnProperty: 3 },
  JSON.parse('{"__proto__": {"techniqueID": "T1530"}, "id": "a"}'),
];

describe.each(values)('$name', ({ value }) => {
  it('with a wrong value at every place', async () => {
    // A third of the wrong values at each place, all of them at neighbours.
    for (const [index, path] of places(value).entries()) {
      for (const wrong of WRONG.filter((_, number) => number % 3 === index % 3))
        await outcome(JSON.stringify(replaced(value, path, wrong)));
    }
  }, 120_000);

  it('with anything at any place', async () => {
    const all = places(value);
    await fc.assert(
      fc.asyncProperty(fc.nat(all.length - 1), fc.jsonValue({ maxDepth: 4 }), async (at, by) => {
        await outcome(JSON.stringify(replaced(value, all[at] ?? [], by)));
      }),
      { numRuns: 150 },
    );
  });

  it('leaves no trace on the prototype of anything', async () => {
    const evil = '{"polluted": "yes"}';
    for (const path of places(value).filter((one) => one.length > 0)) {
      const text = JSON.stringify(replaced(value, path, { MARK: 1 })).replace(
        '{"MARK":1}',
        `{"__proto__": ${evil}, "constructor": {"prototype": ${evil}}}`,
      );
      await outcome(text);
    }
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

const nested = (depth: number, open: string, close: string, inside = ''): string => open.repeat(depth) + inside + close.repeat(depth);
const bomb = (levels: number, wide: number): string =>
  `a0: &a0 [x, x]\n${Array.from({ length: levels }, (_, index) => `a${index + 1}: &a${index + 1} [${Array(wide).fill(`*a${index}`).join(', ')}]`).join('\n')}\n`;
const merges = (levels: number, wide: number): string =>
  `a0: &a0 {k: v}\n${Array.from({ length: levels }, (_, index) => `a${index + 1}: &a${index + 1}\n  <<: [${Array(wide).fill(`*a${index}`).join(', ')}]\n  k${index}: v`).join('\n')}\n`;

describe('what no model looks like', () => {
  const REFUSED: readonly (readonly [name: string, source: Uint8Array | string, why: RegExp])[] = [
    ['nothing', '', /is empty/],
    ['blanks', ' \n\t\n', /is empty/],
    ['a byte order mark alone', '\uFEFF', /is empty/],
    ['a zip archive', Buffer.from('PK\u0003\u0004rest'), /zip archive; unpack it/],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0]), /gzip/],
    ['a PDF', '%PDF-1.7', /is a PDF/],
    ['an image', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10]), /is an image/],
    ['zeros', Buffer.alloc(1000), /binary|not text|is empty/],
    ['zeros inside', Buffer.from('name: a\0b'), /binary/],
    ['half a character', Buffer.from([0x61, 0x3a, 0x20, 0xe2, 0x82]), /UTF-8/],
    ['half of UTF-16', Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x22]), /UTF-16/],
    ['HTML', '<!DOCTYPE html><html></html>', /HTML page/],
    ['HTML without a type', '\n<html><body></body></html>', /HTML page/],
    ['a document type', '<?xml version="1.0"?><!-- a --><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', /declares a document type/],
    ['a document type that fetches', '<!DOCTYPE x SYSTEM "http://example.com/x.dtd"><x/>', /declares a document type/],
    ['XML of another kind', '<Model/>', /is XML, but/],
    ['an XML comment without end', '<!-- a', /not valid XML/],
    ['plain text', 'hello', /plain text/],
    ['a number', '42', /plain text/],
    ['nothing but comments', '# a\n# b\n', /holds nothing/],
    ['cut JSON', '{"schema": 1, "threats": [', /^hostile:1:27: is not valid JSON: it ends too early/],
    ['JSON with a slip', '{\n "schema": 1,\n "threats": [}\n}', /^hostile:3:\d+: is not valid JSON/],
    ['YAML with a slip', 'a:\n  - b\n c: d\n', /^hostile:\d+:\d+: is not valid YAML/],
    ['HCL with a slip', 'threatmodel "x" {\n  author = \n}\n', /^hostile:\d+:\d+: is not valid HCL/],
    ['deep JSON', nested(100_000, '[', ']'), /^hostile:1:201: is nested more than 200 levels deep/],
    ['deep JSON maps', nested(50_000, '{"a":', '}', '1'), /nested more than 200/],
    ['deep YAML', nested(5000, '[', ']', 'a: b').replace(/^/, 'x: '), /nested more than 200/],
    ['deep YAML lists', `${'- '.repeat(3000)}a`, /nested more than 200/],
    ['deep HCL', `threatmodel "x" {\n a = ${nested(20_000, '[', ']')}\n}`, /nested more than 200/],
    ['a bomb of aliases', bomb(12, 9), /unfold to more than|aliases/],
    ['a bomb of merge keys', merges(12, 9), /merge keys/],
    ['a map that merges itself', 'a: &a\n  <<: *a\n  b: c\n', /merges itself/],
    ['a list that holds itself', 'a: &a [1, *a]\n', /inside of what it stands for/],
    ['a map that holds itself', '&a {b: *a}\n', /inside of what it stands for/],
    ['an alias of nothing', 'a: *nowhere\n', /anchor/],
    [
      'aliases that nest',
      `a0: &a0 [x]\n${Array.from({ length: 300 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}]`).join('\n')}\n`,
      /nested more than 200|unfold/,
    ],
    ['more aliases than anybody writes', `a: &a x\nb: [${Array(6000).fill('*a').join(', ')}]\n`, /more than 5000 aliases/],
    ['a pytm program', '#!/usr/bin/env python3\nfrom pytm import TM\ntm = TM("x")\n', /--json/],
    ['another program', '#!/usr/bin/env python3\nprint(1)\n', /Python program/],
    ['annotations in code', '// @mitigates WebApp:FileSystem against theft with permissions\n', /ThreatSpec/],
    ['a report in Markdown', '# Model\n\n## Threats\n\n* [a](b): c\n', /Markdown|is not valid YAML|no format/],
    ['a JSON Schema', '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}', /JSON Schema/],
    ['a pack', '{"schema": 1, "namespace": "threat-composer", "type": "threat-pack", "threats": []}', /library/],
    ['an OTM without its project', '{"otmVersion": "0.1.0"}', /without a project/],
    ['correlations without rules', 'title: a\ncorrelation: {type: temporal, rules: [b]}\n', /correlations only/],
    ['half a rule', 'title: a\ndetection: {selection: {a: b}, condition: selection}\n', /no complete Sigma rule/],
    ['a STIX bundle of something else', '{"type": "bundle", "objects": [{"type": "malware"}]}', /without an attack flow/],
    ['an older attack flow', '{"schema": {}, "objects": [{"id": "1", "template": {"id": "action"}}]}', /older builder/],
    ['a mapping file', 'trustzones: []\ncomponents: []\ndataflows: []\n', /mapping file/],
    ['a list of nothing', '[]', /list of something else/],
    ['a map of nothing', '{}', /no format/],
    ['JSON in a fence', '```json\n{"a": 1}\n```', /fence/],
    ['a template', 'a:\n{% for b in c %}\n  - d\n{% endfor %}\n', /is a template/],
    ['output of STRIDE-GPT', '{"threat_model": [{"Threat Type": "Spoofing"}], "improvement_suggestions": []}', /STRIDE-GPT/],
    ['a native model', 'version: 1\nsystem: Cards\n', /native model already/],
  ];
  it.each(REFUSED)('%s', async (_, source, why) => {
    const found = await outcome(source);
    expect(found).toEqual(expect.any(String));
    expect(found).toMatch(why);
  });

  it('more than 50 MB, and 50 MB of what would take long', async () => {
    expect(await outcome(Buffer.alloc(50 * MEGABYTE + 1, 32))).toMatch(/is 50\.0 MB long, at most 50 MB are read/);
    expect(await outcome(Buffer.alloc(50 * MEGABYTE, '['))).toMatch(/nested more than 200/);
    expect(await outcome(Buffer.alloc(50 * MEGABYTE, '{}'))).toMatch(/not valid JSON/);
    expect(await outcome(Buffer.alloc(50 * MEGABYTE, '- a\n'))).toMatch(/at most 5 MB are read of YAML/);
    expect(await outcome(Buffer.alloc(50 * MEGABYTE, ' '))).toMatch(/is empty/);
    expect(await outcome(Buffer.alloc(50 * MEGABYTE, '\n'))).toMatch(/is empty/);
    expect(await outcome(Buffer.alloc(50 * MEGABYTE, '"'))).toEqual(expect.any(String));
    expect(await outcome(Buffer.alloc(50 * MEGABYTE, '<a>'))).toEqual(expect.any(String));
    expect(await outcome(Buffer.alloc(50 * MEGABYTE, '\0'))).toEqual(expect.any(String));
  }, 120_000);
});

describe('what is odd and read all the same', () => {
  const READ: readonly (readonly [name: string, source: Uint8Array | string, warning: RegExp])[] = [
    ['JSON with a comma too many', '{"otmVersion": "0.2.0", "project": {"name": "a", "id": "a",}}', /is not valid JSON.*read as YAML/],
    ['a key that is there twice', 'otmVersion: "0.2"\nproject: {name: a}\nproject: {name: b}\n', /"project" is there twice/],
    [
      'a key that is there twice in JSON',
      '{"otmVersion": "0.2", "project": {"name": "a", "name": "b"}}',
      /line 1: the key "name" is there twice/,
    ],
    ['a tag of one’s own', 'otmVersion: "0.2"\nproject: {name: !!js/function "x", id: !mine a}\n', /the tag is ignored/],
    ['a second byte order mark', '\uFEFFotmVersion: "0.2"\nproject: {name: "a\uFEFFb"}\n', /byte order mark stands in the middle/],
  ];
  it.each(READ)('%s', async (_, source, warning) => {
    const found = await outcome(source);
    expect(found).not.toEqual(expect.any(String));
    expect((found as readonly SystemModel[])[0]?.warnings.map(({ message }) => message).join('\n')).toMatch(warning);
  });

  it('merge keys are applied', async () => {
    const [model] = (await outcome(
      'otmVersion: "0.2"\nproject: {name: a}\nassets:\n  - &one {id: x, name: Card numbers, risk: {confidentiality: 100}}\n  - {<<: *one, id: y}\n',
    )) as readonly SystemModel[];
    expect(model?.dataAssets.map(({ id, name, confidentiality }) => [id, name.value, confidentiality?.value.level])).toEqual([
      ['x', 'Card numbers', 4],
      ['y', 'Card numbers', 4],
    ]);
  });
});

/** As large as one file may be, in the shapes that grow: every list, every chain, every link to one and the same thing. */
describe('very many of everything', () => {
  const many = <T>(count: number, make: (index: number) => T): readonly T[] => Array.from({ length: count }, (_, index) => make(index));
  const LARGE: readonly (readonly [name: string, value: unknown])[] = [
    [
      'components inside of each other',
      {
        otmVersion: '1',
        project: {},
        components: many(20_000, (index) => ({ id: `c${index}`, name: 'a', parent: { component: `c${index + 1}` } })),
      },
    ],
    [
      'instances of one threat',
      {
        otmVersion: '1',
        project: {},
        components: many(200, (index) => ({
          id: `c${index}`,
          threats: many(500, () => ({ threat: 't', state: 'open', mitigations: [{ mitigation: 'm', state: 'done' }] })),
        })),
      },
    ],
    ['components of one id', { otmVersion: '1', project: {}, components: many(20_000, () => ({ id: 'c' })) }],
    [
      'threats that name nothing',
      {
        schema: 1,
        architecture: { description: many(2000, (index) => `- **Vault ${index}** - an S3 bucket`).join('\n') },
        threats: many(20_000, (index) => ({ id: `t${index}`, statement: 'reads the data' })),
      },
    ],
    [
      'threats that name everything',
      {
        schema: 1,
        architecture: { description: many(2000, (index) => `- **Vault ${index}** - an S3 bucket`).join('\n') },
        threats: many(5000, (index) => ({ id: `t${index}`, statement: 'reads S3 with IAM and Lambda' })),
      },
    ],
    [
      'one long line',
      {
        schema: 1,
        architecture: { description: 'S3 '.repeat(300_000) },
        mitigations: [{ id: 'm', content: `${' '.repeat(500_000)}| logs ](${'('.repeat(100_000)}` }],
      },
    ],
    [
      'one long assumption',
      {
        schema: 1,
        assumptions: [
          { id: 'a', content: `${'no '.repeat(100_000)}logs` },
          { id: 'b', content: '<br'.repeat(100_000) },
          { id: 'c', content: '['.repeat(200_000) },
        ],
      },
    ],
    [
      'techniques',
      {
        domain: 'enterprise-attack',
        versions: {},
        techniques: many(20_000, (index) => ({ techniqueID: `T${1000 + (index % 8999)}`, score: index, color: `#${index}` })),
      },
    ],
    [
      'permissions of one action',
      {
        metadata: { provider: 'aws' },
        feature_classes: {},
        controls: {},
        actions: Object.fromEntries(many(5000, (index) => [`a${index}`, { iam_permission: 's3:GetObject', event_name: `E${index}` }])),
        threats: { t: { name: 'a', access: { OR: many(20, () => 's3:GetObject') } } },
      },
    ],
    [
      'ways to match',
      {
        title: 'a',
        logsource: {},
        detection: { ...Object.fromEntries(many(60, (index) => [`s${index}`, [{ a: 'b' }, { c: `d${index}` }]])), condition: 'all of s*' },
      },
    ],
    ['brackets in a condition', { title: 'a', logsource: {}, detection: { s: { a: 'b' }, condition: `${'('.repeat(3000)}s` } }],
    ['negations in a condition', { title: 'a', logsource: {}, detection: { s: { a: 'b' }, condition: `${'not '.repeat(3000)}s` } }],
    ['warnings', { otmVersion: '1', project: {}, components: many(20_000, () => 7) }],
  ];
  it.each(LARGE)('%s', async (_, value) => {
    expect(await outcome(JSON.stringify(value))).not.toEqual(expect.any(String));
  });
});
