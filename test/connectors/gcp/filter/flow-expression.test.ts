import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFlowExpression } from '../../../../connectors/gcp/filter/flow-expression.ts';
import { type Event, matches } from '../../../../src/events/classes.ts';

const WEB: Event = {
  'connection.src_ip': '10.1.2.3',
  'connection.dest_ip': '198.51.100.7',
  'connection.protocol': '6',
  'connection.dest_port': '443',
  reporter: 'SRC',
  'src_instance.vm_name': 'card-vault-1',
  'src_vpc.vpc_name': 'payments',
};
const PING: Event = { 'connection.src_ip': '35.191.0.9', 'connection.dest_ip': '10.1.2.3', 'connection.protocol': '1', reporter: 'DEST' };
const FLOWS: Readonly<Record<string, Event>> = { WEB, PING };

function recorded(text: string): [string[], string[]] {
  const { passes, mayPass } = compileFlowExpression(text);
  const names = Object.keys(FLOWS);
  const inside = names.filter((name) => matches(passes, FLOWS[name] as Event));
  return [inside, names.filter((name) => !inside.includes(name) && matches(mayPass, FLOWS[name] as Event))];
}

describe('an expression for flow logs', () => {
  it.each([
    ['', ['WEB', 'PING'], []],
    ['true', ['WEB', 'PING'], []],
    ['false', [], []],
    ['connection.dest_port == 443', ['WEB'], []],
    ['connection.dest_port != 443', [], ['PING']],
    ['connection.dest_port < 1024', ['WEB'], ['PING']],
    ['connection.dest_port >= 1024', [], []],
    ["reporter=='SRC'", ['WEB'], []],
    ["reporter=='src'", [], []],
    ["reporter != 'SRC'", ['PING'], []],
    ["inIpRange(connection.src_ip, '10.0.0.0/8')", ['WEB'], []],
    ["!(inIpRange(connection.src_ip, '35.191.0.0/16') || inIpRange(connection.src_ip, '130.211.0.0/22'))", ['WEB'], []],
    [
      "(src_instance.vm_name == 'card-vault-1' && reporter=='SRC') || (dest_instance.vm_name == 'card-vault-1' && reporter=='DEST')",
      ['WEB'],
      [],
    ],
    ["src_instance.vm_name.startsWith('card-') && connection.protocol == 6", ['WEB'], []],
    ["src_instance.vm_name.matches('vault-[0-9]$')", ['WEB'], []],
    ["!(src_instance.vm_name == 'other')", ['WEB'], ['PING']],
    ['!(has(src_vpc.vpc_name) && has(dest_vpc.vpc_name))', ['WEB', 'PING'], []],
    ['has(src_vpc)', [], ['WEB', 'PING']],
    ["reporter=='DEST' || connection.dest_port == 443 && reporter=='SRC'", ['WEB', 'PING'], []],
    ['connection.dest_port in [80, 443]', [], ['WEB', 'PING']],
    ['reporter', [], ['WEB', 'PING']],
    ['(', [], ['WEB', 'PING']],
  ] as [string, string[], string[]][])('%s', (text, certain, possible) => {
    expect(recorded(text)).toEqual([certain, possible]);
  });

  it('quotes what it cannot say', () => {
    expect(compileFlowExpression('has(src_vpc) && reporter == "SRC"').unclear).toEqual(['has(src_vpc)']);
    expect(compileFlowExpression('size(reporter) > 2').unclear).toEqual(['size(reporter) > 2']);
    expect(compileFlowExpression('true').unclear).toEqual([]);
  });

  it.each([['('.repeat(20_000)], ['!'.repeat(20_000)], ['a==1 && '.repeat(2000)], ['"'.repeat(9999)], ['x'.repeat(1_000_000)], ['\0']])(
    'stays calm with odd text',
    (text) => {
      expect(compileFlowExpression(text).passes).toEqual([]);
    },
  );

  it('keeps its bounds under negation', () => {
    const atom = fc.constantFrom(
      'connection.dest_port == 443',
      'connection.dest_port > 10',
      "reporter == 'SRC'",
      'has(src_vpc.vpc_name)',
      "src_vpc.vpc_name != 'payments'",
      "inIpRange(connection.src_ip, '10.1.0.0/16')",
      'connection.dest_port in [1]',
    );
    const { any } = fc.letrec<{ any: string }>((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        atom,
        fc.tuple(tie('any'), fc.constantFrom('&&', '||'), tie('any')).map(([a, o, b]) => `(${a} ${o} !(${b}))`),
      ),
    }));
    fc.assert(
      fc.property(any, (text) => {
        const [yes, no] = [compileFlowExpression(text), compileFlowExpression(`!(${text})`)];
        for (const event of Object.values(FLOWS)) {
          if (matches(yes.passes, event)) expect([matches(yes.mayPass, event), matches(no.passes, event)]).toEqual([true, false]);
          expect(matches(yes.mayPass, event) || matches(no.mayPass, event)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
