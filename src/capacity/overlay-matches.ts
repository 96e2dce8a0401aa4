import type { NodeOverlayFacts } from '../regions/node-overlay.ts';
import { NODE_POOL_LABEL, type NodePoolFacts } from '../regions/node-pool.ts';
import { CAPACITY_TYPE_LABEL, type OfferedType } from '../regions/offered-type.ts';
import { REGION_LABEL, ZONE_LABEL } from '../units/label-names.ts';
import { addBit, type Bits, createBits } from './bits.ts';
import { type Demands, demandsOf, type Match, meets, takes, type ValuesOf } from './match-overlay.ts';
import { INSTANCE_TYPE_LABEL } from './offered-types.ts';
import type { Spot } from './overlay-cells.ts';

export type Pool = Pick<NodePoolFacts, 'name' | 'labels'>;
export type Asking = Pick<NodeOverlayFacts, 'requirements'>;

/** The offerings that an overlay is for, by their place in the list. */
export interface MatchedSpots {
  /** The same for overlays that ask for the same of offerings. */
  readonly id: number;
  readonly certain: Bits;
  /** Those, and those of which nobody knows. */
  readonly possible: Bits;
  /** Whether it is certainly for all. */
  readonly isAll: boolean;
}

/**
 * What an overlay is for within a NodePool; `undefined`: nothing. What it asks for of offerings is looked at once, however many
 * NodePools and overlays ask the same.
 */
export type MatchIn = (overlay: Asking, pool: Pool | undefined) => MatchedSpots | undefined;

/** Domains under which clouds and Karpenter's providers label nodes by their type: elsewhere labels are those of templates. */
const LABEL_OF_PROVIDER =
  /^[^/]*karpenter[^/]*\/|^(?:[^/]+\.)?(?:kubernetes\.io|k8s\.io|k8s\.aws|amazonaws\.com|azure\.com|microsoft\.com|google\.com|gke\.io)\//;
/** Of the offering, whatever the template of a NodePool says. */
const OF_OFFERING = new Set([INSTANCE_TYPE_LABEL, ZONE_LABEL, CAPACITY_TYPE_LABEL]);

interface Asked {
  readonly demands: Demands;
  /** What it is for, by the labels that the NodePool has decided. */
  readonly without: Map<string, MatchedSpots>;
}

/** `arePoolsKnown`: without them nobody knows which labels their templates give. */
export function createMatchIn(spots: readonly Spot[], arePoolsKnown: boolean): MatchIn {
  const known = new Map<Asking, Asked>();
  const idsBy = new Map<string, number>();
  const matched: MatchedSpots[] = [];
  const byType = [...Map.groupBy(spots.keys(), (at) => spots[at]?.type)];

  function behind(overlay: Asking): Asked {
    const found = known.get(overlay) ?? { demands: demandsOf(overlay.requirements), without: new Map() };
    known.set(overlay, found);
    return found;
  }

  function lookAt(demands: Demands, id: number): MatchedSpots {
    const [certain, possible] = [createBits(spots.length), createBits(spots.length)];
    const ofSpots = [...demands.keys()].filter(isOfSpot);
    const ofTypes = [...demands.keys()].filter((key) => !isOfSpot(key));
    let isAll = true;
    const note = (at: number, match: Match) => {
      if (match !== 'no') addBit(possible, at);
      if (match === 'yes') addBit(certain, at);
      else isAll = false;
    };
    for (const [, places] of byType) {
      const ofType = matchKeys(demands, ofTypes, valuesAt(spots[places[0] ?? 0], arePoolsKnown));
      for (const at of places) {
        const isPossible = ofType !== 'no';
        note(at, isPossible ? worse(ofType, matchKeys(demands, ofSpots, valuesAt(spots[at], arePoolsKnown))) : 'no');
      }
    }
    return { id, certain, possible, isAll };
  }

  function lookOnce(demands: Demands): MatchedSpots {
    const text = textOf(demands);
    const id = idsBy.get(text) ?? idsBy.size;
    idsBy.set(text, id);
    const found = matched[id] ?? lookAt(demands, id);
    matched[id] = found;
    return found;
  }

  return (overlay, pool) => {
    const { demands, without } = behind(overlay);
    let ofPools = '';
    for (const [key, demand] of demands) {
      const value = valueOfPool(pool, key);
      if (value === undefined) continue;
      if (!takes(demand, value)) return undefined;
      ofPools += `${key} `;
    }
    const found =
      without.get(ofPools) ?? lookOnce(new Map([...demands].filter(([key]) => valueOfPool(pool, key) === undefined)));
    without.set(ofPools, found);
    return found;
  };
}

function valueOfPool(pool: Pool | undefined, key: string): string | undefined {
  return pool && !OF_OFFERING.has(key) && Object.hasOwn(pool.labels, key) ? pool.labels[key] : undefined;
}

function textOf(demands: Demands): string {
  return JSON.stringify(
    [...demands].map(([key, { values, ...rest }]) => [key, Object.values(rest).map(String), ...values]),
  );
}

/** What differs between offerings of one type. */
function isOfSpot(key: string): boolean {
  return key === ZONE_LABEL || key === CAPACITY_TYPE_LABEL || key === REGION_LABEL;
}

function matchKeys(demands: Demands, keys: readonly string[], valuesOf: ValuesOf): Match {
  let match: Match = 'yes';
  for (const key of keys) {
    const demand = demands.get(key);
    const answer = demand ? meets(demand, valuesOf(key)) : 'yes';
    if (answer === 'no') return 'no';
    match = worse(match, answer);
  }
  return match;
}

function worse(a: Match, b: Match): Match {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'unknown' || b === 'unknown' ? 'unknown' : 'yes';
}

/**
 * | label                        | its values                                                             |
 * | ---------------------------- | ---------------------------------------------------------------------- |
 * | instance type, zone          | known                                                                  |
 * | capacity type, region        | of the offering, where it says so                                      |
 * | of the NodePool's template   | decided before                                                         |
 * | any other                    | of the type; absent where all of its labels are known, or no provider of Karpenter would set it |
 */
function valuesAt(spot: Spot | undefined, arePoolsKnown: boolean): ValuesOf {
  return (key) => (spot ? (valuesOfSpot(spot, key) ?? valuesOfOthers(spot.type, key, arePoolsKnown)) : 'absent');
}

function valuesOfSpot(spot: Spot, key: string): ReturnType<ValuesOf> | undefined {
  const { type, offering } = spot;
  const ofOffering = valueOfOffering(spot, key);
  if (ofOffering !== undefined) return [ofOffering];
  const ofType = Object.hasOwn(type.labels, key) ? type.labels[key] : undefined;
  if (ofType) return ofType.length > 0 ? ofType : 'absent';
  return key === REGION_LABEL && offering.region !== undefined && !type.knowsAllLabels ? [offering.region] : undefined;
}

function valuesOfOthers({ knowsAllLabels }: OfferedType, key: string, arePoolsKnown: boolean): 'absent' | 'unknown' {
  if (key === NODE_POOL_LABEL) return 'unknown';
  const areAllKnown = LABEL_OF_PROVIDER.test(key) ? knowsAllLabels : arePoolsKnown;
  return areAllKnown ? 'absent' : 'unknown';
}

function valueOfOffering({ type, offering: { zone, capacityType } }: Spot, key: string): string | undefined {
  if (key === INSTANCE_TYPE_LABEL) return type.name;
  if (key === ZONE_LABEL) return zone;
  return key === CAPACITY_TYPE_LABEL ? capacityType : undefined;
}
