/** What a command's exit code says (DESIGN 8). */
export const EXIT = {
  fine: 0,
  /** A denial, a spike, a breach. */
  findings: 1,
  /** Usage or configuration. */
  usage: 2,
  upstream: 3,
} as const;

/** Prints every mistake of a command line or configuration, one a line, and answers the exit code for it. */
export function reportIssues(issues: readonly string[]): number {
  for (const issue of issues) process.stderr.write(`gridgate: ${issue}\n`);
  return EXIT.usage;
}
