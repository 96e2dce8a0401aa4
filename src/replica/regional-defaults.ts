import type { RegionalAutoscalerDeps } from '../controllers/regional-autoscaler/controller.ts';
import type { ServeValues } from './serve-options.ts';

const LOOP_MS = 30_000;
const COOLDOWN_MS = 300_000;

/** What RegionalAutoscalers leave open, as options say it. */
export function regionalDefaults(values: ServeValues): RegionalAutoscalerDeps['defaults'] {
  return {
    loopMs: values.loopPeriod ?? LOOP_MS,
    cooldownMs: values.cooldown ?? COOLDOWN_MS,
    holdCycles: values.holdCycles,
    stepLimit: values.stepLimit,
    min: values.minReplicas,
    max: values.maxReplicas,
    scaleUp: values.scaleUpThreshold,
    scaleDown: values.scaleDownThreshold,
  };
}
