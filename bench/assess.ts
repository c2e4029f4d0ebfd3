import { callTable, readPaths } from '../connectors/index.ts';
import { assess } from '../src/assess/assess.ts';
import { needsOf } from '../src/needs/compile.ts';
import { loadRules } from '../src/needs/rules.ts';
import { EvidenceView } from '../src/store/view.ts';
import { AS_OF, estate, needs } from './estate.ts';

/** Times the pure half on estates of growing size; prints seconds and how time grows against the estate. */
export function benchAssess(sizes: readonly number[] = [200, 2000]): void {
  const rules = loadRules();
  const wanted = needsOf(needs(100), rules);
  let before: { accounts: number; seconds: number } | undefined;
  for (const accounts of sizes) {
    const start = performance.now();
    const view = new EvidenceView(estate(accounts), callTable);
    const indexed = performance.now();
    const paths = readPaths(view, AS_OF);
    const read = performance.now();
    const { needs: verdicts, inventory } = assess(paths, wanted, rules, AS_OF);
    const end = performance.now();
    const seconds = (end - start) / 1000;
    const growth = before
      ? `, ${(seconds / before.seconds).toFixed(1)} times the time for ${accounts / before.accounts} times the accounts`
      : '';
    console.log(
      `assess ${accounts} accounts x 17 regions x 100 needs: ${seconds.toFixed(2)} s (index ${((indexed - start) / 1000).toFixed(2)}, read ${((read - indexed) / 1000).toFixed(2)}, judge ${((end - read) / 1000).toFixed(2)}); ` +
        `${verdicts.length} verdicts, ${verdicts.reduce((sum, one) => sum + one.places.length, 0)} places, ${inventory.length} inventory rows${growth}`,
    );
    before = { accounts, seconds };
  }
}

if (import.meta.main)
  benchAssess(process.argv.slice(2).map(Number).filter(Boolean).length > 0 ? process.argv.slice(2).map(Number) : undefined);
