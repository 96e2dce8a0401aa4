import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { skip } from '../control-plane/assets.ts';
import { podsSkip } from '../control-plane/process-kubelet/kubelet.ts';
import { COLUMNS, readCast, sessionOf, wrapped } from '../demo/cast.ts';
import { commandsToRun, nodesOfKind } from './getting-started.ts';
import { type PageCluster, startPageCluster } from './page-cluster.ts';
import type { ShownCommand } from './pages.ts';
import { GETTING_STARTED, REMOVAL, SCENES, type Scene } from './scenes.ts';
import { missingLine } from './shown-output.ts';

const WIDTH = { COLUMNS: String(COLUMNS) };
/** Of coreutils. */
const TIMED_OUT = 124;

describe('what pages show is what happens', { skip: skip || podsSkip, timeout: 600_000 }, () => {
  let cluster: PageCluster;
  const started = commandsToRun(GETTING_STARTED);
  const recorded = [...sessionOf(readCast())];
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
    if (page !== GETTING_STARTED || recorded[0]?.command !== text) return;
    const { output: inDemo = [] } = recorded.shift() ?? {};
    assert.equal(
      missingLine(inDemo, (stdout + stderr).split('\n').flatMap(wrapped).join('\n')),
      undefined,
      `the demo shows something else: npm run record-demo\n${seen}`,
    );
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

  for (const command of started.slice(0, removal)) test(nameOf(command), () => run(command, { env: WIDTH }));
  for (const scene of SCENES)
    describe(scene.page, () => {
      before(() => prepare(scene));
      for (const command of commandsToRun(scene.page)) test(nameOf(command), () => run(command, scene));
    });
  for (const command of started.slice(removal)) test(nameOf(command), () => run(command, { env: WIDTH }));
});

function nameOf({ page, line, text }: ShownCommand): string {
  return `${page}:${line} ${text.split('\n', 1)[0]}`;
}
