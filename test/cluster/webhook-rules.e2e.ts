import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { startRecordingWebhook } from './recording-webhook.ts';
import { OVERLAYS, type Overlay, ofKind, type Rendered, render } from './rendered-manifests.ts';

const MANAGED = { 'gridgate.dev/managed': 'true' };
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const DEPLOYMENTS = '/apis/apps/v1/namespaces/managed/deployments';
const JOBS = '/apis/batch/v1/namespaces/managed/jobs';
const FLEXIBLE = { 'gridgate.dev/class': 'flexible' };
const SPEC = { containers: [{ name: 'c', image: 'example.invalid/c:1' }] };
const OWNER = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '1', controller: true };

interface Case {
  readonly name: string;
  readonly request: readonly [method: string, path: string, body?: object, headers?: Record<string, string>];
  readonly base: readonly string[];
  /** Where it differs. */
  readonly strict?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'a pod in a managed namespace',
    request: ['POST', '/api/v1/namespaces/managed/pods', pod()],
    base: ['/mutate CREATE pods'],
    strict: ['/mutate CREATE pods', '/validate CREATE pods'],
  },
  {
    name: 'a change of that pod',
    request: ['PATCH', '/api/v1/namespaces/managed/pods/p', labels(), MERGE_PATCH],
    base: [],
  },
  {
    name: 'its binding',
    request: [
      'POST',
      '/api/v1/namespaces/managed/pods/p/binding',
      { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } },
    ],
    base: [],
    strict: ['/validate-binding CREATE pods'],
  },
  { name: 'its deletion', request: ['DELETE', '/api/v1/namespaces/managed/pods/p?gracePeriodSeconds=0'], base: [] },
  {
    name: 'a pod in a namespace that never opted in',
    request: ['POST', '/api/v1/namespaces/default/pods', pod()],
    base: [],
  },
  {
    name: 'a pod in kube-system, whatever its label',
    request: ['POST', '/api/v1/namespaces/kube-system/pods', pod()],
    base: [],
  },
  { name: 'a Deployment', request: ['POST', DEPLOYMENTS, workload()], base: ['/validate CREATE deployments'] },
  {
    name: 'a change of that Deployment',
    request: ['PATCH', `${DEPLOYMENTS}/web`, labels(), MERGE_PATCH],
    base: ['/validate UPDATE deployments'],
  },
  {
    name: 'a scaling of it',
    request: ['PATCH', `${DEPLOYMENTS}/web/scale`, { spec: { replicas: 3 } }, MERGE_PATCH],
    base: [],
  },
  {
    name: 'a ReplicaSet of nobody',
    request: ['POST', '/apis/apps/v1/namespaces/managed/replicasets', workload()],
    base: ['/validate CREATE replicasets'],
  },
  {
    name: 'a ReplicaSet of a Deployment',
    request: [
      'POST',
      '/apis/apps/v1/namespaces/managed/replicasets',
      workload({ name: 'owned', ownerReferences: [OWNER] }),
    ],
    base: [],
  },
  {
    name: 'a DaemonSet',
    request: ['POST', '/apis/apps/v1/namespaces/managed/daemonsets', workload()],
    base: ['/validate CREATE daemonsets'],
  },
  {
    name: 'a CronJob',
    request: ['POST', '/apis/batch/v1/namespaces/managed/cronjobs', cronJob()],
    base: ['/validate CREATE cronjobs'],
  },
  { name: 'a Job whose pods cannot wait', request: ['POST', JOBS, job('standard')], base: ['/validate CREATE jobs'] },
  {
    name: 'a Job that may wait',
    request: ['POST', JOBS, job('flexible', FLEXIBLE)],
    base: ['/mutate CREATE jobs', '/validate CREATE jobs'],
  },
  {
    name: 'a change of that Job',
    request: ['PATCH', `${JOBS}/flexible`, { spec: { suspend: true } }, MERGE_PATCH],
    base: ['/validate UPDATE jobs'],
  },
  {
    name: 'a Job that could wait, and that its user suspended',
    request: ['POST', JOBS, job('suspended', FLEXIBLE, { suspend: true })],
    base: ['/validate CREATE jobs'],
  },
  {
    name: 'a copy of a Job that waits',
    request: ['POST', JOBS, job('copy', {}, { suspend: true }, { 'gridgate.dev/deferred': 'suspend' })],
    base: ['/mutate CREATE jobs', '/validate CREATE jobs'],
  },
  {
    name: 'a Job that may wait, in a namespace that never opted in',
    request: ['POST', '/apis/batch/v1/namespaces/default/jobs', job('flexible', FLEXIBLE)],
    base: [],
  },
  {
    name: 'a new namespace that says nothing',
    request: ['POST', '/api/v1/namespaces', { metadata: { name: 'new' } }],
    base: ['/namespaces CREATE namespaces'],
  },
  {
    name: 'a change of a managed namespace',
    request: ['PATCH', '/api/v1/namespaces/managed', labels(), MERGE_PATCH],
    base: ['/namespaces UPDATE namespaces'],
  },
  {
    name: 'a change of kube-system',
    request: ['PATCH', '/api/v1/namespaces/kube-system', labels(), MERGE_PATCH],
    base: [],
  },
];

