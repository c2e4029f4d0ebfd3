import { hash } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EvidenceRecord, StoredEvidence } from '../model/evidence.ts';
import { InputError } from '../model/input-error.ts';
import { plain } from './plain.ts';

const VERSION = 1;
const APPLICATION = 0x56534844;
const BATCH_RECORDS = 500;
const BATCH_MILLISECONDS = 50;
/** Texts up to this length are remembered by content while writing, so that an answer seen before is not hashed again. */
const SHORT = 512;
const REMEMBERED = 4000;
/** While reading, parsed answers are kept up to this much text; equal ones are parsed once. */
const PARSED_CHARACTERS = 128 * 1024 * 1024;

export interface Scan {
  readonly id: string;
  /** ISO time. */
  readonly startedAt: string;
  /** ISO time; absent while it runs and after it was broken off. */
  readonly finishedAt?: string;
  /** Hash of what was asked for: a scan goes on only with the options it began with. */
  readonly options: string;
  readonly records: number;
}

/** What identifies one call; its pages are records of their own. */
export interface Call {
  readonly provider: string;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly service: string;
  readonly op: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A destination and who has to be asked about it. */
export interface WantedRow {
  readonly kind: string;
  readonly id: string;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}

export interface EvidenceStore {
  readonly path: string;
  /** All scans, oldest first. */
  scans(): Scan[];
  startScan(scan: { readonly id: string; readonly startedAt: string; readonly options: string }): void;
  finishScan(id: string, at: string): void;
  /** Keeps a record and returns its number. It is safe on disk some milliseconds later, or after `flush`. */
  put(scan: string, record: EvidenceRecord): number;
  /** The pages of a call made before in this scan, in order, the newest answer of each. */
  found(scan: string, call: Call): StoredEvidence[];
  /** Records of one scan, or of all, in the order they came. Equal answers are one object: do not change them. */
  records(scan?: string): IterableIterator<StoredEvidence>;
  /** The same as NDJSON lines without line break. */
  lines(scan?: string): IterableIterator<string>;
  /** Everything done inside is kept, or nothing of it. */
  whole<T>(work: () => Promise<T>): Promise<T>;
  flush(): void;
  close(): void;
  readonly work: CollectWork;
}

/** What a collect that is not finished has to remember, kept on disk so that memory does not grow with the estate. */
export interface CollectWork {
  /** Marks a step (`sources`, `stores`, `reached`, …) of an account as done. */
  mark(scan: string, step: string, account: string): void;
  marked(scan: string, step: string, account: string): boolean;
  /** Accounts with the mark, in order. */
  accounts(scan: string, step: string): string[];
  want(scan: string, namedBy: string, wanted: WantedRow): void;
  own(scan: string, kind: string, id: string, account: string, region?: string): void;
  /** Destinations of the kind that neither tell their account nor were seen in a list of what an account owns. */
  unowned(scan: string, kind: string): number;
  /**
   * Settles who is asked about which destination: the account it tells, the account seen to own it, or up to `namers` of those that named
   * it; only accounts marked `reached` are asked. Returns the accounts in order.
   */
  assign(scan: string, namers: number): string[];
  /** Destinations that the account is asked about. */
  assigned(scan: string, account: string): WantedRow[];
}

const SCHEMA = `
CREATE TABLE scan (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, started TEXT NOT NULL, finished TEXT, options TEXT NOT NULL) STRICT;
CREATE TABLE content (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, text TEXT NOT NULL) STRICT;
CREATE TABLE record (
  id INTEGER PRIMARY KEY, scan INTEGER NOT NULL REFERENCES scan, call BLOB NOT NULL, provider TEXT NOT NULL, account TEXT, region TEXT,
  service TEXT NOT NULL, op TEXT NOT NULL, args TEXT NOT NULL, page INTEGER, at TEXT NOT NULL, failed INTEGER NOT NULL,
  content INTEGER NOT NULL REFERENCES content) STRICT;
CREATE INDEX record_call ON record (scan, call);
CREATE TABLE mark (scan INTEGER NOT NULL, step TEXT NOT NULL, account TEXT NOT NULL, PRIMARY KEY (scan, step, account)) STRICT, WITHOUT ROWID;
CREATE TABLE wanted (scan INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT, region TEXT, named TEXT NOT NULL,
  PRIMARY KEY (scan, kind, id, named)) STRICT, WITHOUT ROWID;
CREATE TABLE owned (scan INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL, region TEXT,
  PRIMARY KEY (scan, kind, id)) STRICT, WITHOUT ROWID;
CREATE TABLE assigned (scan INTEGER NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, region TEXT,
  PRIMARY KEY (scan, account, kind, id)) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION};
PRAGMA user_version = ${VERSION};
`;

const ASSIGN = `
INSERT OR IGNORE INTO assigned (scan, account, kind, id, region)
SELECT scan, asked, kind, id, region FROM (
  SELECT w.scan, w.kind, w.id, coalesce(w.region, o.region) AS region, coalesce(w.account, o.account, w.named) AS asked,
    CASE WHEN coalesce(w.account, o.account) IS NULL THEN dense_rank() OVER (PARTITION BY w.kind, w.id ORDER BY w.named) ELSE 1 END AS rank
  FROM wanted w LEFT JOIN owned o ON o.scan = w.scan AND o.kind = w.kind AND o.id = w.id
  WHERE w.scan = ?
) AS found
WHERE rank <= ? AND EXISTS (SELECT 1 FROM mark WHERE mark.scan = found.scan AND step = 'reached' AND mark.account = asked)`;

/** Opens a store of evidence, a private SQLite file. `create` makes it where there is none; `readOnly` leaves the file as it is. */
export function openStore(path: string, options: { readonly create?: boolean; readonly readOnly?: boolean } = {}): EvidenceStore {
  prepare(path, options);
  const database = guarded(path, () => connect(path, options.readOnly === true));
  return storeOn(path, database);
}

function prepare(path: string, options: { readonly create?: boolean; readonly readOnly?: boolean }): void {
  guarded(path, () => {
    if (!existsSync(path)) {
      if (!options.create) throw new InputError(`${path}: there is no evidence store here; \`viewshed collect\` makes one`);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Made before SQLite sees it, so that it is private from its first byte; SQLite gives the -wal and -shm files the same mode.
      closeSync(openSync(path, 'wx', 0o600));
      chmodSync(path, 0o600);
      return;
    }
    const found = statSync(path);
    if (!found.isFile()) throw new InputError(`${path}: is not a file; name the evidence store's file`);
    if (!isDatabase(path, found.size) || (found.size === 0 && !options.create))
      throw new InputError(`${path}: is not a Viewshed evidence store`);
    if (!options.readOnly && (found.mode & 0o077) !== 0) chmodSync(path, 0o600);
  });
}

function isDatabase(path: string, size: number): boolean {
  if (size === 0) return true;
  const head = Buffer.alloc(16);
  const file = openSync(path, 'r');
  readSync(file, head, 0, 16, 0);
  closeSync(file);
  return head.toString('latin1') === 'SQLite format 3\0';
}

/** `node:sqlite` warns that it is young; that is no news for the reader of a report. */
function sqlite(): typeof import('node:sqlite') {
  const emit = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emit;
  }
}

