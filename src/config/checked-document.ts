import { z } from 'zod';
import { nearestKey } from '../decision/policy-annotations.ts';
import { parseYamlDocuments, type YamlDocument, type YamlPath } from '../documents/yaml-documents.ts';

/** One mistake in a document, with the path of what is wrong. */
export interface ConfigMistake {
  readonly at: YamlPath;
  readonly message: string;
}

/** What zod found, as people read it: each unknown key by itself, with the one that was probably meant. */
export function mistakesOf(issue: z.core.$ZodIssue, schema: z.ZodType, document: unknown): readonly ConfigMistake[] {
  const at = issue.path as YamlPath;
  if (issue.code !== 'unrecognized_keys') return [{ at, message: issue.message }];
  const known = knownKeys(schema, at, document);
  return issue.keys.map((key) => {
    const nearest = nearestKey(key, known);
    return { at: [...at, key], message: `no such key${nearest === undefined ? '' : `, did you mean ${nearest}?`}` };
  });
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

/** The document of a file that has one; else what is wrong with it, each mistake with its place. */
export function readOneDocument(
  text: string,
  path: string,
): { readonly document: YamlDocument } | { readonly issues: readonly string[] } {
  const documents = [...parseYamlDocuments(text)];
  const broken = documents.flatMap((document) => ('message' in document ? [document] : []));
  if (broken.length > 0) return { issues: broken.map(({ line, message }) => placed(path, line, message)) };
  const [document, second] = documents;
  if (second) return { issues: [`${path}: holds more than one document`] };
  if (!document || 'message' in document) return { issues: [`${path}: is empty`] };
  return { document };
}

/** A message with the file, and the line where that is known. */
export function placed(path: string, line: number | undefined, message: string): string {
  return line === undefined ? `${path}: ${message}` : `${path}, line ${line}: ${message}`;
}
