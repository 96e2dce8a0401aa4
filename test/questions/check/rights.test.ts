import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { ApiClient, SendOptions } from '../../../src/cluster/api-client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { askRights } from '../../../src/questions/check/ask-rights.ts';
import { BINDINGS, OPT_INS, READS, rightsOf, tellRight, WRITES } from '../../../src/questions/check/rights.ts';
import { deploymentOf } from './facts-of.ts';

const PLACES = { systemNamespace: 'gridgate-system' };
const MANIFESTS = new URL('../../../manifests/', import.meta.url);

/** The rules of a ClusterRole or a Role in a file of manifests, the first of that kind unless it has a name. */
function rulesIn(file: string, kind: string, name?: string): unknown {
  const documents = parseAllDocuments(readFileSync(new URL(file, MANIFESTS), 'utf8')).map((one) => one.toJS());
  return documents.find(
    (one) => one.kind === kind && (name ? one.metadata.name === name : one.metadata.name !== 'gridgate-view'),
  )?.rules;
}

/** Without the order of their fields. */
const plain = (rules: unknown) => JSON.parse(JSON.stringify(rules));

describe('the rights that gridgate check asks about are those of the manifests:', () => {
  const rows: readonly [file: string, set: typeof READS][] = [
    ['base/rbac.yaml', READS],
    ['base/controllers-rbac.yaml', WRITES],
  ];
  for (const [file, { cluster, own }] of rows)
    it(file, () => {
      assert.deepEqual(plain(cluster), rulesIn(file, 'ClusterRole'));
      assert.deepEqual(plain(own), rulesIn(file, 'Role'));
    });

  it('base/rbac.yaml, where Cluster Autoscaler is', () =>
    assert.deepEqual(plain(READS.autoscaler), rulesIn('base/rbac.yaml', 'Role', 'gridgate-autoscaler-status')));

  const optIns: readonly [argument: string, file: string][] = [
    ['--carbon-budgets', 'capacity/carbon-budgets/rbac.yaml'],
    ['--node-overlays', 'capacity/node-overlays/rbac.yaml'],
    ['--node-pools', 'capacity/node-pools/rbac.yaml'],
    ['--priority-expander', 'capacity/priority-expander/rbac.yaml'],
    ['--regional-autoscaler', 'capacity/regional-autoscaler/rbac.yaml'],
  ];
  for (const [argument, file] of optIns)
    it(file, () => {
      const { cluster = [], own = [], autoscaler = [] } = OPT_INS[argument] ?? {};
      assert.deepEqual(plain(cluster), rulesIn(file, 'ClusterRole') ?? []);
      assert.deepEqual(plain([...own, ...autoscaler]), rulesIn(file, 'Role') ?? []);
    });

  it('are known of every opt-in', () =>
    assert.deepEqual(
      optIns.map(([argument]) => argument),
      Object.keys(OPT_INS).sort(),
    ));

  it('strict/rbac.yaml', () => assert.deepEqual(plain(BINDINGS.cluster), rulesIn('strict/rbac.yaml', 'ClusterRole')));
});

describe('the rights of a role', () => {
  it('are told as people ask for them, each once', () => {
    const told = rightsOf({ roles: ['webhook', 'controllers'], checksBindings: true }, PLACES).map(tellRight);
    assert.equal(new Set(told).size, told.length);
    for (const one of [
      'list nodes',
      'patch regions.gridgate.dev/status',
      'get secrets gridgate-ca in gridgate-system',
      'watch pods',
    ])
      assert.ok(told.includes(one), one);
  });

  it('that an argument switches on are where Cluster Autoscaler is', () => {
    const work = { roles: ['controllers'], checksBindings: false, optIns: ['--priority-expander'] } as const;
    const autoscaler = { namespace: 'scaling', status: 'spot-status' };
    const told = rightsOf(work, { ...PLACES, autoscaler }).map(tellRight);
    assert.deepEqual(
      told.filter((one) => / in scaling$/.test(one)),
      [
        'list configmaps spot-status in scaling',
        'watch configmaps spot-status in scaling',
        'get configmaps spot-status in scaling',
        'get configmaps cluster-autoscaler-priority-expander in scaling',
        'patch configmaps cluster-autoscaler-priority-expander in scaling',
      ],
    );
    assert.ok(!told.some((one) => /cluster-autoscaler-status/.test(one)));
  });

  it('that an argument switches on are those of its manifests, too', () => {
    const work = { roles: ['controllers'], checksBindings: false, optIns: ['--node-pools'] } as const;
    assert.ok(rightsOf(work, PLACES).map(tellRight).includes('patch nodepools.karpenter.sh'));
  });

  it('of a webhook write nothing', () => {
    const verbs = new Set(rightsOf({ roles: ['webhook'], checksBindings: false }, PLACES).map(({ verb }) => verb));
    assert.deepEqual([...verbs].sort(), ['get', 'list', 'watch']);
  });
});

