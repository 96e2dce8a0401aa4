import { z } from 'zod';
import { formatDuration, parseDuration } from '../units/duration.ts';
import { isLabelValue } from '../units/label-names.ts';
import { sayWhatIsDue } from '../units/shape-words.ts';

/** More replicas than any region has. */
export const MOST_REPLICAS = 100_000;
export const MOST_TARGETS = 50;
const SHORTEST_LOOP_MS = 5_000;
const LONGEST_MS = 24 * 3_600_000;

const replicas = z.int().min(0).max(MOST_REPLICAS);
const percent = z.int().min(1).max(1_000);
const duration = (least: number) =>
  z
    .string()
    .refine(
      (text) => (parseDuration(text) ?? -1) >= least && (parseDuration(text) ?? 0) <= LONGEST_MS,
      `must be a duration such as 5m, of at least ${formatDuration(least)} and at most 24h`,
    );

/** The spec of a RegionalAutoscaler; what is absent comes from the options of the controllers. manifests/capacity/regional-autoscaler/crd.yaml says the same to the API server. */
export const regionalSpec = z.strictObject({
  /** What is moved: the replicas of Deployments, or the bounds of their HorizontalPodAutoscalers. */
  mode: z.enum(['replicas', 'bounds']).default('replicas'),
  /** One Deployment a region, in the namespace of the resource. */
  targets: z
    .array(
      z.strictObject({
        region: z.string().refine(isLabelValue, 'must be the name of a region'),
        deployment: z.string().min(1).max(253),
        min: replicas.optional(),
        max: replicas.optional(),
      }),
    )
    .min(1)
    .max(MOST_TARGETS),
  /** Of all targets together; `stepLimit` bounds what one action changes. */
  minReplicas: replicas.optional(),
  maxReplicas: replicas.optional(),
  /** Percent of what Ready pods request. */
  cpu: z
    .strictObject({
      scaleUp: percent.optional(),
      scaleDown: percent.optional(),
      aggregate: z.enum(['average', 'maximum']).default('average'),
    })
    .prefault({}),
  holdCycles: z.int().min(1).max(100).optional(),
  cooldown: duration(0).optional(),
  stepLimit: z.int().min(1).max(100).optional(),
  loop: duration(SHORTEST_LOOP_MS).optional(),
  /** Move replicas when only the ranking of regions has changed. */
  rebalance: z.boolean().default(false),
  /** Invent the CPU of targets, where there is no metrics-server. */
  simulate: z.boolean().default(false),
});

export type RegionalSpec = z.infer<typeof regionalSpec>;

/** Of one target: what its spec says, or the options. */
export interface RegionalDefaults {
  readonly loopMs: number;
  readonly cooldownMs: number;
  readonly holdCycles: number;
  readonly stepLimit: number;
  /** Of each target. */
  readonly min: number;
  readonly max: number;
  /** Percent. */
  readonly scaleUp: number;
  readonly scaleDown: number;
}

/** Reads a spec; every mistake is a sentence with its path. */
export function parseRegionalSpec(
  spec: unknown,
): { readonly spec: RegionalSpec } | { readonly issues: readonly string[] } {
  const parsed = regionalSpec.safeParse(spec ?? {}, { error: sayWhatIsDue });
  if (parsed.success) return { spec: parsed.data };
  return { issues: parsed.error.issues.map(({ path, message }) => `${showPath(['spec', ...path])}: ${message}`) };
}

/** As people write it: `spec.targets[0].max`. */
function showPath(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`)).join('');
}
