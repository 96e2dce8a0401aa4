import type { Basis } from '../../energy/basis.ts';
import { idlePowerOf } from '../../energy/instance-power.ts';
import type { PowerTable } from '../../energy/power-table.ts';
import type { CpuManagerPolicy } from './cpu-manager-policy.ts';
import type { FleetNode } from './fleet-node.ts';
import type { IdleWatts } from './preflight-report.ts';

/** What the static CPU manager makes of idle power, by architecture (as one fleet was measured, see src/energy/README.md). */
export const STATIC_FACTORS: ReadonlyMap<string, number> = new Map([
  ['arm64', 1.18],
  ['amd64', 1.101],
]);

export interface PowerSources {
  readonly table: PowerTable;
  /** Of the static CPU manager, by architecture; 1 for any other. */
  readonly factors: ReadonlyMap<string, number>;
  /** Watts by node, where somebody measured them. */
  readonly measured: ReadonlyMap<string, number>;
}

interface NodePower extends IdleWatts {
  readonly basis: Basis;
  /** In words: 'embedded table', 'measured', ... */
  readonly how: string;
}

/**
 * Table watts * factor under `static`, table watts under `none`. A measurement includes the policy of its node already:
 *
 * | watts from  | policy | drawn            | under none       | under static      |
 * | ----------- | ------ | ---------------- | ---------------- | ----------------- |
 * | table       | static | watts * factor   | watts            | watts * factor    |
 * | table       | none   | watts            | watts            | watts * factor    |
 * | measurement | static | watts            | watts / factor   | watts             |
 * | measurement | none   | watts            | watts            | watts * factor    |
 */
export function powerOfNode(node: FleetNode, policy: CpuManagerPolicy, sources: PowerSources): NodePower {
  const factor = factorOf(node.arch, sources.factors);
  const isStatic = policy === 'static';
  const measured = sources.measured.get(node.name);
  if (measured !== undefined) {
    const wattsUnderNone = isStatic ? measured / factor : measured;
    const wattsUnderStatic = isStatic ? measured : measured * factor;
    return { watts: measured, wattsUnderNone, wattsUnderStatic, basis: 'measured', how: 'measured' };
  }
  const { watts: wattsUnderNone, basis, how } = idlePowerOf(node, sources.table);
  const wattsUnderStatic = wattsUnderNone * factor;
  return { watts: isStatic ? wattsUnderStatic : wattsUnderNone, wattsUnderNone, wattsUnderStatic, basis, how };
}

/** 1 where nobody measured the architecture. */
export function factorOf(arch: string | undefined, factors: ReadonlyMap<string, number>): number {
  return factors.get(arch ?? '') ?? 1;
}
