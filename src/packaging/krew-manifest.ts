/** What the template of krew's manifest leaves open; `KREW_ROOT` is its user's. */
export interface KrewValues {
  readonly VERSION: string;
  readonly SOURCE: string;
  readonly DOWNLOADS: string;
  /** Of the archive, in hexadecimal digits. */
  readonly SHA256: string;
}

export function fillKrewManifest(template: string, values: KrewValues): string {
  return Object.entries(values)
    .reduce((text, [name, value]) => text.replaceAll(`\${${name}}`, value), template)
    .replace(/^#.*\n/, '');
}
