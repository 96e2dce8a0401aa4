import type { Clock } from './pace.ts';

/** The watch shows a write within a moment; after so long the write is taken for undone by somebody. */
const EXPECTED_WITHIN_MS = 30_000;

export interface Expectations {
  /** After a write that changes `state`, as the view shows it now, for good. */
  expectChange(name: string, state: string): void;
  /** Whether the view is merely behind: it still shows the state that a write of ours has ended. */
  isBehind(name: string, state: string): boolean;
  forgetOld(): void;
}

/** Keeps a view that lags behind from having the same thing written twice. */
export function createExpectations(clock: Clock): Expectations {
  const expected = new Map<string, { readonly state: string; readonly until: number }>();
  return {
    expectChange: (name, state) => void expected.set(name, { state, until: clock.now() + EXPECTED_WITHIN_MS }),
    isBehind(name, state) {
      const one = expected.get(name);
      return one !== undefined && one.state === state && clock.now() < one.until;
    },
    forgetOld() {
      for (const [name, { until }] of expected) if (clock.now() >= until) expected.delete(name);
    },
  };
}
