/** The source of an outage that a person set in the spec. */
export const MANUAL = 'manual';
/** Of the reason of any outage: as many as the CRD takes, counted as Kubernetes does, not as UTF-16 does. */
export const MAX_REASON_CHARACTERS = 200;
