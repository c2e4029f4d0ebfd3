import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLOUDTRAIL_SOURCES, GLOBAL_SERVICES } from '../../connectors/aws/cloudtrail.ts';
import { awsCollectors } from '../../connectors/aws/index.ts';
import { includes, intersect, isEmpty, matches, minus, selectorOf } from '../../src/events/classes.ts';
import { interpret, universeOf } from '../../src/events/universe.ts';
import type { KnownEvents, NamedEvents, Source } from '../../src/model/source.ts';
import { loadRules } from '../../src/needs/rules.ts';

const folder = join(import.meta.dirname, '../../rules');
const rules = loadRules();
const sources = [...rules.sources.values()];
const events = [...rules.events.values()];
const known = rules.known.get('aws.cloudtrail') as KnownEvents;

interface Known {
  readonly eventSource: string;
  readonly eventName: string;
  readonly readOnly: 'true' | 'false';
  readonly eventCategory: 'Management' | 'Data';
  readonly type: string | undefined;
}

const table: Known[] = Object.entries(known.events).flatMap(([eventSource, { read, write, data }]) => {
  const rows = (names: readonly string[], readOnly: 'true' | 'false', type?: string): Known[] =>
    names.map((eventName) => ({ eventSource, eventName, readOnly, eventCategory: type === undefined ? 'Management' : 'Data', type }));
  return [
    ...rows(read, 'true'),
    ...rows(write, 'false'),
    ...Object.entries(data).flatMap(([type, part]) => [...rows(part.read, 'true', type), ...rows(part.write, 'false', type)]),
  ];
});

function sourceOf(named: NamedEvents): Source {
  return rules.sources.get(named.source) as Source;
}

function knownFor(source: Source): readonly Known[] {
  const always = selectorOf(source.always);
  return source.known === undefined
    ? []
    : table.filter((row) =>
        matches(always, { eventSource: row.eventSource, eventCategory: row.eventCategory, 'resources.type': row.type ?? '' }),
      );
}

describe('sources', () => {
  it('cover what the issue names, one file each, under the name of the file', () => {
    const files = readdirSync(join(folder, 'sources'))
      .map((name) => name.replace(/\.yaml$/, ''))
      .sort();
    expect([...rules.sources.keys()].sort()).toEqual(files);
    expect(files).toEqual(
      expect.arrayContaining([
        ...CLOUDTRAIL_SOURCES,
        'aws.cloudtrail.eventhistory',
        'aws.cloudtrail.lake',
        'aws.cloudtrail.channel',
        'aws.cloudtrail.digest',
        'aws.kms.usage',
        'aws.secretsmanager.access',
        'aws.identitycenter',
        'aws.s3.accesslogs',
        'aws.vpc.flowlogs',
        'aws.tgw.flowlogs',
        'aws.route53.resolver',
        'aws.route53.public',
        'aws.elb.alb.access',
        'aws.elb.alb.connection',
        'aws.elb.nlb',
        'aws.elb.classic',
        'aws.lambda.logs',
        'k8s.eks.audit',
        'k8s.eks.authenticator',
        'k8s.eks.api',
        'k8s.eks.controllermanager',
        'k8s.eks.scheduler',
      ]),
    );
  });

  it('are all those that a collector says something about', () => {
    const informed = awsCollectors.flatMap((collector) => collector.informs);
    expect(informed.length).toBeGreaterThan(8);
    expect(informed.filter((id) => !rules.sources.has(id))).toEqual([]);
  });

  it.each(sources.map((source) => [source.id, source] as const))('%s can happen, its classes are parts of it that differ', (_, source) => {
    const universe = universeOf(source, source.known === undefined ? undefined : known);
    expect(isEmpty(universe)).toBe(false);
    const parts = Object.values(source.classes).map((part) => selectorOf(part.where));
    for (const part of parts) expect(isEmpty(intersect(part, universe))).toBe(false);
    for (const [index, part] of parts.entries())
      for (const other of parts.slice(index + 1)) expect(isEmpty(intersect(part, other))).toBe(true);
    if (parts.length > 0)
      expect(isEmpty(parts.reduce((rest, part) => minus(rest, part), universe)), 'the classes together are the whole').toBe(true);
  });

  it.each(sources.filter((source) => source.resource?.values).map((source) => [source.id, source] as const))(
    '%s narrows to one resource',
    (_, source) => {
      expect(source.resource?.field).toBeDefined();
      for (const value of source.resource?.values ?? []) {
        expect(value).toMatch(/\{(resource|id)\}/);
        expect(value.indexOf('*')).toBeOneOf([-1, value.length - 1]);
      }
    },
  );

  it('say of every equivalent what is lost, and which of its records stand in', () => {
    const pairs = sources.flatMap((source) => source.equivalents.map((one) => ({ source, one })));
    expect(pairs.length).toBeGreaterThan(0);
    for (const { source, one } of pairs) {
      expect(one.loss.length).toBeGreaterThan(40);
      const other = rules.sources.get(one.source) as Source;
      expect(isEmpty(intersect(selectorOf(one.where ?? {}), universeOf(other, undefined)))).toBe(false);
      expect(isEmpty(intersect(selectorOf(one.covers ?? {}), universeOf(source, known)))).toBe(false);
    }
    // Both halves of the object events have a stand-in, and no operation stands for both.
    const operations = pairs
      .filter(({ source }) => source.id === 'aws.cloudtrail.data.s3')
      .map(({ one }) => one.where?.operation?.equals ?? []);
    expect(operations).toHaveLength(2);
    expect(operations[0]?.filter((operation) => operations[1]?.includes(operation))).toEqual([]);
  });

  it('views are parts of their source, and name its fields', () => {
    const views = sources.filter((source) => source.view);
    expect(views.map((source) => source.id).sort()).toEqual(['aws.identitycenter', 'aws.kms.usage', 'aws.secretsmanager.access']);
    for (const source of views) {
      const whole = rules.sources.get(source.view?.of as string) as Source;
      expect(Object.keys(source.fields).filter((field) => !whole.fields[field])).toEqual([]);
      expect(includes(selectorOf(source.always), intersect(selectorOf(whole.always), selectorOf(source.view?.where ?? {})))).toBe(true);
    }
  });

  it('calls that leave no record are named alone, so that a need for one of them is one of them whole', () => {
    const management = rules.sources.get('aws.cloudtrail.management') as Source;
    const never = (eventName: string) =>
      management.unlogged.find((one) =>
        includes(selectorOf(one.where), selectorOf({ eventName: { equals: [eventName] }, eventSource: { equals: ['iam.amazonaws.com'] } })),
      );
    expect(never('PassRole')?.why).toMatch(/permission/);
    expect(never('CreateRole')).toBeUndefined();
    for (const one of management.unlogged)
      for (const name of one.where.eventName?.equals ?? [])
        expect(
          table.some((row) => row.eventName === name),
          name,
        ).toBe(false);
  });
});

