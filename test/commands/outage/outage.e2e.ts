import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ListedOutage, OutageListing } from '../../../src/commands/outage/outage-listing.ts';
import { skip } from '../../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane/start.ts';
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

  test('who may not write is told so', async () => {
    const { code, stderr } = await outage(['set', 'eu-west-1', '--reason', 'x'], READER);
    assert.equal(code, 3);
    assert.match(stderr, /you \(reader\) may not list regions\.gridgate\.dev; the ClusterRole gridgate-view/);
  });
});

const REGION = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', spec: {} };
