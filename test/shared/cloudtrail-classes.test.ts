import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KnownEvents } from '../../src/model/source.ts';
import { loadRules } from '../../src/needs/rules.ts';

const file = join(import.meta.dirname, '../../../shared/facts/cloudtrail-event-class-observed.json');
const there = existsSync(file);
if (!there) console.warn(`skipped: ${file} is not there`);

describe.skipIf(!there)('events observed in published logs', () => {
  const observed = there
    ? (JSON.parse(readFileSync(file, 'utf8')) as { events: Record<string, { category: string | null; readOnly: string }[]> }).events
    : {};
  const known = loadRules().known.get('aws.cloudtrail') as KnownEvents;

  it('are in the table with the class that was observed, and those observed with several or none are not pinned', () => {
    const wrong: string[] = [];
    for (const [key, classes] of Object.entries(observed)) {
      const [service, name] = key.split(':') as [string, string];
      const row = known.events[service];
      const pinned = [
        ...(row?.read.includes(name) ? ['Management true'] : []),
        ...(row?.write.includes(name) ? ['Management false'] : []),
        ...Object.values(row?.data ?? {}).flatMap((part) => [
          ...(part.read.includes(name) ? ['Data true'] : []),
          ...(part.write.includes(name) ? ['Data false'] : []),
        ]),
      ];
      const seen = new Set(classes.map(({ category, readOnly }) => `${category} ${readOnly}`));
      const expected = seen.size === 1 && classes[0]?.category !== null ? [...seen] : [];
      if (pinned.join() !== expected.join()) wrong.push(`${key}: table says ${pinned.join() || 'nothing'}, observed ${[...seen].join()}`);
    }
    expect(wrong).toEqual([]);
    expect(Object.keys(observed).length).toBeGreaterThan(300);
  });
});
