import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { OverlayObject } from '../../../src/capacity/keep-overlays.ts';
import { OWN_LABELS } from '../../../src/capacity/own-overlay.ts';
import { INSTANCE_TYPE_LABELS } from '../../../src/energy/node-shape.ts';
import { REGION_LABEL, ZONE_LABEL } from '../../builders.ts';
import { regionYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { runCommand } from '../../process/run-command.ts';
import { type Stored, startApi } from '../explain/explain-api.ts';

const TYPES = `
- name: m5.large
  memory: 8Gi
  offerings:
    - {zone: us-east-1a, capacityType: on-demand, price: 0.096}
    - {zone: eu-north-1a, capacityType: on-demand, price: 0.102}
- name: m6g.large
  memory: 8Gi
  offerings: [{zone: us-east-1a, capacityType: on-demand, price: 0.077}]
- name: box
  offerings: [{zone: us-east-1a}]
`;
const DISCOUNT = `
apiVersion: karpenter.sh/v1alpha1
kind: NodeOverlay
metadata: {name: discount}
spec:
  weight: 9500
  priceAdjustment: "-10%"
  requirements: [{key: node.kubernetes.io/instance-type, operator: In, values: [m5.large]}]
`;

/** Runs the command beside files of its own: regions, types and whatever else is given by its option. */
async function run(
  test: TestContext,
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
) {
  const directory = makeTemporaryDirectory(test);
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const regions = writeDocuments(join(directory, 'regions.yaml'), [
    regionYaml('us-east-1', { gramsPerKwh: 379.1 }),
    regionYaml('eu-north-1', { gramsPerKwh: 24 }),
  ]);
  const named = Object.entries(files).flatMap(([flag, text], i) => [flag, write(`file-${i}.yaml`, text)]);
  const ran = await runCommand(['overlays', '--regions', regions, ...named, ...args], {
    env: { HOME: '/nowhere', ...env },
  });
  return {
    ...ran,
    notes: ran.stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^gridgate: /, '')),
  };
}

function objectsIn(yaml: string): readonly OverlayObject[] {
  return parseAllDocuments(yaml).map((one) => one.toJS());
}

/** `9000 m5.large us-east-1a +0.0004217`. */
function told({ spec, metadata }: OverlayObject): string {
  const { requirements, weight, price, priceAdjustment } = spec;
  const lists = (requirements as readonly { readonly values: readonly string[] }[]).map(({ values }) =>
    values.join('|'),
  );
  const includes = metadata.annotations['gridgate.dev/includes'];
  return [weight, ...lists, price ?? priceAdjustment, ...(includes ? [`with ${includes}`] : [])].join(' ');
}

const PRICED = ['--carbon-price', '0.1'];

