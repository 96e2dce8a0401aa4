import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toNamespaceRecord } from '../../../src/cluster/namespaces.ts';
import { compileRules } from '../../../src/decision/policy-rules.ts';
import { explainObject } from '../../../src/questions/explain/explain-object.ts';
import { readObject } from '../../../src/questions/explain/read-object.ts';
import { renderExplained } from '../../../src/questions/explain/render-explained.ts';
import { parseTarget } from '../../../src/questions/explain/target.ts';
import type { World } from '../../../src/world/load-world.ts';
import { readWaitingFacts } from '../../../src/world/waiting-facts.ts';
import { makeRegion, makeSnapshot, NOW } from '../../builders.ts';
import { prefixed } from '../../e2e/objects.ts';
import { type Collections, directApi, type Stored } from './explain-api.ts';

const HOUR = 3_600_000;
const THIS_HOUR = Math.floor(NOW / HOUR) * HOUR;
const PODS = '/api/v1/namespaces/lab/pods';
const JOBS = '/apis/batch/v1/namespaces/lab/jobs';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/gridgate-system/leases';
const CONFIG_MAPS = '/api/v1/namespaces/gridgate-system/configmaps';
const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const GATED = { schedulingGates: [{ name: 'gridgate.dev/defer' }] };
const SAYS = {
  'gridgate.dev/not-before': iso(THIS_HOUR + 2 * HOUR),
  'gridgate.dev/waits': JSON.stringify({ latestStart: iso(NOW + 9 * HOUR), duration: '2h', durationFrom: 'owner' }),
};
const TRAIN = { apiVersion: 'batch/v1', kind: 'Job', name: 'train', uid: 'uid-train', controller: true };

interface Parts {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hoursAgo?: number;
  readonly spec?: object;
  readonly status?: object;
}

function pod(name: string, { annotations = {}, hoursAgo = 3, spec = {}, status = {} }: Parts = {}): Stored {
  const metadata = {
    name,
    namespace: 'lab',
    uid: `uid-${name}`,
    annotations: { ...prefixed({ class: 'flexible' }), ...annotations },
    creationTimestamp: iso(NOW - hoursAgo * HOUR),
    ownerReferences: [TRAIN],
  };
  const own = { restartPolicy: 'Never', containers: [{ name: 'c' }], ...spec };
  return { metadata, spec: own, status: { phase: 'Pending', ...status } } as Stored;
}

function job(name: string, { annotations = {}, hoursAgo = 3, spec = {} }: Parts = {}, owner?: object): Stored {
  const template = {
    metadata: { annotations: prefixed({ class: 'flexible' }) },
    spec: { restartPolicy: 'Never', containers: [{ name: 'c' }] },
  };
  const metadata = {
    name,
    namespace: 'lab',
    uid: `uid-${name}`,
    annotations,
    creationTimestamp: iso(NOW - hoursAgo * HOUR),
    ...(owner && { ownerReferences: [owner] }),
  };
  return { metadata, spec: { parallelism: 2, template, ...spec }, status: {} } as Stored;
}

function lease(renewedAt: number, holderIdentity = 'gridgate-0'): Collections {
  const spec = { holderIdentity, renewTime: new Date(renewedAt).toISOString() };
  return { [LEASES]: [{ metadata: { name: 'gridgate-releaser' }, spec } as Stored] };
}

function lengths(owners: Readonly<Record<string, readonly number[]>>): Collections {
  const data = { 'lengths.json': JSON.stringify({ version: 1, owners, namespaces: {} }) };
  return { [CONFIG_MAPS]: [{ metadata: { name: 'gridgate-lengths' }, data } as Stored] };
}

const ALIVE = lease(NOW - 5_000);
const LEARNT = lengths({ 'lab/Job/train': [7_200], 'lab/CronJob/nightly': [10_800] });

