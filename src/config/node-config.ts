import { z } from 'zod';
import { type NodeRules, TAINTABLE_BANDS } from '../regions/node-rules.ts';
import { clusterAutoscalerConfig } from './cluster-autoscaler-config.ts';
import { parseLabelKey } from './parsers.ts';

const GROUP_KIND = /^(?=.{1,253}\/)[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[A-Z][A-Za-z0-9]{0,62}$/;

export const groupKind = z.string().regex(GROUP_KIND, 'must be a group and a kind such as apps/DaemonSet');
const taintKey = z
  .string()
  .refine((text) => 'value' in parseLabelKey(text), 'must be the key of a taint such as example.com/agent-not-ready')
  .meta({ pattern: '^([a-z0-9][a-z0-9.-]{0,252}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$' });
const taintKeys = z.array(taintKey).max(100).default([]);

/** A boolean, too: YAML reads off and no as one, and the option `--taint-nodes` takes one. */
const taintNodes = z
  .union([z.boolean(), z.enum(['none', ...TAINTABLE_BANDS]), z.array(z.enum(TAINTABLE_BANDS)).max(10)], {
    message: `must be none, or bands of ${TAINTABLE_BANDS.join(', ')}`,
  })
  .default('none')
  .transform((written) => {
    if (typeof written === 'boolean') return written ? TAINTABLE_BANDS : [];
    return TAINTABLE_BANDS.filter((band) => written === band || written.includes(band));
  });

/** The keys of gridgate.yaml, beside its sections, that are about nodes and what runs on each of them. */
export const nodeKeys = {
  'daemon-owners': z
    .array(groupKind)
    .max(100)
    .default([])
    .describe(
      'Kinds whose pods belong to one node each, as group/Kind, beside the built-in ones such as apps/DaemonSet.',
    ),
  'startup-taints': taintKeys.describe(
    'Keys of taints that go away by themselves when a node has started: they keep no pod away.',
  ),
  startupTaints: taintKeys.describe('The same as startup-taints, for those who write it as Karpenter does.'),
  'taint-nodes': taintNodes.describe(
    'Gives the nodes of regions in these bands the taint gridgate.dev/carbon (PreferNoSchedule); true is all of them. The option --taint-nodes counts before it.',
  ),
  tolerations: z
    .enum(['as-needed', 'always'])
    .default('as-needed')
    .describe(
      'as-needed: pods tolerate gridgate.dev/carbon only in bands that some node carries it for. always: whatever nodes carry.',
    ),
  'cluster-autoscaler': clusterAutoscalerConfig,
};

const written = z.object(nodeKeys);

/** What the keys about nodes come to. */
export function toNodeRules(keys: z.output<typeof written>): NodeRules {
  return {
    startupTaints: [...new Set([...keys['startup-taints'], ...keys.startupTaints])],
    taintedBands: keys['taint-nodes'],
    tolerateAlways: keys.tolerations === 'always',
    clusterAutoscaler: keys['cluster-autoscaler'],
  };
}

/** The keys that come to these rules. */
export function writeNodeRules({ startupTaints, taintedBands, tolerateAlways, clusterAutoscaler }: NodeRules) {
  return {
    'startup-taints': startupTaints,
    'taint-nodes': taintedBands.length === 0 ? 'none' : taintedBands,
    tolerations: tolerateAlways ? 'always' : 'as-needed',
    'cluster-autoscaler': clusterAutoscaler,
  };
}
