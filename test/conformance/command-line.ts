import type { Command, OptionSpec } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/index.ts';

/** What is wrong with a line that calls viewshed, as somebody would paste it into a shell; empty where nothing is. */
export function faultsOf(line: string): string[] {
  const words = wordsOf(line);
  const calls = callsIn(words);
  if (calls.length === 0) return [`"${line}" does not call viewshed`];
  return calls.flatMap((call) => faultsOfCall(call).map((fault) => `"${line}": ${fault}`));
}

/** The words after `viewshed` of every call in the line: of each part of a pipe, without redirections. */
function callsIn(words: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (word === '#') break;
    if (['|', '||', '&&', ';'].includes(word)) parts.push([]);
    else if (/^\d?>{1,2}$|^<$/.test(word)) index++;
    else if (!/^\d?>{1,2}.|^<./.test(word)) parts.at(-1)?.push(word);
  }
  return parts.flatMap((part) => {
    const start = part.findIndex((word) => !/^[A-Z_][A-Z0-9_]*=/.test(word));
    const rest = start < 0 ? [] : part.slice(start);
    if (rest[0] === 'viewshed') return [rest.slice(1)];
    if (rest[0] === 'npx' && rest[1] === 'viewshed') return [rest.slice(2)];
    if (rest[0] === 'npm' && rest[1] === 'run' && rest.includes('viewshed'))
      return [rest.slice(rest.includes('--') ? rest.indexOf('--') + 1 : rest.length)];
    return [];
  });
}

function faultsOfCall(call: readonly string[]): string[] {
  const name = call[0];
  if (name === undefined || ['--help', '-h', '--version', '-V', 'help'].includes(name)) return [];
  const command = commands.find((one) => one.name === name);
  if (!command) return [`there is no command "${name}"`];
  const faults: string[] = [];
  const positional: string[] = [];
  for (let index = 1; index < call.length; index++) {
    const word = call[index] as string;
    if (!word.startsWith('-') || word === '-') {
      positional.push(word);
      continue;
    }
    const [flag = '', inline] = word.split(/=(.*)/s);
    if (flag === '--help' || flag === '-h') continue;
    const option = command.options.find((one) => flagsOf(one).includes(flag));
    if (!option) {
      faults.push(`${name} has no ${flag}`);
      continue;
    }
    const takes = /[<[]([^\]>]+)[\]>]/.exec(option.flags)?.[1];
    if (takes === undefined) {
      if (inline !== undefined) faults.push(`${flag} takes no value`);
      continue;
    }
    const values = inline === undefined ? [] : [inline];
    while (inline === undefined && (values.length === 0 || takes.endsWith('...'))) {
      const value = call[index + 1];
      if (value === undefined || (value.startsWith('-') && value !== '-')) break;
      values.push(value);
      index++;
    }
    if (values.length === 0 && option.flags.includes('<')) faults.push(`${flag} lacks its value`);
    for (const value of values) if (option.choices && !option.choices.includes(value)) faults.push(`${flag} does not take "${value}"`);
  }
  return [...faults, ...positionalFaults(command, positional)];
}

function positionalFaults(command: Command, positional: readonly string[]): string[] {
  const specs = command.arguments ?? [];
  const required = specs.filter((one) => one.name.startsWith('<')).length;
  const most = specs.some((one) => one.name.includes('...')) ? Number.POSITIVE_INFINITY : specs.length;
  if (positional.length < required || positional.length > most)
    return [`${command.name} takes ${specs.map((one) => one.name).join(' ') || 'no argument'}, not "${positional.join(' ')}"`];
  return positional.flatMap((value, index) => {
    const choices = specs[index]?.choices;
    return choices && !choices.includes(value) ? [`${command.name} does not take "${value}"`] : [];
  });
}

export function flagsOf(option: OptionSpec): string[] {
  return option.flags.split(/[\s,]+/).filter((part) => part.startsWith('-'));
}

/** Words of a shell line; quotes hold words together. */
function wordsOf(line: string): string[] {
  return [
    ...line
      .trim()
      .replace(/^\$ /, '')
      .matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g),
  ].map(([word]) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}
