/** Well-known labels of nodes. The one that names the region can be another (`--region-label`). */
export const REGION_LABEL = 'topology.kubernetes.io/region';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';

/** From before Kubernetes 1.17: nodes no longer need to carry them, pods and volumes may still name them. */
export const OLD_REGION_LABEL = 'failure-domain.beta.kubernetes.io/region';
export const OLD_ZONE_LABEL = 'failure-domain.beta.kubernetes.io/zone';

/** The label and the taint that say how clean a node's electricity is now. */
export const CARBON_KEY = 'gridgate.dev/carbon';

/** What Kueue manages carries labels or annotations under it. */
export const KUEUE_PREFIX = 'kueue.x-k8s.io/';
/** On the Jobs of a JobSet and their pods. */
export const JOB_SET_LABEL = 'jobset.sigs.k8s.io/jobset-name';

const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a label can have this value, and so a region this name; the part of a label's key behind its slash is alike. */
export function isLabelValue(text: string): boolean {
  return LABEL_VALUE.test(text);
}

/** Whether a namespace can be called so (RFC 1123). */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}
