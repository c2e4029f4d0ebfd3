import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as classes from '../../src/events/classes.ts';
import { interpret, knownNames, narrow, universeOf } from '../../src/events/universe.ts';
import { witness } from '../../src/events/witness.ts';
import { KnownEvents, Source } from '../../src/model/source.ts';
import { Where } from '../../src/model/where.ts';

const selector = (where: unknown) => classes.selectorOf(Where.parse(where));

const readOnly = { values: ['true', 'false'], closed: true };
const common = {
  about: 'As the name says.',
  provider: 'aws',
  service: 'CloudTrail',
  default: 'off',
  place: 'region',
  known: 'aws.cloudtrail',
  doc: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/',
};
const management = Source.parse({
  ...common,
  id: 'aws.cloudtrail.management',
  name: 'Management events',
  always: { eventCategory: 'Management' },
  fields: { eventSource: {}, eventName: { example: 'CreateUser' }, readOnly },
});
const objects = Source.parse({
  ...common,
  id: 'aws.cloudtrail.data.s3',
  name: 'S3 data events',
  always: { eventCategory: 'Data', 'resources.type': 'AWS::S3::Object' },
  fields: { eventName: {}, readOnly, 'resources.ARN': { example: 'arn:aws:s3:::card-vault/1' } },
});
const models = Source.parse({
  ...common,
  id: 'aws.cloudtrail.data.models',
  name: 'Model data events',
  always: { eventCategory: 'Data', 'resources.type': ['AWS::Bedrock::AgentAlias', 'AWS::Bedrock::Session'] },
  fields: { eventName: {}, readOnly },
});
const known = KnownEvents.parse({
  version: 1,
  source: 'observed',
  events: {
    'sts.amazonaws.com': { read: ['AssumeRole', 'GetCallerIdentity'] },
    'iam.amazonaws.com': { read: ['ListUsers', 'GetUser'], write: ['CreateUser', 'DeleteUser'] },
    'cognito-idp.amazonaws.com': { write: ['CreateUser'] },
    's3.amazonaws.com': {
      read: ['GetBucketAcl'],
      write: ['DeleteBucket'],
      data: { 'AWS::S3::Object': { read: ['GetObject'], write: ['PutObject', 'DeleteObject'] } },
    },
    'bedrock.amazonaws.com': { data: { 'AWS::Bedrock::AgentAlias': { write: ['InvokeAgent'] } } },
  },
});
const can = (source: Source, event: classes.Event) => classes.matches(universeOf(source, known), event);

