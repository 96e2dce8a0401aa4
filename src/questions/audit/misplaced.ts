import type { AuditedWorkload } from './audited-workload.ts';

/** How many pods run where their policy refuses them. */
export function misplacedPods(workloads: readonly AuditedWorkload[]): number {
  return workloads.reduce((sum, { misplaced }) => sum + (misplaced ?? 0), 0);
}

/** Where they run: `2 in us-east-1, 1 in us-west-2`. */
export function misplacedPlaces({ misplacedIn }: AuditedWorkload): string {
  return Object.entries(misplacedIn ?? {})
    .map(([name, number]) => `${number} in ${name}`)
    .join(', ');
}

/** The end of a sentence on them: nothing where no region is the best. */
export function betterPlace({ region }: AuditedWorkload): string {
  return region === null ? '' : `; gridgate would place them in ${region}`;
}
