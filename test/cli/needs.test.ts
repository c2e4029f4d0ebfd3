import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { estate, inFolder, viewshed } from './cli.ts';

const composer = {
  schema: 1,
  applicationInfo: { name: 'Card <b>payments</b>' },
  architecture: { description: 'Statements are kept in Amazon S3.\n' },
  threats: [
    {
      id: 'a1',
      numericId: 1,
      statement: 'A stolen role reads | `statements` from [Amazon S3](javascript:alert(1))\u202e <img src=x>',
      metadata: [{ key: 'STRIDE', value: ['I'] }],
      displayOrder: 1,
    },
  ],
};
const layer = {
  name: 'Wanted',
  versions: { layer: '4.5' },
  domain: 'enterprise-attack',
  techniques: [{ techniqueID: 'T1530' }, { techniqueID: 'T1562.008' }],
};

describe('viewshed needs', () => {
  it('lists what a model of another format wants, with reasons, priority and time, and needs no cloud', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'cards.json'), JSON.stringify(composer));
      const { code, out, err } = await viewshed(['needs', 'cards.json'], { cwd: folder });
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('AWS Threat Composer, cards.json');
      expect(out).toMatch(/^HIGH \(\d+\)/m);
      expect(out).toContain('aws.cloudtrail.data.s3.read');
      expect(out).toContain('kept 365 days, searchable 90 days');
      expect(out).toContain('not from the model');
      expect(out).not.toMatch(/[\u202e\u001b]/);
    });
  });

  it('is short on a terminal, and long where that is asked', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'cards.json'), JSON.stringify(composer));
      const [short, long] = [
        await viewshed(['needs', 'cards.json'], { cwd: folder }),
        await viewshed(['needs', 'cards.json', '--long'], { cwd: folder }),
      ];
      const lines = (text: string) => text.split('\n').length;
      const counted = Number(/^(\d+) needs\./m.exec(short.out)?.[1]);
      expect(counted).toBeGreaterThan(2);
      expect(lines(short.out)).toBeLessThan(counted * 4 + 20);
      expect(lines(long.out)).toBeGreaterThan(lines(short.out));
      expect(short.out).toMatch(/- .*: .*T1 on Amazon S3/);
      expect(short.out).not.toContain('Prove it:');
      expect(long.out).toContain('Prove it:');
    });
  });

  it('follows a technique through its new number to the events that show it', async () => {
    await inFolder(async (folder) => {
      const wanted = {
        ...layer,
        techniques: [{ techniqueID: 'T1562.008', comment: 'logs switched off' }],
        filters: { platforms: ['AWS'] },
      };
      writeFileSync(join(folder, 'a layer by any name.txt'), JSON.stringify(wanted));
      const ran = await viewshed(['needs', 'a layer by any name.txt', '--layer', 'threats', '-f', 'json'], { cwd: folder });
      const [model] = JSON.parse(ran.out).models;
      expect(model.renamedTechniques).toMatchObject([{ name: 'T1562.008', why: expect.stringContaining('T1685.002') }]);
      const tampered = model.needs.filter((one: { statement: { events?: string } }) => one.statement.events === 'aws.logging.tampered');
      expect(tampered).toHaveLength(1);
      expect(tampered[0].statement.reasons[0]).toMatchObject({ tier: 'technique', quote: 'T1562.008', confidence: 0.6 });
      expect(model.vendors).toEqual(['aws']);
      const assessed = await viewshed(
        ['assess', '--evidence', estate, '--model', 'a layer by any name.txt', '--layer', 'threats', '-f', 'json'],
        {
          cwd: folder,
        },
      );
      const judged = JSON.parse(assessed.out).needs.filter((one: { threat: string }) => one.threat === 'T1562.008');
      expect(judged).toHaveLength(model.needs.filter((one: { threats: string[] }) => one.threats.includes('T1562.008')).length);
      for (const { verdict } of judged) expect(['covered', 'partial', 'missing']).toContain(verdict);
    });
  });

  it.each([
    ['spec.txt', 'threatmodel "a" {\n  author = "x"\n  author = "y"\n}\n', /spec\.txt:3:3: is not valid HCL: .*"author" was already set/],
    ['model.yaml', 'from pytm import TM, Actor\ntm = TM("x")\n', /is a pytm program.*--json model\.json/],
    ['model.tm7', 'version: 1\nsystem: "x\nassets: []\n', /model\.tm7:\d+:\d+: /],
  ])('says what is wrong with %s by what is in it', async (name, text, message) => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, name), text);
      const { code, err } = await viewshed(['needs', name], { cwd: folder });
      expect(code).toBe(2);
      expect(err).toMatch(message);
    });
  });

  it('writes Markdown in which nothing of the model is markup', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'cards.json'), JSON.stringify(composer));
      const { code, out } = await viewshed(['needs', 'cards.json', '--format', 'markdown', '-o', 'review.md'], { cwd: folder }).then(
        async (ran) => ({
          ...ran,
          out: (await import('node:fs')).readFileSync(join(folder, 'review.md'), 'utf8'),
        }),
      );
      expect(code).toBe(0);
      expect(out).toMatch(/^# Logs that Card &lt;b&gt;payments&lt;\/b&gt; needs$/m);
      expect(out).not.toMatch(/<img|<b>|(?<!\\)\]\(|\u202e/);
      for (const row of out.split('\n').filter((line) => line.startsWith('|'))) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
    });
  });

  it('prints JSON with times as text', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'cards.json'), JSON.stringify(composer));
      const { out } = await viewshed(['needs', 'cards.json', '--format', 'json', '--retention', 'pci-dss-10.5.1'], { cwd: folder });
      const { schema, models } = JSON.parse(out);
      expect(schema).toBe(1);
      expect(models[0]).toMatchObject({ format: 'threat-composer', counts: { threats: 1, threatsWithNeeds: 1 } });
      const need = models[0].needs.find((one: { sources: string[] }) => one.sources.includes('aws.cloudtrail.data.s3'));
      expect(need.statement).toMatchObject({ retain: '366d', searchable: '92d', keeps: { from: 'profile' } });
    });
  });

  it('takes a layer for threats and says so, unless it is told', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'layer.json'), JSON.stringify(layer));
      const untold = await viewshed(['needs', 'layer.json'], { cwd: folder });
      expect(untold.code).toBe(0);
      expect(untold.out.replace(/\s+/g, ' ')).toContain('does not say what it means; its techniques are taken as threats to see');
      const told = await viewshed(['needs', 'layer.json', '--layer', 'threats'], { cwd: folder });
      expect(told.out).not.toContain('does not say what it means');
    });
  });

  it('takes the overlay beside the model', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'cards.tc.json'), JSON.stringify(composer));
      writeFileSync(join(folder, 'cards.viewshed.yaml'), 'requires: [aws.s3.accesslogs]\n');
      const { code, out } = await viewshed(['needs', 'cards.tc.json'], { cwd: folder });
      expect(code).toBe(0);
      expect(out).toContain('corrected by');
      expect(out).toContain('aws.s3.accesslogs');
      writeFileSync(join(folder, 'cards.viewshed.yaml'), 'requires:\n  - aws.s3.nonsense\n');
      const wrong = await viewshed(['needs', 'cards.tc.json'], { cwd: folder });
      expect([wrong.code, wrong.out]).toEqual([2, '']);
      expect(wrong.err).toMatch(/^viewshed: .*cards\.viewshed\.yaml:2:5: requires\[0\]: no log source/);
    });
  });

  it.each([
    [['needs'], /missing required argument/],
    [['needs', 'nowhere.json'], /nowhere\.json: there is no such file/],
    [['needs', 'a.json', '--retention', 'nonsense'], /no retention profile "nonsense"; take one of/],
    [['needs', 'a.json', '--layer', 'both'], /Allowed choices are threats, detections/],
    [['needs', 'a.json', 'a.json', '--overlay', 'x.yaml'], /--overlay is of one model/],
    [['needs', 'other.txt'], /other\.txt: /],
  ])('%j ends with one line and code 2', async (args, message) => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'a.json'), JSON.stringify(composer));
      writeFileSync(join(folder, 'other.txt'), '{"hello": "world"}');
      const { code, out, err } = await viewshed(args, { cwd: folder });
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(message);
      expect(err.trim().split('\n').length).toBeLessThanOrEqual(2);
    });
  });
});

