import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseConfigText } from '../../src/config/config-file.ts';
import { followOverlayInputs } from '../../src/replica/follow-overlay-inputs.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { pollUntil } from '../control-plane/poll.ts';

const ONE = '[{"name":"m5.large","offerings":[{"zone":"a"}]}]';
const TWO = '[{"name":"m5.large","offerings":[{"zone":"a"}]},{"name":"c5.large","offerings":[{"zone":"a"}]}]';

/** Follows a section in which `@types` and `@table` are files that were written, or not. */
function follow(test: TestContext, section: string, files: Readonly<Record<string, string>> = {}) {
  const directory = makeTemporaryDirectory(test);
  const pathOf = (name: string) => join(directory, name);
  const write = (name: string, text: string) => writeFileSync(pathOf(name), text);
  for (const [name, text] of Object.entries(files)) write(name, text);
  const parse = (text: string) => {
    const read = parseConfigText(
      `overlays: ${text.replaceAll(/@(\S+?)(?=[,}])/g, (_, name) => pathOf(name))}`,
      'g.yaml',
    );
    assert.ok('config' in read, JSON.stringify(read));
    return read.config.overlays;
  };
  let current = parse(section);
  const log: Record<string, unknown>[] = [];
  const followed = followOverlayInputs({
    section: () => current,
    log: createLog({ level: 'info', destination: { write: (line) => log.push(JSON.parse(line)) } }),
    onChange: () => {},
    intervalMs: 10,
  });
  test.after(followed.stop);
  const until = <T>(what: string, probe: (now: ReturnType<typeof followed.current>) => T | undefined) =>
    pollUntil({ what, probe: async () => probe(followed.current()), deadlineMs: 60_000 });
  return {
    followed,
    log,
    write,
    until,
    untilTypes: (...names: readonly string[]) =>
      until(`types ${names.join()}`, (now) => {
        const found = 'types' in now ? now.types?.map(({ name }) => name) : undefined;
        return found?.join() === names.join() || undefined;
      }),
    change(text: string) {
      current = parse(text);
      followed.changed();
    },
  };
}

describe('what gridgate.yaml names under overlays', () => {
  it('counts as it stands there, with percent as a share and the default for types that nobody knows', async (t) => {
    const { until } = follow(t, '{carbonPrice: 0.1, mode: replace, utilisation: 30}');
    const inputs = await until('inputs', (now) => ('settings' in now ? now : undefined));
    assert.deepEqual(inputs.settings, {
      carbonPrice: 0.1,
      mode: 'replace',
      unknown: 'high',
      compose: true,
      weights: [9_000, 9_999],
    });
    assert.deepEqual([inputs.utilisation, inputs.types, inputs.embodied.size], [0.3, undefined, 0]);
  });

  it('asks for nothing without a price', async (t) => {
    const { until } = follow(t, '{mode: add}');
    await until(
      'the problem',
      (now) => ('problem' in now && /carbonPrice is missing/.test(now.problem) && now.isUnasked) || undefined,
    );
  });

  it('may name a table of power, which is read anew when it changes; a missing one is no reason to take anything back', async (t) => {
    const { write, until } = follow(t, '{carbonPrice: 1, powerTable: @power.yaml}');
    const wattsOf = (now: ReturnType<Awaited<ReturnType<typeof follow>>['followed']['current']>) =>
      'table' in now ? now.table.model.memoryWattsPerGb : undefined;
    await until(
      'the problem',
      (now) => ('problem' in now && /there is no such file/.test(now.problem) && !now.isUnasked) || undefined,
    );
    write('power.yaml', 'memoryWattsPerGb: 1');
    await until('1 W', (now) => wattsOf(now) === 1 || undefined);
    write('power.yaml', 'memoryWattsPerGb: 2');
    await until('2 W', (now) => wattsOf(now) === 2 || undefined);
  });

  it('has its files read anew when they change; of one with mistakes the last good version stays, which is logged once', async (t) => {
    const { write, untilTypes, log, until } = follow(
      t,
      '{carbonPrice: 1, instanceTypes: @types.json, embodiedTable: @own.csv}',
      {
        'types.json': ONE,
        'own.csv': 'instanceType,kgCO2e,years\nm5.large,35.04,\n',
      },
    );
    await untilTypes('m5.large');
    const inputs = await until('inputs', (now) => ('embodied' in now ? now : undefined));
    assert.equal(inputs.embodied.get('m5.large'), 1);
    write('types.json', '[{"name":3}]');
    await pollUntil({ what: 'a log line', probe: async () => log[0], deadlineMs: 60_000 });
    await untilTypes('m5.large');
    write('types.json', TWO);
    await untilTypes('m5.large', 'c5.large');
    assert.equal(log.length, 1);
  });

  it('is a problem while a file is not there, told once, and counts when it comes', async (t) => {
    const { write, untilTypes, log, until } = follow(t, '{carbonPrice: 1, instanceTypes: @types.json}');
    await until('the problem', (now) => ('problem' in now && /there is no such file/.test(now.problem)) || undefined);
    write('types.json', ONE);
    await untilTypes('m5.large');
    assert.equal(log.length, 1);
  });

  it('may name another file later, and none', async (t) => {
    const { change, untilTypes, until } = follow(t, '{carbonPrice: 1, instanceTypes: @one.json}', {
      'one.json': ONE,
      'two.json': TWO,
    });
    await untilTypes('m5.large');
    change('{carbonPrice: 1, instanceTypes: @two.json}');
    await untilTypes('m5.large', 'c5.large');
    change('{carbonPrice: 1}');
    await until('no types', (now) => ('settings' in now && now.types === undefined) || undefined);
  });
});
