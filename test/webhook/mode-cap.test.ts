import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { capMode } from '../../src/decision/effect.ts';
import { MODES, type Mode } from '../../src/decision/policy.ts';
import { makePod, REGION_LABEL } from '../builders.ts';
import { ask } from './client.ts';
import { bindingReview, workloadOf } from './reviews.ts';
import { useWebhook } from './start-webhook.ts';

describe('the cap of a mode', () => {
  const rows: readonly [cap: Mode | undefined, modes: readonly Mode[]][] = [
    [undefined, ['off', 'audit', 'warn', 'enforce']],
    ['enforce', ['off', 'audit', 'warn', 'enforce']],
    ['warn', ['off', 'audit', 'warn', 'warn']],
    ['audit', ['off', 'audit', 'audit', 'audit']],
    ['off', ['off', 'off', 'off', 'off']],
  ];
  for (const [cap, modes] of rows)
    it(`${cap ?? 'none'}: ${modes.join(' ')}`, () => {
      assert.deepEqual(
        MODES.map((mode) => capMode(mode, cap)),
        modes,
      );
    });
});

describe('under the kill switch', () => {
  const webhook = useWebhook();
  const inOutage = { object: makePod({ nodeSelector: { [REGION_LABEL]: 'eu-west' } }) };
  const rows: readonly [
    cap: Mode | undefined,
    steered: boolean,
    denied: boolean,
    warned: boolean,
    mode: Mode,
    reason: string,
  ][] = [
    [undefined, true, true, false, 'enforce', 'outage'],
    ['enforce', true, true, false, 'enforce', 'outage'],
    ['warn', true, false, true, 'warn', 'outage'],
    ['audit', false, false, false, 'audit', 'outage'],
    ['off', false, false, false, 'off', 'switched_off'],
  ];
  for (const [cap, steered, denied, warned, mode, reason] of rows)
    it(`${cap ?? 'not set'}: pods of an enforcing namespace`, async () => {
      webhook.world.modeCap = cap;
      assert.equal((await ask(webhook, '/mutate', { object: makePod() })).patch !== undefined, steered);
      for (const path of ['/mutate', '/validate']) {
        const { allowed, warnings = [], auditAnnotations } = await ask(webhook, path, inOutage);
        assert.deepEqual([allowed, warnings.length > 0, auditAnnotations['reason']], [!denied, warned, reason]);
        const [last] = webhook.recent();
        assert.equal(last?.outcome.mode, mode);
        // Whether it was denied or not: the status page says why it is or would be.
        assert.match(
          last?.outcome.message ?? '',
          cap === 'off' ? /^$/ : /^gridgate refuses pod .* in outage .*\[outage\]$/,
        );
      }
      webhook.world.pendingPods.set('shop/web-1', makePod({ metadata: { name: 'web-1', uid: cap ?? 'u' } }));
      const bound = await ask(webhook, '/validate-binding', bindingReview('web-1', 'node-eu-west'));
      assert.equal(bound.allowed, !denied);
    });

  it('workloads are warned of no more than what would happen', async () => {
    const deployment = { kind: 'apps/Deployment', object: workloadOf('apps/Deployment', inOutage.object) };
    const said: Record<string, string> = {};
    for (const cap of MODES) {
      webhook.world.modeCap = cap;
      said[cap] = (await ask(webhook, '/validate', deployment)).warnings?.[0]?.split(':')[0] ?? '';
    }
    assert.deepEqual(said, {
      off: '',
      audit: '',
      warn: 'pods of this Deployment would be denied in mode enforce',
      enforce: 'pods of this Deployment will be denied',
    });
  });

  it('namespaces keep their label, and what they say is still checked', async () => {
    webhook.world.modeCap = 'off';
    const write = (mode: string) => {
      const object = { metadata: { name: 'new', annotations: { 'gridgate.dev/mode': mode } } };
      return ask(webhook, '/namespaces', { kind: 'Namespace', name: 'new', namespace: '', object });
    };
    assert.equal((await write('enforce')).patch?.length, 1);
    assert.equal((await write('enfroce')).allowed, false);
  });
});
