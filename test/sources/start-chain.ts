import { createIntensityChain, type IntensityChainDeps } from '../../src/sources/intensity/chain.ts';
import type { ForecastPoint, IntensitySource, Measurement, SourceName } from '../../src/sources/intensity/source.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const START = Date.parse('2026-11-22T12:00:00Z');

/** No grid zone of the embedded data. */
export const CELLAR = { name: 'cellar', gridZone: 'my-cellar' };

export function measured(gramsPerKwh: number, overrides: Partial<Measurement> = {}): Measurement {
  return {
    gramsPerKwh,
    signal: 'average-lifecycle',
    measuredAt: START,
    stepMs: HOUR,
    estimated: false,
    ...overrides,
  };
}

/** What a source does when it is asked: a value to answer, an error to reject with, or a function of its own. */
type Script<T> = T | Error | ((zone: string, abort: AbortSignal) => Promise<T>);

export interface Scripts {
  current: Script<Measurement>;
  forecast?: Script<readonly ForecastPoint[]>;
  history?: Script<readonly Measurement[]>;
}

export interface ScriptedSource extends IntensitySource {
  /** May be changed between two questions. */
  readonly scripts: Scripts;
  /** Every question, e.g. `current DE`. */
  readonly asked: string[];
}

export function scripted(name: SourceName, scripts: Scripts): ScriptedSource {
  const asked: string[] = [];

  function play<K extends keyof Scripts, T>(what: K) {
    return async (zone: string, abort: AbortSignal): Promise<T> => {
      asked.push(`${what} ${zone}`);
      const script = scripts[what] as Script<T>;
      if (script instanceof Error) throw script;
      return typeof script === 'function'
        ? (script as (zone: string, abort: AbortSignal) => Promise<T>)(zone, abort)
        : script;
    };
  }

  return {
    name,
    scripts,
    asked,
    zoneOf: ({ gridZone }) => gridZone,
    current: play('current'),
    ...(scripts.forecast && { forecast: play('forecast') }),
    ...(scripts.history && { history: play('history') }),
  };
}

/** A chain with a clock of its own, retries without delay and no deadline. */
export function startChain(sources: readonly IntensitySource[], overrides: Partial<IntensityChainDeps> = {}) {
  const requests: string[] = [];
  let now = START;
  const chain = createIntensityChain({
    sources,
    clock: () => now,
    random: () => 0,
    deadline: () => new AbortController().signal,
    onRequest: (source, outcome) => void requests.push(`${source} ${outcome}`),
    ...overrides,
  });
  return {
    ...chain,
    requests,
    advance(ms: number) {
      now += ms;
    },
  };
}
