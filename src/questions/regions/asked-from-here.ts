import type { SourceConfig } from '../../config/config-file.ts';
import { secretsOfSources } from '../../config/secrets-of.ts';
import { onOneLine } from '../../units/legible.ts';
import { type NamedSecret, tellSecret } from '../../units/named-secret.ts';

/** A source of a cluster's gridgate.yaml that its own pods alone ask. */
export interface UnaskedSource {
  readonly source: string;
  /** What the pods need for it: nothing of it is looked up on this machine. */
  readonly needs: readonly NamedSecret[];
  /** A sentence for each reason. */
  readonly says: readonly string[];
}

export interface SplitSources {
  readonly asked: readonly SourceConfig[];
  readonly unasked: readonly UnaskedSource[];
}

/**
 * Which sources of a cluster's gridgate.yaml are asked from this machine. Whoever may edit that ConfigMap must get neither a variable
 * or file of the caller's, nor a request from the caller's network to an address of their choice:
 *
 * | names a secret or a path | says its url | asked |
 * | ------------------------ | ------------ | ----- |
 * | yes                      | any          | no    |
 * | no                       | yes          | no    |
 * | no                       | no           | yes   |
 */
export function splitSources(sources: readonly SourceConfig[]): SplitSources {
  const split = sources.map((config) => ({ config, unasked: whyUnasked(config) }));
  return {
    asked: split.filter(({ unasked }) => unasked.says.length === 0).map(({ config }) => config),
    unasked: split.flatMap(({ unasked }) => (unasked.says.length > 0 ? [unasked] : [])),
  };
}

function whyUnasked(config: SourceConfig): UnaskedSource {
  const needs = secretsOfSources([config]);
  const hasUrl = 'url' in config && config.url !== undefined;
  const says = [
    ...needs.map((one) => `${tellSecret(one)}: its pods need it, \`gridgate check\` says whether they have it`),
    ...(hasUrl ? [`url of ${config.type} is one that the cluster names: its pods ask there`] : []),
  ];
  return { source: config.type, needs, says };
}

/** A line for each reason. */
export function renderUnasked(unasked: readonly UnaskedSource[]): string {
  return unasked
    .flatMap(({ says }) => says)
    .map((sentence) => `-      not asked from here: ${onOneLine(sentence)}\n`)
    .join('');
}
