import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inFolder, viewshed } from './cli.ts';

const otm = {
  otmVersion: '0.2.0',
  project: { name: 'Orders: "quoted" # and\n- odd', id: 'orders' },
  trustZones: [{ id: 'cloud', name: 'Public Cloud', risk: { trustRating: 10 } }],
  components: [
    {
      id: 'store',
      name: 'Order store',
      type: 's3',
      parent: { trustZone: 'cloud' },
      tags: ['aws_s3_bucket'],
      threats: [{ threat: 'leak', state: 'exposed' }],
    },
  ],
  threats: [{ id: 'leak', name: 'Orders leak', categories: ['Information Disclosure'], risk: { likelihood: 80, impact: 90 } }],
};

describe('viewshed import -o', () => {
  it('writes a native model that wants the same as the one it came from', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'orders.otm'), JSON.stringify(otm));
      const { code, out, err } = await viewshed(['import', 'orders.otm', '-o', 'native.yaml'], { cwd: folder });
      expect([code, out]).toEqual([0, '']);
      expect(err).toMatch(/^wrote native\.yaml: .* from Open Threat Model.*, 1 threats, \d+ needs, 0 components not told$/m);
      const asked = async (file: string) => {
        const ran = await viewshed(['needs', file, '--format', 'json'], { cwd: folder });
        expect(ran.code).toBe(0);
        const [{ needs, system }] = JSON.parse(ran.out).models;
        return { system, needs: Object.fromEntries(needs.map((one: { id: string; statement: unknown }) => [one.id, one.statement])) };
      };
      const [from, to] = [await asked('orders.otm'), await asked('native.yaml')];
      expect(Object.keys(from.needs).length).toBeGreaterThan(1);
      expect(to).toEqual(from);
      const again = await viewshed(['import', 'native.yaml', '-o', '-'], { cwd: folder });
      expect(again.out).toBe(readFileSync(join(folder, 'native.yaml'), 'utf8'));
    });
  });

  it('keeps what was listed beside the needs, and takes no host of needs for a threat', async () => {
    await inFolder(async (folder) => {
      const composer = {
        schema: 1,
        architecture: { description: 'Orders are kept in Amazon DynamoDB.' },
        dataflow: { description: 'This diagram ignores the control plane.' },
        threats: [
          {
            id: 'a',
            numericId: 1,
            statement: 'A threat actor with a similar domain name can trick users into a fake endpoint',
            metadata: [],
          },
          { id: 'b', numericId: 2, statement: 'A user denies an order', metadata: [{ key: 'STRIDE', value: ['R'] }] },
          { id: 'c', numericId: 3, statement: 'Something odd', metadata: [] },
          { id: 'd', numericId: 3, statement: 'Something odd', metadata: [] },
        ],
      };
      writeFileSync(join(folder, 'orders.json'), JSON.stringify(composer));
      expect((await viewshed(['import', 'orders.json', '-o', 'native.yaml'], { cwd: folder })).code).toBe(0);
      const listed = async (file: string) => {
        const [{ counts, unobservable, silent, attribution, blindSpots, needs }] = JSON.parse(
          (await viewshed(['needs', file, '-f', 'json'], { cwd: folder })).out,
        ).models;
        const names = (list: { id: string; why: string }[]) => list.map((one) => [one.id, one.why]);
        return {
          counts,
          lists: [names(unobservable), names(silent), names(attribution).map(([, why]) => why), blindSpots.length],
          served: needs.map((one: { id: string; threats: string[] }) => [one.id, one.threats]).sort(),
        };
      };
      const from = await listed('orders.json');
      expect(from.lists[0]).toHaveLength(1);
      expect(from.lists[1]).toHaveLength(2);
      expect(await listed('native.yaml')).toEqual(from);
    });
  });

  it.each([
    [['import', 'orders.otm', '-o', 'nowhere/native.yaml'], /nowhere\/native\.yaml: cannot be written: its folder does not exist/],
    [['import', 'orders.otm', 'orders.otm', '-o', 'native.yaml'], /takes one threat model at a time/],
    [['import', 'orders.otm', '-o', 'native.yaml', '--scan', 'x'], /--scan is for evidence/],
    [['import', 'orders.otm', '--layer', 'threats'], /--layer is for threat models: add -o FILE/],
    [['import', 'empty.json', '-o', 'native.yaml'], /empty\.json: /],
  ])('%j ends with one line and code 2', async (args, message) => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'orders.otm'), JSON.stringify(otm));
      writeFileSync(join(folder, 'empty.json'), '{}');
      const { code, out, err } = await viewshed(args, { cwd: folder });
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(message);
    });
  });
});
