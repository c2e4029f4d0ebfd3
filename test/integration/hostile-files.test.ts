import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inFolder } from '../cli/cli.ts';
import { INVISIBLE, RECORD, watched } from '../hostile/run.ts';

const text = JSON.stringify(RECORD);
const line = `${text}\n`;
const changed = (change: Record<string, unknown>): string => `${JSON.stringify({ ...RECORD, ...change })}\n`;
const without = (key: keyof typeof RECORD): string => `${JSON.stringify({ ...RECORD, [key]: undefined })}\n`;

/** A few MB that unfold to gigabytes: gzip members one after the other are one stream. */
function bomb(piece: string): Buffer {
  const member = gzipSync(piece.repeat(Math.ceil(2 ** 24 / piece.length)));
  return Buffer.concat(Array.from({ length: 200 }, () => member));
}

/** Evidence files, and what the one line has to say. */
const EVIDENCE: readonly (readonly [string, () => string | Buffer, RegExp])[] = [
  ['a gzip bomb of line breaks', () => bomb('\n'), /unfolds to more than 200 times its size/],
  ['a gzip bomb of blanks', () => bomb(' '), /the line is longer than 64 MiB/],
  ['a gzip bomb of one letter', () => bomb('x'), /the line is longer than 64 MiB/],
  ['a gzip bomb of records', () => bomb(line), /unfolds to more than 200 times its size/],
  ['gzip that is cut off', () => gzipSync(line.repeat(1000)).subarray(0, 120), /the gzip data is cut off/],
  ['gzip that is damaged', () => Buffer.concat([gzipSync(line).subarray(0, 20), Buffer.alloc(100, 7)]), /damaged|cut off/],
  ['gzip with nothing in it', () => gzipSync(''), /holds no evidence record/],
  ['nothing', () => '', /holds no evidence record/],
  ['blanks', () => ' \n\t\n\r\n', /holds no evidence record/],
  ['a last line that is cut off', () => `${line}${text.slice(0, 50)}`, /:2: the line is cut off/],
  ['a line in the middle that is cut off', () => `${text.slice(0, 50)}\n${line}`, /:1(:\d+)?: is not JSON/],
  ['zeros', () => Buffer.alloc(5000), /binary data or UTF-16/],
  ['a zero inside', () => text.replace('trailList', 'trail\u0000List'), /binary data or UTF-16/],
  ['UTF-16', () => Buffer.from(line, 'utf16le'), /binary data or UTF-16/],
  [
    'UTF-16 with its mark',
    () => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(line, 'utf16le')]),
    /binary data or UTF-16|not UTF-8/,
  ],
  ['bytes that are not UTF-8', () => Buffer.from(line.replace('trailList', 'tr\u00ff'), 'latin1'), /not UTF-8/],
  ['a line of 70 MB', () => `${text.slice(0, -1)}${' '.repeat(70_000_000)}}\n`, /longer than 64 MiB/],
  [
    'a text of 50 MB',
    () =>
      changed({ body: { trailList: [{ Name: 'x'.repeat(50_000_000), TrailARN: 'arn:aws:cloudtrail:us-east-1:111122223333:trail/x' }] } }),
    /holds a text of more than 1 MiB/,
  ],
  ['an argument of 50 MB', () => changed({ args: { Name: 'x'.repeat(50_000_000) } }), /holds a text of more than 1 MiB/],
  [
    'lists in lists, five million deep',
    () => line.replace('[]', `${'['.repeat(5_000_000)}${']'.repeat(5_000_000)}`),
    /nested more than 256 deep/,
  ],
  ['a contract of another version', () => changed({ v: 2 }), /\/v .*version 1/],
  ['no version', () => without('v'), /\/v /],
  ['no service', () => without('service'), /\/service /],
  ['no operation', () => without('op'), /\/op /],
  ['no time', () => without('at'), /\/at /],
  ['no provider', () => without('provider'), /\/provider /],
  ['neither body nor error', () => without('body'), /needs either a body or an error/],
  ['body and error', () => changed({ error: { code: 'X', message: '' } }), /needs either a body or an error/],
  ['an error that is text', () => without('body').replace('}\n', ',"error":"AccessDenied"}\n'), /\/error /],
  ['a provider that there is not', () => changed({ provider: 'oracle' }), /\/provider /],
  ['arguments that are a list', () => changed({ args: [1] }), /\/args /],
  ['the time "yesterday"', () => changed({ at: 'yesterday' }), /\/at /],
  ['the year 99999', () => changed({ at: '99999-01-01T00:00:00Z' }), /\/at /],
  ['the thirteenth month', () => changed({ at: '2026-13-01T00:00:00Z' }), /\/at /],
  ['page -1', () => changed({ page: -1 }), /\/page /],
  ['page 1.5', () => changed({ page: 1.5 }), /\/page /],
  ['a number', () => '42\n', /:1: /],
  ['a list', () => `[${text}]\n`, /:1: /],
  ['HTML', () => '<!DOCTYPE html><html><script>alert(1)</script></html>\n', /is not JSON/],
  ['terminal codes', () => '\u001b[2J\u001b]0;pwned\u0007\n', /is not JSON/],
];

