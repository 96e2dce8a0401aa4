import type { AddressInfo } from 'node:net';
import { after, before } from 'node:test';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import type { Pod } from '../../src/decision/pod.ts';
import type { Mode } from '../../src/decision/policy.ts';
import type { PolicyRules } from '../../src/decision/policy-rules.ts';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createPolicyFinder, type NamespaceSource } from '../../src/webhook/find-policy.ts';
import { createPolicyBook } from '../../src/webhook/policy-book.ts';
import { createRecorder, type RecentDecision } from '../../src/webhook/recorder.ts';
import { createBindingGuard, type PendingPods } from '../../src/webhook/review-binding.ts';
import { createWebhookApp, type WebhookApp } from '../../src/webhook/webhook-app.ts';
import { makeNode, makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { issueForLocalhost } from '../certs/pairs.ts';

/** What a webhook under test sees; a test may change it between two reviews. */
export interface World {
  /** Epoch milliseconds. */
  now: number;
  snapshot: Snapshot;
  isClosing: boolean;
  rules: PolicyRules;
  /** The kill switch. */
  modeCap: Mode | undefined;
  readonly namespaces: Map<string, NamespaceRecord>;
  /** Whether somebody lets go what waits. */
  isReleaserAlive: boolean;
  /** By `namespace/name`. */
  readonly pendingPods: Map<string, Pod>;
  /** For how long all of them have been seen free and unbound, milliseconds. */
  freeForMs: number;
}

/** A webhook that listens on loopback, and what it did. */
export interface TestWebhook {
  readonly world: World;
  readonly app: WebhookApp;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  /** `endpoint mode decision reason` of every counted review. */
  readonly counted: string[];
  /** `status cause` of every rejected request. */
  readonly rejected: string[];
  /** Every log line, parsed. */
  readonly log: Record<string, unknown>[];
  readonly recent: () => readonly RecentDecision[];
}

export interface WebhookOptions {
  readonly fetchNamespace?: NonNullable<NamespaceSource['fetchNamespace']>;
  readonly requestTimeoutMs?: number;
  readonly mostConnections?: number;
}

/** As the node labeller leaves a node where electricity is dirty. */
const TAINTED = { taints: [{ key: 'gridgate.dev/carbon', value: 'high', effect: 'PreferNoSchedule' }] };

/**
 * Regions of every kind: clean and near, clean and far, dirty, in outage, and one that only a yearly average is known of.
 * Each has a node named for it.
 */
export function makeWorld(): World {
  const regions = [
    makeRegion('eu-north', 50, { latencyMs: { 'eu-central': 24 } }),
    makeRegion('us-west', 120, { latencyMs: { 'eu-central': 142 } }),
    makeRegion('eu-central', 340),
    makeRegion('eu-west', 40, { latencyMs: { 'eu-central': 11 }, outage: 'power loss' }),
    makeRegion('ca-east', 500, { reading: { source: 'embedded', freshness: 'embedded' } }),
  ];
  return {
    now: NOW,
    snapshot: makeSnapshot(regions, {
      nodes: regions.map(({ name: region }) =>
        makeNode(`node-${region}`, region, region === 'eu-central' ? TAINTED : {}),
      ),
      priorityClasses: { names: new Set(['gridgate-flexible', 'gridgate-failover']) },
    }),
    isClosing: false,
    rules: { defaults: {}, limits: {} },
    modeCap: undefined,
    isReleaserAlive: false,
    namespaces: new Map(Object.entries(NAMESPACES).map(([name, annotations]) => [name, makeRecord(name, annotations)])),
    pendingPods: new Map(),
    freeForMs: 0,
  };
}

const NAMESPACES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  shop: { mode: 'enforce', 'home-region': 'eu-central' },
  reports: { mode: 'warn', 'home-region': 'eu-central' },
  lab: { mode: 'audit', 'home-region': 'eu-central' },
  european: { mode: 'enforce', regions: 'eu-*' },
  near: { mode: 'enforce', 'home-region': 'eu-central', 'max-latency': '80ms' },
  strict: { mode: 'enforce', 'max-intensity': '10', 'when-all-dirty': 'deny' },
  lenient: { mode: 'enforce', 'max-intensity': '10', regions: 'eu-north, us-west' },
  trusted: { mode: 'enforce', 'pod-overrides': 'allow', priority: 'failover' },
  unranked: { mode: 'enforce', placement: 'none' },
  patient: { mode: 'enforce', defer: '12h' },
  legacy: {},
};

/** A namespace with these annotations, which need no prefix; a mode makes it managed. */
export function makeRecord(
  name: string,
  annotations: Readonly<Record<string, string>>,
  rest: Partial<NamespaceRecord> = {},
): NamespaceRecord {
  const prefixed = Object.entries(annotations).map(([key, value]) => [`gridgate.dev/${key}`, value]);
  return {
    name,
    resourceVersion: '1',
    annotations: Object.fromEntries(prefixed),
    managed: annotations['mode'] !== undefined && annotations['mode'] !== 'off',
    ...rest,
  };
}

/** Starts a webhook before the tests of this suite and stops it after them. */
export function useWebhook(options: WebhookOptions = {}): TestWebhook {
  const running = {} as { -readonly [K in keyof TestWebhook]: TestWebhook[K] };
  before(async () => {
    Object.assign(running, await startWebhook(options));
  });
  after(() => stopWebhook(running));
  return running;
}

/** What a binding guard asks of the world. */
export function pendingPodsOf(world: World): PendingPods {
  return {
    pendingPod: (namespace, name) => world.pendingPods.get(`${namespace}/${name}`),
    freeForMs: () => world.freeForMs,
  };
}

export async function stopWebhook({ app }: TestWebhook): Promise<void> {
  const closed = app.close();
  app.server.closeAllConnections();
  await closed;
}

export async function startWebhook({ fetchNamespace, ...limits }: WebhookOptions = {}): Promise<TestWebhook> {
  const world = makeWorld();
  const counted: string[] = [];
  const rejected: string[] = [];
  const log: Record<string, unknown>[] = [];
  const clock = () => world.now;
  const pino = createLog({ level: 'info', destination: { write: (line) => log.push(JSON.parse(line)) } });
  const metrics = { countReview: (...labels: string[]) => counted.push(labels.join(' ')), observeDuration: () => {} };
  const recorder = createRecorder({ log: pino, clock, metrics });
  const source: NamespaceSource = {
    namespace: (name) => world.namespaces.get(name),
    ...(fetchNamespace && { fetchNamespace }),
  };
  const rules = () => world.rules;
  const pair = await issueForLocalhost();
  const app = createWebhookApp({
    tls: pair,
    snapshot: () => world.snapshot,
    policies: createPolicyFinder(
      source,
      createPolicyBook(rules, () => {}),
      clock,
    ),
    rules,
    modeCap: () => world.modeCap,
    waiting: () => ({ isReleaserAlive: world.isReleaserAlive }),
    bindings: createBindingGuard(pendingPodsOf(world)),
    recorder,
    log: pino,
    countRejection: (status, cause) => rejected.push(`${status} ${cause}`),
    clock,
    isClosing: () => world.isClosing,
    ...limits,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { world, app, port, ca: pair.ca, counted, rejected, log, recent: recorder.recent };
}
