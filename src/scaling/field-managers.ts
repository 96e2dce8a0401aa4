/** As whom the controllers of RegionalAutoscalers and of carbon budgets write what belongs to others. */
export const REGIONAL_MANAGER = 'gridgate-regional-autoscaler';
export const BUDGETS_MANAGER = 'gridgate-carbon-budgets';
