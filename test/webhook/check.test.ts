import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import ownPackage from '../../package.json' with { type: 'json' };
import { CHECK_KEY, readCheckAnswer, writeCheckAnswer } from '../../src/decision/check-answer.ts';
import type { Pod } from '../../src/decision/pod.ts';
import type { Mode } from '../../src/decision/policy.ts';
import { makePod, NOW, REGION_LABEL } from '../builders.ts';
import { runsOf, SEED } from '../decision/random-runs.ts';
import { ask } from './client.ts';
import type { ReviewParts } from './reviews.ts';
import { useWebhook } from './start-webhook.ts';

const VERSION = ownPackage.version;

function asking({ metadata, ...pod }: Pod, id = 'a1'): Pod {
  return { ...pod, metadata: { ...metadata, annotations: { ...metadata?.annotations, [CHECK_KEY]: id } } };
}

describe('a pod annotated gridgate.dev/check', () => {
  const webhook = useWebhook();

  /** Which of an answer's warnings say who answers, and what is left of the answer without them: what would be stored, too. */
  async function askAbout(path: string, parts: ReviewParts) {
    const { warnings = [], admitted, patch: _, ...rest } = await ask(webhook, path, parts);
    const { metadata, spec } = admitted as Pod;
    const { [CHECK_KEY]: __, ...annotations } = metadata?.annotations ?? {};
    const answers = warnings.map(readCheckAnswer).filter((one) => one !== undefined);
    const others = warnings.filter((one) => !readCheckAnswer(one));
    return { answers, rest: { ...rest, warnings: others, admitted: { spec, ...metadata, annotations } } };
  }

  const IN_OUTAGE = makePod({ nodeSelector: { [REGION_LABEL]: 'eu-west' } });
  const rows: readonly [
    name: string,
    namespace: string,
    cap: Mode | undefined,
    mode: string,
    reason: string,
    pod?: Pod,
  ][] = [
    ['off', 'legacy', undefined, 'off', 'mode_off'],
    ['audit', 'lab', undefined, 'audit', 'steered'],
    ['warn', 'reports', undefined, 'warn', 'steered'],
    ['enforce', 'shop', undefined, 'enforce', 'steered'],
    ['enforce where it is denied', 'shop', undefined, 'enforce', 'outage', IN_OUTAGE],
    ['a namespace that nobody knows', 'nowhere', undefined, 'unknown', 'unknown_namespace'],
    ['enforce under a kill switch', 'shop', 'audit', 'audit', 'steered'],
    ['gridgate switched off', 'shop', 'off', 'off', 'switched_off'],
  ];
  for (const [name, namespace, cap, mode, reason, pod = makePod()] of rows)
    it(`gets one warning that says who answers: ${name}`, async (t) => {
      webhook.world.modeCap = cap;
      t.after(() => {
        webhook.world.modeCap = undefined;
      });
      const { answers } = await askAbout('/mutate', { object: asking(pod), namespace });
      const regions = webhook.world.snapshot.regions.length;
      assert.deepEqual(answers, [{ id: 'a1', version: VERSION, mode, reason, regions, clock: NOW }]);
    });

  it('gets it once: the final pod, bindings and workloads are answered as ever', async () => {
    assert.deepEqual((await askAbout('/validate', { object: asking(makePod()) })).answers, []);
  });

  const hostile: readonly [name: string, id: unknown, echoed: string][] = [
    ['a word', 'deadbeef-1', 'deadbeef-1'],
    ['another answer', 'x version=9 mode=off', '-'],
    ['control characters', 'a\u001b[31m', '-'],
    ['nothing', '', '-'],
    ['what is too long', 'a'.repeat(65), '-'],
    ['no text', 7, '7'],
  ];
  for (const [name, id, echoed] of hostile)
    it(`has its value echoed where that is a short word: ${name}`, async () => {
      const { answers } = await askAbout('/mutate', { object: asking(makePod(), id as string) });
      assert.deepEqual([answers[0]?.id, answers[0]?.mode], [echoed, 'enforce']);
    });

  it('is decided, patched and warned as the same pod without it', async () => {
    const pods = fc.constantFrom(
      makePod(),
      makePod({ annotations: { class: 'critical' } }),
      makePod({ annotations: { class: 'flexible', 'max-intensity': '100', regions: 'eu-*' } }),
      makePod({ annotations: { clas: 'critical' } }),
      IN_OUTAGE,
      makePod({ nodeSelector: { [REGION_LABEL]: 'eu-central' } }),
      makePod({ nodeSelector: { disk: 'ssd' } }),
      makePod({ priorityClassName: 'system-cluster-critical' }),
      makePod({ nodeName: 'node-eu-central' }),
    );
    const namespaces = fc.constantFrom(...webhook.world.namespaces.keys(), 'nowhere');
    await fc.assert(
      fc.asyncProperty(pods, namespaces, fc.boolean(), async (object, namespace, dryRun) => {
        const plain = await askAbout('/mutate', { object, namespace, dryRun });
        const checked = await askAbout('/mutate', { object: asking(object), namespace, dryRun });
        assert.deepEqual(checked.rest, plain.rest);
        assert.deepEqual([plain.answers.length, checked.answers.length], [0, 1]);
      }),
      { seed: SEED, numRuns: Math.max(60, runsOf(1_000)) },
    );
  });

  it('counts as any other, unless it is a dry run', async () => {
    const before = webhook.counted.length;
    await ask(webhook, '/mutate', { object: asking(makePod()), dryRun: true });
    assert.equal(webhook.counted.length, before);
    await ask(webhook, '/mutate', { object: asking(makePod()) });
    assert.equal(webhook.counted.length, before + 1);
  });
});

