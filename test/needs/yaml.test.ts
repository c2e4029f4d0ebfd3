import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { InputError } from '../../src/model/input-error.ts';
import { ThreatModel } from '../../src/model/threat-model.ts';
import { Where } from '../../src/model/where.ts';
import { readYaml, readYamlFile } from '../../src/needs/yaml.ts';

const MODEL = `version: 1
system: Card payments
assets:
  - id: vault
    type: aws.s3.bucket
    at: {provider: aws, account: "111122223333"}
threats:
  - id: exfil
    title: A stolen role reads the vault
    severity: high
    assets: [vault]
    needs:
      - events: aws.cloudtrail.data.s3.read
        retain: 365d
`;

/** The one line that a reader gets to see. */
function messageOf(source: string | Uint8Array, shape: z.ZodType = ThreatModel, name = 'model.yaml'): string {
  try {
    readYaml(source, shape, name);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message.length).toBeLessThan(600);
    return message;
  }
  throw new Error('was read without an error');
}

describe('what is read', () => {
  it('reads YAML, and JSON as YAML', () => {
    const model = readYaml(MODEL, ThreatModel, 'model.yaml');
    expect(model.threats[0]?.needs[0]?.retain).toBe(365 * 86_400);
    expect(readYaml('{"version": 1,\n\t"system": "Shop", "threats": []}', ThreatModel, 'model.json').system).toBe('Shop');
  });

  it('reads UTF-8 with a byte order mark, and UTF-16 of both orders with and without one', () => {
    const text = 'version: 1\nsystem: Zahlung für Karten\n';
    const little = Buffer.from(text, 'utf16le');
    const big = Buffer.from(little).swap16();
    for (const bytes of [
      Buffer.from(`\uFEFF${text}`),
      little,
      big,
      Buffer.concat([Buffer.from([0xff, 0xfe]), little]),
      Buffer.concat([Buffer.from([0xfe, 0xff]), big]),
    ]) {
      expect(readYaml(bytes, ThreatModel, 'model.yaml').system).toBe('Zahlung für Karten');
    }
  });

  it('follows anchors and merge keys', () => {
    const shape = z.strictObject({ base: z.strictObject({ a: z.string() }), own: z.strictObject({ a: z.string(), b: z.string() }) });
    expect(readYaml('base: &base {a: x}\nown: {<<: *base, b: y}\n', shape, 'x.yaml').own).toEqual({ a: 'x', b: 'y' });
    // The place of a merged value is where it is written.
    expect(messageOf('base: &base {a: x}\nown: {<<: &other {a: 3}, b: y}\n', shape, 'x.yaml')).toMatch(
      /^x\.yaml:2:22: own\.a: expected text, found the number 3/,
    );
  });
});

