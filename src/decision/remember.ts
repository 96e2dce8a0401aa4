/** The value made for an object earlier, or now: work saved for as long as the object lives. */
export function remember<K extends object, V extends {}>(memory: WeakMap<K, V>, key: K, make: () => V): V {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const made = make();
  memory.set(key, made);
  return made;
}
