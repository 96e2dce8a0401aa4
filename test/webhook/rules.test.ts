import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { compileRules, type WrittenLimits } from '../../src/decision/policy-rules.ts';
import { makePod, REGION_LABEL } from '../builders.ts';
import { ask, type Verdict } from './client.ts';
import { makeRecord, type TestWebhook, useWebhook } from './start-webhook.ts';

type Texts = Readonly<Record<string, string>>;

function prefixed(texts: Texts): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, value]) => [`gridgate.dev/${key}`, value]));
}

function write(webhook: TestWebhook, name: string, after: Texts, before?: Texts, labels?: Texts): Promise<Verdict> {
  const [object, oldObject] = [after, before].map(
    (own) => own && { metadata: { name, labels, annotations: prefixed(own) } },
  );
  const operation = before ? 'UPDATE' : 'CREATE';
  return ask(webhook, '/namespaces', { kind: 'Namespace', name, namespace: '', operation, object, oldObject });
}

function labelOf({ admitted }: Verdict): string | undefined {
  return (admitted as { metadata: { labels?: Texts } }).metadata.labels?.['gridgate.dev/managed'];
}

describe('a write of a namespace that asks for more than the limits', () => {
  const webhook = useWebhook();
  beforeEach(() => {
    const limits: WrittenLimits = {
      'max-intensity': 250,
      regions: ['eu-*'],
      mode: 'warn',
      failover: ['pay-*'],
      'pod-overrides': [],
      'no-opt-out': ['pay-*'],
    };
    webhook.world.rules = compileRules({ limits });
  });

  it('is refused with everything that is too much, and what would be allowed', async () => {
    const asked = {
      mode: 'audit',
      'max-intensity': '300',
      regions: 'us-*',
      priority: 'failover',
      'pod-overrides': 'allow',
    };
    const { allowed, status, auditAnnotations } = await write(webhook, 'shop', asked);
    assert.deepEqual([allowed, status?.code, auditAnnotations['reason']], [false, 422, 'invalid_policy']);
    const limited = "which gridgate's configuration limits this namespace to";
    assert.equal(
      status?.message,
      `gridgate refuses these annotations: ${[
        `gridgate.dev/max-intensity: "300" is not at most 250 gCO2e/kWh, ${limited}`,
        `gridgate.dev/regions: "us-*" is not within eu-*, ${limited}: us-* is outside`,
        `gridgate.dev/mode: "audit" is not one of warn, enforce, ${limited}`,
        `gridgate.dev/priority: "failover" is not one of none, flexible, ${limited}`,
        `gridgate.dev/pod-overrides: "allow" is not tighten, ${limited}`,
      ].join('; ')}`,
    );
    assert.deepEqual(
      status?.details.causes.map(({ field }) => field),
      [
        'metadata.annotations[gridgate.dev/max-intensity]',
        'metadata.annotations[gridgate.dev/regions]',
        'metadata.annotations[gridgate.dev/mode]',
        'metadata.annotations[gridgate.dev/priority]',
        'metadata.annotations[gridgate.dev/pod-overrides]',
      ],
    );
  });

  const high = { mode: 'warn', 'max-intensity': '400' };
  const rows: readonly [name: string, namespace: string, before: Texts | undefined, after: Texts, allowed: boolean][] =
    [
      ['that was too much before: allowed', 'shop', high, { ...high, placement: 'require' }, true],
      ['that becomes too much in another way: refused', 'shop', high, { ...high, 'max-intensity': '500' }, false],
      ['that comes back within: allowed', 'shop', high, { ...high, 'max-intensity': '250' }, true],
      ['failover for one that may: allowed', 'pay-1', undefined, { mode: 'warn', priority: 'failover' }, true],
      ['off for one that may not: refused', 'pay-1', undefined, { mode: 'off' }, false],
      ['off for one that may: allowed', 'shop', undefined, { mode: 'off' }, true],
      ['nothing, where the default ceiling is too high: allowed', 'shop', undefined, {}, true],
      ['off, in a namespace of Kubernetes itself: allowed', 'kube-system', undefined, { mode: 'off' }, true],
    ];
  for (const [name, namespace, before, after, wanted] of rows)
    it(name, async () => {
      const { allowed, status } = await write(webhook, namespace, after, before);
      assert.equal(allowed, wanted, status?.message);
    });

  it('gets the label of the mode that counts: who may not opt out is managed, whatever it says', async () => {
    assert.equal(labelOf(await write(webhook, 'pay-1', {})), 'true');
    assert.equal(labelOf(await write(webhook, 'pay-1', { mode: 'off' }, { mode: 'off' })), 'true');
    assert.equal(labelOf(await write(webhook, 'shop', {})), undefined);
    const { patch, warnings } = await write(webhook, 'kube-system', {});
    assert.deepEqual([patch, warnings], [undefined, undefined]);
  });
});

