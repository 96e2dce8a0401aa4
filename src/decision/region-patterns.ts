import picomatch from 'picomatch';

/** A list of region names or globs; `!` excludes. */
export interface RegionPatterns {
  readonly text: string;
  readonly matches: (region: string) => boolean;
}

export const ANY_REGION: RegionPatterns = { text: '*', matches: () => true };

const PATTERN = /^!?[A-Za-z0-9*?][A-Za-z0-9._*?-]*$/;

/** Parses `eu-*, us-west-2, !eu-south-*`; only exclusions mean all others. `undefined` when malformed. */
export function parseRegionPatterns(text: string): RegionPatterns | undefined {
  const patterns = text.split(',').map((pattern) => pattern.trim());
  if (!patterns.every((pattern) => PATTERN.test(pattern))) return undefined;
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const included = patterns.filter((pattern) => !pattern.startsWith('!'));
  const isExcluded = excluded.length > 0 ? picomatch(excluded, { dot: true }) : () => false;
  const isIncluded = included.length > 0 ? picomatch(included, { dot: true }) : () => true;
  return { text: patterns.join(','), matches: (region) => isIncluded(region) && !isExcluded(region) };
}
