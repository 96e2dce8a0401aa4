import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { parseAllDocuments } from 'yaml';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
}

function guardOf(component: string) {
  const [policy] = parseAllDocuments(readFileSync(`manifests/capacity/${component}/guard.yaml`, 'utf8'));
  assert.ok(policy);
  const { matchConstraints, ...spec } = policy.toJS().spec;
  const rules: readonly Rule[] = matchConstraints.resourceRules;
  const judged = rules.flatMap(({ apiGroups, resources }) => resources.map((one) => `${apiGroups}/${one}`));
  return { spec, judged };
}

it('both guards of what scales say the same: what both match is judged by both', () => {
  const [regional, budgets] = [guardOf('regional-autoscaler'), guardOf('carbon-budgets')];
  assert.deepEqual(regional.spec, budgets.spec);
  assert.deepEqual(
    regional.judged.filter((one) => !budgets.judged.includes(one)),
    [],
  );
});
