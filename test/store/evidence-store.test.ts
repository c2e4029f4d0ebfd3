import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvidenceRecord } from '../../src/model/evidence.ts';
import { InputError } from '../../src/model/input-error.ts';
import { type EvidenceStore, openStore } from '../../src/store/evidence-store.ts';
import { exportNdjson, importNdjson, readNdjson } from '../../src/store/ndjson.ts';

let folder: string;
let umask: number;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viewshed-store-'));
  umask = process.umask(0o000);
});
afterAll(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true, force: true });
});

let made = 0;
const fresh = (name = 'evidence.db') => join(folder, `${++made}-${name}`);

function recordOf(over: Partial<EvidenceRecord> = {}): EvidenceRecord {
  return {
    v: 1,
    provider: 'aws',
    account: '111122223333',
    region: 'eu-west-1',
    service: 'cloudtrail',
    op: 'DescribeTrails',
    args: {},
    at: '2026-11-21T12:00:00Z',
    body: { trailList: [] },
    ...over,
  };
}

function storeWith(records: EvidenceRecord[], path = fresh()): EvidenceStore {
  const store = openStore(path, { create: true });
  store.startScan({ id: 'one', startedAt: '2026-11-21T12:00:00Z', options: 'o' });
  for (const record of records) store.put('one', record);
  return store;
}

async function lineOf(work: () => unknown): Promise<string> {
  const error = await (async () => work())().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).not.toMatch(/\n/);
  return (error as Error).message.replaceAll(folder, '');
}

