/** Work of a trace; times in hours since the grid's first reading. */
export interface Job {
  readonly arrival: number;
  readonly hours: number;
  readonly cpus: number;
}