describe('a Namespace annotated gridgate.dev/check', () => {
  const webhook = useWebhook();

  function write(annotations: Record<string, string>, dryRun: boolean) {
    const object = { metadata: { name: 'gridgate-check', annotations: { [CHECK_KEY]: 'a1', ...annotations } } };
    return ask(webhook, '/namespaces', { kind: 'Namespace', name: 'gridgate-check', namespace: '', object, dryRun });
  }

  it('is answered in a dry run with one warning, and let in', async () => {
    const { allowed, patch, warnings = [] } = await write({}, true);
    assert.deepEqual([allowed, patch, warnings.length], [true, undefined, 1]);
    const { id, mode, clock } = readCheckAnswer(warnings[0] ?? '') ?? {};
    assert.deepEqual([id, mode, clock], ['a1', 'off', NOW]);
  });

  it('is refused its other mistakes all the same', async () => {
    const { allowed, status } = await write({ 'gridgate.dev/mode': 'enforced' }, true);
    assert.equal(allowed, false);
    assert.match(status?.message ?? '', /mode: "enforced" is not one of/);
    assert.doesNotMatch(status?.message ?? '', /gridgate.dev\/check/);
  });

  it('is refused where it would be stored', async () => {
    const { allowed, status } = await write({}, false);
    assert.equal(allowed, false);
    assert.match(status?.message ?? '', /gridgate\.dev\/check: no such annotation/);
  });
});

describe('the warning that says who answers', () => {
  it('is read as it was written', () => {
    const said = { id: 'a-1', version: '0.1.0', mode: 'warn', reason: 'steered', regions: 8, clock: NOW } as const;
    assert.deepEqual(readCheckAnswer(writeCheckAnswer(said)), said);
  });

  for (const text of [
    '',
    'gridgate check:',
    'gridgate check: id=a',
    'gridgate check: id=a version=1 mode=odd reason=x regions=1 clock=2026-11-22T09:00:00.000Z',
    'gridgate check: id=a version=1 mode=off reason=x regions=1 clock=never',
    'gridgate: nothing that is known here is among the regions allowed',
  ])
    it(`is not read out of ${JSON.stringify(text)}`, () => assert.equal(readCheckAnswer(text), undefined));
});
