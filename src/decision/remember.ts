/**
 * Memories that save work. Each value can be made again from its key and does not outlive it, and is kept beside the key,
 * never on it. Names that authors of pods choose are bounded in number and length.
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

/** The value kept for an object, made now if there is none. */
export function remember<K extends object, V extends {}>(memory: Memory<K, V>, key: K, make: () => V): V {
  return memory.of(key) ?? memory.keep(key, make());
}

/** Authors of pods may make up any number of names, of any length, since reviews come before the API server's validation. */
interface Room {
  readonly most: number;
  /** Characters of a name; longer ones are not kept. */
  readonly longest?: number;
}

/** The longest text of what a pod asks that is kept. */
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
