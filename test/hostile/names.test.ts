import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { estate, root } from '../cli/cli.ts';
import { HOSTILE } from '../reports/hostile.ts';
import { INVISIBLE, watched } from './run.ts';

/** More of the kind: a hyperlink, a progress report and a clipboard of a terminal, and what a replacement would read as its own. */
const NASTY = [
  ...HOSTILE,
  '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\',
  '\u001b]52;c;cHduZWQ=\u0007\u001bP+q\u001b\\\u0090\u009d',
  '\r\u001b[1A\u001b[2Kviewshed: all covered',
  "$& $1 $` $' $$ ${7*7} %s %d %n",
  '\u061c\u200e\u200f\u2028\u2029\u{e0001}\u{e0041}\u{1f3f4}\u3164\uffa0',
  '-e --help; $(touch pwned) `touch pwned`',
];

/** Names of the example: of buckets, trails, groups, load balancers, functions, accounts. */
const NAMES =
  /lumen-org-trail|lumen-card-trail|lumen-flow-logs|lumen-access-logs|lumen-artifacts|lumen-org(?!-)|card-vault|card-exports|card-data|cards-api|back-office|payments-production|shared-services|log-archive|sandbox|lumenpay|\/dns\/cards|refund|mailer|charge|Card vault objects/g;
const FIXED = new Set(['v', 'provider', 'account', 'region', 'service', 'op', 'at', 'page']);
const numbers = new Map<string, number>();

function spoiled(value: unknown, key = ''): unknown {
  if (typeof value === 'string')
    return FIXED.has(key)
      ? value
      : value.replace(NAMES, (name) => {
          if (!numbers.has(name)) numbers.set(name, numbers.size);
          return `${name}${NASTY[(numbers.get(name) as number) % NASTY.length]}`;
        });
  if (Array.isArray(value)) return value.map((one) => spoiled(one, key));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, spoiled(one, name)]));
}