describe('a native model that says its needs itself', () => {
  const text =
    'version: 1\nsystem: Shop\nassets: [{id: vault, type: aws.s3.bucket}]\nthreats:\n  - {id: own, title: own, assets: [vault], claims: [{text: S3 access logging is on}], needs: [{events: aws.cloudtrail.data.s3.write}, {events: aws.cloudtrail.data.s3.read}]}\n';
  const asked = async (folder: string) => {
    const { out } = await viewshed(['needs', 'shop.yaml', '--format', 'json'], { cwd: folder });
    return JSON.parse(out).models[0].needs.map((one: { statement: { events?: string } }) => one.statement.events);
  };

  it('gets none beside them, and what its overlay says', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'shop.yaml'), text);
      expect(await asked(folder)).toEqual(['aws.cloudtrail.data.s3.write', 'aws.cloudtrail.data.s3.read']);
      writeFileSync(
        join(folder, 'shop.viewshed.yaml'),
        'drop: [{need: aws.cloudtrail.data.s3.read, why: public}]\nadd: [{need: aws.s3.accesslogs, component: vault}]\n',
      );
      expect((await asked(folder)).sort()).toEqual(['aws.cloudtrail.data.s3.write', 'aws.s3.accesslogs']);
    });
  });
});

describe('models of other formats', () => {
  it('are judged as native ones are', async () => {
    await inFolder(async (folder) => {
      const model = join(folder, 'cards.json');
      writeFileSync(model, JSON.stringify(composer));
      const { code, out, err } = await viewshed(['assess', '--evidence', estate, '--model', model, '--format', 'json']);
      expect([code, err]).toEqual([1, '']);
      const { needs } = JSON.parse(out);
      const read = needs.find((one: { need: { events?: string } }) => one.need.events === 'aws.cloudtrail.data.s3.read');
      expect(read).toMatchObject({ threat: 'a1', verdict: expect.stringMatching(/^(covered|partial|missing|unknown)$/) });
      expect((read.reasons ?? read.need.reasons)[0].at).toContain('cards.json#/threats/0');
    });
  });

  it('and threats of a native model that leave their needs out', async () => {
    await inFolder(async (folder) => {
      const model = join(folder, 'native.yaml');
      writeFileSync(
        model,
        'version: 1\nsystem: Shop\nassets: [{id: vault, type: aws.s3.bucket}]\nthreats:\n  - {id: own, title: own, assets: [vault], needs: [{events: aws.cloudtrail.data.s3.write}]}\n  - {id: none, title: none, stride: [tampering], assets: [vault], needs: []}\n  - {id: left, title: left out, stride: [information-disclosure], assets: [vault]}\n',
      );
      const { out } = await viewshed(['assess', '--evidence', estate, '--model', model, '--format', 'json']);
      const { needs } = JSON.parse(out) as { needs: { threat: string; need: { events?: string } }[] };
      expect(needs.filter((one) => one.threat === 'own').map((one) => one.need.events)).toEqual(['aws.cloudtrail.data.s3.write']);
      expect(needs.filter((one) => one.threat === 'none')).toEqual([]);
      expect(needs.filter((one) => one.threat === 'left').map((one) => one.need.events)).toContain('aws.cloudtrail.data.s3.read');
    });
  });
});

