/** The entry that a table has itself. A name from outside may be `constructor`, which every object answers to. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
