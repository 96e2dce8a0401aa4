/**
 * Writes to stdout and waits until all of it is written. A reader that has seen enough (`| head -1`) is no failure;
 * anything else, a full disk for one, throws.
 */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    function settle(error?: NodeJS.ErrnoException | null): void {
      if (error && error.code !== 'EPIPE') reject(error);
      else resolve();
    }
    // A failed write is told twice, to its callback and as an event, which without a listener ends the process. The
    // listener stays: which of the two comes first is up to Node.
    process.stdout.on('error', settle);
    process.stdout.write(text, settle);
  });
}

/** Says something about the data to people, on stderr: one line, without control characters. */
export function note(text: string): void {
  process.stderr.write(`gridgate: ${text.replace(/\p{Cc}+/gu, ' ')}\n`);
}