describe('asking the authorizer', () => {
  type Spec = {
    user: string;
    resourceAttributes: { resource: string; verb: string; namespace?: string; name?: string };
  };

  function apiThat(isAllowed: (spec: Spec) => boolean): Pick<ApiClient, 'send'> {
    return {
      async send(_method, _path, { body }: SendOptions) {
        return { status: { allowed: isAllowed((body as { spec: Spec }).spec) } };
      },
    };
  }

  it('asks for no right to write certificates where somebody else issues them', async () => {
    for (const args of [['--manage-certificates=false'], ['--cert-file', '/tls/tls.crt']]) {
      const asked: string[] = [];
      const api = apiThat(({ resourceAttributes: { verb, resource } }) => asked.push(`${verb} ${resource}`) > 0);
      await askRights(api, [deploymentOf('controllers', { roles: ['controllers'], account: 'mine', args })], PLACES);
      assert.ok(asked.includes('patch jobs'));
      assert.deepEqual(
        asked.filter((one) => /^(get|create|update|patch) (secrets|\w+webhookconfigurations)$/.test(one)),
        [],
        args.join(' '),
      );
    }
  });

  it('names what each account may not, for the roles of its Deployment', async () => {
    const users = new Set<string>();
    const api = apiThat(({ user, resourceAttributes: { resource } }) => {
      users.add(user);
      return resource !== 'leases';
    });
    const single = deploymentOf('webhook', { roles: ['webhook', 'controllers'], account: 'both' });
    const [found, ...others] = await askRights(api, [single], PLACES);
    assert.deepEqual([...users], ['system:serviceaccount:gridgate-system:both']);
    assert.equal(others.length, 0);
    assert.deepEqual(found?.asked && 'value' in found.asked && found.asked.value.missing, [
      'list leases.coordination.k8s.io gridgate-releaser in gridgate-system',
      'watch leases.coordination.k8s.io gridgate-releaser in gridgate-system',
      'create leases.coordination.k8s.io in gridgate-system',
      'get leases.coordination.k8s.io gridgate in gridgate-system',
      'get leases.coordination.k8s.io gridgate-releaser in gridgate-system',
      'update leases.coordination.k8s.io gridgate in gridgate-system',
      'update leases.coordination.k8s.io gridgate-releaser in gridgate-system',
    ]);
  });

  it('asks about the accounts of the manifests where no Deployment says which, and about pods where bindings are checked', async () => {
    const asked: string[] = [];
    const api = apiThat(({ resourceAttributes: { verb, resource } }) => asked.push(`${verb} ${resource}`) > 0);
    const usual = await askRights(api, [], PLACES);
    assert.deepEqual(
      usual.map(({ account }) => account),
      ['gridgate-system/gridgate', 'gridgate-system/gridgate-controllers'],
    );
    asked.length = 0;
    await askRights(api, [deploymentOf('webhook')], PLACES);
    assert.ok(!asked.includes('list pods'));
    await askRights(api, [deploymentOf('webhook', { args: ['serve', '--check-bindings'] })], PLACES);
    assert.ok(asked.includes('list pods'));
  });

  const switched: readonly [args: readonly string[], patches: readonly string[]][] = [
    [['--priority-expander=on'], ['configmaps']],
    [['--priority-expander', 'audit'], ['configmaps']],
    [['--node-pools=on'], ['nodepools']],
    [['--node-pools', 'audit', '--priority-expander=off'], ['nodepools']],
    [['--node-overlays=on'], ['nodeoverlays']],
    [['--node-pools=off'], []],
    [[], []],
  ];
  for (const [args, patches] of switched)
    it(`asks about what ${args.join(' ') || 'no argument'} switches on`, async () => {
      const asked = new Set<string>();
      const api = apiThat(({ resourceAttributes: { verb, resource, name = '' } }) => {
        if (
          verb === 'patch' &&
          ((resource.startsWith('node') && resource !== 'nodes') || name.startsWith('cluster-autoscaler-'))
        )
          asked.add(resource);
        return true;
      });
      await askRights(api, [deploymentOf('controllers', { args })], PLACES);
      assert.deepEqual([...asked], patches);
    });

  it('says that the caller may not ask', async () => {
    const message =
      'subjectaccessreviews.authorization.k8s.io is forbidden: User "dev" cannot create resource "subjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope';
    const api: Pick<ApiClient, 'send'> = {
      send: (method, path) => Promise.reject(new ApiError(`${method} ${path}`, { code: 403, message })),
    };
    const [found] = await askRights(api, [deploymentOf('webhook')], PLACES);
    assert.deepEqual(found?.asked, { unread: 'you (dev) may not create subjectaccessreviews.authorization.k8s.io' });
  });
});
