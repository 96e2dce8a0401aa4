import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { DEFAULT_CONFIG, type GridgateConfig, readConfig } from '../../src/config/config-file.ts';
import type { BandMode } from '../../src/regions/band.ts';
import { createLiveConfig } from '../../src/replica/live-config.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { pollUntil } from '../control-plane/poll.ts';

const FIRST = 'policy: {mode: warn}\nsources: [{type: uk-carbon-intensity}]\n';

/** What stands for a file that is not there. */
const ABSENT = '';

async function follow(
  test: TestContext,
  defaultRegion?: string,
  bands?: BandMode,
  taintNodes?: boolean,
  text: string | undefined = FIRST,
) {
  const path = join(makeTemporaryDirectory(test), 'gridgate.yaml');
  if (text !== ABSENT) writeFileSync(path, text);
  const initial = await readConfig(path, { mayBeAbsent: text === ABSENT });
  assert.ok('config' in initial);
  const log: Record<string, unknown>[] = [];
  const changes: (readonly [next: GridgateConfig, previous: GridgateConfig])[] = [];
  const problems: (string | undefined)[] = [];
  const live = createLiveConfig({
    path,
    initial,
    defaultRegion,
    bands,
    taintNodes,
    log: createLog({ level: 'info', destination: { write: (line) => log.push(JSON.parse(line)) } }),
    onChange: (...change) => changes.push(change),
    onProblem: () => problems.push(live.problem()),
    intervalMs: 10,
  });
  test.after(live.stop);
  const write = async (text: string) => {
    const before = log.length;
    writeFileSync(path, text);
    return pollUntil({ what: 'a log line', probe: () => log[before], deadlineMs: 60_000 });
  };
  return { path, live, log, changes, problems, write, first: initial.config };
}

