import assert from 'node:assert/strict';
import type { ControlPlane } from '../control-plane/start.ts';
import { ofKind, type Rendered, render } from './rendered-manifests.ts';

/** As whom the controllers write. Give it to `startControlPlane` as a user. */
export const CONTROLLERS_ACCOUNT = 'system:serviceaccount:gridgate-system:gridgate-controllers';

/** What makes the accounts of the manifests what they are. */
export const ACCOUNT_KINDS = [
  ...['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
];

/** Installs the accounts of the base; resolves with the kubeconfig of the controllers' when its rights and its guard count. */
export async function installControllersAccount(controlPlane: ControlPlane): Promise<string> {
  await applyObjects(controlPlane, ofKind(await render(controlPlane, 'base'), ...ACCOUNT_KINDS));
  await untilGuarded(controlPlane);
  return controlPlane.kubeconfigFor(CONTROLLERS_ACCOUNT);
}

export async function applyObjects({ kubectl }: ControlPlane, objects: readonly Rendered[]): Promise<void> {
  const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  const { code, stderr } = await kubectl(['apply', '-f', '-'], input);
  assert.equal(code, 0, stderr);
}

/** A policy counts a moment after it is written. */
export async function untilGuarded({ request, waitFor }: ControlPlane): Promise<void> {
  await waitFor('the guard of the controllers', async () => {
    const patch = { metadata: { labels: { 'not-ours': '1' } } };
    const { body } = await request('PATCH', '/api/v1/namespaces/default?dryRun=All', patch, {
      'content-type': 'application/merge-patch+json',
      'impersonate-user': CONTROLLERS_ACCOUNT,
    });
    return /ValidatingAdmissionPolicy 'gridgate-controllers'/.test(body.message) || undefined;
  });
}
