/**
 * What saves work. A memory holds nothing that could not be made again from its key, and nothing outlives its key: whoever
 * reads an object never sees what was remembered of it. What is named by authors of pods is bounded in number and length.
 */
export interface Memory<K extends object, V extends {}> {
  of(key: K): V | undefined;
  keep(key: K, value: V): V;
}

export function createMemory<K extends object, V extends {}>(): Memory<K, V> {
  const kept = new WeakMap<K, V>();
  return {
    of: (key) => kept.get(key),
    keep(key, value) {
      kept.set(key, value);
      return value;
    },
  };
}

/** The value made for an object earlier, or now. */
export function remember<K extends object, V extends {}>(memory: Memory<K, V>, key: K, make: () => V): V {
  return memory.of(key) ?? memory.keep(key, make());
}

/** Authors of pods may make up any number of names, of any length, since reviews come before the API server's validation. */
interface Room {
  readonly most: number;
  /** Characters of a name; longer ones are not kept. */
  readonly longest?: number;
}

/** Of what a pod asks, as text. */
export const LONGEST_NAME = 2_048;

/** The value of a name, made when it is first asked for; a full table begins anew. */
export function rememberByName<V extends {}>(
  table: Map<string, V>,
  name: string,
  { most, longest = LONGEST_NAME }: Room,
  make: () => V,
): V {
  const known = table.get(name);
  if (known !== undefined) return known;
  return keepByName(table, name, { most, longest }, make());
}

/** Keeps a value by name, in place of what was kept by it; a full table begins anew. */
export function keepByName<V extends {}>(
  table: Map<string, V>,
  name: string,
  { most, longest = LONGEST_NAME }: Room,
  value: V,
): V {
  if (name.length > longest) return value;
  if (table.size >= most && !table.has(name)) table.clear();
  table.set(name, value);
  return value;
}
