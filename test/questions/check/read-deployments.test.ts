import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { locate } from '../../../src/questions/check/locate-secret.ts';
import { argumentOf, type DeploymentObject, toDeploymentFacts } from '../../../src/questions/check/read-deployments.ts';
import type { NamedSecret } from '../../../src/units/named-secret.ts';

function manifest(file: string): DeploymentObject {
  const text = readFileSync(new URL(`../../../manifests/base/${file}`, import.meta.url), 'utf8');
  return parseAllDocuments(text)[0]?.toJS() as DeploymentObject;
}

describe('a Deployment of the manifests', () => {
  for (const [file, name, roles] of [
    ['deployment.yaml', 'gridgate', ['webhook']],
    ['controllers.yaml', 'gridgate-controllers', ['controllers']],
  ] as const)
    it(`${file}: its roles, account and replicas`, () => {
      const facts = toDeploymentFacts(manifest(file));
      assert.deepEqual([facts.name, facts.roles, facts.account], [name, roles, name]);
      assert.deepEqual([facts.replicas, facts.available, facts.variables.get('POD_NAME')], [2, 0, 'set']);
    });

  it('controllers.yaml: where a token of a source is', () => {
    const token: NamedSecret = { source: 's', field: 'token', where: { file: '/sources/electricity-maps' } };
    assert.deepEqual(locate(token, toDeploymentFacts(manifest('controllers.yaml'))), {
      candidates: [{ kind: 'Secret', name: 'gridgate-sources', key: 'electricity-maps' }],
    });
  });
});

describe('a Deployment that Helm made', () => {
  const annotations = { 'meta.helm.sh/release-name': 'grid', 'meta.helm.sh/release-namespace': 'carbon' };
  it('names its release', () =>
    assert.deepEqual(toDeploymentFacts({ metadata: { name: 'gridgate', annotations } }).release, {
      name: 'grid',
      namespace: 'carbon',
    }));
  it('and one of the manifests names none', () =>
    assert.equal(toDeploymentFacts(manifest('deployment.yaml')).release, undefined));
});

describe('an argument', () => {
  for (const [args, value] of [
    [['--region-label=region'], 'region'],
    [['--region-label', 'region'], 'region'],
    [['--region-labels=x'], undefined],
    [[], undefined],
  ] as const)
    it(`of ${args.join(' ') || 'none'}`, () => assert.equal(argumentOf(args, '--region-label'), value));
});

describe('where a secret is', () => {
  const container = {
    name: 'gridgate',
    env: [
      { name: 'PLAIN', value: 'x' },
      { name: 'EMPTY', value: '' },
      { name: 'FROM', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      { name: 'MAPPED', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } },
    ],
    envFrom: [{ prefix: 'P_', secretRef: { name: 'all' } }, { configMapRef: { name: 'more' } }],
    volumeMounts: [
      { name: 'renamed', mountPath: '/renamed/' },
      { name: 'renamed', mountPath: '/one/file', subPath: 'b' },
      { name: 'host', mountPath: '/host' },
      { name: 'map', mountPath: '/host/map' },
    ],
  };
  const facts = toDeploymentFacts({
    metadata: { name: 'd' },
    spec: {
      template: {
        spec: {
          containers: [{ name: 'sidecar' }, container],
          volumes: [
            { name: 'renamed', secret: { secretName: 's', items: [{ key: 'a', path: 'b' }] } },
            { name: 'host' },
            { name: 'map', configMap: { name: 'm' } },
          ],
        },
      },
    },
  });
  const secret = (name: string, key: string) => ({ candidates: [{ kind: 'Secret', name, key }] });
  const rows: readonly [where: NamedSecret['where'], expected: object][] = [
    [{ env: 'PLAIN' }, { candidates: [] }],
    [{ env: 'FROM' }, secret('s', 'k')],
    [{ env: 'MAPPED' }, { candidates: [{ kind: 'ConfigMap', name: 'm', key: 'k' }] }],
    [
      { env: 'P_X' },
      {
        candidates: [
          { kind: 'Secret', name: 'all', key: 'X' },
          { kind: 'ConfigMap', name: 'more', key: 'P_X' },
        ],
      },
    ],
    [{ file: '/renamed/b' }, secret('s', 'a')],
    [{ file: '/renamed/a' }, { missing: 'what is mounted at /renamed names no key for it' }],
    [{ file: '/one/file' }, secret('s', 'a')],
    [{ file: '/host/x' }, { candidates: [] }],
    [{ file: '/host/map/x' }, { candidates: [{ kind: 'ConfigMap', name: 'm', key: 'x' }] }],
    [{ file: '/hosts' }, { missing: 'the Deployment d mounts nothing there' }],
  ];
  for (const [where, expected] of rows)
    it(JSON.stringify(where), () => assert.deepEqual(locate({ source: 's', field: 'token', where }, facts), expected));

  it('nowhere, where nothing sets the variable', () => {
    const bare = toDeploymentFacts({ metadata: { name: 'd' } });
    assert.deepEqual(locate({ source: 's', field: 'token', where: { env: 'X' } }, bare), {
      missing: 'the Deployment d sets no such variable',
    });
  });
});