describe('known events', () => {
  it('has every event once, names in the order of the alphabet', () => {
    const seen = new Set<string>();
    for (const { eventSource, eventName } of table) {
      expect(eventSource).toMatch(/^[a-z0-9-]+\.amazonaws\.com$/);
      expect(eventName).toMatch(/^[A-Z][A-Za-z0-9_]+$/);
      expect(seen.has(`${eventSource}:${eventName}`), `${eventSource}:${eventName}`).toBe(false);
      seen.add(`${eventSource}:${eventName}`);
    }
    expect(seen.size).toBeGreaterThan(700);
    for (const { read, write } of Object.values(known.events)) for (const names of [read, write]) expect(names).toEqual([...names].sort());
  });

  it('pins the reads that look like more, and the changes that look like less', () => {
    const find = (eventName: string, eventSource?: string) =>
      table
        .filter((row) => row.eventName === eventName && (eventSource === undefined || row.eventSource === eventSource))
        .map((row) => [row.eventCategory, row.readOnly]);
    for (const name of ['AssumeRole', 'GetSecretValue', 'GetCallerIdentity', 'GetParameters', 'Decrypt', 'GenerateDataKey'])
      expect(find(name)).toEqual([['Management', 'true']]);
    for (const name of ['ConsoleLogin', 'GetSessionToken', 'GetFederationToken', 'StartSession'])
      expect(find(name)).toEqual([['Management', 'false']]);
    expect(find('GetObject')).toEqual([['Data', 'true']]);
    expect(find('Invoke')).toEqual([['Data', 'false']]);
    expect(find('ListObjectsV2')).toEqual([]);
    expect(find('ExecuteStatement')).toEqual([]);
  });

  it('agrees with the reader on the services that are recorded in one region', () => {
    expect(
      Object.entries(known.events)
        .filter(([, one]) => one.global)
        .map(([name]) => name),
    ).toEqual([...GLOBAL_SERVICES].sort());
  });
});

