import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GroupFacts } from '../../src/regions/autoscaling.ts';
import type { NodePoolFacts } from '../../src/regions/node-pool.ts';
import { makeGroup, makeNode, makeNodePool, makeSnapshot, region } from '../builders.ts';
import { ask, type Verdict } from './client.ts';
import { type TestWebhook, useWebhook } from './start-webhook.ts';

const MANAGED = 'gridgate.dev/managed';

interface Meta {
  readonly name?: string;
  readonly labels?: unknown;
  readonly annotations?: unknown;
  readonly deletionTimestamp?: string;
}

/** Writes a namespace; annotations without a slash are `gridgate.dev/` ones. */
function write(webhook: TestWebhook, after: Meta, before?: Meta, rest: { dryRun?: boolean } = {}): Promise<Verdict> {
  const operation = before ? 'UPDATE' : 'CREATE';
  const [object, oldObject] = [after, before].map(
    (meta) => meta && { kind: 'Namespace', metadata: { name: 'new', ...meta } },
  );
  return ask(webhook, '/namespaces', {
    kind: 'Namespace',
    name: after.name ?? 'new',
    namespace: '',
    operation,
    object,
    oldObject,
    ...rest,
  });
}

function annotations(own: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(own).map(([key, value]) => [key.includes('/') ? key : `gridgate.dev/${key}`, value]),
  );
}

describe('/namespaces refuses mistakes', () => {
  const webhook = useWebhook();

  it('all in one message, with the allowed values and the nearest key', async () => {
    const mistakes = {
      mode: 'enfroce',
      'max-intesity': '300',
      'max-latency': 'near',
      weights: 'carbon',
      gibberish: 'x',
    };
    const { allowed, status, patch, auditAnnotations } = await write(webhook, { annotations: annotations(mistakes) });
    assert.deepEqual([allowed, patch], [false, undefined]);
    assert.deepEqual([status?.code, status?.reason], [422, 'Invalid']);
    assert.deepEqual(auditAnnotations, { decision: 'deny', reason: 'invalid_policy' });
    assert.equal(
      status?.message,
      'gridgate refuses these annotations: ' +
        [
          'gridgate.dev/mode: "enfroce" is not one of off, audit, warn, enforce',
          'gridgate.dev/max-intesity: no such annotation, did you mean gridgate.dev/max-intensity?',
          'gridgate.dev/max-latency: "near" is not a duration such as 80ms',
          'gridgate.dev/weights: "carbon" is not factors carbon, cost, latency with a number each, at least one above 0, such as carbon=1,cost=0.5',
          'gridgate.dev/gibberish: no such annotation',
        ].join('; '),
    );
    assert.deepEqual(
      status?.details.causes.map(({ reason, field }) => `${reason} ${field}`),
      Object.keys(mistakes).map((key) => `FieldValueInvalid metadata.annotations[gridgate.dev/${key}]`),
    );
  });

  it('but not in the annotations of others', async () => {
    const { allowed } = await write(webhook, {
      annotations: { 'gridgate.development/mode': 'x', mode: 'y', 'a/b': 'z' },
    });
    assert.equal(allowed, true);
  });

  const typo = { mode: 'audit', 'max-intensity': 'much' };
  const updates: readonly [
    name: string,
    before: Record<string, string>,
    after: Record<string, string>,
    refused: boolean,
  ][] = [
    ['that were there before: passed over', typo, { ...typo, 'home-region': 'eu-west' }, false],
    ['that stay beside a new one: only the new one is refused', typo, { ...typo, mode: 'x' }, true],
    ['that change into another mistake: refused', typo, { ...typo, 'max-intensity': 'more' }, true],
    ['that this write repairs: allowed', typo, { ...typo, 'max-intensity': '100' }, false],
    ['that this write removes: allowed', typo, { mode: 'audit' }, false],
    ['in a write that removes a good one: allowed', typo, { 'max-intensity': 'much' }, false],
  ];
  for (const [name, before, after, refused] of updates)
    it(name, async () => {
      const old = { annotations: annotations(before), labels: { [MANAGED]: 'true' } };
      const { allowed, status } = await write(webhook, { ...old, annotations: annotations(after) }, old);
      assert.equal(allowed, !refused, status?.message);
      if (name.includes('only the new one')) assert.doesNotMatch(status?.message ?? '', /max-intensity/);
    });

  it('not in a namespace that is being deleted: its finalizers must be able to write', async () => {
    const dying = { annotations: annotations({ mode: 'x' }), deletionTimestamp: '2026-11-22T09:00:00Z' };
    const { allowed, patch } = await write(webhook, dying, { annotations: {} });
    assert.deepEqual([allowed, patch], [true, undefined]);
  });

  it('in a dry run just the same, uncounted', async () => {
    const before = webhook.counted.length;
    const { allowed } = await write(webhook, { annotations: annotations({ mode: 'x' }) }, undefined, { dryRun: true });
    assert.deepEqual([allowed, webhook.counted.length], [false, before]);
  });

  it('with the mode a namespace would have as the label of the count', async () => {
    await write(webhook, { annotations: annotations({ mode: 'enforce', regions: '' }) });
    assert.equal(webhook.counted.at(-1), '/namespaces audit deny invalid_policy');
  });
});