describe('what is refused, and where', () => {
  const cases: readonly [string, string, RegExp][] = [
    [
      'an unknown key, with the nearest known one',
      MODEL.replace('severity: high', 'severty: high'),
      /^model\.yaml:10:5: threats\[0\]\.severty: this key is not known here; did you mean "severity"\?$/,
    ],
    [
      'an unknown key inside a need',
      MODEL.replace('retain: 365d', 'retian: 365d'),
      /^model\.yaml:14:9: threats\[0\]\.needs\[0\]\.retian: .*did you mean "retain"\?$/,
    ],
    [
      'a value that is not one of those allowed',
      MODEL.replace('severity: high', 'severity: hgih'),
      /^model\.yaml:10:15: threats\[0\]\.severity: "hgih" is not one of the values known here; did you mean "high"\?$/,
    ],
    [
      'an account that YAML reads as a number',
      MODEL.replace('"111122223333"', '012345678901'),
      /^model\.yaml:6:34: assets\[0\]\.at\.account: expected text, found the number 012345678901; put it in quotes: "012345678901"$/,
    ],
    [
      'a length of time of the wrong form',
      MODEL.replace('365d', 'a year'),
      /^model\.yaml:14:17: threats\[0\]\.needs\[0\]\.retain: "a year": a length of time is a number and one of/,
    ],
    [
      'a reference to an asset that is not there',
      MODEL.replace('[vault]', '[volt]'),
      /^model\.yaml:11:14: threats\[0\]\.assets\[0\]: .*no asset is called "volt"$/,
    ],
    [
      'a need with two ways to name its events',
      MODEL.replace('retain: 365d', 'source: aws.lambda.logs'),
      /^model\.yaml:13:9: threats\[0\]\.needs\[0\]: a need has one of/,
    ],
    [
      'something missing',
      MODEL.replace('    title: A stolen role reads the vault\n', ''),
      /^model\.yaml:8:5: threats\[0\]\.title: is missing; give it text$/,
    ],
    [
      'a list in place of a map',
      MODEL.replace('at: {provider: aws, account: "111122223333"}', 'at: [aws]'),
      /^model\.yaml:6:9: assets\[0\]\.at: expected a map, found a list$/,
    ],
    ['another version', MODEL.replace('version: 1', 'version: 2'), /^model\.yaml:1:10: version: expected 1, found the number 2$/],
    [
      'the same key twice',
      MODEL.replace('severity: high', 'title: Again'),
      /^model\.yaml:10:5: the key "title" is there twice; remove one of them$/,
    ],
    [
      'a tag',
      MODEL.replace('Card payments', '!!js/function "function () {}"'),
      /^model\.yaml:2:\d+: the tag .*js\/function is not allowed; remove it$/,
    ],
    ['a second document', `${MODEL}---\nversion: 1\n`, /^model\.yaml:15:1: a second document starts here/],
    ['text that is not YAML', 'version: 1\nsystem: [a, b\n', /^model\.yaml:\d+:\d+: is not valid YAML: /],
    ['a tab for indentation', 'version: 1\nassets:\n\t- id: x\n', /^model\.yaml:3:\d+: is not valid YAML: /],
    ['nothing', '# to be written\n', /^model\.yaml:1:1: holds nothing/],
    ['an alias of nothing', 'version: 1\nsystem: *nowhere\n', /^model\.yaml:2:9: nothing before this has the anchor &nowhere/],
    ['a key that would change objects', 'version: 1\n__proto__: {system: x}\n', /^model\.yaml:2:1: the key "__proto__" is not allowed/],
    ['plain text', 'just words', /^model\.yaml:1:1: expected a map, found "just words"$/],
  ];
  it.each(cases)('%s', (_, text, message) => {
    expect(messageOf(text)).toMatch(message);
  });

  it('conditions that are neither text nor a list', () => {
    expect(messageOf('readOnly: true\n', Where, 'where.yaml')).toBe(
      'where.yaml:1:11: readOnly: expected text, found true; put it in quotes: "true"',
    );
    expect(messageOf('eventName: {startWith: [Get]}\n', Where, 'where.yaml')).toBe(
      'where.yaml:1:13: eventName.startWith: this key is not known here; did you mean "startsWith"?',
    );
  });

  it('bytes that are not text', () => {
    expect(messageOf(Uint8Array.from([0x61, 0xc3, 0x28, 0x62]))).toBe('model.yaml: is not text in UTF-8 or UTF-16; save it as UTF-8');
  });

  it('shows hostile text without its control characters', () => {
    const message = messageOf(`version: 1\nsystem: x\n"\\e[31mred\\u202e": 1\n`, ThreatModel, 'mo\u001b[2Jdel\n.yaml');
    expect(message).toMatch(/^mo \[2Jdel \.yaml:3:1: .*\[31mred/);
    expect(message).not.toContain('\u202e');
  });
});

describe('files made to exhaust', () => {
  it('alias bombs', () => {
    const bomb = [
      'a0: &a0 [x, x, x, x, x, x, x, x, x]',
      ...Array.from({ length: 9 }, (_, level) => `a${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(', ')}]`),
    ].join('\n');
    const started = performance.now();
    expect(messageOf(bomb)).toBe('model.yaml:1:1: its aliases unfold to more than 100 copies; write the values out');
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('an alias of itself', () => {
    expect(messageOf('version: 1\nsystem: &s [*s]\n')).toMatch(/^model\.yaml:\d+:\d+: /);
  });

  it('very many aliases, each of little', () => {
    expect(messageOf(`a: &a x\nb: [${'*a, '.repeat(300_000)}]`)).toMatch(
      /^model\.yaml:2:\d+: has more than 1000 aliases; write the values out$/,
    );
  });

  it('deep nesting, in flow, in blocks and in sequences of sequences', () => {
    expect(messageOf(`system: ${'['.repeat(200_000)}`)).toMatch(/^model\.yaml:1:\d+: is nested more than 64 levels deep/);
    expect(messageOf(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)).toMatch(/is nested more than 64 levels deep/);
    expect(messageOf(Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'))).toMatch(
      /^model\.yaml:\d+:\d+: is nested more than 64 levels deep/,
    );
    expect(messageOf(`system: ${'- '.repeat(50_000)}`)).toMatch(/^model\.yaml:1:\d+: /);
    expect(messageOf(`${'- '.repeat(50_000)}x`)).toMatch(/is nested more than 64 levels deep/);
  });

  it('a map of very many keys, in about the time that reading it takes', () => {
    const text = Array.from({ length: 60_000 }, (_, index) => `key${index}: ${index}`).join('\n');
    const started = performance.now();
    expect(Object.keys(readYaml(text, z.record(z.string(), z.number()), 'keys.yaml'))).toHaveLength(60_000);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('50 MB, without reading them', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'viewshed-')), 'large.yaml');
    writeFileSync(path, '');
    truncateSync(path, 50 * 1024 * 1024);
    expect(() => readYamlFile(path, ThreatModel)).toThrow(
      /large\.yaml: is 50\.0 MiB long, at most 5 MiB are read; split it into several files$/,
    );
    expect(messageOf('x'.repeat(6 * 1024 * 1024))).toMatch(/^model\.yaml: is 6\.0 MiB long/);
  });

  it('a file that is not there, and a folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'viewshed-'));
    expect(() => readYamlFile(join(folder, 'none.yaml'), ThreatModel)).toThrow(/none\.yaml: there is no such file; check the path$/);
    expect(() => readYamlFile(folder, ThreatModel)).toThrow(/is a folder; name a file in it$/);
  });
});
