import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openDocument, readDocument } from '../../../connectors/threat-models/document.ts';
import { InputError } from '../../../src/model/input-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'viewshed-document-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string | Uint8Array) => readDocument(typeof text === 'string' ? Buffer.from(text) : text, 'model');

it('tells the syntax by what is in the file', async () => {
  const found = await Promise.all(
    ['{"a": 1}', ' [1]', 'a: 1\n', '{a: 1}', '<a/>', 'threatmodel "x" {\n  author = "y"\n}\n', '# a\n/* b */\nspec_version = "0.1"\n'].map(
      read,
    ),
  );
  expect(found.map(({ syntax }) => syntax)).toEqual(['json', 'json', 'yaml', 'yaml', 'xml', 'hcl', 'hcl']);
  expect(found.map(({ value }) => value)).toEqual([
    { a: 1 },
    [1],
    { a: 1 },
    { a: 1 },
    undefined,
    { threatmodel: { x: [{ author: 'y' }] } },
    { spec_version: '0.1' },
  ]);
});

it('takes the hash of the bytes, not of the text', async () => {
  const [plain, marked] = [await read('{"a": 1}'), await read('\uFEFF{"a": 1}')];
  expect(plain.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(marked.sha256).not.toBe(plain.sha256);
  expect(marked.value).toEqual(plain.value);
});

it('reads every document of a YAML file, and leaves out the empty ones', async () => {
  const { value, documents } = await read('%YAML 1.2\n---\na: 1\n---\n---\nb: 2\n...\n');
  expect(value).toEqual({ a: 1 });
  expect(documents).toEqual([{ a: 1 }, { b: 2 }]);
});

it('keeps YAML plain: dates stay texts, yes stays a word, keys are texts', async () => {
  const { value } = await read('%YAML 1.1\n---\ndate: 2026-11-21\nanswer: yes\n1: one\nbytes: !!binary aGVsbG8=\n');
  expect(value).toEqual({ date: '2026-11-21', answer: 'yes', 1: 'one', bytes: 'aGVsbG8=' });
});

it('applies merge keys, and the keys of the map itself come first', async () => {
  const { value } = await read('base: &base {a: 1, b: 2}\none:\n  <<: *base\n  b: 3\n');
  expect(value).toMatchObject({ one: { a: 1, b: 3 } });
});

it('takes the last of two keys, and says so', async () => {
  const { value, warnings } = await read('a: 1\nb:\n  c: 1\n  c: 2\n');
  expect(value).toEqual({ a: 1, b: { c: 2 } });
  expect(warnings).toEqual([{ pointer: '', message: 'line 4: the key "c" is there twice; the last one counts' }]);
});

it('reads a quoted text whose lines are indented too little, as others do', async () => {
  const { value, warnings } = await read("a:\n  code:\n    'one\n  two\n    }'\n  b: 1\n");
  expect(value).toEqual({ a: { code: 'one two }', b: 1 } });
  expect(warnings.map(({ message }) => message)).toEqual(['line 3: the lines of a quoted text are indented too little']);
});

it('names the file, the line and the column of a slip', async () => {
  for (const [text, place] of [
    ['{\n  "a": ]\n}', 'model:2:8: is not valid JSON'],
    ['a: [1\nb: 2\n', 'model:2:1: is not valid YAML'],
    ['threatmodel "x" {\n  a = = 1\n}\n', 'model:2:7: is not valid HCL'],
  ] as const)
    await expect(read(text)).rejects.toThrow(place);
});

it('opens files, and says in one line why it does not', async () => {
  const path = join(folder, 'a.json');
  writeFileSync(path, '{"a": 1}');
  expect((await openDocument(path)).file).toBe(path);
  for (const [wrong, why] of [
    [join(folder, 'none.json'), 'there is no such file'],
    [folder, 'is a folder'],
    ['/dev/null', 'is not a file'],
  ] as const) {
    await expect(openDocument(wrong)).rejects.toThrow(InputError);
    await expect(openDocument(wrong)).rejects.toThrow(why);
  }
});
