/** What every source is built with. */
export interface SourceDeps {
  readonly fetch: typeof globalThis.fetch;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}
