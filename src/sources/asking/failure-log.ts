import { createEdge } from '../../units/edge.ts';

interface FailureLogger {
  warn(facts: { readonly failures: readonly string[] }, message: string): void;
  info(message: string): void;
}

/** Logs what fails at sources (`what`, as `intensities`), a sentence each, when that changes; answers whom to tell. */
export function createFailureLog(what: string, log: FailureLogger): (failures: readonly string[]) => void {
  let failures: readonly string[] = [];
  const tell = createEdge('', (text) => {
    if (text === '') log.info(`every source of ${what} works again`);
    else log.warn({ failures }, `sources of ${what} failed`);
  });
  return (now) => {
    failures = now;
    tell(now.join('; '));
  };
}
