import { legible } from '../units/legible.ts';
import { programName } from './program-name.ts';

/** What a command's exit code says. */
export const EXIT = {
  fine: 0,
  /** A denial, a spike, a breach. */
  findings: 1,
  /** Usage or configuration. */
  usage: 2,
  upstream: 3,
} as const;

/** Why a command cannot go on; `exitCode` where it is no mistake of the command line's. */
export interface Issues {
  readonly issues: readonly string[];
  readonly exitCode?: number;
}

/** Prints why a command ends, and answers its exit code. */
export function reportFailure({ issues, exitCode = EXIT.usage }: Issues): number {
  reportIssues(issues);
  return exitCode;
}

/**
 * Prints every mistake of a command line or configuration, each once, and answers the exit code for it. What servers and files say in
 * them is not to be trusted with a terminal: control characters are left out, lines stay.
 */
export function reportIssues(issues: readonly string[]): number {
  for (const issue of new Set(issues)) process.stderr.write(`${programName()}: ${legible(issue)}\n`);
  return EXIT.usage;
}
