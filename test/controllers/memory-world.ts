import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import type { LiveRegion } from '../../src/cluster/regions.ts';
import { createRegionMemory, type RegionMemory } from '../../src/controllers/region-memory/controller.ts';
import type { ForecastPoint } from '../../src/regions/region-status.ts';
import type { RegionIntensity } from '../../src/sources/intensity/chain.ts';
import type { Measurement } from '../../src/sources/intensity/source.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { HOUR_MS, liveRegion, MINUTE_MS, measuredIntensity, NOW } from './live-regions.ts';

type ConfigMap = KubeObject & { data?: Record<string, string> };

/** ConfigMaps as an API server keeps them. */
export interface FakeMemory {
  readonly objects: Map<string, ConfigMap>;
  readonly writes: { readonly name: string; readonly at: number }[];
  /** Throws instead of an answer. */
  fault: (() => void) | undefined;
}

export function fakeMemory(): FakeMemory {
  return { objects: new Map(), writes: [], fault: undefined };
}

interface WorldParts {
  readonly kept?: FakeMemory;
  readonly regions?: readonly LiveRegion[];
  /** What the sources' history says, by region. */
  readonly history?: (hour: number, region: string) => number | undefined;
  readonly historyHours?: number;
  readonly time?: FakeClock;
}

/** The memory of one leader, between a fake API server and what a test lets it hear. */
export function lead(test: TestContext, parts: WorldParts = {}) {
  const { kept = fakeMemory(), regions = [liveRegion('a')], history, historyHours = 24, time = fakeClock() } = parts;
  const view = new Map(regions.map((region) => [region.metadata.name, region]));
  const asked: string[] = [];
  const logged: { level: number; msg: string; regions?: string }[] = [];
  let skewMs = 0;
  let changes = 0;
  const now = () => NOW + time.now() + skewMs;

  async function put(path: string, given: ConfigMap, isNew: boolean): Promise<KubeObject> {
    kept.fault?.();
    const name = isNew ? given.metadata.name : (path.split('/').at(-1) ?? '');
    const before = kept.objects.get(name);
    if (isNew && before) throw new ApiError('POST', { code: 409 });
    if (!isNew && !before) throw new ApiError('PUT', { code: 404 });
    if (before && before.metadata.resourceVersion !== given.metadata.resourceVersion)
      throw new ApiError('PUT', { code: 409 });
    const resourceVersion = String(Number(before?.metadata.resourceVersion ?? 0) + 1);
    const object = { ...structuredClone(given), metadata: { ...given.metadata, name, resourceVersion } };
    kept.objects.set(name, object);
    kept.writes.push({ name, at: time.now() });
    return structuredClone(object);
  }

  const memory: RegionMemory = createRegionMemory({
    api: {
      async get(path) {
        kept.fault?.();
        const object = kept.objects.get(path.split('/').at(-1) ?? '');
        if (!object) throw new ApiError('GET', { code: 404 });
        return structuredClone(object);
      },
    },
    writer: {
      create: (path, object) => put(path, object as ConfigMap, true),
      replace: (path, object) => put(path, object as ConfigMap, false),
    },
    ownNamespace: 'gridgate-system',
    regions: () => [...view.values()],
    policySignal: 'average-lifecycle',
    now,
    forecastsChanged: () => {
      changes += 1;
    },
    log: pino({ level: 'debug' }, { write: (line) => void logged.push(JSON.parse(line)) }),
    clock: time,
  });
  memory.start();
  test.after(memory.stop);

  function historyOf(region: string): readonly Measurement[] {
    const current = Math.floor(now() / HOUR_MS);
    return Array.from({ length: historyHours }, (_, back) => current - historyHours + back).flatMap((hour) => {
      const gramsPerKwh = history?.(hour, region);
      if (gramsPerKwh === undefined) return [];
      const signal = 'average-lifecycle' as const;
      return [{ gramsPerKwh, signal, measuredAt: hour * HOUR_MS, stepMs: HOUR_MS, estimated: false }];
    });
  }

  /** What the source says of a region now; by default of this hour, which is one value of its series. */
  function hear(grams: number, change: Heard = {}): void {
    const { region = 'a', measuredAt = Math.floor(now() / HOUR_MS) * HOUR_MS, intensity = {}, ...reading } = change;
    const said = measuredIntensity(grams, 0, measuredAt);
    const { stepMs = HOUR_MS, forecast, attempts = said.attempts } = intensity;
    memory.heard(view.get(region) ?? liveRegion(region), {
      intensity: {
        ...said,
        ...(said.reading && { reading: { ...said.reading, ...reading } }),
        stepMs,
        forecast,
        attempts,
      },
      async history() {
        asked.push(region);
        return historyOf(region);
      },
    });
  }

  return {
    memory,
    kept,
    time,
    view,
    asked,
    logged,
    now,
    hear,
    /** How often a forecast was another. */
    changes: () => changes,
    /** Sets the clock that people set. */
    setClock: (ms: number) => {
      skewMs += ms;
    },
    /** Goes on to so many minutes past the next hour. */
    toNextHour: (minutes = 2) => time.advance(HOUR_MS - (now() % HOUR_MS) + minutes * MINUTE_MS),
    pastOf(region = 'a') {
      const { from, gramsPerKwh } = memory.pastOf(region) ?? { from: 0, gramsPerKwh: [] };
      return { from, grams: Array.from(gramsPerKwh, (value) => (Number.isNaN(value) ? null : value)) };
    },
    forecastOf: (region = 'a') => memory.forecastOf(view.get(region) ?? liveRegion(region)),
    points(region = 'a'): readonly ForecastPoint[] {
      const found = memory.forecastOf(view.get(region) ?? liveRegion(region));
      return typeof found === 'object' ? found : [];
    },
  };
}

interface Heard extends Partial<NonNullable<RegionIntensity['reading']>> {
  readonly region?: string;
  readonly intensity?: Partial<RegionIntensity>;
}
