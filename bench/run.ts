/** All benchmarks, or those named: `npm run bench`, `npm run bench -- collect startup`. Prints figures and writes nothing. */
import { availableParallelism, cpus } from 'node:os';
import { benchAlgebra } from './algebra.ts';
import { benchAssess } from './assess.ts';
import { memory, processorTime, wallTime } from './collect.ts';
import { type Figure, show } from './figures.ts';
import { benchImport } from './import.ts';
import { startup } from './startup.ts';

const benches: Readonly<Record<string, () => Promise<readonly Figure[]> | readonly Figure[]>> = {
  startup,
  algebra: benchAlgebra,
  assess: benchAssess,
  import: benchImport,
  collect: async () => [...(await processorTime()), ...(await wallTime()), ...(await memory())],
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => !benches[name]);
if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
console.log(`Node ${process.version}, ${availableParallelism()} processors, ${cpus()[0]?.model.trim() ?? 'of unknown make'}`);
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (named.length > 0 && !named.includes(name)) continue;
  figures.push(...(await bench()));
}
console.log(`\n${show(figures)}`);
process.exitCode = figures.every(({ ratio, most }) => ratio <= most) ? 0 : 1;
