import type { Logger } from 'pino';
import type { ApiClient } from './api-client.ts';
import type { KubeObject } from './kube-object.ts';
import { joinLastEvents, type LastEvents } from './last-events.ts';
import { followResource } from './reflector.ts';
import type { WatchedResource } from './watched-resource.ts';

export interface WebhookConfigurationRef {
  readonly kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration';
  readonly name: string;
}

/** What the API server trusts when it calls one webhook. */
interface WebhookBundle {
  /** For people: `MutatingWebhookConfiguration gridgate, pods.gridgate.dev`. */
  readonly owner: string;
  readonly webhook: string;
  /** PEM; empty when there is none. */
  readonly caBundle: string;
}

export interface WebhookBundles {
  /** Resolves when all configurations have been looked for once; rejects when stopped before. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Of the configurations that exist; the last view stays while the API server is away. */
  bundles(): Iterable<WebhookBundle>;
  synced(): boolean;
  lastEventAt(): LastEvents;
}

const RESOURCES = {
  MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
  ValidatingWebhookConfiguration: 'validatingwebhookconfigurations',
} as const;

interface ConfigurationObject extends KubeObject {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

/** The path of one configuration, or with an empty name of all. */
export function webhookConfigurationPath({ kind, name }: WebhookConfigurationRef): string {
  return `/apis/admissionregistration.k8s.io/v1/${RESOURCES[kind]}${name && `/${name}`}`;
}

/** The bundles of all webhooks in one configuration, in its order. */
export function toWebhookBundles(kind: WebhookConfigurationRef['kind'], object: KubeObject): readonly WebhookBundle[] {
  const { metadata, webhooks = [] } = object as ConfigurationObject;
  return webhooks.map(({ name, clientConfig }) => ({
    owner: `${kind} ${metadata.name}, ${name}`,
    webhook: name,
    caBundle: Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8'),
  }));
}

/** Follows the bundles of some configurations, each by its name, so that RBAC can grant the watch by resourceName. */
export function watchWebhookBundles(deps: {
  readonly api: ApiClient;
  readonly configurations: readonly WebhookConfigurationRef[];
  readonly log: Logger;
  readonly onChange: () => void;
}): WebhookBundles {
  const { api, configurations, log, onChange } = deps;
  const followed = configurations.map(({ kind, name }) => {
    const resource: WatchedResource<readonly WebhookBundle[]> = {
      name: RESOURCES[kind],
      path: webhookConfigurationPath({ kind, name: '' }),
      content: 'full',
      fieldSelector: `metadata.name=${name}`,
      project: (object) => toWebhookBundles(kind, object),
      differs: (before, after) =>
        before.length !== after.length ||
        before.some(({ owner, caBundle }, i) => owner !== after[i]?.owner || caBundle !== after[i]?.caBundle),
    };
    return followResource({ api, resource, log, onChange });
  });
  return {
    async start() {
      await Promise.all(followed.map((one) => one.start()));
    },
    async stop() {
      await Promise.all(followed.map((one) => one.stop()));
    },
    bundles: () => followed.flatMap((one) => [...one.values()].flat()),
    synced: () => followed.every((one) => one.synced()),
    lastEventAt: () => joinLastEvents(followed.map((one) => one.lastEvents())),
  };
}
