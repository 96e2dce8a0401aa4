import fastJsonPatch from 'fast-json-patch';
import { sharesOf } from '../../decision/decide.ts';
import { explain, type Finding } from '../../decision/explain.ts';
import { bestFirst } from '../../decision/judge.ts';
import { compileRules } from '../../decision/policy-rules.ts';
import { REASONS } from '../../decision/reasons.ts';
import type { ObservedRegion } from '../../regions/observed-region.ts';
import type { Signal } from '../../regions/reading.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { decidePod } from '../../world/decide-pod.ts';
import { takeSnapshot } from '../../world/load-regions.ts';
import { compare, type Mismatch } from './compare.ts';
import type { Suite, SuiteCase } from './read-suite.ts';
import type { GivenReading } from './test-file.ts';

/** What came of a case. */
export interface CaseResult {
  readonly path: string;
  readonly lineOf: () => number;
  readonly title: string;
  readonly object: string;
  readonly namespace: string;
  readonly mode: string;
  readonly decision: string;
  readonly reason: string;
  readonly allowed: boolean;
  /** Best first, where anything ranks them. */
  readonly regions: readonly string[];
  readonly message: string;
  readonly warnings: readonly string[];
  readonly mismatches: readonly Mismatch[];
  /** How it was decided: found out when somebody asks. */
  readonly steps: () => readonly Finding[];
}

const SIGNAL: Signal = 'average-lifecycle';
const SOURCE = 'test';
/** Of as many moments one is made once: cases often share theirs. */
const MOST_SNAPSHOTS = 50;

/** Decides about each case, in their order, as `admit` does. */
export async function* runSuite(suite: Suite, isAsked: (title: string) => boolean): AsyncGenerator<CaseResult> {
  const rules = compileRules({ ...suite.config }, suite.file.defaultRegion);
  const { namespaces } = suite;
  const snapshots = new Map<string, Snapshot>();
  for (const one of suite.cases) {
    if (!isAsked(one.title)) continue;
    const moment = momentOf(suite, one);
    const key = JSON.stringify(moment);
    const snapshot = snapshots.get(key) ?? (await snapshotAt(suite, moment));
    if (snapshots.size >= MOST_SNAPSHOTS) snapshots.clear();
    snapshots.set(key, snapshot);
    const world = { snapshot, namespaces, rules, volumesOf: () => [], now: moment.now };
    yield runCase(suite, one, world);
  }
}

function runCase(suite: Suite, one: SuiteCase, world: Parameters<typeof decidePod>[2]): CaseResult {
  const { title, lineOf, name: object, namespace, pod } = one;
  const { policy, decision, effect, input } = decidePod(pod, namespace, world);
  const admitted = () =>
    fastJsonPatch.applyPatch(structuredClone(pod), structuredClone(effect.patch) as never, false, false).newDocument;
  const judgement = decision.steps?.judgement;
  const ranked = judgement ? bestFirst(judgement) : [];
  return {
    ...{ path: suite.path, lineOf, title, object, namespace, mode: policy.mode },
    ...{ decision: decision.decision, reason: decision.reason, allowed: effect.allowed },
    regions: (ranked.length > 0 ? ranked : (judgement?.candidates ?? [])).map(({ name }) => name),
    message: decision.message || REASONS[decision.reason],
    warnings: effect.warnings,
    mismatches: compare(one.expect, { decision, effect, admitted }),
    steps: () => explain(pod, decision, policy, sharesOf(input)),
  };
}

type Observed = NonNullable<ObservedRegion['observed']>;

interface Moment {
  readonly now: number;
  readonly observed: Readonly<Record<string, Observed>>;
  readonly outages: readonly string[];
}

/** Readings are of the clock beside which they stand: another clock of a case makes those of the file older. */
function momentOf({ file }: Suite, one: SuiteCase): Moment {
  const { now = file.now } = one;
  return {
    now,
    observed: { ...observedAt(file.now, file.readings), ...observedAt(now, one.readings) },
    outages: one.outages ?? file.outages ?? [],
  };
}

function observedAt(now: number, readings: Readonly<Record<string, GivenReading>> = {}): Moment['observed'] {
  return Object.fromEntries(Object.entries(readings).map(([name, given]) => [name, observedOf(given, now)]));
}

/** No source is asked: what counts is what the file says, and yearly averages where it says nothing. */
async function snapshotAt({ regions, cluster, config, file }: Suite, moment: Moment): Promise<Snapshot> {
  const described = new Map(regions.map((region) => [region.metadata.name, region]));
  const named = new Set([...described.keys(), ...Object.keys(moment.observed), ...moment.outages]);
  const all = [...named].map((name) => regionAt(described.get(name) ?? { metadata: { name }, spec: {} }, moment));
  const { snapshot } = await takeSnapshot(
    { regions: all, config: { ...config, sources: [] } },
    { ...cluster, regionLabel: file.regionLabel, policySignal: SIGNAL, now: moment.now },
    {},
  );
  return snapshot;
}

function regionAt(region: ObservedRegion, { observed, outages }: Moment): ObservedRegion {
  const { name } = region.metadata;
  const given = Object.hasOwn(observed, name) ? observed[name] : undefined;
  const isDown = outages.includes(name);
  if (given === undefined && !isDown) return region;
  const { gramsPerKwh, ...spec } = region.spec;
  return {
    ...region,
    spec: {
      ...spec,
      ...(gramsPerKwh !== undefined && given === undefined && { gramsPerKwh }),
      ...(isDown && { outage: { active: true, reason: 'outage of the test' } }),
    },
    ...(given !== undefined && { observed: { ...region.observed, ...given } }),
  };
}

function observedOf(given: GivenReading, now: number): Observed {
  const { gramsPerKwh, age = 0, forecast } = typeof given === 'number' ? { gramsPerKwh: given } : given;
  const hour = Math.floor(now / HOUR_MS) * HOUR_MS;
  return {
    reading: {
      ...{ gramsPerKwh, signal: SIGNAL, source: SOURCE, measuredAt: now - age },
      ...{ estimated: false, freshness: 'fresh' as const },
    },
    ...(forecast && { forecast: forecast.map((grams, i) => ({ from: hour + i * HOUR_MS, gramsPerKwh: grams })) }),
  };
}
