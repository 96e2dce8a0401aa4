import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reachableRegions } from '../../src/decision/reachable.ts';
import type { NodeFacts } from '../../src/regions/topology.ts';
import {
  expression,
  HOSTNAME_LABEL,
  makeNode,
  makePod,
  makeRegion,
  makeSnapshot,
  onNode,
  REGION_LABEL,
  region,
  requires,
  term,
  ZONE_LABEL,
  zone,
} from '../builders.ts';

const REGIONS = [
  makeRegion('ap-a', 500),
  makeRegion('eu-a', 100),
  makeRegion('eu-b', 200),
  makeRegion('us-x', 300, { elastic: true }),
];
/** `us-x` has no node yet but may get one; `ap-a` has none and never will; `mars` has no Region. */
const NODES: readonly NodeFacts[] = [
  makeNode('n1', 'eu-a/1'),
  makeNode('n2', 'eu-a/2'),
  makeNode('n3', 'eu-b/1'),
  makeNode('n4', 'mars/1'),
  makeNode('n5'),
];
const arch = expression('kubernetes.io/arch', 'In', 'arm64');

type Case = readonly [name: string, pod: Parameters<typeof makePod>[0], reach: string, target?: string];

function check(rows: readonly Case[], nodes: readonly NodeFacts[] | undefined) {
  const snapshot = makeSnapshot(REGIONS, nodes && { nodes });
  for (const [name, parts, expected, target] of rows) {
    it(`${name}: ${expected || 'unreachable'}`, () => {
      const { all, regions } = reachableRegions(makePod(parts), snapshot, { target });
      const names = regions.map((view) => view.name).join(' ');
      assert.equal(all ? 'all' : names, expected);
      if (all) assert.equal(regions.length, REGIONS.length);
    });
  }
}

describe('reachable regions by the region label', () => {
  check(
    [
      ['no constraint', {}, 'all'],
      ['affinity null', { affinity: null }, 'all'],
      ['nodeSelector null', { nodeSelector: null }, 'all'],
      ['required null', { affinity: { nodeAffinity: {} } }, 'all'],
      ['constraints on other labels', { nodeSelector: { disk: 'ssd' }, ...requires(term(arch)) }, 'all'],
      ['preferences', { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } }, 'all'],
      ['selector', { nodeSelector: { [REGION_LABEL]: 'eu-a' } }, 'eu-a'],
      ['selector, unknown region', { nodeSelector: { [REGION_LABEL]: 'mars' } }, ''],
      ['In', requires(term(region('In', 'eu-a', 'us-x', 'mars'))), 'eu-a us-x'],
      ['NotIn', requires(term(region('NotIn', 'eu-a', 'mars'))), 'ap-a eu-b us-x'],
      ['Exists', requires(term(region('Exists'))), 'ap-a eu-a eu-b us-x'],
      ['DoesNotExist', requires(term(region('DoesNotExist'))), ''],
      ['Gt never compares names', requires(term(region('Gt', '1'))), ''],
      ['Lt never compares names', requires(term(region('Lt', '1'))), ''],
      ['expressions are ANDed', requires(term(region('In', 'eu-a', 'eu-b'), region('NotIn', 'eu-a'))), 'eu-b'],
      ['a contradiction', requires(term(region('In', 'eu-a'), region('NotIn', 'eu-a'))), ''],
      ['terms are ORed', requires(term(region('In', 'eu-a')), term(region('In', 'us-x'))), 'eu-a us-x'],
      ['ORed with a free term', requires(term(region('In', 'eu-a')), term(arch)), 'all'],
      ['ORed with an empty term', requires(term(region('In', 'eu-a')), {}), 'eu-a'],
      ['only an empty term', requires({}), ''],
      ['an empty list of terms', requires(), ''],
      ['an expression on another label in the same term', requires(term(region('In', 'eu-a'), arch)), 'eu-a'],
      [
        'selector and terms',
        {
          nodeSelector: { [REGION_LABEL]: 'eu-a' },
          ...requires(term(region('In', 'eu-a', 'eu-b')), term(region('In', 'eu-b'))),
        },
        'eu-a',
      ],
      [
        'selector against every term',
        { nodeSelector: { [REGION_LABEL]: 'ap-a' }, ...requires(term(region('In', 'eu-b'))) },
        '',
      ],
      ['target', {}, 'eu-a', 'eu-a'],
      ['unknown target', {}, '', 'mars'],
      ['target within the selector', requires(term(region('In', 'eu-a', 'eu-b'))), 'eu-b', 'eu-b'],
      ['target against the selector', { nodeSelector: { [REGION_LABEL]: 'eu-a' } }, '', 'eu-b'],
    ],
    NODES,
  );
});

