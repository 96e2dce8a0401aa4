/** What a schema found wrong, as zod says it before anybody puts it into words. */
export interface ShapeMistake {
  readonly code?: string | undefined;
  readonly input?: unknown;
  /** Of a wrong type. */
  readonly expected?: string;
  /** Of a value that is none of these. */
  readonly values?: readonly unknown[];
  /** Of a `type` that no variant has. */
  readonly options?: readonly unknown[];
  readonly discriminator?: string | undefined;
  /** Of a text that has not this form. */
  readonly format?: string;
  /** Of what is too little, or too much. */
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly inclusive?: boolean;
  readonly origin?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'keys with values',
  record: 'keys with values',
  null: 'nothing',
};
const LISTS: ReadonlySet<string> = new Set(['array', 'tuple']);
const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'a time such as 2026-11-22T09:00:00Z',
  url: 'a URL',
};
const LONGEST_QUOTE = 80;

/** What should be there, for people who write YAML; `undefined` where the schema's own words are as good. */
export function sayWhatIsDue(mistake: ShapeMistake): string | undefined {
  switch (mistake.code) {
    case 'invalid_type':
      return sayType(mistake);
    case 'invalid_value':
      return sayOneOf(mistake.values ?? [], mistake.input);
    case 'invalid_union':
      return mistake.discriminator === undefined ? undefined : sayOneOf(mistake.options ?? [], typeIn(mistake));
    case 'invalid_format':
      return due(FORMATS[mistake.format ?? '']);
    case 'too_small':
    case 'too_big':
      return saySize(mistake);
    default:
      return undefined;
  }
}

function sayType({ expected = '', input }: ShapeMistake): string {
  const wanted = TYPES[expected] ?? expected;
  return input === undefined ? `is missing; give ${wanted}` : `must be ${wanted}, not ${describe(input)}`;
}

function sayOneOf(values: readonly unknown[], input: unknown): string {
  const listed = values.map(String).join(', ');
  if (input === undefined) return `is missing; give ${values.length > 1 ? `one of ${listed}` : listed}`;
  return `${describe(input)} is not ${values.length > 1 ? `one of ${listed}` : listed}`;
}

function typeIn({ input, discriminator = '' }: ShapeMistake): unknown {
  return (input as Readonly<Record<string, unknown>> | undefined)?.[discriminator];
}

function saySize({ origin = '', minimum, maximum, inclusive }: ShapeMistake): string | undefined {
  const isLeast = minimum !== undefined;
  const limit = Number(minimum ?? maximum);
  if (origin === 'number') return `must be ${boundWord(isLeast, inclusive)} ${limit}`;
  if (origin === 'string') return isLeast && limit === 1 ? 'must not be empty' : undefined;
  if (!LISTS.has(origin)) return undefined;
  return `must have ${boundWord(isLeast, true)} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
}

function boundWord(isLeast: boolean, inclusive = false): string {
  if (inclusive) return isLeast ? 'at least' : 'at most';
  return isLeast ? 'above' : 'below';
}

function due(what: string | undefined): string | undefined {
  return what && `must be ${what}`;
}

/** A value itself where it is short, else what it is. */
function describe(input: unknown): string {
  if (typeof input === 'string') return quote(input);
  if (typeof input === 'number' || typeof input === 'boolean') return String(input);
  return TYPES[input === null ? 'null' : Array.isArray(input) ? 'array' : typeof input] ?? typeof input;
}

function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text);
}