describe('evidence that is none', () => {
  it.each(EVIDENCE)('%s: one line, exit 2, nothing written, soon and in little memory', async (_, make, says) => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'evidence.ndjson'), make());
      const ran = await watched('$VIEWSHED assess --evidence evidence.ndjson --output report.html --format html', folder);
      expect(ran.err).toMatch(says);
      expect(ran).toMatchObject({ code: 2, out: '', signal: null });
      expect(ran.err).toMatch(/^viewshed: [^\n]+\n$/);
      expect(ran.err).not.toMatch(INVISIBLE);
      expect(readdirSync(folder)).toEqual(['evidence.ndjson']);
      expect(ran.seconds).toBeLessThan(45);
      expect(ran.memory).toBeLessThan(1200);
    });
  });

  it('an import of a bomb leaves no scan', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'evidence.ndjson'), bomb(line));
      const ran = await watched('$VIEWSHED import evidence.ndjson --store s.db; $VIEWSHED export --store s.db', folder);
      expect(ran.err).toMatch(/unfolds[^\n]*\nviewshed: s\.db: holds no scan yet/);
      expect(ran.out).toBe('');
    });
  });

  it('more records than fit into memory end with a line, before Node is ended', async () => {
    await inFolder(async (folder) => {
      const to = openSync(join(folder, 'evidence.ndjson'), 'w');
      const trailList = Array.from({ length: 300 }, () => ({}));
      // Bodies differ: equal ones would be held once.
      for (let part = 0; part < 40; part++)
        writeSync(
          to,
          Array.from({ length: 1000 }, (_, index) =>
            changed({ args: { Name: `${part}-${index}` }, body: { trailList: [...trailList, { Name: `${part}-${index}` }] } }),
          ).join(''),
        );
      closeSync(to);
      const ran = await watched(`\${VIEWSHED/ / --max-old-space-size=800 } assess -e evidence.ndjson`, folder);
      expect(ran.err).toMatch(/^viewshed: evidence\.ndjson: \d+ records fill the memory that Node may take[^\n]*\n$/);
      expect(ran.code).toBe(2);
    });
  });
});

describe('evidence that is unusual', () => {
  const large = JSON.stringify({
    ...RECORD,
    op: 'ListTrails',
    args: {},
    body: { Trails: Array.from({ length: 500 }, (_, index) => ({ Name: `${index}${'x'.repeat(100_000)}` })) },
  });
  it.each<readonly [string, () => string | Buffer]>([
    ['a byte order mark', () => `\uFEFF${line}`],
    ['blank lines and Windows line ends', () => `\r\n\r\n${text}\r\n\n`],
    ['the same record twice', () => line + line],
    [
      '__proto__ and constructor as keys',
      () =>
        text
          .replace(
            '{"trailList":[]}',
            '{"__proto__":{"trailList":[{"Name":"p"}]},"constructor":{"prototype":{"polluted":1}},"trailList":[]}',
          )
          .replace('"args":{', '"args":{"__proto__":{"polluted":1},'),
    ],
    ['a line of 50 MB', () => `${large}\n`],
    [
      '100,000 small records',
      () =>
        Array.from({ length: 100_000 }, (_, index) =>
          changed({ service: 's3', op: 'GetBucketVersioning', args: { Bucket: `b${index}` }, body: {} }),
        ).join(''),
    ],
    ['a record of the far future', () => line + changed({ at: '9999-12-31T23:59:59Z', op: 'GetTrailStatus', args: { Name: 't' } })],
    ['an account of 256 characters that means something to a terminal', () => changed({ account: `\u001b[31m${'9'.repeat(240)}` })],
  ])('%s: a report', async (_, make) => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'evidence.ndjson'), make());
      const ran = await watched('$VIEWSHED assess --evidence evidence.ndjson', folder);
      expect(ran.err).toBe('');
      expect([1, 3]).toContain(ran.code);
      expect(ran.out).not.toMatch(INVISIBLE);
      expect(ran.out).not.toMatch(/polluted/);
      expect(ran.out.length).toBeLessThan(20_000);
      expect(ran.memory).toBeLessThan(1200);
    });
  });

  it('given twice says the same as given once', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'e.ndjson'), line);
      const verdicts = (out: string) => JSON.parse(out).needs.map((need: { verdict: string }) => need.verdict);
      const once = await watched('$VIEWSHED assess -f json -e e.ndjson', folder);
      const twice = await watched('$VIEWSHED assess -f json -e e.ndjson e.ndjson', folder);
      expect(verdicts(twice.out)).toEqual(verdicts(once.out));
    });
  });
});