describe('named event classes', () => {
  it('has those of every source', () => {
    for (const id of [
      'aws.cloudtrail.management.read',
      'aws.cloudtrail.management.write',
      'aws.cloudtrail.data.s3.read',
      'aws.cloudtrail.data.s3.write',
      'aws.vpc.flowlogs.reject',
    ])
      expect(rules.events.has(id), id).toBe(true);
  });

  it.each(events.map((named) => [named.id, named] as const))('%s can happen, and holds known events of its kind only', (_, named) => {
    const source = sourceOf(named);
    expect(named.id).toMatch(/^[a-z0-9]+(\.[a-z0-9_-]+)+$/);
    for (const id of named.attack) expect(id).toMatch(/^T\d{4}(\.\d{3})?$/);
    const tables = source.known === undefined ? undefined : known;
    const selector = intersect(interpret(selectorOf(named.where), source, tables), universeOf(source, tables));
    expect(isEmpty(selector)).toBe(false);
    const rows = knownFor(source);
    // A name that no service of the class is known for would leave open whether it is a read: the class could not be proven.
    for (const name of named.where.eventName?.equals ?? []) {
      const possible = rows.filter((row) => row.eventName === name && (named.where.eventSource?.equals?.includes(row.eventSource) ?? true));
      expect(possible.length, `${named.id}: ${name}`).toBeGreaterThan(0);
      for (const row of possible) {
        if (named.where.readOnly?.equals) expect(named.where.readOnly.equals, name).toContain(row.readOnly);
        expect(matches(selector, flat(row, source)), name).toBe(true);
      }
    }
    if (named.where.readOnly?.equals?.[0] === 'true')
      expect(rows.filter((row) => row.readOnly === 'false' && matches(selector, flat(row, source)))).toEqual([]);
  });

  it('of one kind are covered by what takes that kind alone', () => {
    const covered = (id: string, where: Record<string, string[]>) => {
      const named = rules.events.get(id) as NamedEvents;
      const source = sourceOf(named);
      const asked = intersect(interpret(selectorOf(named.where), source, known), universeOf(source, known));
      return includes(selectorOf(Object.fromEntries(Object.entries(where).map(([field, equals]) => [field, { equals }]))), asked);
    };
    expect(covered('aws.logging.tampered', { readOnly: ['false'] })).toBe(true);
    expect(covered('aws.iam.permissions-changed', { readOnly: ['false'] })).toBe(true);
    expect(covered('aws.secrets.read', { readOnly: ['true'] })).toBe(true);
    expect(covered('aws.sts.role-assumed', { readOnly: ['false'] })).toBe(false);
    expect(covered('aws.kms.decrypt', { readOnly: ['false'] })).toBe(false);
    expect(covered('aws.s3.objects-read', { readOnly: ['true'] })).toBe(true);
    expect(covered('aws.signin.console-login', { readOnly: ['true'] })).toBe(false);
  });
});

describe('built-in threat models', () => {
  it('name sources and event classes that exist, use fields of theirs, and repeat no need', () => {
    expect(rules.threats.map(({ file }) => file.replace(/^.*[/\\]/, ''))).toContain('aws-account-baseline.yaml');
    for (const { model } of rules.threats) {
      const ids = model.threats.flatMap((threat) => threat.needs.map((need) => need.id));
      expect(ids).not.toContain(undefined);
      expect(new Set(ids).size).toBe(ids.length);
      for (const threat of model.threats) {
        expect(threat.attack.length, threat.id).toBeGreaterThan(0);
        expect(threat.needs.length, threat.id).toBeGreaterThan(0);
        for (const need of threat.needs) {
          const id = need.events === undefined ? need.source : rules.events.get(need.events)?.source;
          const source = rules.sources.get(id ?? '');
          expect(source, `${threat.id}: ${need.events ?? need.source}`).toBeDefined();
          expect(source?.carries, 'a need names the events, not their carrier').toBeUndefined();
          expect(Object.keys(need.where ?? {}).filter((field) => !source?.fields[field])).toEqual([]);
          if (need.retain !== undefined && need.searchable !== undefined) expect(need.retain).toBeGreaterThanOrEqual(need.searchable);
        }
      }
    }
  });

  it('ask of the account baseline what an investigator asks', () => {
    const baseline = rules.threats.find(({ file }) => file.endsWith('aws-account-baseline.yaml'));
    expect(baseline?.model.threats.map((threat) => threat.id)).toEqual(
      expect.arrayContaining([
        'stolen-credentials',
        'console-sign-in',
        'privilege-change',
        'persistence',
        'discovery',
        'secret-reads',
        'key-use',
        'log-tampering',
        'object-exfiltration',
        'snapshot-sharing',
        'network-exfiltration',
        'command-and-control',
        'web-attack',
        'function-abuse',
        'cluster-takeover',
        'resource-hijack',
        'destruction',
        'leaving-the-organization',
      ]),
    );
  });
});

it('no rules file holds a control character or a tab', () => {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.yaml'))) {
    expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(/(?!\n)\p{Cc}/u);
  }
});

function flat(row: Known, source: Source): Record<string, string> {
  const type = row.type ?? source.always['resources.type']?.equals?.[0] ?? '';
  return {
    eventSource: row.eventSource,
    eventName: row.eventName,
    readOnly: row.readOnly,
    eventCategory: row.eventCategory,
    'resources.type': type,
  };
}
