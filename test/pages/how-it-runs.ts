import { RUN_ELSEWHERE, type RunElsewhere } from './elsewhere.ts';
import type { ShownCommand } from './pages.ts';
import { GETTING_STARTED, SCENES } from './scenes.ts';

/** Who runs a command of a page, or why nobody does. */
export type HowItRuns =
  | { readonly how: 'here' }
  | { readonly how: 'elsewhere'; readonly by: RunElsewhere }
  | { readonly how: 'not run'; readonly why: string }
  | { readonly how: 'unknown' };

const HERE: ReadonlySet<string> = new Set([GETTING_STARTED, ...SCENES.map(({ page }) => page)]);

export function howItRuns({ page, text, notRun }: ShownCommand): HowItRuns {
  if (notRun !== undefined) return { how: 'not run', why: notRun };
  const by = RUN_ELSEWHERE.find((one) => one.command === text && (one.page === undefined || one.page === page));
  if (by) return { how: 'elsewhere', by };
  return { how: HERE.has(page) ? 'here' : 'unknown' };
}
