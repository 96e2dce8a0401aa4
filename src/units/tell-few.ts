/** The first of a list in words, and one entry more that tells how many are left. */
export function tellFew<T>(
  all: readonly T[],
  most: number,
  tell: (one: T) => string,
  tellRest: (more: number) => string = (more) => `${more} more`,
): readonly string[] {
  const told = all.slice(0, most).map((one) => tell(one));
  return all.length > most ? [...told, tellRest(all.length - most)] : told;
}

/** `eu-north, eu-west and 5 more` */
export function nameFew<T>(all: readonly T[], most: number, nameOf: (one: T) => string): string {
  const named = all.slice(0, most).map((one) => nameOf(one));
  return named.join(', ') + andMore(all.length - most);
}

/** ` and 5 more`; nothing where there are none. */
export function andMore(more: number): string {
  return more > 0 ? ` and ${more} more` : '';
}

/** What is told of a text: itself. */
export function itself(text: string): string {
  return text;
}

export function nameOf({ name }: { readonly name: string }): string {
  return name;
}