describe('models that are none', () => {
  const MODELS: readonly (readonly [string, () => string | Buffer, RegExp])[] = [
    ['50 MB', () => `system: ${'x'.repeat(50_000_000)}\n`, /at most 5 Mi?B are read/],
    [
      'a bomb of aliases',
      () =>
        `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
          .split('')
          .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`)}]\n`)
          .join('')}version: 1\nsystem: *i\n`,
      /alias|copies|not known here/,
    ],
    ['an alias of itself', () => 'version: &v\n  a: *v\nsystem: x\n', /./],
    ['a thousand levels', () => `version: 1\nsystem: ${'['.repeat(1000)}${']'.repeat(1000)}\n`, /nested more than 64 levels/],
    [
      'blocks, a thousand levels',
      () => Array.from({ length: 1000 }, (_, index) => `${' '.repeat(index)}a:\n`).join(''),
      /nested more than (64|200) levels/,
    ],
    ['__proto__ as a key', () => 'version: 1\nsystem: x\n__proto__:\n  assets: []\n', /"__proto__" is not allowed/],
    [
      'constructor as a key',
      () => 'version: 1\nsystem: x\nconstructor: {prototype: {polluted: 1}}\n',
      /constructor: this key is not known here/,
    ],
    ['a tag of a language', () => 'version: 1\nsystem: !!js/function "function(){}"\n', /tag/],
    ['a key that is there twice', () => 'version: 1\nversion: 1\nsystem: x\n', /is there twice/],
    ['two documents', () => 'version: 1\n---\nversion: 1\n', /second document/],
    ['nothing', () => '', /holds nothing|is empty/],
    ['zeros', () => Buffer.alloc(100), /./],
    ['bytes that are not UTF-8', () => Buffer.from([0x76, 0xff, 0xfe, 0x80, 0x31]), /not text in UTF-8/],
    ['terminal codes in a key', () => 'version: 1\nsystem: x\n"\\e[2J\\e]0;pwned\\a\\u202e": 1\n', /not known here/],
    [
      'a value with a line break and codes',
      () => 'version: 1\nsystem: x\nthreats:\n  - {id: t, title: t, severity: "\\n\\e[31mhigh\\u200b"}\n',
      /severity/,
    ],
    ['a JSON of another kind', () => '{"bomFormat":"CycloneDX"}', /CycloneDX/],
  ];
  it.each(MODELS)('%s: one line, exit 2', async (_, make, says) => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'e.ndjson'), line);
      writeFileSync(join(folder, 'model.yaml'), make());
      for (const command of [
        '$VIEWSHED assess -e e.ndjson -m model.yaml -o report.json -f json',
        '$VIEWSHED assess -e e.ndjson --config model.yaml',
      ]) {
        const ran = await watched(command, folder, 30);
        expect(ran).toMatchObject({ code: 2, out: '' });
        expect(ran.err).toMatch(/^viewshed: model\.yaml[^\n]+\n$/);
        if (!command.includes('--config')) expect(ran.err).toMatch(says);
        expect(ran.err).not.toMatch(INVISIBLE);
        expect(ran.err.length).toBeLessThan(600);
      }
      expect(readdirSync(folder).sort()).toEqual(['e.ndjson', 'model.yaml']);
    });
  });

  it.each([
    'source: aws.cloudtrail.management, where: {toString: [a]}',
    'events: aws.cloudtrail.management.constructor',
    'source: constructor.toString',
  ])('what every object answers to is not known, and said so: %s', async (need) => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'e.ndjson'), line);
      writeFileSync(
        join(folder, 'model.yaml'),
        `version: 1\nsystem: x\nthreats:\n  - {id: t, title: t, severity: high, needs: [{${need}}]}\n`,
      );
      const ran = await watched('$VIEWSHED assess -e e.ndjson -m model.yaml -f json', folder);
      if (ran.code === 2) expect(ran.err).toMatch(/^viewshed: model\.yaml:4:\d+: [^\n]+\n$/);
      else expect(JSON.parse(ran.out).needs.map((one: { verdict: string }) => one.verdict)).toEqual(['unknown']);
    });
  });

  it.each([
    ['a folder', 'mkdir model.yaml', /is a folder/],
    ['a pipe that nobody writes to', 'mkfifo model.yaml', /a pipe or a device is not read/],
    ['a device without end', 'ln -s /dev/zero model.yaml', /a pipe or a device is not read/],
    ['a link to itself', 'ln -s model.yaml model.yaml', /cannot be read/],
  ])('%s: one line, exit 2, no waiting', async (_, make, says) => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'e.ndjson'), line);
      const ran = await watched(`${make}; $VIEWSHED assess -e e.ndjson -m model.yaml`, folder, 20);
      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(ran.err).toMatch(/^viewshed: [^\n]+\n$/);
      expect(ran.err).toMatch(says);
    });
  });

  it('selectors with ten thousand values: a line for a model, judged in time for a trail', async () => {
    await inFolder(async (folder) => {
      const values = Array.from({ length: 10_000 }, (_, index) => `arn:aws:s3:::bucket-${index}/`);
      const Name = 'arn:aws:cloudtrail:us-east-1:111122223333:trail/t';
      const records = [
        { body: { trailList: [{ Name: 't', TrailARN: Name, HomeRegion: 'us-east-1', IsMultiRegionTrail: true, S3BucketName: 'b' }] } },
        { op: 'GetTrailStatus', args: { Name }, body: { IsLogging: true, LatestDeliveryTime: RECORD.at } },
        {
          op: 'GetEventSelectors',
          args: { TrailName: Name },
          body: {
            AdvancedEventSelectors: [
              {
                FieldSelectors: [
                  { Field: 'eventCategory', Equals: ['Data'] },
                  { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
                  { Field: 'resources.ARN', StartsWith: values, NotStartsWith: values.slice(5000).map((one) => `${one}x`) },
                ],
              },
            ],
          },
        },
      ];
      writeFileSync(join(folder, 'e.ndjson'), records.map(changed).join(''));
      const model = (ARN: Record<string, string[]>): string =>
        JSON.stringify({
          version: 1,
          system: 's',
          assets: [],
          threats: [
            { id: 't', title: 't', severity: 'high', needs: [{ source: 'aws.cloudtrail.data.s3', where: { 'resources.ARN': ARN } }] },
          ],
        });
      writeFileSync(join(folder, 'large.yaml'), model({ startsWith: values }));
      writeFileSync(
        join(folder, 'model.yaml'),
        model({ startsWith: values.slice(0, 1000), notStartsWith: values.slice(0, 500).map((one) => `${one}x`) }),
      );
      const refused = await watched('$VIEWSHED assess -e e.ndjson -m large.yaml', folder, 60);
      expect(refused.err).toMatch(/^viewshed: large\.yaml:1:\d+: [^\n]*at most 1000 entries\n$/);
      const ran = await watched('$VIEWSHED assess -e e.ndjson -m model.yaml', folder, 50);
      expect(ran.err).toBe('');
      expect([1, 3]).toContain(ran.code);
    });
  });
});

