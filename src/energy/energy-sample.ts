/** What a meter tells: the watts of a pod, or of a machine as a whole. */
export interface EnergySample {
  /** The pod whose watts these are; a sample of a machine has none. */
  readonly pod?: { readonly namespace: string; readonly name: string };
  /** What the machine may be called, the most telling name first; of a pod's sample, the machine under it, if at all. */
  readonly machines: readonly string[];
  readonly watts: number;
}
