import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { type BenchCluster, benchPod, podsPath, type SteeredBy } from './api-cluster.ts';

const REGION = 'topology.kubernetes.io/region';
const RECORD = 'gridgate.dev/decision';
const REFUSAL =
  /gridgate refuses pod .*: region-005 is at 465 gCO2e\/kWh .*above the limit of 300.*cleanest allowed now: region-000 at 20 gCO2e\/kWh/;

/** What a pod may ask for of its own, and what must become of it under both. */
const CASES: readonly {
  readonly name: string;
  readonly spec?: object;
  readonly podClass?: string;
  readonly owner?: object;
  readonly becomes: 'steered' | 'refused' | 'unchanged';
}[] = [
  { name: 'plain', becomes: 'steered' },
  { name: 'flexible', podClass: 'flexible', becomes: 'steered' },
  { name: 'critical', podClass: 'critical', becomes: 'steered' },
  { name: 'narrowed', spec: terms(regionIn(0, 3, 4)), becomes: 'steered' },
  { name: 'two ORed terms', spec: terms(regionIn(4, 7), arch()), becomes: 'steered' },
  { name: 'pod affinity only', spec: { affinity: { podAffinity: {} } }, becomes: 'steered' },
  { name: 'pinned by selector', spec: { nodeSelector: { [REGION]: 'region-005' } }, becomes: 'refused' },
  { name: 'pinned by affinity', spec: terms(regionIn(5)), becomes: 'refused' },
  { name: 'pinned and flexible', spec: terms(regionIn(5)), podClass: 'flexible', becomes: 'refused' },
  { name: 'pinned and critical', spec: terms(regionIn(5)), podClass: 'critical', becomes: 'steered' },
  {
    name: 'of a DaemonSet',
    spec: terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-5'] }] }),
    owner: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent' },
    becomes: 'unchanged',
  },
];

/** Rejects unless gridgate and CEL make the same of every case: a comparison of different work is worth nothing. */
export async function assertSameWork(cluster: BenchCluster): Promise<number> {
  for (const { name, spec = {}, podClass, owner, becomes } of CASES) {
    const pod: Rendered = JSON.parse((await benchPod()).toString());
    Object.assign(pod.spec, spec);
    if (podClass !== undefined) pod.metadata.annotations['gridgate.dev/class'] = podClass;
    if (owner) Object.assign(pod.metadata.ownerReferences[0], owner);
    const [none, gridgate, cel] = await Promise.all(
      (['none', 'gridgate', 'cel'] as const).map((steeredBy) => outcome(cluster, steeredBy, pod)),
    );
    assert.deepEqual(cel, gridgate, `${name}: CEL (actual) and gridgate (expected) differ`);
    assert.equal(becomes, gridgate === 'refused' ? 'refused' : differs(none, gridgate) ? 'steered' : 'unchanged', name);
  }
  return CASES.length;
}

function differs(left: unknown, right: unknown): boolean {
  return !isDeepStrictEqual(left, right);
}

/** What both must agree on: where the pod may run and prefers to, and the record without its time. */
async function outcome({ client }: BenchCluster, steeredBy: SteeredBy, pod: Rendered) {
  const { status, body } = await client.post(podsPath(steeredBy), Buffer.from(JSON.stringify(pod)));
  const answer: Rendered = JSON.parse(body);
  if (status === 403 && REFUSAL.test(answer.message)) return 'refused';
  assert.equal(status, 201, `${steeredBy} answers ${status}: ${answer.message}`);
  const { nodeSelector, affinity, tolerations, priority, priorityClassName } = answer.spec;
  const { [RECORD]: record, ...annotations } = answer.metadata.annotations;
  const { at: _at, ...told } = JSON.parse(record ?? '{}');
  return {
    ...{ nodeSelector, affinity: withoutMarker(affinity), priority, priorityClassName, annotations, record: told },
    tolerations: tolerations.map((toleration: object) => JSON.stringify(toleration)).sort(),
  };
}

/** gridgate marks its own requirements with one that every node meets, to know them again; CEL is not applied twice. */
function withoutMarker(affinity: Rendered): Rendered {
  const copy = structuredClone(affinity);
  for (const term of copy?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [])
    term.matchExpressions = term.matchExpressions?.filter(({ key }: Rendered) => key !== 'gridgate.dev/placed');
  return copy;
}

function terms(...nodeSelectorTerms: readonly object[]): object {
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } };
}

function regionIn(...indexes: readonly number[]): object {
  return { matchExpressions: [{ key: REGION, operator: 'In', values: indexes.map((index) => `region-00${index}`) }] };
}

function arch(): object {
  return { matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] }] };
}
