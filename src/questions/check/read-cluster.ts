import { text } from 'node:stream/consumers';
import { verifies } from '../../certs/trust.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import { toKillSwitchSetting } from '../../cluster/kill-switch.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import type { Lease } from '../../cluster/lease.ts';
import { listIfKnown, listOnce } from '../../cluster/list-watch.ts';
import { NAMESPACES } from '../../cluster/namespaces.ts';
import { nodes } from '../../cluster/nodes.ts';
import { usageProblem } from '../../cluster/pod-metrics.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import { REGIONS, validRegions } from '../../cluster/regions.ts';
import { HEARTBEAT_LEASE } from '../../cluster/releaser-heartbeat.ts';
import { webhookConfigurationPath } from '../../cluster/webhook-bundles.ts';
import { secretsOf } from '../../config/secrets-of.ts';
import { compileRules } from '../../decision/policy-rules.ts';
import { readClusterConfig } from '../../world/cluster-config.ts';
import { tellInvalid } from '../../world/cluster-regions.ts';
import { askRights } from './ask-rights.ts';
import type {
  ApiServerFacts,
  ClusterFacts,
  DeploymentFacts,
  EndpointCount,
  KeyRef,
  LeaseFacts,
  Settings,
} from './facts.ts';
import { type Seen, valueOr } from './finding.ts';
import { locate, locateCertificate, objectOf } from './locate-secret.ts';
import { OVERDUE_CRON_JOB, SERVICE } from './names.ts';
import { autoscalersFacts, CHECKED_AUTOSCALERS } from './read-autoscalers.ts';
import { argumentOf, type DeploymentObject, toDeploymentFacts } from './read-deployments.ts';
import { CHECKED_POOLS } from './read-held-pools.ts';
import { SCALED } from './read-scaled.ts';
import { listWaitingThings, toOverdueRuns } from './read-waiting.ts';
import { type ConfigurationObject, toWebhooks } from './read-webhooks.ts';
import type { Places } from './rights.ts';
import { tryNamespaces, tryPods } from './try-webhooks.ts';

const TIMEOUT_MS = 15_000;
/** Nodes and Regions of large clusters come in pages. */
const LIST_TIMEOUT_MS = 60_000;
const JSON_TYPE = 'application/json';
const KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;

export interface Asked {
  readonly systemNamespace: string;
  readonly regionLabel: string;
  /** In which a pod is tried; the first ones that opted in otherwise. */
  readonly namespace?: string | undefined;
}

