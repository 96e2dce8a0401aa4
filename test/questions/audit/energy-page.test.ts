import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { runCommand } from '../../process/run-command.ts';

it('the example of src/energy/README.md is what audit says of such a pod', async (t) => {
  const page = readFileSync('src/energy/README.md', 'utf8').replaceAll('\n', ' ');
  const [, there, here] =
    /at 379 g\/kWh that is ([\d.]+) gCO2e an hour, in eu-north-1 at 24 g\/kWh ([\d.]+)\./.exec(page) ?? [];
  const file = join(makeTemporaryDirectory(t), 'pod.json');
  const spec = {
    nodeSelector: { 'topology.kubernetes.io/region': 'us-east-1' },
    containers: [{ name: 'c', resources: { requests: { cpu: '1', memory: '2G' } } }],
  };
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec }));
  const { stdout } = await runCommand(['audit', '-f', file, '--regions', 'manifests/samples/regions.yaml']);
  assert.match(stdout, new RegExp(`pod/web .* ${there} .* eu-north-1 ${here}$`, 'm'));
});
