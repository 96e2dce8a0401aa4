import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sharesOf } from '../../src/decision/decide.ts';
import { explain } from '../../src/decision/explain.ts';
import type { Pod } from '../../src/decision/pod.ts';
import type { Policy } from '../../src/decision/policy.ts';
import {
  applied,
  decideNow,
  HOSTNAME_LABEL,
  makeNode,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  NOW,
  onNode,
  REGION_LABEL,
  region,
  requires,
  term,
} from '../builders.ts';

/** `eu-b` has no Region, `us-b` neither; one node is in no region at all. */
const NODES = [
  makeNode('n-eu-a', 'eu-a'),
  makeNode('n-eu-b', 'eu-b'),
  makeNode('n-us-a', 'us-a', { labels: { pool: 'gpu' } }),
  makeNode('n-us-b', 'us-b'),
  makeNode('bare', undefined, { labels: { pool: 'bare' } }),
];
const SNAPSHOT = makeSnapshot([makeRegion('eu-a', 100), makeRegion('us-a', 50)], { nodes: NODES });
/** As after `kubectl delete regions --all`. */
const WITHOUT_REGIONS = makeSnapshot([], { nodes: NODES });
const POLICY = { regions: 'eu-*' };
const ELASTIC = makeSnapshot([makeRegion('eu-a', 100, { elastic: true }), makeRegion('us-a', 50)], { nodes: NODES });

type Parts = Parameters<typeof makePod>[0];
type Row = readonly [name: string, pod: Parts, expected: string, message?: RegExp];

function told(pod: Pod, snapshot = SNAPSHOT, policy: Policy | Record<string, string> = POLICY) {
  const decision = decideNow(pod, policy, snapshot);
  const { requirement } = decision.steps?.steering ?? {};
  const words: string[] = [decision.decision, decision.reason];
  if (requirement) words.push(requirement.operator, ...requirement.values);
  return { decision, text: words.join(' ') };
}

function check(rows: readonly Row[], snapshot = SNAPSHOT) {
  for (const [name, parts, expected, message] of rows)
    it(`${name}: ${expected}`, () => {
      const { decision, text } = told(makePod(parts), snapshot);
      assert.equal(text, expected);
      if (message) assert.match([decision.message, ...decision.warnings].join(' '), message);
    });
}

describe('where data may live is said by name', () => {
  check([
    ['any pod gets the allowed names, with Regions or without', {}, 'steer steered In eu-a eu-b'],
    ['pinned to a region without a Region', { nodeSelector: { [REGION_LABEL]: 'us-b' } }, 'deny not_allowed'],
    ['pinned to an allowed one without a Region', { nodeSelector: { [REGION_LABEL]: 'eu-b' } }, 'allow no_data'],
    ['pinned to both', requires(term(region('In', 'eu-b', 'us-b'))), 'steer no_data In eu-b'],
    [
      'pinned to one that nobody knows',
      { nodeSelector: { [REGION_LABEL]: 'us-9' } },
      'deny not_allowed',
      /it asks for region us-9, which is not among the regions eu-\*/,
    ],
    [
      'pinned to an allowed one that nobody knows: it waits',
      { nodeSelector: { [REGION_LABEL]: 'eu-9' } },
      'allow unreachable',
    ],
    ['pinned to a host outside', { nodeSelector: { [HOSTNAME_LABEL]: 'n-us-b' } }, 'deny not_allowed'],
    [
      'pinned to a host without a region',
      { nodeSelector: { [HOSTNAME_LABEL]: 'bare' } },
      'deny not_allowed',
      /carry no label topology.kubernetes.io\/region/,
    ],
    ['pinned by other labels to nodes outside', { nodeSelector: { pool: 'gpu' } }, 'deny not_allowed'],
    ['without the region label', requires(term(region('DoesNotExist'))), 'deny not_allowed'],
    ['on a node outside', { nodeName: 'n-us-b' }, 'deny not_allowed'],
    ['on a node without a region', { nodeName: 'bare' }, 'deny not_allowed'],
    [
      'on a node that nobody knows',
      { nodeName: 'ghost' },
      'deny not_allowed',
      /node ghost is in no region that is known here/,
    ],
    ['on a node inside', { nodeName: 'n-eu-a' }, 'allow acceptable'],
    [
      'what no node has waits inside',
      { nodeSelector: { pool: 'none' } },
      'allow unreachable In eu-a eu-b',
      /no node has what the pod asks for.*node selector pool=none leaves no region/,
    ],
  ]);
});

describe('the empty name', () => {
  it('is that of no region, and exclusions alone do not allow it', () => {
    const { text } = told(makePod({ nodeSelector: { [REGION_LABEL]: '' } }), makeSnapshot({ a: 1 }), {
      regions: '!us-*',
    });
    assert.equal(text, 'deny not_allowed');
  });
  it('beside an allowed one is left out', () => {
    const { text } = told(makePod(requires(term(region('In', '', 'eu-a')))));
    assert.equal(text, 'steer steered In eu-a');
  });
});

