/** Whether something out of JSON or YAML has names and values: no list, no null, nothing single. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
