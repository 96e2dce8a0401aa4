/** A JSON Schema as far as its keys are told. */
interface Keyed {
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Keyed>>;
  readonly additionalProperties?: Keyed | false;
  readonly items?: Keyed | readonly Keyed[];
  readonly oneOf?: readonly Keyed[];
  readonly anyOf?: readonly Keyed[];
}

interface Told {
  readonly path: string;
  /** The variant that it is a key of, `prometheus`; '' where there are none. */
  readonly of: string;
  readonly words: string;
  readonly default?: unknown;
}

/** What needs no words of its own in the schema. */
const ADDRESS = 'Address of the source, http or https; where the source has one of its own, instead of that.';

/** Every key of a schema as a table of Markdown, by its path as mistakes name it; a secret is one key. */
export function keyTable(schema: object): string {
  const rows = [...keysOf(schema as Keyed)].map(([path, told]) => {
    const defaults = new Set(
      told
        .map((one) => one.default)
        .filter(isTold)
        .map((value) => `\`${written(value)}\``),
    );
    return `| \`${path}\` | ${escaped(meaningOf(told))} | ${[...defaults].join(', ')} |`;
  });
  return ['| key | means | default |', '| --- | --- | --- |', ...rows].join('\n');
}

function keysOf(schema: Keyed): ReadonlyMap<string, readonly Told[]> {
  return Map.groupBy(tell(schema, '', ''), ({ path }) => path);
}

function* tell(at: Keyed, path: string, of: string): Generator<Told> {
  for (const [key, value] of Object.entries(at.properties ?? {})) {
    const words = value.description ?? (value.const === undefined ? ADDRESS : '');
    yield { path: path + key, of, words, default: value.default };
    if (!isSecret(value)) yield* tell(value, `${path}${key}.`, '');
  }
  for (const part of partsOf(at)) yield* tell(part, path, String(part.properties?.['type']?.const ?? of));
}

function partsOf({ items = [], additionalProperties, oneOf = [], anyOf = [] }: Keyed): readonly Keyed[] {
  return [items, additionalProperties || [], oneOf, anyOf].flat().filter((part) => !isSecret(part));
}

function isSecret({ anyOf = [] }: Keyed): boolean {
  return (
    anyOf.some(({ properties = {} }) => 'env' in properties) &&
    anyOf.some(({ properties = {} }) => 'file' in properties)
  );
}

function meaningOf(told: readonly Told[]): string {
  if (told.every(({ words }) => words === '')) return `One of ${told.map(({ of }) => of).join(', ')}.`;
  const byWords = Map.groupBy(told, ({ words }) => words);
  return [...byWords]
    .map(([words, all]) => (all[0]?.of ? `${all.map(({ of }) => of).join(', ')}: ${words}` : words))
    .join(' ');
}

function isTold(value: unknown): boolean {
  return value !== undefined && (typeof value !== 'object' || (Array.isArray(value) && value.length > 0));
}

function written(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;');
}
