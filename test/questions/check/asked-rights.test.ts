import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { ApiClient } from '../../../src/cluster/api-client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { readCluster } from '../../../src/questions/check/read-cluster.ts';
import { REGION_LABEL } from '../../builders.ts';
import { type AskedRight, allows, each, rightAsked, rulesOf } from '../../cluster/rbac-allows.ts';

const ROLES = 'manifests/check/rbac.yaml';
const SYSTEM = '/api/v1/namespaces/gridgate-system';

/** Those in which gridgate.yaml asks for a key, a namespace opted in, and nobody answers, so that everything is looked at. */
const OBJECTS: Readonly<Record<string, object>> = {
  [`${SYSTEM}/configmaps/gridgate`]: {
    data: {
      'gridgate.yaml': JSON.stringify({
        sources: [{ type: 'electricity-maps', token: { file: '/sources/electricity-maps' } }],
      }),
    },
  },
  '/api/v1/namespaces': {
    items: [{ metadata: { name: 'shop', labels: { 'gridgate.dev/managed': 'true' } } }],
  },
  '/apis/apps/v1/namespaces/gridgate-system/deployments': {
    items: [
      {
        metadata: { name: 'gridgate', labels: { 'app.kubernetes.io/name': 'gridgate' } },
        spec: {
          template: {
            spec: {
              volumes: [{ name: 'sources', secret: { secretName: 'gridgate-sources' } }],
              containers: [
                {
                  args: ['serve', '--roles', 'controllers'],
                  volumeMounts: [{ name: 'sources', mountPath: '/sources' }],
                },
              ],
            },
          },
        },
      },
    ],
  },
};

async function askedRights(): Promise<readonly AskedRight[]> {
  const asked: AskedRight[] = [];
  const note = (method: string, path: string) => {
    const right = rightAsked(method, path);
    if (right) asked.push(right);
  };
  const api: ApiClient = {
    async get(path) {
      note('GET', path);
      const found = OBJECTS[path];
      if (found) return { metadata: {}, ...found };
      if (/s$/.test(path) && !/\/gridgate/.test(path.split('/').slice(-1)[0] ?? '')) return { metadata: {}, items: [] };
      throw new ApiError(`GET ${path}`, { code: 404 });
    },
    async open() {
      return Object.assign(Readable.from(['{"gitVersion":"v1.36.3"}']), { headers: {} }) as unknown as IncomingMessage;
    },
    async send(method, path) {
      note(method, path);
      return {};
    },
    close() {},
  };
  await readCluster(api, { systemNamespace: 'gridgate-system', regionLabel: REGION_LABEL });
  return asked;
}

describe(ROLES, () => {
  it('holds all that gridgate check asks, and nothing that it does not ask', async () => {
    const asked = await askedRights();
    const rules = rulesOf(ROLES);
    assert.deepEqual(
      asked.filter((right) => !rules.some((rule) => allows(rule, right))),
      [],
    );
    const unused = each(rules).filter((rule) => !asked.some((right) => allows(rule, right)));
    assert.deepEqual(
      unused.map(({ called }) => called),
      [],
    );
  });
});