describe('/namespaces keeps the label in step with the mode:', () => {
  const webhook = useWebhook();
  const add = 'add';
  const rows: readonly [name: string, mode: string | undefined, labels: unknown, did: string, managed: unknown][] = [
    ['enforce, no labels at all', 'enforce', undefined, add, 'true'],
    ['enforce, labels null', 'enforce', null, add, 'true'],
    ['enforce, labels empty', 'enforce', {}, add, 'true'],
    ['warn, other labels', 'warn', { team: 'a' }, add, 'true'],
    ['audit, label false', 'audit', { [MANAGED]: 'false' }, add, 'true'],
    ['audit, label empty', 'audit', { [MANAGED]: '' }, add, 'true'],
    ['enforce, label true', 'enforce', { [MANAGED]: 'true', team: 'a' }, 'nothing', 'true'],
    ['off, label true', 'off', { [MANAGED]: 'true', team: 'a' }, 'remove', undefined],
    ['off, label false', 'off', { [MANAGED]: 'false' }, 'remove', undefined],
    ['off, no labels at all', 'off', undefined, 'nothing', undefined],
    ['no mode, a label set by hand', undefined, { [MANAGED]: 'true' }, 'remove', undefined],
    ['no mode, labels null', undefined, null, 'nothing', undefined],
    ['no mode, other labels', undefined, { team: 'a' }, 'nothing', undefined],
  ];
  for (const [name, mode, labels, did, managed] of rows)
    it(name, async () => {
      const meta = { ...(labels !== undefined && { labels }), ...(mode && { annotations: annotations({ mode }) }) };
      const { patch = [], admitted, warnings } = await write(webhook, meta);
      assert.deepEqual(
        patch.map(({ op }) => op),
        did === 'nothing' ? [] : [did],
      );
      const result = (admitted as { metadata: { labels?: Record<string, string> } }).metadata.labels;
      assert.equal(result?.[MANAGED], managed);
      if (labels && 'team' in (labels as object)) assert.equal(result?.['team'], 'a');
      assert.equal(warnings?.length, mode === 'audit' ? 1 : undefined, 'but for where audit records');
      assert.equal((await write(webhook, admittedMeta(admitted))).patch, undefined);
    });

  function admittedMeta(admitted: unknown): Meta {
    return (admitted as { metadata: Meta }).metadata;
  }

  it('a namespace without any annotations or labels is left as it is', async () => {
    const { patch, auditAnnotations } = await write(webhook, {});
    assert.deepEqual([patch, auditAnnotations], [undefined, { decision: 'allow', reason: 'valid_policy' }]);
  });

  it('an old mistake in the mode does not switch it off: it counts as audit', async () => {
    const old = { annotations: annotations({ mode: 'enfroce' }) };
    const { admitted } = await write(webhook, old, old);
    assert.equal((admittedMeta(admitted).labels as Record<string, string>)[MANAGED], 'true');
  });

  it('an old mistake elsewhere does not keep a namespace from opting out', async () => {
    const labels = { [MANAGED]: 'true' };
    const old = { labels, annotations: annotations({ mode: 'enforce', weights: 'x' }) };
    const { patch } = await write(webhook, { labels, annotations: annotations({ mode: 'off', weights: 'x' }) }, old);
    assert.deepEqual(patch, [{ op: 'remove', path: '/metadata/labels/gridgate.dev~1managed' }]);
  });
});

