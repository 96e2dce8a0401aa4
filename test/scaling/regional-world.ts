import { BOUNDS_BEFORE, formatBoundsBefore, parseBoundsBefore } from '../../src/scaling/bounds-before.ts';
import type { HorizontalAutoscaler } from '../../src/scaling/horizontal-autoscaler.ts';
import { parseRegionalSpec, type RegionalDefaults } from '../../src/scaling/regional-autoscaler.ts';
import { countAnew, type Planned, planRegional } from '../../src/scaling/regional-plan.ts';
import { type RegionalSettings, settleSpec } from '../../src/scaling/regional-settings.ts';
import type { LastAction, RegionalState } from '../../src/scaling/regional-state.ts';
import { boundsAt, type RegionFacts, type TargetFacts, targetFacts } from '../../src/scaling/regional-target.ts';
import type { Counters } from '../../src/scaling/regional-verdict.ts';

export const DEFAULTS: RegionalDefaults = {
  loopMs: 30_000,
  cooldownMs: 300_000,
  holdCycles: 3,
  stepLimit: 1,
  min: 1,
  max: 10,
  scaleUp: 70,
  scaleDown: 30,
};

/** Denmark, France and Latvia of the known answer, gCO2e/kWh. */
export const GRIDS: Readonly<Record<string, number>> = { denmark: 120, france: 40, latvia: 190 };

export function settingsOf(spec: object, defaults = DEFAULTS): RegionalSettings {
  const parsed = parseRegionalSpec(spec);
  if ('issues' in parsed) throw new Error(parsed.issues.join('; '));
  const settled = settleSpec(parsed.spec, defaults);
  if ('issues' in settled) throw new Error(settled.issues.join('; '));
  return settled.settings;
}

interface Seen {
  replicas: number;
  ready: number;
  generation: number;
  isStuck?: boolean;
  hpa?: HorizontalAutoscaler;
}

/**
 * An autoscaler in memory: each loop plans, and what is planned is done, to Deployments named as their regions. What was added is Ready at
 * once unless `becomesReady` says otherwise. In bounds mode each has a HorizontalPodAutoscaler with the same bounds, which keeps its replicas
 * within them.
 */