/** Cleanest from the third hour on; `lab` lets pods wait for 12 hours. */
function worldHere(policy: Readonly<Record<string, string>>): World {
  const forecast = [300, 300, ...Array<number>(30).fill(100)].map((gramsPerKwh, hour) => ({
    from: THIS_HOUR + hour * HOUR,
    gramsPerKwh,
  }));
  const region = makeRegion('a', 300, { reading: { source: 'electricity-maps' }, forecast });
  const annotations = prefixed({ mode: 'enforce', 'max-intensity': '500', defer: '12h', ...policy });
  const record = toNamespaceRecord({ metadata: { name: 'lab', annotations } });
  return {
    snapshot: makeSnapshot([region]),
    zones: new Map(),
    rules: compileRules({}),
    namespaces: new Map([['lab', record]]),
    volumesOf: () => [],
    notes: [],
  };
}

interface Run {
  readonly objects: Collections;
  readonly forbids?: (path: string) => boolean;
  readonly policy?: Readonly<Record<string, string>>;
}

async function explain(what: string, { objects, forbids, policy = {} }: Run) {
  const target = parseTarget([what], 'lab');
  assert.ok(!('issues' in target));
  const deps = { api: directApi(objects, forbids), signal: AbortSignal.timeout(60_000) };
  const found = await readObject(deps, target);
  assert.ok('object' in found);
  const report = explainObject({
    target,
    ownNamespace: 'gridgate-system',
    found,
    world: worldHere(policy),
    policySignal: 'average-lifecycle',
    now: NOW,
    notes: [],
    waiting: await readWaitingFacts({ ...deps, namespace: 'gridgate-system', now: NOW }),
  });
  const waits = report.now?.steps.find(({ step }) => step === 'waits')?.finding;
  return { report, waits, text: renderExplained(report, 200), notes: report.notes.join('\n') };
}

describe('gridgate explain, of a pod that waits', () => {
  it('counts from when it came and by what earlier runs took, as the webhook did', async () => {
    const objects = { ...ALIVE, ...LEARNT, [PODS]: [pod('train-1', { spec: GATED, annotations: SAYS })] };
    const { report, text, notes } = await explain('pod/train-1', { objects });
    assert.deepEqual(
      [report.now?.decision, report.now?.wait?.durationFrom, report.now?.wait?.durationSeconds],
      ['defer', 'owner', 7_200],
    );
    assert.equal(report.now?.wait?.latestStart, iso(NOW + 9 * HOUR));
    assert.match(text, /^Now +defer cleaner_later: the pod waits: /m);
    assert.match(text, /to let it go now: gridgate release job\/train -n lab$/m);
    assert.equal(
      notes,
      "namespace lab lacks the label gridgate.dev/managed, so the API server does not ask gridgate about its pods; gridgate's controllers add it when they run",
    );
  });

  it('asks who is there where its latest start has passed', async () => {
    const annotations = {
      ...SAYS,
      'gridgate.dev/waits': JSON.stringify({ latestStart: iso(NOW - HOUR), duration: '2h' }),
    };
    const objects = { ...ALIVE, [PODS]: [pod('train-1', { spec: GATED, annotations, hoursAgo: 13 })] };
    const { waits, text } = await explain('pod/train-1', { objects });
    assert.match(
      text,
      /^ +its latest start has passed, and nobody has let it go: is a leader there\? gridgate check$/m,
    );
    assert.equal(waits, `no: it has waited as long as it may, until ${iso(NOW - HOUR)}`);
  });
});