describe('gridgate overlays', () => {
  it('prints NodeOverlays as kubectl applies them, and says on the side how little they change', async (t) => {
    const { code, stdout, notes } = await run(t, PRICED, { '--instance-types': TYPES });
    assert.equal(code, 0);
    const objects = objectsIn(stdout);
    assert.deepEqual(objects.map(told).sort(), [
      '9000 m5.large eu-north-1a +0.0001168',
      '9000 m5.large us-east-1a +0.0004217',
      '9000 m6g.large us-east-1a +0.0004476',
    ]);
    for (const { apiVersion, kind, metadata } of objects) {
      assert.deepEqual([apiVersion, kind], ['karpenter.sh/v1alpha1', 'NodeOverlay']);
      assert.match(metadata.name, /^gridgate-[0-9a-f]{16}$/);
      assert.deepEqual(metadata.labels, {
        'app.kubernetes.io/managed-by': 'gridgate',
        'gridgate.dev/overlay': 'carbon',
      });
    }
    assert.deepEqual(notes, [
      'left alone: box: no carbon is known (vCPUs not known); --unknown high gives such types a price above all others',
      'carbon adds 0.114% of 0.102 an hour at 100 a tonne: m5.large; over all offerings 0.114% to 0.58%, 0.441% at the median',
      'at this price the cheapest choice is another in 0 of 2 sizes',
      'a dearer one is chosen from 1960 a tonne',
    ]);
  });

  it('prints the same twice, and the same as a List', async (t) => {
    const once = await run(t, PRICED, { '--instance-types': TYPES });
    const again = await run(t, PRICED, { '--instance-types': TYPES });
    const list = await run(t, [...PRICED, '-o', 'json'], { '--instance-types': TYPES });
    assert.equal(again.stdout, once.stdout);
    assert.deepEqual(JSON.parse(list.stdout).items, objectsIn(once.stdout));
  });

  it('explains what it changes, type by type and size by size', async (t) => {
    const { code, stdout } = await run(t, [...PRICED, '--explain'], { '--instance-types': TYPES });
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `3 NodeOverlays, mode add, 0.1 a kgCO2e (100 a tonne), instances 50% busy

INSTANCE TYPE     W  gCO2e/h  CARBON/h  PRICE/h  CHANGE         OFFERINGS
m5.large       7.61     1.16  0.000116    0.096  0.114%  0.114% to 0.441%
m6g.large      7.61     4.46  0.000446    0.077   0.58%             0.58%

SIZE                    CHEAPEST                                    FROM/t
2 vCPU, 8.59 GB, amd64  m5.large in us-east-1a, on-demand
                        becomes m5.large in eu-north-1a, on-demand    1960
2 vCPU, 8.59 GB, arm64  m6g.large in us-east-1a, on-demand           never

Carbon adds 0.114% of 0.102 an hour at 100 a tonne: m5.large; over all offerings 0.114% to 0.58%, 0.441% at the median
At this price the cheapest choice is another in 0 of 2 sizes
A dearer one is chosen from 1960 a tonne
`,
    );
  });

  it('cuts no place that a choice moves to, however narrow the terminal and long the names', async (t) => {
    const types = TYPES.replaceAll('eu-north-1a', 'northern-europe-availability-zone-1').replace(
      '{zone: northern',
      '{region: eu-north-1, zone: northern',
    );
    const { stdout } = await run(t, [...PRICED, '--explain'], { '--instance-types': types }, { COLUMNS: '80' });
    assert.match(stdout, /becomes m5\.large in northern-europe-availability-zone-1, on-demand +1960\n/);
    const table = stdout.split('\n\n').find((part) => part.startsWith('SIZE')) ?? '';
    for (const line of table.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('explains it as data', async (t) => {
    const { stdout } = await run(t, [...PRICED, '--explain', '-o', 'json'], { '--instance-types': TYPES });
    const report = JSON.parse(stdout);
    assert.equal(report.version, 'v1');
    assert.equal(report.types[0].type, 'm5.large');
    assert.ok(Math.abs(report.types[0].changePercent.max - 0.44073) < 1e-4, JSON.stringify(report.types[0]));
    // (0.102 - 0.096) / (4.23095 - 1.16493 g); what runs on amd64 does not run on arm64
    assert.ok(Math.abs(report.sizes[0].carbonPrice - 1.95694) < 1e-4, JSON.stringify(report.sizes));
    assert.deepEqual(
      report.sizes.map((one: Record<string, unknown>) => [one['arch'], one['isAnother']]),
      [
        ['amd64', false],
        ['arm64', false],
      ],
    );
    assert.deepEqual(report.leftAlone, [{ reason: 'unknown_size', type: 'box', why: 'vCPUs not known', offerings: 1 }]);
  });

  it('says in mode replace how often carbon alone has another chosen than the cheapest', async (t) => {
    const { stdout } = await run(t, [...PRICED, '--mode', 'replace', '--explain'], { '--instance-types': TYPES });
    assert.match(stdout, /Carbon alone counts: the choice is another than the cheapest in 1 of 2 sizes/);
    assert.doesNotMatch(stdout, /USD/);
  });

  it('says that percentages are of the prices that were given', async (t) => {
    const { notes } = await run(t, PRICED, { '--instance-types': TYPES, '-f': DISCOUNT });
    assert.ok(
      notes.some((one) =>
        /^percentages of NodeOverlays \(discount\) are worked out of the prices that were given/.test(one),
      ),
    );
  });

  it('adds carbon to what a NodeOverlay of a file makes of prices', async (t) => {
    const { stdout } = await run(t, PRICED, { '--instance-types': TYPES, '-f': DISCOUNT });
    assert.deepEqual(objectsIn(stdout).map(told).sort(), [
      '9000 m6g.large us-east-1a +0.0004476',
      '9501 m5.large eu-north-1a -0.0100832 with discount', // 10% of 0.102 less, and 0.0001168
      '9501 m5.large us-east-1a -0.0091783 with discount',
    ]);
  });

  it('leaves such offerings alone on request', async (t) => {
    const { stdout, notes } = await run(t, [...PRICED, '--compose=false'], {
      '--instance-types': TYPES,
      '-f': DISCOUNT,
    });
    assert.deepEqual(objectsIn(stdout).map(told), ['9000 m6g.large us-east-1a +0.0004476']);
    assert.ok(
      notes.includes('left alone: m5.large: NodeOverlay discount prices them (--compose=false)'),
      notes.join('\n'),
    );
  });

  it('stands instead of prices in mode replace, with types that nobody knows above all others', async (t) => {
    const { stdout, notes } = await run(t, [...PRICED, '--mode', 'replace'], { '--instance-types': TYPES });
    assert.deepEqual(objectsIn(stdout).map(told).sort(), [
      '9000 box us-east-1a 1000000',
      '9000 m5.large eu-north-1a 0.0001168',
      '9000 m5.large us-east-1a 0.0004217',
      '9000 m6g.large us-east-1a 0.0004476',
    ]);
    assert.ok(notes.some((one) => /^replace: money does not count any more/.test(one)));
    assert.ok(notes.some((one) => /consolidation replaces running nodes/.test(one)));
  });

  it('takes what options leave out from gridgate.yaml', async (t) => {
    const config = 'overlays: {carbonPrice: 1, utilisation: 100, weights: [5, 10], mode: replace, unknown: skip}';
    const { stdout } = await run(t, ['--utilisation', '50'], { '--instance-types': TYPES, '--config': config });
    assert.deepEqual(objectsIn(stdout).map(told).sort(), [
      '5 m5.large eu-north-1a 0.001164',
      '5 m5.large us-east-1a 0.004242',
      '5 m6g.large us-east-1a 0.004458',
    ]);
  });

  it('takes embodied carbon from an own table', async (t) => {
    const { stdout } = await run(t, [...PRICED, '--mode', 'replace', '--unknown', 'skip'], {
      '--instance-types': '- {name: m5.large, memory: 8Gi, offerings: [{zone: x, region: eu-north-1}]}',
      '--embodied-table': 'm5.large: 350.4', // 10 g an hour
    });
    assert.deepEqual(objectsIn(stdout).map(told), ['9000 m5.large x 0.001022']); // 10 + 0.2072 g
  });

  it('needs to be told where zones are whose names do not say it', async (t) => {
    const types = '- {name: m5.large, memory: 8Gi, offerings: [{zone: rack}, {zone: us-east-1a}]}';
    const alone = await run(t, PRICED, { '--instance-types': types });
    assert.deepEqual(objectsIn(alone.stdout).map(told), ['9000 m5.large us-east-1a +0.0004217']);
    assert.ok(
      alone.notes.includes('left alone: m5.large: nobody knows the region of zone rack; give it with --zone-regions'),
    );
    const given = await run(t, [...PRICED, '--zone-regions', 'rack=us-east-1'], { '--instance-types': types });
    assert.deepEqual(objectsIn(given.stdout).map(told), ['9000 m5.large rack|us-east-1a +0.0004217']);
  });

  it('ends with 1 where overlays of users are in conflict, and says which Karpenter refuses', async (t) => {
    const clash = `${DISCOUNT}---${DISCOUNT.replace('name: discount', 'name: another')}`;
    const { code, notes } = await run(t, PRICED, { '--instance-types': TYPES, '-f': clash });
    assert.equal(code, 1);
    assert.ok(
      notes.includes(
        'NodeOverlays discount and another both price m5.large in us-east-1a with weight 9500: Karpenter applies nothing of another',
      ),
      notes.join('\n'),
    );
  });

  const refusals: readonly [
    name: string,
    args: readonly string[],
    files: Readonly<Record<string, string>>,
    says: RegExp,
  ][] = [
    ['no price', [], { '--instance-types': TYPES }, /--carbon-price .* is missing/],
    ['no types', PRICED, {}, /--instance-types .* is missing; give a file of instance types, or --from-cluster/],
    ['a price of nothing', ['--carbon-price', '0'], { '--instance-types': TYPES }, /above 0/],
    [
      'weights that are none',
      [...PRICED, '--weights', '9-3'],
      { '--instance-types': TYPES },
      /two weights from 1 to 10000, the first below the second/,
    ],
    [
      'an overlay that is none',
      PRICED,
      { '--instance-types': TYPES, '-f': DISCOUNT.replace('"-10%"', '"ten"') },
      /NodeOverlay: spec.priceAdjustment/,
    ],
    [
      'nothing that can be priced',
      PRICED,
      { '--instance-types': '- {name: box, offerings: [{zone: a}]}' },
      /no offering can be given a price/,
    ],
  ];
  for (const [name, args, files, says] of refusals)
    it(`refuses ${name}`, async (t) => {
      const { code, stderr, stdout } = await run(t, args, files);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
    });
});

describe('gridgate overlays --from-cluster', () => {
  const [TYPE_LABEL] = INSTANCE_TYPE_LABELS;
  const node = (name: string, zone: string, region: string) =>
    ({
      metadata: { name, labels: { [TYPE_LABEL]: 'm5.large', [ZONE_LABEL]: zone, [REGION_LABEL]: region } },
      status: { allocatable: { cpu: '1930m', memory: '7900000Ki' } },
    }) as unknown as Stored;
  const pool = {
    metadata: { name: 'default' },
    spec: { template: { spec: { requirements: [{ key: TYPE_LABEL, operator: 'In', values: ['m6g.large'] }] } } },
  } as unknown as Stored;
  const users = {
    metadata: { name: 'fixed' },
    spec: {
      weight: 3,
      price: '0.05',
      requirements: [{ key: 'karpenter.sh/nodepool', operator: 'In', values: ['default'] }],
    },
  } as unknown as Stored;
  const percentage = (name: string, priceAdjustment = '-10%') =>
    ({ metadata: { name }, spec: { weight: 3, priceAdjustment, requirements: [] } }) as unknown as Stored;
  const region = (name: string, gramsPerKwh: number) =>
    ({ metadata: { name }, spec: { gramsPerKwh } }) as unknown as Stored;
  const cluster = {
    '/api/v1/nodes': [node('a', 'us-east-1a', 'us-east-1'), node('b', 'eu-north-1a', 'eu-north-1')],
    '/apis/karpenter.sh/v1/nodepools': [pool],
    '/apis/karpenter.sh/v1alpha1/nodeoverlays': [users],
    '/apis/gridgate.dev/v1alpha1/regions': [region('us-east-1', 379.1), region('eu-north-1', 24)],
  };

  const ofCluster = (kubeconfig: string) =>
    runCommand(['overlays', ...PRICED, '--from-cluster', '--kubeconfig', kubeconfig]);

  it('prices the types of nodes and NodePools in all their zones, with the overlays that are there', async (t) => {
    const { kubeconfig } = await startApi(t, cluster);
    const { code, stdout, stderr } = await ofCluster(kubeconfig);
    assert.equal(code, 0, stderr);
    assert.deepEqual(objectsIn(stdout).map(told).sort(), [
      '9000 m5.large eu-north-1a 0.0501168 with fixed',
      '9000 m5.large us-east-1a 0.0504217 with fixed',
      '9000 m6g.large eu-north-1a 0.0501397 with fixed',
      '9000 m6g.large us-east-1a 0.0504476 with fixed',
    ]);
    assert.match(stderr, /instance types are those of its nodes and those that its NodePools name/);
  });

  it('takes prices of a file, and only the overlays of a cluster that is named', async (t) => {
    const old = { metadata: { name: 'gridgate-old', labels: OWN_LABELS }, spec: { price: '1', requirements: [] } };
    const { kubeconfig } = await startApi(t, {
      ...cluster,
      '/apis/karpenter.sh/v1alpha1/nodeoverlays': [users, old as unknown as Stored],
    });
    const { stdout, notes } = await run(t, [...PRICED, '--kubeconfig', kubeconfig], { '--instance-types': TYPES });
    assert.deepEqual(objectsIn(stdout).map(told).sort(), [
      '9000 m5.large eu-north-1a 0.0501168 with fixed',
      '9000 m5.large us-east-1a 0.0504217 with fixed',
      '9000 m6g.large us-east-1a 0.0504476 with fixed',
    ]);
    assert.ok(
      notes.includes(
        'of the NodeOverlays of gridgate that are there 1 are not among these; where no controller keeps them, delete them: gridgate-old',
      ),
      notes.join('\n'),
    );
  });

  it('beside a file of types takes the NodeOverlays of the cluster, and types and prices of the file', async (t) => {
    const { kubeconfig } = await startApi(t, {
      ...cluster,
      '/apis/karpenter.sh/v1alpha1/nodeoverlays': [percentage('discount')],
    });
    const { code, stdout, stderr } = await run(t, [...PRICED, '--from-cluster', '--kubeconfig', kubeconfig], {
      '--instance-types': TYPES,
    });
    assert.equal(code, 0, stderr);
    assert.deepEqual(objectsIn(stdout).map(told).sort(), [
      '9000 m5.large eu-north-1a -0.0100832 with discount',
      '9000 m5.large us-east-1a -0.0091783 with discount',
      '9000 m6g.large us-east-1a -0.0072524 with discount',
    ]);
    assert.doesNotMatch(stderr, /instance types are those of its nodes/);
  });

  it('says nothing of prices that nobody gave, and nothing of its own overlays where it can price none', async (t) => {
    const old = { metadata: { name: 'gridgate-old', labels: OWN_LABELS }, spec: { price: '1', requirements: [] } };
    const { kubeconfig } = await startApi(t, {
      ...cluster,
      '/apis/karpenter.sh/v1alpha1/nodeoverlays': [
        percentage('discount'),
        percentage('another', '-20%'),
        old as unknown as Stored,
      ],
    });
    const { code, stdout, stderr } = await ofCluster(kubeconfig);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /both price m5\.large/);
    assert.match(stderr, /is a percentage of a price that nobody knows; give prices with --instance-types/);
    assert.match(stderr, /no offering can be given a price of carbon/);
    assert.doesNotMatch(stderr, /prices that were given|delete them/);
  });

  it('does without what the cluster does not have, and says so', async (t) => {
    const { kubeconfig } = await startApi(t, { '/api/v1/nodes': cluster['/api/v1/nodes'] });
    const { code, stdout, stderr } = await ofCluster(kubeconfig);
    assert.equal(code, 0, stderr);
    assert.equal(objectsIn(stdout).length, 2);
    assert.match(stderr, /no price is known: what carbon changes of it at 100 a tonne nobody can say/);
    assert.match(stderr, /knows no NodePools .*; types and zones that no node shows are left out/);
    assert.match(stderr, /knows no NodeOverlays .*; as if there were none of yours/);
  });
});
