/** A list of region names or globs; `!` excludes. */
export interface RegionPatterns {
  readonly text: string;
  readonly matches: (region: string) => boolean;
}

export const ANY_REGION: RegionPatterns = { text: '*', matches: () => true };

/** As long as a label value can be. */
const PATTERN = /^!?[A-Za-z0-9*?][A-Za-z0-9._*?-]{0,62}$/;
const MOST_PATTERNS = 100;

/** Parses `eu-*, us-west-2, !eu-south-*`; only exclusions mean all others. `undefined` when malformed. */
export function parseRegionPatterns(text: string): RegionPatterns | undefined {
  const patterns = text.split(',', MOST_PATTERNS + 1).map((pattern) => pattern.trim());
  if (patterns.length > MOST_PATTERNS || !patterns.every((pattern) => PATTERN.test(pattern))) return undefined;
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const included = patterns.filter((pattern) => !pattern.startsWith('!'));
  return {
    text: patterns.join(','),
    matches: (region) =>
      (included.length === 0 || included.some((pattern) => isMatch(region, pattern))) &&
      !excluded.some((pattern) => isMatch(region, pattern)),
  };
}

/**
 * Matches `*` (any run) and `?` (any one character) in at most name times pattern steps. Our own, because pod authors
 * write these: glob libraries make regular expressions, which `*?*?*?...` sends into seconds of backtracking.
 */
function isMatch(name: string, pattern: string): boolean {
  let at = 0;
  let star = -1;
  let retryAt = 0;
  let p = 0;
  while (at < name.length) {
    if (p < pattern.length && (pattern[p] === '?' || (pattern[p] === name[at] && pattern[p] !== '*'))) {
      at++;
      p++;
    } else if (pattern[p] === '*') {
      star = p++;
      retryAt = at;
    } else if (star >= 0) {
      p = star + 1;
      at = ++retryAt;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
