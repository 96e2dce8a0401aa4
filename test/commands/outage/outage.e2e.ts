import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type { ListedOutage, OutageListing } from '../../../src/commands/outage/outage-listing.ts';
import { skip } from '../../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane/start.ts';
import { COMPILED } from '../../process/compiled.ts';
import { runGridgate } from '../../process/run-gridgate.ts';

const READER = 'reader';
const HOUR_MS = 3_600_000;

describe('gridgate outage', { skip, timeout: 300_000 }, () => {
  let controlPlane: ControlPlane;

  before(async () => {
    controlPlane = await startControlPlane({ workers: [], users: [{ name: READER }] });
    await kubectl('apply', '-k', 'manifests/crd');
    await controlPlane.waitFor('Regions', async () => (await kubectl('get', 'regions')).code === 0 || undefined);
    for (const name of ['eu-west-1', 'us-east-1']) await apply({ ...REGION, metadata: { name } });
    // As the leader writes what AWS Health says.
    const status = {
      outage: { active: true, sources: ['aws-health'], reason: 'power', since: '2026-11-20T08:00:00Z' },
    };
    const patch = ['patch', 'region', 'us-east-1', '--type', 'merge', '--subresource', 'status'];
    assert.equal((await kubectl(...patch, '-p', JSON.stringify({ status }))).code, 0);
  });
  after(() => controlPlane?.stop());

  async function kubectl(...args: readonly string[]) {
    return controlPlane.kubectl(args);
  }

  async function apply(object: object): Promise<string> {
    const { code, stderr } = await controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
    assert.equal(code, 0, stderr);
    return stderr;
  }

  function outage(words: readonly string[], user?: string) {
    const kubeconfig = user === undefined ? controlPlane.kubeconfig : controlPlane.kubeconfigFor(user);
    return runGridgate(['outage', ...words, '--kubeconfig', kubeconfig]);
  }

  async function specOf(region: string): Promise<unknown> {
    const { stdout } = await kubectl('get', 'region', region, '-o', 'jsonpath={.spec.outage}');
    return stdout === '' ? undefined : JSON.parse(stdout);
  }

  async function listed(region: string): Promise<ListedOutage | undefined> {
    const { stdout } = await outage(['list', '--output', 'json']);
    return (JSON.parse(stdout) as OutageListing).regions.find((one) => one.region === region);
  }

  test('set calls a region down until then, and clear takes it back', async () => {
    const set = await outage(['set', 'eu-west-1', '--reason', 'AZ power loss', '--until', '4h']);
    assert.deepEqual([set.code, set.stderr], [0, '']);
    const spec = (await specOf('eu-west-1')) as { active: boolean; reason: string; until: string };
    assert.deepEqual([spec.active, spec.reason], [true, 'AZ power loss']);
    assert.ok(Math.abs(Date.parse(spec.until) - Date.now() - 4 * HOUR_MS) < HOUR_MS, spec.until);
    assert.equal(set.stdout, `eu-west-1 is down until ${spec.until}, by hand: AZ power loss\n`);

    const again = await outage(['set', 'eu-west-1', '--reason', 'still']);
    assert.equal(again.stdout, 'eu-west-1 is down, by hand: still\n');
    assert.deepEqual(await specOf('eu-west-1'), { active: true, reason: 'still' });

    const clear = await outage(['clear', 'eu-west-1']);
    assert.deepEqual([clear.code, clear.stdout], [0, 'eu-west-1 is up: nobody calls it down\n']);
    assert.equal(await specOf('eu-west-1'), undefined);
  });

  test('what a source still says after a clear is told', async () => {
    await outage(['set', 'us-east-1', '--reason', 'drill']);
    const { stdout } = await outage(['clear', 'us-east-1']);
    assert.equal(stdout, 'us-east-1 is no longer down by hand, but aws-health still says so: power\n');
  });

  test('a region that is forced up is listed as that, with who would call it down, and with the way out', async () => {
    const forcedUp = { ...REGION, metadata: { name: 'us-east-1' }, spec: { outage: { active: false } } };
    // The API server takes a new policy into use within seconds.
    await controlPlane.waitFor('the policy to warn', async () => {
      const tried = ['replace', '--dry-run=server', '-f', '-'];
      return (await controlPlane.kubectl(tried, JSON.stringify(forcedUp))).stderr.includes('Warning') || undefined;
    });
    const warned = await apply(forcedUp);
    assert.match(warned, /Warning: .*active: false overrules every automatic source.*gridgate outage clear us-east-1/);
    const { stdout, stderr } = await outage(['list']);
    assert.match(stdout, /^REGION +STATE +SAYS +SINCE +UNTIL +REASON\nus-east-1 +forced up +aws-health /);
    assert.match(stderr, /`gridgate outage clear us-east-1` lets them count again/);
    const cleared = await outage(['clear', 'us-east-1']);
    assert.match(cleared.stdout, /^us-east-1 is no longer forced up: its automatic sources count again/);
    assert.equal((await listed('us-east-1'))?.state, 'down');
  });

  test('a name that is mistyped changes nothing, and says what was meant', async () => {
    const { code, stderr } = await outage(['set', 'eu-wset-1', '--reason', 'x']);
    assert.deepEqual(
      [code, stderr],
      [2, 'gridgate: outage: this cluster has no Region "eu-wset-1"; did you mean eu-west-1?\n'],
    );
  });

  /** What a command that watches prints, as far as it has; ended by Ctrl-C. */
  async function watching(
    args: readonly string[],
    act: (untilPrinted: (text: RegExp) => Promise<unknown>) => Promise<void>,
  ) {
    const all = ['src/main.ts', ...args, '--kubeconfig', controlPlane.kubeconfig];
    const env = { PATH: process.env['PATH'], ...COMPILED };
    const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'], env });
    const ended = once(child, 'exit');
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    try {
      await act((text) => controlPlane.waitFor(String(text), async () => text.test(printed) || undefined));
    } finally {
      child.kill('SIGINT');
    }
    assert.deepEqual(await ended, [null, 'SIGINT']);
    return printed;
  }

  test('regions -w prints all regions, and then the one that changes', async () => {
    await apply({ ...REGION, metadata: { name: 'eu-west-1' }, spec: { gramsPerKwh: 300 } });
    await apply({ ...REGION, metadata: { name: 'us-east-1' }, spec: { gramsPerKwh: 380 } });
    const printed = await watching(['regions', '-w'], async (untilPrinted) => {
      await untilPrinted(/us-east-1/);
      await apply({ ...REGION, metadata: { name: 'eu-west-1' }, spec: { gramsPerKwh: 310 } });
      await untilPrinted(/310/);
      await apply({ ...REGION, metadata: { name: 'eu-west-1' }, spec: { gramsPerKwh: 320 } });
      await untilPrinted(/320/);
    });
    const rows = printed
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ .*?(\d{3}) .*/, ' $1'));
    assert.equal(rows.shift()?.startsWith('NAME '), true);
    assert.deepEqual(rows, ['eu-west-1 300', 'us-east-1 380', 'eu-west-1 310', 'eu-west-1 320']);
  });

  test('outage list -w prints who comes to call a region down, as names too', async () => {
    const names = await watching(['outage', 'list', '-w', '-o', 'name'], async (untilPrinted) => {
      await untilPrinted(/us-east-1/);
      await outage(['set', 'eu-west-1', '--reason', 'drill']);
      await untilPrinted(/eu-west-1[\s\S]*eu-west-1/);
    });
    const [first, second, third] = names.trimEnd().split('\n');
    assert.deepEqual([first, second].sort(), ['region.gridgate.dev/eu-west-1', 'region.gridgate.dev/us-east-1']);
    assert.equal(third, 'region.gridgate.dev/eu-west-1');
  });

  test('who may not write is told so', async () => {
    const { code, stderr } = await outage(['set', 'eu-west-1', '--reason', 'x'], READER);
    assert.equal(code, 3);
    assert.match(stderr, /you \(reader\) may not list regions\.gridgate\.dev; the ClusterRole gridgate-view/);
  });
});

const REGION = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', spec: {} };