describe('logs that no scan of a cloud can see', () => {
  const asking = (...sources: string[]) =>
    JSON.stringify({
      version: 1,
      system: 'Back office',
      assets: [],
      threats: [{ id: 't', title: 'Somebody changes the books', severity: 'high', needs: sources.map((source) => ({ source })) }],
    });

  it('are unknown in words of their own, and do not by themselves make a run incomplete', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'own.json'), asking('app.audit', 'host.linux.auth'));
      writeFileSync(join(folder, 'later.json'), asking('app.audit', 'azure.activitylog'));
      const run = (model: string) => viewshed(['assess', '--evidence', estate, '--model', model, '-f', 'json'], { cwd: folder });
      const own = await run('own.json');
      const mine = JSON.parse(own.out).needs.filter((one: { threat: string }) => one.threat === 't');
      expect(mine.map((one: { verdict: string }) => one.verdict)).toEqual(['unknown', 'unknown']);
      expect(mine[0].because).toMatch(/app\.audit is kept outside of the clouds, where no scan looks/i);
      expect(own.code).toBe(0);
      const later = await run('later.json');
      expect(later.out).toContain('reads no log source or event class called azure.activitylog');
      expect(later.code).toBe(3);
    });
  });
});

describe('a model of which most was not understood', () => {
  const drawn = (...names: string[]) =>
    JSON.stringify({
      otmVersion: '0.2.0',
      project: { name: 'Drawn on a board', id: 'board' },
      trustZones: [],
      components: names.map((name, index) => ({ id: `c${index}`, name, type: name, tags: [] })),
    });

  it('is incomplete, however few needs came of it', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'dark.otm'), drawn('thing', 'box', 'ellipse'));
      const run = (model: string) => viewshed(['assess', '--evidence', estate, '--model', model], { cwd: folder });
      const dark = await run('dark.otm');
      expect(dark.out).toContain('3 components, 3 not understood');
      expect(dark.out).toContain('No need came of what was given');
      expect(dark.err).toContain('3 of 3 components could not be told');
      expect(dark.code).toBe(3);
      const allowed = await viewshed(['assess', '--evidence', estate, '--model', 'dark.otm', '--max-unknown', '1'], { cwd: folder });
      expect(allowed.code).toBe(0);
    });
  });
});