describe('what can happen in a source', () => {
  test('GetObject is a read: a selector that takes reads only covers it', () => {
    const reads = selector({ eventCategory: 'Data', 'resources.type': 'AWS::S3::Object', readOnly: 'true' });
    const writes = selector({ eventCategory: 'Data', 'resources.type': 'AWS::S3::Object', readOnly: 'false' });
    const need = narrow(interpret(selector({ eventName: ['GetObject'] }), objects, known), universeOf(objects, known));
    expect(classes.isEmpty(need)).toBe(false);
    expect(classes.includes(reads, need)).toBe(true);
    expect(classes.disjoint(writes, need)).toBe(true);
    // Without what is known it might be either.
    expect(classes.includes(reads, narrow(selector({ eventName: ['GetObject'] }), universeOf(objects, undefined)))).toBe(false);
    const both = narrow(interpret(selector({ eventName: ['GetObject', 'PutObject'] }), objects, known), universeOf(objects, known));
    expect(classes.includes(reads, both)).toBe(false);
    expect(witness(classes.minus(both, reads), {})).toMatchObject({
      eventSource: 's3.amazonaws.com',
      eventName: 'PutObject',
      readOnly: 'false',
    });
  });

  test('AssumeRole is a read of STS', () => {
    expect(
      can(management, { eventCategory: 'Management', eventSource: 'sts.amazonaws.com', eventName: 'AssumeRole', readOnly: 'true' }),
    ).toBe(true);
    expect(
      can(management, { eventCategory: 'Management', eventSource: 'sts.amazonaws.com', eventName: 'AssumeRole', readOnly: 'false' }),
    ).toBe(false);
    const need = narrow(interpret(selector({ eventName: ['AssumeRole'] }), management, known), universeOf(management, known));
    expect(classes.includes(selector({ eventCategory: 'Management', readOnly: 'true' }), need)).toBe(true);
    expect(classes.disjoint(selector({ eventCategory: 'Management', readOnly: 'false' }), need)).toBe(true);
    expect(witness(need, {})).toEqual({
      eventCategory: 'Management',
      eventSource: 'sts.amazonaws.com',
      eventName: 'AssumeRole',
      readOnly: 'true',
    });
  });

  test('unknown names and unknown services keep every combination', () => {
    for (const flag of ['true', 'false']) {
      expect(can(management, { eventCategory: 'Management', eventSource: 'sts.amazonaws.com', eventName: 'Other', readOnly: flag })).toBe(
        true,
      );
      expect(
        can(management, { eventCategory: 'Management', eventSource: 'new.amazonaws.com', eventName: 'AssumeRole', readOnly: flag }),
      ).toBe(true);
      expect(
        can(objects, {
          eventCategory: 'Data',
          'resources.type': 'AWS::S3::Object',
          eventSource: 's3.amazonaws.com',
          eventName: 'NewCall',
          readOnly: flag,
        }),
      ).toBe(true);
      expect(
        can(models, {
          eventCategory: 'Data',
          'resources.type': 'AWS::Bedrock::Session',
          eventSource: 'bedrock.amazonaws.com',
          eventName: 'InvokeAgent',
          readOnly: flag,
        }),
      ).toBe(true);
    }
    expect(
      can(models, {
        eventCategory: 'Data',
        'resources.type': 'AWS::Bedrock::AgentAlias',
        eventSource: 'bedrock.amazonaws.com',
        eventName: 'InvokeAgent',
        readOnly: 'true',
      }),
    ).toBe(false);
    expect(
      can(models, {
        eventCategory: 'Data',
        'resources.type': 'AWS::Other',
        eventSource: 'bedrock.amazonaws.com',
        eventName: 'InvokeAgent',
        readOnly: 'false',
      }),
    ).toBe(false);
  });

  test('closed fields hold their values only', () => {
    const event = { eventCategory: 'Management', eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances' };
    expect(can(management, { ...event, readOnly: 'maybe' })).toBe(false);
    expect(can(management, event)).toBe(false);
    const split = classes.union(selector({ readOnly: 'true' }), selector({ readOnly: 'false' }));
    expect(classes.includes(split, universeOf(management, undefined))).toBe(true);
    expect(classes.includes(split, universeOf(management, known))).toBe(true);
  });

  test('agrees with the table, event by event', () => {
    const services = [...Object.keys(known.events), 'new.amazonaws.com', ''];
    const names = [...new Set(Object.values(known.events).flatMap((one) => [...one.read, ...one.write])), 'GetObject', 'Other'];
    const universe = universeOf(management, known);
    for (const service of services)
      for (const name of names)
        for (const flag of ['true', 'false']) {
          const one = known.events[service];
          const isRead = one?.read.includes(name) ?? false;
          const isWrite = one?.write.includes(name) ?? false;
          const possible = isRead || isWrite ? (flag === 'true' ? isRead : isWrite) : true;
          expect(classes.matches(universe, { eventCategory: 'Management', eventSource: service, eventName: name, readOnly: flag })).toBe(
            possible,
          );
        }
  });

  test('knowing more never adds events', () => {
    for (const source of [management, objects, models])
      expect(classes.includes(universeOf(source, undefined), universeOf(source, known))).toBe(true);
  });
});

describe('what names mean', () => {
  test('the events of the services that have them, name by name', () => {
    const meant = interpret(selector({ eventName: ['CreateUser', 'AssumeRole', 'Unheard'] }), management, known);
    const has = (eventSource: string, eventName: string) => classes.matches(meant, { eventSource, eventName });
    expect(has('iam.amazonaws.com', 'CreateUser')).toBe(true);
    expect(has('cognito-idp.amazonaws.com', 'CreateUser')).toBe(true);
    expect(has('sts.amazonaws.com', 'CreateUser')).toBe(false);
    expect(has('sts.amazonaws.com', 'AssumeRole')).toBe(true);
    expect(has('iam.amazonaws.com', 'AssumeRole')).toBe(false);
    expect(has('any.amazonaws.com', 'Unheard')).toBe(true);
  });

  test('nothing else is touched', () => {
    for (const where of [
      { eventName: { startsWith: ['Create'] } },
      { eventSource: ['iam.amazonaws.com'], eventName: ['AssumeRole'] },
      { readOnly: 'true' },
    ]) {
      expect(interpret(selector(where), management, known)).toEqual(selector(where));
    }
    expect(interpret(selector({ eventName: ['AssumeRole'] }), management, undefined)).toEqual(selector({ eventName: ['AssumeRole'] }));
  });

  test('only ever narrows', () => {
    fc.assert(
      fc.property(
        fc.subarray(['CreateUser', 'AssumeRole', 'GetObject', 'InvokeAgent', 'Unheard'], { minLength: 1 }),
        fc.constantFrom(management, objects, models),
        (names, source) => {
          const asked = selector({ eventName: { equals: names } });
          expect(classes.includes(asked, interpret(asked, source, known))).toBe(true);
          for (const name of names)
            expect(classes.isEmpty(classes.intersect(interpret(asked, source, known), selector({ eventName: [name] })))).toBe(false);
        },
      ),
    );
  });
});

describe('hints', () => {
  test('known names of the selector, those of the biggest service and changes first', () => {
    const hints = knownNames(management, known, universeOf(management, known));
    expect(hints.eventName?.slice(0, 4)).toEqual(['CreateUser', 'DeleteUser', 'ListUsers', 'GetUser']);
    expect(hints.eventSource?.[0]).toBe('iam.amazonaws.com');
    expect(witness(universeOf(management, known), hints)).toEqual({
      eventCategory: 'Management',
      eventSource: 'iam.amazonaws.com',
      eventName: 'CreateUser',
      readOnly: 'false',
    });
  });

  test('a name stays with the service that has it', () => {
    const universe = universeOf(management, known);
    const unknownOnly = classes.minus(
      universe,
      selector({ eventName: Object.values(known.events).flatMap((one) => [...one.read, ...one.write]) }),
    );
    const event = witness(unknownOnly, knownNames(management, known, universe)) as classes.Event;
    expect(classes.matches(unknownOnly, event)).toBe(true);
    const reads = witness(
      classes.minus(universe, selector({ readOnly: 'false' })),
      knownNames(management, known, universe),
    ) as classes.Event;
    expect(known.events[reads.eventSource as string]?.read).toContain(reads.eventName);
  });

  test('data reads go first', () => {
    expect(knownNames(objects, known, classes.EVERYTHING).eventName).toEqual(['GetObject', 'PutObject', 'DeleteObject']);
    expect(knownNames(objects, known, selector({ readOnly: 'false' })).eventName).toEqual(['PutObject', 'DeleteObject']);
    expect(knownNames(objects, known, selector({ eventName: ['Unheard', 'PutObject'] })).eventName).toEqual(['PutObject', 'Unheard']);
    expect(knownNames(objects, known, classes.EVERYTHING)['resources.ARN']).toEqual(['arn:aws:s3:::card-vault/1']);
  });

  test('a witness of what is left is an event that can happen', () => {
    const universe = universeOf(management, known);
    const parts = [
      selector({ readOnly: 'true' }),
      selector({ readOnly: 'false' }),
      selector({ eventSource: { startsWith: ['i'] } }),
      selector({ eventName: { endsWith: ['User'] } }),
      selector({ eventSource: ['s3.amazonaws.com', 'sts.amazonaws.com'] }),
    ];
    fc.assert(
      fc.property(fc.subarray(parts), (taken) => {
        const rest = classes.minus(universe, taken.flat());
        const event = witness(rest, knownNames(management, known, rest));
        expect(event === undefined).toBe(classes.includes(taken.flat(), universe));
        if (!event) return;
        expect(classes.matches(universe, event)).toBe(true);
        expect(classes.matches(taken.flat(), event)).toBe(false);
      }),
    );
  });
});
