import { PAUSED } from '../../capacity/paused.ts';
import { CARBON_BEFORE, CARBON_STATUS } from '../../capacity/pool-memory.ts';
import { ANNOTATION_PREFIX } from '../../decision/namespace-record.ts';
import { nearestKey, quoted } from '../../decision/policy-annotations.ts';
import { MAX_GRAMS_PER_KWH } from '../../regions/reading.ts';

/** How a NodePool follows the grid (README.md). */
export const POOL_MODES = ['hardware', 'weight', 'pause', 'requirement'] as const;
export type PoolMode = (typeof POOL_MODES)[number];

/** Written by the pool's owner. */
export const CARBON_AWARE = `${ANNOTATION_PREFIX}carbon-aware`;
export const THRESHOLD = `${ANNOTATION_PREFIX}threshold`;
export const WEIGHTS = `${ANNOTATION_PREFIX}weights`;

/** Weights that a pool may be given, both included; Karpenter takes 1 to 100, the highest first. */
export type WeightRange = readonly [lowest: number, highest: number];

/** Below and above it are weights for pools that do not follow the grid. */
const USUAL_WEIGHTS: WeightRange = [40, 60];

/** What a pool's owner asks for. */
export interface PoolWish {
  readonly mode: PoolMode;
  /** gCO2e/kWh above which a region is dirty; without it a region is dirty in the band `high`. */
  readonly threshold?: number;
  readonly weights: WeightRange;
}

type Annotations = Readonly<Record<string, string>>;

const KNOWN = [CARBON_AWARE, THRESHOLD, WEIGHTS, CARBON_STATUS, CARBON_BEFORE, PAUSED];
/** The modes in which an annotation means something. */
const MODES_OF: Readonly<Record<string, readonly PoolMode[]>> = {
  [THRESHOLD]: ['hardware', 'pause', 'requirement'],
  [WEIGHTS]: ['hardware', 'weight'],
};
const NUMBER = /^\d+(\.\d+)?$/;
const RANGE = /^(\d{1,3})-(\d{1,3})$/;

/** Reads the `gridgate.dev/*` annotations of a NodePool; `undefined`: it does not take part. Every mistake is a sentence. */
export function readWish(annotations: Annotations): PoolWish | { readonly mistakes: readonly string[] } | undefined {
  const text = annotations[CARBON_AWARE];
  if (text === undefined) return undefined;
  const mode = POOL_MODES.find((one) => one === text.trim());
  const threshold = parseThreshold(annotations[THRESHOLD]);
  const weights = parseWeights(annotations[WEIGHTS]);
  const mistakes = [
    ...(mode === undefined ? [unknownMode(text.trim())] : []),
    ...(threshold === 'mistake' ? [badThreshold(annotations)] : []),
    ...(weights === 'mistake' ? [badWeights(annotations)] : []),
    ...(mode === undefined ? [] : idleAnnotations(annotations, mode)),
    ...unknownAnnotations(annotations),
  ];
  if (mistakes.length > 0 || mode === undefined || threshold === 'mistake' || weights === 'mistake')
    return { mistakes };
  return { mode, ...(threshold !== undefined && { threshold }), weights: weights ?? USUAL_WEIGHTS };
}

function parseThreshold(text: string | undefined): number | undefined | 'mistake' {
  if (text === undefined) return undefined;
  const grams = NUMBER.test(text.trim()) ? Number(text) : 0;
  return grams > 0 && grams <= MAX_GRAMS_PER_KWH ? grams : 'mistake';
}

function parseWeights(text: string | undefined): WeightRange | undefined | 'mistake' {
  if (text === undefined) return undefined;
  const [, from, to] = RANGE.exec(text.trim()) ?? [];
  const [lowest, highest] = [Number(from), Number(to)];
  return lowest >= 1 && lowest <= highest && highest <= 100 ? [lowest, highest] : 'mistake';
}

function unknownMode(text: string): string {
  const nearest = nearestKey(text, POOL_MODES);
  const hint = nearest === undefined ? `it is one of ${POOL_MODES.join(', ')}` : `did you mean ${nearest}?`;
  return `${CARBON_AWARE}: ${quoted(text)} is no mode; ${hint}`;
}

function badThreshold(annotations: Annotations): string {
  return `${THRESHOLD}: ${quoted(annotations[THRESHOLD] ?? '')} is no gCO2e/kWh; write a number such as "250"`;
}

function badWeights(annotations: Annotations): string {
  return `${WEIGHTS}: ${quoted(annotations[WEIGHTS] ?? '')} is no range of weights; write one within 1-100, such as "40-60"`;
}

function idleAnnotations(annotations: Annotations, mode: PoolMode): readonly string[] {
  return Object.entries(MODES_OF)
    .filter(([key, modes]) => annotations[key] !== undefined && !modes.includes(mode))
    .map(
      ([key, modes]) => `${key} means nothing with ${CARBON_AWARE}=${mode}, only with ${modes.join(', ')}; remove it`,
    );
}

function unknownAnnotations(annotations: Annotations): readonly string[] {
  return Object.keys(annotations)
    .filter((key) => key.startsWith(ANNOTATION_PREFIX) && !KNOWN.includes(key))
    .map((key) => {
      const nearest = nearestKey(key, KNOWN);
      const hint =
        nearest === undefined ? `known are ${KNOWN.slice(0, 3).join(', ')}, ${PAUSED}` : `did you mean ${nearest}?`;
      return `${quoted(key)} is no annotation of NodePools that gridgate knows; ${hint}`;
    });
}
