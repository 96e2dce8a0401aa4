import { Document, stringify, visit } from 'yaml';
import { escapeUnseen, hasUnseen } from '../units/legible.ts';

/** Data for programs, to its last line's end. */
export function renderData(data: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? escapeUnseen(`${JSON.stringify(data, null, 2)}\n`, 'json') : renderYaml(data);
}

/** YAML in which text that a terminal would act upon is escaped, which takes double quotes. */
export function renderYaml(data: unknown): string {
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  const text = stringify(data, options);
  if (!hasUnseen(text)) return text;
  const document = new Document(data, options);
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && hasUnseen(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return escapeUnseen(document.toString(options), 'yaml');
}
