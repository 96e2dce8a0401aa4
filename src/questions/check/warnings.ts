/** One warning of a header (RFC 7234): a code, who says it, and a quoted text with backslashes before quotes and themselves. */
const WARNING = /\d{3} \S+ "((?:[^"\\]|\\.)*)"/g;

/** The texts of an answer's Warning headers, which are joined by commas. */
export function readWarnings(header: string): readonly string[] {
  return [...header.matchAll(WARNING)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
}
