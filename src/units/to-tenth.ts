/** A number as people and reports get it: to one place after the point. */
export function toTenth(value: number): number {
  return Math.round(value * 10) / 10;
}
