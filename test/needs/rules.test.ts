import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/model/input-error.ts';
import { loadRules } from '../../src/needs/rules.ts';

const own = join(import.meta.dirname, '../../rules');

/** The package's rules with one file changed. */
function changed(path: string, change: (text: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'viewshed-rules-'));
  cpSync(own, folder, { recursive: true });
  const before = readFileSync(join(folder, path), 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(join(folder, path), after);
  return folder;
}

describe('loadRules', () => {
  it('finds the rules of the package, and reads a folder once', () => {
    expect(loadRules()).toBe(loadRules());
    expect(loadRules(own).sources.size).toBe(loadRules().sources.size);
  });

  it.each([
    [
      'sources/aws.kms.usage.yaml',
      (text: string) => text.replace('id: aws.kms.usage', 'id: aws.kms.use'),
      /aws\.kms\.usage\.yaml:1:5: id: "aws\.kms\.use" is not the file's name/,
    ],
    [
      'sources/aws.kms.usage.yaml',
      (text: string) => text.replace('of: aws.cloudtrail.management', 'of: aws.cloudtrail.managment'),
      /aws\.kms\.usage\.yaml:\d+:12: view\.of: no source is called "aws\.cloudtrail\.managment"/,
    ],
    [
      'sources/aws.vpc.flowlogs.yaml',
      (text: string) => text.replace('where: {action: REJECT}', 'where: {action: DENY}'),
      /aws\.vpc\.flowlogs\.yaml:\d+:\d+: classes\.reject\.where\.action: "DENY" is not a value of action; use one of ACCEPT, REJECT/,
    ],
    [
      'sources/aws.vpc.flowlogs.yaml',
      (text: string) => text.replace('default: "off"', 'default: off please'),
      /aws\.vpc\.flowlogs\.yaml:6:10: default: "off please" is not one of the values known here; use one of on, off/,
    ],
    [
      'sources/aws.cloudtrail.data.s3.yaml',
      (text: string) => text.replace('known: aws.cloudtrail', 'known: aws.trail'),
      /there is no table rules\/events\/known\/aws\.trail\.yaml/,
    ],
    [
      'sources/aws.cloudtrail.data.s3.yaml',
      (text: string) => text.replace('where: {operation:', 'where: {operations:'),
      /equivalents\[0\]\.where\.operations: "operations" is not a field of aws\.s3\.accesslogs/,
    ],
    [
      'events/aws-data.yaml',
      (text: string) => text.replace('id: aws.s3.objects-read', 'id: aws.s3.objects-copied'),
      /aws-data\.yaml:\d+:9: events\[\d+\]\.id: "aws\.s3\.objects-copied" is taken/,
    ],
    [
      'events/aws-data.yaml',
      (text: string) => text.replace('eventSource:', 'eventsource:'),
      /aws-data\.yaml:\d+:\d+: events\[0\]\.where\.eventsource: "eventsource" is not a field of aws\.cloudtrail\.management/,
    ],
    [
      'events/known/aws.cloudtrail.yaml',
      (text: string) => text.replace('source: aws.cloudtrail', 'source: aws.trail'),
      /aws\.cloudtrail\.yaml:\d+:9: source: "aws\.trail" is not the file's name/,
    ],
    [
      'threats/aws-account-baseline.yaml',
      (text: string) => text.replace('severity: high', 'severity: grave'),
      /aws-account-baseline\.yaml:\d+:15: threats\[0\]\.severity: "grave"/,
    ],
  ])('tells where %s is wrong', (path, change, message) => {
    const folder = changed(path, change);
    let thrown: unknown;
    try {
      loadRules(folder);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InputError);
    expect((thrown as InputError).message).toMatch(message);
    expect((thrown as InputError).message).not.toContain('\n');
  });
});
