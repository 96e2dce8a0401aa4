/** A secret that a source needs, or a file that it reads. */
export interface NamedSecret {
  /** `electricity-maps`. */
  readonly source: string;
  /** `token`, `tokens.DE`, or `path` of a file that is no secret. */
  readonly field: string;
  readonly where: { readonly file: string } | { readonly env: string };
}

/** `token of electricity-maps is the variable MAPS_TOKEN` */
export function tellSecret({ source, field, where }: NamedSecret): string {
  return `${field} of ${source} is ${'env' in where ? `the variable ${where.env}` : `the file ${where.file}`}`;
}
