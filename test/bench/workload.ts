/** What the benchmarks send and what the server is configured with, made from the captured review. */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../src/decision/pod.ts';

export interface CapturedReview {
  readonly request: { uid: string; namespace: string; object: Pod };
}

/** Over hosts and zones. */
export const SPREAD = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable: 'DoNotSchedule',
}));

const REGION_LABEL = 'topology.kubernetes.io/region';

export async function capturedReview(): Promise<CapturedReview> {
  return JSON.parse(await readFile('test/fixtures/pod-review.json', 'utf8')) as CapturedReview;
}

export function regionName(index: number): string {
  return `region-${String(index).padStart(3, '0')}`;
}

/** Region resources with made-up intensities from 20 to 620 g/kWh; `shift` gives another set for the same names. */
export async function writeRegions(directory: string, count: number, shift = 0): Promise<string> {
  const items = Array.from({ length: count }, (_, index) => ({
    apiVersion: 'gridgate.dev/v1alpha1',
    kind: 'Region',
    metadata: { name: regionName(index) },
    spec: {
      gramsPerKwh: 20 + ((index * 89 + shift * 53) % 600),
      pricePerHour: 1 + (index % 7) / 10,
      latencyMs: { [regionName(0)]: 5 + index },
      ...(index % 13 === 12 && { outage: { active: true, reason: 'exercise' } }),
    },
  }));
  return writeList(join(directory, `regions-${count}.json`), items);
}

/** Namespaces over `policies` different policies, all in enforce; the first is the captured review's. */
export async function writeNamespaces(directory: string, count: number, policies: number): Promise<string> {
  const items = Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespaceName(index),
      labels: { 'gridgate.dev/managed': 'true' },
      annotations: policyAnnotations(index % policies),
    },
  }));
  return writeList(join(directory, `namespaces-${count}.json`), items);
}

export function namespaceName(index: number): string {
  return index === 0 ? 'shop' : `team-${index}`;
}

/** One review a line; with `count` 1 the captured one, as a Deployment's pods are: they spread. */
export async function writeReviews(
  directory: string,
  count: number,
  namespaces: number,
  constraintsOf: (index: number) => object = ownConstraints,
): Promise<string> {
  const captured = await capturedReview();
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify(varied(captured, index, namespaces, constraintsOf)),
  );
  const file = join(directory, `reviews-${count}.jsonl`);
  await writeFile(file, lines.join('\n'));
  return file;
}

function varied(
  captured: CapturedReview,
  index: number,
  namespaces: number,
  constraintsOf: (index: number) => object,
): CapturedReview {
  const review = structuredClone(captured);
  if (index === 0) {
    Object.assign(review.request.object.spec ?? {}, { topologySpreadConstraints: SPREAD });
    return review;
  }
  review.request.uid = randomUUID();
  review.request.namespace = namespaceName(index % namespaces);
  const { spec } = review.request.object;
  const metadata = review.request.object.metadata as Record<string, unknown>;
  metadata['generateName'] = `app-${index}-`;
  metadata['annotations'] = {
    ...(metadata['annotations'] as object),
    'example.com/build': randomUUID(),
    ...ownAnnotations(index),
  };
  Object.assign(spec ?? {}, constraintsOf(index));
  return review;
}

function ownAnnotations(index: number): Record<string, string> {
  return index % 4 === 0 ? { 'gridgate.dev/class': 'flexible' } : {};
}

/** Half of the pods have no constraints, a quarter a node selector, a quarter two ORed terms. */
function ownConstraints(index: number): object {
  if (index % 4 === 1) return { nodeSelector: { [REGION_LABEL]: regionName(index % 8) } };
  if (index % 4 !== 3) return {};
  const values = [regionName(index % 8), regionName((index + 3) % 8), regionName((index + 5) % 8)];
  const nodeSelectorTerms = [
    { matchExpressions: [{ key: REGION_LABEL, operator: 'In', values }] },
    { matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] }] },
  ];
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } };
}

function policyAnnotations(index: number): Record<string, string> {
  return {
    'gridgate.dev/mode': 'enforce',
    'gridgate.dev/max-intensity': String(250 + index),
    ...(index % 3 === 1 && {
      'gridgate.dev/weights': 'carbon=2,cost=1,latency=1',
      'gridgate.dev/home-region': regionName(0),
    }),
    ...(index % 5 === 2 && { 'gridgate.dev/placement': 'require' }),
    ...(index % 7 === 3 && { 'gridgate.dev/regions': 'region-0*,!region-001' }),
  };
}

async function writeList(file: string, items: readonly object[]): Promise<string> {
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  return file;
}
