/** What gridgate keeps of a Namespace: enough to compile its policy, nothing else. */
export interface NamespaceRecord {
  readonly name: string;
  /** Changes whenever the object changes; a policy is compiled once per value. */
  readonly resourceVersion: string;
  /** Only the `gridgate.dev/*` annotations. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether the label `gridgate.dev/managed` is "true": the API server calls the pod webhooks only for these. */
  readonly managed: boolean;
}

export const ANNOTATION_PREFIX = 'gridgate.dev/';
export const MANAGED_LABEL = 'gridgate.dev/managed';