/** Reads all that can be read with the caller's rights; rejects only where the API server itself does not answer. */
export async function readCluster(
  api: ApiClient,
  { systemNamespace, namespace, regionLabel }: Asked,
): Promise<ClusterFacts> {
  const apiServer = await readApiServer(api);
  const own = `/namespaces/${encodeURIComponent(systemNamespace)}`;
  const get = (path: string) => api.get(path, { accept: JSON_TYPE, idleTimeoutMs: TIMEOUT_MS });
  const getMaybe = (path: string) => getIfThere(api, path, { accept: JSON_TYPE, idleTimeoutMs: TIMEOUT_MS });
  const deployments = await see(async () => toDeployments(await get(`/apis/apps/v1${own}/deployments`)));
  const label = labelOf(valueOr(deployments, [])) ?? regionLabel;

  const leaseOf = (name: string) =>
    see(async () => toLease(await getMaybe(`/apis/coordination.k8s.io/v1${own}/leases/${name}`)));
  const ofWaiting = Promise.all([
    leaseOf(HEARTBEAT_LEASE),
    see(() => listWaitingThings(api, LIST_TIMEOUT_MS)),
    see(async () => toOverdueRuns(await getMaybe(`/apis/batch/v1${own}/cronjobs/${OVERDUE_CRON_JOB}`))),
  ]);
  const ofScaled = see(() => Promise.all(SCALED.map((resource) => listIfKnown(api, resource, LIST_TIMEOUT_MS))));
  const ofFeatures = Promise.all([
    see(() => listIfKnown(api, CHECKED_AUTOSCALERS, LIST_TIMEOUT_MS)),
    see(() => usageProblem(api)),
  ]);
  const settingsSeen = see(() => readSettings(api, systemNamespace));
  const [endpoints, configurations, seenNamespaces, regions, seenNodes, pools, lease, settings, killSwitch, rights] =
    await Promise.all([
      see(async () => countEndpoints(await get(`/apis/discovery.k8s.io/v1${own}/endpointslices`))),
      see(() => Promise.all(KINDS.map(async (kind) => toWebhooks(kind, await getConfiguration(getMaybe, kind))))),
      see(() => listOnce(api, NAMESPACES, LIST_TIMEOUT_MS)),
      see(() => listOnce(api, REGIONS, LIST_TIMEOUT_MS)),
      see(() => listOnce(api, nodes(label), LIST_TIMEOUT_MS)),
      see(() => listIfKnown(api, CHECKED_POOLS, LIST_TIMEOUT_MS)),
      leaseOf(SERVICE),
      settingsSeen,
      see(async () => toKillSwitch(await getMaybe(`/api/v1${own}/configmaps/gridgate-kill-switch`))),
      settingsSeen.then((said) => askRights(api, valueOr(deployments, []), placesOf(systemNamespace, said))),
    ]);
  const [releaserLease, things, overdueRuns] = await ofWaiting;
  const scaled = await ofScaled;
  const [autoscalers, usage] = await ofFeatures;
  const webhooks = valueOr(configurations, []).flat();
  const [onNamespaces, onPods] = await Promise.all([tryNamespaces(api), tryPods(api, seenNamespaces, namespace)]);
  const isReached = [onNamespaces, onPods].every(({ outcome }) => outcome !== 'silent' && outcome !== 'failed');
  const mistrust = isReached
    ? undefined
    : await findMistrust(getMaybe, webhooks, {
        certificate: locateCertificate(valueOr(deployments, [])),
        systemNamespace,
        now: apiServer.at,
      });
  return {
    ...{ systemNamespace, regionLabel: label, apiServer, deployments, endpoints, onNamespaces, onPods, rights, lease },
    webhooks: mapSeen(configurations, (all) => all.flat().map(({ facts }) => facts)),
    ...(mistrust !== undefined && { mistrust }),
    regions: mapSeen(regions, validRegions),
    nodePools: mapSeen(pools, (all) => all.map(({ facts }) => facts)),
    heldPools: mapSeen(pools, (all) => all.flatMap(({ held }) => held ?? [])),
    heldScales:
      'unread' in autoscalers
        ? autoscalers
        : mapSeen(scaled, (all) =>
            [...all.flat(), ...autoscalers.value.map(({ held }) => held)].flatMap((one) => one ?? []),
          ),
    autoscalers: mapSeen(autoscalers, autoscalersFacts),
    invalidRegions: tellInvalid(valueOr(regions, [])),
    ...{ nodes: seenNodes, namespaces: seenNamespaces, settings, killSwitch },
    ...{ releaserLease, things, overdueRuns, usage },
    keys: await readKeys(getMaybe, settings, { deployments: valueOr(deployments, []), systemNamespace }),
  };
}

type Get = (path: string) => Promise<unknown>;

async function see<T>(read: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    return { unread: describeReadFailure(error) };
  }
}

function mapSeen<T, U>(seen: Seen<T>, map: (value: T) => U): Seen<U> {
  return 'value' in seen ? { value: map(seen.value) } : seen;
}

async function readApiServer(api: ApiClient): Promise<ApiServerFacts> {
  const started = Date.now();
  const response = await api.open('/version', {
    accept: JSON_TYPE,
    idleTimeoutMs: TIMEOUT_MS,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const at = (started + Date.now()) / 2;
  const date = Date.parse(response.headers.date ?? '');
  const { gitVersion = 'of an unknown version' } = JSON.parse(await text(response)) as { gitVersion?: string };
  return { version: gitVersion, at, ...(!Number.isNaN(date) && { date }) };
}

function toDeployments(list: unknown): readonly DeploymentFacts[] {
  const { items } = list as { items: readonly (DeploymentObject & KubeObject)[] };
  return items.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === SERVICE).map(toDeploymentFacts);
}

/** What the cluster's own gridgate calls regions by. */
function labelOf(deployments: readonly DeploymentFacts[]): string | undefined {
  return deployments.map(({ args }) => argumentOf(args, '--region-label')).find((label) => label !== undefined);
}

interface SliceObject extends KubeObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean | null } }[] | null;
}

/** A condition that nobody set counts as ready, as it does for who routes. */
function countEndpoints(list: unknown): EndpointCount {
  const { items } = list as { items: readonly SliceObject[] };
  const endpoints = items
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === SERVICE)
    .flatMap(({ endpoints }) => endpoints ?? []);
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false).length;
  return { ready, notReady: endpoints.length - ready };
}

