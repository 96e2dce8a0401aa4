import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { skip } from '../control-plane/assets.ts';
import type { NodeSpec } from '../control-plane/nodes.ts';
import { podsSkip } from '../control-plane/process-kubelet/kubelet.ts';
import { howItRuns } from './how-it-runs.ts';
import { type PageCluster, startPageCluster } from './page-cluster.ts';
import { blocksOf, commandsOf, type ShownCommand } from './pages.ts';
import { GETTING_STARTED, REMOVAL, SCENES, type Scene } from './scenes.ts';
import { missingLine } from './shown-output.ts';

/** Of coreutils. */
const TIMED_OUT = 124;

describe('what pages show is what happens', { skip: skip || podsSkip, timeout: 600_000 }, () => {
  let cluster: PageCluster;
  const started = commandsToRun(GETTING_STARTED);
  const removal = started.findIndex(({ text }) => text === REMOVAL);

  before(async () => {
    assert.ok(removal > 0, `${GETTING_STARTED} has no ${REMOVAL}`);
    cluster = await startPageCluster(nodesOfKind());
  });
  after(() => cluster?.stop());

  async function run(command: ShownCommand, { env = {} }: Partial<Scene> = {}): Promise<void> {
    const { text, output, page, line } = command;
    const isEndless = / (?:-w|--watch)\b/.test(text);
    const { code, stdout, stderr } = await cluster.run(isEndless ? `timeout 5 ${text}` : text, env);
    const seen = `${page}:${line}: ${text}\n${stdout}${stderr}`;
    const isRefused = output.some((one) => /^error\b/i.test(one));
    // What finds something and shows it has done its work.
    const isFinding = code === 1 && output.length > 0;
    const isWatched = isEndless && code === TIMED_OUT;
    assert.ok(isRefused ? code !== 0 : code === 0 || isFinding || isWatched, `exit code ${code} of ${seen}`);
    assert.equal(missingLine(output, stdout + stderr), undefined, `is not what comes of ${seen}`);
  }

  async function prepare({ files = {}, before = [], karpenter }: Scene): Promise<void> {
    if (karpenter) await cluster.controlPlane.installKarpenter();
    for (const [name, contents] of Object.entries(files)) {
      mkdirSync(dirname(join(cluster.checkout, name)), { recursive: true });
      writeFileSync(join(cluster.checkout, name), contents);
    }
    for (const line of before) {
      const { code, stdout, stderr } = await cluster.run(line);
      assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
    }
  }

  for (const command of started.slice(0, removal)) test(nameOf(command), () => run(command));
  for (const scene of SCENES)
    describe(scene.page, () => {
      before(() => prepare(scene));
      for (const command of commandsToRun(scene.page)) test(nameOf(command), () => run(command, scene));
    });
  for (const command of started.slice(removal)) test(nameOf(command), () => run(command));
});

function nameOf({ page, line, text }: ShownCommand): string {
  return `${page}:${line} ${text.split('\n', 1)[0]}`;
}

function commandsToRun(page: string): readonly ShownCommand[] {
  return blocksOf(page)
    .flatMap(commandsOf)
    .filter((command) => howItRuns(command).how === 'here');
}

/** The nodes of the kind cluster that getting started describes, three for each of its workers. */
function nodesOfKind(): readonly NodeSpec[] {
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
