import { ANNOTATION_PREFIX } from '../decision/namespace-record.ts';

/** On a NodePool that follows the grid: what its owner had in the field that gridgate wrote (controllers/node-pools/hold.ts). */
export const CARBON_BEFORE = `${ANNOTATION_PREFIX}carbon-before`;
/** And what was judged of it (controllers/node-pools/pool-status.ts). */
export const CARBON_STATUS = `${ANNOTATION_PREFIX}carbon-status`;
