import type { RegionalAutoscalerDeps } from '../controllers/regional-autoscaler/controller.ts';
import type { ServeValues } from './serve-options.ts';

/** What RegionalAutoscalers leave open, as options say it. */
export function regionalDefaults(values: ServeValues): RegionalAutoscalerDeps['defaults'] {
  return {
    loopMs: values.loopPeriod,
    cooldownMs: values.cooldown,
    holdCycles: values.holdCycles,
    stepLimit: values.stepLimit,
    min: values.minReplicas,
    max: values.maxReplicas,
    scaleUp: values.scaleUpThreshold,
    scaleDown: values.scaleDownThreshold,
  };
}
