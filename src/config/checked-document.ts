import { z } from 'zod';
import { nearestKey } from '../decision/policy-annotations.ts';
import { parseYamlDocuments, type YamlPath } from '../documents/yaml-documents.ts';
import { escapeUnseen } from '../units/legible.ts';
import { sayWhatIsDue } from '../units/shape-words.ts';

const LONGEST_KEY = 80;

export interface Mistake {
  readonly at: YamlPath;
  readonly message: string;
}

/** What zod found, as people read it: each unknown key by itself, with the one that was probably meant. */
function mistakesOf(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  document: unknown,
  looksIntoVariants: boolean,
): readonly Mistake[] {
  const at = issue.path as YamlPath;
  const meant = looksIntoVariants && issue.code === 'invalid_union' ? variantMeant(issue) : undefined;
  if (meant)
    return meant.flatMap((inner) => mistakesOf({ ...inner, path: [...at, ...inner.path] }, schema, document, true));
  if (issue.code !== 'unrecognized_keys') return [{ at, message: issue.message }];
  const known = knownKeys(schema, at, document);
  return issue.keys.map((key) => {
    const nearest = nearestKey(key, known);
    return { at: [...at, key], message: `no such key${nearest === undefined ? '' : `, did you mean ${nearest}?`}` };
  });
}

/** What is wrong with the one variant that is of the type that was given: a text, or keys. */
function variantMeant({ errors }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const fitting = errors.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** Of keys that people choose; `false` where there are none. */
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly const?: unknown;
}

/** The keys that the schema knows at a path; of several variants those of the one with the document's `type`. */
function knownKeys(schema: z.ZodType, path: YamlPath, document: unknown): readonly string[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  let at: readonly JsonSchema[] = [root];
  let value = document;
  for (const step of path) {
    value = (value as Record<string | number, unknown> | undefined)?.[step];
    at = at.flatMap(({ properties, items, additionalProperties }) =>
      typeof step === 'number' ? (items ?? []) : (properties?.[step] ?? (additionalProperties || [])),
    );
    at = at.flatMap((one) => one.oneOf ?? one.anyOf ?? one);
  }
  const type = (value as { readonly type?: unknown } | undefined)?.type;
  const meant = at.filter(({ properties }) => properties?.['type']?.const === type);
  return (meant.length > 0 ? meant : at).flatMap(({ properties }) => Object.keys(properties ?? {}));
}

interface Check<T> {
  readonly schema: z.ZodType<T>;
  /** Writes short forms out before the schema sees them. */
  readonly spellOut?: (value: unknown) => unknown;
  /** Finds what no schema can. */
  readonly findMore?: (value: unknown) => readonly Mistake[];
  /** Of what may be a text or keys, a mistake in the keys is told by itself; otherwise what the whole may be is. */
  readonly looksIntoVariants?: boolean;
  /** What people call an entry of a document that is a list: its number says little in a long one. */
  readonly nameEntry?: (entry: unknown) => string | undefined;
}

/** What the one document of a file says; else every mistake, each with the file, the line and the path. */
export function readChecked<T>(
  text: string,
  path: string,
  { schema, spellOut = (value) => value, findMore = () => [], nameEntry, looksIntoVariants = false }: Check<T>,
): { readonly value: T; readonly lineOf: (path: YamlPath) => number } | { readonly issues: readonly string[] } {
  const documents = [...parseYamlDocuments(text)];
  const placed = (line: number, message: string) => `${path}, line ${line}: ${message}`;
  const broken = documents.flatMap((document) => ('message' in document ? [document] : []));
  if (broken.length > 0) return { issues: broken.map(({ line, message }) => placed(line, message)) };
  const [document, second] = documents;
  if (second) return { issues: [`${path}: holds more than one document`] };
  if (!document || 'message' in document) return { issues: [`${path}: is empty`] };
  const value = spellOut(document.value);
  const parsed = schema.safeParse(value, { error: sayWhatIsDue });
  const found = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => mistakesOf(issue, schema, value, looksIntoVariants));
  const mistakes = [...found, ...findMore(value)];
  if (parsed.success && mistakes.length === 0) return { value: parsed.data, lineOf: document.lineOf };
  return {
    issues: mistakes.map(({ at, message }) =>
      placed(document.lineOf(at), `${pathWords(at, value, nameEntry) || 'document'}: ${message}`),
    ),
  };
}

/** `overlays.weights`, or `m5.large, offerings.0.price` where entries have names. */
function pathWords(at: YamlPath, value: unknown, nameEntry: Check<unknown>['nameEntry'] = () => undefined): string {
  const [first, ...rest] = at;
  const name = Array.isArray(value) && typeof first === 'number' ? nameEntry(value[first]) : undefined;
  if (!name) return at.map(shown).join('.');
  return [shown(name), ...(rest.length > 0 ? [rest.map(shown).join('.')] : [])].join(', ');
}

/** A key of the file, as a terminal may show it. */
function shown(key: string | number): string {
  const text = escapeUnseen(String(key).replaceAll(/[\n\t]/g, ' '), 'json');
  return text.length > LONGEST_KEY ? `${text.slice(0, LONGEST_KEY)}...` : text;
}
