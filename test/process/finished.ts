/** How a run of the command line ended. */
export interface Finished {
  /** `null` where it had to be killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines on stderr. */
  readonly complaints: readonly string[];
}

export function finished(code: number | null, stdout: string, stderr: string): Finished {
  return { code, stdout, stderr, complaints: stderr.split('\n').filter((line) => line !== '') };
}
