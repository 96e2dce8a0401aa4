import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../src/decision/pod.ts';
import { makeNode, makePod, makeRegion, makeSnapshot, onNode, REGION_LABEL, requires } from '../builders.ts';
import { ask } from './client.ts';
import { workloadOf } from './reviews.ts';
import { useWebhook } from './start-webhook.ts';

const PINNED = makePod({ nodeSelector: { [REGION_LABEL]: 'eu-central' } });
const OWNER = { apiVersion: 'example.com/v1', kind: 'Rollout', name: 'web', controller: true };

describe('/validate judges a final pod', () => {
  const webhook = useWebhook();

  it('as /mutate left it: allowed, without a patch', async () => {
    const { admitted } = await ask(webhook, '/mutate', { object: makePod() });
    const { allowed, patch, warnings, auditAnnotations } = await ask(webhook, '/validate', { object: admitted });
    assert.deepEqual([allowed, patch, warnings], [true, undefined, undefined]);
    assert.equal(auditAnnotations['decision'], 'allow');
  });

  const denied: readonly [name: string, pod: Pod, reason: string][] = [
    ['pinned to a dirty region', PINNED, 'high_carbon'],
    ['pinned to a region in outage', makePod({ nodeSelector: { [REGION_LABEL]: 'eu-west' } }), 'outage'],
    ['put on a dirty node by its author', makePod({ nodeName: 'node-eu-central' }), 'high_carbon'],
  ];
  for (const [name, object, reason] of denied)
    it(`${name}: denied in the words of /mutate`, async () => {
      const early = await ask(webhook, '/mutate', { object });
      const late = await ask(webhook, '/validate', { object });
      assert.deepEqual(late, early);
      assert.deepEqual([late.allowed, late.auditAnnotations['reason']], [false, reason]);
    });

  it('that a later webhook led from the clean regions back to the dirty one: denied', async () => {
    const { admitted } = await ask(webhook, '/mutate', { object: makePod() });
    const { metadata, spec } = admitted as Pod;
    const object = { metadata, spec: { ...spec, affinity: null, nodeSelector: { [REGION_LABEL]: 'eu-central' } } };
    assert.equal((await ask(webhook, '/validate', { object })).allowed, false);
  });

  it('silently in audit mode', async () => {
    const { allowed, warnings, auditAnnotations } = await ask(webhook, '/validate', {
      object: PINNED,
      namespace: 'lab',
    });
    assert.deepEqual([allowed, warnings], [true, undefined]);
    assert.deepEqual(auditAnnotations, {
      decision: 'allow',
      reason: 'high_carbon',
      region: 'eu-central',
      would: 'deny',
    });
  });

  it('with a warning in mode warn', async () => {
    const { allowed, warnings } = await ask(webhook, '/validate', { object: PINNED, namespace: 'reports' });
    assert.equal(allowed, true);
    assert.match(warnings?.[0] ?? '', /^would be denied: gridgate refuses/);
  });
});

const KINDS = ['apps/Deployment', 'apps/StatefulSet', 'apps/ReplicaSet', 'batch/Job', 'batch/CronJob'];

