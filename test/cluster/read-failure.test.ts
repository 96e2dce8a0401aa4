import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { ApiError } from '../../src/cluster/api-error.ts';
import { describeReadFailure } from '../../src/cluster/read-failure.ts';

const RBAC = new URL('../../manifests/base/rbac.yaml', import.meta.url);

describe('what may not be read is named once, with who, verb and resource', () => {
  const usual = (resource: string, group: string, where: string) =>
    `${resource} is forbidden: User "dev" cannot list resource "${resource}" in API group "${group}" ${where}`;
  const rows: readonly [name: string, request: string, message: string, says: string][] = [
    ['a list', 'GET /api/v1/nodes', usual('nodes', '', 'at the cluster scope'), 'you (dev) may not list nodes'],
    [
      'a list of a namespace',
      'GET /apis/apps/v1/namespaces/shop/deployments',
      usual('deployments', 'apps', 'in the namespace "shop"'),
      'you (dev) may not list deployments.apps in namespace shop',
    ],
    [
      'an object',
      'GET /api/v1/namespaces/shop/pods/web',
      'pods "web" is forbidden: User "dev" cannot get resource "pods" in API group "" in the namespace "shop"',
      'you (dev) may not get pods web in namespace shop',
    ],
    [
      'a namespace',
      'GET /api/v1/namespaces/shop',
      'namespaces "shop" is forbidden: User "dev" cannot get resource "namespaces" in API group "" in the namespace "shop"',
      'you (dev) may not get namespaces shop',
    ],
    [
      'a deletion',
      'DELETE /apis/rbac.authorization.k8s.io/v1/clusterroles/gridgate',
      'clusterroles.rbac.authorization.k8s.io "gridgate" is forbidden: User "dev" cannot delete resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope',
      'you (dev) may not delete clusterroles.rbac.authorization.k8s.io gridgate',
    ],
    [
      'a write of a status',
      'PATCH /apis/apps/v1/namespaces/shop/replicasets/web/status',
      'replicasets.apps "web" is forbidden: User "dev" cannot patch resource "replicasets/status" in API group "apps" in the namespace "shop"',
      'you (dev) may not patch replicasets.apps/status web in namespace shop',
    ],
    [
      'a write of Regions, which no role of ours allows',
      'PATCH /apis/gridgate.dev/v1alpha1/regions/eu-west-1',
      'regions.gridgate.dev "eu-west-1" is forbidden: User "dev" cannot patch resource "regions" in API group "gridgate.dev" at the cluster scope',
      'you (dev) may not patch regions.gridgate.dev eu-west-1',
    ],
    [
      "an authorizer's own words",
      'GET /api/v1/nodes',
      `${usual('nodes', '', 'at the cluster scope')}: requires container.nodes.list`,
      'you (dev) may not list nodes (requires container.nodes.list)',
    ],
    [
      'a creation',
      'POST /apis/authorization.k8s.io/v1/subjectaccessreviews',
      'subjectaccessreviews.authorization.k8s.io is forbidden: User "dev" cannot create resource "subjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope',
      'you (dev) may not create subjectaccessreviews.authorization.k8s.io',
    ],
    [
      'a creation that admission refuses, in its words',
      'POST /api/v1/namespaces/shop/pods',
      'pods "web" is forbidden: exceeded quota',
      'POST /api/v1/namespaces/shop/pods answers 403 Forbidden: pods "web" is forbidden: exceeded quota',
    ],
    [
      'a change that admission refuses, in its words',
      'PATCH /api/v1/namespaces/shop',
      'admission webhook "validation.gatekeeper.sh" denied the request: no',
      'PATCH /api/v1/namespaces/shop answers 403 Forbidden: admission webhook "validation.gatekeeper.sh" denied the request: no',
    ],
    ["a proxy's", 'GET /api/v1/nodes', 'who are you?', 'you may not list nodes (who are you?)'],
    [
      'Regions, with the role that allows it',
      'GET /apis/gridgate.dev/v1alpha1/regions',
      usual('regions.gridgate.dev', 'gridgate.dev', 'at the cluster scope').replace(
        'resource "regions.gridgate.dev"',
        'resource "regions"',
      ),
      'you (dev) may not list regions.gridgate.dev; the ClusterRole gridgate-view, a part of view, allows it where it is bound in the whole cluster',
    ],
  ];
  for (const [name, request, message, says] of rows)
    it(name, () => {
      const error = new ApiError(request, { code: 403, reason: 'Forbidden', message });
      assert.equal(describeReadFailure(error), says);
    });

  it('other failures say what they said', () => {
    const error = new ApiError('GET /api/v1/nodes', { code: 500, message: 'etcd is away' });
    assert.equal(describeReadFailure(error), 'GET /api/v1/nodes answers 500: etcd is away');
    assert.equal(describeReadFailure(new Error('ECONNREFUSED')), 'ECONNREFUSED');
  });
});

it('who has the ClusterRole view may read Regions, and not write them', () => {
  const roles = parseAllDocuments(readFileSync(RBAC, 'utf8')).map((document) => document.toJS());
  const role = roles.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'gridgate-view');
  assert.deepEqual(role?.metadata.labels, { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' });
  assert.deepEqual(role?.rules, [
    { apiGroups: ['gridgate.dev'], resources: ['regions'], verbs: ['get', 'list', 'watch'] },
  ]);
});
