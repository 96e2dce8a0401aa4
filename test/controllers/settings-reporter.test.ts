import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { createSettingsReporter } from '../../src/controllers/settings-reporter/controller.ts';
import type { UnreadSetting } from '../../src/controllers/settings-reporter/plan.ts';
import { fakeClock } from './fake-clock.ts';

const NOW = Date.parse('2026-11-22T09:00:00.250Z');
const KILL_SWITCH: UnreadSetting = {
  setting: 'kill switch',
  problem: 'max-mode "audti" is none of off, audit, warn, enforce; counts as audit',
  namespace: 'gridgate-system',
  regarding: { apiVersion: 'v1', kind: 'ConfigMap', name: 'gridgate-kill-switch' },
};
const CONFIG: UnreadSetting = {
  setting: 'gridgate.yaml',
  problem: 'its last good version stays',
  namespace: 'gridgate-system',
  regarding: { apiVersion: 'v1', kind: 'Namespace', name: 'gridgate-system' },
};

interface WrittenEvent {
  readonly metadata: { readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: object;
}

function start(first: readonly UnreadSetting[]) {
  const world = { unread: first };
  const clock = fakeClock();
  const events: { readonly path: string; readonly event: WrittenEvent }[] = [];
  const reporter = createSettingsReporter({
    unreadSettings: () => world.unread,
    instance: 'gridgate-1',
    writer: {
      async create(path, event) {
        events.push({ path, event: event as WrittenEvent });
        return { metadata: { name: 'x' } };
      },
    },
    now: () => NOW,
    log: pino({ level: 'silent' }),
    clock,
  });
  reporter.start();
  return { world, clock, events, reporter };
}

describe('settings that cannot be read', () => {
  test('are told with one Event each, about what people edit', async () => {
    const { clock, events, reporter } = start([KILL_SWITCH, CONFIG]);
    await clock.advance(25 * 60_000);
    assert.deepEqual(
      events.map(({ path, event: { type, reason, note, regarding } }) => ({ path, type, reason, note, regarding })),
      [KILL_SWITCH, CONFIG].map(({ setting, problem, namespace, regarding }) => ({
        path: '/apis/events.k8s.io/v1/namespaces/gridgate-system/events',
        type: 'Warning',
        reason: 'SettingUnreadable',
        note: `${setting}: ${problem}`,
        regarding: { ...regarding, namespace },
      })),
    );
    // The guard of the controllers' account lets no other through.
    for (const { event } of events) assert.match(event.metadata.name, /^gridgate-setting-unreadable-[0-9a-f]{12}$/);
    await reporter.stop();
  });

  test('are told of another problem, and again of what was mended and broken anew', async () => {
    const { world, clock, events, reporter } = start([]);
    const steps = [[KILL_SWITCH], [{ ...KILL_SWITCH, problem: 'other' }], [], [KILL_SWITCH]];
    for (const unread of steps) {
      world.unread = unread;
      reporter.changed();
      await clock.advance(20_000);
    }
    assert.deepEqual(
      events.map(({ event }) => event.note),
      [`kill switch: ${KILL_SWITCH.problem}`, 'kill switch: other', `kill switch: ${KILL_SWITCH.problem}`],
    );
    await reporter.stop();
  });

  test('wake it', () => {
    const { reporter } = start([]);
    assert.deepEqual(reporter.on, ['settings', 'rules']);
    return reporter.stop();
  });
});
