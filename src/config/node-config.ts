import { z } from 'zod';
import { type NodeRules, TAINTABLE_BANDS } from '../regions/node-rules.ts';
import { parseLabelKey } from './parsers.ts';

const GROUP_KIND = /^(?=.{1,253}\/)[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[A-Z][A-Za-z0-9]{0,62}$/;

const groupKind = z.string().regex(GROUP_KIND, 'must be a group and a kind such as apps/DaemonSet');
const taintKey = z
  .string()
  .refine((text) => 'value' in parseLabelKey(text), 'must be the key of a taint such as example.com/agent-not-ready');
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
  /** Kinds whose pods belong to one node each, beside the built-in ones. */
  'daemon-owners': z.array(groupKind).max(100).default([]),
  'startup-taints': taintKeys,
  /** The same, for those who write it as Karpenter does. */
  startupTaints: taintKeys,
  'taint-nodes': taintNodes,
  tolerations: z.enum(['as-needed', 'always']).default('as-needed'),
};

const written = z.object(nodeKeys);

/** What the keys about nodes come to. */
export function toNodeRules(keys: z.output<typeof written>): NodeRules {
  return {
    startupTaints: [...new Set([...keys['startup-taints'], ...keys.startupTaints])],
    taintedBands: keys['taint-nodes'],
    tolerateAlways: keys.tolerations === 'always',
  };
}

/** The keys that come to these rules. */
export function writeNodeRules({ startupTaints, taintedBands, tolerateAlways }: NodeRules) {
  return {
    'startup-taints': startupTaints,
    'taint-nodes': taintedBands.length === 0 ? 'none' : taintedBands,
    tolerations: tolerateAlways ? 'always' : 'as-needed',
  };
}