describe('reachable regions through nodes', () => {
  check(
    [
      ['zone selector', { nodeSelector: { [ZONE_LABEL]: 'eu-a-1' } }, 'eu-a'],
      ['zone In', requires(term(zone('In', 'eu-a-2', 'eu-b-1', 'mars-1'))), 'eu-a eu-b'],
      ['zone nobody has', requires(term(zone('In', 'ap-a-1'))), ''],
      ['zone of an unknown region', requires(term(zone('In', 'mars-1'))), ''],
      [
        'zone NotIn leaves one zone of eu-a; new nodes of us-x have other zones',
        requires(term(zone('NotIn', 'eu-a-1', 'eu-b-1'))),
        'eu-a us-x',
      ],
      ['zone Exists: the nodes of us-x will have one', requires(term(zone('Exists'))), 'eu-a eu-b us-x'],
      ['zone and region in one term', requires(term(zone('In', 'eu-a-1', 'eu-b-1'), region('In', 'eu-b'))), 'eu-b'],
      ['zone and region that exclude each other', requires(term(zone('In', 'eu-a-1'), region('In', 'eu-b'))), ''],
      ['zone or region', requires(term(zone('In', 'eu-a-1')), term(region('In', 'us-x'))), 'eu-a us-x'],
      [
        'zone selector and region term',
        { nodeSelector: { [ZONE_LABEL]: 'eu-b-1' }, ...requires(term(region('Exists'))) },
        'eu-b',
      ],
      ['hostname selector', { nodeSelector: { [HOSTNAME_LABEL]: 'n3' } }, 'eu-b'],
      ['hostname of a node without region', { nodeSelector: { [HOSTNAME_LABEL]: 'n5' } }, ''],
      ['unknown hostname', { nodeSelector: { [HOSTNAME_LABEL]: 'n9' } }, ''],
      ['hostname In', requires(term(expression(HOSTNAME_LABEL, 'In', 'n1', 'n3', 'n4', 'n5'))), 'eu-a eu-b'],
      ['hostname NotIn', requires(term(expression(HOSTNAME_LABEL, 'NotIn', 'n3'))), 'eu-a us-x'],
      [
        'hostname and zone of different nodes',
        requires(term(expression(HOSTNAME_LABEL, 'In', 'n1'), zone('In', 'eu-b-1'))),
        '',
      ],
      [
        'hostname and zone of one node',
        requires(term(expression(HOSTNAME_LABEL, 'In', 'n1', 'n3'), zone('NotIn', 'eu-a-1'))),
        'eu-b',
      ],
      ['matchFields', requires(onNode('n3')), 'eu-b'],
      ['matchFields of a node without region', requires(onNode('n5')), ''],
      ['matchFields of two terms', requires(onNode('n1'), onNode('n3')), 'eu-a eu-b'],
      [
        'matchFields NotIn',
        requires({ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n3'] }] }),
        'eu-a us-x',
      ],
      ['matchFields and an expression', requires({ ...onNode('n1'), ...term(region('In', 'eu-b')) }), ''],
      ['matchFields without expressions', requires({ matchExpressions: null, ...onNode('n1') }), 'eu-a'],
      ['target and zone', { nodeSelector: { [ZONE_LABEL]: 'eu-b-1' } }, '', 'eu-a'],
      ['nodeName', { nodeName: 'n2' }, 'eu-a'],
      ['nodeName of a node without region', { nodeName: 'n5' }, ''],
      ['nodeName of a node in an unknown region', { nodeName: 'n4' }, ''],
      ['unknown nodeName', { nodeName: 'n9' }, ''],
      [
        'nodeName against the selector: the scheduler is not asked',
        { nodeName: 'n1', nodeSelector: { [REGION_LABEL]: 'eu-b' } },
        'eu-a',
      ],
      ['nodeName against the target: nor is it then', { nodeName: 'n1' }, 'eu-a', 'eu-b'],
    ],
    NODES,
  );
});

describe('reachable regions without a view of nodes', () => {
  check(
    [
      ['zone selector: anywhere', { nodeSelector: { [ZONE_LABEL]: 'eu-a-1' } }, 'ap-a eu-a eu-b us-x'],
      ['zone and region', requires(term(zone('In', 'x'), region('In', 'eu-a'))), 'eu-a'],
      ['matchFields: anywhere', requires(onNode('n1')), 'ap-a eu-a eu-b us-x'],
      ['nodeName: nobody knows', { nodeName: 'n1' }, ''],
      ['region label', { nodeSelector: { [REGION_LABEL]: 'eu-a' } }, 'eu-a'],
    ],
    undefined,
  );
});

describe('reachable regions under another region label', () => {
  const nodes = [makeNode('n1', 'eu-a')];
  it('the configured label counts, the topology label does not', () => {
    const snapshot = makeSnapshot(REGIONS, { regionLabel: 'region', nodes });
    const names = (nodeSelector: Record<string, string>) => {
      const reach = reachableRegions(makePod({ nodeSelector }), snapshot);
      return reach.all ? 'all' : reach.regions.map((view) => view.name).join(' ');
    };
    assert.equal(names({ region: 'eu-b' }), 'eu-b');
    assert.equal(names({ [REGION_LABEL]: 'eu-b' }), 'all');
  });

  it('regions named by numbers compare with Gt and Lt', () => {
    const snapshot = makeSnapshot({ '1': 100, '2': 100, '10': 100 });
    const reach = reachableRegions(makePod(requires(term(region('Gt', '1'), region('Lt', '10')))), snapshot);
    assert.deepEqual(
      reach.regions.map((view) => view.name),
      ['2'],
    );
  });
});
