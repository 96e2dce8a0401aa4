import type { Basis } from './basis.ts';
import { type KnownNode, knowNode, type NodeShape } from './node-shape.ts';
import { type PowerTable, UNKNOWN_IDLE_WATTS } from './power-table.ts';

export interface IdlePower {
  readonly watts: number;
  readonly basis: Basis;
  /** In words: 'embedded table', 'own table', 'family m7g by vCPU', '4 vCPU', 'default'. */
  readonly how: string;
}

/** Watts and vCPUs of the entries that resemble one another. */
interface Pool {
  readonly watts: number;
  readonly vcpus: number;
}

interface Sample extends Pool {
  readonly family?: string | undefined;
  readonly arch?: string | undefined;
}

/** What may stand for a type that is in no table, each kind by itself and own entries instead of embedded ones. */
interface Pools {
  readonly byFamily: ReadonlyMap<string, Pool>;
  readonly byArch: ReadonlyMap<string, Pool>;
  readonly all: Pool;
}

/** Kept, since tables never change and a fleet asks for each of its nodes. */
const poolsOf = new WeakMap<PowerTable, Pools>();

/**
 * Idle watts of a node, by the first that is known: its instance type; its vCPUs times watts per vCPU of its family's
 * entries; the same of its architecture's entries, or of all where that has none; 15 W. Watts per vCPU are the watts of
 * such entries over their vCPUs, so that each vCPU counts alike: arm64 (12.5 + 28.3) / (2 + 8) = 4.08, amd64
 * 21.7 / 4 = 5.425. Where an own table has such entries, the embedded ones do not count.
 */
export function idlePowerOf(node: NodeShape, table: PowerTable): IdlePower {
  const entry = table.instances.get(node.instanceType ?? '');
  if (entry?.idleWatts !== undefined)
    return { watts: entry.idleWatts, basis: 'looked-up', how: entry.isOwn ? 'own table' : 'embedded table' };
  const known = knowNode(node, table);
  return { ...estimate(known, table), basis: 'estimated' };
}

function estimate({ family, vcpus, arch }: KnownNode, table: PowerTable): Pick<IdlePower, 'watts' | 'how'> {
  if (vcpus === undefined) return { watts: UNKNOWN_IDLE_WATTS, how: 'default' };
  const { byFamily, byArch, all } = poolsFor(table);
  const ofFamily = byFamily.get(family ?? '');
  if (ofFamily) return { watts: perVcpu(ofFamily) * vcpus, how: `family ${family} by vCPU` };
  const pool = byArch.get(arch ?? '') ?? all;
  if (pool.vcpus === 0) return { watts: UNKNOWN_IDLE_WATTS, how: 'default' };
  return { watts: perVcpu(pool) * vcpus, how: `${Number(vcpus.toFixed(2))} vCPU` };
}

function perVcpu({ watts, vcpus }: Pool): number {
  return watts / vcpus;
}

function poolsFor(table: PowerTable): Pools {
  const known = poolsOf.get(table);
  if (known) return known;
  const own = samplesOf(table, true);
  const embedded = samplesOf(table, false);
  const pools = {
    byFamily: new Map([...pool(embedded, ({ family }) => family), ...pool(own, ({ family }) => family)]),
    byArch: new Map([...pool(embedded, ({ arch }) => arch), ...pool(own, ({ arch }) => arch)]),
    all: sum(own.length > 0 ? own : embedded),
  };
  poolsOf.set(table, pools);
  return pools;
}

function samplesOf(table: PowerTable, isOwn: boolean): Sample[] {
  return [...table.instances].flatMap(([instanceType, { isOwn: isThisOwn, idleWatts }]) => {
    const { family, vcpus, arch } = knowNode({ instanceType }, table);
    if (isThisOwn !== isOwn || idleWatts === undefined || vcpus === undefined) return [];
    return [{ family, arch, watts: idleWatts, vcpus }];
  });
}

function pool(samples: readonly Sample[], keyOf: (sample: Sample) => string | undefined): [string, Pool][] {
  const groups = Map.groupBy(samples, keyOf);
  return [...groups].flatMap(([key, group]) => (key === undefined ? [] : [[key, sum(group)]]));
}

function sum(pools: readonly Pool[]): Pool {
  return pools.reduce((all, { watts, vcpus }) => ({ watts: all.watts + watts, vcpus: all.vcpus + vcpus }), {
    watts: 0,
    vcpus: 0,
  });
}
