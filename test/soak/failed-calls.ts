const FAILED = /failing open pods\.gridgate\.dev: (?<error>.*)$/gm;
/** What no two of them have in common: the webhook's address, and that of each connection. */
const ADDRESS = /\d+\.\d+\.\d+\.\d+:\d+(?:->)?|"https:[^"]*"/g;

/** Of the API server's log: why it let pods pass without an answer of gridgate, each cause with how often, the most frequent first. */
export function failedCalls(log: string): readonly (readonly [cause: string, times: number])[] {
  const causes = [...log.matchAll(FAILED)].map(({ groups }) => causeOf(groups?.['error'] ?? ''));
  return Object.entries(Object.groupBy(causes, (cause) => cause))
    .map(([cause, of = []]) => [cause, of.length] as const)
    .sort(([, a], [, b]) => b - a);
}

/** `read tcp: connection reset by peer` of a whole chain of who called whom. */
function causeOf(error: string): string {
  const [, cause = error] = /: failed to call webhook: (?:\w+ "[^"]*": )?(.*)$/.exec(error) ?? [];
  return cause.replaceAll(ADDRESS, '').replaceAll(/\s+(?=:|$)/g, '');
}