describe('/validate warns the author of a workload and never denies it:', () => {
  const webhook = useWebhook();
  for (const kind of KINDS) {
    const name = kind.split('/')[1];
    for (const operation of ['CREATE', 'UPDATE'])
      it(`${operation} of a ${name} whose pods will be denied`, async () => {
        const object = workloadOf(kind, PINNED);
        const { allowed, patch, warnings, auditAnnotations } = await ask(webhook, '/validate', {
          kind,
          object,
          operation,
        });
        assert.deepEqual([allowed, patch, warnings?.length], [true, undefined, 2]);
        assert.match(warnings?.[0] ?? '', new RegExp(`^pods of this ${name} will be denied: .* eu-central is at 340`));
        assert.deepEqual(auditAnnotations, { decision: 'allow', reason: 'high_carbon' });
      });

    it(`a ${name} that another object controls: silent`, async () => {
      const { warnings } = await ask(webhook, '/validate', { kind, object: workloadOf(kind, PINNED, OWNER) });
      assert.equal(warnings, undefined);
    });

    it(`a ${name} owned but not controlled: warned`, async () => {
      const object = workloadOf(kind, PINNED, { ...OWNER, controller: false });
      assert.equal((await ask(webhook, '/validate', { kind, object })).warnings?.length, 2);
    });

    it(`a ${name} whose pods can be placed: silent`, async () => {
      assert.equal(
        (await ask(webhook, '/validate', { kind, object: workloadOf(kind, makePod()) })).warnings,
        undefined,
      );
    });

    it(`a ${name} in audit mode: silent`, async () => {
      const { allowed, warnings } = await ask(webhook, '/validate', {
        kind,
        namespace: 'lab',
        object: workloadOf(kind, PINNED),
      });
      assert.deepEqual([allowed, warnings], [true, undefined]);
    });

    it(`a ${name} in mode warn: told what enforce would do`, async () => {
      const { warnings } = await ask(webhook, '/validate', {
        kind,
        namespace: 'reports',
        object: workloadOf(kind, PINNED),
      });
      assert.match(warnings?.[0] ?? '', new RegExp(`^pods of this ${name} would be denied in mode enforce: `));
    });
  }

  const never = { class: 'flexible', defer: '48h', deadline: '2020-01-01T00:00:00Z' };
  for (const [kind, restartPolicy, defer] of [
    ['apps/Deployment', 'Always', /^gridgate\.dev\/defer: has no effect on a pod that never ends/],
    ['batch/Job', 'Never', /^gridgate\.dev\/defer: 48h is above the namespace's 12h, which counts/],
  ] as const)
    it(`a ${kind} that asks for a wait that it will not get: warned`, async () => {
      const object = workloadOf(kind, makePod({ annotations: never, restartPolicy }));
      const { warnings = [] } = await ask(webhook, '/validate', { kind, namespace: 'patient', object });
      assert.match(warnings[0] ?? '', /^gridgate\.dev\/deadline: 2020-01-01T00:00:00Z has passed/);
      assert.match(warnings[1] ?? '', defer);
      assert.equal(warnings.length, 2);
    });

  it('a Deployment whose pods carry a mistake: warned of it before any pod is created', async () => {
    const object = workloadOf('apps/Deployment', makePod({ annotations: { class: 'flexable' } }));
    const { warnings } = await ask(webhook, '/validate', { kind: 'apps/Deployment', object });
    assert.match(warnings?.[0] ?? '', /^gridgate\.dev\/class: "flexable" is not one of/);
  });

  const silent: readonly [name: string, kind: string, namespace: string, reason: string][] = [
    ['a DaemonSet, whatever its pods ask for', 'apps/DaemonSet', 'shop', 'daemonset_pod'],
    ['a DaemonSet of another kind, which nobody configured', 'example.com/DaemonSet', 'european', 'not_a_pod'],
    ['a namespace that did not opt in', 'apps/Deployment', 'legacy', 'mode_off'],
    ['a namespace that nobody knows', 'apps/Deployment', 'nobody-knows', 'unknown_namespace'],
  ];
  for (const [name, kind, namespace, reason] of silent)
    it(`${name}: silent`, async () => {
      const object = workloadOf('apps/Deployment', PINNED);
      const { warnings, auditAnnotations } = await ask(webhook, '/validate', { kind, namespace, object });
      assert.deepEqual([warnings, auditAnnotations['reason']], [undefined, reason]);
    });
});

interface Written {
  readonly own?: object;
  readonly pod?: Pod;
  readonly kind?: string;
}

describe('/validate says what is wrong with the annotations of a workload:', () => {
  const webhook = useWebhook();

  async function warningsOf({ own = {}, pod = makePod(), kind = 'apps/Deployment' }: Written, namespace: string) {
    const workload = workloadOf(kind, pod) as { metadata: object };
    const object = { ...workload, metadata: { ...workload.metadata, ...own } };
    const { allowed, patch, warnings = [] } = await ask(webhook, '/validate', { kind, namespace, object });
    assert.deepEqual([allowed, patch], [true, undefined], 'it only ever warns');
    return warnings;
  }

  const annotated = (annotations: Record<string, string>) => ({ own: { annotations } });
  const rows: readonly [name: string, written: Written, warnings: readonly string[]][] = [
    [
      'a value that is misspelt, with what was meant',
      { pod: makePod({ annotations: { class: 'criticl' } }) },
      ['gridgate.dev/class: "criticl" is not one of critical, standard, flexible; ignored, did you mean critical?'],
    ],
    [
      'class on the Deployment itself',
      annotated({ 'gridgate.dev/class': 'flexible' }),
      [
        'gridgate.dev/class: has no effect on the Deployment itself; write it to its pod template, spec.template.metadata.annotations',
      ],
    ],
    [
      'defer on the Deployment itself',
      annotated({ 'gridgate.dev/defer': '8h' }),
      ['gridgate.dev/defer: has no effect on a Deployment: its pods never end, and so never wait'],
    ],
    [
      'class on the CronJob itself',
      { ...annotated({ 'gridgate.dev/class': 'flexible' }), kind: 'batch/CronJob' },
      [
        'gridgate.dev/class: has no effect on the CronJob itself; write it to its pod template, spec.jobTemplate.spec.template.metadata.annotations',
      ],
    ],
    [
      'class on both: nothing',
      { ...annotated({ 'gridgate.dev/class': 'flexible' }), pod: makePod({ annotations: { class: 'flexible' } }) },
      [],
    ],
    [
      'what belongs to the Namespace',
      annotated({ 'gridgate.dev/mode': 'enforce' }),
      ['gridgate.dev/mode: has no effect on a Deployment; write it to the Namespace'],
    ],
    [
      'a key that is misspelt, on the Deployment itself',
      annotated({ 'gridgate.dev/clas': 'flexible' }),
      ['gridgate.dev/clas: no such annotation, did you mean gridgate.dev/class?'],
    ],
    [
      'labels that should be annotations',
      {
        own: { labels: { 'gridgate.dev/class': 'flexible', app: 'web' } },
        pod: { ...makePod(), metadata: { labels: { 'gridgate.dev/regions': 'eu-north' } } },
      },
      [
        'gridgate.dev/class: is a label here, which has no effect; write it as an annotation',
        'pod template: gridgate.dev/regions: is a label here, which has no effect; write it as an annotation',
      ],
    ],
    [
      'what gridgate wrote, and annotations of others: nothing',
      annotated({ 'gridgate.dev/nudged': 'x', class: 'y' }),
      [],
    ],
  ];
  for (const [name, written, warnings] of rows)
    for (const namespace of ['shop', 'lab', 'reports'])
      it(`${name}, in ${namespace}`, async () => assert.deepEqual(await warningsOf(written, namespace), warnings));

  for (const namespace of ['shop', 'lab'])
    it(`regions that nobody knows, in ${namespace}`, async () => {
      const pod = makePod({ annotations: { regions: 'eu-nroth', region: 'mars' } });
      const all = await warningsOf({ pod }, namespace);
      for (const warning of [
        'gridgate.dev/regions: no region that is known here matches "eu-nroth"; did you mean eu-north?',
        'gridgate.dev/region: no region that is known here is called "mars" (known: ca-east, eu-central, eu-north and 2 more)',
      ])
        assert.ok(all.includes(warning), all.join('\n'));
    });

  it('nothing in a namespace that is off', async () =>
    assert.deepEqual(await warningsOf({ pod: makePod({ annotations: { class: 'criticl' } }) }, 'legacy'), []));
});

describe('/validate says of a DaemonSet only that it reaches outside regions:', () => {
  const webhook = useWebhook();
  const on = (region: string) => makePod({ nodeSelector: { [REGION_LABEL]: region } });
  const EVERYWHERE =
    'pods of this DaemonSet reach outside regions: they stay Pending on nodes of ca-east, us-west (allowed: eu-*)';

  async function warningsOf(pod: Pod, kind = 'apps/DaemonSet', namespace = 'european', operation = 'CREATE') {
    const object = workloadOf(kind, pod);
    const { allowed, patch, warnings = [] } = await ask(webhook, '/validate', { kind, namespace, operation, object });
    assert.deepEqual([allowed, patch], [true, undefined], 'it only ever warns');
    return warnings;
  }

  for (const operation of ['CREATE', 'UPDATE'])
    it(`${operation} of one that runs on every node`, async () => {
      assert.deepEqual(await warningsOf(makePod(), 'apps/DaemonSet', 'european', operation), [EVERYWHERE]);
    });

  it('one whose author wrote down a node, which the DaemonSet controller replaces', async () => {
    assert.deepEqual(await warningsOf(makePod(requires(onNode('node-eu-north')))), [EVERYWHERE]);
  });

  it('at most three regions by name, and nodes in none', async () => {
    const { snapshot } = webhook.world;
    const outside = ['a', 'b', 'c', 'd', 'e'];
    webhook.world.snapshot = makeSnapshot([makeRegion('eu-north', 50)], {
      nodes: [...outside.map((name) => makeNode(`node-${name}`, name)), makeNode('n', 'eu-north'), makeNode('bare')],
    });
    assert.deepEqual(await warningsOf(makePod()), [
      'pods of this DaemonSet reach outside regions: they stay Pending on nodes of a, b, c and 2 more and without a region label (allowed: eu-*)',
    ]);
    webhook.world.snapshot = snapshot;
  });

  const silent: readonly [name: string, pod: Pod, namespace: string][] = [
    ['one that keeps to the allowed regions', on('eu-central'), 'european'],
    [
      'one that carries a mistake and stays inside',
      makePod({ annotations: { class: 'flexable' }, ...on('eu-west').spec }),
      'european',
    ],
    ['one in a dirty region or an outage, which are no matter of its pods', on('eu-west'), 'shop'],
    ['one whose namespace names no regions', makePod(), 'shop'],
  ];
  for (const [name, pod, namespace] of silent)
    it(`silent about ${name}`, async () => assert.deepEqual(await warningsOf(pod, 'apps/DaemonSet', namespace), []));

  it('one that names a node outside: its pods will be denied', async () => {
    const [first = ''] = await warningsOf(makePod({ nodeName: 'node-us-west' }));
    assert.match(first, /^pods of this DaemonSet will be denied: .* us-west is not among the regions eu-\*/);
  });

  it('kinds that the configuration adds, where somebody registers them', async () => {
    const kind = 'agents.example.com/NodeAgent';
    assert.deepEqual(await warningsOf(makePod(), kind), []);
    webhook.world.rules = { ...webhook.world.rules, daemonOwners: [kind] };
    assert.deepEqual(await warningsOf(makePod(), kind), [EVERYWHERE.replace('DaemonSet', 'NodeAgent')]);
    webhook.world.rules = { defaults: {}, limits: {} };
  });
});
