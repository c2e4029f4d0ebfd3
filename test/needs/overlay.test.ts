import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Component, Said, SystemModel } from '../../src/model/system-model.ts';
import { derive } from '../../src/needs/derive.ts';
import { loadKnowledge } from '../../src/needs/knowledge.ts';
import { openOverlay } from '../../src/needs/overlay.ts';
import { loadRules } from '../../src/needs/rules.ts';

const knowledge = loadKnowledge();
const rules = loadRules();
const folder = mkdtempSync(join(tmpdir(), 'viewshed-overlay-'));
const said = <T>(value: T): Said<T> => ({ value, pointer: '/x', basis: 'stated' });
const part = (id: string, name: string): Component => ({
  id,
  name: said(name),
  kind: 'other',
  boundaries: ['cloud'],
  tags: [],
  inScope: said(true),
  stores: [],
  handles: [],
});
const model: SystemModel = {
  format: 'by-hand',
  file: 'model.json',
  sha256: '00',
  name: said('Shop'),
  dataAssets: [],
  components: [part('c1', 'Customer Database'), part('c2', 'Mystery')],
  boundaries: [{ id: 'cloud', name: said('Cloud'), provider: said('aws') }],
  flows: [],
  threats: [
    {
      id: 't1',
      title: said('Orders are changed'),
      stride: [said('tampering')],
      components: [said('c1')],
      attack: [],
      capec: [],
      cwe: [],
      mitigations: [],
      events: [],
    },
  ],
  mitigations: [],
  assumptions: [],
  claims: [],
  annotations: [],
  blindSpots: [],
  platforms: [],
  warnings: [],
};

let files = 0;
function overlay(text: string) {
  files += 1;
  const path = join(folder, `model-${files}.viewshed.yaml`);
  writeFileSync(path, text);
  return openOverlay(path, knowledge, rules);
}
const with_ = (text: string) => derive(model, knowledge, rules, { overlay: overlay(text).settle([model]) }).report;

describe('an overlay', () => {
  it('settles what could be several things, by name in any case or by id, and where it is', () => {
    const arn = 'arn:aws:rds:eu-west-1:111122223333:db:orders';
    expect(derive(model, knowledge, rules).report.ambiguous.map((one) => one.id)).toEqual(['c1']);
    const settled = derive(model, knowledge, rules, {
      overlay: overlay(
        `components:\n  - {component: customer  database, type: aws.rds.instance, at: {account: "111122223333", resource: "${arn}"}}\n  - {component: c2, notInScope: true}\n`,
      ).settle([model]),
    });
    expect(settled.report.ambiguous).toEqual([]);
    expect(settled.report.unresolved).toEqual([]);
    expect(settled.report.excluded).toMatchObject([{ id: 'c2', why: 'the overlay leaves it out' }]);
    expect(settled.model.assets[0]?.at).toMatchObject({ account: '111122223333', resource: arn });
  });

  it('adds needs, with the file and place as their reason', () => {
    const report = with_(
      'requires: [aws.vpc.flowlogs]\nadd:\n  - {need: {source: aws.waf.logs, retain: 30d, why: the edge is ours}, threat: t1}\ncomponents:\n  - {component: Mystery, type: aws.s3.bucket, requires: [aws.s3.accesslogs], retain: 2y}\n',
    );
    const found = (source: string) => report.needs.find((need) => need.sources.includes(source));
    expect(found('aws.vpc.flowlogs')?.statement.reasons?.[0]).toMatchObject({
      rule: 'overlay',
      tier: 'annotation',
      at: expect.stringMatching(/viewshed\.yaml#\/requires\/0$/),
    });
    expect(found('aws.waf.logs')).toMatchObject({
      threats: ['t1'],
      statement: { retain: 30 * 86_400, keeps: { from: 'overlay' }, reasons: [{ because: 'the edge is ours' }] },
    });
    expect(found('aws.s3.accesslogs')).toMatchObject({ components: ['c2'], statement: { retain: 730 * 86_400 } });
  });

  it('drops needs, and says so', () => {
    const before = derive(model, knowledge, rules).report.needs.find((need) => need.threats.includes('t1'));
    const source = before?.sources[0] as string;
    const report = with_(`drop: [{need: ${source}, threat: Orders are changed, why: the database is read-only}]\n`);
    expect(report.needs.filter((need) => need.threats.includes('t1') && need.sources.includes(source))).toEqual([]);
    expect(report.dropped).toMatchObject([{ name: source, why: 'the database is read-only' }]);
  });

  it('chooses the retention of everything that the model states no time for', () => {
    const report = with_('retention: hipaa-164.316\n');
    expect(report.needs.map((need) => need.statement.keeps?.from)).toEqual(report.needs.map(() => 'overlay'));
  });

  it('says whose logs come into question', () => {
    const report = with_('providers: [gcp]\n');
    expect(report.vendors).toEqual(['aws', 'gcp']);
  });

  it.each([
    ['requires:\n  - aws.s3.acceslogs\n', /:2:5: requires\[0\]: no log source or event class is called "aws\.s3\.acceslogs"/],
    ['components:\n  - component: c1\n    type: aws.rds.databas\n', /:3:11: components\[0\]\.type: no component type is called/],
    ['retention: pci\n', /:1:12: retention: there is no retention profile "pci"; take one of .*pci-dss/],
    ['drop: [{need: aws.s3.accesslogs}]\n', /:1:\d+: drop\[0\]\.why: is missing/],
    ['component: []\n', /:1:1: component: this key is not known here; did you mean "components"/],
  ])('tells the place of what it does not know: %j', (text, message) => {
    expect(() => overlay(text)).toThrow(message);
  });

  it.each([
    ['components: [{component: Ghost}]\n', /:1:\d+: components\[0\]\.component: the model has no component "Ghost"; it has "c1", "c2"/],
    ['add: [{need: aws.s3.accesslogs, threat: t9}]\n', /:1:\d+: add\[0\]\.threat: the model has no threat "t9"; it has "t1"/],
    ['drop: [{need: aws.s3.accesslogs, component: __proto__, why: x}]\n', /the model has no component "__proto__"/],
  ])('tells the place of what the model does not have: %j', (text, message) => {
    expect(() => overlay(text).settle([model])).toThrow(message);
  });
});
