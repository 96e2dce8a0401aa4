import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A group of processes that are killed when together they take more memory than this. */
export interface MemoryCgroup {
  readonly directory: string;
  /** How often the kernel killed one for it. */
  kills(): number;
  /** The most that was taken, bytes; 0 where the kernel does not tell. */
  peakBytes(): number;
  remove(): void;
}

interface Version {
  readonly root: string;
  /** What must be there and writable. */
  readonly isThere: () => boolean;
  readonly limit: string;
  readonly events: string;
  readonly peak: string;
}

const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/memory';

const VERSIONS: readonly Version[] = [
  {
    root: V2,
    isThere: () => read(join(V2, 'cgroup.subtree_control')).includes('memory'),
    limit: 'memory.max',
    events: 'memory.events',
    peak: 'memory.peak',
  },
  {
    root: V1,
    isThere: () => existsSync(join(V1, 'memory.limit_in_bytes')),
    limit: 'memory.limit_in_bytes',
    events: 'memory.oom_control',
    peak: 'memory.max_usage_in_bytes',
  },
];

/** A new group; `undefined` where this machine, or this user, makes none. */
export function createMemoryCgroup(bytes: number): MemoryCgroup | undefined {
  const version = VERSIONS.find(({ isThere }) => isThere());
  if (!version) return undefined;
  const directory = join(version.root, `gridgate-test-${process.pid}`);
  try {
    mkdirSync(directory);
    writeFileSync(join(directory, version.limit), String(bytes));
  } catch {
    return undefined;
  }
  return {
    directory,
    kills: () => Number(/^oom_kill (\d+)$/m.exec(read(join(directory, version.events)))?.[1] ?? 0),
    peakBytes: () => Number(read(join(directory, version.peak)) || 0),
    remove: () => rmdirSync(directory),
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
