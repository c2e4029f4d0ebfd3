import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inFolder, viewshed } from './cli.ts';

/** What is called, and what the one line has to say. */
const CASES: readonly (readonly [string, RegExp])[] = [
  ['bogus', /unknown command 'bogus'/],
  ['scna', /Did you mean scan/],
  ['scan --frobnicate', /unknown option '--frobnicate'/],
  ['scan --secret-key abc', /unknown option '--secret-key'/],
  ['scan --fail-on severe', /'--fail-on <severity>' argument 'severe' is invalid/],
  ['scan --max-unknown some', /--max-unknown takes a whole number from 0, not "some"/],
  ['scan --region Europe', /--region takes a region such as eu-west-1, not "Europe"/],
  ['scan --account 12', /--account takes an account id of twelve digits, not "12"/],
  ['scan --role-name a:b', /--role-name takes a role name/],
  ['scan --format xml', /there is no report called "xml"; take one of terminal, json, html/],
  ['scan --output missing/report.html', /cannot be written: its folder does not exist/],
  ['scan --output folder', /is a folder; name a file/],
  ['scan --model nope.yaml', /nope\.yaml: there is no such file/],
  ['scan --source aws.s3', /no log source "aws\.s3"; perhaps .*aws\.s3\.accesslogs/],
  ['collect --store folder', /folder: is not a file/],
  ['collect --store torn.ndjson', /is not a Viewshed evidence store/],
  ['collect --export missing/evidence.ndjson', /cannot be written/],
  ['collect --concurrency 0', /--concurrency takes a whole number from 1 to 1000, not "0"/],
  ['assess', /there is no evidence: name it with --evidence FILE/],
  ['assess --evidence nope.ndjson', /nope\.ndjson: there is no such file/],
  ['assess --evidence folder', /is a folder/],
  ['assess --evidence torn.ndjson', /torn\.ndjson:1: the line is cut off/],
  ['assess --evidence torn.ndjson --as-of yesterday', /--as-of takes a time such as/],
  ['assess --evidence wrong.ndjson --model bomb.yaml', /bomb\.yaml/],
  ['trace', /trace needs an event/],
  ['trace nope.json --evidence wrong.ndjson', /nope\.json: there is no such file/],
  ['trace torn.ndjson --evidence wrong.ndjson', /torn\.ndjson: is not JSON/],
  ['trace event.json --evidence wrong.ndjson', /"eventname" is not a field of aws\.cloudtrail\.management; use some of .*eventName/],
  ['sources aws.nothing', /there is no log source "aws\.nothing"/],
  ['permissions', /missing required argument 'provider'/],
  ['permissions azure', /'azure' is invalid/],
  ['permissions aws --source nope.nope', /no log source "nope\.nope"/],
  ['export --store nope.db', /nope\.db: there is no evidence store here/],
  ['import torn.ndjson', /torn\.ndjson:1: the line is cut off/],
  ['plan --config nope.yaml', /nope\.yaml: there is no such file/],
  ['plan --config strange.yaml', /strange\.yaml:2:1: awss: this key is not known here; did you mean "aws"\?/],
  ['plan --config number.yaml', /number\.yaml:2:14: aws\.accounts\[0\]: expected text, found the number 111122223333; put it in quotes/],
  ['demo --output missing/demo.html', /cannot be written/],
];

describe('bad input', () => {
  it.concurrent.each(CASES)('%s: one line, exit 2, nothing written', async (line, says) => {
    await inFolder(async (folder) => {
      mkdirSync(join(folder, 'folder'));
      const files: Record<string, string> = {
        'torn.ndjson': '{"v":1,"provider":"aws","account":"1111',
        'wrong.ndjson':
          '{"v":1,"provider":"aws","account":"111122223333","service":"sts","op":"GetCallerIdentity","at":"2026-11-21T12:00:00Z","body":{}}\n',
        'event.json': '{"source": "aws.cloudtrail.management", "fields": {"eventname": "StopLogging"}}',
        'bomb.yaml':
          'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nversion: 1\nsystem: *c\n',
        'strange.yaml': 'version: 1\nawss: {}\n',
        'number.yaml': 'aws:\n  accounts: [111122223333]\n',
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      const before = readdirSync(folder, { recursive: true }).sort();
      const { code, out, err } = await viewshed(line.split(' '), { cwd: folder });
      expect(err).toMatch(says);
      expect([code, out]).toEqual([2, '']);
      expect(
        err
          .trimEnd()
          .split('\n')
          .filter((one) => !one.startsWith('(Did you mean')),
      ).toHaveLength(1);
      expect(err).toMatch(/^viewshed: /);
      // An import that fails may leave an empty store behind, never a part of the evidence.
      expect(
        readdirSync(folder, { recursive: true })
          .filter((name) => !String(name).startsWith('.viewshed'))
          .sort(),
      ).toEqual(before);
    });
  });

  it('an import that fails leaves no scan behind', async () => {
    await inFolder(async (folder) => {
      const good =
        '{"v":1,"provider":"aws","account":"111122223333","service":"sts","op":"GetCallerIdentity","at":"2026-11-21T12:00:00Z","body":{}}\n';
      writeFileSync(join(folder, 'half.ndjson'), `${good}{"v":1,"provider":"aws"`);
      expect((await viewshed(['import', 'half.ndjson'], { cwd: folder })).code).toBe(2);
      expect(await viewshed(['export'], { cwd: folder })).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('holds no scan yet'),
      });
    });
  });

  it('terminal codes of arguments do not reach the terminal', async () => {
    const { code, err } = await viewshed(['assess', '--evidence', 'a\u001b[31mb\u0007', '--format', 'json']);
    expect(code).toBe(2);
    expect(err.trimEnd()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
