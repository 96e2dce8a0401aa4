import { INSTANCE_TYPE_LABEL } from '../../capacity/offered-types.ts';
import type { NodeOverlayFacts } from '../../regions/node-overlay.ts';
import type { OfferedType, Offering } from '../../regions/offered-type.ts';
import { compareText } from '../../units/compare-text.ts';
import { ZONE_LABEL } from '../../units/label-names.ts';
import { DAY_MS } from '../../units/moment.ts';

/** Far more than a cloud has. */
const MOST = 5_000;

interface Seen<T> {
  readonly one: T;
  readonly at: number;
}

export interface SeenTypes {
  /**
   * The types that a cluster shows now, and those that it showed within the day, in all zones of both. The first time those that
   * overlays of ours are for count as shown: a leader before this one saw them.
   */
  add(types: readonly OfferedType[], priced: Iterable<Pick<NodeOverlayFacts, 'requirements'>>): readonly OfferedType[];
  clear(): void;
}

/**
 * Keeps instance types and zones for a day after their last node went: they are likely to come again, and overlays would be written
 * and deleted with every node that comes and goes. `now` in milliseconds since any fixed moment.
 */
export function createSeenTypes(now: () => number): SeenTypes {
  const types = new Map<string, Seen<OfferedType>>();
  const zones = new Map<string, Seen<Offering>>();
  let isSeeded = false;

  function noteAll(shown: readonly OfferedType[]): void {
    for (const one of shown) {
      note(types, one.name, largerOf(types.get(one.name)?.one, one), now());
      for (const offering of one.offerings) note(zones, offering.zone, offering, now());
    }
  }

  return {
    add(shown, priced) {
      if (!isSeeded) noteAll(typesIn(priced));
      isSeeded = true;
      noteAll(shown);
      const offerings = stillSeen(zones, now() - DAY_MS);
      return stillSeen(types, now() - DAY_MS).map((type) => ({ ...type, offerings }));
    },
    clear() {
      types.clear();
      zones.clear();
      isSeeded = false;
    },
  };
}

/** What overlays are for; of the size of types, and of where zones are, they say nothing but names. */
function typesIn(overlays: Iterable<Pick<NodeOverlayFacts, 'requirements'>>): readonly OfferedType[] {
  return [...overlays].flatMap(({ requirements }) => {
    const valuesOf = (label: string) => requirements.find(({ key }) => key === label)?.values ?? [];
    const offerings = valuesOf(ZONE_LABEL).map((zone) => ({ zone }));
    return valuesOf(INSTANCE_TYPE_LABEL).map((name) => ({ name, labels: {}, knowsAllLabels: false, offerings }));
  });
}

/** Nodes of one type keep more or less of it for themselves: the largest that was seen says how large it is. */
function largerOf(before: OfferedType | undefined, now: OfferedType): OfferedType {
  const larger = (a: number | undefined, b: number | undefined) =>
    a === undefined ? b : b === undefined ? a : Math.max(a, b);
  return {
    ...now,
    vcpus: larger(before?.vcpus, now.vcpus),
    memoryGb: larger(before?.memoryGb, now.memoryGb),
    accelerators: larger(before?.accelerators, now.accelerators),
    labels: { ...before?.labels, ...now.labels },
  };
}

function note<T>(seen: Map<string, Seen<T>>, key: string, one: T, at: number): void {
  seen.delete(key); // the latest stands last
  seen.set(key, { one, at });
  const [oldest] = seen.keys();
  if (seen.size > MOST && oldest !== undefined) seen.delete(oldest);
}

function stillSeen<T>(seen: Map<string, Seen<T>>, since: number): readonly T[] {
  for (const [key, { at }] of seen) if (at < since) seen.delete(key);
  return [...seen].sort(([a], [b]) => compareText(a, b)).map(([, { one }]) => one);
}