export function regionalWorld(
  spec: { readonly targets?: readonly object[]; readonly [key: string]: unknown } = {},
  replicas: Readonly<Record<string, number>> = {},
  bounds: { readonly min: number; readonly max: number } = { min: 1, max: 3 },
) {
  const grids: Record<string, number | undefined> = { ...GRIDS };
  const targets = spec.targets ?? Object.keys(GRIDS).map((region) => ({ region, deployment: region }));
  let settings = settingsOf({ ...spec, targets });
  const seen = new Map<string, Seen>(
    settings.targets.map(({ deployment }) => {
      const isOfHpa = settings.mode === 'bounds';
      const count = replicas[deployment] ?? (isOfHpa ? bounds.min : 1);
      const hpa = isOfHpa && { hpa: hpaOf(deployment, bounds) };
      return [deployment, { replicas: count, ready: count, generation: 1, ...hpa }];
    }),
  );
  const world = {
    now: Date.parse('2026-11-22T09:00:00Z'),
    monotonicNow: 1_000,
    /** Percent; absent: no metrics. */
    cpu: 50 as number | undefined,
    cpuOf: {} as Record<string, number>,
    grids,
    down: new Set<string>(),
    denied: new Set<string>(),
    becomesReady: true,
    state: {} as RegionalState,
    /** All actions so far, oldest first. */
    announced: [] as LastAction[],
    /** As after a first look, which counts nothing. */
    counters: { above: 0, below: 0, missed: 0, countedAt: 1_000 } as Counters | undefined,
    hoursOf: (region: string): readonly number[] => Array<number>(24).fill(world.grids[region] ?? 0),
    get settings() {
      return settings;
    },
    respec(next: object) {
      settings = settingsOf({ ...spec, targets, ...next });
    },
    of: (deployment: string): Seen => seen.get(deployment) as Seen,
    boundsOf(deployment: string) {
      const { min, max } = world.of(deployment).hpa ?? { min: Number.NaN, max: Number.NaN };
      return { min, max };
    },
    counts: () => Object.fromEntries([...seen].map(([name, one]) => [name, one.replicas])),
    remove: (deployment: string) => seen.delete(deployment),
    facts(): readonly TargetFacts[] {
      const { state } = world;
      return settings.targets.flatMap((target) => {
        const one = seen.get(target.deployment);
        if (!one) return [];
        const region: RegionFacts = {
          gramsPerKwh: world.grids[target.region],
          isDown: world.down.has(target.region),
          isKnown: true,
        };
        const workload = {
          kind: 'Deployment',
          namespace: 'shop',
          name: target.deployment,
          uid: target.deployment,
          annotations: {},
          podAnnotations: {},
        } as const;
        const cpu =
          world.cpu === undefined || one.ready === 0
            ? undefined
            : { usedVcpu: ((world.cpuOf[target.deployment] ?? world.cpu) / 100) * one.ready, requestedVcpu: one.ready };
        const { replicas, ready: readyReplicas, generation, isStuck = false } = one;
        return [
          targetFacts({
            target,
            workload: { ...workload, replicas, readyReplicas, generation },
            autoscaler: one.hpa,
            region,
            cpu,
            isStuck,
            lastAction: state.lastAction,
          }),
        ];
      });
    },
    /** What is decided now; nothing is done. */
    plan(): Planned {
      const { now, monotonicNow, state, counters, denied, hoursOf } = world;
      const facts = world.facts();
      return planRegional({ settings, targets: facts, state, counters, denied, hoursOf, now, monotonicNow });
    },
    /** What is announced, and not done. */
    announce(): Planned {
      const planned = world.plan();
      const { lastAction } = planned.state;
      if (lastAction && planned.verdict.action && !planned.verdict.isAnnounced) world.announced.push(lastAction);
      world.state = planned.state;
      world.counters = planned.counters;
      return planned;
    },
    /** One look: what is planned is done. */
    look(): string {
      const facts = world.facts();
      const { verdict } = world.announce();
      if (verdict.action) {
        world.counters = world.counters && countAnew(world.counters);
        const { target, to } = verdict.action;
        const was = facts.find(({ deployment }) => deployment === target);
        const one = world.of(target);
        if (one.hpa && was) {
          one.hpa = moved(one.hpa, boundsAt(to, was));
          const { min, max } = one.hpa;
          world.hold(target, Math.min(max, Math.max(min, one.replicas)));
        } else world.hold(target, to);
      }
      const where = verdict.action ? ` ${verdict.action.target} ${verdict.action.from}->${verdict.action.to}` : '';
      return `${verdict.decision}${where} ${verdict.reason}`;
    },
    /** So many replicas from now on, Ready as far as the world lets them be. */
    hold(deployment: string, count: number) {
      const one = world.of(deployment);
      const ready = world.becomesReady ? count : Math.min(one.ready, count);
      const generation = one.generation + Number(one.replicas !== count);
      seen.set(deployment, { ...one, replicas: count, ready, generation });
    },
    pass(ms: number) {
      world.now += ms;
      world.monotonicNow += ms;
    },
    /** Looks once in each of so many loops, and again at once while something urgent is done; what was done. */
    run(loops: number): string[] {
      const done: string[] = [];
      for (let i = 0; i < loops; i++) {
        world.pass(settings.loopMs);
        for (let again = 0; again < 200; again++) {
          const said = world.look();
          if (said.startsWith('None')) break;
          done.push(said);
        }
      }
      return done;
    },
    scaleByHand(deployment: string, count: number) {
      const one = world.of(deployment);
      seen.set(deployment, { ...one, replicas: count, ready: count, generation: one.generation + 1 });
    },
  };
  return world;
}

type Bounds = Pick<HorizontalAutoscaler, 'min' | 'max'>;

function hpaOf(name: string, bounds: Bounds): HorizontalAutoscaler {
  return { namespace: 'shop', name, uid: name, target: { kind: 'Deployment', name }, annotations: {}, ...bounds };
}

/** As the writer of targets leaves it. */
function moved(hpa: HorizontalAutoscaler, wrote: Bounds): HorizontalAutoscaler {
  const { min, max } = parseBoundsBefore(hpa.annotations[BOUNDS_BEFORE]) ?? hpa;
  const text = formatBoundsBefore({ min, max, owners: { min: [], max: [] }, wrote });
  return { ...hpa, ...wrote, annotations: { [BOUNDS_BEFORE]: text } };
}