describe('the API server calls', () => {
  for (const overlay of OVERLAYS) {
    describe(`with ${overlay}`, () => {
      let controlPlane: ControlPlane;
      let webhook: Awaited<ReturnType<typeof startRecordingWebhook>>;

      before(async () => {
        if (skip) return;
        webhook = await startRecordingWebhook();
        controlPlane = await startControlPlane({ workers: [] });
        await controlPlane.addNodes([{ name: 'n' }]);
        await send('POST', '/api/v1/namespaces', { metadata: { name: 'managed', labels: MANAGED } });
        await controlPlane.waitFor('kube-system', async () => {
          const labelled = { metadata: { labels: MANAGED } };
          const { status } = await controlPlane.request(
            'PATCH',
            '/api/v1/namespaces/kube-system',
            labelled,
            MERGE_PATCH,
          );
          return status === 200 || undefined;
        });
        await install(overlay);
      });
      after(async () => {
        await controlPlane?.stop();
        webhook?.stop();
      });

      for (const { name, request, base, strict = base } of CASES) {
        test(name, { skip }, async () => {
          await send(...request);
          assert.deepEqual(webhook.takeCalls(), overlay === 'strict' ? strict : base);
        });
      }

      /** Applies the rendered configurations with our recorder in place of the Service, and waits until they all count. */
      async function install(overlay: Overlay): Promise<void> {
        const rendered = await render(controlPlane, overlay);
        for (const configuration of ofKind(
          rendered,
          'MutatingWebhookConfiguration',
          'ValidatingWebhookConfiguration',
        )) {
          for (const hook of configuration.webhooks)
            hook.clientConfig = webhook.clientConfig(hook.clientConfig.service.path);
          const kind = configuration.kind.toLowerCase();
          await send('POST', `/apis/admissionregistration.k8s.io/v1/${kind}s`, configuration);
        }
        for (const probe of [DEPLOYMENTS, '/api/v1/namespaces']) {
          await controlPlane.waitFor(`a call for ${probe}`, async () => {
            await send('POST', `${probe}?dryRun=All`, workload({ name: 'probe' }));
            return webhook.takeCalls().length > 0 || undefined;
          });
        }
      }

      async function send(...request: readonly [string, string, unknown?, Record<string, string>?]): Promise<void> {
        const { status, body } = await controlPlane.request(...request);
        assert.ok(status < 300, `${request[0]} ${request[1]} answers ${status}: ${JSON.stringify(body)}`);
      }
    });
  }
});

function pod(): Rendered {
  return { metadata: { name: 'p' }, spec: SPEC };
}

function labels(): object {
  return { metadata: { labels: { changed: 'yes' } } };
}

function workload(metadata: object = {}): object {
  const selector = { app: 'web' };
  const template = { metadata: { labels: selector }, spec: SPEC };
  return { metadata: { name: 'web', ...metadata }, spec: { selector: { matchLabels: selector }, template } };
}

function job(name: string, ofPods: object = {}, spec: object = {}, annotations: object = {}): object {
  const template = { metadata: { annotations: ofPods }, spec: { ...SPEC, restartPolicy: 'Never' } };
  return { metadata: { name, annotations }, spec: { template, ...spec } };
}

function cronJob(): object {
  const jobTemplate = { spec: { template: { spec: { ...SPEC, restartPolicy: 'Never' } } } };
  return { metadata: { name: 'nightly' }, spec: { schedule: '0 3 * * *', jobTemplate } };
}
