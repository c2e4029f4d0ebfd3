import { describe, expect, it } from 'vitest';
import { progressLine, progressText } from '../../src/cli/progress.ts';
import { duration, table } from '../../src/cli/table.ts';

const progress = {
  phase: 'sources',
  accounts: { done: 412, total: 1870 },
  calls: 48_211,
  denied: 9,
  throttled: 0,
  unreachable: 0,
  eta: 190,
} as const;

function recorder(talk: boolean) {
  const said: string[] = [];
  const drawn: string[] = [];
  return {
    said,
    drawn,
    io: {
      talk: (text: string) => void said.push(text),
      draw: (text: string) => void drawn.push(text),
      terminal: { out: talk, talk, columns: 80, color: false },
    },
  };
}

describe('progress', () => {
  it('has numbers that mean something', () => {
    expect(progressText(progress).replaceAll('\u00a0', ' ')).toBe('412/1 870 accounts, 48 211 calls, 9 denied, 3 min left');
    expect(progressText({ ...progress, phase: 'stores', accounts: { done: 0, total: 1 }, calls: 1, denied: 0, eta: undefined })).toBe(
      'stores: 0/1 account, 1 call',
    );
  });

  it('is one line written over on a terminal, and is taken away in the end', () => {
    const { io, said, drawn } = recorder(true);
    const line = progressLine(io, () => 0);
    line.show(progress);
    line.show(progress);
    line.show({ ...progress, accounts: { done: 413, total: 1870 } });
    line.end();
    line.end();
    expect(said).toEqual([]);
    expect(drawn).toHaveLength(3);
    expect(drawn[1]).toMatch(/^\r\u001b\[2K413\//);
    expect(drawn[2]).toBe('\r\u001b[2K');
  });

  it('is a plain line now and then elsewhere', () => {
    const { io, said, drawn } = recorder(false);
    let now = 0;
    const line = progressLine(io, () => now);
    for (; now <= 60_000; now += 1000) line.show({ ...progress, calls: now });
    line.end();
    expect(drawn).toEqual([]);
    expect(said).toHaveLength(4);
  });
});

describe('text for people', () => {
  it('says how long', () => {
    expect([0.2, 42, 190, 3600, 3900, 90_000].map(duration)).toEqual(['less than a second', '42 s', '3 min', '1 h', '1 h 5 min', '25 h']);
  });

  it('aligns columns, numbers to the right, and shows hostile cells for what they are', () => {
    const lines = table(
      ['name', 'calls'],
      [
        ['a', 5],
        ['b\u001b[31m', 1200],
      ],
    )
      .replaceAll('\u00a0', ' ')
      .split('\n');
    expect(lines).toEqual(['name       calls', 'a              5', 'b\\x1b[31m  1 200']);
  });
});