describe('a namespace that says nothing', () => {
  const webhook = useWebhook();
  const rows: readonly [name: string, policy: Texts, own: Texts, label: string | undefined][] = [
    ['takes part where the default mode is not off', { mode: 'audit' }, {}, 'true'],
    ['takes part where it says anything but a mode', { mode: 'warn' }, { placement: 'none' }, 'true'],
    ['stays out where it says so', { mode: 'warn' }, { mode: 'off' }, undefined],
    ['stays out where there is no default', {}, {}, undefined],
  ];
  for (const [name, policy, own, label] of rows)
    it(name, async () => {
      webhook.world.rules = compileRules({ policy });
      assert.equal(labelOf(await write(webhook, 'new', own)), label);
    });

  it('is warned of nothing in kube-system', async () => {
    webhook.world.rules = compileRules({ policy: { mode: 'warn' } });
    assert.equal((await write(webhook, 'kube-system', {})).warnings, undefined);
  });
});

describe('pods under rules', () => {
  const webhook = useWebhook();
  const IN_WEST = { object: makePod({ nodeSelector: { [REGION_LABEL]: 'us-west' } }), namespace: 'shop' };

  it('are judged by the stricter of policy and limits, and by new rules at once', async () => {
    assert.equal((await ask(webhook, '/mutate', IN_WEST)).auditAnnotations['reason'], 'acceptable');
    webhook.world.rules = compileRules({ limits: { regions: ['eu-*'] } });
    const { status } = await ask(webhook, '/mutate', IN_WEST);
    assert.match(
      status?.message ?? '',
      /us-west is not among the regions eu-\* that the limits of gridgate's configuration allow/,
    );
    webhook.world.rules = compileRules({ limits: { 'max-intensity': 100 } });
    const { status: dirty } = await ask(webhook, '/mutate', IN_WEST);
    assert.match(dirty?.message ?? '', /above the limit of 100 set by the limits of gridgate's configuration/);
    webhook.world.rules = compileRules({});
    assert.equal((await ask(webhook, '/mutate', IN_WEST)).auditAnnotations['reason'], 'acceptable');
  });

  it('are told who set a default', async () => {
    webhook.world.namespaces.set('silent', makeRecord('silent', { mode: 'enforce' }));
    const inSilent = { ...IN_WEST, namespace: 'silent' };
    webhook.world.rules = compileRules({ policy: { regions: 'eu-*' } });
    const { status } = await ask(webhook, '/mutate', inSilent);
    assert.match(status?.message ?? '', /us-west is not among the regions eu-\* that the default allows/);
    webhook.world.rules = compileRules({ policy: { 'home-region': 'eu-central', 'max-latency': '80ms' } });
    const { status: far } = await ask(webhook, '/mutate', inSilent);
    assert.match(far?.message ?? '', /us-west is 142 ms from home region eu-central, above 80 ms, set by the default/);
  });

  it('cannot raise their ceiling above the limit', async () => {
    webhook.world.rules = compileRules({ limits: { 'max-intensity': 320 } });
    const object = makePod({ nodeSelector: { [REGION_LABEL]: 'eu-central' }, annotations: { 'max-intensity': '900' } });
    const { allowed, warnings } = await ask(webhook, '/mutate', { object, namespace: 'trusted' });
    assert.equal(allowed, false);
    assert.match(warnings?.join() ?? '', /900 is above 320, the limit of gridgate's configuration, which counts/);
  });
});
