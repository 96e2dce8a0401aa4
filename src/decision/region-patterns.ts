/** A list of names or globs; `!` excludes. */
export interface NamePatterns {
  readonly text: string;
  readonly matches: (name: string) => boolean;
}

/** Of regions or namespaces. */
export interface RegionPatterns extends NamePatterns {
  /** The limit that narrows them. */
  readonly within?: RegionPatterns;
}

export const ANY_REGION: RegionPatterns = { text: '*', matches: () => true };

/** As long as a label value can be. */
const PATTERN = /^!?[A-Za-z0-9*?][A-Za-z0-9._*?-]{0,62}$/;
/** Names of accounts hold colons, slashes, addresses of mail; a comma stands between two of them. */
const ACCOUNT_PATTERN = /^!?[^\s,!\p{C}][^\s,\p{C}]{0,252}$/u;
const MOST_PATTERNS = 100;

/** Parses `eu-*, us-west-2, !eu-south-*`; only exclusions mean all others. `undefined` when malformed. */
export function parseRegionPatterns(text: string): RegionPatterns | undefined {
  const patterns = text.split(',', MOST_PATTERNS + 1).map((pattern) => pattern.trim());
  if (patterns.length > MOST_PATTERNS || !patterns.every((pattern) => PATTERN.test(pattern))) return undefined;
  return compilePatterns(patterns);
}

/** Parses names or globs of accounts, such as `system:serviceaccount:kube-system:*`; `undefined` when malformed. */
export function parseAccountPatterns(patterns: readonly string[]): NamePatterns | undefined {
  return patterns.every((pattern) => ACCOUNT_PATTERN.test(pattern)) ? compilePatterns(patterns) : undefined;
}

function compilePatterns(patterns: readonly string[]): NamePatterns {
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const included = patterns.filter((pattern) => !pattern.startsWith('!'));
  return {
    text: patterns.join(','),
    matches: (name) =>
      (included.length === 0 || included.some((pattern) => isMatch(name, pattern))) &&
      !excluded.some((pattern) => isMatch(name, pattern)),
  };
}

/** The regions of both; `within` tells whose limit it is. */
export function narrowRegions(asked: RegionPatterns, within: RegionPatterns): RegionPatterns {
  if (asked === ANY_REGION) return { ...within, within };
  const text = `${asked.text}, within ${within.text}`;
  return { text, matches: (region) => asked.matches(region) && within.matches(region), within };
}

/**
 * Those of the asked patterns that no allowed region can match, as far as patterns tell: names that are not allowed, and
 * globs that have no name in common with an allowed pattern, or that an excluded one covers.
 */
export function patternsOutside(asked: RegionPatterns, allowed: RegionPatterns): readonly string[] {
  const limits = allowed.text.split(',');
  const included = limits.filter((pattern) => !pattern.startsWith('!'));
  const excluded = limits.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const isOutside = (glob: string) =>
    (included.length > 0 && !included.some((pattern) => overlap(glob, pattern))) ||
    excluded.some((pattern) => isMatch(glob.replaceAll('*', LONGER_THAN_ANY), pattern));
  return asked.text
    .split(',')
    .filter((pattern) => !pattern.startsWith('!'))
    .filter((pattern) => (/[*?]/.test(pattern) ? isOutside(pattern) : !allowed.matches(pattern)));
}

/** In the place of a `*`: only another `*` can match it. */
const LONGER_THAN_ANY = '\0'.repeat(64);

/** Whether some name matches both globs: from the ends back, `next[j]` tells it of the rest of `some` and `other.slice(j)`. */
function overlap(some: string, other: string): boolean {
  let next: boolean[] = [];
  for (let i = some.length; i >= 0; i--) {
    const row: boolean[] = [];
    for (let j = other.length; j >= 0; j--) row[j] = overlapFrom([some[i], other[j]], row, next, j);
    next = row;
  }
  return next[0] === true;
}

/** From the two characters at hand (`undefined`: the end) and what is known of the rests behind them. */
function overlapFrom(
  [a, b]: readonly [string | undefined, string | undefined],
  row: readonly boolean[],
  next: readonly boolean[],
  j: number,
): boolean {
  if (a === undefined && b === undefined) return true;
  if (a === '*' || b === '*') return next[j] === true || row[j + 1] === true;
  if (a === undefined || b === undefined) return false;
  return (a === b || a === '?' || b === '?') && next[j + 1] === true;
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
