import { parseYamlDocuments, type YamlDocument } from '../documents/yaml-documents.ts';

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
