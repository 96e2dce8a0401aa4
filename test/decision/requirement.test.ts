import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RegionView } from '../../src/regions/snapshot.ts';
import {
  applied,
  decideNow,
  HOSTNAME_LABEL,
  makeNode,
  makePod,
  makeRegion,
  makeSnapshot,
  region,
  requires,
  term,
} from '../builders.ts';
import { nodesFor, toNode } from './scheduler-model.ts';

const clean = makeRegion('eu-a', 100);
const near = makeRegion('eu-b', 110);
const fair = makeRegion('eu-c', 200);
const dirty = makeRegion('eu-d', 500);
const dirtier = makeRegion('eu-e', 600);
const down = makeRegion('eu-z', 100, { outage: 'fire' });
const far = makeRegion('eu-far', 50, { latencyMs: { 'eu-a': 99 } });
const abroad = makeRegion('us-a', 50);

const SOVEREIGN = { regions: 'eu-*' };
const LATENCY = { 'home-region': 'eu-a', 'max-latency': '80ms' };
const REQUIRE = { placement: 'require' };

type Case = readonly [
  name: string,
  regions: readonly RegionView[],
  policy: Record<string, string>,
  requirement: string,
  pod?: Parameters<typeof makePod>[0],
];

/** One node a region, one without the label, one in a region that nobody described. */
function check(rows: readonly Case[], without: readonly string[] = []) {
  for (const [name, regions, policy, expected, parts] of rows) {
    it(`${name}: ${expected || 'none'}`, () => {
      const nodes = [
        ...regions.map((view) => makeNode(view.name, view.name)),
        makeNode('unlabelled'),
        makeNode('mars', 'mars'),
      ];
      const snapshot = makeSnapshot(regions, { nodes: nodes.filter((node) => !without.includes(node.name)) });
      const pod = makePod(parts);
      const decision = decideNow(pod, policy, snapshot);
      const { requirement } = decision.steps?.steering ?? {};
      assert.equal(requirement ? `${requirement.operator} ${requirement.values.join(' ')}` : '', expected);

      const before = nodesFor(
        pod,
        nodes.map((node) => toNode(node)),
      );
      const holds = (place: string | undefined) => {
        if (!requirement) return true;
        const listed = place !== undefined && requirement.values.includes(place);
        return requirement.operator === 'In' ? listed : !listed;
      };
      const expectedNodes = before.filter((node) => holds(nodes.find((facts) => facts.name === node)?.region));
      assert.deepEqual(
        nodesFor(
          applied(pod, decision),
          nodes.map((node) => toNode(node)),
        ),
        expectedNodes,
      );
    });
  }
}

describe('the requirement on regions', () => {
  check([
    ['nothing refused', [clean, fair], {}, ''],
    ['ceiling', [clean, dirty], {}, 'NotIn eu-d'],
    ['outage', [clean, down], {}, 'NotIn eu-z'],
    ['ceiling and outage', [clean, dirty, down], {}, 'NotIn eu-d eu-z'],
    ['sovereignty', [clean, fair, abroad], SOVEREIGN, 'In eu-a eu-c'],
    ['latency, which of mars nobody knows', [clean, fair, far], LATENCY, 'In eu-a eu-c mars'],
    ['sovereignty and ceiling', [clean, dirty, abroad], SOVEREIGN, 'In eu-a'],
    ['all that is known is dirty, and of mars nobody knows', [dirty, dirtier], {}, 'NotIn eu-d eu-e'],
    ['all dirty', [dirty, dirtier], SOVEREIGN, 'In eu-d'],
    ['all dirty, and one abroad', [dirty, dirtier, abroad], SOVEREIGN, 'In eu-d'],
    ['placement none keeps refused regions out', [clean, dirty], { placement: 'none' }, 'NotIn eu-d'],
    ['target', [clean, fair], {}, 'In eu-c', { annotations: { region: 'eu-c' } }],
    [
      'target with the key of GKE',
      [clean, fair],
      {},
      'In eu-c',
      { annotations: { 'cloud.google.com/region': 'eu-c' } },
    ],
    [
      'only what is within reach',
      [clean, fair, dirty, down],
      {},
      'NotIn eu-d',
      requires(term(region('In', 'eu-a', 'eu-d'))),
    ],
    ['nothing refused within reach', [clean, fair, dirty], {}, '', requires(term(region('In', 'eu-a', 'eu-c')))],
    [
      'latency, of a pod that fits only nodes without the label',
      [clean, far],
      LATENCY,
      'NotIn eu-far',
      { nodeSelector: { [HOSTNAME_LABEL]: 'unlabelled' } },
    ],
    ['a nodeName needs none', [clean, dirty], {}, '', { nodeName: 'eu-a' }],
  ]);
});

describe('placement: require', () => {
  const CRITICAL = { ...REQUIRE, 'pod-overrides': 'allow' };
  check([
    ['within 10% of the best score', [clean, near, fair], REQUIRE, 'In eu-a eu-b'],
    ['just outside: 100/112', [clean, { ...near, ...makeRegion('eu-b', 112) }], REQUIRE, 'In eu-a'],
    ['as many as spread says, however close', [clean, near, fair], { ...REQUIRE, spread: '1' }, 'In eu-a'],
    ['spread over one that is far from the best', [clean, fair, dirty], { ...REQUIRE, spread: '2' }, 'In eu-a eu-c'],
    ['spread never over a refused one', [clean, dirty, down], { ...REQUIRE, spread: '3' }, 'In eu-a'],
    ['with refused regions', [clean, fair, dirty, down, abroad], { ...REQUIRE, ...SOVEREIGN }, 'In eu-a'],
    ['all dirty: the cleanest', [dirty, dirtier], { ...REQUIRE, regions: 'eu-*' }, 'In eu-d'],
    ['no readings: nothing to rank', [makeRegion('eu-a', undefined), makeRegion('eu-b', undefined)], REQUIRE, ''],
    [
      'never for critical pods: preferences only',
      [clean, fair, dirty],
      CRITICAL,
      '',
      { annotations: { class: 'critical' } },
    ],
    ['of system pods neither', [clean, fair], REQUIRE, '', { priorityClassName: 'system-node-critical' }],
    ['a target counts', [clean, fair], REQUIRE, 'In eu-c', { annotations: { region: 'eu-c' } }],
  ]);
  describe('uses only regions that have a node or may get one', () => {
    check(
      [
        ['no node in the best', [clean, fair], REQUIRE, 'In eu-c'],
        ['no node in the best, spread', [clean, fair], { ...REQUIRE, spread: '2' }, 'In eu-c'],
        ['no node, but elastic', [{ ...clean, elastic: true }, fair], REQUIRE, 'In eu-a'],
        ['no node anywhere', [clean], REQUIRE, ''],
      ],
      ['eu-a'],
    );
  });
});

describe('critical pods', () => {
  const ALLOW = { 'pod-overrides': 'allow' };
  const critical = { annotations: { class: 'critical' } };
  check([
    ['no requirement by carbon', [clean, dirty], ALLOW, '', critical],
    ['outage', [clean, dirty, down], ALLOW, 'NotIn eu-z', critical],
    ['sovereignty', [clean, dirty, abroad], { ...ALLOW, ...SOVEREIGN }, 'In eu-a eu-d', critical],
    ['nodes of a region without a Region', [clean, dirty], { ...ALLOW, ...SOVEREIGN }, 'In eu-a eu-d', critical],
  ]);
});
