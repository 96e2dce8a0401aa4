import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reachableRegions } from '../../src/decision/reachable.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
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
/** `us-x` has no node yet but may get one; `ap-a` has none and never will; `mars` has no Region; all but one are amd64. */
const AMD64 = { labels: { 'kubernetes.io/arch': 'amd64' } };
const NODES: readonly NodeFacts[] = [
  makeNode('n1', 'eu-a/1', AMD64),
  makeNode('n2', 'eu-a/2', { labels: { 'kubernetes.io/arch': 'arm64' } }),
  makeNode('n3', 'eu-b/1', AMD64),
  makeNode('n4', 'mars/1', AMD64),
  makeNode('n5', undefined, AMD64),
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
      ['constraints on other labels', requires(term(arch)), 'eu-a us-x'],
      ['a label that no node has: new ones may', { nodeSelector: { disk: 'ssd' } }, 'us-x'],
      ['preferences', { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } }, 'all'],
      ['selector', { nodeSelector: { [REGION_LABEL]: 'eu-a' } }, 'eu-a'],
      ['selector, a region without a Region', { nodeSelector: { [REGION_LABEL]: 'mars' } }, 'mars'],
      ['selector, unknown region', { nodeSelector: { [REGION_LABEL]: 'venus' } }, ''],
      ['In', requires(term(region('In', 'eu-a', 'us-x', 'mars'))), 'eu-a mars us-x'],
      ['NotIn', requires(term(region('NotIn', 'eu-a', 'mars'))), 'eu-b us-x'],
      ['Exists', requires(term(region('Exists'))), 'all'],
      ['DoesNotExist', requires(term(region('DoesNotExist'))), ''],
      ['Gt never compares names', requires(term(region('Gt', '1'))), ''],
      ['Lt never compares names', requires(term(region('Lt', '1'))), ''],
      ['expressions are ANDed', requires(term(region('In', 'eu-a', 'eu-b'), region('NotIn', 'eu-a'))), 'eu-b'],
      ['a contradiction', requires(term(region('In', 'eu-a'), region('NotIn', 'eu-a'))), ''],
      ['terms are ORed', requires(term(region('In', 'eu-a')), term(region('In', 'us-x'))), 'eu-a us-x'],
      ['ORed with another term', requires(term(region('In', 'eu-b')), term(arch)), 'eu-a eu-b us-x'],
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
      ['unknown target', {}, '', 'venus'],
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
      ['zone In', requires(term(zone('In', 'eu-a-2', 'eu-b-1', 'mars-1'))), 'eu-a eu-b mars'],
      ['zone nobody has: new nodes of us-x may', requires(term(zone('In', 'ap-a-1'))), 'us-x'],
      ['zone of another region: new nodes of us-x are not in it', requires(term(zone('In', 'mars-1'))), 'mars'],
      [
        'zone NotIn leaves one zone of eu-a; new nodes of us-x have other zones',
        requires(term(zone('NotIn', 'eu-a-1', 'eu-b-1'))),
        'eu-a mars us-x',
      ],
      ['zone Exists: the nodes of us-x will have one', requires(term(zone('Exists'))), 'all'],
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
      ['hostname In', requires(term(expression(HOSTNAME_LABEL, 'In', 'n1', 'n3', 'n4', 'n5'))), 'eu-a eu-b mars'],
      ['hostname NotIn', requires(term(expression(HOSTNAME_LABEL, 'NotIn', 'n3'))), 'eu-a mars us-x'],
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
        'eu-a mars us-x',
      ],
      ['matchFields and an expression', requires({ ...onNode('n1'), ...term(region('In', 'eu-b')) }), ''],
      ['a label that is called as the field: no node has it', { nodeSelector: { 'metadata.name': 'n3' } }, 'us-x'],
      ['matchFields without expressions', requires({ matchExpressions: null, ...onNode('n1') }), 'eu-a'],
      ['target and zone', { nodeSelector: { [ZONE_LABEL]: 'eu-b-1' } }, '', 'eu-a'],
      ['nodeName', { nodeName: 'n2' }, 'eu-a'],
      ['nodeName of a node without region', { nodeName: 'n5' }, ''],
      ['nodeName of a node in a region without a Region', { nodeName: 'n4' }, 'mars'],
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

