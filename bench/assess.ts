import { callTable, readPaths } from '../connectors/index.ts';
import { assess } from '../src/assess/assess.ts';
import { needsOf } from '../src/needs/compile.ts';
import { loadRules } from '../src/needs/rules.ts';
import { EvidenceView } from '../src/store/view.ts';
import { AS_OF, estate, needs } from './estate.ts';
import { type Figure, show } from './figures.ts';

const SECONDS = 15;

/** Times the pure half on estates of growing size: how long the largest takes, and how time grows against the estate. */
export function benchAssess(sizes: readonly number[] = [200, 2000]): Figure[] {
  const rules = loadRules();
  const wanted = needsOf(needs(100), rules);
  // The first run finds nothing compiled; it is not counted.
  assess(readPaths(new EvidenceView(estate(10), callTable), AS_OF), wanted, rules, AS_OF);
  const taken = sizes.map((accounts) => {
    const start = performance.now();
    const view = new EvidenceView(estate(accounts), callTable);
    const indexed = performance.now();
    const paths = readPaths(view, AS_OF);
    const read = performance.now();
    const { needs: verdicts, inventory } = assess(paths, wanted, rules, AS_OF);
    const end = performance.now();
    const said = (from: number, to: number) => ((to - from) / 1000).toFixed(2);
    console.log(
      `assess ${accounts} accounts x 17 regions x 100 needs: ${said(start, end)} s (index ${said(start, indexed)}, read ${said(indexed, read)}, judge ${said(read, end)}); ` +
        `${verdicts.length} verdicts, ${verdicts.reduce((sum, one) => sum + one.places.length, 0)} places, ${inventory.length} inventory rows`,
    );
    return { accounts, seconds: (end - start) / 1000 };
  });
  const [small, large] = [taken[0], taken.at(-1)];
  if (!small || !large) return [];
  const [grown, times] = [large.seconds / small.seconds, large.accounts / small.accounts];
  return [
    {
      name: `assess of ${large.accounts} accounts / ${SECONDS} s`,
      measured: `${large.seconds.toFixed(1)} s`,
      ratio: large.seconds / SECONDS,
      most: 1,
    },
    { name: 'growth of time / growth of the estate', measured: `${grown.toFixed(1)} / ${times.toFixed(1)}`, ratio: grown / times, most: 1 },
  ];
}

if (import.meta.main) {
  const sizes = process.argv.slice(2).map(Number).filter(Boolean);
  console.log(`\n${show(benchAssess(sizes.length > 0 ? sizes : undefined))}`);
}
