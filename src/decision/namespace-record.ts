/** What gridgate keeps of a Namespace: enough to compile its policy, and to tell what its last change means. */
export interface NamespaceRecord {
  readonly name: string;
  /** Changes whenever the object changes; a policy is compiled once per value. */
  readonly resourceVersion: string;
  /** Only the `gridgate.dev/*` annotations. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether the label `gridgate.dev/managed` is "true": the API server calls the pod webhooks only for these. */
  readonly managed: boolean;
  /**
   * When its mode was last written, epoch milliseconds in whole seconds; absent where it came with the namespace (or
   * within its first second), or nobody noted it. Who writes another annotation with the same tool later is taken to have written the mode then.
   */
  readonly modeWrittenAt?: number;
}

export const ANNOTATION_PREFIX = 'gridgate.dev/';
export const MODE_KEY = 'gridgate.dev/mode';
export const MANAGED_LABEL = 'gridgate.dev/managed';
