import type { Picture, RegionView } from '../regions/snapshot.ts';
import { itself, nameFew } from '../units/tell-few.ts';
import type { Share } from './attribute.ts';
import { tellWhatComes } from './autoscaler-words.ts';
import type { Decision } from './decide.ts';
import type { Judgement } from './judge.ts';
import { formatGrams } from './messages.ts';
import { whyNotWaiting } from './no-wait-words.ts';
import { AUTO_REASONS, placementOf } from './placement.ts';
import type { Pod } from './pod.ts';
import type { Policy } from './policy.ts';
import type { Reach } from './reachable.ts';
import { REASONS } from './reasons.ts';
import { comparableReading } from './refuse.ts';
import type { Steering } from './steer.ts';
import { describeVolumes, type VolumeTerms } from './volume-terms.ts';
import { dataOfWait, tellWait } from './wait-words.ts';

/** One step of a decision and what it found, for people. */
export interface Finding {
  readonly step: 'leave alone' | 'treatment' | 'reachable' | 'refused' | 'ranked' | 'steering' | 'autoscaler' | 'waits';
  readonly finding: string;
}

const MOST_NAMED = 8;

/** The steps of a decision about a pod in the order in which they were taken; `shares`: which regions each of its asks leaves. */
export function explain(
  pod: Pod,
  decision: Decision,
  policy: Policy,
  shares: readonly Share[] = [],
): readonly Finding[] {
  const { steps, reason, wait } = decision;
  if (!steps) return [{ step: 'leave alone', finding: REASONS[reason] }];
  const { treatment, reach, judgement, steering, volumes = [] } = steps;
  const { snapshot, refused } = judgement;
  const ceiling = treatment.carbonExempt ? 'no ceiling' : `ceiling ${formatGrams(treatment.maxIntensity)} gCO2e/kWh`;
  const target = treatment.target === undefined ? '' : `, bound to ${treatment.target}`;
  const limits = `${ceiling} (${treatment.maxIntensitySetBy}), regions ${policy.regions.text}`;
  return [
    { step: 'leave alone', finding: 'no: it is judged' },
    { step: 'treatment', finding: `mode ${policy.mode}, class ${treatment.podClass}, ${limits}${target}` },
    {
      step: 'reachable',
      finding: describeReach(reach, snapshot, volumes, shares),
    },
    {
      step: 'refused',
      finding: list(refused.map(({ region, refusal }) => `${withGrams(region, snapshot)} ${refusal}`)),
    },
    {
      step: 'ranked',
      finding: describeRanking(judgement),
    },
    ...(steering
      ? [
          {
            step: 'steering' as const,
            finding: `${wait ? 'were it to start now: ' : ''}${describeSteering(steering, judgement)}`,
          },
          ...whatComes(steering, judgement).map((finding) => ({ step: 'autoscaler' as const, finding })),
        ]
      : []),
    ...waitsOf(pod, decision).map((finding) => ({ step: 'waits' as const, finding })),
  ];
}

/** Nothing where nobody looked what brings nodes. */
function whatComes(steering: Steering, { snapshot, treatment }: Judgement): readonly string[] {
  const { supply } = snapshot;
  const words = supply && tellWhatComes(steering, supply.autoscaling, treatment.policy.placement);
  return words === undefined ? [] : [words];
}

/** Nothing of a pod that nobody ever meant to wait. */
function waitsOf(pod: Pod, { steps, wait }: Decision): readonly string[] {
  if (wait) return [tellWait(dataOfWait(wait)).join('; ')];
  if (steps?.start === undefined) return [];
  const { start, treatment, judgement } = steps;
  if (!treatment.policy.deferMs && (start === 'not_flexible' || start === 'system_priority')) return [];
  const places = [...judgement.candidates, ...judgement.refused.map(({ region }) => region)];
  const hasForecast = places.some(({ forecast = [] }) => forecast.length > 0);
  const why = whyNotWaiting(start, { pod, treatment, hasForecast });
  return why === undefined ? [] : [`no: ${why}`];
}

function describeRanking({ ranked, candidates, snapshot }: Judgement): string {
  if (ranked.length > 0 || candidates.length < 2)
    return list(ranked.map(({ region, score }) => `${withGrams(region, snapshot)} score ${score.toFixed(2)}`));
  return `none: nothing tells which is better of ${list(candidates.map(({ name }) => name))}`;
}

function describeReach(
  { all, regions, heldTo, seen, unlabelled }: Reach,
  snapshot: Picture,
  volumes: readonly VolumeTerms[],
  shares: readonly Share[],
): string {
  const blind = seen ? '' : '; nodes were not looked at';
  const names = (views: readonly RegionView[]) => list(views.map(({ name }) => name));
  const unseen = seen ? regions.filter(({ name }) => !seen.has(name)) : [];
  const toCome = unseen.length > 0 ? `; by nodes that may come: ${names(unseen)}` : '';
  if (all) return `all ${regions.length} regions${toCome}${blind}`;
  const held = heldTo && shares.length === 0 ? `; ${describeVolumes(volumes)} reachable in ${names(heldTo)}` : '';
  const parts = shares.map(({ what, kind, leaves }) => `; ${kind}: ${what} leaves ${names(leaves)}`).join('');
  const outside = unlabelled ? '; and nodes without a region label' : '';
  return `${regions.length} of ${snapshot.regions.length}: ${names(regions)}${outside}${held}${parts}${toCome}${blind}`;
}

/** A second region with less weight than this gets hardly any replicas. */
const FEW_REPLICAS = 50;

function describeSteering(steering: Steering, judgement: Judgement): string {
  const { spread } = judgement.treatment.policy;
  const { auto } = placementOf(judgement);
  const { requirement, preferred, arch, toleratedBands, priorityClass } = steering;
  const [first, second] = preferred;
  const isOne = first && second && second.weight < FEW_REPLICAS && spread === undefined;
  return [
    ...(requirement ? [`requires region ${requirement.operator} ${requirement.values.join(', ')}`] : []),
    ...(preferred.length > 0
      ? [`prefers ${preferred.map(({ region, weight }) => `${region} ${weight}`).join(', ')}`]
      : []),
    ...(isOne ? [`nearly all replicas go to ${first.region}: gridgate.dev/spread on the namespace shares them`] : []),
    ...(arch === undefined ? [] : [`prefers architecture ${arch}`]),
    ...(auto === undefined ? [] : [`placement auto: ${AUTO_REASONS[auto]}`]),
    `tolerates bands ${toleratedBands.join(', ') || 'none'}`,
    ...(priorityClass ? [`priority class ${priorityClass} if it exists and the pod has none`] : []),
  ].join('; ');
}

function withGrams(region: RegionView, snapshot: Picture): string {
  const reading = comparableReading(region, snapshot);
  return reading ? `${region.name} (${formatGrams(reading.gramsPerKwh)} g)` : `${region.name} (unknown)`;
}

function list(items: readonly string[]): string {
  if (items.length === 0) return 'none';
  return nameFew(items, MOST_NAMED, itself);
}
