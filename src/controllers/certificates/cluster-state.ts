import { type ParsedCertificate, parseCertificates } from '../../certs/parsed-certificate.ts';
import type { RotationState } from '../../certs/rotation.ts';
import { readAuthority, readLeaf, readTrusted, type SecretData } from '../../certs/stored-certificates.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import {
  toWebhookBundles,
  type WebhookConfigurationRef,
  webhookConfigurationPath,
} from '../../cluster/webhook-bundles.ts';

export interface Names {
  readonly namespace: string;
  /** Every name the leaf is for. */
  readonly hosts: readonly string[];
  readonly secrets: { readonly authority: string; readonly leaf: string };
  readonly configurations: readonly WebhookConfigurationRef[];
}

export interface SecretObject extends KubeObject {
  readonly type?: string;
  readonly data?: SecretData;
}

export interface FoundConfiguration {
  readonly path: string;
  readonly resourceVersion: string | undefined;
  readonly webhooks: readonly { readonly name: string; readonly carried: readonly ParsedCertificate[] }[];
}

/** What a turn of the controller has read, and what it means. */
export interface ClusterState {
  readonly authority: SecretObject | undefined;
  readonly leaf: SecretObject | undefined;
  readonly configurations: readonly FoundConfiguration[];
  readonly missing: readonly WebhookConfigurationRef[];
  readonly rotation: RotationState;
}

const IDLE_TIMEOUT_MS = 10_000;

/** Reads both Secrets and all configurations, live; rejects with an ApiError, a missing object is none. */
export async function readClusterState(
  api: Pick<ApiClient, 'get'>,
  { namespace, hosts, secrets, configurations }: Names,
  signal: AbortSignal,
): Promise<ClusterState> {
  const options = { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS, signal };
  const read = async (path: string) => (await getIfThere(api, path, options)) as KubeObject | undefined;
  const [authority, leaf, ...found] = await Promise.all([
    read(`${secretsPath(namespace)}/${secrets.authority}`) as Promise<SecretObject | undefined>,
    read(`${secretsPath(namespace)}/${secrets.leaf}`) as Promise<SecretObject | undefined>,
    ...configurations.map(async (ref) => toConfiguration(ref, await read(webhookConfigurationPath(ref)))),
  ]);
  const existing = found.filter((one) => one !== undefined);
  return {
    authority,
    leaf,
    configurations: existing,
    missing: configurations.filter((_, i) => found[i] === undefined),
    rotation: {
      authority: readAuthority(authority?.data ?? {}),
      leaf: readLeaf(leaf?.data ?? {}, hosts),
      remnants: readTrusted(authority?.data ?? {}),
      bundles: existing.flatMap(({ webhooks }) => webhooks.map(({ carried }) => carried)),
    },
  };
}

export function secretsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets`;
}

function toConfiguration(ref: WebhookConfigurationRef, object: KubeObject | undefined): FoundConfiguration | undefined {
  if (!object) return undefined;
  return {
    path: webhookConfigurationPath(ref),
    resourceVersion: object.metadata.resourceVersion,
    webhooks: toWebhookBundles(ref.kind, object).map(({ webhook, caBundle }) => ({
      name: webhook,
      carried: parseCertificates(caBundle),
    })),
  };
}
