import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { createKillSwitch, toKillSwitchSetting } from '../../src/cluster/kill-switch.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { type Answer, fakeApi } from './fake-api.ts';

function configMap(data?: Readonly<Record<string, string>>, resourceVersion = '1'): KubeObject {
  const object = {
    metadata: { name: 'kill-switch', namespace: 'gridgate-system', resourceVersion },
    ...(data && { data }),
  };
  return object;
}

describe('the ConfigMap of the kill switch', () => {
  const rows: readonly [name: string, data: Readonly<Record<string, string>> | undefined, setting: object][] = [
    ['off', { 'max-mode': 'off' }, { cap: 'off' }],
    ['audit', { 'max-mode': 'audit' }, { cap: 'audit' }],
    ['warn', { 'max-mode': 'warn' }, { cap: 'warn' }],
    ['enforce', { 'max-mode': 'enforce' }, { cap: 'enforce' }],
    ['a line break after it', { 'max-mode': 'off\n' }, { cap: 'off' }],
    ['another word: nothing is changed or denied', { 'max-mode': 'false' }, { cap: 'audit', unreadable: 'false' }],
    ['an empty value', { 'max-mode': '' }, { cap: 'audit', unreadable: '' }],
    ['another key', { mode: 'off' }, {}],
    ['no data', undefined, {}],
  ];
  for (const [name, data, setting] of rows)
    it(name, () => assert.deepEqual(toKillSwitchSetting(configMap(data)), setting));
});

async function follow(answers: readonly Answer[], onChange: (problem: string | undefined) => void = () => {}) {
  const log: { level: number; msg: string }[] = [];
  const api = fakeApi(answers);
  const killSwitch = createKillSwitch({
    api,
    namespace: 'gridgate-system',
    name: 'kill-switch',
    log: pino({ level: 'info' }, { write: (line) => void log.push(JSON.parse(line)) }),
    onChange: () => onChange(killSwitch.problem()),
  });
  await killSwitch.start();
  return { killSwitch, api, log };
}

function page(...items: readonly KubeObject[]): Answer {
  return { page: { metadata: { resourceVersion: '1' }, items } };
}

function event(type: string, object: KubeObject): string {
  return `${JSON.stringify({ type, object })}\n`;
}

describe('the kill switch', () => {
  it('asks for its one ConfigMap, and caps nothing without it', async () => {
    const { killSwitch, api, log } = await follow([page()]);
    assert.deepEqual([killSwitch.cap(), killSwitch.synced()], [undefined, true]);
    assert.equal(api.asked[0]?.['fieldSelector'], 'metadata.name=kill-switch');
    assert.deepEqual(log, []);
    await killSwitch.stop();
  });

  it('is told of each change once, and lifted with its ConfigMap', async () => {
    const { killSwitch, log } = await follow([
      page(configMap({ 'max-mode': 'warn' })),
      {
        lines: [
          event('MODIFIED', configMap({ 'max-mode': 'of' }, '2')),
          event('MODIFIED', configMap({ 'max-mode': 'of', other: 'x' }, '3')),
          event('DELETED', configMap({ 'max-mode': 'of' }, '4')),
        ],
        hang: true,
      },
    ]);
    await pollUntil({ what: 'the last change', probe: () => log[2], deadlineMs: 60_000 });
    assert.deepEqual(
      log.map(({ level, msg }) => [level, msg]),
      [
        [40, 'kill switch: no mode above warn counts'],
        [50, 'kill switch: max-mode is none of off, audit, warn, enforce; counts as audit'],
        [40, 'kill switch: every namespace has its own mode'],
      ],
    );
    assert.equal(killSwitch.cap(), undefined);
    await killSwitch.stop();
  });

  it('whose value nobody understands says so, with what was meant, for as long as it stands', async () => {
    const told: (string | undefined)[] = [];
    const { killSwitch, log } = await follow(
      [
        page(configMap({ 'max-mode': 'audit' })),
        {
          lines: [
            event('MODIFIED', configMap({ 'max-mode': 'audti' }, '2')),
            event('MODIFIED', configMap({ 'max-mode': 'audit' }, '3')),
          ],
          hang: true,
        },
      ],
      (problem) => told.push(problem),
    );
    await pollUntil({ what: 'the last change', probe: () => log[2], deadlineMs: 60_000 });
    const unread = 'max-mode "audti" is none of off, audit, warn, enforce; counts as audit, did you mean audit?';
    assert.deepEqual(told, [undefined, unread, undefined]);
    assert.equal(killSwitch.problem(), undefined);
    await killSwitch.stop();
  });

  it('stays as it was while the API server is away', async () => {
    const { killSwitch } = await follow([page(configMap({ 'max-mode': 'off' })), new Error('connect ECONNREFUSED')]);
    await pollUntil({ what: 'the failure', probe: () => killSwitch.failure(), deadlineMs: 60_000 });
    assert.equal(killSwitch.cap(), 'off');
    await killSwitch.stop();
  });
});
