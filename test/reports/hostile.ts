import type { Assessment } from '../../src/model/assessment.ts';

/** Strings that try to become markup, script, commands of a terminal, formulas, or to hide. */
export const HOSTILE = [
  '<script>window.pwned=1</script>',
  '"><img src=x onerror="window.pwned=1">',
  "'><svg/onload=window.pwned=1>",
  '</script><script>window.pwned=1</script>',
  '<!--<script>',
  ']]></style><style>*{display:none}</style>',
  'javascript:window.pwned=1',
  '` onmouseover=window.pwned=1 ',
  '\u001b[2J\u001b]0;pwned\u0007\u009b31m',
  'safe\u202etxt.exe\u2066\u200b\u00ad\ufeff',
  'line\nbreak\r\ttab\u2028\u2029\u0000',
  '=cmd|"/c calc"!A1',
  '表示漢字テスト👩‍👩‍👧‍👦 Zͣ͆ͧ̽̂̌͛̌a̴l̷g̸o',
  '\ud800 lone \udfff',
  '__proto__',
  '{{constructor.constructor("window.pwned=1")()}}',
];

const FIXED = new Set([
  'provider',
  'severity',
  'verdict',
  'collection',
  'delivery',
  'dimension',
  'is',
  'passes',
  'state',
  'holds',
  'claimed',
  'tier',
  'basis',
  'priority',
]);

/** The assessment with something hostile in every string that comes from outside. */
export function hostileCopy(assessment: Assessment): Assessment {
  let next = 0;
  const spoil = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return FIXED.has(key) ? value : `${value}${HOSTILE[next++ % HOSTILE.length]}`;
    if (Array.isArray(value)) return value.map((one) => spoil(one, key));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        key === 'witness' || key === 'need' ? (spoil(name, '') as string) : name,
        name === 'collection' && typeof one !== 'string' ? one : spoil(one, name),
      ]),
    );
  };
  return { ...(spoil({ ...assessment, summary: undefined }, '') as Assessment), schema: 1, summary: assessment.summary };
}