describe('reachable regions by what nodes have to offer', () => {
  const GPU = 'nvidia.com/gpu';
  const taint = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };
  const small = { cpu: 4, memory: 16 * 2 ** 30 };
  const nodes = [
    makeNode('n1', 'eu-a', { allocatable: small, labels: { 'kubernetes.io/os': 'linux', pool: 'web' } }),
    makeNode('n2', 'eu-b', {
      allocatable: { ...small, memory: 15 * 2 ** 30 },
      taints: [{ ...taint, effect: 'PreferNoSchedule' }],
    }),
    makeNode('n3', 'mars', {
      allocatable: { ...small, cpu: 64, [GPU]: 4 },
      taints: [taint, { key: GPU, effect: 'NoSchedule' }],
    }),
    makeNode('n4', 'pluto', { taints: [{ key: 'gridgate.dev/carbon', value: 'high', effect: 'NoExecute' }] }),
  ];
  const regions = REGIONS.map((view) => ({ ...view, elastic: false }));
  const snapshot = makeSnapshot(regions, { nodes, startupTaints: ['agent.example/starting'] });
  const containers = (requests: Record<string, unknown>) => ({ containers: [{ resources: { requests } }] });
  const tolerations = [{ key: 'dedicated', operator: 'Exists' }];
  const rows: readonly [name: string, pod: Parameters<typeof makePod>[0], reach: string, tolerated?: string][] = [
    ['small enough for all', containers({ cpu: '100m', memory: '1Gi' }), 'eu-a eu-b'],
    ['memory that one has just so', containers({ memory: '16Gi' }), 'eu-a'],
    ['a taint tolerated', { tolerations, ...containers({ cpu: '100m' }) }, 'eu-a eu-b'],
    ['all taints tolerated', { tolerations: [{ operator: 'Exists' }] }, 'all'],
    ['a device, whose own taint counts as tolerated', { tolerations, ...containers({ [GPU]: 1 }) }, 'mars'],
    ['a device, another taint not tolerated', containers({ [GPU]: 1 }), ''],
    ['more devices than a node has', { tolerations, ...containers({ [GPU]: 8 }) }, ''],
    [
      'two containers together',
      { tolerations, containers: [{ resources: { requests: { [GPU]: 2 } } }, { resources: { limits: { [GPU]: 2 } } }] },
      'mars',
    ],
    [
      'an init container alone',
      { tolerations, initContainers: [{ resources: { requests: { [GPU]: 4 } } }], ...containers({ [GPU]: 1 }) },
      'mars',
    ],
    [
      'a sidecar beside',
      {
        tolerations,
        initContainers: [{ restartPolicy: 'Always', resources: { requests: { [GPU]: 4 } } }],
        ...containers({ [GPU]: 1 }),
      },
      '',
    ],
    ['overhead', { overhead: { memory: '1Gi' }, ...containers({ memory: '15Gi' }) }, 'eu-a'],
    ['the pod as a whole', { resources: { requests: { memory: '16Gi' } }, ...containers({ memory: '1Gi' }) }, 'eu-a'],
    ['a device nobody has', containers({ 'example.com/fpga': 1 }), ''],
    ['an operating system', { nodeSelector: { 'kubernetes.io/os': 'linux' } }, 'eu-a'],
    ['a carbon taint that gridgate would tolerate', {}, 'eu-a eu-b pluto', 'high'],
  ];
  for (const [name, parts, expected, tolerated] of rows)
    it(`${name}: ${expected || 'unreachable'}`, () => {
      const ours = tolerated ? [{ key: 'gridgate.dev/carbon', operator: 'Equal', value: tolerated }] : [];
      const { all, regions } = reachableRegions(makePod(parts), snapshot, { tolerations: ours });
      assert.equal(all ? 'all' : regions.map((view) => view.name).join(' '), expected);
    });

  it('a start-up taint of the configuration keeps nothing away', () => {
    const starting = makeNode('n1', 'eu-a', { taints: [{ key: 'agent.example/starting', effect: 'NoSchedule' }] });
    const reach = (startupTaints: readonly string[]) =>
      reachableRegions(makePod(), makeSnapshot([], { nodes: [starting], startupTaints })).regions.length;
    assert.deepEqual([reach([]), reach(['agent.example/starting'])], [0, 1]);
  });
});