describe('the store', () => {
  it('keeps equal answers once, whatever the order of their keys, and gives every record back', () => {
    const path = fresh();
    const store = storeWith(
      [
        recordOf(),
        recordOf({ region: 'eu-west-2' }),
        recordOf({ account: '444455556666', body: { b: 1, a: { d: 1, c: 2 } } }),
        recordOf({ account: '777788889999', body: { a: { c: 2, d: 1 }, b: 1 } }),
        {
          ...recordOf({ op: 'GetTrail', args: { Name: 'main' } }),
          body: undefined,
          error: { code: 'AccessDenied', message: 'no', status: 403 },
        },
      ],
      path,
    );
    const records = [...store.records('one')];
    expect(records.map((record) => record.id)).toEqual([1, 2, 3, 4, 5]);
    expect(records[1]).toEqual({ ...recordOf({ region: 'eu-west-2' }), id: 2 });
    expect(records[4]?.error).toEqual({ code: 'AccessDenied', message: 'no', status: 403 });
    expect(records[4]).not.toHaveProperty('body');
    expect(records[0]?.body).toBe(records[1]?.body);
    expect(records[2]?.body).toBe(records[3]?.body);
    store.close();
    const raw = new DatabaseSync(path);
    expect(raw.prepare('SELECT count(*) AS n FROM content').get()).toEqual({ n: 3 });
    raw.close();
  });

  it('finds the pages of one call, the newest answer of each', () => {
    const page = (number: number, at: string, body: unknown) => recordOf({ op: 'ListTrails', page: number, at, body });
    const store = storeWith([
      page(0, '2026-11-21T12:00:00Z', { n: 0 }),
      page(1, '2026-11-21T12:00:01Z', { n: 'late' }),
      page(1, '2026-11-21T12:00:02Z', { n: 1 }),
      recordOf({ op: 'ListTrails', args: { other: true }, page: 0, body: {} }),
    ]);
    const call = { provider: 'aws', account: '111122223333', region: 'eu-west-1', service: 'cloudtrail', op: 'ListTrails', args: {} };
    expect(store.found('one', call).map((record) => record.body)).toEqual([{ n: 0 }, { n: 1 }]);
    expect(store.found('one', { ...call, region: undefined })).toEqual([]);
    store.put('one', page(0, '2026-11-21T13:00:00Z', { anew: true }));
    expect(store.found('one', call).map((record) => record.body)).toEqual([{ anew: true }]);
    store.close();
  });

  it('turns dates and bytes into text, and keeps hostile keys as data', () => {
    const store = storeWith([
      recordOf({
        body: {
          when: new Date('2026-01-02T03:04:05Z'),
          bytes: new Uint8Array([1, 2, 3]),
          none: undefined,
          ['__proto__']: 'p',
          deep: JSON.parse('{"__proto__":{"x":1}}'),
        },
      }),
    ]);
    const [record] = [...store.records()];
    expect(JSON.stringify(record?.body)).toBe(
      '{"bytes":"AQID","deep":{"__proto__":{"x":1}},"when":"2026-01-02T03:04:05.000Z"}'.replace('{"bytes"', '{"__proto__":"p","bytes"'),
    );
    expect(({} as { x?: number }).x).toBeUndefined();
    store.close();
  });

  it('is private to its owner under a loose umask, -wal and -shm too, and an opened loose file becomes private', () => {
    const path = fresh();
    const store = storeWith([recordOf()], path);
    store.flush();
    for (const file of readdirSync(folder).filter((name) => path.endsWith(name.replace(/-(wal|shm)$/, '')))) {
      expect([file, (statSync(join(folder, file)).mode & 0o777).toString(8)]).toEqual([file, '600']);
    }
    expect(readdirSync(folder).some((name) => name.endsWith('-wal'))).toBe(true);
    store.close();
    chmodSync(path, 0o644);
    openStore(path).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('lists scans and keeps them apart', () => {
    const store = storeWith([recordOf()]);
    store.startScan({ id: 'two', startedAt: '2026-11-22T12:00:00Z', options: 'o' });
    store.put('two', recordOf({ region: 'us-east-1' }));
    store.finishScan('one', '2026-11-21T12:30:00Z');
    expect(store.scans()).toEqual([
      { id: 'one', startedAt: '2026-11-21T12:00:00Z', finishedAt: '2026-11-21T12:30:00Z', options: 'o', records: 1 },
      { id: 'two', startedAt: '2026-11-22T12:00:00Z', options: 'o', records: 1 },
    ]);
    expect([...store.records('two')].map((record) => record.region)).toEqual(['us-east-1']);
    expect([...store.records()]).toHaveLength(2);
    store.close();
  });

  it('survives kill -9 at any moment: what was written some milliseconds ago is there', () => {
    const path = fresh();
    const script = join(folder, 'writer.mts');
    writeFileSync(
      script,
      `
      import { openStore } from '${join(import.meta.dirname, '../../src/store/evidence-store.ts')}';
      const store = openStore(process.argv[2], { create: true });
      store.startScan({ id: 'one', startedAt: '2026-11-21T12:00:00Z', options: 'o' });
      for (let i = 0; i < 700; i++) store.put('one', { v: 1, provider: 'aws', account: String(i), service: 's', op: 'o', args: {}, at: '2026-11-21T12:00:00Z', body: { i } });
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (let i = 0; i < 30; i++) store.put('one', { v: 1, provider: 'aws', account: 'tail', service: 's', op: 'o', args: { i }, at: '2026-11-21T12:00:00Z', body: {} });
      process.kill(process.pid, 'SIGKILL');`,
    );
    const ended = spawnSync(process.execPath, [script, path]);
    expect(ended.stderr.toString()).toBe('');
    expect(ended.signal).toBe('SIGKILL');
    const store = openStore(path);
    const records = [...store.records('one')];
    expect(records.length).toBeGreaterThanOrEqual(700);
    expect(records.slice(0, 700).every((record, index) => record.account === String(index))).toBe(true);
    expect(store.scans()[0]?.finishedAt).toBeUndefined();
    store.put('one', recordOf());
    store.close();
  });

  it('says in one line what is wrong with the file', async () => {
    const text = fresh('notes.txt');
    writeFileSync(text, 'no database\n');
    expect(await lineOf(() => openStore(text))).toMatch(/notes\.txt: is not a Viewshed evidence store$/);
    const other = fresh('other.db');
    const foreign = new DatabaseSync(other);
    foreign.exec('CREATE TABLE x (y)');
    foreign.close();
    expect(await lineOf(() => openStore(other, { create: true }))).toMatch(/is not a Viewshed evidence store$/);
    const newer = fresh('newer.db');
    storeWith([], newer).close();
    const changed = new DatabaseSync(newer);
    changed.exec('PRAGMA user_version = 99');
    changed.close();
    expect(await lineOf(() => openStore(newer))).toMatch(/newer Viewshed \(store version 99, .*update Viewshed/);
    expect(await lineOf(() => openStore(fresh('gone.db')))).toMatch(/there is no evidence store here/);
    expect(await lineOf(() => openStore(join(text, 'below.db'), { create: true }))).toMatch(/cannot be written/);
    expect(await lineOf(() => openStore(folder, { create: true }))).toMatch(/is not a file/);
    const cut = fresh('cut.db');
    storeWith(
      Array.from({ length: 200 }, (_, i) => recordOf({ body: { i, text: 'x'.repeat(200) } })),
      cut,
    ).close();
    writeFileSync(cut, readFileSync(cut).subarray(0, 9000));
    expect(await lineOf(() => [...openStore(cut).records()])).toMatch(/is not a Viewshed evidence store, or is damaged/);
  });

  it('reports a write that fails, also one that fails between two calls', async () => {
    const path = fresh();
    const script = join(folder, 'full.mts');
    writeFileSync(
      script,
      `
      import { openStore } from '${join(import.meta.dirname, '../../src/store/evidence-store.ts')}';
      const store = openStore(process.argv[2], { create: true });
      store.startScan({ id: 'one', startedAt: '2026-11-21T12:00:00Z', options: 'o' });
      try {
        for (let i = 0; i < 400; i++) {
          store.put('one', { v: 1, provider: 'aws', service: 's', op: 'o', args: { i }, at: '2026-11-21T12:00:00Z', body: { i, text: 'x'.repeat(5000) } });
          if (i % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 30));
        }
        store.flush();
      } catch (error) { console.log(error.name + ': ' + error.message); process.exit(error.exitCode); }`,
    );
    const ended = spawnSync('bash', ['-c', `trap '' XFSZ; ulimit -f 600; exec "$0" "$1" "$2"`, process.execPath, script, path]);
    expect(ended.stdout.toString()).toMatch(/^InputError: .*(the disk is full|disk or file size limit)/);
    expect(ended.status).toBe(2);
    await sleep(1);
    expect(() => [...openStore(path).records('one')]).not.toThrow();
  });
});

describe('NDJSON', () => {
  const read = async (path: string, options = {}) => {
    const records = [];
    for await (const record of readNdjson(path, options)) records.push(record);
    return records;
  };
  const line = (over: Partial<EvidenceRecord> = {}) => JSON.stringify(recordOf(over));

  it.each(['evidence.ndjson', 'evidence.ndjson.gz'])('goes out and comes back equal: %s', async (name) => {
    const records = [
      recordOf(),
      recordOf({ page: 0, args: { b: 1, a: [{}] } }),
      { ...recordOf(), body: undefined, error: { code: 'X', message: 'ü\u2028"' } },
      recordOf({ body: null }),
    ];
    const store = storeWith(records);
    const path = fresh(name);
    expect(await exportNdjson(store, path, 'one')).toBe(4);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    expect(name.endsWith('.gz') ? gunzipSync(readFileSync(path)).toString().split('\n').length : 5).toBe(5);
    const again = openStore(fresh(), { create: true });
    expect(await importNdjson(again, { id: 'i', at: '2026-11-22T00:00:00Z' }, [path])).toBe(4);
    expect([...again.records('i')]).toEqual([...store.records('one')]);
    store.close();
    again.close();
  });

  it('knows gzip by its content, takes CRLF, a byte order mark, blank lines and no line break at the end', async () => {
    const path = fresh('e.ndjson');
    writeFileSync(path, gzipSync(`\ufeff${line()}\r\n\r\n${line({ region: 'us-east-1' })}`));
    expect((await read(path, { firstId: 7 })).map((record) => [record.id, record.region])).toEqual([
      [7, 'eu-west-1'],
      [8, 'us-east-1'],
    ]);
  });

  it.each([
    ['not JSON', `${line()}\n{"v":1,oops}\n`, /e\.ndjson:2:8: is not JSON/],
    ['cut off', `${line()}\n${line().slice(0, 40)}`, /e\.ndjson:2: the line is cut off/],
    ['a wrong type', `${line({ account: 5 as unknown as string })}\n`, /e\.ndjson:1: \/account .*expected string/],
    [
      'a wrong member of the error',
      `${JSON.stringify({ ...recordOf(), body: undefined, error: { message: 'x' } })}\n`,
      /:1: \/error\/code /,
    ],
    ['neither body nor error', `${JSON.stringify({ ...recordOf(), body: undefined })}\n`, /:1: the record needs either a body or an error/],
    ['another version', `${line({ v: 2 as 1 })}\n`, /:1: \/v .*version 1/],
    ['an array', `[]\n`, /:1: the record /],
    [
      'nesting',
      `${line({ body: 'DEEP' }).replace('"DEEP"', '['.repeat(100_000) + ']'.repeat(100_000))}\n`,
      /:1: is nested more than 256 deep/,
    ],
    ['not UTF-8', Buffer.concat([Buffer.from(line()), Buffer.from([10, 0xff, 0xfe, 10])]), /:2: is not UTF-8/],
    ['nothing', '\n\n', /holds no evidence record/],
    [
      'gzip cut off',
      gzipSync(Array.from({ length: 3000 }, (_, i) => line({ args: { i, r: Math.random() } })).join('\n')).subarray(0, 20_000),
      /the gzip data is cut off after line \d+/,
    ],
    ['gzip damaged', Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from('no gzip at all, at all')]), /is not gzip data, or is damaged/],
  ])('%s is one line', async (_, content, expected) => {
    const path = fresh('e.ndjson');
    writeFileSync(path, content);
    expect(await lineOf(() => read(path))).toMatch(expected);
  });

  it('says what is wrong with the file itself, in one line without terminal codes', async () => {
    expect(await lineOf(() => read(join(folder, 'no\u001b[31mne')))).toBe('/no [31mne: there is no such file');
    expect(await lineOf(() => read(folder))).toMatch(/is a folder/);
    const plainText = fresh('e.ndjson.gz');
    writeFileSync(plainText, `${line()}\n`);
    expect(await lineOf(() => read(plainText))).toMatch(/is not gzip data/);
    const store = storeWith([recordOf()]);
    expect(await lineOf(() => exportNdjson(store, join(folder, 'none', 'x.ndjson')))).toMatch(/its folder does not exist/);
    store.close();
  });

  it('refuses a line without end and too many records', async () => {
    const path = fresh('e.ndjson');
    writeFileSync(path, `${line()}\n${line({ body: 'x'.repeat(5000) })}`);
    expect(await lineOf(() => read(path, { maxLineBytes: 4096 }))).toMatch(/:2: the line is longer than 4096 bytes/);
    writeFileSync(path, `${line()}\n${line()}\n${line()}\n`);
    expect(await lineOf(() => read(path, { maxRecords: 2 }))).toMatch(/:3: more than 2 records/);
  });

  it('imports all or nothing', async () => {
    const good = fresh('a.ndjson');
    const bad = fresh('b.ndjson');
    writeFileSync(good, `${line()}\n`);
    writeFileSync(bad, `${line()}\nbad\n`);
    const store = openStore(fresh(), { create: true });
    expect(await lineOf(() => importNdjson(store, { id: 'i', at: '2026-11-22T00:00:00Z' }, [good, bad]))).toMatch(
      /b\.ndjson:2(:\d+)?: is not JSON/,
    );
    expect(store.scans()).toEqual([]);
    expect([...store.records()]).toEqual([]);
    expect(await importNdjson(store, { id: 'i', at: '2026-11-22T00:00:00Z' }, [good])).toBe(1);
    store.close();
  });

  it('streams 50 MB', async () => {
    const path = fresh('large.ndjson');
    writeFileSync(path, '');
    const block = Array.from({ length: 500 }, (_, i) => line({ args: { i }, body: { text: 'y'.repeat(2000), i: i % 7 } })).join('\n');
    for (let i = 0; i < 50; i++) appendFileSync(path, `${block}\n`);
    expect(statSync(path).size).toBeGreaterThan(50e6);
    const before = process.memoryUsage().rss;
    let count = 0;
    for await (const _ of readNdjson(path)) count++;
    expect(count).toBe(25_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });
});