async function getConfiguration(get: Get, kind: (typeof KINDS)[number]): Promise<ConfigurationObject> {
  return ((await get(webhookConfigurationPath({ kind, name: SERVICE }))) ?? {}) as ConfigurationObject;
}

function toLease(object: unknown): LeaseFacts | undefined {
  const { spec } = (object ?? {}) as Partial<Lease>;
  if (!spec) return undefined;
  return {
    holder: spec.holderIdentity ?? '',
    renewedAt: Date.parse(spec.renewTime ?? '') || 0,
    durationMs: (spec.leaseDurationSeconds ?? 0) * 1_000,
  };
}

function toKillSwitch(object: unknown): { readonly cap?: string; readonly unreadable?: string } {
  return object === undefined ? {} : toKillSwitchSetting(object as KubeObject);
}

async function readSettings(api: ApiClient, systemNamespace: string): Promise<Settings | undefined> {
  const read = await readClusterConfig(api, systemNamespace, TIMEOUT_MS);
  if (!read) return undefined;
  if ('issues' in read) return { mistakes: read.issues };
  const { config } = read;
  return {
    sources: config.sources.map(({ type }) => type),
    secrets: secretsOf(config),
    rules: compileRules(config),
    measuresEnergy: config.budgets.energy.prometheus !== undefined,
    autoscaler: config.nodes.clusterAutoscaler,
  };
}

function placesOf(systemNamespace: string, settings: Seen<Settings | undefined>): Places {
  const said = valueOr(settings, undefined);
  return said && 'rules' in said ? { systemNamespace, autoscaler: said.autoscaler } : { systemNamespace };
}

/**
 * Why the API server refuses what is served: by the Secret that it is served from. That holds a private key, too, so it is asked
 * for only where nobody answered.
 */
async function findMistrust(
  get: Get,
  webhooks: ReturnType<typeof toWebhooks>,
  {
    certificate,
    systemNamespace,
    now,
  }: { readonly certificate: KeyRef | undefined; readonly systemNamespace: string; readonly now: number },
): Promise<string | undefined> {
  if (!certificate) return undefined;
  const { name, key } = certificate;
  const path = `/api/v1/namespaces/${encodeURIComponent(systemNamespace)}/secrets/${encodeURIComponent(name)}`;
  const secret = await see(() => get(path));
  const { data } = (valueOr(secret, undefined) ?? {}) as { data?: Readonly<Record<string, string>> };
  const served = data?.[key];
  if (served === undefined) return undefined;
  const chain = Buffer.from(served, 'base64').toString('utf8');
  for (const { facts, bundle } of webhooks) {
    const fault = verifies(bundle, chain, `${SERVICE}.${systemNamespace}.svc`, now);
    if (fault !== undefined) return `the API server does not trust what is served to ${facts.name}: ${fault}`;
  }
  return undefined;
}

/** Which keys of the objects that hold secrets have something in them; what it is goes no further. */
async function readKeys(
  get: Get,
  settings: Seen<Settings | undefined>,
  {
    deployments,
    systemNamespace,
  }: { readonly deployments: readonly DeploymentFacts[]; readonly systemNamespace: string },
): Promise<ClusterFacts['keys']> {
  const controllers = deployments.find(({ roles }) => roles.includes('controllers'));
  const said = valueOr(settings, undefined);
  if (!controllers || !said || !('secrets' in said)) return new Map();
  const refs = said.secrets
    .map((secret) => locate(secret, controllers))
    .flatMap((one) => ('candidates' in one ? one.candidates : []));
  const objects = new Map(refs.map((ref) => [objectOf(ref), ref]));
  const read = [...objects].map(async ([object, { kind, name }]) => {
    const resource = kind === 'Secret' ? 'secrets' : 'configmaps';
    const path = `/api/v1/namespaces/${encodeURIComponent(systemNamespace)}/${resource}/${encodeURIComponent(name)}`;
    return [object, await see(async () => keysIn(await get(path)))] as const;
  });
  return new Map(await Promise.all(read));
}

function keysIn(object: unknown): ReadonlySet<string> | undefined {
  if (object === undefined) return undefined;
  const { data } = object as { data?: Readonly<Record<string, string>> | null };
  return new Set(Object.entries(data ?? {}).flatMap(([key, value]) => (value === '' ? [] : [key])));
}
