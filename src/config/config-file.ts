import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SIGNALS } from '../regions/reading.ts';
import { parseYamlDocuments, type YamlPath } from './yaml-documents.ts';

const text = z.string().min(1);
const url = z.url({ protocol: /^https?$/, message: 'must be an http or https URL' });
/** Where a secret is: never the secret itself, which would end in logs and process lists. */
const secret = z.union([z.strictObject({ file: text }), z.strictObject({ env: text })], {
  message: 'must be {file: PATH} or {env: NAME}; a secret does not belong in this file',
});
/** For sources whose rows do not say what they count. */
const signal = z.enum(SIGNALS);

/** The sources of intensities, tried in the order in which they are written (DESIGN 6). */
const sourceConfig = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('electricity-maps'),
      token: secret.optional(),
      /** For plans of one zone a token: by zone. */
      tokens: z.record(text, secret).optional(),
      /** Which emission factors are asked for. */
      signal: z.enum(['average-lifecycle', 'average-direct']).optional(),
      url: url.optional(),
    })
    .refine(({ token, tokens }) => token || tokens, 'needs token or tokens'),
  z.strictObject({ type: z.literal('watttime'), username: secret, password: secret, url: url.optional() }),
  z.strictObject({ type: z.literal('uk-carbon-intensity'), url: url.optional() }),
  z.strictObject({ type: z.literal('carbon-aware-sdk'), url, signal }),
  z.strictObject({ type: z.literal('prometheus'), url, query: text, signal, token: secret.optional() }),
  z.strictObject({ type: z.literal('file'), path: text, signal }),
]);

const gridgateConfig = z.strictObject({
  sources: z
    .array(sourceConfig)
    .superRefine((sources, context) => {
      for (const [index, source] of sources.entries()) {
        if (sources.findIndex(({ type }) => type === source.type) < index)
          context.addIssue({ code: 'custom', path: [index, 'type'], message: `${source.type} is there twice` });
      }
    })
    .default([]),
});

export type GridgateConfig = z.infer<typeof gridgateConfig>;
export type SourceConfig = GridgateConfig['sources'][number];
export type Secret = z.infer<typeof secret>;

export type ConfigRead = { readonly config: GridgateConfig } | { readonly issues: readonly string[] };

/** Reads `gridgate.yaml`; every mistake names the file, the line and the path. */
export async function readConfigFile(path: string): Promise<ConfigRead> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    return { issues: [`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`] };
  }
  return parseConfigText(content, path);
}

/** Parses text that was read already, as a watch hands it over. */
export function parseConfigText(content: string, path: string): ConfigRead {
  const documents = [...parseYamlDocuments(content)];
  const broken = documents.flatMap((document) => ('message' in document ? [document] : []));
  if (broken.length > 0) return { issues: broken.map(({ line, message }) => place(path, line, message)) };
  const [document, second] = documents;
  if (second) return { issues: [`${path}: holds more than one document`] };
  if (!document || 'message' in document) return { issues: [`${path}: is empty`] };
  const parsed = gridgateConfig.safeParse(document.value);
  if (parsed.success) return { config: parsed.data };
  return {
    issues: parsed.error.issues.map((issue) => {
      const at = issue.path as YamlPath;
      return place(path, document.lineOf(at), `${at.join('.') || 'document'}: ${issue.message}`);
    }),
  };
}

function place(path: string, line: number | undefined, message: string): string {
  return line === undefined ? `${path}: ${message}` : `${path}, line ${line}: ${message}`;
}