describe('gridgate explain, of a pod that does not wait', () => {
  it('says of one that runs that it would, and of one that was let go when that was', async () => {
    const annotations = {
      'gridgate.dev/released': iso(NOW - HOUR),
      'gridgate.dev/decision': JSON.stringify({ reason: 'steered', best: ['a 100 electricity-maps'] }),
    };
    const running = pod('train-1', { annotations, spec: { nodeName: 'n' }, status: { phase: 'Running' } });
    const { report, text } = await explain('pod/train-1', { objects: { ...ALIVE, [PODS]: [running] } });
    assert.match(text, /^Then +steered when it was let go, 60 min ago, after it had waited for 2 h: /m);
    assert.match(text, /^Now +defer cleaner_later: made now, the pod would wait: /m);
    assert.equal(report.released, new Date(NOW - HOUR).toISOString());
    assert.equal(report.now?.wait?.latestStart, iso(NOW + 12 * HOUR), 'were it made now');
  });

  const pending = { [PODS]: [pod('train-1')] };
  const heartbeats: Readonly<Record<string, readonly [objects: Collections, notes: RegExp]>> = {
    'is there': [{}, /^there is no Lease gridgate-system\/gridgate-releaser: nobody lets go what waits, /m],
    'renewed it lately': [
      lease(NOW - 60_000),
      /^the Lease gridgate-system\/gridgate-releaser was renewed 60 s ago, by the clock of this machine: nobody lets go/m,
    ],
    'holds it': [lease(NOW, ''), /^nobody holds the Lease gridgate-system\/gridgate-releaser: nobody lets go/m],
  };
  for (const [name, [objects, says]] of Object.entries(heartbeats))
    it(`says so where nobody who lets go ${name}`, async () => {
      const { report, waits, notes } = await explain('pod/train-1', { objects: { ...objects, ...pending } });
      assert.notEqual(report.now?.decision, 'defer');
      assert.match(waits ?? '', /^no: it could, but nobody is alive/);
      assert.match(notes, says);
    });

  it('assumes what the caller may not read, and says so', async () => {
    const forbids = (path: string) => path.includes('/gridgate-system/');
    const { report, notes } = await explain('pod/train-1', { objects: pending, forbids });
    assert.deepEqual([report.now?.decision, report.now?.wait?.durationFrom], ['defer', 'default']);
    assert.match(notes, /: that somebody lets go what waits is assumed$/m);
    assert.match(notes, /: what earlier runs took is not known$/m);
  });

  it('says nothing of who lets go where nothing may wait anyway', async () => {
    const { waits, notes } = await explain('pod/train-1', { objects: pending, policy: { defer: '0s' } });
    assert.equal(waits, 'no: its namespace has no gridgate.dev/defer, or 0');
    assert.doesNotMatch(notes, /lets go/);
  });
});

describe('gridgate explain, of an owner', () => {
  it('whose pods wait says so, until when, and how to let them all go', async () => {
    const pods = ['train-1', 'train-2'].map((name) => pod(name, { spec: GATED, annotations: SAYS }));
    const objects = { ...ALIVE, ...LEARNT, [JOBS]: [job('train')], [PODS]: pods };
    const { report, text } = await explain('job/train', { objects });
    assert.match(text, /^Waits +2 of its pods, for a cleaner hour: held by scheduling gates: gridgate\.dev\/defer$/m);
    assert.match(text, new RegExp(`^ +until ${iso(THIS_HOUR + 2 * HOUR)}, at the latest ${iso(NOW + 9 * HOUR)}$`, 'm'));
    assert.match(text, /to let it go now: gridgate release job\/train -n lab$/m);
    assert.match(text, /^ +2 without a node$/m);
    assert.deepEqual(
      [report.now?.wait?.durationFrom, report.now?.wait?.latestStart, report.now?.message],
      ['owner', iso(NOW + 9 * HOUR), 'the pod waits: a cleaner hour comes before its deadline'],
    );
  });

  it('of a suspended Job waits with it, by what its earlier Jobs took', async () => {
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'uid-nightly', controller: true };
    const annotations = { 'gridgate.dev/deferred': 'suspend', ...SAYS };
    const suspended = job('nightly-29000000', { annotations, spec: { suspend: true } }, owner);
    const cronJob = {
      metadata: { name: 'nightly', namespace: 'lab', uid: 'uid-nightly', creationTimestamp: iso(NOW - 99 * HOUR) },
      spec: { jobTemplate: { spec: (suspended as unknown as { spec: object }).spec } },
    } as Stored;
    const objects = {
      ...ALIVE,
      ...LEARNT,
      [JOBS]: [suspended],
      '/apis/batch/v1/namespaces/lab/cronjobs': [cronJob],
    };
    for (const what of ['job/nightly-29000000', 'cronjob/nightly']) {
      const { report, text } = await explain(what, { objects, policy: { 'defer-by': 'suspend' } });
      assert.match(text, /^Waits +Suspended: gridgate suspended it for a cleaner hour$/m, what);
      assert.deepEqual([report.now?.wait?.durationFrom, report.now?.wait?.durationSeconds], ['owner', 10_800], what);
    }
  });
});
