import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { MANIFESTS, type Rendered } from '../cluster/rendered-manifests.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { skip } from '../control-plane/assets.ts';
import { kubectlOutput } from '../control-plane/kubectl.ts';
import { podsSkip } from '../control-plane/process-kubelet/kubelet.ts';
import type { Family } from '../control-plane/process-kubelet/pod-network.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { nodesIn, SERVING } from '../e2e/objects.ts';

const NAMESPACE = 'gridgate-system';
const MIRROR = 'mirror.example.internal:5000/platform/gridgate';
/** Addresses for documentation (RFC 5737, RFC 3849): nothing answers there, not even with a refusal. */
const NOWHERE: Readonly<Record<Family, string>> = { IPv4: '192.0.2.10', IPv6: '[2001:db8::10]' };

/** Networks of pods as `process-kubelet` makes them: the API server is all that is reached, and no name is resolved. */
for (const family of ['IPv4', 'IPv6'] as const)
  describe(`gridgate in a cluster of ${family} alone, without egress, DNS and registries`, {
    skip: skip || podsSkip,
    timeout: 300_000,
  }, () => {
    let plane: ControlPlane;

    before(async () => {
      plane = await startControlPlane({
        pods: { family, imageOf: (name) => (name.startsWith(`${MIRROR}:`) ? { folder: resolve('.') } : undefined) },
      });
      await plane.addNodes(nodesIn(['eu-north-1', 'eu-central-1']));
    });
    after(() => plane?.stop());

    const kubectl = (...args: readonly string[]) => kubectlOutput(plane, ...args);

    it('is ready from the mirrored image, whatever its sources lack', async (t) => {
      const overlay = mirrored(t, family);
      await kubectl('apply', '--server-side', '-k', overlay);
      await kubectl('apply', '-f', join(overlay, 'regions.yaml'));
      for (const name of ['gridgate', 'gridgate-controllers'])
        await kubectl('rollout', 'status', `deployment/${name}`, '-n', NAMESPACE, '--timeout=90s');
      const pods = JSON.parse(await kubectl('get', 'pods', '-n', NAMESPACE, '-l', SERVING, '-o', 'json')).items;
      for (const { spec, status } of pods) {
        assert.match(spec.containers[0].image, /^mirror\.example\.internal:5000\/platform\/gridgate:\d/);
        assert.match(status.podIP, family === 'IPv4' ? /^10\./ : /^fd00:/);
      }
    });

    it('ranks by the yearly averages that it brings along', async () => {
      const regions = await plane.waitFor('readings of every region', async () => {
        const { items } = JSON.parse(await kubectl('get', 'regions', '-o', 'json'));
        return items.length === 2 && items.every(({ status }: Rendered) => status?.reading) ? items : undefined;
      });
      for (const { metadata, status } of regions) assert.equal(status.reading.source, 'embedded', metadata.name);
    });

    it('steers a pod, so the API server reaches the webhook', async () => {
      await kubectl('create', 'namespace', 'shop');
      await kubectl('annotate', 'namespace', 'shop', 'gridgate.dev/mode=enforce');
      const affinity = await plane.waitFor('a pod that is steered', async () => {
        const made = await kubectl('run', 'web', '-n', 'shop', '--image=web', '--dry-run=server', '-o', 'json');
        return JSON.parse(made).spec.affinity;
      });
      const [best] = affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution;
      assert.deepEqual(best.preference.matchExpressions[0].values, ['eu-north-1']);
    });

    it('says in its log which source fails, and why', async () => {
      const failures = await plane.waitFor('what fails, in the log of the leader', async () => {
        const logs = (plane.kubelet?.pods() ?? []).map((pod) => plane.kubelet?.logs(pod) ?? '');
        const lines = logs
          .flatMap((log) => log.split('\n'))
          .filter((line) => line.includes('sources of intensities failed'));
        const told: string = lines.map((line) => JSON.parse(line).failures.join('\n')).join('\n');
        return /carbon-aware-sdk/.test(told) && /prometheus/.test(told) ? told : undefined;
      });
      assert.match(failures, /carbon-aware-sdk.*(host name|does not resolve)/);
      assert.match(failures, /prometheus.*(no answer in time|UNREACH|TIMEDOUT)/);
      const serving = (await kubectl('get', 'pods', '-n', NAMESPACE, '-l', SERVING, '-o', 'name')).trim().split('\n');
      const running = (plane.kubelet?.pods() ?? []).filter((pod) => pod.pid() !== undefined);
      const ofThem = running.map(({ name }) => `pod/${name}`).filter((name) => serving.includes(name));
      assert.deepEqual(ofThem.sort(), serving.sort(), 'all of them run');
    });
  });

/** An overlay as manifests/air-gapped.md shows it. */
function mirrored(t: TestContext, family: Family): string {
  const folder = makeTemporaryDirectory(t);
  cpSync(MANIFESTS, join(folder, 'manifests'), { recursive: true });
  const settings = {
    sources: [
      { type: 'carbon-aware-sdk', url: 'http://carbon-aware.example.internal', signal: 'average-lifecycle' },
      {
        type: 'prometheus',
        url: `http://${NOWHERE[family]}:9090`,
        query: 'grid{zone="{{zone}}"}',
        signal: 'average-lifecycle',
      },
    ],
  };
  const regions = { 'eu-north-1': 'SE', 'eu-central-1': 'DE' };
  writeFileSync(
    join(folder, 'regions.yaml'),
    Object.entries(regions)
      .map(([name, gridZone]) =>
        stringify({
          apiVersion: 'gridgate.dev/v1alpha1',
          kind: 'Region',
          metadata: { name },
          spec: { gridZone, carbonAwareSdk: name },
        }),
      )
      .join('---\n'),
  );
  writeFileSync(join(folder, 'gridgate.yaml'), stringify(settings));
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    stringify({
      resources: ['manifests/base'],
      images: [{ name: 'gridgate', newName: MIRROR }],
      configMapGenerator: [
        { name: 'gridgate', namespace: NAMESPACE, files: ['gridgate.yaml'], options: { disableNameSuffixHash: true } },
      ],
    }),
  );
  return folder;
}
