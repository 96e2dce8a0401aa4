import type { Source } from './coefficients.ts';
import type { Arch } from './instance-type.ts';

interface IdleWatts extends Source {
  readonly instanceType: string;
  readonly idleWatts: number;
  readonly vcpus: number;
  readonly arch: Arch;
}

const MEASURED = 'one measured fleet, src/energy/README.md';

/** Idle watts of whole instances, in the fleet that met the spike of the static CPU manager. */
export const IDLE_WATTS: readonly IdleWatts[] = [
  { instanceType: 'm7g.large', idleWatts: 12.5, vcpus: 2, arch: 'arm64', source: MEASURED, year: 2026 },
  { instanceType: 'c7g.2xlarge', idleWatts: 28.3, vcpus: 8, arch: 'arm64', source: MEASURED, year: 2026 },
  { instanceType: 'm6i.xlarge', idleWatts: 21.7, vcpus: 4, arch: 'amd64', source: MEASURED, year: 2026 },
];

/** Idle watts of a node of which not even the vCPUs are known. */
export const UNKNOWN_IDLE_WATTS = 15;
