import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import {
  autoscalerStatus,
  followAutoscalerStatus,
  groupsNow,
  toAutoscalerStatus,
} from '../../src/cluster/autoscaler-status.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { NOW } from '../builders.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { type Answer, fakeApi } from './fake-api.ts';

const AT = { namespace: 'kube-system', status: 'cluster-autoscaler-status' };

function goTime(ms: number, zone = '+0000 UTC'): string {
  return `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '456789')} ${zone}`;
}

/** As Cluster Autoscaler 1.30 and later write it. */
function statusAt(ms: number, target = 3): string {
  return `time: ${goTime(ms)}
autoscalerStatus: Running
nodeGroups:
- name: batch-eu-n
  health:
    status: Healthy
    nodeCounts: {registered: {total: ${target}, ready: ${target}}}
    cloudProviderTarget: ${target}
    minSize: 0
    maxSize: 10
    lastProbeTime: "${new Date(ms).toISOString()}"
    lastTransitionTime: "${new Date(ms).toISOString()}"
`;
}

/** As before. */
function wordsAt(ms: number, target = 3): string {
  return `Cluster-autoscaler status at ${goTime(ms)}:
Cluster-wide:
  Health:      Healthy (ready=${target})
               LastProbeTime:      ${goTime(ms)}
NodeGroups:
  Name:        batch-eu-n
  Health:      Healthy (ready=${target} cloudProviderTarget=${target} (minSize=0, maxSize=10))
               LastProbeTime:      ${goTime(ms)}
               LastTransitionTime: ${goTime(ms)}
`;
}

function configMap(status: string | undefined, resourceVersion = '1'): KubeObject {
  const data = status === undefined ? {} : { data: { status } };
  return { metadata: { name: AT.status, namespace: AT.namespace, resourceVersion }, ...data } as KubeObject;
}

describe('the status of Cluster Autoscaler', () => {
  const MINUTE = 60_000;
  const rows: readonly [name: string, status: string | undefined, groups: number | undefined][] = [
    ['of now', statusAt(NOW), 1],
    ['in words', wordsAt(NOW), 1],
    ['of nine minutes ago', statusAt(NOW - 9 * MINUTE), 1],
    ['of a clock that is ahead', statusAt(NOW + 9 * MINUTE), 1],
    ['left behind by one that runs no more', statusAt(NOW - 11 * MINUTE), 0],
    ['in words, left behind', wordsAt(NOW - 24 * 60 * MINUTE), 0],
    [
      'of another zone of time',
      statusAt(NOW).replace(/^time: .*/, `time: ${goTime(NOW + 120 * MINUTE, '+0200 CEST')}`),
      1,
    ],
    ['that does not say when', statusAt(NOW).replace(/^time: .*\n/, ''), 1],
    ['that cannot be understood', 'nodeGroups: [', undefined],
    ['of one that starts', 'time: x\nautoscalerStatus: Initializing', 0],
    ['without data', undefined, 0],
  ];
  for (const [name, status, groups] of rows)
    test(`${name}: ${groups ?? 'nobody knows how many'} groups`, () =>
      assert.equal(groupsNow(toAutoscalerStatus(configMap(status)), NOW)?.length, groups));

  test('of nobody has none', () => assert.deepEqual(groupsNow(undefined, NOW), []));

  test('is not read anew while only times change', () => {
    for (const write of [statusAt, wordsAt]) {
      const first = toAutoscalerStatus(configMap(write(NOW)));
      const later = toAutoscalerStatus(configMap(write(NOW + 10_000)), first);
      assert.equal(later.groups, first.groups);
      assert.equal(later.writtenAt, NOW + 10_000);
      assert.equal(autoscalerStatus(AT).differs(first, later), false);
      const grown = toAutoscalerStatus(configMap(write(NOW + 20_000, 10)), later);
      assert.deepEqual([grown.groups?.[0]?.target, autoscalerStatus(AT).differs(later, grown)], [10, true]);
    }
  });
});

describe('whoever follows it', () => {
  const page = (...items: readonly KubeObject[]): Answer => ({ page: { metadata: { resourceVersion: '1' }, items } });
  const event = (object: KubeObject) => `${JSON.stringify({ type: 'MODIFIED', object })}\n`;

  function follow(answers: readonly Answer[], clock = () => NOW) {
    let changes = 0;
    const logged: string[] = [];
    const api = fakeApi(answers);
    const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
    const status = followAutoscalerStatus({ api, at: AT, clock, log, onChange: () => changes++ });
    return { status, api, logged, changes: () => changes };
  }

  test('hears when it is left behind, and when somebody writes it again', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    let now = NOW;
    const back = new PassThrough();
    const { status, changes } = follow([page(configMap(statusAt(NOW))), { lines: back, hang: true }], () => now);
    await status.start();
    now = NOW + 9 * 60_000;
    context.mock.timers.tick(10_000);
    assert.deepEqual([status.groups()?.length, changes()], [1, 1]);
    now = NOW + 11 * 60_000;
    context.mock.timers.tick(10_000);
    context.mock.timers.tick(10_000);
    assert.deepEqual([status.groups()?.length, changes()], [0, 2]);
    back.write(event(configMap(statusAt(now), '2')));
    await pollUntil({
      what: 'the status that came back',
      probe: async () => (changes() === 3 ? true : undefined),
      deadlineMs: 60_000,
      failure: () => undefined,
    });
    assert.equal(status.groups()?.length, 1);
    await status.stop();
  });

  test('is told once that it cannot be understood, and knows no answer', async () => {
    const broken = event(configMap('nodeGroups: [[', '2'));
    const right = event(configMap(statusAt(NOW), '3'));
    const { status, changes, logged } = follow([
      page(configMap('nodeGroups: [')),
      { lines: [broken, right], hang: true },
    ]);
    await status.start();
    assert.equal(status.groups(), undefined);
    await pollUntil({
      what: 'the status that is right',
      probe: async () => (status.groups()?.length === 1 ? true : undefined),
      deadlineMs: 60_000,
      failure: () => undefined,
    });
    assert.deepEqual(logged, [
      'ConfigMap kube-system/cluster-autoscaler-status is no status of Cluster Autoscaler that could be understood',
    ]);
    assert.ok(changes() >= 2);
    await status.stop();
  });

  test('asks for its one ConfigMap; without it there are no groups, and before it was looked for nobody knows', async () => {
    const { status, api } = follow([page()]);
    assert.equal(status.groups(), undefined);
    await status.start();
    assert.deepEqual(status.groups(), []);
    assert.equal(api.asked[0]?.['fieldSelector'], 'metadata.name=cluster-autoscaler-status');
    await status.stop();
  });

  test('hears when groups change, and not of every round', async () => {
    const rounds = [10_000, 20_000, 30_000].map((ms, index) => event(configMap(statusAt(NOW + ms), `${index + 2}`)));
    const grown = event(configMap(statusAt(NOW + 40_000, 10), '9'));
    const { status, changes } = follow([page(configMap(statusAt(NOW))), { lines: [...rounds, grown], hang: true }]);
    await status.start();
    await pollUntil({
      what: 'the last round',
      probe: async () => (status.groups()?.[0]?.target === 10 ? true : undefined),
      deadlineMs: 60_000,
      failure: () => undefined,
    });
    assert.equal(changes(), 2);
    await status.stop();
  });
});
