import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const models = new Map<string, string>();

/** The names of a command's input and output members, as the SDK package declares them. */
export function membersOf(packageName: string, op: string): { readonly input: readonly string[]; readonly output: readonly string[] } {
  const types = join(packageFolder(packageName), 'dist-types');
  const command = readFileSync(join(types, 'commands', `${op}Command.d.ts`), 'utf8');
  const shape = (side: 'Input' | 'Output') => new RegExp(`interface ${op}Command${side} extends (\\w+)`).exec(command)?.[1];
  return { input: members(types, shape('Input')), output: members(types, shape('Output')) };
}

function packageFolder(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) if (existsSync(join(folder, name))) return join(folder, name);
  return dirname(require.resolve(`${name}/package.json`));
}

function members(types: string, shape: string | undefined): string[] {
  if (shape === undefined || shape === '__MetadataBearer') return [];
  let text = models.get(types);
  if (text === undefined) {
    const folder = join(types, 'models');
    text = readdirSync(folder)
      .filter((file) => file.endsWith('.d.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    models.set(types, text);
  }
  const found = new RegExp(`^export interface ${shape}(?: extends (\\w+))? \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(text);
  if (!found) throw new Error(`${shape} is not declared in ${types}`);
  const own = [...(found[2] ?? '').matchAll(/^ {4}(\w+)\??:/gm)].map((match) => match[1] as string);
  return [...own, ...members(types, found[1])];
}