describe('gridgate.yaml while gridgate runs', { concurrency: 4 }, () => {
  it('counts as it was read, at once', async (t) => {
    const { live, first, changes } = await follow(t, 'eu-north');
    assert.equal(live.current(), first);
    assert.deepEqual([live.rules().defaults.mode, live.rules().defaults.homeRegion], ['warn', 'eu-north']);
    assert.deepEqual(changes, []);
  });

  it('counts anew when it changes; sections that did not are the same objects', async (t) => {
    const { live, write, changes, first } = await follow(t);
    const rules = live.rules();
    const { msg, changed } = await write(`${FIRST}limits: {max-intensity: 100}\nbands: {thresholds: [1, 2]}\n`);
    assert.deepEqual([msg, changed], ['configuration reloaded', ['bands', 'limits']]);
    assert.deepEqual(live.current().bands.thresholds, [1, 2]);
    assert.equal(live.current().sources, first.sources);
    assert.notEqual(live.rules(), rules);
    assert.equal(live.rules().limits.maxIntensity, 100);
    assert.deepEqual(changes, [[live.current(), first]]);
  });

  it('may be made later, where it may be absent; that it is not there yet is no failure', async (t) => {
    const { live, log, write, changes } = await follow(t, undefined, undefined, undefined, ABSENT);
    assert.deepEqual(live.current(), DEFAULT_CONFIG);
    await write(FIRST);
    assert.deepEqual(
      log.map(({ msg }) => msg),
      ['no configuration: defaults count until there is one', 'configuration reloaded'],
    );
    assert.equal(live.current().policy.mode, 'warn');
    assert.equal(changes.length, 1);
  });

  it('that was made later with a mistake and is gone again is told as gone, not as mistaken', async (t) => {
    const { path, live, log, write } = await follow(t, undefined, undefined, undefined, ABSENT);
    await write('policy: {mode: enfroce}\n');
    assert.match(live.problem() ?? '', /enfroce/);
    const before = log.length;
    rmSync(path);
    await pollUntil({ what: 'a log line', probe: () => log[before], deadlineMs: 60_000 });
    assert.doesNotMatch(live.problem() ?? '', /enfroce/);
    await write(FIRST);
    assert.equal(live.problem(), undefined);
  });

  it('that is gone again leaves its last good version in force', async (t) => {
    const { path, live, log } = await follow(t);
    rmSync(path);
    await pollUntil({ what: 'a log line', probe: () => log[0], deadlineMs: 60_000 });
    assert.equal(log[0]?.['msg'], 'configuration not reloaded; its last good version stays');
    assert.equal(live.current().policy.mode, 'warn');
  });

  it('has the bands of the option, whatever the file says', async (t) => {
    const { live, write, changes } = await follow(t, undefined, 'relative');
    assert.equal(live.current().bands.mode, 'relative');
    await write(`${FIRST}bands: {mode: absolute}\n`);
    assert.deepEqual([live.current().bands.mode, changes], ['relative', []]);
    await write(`${FIRST}bands: {mode: absolute, thresholds: [1, 2]}\n`);
    assert.deepEqual(live.current().bands, { mode: 'relative', thresholds: [1, 2] });
  });

  it('taints the bands of the option, whatever the file says', async (t) => {
    const { live, write } = await follow(t, undefined, undefined, true);
    assert.deepEqual(live.current().nodes.taintedBands, ['medium', 'high']);
    await write(`${FIRST}taint-nodes: [high]\nstartup-taints: [cold]\n`);
    const { taintedBands, startupTaints } = live.current().nodes;
    assert.deepEqual([taintedBands, startupTaints], [['medium', 'high'], ['cold']]);
  });

  it('has other rules when it names more kinds like DaemonSets', async (t) => {
    const { live, write } = await follow(t);
    await write(`${FIRST}daemon-owners: [example.com/Agent]\n`);
    assert.equal(live.rules().daemonOwners?.at(-1), 'example.com/Agent');
  });

  it('leaves the rules alone when they are not what changed', async (t) => {
    const { live, write, changes } = await follow(t);
    const rules = live.rules();
    await write('policy: {mode: warn}\n');
    assert.deepEqual(live.current().sources, []);
    assert.equal(live.rules(), rules);
    assert.equal(changes.length, 1);
  });

  it('with mistakes leaves the last good version in force, and says each of them', async (t) => {
    const { live, write, changes, first, path } = await follow(t);
    const { level, msg, mistakes } = await write('policy:\n  mode: loud\n  max-latncy: 1\n');
    assert.deepEqual([level, msg], ['error', 'configuration not reloaded; its last good version stays']);
    assert.deepEqual(mistakes, [
      `${path}, line 2: policy.mode: "loud" is not one of off, audit, warn, enforce`,
      `${path}, line 3: policy.max-latncy: no such annotation, did you mean max-latency?`,
    ]);
    assert.equal(live.current(), first);
    await write('sources: [');
    await write('');
    assert.equal(live.current(), first);
    assert.deepEqual(changes, []);
    assert.equal((await write('policy: {mode: enforce}\n'))['msg'], 'configuration reloaded');
    assert.equal(live.rules().defaults.mode, 'enforce');
  });

  it('with mistakes says why it does not count for as long as it stands, and no longer', async (t) => {
    const { live, write, problems, path } = await follow(t);
    assert.equal(live.problem(), undefined);
    await write('policy: {mode: audti}\n');
    const told = `configuration not reloaded; its last good version stays: ${path}, line 1: policy.mode: "audti" is not one of off, audit, warn, enforce`;
    assert.equal(live.problem(), told);
    await write(FIRST);
    assert.equal(live.problem(), undefined);
    assert.deepEqual(problems, [told, undefined]);
  });

  it('that cannot be read says so until it can, changed or not', async (t) => {
    const { live, log, path } = await follow(t);
    const until = (what: string, isThere: boolean) =>
      pollUntil({ what, probe: () => (live.problem() !== undefined) === isThere || undefined, deadlineMs: 60_000 });
    rmSync(path);
    await until('the failure', true);
    assert.match(live.problem() ?? '', /its last good version stays: .*ENOENT/);
    writeFileSync(path, FIRST);
    await until('its end', false);
    assert.deepEqual(
      log.map(({ msg }) => msg),
      ['configuration not reloaded; its last good version stays'],
    );
  });

  it('that says the same in other words changes nothing', async (t) => {
    const { live, write, changes, first } = await follow(t);
    assert.deepEqual((await write(`# better\n${FIRST}`))['changed'], []);
    assert.equal(live.current(), first);
    assert.deepEqual(changes, []);
  });

  it('that is not there has the defaults for good', () => {
    const log = createLog({ level: 'silent' });
    const live = createLiveConfig({ path: undefined, defaultRegion: 'a', log, onChange: () => assert.fail() });
    assert.equal(live.current(), DEFAULT_CONFIG);
    assert.equal(live.rules(), live.rules());
    assert.equal(live.rules().defaults.homeRegion, 'a');
    live.stop();
  });
});
