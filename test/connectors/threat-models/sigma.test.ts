import { describe, expect, it } from 'vitest';
import { importValue } from './import-fixture.ts';

async function wheres(detection: Readonly<Record<string, unknown>>): Promise<readonly unknown[]> {
  const [model] = await importValue({ title: 'a', logsource: { product: 'aws', service: 'cloudtrail' }, detection });
  return model?.threats[0]?.events.map(({ value }) => value.where) ?? [];
}

describe('the events that may match', () => {
  it.each([
    ['selection', [{ a: ['1'] }]],
    ['selection and other', [{ a: ['1'], b: ['2', '3'] }]],
    ['selection or other', [{ a: ['1'] }, { b: ['2', '3'] }]],
    ['selection and not other', [{ a: ['1'] }]],
    ['not selection', [{}]],
    ['selection or not other', [{}]],
    [
      'selection and (other or third)',
      [
        { a: ['1'], b: ['2', '3'] },
        { a: ['1'], c: ['4'] },
      ],
    ],
    ['1 of sel*', [{ a: ['1'] }]],
    ['all of them', [{ a: ['1'], b: ['2', '3'], c: ['4'] }]],
    ['1 of them', [{ a: ['1'] }, { b: ['2', '3'] }, { c: ['4'] }]],
    ['SELECTION', [{}]],
    ['selection | count() > 5', [{ a: ['1'] }]],
    ['selection and', [{}]],
    ['(selection', [{}]],
    ['selection)', [{}]],
    ['1 of nothing*', [{}]],
  ])('%s', async (condition, expected) => {
    expect(await wheres({ selection: { a: 1 }, other: { b: ['2', '3'] }, third: { c: '4' }, condition })).toEqual(expected);
  });

  it.each([
    ['patterns', { 'a|contains': 'x', b: '1' }, [{ b: ['1'] }]],
    ['wildcards', { a: ['x*', 'y'], b: '1' }, [{ b: ['1'] }]],
    ['nothing', { a: null, b: '1' }, [{ b: ['1'] }]],
    ['alternatives', [{ a: '1' }, { b: '2' }], [{ a: ['1'] }, { b: ['2'] }]],
    ['keywords', ['x', 'y'], [{}]],
  ])('%s leave open what equality cannot say', async (_, selection, expected) => {
    expect(await wheres({ selection, condition: 'selection' })).toEqual(expected);
  });
});

it('names every field that it reads, also those that only exclude', async () => {
  const [model] = await importValue({
    title: 'a',
    logsource: {},
    detection: { s: { a: 1, 'b|re': 'x' }, filter: [{ 'c|contains': 'y' }], condition: 's and not filter' },
  });
  expect(model?.threats[0]?.events[0]?.value.fields).toEqual(['a', 'b', 'c']);
});

it('reads the rules of one file as threats of one model, and shares what the first says for all', async () => {
  const [model, ...rest] = await importValue(
    'action: global\ntitle: both\nlogsource: {product: gcp, service: gcp.audit}\n---\nid: "1"\ndetection: {s: {a: b}, condition: s}\n---\nid: "2"\ndetection: {s: {c: d}, condition: s}\n',
  );
  expect(rest).toEqual([]);
  expect(model?.threats.map(({ id, events }) => [id, events[0]?.value.logSource.product, events[0]?.value.where])).toEqual([
    ['1', 'gcp', { a: ['b'] }],
    ['2', 'gcp', { c: ['d'] }],
  ]);
});
