import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  COMPONENTS,
  type Component,
  LAYOUTS,
  type Overlay,
  type Rendered,
  renderWith,
} from '../cluster/rendered-manifests.ts';
import { skip } from '../control-plane/assets.ts';
import { runTool } from '../control-plane/helm.ts';
import { parseObjects, renderChart } from './rendered-chart.ts';

const OF_LAYOUT: Readonly<Record<Overlay, readonly string[]>> = {
  base: [],
  strict: ['strict=true'],
  single: ['roles=single'],
};
const OF_COMPONENT: Readonly<Record<Component, string>> = {
  'carbon-budgets': 'carbonBudgets',
  'node-overlays': 'nodeOverlays',
  'node-pools': 'nodePools',
  'priority-expander': 'priorityExpander',
  'regional-autoscaler': 'regionalAutoscaler',
};
/** The chart has their accounts as hooks, and their guards all the time. */
const HOOKS: readonly string[] = ['gridgate-check', 'gridgate-uninstall'];
const kubectl = { kubectl: (args: readonly string[]) => runTool('kubectl', args) };

/** Each component by itself, and all of them in each layout. */
const ROWS: readonly (readonly [layout: Overlay, components: readonly Component[]])[] = [
  ...LAYOUTS.flatMap((layout) => [[layout, []] as const, [layout, COMPONENTS] as const]),
  ...COMPONENTS.map((component) => ['base', [component]] as const),
];

describe('the chart', { concurrency: 2 }, () => {
  for (const [layout, components] of ROWS)
    test(`renders what kubectl kustomize builds of ${[layout, ...components].join(', ')}, field by field`, {
      skip,
    }, async () => {
      const kustomized = await renderWith(kubectl, layout, components);
      const switches = components.map((component) => `capacity.${OF_COMPONENT[component]}.enabled=true`);
      const chart = await renderChart({ set: ['namespace.create=true', ...OF_LAYOUT[layout], ...switches] });
      const ofBoth = chart.filter(({ metadata }) => !HOOKS.includes(metadata.name));
      const [expected, actual] = [byName(parseAgain(kustomized)), byName(ofBoth.map(withoutHelm))];
      assert.deepEqual([...actual.keys()].sort(), [...expected.keys()].sort());
      for (const [name, object] of expected) assert.deepEqual(actual.get(name), object, name);
      assert.ok(expected.size >= 29);
    });
});

/** Order is whose sees them; of what they are made, nothing. */
function byName(objects: readonly Rendered[]): ReadonlyMap<string, Rendered> {
  return new Map(
    objects.map((object) => {
      const { kind, metadata } = object;
      return [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, withPlainExpressions(object)];
    }),
  );
}

function parseAgain(objects: readonly Rendered[]): readonly Rendered[] {
  return parseObjects(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
}

/** Without what tells that Helm did it, and that it is to leave it there. */
function withoutHelm(object: Rendered): Rendered {
  const { labels, annotations = {}, ...metadata } = object.metadata;
  const kept = Object.entries(annotations).filter(([key]) => key !== 'helm.sh/resource-policy');
  const { 'helm.sh/chart': chart, 'app.kubernetes.io/managed-by': manager, ...others } = labels;
  assert.match(chart, /^gridgate-\d/);
  assert.equal(manager, 'Helm');
  return {
    ...object,
    metadata: { ...metadata, labels: others, ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }) },
  };
}

/** kustomize puts a line of its own into folded texts that are indented further in: CEL takes any space for one. */
function withPlainExpressions(object: Rendered): Rendered {
  const revive = (key: string, value: unknown) =>
    /^(expression|messageExpression)$/.test(key) && typeof value === 'string' ? value.replaceAll(/\s+/g, ' ') : value;
  return JSON.parse(JSON.stringify(object), revive);
}
