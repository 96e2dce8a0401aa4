import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { runHelm } from '../control-plane/helm.ts';
import { CHART } from './chart-files.ts';

export interface Rendering {
  readonly namespace?: string;
  readonly release?: string;
  /** Of ci/, without `-values.yaml`. */
  readonly ci?: readonly string[];
  /** As `--set` takes them. */
  readonly set?: readonly string[];
  readonly hooks?: boolean;
}

/** What the real `helm template` makes of the chart. */
export async function renderChart(rendering: Rendering = {}): Promise<readonly Rendered[]> {
  const { code, stdout, stderr } = await template(rendering);
  assert.equal(code, 0, stderr);
  return parseObjects(stdout);
}

/** What Helm says where it does not take these values. */
export async function refusal(rendering: Rendering): Promise<string> {
  const { code, stdout, stderr } = await template(rendering);
  assert.notEqual(code, 0, stdout);
  return stderr;
}

function template({
  namespace = 'gridgate-system',
  release = 'gridgate',
  ci = [],
  set = [],
  hooks = false,
}: Rendering) {
  const values = [...valuesOf(ci), ...set.flatMap((one) => ['--set', one])];
  return runHelm(['template', release, CHART, '-n', namespace, ...(hooks ? [] : ['--no-hooks']), ...values]);
}

export function valuesOf(ci: readonly string[]): readonly string[] {
  return ci.flatMap((name) => ['-f', `${CHART}/ci/${name}-values.yaml`]);
}

/** As kubectl and Helm read YAML: 0440 is octal. */
export function parseObjects(text: string): readonly Rendered[] {
  return parseAllDocuments(text, { version: '1.1', intAsBigInt: false })
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

export function find(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found;
}
