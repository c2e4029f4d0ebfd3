import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Argument, type FilterNode, parseFilter, quote } from '../../../../connectors/gcp/filter/parse.ts';

function shown(node: FilterNode | Argument | undefined): string {
  switch (node?.kind) {
    case 'all':
      return `(${node.of.map(shown).join(' & ')})`;
    case 'any':
      return `(${node.of.map(shown).join(' | ')})`;
    case 'not':
      return `!${shown(node.of)}`;
    case 'comparison':
      return `${shown(node.left)} ${node.operator} ${shown(node.value)}`;
    case 'anywhere':
      return shown(node.value);
    case 'value':
      return JSON.stringify(node.text);
    case 'path':
      return node.names.join('/');
    case 'call':
      return `${node.name}[${node.args.map(shown).join(', ')}]`;
    case 'opaque':
      return '?';
    default:
      return 'everything';
  }
}

function read(text: string): string {
  const { filter, error } = parseFilter(text);
  return error ? `error: ${error.problem}` : shown(filter);
}

describe('the query language', () => {
  it.each([
    ['', 'everything'],
    ['  -- only a remark', 'everything'],
    ['"a" OR NOT "b" AND NOT "c" OR "d"', '(("a" | !"b") & (!"c" | "d"))'],
    ['a=b c=d OR e=f', '(a = "b" & (c = "d" | e = "f"))'],
    ['a="b" c="d" -e="f"', '(a = "b" & c = "d" & !e = "f")'],
    ['a=b\n-- b=c\nd=e -- the end', '(a = "b" & d = "e")'],
    [
      'resource.type = (gce_instance OR aws_ec2_instance) AND severity >= ERROR',
      '((resource/type = "gce_instance" | resource/type = "aws_ec2_instance") & severity >= "ERROR")',
    ],
    ['jsonPayload.animal : ("nice" AND "pet")', '(jsonPayload/animal : "nice" & jsonPayload/animal : "pet")'],
    ['textPayload:(unicorn phoenix)', '(textPayload : "unicorn" & textPayload : "phoenix")'],
    ['labels.env =~ ("^prod.*server" OR "^staging.*server")', '(labels/env =~ "^prod.*server" | labels/env =~ "^staging.*server")'],
    ['a=(x OR NOT (y AND -z))', '(a = "x" | !(a = "y" & !a = "z"))'],
    ['labels."compute.googleapis.com/resource_id"=x', 'labels/compute.googleapis.com/resource_id = "x"'],
    ['jsonPayload.":name":apple jsonPayload."\\"foo\\"":apple', '(jsonPayload/:name : "apple" & jsonPayload/"foo" : "apple")'],
    ['protoPayload.@type="x"', 'protoPayload/@type = "x"'],
    ['operation.id:*', 'operation/id : "*"'],
    ['logName=projects/p/logs/compute.googleapis.com%2Factivity', 'logName = "projects/p/logs/compute.googleapis.com%2Factivity"'],
    ['unicorn phoenix', '("unicorn" & "phoenix")'],
    ['this and that', '("this" & "and" & "that")'],
    ['jsonPayload.message =~ "field1=\\"bar.*\\""', 'jsonPayload/message =~ "field1=\\"bar.*\\""'],
    ['a="\\tx\\u0041\\x42\\103\\."', 'a = "\\txABC\\\\."'],
    ['a=-5 AND -b=5', '(a = "-5" & !b = "5")'],
    ['NOT NOT a=b', 'a = "b"'],
    ['LOG_ID("x/y") AND sample(insertId, 0.25)', '(log_id["x/y"] & sample[insertId, 0/25])'],
    [
      'cast(timestamp, STRING, TIMEZONE("America/New_York")) =~ "^2023-01-02.*"',
      'cast[timestamp, STRING, timezone["America/New_York"]] =~ "^2023-01-02.*"',
    ],
    [
      'CAST(REGEXP_EXTRACT(CAST(timestamp, STRING), "\\\\d+:(\\\\d+)"), INT64) < 500',
      'cast[regexp_extract[cast[timestamp, STRING], "\\\\d+:(\\\\d+)"], INT64] < "500"',
    ],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    ['insertId = abc:def', 'nothing that can be read at character 15: :def'],
    ['a="x', 'a quotation mark that is not closed at character 3: "x'],
    ['a=b) c=d', 'nothing to go with at character 4: ) c=d'],
    ['(a=b', 'a parenthesis that is not closed at character 1: (a=b'],
    ['a=()', 'an empty parenthesis at character 3: ()'],
    ['a=', 'a comparison without a value at character 3 (the end)'],
    ['a. = b', 'a field name that ends with a dot at character 1: a.'],
    ['a=b AND', 'nothing that can be read at character 8 (the end)'],
    ['a=x*', 'a * in a value that is not quoted at character 3: x*'],
    ['sample(insertId 0.5)', 'the arguments of sample are not separated at character 17: 0.5)'],
  ])('%s is an error with its place', (text, problem) => {
    expect(parseFilter(text).error?.problem).toBe(problem);
  });

  it('keeps the place of every part', () => {
    const text = 'a=b AND\n  labels."x/y" : ("p" OR "q")';
    const { filter } = parseFilter(text);
    expect(filter?.kind === 'all' ? filter.of.map((one) => quote(text, one)) : []).toEqual(['a=b', '("p" OR "q")']);
    expect(quote('x'.repeat(500), { from: 0, to: 500 }).length).toBe(120);
  });

  it.each([
    ['parentheses', '('.repeat(20_000)],
    ['values in parentheses', 'a=('.repeat(5000)],
    ['functions', 'f('.repeat(9000)],
    ['negations', 'NOT '.repeat(5000)],
    ['minus signs', '-'.repeat(20_000)],
    ['an endless string', `"${'\\'.repeat(19_000)}`],
    ['control characters', '\0\u0001=\u0002'.repeat(3000)],
    ['a megabyte', 'x '.repeat(500_000)],
    ['a name of dots', 'a.'.repeat(9999)],
    ['lone surrogates', '\ud800=\udfff'.repeat(2000)],
  ])('stays calm with %s', (_, text) => {
    const { filter, error } = parseFilter(text);
    expect(filter === undefined).toBe(error !== undefined || text.startsWith('-'));
    if (error) expect(error.problem.length).toBeLessThan(200);
  });

  it('counts characters, not code units', () => {
    expect(parseFilter(`"${'\u{1f600}'.repeat(19_998)}"`).error).toBeUndefined();
    expect(parseFilter(`"${'x'.repeat(19_999)}"`).error?.problem).toBe('longer than 20000 characters');
  });

  it('reads any text or says what is wrong with it', () => {
    const bit = fc.constantFrom(
      'a',
      '.',
      '"',
      "'",
      '(',
      ')',
      '=',
      '!',
      '~',
      ':',
      '-',
      ' ',
      'AND',
      'OR',
      'NOT ',
      ',',
      '*',
      '\\',
      '\n',
      'sample(',
      '<',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(bit, { maxLength: 30 }).map((bits) => bits.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const { filter, error } = parseFilter(text);
          if (filter) expect(filter.to).toBeLessThanOrEqual(text.length);
          if (error) expect(error.problem).not.toBe('');
        },
      ),
      { numRuns: 3000 },
    );
  });
});