describe('/namespaces in the namespaces of Kubernetes itself', () => {
  const webhook = useWebhook();
  for (const name of ['kube-system', 'kube-public', 'kube-node-lease']) {
    it(`${name}: warns that opting in has no effect, and sets no label`, async () => {
      const { allowed, patch, warnings } = await write(webhook, {
        name,
        annotations: annotations({ mode: 'enforce' }),
      });
      assert.deepEqual([allowed, patch], [true, undefined]);
      assert.deepEqual(warnings, [`gridgate never acts in ${name}: its annotations there have no effect`]);
    });

    it(`${name}: says nothing to other writes`, async () => {
      const { warnings } = await write(webhook, { name, labels: { 'kubernetes.io/metadata.name': name } });
      assert.equal(warnings, undefined);
    });
  }
});

describe('/namespaces warns, and allows,', () => {
  const webhook = useWebhook();

  /** The warnings about a write of these annotations, over those before; without any the namespace is new. */
  async function warningsOf(after: Record<string, string>, before?: Record<string, string>) {
    const old = before && { annotations: annotations(before) };
    const { allowed, warnings = [] } = await write(webhook, { annotations: annotations(after) }, old);
    assert.equal(allowed, true);
    return warnings;
  }

  const KNOWN = '(known: ca-east, eu-central, eu-north and 2 more)';
  const names: readonly [name: string, written: Record<string, string>, warnings: readonly string[]][] = [
    ['of nothing where every name is known', { regions: 'eu-*,us-west,!eu-west', 'home-region': 'eu-west' }, []],
    [
      'of a region that is misspelt',
      { regions: 'eu-nroth, eu-west' },
      ['gridgate.dev/regions: no region that is known here matches "eu-nroth"; did you mean eu-north?'],
    ],
    [
      'of a glob that matches nothing',
      { regions: 'asia-*,eu-*' },
      [`gridgate.dev/regions: no region that is known here matches "asia-*" ${KNOWN}`],
    ],
    [
      'of an excluded region that is misspelt: it would not be excluded',
      { regions: '!us-wset' },
      ['gridgate.dev/regions: no region that is known here matches "!us-wset"; did you mean us-west?'],
    ],
    ['not of a glob that excludes regions to come', { regions: '!cn-*' }, []],
    [
      'of many in one sentence',
      { regions: 'mars-1,mars-2,mars-3,mars-4,eu-*' },
      [
        `gridgate.dev/regions: no region that is known here matches "mars-1", nor "mars-2", "mars-3" and 1 more ${KNOWN}`,
      ],
    ],
    [
      'of a home that nothing here is called',
      { 'home-region': 'eu-cenrtal' },
      ['gridgate.dev/home-region: no region that is known here is called "eu-cenrtal"; did you mean eu-central?'],
    ],
    [
      'that enforce will deny everything where nothing known is allowed',
      { regions: 'asia-*', mode: 'enforce' },
      [
        `gridgate.dev/regions: no region that is known here matches "asia-*" ${KNOWN}`,
        'gridgate: nothing that is known here is among the regions allowed: every pod will be denied',
      ],
    ],
  ];
  for (const [name, written, warnings] of names)
    it(name, async () => assert.deepEqual(await warningsOf({ mode: 'warn', ...written }), warnings));

  it('once: not when something else is written', async () => {
    const written = { mode: 'warn', regions: 'eu-nroth,eu-west' };
    assert.deepEqual(await warningsOf({ ...written, 'max-intensity': '100' }, written), []);
  });

  it('of names of nodes alone as of those of Region resources', async () => {
    const { snapshot } = webhook.world;
    webhook.world.snapshot = makeSnapshot([], { nodes: [makeNode('node-1', 'edge-lab')] });
    assert.deepEqual(await warningsOf({ mode: 'warn', regions: 'edge-*' }), []);
    webhook.world.snapshot = makeSnapshot([]);
    assert.deepEqual(await warningsOf({ mode: 'warn', regions: 'edge-*' }), [
      'gridgate.dev/regions: no region that is known here matches "edge-*" (no region is known)',
    ]);
    webhook.world.snapshot = snapshot;
  });

  const AS_LABEL = ['gridgate.dev/mode: is a label here, which has no effect; write it as an annotation'];
  const labelled = (mode: string) => ({ labels: { 'gridgate.dev/mode': mode } });
  const labels: readonly [name: string, after: Meta, before: Meta | undefined, warnings: readonly string[]][] = [
    ['of a mode set as a label', labelled('enforce'), undefined, AS_LABEL],
    ['of one that comes later', labelled('enforce'), {}, AS_LABEL],
    ['of one that changes', labelled('enforce'), labelled('warn'), AS_LABEL],
    ['not of one that was there before', { ...labelled('warn'), annotations: { team: 'a' } }, labelled('warn'), []],
    ['not of the label that gridgate keeps', { labels: { [MANAGED]: 'true' } }, {}, []],
  ];
  for (const [name, after, before, expected] of labels)
    it(name, async () => {
      const { allowed, warnings = [] } = await write(webhook, after, before);
      assert.deepEqual([allowed, warnings], [true, expected]);
    });

  it('of a region that is nowhere, and what is known', async () =>
    assert.deepEqual(await warningsOf({ 'home-region': 'mars' }), [
      `gridgate.dev/home-region: no region that is known here is called "mars" ${KNOWN}`,
    ]));

  const waits: readonly [
    name: string,
    before: Record<string, string> | undefined,
    after: Record<string, string>,
    says: RegExp | undefined,
  ][] = [
    ['defer where nothing is placed', {}, { defer: '8h' }, /^gridgate\.dev\/defer: nothing waits in mode off; /],
    [
      'defer where all is only recorded',
      { mode: 'audit' },
      { mode: 'audit', defer: '8h' },
      /nothing waits in mode audit/,
    ],
    ['defer where pods are placed', { mode: 'warn' }, { mode: 'warn', defer: '8h' }, undefined],
    ['defer as before', { defer: '8h' }, { defer: '8h', 'max-intensity': '100' }, undefined],
    ['a mode under which what waited waits no more', { mode: 'warn', defer: '8h' }, { defer: '8h' }, /in mode off/],
    [
      'a defer of nothing',
      { mode: 'warn' },
      { mode: 'warn', defer: '0' },
      /^gridgate\.dev\/defer: 0 lets nothing wait$/,
    ],
    [
      'how to wait, but not for how long',
      { mode: 'warn' },
      { mode: 'warn', 'defer-by': 'suspend' },
      /^gridgate\.dev\/defer-by: has no effect without/,
    ],
  ];
  for (const [name, before, after, says] of waits)
    it(`${says ? 'of' : 'not of'} ${name}`, async () => {
      const [first, ...others] = await warningsOf(after, before);
      assert.deepEqual(others, []);
      if (says) assert.match(first ?? '', says);
      else assert.equal(first, undefined);
    });

  const POOL = makeNodePool('batch', [region('In', 'eu-north')]);
  const placements: readonly [
    name: string,
    seen: { nodePools?: readonly NodePoolFacts[]; nodeGroups?: readonly GroupFacts[] },
    before: string | undefined,
    after: string,
    says: RegExp | undefined,
  ][] = [
    [
      'auto under Karpenter',
      { nodePools: [POOL], nodeGroups: [] },
      undefined,
      'auto',
      /auto only prefers here: Karpenter/,
    ],
    [
      'auto without an autoscaler',
      { nodeGroups: [] },
      undefined,
      'auto',
      /auto only prefers here: no autoscaler was seen$/,
    ],
    ['auto under Cluster Autoscaler', { nodeGroups: [makeGroup('a')] }, undefined, 'auto', undefined],
    ['auto where nobody could look', {}, undefined, 'auto', undefined],
    ['auto as before', { nodeGroups: [] }, 'auto', 'auto', undefined],
    [
      'prefer under Cluster Autoscaler',
      { nodeGroups: [makeGroup('a')] },
      'auto',
      'prefer',
      /prefer brings no node here: Cluster/,
    ],
    ['prefer under Karpenter', { nodePools: [POOL], nodeGroups: [] }, 'auto', 'prefer', undefined],
  ];
  for (const [name, seen, before, placement, says] of placements)
    it(`${says ? 'of' : 'not of'} placement: ${name}`, async () => {
      const { snapshot } = webhook.world;
      webhook.world.snapshot = makeSnapshot([], { nodes: [makeNode('n', 'eu-north')], ...seen });
      const mode = { mode: 'warn' };
      const warnings = await warningsOf(
        { ...mode, placement },
        { ...mode, ...(before !== undefined && { placement: before }) },
      );
      webhook.world.snapshot = snapshot;
      assert.equal(warnings.length, says ? 1 : 0, warnings.join());
      if (says) assert.match(warnings[0] ?? '', says);
    });

  const SHOWN = [
    'gridgate: "gridgate audit --live -n new" names what will be refused, and DaemonSets that reach outside regions; the leader names the first 5 in an Event here once enforce acts',
  ];
  const RECORDS = [
    'gridgate: mode audit only records: "gridgate audit --live -n new" shows it now, an Event tells owners once a day; so do the log and gridgate_admission_requests_total',
  ];
  type Told = 'with the command that shows what will be refused' | 'with where audit records' | 'not';
  const changes: readonly [name: string, before: Record<string, string> | undefined, after: string, told: Told][] = [
    ['warn to enforce', { mode: 'warn' }, 'enforce', 'with the command that shows what will be refused'],
    ['nothing to enforce', {}, 'enforce', 'with the command that shows what will be refused'],
    ['enforce as before', { mode: 'enforce' }, 'enforce', 'not'],
    ['audit to warn', { mode: 'audit' }, 'warn', 'not'],
    ['enforce from the start, where nothing runs yet', undefined, 'enforce', 'not'],
    ['nothing to audit', {}, 'audit', 'with where audit records'],
    ['audit from the start', undefined, 'audit', 'with where audit records'],
    ['enforce to audit', { mode: 'enforce' }, 'audit', 'with where audit records'],
    ['audit as before', { mode: 'audit' }, 'audit', 'not'],
  ];
  for (const [name, before, mode, told] of changes)
    it(`${told}: ${name}`, async () => {
      const warnings = told === 'not' ? [] : told === 'with where audit records' ? RECORDS : SHOWN;
      assert.deepEqual(await warningsOf({ mode }, before), warnings);
    });

  it('in full, however long the name is', async () => {
    const name = 'n'.repeat(63);
    for (const mode of ['audit', 'enforce']) {
      const { warnings = [] } = await write(webhook, { name, annotations: annotations({ mode }) }, { name });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', /gridgate audit --live -n n{63}".*(once enforce acts|_total)$/);
    }
  });

  it('of names that were there before when the mode rises to enforce', async () => {
    const [first, second, ...rest] = await warningsOf(
      { mode: 'enforce', regions: 'mars' },
      { mode: 'warn', regions: 'mars' },
    );
    assert.match(first ?? '', /matches "mars"/);
    assert.match(second ?? '', /every pod will be denied/);
    assert.deepEqual(rest, SHOWN);
  });
});
