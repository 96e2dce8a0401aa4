/**
 * What a counter of the leader rose by in the range shown. `increase` alone does not see what a series begins with, and they begin with
 * each leader, at what that leader counted first.
 */
export function gained(counter: string): string {
  return `((last_over_time(${counter}[$__range]) unless ${counter} offset $__range) or increase(${counter}[$__range]))`;
}
