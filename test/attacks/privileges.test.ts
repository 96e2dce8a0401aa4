import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Pod } from '../../src/decision/pod.ts';
import { applied, decideNow, makePolicy } from '../builders.ts';
import { RUNS, SEED } from '../decision/random-runs.ts';
import { type Scenario, scenario, snapshotOf } from '../decision/scenarios.ts';

/** All that a patch may touch of a pod. */
const MAY_CHANGE =
  /^\/(metadata\/annotations|spec\/(affinity|tolerations|priorityClassName|priority|preemptionPolicy|schedulingGates))(\/|$)/;
const SHARE = 0.05;
const HARMLESS = { privileged: false, allowPrivilegeEscalation: false, runAsNonRoot: true };

function decideIn({ pod, ...rest }: Scenario) {
  return decideNow(pod, makePolicy(rest.policy), snapshotOf({ pod, ...rest }, rest.regions), {
    requester: rest.requester,
  });
}

describe(`what gridgate adds to a random pod (GRIDGATE_SEED=${SEED})`, () => {
  it('is affinity, tolerations, priority, a gate and annotations: no privilege of a container, no volume, no account', () => {
    let patched = 0;
    const property = fc.property(scenario, (one) => {
      const { patch } = decideIn(one);
      patched += Number(patch.length > 0);
      for (const { op, path } of patch) assert.match(path, MAY_CHANGE, `${op} ${path}`);
    });
    fc.assert(property, { seed: SEED, numRuns: Math.ceil(RUNS * SHARE) });
    assert.ok(patched > 10, `${patched}`);
  });

  it('leaves what the pod may do to its node as its author wrote it', () => {
    const rest = ({
      affinity,
      tolerations,
      priorityClassName,
      priority,
      preemptionPolicy,
      schedulingGates,
      ...kept
    }: object & {
      readonly [field: string]: unknown;
    }) => kept;
    const property = fc.property(scenario, (one) => {
      const spec = { ...one.pod.spec, hostNetwork: false, serviceAccountName: 'web', securityContext: HARMLESS };
      const pod = { ...one.pod, spec } as Pod;
      const after = applied(pod, decideIn({ ...one, pod }));
      assert.deepEqual(rest(after.spec as never), rest(spec as never));
    });
    fc.assert(property, { seed: SEED, numRuns: Math.ceil(RUNS * SHARE) });
  });
});