describe('an elastic region has nodes that nobody has seen', () => {
  const nodes = [
    makeNode('n1', 'eu-a/1', { labels: { 'topology.ebs.csi.aws.com/zone': 'eu-a-1' } }),
    makeNode('n2', 'us-x/1', { labels: { 'topology.ebs.csi.aws.com/zone': 'us-x-1' } }),
  ];
  const snapshot = makeSnapshot(
    REGIONS.filter(({ name }) => name === 'eu-a' || name === 'us-x'),
    { nodes },
  );
  const ebs = (...zones: string[]) => [
    { volume: 'pv-1', claim: 'data', terms: [term(expression('topology.ebs.csi.aws.com/zone', 'In', ...zones))] },
  ];
  const rows: readonly [
    name: string,
    pod: Parameters<typeof makePod>[0],
    reach: string,
    volumes?: ReturnType<typeof ebs>,
  ][] = [
    ['of any instance type', { nodeSelector: { 'node.kubernetes.io/instance-type': 'p5' } }, 'us-x'],
    ['with any device', { containers: [{ resources: { requests: { 'nvidia.com/gpu': 1 } } }] }, 'eu-a us-x'],
    ['in a new zone of its own', { nodeSelector: { [ZONE_LABEL]: 'us-x-9' } }, 'us-x'],
    ['not in the zone of another', { nodeSelector: { [ZONE_LABEL]: 'eu-a-1' } }, 'eu-a'],
    ['not in another region', { nodeSelector: { [REGION_LABEL]: 'eu-a' } }, 'eu-a'],
    ['not of another name', { nodeSelector: { [HOSTNAME_LABEL]: 'n1' } }, 'eu-a'],
    ['where a volume of its zone is', {}, 'us-x', ebs('us-x-1')],
    ['not where a volume of another is', {}, 'eu-a', ebs('eu-a-1')],
  ];
  for (const [name, parts, expected, volumes] of rows)
    it(`${name}: ${expected}`, () => {
      const { regions } = reachableRegions(makePod(parts), snapshot, { volumes });
      assert.equal(regions.map((view) => view.name).join(' '), expected);
    });
});

describe('reachable regions without a view of nodes', () => {
  check(
    [
      ['zone selector: anywhere', { nodeSelector: { [ZONE_LABEL]: 'eu-a-1' } }, 'all'],
      ['zone and region', requires(term(zone('In', 'x'), region('In', 'eu-a'))), 'eu-a'],
      ['matchFields: anywhere', requires(onNode('n1')), 'all'],
      ['any other label: anywhere', { nodeSelector: { pool: 'gpu' } }, 'all'],
      ['nodeName: nobody knows', { nodeName: 'n1' }, ''],
      ['region label', { nodeSelector: { [REGION_LABEL]: 'eu-a' } }, 'eu-a'],
    ],
    undefined,
  );
});

describe('reachable regions under another region label', () => {
  const nodes = [
    { ...makeNode('n1', 'eu-x', { labels: { region: 'eu-a' } }), region: 'eu-a' },
    { ...makeNode('n2', 'eu-b', { labels: { region: 'eu-b' } }), region: 'eu-b' },
  ];
  it('the configured label counts, the topology label does not', () => {
    const snapshot = makeSnapshot(REGIONS, { regionLabel: 'region', nodes });
    const names = (nodeSelector: Record<string, string>) => {
      const reach = reachableRegions(makePod({ nodeSelector }), snapshot);
      return reach.all ? 'all' : reach.regions.map((view) => view.name).join(' ');
    };
    assert.equal(names({ region: 'eu-b' }), 'eu-b');
    assert.equal(names({ [REGION_LABEL]: 'eu-x' }), 'eu-a');
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

describe('what an author makes up', () => {
  const snapshot = makeSnapshot(REGIONS, { nodes: NODES });
  // That none of it is kept is measured by `make bench` (hostile-memory.ts).
  it('is answered, however long', () => {
    for (let index = 0; index < 3; index++) {
      const long = `${index}${'x'.repeat(200_000)}`;
      const pod = makePod({ nodeSelector: { [long]: long }, ...requires(term(region('In', long, 'eu-a'))) });
      assert.deepEqual(
        reachableRegions(pod, snapshot).regions.map(({ name }) => name),
        [],
      );
    }
  });
});
