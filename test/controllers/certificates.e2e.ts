import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { parseCertificates } from '../../src/certs/parsed-certificate.ts';
import { createServedCertificate } from '../../src/certs/served-certificate.ts';
import { type ApiClient, createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { watchSecret } from '../../src/cluster/watch-secret.ts';
import {
  type WebhookBundles,
  type WebhookConfigurationRef,
  watchWebhookBundles,
} from '../../src/cluster/webhook-bundles.ts';
import { createCertificatesController } from '../../src/controllers/certificates/controller.ts';
import type { Controller } from '../../src/controllers/manager.ts';
import { applyObjects, CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import { ofKind, render } from '../cluster/rendered-manifests.ts';
import { skip } from '../control-plane/assets.ts';
import { readAuditLog } from '../control-plane/audit.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { startRotatingWebhook } from './rotating-webhook.ts';

const NAMESPACE = 'gridgate-system';
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const CONFIGURATIONS: readonly WebhookConfigurationRef[] = [
  { kind: 'MutatingWebhookConfiguration', name: 'gridgate' },
  { kind: 'ValidatingWebhookConfiguration', name: 'gridgate' },
  { kind: 'ValidatingWebhookConfiguration', name: 'not-installed' },
];
const ROTATION_MS = Number(process.env['ROTATION_SECONDS'] ?? 40) * 1000;
/** A new authority three times in the time of the test, with a leaf or two of each. */
const LIFETIMES = { authorityMs: ROTATION_MS * 0.42, leafMs: ROTATION_MS * 0.3, holdMs: ROTATION_MS / 20 };
const REVIEWERS = 4;

/** The least that each role needs; `create` cannot be narrowed to a name. */
const ADMISSION_GROUP = { apiGroups: ['admissionregistration.k8s.io'] };
const WEBHOOK_CONFIGURATIONS = {
  ...ADMISSION_GROUP,
  resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
  resourceNames: ['gridgate', 'not-installed'],
};
const SECRET = { apiGroups: [''], resources: ['secrets'] };
const RULES = {
  controllers: [
    { ...SECRET, verbs: ['create'] },
    { ...SECRET, resourceNames: ['gridgate-ca', 'gridgate-tls'], verbs: ['get', 'update'] },
    { ...WEBHOOK_CONFIGURATIONS, verbs: ['get', 'patch'] },
  ],
  webhook: [
    { ...SECRET, resourceNames: ['gridgate-tls'], verbs: ['list', 'watch'] },
    { ...WEBHOOK_CONFIGURATIONS, verbs: ['list', 'watch'] },
  ],
};

/** The guard of the manifests holds the controllers' account beside these rules. */
const USERS = { controllers: CONTROLLERS_ACCOUNT, webhook: 'webhook' };
const GUARD = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];

describe('the certificates controller', () => {
  let controlPlane: ControlPlane;
  const apis: Partial<Record<keyof typeof RULES, ApiClient>> = {};
  let webhook: Awaited<ReturnType<typeof startRotatingWebhook>> | undefined;
  let bundles: WebhookBundles;
  let stopWatching = async () => {};
  const controllers: Controller[] = [];
  const lines: { action?: string; failure?: string }[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) });

  before(async () => {
    if (skip) return;
    const users = Object.values(USERS).map((name) => ({ name, groups: ['system:authenticated'] }));
    controlPlane = await startControlPlane({ workers: [], users });
    await grant('controllers');
    await grant('webhook');
    await create('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
    await applyObjects(controlPlane, ofKind(await render(controlPlane, 'base'), ...GUARD));
  });
  after(async () => {
    if (skip) return;
    await Promise.all(controllers.map((controller) => controller.stop()));
    await stopWatching();
    for (const api of Object.values(apis)) api.close();
    await controlPlane?.stop();
    webhook?.stop();
  });

  test('makes one authority when four replicas believe that they lead', { skip }, async () => {
    controllers.push(...[1, 2, 3, 4].map(createController));
    for (const controller of controllers) controller.start();
    const doneSoFar = () => lines.filter(({ action }) => action === 'create-authority' || action === 'issue-leaf');
    await controlPlane.waitFor('the Secrets', async () => (await secret('gridgate-tls')) && true);
    const made = await controlPlane.waitFor('both to be told', () =>
      doneSoFar().length >= 2 ? doneSoFar() : undefined,
    );
    assert.deepEqual(made.map(({ action }) => action).sort(), ['create-authority', 'issue-leaf']);
    const authority = await secret('gridgate-ca');
    const leaf = await secret('gridgate-tls');
    assert.equal(authority?.['ca.crt'], leaf?.['ca.crt']);
    assert.equal(leaf?.['ca.key'], undefined);
    await Promise.all(controllers.splice(1).map((controller) => controller.stop()));
  });

  test('rotates three times under load without one failed request', {
    skip,
    timeout: 3 * ROTATION_MS + 60_000,
  }, async (t) => {
    const served = createServedCertificate({
      origin: `Secret ${NAMESPACE}/gridgate-tls`,
      dnsName: `gridgate.${NAMESPACE}.svc`,
      clock: Date.now,
      onChange: (pair) => webhook?.renew(pair),
      onError: (error) => assert.fail(error),
    });
    assert.match(served.unready([])[0] ?? '', /waiting for Secret gridgate-system\/gridgate-tls/);
    const api = apiOf('webhook');
    const secrets = watchSecret({ api, namespace: NAMESPACE, name: 'gridgate-tls', log, onChange: served.offer });
    bundles = watchWebhookBundles({
      api,
      configurations: CONFIGURATIONS,
      log,
      onChange: () => controllers[0]?.changed(),
    });
    stopWatching = async () => void (await Promise.all([secrets.stop(), bundles.stop()]));
    await Promise.all([secrets.start(), bundles.start()]);
    webhook = await startRotatingWebhook(await served.first());
    await register(webhook.port);
    await controlPlane.waitFor('readiness', () => {
      const found = [...bundles.bundles()];
      return (found.length === 2 && served.unready(found).length === 0) || undefined;
    });

    // The API server hears of a bundle a moment after the write: the load begins when it has.
    await controlPlane.waitFor('the first review', async () => ((await review('first')) === 201 ? true : undefined));
    const authorities = new Set<string>();
    const endAt = performance.now() + ROTATION_MS;
    const answers: number[] = [];
    await Promise.all(
      Array.from({ length: REVIEWERS }, async (_, i) => {
        for (let n = 0; performance.now() < endAt; n++) {
          answers.push(await review(`load-${i}-${n}`));
          if (i === 0) authorities.add((await secret('gridgate-ca'))?.['ca.crt'] ?? '');
          await sleep(5); // a pause for the machine, not for the result
        }
      }),
    );

    const failed = answers.filter((status) => status !== 201).length;
    t.diagnostic(
      `${answers.length} reviews, ${failed} failed, ${webhook.served()} certificates, ${authorities.size} CAs`,
    );
    assert.equal(failed, 0);
    assert.ok(authorities.size >= 4, `${authorities.size} authorities`);
    assert.ok(webhook.served() >= 4, `${webhook.served()} certificates`);
    assert.ok(webhook.reviews() >= 2 * answers.length, `${webhook.reviews()} reviews of ${answers.length} requests`);
    const created = readAuditLog(controlPlane.auditLog).filter(
      ({ verb, objectRef }) => verb === 'create' && objectRef?.name?.startsWith('load-'),
    );
    assert.ok(created.length > answers.length / 2, `${created.length} in the audit log`); // the last ones may follow
    assert.deepEqual(
      created.filter(({ responseStatus }) => responseStatus?.code !== 201),
      [],
    );
    assert.deepEqual(served.unready(bundles.bundles()), []);
  });

  test('puts a bundle back that somebody removed', { skip }, async () => {
    const path = `${ADMISSION}/validatingwebhookconfigurations/gridgate`;
    const patch = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
    const headers = { 'content-type': 'application/json-patch+json' };
    assert.equal((await controlPlane.request('PATCH', path, patch, headers)).status, 200);
    await controlPlane.waitFor('the bundle', async () => {
      const { body } = await controlPlane.request('GET', path);
      const caBundle = Buffer.from(body.webhooks[0].clientConfig.caBundle ?? '', 'base64').toString();
      return parseCertificates(caBundle).length > 0 || undefined;
    });
  });

  async function grant(role: keyof typeof RULES): Promise<void> {
    const group = 'rbac.authorization.k8s.io';
    await create(`/apis/${group}/v1/clusterroles`, { metadata: { name: role }, rules: RULES[role] });
    await create(`/apis/${group}/v1/clusterrolebindings`, {
      metadata: { name: role },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: group, kind: 'User', name: USERS[role] }],
    });
    apis[role] = createApiClient(loadKubeConfig({ file: controlPlane.kubeconfigFor(USERS[role]) }));
  }

  function apiOf(role: keyof typeof RULES): ApiClient {
    const api = apis[role];
    assert.ok(api);
    return api;
  }

  function createController(): Controller {
    const api = apiOf('controllers');
    return createCertificatesController({
      api,
      writer: createApiWriter({ api, mayWrite() {} }),
      names: {
        namespace: NAMESPACE,
        hosts: [`gridgate.${NAMESPACE}.svc`, 'localhost'],
        secrets: { authority: 'gridgate-ca', leaf: 'gridgate-tls' },
        configurations: CONFIGURATIONS,
      },
      lifetimes: LIFETIMES,
      intervalMs: 200,
      now: Date.now,
      log,
    });
  }

  async function secret(name: string): Promise<Record<string, string> | undefined> {
    const { status, body } = await controlPlane.request('GET', `${SECRETS}/${name}`);
    return status === 200 ? body.data : undefined;
  }

  async function review(name: string): Promise<number> {
    const pod = { metadata: { name }, spec: { containers: [{ name: 'c', image: 'example.invalid/c:1' }] } };
    const { status } = await controlPlane.request('POST', '/api/v1/namespaces/default/pods', pod);
    return status;
  }

  /** `Fail`, so that a handshake that fails is a request that fails. */
  async function register(port: number): Promise<void> {
    for (const kind of ['Mutating', 'Validating']) {
      await create(`${ADMISSION}/${kind.toLowerCase()}webhookconfigurations`, {
        metadata: { name: 'gridgate' },
        webhooks: [
          {
            name: 'pods.gridgate.dev',
            clientConfig: { url: `https://localhost:${port}/${kind}` },
            rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
            failurePolicy: 'Fail',
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
          },
        ],
      });
    }
  }

  async function create(path: string, body: object): Promise<void> {
    const answer = await controlPlane.request('POST', path, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  }
});
