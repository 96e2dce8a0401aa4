/** Well-known labels of nodes. The one that names the region can be another (`--region-label`). */
export const REGION_LABEL = 'topology.kubernetes.io/region';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';

/** From before Kubernetes 1.17: nodes no longer need to carry them, pods and volumes may still name them. */
export const OLD_REGION_LABEL = 'failure-domain.beta.kubernetes.io/region';
export const OLD_ZONE_LABEL = 'failure-domain.beta.kubernetes.io/zone';

/** The label and the taint that say how clean a node's electricity is now. */
export const CARBON_KEY = 'gridgate.dev/carbon';