describe('places that cannot be written', () => {
  it.each([
    ['a full device', '$VIEWSHED assess -e e.ndjson -o /dev/full', /\/dev\/full: cannot be written: the disk is full/],
    ['stdout that is full', '$VIEWSHED assess -e e.ndjson > /dev/full', /standard output: cannot be written: the disk is full/],
    [
      'stdout that is full, for JSON',
      '$VIEWSHED assess -f json -e e.ndjson > /dev/full',
      /standard output: cannot be written: the disk is full/,
    ],
    ['a folder', 'mkdir out; $VIEWSHED assess -e e.ndjson -o out', /is a folder; name a file/],
    ['a folder that there is not', '$VIEWSHED assess -e e.ndjson -o no/such/report.html', /folder does not exist/],
    ['a path through a file', '$VIEWSHED assess -e e.ndjson -o e.ndjson/report.html', /not a folder/],
    ['a name that is too long', `$VIEWSHED assess -e e.ndjson -o ${'n'.repeat(300)}`, /cannot be written/],
    ['a store that is text', '$VIEWSHED import e.ndjson --store e.ndjson', /not a Viewshed evidence store/],
    ['a store that is a folder', 'mkdir s.db; $VIEWSHED import e.ndjson --store s.db', /is not a file|is a folder/],
    [
      'an export to a full device',
      '$VIEWSHED import e.ndjson --store s.db 2>&-; $VIEWSHED export /dev/full --store s.db',
      /\/dev\/full: the disk is full/,
    ],
  ])('%s: one line, exit 2, nothing half written', async (_, command, says) => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'e.ndjson'), line);
      const ran = await watched(command, folder, 30);
      expect(ran.err).toMatch(says);
      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(ran.err).toMatch(/^viewshed: [^\n]+\n$/);
      expect(readFileSync(join(folder, 'e.ndjson'), 'utf8')).toBe(line);
      expect((readdirSync(folder, { recursive: true }) as string[]).filter((name) => /tmp|report/.test(name))).toEqual([]);
    });
  });

  it('a file size limit: one line, nothing half written', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'e.ndjson'), line);
      const ran = await watched('ulimit -f 2; trap "" XFSZ; $VIEWSHED assess -e e.ndjson -f html -o report.html', folder, 30);
      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(ran.err).toMatch(/^viewshed: report\.html: cannot be written[^\n]+\n$/);
      expect(readdirSync(folder)).toEqual(['e.ndjson']);
    });
  });

  it('devices stay devices and links stay links', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'e.ndjson'), line);
      writeFileSync(join(folder, 'real.json'), 'old');
      symlinkSync('real.json', join(folder, 'link.json'));
      const ran = await watched(
        '$VIEWSHED assess -e e.ndjson -o /dev/null; $VIEWSHED assess -e e.ndjson -f json -o link.json; $VIEWSHED assess -e e.ndjson -f json -o /dev/stdout 2>/dev/null | cat',
        folder,
        30,
      );
      expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
      expect(JSON.parse(readFileSync(join(folder, 'real.json'), 'utf8'))).toMatchObject({ schema: 1 });
      expect(JSON.parse(ran.out)).toMatchObject({ schema: 1 });
      expect(readdirSync(folder).sort()).toEqual(['e.ndjson', 'link.json', 'real.json']);
    });
  });

  it('a reader that goes away takes no more, and the exit code stays what was found', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'e.ndjson'), line.repeat(20_000));
      const ran = await watched(
        'set -o pipefail; $VIEWSHED assess -f json -e e.ndjson | head -c 1; echo " $?"; $VIEWSHED import e.ndjson --store s.db 2>/dev/null; $VIEWSHED export --store s.db | head -n 1 | wc -l; { $VIEWSHED assess -e no 2>&1 >&3 | true; } 3>/dev/null',
        folder,
        60,
      );
      expect(ran.err).toBe('');
      expect(ran.out).toMatch(/^\{ 3\n\s*1\n$/);
    });
  });

  it('a store that another process writes to: one line', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'e.ndjson'), line);
      mkdirSync(join(folder, '.viewshed'));
      const lock = `const { DatabaseSync } = require('node:sqlite'); const d = new DatabaseSync('s.db'); d.exec('BEGIN EXCLUSIVE'); setTimeout(() => {}, 25000);`;
      const ran = await watched(
        `$VIEWSHED import e.ndjson --store s.db 2>/dev/null; "${process.execPath}" -e "${lock}" 2>/dev/null & sleep 1.5; $VIEWSHED import e.ndjson --store s.db; code=$?; kill $!; exit $code`,
        folder,
        60,
      );
      expect(ran.err).toMatch(/^viewshed: s\.db: is in use by another scan[^\n]*\n$/);
      expect(ran.code).toBe(2);
    });
  });
});

it('bash is here to run this', () => {
  expect(spawnSync('/bin/bash', ['-c', 'mkfifo --version']).status).toBe(0);
});
