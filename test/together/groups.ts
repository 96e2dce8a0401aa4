import { globSync } from 'node:fs';
import { sep } from 'node:path';

/** Rooms of `test/` whose test files share a process: to start one, and to load the sources, costs more than most files take. */
export const GROUPS = {
  asking: ['certs', 'cluster', 'sources', 'telemetry'],
  controlling: ['controllers'],
  judging: [
    'chart',
    'config',
    'control-plane',
    'decision',
    'documents',
    'capacity',
    'energy',
    'forecast',
    'packaging',
    'page',
    'regions',
    'scaling',
    'soak',
    'structure',
    'units',
    'watched',
  ],
  questioning: ['commands', 'demo', 'pages', 'questions', 'replica', 'terminal', 'world'],
  serving: ['attacks', 'webhook'],
} as const;

export type Group = keyof typeof GROUPS;

/** Test files with a process of their own, and why. */
export const ALONE: Readonly<Record<string, readonly string[]>> = {
  'starts processes of gridgate and waits for them: others may work meanwhile': [
    'test/commands/completion.test.ts',
    'test/commands/exit-codes.test.ts',
    'test/commands/kubectl-plugin.test.ts',
    'test/commands/old-node.test.ts',
    'test/commands/pipes.test.ts',
    'test/commands/uninstall/asking.test.ts',
    'test/questions/wait/wait.test.ts',
    'test/replica/any-address.test.ts',
    'test/replica/client-ca.test.ts',
    'test/replica/cluster-shutdown.test.ts',
    'test/replica/relative-bands.test.ts',
    'test/replica/reload.test.ts',
    'test/replica/serve.test.ts',
    'test/replica/shutdown.test.ts',
    'test/telemetry/log.test.ts',
    'test/terminal/terminal.test.ts',
  ],
  'sets the environment of its process': [
    'test/questions/spillover/cloudwatch.test.ts',
    'test/sources/aws-health.test.ts',
    'test/units/legible.test.ts',
  ],
  'makes keys for seconds: others may work meanwhile': ['test/controllers/certificates.test.ts'],
  'fills the memory and the connections of its process': ['test/webhook/receive-body.test.ts'],
};

const alone = new Set(Object.values(ALONE).flat());

/** All test files of these rooms but those that are alone. */
export function filesOf(rooms: readonly string[]): readonly string[] {
  return rooms.flatMap((room) => testFiles(`test/${room}/**`)).filter((file) => !alone.has(file));
}

/** Every test file that needs no control plane, from the repository's root. */
export function testFiles(folder = 'test/**'): readonly string[] {
  return globSync(`${folder}/*.test.ts`)
    .map((file) => file.replaceAll(sep, '/'))
    .sort();
}

/** What `node --test` is given: one file for each process. */
export function processes(): readonly string[] {
  return [...alone, ...Object.keys(GROUPS).map((group) => `test/together/${group}.ts`)];
}
