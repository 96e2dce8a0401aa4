import assert from 'node:assert/strict';
import { parse } from 'yaml';
import type { NodeSpec } from '../control-plane/nodes.ts';
import { howItRuns } from './how-it-runs.ts';
import { blocksOf, commandsOf, type ShownCommand } from './pages.ts';
import { GETTING_STARTED } from './scenes.ts';

/** What of a page is run here, in its order. */
export function commandsToRun(page: string): readonly ShownCommand[] {
  return blocksOf(page)
    .flatMap(commandsOf)
    .filter((command) => howItRuns(command).how === 'here');
}

/** The nodes of the kind cluster that getting started describes, three for each of its workers. */
export function nodesOfKind(): readonly NodeSpec[] {
  const kind = blocksOf(GETTING_STARTED)
    .flatMap(commandsOf)
    .find(({ text }) => text.startsWith('kind create cluster'));
  const [, document = ''] = /<<EOF\n([\s\S]*)\nEOF$/.exec(kind?.text ?? '') ?? [];
  const workers = (parse(document)?.nodes ?? []).filter(({ role }: { role: string }) => role === 'worker');
  assert.ok(workers.length > 1, 'no workers in the kind cluster of getting started');
  return workers.flatMap(({ labels }: { labels: Record<string, string> }, worker: number) =>
    [1, 2, 3].map((number) => ({ name: `kind-worker${worker}-${number}`, labels })),
  );
}