describe('names that are commands, markup or invisible', () => {
  const folder = mkdtempSync(join(tmpdir(), 'viewshed-names-'));
  beforeAll(() => {
    const records = readFileSync(estate, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line, index) => {
        const record = spoiled(JSON.parse(line)) as { error?: { code: string; message: string } };
        const nasty = NASTY[index % NASTY.length] as string;
        if (record.error)
          record.error = {
            ...record.error,
            message: `${record.error.message}${nasty}`,
            ...(/Denied|Throttl/.test(record.error.code) ? { code: `${record.error.code}${nasty}` } : {}),
          };
        return record;
      });
    writeFileSync(join(folder, 'evidence.ndjson'), `${records.map((one) => JSON.stringify(one)).join('\n')}\n`);
    const model = spoiled(parse(readFileSync(join(root, 'examples/estate/payments.yaml'), 'utf8'))) as {
      system: string;
      assets: { name: string }[];
      threats: { title: string }[];
    };
    const bent = (text: string, index: number): string =>
      `${text}${NASTY[index % NASTY.length]}`.replace(/[\ud800-\udfff](?![\udc00-\udfff])/g, '').slice(0, 180);
    model.system = bent(model.system, 8);
    for (const [index, asset] of model.assets.entries()) asset.name = bent(asset.name, index);
    for (const [index, threat] of model.threats.entries()) threat.title = bent(threat.title, index + 3);
    writeFileSync(
      join(folder, 'model.yaml'),
      JSON.stringify(model).replace(/[\ud800-\udfff](?![\udc00-\udfff])(?<![\ud800-\udbff][\udc00-\udfff])/g, ''),
    );
    const event = JSON.parse(readFileSync(join(root, 'examples/trace/get-object.json'), 'utf8'));
    writeFileSync(join(folder, 'event.json'), JSON.stringify(spoiled(event)));
    writeFileSync(
      join(folder, 'stated.json'),
      JSON.stringify({
        source: 'aws.cloudtrail.management',
        fields: { eventName: `Stop${NASTY.join('')}`, eventSource: `x${NASTY[8]}.amazonaws.com` },
      }),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const judged = '-e evidence.ndjson -m model.yaml --as-of 2026-11-21T12:00:00Z';
  it.each([
    ['the terminal report', `$VIEWSHED assess ${judged}`],
    ['the terminal report of a narrow terminal', `COLUMNS=40 $VIEWSHED assess ${judged}`],
    ['the JSON report', `$VIEWSHED assess -f json ${judged}`],
    ['the HTML report', `$VIEWSHED assess -f html ${judged}`],
    ['the report of the built-in model', '$VIEWSHED assess -e evidence.ndjson'],
    ['a trace', '$VIEWSHED trace event.json -e evidence.ndjson'],
    ['a trace as JSON', '$VIEWSHED trace event.json -f json -e evidence.ndjson'],
    ['a trace of a stated event', '$VIEWSHED trace stated.json -e evidence.ndjson'],
    ['an export', '$VIEWSHED import evidence.ndjson --store s.db --scan one && $VIEWSHED export --store s.db --scan one'],
    ['a plan', '$VIEWSHED plan --store s.db --detail; $VIEWSHED plan --store s.db -f json'],
  ])('%s prints nothing that a terminal acts on or nobody sees', async (_, line) => {
    const ran = await watched(line, folder);
    expect([0, 1, 3]).toContain(ran.code);
    expect(ran.out.length).toBeGreaterThan(200);
    expect(ran.out).not.toMatch(INVISIBLE);
    expect(ran.err).not.toMatch(INVISIBLE);
    expect(ran.err).not.toMatch(/unexpected trouble|\n\s+at /);
  });

  it('the verdicts are those of the same estate with plain names', async () => {
    const told = (out: string) =>
      JSON.parse(out).needs.map((need: { threat: string; verdict: string; collection: string }) => [need.verdict, need.collection]);
    const nasty = await watched(`$VIEWSHED assess -f json ${judged}`, folder);
    const plain = await watched(
      `$VIEWSHED assess -f json -e ${estate} -m ${join(root, 'examples/estate/payments.yaml')} --as-of 2026-11-21T12:00:00Z`,
      folder,
    );
    expect(told(nasty.out)).toEqual(told(plain.out));
  });

  it('the HTML report holds no markup of theirs', async () => {
    const { out } = await watched(`$VIEWSHED assess -f html ${judged}`, folder);
    expect(out).toContain('&lt;script&gt;window.pwned');
    expect(out).not.toMatch(/<(script|img|svg)[^>]*pwned|<script>window|href="javascript/i);
    expect(out.match(/<script/g)).toHaveLength(
      (await watched(`$VIEWSHED assess -f html -e ${estate}`, folder)).out.match(/<script/g)?.length ?? 0,
    );
  });

  it.each([
    ['a file that is not there', (name: string) => ['assess', '-e', name]],
    ['a model that is not there', (name: string) => ['assess', '-e', 'evidence.ndjson', '-m', name]],
    ['a source', (name: string) => ['sources', name]],
    ['a scan', (name: string) => ['export', '--store', 's.db', '--scan', name]],
    ['a format', (name: string) => ['assess', '-e', 'evidence.ndjson', '-f', name]],
    ['a command', (name: string) => [`x${name}`]],
    ['an option', (name: string) => ['assess', `--x${name}`]],
    ['an output', (name: string) => ['assess', '-e', 'evidence.ndjson', '-o', `no/${name}`]],
    ['a region', (name: string) => ['plan', '--region', `x${name}`]],
    ['a configuration', (name: string) => ['plan', '--config', name]],
    ['an event', (name: string) => ['trace', `x${name}`, '-e', 'evidence.ndjson']],
  ])('%s of such a name: an error of plain text', async (_, words) => {
    // The shell takes no zeros, and one line of it no line break here.
    const name = NASTY.filter((one) => one.startsWith('-') === false)
      .join('')
      .replaceAll('\u0000', '')
      .replace(/[\ud800-\udfff]/gu, '')
      .slice(0, 150)
      .concat('\u001b[2J\u001b]0;t\u0007\u202e\u200b\u009b\r');
    const line = words(name)
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(' ');
    const ran = await watched(`$VIEWSHED ${line}`, folder);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).not.toMatch(INVISIBLE);
    expect(ran.err).not.toMatch(/unexpected trouble|\n\s+at /);
    expect(ran.err.trim()).not.toBe('');
  });
});
