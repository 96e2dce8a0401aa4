import { NODE_POOL_LABEL, type PoolRequirement } from '../regions/node-pool.ts';
import { CAPACITY_TYPE_LABEL } from '../regions/offered-type.ts';
import { compareText } from '../units/compare-text.ts';
import { ZONE_LABEL } from '../units/label-names.ts';
import { INSTANCE_TYPE_LABEL } from './offered-types.ts';
import type { Cell } from './overlay-cells.ts';

/** Offerings that always have the same price: what one overlay of ours matches. */
export interface CellGroup<G> {
  readonly group: G;
  readonly requirements: readonly PoolRequirement[];
  readonly types: number;
}

/** Karpenter compares each list with every instance type of every NodePool, and an object should stay readable. */
const MOST_VALUES = 100;

/** What a set of offerings has beside type and zone; absent where all values are alike. */
interface Beside {
  readonly capacityType?: string;
  readonly pools?: readonly string[];
}

interface Entry<G> extends Beside {
  readonly group: G;
  readonly type: string;
  readonly zone: string;
}

/** A cell and its group, if it has one. */
export type Grouped<G> = { readonly cell: Cell; readonly group: G | undefined };

/**
 * Requirements that together match exactly the cells with a group, each cell by one of them alone: instance types x zones, and
 * capacity type and NodePool only where these have groups of their own. A step for each type, whose cells stand together, and for
 * each group.
 */
export function* groupCells<G extends object>(cells: readonly Grouped<G>[]): Generator<void, readonly CellGroup<G>[]> {
  const byGroup = new Map<G, Entry<G>[]>();
  for (const ofType of runsOf(cells)) {
    for (const ofPlace of Map.groupBy(ofType, ({ cell }) => cell.offering.zone).values())
      for (const entry of entriesAt(ofPlace)) {
        const alike = byGroup.get(entry.group);
        if (alike) alike.push(entry);
        else byGroup.set(entry.group, [entry]);
      }
    yield;
  }
  const groups: CellGroup<G>[] = [];
  for (const [group, ofGroup] of byGroup) {
    const besides = Map.groupBy(ofGroup, ({ capacityType, pools }) => JSON.stringify([capacityType, pools]));
    for (const alike of besides.values()) groups.push(...rectanglesOf(group, alike));
    yield;
  }
  return groups;
}

/** Cells of one type after the other. */
function* runsOf<G>(cells: readonly Grouped<G>[]): Generator<readonly Grouped<G>[]> {
  for (let from = 0, to = 0; from < cells.length; from = to) {
    while (to < cells.length && cells[to]?.cell.type === cells[from]?.cell.type) to++;
    yield cells.slice(from, to);
  }
}

/** What one type in one zone comes to: as few entries as its capacity types and NodePools leave. */
function entriesAt<G>(found: readonly Grouped<G>[]): readonly Entry<G>[] {
  const [first] = found;
  if (!first) return [];
  const place = { type: first.cell.type.name, zone: first.cell.offering.zone };
  const whole = onlyOne(found);
  if (whole) return whole.group === undefined ? [] : [{ ...place, group: whole.group }];
  const byPools = [...Map.groupBy(found, ({ cell }) => cell.pools).values()];
  if (byPools.every((alike) => onlyOne(alike)))
    return byPoolsOf(
      place,
      {},
      byPools.flatMap(([one]) => one ?? []),
    );
  const byCapacityType = Map.groupBy(found, ({ cell }) => cell.offering.capacityType);
  return [...byCapacityType].flatMap(([capacityType, alike]) => {
    const beside = capacityType === undefined ? {} : { capacityType };
    const one = onlyOne(alike);
    if (one) return one.group === undefined ? [] : [{ ...place, ...beside, group: one.group }];
    return byPoolsOf(place, beside, alike);
  });
}

/** One entry for all NodePools with the same group. */
function byPoolsOf<G>(
  place: Pick<Entry<G>, 'type' | 'zone'>,
  beside: Beside,
  found: readonly Grouped<G>[],
): readonly Entry<G>[] {
  return [...Map.groupBy(found, ({ group }) => group)].flatMap(([group, alike]) => {
    if (group === undefined) return [];
    const pools = alike.flatMap(({ cell }) => cell.pools.names ?? []).sort(compareText);
    return [{ ...place, ...beside, ...(pools.length > 0 && { pools }), group }];
  });
}

function onlyOne<G>(
  found: readonly { readonly group: G | undefined }[],
): { readonly group: G | undefined } | undefined {
  const [first] = found;
  return first && found.every(({ group }) => group === first.group) ? first : undefined;
}

/** Types in the same zones go together. */
function rectanglesOf<G>(group: G, entries: readonly Entry<G>[]): readonly CellGroup<G>[] {
  const [first] = entries;
  const zonesOfType = Map.groupBy(entries, ({ type }) => type);
  const byZones = Map.groupBy(zonesOfType, ([, ofType]) =>
    JSON.stringify(ofType.map(({ zone }) => zone).sort(compareText)),
  );
  return [...byZones].flatMap(([zones, alike]) => {
    const types = alike.map(([type]) => type).sort(compareText);
    const lists = [
      ...listed(INSTANCE_TYPE_LABEL, types),
      ...listed(ZONE_LABEL, JSON.parse(zones)),
      ...listed(CAPACITY_TYPE_LABEL, first?.capacityType === undefined ? [] : [first.capacityType]),
      ...listed(NODE_POOL_LABEL, first?.pools ?? []),
    ];
    return productOf(lists).map((requirements) => ({
      group,
      requirements,
      types: requirements.find(({ key }) => key === INSTANCE_TYPE_LABEL)?.values?.length ?? 0,
    }));
  });
}

/** A requirement on a label for each so many of its values; none where no value is asked for. */
function listed(key: string, values: readonly string[]): readonly (readonly PoolRequirement[])[] {
  const pieces: PoolRequirement[] = [];
  for (let from = 0; from < values.length; from += MOST_VALUES)
    pieces.push({ key, operator: 'In', values: values.slice(from, from + MOST_VALUES) });
  return pieces.length === 0 ? [] : [pieces];
}

function productOf(lists: readonly (readonly PoolRequirement[])[]): readonly (readonly PoolRequirement[])[] {
  return lists.reduce<readonly (readonly PoolRequirement[])[]>(
    (all, pieces) => all.flatMap((chosen) => pieces.map((piece) => [...chosen, piece])),
    [[]],
  );
}
