import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { NODE_POOLS_MANAGER, toCarbonPool } from './carbon-pool.ts';
import type { Step } from './plan.ts';
import { applyBody, putBackPatch, releasePatch } from './pool-writes.ts';

const OWN = { fieldManager: NODE_POOLS_MANAGER };

/** Does one step to a pool as it was read; a write of somebody else since is a 409. Answers the pool as it is then. */
export async function writeStep(
  writer: Pick<ApiWriter, 'apply' | 'mergePatch'>,
  path: string,
  object: KubeObject,
  step: Step,
): Promise<KubeObject> {
  if (step.kind === 'apply') {
    const body = applyBody(object.metadata, toCarbonPool(object), step);
    return writer.apply(path, body, { ...OWN, force: true });
  }
  const { hold, status } = step;
  const asItWas =
    step.kind === 'put-back' ? await writer.mergePatch(path, putBackPatch(object, step.hold, status), OWN) : object;
  return writer.mergePatch(path, releasePatch(asItWas, hold, status), OWN);
}