function connect(path: string, readOnly: boolean): DatabaseSync {
  const { DatabaseSync } = sqlite();
  const database = new DatabaseSync(path, { readOnly, timeout: 10_000 });
  try {
    const version = (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
    const application = (database.prepare('PRAGMA application_id').get() as { application_id: number }).application_id;
    const tables = (database.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number }).n;
    if (application !== APPLICATION && (tables > 0 || readOnly)) throw new InputError(`${path}: is not a Viewshed evidence store`);
    if (version > VERSION) {
      throw new InputError(
        `${path}: was written by a newer Viewshed (store version ${version}, this one reads up to ${VERSION}); update Viewshed`,
      );
    }
    if (!readOnly) {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -8000;');
      if (tables === 0) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Turns what the file system and SQLite say into the one line that helps. */
function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(path, error);
  }
}

function storeError(path: string, error: unknown): unknown {
  if (error instanceof InputError || !(error instanceof Error)) return error;
  const { code, errcode } = error as Error & { code?: string; errcode?: number };
  const primary = (errcode ?? 0) & 0xff;
  if (primary === 13 || code === 'ENOSPC' || code === 'EDQUOT') {
    return new InputError(`${path}: the disk is full; make room and go on with --resume`, { cause: error });
  }
  if (primary === 26 || primary === 11) return new InputError(`${path}: is not a Viewshed evidence store, or is damaged`, { cause: error });
  if (primary === 5 || primary === 6) return new InputError(`${path}: is in use by another scan; wait for it to end`, { cause: error });
  if (
    primary === 8 ||
    primary === 14 ||
    code === 'EACCES' ||
    code === 'EPERM' ||
    code === 'EROFS' ||
    code === 'ENOENT' ||
    code === 'ENOTDIR' ||
    code === 'EEXIST'
  ) {
    return new InputError(`${path}: cannot be written; check the folder and its permissions`, { cause: error });
  }
  if (primary === 10) return new InputError(`${path}: reading or writing it failed (disk or file size limit)`, { cause: error });
  return error;
}

type Row = {
  id: number;
  provider: string;
  account: string | null;
  region: string | null;
  service: string;
  op: string;
  args: string;
  page: number | null;
  at: string;
  failed: number;
  content: number;
  text: string;
};

const ROWS = `SELECT r.id, provider, account, region, service, op, args, page, at, failed, content, text
  FROM record r JOIN content c ON c.number = r.content`;

function storeOn(path: string, database: DatabaseSync): EvidenceStore {
  const statements = new Map<string, StatementSync>();
  const contents = new Map<string, number>();
  const scanNumbers = new Map<string, number>();
  let pending = 0;
  let open = false;
  let whole = false;
  let timer: NodeJS.Timeout | undefined;
  let fault: { readonly error: unknown } | undefined;

  const sql = (text: string): StatementSync => {
    let statement = statements.get(text);
    if (!statement) statements.set(text, (statement = database.prepare(text)));
    return statement;
  };

  function scanNumber(id: string): number {
    let number = scanNumbers.get(id);
    if (number === undefined) {
      const row = sql('SELECT number FROM scan WHERE id = ?').get(id) as { number: number } | undefined;
      if (!row) throw new InputError(`${path}: holds no scan "${id}"`);
      scanNumbers.set(id, (number = row.number));
    }
    return number;
  }

  function commit(): void {
    if (timer) clearTimeout(timer);
    timer = undefined;
    if (fault) throw fault.error;
    if (!open || whole) return;
    open = false;
    pending = 0;
    guarded(path, () => database.exec('COMMIT'));
  }

  /** Writes go into a transaction that ends by itself a little later. */
  function write<T>(work: () => T): T {
    if (fault) throw fault.error;
    return guarded(path, () => {
      if (!open) {
        database.exec('BEGIN IMMEDIATE');
        open = true;
      }
      const result = work();
      if (whole) return result;
      if (++pending >= BATCH_RECORDS) commit();
      else if (!timer) {
        timer = setTimeout(() => {
          try {
            commit();
          } catch (error) {
            // Nobody waits for a timer: the next write or flush reports it.
            fault = { error };
          }
        }, BATCH_MILLISECONDS);
        timer.unref();
      }
      return result;
    });
  }

  function contentNumber(text: string): number {
    const known = contents.get(text);
    if (known !== undefined) return known;
    const digest = hash('sha256', text, 'buffer');
    const row = (sql('SELECT number FROM content WHERE hash = ?').get(digest) ??
      sql('INSERT INTO content (hash, text) VALUES (?, ?) RETURNING number').get(digest, text)) as { number: number };
    if (text.length <= SHORT) {
      if (contents.size >= REMEMBERED) contents.clear();
      contents.set(text, row.number);
    }
    return row.number;
  }

  const store: EvidenceStore = {
    path,
    scans() {
      commit();
      const rows = sql(
        'SELECT id, started, finished, options, (SELECT count(*) FROM record WHERE scan = number) AS records FROM scan ORDER BY number',
      ).all() as { id: string; started: string; finished: string | null; options: string; records: number }[];
      return rows.map((row) => ({
        id: row.id,
        startedAt: row.started,
        ...(row.finished === null ? {} : { finishedAt: row.finished }),
        options: row.options,
        records: row.records,
      }));
    },
    startScan(scan) {
      write(() => {
        if (sql('SELECT 1 FROM scan WHERE id = ?').get(scan.id)) throw new InputError(`${path}: already holds a scan "${scan.id}"`);
        sql('INSERT INTO scan (id, started, options) VALUES (?, ?, ?)').run(scan.id, scan.startedAt, scan.options);
      });
      commit();
    },
    finishScan(id, at) {
      const number = scanNumber(id);
      write(() => sql('UPDATE scan SET finished = ? WHERE number = ?').run(at, number));
      commit();
    },
    put(scan, record) {
      const number = scanNumber(scan);
      const args = JSON.stringify(plain(record.args));
      const text = JSON.stringify(record.error === undefined ? plain(record.body) : plain(record.error)) ?? 'null';
      return write(() => {
        const inserted = sql(`INSERT INTO record (scan, call, provider, account, region, service, op, args, page, at, failed, content)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`).run(
          number,
          callKey(record, args),
          record.provider,
          record.account ?? null,
          record.region ?? null,
          record.service,
          record.op,
          args,
          record.page ?? null,
          record.at,
          record.error === undefined ? 0 : 1,
          contentNumber(text),
        );
        return Number(inserted.lastInsertRowid);
      });
    },
    found(scan, call) {
      const args = JSON.stringify(plain(call.args));
      const rows = sql(`${ROWS} WHERE r.scan = ? AND r.call = ? ORDER BY r.id`).all(scanNumber(scan), callKey(call, args)) as Row[];
      const pages = new Map<number, StoredEvidence>();
      for (const row of rows) {
        // A later first page began the list anew.
        if ((row.page ?? 0) === 0) pages.clear();
        pages.set(row.page ?? 0, evidenceOf(row, JSON.parse(row.args), JSON.parse(row.text)));
      }
      return [...pages.entries()].sort(([a], [b]) => a - b).map(([, record]) => record);
    },
    *records(scan) {
      const parsed = new Map<number, unknown>();
      const parsedArgs = new Map<string, Record<string, unknown>>();
      let room = PARSED_CHARACTERS;
      for (const row of rowsOf(scan)) {
        let body = parsed.get(row.content);
        if (body === undefined) {
          body = JSON.parse(row.text);
          room -= row.text.length;
          if (room > 0) parsed.set(row.content, body);
        }
        let args = parsedArgs.get(row.args);
        if (!args) {
          args = JSON.parse(row.args) as Record<string, unknown>;
          if (parsedArgs.size < 100_000) parsedArgs.set(row.args, args);
        }
        yield evidenceOf(row, args, body);
      }
    },
    *lines(scan) {
      for (const row of rowsOf(scan)) yield lineOf(row);
    },
    async whole(work) {
      commit();
      guarded(path, () => database.exec('BEGIN IMMEDIATE'));
      open = whole = true;
      try {
        const result = await work();
        whole = false;
        commit();
        return result;
      } catch (error) {
        whole = open = false;
        contents.clear();
        scanNumbers.clear();
        database.exec('ROLLBACK');
        throw error;
      }
    },
    flush: commit,
    close() {
      if (!database.isOpen) return;
      try {
        commit();
      } finally {
        statements.clear();
        database.close();
      }
    },
    work: {
      mark(scan, step, account) {
        const number = scanNumber(scan);
        write(() => sql('INSERT OR IGNORE INTO mark (scan, step, account) VALUES (?, ?, ?)').run(number, step, account));
      },
      marked: (scan, step, account) =>
        sql('SELECT 1 FROM mark WHERE scan = ? AND step = ? AND account = ?').get(scanNumber(scan), step, account) !== undefined,
      accounts: (scan, step) =>
        (
          sql('SELECT account FROM mark WHERE scan = ? AND step = ? ORDER BY account').all(scanNumber(scan), step) as { account: string }[]
        ).map((row) => row.account),
      want(scan, namedBy, wanted) {
        const number = scanNumber(scan);
        write(() =>
          sql('INSERT OR IGNORE INTO wanted (scan, kind, id, account, region, named) VALUES (?, ?, ?, ?, ?, ?)').run(
            number,
            wanted.kind,
            wanted.id,
            wanted.account ?? null,
            wanted.region ?? null,
            namedBy,
          ),
        );
      },
      own(scan, kind, id, account, region) {
        const number = scanNumber(scan);
        write(() =>
          sql('INSERT OR IGNORE INTO owned (scan, kind, id, account, region) VALUES (?, ?, ?, ?, ?)').run(
            number,
            kind,
            id,
            account,
            region ?? null,
          ),
        );
      },
      unowned: (scan, kind) =>
        (
          sql(`SELECT count(DISTINCT w.id) AS n FROM wanted w WHERE w.scan = ? AND w.kind = ? AND w.account IS NULL
        AND NOT EXISTS (SELECT 1 FROM owned o WHERE o.scan = w.scan AND o.kind = w.kind AND o.id = w.id)`).get(scanNumber(scan), kind) as {
            n: number;
          }
        ).n,
      assign(scan, namers) {
        const number = scanNumber(scan);
        write(() => {
          sql('DELETE FROM assigned WHERE scan = ?').run(number);
          sql(ASSIGN).run(number, namers);
        });
        return (sql('SELECT DISTINCT account FROM assigned WHERE scan = ? ORDER BY account').all(number) as { account: string }[]).map(
          (row) => row.account,
        );
      },
      assigned: (scan, account) =>
        (
          sql('SELECT kind, id, region FROM assigned WHERE scan = ? AND account = ? ORDER BY kind, id').all(scanNumber(scan), account) as {
            kind: string;
            id: string;
            region: string | null;
          }[]
        ).map((row) => ({ kind: row.kind, id: row.id, account, ...(row.region === null ? {} : { region: row.region }) })),
    },
  };

  function rowsOf(scan: string | undefined): Iterable<Row> {
    commit();
    // Statements that are being walked are not shared: two readers may be under way at once.
    const walk = database.prepare(scan === undefined ? `${ROWS} ORDER BY r.id` : `${ROWS} WHERE r.scan = ? ORDER BY r.id`);
    return (scan === undefined ? walk.iterate() : walk.iterate(scanNumber(scan))) as unknown as Iterable<Row>;
  }

  return store;
}

/** Sixteen bytes: first the account, so that one account's calls lie together and a batch touches few pages of the index; then the call in it. */
function callKey(
  call: { provider: string; account?: string | undefined; region?: string | undefined; service: string; op: string },
  args: string,
): Buffer {
  const key = Buffer.allocUnsafe(16);
  let mixed = 0x811c9dc5;
  const account = call.account ?? '';
  for (let i = 0; i < account.length; i++) mixed = Math.imul(mixed ^ account.charCodeAt(i), 0x01000193);
  key.writeInt32BE(mixed | 0, 0);
  const rest = hash('sha256', `${JSON.stringify([call.provider, account, call.region ?? null, call.service, call.op])}${args}`, 'buffer');
  rest.copy(key, 4, 0, 12);
  return key;
}

function evidenceOf(row: Row, args: Record<string, unknown>, content: unknown): StoredEvidence {
  const record: Record<string, unknown> = { id: row.id, v: 1, provider: row.provider };
  if (row.account !== null) record.account = row.account;
  if (row.region !== null) record.region = row.region;
  record.service = row.service;
  record.op = row.op;
  record.args = args;
  record.at = row.at;
  if (row.page !== null) record.page = row.page;
  record[row.failed ? 'error' : 'body'] = content;
  return record as unknown as StoredEvidence;
}

function lineOf(row: Row): string {
  const text = JSON.stringify;
  return `{"v":1,"provider":${text(row.provider)}${row.account === null ? '' : `,"account":${text(row.account)}`}${
    row.region === null ? '' : `,"region":${text(row.region)}`
  },"service":${text(row.service)},"op":${text(row.op)},"args":${row.args},"at":${text(row.at)}${
    row.page === null ? '' : `,"page":${row.page}`
  },"${row.failed ? 'error' : 'body'}":${row.text}}`;
}
