import type { Reading, Signal } from '../../regions/reading.ts';
import type { Condition } from '../../regions/region-status.ts';
import type { Attempt } from '../../sources/intensity/feed.ts';

const LONGEST_MESSAGE = 1_024;

interface Facts {
  readonly reading: Reading | undefined;
  readonly policySignal: Signal;
  /** Whether a grid zone is known for the region. */
  readonly hasZone: boolean;
  /** How asking each source went; none were asked for a fixed value. */
  readonly attempts: readonly Attempt[];
}

type Said = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/**
 * | type             | status    | reason          | when                                          |
 * | ---------------- | --------- | --------------- | --------------------------------------------- |
 * | `Ready`          | `True`    | `FixedValue`    | the spec's own value counts                   |
 * | `Ready`          | `True`    | `Measured`      | a fresh measurement counts                    |
 * | `Ready`          | `True`    | `Stale`         | a measurement of some hours ago counts        |
 * | `Ready`          | `True`    | `YearlyAverage` | the average of the grid zone counts           |
 * | `Ready`          | `False`   | `OtherSignal`   | the only reading compares with no other       |
 * | `Ready`          | `False`   | `NoZone`        | nobody knows, nor which grid zone it is in    |
 * | `Ready`          | `False`   | `NoReading`     | nobody knows                                  |
 * | `SourcesHealthy` | `True`    | `Answering`     | every source that was asked answered          |
 * | `SourcesHealthy` | `False`   | `Failing`       | one of them failed; the message says how      |
 * | `SourcesHealthy` | `Unknown` | `NotAsked`      | a fixed value, or no source covers the region |
 */
export function conditionsOf(facts: Facts): readonly Said[] {
  return [readyOf(facts), healthOf(facts)].map((said) => ({
    ...said,
    message: said.message.slice(0, LONGEST_MESSAGE),
  }));
}

function readyOf({ reading, policySignal, hasZone }: Facts): Said {
  const type = 'Ready';
  if (!reading && !hasZone)
    return {
      type,
      status: 'False',
      reason: 'NoZone',
      message: 'no grid zone is known for this name: spec.gridZone says which',
    };
  if (!reading) return { type, status: 'False', reason: 'NoReading', message: 'no source knows its intensity' };
  const { source, signal, freshness } = reading;
  if (signal !== policySignal) {
    const message = `${source} counts ${signal}, which is shown but never compared with ${policySignal}`;
    return { type, status: 'False', reason: 'OtherSignal', message };
  }
  if (source === 'static') return { type, status: 'True', reason: 'FixedValue', message: 'spec.gramsPerKwh counts' };
  if (freshness === 'embedded')
    return { type, status: 'True', reason: 'YearlyAverage', message: 'the yearly average of its grid zone counts' };
  if (freshness === 'stale')
    return { type, status: 'True', reason: 'Stale', message: `the last good value of ${source} counts` };
  return { type, status: 'True', reason: 'Measured', message: `a fresh value of ${source} counts` };
}

function healthOf({ attempts }: Facts): Said {
  const type = 'SourcesHealthy';
  const asked = attempts.filter(({ outcome }) => outcome !== 'not_covered');
  if (asked.length === 0) return { type, status: 'Unknown', reason: 'NotAsked', message: 'no source was asked' };
  const failed = asked.filter(({ outcome }) => outcome !== 'ok');
  if (failed.length === 0) {
    const names = asked.map(({ source }) => source).join(', ');
    return { type, status: 'True', reason: 'Answering', message: `${names} answered` };
  }
  const message = failed.map(({ source, outcome, message: why }) => `${source}: ${outcome}: ${why}`).join('; ');
  return { type, status: 'False', reason: 'Failing', message };
}

const OWN = new Set(['Ready', 'SourcesHealthy']);

/** Others may keep conditions of their own beside ours. */
export function ownConditions(conditions: readonly Condition[] = []): readonly Condition[] {
  return conditions.filter(({ type }) => OWN.has(type));
}

/** Conditions for a status: what is said as before keeps its time, and its words where only figures in them changed. */
export function carryOver(
  said: readonly Said[],
  before: readonly Condition[] | undefined,
  { now, generation }: { readonly now: number; readonly generation: number },
): readonly Condition[] {
  return said.map((one) => {
    const last = before?.find(({ type }) => type === one.type);
    const isSame = last?.reason === one.reason && wordsOf(last.message) === wordsOf(one.message);
    return {
      type: one.type,
      status: one.status,
      observedGeneration: generation,
      lastTransitionTime: last?.status === one.status ? last.lastTransitionTime : now,
      reason: one.reason,
      message: isSame ? last.message : one.message,
    };
  });
}

/** A countdown in a message is no news. */
function wordsOf(message: string): string {
  return message.replace(/\d+/g, '#');
}
