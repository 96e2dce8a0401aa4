import type { RegionalDefaults } from '../../scaling/regional-autoscaler.ts';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import { type RegionalSettings, settleSpec } from '../../scaling/regional-settings.ts';
import { keyOf, type Surroundings } from './surroundings.ts';

/** Why a RegionalAutoscaler does nothing at all. */
export interface Refusal {
  readonly reason: 'Invalid' | 'NamedTwice' | 'OwnedByHpa' | 'NoHpa' | 'SeveralHpas';
  readonly message: string;
}

/**
 * What it asks for, where that can be done:
 *
 * | a Deployment of it                        | mode replicas        | mode bounds   |
 * | ----------------------------------------- | -------------------- | ------------- |
 * | is named by an older one, too             | NamedTwice           | NamedTwice    |
 * | has a HorizontalPodAutoscaler             | OwnedByHpa           | moved         |
 * | has none                                  | moved                | NoHpa         |
 * | has several                               | OwnedByHpa           | SeveralHpas   |
 */
export function accept(
  one: RegionalAutoscaler,
  defaults: RegionalDefaults,
  around: Pick<Surroundings, 'owners' | 'autoscalersOf' | 'deployments'>,
): { readonly settings: RegionalSettings } | { readonly refusal: Refusal } {
  const settled = 'issues' in one.wish ? one.wish : settleSpec(one.wish.spec, defaults);
  if ('issues' in settled) return refuse('Invalid', settled.issues.join('; '));
  const { settings } = settled;
  for (const { deployment } of settings.targets) {
    const key = keyOf(one.namespace, deployment);
    const refusal = refusalOf(one, deployment, settings.mode, around, key);
    if (refusal) return { refusal };
  }
  return { settings };
}

function refusalOf(
  one: RegionalAutoscaler,
  deployment: string,
  mode: RegionalSettings['mode'],
  { owners, autoscalersOf, deployments }: Pick<Surroundings, 'owners' | 'autoscalersOf' | 'deployments'>,
  key: string,
): Refusal | undefined {
  const owner = owners.get(key);
  if (owner && owner.uid !== one.uid)
    return refuse(
      'NamedTwice',
      `Deployment ${deployment} is a target of RegionalAutoscaler ${owner.name}, which is older`,
    ).refusal;
  const found = autoscalersOf.get(key) ?? [];
  const names = found.map(({ name }) => name).join(', ');
  if (mode === 'replicas')
    return found.length === 0
      ? undefined
      : refuse(
          'OwnedByHpa',
          `HorizontalPodAutoscaler ${names} scales Deployment ${deployment}: both would fight; mode: bounds moves its minimum and maximum instead`,
        ).refusal;
  if (found.length > 1)
    return refuse('SeveralHpas', `several HorizontalPodAutoscalers scale Deployment ${deployment}: ${names}`).refusal;
  const isThere = deployments.has(key);
  if (found.length === 0 && isThere)
    return refuse(
      'NoHpa',
      `mode: bounds moves the bounds of HorizontalPodAutoscalers, and Deployment ${deployment} has none`,
    ).refusal;
  return undefined;
}

function refuse(reason: Refusal['reason'], message: string): { readonly refusal: Refusal } {
  return { refusal: { reason, message } };
}
