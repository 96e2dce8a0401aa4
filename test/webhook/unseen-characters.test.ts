import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod, REGION_LABEL } from '../builders.ts';
import { ask } from './client.ts';
import type { ReviewParts } from './reviews.ts';
import { useWebhook } from './start-webhook.ts';

/** Right to left, a C1 control, DEL, no width, a line's end, a tag. */
const UNSEEN = '\u202egnp\u009b31m\u007f\u200b\u2028\u{e0041}';
const DOWN = { nodeSelector: { [REGION_LABEL]: 'eu-west' } };

describe('characters that a terminal acts upon do not reach it in a denial or a warning, from', () => {
  const webhook = useWebhook();
  const rows: readonly [name: string, parts: ReviewParts, path?: string][] = [
    ['the name of a pod', { object: makePod({ metadata: { name: UNSEEN }, ...DOWN }) }],
    ['the start of its name', { object: makePod({ metadata: { generateName: UNSEEN }, ...DOWN }) }],
    ['a node', { object: makePod({ nodeName: UNSEEN }) }],
    ['a node, where data may not leave', { namespace: 'european', object: makePod({ nodeName: UNSEEN }) }],
    ['a node selector', { object: makePod({ nodeSelector: { [UNSEEN]: UNSEEN } }) }],
    ['a pod annotation', { object: makePod({ annotations: { [UNSEEN]: 'x', class: UNSEEN, region: UNSEEN } }) }],
    [
      'the annotations of a namespace',
      {
        kind: 'Namespace',
        object: {
          metadata: {
            name: UNSEEN,
            annotations: {
              [`gridgate.dev/${UNSEEN}`]: 'x',
              'gridgate.dev/mode': UNSEEN,
              'gridgate.dev/regions': UNSEEN,
            },
          },
        },
      },
      '/namespaces',
    ],
  ];
  for (const [name, parts, path = '/mutate'] of rows)
    it(name, async () => {
      const { status, warnings } = await ask(webhook, path, parts);
      const told = [status?.message, ...(warnings ?? []), ...Object.values(status?.details ?? {})].filter(Boolean);
      assert.notDeepEqual(told, []);
      assert.doesNotMatch(JSON.stringify(told), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    });
});