describe('after all Regions are gone', () => {
  check(
    [
      ['any pod', {}, 'steer no_data In eu-a eu-b'],
      ['pinned outside', { nodeSelector: { [REGION_LABEL]: 'us-a' } }, 'deny not_allowed'],
    ],
    WITHOUT_REGIONS,
  );
});

describe('where nothing is allowed', () => {
  it('denies and says that nothing here matches', () => {
    const { decision, text } = told(makePod(), SNAPSHOT, { regions: 'mars-*' });
    assert.equal(text, 'deny not_allowed');
    assert.match(
      decision.message,
      /eu-a is not among the regions mars-\*.*; no region that is known here is allowed \[/,
    );
  });
  it('denies a pod that fits nothing, too', () => {
    const { decision } = told(makePod({ nodeSelector: { pool: 'none' } }), SNAPSHOT, { regions: 'mars-*' });
    assert.match(
      decision.message,
      /nothing here is among the regions mars-\* that it is allowed \(known: eu-a, eu-b, us-a and 1 more\)/,
    );
  });
});

describe('an autoscaler sees a pod that it could serve', () => {
  it('nodes that may come inside count', () => {
    const pod = makePod({ nodeSelector: { pool: 'gpu' } });
    const { decision, text } = told(pod, ELASTIC);
    const shares = sharesOf({ pod, policy: makePolicy(POLICY), snapshot: ELASTIC, now: NOW });
    assert.equal(text, 'steer steered In eu-a eu-b');
    assert.match(decision.warnings.join(), /no node of eu-a has now what the pod asks for.*it counts on new ones/);
    assert.match(
      explain(pod, decision, makePolicy(POLICY), shares)
        .map(({ finding }) => finding)
        .join('\n'),
      /node selector pool=gpu leaves/,
    );
  });
});

const DAEMONSET = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'logs', controller: true };
const daemon = (parts: NonNullable<Parts>, owner: object = DAEMONSET) =>
  makePod({ metadata: { ownerReferences: [owner] }, ...parts });

describe('a pod of a daemon set', () => {
  it('waits where it may not live, and carries the allowed names in every term', () => {
    const pod = daemon(requires(onNode('n-us-b')));
    const { decision, text } = told(pod);
    assert.equal(text, 'steer daemonset_pod In eu-a eu-b');
    assert.deepEqual(decision.warnings, [
      'gridgate: its node is in us-b, not among the regions eu-* that it is allowed; the pod waits',
    ]);
    assert.deepEqual(told(daemon(requires(onNode('n-eu-a')))).decision.warnings, []);
    const terms = applied(pod, decision).spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    assert.ok(terms?.nodeSelectorTerms?.every(({ matchExpressions }) => matchExpressions?.[0]?.key === REGION_LABEL));
    assert.deepEqual(told(applied(pod, decision)).decision.patch, []);
  });

  it('that has no room on its node is told nothing of regions', () => {
    const nodes = [makeNode('n', 'eu-a', { allocatable: { cpu: 4 } })];
    const pod = daemon({ ...requires(onNode('n')), containers: [{ resources: { requests: { cpu: 8 } } }] });
    assert.deepEqual(told(pod, makeSnapshot([makeRegion('eu-a', 100)], { nodes })).decision.warnings, []);
  });

  const rows: readonly [name: string, pod: Pod, expected: string, policy?: Record<string, string>][] = [
    [
      'without a word of regions is left alone',
      daemon(requires(onNode('n-us-a'))),
      'allow daemonset_pod',
      { 'max-intensity': '1' },
    ],
    ['on a node inside is left alone', daemon({ nodeName: 'n-eu-a' }), 'allow daemonset_pod'],
    ['on a node outside is denied', daemon({ nodeName: 'n-us-a' }), 'deny not_allowed'],
    [
      'of OpenKruise counts',
      daemon(requires(onNode('n-us-a')), { ...DAEMONSET, apiVersion: 'apps.kruise.io/v1alpha1' }),
      'steer daemonset_pod In eu-a eu-b',
    ],
    [
      'of another kind does not',
      daemon(requires(onNode('n-us-a')), { ...DAEMONSET, apiVersion: 'evil.io/v1' }),
      'deny not_allowed',
    ],
    [
      'is denied where nothing is allowed',
      daemon(requires(onNode('n-us-a'))),
      'deny not_allowed',
      { regions: 'mars-*' },
    ],
  ];
  for (const [name, pod, expected, policy = POLICY] of rows)
    it(`${name}: ${expected}`, () => assert.equal(told(pod, SNAPSHOT, policy).text, expected));

  it('of an owner or an account that the configuration does not know is judged', () => {
    const owners = { ...makePolicy(POLICY), daemonOwners: ['x.io/Agent'] };
    assert.equal(told(daemon({ nodeName: 'n-us-a' }), SNAPSHOT, owners).text, 'deny not_allowed');
    const accounts = {
      ...makePolicy({}),
      daemonAccounts: { text: 'system:*', matches: (name: string) => name.startsWith('system:') },
    };
    const reason = (username: string) =>
      decideNow(daemon(requires(onNode('n-us-a'))), accounts, SNAPSHOT, { requester: { username } }).reason;
    assert.deepEqual([reason('eve'), reason('system:controller')], ['acceptable', 'daemonset_pod']);
  });
});
